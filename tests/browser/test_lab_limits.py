"""Programs that do not end, eat memory or flood the page: each is stopped, and the lab lives on."""

import time

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AFTER = "from micrograd import Value\na = Value(2.0)\nc = a * a\nprint('alive')"


def alive(lab, seconds=60):
    lab.until(lambda: lab.page.evaluate("document.body.lab.python.ready && !document.body.lab.python.busy"), seconds)
    said = lab.write(AFTER, seconds)
    assert "Line" not in said and lab.output.endswith("alive\n"), said


@pytest.fixture
def brief(lab):
    """A lab with a limit of one second."""
    lab.open().page.locator(".lab-limit").select_option("1")
    return lab


def test_an_endless_loop_is_stopped_at_its_line_and_the_interpreter_stays(brief):
    worker = brief.page.evaluate_handle("document.body.lab.python.live.worker")
    said = brief.write("print('before')\nk = 0\nwhile True:\n    k += 1")
    assert said.startswith("Line ") and "the time limit was over" in said and said[5] in "34"
    assert brief.output.startswith("before\n") and "KeyboardInterrupt" in brief.output
    assert brief.page.evaluate("w => w === document.body.lab.python.live.worker", worker)  # the same Python
    alive(brief)


@pytest.mark.parametrize(
    "program",
    [
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        "10 ** 10 ** 8",
        "sum(range(10 ** 12))",
    ],
    ids=["it catches all", "in C", "in a built-in loop"],
)
def test_one_that_does_not_listen_is_ended(brief, program):
    assert brief.write(program).startswith(("Ended: it did not stop within 1 s", "Line"))
    assert brief.page.locator(".mg-node").count() == 10  # the pictures of the run before
    alive(brief)


def test_stop_ends_it_at_once(lab):
    lab.open().page.locator(".lab-limit").select_option("30")
    lab.until(lambda: lab.page.evaluate("document.body.lab.python.spare?.ready ?? false"))
    lab.put("10 ** 10 ** 8")
    lab.until(lambda: lab.page.locator(".lab-stop").is_enabled())
    lab.page.locator(".lab-stop").click()
    assert lab.said.startswith(("Ended: you stopped it", "live"))
    assert lab.page.evaluate("document.body.lab.python.ready")  # the warm one took over
    alive(lab)


def test_a_memory_bomb_is_a_memory_error(lab):
    lab.open().page.locator(".lab-limit").select_option("30")
    said = lab.write("rows = []\nwhile True:\n    rows.append(bytearray(10_000_000))", 90)
    assert said.startswith("Line 3: MemoryError: this page gives a program 512 MB"), said
    alive(lab)


def test_a_flood_of_prints_is_cut_and_counted(lab):
    lab.open().page.locator(".lab-limit").select_option("30")
    started = time.monotonic()
    lab.write("for k in range(100_000):\n    print('x' * 100)", 90)
    assert 150_000 < len(lab.output) < 250_000 and "more characters" in lab.output, time.monotonic() - started
    alive(lab)


def test_an_endless_flood_of_prints(brief):
    assert "the time limit was over" in brief.write("while True:\n    print('flood')")
    assert len(brief.output) < 250_000
    alive(brief)


def test_a_flood_of_messages_is_ended(brief):
    said = brief.write("from js import postMessage\nwhile True:\n    postMessage('boo')")
    assert said.startswith("Ended: it sent")
    alive(brief)


def test_a_long_chain_is_let_go_without_the_stack(lab):
    """Python frees a chain by recursion, and dies of it in a page."""
    lab.open().page.locator(".lab-limit").select_option("30")
    lab.write("from micrograd import Value\nx = Value(1.0)\nfor _ in range(20_000):\n    x = x * 1.0001\nx.backward()\nprint('made')", 90)
    assert lab.output.endswith("made\n")
    worker = lab.page.evaluate_handle("document.body.lab.python.live.worker")
    alive(lab)
    assert lab.page.evaluate("w => w === document.body.lab.python.live.worker", worker)  # the same Python


@pytest.mark.parametrize(
    "program",
    ["x = None\nfor _ in range(50_000):\n    x = (x,)\nx = None\nprint('freed')", "import os\nos._exit(1)"],
    ids=["its stack was full", "it left"],
)
def test_python_that_dies_is_said_and_is_there_anew(lab, program):
    lab.open().page.locator(".lab-limit").select_option("30")
    said = lab.write(program, 60)
    if lab.output.endswith("freed\n"):  # a browser with a deeper stack
        return
    assert said.startswith("Ended: Python itself ended (") and "time limit" not in said, said
    alive(lab)
    lab.page.said.clear()  # Pyodide's own report
