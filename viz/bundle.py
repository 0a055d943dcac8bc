"""Put the small ES modules of ``static/`` together into one inline script; no build tool.

Every module becomes a block of its own (``const name = (() => { … return { exports }; })();``), so names
never clash; whole-line comments and indentation are dropped to keep pages small.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

# A host that gives scripts a frame (marimo) measures it by the document's height, which in a page without a doctype says nothing.
_FIT = """const fit = (el) => {
const frame = document.compatMode === "BackCompat" && window.frameElement;
const grow = () => { frame.style.height = `${Math.ceil(el.getBoundingClientRect().bottom + scrollY) + 24}px`; };
if (frame) new ResizeObserver(grow).observe(el);
};
"""
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.M)
_REMARK = re.compile(r"(?<=[;{},)]) // [^'\"`]*$")
_TEXT, _SPACE = re.compile("['\"`/]"), re.compile(r" (=|=>) |(?:(?<=,) )")
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.M)


@cache
def static(name: str) -> str:
    """The text of one file of ``viz/static``."""
    return (Path(__file__).with_name("static") / name).read_text(encoding="utf-8")


@cache
def script(entry: str, css: str = "stepper.css") -> str:
    """All modules that ``entry`` needs, each once, with the style sheet as ``mgCSS``."""
    return f"const mgCSS = {json.dumps(sheet(css))};\n{joined([entry])}"


@cache
def sheet(css: str = "stepper.css") -> str:
    """The style sheet that such a script puts into its page."""
    return squeezed_css("".join(map(static, dict.fromkeys(["stepper.css", css, "viewport.css"]))))


def joined(entries: Sequence[str], read: Callable[[str], str] | None = None) -> str:
    """All modules that these need, each once. read: gives the text of the module of a name (by default that of ``static``)."""
    done: list[str] = []
    blocks: list[str] = []
    for entry in entries:
        _collect(entry, done, blocks, read or (lambda name: static(f"{name}.js")))
    return "\n".join(blocks)


@cache
def modules(*entries: str) -> str:
    """All modules that the ``entries`` need, each once, for a script of a page."""
    return safe(joined(entries))


def inline(fallback: str, code: str, module: str, data: Any, page: bool = False) -> str:
    """A div and one module script that mounts ``module`` on it; ``fallback`` shows until then. page: it has the page to itself.

    The div may be put into the page after the script has run (some notebooks do), so the script looks again.
    """
    uid = os.urandom(16).hex()
    payload = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (
        f'<div class="mg-host" data-mg="{uid}">{fallback}</div>\n'
        f'<script type="module">\n{safe(code)}\nconst data = {safe(payload)};\n'
        f"const waiting = () => document.querySelectorAll('[data-mg=\"{uid}\"]:not([data-mounted])');\n"
        "const start = (tries) => {\nconst found = waiting();\n"
        f"for (const el of found) {{ el.dataset.mounted = 1; {module}.mount(el, data, {{ css: mgCSS, page: {str(page).lower()} }}); }}\n"
        "if (!found.length && tries) setTimeout(() => start(tries - 1), 50);\nfound.forEach(fit);\n};\n"
        f"{_FIT}start(200);\n</script>"
    )


def safe(text: str) -> str:
    """Safe inside a script element: no ``</script>`` and no ``<!--`` can appear in strings; JSON stays JSON."""
    return text.replace("</", "<\\/").replace("<!--", "\\u003c!--").replace("\u2028", "\\u2028")


def _collect(name: str, done: list[str], blocks: list[str], read: Callable[[str], str]) -> None:
    if name in done:
        return
    done.append(name)
    text = read(name)
    for _, needed in _IMPORT.findall(text):
        _collect(needed, done, blocks, read)
    exports = _EXPORT.findall(text)
    body = _EXPORT.sub("", _IMPORT.sub(lambda found: f"const {{{found[1].replace(' as ', ': ')}}} = {found[2]};", text))
    blocks.append(f"const {name} = (() => {{\n{squeezed_js(body)}\nreturn {{ {', '.join(exports)} }};\n}})();")


def squeezed_js(text: str) -> str:
    """A script without indentation, whole-line comments, and those at the end of a line in which there is no quotation mark.

    Nor with the space around `=`, `=>` and `,` in lines that have no string, no quotient and no pattern.
    """
    lines, inside = [], False  # inside: of a text in backticks that goes over lines
    for line in map(str.strip, text.splitlines()):
        if " // " in line:
            line = _REMARK.sub("", line)
        if line and not line.startswith("// "):
            lines.append(line if inside or _TEXT.search(line) else _SPACE.sub(lambda found: found[1] or "", line))
            inside ^= line.count("`") % 2 == 1
    return "\n".join(lines)


def squeezed_css(text: str) -> str:
    """A style sheet without comments and space."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"\s*([{};,>])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()
