"""Hostile programs, labels, messages and links reach nothing outside the worker."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ATTACK = "<img src=x onerror=\\\"document.title='taken'\\\">"
HEAD = "from micrograd import Value\na, b = Value(2.0), Value(-3.0)\n"


HOLE = """
from viz.stepped.stepper import Stepper
old = Stepper.data
def data(self):
    made = old.fget(self)
    made["ops"][-1] |= {"f": FORM, "d": [FORM] * 9, "s": "ATTACK", "k": "ATTACK"}
    return made
Stepper.data = property(data)
"""


def untouched(lab):
    lab.page.wait_for_timeout(300)
    assert lab.page.title() == "micrograd lab" and lab.page.locator("body img, body iframe, body script:not([class]) + img").count() == 0


@pytest.mark.parametrize(
    ("form", "admitted"),
    [
        ('"ATTACK"', False),
        ('[["mi", "ATTACK"], "ATTACK"]', False),
        ('[["mi", "ATTACK"]]', True),
        ('[["script", "document.title=1"], ["img", "x"], ["iframe", ["mi", "x"]]]', True),
    ],
)
def test_the_hole_that_was_shown(lab, form, admitted):
    """A program that changes the formulas, of which the page makes MathML: markup is refused, or stands there as letters."""
    page = lab.open().page
    said = lab.write(HOLE.replace("FORM", form).replace("ATTACK", ATTACK) + HEAD + "c = a * b")
    assert said.startswith("Ended: it sent a message that is none of the lab's") != admitted
    page.locator(".mg-stepper").focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        untouched(lab)
    assert page.locator(".mg-math script, .mg-math img, .mg-math iframe").count() == 0
    lab.until(lambda: page.evaluate("document.body.lab.python.ready"))
    assert "Line" not in lab.write(HEAD + "c = a * b")


def done(view="None", told="{'ok': True}"):
    return f"{{'type': 'done', 'id': 2, 'dropped': 0, 'told': {told}, 'view': {view}}}"


def stepper(n, ops):
    columns = "'data': 'AAAAAAAAAEA=', 'op': '1AQ==', 'count': '1AA==', 'args': '1', 'partial': '', 'names': {}"
    return done(f"{{'kind': 'stepper', 'data': {{'format': 3, 'n': {n}, 'root': 0, {columns}, 'ops': {ops}}}}}")


SVG = """<svg xmlns="http://www.w3.org/2000/svg"ON><script>document.title=2</script><a href="javascript:1"><rect/></a>
<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x"/></foreignObject></svg>"""
MESSAGES = {
    "a formula": stepper(1, "[{'s': '', 'f': [], 'd': []}, {'s': 'x', 'f': 'ATTACK', 'd': ['ATTACK']}]"),
    "a drawing": done(f"{{'kind': 'graph', 'svg': {SVG.replace('ON', '')!r}}}"),
    "a drawing with a handler": done(f"{{'kind': 'graph', 'svg': {SVG.replace('ON', ' onload=document.title=1')!r}}}"),
    "a sentence": done(told="{'ok': False, 'error': {'line': 1, 'message': 'ATTACK', 'kind': 'ATTACK', 'traceback': 'ATTACK'}}"),
    "a table": done("{'kind': 'check', 'said': 'ATTACK', 'ok': True, 'head': ['ATTACK'], 'rows': [['ATTACK']], 'note': 'ATTACK'}"),
    "a doctor's report": done(
        "{'kind': 'doctor', 'classes': ['ATTACK'], 'chosen': 'ATTACK', 'reports': [{'subject': 'ATTACK', 'head': 'ATTACK', 'ok': False, "
        "'faults': [{'key': 'ATTACK', 'title': 'ATTACK', 'line': 1, 'text': 'ATTACK', 'rows': [['ATTACK', 'ATTACK']], "
        f"'svg': {SVG.replace('ON', '')!r}, 'hints': ['ATTACK']}}], 'missing': ['ATTACK'], "
        "'notes': [], 'works': 'ATTACK', 'unread': ['ATTACK']}]}"
    ),
    "a doctor's report without a number": done(
        "{'kind': 'doctor', 'classes': [], 'chosen': '', 'reports': [{'subject': '', 'head': '', 'ok': False, "
        "'faults': [{'key': '', 'title': '', 'line': 'ATTACK', 'text': '', 'rows': [['ATTACK']], 'svg': '', 'hints': []}]}]}"
    ),
    "output": "{'type': 'out', 'id': 2, 'text': 'ATTACK'}",
    "no shape": "{'type': 'done', 'id': 2, 'told': 'ATTACK'}",
    "a name of Object": "{'type': 'constructor', 'id': 2}",
    "many values": stepper(10**9, "[]"),
}


@pytest.mark.parametrize("name", list(MESSAGES))
def test_messages_that_a_program_sends_itself(lab, name):
    page = lab.open().page
    message = MESSAGES[name].replace("ATTACK", ATTACK.replace("\\", "").replace("'", "\\'"))
    lab.write(
        f"import js\nfrom pyodide.ffi import to_js\njs.postMessage(to_js({message}, dict_converter=js.Object.fromEntries))\n"
        + HEAD
        + "c = a * b"
    )
    untouched(lab)
    for tab in ("Graph", "Check", "Doctor", "Output", "Stepper"):
        lab.tab(tab)
        untouched(lab)
    assert page.locator(".lab-panels foreignObject, .lab-panels a[href], .lab-panels [onload]").count() == 0
    lab.until(lambda: page.evaluate("document.body.lab.python.ready"))
    assert "Line" not in lab.write(HEAD + "a + b")


def test_hostile_labels_are_letters(lab):
    page = lab.open().page
    label = "</script></svg><img src=x onerror=document.title=1>"
    lab.write(f"from micrograd import Value, scope\nx = {label!r}\nprint(x)\nwith scope(x):\n    a = Value(1.0, label=x)\na * 2")
    for tab in ("Graph", "Steps", "Check", "Compare", "Output", "Stepper"):
        panel = lab.tab(tab)
        lab.until(lambda: panel.inner_text().strip())  # noqa: B023
        untouched(lab)
    page.locator(".mg-stepper").focus()
    page.keyboard.press("End")
    untouched(lab)


ASKED = []


class Heard(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.path)
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "text/javascript")
        self.end_headers()
        self.wfile.write(b"export default 1")

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    ASKED.clear()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


@pytest.fixture
def online(browser, built):
    """A lab with a network, whose console may complain."""
    page = browser(offline=False).new_page()
    yield Lab(page, built().as_uri())
    page.close()


def test_an_address_that_cannot_be_reached_is_named(browser, built, free_port):
    page = browser(offline=False).new_page()
    address = f"http://127.0.0.1:{free_port}/pyodide/"
    page.goto(built("--online", address).as_uri())
    said = page.locator(".lab-said.lab-wrong")
    said.wait_for()
    assert f"Python could not start here: {address}pyodide.asm.wasm cannot be reached" in said.inner_text() or (
        f"{address}python_stdlib.zip cannot be reached" in said.inner_text()
    )
    page.close()


WAYS = [
    "js.fetch('URL/fetch')",
    "(x := js.XMLHttpRequest.new()).open('GET', 'URL/xhr', False); x.send()",
    "js.WebSocket.new('URL/socket'.replace('http', 'ws'))",
    "js.EventSource.new('URL/events')",
    "js.Worker.new('URL/worker', to_js({'type': 'module'}, dict_converter=js.Object.fromEntries))",
    "js.eval('import(\"URL/import\")')",
    "js.navigator.sendBeacon('URL/beacon')",
    "js.WebTransport.new('URL/transport'.replace('http', 'https'))",
    "__import__('pyodide').http.open_url('URL/open')",
    "__import__('urllib.request').request.urlopen('URL/urllib')",
    "__import__('pyodide').code.run_js('fetch(\"URL/run\")')",
]


def test_a_program_reaches_no_network(online, server):
    page = online.open().page
    assert page.evaluate("url => fetch(url).then(() => 1, () => 0)", f"{server}/page") == 0  # the page neither
    for way in WAYS:
        lines = "\n    ".join(way.replace("URL", server).split("; "))
        online.write(f"import js\nfrom pyodide.ffi import to_js\ntry:\n    {lines}\nexcept BaseException as wrong:\n    print(wrong)")
    page.wait_for_timeout(1000)
    assert ASKED == []


def test_a_program_finds_no_page_and_no_storage(online):
    online.open()
    online.write(
        "import js\nprint([hasattr(js, x) for x in ('document', 'window', 'parent', 'localStorage')], js.origin)\n"
        "try:\n    js.indexedDB.open('x')\nexcept BaseException:\n    print('refused')"
    )
    assert online.output.startswith("[False, False, False, False] null\nrefused")


def test_the_policy_holds_alone(online):
    """Were HTML put into the page after all, nothing in it would run."""
    page = online.open().page
    page.evaluate(
        """() => { const div = document.createElement("div"); document.body.append(div);
        div.innerHTML = `<img src=x onerror="document.title='taken'">
        <iframe srcdoc="<script>parent.document.title='taken'<\\/script>"></iframe>
        <a href="javascript:document.title='taken'" id=link>x</a><form action="javascript:document.title='taken'"></form>`;
        const script = document.createElement("script"); script.textContent = "document.title='taken'"; div.append(script);
        const data = document.createElement("script"); data.src = "data:text/javascript,document.title='taken'"; div.append(data);
        document.getElementById("link").click(); div.querySelector("form").submit(); }"""
    )
    page.wait_for_timeout(500)
    assert page.title() == "micrograd lab"


def test_a_planted_script_does_run_where_there_is_no_policy(online, tmp_path):
    """The test above can fail."""
    page = online.page
    (tmp_path / "bare.html").write_text("<title>bare</title><body>", encoding="utf-8")
    page.goto((tmp_path / "bare.html").as_uri())
    page.evaluate("""() => { document.body.innerHTML = `<img src=x onerror="document.title='taken'">`; }""")
    page.wait_for_function("document.title === 'taken'")
