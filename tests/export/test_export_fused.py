"""Softmax, cross-entropy and convolution by their names in PyTorch and JAX: where the program is just that, and nowhere else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
from export_arrays import Jax, Torch  # noqa: E402
from export_models import near  # noqa: E402
from micrograd import Value, compile, functional, losses, nn  # noqa: E402
from micrograd.compiler import take  # noqa: E402
from micrograd.export import fused, jax_source, known, torch_source  # noqa: E402

HOMES = {"torch": Torch, "jax": Jax}


def total_of(row):
    shift = functional.ops.shift(*row)
    return shift, [(x - shift).exp() for x in row]


def by_hand(row, label):
    e = [x.exp() for x in row]
    return -(take(e, label) / sum(e)).log()


def kept(row, label):  # the exponentials are read elsewhere too
    _, e = total_of(row)
    return -(take(e, label) / sum(e)).log() + e[0] * e[1]


def mixed(row, label):
    return sum(t * x for t, x in zip((0.1, 0.2, 0.3, 0.4), functional.log_softmax(row), strict=True)) - label * 0.0


# loss of a row of scores and a label → what PyTorch and JAX call it
NAMED = {
    "softmax, then log": (lambda row, y: -take(functional.softmax(row), y).log(), "F.cross_entropy", "jax.nn.log_softmax"),
    "cross_entropy": (lambda row, y: losses.cross_entropy(row, y), "F.cross_entropy", "jax.nn.log_softmax"),
    "smoothing": (lambda row, y: losses.cross_entropy(row, y, 0.1), "F.cross_entropy", "jax.nn.log_softmax"),
    "nll": (lambda row, y: losses.nll(functional.log_softmax(row), y), "F.cross_entropy", "jax.nn.log_softmax"),
    "by hand": (by_hand, "F.", "jax.nn."),
    "squares": (lambda row, y: sum((p - 0.25) ** 2 for p in functional.softmax(row)) + 0.0 * y, "F.softmax", "jax.nn.softmax"),
    "mixed": (mixed, "F.log_softmax", "jax.nn.log_softmax"),
    "logsumexp": (lambda row, y: functional.logsumexp(row) - take(row, y), "torch.logsumexp", "jax.nn.logsumexp"),
    "kept": (kept, "", ""),
}


def short(row, y):  # the total leaves one out
    _, e = total_of(row)
    return -(take(e, y) / sum(e[1:])).log()


def twice(row, y):
    _, e = total_of(row)
    return -(take(e, y) / sum([*e, e[0]])).log()


def backwards(row, y):
    return -take(functional.softmax(row)[::-1], y).log()


def held(row, y):  # no gradient through the total
    _, e = total_of(row)
    return -(take(e, y) / sum(e).detach()).log()


def hot(row, y):
    return -take([a / sum(x.exp() for x in row) for a in [(2.0 * x).exp() for x in row]], y).log()


def of_parts(row, y):  # the largest of two alone
    shift = functional.ops.shift(*row[:2])
    e = [(x - shift).exp() for x in row]
    return -take([a / sum(e) for a in e], y).log()


ALMOST = [short, twice, held, hot, of_parts]


def program(loss, batch, classes=4):
    """Scores are parameters times inputs."""
    w = [Value(1.0) for _ in range(classes)]

    def sample(xs, y):
        return loss([a * x for a, x in zip(w, xs, strict=True)], y)

    def whole(xs, ys):
        return sum(sample(x, y) for x, y in zip(xs, ys, strict=True)) / len(xs)

    return compile(sample if batch else whole, w, batch=batch), w, sample


def compared(made, w, sample, xs, ys):
    """An exported loss against the eager mean."""
    for p in w:
        p.grad = 0.0
    root = sum(sample(x, int(y)) for x, y in zip(xs, ys, strict=True)) / len(xs)
    root.backward()
    flat = [*np.hstack([np.reshape(xs, (len(xs), -1)), np.reshape(ys, (-1, 1))]).ravel()] if made.batch else [*np.ravel(xs), *ys]
    value, grads = made.value_and_grad([p.data for p in w], flat)
    np.testing.assert_allclose([value, *grads], [root.data, *(p.grad for p in w)], rtol=1e-12, atol=3e-11)  # of scores up to 30


SCORES = st.lists(st.lists(st.floats(-30, 30), min_size=4, max_size=4), min_size=3, max_size=3)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("where", HOMES)
def test_it_has_its_name_and_the_same_numbers(where, name, batch):
    pytest.importorskip(where)
    if where == "jax" and batch and name not in ("cross_entropy", "squares"):
        pytest.skip("XLA takes seconds to compile each; printed as the others are")
    loss, *names = NAMED[name]
    step, w, sample = program(loss, batch)
    xs, ys = [[0.5, -1.0, 2.0, 0.25]] * 3, [2, 0, 3]
    step(xs, ys)
    made = HOMES[where](step)
    assert names[where == "jax"] in made.text.split("def forward" if where == "torch" else "def loss")[1]

    @settings(max_examples=6 if where == "torch" else 2, deadline=None)
    @given(SCORES, st.lists(st.integers(0, 3), min_size=3, max_size=3))
    def at(xs, ys):
        compared(made, w, sample, xs, ys)

    at()


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("loss", ALMOST)
def test_what_is_almost_that_is_written_as_it_stands(loss, batch):
    step, *_ = program(loss, batch)
    xs, ys = [[0.5, -1.0, 2.0, 0.25], [1.5, 0.5, -2.0, 0.75], [0.0, 1.0, 0.5, 3.0]], [2, 0, 3]
    step(xs, ys)
    text = torch_source(step)
    assert "cross_entropy" not in text and "softmax" not in text and "softmax" not in jax_source(step)


@pytest.mark.parametrize("loss", [*ALMOST, backwards])
def test_what_is_almost_that_has_its_own_numbers(loss):
    pytest.importorskip("torch")
    step, w, sample = program(loss, True)
    xs, ys = [[0.5, -1.0, 2.0, 0.25], [1.5, 0.5, -2.0, 0.75], [0.0, 1.0, 0.5, 3.0]], [2, 0, 3]
    step(xs, ys)
    compared(Torch(step), w, sample, xs, ys)


@pytest.mark.parametrize("fault", ["a total of some", "a gradient held back"])
def test_a_recognition_without_its_proof_is_found(fault, monkeypatch):
    pytest.importorskip("torch")
    if fault == "a total of some":
        monkeypatch.setattr(known.Knowing, "_total", lambda self, step, at: (known.TOTAL, self._of(step, step.reads[0])[1], -1, -1))
        loss = short
    else:
        monkeypatch.setattr(fused.Fused, "_stops", lambda self, step: False)
        loss = held
    step, w, sample = program(loss, True)
    xs, ys = [[0.5, -1.0, 2.0, 0.25]] * 3, [2, 0, 3]
    step(xs, ys)
    with pytest.raises(AssertionError):
        compared(Torch(step), w, sample, xs, ys)


def test_labels_of_the_code_and_a_causal_softmax():
    rng = Random(1)
    model = nn.Linear(3, 4, rng=rng)
    xs, ys = [[rng.random() for _ in range(3)] for _ in range(5)], [rng.randrange(4) for _ in range(5)]
    step = compile(lambda: losses.cross_entropy([model(x) for x in xs], ys), model)
    step()
    assert "F.cross_entropy(sum1, self.labels)" in torch_source(step)
    assert ".mean()" in jax_source(step) and "log_softmax(sum1)" in jax_source(step)


@pytest.mark.parametrize("where", HOMES)
def test_labels_that_are_all_alike(where):
    pytest.importorskip(where)
    model = nn.Linear(3, 4, rng=Random(1))
    xs = [[0.1 * k, 1.0, -0.2 * k] for k in range(6)]
    step = compile(lambda: losses.cross_entropy([model(x) for x in xs], [3] * 6), model)
    expected = float(step())
    value, _ = HOMES[where](step).value_and_grad([p.data for p in model.parameters()], [])
    near([value], [expected])


# --- convolution -----------------------------------------------------------------------------------------------------------


def image(rng, channels, rows, columns):
    return [[[rng.gauss(0, 1) for _ in range(columns)] for _ in range(rows)] for _ in range(channels)]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize(
    ("layer", "named"),
    [
        ((2, 3, 3, 1), "F.conv2d(x1, self.weight1)"),
        ((1, 2, 3, 1), "F.conv2d("),
        ((2, 1, 2, 1), "F.conv2d("),
        ((2, 3, (2, 3), (1, 2)), "F.conv2d("),
        ((2, 3, 3, 2), "stride=2)"),
        ((2, 3, 2, 2), ""),
        ((3, 2, (3, 7), 1), "F.conv1d("),
    ],
)
@pytest.mark.parametrize("where", HOMES)
def test_a_convolution_has_its_name(where, layer, named, batch):
    pytest.importorskip(where)
    if where == "jax" and (batch or layer[0] == 1):
        pytest.skip("XLA takes a second to compile one; printed as the others are")
    rng = Random(3)
    conv = nn.Conv2d(*layer, rng=rng)
    xs = [image(rng, layer[0], 7, 7) for _ in range(3)]

    def loss(x):
        return sum(v.tanh() for plane in conv(x) for row in plane for v in row)

    step = compile(loss, conv, batch=batch)
    given = xs if batch else xs[0]
    step(given)
    made = HOMES[where](step)
    name = named if where == "torch" else "jax.lax.conv_general_dilated(" if named else ""
    assert name in made.text and ("unfold" not in made.text or not named)
    for p in conv.parameters():
        p.grad = 0.0
    root = sum(loss(x) for x in xs) / 3 if batch else loss(xs[0])
    root.backward()
    value, grads = made.value_and_grad([p.data for p in conv.parameters()], np.ravel(given))
    near([value], [root.data])
    near(grads, [p.grad for p in conv.parameters()])


def test_a_signal_and_two_layers():
    pytest.importorskip("torch")
    rng = Random(4)
    one, two = nn.Conv1d(2, 3, 3, dilation=2, rng=rng), nn.Conv1d(3, 2, 2, rng=rng)
    params = [*one.parameters(), *two.parameters()]
    x = [[rng.gauss(0, 1) for _ in range(12)] for _ in range(2)]

    def loss(x):
        return sum(v * v for row in two([[v.relu() for v in row] for row in one(x)]) for v in row)

    step = compile(loss, params)
    step(x)
    made = Torch(step)
    assert made.text.count("F.conv1d(") == 2
    root = loss(x)
    root.backward()
    value, grads = made.value_and_grad([p.data for p in params], np.ravel(x))
    near([value], [root.data])
    near(grads, [p.grad for p in params])


@pytest.mark.parametrize("samples", [2, 5, 40])
def test_a_product_of_matrices_is_no_convolution(samples):
    rng = Random(5)
    model = nn.MLP(6, [7, 3], rng=rng)
    xs, ys = [[rng.random() for _ in range(6)] for _ in range(samples)], [rng.randrange(3) for _ in range(samples)]
    step = compile(lambda xs, ys: losses.cross_entropy([model(x) for x in xs], ys), model)
    step(xs, ys)
    text = torch_source(step)
    assert "conv" not in text and "conv" not in jax_source(step) and "F.linear(x1, self.weight1, self.bias1)" in text
