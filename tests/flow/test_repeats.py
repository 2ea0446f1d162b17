"""Duplicates on three levels, files read once more, and what left sent once more."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.errors import NotPermitted, UsageError
from gateway.flow import folders, replay
from gateway.flow.context import Context
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit, claim, interchange, receipt, x12_set
from gateway.store.schema import outbox as outbox_table
from mappings import professional
from tests.flow.world import World, begun, golden, only, renumbered

CLAIMS = golden("in.837p")
PRODUCTION = CLAIMS.replace(b"*0*T*:", b"*0*P*:")
"""The claims file for a production installation: this one, of usage T, refuses it (TA1 020)."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path, taken_over=False)


def states(world: World) -> list[tuple[str, str]]:
    """(state, reason) of every receipt, in order."""
    return [(row.state, row.reason) for row in world.rows(receipt)]


# ---- three levels ----------------------------------------------------------------------------------------------------


def test_the_same_bytes_again_are_received_and_not_processed(world: World) -> None:
    """A repeated file gets its receipt; nothing of it is processed, and report and audit name the first one."""
    world.send("clearpath", "a.837", CLAIMS)
    claims = world.count(claim)
    world.send("clearpath", "b.837", CLAIMS)
    assert states(world)[1] == ("duplicate", "the same bytes as receipt 1")
    assert claims > 0 and world.count(claim) == claims
    text = next(one.decode() for one in world.sent("report", "clearpath") if b"receipt 1, which stands" in one)
    assert "Receipt 2" in text and "025" in text
    (told,) = world.rows(audit, audit.c.action == "duplicate")
    assert (told.entity, told.detail) == ("receipt 2", "the bytes of receipt 1")
    assert world.holds("replay") == world.holds("file") == []


def test_the_same_name_with_new_bytes_is_processed(world: World) -> None:
    """A name says nothing: another file under a known name is a new file."""
    world.send("clearpath", "a.837", only(CLAIMS, 0))
    world.send("clearpath", "a.837", only(renumbered(CLAIMS, "000000203", "ANOTHER"), 1))
    assert [state for state, _ in states(world)] == ["decided", "decided"]


def test_another_partners_bytes_are_its_own(world: World) -> None:
    """Bytes are compared with files of the same partner only: another who sends them is judged for itself."""
    world.send("clearpath", "a.837", CLAIMS)
    world.send("bluebonnet", "a.837", CLAIMS)
    assert states(world)[1][0] == "quarantined"
    assert [row.codes for row in world.rows(interchange) if row.receipt_no == 2] == ['["006"]']


def test_what_was_refused_may_be_sent_again(world: World) -> None:
    """A file for another usage is refused each time anew, and its number is free for this installation's own."""
    world.send("clearpath", "a.837", PRODUCTION)
    world.send("clearpath", "a.837", PRODUCTION)
    assert [row.codes for row in world.rows(interchange)] == ['["020"]', '["020"]']
    world.send("clearpath", "a.837", CLAIMS)
    assert [state for state, _ in states(world)] == ["quarantined", "quarantined", "decided"]
    world.send("clearpath", "a.837", PRODUCTION)
    assert states(world)[3][0] == "quarantined"
    assert world.rows(interchange)[3].codes == '["020"]'


def test_a_broken_file_whole_at_last_is_processed(world: World) -> None:
    """A file cut off in the middle binds nothing: neither its bytes nor its number nor its batch."""
    world.send("clearpath", "a.837", CLAIMS[:-40])
    world.send("clearpath", "a.837", CLAIMS)
    assert [state for state, _ in states(world)] == ["quarantined", "decided"]


def test_an_accepted_interchange_in_another_file_is_a_duplicate_by_number(world: World) -> None:
    """Level two: other bytes around it, the same interchange: TA1 025 for it, and the other one of the file stands."""
    fresh = renumbered(only(CLAIMS, 1), "000000203", "ANOTHER")
    world.send("clearpath", "a.837", only(CLAIMS, 0))
    world.send("clearpath", "b.837", only(CLAIMS, 0) + fresh)
    assert [(row.state, row.codes) for row in world.rows(interchange) if row.receipt_no == 2] == [
        ("rejected", '["025"]'), ("accepted", "[]"),
    ]  # fmt: skip
    world.send("clearpath", "c.837", only(CLAIMS, 0) + fresh)
    assert states(world)[2][0] == "quarantined"  # not all of receipt 2 stood: judged anew, refused by number


def test_an_accepted_batch_under_a_new_number_waits_for_a_person(world: World) -> None:
    """Level three: a new number around a batch that was received is a suspected duplicate."""
    world.send("clearpath", "a.837", CLAIMS)
    world.send("clearpath", "b.837", renumbered(CLAIMS, "000000203"))
    assert [row.state for row in world.rows(x12_set)] == ["accepted", "held"]
    assert len(world.holds("batch")) == 1


# ---- replay ----------------------------------------------------------------------------------------------------------


def replayed(world: World, receipt_no: int) -> int:
    """A person has a file read again, and everything that follows."""
    with world.store.write("replay") as connection:
        number = replay.replay(connection, world.context, receipt_no, "ann")
    world.run()
    return number


def test_a_refused_file_is_read_again_when_the_setting_is_mended(world: World) -> None:
    """Refused for our mistake, replayed after it: a new receipt, the day of the first, its hold closed, audited."""
    world.context.usage = "P"
    world.send("clearpath", "a.837", CLAIMS)
    assert states(world)[0][0] == "quarantined" and len(world.holds("file")) == 1
    world.context.usage = "T"
    world.advance("2026-04-08")
    assert replayed(world, 1) == 2
    (first, second) = world.rows(receipt)
    assert (second.state, second.replays, second.received_on) == ("decided", 1, "2026-04-06")
    assert first.upload_id == second.upload_id and world.holds("file") == [] and world.count(claim) > 0
    (told,) = world.rows(audit, audit.c.action == "replay")
    assert (told.actor, told.entity, told.detail) == ("ann", "receipt 2", "receipt 1 read again")


def test_a_file_whose_sets_were_all_refused_can_be_replayed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its interchange was accepted and its number used for nothing: a replay gets the number back."""
    with monkeypatch.context() as patch:
        known = Context.guide  # a version of ours without this guide
        patch.setattr(Context, "guide", lambda self, gs08: None if gs08 == professional.GUIDE else known(self, gs08))
        world.send("clearpath", "a.837", CLAIMS)
    assert states(world)[0] == ("quarantined", "every set in it was rejected")
    replayed(world, 1)
    assert [row.state for row in world.rows(interchange)] == ["replayed", "accepted"]
    assert states(world)[1][0] == "decided"


def test_what_was_accepted_is_never_replayed(world: World) -> None:
    """An accepted file, one whose bytes stand elsewhere, and one replayed already are refused with the reason."""
    world.send("clearpath", "a.837", PRODUCTION)
    world.send("clearpath", "b.837", CLAIMS)
    world.send("clearpath", "c.837", CLAIMS)
    for number, why in ((2, "would count twice"), (3, "another receipt")):
        with pytest.raises(NotPermitted, match=why):
            replayed(world, number)
    assert replayed(world, 1) == 4
    with pytest.raises(NotPermitted, match="replayed as receipt 4"):
        replayed(world, 1)
    with pytest.raises(UsageError):
        replayed(world, 99)


def test_a_file_is_found_by_number_or_name(world: World) -> None:
    """By its number, or the newest by its name; a name of two partners must say whose."""
    for partner in ("clearpath", "clearpath", "bluebonnet"):
        world.send(partner, "a.837", b"nothing")
    with world.store.read() as connection:
        assert replay.find(connection, "2").receipt_no == 2
        assert replay.find(connection, "a.837", "clearpath").receipt_no == 2
        assert replay.find(connection, "a.837", "clearpath").refusal == ""
        for wrong in ("4", "a.837", "b.837"):
            with pytest.raises(UsageError):
                replay.find(connection, wrong)


# ---- resend ----------------------------------------------------------------------------------------------------------


def test_what_left_is_sent_again_byte_for_byte(world: World) -> None:
    """A file taken away is there again, the same bytes under the same name and number, as often as it is asked."""
    world.send("clearpath", "a.837", CLAIMS)
    row = next(one for one in world.rows(outbox_table) if one.kind == "999")
    folders.hide(world.context, "clearpath", "outbound", row.name)
    for times in (1, 2):
        with world.store.write("resend") as connection:
            replay.resend(connection, world.context, row.id, "ann")
        if times == 1:
            with pytest.raises(NotPermitted, match="not left"), world.store.write("resend") as connection:
                replay.resend(connection, world.context, row.id, "ann")
        world.run()
        (again,) = world.rows(outbox_table, outbox_table.c.id == row.id)
        assert (again.state, again.resent, again.control, again.name) == ("visible", times, row.control, row.name)
        body = folders.read(
            world.context, lambda id_: folders.body(world.context, id_), "clearpath", "outbound", row.name, 0, row.size
        )
        assert hashlib.sha256(body).hexdigest() == row.sha256
    assert [one.actor for one in world.rows(audit, audit.c.action == "resend")] == ["ann", "ann"]
    with pytest.raises(UsageError), world.store.write("resend") as connection:
        replay.resend(connection, world.context, "NOTHING", "ann")
