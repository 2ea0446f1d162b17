"""What leaves keeps its bytes and is sealed at rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from gateway.store import outbox, queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.outbox import Parcel
from gateway.store.schema import outbox as table

PARCEL = Parcel(partner="clear", kind="999", name="R1.999", body=b"ISA*CANARY-ACK~", control="000000001", cause="1")


def post(store: Store, keys: Keys, parcel: Parcel = PARCEL) -> str:
    """Posts one parcel."""
    with store.write("post") as connection:
        return outbox.post(connection, keys, 7, "2026-01-05", parcel)


def test_same_bytes_and_one_delivery(store: Store, keys: Keys) -> None:
    """A parcel comes with one delivery step in its partner's lane, and opens to the same bytes every time."""
    outbox_id = post(store, keys)
    with store.write("claim") as connection:
        step = queue.claim(connection, "me", 7)
        assert step is not None
        assert (step.kind, step.lane, step.body) == ("deliver", "out/clear", {"outbox_id": outbox_id})
        row = connection.execute(select(table)).one()
        assert [outbox.open_body(keys, row) for _ in range(2)] == [PARCEL.body] * 2
        assert (row.size, row.state, row.control, row.business_date) == (
            len(PARCEL.body),
            "waiting",
            "000000001",
            "2026-01-05",
        )


def test_visible_once(store: Store, keys: Keys) -> None:
    """A partner sees a parcel from its delivery on; a second delivery changes nothing, other partners never see it."""
    outbox_id = post(store, keys)
    with store.write("deliver") as connection:
        assert outbox.view(connection, "clear", "outbound") == []
        outbox.mark_visible(connection, outbox_id, 8, "2026-01-05")
        outbox.mark_visible(connection, outbox_id, 9, "2026-01-06")
        (seen,) = outbox.view(connection, "clear", "outbound")
        assert (seen.name, seen.delivered_us) == ("R1.999", 8)
        assert outbox.view(connection, "other", "outbound") == outbox.view(connection, "clear", "reports") == []


def test_a_name_leaves_once(store: Store, keys: Keys) -> None:
    """Two parcels of one name in one folder are refused, and the refused one leaves no step."""
    post(store, keys)
    with pytest.raises(IntegrityError):
        post(store, keys)
    with store.read() as connection:
        assert queue.waiting(connection, 2_000_000) == 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_sealed_at_rest(store: Store, keys: Keys, tmp_path: Path) -> None:
    """No file of the state holds a readable piece of what leaves."""
    post(store, keys)
    assert not [f.name for f in (tmp_path / "state").iterdir() if b"CANARY" in f.read_bytes()]
