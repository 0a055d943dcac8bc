"""One instruction as loops in a language with braces (C, JavaScript): every extent, stride and address a constant of the code.

The axis whose neighbours are neighbours in memory runs innermost, which is what a compiler makes vectors of: the samples, as a rule.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import LETTERS, Access, Instruction, affine
from micrograd.compiler.program.rule import Rule, calls
from micrograd.ops.op import Op

INFINITE = float("inf")


@dataclass(frozen=True)
class Language:
    """How a language says what the loops need. templates: the column of the table (see `columns`).

    index, number, constant: how a variable of the kind is declared. whole: a number as an index. at: the element of an operand, from its
    name, its pool, where it begins and the index from there.
    """

    templates: Mapping[str, str]
    index: str
    number: str
    constant: str
    whole: str
    at: str
    function: str  # (name, arguments)
    argument: str  # a number among arguments

    def literal(self, x: float) -> str:
        """A number."""
        return repr(x) if abs(x) < INFINITE else "nan" if x != x else "inf" if x > 0 else "-inf"


@dataclass
class Shared:
    """What the functions of one file share: a function for each rule, and tables of addresses one after the other in `T`."""

    language: Language
    rules: dict[str, tuple[str, list[str]]] = field(default_factory=dict)  # what it computes → its name and its lines
    tables: list[Any] = field(default_factory=list)
    starts: dict[bytes, int] = field(default_factory=dict)

    def rule(self, rule: Rule) -> str:
        """The name of the function that computes a rule."""
        unknown = calls(rule, self.language.templates)
        if unknown:
            raise unwritten(next(iter(unknown.values())))
        body, text = rule.code(self.language.templates)
        key = "; ".join([*rule.names, *body, text])
        if key not in self.rules:
            name = f"{identifier(rule.name.replace('/', '_'))}_{len(self.rules)}"
            arguments = ", ".join(self.language.argument.format(x) for x in rule.names)
            inside = [f"    {self.language.constant} {line};" for line in body]
            self.rules[key] = name, [self.language.function.format(name, arguments) + " {", *inside, f"    return {text};", "}"]
        return self.rules[key][0]

    def table(self, numbers: Any) -> int:
        """Where these numbers begin in `T`."""
        key = np.ascontiguousarray(numbers, dtype=np.int64).tobytes()
        if key not in self.starts:
            self.starts[key] = sum(map(len, self.tables))
            self.tables.append(numbers)
        return self.starts[key]


class Unwritten(ValueError):
    """An op has no form in this language."""


def unwritten(op: Op) -> Unwritten:
    """The error for an op that has no form here."""
    return Unwritten(
        f"the op {op.name!r} is known by a Python function alone, which cannot go with the program: give it a `define` rule in primitives"
    )


def identifier(name: str) -> str:
    """A name in which every sign is one that identifiers may have (and not the first a digit)."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
    return plain if plain[:1].isalpha() else f"v{plain}"


class Nest:
    """The loops of one instruction. An axis is a letter; the batch is the axis "b" of `n` samples."""

    def __init__(self, step: Instruction, shared: Shared, room: int = 1) -> None:
        """room: how many samples the pool of the batch has room for."""
        self.step, self.shared, self.room, self.language = step, shared, room, shared.language
        self.axes = [LETTERS[a] for a in range(len(step.shape))]
        self.extent: dict[str, Any] = dict(zip(self.axes, step.shape, strict=True))
        if step.batch:
            self.axes.append("b")
            self.extent["b"] = "n"
        self.operands: dict[str, Access] = {"out": step.out}
        for k, read in enumerate(step.reads):
            if isinstance(read, Access):
                self.operands[f"x{k}"] = read
        for name, access in list(self.operands.items()):
            if access.chosen is not None:
                self.operands[f"{name}_row"] = access.chosen
        self.summed = [a for a in self.axes if not self.stride("out", a)]
        self.kept = [a for a in self.axes if a not in self.summed]
        self.lane = self._lane()
        self.loads: dict[str, str] = {}  # what is read from tables along the first axis, once for each of its steps

    # --- addresses ---------------------------------------------------------------------------------------------------

    def stride(self, name: str, axis: str) -> Any:
        """How far one step along an axis goes ("table" where a table, or a look-up, says)."""
        access = self.operands[name]
        if access.chosen is not None and (access.chosen.batch if axis == "b" else self.stride(f"{name}_row", axis)):
            return "table"
        if axis == "b":
            return int(access.batch)
        place = self.axes.index(axis)
        if access.index is not None and place == 0:
            return "table"
        return int(access.strides[place]) * (self.room if access.batch else 1)

    def base(self, name: str) -> int:
        """Where an operand begins in its pool."""
        access = self.operands[name]
        return int(access.base) * (self.room if access.batch else 1)

    def pool(self, name: str) -> str:
        """The array of an operand: V, G, R, and with a B those of the batch."""
        access = self.operands[name]
        return access.pool.upper() + ("B" if access.batch else "")

    def offset(self, name: str, without: Sequence[str] = ()) -> str:
        """How far an element is from where its operand begins; without: axes that stand at 0."""
        access, parts = self.operands[name], []
        for axis in self.axes:
            stride = self.stride(name, axis) if axis != "b" else int(access.batch)
            if axis == self.axes[0] and access.index is not None:
                start = self.shared.table(access.index * (self.room if access.batch else 1))
                self.loads[f"t{start}"] = f"T[{start} + {axis}]"
                parts.append(f"t{start}")
                continue
            if stride == "table":  # by its row alone, or by its strides too
                stride = int(access.strides[self.axes.index(axis)]) * (self.room if access.batch else 1)
            if stride and axis not in without:
                parts.append(axis if stride == 1 else f"{stride} * {axis}")
        if access.chosen is not None:
            parts.append(self._row(name, access))
        return " + ".join(filter(None, [*parts, self.moved(name)]))

    def moved(self, name: str) -> str:
        """How far on it is at the present turn of the loop around, where that is said in an index."""
        return ""

    def _row(self, name: str, access: Access) -> str:
        """How far on the row is that is chosen when the program runs."""
        chosen = self.language.whole.format(self.ref(f"{name}_row"))
        jumps = np.asarray(access.jumps) * (self.room if access.batch else 1)
        steps = np.unique(np.diff(jumps))
        if len(steps) == 1:
            return f"{steps[0]} * {chosen}" + (f" + {jumps[0]}" if jumps[0] else "")
        return f"T[{self.shared.table(jumps)} + {chosen}]"

    def ref(self, name: str) -> str:
        """The element of an operand at the present step of every axis; a constant as it stands."""
        if name not in self.operands:
            return f"({self.language.literal(float(self.step.reads[int(name[1:])]))})"
        base, offset = self.base(name), self.offset(name)
        whole = " + ".join(filter(None, [str(base) if base or not offset else "", offset]))
        return self.language.at.format(name=name, pool=self.pool(name), offset=offset or "0", whole=whole)

    def _lane(self) -> str:
        """The axis along which every operand stays or goes to the next address."""
        best, score = "", 0.0
        if self.step.rule.fold == "ordered":  # in the order of the indices
            return best
        for axis in self.axes:
            strides = [self.stride(name, axis) for name in self.operands if not name.endswith("_row")]
            size = 1e9 if axis == "b" else self.extent[axis]
            if all(s in (0, 1) for s in strides) and any(s == 1 for s in strides) and size >= 4:
                found = size * (2.0 if self.stride("out", axis) == 1 else 1.0)
                if found > score:
                    best, score = axis, found
        return best

    # --- loops -------------------------------------------------------------------------------------------------------

    def bounds(self, axis: str, outside: Container[str]) -> tuple[str, str]:
        """Where an axis begins and ends, inside of loops over these axes."""
        limit = self.step.limit
        if limit is None or axis not in (pair := (self.axes[limit.axis], self.axes[limit.by])):
            return "0", str(self.extent[axis])
        other = pair[0] if axis == pair[1] else pair[1]
        if other not in outside:
            return "0", str(self.extent[axis])
        firsts, ends = zip(*limit.spans(self.extent[other]), strict=True) if other == pair[0] else ((0,), limit.ends)
        first, end = (affine(x, other, " * ") or f"T[{self.shared.table(np.array(x))} + {other}]" for x in (firsts, ends))
        return first, end

    def loop(
        self, axes: Sequence[str], body: Sequence[str], around: Sequence[str] = (), steps: Mapping[str, int] | None = None
    ) -> list[str]:
        """Nested loops, the first outermost. around: the axes of loops outside. steps: how far an axis goes at a time, if not by 1."""
        lines = list(body)
        for place, axis in reversed([*enumerate(axes)]):
            first, end = self.bounds(axis, {*around, *axes[:place]})
            by = (steps or {}).get(axis, 1)
            on = f"{axis}++" if by == 1 else f"{axis} += {by}"
            head = f"for ({self.language.index} {axis} = {first}; {axis} < {end}; {on}) {{"
            loads = self._loads(axis, lines)
            lines = [head, *("    " + line for line in [*loads, *lines]), "}"]
        return lines

    def _loads(self, axis: str, lines: Sequence[str]) -> list[str]:
        if axis != self.axes[0]:
            return []
        used = [t for t in self.loads if any(t in words(line) for line in lines)]
        return [f"const {self.language.index} {t} = {self.loads[t]};".replace("const let", "const") for t in used]

    def lines(self) -> list[str]:
        """The whole instruction."""
        if self.step.rule.fold == "shift":
            return self._shift()
        return self.plain()

    def expression(self) -> str:
        """The rule with its operands written in."""
        refs = [self.ref(f"x{k}") for k in range(len(self.step.reads))]
        return " * ".join(refs) if self.step.rule.product else f"{self.shared.rule(self.step.rule)}({', '.join(refs)})"

    def plain(self) -> list[str]:
        """Elementwise maps, sums and scatters."""
        step, lane = self.step, self.lane
        scattered, out, text = step.scatters, self.ref("out"), self.expression()
        if not self.summed and not scattered:
            order = [a for a in self.axes if a != lane] + ([lane] if lane else [])
            return self.over(order, f"{out} {'+=' if step.add else '='} {'0.0 + ' if step.zero else ''}{{0}};", text, "")
        begin = "0.0" if step.zero else "-0.0"  # to which whatever is added stays as it is
        zero = [] if step.add else self.each_once(f"{{0}} = {begin};")
        if lane and lane not in self.summed:
            order = [a for a in self.kept if a != lane] + self.summed + [lane]
            return [*zero, *self.over(order, f"{out} += {{0}};", text, "-0.0")]
        if not self.summed:
            return [*zero, *self.loop(self.kept, [f"{out} += {text};"])]
        inner = [a for a in self.summed if a != lane] + ([lane] if lane else [])
        total = [f"{self.language.number} total = -0.0;", *self.loop(inner, [f"total += {text};"], self.kept)]
        onto = "+=" if step.add or scattered else f"= {begin} +"
        return [*(zero if scattered else []), *self.loop(self.kept, [*total, f"{out} {onto} total;"])]

    def _shift(self) -> list[str]:
        """The largest of each segment; 0 where that is infinite."""
        out, x = self.ref("out"), self.ref("x0")
        templates = self.language.templates
        largest = templates.get("larger", templates["maximum"]).format(out, "{0}")
        order = [a for a in self.kept if a != self.lane] + self.summed + ([self.lane] if self.lane in self.kept else [])
        return [
            *self.each_once("{0} = -inf;"),
            *self.over(order, f"{out} = {largest};", x, "-inf"),
            *self.each_once("{0} = {0} - {0} == 0.0 || {0} != {0} ? {0} + 0.0 : 0.0;"),
        ]

    def over(self, order: Sequence[str], line: str, text: str, nothing: str) -> list[str]:
        """Loops over a line with a text in it; nothing: a number in its place that changes nothing."""
        return self.loop(order, [line.format(text)])

    def each_once(self, text: str) -> list[str]:
        """A loop over the addresses of the output, each once, however often the instruction comes to it."""
        if not self.step.scatters:
            return self.loop(self.kept, [text.format(self.ref("out"))])
        access, room = self.step.out, self.room if self.step.out.batch else 1
        places = (np.unique(self.step.addresses(access)) - access.base) * room
        along = np.unique(np.diff(places))
        index = self.language.index
        if len(along) <= 1:
            start, stride = int(places[0]), int(along[0]) if len(along) else 0
            offset = " + ".join(filter(None, [str(start) if start or not stride else "", f"{stride} * at" if stride else ""]))
        else:
            offset = f"T[{self.shared.table(places)} + at]"
        offset = " + ".join(filter(None, [offset, "b" if access.batch else "", self.moved("out")]))
        base = self.base("out")
        target = self.language.at.format(name="out", pool=self.pool("out"), offset=offset, whole=f"{base} + {offset}")
        body = [text.format(target)]
        if access.batch:
            body = [f"for ({index} b = 0; b < {self.extent['b']}; b++) {{", *("    " + line for line in body), "}"]
        return [f"for ({index} at = 0; at < {len(places)}; at++) {{", *("    " + line for line in body), "}"]


def words(line: str) -> set[str]:
    """The names in a line."""
    return set("".join(c if c.isalnum() or c == "_" else " " for c in line).split())


def cut(text: str, most: int = 240) -> str:
    """A line to read: a rule written out in full can take a page."""
    return text if len(text) <= most else f"{text[:most]} …"
