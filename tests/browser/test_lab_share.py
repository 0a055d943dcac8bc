"""Programs in and out of the lab: links, files."""

import base64
import functools
import json
import subprocess
import sys
import threading
import zlib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import Lab

from micrograd.lab import runtime

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HEAD = "from micrograd import Value\na, b = Value(2.0), Value(-3.0)\n"


def fragment(code, state=None, **words):
    """What the page makes, made here."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(json.dumps({"code": code, "state": state}).encode()) + packer.flush()
    text = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return "#lab=" + text + "".join(f"&{name}={value}" for name, value in words.items())


def test_a_copied_link_restores_all_and_runs_nothing_before_run(lab, browser):
    page = lab.open().page
    program = HEAD + "c = a * b\nd = c + a  # ∂ “quotes” \U0001f409\nprint('it ran')\n"
    lab.write(program)
    page.locator(".mg-stepper").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "+"):
        page.keyboard.press(key)
    page.locator(".lab-share").click()
    lab.until(lambda: "link is" in lab.said)
    link = page.evaluate("location.hash")
    assert "&step=3" in link and "&tab=stepper" in link
    page.goto("about:blank")
    lab.open(link)
    assert page.evaluate("document.body.lab.editor.text()") == program
    assert "has not run" in page.locator(".lab-held").inner_text() and page.locator(".mg-node").count() == 0
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("x = 1")  # typing is not running either
    page.wait_for_timeout(400)
    assert lab.runs == 0 and lab.output == ""
    page.get_by_role("button", name="Run").click()
    lab.until(lambda: lab.runs == 1)
    assert lab.output == "it ran\n" and not page.locator(".lab-held").is_visible()
    assert page.locator(".mg-where").inner_text().startswith("Step 3 of")
    assert page.evaluate("document.body.lab.views.walker.state.zoom") > 1
    before = lab.runs  # from here on it is one's own
    page.keyboard.type("2")
    lab.put(program + "y = 2")
    lab.until(lambda: lab.runs > before)


def test_a_link_made_elsewhere_and_its_step(lab):
    page = lab.open(fragment(HEAD + "c = a * b", step=2, tab="stepper")).page
    page.get_by_role("button", name="Run").click()
    lab.until(lambda: lab.runs)
    assert page.locator(".mg-where").inner_text().startswith("Step 2 of 4")


@pytest.mark.parametrize(
    "word",
    ["#lab=damaged", "#lab=" + "A" * 5000, fragment(17), fragment("x", "state"), fragment("1", {"step": "<b>", "open": {}, "zoom": {}})],
)
def test_a_damaged_link_is_a_sentence_or_is_ignored(lab, word):
    page = lab.open(word).page
    told = page.locator(".lab-held").inner_text()
    assert "has not run" in told or "damaged" in told
    page.get_by_role("button", name="Run").click()
    lab.until(lambda: lab.runs)
    assert not lab.write(HEAD + "a * b").startswith("Line")


def test_a_bomb_in_a_link_is_refused(lab):
    page = lab.open(fragment("x" * 60_000_000)).page
    assert "damaged" in page.locator(".lab-held").inner_text() and page.evaluate("document.body.lab.editor.text().length") < 2000


def test_a_file_is_dropped_in_and_waits(lab):
    page = lab.open().page
    page.locator(".lab-file").set_input_files({"name": "own.py", "mimeType": "text/x-python", "buffer": b"print('from a file')\r\n"})
    lab.until(lambda: "own.py has not run" in page.locator(".lab-held").inner_text())
    assert lab.runs == 1 and page.evaluate("document.body.lab.editor.text()") == "print('from a file')\n"
    cells = {"cells": [{"cell_type": "markdown", "source": "no"}, {"cell_type": "code", "source": ["a = 1\n", "a"]}]}
    drop = """text => { const data = new DataTransfer(); data.items.add(new File([text], "n.ipynb"));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true })); }"""
    page.evaluate(drop, json.dumps(cells))
    lab.until(lambda: page.evaluate("document.body.lab.editor.text()") == "a = 1\na\n")
    page.get_by_role("button", name="Run").click()
    lab.until(lambda: lab.output == "1\n")


def saved(page, kind):
    with page.expect_download() as waiting:
        page.locator(".lab-save").select_option(kind)
    return waiting.value.path().read_text(encoding="utf-8")


def test_what_is_saved_can_be_used(lab, tmp_path):
    page = lab.open().page
    program = HEAD + "c = a * b\nd = c < a  # </script>\nd = c + a\n"
    lab.write(program)
    lab.tab("Graph")
    lab.until(lambda: "d = −4" in (page.locator(".lab-picture").get_attribute("aria-label") or ""))
    assert saved(page, "py") == program
    notebook = json.loads(saved(page, "ipynb"))
    assert notebook["nbformat"] == 4 and "".join(notebook["cells"][0]["source"]) == program
    drawing = saved(page, "svg")
    assert drawing.startswith("<svg") and 'xmlns="http://www.w3.org/2000/svg"' in drawing and "style" not in drawing.split(">", 1)[0]
    (tmp_path / "stepper.html").write_text(saved(page, "html"), encoding="utf-8")
    page.goto((tmp_path / "stepper.html").as_uri())
    page.wait_for_selector(".mg-stepper")
    page.locator(".mg-stepper").focus()
    page.keyboard.press("End")
    assert page.locator(".mg-where").inner_text().startswith("Step 7 of 7")


def test_a_file_given_to_the_command_is_in_the_editor_and_runs(page, browser, tmp_path):
    (tmp_path / "lesson.py").write_text(HEAD + "print('</script><b>lesson')\n", encoding="utf-8")
    command = [sys.executable, "-m", "micrograd", "lab", "lesson.py", "--small", "-o", "lesson.html"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0 and "lesson.html: " in done.stdout, done.stderr
    assert (tmp_path / "lesson.html").stat().st_size < 11e6
    lab = Lab(page, (tmp_path / "lesson.html").as_uri()).open()
    assert page.title() == "lesson.py · micrograd lab" and lab.output == "</script><b>lesson\n"


class Files(SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_):
        pass


def test_a_small_page_loads_python_from_an_address_by_its_digest(browser, tmp_path):
    for name, content in runtime.pyodide().items():
        (tmp_path / name).write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = tmp_path / "online.html"
    command = [sys.executable, "-m", "micrograd", "lab", "--online", f"http://127.0.0.1:{server.server_port}", "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert path.stat().st_size < 2.5e6
    page = browser(offline=False).new_page()
    try:
        lab = Lab(page, path.as_uri()).open()
        assert "Line" not in lab.write(HEAD + "a * b")
        wasm = tmp_path / "pyodide.asm.wasm"
        wasm.write_bytes(wasm.read_bytes()[:-1] + b"x")
        page.goto("about:blank")
        page.goto(path.as_uri())
        lab.until(lambda: "pyodide.asm.wasm is another file than this page was made for" in lab.said)
    finally:
        page.close()
        server.shutdown()
        server.server_close()
