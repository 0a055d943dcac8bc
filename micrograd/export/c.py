"""C: the whole program as one file of C99 that needs nothing but the standard library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from micrograd.compiler.braces import columns
from micrograd.compiler.braces.c_file import PART, C, Functions, before, comment, names_of
from micrograd.compiler.braces.nests import Shared
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Step
from micrograd.export.c_public import Public, array, number
from micrograd.export.taken import Taken, Update
from micrograd.files import write

ROOM = 2**18  # bytes that the values and gradients of the samples in one pass may take


def to_c(step: Any, path: str | os.PathLike[str] | None = None, *, optimizer: Any = None, steps: int = 100) -> str:
    """A compiled loss as one file of C99, forward and gradients; the text, also written to `path`.

    step: what `micrograd.compile` or `micrograd.lower` gave, called once. optimizer: one of `micrograd.optim`, whose rule becomes
    `update`. The file has the parameters and the latest arguments in it, and a `main` (leave it out with -DNO_MAIN): with an optimizer it
    trains for `steps` steps and prints the loss of each, as `step.train(optimizer, args, steps)` gives them; without, it prints the
    loss and the gradients. Its functions, p being PARAMS parameters, x the INPUTS numbers of the arguments in order:

    - `double loss(p, x)`, `void outputs(p, x, y)`: the first and all of the OUTPUTS numbers that the loss returns.
    - `double value_and_grad(p, x, g)`: the loss; g becomes its gradients by the parameters. With input_grads=True also
      `value_and_grad(p, x, g, dx)`.
    - `void update(p, g, slots …, t)`: the t-th step (from 1).
    - With batch=True x has a row for each of n samples, and n comes after x; y has a row for each sample.

    The answers are the compiled program's (see `micrograd.compiler`), edges among them: nan where a look-up is out of its range; the
    gradients are those with structural zeros left out. It keeps state in static arrays: one thread at a time. Compile it with
    `cc -O3 -march=native -fno-math-errno -fno-trapping-math FILE.c -lm`; not with -ffast-math, which drops nan and reorders rules.

    Raises ValueError for what cannot go along: random numbers drawn by Python functions, an op that only Python knows, a schedule.
    """
    text = "\n".join(_File(Taken(step), optimizer, step, steps).lines()) + "\n"
    if path is not None:
        write(path, text.encode())
    return text


class _File:
    """The parts of the file."""

    def __init__(self, taken: Taken, optimizer: Any, step: Any, steps: int) -> None:
        self.taken, self.program, self.steps = taken, taken.program, steps
        size = max(1, self.program.sizes[1])
        self.room = taken.samples if taken.together else max(8, min(256, ROOM // (16 * size), -(-taken.samples // 8) * 8))
        self.shared = Shared(C)
        self.functions = Functions(self.shared, self.program, self.room if self.program.batch else 1)
        self.update = None if optimizer is None else Update(optimizer, taken.plan.traced.params, columns.C)
        self.batch = self.program.batch

    def lines(self) -> list[str]:
        """Everything, in the order in which it stands; what is printed only if it is used is printed last."""
        sections: list[tuple[str, str, Sequence[Step]]] = [
            ("forward", "make", self.program.steps[0]),
            ("backward", "grad", self.program.steps[1]),
        ]
        flags, again = self.taken.careful
        if again:
            sections.append(("again", "again", [*flags, *again]))
        functions = [line for name, word, steps in sections for line in self._section(name, word, steps)]
        rest = Public(self.taken, self.update, self.steps, self.room, bool(again)).lines()
        code = [*functions, *rest]
        first = before(self.shared, code)
        names = names_of(self.shared, code)
        return [*self._head(names), *first, *self._pools(names), *code]

    # --- what stands first -----------------------------------------------------------------------------------------------

    def _head(self, names: set[str]) -> list[str]:
        program = self.program
        return [
            f"/* {comment(self.taken.name)}: a program of {program.scalars:,} scalars, written by micrograd.export.to_c.",
            "",
            "   cc -O3 -march=native -fno-math-errno -fno-trapping-math FILE.c -lm",
            "",
            *[f"   {comment(line)}" for line in str(program).splitlines()], "*/", "",
            *[f"#include <{name}.h>" for name in ("float", "math", "stdint", "stdio", "stdlib", "string")], "",
            PART,
            *(["#define inf INFINITY"] if "inf" in names else []), *(["#define nan NAN"] if "nan" in names else []),
            f"#define PARAMS {len(self.taken.params)}", f"#define INPUTS {len(program.inputs)}", f"#define OUTPUTS {len(program.outputs)}",
            *([f"#define ROOM {self.room} /* samples in one pass */"] if self.batch else []), "",
        ]  # fmt: skip

    def _pools(self, names: set[str]) -> list[str]:
        """The arrays: V values, G gradients, R flags; with a B those that have a number for each sample; T addresses."""
        found = ["", "/* V: values, G: gradients, R: whether something reaches a gradient; VB, GB, RB: those of each sample. */"]
        for batch, size in enumerate(self.program.sizes):
            for pool in "VGR":
                name = pool + "B" * batch
                if name in names:
                    start = self._numbers() if name == "V" else ""
                    found.append(f"static double {name}[{max(1, size * (self.room if batch else 1))}]{start};")
        if self.shared.tables:
            found += array("int", "T", np.concatenate(self.shared.tables).tolist(), str)
        return found

    def _numbers(self) -> str:
        """What is in V from the beginning."""
        runs = [f"    [{at}] = {', '.join(map(number, xs))}," for at, xs in self.taken.numbers]
        return "\n".join([" = {", *runs, "}"]) if runs else ""

    # --- the loops -------------------------------------------------------------------------------------------------------

    def _section(self, section: str, word: str, steps: Sequence[Step]) -> list[str]:
        """A function for each instruction, and the one that calls them."""
        lines, called = self.functions.section(steps, word)
        n = "int n" if self.batch else "void"
        unused = ["    (void)n;"] if self.batch and not any(line.endswith("n);") for line in called) else []
        return [*lines, "", f"static void {section}({n}) {{", *unused, *("    " + line for line in called), "}"]
