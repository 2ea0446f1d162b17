"""The golden 837P from its bytes to decisions: reader, mapping, door, match and adjudication together."""

from __future__ import annotations

import json
from functools import lru_cache

import pytest
from plan_cases import ELI, GOLDEN, MEMBERS, TODAY, WHO, codes, decide

from gateway.plan.claims import matching
from mappings.professional import GUIDE, ClaimReader
from mappings.records import Claim
from parsers import guides
from parsers.edits import Editor, Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Unit
from parsers.findings import Finding
from parsers.reader import Reader

EXPECTED = json.loads((GOLDEN / "expected.json").read_text())["claims"]


@lru_cache(maxsize=1)
def units() -> list[Unit]:
    """The file as the reader gives it."""
    reader = Reader(guides.load, EnvelopePolicy())
    events = reader.feed((GOLDEN / "in.837p").read_bytes()) + reader.close()
    return [event for event in events if isinstance(event, Unit)]


@lru_cache(maxsize=1)
def file_claims() -> dict[str, Claim]:
    """C1 to C8 as the mapping gives them."""
    claims = ClaimReader()
    found = [claim for unit in units() if (claim := claims.take(unit)) is not None]
    return {f"C{at}": claim for at, claim in enumerate(found, 1)}


def edited(name: str) -> tuple[Finding, ...]:
    """What the edits find in one of its claims, which are told by their order."""
    editor, told = Editor(GUIDE, Terms(today=TODAY)), []
    for unit in units():
        found = editor.take(unit)
        if unit.kind == "2300":
            told.append(found)
    return told[int(name[1:]) - 1]


@pytest.mark.parametrize("name", tuple(EXPECTED))
def test_a_golden_claim_from_its_bytes(name: str) -> None:
    """Each claim of the file passes the door, finds its person and is decided as the scenario says."""
    claim, expected = file_claims()[name], EXPECTED[name]
    assert edited(name) == ()
    family = [each for each in MEMBERS if each.subscriber_no == claim.subscriber.id]
    assert matching.match(claim, family).member == WHO[name]
    decision = decide(EXPECTED, claims=file_claims())[0][name]
    assert (decision.status, decision.paid_cents, decision.patient_cents) == (
        expected["status"],
        expected["paid"],
        expected["pr"],
    )
    assert [[list(code) for code in codes(line)] for line in decision.lines] == [line[2] for line in expected["lines"]]
    assert [line.control for line in decision.lines] == [f"{name}L{at}" for at in range(1, len(decision.lines) + 1)]


def test_the_file_tells_the_primary_payment() -> None:
    """C6 of the file carries ACME's line payment that coordination needs."""
    assert matching.match(file_claims()["C6"], MEMBERS).member == ELI
    assert file_claims()["C6"].lines[0].payments[0].paid_cents == 48000
