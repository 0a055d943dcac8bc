"""Ops bound to constants (x**p, leaky_relu(x, slope), clamp …): no code and no memory for each new constant, and the same numbers."""

from __future__ import annotations

import base64
import copy
import gc
import math
import pickle
import struct
import tracemalloc
import weakref
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Op, Value, ops
from micrograd.ops import symbol

BOUND = [op for op in micrograd.TABLE.values() if op.constants]


def constants(op, k):
    """Constants never seen before, near the defaults."""
    finite = [d if math.isfinite(d) else math.copysign(3.0, d) for d in op.defaults]
    return [d + 1e-6 * (k + 1) for d in finite]


@pytest.fixture
def compiled(monkeypatch):
    """The names of what is compiled while a test runs."""
    names = []
    plain = symbol.compile_function

    def counting(name, *rest):
        names.append(name)
        return plain(name, *rest)

    for module in (symbol, micrograd.ops.op, micrograd.pull):
        monkeypatch.setattr(module, "compile_function", counting)
    return names


@pytest.mark.parametrize("op", BOUND, ids=lambda op: op.name)
@pytest.mark.parametrize("way", ["function", "method"])
def test_new_constants_compile_nothing_and_keep_nothing(op, way, compiled):
    x = Value(1.5)

    def rounds(start, n):
        for k in range(start, start + n):
            cs = constants(op, k)
            y = op(x, *cs) if way == "function" else getattr(x, op.name)(*cs)
            if op is ops.power:
                y = y * x ** (1 + cs[0])
            y.backward()

    gc.disable()
    try:
        tracemalloc.start()
        rounds(0, 3000)  # fills what is kept of the latest
        seen, before = len(compiled), tracemalloc.get_traced_memory()[0]
        rounds(3000, 3000)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    finally:
        gc.enable()
    assert len(compiled) == seen <= 4  # a form or two, whatever came before in this process
    assert grown < 300_000  # bytes; some of the latest may be kept, 7 kB each for all of them not


def test_an_op_is_the_same_while_it_is_used_and_goes_then():
    x = Value(-2.0)
    first, second = x.leaky_relu(0.123), micrograd.leaky_relu(Value(1.0), 0.123)
    assert first.op is second.op and (x**2.5).op is (x**2.5).op
    gc.disable()
    try:
        gone, used = weakref.ref(x.leaky_relu(0.4567).op), weakref.ref(first.op)
        for k in range(2000):
            x.leaky_relu(0.5 + k / 1e5)
        assert gone() is None and used() is first.op is ops.leaky_relu.bind(0.123)
    finally:
        gc.enable()


def test_equal_numbers_that_differ_are_told_apart():
    assert ops.leaky_relu.bind(0.0) is not ops.leaky_relu.bind(-0.0)
    below = [Value(-1.0).leaky_relu(s).data for s in (0.0, -0.0)]
    assert [math.copysign(1.0, y) for y in below] == [-1.0, 1.0]
    assert (Value(2.0) ** 2)._op == "**2" and (Value(2.0) ** 2.0)._op == "**2.0" and (Value(2.0) ** True)._op == "**True"
    assert ops.clamp.bind(0, 1) is ops.clamp.bind(0.0, 1.0)


NUMBERS = st.one_of(
    st.floats(), st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -2.0, 1e-320, 1e300, math.inf, -math.inf, 5.0]),
)  # fmt: skip


def bits(x):
    return "nan" if x != x else struct.pack("d", x)


@pytest.mark.parametrize("op", BOUND, ids=lambda op: op.name)
@given(data=st.data())
def test_the_shared_code_gives_what_the_rule_gives_for_each_constant(op, data):
    """Bit for bit: the rule run on plain numbers, constants and all."""
    x = Value(data.draw(NUMBERS))
    bound = op.bind(*[data.draw(NUMBERS) for _ in op.constants])
    y = bound(x)
    (slope,) = bound.gradient(y.data, [x.data])
    y.backward()
    passes = bound.passes is None or bound.passes(y.data, x.data)[0]
    assert bits(x.grad) == bits(0.0 + slope if passes else 0.0)


@given(p=st.floats(-20, 20), x=st.floats(0.01, 50))
def test_the_derivative_of_a_power(p, x):
    mp = pytest.importorskip("mpmath")
    v = Value(x)
    (v**p).backward()
    with mp.workdps(40):
        expected = float(mp.mpf(p) * mp.mpf(x) ** (mp.mpf(p) - 1))
    assert v.grad == pytest.approx(expected, rel=1e-15, abs=5e-324)


def test_what_the_partials_read_is_known_for_every_constant():
    assert ops.power.bind(2.0).reads == ops.power.bind(2.7).reads[:1] == (0,) and ops.power.bind(0.0).reads == ()
    assert ops.leaky_relu.bind(0.3).reads == ops.clamp.bind(0.0, 1.0).reads == ops.power.bind(0.1).reads == (0,)
    x = Value(2.0)
    y = x**3.25
    x.data = 5.0
    with pytest.raises(RuntimeError, match="build the expression again"):
        micrograd.grad(y, x)


def test_an_op_of_one_s_own_may_branch_on_its_constants():
    own = Op(
        "own", lambda x, k, c: c * x**k, (lambda y, x, k, c: c * k if k == 1.0 else c * k * x ** (k - 1) if k > 1 else 0.0,),
        constants=("k", "c"), defaults=(2.0, 1.0),
    )  # fmt: skip
    for k, c, slope in ((1.0, 2.0, 2.0), (3.0, 0.5, 6.0), (2.0, 1.0, 4.0), (-1.0, 1.0, 0.0)):
        x = Value(2.0)
        own(x, k, c).backward()
        assert x.grad == slope
    clashing = Op("clashing", lambda x, node, g: node * x + g, (lambda y, x, node, g: node,), constants=("node", "g"), defaults=(1.0, 0.0))
    x = Value(2.0)
    (clashing(x, 3.0, 7.0) + clashing(x)).backward()
    assert x.grad == 4.0


def test_copies_and_pickles_keep_the_op():
    x = Value(1.5)
    y = x**2.25
    assert copy.deepcopy(y).op is copy.copy(y).op is pickle.loads(pickle.dumps(y)).op is y.op
    model = micrograd.nn.Neuron(1)
    model.rule = ops.leaky_relu.bind(0.2)
    assert copy.deepcopy(model).rule is model.rule and copy.deepcopy(ops.tanh) is ops.tanh


def test_a_pickle_from_before_loads():
    """Of x**2.5 + leaky_relu(-x, 0.3) * x.clamp(-1, 2) + x**-1 at 1.5, made when each constant had an op of its own for ever."""
    y = pickle.loads(zlib.decompress(base64.b85decode(OLD)))
    (x,) = [v for v in y.topological() if v.label == "x"]
    assert y.data == pytest.approx(1.5**2.5 - 0.3 * 1.5**2 + 1 / 1.5, rel=1e-15)
    x.grad = 0
    y.backward()
    assert x.grad == pytest.approx(2.5 * 1.5**1.5 - 0.6 * 1.5 - 1.5**-2, rel=1e-15)
    assert y.topological()[1].op is ops.power.bind(2.5, symbol="**2.5")


OLD = (
    "c-m`VnfjNB0StNsb2F2R^3#hFQ}mMa3o0}7(x>#W#usEJXHS_tC4-@dBfcoLxFo+Q70A_y1&Of6=cFd4fw(;a2+gT^>6v+{K)qp!Ii(=Q?)E<*R=7KG{"
    "+Z`@ev?uyP&OwqDK%$G4`aoYV!x6pK~oZAfyS^F<d>%wO>uW%f#_%jD%8?4(ledXKBb2_FExFNW`-z`$py4HyAtT2oKm3imyN-obxMXfP>wY@Co#8Riu"
    "?W#Fk2xsL)(-LDUdO_r8!eHdl<FAW+tYjfH>MfPKF>{571r~EiGL`plE6jYhqDRV&#+`k$5lzXlrtQUU5lLX)-W0z`lp6fYOtJ-b$I`E#T}B;@Wj>J~t"
    "cG1wZzm0fRgHp?v$9VDNPRyL-w7mP;8NLc!pvy|YQ>(Y{}-4pTrO0}L2<dzfeJ??B8z1nPdc2wV+LMrwwJMuv6|W8oBU9%op%Ffc-CXi8vUhSJbTU|@y"
    "PY-oJ2>%b;v7=p}WL^F>Ohxtr6#L>))_>Tr)>S26z_cEZl8>SB3{a|})!K62P8<5lk0B+am%K"
)
