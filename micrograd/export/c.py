"""C: the whole program as one file of C99 that needs nothing but the standard library."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Instruction
from micrograd.compiler.program.show import Names, extents
from micrograd.export import columns
from micrograd.export.c_nests import CNest, apart_in_memory
from micrograd.export.c_public import Public, array, number
from micrograd.export.lanes import KERNELS, LANES
from micrograd.export.nests import Language, Shared, cut, identifier, words
from micrograd.export.taken import Taken, Update
from micrograd.files import write

ROOM = 2**18  # bytes that the values and gradients of the samples in one pass may take

C = Language(
    templates=columns.C, index="int", number="double", constant="const double", whole="(int){0}", at="{name}[{offset}]",
    function="static inline double {0}({1})", argument="double {0}",
)  # fmt: skip


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
        self.shared, self.names, self.known = Shared(C), Names(self.program.families), dict[str, int]()
        self.update = None if optimizer is None else Update(optimizer, taken.plan.traced.params, columns.C)
        self.batch = self.program.batch

    def lines(self) -> list[str]:
        """Everything, in the order in which it stands; what is printed only if it is used is printed last."""
        sections = [("forward", "make", self.program.forward), ("backward", "grad", self.program.backward)]
        flags, again = self.taken.careful
        if again:
            sections.append(("again", "again", [*flags, *again]))
        functions = [line for name, word, steps in sections for line in self._section(name, word, steps)]
        rest = Public(self.taken, self.update, self.steps, self.room, bool(again)).lines()
        rules = [line for _, lines in self.shared.rules.values() for line in ("", *lines)]
        loose, exact = _apart(self.shared.rules.values())
        code = [*functions, *rest]
        names = set().union(*(words(line) for line in (*rules, *code) if not line.startswith("/*")))
        helpers = columns.used(columns.C_HELPERS, names)
        kernels = [KERNELS[name] for name in KERNELS if name in names]
        return [
            *self._head(names), *([LANES, *kernels] if kernels else []),
            *[columns.C_HELPERS[h][1] for h in helpers if not columns.C_HELPERS[h][2]],
            *(_exactly([*[columns.C_HELPERS[h][1] for h in helpers if columns.C_HELPERS[h][2]], *exact])), *loose,
            *self._pools(names), *code,
        ]  # fmt: skip

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
            "#if defined(__GNUC__) /* many small functions are compiled sooner, and no worse, than one large one */",
            "#define PART static __attribute__((noinline))", "#else", "#define PART static", "#endif", "",
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

    def _section(self, section: str, word: str, steps: Sequence[Instruction]) -> list[str]:
        """A function for each instruction, and the one that calls them."""
        lines, called = [], []
        for step in steps:
            nest = CNest(self.program.boxed(step), self.shared, self.room if self.batch else 1)
            stem = f"{word}_{identifier(self.names.family(step.out).name)}"
            self.known[stem] = self.known.get(stem, 0) + 1
            name = stem if self.known[stem] == 1 else f"{stem}_{self.known[stem]}"
            body = nest.lines()
            own = "*restrict " if apart_in_memory(self.program.boxed(step)) else "*"
            text = set().union(*map(words, body))
            operands = [x for x in nest.operands if x in text]
            given = [f"{'' if x == 'out' else 'const '}double {own}{x}" for x in operands]
            here = [f"{nest.pool(x)}" + (f" + {nest.base(x)}" if nest.base(x) else "") for x in operands]
            if "n" in text:
                given.append("int n")
                here.append("n")
            about = f"/* {comment(self.names.line(step))}    {extents(step)}".rstrip() + " */"
            lines += ["", about, f"PART void {name}({', '.join(given)}) {{", *("    " + line for line in body), "}"]
            called.append(f"    {name}({', '.join(here)});")
        n = "int n" if self.batch else "void"
        unused = ["    (void)n;"] if self.batch and not any(line.endswith("n);") for line in called) else []
        return [*lines, "", f"static void {section}({n}) {{", *unused, *called, "}"]


def _apart(rules: Iterable[tuple[str, list[str]]]) -> tuple[list[str], list[str]]:
    """(rules whose products may be rounded together with a sum, those that split numbers by the very rounding of a product)."""
    loose: list[str] = []
    exact: list[str] = []
    for _, lines in rules:
        splits = any("134217729.0" in line for line in lines)
        if splits:
            first = [lines[0].replace("static inline", "static"), *lines[1:]]
            exact += ["", *first[:1], "    EXACTLY", *first[1:]]
        else:
            loose += ["", *lines]
    return loose, exact


def _exactly(lines: list[str]) -> list[str]:
    """Functions in which no product is rounded together with a sum."""
    if not lines:
        return []
    text = [line.replace(") { /* exp(-k", ") { EXACTLY /* exp(-k") for line in lines]
    gcc = "#if defined(__GNUC__) && !defined(__clang__)"
    return [
        "#if defined(__clang__)", '#define EXACTLY _Pragma("STDC FP_CONTRACT OFF")', "#else", "#define EXACTLY", "#endif",
        gcc, "#pragma GCC push_options", '#pragma GCC optimize("fp-contract=off")', "#endif", *text,
        gcc, "#pragma GCC pop_options", "#endif",
    ]  # fmt: skip


def comment(text: str) -> str:
    """A text that no comment of C ends in."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return cut(plain).replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??", "? ?")
