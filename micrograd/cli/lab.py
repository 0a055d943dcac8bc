"""`micrograd lab [FILE.py] [-o lab.html] [--open]`: the lab as one HTML file, with Python in it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import ending_of, keep

ABOUT = """\
The page has an editor at the left and at the right the graph, the stepper, the checks and the output, which follow while one types.
It opens from a disk, without a network and without Python: that is in the file (Pyodide, fetched once by npm and kept). FILE.py is what
stands in the editor at first; it is not run here.

  micrograd lab --open
  micrograd lab lesson.py -o lesson.html
  micrograd lab --small -o lab.html               half the size, some seconds more to start
  micrograd lab --online https://example.org/pyodide/ -o lab.html
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="FILE.py", nargs="?", default="", help="a program to begin with (default: a neuron)")
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write the page (.html; default: lab.html)")
    parser.add_argument("--open", action="store_true", help="open it in the browser; without -o the file is a temporary one")
    parser.add_argument("--small", action="store_true", help="leave the memory snapshot out: 9 MB less, and some seconds more to start")
    parser.add_argument("--online", metavar="URL", help="a page of 2 MB that loads the same Pyodide from this address, by its digest")


def lab(args: Any) -> int:
    """Do it. Refused, with a sentence, where something is missing."""
    from micrograd.lab import page, runtime

    program, name = None, ""
    if args.expression:
        path = Path(args.expression.removeprefix(" "))
        if path.suffix != ".py":
            raise Refused(f"{str(path)!r} is not a file of Python, such as lesson.py")
        try:
            program, name = path.read_text(encoding="utf-8"), path.name
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"cannot read {str(path)!r}: {getattr(error, 'strerror', None) or error}") from error
    if args.output is not None:
        ending_of(args.output, ".html")
    if args.online is not None and not args.online.startswith(("https://", "http://")):
        raise Refused(f"--online {args.online}: an address is needed, such as https://example.org/pyodide/")
    online = None if args.online is None else args.online.rstrip("/") + "/"
    try:
        content, said = page.build(program, name=name, small=args.small, online=online)
    except (runtime.Missing, RuntimeError, ValueError) as error:
        raise Refused(str(error)) from error
    if args.output is None and not args.open:
        args.output = "lab.html"
    from micrograd.files import write

    status = keep(args, args.output or "lab.html", lambda target: write(target, content))
    for line in [*said, *([] if args.output is None else [f"{args.output}: {len(content) / 1e6:.1f} MB"])]:
        print(line)
    return status
