"""Text from users made safe for DOT, HTML-like labels, SVG and HTML."""

from __future__ import annotations

import re

# What XML 1.0 forbids even as a reference, and lone surrogates, which UTF-8 cannot carry.
_FORBIDDEN = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]"


def clean(text: str) -> str:
    """``text`` with characters that no document may hold replaced by U+FFFD."""
    return text if text.isprintable() else re.sub(_FORBIDDEN, "\ufffd", text)


def one_line(text: str, limit: int = 0) -> str:
    """``text`` on one line, shortened in the middle to ``limit`` characters (0: not at all).

    >>> one_line("a very long name indeed", 11)
    'a ver…ndeed'
    """
    text = " ".join(clean(text).split())
    if limit and len(text) > limit:
        tail = (limit - 1) // 2
        text = f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"
    return text


def xml(text: str) -> str:
    """``text`` for element content and attributes of SVG, HTML and HTML-like labels.

    >>> xml('<b>&"{|}')
    '&lt;b&gt;&amp;&quot;{|}'
    """
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(plain, entity)
    return clean(text)


def label(text: str) -> str:
    r"""``text`` inside an HTML-like label, where Graphviz still reads ``\N`` as the node's name.

    >>> print(label(r"\N < 3"))
    \\N &lt; 3
    """
    return xml(text).replace("\\", "\\\\")


def quoted(text: str) -> str:
    r"""``text`` as a quoted DOT string that shows exactly itself: no escape sequence gets through.

    Newlines stay: they become line breaks of a tooltip. Graphviz decodes entities in strings, so
    an ampersand must be one.

    >>> print(quoted('say "\\N" & <b>'))
    "say \"\\N\" &amp; <b>"
    """
    text = clean(text).replace("&", "&amp;")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def record(text: str) -> str:
    r"""``text`` as one field of a record label inside a quoted DOT string.

    >>> print(record('a|b{c} "d"'))
    a\|b\{c\}\ \"d\"
    """
    text = one_line(text).replace("&", "&amp;")
    text = re.sub(r"([\\{}|<> ])", r"\\\1", text)  # what a record label reads as its own
    return text.replace('"', '\\"')
