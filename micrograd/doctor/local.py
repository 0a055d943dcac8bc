"""Each operation by itself: does it work, what does it compute, what does it pass back."""

from __future__ import annotations

from micrograd.doctor.asking import WAYS, Answer, ask
from micrograd.doctor.findings import Finding
from micrograd.doctor.forms import BINARY, Form, unary
from micrograd.doctor.placing import Placer
from micrograd.doctor.reasons import Reasons
from micrograd.doctor.signatures import Named, close, gradient, value
from micrograd.doctor.source import Spot
from micrograd.doctor.student import Student
from micrograd.doctor.watching import Place

NUMBERS = (
    "wrong-value",
    "swapped",
    "another-function",
    "returns-none",
    "no-node",
    "nested",
    "raises",
    "endless",
    "number-operand",
    "number-exponent",
    "mutates",
)


class Local(Reasons):
    """The answers of one class to all that it has, and what is wrong with them.

    trusted: the forms that are right. missing: those that are not there. way: how an upstream gradient gets in. zeroed: backward()
    sets old gradients to 0.
    """

    def __init__(self, student: Student) -> None:
        self.student = student
        self.findings: list[Finding] = []
        self.hidden: list[str] = []
        self.forms = [*BINARY, *(f for name in _methods(student) if (f := unary(name)) is not None)]
        self.way, self.zeroed = "one", False
        self._engine()
        self.answers = {f.key: [ask(student, f, point, self.way) for point in f.points] for f in self.forms}
        self.placer = Placer(student, self.answers)
        self.trusted: list[Form] = []
        self.faulty: set[str] = set()
        self._found: dict[tuple[str, str, Spot | None], Finding] = {}
        self.deep = {f.key: self._depth(f) for f in self.forms}
        self.absent = {f.method for f in self.forms if getattr(student.cls, f.method, None) is None}
        self._shared: dict[tuple[str, str], Place] = {}
        self._judge([f for f in self.forms if not self.deep[f.key]], True)
        self._in_common()

    def made_of_others(self, gradients: bool) -> None:
        """Judge the operations that are made of others; without gradients where larger graphs go wrong."""
        self._judge(sorted((f for f in self.forms if self.deep[f.key]), key=lambda f: self.deep[f.key]), gradients)
        self.findings = list(self._found.values())

    # ------------------------------------------------------------ the engine itself

    def _engine(self) -> None:
        """Find the way in for an upstream gradient, and whether backward() starts and keeps what was collected."""
        if not (self.student.grad_name and self.student.backward_name):
            return
        simple = [f for f in self.forms if f.key in ("a + b", "a * b", "-a", "a - b", "a * 3") or f.method in ("tanh", "exp", "relu")]
        self.once = {f.key: ask(self.student, f, f.points[0], "one") for f in simple}
        done = [a for a in self.once.values() if a.stage == "done"]
        moved = [a for a in done if _moved(a)]
        self.zeroed = bool(moved) and all(
            any(w.after == 0.0 and w.before == a.old[w.slot] for w in (a.backward.writes if a.backward else ()) if w.slot < len(a.old))
            for a in moved
        )
        for way in WAYS:
            for form in simple:
                answer = ask(self.student, form, form.points[0], way)
                if (
                    answer.stage == "done"
                    and answer.upstream != 1.0
                    and gradient([answer], 0, self.zeroed) is None
                    and not close(answer.new[0], answer.old[0])
                ):
                    self.way = way
                    return

    # ------------------------------------------------------------ each form

    def _judge(self, forms: list[Form], gradients: bool) -> None:
        for form in forms:
            answers = self.answers[form.key]
            results = self._judged(form, answers, gradients)
            made_of = self._blamed(form, results) if results else set()
            if made_of:
                self.hidden.append(
                    f"{form.text} is made of {', '.join(sorted(made_of))}, which is not right yet: it is judged when that is"
                )
                if made_of - self.absent:
                    self.faulty.add(form.key)
                continue
            if not results:
                if gradients:
                    self.trusted.append(form)
                continue
            if any(f.kind == "fault" for f in results):
                self.faulty.add(form.key)
            for finding in results:
                key = (finding.name, finding.kind, finding.spot)
                alike = self._found.get(key) or self._same(finding)
                if alike is not None:
                    alike.of.append(form.text)
                else:
                    self._found[key] = finding

    def _in_common(self) -> None:
        """One mistake in a line that all operations share is one finding, at that line."""
        for place in dict.fromkeys(self._shared.values()):
            shown = [key for key, at in self._shared.items() if at == place]
            methods = {text for text, _ in shown}
            if len({f.method for f in self.forms if f.text in methods}) < 3:
                continue
            names = [
                f.name
                for f in self._found.values()
                if any(text in methods for text in f.of) and f.name not in ("nothing-back", "operand-missing")
            ]
            if not names:
                continue
            name = max(set(names), key=names.count)
            of = [text for f in self._found.values() for text in f.of if text in methods]
            if name == "multiplied-into":  # where old × contribution is the old gradient by chance
                methods |= {text for f in self._found.values() if f.name in ("nothing-back", "operand-missing") for text in f.of}
            self._found = {key: f for key, f in self._found.items() if not any(text in methods for text in f.of)}
            spot = self._statement(place.file, place.line)
            self._found[name, "fault", spot] = Finding(name, "fault", place.code.co_name, list(dict.fromkeys(of)), spot)

    def _depth(self, form: Form) -> int:
        """How many of the class's other operations this one uses: what is made of others is judged after them."""
        return sum(1 for method in {f.method for f in self.forms} - {form.method} if self.placer.enters(form.key, method))

    def _same(self, finding: Finding) -> Finding | None:
        """What another form of the same method has shown at the same line, by another name: 3 is no operand of a * 3, b is one of a * b."""
        found = (
            f for f in self._found.values() if f.spot == finding.spot is not None and f.where == finding.where and f.kind == finding.kind
        )
        return next((f for f in found if not set(f.of) & set(finding.of)), None)

    def _blamed(self, form: Form, results: list[Finding]) -> set[str]:
        """The wrong operations, or those that are not there, of which this one is made."""
        numbers = {text for f in self._found.values() if f.name in NUMBERS for text in f.of}
        plain = any(f.name in NUMBERS for f in results)  # a wrong number has nothing to do with gradients
        wrong = {f.method for f in self.forms if f.key in self.faulty and f.method != form.method and (not plain or f.text in numbers)}
        found = {method for method in wrong if self.placer.enters(form.key, method)}
        absent = self.absent - {form.method}
        for name, sign in (
            ("__radd__", "+"),
            ("__rmul__", "*"),
            ("__rsub__", "-"),
            ("__rtruediv__", "/"),
            ("__neg__", "unary -"),
            ("__rpow__", "**"),
        ):
            if name in absent and any(f"for {sign}: " in f.detail or f"for {sign} or" in f.detail for f in results):
                found.add(name)
        return found

    def _judged(self, form: Form, answers: list[Answer], gradients: bool = True) -> list[Finding]:
        bad = next((a for a in answers if a.error is not None), None)
        if bad is not None:
            return [self._raised(form, bad)]
        where = self._where(form)
        odd = next((a for a in answers if a.stage == "type"), None)
        if odd is not None:
            if odd.result is NotImplemented or (odd.result is None and form.method == "__neg__" and not self.student.method("__neg__")):
                return [Finding("missing-method", "missing", where, [form.text], self.placer.cls())]
            name = "returns-none" if odd.result is None else "no-node"
            spot = self._own_line(form) if odd.result is None else self._own_line(form) or self.placer.value(form.key)
            return [Finding(name, "fault", where, [form.text], spot, f"the result is {type(odd.result).__name__}")]
        out: list[Finding] = []
        changed = next((a for a in answers if any(not close(x, y) for x, y in zip(a.point, a.data_after, strict=True))), None)
        if changed is not None:
            later = changed.backward.writes if changed.backward else []
            writes = list(changed.forward.writes) or [w for w in later if w.slot > len(changed.point)]
            spot = self._statement(writes[-1].place.file, writes[-1].place.line) if writes else self.placer.method(form.method)
            return [Finding("mutates", "fault", where, [form.text], spot)]
        held = [getattr(a.result, self.student.data_name, None) for a in answers]
        if any(isinstance(x, self.student.kind) for x in held):
            return [Finding("nested", "fault", where, [form.text], self._nested(form) or self.placer.value(form.key))]
        others = [
            (f"a.{f.method}()", f.value)
            for f in self.forms
            if f.method.isidentifier() and not f.method.startswith("__") and f.method != form.method
        ]
        wrong = value(answers, others)
        if wrong is not None:
            out.append(Finding(wrong.name, "fault", where, [form.text], self.placer.value(form.key), wrong.detail))
            return out
        if answers[0].stage == "forward only":
            if self.student.grad_name and self.student.backward_name:
                out.append(Finding("same-object", "fault", where, [form.text], self.placer.value(form.key)))
            return out
        return self._passed(form, answers) if gradients else []

    # ------------------------------------------------------------ gradients

    def _passed(self, form: Form, answers: list[Answer]) -> list[Finding]:
        out = []
        wrong = {slot: named for slot in range(len(form.slopes)) if (named := gradient(answers, slot, self.zeroed)) is not None}
        silent = {slot for slot, named in wrong.items() if named.name == "nothing-back"}
        for slot, named in wrong.items():
            if slot in silent and len(silent) == len(form.slopes):
                if slot == min(silent):
                    out.append(self._silent(form))
                continue
            if slot in silent:
                named = Named("operand-missing", f"{'ab'[slot]} gets nothing")
            if named.name == "operand-missing" and self._unknown(form, answers[0], slot):
                named = Named("not-recorded", f"{'ab'[slot]} is forgotten")
            at = self.placer.written_at(form.key, slot)
            if at is not None:
                self._shared[form.text, str(slot)] = at
            spot = self.placer.operands(form.key) if named.name == "not-recorded" else self.placer.gradient(form.key, slot, named)
            letter = f"gradient of {'ab'[slot]}" if len(form.slopes) > 1 and not named.detail else named.detail
            out.append(Finding(named.name, "fault", self._where(form), [form.text], spot, letter))
        return out

    # ------------------------------------------------------------ errors

    def _unknown(self, form: Form, answer: Answer, slot: int) -> bool:
        """Whether a result does not know an operand, in a class whose results keep them."""
        closes = self.way == "closure" or self._closes(form)
        return not closes and not self.student.knows(answer.result, answer.leaves[slot]) and self.placer.operands(form.key) is not None


def _moved(answer: Answer) -> bool:
    return any(not close(x, y) for x, y in zip(answer.old, answer.new, strict=True))


def _methods(student: Student) -> list[str]:
    """The names of the class's own public methods."""
    found = [name for cls in student.cls.__mro__ if cls is not object for name in vars(cls) if not name.startswith("_")]
    return list(dict.fromkeys(name for name in found if callable(getattr(student.cls, name, None))))
