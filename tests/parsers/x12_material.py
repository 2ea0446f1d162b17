"""What the reader's tests share: the golden files, a summary of events that reads like an acknowledgement."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from parsers import check, guides
from parsers.cutter import swap
from parsers.envelope import EnvelopePolicy
from parsers.events import Delimiters, Event, GroupClosed, InterchangeClosed, Junk, SetClosed, Unit
from parsers.reader import Reader

GOLDEN = Path(__file__).parent.parent / "golden"
BASES = Path(__file__).parent / "bases"
GOLDEN_NAMES = ("in.834", "in.837p", "out.277ca", "out.835")
ANYBODY = EnvelopePolicy()


def golden(name: str) -> bytes:
    """A golden file on one line, as `~` ends its segments."""
    return (GOLDEN / name).read_bytes().replace(b"\n", b"").replace(b"\r", b"")


def base(name: str) -> bytes:
    """A base file, one for each guide and some 60 segments long, on one line."""
    return (BASES / f"{name}.x12").read_bytes().replace(b"\n", b"")


def segments(name: str) -> list[str]:
    """The segments of a golden file."""
    return golden(name).decode().split("~")[:-1]


def joined(parts: Iterable[str]) -> bytes:
    """Segments as a file; SE01 is counted again so that a change of the body is the only thing wrong."""
    lines, count = [], 0
    for part in parts:
        count = 1 if part.startswith("ST*") else count + 1
        if part.startswith("SE*"):
            part = f"SE*{count}*{part.rpartition('*')[2]}"
        lines.append(part + "~")
    return "".join(lines).encode("latin-1")


def read(data: bytes, policy: EnvelopePolicy = ANYBODY) -> list[Event]:
    """All events of a file."""
    return check(data, guides.load, policy)


def read_in_pieces(data: bytes, size: int) -> list[Event]:
    """All events of a file fed `size` bytes at a time."""
    reader = Reader(guides.load, ANYBODY)
    events = [event for at in range(0, len(data), size) for event in reader.feed(data[at : at + size])]
    return events + reader.close()


def accepted(events: Iterable[Event]) -> bool:
    """Whether something came, and nothing in it was refused."""
    verdicts = [e.verdict.verdict for e in events if isinstance(e, SetClosed | GroupClosed | InterchangeClosed)]
    return bool(verdicts) and set(verdicts) == {"A"} and not any(isinstance(event, Junk) for event in events)


def summary(events: Iterable[Event]) -> str:
    """Every verdict in file order, as `IK3:DMG*8 IK4:2*8 IK5:R*5 AK9:R TA1:A`; doubles next to each other once."""
    words: list[str] = []
    for event in events:
        words += _words(event)
    return " ".join(word for at, word in enumerate(words) if not at or words[at - 1] != word)


def _words(event: Event) -> list[str]:
    if isinstance(event, Junk):
        return [f"JUNK:{event.finding.code}"]
    if isinstance(event, SetClosed):
        found = [
            f"IK3:{one.place.segment}*{one.code}" if one.level == "segment" else f"IK4:{one.place.element}*{one.code}"
            for one in event.verdict.findings
        ]
        return [*found, "*".join((f"IK5:{event.verdict.verdict}", *event.verdict.codes))]
    if isinstance(event, GroupClosed):
        return ["*".join((f"AK9:{event.verdict.verdict}", *event.verdict.codes))]
    if isinstance(event, InterchangeClosed):
        return ["*".join((f"TA1:{event.verdict.verdict}", *event.verdict.codes))]
    return []


def units(events: Iterable[Event]) -> list[Unit]:
    """The units handed out."""
    return [event for event in events if isinstance(event, Unit)]


def in_other_delimiters(data: bytes, own: Delimiters) -> bytes:
    """The same file in other delimiters (none of which may occur in its data)."""
    inverse = swap(own)
    table = bytes(inverse.index(byte) for byte in range(256))
    return data.translate(table)
