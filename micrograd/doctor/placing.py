"""Which line it is: what ran for one operation and for no other, which line wrote, and what the names in it were made of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd.doctor.asking import Answer
from micrograd.doctor.signatures import Named
from micrograd.doctor.source import Source, Spot, assigned, nodes, origin, source
from micrograd.doctor.student import Student
from micrograd.doctor.watching import Place


class Placer:
    """The places of one diagnosis: made of all answers, so that what is shared can be told from what one operation alone does."""

    def __init__(self, student: Student, answers: dict[str, list[Answer]]) -> None:
        self.student, self.answers = student, answers
        self._codes = {method: student.codes(method) for method in {a[0].form.method for a in answers.values()}}
        self.ran: dict[tuple[str, str], dict[Place, None]] = {}
        for key, asked in answers.items():
            for phase in ("forward", "backward"):
                found: dict[Place, None] = {}
                for answer in asked:
                    seen = answer.forward if phase == "forward" else answer.backward
                    found.update(seen.places if seen is not None else {})
                self.ran[key, phase] = found
        self._entered = {key: {place.code for place in self.ran[key, "forward"]} for key in answers}

    def enters(self, key: str, method: str) -> bool:
        """Whether an operation calls the method of another (one code may serve several methods: those call nothing)."""
        mine = self._codes[self.answers[key][0].form.method]
        return self._codes[method] != mine and not self._codes[method].isdisjoint(self._entered[key])

    def own(self, key: str, phase: str) -> list[Place]:
        """The lines that ran for this operation and for none that is made otherwise."""
        method = self.answers[key][0].form.method
        others: set[Place] = set()
        for other, answers in self.answers.items():
            if answers[0].form.method != method and not self.enters(other, method):
                others |= self.ran[other, phase].keys()
        return [place for place in self.ran[key, phase] if place not in others]

    def method(self, name: str) -> Spot | None:
        """The head of a method, or of the class where there is no such method."""
        function = self.student.method(name)
        if function is not None:
            text = source(function.__code__.co_filename)
            node = text.function(function.__code__)
            return (
                text.spot(node) if node is not None else Spot(text.file, function.__code__.co_firstlineno, function.__code__.co_firstlineno)
            )
        return self.cls()

    def cls(self) -> Spot | None:
        """The head of the class."""
        for file in self.student.files:
            text = source(file)
            for node in nodes(text.tree, ast.ClassDef, lambda n: n.name == self.student.name):
                return text.spot(node)
        return None

    # ------------------------------------------------------------ numbers

    def value(self, key: str) -> Spot | None:
        """The line that computes the number of an operation."""
        own = self.own(key, "forward")
        best: Spot | None = None
        for place in reversed(own):
            text = source(place.file)
            statement = text.statement(place.line)
            function = text.function(place.code)
            if isinstance(function, ast.Lambda):
                return text.spot(function.body)
            if statement is None:
                continue
            spot = self._computes(text, place, statement)
            if spot is not None:
                return spot
            best = best or text.spot(statement)
        return best or self.method(self.answers[key][0].form.method)

    def _computes(self, text: Source, place: Place, statement: ast.stmt) -> Spot | None:
        """The first argument of a call that makes a node, or what a return gives."""
        function = text.function(place.code)
        value = getattr(statement, "value", None)
        for call in nodes(statement, ast.Call):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in (self.student.name, "cls", "__class__", "type") or self._is_type(call.func):
                given = [*call.args, *(k.value for k in call.keywords if k.arg == self.student.data_name)]
                if not given or isinstance(given[0], ast.Starred):
                    continue
                if isinstance(given[0], ast.Name) and given[0].id in _parameters(function):
                    continue  # Value(other): a number made a node
                made = origin(function, given[0], place.line) if function is not None else None
                return text.spot(made if made is not None else given[0])
        if isinstance(statement, ast.Return) and value is not None:
            made = origin(function, value, place.line) if function is not None else None
            if made is not None and any(getattr(c.func, "id", "") in (self.student.name, "cls") for c in nodes(made, ast.Call)):
                return None  # it is judged at its own line
            if isinstance(value, ast.Attribute) and function is not None:
                held = [a for a in nodes(function, ast.Assign) if _same_attribute(a.targets[0], value)]
                made = held[-1] if held else made
            return text.spot(made if made is not None else statement)
        return None

    def _is_type(self, func: Any) -> bool:
        return isinstance(func, ast.Call) and getattr(func.func, "id", "") == "type"

    # ------------------------------------------------------------ gradients

    def gradient(self, key: str, slot: int, named: Named) -> Spot | None:
        """The line to blame for what an operand got."""
        answers = self.answers[key]
        writes = [
            w
            for a in answers
            if a.backward
            for w in a.backward.writes
            if w.slot == slot and not (w.after == 0.0 and w.before == a.old[slot])
        ]
        own = self.own(key, "backward")
        if writes:
            place = writes[-1].place
            text = source(place.file)
            statement = text.statement(place.line)
            if named.name in ("overwrite", "multiplied-into", "grad-added-twice") and statement is not None:
                return text.spot(statement)
            if place in own and statement is not None:
                branch = self._branch(text, statement, named) if answers[0].form.kind == "relu" else None
                return branch or self._behind(text, place, statement, named)
        spot = self._returned(own, slot, len(answers[0].form.slopes)) or self._written(own, slot)
        return spot or self._in_forward(key, slot) or self.method(answers[0].form.method)

    def _behind(self, text: Source, place: Place, statement: ast.stmt, named: Named) -> Spot:
        """The statement that wrote, or the one where its bare factor was computed."""
        function = text.function(place.code)
        value = getattr(statement, "value", None)
        if isinstance(value, ast.BinOp) and isinstance(statement, ast.Assign) and isinstance(value.op, ast.Add):
            value = value.right  # x.grad = x.grad + …
        factors = _factors(value)
        bare = [f for f in factors if isinstance(f, ast.Name)]
        rest = [f for f in factors if not isinstance(f, ast.Name) and not isinstance(f, ast.Attribute)]
        derivative = named.name in ("wrong-derivative", "wrong-operand", "value-for-derivative", "local-missing", "sign", "nothing-back")
        here = named.name == "sign" and isinstance(getattr(statement, "op", None), ast.Sub)
        if bare and not rest and not here and (derivative or len(factors) == 1):
            for name in bare:
                made = self._made(text, function, name, place)
                if made is not None and (derivative or any(made is n for n in ast.walk(function))):
                    return text.spot(made)
        return text.spot(statement)

    def _branch(self, text: Source, statement: ast.stmt, named: Named) -> Spot | None:
        """The condition under which a statement stands, where that is what went wrong."""
        if named.name not in ("wrong-derivative", "local-missing", "nothing-back"):
            return None
        for test in nodes(text.tree, ast.If):
            if any(statement is inner for inner in (*test.body, *test.orelse)):
                return text.spot(test)
        return None

    def written_at(self, key: str, slot: int) -> Place | None:
        """Where an operand's gradient was written to last, if by a line that other operations share."""
        own = self.own(key, "backward")
        writes = [w for a in self.answers[key] if a.backward for w in a.backward.writes if w.slot == slot]
        return writes[-1].place if writes and writes[-1].place not in own else None

    def _made(self, text: Source, function: Any, name: Any, place: Place, plain: bool = False) -> Any:
        """The statement in which a name was computed, in the function or the one around it; None for the number of a node."""
        inner = function
        while inner is not None and isinstance(name, ast.Name):
            made = assigned(inner, name.id, place.line)
            if made is not None:
                value = getattr(made, "value", None)
                if isinstance(value, ast.Tuple) or (isinstance(value, ast.Attribute) and not plain) or self._is_number(inner, name.id):
                    return None
                return made
            around = [
                f for f in text.functions if f is not inner and f.lineno <= inner.lineno and (f.end_lineno or 0) >= (inner.end_lineno or 0)
            ]
            inner = max(around, key=lambda f: f.lineno) if around else None
        return None

    def _is_number(self, function: Any, name: str) -> bool:
        """Whether a name is the number of the node that a function makes: Value(t, …)."""
        return any(
            call.args and getattr(call.args[0], "id", "") == name and getattr(call.func, "id", "") in (self.student.name, "cls")
            for call in nodes(function, ast.Call)
        )  # fmt: skip

    def _returned(self, own: Iterable[Place], slot: int, arity: int) -> Spot | None:
        """What a backward function of one operation gives back for an operand."""
        own = list(own)
        lambdas = sorted({p for p in own if p.code.co_name == "<lambda>"}, key=lambda p: p.line)
        if lambdas and len(lambdas) == arity:
            own = [lambdas[slot]]
        for place in reversed(own):
            text = source(place.file)
            function = text.function(place.code)
            if isinstance(function, ast.Lambda):
                return text.spot(_element(function.body, slot))
            statement = text.statement(place.line)
            if isinstance(statement, ast.Return) and statement.value is not None:
                part = _element(statement.value, slot)
                made = self._made(text, function, part, place, plain=True) if isinstance(part, ast.Name) and function is not None else None
                if isinstance(part, ast.BinOp) and function is not None and made is None:
                    bare = [f for f in _factors(part) if isinstance(f, ast.Name)]
                    rest = [f for f in _factors(part) if not isinstance(f, (ast.Name, ast.Attribute))]
                    found = [self._made(text, function, name, place) for name in bare] if bare and not rest else []
                    made = next((f for f in found if f is not None), None)
                return text.spot(made if made is not None else part)
        return None

    def _written(self, own: Iterable[Place], slot: int) -> Spot | None:
        """The statement in which a function of one operation would write to an operand's gradient."""
        for place in reversed(list(own)):
            text = source(place.file)
            function = text.function(place.code)
            if function is None:
                continue
            writes = [
                s
                for s in nodes(function, (ast.Assign, ast.AugAssign))
                if _target(s) in (self.student.grad_name, f"_{self.student.grad_name}")
            ]
            targets = list(dict.fromkeys(ast.dump(_targets(s)[0]) for s in writes))
            fits = [s for s in writes if slot < len(targets) and ast.dump(_targets(s)[0]) == targets[slot]]
            return text.spot(fits[-1] if fits else function)
        return None

    def operands(self, key: str) -> Spot | None:
        """The operands that the call which makes the node is given."""
        for place in reversed(self.own(key, "forward")):
            text = source(place.file)
            statement, function = text.statement(place.line), text.function(place.code)
            if statement is None or function is None:
                continue
            for call in nodes(statement, ast.Call):
                if getattr(call.func, "id", "") in (self.student.name, "cls"):
                    kept = [
                        a
                        for a in call.args[1:]
                        if isinstance(a, (ast.Tuple, ast.List)) and all(_operand(e, _parameters(function)) for e in a.elts)
                    ]
                    return text.spot(kept[0] if kept else call)
        return None

    def _in_forward(self, key: str, slot: int) -> Spot | None:
        """The local derivative that the forward pass keeps for an operand."""
        for place in reversed(self.own(key, "forward")):
            text = source(place.file)
            statement = text.statement(place.line)
            function = text.function(place.code)
            if statement is None or function is None:
                continue
            parameters = _parameters(function)
            rows = [n for n in nodes(statement, (ast.Tuple, ast.List)) if n.elts and not all(_operand(e, parameters) for e in n.elts)]
            if not rows:
                continue
            pairs = [row for row in rows if all(isinstance(e, ast.Tuple) for e in row.elts)]
            row = pairs[-1] if pairs else rows[-1]
            part = _element(row, slot)
            if isinstance(part, ast.Tuple) and pairs:
                inside = [e for e in part.elts if not _operand(e, parameters)]
                part = inside[-1] if inside else part
            made = self._made(text, function, part, place) if isinstance(part, ast.Name) else None
            return text.spot(made if made is not None else part)
        return None


def _same_attribute(target: Any, value: ast.Attribute) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == value.attr and ast.dump(target.value) == ast.dump(value.value)


def _parameters(function: Any) -> set[str]:
    return {a.arg for a in function.args.args} if function is not None else set()


def _operand(node: Any, parameters: set[str]) -> bool:
    return isinstance(node, ast.Name) and (node.id in parameters or node.id in ("other", "self", "a", "b"))


def _element(node: Any, slot: int) -> Any:
    if isinstance(node, (ast.Tuple, ast.List)) and node.elts:
        return node.elts[min(slot, len(node.elts) - 1)]
    return node


def _factors(node: Any) -> list[Any]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*_factors(node.left), *_factors(node.right)]
    return [node]


def _targets(statement: Any) -> Sequence[Any]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _target(statement: Any) -> str:
    return str(getattr(_targets(statement)[0], "attr", ""))
