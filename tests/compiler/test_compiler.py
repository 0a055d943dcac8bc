"""The compiled program against the eager engine, back end by back end."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings

import micrograd
from micrograd import Value, functional, ops, optim
from micrograd.compiler import TraceError, take

np = pytest.importorskip("numpy")
from small_losses import PLAIN, Net, agree, agree_in_batches, attention, eager, graphs, hinge, moons  # noqa: E402


def test_the_moons_loss_is_recovered_as_a_few_tensor_operations() -> None:
    net = Net([2, 16, 16, 1])
    xs, ys = moons(100)
    agree(hinge(net), net.parameters(), xs, ys, backends=["numpy"])
    step = micrograd.compile(hinge(net), net, backend="numpy")
    step(xs, ys)
    program = step.program
    assert program.scalars > 60_000
    assert program.operations <= 12
    assert "Σk p[48 + 17j + k] · relu1[i + 100k]" in str(program)
    assert all(a.index is None for s in program.forward for a in s.reads if not isinstance(a, float))


@pytest.mark.parametrize("act", ["relu", "tanh", "sigmoid", "exp", "gelu"])
def test_small_nets_agree_everywhere(act: str) -> None:
    net = Net([2, 3, 2, 1], act)
    agree(hinge(net), net.parameters(), *moons(5))


def test_the_original_demo_compiles_unchanged() -> None:
    net = Net([2, 4, 1])
    xs, ys = moons(20)
    X, y = np.array(xs), np.array(ys)

    def loss() -> Any:
        inputs = [list(map(Value, row)) for row in X]
        scores = list(map(net, inputs))
        losses = [(1 + -yi * s).relu() for yi, s in zip(y, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses))
        accuracy = [(yi > 0) == (s.data > 0) for yi, s in zip(y, scores, strict=True)]
        return total, sum(accuracy) / len(accuracy)

    step = micrograd.compile(loss, net, backend="numpy")
    value, accuracy = step()
    expected, share = loss()
    assert (value, accuracy) == (pytest.approx(expected.data, rel=1e-14), share)
    losses = step.train(optim.SGD(net, lr=0.5), steps=150)
    assert losses[-1] < 0.7 * losses[0]
    assert step()[0] == pytest.approx(loss()[0].data, rel=1e-12)  # written back


def test_causal_attention_with_run_time_tokens() -> None:
    loss, params = attention(5, 6)
    agree(loss, params, [1, 4, 0, 3, 3, 2])
    step = micrograd.compile(loss, params, backend="numpy")
    for tokens in ([0, 1, 2, 3, 4, 0], [4, 4, 4, 4, 4, 4], [2, 1, 3]):  # new numbers: no new trace; a new length: a new plan
        value, grads = step.value_and_grad(tokens)
        expected, by_hand = eager(loss, params, tokens)
        assert value == pytest.approx(expected, rel=1e-12)
        assert grads.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-13)
    assert len(step._plans) == 2
    with pytest.raises(IndexError, match="outside 0 … 4"):
        step([0, 1, 5])


# --- random graphs ---------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_random_graphs_agree(graph: Any) -> None:
    loss, params = graph
    agree(loss, params, tolerance=1e-9)


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (lambda x: x * 2 if x > 0 else x, "a branch"),
        (lambda x: x * float(x.data), r"float\(\) takes the number out"),
        (lambda x: x * math.exp(x.data), "takes the number out"),
        (lambda x: x * max([x.data, 1.0]), "micrograd.where"),
        (lambda x: x * round(x.data), "round"),
        (lambda x: x * int(f"{x.data:.0f}"), "formatting"),
        (lambda x: 3.0, "must return a Value"),
    ],
)
def test_what_a_program_cannot_repeat_is_refused_with_its_line(loss: Any, says: str) -> None:
    x = Value(2.0)
    with pytest.raises(TraceError, match=says):
        micrograd.compile(loss, [x])(1.5)
    if "return" not in says:
        with pytest.raises(TraceError, match=r"test_compiler\.py:\d+ \("):
            micrograd.compile(loss, [x])(1.5)
    assert type(x) is Value and x.data == 2.0


def test_an_integer_argument_is_no_plain_index() -> None:
    table = [Value(float(i)) for i in range(4)]
    with pytest.raises(TraceError, match="take"):
        micrograd.compile(lambda i: table[i] * 2, table)(3)
    step = micrograd.compile(lambda i: take(table, i) * 2, table)
    assert [step(i) for i in range(4)] == [0.0, 2.0, 4.0, 6.0]
    assert micrograd.compile(lambda *, i: table[i] * 2, table)(i=3) == 6.0  # a keyword is part of the structure


def test_setting_data_and_leaks_are_refused() -> None:
    x, kept, grows = Value(2.0), [None], []

    def sets(y: Any) -> Any:
        x.data = 3.0
        return x * y

    def leaks(y: Any) -> Any:
        kept[0] = x * y
        return kept[0] + 1

    def collects(y: Any) -> Any:
        grows.append(x * y)
        return grows[-1] + 1

    with pytest.raises(TraceError, match="is set while its loss is compiled"):
        micrograd.compile(sets, [x])(1.0)
    assert micrograd.compile(leaks, [x])(1.5) == 4.0
    with pytest.raises(TraceError, match="belongs to that run alone"):
        _ = kept[0].data
    with pytest.raises(TraceError, match=r"test_compiler\.py:\d+ \(grows\.append.*changes 'grows'"):
        micrograd.compile(collects, [x])(1.5)


def test_hand_made_nodes_are_refused_by_name() -> None:
    x = Value(2.0)
    with pytest.raises(TraceError, match="register"):
        micrograd.compile(lambda: Value(4.0, (x,), "square") * 1, [x])()


def test_names_and_errors_of_the_api() -> None:
    with pytest.raises(ValueError, match="no back end 'gpu'"):
        micrograd.compile(lambda: None, backend="gpu")
    with pytest.raises(TypeError, match="must be a leaf"):
        micrograd.compile(lambda: None, [Value(1.0) + 1])
    with pytest.raises(TypeError, match="constant that can be hashed"):
        micrograd.compile(lambda d: Value(1.0), [Value(1.0)])({})


# --- inputs, batches, provenance -------------------------------------------------------------------------------------


def test_inputs_of_every_nesting_and_their_gradients() -> None:
    w = Value(3.0)
    step = micrograd.compile(lambda a, b, c: a * w + b[0][1] * b[1][0] + c[1, 0] ** 2, [w], input_grads=True, backend="numpy")
    value, grads, inputs = step.value_and_grad(2.0, [(1.0, 5.0), [4.0]], np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (value, grads.tolist()) == (35.0, [2.0])
    assert inputs[0] == 3.0 and inputs[1] == [(0.0, 4.0), [5.0]]
    assert inputs[2].tolist() == [[0.0, 0.0], [6.0, 0.0]]


@pytest.mark.parametrize("backend", PLAIN)
def test_a_batch_is_the_mean_over_samples_of_any_number(backend: str) -> None:
    step = agree_in_batches(backend, rel=1e-11)
    assert step.program.verify().batch
    assert len(step._plans) == 2  # lists and arrays
    with pytest.raises(ValueError, match="as many samples"):
        step([[1.0, 2.0, 3.0]], [0, 1])


def test_lower_takes_an_existing_graph() -> None:
    a, b = Value(2.0), Value(-3.0)
    root = (a * b + b**3).tanh() + a
    root.backward()
    step = micrograd.lower(root, backend="numpy")
    value, grads = step.value_and_grad()
    assert value == root.data
    leaves = [v for v in root.topological() if v.op is None]
    assert grads.tolist() == pytest.approx([v.grad for v in leaves], abs=1e-15)


def test_gradients_and_numbers_of_chosen_nodes() -> None:
    w = [Value(0.5), Value(-1.0)]

    def loss(x: Any) -> Any:
        h = (w[0] * x).tanh()
        h.label = "h"
        return (h * w[1]) ** 2

    step = micrograd.compile(loss, w, backend="numpy")
    step.value_and_grad(1.5)
    h = math.tanh(0.75)
    assert step.value_of("h") == pytest.approx(h)
    assert step.grad_of("h") == pytest.approx(2 * h)
    with pytest.raises(KeyError, match="0 nodes"):
        step.grad_of("nobody")
    root = step.graph(1.5)
    assert root.data == pytest.approx(h * h) and w[0].grad != 0


def test_detect_anomaly_names_the_first_scalar() -> None:
    w = Value(0.0, label="w")
    step = micrograd.compile(lambda x: (w * x).exp() + (w * 1.0).log() * 2, [w], backend="numpy")
    with micrograd.detect_anomaly(), pytest.raises(ArithmeticError, match=r"compiled run: log\(.*0.0\) made -inf"):
        step(1.0)


def test_backward_adds_to_grad_as_the_engine_does() -> None:
    w = Value(3.0)
    step = micrograd.compile(lambda x: w * w * x, [w], backend="numpy")
    assert step.backward(2.0) == 18.0
    assert step.backward(2.0) == 18.0
    assert w.grad == 24.0


def test_a_reordered_or_cut_program_does_not_verify() -> None:
    step = micrograd.compile(hinge(net := Net([2, 3, 1])), net, backend="numpy")
    step(*moons(4))
    program = step.program
    program.forward.reverse()
    with pytest.raises(ValueError, match="nothing has written"):
        program.verify()
    program.forward.reverse()
    program.forward[0].out.base += 10**6
    with pytest.raises(ValueError, match="outside its pool"):
        program.verify()


# --- exact -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", PLAIN)
def test_exact_adds_up_as_the_eager_engine_bit_for_bit(backend: str) -> None:
    net = Net([2, 5, 4, 1])
    xs, ys = moons(13)

    def loss(xs: Any, ys: Any) -> Any:
        return hinge(net)(xs, ys) + ops.sum_(*(p * p * p for p in net.parameters())) * 1e-3

    value, grads = eager(loss, net.parameters(), xs, ys)
    step = micrograd.compile(loss, net, backend=backend, exact=True)
    found, gradient = step.value_and_grad(xs, ys)
    assert found == value
    assert gradient.tolist() == grads
    step.program.verify()
    with pytest.raises(ValueError, match="no meaning with batch"):
        micrograd.compile(lambda x: net(x), net, batch=True, exact=True)([[1.0, 2.0]])


@settings(max_examples=40, deadline=None)
@given(graphs())
def test_exact_random_graphs(graph: Any) -> None:
    loss, params = graph
    value, grads = eager(loss, params)
    found, gradient = micrograd.compile(loss, params, exact=True, backend="reference").value_and_grad()
    assert found == value or (found != found and value != value)
    assert all(a == b or (a != a and b != b) for a, b in zip(gradient.tolist(), grads, strict=True)), (gradient, grads)


# --- what changed, and ops of the user's own -------------------------------------------------------------------------


def test_check_names_the_line_where_the_loss_is_no_longer_the_program() -> None:
    settings_: dict[str, Any] = {"scale": 2.0, "act": "tanh"}
    w = Value(0.5)

    def loss(x: Any) -> Any:
        return getattr(w * x, settings_["act"])() * settings_["scale"]

    step = micrograd.compile(loss, [w], backend="numpy")
    step(1.0)
    step.check(3.0)
    settings_["scale"] = 3.0
    with pytest.raises(TraceError, match=r"test_compiler\.py:\d+: a number that is the constant 2.0 in the program is now 3.0"):
        step.check(1.0)
    settings_["act"] = "exp"
    with pytest.raises(TraceError, match=r"computes 'exp' where the program has 'tanh'"):
        step.check(1.0)


def test_a_constant_among_the_arguments_of_a_softmax_over_a_batch() -> None:
    w = Value(0.5)

    def sample(x: Any, i: Any) -> Any:
        return -take(functional.softmax([w * x, w, 0.25]), i).log()

    step = micrograd.compile(sample, [w], batch=True, backend="numpy")
    xs, labels = [1.0, -2.0, 3.0], [0, 1, 2]
    value, grads = eager(lambda: sum(map(sample, xs, labels)) * (1 / 3), [w])
    found, gradient = step.value_and_grad(xs, labels)
    assert found == pytest.approx(value, rel=1e-14)
    assert gradient.tolist() == pytest.approx(grads, rel=1e-13)


@pytest.mark.parametrize("forward", [lambda x: x * x * x, lambda x: math.pow(x, 3)])
def test_a_registered_op_compiles(forward: Any) -> None:
    micrograd.register(micrograd.Op("cube", forward, (lambda y, x: 3.0 * x * x,)))
    try:
        w = [Value(0.5), Value(-1.5)]
        agree(lambda: sum(p.cube() for p in w) * 2.0, w)
    finally:
        del micrograd.TABLE["cube"], Value.cube


def test_gradients_do_not_depend_on_the_order_of_params() -> None:
    net = Net([2, 4, 3, 1], "tanh")
    params = net.parameters()
    random.Random(2).shuffle(params)
    agree(hinge(net), params, *moons(6))


def test_a_convolution_is_one_loop() -> None:
    rng = random.Random(0)
    kernel = [[Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(3)]

    def loss(image: Any) -> Any:
        places = range(len(image) - 2)
        out = [sum(kernel[a][b] * image[i + a][j + b] for a in range(3) for b in range(3)).tanh() for i in places for j in places]
        second = [sum(kernel[a][0] * out[i + a] for a in range(3)) for i in range(len(out) - 2)]
        return sum(second) + sum(x * x for x in out)

    image = [[rng.gauss(0, 1) for _ in range(8)] for _ in range(8)]
    agree(loss, [p for row in kernel for p in row], image)
    step = micrograd.compile(loss, kernel, backend="numpy")
    step(image)
    assert step.program.operations <= 6
    assert all(a.index is None for s in step.program.forward for a in s.reads if not isinstance(a, float))


@pytest.mark.parametrize("padding", [0, 1])
def test_stacked_convolutions_over_a_batch(padding: int) -> None:
    from micrograd import losses
    from micrograd.nn import AvgPool2d, Conv2d, Flatten, Linear, ReLU, Sequential

    rng = random.Random(4)
    side = (6 if padding else 2) // 2
    net = Sequential(
        Conv2d(1, 2, 3, padding=padding, rng=rng), ReLU(), Conv2d(2, 3, 3, padding=padding, rng=rng), ReLU(), AvgPool2d(2),
        Flatten(), Linear(3 * side * side, 4, rng=rng),
    )  # fmt: skip
    X = [[[[rng.gauss(0, 1) for _ in range(6)] for _ in range(6)]] for _ in range(3)]
    y = [0, 3, 2]

    def sample(x: Any, k: Any) -> Any:
        return losses.cross_entropy(net(x), k)

    value, grads = eager(lambda: sum(map(sample, X, y), Value(0.0)) / 3, net.parameters())
    for backend in PLAIN:
        step = micrograd.compile(sample, net, batch=True, backend=backend)
        found, gradient = step.value_and_grad(X, y)
        step.program.verify()
        assert found == pytest.approx(value, rel=1e-12)
        assert gradient.tolist() == pytest.approx(grads, rel=1e-10, abs=1e-14)


def test_each_pass_says_what_it_did() -> None:
    net = Net([2, 4, 1])
    step = micrograd.compile(hinge(net), net, backend="numpy")
    step(*moons(12))
    told = dict(line.split(maxsplit=1) for line in step.passes.splitlines())
    assert list(told) == ["scalars", "fuse", "group", "factor", "layout", "assemble", "transpose", "careful", "verify"]

    def number(line: str, before: str) -> int:
        words = line.replace(",", "").replace(":", "").split()
        return int(words[words.index(before) - 1])

    leaves = sum(number(told["scalars"], kind) for kind in ("parameters", "inputs", "constants"))
    assert number(told["scalars"], "scalars") == step.program.scalars == leaves + number(told["scalars"], "results")
    assert number(told["scalars"], "results") == number(told["fuse"], "results") + number(told["fuse"], "units")
    affine, tables = (int(word) for word in told["factor"].split() if word.isdigit())
    assert affine and affine + tables == number(told["group"], "loops")
    assert number(told["transpose"], "instructions") == len(step.program.backward)
    assert "12 samples lie side by side" in told["layout"]
    again = micrograd.compile(hinge(other := Net([2, 4, 1], seed=5)), other, backend="numpy")
    again(*moons(12))
    assert "earlier graph" in again.passes
