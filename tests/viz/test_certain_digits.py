"""Certain digits in full ink and the others faint, in every picture: from a certificate that viz is given as data."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from micrograd import Value
from micrograd.cli.main import main
from viz.drawn import theme
from viz.notation.numbers import above, inked, plain, show, whole, within


class Plain:
    """A class of somebody's own."""

    def __init__(self, data, prev=(), op=""):
        self.data, self.grad, self._prev, self._op = data, 0.25, prev, op


def proof(x, digits, error):
    return SimpleNamespace(double=x, digits=digits, error=error)


@pytest.fixture
def drawn():
    a = Plain(1.0 / 3.0)
    b = Plain(138.8337912345678, (a,), "exp")
    known = {a: (proof(a.data, 17, 0.0), proof(0.25, 1, 0.04)), b: (proof(b.data, 7, 4e-6), proof(99.0, 17, 0.0))}
    return viz.draw(b, digits=known, labels=False)


def test_the_digits_that_are_not_certain_are_faint(drawn):
    light, faint = theme.LIGHT.faint, "12345678"
    assert f'138.8337<tspan class="faint" fill="{light}">9{faint}</tspan>' in drawn.svg
    assert f'0.2<tspan class="faint" fill="{light}">5</tspan>' in drawn.svg
    assert "0.3333333333333333<" in drawn.svg and drawn.svg.count("<tspan") == 2
    assert f'138.8337<FONT COLOR="{light}">9{faint}</FONT>' in drawn.dot
    assert re.search(r"138\.8337\\textcolor\{viz\w+\}\{9" + faint, drawn.tex)
    assert "data 138.8338 ± 4e-6" in drawn.mmd
    assert "data 138.8338 ± 4e−6 grad 0.25" in drawn.text  # its gradient is another number than what is proven
    assert "<title>" in drawn.svg and "138.8338 ± 4e-6" in drawn.svg  # the tooltip
    assert 'class="faint"' in drawn.html


def test_faint_is_readable_and_less_than_ink():
    for palette in (theme.LIGHT, theme.DARK):
        for paper in (palette.paper, palette.leaf, palette.value, palette.root):
            assert 4.5 <= theme.contrast(palette.faint, paper) < theme.contrast(palette.ink, paper) / 2


def test_without_a_certificate_pictures_are_as_before(drawn):
    a = Value(2.0)
    assert "tspan" not in viz.draw(a * 3).svg and "faint" not in viz.draw(a * 3).svg
    with pytest.raises(TypeError, match="makes none"):
        viz.draw(Plain(1.0), digits=True)
    with pytest.raises(TypeError, match="True or a certificate"):
        viz.draw(a * 3, digits=5)
    with pytest.raises(ValueError, match="one root"):
        viz.draw(a * 3, a * 4, digits=True)


@settings(max_examples=300, deadline=None, database=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 17))
def test_parts_are_the_number_and_hold_so_many_digits(x, certain):
    text = show(x, whole(x))
    ink, faint, rest = inked(text, certain)
    assert ink + faint + rest == text
    digits = re.sub(r"\D", "", ink).lstrip("0")
    assert len(digits) <= certain and (not faint or certain == 0 or len(digits) == certain)
    assert float(plain(x, whole(x))) == x


@given(st.floats(5e-324, 1e300))
def test_a_bound_is_rounded_up(error):
    assert Fraction(above(error)) >= Fraction(error) and (float(above(error)) <= 2.0000001 * error or error < 1e-322)


def test_text_shows_no_digit_that_is_not_certain():
    assert within(138.83379, 16, 2.6e-14) == "138.834 ± 3e-14" and within(138.83379, 7, 1.9e-5) == "138.8338 ± 2e-5"
    assert within(138.83379, 0, 200.0) == "100 ± 200" and within(math.inf, 0, math.inf) == "inf ± inf"


def test_our_values_prove_themselves():
    pytest.importorskip("flint")
    x, one = Value(1e-9, label="x"), Value(1.0, label="one")
    d = ((one + x) - one) / x  # 1, but half of the digits are lost on the way
    d.backward()
    picture = viz.draw(d, digits=True)
    assert '1.000000<tspan class="faint"' in picture.svg and "ulps off" in picture.svg
    steps = [str(step) for step in d.steps(digits=True)]
    assert any("= 1.0000001 ± 9e-8" in step or "± " in step for step in steps) and not any("±" in str(s) for s in d.steps())


def test_the_command_line_proves(capsys, monkeypatch):
    pytest.importorskip("flint")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["check", "--certify", "L = tanh(a*b) + a**2", "a=2", "b=-0.5"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"L +value +3\.23841 ± 4e-17 +0\.0835 ulps +correctly rounded", out) and "gradient" in out
    assert main(["check", "--certify", "(1 + c) - 1", "c=1e-12"]) == 1
    assert main(["check", "--certify", "1/(x - 1)", "x=1"]) == 3
    assert "undecided" in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["check", "--certify", "(1 + c) - 1", "c=1e-12"]) == 1
    assert "\x1b[2m" in capsys.readouterr().out
    assert main(["check", "--certify", "3"]) == 2
    assert "nothing to prove" in capsys.readouterr().err


def test_the_command_line_says_what_is_missing(capsys, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "flint", None)
    assert main(["check", "--certify", "a*2", "a=1"]) == 2
    assert "pip install python-flint" in capsys.readouterr().err


def test_the_stepper_tells_them_too():
    pytest.importorskip("flint")
    x = Value(1e-4, label="x")
    d = (1 - x.cos()) / x**2
    stepper = viz.step(d, digits=True, names=False)
    place = next(i for i, v in enumerate(stepper.trace.values) if v is d)
    assert stepper.data["certain"][place][0] == [d.data, "0.49999999", "69612645", "", "3e-9"]
    log = list(stepper.log())
    assert any(line.endswith("= 0.5 ± 3e−9") for line in log) and any(line.endswith("→ 4e−5 ± 6e−5") for line in log)
    assert "certain" not in viz.step(d).data and not any("±" in line for line in viz.step(d).log())
