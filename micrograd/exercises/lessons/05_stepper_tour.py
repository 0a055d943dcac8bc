"""A tour of the stepper."""

from micrograd import Value
from micrograd.exercises import Exercise, equals, function, line, number, pick, real, whole


def shares(upstream, x, y):
    """What z = x·y sends to x and to y, by the engine."""
    a, b = Value(x), Value(y)
    (a * b * upstream).backward()
    return [a.grad, b.grad]


Exercise(
    "05.1",
    "e = a·b, d = e + c, L = d·f + a at a = {a}, b = {b}, c = {c}, f = {f}. In the backward walk: d.grad, what a receives by way of e, and "
    "a.grad when the walk is over?",
    numbers={"a": whole(-4, 4, but=(-1, 0, 1)), "b": whole(-4, 4, but=(-1, 0, 1)), "c": whole(2, 9), "f": whole(-4, 4, but=(-1, 0, 1))},
    where="a != b and f != b and f != a and b*f != 1 and b*f != -1",
    program="e = a*b; d = e + c; L = d*f + a",
    blanks={
        "dd": number("d.grad"),
        "share": number("e.grad*local(e, a)", "what a receives through e"),
        "da": number("a.grad"),
    },
    hints=[
        "Let `viz.step` walk, or draw the graph: which arrows leave a?",
        "d is a factor of d·f; e is a part of a sum. What does each of them receive?",
        "Upstream times local along each edge; a has two edges.",
    ],
)

Exercise(
    "05.2",
    "One step of the walk, for a product z = x·y: write `shares(upstream, x, y)`, the list of what z sends back to x and to y.",
    blanks={"shares": function(equals(shares, real(-2, 2), real(-2, 2), real(-2, 2)))},
    hints=[
        "Each edge sends upstream × local derivative.",
        "How fast does x·y move when x moves, and y is held?",
        "With upstream 1 at x = 2, y = 3 it is 3 and 2.",
    ],
)

HEAD = """
class Value:
    def __init__(self, data, _prev=(), _op=""):
        self.data, self.grad = data, 0.0
        self._prev, self._op = set(_prev), _op
        self._backward = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            {add}

        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += {left}
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    visit(child)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v._backward()
"""
FORMS = {"add": "other.grad += out.grad", "left": "other.data * out.grad"}

Exercise(
    "05.3",
    "An engine with one wrong line. Which? (Its number.) `viz.step(root, check=True)` walks through any class.",
    shows=pick(
        HEAD.format(**(FORMS | {"add": "other.grad = out.grad"})),
        HEAD.format(**(FORMS | {"left": "other.data"})),
        HEAD.format(**(FORMS | {"left": "self.data * out.grad"})),
    ),
    blanks={"at": line()},
    hints=[
        "Build x·y + x and (x·y)·z with it, and step through them with check=True.",
        "Three suspects: a closure that wipes out, one that forgets what comes from above, one that takes the wrong factor.",
        "Each closure adds, to what is there, what comes from above times its own local derivative.",
    ],
)
