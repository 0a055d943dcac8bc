"""The tiers of backend="auto": NumPy answers at once; then the interpreter; then, for a long run, the program's own code.

Compiled code is used at once where that costs next to nothing, and fetched from the disk when a run has lasted a moment (Numba takes
a third of a second to import, the interpreter as long to load). What is not on disk is compiled by another process when a run has
earned it, while this one goes on: the program's own code, by the C compiler where there is one (in about a second), else by Numba (some
seconds; then the interpreter, for every program after it).

A run has earned it when it has lasted as long as compiling is expected to take, by what compiling took before: so it never takes
much more than twice the time of the better choice, whichever that would have been. Code that turns out slower than what ran before
is put aside again.

A speed-up never ends a run: where compiled code cannot be had, for whatever reason, that is said once and NumPy goes on.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Container
from contextlib import suppress
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from micrograd.compiler.arrays.machine import ArrayMachine
from micrograd.compiler.native import c_code, cache, cc, interpreter, own_code
from micrograd.compiler.program.ir import Program

FETCHED = 0.3  # seconds of running after which code that is on disk is fetched
QUICKLY = 0.05  # … where it is C, which takes a hundredth of a second
EARNED = 1.0  # … in NumPy after which code is compiled, in those that this is expected to take
PATIENT = 3.0  # … in the interpreter, which is nearly as fast
LOOK = 0.05  # … between two looks at whether the other process is done
TRIAL = 0.1  # … after which better code must have shown that it is
WORSE = 1.1  # … by no more than this for a step, than the code before
LONG = 150_000  # characters of source from which LLVM takes gigabytes: such a program stays in the interpreter, unless asked

_compilers: dict[tuple[Any, str], _Compiler] = {}  # one for each folder and source, however many machines wait for it
_pace = {"c": 3e-5, "numba": 3e-4}  # seconds that compiling takes for a character of source; measured anew each time


class _Compiler:
    """A process that compiles, and what it teaches about how long that takes."""

    def __init__(self, process: Any, kind: str, size: int) -> None:
        self.process, self.kind, self.size, self.start = process, kind, size, perf_counter()

    def ended(self) -> int | None:
        """Its status; None while it is at work."""
        status: int | None = self.process.poll()
        if status == 0 and self.size:
            _pace[self.kind] = (perf_counter() - self.start) / self.size
            self.size = 0
        return status


def own(program: Program, samples: int, without: Container[str] = ()) -> Any:
    """The code of a program, not yet compiled: in C where there is a compiler for it, else Numba's; None where neither can say it."""
    for kind, there, make in (("c", cc.compiler() is not None, c_code.Code), ("numba", find_spec("numba") is not None, own_code.Code)):
        if there and kind not in without:
            with suppress(NotImplementedError):  # an op that NumPy alone can call
                code: Any = make(program, samples)
                if kind == "c" or len(code.text) <= LONG:
                    return code
    return None


class TieredMachine(ArrayMachine):
    """NumPy now, better code as soon as it is there and worth it."""

    def _bind(self) -> None:
        self._spent, self._due = 0.0, FETCHED if cc.compiler() is None else min(FETCHED, QUICKLY)
        self._compiler: _Compiler | None = None
        self._fetched, self._without = False, set[str]()
        self._code: Any = None  # its own code, from when it is written until it runs or cannot be had
        self._step = math.inf  # the least seconds for a step by what runs now
        self._before: tuple[float, dict[str, Any]] | None = None  # the same, and how it was bound, by what ran before
        if "numba" in sys.modules:
            self._try(self._at_once)
        if not self.native:
            super()._bind()

    def _at_once(self) -> None:
        self._code = own(self.program, self.samples)
        if self._code is not None and self._code.on_disk:
            self._specialise()
        elif interpreter.loaded():
            interpreter.bind(self)

    def _try(self, take: Callable[[], None]) -> None:
        """Better code, or none."""
        try:
            take()
        except Exception as error:
            self._due, self._code = math.inf, None
            if find_spec("numba") is not None or cc.compiler() is not None:
                cache.say_once(f"compiled code cannot be used ({type(error).__name__}: {str(error)[:300]}): {self._now} goes on")

    @property
    def _now(self) -> str:
        return "the interpreter" if self.native else "NumPy"

    def run(self) -> None:
        if self._due == math.inf:
            super().run()
            return
        start = perf_counter()
        super().run()
        self.spend(perf_counter() - start)

    def spend(self, seconds: float, steps: int = 1) -> None:
        """So long have some steps taken: perhaps it has earned better code."""
        self._spent += seconds
        self._step = min(self._step, seconds / steps)
        if self._spent > self._due and not self._fetched:
            self._try(self._fetch)
        if self._spent > self._due:
            self._try(self._earn)

    def _fetch(self) -> None:
        """Take over what is on disk."""
        if not self.native:
            if self._code is None:
                self._code = own(self.program, self.samples)
            if self._code is not None and self._code.on_disk:
                self._specialise()
            elif self._spent < FETCHED:
                self._due = FETCHED
                return
            elif interpreter.on_disk():
                interpreter.bind(self)
        self._fetched = True
        self._wait()

    def _wait(self) -> None:
        """Until its own code has been earned."""
        if self._code is not None:
            self._due = _pace[self._code.kind] * len(self._code.text) * (PATIENT if self.native else EARNED)
        else:
            self._due = self._spent + TRIAL if self._before is not None else EARNED

    def _earn(self) -> None:
        """See whether another process has compiled something; have it compile what comes next."""
        self._due = self._spent + LOOK
        if self._compiler is not None:
            ended = self._compiler.ended()
            if ended is None:
                return
            self._ended(self._compiler, ended)
        elif self._before is not None:
            self._judge()
        elif self._code is not None:
            code, what = self._code, f"its own code ({self.program.scalars:,} scalars)"
            self._compile(code.text, code.kind, code.compiling, what)
        elif cc.compiler() is None and find_spec("numba") is not None and not interpreter.on_disk():
            text = str(interpreter.path())
            self._compile(text, "numba", lambda: own_code.compiler(interpreter.path(), False), "the interpreter of programs")
        else:
            self._due = math.inf

    def _ended(self, compiler: _Compiler, status: int) -> None:
        self._compiler, code = None, self._code
        if status:
            cache.say_once(f"the process that compiled ended with status {status}: this run goes on without")
            self._code = None
            if code is not None:
                self._without.add(code.kind)
                self._code = own(self.program, self.samples, self._without)
                self._wait()
        elif code is not None:
            self._specialise()
            self._due = self._spent + TRIAL
        elif not self.native:
            interpreter.bind(self)

    def _compile(self, text: str, kind: str, start: Callable[[], Any], what: str) -> None:
        key = cache.folder(), text
        if key not in _compilers:
            cache.say(f"a long run: compiling {what} meanwhile, once; kept in {cache.shown(key[0])}")
            _compilers[key] = _Compiler(start(), kind, len(text))
        self._compiler = _compilers[key]

    def _specialise(self) -> None:
        """Its own code from here on, on trial."""
        code, self._code = self._code, None
        if code is not None:
            before = self._step, {name: getattr(self, name) for name in ("bound", "native", "entry", "kept", "listing")}
            code.bind(self)
            self._step, self._before = math.inf, before if before[0] < math.inf else None

    def _judge(self) -> None:
        """Whether the code that was taken last is better; else the one before goes on."""
        assert self._before is not None
        (before, bound), self._before = self._before, None
        if self._step > WORSE * before:
            for name, x in bound.items():
                setattr(self, name, x)
