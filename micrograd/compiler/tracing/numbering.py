"""Numbering: ids for what a record holds, and the simplification that changes no bit.

Nodes that depend on no parameter and no input are constants, and what the outputs do not need is left out.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd import ops
from micrograd.compiler.program import own_ops
from micrograd.compiler.program.own_ops import choose, is_alias, lift, row_of
from micrograd.compiler.program.rule import pullback
from micrograd.compiler.tracing import refusal
from micrograd.compiler.tracing.record import CONSTANT, Record
from micrograd.compiler.tracing.refusal import TraceError
from micrograd.compiler.tracing.trace import WALLS
from micrograd.engine import Value

UNUSED = -(1 << 31)  # this and its place among the record's numbers: what a constant has for an id until something needs it
LEAST = -(1 << 30)  # … which is below this; and what a node has that nothing needs
WANTED, BATCHED = 1, 2


class Numbered:
    """The ids of the scalars of a record, and the nodes and constants that have one.

    flags: of each leaf; of each node they are those of its arguments, WANTED only where a gradient passes.
    """

    def __init__(self, record: Record, leaves: Sequence[Value], older: Sequence[Any], flags: bytearray) -> None:
        self.record, self.flags = record, flags
        self.ops: list[Any] = []
        self.code, self.args, self.data = array("i"), array("i"), array("d")
        self.many: dict[int, int] = {}
        self.aliases: dict[Any, None] = {}  # the ops of nodes that are other names for their arguments
        self.objects: list[Any] = []  # the first of the nodes, where they are there as objects
        self._known: dict[int, tuple[int, int]] = {}  # id of an op → its place among the ops, the flags that it passes on
        _check(record, leaves)
        marks = list(map(record.leaf, leaves))
        first, args, numbers = len(record.code), len(record.args), len(record.numbers)
        record.add(older)
        self.ids = array("i", [LEAST]) * len(record.code)
        for i, mark in enumerate(marks):
            self.ids[record.place_of(mark)] = i
        self._take(range(first, len(record.code)), args, numbers, older)
        for mark, v in record.older.values():
            if record.has(v._mark):  # it is needed, so it was added
                self.ids[record.place_of(mark)] = self.ids[record.at(v)]
        self._take(range(first), 0, 0)

    def id(self, x: Value) -> int:
        """Of a Value that the loss gives."""
        return self._used(self.record.at(x))

    def _used(self, k: int) -> int:
        """The id of a scalar that is needed: a constant gets one now."""
        i = self.ids[k]
        if i < LEAST:
            self.data.append(self.record.numbers[i - UNUSED])
            i = self.ids[k] = -len(self.data)
        return i

    def _take(self, places: range, start: int, at: int, objects: Sequence[Any] = ()) -> None:
        """Number these scalars of the record, whose arguments start there, and the numbers of constants there."""
        record, ids, flags, used, code, out = self.record, self.ids, self.flags, self._used, self.code.append, self.args.append
        live = b"" if objects else record.live
        made: list[Any] = [None] * len(record.ops)
        arity = [op.arity for op, _ in record.ops]
        arg = iter(memoryview(record.args)[start:]).__next__
        there = iter(objects)
        count = len(self.flags)
        for k, c in zip(places, memoryview(record.code)[places.start : places.stop], strict=True):
            if c < 0:
                if c == CONSTANT:
                    ids[k] = UNUSED + at
                    at += 1
                continue
            if objects:
                v = next(there)
            n = arity[c]
            if n == 2:
                a, b = arg(), arg()
                constant = a < 0 and b < 0
            elif n == 1:
                a = arg()
                constant = a < 0
            else:
                several = [arg() for _ in range(n or record.many.get(k, 0))]
                constant = max(several, default=-1) < 0
            if constant:
                ids[k] = UNUSED + at
                at += 1
                continue
            if live and not live[k]:
                continue
            known = made[c]
            if known is None:
                known = made[c] = self._enter(*record.ops[c])
            place, passes = known
            if n == 2:
                if a < 0:
                    i, j = used(~a), ids[b]
                    f = flags[j]
                elif b < 0:
                    i, j = ids[a], used(~b)
                    f = flags[i]
                else:
                    i, j = ids[a], ids[b]
                    f = flags[i] | flags[j]
                out(i)
                out(j)
            elif n == 1:
                i = ids[a]
                if place < 0:  # another name for its argument
                    ids[k] = i
                    continue
                f = flags[i]
                out(i)
            else:
                f = self._several(record.ops[c][0], [used(m if m >= 0 else ~m) for m in several])
                count = len(flags)
            ids[k] = count
            count += 1
            flags.append(f & passes)
            code(place)
            if objects:
                self.objects.append(v)

    def _several(self, op: Any, args: list[int]) -> int:
        """Note the arguments of an op of many, each with a batch axis if one has it (but in a sum); their flags."""
        flags = [self.flags[i] if i >= 0 else 0 for i in args]
        mine = [f & BATCHED for f in flags]
        if op is choose:  # its index may depend on the sample, or not, whatever its rows do
            mine[0] = max(mine[1:])
        if any(mine) and not all(mine) and op.arity is None and row_of(op) not in (ops.sum_, ops.dot):
            at = mine.index(BATCHED, op is choose)
            place, passes = self._enter(lift, Value)
            for k, i in enumerate(args):
                if not mine[k]:
                    self.args.extend((i, args[at]))
                    self.code.append(place)
                    flags[k] = (flags[k] | flags[at]) & passes
                    args[k] = len(self.flags)
                    self.flags.append(flags[k])
                    if self.objects:
                        self.objects.append(None)
        self.args.extend(args)
        if op.arity is None:
            self.many[len(self.code)] = len(args)
        found = 0
        for f in flags:
            found |= f
        return found

    def _enter(self, op: Any, kind: type) -> tuple[int, int]:
        """The place of an op among the ops, -1 for another name for its argument; and the flags that its nodes have of their arguments'."""
        if op.partials is own_ops.same.partials and is_alias(op):
            self.aliases[op] = None
            return -1, 0
        if id(op) not in self._known:
            self._known[id(op)] = len(self.ops), BATCHED if _is_flat(op) else WANTED | BATCHED
            self.ops.append(op)
        place, passes = self._known[id(op)]
        return place, passes & BATCHED if kind in WALLS else passes


def _check(record: Record, leaves: Iterable[Value]) -> None:
    """ValueError for a leaf that comes twice; TraceError where a number of the loss's own was set after it was used."""
    found: set[int] = set()
    for v in leaves:
        if id(v) in found:
            raise ValueError(f"{v!r} is given twice among the parameters and inputs")
        found.add(id(v))
    for v, born in record.held.values():
        if v._born != born:
            raise TraceError(refusal.DATA_SET)


def _is_flat(op: Any) -> bool:
    """Whether every partial is 0, so that no gradient passes."""
    if op.arity is None:
        return row_of(op) is ops.shift
    return all(pullback(op, i, op.arity) is None for i in range(op.arity))
