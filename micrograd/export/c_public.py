"""The functions of the C file that others call: outputs, loss, gradients, the update, and `main`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd.compiler.braces.nests import words
from micrograd.export.taken import Taken, Update


class Public:
    """… of one program. room: how many samples a pass has room for; again: whether gradients may have to be worked out once more."""

    def __init__(self, taken: Taken, update: Update | None, steps: int, room: int, again: bool) -> None:
        self.taken, self.update, self.steps, self.room, self.again = taken, update, steps, room, again
        self.program, self.batch = taken.program, taken.program.batch
        self.inputs, self.dx = [int(at) for at in self.program.inputs], taken.input_grads
        self.params = bool(taken.params)

    def lines(self) -> list[str]:
        """All of them."""
        slots = ["", *array("int", "slot", self.inputs, str)] if self.inputs else []  # where the inputs belong
        return [*slots, *self._right(), *(self._of_a_batch() if self.batch else self._of_one()), *self._update(), *self._main()]

    # --- values and gradients --------------------------------------------------------------------------------------------

    def _right(self) -> list[str]:
        if not self.taken.limits:
            return []
        places, limits = zip(*self.taken.limits, strict=True)
        return [
            "", "static int right(const double *x) { /* are the inputs that choose rows whole numbers in range? */",
            *("    " + line for line in [*array("int", "place", places, str), *array("int", "limit", limits, str)]),
            f"    for (int i = 0; i < {len(places)}; i++)",
            "        if (!(x[place[i]] >= 0.0 && x[place[i]] < limit[i] && x[place[i]] == floor(x[place[i]]))) return 0;",
            "    return 1;", "}",
        ]  # fmt: skip

    def _enter(self, samples: str) -> list[str]:
        """Parameters and inputs to their places; whether they are right."""
        lines = ["", f"static int enter(const double *p, const double *x{samples}) {{"]
        lines.append("    memcpy(V, p, PARAMS * sizeof *p);" if self.params else "    (void)p;")
        if self.batch and self.taken.limits:
            lines += ["    for (int b = 0; b < m; b++)", "        if (!right(x + b * INPUTS)) return 0;"]
        if not self.inputs:
            lines += ["    (void)x;", *(["    (void)m;"] if self.batch else [])]
        elif self.batch:
            lines += [
                "    for (int i = 0; i < INPUTS; i++)",
                "        for (int b = 0; b < m; b++) VB[slot[i] * ROOM + b] = x[b * INPUTS + i];",
            ]
        else:
            lines.append("    for (int i = 0; i < INPUTS; i++) V[slot[i]] = x[i];")
        return [*lines, "    return right(x);" if self.taken.limits and not self.batch else "    return 1;", "}", ""]

    def _advance(self) -> list[str]:
        """Buffers for the next run."""
        return [f"    V[{place}] = V[{new}];" for place, new in self.program.assigns]

    def _output(self, output: Any, sample: str = "") -> str:
        if not isinstance(output, tuple):
            return number(float(output))
        return f"VB[{output[1] * self.room} + {sample}]" if output[0] else f"V[{output[1]}]"

    def _arguments(self, samples: str) -> str:
        return f"const double *p, const double *x{samples}, double *g{', double *dx' if self.dx else ''}"

    def _settle(self, samples: str) -> list[str]:
        """Where a gradient is nan: once more, with what passes nothing left out."""
        if not self.again:
            return []
        batch, root = self.program.outputs[0]
        lines = ["int64_t bad = 0;"]
        if self.params:
            lines.append("for (int i = 0; i < PARAMS; i++) bad |= G[i] != G[i];")
        if self.dx and self.inputs:
            place = "GB[slot[i] * ROOM + b]" if self.batch else "G[slot[i]]"
            inner = "for (int b = 0; b < m; b++) " if self.batch else ""
            lines.append(f"for (int i = 0; i < INPUTS; i++) {inner}bad |= {place} != {place};")
        flag = f"for (int b = 0; b < m; b++) RB[{root * self.room} + b] = 1.0;" if batch else f"R[{root}] = 1.0;"
        return [*lines, "if (bad) {", f"    {flag}", f"    again({samples});", "}"]

    def _of_one(self) -> list[str]:
        """Functions of one set of arguments."""
        outputs, root = self.program.outputs, self.program.outputs[0][1]
        dx = ["    for (int i = 0; i < INPUTS; i++) dx[i] = G[slot[i]] + 0.0;"] if self.inputs else ["    (void)dx;"]
        return [
            *self._enter(""),
            "void outputs(const double *p, const double *x, double *y) {",
            "    const int known = enter(p, x);",
            "    if (known) forward();",
            *[f"    y[{k}] = known ? {self._output(o)} : NAN;" for k, o in enumerate(outputs)],
            *(["    if (!known) return;", *self._advance()] if self.program.assigns else []),
            "}",
            "",
            "double loss(const double *p, const double *x) {",
            "    double y[OUTPUTS];",
            "    outputs(p, x, y);",
            "    return y[0];",
            "}",
            "",
            f"double value_and_grad({self._arguments('')}) {{",
            "    if (!enter(p, x)) return NAN;",
            "    forward();",
            f"    G[{root}] = 1.0;",
            "    backward();",
            *["    " + line for line in self._settle("")],
            "    for (int i = 0; i < PARAMS; i++) g[i] = G[i] + 0.0;" if self.params else "    (void)g;",
            *(dx if self.dx else []),
            f"    const double found = {self._output(outputs[0])};",
            *self._advance(),
            "    return found;",
            "}",
        ]

    def _of_a_batch(self) -> list[str]:
        """Functions of n samples, ROOM at a time."""
        outputs, room = self.program.outputs, self.room
        batch, root = outputs[0]
        most = "    if (n > ROOM) return{}; /* something needs all samples together */"
        each = ["    for (int at = 0; at < n; at += ROOM) {", "        const int m = n - at < ROOM ? n - at : ROOM;"]
        enter = "        if (!enter(p, x + at * INPUTS, m)) return NAN;"
        seed = f"for (int b = 0; b < m; b++) GB[{root * room} + b] = 1.0 / n;" if batch else f"G[{root}] = 1.0;"
        loss = f"for (int b = 0; b < m; b++) sum += VB[{root * room} + b];" if batch else f"sum += {self._output(outputs[0])} * m;"
        dx = ["        for (int b = 0; b < m; b++)", "            for (int i = 0; i < INPUTS; i++)"]
        dx = [*dx, "                dx[(at + b) * INPUTS + i] = GB[slot[i] * ROOM + b] + 0.0;"] if self.inputs else ["        (void)dx;"]
        return [
            *self._enter(", int m"),
            "void outputs(const double *p, const double *x, int n, double *y) { /* y: OUTPUTS numbers for each sample */",
            *([most.format("")] if self.taken.together else []),
            *each,
            "        if (!enter(p, x + at * INPUTS, m)) {",
            "            for (int i = 0; i < m * OUTPUTS; i++) y[at * OUTPUTS + i] = NAN;",
            "            continue;",
            "        }",
            "        forward(m);",
            "        for (int b = 0; b < m; b++) {",
            *[f"            y[(at + b) * OUTPUTS + {k}] = {self._output(o, 'b')};" for k, o in enumerate(outputs)],
            "        }",
            "    }",
            *self._advance(),
            "}",
            "",
            "double loss(const double *p, const double *x, int n) { /* the mean over the samples */",
            "    double sum = 0.0;",
            *([most.format(" NAN")] if self.taken.together else []),
            *each,
            enter,
            "        forward(m);",
            f"        {loss}",
            "    }",
            *self._advance(),
            "    return sum / n;",
            "}",
            "",
            f"double value_and_grad({self._arguments(', int n')}) {{",
            "    double sum = 0.0;",
            *([most.format(" NAN")] if self.taken.together else []),
            "    for (int i = 0; i < PARAMS; i++) g[i] = 0.0;" if self.params else "    (void)g;",
            *each,
            enter,
            "        forward(m);",
            f"        {loss}",
            f"        {seed}",
            "        backward(m);",
            *["        " + line for line in self._settle("m")],
            *(["        for (int i = 0; i < PARAMS; i++) g[i] += G[i];"] if self.params else []),
            *(dx if self.dx else []),
            "    }",
            *self._advance(),
            "    return sum / n;",
            "}",
        ]

    # --- training --------------------------------------------------------------------------------------------------------

    def _update(self) -> list[str]:
        """The optimizer's rule, by `micrograd.optim`."""
        update = self.update
        if update is None:
            return []
        constants, formulas = update.numbers(words)
        written = {name: text for name, text in zip(("p", *update.slots), update.results, strict=True) if text != name}
        read = set().union(*map(words, [*update.body, *written.values()]))
        slots = "".join(f"double *{name}_, " for name in update.slots)
        return [
            "",
            f"/* The t-th step of {update.name}. */",
            f"void update(double *p_, const double *g_, {slots}long t) {{",
            *[f"    const double {name} = {number(x)};" for name, x in constants.items()],
            *[f"    const double {name} = {f.format(pow='pow', sqrt='sqrt')};" for name, f in formulas.items()],
            *[f"    (void){name};" for name in [*([] if formulas else ["t"]), *(f"{s}_" for s in update.slots if s not in read)]],
            "    for (int i = 0; i < PARAMS; i++) {",
            *[f"        const double {name} = {name}_[i];" for name in ("p", "g", *update.slots) if name in read],
            *[f"        const double {line};" for line in update.body],
            *[f"        {name}_[i] = {text};" for name, text in written.items()],
            "    }",
            "}",
        ]

    def _main(self) -> list[str]:
        taken, update = self.taken, self.update
        rows = [f"    {', '.join(map(number, row))}," for row in taken.inputs.tolist()] if self.inputs else ["    0.0,"]
        dx = [f"    static double dx[{max(1, len(self.program.inputs) * taken.samples)}];"] if self.dx else []
        call = f"value_and_grad(p, arguments{', SAMPLES' if self.batch else ''}, g{', dx' if self.dx else ''})"
        lines = [
            "",
            "#ifndef NO_MAIN",
            *([f"#define SAMPLES {taken.samples}"] if self.batch else []),
            "static const double arguments[] = {",
            *rows,
            "};",
            *array("double", "start", taken.params or [0.0], number),
            "",
            SHOW,
            "int main(void) {",
            "    static double p[PARAMS + 1], g[PARAMS + 1];",
            *dx,
            "    memcpy(p, start, sizeof start);",
        ]
        if update is None:
            lines += [f"    show({call});", "    for (int i = 0; i < PARAMS; i++) show(g[i]);"]
        else:
            for name, numbers in zip(update.slots, update.state, strict=True):
                begun = array("double", name, numbers, number, "static ") if any(numbers) else [f"static double {name}[PARAMS + 1];"]
                lines += ["    " + line for line in begun]
            first, slots = update.made + 1, "".join(f", {name}" for name in update.slots)
            lines += [
                f"    for (long t = {first}; t < {first + self.steps}; t++) {{",
                f"        show({call});",
                f"        update(p, g{slots}, t);",
                "    }",
            ]
        return [*lines, "    return 0;", "}", "#endif"]


SHOW = r"""static void show(double x) { /* the shortest text that reads back as x, as Python's repr writes it */
    char text[40];
    int digits = 0;
    do snprintf(text, sizeof text, "%.*e", digits, x); while (strtod(text, NULL) != x && ++digits < 17);
    const char *exponent = strchr(text, 'e');
    const int e = exponent ? atoi(exponent + 1) : 0;
    if (x != x) puts("nan");
    else if (x - x != 0.0) puts(x > 0.0 ? "inf" : "-inf");
    else if (e < -4 || e > 15) puts(text);
    else printf("%.*f\n", digits - e > 1 ? digits - e : 1, x);
}
"""


def array(kind: str, name: str, xs: Sequence[Any], text: Callable[[Any], str], before: str = "static const ") -> list[str]:
    """An array of numbers in lines of twelve."""
    rows = [f"    {', '.join(map(text, xs[k : k + 12]))}," for k in range(0, len(xs), 12)]
    return [f"{before}{kind} {name}[] = {{", *rows, "};"]


def number(x: float) -> str:
    """A number as C reads it, to the last bit."""
    return repr(x) if abs(x) < float("inf") else "NAN" if x != x else "INFINITY" if x > 0 else "-INFINITY"
