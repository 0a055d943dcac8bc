"""A model's answers: `predict` and `evaluate`, in evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.feed import feed
from micrograd.given import sequence
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
        self.model, self.compiled = model, compiled
        self._program: Any = None
        self._output: Any = None

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

            def forward(x: Any) -> Any:
                self._output = self.model(x)
                numbers = flat(self._output)
                return (numbers[0], *numbers)

            own, kept = getattr(self.model, "parameters", list), getattr(self.model, "named_buffers", list)
            numbers = [*own(), *(b for _, b in kept())]
            self._program = compile(forward, numbers, batch=True, backend="numpy")
        self._program(inputs)
        columns = [self._program.value_of(v) for v in flat(self._output)]
        found = []
        for i in range(len(inputs)):
            row = iter([float(c[i]) if hasattr(c, "__len__") else c for c in columns])
            found.append(each(lambda _, row=row: next(row), self._output))  # type: ignore[misc]
        return found


class Measure:
    """`evaluate` for a model, made once and called often."""

    def __init__(self, model: Any, loss: Loss, metrics: Mapping[str, Callable[[Any, Any], float]], compiled: bool) -> None:
        self.predict, self.loss, self.metrics = Predictor(model, compiled), loss, metrics

    def __call__(self, data: Any) -> dict[str, float]:
        inputs, targets = feed(data).columns()
        predictions = self.predict(inputs)
        with no_grad():
            found = {"loss": _number(self.loss(predictions, targets))}
        return found | {name: float(metric(predictions, targets)) for name, metric in self.metrics.items()}


def in_training(model: Any) -> bool:
    """Whether the model is in training; a function, or a class of one's own without modes, always is."""
    return bool(getattr(model, "training", True))


def set_training(model: Any, mode: bool) -> None:
    """Switch a model that has modes."""
    if hasattr(model, "train"):
        model.train(mode)


def _number(x: Any) -> float:
    return x.data if isinstance(x, Value) else float(x)
