"""A table of the interpreter as text, a line for each record: what it does, over which extents, on which slots of the pools.

    section 0
      0  lanes   add      16 × 2 × 100   sum1[0; 100 0 1] <- p[0; 2 1 0] · x1[0; 0 100 1]

An access is a family, the slot in it at which it begins, and its stride along each axis ("t": by a table). Where one axis ends sooner
at some steps of another, both have a ≤.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from micrograd.compiler.native import kernels
from micrograd.compiler.native.encode import (
    ACCESS,
    AXES,
    AXIS,
    BASE,
    BOUNDS,
    CONSTANT,
    COPY,
    COUNT,
    EXTENTS,
    INNER,
    KERNEL,
    KIND,
    LENGTH,
    LOOKUP,
    MAP,
    MODE,
    OUTER,
    SPANS,
    STRIDES,
    TABLE,
    WAY,
    Encoder,
)  # fmt: skip
from micrograd.compiler.program.instruction import Access
from micrograd.compiler.program.show import Names

LONG = 100  # characters of a rule's code
KINDS = ("map", "lookup", "lanes", "pairs", "summed")
MODES = ("direct", "assign", "add", "ordered", "largest", "positive")


def listing(table: Any, encoder: Encoder) -> str:
    """The whole table."""
    count = int(table[BOUNDS]) - BOUNDS - 1
    codes = {place: code for code, place in kernels.known().items()}
    lines = []
    for section in range(count):
        lines.append(f"section {section}")
        for number, record in enumerate(records(table, section)):
            ends = {record[OUTER], record[INNER]} if record[SPANS] else set()
            extents = " × ".join(f"{'≤' * (a in ends)}{n}" for a, n in enumerate(record[EXTENTS : EXTENTS + record[AXES]]))
            out, *reads = accesses(record, encoder)
            text = _told(record, reads, codes)
            lines.append(f"  {number:3}  {KINDS[record[KIND]]:7} {MODES[record[MODE]]:8} {extents:>20}   {out} <- {text}")
    return "\n".join(lines)


def records(table: Any, section: int) -> Iterator[list[int]]:
    """The records of a section."""
    at, end = int(table[BOUNDS + section]), int(table[BOUNDS + section + 1])
    while at < end:
        yield table[at : at + int(table[at + LENGTH])].tolist()
        at += int(table[at + LENGTH])


def accesses(record: list[int], encoder: Encoder) -> list[str]:
    """The output of a record, then its operands."""
    axes = record[AXES]
    start = EXTENTS + axes
    found = []
    while start < len(record):
        access = record[start : start + ACCESS + axes]
        found.append(_access(access, axes, record[AXIS], encoder))
        start += ACCESS + axes
    return found


def _access(access: list[int], axes: int, indexed: int, encoder: Encoder) -> str:
    for array in encoder.kept:  # numbers of the code
        if array.ctypes.data == access[BASE]:
            return f"{array[0]:g}"
    table = access[TABLE] != 0
    strides = ["t" if table and a == indexed else str(s) for a, s in enumerate(access[STRIDES : STRIDES + axes])]
    way = "all one number, " if access[WAY] == CONSTANT else ""
    return f"{_slot(access[BASE], encoder)}; {way}{' '.join(strides)}{' by a table' if table and indexed < 0 else ''}]"


def _slot(address: int, encoder: Encoder) -> str:
    """`family[slot`, by the address of a number in one of the pools."""
    machine = encoder.machine
    names = Names(machine.program.families)
    for kind, pools in machine.pools.items():
        for batch, pool in enumerate(pools):
            if pool.ctypes.data <= address < pool.ctypes.data + pool.nbytes:
                slot = (address - pool.ctypes.data) // 8 // (machine.samples if batch else 1)
                return names.access(Access(kind, (), slot, None, bool(batch))).rstrip("]").replace(" + …", "")
    return "?["


def _told(record: list[int], reads: list[str], codes: dict[int, tuple[str, ...]]) -> str:
    if record[KIND] == LOOKUP:
        return f"rows of {reads[0]} chosen by {reads[1]}"
    if record[KIND] != MAP:
        return " · ".join(reads)
    if record[KERNEL] == COPY or not record[COUNT]:
        return reads[0] if reads else "0"
    names, *body, text = codes[record[KERNEL]]
    code, given = "; ".join([*body, text]), zip(names.split(", "), reads, strict=True)
    return f"{code if len(code) <= LONG else code[:LONG] + '…'}  ({', '.join(f'{name} = {read}' for name, read in given)})"
