"""The C that `micrograd.export.to_c` writes: what it answers, against the eager engine, and that compilers take it without a word."""

from __future__ import annotations

import math
from random import Random

import pytest

np = pytest.importorskip("numpy")
import micrograd  # noqa: E402
from export_c import COMPILERS, Library, run  # noqa: E402
from export_models import MODELS, Fuzz, digits, every_op, listed, moons, named, near, wrong_edges  # noqa: E402
from micrograd import Value, compile, nn, optim  # noqa: E402
from micrograd.compiler import take  # noqa: E402
from micrograd.export import to_c  # noqa: E402

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler")
SAFE = ["-std=c99", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
LIGHT = ["-O1", "-march=native"]  # optimising a transformer takes Clang half a minute
FAST = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math"]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_a_model_has_the_gradients_of_the_eager_engine(make, batch, tmp_path):
    step, model, args = make(batch)
    root = step.graph(*args)
    params = listed(model)
    expected = [p.grad for p in params]
    step(*args)
    text = to_c(step, tmp_path / "model.c")
    assert (tmp_path / "model.c").read_text(encoding="utf-8") == text
    value, *grads = map(float, run(tmp_path / "model.c", COMPILERS[batch % len(COMPILERS)], LIGHT if batch else SAFE))
    near([value], [root.data])
    near(grads, expected)


# --- every op, random programs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [SAFE[:2], FAST], ids=["c99", "fast"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_every_op_answers_its_edges_as_the_engine_does(compiler, flags, tmp_path):
    cases, params, step = every_op()
    step()
    library = Library(step, tmp_path, flags, compiler)
    flat = [p.data for xs in params for p in xs]
    assert not wrong_edges(cases, params, library.numbers(flat, [])[1:], library.value_and_grad(flat, [])[1])


@pytest.mark.parametrize("first", [0, 8])
def test_random_programs_answer_as_the_engine_does(first, tmp_path):
    from fuzz_check import check
    from fuzz_programs import Program

    programs = [Program(seed) for seed in range(7000 + first, 7000 + first + 8)]
    check(programs, [Fuzz("C", programs, lambda step: Library(step, tmp_path))])


def test_a_wrong_rule_in_the_column_is_found(tmp_path, monkeypatch):
    from fuzz_check import Wrong, check
    from fuzz_programs import Program
    from micrograd.compiler.braces import columns

    monkeypatch.setitem(columns.C_HELPERS, "maximum", ((), columns.C_HELPERS["maximum"][1].replace("x > y", "x >= y - 1e-3"), False))
    with pytest.raises(Wrong):
        for first in range(0, 40, 8):
            programs = [Program(seed) for seed in range(first, first + 8)]
            check(programs, [Fuzz("C", programs, lambda step: Library(step, tmp_path))])


# --- training ------------------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    lambda p: optim.GD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3, l1=1e-4),
    lambda p: optim.Adam(p, lr=0.02, weight_decay=1e-3),
    lambda p: optim.AdamW(p, lr=0.02),
    lambda p: optim.RMSProp(p, lr=0.01),
]


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", OPTIMIZERS, ids=["GD", "SGD", "Adam", "AdamW", "RMSProp"])
def test_main_trains_and_prints_what_python_prints(make, batch, tmp_path):
    step, model, args = digits(batch)
    optimizer = make(model.parameters())
    step.train(optimizer, args, 3)  # the state goes along
    to_c(step, tmp_path / "train.c", optimizer=optimizer, steps=25)
    losses = step.train(optimizer, args, 25)
    printed = run(tmp_path / "train.c", COMPILERS[0], SAFE if batch else ["-O1"])
    assert len(printed) == 25
    near(list(map(float, printed)), losses, 1e-11)
    assert printed[0] == repr(losses[0]) or float(printed[0]) != losses[0]  # as repr writes it


PRINTED = [0.1, 100.0, 1e-5, 1.5e-7, 123456789012345680.0, 1e16, 9999999999999998.0, 5e-324, math.inf, -math.inf, math.nan, -0.0, 1 / 3]


def test_numbers_are_printed_as_repr_writes_them(tmp_path):
    params = [Value(1.0) for _ in PRINTED]
    step = compile(lambda xs: sum(p * x for p, x in zip(params, xs, strict=True)), params)
    step(PRINTED)
    to_c(step, tmp_path / "one.c")
    assert run(tmp_path / "one.c", COMPILERS[0], ["-O1"]) == ["nan", *[repr(x + 0.0) for x in PRINTED]]


def test_a_batch_larger_than_one_pass_and_one_smaller(tmp_path):
    rng = Random(3)
    step, model, (xs, ys) = digits(True)
    step(xs, ys)
    library = Library(step, tmp_path)
    params = [p.data for p in model.parameters()]
    for count in (1, 5, 700):
        rows, labels = [[rng.random() for _ in range(9)] for _ in range(count)], [rng.randrange(5) for _ in range(count)]
        value, grads = step.value_and_grad(rows, labels)
        flat = [number for row, label in zip(rows, labels, strict=True) for number in (*row, label)]
        found, got = library.value_and_grad(params, flat, count)
        near([found], [value])
        near(got, grads)
        near(library.numbers(params, flat, count), step.each(rows, labels))


def test_buffers_go_on_from_run_to_run(tmp_path):
    rng = Random(8)
    model = nn.Sequential(nn.Linear(2, 3, rng=rng), nn.BatchNorm(3))
    rows = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(5)]
    step = compile(lambda xs: sum(v * v * v for row in model(xs) for v in row), model)
    step(rows)
    library = Library(step, tmp_path)
    params, flat = [p.data for p in model.parameters()], np.ravel(rows)
    for _ in range(2):
        near([library.value_and_grad(params, flat)[0]], [step(rows)])
    model.eval()
    step(rows)
    after = Library(step, tmp_path / "eval") if (tmp_path / "eval").mkdir() is None else None
    near(after.value_and_grad(params, flat)[1], step.value_and_grad(rows)[1])


@pytest.mark.parametrize("index", [-1.0, 3.0, 0.5, math.nan, math.inf, 1e300])
def test_a_look_up_out_of_range_gives_nan_and_reads_nothing(index, tmp_path):
    table = [Value(1.0), Value(2.0), Value(3.0)]
    for batch in (False, True):
        folder = tmp_path / str(batch)
        folder.mkdir()
        step = compile(lambda i: take(table, i) ** 2, table, batch=batch)
        step([2]) if batch else step(2)
        library = Library(step, folder)
        more = (1,) if batch else ()
        assert library.value_and_grad([1, 2, 3], [1], *more) == (4.0, [0.0, 4.0, 0.0])
        assert math.isnan(library.value_and_grad([1, 2, 3], [index], *more)[0])
        assert all(map(math.isnan, library.numbers([1, 2, 3], [index], *more)))


# --- what comes from outside, and what cannot go along -------------------------------------------------------------------


def test_hostile_names_stay_in_comments_and_identifiers(tmp_path):
    name = "*/ int main(void) { return 7; } /* \\\n??/\n #error"
    step = named(name)
    to_c(step, tmp_path / "hostile.c")
    for compiler in COMPILERS:
        assert list(map(float, run(tmp_path / "hostile.c", compiler, ["-std=c99"]))) == [92.0, 114.0]


def test_what_cannot_go_along_is_named(tmp_path):
    w, v = Value(1.0), Value(2.0)
    path = tmp_path / "never.c"
    unseen = micrograd.Op("unseen", lambda x: math.gamma(x), (lambda y, x: y * x,))
    drops = nn.Dropout(0.5, Random(1))
    ready = compile(lambda: w * v, [w, v])
    ready()
    for what, error, text in [
        (lambda: to_c(compile(lambda x: w * x, [w]), path), ValueError, "call it once"),
        (lambda: to_c(w, path), TypeError, "micrograd.compile"),
        (lambda: to_c(_called(lambda: unseen(w)), path), ValueError, "unseen"),
        (lambda: to_c(_called(lambda: drops(w)), path), ValueError, "random numbers"),
        (lambda: to_c(ready, path, optimizer=optim.SGD([w])), ValueError, "one group"),
        (lambda: to_c(ready, path, optimizer=optim.SGD([w, v], schedule=optim.Cosine(5))), ValueError, "schedule"),
        (lambda: to_c(ready, path, optimizer=optim.SGD([w, v], clip_norm=1.0)), ValueError, "clip_norm"),
        (lambda: to_c(ready, path, optimizer="Adam"), TypeError, "micrograd.optim"),
    ]:
        with pytest.raises(error, match=text):
            what()
    assert not path.exists()


def _called(loss):
    step = compile(loss)
    step()
    return step


def test_lower_and_a_step_that_was_never_called_need_no_arguments(tmp_path):
    a, b = Value(2.0), Value(-3.0)
    step = micrograd.lower((a * b).tanh() + a)
    library = Library(step, tmp_path)
    root = (a * b).tanh() + a
    root.backward()
    near(library.value_and_grad([2.0, -3.0], [])[1], [a.grad, b.grad])


def test_plain_loops_take_the_place_of_vectors_where_a_compiler_has_none(tmp_path):
    step, _, args = moons(False)
    value, grads = step.value_and_grad(*args)
    text = to_c(step).replace("defined(__GNUC__)", "defined(NO_SUCH_COMPILER)")
    (tmp_path / "plain.c").write_text(text, encoding="utf-8")
    found, *got = map(float, run(tmp_path / "plain.c", COMPILERS[0], SAFE))
    near([found, *got], [value, *grads])


def test_an_exact_program_keeps_its_order(tmp_path):
    rng = Random(1)
    model = nn.MLP(3, [4, 1], rng=rng)
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(6)]
    step = compile(lambda xs: sum((model(x) - 1.0) ** 2 for x in xs), model, exact=True)
    value, grads = step.value_and_grad(xs)
    to_c(step, tmp_path / "exact.c")
    for compiler in COMPILERS:
        assert list(map(float, run(tmp_path / "exact.c", compiler, ["-std=c99", "-O1"]))) == [value, *grads]
