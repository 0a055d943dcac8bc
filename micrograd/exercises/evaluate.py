"""What is asked of an answer, where the answer lives: in a notebook, or in the process of its own that `micrograd grade` gives it.

A request and its reply are plain data (JSON). A reply says what came out, numbers and words, never whether that is right: who asked
judges, with its own library. So whoever changes this process changes only what is said of the answer, and no word of it means "right".
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

Reply = dict[str, Any]
DEEP, MANY = 6, 20_000  # of lists in lists, of numbers in them
TWO = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow", "neg": "neg"}


def reply(answer: Any, request: dict[str, Any]) -> Reply:
    """What the answer gives to one request. What it raises is said."""
    try:
        return ASK[request["do"]](answer, request)
    except Exception as error:
        return {"raised": [c.__name__ for c in type(error).__mro__], "said": str(error)[:300]}


def plain(x: Any, deep: int = 0) -> Any:
    """A number, a word or lists of them, without the classes they came in; TypeError for what is none of these."""
    if isinstance(x, (str, bool)) or x is None:
        return str(x) if isinstance(x, str) else x
    if isinstance(x, (list, tuple)):
        if deep > DEEP or len(x) > MANY:
            raise TypeError(f"a list of {len(x)} in {deep} lists is too much")
        return [plain(y, deep + 1) for y in x]
    if not isinstance(x, float) and hasattr(x, "data") and isinstance(x.data, (int, float)):
        return plain(x.data, deep)  # a Value, of ours or their own
    if hasattr(x, "tolist"):
        return plain(x.tolist(), deep + 1)
    if isinstance(x, (int, float)) or hasattr(x, "__float__"):
        return float.__add__(float(x), 0.0)
    raise TypeError(f"a {type(x).__name__} is neither a number nor a list of numbers")


def kind(answer: Any) -> str:
    """What was given, in a word."""
    if isinstance(answer, type):
        return "a class"
    if isinstance(answer, str):
        return "a text"
    if isinstance(answer, (list, tuple)):
        return "a list"
    return "a function" if callable(answer) else "a number" if hasattr(answer, "__float__") else f"a {type(answer).__name__}"


def _take(answer: Any, request: dict[str, Any]) -> Reply:
    if callable(answer):
        return {"refused": kind(answer)}
    return {"out": plain(answer)}


def _call(answer: Any, request: dict[str, Any]) -> Reply:
    """The function at some arguments: as numbers, or as Values with a backward pass from what it gives."""
    if not callable(answer):
        return {"refused": kind(answer)}
    args = request["args"]
    if not request.get("values"):
        return {"out": plain(answer(*args))}
    from micrograd.engine import Value

    made = _mapped(args, lambda x: Value(x) if isinstance(x, float) else x)
    out = answer(*made)
    if not hasattr(out, "backward"):
        return {"out": plain(out), "grads": None, "gave": type(out).__name__}
    out.backward()
    return {"out": plain(out), "grads": plain(_mapped(made, lambda v: v.grad if isinstance(v, Value) else 0.0))}


def _mapped(x: Any, f: Callable[[Any], Any]) -> Any:
    return [_mapped(y, f) for y in x] if isinstance(x, (list, tuple)) else f(x)


def _engine(answer: Any, request: dict[str, Any]) -> Reply:
    """A class on one expression: the value of its last step, and the gradients of its inputs after one backward()."""
    if not isinstance(answer, type):
        return {"refused": kind(answer)}
    held = [answer(x) for x in request["inputs"]]
    inputs = list(held)
    for name, places in request["steps"]:
        xs = [held[p] for p in places]
        held.append(getattr(operator, TWO[name])(*xs) if name in TWO else getattr(xs[0], name)(*xs[1:]))
    held[-1].backward()
    return {"out": plain(held[-1].data), "grads": [plain(v.grad) for v in inputs]}


def _doctor(answer: Any, request: dict[str, Any]) -> Reply:
    """What the doctor says of a class: told to its author, and worth nothing."""
    from micrograd.doctor import diagnose

    report = diagnose(answer, examples=False)
    return {"faults": [{"name": f.name, "said": f"{f.where}: {f.title}"} for f in report.faults[:3]]}


def _repair(answer: Any, request: dict[str, Any]) -> Reply:
    """The code that was shown with one line of it replaced: (number, text); then as a call of what it defines."""
    pair = list(answer) if isinstance(answer, (tuple, list)) else [None]
    if len(pair) != 2 or isinstance(pair[0], bool) or not isinstance(pair[0], int) or not isinstance(pair[1], str):
        return {"refused": kind(answer)}
    lines = request["code"].strip("\n").splitlines()
    at, new = pair[0], pair[1].strip()
    if not 1 <= at <= len(lines):
        return {"said": f"there is no line {at}: the code has {len(lines)}"}
    old = lines[at - 1]
    lines[at - 1] = old[: len(old) - len(old.lstrip())] + new
    namespace: dict[str, Any] = {"__name__": "shown"}
    exec(compile("\n".join(lines) + "\n", "<shown>", "exec"), namespace)
    return _call(namespace[request["name"]], request)


ASK: dict[str, Callable[[Any, dict[str, Any]], Reply]] = {
    "take": _take,
    "call": _call,
    "engine": _engine,
    "doctor": _doctor,
    "repair": _repair,
}
