"""The same workloads by other means.

A peer is made from a workload and has

gradients()   loss and gradients, flat and in the workload's parameter order: compared before anything is timed
train(steps)  that many training steps from the workload's own parameters; the loss before the last update
call()        (some) one evaluation of loss and gradients from Python

A peer that cannot do a workload raises NotImplementedError; one that is not installed, ImportError.
"""

from __future__ import annotations

import importlib
from typing import Any

# name → module, class, what tables call it
PEERS = {
    "original": ("benchmarks.peers.ours", "Original", "micrograd 0.1.0"),
    "scalar_gpt": ("benchmarks.peers.scalar_gpt_peer", "ScalarGPT", "the scalar GPT's own engine"),
    "propgrad": ("benchmarks.peers.propgrad_peer", "Propgrad", "propgrad"),
    "scalargrad": ("benchmarks.peers.scalargrad_peer", "Scalargrad", "scalargrad"),
    "xad": ("benchmarks.peers.xad_peer", "XAD", "XAD, C++ tape"),
    "eager": ("benchmarks.peers.ours", "Eager", "**ours, eager**"),
    "ours.numpy": ("benchmarks.peers.ours", "NumPy", "**ours, compiled, NumPy**"),
    "ours.interpreter": ("benchmarks.peers.ours", "Interpreter", "**ours, compiled, the interpreter**"),
    "ours.native": ("benchmarks.peers.ours", "Native", "**ours, compiled, code of its own**"),
    "ours.numba": ("benchmarks.peers.ours", "Numba", "**ours, compiled, code of its own by Numba**"),
    "ours.auto": ("benchmarks.peers.ours", "Compiled", "**ours, compiled, as it comes**"),
    "ours.batch": ("benchmarks.peers.ours", "Batch", "**ours, compiled, batch=True**"),
    "c": ("benchmarks.native", "Native", "hand-written C"),
    "numpy": ("benchmarks.peers.by_hand", "ByHand", "NumPy by hand"),
    "torch": ("benchmarks.peers.torch_peer", "Eager", "PyTorch eager"),
    "torch.compile": ("benchmarks.peers.torch_peer", "Compiled", "torch.compile, whole step"),
    "jax": ("benchmarks.peers.jax_peer", "Jit", "JAX jit"),
    "jax.loop": ("benchmarks.peers.jax_peer", "Loop", "JAX, the loop jitted too"),
    "tinygrad": ("benchmarks.peers.tinygrad_peer", "Jit", "tinygrad, TinyJit"),
    "casadi": ("benchmarks.peers.casadi_peer", "Interpreted", "CasADi SX, its interpreter"),
    "casadi.c": ("benchmarks.peers.casadi_peer", "Compiled", "CasADi SX, its C by gcc"),
    "ddx": ("benchmarks.peers.ddx_peer", "Interpreted", "ddx-ad, its interpreter"),
    "ddx.llvm": ("benchmarks.peers.ddx_peer", "Compiled", "ddx-ad, by LLVM"),
    "autograd": ("benchmarks.peers.autograd_peer", "Autograd", "HIPS autograd"),
}


def load(name: str) -> Any:
    """The class of a peer; ImportError where it is not installed."""
    module, cls, _ = PEERS[name]
    return getattr(importlib.import_module(module), cls)
