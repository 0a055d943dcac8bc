"""Layer and RMS norms by their names in PyTorch: where the program is just that, and nowhere else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
from export_arrays import Torch  # noqa: E402
from export_models import near  # noqa: E402
from micrograd import Value, compile, nn, ops  # noqa: E402
from micrograd.export import jax_source, normed, torch_source  # noqa: E402

N = 4


def moments(x):
    mean = sum(x) / N
    return mean, sum((v - mean) ** 2 for v in x)


def rms(scale):
    def norm(x):
        return [v * s for v, s in zip(x, [scale(ops.dot(*x, *x))] * N, strict=True)]

    return norm


def layer(scale, shift=1.0):
    def norm(x):
        mean, squares = moments(x)
        s = scale(squares)
        return [(v - mean * shift) * s for v in x]

    return norm


def divided(x):
    root = (ops.dot(*x, *x) / N + 0.001).sqrt()
    return [v / root for v in x]


def in_one_line(x):  # products of a number with itself, as one writes them
    mean = sum(x) * (1 / N)
    apart = [v - mean for v in x]
    root = (sum(a * a for a in apart) * (1 / N) + 1e-5) ** -0.5
    return [root * a for a in apart]


def mean_held(x):
    mean = (sum(x) / N).detach()
    apart = [v - mean for v in x]
    scale = (ops.dot(*apart, *apart) / N + 0.001) ** -0.5
    return [a * scale for a in apart]


NAMED = {  # of a row, and the call
    "nn.RMSNorm": (nn.RMSNorm(N, affine=False), "F.rms_norm(mul1, (4,), eps=1e-05)"),
    "nn.LayerNorm": (nn.LayerNorm(N, affine=False), "F.rms_norm(mul1 - mul1.mean(-1, keepdim=True), (4,), eps=1e-05)"),
    "another eps": (nn.LayerNorm(N, 0.01, affine=False), "F.rms_norm(mul1 - mul1.mean(-1, keepdim=True), (4,), eps=0.01)"),
    "no eps": (rms(lambda s: (s / N) ** -0.5), "F.rms_norm(mul1, (4,), eps=0.0)"),
    "a power": (rms(lambda s: (s / N + 0.001) ** -0.5), "F.rms_norm(mul1, (4,), eps=0.001)"),
    "eps in the sum": (rms(lambda s: ((s + 0.004) / N) ** -0.5), "F.rms_norm(mul1, (4,), eps=0.001)"),  # the same number
    "divided": (divided, "F.rms_norm(mul1, (4,), eps=0.001)"),
    "mean held": (mean_held, "F.rms_norm(sub1, (4,), eps=0.001)"),  # of what is left
    "in one line": (in_one_line, "F.rms_norm(mul1 - mul1.mean(-1, keepdim=True), (4,), eps=1e-05)"),
}


def held(x):  # no gradient through the scale
    scale = ((ops.dot(*x, *x) / N + 0.001) ** -0.5).detach()
    return [v * scale for v in x]


def of_others(x):
    scale = (ops.dot(*x, *x) / N + 0.001) ** -0.5
    return [v.tanh() * scale for v in x]


def uncentred(x):  # scaled by its deviation, the mean left in
    _, squares = moments(x)
    scale = (squares / N + 0.001) ** -0.5
    return [v * scale for v in x]


def raw_squares(x):  # the mean taken away, scaled by the whole
    mean, _ = moments(x)
    scale = (ops.dot(*x, *x) / N + 0.001) ** -0.5
    return [(v - mean) * scale for v in x]


def of_some(x):
    scale = (ops.dot(*x[1:], *x[1:]) / N + 0.001) ** -0.5
    return [v * scale for v in x]


ALMOST = {
    "eps outside": rms(lambda s: 1.0 / ((s / N).sqrt() + 0.001)),
    "eps outside, layer": layer(lambda s: 1.0 / ((s / N).sqrt() + 0.001)),
    "one less": layer(lambda s: (s / (N - 1) + 0.001) ** -0.5),
    "the sum": rms(lambda s: (s + 0.001) ** -0.5),
    "another power": rms(lambda s: (s / N + 0.001) ** -0.25),
    "less than nothing": rms(lambda s: (s / N - 0.0001) ** -0.5),
    "half a mean": layer(lambda s: (s / N + 0.001) ** -0.5, 0.5),
    "of some": of_some,
    "of others": of_others,
    "held": held,
    "uncentred": uncentred,
    "raw squares": raw_squares,
    "looked at": lambda x: [*rms(lambda s: (s / N + 0.001) ** -0.5)(x), ops.dot(*x, *x) / N + 0.001],
}


def program(norm, batch=False):
    rng = Random(3)
    w = [Value(rng.gauss(0, 1)) for _ in range(N)]
    rows = [[rng.gauss(0, 1) for _ in range(N)] for _ in range(5)]

    def loss(xs):
        return sum(y * y * (0.3 + k) + y for x in xs for k, y in enumerate(norm([a * v for a, v in zip(w, x, strict=True)])))

    step = compile(loss, w, batch=batch, backend="numpy")
    step([rows] * 2 if batch else rows)
    return step, w, loss, rows


def compared(made, w, loss, rows, batch=False, to=1e-12):
    for p in w:
        p.grad = 0.0
    root = loss(rows)
    root.backward()
    value, grads = made.value_and_grad([p.data for p in w], np.ravel([rows] * (1 + batch)))
    near([value], [root.data], to)
    near(grads, [p.grad for p in w], to)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_it_has_its_name_and_the_same_numbers(name, batch):
    norm, call = NAMED[name]
    step, *given = program(norm, batch)
    text = torch_source(step)
    assert call in text and "sqrt" not in text and "**" not in text and text.count(".sum(") <= 2
    assert "_norm(" not in jax_source(step)
    pytest.importorskip("torch")
    compared(Torch(step), *given, batch)
    exact = Torch(step, exact=True)
    assert "_norm(" not in exact.text
    compared(exact, *given, batch)


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_that_is_written_as_it_stands(name):
    step, *given = program(ALMOST[name])
    assert "_norm(" not in torch_source(step)
    pytest.importorskip("torch")
    compared(Torch(step), *given)


@pytest.mark.parametrize("name", ["nn.RMSNorm", "nn.LayerNorm"])
def test_at_any_numbers(name):
    pytest.importorskip("torch")
    step, w, loss, _ = program(NAMED[name][0])
    made = Torch(step)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.lists(st.floats(0.1, 9) | st.floats(-9, -0.1), min_size=N, max_size=N), min_size=5, max_size=5))
    def at(rows):
        # what all but cancels is divided by √eps = 0.003: of gradients up to 1e3 the last digits
        compared(made, w, loss, rows, to=1e-10)

    at()


@pytest.mark.parametrize("where", [10000.0, 2.0**27, 1e160])
def test_far_from_zero_no_digits_are_lost(where):
    """Where PyTorch's own layer_norm has lost five digits, eight and all: these numbers and their means are exact in binary."""
    torch = pytest.importorskip("torch")
    step, w, loss, _ = program(NAMED["nn.LayerNorm"][0])
    for p in w:
        p.data = 1.0
    rows = [[where + 0.25 * ((3 * k + r) % 7) if where < 1e10 else (-1) ** k * where for k in range(N)] for r in range(5)]
    given = (w, loss, rows)
    compared(Torch(step), *given)
    made = Torch(step)
    made.module.forward = lambda x: _by_layer_norm(torch, made.module, x)
    with pytest.raises(AssertionError):
        compared(made, *given)


def _by_layer_norm(torch, module, x):
    y = torch.nn.functional.layer_norm(module.weight1 * x, (N,), eps=1e-5)
    return (y * y * (0.3 + torch.arange(N)) + y).sum()


@pytest.mark.parametrize(("name", "fault"), [("of some", "_alike"), ("held", "_stops")])
def test_a_recognition_without_its_proof_is_found(name, fault, monkeypatch):
    pytest.importorskip("torch")
    if fault == "_alike":
        monkeypatch.setattr(normed, "_alike", lambda a, b: True)
    else:
        monkeypatch.setattr("micrograd.export.fused.Fused._stops", lambda self, step: False)
    step, *given = program(ALMOST[name])
    with pytest.raises(AssertionError):
        compared(Torch(step), *given)


def test_columns_are_rows_of_another_order():
    norm = nn.LayerNorm(5, affine=False)
    step, *given = program(lambda x: x)

    def loss(xs):
        rows = [[a * v for a, v in zip(given[0], x, strict=True)] for x in xs]
        return sum(y * y * (0.3 + k) + y for column in zip(*rows, strict=True) for k, y in enumerate(norm(column)))

    step = compile(loss, given[0], backend="numpy")
    step(given[2])
    assert torch_source(step).count("F.rms_norm(row - row.mean(-1, keepdim=True), (5,)") == 1
    pytest.importorskip("torch")
    compared(Torch(step), given[0], loss, given[2])
