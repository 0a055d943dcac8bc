"""One instruction as loops of Numba source, every extent, stride and address a constant.

The axis whose neighbours are neighbours in memory runs innermost, as vector lanes. Products keep a block of outputs in registers:
over lanes of the output they go through a few terms at a time, over summed lanes they hold 4 × 4 sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.compiler.native.templates import TEMPLATES
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import LETTERS, Access, Instruction
from micrograd.compiler.program.own_ops import row_of
from micrograd.compiler.program.rule import Rule, calls

MANY = 4  # terms of a sum in one pass over the lanes
BLOCKS = (4, 5, 3, 2)  # outputs that share what is read


class Tables:
    """What the code refers to: the tables of addresses, one after the other in the array `T`, and a function for each rule.

    The loops may add up in any order; a rule may not be rearranged (its form is what makes it accurate), so it is a
    function compiled without that permission. Nor may a product: in a sum it is `times`, which is rounded or added as it is.
    """

    def __init__(self) -> None:
        self.rules: dict[str, tuple[str, list[str]]] = {}  # what it computes → its name and its lines
        self.parts: list[Any] = []
        self.size = 0
        self.starts: dict[int, int] = {}

    def rule(self, rule: Rule) -> str:
        """The name of the function that computes a rule."""
        unknown = calls(rule, TEMPLATES)
        for op in unknown.values():
            raise NotImplementedError(
                f"the op {row_of(op).name!r} is known by a Python function alone, which only NumPy can call (backend='numpy'): "
                "give it a `define` rule in primitives"
            )
        body, text = rule.code(TEMPLATES)
        key = "; ".join([*rule.names, *body, text])
        if key not in self.rules:
            plain = "".join(c if c.isalnum() else "_" for c in rule.name.replace("∂", "d"))
            name = f"{plain}_{len(self.rules)}"
            inside = [f"    {line}" for line in (*body, f"return {text}")]
            self.rules[key] = name, ["", "@exactly", f"def {name}({', '.join(rule.names)}):", *inside]
        return self.rules[key][0]

    def start(self, index: Any) -> int:
        key = id(index)
        if key not in self.starts:
            self.starts[key] = self.size
            self.parts.append(index)
            self.size += len(index)
        return self.starts[key]


def multiplied(factors: Sequence[str]) -> str:
    """A term of a sum: a number or the product of two."""
    return factors[0] if len(factors) == 1 else f"times({', '.join(factors)})"


class Emitter:
    """The loops of one instruction. An axis is a letter; the batch is the axis "b" with as many steps as there are samples."""

    def __init__(self, step: Instruction, start: Instruction | None, tables: Tables) -> None:
        self.step, self.start, self.tables = step, start, tables
        self.axes = [LETTERS[a] for a in range(len(step.shape))]
        self.extent: dict[str, Any] = dict(zip(self.axes, step.shape, strict=True))
        if step.batch:
            self.axes.append("b")
            self.extent["b"] = "samples"
        self.loads: dict[str, str] = {}  # what is read from tables along the first axis, once for each of its steps
        self.accesses = [a for a in (step.out, *step.reads) if isinstance(a, Access)]
        self.summed = [a for a in self.axes if not self.stride(step.out, a)]
        self.lane = self._lane()

    # --- addresses ---------------------------------------------------------------------------------------------------

    def stride(self, access: Access, axis: str) -> Any:
        """How far one step along an axis goes ('table' where a table, or a look-up, says)."""
        if access.chosen is not None and self.stride(access.chosen, axis):
            return "table"
        if axis == "b":
            return int(access.batch)
        place = self.axes.index(axis)
        return "table" if access.index is not None and place == 0 else access.strides[place]

    def ref(self, access: Any, at: dict[str, int] | None = None, axes: Sequence[str] | None = None) -> str:
        """The element of a pool at these axes; `at` fixes an axis, or adds to it where it has a loop (`+`)."""
        if not isinstance(access, Access):
            return (
                f"({access!r})"
                if abs(access) != float("inf") and access == access
                else {1: "inf", -1: "-inf"}.get((access > 0) - (access < 0), "nan")
            )
        at = at or {}
        base, parts = access.base, []
        for place, axis in enumerate(axes if axes is not None else [a for a in self.axes if a != "b"]):
            stride = "table" if access.index is not None and place == 0 else access.strides[place]
            if stride == "table":
                start = self.tables.start(access.index)
                self.loads[f"t{start}"] = f"T[{start} + {axis}]"
                parts.append(f"t{start}")
            elif stride:
                base += int(stride) * at.get(axis, 0)
                if axis not in at or f"+{axis}" in at:
                    parts.append(axis if stride == 1 else f"{stride} * {axis}")
        if access.chosen is not None:
            parts.append(self.row(access, at, axes))
        if access.step:
            parts.insert(0, f"place({base} {'+' if access.step > 0 else '-'} {abs(access.step)} * t)")
        elif base or not parts:
            parts.insert(0, str(base))
        text = " + ".join(parts)
        pool = access.pool.upper()
        return f"{pool}B[{text}, b]" if access.batch else f"{pool}[{text}]"

    def row(self, access: Access, at: dict[str, int], axes: Sequence[str] | None) -> str:
        """How far on the row is that is chosen when the program runs."""
        chosen = f"int({self.ref(access.chosen, at, axes)})"
        steps = np.unique(np.diff(access.jumps))
        return f"{steps[0]} * {chosen}" if len(steps) == 1 else f"T[{self.tables.start(access.jumps)} + {chosen}]"

    def _lane(self) -> str:
        """The axis along which every access stays or goes to the next address."""
        best, score = "", 0.0
        for axis in self.axes:
            strides = [self.stride(a, axis) for a in self.accesses]
            extent = self.extent[axis]
            size = 1e9 if axis == "b" else extent
            if all(s in (0, 1) for s in strides) and any(s == 1 for s in strides) and size >= 4:
                found = size * (2.0 if self.stride(self.step.out, axis) == 1 else 1.0)
                if found > score:
                    best, score = axis, found
        return best

    # --- loops -------------------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        step = self.step
        if step.rule.fold == "shift":
            return self._shift()
        affine = all(isinstance(r, Access) and r.affine for r in step.reads)
        if step.rule.product and len(step.reads) == 2 and self.summed and self.lane and affine and not step.scatters:
            return self._lanes_out() if self.lane not in self.summed else self._lanes_summed()
        if self.start is not None:
            return [*Emitter(self.start, None, self.tables).lines(), *self._plain()]
        return self._plain()

    def loop(self, axes: Sequence[str], body: list[str], steps: dict[str, int] | None = None) -> list[str]:
        """Nested loops, the first outermost."""
        for axis in reversed(axes):
            by = (steps or {}).get(axis, 1)
            head = f"range({self.extent[axis]})" if by == 1 else f"range(0, {self.extent[axis]}, {by})"
            loads = [f"{t} = {table}" for t, table in self.loads.items() if axis == self.axes[0] and any(t in x for x in body)]
            body = [f"for {axis} in {head}:", *("    " + line for line in [*loads, *body])]
        return body

    def expression(self, added: bool) -> str:
        """The rule with its operands written in. added: to other terms."""
        step = self.step
        refs = [self.ref(r) for r in step.reads]
        return multiplied(refs) if step.rule.product and (added or len(refs) == 1) else f"{self.tables.rule(step.rule)}({', '.join(refs)})"

    def _plain(self) -> list[str]:
        """Elementwise maps, sums and scatters."""
        step, lane = self.step, self.lane
        scattered = step.scatters
        out, text = self.ref(step.out), self.expression(bool(step.add or self.summed or scattered))
        kept = [a for a in self.axes if a not in self.summed]
        if not self.summed and not scattered:
            order = [a for a in self.axes if a != lane] + ([lane] if lane else [])
            return self.loop(order, [f"{out} {'+=' if step.add else '='} {'0.0 + ' if step.zero else ''}{text}"])
        begin = "0.0" if step.zero else "-0.0"  # to which whatever is added stays as it is
        zero = [] if step.add else self._each_once(f"{{0}} = {begin}")
        if lane and lane not in self.summed:
            order = [a for a in kept if a != lane] + self.summed + [lane]
            return [*zero, *self.loop(order, [f"{out} += {text}"])]
        if not self.summed:
            return [*zero, *self.loop(kept, [f"{out} += {text}"])]
        inner = [a for a in self.summed if a != lane] + ([lane] if lane else [])
        total = [f"total = {'-0.0' if step.add or scattered else begin}", *self.loop(inner, [f"total += {text}"])]
        sign = "+=" if step.add or scattered else "="
        return [*(zero if scattered else []), *self.loop(kept, [*total, f"{out} {sign} total"])]

    def _shift(self) -> list[str]:
        """The largest of each segment; 0 where that is infinite."""
        step = self.step
        out, x = self.ref(step.out), self.ref(step.reads[0])
        kept = [a for a in self.axes if a not in self.summed]
        order = [a for a in kept if a != self.lane] + self.summed + ([self.lane] if self.lane and self.lane in kept else [])
        return [
            *self._each_once("{0} = -inf"),
            *self.loop(list(dict.fromkeys(order)), [f"{out} = maximum({out}, {x})"]),
            *self._each_once("{0} = 0.0 if abs({0}) == inf else {0} + 0.0"),
        ]

    def _each_once(self, text: str) -> list[str]:
        """A loop over the addresses of the output, each once, however often the instruction comes to it."""
        step = self.step
        if not step.scatters:
            return self.loop([a for a in self.axes if a not in self.summed], [text.format(self.ref(step.out))])
        places = np.unique(step.out.addresses(step.shape))
        start, n = int(places[0]), len(places)
        near = int(places[-1]) == start + n - 1
        where = f"{start} + at" if near else f"T[{self.tables.start(places)} + at]"
        if step.out.step:
            where = f"place({step.out.step} * t + {where})"
        pool = step.out.pool.upper()
        body = [f"for b in range(samples): {text.format(f'{pool}B[{where}, b]')}"] if step.out.batch else [text.format(f"{pool}[{where}]")]
        return [f"for at in range({n}):", *("    " + line for line in body)]

    def _block(self, axis: str, limit: int = 4) -> int:
        extent = self.extent[axis]
        return next((n for n in BLOCKS if n <= limit and extent % n == 0), 1) if isinstance(extent, int) else 1

    def _lanes_out(self) -> list[str]:
        """A product whose lanes are outputs: a few outputs at a time, a few terms of each in one pass over the lanes."""
        step, lane = self.step, self.lane
        outs = [a for a in self.axes if a not in self.summed and a != lane]
        moving = [r for r in step.reads if self.stride(r, lane)]
        reuse = [a for a in outs if any(not self.stride(r, a) for r in moving)]
        o = max(reuse, key=lambda a: self.extent[a], default="")
        block = self._block(o) if o else 1
        terms = [a for a in self.summed if a != "b"]
        k = max(terms, key=lambda a: self.extent[a], default="")
        extent = self.extent[k] if k else 1
        many = max(d for d in range(1, MANY + 1) if extent % d == 0)
        rest = [a for a in terms if a != k]
        chunks = extent // many
        once = chunks == 1 and not rest
        start = self._start_lines() if not once else []
        body = []
        for u in range(block):
            at = {o: u, f"+{o}": 1} if o else {}
            products = []
            for q in range(many):
                also = {**at, k: q} if chunks == 1 else {**at, k: q, f"+{k}": 1}
                products.append(multiplied([self.ref(r, also) for r in step.reads]))
            out = self.ref(step.out, at)
            first = self._start_ref(at) if once else out
            body.append(f"{out} = {' + '.join([*([first] if first else []), *products])}")
        order = [a for a in outs if a != o] + ([o] if o else []) + rest + ([k] if chunks > 1 else []) + [lane]
        return [*start, *self.loop(order, body, {o: block, k: many})]

    def _start_ref(self, at: dict[str, int]) -> str:
        """What the sum starts from: the bias, what is there, or nothing."""
        if self.start is not None:
            axes = [a for a in self.axes if a not in self.summed and a != "b"]
            return ("0.0 + " if self.start.zero else "") + self.ref(self.start.reads[0], at, axes)
        return self.ref(self.step.out, at) if self.step.add else "0.0" if self.step.zero else ""

    def _start_lines(self) -> list[str]:
        kept = [a for a in self.axes if a not in self.summed and a != self.lane] + [self.lane]
        if self.start is None and self.step.add:
            return []
        return self.loop(kept, [f"{self.ref(self.step.out)} = {self._start_ref({}) or '-0.0'}"])

    def _lanes_summed(self) -> list[str]:
        """A product whose lanes are summed: a block of sums in registers while the lanes go by."""
        step, lane = self.step, self.lane
        outs = [a for a in self.axes if a not in self.summed]
        a_only = [a for a in outs if self.stride(step.reads[0], a) and not self.stride(step.reads[1], a)]
        b_only = [a for a in outs if self.stride(step.reads[1], a) and not self.stride(step.reads[0], a)]
        p = max(a_only, key=lambda a: self.extent[a], default="")
        q = max(b_only, key=lambda a: self.extent[a], default="")
        up, uq = (self._block(p) if p else 1), (self._block(q) if q else 1)
        first, second, body, last = [], [], [], []
        for i in range(up):
            at = {p: i, f"+{p}": 1} if p else {}
            first.append(f"x{i} = {self.ref(step.reads[0], at)}")
        for j in range(uq):
            at = {q: j, f"+{q}": 1} if q else {}
            second.append(f"y{j} = {self.ref(step.reads[1], at)}")
        zeros = []
        for i in range(up):
            for j in range(uq):
                at = {**({p: i, f"+{p}": 1} if p else {}), **({q: j, f"+{q}": 1} if q else {})}
                zeros.append(f"s{i}{j} = -0.0")
                body.append(f"s{i}{j} += times(x{i}, y{j})")
                begin = self._start_ref(at)
                last.append(f"{self.ref(step.out, at)} = {begin + ' + ' if begin else ''}s{i}{j}")
        inner = self.loop([a for a in self.summed if a != lane] + [lane], [*first, *second, *body])
        order = [a for a in outs if a not in (p, q)] + [a for a in (p, q) if a]
        return self.loop(order, [*zeros, *inner, *last], {p: up, q: uq})
