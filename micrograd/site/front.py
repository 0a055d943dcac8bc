"""The front page: what this is in three lines, a live stepper, the two commands, and the ways on."""

from __future__ import annotations

import html
from importlib import import_module

from micrograd.engine import Value
from micrograd.ops import tanh
from micrograd.site.house import FRONT, REFERENCE, SHEET, House
from micrograd.site.lab import LAB
from micrograd.site.markdown import coloured
from micrograd.site.shell import page

EXPRESSION, NUMBERS = "s = x1*w1 + x2*w2 + b; o = tanh(s)", {"x1": 2.0, "x2": 0.0, "w1": -3.0, "w2": 1.0, "b": 6.88}
COMMANDS = """\
pip install .
micrograd step "{expression}" {numbers} --open
"""
BODY = """\
<h1>See backpropagation happen</h1>
<p class="lead">micrograd-lab is a scalar autograd engine that you can <b>see</b>, <b>step through</b>, <b>check</b> and <b>run</b>.
Code written for Karpathy’s micrograd runs unmodified; one more line compiles it into tensor operations.
{invitation}</p>
<p class="ways-in">{ways}</p>
{live}
<h2>On your machine</h2>
<p>Python 3.10 or later, no Graphviz, no compiler. In a folder with this repository:</p>
{commands}
<h2>Lessons</h2>
<p>Each states a claim, shows it in pictures and asserts it. Their steppers and pictures are live here.</p>
<ul class="cards">{cards}</ul>
"""


LAB_FRAME = f'<iframe src="{LAB}" title="The lab: an editor for Value code, its graph, stepper and checks"></iframe>'
INVITED = "Here is the lab: change a number of the neuron at the left, and all follows; nothing is sent anywhere."
STEPS = "Here is his neuron: click it and press → to walk forward, then back, one application of the chain rule at a time."
LACKING = '<p class="note">The lab, where you type code of your own, is not on this copy of the site: {why}.</p>'


def front(house: House, lessons: dict[str, str], lacking: str) -> None:
    """Write it. lessons: page and title of each. lacking: "" where the lab has been built, else why it has not."""
    live = LAB_FRAME
    if lacking:
        live = import_module("viz").step(_neuron(), names=False).fragment() + LACKING.format(why=html.escape(lacking.rstrip(".")))
    numbers = " ".join(f"{name}={value:g}" for name, value in NUMBERS.items())
    ways = [(LAB, "The lab alone"), ("lessons/index.html", "Lessons"), (REFERENCE, "Reference")]
    ways += [(SHEET, "Formulas and words"), ("speed.html", "How fast?"), ("accuracy.html", "How exact?")]
    body = BODY.format(
        ways="".join(f'<a href="{place}">{name}</a>' for place, name in ways if place in house.written),
        live=live,
        invitation=STEPS if lacking else INVITED,
        commands=coloured(COMMANDS.format(expression=EXPRESSION, numbers=numbers), "sh"),
        cards="".join(f'<li><a href="{place}">{html.escape(title)}</a></li>' for place, title in lessons.items()),
    )
    house.put(FRONT, page(house, FRONT, "micrograd-lab: see backpropagation happen", body, "front"))


def _neuron() -> Value:
    """The neuron of EXPRESSION."""
    v = {name: Value(number, label=name) for name, number in NUMBERS.items()}
    s = v["x1"] * v["w1"] + v["x2"] * v["w2"] + v["b"]
    s.label = "s"
    o: Value = tanh(s)
    o.label = "o"
    return o
