"""`micrograd diff EXPR EXPR name=value … [-o FILE] [--open]`: two expressions of the same numbers, compared."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from typing import Any

from micrograd import console
from micrograd.cli.assignments import Refused, assignments
from micrograd.cli.expression import Result, read
from micrograd.cli.output import keep, place, put

ABOUT = """\
What is only in one, what was made in another way, what has another number and by how much, where they first part: going forward, and
going back for the gradients. Exit status: 0 they are alike, 1 they differ, 2 the command was wrong.

  micrograd diff "log(1 + exp(x))" "softplus(x)" x=30
  micrograd diff "(a + b)**2" "a**2 + 2*a*b + b**2" a=1e8 b=1 -o diff.html
  micrograd diff "tanh(w*x + b)" "tanh(w*x - b)" w=2 x=1 b=0.5 --open
"""


_ASSIGNS = re.compile(r" ?\w+=[^=;\n]*").fullmatch  # a name=value where the second expression should be


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="EXPR", nargs="?", help="the first expression; - reads it from standard input")
    parser.add_argument("other", metavar="EXPR", nargs="?", help="the second one")
    parser.add_argument("values", metavar="name=value", nargs="*", help="a number for each name of both")
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write .html .svg .png .pdf or .txt")
    parser.add_argument("--open", action="store_true", help="open it in the browser; without -o the file is a temporary one")
    parser.add_argument("--beside", action="store_true", help="draw two pictures side by side in place of one of both")
    parser.add_argument("--ulps", type=int, default=0, metavar="N", help="numbers so many doubles apart are the same (default: 0)")


def diff(args: Any) -> int:
    """Compare them: status 1 where something differs."""
    target = place(args, "diff.html", ".html", ".svg", ".png", ".pdf", ".txt")
    if args.other is None or (_ASSIGNS(args.other) and re.search(rf"\b{args.other.split('=')[0].strip()}\b", args.expression)):
        raise Refused(f'a second expression is needed: micrograd diff "{args.expression}" "…" …')
    texts = [console.typed(sys.stdin.read()) if text == "-" else text.removeprefix(" ") for text in (args.expression, args.other)]
    given = assignments(args.values, texts[0])
    results: list[Result] = [read(text, given) for text in texts]
    unused = [name for name in results[0].unused if name in results[1].unused]
    if unused:
        raise Refused(f"neither expression uses {', '.join(unused)}")
    roots = [result.root for result in results]
    for root in roots:
        root.backward()
    try:
        found = importlib.import_module("viz").diff(*roots, names=("first", "second"), ulps=args.ulps, labels=False, beside=args.beside)
        if target is None:
            put(None, str(found).splitlines())
        else:
            keep(args, target, found.save)
    except (ValueError, RuntimeError, ImportError) as error:  # no layout program, no PDF library: it says what to install
        raise Refused(str(error)) from error
    return 0 if found.alike else 1
