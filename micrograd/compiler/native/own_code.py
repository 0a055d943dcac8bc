"""The Numba back end: a program's own code, compiled once and kept on disk by its text, on the same pools as NumPy's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from micrograd.compiler.arrays.machine import ArrayMachine, bound, large
from micrograd.compiler.machine import Machine
from micrograd.compiler.native import cache
from micrograd.compiler.native.specialise import generate, sections
from micrograd.compiler.program.instruction import unrolled
from micrograd.compiler.program.ir import Program

MEMORY = 8 * 2**30  # bytes of address space that the compiling process may take

_one_at_a_time = threading.RLock()


class Code:
    """The code of a program for machines of so many samples: all of it but the products that are large, which are BLAS's."""

    kind = "numba"

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
        return find_spec("numba") is not None and cache.sealed(cache.path_of(self.text))

    def compiling(self) -> subprocess.Popen[bytes]:
        """Another process that compiles it."""
        return compiler(cache.write(self.text), self.program.batch)

    def bind(self, machine: Machine) -> None:
        """Give a machine the calls that run it: `native` and `arguments`, and `entry` where nothing is outside."""
        run = load(self.text, self.program.batch, "code for this program once")
        v, g = machine.values, machine.grads
        arguments = (v[0], g[0], v[1], g[1], self.table) if self.program.batch else (v[0], g[0], self.table)
        calls: tuple[list[Any], list[Any]] = [], []
        number = 0
        for backward, inside, steps in sections(self.program, self.outside):
            if inside:
                calls[backward].append(partial(run, *arguments, number, number + 1))
                number += 1
            else:
                calls[backward].extend(bound(step, self.program, machine.pools, machine.samples) for step in unrolled(steps))
        machine.bound = calls
        machine.native = "numba"
        machine.entry = None if self.outside else run, arguments


class NumbaMachine(ArrayMachine):
    """Pools for a program, and its specialised code, compiled now if it is not on disk."""

    def _bind(self) -> None:
        Code(self.program, self.samples).bind(self)


def load(text: str, batch: bool, what: str) -> Any:
    """The compiled `run` of this source, from the disk, or compiled by another process now: `what` is said then."""
    if cache.name_of(text) not in sys.modules:
        with suppress(OSError):
            path = cache.write(text)
            if not cache.sealed(path):
                cache.say(f"compiling {what}; kept in {cache.shown(path.parent)}")
                with suppress(OSError):  # no other process can be had: this one does it
                    compiler(path, batch).wait()
    return module(text, partial(compile_now, batch=batch)).run


def module(text: str, compile_in: Callable[[ModuleType], None]) -> ModuleType:
    """The module of this source with what `compile_in` compiles in it: fetched from the disk where that is whole, else made anew.

    Where neither the usual folder nor a temporary one can be used, it is compiled for this process alone.
    """
    with _one_at_a_time:
        name = cache.name_of(text)
        if name in sys.modules:
            return sys.modules[name]
        try:
            return _kept(cache.write(text), text, compile_in)
        except OSError as error:
            with suppress(OSError):
                cache.give_up(error)
                return _kept(cache.write(text), text, compile_in)
        return _made(Path(f"{name}.py"), text.replace("cache=True", "cache=False"), compile_in)


def _kept(path: Path, text: str, compile_in: Callable[[ModuleType], None]) -> ModuleType:
    if cache.sealed(path):
        with suppress(Exception):  # whole, and yet not to be read: another build of LLVM, say
            return _made(path, text, compile_in)
    with cache.lock(path):
        if cache.sealed(path):  # another process has made it while this one waited
            with suppress(Exception):
                return _made(path, text, compile_in)
        cache.clear(path)
        found = _made(path, text, compile_in)
        cache.seal(path)
        return found


def _made(path: Path, text: str, compile_in: Callable[[ModuleType], None]) -> ModuleType:
    """The text is run, not the file; what Numba finds or keeps beside the file is of this text."""
    made = ModuleType(path.stem)
    made.__file__ = str(path)
    sys.modules[path.stem] = made  # Numba keeps on disk only code whose module can be found by name
    try:
        with _beside_the_source():
            exec(compile(text, str(path), "exec"), made.__dict__)
        places = {f.stats.cache_path for f in vars(made).values() if hasattr(f, "stats")} - {None}
        if places - {str(path.parent / cache.COMPILED)}:
            raise OSError(f"Numba would keep code in {', '.join(sorted(places))}")
        compile_in(made)
    except BaseException:
        sys.modules.pop(path.stem, None)
        raise
    return made


@contextmanager
def _beside_the_source() -> Iterator[None]:
    """Numba's settings for where it keeps code are left alone but for ours: nobody has looked at who may write there."""
    from numba.core import config

    names = [name for name in ("CACHE_DIR", "CACHE_LOCATOR_CLASSES") if hasattr(config, name)]
    before = {name: getattr(config, name) for name in names}
    for name in names:
        setattr(config, name, "")
    try:
        yield
    finally:
        for name, x in before.items():
            setattr(config, name, x)


def compile_now(module: ModuleType, batch: bool) -> None:
    """Compile (or fetch) `run` for the types of our pools."""
    from numba import types

    flat, table = types.float64[::1], types.int64[::1]
    lanes = types.float64[:, ::1]
    pools = (flat, flat, lanes, lanes, table) if batch else (flat, flat, table)
    module.run.compile((*pools, types.int64, types.int64))


# --- another process -----------------------------------------------------------------------------------------------------


def compiler(path: Path, batch: bool) -> subprocess.Popen[bytes]:
    """Another process that compiles this source for the cache: there LLVM's options are ours to set. OSError where there is none."""
    if getattr(sys, "frozen", False) or not sys.executable:
        raise OSError("this program has no Python interpreter to start")
    here = str(Path(__file__).resolve().parents[3])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])}
    command = [sys.executable, "-m", "micrograd.compiler.native.own_code", str(path), str(int(batch))]
    silent: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would open a console
    return subprocess.Popen(command, env=environment, creationflags=flags, **silent)


def modest() -> None:
    """End this process with its parent, and before it takes all memory."""
    import time

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limits, macOS refuses this one
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


if __name__ == "__main__":
    modest()
    from llvmlite import binding  # type: ignore[import-untyped, unused-ignore]

    binding.set_option("micrograd", "-unroll-threshold=30")  # as fast, in half the time: the loops' bounds are all constants
    source, with_batch = Path(sys.argv[1]), sys.argv[2] == "1"
    _kept(source, cache.read(source), partial(compile_now, batch=with_batch))
