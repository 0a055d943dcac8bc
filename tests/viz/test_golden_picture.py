"""The same picture on every machine: graphviz-pure's places and our drawing, byte for byte.

``golden_picture.svg`` is the picture; a wanted change of it is written by ``python tests/viz/test_golden_picture.py``.
"""

from __future__ import annotations

from pathlib import Path

import viz
from micrograd import Value

GOLDEN = Path(__file__).with_name("golden_picture.svg")


def drawn(layout="graphviz-pure"):
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = (a * b + a).tanh()
    root.label = "y"
    root.backward()
    return viz.draw(root, partials=True, theme="light", layout=layout, labels=False).svg.encode()


def test_the_picture_is_the_same_to_the_byte():
    assert drawn() == GOLDEN.read_bytes()


def test_another_layout_is_another_picture():
    assert drawn("layers") != GOLDEN.read_bytes()


if __name__ == "__main__":
    GOLDEN.write_bytes(drawn())
