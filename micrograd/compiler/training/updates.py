"""Optimizers inside the program: the update rules of `micrograd.optim` on whole arrays, equal in every bit."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from operator import is_
from time import perf_counter
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.settle import settle
from micrograd.compiler.tiers import optimizers
from micrograd.engine import Value
from micrograd.optim.clipping import finite_loss, norm_of
from micrograd.optim.optimizer import Group, Optimizer


class Updates:
    """An optimizer bound to the parameters and gradients of a machine; its state is taken over and given back."""

    def __init__(self, optimizer: Optimizer, params: Sequence[Value], native: str = "") -> None:
        self.optimizer, self.native, self.looping = optimizer, native, bool(native)
        self.run: Any = None
        places = {id(p): i for i, p in enumerate(params)}
        missing = [p for p in optimizer.params if id(p) not in places]
        if missing:
            raise ValueError(f"the optimizer has a parameter that the compiled loss was not given in params: {missing[0]!r}")
        self.parts = [_Part(optimizer, group, places, native) for group in optimizer.groups]
        self.live = np.array(sorted(i for part in self.parts for i in part.places), dtype=np.int64)

    def step(self, params: Any, gradient: Any) -> None:
        """What `optimizer.step()` does, on arrays."""
        made = self.optimizer
        if made.clip_value is not None:
            np.clip(gradient, -made.clip_value, made.clip_value, out=gradient)
        if made.clip_norm is not None:
            norm = norm_of(gradient[self.live].tolist())
            if not isfinite(norm):
                raise ArithmeticError(f"the gradients have norm {norm}: find where with micrograd.detect_anomaly()")
            if norm > made.clip_norm:
                gradient /= norm
                gradient *= made.clip_norm
        numbers = [part.numbers() for part in self.parts]  # asks the user's schedule: before anything is changed
        for part, found in zip(self.parts, numbers, strict=True):
            part.step(params, gradient, found)
        made.steps += 1

    def loops(self, machine: Any) -> bool:
        """Whether compiled code can make whole steps: not where clipping or several groups stand in the way."""
        made, part = self.optimizer, self.parts[0]
        if len(self.parts) > 1 or part.native is None or made.clip_value is not None or made.clip_norm is not None:
            return False
        if self.run is None and self.looping:
            self.run = optimizers.loop(machine, part.native)
            self.looping = self.run is not None
        return self.looping

    def row(self, ahead: int) -> Any:
        """The numbers of the step after the next `ahead`, for `loop`. Asks the user's schedule."""
        part = self.parts[0]
        still = part.constant
        return still if still is not None else self.optimizer.scalars(part.group, part.first + part.steps + ahead + 1)

    def rows(self, count: int) -> list[Any]:
        """The numbers of so many steps; fewer, if the schedule raises (else the steps before it first, and then it is asked again)."""
        made = self.optimizer
        found: list[Any] = []
        steps = made.steps
        try:  # the schedule, the user's own, may read how many steps were made
            for k in range(count):
                found.append(self.row(k))
                made.steps += 1
        except Exception:
            if not found:
                raise
        finally:
            made.steps = steps
        return found

    def loop(self, machine: Any, rows: list[Any], fed: Any, start: int, finite: bool) -> list[float]:
        """A step for each of these rows, or fewer but at least one, in one call of compiled code: the losses. To be asked if it `loops`.

        fed, start, finite: see `CUpdate.loop`. ArithmeticError as `finite_loss` raises it.
        """
        made, part = self.optimizer, self.parts[0]
        count = len(rows)
        losses = np.empty(count)
        begin = perf_counter()
        done = self.run(machine, part.slots, part.start, np.array(rows, dtype=np.float64), losses, fed, start, finite)
        seconds = perf_counter() - begin  # not those in which the loop itself was compiled
        part.steps += done
        made.steps += done
        if done < count:
            if finite:
                finite_loss(float(losses[done]))
            with np.errstate(all="ignore"):
                settle(machine)
            self.step(machine.params, machine.gradient)
            losses = losses[: done + 1]
        machine.spend(seconds, len(losses))
        found: list[float] = losses.tolist()
        return found

    def hold(self) -> bool:
        """Whether the optimizer is what was given back: not where someone has frozen or freed parameters, loaded a state, or so."""
        groups = self.optimizer.groups
        return len(groups) == len(self.parts) and all(part.holds(g) for part, g in zip(self.parts, groups, strict=True))

    def give_back(self) -> None:
        """Write the state back into the optimizer."""
        for part in self.parts:
            part.give_back()


class _Part:
    """One group: its parameters that are not frozen, as places in the arrays."""

    def __init__(self, optimizer: Optimizer, group: Group, places: dict[int, int], native: str) -> None:
        self.optimizer, self.group = optimizer, group
        self.params, self.kernel = _live(group), optimizer.kernel(group)
        self.places = [places[id(p)] for p in self.params]
        fresh = [0, *([0.0] * len(optimizer.slots))]  # read, not made for each: `give_back` makes them
        state = np.array([group.state.get(p, fresh) for p in self.params], dtype=np.float64).reshape(len(self.params), -1)
        self.made = state[:, 0].astype(np.int64)
        self.slots = np.ascontiguousarray(state[:, 1:].T)
        run = np.array(self.places, dtype=np.int64)
        whole = len(run) > 0 and (np.diff(run) == 1).all()
        self.where: Any = slice(int(run[0]), int(run[-1]) + 1) if whole else run
        self.update = optimizers.array_update(self.kernel, type(optimizer).__name__)
        self.native: Any = None
        self.steps, self.first, self.start = 0, int(self.made[0]) if len(self.made) else 0, int(run[0]) if len(run) else 0
        self.rows: list[list[Any]] = []  # the state that was given back; where it is, and how many have one there
        self.kept, self.known = group.state, len(group.state)
        self.made_of: dict[str, float] = {}  # the settings that `latest` is of
        self.latest: Any = None
        if native and whole and (self.made == self.made[0]).all():
            self.native = optimizers.update(native, self.kernel, len(self.slots))

    @property
    def constant(self) -> Any:
        """What the rule needs, by the settings of now, where no number depends on the step."""
        made, settings = self.optimizer, self.group.settings
        if made.schedule is not None or type(made).numbers is not Optimizer.numbers:
            return None
        if settings != self.made_of:
            self.made_of, self.latest = {**settings}, np.array(made.scalars(self.group, 1))
        return self.latest

    def numbers(self) -> Any:
        """What the rule needs at the next step."""
        made, t = self.optimizer, self.first + self.steps + 1
        if not len(self.places):
            return None
        if self.native is not None:
            still = self.constant
            return still if still is not None else np.array(made.scalars(self.group, t))
        if (self.made == self.first).all():
            return made.scalars(self.group, t)
        steps = (self.made + self.steps + 1).tolist()
        at = {t: made.scalars(self.group, t) for t in set(steps)}
        return [np.array(x) for x in zip(*(at[t] for t in steps), strict=True)]

    def step(self, params: Any, gradient: Any, numbers: Any) -> None:
        if not len(self.places):
            return
        self.steps += 1
        if self.native is not None:
            self.native(params, gradient, self.slots, self.start, numbers)
            return
        rows = list(self.slots)
        with np.errstate(all="ignore"):
            p, *slots = self.update(params[self.where], gradient[self.where], *rows, *numbers)
        params[self.where] = p
        for kept, new in zip(rows, slots, strict=True):
            if new is not kept:
                kept[:] = new

    def holds(self, group: Group) -> bool:
        """Whether this is the group as it was given back: its parameters, its rule, its state."""
        live, kept = _live(group), group.state is self.kept and len(group.state) == self.known
        same = group is self.group and kept and len(live) == len(self.params) and all(map(is_, live, self.params))
        return same and self.optimizer.kernel(group) is self.kernel and self.rows == self._state()

    def _state(self) -> list[list[Any]]:
        """Of each parameter."""
        return [[t, *row] for t, row in zip((self.made + self.steps).tolist(), self.slots.T.tolist(), strict=True)]

    def give_back(self) -> None:
        state, self.rows = self.group.state, self._state()
        state.update(zip(self.params, self.rows, strict=True))
        self.kept, self.known = state, len(state)


def _live(group: Group) -> list[Value]:
    return [p for p in group.params if not getattr(p, "frozen", False)]


def bindable(optimizer: Any) -> bool:
    """Whether it is one whose step is its rule (a subclass may do other things in `step`)."""
    return isinstance(optimizer, Optimizer) and type(optimizer).step is Optimizer.step
