"""What the machine says of itself: permissions, disks, ports, processes, its clock."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import stat
from pathlib import Path

TIMEX_BYTES = 512
"""struct timex has 208 bytes on 64-bit Linux; a zeroed buffer of more than twice that only asks (modes = 0)."""

TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def others_may(path: Path) -> bool:
    """Whether group or others may do anything with a file or folder. Raises OSError when it is not there."""
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def free_bytes(folder: Path) -> int:
    """What is left of a disk for us, who are not root. Raises OSError."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def encrypted(folder: Path) -> bool:
    """Whether a folder's disk, or one under it, is encrypted by dm-crypt; False also where nothing can be seen."""
    device = folder.stat().st_dev
    return _crypt(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"))


def _crypt(device: Path) -> bool:
    """A device mapper's device says what it is; what lies under it (LVM on LUKS) is in its folder `slaves`."""
    with contextlib.suppress(OSError):
        if (device / "dm" / "uuid").read_text().startswith("CRYPT-"):
            return True
    with contextlib.suppress(OSError):
        return any(_crypt(under) for under in (device / "slaves").iterdir())
    return False


def clock_synchronised() -> bool | None:
    """Whether the kernel holds its clock for set by a time server; None where it does not say (adjtimex(2))."""
    with contextlib.suppress(OSError, AttributeError):
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
        return None if state < 0 else bool(state != TIME_ERROR)
    return None


def alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def reached_at(interface: str) -> str:
    """The address by which one's own door is reached: a listener on all interfaces is reached on the loopback."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(interface, interface)


def listens(interface: str, port: int, wait_s: float) -> bool:
    """Whether somebody takes a connection there."""
    with contextlib.suppress(OSError), socket.create_connection((reached_at(interface), port), wait_s):
        return True
    return False


def free_port(interface: str, port: int) -> bool:
    """Whether we could listen there now."""
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((interface, port))
        tried.listen(1)
        return True
    return False
