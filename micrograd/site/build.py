"""The site, built page by page and then checked as a crawler would."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from micrograd.sheet import page as sheet
from micrograd.site.front import front
from micrograd.site.house import DOCUMENTS, SHEET, STYLE, DeadLink, House
from micrograd.site.lab import lab
from micrograd.site.lessons import lessons
from micrograd.site.links import faults
from micrograd.site.markdown import coloured, rendered
from micrograd.site.policy import guard
from micrograd.site.reference import reference
from micrograd.site.shell import page

STATIC = Path(__file__).with_name("static")
MARK = ".micrograd-site"  # a folder with this file was made here, and may be made anew
LANGUAGES = {
    ".py": "python", ".pyi": "python", ".js": "javascript", ".mjs": "javascript", ".c": "c", ".h": "c", ".cfg": "ini", ".toml": "toml",
    ".css": "css", ".sh": "sh", ".json": "json",
}  # fmt: skip


class NotHere(Exception):
    """Why the site cannot be built; the message says what to do."""


@dataclass
class Built:
    """What was built: the number of pages, what could not be told, what is wrong with the links."""

    pages: int
    notes: list[str]
    faults: list[str]


def checkout(folder: Path) -> bool:
    """Whether the lessons are in `folder`, and the code that they are about."""
    return all((folder / name).is_file() for name in ("notebooks/README.md", "micrograd/engine.py"))


def build(root: Path, out: Path, say: Callable[[str], object] = lambda text: None) -> Built:
    """Build the site of the checkout `root` in the folder `out`, which appears whole or not at all; `say` hears what is being done.

    `out` is empty, new, or an older site. NotHere where that is not so, where `root` has no lessons, or where a document has a dead link.
    """
    if not checkout(root):
        raise NotHere(f"{root.resolve()} is no checkout of micrograd-lab: the lessons are in its folder notebooks; go there, or name it")
    _check(out)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as place:
        made = Path(place) / out.name
        made.mkdir()
        (made / MARK).write_text("Made by `micrograd site`, which may remove all that is here.\n", encoding="utf-8")
        built = _build(root, made, say)
        if out.is_dir():
            shutil.rmtree(out)
        made.rename(out)
    return built


def _build(root: Path, out: Path, say: Callable[[str], object]) -> Built:
    house = House(root, out)
    try:
        say("lab")
        lacking = lab(house)
        say("lessons")
        titles = lessons(house)
        say("reference")
        notes = reference(house)
        say("documents")
        _documents(house)
        house.put(SHEET, sheet())
        front(house, titles, lacking)
        _sources(house)
    except DeadLink as dead:
        raise NotHere(str(dead)) from dead
    house.put(STYLE, (STATIC / STYLE).read_bytes())
    for name in sorted(house.files):
        house.put(name, (root / name).read_bytes())
    for path in sorted(out.rglob("*.html")):
        guard(path)
    say("links")
    notes += [f"no lab on the front page: {lacking}"] if lacking else []
    return Built(sum(1 for _ in out.rglob("*.html")), notes, faults(out))


def _check(out: Path) -> None:
    """NotHere where this folder is no place for a site."""
    if out.exists() and not out.is_dir():
        raise NotHere(f"{out} is a file, and a site is a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise NotHere(f"{out} is not empty, and no site that this command made: give another folder")


def _documents(house: House) -> None:
    for source, place in house.pages.items():
        if source.endswith(".md"):
            body, title = rendered(house, source, (house.root / source).read_text(encoding="utf-8"))
            name = DOCUMENTS.get(source, ("", ""))[1] or Path(source).stem
            head = "" if title else f"<h1>{name}</h1>\n"
            house.put(place, page(house, place, title or name, head + body))


def _sources(house: House) -> None:
    """The files of the repository that pages link to, in colours."""
    for source, place in house.sources.items():
        text = coloured((house.root / source).read_text(encoding="utf-8"), LANGUAGES.get(Path(source).suffix, "text"))
        house.put(place, page(house, place, source, f"<h1><code>{source}</code></h1>\n{text}", "source"))
