"""A module in words: its repr, and the table of its parts."""

from __future__ import annotations

from typing import Any

from micrograd.engine import Value
from micrograd.modes import no_grad
from micrograd.nn.files import pack
from micrograd.nn.module import Module, _items


def describe(module: Module) -> str:
    """Type, settings and number of parameters, its modules indented below.

    >>> class Pair(Module):
    ...     def __init__(self):
    ...         self.size, self.values = 2, [Value(0), Value(1)]
    >>> Pair()
    Pair(size=2, 2 parameters)
    """
    settings = [f"{k}={v!r}" for k, v in _items(module) if isinstance(v, (bool, int, float, str)) and k != "training"]
    count = len(module.parameters())
    settings += [f"{count} parameters"] if count else []
    head = f"{type(module).__name__}({', '.join(settings)})"
    inside = [f"\n  {name}: " + repr(sub).replace("\n", "\n  ") for name, sub in children(module)]
    return head + "".join(inside)


def children(module: Module) -> list[tuple[str, Module]]:
    """The modules directly inside, with their names."""
    found: list[tuple[str, Module]] = []
    queue = list(_items(module))
    while queue:
        name, x = queue.pop(0)
        if isinstance(x, Module):
            found.append((name, x))
        elif not isinstance(x, Value):
            queue[:0] = [(f"{name}.{key}", item) for key, item in _items(x)]
    return found


def shape(x: Any) -> tuple[int, ...]:
    """The lengths of nested lists: () for a Value or number.

    >>> shape([[1, 2, 3], [4, 5, 6]])
    (2, 3)
    """
    return (len(x), *(shape(x[0]) if len(x) else ())) if isinstance(x, (list, tuple)) else ()


def summary(module: Module, inputs: tuple[Any, ...] = ()) -> str:
    """The table that `Module.summary` gives; with inputs the module is run once to see the outputs' shapes."""
    rows = [("module", "type", "parameters", "count", "output" if inputs else "")]
    outputs: dict[int, str] = {}
    if inputs:

        def note(m: Module, _: Any, out: Any) -> None:
            outputs[id(m)] = str(shape(out))

        remove = [m.register_hook(note) for _, m in module.named_modules()]
        try:
            with no_grad():
                module(*inputs)
        finally:
            for r in remove:
                r()
    _add("", module, 0, outputs, rows, set())
    count = len(module.parameters())
    frozen = sum(bool(getattr(p, "frozen", False)) for p in module.parameters())
    total = f"{count:,} parameters" + (f", {frozen:,} of them frozen" if frozen else "")
    widths = [max(len(r[i]) for r in rows) for i in range(5)]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if i == 3 else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], rule, total])


def _add(name: str, m: Module, depth: int, outputs: dict[int, str], rows: list[Any], seen: set[int]) -> None:
    """The rows of a module and of those inside."""
    total = m.parameters()
    own = [p for p in total if id(p) not in seen]
    inside = children(m)
    alike = len({repr(sub) for _, sub in inside}) == 1 and "." in inside[0][0] and not children(inside[0][1])
    packed = pack([n for n, p in m.named_parameters() if alike or not any(n.startswith(f"{c}.") for c, _ in inside)])
    shapes = ", ".join(f"{n} {s}" if s else n for n, (s, _) in packed.items())
    kind = f"{type(m).__name__} of {inside[0][1]!r}"[:40] if alike else type(m).__name__
    rows.append(("  " * depth + (name or "·"), kind, shapes, f"{len(own):,}", outputs.get(id(m), "")))
    if not alike:
        for key, sub in inside:
            _add(key, sub, depth + 1, outputs, rows, seen)
    seen.update(id(p) for p in total)
