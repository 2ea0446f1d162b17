"""What a report says of a file that is used in part, and who hears of one that is not used at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, receipt, span, staged, x12_set
from gateway.web import status
from tests.flow.members import ALAN, BIANCA, CODY, DANA, ELI, enrolment_file, report
from tests.flow.world import LAKESIDE, METRO_C5, SPONSOR, World, golden, only, renumbered


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    made = World(store, keys, tmp_path)
    made.advance("2026-04-06")
    return made


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
