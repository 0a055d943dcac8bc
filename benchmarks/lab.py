"""The lab in Chromium: sizes, start, from the last key to the new picture, limits, long tasks. `python -m benchmarks.lab [rounds]`.

Each start is in a browser of its own, from a file, with the network off. A key is a change of the program; the picture is there when
the stepper has been painted. Least and median of the rounds; the load of the machine stands at the end. Under load the processor time of
the page and of the worker, from Chromium's own trace, says more than the clock.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from micrograd.lab import page as lab_page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
SEEN = """new PerformanceObserver(list => (window.long ??= []).push(...list.getEntries().map(e => [e.startTime, e.duration])))
  .observe({ type: "longtask" })"""
SIZES = {
    "94": """
x = [Value(0.1 * i) for i in range(24)]
w = [Value(0.2 * i - 1) for i in range(24)]
L = sum(a * b for a, b in zip(x, w)).tanh()
""",
    "1,000": """
from micrograd import nn
m = nn.MLP(4, [8, 8, 1])
L = sum((m([0.1 * k, 0.2, -0.3, 0.4]) - 1) ** 2 for k in range(4))
""",
    "65,000": """
from micrograd import nn
m = nn.MLP(2, [16, 16, 1])
L = sum((1 - m([0.1 * i, 0.05 * i * i])).relu() for i in range(100)) * 0.01
""",
}
KEY = """text => new Promise(done => {
  const { lab } = document.body, { view } = lab.editor, start = performance.now(), before = document.documentElement.dataset.run;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
  const look = () => document.documentElement.dataset.run !== before
    ? requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))) : setTimeout(look, 1);
  look();
})"""


def told(name: str, times: list[float], unit: str = "ms") -> None:
    worst = f", 95 % below {sorted(times)[int(0.95 * len(times))]:.0f}" if len(times) >= 20 else ""
    print(f"{name:<44} least {min(times):6.0f} {unit}, median {statistics.median(times):6.0f} {unit}{worst}")


def opened(playwright: Any, path: Path, folder: str) -> tuple[Any, Any, float, float]:
    """(context, page, ms until the editor can be used, ms until a first program has run)."""
    context = playwright.chromium.launch_persistent_context(
        tempfile.mkdtemp(dir=folder),
        executable_path=shutil.which("chromium"),
        headless=True,
        args=FLAGS,
        viewport={"width": 1300, "height": 900},
    )
    context.set_offline(True)
    page = context.new_page()
    page.add_init_script(SEEN)
    start = time.perf_counter()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-lab]", timeout=90_000)
    editor = time.perf_counter() - start
    page.wait_for_selector("html[data-run]", timeout=90_000)
    return context, page, 1e3 * editor, 1e3 * (time.perf_counter() - start)


def main(rounds: int) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name, options in (("lab", {}), ("lab --small", {"small": True})):
            path = Path(folder) / "lab.html"
            path.write_bytes(lab_page.build(**options)[0])
            print(f"{name}: {path.stat().st_size / 1e6:.1f} MB")
            starts = []
            for _ in range(rounds):
                context, page, editor, live = opened(playwright, path, folder)
                starts.append((editor, live))
                if name != "lab" or len(starts) < rounds:
                    context.close()
            processor(playwright, path, folder)
            told("editor and picture", [editor for editor, _ in starts])
            told("live", [live for _, live in starts])
            if name == "lab":
                page.wait_for_timeout(6000)
                stood = starts[-1][0]
                keys(page, rounds)
                limits(page)
                long = [d for t, d in page.evaluate("window.long ?? []") if t > stood]
                print(f"longest task of the page after the editor stood: {max(long, default=0):.0f} ms ({len(long)} above 50 ms)")
                context.close()
    print(f"load of the machine: {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores")


def processor(playwright: Any, path: Path, folder: str) -> None:
    """Processor time of one start, from the trace: of the page, of the worker, and the page's longest task."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
    page, trace = browser.new_page(), Path(folder) / "trace.json"
    browser.start_tracing(page=page, path=trace, categories=["toplevel"])
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-run]", timeout=90_000)
    browser.stop_tracing()
    browser.close()
    events = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e.get("name") == "thread_name"}
    times: dict[str, list[float]] = {"CrRendererMain": [], "DedicatedWorker thread": []}
    for e in events:
        if e.get("ph") == "X" and "RunTask" in e["name"] and names.get((e["pid"], e["tid"])) in times:
            times[names[e["pid"], e["tid"]]].append(e.get("tdur", 0) / 1e3)
    main, worker = times.values()
    print(f"processor time of a start: page {sum(main):.0f} ms (longest task {max(main):.0f} ms), worker {sum(worker):.0f} ms")


def keys(page: Any, rounds: int) -> None:
    page.locator(".lab-limit").select_option("120")
    for size, program in SIZES.items():
        count = 3 if size == "65,000" else max(20, rounds)
        head = "from micrograd import Value\n" + program + "\n"
        page.evaluate(KEY, head)
        mark = len(page.evaluate("window.long ?? []"))
        told(f"last key to picture, {size} values", [page.evaluate(KEY, f"{head}# {k}") for k in range(count)])
        long = [d for _, d in page.evaluate("window.long ?? []")[mark:]]
        print(f"{'':<44} longest task of the page {max(long, default=0):.0f} ms")


def limits(page: Any) -> None:
    page.locator(".lab-limit").select_option("1")
    told("endless loop, limit of 1 s", [page.evaluate(KEY, f"while True: pass  # {k}") for k in range(3)])
    page.evaluate(KEY, "1")
    page.locator(".lab-limit").select_option("120")
    times = []
    for k in range(3):
        page.wait_for_timeout(6000)  # the next warm one
        page.evaluate("""text => { const { view } = document.body.lab.editor;
            view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); }""", f"10 ** 10 ** 8  # {k}")  # fmt: skip
        page.wait_for_timeout(1000)
        page.evaluate("document.querySelector('.lab-stop').click()")
        times.append(page.evaluate(KEY, f"{k} + 1"))
    told("Stop to the next program's end", times)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
