"""A loss that is traced when it is first called, and again when what it reads from outside has changed: what every home of it shares."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import modes
from micrograd.compiler import guarded
from micrograd.compiler.guarded import listed
from micrograd.compiler.outside.guards import Guards
from micrograd.compiler.plans import Plans
from micrograd.compiler.provenance import compare
from micrograd.compiler.tracing import arguments
from micrograd.compiler.tracing.refusal import TraceError, line, tracing
from micrograd.compiler.tracing.trace import Trace
from micrograd.engine import Value


class Retraced:
    """A loss, its parameters, and its plans: one for each structure of the arguments and each state of what it reads.

    A subclass says what a plan is (`_made`), how the numbers of arguments are read (`_read`, `_of_one`), and runs it.
    """

    def __init__(self, loss: Callable[..., Any], params: Any, *, batch: bool, exact: bool, input_grads: bool) -> None:
        if not callable(loss):
            graph = ": an existing graph is compiled by micrograd.lower" if isinstance(loss, Value) else ""
            raise TypeError(f"compile takes the loss as a function, not {type(loss).__name__}: {loss!r:.80}{graph}")
        self.loss, self.batch, self.exact, self.input_grads = loss, batch, exact, input_grads
        again = isinstance(params, (list, tuple, dict)) or hasattr(params, "parameters")
        self._given = params if again or params is None else listed(params)
        self.params = None if params is None else listed(self._given)
        self._ids = {id(p) for p in self.params or ()}
        self._plans: dict[Any, Plans] = {}
        self._told = False  # that keyword arguments have too many values
        self._lock = threading.RLock()
        self.__name__ = getattr(loss, "__name__", type(loss).__name__)
        self.__doc__ = getattr(loss, "__doc__", None)

    # --- what a subclass says ----------------------------------------------------------------------------------------

    def _made(self, traced: Trace, shapes: tuple[Any, ...], guards: Guards) -> Any:
        """The plan of a trace."""
        raise NotImplementedError

    def _read(self, args: Sequence[Any]) -> tuple[tuple[Any, ...], Any]:
        """The structure of each argument (of a sample of it), and all their numbers."""
        raise NotImplementedError

    def _of_one(self, numbers: Any) -> Any:
        """Of these numbers those that one run of the loss takes."""
        raise NotImplementedError

    @property
    def latest(self) -> Any:
        """The plan that ran last."""
        raise NotImplementedError

    def value_and_grad(self, *args: Any, **static: Any) -> tuple[Any, ...]:
        """(loss, the gradients by the parameters, in order)."""
        raise NotImplementedError

    # --- what it does with that --------------------------------------------------------------------------------------

    def backward(self, *args: Any, **static: Any) -> Any:
        """The loss; its gradients are added to the `.grad` of the parameters, as `root.backward()` does."""
        with self._lock:
            value, grads, *_ = self.value_and_grad(*args, **static)
            latest = self.latest
            assert latest is not None
            for p, g in zip(latest.traced.params, grads.tolist(), strict=True):
                p.grad = p.grad + g
        return value

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
                again = self._traced(shapes, self._of_one(numbers), static)
        compare(plan, again)

    # --- inside ------------------------------------------------------------------------------------------------------

    def plan(self, args: Sequence[Any], static: dict[str, Any], trusted: set[Any] | None = None) -> tuple[Any, Any]:
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
        shapes, numbers = self._read(args)
        return shapes, (shapes, arguments.keywords(static) if static else ()), numbers

    def _renewed(self, plans: Plans, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any]) -> Any:
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
        return plans.latest(self._traced(shapes, self._of_one(numbers), static))

    def _traced(self, shapes: tuple[Any, ...], numbers: Any, static: dict[str, Any]) -> Any:
        settings = {"batch": self.batch, "exact": self.exact, "want_inputs": self.input_grads}
        if self._given is not None:
            self.params = listed(self._given)
            self._ids = {id(p) for p in self.params}
        return guarded.planned(self.loss, self._given, shapes, numbers, static, settings, self._made)
