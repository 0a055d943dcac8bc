"""Batches that are known ahead: some hundred are read in a row, and their steps are one call of compiled code.

That is the same as reading each before its step, as long as reading does nothing that a step would see. What it may do is seen: Values
that it sets are taken over at that step, settings of the optimizer are read with each batch, and who asks the loss in between gets it by
what has been trained so far. A generator runs between the steps, and its batches are read one by one. A list of tuples of arrays is read
once in a run: where no code but ours runs, nothing changes them.
"""

from __future__ import annotations

from math import prod
from typing import Any

from micrograd import modes
from micrograd.compiler.numpy_gate import np

CHUNK = 256  # steps in one call of compiled code, between which Ctrl-C is heard
ROOM = 2**20  # numbers that are read ahead at most


class Queue:
    """Steps that a session has yet to make, on batches that were read."""

    def __init__(self, session: Any, losses: list[float], data: Any) -> None:
        self.session, self.losses = session, losses
        self.rows: list[Any] = []  # the numbers of the optimizer's rule for each step: as many as there are batches in the buffer
        self.buffer: Any = np.empty((0, 0))
        self.plan: Any = None  # whose inputs are in the buffer
        self.views: list[Any] = []  # … the numbers of each argument
        self.made = 0  # steps of the optimizer before these
        schedule = session.optimizer.schedule if session.inside else None
        still = type(data) is list and (schedule is None or type(schedule).__module__.startswith("micrograd."))
        self.kept = ROOM if still else 0  # numbers that may yet be kept: nobody's code runs that could change them
        self.read: dict[int, tuple[Any, Any, Any, int]] = {}  # id of a batch → it, its plan, its numbers as a machine has them, samples

    def add(self, args: Any) -> None:
        """Make a step on these arguments of the loss, now or later."""
        session = self.session
        _, plan, laid, samples = self.read.get(id(args), (None, None, None, 1))
        if laid is None:
            plan, numbers = session.planned(args)
            samples = session.compiled._samples(numbers)
            if not self._fits(plan, samples):
                self.flush()
                session.use(plan, numbers)
                self.losses.append(session.make())
                return
            self._make_room(plan, session.machine.inputs[plan.inputs.rows].shape)
            plan.inputs.lay(numbers, [view[len(self.rows), ...] for view in self.views])
            self._keep(args, plan, self.buffer[len(self.rows)], samples)
        elif not self._fits(plan, samples):
            self.flush()
            self.read, self.kept = {}, 0
            self.add(args)
            return
        else:
            self._make_room(plan, laid.shape)
            self.buffer[len(self.rows)] = laid
        optimizer = session.optimizer
        if not self.rows:
            self.made = optimizer.steps
        self.rows.append(session.bound().row(len(self.rows)))
        optimizer.steps = self.made + len(self.rows)  # as far as whoever gives the data can tell
        if len(self.rows) == len(self.buffer):
            self.flush()

    def _fits(self, plan: Any, samples: int) -> bool:
        """Whether compiled code can make this step behind those that wait, on the machine that runs."""
        session = self.session
        if plan is not session.plan or session.compiled._machine(plan, samples) is not session.machine:
            return False
        return plan.inputs.rows is not None and modes.state.last_change == session.seen and not modes.hooks and session.whole()

    def _make_room(self, plan: Any, shape: tuple[int, ...]) -> None:
        if self.plan is not plan or self.buffer.shape[1:] != shape:
            self.buffer = np.zeros((max(1, min(CHUNK, ROOM // max(1, prod(shape)))), *shape))
            self.plan, self.views = plan, plan.inputs.views(self.buffer, plan.inputs.rows.start)

    def _keep(self, args: Any, plan: Any, laid: Any, samples: int) -> None:
        """A tuple of arrays has the same numbers when it comes again."""
        if laid.size <= self.kept and type(args) is tuple and all(type(x) is np.ndarray for x in args):
            self.kept -= laid.size
            self.read[id(args)] = args, plan, laid.copy(), samples

    def flush(self) -> None:
        """Make the steps that wait."""
        if not self.rows:
            return
        session, rows = self.session, self.rows
        session.ctrl_c.held = True
        session.optimizer.steps, self.rows = self.made, []
        fed, where = self.buffer[: len(rows)], session.plan.inputs.rows
        while rows:
            if session.whole():
                flat = fed.reshape(len(rows), -1)
                found = session.bound().loop(session.machine, rows, flat, where.start, session.finite)
            else:  # the compiled code was put aside
                session.machine.inputs[where] = fed[0]
                found = [session.make()]
            self.losses.extend(found)
            rows, fed = rows[len(found) :], fed[len(found) :]
