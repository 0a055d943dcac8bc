"""The WebAssembly in an exported module: single instructions against the reference, ops at their edges, and where it may not run."""

from __future__ import annotations

import json
import math
import subprocess
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")
import export_js  # noqa: E402
from causal_programs import SPANS, Causal  # noqa: E402
from every_op import BINARY, EDGES, UNARY, close  # noqa: E402
from export_js import NODE, Module  # noqa: E402
from export_models import digits, moons, near  # noqa: E402
from micrograd import compile, ops, optim  # noqa: E402
from micrograd.compiler.braces.nests import Shared  # noqa: E402
from micrograd.compiler.program import rule as rules  # noqa: E402
from micrograd.compiler.program.instruction import Access, Instruction, Limit  # noqa: E402
from micrograd.compiler.program.reference import perform  # noqa: E402
from micrograd.export import wasm, wasm_column, wasm_engine  # noqa: E402
from micrograd.export.js_nests import JS  # noqa: E402
from micrograd.export.wasm_nests import WasmNest  # noqa: E402

pytestmark = pytest.mark.skipif(not NODE, reason="no node")

SLOTS, ROOM = 3000, 12  # in each pool, and samples that there is room for
LENGTHS = [SLOTS, SLOTS, SLOTS * ROOM, SLOTS * ROOM]
PLACES = dict(zip(["V", "G", "VB", "GB"], np.cumsum([0, *LENGTHS[:-1]]).tolist(), strict=True))
RUN = """\
import { readFileSync, writeFileSync } from "node:fs";
const wasm = new WebAssembly.Instance(new WebAssembly.Module(readFileSync("nests.wasm"))).exports;
const before = new Float64Array(readFileSync("before.bin").buffer), memory = new Float64Array(wasm.memory.buffer), size = before.length;
JSON.parse(readFileSync("calls.json", "utf8")).forEach(([name, ...given], k) => {
    memory.set(before);
    wasm[name](...given);
    writeFileSync(`after${k}.bin`, new Uint8Array(wasm.memory.buffer, 0, 8 * size));
});
"""


def run(steps, before, samples, folder, turn=0):
    """What is in memory after each of these instructions alone, from the same numbers before; None where it has no such form."""
    functions = []
    for step in steps:
        nest = WasmNest(step, Shared(JS), ROOM, {name: 8 * at for name, at in PLACES.items()})
        functions.append(nest.body() if nest.fits(3) else [])
    given = [wasm.Function(f"f{k}", ["n", "t"], body) for k, body in enumerate(functions) if body]
    if given:
        (folder / "nests.wasm").write_bytes(wasm.module(given, 8 * sum(LENGTHS), wasm_column.LONGER))
        (folder / "run.mjs").write_text(RUN, encoding="utf-8")
        before.tofile(folder / "before.bin")
        (folder / "calls.json").write_text(str([[f.name, samples, turn] for f in given]).replace("'", '"'), encoding="utf-8")
        subprocess.run([NODE, "run.mjs"], cwd=folder, check=True, timeout=60)
    after = (np.fromfile(folder / f"after{k}.bin") for k in range(len(given)))
    return [next(after) if body else None for body in functions]


def pools(numbers):
    """The numbers of a memory, as the reference has its pools."""
    v, g, vb, gb = np.split(numbers, np.cumsum(LENGTHS[:-1]))
    return {"v": (v, vb.reshape(SLOTS, ROOM)), "g": (g, gb.reshape(SLOTS, ROOM))}


def compare(steps, samples, seed, folder, turn=0):
    """Each instruction does to random numbers what the reference does, and to no others; how many were run."""
    before = np.random.default_rng(seed).normal(size=sum(LENGTHS))
    found = run(steps, before, samples, folder, turn)
    for step, after in zip(steps, found, strict=True):
        if after is None:
            continue
        expected = before.copy()
        perform(step.at(turn), pools(expected), samples)
        for pool, (one, many) in pools(after).items():
            np.testing.assert_allclose(one, pools(expected)[pool][0], rtol=1e-12, atol=1e-12, err_msg=f"{step}")
            np.testing.assert_allclose(many[:, :samples], pools(expected)[pool][1][:, :samples], rtol=1e-12, atol=1e-12, err_msg=f"{step}")
    return sum(after is not None for after in found)


RULES = [
    rules.copy, rules.product, rules.product, rules.product, rules.left_to_right, rules.products_left_to_right, rules.zero,
    rules.forward(ops.exp, 1), rules.forward(ops.sub, 2), rules.forward(ops.relu, 1), rules.pullback(ops.div, 1, 2),
    rules.pullback(ops.tanh, 0, 1), rules.forward(ops.maximum, 2),
]  # fmt: skip


def nest(rng):
    """Any loop nest with affine addresses: sums, broadcasts, transposes, rows that end sooner, samples, turns."""
    rule, batch = rng.choice(RULES), rng.random() < 0.4
    add = rule.fold == "+" and rng.random() < 0.5
    shape = tuple(rng.choice([1, 2, 3, 4, 5, 7, 8, 11]) for _ in range(rng.randint(1, 4)))
    while math.prod(shape) > 700:
        shape = shape[1:]
    limit, square = None, len(shape) > 1 and min(shape[:2]) > 1 and rng.random() < 0.5
    if square:
        shape = (shape[0], shape[0], *shape[2:])
        shape = shape if math.prod(shape) < 700 else shape[:2]
        n = shape[0]
        ends = rng.choice([range(1, n + 1), range(n, 0, -1), range(n) if add else range(1, n + 1)])  # rows without terms add nothing
        axes = rng.choice([(0, 1), (1, 0)])
        limit = Limit(*axes, tuple(ends))

    def access(pool, has):
        used = [a for a in range(len(shape)) if rng.random() < has]
        rng.shuffle(used)
        strides, span = [0] * len(shape), rng.choice([1, 1, 1, 2])
        for a in used:
            strides[a] = span
            span *= shape[a]
        step = rng.choice([0, 0, 3, -2]) if span < SLOTS - 20 else 0
        return Access(pool, tuple(strides), rng.randrange(4, 10), None, batch and rng.random() < 0.6, step=step)

    reads = tuple(access("v", 0.75) if rng.random() < 0.9 else rng.uniform(-2, 2) for _ in rule.names)
    return Instruction(shape, access("g", 0.6), rule, reads, add, batch, not add and rng.random() < 0.3, limit)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(0, 2))
def test_every_instruction_is_what_the_reference_says(tmp_path_factory, seed, samples, turn):
    rng = Random(seed)
    steps = [nest(rng) for _ in range(30)]
    assert compare(steps, samples, seed, tmp_path_factory.mktemp("nests"), turn) > 10


def product(shape, out, x0, x1):
    return Instruction(shape, Access("g", out, 8), rules.product, (Access("v", x0, 8), Access("v", x1, 1000)))


SHAPES = [
    product((13, 7, 5), (1, 13, 0), (0, 5, 1), (1, 0, 13)),  # lanes and rows, with some left over
    product((13, 7, 5), (0, 1, 7), (1, 13, 0), (1, 0, 13)),  # sums along the lanes
    product((2, 3), (1, 0), (1, 2), (0, 1)),
]


@pytest.mark.parametrize(
    ("what", "operator", "wrong"),
    [
        (wasm.OPERATORS, "f64x2.add", (0xF1, "vv", "v")),
        (wasm.OPERATORS, "f64x2.mul", (0xF3, "vv", "v")),
        (wasm.OPERATORS, "i32.mul", (0x6A, "ii", "i")),
        (wasm.MEMORY, "v128.load64_splat", (0x5D, "i", "v")),
        (wasm.SHUFFLES, "seconds", wasm.SHUFFLES["firsts"]),
    ],
)
def test_a_wrong_code_of_an_operator_is_found(what, operator, wrong, tmp_path, monkeypatch):
    triangle = Instruction((6, 6), Access("g", (1, 0)), rules.copy, (Access("v", (6, 1)),), limit=Limit(1, 0, tuple(range(1, 7))))
    steps = [*SHAPES, triangle]
    assert compare(steps, 1, 0, tmp_path) == len(steps)
    monkeypatch.setitem(what, operator, wrong)
    with pytest.raises(AssertionError):
        compare(steps, 1, 0, tmp_path)


def test_a_wrong_rule_in_the_column_is_found(tmp_path, monkeypatch):
    steps = [Instruction((7,), Access("g", (1,)), rules.forward(ops.sub, 2), (Access("v", (1,)), Access("v", (2,), 20)))]
    assert compare(steps, 1, 0, tmp_path) == 1
    monkeypatch.setitem(wasm_column.WASM, "sub", "(f64x2.sub {1} {0})")
    with pytest.raises(AssertionError):
        compare(steps, 1, 0, tmp_path)


def test_a_code_that_there_is_not_leaves_the_loops_of_javascript(tmp_path, monkeypatch):
    monkeypatch.setitem(wasm.OPERATORS, "f64x2.mul", (0x1FF, "vv", "v"))
    step, _, args = moons(False)
    step(*args)
    module = Module(step, tmp_path)
    with pytest.raises(subprocess.CalledProcessError):  # it is told that it must be WebAssembly
        module(("start",))
    monkeypatch.setattr(export_js, "ENGINE", "js")
    ((*start,),) = module(("start",))
    value, _ = module.value_and_grad(start[: module.params], start[module.params :])
    near([value], [step(*args)])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(f64x2.add 1.0)", "takes v v"),
        ("(= p 1) (= s (f64x2.add 1.0 p))", "takes v v"),
        ("(= p 1) (= p (f64x2.neg 1.0))", "another kind"),
        ("(f64x2.fma 1.0 1.0 1.0)", "no operator"),
    ],
)
def test_what_cannot_be_assembled_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        wasm.module([wasm.Function("f", [], [text])], 8, {})


OPS = [op for op in (*UNARY, *BINARY) if not rules.calls(rules.forward(op, op.arity), wasm_column.WASM)]


def test_ops_answer_their_edges_two_at_a_time(tmp_path):
    assert {"exp", "tanh", "sigmoid", "relu", "maximum", "div", "where"} - {op.name for op in OPS} <= {"where"}
    rng = Random(5)
    xs = [*EDGES, *(rng.uniform(-30, 30) for _ in range(200)), *(rng.gauss(0, 0.5) for _ in range(200))]
    ys = [*EDGES[::-1], *xs[len(EDGES) :][::-1]]
    pairs = [*zip(xs, ys, strict=True), *((x, y) for x in EDGES for y in EDGES)]
    before = np.zeros(sum(LENGTHS))
    before[: len(pairs)], before[1000 : 1000 + len(pairs)] = zip(*pairs, strict=True)
    operands = Access("v", (1,), 0), Access("v", (1,), 1000)
    steps = [Instruction((len(pairs),), Access("g", (1,)), rules.forward(op, op.arity), operands[: op.arity]) for op in OPS]
    for op, after in zip(OPS, run(steps, before, 1, tmp_path), strict=True):
        for pair, found in zip(pairs, after[SLOTS:].tolist(), strict=False):
            expected = op.forward(*pair[: op.arity], *op.params)
            assert close(found, expected), f"{op.name}{op.params}{pair[: op.arity]} = {expected}, not {found}"
            signed = found == 0.0 and op.name in ("tanh", "maximum", "minimum", "round", "relu", "sqrt", "expm1", "neg", "abs", "floor")
            assert not signed or math.copysign(1, found) == math.copysign(1, expected), (op.name, pair, expected, found)


@pytest.mark.parametrize("over", SPANS)
def test_rows_of_differing_lengths(over, tmp_path, monkeypatch):
    monkeypatch.setattr(wasm_engine, "FEW", 1)
    for seed, n in enumerate([5, 8]):
        made = Causal(over, n, seed)
        params = made.params()
        root = made(params)
        root.backward()
        expected = [p.grad for p in params]
        step = compile(lambda made=made, params=params: made(params), params)
        step()
        value, grads = Module(step, tmp_path / str(n)).value_and_grad(made.start, [])
        near([value], [root.data])
        near(grads, expected)


FALLBACK = """\
if (process.argv[2]) delete globalThis.WebAssembly;
const m = await import("./step.mjs");
const q = m.start.slice(), s = m.fresh(), losses = Array.from({ length: 5 }, () => m.train(q, m.args, s));
let refused = "";
try { m.use("wasm"); } catch (error) { refused = error.message; }
let unknown = "";
try { m.use("webgl"); } catch (error) { unknown = error.message; }
console.log(JSON.stringify([m.engine, losses, refused, unknown]));
"""


@pytest.mark.parametrize(("without", "engine"), [([], "wasm"), (["without"], "js")])
def test_without_webassembly_the_loops_of_javascript_run(without, engine, tmp_path):
    step, model, args = digits(False)
    step(*args)
    optimizer = optim.SGD(model.parameters(), lr=0.02)
    Module(step, tmp_path, optimizer=optimizer)
    (tmp_path / "fallback.mjs").write_text(FALLBACK, encoding="utf-8")
    command = [NODE, "fallback.mjs", *without]
    out = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8", timeout=60).stdout
    which, losses, refused, unknown = json.loads(out)
    assert which == engine and bool(refused) == (engine == "js") and "webgl" in unknown
    near(losses, step.train(optimizer, args, 5), 1e-11)
