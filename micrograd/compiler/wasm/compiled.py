"""What `compile` gives in a page without NumPy: the loss as WebAssembly, its gradients, and the training loop."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import modes
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.plans import refuse_hooks
from micrograd.compiler.retraced import Retraced
from micrograd.compiler.tracing import arguments
from micrograd.compiler.tracing.trace import Trace
from micrograd.compiler.wasm import session
from micrograd.compiler.wasm.plan import Machine, Plan
from micrograd.engine import Value

BACKENDS = ("auto", "numpy", "interpreter", "numba", "c", "reference", "wasm")
_NEED_NUMPY = ("program", "passes", "after", "source", "machine")


class Rows(list[Any]):
    """What `each` gives: a row for each sample, in a list."""

    def tolist(self) -> list[Any]:
        """The same as a plain list."""
        return [row.tolist() if isinstance(row, array) else row for row in self]


class InPage(Retraced):
    """A loss that runs as WebAssembly, made from its scalar graph. Used as `micrograd.compiler.compiled.Compiled` is.

    It has no tensor program: what shows one says so. Gradients come as an `array` of doubles. The numbers are the engine's, in its
    order of sums; of a batch the gradients are summed sample by sample.
    """

    def __init__(
        self, make: Callable[[str], Any], loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto",
        exact: bool = False, input_grads: bool = False, threads: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(loss, params, batch=batch, exact=exact, input_grads=input_grads)
        if backend not in BACKENDS:
            raise ValueError(f"no back end {backend!r}: here there is 'auto', which is WebAssembly")
        self.make, self.backend = make, "wasm"
        self._latest: tuple[Plan, Machine] | None = None
        self._session: Any = None  # a training run that is going on

    def __getattr__(self, name: str) -> Any:
        if name in _NEED_NUMPY:
            raise AttributeError(
                f".{name} shows the tensor program, which is made where NumPy is: here the scalar graph itself runs, as WebAssembly. "
                "Save the program as .py and run it with Python"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __call__(self, *args: Any, **static: Any) -> Any:
        """The loss at these inputs and the present parameters; with batch=True its mean over the samples."""
        with self._lock:
            plan, machine = self._ready(args, static)
            machine.run(False)
            return self._answer(plan, machine)

    def value_and_grad(self, *args: Any, **static: Any) -> tuple[Any, ...]:
        """(loss, array of the gradients by the parameters, in order); with input_grads=True also by each argument, nested so."""
        with self._lock:
            plan, machine = self._ready(args, static)
            if modes.hooks:
                refuse_hooks(plan)
            machine.run(True)
            found = self._answer(plan, machine), machine.gradients()
            if not self.input_grads:
                return found
            rows = [tuple(arguments.nested(s, flat) for s in plan.shapes) for flat in map(iter, machine.by_inputs())]
            return (*found, rows if self.batch else rows[0])

    def each(self, *args: Any, **static: Any) -> Any:
        """With batch=True: what the loss (or a model) returns for each sample: an array, rows, or a tuple of arrays."""
        if not self.batch:
            raise ValueError("each() needs batch=True: without it a call gives what the loss returns for its one set of arguments")
        with self._lock:
            plan, machine = self._ready(args, static)
            machine.run(False)
            n, outputs = len(plan.asked), plan.traced.outputs
        asked = iter(range(n))
        columns = [machine.found[next(asked) :: n] if isinstance(o, Value) else array("d", [o] * machine.samples) for o in outputs]
        if plan.traced.single:
            return columns[0]
        return Rows(map(list, zip(*columns, strict=True))) if plan.traced.row else tuple(columns)

    def value_of(self, node: Value | str) -> float:
        """The number of a node in the latest run. KeyError for a node that is not in the graph."""
        return self._look(node, "values")

    def grad_of(self, node: Value | str) -> float:
        """∂loss/∂node in the latest run with gradients, for a node of the traced graph or the label of one."""
        return self._look(node, "gradients")

    def train(self, optimizer: Any, data: Any = (), steps: int | None = None, on_step: Any = None, **options: Any) -> list[float]:
        """Train with `optimizer`, with the options of `micrograd.compiler.training.session.train`; gives the loss of each step."""
        return session.train(self, optimizer, data, steps, on_step, **options)

    @property
    def latest(self) -> Plan | None:
        """What ran last."""
        return None if self._latest is None else self._latest[0]

    def __repr__(self) -> str:
        known = f"{len(self._plans)} structure(s) traced" if self._plans else "not traced yet"
        return f"<compiled {self.__name__}, {self.backend}, {known}>"

    # --- inside ------------------------------------------------------------------------------------------------------

    def _made(self, traced: Trace, shapes: tuple[Any, ...], guards: Guards) -> Plan:
        return Plan(traced, shapes, guards, self.make)

    def _read(self, args: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        flat: list[float] = []
        if not self.batch:
            return tuple(arguments.structure(x, flat, params=self._ids) for x in args), array("d", flat)
        shapes, columns = arguments.samples(args, self._ids)
        for rows in zip(*columns, strict=True):
            for row in rows:
                flat.extend(row)
        return shapes, array("d", flat)

    def _of_one(self, numbers: Any) -> Any:
        return numbers

    def _ready(self, args: Sequence[Any], static: dict[str, Any]) -> tuple[Plan, Machine]:
        if self._session is not None:
            self._session.write_back()
        if modes.here().anomaly:
            raise TypeError("detect_anomaly looks at every number, which a compiled loss in this page does not: call the loss itself in it")
        plan, numbers = self.plan(args, static)
        machine = plan.machine()
        machine.load()
        machine.feed(numbers)
        self._latest = plan, machine
        return plan, machine

    def _answer(self, plan: Plan, machine: Machine) -> Any:
        return machine.loss() if plan.traced.single else tuple(machine.outputs())

    def _look(self, node: Value | str, what: str) -> float:
        if self._latest is None:
            raise KeyError("nothing has run yet")
        plan, machine = self._latest
        at = plan.graph.asked(node)
        if at < 0:
            raise KeyError(f"{node!r} is a constant")
        if plan.traced.batch:
            raise KeyError("of a batch each sample has its own number, which is not kept in this page: compile without batch=True")
        number = array("d", [0.0])
        machine.js.part(what, at, 1).assign_to(number)
        return number[0]
