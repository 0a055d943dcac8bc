"""Pictures of computation graphs."""

from importlib import import_module
from typing import Any

_LAZY = {
    "Stepper": "stepper",
    "exercise": "worksheet",
    "frames": "stills",
    "step": "stepper",
    "watch": "training",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
