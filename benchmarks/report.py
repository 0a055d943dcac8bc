"""The figures as Markdown for the README: who takes how long, how far that is from the goals, cost against size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import eager, printed, waits
from benchmarks.compiled import CURVES, TABLE
from benchmarks.peers import PEERS
from benchmarks.process import LONG

Figures = dict[str, Any]
OURS = ("ours.native", "ours.numba", "ours.interpreter", "ours.numpy", "ours.auto", "ours.batch")


def whole(results: Figures) -> str:
    """Every part that was measured, each with its date and machine."""
    parts = []
    if "eager" in results:
        parts.append(f"### Eager\n\n{measured(results['eager'])}\n\n{eager.report(results['eager']['figures'])}")
    if "waits" in results:
        parts.append(f"### Where people wait\n\n{measured(results['waits'])}\n\n{waits.report(results['waits']['figures'])}")
    if "steps" in results:
        found = results["steps"]["figures"]
        parts.append(f"### Compiled\n\n{measured(results['steps'])}\n\n{steps(found)}")
        parts.append(f"The goals, as ratios:\n\n{goals(results)}")
    sizes = [curve(name, results[name]["figures"]) for name in CURVES if name in results]
    if sizes:
        parts += ["Cost against size, µs a step:", *sizes]
    beside = [printed.report(name, results[name]) for name in printed.MODULES if name in results]
    if beside:
        parts += ["### Programs of their own", *beside]
    return "\n\n".join(parts) + "\n"


def measured(part: Figures) -> str:
    m = part["measured"]
    versions = ", ".join(f"{name} {version}" for name, version in m.get("versions", {}).items())
    busy = f", load {m['load']}" if "load" in m else ""
    return (
        f"Measured {m['date']} on {m['cpu']} ({m['cores']} cores, one thread used{busy}), {m['system']}, Python {m['python']}"
        f"{', ' + versions if versions else ''}. Median of {m['rounds']} fresh processes a figure, everybody in turn."
    )


def micro(seconds: float) -> str:
    """Seconds as µs, three figures."""
    us = 1e6 * seconds
    return f"{us:,.0f}" if us >= 99.95 else f"{us:.3g}"


def cell(found: Figures | None, write: Callable[[Figures], str]) -> str:
    if found is None:
        return "–"
    return found["note"] if "note" in found else write(found)


def steps(found: Figures) -> str:
    """Microseconds of a training step by everybody, and seconds to the first."""
    columns = list(TABLE)
    heads = {"W1": "README, one call", "W3": "moons", "W4": "digits", "W5": "scalar GPT", "W6": "784-128-10"}
    lines = [
        "| µs a step | " + " | ".join(heads[c] for c in columns) + " | first step of moons, s | memory added, MB |",
        "|---" + "|---:" * (len(columns) + 2) + "|",
    ]
    for who, (_, _, title) in PEERS.items():
        row = [cell(found[c].get(who), lambda f: micro(f["step"])) for c in columns]
        if all(x == "–" for x in row):
            continue
        moons = found["W3"].get(who) or found["W6"].get(who)
        row.append(cell(moons, lambda f: f"{f['first']:.2g}" if f["first"] < 99.5 else f"{f['first']:,.0f}"))
        row.append(cell(moons, lambda f: f"{f['resident'] / 1e6:,.0f}"))
        lines.append(f"| {title} | " + " | ".join(row) + " |")
    once = [f"{PEERS[who][2].strip('*')} ({heads[c]})" for c in columns for who, f in found[c].items() if "once" in f and "note" not in f]
    if once:
        lines += ["", f"One process, not several, where it takes longer than {LONG:.0f} s: {', '.join(once)}."]
    return "\n".join(lines)


def best(found: Figures, workload: str) -> float | None:
    """Our fastest tier."""
    times = [found[workload][w]["step"] for w in OURS if "step" in found[workload].get(w, {})]
    return min(times, default=None)


def goals(results: Figures) -> str:
    """Each goal of the project for speed, and the ratio found."""
    found = results["steps"]["figures"]
    three = ("W3", "W4", "W5")

    def time(workload: str, who: str) -> float | None:
        return best(found, workload) if who == "best" else found[workload].get(who, {}).get("step")

    def ratios(workloads: tuple[str, ...], over: str, under: str) -> dict[str, float]:
        pairs = {w: (time(w, over), time(w, under)) for w in workloads}
        return {w: a / b for w, (a, b) in pairs.items() if a and b}

    traced = {w: f for w, f in results.get("first", {}).get("figures", {}).get("trace", {}).items() if "first" in f}
    in_time = {w: f["first"] / (2 * f["eager"] + 0.5) for w, f in traced.items()}
    rows: list[tuple[str, str, float, dict[str, float]]] = [
        ("time, in hand-written C's", "≤", 1.3, ratios(three, "best", "c")),
        ("faster than JAX jit", "≥", 2, ratios(three, "jax", "best")),
        ("faster than PyTorch eager", "≥", 10, ratios(three, "torch", "best")),
        ("faster than micrograd 0.1.0", "≥", 10_000, ratios(three, "original", "best")),
        ("NumPy back end, faster than micrograd 0.1.0", "≥", 3_000, ratios(("W3",), "original", "ours.numpy")),
        ("784-128-10, faster than PyTorch eager", "≥", 1, ratios(("W6",), "torch", "best")),
        ("784-128-10, faster than JAX jit", "≥", 1, ratios(("W6",), "jax", "best")),
        ("time to the first step, in (2 eager passes + 0.5 s)", "≤", 1, in_time),
        ("bytes a traced scalar", "≤", 180, {w: f["bytes"] for w, f in traced.items()}),
    ]
    if "eager" in results:
        f = results["eager"]["figures"]
        for collector, least in (("on", 15), ("off", 2.2)):
            theirs, ours = (f[f"W3 {who} collector {collector}"]["both"] for who in eager.WHO)
            rows.append((f"eager, faster than micrograd 0.1.0, collector {collector}", "≥", least, {"W3": theirs / ours}))
    lines = ["| ratio | goal | W3 | W4 | W5 | W6 |", "|---|---:|---:|---:|---:|---:|"]
    for what, sign, goal, row in rows:
        cells = [verdict(row.get(w), sign, goal) for w in (*three, "W6")]
        lines.append(f"| {what} | {sign} {number(goal)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(ratio: float | None, sign: str, goal: float) -> str:
    """The ratio, marked where it misses the goal."""
    if ratio is None:
        return ""
    held = ratio >= goal if sign == "≥" else ratio <= goal
    return number(ratio) if held else f"{number(ratio)} ✗"


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def curve(name: str, found: Figures) -> str:
    """Sizes down, people across."""
    workload, _, sizes = CURVES[name]
    who = list(dict.fromkeys(job.split()[0].replace("ours.batch", "ours.native") for job in found))
    title = {"W3": "moons", "W5": "scalar GPT"}[workload]
    lines = [f"| {title}, {name} | " + " | ".join(PEERS[w][2] for w in who) + " |", "|---:" * (len(who) + 1) + "|"]
    for size in (n for n in sizes if any(at(found, w, n) for w in who)):
        row = [cell(at(found, w, size), lambda f: micro(f["step"])) for w in who]
        lines.append(f"| {size:,} | " + " | ".join(row) + " |")
    return "\n".join(lines)


def at(curve: Figures, who: str, size: int) -> Figures | None:
    """A point of a curve; ours by batch where the samples are too many to trace."""
    found: Figures | None = curve.get(f"{who} {size}")
    return curve.get(f"ours.batch {size}") if found is None and who in OURS else found
