"""A crawler of a folder of pages: what leads nowhere, and what would be asked of another host."""

from __future__ import annotations

import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

FETCHED = {
    "script": ("src",), "link": ("href",), "img": ("src", "srcset"), "iframe": ("src",), "source": ("src", "srcset"), "object": ("data",),
    "video": ("src", "poster"), "audio": ("src",), "embed": ("src",), "use": ("href", "xlink:href"), "image": ("href", "xlink:href"),
}  # fmt: skip
FOLLOWED = {"a": ("href",), "area": ("href",)}
INSIDE = ("data:", "about:", "blob:")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.I)
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.fetched: list[str] = []
        self.followed: list[str] = []
        self.anchors: set[str] = set()
        self._in_style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        for name in FETCHED.get(tag, ()):
            if name in given:
                self.fetched += [part.split()[0] for part in given[name].split(", ")] if name == "srcset" else [given[name]]
        self.followed += [given[name] for name in FOLLOWED.get(tag, ()) if name in given]
        self.fetched += in_style(given.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.fetched += in_style(data)


def in_style(text: str) -> list[str]:
    """What a style sheet fetches."""
    return [a or b for a, b in _IN_STYLE.findall(text)]


def faults(folder: Path) -> list[str]:
    """One sentence for each link in `folder` that leads nowhere, out of it, or asks another host, and each page that nobody reaches."""
    pages = {path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}
    found, reached = [], {"index.html"}
    for sheet in sorted(folder.rglob("*.css")):
        here = sheet.relative_to(folder).as_posix()
        found += [f"{here}: {why}" for link in in_style(sheet.read_text(encoding="utf-8")) if (why := _wrong(folder, pages, here, link))]
    for here, page in pages.items():
        for link in page.fetched:
            if ELSEWHERE.match(link) and not link.startswith(INSIDE):
                found.append(f"{here}: {link} is asked of another host")
        for link in page.fetched + page.followed:
            if not ELSEWHERE.match(link):
                why = _wrong(folder, pages, here, link)
                found += [f"{here}: {why}"] if why else []
                reached.add(_target(here, link)[0])
    return found + [f"{here}: no page leads here" for here in pages if here not in reached]


def _target(here: str, link: str) -> tuple[str, str]:
    path, anchor = urldefrag(link)
    path = unquote(path.partition("?")[0])
    return (posixpath.normpath(posixpath.join(posixpath.dirname(here), path)) if path else here), unquote(anchor)


def _wrong(folder: Path, pages: dict[str, Page], here: str, link: str) -> str:
    if link.startswith("/"):
        return f"{link} begins at the host's root: the site would work at one place only"
    if ELSEWHERE.match(link):
        return "" if link.startswith(INSIDE) else f"{link} is asked of another host"
    target, anchor = _target(here, link)
    if target.startswith(".."):
        return f"{link} leads out of the site"
    if not (folder / target).is_file():
        return f"{link} leads nowhere"
    if anchor and target in pages and anchor not in pages[target].anchors:
        return f"{link}: there is no such place on that page"
    return ""
