"""What a diagnosis gives back: findings, each with a name, a place, an expression that shows it and hints; as text and as JSON."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from micrograd.doctor.faults import FAULTS
from micrograd.doctor.source import Spot


@dataclass
class Example:
    """The smallest expression that shows a mistake: its text, the numbers of its inputs, and what was expected and got.

    what: "data" or the gradient that is wrong, "a.grad". steps: (text, names of what it uses) of each operation, for the picture.
    """

    text: str
    inputs: dict[str, float]
    what: str
    expected: float | None
    got: float | str
    steps: list[Any] = field(default_factory=list)
    marked: str = ""
    grads: dict[str, float] = field(default_factory=dict)  # the true ones

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {x:g}" for name, x in self.inputs.items())
        return f"{self.text} with {given}: {self.what} is {said(self.got)}, expected {said(self.expected)}"


def said(x: Any) -> str:
    """A number in up to six digits; words as they are."""
    return f"{x:.6g}" if isinstance(x, (int, float)) else str(x)


@dataclass
class Finding:
    """One thing found.

    name: of `micrograd.doctor.faults.FAULTS`, or of a loop's mistake. kind: "fault" (wrong), "missing" (not there, which is not wrong) or
    "note" (a surprise that other engines share). where: the method. of: the operations that show it. spot: file and lines, None where
    they cannot be told. detail: what is particular. hints: three steps; the last names what mathematics says, none the corrected line.
    """

    name: str
    kind: str
    where: str
    of: list[str]
    spot: Spot | None = None
    detail: str = ""
    example: Example | None = None
    title: str = ""
    look: str = ""
    rule: str = ""
    solution: str = ""

    def __post_init__(self) -> None:
        fault = FAULTS.get(self.name)
        if fault is not None:
            self.title, self.look, self.rule = self.title or fault.title, self.look or fault.look, self.rule or fault.rule

    @property
    def hints(self) -> tuple[str, str, str]:
        """Where to look; the line and the question; what has to hold there, in numbers."""
        line = f"line {self.spot.line}: {self.spot.text}" if self.spot is not None else self.where
        numbers = f" {self.example}." if self.example is not None else ""
        return (
            f"Look at {self.where}: {', '.join(self.of[:3])}." if self.of else f"Look at {self.where}.",
            f"{self.look} ({line})",
            f"{self.rule}{numbers}",
        )

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        of = f" ({', '.join(self.of[:4])}{', …' if len(self.of) > 4 else ''})" if self.of else ""
        return f"{self.where}{of}: {self.title}{f' – {self.detail}' if self.detail else ''}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        spot, example = self.spot, self.example
        return {
            "name": self.name, "kind": self.kind, "where": self.where, "of": self.of, "title": self.title, "detail": self.detail,
            "file": spot.file if spot else None, "line": spot.line if spot else None, "end": spot.end if spot else None,
            "text": spot.text if spot else "", "hints": list(self.hints), "solution": self.solution,
            "example": None if example is None else {
                "text": example.text, "inputs": example.inputs, "what": example.what, "expected": example.expected, "got": example.got,
                "steps": example.steps, "marked": example.marked,
            },
        }  # fmt: skip


@dataclass
class Report:
    """What `diagnose` found, true where something was judged and nothing is wrong; prints as text, `save("doctor.html")` writes a page."""

    subject: str
    findings: list[Finding] = field(default_factory=list)
    works: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    said: str = ""

    def __bool__(self) -> bool:
        return bool(self.works) and not self.faults

    @property
    def head(self) -> str:
        """The report in a word."""
        n = len(self.faults)
        return f"{n} mistake{'s' if n != 1 else ''} found" if n else "no mistake found" if self.works else "nothing could be judged"

    @property
    def faults(self) -> list[Finding]:
        """What is wrong."""
        return [f for f in self.findings if f.kind == "fault"]

    @property
    def missing(self) -> list[Finding]:
        """What is not there, which is not wrong."""
        return [f for f in self.findings if f.kind == "missing"]

    @property
    def notes(self) -> list[Finding]:
        """Surprises that many engines share."""
        return [f for f in self.findings if f.kind == "note"]

    def text(self, hints: int = 1) -> str:
        """The report in lines. hints: how many steps of the ladder are shown (0 to 3)."""
        lines = [f"{self.subject}: {self.head}"]
        for i, finding in enumerate(self.faults, 1):
            lines += ["", f"{i}. {finding.sentence}"]
            if finding.spot is not None:
                lines.append(f"   line {finding.spot.line}:  {finding.spot.text}")
            if finding.example is not None:
                lines.append(f"   {finding.example}")
            lines += [f"   hint {k}: {hint}" for k, hint in enumerate(finding.hints[:hints], 1)]
            if finding.solution:
                lines.append(f"   solution: {finding.solution}")
        for head, found in (("missing, which is not wrong:", self.missing), ("worth knowing:", self.notes)):
            if found:
                lines += ["", head, *(f"   {f.sentence}{f' (line {f.spot.line})' if f.spot else ''}" for f in found)]
        if self.works:
            lines += ["", "works: " + ", ".join(self.works)]
        if self.unread:
            lines += ["", "not judged:", *(f"   {line}" for line in self.unread)]
        if self.said:
            lines += ["", self.said]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report: a page (.html), data (.json) or text (.txt). ValueError for another ending."""
        import json

        from micrograd.files import write

        ending = os.fspath(path).rpartition(".")[2].lower()
        if ending == "html":
            from micrograd.doctor.page import page

            content = page(self)
        elif ending in ("json", "txt"):
            content = json.dumps(self.as_dict(), indent=2, ensure_ascii=False) + "\n" if ending == "json" else self.text(3) + "\n"
        else:
            raise ValueError(f"cannot write {os.fspath(path)!r}: the ending must be .html, .json or .txt")
        write(path, content.encode())

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "subject": self.subject, "ok": bool(self), "findings": [f.as_dict() for f in self.findings], "works": self.works,
            "unread": self.unread, "said": self.said,
        }  # fmt: skip
