"""The bank of wrong engines: correct classes in many styles, and rules that make one mistake in one place of them.

A style is a file of tests/doctor/styles. In it ⟨name|text⟩ marks a piece of the program by what it means: `d.mul.a` is the local
derivative of a * b by a, `G.…` the upstream factor, `acc.…` the sign that adds to a gradient, `f.…` the number of the result. A rule
writes something else there, in the words of that style. docs/doctor.md has where each mistake was met.
"""

from __future__ import annotations

import linecache
import re
import sys
import types
from pathlib import Path
from typing import NamedTuple

STYLES = Path(__file__).parents[1] / "doctor" / "styles"
HELD_OUT = ("dictionary", "generations", "other_names", "subclasses")  # never looked at while the doctor was made
_MARK = re.compile(r"⟨([\w.]+)\|([^⟩]*)⟩")


class Style(NamedTuple):
    name: str
    template: str
    words: dict[str, str]

    def pieces(self) -> dict[str, str]:
        return dict(_MARK.findall(self.template))

    def text(self, changes: dict[str, str] | None = None) -> str:
        """The program, with other texts for some pieces."""
        changes = changes or {}
        return _MARK.sub(lambda m: changes.get(m[1], m[2]), self.template)


class Mutant(NamedTuple):
    """A wrong class: what was done to which style, the names that say it, and the lines at which it may be said to be."""

    style: str
    rule: str
    piece: str
    names: frozenset[str]
    text: str
    lines: frozenset[int]
    cls: str


def styles() -> dict[str, Style]:
    found = {}
    for path in sorted(STYLES.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        head, _, body = text.partition("\n")
        words = dict(part.split("=", 1) for part in head.removeprefix("#: ").split(" "))
        found[path.stem] = Style(path.stem, "#" + "\n" + body, words)
    return found


_count = 0


def load(text: str, cls: str):
    """The class that a text defines, with its source to be had; and the name of its file."""
    global _count
    _count += 1
    file, name = f"<student {_count}>", f"student_{_count}"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(text, file, "exec"), vars(module))
    return getattr(module, cls)


# --- rules -------------------------------------------------------------------------------------------------------------

# what people write for a local derivative: rule, piece, text in the words of the style ({A} the operand's number, {B} the other's,
# {Y} the result's, {X} the number of a function's operand), names that say it
DERIVATIVES = [
    ("own number", "d.mul.a", "{A}", "wrong-operand"),
    ("own number", "d.mul.b", "{B}", "wrong-operand"),
    ("1 for the derivative", "d.mul.a", "1.0", "local-missing"),
    ("1 for the derivative", "d.mul.b", "1.0", "local-missing"),
    ("minus", "d.mul.a", "-{B}", "sign"),
    ("minus", "d.mul.b", "-{A}", "sign"),
    ("result for derivative", "d.mul.a", "({A} * {B})", "value-for-derivative"),
    ("result for derivative", "d.mul.b", "({A} * {B})", "value-for-derivative"),
    ("sum for derivative", "d.mul.a", "({A} + {B})", "wrong-derivative"),
    ("minus", "d.add.a", "-1.0", "sign"),
    ("minus", "d.add.b", "-1.0", "sign"),
    ("other number", "d.add.a", "{B}", "wrong-operand value-for-derivative"),
    ("own number", "d.add.b", "{B}", "wrong-operand value-for-derivative"),
    ("0 for the derivative", "d.add.a", "0.0", "operand-missing nothing-back"),
    ("plus", "d.sub.b", "1.0", "sign wrong-operand"),
    ("minus", "d.sub.a", "-1.0", "sign"),
    ("other number", "d.sub.a", "{B}", "wrong-operand value-for-derivative"),
    ("plus", "d.neg.a", "1.0", "sign local-missing"),
    ("0 for the derivative", "d.neg.a", "0.0", "nothing-back"),
    ("b for 1/b", "d.div.a", "{B}", "wrong-derivative"),
    ("1/b**2", "d.div.a", "(1 / {B}**2)", "wrong-derivative"),
    ("1/a", "d.div.a", "(1 / {A})", "wrong-derivative"),
    ("1 for the derivative", "d.div.a", "1.0", "local-missing"),
    ("minus forgotten", "d.div.b", "({A} / {B}**2)", "sign"),
    ("square forgotten", "d.div.b", "(-{A} / {B})", "wrong-derivative"),
    ("numerator forgotten", "d.div.b", "(-1 / {B}**2)", "wrong-derivative"),
    ("operands swapped", "d.div.b", "(-{B} / {A}**2)", "wrong-derivative"),
    ("as for a", "d.div.b", "(1 / {B})", "wrong-operand wrong-derivative"),
    ("n forgotten", "d.pow.a", "({A} ** ({N} - 1))", "wrong-derivative"),
    ("exponent not reduced", "d.pow.a", "({N} * {A} ** {N})", "wrong-derivative"),
    ("n * a", "d.pow.a", "({N} * {A})", "wrong-derivative"),
    ("(n - 1) * a**n", "d.pow.a", "(({N} - 1) * {A} ** {N})", "wrong-derivative"),
    ("(n - 1) * a**(n - 1)", "d.pow.a", "(({N} - 1) * {A} ** ({N} - 1))", "wrong-derivative"),
    ("n + 1", "d.pow.a", "({N} * {A} ** ({N} + 1))", "wrong-derivative"),
    ("parentheses forgotten", "d.pow.a", "({N} * {A} ** {N} - 1)", "wrong-derivative"),
    ("n * a * (n - 1)", "d.pow.a", "({N} * {A} * ({N} - 1))", "wrong-derivative"),
    ("1 - t", "d.tanh.a", "(1 - {T})", "wrong-derivative"),
    ("1 - x**2", "d.tanh.a", "(1 - {X} ** 2)", "wrong-derivative"),
    ("1 + t**2", "d.tanh.a", "(1 + {T} ** 2)", "wrong-derivative"),
    ("t**2 - 1", "d.tanh.a", "({T} ** 2 - 1)", "sign"),
    ("sigmoid's", "d.tanh.a", "({T} * (1 - {T}))", "wrong-derivative"),
    ("t**2", "d.tanh.a", "({T} ** 2)", "wrong-derivative"),
    ("result for derivative", "d.tanh.a", "{T}", "value-for-derivative"),
    ("1 for the derivative", "d.tanh.a", "1.0", "local-missing"),
    ("x for exp(x)", "d.exp.a", "{X}", "wrong-derivative value-for-derivative"),
    ("power rule", "d.exp.a", "({X} * math.exp({X} - 1))", "wrong-derivative"),
    ("x * exp(x)", "d.exp.a", "({X} * math.exp({X}))", "wrong-derivative"),
    ("1 for the derivative", "d.exp.a", "1.0", "local-missing"),
    ("exp twice", "d.exp.a", "math.exp(math.exp({X}))", "wrong-derivative"),
    ("x for 1/x", "d.log.a", "{X}", "wrong-derivative value-for-derivative"),
    ("1/log(x)", "d.log.a", "(1 / math.log({X}))", "wrong-derivative"),
    ("-1/x", "d.log.a", "(-1 / {X})", "sign"),
    ("1/x**2", "d.log.a", "(1 / {X} ** 2)", "wrong-derivative"),
    ("no condition", "d.relu.a", "1.0", "wrong-derivative local-missing"),
    ("condition turned round", "d.relu.a", "({X} < 0)", "wrong-derivative"),
    (">= of the result", "d.relu.a", "(max(0.0, {X}) >= 0)", "wrong-derivative local-missing"),
    ("x for 1", "d.relu.a", "max(0.0, {X})", "wrong-derivative value-for-derivative"),
    ("0 for the derivative", "d.relu.a", "0.0", "nothing-back"),
    ("of abs", "d.relu.a", "(1.0 if {X} > 0 else -1.0)", "wrong-derivative"),
    ("1 - s", "d.sigmoid.a", "(1 - {T})", "wrong-derivative"),
    ("s * (1 + s)", "d.sigmoid.a", "({T} * (1 + {T}))", "wrong-derivative"),
    ("s alone", "d.sigmoid.a", "{T}", "wrong-derivative value-for-derivative"),
    ("x * (1 - x)", "d.sigmoid.a", "({X} * (1 - {X}))", "wrong-derivative"),
    ("tanh's", "d.sigmoid.a", "(1 - {T} ** 2)", "wrong-derivative"),
    ("minus", "d.sin.a", "(-math.cos({X}))", "sign"),
    ("sin for cos", "d.sin.a", "math.sin({X})", "wrong-derivative value-for-derivative"),
    ("plus", "d.cos.a", "math.sin({X})", "sign"),
    ("cos for -sin", "d.cos.a", "math.cos({X})", "wrong-derivative value-for-derivative"),
    ("2 forgotten", "d.sqrt.a", "(1 / math.sqrt({X}))", "wrong-derivative counted-twice"),
    ("input for output", "d.sqrt.a", "(0.5 / {X})", "wrong-derivative"),
    ("condition turned round", "cond.relu", "{X} < 0", "wrong-derivative"),
    ("no condition", "cond.relu", "{X} < 0 or {X} >= 0", "wrong-derivative local-missing"),
]
# what people write for the number
NUMBERS = [
    ("minus for plus", "f.add", "{a} - {b}"),
    ("times for plus", "f.add", "{a} * {b}"),
    ("an operand twice", "f.add", "{a} + {a}"),
    ("plus for times", "f.mul", "{a} + {b}"),
    ("an operand twice", "f.mul", "{a} * {a}"),
    ("divided", "f.mul", "{a} / {b}"),
    ("swapped", "f.sub", "{b} - {a}"),
    ("plus for minus", "f.sub", "{a} + {b}"),
    ("swapped", "f.div", "{b} / {a}"),
    ("times", "f.div", "{a} * {b}"),
    ("whole part", "f.div", "{a} // {b}"),
    ("sign kept", "f.neg", "{a}"),
    ("product for power", "f.pow", "{a} * {N}"),
    ("half the exponent", "f.tanh", "math.tanh({x} / 2)"),
    ("min", "f.relu", "min(0.0, {x})"),
    ("abs", "f.relu", "abs({x})"),
    ("step", "f.relu", "float({x} > 0)"),
    ("2**x", "f.exp", "2 ** {x}"),
    ("exp(-x)", "f.exp", "math.exp(-{x})"),
    ("log10", "f.log", "math.log10({x})"),
    ("log(1 + x)", "f.log", "math.log1p({x})"),
    ("minus forgotten", "f.sigmoid", "1 / (1 + math.exp({x}))"),
    ("cos", "f.sin", "math.cos({x})"),
    ("sin", "f.cos", "math.sin({x})"),
]
MADE = [  # methods that are made of others: rule, piece, what stands there, names
    ("sign kept", "r.neg", "self * 1", "wrong-value"),
    ("itself", "r.neg", "self", "wrong-value same-object"),
    ("plus for minus", "r.sub", "self + other", "wrong-value"),
    ("operands swapped", "r.sub", "(-self) + other", "swapped"),
    ("product", "r.sub", "self * other", "wrong-value"),
    ("operands swapped", "r.rsub", "self - other", "swapped"),
    ("sum", "r.rsub", "self + other", "wrong-value"),
    ("operands swapped", "r.rdiv", "self / other", "swapped"),
    ("product", "r.rdiv", "self * other", "wrong-value"),
    ("calls itself", "r.radd", "other + self", "endless"),
    ("calls itself", "r.rmul", "other * self", "endless"),
    ("calls itself", "r.rsub", "other - self", "endless"),
    ("sum for product", "r.rmul", "self + other", "wrong-value"),
    ("product for sum", "r.radd", "self * other", "wrong-value"),
    ("nothing given back", "r.radd", "None", "returns-none"),
    ("product", "r.div", "self * other", "wrong-value"),
    ("operands swapped", "r.div", "other * self**-1", "swapped"),
    ("sign of the exponent", "r.div", "self * other**1", "wrong-value"),
]


_KEPT: dict[str, list[Mutant]] = {}


def mutants(style: Style) -> list[Mutant]:
    """Every rule at every place of a style where it makes a mistake."""
    if style.name not in _KEPT:
        _KEPT[style.name] = _all(style)
    return _KEPT[style.name]


def _all(style: Style) -> list[Mutant]:
    made = [*_derivatives(style), *_passing(style), *_upstream(style), *_numbers(style), *_made(style), *_nodes(style), *_walking(style)]
    return [m for m in made if m is not None]


def _mutant(style: Style, rule: str, piece: str, names: str, changes: dict[str, str], whole: bool = False) -> Mutant | None:
    return _written(style, rule, piece, names, style.text(changes), whole)


def _written(style: Style, rule: str, piece: str, names: str, text: str, whole: bool = False) -> Mutant | None:
    base = style.text().split("\n")
    new = text.split("\n")
    if text == style.text():
        return None
    compile(text, "<mutant>", "exec")
    return Mutant(style.name, rule, piece, frozenset(names.split()), text, frozenset(_changed(base, new, text, whole)), style.words["CLS"])


def _changed(base: list[str], new: list[str], text: str, whole: bool) -> set[int]:
    """The lines that differ; where lines are gone, those of the function in which they were."""
    import ast
    import difflib

    found: set[int] = set()
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    for tag, _, _, j1, j2 in difflib.SequenceMatcher(None, base, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        found |= set(range(j1 + 1, j2 + 1))
        if tag == "delete" or whole:
            line = max(1, j1)
            around = [f for f in functions if f.lineno <= line + 1 and line <= (f.end_lineno or 0)]
            inner = max(around, key=lambda f: f.lineno, default=None)
            if inner is not None:
                found |= set(range(inner.lineno, (inner.end_lineno or 0) + 1))
    return found


def _words(style: Style, piece: str) -> dict[str, str]:
    """The words of a style at one operation: how its numbers are called there."""
    op = piece.split(".")[1]
    right = style.pieces().get(f"d.{op}.a", "")
    x = style.words["A"]
    if style.name == "made_in_a_loop" and op in ("exp", "sin", "tanh", "relu"):
        x = "x"
    n = next((m[1] for m in [re.search(r"\b(other|self\.n|k|n)\b\s*\*", style.pieces().get("d.pow.a", ""))] if m), "n")
    t = f"math.tanh({x})" if op == "tanh" else f"(1 / (1 + math.exp(-{x})))" if op == "sigmoid" else style.words["Y"]
    for name in ("t", "s"):
        if re.search(rf"\b{name}\b", right):
            t = name
    return {"A": x, "B": style.words["B"], "Y": style.words["Y"], "X": x, "T": t, "N": n}


def _derivatives(style: Style):
    for rule, piece, text, names in DERIVATIVES:
        if piece in style.pieces():
            text = text.format(**_words(style, piece))
            if "math." not in style.template:
                text = text.replace("math.", "np." if "np." in style.template else "")
            yield _mutant(style, rule, piece, names, {piece: text})


def _passing(style: Style):
    """What the sign that adds to a gradient becomes; lines forgotten and doubled."""
    lines = style.template.split("\n")
    for piece in style.pieces():
        kind, _, rest = piece.partition(".")
        if kind == "sum":
            yield _mutant(style, "minus for plus", piece, "sign", {piece: "-"})
            target = re.search(rf"= ([\w.]+) ⟨{re.escape(piece)}\|\+⟩ ", style.template)
            if target:
                text = style.template.replace(f"{target[1]} ⟨{piece}|+⟩ ", "")
                yield _written(style, "= without the old gradient", piece, "overwrite", _MARK.sub(lambda m: m[2], text))
        if kind != "acc":
            continue
        if style.name == "upstream":  # that line gives the root its gradient too
            yield _mutant(style, "-= for +=", piece, "sign seed-wrong", {piece: "-="})
            yield _mutant(style, "*= for +=", piece, "multiplied-into seed-missing", {piece: "*="})
            yield _mutant(style, "= for +=", piece, "overwrite", {piece: "="})
            continue
        yield _mutant(style, "= for +=", piece, "overwrite", {piece: "="})
        yield _mutant(style, "=+ for +=", piece, "overwrite", {piece: "=+"})
        yield _mutant(style, "-= for +=", piece, "sign", {piece: "-="})
        yield _mutant(style, "*= for +=", piece, "multiplied-into nothing-back", {piece: "*="})
        at = next(i for i, line in enumerate(lines) if f"⟨{piece}|" in line)
        if rest.startswith("all"):
            twice = [*lines[: at + 1], lines[at], *lines[at + 1 :]]
            yield _written(style, "added twice", piece, "counted-twice graph", _MARK.sub(lambda m: m[2], "\n".join(twice)), True)
            continue
        alone = not any(f"⟨acc.{rest[:-2]}.{other}|" in style.template for other in "ab" if other != rest[-1])
        inside = lines[at - 1].rstrip().endswith(":") and not lines[at + 1].strip().startswith(("self", "other", "b.", "⟨"))
        forgotten = [*lines[:at], re.sub(r"\S.*", "pass", lines[at]), *lines[at + 1 :]] if inside else [*lines[:at], *lines[at + 1 :]]
        names = "nothing-back" if alone else "operand-missing"
        yield _written(style, "line forgotten", piece, names, _MARK.sub(lambda m: m[2], "\n".join(forgotten)), True)
        twice = [*lines[: at + 1], lines[at], *lines[at + 1 :]]
        yield _written(style, "line written twice", piece, "counted-twice", _MARK.sub(lambda m: m[2], "\n".join(twice)), True)


def _upstream(style: Style):
    """The factor of the chain rule."""
    for piece in style.pieces():
        if not piece.startswith("G."):
            continue
        yield (
            _mutant(style, "upstream forgotten", piece, "upstream-missing", {piece: ""})
            if not piece.startswith("G.all") or style.name != "upstream"
            else None
        )
        if piece.startswith("G.all"):
            continue
        _, op, slot = piece.split(".")
        g = style.pieces()[piece].removeprefix(" * ")
        derivative = style.pieces().get(f"d.{op}.{slot}", "1").strip("()")
        one = derivative in ("1", "1.0", "-1")
        yield _mutant(style, "upstream squared", piece, "upstream-twice", {piece: f" * {g} * {g}"})
        if not one:
            yield _mutant(style, "added, not multiplied", piece, "added-not-multiplied", {piece: f" + {g}"})
        own = style.words["OG" if slot == "a" else "PG"]
        if own:
            yield _mutant(style, "own gradient for the result's", piece, "own-grad", {piece: f" * {own}"})
        if style.words["Y"]:
            yield _mutant(style, "number for gradient", piece, "data-for-grad", {piece: f" * {style.words['Y']}"})


def _numbers(style: Style):
    for rule, piece, text in NUMBERS:
        right = style.pieces().get(piece)
        if right is None:
            continue
        names = "swapped wrong-value" if rule == "swapped" else "wrong-value another-function"
        parts = re.findall(r"[A-Za-z_][\w.]*", re.sub(r"\b(math|np)\.\w+|\b(max|min|if|else|float|exp|log|maximum)\b", "", right))
        a, b = parts[0], parts[-1]
        n = next((m[1] for m in [re.search(r"\*\* ?(?:float\()?([\w.]+)", right)] if m), "n")
        text = text.format(a=a, b=b, x=a, N=n)
        if "math." not in style.template:
            text = text.replace("math.", "np." if "np." in style.template else "")
        yield _mutant(style, rule, piece, names, {piece: text})


def _made(style: Style):
    for rule, piece, text, names in MADE:
        if piece in style.pieces():
            yield _mutant(style, rule, piece, names, {piece: text})
    for method in ("__radd__", "__rmul__", "__rsub__", "__rtruediv__"):
        text = style.text()
        new = re.sub(rf"    def {method}\(self, other\):\n        return .*\n\n", "", text)
        if new != text:
            mutant = _written(style, "reflected method forgotten", method, "missing-method", new)
            head = next(i for i, line in enumerate(new.split("\n"), 1) if line.startswith(f"class {style.words['CLS']}"))
            yield mutant._replace(lines=frozenset({head}))  # it is nowhere: what can be shown is the class


def _nodes(style: Style):
    """Making a node: its operands, its function, its number."""
    pieces, words = style.pieces(), style.words
    for piece, right in pieces.items():
        kind, _, op = piece.partition(".")
        if kind == "kids" and ("tanh" in piece or op in ("add", "mul", "exp", "pow", "sub")):
            empty = "[]" if right.startswith("[") else "()"
            names = "not-recorded nothing-back operand-missing"
            yield _mutant(style, "operands forgotten", piece, names, {piece: empty})
            if "other" in right:
                yield _mutant(
                    style, "one operand forgotten", piece, names, {piece: right.replace(", other", "" if right.startswith("[") else ",")}
                )
        elif kind == "wrap":
            yield _mutant(style, "number not made a node", piece, "number-operand", {piece: "pass"}, True)
            if op == "mul":
                yield _mutant(style, "node made of a node", piece, "nested", {piece: f"other = {words['CLS']}(other)"})
        elif kind == "keep":
            target, _, function = right.partition(" = ")
            yield _mutant(style, "function not kept", piece, "not-attached nothing-back", {piece: "pass"}, True)
            yield _mutant(
                style, "function called at once", piece, "called-at-once raises nothing-back", {piece: f"{target} = {function}()"}
            )
            if op in ("add", "mul", "tanh", "exp"):
                yield _mutant(
                    style, "function kept by an operand", piece, "on-operand", {piece: f"self.{target.partition('.')[2]} = {function}"}
                )
        elif kind == "tape":
            yield _mutant(style, "operation not on the tape", piece, "nothing-back not-attached not-recorded", {piece: "pass"}, True)
        elif kind == "out":
            yield _mutant(style, "nothing given back", piece, "returns-none", {piece: "None"})
            if op in ("add", "mul", "relu"):
                data = words["Y"].partition(".")[2] or "data"
                yield _mutant(style, "a number given back", piece, "no-node", {piece: f"{right}.{data}"})
        if (
            kind == "f"
            and op in ("add", "mul", "exp", "tanh")
            and words["A"].startswith("self.")
            and words["Y"]
            and style.name not in ("subclasses",)
        ):
            yield from _changing(style, op)
        if kind == "G" and words["G"].count(".") == 1 and op in ("mul.a", "tanh.a", "exp.a", "pow.a"):
            yield _early(style, piece)
    yield _mutant(style, "gradient begins with 1", "init", "grad-initial", {"init": "1.0"}) if "init" in pieces else None
    if "init" in pieces and "all" not in "".join(pieces):
        yield _mutant(style, "gradient begins with None", "init", "grad-initial", {"init": "None"})
    if "zero" in pieces:
        yield _mutant(style, "zero_grad sets 1", "zero", "zero-grad", {"zero": "1.0"})
        yield _mutant(style, "zero_grad does nothing", "zero", "zero-grad", {"zero": "self.grad"})
    if "loop" in pieces:
        late = "lambda self: method(key, function, derivative)(self)"
        yield _mutant(style, "loop variable looked up late", "loop", "another-function", {"loop": late})
    yield from _equality(style)


def _changing(style: Style, op: str):
    """The forward pass changes its operand's number."""
    lines = style.template.split("\n")
    at = next(i for i, line in enumerate(lines) if f"⟨f.{op}|" in line)
    if "return" in lines[at] or lines[at].strip().startswith("⟨"):
        return
    indent = re.match(r" *", lines[at])[0]
    spoil = f"{indent}{style.words['A'] if style.words['A'].startswith('self') else 'self.data'} += 1.0"
    text = "\n".join([*lines[:at], lines[at], spoil, *lines[at + 1 :]])
    yield _written(style, "changes its operand", f"f.{op}", "mutates", _MARK.sub(lambda m: m[2], text))


def _early(style: Style, piece: str):
    """The upstream gradient is read in the forward pass."""
    lines = style.template.split("\n")
    at = next(i for i, line in enumerate(lines) if f"⟨{piece}|" in line)
    start = next((i for i in range(at, 0, -1) if lines[i].strip().startswith("def ")), 0)
    indent = re.match(r" *", lines[start])[0]
    if len(indent) != 8:
        return None
    lines = [*lines[:start], f"{indent}early = {style.words['G']}", *lines[start:]]
    text = _MARK.sub(lambda m: " * early" if m[1] == piece else m[2], "\n".join(lines))
    return _written(style, "upstream read too early", piece, "read-early", text, True)


def _equality(style: Style):
    name = style.words["A"].rpartition(".")[2] if "." in style.words["A"] else "data"
    head = re.search(rf"class {style.words['CLS']}\b.*\n(?:    __slots__.*\n\n|\n)?", style.template)
    field = "value" if style.name == "other_names" else "data" if name not in ("data", "value") else name
    equal = f"    def __eq__(self, other):\n        return self.{field} == getattr(other, '{field}', other)\n\n"
    hashed = f"    def __hash__(self):\n        return hash(self.{field})\n\n"
    at = style.template.index("    def ", head.end())
    decorated = style.template.rfind("    @", 0, at)
    at = decorated if decorated >= 0 and style.template[decorated:at].count("\n") == 1 else at
    uses = re.search(r"not in (seen|visited|marked):", style.template) and "id(" not in style.template
    for rule, added, names in (("__eq__ alone", equal, "unhashable"), ("equal by number", equal + hashed, "equal-merged graph")):
        if uses and style.name not in ("generations",):
            text = style.template[:at] + added + style.template[at:]
            yield _written(style, rule, "class", names, _MARK.sub(lambda m: m[2], text), True)
    if "add" in "".join(style.pieces()):
        plus = f"other.{field} if isinstance(other, {style.words['CLS']}) else other"
        added = f"    def __iadd__(self, other):\n        self.{field} += {plus}\n        return self\n\n"
        text = style.template[:at] + added + style.template[at:]
        yield _written(style, "+= in place", "class", "in-place", _MARK.sub(lambda m: m[2], text), True)


def _walking(style: Style):
    """backward(): how it begins and in which order it goes."""
    pieces = style.pieces()
    if "seedline" in pieces:
        seed = pieces["seedline"]
        target, _, one = seed.partition(" = ")
        yield _mutant(style, "no seed", "seedline", "seed-missing", {"seedline": "pass"}, True)
        zero = one.replace("1.0", "0.0").replace("1", "0") if "1.0" not in one else one.replace("1.0", "0.0")
        yield _mutant(style, "seed 0", "seedline", "seed-missing", {"seedline": f"{target} = {zero}"})
        field = target.replace("gradient", "value").replace("grad", "data")
        yield _mutant(style, "seed by the number", "seedline", "seed-wrong", {"seedline": f"{target} = {field}"})
        yield _mutant(style, "seed 2", "seedline", "seed-wrong", {"seedline": f"{target} = 2.0"})
    if "default" in pieces:
        yield _mutant(style, "seed 0", "default", "seed-missing", {"default": "0.0"})
    order = pieces.get("order", "")
    if order:
        plain = re.sub(r"^reversed\((.*)\)$", r"\1", order).removesuffix("[::-1]")
        yield _mutant(style, "not reversed", "order", "not-reversed", {"order": plain})
        if style.name != "tape":
            yield _mutant(style, "root left out", "order", "root-missing", {"order": f"list({order})[1:]"})
    if "guard" in pieces:
        yield _mutant(style, "nodes visited again and again", "guard", "no-visited", {"guard": "if True:"})
        yield _preorder(style)
    grad = style.words["GRAD"]
    looped = re.search(r"\n( *)for (\w+) in ⟨order\|([^⟩]*)⟩:\n", style.template)
    if looped and style.name != "tape":
        indent, var, order = looped[1], looped[2], looped[3]
        seed = re.search(r"\n *⟨seedline\|[^⟩]*⟩\n", style.template)
        reset = f"{indent}for {var} in {order}:\n{indent}    {var}.{grad} = 0.0\n"
        text = style.template[: seed.start() + 1] + reset + style.template[seed.start() + 1 :]
        yield _written(style, "backward() sets gradients to 0", "order", "zeroes", _MARK.sub(lambda m: m[2], text), True)
        yield from _recursions(style, looped)
        yield _stateful(style)
    if style.name == "tuples":
        text = style.template.replace("zip(v._children, v._local_grads, strict=False)", "dict(zip(v._children, v._local_grads)).items()")
        yield _written(style, "operands in a dict", "order", "duplicates", _MARK.sub(lambda m: m[2], text))
    if style.name == "pairs":
        text = style.template.replace("for child, slope in v.back:", "for child, slope in dict(v.back).items():")
        yield _written(style, "operands in a dict", "order", "duplicates", _MARK.sub(lambda m: m[2], text))
    if style.name == "pulls":
        text = style.template.replace(
            "for x, pull in zip(v.args, v.pulls, strict=False):", "for x, pull in dict(zip(v.args, v.pulls)).items():"
        )
        yield _written(style, "operands in a dict", "order", "duplicates", _MARK.sub(lambda m: m[2], text))


def _preorder(style: Style):
    """The node enters the list before its operands."""
    lines = style.template.split("\n")
    guard = next(i for i, line in enumerate(lines) if "⟨guard|" in line)
    at = next(i for i in range(guard, len(lines)) if "⟨append|" in lines[i])
    moved = [*lines[: guard + 1], lines[at], *lines[guard + 1 : at], *lines[at + 1 :]]
    return _written(style, "listed before its operands", "append", "preorder", _MARK.sub(lambda m: m[2], "\n".join(moved)), True)


def _recursions(style: Style, looped):
    """No order at all: the walk goes on from each node at once."""
    indent, var = looped[1], looped[2]
    start = style.template.index(looped[0]) + 1
    body = style.template[start:].split("\n\n\n")[0].split("\n\n    def ")[0].rstrip("\n").split("\n")
    kids = {
        "lecture": "v._prev", "locals": "v.children", "tuples": "v._children", "pairs": "[c for c, _ in v.back]", "pulls": "v.args",
        "numpy_numbers": "v.prev", "made_in_a_loop": "v.children", "other_names": "v.parents", "subclasses": "v.operands",
        "dictionary": "v.inputs", "classes": "(v.creator.inputs if v.creator else ())",
    }.get(style.name)  # fmt: skip
    if kids is None:
        return
    inner = [re.sub(rf"\b{var}\b", "v", line).replace("continue", "return") for line in body[1:]]
    seed = style.pieces()["seedline"]
    begin = re.search(r"    def (backward|backprop)\(self\):\n", style.template)
    old = style.template[begin.end() : style.template.index("\n".join(body)) + len("\n".join(body))]
    queue = [line.replace("return", "continue") for line in inner]
    ways = {
        "recursion at once": (
            "order",
            [f"{indent}def go(v):", *inner, f"{indent}    for kid in {kids}:", f"{indent}        go(kid)", "", f"{indent}go(self)"],
        ),
        "a queue without an order": (
            "order",
            [f"{indent}todo = [self]", f"{indent}while todo:", f"{indent}    v = todo.pop(0)", f"{indent}    todo.extend({kids})", *queue],
        ),
        "the root alone": ("one-level", [f"{indent}for v in [self]:", *queue]),
    }
    for rule, (names, lines) in ways.items():
        text = style.template.replace(old, "\n".join([f"{indent}{seed}", *lines]))
        yield _written(style, rule, "order", names, _MARK.sub(lambda m: m[2], text), True)


def _stateful(style: Style):
    """The list of nodes, or the set of those seen, is a default argument: made once for all calls."""
    found = re.search(r"    def backward\(self\):\n((?:.*\n)*?) +(topo|order) = \[\]\n +(visited|seen) = set\(\)\n", style.template)
    if found is None:
        return None
    text = style.template.replace(found[0], f"    def backward(self, {found[2]}=[], {found[3]}=set()):\n{found[1]}        pass\n")
    return _written(style, "default argument kept", "backward", "state-kept", _MARK.sub(lambda m: m[2], text), True)


# --- that a mutant is wrong, without the doctor --------------------------------------------------------------------------


def differs(style: Style, mutant: Mutant) -> bool:
    """Whether some program gives other numbers or gradients with the mutant than with the right class, or raises with one of them alone."""
    try:
        wrong = load(mutant.text, mutant.cls)
    except Exception:
        return True
    right = load(style.text(), mutant.cls)
    return any(_outcome(style, right, program) != _outcome(style, wrong, program) for program in _PROGRAMS)


def _outcome(style: Style, cls, program):
    data = "value" if style.name == "other_names" else "data"
    back = "backprop" if style.name == "other_names" else "backward"
    leaves = [cls(x) for x in (1.5, 0.5, 1.5)]
    try:
        root = program(*leaves)
        getattr(root, back)()
        grads = [getattr(leaf, style.words["GRAD"]) for leaf in leaves]
        numbers = [getattr(value, data) for value in (root, *leaves)]
        return [round(float(x or 0.0), 9) for x in (*numbers, *grads)]
    except Exception as error:
        return type(error).__name__
    except RecursionError:
        return "RecursionError"


def _twice(f):
    def run(a, b, c):
        for back in ("backward", "backprop"):
            if hasattr(a, back):
                getattr(f(a, b), back)()
        return f(a, b)

    return run


def _again(a, b, c):
    """Two roots over one node."""
    shared = a * b
    for back in ("backward", "backprop"):
        if hasattr(a, back):
            getattr(shared + a, back)()
    return shared * b


def _in_place(a, b, c):
    s = a + b
    t = s
    t += a
    return s * t


def _zeroed(a, b, c):
    (a * b).backward()
    if hasattr(a, "zero_grad"):
        a.zero_grad()
    return a + b


FUNCTIONS = ("tanh", "exp", "log", "relu", "sigmoid", "sin", "cos", "sqrt")


def _of_function(name):
    def squared(a, b, c):
        d = getattr(a - 2 * b + b * b, name)()
        return d * d + d * a

    return [
        lambda a, b, c: getattr(a, name)(), lambda a, b, c: getattr(a, name)() + getattr(a, name)() * b,
        lambda a, b, c: getattr(b - a, name)() * a, squared,
    ]  # fmt: skip


_PROGRAMS = [
    lambda a, b, c: a + b,
    lambda a, b, c: a * b,
    lambda a, b, c: a - b,
    lambda a, b, c: a / b,
    lambda a, b, c: -a,
    lambda a, b, c: a**3,
    lambda a, b, c: a**-1 * a**2,
    lambda a, b, c: 2 + a,
    lambda a, b, c: 2 - a,
    lambda a, b, c: 3 * a,
    lambda a, b, c: 3 / a,
    lambda a, b, c: a + 2,
    lambda a, b, c: a * 3,
    lambda a, b, c: a - 2,
    lambda a, b, c: a / 3,
    lambda a, b, c: (a * b) * (a + b),
    lambda a, b, c: (a - b) * (a - b) * a,
    lambda a, b, c: (a / b) / a * b,
    lambda a, b, c: (-a) * (-a) * b,
    lambda a, b, c: (a + b) ** 3 * a,
    lambda a, b, c: a + a * b,
    lambda a, b, c: a * a + a,
    lambda a, b, c: a + a,
    lambda a, b, c: a * c * b + c,
    lambda a, b, c: (lambda d: (lambda e: e * d * e + d)(d + a))(a * b),
    lambda a, b, c: (lambda d: d + d + d * d)(a * b),
    lambda a, b, c: (lambda d: (lambda e: (lambda f: f * e + d)(e * d))(d - b))(a * b),
    _again,
    _in_place,
    _zeroed,
    *(program for name in FUNCTIONS for program in _of_function(name)),
    _twice(lambda a, b: a * b + a),
]
