"""The one teller: what is written is what was meant, read back by readers of their own."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import TABLE, telling, testing
from readers import of_mathml, of_tex, of_text
from viz.notation import mathml, rows, tex, text
from viz.notation.formula import Call, Choice, Compare, Infix, Minus, Name, Number, evaluate, fill, fold, parse
from viz.notation.numbers import plain, show

ROWS = [
    op.bind(*(x if math.isfinite(x) else float(k) for k, x in enumerate(op.defaults))) if op.constants else op
    for op in TABLE.values()
    if op.domain
]
NAMES = ("a", "b1", "loss", "w_out", "layers[0].w[1]", "x1*w1", "x⁽²⁾", "−")


def read_all(tree, numbers):
    """The number of a tree by each of the three ways."""
    return {
        "text": of_text(text.write(tree, 17), numbers),
        "tex": of_tex(tex.write(tree, 17), {tex.name(n): x for n, x in numbers.items()}),
        "mathml": of_mathml(mathml.write(tree, 17), {mathml.markup(mathml.name(n)): x for n, x in numbers.items()}),
    }


def same(found, wanted, rel=1e-12):
    return found == wanted or (found != found and wanted != wanted) or found == pytest.approx(wanted, rel=rel, abs=1e-300)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
@given(data=st.data())
def test_every_operation_is_written_as_it_is(op, data):
    xs = data.draw(testing.domain(op, size=4.0))
    names = ("a", "b1", "loss")[: op.arity] if op.arity else tuple(f"x{i}" for i in range(len(xs)))
    row = rows.row_of(SimpleNamespace(op=op, _op=op.symbol), len(xs))
    if not xs or len(xs) > rows.MANY:
        return
    tree = rows.written(row, [Name(n) for n in names])
    for way, found in read_all(tree, dict(zip(names, xs, strict=True))).items():
        assert same(found, op(*xs), 1e-12 if way == "text" else 1e-9), (way, found)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
@given(data=st.data())
def test_every_derivative_is_written_as_the_row_says(op, data):
    """No row without one, and each way of writing it gives the partial that `backward()` uses."""
    xs = data.draw(testing.domain(op, size=4.0))
    if not xs or len(xs) > 20:
        return
    y, row = op(*xs), rows.row_of(SimpleNamespace(op=op, _op=op.symbol), len(xs))
    names = [f"x{i}" for i in range(len(xs))]
    for i, partial in enumerate(op.gradient(y, xs)):
        tree = rows.slope(row, i, [Name(n) for n in names], Name("y"))
        assert tree is not None
        if rows.conventional(row, i, xs, y, partial):
            assert any(k.at for k in op.kinks) or abs(partial) < 1e-9, "a convention only at a kink"
            continue
        for way, found in read_all(tree, dict(zip(names, xs, strict=True)) | {"y": y}).items():
            assert found == pytest.approx(partial, rel=1e-6, abs=1e-8), (way, text.write(tree))


@pytest.mark.parametrize(("op", "kink"), [(op, k) for op in ROWS for k in op.kinks], ids=lambda x: getattr(x, "name", ""))
def test_at_a_kink_the_convention_is_told_where_the_formula_says_otherwise(op, kink):
    row, y = rows.row_of(SimpleNamespace(op=op, _op=op.symbol), len(kink.at)), op(*kink.at)
    names = dict(zip("abc", kink.at, strict=False)) | {"y": y} | dict(zip(op.constants, op.params, strict=True))
    for i, partial in enumerate(kink.partials):
        by_formula = evaluate(parse(op.formula[i]), names, rows.FUNCTIONS)
        assert rows.conventional(row, i, kink.at, y, partial) == (by_formula != partial)


def test_a_tie_and_the_origin():
    half = rows.by_symbol("max", 2)
    assert rows.conventional(half, 0, (1.0, 1.0), 1.0, 0.5) and not rows.conventional(half, 0, (2.0, 1.0), 2.0, 1.0)
    assert rows.conventional(rows.table()["hypot"], 0, (0.0, 0.0), 0.0, 0.0)
    assert not rows.conventional(rows.table()["sqrt"], 0, (0.0,), 0.0, math.inf)


leaves = st.sampled_from(NAMES[:-1]).map(Name) | st.floats(-1e6, 1e6).map(lambda x: Number(float(f"{x:.3g}")))


def _grown(inner):
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "/"]), two).map(lambda t: Infix(*t)),
        st.tuples(inner, st.sampled_from([Number(2.0), Number(-1.0), Number(3.0)])).map(lambda t: Infix("**", t)),
        inner.map(Minus),
        st.tuples(st.sampled_from(["tanh", "sin", "relu", "sigmoid", "abs", "cbrt"]), inner).map(lambda t: Call(t[0], (t[1],))),
        two.map(lambda t: Call("maximum", t)),
        st.tuples(two, inner, inner).map(lambda t: Choice(Compare(("<",), t[0]), t[1], t[2])),
    )


@given(st.recursive(leaves, _grown, max_leaves=12), st.lists(st.floats(-3, 3), min_size=len(NAMES), max_size=len(NAMES)))
def test_any_tree_is_read_back(tree, xs):
    """Parentheses are where they must be: of the text in every bit, of typeset lines to the rounding of e and of numbers."""
    numbers = dict(zip(NAMES, xs, strict=True))
    words = {Name(n): Name(f"v{i}") for i, n in enumerate(NAMES)}
    plainly = _renamed(tree, words)
    wanted = _guarded(plainly, {words[Name(n)].text: x for n, x in numbers.items()})
    if wanted is None:
        return
    assert same(of_text(text.write(plainly, 17), {f"v{i}": x for i, x in enumerate(xs)}), wanted, 0.0)
    assert same(of_tex(tex.write(plainly, 17), {f"v_{{{i}}}": x for i, x in enumerate(xs)}), wanted, 1e-9)
    found = of_mathml(mathml.write(tree, 17), {mathml.markup(mathml.name(n)): x for n, x in numbers.items()})
    assert same(found, wanted, 1e-9)


def _renamed(tree, words):
    return fill(tree, {name.text: word for name, word in words.items()})


def _guarded(tree, numbers):
    """The number, None where Python's own arithmetic would raise or lose itself in cancellation."""
    functions = {n: TABLE[n] for n in ("tanh", "sin", "relu", "sigmoid", "abs", "cbrt", "maximum")}
    found = evaluate(tree, numbers, functions)
    moved = evaluate(tree, {n: x * (1 + 1e-13) for n, x in numbers.items()}, functions)
    return found if found == found and moved == pytest.approx(found, rel=1e-9, abs=0.0) else None


def test_a_name_that_is_an_expression_is_put_in_parentheses():
    tree = Infix("*", (Name("x1*w1"), Name("b")))
    assert text.write(tree) == "(x1*w1) * b" and text.write(Name("x1*w1")) == "x1*w1"
    assert tex.write(tree) == r"\left(\mathrm{x1*w1}\right) \cdot b"


def test_hostile_names_are_text():
    for name in ("</svg>", r"\N", "a|b{c}<d>", "‮abc", "x" * 10_000, "", "$", "a\nb", "7"):
        of_mathml_safe = mathml.write(Name(name))
        assert "</svg>" not in of_mathml_safe and tex.write(Name(name)) is not None
        assert text.write(Infix("+", (Name(name), Number(1.0))))


@pytest.mark.parametrize(
    ("symbol", "operands", "line", "slopes"),
    [
        ("**2", 1, "a**2", ["2 * a"]), ("**0.5", 1, "a**0.5", ["0.5 * a**(-0.5)"]), ("^3", 1, "a**3", ["3 * a**2"]),
        ("*", 2, "a * b", ["b", "a"]), ("/", 2, "a / b", ["1 / b", "-a / b**2"]), ("ReLU", 1, "relu(a)", ["1 if a > 0 else 0"]),
        ("tanh", 1, "tanh(a)", ["1 - v**2"]), ("EXP", 1, "exp(a)", ["v"]), ("neg", 1, "-a", ["-1"]),
        ("-", 1, "-a", ["-1"]), ("-", 2, "a - b", ["1", "-1"]),
        ("swish", 1, "swish(a)", [None]),
    ],
)  # fmt: skip
def test_symbols_of_other_peoples_classes(symbol, operands, line, slopes):
    row, names = rows.by_symbol(symbol, operands), [Name("a"), Name("b")][:operands]
    assert text.write(rows.written(row, names)) == line
    found = [rows.slope(row, i, names, Name("v")) for i in range(operands)]
    assert [tree and text.write(tree) for tree in found] == slopes


def test_typeset_lines_as_people_write_them():
    a, b = Name("a"), Name("b")
    assert tex.write(rows.slope(rows.by_symbol("**2", 1), 0, [a], b)) == "2a"
    assert tex.write(Infix("**", (Minus(a), Number(2.0)))) == r"\left(-a\right)^{2}"
    assert tex.write(Call("hypot", (a, Infix("+", (b, a))))) == r"\sqrt{a^{2} + \left(b + a\right)^{2}}"
    assert tex.write(Infix("**", (Infix("/", (a, b)), Number(2.0)))) == r"\left(\frac{a}{b}\right)^{2}"
    assert tex.write(Infix("**", (Infix("/", (Number(1.0), a)), Number(0.5)))) == r"\left(\frac{1}{a}\right)^{0.5}"
    assert tex.write(Call("gauss", (Infix("+", (a, b)), Number(1.0)))) == r"e^{-\left(a + b\right)^{2}}"
    assert tex.write(Call("clamp", (a, Number(0.0), Number(1.0)))) == r"\operatorname{clamp}\left(a, 0, 1\right)"
    assert tex.write(Infix("**", (Call("sigmoid", (a,)), Number(2.0)))) == r"\left(\sigma\left(a\right)\right)^{2}"


def test_pages_fill_holes():
    holes = [Name("0", hole=True), Name("1", hole=True)]
    assert mathml.write(rows.written(rows.by_symbol("*", 2), holes)) == "{0:}<mo>·</mo>{1}"
    assert mathml.write(rows.written(rows.by_symbol("-", 2), holes)) == "{0:}<mo>−</mo>{1}"
    assert mathml.write(rows.written(rows.by_symbol("tanh", 1), holes[:1])) == "<mi>tanh</mi><mo>(</mo>{0:}<mo>)</mo>"
    assert "<mrow>{0}</mrow>" in mathml.write(rows.written(rows.by_symbol("**2", 1), holes[:1]))


@given(st.floats(allow_nan=False), st.sampled_from([3, 4, 6, 17]))
def test_a_number_is_shown_as_rounding_gives_it(x, digits):
    written = plain(x, digits)
    assert show(x, digits) == written.replace("-", "−").replace("inf", "∞")
    back = float(written)
    assert math.copysign(1.0, back) == math.copysign(1.0, x)
    if math.isfinite(x) and x != back:
        assert abs(back - x) <= 0.5000001 * 10.0 ** (math.floor(math.log10(abs(x))) - digits + 1)
    if digits == 17:
        assert back == x


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (7.373e-5, "7.373e−5"), (-0.0, "−0"), (1e6, "1e6"), (999999.0, "999999"), (2.5, "2.5"), (0.00012346, "0.0001235"),
        (math.nan, "nan"), (-math.inf, "−∞"),
    ],
)  # fmt: skip
def test_numbers(x, wanted):
    assert show(x) == wanted


def test_what_is_no_formula_is_refused():
    for bad in ("a b", "a; b", "a[0]", "lambda: 1", "'a'", "f(x=1)", "a and b"):
        with pytest.raises(ValueError, match="is no formula"):
            parse(bad)


def test_constants_are_worked_out():
    assert text.write(fold(parse("1 * a**(2 - 1)"))) == "a"
    assert text.write(fold(parse("0 * a**(0 - 1)"))) == "0" and text.write(fold(parse("-1 * a"))) == "-a"


def test_the_file_of_rows_is_fresh():
    """`python -m micrograd.telling` writes it."""
    from pathlib import Path

    import viz.notation

    assert (Path(viz.notation.__file__).parent / "rows.json").read_text(encoding="utf-8") == telling.told()
