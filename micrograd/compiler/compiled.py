"""What `compile` gives: the loss as a function that runs a program, its gradients, and the training loop."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from micrograd import given, modes
from micrograd.compiler import guarded
from micrograd.compiler.guarded import listed
from micrograd.compiler.machine import Runs
from micrograd.compiler.numpy_gate import np
from micrograd.compiler.passes.lowering import after
from micrograd.compiler.plan import Plan, Plans, refuse_hooks
from micrograd.compiler.program.ir import Program
from micrograd.compiler.provenance import check, compare, place_of
from micrograd.compiler.tiers import choose
from micrograd.compiler.tracing import arguments
from micrograd.compiler.tracing.reading import Reader
from micrograd.compiler.tracing.refusal import TraceError, line, tracing
from micrograd.compiler.training import session
from micrograd.engine import Value

Answer = TypeVar("Answer")  # what a call gives: float, or a tuple where the loss returns one


class Compiled(Generic[Answer]):
    """A loss that runs as a tensor program. Made by `micrograd.compile` and `micrograd.lower`.

    Calling it gives the loss as a float (or a tuple, where the loss returns one). A new structure of arguments is traced when
    it is first seen, and again after what the loss reads from outside has changed (see `micrograd.compile`). Keyword arguments are
    part of the structure. Threads take turns.
    """

    def __init__(
        self, loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
        input_grads: bool = False, threads: int | None = None,
    ) -> None:  # fmt: skip
        if not callable(loss):
            graph = ": an existing graph is compiled by micrograd.lower" if isinstance(loss, Value) else ""
            raise TypeError(f"compile takes the loss as a function, not {type(loss).__name__}: {loss!r:.80}{graph}")
        self.loss, self.batch, self.exact, self.input_grads = loss, batch, exact, input_grads
        again = isinstance(params, (list, tuple, dict)) or hasattr(params, "parameters")
        self._given = params if again or params is None else listed(params)
        self.params = None if params is None else listed(self._given)
        self._ids = {id(p) for p in self.params or ()}
        self.backend = "numpy" if exact and backend in ("auto", "interpreter", "numba", "c") else choose.named(backend)
        self.threads = None if threads is None else given.whole("threads", threads, 1)
        self._plans: dict[Any, Plans] = {}
        self._reader = Reader()
        self._told = False  # that keyword arguments have too many values
        self._latest: tuple[Plan, Runs] | None = None
        self._lock = threading.RLock()
        self._session: Any = None  # a training run that is going on
        self.__name__ = getattr(loss, "__name__", type(loss).__name__)
        self.__doc__ = getattr(loss, "__doc__", None)

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

    def backward(self, *args: Any, **static: Any) -> Answer:
        """The loss; its gradients are added to the `.grad` of the parameters, as `root.backward()` does."""
        with self._lock:
            value: Answer
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
        """The scalar graph of the loss at these arguments, by the eager engine, with its gradients: for pictures and the stepper."""
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

        What can have changed: what it reads from outside. The next call sees most of that by itself and traces again (see
        `micrograd.compile`); this says where, and sees what no guard does.
        """
        with self._lock:
            shapes, key, numbers = self._key(args, static)
            known = self._plans.get(key)
            plan = known.found[0] if known is not None else self.plan(args, static)[0]
            with modes.record_source():
                again = self._traced(shapes, numbers[:, 0] if self.batch else numbers, static)
        compare(plan, again)

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
        return after(self._latest[0].traced, name)

    @property
    def source(self) -> str:
        """The code that the specialised tier runs for the program."""
        return choose.code(self.program, self.backend, self.machine.samples)

    def __repr__(self) -> str:
        known = f"{len(self._plans)} structure(s) traced" if self._plans else "not traced yet"
        return f"<compiled {self.__name__}, {self.backend}, {known}>"

    # --- inside ------------------------------------------------------------------------------------------------------

    def plan(self, args: Sequence[Any], static: dict[str, Any], trusted: set[Plan] | None = None) -> tuple[Plan, Any]:
        """The program for these arguments and what the loss reads now, traced if it is not known; and their numbers as an array.

        trusted: plans whose guards were asked before, in this training run; a plan that is right is added.
        """
        if tracing() is not None:
            raise TraceError(f"{line()}: a compiled loss is called while another loss is compiled: call the loss that it was made of")
        shapes, key, numbers = self._key(args, static)
        plans = self._plans.get(key)
        if plans is None:
            if static:
                self._make_room(shapes, static)
            plans = self._plans[key] = Plans()
        if trusted is not None and plans.found and plans.found[0] in trusted:
            return plans.found[0], numbers
        plan = plans.held() or self._renewed(plans, shapes, numbers, static)
        if trusted is not None:
            trusted.add(plan)
        return plan, numbers

    def _make_room(self, shapes: tuple[Any, ...], static: dict[str, Any]) -> None:
        """Keyword arguments are constants, each a program of its own: the oldest goes where there are too many of them."""
        alike = [key for key in self._plans if key[0] == shapes and key[1]]
        if len(alike) >= Plans.CONSTANTS:
            del self._plans[alike[0]]
            if not self._told:
                self._told = True
                names = ", ".join(sorted(static))
                warnings.warn(
                    f"{self.__name__} was traced for {Plans.CONSTANTS} values of its keyword arguments ({names}), each of which is a "
                    "program of its own: pass what changes by its place, which costs nothing", RuntimeWarning, stacklevel=5,
                )  # fmt: skip

    def _key(self, args: Sequence[Any], static: dict[str, Any]) -> tuple[tuple[Any, ...], Any, Any]:
        """The shapes of the arguments; with the keyword arguments, their structure; their numbers."""
        read = self._reader.samples if self.batch else self._reader.numbers
        shapes, numbers = read(args, self._ids)
        return shapes, (shapes, arguments.keywords(static) if static else ()), numbers

    def _renewed(self, plans: Plans, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any]) -> Plan:
        """Guards that do not hold at once: the same after all, or a new trace."""
        if plans.found:
            now = guarded.guards(self.loss, self._given, shapes, static)
            known = plans.alike(now)
            if known is not None:
                return known
            changed = plans.found[0].guards.difference(now) or "?"
            if plans.changed(changed) and not plans.told:
                plans.told = True
                warnings.warn(
                    f"{self.__name__} was traced {Plans.KEPT} times because {changed!r}, which it reads from outside, changes: pass it as "
                    "an argument, which costs nothing", RuntimeWarning, stacklevel=5,
                )  # fmt: skip
        return plans.latest(self._traced(shapes, numbers[:, 0] if self.batch else numbers, static))

    def _traced(self, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any]) -> Plan:
        settings = {"batch": self.batch, "exact": self.exact, "want_inputs": self.input_grads}
        if self._given is not None:
            self.params = listed(self._given)
            self._ids = {id(p) for p in self.params}
        return guarded.planned(self.loss, self._given, shapes, numbers, static, settings)

    def _ready(self, args: Sequence[Any], static: dict[str, Any], whole: bool = False) -> tuple[Plan, Runs]:
        plan, numbers = self.plan(args, static)
        if self._session is not None:
            self._session.interrupt()
        machine = self._machine(plan, numbers, whole)
        plan.load(machine)
        plan.feed(machine, numbers)
        self._latest = plan, machine
        return plan, machine

    def _machine(self, plan: Plan, numbers: Any, whole: bool = False) -> Runs:
        """For these inputs; in tiles, unless every number will be asked for."""
        in_tiles = self.batch and not (whole or self.input_grads or modes.here().anomaly)
        return plan.machine(self.backend, numbers.shape[1] if self.batch else 1, in_tiles, self.threads)

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
