"""Where the recorded graph stands in for the function that made it: asked thousands of times, a graph answers sooner.

The function itself is asked at the point and at displaced points along random directions, far and near. Only where its graph gives
the same numbers there, in every bit, is it a function of its arguments by arithmetic alone; one that branches, reads `.data`, or moves
in any other way gives itself away there, and is asked itself.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from contextlib import suppress

from micrograd.checking.evaluation import Evaluation, GraphEvaluation
from micrograd.checking.slots import SlotEvaluation

SCALES = (0.25, 2.0**-7, 2.0**-16, 2.0**-27)  # of each number's size: from the first step of a ladder to less than its smallest
FEW = 8  # so few inputs are asked of the function itself, unless they are moved in place


class Recorded(GraphEvaluation):
    """A function's recorded graph in its place, input by input; where all move at once the function itself is asked."""

    def __init__(self, asked: SlotEvaluation) -> None:
        super().__init__(asked.root, asked.leaves)
        self.asked, self.names, self.start = asked, asked.names, asked.start

    def here(self) -> float:
        return self.asked.here()

    def at_all(self, numbers: Sequence[float]) -> float:
        try:
            return self.asked.at_all(numbers)
        finally:
            self.asked.restore()

    def agrees(self, numbers: Sequence[float], outputs: Sequence[float] | None) -> bool:
        """Whether the graph gives what the function gave at these numbers (None, or fewer outputs: it has no number there)."""
        y = math.nan if outputs is None or len(outputs) <= self.asked.output else outputs[self.asked.output]
        mine = super().at_all(numbers)
        return mine == y or (mine != mine and y != y)


def standing_in(asked: Sequence[SlotEvaluation]) -> Sequence[Evaluation]:
    """For each output of a function its graph, where that gives the function's own numbers around the point; else itself."""
    if not asked:
        return asked
    slots, start = asked[0].slots, asked[0].start
    if (len(start) < FEW and not asked[0].in_place) or slots.plain or not all(map(math.isfinite, start)):
        return asked
    found: list[Evaluation] = list(asked)
    for k, e in enumerate(asked):
        with suppress(TypeError, ValueError):  # a node made by hand
            found[k] = Recorded(e)
    signs = random.Random(0)
    try:
        for scale in SCALES:
            way = [scale * (abs(x) or 1.0) * signs.choice((-1.0, 1.0)) * signs.uniform(0.5, 1.0) for x in start]
            for side in (-1.0, 1.0):
                numbers = [x + side * step for x, step in zip(start, way, strict=True)]
                outputs = slots.numbers(numbers)
                for k, graph in enumerate(found):
                    if isinstance(graph, Recorded) and not graph.agrees(numbers, outputs):
                        found[k] = asked[k]
    finally:
        asked[0].restore()
    return found
