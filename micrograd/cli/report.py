"""`micrograd report FOLDER`: what a class is stuck at, from a folder of results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import keep, place, put

ABOUT = """\
FOLDER holds results of `micrograd grade … --json FOLDER` (one file a student, Gradescope's form) and reports of
`micrograd doctor … -o NAME.json`; the folders in it are looked through too. The report has a table of students and exercises, the
misconceptions by name, the exercises that nobody solved, and how the points are spread. Files that cannot be read are named and left out.

  micrograd report results/                              as text
  micrograd report results/ -o report.html --open
  micrograd report results/ -o report.html --anonymous   numbers in place of names

Exit status: 0 done, 2 the command was wrong, or there was nothing to report.
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="FOLDER", nargs="?", help="a folder of results (.json)")
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write the report: .html or .txt (without -o it is printed)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser; without -o the file is a temporary one")
    parser.add_argument("--anonymous", action="store_true", help="numbers in place of names, and no file names")
    parser.add_argument("--title", metavar="TEXT", help="what stands above it (default: the name of the exercises)")


def report(args: Any) -> int:
    """The report on a class."""
    from micrograd.classroom.report import gathered
    from micrograd.files import write

    folder = Path(args.expression.removeprefix(" "))
    if not folder.is_dir():
        raise Refused(f"there is no folder {str(folder)!r}")
    target = place(args, "report.html", ".html", ".txt")
    found = gathered(folder, anonymous=args.anonymous, title=args.title or "")
    if not found.students:
        skipped = "".join(f"\n  {line}" for line in found.skipped[:20])
        raise Refused(
            f"{str(folder)!r} has no results: files of `micrograd grade … --json FOLDER` or `micrograd doctor … -o NAME.json`{skipped}"
        )
    if target is None or target.lower().endswith(".txt"):
        put(target, str(found).splitlines())
        return 0
    from micrograd.classroom.report_page import page

    return keep(args, target, lambda path: write(path, page(found).encode()))
