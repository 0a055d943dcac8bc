"""The symbols on which rules are run to read them, and their source: assignments and expressions, compiled to Python.

A rule is ordinary Python written in primitives only, so on a `Symbol` it writes down what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.ops import ieee

if TYPE_CHECKING:
    from micrograd.ops.op import Op


class Symbol:
    """An expression on which a rule is run to read it: a name, or an op applied to symbols and numbers.

    Its operators are those that mean the op itself on floats too (see `Op.python`): a rule that writes x / y is read nowhere.
    """

    __slots__ = ("args", "name", "op")

    def __init__(self, name: str, op: Op | None = None, args: tuple[Any, ...] = ()) -> None:
        self.name, self.op, self.args = name, op, args

    @staticmethod
    def __op__(op: Op, args: tuple[Any, ...]) -> Symbol:
        return Symbol("", op, args)

    def __repr__(self) -> str:
        return self.name or f"{self.op.name if self.op else ''}({', '.join(map(repr, self.args))})"

    if TYPE_CHECKING:  # given below the table, see `operators`

        def __neg__(self) -> Any: ...
        def __add__(self, other: Any) -> Any: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__

    def __bool__(self) -> bool:
        raise TypeError("a rule may not branch on its arguments; write where(condition, a, b) instead")

    __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: self.__bool__()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self.__bool__()


def operators(cls: Any, rows: Iterable[Op]) -> None:
    """The operators of a class that has `__op__`, as these rows say them; those that the class has itself stay.

    A row's `operator` is what Python calls it: `add` is `__add__`, and `__radd__` where the other side is a number.
    """
    for op in rows:
        if op.operator and not op.constants:
            _method(cls, f"__{op.operator}__", lambda self, *others, op=op: op(self, *others))
            if op.arity == 2:
                _method(cls, f"__r{op.operator}__", lambda self, other, op=op: op(other, self))


def _method(cls: Any, name: str, method: Any) -> None:
    if name not in vars(cls):
        method.__name__ = method.__qualname__ = name
        setattr(cls, name, method)


def names(expressions: Iterable[Any]) -> set[str]:
    """The names that these expressions are written in."""
    seen, known, found = list(expressions), set[int](), set[str]()
    for s in seen:  # grows while it is walked
        if isinstance(s, Symbol) and id(s) not in known:
            known.add(id(s))
            seen.extend(s.args)
            if s.op is None:
                found.add(s.name)
    return found


def source(results: Sequence[Any], templates: Mapping[str, str] | None = None, prefix: str = "t") -> tuple[list[str], list[str]]:
    """Symbols as source: the assignments of shared sub-expressions, then one expression per result.

    An op is printed by its template (None: as plain Python writes it, `Op.python`), else as a call of its name with its params.
    """
    writer = _Writer(templates, prefix)
    for r in results:
        writer.count(r)
    return writer.lines, [writer.text(r) for r in results]


class _Writer:
    """What `source` knows while it writes; functions that call each other would be a cycle for the collector."""

    def __init__(self, templates: Mapping[str, str] | None, prefix: str) -> None:
        self.templates, self.prefix = templates, prefix
        self.uses: dict[int, int] = {}
        self.done: dict[int, str] = {}
        self.lines: list[str] = []

    def template(self, op: Op) -> str:
        return op.python if self.templates is None else self.templates.get(op.name, "")

    def name(self, op: Op) -> str:
        return op.name if self.templates is not None else called(op)

    def count(self, s: Any) -> None:
        if isinstance(s, Symbol) and s.op is not None:
            self.uses[id(s)] = self.uses.get(id(s), 0) + 1
            if self.uses[id(s)] == 1:
                for a in s.args:
                    self.count(a)

    def text(self, s: Any) -> str:
        if not isinstance(s, Symbol):
            number = repr(float(s)) if s == s and abs(s) != ieee.inf else _constant(float(s))
            return number if self.templates is None and number[0] != "-" else f"({number})"
        if s.op is None:
            return s.name
        if id(s) not in self.done:
            args = [self.text(a) for a in s.args]
            template = self.template(s.op)
            written = [*args, *(self.text(p) for p in s.op.params)]
            call = template.format(*written) if template else f"{self.name(s.op)}({', '.join(written)})"
            if self.uses[id(s)] > 1:
                self.lines.append(f"{self.prefix}{len(self.lines)} = {call}")
                call = f"{self.prefix}{len(self.lines) - 1}"
            self.done[id(s)] = call
        return self.done[id(s)]


def _constant(x: float) -> str:
    return "nan" if x != x else "inf" if x > 0 else "-inf"


_others: dict[str, Callable[..., float]] = {}  # forward functions of ops that are not in the table under their names
_names: dict[int, str] = {}  # id of such a function → what it is called


def called(op: Op) -> str:
    """What plain Python calls an op: its name, unless the table has another of that name, or none."""
    from micrograd.ops.table import TABLE

    row = TABLE.get(op.name)
    if row is not None and row.forward is op.forward:
        return op.name
    if id(op.forward) not in _names:
        name = f"{''.join(c if c.isalnum() else '_' for c in op.name)}_{len(_names) + 1}"
        _names[id(op.forward)], _others[name] = name, op.forward
    return _names[id(op.forward)]


def compile_function(name: str, arguments: Sequence[str], body: Sequence[str]) -> Any:
    """A Python function from source lines, over the forward functions of the table.

    exec sees only lines made by `source` from the rows' own rules.
    """
    from micrograd.ops.table import TABLE

    code = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {line}\n" for line in body)
    namespace: dict[str, Any] = {op.name: op.forward for op in TABLE.values()}
    namespace.update(_others, inf=ieee.inf, nan=ieee.nan, abs=abs, float=float)
    exec(compile(code, f"<rules of micrograd.ops.table: {name}>", "exec"), namespace)
    return namespace.pop(name)  # (kept there, it would be a cycle)
