"""What a class does as a whole: how backward() begins and walks, what it keeps, equal numbers, += and zero_grad."""

from __future__ import annotations

from typing import Any

from micrograd.doctor.graphs import Graphs, shared, shown
from micrograd.doctor.programs import Program
from micrograd.doctor.signatures import close
from micrograd.doctor.source import source

LONG = 2000  # operations in a chain: Python's recursion ends at 1000


class Whole(Graphs):
    """The behaviours of one class beyond single operations; `findings` holds what is wrong, `notes` surprises."""

    def ask(self) -> None:
        """All of it, in the order in which one mistake hides the next."""
        if not (self.student.grad_name and self.student.backward_name):
            return
        self._walkers()
        if self._initial() or self._start():
            return
        self.sound = self._composed() and self._walk()
        self._equal()
        self._kept()
        self._in_place()
        self._zero()
        self._long()
        self._again()

    # ------------------------------------------------------------ how it begins

    def _initial(self) -> bool:
        """A new object's gradient is 0, or None where contributions are not added to it; True where it is not."""
        fresh = getattr(self.student.make(2.0), self.student.grad_name, None)
        if fresh is not None and self.student.grad(self.student.make(2.0)) != 0.0:
            self._add("grad-initial", self._initial_line(), f"it is {fresh!r}", where="__init__")
            return True
        errors = [
            a for answers in self.local.answers.values() for a in answers if isinstance(a.error, TypeError) and "NoneType" in str(a.error)
        ]
        if fresh is None and any("unsupported operand" in str(a.error) for a in errors):
            self._add("grad-initial", self._initial_line(), "it is None, and contributions are added to it", where="__init__")
            return True
        return False

    def _start(self) -> bool:
        """The seed, and whether old gradients are kept. True where nothing further can be said."""
        done = [a for a in self.local.once.values() if a.stage == "done"]
        if not done:
            failed = [a for a in self.local.once.values() if a.stage == "backward" and a.error is not None]
            if failed and self.local.way == "closure":  # the functions are right: it is the walk that fails
                first = failed[0]
                self._failed(first.error, Program(first.point, ((first.form, tuple(range(len(first.point)))),)), first.at)
            return True
        moved = [a for a in done if any(not close(x, y) for x, y in zip(a.old, a.new, strict=True))]
        if all(a.out_grad == 0.0 for a in done) and len(done) > 1:
            wiped = any(w.slot == len(a.old) for a in done for w in (a.backward.writes if a.backward else ()))
            if not wiped:
                self._add("seed-missing", self._seed_line())
                return True
        wrong = [a for a in done if not close(a.out_grad, 1.0) and a.out_grad != 0.0]
        if wrong and len(wrong) == len(done):
            told = "the number of the root" if all(close(a.out_grad, a.y or 0.0) for a in done) else f"{done[0].out_grad:g}"
            self._add("seed-wrong", self._seed_line(), f"it begins with {told}")
            return True
        if not moved and len(done) > 2 and self.local.way in ("closure", "one"):
            self._add("root-missing", self._loop() or self._head())
            return True
        if self.local.zeroed:
            writes = [
                w
                for a in moved
                if a.backward
                for w in a.backward.writes
                if w.slot < len(a.old) and w.after == 0.0 and w.before == a.old[w.slot]
            ]
            place = writes[0].place
            text = source(place.file)
            statement = text.statement(place.line)
            self._add("zeroes", text.spot(statement) if statement is not None else self._head())
        self.works.append("the gradient of the root")
        return False

    # ------------------------------------------------------------ what it keeps

    def _equal(self) -> None:
        """Different inputs with the same number."""
        binary = self._binary()
        if not binary:
            return
        for program in shared(binary[0], binary[-1], (2.0, 2.0, 2.0)):
            got = self.run(program)
            if isinstance(got, BaseException):
                self._failed(got, program)
                return
            n = len(program.inputs)
            if not all(close(x, y) for x, y in zip(got[1][:n], program.gradients()[:n], strict=True)) and not self.wrong:
                self._add(
                    "equal-merged",
                    self._equality("__hash__") or self._equality("__eq__") or self._head(),
                    where=self.student.name,
                    example=shown(program, got[1]),
                )
                return

    def _kept(self) -> None:
        """Two roots over one shared node, all gradients set to 0 in between: the second must not know of the first."""
        binary = self._binary()
        if not binary or self.wrong:
            return
        one, two = binary[0], binary[-1]
        a, b = self.student.make(1.5), self.student.make(-0.5)
        shared = one.run(a, b)
        first, second = two.run(shared, a), one.run(shared, b)
        try:
            self.student.backward(first)
            for value in (a, b, shared, second):  # the first root keeps its 1: nobody walks through it now
                self.student.set_grad(value, 0.0)
            self.student.backward(second)
        except Exception as error:
            self._add("raises", self._head(), f"the second backward(): {type(error).__name__}: {error}")
            return
        truth = Program((1.5, -0.5), ((one, (0, 1)), (one, (2, 1)))).gradients()
        if self.student.grad(a) == self.student.grad(b) == 0.0:
            self._add("once", self._head(), kind="note")
            return
        if not (close(self.student.grad(a), truth[0]) and close(self.student.grad(b), truth[1])):
            self._add("state-kept", self._default() or self._head())
            return
        self.works.append("a second root over the same nodes")

    def _in_place(self) -> None:
        """`s += a` on a node that others use."""
        add = next((f for f in self.local.trusted if f.key == "a + b"), None)
        mul = next((f for f in self.local.trusted if f.key == "a * b"), None)
        if add is None or self.wrong:
            return
        for sign, form in (("__iadd__", add), ("__imul__", mul)):
            if form is None:
                continue
            a, b = self.student.make(1.5), self.student.make(-0.5)
            try:
                kept = add.run(a, b)
                changed = _assigned(sign, kept, a)
                root = add.run(kept, changed)
                self.student.backward(root)
            except Exception as error:
                self._add("raises", self.local.placer.method(sign), f"{type(error).__name__}: {error}", where=sign)
                continue
            truth = Program((1.5, -0.5), ((add, (0, 1)), (form, (2, 0)), (add, (2, 3))))
            values, grads = truth.values(), truth.gradients()
            if not (
                close(self.student.data(root), values[-1])
                and close(self.student.grad(a), grads[0])
                and close(self.student.grad(b), grads[1])
            ):
                self._add("in-place", self.local.placer.method(sign), where=sign, of=["s += a" if sign == "__iadd__" else "s *= a"])

    def _zero(self) -> None:
        """zero_grad() of the class, where there is one that takes nothing."""
        if not self.student.zero_name:
            return
        value = self.student.make(1.5)
        self.student.set_grad(value, 3.0)
        try:
            getattr(value, self.student.zero_name)()
        except TypeError:
            return
        except Exception as error:
            self._add(
                "raises", self.local.placer.method(self.student.zero_name), f"{type(error).__name__}: {error}", where=self.student.zero_name
            )
            return
        if self.student.grad(value) != 0.0 or not close(self.student.data(value), 1.5):
            self._add("zero-grad", self._written(self.student.zero_name), where=self.student.zero_name)
        else:
            self.works.append(f"{self.student.zero_name}()")

    # ------------------------------------------------------------ surprises

    def _long(self) -> None:
        """A chain of 2000 operations: recursion ends there."""
        form = next((f for f in self.local.trusted if f.key in ("a + 2", "a * 3", "-a")), None)
        if form is None or self.wrong or self.local.faulty:
            return
        value = self.student.make(0.5)
        try:
            for _ in range(LONG):
                value = form.run(value)
            self.student.backward(value)
        except RecursionError:
            self._add("deep", self._head(), kind="note")
        except Exception:
            return
        else:
            self.works.append(f"a chain of {LONG} operations")

    def _again(self) -> None:
        """A second backward() through the same graph: interior gradients count twice in most engines."""
        binary = self._binary()
        if not binary or self.wrong:
            return
        program = Program((1.5,), ((binary[0], (0, 0)), (binary[0], (1, 0))))
        got = self.run(program)
        if isinstance(got, BaseException):
            return
        once = got[1][0]
        try:
            self.student.backward(got[0][-1])
        except Exception:
            return
        if not (close(self.student.grad(got[0][0]), 2 * once) or self.local.zeroed):
            self._add("again", self._head(), kind="note")


def _assigned(sign: str, kept: Any, other: Any) -> Any:
    """What `kept += other`, or `kept *= other`, gives."""
    if sign == "__iadd__":
        kept += other
    else:
        kept *= other
    return kept
