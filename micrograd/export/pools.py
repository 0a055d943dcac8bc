"""Which tensors stand for which slots of a program's pools, while it is written in a language of tensors.

What a tensor is called and how an operation is written is a `Writer`'s affair (`micrograd.export.arrays` for PyTorch and JAX). Samples of a
batch are the first axis of a tensor, its size left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Protocol

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.rule import Rule
from micrograd.compiler.program.show import Names
from micrograd.export.views import Axes, Held, Move, view


class Writer(Protocol):
    """How the operations are written. A tensor is whatever the writer makes; `batch` says that samples are its first axis."""

    @property
    def signs(self) -> bool: ...  # whether 0.0 is told from -0.0

    def begin(self, arguments: Sequence[str], batch: bool) -> None: ...
    def constant(self, numbers: Any) -> Any: ...
    def moved(self, x: Any, moves: Sequence[Move], batch: bool) -> Any: ...
    def spread(self, x: Any, axes: Sequence[bool], batch: bool) -> Any: ...
    def full(self, x: Any, shape: Sequence[int], batch: bool) -> Any: ...
    def contract(self, x: Any, y: Any, letters: tuple[str, str, str]) -> Any: ...
    def formula(self, rule: Rule, operands: dict[str, Any]) -> Any: ...
    def scaled(self, x: Any, factor: float, samples: bool) -> Any: ...
    def sum(self, x: Any, axes: Sequence[int]) -> Any: ...
    def masked(self, x: Any, mask: Any, axes: Sequence[bool], value: float) -> Any: ...
    def largest(self, x: Any, axes: Sequence[int]) -> Any: ...
    def stopped(self, x: Any) -> Any: ...
    def added(self, terms: Sequence[Any]) -> Any: ...
    def joined(self, flats: Sequence[Any], batch: bool) -> Any: ...
    def scattered(self, onto: Any, x: Any, places: Any, size: int, batch: bool) -> Any: ...
    def greatest(self, x: Any, places: Any, size: int, batch: bool) -> Any: ...
    def taken(self, rows: Any, index: Any, letters: tuple[str, str, str]) -> Any: ...
    def let(self, name: str, x: Any, about: str) -> Any: ...


@dataclass(eq=False)
class Piece(Held):
    """A tensor as it is made: terms that are not yet added up and named, each with the axes (places in `axes`) that it has."""

    pool: str = "v"
    terms: list[tuple[Any, list[int], bool]] = field(default_factory=list)
    about: str = ""


class Pools:
    """The tensors so far."""

    def __init__(self, program: Program, writer: Writer) -> None:
        self.program, self.writer = program, writer
        self.names = Names(program.families)
        self.pieces: dict[tuple[str, bool], list[Piece]] = {(pool, batch): [] for pool in "vg" for batch in (False, True)}
        self.constants: dict[int, float] = {}  # batch-free slots that hold numbers
        self.joins: dict[tuple[int, ...], tuple[list[Piece], Held]] = {}  # ids of pieces → these, and what they are together

    def hold(self, pool: str, tensor: Any, base: int, axes: Axes, batch: bool) -> None:
        """A tensor that is there from the start."""
        self.pieces[pool, batch].append(Piece(tensor, axes, base, batch, pool))

    def at(self, pool: str, batch: bool, wanted: Any, base: int, axes: Axes | None) -> Any:
        """A tensor of the numbers at these addresses."""
        piece = self.holding(pool, batch, wanted)
        return self.writer.moved(piece.tensor, view(piece, wanted, base, axes), batch)

    def touched(self, pool: str, batch: bool, places: Any) -> list[Piece]:
        """The pieces that have any of these addresses: of most, which lie elsewhere, the ends say that they have none."""
        low, high = places.min(), places.max()
        near = [p for p in self.pieces[pool, batch] if p.ends[0] <= high and low <= p.ends[1]]
        return [p for p in near if np.isin(p.addresses, places).any()]

    def holding(self, pool: str, batch: bool, wanted: Any) -> Held:
        """One tensor that has all these addresses: a piece, or several joined."""
        flat = np.unique(wanted)
        found = self.touched(pool, batch, flat)
        for piece in found:
            self.settle(piece)
        if len(found) == 1 and np.isin(flat, found[0].addresses).all():
            return found[0]
        return self._joined(pool, batch, found, flat)

    def _joined(self, pool: str, batch: bool, found: list[Piece], flat: Any) -> Held:
        """Several pieces as one flat tensor of all addresses from the first to the last (0 where nothing is, as in the pools)."""
        key = tuple(map(id, found))
        if key in self.joins and np.isin(flat, self.joins[key][1].addresses).all():
            return self.joins[key][1]
        low = int(min([flat.min(), *(p.addresses.min() for p in found)]))
        size = int(max([flat.max(), *(p.addresses.max() for p in found)])) - low + 1
        places = np.concatenate([p.addresses.ravel() for p in found]) - low if found else np.zeros(0, dtype=np.int64)
        flats = [self._flat(p) for p in found]
        missing = np.setdiff1d(np.arange(size), places)
        if len(missing):
            zeros = [self.constants.get(low + int(at), 0.0) if pool == "v" and not batch else 0.0 for at in missing]
            flats.append(
                self.writer.full(self.writer.constant(np.array(zeros)), (len(missing),), True)
                if batch
                else self.writer.constant(np.array(zeros))
            )
            places = np.concatenate([places, missing])
        joined = self.writer.joined(flats, batch)
        back = np.argsort(places)
        if not (back == np.arange(size)).all():
            joined = self.writer.moved(joined, [("gather", back)], batch)
        joined = self.writer.let(self._name(pool, batch, low), joined, "")
        self.joins[key] = found, Held(joined, ((size, 1),), low, batch)
        return self.joins[key][1]

    def _flat(self, piece: Held) -> Any:
        """Its numbers in the order in which its `addresses` are."""
        return self.writer.moved(piece.tensor, [] if len(piece.axes) == 1 else [("reshape", (prod(piece.shape),))], piece.batch)

    def drop(self, pool: str, batch: bool, places: Any) -> None:
        pieces = self.pieces[pool, batch]
        for piece in self.touched(pool, batch, places):
            pieces.remove(piece)
            rest = np.setdiff1d(piece.addresses, places)
            if len(rest):
                self.settle(piece)
                tensor = self.writer.moved(piece.tensor, view(piece, rest, int(rest[0]), None), batch)
                for run in np.split(np.arange(len(rest)), np.flatnonzero(np.diff(rest) > 1) + 1):
                    part = self.writer.moved(tensor, [("slice", (slice(int(run[0]), int(run[-1]) + 1),))], batch)
                    pieces.append(Piece(part, ((len(run), 1),), int(rest[run[0]]), batch, pool))

    def of(self, held: Held, wanted: Any) -> Any:
        return self.writer.moved(held.tensor, view(held, wanted, int(wanted[0]), ((len(wanted), 1),)), held.batch)

    def settle(self, piece: Piece) -> None:
        """Add its terms up, and give the sum a name."""
        if not piece.terms:
            return
        n = len(piece.axes)
        terms = [self.writer.spread(x, [k in axes for k in range(n)], batch) for x, axes, batch in piece.terms]
        whole = any(len(axes) == n for _, axes, _ in piece.terms) and (not piece.batch or any(b for *_, b in piece.terms))
        x = self.writer.added(terms)
        covered = {k for _, axes, _ in piece.terms for k in axes}
        if not whole and (len(covered) < n or (piece.batch and not any(b for *_, b in piece.terms))):
            x = self.writer.full(x, piece.shape, piece.batch)
        piece.tensor, piece.terms = self.writer.let(self._name(piece.pool, piece.batch, piece.base), x, piece.about), []

    def _name(self, pool: str, batch: bool, at: int) -> str:
        family = self.names.family(Access(pool, (), at, None, batch))
        return family.name + ("_grad" if pool == "g" else "")
