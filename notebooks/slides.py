"""Slides of a lesson: `python notebooks/slides.py 02 -o slides.html`, by nbconvert and reveal.js, from the notebook as it was saved.

Each heading begins a slide; each cell of code, with what it gave, comes when → is pressed, so that a question can be asked before. The first
cell of imports and the exercises are left out. --reveal says where reveal.js lies (an address, or a folder beside the page, got by
`npm pack reveal.js@4`); without it the page fetches it from the network when it is opened.
"""

from __future__ import annotations

import argparse
import copy
import html
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
NETWORK = "https://cdn.jsdelivr.net/npm/reveal.js@4.6.1"
LOOK = """<style>
.reveal { font-size: 24px; } .reveal .slides { text-align: left; } .reveal table { font-size: 19px; } .reveal h1 { font-size: 46px; }
.reveal .slides > section > section { max-height: 100%; overflow-y: auto; }
.reveal .jp-OutputArea-output img { max-height: 380px; } .reveal pre, .reveal code { font-size: 17px; line-height: 1.35; }
</style>
"""
START = """<script src="{reveal}/dist/reveal.js"></script>
<script>Reveal.initialize({{ slideNumber: "c/t", width: 1100, height: 700, center: false, transition: "none" }});</script>
"""


def tagged(book: Any) -> Any:
    """A copy of the notebook, cut at its headings, whose cells say which part of the slides they are."""
    book = copy.deepcopy(book)
    cells: list[Any] = []
    code = 0
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            code += 1
            alone = code == 1 and not cell["outputs"]  # imports
            exercise = re.search(r"^(exercise|tally)\(", cell["source"], re.M)
            cells.append(_of(cell, "skip" if alone or exercise else "fragment"))
            continue
        source = re.sub(r"\n\n\*(?:Needs|\*\d+ minutes).*", "", cell["source"], flags=re.S) if not cells else cell["source"]
        for part in re.split(r"^(?=## )", source, flags=re.M):
            if part.startswith("## Exercises"):
                book["cells"] = cells
                return book
            if part.strip() and not part.startswith("<details>"):
                cells.append(_of({**cell, "source": part.strip()}, "slide" if part.startswith("#") else "-"))
    book["cells"] = cells
    return book


def _of(cell: Any, kind: str) -> Any:
    return {**cell, "metadata": {**cell["metadata"], "slideshow": {"slide_type": kind}}}


def slides(path: Path, reveal: str = NETWORK) -> str:
    """The page of slides of a notebook."""
    import nbformat
    from nbconvert import SlidesExporter

    book = nbformat.from_dict(tagged(nbformat.read(path, as_version=4)))
    for k, cell in enumerate(book["cells"]):
        cell["id"] = f"slide-{k}"
    exporter = SlidesExporter(reveal_url_prefix=reveal, exclude_input_prompt=True, exclude_output_prompt=True)
    page: str = exporter.from_notebook_node(book)[0]
    page = re.sub(r'<script src="https?://[^"]*">\s*</script>', "", page)  # jQuery, RequireJS: reveal.js needs neither, nor do we MathJax
    page = re.sub(r"<script[^>]*>(?:(?!</script>).)*(?:mermaid|MathJax)(?:(?!</script>).)*</script>", "", page, flags=re.S)
    title = str(book["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
    page = page.replace("<title>Notebook slides</title>", f"<title>{html.escape(title)}</title>", 1)
    return page.replace("</head>", f"{LOOK}</head>", 1).replace("</body>", f"{START.format(reveal=reveal)}</body>", 1)


def lesson(name: str) -> Path:
    """The notebook of a lesson's number, or of a path; SystemExit with what there is."""
    found = [Path(name)] if name.endswith(".ipynb") else sorted(FOLDER.glob(f"{name}_*.ipynb"))
    if len(found) != 1 or not found[0].is_file():
        there = ", ".join(sorted(path.name[:2] for path in FOLDER.glob("*.ipynb")))
        raise SystemExit(f"there is no lesson {name!r} (there are {there})")
    return found[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Slides of a lesson.")
    parser.add_argument("lesson", help="its number, or a notebook")
    parser.add_argument("-o", "--output", default="slides.html", help="the page to write (default: slides.html)")
    parser.add_argument("--reveal", default=NETWORK, help="where reveal.js lies: an address, or a folder beside the page")
    given = parser.parse_args()
    if not given.output.endswith(".html"):
        sys.exit(f"cannot write {given.output!r}: the ending must be .html")
    Path(given.output).write_text(slides(lesson(given.lesson), given.reveal), encoding="utf-8")
    print(given.output)
