"""Roll: what a recurrence, or a net of equal layers, does again and again becomes a loop around the instructions of one turn.

    sum3[i]  = Σj p[16i + j] · tanh1[j]              for t < 28:
    tanh2[i] = tanh(sum3[i])                           sum(3+t)[i]  = Σj p[16i + j] · tanh(1+t)[j]
    sum4[i]  = Σj p[16i + j] · tanh2[j]       →        tanh(2+t)[i] = tanh(sum(3+t)[i])
    …

Turns are alike but for where their accesses begin, and these move by the same distance from each turn to the next. A number of the
code that is another in each turn becomes a slot of a table of constants.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import replace
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import LINE, Access, Family, Instruction, Repeat, Step, unrolled
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.show import Names

LEAST = 4  # turns of a loop
TRIED = 64  # lengths of a turn that are tried from one place on: the distances to the next instructions of the same kind


def roll(program: Program) -> tuple[Program, str]:
    """The program with loops around what repeats."""
    found = _Roller(program)
    forward, backward = found.rolled(program.forward), found.rolled(program.backward)
    loops = [step for step in (*forward, *backward) if isinstance(step, Repeat)]
    if not loops:
        return program, ""
    program = replace(program, rolled=(forward, backward), forward=unrolled(forward), backward=unrolled(backward), **found.constants())
    told = ", ".join(f"{loop.count:,} × {len(loop.body)}" for loop in loops[:6]) + (", …" if len(loops) > 6 else "")
    return program, f"{len(loops)} loops around instructions that repeat: {told}" if len(loops) > 1 else f"a loop: {told} instructions"


class _Roller:
    """Finds what repeats in lists of instructions; collects the constants that its loops read from a table."""

    def __init__(self, program: Program) -> None:
        self.program, self.names = program, Names(program.families)
        self.numbers: list[float] = []
        self.start = -(-program.sizes[0] // LINE) * LINE

    def rolled(self, steps: list[Instruction]) -> list[Step]:
        """The same instructions in the same order, with loops around what repeats."""
        known: dict[Any, int] = {}
        kinds = [known.setdefault(_kind(step, self.names, self.program.exact), len(known)) for step in steps]
        numbers, bases = np.array(kinds), _bases(steps)
        where: dict[int, list[int]] = defaultdict(list)
        for i, kind in enumerate(kinds):
            where[kind].append(i)
        found: list[Step] = []
        i = 0
        while i < len(steps):
            length, turns, start = _best(kinds, numbers, bases, where, steps, i)
            found.extend(steps[i:start])
            if turns:
                body = [self._moved(steps[start + k : start + length * turns : length]) for k in range(length)]
                found.append(Repeat(turns, body))
            i = start + length * turns
        return found

    def _moved(self, turns: list[Instruction]) -> Instruction:
        """The instruction of the first turn, its accesses with their steps."""
        first, second = turns[:2]
        reads = [
            _moving(a, b) if isinstance(a, Access) else self._number(a, [turn.reads[k] for turn in turns], len(first.shape))
            for k, (a, b) in enumerate(zip(first.reads, second.reads, strict=True))
        ]
        return replace(first, out=_moving(first.out, second.out), reads=tuple(reads))

    def _number(self, first: float, turns: list[float], axes: int) -> Any:
        """A number of the code: itself, or where it is in the table, if it is another in each turn."""
        if len({repr(x) for x in turns}) == 1:
            return first
        self.numbers.extend(turns)
        return Access("v", (0,) * axes, self.start + len(self.numbers) - len(turns), step=1)

    def constants(self) -> dict[str, Any]:
        """What the table adds to the program."""
        count, program = len(self.numbers), self.program
        if not count:
            return {}
        (places, numbers), (size, batched), wanted = program.constants, program.sizes, list(program.wanted)
        wanted[0] = np.append(wanted[0], np.zeros(self.start + count - size, dtype=bool))
        spare = [np.append(program.spare[0], np.zeros(self.start + count - size, dtype=bool)), program.spare[1]]
        name = f"c{1 + sum(f.name[0] == 'c' and f.name[1:].isdigit() for f in program.families)}"
        return {
            "constants": (np.append(places, np.arange(self.start, self.start + count)), np.append(numbers, self.numbers)),
            "sizes": (self.start + count, batched),
            "wanted": wanted,
            "spare": spare,
            "families": [*program.families, Family(name, self.start, count)],
        }


# --- what repeats --------------------------------------------------------------------------------------------------------


def _kind(step: Instruction, names: Names, exact: bool) -> Any:
    """All of an instruction but where its accesses begin (and, if they may be looked up, which numbers it has)."""
    reads = tuple(_way(r, names) if isinstance(r, Access) else repr(r) if exact else "number" for r in step.reads)
    return step.shape, step.limit, id(step.rule), step.add, step.batch, step.zero, _way(step.out, names), reads


def _way(access: Access, names: Names) -> Any:
    """How an access goes, and from numbers of what kind: what is an input in one turn and a result in the next does not repeat."""
    index = None if access.index is None else np.asarray(access.index).tobytes()
    chosen = None if access.chosen is None else (_way(access.chosen, names), np.asarray(access.jumps).tobytes())
    return names.family(access).name.rstrip("0123456789"), access.pool, access.strides, access.batch, index, chosen


def _bases(steps: list[Instruction]) -> Any:
    """Where the accesses of each instruction begin, a row each."""
    rows = [[a.base for a in step.accesses] for step in steps]
    found = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.int64)
    for k, row in enumerate(rows):
        found[k, : len(row)] = row
    return found


def _best(
    kinds: list[int], numbers: Any, bases: Any, where: dict[int, list[int]], steps: list[Instruction], i: int
) -> tuple[int, int, int]:
    """(length of a turn, turns, where the first begins) of what repeats from i on; turns 0, and what comes after i, where nothing does."""
    mine = where[kinds[i]]
    at = bisect_right(mine, i)
    length, most, turns = 0, 0, 0
    for later in mine[at : at + TRIED]:
        n = later - i
        if kinds[i : i + (LEAST - 1) * n] == kinds[i + n : i + LEAST * n]:
            run = _run(numbers, bases, i, n)
            if run // n >= LEAST and run // n * n > turns * length:
                length, most, turns = n, run, run // n
    if not turns:
        return 0, 0, i + 1
    starts = [i + k for k in range(most - length * turns + 1) if not steps[i + k].add]  # a turn begins with a new result, if it can
    return length, turns, starts[-1] if starts else i


def _run(kinds: Any, bases: Any, i: int, n: int) -> int:
    """How many instructions from i on are like those n before them, the first n aside, and move alike."""
    window = 4 * LEAST * n
    while True:
        end = min(i + window, len(kinds))
        other = np.flatnonzero(kinds[i : end - n] != kinds[i + n : end])
        same = int(other[0]) + n if len(other) else end - i
        moves = bases[i + n : i + same] - bases[i : i + same - n]
        other = np.flatnonzero((moves[n:] != moves[:-n]).any(axis=1))
        same = int(other[0]) + 2 * n if len(other) else same
        if same < end - i or end == len(kinds):
            return same
        window *= 4


def _moving(first: Access, second: Access) -> Access:
    chosen = None if first.chosen is None or second.chosen is None else _moving(first.chosen, second.chosen)
    return replace(first, chosen=chosen, step=second.base - first.base)
