"""What stands around every page that is a file of its own: head, policy, colours, paper.

The policy lets nothing run but the scripts and style sheets that the page was written with, by their digests, and nothing be fetched.
`micrograd/shell.py` is this file again: either package works where another `micrograd`, or another `viz`, is installed.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable

# viz/drawn/theme.py has the same colours for pictures (tests/core/test_standalone.py compares them): desk is what a card lies on.
LIGHT = {
    "desk": "#f2f4f6", "card": "#ffffff", "ink": "#1a1f26", "soft": "#4f5965", "line": "#d5dae0",
    "accent": "#0059a8", "good": "#00704f", "bad": "#b00030",
}  # fmt: skip
DARK = {
    "desk": "#0d0f12", "card": "#15181d", "ink": "#eceff3", "soft": "#b3bcc7", "line": "#39414a",
    "accent": "#7cc0ff", "good": "#5fd6ad", "bad": "#ff8095",
}  # fmt: skip
WHEN = {"auto": "screen and (prefers-color-scheme: dark)", "dark": "screen", "light": ""}  # the media that are dark, by theme
FONT = '16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
<main>
{body}
</main>
{after}</body>
</html>
"""
_SCRIPT = re.compile(r"<script\b([^>]*)>([^<]*(?:<(?!/script>)[^<]*)*)</script>", re.I)  # .*? would stop at every letter of a megabyte
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.S | re.I)
_STYLED = re.compile(r"<[a-z][^<>]*\sstyle=", re.I)
_DATA = re.compile(r"\btype=[\"']?(?!module|text/javascript|application/javascript)[\w/+.-]", re.I)  # a script of another type is data


def page(title: str, body: str, css: str = "", *, theme: str = "auto", after: str = "", sheets: Iterable[str] = ()) -> str:
    """A whole page that opens offline.

    title: plain text, for the tab. body: HTML, put into ``main``; after: HTML that follows it (a script). css: the page's own rules, which
    follow the shell's. theme: "auto" (as the reader's system), "light" (on white, as paper is) or "dark"; on paper all are light.
    sheets: the style sheets that scripts of the page put in.
    """
    css = look(theme) + css
    inside = f"<style>{css}</style>{body}{after}"
    return PAGE.format(policy=html.escape(policy(inside, sheets)), title=html.escape(title), css=css, body=body, after=after)


def look(theme: str = "auto") -> str:
    """The rules that all pages share; colours are custom properties."""
    light = {**LIGHT, "desk": LIGHT["card"]} if theme == "light" else LIGHT
    dark = f"@media {WHEN[theme]} {{ :root {{ color-scheme: dark; {_said(DARK)} }} }}\n" if WHEN[theme] else ""
    return (
        f"\n:root {{ color-scheme: light; {_said(light)} }}\n{dark}"
        f"body {{ margin: 0; padding: 16px; background: var(--desk); color: var(--ink); font: {FONT}; }}\n"
        "main { max-width: 860px; margin: 0 auto; }\n"
        "@media (max-width: 560px) { body { padding: 8px; } }\n"
        "@media print { body { padding: 0; background: #fff; } main { max-width: none; } }\n"
    )


def _said(colours: dict[str, str]) -> str:
    return " ".join(f"--{role}: {colour};" for role, colour in colours.items())


def policy(text: str, sheets: Iterable[str] = ()) -> str:
    """The content security policy of a page, or a part of one, and of the style sheets that its scripts put in.

    A ``style`` attribute, which has no digest, is allowed where there is one: it can only change how a page of ours looks.

    >>> policy("<script>1</script>").split("; ")[:2]
    ["default-src 'none'", "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"]
    """
    pieces = _SCRIPT.split(text)  # what stands before a script, its attributes, what is in it, …
    scripts = [inside for attributes, inside in zip(pieces[1::3], pieces[2::3], strict=True) if not _DATA.search(attributes)]
    rest = "".join(pieces[::3])
    parts = [
        "default-src 'none'",
        _allowed("script-src", scripts),
        _allowed("style-src", [*_STYLE.findall(rest), *sheets]),
        "style-src-attr 'unsafe-inline'" if _STYLED.search(_STYLE.sub("", rest)) else "",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(filter(None, parts))


def _allowed(kind: str, texts: Iterable[str]) -> str:
    found = dict.fromkeys(f"'sha256-{digest(text)}'" for text in texts)
    return " ".join([kind, *found]) if found else ""


def digest(text: str) -> str:
    """The SHA-256 of a text, as a policy has it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
