"""What of the repository becomes which page, and how one page links to another: always relative, so a site may lie anywhere."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from micrograd.files import write

# Documents, with what the list of pages calls them ("" for those that others link to); more are in docs.
DOCUMENTS = {
    "notebooks/README.md": ("lessons/index.html", "Lessons"),
    "benchmarks/results.md": ("speed.html", "Speed"),
    "benchmarks/accuracy.md": ("accuracy.html", "Accuracy"),
    "benchmarks/engines.md": ("engines.html", "True digits"),
    "benchmarks/libms.md": ("libms.html", ""),
    "docs/design.md": ("docs/design.html", "Design"),
    "README.md": ("readme.html", "Read me"),
    "CONTRIBUTING.md": ("contributing.html", ""),
    "CHANGELOG.md": ("changelog.html", ""),
}
FRONT, REFERENCE, SHEET, STYLE = "index.html", "reference/index.html", "sheet.html", "site.css"
TEXTS = (".py", ".pyi", ".js", ".mjs", ".c", ".h", ".cfg", ".toml", ".css", ".sh", ".json")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)


class DeadLink(Exception):
    """A document links to what is not there."""


class House:
    """A checkout and the site that is made of it."""

    def __init__(self, root: Path, out: Path) -> None:
        self.root, self.out = root, out
        self.pages = {source: page for source, (page, _) in DOCUMENTS.items() if (root / source).is_file()}
        self.pages |= {f"docs/{path.name}": f"docs/{path.stem}.html" for path in sorted(root.glob("docs/*.md"))}
        self.lessons = self._course()
        self.pages |= {lesson: f"lessons/{Path(lesson).stem}.html" for lesson in self.lessons}
        self.sources: dict[str, str] = {}  # files that a page links to, and where their page is
        self.files: set[str] = set()  # files that go along as they are
        self.written: list[str] = []

    def _course(self) -> list[str]:
        """The lessons in the order in which notebooks/README.md links to them, then those that it does not name."""
        course = self.root / "notebooks/README.md"
        told = re.findall(r"\]\(([^)/]+\.ipynb)\)", course.read_text(encoding="utf-8")) if course.is_file() else []
        there = sorted(path.name for path in self.root.glob("notebooks/*.ipynb"))
        return [f"notebooks/{name}" for name in dict.fromkeys([*(name for name in told if name in there), *there])]

    def link(self, here: str, target: str) -> str:
        """The address to write in the page of the document `here` for a link of its own; DeadLink where it leads nowhere."""
        if ELSEWHERE.match(target) or target.startswith("#"):
            return target
        path, mark, anchor = target.partition("#")
        source = posixpath.normpath(posixpath.join(posixpath.dirname(here), path))
        return relative(self.pages[here], self._page(source, f"{here}: {target}")) + mark + anchor

    def _page(self, source: str, said: str) -> str:
        if source in self.pages:
            return self.pages[source]
        path = self.root / source
        if source.startswith("..") or not path.is_file():
            raise DeadLink(f"{said} leads nowhere")
        if path.suffix in TEXTS or path.name in ("LICENSE", "run"):
            return self.sources.setdefault(source, f"source/{source}.html")
        self.files.add(source)
        return source

    def put(self, page: str, content: str | bytes) -> None:
        """Write a file of the site."""
        target = self.out / page
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, content if isinstance(content, bytes) else content.encode())
        self.written.append(page)


def relative(here: str, there: str) -> str:
    """The way from one page of the site to another.

    >>> relative("lessons/01.html", "site.css"), relative("index.html", "lessons/01.html")
    ('../site.css', 'lessons/01.html')
    """
    return posixpath.relpath(there, posixpath.dirname(here) or ".")
