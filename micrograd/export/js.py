"""JavaScript: the whole program as one ES module that needs nothing, for a page or for Node."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from micrograd.compiler.braces import columns
from micrograd.compiler.braces.nests import Shared, cut, identifier, words
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Instruction, Repeat, Step
from micrograd.compiler.program.show import Names, extents
from micrograd.export.js_nests import JS, POOLS, JSNest
from micrograd.export.taken import Taken, Update
from micrograd.export.wasm_engine import Engine
from micrograd.files import write


def to_js(step: Any, path: str | os.PathLike[str] | None = None, *, optimizer: Any = None) -> str:
    """A compiled loss as one ES module, forward and gradients; the text, also written to `path`.

    step: what `micrograd.compile` or `micrograd.lower` gave, called once. optimizer: one of `micrograd.optim`, whose rule becomes `update`.
    The module exports, p being PARAMS parameters and x the INPUTS numbers of the arguments in order, both arrays:

    - `start`, `args`: the parameters, and the latest arguments.
    - `loss(p, x)`, `outputs(p, x)`: the first, and all of the OUTPUTS numbers that the loss returns.
    - `valueAndGrad(p, x, gradient)`: `{value, gradient}`, with input_grads=True also `inputs`, the gradients by the arguments; the
      array `gradient` is a new one where none is given.
    - `update(p, gradient, state)`: a step; `state = fresh()` is what the optimizer remembers. `train(p, x, state)` does both and
      gives the loss.
    - With batch=True x has a row for each sample, one after the other, and outputs as many rows.
    - `engine`: "wasm" where the loops that take the time run as WebAssembly, which is in the module, two numbers at a time; "js" where
      there is none, or a page's policy forbids it (no 'wasm-unsafe-eval'): then all loops are JavaScript's. `use("js")` asks for those.

    The answers are the compiled program's (see `micrograd.compiler`) to a few units in the last place of Math's functions, of which every
    engine has its own (WebAssembly's exp, expm1 and tanh are within 1, 2 and 3), and of sums, which WebAssembly adds up in two halves where
    their terms are neighbours; edges are the same, nan where a look-up is out of its range. Raises ValueError for what cannot go along,
    as `to_c` does.
    """
    text = "\n".join(_Module(Taken(step), optimizer).lines()) + "\n"
    if path is not None:
        write(path, text.encode())
    return text


class _Module:
    """The parts of the module."""

    def __init__(self, taken: Taken, optimizer: Any) -> None:
        self.taken, self.program, self.batch = taken, taken.program, taken.program.batch
        self.room = -(-taken.samples // 4) * 4 if taken.together else 64
        self.shared, self.names, self.known = Shared(JS), Names(self.program.families), dict[str, int]()
        self.update = None if optimizer is None else Update(optimizer, taken.plan.traced.params, columns.JS)
        self.inputs = [int(at) for at in self.program.inputs]
        self.engine = Engine(self.program, self.room if self.batch else 1)

    def lines(self) -> list[str]:
        """Everything, in the order in which it stands."""
        sections = [("forward", "make", self.program.steps[0]), ("backward", "grad", self.program.steps[1])]
        flags, again = self.taken.careful
        if again:
            sections.append(("again", "again", [*flags, *again]))
        code = [line for name, word, steps in sections for line in self._section(name, word, steps)]
        code += [*self._right(), *self._public(bool(again)), *(self._update() if self.update else [])]
        rules = [line for _, lines in self.shared.rules.values() for line in ("", *lines)]
        names = set().union(*(words(line) for line in (*rules, *code) if not line.startswith("//")))
        helpers = [columns.JS_HELPERS[h][1] for h in columns.used(columns.JS_HELPERS, names)]
        return [*self._head(names), *helpers, *rules, *code, *self.engine.choice()]

    def _head(self, names: set[str]) -> list[str]:
        program, taken = self.program, self.taken
        lines = [f"// {comment(taken.name)}: a program of {program.scalars:,} scalars, written by micrograd.export.to_js.", "//"]
        lines += [f"// {comment(line)}" for line in str(program).splitlines()]
        lines += ["", f"export const PARAMS = {len(taken.params)}, INPUTS = {len(program.inputs)}, OUTPUTS = {len(program.outputs)};"]
        lines += [f"const ROOM = {self.room}; // samples in one pass"] if self.batch else []
        lines += ["const inf = Infinity;"] if "inf" in names else []
        lines += ["const nan = NaN;"] if "nan" in names else []
        lines += [*_array("export const start", taken.params), *_array("export const args", taken.inputs.ravel().tolist()), ""]
        lines.append("// V: values, G: gradients, R: whether something reaches a gradient; VB, GB, RB: those of each sample; T: addresses.")
        lines += self.engine.pools(names)
        lines += [f"V.set([{', '.join(map(number, xs))}], {at});" for at, xs in taken.numbers]
        tables = np.concatenate(self.shared.tables).tolist() if self.shared.tables else []
        lines += [f"const slot = new Int32Array([{', '.join(map(str, self.inputs))}]); // where the inputs belong"] if self.inputs else []
        return [*lines, *([f"const T = new Int32Array([{', '.join(map(str, tables))}]);"] if tables else []), ""]

    # --- the loops -------------------------------------------------------------------------------------------------------

    def _section(self, section: str, word: str, steps: Sequence[Step]) -> list[str]:
        """A function for each instruction, and the one that calls them, in a loop where they repeat."""
        lines: list[str] = []
        calls: list[str] = []
        for step in steps:
            turns, body = (step.count, step.body) if isinstance(step, Repeat) else (0, [step])
            inside = []
            for each in body:
                function, call = self._function(each, word, turns)
                lines += function
                inside.append(call)
            calls += [f"for (let t = 0; t < {turns}; t++) {{", *("    " + call for call in inside), "}"] if turns else inside
        return [*lines, "", f"function {section}({'n' if self.batch else ''}) {{", *("    " + call for call in calls), "}"]

    def _function(self, step: Instruction, word: str, turns: int) -> tuple[list[str], str]:
        """(the function of an instruction, the call of it). turns: of the loop around, whose variable is t."""
        stem = f"{word}_{identifier(self.names.family(step.out).name)}"
        self.known[stem] = self.known.get(stem, 0) + 1
        name = stem if self.known[stem] == 1 else f"{stem}_{self.known[stem]}"
        boxed = self.program.boxed(step, max(1, turns), keep=True)
        body = JSNest(boxed, self.shared, self.room if self.batch else 1).lines()
        text = set().union(*map(words, body))
        given = [*(["n"] if step.batch else []), *(["t"] if "t" in text else [])]
        fast = word != "again" and self.engine.takes(name, boxed, turns, given)
        held = ", ".join(f"{short} = {pool}" for pool, short in POOLS.items() if short in text)
        body = [*([f"const {held};"] if held else []), *body]
        about = f"// {comment(self.names.line(step, max(1, turns)))}    {extents(step)}".rstrip()
        call = f"{'run.' if fast else ''}{name}({', '.join(given)});"
        return ["", about, f"function {name}({', '.join(given)}) {{", *("    " + line for line in body), "}"], call

    # --- what others call ------------------------------------------------------------------------------------------------

    def _right(self) -> list[str]:
        if not self.taken.limits:
            return []
        places, limits = zip(*self.taken.limits, strict=True)
        return [
            "",
            f"const place = {list(places)}, limit = {list(limits)}; // of the inputs that choose rows",
            "const right = (x, at) => place.every((k, i) => Number.isInteger(x[at + k]) && x[at + k] >= 0 && x[at + k] < limit[i]);",
        ]

    def _public(self, again: bool) -> list[str]:
        """In one pass of m samples, or (without a batch) of one, beginning at number `at`."""
        program, taken, room = self.program, self.taken, self.room
        batch, root = program.outputs[0]
        m, dx = ("m" if self.batch else ""), taken.input_grads
        each = "        for (let b = 0; b < m; b++) "
        enter = ["", "const typed = (x) => (x instanceof Float64Array ? x : Float64Array.from(x));"]
        enter += [
            "",
            "const broken = (xs, n) => {",
            "    for (let i = 0; i < n; i++) if (xs[i] !== xs[i]) return true;",
            "    return false;",
            "};",
        ]
        enter += ["", "const add = (xs, ys, n) => {", "    for (let i = 0; i < n; i++) xs[i] += ys[i];", "};"]
        enter += ["", "function enter(p, x, at, m) {", "    V.set(p);" if taken.params else ""]
        if taken.limits:
            enter += ["    for (let b = 0; b < m; b++) if (!right(x, (at + b) * INPUTS)) return false;"]
        first = self.inputs[0] if self.inputs and self.inputs == [*range(self.inputs[0], self.inputs[-1] + 1)] else None
        place = "slot_[i]" if first is None else f"{first} + i" if first else "i"
        v = "VB" if self.batch else "V"
        held = f"    const {POOLS[v]} = {v}{', slot_ = slot' if first is None else ''};"
        enter += [held] if self.inputs else []
        if self.batch and self.inputs:
            place = place if place == "i" or first is None else f"({place})"
            enter += ["    for (let b = 0; b < m; b++) {", "        const row = (at + b) * INPUTS;"]
            enter += [f"        for (let i = 0; i < INPUTS; i++) vb_[{place} * ROOM + b] = x[row + i];", "    }"]
        elif self.inputs:
            enter += [f"    for (let i = 0; i < INPUTS; i++) v_[{place}] = x[i];"]
        enter += ["    return true;", "}"]
        samples = "INPUTS ? x.length / INPUTS : 1" if self.batch else "1"
        most = "    if (n > ROOM) throw new RangeError(`something needs all samples together: at most ${ROOM}`);"
        passes = [
            f"    x = typed(x);\n    const n = {samples};",
            *([most] if self.batch and taken.together else []),
            f"    for (let at = 0; at < n; at += {'ROOM' if self.batch else 1}) {{",
            f"        const m = {'Math.min(n - at, ROOM)' if self.batch else 1}, known = enter(p, x, at, m);",
        ]  # fmt: skip
        settle = ["        if (broken(G, PARAMS)" + (" || broken(inputs, inputs.length)" if dx else "") + ") {"] if again else []
        fetch = []
        if dx:
            place = "GB[slot[i] * ROOM + b]" if self.batch else "G[slot[i]]"
            fetch += [each + f"for (let i = 0; i < INPUTS; i++) inputs[(at + b) * INPUTS + i] = {place} + 0;"] if self.inputs else []
        if again:
            flag = f"for (let b = 0; b < m; b++) RB[{root * room} + b] = 1;" if batch else f"R[{root}] = 1;"
            settle += [f"            {flag}", f"            again({m});", *["    " + line for line in fetch], "        }"]
        seed = f"for (let b = 0; b < m; b++) GB[{root * room} + b] = 1 / n;" if batch else f"G[{root}] = 1;"
        loss = f"for (let b = 0; b < m; b++) sum += VB[{root * room} + b];" if batch else f"sum += {self._output(program.outputs[0])} * m;"
        advance = [f"    V[{place}] = V[{new}];" for place, new in program.assigns]
        return [
            *enter,
            "",
            "export function outputs(p, x) {",
            *passes[:1],
            "    const y = new Float64Array(n * OUTPUTS).fill(NaN);",
            *passes[1:],
            "        if (!known) continue;",
            f"        forward({m});",
            *[each + f"y[(at + b) * OUTPUTS + {k}] = {self._output(o)};" for k, o in enumerate(program.outputs)],
            "    }",
            *advance,
            "    return y;",
            "}",
            "",
            "export function loss(p, x) {",
            "    let sum = 0;",
            *passes,
            "        if (!known) return NaN;",
            f"        forward({m});",
            f"        {loss}",
            "    }",
            *advance,
            "    return sum / n;",
            "}",
            "",
            "export function valueAndGrad(p, x, gradient = new Float64Array(PARAMS)) {",
            "    let sum = 0;",
            *passes[:1],
            "    gradient.fill(0);",
            *(["    const inputs = new Float64Array(n * INPUTS);"] if dx else []),
            *passes[1:],
            "        if (!known) return { value: NaN, gradient: gradient.fill(NaN)" + (", inputs: inputs.fill(NaN)" if dx else "") + " };",
            f"        forward({m});",
            f"        {loss}",
            f"        {seed}",
            f"        backward({m});",
            *fetch,
            *settle,
            *(["        add(gradient, G, PARAMS);"] if taken.params else []),
            "    }",
            *advance,
            "    return { value: sum / n, gradient" + (", inputs" if dx else "") + " };",
            "}",
        ]

    def _output(self, output: Any) -> str:
        if not isinstance(output, tuple):
            return number(float(output))
        return f"VB[{output[1] * self.room} + b]" if output[0] else f"V[{output[1]}]"

    def _update(self) -> list[str]:
        """The optimizer's rule, by `micrograd.optim`."""
        update = self.update
        assert update is not None
        constants, formulas = update.numbers(words)
        written = {name: text for name, text in zip(("p", *update.slots), update.results, strict=True) if text != name}
        read = set().union(*map(words, [*update.body, *written.values()]))
        fresh = [f"t: {update.made}"]
        for name, numbers in zip(update.slots, update.state, strict=True):
            begun = f"new Float64Array([{', '.join(map(number, numbers))}])" if any(numbers) else "new Float64Array(PARAMS)"
            fresh.append(f"{name}: {begun}")
        return [
            "",
            f"// What {update.name} remembers.",
            f"export const fresh = () => ({{ {', '.join(fresh)} }});",
            "",
            "export function update(parameters, gradient, state) {",
            "    const t = ++state.t;" if formulas else "    state.t++;",
            *[f"    const {name} = {number(x)};" for name, x in constants.items()],
            *[f"    const {name} = {f.format(pow='Math.pow', sqrt='Math.sqrt')};" for name, f in formulas.items()],
            *[f"    const {name}_ = state.{name};" for name in update.slots],
            "    for (let i = 0; i < PARAMS; i++) {",
            *[f"        const {name} = {where}[i];" for name, where in (("p", "parameters"), ("g", "gradient")) if name in read],
            *[f"        const {name} = {name}_[i];" for name in update.slots if name in read],
            *[f"        const {line};" for line in update.body],
            *[f"        {'parameters' if name == 'p' else f'{name}_'}[i] = {text};" for name, text in written.items()],
            "    }",
            "}",
            "",
            "const latest = new Float64Array(PARAMS);",
            "",
            "export function train(p, x, state) {",
            "    const { value } = valueAndGrad(p, x, latest);",
            "    update(p, latest, state);",
            "    return value;",
            "}",
        ]


def number(x: float) -> str:
    """A number as JavaScript reads it, to the last bit."""
    return repr(x) if abs(x) < float("inf") else "NaN" if x != x else "Infinity" if x > 0 else "-Infinity"


def _array(what: str, xs: Sequence[float]) -> list[str]:
    rows = [f"    {', '.join(map(number, xs[k : k + 12]))}," for k in range(0, len(xs), 12)]
    # an array, for a call takes 65,535 arguments at most
    return [f"{what} = new Float64Array([", *rows, "]);"] if rows else [f"{what} = new Float64Array(0);"]


def comment(text: str) -> str:
    """A text that stays in its line, and ends no script of a page that the module is written into."""
    return cut("".join(c if c.isprintable() else "?" for c in text)).replace("</", "< /").replace("<!--", "< !--")
