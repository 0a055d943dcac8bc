"""Slides of a lesson: headings begin them, code waits for a key, imports and exercises are left out, and no other host is asked."""

import importlib.util
import re
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SPEC = importlib.util.spec_from_file_location("slides", NOTEBOOKS / "slides.py")
slides = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(slides)


def words(text):
    return {"cell_type": "markdown", "source": text, "metadata": {}}


def code(text, outputs=()):
    return {"cell_type": "code", "source": text, "metadata": {}, "outputs": list(outputs)}


def test_which_cell_is_which_part():
    book = {
        "cells": [
            words("# Why?\n\n**Claim.** So.\n\n*Needs nothing.*\n\n**9 minutes** · next: [b](b.ipynb)"),
            code("import viz"),
            words("Words that go on.\n\n## One\n\nText.\n\n## Two\n\nText."),
            code("x = 1", ["out"]),
            code('exercise("01.1")'),
            words("<details>secret</details>"),
            words("## What was shown\n\n- this\n\n## Exercises\n\n1. that"),
            code("more()"),
        ]
    }
    made = slides.tagged(book)["cells"]
    assert [(c["metadata"]["slideshow"]["slide_type"], c["source"]) for c in made] == [
        ("slide", "# Why?\n\n**Claim.** So."), ("skip", "import viz"), ("-", "Words that go on."), ("slide", "## One\n\nText."),
        ("slide", "## Two\n\nText."), ("fragment", "x = 1"), ("skip", 'exercise("01.1")'), ("slide", "## What was shown\n\n- this"),
    ]  # fmt: skip
    assert "slideshow" not in book["cells"][0]["metadata"]


def test_the_slides_of_a_lesson_ask_nobody_but_reveal():
    pytest.importorskip("nbconvert")
    try:
        text = slides.slides(slides.lesson("02"), "reveal")
    except ValueError as error:
        pytest.skip(f"nbconvert without its templates: {error}")
    assert "<title>How do slopes travel back through a graph?</title>" in text
    assert re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(https?:[^"]*)"', text) == []
    assert '<script src="reveal/dist/reveal.js">' in text
    source = "".join(c["source"] for c in slides.tagged({"cells": _cells("02")})["cells"])
    assert text.count("<section>") >= 2 * source.count("## ") and "Solution" not in text


def _cells(number):
    import nbformat

    return nbformat.read(slides.lesson(number), as_version=4)["cells"]


def test_a_lesson_that_is_not_there_is_named():
    with pytest.raises(SystemExit, match="there is no lesson '99' \\(there are 00, 01"):
        slides.lesson("99")
