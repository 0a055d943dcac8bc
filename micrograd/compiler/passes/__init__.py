"""The passes, in order: from the scalar graph of a trace to a Program.

Each is a file, whose function takes one thing and gives (thing, what it did). What passes between them prints:
`print(step.after("fuse"))`.

    trace → scalars → Scalars → fuse → Units → group → Loops → rows → Loops → factor → Nests → layout → Nests → assemble → Program → …

The rest take a Program and give one: transpose (or eager_order, with exact=True) derives its backward half, roll puts loops around
what repeats. A pass that had nothing to do says nothing. `lowering` walks over the list, `known` keeps what came of graphs seen before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.compiler.passes import (
    assemble,
    careful,
    eager_order,
    factor,
    fuse,
    group,
    layout,
    roll,
    rows,
    transpose,
    verify,
)  # fmt: skip
from micrograd.compiler.tracing import scalars

Pass = Callable[[Any], tuple[Any, str]]

PASSES: dict[str, Pass] = {
    "scalars": scalars.scalars,
    "fuse": fuse.fuse,
    "group": group.group,
    "rows": rows.rows,
    "factor": factor.factor,
    "layout": layout.layout,
    "assemble": assemble.assemble,
    "transpose": transpose.transpose,
    "eager_order": eager_order.eager_order,
    "careful": careful.careful,
    "roll": roll.roll,
    "verify": verify.verify,
}
