"""An instruction in C: its loops, or a call of a kernel that holds a block of results in registers (`lanes`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from micrograd.compiler.braces.nests import Nest
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction


class CNest(Nest):
    """The loops of C, with products and sums along lanes left to kernels that hold a block of results in registers (`lanes`)."""

    def lines(self) -> list[str]:
        step = self.step
        reads = [self.operands.get(f"x{k}") for k in range(len(step.reads))]
        affine = all(r is not None and r.affine for r in reads)
        pair = () if step.limit is None else (self.axes[step.limit.axis], self.axes[step.limit.by])
        evenly = not pair or self.lane in pair  # how many lanes there are depends on one axis, which is outside of the kernel
        self.other = next((a for a in pair if a != self.lane), "")
        if step.rule.product and step.rule.fold == "+" and affine and self.summed and self.lane and not step.scatters and evenly:
            lanes = [bool(self.stride(f"x{k}", self.lane)) for k in range(len(reads))]
            if self.lane in self.summed and all(lanes):
                return self._contract() if len(reads) == 2 else self._total()
            if self.lane not in self.summed and sum(lanes) == 1 and len(reads) == 2:
                return self._product("x0" if lanes[0] else "x1", "x1" if lanes[0] else "x0")
        return super().lines()

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
        first = self.bounds(self.lane, [self.other])[0]
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
        k = self._largest(x for x in self.summed if x != self.other)
        r = self._largest(x for x in self.kept if x not in (self.lane, self.other) and not self.stride(b, x))
        rows, terms = (self.extent[x] if x else 1 for x in (r, k))
        call = (
            f"product({rows}, {terms}, {self._lanes}, {{out}}, {self._along('out', r)}, {{{a}}}, {self._along(a, r)}, "
            f"{self._along(a, k)}, {{{b}}}, {self._along(b, k)}, {{add}}, {{begin}});"
        )
        inner = [x for x in (r, k, self.lane) if x]
        return self._around([x for x in self.axes if x not in inner], call, inner)

    def _contract(self) -> list[str]:
        kept = [x for x in self.kept if x != self.other]
        r = self._largest(x for x in kept if self.stride("x0", x) and not self.stride("x1", x))
        s = self._largest(x for x in kept if self.stride("x1", x) and not self.stride("x0", x))
        rows, columns_ = (self.extent[x] if x else 1 for x in (r, s))
        call = (
            f"contract({rows}, {columns_}, {self._lanes}, {{out}}, {self._along('out', r)}, {self._along('out', s)}, "
            f"{{x0}}, {self._along('x0', r)}, {{x1}}, {self._along('x1', s)}, {{add}}, {{begin}});"
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
