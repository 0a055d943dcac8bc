"""The notebooks as pages, by nbconvert: their pictures, tables and steppers as they were saved, and a way to the next lesson."""

from __future__ import annotations

import html
import re
from functools import cache
from importlib import import_module
from typing import Any

from micrograd.site.house import House, relative
from micrograd.site.markdown import rendered
from micrograd.site.shell import page

FIGURE = re.compile(r'alt="No description has been provided for this image"')
SCROLLED = '<div style="overflow:auto"><img'  # a picture of a notebook, which may be wider than the page


def lessons(house: House) -> dict[str, str]:
    """Write every lesson; gives the page and the title of each."""
    exporter = _exporter()(template_name="basic")
    formats: Any = import_module("nbformat")
    books = {source: formats.read(house.root / source, as_version=4) for source in house.lessons}
    titles = {source: _title(book) for source, book in books.items()}
    for i, source in enumerate(house.lessons):
        exporter.house, exporter.here = house, source
        books[source]["metadata"]["language_info"]["pygments_lexer"] = "python"  # IPython's own comes with IPython alone
        body, _ = exporter.from_notebook_node(books[source])
        body = FIGURE.sub(f'alt="Figure of the lesson {html.escape(titles[source])}, made by the code above it"', body)
        body = body.replace("<pre>", '<pre tabindex="0">').replace(SCROLLED, SCROLLED.replace(">", ' tabindex="0">', 1))
        ways = [(house.lessons[k], word) for k, word in ((i - 1, "←"), (i + 1, "→")) if 0 <= k < len(house.lessons)]
        links = "".join(
            f'<a href="{relative(house.pages[source], house.pages[other])}">{word} {html.escape(titles[other])}</a>' for other, word in ways
        )
        whole = f'{body}<nav class="ways" aria-label="Lessons before and after">{links}</nav>'
        house.put(house.pages[source], page(house, house.pages[source], titles[source], whole, "lesson"))
    return {house.pages[source]: title for source, title in titles.items()}


def _title(book: Any) -> str:
    first = next((cell["source"] for cell in book["cells"] if cell["cell_type"] == "markdown"), "")
    found = re.match(r"# (.+)", first)
    return found[1].strip() if found else "Lesson"


@cache
def _exporter() -> Any:
    base: Any = import_module("nbconvert").HTMLExporter

    class Exporter(base):  # type: ignore[misc]
        """HTML whose Markdown is that of the site's documents."""

        house: House
        here: str

        def default_filters(self) -> Any:
            yield from super().default_filters()
            yield "markdown2html", self._markdown

        def _markdown(self, source: str) -> str:
            return rendered(self.house, self.here, source, part=True)[0]

    return Exporter
