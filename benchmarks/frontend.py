"""The stepper's page of the moons demo's loss, 65,612 values: `python -m benchmarks.frontend` (needs Chromium and Playwright).

Making the page, its size, and in the page: opening it, a change of a leaf (every value, gradient and box follows), a step. Least and median
of many, for other work on the machine only adds to them.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import viz
from micrograd import Value, nn

ROUNDS, CHANGES = 5, 200
MEASURE = """async ([leaf, rounds]) => {
  const s = document.querySelector(".mg-host").stepper, found = { change: [], step: [] };
  const take = async (name, act) => {
    const start = performance.now();
    act();
    found[name].push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  };
  s.dispatch({ type: "end" });
  for (let k = 0; k < rounds; k++) await take("change", () => s.dispatch({ type: "leaf", place: leaf, value: 0.5 + k / 1000 }));
  s.dispatch({ type: "start" });
  for (let k = 0; k < 20; k++) await take("step", () => s.dispatch({ type: "next" }));
  return found;
}"""


def moons(samples: int = 100) -> Value:
    """The loss of the demo: hinge losses of 100 points and a weight decay, by a network of 2, 16, 16, 1."""
    rng = random.Random(1)
    model = nn.MLP(2, [16, 16, 1])
    points = [[Value(rng.uniform(-1, 1)) for _ in range(2)] for _ in range(samples)]
    losses = [(1 + -rng.choice((-1, 1)) * model(x)).relu() for x in points]
    return sum(losses) * (1.0 / samples) + 1e-4 * sum(p * p for p in model.parameters())


def in_the_page(path: Path, leaf: int) -> dict[str, Any]:
    """Milliseconds: to open, of each change of a leaf, of each step."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector(".mg-stepper")
        opened = 1000 * (time.perf_counter() - start)
        found: dict[str, Any] = page.evaluate(MEASURE, [leaf, CHANGES])
        browser.close()
    return {"open": [opened], **found}


def main() -> None:
    root, made = moons(), []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        stepper = viz.step(root, names=False)
        html = stepper.to_html()
        made.append(time.perf_counter() - start)
    values = stepper.trace.values
    print(f"{len(values):,} values; page {len(html.encode()) / 1e6:.2f} MB, made in {min(made):.2f} s (least of {ROUNDS})")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moons.html"
        path.write_text(html, encoding="utf-8")
        leaf = next(i for i, value in enumerate(values) if not value.args)
        for name, times in in_the_page(path, leaf).items():
            print(f"{name}: least {min(times):.1f} ms, median {statistics.median(times):.1f}, of {len(times)}")


if __name__ == "__main__":
    main()
