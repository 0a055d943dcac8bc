"""What stands around the content of every page."""

from __future__ import annotations

import html

from micrograd import __version__
from micrograd.site.house import DOCUMENTS, FRONT, REFERENCE, STYLE, House, relative
from micrograd.site.lab import LAB

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<meta name="description" content="{about}">
<link rel="icon" href="data:image/svg+xml,{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header><nav aria-label="Pages">{nav}</nav></header>
<main id="content"{kind}>
{body}
</main>
<footer><p>micrograd-lab {version} · MIT licence · {foot}</p></footer>
</body>
</html>
"""
ABOUT = "A scalar autograd engine to see, step through, check and run at tensor speed."
ICON = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3' fill='%230072b2'/%3E"
    "%3Cpath d='M4 4l8 4-8 4' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E"
)


def page(house: House, here: str, title: str, body: str, kind: str = "") -> str:
    """A whole page of the site at the path `here`."""
    places = [(FRONT, "micrograd-lab"), *_places(house)]
    mark = {here: " aria-current=page"}
    nav = "".join(f'<a href="{relative(here, place)}"{mark.get(place, "")}>{html.escape(name)}</a>' for place, name in places)
    foot = " · ".join(
        f'<a href="{relative(here, house.pages[source])}">{name}</a>'
        for source, name in (("CHANGELOG.md", "changes"), ("CONTRIBUTING.md", "contributing"))
        if source in house.pages
    )
    return PAGE.format(
        title=html.escape(title if here == FRONT else f"{title} · micrograd-lab"), about=ABOUT, icon=ICON, style=relative(here, STYLE),
        nav=nav, body=body, version=__version__, foot=foot, kind=f' class="{kind}"' if kind else "",
    )  # fmt: skip


def _places(house: House) -> list[tuple[str, str]]:
    listed = [(page, name) for source, (page, name) in DOCUMENTS.items() if name and source in house.pages]
    return [*([(LAB, "Lab")] if (house.out / LAB).is_file() else []), *listed[:1], (REFERENCE, "Reference"), *listed[1:]]
