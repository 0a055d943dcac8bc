"""The parts of the site: the crawler (with planted faults), Markdown, policies, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from micrograd.cli.main import main
from micrograd.site import build
from micrograd.site.house import DeadLink, House, relative
from micrograd.site.links import faults
from micrograd.site.policy import guard, policy

ROOT = Path(__file__).parents[2]
FRONT = '<html><head><link rel="stylesheet" href="s.css"></head><body><h1 id="top">A</h1><a href="b/c.html#there">c</a></body></html>'
OTHER = '<html><head></head><body><p id="there">x</p><a href="../index.html#top">up</a><img src="../i.png" alt=""></body></html>'


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "site"
    (folder / "b").mkdir(parents=True)
    (folder / "index.html").write_text(FRONT, encoding="utf-8")
    (folder / "b/c.html").write_text(OTHER, encoding="utf-8")
    (folder / "s.css").write_text("a { color: red }", encoding="utf-8")
    (folder / "i.png").write_bytes(b"")
    return folder


def test_a_whole_site_has_no_fault(site):
    assert faults(site) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ('<a href="gone.html">', "b/c.html: gone.html leads nowhere"),
        ('<a href="../index.html#gone">', "b/c.html: ../index.html#gone: there is no such place on that page"),
        ('<a href="#gone">', "b/c.html: #gone: there is no such place on that page"),
        ('<img src="gone.png">', "b/c.html: gone.png leads nowhere"),
        ('<img srcset="../i.png 1x, gone.png 2x">', "b/c.html: gone.png leads nowhere"),
        ('<script src="https://cdn.example/x.js"></script>', "b/c.html: https://cdn.example/x.js is asked of another host"),
        ('<link rel="stylesheet" href="//cdn.example/x.css">', "b/c.html: //cdn.example/x.css is asked of another host"),
        ('<p style="background: url(https://x.example/y.png)">', "b/c.html: https://x.example/y.png is asked of another host"),
        ("<style>@import 'https://x.example/y.css';</style>", "b/c.html: https://x.example/y.css is asked of another host"),
        ("<style>p { background: url(gone.svg) }</style>", "b/c.html: gone.svg leads nowhere"),
        ('<a href="/index.html">', "b/c.html: /index.html begins at the host's root: the site would work at one place only"),
        ('<a href="../../secret.html">', "b/c.html: ../../secret.html leads out of the site"),
        ('<iframe src="gone.html"></iframe>', "b/c.html: gone.html leads nowhere"),
    ],
)
def test_a_planted_fault_is_found(site, planted, fault):
    (site / "b/c.html").write_text(OTHER.replace("</body>", f"{planted}</body>"), encoding="utf-8")
    assert faults(site) == [fault]


@pytest.mark.parametrize(
    "kept",
    [
        '<a href="https://example.org">',
        '<a href="mailto:a@b.c">',
        '<img src="data:image/png;base64,AA">',
        '<a href="c.html?x=1">',
        '<a href="#there">',
    ],
)
def test_what_is_no_fault(site, kept):
    (site / "b/c.html").write_text(OTHER.replace("</body>", f"{kept}</body>"), encoding="utf-8")
    assert faults(site) == []


def test_a_page_that_nobody_reaches_and_a_fault_in_a_style_sheet_are_found(site):
    (site / "alone.html").write_text("<p>", encoding="utf-8")
    (site / "s.css").write_text("a { background: url('fonts/x.woff') }", encoding="utf-8")
    assert faults(site) == ["s.css: fonts/x.woff leads nowhere", "alone.html: no page leads here"]


# --- documents --------------------------------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path):
    root = tmp_path / "repository"
    (root / "docs").mkdir(parents=True)
    (root / "notebooks").mkdir()
    for name in ("README.md", "docs/design.md", "docs/more.md", "notebooks/README.md", "notebooks/01_a.ipynb", "code.py", "picture.png"):
        (root / name).write_text("x", encoding="utf-8")
    return House(root, tmp_path / "out")


def test_links_between_documents_become_links_between_pages(house):
    assert house.link("README.md", "docs/design.md#why") == "docs/design.html#why"
    assert house.link("docs/design.md", "../notebooks/01_a.ipynb") == "../lessons/01_a.html"
    assert house.link("README.md", "docs/more.md") == "docs/more.html"
    assert house.link("docs/design.md", "../code.py") == "../source/code.py.html" and house.sources == {"code.py": "source/code.py.html"}
    assert house.link("notebooks/README.md", "../picture.png") == "../picture.png" and house.files == {"picture.png"}
    assert house.link("README.md", "https://example.org/a#b") == "https://example.org/a#b" and house.link("README.md", "#x") == "#x"
    for target in ("gone.md", "../outside.md", "docs"):
        with pytest.raises(DeadLink, match=f"README.md: {target} leads nowhere"):
            house.link("README.md", target)


def test_the_lessons_come_in_the_order_of_their_table(house):
    for name in ("02_b", "03_c"):
        (house.root / f"notebooks/{name}.ipynb").write_text("x", encoding="utf-8")
    (house.root / "notebooks/README.md").write_text("| [C](03_c.ipynb) | [A](01_a.ipynb) | [gone](09_x.ipynb) |", encoding="utf-8")
    assert House(house.root, house.out).lessons == ["notebooks/03_c.ipynb", "notebooks/01_a.ipynb", "notebooks/02_b.ipynb"]


def test_ways_are_relative_so_that_the_site_may_lie_anywhere():
    assert relative("a/b/c.html", "site.css") == "../../site.css" and relative("a/b.html", "a/c.html") == "c.html"


def test_markdown(house):
    pytest.importorskip("mistune")
    pytest.importorskip("pygments")
    from micrograd.site.markdown import rendered

    text = "# A *title*\n\n### Same\n\n### Same\n\n| | n |\n|---|---:|\n| [d](docs/design.md) | 1 |\n"
    text += "\n```python\nx = 1 < 2\n```\n\n![P](picture.png)\n"
    html, title = rendered(house, "README.md", text)
    assert title == "A title" and '<h2 id="same">' in html and '<h2 id="same-1">' in html  # no level left out
    assert '<a href="docs/design.html">d</a>' in html and '<th style="text-align:right">n</th>' in html and "<th></th>" not in html
    assert '<pre class="highlight" tabindex="0">' in html and "&lt;" in html and '<img src="picture.png" alt="P" loading="lazy">' in html
    assert '<h3 id="x">' in rendered(house, "README.md", "### X", part=True)[0]
    assert '<h2 id="x">' in rendered(house, "README.md", "### X")[0]


def test_every_link_of_our_own_documents_leads_somewhere(tmp_path):
    pytest.importorskip("mistune")
    pytest.importorskip("pygments")
    from micrograd.site.markdown import rendered

    ours = House(ROOT, tmp_path)
    documents = [source for source in ours.pages if source.endswith(".md")]
    assert len(documents) > 8
    for source in documents:
        rendered(ours, source, (ROOT / source).read_text(encoding="utf-8"))  # DeadLink otherwise


# --- policies ---------------------------------------------------------------------------------------------------------


def test_a_policy_names_each_script_that_runs_and_no_data(tmp_path):
    said = policy(
        '<script>a</script><script type="module">b</script><script type="application/json">{}</script><script src="x.js"></script>'
    )
    assert said.count("sha256-") == 2 and "'unsafe-inline'" not in said.split("style-src")[0] and "default-src 'none'" in said
    page = tmp_path / "p.html"
    page.write_text("<html><head></head><body><script>a</script></body></html>", encoding="utf-8")
    guard(page)
    once = page.read_text(encoding="utf-8")
    guard(page)
    assert once.count("Content-Security-Policy") == 1 == page.read_text(encoding="utf-8").count("Content-Security-Policy")


# --- the command ------------------------------------------------------------------------------------------------------


def test_what_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("micrograd.cli.site.NEEDED", ())
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for argv, why in [
        (["site"], "where to? Add -o site, say"),
        (["site", str(tmp_path), "-o", str(tmp_path / "new")], "is no checkout of micrograd-lab"),
        (["site", "-o", str(tmp_path / "full")], "is not empty, and no site that this command made"),
        (["site", "-o", str(tmp_path / "file")], "is a file, and a site is a folder"),
    ]:
        assert main(argv) == 2 and why in capsys.readouterr().err
    assert (tmp_path / "full/thesis.txt").read_text(encoding="utf-8") == "mine" and not (tmp_path / "new").exists()


def test_where_the_code_is_installed_the_site_is_that_of_the_folder_one_is_in(tmp_path, monkeypatch):
    monkeypatch.setattr("micrograd.cli.site.NEEDED", ())
    monkeypatch.setattr("micrograd.cli.site.ROOT", tmp_path)
    asked = []
    monkeypatch.setattr(build, "build", lambda root, out, say: asked.append(root.resolve()) or build.Built(1, [], []))
    monkeypatch.chdir(ROOT)
    assert main(["site", "-o", str(tmp_path / "s")]) == 0 and asked == [ROOT]
    monkeypatch.chdir(tmp_path)
    main(["site", "-o", str(tmp_path / "s")])
    assert asked[1] == tmp_path.resolve()  # build says that it is none


def test_a_missing_library_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pdoc", None)
    monkeypatch.setattr("micrograd.cli.site.NEEDED", ("json", "no_such_library"))
    assert main(["site", "-o", str(tmp_path / "s")]) == 2
    assert "the site needs no_such_library: pip install 'micrograd-lab[site]'" in capsys.readouterr().err


def test_an_older_site_is_made_anew_and_a_build_that_fails_leaves_no_trace(tmp_path, monkeypatch):
    def made(house, *_):
        house.put("new.html", "<p>new</p>")
        return ""

    def broken(house, *_):
        made(house)
        raise DeadLink("README.md leads to nothing.md, which is no file")

    for name in ("lab", "lessons", "reference", "_documents", "front", "_sources"):
        monkeypatch.setattr(
            build, name, {"lab": made, "reference": lambda house: [], "lessons": lambda house: {}}.get(name, lambda *_: None)
        )
    monkeypatch.setattr(build, "guard", lambda path: None)
    out = tmp_path / "site"
    build.build(ROOT, out)
    assert {"new.html", build.MARK} <= {path.name for path in out.iterdir()}
    (out / "old.html").write_text("", encoding="utf-8")
    monkeypatch.setattr(build, "reference", broken)
    for place, kept in ((out, ["old.html"]), (tmp_path / "other", [])):
        with pytest.raises(build.NotHere, match=r"nothing\.md"):
            build.build(ROOT, place)
        assert [path.name for path in place.glob("old.html")] == kept and place.exists() == bool(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]  # nor a folder beside it
    monkeypatch.setattr(build, "reference", lambda house: [])
    build.build(ROOT, out)
    assert not (out / "old.html").exists() and (out / "new.html").is_file()
