"""The page that makes WebAssembly of a graph's tables: its worker puts `micrograd_machine` there (micrograd/lab/static/wasm_machine.js)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def maker() -> Callable[[str], Any] | None:
    """What makes a machine of tables in JSON; None where there is NumPy, or no such page."""
    if sys.platform != "emscripten" or find_spec("numpy") is not None:
        return None
    return getattr(import_module("js"), "micrograd_machine", None)  # js is of Pyodide
