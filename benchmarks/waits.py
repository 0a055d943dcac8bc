"""Where people wait: gradient checks, calls and steps with new data, tracing, printing, drawing; beside who else does that.

    python -m benchmarks waits

Every figure in a fresh process, one thread, everybody in turn; the gradients of a peer are compared with ours before it is timed.
What stands beside no peer is processor time.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import arrays, load
from benchmarks.process import ROOT, deep, environment, fresh, in_turn, peak_memory
from benchmarks.workloads import Workload, make

FORMS = {"arrays": lambda x: x, "lists": lambda x: x.tolist()}  # what new data come in
BOUNDED = {"W3": "moons, 20 samples", "W4": "digits, 2 samples", "W5": "GPT, 4 positions"}
NEURON = ("s = x1*w1 + x2*w2 + b; o = tanh(s)", "x1=2", "x2=0", "w1=-3", "w2=1", "b=6.88")  # the lecture's


def least(run: Callable[[], Any], rounds: int, times: int = 1, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one run: the least of some rounds of so many."""
    found = []
    for _ in range(rounds):
        start = clock()
        for _ in range(times):
            run()
        found.append((clock() - start) / times)
    return min(found)


# --- in the fresh process ------------------------------------------------------------------------------------------------


def gradcheck(who: str) -> dict[str, Any]:
    """All 337 derivatives of the moons loss of one sample."""
    work = make("W3", samples=1)
    if who == "ours":
        from micrograd import gradcheck

        def check() -> bool:
            return bool(gradcheck(lambda params: work.loss(*work.inputs), (work.params,)))
    else:
        import torch

        peer = load("torch")(work)
        p = peer.start()

        def check() -> bool:
            f = lambda *tensors: peer.loss(dict(zip(p, tensors, strict=True)), *peer.inputs)  # noqa: E731
            return bool(torch.autograd.gradcheck(f, tuple(p.values())))

    return {"seconds": least(check, 3)} if check() else {"note": "it says that the gradients are wrong"}


def graph_check() -> dict[str, Any]:
    """Every leaf of the moons graph of 20 samples."""
    from micrograd import check_grads

    work = make("W3", samples=20)
    start = time.perf_counter()
    good = bool(check_grads(work.loss(*work.inputs)))
    return {"seconds": time.perf_counter() - start} if good else {"note": "it says that the gradients are wrong"}


def bounded(name: str) -> dict[str, Any]:
    """`error_bound` beside `backward()`, in turn: the medians of nine rounds."""
    from micrograd import error_bound

    work = make(name, **{"W3": {"samples": 20}, "W4": {"batch": 2}, "W5": {"positions": 4}}[name])
    root = work.loss(*work.inputs)
    both = [[least(run, 1, 3, time.process_time) for run in (root.backward, partial(error_bound, root))] for _ in range(9)]
    backward, bound = map(statistics.median, zip(*both, strict=True))
    return {"seconds": bound, "backward": backward, "times": statistics.median(b / a for a, b in both)}


def batches(work: Workload, count: int = 64) -> list[tuple[Any, ...]]:
    """The data in other orders, as arrays that are new to everybody."""
    rng, inputs = np.random.default_rng(0), arrays.inputs(work)
    orders = [rng.permutation(len(inputs[0])) for _ in range(count)]
    return [tuple(x[order] for x in inputs) for order in orders]


def calls(who: str, name: str, form: str) -> dict[str, Any]:
    """Loss and gradients for new data at each call; and without the data: what the program or the kernel itself takes."""
    work = make(name)
    data = [tuple(map(FORMS[form], batch)) for batch in batches(work)]
    peer = load(who)(work)
    if who == "jax":
        import jax

        p = peer.held
        call = lambda batch: jax.block_until_ready(peer.value_and_grad(p, *batch))  # noqa: E731
        far = arrays.flat(work, call(data[0])[1])
    else:
        call = lambda batch: peer.compiled.value_and_grad(*batch)  # noqa: E731
        far = call(data[0])[1].tolist()
    true = make(name).gradients()[1]  # whose sums go in another order
    if not max(abs(a - b) for a, b in zip(far, true, strict=True)) < 1e-9:
        return {"note": "gradients differ"}
    turns = iter(data * 10_000)
    found = {"seconds": least(lambda: call(next(turns)), 60, 50)}
    if who != "jax":
        machine = peer.compiled.machine
        whole, arguments = machine.entry
        found["program"] = least((lambda: whole(*arguments, 0, 2)) if whole is not None else machine.run, 60, 50)
    return found


def parameters_set(who: str, name: str, rounds: int = 60) -> dict[str, Any]:
    """What a call takes more where one parameter was set since the one before, and where each was; processor time, the setting aside."""
    work = make(name)
    batch, compiled = batches(work)[0], load(who)(work).compiled

    def run(some: list[Any], call: Callable[..., Any]) -> None:
        for p in some:
            p.data = -p.data  # (what is set to itself is not changed)
        call(*batch)

    def more(some: list[Any]) -> float:
        kinds = (compiled.value_and_grad, lambda *_: None)
        found = [
            [least(partial(run, params, call), 1, 20, time.process_time) for params in (some, []) for call in kinds] for _ in range(rounds)
        ]
        called, set_alone, plain, nothing = map(min, zip(*found, strict=True))
        return called - set_alone - (plain - nothing)

    return {"one": more(work.params[:1]), "each": more(work.params), "count": float(len(work.params))}


def steps(who: str, name: str) -> dict[str, Any]:
    """A training step with new arrays each time: the first decile of stretches of ten (others on the machine interrupt some)."""
    work = make(name)
    data = batches(work)
    peer = load(who)(work)
    times: list[float] = []

    def fed() -> Iterator[tuple[Any, ...]]:
        for k in range(4000):
            if k % 10 == 0:
                times.append(time.perf_counter())
            yield data[k % len(data)]

    if who == "jax":
        import jax

        state = peer.start()
        for k, batch in enumerate(fed()):
            state, _ = peer.jitted(state, *batch)
            if k % 10 == 9:
                jax.block_until_ready(state)
    else:
        from micrograd import optim

        peer.compiled.train(optim.SGD(work.params, work.optimizer.lr), fed())
    return {"seconds": statistics.quantiles([b - a for a, b in pairwise(times[100:])], n=10)[0] / 10}


def listed(who: str, name: str) -> dict[str, Any]:
    """A training step on the next batch of a list of arrays, in a run of ten times through the list."""
    work = make(name)
    data, many = batches(work), 640
    peer = load(who)(work)
    if who == "jax":
        import jax

        state = peer.start()

        def run() -> None:
            nonlocal state
            for k in range(many):
                state, _ = peer.jitted(state, *data[k % len(data)])
            jax.block_until_ready(state)
    else:
        from micrograd import optim

        optimizer = optim.SGD(work.params, work.optimizer.lr)

        def run() -> None:
            peer.compiled.train(optimizer, data, many)

    return {"seconds": least(run, 20) / many}


def traced(samples: int) -> dict[str, Any]:
    """What tracing and lowering take a scalar, and what is resident at the peak."""
    import micrograd

    warm = make("W3", samples=2)
    micrograd.compile(warm.loss, warm.params, backend="numpy").value_and_grad(*warm.inputs)
    work = make("W3", samples=samples)
    before, start = peak_memory(), time.process_time()
    step = micrograd.compile(work.loss, work.params, backend="numpy")
    step.plan(work.inputs, {})
    seconds, count = time.process_time() - start, step._plans.popitem()[1].found[0].program.scalars
    return {"scalars": float(count), "seconds": seconds / count, "resident": (peak_memory() - before) / count}


def eager(samples: int) -> dict[str, Any]:
    """A node forward and backward with the collector on, after one step as warm-up."""
    work = make("W3", samples=samples)
    count = len(work.loss(*work.inputs).topological())
    work.step()
    return {"nodes": float(count), "seconds": least(work.step, 3, clock=time.process_time) / count}


def printed() -> dict[str, Any]:
    """Every step of the moons graph, as text."""
    work = make("W3")
    root, out = work.loss(*work.inputs), io.StringIO()
    start = time.process_time()
    for step in root.steps():
        print(step, file=out)
    return {"seconds": time.process_time() - start, "bytes": float(len(out.getvalue()))}


def page() -> dict[str, Any]:
    """The stepper's page of the moons graph."""
    import viz

    work = make("W3")
    root = work.loss(*work.inputs)
    root.backward()
    viz.step(make("W3", samples=2).loss(*make("W3", samples=2).inputs)).to_html()
    start = time.process_time()
    text = viz.step(root).to_html()
    return {"seconds": time.process_time() - start, "bytes": float(len(text.encode()))}


def drawn() -> dict[str, Any]:
    """`micrograd draw` of the lecture's neuron to SVG, beside a Python that does nothing; everything on disk before."""
    variables = {k: v for k, v in environment().items() if k != "PYTHONDONTWRITEBYTECODE"}

    def taken() -> float:
        try:
            import resource
        except ImportError:  # Windows
            used = os.times()
            return used.children_user + used.children_system
        exact = resource.getrusage(resource.RUSAGE_CHILDREN)  # to the microsecond; os.times counts hundredths of a second
        return exact.ru_utime + exact.ru_stime

    def run(*words: str) -> None:
        subprocess.run([sys.executable, *words], env=variables, cwd=ROOT, check=True, capture_output=True)

    with tempfile.TemporaryDirectory() as folder:
        draw = partial(run, "-m", "micrograd", "draw", *NEURON, "-o", os.fspath(Path(folder) / "graph.svg"))
        draw()
        nothing = partial(run, "-c", "pass")
        found = [(least(draw, 1, clock=taken), least(nothing, 1, clock=taken)) for _ in range(15)]
    return {"seconds": min(a for a, _ in found), "python": min(b for _, b in found)}


MODULE = "benchmarks.waits"
PROBES: dict[str, Any] = {
    f.__name__: f for f in (gradcheck, graph_check, bounded, calls, parameters_set, steps, listed, traced, eager, printed, page, drawn)
}


# --- in the measuring process --------------------------------------------------------------------------------------------


def measure(rounds: int) -> dict[str, Any]:
    """Every figure of this page."""
    jobs: list[tuple[Any, ...]] = [("gradcheck", "ours"), ("gradcheck", "torch"), ("graph_check",)]
    jobs += [("bounded", name) for name in BOUNDED]
    for name in ("W3", "W4"):
        jobs += [
            ("calls", "ours.interpreter", name, "arrays"),
            ("calls", "jax", name, "arrays"),
            ("calls", "ours.interpreter", name, "lists"),
        ]
        jobs.append(("parameters_set", "ours.interpreter", name))
        jobs += [(probe, who, name) for probe in ("steps", "listed") for who in ("ours.interpreter", "jax")]
        jobs.append(("listed", "ours.native", name))
    jobs += [(probe, n) for probe in ("traced", "eager") for n in (100, 1000)]
    jobs += [("traced", 15_000), ("printed",), ("page",), ("drawn",)]
    return in_turn({" ".join(map(str, job)): partial(fresh, MODULE, *job) for job in jobs}, rounds)


def report(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    lines = ["| where people wait | ours | peer |", "|---|---:|---:|"]

    def cell(job: str, unit: str, key: str = "seconds") -> str:
        scale = {"s": 1.0, "ms": 1e3, "µs": 1e6, "MB": 1e-6, "B": 1.0}[unit]
        got = found.get(job, {"note": ""})
        return str(got["note"]) if "note" in got else f"{scale * got[key]:.3g} {unit}"

    def row(what: str, ours: str, peer: str = "") -> None:
        lines.append(f"| {what} | {ours} | {peer} |")

    row("gradient check, 337 parameters, one sample", cell("gradcheck ours", "s"), f"PyTorch {cell('gradcheck torch', 's')}")
    row("`check_grads` of the moons graph, 20 samples, every leaf", cell("graph_check", "s"))
    for name, title in BOUNDED.items():
        if f"bounded {name}" in found:
            times = f"`backward()` {cell(f'bounded {name}', 'ms', 'backward')}: {found[f'bounded {name}']['times']:.1f} ×"
            row(f"`error_bound` of {title}", cell(f"bounded {name}", "ms"), times)
    for name, title in (("W3", "moons"), ("W4", "digits")):
        mine = f"calls ours.interpreter {name} arrays"
        jax = f"JAX jit {cell(f'calls jax {name} arrays', 'µs')}"
        row(f"{title}: loss and gradients of new arrays", f"{cell(mine, 'µs')} (program {cell(mine, 'µs', 'program')})", jax)
        row(f"{title}: … of new lists", cell(f"calls ours.interpreter {name} lists", "µs"))
        job = f"parameters_set ours.interpreter {name}"
        if job in found:
            least_and_most = f"one {cell(job, 'µs', 'one')}, each {cell(job, 'µs', 'each')}"
            row(f"{title}: … more, where of {found[job]['count']:.0f} parameters some were set since", least_and_most)
        row(
            f"{title}: a training step with new arrays",
            cell(f"steps ours.interpreter {name}", "µs"),
            f"JAX jit {cell(f'steps jax {name}', 'µs')}",
        )
        if f"listed jax {name}" in found:
            both = f"{cell(f'listed ours.interpreter {name}', 'µs')}, own code {cell(f'listed ours.native {name}', 'µs')}"
            row(f"{title}: … on the next batch of a list of arrays", both, f"JAX jit {cell(f'listed jax {name}', 'µs')}")
    for n in (100, 1000, *[15_000] * ("traced 15000" in found)):
        row(
            f"tracing and lowering a scalar, {n:,} samples", f"{cell(f'traced {n}', 'µs')}, {cell(f'traced {n}', 'B', 'resident')} resident"
        )
    for n in (100, 1000):
        row(f"eager, collector on: a node forward and backward, {n:,} samples", cell(f"eager {n}", "µs"))
    row("the steps of the moons graph printed", f"{cell('printed', 's')}, {cell('printed', 'MB', 'bytes')}")
    row("the stepper's page of the moons graph", f"{cell('page', 's')}, {cell('page', 'MB', 'bytes')}")
    row("`micrograd draw` to SVG", cell("drawn", "ms"), f"`python -c pass` {cell('drawn', 'ms', 'python')}")
    return "\n".join(lines)


if __name__ == "__main__":
    probe, *rest = sys.argv[1:]
    print(json.dumps(deep(lambda: PROBES[probe](*(int(x) if x.isdigit() else x for x in rest)))))
