"""The NumPy back end: each instruction becomes a few array calls on views of the pools, made once.

Affine accesses are strided views, so nothing is copied; products that sum over an axis go to BLAS (`np.matmul`) where
their axes allow, else to `np.einsum`; tables of addresses are gathers and segmented sums. What these do otherwise than IEEE-754 says is
mended here and in `products`: they begin sums at 0.0, `einsum` takes out common factors, `maximum` tells zeros apart by chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from micrograd import ops
from micrograd.compiler.arrays.operands import Rows, operand, squeezed, view
from micrograd.compiler.arrays.products import product, signs_matter
from micrograd.compiler.machine import Machine, Pools, Run
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.rule import Rule, calls
from micrograd.ops import ieee

LARGE = 2**20  # terms in one product from which BLAS is faster than loops

TEMPLATES = {op.name: op.array for op in ops.TABLE.values() if op.array and op.arity is not None} | {
    "add": "np.add({0}, {1})", "sub": "np.subtract({0}, {1})", "mul": "np.multiply({0}, {1})", "div": "np.divide({0}, {1})",
    "neg": "np.negative({0})", "power": "np.float_power({0}, {1})", "pow": "np.float_power({0}, {1})",
    "less": "np.less({0}, {1})", "equal": "np.equal({0}, {1})",
    "relu": "np.add(np.maximum({0}, 0.0), 0.0)" if np.signbit(np.maximum(np.full(65, -0.0), 0.0)).any() else "np.maximum({0}, 0.0)",
    "maximum": "maximum({0}, {1})", "minimum": "minimum({0}, {1})",
}  # fmt: skip
IEEE = {name: TEMPLATES[name] for name in ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "less", "equal", "where")}  # everywhere alike


def _elementwise(f: Callable[..., float], n: int) -> Callable[..., Any]:
    called = np.frompyfunc(f, n, 1)
    return lambda *xs, out=None: np.asarray(called(*xs), dtype=np.float64)


def _maximum(x: Any, y: Any) -> Any:
    """As `ieee.maximum`, of 0.0 and -0.0 the first."""
    found = np.maximum(x, y)
    return found if np.all(found) else np.where(np.equal(x, y) & np.equal(x, 0.0), np.add(x, y), found)


def _minimum(x: Any, y: Any) -> Any:
    found = np.minimum(x, y)
    return found if np.all(found) else np.where(np.equal(x, y) & np.equal(x, 0.0), np.negative(np.subtract(np.negative(x), y)), found)


FUNCTIONS: dict[str, Any] = {
    "np": np, "power": np.float_power, "inf": math.inf, "nan": math.nan, "maximum": _maximum, "minimum": _minimum,
    "gauss": _elementwise(ieee.gauss, 2), "erf": _elementwise(math.erf, 1),
}  # fmt: skip
ENGINE = FUNCTIONS | {
    op.name: _elementwise(op.forward, op.arity + len(op.constants))
    for op in ops.TABLE.values()
    if op.arity is not None and op.define is None and op.name not in IEEE
}


class ArrayMachine(Machine):
    """Pools for a program, its instructions as calls of NumPy (backend="numpy")."""

    def call(self, step: Instruction, pools: Pools) -> Run:
        """An instruction on these pools, as a call without arguments."""
        return bound(step, self.program, pools, self.samples)


def large(step: Instruction, samples: int, terms: int | None = None) -> bool:
    """Whether it is a matrix product of so many terms (`LARGE`, if not told) that BLAS does it best: compiled code leaves it to `bound`.

    In a convolution one number is read at several indices (i + k): BLAS would be given copies.
    """
    if not step.rule.product or len(step.reads) != 2 or step.size * (samples if step.batch else 1) < (LARGE if terms is None else terms):
        return False
    return all(_apart(access, step) for access in step.accesses)


def _apart(access: Access, step: Instruction) -> bool:
    """Whether an access goes to another number at each of the indices that it uses."""
    span = 0
    for stride, extent in sorted((abs(s), n) for s, n in zip(access.strides, step.shape, strict=True) if s and n > 1):
        if stride <= span:
            return False
        span += stride * (extent - 1)
    return access.affine


def bound(step: Instruction, program: Program, pools: Pools, samples: int) -> Run:
    """An instruction of a program on these pools, as a call without arguments."""
    exact, signs = program.exact, signs_matter(program, step)
    step = program.boxed(step)
    if step.zero and not signs:
        step = replace(step, zero=False)
    shape = (*step.shape, samples) if step.batch else step.shape
    summed = (*step.summed, *((len(shape) - 1,) if step.sums_batch else ()))
    reads = [operand(r, step, pools, shape) for r in step.reads]
    if step.rule.fold == "ordered":
        return _ordered(step, pools, reads)
    if step.scatters:
        return _scatter(step, pools, shape, summed, reads, exact)
    out = view(pools[step.out.pool][step.out.batch], step.out, step, shape)
    if step.rule.fold == "shift":
        return _shift(reads[0], out, shape, summed, 0.0 if signs else None)
    if step.rule.product and len(reads) == 2 and summed:
        return product(step, program, out, reads, shape, summed) or _map(step, out, reads, shape, summed)
    return _map(step, out, reads, shape, summed, exact)


def _shift(read: Any, out: Any, shape: Sequence[int], summed: Sequence[int], zero: float | None) -> Run:
    target = out.reshape([n for a, n in enumerate(shape) if a not in summed])

    def run() -> None:
        x = np.broadcast_to(read(), shape).max(axis=tuple(summed)) if summed else np.broadcast_to(read(), shape)
        np.copyto(target, np.where(np.isinf(x), 0.0, x if zero is None else x + zero))

    return run


def _ordered(step: Instruction, pools: Pools, reads: list[Any]) -> Run:
    """Sums from left to right, each partial sum rounded: what `cumsum` does and `sum` does not."""
    pool = pools[step.out.pool][step.out.batch]
    addresses = step.out.addresses(step.shape).ravel()
    order = np.argsort(addresses, kind="stable")
    where = np.unique(addresses)
    f, _ = function(step.rule)

    def run() -> None:
        x = np.broadcast_to(f(*[r() for r in reads]), step.shape).ravel()[order].reshape(len(where), -1)
        pool[where] = np.cumsum(x, axis=1)[:, -1]

    return run


def _map(step: Instruction, out: Any, reads: list[Any], shape: Sequence[int], summed: Sequence[int], exact: bool = False) -> Run:
    """An elementwise rule, then the sum over the axes that the output has not."""
    f, into = function(step.rule, exact)
    add, start = step.add, 0.0 if step.zero else -0.0  # NumPy's own sums begin at 0.0
    target = squeezed(out, summed)
    if not summed:
        if step.zero:
            return lambda: np.add(f(*[r() for r in reads]), 0.0, out=target)
        if into and not add:
            return lambda: f(*[r() for r in reads], out=target)
        if add:
            return lambda: np.add(target, f(*[r() for r in reads]), out=target)
        return lambda: np.copyto(target, f(*[r() for r in reads]))
    axes = tuple(summed)

    def run() -> None:
        x = f(*[r() for r in reads])
        if np.shape(x) != tuple(shape):
            x = np.broadcast_to(x, shape)
        if add:
            np.add(target, np.add.reduce(x, axis=axes, initial=start), out=target)
        else:
            np.add.reduce(x, axis=axes, initial=start, out=target)

    return run


def _scatter(step: Instruction, pools: Pools, shape: Sequence[int], summed: Sequence[int], reads: list[Any], exact: bool) -> Run:
    """An output with a table of addresses: points that share an address are added (or folded) segment by segment."""
    pool = pools[step.out.pool][step.out.batch]
    if step.out.chosen is not None:
        places = Rows(step.out, step, pools, shape)
        f, _ = function(step.rule, exact)
        return lambda: np.add.at(pool, places(), np.broadcast_to(f(*[r() for r in reads]), shape))
    kept = [a for a in range(len(step.shape)) if a not in step.summed]
    inner = tuple(summed)
    addresses = step.out.addresses(step.shape)
    addresses = addresses[tuple(slice(None) if a in kept else 0 for a in range(len(step.shape)))].ravel()
    order = np.argsort(addresses, kind="stable")
    ordered = addresses[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    places = ordered[starts]
    unique = len(places) == len(addresses)
    in_order = bool((order == np.arange(len(order))).all())
    f, _ = function(step.rule, exact)
    tail = (shape[-1],) if step.out.batch else ()
    if step.rule.fold == "shift":

        def run_shift() -> None:
            x = np.broadcast_to(reads[0](), shape)
            x = (x.max(axis=inner) if inner else x).reshape(len(addresses), *tail)
            x = np.maximum.reduceat(x if in_order else x[order], starts)
            pool[places] = np.where(np.isinf(x), 0.0, x + 0.0)

        return run_shift
    both = all(isinstance(r, Access) and all(r.uses(a) for a in step.summed) for r in step.reads)  # no common factor
    pairs = step.out.pool == "g" and step.rule.product and len(reads) == 2 and inner and both and not step.batch
    every = list(range(len(shape)))
    remain = [a for a in every if a not in inner]

    def run() -> None:
        if pairs:
            x = np.einsum(np.broadcast_to(reads[0](), shape), every, np.broadcast_to(reads[1](), shape), every, remain)
        else:
            x = np.broadcast_to(f(*[r() for r in reads]), shape)
            if inner:
                x = np.add.reduce(x, axis=inner, initial=-0.0)
        x = x.reshape(len(addresses), *tail)
        if not in_order:
            x = x[order]
        if not unique:
            x = np.add.reduceat(x, starts)
        if step.add:
            pool[places] += x
        else:
            pool[places] = x + 0.0 if step.zero else x

    return run


@lru_cache(maxsize=4096)
def function(rule: Rule, exact: bool = False) -> tuple[Callable[..., Any], bool]:
    """The rule as a function of arrays, and whether it takes `out=`. exact: NumPy computes what has one answer, the engine the rest."""
    templates = IEEE if exact else TEMPLATES
    unknown = calls(rule, templates, not exact)  # ops of the user's own
    known = templates if exact else templates | {name: op.array for name, op in unknown.items() if op.array}
    body, text = rule.code(known, squares=not exact)
    into = text.startswith("np.") and _is_one_call(text) and not text.startswith(("np.where", "np.less", "np.equal"))
    if into:
        text = f"{text[:-1]}, out=out)"
    code = f"def f({', '.join((*rule.names, 'out=None'))}):\n" + "".join(f"    {line}\n" for line in (*body, f"return {text}"))
    namespace = (ENGINE if exact else FUNCTIONS) | {
        name: _elementwise(op.forward, (op.arity or 0) + len(op.params)) for name, op in unknown.items()
    }
    exec(compile(code, f"<{rule.name} for NumPy>", "exec"), namespace)  # source made by the table's own rules
    return namespace.pop("f"), into  # (kept there, it would be a cycle)


def _is_one_call(text: str) -> bool:
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == ")" and depth == 0:
            return i == len(text) - 1
    return False
