"""What may be asked for: a number, a line of code, a rule, one of several; each knows how its truth is found. Functions: `functions`."""

from __future__ import annotations

import linecache
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from micrograd.exercises.draws import Draw, real, seeded
from micrograd.exercises.posed import Posed, Verdict
from micrograd.exercises.programs import MISTAKES
from micrograd.notation import show

Replies = list[dict[str, Any]]


class Blank:
    """One thing to be answered. label: what it is called for a reader. note: what is said beside it."""

    label = ""
    note = ""

    def requests(self, posed: Posed) -> list[dict[str, Any]]:
        """What is asked of the answer (see `evaluate`)."""
        return [{"do": "take"}]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        """Whether the replies are those of a right answer, and why not."""
        raise NotImplementedError

    def truth(self, posed: Posed) -> Any:
        """The right answer where there is one; None for what only has to have properties."""
        return None


def taken(replies: Replies, wanted: str) -> tuple[Any, Verdict | None]:
    """(the answer, None), or (None, what is to be said where there is none)."""
    reply = replies[0] if replies else {"said": "nothing came back"}
    if "refused" in reply:
        return None, Verdict(False, f"{wanted} is needed, not {reply['refused']}", "not-an-answer")
    if "out" not in reply:
        return None, Verdict(False, f"{wanted} is needed: {reply.get('said', '')}", "not-an-answer")
    return reply["out"], None


def same(x: float, truth: float, digits: int) -> bool:
    """Whether x is the truth to so many significant digits: within half a unit of the last, and a hair."""
    if x == truth:
        return True
    if not (math.isfinite(x) and math.isfinite(truth)):
        return False
    unit = 10.0 ** (math.floor(math.log10(abs(truth))) - digits + 1) if truth else 10.0**-digits
    return abs(x - truth) <= 0.5 * unit * (1 + 1e-6)


class Number(Blank):
    """See `number`."""

    def __init__(self, quantity: str | Callable[[Any], float], says: str, digits: int, mistakes: Mapping[str, Any], told: bool) -> None:
        self.quantity, self.digits, self.mistakes = quantity, digits, mistakes
        self.label = says
        self.note = f"{digits} digits" if told else ""

    def truth(self, posed: Posed) -> float:
        """The right number; the proven one where python-flint is there."""
        if callable(self.quantity):
            return float(self.quantity(posed.numbers))
        proven = posed.graph.proven(self.quantity)
        return posed.graph.truth(self.quantity) if proven is None else proven

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        x, bad = taken(replies, "a number")
        if bad is not None:
            return bad
        if isinstance(x, bool) or not isinstance(x, (int, float)):
            return Verdict(False, f"a number is needed, not {x!r:.60}", "not-an-answer", f"{x!r:.60}")
        truth, given = self.truth(posed), show(x)
        if same(x, truth, self.digits):
            return Verdict(True, "", "", given)
        if same(x, truth, max(1, self.digits - 2)) and not float(truth).is_integer():
            return Verdict(False, f"{given} is near, but {self.digits} digits are asked for", "too-few-digits", given)
        for said, wrong in self.wrong(posed):
            if same(x, wrong, self.digits) and not same(wrong, truth, self.digits):
                return Verdict(False, MISTAKES.get(said, said), said if said in MISTAKES else "known", given)
        return Verdict(False, f"{given} is not it", "", given)

    def wrong(self, posed: Posed) -> list[tuple[str, float]]:
        """(a mistake's name, or what is said, the number it gives): the author's own first."""
        own = [(said, float(x(posed.numbers)) if callable(x) else posed.graph.truth(x)) for said, x in self.mistakes.items()]
        if callable(self.quantity):
            return [*own, ("sign", -self.truth(posed))]
        return [*own, *posed.graph.wrong(self.quantity)]


def number(quantity: str | Callable[[Any], float], says: str = "", *, digits: int = 0, mistakes: Mapping[str, Any] | None = None) -> Number:
    """A number. quantity: of the exercise's program ("b.grad", "L", "w - 0.1*w.grad"), or a function of the drawn numbers that computes it.

    says: what it is called (the quantity itself by default). digits: so many significant digits are enough, and the reader is told;
    by default 4, untold. mistakes: {what is said: the quantity that shows it}, beside those that `programs` knows.
    ValueError where a function has no name, or digits are none.
    """
    if callable(quantity) and not says:
        raise ValueError("number(function) needs says='what it is called'")
    if not 0 <= digits <= 12:
        raise ValueError(f"digits={digits}: 1 to 12 can be asked for")
    return Number(quantity, says or str(quantity), digits or 4, mistakes or {}, bool(digits))


class Line(Blank):
    """See `line`."""

    def __init__(self, by: str, says: str) -> None:
        self.by, self.label = by, says

    def truth(self, posed: Posed) -> list[int]:
        """The lines that the doctor blames. ValueError where it blames none: the exercise is wrong."""
        found = _blamed(posed.code, self.by)
        if not found:
            raise ValueError(f"exercise {posed.exercise.id}: the doctor finds nothing wrong in its code")
        return list(found)

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        x, bad = taken(replies, "the number of a line")
        if bad is not None:
            return bad
        count = posed.code.strip("\n").count("\n") + 1
        if isinstance(x, bool) or not isinstance(x, (int, float)) or not 1 <= x <= count or x != int(x):
            return Verdict(False, f"the number of a line is needed, 1 to {count}, not {x!r:.40}", "not-an-answer", f"{x!r:.40}")
        given = f"line {int(x)}"
        if int(x) in self.truth(posed):
            return Verdict(True, "", "", given)
        text = posed.code.strip("\n").splitlines()[int(x) - 1].strip()
        said = f"“{text}” does what it should" if text else "that line is empty"
        return Verdict(False, f"line {int(x)} is not it: {said}", "other-line", given)


def line(by: str = "doctor", says: str = "the wrong line") -> Line:
    """The number of the wrong line of the code that the exercise shows; found by the doctor, of a class ("doctor") or a loop ("loop").

    ValueError for another `by`.
    """
    if by not in ("doctor", "loop"):
        raise ValueError(f"by={by!r}: 'doctor' (a class) or 'loop' (a training loop)")
    return Line(by, says)


@lru_cache(maxsize=256)
def _blamed(code: str, by: str) -> tuple[int, ...]:
    namespace, file, text = run(code)
    if by == "loop":
        from micrograd.doctor import watch_loop

        report = watch_loop(lambda: exec(compile(text, file, "exec"), {"__name__": "shown"}), text=text, file=file)
    else:
        from micrograd.doctor import diagnose
        from micrograd.doctor.student import engines_in

        engines = engines_in(namespace, "shown")
        if not engines:
            raise ValueError("the code of the exercise has no class with operators")
        report = diagnose(engines[0], examples=False)
    spots = [f.spot for f in report.faults[:1] if f.spot is not None]
    return tuple(n for spot in spots for n in range(spot.line, spot.end + 1))


def run(code: str) -> tuple[dict[str, Any], str, str]:
    """(names, file, text) of code of the exercise, run, with its text where tracebacks and the doctor look for it."""
    import sys
    import types

    text = code.strip("\n") + "\n"
    file = f"<shown {zlib.crc32(text.encode()):08x}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    module = types.ModuleType("shown")
    sys.modules["shown"] = module
    exec(compile(text, file, "exec"), vars(module))
    return vars(module), file, text


class Rule(Blank):
    """See `rule`."""

    def __init__(self, table: str, at: Draw, says: str) -> None:
        self.table, self.at, self.label = table, at, says

    def truth(self, posed: Posed) -> list[str]:
        """The names whose derivative differs from the slope of their function."""
        rules: Mapping[str, Any] = run(posed.code)[0][self.table]
        rng = posed.rng("rule")
        points = [self.at(rng) for _ in range(12)]
        return [name for name, (f, slope) in rules.items() if any(not _slope_is(f, slope(x), x) for x in points)]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        x, bad = taken(replies, "a name")
        if bad is not None:
            return bad
        names = list(run(posed.code)[0][self.table])
        if x not in names:
            return Verdict(False, f"one of {', '.join(names)} is needed, not {x!r:.40}", "not-an-answer", f"{x!r:.40}")
        return Verdict(True, "", "", x) if x in self.truth(posed) else Verdict(False, f"{x} agrees with differences", "other-rule", x)


def rule(table: str = "RULES", at: Draw | None = None, says: str = "the wrong rule") -> Rule:
    """The name of the wrong derivative in a table of the code shown, {name: (function, derivative)}; found by differences."""
    return Rule(table, at or real(0.3, 1.7), says)


def _slope_is(f: Callable[[float], float], claimed: float, x: float) -> bool:
    h = 1e-4
    rough = (f(x + h) - f(x - h)) / (2 * h)
    finer = (f(x + h / 2) - f(x - h / 2)) / h
    return abs((4 * finer - rough) / 3 - claimed) <= 1e-7 * max(1.0, abs(claimed))


class Choice(Blank):
    """See `choice`."""

    def __init__(self, options: Sequence[str], right: Callable[[Any, str], bool], says: str) -> None:
        self.options, self.right, self.label = list(options), right, says

    def order(self, posed: Posed) -> list[str]:
        """The options as this student sees them."""
        rng = seeded(posed.student, posed.exercise.id, "order")
        return sorted(self.options, key=lambda _: rng.random())

    def truth(self, posed: Posed) -> list[str]:
        """Letters and texts that are right. ValueError where none or all are: the exercise is wrong."""
        order = self.order(posed)
        right = [i for i, text in enumerate(order) if self.right(posed.numbers, text)]
        if not 0 < len(right) < len(order):
            raise ValueError(f"exercise {posed.exercise.id}: {len(right)} of {len(order)} options are right")
        return ["ABCDEFGH"[i] for i in right] + [order[i] for i in right]

    def judge(self, posed: Posed, replies: Replies) -> Verdict:
        x, bad = taken(replies, "a letter")
        if bad is not None:
            return bad
        order = self.order(posed)
        letters = "ABCDEFGH"[: len(order)]
        word = x.strip() if isinstance(x, str) else x
        word = word.upper() if isinstance(word, str) and word.upper() in list(letters) else word
        if word not in [*letters, *order]:
            return Verdict(False, f"one of {', '.join(letters)} is needed, not {x!r:.40}", "not-an-answer", f"{x!r:.40}")
        text = order[letters.index(word)] if word in list(letters) else word
        if word in self.truth(posed):
            return Verdict(True, "", "", text)
        return Verdict(False, f"“{text}” is not so", "other-choice", text)


def choice(options: Sequence[str], right: Callable[[Any, str], bool], says: str = "the letter") -> Choice:
    """One of several. right(numbers, option): tries it out, and says whether it holds; options stand in another order for each student.

    ValueError for fewer than two options or more than eight.
    """
    if not 2 <= len(options) <= 8:
        raise ValueError(f"{len(options)} options: 2 to 8 can be chosen from")
    return Choice(options, right, says)
