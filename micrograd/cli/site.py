"""`micrograd site [CHECKOUT] -o DIR`: the pages of this repository, for any host."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import keep

ROOT = Path(__file__).parents[2]
NEEDED = ("nbconvert", "nbformat", "mistune", "pdoc", "pygments", "numpy", "hypothesis")  # the last two: pdoc reads what imports them
ABOUT = """\
The folder can be served by any host, from a sub-path too; no page asks another host for anything. Links are checked: exit
status 1 where one leads nowhere.

  micrograd site -o site && python -m http.server -d site
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "expression", metavar="CHECKOUT", nargs="?", help="the repository, with its notebooks (default: the folder you are in)"
    )
    parser.add_argument("-o", "--output", dest="output", metavar="DIR", help="the folder to make: new, empty, or an older site")
    parser.add_argument("--open", action="store_true", help="open the front page in the browser")


def site(args: Any) -> int:
    """Build it."""
    if args.output is None:
        raise Refused("where to? Add -o site, say")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise Refused(f"the site needs {', '.join(missing)}: pip install 'micrograd-lab[site]'")
    from micrograd.site.build import NotHere, build, checkout

    root = Path(args.expression) if args.expression else next((here for here in (Path(), ROOT) if checkout(here)), Path())
    out = Path(args.output)
    try:
        built = build(root, out, lambda text: print(f"{text} …", file=sys.stderr))
    except NotHere as why:
        raise Refused(str(why)) from why
    for line in built.notes + built.faults:
        print(line, file=sys.stderr)
    print(f"{built.pages} pages in {out}; {len(built.faults) or 'no'} dead link{'s' * (len(built.faults) != 1)}")
    keep(args, str(out / "index.html"), lambda path: None)
    return 1 if built.faults else 0
