"""Reading a file in the ways that are compared: pyx12's and ours, on the same bytes."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.reader import Reader

if TYPE_CHECKING:
    from parsers.guides import Guide

PIECE = 1 << 20
"""Bytes fed at a time: what a sealed row holds."""

Guides = Callable[[str], "Guide | None"]

compiled: Guides = lru_cache(guides.load)
"""Guides as a worker has them, made once a process; the cold figure tells what that costs."""


def pieces(data: bytes) -> Iterable[bytes]:
    """A file as a worker gets it."""
    return (data[at : at + PIECE] for at in range(0, len(data), PIECE))


def file_pieces(file: Path) -> Iterator[bytes]:
    """The same of a file that is not held whole."""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


def validated(data: Iterable[bytes], known: Guides = compiled) -> None:
    """Our validation alone: SNIP 1 and 2."""
    reader = Reader(known, EnvelopePolicy())
    for piece in data:
        for _ in reader.events(piece):
            pass
    reader.close()


def whole(data: Iterable[bytes]) -> int:
    """The whole job: SNIP 1 to 3, every claim, member or payment handed out as rows, and the 999.

    Returns: findings of SNIP 3.
    """
    from gateway.bench.figures import DAY
    from mappings import implementation_ack
    from parsers.edits import Editor, Terms
    from parsers.events import GroupClosed, SetClosed, SetOpened, Unit
    from parsers.snip import Snip

    terms = Terms(snip=Snip(snip4="off", snip5="off", snip6="off", snip7="off"), today=DAY)
    reader, editor, found = Reader(compiled, EnvelopePolicy()), None, 0
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


def pyx12(data: bytes) -> None:
    """Its full validation, writing its 999."""
    import pyx12.params
    import pyx12.x12n_document

    logging.getLogger("pyx12").setLevel(logging.CRITICAL)
    text = io.StringIO(data.decode("ascii"))
    pyx12.x12n_document.x12n_document(pyx12.params.params(), text, io.StringIO(), None, None)


def pyx12_reader(data: bytes) -> None:
    """Its bare reader: tokens, envelopes and counts."""
    import pyx12.x12file

    for _ in pyx12.x12file.X12Reader(io.StringIO(data.decode("ascii"))):
        pass
