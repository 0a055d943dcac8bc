"""The name=value arguments of the command line, read."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from micrograd.cli.expression import ExpressionError, read
from micrograd.cli.functions import CONSTANTS
from micrograd.cli.spelling import is_name

_FILE = re.compile(r".*\.(svg|png|pdf|html?|dot|txt|tex|gif|jpe?g)", re.I)
_COMMA = re.compile(r"[-+]?\d+,\d+")


class Refused(Exception):
    """What is wrong with the command, for standard error; exit status 2."""


def assignments(pairs: Sequence[str], expression: str = "") -> dict[str, float]:
    """The number that each name stands for; Refused says in a sentence what to write instead.

    >>> assignments(["x=1.5", "angle=pi/4"])
    {'x': 1.5, 'angle': 0.7853981633974483}
    """
    values: dict[str, float] = {}
    for place, pair in enumerate(pairs):
        name, equals, number = pair.partition("=")
        name = name.strip()
        after = pairs[place + 1] if place + 1 < len(pairs) else ""
        if not equals or name == "" or (not number.strip() and after):
            raise Refused(f"{pair.strip()!r} is not of the form name=value{_instead(pair.strip(), after, expression)}")
        if not is_name(name) or keyword.iskeyword(name) or name in CONSTANTS:
            raise Refused(f"{name!r} cannot be a name, in {pair.strip()!r}{_plainer(name, number)}")
        if name in values:
            raise Refused(f"{name!r} is given twice")
        values[name] = _number(name, number)
    return values


def _number(name: str, number: str) -> float:
    first, comma, rest = number.replace(";", ",").replace("\n", ",").partition(",")
    if _COMMA.fullmatch(number.strip()):
        raise Refused(f"the value of {name!r}: a decimal point is written {name}={number.strip().replace(',', '.')}")
    if comma and (";" in number or "\n" in number or not rest.strip() or "=" in rest):
        raise Refused(f"the value of {name!r}: a space stands between two values: {name}={first} {rest}".rstrip())
    try:
        value: float = read(number, {}).root.data
        return value
    except ExpressionError as error:
        word = error.text[error.start : error.end]
        if number.startswith("="):
            raise Refused(f"the value of {name!r}: write {name}{number}") from None
        if "has no value" in error.message:
            way = f"what depends on {word} belongs in the expression, {name} = …; …"
            raise Refused(f"the value of {name!r} must be a number, such as {name}=1.5, and {word!r} is none ({way})") from None
        raise Refused(f"the value of {name!r}: {error}") from None


def _instead(word: str, after: str, expression: str) -> str:
    """What to write for an argument that assigns nothing."""
    if word.startswith("-"):
        return f": there is no option {word.partition('=')[0]}"
    if after.startswith("=") or (word.endswith("=") and after):
        return f": write {word.rstrip('=')}={after.lstrip('=') or '1.5'}, without spaces"
    name, colon, number = word.partition(":")
    if colon and is_name(name):
        return f": write {name}={number}"
    if _FILE.fullmatch(word):
        return f": a file to write is given as -o {word}"
    if is_name(word):
        return f": write {word}={after if after[:1].isdigit() else '1.5'}, say"
    if re.match(r"\s*\w+\s*=[^=;]*$", expression):
        return f": the expression goes first, before {expression.strip()}"
    return " (put the whole expression in quotes)"


def _plainer(name: str, number: str) -> str:
    bare = name.lstrip("-$")
    return f": write {bare}={number}" if bare != name and is_name(bare) else ""
