"""Scalars become tensors: `compile` turns a loss written with Values into a program of tensor operations, and runs that.

    >>> from micrograd import Value, compile
    >>> w = [Value(0.5), Value(-1.0)]
    >>> step = compile(lambda xs, y: (sum(wi * xi for wi, xi in zip(w, xs)) - y) ** 2, params=w)
    >>> step([1.0, 2.0], 0.5)
    4.0
    >>> value, grads = step.value_and_grad([1.0, 2.0], 0.5)
    >>> grads.tolist()
    [-4.0, -8.0]

A loss is traced (`tracing/`), with all that it reads noted (`outside/`), and lowered pass by pass (`passes/`, whose list is PASSES) to a
Program (`program/`: what it is, how it prints, what it means), which a machine runs (`machine`; `arrays/` is NumPy's, `native/` Numba's,
`tiers/` chooses). `print(step.program)`, `print(step.passes)` and `print(step.after("fuse"))` show what came of it.

A program is the eager engine's arithmetic, inf, nan and the signs of zeros among it, but for this:

- Sums go in another order: equal to twice the running-error bound (2·cond), unless a partial sum of one order overflows. No common factor
  is taken out of a sum.
- A product that goes straight into a sum may be added before it is rounded (one instruction, as in BLAS), so that it cannot
  overflow or vanish by itself.
- Functions such as exp and sin are NumPy's or compiled code's, a few units in the last place from the C library's; what is decided by
  less than that may be decided otherwise.

With exact=True every number and gradient is the engine's in every bit, but for the gradient through a run-time look-up (`take`), which
goes on as one number, where the engine adds one by one what all users of that row give. tests/compiler/test_fuzz.py holds all this against
random programs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, overload

from micrograd.compiler.tracing.trace import TraceError, take

if TYPE_CHECKING:
    from micrograd.compiler.compiled import Compiled
    from micrograd.engine import Value

__all__ = ["TraceError", "compile", "lower", "take"]


@overload
def compile(
    loss: Callable[..., Value], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
    input_grads: bool = False, threads: int | None = None,
) -> Compiled[float]: ...  # fmt: skip
@overload
def compile(
    loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
    input_grads: bool = False, threads: int | None = None,
) -> Compiled[Any]: ...  # fmt: skip
def compile(
    loss: Callable[..., Any], params: Any = None, *, batch: bool = False, backend: str = "auto", exact: bool = False,
    input_grads: bool = False, threads: int | None = None,
) -> Compiled[Any]:  # fmt: skip
    """The loss as a function that runs at tensor speed; it is traced at its first call.

    loss: takes numbers (nested in lists, tuples, arrays) and gives a Value, or a tuple that starts with one. params: the Values
    to differentiate by (a module, nested lists, a dict); by default every leaf that the loss uses and that existed before.
    batch: `loss` is of one sample; calls take a leading axis of samples and give the mean over them, of a model's outputs too:
    `step.each(inputs)` gives what it returns for each. backend: "numpy", "interpreter"
    (compiled code that runs every program, made once on a machine), "c" and "numba" (code made for this program, compiled at
    once by the C compiler of this machine, or by Numba), "reference",
    or "auto": NumPy at first, then what of these is on disk or a long run has earned (see `compiler.tiers`).
    exact: the eager engine's numbers, bit for bit (by NumPy, slowly); the default re-associates sums, see `micrograd.compiler`.
    input_grads: also differentiate by the inputs. threads: how many share a large batch in code of the program's own in C, by default
    one for each core; the numbers are the same to the last bit for any.

    A compiled loss is the eager one, whatever it reads: numbers, lists, dicts, arrays and attributes that its code can come to, in
    closures, globals, objects and modules (`training` of layers too) are compared when a call or a training run begins, and
    after `on_step`; where something has changed, the loss is traced again. Values are read at every call, parameters or not.
    `no_grad` around a call changes nothing. Raises TraceError, with the line and the way out, where the loss does what a program
    cannot repeat: branches on numbers known only when it runs, draws random numbers or takes from an iterator, changes what it
    reads. What is not seen:

        ==================================================  ==========================================================
        a program keeps what the trace found in             instead
        ==================================================  ==========================================================
        files, sockets, the date, other processes           read them outside and pass the numbers as arguments
        objects of libraries that are no arrays; C code     as arguments
        methods of a library's classes, and built-in        before the first call
        functions, replaced
        `eval`, `globals()`, names looked up by them        write the name
        `type(x) is float`, `isinstance(x, Value)`,         `isinstance(x, float)` or `int` is right for an argument,
        `repr(x)` of an argument                            which is neither, and a Value
        `v.label` and other notes on Values                 a keyword argument
        numbers in threads that the loss starts             no threads in a loss
        printing and other output: happens at a trace       return what you want to see beside the loss
        a node computed before the loss: computed anew      compute it in the loss
        float32 and integers among arguments: as doubles    nothing: the engine's own numbers are doubles too
        the dtype of an array (nan_to_num asks for it):     clean the data outside
        one of arguments holds objects
        ==================================================  ==========================================================
    """
    settings: Any = {"batch": batch, "backend": backend, "exact": exact, "input_grads": input_grads, "threads": threads}
    return _home()(loss, params, **settings)  # type: ignore[no-any-return]


def _home() -> Callable[..., Any]:
    """What makes a compiled loss here: in the lab's page, which has no NumPy, one that is WebAssembly."""
    from micrograd.compiler.wasm.home import maker

    make = maker()
    if make is not None:
        from micrograd.compiler.wasm.compiled import InPage

        return partial(InPage, make)
    from micrograd.compiler.compiled import Compiled

    return Compiled


def lower(root: Any, params: Any = None, *, backend: str = "auto", exact: bool = False) -> Compiled[float]:
    """An existing graph as a compiled function without inputs. params: by default every leaf below `root`."""
    if not hasattr(root, "topological"):
        raise TypeError(f"lower takes the root of a graph, a Value, not {type(root).__name__}: {root!r:.80}")
    if root.op is None:
        raise TraceError(
            f"lower takes the root of a graph, but {root!r} is a leaf, below which nothing was recorded: is it from a no_grad() block?"
        )
    leaves = [v for v in root.topological() if v.op is None] if params is None else params
    return _home()(lambda: root, leaves, backend=backend, exact=exact)  # type: ignore[no-any-return]
