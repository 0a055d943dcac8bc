"""Averages of the parameters over the course of training, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

from micrograd.engine import Value
from micrograd.given import real


class Average:
    """A running average of parameters: their mean (Izmailov et al. 2018, SWA), or with `decay` an exponential one.

    mean: a ← a + (p - a)/n; exponential: a ← decay · a + (1 - decay) · p.

    >>> p = Value(1.0)
    >>> average = Average([p]); average.update()
    >>> p.data = 3.0; average.update()
    >>> with average.applied(): p.data
    2.0
    >>> p.data
    3.0
    """

    def __init__(self, params: Any, decay: float | None = None) -> None:
        self.params: list[Value] = params.parameters() if hasattr(params, "parameters") else list(params)
        if decay is not None and not 0 <= real("decay", decay) < 1:
            raise ValueError(f"decay must be in [0, 1), not {decay}")
        self.decay, self.count = decay, 0
        self.values = [p.data for p in self.params]

    def update(self) -> None:
        """Take in the parameters as they are now."""
        self.count += 1
        if self.decay is None or self.count == 1:
            self.values = [a + (p.data - a) / self.count for a, p in zip(self.values, self.params, strict=True)]
        else:
            d = self.decay
            self.values = [d * a + (1.0 - d) * p.data for a, p in zip(self.values, self.params, strict=True)]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this block the parameters are their averages."""
        kept = [p.data for p in self.params]
        self._set(self.values)
        try:
            yield
        finally:
            self._set(kept)

    def apply(self) -> None:
        """Set the parameters to their averages for good."""
        self._set(self.values)

    def _set(self, numbers: list[float]) -> None:
        for p, x in zip(self.params, numbers, strict=True):
            p.data = x

    def state_dict(self) -> dict[str, Any]:
        """What it remembers."""
        return {"count": self.count, "values": list(self.values)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if len(state["values"]) != len(self.params):
            raise ValueError(f"the state has {len(state['values'])} averages, for {len(self.params)} parameters")
        self.count, self.values = int(state["count"]), list(map(float, state["values"]))


class EarlyStopping:
    """Whether to stop: `update(metric)` is True after more than `patience` calls without an improvement of `delta`.

    mode: whether less ("min") or more ("max") is better. With params, `restore()` sets them back to their best.
    """

    def __init__(self, patience: int = 10, delta: float = 0.0, mode: str = "min", params: Any = ()) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', not {mode!r}")
        self.patience, self.delta, self.mode = real("patience", patience), real("delta", delta), mode
        self.params: list[Value] = params.parameters() if hasattr(params, "parameters") else list(params)
        self.best, self.waited, self.kept = inf, 0, [p.data for p in self.params]

    def update(self, metric: float) -> bool:
        """Tell it the latest measurement."""
        metric = real("a measurement", metric)
        cost = metric if self.mode == "min" else -metric
        if cost < self.best - self.delta:
            self.best, self.waited, self.kept = cost, 0, [p.data for p in self.params]
        else:
            self.waited += 1
        return self.waited > self.patience

    def restore(self) -> None:
        """Set the parameters to what they were at the best measurement."""
        for p, x in zip(self.params, self.kept, strict=True):
            p.data = x

    def state_dict(self) -> dict[str, Any]:
        """What it remembers."""
        return {"best": self.best, "waited": self.waited, "kept": list(self.kept)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        if len(state["kept"]) != len(self.params):
            raise ValueError(f"the state has {len(state['kept'])} best numbers, for {len(self.params)} parameters")
        self.best, self.waited, self.kept = float(state["best"]), int(state["waited"]), list(map(float, state["kept"]))
