"""What leaves, as files a partner's SFTP server shows: whole or not there, the same bytes for ever, not writable.

A file is written under a hidden name, made durable, and only shown by a rename after whoever keeps the books has
noted that it lies here. So a name that is missing was taken by the partner, and a hidden one that is noted only lacks
its rename.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection

MODE = 0o440
"""Read by the partner through the folder's group; nobody writes it again."""

NEW_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

ATTEMPT_S = 3600.0
"""After which a hidden file nobody noted belongs to a dead attempt: writing and noting one takes seconds."""


def write(folder: int, hidden_id: str, body: bytes) -> None:
    """Puts bytes under a hidden name of this attempt's own, durably. Raises OSError."""
    file = os.open(_hidden(hidden_id), NEW_FLAGS, 0o600, dir_fd=folder)
    with os.fdopen(file, "wb") as opened:
        opened.write(body)
        opened.flush()
        os.fchmod(file, MODE)
        os.fsync(file)
    os.fsync(folder)


def show(folder: int, hidden_id: str, name: str) -> None:
    """Gives the file its name; nothing happens when another attempt did it."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(_hidden(hidden_id), name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def is_gone(folder: int, hidden_id: str, name: str) -> bool:
    """Whether a noted file was taken. The hidden name is looked for first: it becomes the other, never the reverse."""
    return not _there(folder, _hidden(hidden_id)) and not _there(folder, name)


def withdraw(folder: int, hidden_id: str, name: str = "") -> None:
    """Takes a file away under both its names, or one that was never shown."""
    for one in filter(None, (_hidden(hidden_id), name)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(one, dir_fd=folder)


def sweep(folder: int, noted: Collection[str], now_s: float) -> None:
    """Removes what attempts left that died before their file was noted. now_s: seconds since 1970."""
    kept = {_hidden(hidden_id) for hidden_id in noted}
    for name in os.listdir(folder):
        if name.startswith(_hidden("")) and name not in kept:
            with contextlib.suppress(FileNotFoundError):
                if os.lstat(name, dir_fd=folder).st_mtime < now_s - ATTEMPT_S:
                    os.unlink(name, dir_fd=folder)


def _hidden(hidden_id: str) -> str:
    return f".tmp-{hidden_id}"


def _there(folder: int, name: str) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
