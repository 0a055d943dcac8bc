"""Makes the pictures of the stepper that README shows: `python notebooks/images/make.py`.

`walk.gif` is drawn by `viz.frames` (extra `frames`); the screenshots are taken with Playwright in Chromium.
"""

import math
import random
import shutil
import tempfile
from pathlib import Path

import viz
from micrograd import Value, nn
from viz.training import Watch

HERE = Path(__file__).parent


def lecture() -> Value:
    x1, x2 = Value(2.0, label="x1"), Value(0.5, label="x2")
    w1, w2, b = Value(-3.0, label="w1"), Value(1.0, label="w2"), Value(6.2, label="b")
    s = x1 * w1 + x2 * w2 + b
    s.label = "s"
    o = s.tanh()
    o.label = "o"
    return o


def training() -> Watch:
    random.seed(3)
    rng = random.Random(0)
    points, labels = [], []
    for i in range(60):
        t, side = math.pi * rng.random(), 1 if i % 2 else -1
        x, y = (math.cos(t), math.sin(t)) if side > 0 else (1 - math.cos(t), 0.5 - math.sin(t))
        points.append([x + rng.gauss(0, 0.1), y + rng.gauss(0, 0.1)])
        labels.append(side)
    model = nn.MLP(2, [8, 8, 1])
    watch = viz.watch(model, data=(points, labels), every=2, grid=30)
    for step in range(30):
        loss = sum((1 + -label * model(point)).relu() for point, label in watch.pairs) * (1 / 60)
        model.zero_grad()
        loss.backward()
        watch(loss)
        for p in model.parameters():
            p.data -= (1 - 0.9 * step / 30) * p.grad
    return watch


def screenshots() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        pages = {
            "stepper": (viz.step(lecture(), break_on="w1", at=-4), ".mg-stepper", {}),
            "quiz": (viz.step(lecture(), quiz=4), ".mg-stepper", {"color_scheme": "dark"}),
            "training": (training(), ".mg-stepper", {}),
        }
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        for name, (shown, selector, options) in pages.items():
            page = browser.new_page(viewport={"width": 1000, "height": 800}, reduced_motion="reduce", **options)
            page.goto(shown.save(Path(folder) / f"{name}.html").as_uri())
            page.wait_for_selector(selector)
            if name == "quiz":
                page.focus(selector)
                page.keyboard.press("End")
                page.locator(".mg-hint").click()
            page.locator(selector).screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    viz.frames(lecture(), HERE / "walk.gif", seconds=1.0)
    screenshots()
