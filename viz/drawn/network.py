"""``viz.draw(model)``: a network as teachers draw it, neurons in columns and a line for each weight.

Sign is colour (blue above 0, vermilion and dashed below), size is width. The ring of a neuron is its bias; with an input,
its number and fill are its activation. A long column shows its ends and says how many are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from ..escape import one_line, xml
from ..model.graph import number
from ..model.neurons import Column, activate, columns, parameters
from ..notation.names import parameter_names
from ..notation.numbers import MINUS, brief, show
from ..reading import quietly
from . import html
from .picture import PNG_DPI, Picture
from .png import png
from .svg import FONTS, whole
from .theme import DARK, LIGHT, Palette

R, PAD, HEAD, LEGEND = 17.0, 26.0, 46.0, 20.0
LEAST = 470.0  # width of the picture, for the legend
TALL = 16  # neurons of a column that are shown, unless the budget is large
DENSE = 150  # with more lines than this they are thinner, and dashes would be dust


def network(model: Any, x: Any, *, gradients: bool, precision: int, budget: int, chosen: str) -> Network:
    """The picture of ``model``; see ``viz.draw``."""
    found = columns(model)
    if x is not None:
        with quietly(parameters(found)):
            activate(model, found, x)
    return Network(model, found, gradients, precision, budget, chosen)


class Network(Picture):
    """A drawn network. Shows itself in a notebook; ``save`` as for every picture (no .dot)."""

    endings = ("svg", "png", "pdf", "html", "txt")

    def __init__(self, model: Any, found: list[Column], gradients: bool, precision: int, budget: int, chosen: str) -> None:
        self.root, self.columns, self.theme = model, found, chosen
        self.gradients, self.precision, self.budget = gradients, precision, budget

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a drawn network has no {name!r}: it is no graph of values, viz.draw(model(x)) is")

    @property
    def title(self) -> str:
        sizes = "-".join(str(column.size) for column in self.columns)
        return f"Network {sizes}, {len(parameters(self.columns)):,} parameters"

    def __repr__(self) -> str:
        return self.title.replace("Network ", "Network(").replace(" parameters", " parameters)")

    @cached_property
    def svg(self) -> str:
        return self._drawn(self._paper, self.theme)

    @property
    def png(self) -> bytes:
        """The picture as PNG at 192 dots an inch, by ``resvg-py`` (the extra ``export``)."""
        return png(self._drawn(self._paper, "light", unit=""), scale=PNG_DPI / 72)

    @property
    def pdf(self) -> bytes:
        from .pdf import pdf

        return pdf(self._drawn(self._paper, "light"), self.title)

    @cached_property
    def html(self) -> str:
        """A page of its own: the picture and a table of the layers. Opens offline."""
        drawn = self._drawn(LIGHT, "light")  # the page has the colours of the theme
        return html.whole([html.figure(drawn, self.title), self._table()], self.title, self.theme, drawn)

    @cached_property
    def text(self) -> str:
        """One line for each column."""
        lines = [self.title]
        for column in self.columns:
            act = f" {column.act}" if column.act else ""
            values = f"  {', '.join(brief(v) for v in column.values[:8])}{' …' * (len(column.values) > 8)}" if column.values else ""
            lines.append(f"{column.name}: {column.size:,}{act}{values}")
        return "\n".join(lines)

    @property
    def _paper(self) -> Palette:
        return DARK if self.theme == "dark" else LIGHT

    def _drawn(self, palette: Palette, chosen: str, unit: str = "pt") -> str:
        return _Drawing(self, palette).document(chosen, unit)

    def _table(self) -> str:
        rows = []
        for column in self.columns[1:]:
            sizes = [abs(number(p.data)) for p in parameters([column])]
            cells = [column.name, f"{column.size:,}", f"{len(sizes):,}", column.act or "–"]
            cells += [show(sum(sizes) / len(sizes), self.precision), show(max(sizes), self.precision)]
            rows.append("<tr>" + "".join(f"<td>{xml(cell)}</td>" for cell in cells) + "</tr>")
        heads = ("layer", "neurons", "parameters", "then", "mean size", "largest")
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        return (
            '<section><h2>Layers</h2><div class="scroll" tabindex="0"><table>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></section>"
        )


class _Drawing:
    """One network placed and drawn in the colours of one palette."""

    def __init__(self, net: Network, palette: Palette) -> None:
        self.net, self.c = net, palette
        self.read: Callable[[Any], float] = (lambda p: number(p.grad)) if net.gradients else (lambda p: number(p.data))
        self.most = _largest(self.read(w) for column in net.columns for row in column.weights for w in row)
        self.ring = _largest(self.read(b) for column in net.columns for b in column.biases)
        self.full = _largest(v for column in net.columns for v in column.values)
        self.names = parameter_names(net.root)
        tall = _tallest([column.size for column in net.columns], net.budget)
        self.shown = [_ends(column.size, tall) for column in net.columns]
        slots = max(len(shown) + (len(shown) < column.size) for shown, column in zip(self.shown, net.columns, strict=True))
        self.row = 44.0 if slots <= 10 else 39.0
        self.height = HEAD + slots * self.row
        self.gap = min(260.0, max(150.0, 1.25 * self.height / max(1, len(net.columns) - 1)))  # about as wide as a slide
        self.places = [self._column(k) for k in range(len(net.columns))]
        self.dense = sum(len(a) * len(b) for a, b in zip(self.shown, self.shown[1:], strict=False)) > DENSE
        self.widest = 3.0 if self.dense else 4.2

    def _column(self, k: int) -> dict[int, tuple[float, float]]:
        """Neuron → its centre; -1 → the place of the ellipsis."""
        shown, cut = self.shown[k], len(self.shown[k]) < self.net.columns[k].size
        order = [*shown[: len(shown) // 2], -1, *shown[len(shown) // 2 :]] if cut else shown
        top = HEAD + (self.height - HEAD - len(order) * self.row) / 2 + self.row / 2
        return {i: (self._middle(k), top + at * self.row) for at, i in enumerate(order)}

    def _middle(self, k: int) -> float:
        return PAD + 34 + R + k * self.gap

    def document(self, chosen: str, unit: str) -> str:
        legend, width, below = self._legend(max(LEAST, self._middle(len(self.places) - 1) + R + 34 + PAD))
        height = self.height + below
        paper = f'<rect width="{width:.0f}" height="{height:.0f}" fill="{self.c.paper}"/>'
        drawn = [paper, *self._edges(), *self._neurons(), *self._heads(), *legend]
        size = f'width="{width:.0f}{unit}" height="{height:.0f}{unit}" viewBox="0 0 {width:.0f} {height:.0f}"'
        return whole("\n".join(drawn), self.net.title, size, chosen)

    # ------------------------------------------------------------ parts

    def _edges(self) -> list[str]:
        found = []
        for k in range(1, len(self.places)):
            for i in self.shown[k]:
                for j in self.shown[k - 1]:
                    w = self.net.columns[k].weights[i][j]
                    found.append((abs(self.read(w)), k, i, j, w))
        found.sort(key=lambda edge: edge[0] if edge[0] == edge[0] else math.inf)  # the large ones lie on top
        what = "∂" if self.net.gradients else ""
        made = []
        for _, k, i, j, w in found:
            (x1, y1), (x2, y2) = self.places[k - 1][j], self.places[k][i]
            away = R / math.hypot(x2 - x1, y2 - y1)
            ends = (x1 + (x2 - x1) * away, y1 + (y2 - y1) * away, x2 - (x2 - x1) * away, y2 - (y2 - y1) * away)
            name = self.names.get(id(w)) or f"w[{i}][{j}] of {self.net.columns[k].name}"
            tip = f"{what}{name} = {show(self.read(w), self.net.precision)}"
            made.append(self._line(self.read(w), ends, f"<title>{xml(tip)}</title>"))
        return ['<g class="weights" fill="none" stroke-linecap="butt">', *made, "</g>"]

    def _line(self, w: float, ends: Sequence[float], inside: str = "") -> str:
        size = min(abs(w) / self.most, 1.0) if math.isfinite(w) and self.most else 1.0
        if w == 0:
            size = 0.0
        dash = ' stroke-dasharray="5 3"' if w < 0 and not self.dense else ""
        pale = 0.12 if self.dense else 0.3
        x1, y1, x2, y2 = (f"{v:.1f}" for v in ends)
        return (
            f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{self._sign(w)}" stroke-width="{0.5 + (self.widest - 0.5) * size:.2f}" '
            f'stroke-opacity="{pale + (0.9 - pale) * size:.2f}"{dash}>{inside}</line>'
        )

    def _sign(self, x: float) -> str:
        c = self.c
        return c.bad_line if not math.isfinite(x) else c.leaf_line if x > 0 else c.root_line if x < 0 else c.line

    def _neurons(self) -> list[str]:
        made = []
        for k, column in enumerate(self.net.columns):
            for i, (x, y) in self.places[k].items():
                made += self._left_out(column, k, x, y) if i < 0 else self._neuron(column, k, i, x, y)
        return made

    def _neuron(self, column: Column, k: int, i: int, x: float, y: float) -> list[str]:
        c, precision = self.c, self.net.precision
        last = k == len(self.places) - 1
        name = f"x{_index(i)}" if k == 0 else f"y{_index(i)}" if last else ""
        bias = self.read(column.biases[i]) if column.biases else 0.0
        wide = 1.3 + (2.7 * min(abs(bias) / self.ring, 1.0) if math.isfinite(bias) and self.ring else 0.0)
        ring = self._sign(bias) if bias else c.value_line
        tip = [name or f"neuron {i + 1} of {column.name}"]
        if column.biases:
            tip.append(f"{'∂' if self.net.gradients else ''}b = {show(bias, precision)}")
        if column.values:
            tip.append(f"activation {show(column.values[i], precision)}")
        at = f'cx="{x:.1f}" cy="{y:.1f}"'
        made = [f'<g class="neuron"><title>{xml(", ".join(tip))}</title>', f'<circle {at} r="{R}" fill="{c.paper}"/>']
        if column.values:
            v = column.values[i]
            full = 0.45 * (min(abs(v) / self.full, 1.0) if math.isfinite(v) and self.full else 1.0) if v else 0.0
            made.append(f'<circle {at} r="{R}" fill="{self._sign(v)}" fill-opacity="{full:.3f}"/>')
        made.append(f'<circle {at} r="{R}" fill="none" stroke="{ring}" stroke-width="{wide:.2f}"/>')
        if column.values:
            text = _tiny(column.values[i])
            made.append(self._text(x, y + 3.6, text, c.ink, (10.5, 9.4, 8.5)[max(0, min(2, len(text) - 4))]))
        if name:
            side = -R - 6 if k == 0 else R + 6
            made.append(self._text(x + side, y + 4, name, c.ink, 12, "end" if k == 0 else "start"))
        return [*made, "</g>"]

    def _left_out(self, column: Column, k: int, x: float, y: float) -> list[str]:
        c, said = self.c, f"{column.size - len(self.shown[k]):,} more"
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y - 15 + 7 * n:.1f}" r="1.9" fill="{c.muted}"/>' for n in range(3))
        wide = 6.2 * len(said) + 8
        label = f'<rect x="{x - wide / 2:.1f}" y="{y + 5:.1f}" width="{wide:.1f}" height="15" rx="4" fill="{c.paper}"/>'
        return [f"<g>{label}{dots}", self._text(x, y + 16.5, said, c.muted, 11), "</g>"]

    def _heads(self) -> list[str]:
        made = []
        for k, column in enumerate(self.net.columns):
            x = self._middle(k)
            what = one_line(f"{column.size:,} {column.act}" if column.act else f"{column.size:,}", int(self.gap / 6.4))
            made += [self._text(x, 22, column.name, self.c.ink, 12.5, weight="bold"), self._text(x, 38, what, self.c.muted, 11.5)]
        return made

    def _text(self, x: float, y: float, text: str, fill: str, size: float, anchor: str = "middle", weight: str = "") -> str:
        bold = f' font-weight="{weight}"' if weight else ""
        return (
            f'<text text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}" font-family="{FONTS}" font-size="{size}"{bold} '
            f'fill="{fill}">{xml(text)}</text>'
        )

    # ------------------------------------------------------------ legend

    def _legend(self, width: float) -> tuple[list[str], float, float]:
        """What colours, widths, rings and fills mean; the width that all needs, and the height of the legend."""
        c, what = self.c, "gradient" if self.net.gradients else "weight"
        items: list[tuple[str, Callable[[float, float], str]]] = [
            (f"{what} above 0", lambda x, y: self._line(self.most or 1.0, (x, y, x + 26, y))),
            (f"{what} below 0", lambda x, y: self._line(-self.most or -1.0, (x, y, x + 26, y))),
            (f"width: size, up to {brief(self.most)}", self._wedge),
        ]
        if any(column.biases for column in self.net.columns):
            ring = f"ring: {'gradient of the ' * self.net.gradients}bias"
            items.append((f"{ring}, up to {brief(self.ring)}" if self.ring else f"{ring}, all 0", lambda x, y: self._ring(x, y)))
        if self.net.columns[0].values:
            items.append((f"fill and number: activation, up to {brief(self.full)}", lambda x, y: self._fills(x, y)))
        if not all(math.isfinite(self.read(p)) for p in parameters(self.net.columns)):
            items.append(("nan or inf", lambda x, y: self._line(math.nan, (x, y, x + 26, y))))
        widths = [34 + 6.1 * len(text) + 18 for text, _ in items]
        width = max(width, PAD * 2 + max(widths))
        made, x, y = [], PAD, self.height + 22
        for (text, draw), wide in zip(items, widths, strict=True):
            if x > PAD and x + wide > width - PAD + 18:
                x, y = PAD, y + LEGEND
            made += [draw(x, y), self._text(x + 34, y + 4, text, c.muted, 11.5, "start")]
            x += wide
        return made, width, y - self.height + 20

    def _wedge(self, x: float, y: float) -> str:
        low, high = 0.25, self.widest / 2
        return f'<path d="M{x:.1f},{y - low:.2f}L{x + 26:.1f},{y - high:.2f}V{y + high:.2f}L{x:.1f},{y + low:.2f}z" fill="{self.c.line}"/>'

    def _ring(self, x: float, y: float) -> str:
        at = f'cy="{y:.1f}" r="6" fill="{self.c.paper}"'
        return (
            f'<circle cx="{x + 6:.1f}" {at} stroke="{self.c.leaf_line}" stroke-width="2.6"/>'
            f'<circle cx="{x + 21:.1f}" {at} stroke="{self.c.root_line}" stroke-width="2.6"/>'
        )

    def _fills(self, x: float, y: float) -> str:
        at = f'cy="{y:.1f}" r="6.5" fill-opacity="0.45"'
        return f'<circle cx="{x + 6:.1f}" {at} fill="{self.c.leaf_line}"/><circle cx="{x + 21:.1f}" {at} fill="{self.c.root_line}"/>'


def _tiny(x: float) -> str:
    """A number that fits into a circle.

    >>> _tiny(-0.8861), _tiny(2.0), _tiny(0.0012), _tiny(-12345.0), _tiny(0.0)
    ('−0.89', '2', '1e-03', '−1e+04', '0')
    """
    short = f"{x:.2f}".rstrip("0").rstrip(".") if 0.01 <= abs(x) < 1000 or x == 0 else f"{x:.0e}" if math.isfinite(x) else str(x)
    return short.replace("-", MINUS, 1) if x < 0 else short


def _largest(xs: Any) -> float:
    return max((abs(x) for x in xs if math.isfinite(x)), default=0.0)


def _tallest(sizes: Sequence[int], budget: int) -> int:
    """The most neurons of a column that are shown, so that all columns together have about ``budget``."""
    most = max(TALL, budget // 4)
    while most > 2 and sum(min(size, most) for size in sizes) > max(budget, 2 * len(sizes)):
        most -= 1
    return most


def _ends(size: int, most: int) -> list[int]:
    """The neurons that are shown: all, or the first and the last ones.

    >>> _ends(4, 4), _ends(100, 5)
    ([0, 1, 2, 3], [0, 1, 98, 99])
    """
    if size <= most:
        return list(range(size))
    half = max(1, (most - 1) // 2)
    return [*range(half), *range(size - half, size)]


def _index(i: int) -> str:
    return str(i + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
