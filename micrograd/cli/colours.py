"""Colours for a terminal that has them. NO_COLOR (any text) and TERM=dumb switch them off, FORCE_COLOR switches them on for a pipe."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

BOLD, DIM, RED, GREEN, YELLOW, MAGENTA, CYAN = "1", "2", "1;31", "32", "33", "35", "36"

# What is coloured in a line: a pattern whose groups are named by how they look.
_LOOKS = {
    "cyan": CYAN,
    "magenta": MAGENTA,
    "yellow": YELLOW,
    "bold": BOLD,
    "dim": DIM,
    "green": GREEN,
    "red": RED,
    "kink": CYAN,
}
_LINES = [
    r"(?P<cyan>forward) .* = +(?P<bold>\S+)$",
    r"(?P<magenta>seed) .* = +(?P<bold>\S+)$",
    r"(?P<yellow>backward)? .* \+= .*\.grad: [^∂]* = +(?P<bold>\S+)(?P<dim>   ∂.*)?$",  # a sum of a contribution
    r"(?P<dim>input  +analytic .*|  +value +gradient)$",  # heads of tables
    r".*  (?:(?P<green>ok)|(?P<red>WRONG.*)|(?P<yellow>undecided: .*)|(?P<kink>kink: .*))$",
    r"(?P<dim>[│├└─ ]*)\S.*? (?P<bold>data) \S+ (?P<yellow>grad) \S+$",  # a tree
]


def painter(stream: Any, environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """What colours a line printed to this stream: nothing at all, where colours are not wanted or not there."""
    return painted if wanted(stream, os.environ if environment is None else environment) else str


def wanted(stream: Any, environment: Mapping[str, str]) -> bool:
    """Does this stream show colours, and does its reader want them?"""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    old = sys.platform == "win32" and not {"WT_SESSION", "ANSICON", "ConEmuANSI", "TERM"} & set(environment)
    return not old and environment.get("TERM") != "dumb" and bool(getattr(stream, "isatty", bool)())


def painted(line: str) -> str:
    r"""A line, or lines, of `step`, `check` or `draw` with its colours.

    >>> painted("seed      L.grad = 1")
    '\x1b[35mseed\x1b[0m      L.grad = \x1b[1m1\x1b[0m'
    """
    if "\n" in line:
        return "\n".join(map(painted, line.split("\n")))
    found = next(filter(None, (re.match(pattern, line) for pattern in _LINES)), None)
    if found is None:
        return line
    parts = sorted((found.span(group), group) for group, text in found.groupdict().items() if text)
    out, at = [], 0
    for (start, end), group in parts:
        out += [line[at:start], look(line[start:end], _LOOKS[group])]
        at = end
    return "".join([*out, line[at:]])


def look(text: str, code: str) -> str:
    """Text that looks so."""
    return f"\x1b[{code}m{text}\x1b[0m"
