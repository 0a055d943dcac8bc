"""The engine's interface: what each method answers, what each error says, and the steps as text."""

from __future__ import annotations

import math
import random
import re
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Op, Value
from micrograd import functional as F

MADE = {  # every way in which a node comes to be
    "an operator": lambda a, b: a + b, "with a number": lambda a, b: a * 3.0, "reflected": lambda a, b: 3.0 - a, "of one": lambda a, b: -a,
    "a method": lambda a, b: a.maximum(b), "a method of one": lambda a, b: a.tanh(), "with a constant": lambda a, b: a.leaky_relu(0.1),
    "a power": lambda a, b: a**3, "a function": lambda a, b: micrograd.where(1.0, a, b), "a sum": lambda a, b: micrograd.ops.sum_(a, b, a),
}  # fmt: skip


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_every_node_begins_with_gradient_0_and_knows_no_grad(make):
    node = make(Value(2.0), Value(1.0))
    assert node.grad == 0 and node.args
    with micrograd.no_grad():
        assert make(Value(2.0), Value(1.0)).args == ()


def test_the_tables_operators_have_pythons_names_and_methods_refuse_what_is_no_number():
    assert [name for name in vars(Value) if name.startswith("__") and len(name) < 6] == []
    with pytest.raises(TypeError):
        Value(1.0).maximum("a")
    born = [Value(1.0).maximum(Value(2.0))._born for _ in range(2)]
    assert born[1] - born[0] == 3  # three nodes, each made once


# --- making and reading Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "data"),
    [(3, 3.0), (True, 1.0), (2.5, 2.5), (Fraction(1, 4), 0.25), (Decimal("0.5"), 0.5), (math.inf, math.inf), (10**400, math.inf),
     (-(10**400), -math.inf)],
)  # fmt: skip
def test_real_numbers_become_floats(given, data):
    v = Value(given)
    assert v.data == data and type(v.data) is float
    v.data = given
    assert v.data == data and type(v.data) is float


@pytest.mark.parametrize("wrong", ["3", None, [1.0], (2.0,), 1j, {}, object(), b"1"], ids=lambda x: type(x).__name__)
def test_anything_else_is_a_type_error(wrong):
    with pytest.raises(TypeError, match=f"expected a Value or a real number, not {type(wrong).__name__}"):
        Value(wrong)
    v = Value(1.0)
    with pytest.raises(TypeError, match="real number"):
        v.data = wrong
    assert v.data == 1.0


class Tensor:
    """A tensor of another library, of no dimension."""

    ndim, shape = 0, ()

    def __init__(self, x, requires_grad=False):
        self.x, self.requires_grad = x, requires_grad

    def item(self):
        return self.x


class Floating:
    ndim = 0

    def __float__(self):
        return 2.0


def test_arrays_and_tensors_of_no_dimension_are_numbers():
    np = pytest.importorskip("numpy")
    for x, data in (
        (np.True_, 1.0), (np.array(2.0), 2.0), (np.array(3), 3.0), (np.array(False), 0.0), (np.float32(0.5), 0.5), (Tensor(2), 2.0),
        (np.array(Fraction(1, 2), dtype=object), 0.5), (Tensor(np.float32(0.5)), 0.5), (Floating(), 2.0), (np.array(np.inf), math.inf),
    ):  # fmt: skip
        v = Value(x)
        assert v.data == data and type(v.data) is float
        v.data = 9.0
        v.data = x
        assert v.data == data and type(v.data) is float
        w = Value(3.0)
        found = ((w + x, 3 + data), (w * x, 3 * data), (x * w, 3 * data), (w - x, 3 - data), (w**x, 3**data), (x - w, data - 3))
        for out, expected in found:
            assert type(out) is Value and out.data == expected and w in out.args
        assert micrograd.tanh(x) == math.tanh(data) and micrograd.leaky_relu(Value(-2.0), x).data == -2 * data
    for wrong in (
        np.array([1.0]), np.array("3"), np.array(1j), np.complex128(1), np.array(None), np.datetime64(5, "ns"), np.ma.masked, Tensor("3"),
        Tensor(1j), np.str_("3"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="real number"):
            Value(wrong)
    assert [v.data for v in np.array([1.0, 2.0]) * Value(3.0)] == [v.data for v in Value(3.0) * np.array([1.0, 2.0])] == [3.0, 6.0]
    with pytest.raises(TypeError, match=r"gradient of .* would be dropped silently: write x\.item\(\)"):
        Value(3.0) * Tensor(2.0, requires_grad=True)


def test_a_value_is_no_number():
    v, w = Value(2.0, label="v"), Value(1.0)
    for wrong in (lambda: Value(v), lambda: setattr(w, "data", v), lambda: micrograd.leaky_relu(w, v), lambda: micrograd.clamp(w, v, 1)):
        with pytest.raises(TypeError, match=r"expected a real number, not a Value: write v\.data for the number of .*label='v'"):
            wrong()
    assert w.data == 1.0


def test_a_text_is_no_number_anywhere():
    x = Value(-2.0)
    for wrong in (
        lambda: x.leaky_relu("0.5"), lambda: micrograd.clamp(x, "0", 1), lambda: x ** "2", lambda: x + "1", lambda: micrograd.exp("1"),
        lambda: micrograd.maximum(x, "1"), lambda: micrograd.TABLE["power"].bind("2"), lambda: Value(2.0, ("1",), "+"),
        lambda: Value(2.0, (x,), ("3",)),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"not str|a str is not a number"):
            wrong()


@pytest.mark.parametrize(
    ("operate", "symbol"),
    [
        (lambda v, w: v + w, "+"), (lambda v, w: w - v, "-"), (lambda v, w: v * w, "*"), (lambda v, w: v / w, "/"),
        (lambda v, w: v**w, "**"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrong", ["two", None, [1.0], {}])
def test_a_wrong_operand_is_named_with_the_op_and_the_other_side(operate, symbol, wrong):
    v = Value(1.5, label="weight")
    with pytest.raises(TypeError) as caught:
        operate(v, wrong)
    message = str(caught.value)
    assert "weight = 1.5" in message and f" {symbol} " in message and type(wrong).__name__ in message and "real number" in message


def test_a_type_that_knows_values_takes_over():
    class Knows:
        def __radd__(self, other):
            return "mine"

        __rpow__ = __radd__

    assert Value(1.0) + Knows() == "mine" and Value(1.0) ** Knows() == "mine"


def test_float_int_and_complex_would_drop_the_graph():
    v = Value(2.0, label="x")
    for convert in (float, int, complex):
        with pytest.raises(TypeError, match=r"label='x'.*write v\.data"):
            convert(v)
    with pytest.raises(TypeError, match=r"v\.data"):
        math.sin(v)


def test_comparison_looks_at_the_data():
    a, b = Value(1.0), Value(2.0)
    assert a < b and b > a and a <= b and b >= a and a < 1.5 and a <= 1.0 and a >= 1
    assert not a > b and not math.nan > a and not a < math.nan
    assert max([b, a]) is b and sorted([b, a]) == [a, b]
    assert a != Value(1.0)


def test_what_numbers_can_do():
    v = Value(-2.625, label="v")
    assert +v is v and abs(v).data == 2.625 and (-v).data == 2.625
    assert round(v) == -3 and round(v, 1) == -2.6 and round(v, 2) == -2.62
    assert f"{v:.1f}" == "-2.6" and f"{v:+.2e}" == "-2.62e+00" and f"{v}" == repr(v) == str(v)
    assert sum([v, v]).data == -5.25 and math.isclose((2**v).data, 2**-2.625, rel_tol=1e-15) and bool(v) is True


def test_repr_shows_the_label():
    assert repr(Value(1.0, label="a")) == "Value(data=1.0, grad=0, label='a')"


def test_args_and_op():
    a, b = Value(2.0), Value(3.0)
    assert (a - b).args == (a, b) and (a - b).op is micrograd.TABLE["sub"] and a.args == () and a.op is None
    assert (2 - a).args[1] is a and (2 - a).args[0].data == 2.0
    assert (a**2).args == (a,) and (a**2).op.params == (2.0,) and (a**b).args == (a, b)
    assert micrograd.sum(a, b, a).args == (a, b, a) and a.relu().op.symbol == "ReLU"


def test_subtraction_division_and_negation_are_one_node():
    a, b = Value(6.0), Value(3.0)
    for v, op in ((a - b, "-"), (a / b, "/"), (-a, "neg")):
        assert v._op == op and len(v.topological()) == len(v.args) + 1


def test_topological_order():
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    e = d * c
    assert e.topological() == [a, b, c, d, e]
    assert a.topological() == [a]


def test_detach():
    x = Value(3.0, label="x")
    y = x * x
    y.label = "y"
    z = y.detach()
    assert (z.data, z.label, z.args) == (9.0, "y", ())
    (z * x).backward()
    assert (x.grad, y.grad) == (9.0, 0)


def test_any_attribute_may_be_set_but_scope():
    v = Value(1.0)
    v.colour = "red"
    assert v.colour == "red" and v.scope is None
    with pytest.raises(AttributeError):
        v.scope = None
    assert not hasattr(v, "no_such_thing")


# --- functions of the table -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(micrograd.TABLE))
def test_each_row_is_a_function_and_a_method(name):
    function, xs = getattr(micrograd, name), [0.5, 0.25, 0.125, 0.75]
    xs = xs[: function.arity or 4]
    plain = function(*xs)
    assert type(plain) is float
    by_function, by_method = function(*map(Value, xs)), getattr(Value(xs[0]), name)(*map(Value, xs[1:]))
    assert (by_function.data, by_method.data) == pytest.approx((plain, plain), rel=0, nan_ok=True)
    assert by_function.op.name == by_method.op.name == name
    assert name in dir(micrograd) and function.doc
    if len(xs) > 1:  # numbers and Values mix
        assert function(xs[0], *map(Value, xs[1:])).data == pytest.approx(plain, rel=0, nan_ok=True)


def test_wrong_arguments_of_functions():
    with pytest.raises(TypeError, match="tanh takes 1 argument"):
        micrograd.tanh(Value(1.0), 2.0)
    with pytest.raises(TypeError, match="atan2 takes 2 argument"):
        micrograd.atan2(Value(1.0))
    with pytest.raises(TypeError, match="real number, not str"):
        micrograd.exp("1")
    with pytest.raises(TypeError, match="real number, not str"):
        micrograd.maximum(Value(1.0), "1")
    with pytest.raises(AttributeError, match="no attribute 'no_such'"):
        _ = micrograd.no_such


def test_constants_of_ops():
    x = Value(-2.0)
    assert micrograd.leaky_relu(x).data == -0.02 and micrograd.leaky_relu(x, 0.5).data == -1.0 and x.leaky_relu(0.5).data == -1.0
    assert micrograd.clamp(x, -1, 1).data == -1.0 and x.clamp(-1).data == -1.0
    assert micrograd.leaky_relu(x, 0.5).op is micrograd.leaky_relu(Value(1.0), 0.5).op  # one Op for one constant


def test_an_op_needs_a_forward():
    with pytest.raises(TypeError, match="'nothing' needs a forward"):
        Op("nothing")


# --- lists ------------------------------------------------------------------------------------------------------------

LISTS = st.lists(st.floats(-1000, 1000), min_size=1, max_size=6)


@given(LISTS)
def test_softmax_is_a_distribution_and_matches_its_logarithm(xs):
    p, logp = F.softmax(list(map(Value, xs))), F.log_softmax(list(map(Value, xs)))
    assert sum(v.data for v in p) == pytest.approx(1.0, rel=1e-12)
    for v, w in zip(p, logp, strict=True):
        assert math.exp(w.data) == pytest.approx(v.data, rel=1e-11, abs=1e-300)


@given(LISTS)
def test_gradient_of_logsumexp_is_softmax(xs):
    vs = list(map(Value, xs))
    F.logsumexp(vs).backward()
    assert [v.grad for v in vs] == pytest.approx([p.data for p in F.softmax(vs)], rel=1e-12, abs=1e-300)


@given(LISTS)
def test_functions_of_lists_take_numbers_too(xs):
    vs = list(map(Value, xs))
    assert F.mean(vs).data == F.mean(xs) and F.norm(vs).data == F.norm(xs) and F.argmax(vs) == F.argmax(xs) == xs.index(max(xs))
    assert [v.data for v in F.softmax(vs)] == F.softmax(xs)
    assert F.norm(xs) == pytest.approx(math.hypot(*xs), rel=1e-14)


@pytest.mark.parametrize("f", [F.softmax, F.log_softmax, F.logsumexp, F.mean, F.norm, F.argmax])
def test_functions_of_empty_lists(f):
    with pytest.raises(ValueError, match=f"{f.__name__} of an empty list"):
        f([])


# --- derivatives as functions -----------------------------------------------------------------------------------------


def test_grad_leaves_gradients_alone_and_finds_interior_ones():
    x, y, unused = Value(2.0), Value(3.0), Value(1.0)
    h = x * y
    out = h * h + x
    assert micrograd.grad(out, [x, y, h, out, unused]) == [37.0, 24.0, 12.0, 1.0, 0.0]
    assert micrograd.grad(out, x) == 37.0
    assert [v.grad for v in out.topological()] == [0] * len(out.topological())


def test_higher_derivatives():
    x = Value(0.5)
    first = micrograd.grad(x.sin(), x, create_graph=True)
    second = micrograd.grad(first, x, create_graph=True)
    third = micrograd.grad(second, x)
    assert (first.data, second.data, third) == pytest.approx((math.cos(0.5), -math.sin(0.5), -math.cos(0.5)))


def test_jacobian_hessian_hvp_vjp_jvp():
    def f(x, y):
        return [x * y, x**2, y.exp()]

    e = math.exp(3.0)
    assert micrograd.jacobian(f, (2.0, 3.0)) == [[3.0, 2.0], [4.0, 0.0], [0.0, e]]
    assert micrograd.jvp(f, (2.0, 3.0), (1.0, 2.0)) == ([6.0, 4.0, e], [7.0, 4.0, 2 * e])
    assert micrograd.vjp(f, (2.0, 3.0), (1.0, 2.0, 3.0)) == ([6.0, 4.0, e], [11.0, 2.0 + 3 * e])

    def g(x, y):
        return x**3 * y + y.sin()

    assert micrograd.hessian(g, (2.0, 3.0)) == [[36.0, 12.0], [12.0, pytest.approx(-math.sin(3.0))]]
    assert micrograd.hvp(g, (2.0, 3.0), (1.0, -1.0)) == [24.0, pytest.approx(12.0 + math.sin(3.0))]
    with pytest.raises(ValueError, match="2 inputs, 1 tangents"):
        micrograd.jvp(g, (2.0, 3.0), (1.0,))
    with pytest.raises(ValueError, match="vector of 2"):
        micrograd.hvp(g, (2.0, 3.0), (1.0,))


# --- steps ------------------------------------------------------------------------------------------------------------


def example():
    a, b, c, f = (Value(x, label=n) for n, x in (("a", 2.0), ("b", -3.0), ("c", 10.0), ("f", -2.0)))
    e = a * b
    e.label = "e"
    d = e + c
    d.label = "d"
    L = d * f
    L.label = "L"
    return a, b, c, f, e, d, L


def test_steps_come_in_order_and_are_applied_when_yielded():
    a, b, c, f, e, d, L = example()
    kinds, seen = [], []
    for step in L.steps():
        kinds.append((step.kind, step.node))
        if step.kind == "seed":
            assert L.grad == 1.0 and d.grad == 0
        if step.kind == "backward":
            seen += [(k.arg, k.index, k.partial, k.value, k.before, k.after) for k in step.contributions]
            assert all(k.arg.grad == k.after for k in step.contributions) and step.upstream == step.node.grad
    order = [("forward", e), ("forward", d), ("forward", L), ("seed", L), ("backward", L), ("backward", d), ("backward", e)]
    assert kinds == order
    assert seen == [
        (d, 0, -2.0, -2.0, 0.0, -2.0), (f, 1, 4.0, 4.0, 0.0, 4.0), (e, 0, 1.0, -2.0, 0.0, -2.0), (c, 1, 1.0, -2.0, 0.0, -2.0),
        (a, 0, -3.0, 6.0, 0.0, 6.0), (b, 1, 2.0, -4.0, 0.0, -4.0),
    ]  # fmt: skip


def test_printed_steps():
    assert "\n".join(map(str, example()[-1].steps())) == (
        "forward   e = a * b = 2 * (-3) = -6\n"
        "forward   d = e + c =  -6 + 10 =  4\n"
        "forward   L = d * f = 4 * (-2) = -8\n"
        "seed      L.grad = 1\n"
        "backward  d.grad += L.grad × ∂L/∂d =  1 × -2 = -2   d.grad: 0 + -2 = -2   ∂L/∂d = f\n"
        "          f.grad += L.grad × ∂L/∂f =  1 ×  4 =  4   f.grad: 0 +  4 =  4   ∂L/∂f = d\n"
        "backward  e.grad += d.grad × ∂d/∂e = -2 ×  1 = -2   e.grad: 0 + -2 = -2\n"
        "          c.grad += d.grad × ∂d/∂c = -2 ×  1 = -2   c.grad: 0 + -2 = -2\n"
        "backward  a.grad += e.grad × ∂e/∂a = -2 × -3 =  6   a.grad: 0 +  6 =  6   ∂e/∂a = b\n"
        "          b.grad += e.grad × ∂e/∂b = -2 ×  2 = -4   b.grad: 0 + -4 = -4   ∂e/∂b = a"
    )


def columns(lines, marks):
    return [[m.start() for m in re.finditer(marks, line)] for line in lines]


def test_columns_are_aligned_over_the_walk_and_printing_changes_nothing():
    x, y = Value(0.001, label="x"), Value(12345.678, label="long_name")
    fx = (x * y).exp() + y / x - x.tanh() * 1e-9
    x.grad = 0.25  # accumulates from an earlier pass
    as_they_come = [str(step) for step in fx.steps()]
    fx.zero_grad()
    x.grad = 0.25
    steps = list(fx.steps())
    assert [str(step) for step in steps] == as_they_come == [str(step) for step in steps]
    forward = [line for line in as_they_come if line.startswith("forward")]
    backward = [line for text in as_they_come if text.startswith("backward") for line in text.split("\n")]
    assert len({tuple(at) for at in columns(forward, " = ")}) == 1
    backward = [line.split("   ∂")[0] for line in backward]
    assert len({tuple(at) for at in columns(backward, r" \+=| = | ×| \+ ")}) == 1 and len(backward) == 11  # a literal has no line
    assert "0.25 + " in "\n".join(backward)


def test_labels_that_are_not_names_are_put_in_parentheses():
    x = Value(2.0, label="x1*w1")
    y = x + Value(1.0, label="two\nlines")
    y.label = "layers.0.w"
    text = "\n".join(map(str, y.steps()))
    assert "layers.0.w = (x1*w1) + (two lines) = 2 + 1 = 3" in text
    assert re.search(r"\(x1\*w1\)\.grad +\+= layers\.0\.w\.grad × ∂layers\.0\.w/∂\(x1\*w1\)", text)


def test_nodes_without_labels_get_names_that_are_free():
    v1 = Value(2.0, label="v1")
    assert "v2 = v1 * u1 = 2 * 3 = 6" in str(next((v1 * Value(3.0)).steps()))


def test_values_are_called_as_the_callers_variables_are():
    x, rest = Value(2.0), [Value(3.0), Value(4.0)]
    y = same = x * rest[0] + rest[1]  # two names for one value say nothing
    assert "v2 = v1 + rest[1] = 6 + 4 = 10" in "\n".join(map(str, y.steps())) and same is y
    y.label = "label"
    assert "label = v1 + rest[1]" in "\n".join(map(str, y.steps()))
    model = micrograd.nn.MLP(1, [1], rng=random.Random(0))
    assert "layers[0].neurons[0].w[0]" in "\n".join(map(str, model([x]).steps()))


def test_steps_keep_neither_the_caller_nor_its_variables():
    class Token:
        pass

    def walked():
        x, other = Value(2.0), Token()
        y = x * x
        kept.append(weakref.ref(other))
        steps = y.steps()
        del other
        assert kept[0]() is None, "what a function lets go of while the steps go on"
        return steps

    kept = []
    assert "y = x * x = 2 * 2 = 4" in str(next(walked()))


def test_a_callers_own_locals_are_left_alone():
    x = Value(2.0)
    mine = locals()
    next((x * x).steps())
    assert mine["x"] is x


def test_steps_of_a_wide_sum_are_elided():
    first = str(next(micrograd.sum(*(Value(float(i)) for i in range(100))).steps()))
    assert first.endswith("v1 = u1 + u2 + u3 + … + u99 + u100 = 0 + 1 + 2 + … + 98 + 99 = 4950")


@pytest.mark.parametrize(
    ("build", "text", "latex", "formula"),
    [
        (lambda x, y: x**3, "x**3 = 2**3", "x^{3} = 2^{3}", "3 * x**2"),
        (lambda x, y: y**2, "y**2 = (-3)**2", r"y^{2} = \left(-3\right)^{2}", "2 * y"),
        (lambda x, y: x**-1, "x**(-1) = 2**(-1)", "x^{-1} = 2^{-1}", "-x**(-2)"),
        (lambda x, y: x**y, "x**y = 2**(-3)", "x^{y} = 2^{-3}", "y * x**(y - 1)"),
        (lambda x, y: x / y, "x / y = 2 / (-3)", r"\frac{x}{y} = \frac{2}{-3}", "1 / y"),
        (lambda x, y: -y, "-y = -(-3)", r"-y = -\left(-3\right)", ""),
        (lambda x, y: x - y, "x - y = 2 - (-3)", r"x - y = 2 - \left(-3\right)", ""),
        (lambda x, y: y.relu(), "relu(y) = relu(-3)", r"\operatorname{ReLU}\left(y\right)", "1 if y > 0 else 0"),
        (lambda x, y: x.tanh(), "tanh(x) = tanh(2)", r"\tanh\left(x\right)", "1 - v1**2"),
        (lambda x, y: x.exp(), "exp(x) = exp(2)", "e^{x} = e^{2}", "v1"),
        (lambda x, y: micrograd.leaky_relu(y, 0.1), "leaky_relu(y, 0.1) = leaky_relu(-3, 0.1)", "", "1 if y > 0 else 0.1"),
        (lambda x, y: micrograd.dot(x, y), "x * y = 2 * (-3)", r"x \cdot y", "y"),
        (lambda x, y: Value(4.0, (x,), "**2"), "x**2 = 2**2", "x^{2}", ""),
        (lambda x, y: Value(-1.0, (x, y), "+"), "x + y = 2 + (-3)", r"x + y = 2 + \left(-3\right)", ""),
        (lambda x, y: Value(9.0, (x, y), "my op"), "my op(x, y) = my op(2, -3)", r"\operatorname{my\ op}\left(x, y\right)", ""),
    ],
)  # fmt: skip
def test_how_ops_are_written(build, text, latex, formula):
    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    steps = list(build(x, y).steps())
    assert f"v1 = {text} = " in str(steps[0])
    assert latex in steps[0].latex()
    printed = str(steps[-1]).split("\n")[0]
    assert (printed.rsplit("   ", 1)[1].partition(" = ")[2] if formula else "") == formula
    assert formula or "= 1" not in printed.rsplit("   ", 1)[1]


def test_latex_of_a_walk():
    latex = [step.latex() for step in example()[-1].steps()]
    assert latex[0] == r"e = a \cdot b = 2 \cdot \left(-3\right) = -6"
    assert latex[3] == r"\bar{L} = 1"
    assert latex[-1] == (
        r"\begin{aligned}\bar{a} &\mathrel{+}= \bar{e} \cdot \frac{\partial e}{\partial a} = -2 \cdot \left(-3\right) = 6 \\ "
        r"\bar{b} &\mathrel{+}= \bar{e} \cdot \frac{\partial e}{\partial b} = -2 \cdot 2 = -4\end{aligned}"
    )


def test_latex_shows_the_sum_where_a_value_is_used_again():
    x = Value(3.0, label="x_1")
    step = list((x * x).steps())[-1].latex()
    assert r"\bar{x}_{1} = 3 + 3 = 6" in step and step.count(r"\qquad") == 1


@pytest.mark.parametrize("label", ["a_b%&#$", "x{y}", "back\\slash", "^~", "日本", "two words"])
def test_latex_of_strange_labels_is_balanced(label):
    x = Value(1.0, label=label)
    for step in (x * 1e-12).steps():
        plain = re.sub(r"\\[{}]", "", step.latex()).replace(r"&\mathrel", "")
        assert plain.count("{") == plain.count("}") and not re.search(r"(?<!\\)[%&#$~]", plain)


def test_steps_of_a_closure_show_what_it_adds():
    x = Value(2.0, label="x")
    y = Value(8.0, (x,), "cube", "y")
    calls = []

    def _backward():
        calls.append(1)
        x.grad += 12.0 * y.grad

    y._backward = _backward
    text = [str(step) for step in y.steps()]
    assert text[-1] == "backward  x.grad += y.grad × ∂y/∂x = 1 × 12 = 12   x.grad: 0 + 12 = 12"
    assert len(calls) == 1 and x.grad == 12.0  # printing does not run a user's closure again


def test_repr_of_steps():
    steps = list(example()[-1].steps())
    assert [repr(steps[i]) for i in (0, 3, -1)] == ["ForwardStep(e)", "SeedStep(L)", "BackwardStep(e)"]
    assert "partial=-3.0" in repr(steps[-1].contributions[0])


def test_abandoned_walk_leaves_a_usable_graph():
    a, *_, L = example()
    walk = L.steps()
    for _ in range(5):
        next(walk)
    walk.close()
    L.backward()
    assert a.grad == 6.0


@pytest.mark.parametrize("name", sorted(micrograd.TABLE))
def test_every_row_is_written_as_text_and_latex(name):
    function = getattr(micrograd, name)
    xs = [Value(x, label=n) for n, x in zip("pqrs", (0.5, 0.25, 0.125, 0.75), strict=True)][: function.arity or 4]
    for step in function(*xs).steps():
        text, latex = str(step), step.latex()
        assert latex.count("{") == latex.count("}") and latex.count(r"\left") == latex.count(r"\right")
        if step.kind == "forward":
            assert all(n in text and n in latex for n in "pqrs"[: len(xs)])
            assert "v1 = " in text and latex.startswith("v_{1} = ")
