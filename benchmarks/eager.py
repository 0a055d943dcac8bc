"""The eager engine against the original's, written out in `benchmarks/original.py`.

    python -m benchmarks eager

Time of a step with the garbage collector on and off in both, memory of the graph, `import micrograd`, the chain.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from functools import partial
from typing import Any

from benchmarks.process import ROOT, deep, environment, fresh, in_turn, peak_memory
from benchmarks.workloads import ALL, engine

WHO = ("original", "micrograd")
STEPS = {"W1": 2000, "W2": 3, "W3": 7, "W4": 3, "W5": 3}


# --- in the fresh process ------------------------------------------------------------------------------------------------


def step(who: str, name: str, collector: str) -> dict[str, float]:
    """Median processor seconds of forward, of backward and of both, after one step as warm-up."""
    work = ALL[name](engine(who))
    if collector == "off":
        gc.disable()
    forward, backward = [], []
    for _ in range(STEPS[name] + 1):
        start = time.process_time()
        root = work.loss(*work.inputs)
        middle = time.process_time()
        for p in work.params:
            p.grad = 0
        root.backward()
        end = time.process_time()
        work.optimizer.update(work.params, [p.grad for p in work.params])
        forward.append(middle - start)
        backward.append(end - middle)
        if name == "W2":
            del root
    both = [f + b for f, b in zip(forward[1:], backward[1:], strict=True)]
    return {
        "forward": statistics.median(forward[1:]),
        "backward": statistics.median(backward[1:]),
        "both": statistics.median(both),
    }


def memory(who: str, name: str) -> dict[str, float]:
    """Bytes of the graph as tracemalloc counts them, held after forward and at the peak of a step."""
    work = ALL[name](engine(who))
    work.gradients()
    gc.collect()
    tracemalloc.start()
    root = work.loss(*work.inputs)
    held = tracemalloc.get_traced_memory()[0]
    root.backward()
    peak = tracemalloc.get_traced_memory()[1]
    return {"held": float(held), "peak": float(peak)}


def resident(who: str, name: str) -> dict[str, float]:
    """What three training steps add to the peak resident memory of the process, in bytes."""
    work = ALL[name](engine(who))
    before = peak_memory()
    for _ in range(3):
        work.step()
    return {"resident": peak_memory() - before}


def limit(who: str) -> dict[str, str]:
    """The chain as a user meets it, the recursion limit left alone."""
    try:
        ALL["W2"](engine(who)).gradients()
    except RecursionError:
        return {"answer": "RecursionError"}
    return {"answer": "ok"}


PROBES: dict[str, Any] = {"step": step, "memory": memory, "resident": resident, "limit": limit}


# --- in the measuring process --------------------------------------------------------------------------------------------


def import_time() -> dict[str, float]:
    """`import micrograd` by -X importtime, and the wall clock that it adds to starting Python."""

    def run(*arguments: str) -> tuple[float, str]:
        start = time.perf_counter()
        done = subprocess.run([sys.executable, *arguments], capture_output=True, encoding="utf-8", env=environment(), cwd=ROOT, check=True)
        return time.perf_counter() - start, done.stderr

    _, report = run("-X", "importtime", "-c", "import micrograd")
    line = next(line for line in report.splitlines() if line.endswith("| micrograd"))
    started = run("-c", "import micrograd")[0] - run("-c", "pass")[0]
    return {"importtime": int(line.split("|")[1]) * 1e-6, "wall": started}


def measure(rounds: int = 3) -> dict[str, Any]:
    """Every figure of this page."""
    jobs = {}
    for name in STEPS:
        for collector in ("on", "off"):
            for who in WHO:
                jobs[f"{name} {who} collector {collector}"] = partial(fresh, "benchmarks.eager", "step", who, name, collector)
    for name in ("W3", "W5"):
        for probe in ("memory", "resident"):
            for who in WHO:
                jobs[f"{name} {who} {probe}"] = partial(fresh, "benchmarks.eager", probe, who, name)
    for who in WHO:
        jobs[f"W2 {who} as it comes"] = partial(fresh, "benchmarks.eager", "limit", who)
    found = in_turn(jobs, rounds)
    found |= in_turn({"import": import_time}, max(9, rounds))
    return found


def report(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = [
        "| eager, pure Python | original | micrograd-lab | ratio |",
        "|---|---:|---:|---:|",
    ]

    def row(what: str, theirs: float, ours: float, unit: str, scale: float) -> None:
        lines.append(f"| {what} | {theirs * scale:,.4g} {unit} | {ours * scale:,.4g} {unit} | {theirs / ours:.1f} × |")

    for name in STEPS:
        for collector in ("on", "off"):
            theirs, ours = (found[f"{name} {who} collector {collector}"] for who in WHO)
            unit, scale = ("µs", 1e6) if name == "W1" else ("ms", 1e3)
            raised = ", recursion limit raised" if name == "W2" else ""
            row(f"{TITLES[name]}, collector {collector}{raised}", theirs["both"], ours["both"], unit, scale)
    for name in ("W3", "W5"):
        for probe, key, what in (
            ("memory", "held", "graph in memory (tracemalloc)"),
            ("memory", "peak", "peak of a step (tracemalloc)"),
            ("resident", "resident", "peak resident, three steps"),
        ):
            theirs, ours = (found[f"{name} {who} {probe}"] for who in WHO)
            row(f"{TITLES[name]}: {what}", theirs[key], ours[key], "MB", 1e-6)
    answers = [found[f"W2 {who} as it comes"]["answer"] for who in WHO]
    lines.append(f"| W2 chain of 200,000 operations as it comes | {answers[0]} | {answers[1]} | |")
    lines.append(f"| `import micrograd` (-X importtime) | | {1e3 * found['import']['importtime']:.1f} ms | |")
    lines.append(f"| `import micrograd`, added to `python -c pass` | | {1e3 * found['import']['wall']:.1f} ms | |")
    return "\n".join(lines)


TITLES = {
    "W1": "W1 README expression",
    "W2": "W2 chain of 200,000 operations",
    "W3": "W3 moons loss, 100 samples, MLP 2-16-16-1",
    "W4": "W4 digits loss, batch 32, MLP 64-32-10",
    "W5": "W5 scalar GPT loss, 16 positions",
}


if __name__ == "__main__":
    probe, *rest = sys.argv[1:]
    plain = probe == "limit"
    print(json.dumps(PROBES[probe](*rest) if plain else deep(lambda: PROBES[probe](*rest))))
