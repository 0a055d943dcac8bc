"""What `compile` gives: the loss as a function that runs a program, its gradients, and the training loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from micrograd import given, modes
from micrograd.compiler.machine import Runs
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.passes.lowering import after, lowered
from micrograd.compiler.plan import Plan
from micrograd.compiler.plans import refuse_hooks
from micrograd.compiler.program.ir import Program
from micrograd.compiler.provenance import check, place_of
from micrograd.compiler.retraced import Retraced
from micrograd.compiler.tiers import choose
from micrograd.compiler.tracing import arguments
from micrograd.compiler.tracing.reading import Reader
from micrograd.compiler.tracing.trace import Trace
from micrograd.compiler.training import session
from micrograd.engine import Value

Answer = TypeVar("Answer")  # what a call gives: float, or a tuple where the loss returns one


class Compiled(Retraced, Generic[Answer]):
    """A loss that runs as a tensor program. Made by `micrograd.compile` and `micrograd.lower`.

    Calling it gives the loss as a float (or a tuple, where the loss returns one). A new structure of arguments is traced when
    it is first seen, and again after what the loss reads from outside has changed (see `micrograd.compile`). Keyword arguments are
    part of the structure. Threads take turns.
    """

    def __init__(
        self, loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
        input_grads: bool = False, threads: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(loss, params, batch=batch, exact=exact, input_grads=input_grads)
        self.backend = "numpy" if exact and backend in ("auto", "interpreter", "numba", "c") else choose.named(backend)
        self.threads = None if threads is None else given.whole("threads", threads, 1)
        self._reader = Reader()
        self._latest: tuple[Plan, Runs] | None = None
        self._session: Any = None  # a training run that is going on

    # --- running -----------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **static: Any) -> Answer:
        """The loss at these inputs and the present parameters; with batch=True its mean over the samples (see `each`)."""
        with self._lock:
            plan, machine = self._ready(args, static)
            machine.forward()
            self._done(plan, machine)
            answer: Answer = self._answer(plan, machine)
            return answer

    def each(self, *args: Any, **static: Any) -> Any:
        """With batch=True: what the loss (or a model) returns for each sample, where a call gives the mean over them.

        An array with a number a sample; with a row a sample, where a list is returned; a tuple of arrays, where a tuple is.

        >>> import micrograd
        >>> w = micrograd.Value(2.0)
        >>> predict = micrograd.compile(lambda x: [w * x, -x], [w], batch=True)
        >>> predict.each([1.0, 3.0]).tolist()
        [[2.0, -1.0], [6.0, -3.0]]
        """
        if not self.batch:
            raise ValueError("each() needs batch=True: without it a call gives what the loss returns for its one set of arguments")
        with self._lock:
            plan, machine = self._ready(args, static, whole=True)
            machine.forward()
            self._done(plan, machine)
            columns = []
            for place in plan.program.outputs:
                if not isinstance(place, tuple):
                    columns.append(np.array([place] * machine.samples))
                else:
                    batch, address = place
                    column = machine.values[batch][address]
                    columns.append(column.copy() if batch else np.full(machine.samples, column))
        if plan.traced.single:
            return columns[0]
        return np.stack(columns, axis=1) if plan.traced.row else tuple(columns)

    def value_and_grad(self, *args: Any, **static: Any) -> tuple[Any, ...]:
        """(loss, array of the gradients by the parameters, in order); with input_grads=True also by each argument, nested so."""
        with self._lock:
            plan, machine = self._ready(args, static)
            if modes.hooks:
                refuse_hooks(plan)
            machine.run()
            self._done(plan, machine)
            found = self._answer(plan, machine), machine.gradient + 0.0  # a copy with no -0.0: the engine adds to 0.0
            if not self.input_grads:
                return found
            pool = machine.all().grads[plan.program.batch]
            numbers = pool[plan.program.inputs] + 0.0
        if plan.program.batch:
            flat = [iter(row.tolist()) for row in numbers.T]
            return (*found, [tuple(arguments.nested(s, f) for s in plan.shapes) for f in flat])
        one = iter(numbers.tolist())
        return (*found, tuple(arguments.nested(s, one) for s in plan.shapes))

    def grad_of(self, node: Value | str) -> Any:
        """∂loss/∂node in the latest run with gradients, for a node of the traced graph or the label of one.

        An array over the samples where it depends on the batch. KeyError for a node that the program does not have.
        """
        return self._look(node, "grads")

    def value_of(self, node: Value | str) -> Any:
        """The number of a node in the latest run. KeyError for a node that was fused into a sum (ask for the sum)."""
        return self._look(node, "values")

    def train(self, optimizer: Any, data: Any = (), steps: int | None = None, on_step: Any = None, **options: Any) -> list[float]:
        """Train with `optimizer` (see `micrograd.compiler.training.session.train` for every option); gives the loss of each step."""
        return session.train(self, optimizer, data, steps, on_step, **options)

    # --- what it is --------------------------------------------------------------------------------------------------

    @property
    def program(self) -> Program:
        """The program of the latest structure of arguments. Prints as tensor operations, and `viz.draw(step)` draws it."""
        if self._latest is None:
            self._ready((), {})
        assert self._latest is not None
        return self._latest[0].program

    def __viz_graph__(self) -> Any:
        return self.program.__viz_graph__()

    @property
    def latest(self) -> Plan | None:
        """What ran last: another plan where the structure of the arguments, or what the loss reads, is another."""
        return None if self._latest is None else self._latest[0]

    @property
    def machine(self) -> Runs:
        """What ran the program last. Prints; where it is the interpreter, as its table of instructions."""
        if self._latest is None:
            self._ready((), {})
        if self._session is not None:
            self._session.catch_up()
        assert self._latest is not None
        return self._latest[1]

    @property
    def passes(self) -> str:
        """What each pass of the compiler did to make the program, a line each."""
        return "\n".join(self.program.passes)

    def after(self, name: str) -> Any:
        """What a pass of the compiler gives for the program that ran last: it prints. The passes: `micrograd.compiler.passes.PASSES`.

        >>> from micrograd import Value, compile
        >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
        >>> step = compile(lambda: (a * b + a).relu(), [a, b])
        >>> print(step.after("fuse"))
        1 results became terms of others: 2 units in 2 levels
            1  v2 = a · b + a
            2  v3 = max(0, v2)
        """
        if self._latest is None:
            self._ready((), {})
        assert self._latest is not None
        return after(self._latest[0].program.places[0], name)

    @property
    def source(self) -> str:
        """The code that the specialised tier runs for the program."""
        return choose.code(self.program, self.backend, self.machine.samples)

    def __repr__(self) -> str:
        known = f"{len(self._plans)} structure(s) traced" if self._plans else "not traced yet"
        return f"<compiled {self.__name__}, {self.backend}, {known}>"

    # --- inside ------------------------------------------------------------------------------------------------------

    def _made(self, traced: Trace, shapes: tuple[Any, ...], guards: Guards) -> Plan:
        return Plan(lowered(traced), traced, shapes, guards)

    def _read(self, args: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        read = self._reader.samples if self.batch else self._reader.numbers
        return read(args, self._ids)

    def _of_one(self, numbers: Any) -> Any:
        first = [x[:1] for x in numbers] if self.batch else numbers
        return np.concatenate(first, axis=None, dtype=np.float64) if first else np.zeros(0)

    def _ready(self, args: Sequence[Any], static: dict[str, Any], whole: bool = False) -> tuple[Plan, Runs]:
        plan, numbers = self.plan(args, static)
        if self._session is not None:
            self._session.interrupt()
        machine = self._machine(plan, self._samples(numbers), whole)
        plan.load(machine)
        plan.feed(machine, numbers)
        self._latest = plan, machine
        return plan, machine

    def _samples(self, numbers: Sequence[Any]) -> int:
        return len(numbers[0]) if self.batch and numbers else 1

    def _machine(self, plan: Plan, samples: int, whole: bool = False) -> Runs:
        """For so many samples; in tiles, unless every number will be asked for."""
        in_tiles = self.batch and not (whole or self.input_grads or modes.here().anomaly)
        return plan.machine(self.backend, samples, in_tiles, self.threads)

    def _done(self, plan: Plan, machine: Runs) -> None:
        if plan.program.assigns:
            plan.advance(machine)
            plan.keep(machine)
        if modes.here().anomaly:
            check(plan, machine)

    @staticmethod
    def _answer(plan: Plan, machine: Runs) -> Any:
        return machine.loss() if plan.traced.single else tuple(machine.outputs())

    def _look(self, node: Value | str, what: str) -> Any:
        if self._session is not None:
            self._session.catch_up()
        if self._latest is None:
            raise KeyError("nothing has run yet")
        plan, machine = self._latest
        batch, place = place_of(plan, node, what)
        found = getattr(machine.all(), what)[batch][place]
        found = found + 0.0 if what == "grads" else found
        return found.copy() if batch else float(found)
