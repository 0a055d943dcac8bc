"""The training loop of a compiled loss: parameters stay in the program's arrays, and go back to their Values at the end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from micrograd import collector, modes
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.plan import Plan
from micrograd.compiler.plans import refuse_hooks
from micrograd.compiler.provenance import check
from micrograd.compiler.training.ahead import CHUNK, Queue
from micrograd.compiler.training.feed import END, Bar, feed
from micrograd.compiler.training.updates import Updates, bindable
from micrograd.given import whole
from micrograd.interrupts import Interrupts, held
from micrograd.optim.clipping import finite_loss


def train(
    step: Any, optimizer: Any, data: Any = (), steps: int | None = None, on_step: Callable[[int, Any], Any] | None = None, *,
    every: int = 1, batch_size: int | None = None, rng: Random | None = None, progress: bool = False,
    before_step: Callable[[float], Any] | None = None, **static: Any,
) -> list[float]:  # fmt: skip
    """Run `steps` steps of loss, gradients and update; gives the loss of each step (before its update).

    optimizer: of `micrograd.optim` (runs inside the program), or any object whose `step()` reads `.grad` and sets `.data` of
    the parameters. data: a tuple with the arguments of the loss, the same at every step; or an iterable of such tuples, taken in
    turn (a list again and again); or a function of the step's number. batch_size: take that many rows at a time of each argument
    in the tuple `data`, shuffled by `rng` in each epoch, the last batch of an epoch being smaller. A list, the batches of `batch_size`,
    and what has a length and places are read some hundred ahead where compiled code runs and nothing is called between the steps,
    which are then made in one call (see `ahead`). steps: if not given, one pass over the data. on_step(number, loss) is called after
    each `every`-th step with the parameters written back; training stops when it returns True. before_step(loss) is called before each
    update; where it raises, that is not made. progress: draw a bar.

    Parameters and optimizer state are written back at the end, and also when an exception or Ctrl-C ends it. What the loss reads from
    outside is compared when the run begins and after on_step; Values that `data` sets are read at the next step.
    """
    fed, length, known = feed(data, batch_size, rng or Random(0))
    steps = length if steps is None else whole("steps", steps)
    if steps is None:
        raise ValueError("how many steps? data does not end by itself")
    losses: list[float] = []
    bar = Bar(steps) if progress else None
    with step._lock, held() as ctrl_c:  # Ctrl-C waits from where a step changes anything until it has changed everything
        outer = step._session
        if outer is not None:  # on_step trains too
            outer.interrupt()
            outer.updates = None  # the optimizer may be the same
        session = step._session = _Session(step, optimizer, static, ctrl_c, before_step)
        same = isinstance(data, tuple) and batch_size is None  # else a list that comes twice may have other numbers in it
        try:
            alone = on_step is None and bar is None and before_step in (None, finite_loss)  # nobody looks on
            if same and alone:
                session.repeat(next(fed), steps, losses)
                steps = 0
            if known and alone:
                session.queue = Queue(session, losses, data)
            for number in range(steps):
                ctrl_c.release()
                args = next(fed, END)
                if args is END:
                    break
                if session.queue is not None:
                    session.queue.add(args)
                    continue
                losses.append(session.step(args, same))
                if on_step is not None and (number + 1) % every == 0 and session.told(on_step, number):
                    break
                if bar:
                    bar.show(number + 1, losses[-1])
            ctrl_c.held = True
        finally:
            ctrl_c.held = True
            step._session = outer
            try:
                session.catch_up()
            finally:
                session.write_back()
                if bar:
                    bar.close()
    return losses


class _Session:
    """A compiled loss and an optimizer at work, with the parameters in arrays."""

    def __init__(
        self, step: Any, optimizer: Any, static: dict[str, Any], ctrl_c: Interrupts, before_step: Callable[[float], Any] | None
    ) -> None:
        self.compiled, self.optimizer, self.static, self.ctrl_c, self.before_step = step, optimizer, static, ctrl_c, before_step
        self.finite = before_step is finite_loss
        self.inside = bindable(optimizer)
        self.queue: Queue | None = None  # where batches are read ahead
        self.updates: Any = None
        self.plan: Any = None
        self.machine: Any = None
        self.given = False  # the machine has the arguments of the latest step
        self.trusted: set[Plan] = set()  # plans whose guards were asked
        self.seen = self.clock = 0  # modes.state.last_change, as far as the machine's numbers follow it; when it was looked at

    def step(self, args: Any, same: bool = True) -> float:
        """One step: loss, gradients, update. The loss. From the update on Ctrl-C is held, until the caller releases it.

        same: the arguments are those of the step before, if there was one.
        """
        if not (same and self.given):
            self.use(*self.planned(args))
        elif self.plan.traced.draws:
            self.plan.draw(self.machine)
        return self.make()

    def make(self) -> float:
        """… on the numbers that the machine has."""
        machine = self.machine
        machine.run()
        if modes.here().anomaly:
            check(self.plan, machine)
        loss = machine.loss()
        if self.before_step is not None:
            self.before_step(loss)
        updates = self.bound() if self.inside else None
        self.ctrl_c.held = True
        if updates is not None:
            updates.step(machine.params, machine.gradient)
        else:
            self._update_outside()
        if self.plan.program.assigns:
            self.plan.advance(machine)
        return loss  # type: ignore[no-any-return]

    def repeat(self, args: Any, steps: int, losses: list[float]) -> None:
        """Many steps on the same arguments: in compiled code, some hundred at a time, where it is there."""
        while len(losses) < steps:
            self.ctrl_c.release()
            if not self.given or not self.whole():
                losses.append(self.step(args))
                continue
            self.ctrl_c.held = True
            rows = self.bound().rows(min(steps - len(losses), CHUNK))
            losses.extend(self.bound().loop(self.machine, rows, np.empty((len(rows), 0)), 0, self.finite))

    def whole(self) -> bool:
        """Whether whole steps can be made by compiled code: nothing has to happen between them."""
        plan, machine = self.plan, self.machine
        plain = not ((plan.program.batch and machine.native != "c") or plan.traced.draws or plan.program.assigns or modes.here().anomaly)
        return bool(self.inside and plain and machine.entry[0] and self.bound().loops(machine))

    def bound(self) -> Any:
        """The optimizer on arrays; made anew when native code has arrived in the meantime."""
        native = self.machine.native
        if self.updates is None or self.updates.native != native:
            if self.updates is not None:
                self.updates.give_back()
            with collector.paused():
                self.updates = Updates(self.optimizer, self.plan.traced.params, native)
        return self.updates

    def planned(self, args: Any) -> tuple[Plan, Any]:
        """The program for these arguments of the loss, and their numbers."""
        if not isinstance(args, (tuple, list)):
            raise TypeError(
                f"data gives for each step a tuple with the arguments of the loss, not {args!r:.60}: for one argument x that is (x,)"
            )
        return self.compiled.plan(args, self.static, self.trusted)  # type: ignore[no-any-return]

    def use(self, plan: Plan, numbers: Any) -> None:
        """Give the program its numbers, on a machine that has the parameters."""
        if modes.hooks:
            refuse_hooks(plan)
        machine = self.compiled._machine(plan, self.compiled._samples(numbers))
        if machine is not self.machine:
            if self.machine is None:
                plan.load(machine)
                self._look()
            elif plan is self.plan or plan.traced.params == self.plan.traced.params:
                self._follow()
                machine.params[:] = self.machine.params
                self.plan.keep(self.machine)
                plan.load_rest(machine)
            else:
                self.write_back()
                self.updates = None
                plan.load(machine)
            self.plan, self.machine = plan, machine
            if self.inside:
                self.bound()
        else:
            self._follow()
        self.compiled._latest = plan, machine
        plan.feed(machine, numbers)
        self.given = True

    def _look(self) -> None:
        """The machine's numbers are the Values' of now."""
        self.seen, self.clock = modes.state.last_change, modes.tick()

    def _follow(self) -> None:
        """Take over what was set from outside since it was last looked, by whoever gives the data, say."""
        if modes.state.last_change != self.seen:
            for i, p in enumerate(self.plan.traced.params):
                if p._born > self.clock:  # (what was made since the latest change is not younger than a look)
                    self.machine.params[i] = p._data
            self.plan.load_outside(self.machine)
            self._look()

    def told(self, on_step: Any, number: int) -> bool:
        """Call on_step with everything written back, and take over what it changed; whether it says stop."""
        self.write_back()
        self.ctrl_c.release()
        stop = on_step(number, self.answer())
        if self.updates is not None and not self.updates.hold():
            self.updates = None  # made anew at the next step
        if modes.state.last_change != self.seen:
            self.plan.load(self.machine)
            self._look()
        if not self.plan.guards.hold():
            self.given = False
            self.trusted.clear()
        return stop is True

    def interrupt(self) -> None:
        """The loss is called while training goes on: it is by what has been trained so far, and may use the same machine."""
        self.catch_up()
        if self.given:
            self.write_back()
            self.given = False

    def catch_up(self) -> None:
        """Make the steps whose batches were read ahead."""
        if self.queue is not None:
            self.queue.flush()

    def _update_outside(self) -> None:
        """An optimizer of another kind: it sees the parameters' Values."""
        self.plan.store(self.machine)
        for p, g in zip(self.plan.traced.params, self.machine.gradient.tolist(), strict=True):
            p.grad = g
        self.optimizer.step()
        self.plan.load(self.machine)
        self._look()

    def answer(self) -> Any:
        return self.compiled._answer(self.plan, self.machine)

    def write_back(self) -> None:
        """Parameters, their gradients and the optimizer's state into their objects."""
        if self.machine is None:
            return
        self.plan.store(self.machine)
        for p, g in zip(self.plan.traced.params, self.machine.gradient.tolist(), strict=True):
            p.grad = g
        self._look()
        if self.updates is not None:
            with collector.paused():
                self.updates.give_back()
