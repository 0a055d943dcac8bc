"""What is said of leaves that hold the sum of several backward passes: in the picture, the page and the stepper, and only then."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from micrograd import Value, nn
from viz.model.graph import build
from viz.model.passes import multiple
from viz_values import Student


def loss(make=Value):
    a, b, c = make(2.0, label="a"), make(-3.0, label="b"), make(0.5, label="c")
    return (a * b + c) * a + c


def told(root):
    """How many passes a graph tells, and whether the stepper and the page say the same."""
    n = build(root, partials=True).passes
    words = f"hold {n} × what one backward() gives"
    picture, page = viz.draw(root).svg, viz.draw(root).html
    log = "\n".join(viz.step(root).log())
    assert (words in picture) == (words in page) == (words in log) == (words in str(viz.step(root).data.get("passes"))) == (n > 1)
    assert not (n == 1 and "what one backward() gives" in picture + page + log)
    return n


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7])
def test_as_many_passes_as_there_were_are_told(n):
    root = loss()
    for _ in range(n):
        root.backward()
    assert told(root) == max(1, n)
    assert "the steps below are those of one pass" not in viz.draw(root).html or n > 1


def test_after_zero_grad_there_is_one_pass_again():
    model = nn.MLP(2, [4, 1])
    root = (model([0.5, -1.0]) - 1.0) ** 2
    root.backward()
    root.backward()
    assert told(root) == 2
    model.zero_grad()
    assert told(root) == 1
    root.backward()
    assert told(root) == 1


def test_what_is_no_sum_of_passes_is_not_told():
    root = loss()
    root.backward()
    a = root.args[0].args[1]
    a.grad *= 2  # one leaf alone
    assert told(root) == 1
    for value in (*root.args[0].args[0].args[0].args, root.args[1]):
        value.grad *= 1.5  # clipped, scaled
    assert told(root) == 1
    within = loss()
    (within * 3.0).backward()
    within_another = within  # its own pass would begin with 1, and did with 3
    assert told(within_another) == 1


def test_parameters_that_moved_since_tell_nothing():
    root = loss()
    root.backward()
    root.backward()
    root.args[1].data, root.args[0].args[1].data = 0.25, 4.0
    assert build(root, partials=True).passes == 1


@pytest.mark.parametrize("n", [2, 3])
def test_a_class_whose_values_between_add_up_too_is_not_miscounted(n):
    a, b = Student(2.0, label="a"), Student(-3.0, label="b")
    inner = a * b
    root = inner * inner
    root.label = "root"

    def backward():
        root.grad = 1.0
        root._backward()
        inner._backward()

    for _ in range(n):
        backward()
    assert told(root) == 1  # the leaves hold 3 and 6 times one pass, as the original does
    single = Student(2.0) * Student(5.0)
    for _ in range(n):
        single.grad = 1.0
        single._backward()
    assert told(single) == n


@given(st.integers(2, 1000), st.lists(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-6), min_size=1, max_size=8))
def test_a_multiple_is_found_and_nothing_else(n, ones):
    assert multiple((n * x, x) for x in ones) == n
    assert multiple((x, x) for x in ones) == 1
    assert multiple([*((n * x, x) for x in ones), ((n + 1) * ones[0], ones[0])]) == 1
    assert multiple(((n + 0.5) * x, x) for x in ones) == 1
    assert multiple([*((n * x, x) for x in ones), (math.nan, 1.0)]) == 1
    assert multiple([*((n * x, x) for x in ones), (0.0, 0.0)]) == n
    assert multiple([*((n * x, x) for x in ones), (1.0, 0.0)]) == 1
