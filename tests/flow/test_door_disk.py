"""The door on a disk that fails in mid-upload: the client is told, nothing is received, everybody else is served."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import paramiko
import pytest

from gateway.store.keys import create_master
from gateway.store.schema import receipt, work
from tests.flow import failing_disk
from tests.flow.store_door import StoreDoor, store_door

MIB = 1024 * 1024
BODY, HALF = os.urandom(4 * MIB), 2 * MIB
TOLD = "[Ff]ailure|an earlier write of this upload failed"

Open = Callable[..., AbstractContextManager[StoreDoor]]


@pytest.fixture
def open_door(tmp_path: Path, sqlite_template: Path) -> Open:
    """Opens a door in a folder, which is a fresh one unless it is said."""

    def opened(folder: Path = tmp_path) -> AbstractContextManager[StoreDoor]:
        create_master(folder / "keys")
        return store_door(folder, sqlite_template, folder / "keys")

    return opened


def send(sftp: paramiko.SFTPClient, file: paramiko.SFTPFile, start: int, end: int) -> None:
    """Writes without waiting for their answers, then waits for all of them."""
    for at in range(start, end, 32768):
        place = paramiko.sftp.int64(at)
        sftp._async_request(type(None), paramiko.sftp.CMD_WRITE, file.handle, place, BODY[at : at + 32768])
    sftp._request(paramiko.sftp.CMD_FSTAT, file.handle)  # answered behind every write


def begin(sftp: paramiko.SFTPClient, name: str) -> paramiko.SFTPFile:
    """An upload of which half is written, and answered."""
    file = sftp.open(f"/inbound/{name}", "wb")
    send(sftp, file, 0, HALF)
    return file


def go_on(sftp: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    """The other half, and CLOSE by its answer."""
    send(sftp, file, HALF, len(BODY))
    sftp._request(paramiko.sftp.CMD_CLOSE, file.handle)


def put(sftp: paramiko.SFTPClient, name: str) -> None:
    """A whole file."""
    go_on(sftp, begin(sftp, name))


def received(door: StoreDoor) -> list[tuple[str, int]]:
    """Names and sizes of what was received; every receipt has its step, no step is without one."""
    rows = door.rows(receipt)
    assert len(door.rows(work, work.c.kind == "intake")) == len(rows)
    return [(row.name, row.size) for row in rows]


def is_served(door: StoreDoor, *inside: paramiko.SFTPClient) -> None:
    """Who is inside looks and fetches; nobody new gets in, as no login goes unrecorded."""
    for sftp in inside:
        assert "there.835" in sftp.listdir("/outbound")
        with sftp.open("/outbound/there.835") as file:
            assert file.read() == b"there"
    with pytest.raises(paramiko.SSHException), door.sftp():
        pass
    assert door.process.poll() is None


def is_silent(door: StoreDoor) -> None:
    """The log names classes of errors and no file."""
    told = door.log_path.read_text()
    assert "OperationalError" in told and ".837" not in told and "insert into" not in told.lower()


def test_a_write_that_fails(open_door: Open) -> None:
    """The disk takes no more in mid-write: FX_FAILURE, no receipt; as soon as it does, the same session's next file is
    received, and nobody restarted anything."""
    with open_door() as door, door.sftp() as sftp, door.sftp() as other:
        door.deliver("there.835", b"there")
        file = begin(sftp, "one.837")
        failing_disk.limit_files(door.process.pid, 64 * 1024)
        with pytest.raises(OSError, match=TOLD):
            go_on(sftp, file)
        with pytest.raises(OSError, match=TOLD):
            put(sftp, "two.837")
        is_served(door, sftp, other)
        assert received(door) == []
        failing_disk.limit_files(door.process.pid)
        put(sftp, "three.837")
        assert received(door) == [("three.837", len(BODY))]
        is_silent(door)


def test_a_sync_that_fails(open_door: Open) -> None:
    """What was not synced is not promised: CLOSE is FX_FAILURE and no receipt is read; the door serves on; on a disk
    that syncs again the client's second try is there, whole."""
    with open_door() as door:
        door.deliver("there.835", b"there")
        with door.sftp() as sftp:
            file = begin(sftp, "one.837")
            if not door.stop_syncing():
                pytest.skip("the kernel lets no process fail its own syncs")
            with pytest.raises(OSError, match=TOLD):
                go_on(sftp, file)
            with pytest.raises(OSError, match=TOLD):
                sftp.open("/inbound/two.837", "wb")
            is_served(door, sftp)
        assert received(door) == []
        is_silent(door)
        door.process.send_signal(signal.SIGKILL)
        door.process.wait(20)
        again = StoreDoor(door.folder, str(door.context.store.url), door.folder / "keys")
        with again.sftp() as sftp:
            put(sftp, "one.837")
        assert set(received(again)) == {("one.837", len(BODY))}
        door.process = again.process
        again.context.store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_without_room(open_door: Open, small_disk: Path) -> None:
    """Database and log on one disk that is full in mid-write, though a look at it said there is room: FX_FAILURE, no
    receipt; then uploads are refused with words; when there is room again, files are received again."""
    with open_door(small_disk) as door, door.sftp() as sftp:
        door.deliver("there.835", b"there")
        file = begin(sftp, "one.837")
        failing_disk.fill(small_disk / "filler", MIB + 4096)  # a row, but not a row in frames of the log of writes
        with pytest.raises(OSError, match=TOLD):
            go_on(sftp, file)
        with pytest.raises(OSError, match="the server has no room for files just now"):
            put(sftp, "two.837")
        is_served(door, sftp)
        assert received(door) == []
        (small_disk / "filler").unlink()
        with sftp.open("/inbound/small.837", "wb") as small:
            small.write(b"small")
        assert received(door) == [("small.837", 5)]
