"""The student's text: which statement stands at a line, what a name in it was made of, where something is missing."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from types import CodeType
from typing import Any, NamedTuple


class Spot(NamedTuple):
    """A piece of the text: file, first and last line."""

    file: str
    line: int
    end: int

    @property
    def text(self) -> str:
        """The first line as it stands there, without its indentation."""
        return linecache.getline(self.file, self.line).strip()


class Source:
    """One file of the student's, parsed; empty where its text cannot be had (a class made by exec)."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.text = "".join(linecache.getlines(file))

    @cached_property
    def tree(self) -> ast.Module:
        try:
            return ast.parse(self.text)
        except SyntaxError:
            return ast.Module([], [])

    @cached_property
    def functions(self) -> list[Any]:
        return [node for node in ast.walk(self.tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]

    @cached_property
    def _by_head(self) -> dict[tuple[int, str], Any]:
        heads = [((_first(node), str(getattr(node, "name", "<lambda>"))), node) for node in self.functions]
        return dict(reversed(heads))

    def function(self, code: CodeType) -> Any:
        """The definition of a code object, None where there is none."""
        return self._by_head.get((code.co_firstlineno, code.co_name))

    @cached_property
    def _by_line(self) -> dict[int, ast.stmt]:
        found: dict[int, ast.stmt] = {}
        for node in ast.walk(self.tree):  # outer ones first
            if isinstance(node, ast.stmt):
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node))
        return found

    def statement(self, line: int) -> ast.stmt | None:
        """The innermost statement that covers a line."""
        return self._by_line.get(line)

    def spot(self, node: Any) -> Spot:
        """Where a node stands; of one with a body, its head."""
        body = getattr(node, "body", None)
        end = node.end_lineno or node.lineno
        if isinstance(body, list) and body:
            end = max(node.lineno, body[0].lineno - 1)
        return Spot(self.file, node.lineno, end)


@lru_cache(maxsize=64)
def _read(file: str, text: str) -> Source:
    return Source(file)


def source(file: str) -> Source:
    """The parsed file, read again where its text has changed."""
    return _read(file, "".join(linecache.getlines(file)))


def _first(node: Any) -> int:
    decorators = getattr(node, "decorator_list", [])
    return int(min([node.lineno, *(d.lineno for d in decorators)]))


def assigned(function: Any, name: str, before: int = 10**9) -> ast.stmt | None:
    """The last statement of a function, before a line, that gives a name its value; None for a parameter."""
    found = None
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.lineno <= before:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            if name in names and (found is None or node.lineno >= found.lineno):
                found = node
    return found


def origin(function: Any, expr: Any, line: int) -> Any:
    """What a bare name was assigned, as long as it is one: the statement with the arithmetic; None where `expr` is no such name."""
    found = None
    for _ in range(5):
        if isinstance(expr, ast.Call) and getattr(expr.func, "id", "") == "float" and expr.args:
            expr = expr.args[0]
        if not isinstance(expr, ast.Name):
            return found
        made = assigned(function, expr.id, line)
        if made is None or made is found:
            return found
        value = made.value  # type: ignore[attr-defined]
        if isinstance(made, ast.Assign) and isinstance(made.targets[0], ast.Tuple) and isinstance(value, ast.Tuple):
            names = [getattr(t, "id", "") for t in made.targets[0].elts]
            value = value.elts[names.index(expr.id)] if expr.id in names else value
        if isinstance(value, ast.Attribute) or (isinstance(value, ast.IfExp) and _wraps(value)):  # x = self.data, other = … Value(other)
            return found
        found, expr, line = made, value, made.lineno
    return found


def _wraps(node: ast.IfExp) -> bool:
    return any(isinstance(n, ast.Name) and n.id == "isinstance" for n in ast.walk(node))


def nodes(root: Any, kind: Any, test: Callable[[Any], bool] = lambda node: True) -> Iterator[Any]:
    """The nodes of one kind, in the order of the text."""
    found = [node for node in _inside(root) if isinstance(node, kind) and test(node)]
    yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _inside(root: Any) -> list[Any]:
    """The nodes of a tree, walked once: they are kept with it."""
    found: list[Any] | None = getattr(root, "_doctor", None)
    if found is None:
        found = root._doctor = list(ast.walk(root))
    return found
