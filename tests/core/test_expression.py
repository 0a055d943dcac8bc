"""The command line's expressions: what they mean (against Python itself), and that nothing else gets through."""

from __future__ import annotations

import ast
import math
import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value
from micrograd.cli.expression import LONGEST, ExpressionError, read
from micrograd.cli.pointer import pointed

GIVEN = {"x": 1.5, "y": -0.75, "z": 0.25}


def error_of(text, **values):
    with pytest.raises(ExpressionError) as caught:
        read(text, values or GIVEN)
    return caught.value


def place(error):
    return error.text[error.start : error.end]


# --- meaning ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x + y * z", "(x + y) * z", "x - y - z", "x / y / z", "x - (y - z)", "-x**2", "(-x)**2", "2**-x", "2**-x**2", "x**(y**2)",
        "x**2**z", "-x - -y", "- - x", "+x", "x*-y", "x--y", "2*x**2*3", "1/2/x", ".5*x", "5.*x", "1e-3*x", "1_000*x", "1E+2 - x",
        "(((x)))", "x\t+\ty", "x + y # and a remark", "x % y", "-x % y * 2", "x*y % 3", "x**2 % -y",
    ],
)  # fmt: skip
def test_arithmetic_means_what_python_means(text):
    root = read(text, GIVEN).root
    expected = eval(text, {}, GIVEN)
    assert root.data == pytest.approx(expected, rel=1e-15)


def random_expression(rng, depth):
    if depth == 0:
        return rng.choice(["x", "y", "z", "2", "0.5", "3"])
    a, b = random_expression(rng, depth - 1), random_expression(rng, rng.randrange(depth))
    return rng.choice([f"{a} + {b}", f"{a} - {b}", f"{a}*{b}", f"({a})", f"-{a}", f"({a} - {b})", f"({a})**2", f"-{b}**2"])


def test_random_expressions_mean_what_python_means():
    rng = random.Random(5)
    for _ in range(300):
        text = random_expression(rng, rng.randrange(1, 6))
        expected = eval(text, {}, GIVEN)
        assert read(text, GIVEN).root.data == pytest.approx(expected, rel=1e-9, abs=1e-9), text


def test_the_graph_is_the_one_that_python_would_build():
    a, b = Value(1.5, label="x"), Value(-0.75, label="y")
    mine = (a * b + 2).tanh() - a**3 / b
    root = read("tanh(x*y + 2) - x**3 / y", GIVEN).root
    assert [(v._op, v.label, v.data) for v in root.topological()] == [(v._op, v.label, v.data) for v in mine.topological()]


@pytest.mark.parametrize("name", sorted(micrograd.TABLE))
def test_every_function_of_the_table(name):
    op = micrograd.TABLE[name]
    xs = [0.5, 0.25, 0.125, 0.75][: op.arity or 4]
    names = "abcd"[: len(xs)]
    root = read(f"{name}({', '.join(names)})", dict(zip(names, xs, strict=True))).root
    assert root.data == pytest.approx(op(*xs), rel=0, nan_ok=True)


def test_constants_of_functions():
    assert read("leaky_relu(x, 0.1)", {"x": -2}).root.data == -0.2
    assert read("clamp(x, -1, 1)", {"x": -2}).root.data == -1.0
    assert read("clamp(x, -1)", {"x": 5}).root.data == 5.0
    assert place(error_of("leaky_relu(x, y)")) == "y"
    assert place(error_of("clamp(x, -inf, x)")) == "x"


def test_lists():
    assert read("sum([x, y, z])", GIVEN).root.data == read("sum(x, y, z)", GIVEN).root.data == 1.0
    assert read("dot([x, y], [2, 4])", GIVEN).root.data == 0.0
    assert read("mean(x, y, z)", GIVEN).root.data == pytest.approx(1 / 3)
    assert read("argmax([x, y, z])", GIVEN).root.data == 0
    p = read("p, q, r = softmax([x, y, z]); -log(q)", GIVEN)
    total = sum(map(math.exp, GIVEN.values()))
    assert p.root.data == pytest.approx(-math.log(math.exp(-0.75) / total))
    assert [p.names[n].label for n in "pqr"] == ["p", "q", "r"]
    assert read("all = [x, y]; sum(all) + norm(all)", GIVEN).root.data == pytest.approx(0.75 + math.hypot(1.5, 0.75))
    assert read("logsumexp(log_softmax(x, y))", GIVEN).root.data == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(("name", "pick"), [("max", max), ("min", min)])
def test_max_and_min_take_any_number(name, pick):
    for count in (1, 2, 3, 5):
        numbers = [(-0.5) ** i for i in range(count)]
        named = dict(zip("abcde", numbers, strict=False))
        for text in (f"{name}({', '.join(named)})", f"{name}([{', '.join(named)}])"):
            root = read(text, named).root
            assert root.data == pick(numbers)
            root.backward()
            grads = {v.label: v.grad for v in root.topological() if v.label}
            assert grads == {label: float(x == pick(numbers)) for label, x in named.items()}
    assert "(max takes any number)" in error_of("maximum(x, y, z)").message
    assert "at least one number" in error_of(f"{name}()").message


def test_a_text_that_grows_without_measure_is_refused_at_once():
    """319 characters that would make 27,000 values for each of the last statement's."""
    lists = ["a"]
    text = ""
    for name in "bcde":
        text += f"{name} = softmax({', '.join(lists * 30)}); "
        lists = [name]
    start = time.process_time()
    error = error_of(text + "sum(e)", a=1.0)
    assert "too large for the command line" in error.message and place(error) == "softmax"
    assert time.process_time() - start < 10
    assert read("b = softmax(a, a, a); sum(softmax(b, b))", {"a": 1.0}).root.data == pytest.approx(1.0)


def test_the_steps_of_a_wide_operation_are_written_once_each():
    """Every line named all arguments anew: 16,000 of them took minutes."""
    root = read("sum(" + "x," * 16_000 + "x)", {"x": 1.0}).root
    start = time.process_time()
    lines = [line for step in root.steps() for line in str(step).splitlines()]
    assert len(lines) == 2 + 16_001 and time.process_time() - start < 20


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("tahn", "tanh"), ("tnah", "tanh"), ("sgn", "sign"), ("ReLU", "relu"), ("Tanh", "tanh"),
        ("sigmiod", "sigmoid"), ("sigma", "sigmoid"), ("ln", "log"), ("arctan", "atan"), ("arcsinh", "asinh"), ("softmx", "softmax"),
        ("sqr", "sqrt"), ("square", "x**2"), ("leakyrelu", "leaky_relu"), ("xyzzy", None),
        ("maxx", "max"), ("lgo", "log"), ("epx", "exp"), ("avg", "mean"),
    ],
)  # fmt: skip
def test_what_was_meant(typed, meant):
    message = error_of(f"{typed}(x)").message
    assert (f"{meant!r}?" in message or f"write {meant}" in message) if meant else message == f"there is no function {typed!r}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("e**x", "exp(x) for e**x"), ("x²", "a power is written x**2"), ("π*x", "written pi"), ("√x", "sqrt(x)"), ("|x|", "abs(x)"),
        ("math.sin(x)", "write sin alone"), ("np.tanh(x)", "write tanh alone"), ("f(x) = x*x", "write y = …"), ("X*2", "did you mean 'x'"),
        ("x – y", "written -"), ("x ≤ y", "1 - less(b, a)"), ("x!", "no factorials"), ("xy + 1", "a product is written x*y"),
        ("sin²(x)", "written sin(x)**2"), ("½*x", "'½' is written 0.5"), ("x ∗ y", "written *"), ("x @ y", "dot([…], […])"),
        ("x > y", "less(b, a) for a > b"), ("x⁻²", "x**-1"), ("Value(2)", "the number alone"),
    ],
)  # fmt: skip
def test_other_notations_are_answered_by_ours(text, message):
    assert message in error_of(text).message


def test_statements():
    result = read("c = a*b\n\n# the sum\nd = c + a ; L = tanh(d);", {"a": 2.0, "b": -3.0})
    assert result.root is result.names["L"] and result.root.label == "L" and result.root._op == "tanh"
    assert [v.label for v in result.root.topological()] == ["a", "b", "c", "d", "L"]
    assert read("y = 3", {}).root.label == "y"
    assert read("p = x; p", {"x": 1.0}).root.label == "x"  # another name for the same Value
    assert read("(x\n + y)", GIVEN).root.data == 0.75


def test_constants_and_given_names():
    assert read("2*pi", {}).root.data == math.tau
    assert read("x", {"x": math.inf}).root.data == math.inf
    assert read("sum + sum(sum, 1)", {"sum": 2.0}).root.data == 5.0  # a given name beside a function's
    assert read("x*x", {"x": 1, "y": 2, "z": 3}).unused == ("y", "z")


@pytest.mark.parametrize(("text", "symbol"), [("x**2", "**2"), ("x**-1", "**-1"), ("x**0.5", "**0.5"), ("x**(2)", "**2"), ("x**y", "**")])
def test_powers_of_numbers_keep_the_number_in_the_op(text, symbol):
    assert read(text, GIVEN).root._op == symbol


def test_numbers_alone_make_a_graph():
    root = read("2*3 + -4", {}).root
    assert [v.data for v in root.topological()] == [2.0, 3.0, 6.0, -4.0, 2.0]


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("x.data", ".", "reaches into an object"), ("x.__class__.__bases__", ".", "reaches into an object"),
        ("__import__('os').system('id')", "__import__", "no function"), ("open('f')", "open", "no function"),
        ("eval(x)", "eval", "no function"), ("exec(x)", "exec", "no function"), ("print(x)", "print", "no function"),
        ("lambda: x", "lambda", "Python's"), ("[i for i in x]", "i", "no value"), ("x if y else z", "if", "Python's"),
        ("x and y", "and", "Python's"), ("not x", "not", "Python's"), ("x is y", "is", "Python's"),
        ("import os", "import", "Python's"), ("x[0]", "[", "not picked"), ("softmax([x, y])[0]", "[", "not picked"),
        ("{x}", "{", "may stand"), ("'x'", "'", "may stand"), ('"""x', '"', "may stand"), ("f'{x}'", "f", "no value"),
        ("x := 1", ":=", "may stand"), ("x; import os", "import", "Python's"), ("*x", "*", "may stand"),
        ("sum(*x)", "*", "may stand"), ("tanh(x=1)", "=", "names a whole statement"), ("x @ y", "@", "dot("),
        ("x // y", "//", "not differentiable"), ("x ^ 2", "^", "write x**2"),
        ("x < y", "<", "less(a, b)"), ("x == y", "==", "equal"), ("x = 1", "x", "given once"),
        ("a = 1; a = 2", "a", "given once"), ("pi = 3", "pi", "cannot be"), ("x, y", ",", "comma"), ("(x, y)", ",", "comma"),
        ("()", "()", "empty"), ("x(y)", "x", "not a function"), ("2(x)", "(", "missing"), ("2x", "x", "missing"),
        ("x y", "y", "missing"), ("tanh", "tanh", "write tanh(x)"), ("tanh()", "tanh", "1 argument, not 0"),
        ("tanh(x, y)", "tanh", "1 argument, not 2"), ("atan2(x)", "atan2", "2 arguments, not 1"),
        ("clamp(x, 1, 2, 3)", "clamp", "1 to 3"), ("tanh([x])", "[x]", "a list cannot"), ("[x] + y", "[x]", "a list cannot"),
        ("[[x]]", "[x]", "a list cannot"), ("softmax([x])", "softmax([x])", "must be one number"),
        ("mean([])", "mean", "at least one"), ("dot([x], [y, z])", "dot", "same length"),
        ("dot(x, y, z)", "dot", "same length"), ("p, q = x", "x", "one number"), ("p, q = [x]", "[x]", "list of 1"),
        ("(x", "(", "not closed"), ("tanh(x", "tanh", "not closed"), ("[x", "[", "not closed"), ("x)", ")", "closes nothing"),
        ("(x]", "]", "does not close"), ("tanh(x]", "]", "does not close"), ("f(", "f", "no function"),
        ("1__0", "1__0", "not a number"), ("0x10", "x10", "missing"), ("1e", "e", "missing"), ("x\0", "\0", "may stand"),
        ("\0", "\0", "may stand"), ("x + \x1b[2J", "\x1b", "may stand"), ("x + \udcff", "\udcff", "may stand"),
        ("x × y", "×", "written *"), ("x − y", "−", "written -"), ("ｘ + 1", "ｘ", "no value"),
        ("b = c; c = 1", "c", "before the statement"), ("sen(x)", "sen", "did you mean 'sin'"),
        ("xx + 1", "xx", "did you mean 'x'"), ("q + w * q", "q", "nor has w"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_at_its_place(text, at, message):
    error = error_of(text)
    assert message in error.message
    assert place(error) == at and str(error).startswith(error.message + "\n")


@pytest.mark.parametrize("text", ["", "  ", "\n\n", "# nothing", ";;"])
def test_nothing_to_read(text):
    assert "no expression" in error_of(text).message


@pytest.mark.parametrize(("text", "column"), [("x +", 3), ("x + ", 4), ("tanh(", 5), ("x = ", 4), ("(x +\n", 5), ("x + ; y", 4)])
def test_what_ends_too_early_points_at_the_end(text, column):
    error = error_of(text, y=1.0) if text.startswith("x =") else error_of(text)
    assert "missing here" in error.message and error.start == column


def test_the_caret_stands_under_the_place():
    assert str(error_of("1 + sen(x)")).splitlines()[1:] == ["    1 + sen(x)", "        ^^^"]
    assert str(error_of("a = x\nb = a + sen(a)\nb")).splitlines()[1:] == [
        "    line 2: b = a + sen(a)",
        "                    ^^^",
    ]


def test_the_caret_in_long_wide_and_unprintable_lines():
    line, caret = pointed("x + " * 1000 + "?" + " + x" * 1000, 4000, 4001).splitlines()
    assert line[caret.index("^")] == "?" and len(line) < 90 and line.strip().startswith("…") and line.endswith("…")
    line, caret = pointed("日本 + é\u0301 ?", 8, 9).splitlines()
    assert caret.index("^") == 4 + 4 + 3 + 1 + 1
    assert pointed("a\tb\x1b\x00c", 5, 6).splitlines()[0] == "    a b??c"
    assert pointed("abc", 3, 3).splitlines()[1] == "       ^"


# --- nothing crashes --------------------------------------------------------------------------------------------------

N = 30_000


@pytest.mark.parametrize(
    "text",
    [
        "(" * N + "x" + ")" * N, "-" * N + "x", "x+" * N + "x", "x**" * N + "1", "9**" * 1000 + "9", "9" * N, "1e" + "9" * N,
        "tanh(" * N + "x" + ")" * N, "1_" * N + "1", ".0" + "0" * N, "x\n" * N, ";" * N + "x", "sum(" + "x," * N + "x)",
    ],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_deep_and_long_expressions_have_an_answer(text):
    start = time.process_time()
    root = read(text, {"x": 1.0}).root
    assert isinstance(root.data, float)
    assert time.process_time() - start < 30  # linear: no worse than seconds on any machine


@pytest.mark.parametrize(
    "text",
    [
        "(" * N, "[" * N, ")" * N, "a" * N, "a," * N, "a," * N + "=", "a=" * N, "x " * N, "tanh(" * N, "[x," * N,
        "v" + "+v".join(map(str, range(N))), " " * N, "\n" * N, "(" + "\n" * N, "#" * N, "'" * N, "." * N, "\0" * N,
        "=" * N, "1 " * N,
        "lambda " * N, "x if " * N, "x[" * N, "_" * N + "(",
    ],
    ids=lambda text: repr(text[:8]),
)  # fmt: skip
def test_hostile_texts_are_refused(text):
    error = error_of(text, x=1.0)
    assert len(str(error)) < 1000


def test_too_long():
    error = error_of("1+" * LONGEST)
    assert "1,000,000 characters" in error.message


PIECES = ["x", "y", "q", "2", "0.5", "1e9", "(", ")", "[", "]", ",", "+", "-", "*", "/", "**", "=", ";", "\n", " ", "tanh", "sum",
          "softmax", "dot", "clamp", "pow", "where", ".", "lambda", "for", "\0", "'", "é", "#", "pi", "{", "\\", "@"]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=25).map("".join)))
@example("softmax=x;softmax")
@example("p,q=[x,[y]]")
def test_any_text_gives_a_number_or_an_expression_error(text):
    try:
        result = read(text, {"x": 1.5, "y": -0.5})
    except ExpressionError as error:
        assert 0 <= error.start <= len(text) and error.message in str(error)
    else:
        assert isinstance(result.root, Value)
        result.root.backward()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["x", "y", "2", "(", ")", "+", "-", "*", "/", "**", " "]), max_size=12).map("".join))
def test_what_is_read_is_python_and_means_the_same(text):
    try:
        root = read(text, {"x": 1.5, "y": 0.5}).root
    except ExpressionError:
        return
    assert ast.parse(text.strip(), mode="eval")
    try:
        expected = eval(text.strip(), {}, {"x": 1.5, "y": 0.5})
    except (ZeroDivisionError, OverflowError):
        return
    if isinstance(expected, complex) or expected > 1e300:
        return
    assert root.data == pytest.approx(float(expected), rel=1e-9)
