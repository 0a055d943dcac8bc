"""Measurements that are programs of their own, each with its peers: what they print is kept beside the tables."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import Any

from benchmarks.process import ROOT, environment

MODULES = {  # module of benchmarks → what it is about
    "anchor": "a training step of ours in C, of C by hand and of JAX with its loop jitted, by processor time",
    "recurrence": "a training step of an LSTM over 30 and 200 turns",
    "convolution": "a training step of two convolutions, 8 × 8 and 28 × 28",
    "cores": "a training step of moons over 100,000 samples, by one thread and by two",
    "frontend": "the stepper's page of the moons graph, in Chromium",
    "lab": "the lab, in Chromium",
    "scaling": "what part of a data-parallel step is communication",
}
PATIENCE = 1200.0  # seconds for each


def measure(name: str, rounds: int) -> dict[str, Any]:
    """The lines that `python -m benchmarks.NAME` prints; {"note": why} where it could not. It has its own rounds: `rounds` is not asked."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment(), cwd=ROOT, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {"note": f"none in {PATIENCE:.0f} s"}
    if done.returncode:
        return {"note": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return {"printed": done.stdout.strip().splitlines()}


def report(name: str, part: dict[str, Any]) -> str:
    """One of them as Markdown."""
    m, found = part["measured"], part["figures"]
    head = f"`python -m benchmarks.{name}`, {MODULES[name]}: {m['date']}, {m['cpu']} ({m['cores']} cores, load {m['load']})"
    return f"{head}: {found['note']}" if "note" in found else "\n".join([f"{head}:", "", "```", *found["printed"], "```"])


def load() -> str:
    """How many processes wanted the machine in the last minute; "unknown" where the system does not say."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


PARTS = {name: partial(measure, name) for name in MODULES}
