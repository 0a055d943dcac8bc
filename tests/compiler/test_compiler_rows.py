"""Rows of differing lengths: loops that end sooner (for j < i + 1), in every back end, against the engine."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import micrograd
from micrograd import Value, ops

np = pytest.importorskip("numpy")
from causal_programs import SPANS, Causal, prefix_sums, sentences  # noqa: E402
from micrograd.compiler.passes import PASSES, known, transpose  # noqa: E402
from micrograd.compiler.program.instruction import Access, Instruction, Limit  # noqa: E402
from micrograd.compiler.program.rule import copy  # noqa: E402

BACKENDS = ["reference", "numpy", pytest.param("interpreter", marks=pytest.mark.slow), pytest.param("numba", marks=pytest.mark.slow)]


def agrees(loss: Any, params: list[Value], backend: str, tolerance: float = 1e-12) -> Any:
    """The compiled loss has the engine's value and gradients, at two points."""
    if backend in ("interpreter", "numba"):
        pytest.importorskip("numba")
    step = micrograd.compile(lambda: loss(params), params, backend=backend)
    rng = random.Random(7)
    for _ in range(2):
        root = loss(params)
        for p in params:
            p.grad = 0.0
        root.backward()
        value, gradients = step.value_and_grad()
        assert value == pytest.approx(root.data, rel=tolerance, abs=tolerance)
        assert gradients == pytest.approx(np.array([p.grad for p in params]), rel=tolerance, abs=tolerance)
        for p in params:
            p.data = rng.gauss(0.0, 1.0)
    return step


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("over", SPANS)
def test_attention_over_rows_of_every_kind(over: str, backend: str) -> None:
    for n, seeds in ((2, 2), (3, 4), (5, 6), (9, 3)) if backend != "numba" else ((9, 1),):
        for seed in range(seeds):
            loss = Causal(over, n, seed)
            agrees(loss, loss.params(), backend)


@pytest.mark.parametrize(("n", "over"), [*itertools.product([5, 19], SPANS), (64, "lower"), (64, "strictly lower")])
@pytest.mark.usefixtures("c_compiler")
def test_attention_in_c(over: str, n: int) -> None:
    loss = Causal(over, n, 1)
    loss.heads, loss.size, loss.scores, loss.style, loss.heads_first = 2, 2, "softmax", "sum_", False
    loss.start = [0.05 * (k % 37) - 0.9 for k in range(12 * n)]
    agrees(loss, loss.params(), "c")


@pytest.mark.parametrize("n", [5, 19])
@pytest.mark.parametrize("over", SPANS)
def test_attention_in_javascript(over: str, n: int, tmp_path: Any) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node")
    loss = Causal(over, n, 2)
    params = loss.params()
    step = agrees(loss, params, "numpy")
    value, gradients = step.value_and_grad()
    micrograd.export.to_js(step, tmp_path / "loss.mjs")
    code = (
        "import * as m from './loss.mjs'; const r = m.valueAndGrad(m.start, m.args); console.log(JSON.stringify([r.value, ...r.gradient]))"
    )
    (tmp_path / "run.mjs").write_text(code)
    found = json.loads(subprocess.run([node, str(tmp_path / "run.mjs")], capture_output=True, check=True).stdout)
    assert found == pytest.approx([value, *gradients.tolist()], rel=1e-12, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("n", [17, 33])
@pytest.mark.parametrize("over", SPANS)
def test_attention_over_more_positions_than_a_vector_has_lanes(over: str, n: int) -> None:
    for seed in range(3):
        loss = Causal(over, n, 100 + seed)
        agrees(loss, loss.params(), "interpreter")


@pytest.mark.parametrize("backend", BACKENDS)
def test_prefix_sums_and_sentences(backend: str) -> None:
    params = [Value(0.3 * (k % 5) - 0.5) for k in range(28)]
    program = agrees(prefix_sums, params, backend).program
    assert "Σj p[j]" in str(program) and "i < 28, j < i + 1" in str(program)
    assert "k < n(i)" in str(agrees(sentences, params, backend).program)


@pytest.mark.parametrize(
    ("over", "told"),
    [("lower", "< i + 1"), ("strictly lower", "< i + 1"), ("upper", "< 6 - i"), ("reversed", "< 6 - i"), ("ragged", "< n(i)")],
)
def test_a_program_says_where_a_loop_ends(over: str, told: str) -> None:
    """Scores, softmax and sums of values, and all of their gradients, without a table."""
    loss = Causal(over, 6, 0)
    loss.heads, loss.size, loss.scores, loss.style, loss.heads_first = 2, 2, "softmax", "sum_", False
    loss.start = loss.start[:1] * 72
    params = loss.params()
    step = micrograd.compile(lambda: loss(params), params, backend="numpy")
    step()
    text = str(step.program)
    assert text.count(told) == 18 and "table" not in text
    assert "families in rows of differing lengths: sum1 1 to " in step.passes


def test_what_lies_beyond_the_end_of_a_row_is_neither_read_nor_in_a_gradient() -> None:
    """An infinite score of a later position, an infinite value there: row i sees only what is before its end."""
    loss = Causal("lower", 5, 1)
    loss.heads, loss.size, loss.scores, loss.style = 1, 2, "softmax", "sum_"
    loss.start = [0.1 * k - 1.0 for k in range(30)]
    for place in (18, 28):  # a key, a value of the last position
        params = loss.params()
        params[place].data = float("inf")
        root = loss(params)
        root.backward()
        for backend in ("reference", "numpy"):
            step = micrograd.compile(partial(loss, params), params, backend=backend)
            value, gradients = step.value_and_grad()
            assert value == pytest.approx(root.data, rel=1e-12, nan_ok=True)
            assert np.array_equal(np.isnan(gradients), np.isnan([p.grad for p in params]))


def test_a_batch_of_sequences() -> None:
    width, n = 2, 4
    params = [Value(0.2 * k - 0.5) for k in range(width)]

    def loss(*xs: Value) -> Value:
        scores = [[(xs[i] * params[0] * xs[j]).exp() for j in range(i + 1)] for i in range(n)]
        return ops.sum_(*[ops.dot(*row, *xs[: i + 1]) / ops.sum_(*row) * params[1] for i, row in enumerate(scores)])

    rng = random.Random(1)
    columns = [[rng.gauss(0.0, 1.0) for _ in range(3)] for _ in range(n)]
    roots = [loss(*map(Value, row)) for row in zip(*columns, strict=True)]
    for root in roots:
        root.backward()
    for backend in ("reference", "numpy"):
        step = micrograd.compile(loss, params, batch=True, backend=backend)
        value, gradients = step.value_and_grad(*columns)
        assert value == pytest.approx(sum(r.data for r in roots) / 3)
        assert gradients.tolist() == pytest.approx([p.grad / 3 for p in params])
        assert "j < i + 1" in str(step.program)


def test_rows_that_are_too_different_keep_no_room() -> None:
    params = [Value(0.01 * k) for k in range(200)]

    def loss(params: list[Value]) -> Value:
        return ops.sum_(*[ops.sum_(*[p.exp() for p in params[k : k + n]]).tanh() for k, n in ((0, 150), (150, 2), (152, 3), (155, 4))])

    step = agrees(loss, params, "numpy")
    assert "rows" not in step.passes and sum(step.program.sizes) < 500


def test_exact_programs_keep_their_order() -> None:
    loss = Causal("lower", 5, 0)
    params = loss.params()
    root = loss(params)
    root.backward()
    value, gradients = micrograd.compile(lambda: loss(params), params, exact=True).value_and_grad()
    assert value == root.data and gradients.tolist() == [p.grad for p in params]


# --- limits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "text"),
    [((1, 2, 3), "i + 1"), ((0, 1, 2), "i"), ((2, 4, 6), "2i + 2"), ((3, 2, 1), "3 - i"), ((6, 4, 2), "6 - 2i"), ((1, 3, 2), "n(i)")],
)
def test_an_end_in_words(ends: tuple[int, ...], text: str) -> None:
    assert Limit(1, 0, ends).text("ij") == text


@pytest.mark.parametrize("ends", [(1, 2, 3, 4), (4, 3, 2, 1), (2, 0, 3, 1)])
def test_with_tables_it_is_the_same_instruction(ends: tuple[int, ...]) -> None:
    reads = Access("v", (10, 0, 1)), Access("v", (0, 3, 0), 50)
    step = Instruction((4, 2, 5), Access("g", (1, 20, 5)), copy, reads, limit=Limit(2, 0, ends))
    flat = step.tabled
    assert step.size == flat.size == 2 * sum(ends) and flat.limit is None
    points = [(i, j, k) for i, n in enumerate(ends) for j in range(2) for k in range(n)]
    assert step.addresses(step.out).tolist() == [i + 20 * j + 5 * k for i, j, k in points]
    for a, b in zip((step.out, *step.reads), (flat.out, *flat.reads), strict=True):
        assert sorted(step.addresses(a).tolist()) == sorted(flat.addresses(b).ravel().tolist())


# --- planted faults --------------------------------------------------------------------------------------------------------


def wrong(monkeypatch: Any) -> None:
    """The tests above notice."""
    monkeypatch.setattr(known, "_known", type(known._known)())
    with pytest.raises(AssertionError):
        for seed in range(4):
            loss = Causal("lower", 5, seed)
            agrees(loss, loss.params(), "numpy")


def test_a_row_that_ends_one_too_soon(monkeypatch: Any) -> None:
    plain = Instruction.__init__

    def init(self: Any, *args: Any, **named: Any) -> None:
        plain(self, *args, **named)
        if self.limit is not None:
            self.limit = replace(self.limit, ends=tuple(max(1, n - 1) for n in self.limit.ends))

    monkeypatch.setattr(Instruction, "__init__", init)
    wrong(monkeypatch)


def test_gradients_that_forget_the_end(monkeypatch: Any) -> None:
    monkeypatch.setitem(PASSES, "transpose", lambda program: transpose.transpose(replace(program, spare=[x | True for x in program.spare])))
    plain = transpose.part
    monkeypatch.setattr(transpose, "part", lambda *given: (found := plain(*given)) and replace(found, limit=None))
    wrong(monkeypatch)
