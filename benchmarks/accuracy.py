"""`python -m benchmarks.accuracy [op …] [--samples N] [--seed N]`: the largest error of each primitive, in ulp, against mpmath.

Arguments are drawn from raw 64-bit patterns (half of them), from the ordinary range and from pairs of like size. A column for
PyTorch is added where torch is installed. Errors past 2**52 ulp (no digit right, or nan) are shown as ∞.
"""

from __future__ import annotations

import argparse
import math
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any

from micrograd import ops
from micrograd.checking import exact
from micrograd.ops.op import Op

SKIPPED = ("less", "equal", "where", "sign", "step")  # exact by what they are
PARAMS = {"elu": (1.0,), "clamp": (-1.0, 2.0), "gauss": (0.5,), "leaky_relu": (0.01,)}
SPECIAL = (5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1.0, 0.5, 1 - 2**-53, 1 + 2**-52, 1e154, 1e-154, 1e-310)


def drawn(op: Op, rng: random.Random) -> tuple[float, ...]:
    """Finite arguments for an op."""
    while True:
        xs = tuple(_double(rng) for _ in range(op.arity or 0))
        if len(xs) == 2 and rng.random() < 0.5:  # pairs of like size; for powers, exponents between underflow and overflow
            size = abs(math.log2(abs(xs[0]))) if xs[0] else 0.0
            xs = (abs(xs[0]), rng.uniform(-1080, 1080) / size) if op.name == "pow" and size else (xs[0], xs[0] * rng.uniform(-4, 4))
        if all(abs(x) < math.inf for x in xs) and not (len(xs) == 2 and xs[0] == xs[1]):
            return xs


def _double(rng: random.Random) -> float:
    kind = rng.random()
    if kind < 0.5:
        return float(struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0])
    if kind < 0.55:
        return rng.choice((-1, 1)) * rng.choice(SPECIAL)
    return rng.uniform(-30, 30) if kind < 0.8 else rng.gauss(0, 1) * rng.choice((1e-3, 1, 700))


def measure(op: Op, samples: int, rng: random.Random, others: dict[str, Callable[..., Any]]) -> dict[str, list[float]]:
    """{engine: [largest error of the value, of each partial]}; points where the truth is not a real number are passed over."""
    worst = {name: [0.0] * (1 + (op.arity or 0)) for name in ("micrograd", *others)}
    for _ in range(samples):
        row = op.bind(rng.choice((3.0, -1.0, 0.5, 30.0, rng.uniform(-9, 9)))) if op.name == "power" else op
        xs = drawn(row, rng)
        true = exact.value(row, xs)
        if true != true:
            continue
        slopes = [exact.partial(row, i, xs) for i in range(len(xs))]
        y = row.forward(*xs, *row.params)
        found = {"micrograd": [y, *(row.partial(i, y, *xs) for i in range(len(xs)))]}
        found |= {name: other(row, xs) for name, other in others.items()}
        for name, numbers in found.items():
            for k, (got, expected) in enumerate(zip(numbers, [true, *slopes], strict=True)):
                if expected == expected:
                    worst[name][k] = max(worst[name][k], exact.ulps(float(got), expected))
    return worst


def torch_engine() -> Callable[..., Any] | None:
    """(row, xs) → PyTorch's value and gradients in float64; None where torch is not installed."""
    try:
        import torch  # type: ignore[import-not-found]
    except ImportError:
        return None
    f = torch.nn.functional
    named: dict[str, Any] = {
        "sub": torch.sub, "neg": torch.neg, "abs": torch.abs, "elu": f.elu, "silu": f.silu, "gelu": f.gelu, "relu": f.relu,
        "softplus": f.softplus, "log_sigmoid": f.logsigmoid, "leaky_relu": f.leaky_relu, "power": lambda x, p: x**p,
        "pow": torch.pow, "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), "normal_cdf": torch.special.ndtr,
        "gauss": lambda x, k: torch.exp(-k * x * x), "mod": torch.remainder,
    }  # fmt: skip

    def run(row: Op, xs: tuple[float, ...]) -> list[float]:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]
        function = named.get(row.name) or getattr(torch, row.name)
        out = function(*leaves, *row.params)
        out.backward()
        return [out.item(), *(v.grad.item() for v in leaves)]

    return run


def table(names: list[str], samples: int, seed: int) -> Iterator[str]:
    """Markdown, line by line."""
    torch = torch_engine()
    others = {"PyTorch": torch} if torch else {}
    head = ["op", "value", "partials", *(f"{name} {what}" for name in others for what in ("value", "partials"))]
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for name in names or [n for n, op in ops.TABLE.items() if op.arity and op.domain and n not in SKIPPED]:
        op = ops.TABLE[name]
        op = op.bind(*PARAMS.get(name, op.defaults)) if op.constants else op
        worst = measure(op, samples, random.Random(f"{seed} {name}"), others)
        cells = [_shown(e) for errors in worst.values() for e in (errors[0], max(errors[1:]))]
        yield f"| {name} | {' | '.join(cells)} |"


def _shown(error: float) -> str:
    return "∞" if error > 2**52 else f"{error:.2f}" if error < 100 else f"{error:.1e}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("ops", nargs="*", help="rows of the table; nothing: all")
    parser.add_argument("--samples", type=int, default=2000, help="points for each op (2000)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    unknown = set(arguments.ops) - set(ops.TABLE)
    if unknown:
        parser.error(f"no op {', '.join(sorted(unknown))}; there are {', '.join(ops.TABLE)}")
    for line in table(arguments.ops, arguments.samples, arguments.seed):
        print(line, flush=True)


if __name__ == "__main__":
    main()
