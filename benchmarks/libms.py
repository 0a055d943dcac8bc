"""`python -m benchmarks.libms [NAME=PATH …] [--samples N] [--write]`: other mathematics libraries, and our rows over them.

The largest error in ulp of each function of the C library that Python runs on, of NumPy, of JavaScript (`node`, where there is one), and of
libraries given by the path of their shared object: `musl=/lib/ld-musl-x86_64.so.1`. Then of every row of the table over each such library,
value, first and second derivative: Python's `math` is made of it in a process of its own. Where a library slips (more than 1 ulp) the
point is listed. Truth: `benchmarks.truth`. `--write` makes libms.md of it. Needs python-flint, mpmath and NumPy.
"""

from __future__ import annotations

import argparse
import ctypes
import datetime
import functools
import json
import math
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

NAMES = (
    "exp", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "erf", "hypot", "pow", "cbrt", "sqrt",
)  # fmt: skip
SLIP = 1.0  # ulp
Found = dict[str, list[tuple[float, tuple[float, ...]]]]  # function: (its error, where), the largest first
NODE = """
const asked = JSON.parse(require("fs").readFileSync(0, "utf8")), of = x => Number(x);
const words = x => Object.is(x, -0) ? "-0" : String(x);
const found = {};
for (const [name, points] of Object.entries(asked)) if (Math[name]) found[name] = points.map(xs => words(Math[name](...xs.map(of))));
console.log(JSON.stringify(found));
"""


def library(path: str) -> dict[str, Callable[..., float]]:
    """The functions of a shared object."""
    loaded = ctypes.CDLL(path)
    found: dict[str, Callable[..., float]] = {}
    for name in (*NAMES, "erfc", "exp2"):
        f = getattr(loaded, name, None)
        if f is not None:
            f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double] * (2 if name in ("atan2", "hypot", "pow") else 1)
            found[name] = f
    return found


def raising(name: str, f: Callable[..., float]) -> Callable[..., float]:
    """A function of C as Python's `math` has it: errors are raised."""
    before = getattr(math, name)

    @functools.wraps(before)
    def call(*xs: Any) -> Any:
        try:
            given = [float(x) for x in xs]
        except OverflowError:  # a whole number beyond all doubles
            return before(*xs)
        if len(given) != len(f.argtypes):  # type: ignore[attr-defined]  # log(x, base), a distance in space
            return before(*xs)
        y = f(*given)
        if y != y and not any(x != x for x in given):
            raise ValueError("math domain error")
        if math.isinf(y) and not any(map(math.isinf, given)):
            if name in ("log", "log2", "log10", "log1p", "atanh") or (name == "pow" and given[0] == 0.0):
                raise ValueError("math domain error")
            raise OverflowError("math range error")
        return y

    return call


def asked(samples: int) -> dict[str, list[tuple[float, ...]]]:
    """Where each function is asked."""
    from random import Random

    from benchmarks.accuracy import drawn
    from benchmarks.engines import points
    from micrograd import ops

    found = {}
    for name in NAMES:
        rng = Random(f"libms {name}")
        found[name] = points(ops.TABLE[name], 0) + [drawn(ops.TABLE[name], rng) for _ in range(samples)]
    for name in ("sin", "cos", "tan"):  # the double that is nearest to a multiple of π/2 (Muller, "Elementary Functions", 2016, 11.1)
        found[name].append((5.319372648326541e255,))
    return found


def errors(name: str, points: Sequence[tuple[float, ...]], values: Sequence[float]) -> list[tuple[float, tuple[float, ...]]]:
    """(error in ulp, where) of a function's values, the largest first; points without a real value are left out."""
    from benchmarks import truth
    from micrograd import ops
    from micrograd.checking import exact

    m, found = exact.context(60), []
    for xs, y in zip(points, values, strict=True):
        ball = truth.derivatives(ops.TABLE[name], xs, 0).get((0,) * len(xs))
        if ball is not None:
            found.append((exact.ulps(y, truth.number(m, ball)), xs))
    return sorted(found, reverse=True)


def functions(libraries: dict[str, str], samples: int) -> tuple[dict[str, Found], dict[str, str]]:
    """({library: {function: errors}}, what is left out)."""
    import numpy as np

    from micrograd.ops import ieee

    points, left_out = asked(samples), {}
    values: dict[str, dict[str, list[float]]] = {
        f"C library ({' '.join(platform.libc_ver())})": {
            n: [getattr(ieee, n, getattr(math, n, None))(*xs) for xs in ps]  # type: ignore[misc]
            for n, ps in points.items() if n != "cbrt" or hasattr(math, "cbrt")
        },
    }  # fmt: skip
    renamed = {"pow": "power"} | {f"a{n}": f"arc{n}" for n in ("sin", "cos", "tan", "tan2", "sinh", "cosh", "tanh")}
    with np.errstate(all="ignore"):
        values[f"NumPy {np.__version__}"] = {
            n: [float(y) for y in getattr(np, renamed.get(n, n))(*(np.array(column) for column in zip(*ps, strict=True)))]
            for n, ps in points.items() if hasattr(np, renamed.get(n, n))
        }  # fmt: skip
    for who, path in libraries.items():
        values[who] = {n: [f(*xs) for xs in points[n]] for n, f in library(path).items() if n in points}
    node = shutil.which("node")
    if node is None:
        left_out["JavaScript"] = "there is no node"
    else:
        version = subprocess.run([node, "--version"], capture_output=True, encoding="utf-8", check=True).stdout.strip()
        told = json.dumps({n: [list(map(repr, xs)) for xs in ps] for n, ps in points.items()})
        done = subprocess.run([node, "-e", NODE], input=told, capture_output=True, encoding="utf-8", check=True)
        back = json.loads(done.stdout)
        values[f"JavaScript (node {version})"] = {
            n: [float(y.replace("Infinity", "inf").replace("NaN", "nan")) for y in ys] for n, ys in back.items()
        }
    return {who: {n: errors(n, points[n], ys) for n, ys in of.items()} for who, of in values.items()}, left_out


def under(path: str) -> None:
    """Print, as JSON, the largest errors of each row over the library at `path`. For a process in which micrograd is not imported yet."""
    if any(name.split(".")[0] == "micrograd" for name in sys.modules):
        raise ImportError("micrograd has taken its functions already")
    for name, f in library(path).items():
        if hasattr(math, name):
            setattr(math, name, raising(name, f))
    print(json.dumps(_here()))


def over(path: str) -> dict[str, list[float]]:
    """What `under` prints."""
    code = f"from benchmarks import libms; libms.under({path!r})"
    root = str(Path(__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=root)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def page(libraries: dict[str, str], samples: int) -> Iterator[str]:
    """libms.md."""
    from benchmarks import engines
    from benchmarks.process import machine
    from benchmarks.small_nets import shown

    found, left_out = functions(libraries, samples)
    on = machine()
    yield "# Other mathematics libraries"
    yield ""
    given = " ".join(f"{who}=…" for who in libraries)
    yield f"Written by `python -m benchmarks.libms {given} --write` on {datetime.date.today()}: {on['cpu']}, {on['system']},"
    yield f"Python {on['python']}. Largest error in units in the last place, against proven enclosures."
    yield ""
    yield "## Their functions"
    yield ""
    yield f"| function | points | {' | '.join(found)} |"
    yield f"|---|---:|{'---:|' * len(found)}"
    first = next(iter(found.values()))
    for name in NAMES:
        cells = [shown(of[name][0][0]) if of.get(name) else "" for of in found.values()]
        yield f"| {name} | {len(first[name]) if name in first else ''} | {' | '.join(cells)} |"
    yield ""
    yield f"Slips of more than {SLIP:g} ulp, the largest of each function:"
    yield ""
    for who, of in found.items():
        for name, each in of.items():
            slips = [(e, xs) for e, xs in each if e > SLIP]
            if slips:
                e, xs = slips[0]
                yield f"- {who}: {name}({', '.join(map(repr, xs))}) is {shown(e)} ulp off ({len(slips)} of {len(each)} points)"
    yield ""
    yield "## Our rows over them"
    yield ""
    yield "Value, first and second derivative (eager), at the points of [`engines.md`](engines.md)."
    yield ""
    ours = _here()
    tables = {f"C library ({' '.join(platform.libc_ver())})": ours} | {who: over(path) for who, path in libraries.items()}
    yield f"| row | {' | '.join(f'{who}: value | first | second' for who in tables)} |"
    yield f"|---|{'---:|---:|---:|' * len(tables)}"
    for name in engines.rows():
        yield f"| {name} | {' | '.join(shown(e) for of in tables.values() for e in of[name])} |"
    for what, why in left_out.items():
        yield ""
        yield f"Left out: {what}, {why}."


def _here() -> dict[str, list[float]]:
    from benchmarks import engines

    kept = engines.PEERS, engines.BACKENDS
    engines.PEERS, engines.BACKENDS = {}, {}
    try:
        found, _, _ = engines.measure(engines.rows(), 0)
    finally:
        engines.PEERS, engines.BACKENDS = kept
    return {name: [max(engines.of_kind(row, k), default=0.0) for k in range(3)] for name, row in found["ours"].items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.libms", description=__doc__)
    parser.add_argument("libraries", nargs="*", metavar="NAME=PATH", help="a shared object with C's functions")
    parser.add_argument("--samples", type=int, default=2000, help="further random points of each function (2000)")
    parser.add_argument("--write", action="store_true", help="write libms.md beside this file")
    arguments = parser.parse_args()
    if wrong := [text for text in arguments.libraries if not Path(text.partition("=")[2]).is_file()]:
        parser.error(f"{wrong[0]!r} is not NAME=PATH with the path of a shared object")
    text = "\n".join(page(dict(text.split("=", 1) for text in arguments.libraries), arguments.samples)) + "\n"
    print(text)
    if arguments.write:
        (Path(__file__).parent / "libms.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
