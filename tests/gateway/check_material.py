"""Files for the tests of `gateway check`: the golden ones, and what befalls them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.check import FileResult, check
from gateway.check.reading import Desk, Listener
from parsers.edits import Terms
from parsers.snip import Snip

GOLDEN = Path(__file__).parent.parent / "golden"
TODAY = date(2026, 4, 6)

CANARY_NAME, CANARY_SSN, CANARY_CLAIM = "ZYXWVUTSRQ", "123456789", "CANARY-CLAIM-7"
CANARIES = (CANARY_NAME, CANARY_SSN, CANARY_CLAIM)


def desk(snip: Snip | None = None, show_values: bool = False) -> Desk:
    """Any sender, any receiver, no code sets."""
    return Desk(terms=Terms(today=TODAY, snip=snip or Snip()), show_values=show_values)


def golden(name: str) -> bytes:
    """A golden file as it lies there."""
    return (GOLDEN / name).read_bytes()


def changed(name: str, *changes: tuple[str, str]) -> bytes:
    """A golden file after the first of each text was replaced; a text that is not there is a mistake of the test."""
    text = golden(name).decode()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return text.encode()


def poisoned() -> bytes:
    """Claims whose every fault stands at a name, a number or a claim nobody may be shown."""
    return changed(
        "in.837p",
        ("CLM*LFC-5001*240***11:B:1", f"CLM*{CANARY_CLAIM}*240***{CANARY_NAME}:B:{CANARY_SSN}"),
        ("NM1*IL*1*REED*ALAN", f"NM1*IL*{CANARY_SSN}*{CANARY_NAME}*{CANARY_NAME}é"),
        ("DMG*D8*", f"DMG*{CANARY_NAME}*{CANARY_SSN}"),
        ("\nREF*6R*", f"\nZZZ*{CANARY_NAME}*{CANARY_SSN}~\n{CANARY_NAME}~\nREF*6R*"),
    )


def checked(data: bytes, given: Desk | None = None, listeners: tuple[Listener, ...] = ()) -> FileResult:
    """What a file came to, given 1,000 bytes at a time."""
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    return check("in.x12", pieces, given or desk(), listeners)
