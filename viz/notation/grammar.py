"""A formula in Python's grammar, read by Python's own parser into a tree: for `formula.parse`, which keeps what it has read."""

from __future__ import annotations

import ast
from typing import Any

from .formula import Call, Choice, Compare, Infix, Minus, Name, Number, Tree

_SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**"}
_SIGNS_OF_ORDER = {ast.Lt: "<", ast.Gt: ">", ast.LtE: "<=", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


def read(formula: str) -> Tree:
    """The tree; ValueError for what no formula has."""
    try:
        return _read(ast.parse(formula, mode="eval").body)
    except (SyntaxError, TypeError, KeyError, RecursionError) as problem:
        allowed = "names, numbers, + - * / **, comparisons, calls and `x if c else y` make one"
        raise ValueError(f"{formula!r} is no formula: {allowed}") from problem


def _read(node: Any) -> Tree:
    match node:
        case ast.Constant(value=bool() | int() | float() as x):
            return Number(float(x))
        case ast.Name(id="pi"):
            return Call("pi", ())
        case ast.Name(id=name):
            return Name(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return Minus(_read(inner))
        case ast.BinOp(left=left, op=op, right=right):
            return Infix(_SIGNS[type(op)], (_read(left), _read(right)))
        case ast.Compare(left=left, ops=ops, comparators=others):
            return Compare(tuple(_SIGNS_OF_ORDER[type(op)] for op in ops), (_read(left), *map(_read, others)))
        case ast.IfExp(test=test, body=yes, orelse=no):
            return Choice(_read(test), _read(yes), _read(no))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            return Call(name, tuple(map(_read, args)))
    raise TypeError(type(node).__name__)
