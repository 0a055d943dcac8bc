"""A model's answers: `predict` and `evaluate`, in evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from micrograd.engine import Value
from micrograd.feed import feed
from micrograd.given import is_list, sequence, shown
from micrograd.modes import no_grad
from micrograd.nn.shapes import depth, each, flat

Loss = Callable[[Any, Any], Any]


def predict(model: Any, inputs: Any, compiled: bool = False) -> list[Any]:
    """The model's outputs (plain numbers) for each of a list of inputs (the rows of an array, of a table), in evaluation.

    compiled: as a tensor program; all inputs must be of one shape.
    """
    return Predictor(model, compiled)(inputs)


def evaluate(
    model: Any, data: Any, loss: Loss, metrics: Mapping[str, Callable[[Any, Any], float]] | None = None, compiled: bool = False
) -> dict[str, float]:
    """The loss and each metric of the model on data, given as for `fit`, in evaluation."""
    return Measure(model, loss, metrics or {}, compiled)(data)


class Predictor:
    """`predict` for a model, made once and called often."""

    def __init__(self, model: Any, compiled: bool = False) -> None:
        if not callable(model) or isinstance(model, type):
            raise TypeError(f"the model is a module or a function, called on inputs, not {shown(model)}")
        self.model, self.compiled = model, compiled
        self._program: Any = None
        self._plan: Any = None
        self._shape: Any = None

    def __call__(self, inputs: Any) -> list[Any]:
        inputs, was = sequence("inputs", inputs), in_training(self.model)
        set_training(self.model, False)
        try:
            if self.compiled and len(inputs):
                return self._run(inputs)
            with no_grad():
                return [each(_number, self.model(x)) for x in inputs]
        except ValueError as error:
            if depth(inputs) != 1:
                raise
            raise ValueError(f"{error} (predict takes a list of inputs: predict(model, [x]) for one)") from error
        finally:
            set_training(self.model, was)

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        from micrograd.compiler import compile

        if self._program is None:
            model = self.model
            self._program = compile(lambda x: flat(model(x)), [], batch=True, backend="numpy")
        rows = self._program.each(inputs).tolist()
        if self._program.latest is not self._plan:  # another program: once by the engine, to see how its outputs nest
            with no_grad():
                self._shape = each(lambda _: None, self.model(inputs[0]))
            self._plan = self._program.latest
        return [each(partial(_next, iter(row)), self._shape) for row in rows]


class Measure:
    """`evaluate` for a model, made once and called often."""

    def __init__(self, model: Any, loss: Loss, metrics: Mapping[str, Callable[[Any, Any], float]], compiled: bool) -> None:
        check_measures(loss, metrics)
        self.predict, self.loss, self.metrics = Predictor(model, compiled), loss, metrics

    def __call__(self, data: Any) -> dict[str, float]:
        inputs, targets = feed(data).columns()
        predictions = self.predict(inputs)
        with no_grad():
            found = {"loss": _number(self.loss(predictions, targets))}
        return found | {name: float(metric(predictions, targets)) for name, metric in self.metrics.items()}


def _next(numbers: Iterator[float], _: None) -> float:
    return next(numbers)


def check_measures(loss: Any, metrics: Any) -> None:
    """TypeError where a loss or metrics are not functions of (predictions, targets)."""
    if not callable(loss):
        like = "fit(model, (inputs, targets), loss, optimizer)" if is_list(loss) else "such as micrograd.losses.mse"
        raise TypeError(f"the loss is a function of predictions and targets, {like}, not {shown(loss)}")
    if not isinstance(metrics, Mapping):
        raise TypeError(f"metrics are named: metrics={{'accuracy': metrics.accuracy}}, not {shown(metrics)}")
    for name, metric in metrics.items():
        if not callable(metric):
            raise TypeError(f"a metric is a function of predictions and targets, such as metrics.accuracy, not {name!r}: {shown(metric)}")


def in_training(model: Any) -> bool:
    """Whether the model is in training; a function, or a class of one's own without modes, always is."""
    return bool(getattr(model, "training", True))


def set_training(model: Any, mode: bool) -> None:
    """Switch a model that has modes."""
    if hasattr(model, "train"):
        model.train(mode)


def _number(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)
