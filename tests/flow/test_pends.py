"""What waits for a person, and what stops waiting by itself: unknown members, answers of a person, authorised units."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.errors import NotPermitted
from gateway.flow import parked
from gateway.plan.records import Authorisation, Decision
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import decision, evidence, hold, work
from tests.flow.world import LAKESIDE, METRO_C8, World, begun, changed, golden, only, renumbered

PLAN = (shipped() / "plans" / "bluebonnet-ppo.toml").read_text()


def decisions(world: World, icn: str) -> list[Decision]:
    """Every decision of a claim, in order."""
    return [msgspec.json.decode(row.body, type=Decision) for row in world.rows(decision) if row.icn == icn]


def carcs(found: Decision) -> set[str]:
    """Group and reason of every adjustment."""
    return {f"{a.group}{a.reason}" for line in found.lines for a in line.adjustments}


def stranger(body: bytes) -> bytes:
    """The golden claims with C2's member number unknown to everybody."""
    return changed(body, ("LIU*FRANK****MI*SBA100003", "LIU*FRANK****MI*SBA999999"))


def test_an_unknown_member_waits_for_the_plans_patience_and_is_denied(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Nobody has the number: the claim pends, and five business days later denies itself with PR-31 and CLP02 4."""
    world = begun(store, keys, tmp_path, enrolled=True)
    world.send("clearpath", "claims.837", stranger(golden("in.837p")))
    icn = "26096000002"
    assert [row.state for row in world.claims() if row.icn == icn] == ["pended"]
    world.advance("2026-04-10")
    assert len(world.holds("pend")) == 1
    world.advance("2026-04-13")
    (row,) = [row for row in world.claims() if row.icn == icn]
    assert (row.state, row.status, row.denied, row.paid_cents) == ("decided", "4", 1, 0)
    assert carcs(decisions(world, icn)[-1]) == {"PR31"}
    assert world.holds("pend") == []
    assert world.count(work, work.c.kind == "rerun") == 0
    assert world.count(decision, decision.c.icn == icn, decision.c.run_no > 0) == 0
    world.plan_run()
    assert world.count(decision, decision.c.icn == icn, decision.c.run_no > 0) == 1


def test_a_late_enrolment_file_ends_the_wait(store: Store, keys: Keys, tmp_path: Path) -> None:
    """The member comes with a file during the wait: when it ends, the claim finds its member and is decided."""
    world = begun(store, keys, tmp_path, taken_over=False)
    world.send("clearpath", "claims.837", golden("in.837p"))
    states = {row.icn[-1]: row.state for row in world.claims()}
    assert (states["1"], states["7"]) == ("pended", "rejected")  # Alan is unknown; C7 replaces what nobody knows
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.advance("2026-04-13")
    paid = {row.icn[-1]: row.paid_cents for row in world.claims()}
    assert (paid["1"], paid["3"]) == (9500, 0)  # and C3 is still the duplicate of C1


def test_a_plan_that_waits_for_nobody_answers_by_277ca(store: Store, keys: Keys, tmp_path: Path) -> None:
    """member_not_found = reject: the 277CA says A7:164:IL at once, and no decision, pend or denial follows."""
    plan = PLAN.replace('member_not_found = "pend"', 'member_not_found = "reject"')
    world = begun(store, keys, tmp_path, enrolled=True, plan=plan)
    world.send("clearpath", "claims.837", stranger(golden("in.837p")))
    (answer,) = world.sent("277CA")
    assert answer.decode().count("STC*A7:164:IL*20260406*U*150~") == 1
    assert "QTY*AA*1~" in answer.decode()
    assert [row.state for row in world.claims() if row.icn == "26096000002"] == ["rejected"]
    assert decisions(world, "26096000002") == []
    assert world.holds("pend") == []


def test_what_a_person_has_answered_is_not_asked_again(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A near duplicate pends; released, it is decided, and its next release or replay does not pend for the same."""
    world = begun(store, keys, tmp_path, enrolled=True)
    body = changed(golden("in.837p"), ("REF*6R*C3L1", "REF*6R*C3LX")).decode()
    first, _, rest = body.partition("HL*4*1*22*0~")
    rest = rest.replace("CLM*LFC-5001*240*", "CLM*LFC-5001*241*", 1).replace(
        "SV1*HC:99214*180*", "SV1*HC:99214*181*", 1
    )
    world.send("clearpath", "claims.837", (first + "HL*4*1*22*0~" + rest).encode())
    (waits,) = world.holds("pend")
    assert waits.reason.startswith("DUP")
    (row,) = [row for row in world.claims() if row.state == "pended"]
    assert row.icn == "26096000003"
    world.release("pend")
    (row,) = [row for row in world.claims() if row.icn == "26096000003"]
    assert (row.state, row.cleared, row.paid_cents) == ("decided", "DUP", 12500 - 3000)
    assert [one.outcome for one in decisions(world, row.icn)] == ["pended", "paid"]
    assert [one.state for one in world.rows(hold) if one.kind == "pend"] == ["closed"]


def test_units_of_an_authorisation_are_used_once(store: Store, keys: Keys, tmp_path: Path) -> None:
    """PA7781 has 500 units of J9271: C5 and C8 use them up, and one unit more is CO-198."""
    world = World(store, keys, tmp_path)
    world.advance("2026-04-16")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    world.send("clearpath", "more.837", metro_again())
    (found,) = decisions(world, world.claims()[-1].icn)
    assert {f"{a.group}{a.reason}" for a in found.lines[0].adjustments} == {"CO198"}


def test_units_within_one_file_count(store: Store, keys: Keys, tmp_path: Path) -> None:
    """With 499 units authorised, C5 of the file takes 200 and C8 behind it finds too few."""
    world = World(store, keys, tmp_path)
    (row,) = [row for row in world.rows(evidence) if row.number == "PA7781"]
    body = msgspec.json.decode(row.body, type=Authorisation)
    less = msgspec.structs.replace(body, units={code: units - 1 for code, units in body.units.items()})
    with store.write("test") as connection:
        connection.execute(
            evidence.update().where(evidence.c.number == "PA7781").values(body=msgspec.json.encode(less).decode())
        )
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    paid = {row.icn[-1]: row.paid_cents for row in world.claims()}
    assert (paid["5"], paid["8"]) == (900000, 30000)


def test_a_high_dollar_claim_needs_two_people(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A claim above the plan's limit waits for two different people, and is decided by the second."""
    plan = PLAN.replace("# high_dollar = 25000", "high_dollar = 10000")
    world = begun(store, keys, tmp_path, enrolled=True, plan=plan)
    world.send("clearpath", "claims.837", golden("in.837p"))
    (waits,) = world.holds("pend")
    assert waits.reason.startswith("AUD")
    assert "another person" in parked.release(world.context, waits.id, "ann", "looks right")
    with pytest.raises(NotPermitted):
        parked.release(world.context, waits.id, "ann", "still looks right")
    world.run()
    assert {row.icn[-1]: row.state for row in world.claims()}["8"] == "pended"
    parked.release(world.context, waits.id, "ben", "checked the invoice")
    world.run()
    assert {row.icn[-1]: (row.state, row.paid_cents) for row in world.claims()}["8"] == ("decided", 18_000_00)
    assert world.holds("pend") == []


def test_a_timer_lets_a_persons_release_stand(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Patience with a member ends while one of two people has released the claim: it still waits for the other."""
    plan = PLAN.replace("# high_dollar = 25000", "high_dollar = 50")
    world = World(store, keys, tmp_path, plan=plan, taken_over=False)
    world.advance("2026-04-06")
    world.send("clearpath", "claims.837", only(golden("in.837p"), LAKESIDE))
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    alan = "claim 26096000001"
    (unknown,) = [row for row in world.holds("pend") if row.subject == alan]
    parked.release(world.context, unknown.id, "ann", "he is on file now")
    world.run()
    (waits,) = [row for row in world.holds("pend") if row.subject == alan]
    assert waits.reason.startswith("AUD")
    parked.release(world.context, waits.id, "ann", "looks right")
    world.advance("2026-04-14")
    parked.release(world.context, waits.id, "ben", "checked the invoice")
    world.run()
    assert [row.state for row in world.claims() if row.icn == "26096000001"] == ["decided"]
    assert world.count(work, work.c.kind == "rerun") == 0


def metro_again() -> bytes:
    """One more unit of J9271 for Bianca under PA7781."""
    more = changed(
        only(golden("in.837p"), METRO_C8),
        ("24500*UN*300", "24500*UN*1"), ("CLM*MOG-9002", "CLM*MOG-9003"),
    )  # fmt: skip
    return renumbered(more.replace(b"DTP*472*D8*20260401", b"DTP*472*D8*20260415"), "000000210", "MORE0601")
