"""The report on a class as one HTML page without any script: light, dark, on a phone and on paper."""

from __future__ import annotations

import html

from micrograd import shell
from micrograd.classroom.report import SIGNS, Misconception, Report, Student

CSS = """:root { --bar: #0072b2; --right: #d5efe0; --partly: #fdf0c4; --wrong: #fbdcd8; --none: #eef1f4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --bar: #56b4e9; --right: #143d2b; --partly: #4a3c0c; --wrong: #55211c; --none: #20262e; }
}
body { font-size: 15px; }
main { max-width: 1040px; }
h1 { font-size: 22px; margin: 4px 0; } h2 { font-size: 17px; margin: 0 0 8px; }
p { margin: 4px 0; } .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 14px 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; }
thead th, tfoot th { color: var(--soft); } tbody th { overflow-wrap: anywhere; }
.grid td { text-align: center; border: 2px solid var(--card); white-space: nowrap; } .grid thead th { text-align: center; }
.grid thead th:first-child { text-align: left; }
.right { background: var(--right); } .partly { background: var(--partly); } .wrong, .error { background: var(--wrong); }
.unanswered { background: var(--none); }
.points, .grid .points { text-align: right; } .said { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }
.cell { position: relative; display: inline-block; min-width: 1.2em; }
.bar { background: var(--bar); height: 14px; border-radius: 0 3px 3px 0; min-width: 1px; print-color-adjust: exact; }
.bars td:last-child { width: 60%; min-width: 120px; } .mis th { font-weight: 600; } .mis .soft { font-weight: 400; }
.mis td:first-child { text-align: right;
  font-weight: 600; }
ul { margin: 4px 0; padding-left: 22px; }
@media (max-width: 600px) { section { padding: 10px; }
  .mis, .mis tbody, .mis tr, .mis th, .mis td { display: block; border: 0; padding: 1px 0; text-align: left; }
.mis thead { display: none; }
  .mis tr { border-bottom: 1px solid var(--line); padding: 6px 0; } .mis td:first-child { display: inline-block; text-align: left;
  padding-right: 8px; }
  .mis td:first-child::after { content: " ×"; } .mis th { display: inline; } }
@media print { body { font-size: 12px; } section { border: 0; padding: 0; }
  tr { break-inside: avoid; } h2 { break-after: avoid; } thead { display: table-header-group; } tfoot { display: table-row-group; }
  .grid td { print-color-adjust: exact; } .wide { overflow: visible; } }
"""


def page(report: Report) -> str:
    """The whole page."""
    parts = [
        f"<h1>{_text(report.title)}</h1>",
        f'<p class="soft">{_text(report.head.removeprefix(report.title + ": "))}</p>',
        _misconceptions(report.misconceptions, len(report.students)),
        _unsolved(report),
        _grid(report),
        _bins(report),
        _lines("Also", report.said),
        _lines("Left out", report.skipped),
    ]
    return shell.page(report.title, "\n".join(filter(None, parts)), CSS)


def _text(x: str) -> str:
    return html.escape(x)


def _misconceptions(found: list[Misconception], of: int) -> str:
    if not found:
        return '<section><h2>Misconceptions</h2><p class="soft">No wrong answer has a known cause.</p></section>'
    rows = "".join(
        f'<tr><td>{len(m.students)}</td><th scope="row">{_text(m.title)}{_example(m)}</th><td>{_text(", ".join(m.exercises))}</td>'
        f"<td>{_text(', '.join(m.students))}</td></tr>"
        for m in found
    )
    head = '<tr><th scope="col">students</th><th scope="col">what</th><th scope="col">in</th><th scope="col">who</th></tr>'
    return (
        f'<section><h2>Misconceptions</h2><p class="soft">Of {of} students; the commonest first, mere form last.</p>'
        f'<table class="mis"><thead>{head}</thead><tbody>{rows}</tbody></table></section>'
    )


def _example(m: Misconception) -> str:
    plain = m.example.rstrip(".")
    return "" if not plain or plain in (m.title, m.title.rstrip(".")) else f'<br><span class="soft">{_text(m.example)}</span>'


def _unsolved(report: Report) -> str:
    if not report.unsolved:
        return ""
    rows = []
    for e in report.unsolved:
        done = report.of(e)
        tried = sum(d.status != "unanswered" for d in done)
        rows.append(f"<li><b>{_text(e)}</b>: {tried} of {len(done)} tried it</li>")
    return f"<section><h2>Solved by nobody</h2><ul>{''.join(rows)}</ul></section>"


def _grid(report: Report) -> str:
    heads = "".join(f'<th scope="col">{_text(e)}</th>' for e in report.exercises)
    points = '<th scope="col" class="points">points</th>' if report.most else ""
    rows = "".join(_row(report, s) for s in report.students)
    solved = "".join(f'<td class="count">{report.solved(e)} of {len(report.of(e))}</td>' for e in report.exercises)
    key = ", ".join(f"{sign} {state}" for state, sign in SIGNS.items())
    return (
        f'<section><h2>Students and exercises</h2><p class="soft">Fewest points first. {key}.</p>'
        f'<div class="wide" tabindex="0" role="region" aria-label="Students and exercises"><table class="grid"><thead><tr>'
        f'<th scope="col">student</th>{heads}{points}</tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr><th scope="row">solved</th>{solved}{"<td></td>" if report.most else ""}</tr></tfoot></table></div></section>'
    )


def _row(report: Report, student: Student) -> str:
    cells = []
    for e in report.exercises:
        done = student.done.get(e)
        if done is None:
            cells.append("<td></td>")
            continue
        score = f" {done.score:.3g}" if done.status == "partly" else ""
        seen = f'<span aria-hidden="true">{SIGNS[done.status]}{score}</span><span class="said">{done.status}{score}</span>'
        cells.append(f'<td class="{done.status}"><span class="cell">{seen}</span></td>')
    points = f'<td class="points">{student.score:g}</td>' if report.most else ""
    return f'<tr><th scope="row">{_text(student.name)}</th>{"".join(cells)}{points}</tr>'


def _bins(report: Report) -> str:
    if not report.bins:
        return ""
    most = max(n for _, _, n in report.bins) or 1
    rows = "".join(
        f'<tr><th scope="row">{low:.3g} to {high:.3g}</th><td class="points">{n}</td><td>'
        f"{f'<div class=bar style=width:{100 * n / most:.1f}%></div>' if n else ''}</td></tr>"
        for low, high, n in report.bins
    )
    head = '<tr><th scope="col">points</th><th scope="col">students</th><td></td></tr>'
    return f'<section><h2>Points</h2><table class="bars"><thead>{head}</thead><tbody>{rows}</tbody></table></section>'


def _lines(title: str, lines: list[str]) -> str:
    return f"<section><h2>{title}</h2><ul>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ul></section>" if lines else ""
