"""Neural networks in scalar code: each layer is its plain formula on lists of Values."""

from __future__ import annotations

from micrograd.nn.linear import MLP, Layer, Neuron
from micrograd.nn.module import Module

__all__ = ["MLP", "Layer", "Module", "Neuron"]
