"""What a report says of a file that is used in part, and who hears of one that is not used at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, receipt, span, staged, x12_set
from gateway.web import status
from tests.flow.members import ALAN, BIANCA, CODY, DANA, ELI, enrolment_file, report
from tests.flow.test_claim_edits import settle
from tests.flow.world import LAKESIDE, METRO_C5, SPONSOR, World, begun, golden, only, renumbered


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path)


def texts(world: World) -> list[str]:
    """The reports people read."""
    return [body.decode() for body in world.sent("report") if not body.startswith(b"{")]


def as_if_from(body: bytes, old: str, new: str) -> bytes:
    """The file with another sender."""
    return body.replace(f"{old:15}".encode(), f"{new:15}".encode()).replace(f"*{old}*".encode(), f"*{new}*".encode())


def verdicts(world: World) -> list[str]:
    """What the status page says of the files, newest first."""
    with world.store.read() as connection:
        return [line.verdict for line in status.read(connection, world.clock.now_us).files]


def test_who_may_send_what_is_its_role(world: World) -> None:
    """An 834 of a clearinghouse and an 837 of an employer are refused as AK905 1: nothing of them is used, the report
    says why, and a person hears of it."""
    world.send("clearpath", "e.834", as_if_from(golden("in.834"), "BLUEBONNET", "CLEARPATH"))
    world.send("bluebonnet", "c.837", as_if_from(golden("in.837p"), "CLEARPATH", "BLUEBONNET"))
    assert [b"AK9*R*1*1*0*1~" in body for body in world.sent("999")] == [True, True]
    assert {row.state for row in world.rows(x12_set)} == {"rejected"}
    assert world.count(claim, claim.c.partner != "") == 0
    assert {row.known_from for row in world.rows(span, span.c.sponsor_id == SPONSOR)} == {"0" * 32}
    assert all("Groups of this kind are not taken here. (AK905 1)" in text for text in texts(world))
    assert [row.subject for row in world.holds("file")] == ["receipt 1", "receipt 2"]


def test_a_report_says_which_interchange_and_what_stands(world: World) -> None:
    """Of two interchanges the second is cut: the report names it by ISA13 and says that the first stands."""
    first = only(golden("in.837p"), LAKESIDE)
    second = renumbered(only(golden("in.837p"), METRO_C5), "000000777", "OTHER")
    world.send("clearpath", "two.837", first + second[: len(second) // 2])
    (text,) = texts(world)
    assert "Interchange 2 (ISA13 000000777) rejected." in text
    assert f"Interchange 1 (ISA13 {first[90:99].decode()}) was accepted and stands." in text


def test_junk_behind_an_interchange_does_not_take_it_back(world: World) -> None:
    """A good interchange and bytes behind it: the report says that the interchange stands, not that all is refused."""
    world.send("clearpath", "more.837", only(golden("in.837p"), LAKESIDE) + b"\nminutes of the meeting\n")
    (text,) = texts(world)
    assert ("used in part" in text, "quarantined" in text) == (True, False)
    assert "Interchange 1 (ISA13 " in text


def test_a_file_whose_every_set_was_rejected_is_rejected(world: World) -> None:
    """An 837 of one set that is rejected: the status page says rejected, and a person hears of it."""
    world.send("clearpath", "bad.837", golden("in.837p").replace(b"CLM*LFC-5001*240*", b"CLM*LFC-5001**"))
    assert verdicts(world) == ["rejected"]
    assert [row.state for row in world.rows(receipt)] == ["quarantined"]
    assert [row.reason for row in world.holds("file")] == [
        "every set of interchange 1 was rejected; see its report"
    ]  # fmt: skip
    assert "0 of 1 sets of it were accepted and stand." in texts(world)[0]


NOTED = '[partner.validation]\ninbound = { snip1 = "warning" }\n'
"""What X12 syntax finds is told to the clearinghouse, and rejects nothing."""

MISCOUNTED = re.sub(rb"SE\*(\d+)\*", rb"SE*9\1*", only(golden("in.837p"), LAKESIDE))
"""A set whose SE01 is wrong (IK502 4)."""


def with_a_rejected_set(body: bytes) -> bytes:
    """The interchange with its set once more in the group, its charge left out there."""
    (one,) = re.findall(rb"ST\*.*SE\*\d+\*0001~", body, re.DOTALL)
    second = one.replace(b"*0001*005010X222A1", b"*0002*005010X222A1").replace(b"*0001~", b"*0002~")
    second = re.sub(rb"(CLM\*[^*]*)\*[0-9.]+", rb"\1*", second).replace(b"BHT*0019*00*", b"BHT*0019*00*2")
    return body.replace(one, one + second).replace(b"GE*1*", b"GE*2*")


def told(world: World) -> tuple[str, dict[str, Any]]:
    """The one report, as text and as JSON."""
    bodies = world.sent("report")
    (document,) = [json.loads(one) for one in bodies if one.startswith(b"{")]
    return texts(world)[0], document


def test_a_set_accepted_with_errors_is_told_so(world: World, tmp_path: Path) -> None:
    """A set of IK501 E is nowhere called rejected: text and JSON say that it stands and what was noted."""
    settle(world, tmp_path, NOTED)
    world.send("clearpath", "noted.837", MISCOUNTED)
    text, document = told(world)
    assert document["verdict"] == "accepted with errors noted"
    assert [one["verdict"] for one in document["sets"]] == ["E"]
    assert "set 0001: accepted with errors noted.\n" in text and "rejected" not in text
    assert "(IK502 4)" in text and "1 of 1 sets of it were accepted and stand." in text
    assert [body.count(b"IK5*E*4~") for body in world.sent("999")] == [1]


def test_beside_a_rejected_set_the_noted_one_stands(world: World, tmp_path: Path) -> None:
    """Where one set of two is rejected the report says of each what became of it."""
    settle(world, tmp_path, NOTED)
    world.send("clearpath", "mixed.837", with_a_rejected_set(MISCOUNTED))
    text, document = told(world)
    assert document["verdict"] == "sets rejected"
    assert [(one["st02"], one["verdict"]) for one in document["sets"]] == [("0001", "E"), ("0002", "R")]
    assert "set 0001: accepted with errors noted.\n" in text and "set 0002: rejected.\n" in text
    assert "1 of 2 sets of it were accepted and stand." in text


def test_a_noted_set_of_a_rejected_group_does_not_stand(world: World, tmp_path: Path) -> None:
    """A set that would stand with errors noted falls with its group, and the report says so."""
    settle(world, tmp_path, NOTED)
    world.send("clearpath", "group.837", re.sub(rb"GE\*1\*", b"GE*3*", MISCOUNTED))
    text, document = told(world)
    assert document["verdict"] == "sets rejected"
    assert "set 0001: rejected with its group.\n" in text and "0 of 1 sets" in text


def test_a_file_of_nobody_is_reported(world: World) -> None:
    """An 834 that names no sponsor we know gets its result report, and no step of its set is left."""
    world.send("bluebonnet", "e.834", golden("in.834").replace(b"BT1001", b"ZZ9999"))
    assert "the group number it names is of no sponsor its sender may send for" in report(world)
    assert [row.routes_left for row in world.rows(x12_set)] == [0]


def test_rows_nobody_will_apply_are_swept(world: World) -> None:
    """A refused 834 leaves no rows behind."""
    everybody = (ALAN, BIANCA, CODY, DANA, ELI)
    world.send("bluebonnet", "f1.834", enrolment_file(601, *everybody, created="20260405", effective="20260405"))
    world.send("bluebonnet", "f2.834", enrolment_file(602, *everybody, created="20260301"))
    assert report(world).splitlines()[1].endswith(": refused")
    assert world.count(staged) == 0
