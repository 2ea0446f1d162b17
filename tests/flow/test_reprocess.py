"""Decided claims decided again: the look is the money, families in order, nothing twice, two people above the limit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.errors import NotPermitted, UsageError
from gateway.flow import affected, auditing, chain, loading, reprocess
from gateway.flow.affected import Filter
from gateway.flow.reprocess import Asked, Look
from gateway.plan.records import Decision
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision, entry, hold, reprocessed, work
from tests.flow import members
from tests.flow.bills import correction
from tests.flow.desk_world import SPONSORS
from tests.flow.members import enrolment_file
from tests.flow.test_corrections import price, send, states
from tests.flow.world import SPONSOR, World, begun
from tests.plan.plan_cases import ALAN, C1, C4, LAKESIDE, bill, service

APRIL_1 = date(2026, 4, 1)
LAB = "80053"
"""25.00 at Lakeside."""
LAKELINE = '\n[[sponsor]]\nid = "lakeline"'
TWO_PEOPLE = SPONSORS.replace(LAKELINE, f"\n[sponsor.desk]\nreprocess_alone_cents = 1000\n{LAKELINE}")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden people, enrolled; nothing of former administrators' claims is on file."""
    return begun(store, keys, tmp_path, enrolled=True, taken_over=False)


def look(world: World, *, void: bool = False, **wanted: Any) -> Look:
    """What the claims of a filter would come to."""
    with world.store.read() as connection:
        ((sponsor_id, icns),) = affected.find(connection, Filter(**wanted)).items()
        return reprocess.look(connection, world.context, sponsor_id, icns, void=void)


def done(world: World, shown: Look, because: str = "", user: str = "ann") -> Asked:
    """It is asked for and, where one person is enough, done."""
    asked = reprocess.ask(world.context, shown, because, user, "as shown")
    world.run()
    with world.store.read() as connection:
        return reprocess.one(connection, asked.number)


def lab(pcn: str, on: date, charge: int = 60) -> Any:
    """A laboratory line of Alan's."""
    return bill(pcn, ALAN, LAKESIDE, "E119", service(1, LAB, charge, on))


def entries(world: World) -> list[Any]:
    """The family's sums, whatever the versions they come from."""
    sums: dict[Any, int] = {}
    for row in world.rows(entry):
        key = (row.person_id, row.year, row.tier, row.kind, row.limit_name, row.used_on, row.place)
        sums[key] = sums.get(key, 0) + row.cents + row.thousandths
    return sorted((key, cents) for key, cents in sums.items() if cents)


def counts(world: World) -> list[int]:
    """How many rows the tables have that deciding writes."""
    return [world.count(table) for table in (claim, decision, entry, hold, work, reprocessed)]


def test_a_retro_price_is_shown_and_booked(world: World, tmp_path: Path) -> None:
    """The visit's contract says 8.00 from January on: the look tells old and new money of claim, patient and payee and
    writes nothing; done, the claim's versions are paid, reversal with N692, and paid again, which an audit makes
    the same once more, and the books hold."""
    (icn,) = send(world, 301, C1)
    assert states(world, icn) == [("decided", 95_00)]
    price(world, tmp_path, "99214")
    before = counts(world)
    shown = look(world, code="99214")
    assert counts(world) == before
    (change,) = shown.claims
    assert (change.before_paid_cents, change.paid_cents) == (95_00, 0)
    assert (change.before_patient_cents, change.patient_cents) == (30_00 + 25_00, 8_00 + 25_00)
    assert (shown.more_cents, shown.back_cents, shown.patient_cents) == (0, 95_00, -22_00)
    assert shown.payees == ((LAKESIDE.tin, LAKESIDE.npi, -95_00),)
    assert done(world, shown, "rate").claims == {"changed": 1}
    assert states(world, icn) == [("decided", 0)]
    made = [msgspec.json.decode(row.body, type=Decision) for row in world.rows(decision, decision.c.icn == icn)]
    assert [one.outcome for one in made] == ["paid", "reversal", "paid"]
    assert (made[1].remarks, made[2].original_icn) == (("N692",), icn)
    assert sum(one.paid_cents for one in made[:2]) == 0
    assert world.books()["5010"] == 0
    with world.store.read() as connection:
        told = chain.read(connection, icn)
    assert [one.cause for one in told.versions] == ["received in receipt 2", "reprocess 1", "reprocess 1"]
    assert told.in_force == icn
    assert look(world, code="99214").moves is False
    assert [one.state for one in auditing.decisions(world.context, auditing.Chosen())] == ["same"] * 3


def test_one_835_tells_reversal_and_correction(world: World, tmp_path: Path) -> None:
    """Paid in one run and decided again before the next: its 835 says CLP02 22, then the claim with REF*F8."""
    (icn,) = send(world, 301, C1)
    world.plan_run()
    world.deposit(30_000_00, "WIRE-1")
    world.advance("2026-04-10")
    price(world, tmp_path, "99214")
    done(world, look(world, icns=(icn,)), "rate")
    world.plan_run()
    world.advance("2026-04-17")
    *_, told = world.sent("835")
    lines = told.decode().split("~")
    clps = [one.strip() for one in lines if one.strip().startswith("CLP*")]
    assert clps == [f"CLP*LFC-5001*22*-240*-95**12*{icn}*11*1", f"CLP*LFC-5001*1*240*0*33*12*{icn}*11*1"]
    assert f"REF*F8*{icn}" in [one.strip() for one in lines]
    assert "MOA***N692" in [one.strip() for one in lines]


def test_coverage_that_ended_late(world: World) -> None:
    """An 834 ends Alan's coverage before a visit that was paid: its hold names the visit, which the look denies
    PR-27; done, its 95.00 are taken back with N687 and the deductible is given back."""
    (icn,) = send(world, 301, C1)
    ended = (("INS*Y*18*030", "INS*Y*18*024"), ("348*D8*20260101~", "349*D8*20260131~"), ("030**PPO", "024**PPO"))
    body = enrolment_file(601, members.ALAN, action="2", changes={members.ALAN: ended})
    world.send("bluebonnet", "ends.834", body)
    world.release("enrolment")
    (waits,) = world.holds("review")
    shown = look(world, hold_id=waits.id)
    (change,) = shown.claims
    assert (change.icn, change.codes, shown.back_cents) == (icn, ("PR-27",), 95_00)
    reprocess.ask(world.context, shown, "coverage-ended", "ann", "the 834", hold_id=waits.id)
    world.run()
    assert (states(world, icn), entries(world), world.holds("review")) == ([("decided", 0)], [], [])
    told = [msgspec.json.decode(row.body, type=Decision) for row in world.rows(decision, decision.c.icn == icn)]
    assert (told[1].remarks, told[2].coverage_end) == (("N687",), date(2026, 1, 31))


def test_a_look_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More claims than a look or a reprocessing holds are refused with a sentence that says what to do."""
    first, second = send(world, 301, C1, lab("L1", APRIL_1))
    both = look(world, icns=(first, second), void=True)
    monkeypatch.setattr(reprocess, "MOST", 1)
    with pytest.raises(UsageError, match="narrow the filter"):
        reprocess.ask(world.context, both, "", "ann", "too many")
    monkeypatch.setattr(reprocess, "LOOKED_MOST", 1)
    with pytest.raises(UsageError, match="narrow it by date"):
        look(world, icns=(first, second))


def test_a_void_at_the_desk_names_the_later_claims(world: World) -> None:
    """Alan's excision took his deductible of 1,000.00, so his laboratory is paid 20.00: with the first taken back it
    owes the deductible. A hold names it, what the hold names is decided again, and all stands as if the excision had
    never come."""
    excision = bill("D1", ALAN, LAKESIDE, "D225", *C4.lines)
    first, second = send(world, 301, excision, lab("L1", APRIL_1))
    assert states(world, first, second) == [("decided", 321_06), ("decided", 20_00)]
    assert done(world, look(world, icns=(first,), void=True), "provider-cancelled").claims == {"voided": 1}
    assert states(world, first, second) == [("voided", 0), ("decided", 20_00)]
    (waits,) = world.holds("review")
    assert (waits.subject, msgspec.json.decode(waits.body)["icns"]) == (f"claim {first}", [second])
    shown = look(world, hold_id=waits.id)
    assert (shown.more_cents, shown.back_cents, shown.patient_cents) == (0, 20_00, 20_00)
    reprocess.ask(world.context, shown, "share", "ann", "after the void", hold_id=waits.id)
    world.run()
    assert world.holds("review") == []
    assert states(world, second) == [("decided", 0)]
    assert [(key[3], cents) for key, cents in entries(world)] == [("deductible", 25_00), ("oop", 25_00)]
    assert world.books()["5010"] == 0


def test_a_duplicates_source_is_taken_back(world: World) -> None:
    """Denied as a copy of a claim that is void now, a claim is among the later ones and pays what the first one did."""
    first, second = send(world, 301, C1, C1)
    assert states(world, second) == [("decided", 0)]
    (third,) = send(world, 302, correction(C1, "8", first))
    assert states(world, first, third) == [("voided", 0), ("void", 0)]
    (waits,) = world.holds("review")
    assert waits.reason == f"taken back for claim {third}; 1 later claims of the family would come out otherwise"
    done(world, look(world, hold_id=waits.id))
    assert states(world, second) == [("decided", 95_00)]
    assert world.books()["5010"] == 95_00


def test_a_correction_stands_in_its_originals_place(world: World) -> None:
    """Alan's first laboratory claim is replaced after his second claim: decided again, it does not move behind it."""
    excision = bill("D1", ALAN, LAKESIDE, "D225", *C4.lines)
    first, second = send(world, 301, lab("L1", APRIL_1), excision)
    (third,) = send(world, 302, correction(lab("L1", APRIL_1, 70), "7", first))
    assert states(world, first, second, third) == [("replaced", 0), ("decided", 341_06), ("decided", 0)]
    assert world.holds("review") == []
    assert not look(world, sponsor_id=SPONSOR).moves


def test_what_would_wait_is_left(world: World, tmp_path: Path) -> None:
    """A claim whose price was taken from the file would wait in PRC: it keeps its payment, and the look says why."""
    (icn,) = send(world, 301, C1)
    ended = tmp_path / "ended.csv"
    rows = "provider,npi,code,allowed,per,effective_from,effective_to\n"
    ended.write_text(rows + f"Lakeside,{LAKESIDE.npi},{LAB},25.00,line,2026-01-01,2026-01-31\n")
    loading.load(world.context, [ended], "test")
    (change,) = look(world, icns=(icn,)).claims
    assert (change.outcome, change.queue, change.paid_cents) == ("waits", "PRC", 95_00)
    assert not look(world, icns=(icn,)).moves


def test_what_changed_meanwhile_is_left(world: World, tmp_path: Path) -> None:
    """Between look and lane another price comes: nothing is booked that was not shown; asked anew, it is."""
    (icn,) = send(world, 301, C1)
    price(world, tmp_path, "99214")
    shown = look(world, icns=(icn,))
    asked = reprocess.ask(world.context, shown, "rate", "ann", "as shown")
    with pytest.raises(UsageError, match="stands in reprocess 1"):
        reprocess.ask(world.context, shown, "rate", "ben", "again")
    with world.store.read() as connection:
        assert affected.find(connection, Filter(icns=(icn,))) == {}
    fees = tmp_path / "third.csv"
    header = "provider,npi,code,allowed,per,effective_from,effective_to\n"
    fees.write_text(header + f"Lakeside,{LAKESIDE.npi},99214,100.00,line,2026-01-01,\n")
    loading.load(world.context, [fees], "test")
    world.run()
    with world.store.read() as connection:
        assert reprocess.one(connection, asked.number).claims == {"left": 1}
    assert states(world, icn) == [("decided", 95_00)]
    done(world, look(world, icns=(icn,)))
    assert states(world, icn) == [("decided", 70_00)]


def test_two_people_above_the_limit(store: Store, keys: Keys, tmp_path: Path) -> None:
    """The employer lets one person move 10.00: 95.00 need a second one, who is another; until then nothing happens, and
    it can be withdrawn."""
    world = begun(store, keys, tmp_path, enrolled=True, taken_over=False, sponsors=TWO_PEOPLE)
    (icn,) = send(world, 301, C1)
    shown = look(world, icns=(icn,), void=True)
    waiting = done(world, shown)
    assert (waiting.state, waiting.claims) == ("waiting for another person", {"": 1})
    with pytest.raises(NotPermitted):
        reprocess.approve(world.context, waiting.number, "ann")
    assert reprocess.withdraw(world.context, waiting.number, "ann").claims == {"withdrawn": 1}
    assert states(world, icn) == [("decided", 95_00)]
    second = done(world, look(world, icns=(icn,), void=True))
    assert reprocess.approve(world.context, second.number, "ben").state == "under way"
    world.run()
    assert states(world, icn) == [("voided", 0)]
    with pytest.raises(UsageError, match="it is done"):
        reprocess.approve(world.context, second.number, "ben")
    assert world.books().get("5010", 0) == 0 and entries(world) == []
