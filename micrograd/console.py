"""Consoles of every kind: those that cannot print mathematics, those whose reader has gone, and none at all.

On Windows what a program prints into a file or another program is in the code page of the country (cp1252 has × but no ∂).
"""

from __future__ import annotations

import codecs
import errno
import sys
import unicodedata
from typing import Any

PLAIN = {
    "∂": "d", "−": "-", "×": "*", "·": "*", "÷": "/", "√": "sqrt", "Σ": "sum", "∑": "sum", "∞": "inf",
    "→": "->", "←": "<-", "↑": "^", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "─": "-", "│": "|", "└": "`", "├": "|", "█": "#",
    "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "’": "'", "“": '"', "”": '"', "–": "-", "ᵀ": "^T", "\ufeff": "", "±": "+-", "‐": "-",
    "‑": "-", "—": "-", "•": "*", "∗": "*", "∙": "*", "⋅": "*", "∕": "/", "ᐟ": "/", "↦": "->", "∛": "cbrt", "▸": ">", "○": "o", "●": "o",
    "◐": "o", "⁻": "^-", "₋": "-", "′": "'", "″": "''",
}  # fmt: skip


def plain(text: str) -> str:
    """Text in ASCII, as one types it.

    >>> plain("x.grad += v1.grad × ∂v1/∂x")
    'x.grad += v1.grad * dv1/dx'
    """
    return "".join(_plain(c) for c in text)


def _plain(c: str) -> str:
    if c in PLAIN or c.isascii():
        return PLAIN.get(c, c)
    if unicodedata.category(c) in ("Cc", "Cf", "Mn"):  # what has no width of its own
        return ""
    name = unicodedata.name(c, "")
    if name.startswith("GREEK"):
        letter = name.split()[3]
        return letter.lower() if "SMALL" in name else letter.capitalize()
    letters = unicodedata.normalize("NFKD", c).encode("ascii", "ignore").decode()
    return f"^{letters}" if name.startswith("SUPERSCRIPT") and letters else letters or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def prepare(*streams: Any) -> None:
    """From now on a stream that cannot print a sign prints its plain spelling."""
    codecs.register_error("micrograd.plain", _replace)
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)  # a stand-in (of a test, of a notebook) may have none; nor has None
        if reconfigure is not None:
            reconfigure(errors="micrograd.plain")


def can_print(stream: Any, text: str) -> bool:
    """Whether a stream's encoding has all these signs."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def reader_gone(error: OSError) -> bool:
    """Whether `head` or `more` has seen enough: a broken pipe, which Windows calls an invalid argument."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def typed(text: str) -> str:
    """Standard input without the mark that some programs on Windows put at its start (seen as UTF-8, or as cp1252)."""
    return text.removeprefix("\ufeff").removeprefix("ï»¿")
