"""The sheets of a class as one HTML page to print: a page or more for each, its head on each of them, the keys on pages of their own."""

from __future__ import annotations

import html
import re

from micrograd import shell
from micrograd.classroom.sheets import ClassSheets, Handout, Part, Question, minus

CSS = """@page { margin: 16mm 15mm; }
body { font-size: 15px; }
main { max-width: 780px; }
.sheet { display: table; width: 100%; border-bottom: 1px dashed #9aa3ad; padding: 20px 0; }
.sheet > header { display: table-header-group; break-inside: avoid; }
.sheet > div { display: table-row-group; }
.top { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 24px; align-items: baseline; padding-bottom: 10px; }
h1 { font-size: 20px; margin: 0; } h2 { font-size: 16px; margin: 18px 0 2px; break-after: avoid; }
.who { white-space: nowrap; } .who b { font-weight: 600; }
.tag { font: 13px/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; color: var(--soft); border: 1px solid #9aa3ad;
  border-radius: 4px; padding: 0 6px; }
p { margin: 4px 0; } code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
pre { margin: 8px 0; padding: 8px 10px; border: 1px solid #c9d0d8; border-radius: 4px; white-space: pre-wrap;
  overflow-wrap: anywhere; break-inside: avoid; }
figure { margin: 10px 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; }
ul { list-style: none; margin: 6px 0; padding-left: 8px; }
ol { columns: 2; column-gap: 36px; padding-left: 30px; margin: 8px 0; }
ol.long { columns: 1; } li { break-inside: avoid; margin-bottom: 7px; overflow-wrap: anywhere; }
.line { display: block; border-bottom: 1px solid #9aa3ad; height: 26px; }
.gap { display: inline-block; border-bottom: 1px solid var(--soft); width: 7em; height: 1.1em; vertical-align: text-bottom; }
.gap.wide { width: 14em; }
.keys { padding: 20px 0; } .keys h1 { margin-bottom: 4px; }
.keys .all { margin-top: 12px; }
.part { break-inside: avoid; }
.answers { break-inside: avoid; margin: 0 0 14px; font-size: 13.5px; } .answers h2 { font-size: 14px; margin: 0; }
.answers strong { color: var(--good); font-weight: 600; }
.small { color: var(--soft); font-size: 13px; }
@media (max-width: 600px) { ol { columns: 1; } }
@media print {
  .sheet { border: 0; padding: 0; break-after: page; } .keys { padding: 0; }
  .sheet:last-child { break-after: auto; }
}
"""


def page(made: ClassSheets, *, sheets: bool = True, keys: bool = True) -> str:
    """The page: the sheets, the keys after them, or one of the two alone."""
    parts = [_sheet(made, sheet) for sheet in made] if sheets else []
    if keys:
        parts.append(_keys(made))
    title = made.title if sheets else f"{made.title}: answers"
    return shell.page(title, "\n".join(parts), CSS, theme="light")


def prose(text: str) -> str:
    """Plain text as HTML: code between backticks, paragraphs at empty lines."""
    done = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        pieces = re.split(r"`([^`]+)`", paragraph)
        done.append("".join(f"<code>{html.escape(p)}</code>" if k % 2 else html.escape(minus(p)) for k, p in enumerate(pieces)))
    return "".join(f"<p>{paragraph}</p>" for paragraph in done)


def _sheet(made: ClassSheets, sheet: Handout) -> str:
    who = f"<b>{html.escape(sheet.name)}</b>" if sheet.name else '<span class="gap wide"></span>'
    head = (
        f'<header><div class="top"><h1>{html.escape(made.title)}</h1><span class="who">Name: {who}</span>'
        f'<span class="tag">sheet {sheet.code}</span></div></header>'
    )
    return f'<section class="sheet">{head}<div>{"".join(_part(p) for p in sheet.parts)}</div></section>'


def _part(part: Part) -> str:
    made = [f"<h2>{html.escape(part.head)}</h2>"] if part.head else []
    made.append(prose(part.prose))
    if part.code:
        made.append(f"<pre>{html.escape(chr(10).join(part.code))}</pre>")
    if part.picture:
        made.append(f"<figure>{part.picture}</figure>")
    if part.options:
        made.append(f"<ul>{''.join(f'<li>{html.escape(option)}</li>' for option in part.options)}</ul>")
    wide = any(q.room or len(q.text) > 40 for q in part.questions)
    made.append(f"<ol{' class=long' if wide else ''}>{''.join(_question(q) for q in part.questions)}</ol>")
    return f'<div class="part">{"".join(made)}</div>'


def _question(question: Question) -> str:
    lines = '<span class="line"></span>' * question.room
    gap = "" if question.room else ' <span class="gap"></span>'
    return f"<li>{html.escape(question.text)}{gap}{lines}</li>"


def _keys(made: ClassSheets) -> str:
    answers = "".join(
        f'<article class="answers"><h2><span class="tag">{sheet.code}</span> {html.escape(sheet.name)}</h2>'
        f"{''.join(_answers(part) for part in sheet.parts)}</article>"
        for sheet in made
    )
    again = f'<p class="small">{len(made)} sheets; the same again: <code>{html.escape(made.how)}</code></p>'
    return f'<section class="keys"><h1>{html.escape(made.title)}: answers</h1>{again}<div class="all">{answers}</div></section>'


def _answers(part: Part) -> str:
    rows = [f"{k}. {html.escape(q.text)} <strong>{html.escape(q.answer)}</strong>" for k, q in enumerate(part.questions, 1)]
    given = prose(part.given) if part.given else f"<b>{html.escape(part.head)}</b> "
    return f"{given}<p>{'; '.join(rows)}</p>" if part.given else f"<p>{given}{'; '.join(rows)}</p>"
