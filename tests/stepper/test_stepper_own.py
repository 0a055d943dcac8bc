"""Students' own classes: what their closures do is seen exactly, right or wrong; mistakes are named."""

import math
import re

import mpmath
import pytest

import viz
from micrograd import Value
from viz.reading import args_of
from viz.stepped.check import difference
from viz.stepped.observe import Watch
from viz.stepped.recording import record
from viz_values import make_class


def graph(cls):
    a, b, c = cls(2.0, label="a"), cls(-3.0, label="b"), cls(0.5, label="c")
    e = a * b
    return ((e + a * a) * c).tanh(), (a, b, c)


def reference():
    a, b, c = Value(2.0), Value(-3.0), Value(0.5)
    ((a * b + a * a) * c).tanh().backward()
    return [a.grad, b.grad, c.grad]


@pytest.mark.parametrize("options", [{}, {"slots": True}, {"prop": True}, {"children": tuple}])
def test_any_class_is_driven_and_left_as_it_was(options):
    cls = make_class(**options)
    root, leaves = graph(cls)
    root.grad = 7.0
    stepper = viz.step(root, check=True)
    t = stepper.trace
    assert stepper.problems == [] and root.grad == 7.0 and type(root) is cls and not t.engine
    grads = t.grads(len(t))
    mine = [grads[t.values.index(leaf)] for leaf in leaves]
    assert mine == pytest.approx(reference(), rel=1e-14)
    squares = [
        k
        for k in range(len(t.edges.node))
        if t.args[t.edges.node[k]] and len(set(t.args[t.edges.node[k]])) == 1 < len(t.args[t.edges.node[k]])
    ]
    assert len(squares) == 2 and [t.edges.slot[k] for k in squares] == [0, 1]  # a * a: two contributions


def test_operands_of_a_bare_set_come_in_the_order_written():
    cls = make_class()
    a, b = cls(1.0), cls(2.0)
    for _ in range(20):
        assert args_of(a * b) == (a, b) and args_of(b * a) == (b, a)
        assert args_of(a * a) == (a, a)


def forget_upstream(a, b, out):
    a.grad += b.data
    b.grad += a.data * out.grad


def overwrite(a, b, out):
    a.grad = b.data * out.grad
    b.grad += a.data * out.grad


def wrong_operand(a, b, out):
    a.grad += a.data * out.grad
    b.grad += b.data * out.grad


def wrong_sign(a, b, out):
    a.grad -= b.data * out.grad
    b.grad += a.data * out.grad


def one_only(a, b, out):
    a.grad += b.data * out.grad


def forget_local(a, b, out):
    a.grad += out.grad
    b.grad += a.data * out.grad


def off(a, b, out):
    a.grad += 2.001 * b.data * out.grad
    b.grad += a.data * out.grad


@pytest.mark.parametrize(
    "mul, says",
    [
        (forget_upstream, "upstream gradient was forgotten"),
        (overwrite, "= instead of \\+="),
        (wrong_operand, "the derivative for the other operand"),
        (wrong_sign, "the sign is wrong"),
        (one_only, "passes nothing back to"),
        (forget_local, "the local derivative was forgotten"),
        (off, "off by the factor 2.001"),
    ],
)
def test_planted_mistakes_are_found_and_named(mul, says):
    cls = make_class(mul=mul)
    a, b, c, d = cls(2.0, label="a"), cls(-3.0, label="b"), cls(0.7, label="c"), cls(5.0, label="d")
    root = (a + a * b) * c * d
    stepper = viz.step(root, check=True)
    assert any(re.search(says, message) for _, message in stepper.problems), stepper.problems
    assert {value._op for value, _ in stepper.problems} == {"*"}
    assert stepper.data["marks"]
    assert viz.step(root).problems == []  # nothing is judged unless asked


def test_what_was_shown_is_what_the_class_did():
    cls = make_class(mul=forget_upstream)
    a, b, c = cls(2.0, label="a"), cls(-3.0, label="b"), cls(4.0, label="c")
    root = (a * b) * c
    t = record(root)
    for v in t.values:
        v.grad = 0.0
    root.grad = 1.0
    for v in reversed(t.values):
        v._backward()
    assert t.grads(len(t)) == [v.grad for v in t.values]


def test_a_closure_that_raises_ends_the_pass_with_a_mark():
    def boom(a, b, out):
        raise ZeroDivisionError("nothing to divide by")

    cls = make_class(mul=boom)
    a, b = cls(2.0), cls(3.0)
    stepper = viz.step((a * b) + a)
    assert stepper.problems[0][1] == "_backward raised ZeroDivisionError: nothing to divide by"
    assert len(stepper.trace.edges.node) == 2  # the sum's two contributions came before


def test_writing_to_a_stranger_is_said():
    c = []

    def stranger(a, b, out):
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad
        c[0].grad += 1.0

    cls = make_class(mul=stranger)
    a, b = cls(2.0, label="a"), cls(3.0, label="b")
    c.append(cls(5.0, label="c"))
    stepper = viz.step(a * b + c[0], check=True)
    assert any("which is not an operand" in m for _, m in stepper.problems)


def test_data_changed_after_the_forward_pass_is_said():
    cls = make_class()
    a, b = cls(2.0, label="a"), cls(3.0, label="b")
    root = a * b + a
    a.data = 10.0
    stepper = viz.step(root, check=True)
    assert any("changed after the forward pass" in m for _, m in stepper.problems)


def test_local_gradients_stored_on_the_value():
    """The scalar GPT's class: no closures but children and local gradients."""

    class G:
        __slots__ = ("_children", "_local_grads", "data", "grad")

        def __init__(self, data, children=(), local_grads=()):
            self.data, self.grad, self._children, self._local_grads = data, 0, children, local_grads

        def __add__(self, other):
            return G(self.data + other.data, (self, other), (1, 1))

        def __mul__(self, other):
            return G(self.data * other.data, (self, other), (other.data, self.data))

    a, b = G(2.0), G(3.0)
    t = record(a * b + a)
    grads = t.grads(len(t))
    assert [grads[t.values.index(x)] for x in (a, b)] == [4.0, 2.0]


def test_our_own_engine_passes_the_check_on_every_operation():
    a, b = Value(0.7, label="a"), Value(1.3, label="b")
    root = (a * b - a / b + a**2 + a.tanh() + b.exp() + b.log() + (-a).relu() + a**b).sigmoid()
    stepper = viz.step(root, check=True)
    assert stepper.problems == [] and stepper.unjudged == 0


def test_a_wrong_rule_on_our_own_class_is_found():
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    out = Value(a.data * b.data, (a, b), "*")

    def _backward():
        a.grad += a.data * out.grad
        b.grad += b.data * out.grad

    out._backward = _backward
    stepper = viz.step(out * Value(2.0), check=True)
    assert any("other operand" in m for _, m in stepper.problems)


@pytest.mark.parametrize(
    "f, reference, x",
    [
        (math.tanh, mpmath.tanh, 0.3),
        (math.exp, mpmath.exp, -2.0),
        (math.sin, mpmath.sin, 100.0),
        (lambda x: x**3, lambda x: x**3, 1e-3),
        (math.log, mpmath.log, 5.0),
    ],
)
def test_difference_quotients_are_close_to_fifty_digits(f, reference, x):
    with mpmath.workdps(50):
        exact = float(mpmath.diff(reference, x))
    low, high = difference(f, [x], 0)
    assert low == high == pytest.approx(exact, rel=1e-6)


def test_at_a_kink_every_slope_between_is_allowed():
    assert difference(lambda x: max(x, 0.0), [0.0], 0) == pytest.approx((0.0, 1.0), abs=1e-9)


def test_the_watch_always_gives_the_class_back():
    cls = make_class()
    a = cls(1.0)
    with pytest.raises(RuntimeError), Watch([a]):
        raise RuntimeError
    assert type(a) is cls


# --- mistakes that the numbers of the day hide ------------------------------------------------------------------------------


def with_relu(**options):
    """The class of `make_class` with a relu and a tanh of which the rule may be given."""
    base = make_class(**{k: v for k, v in options.items() if k != "tanh"})
    slope = options.get("tanh", lambda t: 1 - t * t)

    class Own(base):
        def relu(self):
            out = Own(max(self.data, 0.0), (self,), "ReLU")

            def _backward():
                self.grad += (out.data > 0) * out.grad

            out._backward = _backward
            return out

        def tanh(self):
            t = math.tanh(self.data)
            out = Own(t, (self,), "tanh")

            def _backward():
                self.grad += slope(t) * out.grad

            out._backward = _backward
            return out

    return Own


def test_an_overwrite_that_comes_first_is_found():
    cls = make_class(mul=overwrite)
    a, b = cls(2.0, label="a"), cls(-3.0, label="b")
    root = a * b  # nothing was in a.grad before
    assert [m.split(":")[0] for _, m in viz.step(root, check=True).problems] == ["overwrites the gradient of a"]
    assert viz.step(cls(1.0) + cls(2.0), check=True).problems == []


@pytest.mark.parametrize("x", [-0.8, 0.8])
def test_a_wrong_rule_under_a_dead_relu_is_found(x):
    cls = with_relu(tanh=lambda t: 1 - t)
    root = cls(x, label="x").tanh().relu()
    problems = viz.step(root, check=True).problems
    assert len(problems) == 1 and problems[0][0]._op == "tanh", problems
    right = with_relu()
    assert viz.step(right(x).tanh().relu(), check=True).problems == []


def no_upstream_second(a, b, out):
    a.grad += out.grad
    b.grad += 1.0


def same_operand(a, b, out):
    a.grad += a.data * out.grad  # hidden where both are the same number
    b.grad += b.data * out.grad


@pytest.mark.parametrize(
    ("cls", "make"),
    [
        (with_relu(tanh=lambda t: 1 - t), lambda cls: cls(0.0).tanh()),
        (with_relu(tanh=lambda t: 1 + t * t), lambda cls: cls(0.0).tanh()),
        (make_class(mul=same_operand), lambda cls: cls(2.0) * cls(2.0)),
        (make_class(mul=forget_upstream), lambda cls: cls(2.0) * cls(3.0)),
        (make_class(add=no_upstream_second), lambda cls: cls(1.0) + cls(2.0)),
        (make_class(mul=wrong_sign), lambda cls: cls(2.0) * cls(0.0)),
        (make_class(mul=one_only), lambda cls: cls(0.0) * cls(2.0)),
    ],
)
def test_data_that_hide_a_mistake_hide_it_no_more(cls, make):
    root = make(cls)
    before = [v.grad for v in (root, *args_of(root))]
    stepper = viz.step(root, check=True)
    assert len(stepper.problems) >= 1
    assert "hide it" in stepper.problems[0][1]
    assert [v.grad for v in (root, *args_of(root))] == before


@pytest.mark.parametrize("options", [{}, {"slots": True}, {"prop": True}, {"children": tuple}])
def test_no_right_class_is_accused_at_any_data(options):
    cls = make_class(**options)
    for x in (0.0, 1.0, -1.0, 2.0, 1e-9, -30.0, 1e6):
        for y in (0.0, 1.0, x, -x, 3.5):
            a, b = cls(x, label="a"), cls(y, label="b")
            root = ((a * b + a * a).tanh() + b) * a
            assert viz.step(root, check=True).problems == [], (x, y)


def test_a_method_of_ones_own_is_judged_by_its_own_forward():
    class Own:
        def __init__(self, data, _children=(), _op=""):
            self.data, self.grad, self._prev, self._op, self._backward = data, 0.0, _children, _op, lambda: None

        def mix(self, other):
            out = Own(self.data**2 * other.data, (self, other), "mix")

            def _backward():
                self.grad += 2 * self.data * other.data * out.grad
                other.grad += self.data * out.grad  # self.data**2

            out._backward = _backward
            return out

    stepper = viz.step(Own(3.0).mix(Own(2.0)), check=True)
    assert stepper.unjudged == 0
    assert len(stepper.problems) == 1 and "passes 3 to" in stepper.problems[0][1]
    hidden = viz.step(Own(1.0).mix(Own(2.0)), check=True)  # 1² is 1
    assert len(hidden.problems) == 1 and "asked on other data" in hidden.problems[0][1]


def test_a_closure_set_on_our_own_class_is_asked_too():
    a = Value(0.5, label="a")
    out = Value(a.data * 3.0, (a, Value(3.0)), "*")

    def _backward():
        a.grad = 3.0 * out.grad  # = for +=
        out.args[1].grad += a.data * out.grad

    out._backward = _backward
    assert any("= instead of +=" in m for _, m in viz.step(out, check=True).problems)


def product(a, b, how="+="):
    """a · b as a Value of ours with a closure of one's own, right or with = for +=."""
    out = Value(a.data * b.data, (a, b), "*")

    def add():
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad

    def overwrite():
        a.grad = b.data * out.grad
        b.grad = a.data * out.grad

    out._backward = {"+=": add, "=": overwrite}[how]
    return out


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("how", ["+=", "="])
def test_the_walk_over_closures_on_our_own_class_is_what_backward_does(how, twice):
    def graph():
        x, z = Value(1.5, label="x"), Value(2.0, label="z")
        p = product(x, x if twice else z, how)
        return p + x * 3.0, (x, z, p)  # x has a gradient already when the product's closure is called

    y, leaves = graph()
    y.backward()
    w, walked = graph()
    steps = list(w.steps())
    assert [v.grad for v in walked] == [v.grad for v in leaves]
    assert [c.adds for s in steps for c in getattr(s, "contributions", ()) if c.arg is walked[0]].count(False) == (how == "=")
    assert ("≠" in "".join(map(str, steps))) == (how == "=") == (r"\neq" in "".join(s.latex() for s in steps))
    stepper = viz.step(graph()[0], check=True)
    assert list(zip(stepper.trace.names, stepper.trace.grads(len(stepper)), strict=True)).count(("x", leaves[0].grad)) == 1
    said = [m for _, m in stepper.problems]
    assert (len(said) == 1 and "overwrites the gradient of x: 3 was there" in said[0]) if how == "=" else not said


def test_the_walk_lets_a_closure_write_elsewhere_once():
    x, other = Value(2.0, label="x"), Value(5.0, label="other")
    out = Value(x.data * 3.0, (x,), "triple")

    def _backward():
        x.grad += 3.0 * out.grad
        other.grad += 7.0 * out.grad

    out._backward = _backward
    list((out + x).steps())
    assert (x.grad, other.grad) == (4.0, 7.0)


def test_the_number_of_problems_is_said_everywhere():
    cls = make_class(mul=overwrite)
    a, b, c = cls(2.0, label="a"), cls(-3.0, label="b"), cls(4.0, label="c")
    stepper = viz.step((a * b) * c, check=True)
    assert len(stepper.problems) == 2
    lines = list(stepper.log())
    assert "check: 2 problems in 2 operations" in lines
    assert sum(line.startswith("⚠ ") for line in lines) == 2
    assert stepper.data["check"] == {"said": "check: 2 problems in 2 operations", "ok": False}
    right = viz.step(a + b, check=True)
    assert list(right.log())[-1] == "check: no problem in 1 operation"
    assert "check" not in viz.step(a + b).data
    assert not any("check" in line for line in viz.step(a + b).log())


def renamed(name, *, slots=False, mul=None):
    """A class whose closures are stored under another name."""

    class Other:
        if slots:
            __slots__ = ("_op", "_prev", "data", "grad", name)

        def __init__(self, data, _children=(), _op=""):
            self.data, self.grad, self._prev, self._op = data, 0.0, set(_children), _op
            setattr(self, name, lambda: None)

        def __mul__(self, other):
            out = Other(self.data * other.data, (self, other), "*")

            def rule():
                (mul or right)(self, other, out)

            setattr(out, name, rule)
            return out

    def right(a, b, out):
        a.grad += b.data * out.grad
        b.grad += a.data * out.grad

    return Other


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("name", ["_update_grad", "grad_fn", "_backward"])
def test_closures_are_found_whatever_they_are_called(name, slots):
    cls = renamed(name, slots=slots)
    a, b = cls(2.0), cls(-3.0)
    stepper = viz.step((a * b) * (a * a), check=True)
    assert stepper.checked() == "check: no problem in 3 operations" and not stepper.trace.marks
    t = stepper.trace
    assert t.grads(len(t))[t.values.index(a)] == 3 * 2.0**2 * -3.0 and t.grads(len(t))[t.values.index(b)] == 8.0
    cls = renamed(name, slots=slots, mul=overwrite)
    assert "overwrites the gradient" in viz.step(cls(2.0) * cls(-3.0), check=True).problems[0][1]


def test_a_class_without_closures_is_not_said_to_raise():
    class Bare:
        def __init__(self, data, _children=(), _op=""):
            self.data, self.grad, self._prev, self._op = data, 0.0, _children, _op

    stepper = viz.step(Bare(6.0, (Bare(2.0), Bare(3.0)), "*"), check=True)
    assert [said for _, said in stepper.problems] == ["the pass ends here: Bare has neither _backward nor _local_grads"]


def test_what_could_not_be_judged_is_said():
    class Own:
        def __init__(self, data, _children=(), _op=""):
            self.data, self.grad, self._prev, self._op, self._backward = data, 0.0, _children, _op, lambda: None

    x = Own(2.0)
    out = Own(5.0, (x,), "unknown")
    stepper = viz.step(out, check=True)
    assert stepper.checked() == "check: no problem in 1 operation; 1 could not be computed again, so not judged"
