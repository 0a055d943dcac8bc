"""Trees, names and numbers as MathML, and with holes that a page fills with names or with numbers.

It is written as tokens, which are data and no markup: `["mo", "+"]` is an element with its text or its children, a number the hole
of that operand (-1 of the result), `["bare", 0]` a hole in which a negative number stands without parentheses. A page makes
elements of them; `markup` writes them out, the holes as `{0}`, `{y}` and `{0:}`.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from .formula import DOTS, Call, Choice, Compare, Infix, Minus, Name, Number, Tree
from .numbers import MINUS, PICTURE, parts
from .tex import unmarked
from .typeset import ORDER, SIGNS, beside, form, loose

Token = Any  # an int, or a list: a kind, then a text or tokens
TIMES = "\u2062"  # the invisible product sign of 2a; a page that fills in numbers shows it as a dot
RESULT = -1


def o(sign: str) -> Token:
    """An operator."""
    return ["mo", sign]


def row(*inside: Token) -> Token:
    """Several things as one."""
    return ["mrow", *inside]


def write(tree: Tree, digits: int = PICTURE, bare: bool = True) -> str:
    """A tree as MathML. bare: whether a number in a hole at the start may begin with a minus.

    >>> from .formula import parse
    >>> write(parse("a - 1"))
    '<mi>a</mi><mo>−</mo><mn>1</mn>'
    """
    return markup(tokens(tree, digits, bare))


def tokens(tree: Tree, digits: int = PICTURE, bare: bool = True) -> list[Token]:
    """A tree as tokens that stand side by side.

    >>> tokens(Infix("*", (Name("0", hole=True), Name("b"))))
    [['bare', 0], ['mo', '·'], ['mi', 'b']]
    """
    tree = form(tree)

    def of(at: int, child: Tree) -> list[Token]:
        child = form(child)
        first = bare and at == 0 and not isinstance(tree, Minus) and not (isinstance(tree, Infix) and tree.sign == "**")
        if loose(tree, at, child, digits):
            return [o("("), *tokens(child, digits), o(")")]
        return tokens(child, digits, first)

    match tree:
        case Number(x):
            return [number(x, digits)]
        case Name(text, hole):
            if hole:
                place = RESULT if text == "y" else int(text)
                return [["bare", place] if bare else place]
            return [o("…") if tree == DOTS else name(text)]
        case Call("sqrt", (arg,)):
            return [["msqrt", row(*tokens(arg, digits))]]
        case Call("cbrt", (arg,)):
            return [["mroot", row(*tokens(arg, digits)), ["mn", "3"]]]
        case Call("abs", (arg,)):
            return [row(o("|"), *tokens(arg, digits), o("|"))]
        case Call("floor" | "ceil" as side, (arg,)):
            left, right = "⌊⌋" if side == "floor" else "⌈⌉"
            return [o(left), *tokens(arg, digits), o(right)]
        case Call(called, args):
            sign = ["mi", SIGNS[called][1] if called in SIGNS else called]
            return [sign, o("("), *_joined([tokens(a, digits) for a in args], [o(",")] * len(args)), o(")")] if args else [sign]
        case Minus(arg):
            return [o(MINUS), *of(0, arg)]
        case Infix("/", (top, bottom)):
            return [["mfrac", row(*tokens(top, digits)), row(*tokens(bottom, digits))]]
        case Infix("**", (base, exponent)):
            return [["msup", row(*of(0, base)), row(*tokens(exponent, digits))]]
        case Infix("*", (Number() as left, right)) if beside(left, right, digits):
            return [*tokens(left, digits), o(TIMES), *tokens(right, digits, False)]
        case Infix(sign, args):
            written = o({"*": "·", "-": MINUS, "%": "mod"}.get(sign, sign))
            return _joined([of(i, a) for i, a in enumerate(args)], [written] * len(args))
        case Compare(signs, args):
            return [o("["), *_joined([of(i, a) for i, a in enumerate(args)], [o(ORDER[s][1]) for s in signs]), o("]")]
        case Choice(condition, yes, no):
            when = tokens(condition, digits)
            when = when[1:-1] if when[0] == o("[") else when
            return [*of(0, yes), ["mtext", " if "], *when, ["mtext", " else "], *tokens(no, digits)]


def _joined(parts: list[list[Token]], between: list[Token]) -> list[Token]:
    made = list(parts[0])
    for sign, part in zip(between, parts[1:], strict=False):
        made += [sign, *part]
    return made


def number(x: float, digits: int = PICTURE) -> Token:
    """A number as a token.

    >>> markup([number(-2.0)]), markup([number(1.5e-10)])
    ('<mrow><mo>−</mo><mn>2</mn></mrow>', '<mrow><mn>1.5</mn><mo>·</mo><msup><mn>10</mn><mn>−10</mn></msup></mrow>')
    """
    sign, mantissa, power = parts(x, digits)
    body = [["mn", mantissa], *([o("·"), ["msup", ["mn", "10"], ["mn", power]]] if power else [])]
    return row(o(sign), *body) if sign else row(*body) if power else body[0]


def name(text: str) -> Token:
    """A name as a token: a letter with an index as such, longer names upright."""
    stem, mark = unmarked(text)
    if mark:
        return ["msup", name(stem), row(o("("), ["mn", str(mark)], o(")"))]
    indexed = re.fullmatch(r"([^\W\d_])(?:_?(\d+)|\[(\d+)\])", text)
    if indexed:
        return ["msub", ["mi", indexed[1]], ["mn", indexed[2] or indexed[3]]]
    return ["word" if len(text) > 1 else "mi", text]


def markup(written: Any) -> str:
    """Tokens as MathML."""
    match written:
        case str(text):
            return escape(text)
        case int(place):
            return f"{{{_hole(place)}}}"
        case ["bare", place]:
            return f"{{{_hole(place)}:}}"
        case ["word", text]:
            return f'<mi mathvariant="normal">{escape(text)}</mi>'
        case [str(kind), *inside] if kind in KINDS:
            return f"<{kind}>{''.join(map(markup, inside))}</{kind}>"
    return "".join(map(markup, written))


KINDS = frozenset(["mi", "mn", "mo", "mtext", "mrow", "mfrac", "msup", "msub", "msqrt", "mroot"])


def _hole(place: int) -> str:
    return "y" if place == RESULT else str(place)
