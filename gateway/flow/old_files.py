"""Another administrator's X12 as it lies: the claims of 837s, the claims an 835 answers; streamed, in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.check.files import PIECE_BYTES
from gateway.errors import BadData, InputOutput
from mappings import remittance
from mappings.claims import ClaimReader
from mappings.readers import READERS
from mappings.records import Claim, RemittedClaim
from mappings.remittance import RemittanceReader
from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import Event, SetClosed, SetOpened, Unit
from parsers.reader import Reader

REJECTED = "R"
"""IK501 of a set that is not taken."""

Taker = ClaimReader | RemittanceReader


def claims(path: Path) -> Iterator[Claim]:
    """The claims of the 837s of a file. Raises InputOutput; BadData when a set cannot be read or there is no claim."""
    for record in _records(path, _claim_reader, "claims"):
        if isinstance(record, Claim):
            yield record


def remitted(path: Path) -> Iterator[RemittedClaim]:
    """The claims the 835s of a file answer. Raises the same."""
    for record in _records(path, _remittance_reader, "paid claims"):
        if isinstance(record, RemittedClaim):
            yield record


def _claim_reader(guide: str) -> Taker | None:
    made = READERS[guide].make() if guide in READERS else None
    return made if isinstance(made, ClaimReader) else None


def _remittance_reader(guide: str) -> Taker | None:
    return RemittanceReader() if guide == remittance.GUIDE else None


def _records(path: Path, reader_of: Callable[[str], Taker | None], words: str) -> Iterator[Claim | RemittedClaim]:
    taker, found = None, False
    for event in _events(path):
        if isinstance(event, SetOpened):
            taker = reader_of(event.guide)
        elif isinstance(event, Unit) and taker is not None:
            record = taker.take(event)
            if record is not None:
                found = True
                yield record
        elif isinstance(event, SetClosed) and taker is not None:
            if event.verdict.verdict == REJECTED or taker.findings:
                raise BadData(f"{path.name}: a set of it would be rejected; gateway check says why")
            taker = None
    if not found:
        raise BadData(f"{path.name}: no {words} in it")


def _events(path: Path) -> Iterator[Event]:
    reader = Reader(guides.load, EnvelopePolicy())
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield from reader.events(piece)
    except OSError as error:
        raise InputOutput(str(path)) from error
    yield from reader.close()
