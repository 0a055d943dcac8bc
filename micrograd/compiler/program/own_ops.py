"""Ops that only programs have: what a trace makes of things that are no arithmetic."""

from __future__ import annotations

from functools import lru_cache

from micrograd import ops
from micrograd.ops.op import Op

detach = Op("detach", lambda x: x, (lambda y, x: 0.0,), formula=("0",), array="{0}", doc="x, as a constant.")
pick = Op(
    "pick",
    define=lambda index, place, x: ops.where(ops.equal(index, place), x, -0.0),
    partials=(
        lambda y, index, place, x: 0.0,
        lambda y, index, place, x: 0.0,
        lambda y, index, place, x: ops.equal(index, place),
    ),
    formula=("0", "0", "index == place"),
    doc="x where index = place, else -0.0, which changes no sum.",
)
choose = Op(
    "choose", lambda index, *xs: xs[int(index)], lambda y, index, *xs: [0.0, *(float(i == index) for i in range(len(xs)))],
    formula=("index == i",), array="choose", doc="x_index of (index, x₀, x₁, …).",
)  # fmt: skip
same = Op("same", lambda x: x, (lambda y, x: 1.0,), formula=("1",), array="{0}", doc="x.")
lift = Op(
    "lift", define=lambda x, sample: x, partials=(lambda y, x, sample: 1.0, lambda y, x, sample: 0.0), formula=("1", "0"),
    doc="x, once for every sample of a batch.",
)  # fmt: skip
by_hand = Op(
    "by_hand", define=lambda x, arg, partial: x,
    partials=(lambda y, x, arg, partial: 1.0, lambda y, x, arg, partial: partial, lambda y, x, arg, partial: 0.0),
    formula=("1", "partial", "0"), doc="x, with a partial derivative by arg that the user gave.",
)  # fmt: skip


@lru_cache(maxsize=256)
def named(op: Op, symbol: str) -> Op:
    """This op under the name that the user gave it."""
    return op.named(symbol)


def row_of(op: Op) -> Op:
    """What an op is a form of: itself without the constants that it is bound to, and without the name that a user gave it."""
    row: Op = op.__dict__.get("row", op)
    return row


def is_alias(op: Op) -> bool:
    """Whether it is `same`, under whatever name: another name for its argument."""
    return row_of(op) is same
