"""What a file of C has beside its own functions: kernels, helpers and rules, those that it uses, and the names of its instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from micrograd.compiler.braces import columns
from micrograd.compiler.braces.c_nests import CNest, apart_in_memory
from micrograd.compiler.braces.lanes import LANES, needed
from micrograd.compiler.braces.nests import Language, Shared, cut, identifier, words
from micrograd.compiler.program.instruction import Instruction, Repeat, Step
from micrograd.compiler.program.ir import Program
from micrograd.compiler.program.show import Names, extents

C = Language(
    templates=columns.C, index="long", number="double", constant="const double", whole="(int){0}", at="{name}[{offset}]",
    function="static inline double {0}({1})", argument="double {0}",
)  # fmt: skip

PART = """\
#if defined(__GNUC__) /* many small functions are compiled sooner, and no worse, than one large one */
#define PART static __attribute__((noinline))
#else
#define PART static
#endif
"""


class Functions:
    """A function of C for each instruction of a program. room: how many samples the pool of the batch has room for.

    samples: how many there are, where that is known: else each function is given their number `n`. tables: whether it is given `T`, too.
    """

    def __init__(self, shared: Shared, program: Program, room: int, samples: int = 0, tables: bool = False) -> None:
        self.shared, self.program, self.names = shared, program, Names(program.families)
        self.room, self.samples, self.tables = room, samples, tables
        self.known: Counter[str] = Counter()

    def section(self, steps: Sequence[Step], word: str) -> tuple[list[str], list[str]]:
        """(the functions of instructions, the lines that call them). word: how their names begin, by the pool that they write."""
        functions: list[str] = []
        calls: list[str] = []
        for step in steps:
            turns, body = (step.count, step.body) if isinstance(step, Repeat) else (0, [step])
            made = [self.of(inner, word, turns) for inner in body]
            functions += [line for function, _ in made for line in function]
            inside = [call for _, call in made]
            calls += [f"for (int t = 0; t < {turns}; t++) {{", *("    " + call for call in inside), "}"] if turns else inside
        return functions, calls

    def of(self, step: Instruction, word: str, turns: int = 0) -> tuple[list[str], str]:
        """(the function of an instruction, the call of it). turns: of the loop around, whose variable is t."""
        boxed = self.program.boxed(step, max(1, turns), keep=True)
        if step.limit is None:
            boxed = boxed.joined
        nest = CNest(boxed, self.shared, self.room)
        nest.roomy = boxed.limit is not None and self.program.roomy(boxed, max(1, turns))
        nest.within = step.limit if boxed.limit is None else None
        if step.batch and self.samples:
            nest.extent["b"] = self.samples
        stem = f"{word}_{identifier(self.names.family(step.out).name)}"
        self.known[stem] += 1
        name = stem if self.known[stem] == 1 else f"{stem}_{self.known[stem]}"
        body = nest.lines()
        own = "*restrict " if apart_in_memory(boxed, turns) else "*"
        text = set().union(*map(words, body))
        operands = [x for x in nest.operands if x in text]
        given = [f"{'' if x == 'out' else 'const '}double {own}{x}" for x in operands]
        here = [nest.place(x) for x in operands]
        for argument, kind in (("n", "int n"), *((("T", "const int *T"),) if self.tables else ())):
            if argument in text:
                given.append(kind)
                here.append(argument)
        about = f"/* {comment(self.names.line(step, max(1, turns)))}    {extents(step)}".rstrip() + " */"
        function = ["", about, f"PART void {name}({', '.join(given)}) {{", *("    " + line for line in body), "}"]
        return function, f"{name}({', '.join(here)});"


def names_of(shared: Shared, code: Iterable[str]) -> set[str]:
    """The names in lines of code and in the rules that they call."""
    rules = [line for _, lines in shared.rules.values() for line in lines]
    return set().union(*(words(line) for line in (*rules, *code) if not line.startswith("/*")))


def before(shared: Shared, code: Sequence[str]) -> list[str]:
    """What stands before the functions that use it: kernels, helpers, rules."""
    loose, exact = _apart(shared.rules.values())
    names = names_of(shared, code)
    helpers = columns.used(columns.C_HELPERS, names)
    kernels = needed(names)
    return [
        *([LANES, *kernels] if kernels else []),
        *[columns.C_HELPERS[h][1] for h in helpers if not columns.C_HELPERS[h][2]],
        *(_exactly([*[columns.C_HELPERS[h][1] for h in helpers if columns.C_HELPERS[h][2]], *exact])), *loose,
    ]  # fmt: skip


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
