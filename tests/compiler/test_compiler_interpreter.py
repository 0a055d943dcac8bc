"""The interpreter against the reference and the eager engine: instructions of every form, every op at every edge, programs."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value, functional, ops, optim
from micrograd.compiler import take
from micrograd.compiler.program import rule as rules
from micrograd.compiler.program.ir import Access, Instruction, Program

np = pytest.importorskip("numpy")
pytest.importorskip("numba")
from every_op import BINARY, EDGES, POWERS, UNARY, close, raw  # noqa: E402
from small_losses import Net, agree, attention, eager, graphs, hinge, moons  # noqa: E402

pytestmark = pytest.mark.slow  # it is compiled first, which takes half a minute


# --- single instructions -------------------------------------------------------------------------------------------------

RULES = [
    rules.copy, rules.product, rules.product, rules.product, rules.shift, rules.left_to_right, rules.zero, rules.forward(ops.exp, 1),
    rules.forward(ops.sub, 2), rules.forward(ops.leaky_relu.bind(0.25), 1), rules.forward(ops.clamp.bind(-0.5, 0.5), 1),
    rules.pullback(ops.div, 1, 2), rules.pullback(ops.leaky_relu.bind(0.25), 0, 1), rules.pullback(ops.power.bind(-0.37), 0, 1),
]  # fmt: skip


@st.composite
def instructions(draw: Any) -> tuple[Instruction, int, int]:
    """Any loop nest that can be written: sums, broadcasts, transposes, tables, convolutions, batches: it, samples, slots."""
    rule = draw(st.sampled_from(RULES))
    assert rule is not None
    batch = draw(st.booleans())
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4, 5, 7, 16, 19, 33]), min_size=0, max_size=4)))
    while math.prod(shape) > 3000:
        shape = shape[:-1]
    samples = draw(st.sampled_from([1, 3, 4, 16, 21])) if batch else 1
    axes = range(len(shape))

    def access(pool: str, out: bool = False) -> Access:
        used = [a for a in axes if draw(st.sampled_from([True, True, False]))]
        used = draw(st.permutations(used))
        strides, span = [0] * len(shape), draw(st.sampled_from([1, 1, 1, 2]))
        for a in used:
            strides[a] = span
            span *= shape[a]
        if not out and shape and draw(st.integers(0, 5)) == 0:
            strides[-1] = draw(st.integers(0, 3))  # windows that overlap
        index = None
        if shape and strides[0] and draw(st.integers(0, 3)) == 0:
            rows = draw(st.lists(st.integers(0, shape[0] - 1), min_size=shape[0], max_size=shape[0]))
            index, strides[0] = np.array(rows) * strides[0], 0
        return Access(pool, tuple(strides), draw(st.integers(0, 9)), index, batch and draw(st.booleans()))

    reads = [access("v") if draw(st.integers(0, 6)) else draw(st.floats(-2, 2)) for _ in rule.names]
    if rule.fold != "+" and not isinstance(reads[0], Access):
        reads[0] = access("v")
    out = access("g", out=True)
    if batch and rule.fold != "+":
        out.batch = True
    if rule.fold == "ordered" and out.index is not None:
        out.index = None
    add = rule.fold == "+" and draw(st.booleans())
    if rule is rules.copy and isinstance(reads[0], Access) and draw(st.booleans()):  # rows of a table, chosen by a number
        side = out if add and draw(st.booleans()) else reads[0]
        side.chosen, side.jumps = access("v"), np.array(draw(st.lists(st.integers(0, 50), min_size=4, max_size=4)))
        side.chosen.index = None
    step = Instruction(shape, out, rule, tuple(reads), add, batch)
    slots = 1 + max(int(a.addresses(shape).max()) for a in step.accesses)
    return step, samples, slots


@st.composite
def matrix_products(draw: Any) -> tuple[Instruction, int, int]:
    """Sums of products over axes of every role, in every layout, which is what has lanes: it, samples, slots."""
    extent = st.sampled_from([2, 3, 4, 5, 8, 16, 17, 21, 36])
    roles = draw(st.lists(st.sampled_from(["mn", "m", "n", "k", "k"]), min_size=2, max_size=4))  # axes that out, or one of the two, uses
    shape = tuple(draw(extent) for _ in roles)
    while math.prod(shape) > 6000:
        shape, roles = shape[:-1], roles[:-1]
    batch = draw(st.booleans())

    def access(pool: str, has: str, batch: bool) -> Access:
        strides, span = [0] * len(shape), 1
        for a in draw(st.permutations(range(len(shape)))):
            if set(roles[a]) & set(has):
                strides[a] = span
                span *= shape[a] + draw(st.sampled_from([0, 0, 3]))
        return Access(pool, tuple(strides), draw(st.integers(0, 9)), None, batch)

    reads = access("v", "mk", batch and draw(st.booleans())), access("v", "nk", batch and draw(st.booleans()))
    step = Instruction(shape, access("g", "mn", batch and draw(st.booleans())), rules.product, reads, draw(st.booleans()), batch)
    slots = 1 + max(int(a.addresses(shape).max()) for a in step.accesses)
    return step, draw(st.sampled_from([1, 3, 4, 16, 21])) if batch else 1, slots


def compare(step: Instruction, samples: int, slots: int, seed: int) -> None:
    """Both back ends on the same random numbers leave the same numbers everywhere."""
    from micrograd.compiler.tiers.choose import machine

    empty = np.zeros(0, dtype=np.int64)
    program = Program([step], (slots, slots), empty, empty, empty, [], (empty, np.zeros(0)), [(False, 0)])
    rng = np.random.default_rng(seed)
    found = []
    filled = [rng.normal(size=n) for n in (slots, slots * samples) * 2]
    if any(a.chosen for a in step.accesses):
        filled[:2] = [rng.integers(4, size=n).astype(float) for n in (slots, slots * samples)]
    for backend in ("reference", "interpreter"):
        made = machine(program, backend, samples)
        for pool, numbers in zip((*made.values, *made.grads), filled, strict=True):
            pool.ravel()[:] = numbers
        made.forward()
        found.append([*made.values, *made.grads])
    for expected, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)


@settings(max_examples=250, deadline=None)
@given(st.one_of(instructions(), matrix_products()), st.integers(0, 2**32 - 1))
def test_every_instruction_is_what_the_reference_says(given: Any, seed: int) -> None:
    compare(*given, seed)


def test_a_planted_bug_is_found(monkeypatch: Any) -> None:
    from micrograd.compiler.native.encode import Encoder

    step = Instruction((3, 4, 5), Access("g", (0, 1, 0)), rules.product, (Access("v", (20, 5, 1)), Access("v", (5, 0, 1))))
    compare(step, 1, 60, 0)
    number = Encoder.number
    monkeypatch.setattr(Encoder, "number", lambda self, x: number(self, 1e-3 if x == 0.0 else x))  # what sums start from
    with pytest.raises(AssertionError):
        compare(step, 1, 60, 0)


# --- the table of ops ----------------------------------------------------------------------------------------------------


class Lanes:
    """Every op of the table at all numbers at once, so that they run as lanes; each has parameters of its own."""

    def __init__(self, pairs: list[tuple[float, float]]) -> None:
        self.calls = [(op, xs[: op.arity]) for op in (*UNARY, *POWERS, *BINARY) for xs in pairs]
        self.params = [[Value(x) for x in xs] for _, xs in self.calls]
        self.step = micrograd.compile(self.loss, [p for row in self.params for p in row], backend="interpreter")

    def loss(self) -> Any:
        found = [op(*row) for (op, _), row in zip(self.calls, self.params, strict=True)]
        return (ops.sum_(*found), *found)

    def check(self) -> None:
        (_, *values), grads = self.step.value_and_grad()
        rest = iter(grads.tolist())
        for (op, xs), value in zip(self.calls, values, strict=True):
            expected = op.forward(*xs, *op.params)
            assert close(value, expected), f"{op.name}{op.params}{xs} = {expected}, not {value}"
            for i in range(len(xs)):
                slope, got = op.partial(i, expected, *xs), next(rest)
                assert close(got, 1.0 * slope, 64.0), f"∂{op.name}{op.params}{xs}/∂{i} = {slope}, not {got}"


def test_every_op_at_every_edge() -> None:
    Lanes([(x, y) for x in EDGES for y in EDGES[:: 1 + len(EDGES) // 8]]).check()


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.one_of(st.floats(-30, 30), raw), st.one_of(st.floats(-30, 30), raw)), min_size=30, max_size=30))
def test_every_op_at_any_64_bits(pairs: list[tuple[float, float]]) -> None:
    Lanes(pairs).check()


def test_every_rule_of_the_table_has_a_kernel() -> None:
    """But for powers that are none of the common ones."""
    from micrograd.compiler.native.kernels import kernel

    for op in ops.TABLE.values():
        if op.arity is None or op is ops.mul:
            continue
        bound = op.bind(*[0.37 + k for k in range(len(op.constants))]) if op.constants else op
        assert kernel(rules.forward(bound, op.arity)) is not None, op
        for i in range(op.arity):
            rule = rules.pullback(bound, i, op.arity)
            assert rule is None or rule.product or kernel(rule) is not None or op is ops.power, (op, i)


# --- programs ------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_random_graphs_agree(graph: Any) -> None:
    loss, params = graph
    agree(loss, params, backends=["interpreter"], tolerance=1e-9)


@pytest.mark.parametrize("act", ["relu", "tanh", "sigmoid", "exp", "gelu"])
def test_nets_agree_and_train(act: str) -> None:
    net, twin = Net([2, 7, 4, 1], act), Net([2, 7, 4, 1], act)
    data = moons(21)
    agree(hinge(net), net.parameters(), *data, backends=["interpreter"])
    step = micrograd.compile(hinge(net), net, backend="interpreter")
    losses = step.train(optim.Adam(net, lr=0.01), data, steps=30)
    assert step._latest[1].entry[0] is not None  # the whole loop was compiled code
    expected = micrograd.compile(hinge(twin), twin, backend="numpy").train(optim.Adam(twin, lr=0.01), data, steps=30)
    assert losses == pytest.approx(expected, rel=1e-9)


def test_attention_with_run_time_tokens() -> None:
    loss, params = attention(5, 6)
    step = micrograd.compile(loss, params, backend="interpreter")
    for tokens in ([1, 4, 0, 3, 3, 2], [4, 4, 4, 4, 4, 4], [2, 1, 3]):
        value, grads = step.value_and_grad(tokens)
        expected, by_hand = eager(loss, params, tokens)
        assert value == pytest.approx(expected, rel=1e-12)
        assert grads.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-13)


def test_a_batch_of_any_number() -> None:
    net = Net([3, 5, 4], "sigmoid")

    def sample(x: Any, label: Any) -> Any:
        return -take(functional.softmax(net(x)), label).log() + 0.01 * sum(p * p for p in net.parameters())

    step = micrograd.compile(sample, net, batch=True, backend="interpreter")
    rng = random.Random(5)
    for n in (9, 1, 4, 40):
        X, y = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(n)], [rng.randrange(4) for _ in range(n)]
        value, grads = eager(lambda X=X, y=y, n=n: sum(map(sample, X, y)) * (1 / n), net.parameters())
        found, gradient = step.value_and_grad(X, y)
        assert found == pytest.approx(value, rel=1e-13)
        assert gradient.tolist() == pytest.approx(grads, rel=1e-10, abs=1e-15)


def test_what_it_does_not_know_is_left_to_numpy(monkeypatch: Any) -> None:
    from micrograd.compiler.arrays import machine as numpy_backend

    micrograd.register(micrograd.Op("cube", lambda x: math.pow(x, 3), (lambda y, x: 3.0 * x * x,)))
    try:
        w = [Value(0.5), Value(-1.5), Value(2.5)]
        agree(lambda: sum((p * 0.5).cube().tanh() for p in w) * 2.0, w, backends=["interpreter"])
        agree(lambda: sum((p * p) ** 0.37 for p in w), w, backends=["interpreter"])
    finally:
        del micrograd.TABLE["cube"], Value.cube
    monkeypatch.setattr(numpy_backend, "LARGE", 50)
    net = Net([2, 7, 4, 1])
    agree(hinge(net), net.parameters(), *moons(21), backends=["interpreter"])
    step = micrograd.compile(hinge(net), net, backend="interpreter")
    losses = step.train(optim.SGD(net, lr=0.01), moons(21), steps=5)
    assert step._latest[1].entry[0] is None and losses[-1] < losses[0]


# --- the table as text -------------------------------------------------------------------------------------------------


def listed() -> tuple[Any, str]:
    net = Net([2, 5, 1])
    step = micrograd.compile(hinge(net), net, backend="interpreter")
    step.value_and_grad(*moons(12))
    return step, str(step.machine)


def test_the_table_of_instructions_prints_itself() -> None:
    step, told = listed()
    lines = told.splitlines()
    assert lines[0] == "InterpreterMachine of one sample: 1 call for the values, 1 more for the gradients"
    assert [line for line in lines if line.startswith("section")] == ["section 0", "section 1"]
    made = set(re.findall(r"(\S+)\[\d+; [^\]]*\] <-", told))  # the output of every instruction
    assert made == {f"{f.name}{'.grad' if s.out.pool == 'g' else ''}" for s in step.program for f in families(step.program, s)}
    product = next(line for line in lines if "p[0; 3 1 0] · x1[0; 0 12 1]" in line)
    assert product.split()[1:8] == ["lanes", "add", "5", "×", "2", "×", "12"] and "sum1[0; 12 0 1] <-" in product
    assert "?[" not in told and str(micrograd.compile(lambda: Value(1.0) * 2.0, [], backend="numpy").machine).count("\n") == 0


def families(program: Any, step: Instruction) -> list[Any]:
    return [f for f in program.families if f.base <= step.out.base < f.base + f.size]


def test_a_planted_wrong_address_is_seen_in_it(monkeypatch: Any) -> None:
    from micrograd.compiler.native.encode import Encoder

    place = Encoder.place

    def wrong(self: Any, read: Any, step: Any) -> Any:
        found = place(self, read, step)
        found.base += 8 * (step.out is read and step.rule is rules.product)
        return found

    _, before = listed()
    monkeypatch.setattr(Encoder, "place", wrong)
    assert "sum1[1; 12 0 1] <-" in listed()[1] and "sum1[1; 12 0 1] <-" not in before


# --- tiers ---------------------------------------------------------------------------------------------------------------

ANOTHER = """
import sys
from micrograd import Value, compile, compiler
w = [Value(0.25 * i) for i in range(9)]
def state(backend):
    step = compile(lambda: sum((p * 3.0).tanh() * p for p in w), w, backend=backend)
    step.value_and_grad()
    return bool(step._latest[1].native), "numba" in sys.modules
print(*state("auto"), *state("interpreter"), *state("auto"))
"""


def test_another_process_takes_it_from_the_disk_without_a_word() -> None:
    """A short run does not import Numba; where the interpreter is loaded already, every program runs in it at once."""
    agree(lambda: Value(2.0) * 3.0, [], backends=["interpreter"])
    done = subprocess.run([sys.executable, "-c", ANOTHER], capture_output=True, encoding="utf-8", timeout=120, check=True)
    assert (done.stdout.split(), done.stderr) == (["False", "False", "True", "True", "True", "True"], "")


def test_a_run_that_lasts_a_moment_is_interpreted(monkeypatch: Any) -> None:
    from micrograd.compiler.native import interpreter
    from micrograd.compiler.tiers import tiers

    agree(lambda: Value(2.0) * 3.0, [], backends=["interpreter"])
    monkeypatch.setattr(interpreter, "loaded", lambda: False)
    monkeypatch.setattr(tiers, "FETCHED", 0.0)
    net = Net([2, 3, 1])
    step = micrograd.compile(hinge(net), net)
    step(*moons(4))
    assert not step._latest[1].native
    expected = step.value_and_grad(*moons(4))  # in NumPy still, and the moment is over
    assert step._latest[1].native
    value, grads = step.value_and_grad(*moons(4))
    assert value == pytest.approx(expected[0], rel=1e-13)
    assert grads.tolist() == pytest.approx(expected[1].tolist(), rel=1e-12)


def test_a_run_whose_own_code_would_be_too_long_has_the_interpreter_compiled(monkeypatch: Any, tmp_path: Any, capsys: Any) -> None:
    from micrograd.compiler.native import own_code
    from micrograd.compiler.tiers import tiers

    class Done:
        returncode = 0

        def poll(self) -> int:
            return 0

    agree(lambda: Value(2.0) * 3.0, [], backends=["interpreter"])
    monkeypatch.setattr(tiers, "LONG", 10)
    monkeypatch.setattr(tiers, "EARNED", 0.0)
    monkeypatch.setattr(tiers, "FETCHED", 0.0)
    monkeypatch.setattr(tiers, "LOOK", 0.0)
    asked: list[Any] = []
    monkeypatch.setattr(own_code, "compiler", lambda path, batch: asked.append(path) or Done())
    monkeypatch.setattr(tiers.interpreter, "on_disk", lambda: False)
    monkeypatch.setattr(tiers.interpreter, "loaded", lambda: False)
    net = Net([2, 3, 1])
    step = micrograd.compile(hinge(net), net)
    step.value_and_grad(*moons(4))
    assert asked == [tiers.interpreter.path()] and "compiling the interpreter" in capsys.readouterr().err
    step.value_and_grad(*moons(4))
    assert step._latest[1].native
