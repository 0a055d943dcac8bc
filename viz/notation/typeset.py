"""What typeset mathematics writes otherwise than code does: `exp(a)` as a power of e, `sigmoid` as σ, `hypot(a, b)` as a root.

The form of an operation is said by its row (`typeset`). Signs are a table in two columns: the code name, which text keeps, and what TeX
and MathML write.
"""

from __future__ import annotations

from .formula import ATOM, Call, Infix, Minus, Name, Number, Tree, binds, fill, fold, is_word, parse, signed
from .formula import loose as as_text
from .numbers import parts
from .rows import table

FORMS = {"square": ("a**2", "a"), "reciprocal": ("1 / a", "a")}  # of names that are no rows; those of rows are said there
SIGNS = {  # code name → (TeX, Unicode)
    "sigmoid": (r"\sigma", "σ"), "log_sigmoid": (r"\log\sigma", "log σ"), "normal_cdf": (r"\Phi", "Φ"),
    "relu": (r"\operatorname{ReLU}", "ReLU"), "maximum": (r"\max", "max"), "minimum": (r"\min", "min"), "max": (r"\max", "max"),
    "min": (r"\min", "min"), "shift": (r"\max", "max"), "sign": (r"\operatorname{sgn}", "sgn"), "log": (r"\log", "log"),
    "ln": (r"\ln", "ln"), "log2": (r"\log_{2}", "log₂"), "log10": (r"\log_{10}", "log₁₀"), "sin": (r"\sin", "sin"),
    "cos": (r"\cos", "cos"), "tan": (r"\tan", "tan"), "sinh": (r"\sinh", "sinh"), "cosh": (r"\cosh", "cosh"),
    "tanh": (r"\tanh", "tanh"), "asin": (r"\arcsin", "arcsin"), "acos": (r"\arccos", "arccos"), "atan": (r"\arctan", "arctan"),
    "asinh": (r"\operatorname{arsinh}", "arsinh"), "acosh": (r"\operatorname{arcosh}", "arcosh"),
    "atanh": (r"\operatorname{artanh}", "artanh"), "e": ("e", "e"), "pi": (r"\pi", "π"),
}  # fmt: skip
ENCLOSED = ("sqrt", "cbrt", "abs", "floor", "ceil")  # the sign goes around its argument
ORDER = {"<": ("<", "<"), ">": (">", ">"), "<=": (r"\le", "≤"), ">=": (r"\ge", "≥"), "==": ("=", "="), "!=": (r"\ne", "≠")}


def form(tree: Tree) -> Tree:
    """The tree as it is typeset: at its top no call that has a form of its own."""
    while isinstance(tree, Call) and (found := tree.form or _known(tree.name)):
        formula, *names = found
        tree = fold(fill(parse(formula), dict(zip(names, tree.args, strict=False))))
    return tree


def _known(name: str) -> tuple[str, ...]:
    return table()[name].form if name in table() else FORMS.get(name, ())


def loose(parent: Tree, at: int, child: Tree, digits: int) -> bool:
    """Whether operand `at` needs parentheses where fractions, exponents and roots enclose theirs. Both trees as `form` gives them."""
    match parent:
        case Infix("/", _) | Call():
            return False
        case Infix("**", _):
            return at == 0 and not _whole(child, digits)
        case Infix() | Minus() if isinstance(child, Infix) and child.sign in ("/", "**"):
            return False
    return as_text(parent, at, child)


def _whole(child: Tree, digits: int) -> bool:
    """Whether an exponent can only be meant for all of it."""
    match child:
        case Number(x):
            return not signed(child) and not parts(x, digits)[2]
        case Call(name, args):
            return not args or name in ENCLOSED  # σ(x)² would be read as σ(x²)
    return binds(child) == ATOM


def beside(left: Number, right: Tree, digits: int) -> bool:
    """Whether a number stands right beside what it multiplies: 2a, 3a², not 2·loss."""
    base = right.args[0] if isinstance(right, Infix) and right.sign == "**" else right
    letter = isinstance(base, Name) and (base.hole or (is_word(base.text) and not base.text[1:2].isalpha()))
    return letter and not signed(left) and not parts(left.x, digits)[2] and left.x - left.x == 0.0
