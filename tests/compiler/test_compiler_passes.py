"""Each pass of the compiler by itself, on graphs that are small enough to say what must come out."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, ops, testing

np = pytest.importorskip("numpy")

from micrograd.compiler.passes.factor import ends, loops_of  # noqa: E402
from micrograd.compiler.passes.fuse import fuse, tops  # noqa: E402
from micrograd.compiler.passes.group import group  # noqa: E402
from micrograd.compiler.passes.lowering import lowered  # noqa: E402
from micrograd.compiler.passes.transpose import reachable  # noqa: E402
from micrograd.compiler.program import ir  # noqa: E402
from micrograd.compiler.program import rule as rules  # noqa: E402
from micrograd.compiler.program.reference import perform  # noqa: E402
from micrograd.compiler.tracing.scalars import Scalars  # noqa: E402
from micrograd.compiler.tracing.trace import Trace  # noqa: E402


def named(names: str) -> list[Value]:
    return [Value(0.3 + 0.25 * i, label=n) for i, n in enumerate(names)]


# --- fuse ----------------------------------------------------------------------------------------------------------------


def units(root: Value, params: list[Value], *more: Value, inputs: Any = (), assigns: Any = (), exact: bool = False) -> list[Any]:
    """What fuse makes of a graph: (level, op or "Σ", terms, pairs), by the names of leaves and the values of nodes."""
    graph = Scalars(Trace(params, inputs=[list(inputs)] * bool(inputs), outputs=[root, *more], assigns=list(assigns), exact=exact))
    found, _ = fuse(graph)

    def name(i: int) -> Any:
        v = graph.at(i)
        return v.label or v.data

    told = []
    for u in found:
        pairs = sorted((tuple(sorted(map(name, u.pairs[k : k + 2]), key=str)) for k in range(0, len(u.pairs), 2)), key=str)
        assert not (u.op and u.zero)  # said of sums alone
        told.append((u.level, u.op.name if u.op else "Σ" + "0" * u.zero, sorted(map(name, u.args), key=str), pairs))
    return told


def test_products_of_a_sum_become_its_pairs_and_chains_one_sum() -> None:
    a, b, c, d, e = named("abcde")
    assert units(a * b + c * d + e, [a, b, c, d, e]) == [(1, "Σ", ["e"], [("a", "b"), ("c", "d")])]
    assert units(e + (a * b + (c + d)), [a, b, c, d, e]) == [(1, "Σ", ["c", "d", "e"], [("a", "b")])]
    assert units(ops.sum_(a, b * c, ops.sum_(d, e)), [a, b, c, d, e]) == [(1, "Σ", ["a", "d", "e"], [("b", "c")])]
    assert units((a + b + c + d) + (e + a * a), [a, b, c, d, e]) == [(1, "Σ", ["a", "b", "c", "d", "e"], [("a", "a")])]


def test_one_plus_stays_a_plus_and_a_lone_product_a_product() -> None:
    a, b = named("ab")
    assert units(a + b, [a, b]) == [(1, "add", ["a", "b"], [])]
    assert units(a * b, [a, b]) == [(1, "mul", ["a", "b"], [])]
    assert units(ops.sum_(a, b), [a, b]) == [(1, "Σ", ["a", "b"], [])]
    assert units(a + 2.0, [a]) == [(1, "add", [2.0, "a"], [])]


def test_levels_are_the_longest_paths() -> None:
    a, b = named("ab")
    s = a.sin()
    root = (s.exp() * s + b).tanh()
    assert [(level, op) for level, op, *_ in units(root, [a, b])] == [(1, "sin"), (2, "exp"), (3, "Σ"), (4, "tanh")]


@pytest.mark.parametrize("make", [lambda a, b: a * b, lambda a, b: a + b, lambda a, b: ops.dot(a, b)], ids=["product", "sum", "dot"])
def test_what_is_used_twice_or_asked_for_is_a_unit_of_its_own(make: Any) -> None:
    a, b, c = named("abc")
    p = make(a, b)
    p.label = "p"
    assert len(units(p + c, [a, b, c])) == 1
    assert [u[0] for u in units(p + p, [a, b, c])] == [1, 2]
    assert units(p + p, [a, b, c])[1] == (2, "add", ["p", "p"], [])
    assert units((p + c) * p, [a, b, c])[1] == (2, "add", ["c", "p"], [])
    assert units(p + c, [a, b, c], p)[1] == (2, "add", ["c", "p"], [])
    buffer = Value(0.0)
    assert units(p + c, [a, b, c], assigns=[(buffer, p)])[1] == (2, "add", ["c", "p"], [])


def test_terms_without_a_gradient_do_not_join_a_sum_with_one() -> None:
    w, x, y = named("wxy")
    assert units(x * y + w, [w], inputs=[x, y])[0] == (1, "mul", ["x", "y"], [])
    assert units((x + y) + w, [w], inputs=[x, y])[0] == (1, "add", ["x", "y"], [])
    assert len(units(x * y + x + y, [w], inputs=[x, y])) == 1
    assert len(units(w * y + w + x, [w], inputs=[x, y])) == 1


def test_zeros_are_left_out_and_remembered_by_their_sign() -> None:
    a, b, c = named("abc")
    assert units(0.0 + a + b, [a, b]) == [(1, "Σ0", ["a", "b"], [])]
    assert units(-0.0 + a + b, [a, b]) == [(1, "Σ", ["a", "b"], [])]
    assert units((0.0 + a) + (b + c), [a, b, c]) == [(1, "Σ0", ["a", "b", "c"], [])]
    assert units(c + (a + -0.0), [a, c]) == [(1, "Σ", ["a", "c"], [])]
    assert units(a + 1.0 + b, [a, b]) == [(1, "Σ", [1.0, "a", "b"], [])]
    assert units((a + 0.0).sin() + (b + c), [a, b, c])[0] == (1, "Σ0", ["a"], [])
    assert units((a + 0.0).sin() + (b + c), [a, b, c])[-1][1] == "Σ"  # that zero is another sum's


def test_dot_is_pairs_first_half_with_second() -> None:
    a, b, c, d, e = named("abcde")
    assert units(ops.dot(a, b, c, d), [a, b, c, d]) == [(1, "Σ", [], [("a", "c"), ("b", "d")])]
    assert units(ops.dot(a, b, c, d) + e, [a, b, c, d, e]) == [(1, "Σ", ["e"], [("a", "c"), ("b", "d")])]
    s = a * e
    s.label = "s"
    assert units(ops.dot(s, b, c, d), [a, b, c, d, e]) == [(1, "mul", ["a", "e"], []), (2, "Σ", [], [("b", "d"), ("c", "s")])]


def test_exact_joins_nothing() -> None:
    a, b, c = named("abc")
    assert [u[1] for u in units(a * b + c + 0.0, [a, b, c], exact=True)] == ["mul", "add", "add"]
    assert [u[1] for u in units(ops.dot(a, b) + ops.sum_(a, c), [a, b, c], exact=True)] == ["dot", "sum", "add"]


@given(testing.expressions())
def test_units_compute_what_the_graph_does(expression: Any) -> None:
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves) + 0.5 * leaves[0] + leaves[0] * leaves[-1]
    if root.op is None:
        return
    graph = Scalars(Trace(leaves, outputs=[root]))
    found, _ = fuse(graph)
    number = {i: graph.at(i).data for i in range(-len(graph.data), len(leaves))}
    level = dict.fromkeys(number, 0)
    for u in found:
        args = [number[i] for i in u.args]  # KeyError: not computed yet
        factors = [number[i] for i in u.pairs]
        if u.op is None:
            number[u.id] = math.fsum([*args, *(a * b for a, b in zip(factors[::2], factors[1::2], strict=True))])
        else:
            number[u.id] = u.op.forward(*args, *u.op.params)
        level[u.id] = u.level
        assert u.level == 1 + max(level[i] for i in [*u.args, *u.pairs])
        assert number[u.id] == pytest.approx(graph.at(u.id).data, rel=1e-9, abs=1e-9, nan_ok=True)
    assert root is graph.at(found[-1].id)
    assert len(found) + np.count_nonzero(np.array(graph.absorbed)) == len(graph.code)


@pytest.mark.parametrize(
    "grow",
    [
        lambda total, a, b: total + a,
        lambda total, a, b: a + total,
        lambda total, a, b: total + a * b,
        lambda total, a, b: a * b + total,
        lambda total, a, b: ops.sum_(total, a + b),
        lambda total, a, b: ops.sum_(a + b, total),
        lambda total, a, b: ops.sum_(total, a * b + b * b),
        lambda total, a, b: ops.sum_(a * b + b * b, total),
        lambda total, a, b: ops.sum_(total, a * b + b),
        lambda total, a, b: ops.sum_(a + a * b, total),
    ],
)
def test_long_chains_are_walked_in_few_turns(grow: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from micrograd.compiler.passes import fuse as module

    turns = 0

    class Counted(np.ndarray):  # type: ignore[type-arg]
        def __getitem__(self, key: Any) -> Any:
            nonlocal turns
            turns += 1
            return np.asarray(self)[np.asarray(key)].view(Counted)

    plain = module.tops
    monkeypatch.setattr(module, "tops", lambda parent: np.asarray(plain(parent.view(Counted))))
    a, b = named("ab")
    total, n = a * b, 1000
    for _ in range(n):
        total = grow(total, a, b)
    assert len(units(total, [a, b])) == 1
    assert 0 < turns <= 2 + math.log2(2 * n)


def chains() -> Any:
    """Trees of parents with greater numbers, and where each node comes to."""
    return st.lists(st.integers(0, 5), min_size=1, max_size=40).map(lambda jumps: [min(i + j, len(jumps) - 1) for i, j in enumerate(jumps)])


@given(chains())
def test_where_parents_lead_to(parents: list[int]) -> None:
    def end(i: int) -> int:
        return i if parents[i] == i else end(parents[i])

    assert tops(np.array(parents)).tolist() == [end(i) for i in range(len(parents))]


# --- factor --------------------------------------------------------------------------------------------------------------


def addresses(shape: Any, access: Any) -> Any:
    strides, base, index = access
    return ir.Access("v", strides, base, index).addresses(shape).ravel()


def again(*columns: Any) -> tuple[Any, Any]:
    """loops_of, of which the addresses must come out as they went in."""
    arrays = [np.array(c) for c in columns]
    shape, accesses = loops_of(arrays, len(arrays[0]))
    for column, access in zip(arrays, accesses, strict=True):
        assert len(access[0]) == len(shape)
        assert addresses(shape, access).tolist() == column.tolist()
    assert all(n > 1 for n in shape)
    return shape, accesses


def grid(*shape: int) -> Any:
    return np.indices(shape)


def test_loops_of_a_column_end_where_it_is_affine_no_more() -> None:
    assert ends(np.array([0, 1, 2, 0, 1, 2, 5, 6, 7, 5, 6, 7])) == [1, 3, 6, 12]
    assert ends(np.array([0, 2, 7, 9, 11, 13])) == [1, 2]  # and the starts of the blocks, 0 7 11, are no loop
    assert ends(np.array([0, 1, 3, 4, 10, 11, 13, 14, 11, 12, 14, 15])) == [1, 2, 4]
    assert ends(np.array([4, 3, 2])) == [1, 3]
    assert ends(np.array([0, 1, 5])) == [1]
    assert ends(np.array([9])) == [1]


def test_a_matrix_product_is_three_loops() -> None:
    i, j, k = (x.ravel() for x in grid(4, 3, 5))
    shape, (out, x, w) = again(100 + 3 * i + j, 20 + 5 * i + k, 7 + 5 * j + k)
    assert shape == (4, 3, 5)
    assert out == ((3, 1, 0), 100, None) and x == ((5, 0, 1), 20, None) and w == ((0, 5, 1), 7, None)


def test_one_loop_where_all_is_in_a_row() -> None:
    n = np.arange(12)
    assert again(n, 5 + n, 3 * n, 0 * n)[0] == (12,)
    assert again(n[:1], n[:1])[0] == ()
    shape, (out,) = again(n[::-1])
    assert shape == (12,) and out == ((-1,), 11, None)


def test_loops_of_one_column_cut_those_of_the_others() -> None:
    n = np.arange(12)
    assert again(n, n % 4)[0] == (3, 4)
    assert again(n, n % 6, n // 3)[0] == (2, 2, 3)
    assert again(n // 6, n % 6)[0] == (2, 6)


def test_a_permutation_is_a_table_of_the_outermost_loop() -> None:
    rows = np.array([3, 0, 7, 1])
    shape, (out, gathered) = again(np.arange(20), (10 * rows[:, None] + np.arange(5)).ravel())
    assert shape == (4, 5) and out == ((5, 1), 0, None)
    assert gathered[0] == (0, 1) and gathered[1] == 0 and gathered[2].tolist() == [30, 0, 70, 10]  # from the lowest on
    shape, (_, alone) = again(np.arange(4), 100 + rows)
    assert shape == (4,) and alone[1] == 100 and alone[2].tolist() == [3, 0, 7, 1]
    shape, (out, two) = again(30 + 2 * np.arange(8), np.array([9, 5, 7, 3, 4, 0, 1, -3]))  # what is regular begins at its own number
    assert shape == (4, 2) and out == ((4, 2), 30, None)
    assert two[0] == (0, -4) and two[1] == 1 and two[2].tolist() == [8, 6, 3, 0]


def test_growing_rows_keep_what_is_regular() -> None:
    """Causal attention: one number more in each row."""
    column = np.concatenate([np.arange(n) for n in range(1, 6)])
    shape, (out, rows) = again(np.arange(len(column)), column)
    assert shape == (15,) and out[2] is None and rows[2].tolist() == column.tolist()
    column = np.concatenate([np.repeat(np.arange(n), 2) for n in range(1, 6)])  # in pairs
    shape, (_, rows) = again(np.arange(len(column)), column)
    assert shape == (15, 2) and rows[0] == (0, 0) and rows[2] is not None


def test_blocks_that_do_not_fit_into_one_another_meet_in_their_common_part() -> None:
    n = np.arange(24)
    assert again(n % 4, n % 6)[0] == (12, 2)
    assert again(n // 4, n % 6)[0][-1] == 2
    irregular = np.repeat(np.array([5, 1, 9, 2, 11, 30]), 4) + n % 4
    assert again(irregular, n % 6)[0] == (12, 2)
    assert again(irregular, n % 8)[0] == (6, 4)
    assert again(irregular, n // 12)[0] == (6, 4)
    assert again(irregular, n // 8 + n % 8)[0] == (6, 4)
    assert again(np.repeat([5, 1, 9, 2], 6), n // 4)[0][-1] == 2


columns = st.lists(st.integers(0, 3), min_size=1, max_size=3).flatmap(
    lambda kinds: st.tuples(
        st.lists(st.integers(1, 4), min_size=1, max_size=4),
        st.tuples(*(st.tuples(st.just(k), st.lists(st.integers(-3, 9), min_size=4, max_size=4), st.integers(0, 9)) for k in kinds)),
        st.randoms(use_true_random=False),
    )
)


@given(columns)
def test_any_columns_come_out_again(drawn: Any) -> None:
    """Affine, of an outermost table, with a few numbers changed, or random."""
    shape, kinds, rng = drawn
    index = [x.ravel() for x in grid(*shape)]
    made = []
    for kind, strides, base in kinds:
        column = base + sum(s * i for s, i in zip(strides, index, strict=False))
        if kind == 1:
            column = column + np.array([rng.randrange(50) for _ in range(shape[0])])[index[0]]
        elif kind == 2:
            column = column.copy()
            column[rng.randrange(len(column))] += 1
        elif kind == 3:
            column = np.array([rng.randrange(20) for _ in column])
        made.append(column)
    again(*made)


@given(st.lists(st.integers(2, 5), min_size=1, max_size=4), st.data())
def test_affine_columns_need_no_table_and_no_more_loops_than_they_were_made_of(shape: Any, data: Any) -> None:
    index = [x.ravel() for x in grid(*shape)]
    strides = data.draw(st.lists(st.lists(st.integers(-2, 6), min_size=len(shape), max_size=len(shape)), min_size=1, max_size=3))
    found, accesses = again(*(sum(s * i for s, i in zip(row, index, strict=True)) for row in strides))
    assert len(found) <= len(shape) and all(table is None for *_, table in accesses)


# --- group and layout ----------------------------------------------------------------------------------------------------


def grouped(root: Value, params: list[Value], inputs: Any = (), exact: bool = False) -> tuple[Any, Any, Any]:
    graph = Scalars(Trace(params, inputs=[list(inputs)] * bool(inputs), outputs=[root], exact=exact))
    units, _ = fuse(graph)
    found, _ = group(units)
    return graph, found.loops, found.numbering


def shown(numbering: Any) -> list[tuple[str, int]]:
    return [(family.name, family.size) for family in numbering.families]


def test_units_of_one_kind_at_one_level_are_one_loop_over_neighbours() -> None:
    p = named("abcdef")
    root = ops.sum_(*(x.sin() * x.cos() for x in p))
    _, loops, numbering = grouped(root, p)
    assert [(loop.rule.name, len(loop.out)) for loop in loops] == [("sin", 6), ("cos", 6), ("product", 1)]
    assert shown(numbering) == [("p", 6), ("sin1", 6), ("cos1", 6), ("sum1", 1)]
    assert numbering.address[loops[0].out].tolist() == list(range(8, 14))  # each family begins at a line of the cache
    assert [family.base for family in numbering.families] == [0, 8, 16, 24]
    assert numbering.sizes == [25, 0]


def test_addresses_are_given_once_and_constants_that_are_alike_become_numbers() -> None:
    p = named("abc")
    root = ops.sum_(*(x * 2.5 for x in p), *((x + c).exp() for x, c in zip(p, (1.0, 2.0, 4.0), strict=True)))
    _, loops, numbering = grouped(root, p)
    given = numbering.address[numbering.address >= 0]
    assert len(set(given.tolist())) == len(given)
    assert 2.5 in [c for loop in loops for c in loop.columns if isinstance(c, float)]
    [constants] = [family for family in numbering.families if family.name == "c1"]
    assert constants.size == 3


@given(testing.expressions())
def test_loops_have_their_operands_before_them(expression: Any) -> None:
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves) + leaves[0].sin()
    _, loops, numbering = grouped(root, leaves)
    ready = set(range(len(leaves)))
    for loop in loops:
        for column in loop.columns:
            assert isinstance(column, float) or all(i < 0 or i in ready for i in column.ravel().tolist())
        ready |= set(loop.out.tolist())
    assert all(numbering.address[i] >= 0 for i in ready)


@pytest.mark.parametrize("lengths", [[2, 2, 2], [1, 3], [1, 2, 3, 4], [3, 3, 1, 1, 2, 2, 4, 4], [5, 1, 1, 1, 1, 2, 2, 2, 2, 2]])
def test_sums_of_any_lengths_come_out_right(lengths: list[int]) -> None:
    p = [Value(0.1 * i - 0.4, label=str(i)) for i in range(6)]
    sums = [ops.sum_(*(p[(k + j) % 6] * p[j % 6] for j in range(n + 1))).tanh() for k, n in enumerate(lengths)]
    root = ops.sum_(*sums, *(x.cos() for x in p))
    found = gradients(root, p)[1]
    assert found == pytest.approx(eager(root, p), rel=1e-12)


def test_three_lengths_or_more_share_one_reduction() -> None:
    p = named("abcdef")
    sums = [ops.sum_(*p[:n]).exp() for n in (2, 3, 4)]
    _, loops, _ = grouped(ops.sum_(*sums), p)
    [segmented] = [loop for loop in loops if loop.segments is not None]
    assert sorted(segmented.segments.tolist()) == [0, 0, 1, 1, 1, 2, 2, 2, 2]
    _, loops, _ = grouped(ops.sum_(*sums[:2]), p)
    assert all(loop.segments is None for loop in loops)


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_samples_lie_side_by_side_and_numbers_stay(samples: int) -> None:
    w = [[Value(0.1 * (3 * i + j) - 0.5) for j in range(3)] for i in range(4)]
    v = [Value(0.3 * i - 0.4) for i in range(4)]
    params = [x for row in w for x in row] + v
    xs = [Value(0.2 * k - 0.7) for k in range(3 * samples)]
    rows = [xs[3 * s : 3 * s + 3] for s in range(samples)]
    hidden = [[ops.sum_(*(a * b for a, b in zip(row, x, strict=True))).tanh() for row in w] for x in rows]
    root = ops.sum_(*(ops.sum_(*(a * b for a, b in zip(v, h, strict=True))).exp() for h in hidden))
    program, found = gradients(root, params, xs)
    assert found == pytest.approx(eager(root, params), rel=1e-12)
    product = next(step for step in program.forward if step.rule is rules.product)
    if samples > 1:
        assert product.shape[0] == samples and product.out.strides[0] == 1
        assert "families turned" in program.passes[4]
    else:
        assert program.passes[4].endswith("as the code made them")


# --- transpose -----------------------------------------------------------------------------------------------------------


def gradients(root: Value, params: list[Value], inputs: Any = ()) -> tuple[Any, list[float]]:
    """The program of a graph, and the gradients it gives when its memory is full of nans to begin with."""
    program = lowered(Trace(params, inputs=[list(inputs)] * bool(inputs), outputs=[root]))
    pools = {kind: tuple(np.full(n, math.nan) for n in program.sizes) for kind in "vg"}
    pools["v"][0][program.params] = [p.data for p in params]
    pools["v"][0][program.inputs] = [x.data for x in inputs]
    pools["v"][0][program.constants[0]] = program.constants[1]
    pools["g"][0][program.outputs[0][1]] = 1.0
    for step in program:
        perform(step, pools, 1)
    assert pools["v"][0][program.outputs[0][1]] == pytest.approx(root.data, rel=1e-12)
    return program, pools["g"][0][program.params].tolist()


def eager(root: Value, params: list[Value]) -> list[float]:
    for v in root.topological():
        v.grad = 0.0
    root.backward()
    return [float(p.grad) for p in params]


def partly(where: list[int], n: int) -> tuple[Value, list[Value]]:
    """Σ sin(pᵢ) + tanh(Σ pᵢ cos(q)), the second over some i alone: the backward program comes to these first."""
    params = [Value(0.1 + 0.2 * i) for i in range(n)]
    q = Value(0.7)
    factor = q.cos()
    return ops.sum_(*(p.sin() for p in params)) + ops.sum_(*(params[i] * factor for i in where)).tanh(), [*params, q]


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1))))
def test_what_was_written_in_part_is_filled_with_zeros_first(drawn: Any) -> None:
    n, where = drawn
    root, params = partly(sorted(where), n)
    program, found = gradients(root, params)
    assert found == pytest.approx(eager(root, params), rel=1e-12)
    zeros = [step for step in program.backward if step.rule is rules.zero]
    rest = [i for i in range(n) if i not in where]
    assert [step.out.addresses(step.shape).tolist() for step in zeros] == [program.params[rest].tolist()] * bool(rest)


@pytest.mark.parametrize(
    ("where", "affine", "stride"),
    [([0, 1], True, 1), ([0, 2, 4], True, 2), ([1, 2, 3, 4], True, 5), ([1, 3], False, 0), ([0, 1, 3, 4, 5], None, 0)],
)
def test_zeros_have_affine_addresses_where_they_lie_evenly(where: list[int], affine: Any, stride: int) -> None:
    root, params = partly(where, 6)
    [zeros] = [step for step in gradients(root, params)[0].backward if step.rule is rules.zero]
    if affine is not None:  # (of a single one it makes no difference)
        assert zeros.out.affine == affine
        assert not affine or zeros.out.strides == (stride,)


def test_the_first_write_replaces_and_the_others_add() -> None:
    a, b = named("ab")
    root = a.sin() * b + a.cos() * b
    program, found = gradients(root, [a, b])
    assert found == pytest.approx(eager(root, [a, b]), rel=1e-12)
    seen: set[int] = set()
    for step in program.backward:
        into = set(step.out.addresses(step.shape).ravel().tolist())
        assert step.add == bool(into & seen)
        seen |= into


def test_what_the_loss_does_not_depend_on_has_no_instruction() -> None:
    a, b, x = named("abx")
    more = b.exp()
    root = a.sin() + x.cos()
    program = lowered(Trace([a, b], inputs=[[x]], outputs=[root, more]))
    touched = {p for step in program.backward for p in step.out.addresses(step.shape).ravel().tolist()}
    of_a, of_b = program.params.tolist()
    assert of_a in touched and of_b not in touched and program.inputs[0] not in touched
    assert {r.name for r in (step.rule for step in program.backward)} & {"dexp", "dcos"} == set()


def test_no_gradient_goes_through_what_none_goes_through() -> None:
    """Walls and a shift among the terms of a sum of so many kinds that all their gradients are written at once."""
    p = [Value(0.2 + 0.1 * i) for i in range(3)]

    def loss() -> Value:
        terms = [v for x in p for v in (x.detach(), x.sin(), x.exp(), x.tanh(), x.cos(), x.sinh(), x.sign())]
        return ops.sum_(*terms, ops.shift(*p))

    truth = [math.cos(v) + math.exp(v) + 1 - math.tanh(v) ** 2 - math.sin(v) + math.cosh(v) for v in (0.2, 0.3, 0.4)]
    for backend in ("reference", "numpy"):
        step = micrograd.compile(loss, p, backend=backend)
        assert step.value_and_grad()[1].tolist() == pytest.approx(truth)
    program = step.program
    reached = reachable(program)
    assert reached[0][program.params].all() and not (reached[0] & ~program.wanted[0]).any()


def test_reachable_is_what_a_gradient_comes_to() -> None:
    a, b, c = named("abc")
    root = a.sin() + b.sign()
    program = lowered(Trace([a, b, c], outputs=[root, c.exp()]))
    assert reachable(program)[0][program.params].tolist() == [True, False, False]


@given(testing.expressions())
def test_transposed_programs_give_the_gradient_whatever_was_in_the_memory(expression: Any) -> None:
    leaves = [Value(x) for x in expression.inputs]
    root = expression(*leaves) + ops.sum_(*(x.sin() for x in leaves))
    truth = eager(root, leaves)
    if math.isfinite(root.data) and all(map(math.isfinite, truth)):
        assert gradients(root, leaves)[1] == pytest.approx(truth, rel=1e-9, abs=1e-9, nan_ok=True)
