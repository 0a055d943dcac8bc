"""Encode: the instructions of a machine as one table of numbers, which the interpreter walks.

A record is an index space and the accesses to it. Its axes are ordered so that the innermost goes through neighbouring numbers, and
axes that are one run of addresses are merged. Addresses are of bytes in memory, strides in numbers; the batch is one more axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd.compiler.arrays.machine import large
from micrograd.compiler.native.axes import Place, Spans, dropped, ordered, sums_inside
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction, Limit
from micrograd.compiler.program.rule import positive

SCRATCH, BOUNDS = range(2)  # a table: address of buffers; where each section of records begins, and where the last ends; records
LENGTH, KIND, KERNEL, COUNT, MODE, PIECE, AXES, AXIS, SPANS, OUTER, INNER, EXTENTS = range(12)  # a record; `axis`: that tables index
BASE, TABLE, WAY, STRIDES = range(4)  # an access: the output's, then each operand's
ACCESS = STRIDES  # numbers of an access beside its strides
MAP, LOOKUP, LANES, PAIRS, SUMMED = range(5)  # kinds: elementwise; chosen rows of tables; products, by what their lanes are
DIRECT, ASSIGN, ADD, ORDERED, LARGEST, POSITIVE = range(6)  # modes: what becomes of results (POSITIVE: products that begin with 0.0)
GATHERED, FLAT, CONSTANT = range(3)  # ways: an operand is collected, used where it is, or one number
# SPANS: 0, or the address of where the axis `INNER` begins, and then of where it ends, at each step of the axis `OUTER`
COPY = -1  # the kernel that does nothing
CHUNK = 512  # points at a time
SLOTS = 8  # an output and operands, at most


@dataclass
class Encoder:
    """Makes records for the pools of a machine, and keeps what they point to."""

    machine: Any
    kernel: Callable[[Any], Any]  # rule → (place, names, numbers) of its kernel, or None
    settle: Any  # the rule after a maximum
    kept: list[Any] = field(default_factory=list)
    scratch: Any = field(default_factory=lambda: np.empty(SLOTS * (CHUNK + 1)))
    tables: dict[tuple[int, int], Any] = field(default_factory=dict)
    limits: dict[Limit, Spans] = field(default_factory=dict)

    def table(self, sections: Sequence[Sequence[list[int]]]) -> Any:
        """Sections of records as a table."""
        sizes = [sum(map(len, records)) for records in sections]
        bounds = [BOUNDS + len(sections) + 1 + sum(sizes[:k]) for k in range(len(sections) + 1)]
        return np.array([self.scratch.ctypes.data, *bounds, *(x for records in sections for r in records for x in r)], dtype=np.int64)

    def records(self, step: Instruction) -> list[list[int]] | None:
        """The records of an instruction; None where only NumPy can do it."""
        samples = self.machine.samples
        step = self.machine.program.boxed(step, keep=step.rule.fold != "ordered")
        if step.size == 0 or large(step, samples):
            return None
        shape = [*step.shape, samples] if step.batch else [*step.shape]
        if any(a.chosen is not None for a in step.accesses):
            return self.lookup(step, shape)
        out = self.place(step.out, step)
        if step.rule.product or step.rule.fold != "+":
            if step.rule.product and len(step.reads) == 2 and not step.scatters and all(isinstance(r, Access) for r in step.reads):
                found = _product(shape, [out, *(self.place(r, step) for r in step.reads)], step.add, step.zero, self.spans(step))
                if found is not None:
                    return [*([] if found[1] else [self.start(shape, out, 0.0 if step.zero else -0.0, self.spans(step))]), found[0]]
            number, reads = (COPY, step.reads) if len(step.reads) == 1 else (self.kernel(step.rule)[0], step.reads)
        elif not step.reads:
            number, reads = COPY, (float(step.rule.result),)
        else:
            found = self.kernel(step.rule)
            if found is None:
                return None
            operands = {**dict(zip(step.rule.names, step.reads, strict=True)), **found[2]}
            number, reads = found[0], tuple(operands[name] for name in found[1])
        if len(reads) >= SLOTS:
            return None
        return self.points(step, shape, number, [out, *(self.place(r, step) for r in reads)])

    def points(self, step: Instruction, shape: list[int], number: int, places: list[Place]) -> list[list[int]]:
        """An elementwise instruction, what its sums start from before it."""
        out, fold = places[0], step.rule.fold
        summed = any(n > 1 and not s and (out.table is None or a) for a, (n, s) in enumerate(zip(shape, out.strides, strict=True)))
        many = summed or (step.scatters and not _unique(step.out))
        zero = step.zero
        if zero and not many and number == COPY:
            number, zero = self.kernel(positive)[0], False
        many = many or zero
        mode = {"shift": LARGEST, "ordered": ORDERED}.get(fold, ADD if step.add or many else ASSIGN)
        if not many and not step.add:
            mode = ASSIGN
        spans = self.spans(step)
        extents, moved, axis, spans = ordered(shape, places, fold == "ordered", spans)
        fits = extents[-1] <= CHUNK and sums_inside(extents, moved[0], axis)
        whole = mode == ADD and not step.add and not zero and not step.scatters and fits
        if whole:
            mode = ASSIGN
        found = [_record(extents, moved, axis, MAP, number, mode, spans)]
        if many and not step.add and not whole:
            found.insert(0, self.start(shape, out, -math.inf if mode == LARGEST else 0.0 if zero else -0.0, self.spans(step)))
        if fold == "shift":
            found.append(self.on_outputs(shape, out, self.kernel(self.settle)[0], out, self.spans(step)))
        return found

    def spans(self, step: Instruction) -> Spans | None:
        """The limit of an instruction, from both of its axes."""
        limit = step.limit
        if limit is None:
            return None
        if limit not in self.limits:
            tables = {limit.by: [(0, end) for end in limit.ends], limit.axis: limit.spans(step.shape[limit.axis])}
            self.limits[limit] = Spans({a: np.array(rows, dtype=np.int64).T.copy() for a, rows in tables.items()})
        return self.limits[limit]

    def lookup(self, step: Instruction, shape: list[int]) -> list[list[int]] | None:
        """A copy from, or a sum into, rows of a table that are chosen at every run."""
        sides = [a for a in (step.out, *step.reads) if isinstance(a, Access) and a.chosen is not None]
        known = step.rule.fold == "+" and step.rule.product and len(step.reads) == 1 and isinstance(step.reads[0], Access)
        summed = bool(step.summed) or step.sums_batch
        if not known or len(sides) > 1 or any(a.index is not None for a in step.accesses) or (step.out.chosen and not step.add):
            return None
        (side,) = sides
        out, row, number = self.place(step.out, step), self.place(step.reads[0], step), self.place(side.chosen, step)
        number.table = self.scaled(side.jumps, side)
        extents, places, *_ = ordered(shape, [out, row, number], False, indexed=False)
        record = _record(extents, places, -1, LOOKUP, int(side is step.out), ADD if step.add or summed else ASSIGN)
        return [*([self.start(shape, out, -0.0, None)] if summed and not step.add else []), record]

    def start(self, shape: list[int], out: Place, number: float, spans: Spans | None) -> list[int]:
        """The record that sets outputs to one number."""
        return self.on_outputs(shape, out, COPY, Place(self.number(number), [0] * len(shape)), spans)

    def on_outputs(self, shape: list[int], out: Place, number: int, read: Place, spans: Spans | None) -> list[int]:
        """One operand's kernel over the axes that the output has."""
        kept = [n if s or (out.table is not None and a == 0) else 1 for a, (n, s) in enumerate(zip(shape, out.strides, strict=True))]
        if out.table is not None and (read is out or not any(read.strides)):
            table = self.unique(out.table)
            kept[0], out = len(table), Place(out.base, out.strides, table)
            read = out if read.table is not None else read
        if spans is not None and not all(out.strides[a] for a in spans.tables):  # each step of one is before some end
            spans = None
        extents, moved, axis, spans = ordered(kept, [out, read], False, spans)
        return _record(extents, moved, axis, MAP, number, ASSIGN, spans)

    def place(self, read: Any, step: Instruction) -> Place:
        """An operand (or output) in memory."""
        if not isinstance(read, Access):
            return Place(self.number(read), [0] * (len(step.shape) + step.batch))
        pools = self.machine.values if read.pool == "v" else self.machine.grads
        row = self.machine.samples if read.batch else 1
        strides = [s * row for s in read.strides] + ([int(read.batch)] if step.batch else [])
        base = pools[read.batch].ctypes.data + 8 * row * read.base
        if read.index is None:
            return Place(base, strides)
        strides[0] = 0
        return Place(base, strides, self.scaled(read.index, read))

    def scaled(self, table: Any, access: Access) -> Any:
        """A table of addresses in the pool of an access, in numbers from its beginning."""
        row = self.machine.samples if access.batch else 1
        key = id(table), row
        if key not in self.tables:
            self.tables[key] = np.ascontiguousarray(table, dtype=np.int64) * row
        return self.tables[key]

    def unique(self, table: Any) -> Any:
        """A table's addresses, each but once."""
        key = id(table), 0
        if key not in self.tables:
            self.tables[key] = np.unique(table)
        return self.tables[key]

    def number(self, x: float) -> int:
        """The address of a constant."""
        self.kept.append(np.array([x], dtype=np.float64))
        return int(self.kept[-1].ctypes.data)


def _unique(out: Access) -> bool:
    """Whether a table of addresses has each but once, and no other axis leads back to them."""
    return out.index is not None and not any(out.strides[1:]) and len(np.unique(out.index)) == len(out.index)


# --- records ---------------------------------------------------------------------------------------------------------------


def _record(
    extents: list[int], places: list[Place], axis: int, kind: int, number: int, mode: int, spans: Spans | None = None, edged: bool = False
) -> list[int]:
    flat = [math.prod(extents[a + 1 :]) for a in range(len(extents))]
    ways = [FLAT if p.table is None and p.strides == flat else GATHERED for p in places]
    if mode == ASSIGN and kind == MAP and ways[0] == FLAT:
        mode = DIRECT
    for k, p in enumerate(places[1:], start=1):
        if number == COPY and mode == DIRECT:
            ways[k] = GATHERED
        elif number != COPY and p.table is None and not any(p.strides):
            ways[k] = CONSTANT
    piece = math.prod(extents) if mode == DIRECT and all(w == FLAT for w in ways) and not spans else CHUNK
    ends = (0, -1, -1) if spans is None else spans.by(max(spans.tables) if kind == LANES and edged else min(spans.tables))
    found = [0, kind, number, len(places) - 1, mode, piece, len(extents), axis, *ends, *extents]
    for p, way in zip(places, ways, strict=True):
        found += [p.base, 0 if p.table is None else int(p.table.ctypes.data), way, *p.strides]
    found[LENGTH] = len(found)
    return found


# --- products ------------------------------------------------------------------------------------------------------------


def _product(shape: list[int], places: list[Place], add: bool, zero: bool, spans: Spans | None) -> tuple[list[int], bool] | None:
    """(the record of a sum of products that has lanes, whether it needs no start); None where it has no lanes.

    A block of axes is innermost: LANES out[j, i] += a[j, k]·b[k, i], PAIRS out[j, i] += a[j, k, i]·b[j, k, i],
    SUMMED out[j, k] += a[j, i]·b[k, i], where i goes through neighbours.
    """
    extents, (out, a, b), axis = dropped(shape, places)
    axes = range(len(extents))
    summed = [x for x in axes if not out.strides[x]]
    best, kind, lane = math.inf, MAP, -1
    for x in axes:
        if x == axis:
            continue
        n, along = extents[x], (out.strides[x], a.strides[x], b.strides[x])
        vectors = 2 * (n // 16) + n % 16 // 4 + n % 4
        for form, fits, cost in (
            (LANES, along in ((1, 0, 1), (1, 1, 0)), vectors),
            (PAIRS, along == (1, 1, 1), 2 * vectors),
            (SUMMED, along == (0, 1, 1), n // 8 + n % 8 + 10),
        ):
            if fits and cost / n < best and (form == SUMMED or summed):
                best, kind, lane = cost / n, form, x
    if kind == MAP or out.table is not None:
        return None
    if kind == LANES and a.strides[lane]:
        a, b = b, a
    others = [x for x in axes if x not in (lane, axis)]
    edge = -1  # the axis of the block that ends sooner, or begins later, at some lanes
    if spans is not None:
        spans = spans.along([x for x, n in enumerate(shape) if n > 1])
        other = next((x for x in spans.tables if x != lane and lane in spans.tables), min(spans.tables))
        others.remove(other)
        if kind == SUMMED and lane in spans.tables and not b.strides[other]:
            a, b = b, a
        if lane in spans.tables and ((kind == SUMMED and not a.strides[other]) or (kind == LANES and other in summed)):
            edge = other  # else it is outside, so that where the other begins and ends is known there

    def largest(fits: Callable[[int], bool]) -> int:
        return max((x for x in others if fits(x)), key=lambda x: extents[x], default=-1)

    if kind == SUMMED:
        j = largest(lambda x: bool(out.strides[x]) and not b.strides[x])
        k = edge if edge >= 0 else largest(lambda x: x != j and bool(out.strides[x]) and not a.strides[x])
    else:
        j = largest(lambda x: bool(out.strides[x]) and (kind == PAIRS or not b.strides[x]))
        k = edge if edge >= 0 else largest(lambda x: not out.strides[x])
    rest = [x for x in axes if x not in (j, k, lane)]
    whole = add or not any(x in rest for x in summed)
    extents = [*(extents[x] for x in rest), *(extents[x] if x >= 0 else 1 for x in (j, k, lane))]
    moved = [Place(p.base, [p.strides[x] if x >= 0 else 0 for x in (*rest, j, k, lane)], p.table) for p in (out, a, b)]
    mode = ADD if add or not whole else POSITIVE if zero else ASSIGN
    spans = spans and spans.along([*rest, j, k, lane])
    return _record(extents, moved, rest.index(axis) if axis >= 0 else -1, kind, COPY, mode, spans, edge >= 0), whole
