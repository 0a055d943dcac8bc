"""Checkpoints: everything that the rest of a training run depends on, in one JSON file with exact floats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrograd.nn.files import plain, write_json
from micrograd.nn.module import Module

_FORMAT = "micrograd checkpoint 1"


def generators(model: Module) -> dict[str, Any]:
    """The random generators that modules hold (those of dropout), by the name of the module."""
    held = ((name, vars(m).get("rng")) for name, m in model.named_modules())
    return {name: rng for name, rng in held if hasattr(rng, "getstate")}


def write(path: Any, model: Module, parts: Mapping[str, Any], **numbers: Any) -> None:
    """Write the model, its generators, the state of each part (a generator, or what has a state_dict) and other numbers."""
    content = {
        "format": _FORMAT,
        "model": model.state_dict(),
        "generators": {name: rng.getstate() for name, rng in generators(model).items()},
        "parts": {name: _state(part) for name, part in parts.items()},
        **numbers,
    }
    write_json(path, plain(content))


def read(path: Any) -> dict[str, Any]:
    """What `write` wrote; ValueError for another file."""
    content = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise ValueError(f"{path} is not a checkpoint (its format is not {_FORMAT!r})")
    return content


def restore(content: Mapping[str, Any], model: Module, parts: Mapping[str, Any]) -> None:
    """Set the model, its generators and the parts to what they were."""
    held = generators(model)
    if set(held) != set(content["generators"]) or set(parts) != set(content["parts"]):
        raise ValueError("the checkpoint is of a run with other parts: give fit the same arguments to resume it")
    model.load_state_dict({name: float(x) for name, x in content["model"].items()})
    for name, state in content["generators"].items():
        held[name].setstate(_generator_state(state))
    for name, part in parts.items():
        state = content["parts"][name]
        if hasattr(part, "setstate"):
            part.setstate(_generator_state(state))
        else:
            part.load_state_dict(state)


def _state(part: Any) -> Any:
    return part.getstate() if hasattr(part, "getstate") else part.state_dict()


def _generator_state(state: Any) -> Any:
    version, numbers, gauss = state
    return version, tuple(numbers), gauss if gauss is None else float(gauss)
