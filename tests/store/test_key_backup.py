"""Laws of the file that holds the master keys: one passphrase opens it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.errors import BadData, CannotCreate, KeyMissing
from gateway.store import key_backup
from gateway.store.keys import create_master

PHRASE = "correct horse battery staple"


def test_a_backup_opens_by_its_passphrase_only(tmp_path: Path) -> None:
    """Both keys come back; another passphrase, a changed byte anywhere, a cut file or a costly one open nothing."""
    masters = {number: create_master(tmp_path).read_bytes() for number in (1, 2)}
    numbers, data = key_backup.backup(tmp_path, PHRASE)
    assert numbers == [1, 2] and key_backup.opened(data, PHRASE) == masters
    file = msgspec.json.decode(data)
    other_salt = msgspec.json.encode({**file, "salt": file["salt"].swapcase()})
    other_body = msgspec.json.encode({**file, "body": file["body"].swapcase()})
    costly = msgspec.json.encode({**file, "cost_log2": 40})
    for spoiled, phrase in (
        (data, PHRASE + "s"), (other_salt, PHRASE), (other_body, PHRASE), (data[:-9], PHRASE), (costly, PHRASE),
        (b"", PHRASE), (b"{}", PHRASE),
    ):  # fmt: skip
        with pytest.raises(BadData):
            key_backup.opened(spoiled, phrase)


def test_a_restore_adds_what_is_missing_and_replaces_nothing(tmp_path: Path) -> None:
    """Into an empty folder all keys, into one that has some the others; where another key has a number, none at all."""
    create_master(tmp_path / "a")
    create_master(tmp_path / "a")
    _, data = key_backup.backup(tmp_path / "a", PHRASE)
    assert key_backup.restore(tmp_path / "b", data, PHRASE) == [1, 2]
    (tmp_path / "b" / "master-1").unlink()
    assert key_backup.restore(tmp_path / "b", data, PHRASE) == [1]
    create_master(tmp_path / "c")
    with pytest.raises(CannotCreate, match="another master-1"):
        key_backup.restore(tmp_path / "c", data, PHRASE)
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["master-1"]


def test_nothing_weak_and_nothing_empty_is_backed_up(tmp_path: Path) -> None:
    """A short passphrase and a folder without keys are refused."""
    with pytest.raises(KeyMissing):
        key_backup.backup(tmp_path, PHRASE)
    with pytest.raises(BadData):
        key_backup.backup(tmp_path, "short")
