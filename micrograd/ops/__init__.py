"""The table of primitives, a row for each op; adding one touches `table.py` alone.

`table` has the rows, `rules` the partials that take more than a line (each calls the rows of the other), `op` what a row is,
`symbol` their reading as source, `ieee` the forward functions on floats.
"""

from micrograd.ops.op import Cases as Cases
from micrograd.ops.op import Kink as Kink
from micrograd.ops.op import Op as Op
from micrograd.ops.table import *  # noqa: F403
