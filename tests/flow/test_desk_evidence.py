"""Authorisations and accident answers: checked whole, loaded once, and what waits for them is decided again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import BadData
from gateway.flow import evidence as loads
from gateway.store.schema import claim, evidence
from tests.flow.desk_world import audited, desk
from tests.flow.world import METRO_C5, SPONSOR, World, golden, only

HEAD = "kind,sponsor,person,birth,number,npi,codes,units,first,last,work,third_party\n"
PA7781 = "authorisation,bluebonnet,SBA100001-M02,,PA7781,1245319599,J9271 96413,J9271:500,2026-03-01,2026-06-30,,\n"
C5 = "26096000001"
"""Bianca's claim under PA7781, the only one of its file."""


def file(folder: Path, text: str, name: str = "more.csv") -> Path:
    """A file that a person wrote."""
    made = folder / name
    made.write_text(text)
    return made


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    """Bianca's claim waits in AUTH, as PA7781 is on file for other days than hers."""
    made = desk(sqlite_template, tmp_path)
    (row,) = made.rows(evidence, evidence.c.number == "PA7781")
    early = json.dumps({**json.loads(row.body), "last": "2026-03-02"})
    with made.store.write("test") as connection:
        connection.execute(evidence.update().where(evidence.c.number == "PA7781").values(body=early))
    made.send("clearpath", "claims.837", only(golden("in.837p"), METRO_C5))
    (waits,) = made.holds("pend")
    assert waits.queue == "AUTH"
    return made


def test_what_waited_for_an_authorisation_is_decided_with_it(world: World, tmp_path: Path) -> None:
    """A look changes nothing; loaded, the corrected authorisation lets Bianca's claim be paid; loaded again, nothing is
    new, and a JSON file of the same is the same."""
    path = file(tmp_path, HEAD + PA7781)
    look = loads.load(world.context, path, "ann", store=False)
    assert (look.lines, look.new, look.changed, look.waiting) == (1, 0, 1, (C5,))
    assert [row.state for row in world.claims() if row.icn == C5] == ["pended"]
    assert loads.load(world.context, path, "ann", store=True) == look
    world.run()
    (row,) = world.rows(claim, claim.c.sponsor_id == SPONSOR, claim.c.icn == C5)
    assert (row.state, row.cleared, world.holds("pend")) == ("decided", "", [])
    assert row.paid_cents > 0
    assert audited(world, C5) == [("ann", "evidence", "")]
    same = {"kind": "authorisation", "sponsor": "bluebonnet", "person": "SBA100001", "birth": "1982-09-05",
            "number": "PA7781", "npi": "1245319599", "codes": ["J9271", "96413"], "units": {"J9271": 500},
            "first": "2026-03-01", "last": "2026-06-30"}  # fmt: skip
    again = loads.load(world.context, file(tmp_path, json.dumps([same]), "same.json"), "ann", store=True)
    assert (again.new, again.changed, again.unchanged, again.waiting) == (0, 0, 1, ())


def test_an_authorisation_that_does_not_fit_leaves_it_waiting(world: World, tmp_path: Path) -> None:
    """What was loaded is asked anew and clears nothing: one for another provider lets the claim wait on."""
    other = PA7781.replace("1245319599", "1679576722")
    loads.load(world.context, file(tmp_path, HEAD + other), "ann", store=True)
    world.run()
    assert [waits.queue for waits in world.holds("pend")] == ["AUTH"]


def test_an_answer_about_an_accident(world: World, tmp_path: Path) -> None:
    """Yes and no are kept by the first day they are about; a second answer of that day takes the first one's place."""
    line = "accident,bluebonnet,SBA100001,1982-09-05,,,,,2026-03-01,,no,\n"
    assert loads.load(world.context, file(tmp_path, HEAD + line), "ann", store=True).new == 1
    later = loads.load(world.context, file(tmp_path, HEAD + line.replace("no,", "no,yes")), "ann", store=True)
    assert (later.new, later.changed) == (0, 1)
    (row,) = world.rows(evidence, evidence.c.kind == "accident", evidence.c.person_id == "SBA100001-M02")
    assert (row.number, json.loads(row.body)["third_party"]) == ("2026-03-01", True)


FAULTS = [
    ("SBA100001-M02", "NOBODY", "line 1: person: nobody"),
    ("SBA100001-M02", "SBA100001", "line 1: person: more than one"),
    ("PA7781", "", "number: an authorisation has one"),
    ("2026-06-30", "", "first, last: an authorisation has both"),
    ("2026-06-30", "2026-02-28", "last: before first"),
    ("1245319599", "1245319590", "npi: its check digit"),
    ("J9271:500", "J9271:0", "units: not more than none"),
    ("J9271:500", "99213:5", "units: of a code that is not authorised"),
    ("J9271:500", "J9271", "line 1: "),
    ("authorisation", "accident", "neither is answered"),
    ("authorisation", "guess", "line 1: "),
    ("2026-03-01", "March", "line 1: "),
]
"""What of a good line is written otherwise, and what is said of it."""


def test_a_faulty_line_stores_nothing(world: World, tmp_path: Path) -> None:
    """Each fault is told with its line, the good line beside it is not stored, and nothing of a person is repeated."""
    good = PA7781.replace("PA7781", "PA1")
    for old, new, fault in FAULTS:
        with pytest.raises(BadData) as told:
            loads.load(world.context, file(tmp_path, HEAD + PA7781.replace(old, new) + good), "ann", store=True)
        assert fault in told.value.detail
        assert "SBA1" not in told.value.detail
    assert world.count(evidence, evidence.c.number == "PA1") == 0


def test_a_file_that_is_none(world: World, tmp_path: Path) -> None:
    """Bytes that are no text, JSON that is no list, and columns nobody knows are told."""
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (binary, file(tmp_path, "{}", "a.json"), file(tmp_path, HEAD.replace("npi", "ssn") + PA7781)):
        with pytest.raises(BadData):
            loads.load(world.context, path, "ann", store=True)
