"""An instruction as loops of JavaScript, with a block of sums in variables."""

from __future__ import annotations

from collections.abc import Sequence

from micrograd.compiler.braces import columns
from micrograd.compiler.braces.nests import Language, Nest

JS = Language(
    templates=columns.JS, index="let", number="let", constant="const", whole="({0} | 0)", at="{pool}[{whole}]",
    function="function {0}({1})", argument="{0}",
)  # fmt: skip
POOLS = {pool: f"{pool.lower()}_" for pool in ("V", "G", "R", "VB", "GB", "RB")}  # a function's own: looked at once, not at each number
MOST = 10  # sums in a block: these, and what is read for them, stay in sixteen registers


class JSNest(Nest):
    """… with a block of the sums of a matrix product, or of rows, in variables, for engines make no vectors."""

    def lines(self) -> list[str]:
        step = self.step
        affine = all(f"x{k}" in self.operands and self.operands[f"x{k}"].affine for k in range(len(step.reads)))
        if step.rule.product and step.rule.fold == "+" and affine and self.summed and not step.scatters and step.limit is None:
            return self._blocks()
        return super().lines()

    def _blocks(self) -> list[str]:
        """As many sums as registers hold: what one operand moves along and the other does not; up to three samples more than there are."""
        reads = [f"x{k}" for k in range(len(self.step.reads))]
        sides = [self._side(mine, [x for x in reads if x != mine]) for mine in (*reads, "")[:2]]
        fits = [(i, j) for i in _divisors(sides[0][1]) for j in _divisors(sides[1][1]) if i * j <= MOST]
        (r, _), (c, _) = sides
        rows, columns_ = max(fits, key=lambda n: (n[0] * n[1] / (n[0] + n[1]), n))
        pairs = [(i, j) for i in range(rows) for j in range(columns_)]
        begin = "0.0" if self.step.zero else "-0.0"
        inner = [f"const a{i} = {self._element('x0', {r: i})};" for i in range(rows)]
        inner += [f"const b{j} = {self._element('x1', {c: j})};" for j in range(columns_)] if len(reads) == 2 else []
        inner += [f"s{i}{j} += a{i}{f' * b{j}' if len(reads) == 2 else ''};" for i, j in pairs]
        onto = "+=" if self.step.add else f"= {begin} +"
        body = [
            "let " + ", ".join(f"s{i}{j} = -0.0" for i, j in pairs) + ";",
            *self.loop(self.summed, inner),
            *[f"{self._element('out', {r: i, c: j})} {onto} s{i}{j};" for i, j in pairs],
        ]
        order = [a for a in self.kept if a not in (r, c)] + [a for a in (r, c) if a]
        return self.loop(order, body, steps={r: rows, c: columns_})

    def _side(self, mine: str, others: Sequence[str]) -> tuple[str, int]:
        """(the longest axis along which one operand alone moves, its extent)."""
        axes = [a for a in self.kept if mine and self.stride(mine, a) and not any(self.stride(x, a) for x in others)]
        axes = [a for a in axes if a != "b" or self.room % 4 == 0]
        axis = max(axes, key=lambda a: self.room if a == "b" else self.extent[a], default="")
        return axis, 4 if axis == "b" else self.extent[axis] if axis else 1  # samples: up to three more than there are

    def pool(self, name: str) -> str:
        return POOLS[super().pool(name)]

    def moved(self, name: str) -> str:
        step = int(self.operands[name].step) * (self.room if self.operands[name].batch else 1)
        return f"{step} * t" if step else ""

    def _element(self, name: str, further: dict[str, int]) -> str:
        """The element so many steps further along some axes."""
        base = self.base(name) + sum(n * int(self.stride(name, a)) for a, n in further.items() if a)
        return f"{self.pool(name)}[{' + '.join(filter(None, [str(base), self.offset(name)]))}]"


def _divisors(extent: int) -> list[int]:
    return [n for n in range(1, 6) if extent % n == 0]
