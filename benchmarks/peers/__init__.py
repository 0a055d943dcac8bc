"""The same workloads by other means. A peer is made from a workload and has

gradients()   loss and gradients, flat and in the workload's parameter order: compared with ours before anything is timed
train(steps)  that many training steps from the workload's own parameters; the loss before the last update

A peer that cannot do a workload raises NotImplementedError; one that is not installed, ImportError.
"""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.workloads import Workload

# name → (module, class, what to call it in tables)
PEERS = {
    "c": ("benchmarks.native", "Native", "hand-written C"),
    "numpy": ("benchmarks.peers.by_hand", "ByHand", "NumPy by hand"),
    "torch": ("benchmarks.peers.torch_peer", "Eager", "PyTorch eager"),
    "torch.compile": ("benchmarks.peers.torch_peer", "Compiled", "torch.compile"),
    "jax": ("benchmarks.peers.jax_peer", "Jit", "JAX jit"),
    "jax.scan": ("benchmarks.peers.jax_peer", "Scan", "JAX, the loop jitted"),
    "autograd": ("benchmarks.peers.autograd_peer", "Autograd", "HIPS autograd"),
}


def peer(name: str, work: Workload) -> Any:
    """A workload as that peer does it."""
    module, cls, _ = PEERS[name]
    return getattr(importlib.import_module(module), cls)(work)
