"""`micrograd sheet [-o sheet.html] [--open]`: formulas and words on two sides of A4."""

from __future__ import annotations

import argparse
from typing import Any

from micrograd.cli.output import ending_of, keep

ABOUT = """\
Two sides of A4: the formulas of all operations with their derivatives, made from their table, and the words of the lessons.
Print the page from the browser.

  micrograd sheet --open
  micrograd sheet -o sheet.html
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write the page (.html; default: sheet.html)")
    parser.add_argument("--open", action="store_true", help="open it in the browser; without -o the file is a temporary one")


def sheet(args: Any) -> int:
    """Write it."""
    from micrograd.files import write
    from micrograd.sheet import page

    if args.output is not None:
        ending_of(args.output, ".html")
    elif not args.open:
        args.output = "sheet.html"
    return keep(args, args.output or "sheet.html", lambda target: write(target, page().encode()))
