"""The command line: `micrograd draw|step|check|quiz|exercise EXPR name=value … [-o FILE] [--open]`, `micrograd diff|doctor|export|lab …`.

Exit status: 0 done, 1 the check found a wrong gradient (`diff`: a difference), 2 the command or the expression was wrong, 3 the check
could not decide, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from micrograd import console
from micrograd.cli import parser
from micrograd.cli.assignments import Refused, assignments
from micrograd.cli.colours import RED, look, wanted
from micrograd.cli.expression import ExpressionError, read
from micrograd.cli.spelling import did_you_mean

_COMPUTES = re.compile(r"[^\w-]").search  # what no command's name has


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
    if word not in parser.COMMANDS:
        every = parser.whole()
        if word == "help":
            arguments = ["--help"]
        elif word and not word.startswith("-"):
            instead = did_you_mean(word, parser.COMMANDS)
            if _COMPUTES(word):
                instead = f': say what to do with it first, micrograd step "{word}" …'  # quotes that every shell knows
            every.error(f"there is no command {word!r} (there are {', '.join(parser.COMMANDS)}){instead}")
        return every.parse_args(arguments)
    command = parser.command(word)
    found, unknown = command.parse_known_intermixed_args(_shielded(_unquoted(arguments[1:])))
    if unknown:
        name, _, number = unknown[0].partition("=")
        options = [option for action in command._actions for option in action.option_strings]
        instead = f": write {name.lstrip('-')}={number}" if number else did_you_mean(name, options)
        command.error(f"there is no option {name}{instead}")
    if found.expression is None and found.needed:
        command.error(found.needed)
    return found


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


def _run(args: Any) -> int:
    try:
        if args.alone is not None:
            return int(args.alone(args))
        if args.command == "exercise":
            from micrograd.cli import classroom

            if classroom.wanted(args):
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
