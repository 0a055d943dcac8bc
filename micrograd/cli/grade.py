"""`micrograd grade EXERCISES.py ANSWER.py`: points, reasons and hints for an answer, or for each of a folder of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import put

ABOUT = """\
EXERCISES is a file of exercises (docs/exercises.md), or the number of a lesson. ANSWER is a file of Python or a notebook that hands in by
exercise("02.1").check(…), or a folder of such files, each named after its student. An answer runs in a process of its own, with a time
limit, without network, other programs, and files outside its folder; what it gives is judged here.

  micrograd grade 02 answer.py
  micrograd grade hw1.py ada.py --student ada --json results.json
  micrograd grade hw1.py handed_in/ --json results/

The JSON is in the form that Gradescope reads. Exit status: 0 all is right, 1 it is not, 2 the command or the exercises were wrong.
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="EXERCISES", nargs="?", help="a file of exercises, or the number of a lesson, such as 02")
    parser.add_argument("answer", metavar="ANSWER", nargs="?", help="a file of Python, a notebook, or a folder of them")
    parser.add_argument(
        "--student", metavar="ID", help="whose numbers (default: whom the file names; in a folder, the name of the file without its ending)"
    )
    parser.add_argument("--json", dest="output", metavar="FILE", help="write results.json; of a folder, a folder with one for each answer")
    parser.add_argument(
        "--timeout", type=float, default=20.0, metavar="S", help="seconds for the file, and for each exercise (default: 20)"
    )
    parser.add_argument(
        "--hints", type=int, default=1, choices=range(4), metavar="N", help="which of three hints is told, 0: none (default: 1)"
    )


def grade(args: Any) -> int:
    """Do it. Refused, with a sentence, where it cannot be done."""
    if args.answer is None:
        raise Refused(f"an answer is needed: micrograd grade {args.expression} answer.py")
    if not args.timeout > 0:
        raise Refused(f"--timeout {args.timeout:g}: a number of seconds above 0 is needed")
    sheet = sheet_of(args.expression.strip())
    place = Path(args.answer.removeprefix(" "))
    target = None if args.output is None else Path(args.output)
    if not place.exists():
        raise Refused(f"there is no file or folder {str(place)!r}")
    if target is not None and (target.is_dir() != place.is_dir() if target.exists() else place.is_dir() and target.suffix == ".json"):
        kind = "folder" if place.is_dir() else "file"
        raise Refused(
            f"--json {target}: for a {kind} of answers a {kind} is written" if kind == "folder" else f"--json {target} is a folder"
        )
    one = [(place, args.student, target)]
    if place.is_dir():
        one = [(p, p.stem if args.student is None else args.student, target and target / f"{p.stem}.json") for p in _answers(place)]
    from micrograd.files import write
    from micrograd.grading import as_json
    from micrograd.grading import grade as graded

    good = True
    for path, student, file in one:
        found = graded(sheet, path, student, seconds=args.timeout, hints=args.hints)
        good = good and bool(found)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file, (json.dumps(as_json(found), indent=2, ensure_ascii=False) + "\n").encode())
        put(None, str(found).splitlines() if not place.is_dir() else [_row(found)])
    return 0 if good else 1


def _row(found: Any) -> str:
    states = "  ".join(f"{r.id} {'error' if r.id in found.errors else r.status}" for r in found.results)
    return f"{found.path.name:<24} {found.score:g} of {found.points:g}  {states}"


def _answers(folder: Path) -> list[Path]:
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".py", ".ipynb") and p.is_file() and not p.name.startswith("."))
    if not found:
        raise Refused(f"{str(folder)!r} has no answers: files that end in .py or .ipynb")
    twice = [p.name for p in found if sum(q.stem == p.stem for q in found) > 1]
    if twice:
        raise Refused(f"{', '.join(twice)}: one answer a student")
    return found


def sheet_of(text: str) -> Any:
    """The exercises. Refused where they cannot be read."""
    from micrograd.exercises.format import lesson, load

    try:
        return lesson(text) if not text.endswith(".py") and not Path(text).exists() else load(text)
    except (KeyError, OSError, ValueError) as error:
        raise Refused(str(error.args[0] if isinstance(error, KeyError) else error)) from error
    except Exception as error:
        raise Refused(f"{text} ends with {type(error).__name__}: {error}") from error
