"""How the engine's own steps are written: `viz.notation` is asked when a step is printed, not when it is made.

Without our viz (it is another package: somebody may have left it out, or have one of their own) a step prints in plain call form.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from types import FrameType, SimpleNamespace
from typing import Any

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = tuple(os.path.join(_ROOT, name, "") for name in ("micrograd", "viz"))


def teller() -> Any:
    """The functions that write a step: `viz.notation.lines`, with `number`, or the plain ones below."""
    return _ours("viz.notation.lines") or PLAIN


def tex_printer() -> Any:
    """What writes names and numbers as TeX (`name`, `bar`, `number`); ImportError where our viz is not."""
    try:
        return importlib.import_module("viz.notation.tex")
    except ImportError as missing:
        raise ImportError("LaTeX of a step is written by the package viz, which comes with micrograd-lab and is not here") from missing


def variables(frame: FrameType) -> Any:
    """What the caller's variables are called, as `teller().names` takes it: read now, so that no frame is kept until a step is printed.

    None in code of our own, whose variables say nothing to anybody, and without our viz.
    """
    if frame.f_code.co_filename.startswith(OURS):
        return None
    names = _ours("viz.notation.names")
    return names and names.Names(names.from_caller(frame)).read()


def show(x: float) -> str:
    """A number to six significant digits."""
    return shower()(x)


def certain(x: float, digits: int, error: float) -> str:
    """A number whose first `digits` digits are certain, and a bound of its error: `138.834 ± 3e-14`."""
    numbers = _ours("viz.notation.numbers")
    return str(numbers.within(x, digits, error)) if numbers else f"{x:.{min(6, max(1, digits))}g} ± {error:.1e}"


def shower() -> Callable[[float], str]:
    """What `show` calls, for who has many."""
    numbers = _ours("viz.notation.numbers")
    return numbers.plain if numbers else "{:.6g}".format


def _ours(name: str) -> Any:
    """A module of our viz, None without it."""
    found = sys.modules.get(name)
    if found is None:
        with suppress(ImportError):
            found = importlib.import_module(name)
    return found


def _names(values: Sequence[Any], called: Any = None) -> list[str]:
    numbers = count(1)
    return [show(v.data) if v.is_literal else str(v.label) or f"v{next(numbers)}" for v in values]


def _operation(value: Any, operands: Sequence[str], as_tex: bool = False) -> str:
    return f"{value.op.name}({', '.join([*operands, *map(show, value.op.params)])})"


def _in_numbers(value: Any, as_tex: bool = False) -> str:
    return _operation(value, [show(a.data) for a in value.args])


PLAIN = SimpleNamespace(
    names=_names,
    word=str,
    operation=_operation,
    in_numbers=_in_numbers,
    stands=lambda values, names: [("w", name, "" if v.is_literal and not v.label else name) for v, name in zip(values, names, strict=True)],
    forward=lambda value, operands: (_operation(value, [name for _, name, _ in operands]), _in_numbers(value)),
    derivatives=lambda _, edges, *names: [""] * len(edges),
)
