"""What the command line takes: the options of the command that is asked for, and those of all where somebody asks for help."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable, Iterable
from typing import Any

from micrograd import __version__
from micrograd.cli import commands
from micrograd.cli.functions import ALIASES, OF_LISTS
from micrograd.ops import TABLE

_EPILOG = """\
expressions:
  + - * / **, parentheses, numbers, names, pi, inf, nan, and the functions
{functions}
  Parts are named by statements, separated by ; or newlines; the last one is the result:
  "c = a*b; L = tanh(c + 1)"     "p, q = softmax([x, y]); -log(p)"
  Expressions are read as arithmetic and never executed.

examples:
  micrograd draw "c = a*b; d = tanh(c) + a**2" a=2 b=-3 -o graph.svg
  micrograd step "c = a*b; d = tanh(c) + a**2" a=2 b=-3 --open
  micrograd check "sqrt(x) * sin(1/x)" x=0.3
  echo "x**2 + 1" | micrograd step - x=3
"""


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal: argparse asks for that at every option, by a module that takes long to load."""

    def __init__(self, prog: str, **more: Any) -> None:
        try:
            columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
        except (OSError, ValueError):
            columns = 80
        super().__init__(prog, **{"width": columns - 2, **more})

    def add_text(self, text: str | None) -> None:
        """The functions are listed when somebody reads of them."""
        functions = _wrapped(sorted({*TABLE, *OF_LISTS, *ALIASES})) if text is _EPILOG else ""
        super().add_text(_EPILOG.format(functions=functions) if text is _EPILOG else text)


_LOOK: Any = {"formatter_class": _Help, "allow_abbrev": False, "epilog": _EPILOG}


def whole() -> argparse.ArgumentParser:
    """The parser of the command line, with every command."""
    about = "Draw, step through and check the gradients of an expression."
    parser = argparse.ArgumentParser(prog="micrograd", description=about, **_LOOK)
    parser.add_argument("--version", action="version", version=f"micrograd {__version__}")
    every = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (about, _) in COMMANDS.items():
        _filled(name, every.add_parser(name, help=about, **_LOOK))
    return parser


def command(name: str) -> argparse.ArgumentParser:
    """The parser of one command, by itself: somebody waits for it."""
    return _filled(name, argparse.ArgumentParser(prog=f"micrograd {name}", **_LOOK))


def _filled(name: str, parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    about, options = COMMANDS[name]
    parser.description = f"{about[0].upper()}{about[1:]}."
    parser.set_defaults(command=name, alone=None, output=None, needed="", expression=None)
    options(parser)
    return parser


# --- the commands ------------------------------------------------------------------------------------------------


def _of_expression(command: argparse.ArgumentParser, name: str, output: str, page: bool = True) -> None:
    """What every command takes that reads an expression."""
    command.usage = f"%(prog)s EXPR [name=value ...] [-o FILE]{' [--open]' if page else ''} [options]"
    command.add_argument("expression", metavar="EXPR", nargs="?", help="the expression; - reads it from standard input")
    command.add_argument("values", metavar="name=value", nargs="*", help="a number for each name, e.g. x=1.5 y=-2 angle=pi/4")
    command.add_argument("-o", "--output", dest="output", metavar="FILE", help=output)
    if page:
        command.add_argument("--open", action="store_true", help="open it in the browser; without -o the file is a temporary one")
    command.set_defaults(run=getattr(commands, name), needed=f'an expression is needed: micrograd {name} "a*b" a=2 b=3')


def _draw(command: argparse.ArgumentParser) -> None:
    _of_expression(command, "draw", "write a picture; the ending says which: .svg .png .pdf .html .dot .txt (without -o: a tree of text)")
    command.add_argument("--partials", action="store_true", help="write the local derivative on every edge")
    command.add_argument("--color", choices=("kind", "grad"), help="what colours mean (default: kind)")
    command.add_argument("--rankdir", choices=("LR", "RL", "TB", "BT"), type=str.upper, help="direction (default: LR)")


def _step(command: argparse.ArgumentParser) -> None:
    _of_expression(command, "step", "write .html (a page to step through), .txt or .tex")
    command.add_argument("--latex", action="store_true", help="print LaTeX (amsmath's gather*)")


def _check(command: argparse.ArgumentParser) -> None:
    _of_expression(command, "check", "write the report (.txt)", page=False)
    command.add_argument("--certify", action="store_true", help="prove how many digits of each value and gradient are true (python-flint)")


def _quiz(command: argparse.ArgumentParser) -> None:
    _of_expression(command, "quiz", "write the page (.html)")
    _seeded(command)


def _exercise(command: argparse.ArgumentParser) -> None:
    from micrograd.cli import classroom

    _of_expression(command, "exercise", "write a sheet to print: .html .svg .pdf")
    _seeded(command)
    command.add_argument("--blanks", type=int, metavar="N", help="how many numbers to leave out (default: all)")
    command.add_argument("--key", action="store_true", help="with the answers")
    classroom.options(command)


def _seeded(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=int, default=0, metavar="N", help="which questions (default: 0); a seed always asks the same")


def _apart(name: str, usage: str, needed: str = "") -> Callable[[argparse.ArgumentParser], None]:
    """The options of a command that is a file of its own: `needed` is said where its first argument is missing."""

    def options(command: argparse.ArgumentParser) -> None:
        module = importlib.import_module(f"micrograd.cli.{name}")
        command.usage, command.epilog = f"%(prog)s {usage}", module.ABOUT
        module.options(command)
        command.set_defaults(alone=getattr(module, name), needed=needed)

    return options


# What each is for, in a line of the help, and what adds its options.
COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "draw": ("draw the computation graph with values and gradients", _draw),
    "step": ("print every forward evaluation and every application of the chain rule, in numbers", _step),
    "check": ("compare the gradients with finite differences", _check),
    "quiz": ("ask for each number of the backward pass, in a page", _quiz),
    "exercise": ("make a worksheet of the graph, with blanks to fill in", _exercise),
    "diff": (
        "compare two expressions of the same numbers",
        _apart("diff", "EXPR EXPR [name=value ...] [-o FILE] [options]", 'two expressions are needed: micrograd diff "a*b" "a+b" a=2 b=3'),
    ),
    "doctor": (
        "say what is wrong with an engine, or a training loop, of one's own; the file is run",
        _apart("doctor", "FILE.py[:Class] [-o FILE] [--open] [options]", "a file is needed: micrograd doctor engine.py"),
    ),
    "grade": (
        "grade answers to exercises; each runs in a process of its own",
        _apart(
            "grade",
            "EXERCISES.py ANSWER.py [--student ID] [--json FILE] [options]",
            "exercises and an answer are needed: micrograd grade 02 answer.py",
        ),
    ),
    "report": (
        "say what a class is stuck at, from a folder of results",
        _apart("report", "FOLDER [-o FILE] [--open] [--anonymous]", "a folder of results is needed: micrograd report results/"),
    ),
    "export": (
        "write a loss of a file of Python in another language; the file is run",
        _apart("export", "FILE.py:NAME -o FILE [options]", "a file and a name are needed: micrograd export moons.py:loss -o moons.c"),
    ),
    "lab": (
        "write the lab: one page with an editor, the stepper and Python in it",
        _apart("lab", "[FILE.py] [-o lab.html] [--open] [--small | --online URL]"),
    ),
    "sheet": (
        "write the formulas and the words of the lessons on two sides of A4",
        _apart("sheet", "[-o sheet.html] [--open]"),
    ),
    "site": ("build the site: lessons, reference, tables", _apart("site", "[CHECKOUT] -o DIR [--open]")),
    "completion": (
        "print the script that completes this command in a shell",
        _apart("completion", "bash|zsh|tcsh", "which shell? micrograd completion bash, zsh or tcsh"),
    ),
}


def _wrapped(words: Iterable[str]) -> str:
    import textwrap

    return textwrap.fill(" ".join(words), 78, initial_indent="  ", subsequent_indent="  ")
