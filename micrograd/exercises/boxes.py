"""The numbers of an exercise as boxes in a page without Python: a saved notebook, a page of its own, the site.

What is right goes into the page as hashes: every number that is near enough, written in one way to one digit more than is asked for, is
hashed with the exercise's id, the student and the blank. So nobody reads the answer by looking; a program that tries some thousands of
numbers finds it, as in any page that checks by itself. What counts is graded by `micrograd grade`.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from micrograd import shell
from micrograd.exercises.blanks import Number
from micrograd.exercises.posed import Posed
from micrograd.exercises.programs import MISTAKES


def boxes(posed: Posed) -> str:
    """The boxes as HTML, with their script; "" for an exercise without numbers. Where scripts do not run, nothing is seen."""
    numbers = {name: blank for name, blank in posed.exercise.blanks.items() if isinstance(blank, Number)}
    if not numbers:
        return ""
    salt = f"{posed.exercise.id}\0{posed.student}"
    sentences: list[str] = []
    rows = [_row(posed, name, blank, f"{salt}\0{name}", sentences) for name, blank in numbers.items()]
    data = json.dumps({"salt": salt, "blanks": rows, "sentences": sentences, "hints": posed.hints}, ensure_ascii=False)
    return f'<div data-mg-boxes="{html.escape(data)}"></div><script type="module">{script()}</script>'


def _row(posed: Posed, name: str, blank: Number, salt: str, sentences: list[str]) -> dict[str, Any]:
    truth = blank.truth(posed)
    known: dict[str, int] = {}
    for said, wrong in blank.wrong(posed):
        sentence = MISTAKES.get(said, said)
        if sentence not in sentences:
            sentences.append(sentence)
        known.setdefault(hashed(salt, written(wrong, blank.digits)), sentences.index(sentence))
    return {
        "name": name,
        "label": blank.label,
        "digits": blank.digits,
        "yes": [hashed(salt, w) for w in near(truth, blank.digits)],
        "known": known,
    }


def near(truth: float, digits: int) -> list[str]:
    """All numbers of one digit more than `digits` that are the truth to `digits`, as they are written."""
    if not truth or not math.isfinite(truth):
        return [written(truth, digits + 1)]
    power = math.floor(math.log10(abs(truth))) - digits
    middle = round(truth / 10.0**power)
    return sorted({_in_digits(n, power, digits + 1) for n in range(middle - 6, middle + 7) if abs(n - truth / 10.0**power) <= 5.0 + 1e-5})


def _in_digits(n: int, power: int, digits: int) -> str:
    """n·10^power written with so many digits; n may have one more (9.99996 becomes 10.0000) or one less."""
    size = str(abs(n))
    if len(size) > digits:
        size, power = size[:digits], power + len(size) - digits
    elif len(size) < digits:
        size, power = size.ljust(digits, "0"), power - (digits - len(size))
    return f"{'-' if n < 0 else ''}{size}e{power}"


def written(x: float, digits: int) -> str:
    """A number to so many significant digits, as `canonical` of boxes.js writes it."""
    if not x or not math.isfinite(x):
        return "0" if not x else str(x)
    mantissa, power = f"{x:.{digits - 1}e}".split("e")
    return f"{mantissa.replace('.', '')}e{int(power) - digits + 1}"


def hashed(salt: str, text: str) -> str:
    """The first 16 digits of SHA-256."""
    return hashlib.sha256(f"{salt}\0{text}".encode()).hexdigest()[:16]


@cache
def script() -> str:
    """The script, without its remarks; for a page it needs no exports."""
    text = (Path(__file__).with_name("static") / "boxes.js").read_text(encoding="utf-8")
    lines = [re.sub(r"^export ", "", line.strip()) for line in text.splitlines()]
    return "\n".join(re.sub(r" // [^'\"`]*$", "", line) for line in lines if line and not line.startswith("//"))


CSS = """body { line-height: 1.6; }
main { max-width: 62em; }
.mg-exercise { background: var(--card); }
h1 { font-size: 1em; margin: 0; display: inline; }
h2 { font-size: 1.05em; margin: 1.4em 0 .5em; }
"""


def page(posed: Posed, steps: bool = False) -> str:
    """The exercise as one page that opens offline; with ``steps`` the stepper of its program follows. ValueError where it has none."""
    from micrograd.exercises.shown import prompt_html

    body, sheets = prompt_html(posed, "h1"), []
    if steps:
        graph = posed.graph
        for name, value in graph.names.items():
            if getattr(value, "label", None) == "":
                value.label = name
        stepper = import_module("viz").step(graph.root, names=False)
        body += f"<h2>Its steps, for when you have an answer</h2>{stepper.fragment(image=False)}"
        sheets.append(import_module("viz.bundle").sheet())
    return shell.page(f"Exercise {posed.exercise.id}", body, CSS, sheets=sheets)
