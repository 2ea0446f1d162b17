"""Institutional and dental claims in the daemon: taken in, answered, waiting and corrected like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from gateway import synth
from gateway.plan.claims import explanation
from gateway.plan.records import Decision
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import decision, entry, fact
from mappings.records import Claim
from tests.flow.bills import DAY, claims_file, correction
from tests.flow.world import World, begun

PEOPLE, COUNT = 40, 8
FILES: dict[str, Callable[..., bytes]] = {"837I": synth.write_837i, "837D": synth.write_837d}


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation whose employer has enrolled everybody."""
    made = begun(store, keys, tmp_path, taken_over=False)
    made.send("bluebonnet", "all.834", synth.write_834(PEOPLE, 1, DAY))
    return made


def pended(world: World, icn: str) -> Decision:
    """The newest decision of a claim."""
    (*_, row) = world.rows(decision, decision.c.icn == icn)
    return msgspec.json.decode(row.body, type=Decision)


def first_of(kind: str) -> Claim:
    return next(synth.claims(COUNT, PEOPLE, 1, 0, DAY, trade=synth.TRADES[kind]))


@pytest.mark.parametrize("kind", FILES)
def test_good_claims_are_accepted_and_wait_for_their_provider(world: World, kind: str) -> None:
    """999 A, one 277CA with A2 for each claim (and its type of bill), and every claim of a provider nobody has loaded
    pends in PRV: nothing is paid."""
    world.send("clearpath", "claims.837", FILES[kind](PEOPLE, COUNT, 1, 0, DAY))
    (ack,) = world.sent("999", "clearpath")
    assert b"IK5*A~" in ack
    (answer,) = world.sent("277CA")
    assert answer.count(b"STC*A2:20") == COUNT
    bills = [claim.bill_type for claim in synth.claims(COUNT, PEOPLE, 1, 0, DAY, trade=synth.TRADES[kind])]
    assert [answer.count(f"REF*BLT*{one}~".encode()) for one in ("111", "131")] == [
        bills.count("111"), bills.count("131")
    ]  # fmt: skip
    rows = world.claims()
    assert [(row.state, row.paid_cents) for row in rows] == [("pended", 0)] * COUNT
    assert [row.reason[:4] for row in world.holds("pend")] == ["PRV:"] * COUNT
    assert (world.count(entry), world.count(fact)) == (0, 0)
    for row in rows:
        claim = msgspec.json.decode(row.body, type=Claim)
        assert (row.first, row.last) == (claim.first.isoformat(), claim.last.isoformat())
        assert explanation.lines(pended(world, row.icn), claim)


@pytest.mark.parametrize("kind", FILES)
def test_bad_claims_are_rejected_by_277ca(world: World, kind: str) -> None:
    """Faults of single claims are told like those of professional ones, and only the others wait."""
    world.send("clearpath", "claims.837", FILES[kind](PEOPLE, COUNT, 1, 100, DAY, kinds=("npi", "unbalanced")))
    (answer,) = world.sent("277CA")
    assert (answer.count(b"STC*A7:562:85*20260406*U"), answer.count(b"STC*A8:400*20260406*U")) == (COUNT // 2,) * 2
    assert {row.state for row in world.claims()} == {"rejected"}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("frequency", ["7", "8"])
def test_corrections_take_their_place(world: World, kind: str, frequency: str) -> None:
    """A replacement of such a claim holds its place and waits itself; a void ends it, though it waited."""
    original = first_of(kind)
    world.send("clearpath", "one.837", claims_file(1, original))
    icn = world.claims()[0].icn
    world.send("clearpath", "two.837", claims_file(2, correction(original, frequency, icn)))
    rows = world.claims()
    states = ["pended", "pended"] if frequency == "7" else ["voided", "void"]
    assert [(row.state, row.replaced_by) for row in rows] == list(zip(states, (rows[1].icn, ""), strict=True))


def test_a_hospital_and_a_physician_bill_one_service(world: World) -> None:
    """Claims of different kinds are nobody's duplicates: the physician's part is decided as if it stood alone."""
    professional = first_of("837P")
    line = professional.lines[0]
    hospital = msgspec.structs.replace(
        first_of("837I"), billing=professional.billing, subscriber=professional.subscriber,
        patient=professional.patient, relationship=professional.relationship,
        lines=(msgspec.structs.replace(line, revenue="0510", pos="", pointers=()),), charge_cents=line.charge_cents,
    )  # fmt: skip
    alone = msgspec.structs.replace(professional, lines=(line,), charge_cents=line.charge_cents)
    world.send("clearpath", "i.837", claims_file(1, hospital))
    world.send("clearpath", "p.837", claims_file(2, alone))
    told = pended(world, world.claims()[1].icn)
    assert told.pend is None or told.pend.queue != "DUP"
    assert not {"18"} & {one.reason for each in told.lines for one in each.adjustments}
