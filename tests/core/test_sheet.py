"""The printed sheet: every row of the table once, its formulas and derivatives true, its words in order; a planted error is found."""

from __future__ import annotations

import math
import random
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from micrograd.cli.main import main
from micrograd.ops import TABLE
from micrograd.sheet import formulas, page
from micrograd.sheet.words import WORDS
from viz.notation.formula import Name, evaluate, parse
from viz.notation.rows import FUNCTIONS

LINES = [line for those in formulas.lines().values() for line in those]
EVERY = {name: op.forward for name, op in TABLE.items() if not op.constants and op.arity is not None} | FUNCTIONS
EVERY["shift"] = max


def inside(interval, rng):
    low, high = max(interval[0], -3.0), min(interval[1], 3.0)
    return low + (high - low) * (0.05 + 0.9 * rng.random())


def untrue(line):
    """What of a line is not so, at 40 points of the op's domain: against the op's own forward, and its slope by differences."""
    op, rng, found = line.op, random.Random(line.code), []
    letters = ("a₁", "a₂", "b₁", "b₂")[: 4 if op.name == "dot" else 2] if op.arity is None else tuple("abc"[: op.arity])
    constants = [-0.5, 1.5] if op.name == "clamp" else list(op.defaults)
    bound = op.bind(*constants) if constants else op
    for _ in range(40):
        xs = [inside(op.domain[min(i, len(op.domain) - 1)] if op.domain else (-3, 3), rng) for i in range(len(letters))]
        if op.name == "where":
            xs[0] = float(rng.random() < 0.5)
        names = dict(zip(letters, xs, strict=True))
        names |= {formulas.LETTERS.get(c, c): x for c, x in zip(op.constants, constants, strict=True)}
        y = names["y"] = bound(*xs)
        same = 1.0 * (evaluate(line.formula, names, EVERY))
        if not math.isclose(same, y, rel_tol=1e-9, abs_tol=1e-12):
            found.append(f"{line.code} is {y}, by the sheet {same} at {xs}")
        for name, tree in line.partials:
            i = letters.index(name) if name in letters else 0
            h = 1e-6
            if op.name == "shift" or (op.kinks and abs(xs[0] - (xs[1] if len(xs) > 1 else round(xs[0]))) < 0.02) or abs(xs[0] % 0.5) < 0.02:
                continue
            if op.name == "mod" and abs(math.remainder(xs[0], xs[1])) < 0.02:
                continue
            if op.name == "where" and i == 0:
                continue
            up, down = ([x + s * h * (k == i) for k, x in enumerate(xs)] for s in (1, -1))
            slope = (bound(*up) - bound(*down)) / (2 * h)
            told = evaluate(tree, names, EVERY)
            if not math.isclose(told, slope, rel_tol=1e-4, abs_tol=1e-6):
                found.append(f"∂/∂{name} of {line.code} is {slope}, by the sheet {told} at {xs}")
    return found


def test_every_operation_is_there_once():
    assert sorted(line.op.name for line in LINES) == sorted(TABLE)
    assert not [line.code for line in LINES if not line.partials]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.op.name)
def test_formulas_and_derivatives_are_true(line):
    assert untrue(line) == []


def test_a_planted_error_is_found():
    line = next(line for line in LINES if line.op.name == "tanh")
    assert untrue(line._replace(formula=parse("(exp(a) - exp(-a)) / (exp(a) - exp(-a))")))
    assert untrue(line._replace(partials=(("a", parse("1 - y")),)))
    assert untrue(next(line for line in LINES if line.op.name == "mul")._replace(partials=(("a", Name("a")),)))


def test_conventions_at_kinks_are_said_where_the_formula_says_otherwise():
    notes = {line.op.name: line.note for line in LINES if line.note}
    assert notes == {
        "pow": "0 where all are 0", "hypot": "0 where all are 0", "atan2": "0 where all are 0",
        "maximum": "½ each where a = b", "minimum": "½ each where a = b",
    }  # fmt: skip


def test_words_are_in_order_and_say_lessons_that_are_there():
    terms = [word.replace("δ (delta)", "delta").casefold() for word, _, _ in WORDS]
    assert len(set(terms)) == len(terms) > 50
    assert terms == sorted(terms)
    text = (Path(__file__).parents[2] / "notebooks/README.md").read_text(encoding="utf-8")
    there = set(re.findall(r"^\| (\d\d) \|", text, re.M))
    for word, said, where in WORDS:
        assert said.endswith(".") and said[0] != " " and where.split() and set(where.split()) <= there, word


class Balanced(HTMLParser):
    """Tags that are open."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_whole_and_asks_nobody():
    text = page()
    reader = Balanced()
    reader.feed(text)
    assert reader.open == [] and reader.wrong == []
    assert "<script" not in text and "://" not in text and "size: A4" in text
    assert text.count("<tr>") == len(TABLE)


def test_the_command_writes_it(tmp_path, capsys):
    out = tmp_path / "paper.html"
    assert main(["sheet", "-o", str(out)]) == 0 and out.read_text(encoding="utf-8") == page()
    assert main(["sheet", "-o", str(tmp_path / "paper.pdf")]) == 2
    assert "the ending must be one of .html" in capsys.readouterr().err
