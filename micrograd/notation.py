"""How the engine's own steps are written: `viz.notation` is asked when a step is printed, not when it is made.

Without our viz (it is another package: somebody may have left it out, or have one of their own) a step prints in plain call form.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any


def teller() -> Any:
    """The functions that write a step: `viz.notation.lines`, with `number`, or the plain ones below."""
    try:
        return importlib.import_module("viz.notation.lines")
    except ImportError:
        return PLAIN


def tex_printer() -> Any:
    """What writes names and numbers as TeX (`name`, `bar`, `number`); ImportError where our viz is not."""
    try:
        return importlib.import_module("viz.notation.tex")
    except ImportError as missing:
        raise ImportError("LaTeX of a step is written by the package viz, which comes with micrograd-lab and is not here") from missing


def show(x: float) -> str:
    """A number to six significant digits."""
    try:
        found: str = importlib.import_module("viz.notation.numbers").plain(x)
    except ImportError:
        return f"{x:.6g}"
    return found


def _names(values: Sequence[Any]) -> list[str]:
    return [str(v.label) or f"v{i}" for i, v in enumerate(values, 1)]


def _operation(value: Any, operands: Sequence[str], as_tex: bool = False) -> str:
    return f"{value.op.name}({', '.join(operands)})"


def _in_numbers(value: Any, as_tex: bool = False) -> str:
    return _operation(value, [show(a.data) for a in value.args])


PLAIN = SimpleNamespace(names=_names, word=str, operation=_operation, in_numbers=_in_numbers, derivative=lambda *_: "")
