"""Peers in one process, in turn: what they give is compared with the first one's, then each is timed by its least processor time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

Train = Callable[[int], object]  # so many steps of training
Found = tuple[float, list[float]]  # loss and gradients


def compared(peers: dict[str, Callable[[], tuple[Found, Train]]], close: float = 1e-12) -> dict[str, Train]:
    """Those peers that are installed; ArithmeticError where one finds another loss or gradient than the first."""
    runs: dict[str, Train] = {}
    reference: Found | None = None
    for name, make in peers.items():
        try:
            found, runs[name] = make()
        except ImportError as error:
            print(f"{name}: not installed ({error})")
            continue
        reference = reference or found
        far = max(abs(a - b) for a, b in zip((found[0], *found[1]), (reference[0], *reference[1]), strict=True))
        if not far < close:
            raise ArithmeticError(f"{name} differs by {far}")
    return runs


def least(runs: dict[str, Train], rounds: int = 15, target: float = 0.05) -> dict[str, float]:
    """The least processor seconds of a step, over so many rounds of everybody in turn, each of about `target` seconds."""
    steps = {}
    for name, train in runs.items():
        train(2)
        start = time.process_time()
        train(5)
        steps[name] = max(1, math.ceil(5 * target / max(1e-9, time.process_time() - start)))
    found = dict.fromkeys(runs, math.inf)
    for _ in range(rounds):
        for name, train in runs.items():
            start = time.process_time()
            train(steps[name])
            found[name] = min(found[name], (time.process_time() - start) / steps[name])
    return found
