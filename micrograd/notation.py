"""How one op, its numbers and its derivative are written: as Python text and as LaTeX.

Regular expressions are imported where they are used: `import micrograd` comes through here and stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from micrograd.op import Op
from micrograd.ops import TABLE

if TYPE_CHECKING:
    from micrograd.engine import Value

MANY = 8  # of more arguments than this only the first and the last few are written


def show(x: float) -> str:
    """A number to six significant digits, whole numbers without a point."""
    return f"{x:.6g}"


def one_word(label: str) -> str:
    """A label on one line, and in parentheses where it is an expression (`x1*w1`, as the lectures write)."""
    if label.isidentifier():
        return label
    import re

    text = "".join(c if c.isprintable() else " " for c in str(label)).strip()
    return text if re.fullmatch(r"[\w.'\[\]]*", text) else f"({text})"


def _row(op: Op) -> Op:
    """The op's row; a node made by hand (`Value(data, (a, b), "+")`) is written as the row that has its symbol."""
    if op.name in TABLE:
        return op
    return next((row for row in TABLE.values() if row.symbol == op.symbol), op)


def _elided(parts: Sequence[str], dots: str) -> list[str]:
    return list(parts) if len(parts) <= MANY else [*parts[:3], dots, *parts[-2:]]


def written(node: Value, parts: Sequence[str]) -> str:
    """The op of `node` applied to `parts`, as one would write it in Python."""
    if node.op is None:
        return ""
    op = _row(node.op)
    power = op.name in ("power", "pow")
    wrapped = [f"({p})" if p.startswith("-") and (i or power or op.name == "neg") else p for i, p in enumerate(parts)]
    if op.name == "neg":
        return f"-{wrapped[0]}"
    if op.precedence and len(parts) == 2:
        sign = op.symbol if op.name != "pow" else "**"
        return f"{wrapped[0]} {sign} {wrapped[1]}"
    if op.name == "power" or (op.name.startswith("**") and len(parts) == 1):  # a hand-made **2
        return f"{wrapped[0]}{op.symbol}"
    return f"{op.name}({', '.join([*_elided(parts, '…'), *map(show, op.params)])})"


def by_formula(node: Value, index: int, name: str, args: Sequence[str]) -> str:
    """∂node/∂args[index] as a textbook writes it, in the names given; '' where nobody knows it."""
    op = node.op
    if op is None or not op.formula:
        return ""
    if op.arity is None:
        if op.name == "dot":
            return args[(index + len(args) // 2) % len(args)]
        return op.formula[0] if op.formula[0] in ("0", "1") else ""
    import re

    formula = op.formula[index]
    if op.name == "power":  # p * a**(p - 1) with the numbers in: 3 * a**2
        p = op.params[0]
        formula = formula.replace("**(p - 1)", f"**{show(p - 1)}" if p > 1 else f"**({show(p - 1)})")
        formula = formula.removesuffix("**1")
    if re.search("[<>]|==|!=", formula) and " if " not in formula:
        formula = f"1 if {formula} else 0"
    words = dict(zip(op.constants, map(show, op.params), strict=False))
    words.update(zip("abc", map(_atom, args), strict=False), y=_atom(name))
    return re.sub(r"\b[a-z]\w*\b", lambda m: words.get(m[0], m[0]), formula)


def _atom(name: str) -> str:
    return name if name.isidentifier() else f"({name})"


def latex(node: Value, parts: Sequence[str]) -> str:
    """The op of `node` applied to LaTeX `parts`."""
    if node.op is None:
        return ""
    op = _row(node.op)
    if op.name.startswith("**") and len(parts) == 1:  # a hand-made **2
        return f"{{{parts[0]}}}^{{{op.symbol[2:]}}}"
    several = ", ".join(_elided(parts, r"\dots"))
    if op.name not in TABLE:
        return rf"{tex_operator(op.name)}\left({several}\right)"
    if op.arity is None:
        return op.latex.format(several)
    closed = op.name in ("div", "pow")  # the fraction bar and the exponent enclose their second part
    wrapped = []
    for i, p in enumerate(parts):
        base = i == 0 and op.name in ("power", "pow")
        loose = p.startswith("-") and (i > 0 or op.name == "neg") and op.precedence > 1 and not closed
        wrapped.append(rf"\left({p}\right)" if loose or (base and (p.startswith("-") or r"\cdot" in p)) else p)
    return op.latex.format(*wrapped, *map(tex_number, op.params))


def tex_operator(name: str) -> str:
    """A function's name in LaTeX."""
    return rf"\operatorname{{{_escaped(name)}}}"


def tex_name(text: str) -> str:
    """A name as LaTeX: a letter with digits gets an index, longer names stand upright.

    >>> tex_name("x"), tex_name("x1"), tex_name("w_out"), tex_name("loss")
    ('x', 'x_{1}', 'w_{\\\\mathrm{out}}', '\\\\mathrm{loss}')
    """
    if len(text) == 1 and text.isalpha():
        return text
    import re

    indexed = re.fullmatch(r"([^\W\d_])_?(\d+)", text)
    if indexed:
        return f"{indexed[1]}_{{{indexed[2]}}}"
    indexed = re.fullmatch(r"([^\W\d_])_([^\W_]+)", text)
    if indexed:
        return rf"{indexed[1]}_{{\mathrm{{{indexed[2]}}}}}"
    return rf"\mathrm{{{_escaped(text)}}}"


def tex_bar(text: str) -> str:
    """The gradient of what is named, as the name with a bar: on the letter where there is an index, over all of a long name.

    >>> tex_bar("x"), tex_bar("x1"), tex_bar("loss")
    ('\\\\bar{x}', '\\\\bar{x}_{1}', '\\\\overline{\\\\mathrm{loss}}')
    """
    letter, index, rest = tex_name(text).partition("_{")
    return rf"\overline{{{letter}{index}{rest}}}" if letter.startswith("\\") else rf"\bar{{{letter}}}{index}{rest}"


def _escaped(text: str) -> str:
    special = {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\tilde{}", " ": r"\ "} | {c: "\\" + c for c in "_%&#${}"}
    return "".join(special.get(c, c) for c in text)


def tex_number(x: float, inside: bool = False) -> str:
    """A number as LaTeX; inside a product or sum a negative one is put in parentheses.

    >>> tex_number(-1.5e-10), tex_number(-2.0, inside=True)
    ('-1.5 \\\\cdot 10^{-10}', '\\\\left(-2\\\\right)')
    """
    text = show(x)
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    text = text.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    return rf"\left({text}\right)" if inside and text.startswith("-") else text
