"""Colours of pictures, light and dark: colour-blind safe, and contrasts as WCAG 2.2 AA asks.

A picture is laid out once, in the light colours. Every role has a colour of its own, so the dark
theme is a style sheet that says "what is filled #e6f1fa is filled #10304a": no second layout.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..record import NamedTuple

THEMES = ("auto", "light", "dark")


class Palette(NamedTuple):
    """The colour of each role. Blue, vermilion and purple are from Okabe and Ito's set."""

    paper: str
    ink: str
    muted: str
    faint: str  # digits that are not certain
    line: str
    arrow: str
    partial: str  # local derivatives on edges
    leaf: str
    leaf_line: str
    value: str
    value_line: str
    root: str
    root_line: str
    op: str
    op_line: str
    fold: str
    fold_line: str
    cluster: str
    cluster_line: str
    bad: str  # nan and inf
    bad_line: str
    zero: str  # a gradient of exactly 0
    above1: str  # gradients above 0, from the smallest to the largest
    above2: str
    above3: str
    above4: str
    below1: str  # and below
    below2: str
    below3: str
    below4: str
    sum1: str  # boxes of several values, by Σ|grad|
    sum2: str
    sum3: str
    sum4: str

    def heat(self, level: int) -> str:
        """The fill of a gradient of this level; see `heat.Scale`."""
        return str(getattr(self, f"{'above' if level > 0 else 'below'}{abs(level)}")) if level else self.zero

    def sum(self, level: int) -> str:
        """The fill of a box of several values, by the sum of their sizes."""
        return str(getattr(self, f"sum{level}")) if level else self.zero


LIGHT = Palette(
    paper="#ffffff", ink="#1a1f26", muted="#4f5965", faint="#5f6974", line="#77818d", arrow="#69737f",
    partial="#8a3c00", leaf="#e4f1fb", leaf_line="#0072b2", value="#f5f6f8", value_line="#87909b",
    root="#fdeee2", root_line="#d55e00", op="#fefefe", op_line="#3c4650", fold="#f1ecfa",
    fold_line="#50307f", cluster="#fafbfd", cluster_line="#aab4c0", bad="#ffe3e8",
    bad_line="#b00030", zero="#f7f7f6", above1="#ddebf7", above2="#b0d2ec", above3="#7cb4dd", above4="#4797cc",
    below1="#fdeadb", below2="#fbcda4", below3="#f6a865", below4="#ec8330",
    sum1="#eceef0", sum2="#d3d7dc", sum3="#b6bdc5", sum4="#9aa3ad",
)  # fmt: skip

DARK = Palette(
    paper="#15181d", ink="#eceff3", muted="#b3bcc7", faint="#939da9", line="#818b97", arrow="#949eaa",
    partial="#ffb37a", leaf="#11314b", leaf_line="#56b4e9", value="#22272e", value_line="#7a8592",
    root="#45280f", root_line="#f08a3c", op="#1b1f25", op_line="#c3cad3", fold="#2e2645",
    fold_line="#a88be0", cluster="#191d23", cluster_line="#4b5561", bad="#4d1220",
    bad_line="#ff8095", zero="#23272d", above1="#12293d", above2="#153c5c", above3="#194f7b", above4="#1d629a",
    below1="#3a2610", below2="#52300e", below3="#723f0c", below4="#914e0b",
    sum1="#2b3037", sum2="#3a414a", sum3="#4a535e", sum4="#5b6571",
)  # fmt: skip


#: the stepper's colours by role, on its page (static/stepper.css says the same; a test compares them), stills and worksheets: paper and
#: letters are those of the pictures
STEPS: dict[str, dict[str, str]] = {
    "light": {
        "paper": LIGHT.paper, "ink": LIGHT.ink, "dim": LIGHT.muted, "line": LIGHT.line, "soft": "#d5dae0", "fill": LIGHT.value,
        "read": "#0059a8", "read-fill": "#dcecfb", "changed": "#b04a00", "changed-fill": "#ffe8d4", "done": "#00704f",
        "wrong": LIGHT.bad_line,
    },
    "dark": {
        "paper": DARK.paper, "ink": DARK.ink, "dim": DARK.muted, "line": DARK.line, "soft": "#39414a", "fill": DARK.value,
        "read": "#7cc0ff", "read-fill": "#12324f", "changed": "#ffb070", "changed-fill": "#4a2a10", "done": "#5fd6ad",
        "wrong": DARK.bad_line,
    },
}  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG 2.2 defines it: 0 for black, 1 for white."""
    linear = []
    for at in (1, 3, 5):
        c = int(colour[at : at + 2], 16) / 255
        linear.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def style(theme: str, drawn: str | None = None) -> str:
    """The style sheet inside an SVG file of this theme: none, unless it follows the reader's. drawn: the SVG, for the rules it needs.

    The rules name pictures of this theme alone, so that one with a theme of its own on the same page keeps it. A file, or an
    image, decides by its own root; inside a page the page's colour scheme does.
    """
    check(theme)
    if theme != "auto":
        return ""
    rules = "".join(
        f'{AUTO} [{attribute}="{light}"]{{{attribute}:light-dark({light},{getattr(DARK, role)})}}'
        for role, light in _roles()
        for attribute in ("fill", "stroke")
        if drawn is None or f'{attribute}="{light}"' in drawn
    )
    return f"@media screen{{{AUTO}:root{{color-scheme:light dark}}}}@supports(color:light-dark(red,red)){{{rules}}}"


AUTO = ".mg-auto"  # the class of pictures that follow the reader's theme


def page_style(theme: str) -> str:
    """The style sheet of a page of our own with a picture on it; on paper it is light."""
    from ..shell import WHEN  # here, for a picture that is no page needs no shell

    check(theme)
    within = ":root"
    dark = f"@media {WHEN[theme]}{{{variables(DARK, within)}}}" if WHEN[theme] else ""
    return variables(LIGHT, within) + dark + through_variables(within)


def variables(palette: Palette, selector: str) -> str:
    """The palette as CSS custom properties ``--mg-…`` on ``selector``."""
    scheme = "dark" if luminance(palette.paper) < 0.5 else "light"
    body = "".join(f"--mg-{css(name)}:{colour};" for name, colour in palette._asdict().items())
    return f"{selector}{{color-scheme:{scheme};{body}}}"


def through_variables(within: str) -> str:
    """Rules that paint a light picture below ``within`` with the custom properties."""
    return "".join(
        f'{within} svg [{attribute}="{light}"]{{{attribute}:var(--mg-{css(role)})}}'
        for role, light in _roles()
        for attribute in ("fill", "stroke")
    )


def css(role: str) -> str:
    """A role's name as part of a custom property."""
    return role.replace("_", "-")


def check(theme: str) -> None:
    """ValueError unless this is the name of a theme."""
    if theme not in THEMES:
        raise ValueError(f"unknown theme {theme!r}: expected one of {', '.join(map(repr, THEMES))}")


def _roles() -> Iterable[tuple[str, str]]:
    return list(LIGHT._asdict().items())
