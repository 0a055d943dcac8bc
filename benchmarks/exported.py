"""`python -m benchmarks.exported [W3 W4 W5]`: exported programs against hand-written ones of the same model, as a table.

Moons, digits and the scalar GPT (see `benchmarks.workloads`), value and gradients, and a training step (SGD, for the GPT Adam). The plain
scalar loss is compiled and exported; beside it runs what a person writes in PyTorch, JAX and C (`benchmarks/peers`, `benchmarks/c`), and
for JavaScript, which nobody has written by hand here, the exported C. One thread, both in turn, the least processor time of many rounds;
loss and gradients are compared before anything is timed.
"""

from __future__ import annotations

import ctypes
import datetime
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.native import Native, pointer
from benchmarks.process import ONE_THREAD
from benchmarks.workloads import Workload, make

Run = Callable[[], object]
Pair = tuple[Mapping[str, Run], Mapping[str, Run]]  # (exported, by hand): what → once
WHAT = ("gradients", "step")
FLAGS = ("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fPIC", "-shared", "-DNO_MAIN")


class Exported:
    """A workload, its compiled loss, called once, and our optimizer for it."""

    def __init__(self, work: Workload) -> None:
        import micrograd
        from benchmarks.optimizers import Adam
        from micrograd import optim

        self.work, o = work, work.optimizer
        self.step = micrograd.compile(work.loss, params=work.params, backend="numpy")
        self.value, gradients = self.step.value_and_grad(*work.inputs)
        self.gradients = [float(g) for g in gradients]
        given: Any = work.params
        self.optimizer = optim.Adam(given, o.lr, o.beta1, o.beta2, o.eps) if isinstance(o, Adam) else optim.SGD(given, o.lr)

    def same(self, who: str, value: float, gradients: Any) -> None:
        """ArithmeticError where another finds another loss or other gradients."""
        pairs = zip((value, *gradients), (self.value, *self.gradients), strict=True)
        far = max(abs(a - b) for a, b in pairs)
        if not far < 1e-11:
            raise ArithmeticError(f"{who} of {self.work.name} differs by {far}")


def torch(it: Exported) -> Pair:
    """PyTorch, eager, its fused optimizers on both sides."""
    import torch

    from benchmarks.optimizers import Adam
    from benchmarks.peers import torch_peer
    from micrograd import export

    module, o = export.to_torch(it.step), it.work.optimizer
    given = [torch.tensor(x, dtype=torch.float64 if k == 0 else None) for k, x in enumerate(it.work.inputs)]
    peer = torch_peer.Eager(it.work)
    it.same("PyTorch by hand", *peer.gradients())
    held = peer.start()

    def pair(loss: Callable[[], Any], params: Any) -> Mapping[str, Run]:
        params = list(params)
        update: Any
        if isinstance(o, Adam):
            update = torch.optim.Adam(params, o.lr, (o.beta1, o.beta2), o.eps, fused=True)
        else:
            update = torch.optim.SGD(params, o.lr, fused=True)

        def gradients() -> Any:
            for p in params:
                p.grad = None
            found = loss()
            found.backward()
            return found

        def step() -> None:
            gradients()
            update.step()

        return {"gradients": gradients, "step": step}

    exported = pair(lambda: module(*given), module.parameters())
    value: Any = exported["gradients"]()
    scope: dict[str, Any] = {"__name__": "written"}
    exec(module.source, scope)
    flat = [0.0] * len(it.gradients)
    for name, places in scope["PLACES"].items():
        for place, g in zip(places, getattr(module, name).grad.flatten().tolist(), strict=True):
            flat[place] = g
    it.same("PyTorch", value.item(), flat)
    return exported, pair(lambda: peer.loss(held, *peer.inputs), held.values())


def jax(it: Exported) -> Pair:
    """JAX, jitted on both sides, the state donated in a step."""
    import jax
    import jax.numpy as jnp

    from benchmarks.peers import jax_peer
    from micrograd import export

    function, params = export.to_jax(it.step)
    given = [jnp.asarray(x, dtype=float if k == 0 else None) for k, x in enumerate(it.work.inputs)]
    peer = jax_peer.Jit(it.work)
    it.same("JAX by hand", *peer.gradients())
    ours = jax_peer.Jit(it.work)
    ours.both = jax.value_and_grad(function)
    ours.value_and_grad, ours.jitted = jax.jit(ours.both), jax.jit(ours.step, donate_argnums=0)
    found, gradients = ours.value_and_grad(params, *given)
    it.same("JAX", float(found), function.flat(gradients))

    def pair(runs: Any, p: Any, inputs: Any) -> Mapping[str, Run]:
        copied = jax.tree.map(jnp.array, p)
        moments = [jax.tree.map(jnp.zeros_like, p) for _ in "mv"]
        held = [(copied, *moments, jnp.array(0.0)) if len(runs.start()) > 1 else (copied,)]

        def step() -> None:
            held[0], _ = runs.jitted(held[0], *inputs)
            jax.block_until_ready(held[0])

        return {"gradients": lambda: jax.block_until_ready(runs.value_and_grad(p, *inputs)), "step": step}

    return pair(ours, params, given), pair(peer, peer.start()[0], peer.inputs)


def exported_c(it: Exported, folder: Path) -> Mapping[str, Run]:
    """The file that `to_c` writes, as a library; each is called from Python as the one written by hand is."""
    from micrograd import export
    from micrograd.compiler.native import cc

    compiler = cc.compiler()
    if not compiler:
        raise ImportError("no C compiler")
    source, built = folder / "exported.c", folder / f"exported{it.work.name[:2]}.so"
    text = export.to_c(it.step, source, optimizer=it.optimizer)
    subprocess.run([compiler, *FLAGS, str(source), "-o", str(built), "-lm"], check=True)
    library = ctypes.CDLL(str(built))
    library.value_and_grad.restype = ctypes.c_double
    n = len(it.gradients)
    p, g = array("d", it.work.data()), array("d", bytes(8 * n))
    slots = [array("d", bytes(8 * n)) for _ in range(text.split("void update(")[1].split(")")[0].count("double") - 2)]
    x = array("d", _flat(it.work.inputs))
    count = [0]
    given, moved = [pointer(p), pointer(x), pointer(g)], [pointer(p), pointer(g), *map(pointer, slots)]

    def gradients(kept: Any = (p, x, g, slots)) -> float:  # the arrays live as long
        return float(library.value_and_grad(*given))

    it.same("C", gradients(), g)

    def step() -> None:
        count[0] += 1
        gradients()
        library.update(*moved, ctypes.c_long(count[0]))

    return {"gradients": gradients, "step": step}


def _flat(x: Any) -> list[float]:
    return [y for part in x for y in _flat(part)] if isinstance(x, (list, tuple)) else [float(x)]


def c(it: Exported, folder: Path) -> Pair:
    """C, by the same compiler."""
    native = Native(it.work)
    it.same("C by hand", *native.gradients())
    steps = ctypes.c_long(1)
    gradients = [*native.pointers, pointer(native.gradient)]
    train = [*native.pointers, *native.settings, steps]
    by_hand = {  # `native` holds the arrays
        "gradients": lambda: native.library.value_and_grad(*gradients),
        "step": lambda: native.library.train(*train),
    }
    return exported_c(it, folder), by_hand


NODE = """\
import * as m from "./exported.mjs";
const clock = () => { const t = process.cpuUsage(); return (t.user + t.system) * 1e-6; };
const p = m.start.slice(), gradient = m.start.slice(), state = m.fresh();
const runs = { gradients: () => m.valueAndGrad(m.start, m.args, gradient), step: () => m.train(p, m.args, state) };
const found = runs.gradients(), least = [];
for (const run of Object.values(runs)) {
    let best = Infinity;
    for (let k = 0; k < 300; k++) run();
    for (let round = 0; round < 15; round++) {
        const times = Math.max(1, Math.ceil(0.03 / best || 20)), from = clock();
        for (let k = 0; k < times; k++) run();
        best = Math.min(best, (clock() - from) / times);
    }
    least.push(best);
}
console.log([...least, found.value, ...found.gradient].join(" "));
"""


def js(it: Exported, folder: Path) -> dict[str, float]:
    """Seconds of each in Node, which times itself."""
    from micrograd import export

    node = shutil.which("node")
    if node is None:
        raise ImportError("no Node")
    export.to_js(it.step, folder / "exported.mjs", optimizer=it.optimizer)
    (folder / "run.mjs").write_text(NODE, encoding="utf-8")
    out = subprocess.run([node, str(folder / "run.mjs")], check=True, capture_output=True, encoding="utf-8").stdout
    gradients, step, value, *rest = map(float, out.split())
    it.same("JavaScript", value, rest)
    return {"gradients": gradients, "step": step}


def least(runs: Mapping[str, Run], rounds: int = 25, target: float = 0.02) -> dict[str, float]:
    """The least processor seconds of each, over rounds of everybody in turn."""
    times = {}
    for name, run in runs.items():
        for _ in range(5):
            run()
        start = time.process_time()
        for _ in range(5):
            run()
        times[name] = max(1, math.ceil(5 * target / max(1e-9, time.process_time() - start)))
    found = dict.fromkeys(runs, math.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.process_time()
            for _ in range(times[name]):
                run()
            found[name] = min(found[name], (time.process_time() - start) / times[name])
    return found


def row(name: str, it: Exported, folder: Path) -> str:
    """µs, the other's µs and the ratio, of gradients and of a step."""
    makers: dict[str, Callable[[], Pair]] = {"PyTorch": lambda: torch(it), "JAX": lambda: jax(it), "C": lambda: c(it, folder)}
    cells = []
    try:
        if name == "JavaScript":
            theirs = least(exported_c(it, folder))
            ours = js(it, folder)
        else:
            exported, by_hand = makers[name]()
            both = {**{f"ours {w}": exported[w] for w in WHAT}, **{f"theirs {w}": by_hand[w] for w in WHAT}}
            found = least(both)
            ours, theirs = ({w: found[f"{who} {w}"] for w in WHAT} for who in ("ours", "theirs"))
        cells = [f"{1e6 * ours[w]:,.3g} / {1e6 * theirs[w]:,.3g} = {ours[w] / theirs[w]:.2f}" for w in WHAT]
    except ImportError as error:
        cells = [f"– ({error})", ""]
    return f"| {it.work.name[3:]} | {name} | {' | '.join(cells)} |"


def main(names: list[str]) -> None:
    """The table, with its date."""
    print(f"{datetime.date.today().isoformat()}, µs, exported / by hand (JavaScript: / the exported C)\n")
    print("| model | home | value and gradients | training step |\n|---|---|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            it = Exported(make(name))
            for home in ("PyTorch", "JAX", "C", "JavaScript"):
                print(row(home, it, Path(folder)), flush=True)


if __name__ == "__main__":
    os.environ.update(ONE_THREAD)
    main(sys.argv[1:] or ["W3", "W4", "W5"])
