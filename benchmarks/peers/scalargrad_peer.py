"""scalargrad: pure Python, the original's interface on a `Scalar`."""

from __future__ import annotations

import scalargrad  # noqa: F401  the peer is missing where its package is

from benchmarks.peers.ours import Eager


class Scalargrad(Eager):
    engine = "scalargrad"
