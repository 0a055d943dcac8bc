"""`micrograd export FILE.py:NAME -o model.c`: a loss in a file of Python, written in another language. It runs the file."""

from __future__ import annotations

import argparse
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import ending_of
from micrograd.engine import Value

ABOUT = """\
NAME is what micrograd.compile or micrograd.lower gave (called once in the file, if it takes arguments), a loss
without arguments, or a Value. The ending of the output says the language: .c (C99), .mjs or .js (an ES module), .py
(PyTorch, or JAX with --jax), .onnx (the loss and its gradients; with --optimizer a whole step).

  micrograd export moons.py:loss -o moons.c --optimizer sgd --steps 200
  micrograd export moons.py:loss -o moons_torch.py
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="FILE.py:NAME", nargs="?", help="a file of Python, which is run, and a name in it")
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write .c, .js, .mjs, .py or .onnx")
    parser.add_argument("--jax", action="store_true", help="a .py is a function of JAX, not a module of PyTorch")
    parser.add_argument("--optimizer", metavar="NAME", help="the name in the file of an optimizer of micrograd.optim, to train with")
    parser.add_argument("--steps", type=int, default=100, metavar="N", help="how many steps the main of a .c trains for (default: 100)")


def export(args: argparse.Namespace) -> int:
    """Do it. Refused, with a sentence, where it cannot be done."""
    path, colon, name = args.expression.removeprefix(" ").rpartition(":")
    if not colon or not name.isidentifier():
        raise Refused(f"{args.expression!r} is not FILE.py:NAME, such as moons.py:loss")
    if args.output is None:
        raise Refused(f"where to? Add -o {Path(path).stem or 'model'}.c, say")
    kind = ending_of(args.output, ".c", ".js", ".mjs", ".py", ".onnx")
    if args.jax and kind != ".py":
        raise Refused(f"--jax is for a .py, not a {kind}")
    if not Path(path).is_file():
        raise Refused(f"there is no file {path!r}")
    for package, extra in (("numpy", "native"), *([("onnx", "onnx")] if kind == ".onnx" else [])):  # said before the file is run
        if find_spec(package) is None:
            raise Refused(f"export to {kind} needs the package {package}: pip install 'micrograd-lab[{extra}]'")
    found = _run(path)
    if found is None:
        return 2
    for wanted in filter(None, (name, args.optimizer)):
        if wanted not in found:
            raise Refused(f"{path} defines no {wanted!r}")
    from micrograd import export as homes

    optimizer = found[args.optimizer] if args.optimizer else None
    if kind == ".py" and optimizer is not None:
        raise Refused("PyTorch and JAX have optimizers of their own: leave --optimizer out for a .py")
    try:
        step = _compiled(found[name], name)
        if kind == ".c":
            homes.to_c(step, args.output, optimizer=optimizer, steps=args.steps)
        elif kind == ".onnx":
            homes.to_onnx(step, args.output, optimizer=optimizer)
        elif kind == ".py":
            (homes.jax_source if args.jax else homes.torch_source)(step, args.output)
        else:
            homes.to_js(step, args.output, optimizer=optimizer)
    except (TypeError, ValueError, ImportError) as error:  # it says what cannot go along, or what to install
        raise Refused(str(error)) from error
    except (ArithmeticError, AttributeError, LookupError, NameError) as error:  # of the loss itself
        raise Refused(f"{name} cannot be run: {type(error).__name__}: {error}") from error
    return 0


def _run(path: str) -> dict[str, Any] | None:
    """What the file defines; None, and its traceback printed, where it raises."""
    here = str(Path(path).resolve().parent)
    sys.path.insert(0, here)
    try:
        return runpy.run_path(path)
    except ImportError as error:
        raise Refused(f"{path} cannot be run: {error}") from error
    except Exception:
        import traceback

        traceback.print_exc()
        return None
    finally:
        if here in sys.path:
            sys.path.remove(here)


def _compiled(loss: Any, name: str) -> Any:
    from micrograd.compiler import compile, lower
    from micrograd.compiler.compiled import Compiled

    if isinstance(loss, Compiled):
        return loss
    if isinstance(loss, Value):
        return lower(loss)
    if not callable(loss):
        raise Refused(f"{name} is a {type(loss).__name__}, and no loss")
    from inspect import signature

    step = compile(loss)
    try:
        signature(loss).bind()
    except TypeError as error:
        raise Refused(f"{name} takes arguments: compile it in the file, step = micrograd.compile({name}, …), and call that once") from error
    except ValueError:  # of a callable that has none
        pass
    return step
