"""One's own backpropagation in arrays: NumPy's in every shape, and tensors of other libraries by a stand-in of each kind."""

import math

import pytest

from micrograd import Value, gradcheck, testing

np = pytest.importorskip("numpy")

W1 = np.array([[0.3, -0.2, 0.5], [1.0, 0.4, -0.7]])
b1 = np.array([0.1, -0.3])
w2 = np.array([0.8, -1.1])
x = np.array([0.5, -1.0, 2.0])


def loss(W1, b1, w2):
    return w2 @ np.tanh(W1 @ x + b1)


def backprop(W1, b1, w2):
    h = np.tanh(W1 @ x + b1)
    d = w2 * (1 - h * h)
    return np.outer(d, x), d, h


def test_several_arrays_and_their_names():
    report = gradcheck(loss, (W1, b1, w2), gradient=backprop)
    assert report
    names = [row.name for row in report.rows]
    assert names == [*(f"W1[{i}, {j}]" for i in range(2) for j in range(3)), "b1[0]", "b1[1]", "w2[0]", "w2[1]"]
    testing.assert_gradients(loss, (W1, b1, w2), gradient=backprop)


@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_one_wrong_number_in_an_array_is_named(place):
    def wrong(*arrays):
        dW, db, dw = backprop(*arrays)
        dW[place] *= 1 + 1e-5
        return dW, db, dw

    report = gradcheck(loss, (W1, b1, w2), gradient=wrong)
    assert [row.name for row in report.wrong] == [f"W1[{place[0]}, {place[1]}]"]


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 2), (1, 3, 2), (0, 3)])
def test_every_shape(shape):
    a = np.linspace(-1.0, 2.0, math.prod(shape)).reshape(shape)
    scale = np.array(2.0)
    report = gradcheck(lambda a, s: (a**3).sum() * s, (a, scale), gradient=lambda a, s: (3 * a**2 * s, np.array((a**3).sum())))
    assert report, str(report)
    assert len(report.rows) == a.size + 1


def test_one_array_is_one_argument_and_its_gradient_is_an_array_or_a_list_of_one():
    for gradient in (lambda v: 2 * v, lambda v: [2 * v], lambda v: (2 * v,), 2 * x, [2 * x], (2 * x).tolist()):
        assert gradcheck(lambda v: (v * v).sum(), x, gradient=gradient)
    assert not gradcheck(lambda v: (v * v).sum(), x, gradient=3 * x)
    assert gradcheck(lambda v: v * v, 3.0, gradient=6.0)
    assert gradcheck(lambda v: v * v, np.array(3.0), gradient=np.array(6.0))
    assert gradcheck(lambda v: np.array([(v * v).sum()]), x, gradient=lambda v: 2 * v)


def test_integers_and_float32_are_passed_as_float64_and_nothing_given_is_changed():
    seen = []

    def f(a, b):
        seen.append((a.dtype, b.dtype))
        a *= 2  # its own copy
        return (a * b).sum()

    whole, small = np.array([1, 2, 3]), np.array([0.1, 0.2, 0.3], dtype=np.float32)
    assert gradcheck(f, (whole, small), gradient=lambda a, b: (2 * b, 2 * a))
    assert set(seen) == {(np.dtype("float64"), np.dtype("float64"))}
    assert whole.tolist() == [1, 2, 3]


def test_dictionaries_of_arrays():
    parameters = {"W": W1, "b": b1}

    def f(p):
        return (np.tanh(p["W"] @ x + p["b"])).sum()

    def g(p):
        d = 1 - np.tanh(p["W"] @ x + p["b"]) ** 2
        return {"b": d, "W": np.outer(d, x)}  # in another order

    report = gradcheck(f, parameters, gradient=g)
    assert report
    assert [row.name for row in report.rows][-3:] == ["W[1, 2]", "b[0]", "b[1]"]
    assert not gradcheck(f, parameters, gradient=lambda p: {"W": g(p)["W"], "b": g(p)["b"] * 2})
    with pytest.raises(ValueError, match="gradient\\(\\) gave W, c; the inputs are W, b"):
        gradcheck(f, parameters, gradient=lambda p: {"W": W1, "c": b1})


def test_without_gradient_an_array_is_one_of_values():
    report = gradcheck(lambda W, b: np.tanh(W @ x + b).sum(), (W1, b1))
    assert report
    assert [row.name for row in report.rows][:2] == ["W[0, 0]", "W[0, 1]"]
    assert gradcheck(lambda v: v * v, np.array(3.0))
    w = Value(0.5, label="w")
    held = np.array([w, Value(2.0)], dtype=object)
    report = gradcheck(lambda v: (v * v).sum(), held)
    assert report
    assert [row.name for row in report.rows] == ["w", "v[1]"]
    assert w.data == 0.5


def test_what_is_refused_says_what_is_wanted():
    with pytest.raises(ValueError, match=r"an array of shape \(3, 2\) for W, whose shape is \(2, 3\)"):
        gradcheck(lambda W: (W * W).sum(), W1, gradient=lambda W: 2 * W.T)
    with pytest.raises(ValueError, match="5 numbers for 6 inputs"):
        gradcheck(lambda W: (W * W).sum(), W1, gradient=lambda W: [1.0] * 5)
    with pytest.raises(ValueError, match="fn gave 3 numbers: sum them"):
        gradcheck(lambda v: v * v, x, gradient=lambda v: 2 * v)
    with pytest.raises(ValueError, match="order=2 needs a function of Values"):
        gradcheck(lambda v: v * v, 1.0, gradient=[2.0], order=2)
    with pytest.raises(TypeError, match="gradient\\(\\) gave None"):
        gradcheck(lambda v: v * v, 1.0, gradient=lambda v: None)
    for text in ("a", "1", b"a", ["ab"]):  # "a"[0] == "a", for ever
        with pytest.raises(TypeError, match="where a number was expected"):
            gradcheck(lambda v: v * v, 1.0, gradient=text)
    with pytest.raises(TypeError, match="expected a Value or a real number"):
        gradcheck(lambda v: v, np.array(["a"]), gradient=[1.0])
    with pytest.raises(TypeError, match="hold no numbers"):
        gradcheck(lambda v: v.sum(), np.zeros((0, 2)), gradient=np.zeros((0, 2)))


class Tensor:
    """As PyTorch's, as far as a check goes: single precision, no NumPy protocol, its elements tensors themselves."""

    class dtype:
        is_floating_point, is_complex = True, False

        def __str__(self):
            return "torch.float32"

    requires_grad = False

    def __init__(self, array):
        self.array = np.asarray(array, dtype=np.float32)
        self.dtype = Tensor.dtype()

    @property
    def shape(self):
        return self.array.shape

    def tolist(self):
        if self.requires_grad:
            raise RuntimeError("detach it first")
        return self.array.tolist()

    def detach(self):
        return Tensor(self.array)

    def new_tensor(self, numbers, dtype=None):
        return Tensor(numbers)

    def reshape(self, shape):
        return Tensor(self.array.reshape(shape))

    def requires_grad_(self):
        self.requires_grad = True
        return self

    def __iter__(self):
        return (Tensor(a) for a in self.array)

    def __float__(self):
        return float(self.array)

    def sum(self):
        return Tensor(self.array.sum())

    def __mul__(self, other):
        return Tensor(self.array * getattr(other, "array", other))


@pytest.mark.parametrize("factor", [1.0, 1.01, -1.0])
def test_tensors_keep_their_type_and_their_precision_is_allowed_for(factor):
    t = Tensor(W1)
    t.requires_grad = True
    kinds = []

    def f(t):
        kinds.append((type(t), t.requires_grad))
        return (t * t).sum()

    report = gradcheck(f, t, gradient=lambda t: t * (2.0 * factor))
    assert bool(report) == (factor == 1.0), str(report)
    assert not report.undecided
    assert set(kinds) == {(Tensor, True)}
    with pytest.raises(TypeError, match="a Tensor cannot hold Values: give gradient="):
        gradcheck(f, t)


def test_single_precision_inside_is_allowed_for_where_it_shows():
    def single(v):
        return (v.astype(np.float32) ** 2).sum()

    assert gradcheck(single, x, gradient=lambda v: 2 * v)
    assert gradcheck(single, x, gradient=lambda v: -2 * v).wrong

    def steps(v):
        return float(np.round((v**2).sum(), 9))

    assert {row.verdict for row in gradcheck(steps, x, gradient=lambda v: 2 * v).rows} == {"undecided: the function moves in steps"}


def test_jax():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def f(W, b):
        return jnp.tanh(W @ jnp.asarray(x) + b).sum()

    inputs = (jnp.asarray(W1), jnp.asarray(b1))
    assert gradcheck(f, inputs, gradient=jax.grad(f, argnums=(0, 1)))
    assert not gradcheck(f, inputs, gradient=lambda *a: tuple(1.1 * g for g in jax.grad(f, argnums=(0, 1))(*a)))


def test_torch():
    torch = pytest.importorskip("torch")

    def f(W):
        return (W @ torch.tensor(x, dtype=W.dtype)).tanh().sum()

    for dtype in (torch.float64, torch.float32):
        assert gradcheck(f, torch.tensor(W1, dtype=dtype), gradient=torch.func.grad(f))
