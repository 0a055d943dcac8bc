"""Tables that scikit-learn ships (no download), as plain lists."""

from __future__ import annotations

import importlib
from typing import Any

Data = tuple[list[Any], list[Any]]


def _table(name: str) -> Any:
    try:
        return getattr(importlib.import_module("sklearn.datasets"), name)()
    except ImportError:
        raise ImportError("this data comes with scikit-learn: pip install scikit-learn") from None


def digits(images: bool = False) -> Data:
    """1,797 handwritten digits of 8 × 8 grey numbers in [0, 1], and which digit each is.

    images: each as `x[channel][row][column]` (one channel), for convolutions; else 64 numbers in a row. Alpaydin & Kaynak
    1998.
    """
    table = _table("load_digits")
    rows = (table.images / 16.0).tolist()
    xs = [[image] for image in rows] if images else [[v for row in image for v in row] for image in rows]
    return xs, [int(y) for y in table.target]


def iris() -> Data:
    """150 flowers: four lengths in cm, and the species 0, 1 or 2. Fisher 1936."""
    table = _table("load_iris")
    return table.data.tolist(), [int(y) for y in table.target]


def breast_cancer() -> Data:
    """569 tumours: 30 measurements of cell nuclei, and 1 if benign, 0 if malignant. Wolberg, Street & Mangasarian 1995."""
    table = _table("load_breast_cancer")
    return table.data.tolist(), [int(y) for y in table.target]


def diabetes() -> Data:
    """442 patients: ten measurements (centred and scaled), and how far the disease went in a year. Efron et al. 2004."""
    table = _table("load_diabetes")
    return table.data.tolist(), [float(y) for y in table.target]
