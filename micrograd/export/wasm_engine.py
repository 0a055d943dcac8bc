"""The second form of a JavaScript module's loops: WebAssembly in the module itself, where a page may run it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from micrograd.compiler.braces.nests import Shared
from micrograd.compiler.program.instruction import Instruction
from micrograd.compiler.program.ir import Program
from micrograd.export import wasm
from micrograd.export.js_nests import JS
from micrograd.export.wasm_column import LONGER
from micrograd.export.wasm_nests import WasmNest

FEW = 32  # steps of a loop that are not worth a call
LARGEST = 2**30  # bytes of memory


class Engine:
    """The functions of a module that have a form in WebAssembly, and the lines of JavaScript that choose between the two forms."""

    def __init__(self, program: Program, room: int) -> None:
        """room: samples in one pass."""
        self.room, self.lengths = room, dict[str, int]()
        self.places: dict[str, int] = {}  # of pools that both forms compute with, in bytes
        self.size = 0
        for batch, size in enumerate(program.sizes):
            for pool in "VGR":
                name = pool + "B" * batch
                self.lengths[name] = size * (room if batch else 1)
                if pool != "R" and size:
                    self.places[name] = self.size
                    self.size += -(-8 * self.lengths[name] // 64) * 64
        self.functions: list[wasm.Function] = []

    def takes(self, name: str, step: Instruction, turns: int, given: Sequence[str]) -> bool:
        """Whether the instruction is here, too, as a function of that name."""
        if step.size * (self.room if step.batch else 1) < FEW or self.size > LARGEST:
            return False
        nest = WasmNest(step, Shared(JS), self.room, self.places)
        body = nest.body() if nest.fits(turns) else []
        if body:
            self.functions.append(wasm.Function(name, given, body))
        return bool(body)

    def pools(self, names: set[str]) -> list[str]:
        """The arrays that are used, and the memory that both forms share."""
        lines = []
        if self.functions:
            code = b64encode(wasm.module(self.functions, self.size, LONGER)).decode()
            lines += [f'const code = "{code}"; // of WebAssembly: functions below that are called by `run`', *START, ""]
            lines.append(f"const wasm = assembled(), memory = wasm ? wasm.memory.buffer : new ArrayBuffer({self.size});")
        for name, length in self.lengths.items():
            if name in names:
                shared = f"memory, {self.places[name]}, " if self.functions and name in self.places else ""
                lines.append(f"const {name} = new Float64Array({shared}{length});")
        return lines

    def choice(self) -> list[str]:
        """Which form runs."""
        if not self.functions:
            return ["", 'export const engine = "js", use = () => engine; // nothing here is worth WebAssembly']
        names = ", ".join(f.name for f in self.functions)
        return ["", f"const js = {{ {names} }};", *CHOICE]


START = [
    "function assembled() {",
    "    try {",
    "        const bytes = Uint8Array.from(atob(code), (c) => c.charCodeAt(0));",
    "        return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;",
    "    } catch {",
    "        return null; // there is no WebAssembly, it has no vectors, or the page's policy forbids it",
    "    }",
    "}",
]
CHOICE = [
    "let run = wasm ?? js;",
    "",
    "// Which form of these loops runs, and what changes it.",
    'export let engine = wasm ? "wasm" : "js";',
    "export function use(name) {",
    '    if (name !== "js" && name !== "wasm") throw new RangeError(`the engine is "js" or "wasm", not ${name}`);',
    '    if (name === "wasm" && !wasm) throw new Error("no WebAssembly with vectors may run here");',
    '    run = name === "js" ? js : wasm;',
    "    engine = name;",
    "}",
]
