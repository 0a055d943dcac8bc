"""The reference from the docstrings, by pdoc: the public modules, in the site's colours."""

from __future__ import annotations

import re
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from micrograd.site.house import FRONT, REFERENCE, House, relative
from micrograd.site.shell import ICON

MODULES = (
    "micrograd", "micrograd.losses", "micrograd.optim", "micrograd.train", "micrograd.data", "micrograd.metrics",
    "micrograd.plots", "micrograd.explain", "micrograd.transforms", "micrograd.steps", "micrograd.testing",
    "micrograd.compiler", "micrograd.export", "viz",
)  # fmt: skip
STATIC = Path(__file__).with_name("static")
_PRIVATE = re.compile(r'<a href="#(_[^"]*)">(.*?)</a>')  # to a base class that has no place of its own
_MENDED = [  # what a screen reader or a keyboard would miss
    (re.compile(r'<a class="headerlink" href="#([^"]*)">'), r'<a class="headerlink" href="#\1" aria-label="Link to \1">'),
    (re.compile(r"<pre>"), '<pre tabindex="0">'),
    (re.compile(r'<main class="pdoc"></main>'), '<main class="pdoc"><h1>Reference</h1><p>The modules are listed beside this.</p></main>'),
]
_NAV = re.compile(r'(<nav class="pdoc">)')


def reference(house: House) -> list[str]:
    """Write the pages of the reference; gives what pdoc says of public names that it could not find."""
    pdoc: Any = import_module("pdoc")
    for name in MODULES:  # what a module brings when it is asked for is among its names, for pdoc
        module = import_module(name)
        for public in getattr(module, "__all__", ()):
            vars(module).setdefault(public, getattr(module, public))
    pdoc.render.configure(
        docformat="markdown", template_directory=STATIC / "pdoc", footer_text="micrograd-lab", search=True,
        favicon=f"data:image/svg+xml,{ICON}",
    )  # fmt: skip
    folder = house.out / REFERENCE.partition("/")[0]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        pdoc.pdoc(*MODULES, output_directory=folder)
    for path in sorted(folder.rglob("*.html")):
        here = path.relative_to(house.out).as_posix()
        home = f'<a class="home" href="{relative(here, FRONT)}">← micrograd-lab</a>'
        text = _NAV.sub(rf"\1{home}", path.read_text(encoding="utf-8"), count=1)
        for found, instead in _MENDED:
            text = found.sub(instead, text)
        text = _PRIVATE.sub(lambda link: link[0] if f'id="{link[1]}"' in text else link[2], text)  # noqa: B023
        path.write_text(text, encoding="utf-8")
        house.written.append(here)
    return [text for one in said if "does not resolve" in (text := str(one.message).strip())]
