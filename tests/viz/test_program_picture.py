"""The picture of a compiled program: both passes, upright, under its own title."""

from __future__ import annotations

import re

import pytest

import micrograd
import viz
from micrograd import Value, nn
from viz.drawn.place import places


def program():
    model = nn.MLP(2, [4, 1])
    rows = [[0.1 * i, 1.0 - 0.2 * i] for i in range(12)]

    def loss():
        return sum((model(x) - 1.0) ** 2 for x in rows) + 1e-3 * sum(p * p for p in model.parameters())

    return micrograd.compile(loss, model.parameters()).program


def test_a_compiled_loss_is_drawn_as_its_program():
    w = Value(2.0)
    step = micrograd.compile(lambda: w * w, [w])
    assert viz.draw(step).svg == viz.draw(step.program).svg
    assert viz.draw(step).title == "Compiled program: 2 scalars as 1 tensor operation, 1 for the gradients"
    with pytest.raises(TypeError, match=r"cannot step through .*; viz\.draw shows it"):
        viz.step(step)


@pytest.mark.parametrize("layout", ["graphviz-pure", "layers"])
def test_both_passes_are_drawn_at_a_readable_shape(layout):
    made = program()
    picture = viz.draw(made, layout=layout)
    ids = {node.id for node in picture.graph.nodes}
    text = str(made)
    written = set(re.findall(r"^  (\S+?)\[", text, re.M))
    assert written <= ids and "p.grad" in ids and len([i for i in ids if i.endswith(".grad")]) > 5
    width, height = map(float, re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', picture.svg).groups())
    assert 1 / 4 < width / height < 4
    for line in text.split("backward\n")[1].splitlines():  # each formula is in its box, whole
        right = re.split(r"\s{2,}i <", line.partition("= ")[2])[0].strip().replace("-", "−")
        assert any(right in said for node in picture.graph.nodes for said in node.lines), right


def test_the_backward_pass_runs_upwards_beside_the_forward_pass():
    picture = viz.draw(program())
    at = places(picture.sketch).boxes
    for line in picture.sketch.lines:
        (_, y0), (_, y1) = at[line.src], at[line.dst]
        if line.way == "back":
            assert y1 < y0, line.id
        elif not line.way:
            assert y1 > y0, line.id
    pairs = [(name, f"{name}.grad") for name in at if f"{name}.grad" in at]
    assert len(pairs) > 5 and all(at[a][0] < at[b][0] and abs(at[a][1] - at[b][1]) < 1 for a, b in pairs)


def test_its_numbers_have_the_minus_of_pictures():
    said = [line for node in viz.draw(program()).graph.nodes for line in node.lines]
    assert any("−" in line for line in said) and not any("-" in line for line in said)


def test_its_title_says_what_it_is_everywhere():
    made = program()
    picture = viz.draw(made)
    operations, gradients = re.search(r"→ (\d+) tensor operations and (\d+) for the gradients", str(made)).groups()
    title = f"Compiled program: {made.scalars:,} scalars as {operations} tensor operations, {gradients} for the gradients"
    assert picture.title == title and repr(picture) == f"Picture({title})"
    assert f"<title>{title}</title>" in picture.svg and f"<h1>{title}</h1>" in picture.html
    assert "rankdir=TB" in picture.dot and "rankdir=LR" in viz.draw(made, rankdir="LR").dot
    assert viz.draw(Value(2.0) * 3.0).title.startswith("Computation graph")
