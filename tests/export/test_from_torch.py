"""`from_torch`: values, gradients and parameters are those of the module, number by number."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from export_models import near  # noqa: E402
from micrograd import compile, gradcheck  # noqa: E402
from micrograd.export import from_torch  # noqa: E402


class First(nn.Module):
    """The first of what a module gives."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(3).double()
        return self.inner(x, x, x, need_weights=False, attn_mask=mask)[0]


class Losses(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 4)

    def forward(self, x, y):
        found = self.inner(x)
        return nn.functional.cross_entropy(found, y) + nn.functional.mse_loss(found.sum(1), y.double())


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


MODULES = {
    "mlp": lambda: (nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2), nn.Softmax(-1)), randn(2, 3)),
    "convolution": lambda: (
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 2, stride=2),
                      nn.AvgPool2d(1), nn.Flatten(), nn.LogSoftmax(-1)), randn(2, 2, 4, 4)),
    "one axis": lambda: (nn.Sequential(nn.Conv1d(1, 2, 3, padding=2, dilation=2), nn.Tanh()), randn(1, 1, 6)),
    "transposed": lambda: (nn.Sequential(nn.ConvTranspose2d(4, 2, 2, 2, 1, output_padding=1, groups=2, dilation=2), nn.Tanh(),
                                         nn.AvgPool2d(2, padding=1, count_include_pad=False)), randn(1, 4, 2, 3)),
    "norms": lambda: (nn.Sequential(nn.LayerNorm(4), nn.GELU(), nn.GroupNorm(2, 4), nn.SiLU(), nn.ELU(), nn.LeakyReLU(), nn.Softplus(),
                                    nn.Hardtanh(), nn.Tanh(), nn.Sigmoid(), nn.Dropout(), nn.GELU("tanh")), randn(2, 4)),
    "embedding": lambda: (nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)), torch.tensor([1, 4])),
    "rnn": lambda: (First(nn.RNN(2, 3, batch_first=True)), randn(1, 3, 2)),
    "gru": lambda: (First(nn.GRU(2, 3, batch_first=True)), randn(1, 3, 2)),
    "lstm": lambda: (First(nn.LSTM(2, 3, batch_first=True)), randn(1, 3, 2)),
    "attention": lambda: (Attention(), randn(1, 3, 4)),
    "encoder": lambda: (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), randn(1, 3, 4)),
    "losses": lambda: (Losses(), (randn(2, 3), torch.tensor([1, 3]))),
}  # fmt: skip


def both(name):
    torch.manual_seed(sorted(MODULES).index(name))
    module, example = MODULES[name]()
    module = module.double().eval()
    if name == "convolution":
        module[1].running_mean.normal_()
        module[1].running_var.uniform_(0.5, 2)
    args = example if isinstance(example, tuple) else (example,)
    return module, args, from_torch(module, example)


@pytest.mark.parametrize("name", MODULES)
def test_values_and_gradients_are_the_modules(name):
    module, args, model = both(name)
    out = module(*args)
    weights = torch.arange(1.0, out.numel() + 1, dtype=torch.float64).reshape(out.shape)
    (out * weights).sum().backward()
    found = np.ravel(np.array(model(*[a.tolist() for a in args]), dtype=object))
    near([v.data for v in found], out.detach().flatten().numpy())
    sum(v * float(k + 1) for k, v in enumerate(found)).backward()
    for key, p in module.named_parameters():
        expected = np.zeros(p.numel()) if p.grad is None else p.grad.flatten().numpy()
        near([v.grad for v in model.arrays[key].ravel()], expected, 1e-11)


def test_parameters_travel_back():
    module, args, model = both("mlp")
    before = module(*args)
    for p in model.parameters():
        p.data += 0.25
    module.load_state_dict(model.state_dict())
    assert not torch.equal(module(*args), before)
    near(np.array([[v.data for v in row] for row in model(args[0].tolist())]), module(*args).detach().numpy())
    assert "0.weight[1,2]" in dict(model.named_parameters())


def test_it_is_checked_compiled_and_comes_home():
    module, args, model = both("mlp")
    x = args[0].tolist()
    assert gradcheck(lambda a, b, c: model([[a, b, c], x[1]])[0][1], (0.3, -0.2, 0.9))
    step = compile(lambda rows: -model(rows)[0][1].log(), model.parameters())
    value, grads = step.value_and_grad(x)
    loss = -module(*args)[0, 1].log()
    loss.backward()
    near([value], [loss.item()])
    near(grads, np.concatenate([p.grad.flatten().numpy() for p in module.parameters()]))
    from micrograd.export import to_torch

    near([to_torch(step)(args[0]).item()], [loss.item()])


def test_what_has_no_rule_is_named_before_anything_is_built():
    with pytest.raises(NotImplementedError, match=r"no rule for aten\.sort\.default"):
        from_torch(_Sorted(), randn(3))


def test_a_way_of_an_operator_that_has_no_rule_is_named_too():
    with pytest.raises(NotImplementedError, match=r"no rule for aten\.max_pool2d_with_indices\.default with ceil_mode=True"):
        from_torch(nn.MaxPool2d(2, ceil_mode=True), randn(1, 1, 3, 3))


class _Sorted(nn.Module):
    def forward(self, x):
        return torch.sort(x)[0]


def test_another_shape_is_refused():
    _, _, model = both("mlp")
    with pytest.raises(ValueError, match=r"shape \(1, 3\)"):
        model([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="takes 1 argument"):
        model([[1.0]], 2)


def test_submodules_are_scopes():
    import viz

    _, args, model = both("mlp")
    y = model(args[0].tolist())[0][0]
    text = viz.draw(y, fold=False).svg
    assert "0" in {c.name for c in viz.draw(y, fold=False).graph.clusters} and "<svg" in text
