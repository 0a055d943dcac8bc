"""The Numba back end: a program's own code, compiled once and kept on disk by its text, run on the same pools as NumPy's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from micrograd.compiler.ir import Program
from micrograd.compiler.numpy_backend import Machine
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.specialise import generate


class NumbaMachine(Machine):
    """Pools for a program, and its specialised code."""

    def __init__(self, program: Program, samples: int = 1) -> None:
        super().__init__(program, samples)
        if not hasattr(program, "_native"):
            text, table = generate(program)
            program._native = load(text), table  # type: ignore[attr-defined]
        module, self.table = program._native  # type: ignore[attr-defined]
        v, g = self.values, self.grads
        self._pools = (v[0], g[0], v[1], g[1], self.table) if program.batch else (v[0], g[0], self.table)
        self._run, self._forward_only = module.run, module.forward

    def _bind(self) -> None:
        """Nothing to bind: the code has the addresses."""

    def forward(self) -> None:
        self._forward_only(*self._pools)

    def run(self) -> None:
        self._run(*self._pools)


def directory() -> Path:
    """Where compiled code is kept: $MICROGRAD_CACHE, or micrograd in the user's cache directory."""
    if os.environ.get("MICROGRAD_CACHE"):
        return Path(os.environ["MICROGRAD_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "micrograd"


def load(text: str) -> ModuleType:
    """The module with this source, from the cache or new."""
    name = "micrograd_" + hashlib.sha256(text.encode()).hexdigest()[:24]
    if name in sys.modules:
        return sys.modules[name]
    path = directory() / f"{name}.py"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.replace(path)  # written whole or not at all
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


__all__ = ["NumbaMachine", "directory", "load", "np"]
