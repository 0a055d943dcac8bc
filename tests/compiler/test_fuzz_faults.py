"""The fuzz finds what it is for: a fault planted in each tier, and in the engine, must be caught. And what it has found, as tests."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, ops
from micrograd.compiler.passes import transpose

np = pytest.importorskip("numpy")
from fuzz_check import Compiled, Wrong, against_many_digits, check  # noqa: E402
from fuzz_programs import Program  # noqa: E402

inf, nan = math.inf, math.nan


@pytest.fixture(autouse=True)
def unshared(monkeypatch: Any) -> Any:
    """Programs and functions made with a fault are not kept."""
    from collections import OrderedDict

    from micrograd.compiler.arrays import machine as numpy_backend
    from micrograd.compiler.passes import known

    monkeypatch.setattr(known, "_known", OrderedDict())
    numpy_backend.function.cache_clear()
    yield
    numpy_backend.function.cache_clear()


def found(backend: str, exact: bool = False, count: int = 150, first: int = 0, size: int = 14) -> None:
    """The fuzz finds something wrong in these programs."""
    with pytest.raises(Wrong, match=r"seed \d+"):
        for seed in range(first, first + count):
            programs = [Program(seed, size)]
            check(programs, [Compiled(programs, backend, exact)])


# --- planted faults ------------------------------------------------------------------------------------------------------


def test_a_fault_in_the_reference(monkeypatch: Any) -> None:
    from micrograd.compiler.program import reference

    plain = reference.value_at
    monkeypatch.setattr(reference, "value_at", lambda s, operands: plain(s, operands) + 0.0)  # drops the sign of zero, no more
    found("reference")


@pytest.mark.parametrize(
    ("op", "template"),
    [
        ("tanh", "np.tanh({0}) * 1.00000000000001"),
        ("maximum", "np.maximum({0}, {1})"),
        ("mul", "np.add(np.multiply({0}, {1}), 0.0)"),
        ("where", "({0} * {1} + (1.0 - {0}) * {2})"),
    ],
)
def test_a_fault_in_numpy(monkeypatch: Any, op: str, template: str) -> None:
    from micrograd.compiler.arrays import machine as numpy_backend

    if op == "maximum" and not np.signbit(np.maximum(np.full(9, -0.0), np.zeros(9))).any():
        template = "np.fmax({0}, {1})"  # where NumPy's own is right, one that ignores nan
    monkeypatch.setitem(numpy_backend.TEMPLATES, op, template)
    found("numpy", count=400)


def test_a_common_factor_taken_out_in_numpy(monkeypatch: Any) -> None:
    from micrograd.compiler.arrays import machine as numpy_backend

    def factored(step: Any, program: Any, out: Any, reads: Any, shape: Any, summed: Any) -> Any:
        every, kept = list(range(len(shape))), [a for a in range(len(shape)) if a not in summed]
        target = numpy_backend.squeezed(out, summed)

        def run() -> None:
            x = np.einsum(*(y for r in reads for y in (np.broadcast_to(r(), shape), every)), kept)
            np.copyto(target, target + x if step.add else x)

        return run

    monkeypatch.setattr(numpy_backend, "product", factored)
    found("numpy", count=400)


def test_sums_in_another_order_where_they_should_be_exact(monkeypatch: Any) -> None:
    from micrograd.compiler.arrays import machine as numpy_backend

    def pairwise(step: Any, pools: Any, reads: Any) -> Any:
        addresses = step.out.addresses(step.shape).ravel()
        order, where = np.argsort(addresses, kind="stable")[::-1], np.unique(addresses)[::-1]
        f, _ = numpy_backend.function(step.rule)

        def run() -> None:
            x = np.broadcast_to(f(*[r() for r in reads]), step.shape).ravel()[order].reshape(len(where), -1)
            pools[step.out.pool][step.out.batch][where] = np.cumsum(x, axis=1)[:, -1]

        return run

    monkeypatch.setattr(numpy_backend, "_ordered", pairwise)
    found("numpy", exact=True)


def test_numpy_s_functions_where_the_engine_s_are_asked_for(monkeypatch: Any) -> None:
    from micrograd.compiler.arrays import machine as numpy_backend

    monkeypatch.setitem(numpy_backend.IEEE, "exp", "np.nextafter(np.exp({0}), 2.0)")  # in the last place
    found("numpy", exact=True)


def test_a_fault_in_the_derived_program(monkeypatch: Any) -> None:
    """One that all tiers share."""
    plain = transpose.pullback

    def wrong(op: Any, i: int, arity: int) -> Any:
        return plain(ops.exp if op is ops.expm1 else ops.add if op is ops.sub else op, i, arity)

    monkeypatch.setattr(transpose, "pullback", wrong)
    found("numpy")


def test_a_fault_in_the_lowering(monkeypatch: Any) -> None:
    from micrograd.compiler.passes import fuse

    plain = fuse._units

    def units(graph: Any) -> Any:
        found = plain(graph)
        for u in found:
            u.zero = False  # that a 0.0 was left out of a sum is forgotten
        return found

    monkeypatch.setattr(fuse, "_units", units)
    found("numpy")


@pytest.mark.slow
def test_a_fault_in_the_interpreter(monkeypatch: Any) -> None:
    pytest.importorskip("numba")
    from micrograd.compiler.native.encode import Encoder

    number = Encoder.number
    monkeypatch.setattr(Encoder, "number", lambda self, x: number(self, x + 0.0))  # sums that begin with 0.0
    found("interpreter", count=400)


@pytest.mark.slow
def test_a_fault_in_code_of_its_own(monkeypatch: Any) -> None:
    pytest.importorskip("numba")
    from micrograd.compiler.native import templates

    monkeypatch.setitem(templates.TEMPLATES, "div", "({0} * (1.0 / {1}))")  # rounded twice
    drawn = (Program(seed, 3) for seed in range(60_000, 60_400))
    programs = [p for p in drawn if ops.div in [node.op for node in p.nodes] and len(p.nodes) < 6][:6]
    with pytest.raises(Wrong):
        check(programs, [Compiled(programs, "numba")], 12)


def test_a_fault_in_the_engine(monkeypatch: Any) -> None:
    """A partial that is off by a millionth, which all tiers have from the table."""
    pytest.importorskip("mpmath")
    forgotten = ("pull", "maker", "reads", "passes")  # what the op has made of its partials
    before = {name: ops.tanh.__dict__.pop(name) for name in forgotten if name in ops.tanh.__dict__}
    monkeypatch.setattr(ops.tanh, "partials", (lambda y, x: 1.000001 - y * y,))
    try:
        with pytest.raises(Wrong, match="50 digits"):
            for seed in range(50_000, 50_600):
                against_many_digits(Program(seed, 8))
    finally:
        for name in forgotten:
            ops.tanh.__dict__.pop(name, None)
        ops.tanh.__dict__.update(before)


# --- what it has found ---------------------------------------------------------------------------------------------------

BACKENDS = ["reference", "numpy", pytest.param("interpreter", marks=pytest.mark.slow), pytest.param("numba", marks=pytest.mark.slow)]


def run(backend: str, f: Any, *xs: float, exact: bool = False) -> Any:
    if backend in ("interpreter", "numba"):
        pytest.importorskip("numba")
    params = [Value(x) for x in xs]
    return micrograd.compile(lambda: f(*params), params, backend=backend, exact=exact).value_and_grad()


def same(a: float, b: float) -> bool:
    return (a != a and b != b) or (a == b and math.copysign(1.0, a) == math.copysign(1.0, b))


def one_over(f: Any) -> Any:
    return lambda *xs: 1.0 / f(*xs)


CASES: list[tuple[Any, tuple[float, ...], float]] = [
    (lambda a, b: a * 1e-10 + b * 1e-10, (1e308, 1e308), 2e298),  # no common factor taken out
    (lambda a, b, c: a * c + b * c, (1e308, 1e308, 1e-10), 2e298),
    (lambda a, b, c: ops.dot(a, b, c, c), (1e308, 1e308, 1e-10), 2e298),
    (lambda a, b: ops.dot(b, a, b, b), (-1e308, inf), nan),
    (one_over(lambda x: 0.0 + x), (-0.0,), inf),
    (one_over(lambda x: x + 0.0), (-0.0,), inf),
    (one_over(lambda x: -0.0 + x), (-0.0,), -inf),
    (one_over(lambda x, y: x + y + x), (-0.0, -0.0), -inf),
    (one_over(lambda x, y: 0.0 + x + y + x), (-0.0, -0.0), inf),
    (one_over(lambda x, y: sum([x, y])), (-0.0, -0.0), inf),
    (one_over(lambda x, y: ops.sum_(x, y, x)), (-0.0, -0.0), -inf),
    (one_over(lambda x, y: x * y + x * x * y), (0.0, -1.0), -inf),
    (one_over(lambda x, y: ops.dot(x, x, y, y)), (0.0, -1.0), -inf),
    (one_over(lambda x, y: ops.dot(x, x, y, y) + x * y), (0.0, -1.0), -inf),
    (one_over(lambda x, y: sum(a * b for a, b in ((x, y), (x, y)))), (0.0, -1.0), inf),
    (one_over(lambda x: x.relu()), (-0.0,), inf),
    *[(one_over(lambda x, y: ops.maximum(x, y)), zeros, inf) for zeros in ((-0.0, 0.0), (0.0, -0.0), (0.0, 0.0))],
    *[(one_over(lambda x, y: ops.minimum(x, y)), zeros, -inf) for zeros in ((-0.0, 0.0), (0.0, -0.0), (-0.0, -0.0))],
    (one_over(lambda x, y: ops.maximum(x, y)), (-0.0, -0.0), -inf),
    (one_over(lambda x, y: ops.minimum(x, y)), (0.0, 0.0), inf),
    (one_over(lambda x, y: ops.shift(x, y)), (-0.0, -0.0), inf),
    (lambda x: ops.expm1(x), (709.75,), 1.7398368732641605e308),
    (lambda x: ops.expm1(x), (709.6,), 1.4974914744969294e308),
    (lambda x: ops.expm1(x), (5e-324,), 5e-324),
    (lambda x: ops.expm1(x), (-5e-324,), -5e-324),
    (lambda x: ops.tanh(x), (-5e-324,), -5e-324),
]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("backend", ["reference", "numpy"])
def test_what_was_wrong_once(backend: str, exact: bool) -> None:
    for k, (f, xs, expected) in enumerate(CASES):
        value, _ = run(backend, f, *xs, exact=exact)
        eager = f(*map(Value, xs)).data
        close = same(value, expected) or abs(value - expected) <= 1e-8 * abs(expected)
        assert close and (same(value, eager) or (not exact and math.isclose(value, eager, rel_tol=1e-14))), (k, value, eager, expected)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["interpreter", "numba"])
def test_what_was_wrong_once_compiled(backend: str) -> None:
    """All in one program, for own code is slow to compile."""
    pytest.importorskip("numba")
    params = [[Value(x) for x in xs] for _, xs, _ in CASES]

    def loss() -> Any:
        found = [f(*own) for (f, _, _), own in zip(CASES, params, strict=True)]
        return (ops.sum_(*found), *found)

    (_, *values), _ = micrograd.compile(loss, [p for own in params for p in own], backend=backend).value_and_grad()
    for k, ((_, _, expected), value) in enumerate(zip(CASES, values, strict=True)):
        assert same(value, expected) or abs(value - expected) <= 1e-8 * abs(expected), (k, value, expected)


def test_gradients_are_never_minus_zero() -> None:
    """The engine adds them to 0.0."""
    for exact in (False, True):
        for backend in ("reference", "numpy"):
            x, y = Value(0.0), Value(-0.0)
            step = micrograd.compile(lambda a, x=x, y=y: x * a * y * a, [x, y], backend=backend, exact=exact, input_grads=True)
            _, grads, (by_a,) = step.value_and_grad(-1.0)
            for g in (*grads.tolist(), by_a, step.grad_of(x)):
                assert same(g, 0.0), (exact, backend, g)


def test_exact_dot_looks_up_and_differentiates_inputs() -> None:
    from micrograd.compiler import take

    rng = random.Random(0)
    table = [Value(rng.gauss(0, 1)) for _ in range(4)]

    def loss(xs: Any, i: Any) -> Any:
        return ops.dot(*table, *xs).tanh() * take(table, i) + ops.dot(*xs, *xs)

    xs = [rng.gauss(0, 1) for _ in range(4)]
    leaves = [Value(x) for x in xs]
    root = loss(leaves, 2)
    root.backward()
    for backend in ("reference", "numpy"):
        step = micrograd.compile(loss, table, backend=backend, exact=True, input_grads=True)
        value, _, (by_xs, _) = step.value_and_grad(xs, 2)
        assert value == root.data
        assert by_xs == [v.grad for v in leaves]
    looked_up = micrograd.compile(lambda i: 1.0 / take([Value(-0.0), *table], i), table, backend="numpy", exact=True)
    assert looked_up(0) == -inf


@pytest.mark.parametrize("name", ["exp", "sinh", "cosh", "tanh", "log", "sin", "asinh", "expm1", "sigmoid", "gelu", "softplus", "cbrt"])
def test_exact_has_the_engine_s_functions(name: str) -> None:
    rng = random.Random(1)
    params = [Value(rng.uniform(0.0, 9.0)) for _ in range(300)]

    def loss() -> Any:
        return ops.sum_(*(getattr(p, name)() ** 2 for p in params))

    root = loss()
    root.backward()
    value, grads = micrograd.compile(loss, params, exact=True).value_and_grad()
    assert value == root.data and grads.tolist() == [p.grad for p in params]


def test_a_batch_of_inf_and_nan_does_not_warn() -> None:
    w = Value(1.0)
    for samples in (3, 4000):
        step = micrograd.compile(lambda x: w * x, [w], batch=True, backend="numpy")
        value, grads = step.value_and_grad([inf, -inf, 1.0] + [0.0] * (samples - 3))
        assert value != value and math.isnan(grads[0])


def test_no_grad_and_detach_stop_gradients_among_their_like() -> None:
    """Nodes of one op and level, some of which get no gradient."""
    w, u = Value(2.0), Value(3.0)

    def paused() -> Any:
        a = w.tanh()
        with micrograd.no_grad():
            b = u.tanh()
        return ops.sum_(a, b)

    for loss in (paused, lambda: ops.sum_(w.tanh(), u.tanh().detach()), lambda: w.tanh() + u.detach().tanh()):
        for backend in ("reference", "numpy"):
            for exact in (False, True):
                _, grads = micrograd.compile(loss, [w, u], backend=backend, exact=exact).value_and_grad()
                assert grads.tolist() == [pytest.approx(1.0 / math.cosh(2.0) ** 2), 0.0]


def test_a_detached_input_is_that_of_every_run() -> None:
    w = Value(2.0)
    step = micrograd.compile(lambda x: w * x.detach(), [w], backend="numpy")
    assert (step(Value(3.0)), step(Value(5.0))) == (6.0, 10.0)
    step = micrograd.compile(lambda x: w * x.detach(), [w], backend="numpy")
    assert (step(3.0), step(5.0)) == (6.0, 10.0)


def test_rows_that_a_look_up_did_not_take_get_nothing() -> None:
    """Whatever stands below them."""
    from micrograd.compiler import take

    for backend in ("reference", "numpy"):
        v = Value(inf)
        step = micrograd.compile(lambda i, v=v: take([ops.shift(v), (v * 0.0).exp()], i) * 1.0, [v], backend=backend)
        assert step.value_and_grad(0)[1].tolist() == [0.0] and math.isnan(step.value_and_grad(1)[1][0])


@st.composite
def columns(draw: Any) -> list[Any]:
    """Columns of addresses of one length: nested loops, some of them irregular."""
    n = draw(st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 18, 24, 36]))
    found = []
    for _ in range(draw(st.integers(1, 4))):
        column, left = np.zeros(1, dtype=np.int64), n
        while left > 1:
            extent = draw(st.sampled_from([d for d in range(2, left + 1) if left % d == 0]))
            regular = np.arange(extent) * draw(st.integers(0, 7))
            starts = regular if draw(st.integers(0, 2)) else np.array(draw(st.lists(st.integers(0, 20), min_size=extent, max_size=extent)))
            column, left = (starts[:, None] + column).ravel(), left // extent
        found.append(column)
    return found


@given(columns())
def test_loops_go_to_the_addresses_that_they_were_read_from(columns: list[Any]) -> None:
    from micrograd.compiler.passes.factor import loops_of
    from micrograd.compiler.program.ir import Access

    shape, accesses = loops_of(columns, len(columns[0]))
    for column, (strides, base, index) in zip(columns, accesses, strict=True):
        assert (Access("v", strides, base, index).addresses(shape).ravel() == column).all()


def test_loops_whose_ends_are_out_of_step() -> None:
    """Blocks of 3 in one column, of 2 in another."""
    test_loops_go_to_the_addresses_that_they_were_read_from.hypothesis.inner_test(
        [np.array([0, 2, 4, 5, 7, 9]), np.array([8, 1, 0, 8, 1, 0]), np.array([0, 0, 3, 3, 7, 7])]
    )
