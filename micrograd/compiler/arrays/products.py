"""Sums of products in NumPy: `np.matmul` (BLAS) or `np.einsum`, made to answer as IEEE-754 does.

Both begin at 0.0, where a sum of -0.0 alone is -0.0; and `einsum` takes a common factor out of a sum, which may then overflow, or not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import copysign
from typing import Any

from micrograd.compiler.arrays.operands import Fixed, squeezed
from micrograd.compiler.machine import Run
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import Program
from micrograd.ops.op import Op


def product(step: Instruction, program: Program, out: Any, reads: list[Any], shape: Sequence[int], summed: Sequence[int]) -> Run | None:
    """A contraction of two operands: one matmul where each role has one axis, else einsum.

    None where a summed axis is one operand's alone: the other is a common factor of the sum, and has to stay in its terms.
    """
    target = squeezed(out, summed)
    a, b = (r() for r in reads)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return None
    roles: dict[str, list[int]] = {"z": [], "m": [], "n": [], "k": []}
    regular = True
    for axis, extent in enumerate(shape):
        in_a, in_b = a.shape[axis] == extent, b.shape[axis] == extent
        if extent == 1:
            continue
        if in_a and in_b:
            roles["k" if axis in summed else "z"].append(axis)
        elif axis in summed:
            return None
        elif in_a != in_b:
            roles["m" if in_a else "n"].append(axis)
        else:
            regular = False
    z, m, n, k = roles.values()
    kept = [x for x in range(len(shape)) if x not in summed]
    terms = math.prod(shape[x] for x in summed)
    if not regular or len(m) > 1 or len(n) > 1 or len(k) != 1 or any(shape[x] == 1 for x in range(len(shape))):
        every = list(range(len(shape)))

        def einsum(x: Any, y: Any) -> Any:
            return np.einsum(np.broadcast_to(x, shape), every, np.broadcast_to(y, shape), every, kept)

        return _contraction(step, program, target, einsum, reads, terms)

    def matrix(x: Any, rows: list[int], columns: list[int]) -> Any:
        x = x.transpose([*z, *rows, *columns, *[q for q in range(len(shape)) if q not in (*z, *rows, *columns)]])
        lead = x.shape[: len(z)]
        return x.reshape(*lead, *([shape[rows[0]]] if rows else [1]), *([shape[columns[0]]] if columns else [1]))

    into = target.transpose([kept.index(x) for x in (*z, *m, *n)])
    if not m:
        into = into[..., None, :] if n else into[..., None, None]
    elif not n:
        into = into[..., :, None]
    left, right = reads
    p: Any = Fixed(matrix(a, m, k)) if left.fixed else Fetched(lambda: matrix(left(), m, k))
    q: Any = Fixed(matrix(b, k, n)) if right.fixed else Fetched(lambda: matrix(right(), k, n))
    return _contraction(step, program, into, np.matmul, [p, q], terms)


class Fetched:
    """An operand that is made at every run."""

    fixed = False

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __call__(self) -> Any:
        return self.make()


def _contraction(step: Instruction, program: Program, into: Any, sums: Callable[..., Any], reads: list[Any], terms: int) -> Run:
    """Sums of products by a function that begins at 0.0, mended where the sign of a zero can be seen."""
    left, right = reads
    still = left.fixed and right.fixed
    if step.zero or not signs_matter(program, step):
        make: Callable[[], Any] = partial(sums, left(), right()) if still else lambda: sums(left(), right())
        if step.add:
            return lambda: np.add(into, make(), out=into)
        if sums is np.matmul:
            return partial(np.matmul, left(), right(), out=into) if still else lambda: np.matmul(left(), right(), out=into)
        return lambda: np.copyto(into, make())

    def run() -> None:
        x, y = left(), right()
        found = sums(x, y)
        if not found.all():  # -0.0 where every term is: where no product is more than 0 and none has the sign of 0.0
            negative = sums(np.copysign(1.0, x), np.copysign(1.0, y)) == -terms
            found = np.where((found == 0.0) & negative & (sums(np.abs(x), np.abs(y)) == 0.0), -0.0, found)
        if step.add:
            np.add(into, found, out=into)
        else:
            np.copyto(into, found)

    return run


def signs_matter(program: Program, step: Instruction) -> bool:
    """Whether anything could tell 0.0 from -0.0 in what an instruction computes. Nothing can in a gradient (see `Compiled`)."""
    if step.out.pool != "v":
        return False
    if "signs" not in program.cache:
        program.cache["signs"] = _signs(program)
    return bool(program.cache["signs"][step.out.batch][step.addresses(step.out)].any())


def _signs(program: Program) -> list[Any]:
    """For each slot of the values whether the sign of its zero can be seen: by an output, or by an op that keeps it or divides by it."""
    seen = [np.zeros(n, dtype=bool) for n in program.sizes]
    for output in program.outputs:
        if isinstance(output, tuple):
            seen[output[0]][output[1]] = True
    for _, new in program.assigns:
        seen[0][new] = True
    for step in (*reversed(program.backward), *reversed(program.forward)):
        if step.out.pool != "v":
            blind = step.rule.product or step.rule.fold != "+" or (step.rule.made_by != () and alike(step.rule.made_by[1], slope=True))
        else:
            blind = (step.rule.op is not None and alike(step.rule.op)) or not seen[step.out.batch][step.addresses(step.out)].any()
        for read in step.reads:
            if isinstance(read, Access) and read.pool == "v" and not blind:
                seen[read.batch][step.addresses(read)] = True
    return seen


@lru_cache(maxsize=1024)
def alike(op: Op, slope: bool = False) -> bool:
    """Whether an op of one argument answers 0.0 and -0.0 alike; slope: whether its partial does, but for the sign of a zero."""
    if op.arity != 1:
        return False
    try:
        up, down = op.forward(0.0, *op.params), op.forward(-0.0, *op.params)
        if slope:
            return bool(op.partial(0, up, 0.0) == op.partial(0, down, -0.0))
    except Exception:  # an op of the user's own, which is not for 0
        return False
    return up == down and copysign(1.0, up) == copysign(1.0, down)
