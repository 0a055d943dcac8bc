"""`python -m benchmarks.engines [op …] [--seed N] [--write]`: how many digits of a derivative are true, engine by engine.

Each row of the table at points of all sizes, at edges, near kinks, zeros and saturation: value, first and second derivative (grad of
grad) of PyTorch, JAX, HIPS autograd, ours value by value and compiled, against proven enclosures (`benchmarks.truth`), in units in the
last place. Then three small networks. Out of the domain, at poles and kinks there is no truth, and nothing is asked. `--write` makes
engines.md and engines.svg of it. An engine that is not installed is left out, and said to be. Needs python-flint and mpmath.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import itertools
import math
import random
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import small_nets, truth
from benchmarks.accuracy import PARAMS, SKIPPED, drawn
from benchmarks.differentiators import PEERS, Compiled, Eager, Missing, Points, orders
from benchmarks.process import machine
from benchmarks.small_nets import shown
from micrograd import ops
from micrograd.checking import exact
from micrograd.ops.op import Op

FOLDER = Path(__file__).parent
WHOLE = ("floor", "ceil", "trunc", "round", "mod")  # derivatives 0 and 1
POWERS = (3.0, -1.0, 0.5, -0.5, 2.5, 1 / 3, 0.1, 7.0)
SIZES = (
    5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-200, 1e-154, 1e-100, 1e-50, 1e-20, 1e-16, 1e-8, 1e-5, 1e-3, 0.1, 0.3, 0.49, 0.5,
    0.51, 0.67, 0.7517915246935645, 0.9, 0.99999, 1 - 2**-53, 1.0, 1 + 2**-52, 1.00001, 1.2784645427610738, 1.4142135623730951,
    1.5707963267948966, 2.0, 2.3993572805154675, 2.5, 3.141592653589793, 5.0, 6.1, 9.0, 15.0, 18.5, 19.06, 19.1, 20.0, 22.0, 27.0, 30.0,
    36.7, 37.5, 38.4, 40.0, 40.5, 88.0, 100.0, 355.0, 360.0, 361.0, 400.0, 700.5, 705.0, 709.7, 710.4, 720.0, 744.9, 745.1, 1000.0, 1023.5,
    1e4, 1e5, 1e10, 1e20, 1e50, 1e100, 1e154, 1e155, 1e200, 1e300, 1.7e308,
)  # fmt: skip
FEW = (1e-310, 1e-300, 1e-154, 1e-20, 0.3, 1.0, 2.5, 40.0, 1e20, 1e155, 1e300)
RANDOM = 120  # further points of an op, see `accuracy.drawn`
OURS = ("ours", "compiled, NumPy", "compiled, Numba", "compiled, C")
BACKENDS = {"compiled, NumPy": "numpy", "compiled, Numba": "numba", "compiled, C": "c"}
LOST = 1e4  # ulp: four digits of sixteen
KINDS = ("value", "first derivative", "second derivative")

Errors = dict[
    str, dict[str, dict[tuple[int, ...], list[float]]]
]  # engine, row, derivative: ulps at each point, nan where there is no truth


def rows(names: Sequence[str] = ()) -> dict[str, Op]:
    """The rows of the table that have derivatives, with constants, by what to call them."""
    found: dict[str, Op] = {}
    for name, op in ops.TABLE.items():
        if not op.domain or op.arity not in (1, 2) or name in SKIPPED or name in WHOLE or (names and name not in names):
            continue
        if name == "power":
            found |= {f"power {p:.3g}": op.bind(p) for p in POWERS}
        else:
            found[name] = op.bind(*PARAMS.get(name, op.defaults)) if op.constants else op
    return found


def points(op: Op, seed: int) -> list[tuple[float, ...]]:
    """Where an op is asked: sizes of both signs, and random ones."""
    rng = random.Random(f"{seed} {op.name}")
    found: list[tuple[float, ...]]
    if op.arity == 1:
        found = [(s * x,) for x in SIZES for s in (1.0, -1.0)]
        found += [(0.0,)]
    else:
        found = [*rng.sample(list(itertools.product([s * x for x in FEW for s in (1.0, -1.0)], FEW)), 120)]
        found += [(a, p) for a in (1e-310, 0.999, 40.0) for p in (-3.0, -0.5, 1e-20, 0.1, 1.0, 2.0, 17.0)] if op.name == "pow" else []
    return found + [drawn(op, rng) for _ in range(RANDOM)]


def rough(op: Op, xs: tuple[float, ...]) -> bool:
    """Whether a derivative is missing here, and answered by convention."""
    if op.rough is not None and op.rough(*xs, *op.params) == 0.0:
        return True
    return xs in {k.at for k in op.kinks} or (op.name in ("maximum", "minimum") and xs[0] == xs[1])


def measure(table: dict[str, Op], seed: int) -> tuple[Errors, dict[str, list[tuple[float, ...]]], dict[str, str]]:
    """(errors, the points of each row, what is left out and why)."""
    asked = {name: points(op, seed) for name, op in table.items()}
    m = exact.context(60)
    true: dict[str, list[dict[tuple[int, ...], Any]]] = {}
    for name, op in table.items():
        known = [(xs, truth.derivatives(op, xs, 2)) for xs in asked[name] if not rough(op, xs)]
        asked[name] = [xs for xs, balls in known if balls]
        true[name] = [{key: truth.number(m, ball) for key, ball in balls.items()} for _, balls in known if balls]
    left_out: dict[str, str] = {}
    found: Errors = {}
    engines: dict[str, Any] = {"ours": Eager()}
    for name, backend in BACKENDS.items():
        said(name)
        try:
            engines[name] = Compiled({k: (op, asked[k]) for k, op in table.items()}, backend)
        except Missing as missing:
            left_out[name] = str(missing)
    for name, kind in PEERS.items():
        try:
            engines[name] = kind()
        except Missing as missing:
            left_out[name] = str(missing)
    for who, engine in engines.items():
        said(who)
        found[who] = {}
        for name, op in table.items():
            try:
                got = engine.found[name] if isinstance(engine, Compiled) else engine.derivatives(op, asked[name])
            except Missing as missing:
                left_out[f"{who}, {name}"] = str(missing)
                continue
            found[who][name] = {
                key: [exact.ulps(float(x), t[key]) if key in t else math.nan for x, t in zip(got[key], true[name], strict=True)]
                for key in orders(op.arity or 0)
            }
    if 5e-324 * 1.0 == 0.0:
        raise RuntimeError("an engine has switched subnormal numbers off in this process: its numbers are not to be compared")
    return found, asked, left_out


def said(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


# --- what it comes to --------------------------------------------------------------------------------------------------------


def of_kind(row: dict[tuple[int, ...], list[float]], order: int) -> list[float]:
    """The errors of all derivatives of this order, those without a truth left out."""
    return [e for key, errors in row.items() if sum(key) == order for e in errors if e == e]


def cell(errors: list[float]) -> str:
    if not errors:
        return ""
    lost = sum(e > LOST for e in errors)
    return shown(max(errors)) + (f" ({lost})" if lost else "")


def tables(found: Errors) -> Iterator[str]:
    """For each kind the worst error of every row by every engine."""
    names = list(found["ours"])
    for order, kind in enumerate(KINDS):
        yield f"### {kind.capitalize()}"
        yield ""
        yield f"| op | points | {' | '.join(found)} |"
        yield f"|---|---:|{'---:|' * len(found)}"
        for name in names:
            cells = [cell(of_kind(found[who].get(name, {}), order)) for who in found]
            yield f"| {name} | {len(of_kind(found['ours'][name], order))} | {' | '.join(cells)} |"
        yield ""


def summary(found: Errors) -> Iterator[str]:
    """A short table: each engine's median, worst, and how many numbers have lost four digits or all."""
    yield "| | " + " | ".join(f"{kind}: worst | within 4 ulp | without a digit" for kind in KINDS) + " |"
    yield f"|---|{'---:|' * 9}"
    for who, table in found.items():
        cells = []
        for order in range(3):
            errors = [e for row in table.values() for e in of_kind(row, order)]
            none = sum(e > 2**52 for e in errors)
            cells += [shown(max(errors)), f"{100 * sum(e <= 4 for e in errors) / len(errors):.1f} %", f"{none:,}"]
        yield f"| {'**' if who in OURS else ''}{who}{'**' if who in OURS else ''} | {' | '.join(cells)} |"


def medians(found: Errors) -> str:
    parts = []
    for who, table in found.items():
        each = [statistics.median([e for row in table.values() for e in of_kind(row, order)] or [math.nan]) for order in range(3)]
        parts.append(f"{who} {', '.join(f'{e:.2f}' for e in each)}")
    return "; ".join(parts)


def worse(
    found: Errors, asked: dict[str, Points], more: float = 1.0
) -> Iterator[tuple[str, tuple[int, ...], tuple[float, ...], str, float, float]]:
    """Where ours is further off than a peer, by more ulps than this: (row, derivative, point, peer, ours, theirs)."""
    for name, row in found["ours"].items():
        for key, errors in row.items():
            for k, (xs, e) in enumerate(zip(asked[name], errors, strict=True)):
                best = min(((found[p][name][key][k], p) for p in found if p not in OURS and name in found[p]), default=(math.inf, ""))
                if e > best[0] + more:
                    yield name, key, xs, best[1], e, best[0]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("ops", nargs="*", help="rows of the table; nothing: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write engines.md and engines.svg beside this file")
    arguments = parser.parse_args()
    unknown = set(arguments.ops) - set(ops.TABLE)
    if unknown:
        parser.error(f"no op {', '.join(sorted(unknown))}; there are {', '.join(ops.TABLE)}")
    found, asked, left_out = measure(rows(arguments.ops), arguments.seed)
    nets = [] if arguments.ops else list(small_nets.table(arguments.seed))
    text = "\n".join(page(found, asked, left_out, nets)) + "\n"
    print(text)
    if arguments.write:
        from benchmarks import engines_chart

        (FOLDER / "engines.md").write_text(text, encoding="utf-8")
        engines_chart.draw(found, FOLDER / "engines.svg")


def page(found: Errors, asked: Mapping[str, Points], left_out: dict[str, str], nets: list[str]) -> Iterator[str]:
    """engines.md."""
    on = machine()
    versions = {name: version(name) for name in ("torch", "jax", "autograd", "numpy", "numba")}
    yield "# True digits, engine by engine"
    yield ""
    yield f"Written by `python -m benchmarks.engines --write` on {datetime.date.today()}: {on['cpu']}, {on['system']},"
    yield f"Python {on['python']}, {', '.join(f'{name} {v}' for name, v in versions.items() if v)}."
    yield ""
    yield "![The worst error of each row by each engine](engines.svg)"
    yield ""
    yield from summary(found)
    yield ""
    yield f"Medians (value, first, second derivative): {medians(found)}."
    yield ""
    yield from nets
    yield "The largest error found, in units in the last place; in brackets how many numbers have lost four digits and more (10,000 ulp);"
    yield "∞: no digit is right, or nan. Truth: proven enclosures (`benchmarks/truth.py`). JAX on a CPU takes subnormal numbers for 0."
    yield ""
    yield from tables(found)
    yield "### Where a peer is nearer than ours by more than one ulp"
    yield ""
    by: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for name, key, *rest in worse(found, asked):
        by.setdefault((name, KINDS[sum(key)]), []).append((key, *rest))
    if not by:
        yield "Nowhere."
        yield ""
    else:
        yield from _nearer(by)
    if left_out:
        yield "### Left out"
        yield ""
        yield from (f"- {what}: {why}" for what, why in left_out.items())


def _nearer(by: Mapping[tuple[str, str], list[tuple[Any, ...]]]) -> Iterator[str]:
    """Where a peer is nearer: a line for each row and kind, with its worst point."""
    yield "| row | | points | most, in ulp: ours | the peer's | there |"
    yield "|---|---|---:|---:|---:|---|"
    for (name, kind), each in by.items():
        _, xs, peer, ours, theirs = max(each, key=lambda one: one[3] - one[4])
        yield f"| {name} | {kind} | {len(each)} | {shown(ours)} | {shown(theirs)} ({peer}) | {', '.join(map(repr, xs))} |"
    yield ""


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    main()
