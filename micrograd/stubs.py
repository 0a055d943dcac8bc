"""What a type checker and an editor know of the table: `python -m micrograd.stubs` writes `micrograd/methods.pyi`.

`install` makes each row a method of Value at run time, `micrograd.__getattr__` a function; a checker sees neither. The stub has
each row twice: as a method with its docstring in `Methods`, which is a base of `Value` for checkers alone, and as a function,
which gives a float for floats and a Value where one is among its arguments.
"""

from __future__ import annotations

from math import isinf
from pathlib import Path

from micrograd.ops import TABLE, Op

HEAD = '''"""The table's ops as methods and functions, for type checkers. Made by `python -m micrograd.stubs`, not edited by hand."""

from math import inf
from typing import Any, SupportsFloat, overload

from micrograd.engine import Value
from micrograd.ops.op import Op
'''
NUMBER = "SupportsFloat"  # a Value too: it has __float__, which refuses with advice
NAMES = ("a", "b", "c")


def stub() -> str:
    """The stub's text."""
    methods = [text for op in TABLE.values() for text in _methods(op)]
    kinds = {_kind(op): op for op in TABLE.values()}
    functions = [line for kind, op in sorted(kinds.items()) for line in _function(kind, op)]
    rows = [f"{op.name}: {_kind(op)}" for op in TABLE.values()]
    return "\n".join([HEAD, "class Methods:", *methods, "", *functions, "", *rows, "", f"__all__ = {sorted(TABLE)!r}"]) + "\n"


def _methods(op: Op) -> list[str]:
    lines = []
    for name in filter(None, (op.name, op.numpy)):
        lines += [f"    def {name}({_taken(op, 'self', NUMBER)}) -> Value:", f'        """{op.doc}"""']
    if op.operator and not op.constants:
        other = ", other: Any" if op.arity == 2 else ""
        lines += [f"    def __{way}{op.operator}__(self{other}) -> Value: ..." for way in ("", "r")[: op.arity]]
    return lines


def _kind(op: Op) -> str:
    """The class of all ops that are called alike: rows are objects (`micrograd.exp.domain`) that are called."""
    return "_".join(["Op", "any" if op.arity is None else str(op.arity), *op.constants]).title().replace("_", "")


def _function(kind: str, op: Op) -> list[str]:
    first = NAMES[0] if op.arity else ""
    lines = [f"class {kind}(Op):"]
    for taken, given, overlap in (("float", "float", op.arity != 1), ("Value" if op.arity == 1 else NUMBER, "Value", False)):
        said = "  # type: ignore[overload-overlap]" if overlap else ""
        args = _taken(op, first and f"{first}: {taken}", taken)
        lines += ["    @overload", f"    def __call__(self, {args}) -> {given}: ...{said}"]
    return lines


def _taken(op: Op, first: str, kind: str) -> str:
    """The arguments, by place as at run time."""
    if not op.arity:
        return ", ".join(filter(None, (first, f"*args: {kind}")))
    constants = [f"{name}: {NUMBER} = {f'{x:f}' if isinf(x) else repr(x)}" for name, x in zip(op.constants, op.defaults, strict=True)]
    others = [f"{name}: {kind}" for name in NAMES[1 : op.arity]]
    return ", ".join([first, *others, *constants, "/"])


if __name__ == "__main__":
    place = Path(__file__).with_name("methods.pyi")
    place.write_text(stub(), encoding="utf-8")
    print(f"{place}: {len(TABLE)} rows")
