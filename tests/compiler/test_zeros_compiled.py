"""Zero times infinity in compiled programs: what the eager engine answers (tests/core/test_zeros.py), in every back end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Op, Value, compiler, grad, jvp, ops, optim
from zeros import CASES, alike, programs

np = pytest.importorskip("numpy")

inf, nan = math.inf, math.nan
QUICK = ["reference", "numpy"]
NATIVE = ["interpreter", "numba"]
BACKENDS = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in NATIVE)]


def compiled(fn, xs, **options):
    """The gradient by a compiled program whose parameters are the arguments."""
    leaves = [Value(x) for x in xs]
    return micrograd.compile(lambda: fn(*leaves), leaves, **options).value_and_grad()[1].tolist()


def eager(fn, leaves):
    for v in leaves:
        v.grad = 0.0
    root = fn()
    root.backward()
    return root.data, [v.grad for v in leaves]


@pytest.mark.parametrize("backend", QUICK)
@pytest.mark.parametrize("exact", [False, True], ids=["any order", "exact"])
@pytest.mark.parametrize("case", CASES)
def test_the_gradient_at_the_edge(case, exact, backend):
    fn, xs, expected = CASES[case]
    assert all(map(alike, compiled(fn, xs, backend=backend, exact=exact), expected))


@pytest.mark.parametrize("backend", BACKENDS)
def test_all_of_them_in_one_program(backend):
    """Several cases at once, so that one step works on what is reached and what is not."""
    leaves = [[Value(x) for x in xs] for _, xs, _ in CASES.values()]
    flat = [v for found in leaves for v in found]

    def loss():
        return sum(fn(*found) for (fn, _, _), found in zip(CASES.values(), leaves, strict=True))

    _, gradient = micrograd.compile(loss, flat, backend=backend).value_and_grad()
    assert all(map(alike, gradient.tolist(), [g for _, _, expected in CASES.values() for g in expected]))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("batch", [False, True], ids=["one", "batch"])
def test_the_gradient_by_inputs(batch, backend):
    w = Value(1.0)
    for name in ("sqrt(relu(x))", "where(x, sqrt(y), y)", "log(equal(hypot(y, x), x))", "inf below relu", "numeric: sqrt(x)**2"):
        fn, xs, expected = CASES[name]
        step = micrograd.compile(lambda *a, fn=fn: fn(*a) * w, w, backend=backend, batch=batch, input_grads=True)
        if batch:
            found = step.value_and_grad(*([x, 1.5] for x in xs))[2]
            safe = [Value(1.5) for _ in xs]
            _, beside = eager(lambda fn=fn, safe=safe: fn(*safe) * 0.5, safe)
            assert all(map(alike, found[1], beside)), name
            assert all(map(alike, found[0], [0.5 * e for e in expected])), name
        else:
            assert all(map(alike, step.value_and_grad(*xs)[2], expected)), name


@given(programs())
def test_random_programs_agree_with_the_oracle(program):
    expected = program.gradient()
    for backend in QUICK:
        assert all(alike(a, b, 1e-9) for a, b in zip(compiled(program, program.inputs, backend=backend), expected, strict=True)), backend
    found = compiled(program, program.inputs, backend="numpy", exact=True)
    assert all(alike(a, b, 1e-14) for a, b in zip(found, expected, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "count"), [("interpreter", 25), ("numba", 3)])
def test_random_programs_in_compiled_code_agree_with_the_oracle(backend, count):
    """Many at a time, for a program is compiled for each such sum."""

    @settings(max_examples=count)
    @given(st.lists(programs(), min_size=8, max_size=8))
    def check(several):
        leaves = [[Value(x) for x in p.inputs] for p in several]
        flat = [v for found in leaves for v in found]
        step = micrograd.compile(lambda: sum(p(*found) for p, found in zip(several, leaves, strict=True)), flat, backend=backend)
        expected = [g for p in several for g in p.gradient()]
        assert all(alike(a, b, 1e-9) for a, b in zip(step.value_and_grad()[1].tolist(), expected, strict=True))

    check()


def test_the_fast_program_alone_would_be_wrong(monkeypatch):
    """Planted: without the second look the answer is nan, so these tests can fail."""
    monkeypatch.setattr("micrograd.compiler.machine.settle", lambda machine: None)
    assert math.isnan(compiled(*CASES["where(0 < x, 1/x, 7)"][:2], backend="numpy")[0])


def test_a_program_without_choices_is_not_looked_at():
    w = [Value(0.5), Value(2.0)]
    step = micrograd.compile(lambda x: ops.tanh(w[0] * x + w[1]) ** 2, w, backend="numpy")
    step.value_and_grad(0.3)
    assert step._latest[1].watch == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_output_beside_the_loss_passes_nothing(backend):
    x = [Value(1.0), Value(0.0)]
    step = micrograd.compile(lambda: (ops.log_(x[0]) * 2, ops.log_(x[1])), x, backend=backend)
    (value, beside), gradient = step.value_and_grad()
    assert (value, beside, gradient.tolist()) == (0.0, -inf, [2.0, 0.0])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("bad", [inf, nan])
def test_products_below_what_is_not_reached(backend, bad):
    """A layer of dead units with an infinite input: in eager nothing reaches the weights, and 0 · inf is asked of no one."""
    weights = [[Value(0.5 * (-1) ** (i + j)) for j in range(3)] for i in range(8)]
    flat = [w for row in weights for w in row]

    def loss(x):
        units = [ops.relu(sum(w * a for w, a in zip(row, x, strict=True))) for row in weights]
        return sum(ops.where(ops.less(u, inf), u, 1.0) for u in units)

    x = [1.0, 2.0, bad]
    expected = eager(lambda: loss(list(map(Value, x))), flat)
    value, gradient = micrograd.compile(loss, weights, backend=backend).value_and_grad(x)
    assert alike(value, expected[0]) and all(map(alike, gradient.tolist(), expected[1]))


def test_a_masked_product_that_is_large_runs_in_pieces(monkeypatch):
    monkeypatch.setattr("micrograd.compiler.settle.LARGE", 10)
    test_products_below_what_is_not_reached("numpy", inf)
    weights = [[Value(0.1 * (i - j)) for j in range(6)] for i in range(5)]

    def loss(*x):
        return sum(ops.relu(ops.sqrt(ops.relu(sum(w * a for w, a in zip(row, x, strict=True))))) for row in weights)

    points = [[1.0, 2.0, inf, 3.0], [1.0, -1.0, 0.0, inf], *([[0.5, 0.25, -2.0, 1.0]] * 4)]
    flat = [w for row in weights for w in row]
    step = micrograd.compile(loss, flat, backend="numpy", batch=True)
    _, gradient = step.value_and_grad(*points)
    expected = [0.0] * len(flat)
    for sample in zip(*points, strict=True):
        _, found = eager(lambda sample=sample: loss(*map(Value, sample)) * 0.25, flat)
        expected = [a + b for a, b in zip(expected, found, strict=True)]
    assert all(alike(a, b, 1e-12) for a, b in zip(gradient.tolist(), expected, strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_of_a_table(backend):
    table = [Value(-1.0), Value(4.0), Value(0.0)]
    step = micrograd.compile(lambda i: ops.sqrt(ops.relu(compiler.take(table, i))), table, backend=backend)
    for i, expected in ((0, [0.0, 0.0, 0.0]), (1, [0.0, 0.25, 0.0]), (2, [0.0, 0.0, 0.0])):
        assert step.value_and_grad(i)[1].tolist() == expected


@pytest.mark.parametrize("backend", BACKENDS)
def test_training_goes_on_where_nothing_passes(backend):
    """A third of the samples have an infinite slope that nothing may pass; the native loop stops there and goes on."""
    xs = [0.1 * i - 1.0 for i in range(30)]

    def losses(train):
        w = [Value(0.5), Value(-0.25)]

        def loss():
            scores = [ops.sqrt(ops.relu(w[0] * x + w[1])) for x in xs]
            return sum((s - 0.5) ** 2 for s in scores) * (1 / len(xs))

        return train(loss, w, optim.SGD(w, lr=0.05, momentum=0.5)), [v.data for v in w]

    def by_hand(loss, w, optimizer):
        found = []
        for _ in range(40):
            optimizer.zero_grad()
            root = loss()
            root.backward()
            optimizer.step()
            found.append(root.data)
        return found

    expected, weights = losses(by_hand)
    found, last = losses(lambda loss, w, optimizer: micrograd.compile(loss, w, backend=backend).train(optimizer, steps=40))
    assert found == pytest.approx(expected, rel=1e-9) and last == pytest.approx(weights, rel=1e-9)
    assert not any(map(math.isnan, found))


def test_a_gradient_in_between_can_be_asked_for():
    x = Value(-0.9)
    nodes = {}

    def loss():
        nodes["inner"] = ops.relu(x)
        nodes["inner"].label = "inner"
        return ops.sqrt(nodes["inner"])

    step = micrograd.compile(loss, x, backend="numpy")
    step.value_and_grad()
    assert step.grad_of("inner") == inf and step.grad_of(x) == 0.0


# --- derivatives inside a compiled loss --------------------------------------------------------------------------------


INSIDE = {
    "sqrt(relu(x))": (lambda x: ops.sqrt(ops.relu(x)), (-0.9, 0.5)),
    "where(0 < x, 1/x, 7)": (lambda x: ops.where(ops.less(0.0, x), 1 / x, 7.0), (0.0, 2.0)),
    "where(0 < x, log(x), x * x)": (lambda x: ops.where(ops.less(0.0, x), ops.log_(x), x * x), (-1.0, 2.0)),
    "maximum(log(x), x)": (lambda x: ops.maximum(ops.log_(ops.abs_(x)), x), (0.0, 2.0)),
    "sqrt(clamp(x, 0, 1)) + relu(x)": (lambda x: ops.sqrt(ops.clamp(x, 0.0, 1.0)) + ops.relu(x) * x, (-0.5, 0.25, 2.0)),
    "relu(sqrt(x)) of relu": (lambda x: ops.relu(ops.log_(ops.relu(x) + 0.5)) * x, (-1.0, 3.0)),
    "both ways": (lambda x: ops.sqrt(ops.relu(x) + ops.relu(-x)), (-4.0, 4.0)),
}  # fmt: skip


@pytest.mark.parametrize("way", ["create_graph", "numbers", "forward"])
@pytest.mark.parametrize("case", INSIDE)
def test_a_derivative_inside_a_loss_is_what_the_engine_gives(case, way):
    fn, points = INSIDE[case]
    w = Value(1.0)

    def loss(x):
        if way == "forward":
            return w * jvp(lambda a: fn(a), (x,), (1.0,))[1]
        y = w * x
        return w * grad(fn(y), y, create_graph=way == "create_graph")

    step = micrograd.compile(loss, w, backend="numpy")
    for x in points:
        w.grad = 0.0
        root = loss(Value(x))
        root.backward()
        value, gradient = step.value_and_grad(x)
        assert alike(value, root.data, 1e-12) and alike(gradient[0], w.grad, 1e-12), (x, value, root.data, gradient, w.grad)


def test_an_op_of_ones_own_is_read_too():
    gate = micrograd.register(Op("gate", lambda x: x if x > 1.0 else 0.0, (lambda y, x: ops.less(1.0, x),), doc="x above 1, else 0."))
    try:
        assert compiled(lambda x: ops.sqrt(gate(x)), (0.5,), backend="numpy") == [0.0]
        assert compiled(lambda x: ops.sqrt(gate(x)), (4.0,), backend="numpy") == [0.25]
    finally:
        del micrograd.TABLE["gate"], Value.gate
