"""The page: two sides of A4, formulas and words. It needs no script, no font of its own and no network."""

from __future__ import annotations

import html
from importlib import import_module

from micrograd import shell
from micrograd.sheet.formulas import Line, lines
from micrograd.sheet.words import WORDS

CSS = """@page { size: A4; margin: 9mm 10mm; }
body { font-size: 8.4pt; line-height: 1.3; }
main { max-width: 190mm; }
main > section + section { break-before: page; }
h1 { font-size: 14pt; margin: 0 0 1mm; } h2 { font-size: 9pt; margin: 2mm 0 .6mm; color: #0072b2; break-after: avoid; }
p { margin: 0 0 1.2mm; } math { font-size: 8.2pt; } code { font: 7.1pt ui-monospace, "DejaVu Sans Mono", monospace; }
.two { columns: 2; column-gap: 6mm; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; break-inside: auto; }
tr { border-top: .5px solid var(--line); break-inside: avoid; } td { padding: .45mm 1mm .45mm 0; vertical-align: middle; }
td:first-child { width: 24%; } td:nth-child(2) { width: 35%; }
i { font: 6.8pt ui-monospace, "DejaVu Sans Mono", monospace; }
span { white-space: nowrap; } small { color: var(--soft); white-space: nowrap; }
dl { margin: 0; } dt { font-weight: 600; display: inline; } dd { display: inline; margin: 0; }
dl div { break-inside: avoid; margin-bottom: .75mm; }
.rule { border: 1px solid #d55e00; border-radius: 4px; padding: 1.2mm 2.5mm; }
@media screen and (max-width: 640px) { .two { columns: 1; } }
"""
BODY = """<section>
<h1>Formulas</h1>
<p class="rule"><b>The one rule.</b> Going back, each edge adds: <code>a.grad += y.grad × ∂y/∂a</code>. Upstream gradient times local
derivative; contributions add up. Below: how code writes it, what it is, and its local derivative
∂y/∂a, written with the result y where that is shorter.</p>
<div class="two">
{formulas}
</div>
</section>
<section>
<h1>Words</h1>
<p>Numbers are lessons. ∂ stands for local derivatives alone; what a value has collected is its <code>.grad</code>.</p>
<div class="two"><dl>
{words}
</dl></div>
</section>"""
CLOSE = {
    "<mo>(</mo>": '<mo form="prefix" stretchy="false">(</mo>',
    "<mo>)</mo>": '<mo form="postfix" stretchy="false">)</mo>',
    "<mtext> if </mtext>": "<mtext>\u00a0if\u00a0</mtext>",
    "<mtext> else </mtext>": "</math> <math><mtext>else\u00a0</mtext>",  # where a line may end
}


def page() -> str:
    """The sheet as one page of HTML with MathML."""
    formulas = "\n".join(f"<h2>{title}</h2>\n<table>\n{''.join(map(_row, those))}</table>" for title, those in lines().items())
    words = "\n".join(f"<div><dt>{_text(w)}</dt> <dd>{_text(said)} <small>{where}</small></dd></div>" for w, said, where in WORDS)
    return shell.page("Formulas and words", BODY.format(formulas=formulas, words=words), CSS, theme="light")


def _row(line: Line) -> str:
    one = len(line.partials) == 1 and line.partials[0][0] == "a"
    slopes = [_math(tree) if one else f"<i>∂y/∂{name}</i> = {_whole(tree)}" for name, tree in line.partials]
    if line.note:
        slopes.append(f"<small>{line.note}</small>")
    return f"<tr><td><code>{_text(line.code)}</code></td><td>{_math(line.formula)}</td><td>{'<br>'.join(slopes)}</td></tr>\n"


def _math(tree: object) -> str:
    """A tree typeset; parentheses stand close, and words apart, as print wants them; a choice may take two lines."""
    inside: str = import_module("viz.notation.mathml").write(tree)
    for plain, close in CLOSE.items():
        inside = inside.replace(plain, close)
    return f"<math>{inside}</math>"


def _whole(tree: object) -> str:
    return f"<span>{_math(tree)}</span>"


def _text(text: str) -> str:
    return html.escape(text, quote=False)
