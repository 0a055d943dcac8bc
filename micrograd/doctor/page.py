"""The report as one HTML page: each mistake with its line, its expression as a picture with the wrong value marked, and folded hints."""

from __future__ import annotations

import html
import importlib
import re
from typing import Any

from micrograd import shell
from micrograd.doctor.findings import Example, Finding, Report, said

CSS = """h1 { font-size: 22px; margin: 4px 0 12px; }
h2 { font-size: 17px; margin: 0 0 6px; }
section {
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 12px 0; break-inside: avoid;
}
section.fault { border-left: 5px solid var(--bad); }
pre { margin: 8px 0; padding: 8px 10px; border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; font-size: 14px; }
pre b { color: var(--soft); font-weight: 400; }
table { border-collapse: collapse; margin: 8px 0; }
td, th { padding: 2px 14px 2px 0; text-align: left; font-weight: 400; }
th { color: var(--soft); }
figure { margin: 8px 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; }
g.wrong rect, g.wrong ellipse { stroke: var(--bad) !important; stroke-width: 3; }
summary { cursor: pointer; color: var(--soft); }
details p { margin: 6px 0 6px 18px; }
.works { color: var(--good); }
@media print { details > *:not(summary) { display: none; } }
"""


class _Node:
    """A value of the smallest expression, as a picture needs it: its true number and gradient, or what was got."""

    def __init__(self, label: str, data: float, grad: float, args: tuple[Any, ...] = (), op: str = "") -> None:
        self.label, self.data, self.grad, self.args, self._op = label, data, grad, args, op
        self._prev = args


def picture(example: Example) -> str:
    """The expression as an SVG with the wrong value marked; '' where it cannot be drawn."""
    made: dict[str, _Node] = {name: _Node(name, x, example.grads.get(name, 0.0)) for name, x in example.inputs.items()}
    attribute = example.what.rpartition(".")[2]
    for name, text, used in example.steps:
        sign = next(
            (s for s in ("**", "+", "-", "*", "/") if f" {s} " in text or text.startswith(s)), text.partition(".")[2].removesuffix("()")
        )
        numbers = {u: made[u].data for u in used if u in made}
        try:
            data = float(_value(text, numbers))
        except (ArithmeticError, ValueError, TypeError, KeyError):
            return ""
        args = tuple(made[u] for u in used if u in made)
        shown = sign if len(args) > 1 or sign.isidentifier() else text.replace(used[0], "·", 1)
        made[name] = _Node(name, data, example.grads.get(name, 0.0), args, shown)
    if not example.steps or example.marked not in made:
        return ""
    root = made[example.steps[-1][0]]
    marked = made[example.marked]
    if isinstance(example.got, (int, float)):
        if attribute in ("data", "value"):
            marked.data = float(example.got)
        else:
            marked.grad = float(example.got)
    try:
        svg = str(importlib.import_module("viz").draw(root, labels=False, fold=False).svg)
    except (RuntimeError, ImportError, AttributeError, TypeError, ValueError):  # a viz.py of the student's own, for one
        return ""
    svg = svg[svg.index("<svg") :]

    def mark(found: re.Match[str]) -> str:
        return found[0].replace('class="', 'class="wrong ', 1) if f">{example.marked}<" in found[0] else found[0]

    marked_svg = re.sub(r'<g id="n\d+" class=.*?</g>', mark, svg, flags=re.S)
    return re.sub(r'(<g) id="[^"]*"', r"\1", marked_svg)  # several pictures stand on one page


def _value(text: str, numbers: dict[str, float]) -> float:
    from micrograd.doctor.forms import BINARY, unary

    method = re.fullmatch(r"(\w+)\.(\w+)\(\)", text)
    if method:
        form = unary(method[2])
        return form.value(numbers[method[1]]) if form is not None else float("nan")
    for form in BINARY:
        names = re.findall(r"\b[a-z]\b", text)
        if len(names) == len(form.slopes) and form.written(names) == text:
            return form.value(*(numbers[n] for n in names))
    raise KeyError(text)


def page(report: Report) -> str:
    """The whole page."""
    faults = report.faults
    parts = [f"<h1>{html.escape(report.subject)}: {report.head}</h1>", *(_fault(i, f) for i, f in enumerate(faults, 1))]
    for title, found in (("Missing, which is not wrong", report.missing), ("Worth knowing", report.notes)):
        if found:
            rows = "".join(f"<li>{html.escape(f.sentence)}{f' (line {f.spot.line})' if f.spot else ''}</li>" for f in found)
            parts.append(f"<section><h2>{title}</h2><ul>{rows}</ul></section>")
    if report.works:
        parts.append(f'<section><h2 class="works">Works</h2><p>{html.escape(", ".join(report.works))}</p></section>')
    if report.unread or report.said:
        rows = "".join(f"<li>{html.escape(line)}</li>" for line in (*report.unread, *filter(None, [report.said])))
        parts.append(f"<section><h2>Not judged</h2><ul>{rows}</ul></section>")
    return shell.page(f"{report.subject}: {report.head}", "\n".join(parts), CSS)


def _fault(i: int, finding: Finding) -> str:
    lines = [f'<section class="fault"><h2>{i}. {html.escape(finding.sentence)}</h2>']
    if finding.spot is not None:
        lines.append(f"<pre><b>{finding.spot.line}</b>  {html.escape(finding.spot.text)}</pre>")
    example = finding.example
    if example is not None:
        given = ", ".join(f"{name} = {x:g}" for name, x in example.inputs.items())
        rows = [
            ("expression", example.text),
            ("with", given),
            (f"expected {example.what}", said(example.expected)),
            ("got", said(example.got)),
        ]
        lines.append("<table>" + "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in rows) + "</table>")
        drawn = picture(example)
        if drawn:
            lines.append(f"<figure>{drawn}</figure>")
    hints = finding.hints
    inner = "".join(f"<p>{html.escape(h)}</p>" for h in hints[2:])
    nested = f"<details><summary>Third hint</summary>{inner}</details>"
    nested = f"<p>{html.escape(hints[1])}</p>{nested}"
    lines.append(
        f"<details><summary>Hint</summary><p>{html.escape(hints[0])}</p><details><summary>Second hint</summary>{nested}</details></details>"
    )
    if finding.solution:
        lines.append(f"<details><summary>Solution</summary><pre>{html.escape(finding.solution)}</pre></details>")
    return "\n".join([*lines, "</section>"])
