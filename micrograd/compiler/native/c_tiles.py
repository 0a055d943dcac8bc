"""A batch in tiles on several cores, in compiled code that holds no lock of the interpreter; the same bits for any number of threads.

Neighbouring tiles are groups, whichever the number of threads. A group is added up from its first tile to its last, by the thread
that comes first to it, on pools of its own; then the groups are added up in their order.
"""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from micrograd.compiler.machine import Machine
from micrograd.compiler.native import cc
from micrograd.compiler.native.c_code import POOLS, CMachine
from micrograd.compiler.numpy_gate import np

GROUPS = 64  # at most: each has gradients of its own

SOURCE = f"""\
/* Tiles of a batch: groups of them, until there are none left; group 0 is for whoever is told to begin with it. */
#include <string.h>

#define NEXT __atomic_fetch_add(next, 1, __ATOMIC_RELAXED)

int tiles(void (*run)({POOLS}, int, int), {POOLS}, int sections, const double *inputs, long fed, long samples, long size,
          const long *starts, long groups, int begins, long *next, double *gradients, long count, double *sums,
          const long *outputs, long returned) {{
    int bad = 0;
    for (long g = begins ? 0 : NEXT; g < groups; g = NEXT) {{
        double *gradient = gradients + g * count;
        for (long i = 0; i < count; i++) gradient[i] = 0.0;
        for (long k = 0; k < returned; k++) sums[g * returned + k] = 0.0;
        for (long tile = starts[g]; tile < starts[g + 1]; tile++) {{
            for (long i = 0; i < fed; i++) memcpy(VB + i * size, inputs + i * samples + tile * size, size * sizeof *VB);
            run(V, G, VB, GB, T, 0, sections);
            for (long i = 0; i < count && sections > 1; i++) {{
                gradient[i] += G[i];
                bad |= G[i] != G[i];
            }}
            for (long k = 0; k < returned; k++) {{
                double sum = 0.0;
                for (long b = 0; b < size; b++) sum += VB[outputs[k] * size + b];
                sums[g * returned + k] += sum;
            }}
        }}
    }}
    return bad;
}}
"""

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}  # (process, threads) → those beside the one that asks


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Tiles:
    """The whole tiles of a batch. first: the machine of one tile, run by C. outputs: the slots of the batch that are added up."""

    def __init__(self, first: Machine, samples: int, threads: int, outputs: list[int]) -> None:
        count = samples // first.samples
        groups = min(GROUPS, count)
        self.first, self.samples, self.threads = first, samples, min(threads, groups)
        self.starts = np.arange(groups + 1, dtype=np.int64) * count // groups
        self.gradients, self.sums = np.zeros((groups, first.count)), np.zeros((groups, len(outputs)))
        self.outputs = np.array([*outputs, 0], dtype=np.int64)
        self.machines = [first, *(CMachine(first.program, first.samples) for _ in range(self.threads - 1))]
        for machine in self.machines[1:]:
            machine.seed(1.0 / samples)
        self._tiles = cc.load(SOURCE, "the loop over tiles once").tiles
        self._tiles.restype = ctypes.c_int

    def run(self, inputs: Any, fed: int, sections: int) -> bool:
        """Fill `gradients` and `sums`, a row for each group; whether a gradient is nan. inputs: a row for each slot that is fed."""
        left = np.ones(1, dtype=np.int64)
        for machine in self.machines[1:]:
            machine.values[0][:] = self.first.values[0]
        rest = [self._pool().submit(self._work, m, inputs, fed, sections, left) for m in self.machines[1:]]
        bad = self._work(self.first, inputs, fed, sections, left)
        return any([bad, *(found.result() for found in rest)])

    def _work(self, machine: Machine, inputs: Any, fed: int, sections: int, left: Any) -> int:
        run, arguments = machine.entry
        long = ctypes.c_long
        found: int = self._tiles(
            run, *arguments, ctypes.c_int(sections), cc.pointer(inputs), long(fed), long(self.samples), long(machine.samples),
            cc.pointer(self.starts), long(len(self.gradients)), ctypes.c_int(machine is self.first), cc.pointer(left),
            cc.pointer(self.gradients), long(machine.count), cc.pointer(self.sums), cc.pointer(self.outputs), long(self.sums.shape[1]),
        )  # fmt: skip
        return found

    def _pool(self) -> ThreadPoolExecutor:
        key = os.getpid(), self.threads  # a fork has no threads but one
        if key not in _pools:
            _pools[key] = ThreadPoolExecutor(self.threads - 1, "micrograd")
        return _pools[key]
