"""What of an enrolment file waits for a person: what its report says, and what a release or a newer file does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.flow import enrol
from gateway.plan.enrolment import report as enrolment_report
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import hold, person, staged
from tests.flow.members import ALAN, BIANCA, CODY, DANA, ELI, ENDED_ELI, counted, enrolment_file, last_day, report
from tests.flow.world import World, begun, golden

WITHOUT_ELI = (ALAN, BIANCA, CODY, DANA)
FEW_MAY_STAY = (shipped() / "sponsors" / "sample.toml").read_text().replace(
    "verify_applies = true", "min_remaining_percent = 10\nverify_applies = true"
)  # fmt: skip
"""Rules under which one absence of five people ends by itself."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation whose people are on file."""
    return begun(store, keys, tmp_path, enrolled=True)


def test_released_rows_are_applied(world: World) -> None:
    """A row beyond the retro limit changes nothing until its release, which applies it as known from then on."""
    world.send("bluebonnet", "ends.834", enrolment_file(601, ELI, action="2", changes={ELI: ENDED_ELI}))
    assert "held retro" in report(world)
    assert (last_day(world, "M05"), world.count(staged)) == (None, 1)
    assert world.release("enrolment") == "the held rows are applied"
    assert (last_day(world, "M05"), world.count(staged)) == ("2026-01-31", 0)
    assert counted(report(world), "ended") == 1
    assert world.holds("enrolment") == []


def test_only_held_rows_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows beside a held one are applied at once, in whatever chunks, and its release ends nobody by absence."""
    monkeypatch.setattr(enrol, "CHUNK_MEMBERS", 1)
    moved = (("10 MAIN ST", "12 MAIN ST"),)
    body = enrolment_file(601, ALAN, BIANCA, CODY, DANA, ELI, changes={ELI: ENDED_ELI, DANA: moved})
    world.send("bluebonnet", "full.834", body)
    assert "12 MAIN ST" in next(row.body for row in world.rows(person) if row.member_no == "M04")
    assert (last_day(world, "M05"), world.holds("absence")) == (None, [])
    world.release("enrolment")
    assert [last_day(world, f"M0{n}") for n in range(1, 6)] == [None, None, None, None, "2026-01-31"]
    assert world.holds("absence") == []


def test_released_rows_have_their_claims_looked_at(world: World) -> None:
    """Coverage a release takes back under decided claims is told to a person, as any other change is."""
    world.send("clearpath", "claims.837", golden("in.837p"))
    alan = (("INS*Y*18*030", "INS*Y*18*024"), ("348*D8*20260101~", "349*D8*20260131~"), ("030**PPO", "024**PPO"))
    world.send("bluebonnet", "ends.834", enrolment_file(601, ALAN, action="2", changes={ALAN: alan}))
    assert world.holds("review") == []
    world.release("enrolment")
    assert {row.reason.split(" (")[0] for row in world.holds("review")} == {"coverage changed"}


def test_absence_beyond_the_limit_waits(store: Store, keys: Keys, tmp_path: Path) -> None:
    """An end by absence further back than the limit is not done: it is counted as waiting, and done when released."""
    world = begun(store, keys, tmp_path, enrolled=True, sponsors=FEW_MAY_STAY)
    world.send("bluebonnet", "full.834", enrolment_file(602, *WITHOUT_ELI, created="20260406", effective="20260115"))
    assert last_day(world, "M05") is None
    text = report(world)
    assert (counted(text, "ended by absence"), counted(text, "ends waiting")) == (0, 2)  # Eli, and Frank before his end
    assert "The ends by absence wait for a person." in text
    world.release("absence")
    assert last_day(world, "M05") == "2026-01-14"


def test_absence_within_the_limits_ends(store: Store, keys: Keys, tmp_path: Path) -> None:
    """An end by absence the sponsor's rules allow is made and counted, and nobody is asked."""
    world = begun(store, keys, tmp_path, enrolled=True, sponsors=FEW_MAY_STAY)
    world.send("bluebonnet", "full.834", enrolment_file(602, *WITHOUT_ELI, created="20260406", effective="20260401"))
    assert last_day(world, "M05") == "2026-03-31"
    assert counted(report(world), "ended by absence") == 1
    assert world.holds("absence") == []


def test_a_newer_full_file_voids_older_absences(world: World) -> None:
    """Who waits to be ended and is named by a newer full file is not ended: the older hold closes, and says why."""
    world.send("bluebonnet", "f1.834", enrolment_file(603, *WITHOUT_ELI, created="20260405", effective="20260405"))
    (waits,) = world.holds("absence")
    world.send("bluebonnet", "f2.834", enrolment_file(604, *WITHOUT_ELI, ELI, created="20260406", effective="20260406"))
    assert world.holds("absence") == []
    (closed,) = [row for row in world.rows(hold) if row.id == waits.id]
    assert (closed.state, closed.closed_by) == ("closed", "gateway")
    assert closed.closed_reason == "a newer full file, receipt 3, says who is absent"


def test_a_newer_full_file_voids_ends_that_were_released(world: World) -> None:
    """Ends a person released end nobody when a newer full file, received before the release, is applied before them."""
    world.send("bluebonnet", "f1.834", enrolment_file(603, *WITHOUT_ELI, created="20260405", effective="20260405"))
    world.put("bluebonnet", "f2.834", enrolment_file(604, *WITHOUT_ELI, ELI, created="20260406", effective="20260406"))
    world.release("absence")
    assert last_day(world, "M05") is None


def test_absent_again_waits_under_the_newer_file(world: World) -> None:
    """Somebody two full files leave out waits under the newer one alone; a change file closes nothing."""
    world.send("bluebonnet", "f1.834", enrolment_file(603, *WITHOUT_ELI, created="20260405", effective="20260405"))
    moved = (("INS*Y*18*030", "INS*Y*18*001"), ("HD*030", "HD*001"))
    change = enrolment_file(604, DANA, action="2", created="20260405", changes={DANA: moved})
    world.send("bluebonnet", "c.834", change)
    assert [row.subject for row in world.holds("absence")] == ["receipt 2 set 1"]
    world.send("bluebonnet", "f2.834", enrolment_file(605, *WITHOUT_ELI, created="20260406", effective="20260406"))
    assert [row.subject for row in world.holds("absence")] == ["receipt 4 set 1"]
    world.release("absence")
    assert last_day(world, "M05") == "2026-04-05"


def test_absences_are_released_in_chunks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ends a release makes, each transaction writes few, and each person is ended once."""
    monkeypatch.setattr(enrol, "CHUNK_MEMBERS", 1)
    world.send("bluebonnet", "f1.834", enrolment_file(603, DANA, created="20260405", effective="20260405"))
    world.release("absence")
    assert [last_day(world, f"M0{n}") for n in range(1, 6)] == ["2026-04-04"] * 3 + [None, "2026-04-04"]


def test_a_file_that_was_not_applied_says_so(world: World) -> None:
    """The report of a refused, held or compared file does not claim that anything of it was applied."""
    short = enrolment_file(606, *WITHOUT_ELI, totals=True, created="20260406")
    world.send("bluebonnet", "held.834", short)
    assert report(world).splitlines()[1].endswith(": held")
    assert "wait for a person" not in report(world)
    world.send("bluebonnet", "older.834", enrolment_file(607, *WITHOUT_ELI, created="20260301"))
    assert report(world).splitlines()[1].endswith(": refused")
    assert "wait for a person" not in report(world)


def test_a_compared_file_ends_nobody(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Where a verifying file only reports, those it leaves out are told and no hold could end them."""
    text = (shipped() / "sponsors" / "sample.toml").read_text()
    text = text.replace("verify_applies = true", "verify_applies = false")
    world = begun(store, keys, tmp_path, enrolled=True, sponsors=text)
    world.send("bluebonnet", "full.834", enrolment_file(608, *WITHOUT_ELI, created="20260406"))
    assert report(world).splitlines()[1].endswith(": compared only")
    assert world.holds("absence") == []


# ---- what the edits find ---------------------------------------------------------------------------------------------

MOVED = (("INS*N*01*030", "INS*N*01*001"), ("HD*030", "HD*001"), ("10 MAIN ST", "12 MAIN ST"))
"""Bianca's row as the change that she moved."""

BAD_POSTAL_CODE = (("*TX*78701~", "*TX*78701999~"),)
"""A member's address whose postal code has eight digits."""


def told(world: World) -> list[dict[str, Any]]:
    """The findings of the last result report."""
    last = [body for body in world.sent("834-result") if body.startswith(b"{")][-1]
    return list(json.loads(last)["findings"])


def test_what_the_edits_find_is_told_and_rejects_no_row(world: World) -> None:
    """A row an edit finds something in is applied, and the report tells of it: row and numbers, place, rule, mend, and
    nothing of what stands there."""
    body = enrolment_file(609, ALAN, BIANCA, action="2", changes={BIANCA: (*BAD_POSTAL_CODE, *MOVED)})
    world.send("bluebonnet", "odd.834", body)
    (one,) = told(world)
    assert (one["row"], one["subscriber_no"], one["member_no"]) == (2, "SBA100001", "M02")
    assert (one["loop"], one["segment"], one["element"], one["severity"]) == ("2100A", "N4", 3, "error")
    assert body.decode().splitlines()[one["position"] + 1] == "N4*AUSTIN*TX*78701999~"  # behind ISA and GS
    words = report(world)
    assert f"SBA100001 M02  error {one['code']}: {one['message']}" in words
    assert one["rule"] in words and one["mend"] in words and "segment " in words
    assert not any("78701" in body.decode() for body in world.sent("834-result"))
    assert "12 MAIN ST" in next(row.body for row in world.rows(person) if row.member_no == "M02")


def test_a_total_is_held_and_told_alike(world: World) -> None:
    """The QTYs that hold a file are those the findings name, with the hold and again when it is released."""
    world.send("bluebonnet", "short.834", enrolment_file(610, *WITHOUT_ELI, totals=True, created="20260406"))
    (waits,) = world.holds("enrolment")
    wrong = [one["rule"].split(" ")[0] for one in told(world)]
    assert waits.reason.count(" says ") == len(wrong) > 0
    assert all((one["row"], one["loop"], one["segment"]) == (0, "HEADER", "QTY") for one in told(world))
    assert "   file  error member-count: QTY*TO is not" in report(world)
    world.release("enrolment")
    assert [one["rule"].split(" ")[0] for one in told(world)] == wrong


def test_what_was_found_outlives_the_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report made when the last chunk is applied tells of the first; what is beyond its limit is counted."""
    monkeypatch.setattr(enrol, "CHUNK_MEMBERS", 1)
    monkeypatch.setattr(enrolment_report, "MOST_TOLD", 1)
    changes = {ALAN: BAD_POSTAL_CODE, BIANCA: BAD_POSTAL_CODE}
    world.send("bluebonnet", "odd.834", enrolment_file(611, ALAN, BIANCA, action="2", changes=changes))
    assert [one["row"] for one in told(world)] == [1]
    assert "and 1 more" in report(world)


def test_released_rows_are_told_alone(world: World) -> None:
    """The report of released rows tells what was found in them, not again what the file's own report told."""
    wrong = (*ENDED_ELI, *BAD_POSTAL_CODE)
    body = enrolment_file(612, ALAN, ELI, action="2", changes={ALAN: BAD_POSTAL_CODE, ELI: wrong})
    world.send("bluebonnet", "odd.834", body)
    assert [one["row"] for one in told(world)] == [1, 2]
    world.release("enrolment")
    assert [one["row"] for one in told(world)] == [2]
