"""README's map is complete, and what the pages point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "notebooks/README.md")] + sorted(ROOT.glob("docs/*.md"))
PLACE = r"[\w./-]+(?:/|\.\w+)"


def section(heading, text):
    return text.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def places(row):
    """The paths in the first cell of a row; those without a folder of their own lie beside, or in, the first."""
    first, *rest = re.findall(f"`({PLACE})`", row.split("|")[1])
    base = first if first.endswith("/") else f"{Path(first).parent}/"
    return [first, *(p if p.startswith(("micrograd/", "viz/", "tests/", "docs/", "benchmarks/", "notebooks/")) else base + p for p in rest)]


def named(text):
    return [place for row in section("Where things are", text).splitlines() if row.startswith(("| [`", "| `")) for place in places(row)]


def rooms(root):
    """Every folder of the two packages."""
    found = [f for top in ("micrograd", "viz") for f in (root / top).rglob("*") if f.is_dir() and "__pycache__" not in f.parts]
    return {f"{f.relative_to(root).as_posix()}/" for f in found if any(f.iterdir())}


def faults(text, root=ROOT):
    """What the map names and is not there, and the rooms that it does not name."""
    told = named(text)
    return sorted(
        {p for p in told if not (root / p).exists()} | rooms(root) - {p if p.endswith("/") else f"{Path(p).parent}/" for p in told}
    )


def test_the_map_names_every_room_and_nothing_else():
    assert faults((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_a_room_left_out_and_a_file_that_is_gone_are_found():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert faults(text.replace("`viz/model/`", "`viz/`")) == ["viz/model/"]
    assert faults(text.replace("`walk.py`", "`stroll.py`")) == ["micrograd/stroll.py"]


def dead(page, text):
    """Links to files, and paths of ours in code marks, that lead nowhere (to a folder: the site has no page for it)."""
    found = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith(("http:", "https:", "mailto:")):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            slugs = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M) if anchor and target.is_file() else []
            if not target.is_file() or (anchor and anchor not in {re.sub(r"[^\w\- ]", "", s.lower()).replace(" ", "-") for s in slugs}):
                found.append(link)
    for path in re.findall(r"`((?:micrograd|viz|tests|benchmarks|notebooks|docs)/[\w./-]+)`", text):
        if not (ROOT / path).exists() and "NN_" not in path:
            found.append(path)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert dead(page, page.read_text(encoding="utf-8")) == []


def test_a_dead_link_is_found():
    assert dead(ROOT / "README.md", "[a](gone.md) [b](LICENSE) [c](#run-it) [d](#walk-it) `viz/gone.py` [e](https://x.org) [f](docs)") == [
        "gone.md", "#walk-it", "docs", "viz/gone.py",
    ]  # fmt: skip


def test_the_lessons_name_code_that_is_there():
    rows = [row for row in section("Lessons", (ROOT / "README.md").read_text(encoding="utf-8")).splitlines() if row.count("|") == 5][2:]
    paths = [path for row in rows for path in re.findall(f"`({PLACE})`", row.split("|")[2])]
    assert len(paths) > 20 and [p for p in paths if not ((ROOT / p).exists() or (ROOT / "micrograd" / p).exists())] == []
    assert sorted(re.findall(r"notebooks/\w+\.ipynb", "".join(rows))) == sorted(
        f"notebooks/{p.name}" for p in ROOT.glob("notebooks/*.ipynb")
    )
