"""The sheet all documents are set on: its inks, its styles, its furniture, and the blocks several of them use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import inch
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

INK, QUIET, RULE, SHADE, WARN = (HexColor(c) for c in ("#16243a", "#5d6b7e", "#cfd6de", "#f1f4f7", "#b3261e"))
MARGIN = 0.85 * inch
WIDTH = letter[0] - 2 * MARGIN
TEST_LINE = "TEST - not a request for payment, not a notice; sent by a test installation"

BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK)
SMALL = ParagraphStyle("small", BODY, fontSize=8, leading=13, textColor=QUIET)
RIGHT_SMALL = ParagraphStyle("right small", SMALL, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", BODY, fontName="Helvetica-Bold")
RIGHT = ParagraphStyle("right", BODY, alignment=TA_RIGHT)
RIGHT_STRONG = ParagraphStyle("right strong", STRONG, alignment=TA_RIGHT)
HEAD = ParagraphStyle("head", STRONG, fontSize=10.5, leading=14, spaceBefore=14, spaceAfter=4)
TITLE = ParagraphStyle("title", STRONG, fontSize=19, leading=24)
AMOUNT = ParagraphStyle("amount", STRONG, fontSize=20, leading=26, alignment=TA_RIGHT)


def pdf(title: str, is_test: bool, story: Sequence[Any], test_line: str = TEST_LINE) -> bytes:
    """Lays the story on letter pages; no clock and no random id gets into the bytes."""
    out = BytesIO()
    sheet = BaseDocTemplate(out, pagesize=letter, title=title, author="ASO Gateway", invariant=1)

    def furniture(canvas: Canvas, _: object) -> None:
        _furniture(canvas, title, test_line if is_test else "")

    column = Frame(MARGIN, MARGIN, WIDTH, letter[1] - 2 * MARGIN, 0, 0, 0, 0)
    sheet.addPageTemplates(PageTemplate(frames=[column], onPage=furniture))
    sheet.build(list(story))
    return out.getvalue()


def _furniture(canvas: Canvas, title: str, test_line: str) -> None:
    """The band at the top, the foot, and TEST behind and above the text unless the page is a production one."""
    width, height = letter
    canvas.saveState()
    canvas.setFillColor(INK)
    canvas.rect(0, height - 0.22 * inch, width, 0.22 * inch, stroke=0, fill=1)
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(QUIET)
    canvas.drawString(MARGIN, 0.5 * inch, title)
    canvas.drawRightString(width - MARGIN, 0.5 * inch, f"Page {canvas.getPageNumber()}")
    if test_line:
        _watermark(canvas, width, height, test_line)
    canvas.restoreState()


def _watermark(canvas: Canvas, width: float, height: float, test_line: str) -> None:
    canvas.setFillColor(WARN)
    canvas.setFont("Helvetica-Bold", 8)
    canvas.drawString(MARGIN, height - 0.5 * inch, test_line)
    canvas.setFillAlpha(0.06)
    canvas.setFont("Helvetica-Bold", 170)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(55)
    canvas.drawCentredString(0, -60, "TEST")


def heading(title: str, first: str, second: str) -> list[Any]:
    """The title and a line under it."""
    under = " &nbsp;·&nbsp; ".join(escape(text) for text in (first, second) if text)
    return [Paragraph(escape(title), TITLE), Paragraph(under, BODY)]


def section(title: str, body: Any) -> list[Any]:
    """A head and what it is of, kept together."""
    return [KeepTogether([Paragraph(escape(title), HEAD), body])]


PLAIN = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
]


def pairs(rows: Iterable[tuple[str, str]]) -> Any:
    """Label and value, a line each."""
    cells = [[Paragraph(escape(label), SMALL), Paragraph(escape(value), BODY)] for label, value in rows] or [["", ""]]
    return Table(cells, colWidths=[WIDTH * 0.3, WIDTH * 0.7], style=TableStyle(PLAIN))
