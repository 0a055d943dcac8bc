"""The way through the lessons is that of the tables in notebooks/README.md; a planted fault of each kind is found."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SPEC = importlib.util.spec_from_file_location("way", NOTEBOOKS / "way.py")
way = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(way)


def test_every_lesson_has_the_title_the_minutes_and_the_links_of_the_table():
    assert way.faults() == []


def test_the_links_lead_from_the_first_lesson_to_the_last_and_back():
    every = way.lessons((NOTEBOOKS / "README.md").read_text(encoding="utf-8"))
    links = {}
    for lesson in every:
        first = "".join(json.loads((NOTEBOOKS / lesson.file).read_text(encoding="utf-8"))["cells"][0]["source"])
        links[lesson.file] = dict(re.findall(r"(previous|next): \[[^]]+\]\((\S+)\)", first))
    walked, here = [], every[0].file
    while here:
        walked.append(here)
        after = links[here].get("next")
        assert after is None or links[after]["previous"] == here
        here = after
        assert here not in walked
    assert sorted(walked) == sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture
def course(tmp_path):
    """Three lessons as the tables say."""
    rows = ["| | lesson | minutes | after | what it asserts |", "|---|---|---:|---|---|"]
    for k, name in enumerate(("01_a", "02_b", "03_c"), 1):
        rows.append(f"| 0{k} | [Why {name}?]({name}.ipynb) | 10 | {'01' if k == 3 else '–'} | That it is so. |")
        needs = "*Needs the extra `notebook`. Before: [x](x.ipynb), [y\nz](y.ipynb). Next: [z](z.ipynb).*"
        source = f"# Noun {k}\n\n**Claim.** So it is.\n\n{needs}"
        cells = [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": source}]
        cells += [{"cell_type": "markdown", "id": "b", "metadata": {}, "source": "word " * 1300}]
        (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": cells}, indent=1) + "\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert way.faults(tmp_path, write=True) == [] and way.faults(tmp_path) == []
    return tmp_path


def cell(folder, name):
    return "".join(json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"])


def test_what_an_author_wrote_by_hand_becomes_what_the_table_says(course):
    assert cell(course, "02_b") == (
        "# Why 02_b?\n\n**Claim.** So it is.\n\n*Needs the extra `notebook`.*\n\n"
        "**10 minutes** · previous: [Why 01_a?](01_a.ipynb) · next: [Why 03_c?](03_c.ipynb)"
    )
    assert cell(course, "03_c").endswith("**10 minutes** · after [01](01_a.ipynb) · previous: [Why 02_b?](02_b.ipynb)")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Why 02_b?", "Why not?", "title or way"),
        ("Why 02_b?", "Nouns", "02: the title is a question, and 'Nouns' is none"),
        ("| 10 | –", "| 90 | –", "90 minutes, by the pace of the others 10"),
        ("| 01 | That", "| 09 | That", "03 comes after 09, which is no lesson before it"),
        ("| 03 | [", "| 02 | [", "02 stands twice"),
        ("(03_c.ipynb)", "(03_d.ipynb)", "03_c.ipynb is in no table"),
        ("(03_c.ipynb)", "(03_d.ipynb)", "03_d.ipynb is not there"),
    ],
)
def test_a_table_that_is_not_so_is_found(course, old, new, found):
    page = course / "README.md"
    page.write_text(page.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert any(found in fault for fault in way.faults(course))


def test_a_new_lesson_in_between_changes_its_neighbours(course):
    shutil.copy(course / "03_c.ipynb", course / "04_d.ipynb")
    page = course / "README.md"
    row = "| 04 | [Why 04_d?](04_d.ipynb) | 10 | 01 | That it is so. |\n"
    page.write_text(page.read_text(encoding="utf-8").replace("| 03 |", f"{row}| 03 |"), encoding="utf-8")
    assert len(way.faults(course)) == 3
    assert way.faults(course, write=True) == [] and way.faults(course) == []
    assert "next: [Why 04_d?](04_d.ipynb)" in cell(course, "02_b") and "previous: [Why 04_d?](04_d.ipynb)" in cell(course, "03_c")
