"""What an instruction reads and writes, as NumPy sees it: a view made once, or addresses that are looked up at every run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.compiler.machine import Pools
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access, Instruction


class Fixed:
    """An operand that is a view of a pool (or a number): the same array at every run."""

    fixed = True

    def __init__(self, array: Any) -> None:
        self.array = array

    def __call__(self) -> Any:
        return self.array


class Gathered:
    """An operand with a table of addresses: fetched at every run."""

    fixed = False

    def __init__(self, pool: Any, addresses: Any) -> None:
        self.pool, self.addresses = pool, addresses

    def __call__(self) -> Any:
        return self.pool[self.addresses]


class Rows:
    """The addresses of an access whose row is chosen at every run: an array, with the samples as its last axis in a batch."""

    def __init__(self, access: Access, step: Instruction, pools: Pools, shape: Sequence[int]) -> None:
        self.jumps, self.shape = access.jumps, shape
        self.starts = access.starts(step.shape)
        self.sample = None
        if step.batch:
            self.starts = self.starts[..., None]
            self.sample = np.arange(shape[-1]) if access.batch else None
        self.number = operand(access.chosen, step, pools, shape)

    def __call__(self) -> Any:
        places = np.broadcast_to(self.starts + self.jumps[self.number().astype(np.int64)], self.shape)
        return places if self.sample is None else (places, self.sample)


class Chosen:
    """An operand in rows that are chosen at every run."""

    fixed = False

    def __init__(self, pool: Any, places: Rows) -> None:
        self.pool, self.places = pool, places

    def __call__(self) -> Any:
        return self.pool[self.places()]


def operand(read: Any, step: Instruction, pools: Pools, shape: Sequence[int]) -> Any:
    """An operand as a call without arguments that gives its numbers, in an array that broadcasts to `shape`."""
    if not isinstance(read, Access):
        return Fixed(np.float64(read))
    pool = pools[read.pool][read.batch]
    if read.affine:
        return Fixed(view(pool, read, step, shape))
    if read.chosen is not None:
        return Chosen(pool, Rows(read, step, pools, shape))
    used = tuple(slice(None) if read.uses(a) else slice(0, 1) for a in range(len(step.shape)))
    addresses = read.addresses(step.shape)[used]
    if step.batch and not read.batch:
        addresses = addresses[..., None]
    return Gathered(pool, addresses)


def view(pool: Any, access: Access, step: Instruction, shape: Sequence[int]) -> Any:
    """The numbers of an affine access as a strided view; axes that it does not use have extent 1."""
    extents = [n if s else 1 for n, s in zip(step.shape, access.strides, strict=True)]
    unit = pool.strides[0]
    strides = [s * unit for s in access.strides]
    start = pool[access.base :] if access.base < len(pool) else pool[:0]
    if step.batch:
        extents.append(shape[-1] if access.batch else 1)
        strides.append(pool.strides[-1] if access.batch else 0)
    return np.lib.stride_tricks.as_strided(start, extents, strides)


def squeezed(out: Any, summed: Sequence[int]) -> Any:
    """An output without the axes that are summed."""
    if not summed:
        return out
    where: tuple[Any, ...] = (*(0 if a in summed else slice(None) for a in range(out.ndim)), ...)
    return out[where]
