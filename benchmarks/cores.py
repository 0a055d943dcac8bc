"""`python -m benchmarks.cores [samples]`: a training step of the moons network over many samples, by one thread and by two.

Wall-clock seconds, everybody in turn, the least of many rounds: on a machine that others use, too, two threads are seldom both at work, so
what each wall-clock second had of processors is printed beside it (2.0: both, all the time), and the processor time of a step: as much by
two threads as by one, if sharing the work costs nothing. Ours is one sample in plain scalar code,
compiled with `batch=True`; its gradients are compared for equality in every bit between one thread and two.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from benchmarks.workloads import make

THREADS = (1, 2)
Train = Callable[[int], Any]


def ours(samples: int, threads: int) -> Train:
    import micrograd
    from micrograd import optim

    work = make("W3", samples=samples)
    assert work.sample is not None
    step = micrograd.compile(work.sample, work.params, batch=True, backend="c", threads=threads)
    print("gradients", sha256(step.value_and_grad(*work.inputs)[1].tobytes()).hexdigest()[:16], file=sys.stderr)
    optimizer = optim.SGD(work.params, work.optimizer.lr)
    return lambda steps: step.train(optimizer, work.inputs, steps=steps)


def peer(name: str, samples: int) -> Train:
    from benchmarks.peers import load

    train: Train = load(name)(make("W3", samples=samples)).train
    return train


def timed(who: str, samples: int, threads: int) -> None:
    """Print, for each line on stdin, wall-clock and processor seconds of a step."""
    if who == "torch":
        import torch

        train = peer("torch", samples)
        torch.set_num_threads(threads)
    else:
        train = ours(samples, threads) if who == "ours" else peer("jax.loop", samples)

    def once(steps: int) -> tuple[float, float]:
        start = time.perf_counter(), time.process_time()
        train(steps)
        return time.perf_counter() - start[0], time.process_time() - start[1]

    once(2)
    for _ in sys.stdin:
        (short, less), (long, used) = once(3), once(13)
        print((long - short) / 10, used / long, (used - less) / 10, flush=True)


def main(samples: int, rounds: int) -> None:
    runs = {}
    for who in ("ours", "torch", "jax"):
        for threads in THREADS:
            flags = "" if threads > 1 else "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1", "XLA_FLAGS": flags}
            command = [sys.executable, "-m", "benchmarks.cores", who, str(samples), str(threads)]
            runs[who, threads] = subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1
            )
    best: dict[Any, tuple[float, float]] = dict.fromkeys(runs, (math.inf, 0.0))
    used = dict.fromkeys(runs, math.inf)
    for _ in range(rounds):
        for key, run in list(runs.items()):
            assert run.stdin is not None and run.stdout is not None
            answer = ""
            with suppress(BrokenPipeError):
                run.stdin.write("\n")
                answer = run.stdout.readline()
            if not answer:
                print(f"{key[0]}: not installed, or it failed")
                runs.pop(key).wait()
                continue
            seconds, busy, processor = map(float, answer.split())
            best[key] = min(best[key], (seconds, busy))
            used[key] = min(used[key], processor)
    for run in runs.values():
        run.communicate()
    for who, threads in runs:
        seconds, busy = best[who, threads]
        faster = best[who, 1][0] / seconds
        print(
            f"{who:6} {threads} threads {1e3 * seconds:8.2f} ms a step, {busy:.2f} processors at work, {faster:.2f} ×; "
            f"processor time {1e3 * used[who, threads]:8.2f} ms"
        )


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in ("ours", "torch", "jax"):
        timed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 15)
