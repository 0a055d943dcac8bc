"""Optimizers, schedules, clipping, averaging and early stopping. State belongs to the optimizer, never to a Value.

>>> from micrograd import Value
>>> x = Value(5.0)
>>> optimizer = SGD([x], lr=0.1, momentum=0.5)
>>> for _ in range(50):
...     loss = (x - 3) ** 2
...     optimizer.zero_grad(); loss.backward(); optimizer.step()
>>> round(x.data, 6)
3.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.optim.averaging import Average, EarlyStopping
from micrograd.optim.clipping import clip_norm, clip_value, norm_of
from micrograd.optim.optimizer import Group, Kernel, Optimizer
from micrograd.optim.optimizers import GD, SGD, Adagrad, Adam, AdamW, RMSProp
from micrograd.optim.schedules import Cosine, Exponential, Linear, OneCycle, Plateau, StepDecay, WarmUp

__all__ = [
    "GD", "SGD", "Adagrad", "Adam", "AdamW", "Average", "Cosine", "EarlyStopping", "Exponential", "Group", "Kernel", "Linear",
    "OneCycle", "Optimizer", "Plateau", "RMSProp", "StepDecay", "WarmUp", "clip_norm", "clip_value", "norm_of",
]  # fmt: skip


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())
