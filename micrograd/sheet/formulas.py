"""The rows of the table of ops as a reader's formulas: name, formula, derivative, and what is answered at a kink."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from micrograd.ops import TABLE
from micrograd.ops.op import Op

# What a name means, where typeset mathematics would only write the name again; in the grammar of the rows' own formulas.
MEANING = {
    "sigmoid": "1 / (1 + exp(-a))", "softplus": "log(1 + exp(a))", "log_sigmoid": "log(sigmoid(a))", "silu": "a * sigmoid(a)",
    "gelu": "a * normal_cdf(a)", "relu": "a if a > 0 else 0", "leaky_relu": "a if a > 0 else slope * a",
    "elu": "a if a > 0 else alpha * (exp(a) - 1)", "step": "1 if a > 0 else 0", "mod": "a - b * floor(a / b)",
    "tanh": "(exp(a) - exp(-a)) / (exp(a) + exp(-a))", "sinh": "(exp(a) - exp(-a)) / 2", "cosh": "(exp(a) + exp(-a)) / 2",
    "erfc": "1 - erf(a)", "gauss": "exp(-k * a**2)", "where": "b if a != 0 else c", "clamp": "minimum(maximum(a, low), high)",
}  # fmt: skip
LETTERS = {"slope": "s", "alpha": "α", "low": "l", "high": "h"}  # of constants, on paper
GROUPS = {
    "Arithmetic": ("add", "sub", "mul", "div", "neg", "pow", "power", "abs", "mod", "hypot", "sum", "dot"),
    "Exponentials, logarithms, roots": ("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "cbrt"),
    "Activations": ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "softplus", "log_sigmoid", "silu", "gelu", "gauss"),
    "Angles": ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh"),
    "Choices and steps": (
        "maximum",
        "minimum",
        "clamp",
        "where",
        "less",
        "equal",
        "sign",
        "step",
        "floor",
        "ceil",
        "trunc",
        "round",
        "shift",
    ),
    "Probability": ("normal_cdf", "erf", "erfc"),
}  # fmt: skip; those that no group names come last


class Line(NamedTuple):
    """One op: how code calls it, the trees of its formula and of each partial derivative (by which letter), and a note."""

    op: Op
    code: str
    formula: Any
    partials: tuple[tuple[str, Any], ...]
    note: str


def line(op: Op) -> Line:
    """The line of a row."""
    formulas, rows = import_module("viz.notation.formula"), import_module("viz.notation.rows")
    row = rows.row_of(type("", (), {"op": op, "_op": op.symbol}), op.arity or 0)._replace(params=())
    letters = "abc"[: op.arity] if op.arity is not None else ("a₁", "a₂", "b₁", "b₂") if op.name == "dot" else ("a₁", "a₂")
    names = [formulas.Name(letter) for letter in letters]
    constants = [LETTERS.get(c, c) for c in op.constants]
    on_paper = {c: formulas.Name(letter) for c, letter in zip(op.constants, constants, strict=True)}
    shown = rows.written(row, names if op.arity is None else [*names, *on_paper.values()])
    if op.name in MEANING:
        shown = formulas.fill(formulas.parse(MEANING[op.name]), on_paper)
    told = [formulas.fill(_choice(formulas, formulas.parse(text)), on_paper) for text in op.formula] if op.arity is not None else []
    if op.arity is None:
        told = [rows.slope(row, 0, names, formulas.Name("y"))]
    partials = tuple(zip(letters, told, strict=False))
    if len(told) > 1 and all(t == told[0] for t in told):
        partials = ((", ∂".join(("a", *(f"y/∂{x}" for x in letters[1:]))), told[0]),)
    return Line(op, f"{op.name}({', '.join([*letters, *constants])})", shown, partials, _note(formulas, rows.FUNCTIONS, op))


def lines() -> dict[str, list[Line]]:
    """The lines of every row, by group."""
    grouped = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "More": tuple(name for name in TABLE if name not in grouped)}
    found = {title: [line(TABLE[name]) for name in names if name in TABLE] for title, names in groups.items()}
    return {title: those for title, those in found.items() if those}


def _choice(formulas: Any, tree: Any) -> Any:
    """A formula that is a condition means 1 where it holds, else 0."""
    return formulas.Choice(tree, formulas.Number(1.0), formulas.Number(0.0)) if isinstance(tree, formulas.Compare) else tree


def _note(formulas: Any, functions: Any, op: Op) -> str:
    """What is answered at a kink, where the formula says otherwise."""
    for kink in op.kinks:
        given = dict(zip("abc", kink.at, strict=False))
        given |= {"y": op.forward(*kink.at, *op.defaults), **dict(zip(op.constants, op.defaults, strict=True))}
        by_formula = [formulas.evaluate(_choice(formulas, formulas.parse(text)), given, functions) for text in op.formula]
        if by_formula != list(kink.partials):
            answer = {0.0: "0", 0.5: "½"}.get(kink.partials[0], f"{kink.partials[0]:g}")
            tie = len(kink.at) == 2 and kink.at[0] == kink.at[1] != 0
            return f"{answer} {'each where a = b' if tie else 'where all are 0'}"
    return ""
