"""Optimizers against their textbook formulas in 50 digits, NumPy in every bit, and PyTorch where it is installed."""

from __future__ import annotations

import copy
import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from micrograd import Value, optim
from micrograd.nn import MLP
from micrograd.ops import TABLE

STEPS = 12
RNG = random.Random(3)
START = [RNG.uniform(-2, 2) for _ in range(5)]
GRADS = [[RNG.uniform(-3, 3) * 10.0 ** RNG.uniform(-3, 1) for _ in START] for _ in range(STEPS)]


# --- the textbook, in 50 digits --------------------------------------------------------------------------------------


def gd(p, g, h, s, t):
    return p - h["lr"] * g


def sgd(p, g, h, s, t):
    s["v"] = h.get("momentum", 0) * s.get("v", 0) + g
    return p - h["lr"] * (g + h["momentum"] * s["v"] if h.get("nesterov") else s["v"])


def adagrad(p, g, h, s, t):
    s["s"] = s.get("s", 0) + g**2
    return p - h["lr"] * g / (mp.sqrt(s["s"]) + mpf(1e-10))


def rmsprop(p, g, h, s, t):
    s["s"] = mpf(0.99) * s.get("s", 0) + (1 - mpf(0.99)) * g**2
    s["v"] = h.get("momentum", 0) * s.get("v", 0) + g / (mp.sqrt(s["s"]) + mpf(1e-8))
    return p - h["lr"] * s["v"]


def adam(p, g, h, s, t):
    b1, b2 = mpf(0.9), mpf(0.999)
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g**2
    return p - h["lr"] * (s["m"] / (1 - b1**t)) / (mp.sqrt(s["v"] / (1 - b2**t)) + mpf(1e-8))


def adamw(p, g, h, s, t):
    return adam(p * (1 - mpf(h["lr"]) * mpf(h.get("weight_decay", 0.01))), g, h, s, t)


CASES = {
    "GD": (optim.GD, {"lr": 0.1}, gd),
    "GD, L2": (optim.GD, {"lr": 0.1, "weight_decay": 0.2}, gd),
    "GD, L1": (optim.GD, {"lr": 0.1, "l1": 0.2}, gd),
    "SGD": (optim.SGD, {"lr": 0.1}, sgd),
    "SGD, momentum": (optim.SGD, {"lr": 0.1, "momentum": 0.9}, sgd),
    "SGD, Nesterov, L2": (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, sgd),
    "Adagrad": (optim.Adagrad, {"lr": 0.1}, adagrad),
    "RMSProp": (optim.RMSProp, {"lr": 0.1}, rmsprop),
    "RMSProp, momentum": (optim.RMSProp, {"lr": 0.1, "momentum": 0.5}, rmsprop),
    "Adam": (optim.Adam, {"lr": 0.1}, adam),
    "Adam, L2": (optim.Adam, {"lr": 0.1, "weight_decay": 0.1}, adam),
    "AdamW": (optim.AdamW, {"lr": 0.1, "weight_decay": 0.1}, adamw),
}


def run(cls, options, steps=STEPS, start=START):
    params = [Value(x) for x in start]
    optimizer = cls(params, **options)
    for grads in GRADS[:steps]:
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize("name", CASES)
def test_against_the_textbook(name):
    cls, options, formula = CASES[name]
    params, _ = run(cls, options)
    for i, p in enumerate(params):
        exact, state = mpf(START[i]), {}
        for t, grads in enumerate(GRADS, 1):
            g = mpf(grads[i])
            if cls is not optim.AdamW:
                g += mpf(options.get("weight_decay", 0)) * exact
            g += mpf(options.get("l1", 0)) * mp.sign(exact)
            exact = formula(exact, g, {k: mpf(v) for k, v in options.items()}, state, t)
        assert p.data == pytest.approx(float(exact), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_the_same_rule_on_arrays_is_equal_in_every_bit(name):
    """What a compiler does: the kernel's symbols as NumPy source, on all parameters at once."""
    np = pytest.importorskip("numpy")
    from micrograd.compiler.program.rule import written_out

    cls, options, _ = CASES[name]
    params, optimizer = run(cls, options)
    fresh = cls([Value(x) for x in START], **options)
    (group,) = fresh.groups
    kernel = fresh.kernel(group)
    plain = {op.name: op.python for op in TABLE.values() if op.python}
    templates = plain | {"div": "({0} / {1})", "sqrt": "np.sqrt({0})", "where": "np.where({0}, {1}, {2})"}
    body, results = written_out(kernel.results, templates, squares=False)
    lines = [f"def update({', '.join(kernel.arguments)}):", *body, f"return {', '.join(results)},"]
    namespace = {"np": np}
    exec("\n    ".join(lines), namespace)
    p, *slots = np.array(START), *(np.zeros(len(START)) for _ in cls.slots)
    for t, grads in enumerate(GRADS, 1):
        p, *slots = namespace["update"](p, np.array(grads), *slots, *fresh.scalars(group, t))
    assert p.tolist() == [v.data for v in params]
    for k, slot in enumerate(slots):
        assert slot.tolist() == [optimizer.groups[0].state[v][1 + k] for v in params]


TORCH = {
    "GD": "SGD", "GD, L2": "SGD", "SGD": "SGD", "SGD, momentum": "SGD", "SGD, Nesterov, L2": "SGD", "Adagrad": "Adagrad",
    "RMSProp": "RMSprop", "RMSProp, momentum": "RMSprop", "Adam": "Adam", "Adam, L2": "Adam", "AdamW": "AdamW",
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
def test_against_torch(name):
    torch = pytest.importorskip("torch")
    cls, options, _ = CASES[name]
    params, _ = run(cls, options)
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    other = getattr(torch.optim, TORCH[name])(tensors, foreach=False, **options)
    for grads in GRADS:
        for p, g in zip(tensors, grads, strict=True):
            p.grad = torch.tensor(g, dtype=torch.float64)
        other.step()
    assert [p.data for p in params] == pytest.approx([p.item() for p in tensors], rel=2e-14, abs=0.0)


# --- state -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_resume_from_json_is_exact(name):
    cls, options, _ = CASES[name]
    options = {**options, "schedule": optim.Cosine(STEPS)}
    whole, _ = run(cls, options)
    half, optimizer = run(cls, options, steps=5)
    saved = json.loads(json.dumps(optimizer.state_dict()))
    params = [Value(p.data) for p in half]
    resumed = cls(params, **options)
    resumed.load_state_dict(saved)
    for grads in GRADS[5:]:
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        resumed.step()
    assert [p.data for p in params] == [p.data for p in whole]


def test_load_refuses_what_does_not_fit():
    adam = optim.Adam([Value(1.0)])
    with pytest.raises(ValueError, match="state of Adam, not of SGD"):
        optim.SGD([Value(1.0)]).load_state_dict(adam.state_dict())
    with pytest.raises(ValueError, match=r"groups of \[1\] parameters, this optimizer of \[2\]"):
        optim.Adam([Value(1.0), Value(2.0)]).load_state_dict(adam.state_dict())


def test_state_is_never_on_the_value():
    p = Value(1.0)
    optimizer = optim.Adam([p])
    p.grad = 1.0
    optimizer.step()
    assert vars(p) == {}


def test_deepcopy_of_model_and_optimizer_together():
    model = MLP(2, [2, 1], rng=random.Random(0))
    optimizer = optim.Adam(model)
    model([1.0, 2.0]).backward()
    optimizer.step()
    twin, copied = copy.deepcopy((model, optimizer))
    for m, o in ((model, optimizer), (twin, copied)):
        o.zero_grad()
        m([0.5, -1.0]).backward()
        o.step()
    assert twin.state_dict() == model.state_dict() and twin.parameters()[0] is not model.parameters()[0]


# --- groups, freezing, clipping --------------------------------------------------------------------------------------


def test_groups_have_settings_of_their_own():
    a, b = Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": b, "momentum": 0.9}], lr=0.1)
    for p in (a, b):
        p.grad = 1.0
    optimizer.step()
    optimizer.step()
    assert a.data == 1.0 - 0.5 - 0.5
    assert b.data == pytest.approx(1.0 - 0.1 - 0.19)


def test_a_setting_may_change_between_steps():
    p = Value(1.0)
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5)
    for momentum, expected in ((0.5, 0.0), (0.0, -1.0), (0.5, -2.5)):
        optimizer.groups[0].settings["momentum"] = momentum
        p.grad = 1.0
        optimizer.step()
        assert p.data == expected


def test_frozen_parameters_stay_and_thaw_with_their_own_step_count():
    model = MLP(1, [1, 1], rng=random.Random(1))
    first, last = model.layers
    before = first.state_dict()
    optimizer = optim.Adam(model, lr=0.1, weight_decay=0.1)
    first.freeze()
    for _ in range(3):
        optimizer.zero_grad()
        model([1.0]).backward()
        optimizer.step()
    assert first.state_dict() == before
    assert last.parameters()[0].data != 0
    first.freeze(False)
    for p in model.parameters():
        p.grad = 1.0
    optimizer.step()
    moved = before["neurons.0.w.0"] - first.parameters()[0].data
    assert moved == pytest.approx(0.1, rel=1e-6)  # Adam's first step is lr long


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8), st.floats(1e-3, 1e3))
def test_clip_norm(grads, limit):
    params = [Value(0.0) for _ in grads]
    for p, g in zip(params, grads, strict=True):
        p.grad = g
    exact = mp.sqrt(mp.fsum(mpf(g) ** 2 for g in grads))
    try:
        norm = optim.clip_norm(params, limit)
    except ArithmeticError as error:
        assert "norm inf" in str(error) and exact > mpf(1.797693134862315e308)
        return
    assert norm == pytest.approx(float(exact), rel=1e-15, abs=5e-324)
    after = optim.norm_of(p.grad for p in params)
    assert after <= limit * (1 + 2e-15) if norm > limit else [p.grad for p in params] == grads
    assert optim.norm_of(reversed(grads)) == norm


def test_clipping_within_a_step():
    a, b = Value(0.0), Value(0.0)
    optimizer = optim.GD([a, b], lr=1.0, clip_norm=1.0, clip_value=4.0)
    a.grad, b.grad = 3.0, 100.0
    optimizer.step()
    assert (a.data, b.data) == pytest.approx((-0.6, -0.8))
    a.grad = math.nan
    with pytest.raises(ArithmeticError, match="norm nan"):
        optimizer.step()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: optim.SGD([]), "given no parameters"),
        (lambda: optim.SGD([Value(1.0) * 2]), "a leaf Value"),
        (lambda: optim.SGD([1.0]), "a leaf Value, not 1.0"),
        (lambda: optim.SGD([Value(1.0)], lr=-1), "lr ≥ 0, not -1"),
        (lambda: optim.Adam([Value(1.0)], beta1=1.0), r"beta1 in \[0, 1\), not 1"),
        (lambda: optim.SGD([{"params": [Value(1.0)], "speed": 3}]), "SGD has no setting speed; it has lr"),
        (lambda: optim.SGD([Value(1.0)], speed=3), "SGD has no setting speed; it has lr"),
        (lambda: (lambda p: optim.SGD([p, p]))(Value(1.0)), "twice"),
        (lambda: optim.StepDecay(0), "StepDecay's every must be more than 0, not 0"),
        (lambda: optim.OneCycle(0), "OneCycle's total must be more than 0, not 0"),
    ],
)
def test_errors(make, error):
    with pytest.raises((ValueError, TypeError), match=error):
        make()


# --- schedules -------------------------------------------------------------------------------------------------------


def test_schedules_by_their_formulas():
    assert [optim.StepDecay(3, 0.5)(t) for t in (0, 2, 3, 6)] == [1.0, 1.0, 0.5, 0.25]
    assert [optim.Exponential(0.5)(t) for t in range(3)] == [1.0, 0.5, 0.25]
    cosine = optim.Cosine(10, floor=0.1)
    assert [cosine(t) for t in (0, 5, 10, 50)] == pytest.approx([1.0, 0.55, 0.1, 0.1])
    warm = optim.WarmUp(4, then=optim.Linear(2))
    assert [warm(t) for t in range(8)] == [0.0, 0.25, 0.5, 0.75, 1.0, 0.5, 0.0, 0.0]
    cycle = optim.OneCycle(20)
    assert (cycle(0), max(map(cycle, range(20))), cycle(19)) == pytest.approx((1 / 25, 1.0, 1 / 25 / 1e4))
    assert cycle(100) == cycle(19)
    up = [1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * t / 5)) / 2 for t in range(6)]  # the peak is the last of 0.3 · 20 steps
    down = [1 / 25 / 1e4 + (1 - 1 / 25 / 1e4) * (1 + math.cos(math.pi * (t - 5) / 14)) / 2 for t in range(6, 20)]
    assert [cycle(t) for t in range(20)] == pytest.approx([*up, *down], rel=1e-12)
    assert optim.OneCycle(10, part=0.0)(0) < optim.OneCycle(10, part=0.1)(0) == 1.0


TORCH_SCHEDULES = [
    (optim.StepDecay(4, 0.5), "StepLR", {"step_size": 4, "gamma": 0.5}),
    (optim.Exponential(0.9), "ExponentialLR", {"gamma": 0.9}),
    (optim.Cosine(16, 0.1), "CosineAnnealingLR", {"T_max": 16, "eta_min": 0.01}),
    (optim.Linear(10, 0.25, 1.0), "LinearLR", {"start_factor": 0.25, "total_iters": 10}),
    (optim.OneCycle(16), "OneCycleLR", {"max_lr": 0.1, "total_steps": 16, "cycle_momentum": False}),
]


@pytest.mark.parametrize(("ours", "name", "options"), TORCH_SCHEDULES, ids=lambda x: x if isinstance(x, str) else "")
def test_schedules_against_torch(ours, name, options):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
    for t in range(16):
        assert 0.1 * ours(t) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
        optimizer.step()
        schedule.step()


def test_plateau_follows_the_metric_and_is_saved():
    plateau = optim.Plateau(factor=0.5, patience=1)
    seen = []
    for metric in (3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0):
        plateau.update(metric)
        seen.append(plateau(0))
    assert seen == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    p = Value(1.0)
    state = json.loads(json.dumps(optim.GD([p], schedule=plateau).state_dict()))
    other = optim.Plateau(factor=0.5, patience=1)
    optim.GD([p], schedule=other).load_state_dict(state)
    assert other == plateau
    rising = optim.Plateau(mode="max", patience=0)
    rising.update(1.0)
    rising.update(0.5)
    assert rising(0) == 0.1
    strict = optim.Plateau(factor=0.5, patience=0, delta=0.5)
    seen = []
    for metric in (3.0, 2.5, 2.25, 1.75):  # 2.25 alone is better by more than a half
        strict.update(metric)
        seen.append(strict(0))
    assert seen == [1.0, 0.5, 0.5, 0.25]
    with pytest.raises(ValueError, match="mode must be"):
        optim.Plateau(mode="up")


def test_an_optimizer_prints_what_was_set():
    p = Value(1.0)
    assert repr(optim.SGD([p], lr=0.0)) == "SGD(1 parameters, lr=0)"
    assert repr(optim.SGD([p], lr=0.5, weight_decay=0.1)).endswith("lr=0.5, weight_decay=0.1)")


def test_a_schedule_scales_the_learning_rate():
    p = Value(0.0)
    optimizer = optim.GD([p], lr=1.0, schedule=optim.StepDecay(1, 0.5))
    for _ in range(3):
        p.grad = 1.0
        optimizer.step()
    assert p.data == -(1 + 0.5 + 0.25)


# --- averages and stopping -------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=10))
def test_mean_of_weights(values):
    p = Value(0.0)
    average, moving = optim.Average([p]), optim.Average([p], decay=0.5)
    ema = values[0]
    for i, x in enumerate(values):
        p.data = x
        average.update()
        moving.update()
        ema = x if i == 0 else 0.5 * ema + 0.5 * x
    assert average.values[0] == pytest.approx(math.fsum(values) / len(values), abs=1e-13)
    assert moving.values[0] == pytest.approx(ema, abs=1e-13)
    with average.applied():
        assert p.data == average.values[0]
    assert p.data == values[-1]


def test_average_restores_after_an_exception_and_is_saved():
    p = Value(1.0)
    average = optim.Average([p])
    average.update()
    p.data = 5.0
    with pytest.raises(KeyboardInterrupt), average.applied():
        raise KeyboardInterrupt
    assert p.data == 5.0
    other = optim.Average([p])
    other.load_state_dict(json.loads(json.dumps(average.state_dict())))
    other.update()
    assert other.values == [3.0]
    with pytest.raises(ValueError, match="1 averages, for 2 parameters"):
        optim.Average([Value(1.0), Value(2.0)]).load_state_dict(average.state_dict())


def test_early_stopping_keeps_the_best():
    p = Value(0.0)
    stopping = optim.EarlyStopping(patience=1, params=[p])
    stopped = []
    for metric in (3.0, 1.0, 2.0, 1.5):
        p.data = metric
        stopped.append(stopping.update(metric))
    assert stopped == [False, False, False, True]
    stopping.restore()
    assert p.data == 1.0
    for mode, sign in (("min", 1.0), ("max", -1.0)):  # better by delta or less is no improvement; by more, it is
        stopping = optim.EarlyStopping(patience=1, delta=0.5, mode=mode)
        assert [stopping.update(sign * x) for x in (3.0, 2.5, 2.25, 1.75, 1.9)] == [False, False, False, False, True]
        assert stopping.best == 2.25
