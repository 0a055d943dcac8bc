"""JAX: a compiled loss as a pure function of its parameters, a dict of arrays, and of its arguments."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from micrograd.export.arrays import Arrays, Text, bare, within
from micrograd.export.fused import Fused
from micrograd.export.homes import Written, comment, named_limits, refuse, spelled
from micrograd.export.own import Own
from micrograd.export.taken import Taken
from micrograd.export.tensors import Tensors
from micrograd.files import write

_SAME = ["exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor", "ceil"]
_SAME += ["trunc", "abs", "cbrt", "asinh", "acosh", "atanh", "asin", "acos", "atan"]
PRIMITIVES = {
    **{name: f"jnp.{name}({{0}})" for name in _SAME}, "round": "jnp.rint({0})", "erf": "jax.scipy.special.erf({0})",
    "gauss": "jnp.exp(-{1} * {0} * {0})", "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})",
    "neg": "(-{0})", "relu": "(jax.nn.relu({0}) + 0.0)", "power": "jnp.power({0}, {1})", "pow": "jnp.power({0}, {1})",
    "less": "(({0} < {1}) * 1.0)", "equal": "(({0} == {1}) * 1.0)", "where": "jnp.where({0} != 0, {1}, {2})", "maximum": "larger({0}, {1})",
    "minimum": "smaller({0}, {1})", "atan2": "jnp.arctan2({0}, {1})", "hypot": "jnp.hypot({0}, {1})", "mod": "remainder({0}, {1})",
}  # fmt: skip
NATIVE = {
    **PRIMITIVES, "relu": "jax.nn.relu({0})", "mod": "jnp.mod({0}, {1})",
    "maximum": "jnp.maximum({0}, {1})", "minimum": "jnp.minimum({0}, {1})", "sigmoid": "jax.nn.sigmoid({0})",
    "leaky_relu": "jax.nn.leaky_relu({0}, {1})", "elu": "jax.nn.elu({0}, {1})",
    "silu": "jax.nn.silu({0})", "softplus": "jax.nn.softplus({0})", "log_sigmoid": "jax.nn.log_sigmoid({0})",
    "gelu": "jax.nn.gelu({0}, approximate=False)", "erfc": "jax.scipy.special.erfc({0})", "normal_cdf": "jax.scipy.special.ndtr({0})",
    "clamp": "jnp.clip({0}, {1}, {2})", "sign": "jnp.sign({0})",
}  # fmt: skip
HELPERS = {
    "larger": """\
def larger(a, b):  # of 0.0 and -0.0 the first
    found = jnp.maximum(a, b)
    return jnp.where((found == 0) & (a == b), a + b, found)
""",
    "smaller": """\
def smaller(a, b):  # of 0.0 and -0.0 the second
    found = jnp.minimum(a, b)
    return jnp.where((found == 0) & (a == b), -(-a - b), found)
""",
    "remainder": """\
def remainder(a, b):
    found = jnp.mod(a, b)
    return jnp.where(found == 0, jnp.copysign(found, b), found)
""",
    "windows": """\
def windows(x, axis, width, step):  # what moves along an axis; the numbers within one are a last axis
    places = np.arange((x.shape[axis] - width) // step + 1)[:, None] * step + np.arange(width)
    return jnp.moveaxis(jnp.take(x, places, axis), axis + 1, -1)
""",
    "peak": """\
def peak(x, axes):  # the largest, as a constant; 0 where it is infinite
    found = jax.lax.stop_gradient(x).max(axes)
    return jnp.where(jnp.isinf(found), 0.0, found)
""",
    "scattered": """\
def scattered(x, places, size):  # sums of the numbers that go to one place
    return jnp.zeros((*x.shape[:-1], size), x.dtype).at[..., places].add(x)
""",
    "greatest": """\
def greatest(x, places, size):  # the largest of the numbers that go to one place, as a constant; 0 where it is infinite
    found = jnp.full((*x.shape[:-1], size), -jnp.inf, x.dtype).at[..., places].max(jax.lax.stop_gradient(x))
    return jnp.where(jnp.isinf(found), 0.0, found)
""",
}


def _own(name: str, about: str, arity: int, forward: list[str], pulls: list[list[str]]) -> list[str]:
    """An op that passes on what ours passes on."""
    names = ", ".join(f"x{i}" for i in range(arity))
    lines = [
        "@jax.custom_vjp",
        f"def _{name}({names}):",
        *_body(forward),
        "",
        "",
        f"def _{name}_back(given, g):",
        f"    {names}, y = given",
    ]
    for i, (*body, text) in enumerate(pulls):
        lines += [*(f"    {line}" for line in body), f"    g{i} = jnp.zeros_like(y) + {text}"]
    lines += [
        f"    return {', '.join(f'g{i}' for i in range(arity))},",
        "",
        "",
        f"_{name}.defvjp(lambda *xs: ((y := _{name}(*xs)), (*xs, y)), _{name}_back)",
    ]
    return [*lines, "", "", f"def {name}({names}):  # {about}", f"    return _{name}(*jnp.broadcast_arrays({names}))", "", ""]


def _body(code: list[str]) -> list[str]:
    *body, text = code
    return [*(f"    {line}" for line in body), f"    return {bare(text)}"]


def to_jax(step: Any, path: str | os.PathLike[str] | None = None, *, exact: bool = False) -> tuple[Any, dict[str, Any]]:
    """A compiled loss as (a pure function, its parameters): `loss(params, x1, x2, …)` for `jax.grad`, `jit` and `vmap`.

    step: what `micrograd.compile` or `micrograd.lower` gave, called once. params: a dict of named arrays with the numbers as they are
    now, in float64 where JAX has it switched on (`jax.config.update("jax_enable_x64", True)`). Arguments as of `to_torch`; the function
    gives the loss, and an array of the other outputs where there are some (then `jax.grad(loss, has_aux=True)`). Its source is
    `loss.source`, also written to `path`; there `start()` gives the parameters, `flat(params)` their numbers in the loss's own order.
    StableHLO comes by `jax.export.export(jax.jit(loss))(params, x1)`. exact: as of `to_torch`.

    Raises ImportError without JAX (`jax_source` needs none), ValueError for what cannot go along: a function that is pure has no buffers.
    """
    text = jax_source(step, path, exact=exact)
    scope: dict[str, Any] = {"__name__": "micrograd_export"}
    exec(compile(text, "<micrograd.export.to_jax>", "exec"), scope)  # source made from the program
    loss = scope["loss"]
    loss.source, loss.flat = text, scope["flat"]
    return loss, scope["start"]()


def jax_source(step: Any, path: str | os.PathLike[str] | None = None, *, exact: bool = False) -> str:
    """The source alone, which needs no JAX to be written."""
    text = _source(Taken(step), exact)
    if path is not None:
        write(path, text.encode())
    return text


class _Jax(Arrays):
    module, permute, concatenate, templates, functional = "jnp", "transpose", "concatenate", NATIVE, "jax.nn"

    def array(self, numbers: Any) -> str:
        return f"jnp.array({spelled(numbers)})"

    def listed(self, places: Any) -> str:
        return f"np.array({places.tolist()!r})"

    def stopped(self, x: Any) -> Text:
        return Text(f"jax.lax.stop_gradient({x})")

    def whole(self, index: Any) -> Text:
        return Text(f"{within(index)}.astype(int)")

    def logsumexp(self, x: Any, axis: int) -> Text:
        return Text(f"jax.nn.logsumexp({bare(x)}, {axis})")

    def one_class(self, x: Any, labels: Any, shape: Sequence[int], batch: bool, minus: bool, over: str) -> Text:
        text = f"jax.nn.log_softmax({bare(x)})"
        found = self.along(Text(text), labels) if len(shape) + batch > 1 else Text(f"{text}[{labels}]")
        found = found if over == "none" else Text(f"{found}.{over}()")
        return self.negative(found) if minus else found

    def convolved(self, x: Any, weight: Any, strides: Sequence[int], apart: Sequence[int], batch: bool) -> Text:
        x = x if batch else f"{within(x)}[None]"
        wide = f", rhs_dilation={tuple(apart)}" if max(apart) > 1 else ""
        text = f'jax.lax.conv_general_dilated({x}, {weight}, {tuple(strides)}, "VALID"{wide})'
        return Text(text if batch else f"{text}[0]")

    def along(self, table: Text, places: Text) -> Text:
        return Text(f"jnp.take_along_axis({table}, {within(places)}[..., None], -1)[..., 0]")


def _source(taken: Taken, exact: bool) -> str:
    refuse(taken, NATIVE, "JAX")
    if taken.program.assigns:
        raise ValueError(
            "the loss assigns to buffers (batch normalisation in training?), and a pure function has none: export it in eval mode"
        )
    own = Own(PRIMITIVES, _own) if exact else None
    writer = _Jax()
    writer.own = own
    writer.used["p"] = 1  # the parameters
    written = Written(taken, writer, 'p["{}"]', Tensors if exact else Fused)
    results = written.results()
    text = "\n".join([*writer.lines, f"return {', '.join(results)}"])
    definitions = own.lines if own else []
    code = "\n".join([text, *definitions])
    helpers = [
        line for h in HELPERS if h in writer.helpers or f" {h}(" in code or f"({h}(" in code for line in (*HELPERS[h].splitlines(), "", "")
    ]
    tables = [f"{key} = np.array({spelled(array)})" for key, array in writer.tables.items()]
    return "\n".join([
        f'"""{comment(taken.name)}: a program of {taken.program.scalars:,} scalars, written by micrograd.export.to_jax."""', "",
        *named_limits(code), "import jax", "import jax.numpy as jnp", "import numpy as np", *tables, "", "",
        *helpers, *definitions, f"def loss({', '.join(['p', *(a.name for a in written.arguments)])}):",
        *("    " + line for line in text.splitlines()), "", "",
        "def start():", '    """The parameters."""', "    return {",
        *(f'        "{b.name}": jnp.array({spelled(b.numbers)}),' for b in written.blocks), "    }", "", "",
        "def flat(p):", '    """Their numbers, in the order that the loss has them in."""', f"    found = np.zeros({len(taken.params)})",
        "    for name, places in PLACES.items():", "        found[places] = np.ravel(p[name])", "    return found.tolist()", "", "",
        "PLACES = {", *(f'    "{b.name}": {spelled(b.places.ravel())},' for b in written.blocks), "}", "",
    ])  # fmt: skip
