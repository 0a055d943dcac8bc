"""`from_onnx`: values and gradients are the model's: by ONNX Runtime, ONNX's reference, the gradient outputs of our own models, PyTorch."""

from __future__ import annotations

import math

import pytest

np = pytest.importorskip("numpy")
onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from export_arrays import Onnx  # noqa: E402
from export_models import MODELS, near  # noqa: E402
from micrograd import Value, compile, gradcheck, optim  # noqa: E402
from micrograd.export import from_onnx, to_onnx  # noqa: E402
from micrograd.export.onnx_rules import TABLE  # noqa: E402

rng = np.random.default_rng(11)


@pytest.fixture(autouse=True)
def the_same_numbers_in_any_order_of_tests():
    rng.bit_generator.state = np.random.default_rng(11).bit_generator.state


def randn(*shape):
    return rng.normal(size=shape)


def model_of(nodes, initial, inputs=(), outputs=("y",), opset=18, kind=TensorProto.DOUBLE):
    """A model of nodes (operator, inputs, outputs, attributes)."""
    made = [helper.make_node(op, list(i), list(o), name=f"/body/{op}_{k}", **a) for k, (op, i, o, a) in enumerate(nodes)]
    graph = helper.make_graph(
        made, "g", [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(x), name) for name, x in initial.items()],
    )  # fmt: skip
    made = onnx.shape_inference.infer_shapes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9))
    for out in made.graph.output:
        if not out.type.tensor_type.HasField("shape"):
            out.type.tensor_type.shape.dim.add()
    return made


def flat(x):
    return [float(getattr(v, "data", v)) for v in np.ravel(np.array(x, dtype=object))]


def by_reference(proto, feeds):
    return [np.ravel(x).astype(float) for x in ReferenceEvaluator(proto).run(None, feeds)]


def compared(proto, feeds, to=1e-12):
    """Values of ONNX's reference in float64, and gradients by central differences of it."""
    model = from_onnx(proto)
    found = model(*[feeds[name].tolist() for name in model.inputs])
    parts = list(found) if len(model.outputs) > 1 else [found]
    expected = by_reference(proto, feeds)
    for got, x in zip(parts, expected, strict=True):
        near(flat(got), x, to)
    weights = [np.linspace(0.5, 1.5, len(x)) for x in expected]
    loss = sum(
        v * float(w) for got, ws in zip(parts, weights, strict=True) for v, w in zip(np.ravel(np.array(got, dtype=object)), ws, strict=True)
    )
    for p in model.parameters():
        p.grad = 0.0
    if isinstance(loss, Value):
        loss.backward()
    for name, values in model.arrays.items():
        for at in list(np.ndindex(*values.shape))[:: max(values.size // 3, 1)]:
            sides = []
            for h in (1e-6, -1e-6):
                moved = type(proto)()
                moved.CopyFrom(proto)
                tensor = next(t for t in moved.graph.initializer if t.name == name)
                x = numpy_helper.to_array(tensor).copy()
                x[at] += h
                tensor.CopyFrom(numpy_helper.from_array(x, name))
                sides.append(sum((y * w).sum() for y, w in zip(by_reference(moved, feeds), weights, strict=True)))
            assert values[at].grad == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=2e-6, abs=2e-8), (name, at)
    return model


ALONE = """Abs Neg Exp Log Sqrt Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Atanh Floor Ceil Round Sign Relu Sigmoid Softplus
Reciprocal Selu Elu LeakyRelu Softsign HardSigmoid HardSwish Celu Mish ThresholdedRelu Identity IsNaN IsInf Softmax LogSoftmax"""
FIRST = {"A": randn(2, 3)}


def one(op, *inputs, initial=FIRST, opset=18, outputs=("y",), **a):
    return model_of([(op, inputs or ("A",), outputs, a)], initial, opset=opset, outputs=outputs)


GRAPHS = {
    **{op: (lambda op=op: one(op, initial={"A": np.array([[0.3, 0.7, 0.2], [0.9, 0.6, 0.55]])}, opset=20)) for op in ALONE.split()},
    "Gelu tanh": lambda: one("Gelu", approximate="tanh", opset=20),
    "Clip": lambda: model_of([("Clip", ("A", "low", "high"), ("y",), {})], {**FIRST, "low": np.array(-0.5), "high": np.array(0.4)}),
    "choice": lambda: model_of(
        [("Greater", "AB", "c", {}), ("Less", "AB", "d", {}), ("Or", "cd", "e", {}), ("Not", "d", "f", {}), ("And", "ef", "g", {}),
         ("Max", "AB", "h", {}), ("Min", "ABA", "i", {}), ("Where", "ghi", "j", {}), ("Mean", "jAB", "k", {}), ("Sum", "kA", "l", {}),
         ("Mod", ("l", "B"), "m", {"fmod": 1}), ("Cast", "c", "n", {"to": TensorProto.DOUBLE}), ("Mul", "mn", "o", {}),
         ("Pow", "AD", "p", {}), ("Add", "op", "y", {})],
        {"A": np.abs(randn(2, 3)) + 0.1, "B": randn(3), "D": np.array(2.5)}),
    "reductions": lambda: model_of(
        [(f"Reduce{how}", ("A", "axes"), (f"y{k}",), {"keepdims": k % 2}) for k, how in enumerate(REDUCTIONS)],
        {"A": np.abs(randn(2, 3, 2)) + 0.1, "axes": np.array([0, 2])}, outputs=[f"y{k}" for k in range(len(REDUCTIONS))]),
    "moves": lambda: model_of(
        [("Transpose", "A", "b", {"perm": [1, 0]}), ("Concat", "bb", "c", {"axis": 1}), ("Slice", ("c", "s", "e", "one", "two"), "d", {}),
         ("Gather", ("d", "rows"), "f", {"axis": 0}), ("Pad", ("f", "pads", "four"), "g", {}), ("Tile", ("g", "twos"), "h", {}),
         ("Unsqueeze", ("h", "one"), "i", {}), ("Squeeze", ("i", "one"), "j", {}), ("Trilu", "j", "k", {}),
         ("Flatten", "k", "l", {"axis": 0}),
         ("Reshape", ("l", "minus"), "m", {}), ("Split", ("m", "halves"), ("n", "o"), {"axis": 0}),
         ("CumSum", ("n", "zero"), "p", {"reverse": 1}),
         ("Expand", ("o", "wide"), "q", {}), ("GatherND", ("q", "at"), "r", {}),
         ("ScatterElements", ("p", "to", "more"), ("s2",), {"reduction": "add"}),
         ("ScatterND", ("s2", "at2", "more"), "t", {}), ("ScatterElements", ("t", "to", "more"), "u", {"reduction": "mul"}),
         ("GatherElements", ("u", "to"), "v", {}), ("Shape", "v", "w", {}), ("Cast", "w", "x", {"to": TensorProto.DOUBLE}),
         ("Mul", "vx", "z", {}), ("Concat", ("z", "u", "r"), "y", {"axis": 0})],
        {**FIRST, "s": np.array([0]), "e": np.array([4]), "one": np.array([1]), "two": np.array([2]), "rows": np.array([2, 0]),
         "zero": np.array(0),
         "pads": np.array([1, 0, 0, 1]), "four": np.array(4.0), "twos": np.array([1, 2]), "minus": np.array([-1]),
         "halves": np.array([6, 12]),
         "wide": np.array([2, 12]), "at": np.array([[1, 2], [0, 11]]), "to": np.array([0, 5, 0]), "more": randn(3),
         "at2": np.array([[1], [2], [4]])}),
    "products": lambda: model_of(
        [("MatMul", "AB", "c", {}), ("Gemm", "cBD", "d", {"alpha": 0.5, "beta": 2.0, "transB": 1}), ("MatMul", "dv", "e", {}),
         ("Einsum", "Tdw", "f", {"equation": "kij,ia,j->ka"}), ("Einsum", "T", "g", {"equation": "...ij->...ji"}),
         ("Einsum", "gA", "h", {"equation": "bij, jk"}), ("Einsum", "S", "i", {"equation": "ii->"}), ("Mul", "hi", "j", {}),
         ("Flatten", "j", "k", {"axis": 0}), ("Flatten", "f", "l", {"axis": 0}), ("Flatten", "k", "m", {"axis": 0}),
         ("Unsqueeze", ("e", "zero"), "n", {}), ("Concat", "lmn", "y", {"axis": 1})],
        {"A": randn(2, 3), "B": randn(3, 3), "D": randn(3), "v": randn(3), "T": randn(2, 2, 2), "w": randn(2), "S": randn(3, 3),
         "zero": np.array([0])}),
    "Conv": lambda: one("Conv", *"XWB", initial={"X": randn(1, 4, 4, 5), "W": randn(2, 2, 2, 3), "B": randn(2)}, group=2, pads=[1, 0, 0, 2],
                        strides=[1, 2], dilations=[2, 1]),
    "Conv same": lambda: one("Conv", *"XW", initial={"X": randn(1, 1, 5), "W": randn(2, 1, 2)}, auto_pad="SAME_LOWER"),
    "ConvTranspose": lambda: one("ConvTranspose", *"XWB", initial={"X": randn(1, 4, 3), "W": randn(4, 2, 3), "B": randn(2)}, group=1,
                                 strides=[2], pads=[1, 0], output_padding=[1]),
    "MaxPool": lambda: one("MaxPool", "X", initial={"X": randn(1, 2, 4, 4)}, kernel_shape=[2, 3], pads=[1, 1, 0, 1], strides=[2, 1]),
    "AveragePool": lambda: one("AveragePool", "X", initial={"X": randn(1, 1, 4, 4)}, kernel_shape=[2, 2], pads=[1, 1, 0, 1]),
    "AveragePool padded": lambda: one("AveragePool", "X", initial={"X": randn(1, 1, 5)}, kernel_shape=[3], pads=[1, 1],
                                  count_include_pad=1),
    "pooled": lambda: model_of([("GlobalAveragePool", "X", "a", {}), ("GlobalMaxPool", "X", "b", {}), ("Add", "ab", "y", {})],
                               {"X": randn(1, 2, 3, 3)}),
    "norms": lambda: model_of(
        [("BatchNormalization", "Xsbmv", "a", {}), ("InstanceNormalization", "asb", "c", {"epsilon": 0.01}),
         ("GroupNormalization", "cgg", "e", {"num_groups": 2, "stash_type": 11}), ("Add", "ce", "y", {})],
        {"X": randn(2, 4, 3), "s": randn(4), "b": randn(4), "m": randn(4), "v": np.abs(randn(4)), "w": randn(3), "z": randn(3),
         "g": randn(4)}, opset=21),
    "space": lambda: model_of([("DepthToSpace", "X", "a", {"blocksize": 2}), ("SpaceToDepth", "a", "y", {"blocksize": 1})],
                              {"X": randn(1, 4, 2, 2)}),
    "loss": lambda: model_of([("SoftmaxCrossEntropyLoss", "Xt", ("y",), {})], {"X": randn(3, 4), "t": np.array([1, 0, 3])}),
}  # fmt: skip
REDUCTIONS = ["Sum", "Mean", "Max", "Min", "Prod", "LogSumExp", "L1", "L2", "SumSquare", "LogSum"]


@pytest.mark.parametrize("name", GRAPHS)
def test_operators_have_the_values_of_the_reference_and_the_slopes_of_its_differences(name):
    to = 1e-7 if name == "Gelu tanh" else 1e-12  # which the reference has in float32
    compared(GRAPHS[name](), {}, to)


def test_a_wrong_rule_is_found(monkeypatch):
    monkeypatch.setitem(TABLE, "Tanh", TABLE["Sin"])
    with pytest.raises(AssertionError):
        compared(GRAPHS["Tanh"](), {})


# --- recurrent networks, against the formulas of PyTorch ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("both", [False, True])
def test_recurrent_networks_are_those_of_torch(kind, both):
    torch = pytest.importorskip("torch")
    torch.manual_seed(3)
    net = getattr(torch.nn, kind)(2, 3, bidirectional=both).double()
    order = {"RNN": [0], "GRU": [1, 0, 2], "LSTM": [0, 3, 1, 2]}[kind]  # PyTorch's gates, as ONNX has them

    def gates(x):
        parts = np.split(x.detach().numpy(), len(order))
        return np.concatenate([parts[k] for k in order])

    ways = ["", "_reverse"][: 1 + both]
    w, r = (np.stack([gates(getattr(net, f"weight_{s}_l0{way}")) for way in ways]) for s in ("ih", "hh"))
    b = np.stack([np.concatenate([gates(getattr(net, f"bias_{s}_l0{way}")) for s in ("ih", "hh")]) for way in ways])
    a = {"hidden_size": 3, "direction": "bidirectional" if both else "forward", **({"linear_before_reset": 1} if kind == "GRU" else {})}
    proto = model_of([(kind, ("x", "w", "r", "b"), ("y",), a)], {"w": w, "r": r, "b": b}, [("x", [4, 2, 2])])
    x = randn(4, 2, 2)
    model = from_onnx(proto)
    found = np.array(model(x.tolist()), dtype=object)
    out, _ = net(torch.tensor(x))
    near(flat(found.transpose(0, 2, 1, 3)), out.detach().flatten().numpy())
    (out.sin().sum()).backward()
    sum(v.sin() for v in found.ravel()).backward()
    got = np.array([v.grad for v in model.arrays["w"][0].ravel()]).reshape(w[0].shape)
    near(got, gates(net.weight_ih_l0.grad))


# --- what left comes back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("make", MODELS)
def test_what_left_for_onnx_comes_back(make, batch):
    step, _, args = make(batch)
    step(*args)
    home = Onnx(step)
    given = home.given([float(x) for row in (zip(*args, strict=True) if batch else [args]) for a in row for x in np.ravel(a)])
    feeds = {f"x{k + 1}": np.asarray(x) for k, x in enumerate(given)}
    expected = dict(zip(home.names, home.session.run(None, feeds), strict=True))
    model = from_onnx(home.model, outputs=["loss"])
    y = model(*[feeds[name].tolist() for name in model.inputs])
    y.backward()
    near([y.data], [expected["loss"]])
    for name, values in model.arrays.items():
        near([v.grad for v in values.ravel()], expected[f"grad.{name}"].ravel())


@pytest.mark.parametrize("optimizer", [None, optim.Adam])
def test_the_backward_graph_itself_is_read(optimizer):
    step, model, args = MODELS[0](True)
    step(*args)
    home = Onnx(step, optimizer=optimizer and optimizer(model.parameters(), lr=0.01))
    feeds = {"x1": np.asarray(args[0]), "x2": np.asarray(args[1])}
    expected = dict(zip(home.names, home.session.run(None, feeds), strict=True))
    read = from_onnx(home.model)
    for name, x in zip(read.outputs, read(*[feeds[n].tolist() for n in read.inputs]), strict=True):
        near(flat(x), np.ravel(expected[name]))


def test_from_torch_to_onnx_to_the_runtime_and_back():
    torch = pytest.importorskip("torch")
    from micrograd.export import from_torch

    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2), torch.nn.LogSoftmax(-1)).double()
    scalars = from_torch(net, torch.zeros(2, 3, dtype=torch.float64))
    step = compile(lambda rows: -(scalars(rows)[0][1] + scalars(rows)[1][0]), scalars.parameters())
    x = randn(2, 3)
    step(x.tolist())
    out = net(torch.tensor(x))
    loss = -(out[0, 1] + out[1, 0])
    loss.backward()
    grads = np.concatenate([p.grad.flatten().numpy() for p in net.parameters()])
    home = Onnx(step)
    value, found = home.value_and_grad([p.data for p in scalars.parameters()], x.ravel())
    near([value], [loss.item()])
    near(found, grads)
    y = from_onnx(to_onnx(step), outputs=["loss"])(x.tolist())
    near([y.data], [loss.item()])


# --- a float32 model as others write it, by ONNX Runtime --------------------------------------------------------------------------


def convolutional():
    f = lambda *s: randn(*s).astype(np.float32)  # noqa: E731
    return model_of(
        [("Conv", ("x", "conv.weight", "conv.bias"), ("a",), {"pads": [1, 1, 1, 1]}),
         ("BatchNormalization", ("a", "g", "b", "m", "v"), ("c",), {}),
         ("Relu", "c", "d", {}), ("MaxPool", "d", "e", {"kernel_shape": [2, 2], "strides": [2, 2]}), ("Flatten", "e", "f", {}),
         ("Gemm", ("f", "fc.weight", "fc.bias"), "h", {"transB": 1}), ("Softmax", "h", "y", {})],
        {"conv.weight": f(2, 1, 3, 3), "conv.bias": f(2), "g": f(2), "b": f(2), "m": f(2), "v": np.abs(f(2)), "fc.weight": f(3, 8),
         "fc.bias": f(3)},
        [("x", ["N", 1, 4, 4])], kind=TensorProto.FLOAT)  # fmt: skip


def runtime(proto, feeds):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    return onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)


def test_a_model_of_float32_answers_as_the_runtime_and_travels_back(tmp_path):
    proto, x = convolutional(), randn(3, 1, 4, 4).astype(np.float32)
    path = tmp_path / "net.onnx"
    onnx.save(proto, str(path))
    model = from_onnx(path)
    assert list(model.arrays) == ["conv.weight", "conv.bias", "g", "b", "fc.weight", "fc.bias"]
    assert "conv.weight[1,0,2,2]" in dict(model.named_parameters())
    near(flat(model(x.tolist())), np.ravel(runtime(proto, {"x": x})[0]), 1e-5)
    for p in model.parameters():
        p.data += 0.125
    assert model.save_onnx(tmp_path / "moved.onnx") == tmp_path / "moved.onnx"
    back = onnx.load(str(tmp_path / "moved.onnx"))
    near(flat(model(x.tolist())), np.ravel(runtime(back, {"x": x})[0]), 1e-5)
    near(flat(from_onnx(back)(x.tolist())), flat(model(x.tolist())), 1e-6)
    assert {i.data_type for i in back.graph.initializer} == {TensorProto.FLOAT}
    before = path.read_bytes()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        model.save_onnx(tmp_path / "folder" / "gone" / "x.onnx")
    assert path.read_bytes() == before and not list((tmp_path / "folder").iterdir())


def test_it_is_checked_and_compiled():
    model = from_onnx(convolutional())
    x = randn(1, 1, 4, 4).tolist()

    def loss(a, b):
        rows = [[[[a, *x[0][0][0][1:]], [b, *x[0][0][1][1:]], *x[0][0][2:]]]]
        return -model(rows)[0][1].log()

    assert gradcheck(loss, (0.3, -0.2))
    step = compile(lambda rows: -model(rows)[0][1].log(), model.parameters())
    value, grads = step.value_and_grad(x)
    y = -model(x)[0][1].log()
    for p in model.parameters():
        p.grad = 0.0
    y.backward()
    near([value], [y.data])
    near(grads, [p.grad for p in model.parameters()])


def test_conditions_known_when_it_is_run():
    def branch(op):
        return helper.make_graph(
            [helper.make_node(op, ["w"], ["z"])], op, [], [helper.make_tensor_value_info("z", TensorProto.DOUBLE, None)]
        )

    proto = model_of([("Shape", "x", "s", {}), ("Greater", ("s", "two"), "c", {}), ("Squeeze", "c", "d", {}),
                      ("If", "d", "y", {"then_branch": branch("Sin"), "else_branch": branch("Cos")})],
                     {"w": np.array([0.5]), "two": np.array([2])}, [("x", ["N"])])  # fmt: skip
    model = from_onnx(proto)
    assert model([1.0, 2.0, 3.0])[0].data == math.sin(0.5) and model([1.0])[0].data == math.cos(0.5)


# --- random graphs ------------------------------------------------------------------------------------------------------------


UNARY = ["Neg", "Exp", "Tanh", "Sigmoid", "Relu", "Abs", "Sqrt", "Sin", "Softmax", "Floor", "Softplus", "Identity"]
BINARY = ["Add", "Sub", "Mul", "Max", "Min", "MatMul", "Div"]


EDGES = [0.0, -0.0, 1.0, -1.5, 0.3, 2.0, -7.25, 1e200, -745.0, math.inf, 1e-300]


@st.composite
def graphs(draw):
    nodes, names = [], ["A", "B"]
    for k in range(draw(st.integers(1, 6))):
        two = draw(st.booleans())
        op = draw(st.sampled_from(BINARY if two else UNARY))
        nodes.append((op, [draw(st.sampled_from(names)) for _ in range(1 + two)], [f"n{k}"], {}))
        names.append(f"n{k}")
    return nodes, names[-1]


@settings(max_examples=60, deadline=None)
@given(
    graphs(), st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.5, 0.3, 2.0, -7.25, 1e200, -745.0, math.inf, 1e-300]), min_size=8, max_size=8)
)
def test_random_graphs_have_the_values_of_the_reference_at_edges(graph, numbers):
    nodes, last = graph
    proto = model_of(nodes, {"A": np.reshape(numbers[:4], (2, 2)), "B": np.reshape(numbers[4:], (2, 2))}, outputs=[last])
    with np.errstate(all="ignore"):
        (expected,) = by_reference(proto, {})
    found = np.array(flat(from_onnx(proto)()))
    usual = np.isfinite(expected) & (np.abs(expected) < 1e300)
    np.testing.assert_allclose(found[usual], expected[usual], rtol=1e-12, atol=1e-290)


@settings(max_examples=25, deadline=None)
@given(graphs(), st.lists(st.floats(0.25, 2.0), min_size=8, max_size=8, unique=True))
def test_random_graphs_have_the_slopes_of_torch(graph, numbers):
    torch = pytest.importorskip("torch")
    nodes, last = graph
    nodes = [*nodes, ("Erf", [last], ["e"], {}), ("Gelu", ["e"], ["f"], {}), ("LayerNormalization", ["f", "A", "B"], ["g"], {"axis": 0})]
    last = "g"
    known = {name: torch.tensor(x, dtype=torch.float64, requires_grad=True) for name, x in (
        ("A", np.reshape(numbers[:4], (2, 2))), ("B", np.reshape(numbers[4:], (2, 2))))}  # fmt: skip
    eps = float(np.float32(1e-5))
    functions = {"Max": torch.maximum, "Min": torch.minimum, "Softmax": lambda x: x.softmax(-1), "Softplus": torch.nn.functional.softplus,
                 "Identity": lambda x: x, "Gelu": torch.nn.functional.gelu,
                 "LayerNormalization": lambda x, w, b: torch.nn.functional.layer_norm(x, (2, 2), w, b, eps)}  # fmt: skip
    for op, inputs, (out,), _ in nodes:
        known[out] = functions.get(op, getattr(torch, op.lower(), None))(*(known[i] for i in inputs))
    loss = known[last].sum()
    grads = torch.autograd.grad(loss, [known["A"], known["B"]], allow_unused=True)
    model = from_onnx(model_of(nodes, {k: known[k].detach().numpy() for k in "AB"}, outputs=[last], opset=20))
    y = sum(v for row in model() for v in row)
    y.backward()
    near([y.data], [loss.item()], 1e-11)
    for name, grad in zip("AB", grads, strict=True):
        if name in model.arrays and grad is not None and bool(torch.isfinite(grad).all()):
            np.testing.assert_allclose([v.grad for v in model.arrays[name].ravel()], grad.flatten().numpy(), rtol=1e-9, atol=1e-12)


# --- hostile graphs, refusals ---------------------------------------------------------------------------------------------------

HOSTILE = ['"; import os', "<script>alert(1)</script>", "def", "ключ\u202e", "a\nb", "]]>", "x[0]", "__class__", "/../../etc"]


def test_hostile_names_are_harmless(tmp_path):
    import viz

    nodes = [helper.make_node("Mul", [n, n], [f"{n}²"], name=n) for n in HOSTILE]
    nodes += [helper.make_node("Sum", [f"{n}²" for n in HOSTILE], ["import"], name=HOSTILE[0])]  # two nodes of one name
    graph = helper.make_graph(nodes, '"""', [], [helper.make_tensor_value_info("import", TensorProto.DOUBLE, [])],
                              [numpy_helper.from_array(np.array(float(k + 1)), n) for k, n in enumerate(HOSTILE)])  # fmt: skip
    model = from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9))
    y = model()
    y.backward()
    assert {v.label: v.grad for v in model.parameters()} == {n: 2.0 * (k + 1) for k, n in enumerate(HOSTILE)}
    assert "<script>alert" not in viz.draw(y, fold=False).svg
    assert {t.name for t in onnx.load(str(model.save_onnx(tmp_path / "m.onnx"))).graph.initializer} == set(HOSTILE)


def test_what_is_no_model_is_refused():
    twice = model_of([("Neg", "A", "y", {})], FIRST)
    twice.graph.initializer.append(twice.graph.initializer[0])
    cycle = model_of([("Neg", "z", "y", {}), ("Neg", "y", "z", {})], FIRST)
    for proto in (twice, cycle, model_of([("Neg", [""], "y", {})], FIRST)):
        with pytest.raises(ValueError, match="no valid ONNX model"):
            from_onnx(proto)
    with pytest.raises(ValueError, match="has no output 'z'"):
        from_onnx(model_of([("Neg", "A", "y", {})], FIRST), outputs=["z"])
    with pytest.raises(ValueError, match="no floating-point initializer 'z'"):
        from_onnx(model_of([("Neg", "A", "y", {})], FIRST), parameters=["z"])


ROW = {"X": randn(1, 1, 3)}
REFUSED = {
    r"no rule for TopK \(node '/body/TopK_0'\)": lambda: model_of([("TopK", ("A", "k"), ("y", "i"), {})], {**FIRST, "k": np.array([1])}),
    r"MaxPool with ceil_mode=1 \(0 is allowed\)": lambda: one("MaxPool", "X", initial=ROW, kernel_shape=[2], ceil_mode=1),
    r"MaxPool with 2 outputs \(1 is allowed\)": lambda: one("MaxPool", "X", initial=ROW, kernel_shape=[2], outputs=("y", "z")),
    r"LSTM with P \(peepholes\)": lambda: one("LSTM", "X", "W", "R", "", "", "", "", "P", hidden_size=1, initial={
        "X": randn(1, 1, 1), "W": randn(1, 4, 1), "R": randn(1, 4, 1), "P": randn(1, 3)}),
    r"Cast of Values to whole numbers": lambda: model_of(
        [("Cast", "A", "b", {"to": TensorProto.INT64}), ("Cast", "b", "y", {"to": TensorProto.DOUBLE})], FIRST),
    r"RandomNormal, whose numbers": lambda: model_of(
        [("RandomNormal", (), "z", {"shape": [2, 3], "dtype": 11}), ("Add", "Az", "y", {})], FIRST),
    r"opset 13 and later, and this model is of opset 12": lambda: one("Neg", opset=12),
    r"Thing of the domain 'mine'": lambda: foreign(),
}  # fmt: skip


def foreign():
    node = helper.make_node("Thing", ["A"], ["y"], domain="mine")
    out = helper.make_tensor_value_info("y", TensorProto.DOUBLE, [2, 3])
    graph = helper.make_graph([node], "g", [], [out], [numpy_helper.from_array(FIRST["A"], "A")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)], ir_version=9)


@pytest.mark.parametrize("message", REFUSED)
def test_what_has_no_rule_is_named_before_anything_is_built(message):
    with pytest.raises(NotImplementedError, match=message):
        from_onnx(REFUSED[message]())


def test_another_shape_is_refused():
    model = from_onnx(convolutional())
    with pytest.raises(ValueError, match=r"x has the shape \(1, 3\), and what was read takes \(any, 1, 4, 4\)"):
        model([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="takes 1 argument"):
        model()


def test_half_a_whole_number_is_refused():
    at = onnx.helper.make_tensor_value_info("at", TensorProto.INT64, [1])
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Gather", ["w", "at"], ["y"])], "g", [at],
        [onnx.helper.make_tensor_value_info("y", TensorProto.DOUBLE, [1])], [onnx.numpy_helper.from_array(np.arange(3.0), "w")],
    )  # fmt: skip
    model = from_onnx(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9))
    assert model([2.0])[0].data == 2.0
    with pytest.raises(ValueError, match="at takes whole numbers"):
        model([1.5])


def test_a_batch_of_nothing():
    batch = onnx.helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["n", 3])
    out = onnx.helper.make_tensor_value_info("y", TensorProto.DOUBLE, ["n", 2])
    weight = onnx.numpy_helper.from_array(np.ones((3, 2)), "w")
    graph = onnx.helper.make_graph([onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [batch], [out], [weight])
    model = from_onnx(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9))
    assert model(np.zeros((0, 3))) == [] and len(model(np.ones((1, 3)))) == 1


def test_what_is_no_model_at_all_is_said(tmp_path):
    (tmp_path / "text.onnx").write_bytes(b"no model")
    with pytest.raises(ValueError, match="is no ONNX model"):
        from_onnx(tmp_path / "text.onnx")
    with pytest.raises(TypeError, match="a path or an onnx"):
        from_onnx(b"no model")


def test_paths_of_nodes_are_scopes():
    import viz

    y = from_onnx(GRAPHS["products"]())()[0][0]
    assert "body" in viz.draw(y, fold=1).svg


def test_functions_of_a_model_are_entered():
    inner = helper.make_function("mine", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 18)])
    proto = foreign()
    proto.graph.node[0].op_type = "Twice"
    proto.functions.append(inner)
    near(flat(from_onnx(proto)()), 2 * FIRST["A"].ravel())


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "wrap"])
@pytest.mark.parametrize("pads", [[-1, 0, 0, -1], [1, -1, 0, 2], [-1, 1, -1, -1], [0, -2, 1, 1]])
def test_a_negative_pad_takes_away_as_in_the_runtime(mode, pads):
    """The reference implementation knows none."""
    pytest.importorskip("onnxruntime")
    initial = {"A": randn(3, 4), "pads": np.array(pads), "value": np.array(7.5)}
    proto = model_of([("Pad", ("A", "pads", "value"), ("y",), {"mode": mode})], initial)
    proto.graph.output[0].type.tensor_type.shape.dim.add() if len(proto.graph.output[0].type.tensor_type.shape.dim) < 2 else None
    model, expected = from_onnx(proto), runtime(proto, {})[0]
    found = np.array(model(), dtype=object)
    assert found.shape == expected.shape
    near(flat(found), np.ravel(expected), 0.0)


def test_pads_of_some_axes():
    pytest.importorskip("onnxruntime")
    initial = {"A": randn(3, 4), "pads": np.array([-1, 2]), "axes": np.array([-1])}
    proto = model_of([("Pad", ("A", "pads", "", "axes"), ("y",), {})], initial)
    near(flat(from_onnx(proto)()), np.ravel(runtime(proto, {})[0]), 0.0)


@pytest.mark.parametrize("how", REDUCTIONS)
@pytest.mark.parametrize("given", [True, False])
def test_a_reduction_over_no_axis_does_the_rest(how, given):
    """ReduceLogSum gives the logarithm then, ReduceSumSquare the square."""
    initial = {"A": np.abs(randn(2, 3)) + 0.1} | ({"axes": np.zeros(0, dtype=np.int64)} if given else {})
    proto = model_of([(f"Reduce{how}", ("A", "axes") if given else ("A",), ("y",), {"noop_with_empty_axes": 1})], initial, opset=18)
    a = initial["A"]
    expected = {"LogSum": np.log(a), "SumSquare": a * a}.get(how, a)
    near(flat(from_onnx(proto)()), np.ravel(expected), 1e-15)
