"""The symbols on which rules are run to read them, and their source: assignments and expressions, compiled to Python.

A rule is ordinary Python written in primitives only, so on a `Symbol` it writes down what it does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.ops import ieee

if TYPE_CHECKING:
    from micrograd.ops.op import Op


class Symbol:
    """An expression on which a rule is run to read it: a name, or an op applied to symbols and numbers."""

    __slots__ = ("args", "name", "op")

    def __init__(self, name: str, op: Op | None = None, args: tuple[Any, ...] = ()) -> None:
        self.name, self.op, self.args = name, op, args

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Symbol:
        return Symbol("", op, args)

    def __repr__(self) -> str:
        return self.name or f"{self.op.name if self.op else ''}({', '.join(map(repr, self.args))})"

    def __add__(self, other: Any) -> Any:
        return _table()["add"](self, other)

    def __radd__(self, other: Any) -> Any:
        return _table()["add"](other, self)

    def __sub__(self, other: Any) -> Any:
        return _table()["sub"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return _table()["sub"](other, self)

    def __mul__(self, other: Any) -> Any:
        return _table()["mul"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return _table()["mul"](other, self)

    def __neg__(self) -> Any:
        return _table()["neg"](self)

    def __bool__(self) -> bool:
        raise TypeError("a rule may not branch on its arguments; write where(condition, a, b) instead")

    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: self.__bool__()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self.__bool__()


def _table() -> Mapping[str, Op]:
    from micrograd.ops.table import TABLE

    return TABLE


PYTHON = {
    "add": "({0} + {1})",
    "sub": "({0} - {1})",
    "mul": "({0} * {1})",
    "neg": "(-{0})",
    "abs": "abs({0})",
    "less": "({0} < {1})",
    "equal": "({0} == {1})",
    "where": "({1} if {0} else {2})",
}


def source(
    results: Sequence[Any], templates: Mapping[str, str] = PYTHON, prefix: str = "t", expand_defined: bool = False
) -> tuple[list[str], list[str]]:
    """Symbols as source: the assignments of shared sub-expressions, then one expression per result.

    An op is printed by its template, else as a call of its name with its params; with expand_defined an op that has
    no template but a define rule is replaced by that rule.
    """
    writer = _Writer(templates, prefix, expand_defined)
    for r in results:
        writer.count(r)
    return writer.lines, [writer.text(r) for r in results]


class _Writer:
    """What `source` knows while it writes; functions that call each other would be a cycle for the collector."""

    def __init__(self, templates: Mapping[str, str], prefix: str, expand_defined: bool) -> None:
        self.templates, self.prefix, self.expand_defined = templates, prefix, expand_defined
        self.uses: dict[int, int] = {}
        self.done: dict[int, str] = {}
        self.lines: list[str] = []

    def expand(self, s: Symbol) -> Symbol:
        while self.expand_defined and s.op is not None and s.op.define is not None and s.op.name not in self.templates:
            expanded = s.op.define(*s.args, *s.op.params)
            if not isinstance(expanded, Symbol):
                return s
            s.op, s.args, s.name = expanded.op, expanded.args, expanded.name
        return s

    def count(self, s: Any) -> None:
        if isinstance(s, Symbol) and s.op is not None:
            self.uses[id(s)] = self.uses.get(id(s), 0) + 1
            if self.uses[id(s)] == 1:
                for a in self.expand(s).args:
                    self.count(a)

    def text(self, s: Any) -> str:
        if not isinstance(s, Symbol):
            return f"({float(s)!r})" if s == s and abs(s) != ieee.inf else f"({_constant(float(s))})"
        if s.op is None:
            return s.name
        if id(s) not in self.done:
            args = [self.text(a) for a in s.args]
            template = self.templates.get(s.op.name)
            written = [*args, *(self.text(p) for p in s.op.params)]
            call = template.format(*written) if template else f"{s.op.name}({', '.join(written)})"
            if self.uses[id(s)] > 1:
                self.lines.append(f"{self.prefix}{len(self.lines)} = {call}")
                call = f"{self.prefix}{len(self.lines) - 1}"
            self.done[id(s)] = call
        return self.done[id(s)]


def _constant(x: float) -> str:
    return "nan" if x != x else "inf" if x > 0 else "-inf"


def compile_function(name: str, arguments: Sequence[str], body: Sequence[str]) -> Any:
    """A Python function from source lines, over the forward functions of the table.

    exec sees only lines made by `source` from the rows' own rules.
    """
    code = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {line}\n" for line in body)
    namespace: dict[str, Any] = {op.name: op.forward for op in _table().values()}
    namespace.update(inf=ieee.inf, nan=ieee.nan, abs=abs, float=float)
    exec(compile(code, f"<rules of micrograd.ops.table: {name}>", "exec"), namespace)
    return namespace.pop(name)  # (kept there, it would be a cycle)
