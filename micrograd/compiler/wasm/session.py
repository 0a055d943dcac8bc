"""The training loop in a page: parameters and the optimizer's numbers stay in the machine, and go back to their objects at the end."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random
from typing import Any

from micrograd import modes
from micrograd.compiler.plans import refuse_hooks
from micrograd.compiler.training.feed import END, Bar, feed
from micrograd.compiler.wasm.plan import Machine, Plan
from micrograd.compiler.wasm.tables import update_of
from micrograd.given import whole
from micrograd.interrupts import held
from micrograd.optim.clipping import finite_loss
from micrograd.optim.optimizer import Optimizer

ROWS = 256  # steps in one call of the machine: its room for what a rule needs at each of them
PATIENCE = 20.0  # milliseconds of one call, between which a time limit and Ctrl-C are heard


def train(
    step: Any, optimizer: Any, data: Any = (), steps: int | None = None, on_step: Callable[[int, Any], Any] | None = None, *,
    every: int = 1, batch_size: int | None = None, rng: Random | None = None, progress: bool = False,
    before_step: Callable[[float], Any] | None = None, **static: Any,
) -> list[float]:  # fmt: skip
    """See `micrograd.compiler.training.session.train`, whose arguments these are."""
    fed, length, _ = feed(data, batch_size, rng or Random(0))
    steps = length if steps is None else whole("steps", steps)
    if steps is None:
        raise ValueError("how many steps? data does not end by itself")
    losses: list[float] = []
    bar = Bar(steps) if progress else None
    with step._lock, held() as ctrl_c:
        outer = step._session
        if outer is not None:  # on_step trains too
            outer.write_back()
        session = step._session = _Session(step, optimizer, static)
        same = isinstance(data, tuple) and batch_size is None
        alone = on_step is None and bar is None and before_step in (None, finite_loss)
        try:
            number = 0
            while number < steps:
                ctrl_c.release()
                args = next(fed, END)
                if args is END:
                    break
                session.use(args, same)
                ctrl_c.held = True
                if same and alone and session.steady:
                    losses += session.repeat(min(steps - number, ROWS), before_step is not None)
                    number = len(losses)
                    continue
                losses.append(session.step(before_step))
                number += 1
                if on_step is not None and number % every == 0:
                    session.write_back()
                    ctrl_c.release()
                    stop = on_step(number - 1, session.answer())
                    session.afresh()
                    if stop is True:
                        break
                if bar:
                    bar.show(number, losses[-1])
        finally:
            ctrl_c.held = True
            step._session = outer
            session.write_back()
            if bar:
                bar.close()
    return losses


class _Session:
    """A compiled loss and an optimizer at work."""

    def __init__(self, step: Any, optimizer: Any, static: dict[str, Any]) -> None:
        self.compiled, self.optimizer, self.static = step, optimizer, static
        self.plan: Plan | None = None
        self.machine: Any = None
        self.inside = self.bound = self.given = False
        self.trusted: set[Any] = set()  # plans whose guards were asked
        self.made = self.done = self.seen = self.clock = 0

    @property
    def steady(self) -> bool:
        """Whether nothing has to happen between the steps."""
        traced = self.machine.plan.traced
        return self.inside and not (traced.draws or traced.assigns)

    def use(self, args: Any, same: bool) -> None:
        """Give the machine of these arguments of the loss its numbers."""
        if same and self.given and self.plan is not None and not (self.plan.traced.draws or self.plan.traced.assigns):
            return
        if not isinstance(args, (tuple, list)):
            raise TypeError(
                f"data gives for each step a tuple with the arguments of the loss, not {args!r:.60}: for one argument x that is (x,)"
            )
        plan, numbers = self.compiled.plan(args, self.static, self.trusted)
        if modes.hooks:
            refuse_hooks(plan)
        if plan is not self.plan or not self.bound:
            self.write_back()
            self.bind(plan)
        elif modes.state.last_change != self.seen:  # whoever gives the data may set parameters
            for i, p in enumerate(self.machine.plan.traced.params):
                if p._born > self.clock:
                    self.machine.js.part("values", i, 1).assign(array("d", [p._data]))
        self.machine.feed(numbers)
        self.look()
        self.given = True
        self.compiled._latest = plan, self.machine

    def bind(self, plan: Plan) -> None:
        """Take the machine of a plan, with the optimizer in it where its rule is one of primitives on all parameters."""
        self.plan, made = plan, self.optimizer
        params = plan.traced.params
        update = kernel = None
        if isinstance(made, Optimizer) and type(made).step is Optimizer.step:
            known = {id(p) for p in params}
            missing = [p for p in made.params if id(p) not in known]
            if missing:
                raise ValueError(f"the optimizer has a parameter that the compiled loss was not given in params: {missing[0]!r}")
            group, clipped = made.groups[0], made.clip_value is not None or made.clip_norm is not None
            live = [p for p in group.params if not getattr(p, "frozen", False)]
            whole = len(made.groups) == 1 and len(live) == len(params) and all(a is b for a, b in zip(live, params, strict=True))
            counts = {group.state[p][0] if p in group.state else 0 for p in live}
            if whole and live and not clipped and len(counts) == 1:
                kernel = made.kernel(group)
                update = update_of(kernel, len(made.slots))
        self.inside = update is not None
        self.machine = plan.machine(kernel if self.inside else None, update)
        self.machine.loaded = -1
        self.machine.load()
        if self.inside:
            fresh = [0, *([0.0] * len(made.slots))]
            rows = [group.state.get(p, fresh) for p in params]
            self.made, self.done = rows[0][0], 0
            if made.slots:
                self.machine.js.slots.assign(array("d", [row[1 + k] for k in range(len(made.slots)) for row in rows]))
        self.bound = True

    def rows(self, count: int) -> int:
        """Write what the rule needs at the next steps, by the schedule; how many, fewer where it raises."""
        made, group = self.optimizer, self.optimizer.groups[0]
        found: list[float] = []
        start, k = made.steps, 0
        try:  # the schedule, the user's own, may read how many steps were made
            for k in range(count):
                found += made.scalars(group, self.made + self.done + k + 1)
                made.steps += 1
            k = count
        except Exception:
            if not k:
                raise
        finally:
            made.steps = start
        if found:
            self.machine.js.part("rows", 0, len(found)).assign(array("d", found))
        return k

    def repeat(self, steps: int, finite: bool) -> list[float]:
        """Some steps on the same numbers, in one call."""
        count = self.rows(steps)
        js = self.machine.js
        done = js.train(count, finite, PATIENCE)
        losses = array("d", bytes(8 * count))
        js.losses.assign_to(losses)
        self.done += done
        self.optimizer.steps += done
        self.machine.read()
        if finite and done < count:
            finite_loss(losses[done])  # (0 where it only took too long)
        return losses[:done].tolist()

    def step(self, before_step: Callable[[float], Any] | None) -> float:
        """One step: loss, gradients, update. The loss."""
        machine: Machine = self.machine
        machine.run(True)
        loss = machine.loss()
        if before_step is not None:
            before_step(loss)
        if self.inside:
            self.rows(1)
            machine.js.update(0)
            self.done += 1
            self.optimizer.steps += 1
        else:
            assert self.plan is not None
            self.plan.store(machine.numbers(), machine.gradients())
            self.optimizer.step()
            machine.loaded = -1
            machine.load()
        self.look()
        return loss

    def look(self) -> None:
        """The machine's numbers are the Values' of now."""
        self.seen, self.clock = modes.state.last_change, modes.tick()

    def answer(self) -> Any:
        return self.compiled._answer(self.plan, self.machine)

    def afresh(self) -> None:
        """Whoever looked on may have changed anything."""
        self.bound = self.given = False
        if self.plan is not None and not self.plan.guards.hold():
            self.trusted.clear()

    def write_back(self) -> None:
        """Parameters, their gradients and the optimizer's state into their objects."""
        if self.plan is None or not self.bound:
            return
        self.plan.store(self.machine.numbers(), self.machine.gradients())
        if self.inside:
            count, state = self.plan.params, self.optimizer.groups[0].state
            slots = array("d", bytes(8 * count * len(self.optimizer.slots)))
            if slots:
                self.machine.js.slots.assign_to(slots)
            for i, p in enumerate(self.plan.traced.params):
                state[p] = [self.made + self.done, *slots[i::count]]
        self.look()
