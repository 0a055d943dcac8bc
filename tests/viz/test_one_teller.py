"""One graph, told everywhere: the same names and the same numbers in steps, stepper, page, picture, worksheet, LaTeX and tree."""

import re

import pytest
from hypothesis import given

import viz
from micrograd import Value, nn
from viz.model.graph import build
from viz.notation import lines, tex
from viz.notation.names import complete, unique
from viz.notation.numbers import plain, show
from viz_values import Student, graphs


def example():
    a, b, x = Value(2.0, label="a"), Value(-3.0, label="b"), Value(0.5, label="x")
    c = a * b
    c.label = "c"
    x = x * x + 1
    x.label = "x"
    return (c + a).tanh() * x.maximum(0.5) - 2 * c


def test_names_are_the_same_everywhere():
    root = example()
    walk = [step for step in root.steps() if step.kind == "forward"]
    by_step = {id(step.node): str(step).split(" = ")[0].removeprefix("forward").strip() for step in walk}
    trace = viz.step(root).trace
    nodes = {id(node.value): node.name for node in viz.draw(root).graph.nodes}
    in_tex = set(re.findall(r"(\S+) &=", viz.to_latex(root)))
    for value, told in zip(trace.values, trace.told, strict=True):
        if value.args:
            assert by_step[id(value)] == nodes[id(value)] == told
    assert {"v1", "v2", "x⁽²⁾", "c", "root"} <= set(trace.told)
    assert in_tex <= {tex.name(name) for name in trace.told}
    assert list(trace.values) == [value for value in root.topological() if not value.is_literal]


def test_parameters_are_called_as_python_writes_them_everywhere():
    model, x = nn.MLP(1, [1]), Value(0.5)
    loss = model([x]) ** 2
    name, short = "model.layers[0].neurons[0].w[0]", "layers[0].neurons[0].w[0]"
    told = [
        "\n".join(map(str, loss.steps())),
        *[" ".join(viz.step(loss).log()), viz.text_tree(loss), viz.to_latex(loss), viz.draw(loss).html],
    ]
    assert all(name in text for text in told)
    assert all(text.replace(name, "").count(short) == 0 for text in told[:4])
    assert short in viz.step((lambda model: model([0.5]))(model), names=False).trace.names  # nobody's variable


def lines_of(values):
    return complete(unique([v.label for v in values]), [bool(v.args) for v in values])


def test_a_literal_is_itself():
    a = Value(3.0, label="a")
    text = "\n".join(map(str, (2 * a + a**2 - 1).steps()))
    assert "v1 = 2 * a" in text and "v4 = v3 - 1" in text and "u" not in text.replace("forward", "").replace("backward", "")
    made = Value(2.0) * a  # a Value that somebody made is a value
    assert "made = u1 * a" in str(next(made.steps())) and not made.args[0].is_literal and (2 * a).args[0].is_literal


@given(graphs(scopes=False))
def test_names_are_unique_and_numbers_one(root):
    trace = viz.step(root, names=False).trace
    assert len(set(trace.told)) == len(trace.told)
    log = list(viz.step(root, names=False).log())
    grads = {name: show(g) for name, g in zip(trace.told, trace.grads(len(trace)), strict=True)}
    last = {line.split(".grad")[0]: line.rsplit("→ ", 1)[1] for line in log if "→" in line}
    assert all(grads[name] == shown for name, shown in last.items())
    page = viz.draw(root, labels=False, fold=False).html
    assert all(show(value.data) in page for value in trace.values)


def test_a_gradient_and_a_derivative_never_look_alike():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = a * b + a
    sheet = [blank.question for blank in viz.exercise(root, seed=1, names=False).blanks]
    assert {"a.grad", "b.grad", "∂v2/∂a", "∂v1/∂b"} <= set(sheet)
    for line in [*viz.step(root, names=False).log(), *map(str, (a * b + a).steps())]:
        for of, by in re.findall(r"∂(\w+)/∂(\w+)", line):
            assert (of, by) in {("v1", "a"), ("v1", "b"), ("v2", "v1"), ("v2", "a")}, "∂ is of one operation"


@pytest.mark.parametrize("label", [7, 2.5, None, "", "  ", "x" * 10_000, "‮abc", "</svg>", r"\N", "a|b{c}<d>", ("t", 1)])
def test_names_of_any_type_and_content_are_safe(label):
    x = Value(2.0, label=label)
    root = x * x + 1
    assert list(map(str, root.steps())) and list(viz.step(root).log()) and viz.to_latex(root)
    assert viz.draw(root).svg.startswith("<") and viz.draw(root).text and viz.exercise(root)


def test_numbers_have_one_form():
    for x in (7.373e-5, 0.0001235, -0.0, 123456.7, 1e22, float("inf"), float("nan"), 1 / 3):
        assert show(x, 6) == plain(x, 6).replace("-", "−").replace("inf", "∞")
        assert plain(x) in str(next((Value(x) + 0).steps()))


def test_classes_of_ones_own_are_told_alike():
    a, b = Student(2.0, label="a"), Student(-3.0, label="b")
    root = a * b + a
    assert list(viz.step(root, names=False).log())[:2] == ["v1 = a * b = −6", "v2 = v1 + a = −4"]
    assert [node.name for node in build(root).nodes] == ["a", "b", "v1", "v2"]
    assert lines.names(viz.step(root).trace.values) == ["a", "b", "v1", "v2"]
