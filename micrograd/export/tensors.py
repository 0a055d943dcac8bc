"""A program as operations on whole tensors: each loop nest becomes a matrix product, an einsum, or an elementwise formula and a sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, prod
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.export.pools import Piece, Pools
from micrograd.export.views import Axes, Held, view


@dataclass(eq=False)
class Found:
    """What an operand or a result is: a tensor whose axes are these of the loop (in this order), after the samples if `batch`."""

    tensor: Any
    axes: list[int]
    batch: bool


def _read(step: Instruction) -> list[Access]:
    return [r for r in step.reads if isinstance(r, Access)]


LETTERS = "ijklmnopqrstuvw"


class Tensors(Pools):
    """The tensors of a program while it is written, instruction by instruction."""

    def write(self) -> None:
        """The whole forward program."""
        for step in self.program.forward:
            self.perform(step)

    # --- reading ---------------------------------------------------------------------------------------------------------

    def read(self, access: Any, shape: Sequence[int]) -> Found | float:
        """An operand: a number, or a tensor of the axes that it uses, in the order of the loop."""
        if not isinstance(access, Access):
            return float(access)
        if access.chosen is not None:
            return self._chosen(access, shape)
        used = [a for a in range(len(shape)) if access.uses(a) and shape[a] > 1]
        axes = tuple((shape[a], access.strides[a]) for a in used) if access.index is None or 0 not in used else None
        base = access.base if access.index is None or 0 in used else access.base + int(access.index[0])
        wanted = self._wanted(access, shape, used)
        if access.pool == "v" and not access.batch and all(int(at) in self.constants for at in wanted.flat):
            return self._constants(np.array([self.constants[int(at)] for at in wanted.flat]).reshape(wanted.shape), used)
        return Found(self.at(access.pool, access.batch, wanted, base, axes), used, access.batch)

    def _constants(self, numbers: Any, axes: Sequence[int]) -> Found | float:
        """Numbers of the code, without the axes along which they are all alike (a layer's inputs, once for each neuron)."""
        kept = [
            a
            for k, a in enumerate(axes)
            if not np.array_equal(numbers, np.broadcast_to(numbers.take([0], k), numbers.shape), equal_nan=True)
        ]
        numbers = numbers[tuple(slice(None) if a in kept else 0 for a in axes)]
        return Found(self.writer.constant(numbers), kept, False) if kept else float(numbers)

    @staticmethod
    def _wanted(access: Access, shape: Sequence[int], used: Sequence[int]) -> Any:
        """The addresses along these axes alone, in this order."""
        grid = access.starts(shape)
        grid = grid[tuple(slice(None) if a in used else 0 for a in range(len(shape)))]
        kept = sorted(used)
        return grid.transpose([kept.index(a) for a in used])

    def _chosen(self, access: Access, shape: Sequence[int]) -> Found:
        """A row of a table for each index: the rows as a last axis, of which one is taken."""
        assert access.chosen is not None
        index = self.read(access.chosen, shape)
        assert isinstance(index, Found)
        plain = Access(access.pool, access.strides, access.base, access.index, access.batch)
        used = [a for a in range(len(shape)) if plain.uses(a) and shape[a] > 1]
        wanted = self._wanted(plain, shape, used)[..., None] + np.asarray(access.jumps)
        step = int(access.jumps[1] - access.jumps[0]) if len(access.jumps) > 1 else 1
        regular = access.index is None and all(int(j) == int(access.jumps[0]) + k * step for k, j in enumerate(access.jumps))
        axes = (*((shape[a], access.strides[a]) for a in used), (len(access.jumps), step)) if regular else None
        rows = self.at(access.pool, access.batch, wanted, access.base + int(access.jumps[0]), axes)
        into = [a for a in range(len(shape)) if a in used or a in index.axes]
        letters = (
            self._letters(used, access.batch) + "z",
            self._letters(index.axes, index.batch),
            self._letters(into, access.batch or index.batch),
        )
        return Found(self.writer.taken(rows, index.tensor, letters), into, access.batch or index.batch)

    @staticmethod
    def _letters(axes: Sequence[int], batch: bool) -> str:
        return "b" * batch + "".join(LETTERS[a] for a in axes)

    # --- an instruction --------------------------------------------------------------------------------------------------

    def perform(self, step: Instruction) -> None:
        """Write what it does."""
        if step.limit is not None and not self._dense(step):
            step = self.program.boxed(step)
        kept = self._kept(step)
        found = self._fold(step) if step.rule.fold == "shift" else self._product(step, kept) or self._map(step, kept)
        if step.limit is not None and {step.limit.axis, step.limit.by} <= set(kept):  # zeros beyond it
            found = self._masked(found, step, kept, 0.0)
        if self._stops(step) and not isinstance(found.tensor, float):
            found = Found(self.writer.stopped(found.tensor), found.axes, found.batch)
        if step.zero and not step.add and self.writer.signs:
            found = Found(self.writer.added([found.tensor, 0.0]), found.axes, found.batch)
        self._store(step, found, kept)

    @staticmethod
    def _kept(step: Instruction) -> list[int]:
        """The axes of the loop that the output has."""
        return [a for a in range(len(step.shape)) if step.out.uses(a) and step.shape[a] > 1]

    def _store(self, step: Instruction, found: Found, kept: list[int]) -> None:
        """What was computed, where the output says."""
        about = self.names.line(step)
        places = self._wanted(step.out, step.shape, kept)
        if len(np.unique(places)) < places.size:  # some meet in one slot
            return self._scatter(step, found, kept, places, about)
        if step.out.index is not None and 0 in kept:  # a table of places
            return self._scatter(step, found, kept, places, about)
        axes = tuple((step.shape[a], step.out.strides[a]) for a in kept)
        if step.add:
            self._onto(step, found, kept, places, axes, about)
        else:
            self._begin(step.out.pool, step.out.batch, int(places.flat[0]), axes, found, kept, places, about)
        return None

    # --- rows that end sooner: the whole box, 0 beyond the limit ---------------------------------------------------------------

    def _dense(self, step: Instruction) -> bool:
        """Whether the box may be read and written instead of what lies within the limit."""
        if step.scatters or not all(a.affine for a in (step.out, *_read(step))):
            return False
        inside = all(
            a.addresses(step.shape).min() >= 0 and a.addresses(step.shape).max() < self.program.sizes[a.batch] for a in step.accesses
        )
        assert step.limit is not None
        both = step.out.uses(step.limit.axis) and step.out.uses(step.limit.by)
        return inside and (self.program.whole(step) or not both)

    def _masked(self, found: Found, step: Instruction, axes: Sequence[int], value: float) -> Found:
        """With this value where the limit is passed."""
        limit = step.limit
        assert limit is not None
        have = [a for a in axes if a in found.axes or a in (limit.axis, limit.by)]
        x = self._full(found, have, [step.shape[a] for a in have], found.batch)
        inside = np.broadcast_to(step.inside, step.shape)
        mask = inside[tuple(slice(None) if a in (limit.axis, limit.by) else 0 for a in range(len(step.shape)))]
        return Found(self.writer.masked(x, mask, [a in (limit.axis, limit.by) for a in have], value), have, found.batch)

    def _ends(self, step: Instruction) -> Instruction:
        """…, which is no matter where an operand is 0 there already: then without it."""
        if step.limit is None or not step.rule.product:
            return step
        beyond = ~np.broadcast_to(step.inside, step.shape)
        spare = any(a.pool == "v" and self.program.spare[a.batch][a.addresses(step.shape)[beyond]].all() for a in _read(step))
        return replace(step, limit=None) if spare else step

    def _stops(self, step: Instruction) -> bool:
        """Whether no gradient goes through it, though what it reads has one: `detach`, `no_grad`."""
        if step.out.pool != "v" or step.rule.fold == "shift" or self.program.wanted is None:
            return False
        into, *reads = (self.program.wanted[a.batch][a.addresses(step.shape)].any() for a in (step.out, *_read(step)))
        return not into and any(reads)

    def _begin(self, pool: str, batch: bool, base: int, axes: Axes, found: Found, kept: list[int], places: Any, about: str) -> None:
        """A new piece; what others held of its addresses, they hold no more."""
        self.drop(pool, batch, places)
        term = found.tensor, [kept.index(a) for a in found.axes], found.batch
        self.pieces[pool, batch].append(Piece(None, axes, base, batch, pool, [term], about))

    def _onto(self, step: Instruction, found: Found, kept: list[int], places: Any, axes: Axes, about: str) -> None:
        """Added to a piece that has just these addresses, as one more term of it; else to a flat one that has them all."""
        pool, batch = step.out.pool, step.out.batch
        flat = np.unique(places)
        for piece in self.pieces[pool, batch]:
            if prod(piece.shape) == flat.size and np.isin(piece.addresses, flat).all():
                self._term(piece, found, kept, places, axes, about)
                return
        self._scatter(step, found, kept, places, about)

    def _term(self, piece: Piece, found: Found, kept: list[int], places: Any, axes: Axes, about: str) -> None:
        if not piece.terms:
            piece.terms = [(piece.tensor, list(range(len(piece.axes))), piece.batch)]
            piece.tensor = None
        piece.about = about
        self._split(piece, axes, int(places.flat[0]))
        if piece.axes == axes:
            piece.terms.append((found.tensor, [kept.index(a) for a in found.axes], found.batch))
            return
        x = self._full(found, kept, [n for n, _ in axes], piece.batch)
        held = Held(x, axes, int(places.flat[0]), piece.batch)
        moved = self.writer.moved(x, view(held, piece.addresses, piece.base, piece.axes), piece.batch)
        piece.terms.append((moved, list(range(len(piece.axes))), piece.batch))

    @staticmethod
    def _split(piece: Piece, axes: Axes, base: int) -> None:
        """The axes of what comes instead of its own, where its terms so far have none but what they share (a bias of a whole image)."""
        used = [[piece.axes[k] for k in own] for _, own, _ in piece.terms]
        if len(axes) > len(piece.axes) and base == piece.base and all(a in axes for own in used for a in own):
            found = [[axes.index(a) for a in own] for own in used]
            if all(own == sorted(own) for own in found):
                piece.axes = axes
                piece.terms = [(x, own, batch) for (x, _, batch), own in zip(piece.terms, found, strict=True)]

    def _full(self, found: Found, kept: Sequence[int], shape: Sequence[int], batch: bool) -> Any:
        """With all axes, and the samples."""
        x = self.writer.spread(found.tensor, [a in found.axes for a in kept], found.batch)
        if len(found.axes) < len(kept) or (batch and not found.batch):
            x = self.writer.full(x, shape, batch)
        return x

    def _scatter(self, step: Instruction, found: Found, kept: list[int], places: Any, about: str) -> None:
        """By a table of places, several of which may be one: into a flat tensor."""
        pool, batch = step.out.pool, step.out.batch
        family = self.names.family(step.out)
        low, high = min(family.base, int(places.min())), max(family.base + family.size, int(places.max()) + 1)
        x = self._full(found, kept, [step.shape[a] for a in kept], batch)
        x = self.writer.moved(x, [] if len(kept) == 1 else [("reshape", (places.size,))], batch)
        where, size = places.ravel() - low, high - low
        whole = np.arange(low, high)
        if step.rule.fold == "shift":
            flat = self.writer.greatest(x, where, size, batch)
            old = []
        else:
            old = self.touched(pool, batch, whole)
            there = np.concatenate([p.addresses.ravel() for p in old]) if old else np.zeros(0, dtype=np.int64)
            kept_of_old: Any = there if step.add else np.setdiff1d(there, places)
            onto = None
            if len(kept_of_old):
                if not step.add:
                    self.drop(pool, batch, places)
                onto = self.of(self.holding(pool, batch, whole), whole)
            flat = self.writer.scattered(onto, x, where, size, batch)
        self.drop(pool, batch, whole)
        self.pieces[pool, batch].append(Piece(None, ((size, 1),), low, batch, pool, [(flat, [0], batch)], about))

    # --- what it computes ------------------------------------------------------------------------------------------------

    def _product(self, step: Instruction, kept: list[int]) -> Found | None:
        """A product of two that is summed, as one contraction."""
        rule, summed = step.rule, [a for a in step.summed if step.shape[a] > 1]
        if not rule.product or len(step.reads) != 2 or not (summed or step.sums_batch):
            return None
        x, y = (self.read(r, step.shape) for r in step.reads)
        if isinstance(x, float) or isinstance(y, float):
            return None
        step = self._ends(step)
        if step.limit is not None and not {step.limit.axis, step.limit.by} <= set(kept):
            both = [{step.limit.axis, step.limit.by} <= set(f.axes) for f in (x, y)]
            if not any(both):
                return None
            x, y = (self._masked(x, step, x.axes, 0.0), y) if both[0] else (x, self._masked(y, step, y.axes, 0.0))
        if any(a not in x.axes and a not in y.axes for a in summed) or (step.sums_batch and not (x.batch or y.batch)):
            return None
        into = [a for a in kept if a in x.axes or a in y.axes]
        batch = step.out.batch and (x.batch or y.batch)
        letters = self._letters(x.axes, x.batch), self._letters(y.axes, y.batch), self._letters(into, batch)
        return Found(self.writer.contract(x.tensor, y.tensor, letters), into, batch)

    def _operands(self, step: Instruction) -> tuple[dict[str, Any], list[int], bool]:
        """Each operand with axes where the others have some, and which those are."""
        reads = {name: self.read(r, step.shape) for name, r in zip(step.rule.names, step.reads, strict=True)}
        found = [r for r in reads.values() if isinstance(r, Found)]
        axes = [a for a in range(len(step.shape)) if any(a in f.axes for f in found)]
        spread = {
            name: self.writer.spread(r.tensor, [a in r.axes for a in axes], r.batch) if isinstance(r, Found) else r
            for name, r in reads.items()
        }
        return spread, axes, any(f.batch for f in found)

    def _map(self, step: Instruction, kept: list[int]) -> Found:
        """A formula of numbers at the same place, then the sum over the axes that are not kept."""
        operands, axes, batch = self._operands(step)
        x = self.writer.formula(step.rule, operands)
        step = self._ends(step)
        if step.limit is not None and not {step.limit.axis, step.limit.by} <= set(kept):
            whole = self._masked(Found(x, axes, batch), step, range(len(step.shape)), 0.0)
            x, axes = whole.tensor, whole.axes
        summed = [batch + k for k, a in enumerate(axes) if a not in kept]
        over = batch and step.sums_batch
        if summed or over:
            x = self.writer.sum(x, [*([0] if over else []), *summed])
        missing = prod(n for a, n in enumerate(step.shape) if a not in kept and a not in axes)
        samples = step.sums_batch and not batch
        if missing != 1 or samples:
            x = self.writer.scaled(x, float(missing), samples)
        return Found(x, [a for a in axes if a in kept], batch and not over)

    def _fold(self, step: Instruction) -> Found:
        """The largest, as a constant."""
        operands, axes, batch = self._operands(step)
        kept = [a for a in axes if step.out.uses(a)]
        summed = [batch + k for k, a in enumerate(axes) if a not in kept]
        (x,) = operands.values()
        if step.limit is not None:
            whole = self._masked(Found(x, axes, batch), step, range(len(step.shape)), -inf)
            x, axes = whole.tensor, whole.axes
        scatters = len(np.unique(places := self._wanted(step.out, step.shape, kept))) < places.size
        return Found(x if scatters else self.writer.largest(x, summed), kept, batch)
