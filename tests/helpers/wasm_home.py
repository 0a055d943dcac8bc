"""The page's machine for compiled losses, run by Node: what Pyodide gives Python of it, through a pipe."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import threading
from array import array
from functools import partial

from micrograd.compiler.wasm.compiled import InPage
from micrograd.lab import page
from viz import bundle

DRIVER = """
import { createInterface } from "node:readline";
const machines = [];
const bytes = (x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString("base64");
const fill = (into, text) => into.set(new Float64Array(new Uint8Array(Buffer.from(text, "base64")).buffer));
const DO = {
  make: (_, text) => machines.push(wasm_machine.make(text)) - 1,
  call: (m, name, ...given) => { const found = m[name](...given); return typeof found === "number" ? found : null; },
  assign: (m, name, given, text) => fill(given ? m[name](...given) : m[name], text),
  assign_to: (m, name, given) => bytes(given ? m[name](...given) : m[name]),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [what, which, ...given] = JSON.parse(line);
  let answer;
  try { answer = { ok: DO[what](machines[which], ...given) ?? null }; } catch (error) { answer = { error: `${error}` }; }
  console.log(JSON.stringify(answer));
}
"""


class Home:
    """A Node that makes machines; called with tables as the page's maker is."""

    def __init__(self, change=None):
        script = bundle.joined(["wasm_machine"], page._source)
        if change:
            assert script.count(change[0]) == 1, change[0]
            script = script.replace(*change)
        self.lock = threading.Lock()
        self.process = subprocess.Popen(
            [shutil.which("node"), "--input-type=module", "-e", script + DRIVER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    def ask(self, *what):
        with self.lock:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["ok"]

    def __call__(self, text):
        return _Proxy(self, self.ask("make", 0, text))

    @property
    def compile(self):
        """micrograd.compile as the page has it."""
        return partial(InPage, self)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


class _Proxy:
    def __init__(self, home, which):
        self.home, self.which = home, which

    def __getattr__(self, name):
        return _Array(self, name, None) if name in ("answer", "out", "slope", "losses", "slots") else partial(self._call, name)

    def _call(self, name, *given):
        if name in ("part", "feed"):
            if name == "feed":
                self.home.ask("call", self.which, name, *given)
                return _Array(self, "fed", None)
            return _Array(self, name, given)
        return self.home.ask("call", self.which, name, *given)


class _Array:
    def __init__(self, proxy, name, given):
        self.proxy, self.place = proxy, (name, given)

    def assign(self, numbers):
        assert type(numbers) is array
        self.proxy.home.ask("assign", self.proxy.which, *self.place, base64.b64encode(numbers.tobytes()).decode())

    def assign_to(self, numbers):
        found = array("d")
        found.frombytes(base64.b64decode(self.proxy.home.ask("assign_to", self.proxy.which, *self.place)))
        assert len(found) == len(numbers), (self.place, len(found), len(numbers))
        numbers[:] = found
