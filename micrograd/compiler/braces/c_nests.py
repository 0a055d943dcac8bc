"""An instruction in C: its loops, or a call of a kernel that holds a block of results in registers (`lanes`)."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Sequence

from micrograd.compiler.braces.nests import Nest
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction, Limit

VECTOR = 8  # lanes of the widest vectors


class CNest(Nest):
    """The loops of C, with products and sums along lanes left to kernels that hold a block of results in registers (`lanes`)."""

    roomy = False  # whether what is beyond a limit can be read, too
    within: Limit | None = None  # of an instruction whose box may be gone through: beyond it nothing has to be written

    def lines(self) -> list[str]:
        step = self.step
        reads = [self.operands.get(f"x{k}") for k in range(len(step.reads))]
        affine = all(r is not None and r.affine for r in reads)
        pair = () if step.limit is None else (self.axes[step.limit.axis], self.axes[step.limit.by])
        evenly = not pair or self.lane in pair  # how many lanes there are depends on one axis, which is outside of the kernel
        self.other = next((a for a in pair if a != self.lane), "")
        self.rising = self._rising(step.limit) if self.roomy else None
        if step.rule.product and step.rule.fold == "+" and affine and self.summed and self.lane and not step.scatters and evenly:
            lanes = [bool(self.stride(f"x{k}", self.lane)) for k in range(len(reads))]
            if self.lane in self.summed and all(lanes):
                return self._contract() if len(reads) == 2 else self._total()
            if self.lane not in self.summed and sum(lanes) == 1 and len(reads) == 2:
                return self._product("x0" if lanes[0] else "x1", "x1" if lanes[0] else "x0")
        return super().lines()

    def _rising(self, limit: Limit | None) -> tuple[int, int] | None:
        """(first, rise): at step k of the axis that a limit is of, the lanes from first + rise k on count; None: others."""
        if limit is None or self.lane != self.axes[limit.by]:
            return None
        firsts, ends = zip(*limit.spans(self.extent[self.axes[limit.axis]]), strict=True)
        rises = {b - a for a, b in itertools.pairwise(firsts)}
        evenly = len(rises) == 1 and min(rises) >= 0 and set(ends) == {self.extent[self.lane]}
        return (firsts[0], rises.pop()) if evenly else None

    def bounds(self, axis: str, outside: Container[str]) -> tuple[str, str]:
        """Lanes that need not be written are left out by whole vectors."""
        limit = self.within
        if limit is not None and axis == self.lane and (other := self.axes[limit.axis]) in outside and self._rising(limit):
            first, rise = self._rising(limit) or (0, 0)
            return f"({rise} * {other} + {first}) / {VECTOR} * {VECTOR}", str(self.extent[axis])
        return super().bounds(axis, outside)

    def over(self, order: Sequence[str], line: str, text: str, nothing: str) -> list[str]:
        """Where the lanes that count begin later from step to step: a vector of them at a time, from its first step to its last.

        Sums stay in a register so, and what is the same at every step is worked out once.
        """
        limit = self.step.limit if self.roomy else self.within
        first, rise = self._rising(limit) or (0, 0)
        if limit is None or rise != 1 or self.lane != order[-1]:
            return super().over(order, line, text, nothing)
        lane, other, n, index = self.lane, self.axes[limit.axis], self.extent[self.lane], self.language.index
        some = other in self.summed  # of the lanes of a vector count, at some steps; else what does not may be written
        if not some and (all(self.stride(x, other) for x in self.operands) or not self._divides()):
            return super().over(order, line, text, nothing)
        whole, steps, summed = n // VECTOR * VECTOR, self.extent[other], [x for x in self.summed if x != other]
        text = f"({text})" if " " in text else text
        body = [
            f"for ({index} at = 0; at < {VECTOR}; at++) {{", f"    const {index} {lane} = strip + at;", f"    const double x = {text};",
            f"    {line.format(f'(at >= {other} + {first} - strip ? x : {nothing})' if some else 'x')}", "}",
        ]  # fmt: skip
        strips = [
            f"for ({index} strip = 0; strip < {whole}; strip += {VECTOR}) {{",
            f"    for ({index} {other} = 0; {other} < {steps} && {other} < strip + {VECTOR - first}; {other}++) {{",
            *("        " + x for x in self.loop(summed, body)), "    }", "}",
        ]  # fmt: skip
        tail = [
            f"for ({index} {other} = 0; {other} < {steps}; {other}++) {{",
            f"    for ({index} {lane} = {other} < {whole - first} ? {whole} : {other} + {first}; {lane} < {n}; {lane}++) {{",
            *("        " + x for x in self.loop(summed, [line.format(text)])), "    }", "}",
        ]  # fmt: skip
        around = [x for x in self.kept if x not in (lane, other)]
        return self.loop(around, [*(strips if whole else []), *(tail if whole < n else [])])

    def _divides(self) -> bool:
        """Whether there is a quotient in the rule."""
        body, text = self.step.rule.code(self.language.templates)
        return any("/" in x for x in (*body, text))

    def place(self, name: str) -> str:
        """Where an operand begins, as an argument: `V + 3`, `V + 3 + 16 * t` in a loop around."""
        base, step = self.base(name), int(self.operands[name].step) * (self.room if self.operands[name].batch else 1)
        return self.pool(name) + (f" + {base}" if base else "") + (f" + {step} * t" if step else "")

    def _largest(self, axes: Iterable[str]) -> str:
        return max(axes, key=lambda a: 2**30 if a == "b" else self.extent[a], default="")

    def _around(self, rest: Sequence[str], call: str, inner: Sequence[str]) -> list[str]:
        """A call of a kernel in the loops that are left; where some of these are summed, it adds to zeros."""
        add = self.step.add or any(a in self.summed for a in rest)
        begin = "0.0" if self.step.zero else "-0.0"
        zero = self.each_once(f"{{0}} = {begin};") if add and not self.step.add else []
        order = [a for a in rest if a in self.kept] + [a for a in rest if a in self.summed]
        return [*zero, *self.loop(order, [call.format(add=int(add), begin=begin, **{k: self._at(k, inner) for k in self.operands})])]

    def _at(self, name: str, inner: Sequence[str]) -> str:
        first = "0" if self.other in inner else self.bounds(self.lane, [self.other])[0]
        moved = first if first != "0" and self.stride(name, self.lane) else ""
        return " + ".join(filter(None, [name, self.offset(name, inner), moved]))

    @property
    def _lanes(self) -> str:
        """How many lanes there are."""
        first, end = self.bounds(self.lane, [self.other])
        return end if first == "0" else f"{end} - {first}" if first.isalpha() else f"{end} - ({first})"

    def _along(self, name: str, axis: str) -> int:
        return int(self.stride(name, axis)) if axis else 0

    def _product(self, b: str, a: str) -> list[str]:
        rising = self.rising if self.other in self.summed else None
        k = self.other if rising else self._largest(x for x in self.summed if x != self.other)
        r = self._largest(x for x in self.kept if x not in (self.lane, self.other) and not self.stride(b, x))
        rows, terms = (self.extent[x] if x else 1 for x in (r, k))
        lanes, name, limit = (
            (self.extent[self.lane], "product_from", f", {rising[0]}, {rising[1]}") if rising else (self._lanes, "product", "")
        )
        call = (
            f"{name}({rows}, {terms}, {lanes}, {{out}}, {self._along('out', r)}, {{{a}}}, {self._along(a, r)}, "
            f"{self._along(a, k)}, {{{b}}}, {self._along(b, k)}, {{add}}, {{begin}}{limit});"
        )
        inner = [x for x in (r, k, self.lane) if x]
        rest = [x for x in self.axes if x not in inner]
        return self._some(rest, inner, r, k, a, b) or self._around(rest, call, inner)

    def _some(self, rest: Sequence[str], inner: Sequence[str], r: str, k: str, a: str, b: str) -> list[str]:
        """Rows of a product that need not be written before a lane: as many as vectors have lanes at a time, from that of the first."""
        first, rise = self._rising(self.within) or (0, 0)
        n, rows, index = self.extent[self.lane], self.extent.get(r, 0), self.language.index
        if self.within is None or rise != 1 or r != self.axes[self.within.axis] or not k or any(x in self.summed for x in rest):
            return []
        if n < 8 * VECTOR or n % VECTOR or rows % VECTOR:
            return []
        at = {x: self._at(x, inner) for x in self.operands}
        begin = "0.0" if self.step.zero else "-0.0"
        down = {x: self._along(x, r) for x in ("out", a)}
        call = (
            f"product({VECTOR}, {self.extent[k]}, {n} - from, {at['out']} + {down['out']} * row + from, {down['out']}, "
            f"{at[a]} + {down[a]} * row, {down[a]}, {self._along(a, k)}, {at[b]} + from, {self._along(b, k)}, "
            f"{int(self.step.add)}, {begin});"
        )
        return self.loop(rest, [
            f"for ({index} row = 0; row < {rows}; row += {VECTOR}) {{",
            f"    const {index} from = (row + {first}) / {VECTOR} * {VECTOR};", f"    {call}", "}",
        ])  # fmt: skip

    def _contract(self) -> list[str]:
        a, b = "x0", "x1"
        alone = [bool(self.stride(x, self.other)) for x in (a, b)] if self.rising else []
        rising = self.rising if sorted(alone) == [False, True] else None
        if rising and alone[0]:
            a, b = b, a
        kept = [x for x in self.kept if x != self.other]
        r = self._largest(x for x in kept if self.stride(a, x) and not self.stride(b, x))
        s = self.other if rising else self._largest(x for x in kept if self.stride(b, x) and not self.stride(a, x))
        rows, columns_ = (self.extent[x] if x else 1 for x in (r, s))
        lanes, (first, rise) = (self.extent[self.lane], rising) if rising else (self._lanes, (0, 0))
        call = (
            f"contract({rows}, {columns_}, {lanes}, {{out}}, {self._along('out', r)}, {self._along('out', s)}, "
            f"{{{a}}}, {self._along(a, r)}, {{{b}}}, {self._along(b, s)}, {{add}}, {{begin}}, {first}, {rise});"
        )
        inner = [x for x in (r, s, self.lane) if x]
        return self._around([x for x in self.axes if x not in inner], call, inner)

    def _total(self) -> list[str]:
        r = self._largest(x for x in self.kept if x != self.other)
        rows = self.extent[r] if r else 1
        call = f"total_of({rows}, {self._lanes}, {{out}}, {self._along('out', r)}, {{x0}}, {self._along('x0', r)}, {{add}}, {{begin}});"
        inner = [x for x in (r, self.lane) if x]
        return self._around([x for x in self.axes if x not in inner], call, inner)


def apart_in_memory(step: Instruction, turns: int = 0) -> bool:
    """Whether nothing that an instruction reads is where it writes (nor begins there, which a compiler takes for the same).

    turns: of the loop around it; an instruction is compared with itself in the same turn.
    """
    out = step.addresses(step.out)
    first, last = int(out.min()), int(out.max())
    for read in step.accesses[1:]:
        if isinstance(read, Access) and read is not step.out and (read.pool, read.batch) == (step.out.pool, step.out.batch):
            found = step.addresses(read)
            low, high = int(found.min()), int(found.max())
            far = read.step - step.out.step  # from turn to turn
            for turn in range(max(1, turns) if far else 1):
                shift = turn * far
                if read.base + shift == step.out.base:
                    return False
                if low + shift <= last and first <= high + shift and len(np.intersect1d(found + shift, out)):
                    return False
    return True
