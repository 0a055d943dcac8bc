"""The checkers: what they must find, what they must let pass, and that they leave everything as it was."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import Op, Value, check_grads, gradcheck, nn, ops
from micrograd.checking.chain import partials
from micrograd.checking.checks import Report, backward
from micrograd.checking.evaluation import GraphEvaluation
from micrograd.checking.numeric import ridders, sides
from micrograd.checking.slots import Slots
from micrograd.testing import expressions


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (math.sin, 0.7, math.cos(0.7)),
        (math.exp, 3.0, math.exp(3.0)),
        (math.log, 0.02, 50.0),
        (lambda x: x**5, -2.0, 80.0),
        (lambda x: 1e9 + x, 1.0, 1.0),
    ],
)
def test_differences_are_as_good_as_they_say(f, x, expected):
    found = ridders(f, x)
    assert abs(found.value - expected) <= 4 * found.error
    assert found.error < 1e-5 * max(1.0, abs(expected))


def test_sides_of_a_kink():
    left, right = sides(abs, 0.0)
    assert (left.value, right.value) == (pytest.approx(-1.0), pytest.approx(1.0))
    assert sides(lambda x: math.sqrt(x) if x >= 0 else math.nan, 0.0)[1].value == math.inf


@pytest.mark.parametrize("method", ["auto", "complex", "differences", "exact"])
def test_every_method_agrees_on_a_smooth_function(method):
    if method == "exact":
        pytest.importorskip("mpmath")
    report = gradcheck(lambda x, y: (x * y).tanh() + x.exp() / y, (0.3, 1.7), method=method)
    assert report
    assert all(row.ulps < 1000 for row in report.rows)


def wrong(partial):
    return Op("wrong", lambda x: math.sin(x), (partial,))


@pytest.mark.parametrize(
    "partial",
    [
        lambda y, x: math.cos(x) * (1 + 1e-6),
        lambda y, x: math.cos(x) * (1 - 1e-6),
        lambda y, x: -math.cos(x),
        lambda y, x: math.cos(y),
        lambda y, x: 0.0,
        lambda y, x: math.nan,
    ],
)
def test_a_wrong_rule_is_caught(partial):
    report = gradcheck(lambda x: wrong(partial)(x), (0.4,))
    assert not report
    assert report.wrong[0].name == "x"
    assert "WRONG" in str(report)
    a = Value(0.4, label="a")
    assert not check_grads(wrong(partial)(a))


def test_forgotten_upstream_and_overwritten_gradients_are_caught():
    def forgets(v):
        out = Value(v.data * 3.0, (v,), "*3")

        def _backward():
            v.grad += 3.0

        out._backward = _backward
        return out

    assert not gradcheck(lambda x: forgets(x) * forgets(x), (2.0,))

    class Overwrites:
        """An engine whose second use of an input replaces what the first had added."""

        def gradient(self, x, y):
            return (y, x + 0.0) if x != y else (y, x)

    assert not gradcheck(lambda x, y: x * y + x, (2.0, 3.0), gradient=Overwrites().gradient)


@pytest.mark.parametrize("bug", ["none", "overwrites", "forgets the upstream", "wrong operand", "sign", "a millionth"])
def test_the_bugs_of_handwritten_backward_functions(bug):
    """The mistakes that students make in `_backward`, planted one by one in a product of their own."""

    def times(a, b):
        out = Value(a.data * b.data, (a, b), "times")

        def _backward():
            up = 1.0 if bug == "forgets the upstream" else out.grad
            da = {"wrong operand": a.data, "sign": -b.data, "a millionth": b.data * (1 + 1e-6)}.get(bug, b.data) * up
            if bug == "overwrites":
                a.grad = da
            else:
                a.grad += da
            b.grad += a.data * up

        out._backward = _backward
        return out

    w = Value(0.5, label="w")
    w.grad = 3.0
    report = gradcheck(lambda x, y: times(times(x, y), w) * x + times(x, w), (1.5, -2.0))
    assert bool(report) == (bug == "none")
    assert w.grad == 3.0
    if bug != "none":
        assert "x" in [row.name for row in report.wrong]


def test_kinks_take_any_subgradient_and_nothing_else():
    assert gradcheck(lambda x: x.relu() + abs(x), (0.0,)).rows[0].verdict.startswith("kink")
    assert gradcheck(lambda x, y: x.maximum(y), (1.0, 1.0))
    assert gradcheck(lambda x: x.sqrt(), (0.0,))
    steep = Op("steep", lambda x: max(x, 0.0), (lambda y, x: 2.0,))
    assert not gradcheck(lambda x: steep(x), (0.0,))


@pytest.mark.parametrize("distance", [10.0**-k for k in range(1, 13)])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_kink_nearby_is_no_alarm(distance, side):
    at = 1.0 + side * distance
    for fn in (lambda x: (x - at).relu() + x.sin(), lambda x: abs(x - at) * x.exp(), lambda x: x.maximum(at) * x):
        assert gradcheck(fn, (1.0,), method="differences"), (distance, side)


def test_second_order():
    report = gradcheck(lambda x, y: [x * y, (x / y).exp()], (0.3, 1.2), order=2)
    assert report
    assert len(report.rows) == 8
    flat = Op("flat", lambda x: x * x * x, (lambda y, x: 3.0 * (x.data if isinstance(x, Value) else x) * x,))
    assert gradcheck(lambda x: flat(x), (1.1,))
    assert not gradcheck(lambda x: flat(x), (1.1,), order=2)


def test_inputs_of_all_shapes_have_names():
    model = nn.MLP(2, [2, 1])
    w = Value(0.5, label="w")
    report = gradcheck(lambda m, xs, scale: m(xs[0]) * xs[1][0] * scale, (model, [[0.3, -0.2], [1.5]], w))
    assert report
    names = [row.name for row in report.rows]
    assert "m.layers.0.neurons.0.w.0" in names
    assert "xs[0][1]" in names
    assert "w" in names


def test_data_and_gradients_stay():
    w, b = Value(0.5), Value(-1.0)
    w.grad, b.grad = 7.0, 8.0
    gradcheck(lambda x, y: x * y, (w, b))
    assert (w.data, b.data, w.grad, b.grad) == (0.5, -1.0, 7.0, 8.0)
    calls = []

    def breaks(x):
        calls.append(x)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return x.erf()

    with pytest.raises(KeyboardInterrupt):
        gradcheck(breaks, (w,))
    assert (w.data, w.grad) == (0.5, 7.0)


def test_a_graph_is_checked_without_touching_it():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    root = (a * b).tanh() / b + a.erf()
    root.backward()
    before = (a.grad, b.grad, root.data)
    report = check_grads(root)
    assert report
    assert [row.name for row in report.rows] == ["a", "b"]
    assert (a.grad, b.grad, root.data) == before


@pytest.mark.parametrize("factor", [1.0, 1.0 + 1e-6])
def test_graphs_of_nodes_made_by_hand(factor):
    """As in the lectures: the symbol says what was computed, the closure is what is checked."""

    def tanh(x):
        out = Value(math.tanh(x.data), (x,), "tanh")

        def _backward():
            x.grad += (1 - out.data**2) * factor * out.grad

        out._backward = _backward
        return out

    def square(x):
        out = Value(x.data**2, (x,), "**2")

        def _backward():
            x.grad += 2 * x.data * out.grad

        out._backward = _backward
        return out

    x = Value(0.6, label="x")
    assert bool(check_grads(tanh(square(x) + x))) == (factor == 1.0)
    with pytest.raises(TypeError, match="what 'tanh' computes is not known"):
        check_grads(Value(0.3, (x,), "tanh"))


def test_big_graphs_are_sampled_and_say_so():
    leaves = [Value(float(i)) for i in range(50)]
    total = leaves[0]
    for v in leaves[1:]:
        total = total + v * v
    report = check_grads(total, budget=50 * 200 * 5, method="differences")
    assert report
    assert 0 < len(report.rows) < 50
    assert "leaves checked" in str(report)
    assert len(check_grads(total, budget=50 * 200 * 5).rows) == 50  # one pass for all
    total = total + (leaves[7] - leaves[7].data).relu()  # a kink: now each is looked into by itself
    report = check_grads(total, budget=50 * 200 * 10)
    assert "leaves checked" in str(report) and len(report.rows) < 50


def test_numbers_that_the_code_wrote_are_no_leaves_to_check():
    x = Value(0.5, label="x")
    y = 3.0 * x + x**2 + sum([x, 1.0])
    assert [row.name for row in check_grads(y).rows] == ["x"]


def many(count: int) -> list[float]:
    return [0.1 + 0.01 * i for i in range(count)]


def test_a_function_of_many_inputs_is_called_a_few_times_and_its_graph_is_asked_for_the_rest():
    model, calls = nn.MLP(2, [16, 16, 1]), []

    def loss(model):
        calls.append(1)
        return (1.0 - model([0.3, -0.7])).relu() + 1e-4 * sum(p * p for p in model.parameters())

    before = [p.data for p in model.parameters()]
    report = gradcheck(loss, model)
    assert report and len(report.rows) == 337 and len(calls) < 20
    assert [p.data for p in model.parameters()] == before
    calls.clear()
    assert gradcheck(lambda *xs: loss(model) + sum(xs), many(9)) and len(calls) < 20


def test_a_rule_that_is_wrong_is_found_among_many_inputs():
    wrong = Op("wrong", math.sin, (lambda y, x: ops.cos(x) * (1.0 + 1e-5),), exact=lambda m, x: m.sin(x))
    for k in (0, 7, 19):
        report = gradcheck(lambda *xs, k=k: sum(wrong(x) if i == k else ops.sin(x) for i, x in enumerate(xs)), many(20))
        assert [row.name for row in report.wrong] == [f"input {k}"] and not report.undecided


@pytest.mark.parametrize(
    ("strange", "verdict"),
    [
        (lambda x: x * x.data, "WRONG"),
        (lambda x: x * math.exp(x.data), "WRONG"),
        (lambda x: x if x.data > 0.15 else 3.0 * x, "undecided"),  # a jump, by a branch in Python
        (lambda x: x - 0.15 if x.data > 0.15 else 3.0 * (x - 0.15), "kink"),
        (lambda x: (x - 0.15).relu(), "kink"),
        (lambda x: x if x.data < 0.17 else x * x, "ok"),  # a branch, but not here
        (lambda x: max(x, x * x), "ok"),
    ],
)
def test_what_a_graph_does_not_show_is_seen_by_the_function_itself(strange, verdict):
    report = gradcheck(lambda *xs: strange(xs[5]) + sum(x * x for x in xs), [*many(5), 0.15, *many(6)])
    assert report.rows[5].verdict.startswith(verdict), report
    assert all(row.verdict == "ok" for i, row in enumerate(report.rows) if i != 5)


def test_a_function_that_reads_what_it_was_given_by_another_way_is_asked_itself():
    w, v = [Value(x) for x in many(6)], [Value(x) for x in many(6)]
    report = gradcheck(lambda w, v: sum(a * b for a, b in zip(w, v, strict=True)) * v[2].data, (w, v))
    assert [row.name for row in report.rows if not row.ok] == ["v[2]"]


def test_outputs_that_are_none_or_fewer_nearby_make_no_exception():
    assert gradcheck(lambda *xs: [], many(10)).rows == () and gradcheck(lambda x: [], 1.0).rows == ()

    def fewer(*xs):  # the second output is there at the point and below alone
        return [sum(xs), xs[0] * xs[1]] if xs[0].data <= 0.1 else [sum(xs)]

    report = gradcheck(fewer, many(10))
    assert len(report.rows) == 20 and not report.wrong
    assert all(row.verdict == "ok" for row in report.rows[:10])


@given(expressions())
def test_the_chain_rule_over_complex_steps_is_the_backward_pass(expression):
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves)
    found = GraphEvaluation(root, leaves).directs(root.data, "auto")
    assert None not in found
    for mine, theirs in zip(found, backward(root, leaves), strict=True):
        assert mine is None or abs(mine.value - theirs) <= 1e-11 * abs(theirs) + 100.0 * mine.error


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.data())
def test_sums_of_any_number_in_one_evaluation(xs, data):
    ys = data.draw(st.lists(st.floats(-3, 3), min_size=len(xs), max_size=len(xs)))
    assert partials(ops.sum_, xs, ops.sum_(*xs)) == [1.0] * len(xs)
    assert partials(ops.dot, [*xs, *ys], ops.dot(*xs, *ys)) in ([*ys, *xs], None)  # None: where fsum rounds to another number
    assert partials(ops.dot, [*xs, *xs], ops.dot(*xs, *xs)) == [*xs, *xs]


def test_refusals():
    with pytest.raises(ValueError, match="no method 'magic'"):
        gradcheck(lambda x: x, (1.0,), method="magic")
    with pytest.raises(ValueError, match="order is 1, 2 or 3"):
        gradcheck(lambda x: x, (1.0,), order=4)
    with pytest.raises(TypeError, match="str"):
        gradcheck(lambda x: x, ("one",))
    with pytest.raises(TypeError, match="no numbers"):
        gradcheck(lambda: 1.0, ())
    with pytest.raises(TypeError, match="made by hand"):
        check_grads(Value(1.0, (Value(2.0),), "mine"))
    with pytest.raises(ValueError, match="not a leaf"):
        check_grads(Value(1.0) * 2, [Value(3.0)])
    with pytest.raises(ValueError, match="2 numbers for 1"):
        gradcheck(lambda x: x, (1.0,), gradient=lambda x: (1.0, 2.0))


def test_the_report_is_a_table():
    report = gradcheck(lambda weight: weight * 2, (1.5,))
    head, line = str(report).splitlines()
    assert head.split() == ["input", "analytic", "numeric", "error", "ulps", "method", "verdict"]
    assert line.split()[:3] == ["weight", "2", "2"]
    assert Report([]) and not Report([]).wrong


def test_slots_put_numbers_back_in_their_places():
    slots = Slots(lambda a, b: a, ([1.0, [2.0, 3.0]], 4.0))
    assert slots.names == ["a[0]", "a[1][0]", "a[1][1]", "b"]
    assert slots.arguments([5.0, 6.0, 7.0, 8.0]) == [[5.0, [6.0, 7.0]], 8.0]


def test_a_gradient_that_cancels_to_nothing_is_no_alarm():
    assert gradcheck(lambda x: x / x, (1.375,))
    assert gradcheck(lambda x: x - x, (0.3,))
