"""Sealed rows open only where they belong, and nothing of theirs can be read at rest."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from gateway.errors import CannotCreate, InputOutput, KeyMissing
from gateway.store import sealed
from gateway.store.engine import Store
from gateway.store.keys import Keys, create_master, new_key, seal, unseal
from gateway.store.schema import blob

CANARY = b"ISA*00*CANARY-DOE*JANE~" * 50


def data_of(store: Store, upload_id: str, row_no: int = 0) -> bytes:
    """The sealed bytes of one row."""
    with store.read_blob() as connection:
        wanted = select(blob.c.data).where(blob.c.upload_id == upload_id, blob.c.row_no == row_no)
        return connection.execute(wanted).scalar_one()


def overwrite(store: Store, upload_id: str, row_no: int, data: bytes) -> None:
    """What an attacker with the database file can do."""
    with store.write_blob() as connection:
        place = (blob.c.upload_id == upload_id) & (blob.c.row_no == row_no)
        connection.execute(update(blob).where(place).values(data=data))


def test_stream_gives_what_was_put(store: Store) -> None:
    """An upload of several rows comes back byte for byte, and its rows are gone after drop."""
    key, pieces = new_key(), [os.urandom(sealed.ROW), os.urandom(sealed.ROW), b"end"]
    for row_no, piece in enumerate(pieces):
        sealed.put(store, "u1", key, row_no, row_no == 2, piece)
    size = 2 * sealed.ROW + 3
    assert b"".join(sealed.stream(store, "u1", key, size)) == b"".join(pieces)
    sealed.drop(store, "u1")
    with pytest.raises(InputOutput):
        sealed.get(store, "u1", key, 0, False)


@given(size=st.integers(0, 5 * sealed.ROW))
def test_rows_of_holds_every_byte(size: int) -> None:
    """The rows of an upload hold its bytes and not one row more; an empty upload has a row too."""
    rows = sealed.rows_of(size)
    assert rows == 1 if size == 0 else (rows - 1) * sealed.ROW < size <= rows * sealed.ROW


def test_moved_row_is_refused(store: Store) -> None:
    """A row put in another place or under another upload does not open."""
    key = new_key()
    for upload_id, row_no in (("u1", 0), ("u1", 1), ("u2", 0)):
        sealed.put(store, upload_id, key, row_no, False, CANARY + bytes([row_no]))
    overwrite(store, "u1", 1, data_of(store, "u1", 0))
    overwrite(store, "u2", 0, data_of(store, "u1", 0))
    for upload_id, row_no in (("u1", 1), ("u2", 0)):
        with pytest.raises(KeyMissing):
            sealed.get(store, upload_id, key, row_no, False)


@pytest.mark.parametrize("length", [0, 5, 12, 20, -1])
def test_cut_row_is_refused(store: Store, length: int) -> None:
    """A row cut to any length does not open."""
    key = new_key()
    sealed.put(store, "u1", key, 0, True, CANARY)
    overwrite(store, "u1", 0, data_of(store, "u1")[:length])
    with pytest.raises(KeyMissing):
        sealed.get(store, "u1", key, 0, True)


def test_other_key_and_last_flag_are_refused(store: Store) -> None:
    """A row does not open with another key, nor as the last row when it was not: a cut-off tail is noticed."""
    key = new_key()
    sealed.put(store, "u1", key, 0, False, CANARY)
    for other, last in ((new_key(), False), (key, True)):
        with pytest.raises(KeyMissing):
            sealed.get(store, "u1", other, 0, last)
    assert sealed.get(store, "u1", key, 0, False) == CANARY


def test_replaced_row_gets_a_new_nonce(store: Store) -> None:
    """The same bytes put again into the same place are sealed under another nonce, and the newer row counts."""
    key = new_key()
    sealed.put(store, "u1", key, 0, True, CANARY)
    before = data_of(store, "u1")
    sealed.put(store, "u1", key, 0, True, CANARY)
    assert before[:12] != data_of(store, "u1")[:12]
    sealed.put(store, "u1", key, 0, False, b"other")
    assert sealed.get(store, "u1", key, 0, False) == b"other"


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_nothing_readable_at_rest(store: Store, tmp_path: Path) -> None:
    """No file of the state holds a readable piece of an upload."""
    sealed.put(store, "u1", new_key(), 0, True, CANARY)
    files = list((tmp_path / "state").iterdir())
    assert {"state.db", "blobs.db"} <= {file.name for file in files}
    assert not [file.name for file in files if b"CANARY" in file.read_bytes()]


def test_wrapped_key_survives_rotation(tmp_path: Path) -> None:
    """What an older master key wrapped still opens after a newer one came, and new keys are wrapped by the newest."""
    create_master(tmp_path)
    data_key = new_key()
    old = Keys(tmp_path).wrap(data_key)
    create_master(tmp_path)
    (tmp_path / "master-2.bak").write_bytes(b"an operator's copy")
    keys = Keys(tmp_path)
    assert keys.unwrap(old) == data_key
    assert keys.wrap(data_key)[:4] == (2).to_bytes(4, "big")
    assert keys.fingerprint("123") == keys.fingerprint("123") != keys.fingerprint("124")


def test_a_running_process_sees_a_new_master_key(tmp_path: Path) -> None:
    """A new key is taken at the next look, whole only; what is under it opens before; a lost folder changes nothing."""
    create_master(tmp_path / "keys")
    keys = Keys(tmp_path / "keys")
    (tmp_path / "keys" / "master-2").write_bytes(b"half")
    keys.look()
    assert keys.newest == 1
    with pytest.raises(KeyMissing, match="master-2 has 4 bytes"):
        Keys(tmp_path / "keys")
    (tmp_path / "keys" / "master-2").unlink()
    create_master(tmp_path / "keys")
    assert keys.newest == 1
    keys.look()
    assert (keys.newest, keys.reveal(keys.conceal("5550001"))) == (2, "5550001")
    create_master(tmp_path / "keys")
    assert keys.unwrap(Keys(tmp_path / "keys").wrap(b"k" * 32)) == b"k" * 32
    (tmp_path / "keys").rename(tmp_path / "away")
    keys.look()
    assert keys.newest == 3 and keys.unwrap(keys.wrap(b"k" * 32)) == b"k" * 32


def test_missing_master_key(tmp_path: Path) -> None:
    """Without the master key that wrapped it, or with another in its place, a data key stays closed."""
    with pytest.raises(KeyMissing):
        Keys(tmp_path)
    create_master(tmp_path / "a")
    wrapped = Keys(tmp_path / "a").wrap(new_key())
    create_master(tmp_path / "b")
    for other in (wrapped, b"\0\0\0\2" + wrapped[4:], b""):
        with pytest.raises(KeyMissing):
            Keys(tmp_path / "b").unwrap(other)


def test_master_key_is_private(tmp_path: Path) -> None:
    """A master key is readable by its owner only, in a folder only its owner enters; a file in the way is told."""
    path = create_master(tmp_path / "keys")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(CannotCreate):
        create_master(tmp_path / "file")


@given(plain=st.binary(max_size=200), place=st.integers(0, 10_000))
def test_any_changed_bit_is_noticed(plain: bytes, place: int) -> None:
    """One changed bit anywhere in sealed bytes keeps them closed."""
    key = bytes(32)
    data = bytearray(seal(key, plain, b"here"))
    assert unseal(key, bytes(data), b"here") == plain
    data[place % len(data)] ^= 1 << (place % 8)
    with pytest.raises(KeyMissing):
        unseal(key, bytes(data), b"here")
