"""Adding an op: one row is written by hand, and every telling knows it, rightly written."""

import math
import re

import pytest
from hypothesis import HealthCheck, find, given, settings

import micrograd
import viz
from micrograd import Op, Value, compile, gradcheck, ops, stubs, telling, testing
from micrograd.checking.exact import derivative, partial, ulps
from micrograd.cli.expression import read
from micrograd.ops.symbol import Symbol, source
from readers import of_mathml, of_tex, of_text
from viz.notation import mathml, rows, tex, text
from viz.notation.formula import Name, Number


def softsign(formula="k / (k + abs(a))**2"):
    """x / (k + |x|), of which nothing else in the repository knows."""
    return Op(
        "softsign", define=lambda x, k: ops.div(x, k + ops.abs_(x)), partials=(lambda y, x, k: ops.div(k, (k + abs(x)) * (k + abs(x))),),
        formula=(formula,), typeset="a / (k + abs(a))", domain=((-math.inf, math.inf),), constants=("k",), defaults=(1.0,),
        exact=lambda m, x, k: x / (k + abs(x)), doc="x / (k + |x|).",
    )  # fmt: skip


@pytest.fixture
def row():
    op = micrograd.register(softsign())
    yield op
    del micrograd.TABLE["softsign"], Value.softsign


def graph():
    a = Value(-0.5, label="a")
    y = a.softsign(2.0)
    y.label = "y"
    loss = y * a
    loss.label = "L"
    return loss, a


Y, SLOPE = -0.2, 2.0 / 2.5**2
GRAD = Y + -0.5 * SLOPE


def test_it_is_a_method_a_function_and_a_rule(row):
    loss, a = graph()
    loss.backward()
    assert loss.data == 0.1 and a.grad == pytest.approx(GRAD)
    assert micrograd.softsign(-0.5, 2.0) == Y and micrograd.softsign(3.0) == 0.75 and Value.softsign.__doc__ == row.doc
    x = Value(-0.5)
    (first,) = micrograd.grad(x.softsign(2.0), [x], create_graph=True)
    assert micrograd.grad(first, x) == pytest.approx(2 * 2.0 / 2.5**3)  # its rule is a rule on Values too
    code = row.bind(2.0).pull_source
    assert code.startswith("k_ = 2.0\ndef pull_softsign(node):\n") and "a.grad += g * div(k_, " in code
    assert '    def softsign(self, k: SupportsFloat = 1.0, /) -> Value:\n        """x / (k + |x|)."""' in stubs.stub()
    assert '"name": "softsign"' in telling.told() and '"typeset": "a / (k + abs(a))"' in telling.told()
    assert source([row.define(Symbol("x"), 2.0)])[1] == ["div(x, (2.0 + abs(x)))"]


def test_every_check_judges_it(row):
    for method in ("auto", "differences", "exact"):
        report = gradcheck(lambda x: x.softsign(2.0) * x, (-0.5,), method=method)
        assert report and not report.undecided
    assert ulps(row.bind(2.0).partial(0, Y, -0.5), derivative(row.bind(2.0), 0, [-0.5])) <= 3
    found = find(testing.expressions(), lambda e: any(op.name == "softsign" for op, _ in e.steps))
    assert "softsign(x0, 1.0)" in str(found)

    @settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
    @given(testing.domain(row.bind(2.0)))
    def smooth(xs):
        testing.assert_gradients(row.bind(2.0), xs)

    smooth()


def test_the_programs_know_it(row):
    def loss(a):
        return a.softsign(2.0) * a

    step = compile(loss)
    value, slope = step.value_and_grad(-0.5)
    assert value == 0.1 and slope == pytest.approx(GRAD, rel=1e-14)
    printed = str(step.program)
    assert "softsign(x1[0], 2)" in printed
    w = Value(0.5, label="w")
    trained = compile(lambda x: (w * x).softsign(2.0) * x, [w])
    trained(-0.5)
    assert "= softsign(mul1[0], 2)" in str(trained.program) and "∂softsign/∂mul1[0]" in str(trained.program)


def test_the_command_line_reads_it(row):
    result = read("y = softsign(a, 2); L = y * a", {"a": -0.5}).root
    result.backward()
    assert result.data == 0.1 and read("softsign(a)", {"a": 3.0}).root.data == 0.75


def tellings(loss):
    """Each telling of the graph: its text, and the operation as it must be written there."""
    steps = list(loss.steps())
    tex = r"\frac{a}{2 + \left|a\right|}"
    stepper = viz.step(loss)
    page = "<mfrac><mrow>{0:}</mrow><mrow><mn>2</mn><mo>+</mo><mrow><mo>|</mo>{0:}<mo>|</mo></mrow></mrow></mfrac>"
    sheet = viz.exercise(loss, seed=1)
    return {
        "steps": (str(steps[0]), "y = softsign(a, 2) = softsign(-0.5, 2) = -0.2"),
        "steps, backward": (str(steps[-1]), "∂y/∂a = 2 / (2 + abs(a))**2"),
        "steps, LaTeX": (steps[0].latex(), f"y = {tex} = "),
        "stepper": ("\n".join(stepper.log()), "y = softsign(a, 2) = −0.2"),
        "stepper's page": (" ".join(mathml.markup(told["f"]) for told in stepper.trace.ops), page),
        "picture": (viz.draw(loss).svg, ">softsign(x, 2)<"),
        "text tree": (viz.text_tree(loss), "y = softsign(x, 2) data"),
        "LaTeX": (viz.to_latex(loss), f"y &= {tex}"),
        "worksheet": ("\n".join(blank.question for blank in sheet.blanks), "y = softsign(a, 2)"),
        "draw_dot": (viz.draw_dot(loss).source, "softsign"),
    }


def test_every_telling_writes_it(row):
    missing = {telling: text for telling, (text, wanted) in tellings(graph()[0]).items() if wanted not in text}
    assert not missing


def test_what_is_written_is_read_back_to_its_numbers(row):
    loss, _ = graph()
    value = loss.args[0]
    at = {"a": -0.5}
    made, slope = rows.written(rows.row_of(value, 1), [Name("a")]), rows.slope(rows.row_of(value, 1), 0, [Name("a")], Name("y"))
    for tree, number in ((made, Y), (slope, SLOPE)):
        assert of_tex(tex.write(tree, 17), at) == pytest.approx(number, rel=1e-15)
        assert of_mathml(mathml.write(tree, 17), {"<mi>a</mi>": -0.5}) == pytest.approx(number, rel=1e-15)
    assert of_text(text.write(slope, 17), at) == SLOPE and text.write(made) == "softsign(a, 2)"
    assert re.fullmatch(r"softsign\(-0\.5, 2\)", text.write(rows.written(rows.row_of(value, 1), [Number(-0.5)])))


def test_a_wrong_formula_of_the_row_is_found():
    for formula, wrong in (("k / (k + abs(a))**2", False), ("1 / (k + abs(a))**2", True)):
        op = softsign(formula).bind(2.0)
        assert (ulps(op.partial(0, Y, -0.5), partial(op, 0, [-0.5])) > 1e6) == wrong
