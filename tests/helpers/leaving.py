"""Every loss that a lesson compiles leaves for every home that is there, and has the eager engine's gradients there.

`watch()` before the lesson notes the first call of each; `leave()` after it exports them. Run in the lesson's own kernel by
tests/test_notebooks.py.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from export_models import near
from micrograd import error_bound, nn
from micrograd.compiler.compiled import Compiled
from micrograd.export.taken import Taken

FEW = 3  # samples of a batch
_seen: dict[Any, tuple[Compiled, tuple[Any, ...], dict[str, Any]]] = {}


def watch() -> None:
    """From here on keep a compiled loss for each place in the code and number of parameters, with the arguments of its first call."""
    key = Compiled._key

    def kept(self: Compiled, args: Any, static: Any) -> Any:
        found = key(self, args, static)
        if self.params != []:  # [] is what only predicts
            code = getattr(self.loss, "__code__", type(self.loss))
            _seen.setdefault((code, self.batch, len(self.params or ())), (self, args, dict(static)))
        return found

    Compiled._key = kept  # type: ignore[method-assign]


def homes(folder: Path) -> dict[str, Any]:
    """What can be asked here: a name and what makes the exported program from a compiled loss."""
    from export_c import COMPILERS, Library
    from export_js import NODE, Module

    found: dict[str, Any] = {}
    if COMPILERS:
        found["C"] = lambda step: Library(step, folder, ("-O0",))
    if NODE:
        found["JavaScript"] = lambda step: Module(step, folder)
    from export_arrays import JaxAtOnce, Onnx, Torch

    for name, package, home in (("PyTorch", "torch", Torch), ("JAX", "jax", JaxAtOnce), ("ONNX", "onnxruntime", Onnx)):
        if importlib.util.find_spec(package):
            found[name] = home
    return found


def leave() -> int:
    """Export each loss that was kept, and compare; prints a line for each, and says how many. AssertionError where a home differs."""
    kept = [one for one in _seen.values() if one[0]._latest is not None]  # the others were refused, as the lesson shows
    for step, args, static in kept:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{step.__name__}: {_left(step, args, static, Path(folder))}", flush=True)
    return len(kept)


def _left(step: Compiled, args: tuple[Any, ...], static: dict[str, Any], folder: Path) -> str:
    if step.batch:
        args = tuple(a[:FEW] for a in args)
    again = Compiled(step.loss, step._given, batch=step.batch, backend="numpy")
    again.__name__ = "loss"
    model = step._given if hasattr(step._given, "eval") and hasattr(step._given, "train") else None
    training = bool(getattr(model, "training", False))
    try:
        if training and model is not None and any(isinstance(m, nn.Dropout) for _, m in model.named_modules()):
            model.eval()  # what is drawn by Python at every run cannot go along
        again(*args, **static)
        assert again._latest is not None
        params = again._latest[0].traced.params
        kept = [p.grad for p in params]
        for p in params:
            p.grad = 0.0
        root = again.graph(*args, **static)
        value, expected, numbers = root.data, [p.grad for p in params], [p.data for p in params]
        for p, grad in zip(params, kept, strict=True):
            p.grad = grad
        inputs = Taken(again).inputs.ravel()
        told = []
        for name, make in homes(folder).items():
            start = time.perf_counter()
            try:
                home = make(again)
            except ValueError as error:  # a pure function has no buffers: the one thing that a home refuses of what lessons compile
                if "assigns to buffers" not in str(error):
                    raise
                told.append(f"{name} refuses: {error}")
                continue
            found, grads = (
                home.value_and_grad(numbers, inputs, samples=len(args[0]))
                if _counts(home) and step.batch
                else home.value_and_grad(numbers, inputs)
            )
            _agree([found, *grads], [value, *expected], lambda: _rounding(root, params))
            told.append(f"{name} {time.perf_counter() - start:.1f}s")
    finally:
        if training and model is not None:
            model.train()
    return f"{len(params)} parameters, " + ", ".join(told)


def _agree(found: Any, expected: Any, rounding: Callable[[], Any]) -> None:
    """To 1e-12 of the largest; where terms cancel (a trained model's gradients) as far as rounding lets two orders of them agree."""
    for part in (slice(1), slice(1, None)):  # the value, the gradients
        here, there = np.asarray(found[part], dtype=float), np.asarray(expected[part], dtype=float)
        try:
            near(here, there)
        except AssertionError:
            near(np.where(np.abs(here - there) <= 2 * rounding()[part], there, here), there)


def _rounding(root: Any, params: Any) -> Any:
    bounds = error_bound(root)
    return np.array([bounds[root][0].error, *(bounds[p][1].error for p in params)])


def _counts(home: Any) -> bool:
    return type(home).__name__ == "Library"  # an exported C function of a batch takes how many samples there are
