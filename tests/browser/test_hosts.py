"""The same stepper in JupyterLab, Notebook 7, saved notebooks (trusted or not) and marimo."""

import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

import viz
from micrograd import Value
from viz.notation.numbers import show as fmt

nbformat = pytest.importorskip("nbformat")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUILD = """
from micrograd import Value
import viz
a = Value(2.0)
b = Value(-3.0)
c = a * b
d = c + a
L = d.tanh()
"""
STEPS = 9
NOISE = ("favicon", "404", "WebSocket", "ERR_INTERNET", "Deprecat", "deprecat", "Quirks", "sandbox")


def notebook(*cells, outputs=None):
    made = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    if outputs:
        made.cells[-1].outputs = outputs
    return made


@pytest.fixture
def open_notebook(browser, server):
    """``open_notebook(app, notebook, name, run=True)``: a page showing it, the cells run if wished."""
    pages = []

    def open_it(app, made, name, run=True):
        host = server(app)
        path = host.folder / name
        if made is not None:
            nbformat.write(made, path)
        page = browser(width=1300, height=1000).new_page()
        said = []
        page.on("pageerror", lambda e: said.append(str(e)))
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        pages.append((page, said))
        where = f"lab/workspaces/{path.stem}/tree" if app == "lab" else "notebooks"
        page.goto(f"{host.url}/{where}/{name}")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext", timeout=90_000)
        if run:
            page.wait_for_function(
                """() => { const c = jupyterapp.shell.currentWidget.sessionContext; const k = c.session?.kernel;
                return c.isReady && k?.connectionStatus === "connected" && k?.status === "idle"; }""",
                timeout=90_000,
            )
            page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        return page

    yield open_it
    for page, said in pages:
        page.context.close()
        ours = [text for text in said if "mg-" in text or "stepper" in text.lower()]
        assert ours == []
        assert [text for text in said if "Error:" in text and not any(n in text for n in NOISE)] == []


def walk_all(page, scope):
    """Step through by keys inside the notebook's output; the state at the end."""
    stepper = scope.locator(".mg-stepper").first
    stepper.wait_for(timeout=90_000)
    stepper.scroll_into_view_if_needed()
    stepper.focus()
    for _ in range(STEPS):
        page.keyboard.press("ArrowRight")
    assert stepper.get_attribute("data-step") == str(STEPS)
    return stepper


OUTPUT = ".jp-OutputArea-output"


def leaf_grads(stepper):
    rows = [row.inner_text().split("\t") for row in stepper.locator(".mg-leaves tbody tr").all()]
    return {row[0].strip(): row[2].strip() for row in rows}


def expected():
    a, b = Value(2.0), Value(-3.0)
    (a * b + a).tanh().backward()
    return {"a": fmt(a.grad), "b": fmt(b.grad)}


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_runs_and_survives_saving(open_notebook, server, app):
    page = open_notebook(app, notebook(BUILD, "viz.step(L)", "viz.step(d)"), f"run-{app}.ipynb")
    page.wait_for_function("document.querySelectorAll('.jp-OutputArea-output .mg-stepper').length === 2", timeout=60_000)
    stepper = walk_all(page, page.locator(OUTPUT))
    assert leaf_grads(stepper) == expected()
    assert page.locator(f"{OUTPUT} .mg-stepper").nth(1).get_attribute("data-step") == "0"
    for key in ("d", "d", "x", "a"):  # keys that delete, cut or insert cells in the notebook
        page.keyboard.press(key)
    cells = page.evaluate("jupyterapp.shell.currentWidget.content.model.cells.length")
    assert cells == 3
    page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")
    page.context.close()
    again = open_notebook(app, None, f"run-{app}.ipynb", run=False)
    stepper = walk_all(again, again.locator(OUTPUT))
    assert leaf_grads(stepper) == expected()


def test_untrusted_notebook_shows_the_image_alone(open_notebook):
    a = Value(2.0, label="a")
    shown = [viz.step(a * a), viz.draw(a * a), viz.draw_dot(a * a), a * a]
    outputs = [nbformat.v4.new_output("display_data", data=s._repr_mimebundle_()) for s in shown]
    page = open_notebook("lab", notebook("x", outputs=outputs), "untrusted.ipynb", run=False)
    page.wait_for_selector(f"{OUTPUT} img[alt^='Graph of']", timeout=60_000)
    widths = page.evaluate("[...document.querySelectorAll('.jp-OutputArea-output img')].map(i => i.naturalWidth)")
    assert len(widths) == 4 and min(widths) > 100 and page.locator(".mg-stepper").count() == 0
    assert page.locator(OUTPUT).all_inner_texts() == [""] * 4  # the picture and nothing else


def test_follows_the_theme_of_the_notebook(open_notebook):
    page = open_notebook("lab", notebook(BUILD, "viz.step(L)"), "theme.ipynb")
    page.wait_for_selector(f"{OUTPUT} .mg-stepper[data-theme=light]", timeout=60_000)
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_selector(f"{OUTPUT} .mg-stepper[data-theme=dark]", timeout=20_000)


def execute(page, code):
    page.evaluate(
        """async code => { const k = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        await k.requestExecute({code}).done; }""",
        code,
    )


def test_live_widget_speaks_both_ways(open_notebook, server):
    pytest.importorskip("anywidget")
    cells = notebook(BUILD, "w = viz.step(L, quiz={'kinds': ['product']}).live()\nw")
    page = open_notebook("lab", cells, "live.ipynb")
    page.wait_for_selector(f"{OUTPUT} .mg-stepper", timeout=60_000)
    stepper = page.locator(f"{OUTPUT} .mg-stepper").first
    stepper.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.locator(f"{OUTPUT} .mg-node").first.click()
    out = server("lab").folder / "said.txt"
    page.keyboard.press("Enter")  # a click selects, Enter sets a breakpoint
    page.wait_for_timeout(500)
    execute(page, "open('said.txt', 'w').write(repr((w.step, len(w.clicked), w.score)))")
    assert out.read_text(encoding="utf-8").startswith("(3, 1, {'asked': 0")
    page.locator(f"{OUTPUT} .mg-stepper").first.focus()
    page.keyboard.press("Escape")  # selects nothing: the field of a leaf's other number goes
    execute(page, "w.step = 4")
    page.wait_for_selector(f"{OUTPUT} .mg-stepper[data-step='4']", timeout=20_000)
    page.fill(f"{OUTPUT} .mg-answer", "1")
    value = page.evaluate("document.querySelector('.jp-OutputArea-output .mg-stepper').parentNode.stepper.quiz.pending.answer")
    page.fill(f"{OUTPUT} .mg-answer", repr(value))
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    execute(page, "open('said.txt', 'w').write(repr((w.step, w.score['right'], w.events[-1]['type'])))")
    assert out.read_text(encoding="utf-8") == "(5, 1, 'step')" or out.read_text(encoding="utf-8").startswith("(5, 1,")


MARIMO = f"""
import marimo
app = marimo.App()

@app.cell
def _():
{"".join(f"    {line}" + chr(10) for line in BUILD.strip().splitlines())}    viz.step(L)
    return L, viz

@app.cell
def _(L, viz):
    viz.draw(L)
    return

if __name__ == "__main__":
    app.run()
"""


def test_marimo(browser, tmp_path, free_port):
    pytest.importorskip("marimo")
    (tmp_path / "app.py").write_text(MARIMO, encoding="utf-8")
    port = free_port
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    env = {**os.environ, "PYTHONPATH": root, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    log = (tmp_path / "log").open("w", encoding="utf-8")
    server = subprocess.Popen(
        [
            sys.executable, "-m", "marimo", "-q", "run", "app.py", "--headless", "--no-token",
            "--host", "127.0.0.1", "--port", str(port),
        ],
        cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        for _ in range(150):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        page = browser(width=1200).new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        stepper = walk_all(page, page.frame_locator("iframe"))  # marimo gives scripts a frame of their own
        assert leaf_grads(stepper)["a"] == expected()["a"]
        page.keyboard.press("?")  # the help makes it taller, and nothing is cut
        page.wait_for_timeout(300)
        frame = page.locator("iframe")
        needed = stepper.evaluate("el => el.getBoundingClientRect().bottom")
        assert frame.count() == 1 and needed > 400 and frame.bounding_box()["height"] >= needed
        assert page.locator("img.mg-picture, img.mg-still").count() == 1  # a picture needs no frame
        page.context.close()
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()
