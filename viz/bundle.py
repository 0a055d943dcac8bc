"""Put the small ES modules of ``static/`` together into one inline script; no build tool.

Every module becomes a block of its own (``const name = (() => { … return { exports }; })();``), so names
never clash; whole-line comments and indentation are dropped to keep pages small.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.M)


@cache
def static(name: str) -> str:
    """The text of one file of ``viz/static``."""
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


@cache
def script(entry: str, css: str = "stepper.css") -> str:
    """All modules that ``entry`` needs, each once, with the style sheet as ``mgCSS``."""
    done: list[str] = []
    blocks = [f"globalThis.mgCSS = {json.dumps(_squeeze_css(static(css)))};"]
    _collect(entry, done, blocks)
    return "\n".join(blocks)


def _collect(name: str, done: list[str], blocks: list[str]) -> None:
    if name in done:
        return
    done.append(name)
    text = static(f"{name}.js")
    for _, needed in _IMPORT.findall(text):
        _collect(needed, done, blocks)
    exports = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(r"const {\1} = \2;", text))
    lines = [line.strip() for line in body.splitlines()]
    kept = "\n".join(line for line in lines if line and not line.startswith("// "))
    blocks.append(f"const {name} = (() => {{\n{kept}\nreturn {{ {', '.join(exports)} }};\n}})();")


def _squeeze_css(text: str) -> str:
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()
