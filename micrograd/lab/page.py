"""The page: one HTML file with the editor, the views, Python and our packages in it, under a policy that lets nothing else run.

Only the scripts whose digests stand in the policy run in the page; Python runs in a worker of a `data:` address, whose origin is its own
and whose policy is the page's, so that nothing in it can ask the network for anything. Parts that are large are base64 of gzip in blocks
that the browser does not read; they stand after the scripts, so that editor and pictures are there first.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from micrograd.lab import runtime
from micrograd.lab.inside import Lab

HOUSE = Path(__file__).parent.parent.parent
STATIC = runtime.STATIC
EXAMPLES = (  # file, what the menu says, the tab that shows it best
    ("neuron", "a neuron", "stepper"),
    ("diamond", "a diamond", "stepper"),
    ("softmax", "softmax and cross-entropy", "stepper"),
    ("moons", "two moons", "train"),
    ("own_engine", "an engine of one's own, with a mistake", "check"),
    ("homework", "homework for the doctor: an engine and its training", "doctor"),
)
LEFT_OUT = (
    "micrograd/cli/", "micrograd/site/", "micrograd/classroom/", "micrograd/lab/page.py", "micrograd/lab/runtime.py",
    "micrograd/compiler/native/",
)  # fmt: skip
COMPARED = ".lab-compared"  # the room of the pictures of a comparison, to which their styles are confined
PIECE = 1 << 20  # characters of base64 in one block: a multiple of 4


def build(program: str | None = None, *, name: str = "", small: bool = False, online: str | None = None) -> tuple[bytes, list[str]]:
    """The page as bytes, and what there is to say about it. ``program``: a text in place of the first example; it is not run here.

    ``small`` leaves the memory snapshot out. ``online``: an address that ends in /; Pyodide's parts are loaded from there, by digest.
    Raises runtime.Missing where something has to be installed first.
    """
    said = []
    files = runtime.pyodide()
    packages = carried()
    parts = {"worker": worker(files).encode(), "carried": packages.encode()}
    data: dict[str, Any] = {"program": program, "prepared": [], "tab": EXAMPLES[0][2], "examples": examples()}
    if program is None:
        data["program"] = data["examples"][0]["code"]
        data["prepared"] = prepared(data["program"])
    address = "'none'"
    if online is None:
        files["python_stdlib.zip"] = runtime.solid(files["python_stdlib.zip"])
        parts = {
            "worker": parts["worker"],
            "wasm": files["pyodide.asm.wasm"],
            "stdlib": files["python_stdlib.zip"],
            "carried": parts["carried"],
        }
        packed = {name: gzip.compress(content, 9, mtime=0) for name, content in parts.items()}
        snapshot = None if small else runtime.snapshot(files, packages)
        if snapshot is not None:
            packed["snapshot"] = snapshot
        elif not small:
            said.append(f"no Node, so no memory snapshot: the page starts some seconds later (pip install {runtime.WHEEL})")
    else:
        packed = {name: gzip.compress(content, 9, mtime=0) for name, content in parts.items()}
        sums = {"wasm": "pyodide.asm.wasm", "stdlib": "python_stdlib.zip"}
        data["online"] = {"address": online, "sums": {part: [file, _digest(files[file])] for part, file in sums.items()}}
        address = online
    return _put(data, packed, address, f"{name} · micrograd lab" if name else "micrograd lab").encode(), said


def examples() -> list[dict[str, str]]:
    """The programs to start from."""
    folder = Path(__file__).with_name("examples")
    return [{"name": name, "code": (folder / f"{file}.py").read_text(encoding="utf-8"), "tab": tab} for file, name, tab in EXAMPLES]


def prepared(program: str) -> list[dict[str, Any]]:
    """The views of one of our own programs, which is run here, so that they are there before Python is."""
    lab = Lab()
    lab.run(program)
    return [lab.view(kind) for kind in ("stepper", "graph", "steps", "check")]


@cache
def carried() -> str:
    """Our packages as the page carries them: {path: text} as JSON."""
    found = {}
    for room in ("micrograd", "viz"):
        for path in sorted((HOUSE / room).rglob("*")):
            name = path.relative_to(HOUSE).as_posix()
            if (
                path.suffix in (".py", ".json")
                and "/lab/editor/" not in name
                and "/lab/examples/" not in name
                and not name.startswith(LEFT_OUT)
            ):
                found[name] = path.read_text(encoding="utf-8")
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def worker(files: dict[str, bytes]) -> str:
    """The worker as one module: Pyodide's two, with what they export as plain names, and ours."""
    inner = files["pyodide.asm.mjs"].decode("utf-8").replace("export default _createPyodideModule;", "")
    outer, exported = re.subn(
        r"export\{(\w+) as loadPyodide,\w+ as version\};?",
        r"return \1;",
        re.sub(r"^//# source.*$", "", files["pyodide.mjs"].decode("utf-8"), flags=re.M),
    )
    if exported != 1:
        raise RuntimeError(f"Pyodide {runtime.VERSION} is not what it was: loadPyodide is not found in pyodide.mjs")
    lock = runtime.lock(files)
    machine = importlib.import_module("viz.bundle").joined(["wasm_machine"], _source)
    ours = (STATIC / "worker.js").read_text(encoding="utf-8")
    return f"{inner}\nconst loadPyodide = (() => {{\n{outer}\n}})();\nconst LOCK = {lock};\n{machine}\n{ours}"


# --- putting together -------------------------------------------------------------------------------------------------


def _scripts() -> tuple[str, str, str]:
    """The style sheet of viz, the script of the views alone (for pages that are saved), and that of the lab."""
    bundle = importlib.import_module("viz.bundle")
    css = bundle.squeezed_css("".join(map(bundle.static, ("stepper.css", "training.css", "viewport.css"))))
    return css, bundle.script("stepper"), bundle.joined(["lab"], _source)


def _source(name: str) -> str:
    path = STATIC / f"{name}.js"
    return path.read_text(encoding="utf-8") if path.is_file() else str(importlib.import_module("viz.bundle").static(f"{name}.js"))


def _put(data: dict[str, Any], packed: dict[str, bytes], address: str, title: str) -> str:
    bundle = importlib.import_module("viz.bundle")
    css, views, lab = _scripts()
    data["css"] = css
    data["parts"] = {part: len(_texts(content)) for part, content in packed.items()}
    scripts = [
        (STATIC / "editor.js").read_text(encoding="utf-8").rstrip("\n"),
        f"(() => {{\n{lab}\nlab.start(LabEditor.make);\n}})();",
    ]
    theme = importlib.import_module("viz.drawn.theme")
    dark = f"@media screen and (prefers-color-scheme:dark){{{theme.variables(theme.DARK, COMPARED)}}}"
    compared = f"{theme.variables(theme.LIGHT, COMPARED)}{dark}{COMPARED}{{{bundle.squeezed_css(bundle.static('picture_panes.css'))}}}"
    style = bundle.squeezed_css((STATIC / "lab.css").read_text(encoding="utf-8")) + css + theme.style("auto") + compared
    policy = "; ".join(
        [
            "default-src 'none'",
            " ".join(["script-src", *(f"'sha256-{_digest(text.encode())}'" for text in scripts), "'wasm-unsafe-eval'"]),
            "worker-src data:",
            "style-src 'unsafe-inline'",
            "img-src data:",
            f"connect-src {address}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    inside = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")
    for text in scripts:
        if "</script" in text.lower() or "<!--" in text:
            raise ValueError("a script of the page would end early")
    views = '<script type="text/plain" class="lab-viz">' + views.replace("</", "<\\/") + "</script>"
    holes = {
        "POLICY": policy, "TITLE": _html(title), "CSS": style, "DATA": inside,
        "SCRIPTS": "".join(f"<script>{text}</script>\n" for text in scripts) + views,
        "PARTS": "\n".join(_blocks(packed)),
    }  # fmt: skip
    page = (STATIC / "lab.html").read_text(encoding="utf-8")
    return re.sub(r"@@([A-Z]+)@@", lambda hole: holes[hole[1]], page)


def _blocks(packed: dict[str, bytes]) -> list[str]:
    return [
        f'<script type="text/plain" class="lab-part" data-part="{name}">{text}</script>'
        for name, content in packed.items()
        for text in _texts(content)
    ]


def _texts(content: bytes) -> list[str]:
    """The pieces of a part."""
    text = base64.b64encode(content).decode("ascii")
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
