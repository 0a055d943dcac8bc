"""The one place where the compiler asks for NumPy, and says what to install when it is not there."""

from __future__ import annotations

try:
    import numpy as np
except ImportError as missing:
    raise ImportError("micrograd.compile needs NumPy (and runs fastest with Numba): pip install 'micrograd-lab[native]'") from missing

__all__ = ["np"]
