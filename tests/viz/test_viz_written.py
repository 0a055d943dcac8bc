"""Pictures as text for other programs: Mermaid and TikZ say what the sketch says, and no label is read as syntax."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import viz
from micrograd import Value, scope


def picture(name="w"):
    x, w = Value(2.0, label="x"), Value(-3.0, label=name)
    with scope("neuron"):
        y = (x * w).tanh()
    y.backward()
    return viz.draw(y, partials=True)


def shown(text):
    """What Mermaid's entities stand for."""
    return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), text)


def test_mermaid_has_every_box_line_and_frame():
    drawn = picture()
    lines = drawn.mmd.splitlines()
    sketch = drawn.sketch
    assert lines[0] == "flowchart LR"
    assert sum(bool(re.match(r"  n\d+[\[(]", line)) for line in lines) == len(sketch.boxes)
    arrows = [re.match(r"  n(\d+) (-->|---)(?:\|\"(.*)\"\|)? n(\d+)$", line) for line in lines]
    found = [(sketch.boxes[int(m[1])].id, sketch.boxes[int(m[4])].id, shown(m[3] or "")) for m in arrows if m]
    assert found == [(line.src, line.dst, line.text) for line in sketch.lines]
    assert '  subgraph f0["neuron"]' in lines and lines.count("  end") == 1


HOSTILE = 'a"]; click n0 call alert() %% #quot; <img src=x> *b* `c` $\\input{x}$ & ~ ^ # 50%'


def test_labels_are_no_syntax_in_mermaid():
    text = picture(HOSTILE).mmd
    (box,) = [line for line in text.splitlines() if "click" in line]
    name, inner = re.fullmatch(r'  (n\d+)\["([^"<>`*\[\]{}|\\]*(?:<br>[^"<>]*)*)"\]', box).groups()
    assert name and shown(inner.split("<br>")[0])[:12] == HOSTILE[:12]


def test_tikz_has_the_places_of_the_drawing():
    drawn = picture()
    from viz.drawn.place import places

    text, at = drawn.tex, places(drawn.sketch, drawn.layout)
    for box in drawn.sketch.boxes:
        x, _ = at.boxes[box.id]
        for row in box.rows:
            if row.number is None and row.text.isalnum():
                assert re.search(rf"at \({x:.2f},.*\) {{(\\textbf{{)?{row.text}}}", text), row
    assert text.count("ellipse") == sum(box.radius * 2 >= box.w for box in drawn.sketch.boxes)
    assert text.count(".. controls") >= len(drawn.sketch.lines)


def test_labels_are_no_commands_in_latex():
    from viz.drawn.tikz import text

    said = text(HOSTILE)
    assert "\\input" not in said and "\\textbackslash{}input\\{x\\}" in said
    assert not re.search(r"(?<!\\)[%#&_]", said)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no LaTeX")
@pytest.mark.parametrize("name", ["w", HOSTILE])
def test_latex_takes_it(name, tmp_path):
    picture(name).save(tmp_path / "g.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "g.tex"], cwd=tmp_path, capture_output=True, timeout=120
    )
    assert done.returncode == 0 and (tmp_path / "g.pdf").stat().st_size > 5000, done.stdout[-2000:]
