"""Learning-rate schedules: functions from the number of steps made to a factor on the learning rate.

They have no state but `Plateau`, which follows a measured number; so resuming a run needs the step count alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import cos, inf, pi
from typing import Any

from micrograd.given import real
from micrograd.optim.optimizer import Schedule


class _Checked:
    """What its numbers must be is looked at when it is made, not in the middle of a run."""

    def __post_init__(self) -> None:
        for setting in fields(self):  # type: ignore[arg-type]
            what, x = f"{type(self).__name__}'s {setting.name}", getattr(self, setting.name)
            if setting.type in ("int", "float"):
                real(what, x)
            if setting.name in ("every", "total") and not x > 0:
                raise ValueError(f"{what} must be more than 0, not {x}")


@dataclass(frozen=True)
class StepDecay(_Checked):
    """factor^⌊t / every⌋.

    >>> [StepDecay(2, 0.1)(t) for t in range(4)]
    [1.0, 1.0, 0.1, 0.1]
    """

    every: int
    factor: float = 0.1

    def __call__(self, t: int) -> float:
        return float(self.factor) ** (t // self.every)


@dataclass(frozen=True)
class Exponential(_Checked):
    """factor^t."""

    factor: float

    def __call__(self, t: int) -> float:
        return float(self.factor) ** t


@dataclass(frozen=True)
class Cosine(_Checked):
    """floor + (1 - floor) · (1 + cos(π t / total)) / 2, then floor. Loshchilov & Hutter 2016, SGDR."""

    total: int
    floor: float = 0.0

    def __call__(self, t: int) -> float:
        return self.floor + (1.0 - self.floor) * (1.0 + cos(pi * min(t, self.total) / self.total)) / 2.0


@dataclass(frozen=True)
class Linear(_Checked):
    """From start to end over `total` steps in a straight line, then end.

    >>> [Linear(4)(t) for t in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    total: int
    start: float = 1.0
    end: float = 0.0

    def __call__(self, t: int) -> float:
        return self.start + (self.end - self.start) * min(t, self.total) / self.total


@dataclass(frozen=True)
class WarmUp(_Checked):
    """From `start` to 1 over `steps` steps in a straight line, then another schedule from its own beginning."""

    steps: int
    then: Schedule | None = None
    start: float = 0.0

    def __call__(self, t: int) -> float:
        if t < self.steps:
            return self.start + (1.0 - self.start) * t / self.steps
        return 1.0 if self.then is None else self.then(t - self.steps)


@dataclass(frozen=True)
class OneCycle(_Checked):
    """Up from 1/divide to 1 in the first part of `total` steps, down to 1/(divide · end) in the rest, by half cosines.

    Smith & Topin 2017, "Super-convergence"; lr of the optimizer is the peak.
    """

    total: int
    part: float = 0.3
    divide: float = 25.0
    end: float = 1e4

    def __call__(self, t: int) -> float:
        low, peak = 1.0 / self.divide, self.part * self.total - 1.0
        t = min(t, self.total - 1)
        if t <= peak:
            return _half_cosine(low, 1.0, t / peak) if peak > 0 else 1.0
        return _half_cosine(1.0, low / self.end, (t - peak) / (self.total - 1.0 - peak))


def _half_cosine(start: float, end: float, at: float) -> float:
    return end + (start - end) * (1.0 + cos(pi * at)) / 2.0


@dataclass
class Plateau(_Checked):
    """Multiply by `factor` whenever `update(metric)` has brought no improvement of `delta` for more than `patience` calls.

    mode: whether less ("min") or more ("max") is better.
    """

    factor: float = 0.1
    patience: int = 10
    delta: float = 0.0
    mode: str = "min"
    floor: float = 0.0
    best: float = field(default=inf, init=False)
    waited: int = field(default=0, init=False)
    now: float = field(default=1.0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', not {self.mode!r}")

    def update(self, metric: float) -> None:
        """Tell it the latest measurement."""
        metric = real("a measurement", metric)
        cost = metric if self.mode == "min" else -metric
        if cost < self.best - self.delta:
            self.best, self.waited = cost, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            self.now, self.waited = max(self.now * self.factor, self.floor), 0

    def __call__(self, t: int) -> float:
        return self.now

    def state_dict(self) -> dict[str, Any]:
        """What it remembers."""
        return {"best": self.best, "waited": self.waited, "now": self.now}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best, self.waited, self.now = float(state["best"]), int(state["waited"]), float(state["now"])
