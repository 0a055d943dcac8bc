"""Record: the graph of a loss as columns of numbers, written while the loss runs.

A node that is recorded forgets its arguments, so it goes as soon as the loss lets go of it: a graph of ten million scalars is never there
as objects. Whoever asks a node for its arguments all the same, as a derivative does that is taken inside the loss, makes the record give
them back to all nodes at once (`Record.thaw`), and from then on nodes keep what they are made with.

The *mark* of a scalar says when it came: it is so much above a base that no other record has, or as much below if it is a constant.
"""

from __future__ import annotations

import gc
import itertools
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from threading import get_ident
from typing import Any

from micrograd.compiler.numpy_kinds import np
from micrograd.compiler.tracing import refusal
from micrograd.compiler.tracing.refusal import TraceError, refused, told
from micrograd.engine import Value
from micrograd.engine import leaf as literal
from micrograd.ops.op import Op

MOST = 1 << 39  # how far a mark is from its base
CONSTANT, LEAF, OLDER = -1, -2, -3  # the code of what no op made here: a number, a leaf, a node from before
_value: Any = Value
_a, _b, _mark = (vars(_value)[name] for name in ("_a", "_b", "_mark"))
_bases = itertools.count(1 << 40, 1 << 40)  # so far apart that no mark is near that of another record
_latest: Callable[[], Record | None] = lambda: None  # noqa: E731  a weak reference


def _mark_of(v: Any) -> int | None:
    """The mark of a node without arguments, which is where they were."""
    mark = getattr(v, "_b", None)
    return mark if type(mark) is int else None


class Recorded:
    """What a node does whose arguments are in the record alone."""

    __slots__ = ()

    def _arguments(self: Any) -> Any:
        if (mark := _mark_of(self)) is not None:
            record = _latest()
            if record is None or not record.has(mark):
                raise refused(refusal.LEFT)
            record.thaw()
        return _a.__get__(self)

    _a = property(_arguments, _a.__set__)

    def __setattr__(self: Any, name: str, x: Any) -> None:
        if name in ("label", "op") and (record := _latest()) is not None and record.has(mark := _mark_of(self)):
            if name == "label":
                record.labels[mark] = x  # type: ignore[index]
            else:  # set by hand, as in code written for the original
                record.thaw()
        object.__setattr__(self, name, x)


class Thawed(Exception):
    """The record has become objects meanwhile."""


class Record:
    """The columns. whole: they are nobody's any more, for the nodes keep their arguments."""

    def __init__(self, born: int, whole: bool = False) -> None:
        global _latest
        self.born, self.whole, self.base = born, whole, next(_bases)
        self.tick = itertools.count(self.base).__next__
        self.code = array("i")  # of each scalar, as they came: the place of its op among `ops`, or one of those above
        self.args = array("q")  # of each node the marks of its arguments, one behind the other; see `finish`
        self.finished = False
        self.many: dict[int, int] = {}  # where a node has an op of any number of arguments → how many it has
        self.numbers = array("d")  # of the constants, and of the nodes of constants alone
        self.leaves: list[Value] = []
        self.older: dict[int, tuple[int, Any]] = {}  # id of a node from before → its mark, and it
        self.held: dict[int, tuple[Value, int]] = {}  # place in `numbers` → a Value that the loss made of it, and when it was set
        self.labels: dict[int, str] = {}  # mark → label
        self.sources: dict[int, tuple[str, int]] = {}
        self.ops: list[tuple[Op, type]] = []  # each once for each class of its nodes
        self.places: dict[tuple[int, type], int] = {}
        self.live = bytearray()  # which scalars are needed, once that is known
        self.note: Any = None  # while the loss runs, what is told of a new node
        _latest = weakref.ref(self)

    def place(self, op: Op, kind: type) -> int:
        """Of an op among `ops`."""
        key = id(op), kind
        if key not in self.places:
            self.places[key] = len(self.ops)
            self.ops.append((op, kind))
        return self.places[key]

    def noting(self, kind: type) -> Callable[[Any], Any]:
        """What is told of each new node; it becomes one of this class."""
        base, slowly, code, arg, tick = self.base, self.slowly, self.code.append, self.args.append, self.tick
        least = base - MOST
        known: dict[Op, int] = {}
        mine = get_ident()

        def note(out: Any) -> Any:
            if self.whole or get_ident() != mine:
                return kept(out, kind)
            op = out.op
            try:
                place = known[op]
            except KeyError:
                place = known[op] = self.place(op, kind)
            a, b = out._a, out._b
            try:
                m, n = a._mark, base if b is None else b._mark
                plain = (m >= base and n >= least) or (n >= base and m >= least and b is not None)
            except (AttributeError, TypeError):  # many arguments; or one that has no mark
                plain = False
            if plain:
                arg(m)
                if b is not None:
                    arg(n)
                out._a, out._b = None, (mark := tick())
                out._mark = mark
                code(place)
                out.__class__ = kind
                return out
            return slowly(out, place, kind)

        return note

    def slowly(self, out: Any, place: int, kind: type) -> Any:
        """Note a node whose arguments are many, or constants, or have no mark."""
        try:
            marks = [self.mark(x) for x in Value.args.fget(out)]  # type: ignore[attr-defined]
        except Thawed:
            return kept(out, kind)
        self.args.extend(marks)
        if out.op.arity is None:
            self.many[len(self.code)] = len(marks)
        out._a, out._b = None, self._marked(out._data if max(marks, default=0) < self.base else None)
        out._mark = out._b
        self.code.append(place)
        out.__class__ = kind
        return out

    def _marked(self, number: float | None = None) -> int:
        """The next mark: that of a constant, if this is its number."""
        mark = self.tick()
        if number is None:
            return mark
        self.numbers.append(number)
        return 2 * self.base - 1 - mark

    def place_of(self, mark: int) -> int:
        """The place among the scalars of the one with this mark."""
        return mark - self.base if mark >= self.base else self.base - 1 - mark

    def has(self, mark: Any) -> bool:
        """Whether it is a mark of this record."""
        return type(mark) is int and abs(mark - self.base) <= MOST

    def told(self, made: Any) -> None:
        """Note a node that was made by hand, with what it says of itself."""
        label, source = made.label, made.__dict__.get("source")
        self.note(made)
        if not self.whole:
            if label:
                self.labels[made._b] = label
            if source:
                self.sources[made._b] = source

    def meet(self, x: Any) -> int:
        """The mark of an argument that has none yet, or lost it in a walk."""
        if x.op is not None:
            mark = _mark_of(x)
            if self.has(mark):
                return mark  # type: ignore[return-value]
            if x._born > self.born and mark is None:  # made meanwhile, and not by an op
                self.thaw()
                raise Thawed
            if id(x) not in self.older:
                self.code.append(OLDER)
                self.older[id(x)] = self.tick(), x
            return self.older[id(x)][0]
        if x._born <= self.born or hasattr(type(x), "_write_grad"):  # a number that is another at the next run
            return self.leaf(x)
        if not x.is_literal:
            self.held[len(self.numbers)] = x, x._born
        self.code.append(CONSTANT)
        mark = self._marked(x._data)
        if x.label:
            self.labels[mark] = x.label
        _mark.__set__(x, mark)
        return mark

    def retyped(self, node: Any, kind: type) -> None:
        """A node turned out to be of another class."""
        if not self.whole and (mark := _mark_of(node)) is not None:
            self.code[self.place_of(mark)] = self.place(node.op, kind)

    def add(self, order: Iterable[Any]) -> None:
        """Note nodes that are there as objects, arguments before users."""
        base, meet = self.base, self.mark
        for v in order:
            a, op = v._a, v.op
            if op.partials is None or "local_grads" in op.__dict__:
                source = v.__dict__.get("source")
                raise TraceError((f"{told(source)}: " if source else "") + refusal.BY_HAND.format(v._op, v._data))
            marks = list(map(meet, v.args)) if a is None else [meet(a)] if v._b is None else [meet(a), meet(v._b)]
            if op.arity is None:
                self.many[len(self.code)] = len(marks)
            self.args.extend([m - base for m in marks])
            self.code.append(self.place(op, type(v)))
            _mark.__set__(v, self._marked(v._data if max(marks, default=0) < base else None))

    def leaf(self, x: Any) -> int:
        """The mark of a leaf that has another number at the next run."""
        if not self.has(x._mark):
            self.code.append(LEAF)
            self.leaves.append(x)
            _mark.__set__(x, self.tick())
        return x._mark  # type: ignore[no-any-return]

    def mark(self, x: Any) -> int:
        """Of any Value."""
        return x._mark if self.has(x._mark) else self.meet(x)

    def at(self, x: Any) -> int:
        """The place of a Value among the scalars."""
        return self.place_of(self.mark(x))

    def finish(self) -> None:
        """Nothing more is noted by the loss: from here on the arguments are places, and of constants -1 less those."""
        self.finished = True
        if hasattr(np, "frombuffer"):
            self.args = array("i", (np.frombuffer(self.args, dtype=np.int64) - self.base).astype(np.int32).tobytes())
        else:
            self.args = array("i", [m - self.base for m in self.args])

    def below(self, roots: Sequence[Any]) -> tuple[list[Any], list[Value]]:
        """The nodes from before that the roots need (the roots themselves, if nodes are whole), and the leaves, as they were first used."""
        places: list[int] = []
        if not self.whole:
            with suppress(Thawed):
                places = list(map(self.at, roots))
        if self.whole:
            return list(roots), []
        self.finish()
        needed, every = self.needed(places)
        self.live = needed
        older = [v for mark, v in self.older.values() if needed[self.place_of(mark)]]
        leaf = dict(zip((k for k, code in enumerate(self.code) if code == LEAF), self.leaves, strict=True))
        order = leaf if every else dict.fromkeys(m for k, args in self.nodes() if needed[k] for m in args if m in leaf) | leaf
        return older, [leaf[k] for k in order if needed[k]]

    def needed(self, roots: Iterable[int]) -> tuple[bytearray, bool]:
        """Which scalars the roots (their places) need, and whether that is every node."""
        found = bytearray(len(self.code))
        for k in roots:
            found[k] = 1
        if hasattr(np, "frombuffer") and self.args:
            used = np.frombuffer(found, dtype=np.uint8).copy()
            args = np.frombuffer(self.args, dtype=np.int32)
            used[args ^ (args >> 31)] = 1
            del args
            if used[np.frombuffer(self.code, dtype=np.int32) >= 0].all():
                return bytearray(b"\1") * len(self.code), True
        at, code, arity = len(self.args), self.code, [op.arity for op, _ in self.ops]
        for k in range(len(code) - 1, -1, -1):
            if code[k] >= 0:
                n = arity[code[k]] or self.many.get(k, 0)
                at -= n
                if found[k]:
                    for m in self.args[at : at + n]:
                        found[m if m >= 0 else ~m] = 1
        return found, False

    def nodes(self) -> Iterator[tuple[int, list[int]]]:
        """The place of each node, and those of its arguments."""
        args = iter(self.args)
        for k, code in enumerate(self.code):
            if code >= 0:
                mine = [next(args) for _ in range(self.ops[code][0].arity or self.many.get(k, 0))]
                yield k, [m if m >= 0 else ~m for m in mine]

    def thaw(self) -> None:
        """Give every node its arguments, and make those again that are gone, with their numbers; from here on they keep them."""
        if self.whole:
            return
        self.whole = True
        alive = {}
        for v in gc.get_objects():
            if issubclass(type(v), Recorded) and self.has(mark := _mark_of(v)):
                alive[self.place_of(mark)] = v  # type: ignore[arg-type]
        made: list[Any] = []
        args, leaves, older, at, born = iter(self.args), iter(self.leaves), iter(self.older.values()), 0, self.born
        base = 0 if self.finished else self.base
        for k, code in enumerate(self.code):
            if code == CONSTANT:
                v = self.held[at][0] if at in self.held else literal(self.numbers[at])
                if at not in self.held:
                    v._born = born
                at += 1
            elif code < 0:
                v = next(leaves) if code == LEAF else next(older)[1]
            else:
                op, kind = self.ops[code]
                places = [next(args) - base for _ in range(self.many.get(k) or op.arity or 0)]
                at += max(places, default=-1) < 0
                v = _again(alive.get(k), op, kind, [made[m if m >= 0 else ~m] for m in places], born + 1)
                born = v._born
            made.append(v)


def place_of(x: Any, base: int) -> int | None:
    """The place of a Value in the record with this base; None where it has none (that of a later record is beyond its end)."""
    mark = x._mark if x.op is None else x._b
    return (mark - base if mark >= base else base - 1 - mark) if type(mark) is int and abs(mark - base) <= MOST else None


def kept(out: Any, kind: type) -> Any:
    """A node that keeps its arguments."""
    out.__class__ = kind
    if not out.__dict__:
        del out.__dict__  # the change of class made an empty one: 64 bytes a node
    return out


def _again(v: Any, op: Op, kind: type, args: list[Any], born: int) -> Any:
    """A node with its arguments: this one, or a new one."""
    if v is None:
        v = literal(op.forward(*[a._data for a in args], *op.params))
        v.op, v._born = op, born
        kept(v, kind)
    else:
        _mark.__set__(v, None)
    if op.arity in (1, 2):
        _a.__set__(v, args[0])
        _b.__set__(v, args[1] if len(args) == 2 else None)
    else:
        _b.__set__(v, tuple(args))
    return v
