"""An exercise and its result as text and as HTML that is legible on light and on dark pages."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from micrograd.exercises.blanks import Choice
from micrograd.exercises.boxes import boxes
from micrograd.exercises.posed import Posed, Result

BOX = "border:1px solid #8888;border-left:4px solid {};border-radius:4px;padding:.6em 1em;margin:.4em 0;max-width:60em"
BLUE, GREEN, ORANGE, GREY = "#0072b2", "#009e73", "#d55e00", "#888888"
CODE = "font-family:ui-monospace,monospace;font-size:.9em;white-space:pre;overflow-x:auto;line-height:1.35;margin:.5em 0"


def numbered(code: str) -> list[str]:
    """The lines of a program with their numbers."""
    lines = code.strip("\n").splitlines()
    return [f"{k:>{len(str(len(lines)))}}  {line}".rstrip() for k, line in enumerate(lines, 1)]


def blank_lines(posed: Posed) -> list[str]:
    """Each blank: how it is given, and what it is."""
    found = []
    for name, blank in posed.exercise.blanks.items():
        note = f" ({blank.note})" if blank.note else ""
        found.append(f"{name} = …    {blank.label}{note}")
        if isinstance(blank, Choice):
            found += [f"    {letter}  {text}" for letter, text in zip("ABCDEFGH", blank.order(posed), strict=False)]
    return found


def call(posed: Posed) -> str:
    """The call that hands it in."""
    names = ", ".join(f"{name}=..." for name in posed.exercise.blanks)
    return f'exercise("{posed.exercise.id}").check({names})'


def text(posed: Posed) -> str:
    """The exercise as text."""
    parts = [f"{posed.exercise.id}  {posed.prompt}", *(["", *numbered(posed.code), ""] if posed.code else [])]
    return "\n".join([*parts, *(f"  {line}" for line in blank_lines(posed)), f"  {call(posed)}"])


def marked(prose: str) -> str:
    """Prose as HTML: code between backticks, paragraphs at empty lines, a minus that is one."""
    pieces = re.split(r"`([^`]+)`", prose.strip())
    done = [f"<code>{html.escape(p)}</code>" if k % 2 else _minus(html.escape(p)) for k, p in enumerate(pieces)]
    return "".join(f"<p style='margin:.3em 0'>{p}</p>" for p in re.split(r"\n\s*\n", "".join(done)))


def _minus(prose: str) -> str:
    return re.sub(r"(?<![\w)])-(?=[\d.])", "−", prose)


def prompt_html(posed: Posed, head: str = "b") -> str:
    """The exercise as HTML. head: the element that names it."""
    code = f"<div style='{CODE}'>{html.escape(chr(10).join(numbered(posed.code)))}</div>" if posed.code else ""
    blanks = f"<div style='{CODE}'>{html.escape(chr(10).join(blank_lines(posed)))}</div>"
    who = f" <span style='opacity:.7'>({html.escape(posed.student)})</span>" if posed.student else ""
    return (
        f"<div class='mg-exercise' style='{BOX.format(BLUE)}'><{head}>Exercise {html.escape(posed.exercise.id)}</{head}>{who}"
        f"{marked(posed.prompt)}{code}{blanks}{boxes(posed)}</div>"
    )


def result_html(result: Result) -> str:
    """What came of it."""
    colour = {"right": GREEN, "unanswered": GREY}.get(result.status, ORANGE)
    items = "".join(f"<div>{_minus(html.escape(line))}</div>" for line in result.lines)
    head = f"<b>Exercise {html.escape(result.id)}: {result.status}</b>"
    return f"<div class='mg-result' style='{BOX.format(colour)}'>{head}{items}</div>"


def tally_html(rows: Sequence[tuple[str, str, int, float, float]]) -> str:
    """The table of a notebook."""
    head = "<tr><th>exercise</th><th>status</th><th>tries</th><th>points</th></tr>"
    body = "".join(
        f"<tr><td>{html.escape(id)}</td><td>{status}</td><td>{tries}</td><td>{score:g} of {points:g}</td></tr>"
        for id, status, tries, score, points in rows
    )
    return f"<table class='mg-tally'>{head}{body}</table>"
