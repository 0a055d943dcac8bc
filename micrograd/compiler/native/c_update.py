"""An optimizer's update rule in C, and many training steps in one call: every product and sum rounded as the rule says, to the last bit."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import Any

from micrograd.compiler.braces import columns
from micrograd.compiler.braces.c_file import C, before, names_of
from micrograd.compiler.braces.nests import Shared, words
from micrograd.compiler.native import cc
from micrograd.compiler.native.c_code import POOLS
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.rule import written_out
from micrograd.optim.optimizer import Kernel

ROOT_OVER = """
/* sqrt(x) / d, the same bits, by unit = 1 / d: what the quotient leaves over corrects it, twice (Markstein 1990). NEAR: whether d is of
   a size at which nothing here is too large, or so small that digits are lost. */
#if defined(__FP_FAST_FMA) || defined(__FMA__)
#define NEAR(d) (d > 0x1p-300 && d < 0x1p300)
#else
#define NEAR(d) 0
#endif
static inline double root_over(double x, double d, double unit) {
    const double root = sqrt(x), first = root * unit, second = fma(fma(-first, d, root), unit, first);
    return 0.0 < root && root <= DBL_MAX ? fma(fma(-second, d, root), unit, second) : root;
}
"""
UPDATE = "double *restrict P, const double *restrict G, double *restrict S, long count, const double *numbers"
LOOP = f"""
/* Whole steps, each on the next `size` numbers of `feed`; how many: after a run that left a nan in one of the first `watched` gradients,
   or, if `finite`, a loss that is none, it ends without the update. */
long loop(void (*run)({POOLS}, int, int), {POOLS}, double *S, long first, long count, const double *numbers,
          long given, const double *root, long samples, double *losses, long steps, long watched, double *inputs, const double *feed,
          long size, long finite) {{
    for (long k = 0; k < steps; k++) {{
        if (size) memcpy(inputs, feed + k * size, size * sizeof(double));
        run(V, G, VB, GB, T, 0, 2);
        double sum = 0.0;
        for (long b = 0; b < samples; b++) sum += root[b];
        losses[k] = sum / samples;
        int bad = finite && !isfinite(losses[k]);
        for (long i = 0; i < watched; i++) bad |= G[i] != G[i];
        if (bad) return k;
        update(V + first, G + first, S, count, numbers + k * given);
    }}
    return steps;
}}
"""


class CUpdate:
    """update(params, gradient, slots, first, numbers), and `loop`, for one rule. OSError where it cannot be compiled."""

    def __init__(self, kernel: Kernel, slots: int) -> None:
        body, results = written_out(kernel.results, columns.C)
        _, _, *names = kernel.arguments
        own, numbers = names[:slots], names[slots:]
        read = set().union(*map(words, [*body, *results]))
        loop = self._steps(body, results, own, read)
        roots = re.compile(rf"\(sqrt\((\w+)\) / ({'|'.join(numbers)})\)")  # a division for all costs a third of the time
        by = sorted({found[1] for text in (*body, *results) for found in roots.findall(text)})
        if by:
            sooner = [roots.sub(r"root_over(\1, \2, 1.0 / \2)", line) for line in loop]
            loop = [f"    if ({' && '.join(f'NEAR({d})' for d in by)}) {{", *sooner, "    } else {", *loop, "    }"]
        code = [
            "", f"void update({UPDATE}) {{",
            *[f"    const double {name} = numbers[{k}];" for k, name in enumerate(numbers) if name in read],
            *loop, "}",
        ]  # fmt: skip
        shared = Shared(C)
        first, known = before(shared, code), names_of(shared, code)
        if "root_over" in known:
            first.append(ROOT_OVER)
        head = ["/* An optimizer's update rule, and the loop of training steps. */"]
        head += [f"#include <{name}.h>" for name in ("float", "math", "stdint", "string")]
        head += [f"#define {x} {y}" for x, y in (("inf", "INFINITY"), ("nan", "NAN")) if x in known]
        library = cc.load("\n".join([*head, *first, *code, LOOP]), "an optimizer's rule once", "-ffp-contract=off", "-O3")
        self._update, self._loop = library.update, library.loop
        self._update.restype, self._loop.restype = None, ctypes.c_long

    @staticmethod
    def _steps(body: list[str], results: list[str], own: Sequence[str], read: set[str]) -> list[str]:
        """The loop over all parameters."""
        return [
            "    for (long i = 0; i < count; i++) {",
            *[f"        const double {name} = {name.upper()}[i];" for name in ("p", "g") if name in read],
            *[f"        const double {name} = S[{k} * count + i];" for k, name in enumerate(own) if name in read],
            *[f"        const double {line};" for line in body],
            f"        P[i] = {results[0]};",
            *[f"        S[{k} * count + i] = {text};" for k, text in enumerate(results[1:]) if text != own[k]],
            "    }",
        ]

    def __call__(self, params: Any, gradient: Any, slots: Any, first: int, numbers: Any) -> None:
        count = slots.shape[1]
        here = [ctypes.c_void_p(x.ctypes.data + 8 * first) for x in (params, gradient)]
        self._update(*here, cc.pointer(slots), ctypes.c_long(count), cc.pointer(np.ascontiguousarray(numbers, dtype=np.float64)))

    def loop(self, machine: Any, slots: Any, first: int, numbers: Any, losses: Any, fed: Any, start: int, finite: bool) -> int:
        """So many steps as there are rows of numbers; how many were made, and their losses in `losses`.

        fed: a row for each step, which goes to the inputs from `start` on. finite: a loss that is nan or inf ends it.
        """
        run, arguments = machine.entry
        batch, place = machine.program.outputs[0]
        root = cc.pointer(machine.values[batch][place:])
        samples = machine.samples if batch else 1
        watched = machine.count if machine.watch else 0
        long = ctypes.c_long
        done: int = self._loop(
            run, *arguments, cc.pointer(slots), long(first), long(slots.shape[1]), cc.pointer(numbers), long(numbers.shape[1]),
            root, long(samples), cc.pointer(losses), long(len(losses)), long(watched),
            cc.pointer(machine.inputs[start:]), cc.pointer(fed), long(fed.shape[1]), long(finite),
        )  # fmt: skip
        return done
