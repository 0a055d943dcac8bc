"""A real Chromium, driven by Playwright; every page must stay free of console errors."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

import accessible

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium():
    """The one Chromium of a run."""
    path = _chromium()
    if path is None:
        pytest.skip("chromium is not installed")
    sync_playwright = pytest.importorskip("playwright.sync_api").sync_playwright
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield running
        running.close()


@contextmanager
def _opener(chromium):
    opened = []

    def open_context(*, width: int = 1100, height: int = 900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **{"reduced_motion": "reduce", **options})
        opened.append(context)
        return context

    yield open_context
    for context in opened:
        context.close()


@pytest.fixture
def browser(chromium):
    """A function that opens a context with nothing in it, closed after the test: ``browser(color_scheme="dark", width=400)``."""
    with _opener(chromium) as open_context:
        yield open_context


@pytest.fixture(scope="session")
def lasting(chromium):
    """… that stays open."""
    with _opener(chromium) as open_context:
        yield open_context


@pytest.fixture(scope="session")
def context(lasting):
    """One offline context for the pages that need nothing special."""
    return lasting(offline=True)


@pytest.fixture
def page(context):
    """A page of the offline context; fails the test on console errors and on any request but the file."""
    page = context.new_page()
    said, asked = [], []
    page.said = said  # a test that brings some about clears it
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    yield page
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []


@pytest.fixture(scope="session")
def axe():
    """What axe-core has against a page, as lines: ``axe(page)``. Skipped, with the reason, where it cannot be had."""
    accessible.source()
    return accessible.violations


@pytest.fixture
def show(page, tmp_path):
    """Save a stepper, open the file, and return the page with the focus on the stepper."""

    def open_it(stepper, name="page.html"):
        page.goto(stepper.save(tmp_path / name).as_uri())
        page.wait_for_selector(".mg-stepper")
        page.focus(".mg-stepper")
        return page

    return open_it


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def free_port() -> int:
    return _free_port()


class Server:
    """A notebook server in a folder of its own; stopped by SIGTERM to its own id."""

    def __init__(self, app: str, folder: Path):
        self.folder, self.port = folder / "work", _free_port()
        self.folder.mkdir()
        own = {
            name: str(folder / name.lower())
            for name in (
                "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
                "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
            )
        }  # fmt: skip
        labconfig = Path(own["JUPYTER_CONFIG_DIR"]) / "labconfig"
        labconfig.mkdir(parents=True)
        (labconfig / "page_config.json").write_text(
            '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true, "@jupyterlab/extensionmanager-extension": true}}'
        )
        expose = "LabApp" if app == "lab" else "JupyterNotebookApp"
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        self.log = (folder / "log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter", app, "--no-browser", "--allow-root", "--ip=127.0.0.1",
                f"--port={self.port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
                "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={self.folder}",
                f"--{expose}.expose_app_in_browser=True",
            ],
            env={**os.environ, **own, "PYTHONPATH": path},
            stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.env = own
        self._wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _wait(self) -> None:
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(Path(self.log.name).read_text(encoding="utf-8")[-3000:])

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A function ``server("lab" | "notebook")``: the running server of that kind, started once."""
    pytest.importorskip("jupyterlab")
    running = {}

    def start(app: str) -> Server:
        if app == "notebook":
            pytest.importorskip("notebook")
        if app not in running:
            running[app] = Server(app, tmp_path_factory.mktemp(app))
        return running[app]

    yield start
    for one in running.values():
        one.stop()


# --- the lab ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A function: the page that `micrograd lab` writes with these options. Skipped, aloud, where nothing can fetch its Python."""
    from micrograd.lab import runtime

    if not runtime.tool("npm"):
        pytest.skip(f"no npm here, so the lab's Python cannot be fetched: pip install {runtime.WHEEL}")
    made = {}

    def build(*options):
        if options not in made:
            path = tmp_path_factory.mktemp("lab") / "lab.html"
            command = [sys.executable, "-m", "micrograd", "lab", *options, "-o", str(path)]
            done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)
            assert done.returncode == 0, done.stderr
            made[options] = path
        return made[options]

    return build


class Lab:
    """A lab in a page, driven as a person does."""

    def __init__(self, page, address):
        self.page, self.address = page, address

    def open(self, fragment="", wait="live"):
        self.page.goto(self.address + fragment)
        self.page.wait_for_selector(f"html[data-lab={wait}]", timeout=90_000)
        if not fragment and wait == "live":
            self.until(lambda: self.runs)
        return self

    @property
    def runs(self):
        return int(self.page.evaluate("document.documentElement.dataset.run ?? 0"))

    @property
    def said(self):
        return self.page.locator(".lab-said").inner_text()

    def until(self, true, seconds=60):
        for _ in range(int(seconds * 50)):
            if found := true():
                return found
            self.page.wait_for_timeout(20)
        raise AssertionError(self.page.locator("body").inner_text())

    def put(self, text):
        """Put a program into the editor, as typing does."""
        change = "({ view }) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })"
        self.page.evaluate(f"text => ({change})(document.body.lab.editor)", text)

    def write(self, text, seconds=60):
        """… and wait for the end of the run that it starts; the sentence that the page says then."""
        before = self.runs
        self.put(text)
        self.until(lambda: self.runs > before, seconds)
        return self.said

    def tab(self, name):
        self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tabpanel", name=name)

    @property
    def output(self):
        return self.page.locator(".lab-out").text_content()


@pytest.fixture
def lab(page, built):
    """The lab, not yet open, without a network; its page fails the test on console errors and requests."""
    return Lab(page, built().as_uri())


@pytest.fixture
def lab_in(built):
    """The lab in a page that the test opened itself."""
    return lambda page: Lab(page, built().as_uri())
