"""Trees, names and numbers as TeX, for `$…$`, KaTeX and MathJax."""

from __future__ import annotations

import re

from .formula import DOTS, Call, Choice, Compare, Infix, Minus, Name, Number, Tree
from .numbers import TEXT, parts
from .typeset import ORDER, SIGNS, beside, form, loose


def write(tree: Tree, digits: int = TEXT) -> str:
    """A tree as TeX.

    >>> from .formula import parse
    >>> print(write(parse("-a / b**2")), write(parse("hypot(a, b + a)")), write(parse("(-a)**2 * (b - 1)")))
    \\frac{-a}{b^{2}} \\sqrt{a^{2} + \\left(b + a\\right)^{2}} \\left(-a\\right)^{2} \\cdot \\left(b - 1\\right)
    """
    tree = form(tree)

    def of(at: int, child: Tree) -> str:
        text = write(child, digits)
        return rf"\left({text}\right)" if loose(tree, at, form(child), digits) else text

    match tree:
        case Number(x):
            return number(x, digits)
        case Name(text):
            return text if tree.hole else r"\dots" if tree == DOTS else name(text)
        case Call("sqrt", (arg,)):
            return rf"\sqrt{{{write(arg, digits)}}}"
        case Call("cbrt", (arg,)):
            return rf"\sqrt[3]{{{write(arg, digits)}}}"
        case Call("abs", (arg,)):
            return rf"\left|{write(arg, digits)}\right|"
        case Call("floor" | "ceil" as side, (arg,)):
            return rf"\left\l{side} {write(arg, digits)} \right\r{side}"
        case Call(called, args):
            sign = SIGNS[called][0] if called in SIGNS else rf"\operatorname{{{escaped(called)}}}"
            return rf"{sign}\left({', '.join(write(a, digits) for a in args)}\right)" if args else sign
        case Minus(arg):
            return f"-{of(0, arg)}"
        case Infix("/", (top, bottom)):
            return rf"\frac{{{write(top, digits)}}}{{{write(bottom, digits)}}}"
        case Infix("**", (base, exponent)):
            return f"{of(0, base)}^{{{write(exponent, digits)}}}"
        case Infix("*", (Number() as left, right)) if beside(left, right, digits):
            return write(left, digits) + write(right, digits)
        case Infix(sign, args):
            return {"*": r" \cdot ", "%": r" \bmod "}.get(sign, f" {sign} ").join(of(i, a) for i, a in enumerate(args))
        case Compare(signs, args):
            first, *rest = (of(i, a) for i, a in enumerate(args))
            return rf"\left[{first}" + "".join(f" {ORDER[s][0]} {a}" for s, a in zip(signs, rest, strict=True)) + r"\right]"
        case Choice(condition, yes, no):
            when = write(condition, digits).removeprefix(r"\left[").removesuffix(r"\right]")
            return rf"{of(0, yes)} \text{{ if }} {when} \text{{ else }} {write(no, digits)}"


def number(x: float, digits: int = TEXT, inside: bool = False) -> str:
    """A number as TeX; inside a product or sum a negative one is put in parentheses.

    >>> print(number(-1.5e-10), number(2.0), number(float("inf")))
    -1.5 \\cdot 10^{-10} 2 \\infty
    """
    sign, mantissa, power = parts(x, digits)
    text = mantissa.replace("∞", r"\infty").replace("nan", r"\mathrm{nan}")
    text = ("-" if sign else "") + text + (rf" \cdot 10^{{{power.replace('−', '-')}}}" if power else "")
    return rf"\left({text}\right)" if inside and sign else text


def name(text: str) -> str:
    """A name as TeX: a letter with an index as such, a mark of a second of its name as an exponent, longer names upright.

    >>> print(name("x"), name("x1"), name("x[12]"), name("w_out"), name("loss"), name("a_b%"), name("x⁽²⁾"))
    x x_{1} x_{12} w_{\\mathrm{out}} \\mathrm{loss} \\mathrm{a\\_b\\%} x^{(2)}
    """
    stem, mark = unmarked(text)
    if mark:
        return rf"{name(stem)}^{{({mark})}}"
    indexed = re.fullmatch(r"([^\W\d_])(?:_?(\d+)|\[(\d+)\])?", text)
    if indexed:
        index = indexed[2] or indexed[3]
        return f"{indexed[1]}_{{{index}}}" if index else text
    indexed = re.fullmatch(r"([^\W\d_])_([^\W_]+)", text)
    if indexed:
        return rf"{indexed[1]}_{{\mathrm{{{indexed[2]}}}}}"
    return rf"\mathrm{{{escaped(text)}}}"


def bar(text: str) -> str:
    """The collected gradient of what is named: a bar on the letter where there is an index, over all of a long name.

    >>> print(bar("x"), bar("x1"), bar("loss"))
    \\bar{x} \\bar{x}_{1} \\overline{\\mathrm{loss}}
    """
    letter, index, rest = name(text).partition("_{")
    return rf"\overline{{{letter}{index}{rest}}}" if letter.startswith("\\") else rf"\bar{{{letter}}}{index}{rest}"


_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def unmarked(text: str) -> tuple[str, str]:
    """A name without the mark that tells it from others of its name, and the number in the mark.

    >>> unmarked("x⁽²⁾"), unmarked("x")
    (('x', '2'), ('x', ''))
    """
    found = re.fullmatch(r"(.+)⁽([⁰¹²³⁴⁵⁶⁷⁸⁹]+)⁾", text, re.DOTALL)
    return (found[1], found[2].translate(_POWERS)) if found else (text, "")


_SPECIAL = {
    "\\": r"\backslash ", "^": r"\hat{}", "~": r"\tilde{}", " ": r"\ ", "<": r"\lt ", ">": r"\gt ", "\n": r"\ ",
    **{c: "\\" + c for c in "_%&#${}"},
}  # fmt: skip


def escaped(text: str) -> str:
    """Text inside a TeX command."""
    return "".join(_SPECIAL.get(c, c) for c in text)
