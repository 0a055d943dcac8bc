"""The training loop: `fit`, and `predict` and `evaluate` beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from micrograd import checkpoint as checkpoints
from micrograd.engine import Value
from micrograd.feed import Batch, feed
from micrograd.given import is_list, shown
from micrograd.given import whole as whole_number
from micrograd.interrupts import held
from micrograd.losses import OF_CLASSES, check_targets
from micrograd.nn.module import Module
from micrograd.nn.norm import BatchNorm
from micrograd.optim import Average, EarlyStopping, Optimizer
from micrograd.optim.clipping import finite_loss
from micrograd.predictor import Loss, Measure, Predictor, check_measures, evaluate, in_training, predict, set_training
from micrograd.progress import progress_bar


class History(dict[str, list[float]]):
    """A number for each epoch under "loss", "lr", "val_loss", "val_" + each metric; in `steps` the loss of each step."""

    def __init__(self, numbers: Mapping[str, list[float]] | None = None, steps: Sequence[float] = ()) -> None:
        super().__init__(numbers or {})
        self.steps = list(steps)

    def record(self, **numbers: float) -> None:
        """Append each number to its list."""
        for name, x in numbers.items():
            self.setdefault(name, []).append(x)


@dataclass
class Run:
    """What a callback is told: a run of `fit`. Setting `stop` ends it after the epoch."""

    model: Any
    optimizer: Optimizer
    epochs: int
    history: History = field(default_factory=History)
    epoch: int = 0  # epochs that are done
    stop: bool = False


def fit(
    model: Any, data: Any, loss: Loss, optimizer: Optimizer, epochs: int = 10, *, batch_size: int | None = None,
    validation: Any = None, metrics: Mapping[str, Callable[[Any, Any], float]] | None = None, seed: int = 0,
    compiled: bool | str = False, whole: bool | None = None, accumulate: int = 1, average: Average | None = None,
    early_stopping: EarlyStopping | None = None, callbacks: Sequence[Callable[[Run], Any]] = (), checkpoint: Any = None,
    resume: bool = False, progress: bool | None = None,
) -> History:  # fmt: skip
    """Train the model on data, making `loss(predictions, targets)` small, and give the history.

    data: (inputs, targets), lists, arrays or tables of one length; or a list of pairs (x, y); or what gives batches (inputs,
    targets): a loader, a generator (`micrograd.feed` says which is which, and refuses what could be two of them).
    batch_size: samples for each step, in an order drawn anew for each epoch from `seed`; None: all at once, in order.
    validation: data to measure loss and metrics on after each epoch, in evaluation. metrics: name → function of
    (predictions, targets). compiled: run as a tensor program (see `micrograd.compile`; batches that differ in structure, not
    in numbers, are traced each): True on NumPy, the same bits in every run; or the name of a back end ("numba", "auto").
    whole: call the model on each batch, not on each sample; by default if it has a BatchNorm.
    accumulate: add up the gradients of so many batches for each step. average: updated after each step. early_stopping:
    told the validation loss (or the loss) after each epoch; its best parameters are restored. callbacks: called after each
    epoch; a method `on_step` of one is called after each step. A `Plateau` schedule is told the loss too.

    checkpoint: a file to write after each epoch, whole or not at all; with resume=True a run that was ended, in whatever way,
    goes on from it to the same numbers in every bit (batches from elsewhere must come again as they did). progress: a bar by tqdm;
    by default in a terminal or notebook.

    Ctrl-C or an exception leaves the parameters as the last whole step made them. A loss that is nan or inf raises
    ArithmeticError before its step is made. ValueError and TypeError: data of no known form, an optimizer that holds no parameter
    of the model.

    >>> from micrograd import losses, nn, optim
    >>> model = nn.Linear(1, 1, rng=Random(0))
    >>> xs, ys = [[0.0], [1.0], [2.0]], [[1.0], [3.0], [5.0]]
    >>> history = fit(model, (xs, ys), losses.mse, optim.GD(model, lr=0.2), epochs=200)
    >>> round(model([10.0])[0].data, 3), len(history["loss"])
    (21.0, 200)
    """
    _check(model, loss, optimizer, validation, metrics, early_stopping, average, callbacks)
    epochs, accumulate = whole_number("epochs", epochs), whole_number("accumulate", accumulate)
    fed = feed(data, None if batch_size is None else whole_number("batch_size", batch_size))
    if accumulate < 1 or fed.size == 0:
        raise ValueError(f"batch_size and accumulate must be at least 1, not {fed.size} and {accumulate}")
    rng = Random(seed)
    run = Run(model, optimizer, epochs)
    parts = {"optimizer": optimizer, "order": rng, "average": average, "early_stopping": early_stopping}
    parts = {name: part for name, part in parts.items() if part is not None}
    settings = {"seed": seed, "batch_size": fed.size, "samples": fed.samples, "accumulate": accumulate}
    if resume and checkpoint is not None and Path(checkpoint).exists():
        _resume(run, checkpoint, parts, settings)
    whole = any(isinstance(m, BatchNorm) for _, m in _modules(model)) if whole is None else whole
    make: Any = partial(_Compiled, backend=compiled if isinstance(compiled, str) else "numpy") if compiled else _Eager
    stepper = make(model, loss, optimizer, whole, accumulate, _after_step(run, average, callbacks))
    measured = Measure(model, loss, metrics or {}, bool(compiled)) if validation is not None else None
    held = None if validation is None else feed(validation).columns()
    bar = progress_bar(progress, None if fed.steps is None else epochs * fed.steps, run.epoch * (fed.steps or 0))
    was_training = in_training(model)
    try:
        while run.epoch < epochs and not run.stop:
            set_training(model, True)
            sizes: list[int] = []
            losses = stepper.epoch(_counted(fed.epoch(rng), sizes), bar.update, fed.plain)
            run.history.steps += losses
            mean = sum(x * n for x, n in zip(losses, sizes, strict=True)) / sum(sizes)
            factor = 1.0 if optimizer.schedule is None else optimizer.schedule(optimizer.steps)
            run.history.record(loss=mean, lr=optimizer.groups[0].settings["lr"] * factor)
            watched = mean
            if measured is not None:
                found = measured(held)
                run.history.record(**{f"val_{name}": x for name, x in found.items()})
                watched = found["loss"]
            run.epoch += 1
            follow = getattr(optimizer.schedule, "update", None)
            if follow is not None:
                follow(watched)
            if early_stopping is not None and early_stopping.update(watched):
                run.stop = True
            for callback in filter(callable, callbacks):
                callback(run)
            bar.note({k: v[-1] for k, v in run.history.items() if k != "lr"})
            if checkpoint is not None:
                _write(run, checkpoint, parts, settings)
        if early_stopping is not None and run.epoch:
            early_stopping.restore()
    finally:
        set_training(model, was_training)
        bar.close()
    return run.history


def _check(
    model: Any, loss: Any, optimizer: Any, validation: Any, metrics: Any, stopping: Any, average: Any, callbacks: Any
) -> None:  # fmt: skip
    """One sentence where the arguments of `fit` are not what they are taken for."""
    if not callable(model) or isinstance(model, type):
        raise TypeError(f"the model is a module or a function, called on inputs, not {model!r:.60}")
    check_measures(loss, metrics or {})
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"the optimizer is one of micrograd.optim, made with the parameters: optim.Adam(model), not {shown(optimizer)}")
    if metrics and validation is None:
        raise ValueError("metrics are measured on validation data: give validation=(inputs, targets)")
    if stopping is not None and not hasattr(stopping, "update"):
        raise TypeError(f"early_stopping is an optim.EarlyStopping(patience, params=model), not {shown(stopping)}")
    if average is not None and not hasattr(average, "update"):
        raise TypeError(f"average is an optim.Average(model), not {shown(average)}")
    if not isinstance(callbacks, Sequence) or not all(callable(c) or hasattr(c, "on_step") for c in callbacks):
        raise TypeError(f"callbacks are functions of the run in a list, not {shown(callbacks)}")
    own = {id(p) for p in model.parameters()} if hasattr(model, "parameters") else set()
    if own and not any(id(p) in own for p in optimizer.params):
        raise ValueError("the optimizer holds no parameter of this model, which would stand still: was the model made anew after it?")


def _modules(model: Any) -> Iterable[tuple[str, Any]]:
    found: Iterable[tuple[str, Any]] = model.named_modules() if hasattr(model, "named_modules") else ()
    return found


def _counted(batches: Iterator[Batch], sizes: list[int]) -> Iterator[Batch]:
    """The batches, noting how many samples each has."""
    for batch in batches:
        sizes.append(len(batch[1]))
        yield batch


# --- steps -----------------------------------------------------------------------------------------------------------


class _Eager:
    """Steps by the engine: one graph for each batch."""

    def __init__(
        self, model: Any, loss: Loss, optimizer: Optimizer, whole: bool, accumulate: int, after: Callable[[], None] | None
    ) -> None:
        self.model, self.optimizer, self.accumulate, self.after = model, optimizer, accumulate, after
        self.predictions: Callable[[Any], Any] = model if whole else lambda xs: [model(x) for x in xs]
        self.measure = loss

    def loss(self, xs: Any, ys: Any) -> Any:
        """Of a batch."""
        found = self.predictions(xs)
        if getattr(self.measure, "func", self.measure) in OF_CLASSES and is_list(found) and not is_list(found[0]):
            raise ValueError("this loss needs a score for each class, and the model gives one number; bce_with_logits tells 0 from 1 by it")
        return self.measure(found, ys)

    def epoch(self, batches: Iterator[Batch], tick: Callable[[], None], plain: bool) -> list[float]:
        """A step (or a part of one) for each batch; the loss of each. plain: they may be read before their step."""
        found: list[float] = []
        batch = next(batches, None)
        while batch is not None:
            k = len(found)
            if k % self.accumulate == 0:
                self.optimizer.zero_grad()
            found.append(finite_loss(self.gradients(batch)))
            batch = next(batches, None)
            if (k + 1) % self.accumulate == 0 or batch is None:
                with held():
                    _scale(self.optimizer, k % self.accumulate + 1)
                    self.optimizer.step()
                if self.after is not None:
                    self.after()
            tick()
        return found

    def gradients(self, batch: Batch) -> float:
        """Add the gradients of a batch; its loss."""
        root = self.loss(*batch)
        if not isinstance(root, Value):
            raise TypeError(f"the loss must give one Value, computed from the predictions, not {shown(root)}")
        root.backward()
        return float(root.data)


class _Compiled(_Eager):
    """Steps by a tensor program. Without accumulation a whole epoch runs inside it."""

    def __init__(
        self, model: Any, loss: Loss, optimizer: Optimizer, whole: bool, accumulate: int, after: Callable[[], None] | None,
        backend: str = "numpy",
    ) -> None:  # fmt: skip
        from micrograd.compiler import compile

        super().__init__(model, loss, optimizer, whole, accumulate, after)
        params = model if hasattr(model, "parameters") else optimizer.params
        predictions = self.predictions
        self.program = (
            compile(lambda xs, ys: loss(predictions(xs), ys), params, backend=backend)
            if whole
            else compile(lambda x, y: loss([model(x)], [y]), params, batch=True, backend=backend)
        )  # fmt: skip

    def epoch(self, batches: Iterator[Batch], tick: Callable[[], None], plain: bool) -> list[float]:
        from micrograd.compiler.training.feed import Plain

        batches = self.checked(batches)
        if self.accumulate > 1:
            return super().epoch(batches, tick, plain)

        def on_step(number: int, answer: Any) -> None:
            if self.after is not None:
                self.after()

        hook = on_step if self.after is not None else None
        found = self.program.train(self.optimizer, Plain(batches) if plain else batches, None, hook, before_step=finite_loss)
        for _ in found:
            tick()
        return list(found)

    def checked(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches, their targets looked at as the loss does where it sees them."""
        for batch in batches:
            check_targets(self.measure, batch[1])
            yield batch

    def gradients(self, batch: Batch) -> float:
        return float(self.program.backward(*batch))


def _scale(optimizer: Optimizer, parts: int) -> None:
    """The mean of the gradients that were added up."""
    if parts > 1:
        for p in optimizer.params:
            p.grad = p.grad / parts


def _after_step(run: Run, average: Average | None, callbacks: Sequence[Any]) -> Callable[[], None] | None:
    told: list[Callable[[], Any]] = [average.update] if average is not None else []
    told += [lambda c=c: c.on_step(run) for c in callbacks if hasattr(c, "on_step")]  # type: ignore[misc]

    def after() -> None:
        for tell in told:
            tell()

    return after if told else None


# --- checkpoints -----------------------------------------------------------------------------------------


def _write(run: Run, path: Any, parts: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    history = {"epochs": dict(run.history), "steps": run.history.steps}
    with held():
        checkpoints.write(path, run.model, parts, epoch=run.epoch, stopped=run.stop, history=history, settings=settings)


def _resume(run: Run, path: Any, parts: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    content = checkpoints.read(path)
    other = {k: (v, settings[k]) for k, v in content["settings"].items() if v != settings[k]}
    if other:
        differences = ", ".join(f"{name} was {was}, now {now}" for name, (was, now) in other.items())
        raise ValueError(f"{path} is of a run with other settings: {differences}")
    checkpoints.restore(content, run.model, parts)
    numbers = {name: [float(x) for x in xs] for name, xs in content["history"]["epochs"].items()}
    run.history = History(numbers, [float(x) for x in content["history"]["steps"]])
    run.epoch, run.stop = content["epoch"], content["stopped"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        from micrograd.habits import missing

        raise missing(__name__, name, known=globals())


__all__ = ["History", "Measure", "Module", "Predictor", "Run", "evaluate", "fit", "predict"]
