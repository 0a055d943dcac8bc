"""propgrad: pure Python, the original's interface."""

from __future__ import annotations

import propgrad  # noqa: F401  the peer is missing where its package is

from benchmarks.peers.ours import Eager


class Propgrad(Eager):
    engine = "propgrad"
