"""Attention by its name in PyTorch: where the program is just that, and nowhere else."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
from export_arrays import Torch  # noqa: E402
from export_models import near  # noqa: E402
from micrograd import compile, functional, nn, ops  # noqa: E402
from micrograd.export import attended, jax_source, torch_source  # noqa: E402

CALL = "F.scaled_dot_product_attention("
N, WIDTH = 5, 4


def layers(rng):
    return [nn.Linear(WIDTH, WIDTH, rng=rng) for _ in range(3)]


def by_hand(seen, scale=lambda s: s * 0.5, values=lambda v, i: v):
    """Attention of one head; seen: which keys of n the query at i sees."""

    def make(rng):
        query, key, value = made = layers(rng)

        def run(x):
            q, k, v = query(x), key(x), value(x)
            rows = []
            for i, mine in enumerate(q):
                which = seen(i, len(x))
                row = functional.softmax([scale(ops.dot(*mine, *k[j])) for j in which])
                rows.append([ops.dot(*row, *(values(v[j][c], i) for j in which)) for c in range(WIDTH)])
            return rows

        return run, [p for layer in made for p in layer.parameters()]

    return make


def of_layer(**options):
    def make(rng):
        layer = nn.MultiHeadAttention(WIDTH, rng=rng, **options)
        return layer, layer.parameters()

    return make


def crossed(causal, later=3):  # queries are the last of the sequence
    def make(rng):
        layer = nn.MultiHeadAttention(WIDTH, 2, causal, rng=rng)
        return lambda x: layer(x[later:], x), layer.parameters()

    return make


def stacked(rng):
    first, second = (nn.MultiHeadAttention(WIDTH, 2, rng=rng) for _ in range(2))
    return lambda x: second(first(x)), [*first.parameters(), *second.parameters()]


def shown(rng):  # the weights are looked at too
    layer = nn.MultiHeadAttention(WIDTH, 2, rng=rng)

    def run(x):
        out, weights = layer(x, weights=True)
        return [*out, *(row for head in weights for row in head)]

    return run, layer.parameters()


def held(rng):  # no gradient through the scores
    query, key, value = made = layers(rng)

    def run(x):
        q, k, v = query(x), key(x), value(x)
        rows = []
        for mine in q:
            row = functional.softmax([(ops.dot(*mine, *other) * 0.5).detach() for other in k])
            rows.append([ops.dot(*row, *column) for column in zip(*v, strict=True)])
        return rows

    return run, [p for layer in made for p in layer.parameters()]


def across(rng):  # the softmax of each key, over queries
    query, key, value = made = layers(rng)

    def run(x):
        q, k, v = query(x), key(x), value(x)
        columns = [functional.softmax([ops.dot(*mine, *other) * 0.5 for mine in q]) for other in k]
        return [[ops.dot(*row, *c) for c in zip(*v, strict=True)] for row in zip(*columns, strict=True)]

    return run, [p for layer in made for p in layer.parameters()]


def far(rng):  # a score is less the further away its key is
    query, key, value = made = layers(rng)

    def run(x):
        q, k, v = query(x), key(x), value(x)
        rows = [functional.softmax([ops.dot(*a, *b) * 0.5 - 0.1 * abs(i - j) for j, b in enumerate(k)]) for i, a in enumerate(q)]
        return [[ops.dot(*row, *c) for c in zip(*v, strict=True)] for row in rows]

    return run, [p for layer in made for p in layer.parameters()]


def everything(i, n):
    return range(n)


def so_far(i, n):
    return range(i + 1)


NAMED = {
    "causal": (of_layer(heads=2), "is_causal=True)"),
    "not causal": (of_layer(heads=2, causal=False), "value[None])[0]"),
    "one head": (of_layer(heads=1), "[None, None], is_causal=True)[0, 0]"),
    "crossed": (crossed(False), "value[None])[0]"),
    "stacked": (stacked, "is_causal=True)"),
    "by hand": (by_hand(so_far), "is_causal=True)"),
    "divided": (by_hand(everything, lambda s: s / 2.0), "value[None, None])"),
    "its own scale": (by_hand(so_far, lambda s: s * 0.3), "is_causal=True, scale=0.3)"),
    "no scale": (by_hand(everything, lambda s: s), "scale=1.0)"),
    "twice scaled": (by_hand(everything, lambda s: 3.0 * s / 4.0), "scale=0.75)"),
}
ALMOST = {
    "the last two": by_hand(lambda i, n: range(max(0, i - 1), i + 1)),
    "from here on": by_hand(lambda i, n: range(i, n)),
    "one further": by_hand(lambda i, n: range(min(n, i + 2))),
    "all but itself": by_hand(lambda i, n: [j for j in range(n) if j != i]),
    "the later queries": crossed(True),
    "values by the query": by_hand(everything, values=lambda v, i: v * (1.0 + i)),
    "a score of another form": by_hand(everything, lambda s: (s * 0.5).tanh()),
    "shown": shown,
    "held": held,
    "across": across,
    "far": far,
}


def program(make, batch=False, seed=1):
    rng = Random(seed)
    run, params = make(rng)
    x = [[rng.gauss(0, 1) for _ in range(WIDTH)] for _ in range(N)]

    def loss(x):
        return sum(w * (1.0 + 0.1 * k) for k, w in enumerate(y for row in run(x) for y in row))

    step = compile(loss, params, batch=batch, backend="numpy")
    step([x] * 2 if batch else x)
    return step, params, loss, x


def compared(made, params, loss, xs):
    for p in params:
        p.grad = 0.0
    root = sum(loss(x) for x in xs) / len(xs)
    root.backward()
    value, grads = made.value_and_grad([p.data for p in params], np.ravel(xs))
    near([value], [root.data])
    near(grads, [p.grad for p in params])


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("name", NAMED)
def test_it_has_its_name_and_the_same_numbers(name, batch):
    make, end = NAMED[name]
    step, params, loss, x = program(make, batch)
    text = torch_source(step)
    assert text.count(CALL) == (2 if name == "stacked" else 1) and "softmax" not in text and "mask" not in text
    assert batch or end in text
    assert "jax.nn.softmax(" in jax_source(step)  # JAX has attention in float32 alone
    pytest.importorskip("torch")
    made = Torch(step)
    compared(made, params, loss, [x, x] if batch else [x])
    assert CALL not in Torch(step, exact=True).text


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_that_is_written_as_it_stands(name):
    step, params, loss, x = program(ALMOST[name])
    assert CALL not in torch_source(step)
    pytest.importorskip("torch")
    compared(Torch(step), params, loss, [x])


def test_at_any_numbers():
    pytest.importorskip("torch")
    step, params, loss, _ = program(NAMED["causal"][0])
    made = Torch(step)

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.lists(st.floats(-8, 8), min_size=WIDTH, max_size=WIDTH), min_size=N, max_size=N), st.integers(0, 99))
    def at(x, seed):
        rng = Random(seed)
        for p in params:
            p.data = rng.gauss(0, 1)
        compared(made, params, loss, [x])

    at()


@pytest.mark.parametrize(("name", "fault"), [("one further", "any mask"), ("held", "a gradient held back")])
def test_a_recognition_without_its_proof_is_found(name, fault, monkeypatch):
    pytest.importorskip("torch")
    if fault == "any mask":
        monkeypatch.setattr(attended, "_mask", lambda inside: True)
    else:
        monkeypatch.setattr("micrograd.export.fused.Fused._stops", lambda self, step: False)
    step, params, loss, x = program(ALMOST[name])
    with pytest.raises(AssertionError):
        compared(Torch(step), params, loss, [x])


@pytest.mark.parametrize("exact", [False, True])
def test_second_derivatives_by_the_kernel_that_has_them(exact):
    """As docs/export.md says: the fast one has first derivatives alone."""
    torch = pytest.importorskip("torch")
    from torch.nn.attention import SDPBackend, sdpa_kernel

    step, params, _, x = program(NAMED["causal"][0])
    made = Torch(step, exact=exact)
    made.module.load([p.data for p in params])
    given = torch.tensor(x, dtype=torch.float64)
    with sdpa_kernel(SDPBackend.MATH):
        grads = torch.autograd.grad(made.module(given), list(made.module.parameters()), create_graph=True)
        second = torch.autograd.grad(sum(g.pow(2).sum() for g in grads) / 2, list(made.module.parameters()), materialize_grads=True)
    flat, along = np.zeros(len(params)), np.zeros(len(params))
    for (_, places), g, s in zip(made.places.items(), grads, second, strict=True):
        flat[places], along[places] = g.detach().numpy().ravel(), s.numpy().ravel()

    def slope(h):
        return np.array(made.value_and_grad(list(np.array([p.data for p in params]) + h * flat), np.ravel(x))[1])

    near(along, (slope(1e-5) - slope(-1e-5)) / 2e-5, 1e-6)  # the Hessian times the gradient


@pytest.mark.parametrize("batch", [False, True])
def test_the_language_model_of_the_lessons(batch):
    from export_models import gpt

    step, _, args = gpt(batch)
    step(*args)
    assert torch_source(step).count(CALL) == 1


@pytest.mark.parametrize("name", ["causal", "not causal"])
def test_it_comes_home(name):
    torch = pytest.importorskip("torch")
    from micrograd.export import from_torch, to_torch

    step, params, _, x = program(NAMED[name][0])
    module = to_torch(step)
    back = from_torch(module, torch.tensor(x, dtype=torch.float64))
    root = back(x)
    root.backward()
    made = Torch(step)
    value, grads = made.value_and_grad([p.data for p in params], np.ravel(x))
    near([root.data], [value])
    near(sorted(p.grad for p in back.parameters()), sorted(grads), 1e-11)
