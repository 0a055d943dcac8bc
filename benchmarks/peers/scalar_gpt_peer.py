"""The scalar GPT's own engine: pure Python, local gradients in place of closures."""

from __future__ import annotations

from benchmarks.peers.ours import Eager


class ScalarGPT(Eager):
    engine = "scalar GPT"
