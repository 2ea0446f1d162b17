"""A companion guide in type: chapters with paragraphs, facts, tables whose columns fit their words, and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import KeepTogether, Paragraph, Preformatted, Spacer, Table, TableStyle

from gateway.paper.sheet import BODY, HEAD, PLAIN, SHADE, SMALL, STRONG, WIDTH, heading, pairs, pdf

CELL = ParagraphStyle("cell", BODY, fontSize=8.5, leading=11)
MONO = ParagraphStyle("mono", BODY, fontName="Courier", fontSize=7.2, leading=9, backColor=SHADE, borderPadding=4)
CAPTION = ParagraphStyle("caption", STRONG, spaceBefore=4, spaceAfter=6)
WRAP_CHARS = 112
"""Characters of the sample's type on a line of the sheet."""

LEAST, MOST = 6, 46
"""Characters a column counts as at least and at most when the width is shared out."""

TEST_LINE = "TEST - the settings of a test installation"


def companion_guide(document: Mapping[str, Any]) -> bytes:
    """The guide as PDF, from `gateway.companion.blocks.Document` as plain data."""
    story: list[Any] = [*heading(document["title"], document["subtitle"], "")]
    for number, one in enumerate(document["sections"], 1):
        head = Paragraph(f"{number}. {escape(one['title'])}", HEAD)
        first, *rest = [flowable for block in one["blocks"] for flowable in _block(block)]
        story += [KeepTogether([head, first]), *rest]
    return pdf(document["title"], document["usage"] != "P", story, TEST_LINE)


def _block(block: Mapping[str, Any]) -> list[Any]:
    return [*_MADE[block["type"]](block), Spacer(0, 7)]


def _text(block: Mapping[str, Any]) -> list[Any]:
    return [Paragraph(escape(block["text"]), BODY)]


def _facts(block: Mapping[str, Any]) -> list[Any]:
    return [pairs(block["rows"])]


def _grid(block: Mapping[str, Any]) -> list[Any]:
    """A table; its columns share the sheet by the longest text in each."""
    rows: Sequence[Sequence[str]] = [block["columns"], *block["rows"]]
    sizes = [min(max(max(len(row[n]) for row in rows), LEAST), MOST) for n in range(len(block["columns"]))]
    widths = [WIDTH * size / sum(sizes) for size in sizes]
    cells = [[Paragraph(escape(cell), SMALL if not n else CELL) for cell in row] for n, row in enumerate(rows)]
    style = TableStyle([*PLAIN, ("BACKGROUND", (0, 0), (-1, 0), SHADE), ("RIGHTPADDING", (0, 0), (-2, -1), 8)])
    return [Table(cells, colWidths=widths, repeatRows=1, style=style)]


def _sample(block: Mapping[str, Any]) -> list[Any]:
    """Lines too long for the sheet go on, indented, on the next."""
    lines: list[str] = []
    for line in block["text"].splitlines():
        lines.append(line[:WRAP_CHARS])
        rest = line[WRAP_CHARS:]
        while rest:
            lines.append("    " + rest[: WRAP_CHARS - 4])
            rest = rest[WRAP_CHARS - 4 :]
    return [Paragraph(escape(block["caption"]), CAPTION), Preformatted("\n".join(lines), MONO), Spacer(0, 4)]


_MADE = {"text": _text, "facts": _facts, "grid": _grid, "sample": _sample}
