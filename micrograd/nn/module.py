"""`Module`: what every layer is. A layer holds parameters (leaf Values) in its attributes and is called on its inputs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.habits import said_of
from micrograd.interrupts import wholly
from micrograd.scopes import Scope, current, enter, leave

_new = object.__new__
Hook = Callable[["Module", tuple[Any, ...], Any], Any]


class Module:
    """The base of all layers: write `__init__`, which sets attributes, and `__call__` (or, as in PyTorch, `forward`).

    Parameters are the leaf Values among the attributes, also inside lists, tuples, dicts and other modules, in the order
    of assignment; a shared one counts once, under its first name. Attributes whose names begin with an underscore are not
    looked at. Names in `buffers` are attributes that are saved but not trained (running statistics).

    Each call of a module opens a scope, so that pictures draw it as a cluster.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data, list(line.state_dict())
    (7.0, ['slope', 'offset'])
    """

    training = True
    buffers: tuple[str, ...] = ()
    _hooks: tuple[Hook, ...] = ()

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        call = cls.__dict__.get("__call__") or cls.__dict__.get("forward")
        if call is not None:
            cls.__call__ = _in_scope(call)  # type: ignore[method-assign]

    # --- what it holds -----------------------------------------------------------------------------------------------

    def parameters(self) -> list[Value]:
        """All parameters, in order."""
        return [p for _, p in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """(dotted name, parameter), such as ("layers.0.neurons.3.w.1", Value)."""
        return ((name, v) for name, v, is_buffer in _leaves(self) if not is_buffer)

    def named_buffers(self) -> Iterator[tuple[str, Value]]:
        """(dotted name, buffer): what is saved but not trained."""
        return ((name, v) for name, v, is_buffer in _leaves(self) if is_buffer)

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """(dotted name, module): itself first under the name "", then every module inside, outer before inner."""
        return _modules("", self, set())

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for p in self.parameters():
            p.grad = 0

    # --- how it behaves ----------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Module:
        """Switch to training, itself and every module inside: dropout drops, batch norm uses the batch."""
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self) -> Module:
        """Switch to evaluation."""
        return self.train(False)

    def freeze(self, frozen: bool = True) -> Module:
        """Optimizers leave the parameters of this module as they are, until `freeze(False)`."""
        for p in self.parameters():
            p.__dict__["frozen"] = frozen
        return self

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(module, inputs, output)` after every call; what it returns, if not None, replaces the output.

        Returns a function that removes the hook.
        """
        self._hooks = (*self._hooks, hook)

        def remove() -> None:
            self._hooks = tuple(h for h in self._hooks if h is not hook)

        return remove

    # --- its state ---------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, float]:
        """Every parameter and buffer: dotted name → number."""
        return {name: v.data for name, v, _ in _leaves(self)}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter and buffer; where names do not fit, KeyError says which, and nothing is changed."""
        leaves = {name: v for name, v, _ in _leaves(self)}
        missing = [name for name in leaves if name not in state]
        unexpected = [name for name in state if name not in leaves]
        if missing or unexpected:
            raise KeyError(f"the state does not fit this {type(self).__name__}: " + "; ".join(
                f"{what} {_some(names)}" for what, names in (("missing", missing), ("unexpected", unexpected)) if names
            ))  # fmt: skip
        numbers = {}
        for name in leaves:
            try:
                numbers[name] = Value(state[name]).data
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from None

        def commit() -> None:
            for name, v in leaves.items():
                v.data = numbers[name]

        wholly(commit)

    def save(self, path: Any) -> None:
        """Write the state to a file, whole or not at all: JSON with exact floats, or, named `.safetensors`, by that package."""
        from micrograd.nn.files import save

        save(self.state_dict(), path)

    def load(self, path: Any) -> Module:
        """Read the state from a file that `save` wrote, and return the module. Raises as `load_state_dict`."""
        from micrograd.nn.files import load

        self.load_state_dict(load(path, list(self.state_dict())))
        return self

    def summary(self, *inputs: Any) -> str:
        """A table of modules, parameter shapes and counts; given example inputs, also the shape of each output."""
        from micrograd.nn.summary import summary

        return summary(self, inputs)

    def __repr__(self) -> str:
        from micrograd.nn.summary import describe

        return describe(self)


said_of(Module)


def _in_scope(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call` within a scope of its module, hooks after it; by hand rather than by `with scope(...)`, for speed."""

    @functools.wraps(call)
    def __call__(self: Module, *args: Any, **kwargs: Any) -> Any:
        outer = current()
        if outer is not None and outer.module is self:  # a subclass called super().__call__
            return call(self, *args, **kwargs)
        inner = _new(Scope)
        inner.title, inner.parent, inner.module, inner.over = "", outer, self, False
        enter(inner)
        try:
            out = call(self, *args, **kwargs)
        finally:
            leave(inner)
        return _after(self, args, out) if self._hooks else out

    return __call__


def _after(module: Module, args: tuple[Any, ...], out: Any) -> Any:
    for hook in module._hooks:
        replaced = hook(module, args, out)
        if replaced is not None:
            out = replaced
    return out


def _items(x: Any) -> Iterator[tuple[str, Any]]:
    """The named parts of a module or container."""
    if isinstance(x, Module):
        for key, item in vars(x).items():
            if not key.startswith("_"):
                yield key, item
    elif isinstance(x, (list, tuple)):
        for i, item in enumerate(x):
            yield str(i), item
    elif isinstance(x, dict):
        for key, item in x.items():
            yield str(key), item


def _leaves(module: Module) -> Iterator[tuple[str, Value, bool]]:
    """(dotted name, leaf, whether it is a buffer), each leaf once."""
    return _found("", module, False, set())


def _found(name: str, x: Any, is_buffer: bool, seen: set[int]) -> Iterator[tuple[str, Value, bool]]:
    if isinstance(x, Value):
        if x.op is None and id(x) not in seen:
            seen.add(id(x))
            yield name, x, is_buffer
    else:
        named = x.buffers if isinstance(x, Module) else ()
        for key, item in _items(x):
            yield from _found(f"{name}.{key}" if name else key, item, is_buffer or key in named, seen)


def _modules(name: str, x: Any, seen: set[int]) -> Iterator[tuple[str, Module]]:
    if isinstance(x, Module):
        if id(x) in seen:
            return
        seen.add(id(x))
        yield name, x
    for key, item in _items(x):
        yield from _modules(f"{name}.{key}" if name else key, item, seen)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} … ({len(names)} in all)"
