"""The C compiler of this machine, where there is one: a source becomes a shared library in the cache, which ctypes calls.

What is on disk is vouched for and sealed as Numba's code is (see `cache`). MICROGRAD_CC names another compiler; empty, it says that there
is none.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from micrograd.compiler.native import cache

FLAGS = ("-O2", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-w")
COMPILERS = ("cc", "gcc", "clang")

_loaded: dict[str, ctypes.CDLL] = {}
_numbers = count()


def compiler() -> str | None:
    """Its path; None where there is none (nor on Windows)."""
    if os.name != "posix":
        return None
    given = os.environ.get("MICROGRAD_CC")
    names = COMPILERS if given is None else (given,)
    return next((path for name in names if name and (path := shutil.which(name))), None)


@lru_cache(maxsize=16)
def _circumstances(path: str, *more: str) -> str:
    """Which compiler, with which options, for which processor."""
    found = os.stat(os.path.realpath(path))
    processor = [platform.machine(), platform.processor()]
    with suppress(OSError):  # Linux says what the processor can do
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        processor += [next((line for line in lines if line.startswith(name)), "") for name in ("model name", "flags", "Features")]
    return "\n".join(
        map(str, (os.path.realpath(path), found.st_size, found.st_mtime_ns, *flags(path, *more), sys.platform, *processor, ""))
    )


def flags(path: str, *more: str) -> tuple[str, ...]:
    """… for this processor and no other; GCC's -O2 by itself makes vectors only of loops whose number of steps suits them."""
    vectors = ("-fvect-cost-model=dynamic",) if "gcc" in Path(os.path.realpath(path)).name else ()
    return (*FLAGS, *vectors, *more, "-mcpu=native" if platform.machine().lower() in ("arm64", "aarch64") else "-march=native")


def path_of(text: str, *more: str) -> Path:
    """The file for this source, to be compiled with these options too. OSError where there is no compiler."""
    found = compiler()
    if found is None:
        raise OSError("there is no C compiler here (cc, gcc or clang; MICROGRAD_CC names another)")
    return cache.folder() / f"{cache.named(text, _circumstances(found, *more))}.c"


def library_of(path: Path) -> Path:
    """The shared library that a source is compiled to."""
    return path.parent / cache.COMPILED / f"{path.stem}.so"


def on_disk(text: str) -> bool:
    """Whether it has been compiled before."""
    with suppress(OSError):
        return cache.sealed(path_of(text))
    return False


class Compiling:
    """Another process that compiles a source; when it is done the library is sealed. As `subprocess.Popen`: `poll`, `wait`."""

    def __init__(self, text: str, *more: str) -> None:
        self.path = cache.write(text, path_of(text, *more))
        self.returncode: int | None = None
        self.complaint = ""
        self._part = library_of(self.path).with_suffix(f".{os.getpid()}.{next(_numbers)}.part")  # threads may compile the same
        found = str(compiler())
        command = [found, *flags(found, *more), "-o", str(self._part), str(self.path), "-lm"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def poll(self) -> int | None:
        """Its status; None while it is at work."""
        if self.returncode is None and self._process.poll() is not None:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its status, when it has ended."""
        if self.returncode is None:
            _, said = self._process.communicate(timeout=timeout)
            self.complaint = said.decode(errors="replace").strip()
            self.returncode = self._process.returncode
            if not self.returncode and not self._part.exists():
                self.returncode, self.complaint = 1, "it wrote no library"
            if not self.returncode:
                os.chmod(self._part, 0o600)
                os.replace(self._part, library_of(self.path))
                cache.seal(self.path)
            else:
                self._part.unlink(missing_ok=True)
        return self.returncode


def load(text: str, what: str, *more: str) -> Any:
    """The library of this source, from the disk, or compiled now: `what` is said then. OSError where it cannot be."""
    path = path_of(text, *more)
    if path.stem not in _loaded:
        if not cache.sealed(path):
            with cache.lock(path):
                if not cache.sealed(path):  # else somebody has made it while this one waited
                    _compile(path, text, what, *more)
        _loaded[path.stem] = ctypes.CDLL(str(library_of(path)))
    return _loaded[path.stem]


def _compile(path: Path, text: str, what: str, *more: str) -> None:
    cache.say(f"compiling {what}; kept in {cache.shown(path.parent)}")
    cache.clear(path)
    made = Compiling(text, *more)
    if made.wait():
        raise OSError(f"{compiler()} did not compile: {made.complaint[:300] or f'it ended with status {made.returncode} and not a word'}")


def pointer(array: Any) -> Any:
    """The address of an array's numbers, as an argument."""
    return ctypes.c_void_p(array.ctypes.data)
