"""Reading: the numbers of the arguments of a compiled loss, call after call, as arrays.

Arrays are taken as they are, and copied when a machine is fed. Numbers in nested lists are looked at one by one when their structure is
new. When it comes again, `marshal` writes the lists as bytes, which it does in C: what lies between the numbers there is the structure,
types included, so it is compared at once.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.tracing import arguments

BYTES = {"float": ("<f8", b"\xff" * 8), "int": ("<i4", b"\xff" * 4)}  # how marshal writes a number, and another than zero in every byte
FORMS = 256  # forms of arrays that are remembered


class Reader:
    """Of one compiled loss."""

    def __init__(self) -> None:
        self.seen: dict[int, Any] = {}  # the place of an argument → its structure when last looked at number by number
        self.known: dict[int, Known] = {}
        self.arrays: dict[Any, tuple[Any, ...]] = {}  # types and shapes of arguments that are all arrays → their structure

    def numbers(self, args: Sequence[Any], params: Any = ()) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """The structure of each argument, and its numbers."""
        form = _form(args)
        if form in self.arrays:
            return self.arrays[form], args
        shapes: list[Any] = []
        pieces: list[Any] = []
        for i, x in enumerate(args):
            if type(x) is np.ndarray and x.dtype != object:
                shape, found = arguments.shape_of(x), x
            elif (found := self._again(i, x)) is not None:
                shape = self.known[i].shape
            else:
                flat: list[float] = []
                shape = arguments.structure(x, flat, params=params)
                found = np.array(flat, dtype=np.float64)
                self._remember(i, shape)
            shapes.append(shape)
            pieces.append(found)
        return self._keep(form, shapes), pieces

    def samples(self, args: Sequence[Any], params: Any = ()) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """For a batch: the structure of one sample of each argument, and the numbers of each argument, sample by sample."""
        form = _form(args)
        if form in self.arrays:
            return self.arrays[form], args
        shapes: list[Any] = []
        pieces: list[Any] = []
        for i, x in enumerate(args):
            if not isinstance(x, (list, tuple, np.ndarray)) or len(x) == 0:
                raise ValueError(f"argument {i} of a loss compiled with batch=True must be a sequence of samples, not {x!r:.60}")
            if pieces and len(args[0]) != len(x):
                raise ValueError(f"the arguments of one batch must have as many samples each: {len(args[0])} and {len(x)}")
            if isinstance(x, np.ndarray) and x.dtype != object:
                _, whole, kind = arguments.shape_of(x)
                shape, found = (kind if x.ndim == 1 else ("array", whole[1:], kind)), np.asarray(x)
            elif (found := self._again(i, x)) is not None:
                shape, found = self.known[i].shape[1], found.reshape(len(x), -1)
            else:
                shape, flats = arguments.alike(x, params)
                if shape is None:
                    raise ValueError(f"argument {i}: the samples of a batch must be of one structure; pad them, or do without batch=True")
                found = np.array(flats, dtype=np.float64)
                self._remember(i, ("list" if type(x) is list else "tuple", shape, len(x)))
            shapes.append(shape)
            pieces.append(found)
        return self._keep(form, shapes), pieces

    def _keep(self, form: Any, shapes: list[Any]) -> tuple[Any, ...]:
        """The structure of the arguments, which is that of all arrays of this form."""
        if form is not None and all(kind is np.ndarray and dtype.kind != "O" for kind, dtype, _ in form):
            if len(self.arrays) >= FORMS:
                self.arrays.clear()
            self.arrays[form] = tuple(shapes)
        return tuple(shapes)

    def _again(self, i: int, x: Any) -> Any:
        """The numbers of an argument that has the structure it had before; None where it has another."""
        known = self.known.get(i)
        return None if known is None else known.read(x)

    def _remember(self, i: int, shape: Any) -> None:
        """A structure that comes twice in turn will come again."""
        if self.seen.get(i) == shape:
            with suppress(ValueError):  # marshal does not write it
                self.known[i] = Known(shape)
        self.seen[i] = shape


def _form(args: Sequence[Any]) -> Any:
    """Types and shapes of arguments the first of which is an array; None of others."""
    if not args or type(args[0]) is not np.ndarray:
        return None
    return tuple([(type(x), getattr(x, "dtype", None), getattr(x, "shape", None)) for x in args])


class Known:
    """A structure of floats and ints in lists and tuples, as bytes that are equal for every argument of that structure."""

    def __init__(self, shape: Any) -> None:
        """ValueError for a structure in which there is anything else."""
        self.shape, kinds = shape, arguments.kinds(shape)
        if not kinds or not set(kinds) <= set(BYTES):
            raise ValueError(f"not of numbers alone: {shape!r:.80}")
        zeros = marshal.dumps(arguments.nested(shape, iter([0.0 if k == "float" else 0 for k in kinds])), 2)
        other = {kind: np.frombuffer(ones, code)[0].item() for kind, (code, ones) in BYTES.items()}  # a nan, and -1
        ones = marshal.dumps(arguments.nested(shape, iter([other[k] for k in kinds])), 2)
        self.size = len(zeros)
        fixed = np.frombuffer(zeros, np.uint8) == np.frombuffer(ones, np.uint8)
        self.mask = np.where(fixed, 255, 0).astype(np.uint8)
        self.text = (np.frombuffer(zeros, np.uint8) & self.mask).tobytes()
        sizes = np.array([len(BYTES[k][1]) for k in kinds])
        starts = np.flatnonzero(~fixed)[np.cumsum(sizes) - sizes]
        self.parts = [(code, len(ones), starts[sizes == len(ones)], sizes == len(ones)) for code, ones in BYTES.values()]
        self.parts = [part for part in self.parts if len(part[2])]

    def read(self, x: Any) -> Any:
        """The numbers of x in a row; None where it is of another structure."""
        try:
            found = marshal.dumps(x, 2)
        except ValueError:
            return None
        if len(found) != self.size or (np.frombuffer(found, np.uint8) & self.mask).tobytes() != self.text:
            return None
        read = [np.ndarray((self.size - size + 1,), code, found, 0, (1,))[starts] for code, size, starts, _ in self.parts]
        if len(read) == 1:
            return read[0]
        numbers = np.empty(len(self.parts[0][3]))
        for (_, _, _, places), some in zip(self.parts, read, strict=True):
            numbers[places] = some
        return numbers
