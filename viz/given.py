"""What a caller gave: checked, and refused in one sentence that says what is allowed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any


def short(x: Any, most: int = 60) -> str:
    """``repr(x)`` on one line, cut to ``most`` characters."""
    text = " ".join(repr(x).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def one_of(what: str, given: Any, known: Sequence[str]) -> None:
    """ValueError unless ``given`` is one of the known words."""
    if given not in known:
        raise ValueError(f"unknown {what} {short(given)}: expected one of {', '.join(map(repr, known))}")


def whole(what: str, given: Any, least: int | None = None, most: int | None = None) -> int:
    """``given`` as an int; ValueError unless it is a whole number (from ``least`` to ``most``).

    >>> whole("precision", -1, 0, 17)
    Traceback (most recent call last):
    ValueError: precision=-1: expected a whole number from 0 to 17
    """
    index = None if isinstance(given, (bool, type)) else getattr(given, "__index__", None)
    number = None if index is None else int(index())
    if number is None or (least is not None and number < least) or (most is not None and number > most):
        allowed = "" if least is None else f" of at least {least}" if most is None else f" from {least} to {most}"
        raise ValueError(f"{what}={short(given)}: expected a whole number{allowed}")
    return number


def precision_of(given: Any) -> int:
    """Significant digits to show: 1 to 17, which tell any double from the next."""
    return whole("precision", given, 1, 17)


def above_zero(what: str, given: Any) -> float:
    """ValueError unless ``given`` is a finite number above 0."""
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 < given < float("inf"):
        raise ValueError(f"{what}={short(given)}: expected a number above 0")
    return given


def page_path(path: str | os.PathLike[str], instead: str) -> str | os.PathLike[str]:
    """``path`` if a page can be saved under it; ValueError unless it ends in .html, with what to write ``instead``."""
    if os.path.splitext(path)[1].lower() not in (".html", ".htm"):
        raise ValueError(f"cannot save {os.fspath(path)!r}: this is a page, its name ends in .html ({instead})")
    return path
