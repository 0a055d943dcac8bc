"""The garbage collector, kept from looking through a million new objects among which there is no cycle.

Python looks through its youngest objects whenever there are 700 more of them, and through all as they become many. Nodes of a graph refer
to older ones alone, so nothing is found: that took a quarter of a step of 65,000 nodes, and two thirds of one of 650,000.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from micrograd.modes import tick

MANY, MOST = 10_000, 1_000_000  # nodes of a graph from which it is worth it; young objects that wait at most


@contextmanager
def paused() -> Iterator[None]:
    """Without it, while many objects are made that all stay: its search would double the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Patience:
    """The thresholds that were set here (none: ()), and before; the engine's clock when there was last reason for them."""

    ours: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    clock = 0


def expect(nodes: int) -> None:
    """A graph of so many nodes was walked, so there will be another as large: until then the collector waits for two.

    The first collection that finds mostly other things than nodes puts everything back. What is set by others (`gc.disable`,
    `gc.set_threshold`) stands.
    """
    wanted = min(MOST, 2 * nodes)
    if nodes < MANY or not gc.isenabled():
        return
    now = gc.get_threshold()
    if now != _Patience.ours:
        _Patience.before = now
    if 0 < now[0] < wanted:
        _Patience.ours = (wanted, 1, 1)  # and older ones at every second look at younger ones, not every tenth
        gc.set_threshold(*_Patience.ours)
        if _look not in gc.callbacks:
            gc.callbacks.append(_look)
    _Patience.clock = tick()


def _look(phase: str, info: dict[str, int]) -> None:
    """At each collection: whether half of what was made since the latest is nodes."""
    now = tick()
    made, _Patience.clock = now - _Patience.clock, now
    if phase == "start" and _Patience.ours and 2 * made < _Patience.ours[0]:
        if gc.get_threshold() == _Patience.ours:
            gc.set_threshold(*_Patience.before)
        _Patience.ours = ()
