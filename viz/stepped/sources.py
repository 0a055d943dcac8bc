"""Source lines for values, found after the fact in the caller's source.

Nothing is recorded while the graph is built. A value that a variable of the caller names is shown by
that name, with the line of the one assignment to that name that fits it. Where that is not certain
(several assignments fit) no line is shown, because a wrong line is worse than none.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

from ..model.graph import args_of
from ..notation.rows import row_of
from ..reading import closure_of

_AST_OPS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.Pow: "pow",
    ast.USub: "neg",
}
_SAME = {"sub": {"add", "sub"}, "truediv": {"mul", "truediv"}, "neg": {"mul", "neg"}}


def lines_for(frame: FrameType | None, values: Sequence[Any], names: Sequence[str]) -> dict[int, str]:
    """``place -> source line`` that made the value, where exactly one assignment fits."""
    if frame is None:
        return {}
    wanted = {name for name, value in zip(names, values, strict=True) if name}
    found: dict[str, list[tuple[ast.expr | None, str]]] = {}
    for text in _texts(frame.f_code):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        rows = text.splitlines()
        here: dict[str, list[tuple[ast.expr | None, str]]] = {}
        for target, expr, row in _assignments(tree):
            if target in wanted:
                here.setdefault(target, []).append((expr, rows[row - 1].strip()))
        for target, hits in here.items():  # a cell run again supersedes the one before it
            found[target] = hits if frame.f_code.co_name == "<module>" else [*found.get(target, []), *hits]
    lines = {}
    for place, name in [(place, name) for place, name in enumerate(names) if name]:
        fits = [line for expr, line in found.get(name, []) if _fits(expr, values[place])]
        if len(set(fits)) == 1:
            lines[place] = fits[0]
    return lines


def backward_code(value: Any) -> str:
    """The source of a student's own closure, '' when there is none to be had."""
    function: Any = closure_of(value)
    if getattr(function, "__code__", None) is None or getattr(value, "op", None) is not None:
        return ""
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        return ""
    return inspect.cleandoc("\n" + text) if len(text) < 2000 else ""


def code_key(value: Any) -> CodeType | None:
    """The code of a value's closure, which says which rule made it; None without one."""
    code = getattr(closure_of(value), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _texts(code: CodeType) -> Iterator[str]:
    """The caller's source: its own code, or in a notebook every cell run so far, oldest first."""
    if code.co_name == "<module>" and _is_cell(code.co_filename):
        for name in list(linecache.cache):
            if _is_cell(name):
                yield "".join(linecache.getlines(name))
        return
    try:
        yield inspect.cleandoc("\n" + inspect.getsource(code))
    except (OSError, TypeError):
        return


def _is_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")


def _assignments(tree: ast.AST) -> Iterator[tuple[str, ast.expr | None, int]]:
    for part in ast.walk(tree):
        if isinstance(part, ast.Assign):
            for target in part.targets:
                if isinstance(target, ast.Name):
                    yield target.id, part.value, part.lineno
                elif isinstance(target, ast.Tuple):
                    values = part.value.elts if isinstance(part.value, ast.Tuple) else []
                    for i, item in enumerate(target.elts):
                        if isinstance(item, ast.Name):
                            yield item.id, values[i] if i < len(values) else None, part.lineno
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, ast.BinOp(part.target, part.op, part.value), part.lineno
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, part.value, part.lineno


def _fits(expr: ast.expr | None, value: Any) -> bool:
    """Could this right-hand side have made this value? Unknown forms (calls) could."""
    operands = len(args_of(value))
    if isinstance(expr, (ast.BinOp, ast.UnaryOp)):
        made = _AST_OPS.get(type(expr.op))
        return made is not None and operands > 0 and row_of(value, operands).operator in _SAME.get(made, {made})
    return True
