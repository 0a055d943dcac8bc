"""A fresh process for each figure, one thread, peers taking turns; medians."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LONG = 30.0  # seconds of a process, beyond which there is only one of it
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
ONE_THREAD = dict.fromkeys(THREADS, "1") | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "PYTHONPATH": str(ROOT),
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8",
}
# A setting for old BLAS libraries on some machines, which slows a current one: measured without it.
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def environment() -> dict[str, str]:
    """What a measuring process sees."""
    return {k: v for k, v in os.environ.items() if k not in UNSET} | ONE_THREAD


def fresh(module: str, *arguments: Any, timeout: float = 900) -> dict[str, Any]:
    """What `python -m module arguments` prints as its last line, read as JSON; {"note": why} where it could not."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment(), cwd=ROOT, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"note": f"none in {timeout:.0f} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"note": last if done.returncode > 0 else f"crash (signal {-done.returncode})"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def in_turn(jobs: dict[str, Callable[[], dict[str, Any]]], rounds: int, say: bool = True) -> dict[str, dict[str, Any]]:
    """Every job once, then every job again: the median of each number. One that gives a note, or takes long, is not run again."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
    for turn in range(rounds):
        for name, job in jobs.items():
            if any("note" in run or "once" in run for run in runs[name]):
                continue
            start = time.perf_counter()
            runs[name].append(job())
            if rounds > 1 and turn == 0 and time.perf_counter() - start > LONG:
                runs[name][0]["once"] = True
            if say:
                print(f"  {turn + 1}/{rounds} {name:60.60} {summary(runs[name][-1]):50.50}", file=sys.stderr, flush=True)
    return {name: merged(found) for name, found in runs.items()}


def summary(found: dict[str, Any]) -> str:
    """One line of what a run found."""
    return " ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in reversed(found.items()))


def merged(runs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The median of every number over the runs; other things from the last."""
    found = list(runs)
    last = found[-1]
    if "note" in last:
        return last
    return {k: statistics.median(run[k] for run in found) if isinstance(v, float) else v for k, v in last.items()}


def deep(run: Callable[[], Any]) -> Any:
    """The result of run() on a thread with half a gigabyte of stack: the original sorts its graph by recursion."""
    result: list[Any] = []

    def call() -> None:
        try:
            result.append((run(), None))
        except BaseException as error:
            result.append((None, error))

    sys.setrecursionlimit(10_000_000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def peak_memory() -> float:
    """The most resident memory that this process has had, in bytes; nan on Windows, which does not say.

    Linux: its own since it began. What getrusage says there is at least what the process that started it had had by then.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return 1024.0 * float(line.split()[1])
    try:
        import resource
    except ImportError:
        return float("nan")
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def machine() -> dict[str, str]:
    """What it was measured on."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    return {
        "cpu": cpu or "unknown",
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
