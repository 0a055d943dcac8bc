"""A recorded graph on balls: forward through its values and back through its gradients, as `backward()` goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from micrograd import modes, pull
from micrograd.checking import enclosures
from micrograd.checking.balls import balls, precision
from micrograd.checking.choices import choices
from micrograd.checking.proven import nearest
from micrograd.engine import Value
from micrograd.notation import teller
from micrograd.ops import TABLE
from micrograd.scalar import Known

FIRST, LAST = 128, 4096  # bits; a decision that needs more than the last is given up
CLOSE = 53  # bits of a ball that could be told from a tie
ENTIRE = ("exp", "expm1", "exp2", "sinh", "cosh", "sum", "dot", "add", "sub", "mul")  # without a pole: where they are infinite, Arb gave up


class Rule:
    """An op on balls: its value, its slopes (constant: whole numbers, where they are), and which zeros of them pass nothing."""

    __slots__ = ("constant", "passes", "slopes", "value")

    def __init__(self, op: Any) -> None:
        self.value, self.slopes, self.passes = enclosures.value(op), enclosures.slopes(op), op.passes
        self.constant = enclosures.constant(op) if self.passes is None else None


def _rule(op: Any) -> Rule | None:
    """The op on balls; None where it says nothing that runs on them: a rule of one's own may call `math.cos` or `float`."""
    try:
        rule = Rule(op)
        if op.arity is not None and TABLE.get(op.name) is not op:
            xs = [balls().arb(0.5)] * op.arity
            rule.slopes(rule.value(*xs), *xs)
        return rule
    except (enclosures.NoRule, TypeError, AttributeError):
        return None


class Graph:
    """A graph as it was when it was certified, and its balls at each precision that was asked for."""

    variables: Any = None  # what the caller calls his Values (`micrograd.notation.variables`)
    called: Mapping[int, str] = {}  # names of the inputs of a function, by their places

    def __init__(self, root: Value, more: Sequence[Value] = ()) -> None:
        self.order = order = root.interior()
        modes.refuse_changed(order)
        self.nodes: list[Value] = []
        self.place: dict[int, int] = {}
        self.args: list[tuple[int, ...]] = []
        self.rules: list[Rule | None] = []
        self.lost: dict[int, str] = {}  # nodes that have no rule, and why
        for v in more:  # inputs that it does not depend on come first
            self._enter(v)
        known: dict[Any, Rule | None] = {}
        place, nodes, args, rules, enter = self.place, self.nodes, self.args, self.rules, self._enter
        at = place.get
        for v in order:
            a, b = v._a, v._b
            if a is None:
                found = tuple([at(id(x)) or enter(x) for x in b])
            elif b is None:
                found = (at(id(a)) or enter(a),)
            else:
                found = (at(id(a)) or enter(a), at(id(b)) or enter(b))
            op = v.op
            try:
                rule = known[op]
            except KeyError:
                rule = known[op] = _rule(op)
            place[id(v)] = len(nodes)
            nodes.append(v)
            args.append(found)
            rules.append(rule)
            if rule is None:
                self.lost[len(nodes) - 1] = f"no rule for {op.symbol or op.name or 'an op made by hand'!r}"
        if not order:
            enter(root)
        self.data = [v._data for v in self.nodes]
        self.radii: dict[int, float] = {}
        self.hooked = {self.place[id(v)] for v in modes.hooks if id(v) in self.place}
        self.lost.update(dict.fromkeys(self.hooked, "a hook changes the gradient of {}"))
        self.levels: dict[int, tuple[list[Any], list[Any]]] = {}
        self.splits: dict[int, tuple[set[int], set[int]]] = {}

    def _enter(self, leaf: Value) -> int:
        if id(leaf) not in self.place:  # as the place 0 is asked for again
            self.place[id(leaf)] = len(self.args)
            self.nodes.append(leaf)
            self.args.append(())
            self.rules.append(None)
        return self.place[id(leaf)]

    def backward(self) -> list[float]:
        """The gradients that `backward()` gives from cleared leaves; those of the graph are as before afterwards."""
        nodes = self.nodes
        kept = [v.grad for v in nodes]
        try:
            for v in nodes:
                v.grad = 0.0
            pull.backward(nodes[-1].start_backward(self.order))
            return [float(v.grad) for v in nodes]
        finally:
            for v, gradient in zip(nodes, kept, strict=True):
                v.grad = gradient

    def at(self, bits: int) -> tuple[list[Any], list[Any]]:
        """(values, gradients) as balls at this precision."""
        if bits not in self.levels:
            with precision(bits):
                self.splits[bits] = set(), set()
                values = self._forward(self.splits[bits][0])
                self.levels[bits] = values, self._back(values, self.splits[bits][1])
        return self.levels[bits]

    def _forward(self, split: set[int]) -> list[Any]:
        arb, nan = balls().arb, balls().nan
        choices.split = False
        found: list[Any] = []
        append = found.append
        for k, (args, rule) in enumerate(zip(self.args, self.rules, strict=True)):
            if rule is not None:
                value = rule.value
                if len(args) == 2:
                    i, j = args
                    append(value(found[i], found[j]))
                else:
                    append(value(*[found[i] for i in args]))
                if choices.split:
                    split.add(k)
                    choices.split = False
            elif args:
                append(nan)
            else:
                x = self.data[k]
                append(arb(x, self.radii[k]) if k in self.radii else x.exact(balls()) if type(x) is Known else arb(x))
        return found

    def _back(self, values: list[Any], split: set[int]) -> list[Any]:
        arb, nan = balls().arb, balls().nan
        choices.split = False
        found: list[Any] = [None] * len(values)
        found[-1] = arb(1)
        for k in range(len(values) - 1, -1, -1):
            above, rule, args = found[k], self.rules[k], self.args[k]
            if above is None:
                continue
            if rule is None or k in self.hooked:
                found[k] = above = nan if k in self.hooked else above
                for i in args:
                    found[i] = nan
                continue
            slopes: Any = rule.constant
            if slopes is None:
                slopes = rule.slopes(values[k], *[values[i] for i in args])
            if choices.split:
                split.add(k)
                choices.split = False
            if rule.passes is not None:
                slopes = self._passing(k, slopes)
            for i, p in zip(args, slopes):  # noqa: B905 (strict=True is a sixth of this loop's time)
                if type(p) is int:
                    if p == 0:  # `_passing` left no other: a structural zero
                        continue
                    term = above if p == 1 else -above
                else:
                    term = above * p
                before = found[i]
                found[i] = term if before is None else before + term
        zero = arb(0)
        return [zero if g is None else g for g in found]

    def _passing(self, k: int, slopes: Sequence[Any]) -> list[Any]:
        """The slopes of a node, an exact 0 by rule as the whole number 0: nothing passes there."""
        if not any(p == 0 if type(p) is int else p.is_zero() for p in slopes):
            return list(slopes)
        rule, args = self.rules[k], self.args[k]
        assert rule is not None
        passes = rule.passes(self.data[k], *[self.data[i] for i in args])
        zero = balls().arb(0)
        exact = [zero if type(p) is int and p == 0 else p for p in slopes]
        return [p if some or p != 0 else 0 for p, some in zip(exact, passes, strict=True)]

    # --- what is decided, and if not, why ---------------------------------------------------------------------------

    def decided(self, k: int, gradient: bool) -> tuple[Any, str]:
        """(ball, "") at the first precision that decides the nearest double; else the last ball, and why not."""
        bits, why = FIRST, ""
        while True:
            ball = self.at(bits)[gradient][k]
            if nearest(ball) is not None and not (self.radii and not ball.is_exact()):
                return ball, ""
            why, final = self._why(k, gradient, bits)
            if final or bits >= LAST:
                return ball, why
            bits *= 2

    def _why(self, k: int, gradient: bool, bits: int) -> tuple[str, bool]:
        """What keeps a number undecided at this precision, and whether more bits would not help."""
        values, gradients = self.at(bits)
        below = self._below(len(values) - 1 if gradient else k)
        for i in sorted(below) if not (gradients if gradient else values)[k].is_finite() else ():
            x = values[i]
            if not x.is_finite():
                if i in self.lost:
                    return self.lost[i].format(self._called(i)), True
                op = self.nodes[i].op
                if op is None:
                    return f"the input {self._called(i)} is {self.data[i]}", True
                exact = all(values[j].is_exact() for j in self.args[i])
                what = (
                    "is no real number"
                    if self.data[i] != self.data[i]
                    else "is too large to be enclosed"
                    if op.name in ENTIRE
                    else "is at a pole"
                    if math.isinf(self.data[i])
                    else "may be at a pole"
                )
                return f"{self._called(i)} {what}", exact
        if gradient and not gradients[k].is_finite():
            for i in sorted(below, reverse=True):
                if i in self.lost:
                    return self.lost[i].format(self._called(i)), True
            for i in sorted(below, reverse=True):
                if self.args[i] and gradients[i].is_finite() and any(not gradients[j].is_finite() for j in self.args[i]):
                    return f"a derivative of {self._called(i)} is at a pole", all(values[j].is_exact() for j in self.args[i])
            return "a derivative is at a pole", False
        split = self.splits[bits][0] | (self.splits[bits][1] if gradient else set())
        if split & below:
            return f"a kink or jump of {self._called(min(split & below))} is straddled", bool(self.radii)
        if self.radii:
            return "the inputs are known to ± something only", True
        if (gradients if gradient else values)[k].rel_accuracy_bits() < CLOSE:
            return f"{bits} bits do not enclose it closely: each operation loses some", False
        return f"it is within 2**-{bits} of the middle of two doubles", False

    def _below(self, k: int) -> set[int]:
        found, todo = {k}, [k]
        while todo:
            new = set(self.args[todo.pop()]) - found
            found |= new
            todo += new
        return found

    @cached_property
    def names(self) -> list[str]:
        """What to call each node, as everywhere."""
        return [self.called.get(k, name) for k, name in enumerate(teller().names(self.nodes, self.variables))]

    def _called(self, k: int) -> str:
        v = self.nodes[k]
        if v.op is None or not hasattr(v.op, "forward"):
            return self.names[k]
        return f"{self.names[k]} = {teller().operation(v, [self.names[i] for i in self.args[k]])}"
