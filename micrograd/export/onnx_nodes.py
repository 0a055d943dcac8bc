"""Tensor operations as nodes of an ONNX graph (a writer, see `pools.Writer`): tensors are names of values, numbers are floats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.reference import value_at
from micrograd.compiler.program.rule import Rule, printable
from micrograd.export.arrays import matrix_product
from micrograd.export.onnx_ops import BUILT, KNOWN, WRITTEN
from micrograd.export.views import Move
from micrograd.ops.op import Symbol

DOUBLE, INT64 = 11, 7


class Nodes:
    """The nodes so far. count: a value that holds the number of samples, as a vector of one whole number."""

    signs = False

    def __init__(self) -> None:
        onnx = import_module("onnx")
        self.helper: Any = import_module("onnx.helper")
        self.numpy_helper: Any = onnx.numpy_helper
        self.nodes: list[Any] = []
        self.constants: dict[tuple[Any, ...], str] = {}
        self.initializers: list[Any] = []
        self.used: set[str] = set()
        self.count = ""
        self.renamed: dict[str, str] = {}  # what a node's output was called before it got its name

    def begin(self, arguments: Sequence[str], batch: bool) -> None:
        """What the arguments are called; with `batch` they have the samples as their first axis."""
        self.used.update(arguments)
        if batch:
            self.count = self("Slice", self("Shape", arguments[0]), self.ints(0), self.ints(1)) if arguments else self.ints(1)

    # --- names and numbers -----------------------------------------------------------------------------------------------

    def fresh(self, stem: str) -> str:
        """The stem, or the stem with a number, that nothing is called yet."""
        name, k = stem, 1
        while name in self.used:
            k += 1
            name = f"{stem}_{k}"
        self.used.add(name)
        return name

    def __call__(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        """A node, and what its output is called."""
        made = self.fresh(f"{kind.lower()}")
        self.nodes.append(self.helper.make_node(kind, [self.named(x) for x in inputs], [made], **attributes))
        return made

    def named(self, x: Any) -> str:
        """What the value of a number or tensor is called by now."""
        if isinstance(x, float):
            return self.number(x)
        while x in self.renamed:
            x = self.renamed[x]
        return str(x)

    def array(self, array: Any) -> str:
        """A constant, written once."""
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            self.constants[key] = self.fresh("c")
            self.initializers.append(self.numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), self.constants[key]))
        return self.constants[key]

    def number(self, x: float) -> str:
        return self.array(np.array(x, dtype=np.float64))

    def ints(self, *xs: int) -> str:
        return self.array(np.array(xs, dtype=np.int64))

    def constant(self, numbers: Any) -> str:
        return self.array(np.asarray(numbers, dtype=np.float64))

    def let(self, name: str, x: Any, about: str) -> Any:
        """The last node's output gets the name; what came before keeps its own."""
        old = self.named(x)
        if not self.nodes or list(self.nodes[-1].output) != [old]:
            return x
        made = self.fresh(name)
        self.nodes[-1].output[0] = self.renamed[old] = made
        self.nodes[-1].doc_string = about
        return made

    # --- views -----------------------------------------------------------------------------------------------------------

    def moved(self, x: Any, moves: Sequence[Move], batch: bool) -> str:
        x = self.named(x)
        for kind, *given in moves:
            if kind == "slice":
                x = self._sliced(x, given[0], batch)
            elif kind == "reshape":
                x = self("Reshape", x, self.ints(*([-1] if batch else []), *given[0]))
            elif kind == "permute":
                x = self("Transpose", x, perm=[*([0] if batch else []), *(q + batch for q in given[0])])
            elif kind == "windows":
                axis, count, step, width = given
                places = np.arange(count)[:, None] * step + np.arange(width)
                rank = axis + batch
                x = self("Gather", x, self.array(places), axis=rank)
                x = self._last(x, rank + 1)
            else:
                x = self("Gather", x, self.array(np.asarray(given[0], dtype=np.int64)), axis=int(batch))
        return str(x)

    def _last(self, x: str, axis: int) -> str:
        """An axis to the end: its rank is not known here, so as an einsum."""
        letters = "abcdefgh"[: axis + 1]
        return self("Einsum", x, equation=f"{letters}...->{letters[:-1]}...{letters[-1]}")

    def _sliced(self, x: str, items: Sequence[Any], batch: bool) -> str:
        cuts = [(a + batch, i) for a, i in enumerate(items) if isinstance(i, slice) and i != slice(None)]
        if cuts:
            starts, stops = [i.start or 0 for _, i in cuts], [2**62 if i.stop is None else i.stop for _, i in cuts]
            steps = [i.step or 1 for _, i in cuts]
            x = self("Slice", x, self.ints(*starts), self.ints(*stops), self.ints(*(a for a, _ in cuts)), self.ints(*steps))
        for a, i in reversed(list(enumerate(items))):
            if not isinstance(i, slice):
                x = self("Gather", x, self.array(np.array(i, dtype=np.int64)), axis=a + batch)
        return x

    def spread(self, x: Any, axes: Sequence[bool], batch: bool) -> Any:
        missing = [a + batch for a, there in enumerate(axes) if not there]
        if isinstance(x, float) or not missing:
            return x
        return self("Unsqueeze", x, self.ints(*missing))

    def full(self, x: Any, shape: Sequence[int], batch: bool) -> str:
        sizes = self.ints(*shape)
        return self("Expand", x, self("Concat", self.count, sizes, axis=0) if batch else sizes)

    def joined(self, flats: Sequence[Any], batch: bool) -> str:
        return self("Concat", *flats, axis=int(batch))

    # --- arithmetic ------------------------------------------------------------------------------------------------------

    def stopped(self, x: Any) -> Any:
        return x

    def added(self, terms: Sequence[Any]) -> Any:
        found = terms[0]
        for term in terms[1:]:
            found = self("Add", found, term)
        return found

    def scaled(self, x: Any, factor: float, samples: bool) -> Any:
        if factor != 1.0:
            x = self("Mul", x, factor)
        return self("Mul", x, self.samples()) if samples else x

    def samples(self) -> str:
        """The number of samples, as a number."""
        return self("Cast", self("Squeeze", self.count, self.ints(0)), to=DOUBLE)

    def sum(self, x: Any, axes: Sequence[int]) -> str:
        return self("ReduceSum", x, self.ints(*axes), keepdims=0)

    def largest(self, x: Any, axes: Sequence[int]) -> str:
        return self._finite(self("ReduceMax", x, self.ints(*axes), keepdims=0))

    def _finite(self, x: str) -> str:
        return self("Where", self("Equal", self("Abs", x), float("inf")), 0.0, x)

    def masked(self, x: Any, mask: Any, axes: Sequence[bool], value: float) -> str:
        return self("Where", self.spread(self.array(np.ascontiguousarray(mask)), axes, False), x, value)

    def contract(self, x: Any, y: Any, letters: tuple[str, str, str]) -> str:
        found = matrix_product(letters)
        if found is not None and all(len(i) > 1 for i in letters[:2]):
            swapped, *turned = found
            sides = [self("Transpose", s, perm=[1, 0]) if t else s for s, t in zip((y, x) if swapped else (x, y), turned, strict=True)]
            return self("MatMul", *sides)
        a, b, c = letters
        return self("Einsum", x, y, equation=f"{a},{b}->{c}")

    def formula(self, rule: Rule, operands: Mapping[str, Any]) -> Any:
        """The rule's expression, a node for each op in it."""
        if all(isinstance(x, float) for x in operands.values()):
            return value_at(rule.result, dict(operands))
        return self.expression(rule.result, operands)

    def expression(self, result: Any, operands: Mapping[str, Any]) -> Any:
        """A number, or a Symbol with these operands."""
        return self._built(printable(result, KNOWN, {}), operands, {})

    def _built(self, s: Any, operands: Mapping[str, Any], made: dict[int, Any]) -> Any:
        """made: what has been built, by the id of its Symbol (all of which the whole expression keeps)."""
        if not isinstance(s, Symbol):
            return float(s)
        if s.op is None:
            return operands[s.name]
        if id(s) not in made:
            given = [*(self._built(a, operands, made) for a in s.args), *map(float, s.op.params)]
            if s.op.name in WRITTEN:
                names = {f"z{k}": x for k, x in enumerate(given)}
                symbols = [x if isinstance(x, float) else Symbol(f"z{k}") for k, x in enumerate(given)]
                made[id(s)] = self.expression(WRITTEN[s.op.name](*symbols), names)
            else:
                made[id(s)] = BUILT[s.op.name](self, *given)
        return made[id(s)]

    # --- places known when it runs ---------------------------------------------------------------------------------------

    def scattered(self, onto: Any, x: Any, places: Any, size: int, batch: bool) -> str:
        found = self._scatter(self.full(0.0, (size,), batch), x, places, batch, "add")
        return found if onto is None else self("Add", onto, found)

    def greatest(self, x: Any, places: Any, size: int, batch: bool) -> str:
        return self._finite(self._scatter(self.full(float("-inf"), (size,), batch), x, places, batch, "max"))

    def _scatter(self, into: str, x: Any, places: Any, batch: bool, how: str) -> str:
        index = self.array(np.asarray(places, dtype=np.int64))
        if batch:
            index = self("Expand", index, self("Concat", self.count, self.ints(len(places)), axis=0))
        return self("ScatterElements", into, index, x, axis=int(batch), reduction=how)

    def taken(self, rows: Any, index: Any, letters: tuple[str, str, str]) -> str:
        r, i, o = letters
        own, at = r[:-1], self("Cast", index, to=INT64)
        if not set(own) & set(i):
            first = self("Transpose", rows, perm=[len(own), *range(len(own))]) if own else rows
            back = [(i + own).index(letter) for letter in o]
            found = self("Gather", first, at, axis=0)
            return found if back == sorted(back) else self("Transpose", found, perm=back)
        missing = [k for k, c in enumerate(o) if c not in r]
        table = self("Unsqueeze", rows, self.ints(*missing)) if missing else rows
        places = self("Unsqueeze", at, self.ints(*[k for k, c in enumerate(o) if c not in i], len(o)))
        shape = self("Shape", self("Add", table, self("Cast", places, to=DOUBLE)))
        where = self("Concat", self("Slice", shape, self.ints(0), self.ints(-1)), self.ints(1), axis=0)
        found = self("GatherElements", self("Expand", table, shape), self("Expand", places, where), axis=len(o))
        return self("Squeeze", found, self.ints(len(o)))

    def put(self, x: Any, index: Any, count: int, letters: tuple[str, str, str]) -> str:
        """Into rows that an index chooses: a contraction with ones where they are."""
        a, b, c = letters
        chosen = self("Cast", self("Equal", self("Unsqueeze", index, self.ints(len(b))), self.array(np.arange(float(count)))), to=DOUBLE)
        return self("Einsum", x, chosen, equation=f"{a},{b}z->{c}")
