"""Three small networks: how true their gradients are, and H·v (the gradient of gradient · v), engine by engine; for `benchmarks.engines`.

Each network is written twice: over scalars (ours, and the truth: series of balls, `benchmarks.truth`), and over arrays, as one writes
it for PyTorch, JAX and autograd. Each has ordinary weights, and weights so large that its tanh or softmax saturates.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import micrograd
from benchmarks.differentiators import PEERS, Missing
from benchmarks.truth import CLOSE, Jet, number
from micrograd import Value, functional, grad
from micrograd.checking import exact
from micrograd.checking.balls import flint, precision

BACKENDS = {"compiled, NumPy": "numpy", "compiled, Numba": "numba", "compiled, C": "c"}


class Net:
    """shapes of its arrays; the loss over scalars and over arrays (weights, functions); large: the size of saturating weights."""

    def __init__(self, name: str, shapes: Sequence[tuple[int, ...]], scalars: Any, arrays: Any, large: float) -> None:
        self.name, self.shapes, self.scalars, self.arrays, self.large = name, shapes, scalars, arrays, large
        self.size = sum(math.prod(shape) for shape in shapes)

    def split(self, flat: Any) -> list[Any]:
        """A flat list of numbers as nested lists in these shapes."""
        todo = iter(flat)
        return [_nested(shape, todo) for shape in self.shapes]

    def shaped(self, flat: Any) -> list[Any]:
        """A flat array as arrays in these shapes."""
        found, at = [], 0
        for shape in self.shapes:
            n = math.prod(shape)
            found.append(flat[at : at + n].reshape(shape))
            at += n
        return found


def _nested(shape: tuple[int, ...], todo: Iterator[Any]) -> Any:
    return [_nested(shape[1:], todo) for _ in range(shape[0])] if shape else next(todo)


X = [[0.5, -1.25], [-0.75, 0.3], [1.5, 1.1], [-0.2, -0.9]]
Y = [0.3, -0.6, 1.2, 0.1]
FEATURES = [[5.1, 3.5, 1.4, 0.2], [4.9, 3.1, 1.5, 0.1], [6.4, 3.2, 4.5, 1.5], [5.7, 2.8, 4.1, 1.3], [6.3, 3.3, 6.0, 2.5]]
CLASSES = [0, 0, 1, 1, 2]
SEQUENCE = [0.4, -1.3, 0.9, 0.2, -0.7, 1.6]


def _rows(x: Sequence[Any], w: Sequence[Sequence[Any]], b: Sequence[Any]) -> list[Any]:
    return [sum((x[i] * w[i][j] for i in range(1, len(x))), x[0] * w[0][j]) + b[j] for j in range(len(b))]


def mlp(p: list[Any], m: Any) -> Any:
    w1, b1, w2, b2, w3, b3 = p
    total: Any = 0.0
    for x, y in zip(X, Y, strict=True):
        h = [m.tanh(z) for z in _rows(x, w1, b1)]
        h = [m.tanh(z) for z in _rows(h, w2, b2)]
        off = _rows(h, w3, b3)[0] - y
        total = total + off * off
    return total


def mlp_arrays(p: list[Any], m: Any) -> Any:
    w1, b1, w2, b2, w3, b3 = p
    h = m.tanh(m.tanh(m.array(X) @ w1 + b1) @ w2 + b2)
    off = (h @ w3 + b3).reshape(-1) - m.array(Y)
    return (off * off).sum()


def softmax(p: list[Any], m: Any) -> Any:
    w, b = p
    total: Any = 0.0
    for x, k in zip(FEATURES, CLASSES, strict=True):
        z = _rows(x, w, b)
        total = total + (m.logsumexp(z) - z[k])
    return total


def softmax_arrays(p: list[Any], m: Any) -> Any:
    w, b = p
    z = m.array(FEATURES) @ w + b
    hot = m.array([[float(j == k) for j in range(3)] for k in CLASSES])
    return (m.logsumexp(z)).sum() - (z * hot).sum()


def rnn(p: list[Any], m: Any) -> Any:
    u, w, b, out = p
    h: list[Any] = [0.0] * len(b)
    for x in SEQUENCE:
        h = [m.tanh(x * u[j] + z) for j, z in enumerate(_rows(h, w, b))]
    off = sum((a * o for a, o in zip(h[1:], out[1:], strict=True)), h[0] * out[0]) - 0.5
    return off * off


def rnn_arrays(p: list[Any], m: Any) -> Any:
    u, w, b, out = p
    h = m.array([0.0] * 4)
    for x in SEQUENCE:
        h = m.tanh(x * u + h @ w + b)
    off = h @ out - 0.5
    return off * off


NETS = (
    Net("tanh MLP 2-6-6-1", [(2, 6), (6,), (6, 6), (6,), (6, 1), (1,)], mlp, mlp_arrays, 12.0),
    Net("softmax classifier 4-3", [(4, 3), (3,)], softmax, softmax_arrays, 30.0),
    Net("RNN of 6 steps, width 4", [(4,), (4, 4), (4,), (4,)], rnn, rnn_arrays, 8.0),
)


class Scalars:
    """Ours."""

    tanh = staticmethod(lambda x: x.tanh())
    logsumexp = staticmethod(functional.logsumexp)


class Balls:
    """The truth's."""

    tanh = staticmethod(lambda x: x.tanh())

    @staticmethod
    def logsumexp(zs: Sequence[Any]) -> Any:
        found: Any = sum((z.exp() for z in zs[1:]), zs[0].exp())
        return found.log()


def truth(net: Net, weights: Sequence[float], way: Sequence[float]) -> tuple[list[Any], list[Any]]:
    """(gradient, H·way) as numbers of mpmath."""
    m = exact.context(60)
    bits = 256
    while True:
        with precision(bits):
            arb = flint().arb

            def run(direction: Sequence[Any]) -> Any:
                return net.scalars(net.split([Jet([arb(w), arb(d), arb(0)]) for w, d in zip(weights, direction, strict=True)]), Balls).c  # noqa: B023

            along = 2 * run([arb(d) for d in way])[2]
            gradient, products = [], []
            for i in range(net.size):
                unit = [arb(float(k == i)) for k in range(net.size)]
                alone = run(unit)
                both = run([arb(d) + u for d, u in zip(way, unit, strict=True)])
                gradient.append(alone[1])
                products.append((2 * both[2] - 2 * alone[2] - along) / 2)
            if all(b.rel_accuracy_bits() >= CLOSE or abs(b) < arb(2) ** -1200 for b in gradient + products):
                return [number(m, b) for b in gradient], [number(m, b) for b in products]
        bits *= 2


Answer = tuple[Sequence[float], Sequence[float]]  # gradient, H·v


def eager(net: Net, weights: Sequence[float], way: Sequence[float]) -> Answer:
    leaves = [Value(w) for w in weights]
    gradient = grad(net.scalars(net.split(leaves), Scalars), leaves, create_graph=True)
    along = sum((g * d for g, d in zip(gradient, way, strict=True)), Value(0.0))
    return [float(g.data) for g in gradient], grad(along, leaves)


def compiled(backend: str) -> Callable[..., Answer]:
    def run(net: Net, weights: Sequence[float], way: Sequence[float]) -> Answer:
        leaves = [Value(w) for w in weights]

        def loss() -> Any:
            return net.scalars(net.split(leaves), Scalars)

        def along() -> Any:
            return sum((g * d for g, d in zip(grad(loss(), leaves, create_graph=True), way, strict=True)), Value(0.0))

        try:
            return tuple(list(map(float, micrograd.compile(f, leaves, backend=backend).value_and_grad()[1])) for f in (loss, along))  # type: ignore[return-value]
        except (ImportError, RuntimeError, ValueError) as error:
            raise Missing(str(error)) from error

    return run


def torch(net: Net, weights: Sequence[float], way: Sequence[float]) -> Answer:
    t = PEERS["PyTorch"]().torch  # type: ignore[attr-defined]

    class M:
        tanh = t.tanh
        array = staticmethod(lambda x: t.tensor(x, dtype=t.float64))
        logsumexp = staticmethod(lambda z: t.logsumexp(z, -1))

    flat = M.array(list(weights)).requires_grad_()
    (gradient,) = t.autograd.grad(net.arrays(net.shaped(flat), M), flat, create_graph=True)
    (products,) = t.autograd.grad(gradient @ M.array(list(way)), flat)
    return gradient.tolist(), products.tolist()


def jax(net: Net, weights: Sequence[float], way: Sequence[float]) -> Answer:
    j = PEERS["JAX"]().jax  # type: ignore[attr-defined]

    class M:
        tanh = j.numpy.tanh
        array = j.numpy.array
        logsumexp = staticmethod(lambda z: j.scipy.special.logsumexp(z, -1))

    first = j.grad(lambda flat: net.arrays(net.shaped(flat), M))
    v = M.array(list(way))
    flat = M.array(list(weights))
    return j.jit(first)(flat).tolist(), j.jit(j.grad(lambda flat: first(flat) @ v))(flat).tolist()


def autograd(net: Net, weights: Sequence[float], way: Sequence[float]) -> Answer:
    np = PEERS["autograd"]().np  # type: ignore[attr-defined]
    from autograd import grad as slope  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from autograd.scipy.special import logsumexp  # type: ignore[import-not-found, import-untyped, unused-ignore]

    class M:
        tanh = np.tanh
        array = np.array
        logsumexp = staticmethod(lambda z: logsumexp(z, axis=-1))

    first = slope(lambda flat: net.arrays(net.shaped(flat), M))
    v, flat = np.array(list(way)), np.array(list(weights))
    return first(flat).tolist(), slope(lambda flat: first(flat) @ v)(flat).tolist()


ENGINES: dict[str, Callable[..., Answer]] = {
    "ours": eager,
    **{name: compiled(backend) for name, backend in BACKENDS.items()},
    "PyTorch": torch,
    "JAX": jax,
    "autograd": autograd,
}


def measure(net: Net, scale: float, seed: int) -> dict[str, tuple[list[float], list[float]]]:
    """{engine: errors in ulp of the gradients, and of H·v}; an engine that is not there is left out."""
    rng = random.Random(f"{seed} {net.name} {scale}")
    weights, way = [rng.gauss(0.0, scale) for _ in range(net.size)], [rng.gauss(0.0, 1.0) for _ in range(net.size)]
    true = truth(net, weights, way)
    found = {}
    for who, run in ENGINES.items():
        try:
            got = run(net, weights, way)
        except Missing:
            continue
        first, second = ([exact.ulps(float(x), t) for x, t in zip(*both, strict=True)] for both in zip(got, true, strict=True))
        found[who] = first, second
    return found


def table(seed: int, nets: Sequence[Net] = NETS) -> Iterator[str]:
    """Markdown: median and worst of the gradients, and of H·v."""
    measured = {(net.name, kind): measure(net, scale, seed) for net in nets for kind, scale in (("", 0.5), (", saturated", net.large))}
    who = list(next(iter(measured.values())))
    yield "### Small networks"
    yield ""
    yield "Gradients of all weights, and H·v (the gradient of gradient · v): median error in ulp, the worst, how many lost four digits."
    yield ""
    yield f"| | numbers | {' | '.join(who)} |"
    yield f"|---|---:|{'---:|' * len(who)}"
    for (name, kind), each in measured.items():
        for i, what in enumerate(("gradient", "H·v")):
            cells = [cell(each[engine][i]) for engine in who]
            yield f"| {name}{kind}, {what} | {len(each[who[0]][i])} | {' | '.join(cells)} |"
    yield ""


def cell(errors: Sequence[float]) -> str:
    lost = sum(e > 1e4 for e in errors)
    middle, worst = statistics.median(errors), max(errors)
    return f"{shown(middle)}; {shown(worst)}" + (f" ({lost})" if lost else "")


def shown(error: float) -> str:
    """An error in ulp; ∞ where no digit is right."""
    return "∞" if error > 2**52 else f"{error:.2f}" if error < 100 else f"{error:.0e}".replace("e+0", "e").replace("e+", "e")
