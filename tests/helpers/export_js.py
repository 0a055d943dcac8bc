"""An exported module of JavaScript behind the interface that the tests of every home have: run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np

from micrograd.export import to_js

NODE = shutil.which("node")
ENGINE = "wasm"  # the form of the loops that runs
DRIVER = """\
import * as m from "./step.mjs";
import { readFileSync } from "node:fs";
const number = (s) => s === "nan" ? NaN : s === "inf" ? Infinity : s === "-inf" ? -Infinity : Number(s);
const said = (x) => Object.is(x, -0) ? "-0.0" : Number.isNaN(x) ? "nan" : x === Infinity ? "inf" : x === -Infinity ? "-inf" : String(x);
const found = [], engine = process.argv[3];
m.use(engine);
if (m.engine !== engine && process.argv[4]) throw new Error(`${m.engine} runs, not ${engine}`);
for (const [what, ...given] of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
    const [p, x] = given.map((xs) => Float64Array.from(xs.map(number)));
    if (what === "outputs") found.push(Array.from(m.outputs(p, x), said));
    if (what === "valueAndGrad") {
        const { value, gradient, inputs } = m.valueAndGrad(p, x);
        found.push([said(value), ...Array.from(gradient, said), ...Array.from(inputs ?? [], said)]);
    }
    if (what === "start") found.push([...Array.from(m.start, said), ...Array.from(m.args, said)]);
    if (what === "train") {
        const q = m.start.slice(), state = m.fresh();
        found.push(Array.from({ length: 25 }, () => said(m.train(q, m.args, state))));
    }
}
console.log(JSON.stringify(found));
"""


class Module:
    """The functions of an exported module, by Node."""

    def __init__(self, step, folder, **options):
        folder.mkdir(exist_ok=True)
        self.folder, self.params, self.text = folder, len(step.program.params), to_js(step, folder / "step.mjs", **options)
        (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")

    def __call__(self, *calls):
        given = [[what, *[[repr(float(x)) for x in np.ravel(xs)] for xs in rest]] for what, *rest in calls]
        (self.folder / "calls.json").write_text(json.dumps(given), encoding="utf-8")
        must = ["must"] if "WebAssembly.Module(" in self.text else []
        command = [NODE, str(self.folder / "driver.mjs"), str(self.folder / "calls.json"), ENGINE, *must]
        out = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=60).stdout
        return [list(map(float, row)) for row in json.loads(out)]

    def value_and_grad(self, p, x, dx=False):
        ((value, *rest),) = self(("valueAndGrad", p, x))
        return (value, rest[: self.params], rest[self.params :]) if dx else (value, rest)

    def numbers(self, p, x):
        return self(("outputs", p, x))[0]
