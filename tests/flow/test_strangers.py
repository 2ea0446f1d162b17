"""Files and claims whose group number names no sponsor we know: they wait, and their release looks for it again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import NotPermitted
from gateway.flow import loading, parked
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.order import receipt_of
from gateway.store.schema import claim, hold, span
from tests.flow.world import LAKESIDE, SPONSOR, World, begun, golden, only


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path)


def unknown(body: bytes) -> bytes:
    """The file with a group number nobody has."""
    return body.replace(b"BT1001", b"ZZ9999")


def learn(world: World, folder: Path) -> None:
    """The sponsor's other group number is loaded."""
    file = folder / "sample.toml"
    file.write_text((shipped() / "sponsors" / "sample.toml").read_text().replace('["BT1001"]', '["BT1001", "ZZ9999"]'))
    loading.load(world.context, [file], "ann")


def release(world: World, hold_id: str) -> str:
    """A person releases a hold, and what follows is done."""
    done = parked.release(world.context, hold_id, "ann", "loaded it")
    world.run()
    return done


def test_claims_of_nobody_find_their_sponsor(world: World, tmp_path: Path) -> None:
    """Released before the sponsor is loaded they still wait; after that they are its claims, decided once, and all
    that waited for them is closed."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", unknown(only(golden("in.837p"), LAKESIDE)))
    batch = next(row for row in world.holds("pend") if row.subject == "receipt 2 set 1")
    with pytest.raises(NotPermitted, match="no sponsor its sender may send for"):
        parked.release(world.context, batch.id, "ann", "try")
    assert world.count(claim, claim.c.sponsor_id == "-", claim.c.state == "pended") == 4
    learn(world, tmp_path)
    assert release(world, batch.id) == "4 of 4 claims go to the sponsor they name"
    assert world.count(claim, claim.c.sponsor_id == "-") == 0
    assert [row.paid_cents for row in world.claims() if row.partner == "clearpath"] == [9500, 0, 0, 56106]
    assert world.holds("pend") == []
    assert len(world.sent("277CA")) == 1
    (closed,) = world.rows(hold, hold.c.id == batch.id)
    assert (closed.closed_by, closed.closed_reason) == ("ann", "loaded it")


def test_one_claim_of_nobody_goes_alone(world: World, tmp_path: Path) -> None:
    """The hold of one claim moves that one; the batch's hold moves the rest."""
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", unknown(only(golden("in.837p"), LAKESIDE)))
    learn(world, tmp_path)
    first = min((row for row in world.holds("pend") if row.subject.startswith("claim")), key=lambda row: row.subject)
    assert release(world, first.id) == "1 of 1 claims go to the sponsor they name"
    assert [row.paid_cents for row in world.claims() if row.partner == "clearpath"] == [9500]
    (batch,) = [row for row in world.holds("pend") if row.subject.startswith("receipt")]
    assert release(world, batch.id) == "3 of 3 claims go to the sponsor they name"
    assert world.holds("pend") == []


def test_an_enrolment_file_of_nobody_is_applied(world: World, tmp_path: Path) -> None:
    """An 834 whose policy number names nobody waits staged; its release applies it to the sponsor it names by then."""
    world.send("bluebonnet", "enrol.834", unknown(golden("in.834")))
    (waits,) = world.holds("enrolment")
    with pytest.raises(NotPermitted):
        parked.release(world.context, waits.id, "ann", "try")
    learn(world, tmp_path)
    assert release(world, waits.id) == "the file is applied"
    assert {receipt_of(row.known_from) for row in world.rows(span, span.c.sponsor_id == SPONSOR)} == {0, 2}
