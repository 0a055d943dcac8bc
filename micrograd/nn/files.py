"""Saving numbers to files: JSON with exact floats, or safetensors; no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite, prod
from pathlib import Path
from typing import Any

from micrograd.files import write

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
        stacked = {_join(name, key): ((len(parts), *shape), [n for t in tensors for n in t[key][1]]) for key, (shape, _) in first.items()}
        return stacked, list(first) == [""]
    joined = {_join(name, _join(key, inner)): tensor for key, (t, _) in parts.items() for inner, tensor in t.items()}
    return joined, all(isinstance(sub, str) or list(t) == [""] for (t, _), sub in zip(parts.values(), tree.values(), strict=True))


def _join(a: str, b: str) -> str:
    return f"{a}.{b}" if a and b else a or b


def write_json(path: Any, content: Any) -> None:
    """`content` as JSON, whole or not at all; nan and ±inf must have been turned into text by `plain`."""
    write(path, (json.dumps(content, allow_nan=False) + "\n").encode())


def read_json(path: Any, what: str, form: str, *parts: str) -> dict[str, Any]:
    """The object in a JSON file that says it is of this format and has these parts, objects themselves; ValueError if it is not."""
    text = Path(path).read_bytes()
    try:
        content = json.loads(text.decode("utf-8-sig"))  # an editor on Windows may have put a mark at its start
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not {what} that micrograd saved: it is no JSON ({error})") from None
    if not isinstance(content, dict) or content.get("format") != form:
        raise ValueError(f"{path} is not {what} that micrograd saved (its format is not {form!r})")
    for part in parts:
        if not isinstance(content.get(part), dict):
            raise ValueError(f"{path} is {what} without its {part!r}: the file is not whole")
    return content


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
        write(path, st.save(arrays, metadata={"format": _FORMAT}))
    else:
        tensors = {name: _nested([plain(state[n]) for n in names], shape) for name, (shape, names) in packed.items()}
        write_json(path, {"format": _FORMAT, "state": tensors})


def load(path: Any, names: Sequence[str]) -> dict[str, float]:
    """Read a state dict that `save` wrote for a module with these names; a tensor that it has not comes back under its own.

    ValueError where the file is something else, a tensor has another shape (each row is counted) or holds what is no float.
    """
    binary = str(path).endswith(".safetensors")
    tensors = _arrays(path) if binary else read_json(path, "a state", _FORMAT, "state")["state"]
    packed = pack(names)
    state = dict.fromkeys((name for name in tensors if name not in packed), 0.0)  # load_state_dict reports them as unexpected
    for name, (shape, inside) in packed.items():
        if name in tensors:
            found = tuple(tensors[name].shape) if binary else _shape(tensors[name])
            if found != shape:
                raise ValueError(f"{name} has shape {found} in {path}, but {shape} here")
            if binary:
                flat: list[float] = _floats(tensors[name], f"{name} in {path}")
            else:
                flat = []
                _collect(tensors[name], shape, name, path, flat)
            state.update(zip(inside, flat, strict=True))
    return state


def _arrays(path: Any) -> dict[str, Any]:
    st = _safetensors()[1]
    content = Path(path).read_bytes()
    try:
        return dict(st.load(content))
    except Exception as error:  # of its own kind; TypeError for a type of number that NumPy has not
        raise ValueError(f"{path} is not a state that can be read: {error}") from None


def _floats(array: Any, where: str) -> list[float]:
    if array.dtype.kind != "f":
        raise ValueError(f"{where} holds {array.dtype}, but a state is of floats: save array.astype(float) if that is meant")
    found: list[float] = array.astype(float).ravel().tolist()
    return found


def _collect(x: Any, shape: tuple[int, ...], where: str, path: Any, flat: list[float]) -> None:
    """The numbers of nested lists, row by row, where every list has the length that it must have."""
    if not shape:
        flat.append(_float(x, where, path))
        return
    if not isinstance(x, list) or len(x) != shape[0]:
        given = f"{len(x)} items" if isinstance(x, list) else repr(x)[:40]
        raise ValueError(f"{where} in {path} is {given} where a list of {shape[0]} belongs")
    for i, part in enumerate(x):
        _collect(part, shape[1:], f"{where}[{i}]", path, flat)


def _float(x: Any, where: str, path: Any) -> float:
    if isinstance(x, float) or x in ("nan", "inf", "-inf"):  # the words are those of `plain`
        return float(x)
    if isinstance(x, int) and not isinstance(x, bool) and abs(x) <= 2**53:  # written by hand; exact
        return float(x)
    raise ValueError(f"{where} in {path} is {repr(x)[:40]}, which is no float")


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
    """Of nested lists, going by the first of each."""
    found = []
    while isinstance(x, list):
        found.append(len(x))
        x = x[0] if x else None
    return tuple(found)
