"""Larger graphs: operations on the results of others, shared nodes, diamonds, and which wrong walk explains what they give."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd.doctor.findings import Example
from micrograd.doctor.forms import Form
from micrograd.doctor.programs import NAMES, Program, wrong_walks
from micrograd.doctor.signatures import close
from micrograd.doctor.source import Spot, nodes, source
from micrograd.doctor.walkers import Walkers, attribute, base
from micrograd.doctor.watching import Place, Runaway

INPUTS = (1.5, -0.5, 0.8)


class Graphs(Walkers):
    """Programs of several operations, run on the class, against their true gradients."""

    def _binary(self) -> list[Form]:
        usable = [f for f in self.local.trusted if len(f.slopes) == 2 and f.key in ("a * b", "a + b", "a - b", "a / b")]
        return [*(f for f in usable if f.key == "a * b"), *(f for f in usable if f.key != "a * b")]

    def run(self, program: Program) -> tuple[list[Any], list[float]] | BaseException:
        """(objects, gradients of all places) of a program on the class, every gradient 0 before; what was raised, if anything was."""

        def action() -> list[Any]:
            made = program.build(self.student.make)
            self.student.backward(made[-1])
            return made

        seen = self.student.watch(action)
        if seen.error is not None:
            return seen.error
        made: list[Any] = seen.result
        return made, [self.student.grad(v) for v in made]

    def _walk(self) -> bool:
        """Graphs in which nodes are shared. True where all is right."""
        binary = self._binary()
        if not binary:
            return True
        one, two = binary[0], binary[-1]
        doubles = [Program(INPUTS[:1], ((f, (0, 0)),)) for f in binary]
        for program in doubles:
            got = self.run(program)
            if isinstance(got, BaseException):
                return self._failed(got, program)
            if not close(got[1][0], program.gradients()[0]):
                self._add(
                    "duplicates",
                    self._set_line(program.steps[0][0]),
                    of=[f.text for f in binary],
                    where=self._where_set(),
                    example=shown(program, got[1]),
                )
                return False
        programs = list(shared(one, two))
        seen = []
        for program in programs:
            got = self.run(program)
            if isinstance(got, BaseException):
                return self._failed(got, program)
            seen.append((program, got[1]))
        n = [len(p.inputs) for p in programs]
        wrong = [
            (p, g) for (p, g), k in zip(seen, n, strict=True) if not all(close(x, y) for x, y in zip(g[:k], p.gradients()[:k], strict=True))
        ]
        if wrong:
            self._named_walk(seen, wrong[0])
            return False
        interior = [(p, g) for p, g in seen if not all(close(x, y) or x == 0.0 for x, y in zip(g, p.gradients(), strict=True))]
        if interior:
            self._add("interior", self._head(), example=shown(*interior[0]))
        twice = ", ".join(f.text.replace("b", "a") for f in binary)  # of what is right by itself: a + a, a * a
        self.works += [f"shared nodes, diamonds, {twice}", "topological order"]
        return True

    def _named_walk(self, seen: Sequence[tuple[Program, list[float]]], worst: tuple[Program, list[float]]) -> None:
        named = wrong_walks(seen)
        name = next(iter(named), "graph")
        if name == "one-level" and self._lists():
            name = "not-reversed"
        if name == "not-reversed" and self._turned():
            name = "preorder"
        if name == "no-visited" and "order" in named and not self._lists():
            name = "order"
        detail = named.get(name, "")
        if not named and self._by_number():
            name = "equal-merged"
        for form in self._binary() if not named else ():
            if (spot := self.local.on_operand(form)) is not None:
                self._add("on-operand", spot, where=form.method, of=[form.text], example=shown(*worst))
                return
        grad = self.student.grad_name
        spots: dict[str, Callable[[], Spot | None]] = {
            "not-reversed": self._loop,
            "preorder": lambda: self._find(ast.Call, lambda n: getattr(n.func, "attr", "") in ("append", "insert", "appendleft")),
            "no-visited": lambda: self._find(
                ast.If, lambda n: any(isinstance(c, ast.Call) and getattr(c.func, "attr", "") in ("append", "add") for c in ast.walk(n))
            ),
            "order": lambda: self._recursion(grad),
            "duplicates": lambda: self._set_line(worst[0].steps[0][0]),
            "equal-merged": lambda: self._equality("__hash__"),
        }
        spot = spots[name]() if name in spots else None
        self._add(name, spot or self._head(), detail, example=shown(*worst))

    def _where_set(self) -> str:
        return self.student.name

    def _failed(self, error: BaseException | None, program: Program, at: Place | None = None) -> bool:
        """An error in a larger graph. at: where it was raised, of an error that was kept without its frames."""
        statement = source(at.file).statement(at.line) if at is not None else None
        spot = source(at.file).spot(statement) if at is not None and statement is not None else None
        walk = error.__traceback__ if error is not None else None
        while walk is not None:
            code = walk.tb_frame.f_code
            if code.co_filename in self.student.files:
                text = source(code.co_filename)
                statement = text.statement(walk.tb_lineno)
                spot = text.spot(statement) if statement is not None else None
            walk = walk.tb_next
        told = f"{type(error).__name__}: {error}"
        if "unhashable" in str(error):
            self._add("unhashable", self._equality("__eq__") or spot, told, where=self.student.name)
        elif getattr(self.student.make(2.0), self.student.grad_name, None) is None and "NoneType" in str(error):
            self._add("grad-initial", self._initial_line(), "it is None, and contributions are added to it", where="__init__")
        elif isinstance(error, (Runaway, RecursionError)):
            self._add(
                "endless",
                self._head(),
                told,
                example=Example(str(program), dict(zip(NAMES, program.inputs, strict=False)), "gradient", None, "no end"),
            )
        else:
            self._add("raises", spot or self._head(), told)
        return False

    def _composed(self) -> bool:
        """Each operation on the result of another: its operands must be known to it. True where nothing is wrong with that."""
        forgotten: list[tuple[Form, int, Program, list[float]]] = []
        chained: list[tuple[Program, list[float]]] = []
        asked = 0
        for form in self.local.trusted:
            inner = next((f for f in self._binary() if f.key in ("a + b", "a * b") and f.key != form.key), None)
            if inner is None or self.local.deep[form.key]:
                continue
            asked += 1
            for slot in range(len(form.points[0])):
                program = inside(inner, form, slot)
                got = self.run(program)
                if isinstance(got, BaseException):
                    return self._failed(got, program)
                n = len(program.inputs)
                chained.append((program, got[1]))
                if not all(close(a, b) for a, b in zip(got[1][:n], program.gradients()[:n], strict=True)):
                    forgotten.append((form, slot, program, got[1]))
        wrong = {form.key for form, *_ in forgotten}
        if forgotten and "upstream-missing" in wrong_walks(chained):
            grad = self.student.grad_name
            spot = self._find((ast.AugAssign, ast.Assign), lambda n: attribute(n)[1] == grad and base(n) != "self", last=True)
            self._add("upstream-missing", spot or self._head(), example=shown(forgotten[0][2], forgotten[0][3]))
            return False
        if forgotten and len(wrong) == asked and asked > 2:
            return True  # the walk itself: graphs will show how
        for form, slot, program, grads in forgotten:
            spot = self.local.on_operand(form)
            name = "on-operand" if spot is not None else "equal-merged" if self._by_number() else "not-recorded"
            spot = spot or (self._equality("__hash__") if name == "equal-merged" else self._recorded(form))
            if not any(f.name == name and f.spot == spot for f in self.findings):
                told = f"{'ab'[slot]} is forgotten" if len(form.slopes) > 1 and name == "not-recorded" else ""
                self._add(name, spot, told, where=form.method, of=[form.text], example=shown(program, grads))
        if not forgotten:
            self.works.append("operations on the results of others")
        return not forgotten

    def _recorded(self, form: Form) -> Spot | None:
        """The call in a method that makes the node."""
        for place in reversed(self.local.placer.own(form.key, "forward")):
            text = source(place.file)
            statement = text.statement(place.line)
            if statement is not None and any(getattr(c.func, "id", "") in (self.student.name, "cls") for c in nodes(statement, ast.Call)):
                return text.spot(statement)
        return self.local.placer.value(form.key)


def inside(inner: Form, form: Form, slot: int) -> Program:
    """`form` with the result of `inner` as one of its operands, which is as large as at its first point."""
    point = form.points[0]
    x = point[slot]
    pair = (x - 0.25, 0.25) if inner.key == "a + b" else (x / 2, 2.0)
    others = [y for i, y in enumerate(point) if i != slot]
    n = 2 + len(others)
    rest = iter(range(2, n))
    return Program((*pair, *others), ((inner, (0, 1)), (form, tuple(n if i == slot else next(rest) for i in range(len(point))))))


def shared(one: Form, two: Form, inputs: tuple[float, ...] = INPUTS) -> Iterator[Program]:
    """Graphs in which nodes have several users, at different depths."""
    yield Program(inputs[:2], ((one, (0, 1)), (two, (2, 0))))
    yield Program(inputs[:2], ((two, (0, 1)), (one, (2, 2))))
    yield Program(inputs[:1], ((two, (0, 0)), (two, (1, 1)), (one, (2, 1))))
    yield Program(inputs[:2], ((one, (0, 1)), (two, (2, 0)), (one, (3, 2))))
    yield Program(inputs[:2], ((one, (0, 1)), (two, (2, 1)), (one, (2, 3)), (two, (4, 2)), (one, (5, 3))))
    yield Program(inputs[:3], ((one, (0, 1)), (two, (2, 3)), (one, (3, 4)), (two, (4, 5)), (two, (6, 5))))


def shown(program: Program, grads: Sequence[float]) -> Example:
    """The first wrong gradient of a program."""
    names = NAMES[: len(program.inputs) + len(program.steps)]
    true = program.gradients()
    wrong = next((i for i, (x, y) in enumerate(zip(grads, true, strict=True)) if not close(x, y)), 0)
    given = dict(zip(names, program.inputs, strict=False))
    return Example(
        str(program),
        given,
        f"{names[wrong]}.grad",
        true[wrong],
        grads[wrong],
        program.shown(),
        names[wrong],
        dict(zip(names, true, strict=False)),
    )
