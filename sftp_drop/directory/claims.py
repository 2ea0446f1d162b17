"""Claims: a file is ours when it was renamed into a batch, a folder among the claimed ones that one daemon made.

The rename is atomic: of several daemons one gets the file. The batch's name and the file's are the claim's id, which
the receipt remembers; so whatever dies, a file left behind is received once. A lock on the batch keeps daemons out of
each other's way and ends with its holder; it is politeness, the receipt decides.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sftp_drop.directory.sights import Seen
from sftp_drop.directory.tree import FOLDER_FLAGS, Places
from sftp_drop.drop import Refused
from sftp_drop.names import check

PIECE = 1 << 20
"""Bytes read at a time: one sealed row of whoever keeps them."""

FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: opening a fifo does not wait for a writer."""


class StillWritten(OSError):
    """Somebody has the file open for writing, or wrote to it while it was read."""


def scan(inbound: int) -> tuple[list[Seen], Counter[str]]:
    """The regular files of a folder with one name each that may be taken; of the rest, how many of which kind."""
    files, odd = [], Counter[str]()
    with os.scandir(inbound) as entries:
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            kind = _oddity(entry.name, found)
            if kind:
                odd[kind] += 1
            else:
                files.append(Seen(entry.name, found.st_ino, found.st_size, found.st_mtime_ns))
    return files, odd


def _oddity(name: str, found: os.stat_result) -> str:
    """Why something is never taken, "" when it may be. A second name may stand in a place where it is still written."""
    if not stat.S_ISREG(found.st_mode):
        return "not a file"
    if found.st_nlink > 1:
        return "hard link"
    try:
        check(name)
    except Refused:
        return "name"
    return ""


def is_written(file: int) -> bool | None:
    """Whether any process has the file open for writing; None where the kernel does not tell.

    A read lease is given only on a file nobody writes. It needs the file's owner or CAP_LEASE, and a file system that
    knows leases; without them the looks and the envelope have to do. Who opens the file in the
    moment we hold the lease is waited for by nobody, but the kernel signals it: by default with a signal that kills.
    """
    try:
        fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def is_done(inbound: int, name: str) -> bool:
    """Whether the kernel vouches that nobody writes the file any more."""
    try:
        file = os.open(name, FILE_FLAGS, dir_fd=inbound)
    except OSError:
        return False
    try:
        return is_written(file) is False
    finally:
        os.close(file)


class Batch:
    """A folder of claimed files that this process holds. id: its name, which nobody else gives to one."""

    def __init__(self, places: Places, batch_id: str, folder: int) -> None:
        self.id = batch_id
        self._places, self._folder = places, folder

    def take(self, seen: Seen) -> bool:
        """Claims a file; False when it is not there any more, or somebody still writes it.

        Raises OSError where it cannot be read or moved: what we could not read afterwards stays where its partner
        sees it.
        """
        try:
            file = os.open(seen.name, FILE_FLAGS, dir_fd=self._places.inbound)
        except FileNotFoundError:
            return False
        try:
            if os.fstat(file).st_ino != seen.inode or is_written(file):
                return False
        finally:
            os.close(file)
        try:
            os.rename(seen.name, seen.name, src_dir_fd=self._places.inbound, dst_dir_fd=self._folder)
        except FileNotFoundError:  # another daemon was faster, or the partner took it back
            return False
        return True

    def settle(self) -> None:
        """The claims stand after a power cut: else a file with a receipt might lie in the inbound folder once more."""
        for folder in (self._folder, self._places.work, self._places.inbound):
            os.fsync(folder)

    def files(self) -> list[Seen]:
        """What lies in it, oldest first."""
        found, _ = scan(self._folder)
        return sorted(found, key=lambda seen: (seen.mtime_ns, seen.name))

    @contextmanager
    def opened(self, seen: Seen) -> Iterator[Claim]:
        """One of its files. Raises StillWritten, or OSError where it cannot be opened."""
        file = os.open(seen.name, FILE_FLAGS, dir_fd=self._folder)
        try:
            if is_written(file):
                raise StillWritten
            yield Claim(f"{self.id}/{seen.name}", check(seen.name), file, os.fstat(file).st_mtime_ns)
        finally:
            os.close(file)

    def remove(self, claim: Claim, seen: Seen, received_bytes: int, again_id: str) -> None:
        """Takes a file away of which so many bytes are under a receipt; one that grew since is a new claim."""
        if claim.is_still(received_bytes):
            os.unlink(seen.name, dir_fd=self._folder)
            return
        os.mkdir(again_id, 0o700, dir_fd=self._places.work)
        os.rename(
            seen.name, f"{again_id}/{seen.name}", src_dir_fd=self._folder, dst_dir_fd=self._places.work
        )  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A claimed file, open. id: never given twice. name: as its partner wrote it, in normal form C."""

    id: str
    name: str
    _file: int
    _mtime_ns: int

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes from its start. Raises StillWritten at the end of a file that changed meanwhile."""
        size = 0
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            while piece := file.read(PIECE):  # whole pieces, but the last
                size += len(piece)
                yield piece
        if not self.is_still(size):
            raise StillWritten

    def is_still(self, size: int) -> bool:
        """Whether the file is as it was when it was opened, and so long."""
        now = os.fstat(self._file)
        return (now.st_size, now.st_mtime_ns) == (size, self._mtime_ns)


def left(places: Places) -> list[str]:
    """The batches in the work folder, oldest first: ids begin with their time."""
    return sorted(os.listdir(places.work))


@contextmanager
def batch(places: Places, batch_id: str, new: bool = False) -> Iterator[Batch | None]:
    """A batch that nobody else works on, None for one another daemon holds or has removed. An empty one is removed."""
    if new:
        os.mkdir(batch_id, 0o700, dir_fd=places.work)
    try:
        folder = os.open(batch_id, FOLDER_FLAGS, dir_fd=places.work)
    except FileNotFoundError:
        yield None
        return
    try:
        if not _lock(folder):
            yield None
            return
        yield Batch(places, batch_id, folder)
        with contextlib.suppress(OSError):  # what could not be received waits in it
            os.rmdir(batch_id, dir_fd=places.work)
    finally:
        os.close(folder)


def _lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network file system without locks: the receipt alone decides
        return True
    return True
