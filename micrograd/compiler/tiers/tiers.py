"""The tiers of backend="auto": NumPy answers at once; then the interpreter; then, for a long run, the program's own code.

Compiled code is used at once where that costs next to nothing, and fetched from the disk when a run has lasted a moment (Numba takes
a third of a second to import, the interpreter as long to load). What is not on disk is compiled by another process when a run has
earned it, while this one goes on: the program's own code first (some seconds), then the interpreter, for every program after it.

A speed-up never ends a run: where compiled code cannot be had, for whatever reason, that is said once and NumPy goes on.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from micrograd.compiler.arrays.machine import ArrayMachine
from micrograd.compiler.native import cache, interpreter, own_code
from micrograd.compiler.native.own_code import Code

FETCHED = 0.3  # seconds of running after which code that is on disk is fetched
EARNED = 3.0  # … in NumPy after which code is compiled
PATIENT = 30.0  # … in the interpreter, which is nearly as fast: compiling takes time from whatever else the machine does
LOOK = 0.05  # … between two looks at whether the other process is done
LONG = 150_000  # characters of source from which LLVM takes gigabytes: such a program stays in the interpreter, unless asked

_compilers: dict[Path, subprocess.Popen[bytes]] = {}  # one for each source, however many machines wait for it


class TieredMachine(ArrayMachine):
    """NumPy now, better code as soon as it is there and worth it."""

    def _bind(self) -> None:
        self._spent, self._due = 0.0, FETCHED
        self._compiler: subprocess.Popen[bytes] | None = None
        self._fetched = False
        self._code: Code | None = None  # its own code, from when it is written until it runs or cannot be had
        if "numba" in sys.modules:
            self._try(self._at_once)
        if not self.native:
            super()._bind()

    def _at_once(self) -> None:
        self._write()
        if self._code is not None and self._code.on_disk:
            self._specialise()
        elif interpreter.loaded():
            self._interpret()

    def _try(self, take: Callable[[], None]) -> None:
        """Better code, or none."""
        try:
            take()
        except Exception as error:
            self._due, self._code = math.inf, None
            if find_spec("numba") is not None:
                now = "the interpreter" if self.native else "NumPy"
                cache.say_once(f"compiled code cannot be used ({type(error).__name__}: {str(error)[:300]}): {now} goes on")

    def run(self) -> None:
        if self._due == math.inf:
            super().run()
            return
        start = perf_counter()
        super().run()
        self.spend(perf_counter() - start)

    def spend(self, seconds: float) -> None:
        """So long has it run: perhaps it has earned better code."""
        self._spent += seconds
        if self._spent > self._due and not self._fetched:
            self._try(self._fetch)
        if self._spent > self._due:
            self._try(self._earn)

    def _fetch(self) -> None:
        """Take over what is on disk."""
        self._fetched = True
        if not self.native:
            if self._code is None:
                self._write()
            if self._code is not None and self._code.on_disk:
                self._specialise()
            elif interpreter.on_disk():
                self._interpret()
        self._due = PATIENT if self.native else EARNED

    def _write(self) -> None:
        with suppress(NotImplementedError):  # an op that NumPy alone can call
            self._code = Code(self.program, self.samples)

    def _earn(self) -> None:
        """See whether another process has compiled something; have it compile what comes next."""
        self._due = self._spent + LOOK
        if self._compiler is not None:
            ended = self._compiler.poll()
            if ended is None:
                return
            self._compiler = None
            if ended:
                cache.say_once(f"the process that compiled ended with status {ended}: this run goes on without")
            elif self._code is not None:
                self._specialise()
            else:
                self._interpret()
            self._code = None
        if self._code is not None and len(self._code.text) <= LONG:
            what = f"its own code ({self.program.scalars:,} scalars)"
            self._compile(cache.write(self._code.text), self.program.batch, what)
        elif find_spec("numba") is not None and not interpreter.on_disk():
            self._code = None
            self._compile(interpreter.path(), False, "the interpreter of programs")
        else:
            self._due = math.inf

    def _compile(self, path: Path, batch: bool, what: str) -> None:
        if path not in _compilers:
            cache.say(f"a long run: compiling {what} meanwhile, once; kept in {cache.shown(path.parent)}")
            _compilers[path] = own_code.compiler(path, batch)
        self._compiler = _compilers[path]
        if self._compiler.returncode:  # it has failed before
            self._compiler, self._due = None, math.inf

    def _specialise(self) -> None:
        code, self._code = self._code, None
        if code is not None:
            code.bind(self)

    def _interpret(self) -> None:
        if not self.native:
            interpreter.bind(self)
