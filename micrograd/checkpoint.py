"""Checkpoints: everything that the rest of a training run depends on, in one JSON file with exact floats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from micrograd.nn.files import plain, read_json, write_json
from micrograd.nn.module import Module

_FORMAT = "micrograd checkpoint 1"


def generators(model: Module) -> dict[str, Any]:
    """The random generators that modules hold (those of dropout), by the name of the module."""
    held = ((name, vars(m).get("rng")) for name, m in model.named_modules())
    return {name: rng for name, rng in held if hasattr(rng, "getstate")}


def write(path: Any, model: Module, parts: Mapping[str, Any], **numbers: Any) -> None:
    """Write the model, its generators, the state of each part (a generator, or what has a state_dict) and other numbers."""
    write_json(path, plain({"format": _FORMAT, **_content(model, parts), **numbers}))


def read(path: Any) -> dict[str, Any]:
    """What `write` wrote; ValueError for another file."""
    return read_json(path, "a checkpoint", _FORMAT, "model", "generators", "parts", "history", "settings")


def restore(content: Mapping[str, Any], model: Module, parts: Mapping[str, Any]) -> None:
    """Set the model, its generators and the parts to what they were; an exception leaves them as they are."""
    held = generators(model)
    if set(held) != set(content["generators"]) or set(parts) != set(content["parts"]):
        raise ValueError("the checkpoint is of a run with other parts: give fit the same arguments to resume it")
    before = json.loads(json.dumps(plain(_content(model, parts))))
    try:
        _restore(content, model, parts)
    except BaseException:
        _restore(before, model, parts)
        raise


def _content(model: Module, parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model": model.state_dict(),
        "generators": {name: rng.getstate() for name, rng in generators(model).items()},
        "parts": {name: _state(part) for name, part in parts.items()},
    }


def _restore(content: Mapping[str, Any], model: Module, parts: Mapping[str, Any]) -> None:
    held = generators(model)
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
