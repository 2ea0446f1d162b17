"""What a companion guide is made of, whoever sets it: sections of text, facts, tables and samples."""

from __future__ import annotations

import textwrap

import msgspec

LINE = 100
"""Characters of a line of text on a terminal."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A paragraph."""

    text: str


class Facts(msgspec.Struct, frozen=True, tag="facts"):
    """Names and what they are."""

    rows: tuple[tuple[str, str], ...]


class Grid(msgspec.Struct, frozen=True, tag="grid"):
    """A table; the first column is what one looks up."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Sample(msgspec.Struct, frozen=True, tag="sample"):
    """A file as it would be sent, a segment a line."""

    caption: str
    text: str


Block = Text | Facts | Grid | Sample


class Section(msgspec.Struct, frozen=True):
    """A chapter."""

    title: str
    blocks: tuple[Block, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole guide. usage: T or P. as_of: the day its settings are in force."""

    title: str
    subtitle: str
    usage: str
    as_of: str
    sections: tuple[Section, ...]


def as_text(document: Document) -> str:
    """The guide for a terminal."""
    lines = [document.title, document.subtitle, ""]
    for number, section in enumerate(document.sections, 1):
        lines += [f"{number}. {section.title}", "-" * (len(section.title) + 3), ""]
        for block in section.blocks:
            lines += [*_lines(block), ""]
    return "\n".join(lines)


def _lines(block: Block) -> list[str]:
    if isinstance(block, Text):
        return textwrap.wrap(block.text, LINE)
    if isinstance(block, Facts):
        width = max((len(name) for name, _ in block.rows), default=0)
        return [f"  {name:<{width}}  {value}" for name, value in block.rows]
    if isinstance(block, Grid):
        rows = (block.columns, *block.rows)
        widths = [max(len(row[n]) for row in rows) for n in range(len(block.columns))]
        return ["  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
                for row in rows]  # fmt: skip
    return [f"  {block.caption}:", *(f"    {line}" for line in block.text.splitlines())]
