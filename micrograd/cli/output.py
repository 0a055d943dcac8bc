"""Where a command's output goes: printed, into a file by its ending, or into the browser."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.colours import painter

TEXTS = (".txt", ".dot", ".tex")  # what a browser shows as bare text


def ending_of(path: str, *known: str) -> str:
    """The ending of a file to be written; Refused where it is none of those known."""
    ending = os.path.splitext(path)[1].lower()
    if os.path.isdir(path):
        raise Refused(f"cannot write {path!r}: it is a folder; write {os.path.join(path, 'graph' + known[0])}, say")
    if ending not in known:
        raise Refused(f"cannot write {path!r}: the ending must be one of {' '.join(known)}")
    return ending


def place(args: Any, page: str, *known: str) -> str | None:
    """The file of -o; with --open alone the name `page`, for a file that `keep` finds a place for; None: what is asked for is printed."""
    if args.output is None:
        return page if args.open else None
    if ending_of(args.output, *known) in TEXTS and args.open:
        raise Refused(f"--open shows pages and pictures, and {args.output} is text: write -o {page}, or leave -o out")
    path: str = args.output
    return path


def keep(args: Any, target: str, save: Callable[[str], object]) -> int:
    """Write the file by `save`, among the temporary ones where -o names none, and open it where --open asks for that; the exit status."""
    browse = importlib.import_module("viz.browse")
    path = str(browse.new_file(target)) if args.output is None else target
    save(path)
    if args.open:
        browse.open_page(path)
    return 0


def put(path: str | None, lines: Iterable[str]) -> None:
    """Print the lines, in colours where the terminal has them, or write them to a file, whole or not at all."""
    if path is None:
        paint = painter(sys.stdout)
        for line in lines:
            print(paint(line))
        return
    from micrograd.files import write

    write(path, ("\n".join(lines) + "\n").encode())
