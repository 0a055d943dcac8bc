"""Saving numbers to files: JSON with exact floats, or safetensors; no pickle. A file is written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from math import isfinite, prod
from pathlib import Path
from typing import Any

_FORMAT = "micrograd state 1"

Packed = dict[str, tuple[tuple[int, ...], list[str]]]  # tensor name → its shape, and the dotted names in it, row by row


def pack(names: Sequence[str]) -> Packed:
    """Which dotted names make up which tensor.

    A run of names that ends in indices is a tensor ("weight.0.0", "weight.0.1", … → weight), and a list of alike modules
    that hold nothing but tensors is one tensor per attribute.

    >>> {name: shape for name, (shape, _) in pack(["n.0.w.0", "n.0.w.1", "n.0.b", "n.1.w.0", "n.1.w.1", "n.1.b"]).items()}
    {'n.w': (2, 2), 'n.b': (2,)}
    """
    tree: dict[str, Any] = {}
    for name in names:
        *path, last = name.split(".")
        here = tree
        for key in path:
            here = here.setdefault(key, {})
        here[last] = name
    return _pack(tree, "")[0] if tree else {}


def _pack(tree: Any, name: str) -> tuple[Packed, bool]:
    """The tensors of a subtree, and whether they may still be stacked with those of its neighbours in a list."""
    if isinstance(tree, str):
        return {name: ((), [tree])}, True
    parts = {key: _pack(sub, "") for key, sub in tree.items()}
    tensors = [t for t, _ in parts.values()]
    first = tensors[0]
    alike = all(stackable for _, stackable in parts.values()) and all(
        {k: s for k, (s, _) in t.items()} == {k: s for k, (s, _) in first.items()} for t in tensors
    )
    if list(parts) == [str(i) for i in range(len(parts))] and alike:
        stacked = {
            _join(name, key): ((len(parts), *shape), [n for t in tensors for n in t[key][1]]) for key, (shape, _) in first.items()
        }
        return stacked, list(first) == [""]
    joined = {_join(name, _join(key, inner)): tensor for key, (t, _) in parts.items() for inner, tensor in t.items()}
    return joined, all(isinstance(sub, str) or list(t) == [""] for (t, _), sub in zip(parts.values(), tree.values(), strict=True))


def _join(a: str, b: str) -> str:
    return f"{a}.{b}" if a and b else a or b


def write_whole(path: Any, write: Callable[[str], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one move."""
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        write(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)  # what open() would have given; mkstemp's file is private
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def write_json(path: Any, content: Any) -> None:
    """`content` as JSON, whole or not at all; nan and ±inf must have been turned into text by `plain`."""

    def write(temporary: str) -> None:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file, allow_nan=False, indent=None)
            file.write("\n")

    write_whole(path, write)


def plain(x: Any) -> Any:
    """Numbers as JSON can hold them: nan and ±inf become text, which float() reads back."""
    if isinstance(x, float):
        return x if isfinite(x) else repr(x)
    if isinstance(x, Mapping):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    return x


def save(state: Mapping[str, float], path: Any) -> None:
    """Write a state dict; see `Module.save`."""
    packed = pack(list(state))
    if str(path).endswith(".safetensors"):
        np, st = _safetensors()
        arrays = {name: np.array([state[n] for n in names]).reshape(shape) for name, (shape, names) in packed.items()}
        write_whole(path, lambda temporary: st.save_file(arrays, temporary, metadata={"format": _FORMAT}))
    else:
        tensors = {name: _nested([plain(state[n]) for n in names], shape) for name, (shape, names) in packed.items()}
        write_json(path, {"format": _FORMAT, "state": tensors})


def load(path: Any, names: Sequence[str]) -> dict[str, float]:
    """Read a state dict that `save` wrote for a module with these names; a tensor that it has not comes back under its own."""
    if str(path).endswith(".safetensors"):
        tensors = {k: a.tolist() for k, a in _safetensors()[1].load_file(path).items()}
    else:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ValueError(f"{path} is not a state that micrograd saved (its format is not {_FORMAT!r})")
        tensors = content["state"]
    packed = pack(names)
    state = dict.fromkeys((name for name in tensors if name not in packed), 0.0)  # load_state_dict reports them as unexpected
    for name, (shape, inside) in packed.items():
        if name in tensors:
            if _shape(tensors[name]) != shape:
                raise ValueError(f"{name} has shape {_shape(tensors[name])} in {path}, but {shape} here")
            state.update(zip(inside, map(float, _flat(tensors[name])), strict=True))
    return state


def _safetensors() -> tuple[Any, Any]:
    try:
        import numpy
        import safetensors.numpy  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ImportError("saving to .safetensors needs two packages: pip install safetensors numpy (JSON needs none)") from None
    return numpy, safetensors.numpy


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    if not shape:
        return flat[0]
    size = prod(shape[1:])
    return [_nested(flat[i * size : (i + 1) * size], shape[1:]) for i in range(shape[0])]


def _shape(x: Any) -> tuple[int, ...]:
    return (len(x), *(_shape(x[0]) if x else ())) if isinstance(x, list) else ()


def _flat(x: Any) -> list[Any]:
    return [y for item in x for y in _flat(item)] if isinstance(x, list) else [x]
