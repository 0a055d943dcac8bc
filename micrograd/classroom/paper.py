"""The sheets of a class as PDF on A4 or Letter, by reportlab (extra `export`): code and page stand at the foot of every page."""

from __future__ import annotations

import importlib
import io
import re
from typing import Any
from xml.sax.saxutils import escape

from micrograd.classroom.sheets import ClassSheets, Handout, Part, minus

PAPERS = ("A4", "Letter")
MARGIN = 46.0  # points
GREY = "#4f5965"


def pdf(made: ClassSheets, paper: str = "A4", *, sheets: bool = True, keys: bool = True) -> bytes:
    """The file. ImportError, with what to install, without reportlab and svglib."""
    drawn = importlib.import_module("viz.drawn.pdf")
    try:
        from reportlab.lib import pagesizes  # type: ignore[import-untyped]
        from reportlab.platypus import PageBreak  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError(drawn.NEEDED.format(error)) from None
    size = pagesizes.A4 if paper == "A4" else pagesizes.LETTER
    writer = _Writer(drawn, size[0] - 2 * MARGIN, size[1] - 2 * MARGIN - 20)
    story: list[Any] = []
    for sheet in made if sheets else ():
        story += [*writer.sheet(made, sheet), PageBreak()]
    if keys:
        story += writer.keys(made)
    else:
        story.pop()
    return _built(story, size, made.title)


def _built(story: list[Any], size: tuple[float, float], title: str) -> bytes:
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    class Document(BaseDocTemplate):  # type: ignore[misc]
        """It knows whose sheet a page is, for the line at its foot."""

        whose = ""
        first = 1

        def afterFlowable(self, flowable: Any) -> None:
            if getattr(flowable, "whose", None) is not None:
                self.whose, self.first = flowable.whose, self.page

    def foot(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", 8.5)
        canvas.setFillColor(GREY)
        canvas.drawString(MARGIN, 28, document.whose)
        canvas.drawRightString(size[0] - MARGIN, 28, f"page {document.page - document.first + 1}")
        canvas.restoreState()

    page = io.BytesIO()
    document = Document(page, pagesize=size, title=title, invariant=1)
    frame = Frame(MARGIN, MARGIN, size[0] - 2 * MARGIN, size[1] - 2 * MARGIN, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPageEnd=foot))
    document.build(story)
    return page.getvalue()


class _Writer:
    """What stands on the pages, as reportlab's flowables."""

    def __init__(self, drawn: Any, width: float, height: float) -> None:
        self.drawn, self.width, self.height = drawn, width, height

    def text(self, words: str, size: float = 10.5, *, bold: bool = False, **more: Any) -> Any:
        """A paragraph in a font that has its letters; code between backticks."""
        from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
        from reportlab.platypus import Paragraph

        family, words = self.drawn.fitting(minus(words))
        pieces = re.split(r"`([^`]+)`", words)
        inner = "".join(_code(p, family) if k % 2 else escape(p) for k, p in enumerate(pieces))
        style = ParagraphStyle("text", fontName=family, fontSize=size, leading=size * 1.35, splitLongWords=1, **more)
        return Paragraph(f"<b>{inner}</b>" if bold and family == "Helvetica" else inner, style)

    def sheet(self, made: ClassSheets, sheet: Handout) -> list[Any]:
        from reportlab.platypus import Table

        line = sheet.name or "_" * 28
        head = Table(
            [[self.text(made.title, 15, bold=True), self.text(f"Name: {line}", 10.5, alignment=2)]],
            colWidths=[self.width * 0.55, self.width * 0.45], style=[("VALIGN", (0, 0), (-1, -1), "BOTTOM"), *_TIGHT],
        )  # fmt: skip
        head.whose = f"{made.title}, sheet {sheet.code}{f', {sheet.name}' if sheet.name else ''}"
        story = [head, self.text(f"sheet {sheet.code}", 9, textColor=GREY, spaceAfter=6)]
        for part in sheet.parts:
            story += self.part(part)
        return story

    def part(self, part: Part) -> list[Any]:
        from reportlab.platypus import KeepTogether, Preformatted, Spacer

        story: list[Any] = []
        for paragraph in re.split(r"\n\s*\n", part.prose.strip()):
            story.append(self.text(paragraph, spaceAfter=4))
        if part.head:
            head = self.text(part.head, 11.5, bold=True, spaceBefore=10, spaceAfter=2)
            story = [head, *story] if part.code else [KeepTogether([head, story[0]]), *story[1:]]
        if part.code:
            style = importlib.import_module("reportlab.lib.styles").ParagraphStyle("code", fontName="Courier", fontSize=8.5, leading=11)
            lines = [line[k : k + 96] for line in part.code for k in range(0, max(1, len(line)), 96)]
            story += [Spacer(1, 4), Preformatted("\n".join(map(_latin, lines)), style), Spacer(1, 4)]
        if part.picture:
            story += [Spacer(1, 6), self.picture(part.picture), Spacer(1, 6)]
        story += [self.text(option, leftIndent=12) for option in part.options]
        whole = [*story, Spacer(1, 4), *self.questions(part)]
        return [KeepTogether(whole)] if part.code else whole

    def picture(self, svg: str) -> Any:
        """The graph, as wide as the page allows and at most half of it high."""
        drawing = self.drawn.drawn(svg)
        scale = min(1.0, self.width / drawing.width, 0.5 * self.height / drawing.height)
        drawing.scale(scale, scale)
        drawing.width, drawing.height = drawing.width * scale, drawing.height * scale
        return drawing

    def questions(self, part: Part) -> list[Any]:
        """In two columns where they are short; with lines where there is more to write."""
        from reportlab.platypus import Spacer, Table

        rows = [f"{k}.  {q.text} " for k, q in enumerate(part.questions, 1)]
        if any(q.room or len(q.text) > 40 for q in part.questions):
            story: list[Any] = []
            for words, q in zip(rows, part.questions, strict=True):
                story.append(self.text(words + ("" if q.room else "_" * 14), spaceBefore=4))
                if q.room:
                    lines = Table([[""]] * q.room, colWidths=[self.width], rowHeights=[20] * q.room)
                    lines.setStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, GREY), *_TIGHT])
                    story.append(lines)
            return story
        half = -(-len(rows) // 2)
        cells = [self.text(words + "_" * 14) for words in rows]
        cells += [Spacer(1, 1)] * (2 * half - len(cells))
        table = Table([[cells[k], cells[half + k]] for k in range(half)], colWidths=[self.width / 2] * 2)
        table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 5), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
        return [table]

    def keys(self, made: ClassSheets) -> list[Any]:
        from reportlab.platypus import KeepTogether

        head = self.text(f"{made.title}: answers", 15, bold=True, spaceAfter=4)
        head.whose = f"{made.title}: answers"
        story = [head, self.text(f"{len(made)} sheets; the same again: `{made.how}`", 8.5, textColor=GREY, spaceAfter=8)]
        for sheet in made:
            block = [self.text(f"{sheet.code}  {sheet.name}", 10.5, bold=True, spaceBefore=8)]
            for part in sheet.parts:
                answers = "; ".join(f"{k}. {q.text} {q.answer}" for k, q in enumerate(part.questions, 1))
                lines = [part.given, answers] if part.given else [f"{part.head}:  {answers}"]
                block += [self.text(line, 9, leftIndent=10) for line in lines]
            story.append(KeepTogether(block))
        return story


_TIGHT = [("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]


def _code(words: str, family: str) -> str:
    plain = _latin(words) == words
    return f'<font name="{"Courier" if plain and family == "Helvetica" else family}">{escape(words)}</font>'


def _latin(words: str) -> str:
    """Words in letters that Courier has."""
    return words.replace("−", "-").encode("cp1252", "replace").decode("cp1252")
