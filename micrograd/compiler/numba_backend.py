"""The Numba back end: a program's own code, compiled once and kept on disk by its text, on the same pools as NumPy's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

from micrograd.compiler.ir import Program
from micrograd.compiler.numpy_backend import Machine, bound, large
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.specialise import generate, sections

MEMORY = 8 * 2**30  # bytes of address space that the compiling process may take


class Code:
    """The code of a program for machines of so many samples: all of it but the products that are large, which are BLAS's."""

    def __init__(self, program: Program, samples: int) -> None:
        self.program, self.samples = program, samples
        self.outside = frozenset(step for step in program if large(step, samples))
        kept = program.cache
        if self.outside not in kept:
            kept[self.outside] = generate(program, self.outside)
        self.text, self.table = kept[self.outside]

    @property
    def on_disk(self) -> bool:
        """Whether it has been compiled before."""
        return importlib.util.find_spec("numba") is not None and path_of(self.text).with_suffix(".compiled").exists()

    def bind(self, machine: Machine) -> None:
        """Give a machine the calls that run it: `native` and `arguments`, and `entry` where nothing is outside."""
        run = load(self.text, self.program.batch)
        v, g = machine.values, machine.grads
        arguments = (v[0], g[0], v[1], g[1], self.table) if self.program.batch else (v[0], g[0], self.table)
        pools = {"v": v, "g": g}
        calls: tuple[list[Any], list[Any]] = [], []
        number = 0
        for backward, inside, steps in sections(self.program, self.outside):
            if inside:
                calls[backward].append(partial(run, *arguments, number, number + 1))
                number += 1
            else:
                calls[backward].extend(bound(step, pools, machine.samples) for step in steps)
        machine.bound = calls
        machine.native = True
        machine.entry = None if self.outside else run, arguments


class NumbaMachine(Machine):
    """Pools for a program, and its specialised code, compiled now if it is not on disk."""

    def _bind(self) -> None:
        Code(self.program, self.samples).bind(self)


def say(message: str) -> None:
    """A line on stderr."""
    print(f"micrograd: {message}", file=sys.stderr, flush=True)


def shown(path: Path) -> str:
    """The folder of a file as one writes it: ~ for one's own."""
    folder, home = str(path.parent), str(Path.home())
    return f"~{folder[len(home) :]}" if folder.startswith(home) else folder


def directory() -> Path:
    """Where compiled code is kept: $MICROGRAD_CACHE, or micrograd in the user's cache directory."""
    if os.environ.get("MICROGRAD_CACHE"):
        return Path(os.environ["MICROGRAD_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "micrograd"


def path_of(text: str) -> Path:
    """The file for this source: named by its text and by the versions that compile it."""
    from micrograd import __version__

    made = hashlib.sha256("\n".join((text, version("numba"), np.__version__, __version__)).encode())
    return directory() / f"micrograd_{made.hexdigest()[:24]}.py"


def write(text: str) -> Path:
    """The source as a file in the cache, whole or not at all."""
    path = path_of(text)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    return path


def load(text: str, batch: bool, what: str = "code for this program once") -> Any:
    """The compiled `run` of this source, from the disk or new."""
    path = write(text)
    if path.stem in sys.modules:
        return sys.modules[path.stem].run
    marker = path.with_suffix(".compiled")
    if not marker.exists():
        say(f"compiling {what}; kept in {shown(path)}")
        compiler(path, batch).wait()
    module = imported(path)
    compile_now(module, batch)  # fetches it; compiles here where the other process could not
    marker.touch()
    return module.run


def compiler(path: Path, batch: bool) -> subprocess.Popen[bytes]:
    """Another process that compiles this source for the cache: there LLVM's options are ours to set."""
    here = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])}
    command = [sys.executable, "-m", "micrograd.compiler.numba_backend", str(path), str(int(batch))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def imported(path: Path) -> ModuleType:
    """The module in this file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # Numba keeps on disk only code whose module can be found by name
    spec.loader.exec_module(module)
    return module


def compile_now(module: ModuleType, batch: bool) -> None:
    """Compile (or fetch from Numba's own cache beside the file) for the types of our pools."""
    from numba import types

    flat, table = types.float64[::1], types.int64[::1]
    lanes = types.float64[:, ::1]
    pools = (flat, flat, lanes, lanes, table) if batch else (flat, flat, table)
    module.run.compile((*pools, types.int64, types.int64))


def modest() -> None:
    """End this process with its parent, and before it takes all memory."""
    import threading
    import time

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    modest()
    from llvmlite import binding  # type: ignore[import-untyped, unused-ignore]

    binding.set_option("micrograd", "-unroll-threshold=30")  # as fast, in half the time: the loops' bounds are all constants
    source, with_batch = Path(sys.argv[1]), sys.argv[2] == "1"
    compile_now(imported(source), with_batch)
    source.with_suffix(".compiled").touch()
