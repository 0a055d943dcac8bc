"""`micrograd exercise … --class 30`: a sheet for each student with its key."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused, assignments
from micrograd.cli.expression import ExpressionError, read
from micrograd.cli.output import ending_of, keep, place

LESSON = re.compile(r"\d\d")


def options(parser: argparse.ArgumentParser) -> None:
    """What `exercise` takes for a class."""
    parser.add_argument("--class", dest="count", type=int, metavar="N", help="a sheet for each of N students, no two equal, and the keys")
    parser.add_argument("--names", metavar="FILE", help="a sheet for each name in a file of text, one a line")
    parser.add_argument("--keys", metavar="FILE", help="of a class: write the keys to a second file (default: at the end of the first)")
    parser.add_argument("--paper", choices=("A4", "Letter"), help="of a class, the paper of a PDF (default: A4)")


def wanted(args: Any) -> bool:
    """Whether the command is about a class, or a file of exercises."""
    return args.count is not None or args.names is not None or args.expression.strip().endswith(".py")


def sheets(args: Any) -> int:
    """The sheets of a class. Refused, with a sentence, where they cannot be had."""
    from micrograd.classroom.sheets import Unequal

    if args.count is None and args.names is None:
        raise Refused(f"{args.expression.strip()}: a file of exercises is printed for a class: add --class 30, or --names names.txt")
    target = place(args, "sheets.html", ".html", ".pdf")
    if target is None:
        raise Refused("the sheets of a class are a file: add -o sheets.html, or -o sheets.pdf, or --open to see them in the browser")
    if args.keys is not None:
        ending_of(args.keys, ".html", ".pdf")
        if args.output is not None and Path(args.keys).resolve() == Path(args.output).resolve():
            raise Refused(f"--keys {args.keys} is the file of the sheets: give it another name, or leave --keys out")
    try:
        made = _made(args, [] if args.names is None else listed(args.names))
        made.how = _again(args, len(made))
        apart = args.keys is not None
        first = _written(made, target, args.paper or "A4", sheets=True, keys=not apart)
        second = _written(made, args.keys, args.paper or "A4", sheets=False, keys=True) if apart else b""
    except (Unequal, RuntimeError, ImportError) as error:
        raise Refused(str(error)) from error
    from micrograd.files import write

    if apart:
        write(args.keys, second)
    return keep(args, target, lambda path: write(path, first))


def _again(args: Any, count: int) -> str:
    """The command that makes the same sheets."""
    text = args.expression.strip()
    words = [text if re.fullmatch(r"[\w./-]+", text) else f'"{text}"', *args.values]
    names = [] if args.names is None else ["--names", args.names]
    blanks = [] if args.blanks is None else ["--blanks", str(args.blanks)]
    return " ".join(["micrograd exercise", *words, f"--class {count}", *names, *blanks, f"--seed {args.seed}"])


def _written(made: Any, target: str, paper: str, **what: bool) -> bytes:
    if target.lower().endswith(".pdf"):
        from micrograd.classroom.paper import pdf

        return pdf(made, paper, **what)
    from micrograd.classroom.page import page

    return page(made, **what).encode()


def listed(path: str) -> list[str]:
    """The names of a file of text. Refused where there are none."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"--names {path}: it is no text in UTF-8 ({error.reason} at byte {error.start})") from None
    except OSError as error:
        raise Refused(f"--names {path}: {error.strerror or error}") from None
    found = [" ".join(line.split()) for line in text.splitlines()]
    names = [name for name in found if name and not name.startswith("#")]
    if not names:
        raise Refused(f"--names {path}: there is no name in it; one stands on each line")
    return names


def _made(args: Any, names: list[str]) -> Any:
    from micrograd.classroom import of_exercises, of_expression

    text = args.expression.removeprefix(" ")
    if text.strip().endswith(".py") or LESSON.fullmatch(text.strip()):
        from micrograd.cli.grade import sheet_of

        if args.values:
            raise Refused(f"{args.values[0]!r}: a file of exercises draws its own numbers")
        if args.blanks is not None:
            raise Refused("--blanks is for an expression: a file of exercises says itself what is asked")
        try:
            return of_exercises(sheet_of(text.strip()), args.count, names, args.seed)
        except ValueError as error:  # an exercise that is wrong says which
            raise Refused(str(error)) from error
    draws = _draws(text, args.values)

    def at(numbers: Mapping[str, float]) -> Any:
        return read(text, numbers).root

    try:
        blanks = 1.0 if args.blanks is None else args.blanks
        return of_expression(text, at, draws, args.count, names, args.seed, blanks)
    except ValueError as error:
        raise Refused(str(error)) from error


def _draws(text: str, pairs: list[str]) -> dict[str, Any]:
    """What each name of the expression is, or is drawn from. ExpressionError where it is none."""
    from micrograd.classroom.drawn import ranged

    given = [pair for pair in pairs if ranged(pair.partition("=")[2]) is not None]
    fixed = assignments([pair for pair in pairs if pair not in given], text)
    draws: dict[str, Any] = dict(fixed)
    for pair in given:
        name, _, span = pair.partition("=")
        draws |= dict.fromkeys(assignments([f"{name}=1"], text), ranged(span))
        if name.strip() in fixed:
            raise Refused(f"{name.strip()!r} is given twice")
    for trial in (1.0, 0.5, 2.0, -0.7):  # outside its domain at one of them
        try:
            unused = _completed(text, draws, trial)
            break
        except ExpressionError as error:
            wrong = error
    else:
        raise wrong
    if unused:
        raise Refused(f"the expression does not use {', '.join(unused)}")
    return draws


def _completed(text: str, draws: dict[str, Any], trial: float) -> tuple[str, ...]:
    """Names of the expression that nothing is said of are drawn too; the names that it does not use."""
    from micrograd.classroom.drawn import USUAL

    values = {name: x if isinstance(x, float) else trial for name, x in draws.items()}
    while True:
        try:
            return read(text, values).unused
        except ExpressionError as error:
            word = error.text[error.start : error.end]
            if "has no value" not in error.message or word in values:
                raise
            values[word] = trial
            draws[word] = USUAL
