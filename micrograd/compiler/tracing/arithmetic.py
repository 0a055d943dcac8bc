"""The arithmetic of a traced number: what a Value does, kept a number; and a refusal where a float does what no Value does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import ops
from micrograd.engine import Value

OPERATORS = ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "divmod")
OTHERS = ("detach", "__neg__", "__abs__", "__pos__", "__floor__", "__ceil__", "__trunc__")


def methods(plain: type, kept: Callable[[Any, tuple[Any, ...]], Any]) -> dict[str, Any]:
    """Those of `plain` with what they give handed to kept(result, operands), and for operators that it lacks a refusal."""
    named = [f"__{r}{name}__" for name in OPERATORS for r in ("", "r")]
    found = {name: _stays(name, getattr(plain, name), kept) for name in (*named, *ops.TABLE, *OTHERS) if hasattr(Value, name)}
    for name in OPERATORS:
        if f"__{name}__" not in found:
            found |= {f"__{name}__": _missing(name), f"__r{name}__": _missing(name)}
    return found


def _stays(name: str, plain: Any, kept: Callable[[Any, tuple[Any, ...]], Any]) -> Any:
    def method(self: Any, *others: Any) -> Any:
        return kept(plain(self, *others), (self, *others))

    method.__name__ = name
    return method


def _missing(name: str) -> Any:
    def method(self: Any, other: Any) -> Any:
        return self._refuse(f"the operator {name}")

    return method
