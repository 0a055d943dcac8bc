"""The benchmarks measure one thing on every engine: gradients of every workload agree. No timing here."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import compiled, native, one_process, peers, printed, process, recurrence, report, waits, workloads
from benchmarks.workloads import Workload, engine
from micrograd import Value

SMALL: dict[str, Callable[..., Workload]] = {
    "W1": workloads.readme,
    "W2": lambda e: workloads.chain(e, 100),
    "W3": lambda e: workloads.moons(e, samples=5),
    "W4": lambda e: workloads.digits(e, batch=2, width=4),
    "W5": lambda e: workloads.gpt(e, positions=3, width=8, heads=2),
    "W6": lambda e: workloads.images(e, batch=1),
}


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """The original sorts by recursion."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(limit)


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-14)


@pytest.mark.parametrize("name", [n if n != "W6" else pytest.param(n, marks=pytest.mark.slow) for n in SMALL])
@pytest.mark.parametrize("other", ["original", "scalar GPT"])
def test_engines_agree(name: str, other: str) -> None:
    (loss, ours), (original, theirs) = (SMALL[name](engine(e)).gradients() for e in ("micrograd", other))
    assert close(loss, original)
    assert all(map(close, ours, theirs))
    assert any(theirs)


@pytest.mark.parametrize("name", ["W3", "W4", "W5"])
def test_gradients_are_finite_differences(name: str) -> None:
    work = SMALL[name](engine("micrograd"))
    _, gradients = work.gradients()
    for i in range(0, len(work.params), len(work.params) // 7):
        p = work.params[i]
        at, h = p.data, 1e-5
        p.data = at + h
        above = work.loss(*work.inputs).data
        p.data = at - h
        below = work.loss(*work.inputs).data
        p.data = at
        assert gradients[i] == pytest.approx((above - below) / (2 * h), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["W3", "W4", "W5"])
def test_a_step_learns_the_same(name: str) -> None:
    works = [SMALL[name](engine(e)) for e in ("micrograd", "original")]
    losses: Any = [[w.step() for _ in range(3)] for w in works]
    assert losses[0][2] < losses[0][0]
    assert all(map(close, losses[0], losses[1]))
    assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(*(w.data() for w in works), strict=True))


def test_shapes_cover_the_parameters() -> None:
    for make in SMALL.values():
        work = make(engine("micrograd"))
        assert sum(math.prod(shape) for shape in work.shapes.values()) == len(work.params)


@pytest.mark.skipif(native.compiler() is None, reason="no C compiler")
@pytest.mark.parametrize(
    "make",
    [
        lambda e: workloads.moons(e, samples=11),
        lambda e: workloads.moons(e, samples=301, width=6),
        lambda e: workloads.digits(e, batch=3, width=5),
        lambda e: workloads.gpt(e, positions=3, width=8),
        lambda e: workloads.gpt(e, positions=10),
    ],
    ids=["moons 11", "moons 301", "digits 3", "gpt 3", "gpt 10"],
)
def test_c_agrees(make: Callable[..., Workload]) -> None:
    work = make(engine("micrograd"))
    c = native.Native(work)
    (loss, ours), (c_loss, theirs) = work.gradients(), c.gradients()
    assert close(loss, c_loss)
    assert all(map(close, ours, theirs))
    assert sys.float_info.min / 2 > 0, "loading the C must leave subnormal numbers alone"
    losses = [work.step() for _ in range(3)]
    assert close(c.train(3), losses[-1])
    assert all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(c.params, work.data(), strict=True))


PACKAGES = {"ours.numpy": "numpy", "scalar_gpt": "math", "casadi.c": "casadi"}
FAST = ["numpy", "ours.numpy", "scalar_gpt", "propgrad", "scalargrad", "xad", "casadi", "ddx", "autograd", "torch"]
SLOW = [pytest.param(who, marks=pytest.mark.slow) for who in ("jax", "tinygrad", "casadi.c")]
SIZES = {"W3": {"samples": 5}, "W4": {"batch": 2, "width": 4}, "W5": {"positions": 3, "width": 8}}


@pytest.mark.parametrize("who", FAST + SLOW)
@pytest.mark.parametrize("name", SIZES)
def test_peers_agree(who: str, name: str) -> None:
    pytest.importorskip(PACKAGES.get(who, who))
    work, other = (workloads.make(name, **SIZES[name]) for _ in "ab")
    try:
        peer = peers.load(who)(other)
    except NotImplementedError as reason:
        pytest.skip(str(reason))
    (loss, theirs), (ours, gradients) = peer.gradients(), work.gradients()
    assert close(loss, ours)
    assert all(map(close, theirs, gradients))
    losses = [work.step() for _ in range(5)]
    assert close(peer.train(5), losses[-1])
    assert close(peer.train(1), losses[0]), "training starts from the workload's own parameters"


def test_steady_takes_the_cost_of_a_call_off() -> None:
    now = 0.0

    def train(steps: int) -> None:
        nonlocal now
        now += 0.5 + 0.001 * steps

    clock = compiled.time.perf_counter
    compiled.time.perf_counter = lambda: now  # type: ignore[assignment]
    try:
        assert compiled.steady(train, 10_000) == pytest.approx(0.001)
    finally:
        compiled.time.perf_counter = clock


def test_long_processes_and_notes_come_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = 0.0, []
    monkeypatch.setattr(process.time, "perf_counter", lambda: now)

    def job(name: str, takes: float, found: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        def run() -> dict[str, Any]:
            nonlocal now
            now += takes
            calls.append(name)
            return {key: x * now if isinstance(x, float) else x for key, x in found.items()}

        return run

    jobs = {"short": job("short", 1, {"step": 2.0}), "long": job("long", 40, {"step": 1.0}), "none": job("none", 1, {"note": "no"})}
    found = process.in_turn(jobs, rounds=3, say=False)
    assert calls == ["short", "long", "none", "short", "short"]
    assert found == {"short": {"step": 86.0}, "long": {"step": 41.0, "once": True}, "none": {"note": "no"}}


def test_tables_are_of_the_figures_kept() -> None:
    folder = Path(report.__file__).parent
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert (folder / "results.md").read_text(encoding="utf-8") == report.whole(results)
    assert all(part["measured"]["date"] and part["measured"]["cpu"] for part in results.values())


def test_a_step_that_could_not_be_measured_says_so() -> None:
    assert report.cell({"note": "not installed (jax)"}, str) == "not installed (jax)"
    assert report.cell(None, str) == "–"
    assert report.verdict(1.9, "≤", 2) == "1.9"
    assert report.verdict(2.1, "≤", 2) == "2.1 ✗"
    assert report.verdict(9, "≥", 10) == "9 ✗"


def test_the_recurrence_is_that_of_the_engine() -> None:
    """Loss and gradients of what `benchmarks.recurrence` compiles, and training steps that bring the loss down."""
    pytest.importorskip("numpy")
    work = recurrence.Work(4)
    (value, gradient), train = recurrence.ours(work, "numpy")
    losses = [work.loss(x, y) for x, y in zip(work.xs, work.ys, strict=True)]
    mean = sum(losses) * (1 / len(losses))
    mean.backward()
    assert close(value, mean.data) and all(map(close, gradient, [p.grad for p in work.params]))
    train(20)
    assert recurrence.ours(work, "numpy")[0][0] < value


def test_peers_that_differ_are_not_timed() -> None:
    with pytest.raises(ArithmeticError, match="b differs by 1"):
        one_process.compared({"a": lambda: ((1.0, [2.0]), print), "b": lambda: ((1.0, [3.0]), print)})
    assert list(one_process.compared({"a": lambda: ((1.0, [2.0]), print), "b": lambda: ((1.0, [2.0]), print)})) == ["a", "b"]


@pytest.mark.parametrize("name", ["W3", "W4"])
def test_new_data_are_the_same_samples_in_another_order(name: str) -> None:
    work = SMALL[name](engine("micrograd"))
    loss, gradients = work.gradients()
    orders = set()
    for batch in waits.batches(work, 4):
        orders.add(str(batch))
        other = SMALL[name](engine("micrograd"))
        other.inputs = tuple(x.tolist() for x in batch)
        told, found = other.gradients()
        assert close(told, loss)
        assert all(map(close, found, gradients))
    assert len(orders) > 1


def test_waits_say_what_parameters_cost_that_were_set() -> None:
    found = waits.parameters_set("ours.numpy", "W3", rounds=1)
    assert found["count"] == 337 and {"one", "each"} < set(found)
    text = waits.report({"parameters_set ours.interpreter W3": {"one": 7.1e-6, "each": 1.02e-5, "count": 337.0}})
    assert "| moons: … more, where of 337 parameters some were set since | one 7.1 µs, each 10.2 µs |" in text


def test_waits_tell_a_figure_or_why_there_is_none() -> None:
    text = waits.report({"gradcheck ours": {"seconds": 0.08}, "gradcheck torch": {"note": "not installed (torch)"}})
    assert "| 0.08 s | PyTorch not installed (torch) |" in text


def test_the_probes_of_waits_answer() -> None:
    assert waits.gradcheck("ours")["seconds"] > 0
    assert waits.calls("ours.numpy", "W3", "lists")["program"] > 0


def test_what_programs_print_is_kept_or_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(printed.MODULES, "native", "the C by hand")
    monkeypatch.setitem(printed.MODULES, "nothing", "no such module")
    about = {"date": "2026-01-01", "cpu": "a processor", "cores": "2", "load": "0.1"}
    told = printed.report("native", {"measured": about, "figures": {"printed": ["W3 1.0 µs"]}})
    assert "load 0.1" in told and "```\nW3 1.0 µs\n```" in told
    missing = printed.measure("nothing", 1)
    assert "No module named" in missing["note"]
    assert missing["note"] in printed.report("nothing", {"measured": about, "figures": missing})
    assert (
        set(printed.MODULES) - {"native", "nothing"}
        == set(printed.PARTS)
        <= {path.stem for path in Path(printed.__file__).parent.glob("*.py")}
    )


def test_engines_are_compared_at_every_point_and_those_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("flint")
    pytest.importorskip("mpmath")
    from benchmarks import differentiators, engines

    class Wrong(differentiators.Eager):
        """tanh as 1 - y² squared away: what PyTorch and JAX do, and no Gaussian."""

        def derivatives(self, op: Any, points: Any) -> Any:
            if op.name != "tanh":
                raise differentiators.Missing(f"{op.name}: no such function")
            found = super().derivatives(op, points)
            return found | {(1,): [1.0 - y * y for y in found[(0,)]]}

    class Nowhere(differentiators.Peer):
        def functions(self) -> Any:
            raise differentiators.Missing("it is not installed")

    monkeypatch.setattr(engines, "PEERS", {"wrong": Wrong, "nowhere": Nowhere})
    monkeypatch.setattr(engines, "BACKENDS", {"compiled, NumPy": "numpy"})
    found, asked, left_out = engines.measure(engines.rows(["tanh", "gauss", "hypot"]), 0)
    assert left_out == {
        "nowhere": "it is not installed", "wrong, gauss": "gauss: no such function", "wrong, hypot": "hypot: no such function",
    }  # fmt: skip
    for who in ("ours", "compiled, NumPy"):
        for row in found[who].values():
            assert all(max(engines.of_kind(row, order)) <= limit for order, limit in enumerate((2.5, 3.0, 8.0)))
    lost = dict(zip(asked["tanh"], found["wrong"]["tanh"][(1,)], strict=True))
    assert lost[(0.1,)] < 4 < lost[(9.0,)] and lost[(19.1,)] > 2**52 and lost[(100.0,)] > 2**52
    text = "\n".join(engines.page(found, asked, left_out, []))
    assert "∞ (" in text and "- wrong, gauss: gauss: no such function" in text and "| tanh |" in text


def test_small_nets_are_true_to_their_enclosures() -> None:
    pytest.importorskip("flint")
    pytest.importorskip("mpmath")
    from benchmarks import small_nets
    from micrograd.checking import exact

    net = small_nets.NETS[1]
    weights, way = [0.1 * k for k in range(net.size)], [math.sin(k) for k in range(net.size)]
    for got, true in zip(small_nets.eager(net, weights, way), small_nets.truth(net, weights, way), strict=True):
        assert max(exact.ulps(g, t) for g, t in zip(got, true, strict=True)) < 1e3
    numpy = pytest.importorskip("numpy")

    class M:
        tanh, array = numpy.tanh, numpy.array
        logsumexp = staticmethod(lambda z: numpy.log(numpy.exp(z).sum(-1)))

    for net in small_nets.NETS:  # over arrays each is the network that it is over scalars
        weights = [0.1 * (k % 7) - 0.3 for k in range(net.size)]
        over_scalars = net.scalars(net.split([Value(w) for w in weights]), small_nets.Scalars)
        assert close(float(net.arrays(net.shaped(numpy.array(weights)), M)), over_scalars.data)


def test_a_slip_of_a_mathematics_library_is_found_and_errors_are_pythons() -> None:
    pytest.importorskip("flint")
    pytest.importorskip("mpmath")
    import ctypes.util

    from benchmarks import libms

    points = [(0.5,), (1.0,), (2.0,), (710.0,)]
    worst = libms.errors("exp", points, [math.exp(0.5), math.exp(1.0) * (1 + 2**-51), math.exp(2.0), math.inf])
    assert worst[0][1] == (1.0,) and 1.0 < worst[0][0] < 4.0 and worst[1][0] < 1.0 and len(worst) == 4
    assert libms.errors("log", [(-1.0,), (1.0,)], [math.nan, 0.0]) == [(0.0, (1.0,))]
    path = ctypes.util.find_library("m")
    if path is None:
        pytest.skip("no mathematics library is found")
    theirs = {name: libms.raising(name, f) for name, f in libms.library(path).items() if hasattr(math, name)}
    for name, xs in [("exp", (1000.0,)), ("log", (-1.0,)), ("log", (0.0,)), ("pow", (-2.0, 0.5)), ("pow", (0.0, -1.0)), ("atanh", (1.0,))]:
        with pytest.raises((ValueError, OverflowError)) as expected:
            getattr(math, name)(*xs)
        with pytest.raises(expected.type):
            theirs[name](*xs)
    assert theirs["log"](8.0, 2.0) == math.log(8.0, 2.0) and theirs["exp"](-1000.0) == 0.0 and math.isnan(theirs["sin"](math.nan))


@pytest.mark.slow
def test_our_rows_hold_over_a_library_given_by_its_path() -> None:
    pytest.importorskip("flint")
    pytest.importorskip("mpmath")
    import ctypes.util

    from benchmarks import libms

    path = ctypes.util.find_library("m")
    if path is None:
        pytest.skip("no mathematics library is found")
    for name, errors in libms.over(path).items():
        assert all(e <= limit for e, limit in zip(errors, (2.5, 3.0, 8.0), strict=True)), (name, errors)
