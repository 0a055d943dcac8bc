"""LaTeX and plain text: checked by a reader of their own, which knows nothing of how they are made."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import viz
from micrograd import Value, ops
from readers import of_tex
from viz.drawn.latex import LINES, to_latex
from viz.drawn.text import text_tree
from viz.notation.formula import Name, Number
from viz.notation.rows import by_symbol, circle, row_of, written
from viz.notation.tex import name as name_tex
from viz.notation.tex import number as number_tex
from viz.notation.text import write
from viz_values import Bare, Stored, Student, graphs

LEAVES = ("a", "b", "c")
OPERATIONS = {
    "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y,
    "n": lambda x, y: -x, "2": lambda x, y: x**2, "t": lambda x, y: x.tanh(), "r": lambda x, y: x.relu(),
    "m": lambda x, y: -3 * x,
    "h": lambda x, y: x.hypot(y), "c": lambda x, y: x.clamp(-1, 2), "l": lambda x, y: x.leaky_relu(0.3), "x": lambda x, y: x.maximum(y),
    "g": lambda x, y: x.gauss(), "s": lambda x, y: x.sigmoid(), "a": lambda x, y: abs(x), "w": lambda x, y: ops.where(ops.less(x, y), x, y),
}  # fmt: skip


@st.composite
def expressions(draw):
    """A Value over a, b, c and numbers, with operators and functions of every form; as deep as 12."""
    nodes = [Value(draw(st.integers(1, 9)) * s, label=n) for n, s in zip(LEAVES, (1, -1, 1), strict=True)]
    nodes += [Value(float(draw(st.integers(-5, 5)))) for _ in range(2)]
    for _ in range(draw(st.integers(1, 12))):
        x, y = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        op = draw(st.sampled_from("+-*/n2trmhclxgsaw"))
        if op == "/" and abs(y.data) < 1e-3:
            continue
        made = OPERATIONS[op](x, y)
        if abs(made.data) < 1e6:
            nodes.append(made)
    return nodes[-1]


@given(expressions())
def test_latex_means_the_value(root):
    text = to_latex(root, names=lambda v: v.label)
    numbers = {v.label: v.data for v in root.topological() if v.label}
    found = None
    for line in text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}").split(" \\\\\n"):
        name, _, right = line.rpartition(" &= ")
        found = numbers[name] = of_tex(right, numbers)
    assert found == pytest.approx(root.data, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda a, b: (a + b).gauss(), r"e^{-\left(a + b\right)^{2}}"),
        (lambda a, b: ops.hypot(a, b + a), r"\sqrt{a^{2} + \left(b + a\right)^{2}}"),
        (lambda a, b: (a / b) ** 2, r"\left(\frac{a}{b}\right)^{2}"),
        (lambda a, b: (1 / a) ** 0.5, r"\left(\frac{1}{a}\right)^{0.5}"),
        (lambda a, b: a.clamp(0, 1), r"\operatorname{clamp}\left(a, 0, 1\right)"),
        (lambda a, b: a.leaky_relu(0.3), r"\operatorname{leaky\_relu}\left(a, 0.3\right)"),
        (lambda a, b: (a + b) * (a - b), r"\left(a + b\right) \cdot \left(a - b\right)"),
        (lambda a, b: a - (b - a), r"a - \left(b - a\right)"),
        (lambda a, b: a - (b + a), r"a - \left(b + a\right)"),
        (lambda a, b: a / b / a, r"\frac{\frac{a}{b}}{a}"),
        (lambda a, b: (a * b) ** 2, r"\left(a \cdot b\right)^{2}"),
        (lambda a, b: (a**2) ** 3, r"\left(a^{2}\right)^{3}"),
        (lambda a, b: a ** (b + 1), r"a^{b + 1}"),
        (lambda a, b: -(a + b), r"-\left(a + b\right)"),
        (lambda a, b: a * -b, r"a \cdot \left(-b\right)"),
        (lambda a, b: (a + b).exp(), r"e^{a + b}"),
        (lambda a, b: a.exp() ** 2, r"\left(e^{a}\right)^{2}"),
        (lambda a, b: a * Value(-1.5), r"a \cdot \left(-1.5\right)"),
        (lambda a, b: (a * b).tanh(), r"\tanh\left(a \cdot b\right)"),
        (lambda a, b: a.expm1() * b, r"\left(e^{a} - 1\right) \cdot b"),
        (lambda a, b: a.leaky_relu(), r"\operatorname{"),
        (lambda a, b: ops.TABLE["sum"](a, b, a), "a + b + a"),
        (lambda a, b: a + a, "a + a"),
    ],
)
def test_latex_of(make, expected):
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    assert to_latex(make(a, b), names=lambda v: v.label).startswith(expected)


@pytest.mark.parametrize("name", sorted(ops.TABLE))
def test_every_op_of_the_table_has_latex(name):
    op = ops.TABLE[name]
    count = 3 if op.arity is None else op.arity
    if name == "dot":
        count = 4
    inner = [Value(0.3, label=x) + Value(0.2, label=y) for x, y in zip("abcd", "pqrs", strict=True)][:count]
    root = op(*inner)
    if not isinstance(root, Value):
        pytest.skip("answers a number")
    made = to_latex(root, names=lambda v: v.label)
    assert made.count("{") == made.count("}")
    assert made.count(r"\left") == made.count(r"\right")
    assert "{0}" not in made
    for x in "abcd"[: min(count, 2)]:
        assert x in made


def test_latex_of_a_students_own_class():
    a, b = Student(2.0, label="x1"), Student(-3.0, label="loss_%")
    made = to_latex((a + b) * a.tanh(), names=lambda v: v.label)
    assert made == r"\left(x_{1} + \mathrm{loss\_\%}\right) \cdot \tanh\left(x_{1}\right)"
    assert to_latex(Bare(1.0, (Bare(2.0),), "relu_6{}")) == r"\operatorname{relu\_6\{\}}\left(2\right)"
    assert to_latex(Bare(4.0, (Bare(2.0),), "**2")) == "2^{2}"
    assert to_latex(Stored(4.0, (Stored(2.0),), (1.0,))) == r"\operatorname{f}\left(2\right)"


def test_shared_parts_get_a_line_each():
    a = Value(2.0, label="a")
    b = a * 3
    assert to_latex(b * b, names=lambda v: v.label) == (
        "\\begin{aligned}\nv_{1} &= a \\cdot 3 \\\\\nv_{2} &= v_{1} \\cdot v_{1}\n\\end{aligned}"
    )


def test_several_roots_and_values():
    a = Value(2.0, label="a")
    made = to_latex([a + 1, a * 1e-9], names=lambda v: v.label, values=True)
    assert r"v_{1} &= a + 1 = 3 \\" in made
    assert r"v_{2} &= a \cdot 1 \cdot 10^{-9} = 2 \cdot 10^{-9}" in made
    assert to_latex(a) == "a"
    assert to_latex(Value(-2.0)) == "-2"


def test_variables_name_the_lines_of_latex():
    x, w = Value(2.0), Value(3.0)
    y = x * w
    assert viz.to_latex(y) == r"y = x \cdot w"


def test_a_long_formula_is_cut_into_lines():
    x = Value(1.0, label="x")
    for _ in range(5000):
        x = x * 1.5 + 1
    made = to_latex(x, names=lambda v: v.label)
    assert made.count("\n") <= LINES + 2
    assert r"\vdots" in made
    assert max(map(len, made.split("\n"))) < 500


@given(st.text(max_size=20))
@example("\\")
@example("a_{1}^~$%&#")
def test_any_name_is_balanced_latex(name):
    made = name_tex(name)
    bare = re.sub(r"\\[{}]", "", made)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"(?<!\\)[%#&$]", made)


@pytest.mark.parametrize(
    ("x", "text"),
    [(2.0, "2"), (-0.5, "-0.5"), (1e30, r"1 \cdot 10^{30}"), (math.inf, r"\infty"), (math.nan, r"\mathrm{nan}")],
)
def test_numbers_in_latex(x, text):
    assert number_tex(x) == text


# ------------------------------------------------------------------ text


def test_the_tree_shows_sharing():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    c = a * b
    root = c + c
    root.backward()
    assert text_tree(root, names=lambda v: v.label).split("\n") == [
        "+ data 12 grad 1",
        "├─ × #1 data 6 grad 2",
        "│  ├─ a data 2 grad 6",
        "│  └─ b data 3 grad 4",
        "└─ × #1 ↑",
    ]


@given(graphs(scopes=False))
def test_the_tree_has_every_value_once_and_every_edge(root):
    lines = text_tree(root, limit=10**6, names=lambda v: "").split("\n")
    values = viz.trace(root)[0]
    edges = sum(len(v._prev) for v in values)
    assert sum("data " in line for line in lines) == len(values)
    assert len(lines) == edges + 1


def test_the_tree_is_cut_at_the_limit_and_says_so():
    x = Value(1.0)
    for _ in range(100_000):
        x = x + 1
    lines = viz.text_tree(x, limit=50).split("\n")
    assert len(lines) == 51
    assert lines[-1] == "… and more: the first 50 lines are shown"


@pytest.mark.parametrize(
    ("op", "operands", "text"),
    [
        ("+", ["a", "b"], "a + b"), ("*", [-1, -2], "−1 × (−2)"), ("neg", [-2], "−(−2)"), ("/", ["a", "b"], "a / b"),
        ("**", [-2, "b"], "(−2)**b"), ("**-1", ["x"], "x**(−1)"), ("dot", ["a", "b", "c", "d"], "dot(a, b, c, d)"),
        ("-", [-1, -2], "−1 − (−2)"), ("·", ["a", "b", "c", "d"], "a × c + b × d"),
    ],
)  # fmt: skip
def test_operations_are_written_as_people_write_them(op, operands, text):
    trees = [Name(x) if isinstance(x, str) else Number(float(x)) for x in operands]
    assert write(written(by_symbol(op, len(trees)), trees), signs=True) == text


def test_signs():
    assert [circle(by_symbol(op, 2)) for op in ("*", "/", "-", "+", "**")] == ["×", "÷", "−", "+", "xʸ"]
    assert [circle(by_symbol(op, 1)) for op in ("tanh", "**2", "**-1", "**0.5", "neg")] == ["tanh", "x²", "x⁻¹", "x ^ 0.5", "−x"]
    assert [circle(row_of((Value(2.0) ** p), 1)) for p in (math.inf, -1e6)] == ["x ^ ∞", "x ^ −1e6"]
    assert circle(row_of(Value(2.0).clamp(0, 1), 1)) == "clamp(x, 0, 1)"
