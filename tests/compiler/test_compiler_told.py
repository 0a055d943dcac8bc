"""What the compiler says of itself: a program as text, what each pass gave, and ops that share a name but not a rule."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import micrograd
from micrograd import Op, Value, ops

np = pytest.importorskip("numpy")

from micrograd.compiler.passes import PASSES  # noqa: E402
from micrograd.compiler.program import rule, show  # noqa: E402

INTERNAL = re.compile(rf"\bd({'|'.join(ops.TABLE)})\b|/d\d|\bx\d\b(?!\[)|\[[\d., ]*\]\(|ordered|product\(|\bcopy\b")


def lines(op: Any) -> str:
    """The program of a loss in which one op of the table has parameters as operands, beside a square and a relu."""
    bound = op.bind(*op.defaults[: len(op.constants)] or [2.0] * len(op.constants)) if op.constants else op
    w = [Value(0.3 + 0.1 * k, label=f"w{k}") for k in range(op.arity or 4)]
    step = micrograd.compile(lambda: (bound(*w).relu() - 1.0) ** 2, w, backend="numpy")
    step.value_and_grad()
    return str(step.program)


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_no_internal_name_of_a_rule_is_shown(op: Any) -> None:
    told = lines(op)
    assert not INTERNAL.search(told), told
    for local in re.findall(r"∂([^/\n]*)/∂", told):  # ∂ stands for local derivatives alone, of what the table names
        assert local in ops.TABLE or "p[" in local or "1[" in local, told


def test_relu_and_its_derivative_are_told_as_a_textbook_does() -> None:
    told = lines(ops.tanh)
    assert "relu1[0]  = max(0, tanh1[0])" in told
    assert "tanh1.grad[0]  = relu1.grad[0] · ∂relu/∂tanh1[0]" in told
    assert "sub1.grad[0]  = power1.grad[0] · 2 · sub1[0]" in told
    assert "p.grad[0]  = tanh1.grad[0] · ∂tanh/∂p[0]" in told
    x = Value(0.5)
    step = micrograd.compile(lambda: x**x - (1.0 - x) / x, [x], backend="numpy")
    step()
    assert "∂pow/∂p[0] (operand 1)" in str(step.program) and "∂pow/∂p[0] (operand 2)" in str(step.program)
    assert "sub1.grad[0] · " not in str(step.program).partition("pow1.grad")[0]


def test_a_planted_internal_name_is_found(monkeypatch: Any) -> None:
    monkeypatch.setattr(show, "local", lambda op, i, named, by: f"d{op.name}/d{i}")
    assert INTERNAL.search(lines(ops.tanh))


# --- what passes between passes ----------------------------------------------------------------------------------------


def compiled(batch: bool = False, **options: Any) -> Any:
    w = [Value(0.1 * k - 0.2, label=f"w{k}") for k in range(4)]

    def loss(x: Any) -> Any:
        rows = [sum(a * b for a, b in zip(w[:2], x, strict=True)).tanh(), w[2] * x[0], w[3].exp()]
        return ops.sum_(*(row * row for row in rows)) + micrograd.functional.softmax([*rows, w[0]])[1]

    step = micrograd.compile(loss, w, backend="numpy", batch=batch, **options)
    step.value_and_grad([[0.5, -1.0], [1.0, 2.0]] if batch else [0.5, -1.0])
    return step


@pytest.mark.parametrize("options", [{}, {"batch": True}, {"exact": True}], ids=["plain", "batch", "exact"])
def test_what_each_pass_gave_prints_and_asking_changes_nothing(options: Any) -> None:
    step = compiled(**options)
    before = step.value_and_grad([[0.5, -1.0]] if options.get("batch") else [0.5, -1.0])
    found = {name: step.after(name) for name in (*PASSES, *PASSES)}
    for name, thing in found.items():
        told = str(thing)
        assert len(told.splitlines()) > 1 and " object at " not in told, name
    said = dict(line.split(maxsplit=1) for line in step.passes.splitlines())
    for name in ("scalars", "fuse", "group", "factor"):
        assert str(found[name]).splitlines()[0] in said[name]
    assert str(found["verify"]) == str(step.program)
    traced = str(step.latest.traced)  # what the first pass is given
    assert traced.startswith("trace of one ") and "4 parameters, 2 inputs" in traced and traced.endswith("1 outputs")
    after = step.value_and_grad([[0.5, -1.0]] if options.get("batch") else [0.5, -1.0])
    assert after[0] == before[0] and after[1].tolist() == before[1].tolist()
    assert all(v._mark.__class__ is not int for v in step.latest.traced.params)  # ids are taken from the Values again


def test_things_say_what_they_are_in_the_names_of_the_code() -> None:
    step = compiled()
    assert "  v1 = w0 · x1[0]" in str(step.after("scalars")).splitlines()
    assert re.search(r"^ +1  v\d+ = w0 · x1\[0\] \+ w1 · x1\[1\]$|0 \+ w0 · x1\[0\]", str(step.after("fuse")), re.MULTILINE)
    assert re.search(r"tanh1  = tanh\(sum1\)   × 1$", str(step.after("group")), re.MULTILINE)
    assert re.search(r"tanh1\[0\]  = tanh\(sum1\[0\]\)$", str(step.after("factor")), re.MULTILINE)
    with pytest.raises(ValueError, match="no pass 'fold'; the passes are scalars, fuse"):
        step.after("fold")


def test_a_small_loss_is_told_word_for_word() -> None:
    w, c = [Value(1.0), Value(2.0)], Value(7.0)

    def loss(x: Any) -> Any:
        with micrograd.no_grad():
            k = w[0] * 3.0
        return (w[0] * x[0] + w[1] * x[1] + 2.5).tanh() * c + k - w[0] ** 2

    step = micrograd.compile(loss, w, backend="numpy")
    step([0.5, 0.25])
    told = """\
  v1 = p[0] · 3   (no gradient)
  v2 = p[0] · x1[0]
  v3 = p[1] · x1[1]
  v4 = v2 + v3
  v5 = v4 + 2.5
  v6 = tanh(v5)
  v7 = v6 · o[0]
  v8 = v7 + v1
  v9 = p[0] ** 2
  v10 = v8 - v9"""
    assert str(step.after("scalars")).splitlines()[1:] == told.splitlines()
    told = """\
4 results became terms of others: 6 units in 4 levels
    1  v1 = p[0] · 3
    1  v5 = p[0] · x1[0] + p[1] · x1[1] + 2.5
    2  v6 = tanh(v5)
    3  v8 = v6 · o[0] + v1
    1  v9 = p[0] ** 2
    4  v10 = v8 - v9"""
    assert str(step.after("fuse")) == told
    told = """\
8 loops, over 9 families of neighbours
  mul1  = p · 3   × 1
  sum1  = Σ 2.5   × 1
  sum1 += Σ p · x1   × 1
  power1  = p ** 2   × 1
  tanh1  = tanh(sum1)   × 1
  sum2  = Σ mul1   × 1
  sum2 += Σ tanh1 · o   × 1
  sub1  = sum2 - power1   × 1"""
    assert str(step.after("group")) == told


def test_a_large_thing_prints_its_beginning() -> None:
    w = [Value(0.01 * k) for k in range(200)]
    step = micrograd.compile(lambda: ops.sum_(*(x.tanh() * x for x in w)), w, backend="numpy")
    step()
    assert str(step.after("fuse")).endswith("… and 141 more") and len(str(step.after("scalars")).splitlines()) == 62


# --- ops that share a name ---------------------------------------------------------------------------------------------


def doubled(name: str) -> Op:
    """2ˣ, under this name."""
    return Op(name, lambda x: math.pow(2.0, x), (lambda y, x: y * math.log(2.0),))


def negated(name: str) -> Op:
    return Op(name, define=lambda x: -x, partials=(lambda y, x: -1.0,))


def in_turn(name: str) -> Op:
    """2 · 2ˣ, written in an op that itself has a name of the table."""
    inner = doubled("exp")
    return Op(name, define=lambda x: inner(x) * 2.0, partials=(lambda y, x: y * math.log(2.0),))


BACKENDS = ["reference", "numpy", pytest.param("interpreter", marks=pytest.mark.slow)]
TRUTH = {
    doubled: (lambda x: 2.0**x, lambda x: 2.0**x * math.log(2.0)),
    negated: (lambda x: -x, lambda x: -1.0),
    in_turn: (lambda x: 2.0 ** (x + 1), lambda x: 2.0 ** (x + 1) * math.log(2.0)),
}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["exp", "log", "maximum", "my op"])
@pytest.mark.parametrize("make", TRUTH, ids=lambda make: make.__name__)
def test_an_op_of_the_users_is_not_the_tables_of_that_name(make: Any, name: str, backend: str, exact: bool) -> None:
    if backend == "interpreter":
        pytest.importorskip("numba")
    op, (f, slope), xs = make(name), TRUTH[make], (0.5, -1.25)
    w = [Value(x) for x in xs]
    value, grads = micrograd.compile(lambda: op(w[0]) * 3.0 + op(w[1]) + w[0].exp(), w, backend=backend, exact=exact).value_and_grad()
    assert value == pytest.approx(3.0 * f(xs[0]) + f(xs[1]) + math.exp(xs[0]), rel=1e-14)
    assert grads.tolist() == pytest.approx([3.0 * slope(xs[0]) + math.exp(xs[0]), slope(xs[1])], rel=1e-14)


def test_the_planted_fault_is_an_op_found_by_its_name(monkeypatch: Any) -> None:
    monkeypatch.setattr(rule, "alone", lambda op: op)
    with pytest.raises(AssertionError):
        test_an_op_of_the_users_is_not_the_tables_of_that_name(negated, "log", "numpy", False)
