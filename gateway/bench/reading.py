"""Our reading of a file in the ways that are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import SetClosed
from parsers.reader import Reader

if TYPE_CHECKING:
    from parsers.guides import Guide

PIECE = 1 << 20
"""Bytes fed at a time: what a sealed row holds."""

Guides = Callable[[str], "Guide | None"]


def pieces(data: bytes) -> Iterable[bytes]:
    """A file as a worker gets it."""
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def file_pieces(file: Path) -> Iterator[bytes]:
    """The same of a file that is not held whole."""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


def validated(data: Iterable[bytes], known: Guides = guides.load) -> list[str]:
    """Our validation alone: SNIP 1 and 2. Returns: IK501 of each set."""
    reader, verdicts = Reader(known, EnvelopePolicy()), []
    for piece in data:
        verdicts += [event.verdict.verdict for event in reader.events(piece) if isinstance(event, SetClosed)]
    reader.close()
    return verdicts


def whole(data: Iterable[bytes]) -> int:
    """The whole job: SNIP 1 to 3, every claim, member or payment handed out as rows, and the 999.

    Returns: findings of SNIP 3.
    """
    from gateway.bench.figures import DAY
    from mappings import implementation_ack
    from parsers.edits import Editor, Terms
    from parsers.events import GroupClosed, SetOpened, Unit
    from parsers.snip import Snip

    terms = Terms(snip=Snip(snip4="off", snip5="off", snip6="off", snip7="off"), today=DAY)
    reader, editor, found = Reader(guides.load, EnvelopePolicy()), None, 0
    for piece in data:
        for event in reader.events(piece):
            if isinstance(event, Unit):
                assert editor is not None
                found += len(editor.take(event))
            elif isinstance(event, SetOpened):
                editor = Editor(event.guide, terms)
            elif isinstance(event, SetClosed):
                assert editor is not None
                found += len(editor.close())
            elif isinstance(event, GroupClosed):
                implementation_ack.write(event.verdict)
    reader.close()
    return found
