"""Layers: gradients by finite differences, values by their formulas, both against PyTorch where it is installed."""

from __future__ import annotations

import copy
import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import Value, losses, nn, optim
from micrograd.nn import init
from micrograd.nn.effects import listening
from micrograd.nn.shapes import each, flat
from micrograd.nn.summary import shape


def numbers(shape, seed=0):
    rng = random.Random(seed)
    return init.filled(shape, lambda: rng.uniform(-1.5, 1.5))


def drawn(module, seed=1):
    """The module with every parameter drawn, gains and biases too."""
    rng = random.Random(seed)
    for p in module.parameters():
        p.data = rng.uniform(-0.8, 0.8)
    return module


def first(layer):
    """A recurrent layer's outputs without its state."""
    return lambda xs: layer(xs)[0]


R = random.Random(0)
LAYERS = {
    "Neuron": (nn.Neuron(3, activation="tanh"), (3,)),
    "MLP": (nn.MLP(3, [4, 2], activation="gelu"), (3,)),
    "Linear": (nn.Linear(3, 2), (3,)),
    "Linear without bias, of a sequence": (nn.Linear(3, 2, bias=False), (4, 3)),
    "Sequential": (nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 2), nn.LogSoftmax()), (2,)),
    "Residual": (nn.Residual(nn.Sequential(nn.Linear(3, 3), nn.SiLU())), (3,)),
    "RNN": (nn.RNN(2, 3), (4, 2)),
    "RNN, two layers, both ways": (nn.RNN(2, 2, layers=2, bidirectional=True), (3, 2)),
    "GRU": (nn.GRU(2, 3), (4, 2)),
    "LSTM": (nn.LSTM(2, 3), (4, 2)),
    "LSTM, both ways": (nn.LSTM(2, 2, bidirectional=True), (3, 2)),
    "Conv1d": (nn.Conv1d(2, 3, 3, padding=1), (2, 5)),
    "Conv1d, stride and dilation": (nn.Conv1d(1, 2, 2, stride=2, dilation=2), (1, 7)),
    "Conv2d": (nn.Conv2d(2, 2, 3, padding=1), (2, 4, 3)),
    "Conv2d, stride, of a batch": (nn.Conv2d(1, 2, (2, 3), stride=(2, 1), bias=False), (2, 1, 4, 4)),
    "MaxPool1d": (nn.MaxPool1d(2), (2, 5)),
    "MaxPool2d": (nn.MaxPool2d(3, stride=1), (1, 4, 4)),
    "AvgPool1d": (nn.AvgPool1d(3, stride=1), (1, 5)),
    "AvgPool2d": (nn.AvgPool2d(2), (2, 4, 4)),
    "BatchNorm": (nn.BatchNorm(3), (4, 3)),
    "BatchNorm of images": (nn.BatchNorm(2, rank=3), (2, 2, 2, 3)),
    "BatchNorm in evaluation": (nn.BatchNorm(3).eval(), (4, 3)),
    "LayerNorm": (nn.LayerNorm(4), (2, 4)),
    "RMSNorm": (nn.RMSNorm(4), (2, 4)),
    "Attention": (nn.MultiHeadAttention(4, 2), (3, 4)),
    "Attention, not causal": (nn.MultiHeadAttention(4, 2, causal=False), (3, 4)),
    "TransformerBlock": (nn.TransformerBlock(4, 2, hidden=5), (3, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_by_finite_differences(name):
    """Of a weighted sum of the outputs, for every parameter and input, by a fourth-order difference."""
    module, size = LAYERS[name]
    module = drawn(copy.deepcopy(module))
    call = first(module) if isinstance(module, nn.recurrent.Recurrent) else module
    x = each(Value, numbers(size))
    weights = random.Random(4)
    count = len(flat(call(x)))
    weights = [weights.uniform(-1, 1) for _ in range(count)]

    def total():
        return sum(w * y for w, y in zip(weights, flat(call(x)), strict=True))

    module.zero_grad()
    total().backward()
    h = 2e-3
    for v in [*flat(x), *module.parameters()]:
        at, kept = {}, v.data
        for k in (-2, -1, 1, 2):
            v.data = kept + k * h
            at[k] = total().data
        v.data = kept
        numeric = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
        assert v.grad == pytest.approx(numeric, rel=1e-6, abs=1e-9)


def test_a_planted_wrong_layer_is_noticed():
    """The same check fails when a layer's gradient is off by a part in 10,000."""

    class Wrong(nn.Linear):
        def one(self, x):
            return [y + (y - y.detach()) * 1e-4 for y in super().one(x)]

    LAYERS["wrong"] = (Wrong(2, 2), (2,))
    try:
        with pytest.raises(AssertionError):
            test_gradients_by_finite_differences("wrong")
    finally:
        del LAYERS["wrong"]


# --- PyTorch, where it is installed ----------------------------------------------------------------------------------


def _linear(torch, m):
    t = torch.nn.Linear(m.nin, m.nout, bias=m.bias is not None)
    return t, {"weight": m.weight, **({"bias": m.bias} if m.bias else {})}


def _recurrent(kind):
    def make(torch, m):
        cells = m.forward_cells
        t = getattr(torch.nn, kind)(
            cells[0].nin, cells[0].nhidden, num_layers=len(cells), bidirectional=m.bidirectional
        )  # fmt: skip
        tensors = {}
        for k in range(len(cells)):
            for suffix, cell in (("", cells[k]), *([("_reverse", m.backward_cells[k])] if m.bidirectional else [])):
                n = cell.nhidden
                tensors |= {
                    f"weight_ih_l{k}{suffix}": cell.input.weight, f"weight_hh_l{k}{suffix}": cell.hidden.weight,
                    f"bias_ih_l{k}{suffix}": cell.input.bias,
                    f"bias_hh_l{k}{suffix}": [Value(0.0)] * 2 * n + cell.inner_bias if kind == "GRU" else None,
                }  # fmt: skip
        return t, tensors

    return make


def _conv(torch, m):
    d = len(shape(m.weight)) - 2
    extra = {"dilation": m.dilation} if d == 1 else {}
    t = (torch.nn.Conv1d if d == 1 else torch.nn.Conv2d)(
        m.nin, m.nout, m.size, stride=m.stride, padding=m.padding, bias=m.bias is not None, **extra
    )  # fmt: skip
    return t, {"weight": m.weight, **({"bias": m.bias} if m.bias else {})}


def _pool(kind):
    def make(torch, m):
        n = m.rank
        return getattr(torch.nn, kind)(m.size[:n], stride=m.stride[:n]), {}

    return make


def _batch_norm(torch, m):
    t = torch.nn.BatchNorm1d(m.n) if m.n == 3 else torch.nn.BatchNorm2d(m.n)
    return t.train(m.training), {"weight": m.gain, "bias": m.bias}


def _attention(torch, m):
    t = torch.nn.MultiheadAttention(m.width, m.heads)
    stacked = {
        "in_proj_weight": m.query.weight + m.key.weight + m.value.weight,
        "in_proj_bias": m.query.bias + m.key.bias + m.value.bias,
        "out_proj.weight": m.output.weight, "out_proj.bias": m.output.bias,
    }  # fmt: skip
    return t, stacked


def _block(torch, m):
    t = torch.nn.TransformerEncoderLayer(4, 2, 5, dropout=0.0, activation="gelu", norm_first=True)
    norm1, attend = m.attention.inner.layers
    norm2, up, _, down = m.feed_forward.inner.layers
    _, inner = _attention(torch, attend)
    return t, {
        **{f"self_attn.{k}": v for k, v in inner.items()},
        "linear1.weight": up.weight, "linear1.bias": up.bias, "linear2.weight": down.weight, "linear2.bias": down.bias,
        "norm1.weight": norm1.gain, "norm1.bias": norm1.bias, "norm2.weight": norm2.gain, "norm2.bias": norm2.bias,
    }  # fmt: skip


TORCH = {
    "Linear": _linear, "Linear without bias, of a sequence": _linear, "RNN": _recurrent("RNN"),
    "RNN, two layers, both ways": _recurrent("RNN"), "GRU": _recurrent("GRU"), "LSTM": _recurrent("LSTM"),
    "LSTM, both ways": _recurrent("LSTM"), "Conv1d": _conv, "Conv1d, stride and dilation": _conv, "Conv2d": _conv,
    "Conv2d, stride, of a batch": _conv, "MaxPool1d": _pool("MaxPool1d"), "MaxPool2d": _pool("MaxPool2d"),
    "AvgPool1d": _pool("AvgPool1d"), "AvgPool2d": _pool("AvgPool2d"), "BatchNorm": _batch_norm,
    "BatchNorm of images": _batch_norm, "BatchNorm in evaluation": _batch_norm, "Attention": _attention,
    "Attention, not causal": _attention, "TransformerBlock": _block,
    "LayerNorm": lambda torch, m: (torch.nn.LayerNorm(m.n), {"weight": m.gain, "bias": m.bias}),
    "RMSNorm": lambda torch, m: (torch.nn.RMSNorm(m.n, eps=m.eps), {"weight": m.gain}),
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
def test_against_torch(name):
    torch = pytest.importorskip("torch")
    module, size = LAYERS[name]
    module = drawn(copy.deepcopy(module))
    theirs, tensors = TORCH[name](torch, module)
    theirs = theirs.double()
    named = dict(theirs.named_parameters())
    assert {k for k, v in tensors.items() if v is not None} <= named.keys() == tensors.keys()
    with torch.no_grad():
        for k, v in tensors.items():
            named[k].copy_(torch.zeros_like(named[k]) if v is None else torch.tensor(data(v), dtype=torch.float64))
    x = torch.tensor(numbers(size), dtype=torch.float64, requires_grad=True)
    inputs = each(Value, numbers(size))
    ours = (first(module) if isinstance(module, nn.recurrent.Recurrent) else module)(inputs)
    if isinstance(theirs, torch.nn.MultiheadAttention):
        mask = torch.nn.Transformer.generate_square_subsequent_mask(size[0]).double() if module.causal else None
        expected = theirs(x, x, x, attn_mask=mask)[0]
    elif isinstance(theirs, torch.nn.TransformerEncoderLayer):
        expected = theirs(x, src_mask=torch.nn.Transformer.generate_square_subsequent_mask(size[0]).double())
    else:
        expected = theirs(x)
        expected = expected[0] if isinstance(expected, tuple) else expected
    assert shape(ours) == tuple(expected.shape)
    assert [y.data for y in flat(ours)] == pytest.approx(expected.flatten().tolist(), rel=1e-10, abs=1e-12)
    weights = torch.tensor(numbers(tuple(expected.shape), 9), dtype=torch.float64)
    (weights * expected).sum().backward()
    module.zero_grad()
    sum(w * y for w, y in zip(weights.flatten().tolist(), flat(ours), strict=True)).backward()
    assert [v.grad for v in flat(inputs)] == pytest.approx(x.grad.flatten().tolist(), rel=1e-10, abs=1e-12)
    for k, v in tensors.items():
        if v is not None and not (k.startswith("bias_hh") and module.__class__ is nn.GRU):
            assert [p.grad for p in flat(v)] == pytest.approx(named[k].grad.flatten().tolist(), rel=1e-10, abs=1e-12)
    if isinstance(module, nn.BatchNorm):
        assert [v.data for v in module.running_mean] == pytest.approx(theirs.running_mean.tolist(), rel=1e-12)
        assert [v.data for v in module.running_var] == pytest.approx(theirs.running_var.tolist(), rel=1e-12)


# --- by their formulas -----------------------------------------------------------------------------------------------


def data(x):
    return each(lambda v: v.data if isinstance(v, Value) else v, x)


def test_activations_are_the_tables_ops_on_any_shape():
    x = [[-1.0, 2.0], [0.5, 0.0]]
    for module in (nn.ReLU(), nn.Tanh(), nn.Sigmoid(), nn.Softplus(), nn.GELU(), nn.SiLU(), nn.ELU(), nn.LeakyReLU(0.2)):
        name = module.activation
        assert data(module(each(Value, x))) == each(lambda v: getattr(Value(v), name)(*module.constants).data, x)  # noqa: B023
        assert module(x) == data(module(each(Value, x)))
    assert nn.Activation(math.cos)([0.0]) == [1.0]
    assert sum(nn.Softmax()([1000.0, 0.0, -1000.0])) == 1.0
    assert [sum(row) for row in nn.Softmax()([[1.0, 2.0], [3.0, 4.0]])] == pytest.approx([1.0, 1.0])


def test_embedding_is_a_lookup_and_shares_gradients():
    table = nn.Embedding(5, 3)
    rows = table([1, 4, 1])
    assert rows[0] == rows[2] == table.weight[1]
    sum(flat(rows), Value(0.0)).backward()
    assert [w.grad for w in table.weight[1]] == [2.0] * 3 and table.weight[0][0].grad == 0
    for bad in (5, -1):
        with pytest.raises(IndexError, match=f"index {bad} is outside 0 … 4"):
            table(bad)


def test_lstm_remembers_what_an_rnn_forgets():
    """With the forget gate open, the gradient of the last cell state reaches the first step undiminished."""
    cell = nn.LSTMCell(1, 1)
    for p in cell.parameters():
        p.data = 0.0
    cell.input.bias[1].data = 40.0
    state = cell.start()
    start = state[1][0]
    for _ in range(50):
        state = cell([0.0], state)
    state[1][0].backward()
    assert start.grad == pytest.approx(1.0)


def test_truncation_cuts_the_gradient_and_not_the_numbers():
    whole = drawn(nn.RNN(1, 2))
    cut = drawn(nn.RNN(1, 2, truncate=2))
    xs = each(Value, numbers((5, 1)))
    a, b = whole(xs)[0], cut(xs)[0]
    assert data(a) == data(b)
    b[-1][0].backward()
    assert [x[0].grad != 0 for x in xs] == [False, False, False, False, True]
    a[-1][0].backward()
    assert all(x[0].grad != 0 for x in xs)


def test_a_sequence_may_be_run_in_pieces():
    for layer in (nn.RNN(1, 2, layers=2), nn.GRU(1, 2), nn.LSTM(1, 2)):
        xs = numbers((6, 1))
        whole, _ = layer(xs)
        part, state = layer(xs[:4])
        rest, _ = layer(xs[4:], nn.detached(state))
        assert data(part + rest) == data(whole)
        with pytest.raises(ValueError, match="at least one step"):
            layer([])


def test_attention_of_equal_keys_is_the_mean_and_causal_sees_no_later():
    ones = [[1.0, 1.0]] * 3
    values = [[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]]
    outputs, weights = nn.attention(ones, ones, values)
    assert flat(outputs) == pytest.approx([3.0, 1.0] * 3) and weights[0] == pytest.approx([1 / 3] * 3)
    outputs, weights = nn.attention(ones, ones, values, causal=True)
    assert outputs[0] == [1.0, 0.0] and [len(w) for w in weights] == [1, 2, 3]
    assert flat(nn.attention(ones[:1], ones, values, causal=True)[0]) == pytest.approx([3.0, 1.0])
    with pytest.raises(ValueError, match="3 queries needs at least as many keys, not 1"):
        nn.attention(ones, ones[:1], values[:1], causal=True)
    with pytest.raises(ValueError, match="width of 3 cannot be split into 2 heads"):
        nn.MultiHeadAttention(3, 2)


def test_attention_shows_its_weights():
    module = nn.MultiHeadAttention(4, 2, causal=False)
    outputs, maps = module(numbers((3, 4)), numbers((5, 4), 2), weights=True)
    assert shape(outputs) == (3, 4) and shape(maps) == (2, 3, 5)
    assert [sum(data(row)) for head in maps for row in head] == pytest.approx([1.0] * 6)


def test_equal_numbers_share_a_pools_gradient():
    xs = [[Value(1.0), Value(1.0), Value(0.0), Value(1.0)]]
    nn.MaxPool1d(4)(xs)[0][0].backward()
    assert sum(x.grad for x in xs[0]) == 1.0 and xs[0][2].grad == 0.0


def test_batch_norm_whitens_and_its_statistics_move():
    norm = nn.BatchNorm(2, momentum=0.5)
    batch = [[1.0, 10.0], [3.0, 30.0], [5.0, 20.0]]
    columns = list(zip(*data(norm(batch)), strict=True))
    for column in columns:
        assert statistics.fmean(column) == pytest.approx(0.0, abs=1e-12)
        assert statistics.pvariance(column) == pytest.approx(1.0, rel=1e-4)
    assert [v.data for v in norm.running_mean] == [1.5, 10.0]
    assert [v.data for v in norm.running_var] == pytest.approx([0.5 + 0.5 * 4.0, 0.5 + 0.5 * 100.0])
    before = norm.state_dict()
    norm.eval()
    assert data(norm([2.5, 10.0]))[0] == pytest.approx(1.0 / math.sqrt(2.5 + 1e-5))
    assert norm.state_dict() == before and set(before) > {"running_mean.0", "running_var.1"}
    assert len(norm.parameters()) == 4


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: nn.BatchNorm(2)([1.0, 2.0]), "takes a batch, .* nested 1 deep, not lists nested 1 deep"),
        (lambda: nn.BatchNorm(2)([[1.0, 2.0]]), "more than one number"),
        (lambda: nn.BatchNorm(2, rank=3).eval()([1.0, 2.0]), "samples nested 3 deep, not lists nested 1 deep"),
        (lambda: nn.BatchNorm(2)([[1.0], [2.0]]), "samples of 2 features, not 1"),
        (lambda: nn.Conv1d(2, 1, 3)([[1.0, 2.0, 3.0]]), r"takes 2 channel\(s\), not 1"),
        (lambda: nn.Conv1d(1, 1, 3)([[1.0, 2.0]]), "window of 3, longer than the 2 numbers"),
        (lambda: nn.MaxPool2d(2)([1.0, 2.0]), "nested 2 deep .* not 1"),
        (lambda: nn.Dropout(1.0), r"probability in \[0, 1\), not 1"),
        (lambda: nn.Residual(nn.Linear(2, 3))([1.0, 2.0]), "cannot add a list of 2 and a list of 3"),
        (lambda: nn.Activation("swosh"), "no activation named 'swosh'"),
    ],
)
def test_errors_say_what_is_wrong(call, error):
    with pytest.raises(ValueError, match=error):
        call()


# --- dropout ---------------------------------------------------------------------------------------------------------


def test_dropout_draws_from_its_generator_and_keeps_the_mean():
    drop = nn.Dropout(0.25, random.Random(3))
    out = [v.data for v in drop([Value(1.0)] * 4000)]
    rng = random.Random(3)
    assert out == [0.0 if rng.random() < 0.25 else 1 / 0.75 for _ in out]
    assert statistics.fmean(out) == pytest.approx(1.0, abs=0.03)
    x = [Value(2.0)]
    assert drop.eval()(x) is x


def test_dropout_without_a_generator_follows_the_global_seed():
    def sample():
        random.seed(5)
        return data(nn.Dropout(0.5)([1.0] * 20))

    assert sample() == sample()


def test_a_listener_hears_of_draws_and_running_statistics():
    """What a tracing compiler relies on."""

    class Listener:
        def __init__(self):
            self.heard = []

        def fresh(self, leaf, draw):
            self.heard.append(("fresh", leaf.data, draw() in (0.0, 2.0)))

        def assign(self, buffer, new):
            self.heard.append(("assign", buffer.data, new.data))

    listener = Listener()
    with listening(listener):
        nn.Dropout(0.5, random.Random(0))([1.0])
        nn.BatchNorm(1, momentum=1.0)([[1.0], [3.0]])
    assert listener.heard == [("fresh", 1.0, True), ("assign", 0.0, 2.0), ("assign", 1.0, 2.0)]


COMPILED = [name for name in LAYERS if not name.startswith("BatchNorm")] + ["RNN, truncated"]


@pytest.mark.parametrize("name", COMPILED)
def test_every_layer_compiles(name):
    """The same loss and gradients as a tensor program, of one sample and of a batch."""
    pytest.importorskip("numpy")
    from micrograd import compile

    module, size = LAYERS[name] if name in LAYERS else (nn.RNN(2, 3, truncate=2), (5, 2))
    module = drawn(copy.deepcopy(module))
    call = first(module) if isinstance(module, nn.recurrent.Recurrent) else module

    def loss(x):
        return sum((y * y for y in flat(call(x))), Value(0.0))

    expected = []
    module.zero_grad()
    for seed in (1, 2):
        root = loss(numbers(size, seed))
        root.backward()
        expected.append(root.data)
    one, many = compile(loss, module, backend="numpy"), compile(loss, module, batch=True, backend="numpy")
    found = [one.value_and_grad(numbers(size, seed)) for seed in (1, 2)]
    assert [x for x, _ in found] == pytest.approx(expected, rel=1e-12)
    grads = [p.grad for p in module.parameters()]
    assert [a + b for a, b in zip(*(g.tolist() for _, g in found), strict=True)] == pytest.approx(grads, rel=1e-10, abs=1e-12)
    mean, gradient = many.value_and_grad([numbers(size, 1), numbers(size, 2)])
    assert mean == pytest.approx(sum(expected) / 2, rel=1e-12)
    assert gradient.tolist() == pytest.approx([g / 2 for g in grads], rel=1e-10, abs=1e-12)


# --- initialisation --------------------------------------------------------------------------------------------------

VARIANCES = {
    "uniform": (init.uniform, 1 / 3), "normal": (init.normal, 1.0), "fan_in": (init.fan_in, 1 / 3 / 60),
    "xavier_uniform": (init.xavier_uniform, 2 / 120), "xavier_normal": (init.xavier_normal, 2 / 120),
    "he_uniform": (init.he_uniform, 2 / 60), "he_normal": (init.he_normal, 2 / 60), "zeros": (init.zeros, 0.0),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANCES)
def test_variance_of_each_initialisation(name):
    function, variance = VARIANCES[name]
    w = flat(function((60, 20, 3) if name not in ("xavier_uniform", "xavier_normal") else (20, 20, 3), random.Random(2)))
    assert statistics.fmean(w) == pytest.approx(0.0, abs=0.05 * math.sqrt(variance) + 1e-12)
    assert statistics.pvariance(w, 0.0) == pytest.approx(variance, rel=0.1)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 100))
def test_orthogonal(rows, columns, seed):
    matrix = init.orthogonal((rows, columns), random.Random(seed), gain=2.0)
    vectors = matrix if rows <= columns else list(zip(*matrix, strict=True))
    for i, a in enumerate(vectors):
        for j, b in enumerate(vectors):
            assert sum(x * y for x, y in zip(a, b, strict=True)) == pytest.approx(4.0 * (i == j), abs=1e-12)


def test_reset_draws_weights_and_leaves_biases():
    model = nn.Sequential(nn.MLP(2, [3, 1]), nn.Conv1d(1, 2, 3))
    before = model.state_dict()
    init.reset(model, init.he_normal, random.Random(0))
    changed = {k for k, v in model.state_dict().items() if v != before[k]}
    assert changed == {k for k in before if ".w." in k or "weight" in k}


# --- together --------------------------------------------------------------------------------------------------------


def test_a_small_network_of_many_layers_learns():
    rng = random.Random(1)
    model = nn.Sequential(
        nn.Conv1d(1, 3, 3, padding=1, rng=rng), nn.BatchNorm(3, rank=2), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(2),
        nn.Linear(9, 2, rng=rng),
    )  # fmt: skip
    signals = [[[rng.gauss(0, 0.3) + (1.5 if (t < 3) == bool(k % 2) else 0.0) for t in range(6)]] for k in range(8)]
    targets = [k % 2 for k in range(8)]
    optimizer = optim.Adam(model, lr=0.05)
    for _ in range(25):
        loss = losses.cross_entropy(model(signals), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.data < 0.1
    scores = model.eval()(signals)
    assert [int(s[1] > s[0]) for s in scores] == targets
