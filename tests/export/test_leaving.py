"""The check that every lesson's notebook ends with: a loss that leaves wrongly is found."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
import leaving  # noqa: E402
from export_c import COMPILERS  # noqa: E402
from micrograd import Value, compile, nn  # noqa: E402
from micrograd.compiler import TraceError  # noqa: E402
from micrograd.compiler.braces import columns  # noqa: E402
from micrograd.compiler.compiled import Compiled  # noqa: E402

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler")


@pytest.fixture
def lesson(monkeypatch):
    """A lesson that compiles `make()` and calls it; what is kept of it is forgotten afterwards."""
    monkeypatch.setattr(leaving, "_seen", {})
    monkeypatch.setattr(Compiled, "_key", Compiled._key)  # put back afterwards
    leaving.watch()
    w = [Value(0.5), Value(-1.5)]

    def run(loss, *args):
        compile(lambda *given: loss(*w, *given), w, batch=bool(args)).value_and_grad(*args)

    return run


def test_every_home_has_the_gradients_of_the_eager_engine(lesson, capsys):
    lesson(lambda v, w, x, y: ((v * x).maximum(w * y) + w - y) ** 2, [0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0])
    assert leaving.leave() == 1
    assert "2 parameters, C" in capsys.readouterr().out


def test_a_wrong_rule_is_found(lesson, monkeypatch):
    helpers = columns.C_HELPERS
    monkeypatch.setitem(helpers, "maximum", ((), helpers["maximum"][1].replace("x > y", "x < y"), False))
    lesson(lambda v, w, x, y: ((v * x).maximum(w * y) + w - y) ** 2, [0.1, 0.2, 0.3, 0.4], [1.0, 2.0, 3.0, 4.0])
    with pytest.raises(AssertionError, match="Not equal"):
        leaving.leave()


def test_a_home_that_refuses_buffers_says_so(lesson, capsys):
    pytest.importorskip("jax")
    norm = nn.BatchNorm(2)
    lesson(lambda v, w: sum(sum(row) for row in norm([[v, w], [w, v * w], [w * 2, v]])) * v)
    assert leaving.leave() == 1
    told = capsys.readouterr().out
    assert "JAX refuses: the loss assigns to buffers" in told and "parameters, C" in told


def test_what_is_refused_is_no_loss(lesson):
    with pytest.raises(TraceError):
        lesson(lambda v, w: v if v.data > 0 else w)
    assert leaving.leave() == 0


def test_where_terms_cancel_rounding_decides_and_no_more():
    expected, bound = [1.0, 0.1, 1e-9], np.array([1e-16, 1e-17, 1e-17])
    leaving._agree([1.0, 0.1, 1e-9 + 1.5e-17], expected, lambda: bound)
    with pytest.raises(AssertionError):
        leaving._agree([1.0, 0.1 + 1e-12, 1e-9], expected, lambda: bound)
