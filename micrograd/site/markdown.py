"""Documents in Markdown as HTML, by mistune and Pygments: headings have the anchors that GitHub gives, links lead to pages of the site."""

from __future__ import annotations

import html
import re
from importlib import import_module
from typing import Any

from micrograd.site.house import House

PLUGINS = ["table", "strikethrough", "url"]


def rendered(house: House, here: str, text: str, part: bool = False) -> tuple[str, str]:
    """A document's HTML and its title, which is its first heading of the first level ("" without one).

    part: it is one cell of several, whose headings keep their levels.
    """
    mistune: Any = import_module("mistune")
    tokens = mistune.create_markdown(renderer=None, plugins=PLUGINS)(text)
    found = sorted({token["attrs"]["level"] for token in tokens if token["type"] == "heading"})
    levels = {level: level if part else i + (1 if found[0] == 1 else 2) for i, level in enumerate(found)}
    made = _renderer(mistune)(house, here, levels)
    body: str = mistune.create_markdown(renderer=made, plugins=PLUGINS)(text)
    return body, made.title


def slug(text: str) -> str:
    """The anchor of a heading.

    >>> slug("Why the layout <em>exists</em> twice")
    'why-the-layout-exists-twice'
    """
    plain = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


def coloured(code: str, language: str = "") -> str:
    """Source code as HTML, in the colours of `site.css`; a person with a keyboard can scroll it."""
    pygments: Any = import_module("pygments")
    lexers: Any = import_module("pygments.lexers")
    formatter: Any = import_module("pygments.formatters").HtmlFormatter(nowrap=True)
    try:
        lexer = lexers.get_lexer_by_name("pycon" if code.startswith(">>> ") else language or "text")
    except lexers.ClassNotFound:
        lexer = lexers.get_lexer_by_name("text")
    return f'<pre class="highlight" tabindex="0"><code>{pygments.highlight(code, lexer, formatter)}</code></pre>\n'


def _renderer(mistune: Any) -> Any:
    class Renderer(mistune.HTMLRenderer):  # type: ignore[misc]
        """Tables scroll alone, levels of headings follow each other without a gap, links go to pages."""

        def __init__(self, house: House, here: str, levels: dict[int, int]) -> None:
            super().__init__(escape=False)
            self.house, self.here, self.levels, self.title = house, here, levels, ""
            self.seen: dict[str, int] = {}

        def heading(self, text: str, level: int, **more: Any) -> str:
            if level == 1 and not self.title:
                self.title = html.unescape(re.sub(r"<[^>]+>", "", text))
            name, level = slug(text), self.levels[level]
            count = self.seen.get(name, 0)
            self.seen[name] = count + 1
            anchor = f"{name}-{count}" if count else name
            return f'<h{level} id="{anchor}">{text}</h{level}>\n'

        def link(self, text: str, url: str, title: str | None = None) -> str:
            made: str = super().link(text, self.house.link(self.here, url), title)
            return made

        def image(self, text: str, url: str, title: str | None = None) -> str:
            return f'<img src="{html.escape(self.house.link(self.here, url))}" alt="{html.escape(text)}" loading="lazy">'

        def block_code(self, code: str, info: str | None = None) -> str:
            return coloured(code, (info or "").split(" ")[0])

        def table(self, text: str) -> str:
            return f'<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>{text}</table></div>\n'

        def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
            tag, style = "th" if head and text.strip() else "td", f' style="text-align:{align}"' if align else ""
            return f"<{tag}{style}>{text}</{tag}>\n"

    return Renderer
