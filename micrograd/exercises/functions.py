"""Answers that are functions or classes: the properties that they must have, at inputs drawn anew. No property says how to get there."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.exercises.blanks import Blank, Replies
from micrograd.exercises.draws import Draw
from micrograd.exercises.posed import Posed, Verdict
from micrograd.notation import show
from micrograd.ops import TABLE

TIMES = 8  # inputs a property is tried at


class Property:
    """What must hold at some arguments. draws: one a parameter."""

    def __init__(self, draws: Sequence[Any], times: int = TIMES) -> None:
        self.draws, self.times = draws, times

    values = False  # whether the function is called with Values and walked back from

    def inputs(self, rng: random.Random) -> list[list[Any]]:
        """The arguments of each call."""
        some = any(isinstance(d, Draw) for d in self.draws)
        return [[d(rng) if isinstance(d, Draw) else d for d in self.draws] for _ in range(self.times if some else 1)]

    def fault(self, args: list[Any], reply: dict[str, Any]) -> str:
        """What is wrong with a reply, "" where nothing is."""
        raise NotImplementedError


def called(args: Sequence[Any]) -> str:
    """f(0.5, -2) as it is said."""
    return f"f({', '.join(_short(a) for a in args)})"


def _short(x: Any) -> str:
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(_short(y) for y in x[:4])}{', …' if len(x) > 4 else ''}]"
    return show(x) if isinstance(x, float) else repr(x)


def _raised(reply: dict[str, Any]) -> str:
    return f"it ends with {reply['raised'][0]}: {reply['said']}" if reply.get("raised") else str(reply.get("said", "no answer"))


def near(x: Any, y: Any, rtol: float) -> bool:
    """Whether numbers, or lists of them, agree; other shapes do not.

    To rtol of the right one, or of a thousandth where that is smaller: what rounding leaves of a 0.
    """
    if isinstance(y, (list, tuple)):
        return isinstance(x, (list, tuple)) and len(x) == len(y) and all(near(a, b, rtol) for a, b in zip(x, y, strict=True))
    if isinstance(x, bool) or not isinstance(x, (int, float)):
        return False
    return x == y or bool(math.isfinite(x) and abs(x - y) <= rtol * max(0.001, abs(y)))


class Equals(Property):
    """See `equals`."""

    def __init__(self, reference: Callable[..., Any], draws: Sequence[Any], times: int, rtol: float) -> None:
        super().__init__(draws, times)
        self.reference, self.rtol = reference, rtol

    def fault(self, args: list[Any], reply: dict[str, Any]) -> str:
        if "out" not in reply:
            return f"{called(args)}: {_raised(reply)}"
        truth = _numbers(self.reference(*args))
        if near(reply["out"], truth, self.rtol):
            return ""
        return f"{called(args)} is {_short(reply['out'])}, expected {_short(truth)}"


def _numbers(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [_numbers(y) for y in x]
    return float(x.data) if isinstance(x, Value) else float(x)


class Slopes(Property):
    """See `slopes`."""

    values = True

    def __init__(self, reference: Callable[..., Any], draws: Sequence[Any], times: int, rtol: float) -> None:
        super().__init__(draws, times)
        self.reference, self.rtol = reference, rtol

    def fault(self, args: list[Any], reply: dict[str, Any]) -> str:
        if "out" not in reply:
            return f"{called(args)} with Values: {_raised(reply)}"
        if reply.get("grads") is None:
            return f"{called(args)} with Values gives a {reply.get('gave', 'number')}, from which no gradient comes back"
        made = _valued(args)
        out = self.reference(*made)
        out.backward()
        truth = _grads(made)
        if not near(reply["out"], float(out.data), self.rtol):
            return f"{called(args)} is {_short(reply['out'])}, expected {show(out.data)}"
        if near(reply["grads"], truth, self.rtol):
            return ""
        return f"{called(args)}: the gradient is {_short(reply['grads'])}, expected {_short(truth)}"


def _valued(x: Any) -> Any:
    return [_valued(y) for y in x] if isinstance(x, (list, tuple)) else Value(x) if isinstance(x, float) else x


def _grads(x: Any) -> Any:
    return [_grads(y) for y in x] if isinstance(x, list) else float(x.grad) if isinstance(x, Value) else 0.0


class Raises(Property):
    """See `raises`."""

    def __init__(self, error: type[BaseException], args: Sequence[Any]) -> None:
        super().__init__(args, 1)
        self.error = error

    def fault(self, args: list[Any], reply: dict[str, Any]) -> str:
        if self.error.__name__ in reply.get("raised", ()):
            return ""
        what = _raised(reply) if reply.get("raised") else f"it gives {_short(reply.get('out'))}"
        return f"{called(args)} must raise {self.error.__name__}: {what}"


class Holds(Property):
    """See `holds`."""

    def __init__(self, sentence: str, judge: Callable[..., bool], draws: Sequence[Any], times: int) -> None:
        super().__init__(draws, times)
        self.sentence, self.test = sentence, judge

    def fault(self, args: list[Any], reply: dict[str, Any]) -> str:
        if "out" not in reply:
            return f"{called(args)}: {_raised(reply)}"
        try:
            good = bool(self.test(reply["out"], *args))
        except Exception:  # of a thing that is of another kind than the property thought of
            good = False
        return "" if good else f"{self.sentence}; {called(args)} is {_short(reply['out'])}"


def equals(reference: Callable[..., Any], *draws: Any, times: int = TIMES, rtol: float = 1e-9) -> Property:
    """The function's numbers are those of another one, to 9 digits: `equals(math.tanh, real(-2, 2))`. Lists are compared one by one.

    Of a number under a thousandth the difference may be 1e-12.
    """
    return Equals(reference, draws, times, rtol)


def slopes(reference: Callable[..., Any], *draws: Any, times: int = TIMES, rtol: float = 1e-9) -> Property:
    """Called with Values and walked back from, the function's value and gradient are those of `reference`, a function of Values.

    A whole number (a class, a count) is given as it is.
    """
    return Slopes(reference, draws, times, rtol)


def raises(error: type[BaseException], *args: Any) -> Property:
    """The function raises this error for these arguments."""
    return Raises(error, args)


def shaped(shape: tuple[int, ...], *draws: Any) -> Property:
    """What the function gives is a list of this shape: (2, 3) is two rows of three numbers."""

    def fits(out: Any, *_: Any) -> bool:
        return _shape(out) == shape

    return Holds(f"the shape must be {shape}", fits, draws, 1)


def _shape(x: Any) -> tuple[int, ...] | None:
    if not isinstance(x, list):
        return ()
    inner = {_shape(y) for y in x}
    one = inner.pop() if len(inner) == 1 else None
    return None if one is None else (len(x), *one)


def holds(sentence: str, judge: Callable[..., bool], *draws: Any, times: int = TIMES) -> Property:
    """judge(what the function gives, *arguments) is true at drawn arguments. sentence: what must hold, for who is told that it does not."""
    return Holds(sentence, judge, draws, times)


def below(limit: float, loss: Callable[..., float], *draws: Any) -> Property:
    """loss(what the function gives, *arguments) is below a limit: of weights that it trained, or of what it predicts."""
    return Holds(f"the loss must be below {limit:g}", lambda out, *args: loss(out, *args) < limit, draws, 1)


class Function(Blank):
    """See `function`."""

    def __init__(self, properties: Sequence[Property], says: str) -> None:
        self.properties, self.label = properties, says

    def requests(self, posed: Posed) -> list[dict[str, Any]]:
        return [{"do": "call", "args": args, "values": p.values} for p, args in self._calls(posed)]

    def _calls(self, posed: Posed) -> list[tuple[Property, list[Any]]]:
        return [(p, args) for k, p in enumerate(self.properties) for args in p.inputs(posed.rng(f"{self.label}{k}"))]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        if replies and "refused" in replies[0]:
            return Verdict(False, f"a function is needed, not {replies[0]['refused']}", "not-an-answer", replies[0]["refused"])
        for k, (p, args) in enumerate(self._calls(posed)):
            fault = p.fault(args, replies[k] if k < len(replies) else {})
            if fault:
                return Verdict(False, fault, type(p).__name__.lower(), "a function")
        return Verdict(True, "", "", "a function")


def function(*properties: Property, says: str = "a function") -> Function:
    """A function that has all these properties. ValueError without any."""
    if not properties:
        raise ValueError("function() needs properties: equals(…), slopes(…), raises(…), shaped(…), holds(…), below(…)")
    return Function(properties, says)


class Repair(Function):
    """See `repair`."""

    def __init__(self, name: str, properties: Sequence[Property], says: str) -> None:
        super().__init__(properties, says)
        self.name = name

    def requests(self, posed: Posed) -> list[dict[str, Any]]:
        return [{**r, "do": "repair", "code": posed.code, "name": self.name} for r in super().requests(posed)]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        if replies and "refused" in replies[0]:
            return Verdict(False, 'a pair is needed: (7, "the new text of line 7")', "not-an-answer", replies[0]["refused"])
        found = super().judge(posed, replies)
        return Verdict(found.right, f"with that line, {found.reason}" if found.reason else "", found.mistake, "a line")


def repair(name: str, *properties: Property, says: str = "the wrong line, mended") -> Repair:
    """A pair (number, text): with that line of the code shown replaced, the function `name` of the code has the properties.

    ValueError without properties.
    """
    if not properties:
        raise ValueError("repair() needs properties: equals(…), slopes(…), raises(…), shaped(…), holds(…), below(…)")
    return Repair(name, properties, says)


class Engine(Blank):
    """See `engine`."""

    def __init__(self, ops: Sequence[str], says: str) -> None:
        self.ops, self.label = ops, says

    def programs(self, posed: Posed) -> list[tuple[list[float], list[tuple[str, list[int]]]]]:
        """(inputs, steps) of expressions: each op alone, with a node used twice, then larger ones, with shared parts."""
        rng = posed.rng("programs")
        made: list[tuple[list[float], list[tuple[str, list[int]]]]] = []
        first = [[(op, list(range(TABLE[op].arity or 1)))] for op in self.ops]
        twice = [[(op, [0] * (TABLE[op].arity or 1))] for op in self.ops if TABLE[op].arity == 2]
        for steps in (*first, *twice):
            made.append((self._fitting(rng, steps), steps))
        while len(made) < len(first) + len(twice) + 12:
            steps = []
            for k in range(int(rng.random() * 5) + 2):
                op = self.ops[int(rng.random() * len(self.ops))]
                steps.append((op, [int(rng.random() * (3 + k)) for _ in range(TABLE[op].arity or 1)]))
            with_them = self._fitting(rng, steps, 20)
            if with_them:
                made.append((with_them, steps))
        return made

    @staticmethod
    def _fitting(rng: random.Random, steps: Any, tries: int = 1000) -> list[float]:
        """Three inputs at which all is finite, of moderate size; [] where none are found."""
        for _ in range(tries):
            inputs = [round(4 * rng.random() - 2, 3) or 0.5 for _ in range(3)]
            try:
                out, grads = truth_of(inputs, steps)
            except (ArithmeticError, ValueError):
                continue
            if all(math.isfinite(x) and abs(x) < 1e4 for x in (out, *grads)):
                return inputs
        return []

    def requests(self, posed: Posed) -> list[dict[str, Any]]:
        asked = [{"do": "engine", "inputs": inputs, "steps": steps} for inputs, steps in self.programs(posed)]
        return [*asked, {"do": "doctor"}]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        if replies and "refused" in replies[0]:
            return Verdict(False, f"a class is needed, not {replies[0]['refused']}", "not-an-answer", replies[0]["refused"])
        faults = replies[-1].get("faults", []) if replies else []
        for k, (inputs, steps) in enumerate(self.programs(posed)):
            reply = replies[k] if k < len(replies) else {}
            said = self._fault(inputs, steps, reply)
            if said and faults:
                return Verdict(False, str(faults[0].get("said", said)), str(faults[0].get("name", "")), "a class")
            if said:
                return Verdict(False, said, "gradient", "a class")
        return Verdict(True, "", "", "a class")

    @staticmethod
    def _fault(inputs: list[float], steps: Any, reply: dict[str, Any]) -> str:
        text = told(inputs, steps)
        if "out" not in reply:
            return f"{text}: {_raised(reply)}"
        out, grads = truth_of(inputs, steps)
        if not near(reply["out"], out, 1e-9):
            return f"{text} gives {_short(reply['out'])}, expected {show(out)}"
        if near(reply.get("grads"), grads, 1e-9):
            return ""
        return f"{text}: the gradients are {_short(reply.get('grads'))}, expected {_short(grads)}"


def truth_of(inputs: Sequence[float], steps: Any) -> tuple[float, list[float]]:
    """The value of an expression, and the gradients of its inputs, by this process's engine."""
    held = [Value(x) for x in inputs]
    leaves = list(held)
    for op, places in steps:
        held.append(TABLE[op](*(held[p] for p in places)))
    held[-1].backward()
    return float(held[-1].data), [float(v.grad) for v in leaves]


def told(inputs: Sequence[float], steps: Any) -> str:
    """The expression as a reader sees it."""
    names = [*("abc"[: len(inputs)]), *(f"v{i}" for i in range(1, len(steps) + 1))]
    lines = [f"{names[len(inputs) + i]} = {op}({', '.join(names[p] for p in places)})" for i, (op, places) in enumerate(steps)]
    used = sorted({p for _, places in steps for p in places if p < len(inputs)})
    return f"{'; '.join(lines)} at {', '.join(f'{names[p]} = {show(inputs[p])}' for p in used)}"


def engine(*ops: str, says: str = "a class") -> Engine:
    """A class of one's own that has these operations ("add", "mul", "tanh") and backward(): values and gradients of random expressions.

    The doctor's word is told to who is wrong. ValueError for an operation that the table does not have.
    """
    strange = [op for op in ops if op not in TABLE or TABLE[op].arity is None]
    if strange or not ops:
        raise ValueError(f"engine{ops}: operations of the table are needed, such as 'add', 'mul', 'tanh'")
    return Engine(ops, says)
