"""What `check=True` found, on the page: how many problems, which, and the way to their values."""

import pytest

import viz
from micrograd import Value

pytestmark = pytest.mark.browser


def hand_made(right):
    """A product of ours whose closure overwrites a gradient, unless it is right."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    out = Value(a.data * b.data, (a, b), "*", label="p")

    def _backward():
        a.grad = b.data * out.grad + (a.grad if right else 0.0)
        b.grad += a.data * out.grad

    out._backward = _backward
    root = out + 1.0
    root.label = "L"
    return root


def test_problems_are_counted_and_lead_to_their_values(page, show):
    show(viz.step(hand_made(False), check=True))
    assert page.inner_text(".mg-found summary") == "⚠ check: 1 problem in 2 operations"
    assert "overwrites the gradient of a" in page.inner_text(".mg-found li")
    page.click(".mg-found li button")
    assert page.text_content(".mg-live-region").startswith("p, ×")


def test_a_page_without_problems_says_so_and_one_without_a_check_nothing(page, show):
    show(viz.step(hand_made(True), check=True))
    assert page.inner_text(".mg-found") == "✓ check: no problem in 2 operations"
    show(viz.step(hand_made(True)), "unchecked.html")
    assert page.query_selector(".mg-found") is None
