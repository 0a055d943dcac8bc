"""The hand-written C in `benchmarks/c`, compiled here with the machine's compiler for one size, and called by ctypes.

`python -m benchmarks.native` prints the microseconds of a training step of each workload, gradients compared first.
"""

from __future__ import annotations

import ctypes
import functools
import getpass
import hashlib
import math
import os
import platform
import shutil
import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.optimizers import Adam
from benchmarks.workloads import LETTERS, Workload
from micrograd.compiler.native.cache import vouch

FLAGS = ("-O3", "-march=native", "-ffast-math", "-fPIC")
SOURCES = Path(__file__).parent / "c"
LANES = 8


def compiler() -> str | None:
    """gcc, clang or cc; None where there is no C compiler."""
    return next((path for name in ("gcc", "clang", "cc") if (path := shutil.which(name))), None)


@functools.cache
def library(source: str, **sizes: int) -> ctypes.CDLL:
    """The shared library of one source at these sizes; compiled once a machine for each."""
    cc = compiler()
    if cc is None:
        raise RuntimeError("there is no C compiler here")
    text = (SOURCES / source).read_bytes() + (SOURCES / "lanes.h").read_bytes()
    defines = [f"-D{name}={number}" for name, number in sizes.items()]
    key = hashlib.sha256(text + " ".join((cc, *FLAGS, *defines, platform.node())).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"micrograd-benchmarks-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    vouch(folder)  # what lies there is run
    built = folder / f"{Path(source).stem}-{key}.so"
    if not built.exists():
        part, whole = built.with_suffix(f".{os.getpid()}.o"), built.with_suffix(f".{os.getpid()}.so")
        subprocess.run([cc, *FLAGS, *defines, "-c", str(SOURCES / source), "-o", str(part)], check=True)
        # linked apart: with -ffast-math the linker adds code that flushes subnormal numbers to 0 in the whole process
        subprocess.run([cc, "-shared", str(part), "-o", str(whole), "-lm"], check=True)
        part.unlink()
        whole.rename(built)
    return ctypes.CDLL(str(built))


def pointer(numbers: Any) -> Any:
    """The address of an array's numbers, as an argument."""
    return ctypes.c_void_p(numbers.buffer_info()[0])


def lanes(columns: Sequence[Sequence[float]]) -> array[float]:
    """Rows of samples as [feature][sample], padded with 0 to whole vectors."""
    pad = [0.0] * (-len(columns) % LANES)
    return array("d", [x for feature in zip(*columns, strict=True) for x in (*feature, *pad)])


class Native:
    """A workload in C: `gradients()` as the workload's own, `train(steps)` in one call."""

    def __init__(self, work: Workload) -> None:
        self.start = array("d", work.data())
        self.params = self.start[:]
        self.gradient = array("d", bytes(8 * len(self.params)))
        sizes, self.inputs, self.rates = describe(work)
        self.library = library(sizes.pop("source"), **sizes)
        self.library.value_and_grad.restype = self.library.train.restype = ctypes.c_double
        self.pointers = [pointer(self.params), *map(pointer, self.inputs)]
        self.settings = [ctypes.c_double(rate) for rate in self.rates]

    def gradients(self) -> tuple[float, list[float]]:
        self.params[:] = self.start
        loss = self.library.value_and_grad(*self.pointers, pointer(self.gradient))
        return loss, list(self.gradient)

    def train(self, steps: int) -> float:
        """That many steps from the workload's own parameters; the loss before the last update."""
        self.params[:] = self.start
        return float(self.library.train(*self.pointers, *self.settings, ctypes.c_long(steps)))


def describe(work: Workload) -> tuple[dict[str, Any], list[Any], tuple[float, ...]]:
    """The source and its sizes, the inputs as C wants them, and the optimizer's numbers."""
    return DESCRIBE[work.name[:2]](work)


def _moons(work: Workload) -> Any:
    xs, ys = work.inputs
    sizes = {"source": "moons.c", "SAMPLES": len(xs), "WIDTH": work.shapes["w0"][0]}
    return sizes, [lanes(xs), lanes([[float(y)] for y in ys])], (work.optimizer.lr,)


def _classifier(work: Workload, **more: int) -> Any:
    xs, ys = work.inputs
    width, inputs = work.shapes["w0"]
    classes = work.shapes["w1"][0]
    sizes = {"source": "classifier.c", "SAMPLES": len(xs), "INPUTS": inputs, "WIDTH": width, "CLASSES": classes, **more}
    hot = [[float(c == y) for c in range(classes)] for y in ys]
    return sizes, [lanes(xs), lanes(hot)], (work.optimizer.lr,)


def _gpt(work: Workload) -> Any:
    (sequence,) = work.inputs
    width = work.shapes["token"][1]
    if "query1" in work.shapes:
        raise ValueError("the C has one layer")
    sizes = {"source": "gpt.c", "POSITIONS": len(sequence) - 1, "WIDTH": width, "HEADS": 4, "VOCABULARY": len(LETTERS)}
    adam = work.optimizer
    assert isinstance(adam, Adam)
    return sizes, [array("l", sequence)], (adam.lr, adam.beta1, adam.beta2, adam.eps)


DESCRIBE: dict[str, Callable[[Workload], Any]] = {
    "W3": _moons,
    "W4": functools.partial(_classifier, TANH=1),
    "W5": _gpt,
    "W6": _classifier,
}


def main() -> None:
    """A line for each workload."""
    from benchmarks.workloads import ALL, engine

    for name in DESCRIBE:
        work = ALL[name](engine("micrograd"))
        native = Native(work)
        if name != "W6":  # too large for eager: its C is that of W4
            (loss, ours), (c_loss, theirs) = work.gradients(), native.gradients()
            far = max(abs(a - b) for a, b in zip((loss, *ours), (c_loss, *theirs), strict=True))
            if not far < 1e-12:
                raise ArithmeticError(f"{work.name}: C differs from Value by {far}")
        print(f"{work.name:24} {1e6 * step_seconds(native):8.2f} µs a step")


STEPS = 200  # of one training: gradients stay ordinary numbers, none so small that arithmetic on them is slow


def step_seconds(native: Native, least: float = 0.05, rounds: int = 9) -> float:
    """Processor seconds of one training step: the median of rounds of at least `least` seconds."""
    steps = 1
    while steps < STEPS and _train(native, steps) < least:
        steps = min(2 * steps, STEPS)
    times = max(1, math.ceil(least / _train(native, steps)))
    return sorted(sum(_train(native, steps) for _ in range(times)) for _ in range(rounds))[rounds // 2] / steps / times


def _train(native: Native, steps: int) -> float:
    start = time.process_time()
    native.train(steps)
    return time.process_time() - start


if __name__ == "__main__":
    main()
