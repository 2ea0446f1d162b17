"""How long bytes are kept, and legal holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.errors import BadData, NotPermitted, UsageError
from gateway.flow import replay, retention
from gateway.settings import Retention
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.newest import require_readable
from gateway.store.schema import audit, blob, interchange, outbox, receipt, small, upload
from tests.flow.world import World, begun, golden

CLAIMS = golden("in.837p")
KEEP = Retention()
SOON_S = 0.5
"""Long enough for what does not wait: it takes milliseconds."""


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation seven years after two partners' files, of which one was refused, and with a new file of today."""
    made = begun(store, keys, tmp_path, taken_over=False)
    made.send("clearpath", "a.837", CLAIMS)
    made.send("bluebonnet", "b.834", b"no x12")
    with store.write("years") as connection:
        retention.installation.put(connection, "business_date", "2033-04-07")
    made.send("clearpath", "c.837", b"nor this")
    return made


def run(world: World) -> dict[str, int]:
    """A person removes what is due."""
    return retention.run(world.context, KEEP, "ann")


def hold(world: World, scope: str, subject: str = "") -> str:
    """A legal hold."""
    with world.store.write("hold") as connection:
        return retention.hold(connection, world.context, scope, subject, "a dispute", "ann")


def blobs(world: World) -> set[str]:
    """The uploads of which rows are there."""
    with world.store.read() as connection, world.store.read_blob() as rows:
        told = set(connection.execute(select(small.c.upload_id)).scalars())
        return told | set(rows.execute(select(blob.c.upload_id)).scalars())


def due(world: World) -> dict[str, tuple[int, int]]:
    """(held, due) of the classes a run removes."""
    with world.store.read() as connection:
        found = retention.survey(connection, world.context, KEEP)
    return {one.name: (one.held, one.due) for one in found if one.by == "retention run"}


def test_what_is_due_goes_and_its_facts_stay(world: World) -> None:
    """Bytes of seven years and a day lose key and rows; receipts, verdicts and names stay, each removal is audited."""
    before = {table.name: world.count(table) for table in (receipt, interchange, outbox, upload)}
    left = sum(row.business_date < "2033" for row in world.rows(outbox))
    assert due(world) == {"inbound": (0, 2), "outbound": (0, left)}
    assert run(world) == {"inbound": 2, "outbound": left}
    first, second, third = world.rows(upload)
    assert (first.state, first.key, second.state, third.state) == ("removed", b"", "removed", "received")
    assert blobs(world) == {third.id}
    assert {(row.key, row.body) for row in world.rows(outbox) if row.state == "removed"} == {(b"", b"")}
    assert {table.name: world.count(table) for table in (receipt, interchange, outbox, upload)} == before
    assert world.count(audit, audit.c.action == "remove") == 2 + left
    assert run(world) == {"inbound": 0, "outbound": 0}
    require_readable(world.store, world.context.keys)


def test_bytes_removed_are_known_and_not_offered(world: World) -> None:
    """The same bytes are a duplicate for ever; what is gone is neither replayed nor resent."""
    run(world)
    world.send("clearpath", "again.837", CLAIMS)
    assert world.rows(receipt)[-1].state == "duplicate"
    with pytest.raises(NotPermitted, match="no longer kept"), world.store.write("replay") as connection:
        replay.replay(connection, world.context, 2, "ann")
    gone = next(row for row in world.rows(outbox) if row.state == "removed")
    with pytest.raises(BadData, match="no longer kept"), world.store.write("r") as connection:
        replay.resend(connection, world.context, gone.id, "ann")


@pytest.mark.parametrize(
    ("scope", "subject", "inbound"),
    [
        ("all", "", 0), ("partner", "clearpath", 1), ("partner", "lakeline", 2), ("receipt", "1", 1),
        ("receipt", "2", 1), ("sponsor", "bluebonnet", 0), ("sponsor", "lakeline", 1),
    ],
)  # fmt: skip
def test_nothing_under_a_legal_hold_is_removed(world: World, scope: str, subject: str, inbound: int) -> None:
    """All, a partner's, a sponsor's (of all who send for it), one receipt with its answers: kept until lifted."""
    left = sum(row.business_date < "2033" for row in world.rows(outbox))
    hold_id = hold(world, scope, subject)
    assert due(world)["inbound"][1] == inbound
    assert run(world)["inbound"] == inbound
    for row in world.rows(outbox):
        if scope == "receipt" and row.cause == f"receipt {subject}":
            assert row.state != "removed"
    with world.store.write("lift") as connection:
        retention.lift(connection, world.context, hold_id, "settled", "ben")
    assert run(world)["inbound"] == 2 - inbound
    assert sum(row.state == "removed" for row in world.rows(outbox)) == left


def test_a_delivery_is_held_alone(world: World) -> None:
    """One thing that left is kept, the others go."""
    row = world.rows(outbox)[0]
    hold(world, "delivery", row.id)
    run(world)
    assert [one.state != "removed" for one in world.rows(outbox) if one.business_date < "2033"].count(True) == 1


@pytest.mark.parametrize("what", ["replay", "resend"])
def test_what_is_asked_for_again_waits_for_a_removal(world: World, what: str) -> None:
    """While a run removes, nobody has bytes read or sent again that are about to go; who asks is told they went."""
    sent = world.rows(outbox)[0].id

    def again() -> None:
        with world.store.write(what) as connection:
            if what == "resend":
                replay.resend(connection, world.context, sent, "ann")
            else:
                replay.replay(connection, world.context, 2, "ann")

    with ThreadPoolExecutor(1) as threads:
        with world.store.write("retention") as connection:
            retention.one_at_a_time(connection)
            asked = threads.submit(again)
            assert not wait([asked], SOON_S).done
            connection.execute(update(upload).values(state="removed", key=b""))
            connection.execute(update(outbox).values(state="removed", key=b"", body=b""))
        with pytest.raises((NotPermitted, BadData), match="no longer kept"):
            asked.result()


def test_a_replayed_file_is_as_old_as_its_newest_receipt_that_waits(world: World) -> None:
    """Bytes that somebody is about to read are not old."""
    with world.store.write("replay") as connection:
        replay.replay(connection, world.context, 2, "ann")
    assert run(world)["inbound"] == 1
    world.run()
    assert run(world)["inbound"] == 1


def test_a_crash_in_the_middle_is_finished_by_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is gone first; the rows left behind are found again, and the removal is audited once."""
    with monkeypatch.context() as patch:
        patch.setattr(retention.sealed, "drop", _die)
        with pytest.raises(KeyboardInterrupt):
            run(world)
    assert {row.state for row in world.rows(upload) if not row.key} == {"removing"}
    assert len(blobs(world)) == 3
    assert run(world)["inbound"] == 2 and len(blobs(world)) == 1
    assert world.count(audit, audit.c.action == "remove", audit.c.entity.like("upload %")) == 2


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_hold_says_what_it_is_about(world: World) -> None:
    """No scope without its subject, no receipt that is no number, no lift of what is not open, and nothing misspelt."""
    for scope, subject in (("partner", ""), ("all", "x"), ("receipt", "one"), ("claim", "1")):
        with pytest.raises(UsageError):
            hold(world, scope, subject)
    for scope, subject in (("partner", "clearpth"), ("sponsor", "clearpath"), ("receipt", "99"), ("delivery", "1")):
        with pytest.raises(UsageError, match=f"no {scope} {subject}"):
            hold(world, scope, subject)
    with pytest.raises(UsageError), world.store.write("lift") as connection:
        retention.lift(connection, world.context, "NONE", "r", "ann")
