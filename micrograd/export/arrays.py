"""Tensor operations as Python source, in what PyTorch and JAX have in common; each overrides what it calls otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.reference import value_at
from micrograd.compiler.program.rule import Rule
from micrograd.export.own import Own
from micrograd.export.views import Move

ATOM, TIMES, PLUS = 3, 2, 1


class Text(str):
    """Source of an expression. level: how tightly it binds."""

    level: int

    def __new__(cls, text: str, level: int = ATOM) -> Text:
        made = super().__new__(cls, text)
        made.level = level
        return made


def within(x: Any, level: int = ATOM) -> str:
    """The expression where something that binds so tightly stands beside it."""
    if isinstance(x, float):
        return literal(x) if x >= 0 or level < ATOM else f"({literal(x)})"
    return x if x.level >= level else f"({x})"


def literal(x: float) -> str:
    """A number in Python."""
    return repr(x) if abs(x) < float("inf") else f'float("{x}")'


def matrix_product(letters: tuple[str, str, str]) -> tuple[bool, bool, bool] | None:
    """Of a contraction that is a product of a matrix (or a stack of rows) and a matrix or vector: (swapped?, transpose which?)."""
    a, b, c = letters
    for swapped, p, q in ((False, a, b), (True, b, a)):
        k = [i for i in p if i in q and i not in c]
        if len(k) != 1 or any(i in c for i in q if i in p) or set(c) != set(p + q) - set(k):
            continue
        lead, n = p.replace(k[0], ""), q.replace(k[0], "")
        if (lead or not n) and c == lead + n and len(n) <= 1 and (p[-1] == k[0] or len(p) <= 2):  # the matrix first
            return swapped, p[-1] != k[0], q[0] != k[0]
    return None


class Arrays:
    """A writer (see `tensors.Writer`) of Python source.

    lines: what was written. tables: arrays of places and of numbers that the source names. helpers: names of functions that it calls.
    """

    module = "numpy"
    templates: Mapping[str, str] = {}
    own: Own | None = None  # where ops bring their derivatives along

    @property
    def signs(self) -> bool:
        """With micrograd's derivatives go its signs of zeros."""
        return self.own is not None

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.tables: dict[str, Any] = {}
        self.helpers: set[str] = set()
        self.used: dict[str, int] = {}
        self.count = "1"  # the number of samples, as source

    def begin(self, arguments: Sequence[str], batch: bool) -> None:
        """What the arguments are called; with `batch` they have the samples as their first axis."""
        self.used.update(dict.fromkeys(arguments, 1))
        if batch and arguments:
            self.count = f"len({arguments[0]})"

    # --- names -----------------------------------------------------------------------------------------------------------

    def name(self, stem: str) -> str:
        """The stem, or the stem and a number where it is taken."""
        self.used[stem] = self.used.get(stem, 0) + 1
        return stem if self.used[stem] == 1 else self.name(f"{stem}_{self.used[stem]}")

    def let(self, name: str, x: Any, about: str) -> Text:
        made = self.name(name)
        self.lines.append(f"{made} = {bare(literal(x) if isinstance(x, float) else x)}")
        return Text(made)

    def table(self, array: Any, stem: str) -> str:
        """The name of an array that goes along."""
        for name, known in self.tables.items():
            if known.dtype == array.dtype and known.shape == array.shape and (known == array).all():
                return self.lookup(name)
        name = self.name(stem)
        self.tables[name] = array
        return self.lookup(name)

    def lookup(self, name: str) -> str:
        return name

    def constant(self, numbers: Any) -> Text:
        if numbers.size <= 8:
            return Text(self.array(numbers))
        return Text(self.table(numbers, "numbers"))

    def array(self, numbers: Any) -> str:
        raise NotImplementedError

    def help(self, name: str) -> str:
        """A function of ours that stands in the source."""
        self.helpers.add(name)
        return name

    # --- views -----------------------------------------------------------------------------------------------------------

    def moved(self, x: Any, moves: Sequence[Move], batch: bool) -> Text:
        text = x if isinstance(x, Text) and not moves else Text(within(x))
        if not moves:
            return text
        joined = [m for m, after in zip(moves, [*moves[1:], ("",)], strict=True) if not (m[0] == after[0] == "reshape")]
        for kind, *given in joined:
            if kind == "slice":
                items = [":"] * batch + [_item(i) for i in given[0]]
                while len(items) > 1 and items[-1] == ":":
                    items.pop()
                text = Text(f"{text}[{', '.join(items)}]")
            elif kind == "reshape":
                text = Text(f"{text}.reshape({', '.join(map(str, [*([-1] if batch else []), *given[0]]))})")
            elif kind == "permute":
                text = self.permuted(text, [*([0] if batch else []), *(q + batch for q in given[0])])
            elif kind == "windows":
                axis, _, step, width = given
                text = self.windows(text, axis + batch, width, step)
            else:
                text = self.gathered(text, given[0], batch)
        return text

    def gathered(self, x: Text, places: Any, batch: bool) -> Text:
        """Of a flat tensor."""
        at = self.listed(places) if 0 < places.size <= 12 and places.ndim == 1 else self.table(places, "index")
        if places.ndim == 0:
            at = str(int(places))
        return Text(f"{x}[{':, ' * batch}{at}]")

    def listed(self, places: Any) -> str:
        return repr(places.tolist())

    def permuted(self, x: Text, order: Sequence[int]) -> Text:
        if list(order) == [1, 0]:
            return Text(x[:-2]) if x.endswith(".T") else Text(f"{x}.T")
        return Text(f"{x}.{self.permute}({', '.join(map(str, order))})")

    permute = "transpose"

    def windows(self, x: Text, axis: int, width: int, step: int) -> Text:
        return Text(f"{self.help('windows')}({x}, {axis}, {width}, {step})")

    def spread(self, x: Any, axes: Sequence[bool], batch: bool) -> Any:
        items = [":" if there else "None" for there in axes]
        if batch:
            items.insert(0, ":")
        while items and items[0] == "None":
            items.pop(0)
        if isinstance(x, float) or "None" not in items:
            return x
        while items[-1] == ":":
            items.pop()
        return Text(f"{within(x)}[{', '.join(items)}]")

    def full(self, x: Any, shape: Sequence[int], batch: bool) -> Text:
        sizes = ", ".join([*([self.count] if batch else []), *map(str, shape)])
        if isinstance(x, float):
            x = self.array(np.array(x))
        return Text(f"{self.module}.broadcast_to({x}, ({sizes}{',' * (sizes.count(',') == 0 and bool(sizes))}))")

    def joined(self, flats: Sequence[Any], batch: bool) -> Text:
        return Text(f"{self.module}.{self.concatenate}([{', '.join(flats)}], -1)")

    concatenate = "concatenate"

    # --- what libraries have whole (see `fused`) ---------------------------------------------------------------------------

    def softmax(self, x: Any, axis: int, log: bool) -> Text:
        return Text(f"{self.functional}.{'log_' * log}softmax({bare(x)}, {axis})")

    def negative(self, x: Any) -> Text:
        return Text(f"-{within(x)}", TIMES)

    def places(self, whole: Any) -> Text:
        """Whole numbers of the code, as places."""
        return Text(self.table(whole, "labels"))

    def logsumexp(self, x: Any, axis: int) -> Text:
        raise NotImplementedError

    def one_class(self, x: Any, labels: Any, shape: Sequence[int], batch: bool, minus: bool, over: str) -> Text:
        """log softmax(x) at the labels, or minus it. shape: of x, samples left out. over: "none", "sum", "mean"."""
        raise NotImplementedError

    def widened(self, x: Any, axis: int) -> Text:
        """With an axis more, of one."""
        return Text(f"{within(x)}[{':, ' * axis}None]")

    def convolved(self, x: Any, weight: Any, strides: Sequence[int], apart: Sequence[int], batch: bool) -> Text:
        """A signal or an image [samples, channels, …], its windows times each filter [filters, channels, …]."""
        raise NotImplementedError

    layers = False  # whether it has attention and norms

    def norm(self, x: Any, n: int, eps: float, centred: bool) -> Text:
        """x / √(mean of x² + eps) along the last axis, of n, the mean of x taken away first if `centred`."""
        raise NotImplementedError

    def attention(self, query: Any, key: Any, value: Any, scale: float, causal: bool, size: int, leading: int) -> Text:
        """softmax(scale · query keyᵀ) value, of vectors of a size. leading: how many axes come before the sequence."""
        raise NotImplementedError

    def mean(self, x: Any, alone: bool) -> Text:
        """Over the samples. alone: nothing else is read of it."""
        return Text(f"{within(x)}.mean()")

    functional = ""

    # --- arithmetic ------------------------------------------------------------------------------------------------------

    def stopped(self, x: Any) -> Text:
        raise NotImplementedError

    def added(self, terms: Sequence[Any]) -> Any:
        return terms[0] if len(terms) == 1 else Text(" + ".join(within(t, PLUS) for t in terms), PLUS)

    def scaled(self, x: Any, factor: float, samples: bool) -> Text:
        parts = [within(x, TIMES), *([literal(factor)] if factor != 1.0 else []), *([self.count] if samples else [])]
        return Text(" * ".join(parts), TIMES)

    def sum(self, x: Any, axes: Sequence[int]) -> Text:
        return Text(f"{within(x)}.sum({axes[0] if len(axes) == 1 else tuple(axes)})")

    def masked(self, x: Any, mask: Any, axes: Sequence[bool], value: float) -> Text:
        """axes: which of the tensor's are the mask's two."""
        if value == 0.0 and axes[-2:] == [True, True] and (mask == np.tril(np.ones(mask.shape, dtype=bool))).all():
            return self.lower(x)
        at = self.spread(Text(self.table(mask, "mask")), axes, False)
        return Text(f"{self.module}.where({at}, {bare(x)}, {literal(value)})")

    def lower(self, x: Any) -> Text:
        return Text(f"{self.module}.tril({bare(x)})")

    def largest(self, x: Any, axes: Sequence[int]) -> Text:
        return Text(f"{self.help('peak')}({x}, {axes[0] if len(axes) == 1 else tuple(axes)})")

    def scattered(self, onto: Any, x: Any, places: Any, size: int, batch: bool) -> Text:
        text = f"{self.help('scattered')}({x}, {self.table(places, 'index')}, {size})"
        return Text(text) if onto is None else Text(f"{within(onto, PLUS)} + {text}", PLUS)

    def greatest(self, x: Any, places: Any, size: int, batch: bool) -> Text:
        return Text(f"{self.help('greatest')}({x}, {self.table(places, 'index')}, {size})")

    def contract(self, x: Any, y: Any, letters: tuple[str, str, str]) -> Text:
        found = matrix_product(letters)
        if found is not None:
            swapped, *turned = found
            left, right = (y, x) if swapped else (x, y)
            left = self.permuted(Text(within(left)), [1, 0]) if turned[0] else Text(within(left, TIMES), TIMES)
            right = self.permuted(Text(within(right)), [1, 0]) if turned[1] else Text(within(right))
            return Text(f"{left} @ {within(right)}", TIMES)
        a, b, c = letters
        return Text(f'{self.module}.einsum("{a},{b}->{c}", {x}, {y})')

    def formula(self, rule: Rule, operands: Mapping[str, Any]) -> Any:
        """The rule's expression with these operands; what it uses twice gets a name."""
        if all(isinstance(x, float) for x in operands.values()):
            return value_at(rule.result, dict(operands))
        own = self.own.call(rule) if self.own else None
        if own:
            given = [self.array(np.array(x)) if isinstance(x, float) else x for x in operands.values()]
            return Text(f"{own}({', '.join(given)})")
        body, text = rule.code(self.templates, "t")
        names = dict(operands)
        for line in body:
            name, _, value = line.partition(" = ")
            names[name] = self.let("part", Text(replaced(value, names), PLUS), "")
        if text in names:
            return names[text]
        found = replaced(text, names)
        return Text(found, ATOM if _closed(found) else PLUS)

    def taken(self, rows: Any, index: Any, letters: tuple[str, str, str]) -> Text:
        r, i, o = letters
        own, at = r[:-1], self.whole(index)
        if not set(own) & set(i):
            first = self.permuted(Text(within(rows)), [len(own), *range(len(own))]) if own else Text(within(rows))
            back = [(i + own).index(letter) for letter in o]
            found = Text(f"{first}[{at}]")
            return found if back == sorted(back) else self.permuted(found, back)
        table = self.spread(rows, [letter in r for letter in o if letter != "b"] + [True], "b" in r)
        places = self.spread(Text(at), [letter in i for letter in o if letter != "b"], "b" in i)
        if "b" not in r and "b" in i:
            table = Text(f"{within(table)}[None]")
        if "b" in r and "b" not in i:
            places = Text(f"{within(places)}[None]")
        return self.along(table, places)

    def whole(self, index: Any) -> Text:
        raise NotImplementedError

    def along(self, table: Text, places: Text) -> Text:
        raise NotImplementedError


def _item(i: Any) -> str:
    if not isinstance(i, slice):
        return str(i)
    text = f"{'' if i.start is None else i.start}:{'' if i.stop is None else i.stop}"
    return text if i.step is None else f"{text}:{i.step}"


def replaced(text: str, names: Mapping[str, Any]) -> str:
    """The text with operands in the place of their names."""
    return re.sub(r"\b[a-z]\w*\b(?![.(])", lambda m: within(names[m[0]]) if m[0] in names else m[0], text)


def _closed(text: str) -> bool:
    """Whether it is one name, call, or bracket."""
    if re.fullmatch(r"[\w.]+", text):
        return True
    if not re.match(r"[\w.]*\(", text) or not text.endswith(")"):
        return False
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth and c == ")":
            return k == len(text) - 1
    return False


def bare(text: str) -> str:
    """Without the brackets around the whole."""
    return text[1:-1] if text.startswith("(") and _closed(text) else text
