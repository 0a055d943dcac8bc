"""The still drawing of a stepper: the page's boxes, colours and numbers as SVG, made without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from ..drawn import layers
from ..drawn.metrics import width
from ..drawn.theme import STEPS
from ..notation.numbers import show
from .fitting import SIZE, TAG_HIGH, TAG_ROOM, TAG_SIZE, beside, letters, spot

if TYPE_CHECKING:
    from .stepper import Stepper

W, H, PAD, CAPTION = 136, 62, 14, 44
FONT = "system-ui,'Segoe UI',Roboto,'Noto Sans','DejaVu Sans',sans-serif"

_RULES = """.p{{fill:{paper}}}.b{{fill:{fill};stroke:{line};stroke-width:1.2}}.t{{fill:{ink}}}.n{{font-weight:700}}
.d{{fill:{dim}}}.k{{font-size:11px}}.e{{fill:none;stroke:{line};stroke-width:1.4;opacity:.75}}
.f{{stroke:{done};stroke-width:1.6}}.m{{fill:{done}}}.r{{fill:{read-fill};stroke:{read};stroke-width:2}}
.c{{fill:{changed-fill};stroke:{changed};stroke-width:3}}.x{{stroke:{wrong};stroke-width:2}}
.l{{stroke:{read};stroke-width:2.6;opacity:1}}.g{{stroke:{changed};stroke-width:3;opacity:1}}.h{{fill:{changed}}}
.s{{fill:{paper};stroke:{soft}}}.o{{fill:{changed-fill};stroke:{changed};stroke-width:1.5}}.w{{fill:{wrong}}}"""


def _rules(theme: str) -> str:
    return _RULES.format_map(STEPS[theme])


@dataclass
class State:
    """What one picture shows: gradients and data after ``position`` steps, and the step's roles."""

    position: int
    grads: list[float]
    got: list[int]
    known: int  # how many forward steps are done
    read: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    live: dict[tuple[int, int, int], bool] = field(default_factory=dict)  # edge -> backwards?
    caption: str = ""


class Scene:
    """The things of a stepper, placed once; drawn for any step."""

    def __init__(self, stepper: Stepper) -> None:
        self.s, self.t = stepper, stepper.trace
        shown = stepper.tree.shown(stepper.open)
        if len(set(shown)) > 400:
            shown = stepper.tree.shown([])  # too many to place: all boxes closed
        self.shown = shown
        self.n = len(self.t.values)
        self.members: dict[int, list[int]] = {}
        for place, thing in enumerate(shown):
            self.members.setdefault(thing, []).append(place)
        self.things = list(self.members)
        self.when = {place: k for k, place in enumerate(self.t.interior)}
        self.need = [0] * self.n
        for arg in self.t.edges.arg:
            self.need[arg] += 1
        self._place()

    def _place(self) -> None:
        at = {thing: i for i, thing in enumerate(self.things)}
        self.edges: dict[tuple[int, int], list[int]] = {}
        for place, operands in enumerate(self.t.operands):
            for slot, arg in enumerate(operands):
                if arg >= self.n:
                    continue
                a, b = self.shown[arg], self.shown[place]
                if a == b:
                    continue
                slots = self.edges.setdefault((a, b), [])
                if a < self.n and b < self.n:
                    slots.append(slot)
        plan = layers.layout(
            [(W, H)] * len(self.things),
            [self.members[thing][-1] for thing in self.things],
            [(at[a], at[b]) for a, b in self.edges],
        )
        self.centres = dict(zip(self.things, plan.centres, strict=True))
        self.routes: dict[tuple[int, int, int], list[layers.Point]] = {}
        ports: dict[int, list[tuple[float, tuple[int, int], list[layers.Point]]]] = {}
        for (a, b), route in zip(self.edges, plan.routes, strict=True):
            ports.setdefault(b, []).append((route[-2][1], (a, b), route))
        for arrivals in ports.values():
            arrivals.sort(key=lambda arrival: arrival[0])
            gap = min(14.0, (H - 16) / len(arrivals))
            for k, (_, (a, b), route) in enumerate(arrivals):
                x, y = route[-1]
                route[-1] = (x, y + (k - (len(arrivals) - 1) / 2) * gap)
                slots = self.edges[a, b] or [-1]
                for j, slot in enumerate(slots):
                    self.routes[a, b, slot] = _bent(route, (j - (len(slots) - 1) / 2) * 20)
        self.width, self.height = plan.width + 2 * PAD, plan.height + 2 * PAD

    # ------------------------------------------------------------ states

    def states(self) -> Iterator[State]:
        """The picture after 0, 1, 2 … steps; a run of steps inside one closed box is one picture."""
        t, shown = self.t, self.shown
        grads, got = [0.0] * self.n, [0] * self.n
        lines = list(self.s.log())
        yield State(0, grads, got, 0, caption="Start: the leaves have their values.")
        work = [*t.interior, t.root, *t.edges.node]
        for k in range(len(t)):
            c = k - t.forward - 1
            if k == t.forward:
                grads[t.root] = 1.0
            elif c >= 0:
                grads[t.edges.arg[c]] = t.edges.after[c]
                got[t.edges.arg[c]] += 1
            thing = shown[work[k]]
            last = k + 1 == len(t) or k + 1 in (t.forward, t.forward + 1)
            if thing >= self.n and not last and shown[work[k + 1]] == thing:
                continue
            state = State(k + 1, grads, got, min(k + 1, t.forward), changed={thing}, caption=lines[k])
            if thing >= self.n:
                state.caption = f"{self.title(thing)}: its steps up to {k + 1} of {len(t)}"
            elif c >= 0:
                state.read, state.changed = {thing}, {shown[t.edges.arg[c]]}
                state.live = {(shown[t.edges.arg[c]], thing, t.edges.slot[c]): True}
            elif k < t.forward:
                args = {slot: shown[a] for slot, a in enumerate(t.operands[work[k]]) if a < self.n}
                state.read = set(args.values())
                state.live = {(a, thing, slot): False for slot, a in args.items()}
            yield state

    def final(self) -> State:
        """After the last step, with nothing marked."""
        got = [0] * self.n
        for arg in self.t.edges.arg:
            got[arg] += 1
        t = self.t
        return State(len(t), t.grads(len(t)), got, t.forward, caption=self.s.alt())

    def title(self, thing: int) -> str:
        return self.s.tree.name[thing - self.n] if thing >= self.n else self.s._name(thing)

    # ------------------------------------------------------------ drawing

    def draw(
        self,
        state: State,
        theme: str = "light",
        *,
        caption: bool = True,
        text: Callable[[int, str, str], str] | None = None,
        labels: Callable[[int], str | None] | None = None,
    ) -> str:
        """One SVG. ``text(place, field, shown)`` may replace a number, ``labels(k)`` an edge's."""
        height = self.height + (CAPTION if caption else 0)
        width = max(self.width, 560 if caption else 0)
        rules = _rules("dark" if theme == "dark" else "light")
        if theme == "auto":
            rules += f"@media screen and (prefers-color-scheme:dark){{{_rules('dark')}}}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" font-family="{FONT}" font-size="12.5">'
            f"<style>{rules}</style><title>{escape(state.caption)}</title>"
            f'<rect class="p" width="{width:.0f}" height="{height:.0f}"/>'
        )
        left = (width - self.width) / 2 + PAD
        parts = [head, f'<g transform="translate({left:.1f},{PAD})">']
        parts += [self._edge(key, route, state) for key, route in self.routes.items() if key not in state.live]
        parts += [self._edge(key, self._route(key), state) for key in state.live]
        parts += [self._box(thing, state, text) for thing in self.things]
        parts += self._labels(state, labels)
        parts.append("</g>")
        if caption:
            parts.append(_caption(state.caption, width, self.height))
        return "".join(parts) + "</svg>"

    def _route(self, key: tuple[int, int, int]) -> list[layers.Point]:
        return self.routes.get(key) or self.routes.get((key[0], key[1], -1)) or [(0.0, 0.0)] * 2

    def _edge(self, key: tuple[int, int, int], route: list[layers.Point], state: State) -> str:
        if key not in state.live:
            return f'<path class="e" d="{layers.curve(route)}"/>'
        back = state.live[key]
        (x, y), turn = (route[0], 1) if back else (route[-1], -1)
        head = f"M{x:.1f},{y:.1f}l{9 * turn},-4v8z"
        return f'<path class="e {"g" if back else "l"}" d="{layers.curve(route)}"/><path class="h" d="{head}"/>'

    def _box(self, thing: int, state: State, text: Any) -> str:
        x, y = self.centres[thing]
        box, members = thing >= self.n, self.members[thing]
        leaf = not box and not self.t.operands[thing]
        name = self.title(thing)
        if box:
            done = [i for i in members if i in self.when and self.when[i] < state.known] or (
                [members[-1]] if not any(i in self.when for i in members) else []
            )
            data = show(self.t.data[done[-1]]) if done else "·"
            grad = show(sum(abs(state.grads[i]) for i in members))
            full = state.position > self.t.forward and all(self._full(i, state) for i in members)
            rows, op, mark = (("out", data), ("Σ|grad|", grad)), "▸", ""
        else:
            known = leaf or self.when[thing] < state.known
            data = show(self.t.data[thing]) if known else "·"
            grad = show(state.grads[thing])
            if text:
                data, grad = text(thing, "data", data), text(thing, "grad", grad)
            rows, op = (("data", data), ("grad", grad)), "" if leaf else _cut(self.t.sign(thing))
            full = state.position > self.t.forward and self._full(thing, state)
            mark = ""
            if state.position > self.t.forward and not text:
                mark = "●" if full else "◐" if state.got[thing] else "○"
        role = "c" if thing in state.changed else "r" if thing in state.read else "f" if full else ""
        if not box and self.t.marks.get(thing):
            role += " x"
        parts = [f'<g transform="translate({x - W / 2:.1f},{y - H / 2:.1f})">']
        if box:
            parts.append(f'<rect class="b" x="4" y="-4" width="{W}" height="{H}" rx="5"/>')
        parts.append(f'<rect class="b {role}" width="{W}" height="{H}" rx="{16 if leaf else 5}"/>')
        parts.append(_text(10, 17, "t n", beside(name, op)))
        parts.append(_text(W - 9, 17, "d", op, "end"))
        for (key, shown), at in zip(rows, (36, 53), strict=True):
            parts.append(_text(10, at, "d k", key))
            parts.append(_text(W - 9, at, "t", shown, "end", letters(shown, W - 9 - (52 if box else 49))))
        if mark:
            parts.append(_text(38, 53, "k m" if full else "k d", mark))
        if not box and self.t.marks.get(thing):
            parts.append(f'<path class="w" d="M{W - 8},-8l9,16h-18z"/>')
        return "".join(parts) + "</g>"

    def _full(self, place: int, state: State) -> bool:
        if place == self.t.root:
            return True
        return state.got[place] >= max(1, self.need[place])

    def _labels(self, state: State, labels: Any) -> list[str]:
        if len(self.things) > 60:
            return []
        made = []
        taken: list[layers.Point] = []
        boxes = list(self.centres.values())
        done = max(0, state.position - self.t.forward - 1)
        for k in range(done):
            key = (self.shown[self.t.edges.arg[k]], self.shown[self.t.edges.node[k]], self.t.edges.slot[k])
            if key not in self.routes:
                continue
            shown = show(self.t.edges.partial[k])
            if labels:
                said = labels(k)
                if said is None:
                    continue
                shown = said
            hot = state.live.get(key) and k == done - 1
            at = spot(self.routes[key], min(width(shown, TAG_SIZE), TAG_ROOM) + 8, taken, boxes, W, H)
            taken.append(at)
            made.append(_tag(at, shown, bool(hot)))
        return made

    @cached_property
    def count(self) -> int:
        """How many pictures ``states`` gives."""
        return sum(1 for _ in self.states())


def _bent(route: list[layers.Point], bend: float) -> list[layers.Point]:
    if not bend:
        return route
    if len(route) == 2:
        (x0, y0), (x1, y1) = route
        x, y = (x0 + x1) / 2, (y0 + y1) / 2 + bend
        return [route[0], (x - 6, y), (x + 6, y), route[1]]
    return [route[0], *((x, y + bend) for x, y in route[1:-1]), route[-1]]


def _tag(at: layers.Point, shown: str, hot: bool) -> str:
    size = letters(shown, TAG_ROOM, TAG_SIZE)
    wide, high = width(shown, size) + 8, TAG_HIGH
    return (
        f'<g transform="translate({at[0]:.1f},{at[1]:.1f})">'
        f'<rect class="{"o" if hot else "s"}" x="{-wide / 2:.1f}" y="{-high / 2:g}" width="{wide:.1f}" height="{high:g}" rx="9"/>'
        f"{_text(0, 4, 't n' if hot else 'd', shown, 'middle', size)}</g>"
    )


def _caption(text: str, width: float, top: float) -> str:
    size = min(16.0, 1.75 * (width - 20) / max(1, len(text)))
    return f'<text class="t" x="{width / 2:.0f}" y="{top + 26:.0f}" font-size="{size:.1f}" text-anchor="middle">{escape(text)}</text>'


def _text(x: float, y: float, css: str, text: str, anchor: str = "", size: float = SIZE) -> str:
    end = f' text-anchor="{anchor}"' if anchor else ""
    end += f' font-size="{size:.3g}"' if size != SIZE else ""
    return f'<text class="{css}" x="{x}" y="{y}"{end}>{escape(text)}</text>'


def _cut(sign: str) -> str:
    """An operation, as far as there is room for it."""
    return sign if len(sign) <= 12 else f"{sign[:11]}…"
