"""The module that `micrograd.export.to_js` writes: what it answers in Node, against the eager engine (in a page: tests/browser)."""

from __future__ import annotations

import math
import subprocess
from random import Random

import pytest

np = pytest.importorskip("numpy")
import export_js  # noqa: E402
from export_js import NODE, Module  # noqa: E402
from export_models import MODELS, Fuzz, digits, every_op, listed, named, near, wrong_edges  # noqa: E402
from micrograd import Value, compile, nn, optim  # noqa: E402
from micrograd.compiler import take  # noqa: E402
from micrograd.export import wasm_engine  # noqa: E402
from micrograd.ops import sum_  # noqa: E402

pytestmark = pytest.mark.skipif(not NODE, reason="no node")


@pytest.fixture(params=["wasm", "js"], autouse=True)
def engine(request, monkeypatch):
    """Which form of the loops runs; in WebAssembly the short ones too."""
    monkeypatch.setattr(export_js, "ENGINE", request.param)
    monkeypatch.setattr(wasm_engine, "FEW", 1)
    return request.param


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_a_model_has_the_gradients_of_the_eager_engine(make, batch, tmp_path):
    step, model, args = make(batch)
    root = step.graph(*args)
    params = listed(model)
    expected = [p.grad for p in params]
    step(*args)
    module = Module(step, tmp_path)
    ((*given,),) = module(("start",))
    p, x = given[: len(params)], given[len(params) :]
    value, grads = module.value_and_grad(p, x)
    near([value], [root.data])
    near(grads, expected)


@pytest.mark.parametrize("widths", [(1, 7), (5, 3), (6, 10), (11, 4)])
@pytest.mark.parametrize("count", [1, 5, 8])
def test_blocks_of_sums_fit_every_width_and_number_of_samples(widths, count, tmp_path):
    rng = Random(sum(widths) + count)
    model = nn.MLP(3, [*widths, 2], rng=rng)
    rows = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(count)]

    def sample(x):
        y = model(x)
        return y[0] * y[1] + y[0]

    for batch in (False, True):
        model.zero_grad()
        root = sum(sample(x) for x in rows) / (count if batch else 1)
        root.backward()
        expected = [p.grad for p in model.parameters()]
        step = compile(sample if batch else lambda xs: sum(sample(x) for x in xs), model, batch=batch)
        step(rows)
        value, grads = Module(step, tmp_path / str(batch)).value_and_grad([p.data for p in model.parameters()], np.ravel(rows))
        near([value], [root.data])
        near(grads, expected)


@pytest.mark.parametrize("bad", [3, 100, 149])
def test_what_passes_nothing_stays_so_in_any_of_the_passes(bad, tmp_path):
    w, v = Value(0.5), Value(-0.25)
    xs = [1.0 + 0.01 * i for i in range(150)]  # more than go together
    xs[bad] = -2.0  # relu passes nothing on, whose root has an infinite slope

    def sample(x):
        return (w * x).relu() ** 0.5 * v

    root = sum(map(sample, xs)) / len(xs)
    root.backward()
    assert math.isfinite(w.grad)
    step = compile(sample, [w, v], batch=True, input_grads=True)
    step(xs)
    module = Module(step, tmp_path)
    assert "again(" in module.text
    value, grads, inputs = module.value_and_grad([w.data, v.data], xs, dx=True)
    near([value], [root.data])
    near(grads, [w.grad, v.grad])
    near(inputs, [0.0 if i == bad else v.data * 0.5 * (w.data / x) ** 0.5 / 150 for i, x in enumerate(xs)])


@pytest.mark.parametrize("batch", [False, True])
def test_turns_are_a_loop_there_too(batch, tmp_path):
    rng = Random(7)
    cell, head = nn.RNNCell(2, 3, rng=rng), nn.Linear(3, 1, rng=rng)
    params = [*cell.parameters(), *head.parameters()]

    def sample(xs):
        h = [0.1, 0.2, 0.3]
        for x in xs:
            h = cell(x, h)
        return head(h)[0] ** 2

    xs = [[[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(12)] for _ in range(5)]
    step = compile(sample, params, batch=batch)
    given = xs if batch else xs[0]
    step(given)
    module = Module(step, tmp_path)
    assert "for (let t = 0; t < " in module.text and module.text.count("function ") < 70
    root = sum(sample(x) for x in xs) / 5 if batch else sample(xs[0])
    root.backward()
    value, grads = module.value_and_grad([p.data for p in params], np.ravel(given))
    near([value], [root.data])
    near(grads, [p.grad for p in params])


def test_every_op_answers_its_edges_as_the_engine_does(tmp_path):
    cases, params, step = every_op()
    step()
    module = Module(step, tmp_path)
    flat = [p.data for xs in params for p in xs]
    assert not wrong_edges(cases, params, module.numbers(flat, [])[1:], module.value_and_grad(flat, [])[1])


@pytest.mark.parametrize("first", [0, 8, 16])
def test_random_programs_answer_as_the_engine_does(first, tmp_path):
    from fuzz_check import check
    from fuzz_programs import Program

    programs = [Program(seed) for seed in range(8000 + first, 8000 + first + 8)]
    check(programs, [Fuzz("JavaScript", programs, lambda step: Module(step, tmp_path))])


def test_a_wrong_rule_in_the_column_is_found(tmp_path, monkeypatch):
    from fuzz_check import Wrong, check
    from fuzz_programs import Program
    from micrograd.compiler.braces import columns

    monkeypatch.setitem(columns.JS, "maximum", "({0} > {1} + 1e-3 ? {0} : {1})")
    programs = [Program(seed) for seed in range(24)]
    with pytest.raises(Wrong):
        check(programs, [Fuzz("JavaScript", programs, lambda step: Module(step, tmp_path))])


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", [optim.GD, optim.Adam, optim.RMSProp])
def test_train_gives_the_losses_of_python(make, batch, tmp_path):
    step, model, args = digits(batch)
    optimizer = make(model.parameters(), lr=0.02)
    step.train(optimizer, args, 3)  # the state goes along
    module = Module(step, tmp_path, optimizer=optimizer)
    near(module(("train",))[0], step.train(optimizer, args, 25), 1e-11)


@pytest.mark.parametrize("batch", [False, True])
def test_a_look_up_out_of_range_gives_nan(batch, tmp_path):
    table = [Value(1.0), Value(2.0), Value(3.0)]
    step = compile(lambda i: take(table, i) ** 2, table, batch=batch)
    step([2]) if batch else step(2)
    module = Module(step, tmp_path)
    bad = [-1.0, 3.0, 0.5, math.nan, math.inf, 1e300]
    calls = [(what, [1, 2, 3], [x]) for what in ("valueAndGrad", "outputs") for x in bad]
    found = module(("valueAndGrad", [1, 2, 3], [1]), *calls)
    assert found[0] == [4.0, 0.0, 4.0, 0.0] and all(math.isnan(x) for row in found[1:] for x in row)


@pytest.mark.slow
def test_a_call_takes_65535_arguments_at_most_and_a_table_more(tmp_path):
    weights = [Value(1e-3 * (i % 7)) for i in range(66_000)]
    step = compile(lambda x: sum_(*[(w - v) ** 2 for w, v in zip(weights, x, strict=True)]), weights, backend="numpy")
    x = [1e-3 * (i % 11) for i in range(66_000)]
    step(x)
    value, grads = Module(step, tmp_path).value_and_grad([w.data for w in weights], x)
    near([value], [math.fsum((w.data - v) ** 2 for w, v in zip(weights, x, strict=True))])
    near(grads, [2 * (w.data - v) for w, v in zip(weights, x, strict=True)])


def test_the_gradient_comes_in_the_array_that_is_given_or_in_a_new_one(tmp_path):
    w = Value(3.0)
    step = compile(lambda x: w * w * x, [w])
    step(2.0)
    Module(step, tmp_path)
    code = "import { valueAndGrad as f } from './step.mjs'; const g = Float64Array.of(7);"
    code += "const a = f([3], [2], g), b = f([3], [2]), c = f([1], [2]);"
    code += "console.log(a.gradient === g, g[0], b.gradient[0], c.gradient[0], b.gradient === c.gradient);"
    (tmp_path / "given.mjs").write_text(code, encoding="utf-8")
    out = subprocess.run([NODE, "given.mjs"], cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=60).stdout
    assert out.split() == ["true", "12", "12", "4", "false"]


def test_hostile_names_stay_in_comments(tmp_path):
    name = "</script><!-- \n throw 1; \u2028 throw 2; //"
    step = named(name)
    module = Module(step, tmp_path)
    assert module.value_and_grad([3.0], []) == (92.0, [114.0])
    assert "</" not in module.text and "<!--" not in module.text
