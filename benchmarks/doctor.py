"""How many wrong engines and loops the doctor finds, names and places: `python -m benchmarks.doctor [STYLE …]`."""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "helpers"))

import doctor_bank
import doctor_loops
import doctor_score


def row(name: str, found: doctor_score.Score) -> str:
    detected, named, placed = (f"{100 * share:.1f} %" for share in found.shares)
    return f"| {name} | {found.mutants} | {detected} | {named} | {placed} |"


def loops(argv: list[str]) -> None:
    """The same for training loops."""
    if argv:
        return
    warnings.simplefilter("ignore")  # our own engine warns of some of these mistakes too
    for told, wrong in (("loops", doctor_loops.wrong()), ("loops written afterwards", doctor_loops.afterwards())):
        names = [(w, [f.name for f in doctor_loops.report(w.text).faults]) for w in wrong]
        found, named = sum(bool(n) for _, n in names), sum(w.name in n for w, n in names)
        print(f"| **{told}** | {len(wrong)} | {100 * found / len(wrong):.1f} % | {100 * named / len(wrong):.1f} % | |")
        for w, n in names:
            if w.name not in n:
                print(f"  {w.loop}: {w.name}, called {n}")
    alarms = [name for name, text in doctor_loops.RIGHT.items() if doctor_loops.report(text).faults]
    print(f"{len(alarms)} false alarms on {len(doctor_loops.RIGHT)} right loops")


def main(argv: list[str]) -> None:
    styles = doctor_bank.styles()
    chosen = argv or list(styles)
    begun = time.process_time()
    scores, alarms, rules = {}, [], set()
    print("| style | wrong classes | found | named | right line |\n|---|---:|---:|---:|---:|")
    for name in chosen:
        alarms += doctor_score.alarms(styles[name])
        rules |= {m.rule for m in doctor_bank.mutants(styles[name])}
        scores[name] = doctor_score.score(styles[name])
        print(row(name + (" (held out)" if name in doctor_bank.HELD_OUT else ""), scores[name]), flush=True)
    aside = [n for n in chosen if n in doctor_bank.HELD_OUT]
    groups = {"made with these": [n for n in chosen if n not in aside], "held out": aside}
    for told, names in groups.items():
        if names:
            print(row(f"**{told}**", doctor_score.together([scores[n] for n in names])))
    total = doctor_score.together(list(scores.values()))
    print(row("**all**", total))
    loops(argv)
    spent = time.process_time() - begun
    print(f"\n{len(rules)} rules, {len(alarms)} false alarms on {len(chosen)} right classes, {spent:.0f} s of processor time")
    for line in [*alarms, *total.missed]:
        print(" ", line)


if __name__ == "__main__":
    main(sys.argv[1:])
