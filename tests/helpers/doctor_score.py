"""How well the doctor does on the bank: the numbers of README, by `python -m benchmarks.doctor`."""

from __future__ import annotations

from typing import NamedTuple

import doctor_bank
from micrograd.doctor import diagnose


class Score(NamedTuple):
    """Of how many mutants the mistake was found, was named first, and was placed at its line."""

    mutants: int
    detected: int
    named: int
    placed: int
    missed: tuple[str, ...]

    @property
    def shares(self) -> tuple[float, float, float]:
        return tuple(k / max(1, self.mutants) for k in (self.detected, self.named, self.placed))


def alarms(style: doctor_bank.Style) -> list[str]:
    """What the doctor says to be wrong with a class that is right."""
    return [f.sentence for f in diagnose(doctor_bank.load(style.text(), style.words["CLS"]), examples=False).faults]


def score(style: doctor_bank.Style, mutants: list[doctor_bank.Mutant] | None = None) -> Score:
    """The first finding that the right class does not give counts, for the name and for the line."""
    right = diagnose(doctor_bank.load(style.text(), style.words["CLS"]), examples=False)
    known = {(f.name, f.where) for f in right.findings}
    detected = named = placed = 0
    missed = []
    chosen = doctor_bank.mutants(style) if mutants is None else mutants
    for mutant in chosen:
        report = diagnose(doctor_bank.load(mutant.text, mutant.cls), examples=False)
        new = [f for f in report.findings if f.kind == "fault" or (f.kind == "missing" and (f.name, f.where) not in known)]
        first = new[0] if new else None
        is_named = first is not None and first.name in mutant.names
        is_placed = first is not None and first.spot is not None and first.spot.line in mutant.lines
        detected, named, placed = detected + bool(new), named + is_named, placed + is_placed
        if not (new and is_named and is_placed):
            told = f"{first.name} at line {first.spot.line if first.spot else '?'}" if first else "nothing"
            missed.append(f"{mutant.style}, {mutant.piece}, {mutant.rule}: {told}")
    return Score(len(chosen), detected, named, placed, tuple(missed))


def together(scores: list[Score]) -> Score:
    return Score(*(sum(column) for column in zip(*(s[:4] for s in scores), strict=True)), tuple(m for s in scores for m in s.missed))
