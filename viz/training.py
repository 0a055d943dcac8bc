"""``viz.watch(model)``: record chosen steps of a training run and scrub through time.

    >>> import viz
    >>> from micrograd import Value, nn
    >>> model = nn.MLP(2, [3, 1])
    >>> watch = viz.watch(model, data=([[0.0, 1.0], [1.0, 0.0]], [1, -1]), grid=4)
    >>> for step in range(3):
    ...     loss = sum((model(x) - y) ** 2 for x, y in watch.pairs)
    ...     model.zero_grad()
    ...     loss.backward()
    ...     watch(loss)                       # after backward, before the update
    ...     for p in model.parameters():
    ...         p.data -= 0.05 * p.grad
    >>> watch
    Watch(3 steps seen, 3 kept, 13 parameters)

It shows itself in a notebook and ``save("run.html")`` writes one offline page: the network with the size of
the gradients as colour, a histogram of the gradients of each layer (where they vanish or explode), the loss
curve, and for two-dimensional inputs the decision boundary.
"""

from __future__ import annotations

import base64
import html
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from . import notebook, shell
from .browse import shown
from .bundle import inline, script, sheet
from .drawn.theme import STEPS
from .given import page_path, short, whole
from .model.boxes import FRAMES, ROOM, TOP, grow, opened
from .model.graph import is_value, number
from .notation.numbers import show
from .reading import quietly
from .samples import samples
from .save import write
from .stepped.payload import f64, payload, whole_numbers
from .stepped.recording import record
from .stepped.stepper import CSS

LIGHT = STEPS["light"]
LOW, HIGH, BINS = -12.0, 4.0, 32  # of the histograms, in powers of ten of |grad|


def watch(
    model: Any,
    *,
    data: Any = None,
    every: int = 1,
    keep: int = 60,
    grid: int = 24,
    predict: Callable[[list[float]], Any] | None = None,
    title: str = "Training, step by step",
) -> Watch:
    """A recorder to call with the loss once a step, after ``backward()`` and before the update.

    ``model`` has ``parameters()`` (ours, the original's or one's own). ``data``: inputs and targets as ``(X, y)``, or pairs
    such as ``zip(X, y)``; with two-dimensional inputs the decision boundary is drawn on a ``grid`` × ``grid`` raster by ``predict`` (the
    model itself unless given; a positive score is one side). ``every``: look at every n-th step. ``keep``: at
    most so many are kept: when there are more, every second one is dropped and ``every`` doubles.

    A loss that is nan or inf is marked on the curve, and named in words with its step.

    Raises TypeError when ``model`` has no ``parameters()`` or ``data`` cannot be read, ValueError for numbers below 1.
    """
    return Watch(model, data, every, keep, grid, predict, title)


class Watch:
    """A record of a training run; made by ``viz.watch``."""

    def __init__(
        self,
        model: Any,
        data: Any,
        every: int,
        keep: int,
        grid: int,
        predict: Callable[[list[float]], Any] | None,
        title: str,
    ) -> None:
        if not callable(getattr(model, "parameters", None)):
            raise TypeError(f"cannot watch {short(model)} ({type(model).__name__}): it has no parameters(); give the model")
        self.model, self.title = model, str(title)
        self.every, self.keep, self.grid = whole("every", every, 1), whole("keep", keep, 2), whole("grid", grid, 2)
        self.parameters: list[Any] = list(model.parameters())
        self.layers: list[tuple[str, list[int]]] = layers_of(model, self.parameters)
        self.inputs, self.targets = samples(data)
        if predict is not None and not callable(predict):
            raise TypeError(f"predict={short(predict)}: expected a function of one input")
        self.predict = predict or (model if callable(model) else None)
        #: every loss seen, as (step, loss)
        self.losses: list[tuple[int, float]] = []
        self.snapshots: list[dict[str, Any]] = []

    @property
    def pairs(self) -> list[tuple[list[float], float]]:
        """The data as (input, target) pairs."""
        return list(zip(self.inputs, self.targets, strict=True))

    def __len__(self) -> int:
        return len(self.snapshots)

    def __repr__(self) -> str:
        wrong = self.trouble()
        said = f", {wrong}" if wrong else ""
        return f"Watch({len(self.losses)} steps seen, {len(self.snapshots)} kept, {len(self.parameters)} parameters{said})"

    def __call__(self, loss: Any, step: int | None = None) -> None:
        """Note this step: ``loss`` is a Value or a number; ``step`` counts by itself unless given."""
        at = step if step is not None else self.losses[-1][0] + 1 if self.losses else 0
        value = loss.data if is_value(loss) else loss
        if isinstance(value, (str, bytes)) or not hasattr(type(value), "__float__"):
            raise TypeError(f"the loss is {short(loss)} ({type(loss).__name__}): expected a Value or a number")
        self.losses.append((at, number(value)))
        if (len(self.losses) - 1) % self.every:
            return
        self.snapshots.append(self._look(at))
        if len(self.snapshots) > self.keep:
            del self.snapshots[1::2]
            self.every *= 2

    def _look(self, at: int) -> dict[str, Any]:
        grads = [number(p.grad) for p in self.parameters]
        found: dict[str, Any] = {
            "step": at,
            "loss": _plain(self.losses[-1][1]),
            "data": f64(number(p.data) for p in self.parameters),
            "grad": f64(grads),
            "layers": [histogram([grads[i] for i in places]) for _, places in self.layers],
        }
        if self._flat:
            found["raster"], found["scale"] = self._raster()
        return found

    @property
    def _flat(self) -> bool:
        return bool(self.inputs) and all(len(x) == 2 for x in self.inputs) and self.predict is not None

    def _box(self) -> list[float]:
        """Left, right, bottom, top of the raster: the data and a margin."""
        box = []
        for axis in (0, 1):
            low, high = min(x[axis] for x in self.inputs), max(x[axis] for x in self.inputs)
            margin = 0.15 * (high - low) or 1.0
            box += [low - margin, high + margin]
        return box

    def _score(self, x: list[float]) -> float:
        assert self.predict is not None
        made = self.predict(x)
        while isinstance(made, (list, tuple)):
            made = made[0]
        return number(made.data if is_value(made) else made)

    def _raster(self) -> tuple[str, float]:
        left, right, bottom, top = self._box()
        n = self.grid - 1
        with quietly(self.parameters):
            scores = [
                self._score([left + (right - left) * i / n, top - (top - bottom) * j / n])
                for j in range(self.grid)
                for i in range(self.grid)
            ]
        sizes = sorted(abs(s) for s in scores if math.isfinite(s))
        scale = (sizes[len(sizes) * 3 // 4] if sizes else 0.0) or 1.0
        cells = (round(127.5 + 127.5 * math.tanh(s / scale)) if s == s else 128 for s in scores)
        return base64.b64encode(bytes(cells)).decode("ascii"), scale

    # ------------------------------------------------------------ showing

    def payload(self) -> dict[str, Any]:
        """All that the page needs, as JSON data."""
        made: dict[str, Any] = {
            "title": self.title,
            "losses": [[step, _plain(loss)] for step, loss in _thin(self.losses)],
            "trouble": self.trouble(),
            "snapshots": self.snapshots,
            "layers": [{"name": name, "places": places} for name, places in self.layers],
            "bins": [LOW, HIGH, BINS],
        }
        if self._flat:
            made |= {
                "grid": self.grid,
                "box": self._box(),
                "points": [[*x, y] for x, y in zip(self.inputs, self.targets, strict=True)][:2000],
            }
        picture = self._picture()
        if picture:
            made["picture"] = picture
        return made

    def _picture(self) -> dict[str, Any] | None:
        """The graph of one sample, folded: where each parameter stands in the network."""
        if not self.inputs or self.predict is None:
            return None
        out = self.predict(list(self.inputs[0]))
        while isinstance(out, (list, tuple)):
            out = out[0]
        if not is_value(out):
            return None
        trace = record(out)
        at = {id(value): i for i, value in enumerate(trace.values)}
        made = payload(trace)
        boxes = grow(trace.values, trace.args, [trace.root])
        if boxes.parent:
            made["groups"] = {
                "parent": boxes.parent,
                "name": boxes.name,
                "of": whole_numbers(box + 1 for box in boxes.of),
            }
            inner = sorted(
                {box for box, kind in zip(boxes.parent, boxes.kind, strict=True) if box != TOP and kind in FRAMES}
            )  # not neurons
            most = len(set(boxes.shown(inner)))
            made["open"] = inner if most <= 2 * ROOM else opened(boxes)
        made["parameters"] = [at.get(id(p), -1) for p in self.parameters]
        return made

    def curve(self, width: int = 560, height: int = 240) -> str:
        """The loss curve as an SVG: the image for places where scripts do not run."""
        seen = _thin(self.losses)
        finite = [(s, v) for s, v in seen if math.isfinite(v)]
        first, last = (seen[0][0], max(seen[-1][0], seen[0][0] + 1)) if seen else (0, 1)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" font-family="sans-serif" font-size="12">{_DARK}'
            f'<rect width="{width}" height="{height}" fill="{LIGHT["paper"]}"/>'
        ]
        if finite:
            low, high = min(v for _, v in finite), max(v for _, v in finite)
            span = (high - low) or 1.0
            line, pen = "", "M"
            for s, v in seen:
                x, y = 50 + (width - 70) * (s - first) / (last - first), height - 30 - (height - 60) * (v - low) / span
                line += f"{pen}{x:.1f},{y:.1f}h0" if math.isfinite(v) else ""
                pen = "L" if math.isfinite(v) else "M"  # a gap where the loss was no number
            parts.append(f'<path d="{line}" fill="none" stroke="{LIGHT["read"]}" stroke-width="2" stroke-linecap="round"/>')
            for v, y in ((high, 34), (low, height - 26)):
                parts.append(f'<text x="44" y="{y}" text-anchor="end" fill="{LIGHT["ink"]}">{show(v)}</text>')
        for x in (50 + (width - 70) * (s - first) / (last - first) for s, v in seen if not math.isfinite(v)):
            parts.append(f'<path d="M{x - 4:.1f},26l8,8m0,-8l-8,8" stroke="{LIGHT["wrong"]}" stroke-width="2"/>')
        parts.append(f'<text x="50" y="18" fill="{LIGHT["ink"]}">{html.escape(self.alt())}</text></svg>')
        return "".join(parts)

    def alt(self) -> str:
        """One sentence for those who cannot see the picture."""
        if not self.losses:
            return "No step recorded yet"
        (first, start), (last, end) = self.losses[0], self.losses[-1]
        wrong = self.trouble()
        return f"Loss {show(start)} at step {first}, {show(end)} at step {last}{'; ' if wrong else ''}{wrong}"

    def trouble(self) -> str:
        """Where the loss was nan or infinite, in words; "" when nowhere."""
        bad = [(step, loss) for step, loss in self.losses if not math.isfinite(loss)]
        if not bad:
            return ""
        names = sorted({show(loss) for _, loss in bad})
        many = "every step" if len(bad) == len(self.losses) else f"{len(bad):,} of {len(self.losses):,} steps, first at step {bad[0][0]}"
        return f"loss {' or '.join(names)} at {many}"

    def fragment(self, *, image: bool = True) -> str:
        """The view as an HTML fragment: a div and one inline module script, nothing fetched."""
        fallback = notebook.still(self.curve(), self.alt()) if image else ""
        return inline(fallback, script("training", "training.css"), "training", self.payload(), not image)

    def to_html(self) -> str:
        """One self-contained page that opens offline."""
        body = f"<h1>{html.escape(self.title)}</h1>\n{self.fragment(image=False)}"
        return shell.page(self.title, body, CSS, sheets=[sheet("training.css")])

    def show(self) -> None:
        """Show the run: in a notebook here, in a script in the browser."""
        shown(self, self.to_html, "training.html")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to ``path``, whole or not at all; returns the path. ValueError unless it ends in .html."""
        return write(page_path(path, "viz.draw(loss).save(…) makes a picture"), self.to_html().encode())

    def _repr_html_(self) -> str:
        return self.fragment()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return notebook.bundle(repr(self), self._repr_html_, lambda: self.curve().replace(_DARK, ""), include, exclude)


# The curve's colours where its reader's are dark; none of them is told apart by colour alone.
_DARK = "<style>@media(prefers-color-scheme:dark){{{}}}</style>".format("".join(
    f'[{attribute}="{LIGHT[role]}"]{{{attribute}:{STEPS["dark"][role]}}}'
    for attribute, role in (("fill", "paper"), ("fill", "ink"), ("stroke", "read"), ("stroke", "wrong"))
))  # fmt: skip


def histogram(grads: Sequence[float]) -> dict[str, Any]:
    """Counts of log₁₀|g| in ``BINS`` bins from ``LOW`` to ``HIGH``, of zeros and of nan or inf; and the median.

    >>> found = histogram([0.0, 1e-3, -1e-3, 0.5, float("nan")])
    >>> sum(found["counts"]), found["zero"], found["bad"], found["median"]
    (3, 1, 1, 0.001)
    """
    counts = [0] * BINS
    sizes = sorted(abs(g) for g in grads if g and math.isfinite(g))
    for size in sizes:
        place = int((math.log10(size) - LOW) / (HIGH - LOW) * BINS)
        counts[max(0, min(BINS - 1, place))] += 1
    return {
        "counts": counts,
        "zero": sum(1 for g in grads if g == 0),
        "bad": sum(1 for g in grads if not math.isfinite(g)),
        "median": sizes[len(sizes) // 2] if sizes else 0.0,
    }


def layers_of(model: Any, parameters: Sequence[Any]) -> list[tuple[str, list[int]]]:
    """(name, places in ``parameters``) of each layer: by dotted names, else ``model.layers``, else all in one."""
    place = {id(p): i for i, p in enumerate(parameters)}
    groups: dict[str, list[int]] = {}
    named = getattr(model, "named_parameters", None)
    if callable(named):
        for path, parameter in named():
            parts = str(path).split(".")
            name = ".".join(parts[:2]) if len(parts) > 2 and parts[1].isdigit() else parts[0]
            if id(parameter) in place:
                groups.setdefault(name, []).append(place[id(parameter)])
    elif isinstance(getattr(model, "layers", None), (list, tuple)):
        for k, layer in enumerate(model.layers):
            groups[f"layers.{k}"] = [place[id(p)] for p in layer.parameters() if id(p) in place]
    return list(groups.items()) or [("parameters", list(range(len(parameters))))]


def _plain(x: float) -> float | str:
    """As JSON has it: nan and inf are words."""
    return x if math.isfinite(x) else str(x)


def _thin(losses: list[tuple[int, float]], most: int = 1500) -> list[tuple[int, float]]:
    """At most about ``most`` points of the curve; the last is among them, and the first hundred that are no numbers."""
    stride = -(-len(losses) // most) or 1
    bad = [i for i, (_, loss) in enumerate(losses) if not math.isfinite(loss)][:100]
    return [losses[i] for i in sorted({*range(0, len(losses), stride), *bad, *([len(losses) - 1] if losses else [])})]
