"""A line of a step is written by its form: as the tree printer writes it, whatever names and numbers stand there."""

from __future__ import annotations

import math
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Op, Value
from viz.notation import lines, rows, text
from viz.notation.formula import Name, Number
from viz.notation.numbers import TEXT, plain

OPS = [op for op in micrograd.TABLE.values() if op.arity is not None and not op.constants]
Names = st.sampled_from(["a", "x1*w1", "layers[0].w[1]", "", "{0}", "{", "u v", "−x", "v1"]) | st.text(max_size=6)
Numbers = st.floats() | st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 0.5, -3.0, 1e22])


def standing(op: Op, data: Any, literal: Any) -> Any:
    args = tuple(SimpleNamespace(data=x, args=(), is_literal=known, label="") for x, known in zip(data, literal, strict=True))
    return SimpleNamespace(op=op, _op=op.symbol, args=args, data=1.0, is_literal=False, label="")


@given(st.sampled_from(OPS), st.lists(st.tuples(Names, Numbers, st.booleans()), min_size=3, max_size=3), Names)
def test_a_form_is_what_the_printer_writes(op: Op, given_: Any, result: str) -> None:
    names, data, literal = zip(*given_[: op.arity], strict=True)
    value = standing(op, data, literal)
    row = rows.row_of(value, len(names))
    trees = [Number(x) if known else Name(name) for name, x, known in given_[: op.arity]]
    assert lines.operation(value, names) == text.write(rows.written(row, trees), TEXT)
    assert lines.in_numbers(value) == text.write(rows.written(row, list(map(Number, data))), TEXT)
    told = [*lines.stands(value.args, names), *lines.stands([value], [result])]
    for i in range(len(names)):
        tree = rows.slope(row, i, trees, Name(result))
        assert lines.way_of(value, len(names)).filled(told, i) == ("" if tree is None else text.write(tree, TEXT))


@pytest.mark.parametrize("c", [0.0, -0.0, 2.0, -2.0])
def test_constants_keep_their_signs(c: float) -> None:
    x = Value(3.0, label="x")
    if c:  # (one function makes both x**0.0 and x**-0.0)
        assert lines.operation(x**c, ["x"]) == (f"x**({plain(c)})" if math.copysign(1.0, c) < 0 else f"x**{plain(c)}")
    assert lines.operation(x.clamp(c, 5.0), ["x"]) == f"clamp(x, {plain(c)}, 5)"


def test_a_name_with_braces() -> None:
    row = rows.Row("f{0}", "f{0}", 1)
    assert lines._Way(row, 1).filled([("w", "x", "x")]) == "f{0}(x)"


def test_a_form_without_parentheses_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_by_name", lambda name: ("w", name, name))
    lines._form.cache_clear()
    assert lines.operation(Value(1.0) * Value(2.0), ["a + b", "c"]) == "a + b * c"  # which the test above refuses


Ties = st.builds(lambda n, k: (2 * n + 1) * 5.0**k / 10.0**k, st.integers(10**5, 10**7), st.integers(0, 9))  # some lie between two texts


@given(st.floats(allow_nan=False, allow_infinity=False) | Ties | st.decimals(-(10**7), 10**7, places=3).map(float))
def test_what_is_told_is_the_nearest_of_six_digits_and_of_two_the_greater(x: float) -> None:
    told, exact = Decimal(plain(x)), Decimal(x)
    unit = Decimal(1).scaleb(exact.adjusted() - 5) if (x and abs(x) >= 10**6) or x != int(x) else Decimal(0)  # of the sixth digit
    assert abs(told - exact) <= unit / 2
    assert len(told.normalize().as_tuple().digits) <= 6 or not unit
    assert abs(told) > abs(exact) or abs(told - exact) < unit / 2 or not unit


def test_ties_go_up() -> None:
    told = {12345.25: "12345.3", 12345.75: "12345.8", 0.0009765625: "0.000976563", -100000.5: "-100001"}
    assert {x: plain(x) for x in told} == told


@given(st.floats(allow_nan=False) | st.integers(-(10**7), 10**7))
def test_a_number_is_told_by_itself_whatever_was_told_before(x: float) -> None:
    for y in (x, -x, float(x), x):
        told = plain(y)
        assert math.copysign(1.0, float(told)) == math.copysign(1.0, y) or (type(y) is int and not y)
        assert float(told) == pytest.approx(y, rel=1e-5, abs=0)
