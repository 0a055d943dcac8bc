"""`Optimizer`: parameter groups, state, and the running of an update rule; the rules themselves are in `rules.py`.

A rule is written once, in primitives of the table, as `micrograd/ops/table.py` writes derivatives. Run on symbols it becomes source:
here plain Python for one parameter at a time, in the compiler the same arithmetic on whole arrays, equal in every bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

from micrograd import ops
from micrograd.engine import Value
from micrograd.given import real
from micrograd.habits import said_of
from micrograd.interrupts import wholly
from micrograd.ops.op import Symbol, compile_function, source
from micrograd.optim.clipping import clip_norm, clip_value

Numbers = dict[str, float]
Schedule = Callable[[int], float]


@dataclass
class Group:
    """Parameters that share their settings. state: for each parameter the steps it has made, then its slots."""

    params: list[Value]
    settings: Numbers
    state: dict[Value, list[Any]]


class Kernel(NamedTuple):
    """An update rule read as symbols: `results` (the new parameter, then the new slots) of `arguments`."""

    arguments: tuple[str, ...]  # "p", "g", the slots, then the numbers of a step
    results: tuple[Any, ...]


class Optimizer:
    """The base of the optimizers. A subclass gives `slots`, `settings`, `rule` and, for derived numbers, `numbers`.

    params: Values, a Module, or groups: dicts with "params" and any settings of their own. lr: the learning rate.
    weight_decay: L2, added to the gradient as weight_decay · p. l1: added as l1 · sign(p). clip_value, clip_norm: limits
    on the gradient before that. schedule: a function of the number of steps made, whose result multiplies lr (see
    `schedules`). Parameters that are frozen are left as they are.

    `step()` reads each `p.grad` and sets each `p.data`; `zero_grad()` clears.

    TypeError for a setting that is no number, or that the optimizer does not have; ValueError for one that makes no sense.
    """

    slots: tuple[str, ...] = ()
    takes: tuple[str, ...] | None = None  # a subclass's own settings; None: whatever its __init__ hands on
    optional: tuple[str, ...] = ("weight_decay", "l1")  # settings that a rule sees as None when they are 0

    def __init__(
        self, params: Any, lr: float, *, weight_decay: float = 0.0, l1: float = 0.0, clip_norm: float | None = None,
        clip_value: float | None = None, schedule: Schedule | None = None, **settings: float,
    ) -> None:  # fmt: skip
        shared = {"lr": lr, "weight_decay": weight_decay, "l1": l1, **settings}
        name = type(self).__name__
        takes = next(cls for cls in type(self).__mro__ if "__init__" in vars(cls)).__dict__.get("takes")
        unknown = [] if takes is None else sorted(set(settings) - set(takes))
        if unknown:
            known = ("lr", *(takes or ()), "weight_decay", "l1", "clip_norm", "clip_value", "schedule")
            raise TypeError(f"{name} has no setting {', '.join(unknown)}; it has {', '.join(dict.fromkeys(known))}")
        if schedule is not None and (isinstance(schedule, type) or not callable(schedule)):
            raise TypeError(f"{name}'s schedule is a function of the steps made, such as optim.Cosine(100), not {schedule!r:.40}")
        self.clip_norm, self.clip_value = (
            None if x is None else real(f"{name}'s {what}", x) for what, x in (("clip_norm", clip_norm), ("clip_value", clip_value))
        )  # fmt: skip
        self.schedule, self.steps = schedule, 0
        self.groups: list[Group] = []
        for given in _groups(params):
            own = {**given}
            if "params" not in own:
                raise TypeError(f"a group of parameters is a dict with 'params' and settings, not with {', '.join(map(str, own))}")
            found = _values(own.pop("params"))
            unknown = sorted(set(own) - set(shared))
            if unknown:
                raise TypeError(f"{name} has no setting {', '.join(unknown)}; it has {', '.join(shared)}")
            numbers = {k: real(f"{name}'s {k}", v) for k, v in (shared | own).items()}
            self.check(numbers)
            self.groups.append(Group(found, numbers, {}))
        everything = self.params
        if not everything:
            raise ValueError(f"{name} was given no parameters")
        if len({id(p) for p in everything}) < len(everything):
            raise ValueError("a parameter is in two groups, or twice in one")

    # --- what a subclass says ----------------------------------------------------------------------------------------

    @staticmethod
    def rule(p: Any, g: Any, h: SimpleNamespace, *slots: Any) -> tuple[Any, ...]:
        """(new p, *new slots) in primitives; h: the numbers of this step, an optional one that is 0 being None."""
        raise NotImplementedError

    def numbers(self, h: Numbers, t: int) -> Numbers:
        """What the rule needs at a parameter's t-th step (from 1), made from the settings."""
        return h

    def check(self, h: Numbers) -> None:
        """ValueError where a setting makes no sense."""
        for name, x in h.items():
            if not x >= 0:
                raise ValueError(f"{type(self).__name__} needs {name} ≥ 0, not {x}")
            if name in ("momentum", "beta1", "beta2", "decay") and not x < 1:
                raise ValueError(f"{type(self).__name__} needs {name} in [0, 1), not {x}")

    # --- what is done with it ----------------------------------------------------------------------------------------

    @property
    def params(self) -> list[Value]:
        """All parameters, group by group."""
        return [p for group in self.groups for p in group.params]

    def zero_grad(self) -> None:
        """Set every parameter's gradient to 0."""
        for p in self.params:
            p.grad = 0

    def step(self) -> None:
        """Update every parameter that is not frozen by its gradient: all or none, wherever an exception or Ctrl-C cuts in."""
        live = [p for p in self.params if not getattr(p, "frozen", False)]
        if self.clip_value is not None:
            clip_value(live, self.clip_value)
        if self.clip_norm is not None:
            clip_norm(live, self.clip_norm)
        made: list[tuple[Value, float, list[Any], list[Any]]] = []
        for group in self.groups:
            update = self.kernel_on_floats(group)
            scalars: dict[int, list[float]] = {}
            for p in group.params:
                if getattr(p, "frozen", False):
                    continue
                state = self.state_of(group, p)
                t = state[0] + 1
                if t not in scalars:
                    scalars[t] = self.scalars(group, t)
                x, *slots = update(p.data, float(p.grad), *state[1:], *scalars[t])
                made.append((p, x, state, [t, *slots]))
        steps = self.steps + 1

        def commit() -> None:
            for p, x, state, new in made:
                p.data = x
                state[:] = new
            self.steps = steps

        wholly(commit)

    def state_of(self, group: Group, p: Value) -> list[Any]:
        """[steps made, *slots] of a parameter, zeros at first; changed in place."""
        return group.state.setdefault(p, [0, *([0.0] * len(self.slots))])

    def scalars(self, group: Group, t: int) -> list[float]:
        """The numbers of a parameter's t-th step, in the order of the kernel's arguments."""
        settings = group.settings
        h = {**settings}
        if self.schedule is not None:
            h["lr"] *= self.schedule(self.steps)
        found = {**self.numbers(h, t)}
        for name in self.optional:
            if settings.get(name) == 0:
                found.pop(name, None)
        return [*found.values()]

    def kernel(self, group: Group) -> Kernel:
        """The group's rule as symbols, for whoever runs it on something other than floats."""
        h = self.numbers(group.settings, 1)
        cls: Any = type(self)
        return _kernel(cls, tuple((name, self._absent(name, group.settings)) for name in h))

    def kernel_on_floats(self, group: Group) -> Callable[..., Any]:
        """The group's rule compiled to Python: numbers in the order of the kernel's arguments → (new p, *new slots)."""
        kernel = self.kernel(group)
        return _on_floats(kernel)

    def _absent(self, name: str, settings: Numbers) -> bool:
        return name in self.optional and settings[name] == 0

    # --- its state ---------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as lists and numbers, parameters in order: JSON can hold it exactly."""
        remembered = getattr(self.schedule, "state_dict", None)
        return {
            "optimizer": type(self).__name__,
            "steps": self.steps,
            "groups": [{"settings": {**g.settings}, "state": [[*self.state_of(g, p)] for p in g.params]} for g in self.groups],
            "schedule": remembered() if remembered else None,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state; ValueError where it is another optimizer's or has other parameters, and nothing is changed."""
        if state["optimizer"] != type(self).__name__:
            raise ValueError(f"this is the state of {state['optimizer']}, not of {type(self).__name__}")
        sizes, here = [len(g["state"]) for g in state["groups"]], [len(g.params) for g in self.groups]
        if sizes != here:
            raise ValueError(f"the state has groups of {sizes} parameters, this optimizer of {here}")
        for group, saved in zip(self.groups, state["groups"], strict=True):
            group.settings = {k: real(k, v) for k, v in saved["settings"].items()}
            group.state = {
                p: [int(t), *(real("a slot", x) for x in slots)] for p, (t, *slots) in zip(group.params, saved["state"], strict=True)
            }
        self.steps = int(state["steps"])
        load = getattr(self.schedule, "load_state_dict", None)
        if load is not None and state["schedule"] is not None:
            load(state["schedule"])

    def __repr__(self) -> str:
        parts = [f"{k}={v:g}" for k, v in self.groups[0].settings.items() if k == "lr" or v]
        return f"{type(self).__name__}({len(self.params)} parameters, {', '.join(parts)})"


said_of(Optimizer)


@lru_cache(maxsize=256)
def _kernel(cls: Any, names: tuple[tuple[str, bool], ...]) -> Kernel:
    p, g, *slots = (Symbol(name) for name in ("p", "g", *cls.slots))
    h = SimpleNamespace(**{name: None if absent else Symbol(name) for name, absent in names})
    gradient = g
    if h.weight_decay is not None and not getattr(cls, "decoupled", False):
        gradient = gradient + h.weight_decay * p
    if h.l1 is not None:
        gradient = gradient + h.l1 * ops.sign(p)
    present = [name for name, absent in names if not absent]
    return Kernel(("p", "g", *cls.slots, *present), cls.rule(p, gradient, h, *slots))


@lru_cache(maxsize=256)
def _on_floats(kernel: Kernel) -> Callable[..., Any]:
    body, results = source(kernel.results)
    function: Callable[..., Any] = compile_function("update", kernel.arguments, [*body, f"return {', '.join(results)},"])
    return function


def _groups(params: Any) -> list[Mapping[str, Any]]:
    if isinstance(params, Mapping):
        return [params]
    if not hasattr(params, "parameters"):
        params = _listed(params)
        if params and all(isinstance(g, Mapping) for g in params):
            return list(params)
    return [{"params": params}]


def _values(params: Any) -> list[Value]:
    found: Sequence[Any] = params.parameters() if hasattr(params, "parameters") else _listed(params)
    for p in found:
        if not isinstance(p, Value) or p.op is not None:
            hint = ": write model.parameters()" if isinstance(p, (str, tuple, list)) or hasattr(p, "parameters") else ""
            raise TypeError(f"a parameter must be a leaf Value, not {p!r:.80}{hint}")
    return list(found)


def _listed(params: Iterable[Any]) -> list[Any]:
    return [params] if isinstance(params, Value) else list(params)
