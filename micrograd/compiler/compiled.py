"""What `compile` gives: the loss as a function that runs a program, its gradients, and the training loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micrograd import modes
from micrograd.compiler import backends, collector, inputs, trace
from micrograd.compiler.ir import Program
from micrograd.compiler.lowering import lowered
from micrograd.compiler.numpy_gate import np
from micrograd.engine import Value, _clock


class Plan:
    """One program: for one structure of the arguments."""

    def __init__(self, program: Program, traced: trace.Trace, shapes: tuple[Any, ...]) -> None:
        self.program, self.traced, self.shapes = program, traced, shapes
        self.machines: dict[tuple[str, int, bool], Any] = {}
        flat = [v for block in traced.inputs for v in block]
        self.integers = np.array([i for i, v in enumerate(flat) if v in traced.limits], dtype=np.int64)
        self.limits = np.array([traced.limits[flat[i]] for i in self.integers])

    def machine(self, backend: str, samples: int, in_tiles: bool) -> Any:
        """The pools and bound instructions for this many samples, made when first needed (the latest sizes are kept)."""
        key = backend, samples, in_tiles
        if key not in self.machines:
            if len(self.machines) > 4:
                self.machines.pop(next(iter(self.machines)))
            self.machines[key] = backends.machine(self.program, *key)
        return self.machines[key]

    def feed(self, machine: Any, numbers: Any) -> None:
        """Set the inputs, and draw what is drawn afresh at every run."""
        if len(self.integers):
            found = numbers[self.integers]
            limits = self.limits if found.ndim == 1 else self.limits[:, None]
            if (found != np.floor(found)).any() or (found < 0).any() or (found >= limits).any():
                bad = found[(found != np.floor(found)) | (found < 0) | (found >= limits)][0]
                raise IndexError(f"an index among the inputs is {bad:g}, outside 0 … {int(self.limits.min()) - 1}")
        machine.inputs[self.program.inputs] = numbers
        if self.traced.draws:  # sample by sample, as the eager engine draws
            draws = [draw for _, draw in self.traced.draws]
            found = np.array([[draw() for draw in draws] for _ in range(machine.samples)]).T
            machine.inputs[self.program.draws] = found if self.program.batch else found[:, 0]

    def load(self, machine: Any) -> None:
        """Take the numbers of the parameters and buffers from their Values."""
        machine.params[:] = [p._data for p in self.traced.params]
        self.load_buffers(machine)

    def load_buffers(self, machine: Any) -> None:
        """Take the numbers of the buffers from their Values."""
        for (buffer, _), (place, _) in zip(self.traced.assigns, self.program.assigns, strict=True):
            machine.values[0][place] = buffer._data

    def store(self, machine: Any) -> None:
        """Write the parameters and buffers back to their Values: what their `data` setters do, a hundred thousand at a time."""
        for p, x in zip(self.traced.params, machine.params.tolist(), strict=True):
            p._data = x
            p._born = _clock()
        modes.state.last_change = _clock()
        self.keep(machine)

    def advance(self, machine: Any) -> None:
        """What the loss assigned to buffers, for the next run."""
        for place, new in self.program.assigns:
            machine.values[0][place] = machine.values[0][new]

    def keep(self, machine: Any) -> None:
        """Write the buffers back to their Values."""
        for (buffer, _), (place, _) in zip(self.traced.assigns, self.program.assigns, strict=True):
            buffer.data = float(machine.values[0][place])


class Compiled:
    """A loss that runs as a tensor program. Made by `micrograd.compile` and `micrograd.lower`.

    Calling it gives the loss as a float (or a tuple, where the loss returns one). A new structure of arguments is traced when
    it is first seen. Keyword arguments are part of the structure.
    """

    def __init__(
        self, loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
        input_grads: bool = False,
    ) -> None:  # fmt: skip
        self.loss, self.batch, self.exact, self.input_grads = loss, batch, exact, input_grads
        self.params = None if params is None else listed(params)
        self.backend = "numpy" if exact and backend in ("auto", "interpreter", "numba") else backends.named(backend)
        self._plans: dict[Any, Plan] = {}
        self._latest: tuple[Plan, Any] | None = None
        self.__name__ = getattr(loss, "__name__", type(loss).__name__)
        self.__doc__ = getattr(loss, "__doc__", None)

    # --- running -----------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **static: Any) -> Any:
        """The loss at these inputs and the present parameters."""
        plan, machine = self._ready(args, static)
        machine.forward()
        self._done(plan, machine)
        return self._answer(plan, machine)

    def value_and_grad(self, *args: Any, **static: Any) -> tuple[Any, ...]:
        """(loss, array of the gradients by the parameters, in order); with input_grads=True also by each argument, nested so."""
        plan, machine = self._ready(args, static)
        machine.run()
        self._done(plan, machine)
        found = self._answer(plan, machine), machine.gradient.copy()
        if not self.input_grads:
            return found
        pool = machine.grads[plan.program.batch]
        numbers = pool[plan.program.inputs]
        if plan.program.batch:
            flat = [iter(row.tolist()) for row in numbers.T]
            return (*found, [tuple(inputs.nested(s, f) for s in plan.shapes) for f in flat])
        one = iter(numbers.tolist())
        return (*found, tuple(inputs.nested(s, one) for s in plan.shapes))

    def backward(self, *args: Any, **static: Any) -> Any:
        """The loss; its gradients are added to the `.grad` of the parameters, as `root.backward()` does."""
        value, grads, *_ = self.value_and_grad(*args, **static)
        assert self._latest is not None
        for p, g in zip(self._latest[0].traced.params, grads.tolist(), strict=True):
            p.grad = p.grad + g
        return value

    def grad_of(self, node: Value | str) -> Any:
        """∂loss/∂node in the latest run with gradients, for a node of the traced graph or the label of one.

        An array over the samples where it depends on the batch. KeyError for a node that the program does not have.
        """
        return self._look(node, "grads")

    def value_of(self, node: Value | str) -> Any:
        """The number of a node in the latest run. KeyError for a node that was fused into a sum (ask for the sum)."""
        return self._look(node, "values")

    def graph(self, *args: Any, **static: Any) -> Value:
        """The scalar graph of the loss at these inputs, by the eager engine, with its gradients: for pictures and the stepper."""
        if not self.batch:
            result = self.loss(*args, **static)
            root = result[0] if isinstance(result, (tuple, list)) else result
        else:
            roots = [self.loss(*sample, **static) for sample in zip(*args, strict=True)]
            root = sum(r[0] if isinstance(r, (tuple, list)) else r for r in roots) * (1.0 / len(roots))
        root.backward()
        return root  # type: ignore[no-any-return]

    def check(self, *args: Any, **static: Any) -> None:
        """Run the loss once more and raise TraceError where it is no longer what the program does, naming the line.

        What can have changed: what it reads from outside, such as a number or a setting that the program holds as a constant.
        """
        from micrograd.compiler.anomaly import compare

        plan, numbers = self.plan(args, static)
        with modes.record_source():
            again = self._traced(plan.shapes, numbers[:, 0] if self.batch else numbers, static)
        compare(plan, again)

    def train(self, optimizer: Any, data: Any = (), steps: int | None = None, on_step: Any = None, **options: Any) -> list[float]:
        """Train with `optimizer` (see `micrograd.compiler.train.train` for every option); gives the loss of each step."""
        from micrograd.compiler.train import train

        return train(self, optimizer, data, steps, on_step, **options)

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def program(self) -> Program:
        """The program of the latest structure of arguments. Prints as tensor operations, and `viz.draw` draws it."""
        if self._latest is None:
            self._ready((), {})
        assert self._latest is not None
        return self._latest[0].program

    @property
    def passes(self) -> str:
        """What each pass of the compiler did to make the program, a line each."""
        return "\n".join(self.program.passes)

    @property
    def source(self) -> str:
        """The code that the specialised tier runs for the program."""
        return backends.source(self.program)

    def __repr__(self) -> str:
        known = f"{len(self._plans)} structure(s) traced" if self._plans else "not traced yet"
        return f"<compiled {self.__name__}, {self.backend}, {known}>"

    # --- inside ------------------------------------------------------------------------------------------------------

    def plan(self, args: Sequence[Any], static: dict[str, Any]) -> tuple[Plan, Any]:
        """The program for these arguments, traced if it is not known, and their numbers as an array."""
        if self.batch:
            shapes, numbers = inputs.samples(args)
        else:
            flat: list[float] = []
            shapes = tuple([inputs.structure(a, flat) for a in args])
            numbers = np.array(flat)
        key = shapes, tuple(sorted(static.items())) if static else ()
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._traced(shapes, numbers[:, 0] if self.batch else numbers, static)
        return plan, numbers

    def _traced(self, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any]) -> Plan:
        born = Value(0.0)._born
        traced = trace.Trace(self.params or [], batch=self.batch, exact=self.exact)
        flat = iter(numbers.tolist())
        args = []
        for shape in shapes:
            made: list[Value] = []
            args.append(inputs.leaves(shape, flat, made))
            traced.inputs.append(made)
        with collector.paused():
            trace.run(traced, self.loss, args, static)
            if self.params is None:
                traced.params = trace.old_leaves(traced, born)
            return Plan(lowered(traced, self.exact, self.input_grads), traced, shapes)

    def _ready(self, args: Sequence[Any], static: dict[str, Any]) -> tuple[Plan, Any]:
        plan, numbers = self.plan(args, static)
        machine = self._machine(plan, numbers)
        plan.load(machine)
        plan.feed(machine, numbers)
        self._latest = plan, machine
        return plan, machine

    def _machine(self, plan: Plan, numbers: Any) -> Any:
        """For these inputs; in tiles, unless every number will be asked for."""
        in_tiles = self.batch and not self.input_grads and not modes.here().anomaly
        return plan.machine(self.backend, numbers.shape[1] if self.batch else 1, in_tiles)

    def _done(self, plan: Plan, machine: Any) -> None:
        if plan.program.assigns:
            plan.advance(machine)
            plan.keep(machine)
        if modes.here().anomaly:
            from micrograd.compiler.anomaly import check

            check(plan, machine)

    @staticmethod
    def _answer(plan: Plan, machine: Any) -> Any:
        found = machine.outputs()
        return found[0] if plan.traced.single else tuple(found)

    def _look(self, node: Value | str, what: str) -> Any:
        from micrograd.compiler.anomaly import place_of

        if self._latest is None:
            raise KeyError("nothing has run yet")
        plan, machine = self._latest
        batch, place = place_of(plan, node, what)
        found = getattr(machine.all(), what)[batch][place]
        return found.copy() if batch else float(found)


def listed(params: Any) -> list[Value]:
    """Parameters of a module, of a dict or of nested lists, each once, in order."""
    if hasattr(params, "parameters"):
        params = params.parameters()
    found: dict[int, Value] = {}
    stack: list[Any] = [params]
    while stack:
        x = stack.pop()
        if isinstance(x, Value):
            if x.op is not None:
                raise TypeError(f"a parameter must be a leaf, but {x!r} was computed by {x._op!r}")
            found.setdefault(id(x), x)
        elif isinstance(x, dict):
            stack.extend(reversed(list(x.values())))
        elif isinstance(x, Iterable) and not isinstance(x, str):
            stack.extend(reversed(list(x)))
        else:
            raise TypeError(f"params are Values (or a module, or lists and dicts of them), not {type(x).__name__}: {x!r:.80}")
    return list(found.values())
