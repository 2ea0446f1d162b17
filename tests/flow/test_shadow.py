"""Laws of the shadow run: our own past is no difference, planted ones are grouped by cause, nothing is written."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from gateway import synth
from gateway.errors import BadData, UsageError
from gateway.flow import shadow
from gateway.flow.scratch import Scratch
from gateway.pages import comparison
from gateway.plan.claims import comparing
from gateway.plan.claims.comparing import Adding, Compared, Order, Totals
from gateway.plan.rounding import dollars
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision
from tests.flow.world import World, begun, changed, golden, only

HERE = Path(__file__).parent
PAID = (HERE.parent / "golden" / "out.835").read_bytes()
FEES = (shipped() / "fees" / "sample.csv").read_text()


@pytest.fixture
def sqlite(sqlite_template: Path, tmp_path: Path) -> Store:
    """One engine: the statements the run adds are asked on both by its first test."""
    shutil.copytree(sqlite_template, tmp_path / "state")
    return Store(f"sqlite:///{tmp_path}/state/state.db")


@pytest.fixture
def world(sqlite: Store, keys: Keys, tmp_path: Path) -> World:
    """The golden members, enrolled; no claim has come."""
    return begun(sqlite, keys, tmp_path, enrolled=True)


def compared(
    world: World, folder: Path, claims: Iterable[bytes], paid: Iterable[bytes], order: Order = "received",
    sponsor: str = "",
) -> tuple[Totals, list[Compared]]:  # fmt: skip
    """The totals and every claim of a run over these files."""
    files: dict[str, list[Path]] = {"837": [], "835": []}
    for name, bodies in (("837", claims), ("835", paid)):
        for n, body in enumerate(bodies):
            files[name].append(folder / f"old-{n}.{name}")
            files[name][-1].write_bytes(body)
    adding = Adding()
    with Scratch() as scratch:
        found = list(shadow.compared(world.context, scratch, files["837"], files["835"], order, sponsor))
        for one in found:
            adding.add(one)
        totals = adding.totals(scratch.reversals())
        assert list(scratch.differing()) == [one for one in found if one.cause]
    assert sum(group.cents for group in totals.groups) == totals.cents
    return totals, found


def causes(found: Iterable[Compared]) -> dict[int, str]:
    """Cause of each claim that differs, by its number in the files."""
    return {one.nth: one.cause for one in found if one.cause}


def test_our_golden_past_is_no_difference(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Before the claims came and after we decided them ourselves the run says the same: nothing differs (10.3)."""
    world = begun(store, keys, tmp_path, enrolled=True)
    before = compared(world, tmp_path, [golden("in.837p")], [PAID])
    assert (before[0].claims, before[0].same, before[0].reversals) == (8, 8, 1)
    assert (before[0].ours_cents, before[0].theirs_cents) == (2_793_606, 2_793_606)
    world.send("clearpath", "claims.837", golden("in.837p"))
    assert compared(world, tmp_path, [golden("in.837p")], [PAID]) == before


def test_nothing_is_written(world: World, tmp_path: Path) -> None:
    """Every row of every table is what it was, sealed ones too."""
    before = world.chapter().rows
    compared(world, tmp_path, [golden("in.837p")], [PAID])
    assert world.chapter().rows == before


PLANTED: dict[str, tuple[int, tuple[tuple[str, str], ...]]] = {
    "price": (4, (("CLP*LFC-5004*1*1900*561.06*", "CLP*LFC-5004*1*1900*571.06*"),
              ("SVC*HC:11402*1900*561.06*", "SVC*HC:11402*1900*571.06*"), ("CAS*CO*45*498.67~", "CAS*CO*45*488.67~"))),
    "deductible": (4, (("CLP*LFC-5004*1*1900*561.06*840.27", "CLP*LFC-5004*1*1900*661.06*740.27"),
                   ("SVC*HC:11402*1900*561.06*", "SVC*HC:11402*1900*661.06*"), ("CAS*PR*1*700*", "CAS*PR*1*600*"))),
    "coinsurance": (4, (("CLP*LFC-5004*1*1900*561.06*840.27", "CLP*LFC-5004*1*1900*561.05*840.28"),
                    ("SVC*HC:11402*1900*561.06*", "SVC*HC:11402*1900*561.05*"), ("**2*140.27", "**2*140.28"))),
    "copay": (1, (("CLP*LFC-5001*1*240*95*55*", "CLP*LFC-5001*1*240*100*50*"),
              ("SVC*HC:99214*180*95*", "SVC*HC:99214*180*100*"), ("CAS*PR*3*30~", "CAS*PR*3*25~"))),
    "eligibility": (2, (("CLP*LFC-5002*1*150*0*150*", "CLP*LFC-5002*1*150*98**"),
                    ("SVC*HC:99213*150*0**0**1~", "SVC*HC:99213*150*98**1~"), ("CAS*PR*27*150~", "CAS*CO*45*52~"))),
    "duplicate": (3, (("CAS*OA*18*60~", "CAS*CO*97*60~"),)),
    "cob": (6, (("CLP*HIL-3001*2*800*120*", "CLP*HIL-3001*2*800*140*"),
            ("SVC*HC:25600*800*120*", "SVC*HC:25600*800*140*"),
            ("CAS*OA*23*680~", "CAS*OA*23*660~"))),
}  # fmt: skip
"""Cause -> the claim it is planted in, and what their 835 says instead."""


@pytest.mark.parametrize("cause", sorted(PLANTED))
def test_planted_differences_are_grouped_by_their_cause(world: World, tmp_path: Path, cause: str) -> None:
    """What another administrator decided otherwise is told of that claim alone, under its cause, with both sides."""
    nth, pairs = PLANTED[cause]
    totals, found = compared(world, tmp_path, [golden("in.837p")], [changed(PAID, *pairs)])
    assert causes(found) == {nth: cause}
    (group,) = totals.groups
    (line,) = found[nth - 1].lines
    assert (group.cause, group.claims, group.cents) == (cause, 1, line.ours.paid_cents - line.theirs.paid_cents)
    assert line.ours.words and line.theirs.words and line.ours.words != line.theirs.words


def test_the_earlier_cause_explains_the_later(world: World, tmp_path: Path) -> None:
    """Where two codes differ the one a claim is decided by first is the cause, and no code has two causes."""
    both = changed(PAID, ("CAS*PR*27*150~", "CAS*PR*27*100**96*50~"))
    assert causes(compared(world, tmp_path, [golden("in.837p")], [both])[1]) == {2: "eligibility"}
    every = [code for codes in comparing.CAUSES.values() for code in codes]
    assert len(every) == len(set(every))


def test_missing_strange_and_twice_are_told(world: World, tmp_path: Path) -> None:
    """A claim no 835 answers, an answer to no claim, one answered twice: each has its line, and nothing breaks."""
    claims = only(golden("in.837p"), 0, 2, 3)  # without C5
    again = PAID.replace(b"CLP*HIL-3001*", b"CLP*LFC-5004*")  # C6 is not answered, C4 is twice
    totals, found = compared(world, tmp_path, [claims], [again])
    assert {group.cause: group.claims for group in totals.groups} == {
        comparing.NO_ANSWER: 1, comparing.NOT_CLAIMED: 1, comparing.TWICE: 1,
        "deductible": 1,  # C8 bears what C5, which is missing, has borne
    }  # fmt: skip
    assert [one.pcn for one in found if one.cause == comparing.NO_ANSWER] == ["HIL-3001"]
    assert [one.pcn for one in found if one.cause == comparing.TWICE] == ["LFC-5004"]


def test_nobody_we_know_is_told(world: World, tmp_path: Path) -> None:
    """Claims of members and groups not on file are differences that say what to load; --sponsor settles the group."""
    stranger = golden("in.837p").replace(b"SBA100002", b"SBA999999")
    _, found = compared(world, tmp_path, [stranger], [PAID])
    mine = {one.nth: one for one in found if one.cause}
    assert set(mine) == {4, 6}
    assert {one.cause for one in mine.values()} <= {"eligibility", "waits for a person"}
    elsewhere = golden("in.837p").replace(b"BT1001", b"XX9999")
    totals, found = compared(world, tmp_path, [elsewhere], [PAID])
    assert set(causes(found).values()) == {comparing.NOT_DECIDED}
    assert all("load the sponsor" in " ".join(one.knows) for one in found)
    assert compared(world, tmp_path, [elsewhere], [PAID], sponsor="bluebonnet")[0].groups == ()
    with pytest.raises(UsageError):
        compared(world, tmp_path, [elsewhere], [PAID], sponsor="nobody")
    assert totals.ours_cents == 0


def test_a_file_of_something_else_is_said(world: World, tmp_path: Path) -> None:
    """An 835 in the place of the claims, or claims in that of the 835, is bad data."""
    for claims, paid in (([PAID], [PAID]), ([golden("in.837p")], [golden("in.837p")])):
        with pytest.raises(BadData):
            compared(world, tmp_path, claims, paid)


def test_the_order_of_service_changes_the_money(world: World, tmp_path: Path) -> None:
    """Decided by service, Cody's claim of February comes first and Dana's last of March; sums still add up."""
    totals, found = compared(world, tmp_path, [golden("in.837p")], [PAID], order="service")
    days = [one.first for one in found if one.nth]
    assert days == sorted(days, key=lambda day: day or date.max)
    assert totals.claims == 8


def test_many_files_are_one_run(world: World, tmp_path: Path) -> None:
    """Claims in several 837s run on the same accumulators, in the order the files are named."""
    parts = [only(golden("in.837p"), at) for at in range(4)]
    totals, _ = compared(world, tmp_path, parts, [PAID])
    assert (totals.claims, totals.same) == (8, 8)


def test_any_past_of_ours_is_no_difference(sqlite: Store, keys: Keys, tmp_path: Path) -> None:
    """Of generated members and claims, what we paid compares with what we would pay; only what waits has no answer."""
    day = date(2026, 4, 6)
    world = begun(sqlite, keys, tmp_path, day=None, first=day.isoformat(), fees=FEES, taken_over=False)
    world.send("bluebonnet", "all.834", synth.write_834(30, 5, day))
    body = synth.write_837p(30, 90, 5, 20, day)
    world.send("clearpath", "claims.837", body)
    world.plan_run("ann", "ben")
    world.deposit(100_000_000, "WIRE-1")
    world.advance("2026-04-10")
    totals, found = compared(world, tmp_path, [body], world.sent("835"))
    decided = world.count(decision, decision.c.outcome.in_(("paid", "denied")))
    assert totals.same == decided > 40
    assert {one.cause for one in found} <= {"", comparing.NO_ANSWER}
    assert totals.claims - totals.same == world.count(claim, claim.c.state != "decided")


def test_the_page_adds_up(world: World, tmp_path: Path) -> None:
    """The page tells every difference with both sides and the totals they add up to; it fetches and runs nothing."""
    _, pairs = PLANTED["deductible"]
    totals, found = compared(world, tmp_path, [golden("in.837p")], [changed(PAID, *pairs)])
    page = "".join(comparison.pieces(totals, iter([one for one in found if one.cause]), "received"))
    assert "1 of 8 claims differ" in page and page.count("<section>") == 2
    for cents in (totals.ours_cents, totals.theirs_cents, 56106, 66106, 10000):
        assert dollars(cents) in page
    assert "700.00 to the deductible" in page and "PR-1 600.00 deductible" in page
    assert "<script" not in page and "REED" not in page
    same = "".join(comparison.pieces(*(lambda t: (t, iter(()), "service"))(Adding().totals(0))))
    assert "agree" in same
