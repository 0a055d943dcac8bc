"""PyTorch: a compiled loss as an `nn.Module`, in source that one would have written by hand."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from micrograd.compiler.numpy_gate import np
from micrograd.export.arrays import Arrays, Text, bare, literal, within
from micrograd.export.fused import Fused
from micrograd.export.homes import Written, comment, named_limits, refuse, spelled
from micrograd.export.own import Own
from micrograd.export.taken import Taken
from micrograd.export.tensors import Tensors
from micrograd.files import write

_SAME = ["exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"]
_SAME += ["tanh", "asinh", "acosh", "atanh", "floor", "ceil", "trunc", "round", "abs", "erf"]
TEMPLATES = {
    **{name: f"torch.{name}({{0}})" for name in _SAME}, "gauss": "torch.exp(-{1} * {0} * {0})",
    "add": "({0} + {1})", "sub": "({0} - {1})", "mul": "({0} * {1})", "div": "({0} / {1})", "neg": "(-{0})",
    "relu": "(torch.relu({0}) + 0.0)", "power": "power({0}, {1})", "pow": "power({0}, {1})", "less": "(({0} < {1}) * 1.0)",
    "equal": "(({0} == {1}) * 1.0)",
    "where": "where({0}, {1}, {2})", "maximum": "larger({0}, {1})", "minimum": "smaller({0}, {1})", "cbrt": "cbrt({0})",
    "atan2": "atan2({0}, {1})", "hypot": "hypot({0}, {1})", "mod": "remainder({0}, {1})",
}  # fmt: skip
NATIVE = {
    **TEMPLATES, "power": "({0} ** {1})", "relu": "torch.relu({0})", "mod": "torch.remainder({0}, {1})",
    "maximum": "maximum({0}, {1})", "minimum": "minimum({0}, {1})", "sigmoid": "torch.sigmoid({0})", "leaky_relu": "F.leaky_relu({0}, {1})",
    "elu": "F.elu({0}, {1})", "silu": "F.silu({0})",
    "softplus": "F.softplus({0}, threshold=40)", "log_sigmoid": "F.logsigmoid({0})", "gelu": "F.gelu({0})", "erfc": "torch.erfc({0})",
    "normal_cdf": "torch.special.ndtr({0})", "clamp": "torch.clamp({0}, {1}, {2})", "sign": "torch.sign({0})",
}  # fmt: skip
_PAIR = """\
def {0}(a, b):
    return torch.{1}(*torch.broadcast_tensors(*(torch.as_tensor(x, dtype=torch.float64) if isinstance(x, float) else x for x in (a, b))))
"""
HELPERS = {
    **{name: _PAIR.format(name, name) for name in ("maximum", "minimum", "atan2", "hypot")}, "power": _PAIR.format("power", "pow"),
    "larger": """\
def larger(a, b):  # of 0.0 and -0.0 the first
    found = maximum(a, b)
    return torch.where((found == 0) & (a == b), a + b, found)
""",
    "smaller": """\
def smaller(a, b):  # of 0.0 and -0.0 the second
    found = minimum(a, b)
    return torch.where((found == 0) & (a == b), -(-a - b), found)
""",
    "remainder": """\
def remainder(a, b):
    found = torch.remainder(a, b)
    return torch.where(found == 0, torch.copysign(found, torch.as_tensor(b)), found)
""",
    "where": """\
def where(c, a, b):
    return torch.where(torch.as_tensor(c != 0), *(torch.tensor(x, dtype=torch.float64) if isinstance(x, float) else x for x in (a, b)))
""",
    "cbrt": """\
def cbrt(x):
    y = torch.copysign(x.abs() ** (1 / 3), x)
    closer = y - (y - x / (y * y)) / 3  # a step of Newton's: 1/3 is no double
    return torch.where(closer.isfinite() & (y != 0), closer, y)
""",
    "peak": """\
def peak(x, axes):  # the largest, as a constant; 0 where it is infinite
    found = x.detach().amax(axes)
    return torch.where(found.isinf(), 0.0, found)
""",
    "scattered": """\
def scattered(x, places, size):  # sums of the numbers that go to one place
    return x.new_zeros((*x.shape[:-1], size)).index_add(-1, places, x)
""",
    "greatest": """\
def greatest(x, places, size):  # the largest of the numbers that go to one place, as a constant; 0 where it is infinite
    found = x.new_full((*x.shape[:-1], size), -torch.inf).scatter_reduce(-1, places.expand_as(x), x.detach(), "amax")
    return torch.where(found.isinf(), 0.0, found)
""",
}  # fmt: skip


def _own(name: str, about: str, arity: int, forward: list[str], pulls: list[list[str]]) -> list[str]:
    """An op that passes on what ours passes on."""
    names = [f"x{i}" for i in range(arity)]
    *body, text = forward
    lines = [
        f"class _{name}(torch.autograd.Function):",
        "    generate_vmap_rule = True",
        "",
        "    @staticmethod",
        f"    def forward({', '.join(names)}):",
    ]
    lines += [
        *(f"        {line}" for line in body),
        f"        return {f'{text}.clone()' if text in names else bare(text)}",
        "",
        "    @staticmethod",
    ]
    lines += ["    def setup_context(ctx, inputs, output):", "        ctx.save_for_backward(*inputs, output)", "", "    @staticmethod"]
    lines += ["    def backward(ctx, g):", f"        {', '.join(names)}, y = ctx.saved_tensors"]
    for i, (*body, text) in enumerate(pulls):
        lines += [*(f"        {line}" for line in body), f"        g{i} = {'None' if text == '0.0' else bare(text)}"]
    lines += [f"        return {', '.join(f'g{i}' for i in range(arity))}", "", "", f"def {name}({', '.join(names)}):  # {about}"]
    return [*lines, f"    return _{name}.apply(*torch.broadcast_tensors({', '.join(names)}))", "", ""]


def to_torch(step: Any, path: str | os.PathLike[str] | None = None, *, exact: bool = False) -> Any:
    """A compiled loss as an `nn.Module` with named parameters; its source is `.source`, also written to `path`.

    step: what `micrograd.compile` or `micrograd.lower` gave, called once. The module's `forward(x1, x2, …)` takes the arguments of
    the loss as tensors (regular nested lists are their axes; with batch=True the samples are a first axis of any length) and gives the
    loss, and a tensor of the other outputs where there are some. `torch.autograd` makes the gradients. `flat()` and `load(numbers)`
    give and take the parameters in the loss's own order, so that `for p, x in zip(params, module.flat()): p.data = x` brings them home.

    exact: every op with micrograd's own derivative (kinks, edges, far tails; see `micrograd.ops.table`) instead of PyTorch's, which
    differs from it where `docs/export.md` has them in a table. Attention by its name (`F.scaled_dot_product_attention`) has first
    derivatives alone, unless under `torch.nn.attention.sdpa_kernel(SDPBackend.MATH)`.

    Raises ImportError without PyTorch (the file is written without it by `torch_source`), ValueError for what cannot go along.
    """
    text = torch_source(step, path, exact=exact)
    scope: dict[str, Any] = {"__name__": "micrograd_export"}
    exec(compile(text, "<micrograd.export.to_torch>", "exec"), scope)  # source made from the program
    module = scope[scope["MODULE"]]()
    module.source = text
    return module


def torch_source(step: Any, path: str | os.PathLike[str] | None = None, *, exact: bool = False) -> str:
    """The source alone, which needs no PyTorch to be written."""
    taken = Taken(step)
    text = _source(taken, exact)
    if path is not None:
        write(path, text.encode())
    return text


class _Torch(Arrays):
    module, permute, concatenate, templates, functional = "torch", "permute", "cat", NATIVE, "F"

    def lookup(self, name: str) -> str:
        return f"self.{name}"

    def array(self, numbers: Any) -> str:
        return f"torch.tensor({spelled(numbers)}, dtype=torch.float64)"

    def windows(self, x: Text, axis: int, width: int, step: int) -> Text:
        return Text(f"{x}.unfold({axis}, {width}, {step})")

    def added(self, terms: Sequence[Any]) -> Any:
        """What is a bias and rows times a matrix: a linear layer."""
        bias, product = terms[:2] if len(terms) > 1 else ("", "")
        found = re.fullmatch(r"(.+) @ (self\.weight\d+)\.T", str(product)) if re.fullmatch(r"self\.bias\d+", str(bias)) else None
        if self.own is not None or found is None or found[1].count("(") != found[1].count(")"):
            return super().added(terms)
        return super().added([Text(f"F.linear({found[1]}, {found[2]}, {bias})"), *terms[2:]])

    def stopped(self, x: Any) -> Text:
        return Text(f"{within(x)}.detach()")

    def whole(self, index: Any) -> Text:
        return Text(f"{within(index)}.long()")

    def logsumexp(self, x: Any, axis: int) -> Text:
        return Text(f"torch.logsumexp({bare(x)}, {axis})")

    def one_class(self, x: Any, labels: Any, shape: Sequence[int], batch: bool, minus: bool, over: str) -> Text:
        *lead, classes = shape
        several = len(lead) + batch > 1
        if several:
            x, labels = Text(f"{within(x)}.reshape(-1, {classes})"), Text(f"{within(labels)}.reshape(-1)")
        given = f', reduction="{over}"' if over != "mean" and (lead or batch) else ""
        text = f"F.cross_entropy({bare(x)}, {labels}{given})"
        if several and over == "none":
            text += f".reshape({', '.join(map(str, [*([-1] if batch else []), *lead]))})"
        return Text(text) if minus else self.negative(Text(text))

    def convolved(self, x: Any, weight: Any, strides: Sequence[int], apart: Sequence[int], batch: bool) -> Text:
        step = f", stride={_one(strides)}" if max(strides) > 1 else ""
        step += f", dilation={_one(apart)}" if max(apart) > 1 else ""
        return Text(f"F.conv{len(strides)}d({bare(x)}, {weight}{step})")

    layers = True

    def norm(self, x: Any, n: int, eps: float, centred: bool) -> Text:
        """The mean is taken away first: `layer_norm` loses its digits where the mean is large, and its backward pass the square of that."""
        if centred:
            x = x if x.isidentifier() else self.let("row", x, "")
            x = f"{x} - {x}.mean(-1, keepdim=True)"
        return Text(f"F.rms_norm({bare(x)}, ({n},), eps={literal(eps)})")

    def attention(self, query: Any, key: Any, value: Any, scale: float, causal: bool, size: int, leading: int) -> Text:
        """Its fast kernel takes four axes."""
        missing = 2 - leading
        given = ", ".join(f"{within(x)}[{', '.join(['None'] * missing)}]" if missing else str(x) for x in (query, key, value))
        given += ", is_causal=True" if causal else ""
        given += "" if abs(scale * size**0.5 - 1.0) < 1e-15 else f", scale={literal(scale)}"
        return Text(f"F.scaled_dot_product_attention({given}){'[0]' if missing == 1 else '[0, 0]' * bool(missing)}")

    def mean(self, x: Any, alone: bool) -> Text:
        found = re.fullmatch(rf'{x} = (F\.cross_entropy\(.*), reduction="none"\)', self.lines[-1]) if alone and self.lines else None
        if found is None:
            return super().mean(x, alone)
        self.lines.pop()  # … whose own is the mean
        return Text(f"{found[1]})")

    def along(self, table: Text, places: Text) -> Text:
        return Text(f"{within(table)}.take_along_dim({within(places)}[..., None], -1)[..., 0]")


def _one(strides: Sequence[int]) -> int | tuple[int, ...]:
    return strides[0] if len(set(strides)) == 1 else tuple(strides)


def _source(taken: Taken, exact: bool) -> str:
    refuse(taken, NATIVE, "PyTorch")
    own = Own(TEMPLATES, _own) if exact else None
    writer = _Torch()
    writer.own = own
    written = Written(taken, writer, "self.{}", Tensors if exact else Fused)
    results = written.results()
    assigned = [(name, written.slot("v", (False, new))) for (name, _), (_, new) in zip(written.buffers, taken.program.assigns, strict=True)]
    name = taken.name.title().replace("_", "") if taken.name.isidentifier() else ""
    if len(name) < 2 or iskeyword(name):  # F is torch.nn.functional
        name = "Loss"
    body = [*writer.lines, *(["# the next run's"] if assigned else [])]
    body += [f"self.{b}.copy_({x}.detach())" if not isinstance(x, float) else f"self.{b}.fill_({literal(x)})" for b, x in assigned]
    text = "\n".join([*body, f"return {', '.join(results)}"])
    definitions = own.lines if own else []
    code = "\n".join([text, *definitions])
    code += "".join(HELPERS[h] for h in ("larger", "smaller") if f"{h}(" in code)  # these call others
    helpers = [HELPERS[h] for h in HELPERS if h in writer.helpers or re.search(rf"(?<![.\w]){h}\(", code)]
    signature = ", ".join(["self", *(a.name for a in written.arguments)])
    lines = [
        f'"""{comment(taken.name)}: a program of {taken.program.scalars:,} scalars, written by micrograd.export.to_torch."""', "",
        *named_limits(code), "import torch", *(["import torch.nn.functional as F"] if "F." in text else []), "", "",
        *[line for h in helpers for line in (*h.splitlines(), "", "")], *definitions,
        f"class {name}(torch.nn.Module):", "    def __init__(self):", "        super().__init__()",
    ]  # fmt: skip
    for block in written.blocks:
        shape = ", ".join(map(str, block.places.shape)) or "()"
        lines.append(f"        self.{block.name} = torch.nn.Parameter(torch.empty({shape}, dtype=torch.float64))")
    for key, array in writer.tables.items():
        kind = "" if array.dtype.kind in "ib" else ", dtype=torch.float64"
        lines.append(f'        self.register_buffer("{key}", torch.tensor({spelled(array)}{kind}), persistent=False)')
    for key, at in written.buffers:
        lines.append(f'        self.register_buffer("{key}", torch.tensor({literal(written.initial(at))}, dtype=torch.float64))')
    lines += ["        self.load(START)", "", f"    def forward({signature}):", *("        " + line for line in text.splitlines()), ""]
    lines += [
        "    def flat(self):", '        """The parameters as numbers, in the order that the loss has them in."""',
        "        found = [0.0] * len(START)",
        "        for name, places in PLACES.items():",
        "            for place, x in zip(places, getattr(self, name).flatten().tolist()):",
        "                found[place] = x", "        return found", "",
        "    @torch.no_grad()", "    def load(self, numbers):", '        """Take them."""',
        "        for name, places in PLACES.items():",
        "            here = getattr(self, name)",
        "            here.copy_(torch.tensor([numbers[place] for place in places], dtype=torch.float64).reshape(here.shape))",
        "", "", f"MODULE = {name!r}", "PLACES = {",
        *(f'    "{block.name}": {spelled(block.places.ravel())},' for block in written.blocks), "}",
        f"START = {spelled(np.array(taken.params))}", "",
    ]  # fmt: skip
    return "\n".join(lines)
