"""An expression graph as LaTeX: one formula, with names for what is used more than once."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from .escape import one_line
from .graph import args_of, number, op_of, roots_of, topological
from .names import Names, from_caller

LINES = 200  # of a longer derivation the first lines and the last are written
LONG = 160  # a formula longer than this is cut: its operand gets a name and a line of its own
MANY = 8  # of more operands than this the first and the last few are written
ATOM = 9  # precedence of what never needs parentheses

# (symbol, operands): precedence and template, for a class that has only a symbol; ours have a table.
PLAIN = {
    ("+", 2): (2, "{0} + {1}"), ("-", 2): (2, "{0} - {1}"), ("*", 2): (3, r"{0} \cdot {1}"),
    ("/", 2): (ATOM, r"\frac{{{0}}}{{{1}}}"), ("neg", 1): (3, "-{0}"), ("-", 1): (3, "-{0}"),
    ("**", 2): (5, "{{{0}}}^{{{1}}}"), ("exp", 1): (5, "e^{{{0}}}"),
    ("sqrt", 1): (ATOM, r"\sqrt{{{0}}}"),
}  # fmt: skip
KNOWN = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "max", "min"}
LOOSE = {"expm1": 2, "exp": 5, "gauss": 5}  # templates that do not enclose themselves
ENCLOSING = {"/", "div", "exp", "expm1", "sqrt", "cbrt", "abs"}  # all operands stand inside


def to_latex(
    root: Any, *, names: Callable[[Any], str] | None = None, values: bool = False
) -> str:
    """The expression below ``root`` as LaTeX, for ``$…$``, KaTeX or MathJax.

    Leaves are written by name, or by number where they have none; a sub-expression that has a name
    or is used more than once gets a line of its own. With ``values`` each line ends with its number.
    One line is plain; several stand in an ``aligned`` environment.

    >>> from micrograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> print(to_latex((a + b) * a**2))
    \\left(a + b\\right) \\cdot {a}^{2}
    >>> c = a * b
    >>> print(to_latex(c + c.exp(), values=True))
    \\begin{aligned}
    c &= a \\cdot b = -6 \\\\
    f &= c + e^{c} = -5.99752
    \\end{aligned}
    """
    names = names or Names(from_caller(sys._getframe(1)))
    roots = roots_of(root)
    order = topological(roots)
    uses: dict[int, int] = {}
    for value in order:
        for arg in args_of(value):
            uses[id(arg)] = uses.get(id(arg), 0) + 1
    tops = {id(value) for value in roots}
    text: dict[int, tuple[str, int]] = {}
    lines: list[tuple[str, str, Any]] = []
    for value in order:
        name, args = names(value), args_of(value)
        if not args:
            text[id(value)] = (name_tex(name), ATOM) if name else _constant(number(value.data))
            continue
        body, precedence = _apply(value, [text[id(arg)] for arg in args])
        named = name or uses.get(id(value), 0) > 1 or len(body) > LONG
        if id(value) in tops:
            lines.append((name_tex(name) if name else _top(roots, value), body, value))
            text[id(value)] = (lines[-1][0], ATOM)
        elif named:
            lines.append((name_tex(name) if name else f"v_{{{len(lines) + 1}}}", body, value))
            text[id(value)] = (lines[-1][0], ATOM)
        else:
            text[id(value)] = (body, precedence)
    if not lines:
        return ", ".join(text[id(value)][0] for value in roots)
    ends = [f" = {number_tex(number(value.data))}" if values else "" for _, _, value in lines]
    if len(lines) == 1:
        given = names(lines[0][2])
        return (f"{lines[0][0]} = " if given else "") + lines[0][1] + ends[0]
    rows = [f"{x} &= {right}{end}" for (x, right, _), end in zip(lines, ends, strict=True)]
    if len(rows) > LINES:
        rows[LINES - 2 : -1] = [r"&\;\;\vdots"]
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _top(roots: Sequence[Any], value: Any) -> str:
    if len(roots) == 1:
        return "f"
    return f"f_{{{next(i for i, root in enumerate(roots, 1) if root is value)}}}"


def _apply(value: Any, operands: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """The operation on operands that are already (text, precedence)."""
    op, symbol = getattr(value, "op", None), op_of(value)
    template = getattr(op, "latex", "")
    precedence = int(getattr(op, "precedence", 0) or 0)
    word = str(getattr(op, "name", symbol))
    params = [number_tex(number(p)) for p in getattr(op, "params", ()) or ()]
    if not template or getattr(op, "partials", None) is None:  # a class of its own, or a made-up op
        word = symbol
        if symbol.startswith("**") and len(operands) == 1:
            params = [number_tex(float(symbol[2:])) if _is_number(symbol[2:]) else symbol[2:]]
            precedence, template = PLAIN["**", 2]
        elif (symbol, len(operands)) in PLAIN:
            precedence, template = PLAIN[symbol, len(operands)]
            word = "neg" if len(operands) == 1 and symbol == "-" else symbol
        else:
            head = rf"\{symbol}" if symbol in KNOWN else rf"\operatorname{{{_escaped(symbol)}}}"
            template, precedence = head.replace("{", "{{").replace("}", "}}") + r"\left({0}\right)", 0
            operands = [(_list(operands), ATOM)]
    elif getattr(op, "arity", 1) is None:
        operands = [(_list(operands), ATOM)]
    inner = _wrap(word, precedence, operands)
    try:
        made = template.format(*inner, *params)
    except (IndexError, KeyError):
        made = rf"\operatorname{{{_escaped(word)}}}\left({_list(operands)}\right)"
    return made, LOOSE.get(word, ATOM if word in ENCLOSING else precedence or ATOM)


def _wrap(word: str, precedence: int, operands: Sequence[tuple[str, int]]) -> list[str]:
    """Parentheses where the operand binds weaker than the operation around it."""
    made = []
    for at, (text, inner) in enumerate(operands):
        power = word in ("**", "pow", "power") or word.startswith("**")
        if word in ENCLOSING or precedence == 0 or (power and at == 1):
            open_ = False
        elif power:
            open_ = inner < ATOM or text.startswith("-") or "^" in text
        elif word in ("+", "-", "add", "sub"):
            open_ = at > 0 and (text.startswith("-") or (word in ("-", "sub") and inner <= 2))
        else:
            open_ = inner < precedence or (at > 0 and text.startswith("-"))
            open_ = open_ or (word == "neg" and text.startswith("-"))
        made.append(rf"\left({text}\right)" if open_ else text)
    return made


def _list(operands: Sequence[tuple[str, int]]) -> str:
    texts = [text for text, _ in operands]
    if len(texts) > MANY:
        texts = [*texts[:3], r"\dots", *texts[-2:]]
    return ", ".join(texts)


def _constant(x: float) -> tuple[str, int]:
    text = number_tex(x)
    return text, 3 if r"\cdot" in text else ATOM


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def number_tex(x: float) -> str:
    """A number to six significant digits.

    >>> print(number_tex(-1.5e-10), number_tex(2.0), number_tex(float("inf")))
    -1.5 \\cdot 10^{-10} 2 \\infty
    """
    text = f"{x:.6g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")


def name_tex(name: str) -> str:
    """A name: one letter with an index as such, anything longer upright.

    >>> print(name_tex("x1"), name_tex("x[12]"), name_tex("loss"), name_tex("a_b%"))
    x_{1} x_{12} \\mathrm{loss} \\mathrm{a\\_b\\%}
    """
    name = one_line(name, 40)
    indexed = re.fullmatch(r"([^\W\d_])(?:_?(\d+)|\[(\d+)\])?", name)
    if indexed:
        index = indexed[2] or indexed[3]
        return f"{indexed[1]}_{{{index}}}" if index else name
    return rf"\mathrm{{{_escaped(name)}}}"


_SPECIAL = {
    "\\": r"\backslash ", "^": r"\hat{}", "~": r"\tilde{}", " ": r"\ ", "<": r"\lt ", ">": r"\gt ",
    **{c: "\\" + c for c in "_%&#${}"},
}  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)
