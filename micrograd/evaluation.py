"""A function of some numbers, evaluated again and again with one of them moved: what numeric derivatives ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from micrograd.engine import Value
from micrograd.op import Op, number
from micrograd.ops import TABLE


class Evaluation:
    """One real function: its inputs' names and starting numbers, and its value with input i moved, in floats or otherwise."""

    names: list[str]
    start: list[float]

    def at(self, i: int, x: float) -> float:
        """The value with input i set to x."""
        raise TypeError(f"{type(self).__name__} does not say how it is evaluated")

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        """The same in the arithmetic `m` (complex numbers, or mpmath): x and the result are numbers of it."""
        raise TypeError(f"{type(self).__name__} can be evaluated in floats alone")


class GraphEvaluation(Evaluation):
    """The recorded graph below `root`, as a function of some of its leaves."""

    def __init__(self, root: Value, leaves: Sequence[Value]) -> None:
        self.nodes = root.topological()
        self.leaves, self.start = list(leaves), [v.data for v in leaves]
        here = {id(v) for v in self.nodes}
        self._ops = {id(v): _known(v) for v in self.nodes if v.op is not None}
        for v in leaves:
            if v.op is not None or id(v) not in here:
                raise ValueError(f"{v!r} is not a leaf of this graph")
        table: dict[str, int] = {}
        self.names = []
        for n, v in enumerate(leaves):
            name = v.label or f"leaf {n} = {v.data:.6g}"
            table[name] = table.get(name, 0) + 1
            self.names.append(name if table[name] == 1 else f"{name} ({table[name]})")
        self._users: dict[int, list[Value]] = {}

    def at(self, i: int, x: float) -> float:
        return float(self._run(i, x, lambda op, xs: op.forward(*xs, *op.params), lambda c: c))

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        from micrograd.exact import evaluate

        return self._run(i, x, lambda op, xs: evaluate(op, m, xs), m.mpf)

    def _run(self, i: int, x: Any, apply: Callable[[Any, list[Any]], Any], constant: Callable[[float], Any]) -> Any:
        """Only the nodes that depend on the moved leaf are evaluated; the others keep their numbers."""
        moved: dict[int, Any] = {id(self.leaves[i]): x}
        for v in self._depending(i):
            moved[id(v)] = apply(self._ops[id(v)], [moved[id(a)] if id(a) in moved else constant(a.data) for a in v.args])
        return moved.get(id(self.nodes[-1]), constant(self.nodes[-1].data))

    def _depending(self, i: int) -> list[Value]:
        if i not in self._users:
            reached = {id(self.leaves[i])}
            self._users[i] = [
                v for v in self.nodes if any(id(a) in reached for a in v.args) and (reached.add(id(v)) or True)  # type: ignore[func-returns-value]
            ]
        return self._users[i]


def _known(v: Value) -> Op:
    """The op that computed v; for a node made by hand, the row that its `_op` names and its data bear out."""
    assert v.op is not None
    if hasattr(v.op, "forward"):
        return v.op
    xs, symbol = [a.data for a in v.args], v._op
    rows = [op for op in TABLE.values() if symbol in (op.name, op.symbol) and op.arity == len(xs) and not op.constants]
    if symbol.startswith("**") and len(xs) == 1:
        with suppress(ValueError):
            rows.append(TABLE["power"].bind(float(symbol[2:])))
    for op in rows:
        if abs(op.forward(*xs, *op.params) - v.data) <= 1e-9 * abs(v.data):
            return op
    raise TypeError(
        f"what {symbol!r} computes is not known: {v!r} was made by hand, and only its _backward was given; "
        "check the function that makes it with gradcheck(fn, inputs)"
    )


class Slots:
    """The inputs of a call `fn(*inputs)` as one flat list of named numbers, and the calls with them changed."""

    def __init__(self, fn: Callable[..., Any], inputs: Any, plain: bool = False) -> None:
        self.fn, self.plain = fn, plain
        self.inputs = tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)
        self.names: list[str] = []
        self.start: list[float] = []
        self.held: list[Value | None] = []  # the Value that is moved in place; None: a number, passed as a new Value
        names = _argument_names(fn, len(self.inputs))
        for name, x in zip(names, self.inputs, strict=True):
            self._enter(name, x)
        if not self.start:
            raise TypeError("there is nothing to check: the inputs hold no numbers")
        self.leaves: list[Value] = []

    def _enter(self, name: str, x: Any) -> None:
        if isinstance(x, Value):
            self._add(x.label or name, x.data, x)
        elif hasattr(x, "named_parameters"):
            for inner, p in x.named_parameters():
                self._add(f"{name}.{inner}", p.data, p)
        elif isinstance(x, (list, tuple)):
            for i, inside in enumerate(x):
                self._enter(f"{name}[{i}]", inside)
        else:
            self._add(name, number(x), None)

    def _add(self, name: str, data: float, held: Value | None) -> None:
        self.names.append(name)
        self.start.append(data)
        self.held.append(held)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Data and gradients of the held Values are as before when this block ends."""
        before = [(v, v.data, v.grad) for v in self.held if v is not None]
        try:
            yield
        finally:
            for v, data, gradient in before:
                if v.data != data:
                    v.data = data
                v.grad = gradient

    def arguments(self, numbers: Sequence[Any], wrap: Callable[[Any], Any] = lambda x: x) -> list[Any]:
        """The inputs with these numbers in their places, each number wrapped; held Values are set."""
        todo = iter(numbers)

        def build(x: Any) -> Any:
            if isinstance(x, Value):
                x.data = next(todo)
                return x
            if hasattr(x, "named_parameters"):
                for _, p in x.named_parameters():
                    p.data = next(todo)
                return x
            if isinstance(x, (list, tuple)):
                return type(x)(build(inside) for inside in x) if type(x) in (list, tuple) else [build(inside) for inside in x]
            return wrap(next(todo))

        return [build(x) for x in self.inputs]

    def outputs(self, numbers: Sequence[float]) -> list[Any]:
        """fn at these numbers, its results in a list; `leaves` are then the Values that stand for the numbers."""
        made: list[Value] = []

        def wrap(x: float) -> Any:
            if self.plain:
                return x
            made.append(Value(x))
            return made[-1]

        arguments = self.arguments(numbers, wrap)
        new = iter(made)
        self.leaves = [v if v is not None else next(new) for v in self.held] if not self.plain else []
        return _listed(self.fn(*arguments), self.plain)

    def flattened(self, found: Any) -> list[float]:
        """A gradient in the shape of the inputs as one flat list of floats."""

        def walk(x: Any) -> Iterator[float]:
            if isinstance(x, (list, tuple)) or (hasattr(x, "__iter__") and not isinstance(x, Value)):
                for inside in x:
                    yield from walk(inside)
            else:
                yield x.data if isinstance(x, Value) else float(x)

        flat = list(walk(found))
        if len(flat) != len(self.start):
            raise ValueError(f"gradient() gave {len(flat)} numbers for {len(self.start)} inputs")
        return flat

    def evaluation(self, output: int) -> Evaluation:
        """One output as a function of the inputs."""
        return _SlotEvaluation(self, output)


class _SlotEvaluation(Evaluation):
    def __init__(self, slots: Slots, output: int) -> None:
        self.slots, self.output = slots, output
        several = len(slots.outputs(slots.start)) > 1
        self.names = [f"{name} → [{output}]" for name in slots.names] if several else slots.names
        self.start = slots.start

    def _moved(self, i: int, x: Any) -> list[Any]:
        return [*self.start[:i], x, *self.start[i + 1 :]]

    def at(self, i: int, x: float) -> float:
        out = self.slots.outputs(self._moved(i, x))[self.output]
        return out.data if isinstance(out, Value) else float(out)

    def complex_at(self, i: int, x: Any, m: Any) -> Any:
        from micrograd.exact import Exact

        if self.slots.plain or any(v is not None for v in self.slots.held):
            raise TypeError("only functions of new Values can be run in another arithmetic")
        wrapped = [Exact(x if j == i else m.mpf(s), m) for j, s in enumerate(self.start)]
        results = self.slots.fn(*self.slots.arguments(wrapped))
        out = (list(results) if isinstance(results, (list, tuple)) else [results])[self.output]
        return out.x if isinstance(out, Exact) else m.mpf(float(out))


def _listed(result: Any, plain: bool) -> list[Any]:
    found = list(result) if isinstance(result, (list, tuple)) else [result]
    return [x if isinstance(x, Value) or plain else Value(x) for x in found]


def _argument_names(fn: Any, count: int) -> list[str]:
    """The names of fn's parameters, as far as they can be known."""
    import inspect

    try:
        known = [p.name for p in inspect.signature(fn).parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    except (TypeError, ValueError):
        known = []
    return [known[i] if i < len(known) else f"input {i}" for i in range(count)]
