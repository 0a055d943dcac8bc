"""Firefox and WebKit, each driven by its own protocol through selenium; a page is asked and used in the same words in both.

Firefox ESR speaks WebDriver BiDi by itself, without geckodriver; WebKitGTK's MiniBrowser has WebKitWebDriver, and needs a display (Xvfb).
Neither can reach a network: every proxy is a closed door. What a page says as an error or a warning is in ``said``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from glob import glob
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from node import program

WIDTH, HEIGHT = 1100, 900
NOWHERE = "127.0.0.1:9"  # the port "discard": nobody listens
KEYS = {"Control": "\ue009", "Shift": "\ue008", "Escape": "\ue00c", "Space": " ", "Enter": "\ue007", "Tab": "\ue004", "End": "\ue010"}
KEYS |= {"Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}


# What the drivers leave out: the page's own errors in WebKit, breaches of a policy in both.
LISTENER = """window.heard = [];
for (const level of ["error", "warn"]) {
  const said = console[level];
  console[level] = (...a) => { heard.push(`${level}: ${a}`); said(...a); };
}
addEventListener("error", (e) => heard.push(`error: ${e.message}`));
addEventListener("unhandledrejection", (e) => heard.push(`error: ${e.reason}`));
document.addEventListener("securitypolicyviolation", (e) => heard.push(`policy: ${e.violatedDirective} ${e.blockedURI}`));"""


class Missing(Exception):
    """A browser, its driver or its display is not installed; the message says which package has it."""


class Lost(Exception):
    """The page went away while it was asked."""


def needed(program: str, package: str) -> str:
    """Where a program is."""
    found = shutil.which(program)
    if found is None:
        raise Missing(f"{program} is not installed (Debian's package {package})")
    return found


class Engine:
    """What both can do. A subclass says how a page is opened, how a function is called in it, and how input gets there."""

    name: str

    @property
    def said(self) -> list[str]:
        """What the page said as an error or a warning since it was opened; in Firefox also which addresses off the file it asked for."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process that has all of the browser's others."""
        raise NotImplementedError

    def _open(self, address: str) -> None:
        raise NotImplementedError

    def _forget(self) -> None:
        pass

    def _call(self, function: str, arguments: Sequence[Any]) -> str:
        raise NotImplementedError

    def _perform(self, actions: list[dict[str, Any]]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    # --- asking

    def open(self, address: str, until: str = ".mg-stepper, figure") -> None:
        """Open a page and wait until something stands in it."""
        self._open("about:blank")
        self.until("location.href === 'about:blank'")
        self._forget()
        self._open(address)
        self.until("(a, s) => location.href === a && document.querySelector(s) !== null", address, until)

    def ask(self, code: str, *arguments: Any) -> Any:
        """The value of an expression, as JSON has it (a node: true); with arguments that of a function of them. A promise is waited for."""
        called = f"({code})(...a)" if arguments else f"({code})"
        told = "JSON.stringify(found instanceof Node ? true : found ?? null)"
        return json.loads(self._call(f"async (...a) => {{ const found = await {called}; return {told}; }}", arguments))

    def run(self, modules: str, code: str, data: Any = None, change: tuple[str, str] | None = None) -> list[Any]:
        """As node.run: what ``code`` logs as JSON, where it sees these modules of viz/static; in a page of its own."""
        whole = f"const lines = []; console.log = (x) => lines.push(x);\n{program(modules, code, data, change)}\nwindow.lines = lines;"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run.html"
            path.write_text(f"<!doctype html><meta charset=utf-8><script type=module>{whole.replace('</', '<' + chr(92) + '/')}</script>")
            self.open(path.as_uri(), "body")
            self.until("window.lines !== undefined")
            return [json.loads(line) for line in self.ask("lines")]

    def until(self, code: str, *arguments: Any, seconds: float = 60) -> Any:
        """Ask again and again until it is true; what it is then."""
        end = time.monotonic() + seconds
        while True:
            with suppress(Lost):
                if found := self.ask(code, *arguments):
                    return found
            if time.monotonic() > end:
                raise AssertionError(f"never: {code}\n{self.said}\n{self.ask('document.body.innerText')[:2000]}")
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """The text of the first that fits."""
        return str(self.ask("(s) => document.querySelector(s).textContent", selector))

    def centre(self, selector: str, which: int = 0) -> tuple[float, float]:
        """The middle of one that fits, in the window."""
        box = "(s, i) => document.querySelectorAll(s)[i].getBoundingClientRect().toJSON()"
        at = self.ask(box, selector, which)
        return at["x"] + at["width"] / 2, at["y"] + at["height"] / 2

    # --- using

    def press(self, *keys: str) -> None:
        """Keys one after another; "Shift+ArrowLeft" holds the first."""
        doing: list[dict[str, Any]] = []
        for chord in keys:
            parts = [KEYS.get(key, key) for key in ([chord] if chord == "+" else chord.split("+"))]
            doing += [{"type": "keyDown", "value": key} for key in parts]
            doing += [{"type": "keyUp", "value": key} for key in reversed(parts)]
        self._perform([{"type": "key", "id": "keys", "actions": doing}])

    def type(self, text: str) -> None:
        self.press(*text)

    def mouse(self, *doing: dict[str, Any]) -> None:
        self._perform([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": list(doing)}])

    def move(self, x: float, y: float, milliseconds: int = 0) -> dict[str, Any]:
        return {"type": "pointerMove", "x": round(x), "y": round(y), "duration": milliseconds}

    def click(self, x: float, y: float, times: int = 1) -> None:
        tap = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.mouse(self.move(x, y), *tap * times)

    def drag(self, x: float, y: float, dx: float, dy: float) -> None:
        way = [self.move(x + dx * k / 4, y + dy * k / 4, 20) for k in range(1, 5)]
        self.mouse(self.move(x, y), {"type": "pointerDown", "button": 0}, *way, {"type": "pointerUp", "button": 0})

    def wheel(self, x: float, y: float, down: int) -> None:
        turn = {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": down, "duration": 0, "origin": "viewport"}
        self._perform([{"type": "wheel", "id": "wheel", "actions": [turn]}])


class Firefox(Engine):
    """Firefox ESR without a window, by WebDriver BiDi."""

    name = "firefox"
    PREFS: ClassVar[dict[str, Any]] = {
        "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9, "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": 9, "network.proxy.socks": "127.0.0.1", "network.proxy.socks_port": 9, "remote.active-protocols": 1,
        "ui.prefersReducedMotion": 1, "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
        "browser.startup.page": 0, "browser.aboutwelcome.enabled": False, "app.update.enabled": False, "extensions.update.enabled": False,
        "dom.ipc.processPrelaunch.enabled": False, "toolkit.telemetry.enabled": False,
    }  # fmt: skip

    def __init__(self) -> None:
        program = needed("firefox-esr", "firefox-esr") if shutil.which("firefox") is None else needed("firefox", "firefox-esr")
        try:
            from selenium.webdriver.remote.websocket_connection import WebSocketConnection
        except ImportError:
            raise Missing("selenium is not installed: pip install '.[browser]'") from None
        self.heard: list[str] = []
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        prefs = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in self.PREFS.items()]
        (Path(self.folder.name) / "user.js").write_text("\n".join(prefs), encoding="utf-8")
        command = [program, "--headless", "--no-remote", "--profile", self.folder.name, "--remote-debugging-port", "0"]
        self.log = (Path(self.folder.name) / "log").open("w", encoding="utf-8")
        env = {**os.environ, "MOZ_CRASHREPORTER_DISABLE": "1", "HOME": self.folder.name}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=env)
        server = Path(self.folder.name) / "WebDriverBiDiServer.json"
        for _ in range(600):
            if server.is_file() and (text := server.read_text(encoding="utf-8")).strip():
                break
            if self.process.poll() is not None:
                raise RuntimeError(Path(self.log.name).read_text(encoding="utf-8")[-3000:])
            time.sleep(0.05)
        at = json.loads(text)
        self.socket = WebSocketConnection(f"ws://{at['ws_host']}:{at['ws_port']}/session", 100, 0.004)
        self._send("session.new", capabilities={})
        self.socket.callbacks["log.entryAdded"] = [self._logged]
        self.socket.callbacks["network.beforeRequestSent"] = [lambda sent: self._asked(sent["request"]["url"])]
        self._send("script.addPreloadScript", functionDeclaration=f"() => {{ {LISTENER} }}")
        self._send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.context = self._send("browsingContext.getTree")["contexts"][0]["context"]
        self._send("browsingContext.setViewport", context=self.context, viewport={"width": WIDTH, "height": HEIGHT})

    @property
    def pid(self) -> int:
        return self.process.pid

    def _send(self, method: str, **words: Any) -> dict[str, Any]:
        reply = self.socket.send_cmd(method, words)
        if reply.get("error") == "no such frame" or "AbortError" in reply.get("message", ""):
            raise Lost
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}: {reply.get('message')}")
        found: dict[str, Any] = reply["result"]
        return found

    def _logged(self, entry: dict[str, Any]) -> None:
        if entry["level"] in ("error", "warn"):
            self.heard.append(f"{entry['level']}: {entry['text']}")

    def _asked(self, address: str) -> None:
        if not address.startswith(("file:", "data:", "about:")):
            self.heard.append(f"request: {address}")

    @property
    def said(self) -> list[str]:
        return [*self.ask("window.heard ?? []"), *self.heard]

    def _forget(self) -> None:
        self.heard.clear()

    def _open(self, address: str) -> None:
        self._send("browsingContext.navigate", context=self.context, url=address, wait="none")

    def _call(self, function: str, arguments: Sequence[Any]) -> str:
        code = f"() => ({function})(...{json.dumps(list(arguments))})"
        found = self._send("script.callFunction", functionDeclaration=code, target={"context": self.context}, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return str(found["result"]["value"])

    def _perform(self, actions: list[dict[str, Any]]) -> None:
        self._send("input.performActions", context=self.context, actions=actions)

    def close(self) -> None:
        self.socket.close()
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.folder.cleanup()


class WebKit(Engine):
    """WebKitGTK's MiniBrowser in an Xvfb of its own, by WebKitWebDriver."""

    name = "webkit"

    def __init__(self) -> None:
        self.turned = 0
        driver = needed("WebKitWebDriver", "webkit2gtk-driver")
        browsers = sorted(glob("/usr/lib/*/webkit2gtk-4.*/MiniBrowser"))
        if not browsers:
            raise Missing("WebKit's MiniBrowser is not installed (Debian's package webkit2gtk-driver)")
        xvfb = needed("Xvfb", "xvfb")
        try:
            from selenium import webdriver
            from selenium.common.exceptions import NoSuchFrameException
            from selenium.webdriver.remote.client_config import ClientConfig
            from selenium.webdriver.remote.remote_connection import RemoteConnection
        except ImportError:
            raise Missing("selenium is not installed: pip install '.[browser]'") from None
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        out, into = os.pipe()
        self.screen = subprocess.Popen(
            [xvfb, "-displayfd", str(into), "-screen", "0", "1400x1100x24", "-nolisten", "tcp"], pass_fds=[into], stderr=subprocess.DEVNULL
        )
        os.close(into)
        with os.fdopen(out, encoding="ascii") as pipe:
            display = ":" + pipe.readline().strip()
        (Path(self.folder.name) / "gtk-3.0").mkdir()
        (Path(self.folder.name) / "gtk-3.0/settings.ini").write_text("[Settings]\ngtk-enable-animations=0\n", encoding="utf-8")
        options = webdriver.WebKitGTKOptions()
        options.binary_location = browsers[-1]
        options.page_load_strategy = "none"
        for word in ("--automation", f"--proxy=http://{NOWHERE}"):
            options.add_argument(word)
        own = {
            "DISPLAY": display,
            "HOME": self.folder.name,
            "XDG_CACHE_HOME": self.folder.name,
            "XDG_DATA_HOME": self.folder.name,
            "XDG_CONFIG_HOME": self.folder.name,
        }
        own |= {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", "GTK_A11Y": "none"}
        if os.getuid() == 0:
            own["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS"] = "1"
        self.service = webdriver.WebKitGTKService(executable_path=driver, env={**os.environ, **own})
        self.service.start()
        connection = RemoteConnection(client_config=ClientConfig(remote_server_addr=self.service.service_url))
        self.gone = NoSuchFrameException
        self.driver = webdriver.Remote(command_executor=connection, options=options)
        self.driver.set_script_timeout(100)
        self.driver.set_window_rect(0, 0, WIDTH, HEIGHT)
        width, height = self.ask("[innerWidth, innerHeight]")
        self.driver.set_window_rect(0, 0, 2 * WIDTH - width, 2 * HEIGHT - height)

    @property
    def pid(self) -> int:
        return int(self.service.process.pid)

    def _open(self, address: str) -> None:
        """A copy of the page with a listener at its head: this driver gives no console."""
        path = Path(unquote(urlsplit(address).path))
        if address.startswith("file:") and LISTENER not in (text := path.read_text(encoding="utf-8")):
            head, tag, rest = text.partition("<head>") if "<head>" in text[:2000] else text.partition(">")
            path.write_text(f"{head}{tag}<script>{LISTENER}</script>{rest}", encoding="utf-8")  # before any policy
        self.driver.get(address)

    @property
    def said(self) -> list[str]:
        return list(self.ask("window.heard ?? []"))

    def _call(self, function: str, arguments: Sequence[Any]) -> str:
        done = "const done = arguments[arguments.length - 1]; "
        code = f"{done}({function})(...{json.dumps(list(arguments))}).then((x) => done([x, null]), (e) => done([null, String(e)]));"
        try:
            found, wrong = self.driver.execute_async_script(code)
        except self.gone as gone:
            raise Lost from gone
        if wrong:
            raise RuntimeError(wrong)
        return str(found)

    def _perform(self, actions: list[dict[str, Any]]) -> None:
        if actions[0]["type"] == "wheel":  # this driver takes where the wheel stands, and turns it by the difference
            (turn,) = actions[0]["actions"]
            self.turned += turn["deltaY"]
            actions = [{**actions[0], "actions": [{**turn, "deltaY": self.turned}]}]
        self.driver.execute("actions", {"actions": actions})

    def close(self) -> None:
        self.driver.quit()
        self.service.stop()
        self.screen.terminate()
        self.screen.wait()
        self.folder.cleanup()


ENGINES: dict[str, Callable[[], Engine]] = {"firefox": Firefox, "webkit": WebKit}
