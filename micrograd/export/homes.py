"""What the homes in Python have in common: the parameters as named tensors, the arguments, the forward program, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, cast

from micrograd.compiler.numpy_gate import np
from micrograd.compiler.program.instruction import Access
from micrograd.compiler.program.own_ops import row_of
from micrograd.compiler.program.rule import calls
from micrograd.compiler.tracing.arguments import nested
from micrograd.export.arrays import Arrays, Text, bare, literal
from micrograd.export.pools import Writer
from micrograd.export.taken import Taken
from micrograd.export.tensors import Tensors
from micrograd.export.views import Axes, addresses, blocks


class Block:
    """Some of the parameters as a tensor of their own. axes: extents and strides in the parameters; numbers: as they are now."""

    def __init__(self, name: str, base: int, axes: Axes, params: Any) -> None:
        self.name, self.base, self.axes = name, base, axes
        self.places = addresses(base, axes)
        self.numbers = params[self.places]


def parameters(taken: Taken) -> list[Block]:
    """The parameters as tensors: what the program reads as one, named weight1, bias1 and so on."""
    program = taken.program
    first = int(program.params[0]) if len(program.params) else 0
    if list(program.params) != list(range(first, first + len(program.params))):
        raise AssertionError("the parameters are not in one run of slots")
    found: list[tuple[Any, int, Axes]] = []
    scales: set[int] = set()  # what stands in a product
    for step in program.forward:
        for access in step.reads:
            if not isinstance(access, Access) or access.batch or access.index is not None or access.pool != "v":
                continue
            axes = tuple((n, s) for n, s in zip(step.shape, access.strides, strict=True) if s and n > 1)
            base = access.base - first
            if access.chosen is not None:
                jumps = np.asarray(access.jumps)
                if len(jumps) > 2 and len(set(np.diff(jumps).tolist())) > 1:
                    continue
                base += int(jumps[0])
                axes = (*(((len(jumps), int(jumps[1] - jumps[0])),) if len(jumps) > 1 else ()), *axes)
            where = addresses(base, axes)
            penalty = len({(r.base, r.strides) if isinstance(r, Access) else r for r in step.reads}) == 1  # p · p
            scales.update([] if penalty else where.ravel().tolist())
            if where.min() >= 0 and where.max() < len(program.params) and all(s > 0 for _, s in axes):
                found.append((where, base, axes))
    found.sort(key=lambda f: f[0].size == len(program.params) and len(f[2]) == 1)  # all in a row (a penalty): last
    params, counted = np.array(taken.params), dict[str, int]()
    made = []
    for base, axes in blocks(found, len(program.params)):
        stem = "weight" if len(axes) > 1 or base in scales else "bias"
        counted[stem] = counted.get(stem, 0) + 1
        made.append(Block(f"{stem}{counted[stem]}", base, axes, params))
    return made


class Argument:
    """An argument of the loss as a tensor. shape: of one sample; nested lists of one length each are its axes, else it is flat."""

    def __init__(self, name: str, shape: tuple[int, ...], numbers: Any) -> None:
        self.name, self.shape, self.numbers = name, shape, numbers


def arguments(taken: Taken) -> list[Argument]:
    """Those of the latest call, constants left out."""
    found: list[Argument] = []
    places = count()
    for shape in taken.plan.shapes:
        numbers = nested(shape, places)
        flat = list(_numbers(numbers))
        if flat:
            axes = _axes(numbers)
            regular = axes is not None and int(np.prod(axes, dtype=np.int64)) == len(flat)
            name = f"x{len(found) + 1}"
            found.append(Argument(name, axes if axes is not None and regular else (len(flat),), taken.inputs[:, flat[0] : flat[-1] + 1]))
    return found


def _numbers(x: Any) -> Iterator[int]:
    """The numbers in nested lists, in order."""
    if isinstance(x, (list, tuple, np.ndarray)):
        for part in x:
            yield from _numbers(part)
    elif x is not None:
        yield int(x)


def _axes(x: Any) -> tuple[int, ...] | None:
    """The axes of a regular nesting of numbers, None for another."""
    if not isinstance(x, (list, tuple, np.ndarray)):
        return None if x is None else ()
    parts = {_axes(part) for part in x}
    inner = parts.pop() if len(parts) == 1 else None
    return None if inner is None else (len(x), *inner)


class Written:
    """The forward program, written: the tensors, the blocks of parameters, the arguments, the loss and the other outputs."""

    def __init__(self, taken: Taken, writer: Writer, param: str, kind: type[Tensors] = Tensors) -> None:
        program = taken.program
        self.outputs = program.outputs
        self.blocks, self.arguments = parameters(taken), arguments(taken)
        self.tensors = kind(program, writer)
        writer.begin([a.name for a in self.arguments], program.batch)
        buffers = {int(at) for at, _ in program.assigns}
        self.tensors.constants = {at + k: x for at, xs in taken.numbers for k, x in enumerate(xs) if at + k not in buffers}
        first = int(program.params[0]) if len(program.params) else 0
        for block in self.blocks:
            self.tensors.hold("v", Text(param.format(block.name)), first + block.base, block.axes, False)
        at = 0
        for argument in self.arguments:
            size = argument.numbers.shape[1]
            self._hold(
                Text(argument.name), np.asarray(program.inputs[at : at + size], dtype=np.int64).reshape(argument.shape), program.batch
            )
            at += size
        self.buffers = [(f"buffer{k + 1}", int(at)) for k, (at, _) in enumerate(program.assigns)]
        self.numbers = {at + k: x for at, xs in taken.numbers for k, x in enumerate(xs)}
        for name, place in self.buffers:
            self.tensors.hold("v", Text(param.format(name)), place, (), False)
        self.tensors.write()

    def _hold(self, tensor: Text, places: Any, batch: bool) -> None:
        """An argument whose numbers lie at these places."""
        steps = [int(places.take(1, axis=a).flat[0] - places.flat[0]) if n > 1 else 0 for a, n in enumerate(places.shape)]
        axes = tuple(zip(places.shape, steps, strict=True))
        if not places.size:
            return
        base = int(places.flat[0])
        if all(s > 0 or n == 1 for n, s in axes) and (addresses(base, axes) == places).all():
            self.tensors.hold("v", tensor, base, axes, batch)
            return
        flat, order = places.ravel(), np.argsort(places, axis=None)
        for run in np.split(order, np.flatnonzero(np.diff(flat[order]) > 1) + 1):
            moves = [*([("reshape", (places.size,))] if places.ndim != 1 else []), ("gather", run)]
            part = self.tensors.writer.moved(tensor, moves, batch)
            self.tensors.hold("v", part, int(flat[run[0]]), ((len(run), 1),), batch)

    def initial(self, at: int) -> float:
        """What a slot that nothing computes holds now."""
        return self.numbers[at]

    def results(self) -> list[str]:
        """As source: the loss (of a batch the mean), and where there are others these as one tensor."""
        loss, writer = self.slot("v", self.outputs[0]), cast(Arrays, self.tensors.writer)
        mean = not isinstance(loss, float) and self.outputs[0][0]
        text = literal(loss) if isinstance(loss, float) else writer.mean(loss, len(self.outputs) == 1) if mean else bare(loss)
        return [text, *([bare(self.slots("v", self.outputs[1:]))] if len(self.outputs) > 1 else [])]

    def slots(self, pool: str, places: Sequence[tuple[bool, int]]) -> Any:
        """The numbers at these places as one tensor; those of a batch, if any is."""
        batch = any(b for b, _ in places)
        where = np.array([at for _, at in places], dtype=np.int64)
        if all(b == batch for b, _ in places):
            step = int(where[1] - where[0]) if len(where) > 1 else 1
            regular = step > 0 and (where == where[0] + step * np.arange(len(where))).all()
            return self.tensors.at(pool, batch, where, int(where[0]), ((len(where), step),) if regular else None)
        parts = [self.tensors.at(pool, b, np.array([at]), at, None) for b, at in places]
        full = [self.tensors.writer.full(x, (1,), True) if not b else x for x, (b, _) in zip(parts, places, strict=True)]
        return self.tensors.writer.joined(full, True)

    def slot(self, pool: str, place: tuple[bool, int]) -> Any:
        """The number at a place (of each sample)."""
        batch, at = place
        if not batch and at in self.tensors.constants:
            return self.tensors.constants[at]
        return self.tensors.at(pool, batch, np.array(at), at, ())


def refuse(taken: Taken, templates: Any, where: str) -> None:
    """ValueError for an op that only Python can compute."""
    found = sorted({row_of(op).name for step in taken.program.forward for op in calls(step.rule, templates).values()})
    if found:
        raise ValueError(f"{found[0]} is an op of your own whose forward is no formula: {where} cannot compute it. Give it a define=")


def comment(text: str) -> str:
    """A name where nothing in it can end a docstring."""
    return "".join(c if c.isprintable() and c not in '"\\' else " " for c in text)


def spelled(array: Any) -> str:
    """An array as Python's lists, places of equal distance as a range."""
    if array.dtype.kind == "i" and array.ndim == 1 and array.size > 4:
        steps = np.diff(array)
        if steps[0] and (steps == steps[0]).all():
            step = int(steps[0])
            return f"list(range({int(array[0])}, {int(array[-1]) + (1 if step > 0 else -1)}, {step}))"
    text = repr(array.tolist())
    return text.replace("nan", 'float("nan")').replace("inf", 'float("inf")')


def named_limits(text: str) -> list[str]:
    """The import of `inf` and `nan`, where a text has them by these names."""
    found = sorted(set(re.findall(r'(?<![.\w"])(inf|nan)\b(?!")', text)))
    return [f"from math import {', '.join(found)}", ""] if found else []
