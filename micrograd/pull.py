"""The backward pass of one node, `arg.grad += node.grad * partial`, compiled from the rules of its row; and what passes no gradient.

A partial may be 0 in two ways, and the text of its rule tells them apart. A **structural** zero is said by the rule: the constant
0, the branch that `where` did not take, a 0 that `less` or `sign` picked. It passes nothing, whatever lies above or below:
sqrt(relu(x)) at -1 has gradient 0, though √ has slope inf there. A **numeric** zero came out of arithmetic on the data, and keeps
IEEE's answer: sqrt(x)**2 at 0 has gradient 0 · inf = nan. A rule that branches in Python cannot be read: its zeros are numeric.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from micrograd import ops
from micrograd.collector import expect
from micrograd.ops.op import Op, Symbol, compile_function, source
from micrograd.ops.symbol import names as names_in

UNREACHED = float("0")  # the gradient of a node while nothing has reached it: a 0.0, known by its identity
ARGS, DATA = "abcdef", "xzuvwt"  # names in the compiled code
_born = attrgetter("_born")


def interior(roots: Iterable[Any]) -> list[Any]:
    """The nodes below these, leaves apart, in the order in which they were made."""
    mark = object()
    found: list[Any] = []
    todo: list[Any] = []
    for v in roots:
        if v.op is not None and v._mark is not mark:
            v._mark = mark
            todo.append(v)
    while todo:  # depth first: nearly all are found in the order, backwards, and sorting takes a third
        found.append(v := todo.pop())
        a, b = v._a, v._b
        if a is not None:
            if a._mark is not mark and a.op is not None:
                a._mark = mark
                todo.append(a)
            if b is not None and b._mark is not mark and b.op is not None:
                b._mark = mark
                todo.append(b)
            continue
        for arg in b or ():
            if arg._mark is not mark and arg.op is not None:
                arg._mark = mark
                todo.append(arg)
    found.sort(key=_born)
    return found


def with_leaves(order: Iterable[Any]) -> list[Any]:
    """These and what they were computed from, a leaf just before its first user."""
    nodes: dict[Any, None] = {}
    for v in order:
        for arg in v.args:
            nodes[arg] = None
        nodes[v] = None
    return list(nodes)


def backward(order: Sequence[Any]) -> None:
    """Each node of `start_backward` passes on what reached it, the root first."""
    expect(len(order))
    for v in reversed(order):
        if v.grad is not UNREACHED:
            v.op.pull(v)  # arg.grad += v.grad * partial, for each argument
            continue
        a, b = v._a, v._b  # nothing passes; the gradient of a leaf becomes a float all the same
        if a is None or v.op.partials is None:
            _call(v)
            continue
        if a.op is None:
            a.grad += 0.0
        if b is not None and b.op is None:
            b.grad += 0.0


def _call(v: Any) -> None:
    """A node of many arguments, or made by hand, that nothing reached: a closure is called, but 0 times a partial is discarded."""
    before = [(a, a.grad) for a in v.args]
    if v.op.partials is None:
        v.op.pull(v)
    for a, grad in before:
        if a.grad == grad or a.grad != a.grad:
            a.grad = grad + 0.0 if a.op is None else grad


# --- reading a rule ------------------------------------------------------------------------------------------------------


def live(s: Any, picked: bool = False) -> Any:
    """What is not 0 wherever the partial `s` passes something: a number, or a Symbol over the operands.

    picked: inside the rule of an op that picks its value, where a 0 is a structural one even if it is an operand's.
    """
    if not isinstance(s, Symbol):
        return float(s != 0.0)
    if s.op is None:
        return s if picked else 1.0
    if s.op is ops.where:
        condition, a, b = s.args
        return either(condition, live(a, picked), live(b, picked))
    if picks(s.op):
        return live(s.op.define(*s.args, *s.op.params), True) if s.op.define else s
    if picked:
        return s
    if s.op is ops.mul:  # a literal 0 times data is arithmetic
        a, b = (live(f) if isinstance(f, Symbol) else 1.0 for f in s.args)
        return either(a, b, 0.0)
    if s.op in (ops.neg, ops.div):
        return live(s.args[0]) if isinstance(s.args[0], Symbol) else 1.0
    if s.op in (ops.add, ops.sub):
        a, b = (live(f) if isinstance(f, Symbol) else 1.0 for f in s.args)
        return either(a, 1.0, b)
    return 1.0


def either(condition: Any, a: Any, b: Any) -> Any:
    """where(condition, a, b), a number if it is known to be one."""
    if not isinstance(condition, Symbol):
        return a if condition else b
    return a if not isinstance(a, Symbol) and not isinstance(b, Symbol) and a == b else ops.where(condition, a, b)


@lru_cache(maxsize=256)
def picks(op: Op) -> bool:
    """Whether an op picks its value rather than computing it: its rule is 0 everywhere, as that of `less` or `sign` is."""
    return op.arity is not None and all(not isinstance(p, Symbol) and p == 0.0 for p in op.gradient(*symbols(op.arity)))


def symbols(n: int) -> tuple[Symbol, list[Symbol]]:
    """The result of an op, and its arguments, to read its rules on."""
    return Symbol("y"), [Symbol(name) for name in DATA[:n]] if n <= len(DATA) else [Symbol(f"x{i}") for i in range(n)]


def lives(op: Op, y: Symbol, xs: Sequence[Symbol]) -> list[Any]:
    """`live` for each partial of an op; TypeError where a rule cannot be read."""
    return [live(p) for p in op.gradient(y, xs)]


def passing(op: Op) -> Callable[..., Sequence[Any]] | None:
    """What `op.passes` is: a function (y, *xs) that says for each argument whether its edge passes something; None: all do."""
    try:
        found = lives(op, *symbols(2 if op.arity is None else op.arity))
    except TypeError:
        return None
    if all(x == 1.0 for x in found if not isinstance(x, Symbol)) and not any(isinstance(x, Symbol) for x in found):
        return None

    @lru_cache(maxsize=16)
    def compiled(n: int) -> Any:
        y, xs = symbols(n)
        body, written = source(lives(op, y, xs))
        return compile_function("passes", [s.name for s in (y, *xs, *constants(op))], [*body, f"return [{', '.join(written)}]"])

    return compiled(op.arity) if op.arity is not None else lambda y, *xs: compiled(len(xs))(y, *xs)


def constants(op: Op) -> list[Symbol]:
    """Those constants of a form that have a name in place of a number."""
    named: Sequence[Any] = op.params
    return [p for p in named if isinstance(p, Symbol)]


# --- the compiled pull ---------------------------------------------------------------------------------------------------


class _If:
    """A branch of the code: on a Symbol, between two more branches, a partial to multiply with, or None where nothing passes."""

    def __init__(self, condition: Symbol, yes: Any, no: Any) -> None:
        self.condition, self.yes, self.no = condition, yes, no


def branches(s: Any, picked: bool = False) -> Any:
    """A partial as the branches of its rule: those between something and nothing become `if`s."""
    passes = live(s, picked)
    if not isinstance(passes, Symbol):
        return s if passes else None
    if s.op is ops.where and isinstance(s.args[0], Symbol):
        return _If(s.args[0], branches(s.args[1], picked), branches(s.args[2], picked))
    if s.op is ops.where:
        return branches(s.args[1] if s.args[0] else s.args[2], picked)
    if s.op is not None and picks(s.op) and s.op.define:
        return branches(s.op.define(*s.args, *s.op.params), True)
    return _If(passes, s, None)


def carried(g: Symbol, partial: Symbol) -> Any:
    """g · partial, and 0 where the partial passes nothing: the product is taken inside the branches of the rule."""
    return _carried(g, branches(partial))


def _carried(g: Symbol, tree: Any) -> Any:
    if isinstance(tree, _If):
        return either(tree.condition, _carried(g, tree.yes), _carried(g, tree.no))
    if isinstance(tree, Symbol):
        return g * tree
    return 0.0 if tree is None else g if tree == 1.0 else -g if tree == -1.0 else g * float(tree)


def _symbols(tree: Any) -> Iterator[Any]:
    """The conditions and partials of branches, in the order in which `_lines` writes them."""
    if isinstance(tree, _If):
        yield tree.condition
        yield from _symbols(tree.yes)
        yield from _symbols(tree.no)
    elif tree is not None:
        yield tree


def _lines(tree: Any, arg: str, texts: Iterator[str], word: str = "if") -> list[str]:
    """`arg.grad += g * partial`, its branches beginning with `word`; texts: the branches' conditions and partials, as written."""
    if tree is None:
        return [f"{word} {arg}.op is None:", f"    {arg}.grad += 0.0"]
    text = next(texts)
    if not isinstance(tree, _If):
        known = None if isinstance(tree, Symbol) else {1.0: "+= g", -1.0: "-= g"}.get(tree)
        return [f"{arg}.grad {known or f'+= g * {text}'}"]
    yes = _lines(tree.yes, arg, texts)
    if isinstance(tree.no, _If) or tree.no is None:
        no = _lines(tree.no, arg, texts, "elif")
    else:
        no = ["else:", *_indented(_lines(tree.no, arg, texts))]
    return [f"{word} {text}:", *_indented(yes), *no]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _written(op: Op) -> list[str]:
    """The `pull` of an op as lines of Python; TypeError where a rule cannot be read."""
    n = op.arity or 0
    if not 0 < n <= len(ARGS):
        raise TypeError(f"{op.name} has {op.arity} arguments")
    y, xs = symbols(n)
    trees = [branches(p) for p in op.gradient(y, xs)]
    read = [s for tree in trees for s in _symbols(tree)]
    body, texts = source(read)
    rest = iter(texts)
    add = [line for arg, tree in zip(ARGS, trees, strict=False) for line in _lines(tree, arg, rest)]
    args = ["a = node._a", *(["b = node._b"] if n == 2 else [])] if n < 3 else [f"{', '.join(ARGS[:n])} = node._b"]
    places = {x.name: f"{arg}._data" for x, arg in zip(xs, ARGS, strict=False)} | {"y": "node._data"}
    used = names_in(read)
    data = [f"{name} = {place}" for name, place in places.items() if name in used]
    return [f"def pull_{op.name}(node):", *_indented(["g = node.grad", *args, *data, *body, *add])]


def compiled_pull(op: Op) -> Callable[..., Callable[[Any], None]]:
    """The `pull` of an op, as a function of the constants that have names; TypeError where a rule cannot be read."""
    names = [c.name for c in constants(op)]
    made: Callable[..., Callable[[Any], None]] = compile_function("made", names, [*_written(op), f"return pull_{op.name}"])
    return made


def pull_source(op: Op) -> str:
    """What `Op.pull_source` is: the code of `compiled_pull`, or of what is called in its place."""
    closure = op.__dict__.get("closure")
    if closure is None and op.partials is None:
        return f"# {op.name}: nothing is passed on, for no derivative was given"
    if closure is None and op.readable:
        try:
            form, numbers = op.form()
            return "\n".join([*(f"{c.name} = {x!r}" for c, x in zip(constants(form), numbers, strict=False)), *_written(form)])
        except TypeError:  # a rule that cannot be read is called
            pass
    inspect = importlib.import_module("inspect")  # it takes as long to import as all of micrograd
    try:
        return str(inspect.cleandoc("\n" + inspect.getsource(closure or Op._called_pull)))
    except OSError:
        return f"# {op.name}: the source of the function that was set as _backward is not kept"
