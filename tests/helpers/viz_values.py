"""Value classes as students write them, and random graphs of them, for the tests of pictures."""

from __future__ import annotations

import base64
import math
import re

from hypothesis import strategies as st


class Student:
    """As in the lecture: a set of children, closures, a label."""

    def __init__(self, data, _children=(), _op="", label=""):
        self.data = data
        self.grad = 0.0
        self._prev = set(_children)
        self._op = _op
        self._backward = lambda: None
        self.label = label

    def __add__(self, other):
        other = other if isinstance(other, Student) else Student(other)
        out = Student(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __sub__(self, other):
        out = Student(self.data - other.data, (self, other), "-")

        def _backward():
            self.grad += out.grad
            other.grad -= out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Student) else Student(other)
        out = Student(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        t = math.tanh(self.data)
        out = Student(t, (self,), "tanh")

        def _backward():
            self.grad += (1 - t * t) * out.grad

        out._backward = _backward
        return out


def make_class(*, slots=False, prop=False, mul=None, add=None, children=set):
    """A class in the original's manner, with a product or sum rule of one's own."""

    class Own:
        if slots:
            __slots__ = ("__weakref__", "_backward", "_op", "_prev", "data", "grad", "label")

        def __init__(self, data, _children=(), _op="", label=""):
            self.data, self.grad, self._prev, self._op, self.label = data, 0.0, children(_children), _op, label
            self._backward = lambda: None

        def __add__(self, other):
            out = Own(self.data + other.data, (self, other), "+")

            def _backward():
                if add:
                    add(self, other, out)
                else:
                    self.grad += out.grad
                    other.grad += out.grad

            out._backward = _backward
            return out

        def __mul__(self, other):
            out = Own(self.data * other.data, (self, other), "*")

            def _backward():
                if mul:
                    mul(self, other, out)
                else:
                    self.grad += other.data * out.grad
                    other.grad += self.data * out.grad

            out._backward = _backward
            return out

        def tanh(self):
            t = math.tanh(self.data)
            out = Own(t, (self,), "tanh")

            def _backward():
                self.grad += (1 - t * t) * out.grad

            out._backward = _backward
            return out

    if prop:
        hidden = Own.__init__

        class Own(Own):
            __init__ = hidden

            @property
            def grad(self):
                return self.__dict__.get("g", 0.0)

            @grad.setter
            def grad(self, g):
                self.__dict__["g"] = g

    return Own


class Bare:
    """No more than `data`, `grad`, `_prev` (a tuple), `_op` and `_backward`; no label, slots."""

    __slots__ = ("_backward", "_op", "_prev", "data", "grad")

    def __init__(self, data, prev=(), op="", grad=0.0):
        self.data, self._prev, self._op, self.grad = data, prev, op, grad
        self._backward = lambda: None


class Stored:
    """As in the 200-line GPT: children and local gradients, no op, no closure."""

    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad = data, 0
        self._children, self._local_grads = children, local_grads


class Scope:
    def __init__(self, name, parent=None, module=None):
        self.name, self.parent, self.module = name, parent, module


class Scoped(Bare):
    __slots__ = ("label", "scope")

    def __init__(self, data, prev=(), op="", grad=0.0, scope=None, label=""):
        super().__init__(data, prev, op, grad)
        self.scope, self.label = scope, label


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def graphs(draw, largest=40, scopes=True):
    """A root over a random graph with shared parts, doubled operands, wide sums and nested scopes."""
    module = object()
    places = [None]
    if scopes:
        for i in range(draw(st.integers(0, 6))):
            parent = draw(st.sampled_from(places))
            shared = draw(st.sampled_from([None, module]))
            places.append(Scope(f"s{i % 3}", parent, shared))
    nodes = [Scoped(draw(NUMBERS), grad=draw(NUMBERS)) for _ in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(0, largest))):
        op = draw(st.sampled_from(["+", "*", "-", "tanh", "sum", ""]))
        count = {"tanh": 1, "sum": draw(st.integers(1, 5)), "": 0}.get(op, 2)
        args = tuple(draw(st.sampled_from(nodes)) for _ in range(count))
        scope = draw(st.sampled_from(places))
        nodes.append(Scoped(draw(NUMBERS), args, op, draw(NUMBERS), scope))
    return nodes[-1]


def image_in(html):
    """The one image of a notebook's output, as SVG text."""
    (data,) = re.findall(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]*)"', html)
    return base64.b64decode(data).decode()
