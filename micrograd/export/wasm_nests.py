"""An instruction as loops of WebAssembly: two numbers at a time, and a block of results in registers.

The lanes of a vector are two neighbours along one axis: of the output where it has such an axis (then each sum is in the order of the
loops of JavaScript), else of the terms of a sum (then it is two sums that are added at the end). Every operand has a variable with its
address for each loop that moves it; what is further on within a block is a constant of the load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from micrograd.compiler.braces.c_nests import apart_in_memory
from micrograd.compiler.braces.nests import Nest, Shared
from micrograd.compiler.program.instruction import Instruction
from micrograd.compiler.program.rule import Rule, calls
from micrograd.export.wasm_column import WASM

At = Mapping[str, tuple[str, int]]  # operand → (the variable with its address, "" for none; and so many bytes further)
Block = Mapping[str, int]  # axis → how many of its steps go together; along the lanes how many vectors, 0: one number alone
Leaf = Callable[[At, Block], list[str]]
MOST = 8  # vectors of sums in a block: these, and what is read for them, stay in sixteen registers


class WasmNest(Nest):
    """The loops of one instruction. pools: where each begins in memory."""

    def __init__(self, step: Instruction, shared: Shared, room: int, pools: Mapping[str, int]) -> None:
        super().__init__(step, shared, room)
        self.pools, self.add = pools, step.add
        self.values: dict[str, str] = {}  # axis → its present step
        self.count = 0
        self.blocks: dict[str, int] = {}
        self.pair = [] if step.limit is None else [self.axes[step.limit.axis], self.axes[step.limit.by]]

    def fits(self, turns: int) -> bool:
        """Whether it has a form here; else JavaScript computes it."""
        step, rule = self.step, self.step.rule
        if rule.fold not in ("+", "ordered") or step.scatters or not all(a.affine for a in self.operands.values()):
            return False
        for name in self.operands:
            if self.pool(name) not in self.pools or any(self.stride(name, a) < 0 for a in self.axes):
                return False
        return not calls(rule, WASM) and apart_in_memory(step, turns)

    def body(self) -> list[str]:
        """The function's statements; none where it has no lanes."""
        lane = self.lane or max((a for a in self.kept if a not in self.pair), key=self._size, default="")
        if not lane or (lane in self.summed and self.step.rule.fold == "ordered"):
            return []
        self.lane = lane
        if self.step.limit is not None and not self._linear():
            return []
        if lane in self.pair and lane in self.kept and any(a in self.summed for a in self.pair):
            return [*self._begin(), *self._onto()]  # lanes with different numbers of terms
        self._arrange()
        return self._walk(self.order, self._start(), {}, self._sums if self.summed else self._each)

    def _size(self, axis: str) -> int:
        return 2**30 if axis == "b" else int(self.extent[axis])

    # --- the order of loops, and blocks ---------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Which axes go outside, and how many steps of each go together."""
        reads = [x for x in self.operands if x != "out"]
        free = [a for a in self.kept if a not in (self.lane, "b", *self.pair)]
        product = self.step.rule.product and bool(self.summed)
        sides = {self._largest(a for a in free if [y for y in reads if self.stride(y, a)] == [x]) for x in reads} - {""}
        rows = sorted(sides, key=self._size, reverse=True)[:2] if product else []
        if self.lane in self.kept:  # what moves along the lanes is read once for several rows
            rows = [a for a in rows if not any(self.stride(x, a) and self.stride(x, self.lane) for x in reads)][:1]
            self.blocks = {a: _evenly(self._size(a), 4) for a in rows}
            most = MOST // self.blocks[rows[0]] if rows else 4 if product else 2 if self.summed else 1
            self.blocks[self.lane] = min(2, most) if self.lane == "b" else _evenly(self._size(self.lane) // 2, most)
        elif len(rows) == 2:
            fits = [(i, j) for i in range(1, 5) for j in range(1, 5) if i * j <= MOST]
            high, wide = (self._size(a) for a in rows)
            cost = {(i, j): -(-high // i) * -(-wide // j) * (i * j + i + j) for i, j in fits}  # blocks, and what each computes and reads
            best = min(cost, key=cost.__getitem__)
            self.blocks = dict(zip(rows, best, strict=True))
        else:
            self.blocks = {a: _evenly(self._size(a), 4) for a in rows}
        inner = [a for a in (*rows, self.lane) if a in self.kept]
        self.order = [*[a for a in self.kept if a not in inner], *inner]
        self.terms = [*sorted((a for a in self.summed if a != self.lane), key=self._size), *[a for a in self.summed if a == self.lane]]

    def _largest(self, axes: Iterable[str]) -> str:
        return max(axes, key=self._size, default="")

    # --- loops --------------------------------------------------------------------------------------------------------------

    def _new(self, stem: str) -> str:
        self.count += 1
        return f"{stem}_{self.count}"

    def _start(self) -> At:
        """Where operands begin; `t` is the turn of the loop around."""
        self.first: list[str] = []
        found: dict[str, tuple[str, int]] = {}
        for name, access in self.operands.items():
            place = self.pools[self.pool(name)] + 8 * self.base(name)
            if access.step:
                p = self._new("p")
                self.first.append(f"(= {p} (i32.add {place} (i32.mul t {8 * access.step * (self.room if access.batch else 1)})))")
                found[name] = p, 0
            else:
                found[name] = "", place
        return found

    def _walk(self, axes: Sequence[str], at: At, block: Block, leaf: Leaf) -> list[str]:
        """Loops over these axes, the first outermost, around a leaf."""
        if not axes:
            return leaf(at, block)
        axis, lines, self.first = axes[0], self.first, []
        first, end = self._ends(axis)

        def inside(at: At, block: Block) -> list[str]:
            return self._walk(axes[1:], at, block, leaf)

        if isinstance(first, int) and isinstance(end, int):
            for start, stop, by, size in self._pieces(axis, first, end):
                lines += self._loop(axis, start, stop, by, at, {**block, axis: size}, inside)
        elif axis != self.lane:
            lines += self._loop(axis, first, end, 1, at, {**block, axis: 1}, inside)
        elif axis == "b" and axis in self.kept:  # up to three samples more than there are
            size = self.blocks[axis]
            end = f"(i32.and (i32.add n {2 * size - 1}) -{2 * size})"
            lines += self._loop(axis, 0, end, 2 * size, at, {**block, axis: size}, inside)
        else:
            lines += self._loop(axis, first, end, 2, at, {**block, axis: 1}, inside, {**block, axis: 0})
        self.values.pop(axis, None)
        return lines

    def _pieces(self, axis: str, first: int, end: int) -> list[tuple[int, int, int, int]]:
        """(first, end, steps at a time, size of the block): whole blocks, a smaller one, and a number that is left over of the lanes."""
        width, size = 2 if axis == self.lane else 1, self.blocks.get(axis, 1)
        whole = first + (end - first) // (width * size) * width * size
        left = (end - whole) // width
        last = whole + left * width
        pieces = [(first, whole, width * size, size), (whole, last, left * width, left), (last, end, 1, 0)]
        return [piece for piece in pieces if piece[0] < piece[1]]

    def _loop(self, axis: str, first: Any, end: Any, by: int, at: At, block: Block, inside: Leaf, alone: Block | None = None) -> list[str]:
        """One loop. alone: the block of what is left over, of a loop by two."""
        if isinstance(first, int) and isinstance(end, int) and end - first == by:
            self.values[axis] = str(first)
            return inside({name: (p, k + 8 * first * int(self.stride(name, axis))) for name, (p, k) in at.items()}, block)
        c = self.values[axis] = self._new("c")
        lines = [f"(= {c} {first})"]
        moving: dict[tuple[str, int], str] = {}
        here = dict(at)
        for name, (p, k) in at.items():
            if stride := 8 * int(self.stride(name, axis)):
                if (p, stride) not in moving:
                    q = moving[p, stride] = self._new("p")
                    far = str(first * stride) if isinstance(first, int) else f"(i32.mul {c} {stride})"
                    lines.append(f"(= {q} {f'(i32.add {p} {far})' if p else far})")
                here[name] = moving[p, stride], k
        more = [f"(= {q} (i32.add {q} {by * stride}))" for (_, stride), q in moving.items()]
        holds = f"(i32.lt_s {c} {end})"
        if alone is not None:
            last = self._new("c")
            lines.append(f"(= {last} {end})")
            holds = f"(i32.lt_s (i32.add {c} 1) {last})"
        loop = ["(loop", *inside(here, block), *more, f"(= {c} (i32.add {c} {by}))", f"(again {holds})", ")"]
        sure = alone is None and isinstance(first, int) and (isinstance(end, int) or axis == "b")
        lines += loop if sure else [f"(if {holds}", *loop, ")"]
        if alone is not None:
            lines += [f"(if (i32.lt_s {c} {last})", *inside(here, alone), ")"]
        return lines

    def _ends(self, axis: str) -> tuple[Any, Any]:
        """Where an axis begins and ends."""
        limit = self.step.limit
        if limit is None or axis not in self.pair or (other := self.pair[axis == self.pair[0]]) not in self.values:
            return 0, self.extent[axis]
        firsts, ends = zip(*limit.spans(self.extent[other]), strict=True) if axis == self.pair[1] else ((0,), limit.ends)
        return _line(firsts, self.values[other]), _line(ends, self.values[other])

    def _linear(self) -> bool:
        """Whether the ends of the limit, from either of its axes, are a line."""
        limit = self.step.limit
        assert limit is not None
        ends = [limit.ends, *zip(*limit.spans(self.extent[self.pair[0]]), strict=True)] if limit.monotone else [(0, 0, 1)]
        return all(len({b - a for a, b in pairwise(x)}) < 2 for x in ends)

    # --- what is computed -------------------------------------------------------------------------------------------------

    def _elements(self, block: Block) -> list[tuple[tuple[str, int], ...]]:
        """The elements of a block: of each axis how many steps further; along the lanes, two steps for a vector."""
        found: list[tuple[tuple[str, int], ...]] = [()]
        for axis, size in block.items():
            if axis == self.lane:
                steps = [2 * k for k in range(size)] or [0]
            else:
                steps = [*range(size)]
            if len(steps) > 1:
                found = [(*e, (axis, k)) for e in found for k in steps]
        return found

    def _address(self, name: str, at: At, element: Sequence[tuple[str, int]]) -> str:
        p, k = at[name]
        return f"{k + 8 * sum(n * int(self.stride(name, a)) for a, n in element)} {p or 0}"

    def _load(self, name: str, at: At, element: Sequence[tuple[str, int]], alone: bool) -> str:
        stride, place = int(self.stride(name, self.lane)), self._address(name, at, element)
        if alone or not stride:
            return f"(v128.load64_splat {place})"
        if stride == 1:
            return f"(v128.load {place})"
        further = self._address(name, at, [*element, (self.lane, 1)])
        return f"(v128.load64_lane 1 {further} (v128.load64_zero {place}))"

    def _store(self, at: At, element: Sequence[tuple[str, int]], text: str, alone: bool) -> list[str]:
        """What an element is set to, or what is added to it."""
        stride, place = int(self.stride("out", self.lane)), self._address("out", at, element)
        if self.add:
            text = f"(f64x2.add {self._load('out', at, element, alone)} {text})"
        if stride == 1 and not alone:
            return [f"(v128.store {place} {text})"]
        value = self._new("v")
        lines = [f"(= {value} {text})", f"(v128.store64_lane 0 {place} {value})"]
        return lines if alone else [*lines, f"(v128.store64_lane 1 {self._address('out', at, [*element, (self.lane, 1)])} {value})"]

    def _term(self, at: At, element: Sequence[tuple[str, int]], alone: bool, known: dict[str, str], lines: list[str]) -> str:
        """The rule at an element; what it reads goes into lines, but for what is `known`."""
        rule, given = self.step.rule, []
        for k, read in enumerate(self.step.reads):
            name = f"x{k}"
            if name not in self.operands:
                given.append(self.language.literal(float(read)))
                continue
            text = self._load(name, at, element, alone)
            if text not in known:
                known[text] = self._new("a")
                lines.append(f"(= {known[text]} {text})")
            given.append(known[text])
        if rule.product:
            text = given[0]
            for other in given[1:]:
                text = f"(f64x2.mul {text} {other})"
            return text
        body, text = rule.code(WASM)
        lines += [f"(= {name} {value})" for name, value in zip(rule.names, given, strict=True)]
        lines += [f"(= {line.replace(' = ', ' ', 1)})" for line in body]
        return text

    def _each(self, at: At, block: Block) -> list[str]:
        lines: list[str] = []
        known: dict[str, str] = {}
        alone = block[self.lane] == 0
        for element in self._elements(block):
            text = self._term(at, element, alone, known, lines)
            lines += self._store(at, element, f"(f64x2.add 0.0 {text})" if self.step.zero else text, alone)
        return lines

    def _sums(self, at: At, block: Block) -> list[str]:
        """A block of sums, each in a variable."""
        elements = self._elements(block)
        sums = {e: self._new("s") for e in elements}
        across = self.lane in self.summed

        def terms(at: At, inner: Block) -> list[str]:
            lines: list[str] = []
            known: dict[str, str] = {}
            alone = inner[self.lane] == 0
            for e, s in sums.items():
                text = self._term(at, e, alone, known, lines)
                if alone and across:  # to which whatever is added stays as it is
                    text = f"(v128.bitselect {text} -0.0 first)"
                lines.append(f"(= {s} (f64x2.add {s} {text}))")
            return lines

        lines = [f"(= {s} -0.0)" for s in sums.values()]
        lines += self._walk(self.terms, at, block, terms)
        begin = "" if self.add or not self.step.zero else "(f64x2.add 0.0 {})"
        if not across:
            for e, s in sums.items():
                lines += self._store(at, e, begin.format(s) if begin else s, block[self.lane] == 0)
            return lines
        for k in range(0, len(elements), 2):
            pair = elements[k : k + 2]
            a, b = sums[pair[0]], sums[pair[-1]]
            total = f"(f64x2.add (firsts {a} {b}) (seconds {a} {b}))"
            lines += self._store_pair(at, pair, begin.format(total) if begin else total)
        return lines

    def _store_pair(self, at: At, pair: Sequence[Sequence[tuple[str, int]]], text: str) -> list[str]:
        """Two sums, or one, where they belong."""
        places = [self._address("out", at, e) for e in pair]
        if int(places[-1].split()[0]) == int(places[0].split()[0]) + 8:
            return [f"(v128.store {places[0]} {f'(f64x2.add (v128.load {places[0]}) {text})' if self.add else text})"]
        value = self._new("v")
        if self.add:
            old = f"(v128.load64_zero {places[0]})"
            old = f"(v128.load64_lane 1 {places[1]} {old})" if len(pair) > 1 else old
            text = f"(f64x2.add {old} {text})"
        return [f"(= {value} {text})", *[f"(v128.store64_lane {k} {place} {value})" for k, place in enumerate(places)]]

    # --- lanes with different numbers of terms ----------------------------------------------------------------------------

    def _begin(self) -> list[str]:
        """Zeros, to which sums are added in memory."""
        if self.step.add:
            return []
        step = replace(self.step, rule=Rule("zero", (), 0.0 if self.step.zero else -0.0), reads=(), limit=None, zero=False)
        fill = WasmNest(step, self.shared, self.room, self.pools)
        fill.summed, fill.lane, fill.count = [], self.lane, 1000
        fill._arrange()
        return fill._walk(fill.order, fill._start(), {}, fill._each)

    def _onto(self) -> list[str]:
        self.kept, self.summed, self.add = [*self.kept, *self.summed], [], True
        self._arrange()
        self.blocks[self.lane] = 1
        return self._walk(self.order, self._start(), {}, self._each)


def _evenly(extent: int, most: int) -> int:
    """A size of blocks, at most so large, of which few are left over."""
    return -(-extent // -(-extent // most)) if extent > 1 else 1


def _line(numbers: Sequence[int], value: str) -> Any:
    """Numbers as a line over their place."""
    slope = numbers[1] - numbers[0] if len(numbers) > 1 else 0
    if not slope:
        return numbers[0]
    return f"(i32.add {numbers[0]} (i32.mul {value} {slope}))"
