"""With the collector off nothing is left behind: what was used goes with its last reference."""

from __future__ import annotations

import ast
import gc
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import micrograd
import viz
from micrograd import Value, gradcheck, losses, nn, optim
from micrograd.train import evaluate, fit, predict

MODEL = nn.MLP(2, [4, 1], rng=random.Random(0))
DEEP = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
DATA = [[0.5, 1.0], [1.0, -2.0]], [[1.0], [0.0]]


def left(use: Callable[[], Any]) -> list[str]:
    """The types of what only the collector can free after a use, caches being warm."""
    use()
    gc.collect()
    gc.disable()
    try:
        use()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return sorted({f"{type(x).__name__} {getattr(x, '__qualname__', '')}" for x in gc.garbage})
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def value() -> Any:
    return MODEL([1.0, 2.0])


def plain() -> Any:
    x, y = Value(0.5, label="x"), Value(2.0, label="y")
    return (x * y).tanh() + x


def _registered() -> None:
    micrograd.register(micrograd.Op("cycle_free", lambda x: x * x, (lambda y, x: 2.0 * x,)))
    try:
        (Value(2.0).cycle_free() * 3.0).backward()
    finally:
        del micrograd.TABLE["cycle_free"], Value.cycle_free


USES: dict[str, Callable[[], Any]] = {
    "draw, of a module": lambda: viz.draw(value()).svg,
    "draw, text": lambda: viz.draw(value()).text,
    "draw, page": lambda: viz.draw(value()).html,
    "draw": lambda: viz.draw(plain(), partials=True).svg,
    "draw_dot": lambda: viz.draw_dot(value()).source,
    "diff, page": lambda: (str(viz.diff(value(), value())), viz.diff(value(), plain()).html),
    "stepper": lambda: viz.step(plain()).to_html(),
    "stepper, of a module": lambda: viz.step(value()).to_html(),
    "stepper, checked": lambda: viz.step(value(), check=True).to_html(),
    "quiz": lambda: viz.step(value(), quiz=True).to_html(),
    "worksheet": lambda: viz.exercise(plain()).to_html(),
    "latex": lambda: viz.to_latex(value()),
    "text tree": lambda: viz.text_tree(value()),
    "named modules": lambda: (list(MODEL.named_modules()), MODEL.parameters(), MODEL.state_dict()),
    "summary": lambda: DEEP.summary([0.1, 0.2, 0.3]),
    "layers over a batch": lambda: DEEP([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]),
    "losses": lambda: (losses.mse(MODEL([1.0, 2.0]), [0.5]), losses.cross_entropy([[Value(1.0), 2.0]], [1])),
    "fit": lambda: fit(MODEL, DATA, losses.mse, optim.Adam(MODEL, lr=0.01), epochs=2, progress=False),
    "gradcheck": lambda: gradcheck(lambda x: x.tanh() * x, (0.5,)),
    "a registered op": lambda: _registered(),
    "predict": lambda: (predict(MODEL, DATA[0]), evaluate(MODEL, DATA, losses.mse)),
}


@pytest.mark.parametrize("name", USES)
def test_nothing_is_left(name: str) -> None:
    assert left(USES[name]) == []


def test_a_planted_cycle_is_found() -> None:
    def use() -> None:
        def walk(n: int) -> int:
            return walk(n - 1) if n else 0

        walk(2)

    assert any("walk" in name for name in left(use))


def test_no_function_within_another_calls_itself() -> None:
    """By its name in the scope around it: that is a cycle for each call of the outer one; two that call each other would be one too."""
    faults = []
    for folder in (Path(micrograd.__file__).parent, Path(viz.__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            if path.parent.name in ("examples", "lessons"):
                continue  # what students write
            faults += [f"{path.name}: {name}" for name in recursive(path.read_text(encoding="utf-8"))]
    assert faults == []
    assert recursive("def f():\n    def g(n):\n        return g(n - 1)\n    return g") == ["g"]
    assert recursive("def f(n):\n    return f(n - 1)\nclass A:\n    def f(self):\n        return f(1)") == []


def recursive(text: str) -> list[str]:
    """The functions within functions that name themselves."""
    found = []
    for outer in ast.walk(ast.parse(text)):
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for inner in ast.walk(outer):
                if inner is not outer and isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    names = {n.id for part in inner.body for n in ast.walk(part) if isinstance(n, ast.Name)}
                    found += [inner.name] if inner.name in names and inner.name not in found else []
    return found
