"""Disks that fail for one process, by the kernel itself: writes beyond a size, and syncs that never arrive."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
from pathlib import Path

_CALLS = {"x86_64": (317, 74, 75), "aarch64": (277, 82, 83)}
"""Machine -> numbers of the system calls seccomp, fsync, fdatasync."""

_FILTER_MODE, _ALL_THREADS, _NO_NEW_PRIVILEGES = 1, 1, 38
_LOAD, _EQUAL, _RETURN, _ERROR, _ALLOW = 0x20, 0x15, 0x06, 0x00050000, 0x7FFF0000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def fail_syncs() -> bool:
    """From now on every fsync and fdatasync of this process is EIO, for ever; False where the kernel does not agree."""
    if platform.machine() not in _CALLS:
        return False
    seccomp, fsync, fdatasync = _CALLS[platform.machine()]
    lines = (
        (_LOAD, 0, 0, 0), (_EQUAL, 1, 0, fsync), (_EQUAL, 0, 1, fdatasync),
        (_RETURN, 0, 0, _ERROR | errno.EIO), (_RETURN, 0, 0, _ALLOW),
    )  # fmt: skip
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program, libc = _Program(len(lines), ctypes.addressof(code)), ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(libc.syscall(seccomp, _FILTER_MODE, _ALL_THREADS, ctypes.byref(program)) == 0)


def limit_files(pid: int, size: int = resource.RLIM_INFINITY) -> None:
    """A process may make no file longer than size bytes: a write beyond it fails. Without size it may again."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def fill(path: Path, leave: int) -> None:
    """A file that takes all room of its disk but so many bytes."""
    disk = os.statvfs(path.parent)
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - leave)
