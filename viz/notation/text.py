"""Trees as text: `relu(a) * (-3) + b**2`, which Python reads back, or with the signs of pictures, `relu(a) × (−3) + b**2`."""

from __future__ import annotations

from .formula import Call, Choice, Compare, Infix, Minus, Name, Number, Tree, loose
from .numbers import MINUS, TEXT, plain, show

SIGNS = {"*": "×", "-": MINUS}


def write(tree: Tree, digits: int = TEXT, signs: bool = False) -> str:
    """A tree as text, in code names; in ASCII, or with × and a true minus, as in the words of a picture.

    >>> from .formula import parse
    >>> write(parse("-a / b**2")), write(parse("(a - 1) * (b - (c - 2))")), write(parse("1 if a > 0 else slope"))
    ('-a / b**2', '(a - 1) * (b - (c - 2))', '1 if a > 0 else slope')
    """

    def of(at: int, child: Tree) -> str:
        text = write(child, digits, signs)
        return f"({text})" if loose(tree, at, child) else text

    match tree:
        case Number(x):
            return show(x, digits) if signs else plain(x, digits)
        case Name(text):
            return text
        case Call(name, args):
            return f"{name}({', '.join(write(a, digits, signs) for a in args)})" if args else name
        case Minus(arg):
            return (MINUS if signs else "-") + of(0, arg)
        case Infix("**", (base, exponent)):
            return f"{of(0, base)}**{of(1, exponent)}"
        case Infix(sign, args):
            return f" {SIGNS.get(sign, sign) if signs else sign} ".join(of(i, a) for i, a in enumerate(args))
        case Compare(order, args):
            first, *rest = (of(i, a) for i, a in enumerate(args))
            return first + "".join(f" {sign} {a}" for sign, a in zip(order, rest, strict=True))
        case Choice(condition, yes, no):
            return f"{of(0, yes)} if {of(1, condition)} else {write(no, digits, signs)}"
