"""NumPy where it is there; else the kinds of its things, of which nothing is: for code that asks whether a thing is an array."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


class _Nothing:
    """What nothing is an instance of."""


np: Any
try:
    import numpy as np
except ImportError:
    np = SimpleNamespace(ndarray=_Nothing, generic=_Nothing, bool_=_Nothing)

__all__ = ["np"]
