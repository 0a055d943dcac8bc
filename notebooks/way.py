"""The way through the lessons: `python notebooks/way.py` writes it into every notebook, `--check` says where it is not so.

The tables of notebooks/README.md are the one place where a lesson's title, minutes and the lessons that it needs stand, and their order is
the order of the course. From them each notebook's first cell gets its title and its last lines: minutes, what it comes after, and links
to the lessons before and behind it. What else is needed ("*Needs the extra …*") the author writes.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
ROW = re.compile(r"^\| (\d\d) \| \[([^]]+)\]\((\S+\.ipynb)\) \| (\d+) \| ([\d, ]*|–) \| (.+) \|$", re.M)
LINE = re.compile(r"\n\n\*\*\d+ minutes\*\*[^\n]*(?:\n(?!\n)[^\n]*)*\s*$")
OLD = re.compile(r"\s*(?:Before(?: this)?|Next|Here the course ends[^:]*):\s+\[.*?\)\.(?=\s|\*|$)", re.S)  # as authors wrote it by hand


class Lesson(NamedTuple):
    """A row of the table."""

    number: str
    title: str
    file: str
    minutes: int
    after: tuple[str, ...]


def lessons(text: str) -> list[Lesson]:
    """The rows of all tables of lessons in a text, in their order."""
    return [Lesson(n, title, file, int(minutes), tuple(re.findall(r"\d\d", after))) for n, title, file, minutes, after, _ in ROW.findall(text)]


def line(every: list[Lesson], k: int) -> str:
    """The last lines of the first cell of lesson k."""
    here, by_number = every[k], {lesson.number: lesson for lesson in every}
    parts = [f"**{here.minutes} minutes**"]
    if here.after:
        parts.append("after " + ", ".join(f"[{n}]({by_number[n].file})" for n in here.after))
    if k:
        parts.append(f"previous: [{every[k - 1].title}]({every[k - 1].file})")
    if k + 1 < len(every):
        parts.append(f"next: [{every[k + 1].title}]({every[k + 1].file})")
    return " · ".join(parts)


def first_cell(source: str, every: list[Lesson], k: int) -> str:
    """The first cell as it should be."""
    body = OLD.sub("", LINE.sub("", source)).rstrip()
    body = re.sub(r"^# .+", f"# {every[k].title}", body, count=1)
    return f"{body}\n\n{line(every, k)}"


def pace(book: dict[str, Any]) -> float:
    """Minutes for reading a notebook without its exercises: 130 words or 10 lines of code a minute, and 3/4 to guess and run a cell."""
    cells = [(c["cell_type"], "".join(c["source"])) for c in book["cells"]]
    cells = cells[: next((k for k, (_, text) in enumerate(cells) if "## Exercises" in text), len(cells) - 1) + 1]
    told = " ".join(text.split("## Exercises")[0] for kind, text in cells if kind == "markdown")
    told = re.sub(r"<details>.*?</details>", "", told, flags=re.S)
    code = [text for kind, text in cells if kind == "code" and not re.search(r"^(exercise|tally)\(", text, re.M)]
    return len(told.split()) / 130 + 0.75 * len(code) + sum(1 for text in code for row in text.splitlines() if row.strip()) / 10


def faults(folder: Path = FOLDER, write: bool = False) -> list[str]:
    """What is not as the table says; with write=True it is made so, where that can be done."""
    every = lessons((folder / "README.md").read_text(encoding="utf-8"))
    found = [f"{path.name} is in no table" for path in sorted(folder.glob("*.ipynb")) if path.name not in {x.file for x in every}]
    numbers = [lesson.number for lesson in every]
    found += [f"{n} stands twice" for n in sorted({n for n in numbers if numbers.count(n) > 1})]
    for k, lesson in enumerate(every):
        if not lesson.file.startswith(f"{lesson.number}_"):
            found.append(f"{lesson.number} is not the number of {lesson.file}")
        if not lesson.title.endswith("?"):
            found.append(f"{lesson.number}: the title is a question, and {lesson.title!r} is none")
        found += [f"{lesson.number} comes after {n}, which is no lesson before it" for n in lesson.after if n not in numbers[:k]]
        path = folder / lesson.file
        if not path.is_file():
            found.append(f"{lesson.file} is not there")
            continue
        text = path.read_text(encoding="utf-8")
        book = json.loads(text)
        if abs(pace(book) - lesson.minutes) > max(8, lesson.minutes / 3):
            found.append(f"{lesson.file}: {lesson.minutes} minutes, by the pace of the others {pace(book):.0f}")
        if any(n not in numbers for n in lesson.after):
            continue
        cell = book["cells"][0]
        old = "".join(cell["source"])
        new = first_cell(old, every, k)
        if new == old:
            continue
        if not write:
            found.append(f"{lesson.file}: title or way is not the table's; run python notebooks/way.py")
            continue
        cell["source"] = new.splitlines(keepends=True)
        indent = len(re.search(r"\n( +)", text)[1])  # type: ignore[index]
        path.write_text(json.dumps(book, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    said = faults(write="--check" not in sys.argv)
    print("\n".join(textwrap.fill(fault, 140) for fault in said) or "the way through is as the tables say")
    sys.exit(bool(said))
