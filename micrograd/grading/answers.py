"""A file that somebody hands in, read without running it: a file of Python or a notebook, as pieces that are run one after the other."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import NamedTuple

LARGEST = 4_000_000  # bytes


class Piece(NamedTuple):
    """A file, or a cell of a notebook: what it is called, and its text."""

    name: str
    text: str


class Answer(NamedTuple):
    """student: whom the file itself names by `student("…")`, None where it names nobody."""

    path: Path
    pieces: list[Piece]
    student: str | None


class Unreadable(ValueError):
    """No Python, no notebook, or too large; the message says what."""


def read(path: Path) -> Answer:
    """The pieces of an answer. Unreadable where it is none."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path.name} is no text in UTF-8: {error.reason} at byte {error.start}") from error
    if len(raw) > LARGEST:
        raise Unreadable(f"{path.name} has {len(raw):,} bytes; {LARGEST:,} are the most")
    pieces = _cells(path.name, text) if path.suffix.lower() == ".ipynb" else [Piece(path.name, text)]
    return Answer(path, pieces, named_in([piece.text for piece in pieces]))


def _cells(name: str, text: str) -> list[Piece]:
    try:
        cells = json.loads(text)["cells"]
        code = [c["source"] for c in cells if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"{name} is no notebook: {type(error).__name__}: {error}") from error
    pieces = []
    for k, source in enumerate(code, 1):
        whole = source if isinstance(source, str) else "".join(map(str, source))
        plain = "\n".join("" if line.lstrip()[:1] in ("%", "!", "?") else line for line in whole.splitlines())
        if plain.strip():
            pieces.append(Piece(f"cell {k}", plain))
    return pieces


def named_in(texts: list[str]) -> str | None:
    """The last name that a call `student("…")` gives."""
    found = None
    for text in texts:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called == "student" and isinstance(node.args[0].value, str):
                    found = node.args[0].value.strip()
    return found
