"""Compiled scalar code against the original, other scalar engines, hand-written NumPy and C, PyTorch, JAX, tinygrad and autograd.

    python -m benchmarks compiled

Every figure in a fresh process, one thread, everybody in turn; gradients compared before anything is timed.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
from functools import partial
from typing import Any

from benchmarks import native
from benchmarks.peers import PEERS, load
from benchmarks.process import deep, fresh, in_turn, peak_memory
from benchmarks.workloads import make

NOT_CALLED = ("ours.numpy", "ours.interpreter", "ours.auto", "ours.batch", "c", "numpy", "jax.loop")  # on the README's expression
TABLE = {
    "W1": tuple(name for name in PEERS if name not in NOT_CALLED),
    "W3": tuple(name for name in PEERS if name != "ours.batch"),
    "W4": tuple(name for name in PEERS if name != "ours.batch"),
    "W5": tuple(name for name in PEERS if name != "ours.batch"),
    "W6": ("ours.batch", "c", "numpy", "torch", "torch.compile", "jax", "jax.loop"),
}
SCALED = ("ours.native", "c", "numpy", "torch", "jax", "jax.loop")
LARGE = tuple(name.replace("ours.native", "ours.batch") for name in SCALED)
CURVES: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "samples": ("W3", "samples", (100, 1_000, 10_000, 100_000)),
    "width": ("W3", "width", (8, 16, 32, 64, 128)),
    "positions": ("W5", "positions", (8, 16, 32, 64, 128)),
    "gpt_width": ("W5", "width", (16, 32, 64)),
}
MOST_NODES = 300_000  # beyond, the gradients are compared with C's, which agree with eager on the smaller ones
MOST_STEPS = {"W3": 20_000, "W4": 20_000, "W5": 1_000, "W6": 1_000}  # of one training: no number becomes subnormal


# --- in the fresh process ------------------------------------------------------------------------------------------------


def nodes(name: str, sizes: dict[str, int]) -> float:
    """About how many scalars one loss of this workload is."""
    if name in ("W3", "W4", "W6"):
        samples = sizes.get("samples", sizes.get("batch", {"W3": 100, "W4": 32, "W6": 64}[name]))
        width = sizes.get("width", 16)
        return samples * {"W3": 2.0 * width * (width + 3), "W4": 5_000, "W6": 2e5}[name]
    return sizes.get("positions", 16) * 9_000.0


def step(who: str, name: str, text: str) -> dict[str, Any]:
    """Time to the first step, steady step, gradients' distance from the reference, memory."""
    sizes = json.loads(text)
    start = time.perf_counter()
    try:
        cls = load(who)
    except ImportError as error:
        return {"note": f"not installed ({error.name})"}
    imported = time.perf_counter() - start
    work = make(name, **sizes)
    before = peak_memory()
    start = time.perf_counter()
    peer = cls(work)
    peer.train(1)
    first = time.perf_counter() - start
    resident = peak_memory() - before
    far = distance(peer, name, sizes)
    found: dict[str, Any] = {"import": imported, "first": first, "resident": resident, "distance": far}
    if not far < 1e-9:
        return {"note": f"gradients differ by {far:.1e}"}
    if name == "W1":
        return found | {"step": steady(lambda n: [peer.call() for _ in range(n)], 2000)}
    return found | {"step": steady(peer.train, MOST_STEPS[name])}


def distance(peer: Any, name: str, sizes: dict[str, int]) -> float:
    """The largest difference of loss and gradients from the eager engine's (C's, where the graph would be too large)."""
    loss, gradients = peer.gradients()
    work = make(name, **sizes)
    if nodes(name, sizes) > MOST_NODES and native.compiler():
        true_loss, true = native.Native(work).gradients()
    elif nodes(name, sizes) > MOST_NODES:
        true_loss, true = load("numpy")(work).gradients()
    else:
        true_loss, true = work.gradients()
    scale = max(1.0, *map(abs, true))
    return max(abs(a - b) for a, b in zip((loss, *gradients), (true_loss, *true), strict=True)) / scale


def steady(train: Any, most: int, least: float = 0.01, rounds: int = 31, patience: float = 10.0) -> float:
    """Wall-clock seconds of one step more: (time of 2n steps - time of n) / n, medians of rounds of `least` seconds or more.

    What a call of train costs by itself (data and parameters into arrays and back) is left to the first step.
    """

    def timed(steps: int) -> float:
        start = time.perf_counter()
        train(steps)
        return time.perf_counter() - start

    twice, once = timed(2), timed(1)
    if once > 0.3 and twice > 1.5 * once:  # a step by itself is long
        return statistics.median([twice / 2, once, timed(1)])
    once = min(timed(1), timed(1))  # the first of all may have compiled
    n = 1
    while n < most // 2 and (more := min(timed(2 * n), timed(2 * n)) - once) < max(2 * least, once):
        n = min(most // 2, max(n + 1, min(4 * n, math.ceil(1.2 * n * max(2 * least, once) / max(more, 1e-9)))))
    long = timed(2 * n)
    rounds = max(3 if long < patience / 5 else 1, min(rounds, int(patience / (1.5 * long))))
    both = [(timed(2 * n), timed(n)) for _ in range(rounds)]
    return (statistics.median(long for long, _ in both) - statistics.median(short for _, short in both)) / n


def trace(name: str) -> dict[str, float]:
    """What it takes to compile: nodes traced, bytes a node at the peak, time to the first step in eager passes."""
    from micrograd.compiler.passes import known

    work = make(name)
    work.step()
    start = time.perf_counter()
    work.step()
    eager_pass = time.perf_counter() - start
    count = len(work.loss(*work.inputs).topological())
    cls = load("ours.auto")
    start = time.perf_counter()
    cls(work).train(1)
    first = time.perf_counter() - start
    work = make(name)
    known._known.clear()  # the program that the graph above was found to be
    tracemalloc.start()
    cls(work).train(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"nodes": float(count), "eager": eager_pass, "first": first, "bytes": peak / count}


def cold(who: str, name: str) -> dict[str, Any]:
    """Time to the first step where no compiled code is kept on disk yet."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["MICROGRAD_CACHE"] = empty
        try:
            cls = load(who)
        except ImportError as error:
            return {"note": f"not installed ({error.name})"}
        work = make(name)
        start = time.perf_counter()
        cls(work).train(1)
        return {"cold": time.perf_counter() - start}


MODULE = "benchmarks.compiled"
PROBES: dict[str, Any] = {"step": step, "trace": trace, "cold": cold}


# --- in the measuring process --------------------------------------------------------------------------------------------


def table(rounds: int) -> dict[str, Any]:
    """A training step of every workload by everybody."""
    return {name: turns({w: (w, name, "{}") for w in who}, rounds) for name, who in TABLE.items()}


def curve(name: str, rounds: int) -> dict[str, Any]:
    """A step against one size."""
    workload, axis, sizes = CURVES[name]
    jobs = {}
    for size in sizes:
        more = ("ours.interpreter",) if workload == "W5" else ()
        for w in (*more, *(LARGE if axis == "samples" and size > 1000 else SCALED)):
            jobs[f"{w} {size}"] = (w, workload, json.dumps({axis: size}))
    return turns(jobs, rounds)


def first(rounds: int) -> dict[str, Any]:
    """Tracing: time to the first step in eager passes, bytes a node; and the first step of the compiled code, nothing on disk."""
    probes = {"trace": ("trace",), "cold": ("cold", "ours.native")}
    return {
        probe: in_turn({name: partial(fresh, MODULE, *words, name) for name in ("W3", "W4", "W5")}, rounds)
        for probe, words in probes.items()
    }


def turns(jobs: dict[str, tuple[str, str, str]], rounds: int) -> dict[str, Any]:
    """Measure a step of each, everybody in turn."""
    return in_turn({title: partial(fresh, MODULE, "step", *job, timeout=300) for title, job in jobs.items()}, rounds)


SECTIONS = {"steps": table, **{name: partial(curve, name) for name in CURVES}, "first": first}


if __name__ == "__main__":
    probe, *rest = sys.argv[1:]
    try:
        print(json.dumps(deep(lambda: PROBES[probe](*rest))))
    except NotImplementedError as error:
        print(json.dumps({"note": str(error)}))
    except RecursionError as error:
        print(json.dumps({"note": f"RecursionError: {error}"}))
