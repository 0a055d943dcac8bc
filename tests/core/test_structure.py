"""What breaks other scalar engines: depth, sharing, repetition, memory, copies, changes behind the graph's back, threads."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import io
import math
import pickle
import random
import sys
import threading
import time
import tracemalloc
import weakref
from pathlib import Path

import pytest

import micrograd
from micrograd import Op, StaleDataWarning, Value, detect_anomaly, modes, no_grad, record_source, scope
from micrograd.engine import Value as EngineValue

MILLION = 1_000_000


# --- one million operations -------------------------------------------------------------------------------------------


@pytest.fixture(scope="class")
def chain():
    """x + c + c + …: a million nodes deep, with the collector off: it would walk them all again and again."""
    gc.disable()
    x = Value(0.5, label="x")
    y = x
    add = Value(1e-6, label="c")
    for _ in range(MILLION):
        y = y + add
    yield x, add, y
    gc.enable()


class TestMillion:
    def test_forward_and_backward(self, chain):
        x, add, y = chain
        x.grad = add.grad = 0
        y.backward()
        assert y.data == pytest.approx(1.5, rel=1e-9)
        assert (x.grad, add.grad) == (1.0, MILLION)
        assert len(y.topological()) == MILLION + 2

    def test_pickle(self, chain):
        y = chain[2]
        again = pickle.loads(pickle.dumps(y))
        assert again.data == y.data
        again.backward()
        order = again.topological()
        x = next(v for v in order if v.label == "x")
        assert len(order) == MILLION + 2 and x.grad == chain[0].grad + 1

    def test_deepcopy(self, chain):
        y = chain[2]
        again = copy.deepcopy(y)
        x = next(v for v in again.topological() if v.label == "x")
        before = x.grad
        again.backward()
        assert x is not chain[0] and x.grad == before + 1 and chain[0].grad == before

    def test_freed_without_the_collector(self, chain):
        assert not gc.isenabled()
        x = Value(0.5)
        y = x
        for _ in range(MILLION):
            y = -y
        first = weakref.ref(x)
        last = weakref.ref(y)
        del x
        del y  # a recursive destructor would end the process here
        assert last() is None and first() is None

    def test_drawn_folded(self, chain):
        viz = pytest.importorskip("viz")
        picture = viz.draw(chain[2])
        svg = picture.svg if isinstance(picture.svg, str) else picture.svg()
        assert "<svg" in svg and len(svg) < 1_000_000


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def build(n=200):
    x, y = Value(0.3, label="x"), Value(1.7)
    for i in range(n):
        x, y = (x * y + i / n).tanh(), (micrograd.maximum(x, y / 2) ** 2 + micrograd.sum(x, y.tanh(), 1)) / 4
    return x * y


@pytest.mark.parametrize(
    "use",
    [
        lambda root: None,
        lambda root: root.backward(),
        lambda root: [str(step) for step in root.steps()],
        lambda root: micrograd.grad(root, root.topological()[:2], create_graph=True),
        lambda root: pickle.dumps(root),
        lambda root: copy.deepcopy(root),
        lambda root: root._backward(),
        lambda root: root.register_hook(lambda g: None),
        lambda root: root.register_hook(lambda g: None)(),
        lambda root: setattr(root, "data", 1.0),
    ],
    ids=["forward", "backward", "steps", "grad", "pickle", "deepcopy", "_backward", "hook", "removed hook", "set data"],
)
def test_no_reference_cycles(no_collector, use):
    root = build(20)
    leaf = weakref.ref(root.topological()[0])
    top = weakref.ref(root)
    use(root)
    del root
    assert top() is None and leaf() is None


def test_memory_stays_flat_over_many_rounds(no_collector):
    def rounds(n):
        for _ in range(n):
            build(50).backward()

    tracemalloc.start()
    rounds(60)  # Python keeps up to 2,000 freed tuples of each length for later
    low = tracemalloc.get_traced_memory()[0]
    rounds(60)
    high = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert high - low < 20_000


def test_a_node_is_small():
    tracemalloc.start()
    x = Value(1.0)
    start = tracemalloc.get_traced_memory()[0]
    kept = [x * x for _ in range(10_000)]
    size = (tracemalloc.get_traced_memory()[0] - start) / len(kept)
    tracemalloc.stop()
    assert size < 240  # bytes, with the list's pointer; the original takes about 1,000


# --- shared parts -----------------------------------------------------------------------------------------------------


def test_a_plus_a():
    a = Value(3.0)
    (a + a).backward()
    assert a.grad == 2.0
    b = Value(3.0)
    (b * b * b - b / b).backward()
    assert b.grad == 27.0


def test_diamond():
    x = Value(2.0)
    top = x * 3
    left, right = top**2, top.exp()
    (left * right).backward()
    assert top.grad == pytest.approx(12 * math.exp(6) + 36 * math.exp(6))
    assert x.grad == pytest.approx(3 * top.grad)


def test_diamonds_in_a_row_take_linear_time():
    x = Value(1.0)
    y = x
    for _ in range(1000):  # 2**1000 paths
        y = y * 0.5 + y * 0.5
    y.backward()
    assert (y.data, x.grad) == (1.0, 1.0)


def test_fan_out_of_100_000():
    x = Value(2.0)
    uses = [x * i for i in range(100_000)]
    total = micrograd.sum(*uses)
    total.backward()
    assert x.grad == sum(range(100_000)) and len(total.args) == 100_000


def test_order_of_construction_does_not_matter():
    """A node made early may be used late, and parts may be made in any interleaving."""
    rng = random.Random(4)
    ways = [lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (1 + b * b), lambda a, b: a.tanh()]
    values = [Value(rng.uniform(0.5, 1.5)) for _ in range(4)]
    for _ in range(300):
        a, b = rng.choice(values), rng.choice(values)
        values.append(rng.choice(ways)(a, b))
    root = micrograd.sum(*values[-20:])
    root.backward()
    order = root.topological()
    place = {v: i for i, v in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[a] < place[v] for v in order for a in v.args)
    for leaf, g in zip(values[:4], micrograd.grad(root, values[:4]), strict=True):
        assert leaf.grad == pytest.approx(g, rel=1e-12)


def test_two_roots_of_one_graph():
    x = Value(3.0, label="x")
    shared = x * x
    first, second = shared * 2, shared + x
    first.backward()
    assert (x.grad, shared.grad) == (12.0, 2.0)
    second.backward()
    assert (x.grad, shared.grad) == (12.0 + 7.0, 1.0)  # the leaf accumulates, the interior is fresh


def test_second_backward_and_zero_grad():
    x = Value(3.0)
    y = x * x * x
    y.backward()
    y.backward()
    assert x.grad == 54.0
    y.zero_grad()
    assert [v.grad for v in y.topological()] == [0] * len(y.topological())
    y.backward()
    assert x.grad == 27.0


def test_backward_from_a_leaf_and_from_the_inside():
    x = Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0
    y = x * x
    z = y.exp()
    x.grad = 0
    y.backward()
    assert (x.grad, z.grad) == (6.0, 0)


def test_interior_gradients_set_by_hand_are_cleared():
    x = Value(2.0)
    y = x * 3
    y.grad = 100.0
    (y * 1).backward()
    assert (y.grad, x.grad) == (1.0, 3.0)


def test_bit_identical_reruns():
    def run():
        rng = random.Random(0)
        xs = [Value(rng.gauss(0, 1)) for _ in range(10)]
        y = micrograd.functional.logsumexp([a * b for a in xs for b in xs])
        y.backward()
        return [y.data, *(x.grad for x in xs)]

    assert run() == run()


def test_backward_and_steps_agree_bit_for_bit():
    first, second = build(30), build(30)
    first.backward()
    for _ in second.steps():
        pass
    assert [v.grad for v in first.topological()] == [v.grad for v in second.topological()]


# --- data changed between forward and backward ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "grad"),
    [
        (lambda x: x * x, None), (lambda x: x**2, None), (lambda x: x.tanh(), None), (lambda x: x / 3, None),
        (lambda x: x.log(), None), (lambda x: micrograd.dot(x, x), None), (lambda x: x.relu(), None),
        (lambda x: x + x, 2.0), (lambda x: x - 1, 1.0), (lambda x: -x, -1.0), (lambda x: micrograd.sum(x, x, x), 3.0),
        (lambda x: x.exp(), math.exp(2.0)), (lambda x: x.sqrt(), 0.5 / math.sqrt(2.0)),  # they read only their result
    ],
)  # fmt: skip
def test_a_leaf_changed_after_use(build, grad):
    x = Value(2.0, label="weight")
    y = build(x)
    x.data = 5.0
    if grad is None:
        with pytest.raises(RuntimeError, match=r"'weight' was set to 5\.0 after .* build the expression again"):
            micrograd.grad(y, x)
        with pytest.raises(StaleDataWarning, match=r"'weight' was set after .* build the expression again"):
            y.backward()  # a warning is an error in these tests
        assert (x.grad, y.grad) == (0, 0)  # nothing was half done
    else:
        y.backward()
        assert x.grad == pytest.approx(grad, rel=1e-15)


@pytest.mark.parametrize(
    ("walk", "error"), [(lambda y, x: list(y.steps()), StaleDataWarning), (lambda y, x: micrograd.grad(y, [x]), RuntimeError)]
)
def test_every_way_back_sees_stale_data(walk, error):
    x = Value(2.0)
    y = x * x
    x.data = 3.0
    with pytest.raises(error, match="build the expression again"):
        walk(y, x)


def test_an_interior_number_changed_after_use():
    x = Value(2.0)
    h = x * 3
    h.label = "hidden"
    y = h * h
    h.data = 1.0
    for back, error in ((lambda y: y.backward(), StaleDataWarning), (lambda y: micrograd.grad(y, x), RuntimeError)):
        with pytest.raises(error, match="'hidden'"):
            back(y)
        out = x.exp()
        out.data = 1.0  # exp reads its own result
        with pytest.raises(error, match="'exp'"):
            back(out)


def test_harmless_changes_are_not_refused():
    x, other = Value(2.0), Value(1.0)
    y = x * x
    other.data = 7.0  # not in the graph
    y.backward()
    x.data -= 0.1 * x.grad  # after backward, before the next forward: every training loop
    z = x * x
    z.backward()
    h = x * 3
    h.data = 10.0  # before it is used
    (h * h).backward()
    assert h.grad == 20.0
    c = x + 1
    x.data = 9.0  # a sum's partials read nothing
    c.backward()


def test_a_change_in_one_graph_does_not_stop_another():
    x, w = Value(2.0), Value(3.0)
    old = x * w
    w.data = 4.0
    x.grad = 0
    new = (x + 1) * w
    new.backward()
    assert x.grad == 4.0
    with pytest.raises(StaleDataWarning):
        old.backward()


def test_gradients_may_be_set_at_any_time():
    x = Value(2.0)
    y = x * x
    x.grad = 0.0
    x.label = "x"
    y.backward()
    assert x.grad == 4.0


# --- threads ----------------------------------------------------------------------------------------------------------


def in_threads(n, work):
    failures, results = [], [None] * n

    def run(i):
        try:
            results[i] = work(i)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures, failures
    return results


def test_separate_graphs_in_separate_threads():
    def work(i):
        x = Value(1.0 + i / 10)
        y = x
        for _ in range(2000):
            y = y * 0.999 + x.tanh() * 0.001
        y.backward()
        return x.grad

    alone = [work(i) for i in range(4)]
    assert in_threads(4, work) == alone


def test_modes_hold_in_their_own_thread_only():
    inside, done = threading.Event(), threading.Event()

    def work(i):
        x = Value(-1.0)
        if i == 0:
            with no_grad(), detect_anomaly():
                inside.set()
                assert done.wait(10)
                return (x * 2).args
        assert inside.wait(10)
        out = x * 2
        x.log()  # nan, and nobody minds here
        done.set()
        return out.args

    first, second = in_threads(2, work)
    assert first == () and len(second) == 2


def test_scopes_of_threads_end_with_them():
    steps = [threading.Barrier(2, timeout=10) for _ in range(3)]

    def work(i):
        steps[0].wait()
        if i == 0:
            with scope("first"):
                steps[1].wait()  # the other enters inside
                time.sleep(0.02)
            steps[2].wait()
        else:
            steps[1].wait()
            with scope("second"):
                steps[2].wait()  # and leaves last
        return True

    assert in_threads(2, work) == [True, True]
    assert (Value(1.0) + 1).scope is None
    model = micrograd.nn.MLP(2, [4, 4, 1])
    assert in_threads(4, lambda i: [model([1.0, i]).data for _ in range(50)]) == [[model([1.0, i]).data] * 50 for i in range(4)]
    assert (Value(1.0) + 1).scope is None


def test_threads_share_parameters_and_graphs():
    """Gradients of one parameter add up over threads, and two walks of one graph at once see each node once."""
    w = Value(0.0)
    shared = w
    for _ in range(300):
        shared = shared * 0.5 + shared * 0.5
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        in_threads(4, lambda i: [sum((w * 1.0 for _ in range(50)), Value(0.0)).backward() for _ in range(20)])
        assert w.grad == 4 * 20 * 50
        assert in_threads(4, lambda i: [micrograd.grad(shared, w) for _ in range(20)]) == [[1.0] * 20] * 4
    finally:
        sys.setswitchinterval(interval)


# --- asyncio tasks and generators -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "sees"),
    [
        (no_grad, lambda: (Value(2.0) * 3).args == ()),
        (record_source, lambda: hasattr(Value(2.0) * 3, "source")),
        (detect_anomaly, lambda: raises(lambda: Value(0.0).log())),
        (lambda: scope("here"), lambda: (Value(2.0) * 3).scope is not None),
        (modes.choosing, lambda: not isinstance(micrograd.where(Value(1.0), 5.0, Value(6.0)), Value)),
        (lambda: modes.tracing(Sub.of, Sub.of, lambda made, data: None, lambda: None), lambda: type(Value(2.0) * 3) is Sub),
    ],
    ids=["no_grad", "record_source", "detect_anomaly", "scope", "choosing", "tracing"],
)
def test_a_mode_holds_in_its_own_task_and_in_the_tasks_made_inside(mode, sees):
    async def inside(entered, leave):
        with mode():
            child = asyncio.ensure_future(later(leave))
            entered.set()
            await leave.wait()
            assert sees() and await asyncio.to_thread(sees)
        assert not sees()
        assert await child  # it was made within the block, and goes on after its end

    async def later(leave):
        await leave.wait()
        await asyncio.sleep(0.01)
        return sees()

    async def outside(entered, leave):
        await entered.wait()
        found = sees()
        leave.set()
        await asyncio.sleep(0)
        return found or sees()

    async def main():
        entered, leave = asyncio.Event(), asyncio.Event()
        _, found = await asyncio.gather(inside(entered, leave), outside(entered, leave))
        return found or sees()

    assert not asyncio.run(main())
    assert not sees() and not modes.on  # and the engine is as fast as before


class Sub(Value):
    __slots__ = ()

    @classmethod
    def of(cls, made):
        made.__class__ = cls
        return made


def raises(f):
    try:
        f()
    except ArithmeticError:
        return True
    return False


def test_modules_called_by_tasks_keep_their_own_scopes():
    first, second = micrograd.nn.MLP(1, [1]), micrograd.nn.MLP(1, [1])

    class Slow(micrograd.nn.Module):
        def __init__(self, inner):
            self.inner = inner

        async def run(self, x):
            with scope(module=self):
                await asyncio.sleep(0)
                out = self.inner(x)
                await asyncio.sleep(0)
                return out, (out + 1).scope

    async def main():
        return await asyncio.gather(*(Slow(m).run([1.0]) for m in (first, second, first)))

    for model, (out, outer) in zip((first, second, first), asyncio.run(main()), strict=True):
        assert model in (out.scope.module, out.scope.parent.module, out.scope.parent.parent.module)
        assert outer.module.inner is model and outer.parent is None
    assert (Value(1.0) + 1).scope is None


@pytest.mark.parametrize("block", [no_grad, lambda: scope("g")], ids=["no_grad", "scope"])
def test_blocks_of_generators_end_in_any_order(block):
    def generator():
        with block():
            yield

    def inside():
        out = Value(1.0) + 1
        return out.args == () or out.scope is not None

    g = generator()
    next(g)
    with block():
        g.close()  # the outer block ends first
        assert inside()
    assert not inside()
    g = generator()
    with block():
        next(g)
    assert inside()  # the generator's block is still open
    g.close()
    assert not inside()
    g = generator()
    contextvars.copy_context().run(next, g)  # begun in a context of its own, ended here
    with block():
        g.close()
        assert inside()
    assert not inside()


def test_an_error_that_is_kept_does_not_keep_its_mode_on():
    with pytest.raises(ArithmeticError) as caught, detect_anomaly():
        Value(0.0).log()
    assert not modes.on and caught.traceback


# --- modes ------------------------------------------------------------------------------------------------------------


def test_no_grad_records_nothing():
    x = Value(2.0)
    with no_grad():
        y = x * x + micrograd.sum(x, 1) + x**3
        with no_grad():
            z = x.exp()
        w = -x
    assert all(v.args == () and v.op is None for v in (y, z, w))
    assert y.data == 15.0
    (y * x).backward()
    assert x.grad == 15.0
    assert (x * x).args == (x, x)


def test_no_grad_ends_with_an_exception():
    x = Value(2.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * x).args == (x, x)


def test_no_grad_frees_as_it_goes(no_collector):
    x = Value(1.0)
    with no_grad():
        first = x * 2
        gone = weakref.ref(first)
        second = first * 3
        del first
        assert gone() is None
    assert second.data == 6.0


def test_detect_anomaly_names_the_operation():
    x, y = Value(-1.0, label="x"), Value(0.0, label="y")
    with detect_anomaly():
        with pytest.raises(ArithmeticError, match=r"log\(x = -1\.0\) made nan"):
            x.log()
        with pytest.raises(ArithmeticError, match=r"/\(x = -1\.0, y = 0\.0\) made -inf"):
            x / y
        z = y.sqrt()
        with pytest.raises(ArithmeticError, match=r"sqrt.*'y'"):
            z.backward()
        assert (x * 2).data == -2.0
        nan = Value(math.nan)
        assert math.isnan((nan * 2).data)  # it was nan before
    assert math.isnan(x.log().data)


def test_hooks():
    x, seen = Value(3.0), []
    h = x * x
    y = h * 2
    remove = h.register_hook(seen.append)
    x.register_hook(lambda g: seen.append(g))
    y.backward()
    assert seen == [2.0, 12.0]
    remove()
    remove()  # twice does no harm
    x.grad = 0
    y.backward()
    assert seen == [2.0, 12.0, 12.0]


def test_a_hook_may_replace_the_gradient():
    x = Value(3.0)
    h = x * x
    h.register_hook(lambda g: min(g, 0.5))
    x.register_hook(lambda g: -g)
    (h * 2).backward()
    assert (h.grad, x.grad) == (0.5, -3.0)


def test_a_hook_sees_the_complete_gradient():
    x, seen = Value(1.0), []
    h = x * 1
    h.register_hook(seen.append)
    (h * 2 + h * 3 + h * 4).backward()
    assert seen == [9.0]


def test_scopes():
    with scope("outer") as outer:
        a = Value(1.0) * 2
        with scope("inner"):
            b = a * 3
        c = b * 4
    d = c * 5
    assert a.scope is outer and b.scope.path == ("outer", "inner") and c.scope is outer and d.scope is None
    assert b.scope.parent is outer and repr(b.scope) == "Scope(outer/inner)"
    with scope("outer") as again:
        pass
    assert again is not outer


def test_scope_ends_with_an_exception():
    with pytest.raises(KeyError), scope("s"):
        raise KeyError
    assert (Value(1.0) + 1).scope is None


def test_module_calls_open_scopes():
    model = micrograd.nn.MLP(2, [2, 1])
    out = model([1.0, 2.0])
    path = [v.scope.path for v in out.topological() if v.scope is not None]
    assert path and all(p[0] == "MLP" for p in path) and max(map(len, path)) == 3
    one, two = (model.layers[0].neurons[0]([1.0, 2.0]).scope for _ in range(2))
    assert one is not two and one.module is two.module is model.layers[0].neurons[0]


def test_record_source():
    with record_source():
        y = Value(2.0) * 3
    file, line = y.source
    assert file == __file__ and "y = Value(2.0) * 3" in Path(file).read_text(encoding="utf-8").splitlines()[line - 1]
    assert not hasattr(Value(2.0) * 3, "source")


# --- copies -----------------------------------------------------------------------------------------------------------


def test_pickle_keeps_numbers_gradients_labels_attributes_and_sharing():
    x = Value(2.0, label="x")
    x.m = 0.25
    y = micrograd.leaky_relu(x * x - 10, 0.1) + x**3 + micrograd.sum(x, x) + micrograd.clamp(x, 0, 1)
    y.label = "y"
    y.backward()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(y, protocol))
        old, new = y.topological(), again.topological()
        assert [(v.data, v.grad, v._op, v.label) for v in new] == [(v.data, v.grad, v._op, v.label) for v in old]
        place_old, place_new = {v: i for i, v in enumerate(old)}, {v: i for i, v in enumerate(new)}
        assert [[place_new[a] for a in v.args] for v in new] == [[place_old[a] for a in v.args] for v in old]
        assert new[0].m == 0.25
        again.zero_grad()
        again.backward()
        assert [v.grad for v in again.topological()] == [v.grad for v in old]


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_several_roots_in_one_pickle_stay_shared(order):
    x = Value(2.0)
    shared = x.exp()
    roots = [shared * 2, x, shared, (shared + x).log()]
    again = dict(zip(order, pickle.loads(pickle.dumps([roots[i] for i in order])), strict=True))
    assert again[0].args[0] is again[2] and again[2].args[0] is again[1]
    assert again[3].args[0].args == (again[2], again[1])


def test_pickling_twice_into_one_stream():
    x = Value(2.0)
    y = x * x
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    pickler.dump(y)
    pickler.dump((y, x))
    buffer.seek(0)
    unpickler = pickle.Unpickler(buffer)
    first, (second, leaf) = unpickler.load(), unpickler.load()
    assert first is second and first.args[0] is leaf


def test_a_graph_that_grew_between_pickles():
    x = Value(2.0)
    y = x * 3
    first = pickle.dumps(y)
    z = y * y
    again = pickle.loads(pickle.dumps([z, y]))
    assert not micrograd.copying._holders  # nothing is remembered of a pickler that is gone
    assert again[0].args == (again[1], again[1]) and pickle.loads(first).data == 6.0


def test_deepcopy_keeps_sharing():
    x = Value(2.0, label="x")
    y = x * x
    pair = copy.deepcopy([y, y + x, {"leaf": x}])
    assert pair[0].args[0] is pair[2]["leaf"] and pair[1].args == (pair[0], pair[2]["leaf"])
    pair[1].backward()
    assert (pair[2]["leaf"].grad, x.grad) == (5.0, 0)


def test_copies_of_local_gradients_work_and_closures_are_refused():
    x = Value(2.0, label="x")
    good = Value(8.0, (x,), (12.0,)) * 2
    for again in (pickle.loads(pickle.dumps(good)), copy.deepcopy(good)):
        again.backward()
        assert again.topological()[0].grad == 24.0
    bad = Value(8.0, (x,), "cube")
    bad._backward = lambda: None
    for copier in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match=r"'cube'.* cannot be .*closure.*register"):
            copier(bad * 2)


def test_pickled_model():
    model = micrograd.nn.MLP(2, [3, 1])
    again = pickle.loads(pickle.dumps(model))
    assert again([1.0, 2.0]).data == model([1.0, 2.0]).data
    deep = copy.deepcopy(model)
    deep.parameters()[0].data += 1
    assert deep.parameters()[0].data != model.parameters()[0].data


# --- ops of the user's own --------------------------------------------------------------------------------------------


@pytest.fixture
def cube():
    op = micrograd.register(Op("cube", lambda x: x * x * x, (lambda y, x: 3.0 * x * x,)))
    yield op
    del micrograd.TABLE["cube"], Value.cube


def test_a_registered_op_is_a_method_a_function_and_a_row(cube):
    x = Value(2.0)
    y = x.cube() + micrograd.cube(x)
    y.backward()
    assert (y.data, x.grad, micrograd.cube(2)) == (16.0, 24.0, 8.0)
    assert micrograd.TABLE["cube"] is cube and "cube" in dir(micrograd)
    assert micrograd.hessian(lambda x: x.cube(), [2.0]) == [[12.0]]
    assert pickle.loads(pickle.dumps(y)).data == 16.0


@pytest.mark.parametrize(("name", "error"), [("add", "already"), ("two words", "identifier"), ("", "identifier")])
def test_bad_registrations(name, error):
    before = dict(micrograd.TABLE)
    with pytest.raises(ValueError, match=error):
        micrograd.register(Op(name, lambda x: x, (lambda y, x: 1.0,)))
    assert before == micrograd.TABLE


def test_an_op_by_closure_in_the_middle_of_a_graph():
    x = Value(2.0)
    h = x * 3
    out = Value(h.data**2, (h,), "square")

    def _backward():
        h.grad += 2 * h.data * out.grad

    out._backward = _backward
    y = out * 5 + h
    y.backward()
    assert x.grad == 5 * 2 * 6 * 3 + 3
    assert micrograd.grad(y, [x]) == [183.0]
    steps = [s for s in y.steps() if s.kind == "backward" and s.node is out]
    (contribution,) = steps[0].contributions
    assert (contribution.partial, contribution.value) == (12.0, 60.0)
    with pytest.raises(TypeError, match="'square'"):
        micrograd.grad(y, [x], create_graph=True)


def test_replacing_the_rule_of_a_built_in_node():
    x = Value(2.0)
    y = x * 3

    def straight_through():
        x.grad += y.grad

    y._backward = straight_through
    assert y._op == "*"
    y.backward()
    assert x.grad == 1.0


def test_values_of_a_subclass_are_values():
    class Mine(EngineValue):
        extra = 1

    a = Mine(2.0)
    b = a * 3 + Value(1.0) * a
    b.backward()
    assert (b.data, a.grad, a.extra) == (8.0, 4.0, 1)
