"""Under the microscope: a function of JAX as scalar `Value` code with the same parameters, by its jaxpr."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module
from pathlib import PurePath
from typing import Any

from micrograd import ops
from micrograd.compiler.numpy_gate import np
from micrograd.export.arrived import Arrived, argument, labelled, nested, plain
from micrograd.export.lax import CALLS, CUSTOM, NAMED, TABLE, beyond
from micrograd.export.valued import Array, mapped
from micrograd.ops.op import Op
from micrograd.scopes import scope


def from_jax(fn: Callable[..., Any], *example: Any, params: int | Sequence[int] = 0) -> Equations:
    """A function as scalar code: call it on numbers or Values in nested lists, and it gives Values in nested lists.

    fn: a function of arrays and pytrees, pure as `jax.grad` wants it. example: its arguments, or arrays of their shapes. params: which of
    them are the parameters (places, as `jax.grad`'s argnums): their floating-point arrays become Values, labelled by their path
    (`layers.0.w[1,2]`); the others are what the code is called on. What the function closes over is constant. It is read in float64, by
    `jax.make_jaxpr`; `jax.named_scope`s and the turns of a `lax.scan` are scopes, so that pictures fold as it is built.

        >>> model = micrograd.export.from_jax(predict, params, jnp.zeros((1, 3)))     # doctest: +SKIP
        >>> y = model([[0.5, -1.0, 2.0]])[0][0]; y.backward(); viz.draw(y)            # doctest: +SKIP
        >>> params = model.pytree()                                                   # doctest: +SKIP

    What no Value goes into (masks, random numbers by a key, `while` loops over whole numbers) JAX computes itself. Raises ImportError
    without JAX; NotImplementedError that names every primitive without a rule and the line that it stands in, before anything is built.
    """
    jax = import_module("jax")
    places = [params] if isinstance(params, int) else list(params)
    if not all(-len(example) <= at < len(example) for at in places):
        raise ValueError(f"params={params!r}: places among the {len(example)} example(s) are allowed")
    with _double(jax):
        return Equations(jax, fn, example, [at % len(example) for at in places], isinstance(params, int))


def _double(jax: Any) -> Any:
    """JAX in float64 for a while."""
    return jax.enable_x64(True) if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64()


class Equations(Arrived):
    """What `from_jax` gives. Its parameters are Values; what is no floating-point number stays as it was."""

    def __init__(self, jax: Any, fn: Callable[..., Any], example: Sequence[Any], places: Sequence[int], single: bool) -> None:
        super().__init__()
        self._jax, self._places, self._single = jax, places, single
        util, leaves = jax.tree_util, [jax.tree_util.tree_flatten_with_path(x) for x in example]
        self._trees = [tree for _, tree in leaves]
        plain = [[np.asarray(x) for _, x in pairs] for pairs, _ in leaves]
        self._dtypes = [[x.dtype for x in xs] for xs in plain]
        given = [[x.astype(np.float64) if _floating(jax, x) else x for x in xs] for xs in plain]
        trees: list[Any] = []
        args = [util.tree_unflatten(tree, xs) for tree, xs in zip(self._trees, given, strict=True)]
        self._jaxpr = jax.make_jaxpr(lambda *xs: _leaves(util, fn(*xs), trees))(*args)
        self._out = trees[-1]
        held = [_floating(jax, x) for xs in given for x in xs]
        found = sorted(set(_unsupported(self._jaxpr.jaxpr, [False] * len(self._jaxpr.consts), held)[0]))
        if found:
            raise NotImplementedError(f"from_jax has no rule for {'; '.join(found)}; it has one for {len(TABLE)} primitives")
        self._leaves: list[list[Any]] = []
        self._names: list[list[str]] = []
        for k, ((pairs, _), xs) in enumerate(zip(leaves, given, strict=True)):
            names = [".".join(map(_key, path)) for path, _ in pairs]
            if k in places:
                names = self._free([name or ("params" if single else f"params{k}") for name in names])
                xs = [labelled(x, name) if _floating(jax, x) else x for name, x in zip(names, xs, strict=True)]
                self.arrays |= {name: x for name, x in zip(names, xs, strict=True) if x.dtype == object}
            self._leaves.append(xs)
            self._names.append(names)

    def pytree(self) -> Any:
        """The parameters as they are now, in the tree and of the types that they came in; a tuple of trees where params were several."""
        found = []
        for k in self._places:
            with _double(self._jax):
                arrays = [
                    self._jax.numpy.asarray(self.numbers(name) if x.dtype == object else x, dtype=dtype)
                    for name, x, dtype in zip(self._names[k], self._leaves[k], self._dtypes[k], strict=True)
                ]
            found.append(self._jax.tree_util.tree_unflatten(self._trees[k], arrays))
        return found[0] if self._single else tuple(found)

    def __call__(self, *args: Any) -> Any:
        """The function on what stands beside its parameters: pytrees as those of the example, arrays as nested lists."""
        rest = [k for k in range(len(self._trees)) if k not in self._places]
        if len(args) != len(rest):
            raise TypeError(f"the function takes {len(rest)} argument(s) beside its parameters, not {len(args)}")
        leaves = list(self._leaves)
        for k, x in zip(rest, args, strict=True):
            parts = self._trees[k].flatten_up_to(x)
            like = zip(self._names[k], parts, self._leaves[k], strict=True)
            leaves[k] = [self._given(f"argument {k + 1} {name}".strip(), part, was) for name, part, was in like]
        with _double(self._jax):
            found = _run(self._jaxpr.jaxpr, self._jaxpr.consts, [x for xs in leaves for x in xs])
        return self._jax.tree_util.tree_unflatten(self._out, [nested(_objects(x)) for x in found])

    def _free(self, names: Sequence[str]) -> list[str]:
        """The names, with a number where another array has it already (`a.b` may be one key or two)."""
        taken = set(self.arrays)
        found: list[str] = []
        for name in names:
            free, k = name, 1
            while free in taken:
                k += 1
                free = f"{name} ({k})"
            taken.add(free)
            found.append(free)
        return found

    def _given(self, name: str, x: Any, like: Any) -> Any:
        floating = _floating(self._jax, like)
        found = argument(name, x, like.shape, floating)
        return found if floating else plain(name, found, like.dtype)


def _leaves(util: Any, x: Any, trees: list[Any]) -> Any:
    leaves, tree = util.tree_flatten(x)
    trees.append(tree)
    return leaves


def _floating(jax: Any, x: Any) -> bool:
    return bool(jax.numpy.issubdtype(x.dtype, jax.numpy.floating))


def _key(part: Any) -> str:
    """A step of a path into a pytree."""
    return str(next((getattr(part, name) for name in ("key", "idx", "name") if hasattr(part, name)), part))


def _held(x: Any) -> bool:
    """Whether it is an array with Values in it."""
    return isinstance(x, np.ndarray) and x.dtype == np.dtype(object)


def _objects(x: Any) -> Array:
    """An array of objects; numbers that NumPy has no name for (bfloat16) as float64."""
    x = np.asarray(x)
    if x.dtype == object:
        return x
    return (x.astype(np.float64) if x.dtype.kind == "V" else x).astype(object)


# --- what an equation is ---------------------------------------------------------------------------------------------------


def _inner(eqn: Any) -> Any:
    """The jaxpr that an equation calls."""
    return next(eqn.params[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in eqn.params)


def _opened(jaxpr: Any) -> tuple[Any, Sequence[Any]]:
    """A jaxpr and its constants."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "jaxpr") else (jaxpr, ())


def _made_by(eqn: Any) -> tuple[str, str]:
    """The name and the file of the function that an equation calls."""
    info = getattr(_opened(_inner(eqn))[0], "debug_info", None)
    name, _, place = str(getattr(info, "func_src_info", None) or "").partition(" at ")
    return name, place.replace("\\", "/")


def _row(eqn: Any) -> Op | None:
    """The row of our table that a call is: some of `jax.nn`, and what `to_jax(exact=True)` wrote."""
    if eqn.primitive.name not in CALLS:
        return None
    name, place = _made_by(eqn)
    if "jax/_src/nn/functions.py" in place and len(eqn.invars) == 1:
        return NAMED.get(name)
    op = ops.TABLE.get(name.removeprefix("_own_")) if _ours(place) and name.startswith("_own_") else None
    return op if op is not None and not op.constants and op.arity == len(eqn.invars) else None


def _ours(place: str) -> bool:
    return place.startswith("<micrograd.export.to_jax>")


def _where(eqn: Any, outer: str = "") -> str:
    """The line of the user's file that an equation comes from, where JAX kept it; else that of the call that it is in."""
    util = import_module("jax._src.source_info_util")
    frame = getattr(util, "user_frame", lambda *_: None)
    for given in (getattr(eqn.source_info, "traceback", None), eqn.source_info):
        try:
            found = frame(given)
        except Exception:  # of another version of JAX: then without the line
            continue
        if found is not None:
            return f" ({PurePath(found.file_name).name}:{found.start_line}, in {found.function_name})"
    return outer


# --- read: what has no rule, before anything is built -----------------------------------------------------------------------


def _unsupported(jaxpr: Any, consts: Sequence[bool], held: Sequence[bool], outer: str = "") -> tuple[list[str], list[bool]]:
    """What has no rule, and for each result whether it is made of Values. held: the same for each argument."""
    of = dict(zip(map(id, (*jaxpr.constvars, *jaxpr.invars)), (*consts, *held), strict=True))
    found: list[str] = []
    for eqn in jaxpr.eqns:
        given = [not hasattr(v, "val") and of[id(v)] for v in eqn.invars]
        made = [False] * len(eqn.outvars)
        if any(given):
            problems, made = _asked(eqn, given, _where(eqn, outer))
            found += problems
        of.update(zip(map(id, eqn.outvars), made, strict=True))
    return found, [not hasattr(v, "val") and of[id(v)] for v in jaxpr.outvars]


def _asked(eqn: Any, given: list[bool], where: str) -> tuple[list[str], list[bool]]:
    """The same of one equation that Values go into."""
    name, everything = eqn.primitive.name, [True] * len(eqn.outvars)
    if _row(eqn) is not None:
        return [], everything
    if name in CUSTOM and not (_ours(place := _made_by(eqn)[1]) or "/jax/_src/" in place):
        what = _made_by(eqn)[0] or "a function"
        return [f"{name} of {what}{where}: a derivative of its own is not read (functions of primitives are allowed)"], everything
    if name in CALLS:
        inner, consts = _opened(_inner(eqn))
        return _unsupported(inner, [False] * len(consts), given, where)
    if name == "scan":
        return _scanned(eqn, given, where)
    if name == "cond":
        if given[0]:
            return [f"cond by Values{where}: a condition known when it is read is allowed, or jnp.where"], everything
        parts = [_unsupported(b.jaxpr, [False] * len(b.consts), given[1:], where) for b in eqn.params["branches"]]
        return [p for problems, _ in parts for p in problems], [any(xs) for xs in zip(*(made for _, made in parts), strict=True)]
    if name not in TABLE:
        told = {"while": " over Values: lax.scan, or lax.fori_loop with limits known when it is read, are allowed"}
        return [f"{name}{told.get(name, '')}{where}"], everything
    problem = beyond(eqn, given)
    return [f"{problem}{where}"] if problem else [], everything


def _scanned(eqn: Any, given: list[bool], where: str) -> tuple[list[str], list[bool]]:
    """Turn after turn, until no more of what is carried is made of Values."""
    inner, first, carried = eqn.params["jaxpr"], eqn.params["num_consts"], eqn.params["num_carry"]
    while True:
        problems, made = _unsupported(inner.jaxpr, [False] * len(inner.consts), given, where)
        now = [a or b for a, b in zip(given[first : first + carried], made[:carried], strict=True)]
        if now == given[first : first + carried]:
            return problems, [*now, *made[carried:]]
        given = [*given[:first], *now, *given[first + carried :]]


# --- run --------------------------------------------------------------------------------------------------------------------


def _run(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    """The results of a jaxpr: arrays of objects where Values are in them, JAX's own elsewhere."""
    known = dict(zip(map(id, (*jaxpr.constvars, *jaxpr.invars)), (*consts, *args), strict=True))

    def read(v: Any) -> Any:
        return v.val if hasattr(v, "val") else known[id(v)]

    for eqn in jaxpr.eqns:
        name = str(eqn.source_info.name_stack)
        with scope(name) if name else nullcontext():
            found = _one(eqn, [read(v) for v in eqn.invars])
        known.update(zip(map(id, eqn.outvars), found, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _one(eqn: Any, given: list[Any]) -> list[Any]:
    """The results of one equation."""
    if not any(map(_held, given)):
        bound = eqn.primitive.get_bind_params(eqn.params)
        functions, params = bound if isinstance(bound, tuple) else ((), bound)  # of JAX before 0.10 two
        found = eqn.primitive.bind(*functions, *given, **params)
        return list(found) if eqn.primitive.multiple_results else [found]
    name, row = eqn.primitive.name, _row(eqn)
    if row is not None:
        return [mapped(row)(*map(_objects, given))]
    if name in CALLS:
        inner, consts = _opened(_inner(eqn))
        return _run(inner, consts, given)
    if name == "scan":
        return _scan(eqn.params, given)
    if name == "cond":
        branches = eqn.params["branches"]
        chosen = branches[min(max(int(given[0]), 0), len(branches) - 1)]
        return _run(chosen.jaxpr, chosen.consts, given[1:])
    made = TABLE[name](eqn, *map(_objects, given))
    return made if isinstance(made, list) else [made]


def _scan(p: Mapping[str, Any], given: list[Any]) -> list[Any]:
    """A turn for each row of what is scanned, each in a scope of its own."""
    first, carried, inner = p["num_consts"], p["num_carry"], p["jaxpr"]
    consts, state, rows = given[:first], given[first : first + carried], given[first + carried :]
    made: list[list[Any]] = []
    for t in _turns(p):
        with scope("turn"):
            found = _run(inner.jaxpr, inner.consts, [*consts, *state, *(_row_of(x, t) if _held(x) else x[t] for x in rows)])
        state = found[:carried]
        made.append(found[carried:])
    if p["reverse"]:
        made.reverse()
    several = [v.aval for v in inner.jaxpr.outvars[carried:]]
    return [*state, *(_stacked([row[k] for row in made], like) for k, like in enumerate(several))]


def _stacked(rows: list[Any], like: Any) -> Any:
    if not rows:
        return np.empty((0, *like.shape), dtype=like.dtype)
    return np.stack([_objects(x) for x in rows] if any(map(_held, rows)) else [np.asarray(x) for x in rows])


def _turns(p: Mapping[str, Any]) -> Iterator[int]:
    return iter(range(p["length"])[:: -1 if p["reverse"] else 1])


def _row_of(x: Array, t: int) -> Array:
    """A row as an array, also where it is a single number."""
    return x[t : t + 1].reshape(x.shape[1:])
