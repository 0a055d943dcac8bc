"""Arrays of other libraries (NumPy, PyTorch, JAX and their like) as numbers and back. None of them is imported here unless it is in use."""

from __future__ import annotations

import itertools
import math
import numbers
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ROUGH = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23}  # how exact arithmetic is in these types, relative


def is_array(x: Any) -> bool:
    """Whether x is an array or tensor, of any number of axes (a number that only has a `shape`, as np.float64, is a number)."""
    return hasattr(x, "shape") and hasattr(x, "tolist") and not isinstance(x, numbers.Real)


def elements(x: Any) -> list[Any]:
    """All numbers of an array, in the order of its axes (rows first)."""
    x = x.detach() if hasattr(x, "detach") else x
    found = x.tolist()
    for _ in range(len(x.shape) - 1):
        found = [inner for outer in found for inner in outer]
    return found if len(x.shape) else [found]


def places(x: Any) -> Iterator[str]:
    """How each element of an array is written after its name: "[0, 2]", or "" where there are no axes."""
    for index in itertools.product(*map(range, x.shape)):
        yield f"[{', '.join(map(str, index))}]" if index else ""


def like(x: Any, flat: Sequence[float]) -> Any:
    """A new array of the kind and shape of x that holds these numbers: float64, or a tensor's own type."""
    shape = tuple(x.shape)
    if hasattr(x, "new_tensor"):  # PyTorch
        whole = not (x.dtype.is_floating_point or x.dtype.is_complex)
        made = x.new_tensor(list(flat), dtype=sys.modules["torch"].float64) if whole else x.new_tensor(list(flat))
        made = made.reshape(shape)
        return made.requires_grad_() if x.requires_grad else made
    if type(x).__module__.partition(".")[0].startswith("jax"):
        jnp = sys.modules["jax.numpy"]
        return jnp.asarray(list(flat), dtype=x.dtype if "float" in str(x.dtype) else float).reshape(shape)
    import numpy

    return numpy.array(list(flat), dtype=float).reshape(shape)


def of_objects(x: Any) -> bool:
    """Whether an array holds Python objects (Values) rather than numbers."""
    return str(getattr(x, "dtype", "")) == "object"


def holding(x: Any, flat: Sequence[Any]) -> Any:
    """A NumPy array of the shape of x that holds these objects; TypeError for tensors, which hold numbers alone."""
    if type(x).__module__.partition(".")[0] not in ("numpy", "pandas"):
        raise TypeError(f"a {type(x).__name__} cannot hold Values: give gradient= to check a function of tensors, or pass x.tolist()")
    import numpy

    made = numpy.empty(len(flat), dtype=object)
    made[:] = flat
    return made.reshape(tuple(x.shape))


def precision(x: Any) -> float:
    """How exact the arithmetic in the type of x is, relative; that of float64 for what is no array of a rougher type."""
    return ROUGH.get(str(getattr(x, "dtype", "")).rpartition(".")[2], 2.0**-52)


def flat(x: Any, template: Any = None) -> list[Any]:
    """The numbers in lists, dicts, arrays and tensors nested in any way; a dict's in the order of the template's keys."""
    if is_array(x):
        return [n for e in elements(x) for n in flat(e)] if of_objects(x) else elements(x)
    if isinstance(x, Mapping):
        keys = list(template) if isinstance(template, Mapping) else list(x)
        if set(keys) != set(x):
            raise ValueError(f"gradient() gave {', '.join(map(str, x))}; the inputs are {', '.join(map(str, keys))}")
        return [n for key in keys for n in flat(x[key], template[key] if isinstance(template, Mapping) else None)]
    if isinstance(x, (list, tuple)) or (hasattr(x, "__iter__") and not hasattr(x, "data") and not isinstance(x, (str, bytes))):
        inner = template if isinstance(template, (list, tuple)) else []
        return [n for i, part in enumerate(x) for n in flat(part, inner[i] if i < len(inner) else None)]
    return [x]


def refuse_other_shape(name: str, given: Any, wanted: Any) -> None:
    """ValueError where a gradient has another shape than its input (axes of length 1 aside)."""
    if is_array(given) and is_array(wanted):
        a, b = tuple(given.shape), tuple(wanted.shape)
        if [n for n in a if n != 1] != [n for n in b if n != 1] and math.prod(a) == math.prod(b):
            raise ValueError(f"gradient() gave an array of shape {a} for {name}, whose shape is {b}")
