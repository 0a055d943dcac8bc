"""Trees, names and numbers as MathML, and with holes that a page fills with names or with numbers.

A hole is written `{0}`, `{1}` … for an operand and `{y}` for the result; `{0:}` where a negative number stands without parentheses.
"""

from __future__ import annotations

import re
from html import escape

from .formula import DOTS, Call, Choice, Compare, Infix, Minus, Name, Number, Tree
from .numbers import MINUS, PICTURE, parts
from .tex import unmarked
from .typeset import ORDER, SIGNS, beside, form, loose

TIMES = "\u2062"  # the invisible product sign of 2a; a page that fills in numbers shows it as a dot


def o(sign: str) -> str:
    """An operator."""
    return f"<mo>{escape(sign)}</mo>"


def row(*inside: str) -> str:
    """Several things as one."""
    return f"<mrow>{''.join(inside)}</mrow>"


def write(tree: Tree, digits: int = PICTURE, bare: bool = True) -> str:
    """A tree as MathML. bare: whether a number in a hole at the start may begin with a minus.

    >>> from .formula import parse
    >>> write(parse("a - 1"))
    '<mi>a</mi><mo>−</mo><mn>1</mn>'
    """
    tree = form(tree)

    def of(at: int, child: Tree) -> str:
        child = form(child)
        first = bare and at == 0 and not isinstance(tree, Minus) and not (isinstance(tree, Infix) and tree.sign == "**")
        if loose(tree, at, child, digits):
            return o("(") + write(child, digits) + o(")")
        return write(child, digits, first)

    match tree:
        case Number(x):
            return number(x, digits)
        case Name(text, hole):
            if hole:
                return f"{{{text}:}}" if bare else f"{{{text}}}"
            return o("…") if tree == DOTS else name(text)
        case Call("sqrt", (arg,)):
            return f"<msqrt>{row(write(arg, digits))}</msqrt>"
        case Call("cbrt", (arg,)):
            return f"<mroot>{row(write(arg, digits))}<mn>3</mn></mroot>"
        case Call("abs", (arg,)):
            return row(o("|"), write(arg, digits), o("|"))
        case Call("floor" | "ceil" as side, (arg,)):
            left, right = "⌊⌋" if side == "floor" else "⌈⌉"
            return o(left) + write(arg, digits) + o(right)
        case Call(called, args):
            sign = f"<mi>{escape(SIGNS[called][1] if called in SIGNS else called)}</mi>"
            return sign + o("(") + o(",").join(write(a, digits) for a in args) + o(")") if args else sign
        case Minus(arg):
            return o(MINUS) + of(0, arg)
        case Infix("/", (top, bottom)):
            return f"<mfrac>{row(write(top, digits))}{row(write(bottom, digits))}</mfrac>"
        case Infix("**", (base, exponent)):
            return f"<msup>{row(of(0, base))}{row(write(exponent, digits))}</msup>"
        case Infix("*", (Number() as left, right)) if beside(left, right, digits):
            return write(left, digits) + o(TIMES) + write(right, digits, False)
        case Infix(sign, args):
            return o({"*": "·", "-": MINUS, "%": "mod"}.get(sign, sign)).join(of(i, a) for i, a in enumerate(args))
        case Compare(signs, args):
            first, *rest = (of(i, a) for i, a in enumerate(args))
            return o("[") + first + "".join(o(ORDER[s][1]) + a for s, a in zip(signs, rest, strict=True)) + o("]")
        case Choice(condition, yes, no):
            when = write(condition, digits).removeprefix(o("[")).removesuffix(o("]"))
            return of(0, yes) + "<mtext> if </mtext>" + when + "<mtext> else </mtext>" + write(no, digits)


def number(x: float, digits: int = PICTURE) -> str:
    """A number as MathML.

    >>> number(-2.0), number(1.5e-10)
    ('<mrow><mo>−</mo><mn>2</mn></mrow>', '<mrow><mn>1.5</mn><mo>·</mo><msup><mn>10</mn><mn>−10</mn></msup></mrow>')
    """
    sign, mantissa, power = parts(x, digits)
    body = f"<mn>{mantissa}</mn>" + (f"{o('·')}<msup><mn>10</mn><mn>{power}</mn></msup>" if power else "")
    return row(o(sign), body) if sign else row(body) if power else body


def name(text: str) -> str:
    """A name as MathML: a letter with an index as such, longer names upright."""
    stem, mark = unmarked(text)
    if mark:
        return f"<msup>{name(stem)}{row(o('('), f'<mn>{mark}</mn>', o(')'))}</msup>"
    indexed = re.fullmatch(r"([^\W\d_])(?:_?(\d+)|\[(\d+)\])", text)
    if indexed:
        return f"<msub><mi>{indexed[1]}</mi><mn>{indexed[2] or indexed[3]}</mn></msub>"
    return f'<mi mathvariant="normal">{escape(text)}</mi>' if len(text) > 1 else f"<mi>{escape(text)}</mi>"
