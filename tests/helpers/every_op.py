"""The rows of the table with their constants bound, numbers at every edge, and any 64 bits."""

from __future__ import annotations

import math
import struct

from hypothesis import strategies as st

from micrograd import ops

UNARY = [op.bind(*op.defaults) if op.constants else op for op in ops.TABLE.values() if op.arity == 1]


BINARY = [op for op in ops.TABLE.values() if op.arity == 2]


POWERS = [ops.power.bind(p) for p in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 2.5)]


EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 1e-300, -1e-300, 5e-324, 1e200, -1e200, 19.5, -40.0, 710.0, -710.0]


EDGES += [-745.2, math.inf, -math.inf, math.nan]


def close(a: float, b: float, ulps: float = 16.0) -> bool:
    """Equal to so many units in the last place; nan only with nan, inf with the same inf."""
    if a != a or b != b or math.isinf(a) or math.isinf(b):
        return (a != a and b != b) or a == b
    return abs(a - b) <= ulps * max(math.ulp(a), math.ulp(b))


raw = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
