"""A caret under a place in a text, for terminals."""

from __future__ import annotations

import unicodedata

WIDTH = 76  # columns of the line that are shown


def pointed(text: str, start: int, end: int, indent: str = "    ") -> str:
    r"""The line of `text` in which `start` lies, with carets under text[start:end].

    A long line is cut to the surroundings; what a terminal would not print is shown as `?`.

    >>> print(pointed("a + b\nc + sen(x)", 10, 13))
        line 2: c + sen(x)
                    ^^^
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    line = text[first : len(text) if last < 0 else last]
    lead = f"line {text.count(chr(10), 0, first) + 1}: " if "\n" in text.strip("\n") else ""
    at, size = start - first, max(1, min(end, first + len(line)) - start)
    left = max(0, min(at - WIDTH // 2, len(line) - WIDTH))
    shown, before = line[left : left + WIDTH], lead
    if left:
        before += "…"
    cut = "…" if left + WIDTH < len(line) else ""
    gap = sum(map(_columns, before + line[left:at]))
    carets = sum(map(_columns, line[at : min(at + size, left + WIDTH)])) or 1
    return f"{indent}{before}{''.join(map(_printable, shown))}{cut}\n{indent}{' ' * gap}{'^' * carets}"


def _printable(c: str) -> str:
    return c if c.isprintable() else " " if c == "\t" else "?"


def _columns(c: str) -> int:
    c = _printable(c)
    return 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
