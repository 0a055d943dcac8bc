"""An op is what it is, not what it is called: rules written in an op of one's own, whatever its name."""

import math

import pytest

from micrograd import Op, Value, ops
from micrograd.ops import symbol

LN2 = math.log(2.0)


def own(name):
    """2ˣ, under this name; never registered."""
    return Op(name, lambda x: math.pow(2.0, x), (lambda y, x: y * LN2,))


@pytest.mark.parametrize("name", ["exp", "tanh", "mine", "my op"])
def test_a_rule_written_in_an_op_that_shares_a_name_with_the_table(name):
    inner = own(name)
    outer = Op("outer", define=lambda x: inner(x) + ops.exp(x), partials=(lambda y, x: inner(x) * LN2 + ops.exp(x),))
    x = Value(0.5)
    y = outer(x)
    y.backward()
    assert outer(0.5) == y.data == pytest.approx(2.0**0.5 + math.exp(0.5), rel=1e-15)
    assert x.grad == pytest.approx(2.0**0.5 * LN2 + math.exp(0.5), rel=1e-15)
    again = Op("again", define=lambda x: inner(x) * own(name)(x), partials=(lambda y, x: 2.0 * LN2 * y,))
    assert again(1.5) == pytest.approx(8.0, rel=1e-15)
    assert ops.sigmoid(0.5) == pytest.approx(1.0 / (1.0 + math.exp(-0.5)), rel=1e-15)  # the table's own rules have the table's exp


def test_the_planted_fault_is_a_look_up_by_name(monkeypatch):
    monkeypatch.setattr(symbol, "called", lambda op: op.name)
    with pytest.raises(AssertionError):
        test_a_rule_written_in_an_op_that_shares_a_name_with_the_table("exp")
