"""`from_jax`: values, gradients and parameters are those of the function, number by number."""

from __future__ import annotations

import math

import pytest

np = pytest.importorskip("numpy")
jax = pytest.importorskip("jax")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from jax import lax  # noqa: E402
from jax import numpy as jnp  # noqa: E402

from export_arrays import Jax  # noqa: E402
from export_models import MODELS as LESSONS  # noqa: E402
from export_models import near  # noqa: E402
from micrograd import Value, compile, gradcheck  # noqa: E402
from micrograd.export import from_jax, to_jax  # noqa: E402
from micrograd.export.lax import TABLE  # noqa: E402

jax.config.update("jax_enable_x64", True)
rng = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def the_same_numbers_in_any_order_of_tests():
    rng.bit_generator.state = np.random.default_rng(7).bit_generator.state


def randn(*shape):
    return jnp.asarray(rng.normal(size=shape))


# --- models, in plain JAX ----------------------------------------------------------------------------------------------


def mlp(p, x):
    for k, layer in enumerate(p):
        x = x @ layer["w"] + layer["b"]
        x = jax.nn.relu(x) if k + 1 < len(p) else jax.nn.softmax(x)
    return x


def activations(p, x):
    h = x @ p
    parts = [f(h) for f in (jax.nn.gelu, jax.nn.silu, jax.nn.softplus, jax.nn.elu, jax.nn.leaky_relu, jax.nn.log_sigmoid, jax.nn.hard_tanh)]
    parts += [f(h) for f in (jnp.tanh, jax.nn.sigmoid, jax.nn.celu, jax.nn.selu, jax.nn.mish, jax.nn.relu6, jax.nn.swish, jax.nn.soft_sign)]
    return sum((k + 1) * v for k, v in enumerate(parts)) + jax.nn.gelu(h, approximate=False) + jnp.abs(jnp.round(h)) * jnp.mod(h, 0.75)


def convolution(p, x):
    spec = ("NCHW", "OIHW", "NCHW")
    h = lax.conv_general_dilated(x, p["w"], (1, 1), "SAME", dimension_numbers=spec, feature_group_count=2)
    h = jax.nn.relu((h - p["mean"]) / jnp.sqrt(p["var"] ** 2 + 1e-5))
    largest = lax.reduce_window(h, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "SAME")
    means = lax.reduce_window(h, 0.0, lax.add, (1, 1, 2, 2), (1, 1, 1, 1), "VALID") / 4
    up = lax.conv_transpose(largest, p["up"], (2, 2), "VALID", dimension_numbers=("NCHW", "HWIO", "NCHW"))
    return jnp.concatenate([means.ravel(), up.ravel(), largest.min(axis=(2, 3)).ravel()])


def one_axis(p, x):
    return jnp.tanh(lax.conv_general_dilated(x, p, (1,), [(2, 1)], rhs_dilation=(2,), dimension_numbers=("NWC", "WIO", "NWC")))


def norms(p, x):
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    h = (x - mean) * lax.rsqrt(var + 1e-5) * p["g"] + p["b"]
    groups = h.reshape(len(x), 2, -1)
    groups = (groups - groups.mean(-1, keepdims=True)) / jnp.sqrt(groups.var(-1, keepdims=True) + 1e-5)
    return groups.reshape(h.shape) / jnp.linalg.norm(h, axis=-1, keepdims=True) + jnp.sqrt((h**2).mean())


def embedding(p, at):
    return p["table"][at] @ p["w"] + jnp.take(p["table"], at[::-1], axis=0, mode="clip")[:, :2]


def rnn(p, x):
    def turn(h, row):
        h = jnp.tanh(row @ p["w"] + h @ p["u"] + p["b"])
        return h, h

    last, rows = lax.scan(turn, jnp.zeros(3), x)
    return jnp.concatenate([last[None], rows])


def gru(p, x):
    def turn(h, row):
        r, z = jnp.split(jax.nn.sigmoid(row @ p["w"] + h @ p["u"]), 2)
        n = jnp.tanh(row @ p["wn"] + r * (h @ p["un"]))
        return (1 - z) * n + z * h, None

    return lax.scan(turn, jnp.zeros(3), x, reverse=True)[0]


def lstm(p, x):
    def turn(state, row):
        h, c = state
        i, f, g, o = jnp.split(row @ p["w"] + h @ p["u"] + p["b"], 4)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    return lax.scan(turn, (jnp.zeros(3), jnp.zeros(3)), x)[1]


def block(p, x):
    """A pre-norm Transformer block with two heads."""
    t, d = x.shape

    def norm(v, g):
        return (v - v.mean(-1, keepdims=True)) / jnp.sqrt(v.var(-1, keepdims=True) + 1e-5) * g

    def heads(v):
        return v.reshape(t, 2, d // 2).transpose(1, 0, 2)

    with jax.named_scope("attention"):
        q, k, v = map(heads, jnp.split(norm(x, p["g1"]) @ p["qkv"], 3, axis=-1))
        scores = jnp.einsum("htd,hsd->hts", q, k) / jnp.sqrt(d / 2)
        scores = jnp.where(jnp.tril(jnp.ones((t, t), bool)), scores, -jnp.inf)
        x = x + jnp.einsum("hts,hsd->htd", jax.nn.softmax(scores), v).transpose(1, 0, 2).reshape(t, d) @ p["o"]
    with jax.named_scope("feed"):
        return x + jax.nn.gelu(norm(x, p["g2"]) @ p["w1"]) @ p["w2"]


def language(p, tokens):
    logits = block(p, p["table"][tokens[:-1]] + p["places"][: len(tokens) - 1]) @ p["table"].T
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), tokens[1:, None], 1).mean()


def losses(p, x, y):
    logits = x @ p
    hot = jax.nn.one_hot(y, 4)
    cross = (jax.nn.logsumexp(logits, -1) - (hot * logits).sum(-1)).mean()
    return cross + ((logits.sum(1) - y) ** 2).mean() + jnp.logaddexp(0.0, -logits[0, 0]) + optional(logits[0])


def optional(v):
    huber = jnp.where(jnp.abs(v) < 1, 0.5 * v**2, jnp.abs(v) - 0.5)
    return huber.sum() + jnp.clip(v, -0.5, 0.5).sum() + jnp.maximum(v, 0.1).prod()


def control(p, x):
    h = lax.cond(len(x) > 2, lambda v: v @ p, lambda v: v, x)
    h = lax.switch(1, [jnp.sin, jnp.cos, jnp.exp], h)
    h = lax.fori_loop(0, 3, lambda i, v: v * 0.5 + i * x[i, 0], h)
    h = jax.checkpoint(jax.jit(jnp.sin))(h)
    count = lax.while_loop(lambda n: n < 5, lambda n: n + 2, 0)  # over whole numbers: JAX's own
    key = jax.random.bernoulli(jax.random.PRNGKey(0), 0.5, h.shape)
    return jnp.where(key, h, 0) * count + lax.stop_gradient(h) * h


def moves(p, x):
    h = x.at[1].set(p[0] * 2).at[jnp.array([0, 0, 2])].add(p)
    h = jnp.pad(h, ((1, 0), (0, 2)), constant_values=3.0)[::-1] * jnp.cumsum(jnp.arange(1.0, 6.0))
    parts = [jnp.flip(h, 1).ravel(), jnp.roll(h, 2, 0).ravel(), jnp.cumsum(h, 0).ravel(), jnp.cumprod(h[:2], 1).ravel(), jnp.tile(h[0], 2)]
    parts += [lax.cummax(h, axis=1, reverse=True).ravel(), lax.dynamic_slice(h, (1, 0), (2, 2)).ravel(), h[jnp.array([2, 0]), 1]]
    parts += [lax.dynamic_update_slice(h, p[:1, :2], (0, 1)).ravel(), jnp.stack([h[0], h[1]]).ravel(), jnp.squeeze(h[:1]), h.min(0)]
    return jnp.concatenate(parts)


def powers(p, x):
    z = jnp.abs(x) + 0.5
    return (z**p + x**3 + x**-2 + jnp.power(z, 2.5) + jnp.cbrt(x) + jnp.exp2(x) + jnp.log1p(z) + jnp.expm1(x) + jnp.arctan2(x, z)
            + jnp.hypot(x, p) + lax.rem(x, z) + lax.erf(x) + lax.erfc(x) + jnp.log2(z) + jnp.sinh(x) + jnp.arcsinh(x) + jnp.square(x)
            + jnp.sign(x) * jnp.floor(p) + (x > p) * x + jnp.where((x > 0) & ~(p >= 1) | (x == p), x, p) + jnp.trunc(x) * x)  # fmt: skip


def mlp_parameters():
    return [{"w": randn(3, 4), "b": randn(4)}, {"w": randn(4, 2), "b": randn(2)}]


BLOCK = {"g1": (4,), "g2": (4,), "qkv": (4, 12), "o": (4, 4), "w1": (4, 8), "w2": (8, 4)}
MODELS = {
    "mlp": lambda: (mlp, mlp_parameters(), randn(2, 3)),
    "activations": lambda: (activations, randn(3, 4), randn(2, 3)),
    "convolution": lambda: (convolution, {"w": randn(4, 1, 3, 3), "mean": randn(4, 1, 1), "var": randn(4, 1, 1), "up": randn(2, 2, 4, 1)},
                            randn(2, 2, 4, 3)),
    "one axis": lambda: (one_axis, randn(3, 2, 1), randn(1, 6, 2)),
    "norms": lambda: (norms, {"g": randn(4), "b": randn(4)}, randn(2, 4)),
    "embedding": lambda: (embedding, {"table": randn(5, 3), "w": randn(3, 2)}, jnp.array([1, 4])),
    "rnn": lambda: (rnn, {"w": randn(2, 3), "u": randn(3, 3), "b": randn(3)}, randn(3, 2)),
    "gru": lambda: (gru, {"w": randn(2, 6), "u": randn(3, 6), "wn": randn(2, 3), "un": randn(3, 3)}, randn(3, 2)),
    "lstm": lambda: (lstm, {"w": randn(2, 12), "u": randn(3, 12), "b": randn(12)}, randn(3, 2)),
    "language": lambda: (language, {**{k: randn(*s) for k, s in BLOCK.items()}, "table": randn(6, 4), "places": randn(5, 4)},
                         jnp.array([1, 0, 5, 2])),
    "losses": lambda: (losses, randn(3, 4), randn(2, 3), jnp.array([1, 3])),
    "control": lambda: (control, randn(2, 2), randn(3, 2)),
    "moves": lambda: (moves, randn(3, 3), randn(4, 3)),
    "powers": lambda: (powers, randn(6), randn(6)),
}  # fmt: skip


def compared(fn, params, *rest, to=1e-12):
    """Values and gradients of both, every output with a weight of its own."""
    model = from_jax(fn, params, *rest)
    leaves = jax.tree_util.tree_leaves(jax.eval_shape(fn, params, *rest))
    sizes = [leaf.size for leaf in leaves]
    weights = [jnp.asarray(np.linspace(0.5, 1.5, n) * (-1.0) ** np.arange(n)) for n in sizes]

    def weighed(p):
        return sum((jnp.ravel(y) * w).sum() for y, w in zip(jax.tree_util.tree_leaves(fn(p, *rest)), weights, strict=True))

    out, tree = jax.jit(lambda p: (fn(p, *rest), jax.grad(weighed)(p)))(params)
    found = model(*jax.tree_util.tree_map(lambda x: x.tolist(), rest))
    flat = [v for x in jax.tree_util.tree_leaves(found) for v in np.ravel(np.array(x, dtype=object))]
    near([float(getattr(v, "data", v)) for v in flat], np.concatenate([np.ravel(x) for x in jax.tree_util.tree_leaves(out)]), to)
    sum(v * float(w) for v, w in zip(flat, np.concatenate(weights), strict=True)).backward()
    grads = jax.tree_util.tree_leaves(tree)
    near([v.grad for v in model.parameters()], np.concatenate([np.ravel(g) for g in grads]), to)
    return model


@pytest.mark.parametrize("name", MODELS)
def test_values_and_gradients_are_the_functions(name):
    compared(*MODELS[name](), to=1e-11 if name in ("convolution", "norms") else 1e-12)


def test_a_wrong_rule_is_found(monkeypatch):
    monkeypatch.setitem(TABLE, "tanh", TABLE["sin"])
    with pytest.raises(AssertionError):
        compared(*MODELS["rnn"]())


@pytest.mark.parametrize("make", LESSONS)
def test_what_left_for_jax_comes_back(make):
    step, _, args = make(True)
    value, grads = step.value_and_grad(*args)
    home = Jax(step)
    flat = [float(x) for row in zip(*args, strict=True) for a in row for x in np.ravel(a)]
    given = [x.astype(int) if make in LESSONS[1:3] and k == len(args) - 1 else x for k, x in enumerate(home.given(flat))]
    model = from_jax(home.loss, home.start, *given)
    y = model(*[x.tolist() for x in given])
    y.backward()
    near([y.data], [value])
    found = np.zeros(len(grads))
    for name, places in home.places.items():
        found[places] = [v.grad for v in model.arrays[name].ravel()]
    near(found, grads)


def test_our_own_functions_are_our_own_rows():
    w = Value(3.0)
    step = compile(lambda x: (w * x).sigmoid() + (w * x).tanh(), [w])
    step(2.0)
    loss, start = to_jax(step, exact=True)
    y = from_jax(loss, start, jnp.asarray(2.0))(2.0)
    made = {a.op.name for a in y.args}
    y.backward()
    eager = (w * 2.0).sigmoid() + (w * 2.0).tanh()
    assert y.data == eager.data and made == {"sigmoid", "tanh"}


ORDINARY = st.floats(-3.0, 3.0, allow_subnormal=False)
EDGE = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1e-200, 1e200, -1e200, 30.0, -745.0, math.inf, -math.inf])
# Those that have no edge where JAX's own derivative, or its value, is another (docs/export.md, the table of differences).
UNARY = {"exp": jnp.exp, "sin": jnp.sin, "expm1": jnp.expm1, "sqrt": jnp.sqrt, "neg": jnp.negative, "relu": jax.nn.relu,
         "sigmoid": jax.nn.sigmoid, "floor": jnp.floor, "erf": lax.erf, "softplus": jax.nn.softplus}  # fmt: skip
BINARY = {"add": jnp.add, "mul": jnp.multiply, "sub": jnp.subtract, "max": jnp.maximum, "min": jnp.minimum,
          "where": lambda a, b: jnp.where(a > b, a, b * 2)}  # fmt: skip
SHAPES = {"sum": lambda x: x.sum(0, keepdims=True) + x, "turn": lambda x: x.T @ x, "mean": lambda x: x - x.mean(1, keepdims=True),
          "soft": lambda x: jax.nn.softmax(x, 0), "flip": lambda x: x[::-1] * 2, "roll": lambda x: jnp.roll(x, 1, 1)}  # fmt: skip


@st.composite
def programs(draw):
    """Some steps on a 2 × 2 array, each on results before it."""
    steps = []
    for k in range(draw(st.integers(1, 5))):
        table = draw(st.sampled_from([UNARY, BINARY, SHAPES]))
        steps.append((table[draw(st.sampled_from(sorted(table)))], draw(st.integers(0, k)), draw(st.integers(0, k)), table is BINARY))
    return steps


def written(steps):
    def fn(p):
        made = [p]
        for f, a, b, two in steps:
            made.append(f(made[a], made[b]) if two else f(made[a]))
        return made[-1]

    return fn


@settings(max_examples=15, deadline=None)
@given(programs(), st.lists(ORDINARY, min_size=4, max_size=4))
def test_random_functions(steps, numbers):
    fn, p = written(steps), jnp.asarray(numbers).reshape(2, 2)
    out, grad = fn(p), jax.grad(lambda q: fn(q).sum())(p)
    model = from_jax(fn, p)
    y = sum(v for row in model() for v in row) if out.ndim else model()
    near([y.data], [float(out.sum())])
    y.backward()
    if np.isfinite(np.asarray(grad)).all():
        np.testing.assert_allclose([v.grad for v in model.parameters()], np.ravel(grad), rtol=1e-10, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(programs(), st.lists(EDGE, min_size=4, max_size=4))
def test_random_functions_have_the_values_of_jax_at_edges(steps, numbers):
    fn, p = written(steps), jnp.asarray(numbers).reshape(2, 2)
    out = np.ravel(np.asarray(fn(p)))
    found = np.ravel(np.array(from_jax(fn, p)(), dtype=object))
    np.testing.assert_allclose([v.data for v in found], out, rtol=1e-12, atol=1e-300)


# --- parameters, names, refusals ------------------------------------------------------------------------------------------


def test_parameters_travel_back():
    _, params, x = MODELS["mlp"]()
    params[0]["steps"] = jnp.array(3)
    params[0]["b"] = params[0]["b"].astype(jnp.float32)
    model = from_jax(lambda p, x: mlp([{k: v for k, v in layer.items() if k != "steps"} for layer in p], x), params, x)
    assert "0.w[1,2]" in dict(model.named_parameters()) and "0.steps" not in model.arrays
    for v in model.parameters():
        v.data += 0.25
    back = model.pytree()
    assert jax.tree_util.tree_structure(back) == jax.tree_util.tree_structure(params)
    assert back[0]["b"].dtype == jnp.float32 and back[0]["steps"] == 3
    near(back[0]["w"], params[0]["w"] + 0.25)
    del back[0]["steps"]
    near([v.data for row in model(x.tolist()) for v in row], np.ravel(mlp(back, x)), 1e-7)


def test_which_arguments_are_the_parameters():
    def fn(x, p, q):
        return {"y": (x * p["a"]).sum(), "z": q + jnp.ones(2)}

    model = from_jax(fn, jnp.ones(2), {"a": randn(2)}, randn(2), params=(1, 2))
    assert list(model.arrays) == ["a", "params2"]
    found = model([1.0, 2.0])
    assert set(found) == {"y", "z"} and len(found["z"]) == 2 and isinstance(found["y"], Value)
    assert isinstance(model.pytree(), tuple)
    free = from_jax(jnp.tanh, jnp.zeros(()), params=())
    assert free(0.5).data == math.tanh(0.5) and free.parameters() == []
    with pytest.raises(ValueError, match="places among the 1 example"):
        from_jax(jnp.tanh, 0.0, params=1)


def test_it_is_checked_compiled_and_comes_home():
    fn, params, x = MODELS["mlp"]()
    model = from_jax(fn, params, x)
    rows = x.tolist()
    assert gradcheck(lambda a, b, c: model([[a, b, c], rows[1]])[0][1], (0.3, -0.2, 0.9))
    step = compile(lambda xs: -model(xs)[0][1].log(), model.parameters())
    value, grads = step.value_and_grad(rows)
    expected, tree = jax.value_and_grad(lambda p: -jnp.log(fn(p, x)[0, 1]))(params)
    near([value], [float(expected)])
    near(grads, np.concatenate([np.ravel(g) for g in jax.tree_util.tree_leaves(tree)]))
    loss, start = to_jax(step)
    near([float(loss(start, x))], [value])


def sorted_loss(p):
    return jnp.sort(p)[0]


@jax.custom_vjp
def mine(x):
    return x * x


mine.defvjp(lambda x: (x * x, x), lambda x, g: (g,))
REFUSED = {
    r"no rule for sort \(test_from_jax\.py:\d+, in sorted_loss\)": (sorted_loss, jnp.ones(3)),
    r"while over Values: lax\.scan.*allowed \(test_from_jax": (
        lambda p: lax.while_loop(lambda s: s < 9, lambda s: s * 2, p), jnp.asarray(1.0)),
    r"cond by Values": (lambda p: lax.cond(p > 0, jnp.sin, jnp.cos, p), jnp.asarray(1.0)),
    r"convert_element_type of Values to int64": (lambda p: jnp.arange(3.0)[p.astype(int)], jnp.asarray(1.0)),
    r"argmax": (lambda p: p[jnp.argmax(p)], jnp.ones(3)),
    r"div of whole numbers": (lambda p: ((p > 0).astype(int) * 7 // 2 * p).sum(), jnp.ones(3)),
    r"and of whole numbers": (lambda p: (((p > 0).astype(int) * 5 & 3) * p).sum(), jnp.ones(3)),
    r"mul of int8 numbers .* wraps around": (lambda p: ((p > 0).astype(jnp.int8) * jnp.int8(100) * p).sum(), jnp.ones(3)),
    r"sub of uint32 numbers .* wraps around": (lambda p: (((p > 0).astype(jnp.uint32) - 2) * p).sum(), jnp.ones(3)),
    r"custom_vjp_call of mine": (lambda p: mine(p), jnp.asarray(1.0)),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_has_no_rule_is_named_before_anything_is_built(message):
    with pytest.raises(NotImplementedError, match=message):
        from_jax(*REFUSED[message])


def test_what_only_some_turns_of_a_loop_carry_is_named_too():
    def turns(p):
        def turn(c, _):
            a, b = c
            return (b, jnp.where(a > 0, p.sum(), 1.0)), lax.while_loop(lambda s: s < 9, lambda s: s + 2, a)

        return lax.scan(turn, (1.0, 1.0), None, length=3)[1]

    with pytest.raises(NotImplementedError, match="while over Values"):
        from_jax(turns, jnp.ones(2))


def test_another_shape_is_refused():
    fn, params, x = MODELS["mlp"]()
    model = from_jax(fn, params, x)
    with pytest.raises(ValueError, match=r"argument 2 has the shape \(1, 3\), and what was read takes \(2, 3\)"):
        model([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="takes 1 argument"):
        model([[1.0]], 2)


def test_what_is_filled_in_beyond_the_end_is_what_the_function_says():
    at = jnp.array([0, 7, -1])
    compared(lambda p: (jnp.take(p, at, mode="fill", fill_value=2.0) ** 2).sum(), randn(3))
    assert math.isnan(from_jax(lambda p: jnp.take(p, at, mode="fill").sum(), jnp.ones(3))().data)


def test_a_nan_under_a_kernel_is_no_padding():
    signal = jnp.array([1.0, jnp.nan, 2.0, 3.0, 4.0])
    compared(lambda p: jnp.convolve(signal, p, mode="same"), jnp.array([1.0, 2.0]))
    found = from_jax(lambda p: lax.reduce_window(jnp.concatenate([signal, p]), -jnp.inf, lax.max, (2,), (1,), "SAME"), jnp.ones(1))()
    assert [math.isnan(getattr(v, "data", v)) for v in found] == [True, True, False, False, False, False]


def test_how_many_are_right_is_a_sum():
    compared(lambda p: jnp.sum(p > 0) * p[0], randn(5))


def test_half_a_whole_number_is_refused():
    model = from_jax(lambda p, x: (p * x).sum(), jnp.ones(2), jnp.array([0, 0]))
    assert model([1, 2.0]).data == 3.0
    for x in ([0.5, 1.0], [Value(1.0), 1]):
        with pytest.raises(ValueError, match="argument 2 takes whole numbers"):
            model(x)


def test_named_scopes_and_turns_are_scopes():
    import viz

    fn, params, tokens = MODELS["language"]()
    y = from_jax(fn, params, tokens)(tokens.tolist())
    text = viz.draw(y, fold=1).svg
    assert "attention" in text and "feed" in text
    fn, params, x = MODELS["rnn"]()
    y = from_jax(fn, params, x)(x.tolist())[0][0]
    assert "turn" in viz.draw(y, fold="time").svg


def test_hostile_names_are_harmless():
    import viz

    names = ['"; import os', "<script>alert(1)</script>", "", "def", "ключ\u202e", "a\nb", "a.b", "]]>"]
    params = {name: jnp.asarray(float(k + 1)) for k, name in enumerate(names)}
    model = from_jax(lambda p: sum(p[name] ** 2 for name in names), params)
    y = model()
    y.backward()
    assert sorted(v.grad for v in model.parameters()) == [2.0 * (k + 1) for k in range(len(names))]
    assert "<script>alert" not in viz.draw(y).svg
    near([model.pytree()[n] for n in names], range(1, len(names) + 1))
    same = from_jax(lambda p: p["a"]["b"] * p["a.b"], {"a": {"b": jnp.asarray(2.0)}, "a.b": jnp.asarray(3.0)})
    assert same().data == 6.0 and len(same.parameters()) == 2


def test_whole_numbers_of_few_bits_that_no_value_goes_into_wrap_around_as_in_jax():
    x = jnp.array([100, 100], dtype=jnp.int8)
    found = from_jax(lambda w, x: (w * (x + x)).sum(), jnp.asarray([1.0, 2.0]), x)(x)
    assert found.data == -168.0
