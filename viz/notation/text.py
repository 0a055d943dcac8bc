"""Trees as text that Python reads back: `relu(a) * (-3) + b**2`."""

from __future__ import annotations

from .formula import Call, Choice, Compare, Infix, Minus, Name, Number, Tree, loose
from .numbers import TEXT, plain


def write(tree: Tree, digits: int = TEXT) -> str:
    """A tree as text, in code names and ASCII.

    >>> from .formula import parse
    >>> write(parse("-a / b**2")), write(parse("(a - 1) * (b - (c - 2))")), write(parse("1 if a > 0 else slope"))
    ('-a / b**2', '(a - 1) * (b - (c - 2))', '1 if a > 0 else slope')
    """

    def of(at: int, child: Tree) -> str:
        text = write(child, digits)
        return f"({text})" if loose(tree, at, child) else text

    match tree:
        case Number(x):
            return plain(x, digits)
        case Name(text):
            return text
        case Call(name, args):
            return f"{name}({', '.join(write(a, digits) for a in args)})" if args else name
        case Minus(arg):
            return f"-{of(0, arg)}"
        case Infix("**", (base, exponent)):
            return f"{of(0, base)}**{of(1, exponent)}"
        case Infix(sign, args):
            return f" {sign} ".join(of(i, a) for i, a in enumerate(args))
        case Compare(signs, args):
            first, *rest = (of(i, a) for i, a in enumerate(args))
            return first + "".join(f" {sign} {a}" for sign, a in zip(signs, rest, strict=True))
        case Choice(condition, yes, no):
            return f"{of(0, yes)} if {of(1, condition)} else {write(no, digits)}"
