"""`python -m benchmarks.anchor [workload …]`: a training step of ours in C, beside C by hand and JAX with its loop of steps jitted.

Moons, digits, the scalar GPT and 784-128-10 at several sizes (`W5,width=64`); one thread, float64, gradients compared first. Everybody in
turn in one process, the least processor time of many rounds: other work on the machine adds less to that than to wall-clock time. A step
is the difference between two trainings, so that what a call costs by itself is not in it.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

from benchmarks import native
from benchmarks.peers import load
from benchmarks.process import ONE_THREAD
from benchmarks.workloads import Workload, make

WORKLOADS = (
    "W3", "W4", "W5", "W5,positions=32", "W5,positions=64", "W5,positions=128", "W5,width=32", "W5,width=64", "W3,width=128", "W6",
)  # fmt: skip
FEW, ROUNDS, TARGET, MOST = 5, 15, 0.03, 1000
PEERS = {"ours": "ours.native", "C by hand": "c", "JAX, loop jitted": "jax.loop"}
Train = Callable[[int], object]


def seconds(train: Train, steps: int) -> float:
    """Processor time."""
    start = time.process_time()
    train(steps)
    return time.process_time() - start


def least(runs: dict[str, Train], rounds: int = ROUNDS, target: float = TARGET) -> dict[str, float]:
    """Processor seconds of a step: the least of `FEW` steps and of more (`target` long, and twice a call), their difference."""
    more = {}
    for name, train in runs.items():
        train(2)
        few = seconds(train, FEW)
        each = (seconds(train, FEW + 50) - few) / 50
        more[name] = min(MOST, max(20, math.ceil(max(target, 2 * few) / max(each, 1e-7))))
    short, long = dict.fromkeys(runs, math.inf), dict.fromkeys(runs, math.inf)
    for _ in range(rounds):
        for name, train in runs.items():
            short[name] = min(short[name], seconds(train, FEW))
            long[name] = min(long[name], seconds(train, FEW + more[name]))
    return {name: (long[name] - short[name]) / more[name] for name in runs}


def peers(spec: str) -> dict[str, Train]:
    """Those that are installed; ArithmeticError where one finds other gradients than the first."""
    name, *given = spec.split(",")
    sizes = {key: int(number) for key, number in (x.split("=") for x in given)}

    def work() -> Workload:
        return make(name, **sizes)

    runs: dict[str, Train] = {}
    first: list[float] = []
    for who, peer in PEERS.items():
        try:
            known = "ours.batch" if who == "ours" and name == "W6" else peer  # too large to be traced whole
            made = native.Native(work()) if peer == "c" else load(known)(work())
        except ImportError as error:
            print(f"{who}: not installed ({error.name})")
            continue
        loss, gradients = made.gradients()
        found = [loss, *gradients]
        first = first or found
        far = max(abs(a - b) for a, b in zip(found, first, strict=True))
        if not far < 1e-9:
            raise ArithmeticError(f"{spec}: {who} differs by {far}")
        runs[who] = made.train
    return runs


def main(specs: list[str]) -> None:
    for spec in specs:
        found = least(peers(spec))
        ours = found.get("ours", math.nan)
        told = "; ".join(f"{who} {1e6 * t:.1f} µs" + (f" ({ours / t:.2f} of it)" if who != "ours" else "") for who, t in found.items())
        print(f"{spec:18} {told}", flush=True)


if __name__ == "__main__":
    import os

    os.environ.update(ONE_THREAD)
    main(sys.argv[1:] or list(WORKLOADS))
