"""Pages of their own: one shell, a policy of digests that fits what is in them, and no name that becomes markup."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import micrograd
import standalone
import viz
from micrograd import shell
from viz.drawn import theme

HOUSE = Path(micrograd.__file__).parent.parent


class Read(HTMLParser):
    """What a browser finds in a page: scripts that run, style sheets, attributes, the policy; independent of how the shell finds them."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.sheets, self.told, self.tags, self.title, self.before = [], [], [], [], "", []
        self.policy, self.inside = None, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if attrs.get("http-equiv", "").lower() == "content-security-policy":
            assert self.policy is None
            self.policy = attrs["content"]
        self.inside = tag
        if tag == "script":
            assert "src" not in attrs
            runs = attrs.get("type", "module") in ("module", "text/javascript")
            (self.scripts if runs else self.told).append("")
            self.inside = "script" if runs else "told"
        if tag == "style":
            self.sheets.append("")
        if tag in ("script", "style") and self.policy is None:
            self.before.append(tag)

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside == "told":
            self.told[-1] += data
        elif self.inside == "style":
            self.sheets[-1] += data
        elif self.inside == "title" and not self.title:
            self.title = data


def digest(text):
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def faults(text):
    """What is wrong with a page, in words."""
    read = Read(text)
    if read.policy is None:
        return ["no policy"]
    rules = {name: words for name, *words in (part.split() for part in read.policy.split("; "))}
    wrong = ["before the policy"] * bool(read.before)
    wrong += [f"allowed: {name} {word}" for name in ("script-src", "style-src") for word in rules.get(name, []) if "sha256-" not in word]
    wrong += [f"a script without its digest: {s[:40]}" for s in read.scripts if digest(s) not in rules.get("script-src", [])]
    wrong += [f"a sheet without its digest: {s[:40]}" for s in read.sheets if digest(s) not in rules.get("style-src", [])]
    unused = set(rules.get("script-src", [])) - set(map(digest, read.scripts))
    put_in = re.findall(r'const mgCSS = "((?:[^"\\]|\\.)*)"', text)  # by a script
    unused |= set(rules.get("style-src", [])) - {digest(s) for s in [*read.sheets, *(s.encode().decode("unicode_escape") for s in put_in)]}
    wrong += [f"a digest of nothing: {each}" for each in sorted(unused)]
    for data in read.told:
        json.loads(data)
    styled = any("style" in attrs for _, attrs in read.tags)
    wrong += ["style attributes are forbidden, and there"] * (styled and rules.get("style-src-attr") != ["'unsafe-inline'"])
    wrong += [f"{name} is {rules.get(name)}" for name in ("default-src", "base-uri", "form-action") if rules.get(name) != ["'none'"]]
    wrong += [f"{name} is allowed" for name in set(rules) & {"connect-src", "frame-src", "font-src", "object-src", "worker-src"}]
    for tag, attrs in read.tags:
        wrong += [f"{tag} runs {name}" for name in attrs if name.startswith("on")]
        where = [v or "" for name, v in attrs.items() if name in ("src", "href", "action", "xlink:href")]
        wrong += [f"{tag} leads to {v}" for v in where if not v.startswith(("data:", "#"))]
    head = text.partition("</head>")[0]
    needed = ("<!doctype html>", '<meta charset="utf-8">', 'name="viewport"', "<title>", "color-scheme", "@media print")
    return wrong + [f"no {part}" for part in needed if part not in head]


@pytest.mark.parametrize("kind", standalone.PAGES)
@pytest.mark.parametrize("name", ["plain", standalone.HOSTILE])
def test_every_page_has_a_policy_that_fits_and_no_name_becomes_markup(kind, name):
    text = standalone.PAGES[kind](name)
    assert faults(text) == []
    plain, given = Read(standalone.PAGES[kind]("plain")), Read(text)
    if kind not in ("network", "class"):  # whose numbers are drawn anew, or by name
        assert [tag for tag, _ in given.tags] == [tag for tag, _ in plain.tags]
    assert len(given.scripts) == len(plain.scripts) and "</script" not in "".join(given.scripts)
    assert {tag for tag, _ in given.tags} == {tag for tag, _ in plain.tags} and given.title


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<title>", "<title></title><script>alert(1)</script><title>", "a script without"),
        ("<style>", "<style>/**/", "a sheet without"),
        ("<main>", "<main><p style='color:red'>", "style attributes"),
        ("<main>", "<main><img src=x onerror=alert(1)>", "img runs onerror"),
        ("<main>", '<main><img src="https://example.org/x.png">', "leads to https"),
        ("'none'", "*", "default-src is"),
        ("script-src", "script-src 'unsafe-inline'", "allowed: script-src 'unsafe-inline'"),
        ('<meta http-equiv="Content-Security-Policy"', "<meta ", "no policy"),
        ('<meta charset="utf-8">', '<meta charset="utf-8"><script>1</script>', "before the policy"),
    ],
)
def test_a_planted_fault_is_found(old, new, said):
    text = shell.page("t", "<p>1</p>", after="<script>1</script>")
    assert faults(text) == []
    text = text.replace("&#x27;", "'")
    assert old in text and any(said in fault for fault in faults(text.replace(old, new, 1)))


def test_no_page_has_a_head_of_its_own():
    own = {
        "micrograd/shell.py",
        "viz/shell.py",
        "micrograd/site/shell.py",
        "micrograd/lab/static/lab.html",
        "micrograd/lab/static/lab_files.js",
    }
    found = set()
    for path in [*(HOUSE / "micrograd").rglob("*"), *(HOUSE / "viz").rglob("*")]:
        if path.suffix in (".py", ".js", ".html") and "<!doctype html" in path.read_text(encoding="utf-8").lower():
            found.add(path.relative_to(HOUSE).as_posix())
    assert found == own  # the site's pages and the lab have policies of their own: tests/site, tests/lab


def test_the_shell_is_one_and_its_colours_are_those_of_pictures():
    assert (HOUSE / "micrograd/shell.py").read_bytes() == (HOUSE / "viz/shell.py").read_bytes()
    for name, palette, drawn in (("light", shell.LIGHT, theme.LIGHT), ("dark", shell.DARK, theme.DARK)):
        steps = theme.STEPS[name]
        assert palette["card"] == drawn.paper and palette["ink"] == drawn.ink and palette["soft"] == drawn.muted
        assert (palette["line"], palette["accent"], palette["good"], palette["bad"]) == (
            steps["soft"], steps["read"], steps["done"], steps["wrong"],
        )  # fmt: skip
        for ground in ("desk", "card"):
            assert min(theme.contrast(palette[role], palette[ground]) for role in ("ink", "soft", "accent", "good", "bad")) >= 4.5


@pytest.mark.parametrize("look", theme.THEMES)
def test_a_theme_is_dark_where_it_says_so_and_never_on_paper(look):
    text = shell.look(look)
    assert {"auto": "screen and (prefers-color-scheme: dark)", "dark": "@media screen {", "light": "background: var(--desk)"}[look] in text
    assert ("color-scheme: dark" in text) == (look != "light") and "@media print" in text


def test_a_drawing_keeps_the_theme_it_was_given():
    dark = re.compile(r"color-scheme:\s*dark")
    assert not dark.search(viz.draw(standalone.root(), theme="light").html) and dark.search(viz.draw(standalone.root(), theme="dark").html)
