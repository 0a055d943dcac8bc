"""`python -m benchmarks.scaling`: what part of a data-parallel step would be communication, with constants measured here.

α and B are fitted to `torch.distributed.all_reduce` between two processes on this machine (gloo), c to the exported digits program. The
table is paper from there on (docs/distributed.md has the model): no cluster was asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

SIZES = (1_000, 1_000_000)
WORKERS = (2, 4, 16, 64, 256, 1024)
SHARES = (32, 1024)


def ring(workers: int, numbers: int, latency: float, bandwidth: float) -> float:
    """Seconds of an all-reduce in a ring: 2(N-1)·(α + 8P/(N·B))."""
    return 2 * (workers - 1) * (latency + 8 * numbers / (workers * bandwidth))


def fitted(seconds: dict[int, float]) -> tuple[float, float]:
    """α and B from the times of two sizes between two workers."""
    (small, large), (fast, slow) = sorted(seconds), sorted(seconds.values())
    bandwidth = 8 * (large - small) / max(slow - fast, 1e-12)
    return max(fast / 2 - 8 * small / (2 * bandwidth), 0.0), bandwidth


def measure() -> None:
    """In one of two processes: the least time of an all-reduce of each size, and of a step of the digits program for a sample."""
    import torch
    import torch.distributed as dist

    sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples", "distributed"))
    from models import digits

    from micrograd.export import to_torch

    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    for size in SIZES:
        x, least = torch.zeros(size, dtype=torch.float64), float("inf")
        for _ in range(50):
            dist.barrier()
            start = time.perf_counter()
            dist.all_reduce(x)
            least = min(least, time.perf_counter() - start)
        if dist.get_rank() == 0:
            print("reduce", size, least)
    if dist.get_rank() == 0:
        step, arrays = digits()
        step(*arrays)
        module, least = to_torch(step), float("inf")
        given = [torch.as_tensor(a, dtype=torch.float64) for a in arrays]
        for _ in range(50):
            start = time.process_time()
            module(*given).backward()
            least = min(least, time.process_time() - start)
        print("sample", sum(p.numel() for p in module.parameters()), least / len(given[0]))
    dist.barrier()
    dist.destroy_process_group()


def main() -> None:
    """Measure, and print the table."""
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node",
        "2",
        "-m",
        "benchmarks.scaling",
        "measure",
    ]
    out = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=300).stdout
    rows = [line.split() for line in out.splitlines()]
    latency, bandwidth = fitted({int(r[1]): float(r[2]) for r in rows if r and r[0] == "reduce"})
    ((numbers, each),) = [(int(r[1]), float(r[2])) for r in rows if r and r[0] == "sample"]
    print(f"α = {latency * 1e6:.0f} µs, B = {bandwidth / 1e9:.2f} GB/s (gloo, two processes on this machine)")
    print(f"digits: {numbers:,} numbers, c = {each * 1e6:.2f} µs a sample; part of a step that is communication\n")
    print("| workers | " + " | ".join(f"{s:,} samples each" for s in SHARES) + " |\n|---|" + "---|" * len(SHARES))
    for n in WORKERS:
        t = ring(n, numbers, latency, bandwidth)
        print(f"| {n:,} | " + " | ".join(f"{t / (t + s * each):.0%}" for s in SHARES) + " |")


if __name__ == "__main__":
    measure() if "measure" in sys.argv else main()
