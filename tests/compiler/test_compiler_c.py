"""A program's own code in C: equal to the eager engine, kept on disk as Numba's is, and never the end of a run."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import micrograd
from micrograd import Value, nn, optim

np = pytest.importorskip("numpy")
from causal_programs import SPANS, Causal  # noqa: E402
from micrograd.compiler.arrays.update import array_update  # noqa: E402
from micrograd.compiler.native import c_code, cache, cc  # noqa: E402
from micrograd.compiler.native.c_update import CUpdate  # noqa: E402
from micrograd.compiler.tiers import tiers  # noqa: E402
from small_losses import Net, agree_in_batches, attention, eager, hinge, moons  # noqa: E402

pytestmark = pytest.mark.usefixtures("c_compiler")


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: Any) -> Any:
    """A cache of its own."""
    monkeypatch.setenv("MICROGRAD_CACHE", str(tmp_path / "kept"))
    monkeypatch.setattr(cc, "_loaded", {})
    monkeypatch.setattr(tiers, "_compilers", {})
    monkeypatch.setattr(cache, "_said", set())
    return tmp_path / "kept"


@pytest.fixture
def long_run(monkeypatch: Any) -> None:
    """Every run is long enough to earn its own code; there is no interpreter."""
    for name in ("EARNED", "FETCHED", "LOOK", "TRIAL"):
        monkeypatch.setattr(tiers, name, 0.0)
    monkeypatch.setattr(tiers.TieredMachine, "_at_once", lambda machine: None)  # where another test has loaded Numba
    monkeypatch.setattr(tiers.interpreter, "on_disk", lambda: False)
    monkeypatch.setattr(tiers.interpreter, "loaded", lambda: False)


def agree(loss: Any, params: list[Value], *inputs: Any) -> Any:
    value, grads = eager(loss, params, *inputs)
    step = micrograd.compile(loss, params, backend="c")
    found, gradient = step.value_and_grad(*inputs)
    assert step.machine.native == "c"
    assert found == pytest.approx(value, rel=1e-12)
    assert gradient.tolist() == pytest.approx(grads, rel=1e-9, abs=1e-13)
    return step


def test_losses_have_the_gradients_of_the_eager_engine() -> None:
    net = Net([2, 8, 8, 1], "tanh")
    step = agree(hinge(net), net.parameters(), *moons(24))
    assert "void run(" in step.source and "product(8, 2, 24," in step.source
    loss, params = attention(4, 5)
    step = agree(loss, params, [1, 4, 0, 3, 3])
    value, _ = step.value_and_grad([2, 2, 1, 0, 4])
    assert value == pytest.approx(eager(loss, params, [2, 2, 1, 0, 4])[0], rel=1e-12)


def test_a_convolution_over_a_batch(monkeypatch: Any) -> None:
    """Its loops have more axes than any other's, and the batch around them; none is a matrix product for BLAS, however large."""
    monkeypatch.setattr("micrograd.compiler.native.c_code.LARGE", 1000)
    rng = random.Random(3)
    layer = nn.Conv2d(2, 3, 3, padding=1, rng=rng)

    def sample(*x: Any) -> Any:
        image = [[[x[36 * c + 6 * i + j] for j in range(6)] for i in range(6)] for c in range(2)]
        return sum(v * v for channel in nn.MaxPool2d(2)(layer(image)) for row in channel for v in row)

    step = micrograd.compile(sample, layer, batch=True, backend="c")
    images = [[rng.gauss(0, 1) for _ in range(5)] for _ in range(72)]
    value, grads = eager(lambda: sum(sample(*x) for x in zip(*images, strict=True)) * (1 / 5), layer.parameters())
    found, gradient = step.value_and_grad(*images)
    assert max(len(inner.shape) for inner in step.program) == 6
    assert step.machine.entry[0] is not None
    assert found == pytest.approx(value, rel=1e-13)
    assert gradient.tolist() == pytest.approx(grads, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("over", SPANS)
def test_rows_that_end_sooner(over: str) -> None:
    for n in (3, 9):
        loss = Causal(over, n, 1)
        params = loss.params()
        agree(lambda loss=loss, params=params: loss(params), params)


def test_a_recurrence_is_a_loop() -> None:
    w = [Value(0.1 * k - 0.35) for k in range(8)]

    def loss(xs: Any) -> Any:
        h: Any = [0.1, 0.2]
        for x in xs:
            h = [(w[4 * i] * h[0] + w[4 * i + 1] * h[1] + w[4 * i + 2] * x + w[4 * i + 3]).tanh() for i in range(2)]
        return h[0] * h[1]

    step = agree(loss, w, [0.1 * k for k in range(20)])
    assert step.source.count("for (int t = 0;") == 2


def test_a_batch_of_any_size() -> None:
    agree_in_batches("c")


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    "make",
    [lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3), lambda p: optim.Adam(p, lr=0.02)],
    ids=["SGD", "Adam"],
)  # fmt: skip
def test_training_is_numpys_to_the_last_bit_of_the_rule(batch: bool, make: Any) -> None:
    """The program is one whose gradients all back ends round alike, so that parameters differ where the rule is done otherwise."""
    found = []
    for backend in ("c", "numpy"):
        w = [Value(0.3), Value(-2.0), Value(1.5)]
        step = micrograd.compile(lambda x, w=w: ((w[0] * x) * w[1] * w[2]).sin(), w, batch=batch, backend=backend)
        losses = step.train(make(w), ([2.0, 2.0] if batch else 2.0,), steps=300)
        assert all(abs(loss) <= 1.0 for loss in losses)
        found.append((losses, [p.data for p in w]))
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [1.0, 0.7, 1e-8, 5e-324, 0.0, 1e300, float("nan")])
def test_an_update_is_numpys_to_the_last_bit_whatever_the_numbers(size: float) -> None:
    """Of numbers of all sizes: C makes a quotient of a root by a product and what that leaves over."""
    kernel = optim.Adam([Value(0.0)]).kernel(optim.Adam([Value(0.0)]).groups[0])
    draw = np.random.default_rng(3)
    sizes = draw.choice([1e-300, 1e-160, 1.0, 1e100, 1e160], size=(4, 4001))
    p, g, mean, square = draw.normal(size=sizes.shape) * sizes
    p[::2], square[:] = 0.0, np.abs(square)  # what is taken from 0 shows every bit
    square[:6], g[:6] = [0.0, 0.0, np.inf, np.nan, 5e-324, -1.0], 0.0
    numbers = np.array([0.001, 0.9, 0.999, 1e-8, 0.1, 0.001, 0.01, size])
    assert kernel.arguments[4:] == ("lr", "beta1", "beta2", "eps", "rest1", "rest2", "size", "root2")
    with np.errstate(all="ignore"):
        expected = array_update(kernel, "Adam")(p, g, mean, square, *numbers)
    found, slots = p.copy(), np.array([mean, square])
    CUpdate(kernel, 2)(found, g, slots, 0, numbers)
    for a, b in zip((found, *slots), expected, strict=True):
        assert np.array_equal(a, b, equal_nan=True)
        assert (np.signbit(a) == np.signbit(b))[~np.isnan(b)].all()


def test_a_schedule_that_fails_ends_the_run_where_it_does_in_numpy() -> None:
    def schedule(step: int) -> float:
        if step >= 300:
            raise RuntimeError("no rate")
        return 1.0

    found = []
    for backend in ("numpy", "c"):
        w = Value(2.0)
        optimizer = optim.SGD([w], lr=0.001, schedule=schedule)
        with pytest.raises(RuntimeError, match="no rate"):
            micrograd.compile(lambda w=w: (w * 3.0 - 1.0) ** 2, [w], backend=backend).train(optimizer, steps=1000)
        found.append((optimizer.steps, pytest.approx(w.data, rel=1e-12)))
    assert found[0] == (found[1][0], w.data) and found[0][0] == 300


def test_a_loss_that_is_nan_on_the_way_trains_on() -> None:
    """The loop ends where a gradient is nan, and the gradients are worked out once more."""
    found = []
    for backend in ("c", "numpy"):
        w = Value(-0.5)
        step = micrograd.compile(lambda w=w: w.relu().sqrt() + (w - 1.0) ** 2, [w], backend=backend)
        found.append((step.train(optim.SGD([w], lr=0.1), steps=20), w.data))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12) and found[0][1] == pytest.approx(found[1][1], rel=1e-12)


def test_code_is_kept_on_disk_and_another_process_says_nothing(folder: Any, capsys: Any) -> None:
    program = "import micrograd as m; w = m.Value(3.0); s = m.compile(lambda: w * w * 1.25, [w], backend='c'); print(*s.value_and_grad())"
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60) for _ in range(2)]
    assert [r.stdout.split() for r in runs] == [["11.25", "[7.5]"]] * 2
    assert "compiling code" in runs[0].stderr and runs[1].stderr == ""
    assert [path.suffix for path in (folder / cache.COMPILED).iterdir()] == [".so"]


def test_a_library_that_was_touched_is_made_again(folder: Any, capsys: Any) -> None:
    w = Value(3.0)
    step = micrograd.compile(lambda: w * w * 1.5, [w], backend="c")
    step()
    (library,) = (folder / cache.COMPILED).iterdir()
    before = library.read_bytes()
    library.unlink()  # written over in place it would change under this process
    library.write_bytes(b"no library")
    cc._loaded.clear()
    assert not c_code.Code(step.program, 1).on_disk
    assert micrograd.compile(lambda: w * w * 1.5, [w], backend="c")() == 13.5
    assert library.read_bytes() == before


def test_a_long_run_earns_its_code_without_numba(folder: Any, long_run: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(tiers, "find_spec", lambda name: None)
    net = Net([2, 3, 1])
    step = micrograd.compile(hinge(net), net)
    data = moons(4)
    expected = step.value_and_grad(*data)
    machine: Any = step._latest[1]  # type: ignore[index]
    assert not machine.native
    assert machine._compiler.process.wait(60) == 0
    step.value_and_grad(*data)  # notices that it is done
    value, grads = step.value_and_grad(*data)
    assert machine.native == "c"
    assert value == pytest.approx(expected[0], rel=1e-13)
    assert grads.tolist() == pytest.approx(expected[1].tolist(), rel=1e-12)


@pytest.mark.parametrize(("seconds", "native"), [(0.5, "c"), (2.0, "")])
def test_code_that_is_slower_is_put_aside(folder: Any, long_run: None, monkeypatch: Any, seconds: float, native: str) -> None:
    monkeypatch.setattr(tiers, "TRIAL", 0.1)
    w = Value(3.0)
    step = micrograd.compile(lambda: w * w * 1.5, [w], backend="c")
    step()
    step = micrograd.compile(lambda: w * w * 1.5, [w])
    machine: Any = (step(), step._latest[1])[1]  # type: ignore[index]
    machine.spend(1.0)  # in NumPy; the code is on disk
    assert machine.native == "c"
    machine.spend(seconds)
    assert machine.native == native
    assert step() == 13.5


def test_a_compiler_that_fails_is_said_and_the_run_goes_on(
    folder: Any, long_run: None, monkeypatch: Any, capsys: Any, tmp_path: Any
) -> None:
    broken = tmp_path / "broken-cc"
    broken.write_text("#!/bin/sh\necho no such option >&2\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setenv("MICROGRAD_CC", str(broken))
    monkeypatch.setattr(tiers, "find_spec", lambda name: None)
    w = Value(2.0)
    step = micrograd.compile(lambda: (w * 3.0 - 1.0) ** 2, [w])
    for _ in range(3):
        assert step() == 25.0
        machine: Any = step._latest[1]  # type: ignore[index]
        step.value_and_grad()
        if machine._compiler is not None:
            assert machine._compiler.process.wait(60) == 3
    assert not machine.native and machine._due == float("inf")
    assert capsys.readouterr().err.count("ended with status 3") == 1
    with pytest.raises(OSError, match="no such option"):
        micrograd.compile(lambda: w * 2.0, [w], backend="c")()


@pytest.mark.parametrize(("path", "said"), [("true", "it wrote no library"), ("false", "it ended with status 1 and not a word")])
def test_a_compiler_that_says_nothing(folder: Any, monkeypatch: Any, path: str, said: str) -> None:
    monkeypatch.setenv("MICROGRAD_CC", path)
    with pytest.raises(OSError, match=f"did not compile: {said}"):
        micrograd.compile(lambda: Value(2.0) * 2.0, [], backend="c")()


def test_threads_that_compile_the_same_at_once(folder: Any, capsys: Any) -> None:
    def answer(_: int) -> float:
        w = Value(2.0)
        return micrograd.compile(lambda: w * w * w, [w], backend="c")()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(answer, range(6))) == [8.0] * 6
    assert capsys.readouterr().err.count("compiling code for this program") == 1


def test_without_a_compiler_it_cannot_be_asked_for(monkeypatch: Any) -> None:
    monkeypatch.setenv("MICROGRAD_CC", "")
    with pytest.raises(ImportError, match="needs a C compiler"):
        micrograd.compile(lambda: Value(1.0), [], backend="c")
