"""The command line: `micrograd draw|step|check EXPR name=value … [-o FILE]`, `micrograd export FILE.py:NAME -o FILE`.

Exit status: 0 done, 1 the check found a wrong gradient, 2 the command or the expression was wrong, 3 the check could not decide,
130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from micrograd import __version__, console
from micrograd.cli import export
from micrograd.cli.assignments import Refused, assignments
from micrograd.cli.expression import ExpressionError, read
from micrograd.cli.functions import ALIASES, OF_LISTS
from micrograd.cli.spelling import did_you_mean
from micrograd.engine import Value
from micrograd.notation import show
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
  micrograd step "c = a*b; d = tanh(c) + a**2" a=2 b=-3
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
    parser, commands = _parser()
    word = arguments[0] if arguments else ""
    command = commands.get(word)
    if command is None:
        if word == "help":
            arguments = ["--help"]
        elif word and not word.startswith("-"):
            instead = did_you_mean(word, commands)
            if _COMPUTES(word):
                instead = f": say what to do with it first, micrograd step {_quoted(word)} …"
            parser.error(f"there is no command {word!r} (there are {', '.join(commands)}){instead}")
        return parser.parse_args(arguments)
    found, unknown = command.parse_known_intermixed_args(_shielded(_unquoted(arguments[1:])))
    if unknown:
        name, _, number = unknown[0].partition("=")
        options = [option for action in command._actions for option in action.option_strings]
        instead = f": write {name.lstrip('-')}={number}" if number else did_you_mean(name, options)
        command.error(f"there is no option {name}{instead}")
    if found.expression is None and word == "export":
        command.error("a file and a name are needed: micrograd export moons.py:loss -o moons.c")
    if found.expression is None:
        command.error(f"an expression is needed: micrograd {word} {_quoted('a*b')} a=2 b=3")
    return found


_COMPUTES = re.compile(r"[^\w-]").search  # what no command's name has


def _parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    functions = sorted({*TABLE, *OF_LISTS, *ALIASES})
    epilog = _EPILOG.format(functions=_wrapped(functions))
    parser = argparse.ArgumentParser(
        prog="micrograd", description="Draw, step through and check the gradients of an expression.", epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"micrograd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="draw | step | check | export")

    def command(name: str, run: Callable[[Any, Value], int], about: str, output: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=epilog, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter, usage="%(prog)s EXPR [name=value ...] [-o FILE] [options]",
        )  # fmt: skip
        sub.add_argument("expression", metavar="EXPR", nargs="?", help="the expression; - reads it from standard input")
        sub.add_argument("values", metavar="name=value", nargs="*", help="a number for each name, e.g. x=1.5 y=-2 angle=pi/4")
        sub.add_argument("-o", "--output", dest="output", metavar="FILE", help=output)
        sub.set_defaults(run=run, command=name)
        return sub

    draw = command(
        "draw", _draw, "draw the computation graph with values and gradients",
        "write a picture; the ending says which: .svg .png .pdf .html .dot .txt (without -o: a tree of text)",
    )  # fmt: skip
    draw.add_argument("--partials", action="store_true", help="write the local derivative on every edge")
    draw.add_argument("--color", choices=("kind", "grad"), help="what colours mean (default: kind)")
    draw.add_argument("--rankdir", choices=("LR", "RL", "TB", "BT"), type=str.upper, help="direction (default: LR)")
    step = command(
        "step", _step, "print every forward evaluation and every application of the chain rule, in numbers",
        "write .html (a page to step through), .txt or .tex",
    )  # fmt: skip
    step.add_argument("--latex", action="store_true", help="print LaTeX (amsmath's gather*)")
    command("check", _check, "compare the gradients with finite differences", "write the report (.txt)")
    about = "write a loss of a file of Python in another language"
    home = commands.add_parser(
        "export", help=about, description=f"{about[0].upper()}{about[1:]}; the file is run.", epilog=export.ABOUT, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter, usage="%(prog)s FILE.py:NAME -o FILE [options]",
    )  # fmt: skip
    export.options(home)
    home.set_defaults(command="export")
    return parser, dict(commands.choices)


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


# --- the commands -----------------------------------------------------------------------------------------------------


def _run(args: Any) -> int:
    try:
        if args.command == "export":
            return export.export(args, _ending)
        text = console.typed(sys.stdin.read()) if args.expression == "-" else args.expression.removeprefix(" ")
        bare = text.strip()
        if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":  # of echo 'x' in cmd.exe
            text = bare[1:-1]
        result = read(text, assignments(args.values, text))
        if result.unused:
            raise Refused(f"the expression does not use {', '.join(result.unused)}")
        status: int = args.run(args, result.root)
        return status
    except (Refused, ExpressionError) as error:
        message = str(error)
    except UnicodeDecodeError as error:
        message = f"standard input is not text: {error}"
    except OSError as error:
        if args.output is None and console.reader_gone(error):
            raise
        message = f"cannot write {args.output}: {error.strerror or error}"
    print(f"micrograd {args.command}: {message}", file=sys.stderr)
    return 2


def _draw(args: Any, root: Value) -> int:
    ending = "" if args.output is None else _ending(args.output, ".svg", ".png", ".pdf", ".html", ".dot", ".txt")
    if ending in ("", ".txt"):
        given = {"--partials": args.partials, "--color": args.color, "--rankdir": args.rankdir}
        for option in (name for name, value in given.items() if value):
            raise Refused(f"{option} is for pictures and changes nothing in a tree of text: add -o graph.svg, say")
    root.backward()
    viz = importlib.import_module("viz")
    try:
        picture = viz.draw(root, labels=False, partials=args.partials, color=args.color or "kind", rankdir=args.rankdir or "LR")
        if args.output is None:
            print(picture.text)
        else:
            picture.save(args.output)
    except (RuntimeError, ImportError) as error:  # no layout program, no PDF library: it says what to install
        raise Refused(str(error)) from error
    return 0


def _step(args: Any, root: Value) -> int:
    ending = "" if args.output is None else _ending(args.output, ".html", ".txt", ".tex")
    if args.latex and ending == ".html":
        raise Refused("--latex writes LaTeX, not a page: give a name that ends in .tex, or leave --latex out")
    if ending == ".html":
        importlib.import_module("viz").step(root, names=False).save(args.output)
    elif args.latex or ending == ".tex":
        inside = " \\\\\n".join(step.latex() for step in root.steps())
        _put(args.output, [r"\begin{gather*}", inside, r"\end{gather*}"])
    else:
        _put(args.output, itertools.chain(map(str, root.steps()), _gradients(root)))
    return 0


def _check(args: Any, root: Value) -> int:
    if args.output is not None:
        _ending(args.output, ".txt")
    from micrograd.checking.checks import check_grads

    report = check_grads(root, _named(root) or None)
    _put(args.output, [str(report)])
    return 1 if report.wrong else 3 if report.undecided else 0


def _named(root: Value) -> list[Value]:
    return [v for v in root.topological() if v.op is None and v.label]


def _gradients(root: Value) -> Iterator[str]:
    """A table of the named leaves with their gradients, made when it is reached: after the steps."""
    leaves = _named(root)
    rows = [("", "value", "gradient"), *((v.label, show(v.data), show(v.grad)) for v in leaves)]
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    if leaves:
        yield ""
        yield from (f"{name:<{wide[0]}}  {data:>{wide[1]}}  {grad:>{wide[2]}}" for name, data, grad in rows)


# --- files ------------------------------------------------------------------------------------------------------------


def _ending(path: str, *known: str) -> str:
    ending = Path(path).suffix.lower()
    if os.path.isdir(path):
        raise Refused(f"cannot write {path!r}: it is a folder; write {os.path.join(path, 'graph' + known[0])}, say")
    if ending not in known:
        raise Refused(f"cannot write {path!r}: the ending must be one of {' '.join(known)}")
    return ending


def _put(path: str | None, lines: Iterable[str]) -> None:
    """Print the lines, or write them to a file, whole or not at all."""
    if path is None:
        for line in lines:
            print(line)
        return
    from micrograd.files import write

    write(path, ("\n".join(lines) + "\n").encode())
