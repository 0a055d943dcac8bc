"""The command line: `micrograd draw|step|check|quiz|exercise EXPR name=value … [-o FILE] [--open]`, `micrograd diff|doctor|export|lab …`.

Exit status: 0 done, 1 the check found a wrong gradient (`diff`: a difference), 2 the command or the expression was wrong, 3 the check
could not decide, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micrograd import __version__, console
from micrograd.cli import classroom, commands, completion, diff, doctor, export, grade, lab, sheet, site
from micrograd.cli.assignments import Refused, assignments
from micrograd.cli.colours import RED, look, wanted
from micrograd.cli.expression import ExpressionError, read
from micrograd.cli.functions import ALIASES, OF_LISTS
from micrograd.cli.spelling import did_you_mean
from micrograd.engine import Value
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` by default) and give the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console.prepare(sys.stdout, sys.stderr)
    try:
        status = _run(_parsed(arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if not console.reader_gone(error):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """The command's arguments; options may stand anywhere. SystemExit with status 2 where they are wrong."""
    word = arguments[0] if arguments else ""
    parser, known = _parser(word)
    command = known.get(word)
    if command is None:
        if word == "help":
            arguments = ["--help"]
        elif word and not word.startswith("-"):
            instead = did_you_mean(word, known)
            if _COMPUTES(word):
                instead = f": say what to do with it first, micrograd step {_quoted(word)} …"
            parser.error(f"there is no command {word!r} (there are {', '.join(known)}){instead}")
        return parser.parse_args(arguments)
    found, unknown = command.parse_known_intermixed_args(_shielded(_unquoted(arguments[1:])))
    if unknown:
        name, _, number = unknown[0].partition("=")
        options = [option for action in command._actions for option in action.option_strings]
        instead = f": write {name.lstrip('-')}={number}" if number else did_you_mean(name, options)
        command.error(f"there is no option {name}{instead}")
    if found.expression is None and found.needed:
        command.error(found.needed)
    return found


_ALONE = ("draw", "step", "check")  # commands on which somebody waits
_COMPUTES = re.compile(r"[^\w-]").search  # what no command's name has


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


class _Unasked:
    """A command that nobody asked for: its options are not kept."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: self


def _parser(word: str) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands: of the command of this name alone, else of all."""
    only = word if word in _ALONE else ""
    parser = argparse.ArgumentParser(
        prog="micrograd", description="Draw, step through and check the gradients of an expression.", epilog=_EPILOG,
        formatter_class=_Help, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"micrograd {__version__}")
    every: Any = parser.add_subparsers(dest="command", required=True)

    def command(name: str, about: str, **more: Any) -> Any:
        if only and name != only:
            return _Unasked()
        more = {"epilog": _EPILOG, **more, "formatter_class": _Help, "allow_abbrev": False}
        sub: argparse.ArgumentParser = every.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", **more)
        sub.set_defaults(command=name, alone=None, output=None, needed="")
        return sub

    def of_expression(name: str, run: Callable[[Any, Value], int], about: str, output: str, page: bool = True) -> Any:
        sub = command(name, about, usage=f"%(prog)s EXPR [name=value ...] [-o FILE]{' [--open]' if page else ''} [options]")
        sub.add_argument("expression", metavar="EXPR", nargs="?", help="the expression; - reads it from standard input")
        sub.add_argument("values", metavar="name=value", nargs="*", help="a number for each name, e.g. x=1.5 y=-2 angle=pi/4")
        sub.add_argument("-o", "--output", dest="output", metavar="FILE", help=output)
        if page:
            sub.add_argument("--open", action="store_true", help="open it in the browser; without -o the file is a temporary one")
        sub.set_defaults(run=run, needed=f"an expression is needed: micrograd {name} {_quoted('a*b')} a=2 b=3")
        return sub

    draw = of_expression(
        "draw", commands.draw, "draw the computation graph with values and gradients",
        "write a picture; the ending says which: .svg .png .pdf .html .dot .txt (without -o: a tree of text)",
    )  # fmt: skip
    draw.add_argument("--partials", action="store_true", help="write the local derivative on every edge")
    draw.add_argument("--color", choices=("kind", "grad"), help="what colours mean (default: kind)")
    draw.add_argument("--rankdir", choices=("LR", "RL", "TB", "BT"), type=str.upper, help="direction (default: LR)")
    step = of_expression(
        "step", commands.step, "print every forward evaluation and every application of the chain rule, in numbers",
        "write .html (a page to step through), .txt or .tex",
    )  # fmt: skip
    step.add_argument("--latex", action="store_true", help="print LaTeX (amsmath's gather*)")
    check = of_expression("check", commands.check, "compare the gradients with finite differences", "write the report (.txt)", page=False)
    check.add_argument("--certify", action="store_true", help="prove how many digits of each value and gradient are true (python-flint)")
    quiz = of_expression("quiz", commands.quiz, "ask for each number of the backward pass, in a page", "write the page (.html)")
    work = of_expression(
        "exercise", commands.exercise, "make a worksheet of the graph, with blanks to fill in", "write a sheet to print: .html .svg .pdf"
    )
    for sub in (quiz, work):
        sub.add_argument("--seed", type=int, default=0, metavar="N", help="which questions (default: 0); a seed always asks the same")
    work.add_argument("--blanks", type=int, metavar="N", help="how many numbers to leave out (default: all)")
    work.add_argument("--key", action="store_true", help="with the answers")
    classroom.options(work)
    two = command(
        "diff",
        "compare two expressions of the same numbers",
        epilog=diff.ABOUT,
        usage="%(prog)s EXPR EXPR [name=value ...] [-o FILE] [options]",
    )
    diff.options(two)
    two.set_defaults(alone=diff.diff, needed=f"two expressions are needed: micrograd diff {_quoted('a*b')} {_quoted('a+b')} a=2 b=3")
    care = command(
        "doctor", "say what is wrong with an engine, or a training loop, of one's own; the file is run",
        epilog=doctor.ABOUT, usage="%(prog)s FILE.py[:Class] [-o FILE] [--open] [options]",
    )  # fmt: skip
    doctor.options(care)
    care.set_defaults(alone=doctor.doctor, needed="a file is needed: micrograd doctor engine.py")
    marks = command(
        "grade", "grade answers to exercises; each runs in a process of its own",
        epilog=grade.ABOUT, usage="%(prog)s EXERCISES.py ANSWER.py [--student ID] [--json FILE] [options]",
    )  # fmt: skip
    grade.options(marks)
    marks.set_defaults(alone=grade.grade, needed="exercises and an answer are needed: micrograd grade 02 answer.py")
    board = command(
        "report", "say what a class is stuck at, from a folder of results",
        epilog=classroom.ABOUT, usage="%(prog)s FOLDER [-o FILE] [--open] [--anonymous]",
    )  # fmt: skip
    classroom.report_options(board)
    board.set_defaults(alone=classroom.report, needed="a folder of results is needed: micrograd report results/")
    home = command(
        "export", "write a loss of a file of Python in another language; the file is run",
        epilog=export.ABOUT, usage="%(prog)s FILE.py:NAME -o FILE [options]",
    )  # fmt: skip
    export.options(home)
    home.set_defaults(alone=export.export, needed="a file and a name are needed: micrograd export moons.py:loss -o moons.c")
    room = command("lab", "write the lab: one page with an editor, the stepper and Python in it", epilog=lab.ABOUT,
                   usage="%(prog)s [FILE.py] [-o lab.html] [--open] [--small | --online URL]")  # fmt: skip
    lab.options(room)
    room.set_defaults(alone=lab.lab)
    paper = command("sheet", "write the formulas and the words of the lessons on two sides of A4", epilog=sheet.ABOUT,
                    usage="%(prog)s [-o sheet.html] [--open]")  # fmt: skip
    sheet.options(paper)
    paper.set_defaults(alone=sheet.sheet, expression=None)
    pages = command("site", "build the site: lessons, reference, tables", epilog=site.ABOUT, usage="%(prog)s [CHECKOUT] -o DIR [--open]")
    site.options(pages)
    pages.set_defaults(alone=site.site)
    shell = command(
        "completion", "print the script that completes this command in a shell", epilog=completion.ABOUT, usage="%(prog)s bash|zsh|tcsh"
    )
    completion.options(shell)
    shell.set_defaults(alone=lambda args: completion.completion(args, parser), needed="which shell? micrograd completion bash, zsh or tcsh")
    every.metavar = "COMMAND"
    return parser, dict(every.choices)


def _quoted(text: str) -> str:
    return f'"{text}"'  # quotes that every shell knows


def _unquoted(arguments: list[str]) -> list[str]:
    """cmd.exe of Windows knows no single quotes: it leaves them, and splits what stands between them at blanks."""
    first = next((i for i, a in enumerate(arguments) if a.startswith("'")), -1)
    last = next((i for i, a in enumerate(arguments) if a.endswith("'") and i >= first and (i > first or len(a) > 1)), -1)
    if first < 0 or last < 0:
        return arguments
    return [*arguments[:first], " ".join(arguments[first : last + 1])[1:-1], *arguments[last + 1 :]]


def _shielded(arguments: list[str]) -> list[str]:
    """The arguments with a space before each expression that starts with a minus, so that argparse takes it for no option."""
    options = arguments.index("--") if "--" in arguments else len(arguments)
    given = enumerate(arguments[:options] + arguments[options + 1 :])
    return [
        f" {a}" if a[:1] == "-" and len(a) > 1 and (i >= options or not (a.startswith(("--", "-o")) or a == "-h")) else a for i, a in given
    ]


def _wrapped(words: Iterable[str]) -> str:
    import textwrap

    return textwrap.fill(" ".join(words), 78, initial_indent="  ", subsequent_indent="  ")


def _run(args: Any) -> int:
    try:
        if args.alone is not None:
            return int(args.alone(args))
        if args.command == "exercise" and classroom.wanted(args):
            return classroom.sheets(args)
        text = console.typed(sys.stdin.read()) if args.expression == "-" else args.expression.removeprefix(" ")
        bare = text.strip()
        if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":  # of echo 'x' in cmd.exe
            text = bare[1:-1]
        result = read(text, assignments(args.values, text))
        if result.unused:
            raise Refused(f"the expression does not use {', '.join(result.unused)}")
        return int(args.run(args, result.root))
    except (Refused, ExpressionError) as error:
        message = str(error)
    except UnicodeDecodeError as error:
        message = f"standard input is not text: {error}"
    except OSError as error:
        if args.output is None and console.reader_gone(error):
            raise
        message = f"cannot write {args.output}: {error.strerror or error}"
    head = f"micrograd {args.command}:"
    print(look(head, RED) if wanted(sys.stderr, os.environ) else head, message, file=sys.stderr)
    return 2
