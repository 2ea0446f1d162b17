"""The folders of partners on the site's file system, opened the one way nothing can lead elsewhere.

`<root>/<partner>/inbound`, `outbound`, `reports`, and a work folder no partner reaches. Every folder is opened from the
one above it without following links; every later call names a file in a folder that is open.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

FOLDERS = ("inbound", "outbound", "reports")

WORK = ".work"
"""The work folder beside a partner's three, unless the site names another place."""

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

NETWORK = frozenset(
    {
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "9p", "glusterfs", "lustre", "beegfs", "gpfs",
        "ocfs2", "gfs2", "virtiofs", "fuse", "fuseblk",
    }
)  # fmt: skip
"""File systems whose changes another machine may make: inotify does not tell of those."""


class Unusable(Exception):
    """A partner's folders cannot be used. partner: whose. reason: one of REASONS. detail: for the operator."""

    def __init__(self, partner: str, reason: str, detail: str = "") -> None:
        super().__init__(partner, reason, detail)
        self.partner, self.reason, self.detail = partner, reason, detail


REASONS = {
    "name": "the partner's id cannot name a folder",
    "missing": "a folder is not there, or is a link",
    "elsewhere": "the work folder lies on another file system or mount than the inbound folder",
    "denied": "files cannot be moved from the inbound folder to the work folder",
}


@dataclass(frozen=True)
class Places:
    """One partner's folders, open: descriptors that calls with `dir_fd` start from."""

    inbound: int
    work: int
    outbound: int
    reports: int


class Tree(msgspec.Struct, frozen=True):
    """Where partners' folders lie. work: where claimed files go, one folder a partner; None: beside its three.

    partners: whose folders are used; none named are all.
    """

    root: Path
    work: Path | None = None
    partners: frozenset[str] = frozenset()

    def holds(self, partner: str) -> bool:
        """Whether the partner's folders are used and there."""
        used = can_name(partner) and (not self.partners or partner in self.partners)
        return used and self.inbound(partner).is_dir()

    def inbound(self, partner: str) -> Path:
        """Where the partner's files arrive."""
        return self.root / partner / "inbound"

    @contextmanager
    def opened(self, partner: str) -> Iterator[Places]:
        """The partner's folders; makes its work folder where there is none. Raises Unusable."""
        if not can_name(partner):
            raise Unusable(partner, "name")
        with ExitStack() as stack:
            home = _open(stack, partner, str(self.root / partner))
            inbound, outbound, reports = (_open(stack, partner, name, home) for name in FOLDERS)
            above, name = (home, WORK) if self.work is None else (_open(stack, partner, str(self.work)), partner)
            yield Places(inbound, _open_work(stack, partner, name, above), outbound, reports)

    def check(self, partner: str, trial: str) -> None:
        """Raises Unusable when a file could not be claimed by a rename. trial: a name nobody uses.

        Equal devices are not enough: two mounts of one file system (a service's ReadWritePaths, each) refuse a rename,
        so one is tried.
        """
        with self.opened(partner) as places:
            if os.fstat(places.inbound).st_dev != os.fstat(places.work).st_dev:
                raise Unusable(partner, "elsewhere")
            try:
                os.mkdir(f".{trial}", 0o700, dir_fd=places.inbound)
                try:
                    os.rename(f".{trial}", trial, src_dir_fd=places.inbound, dst_dir_fd=places.work)
                except OSError:
                    os.rmdir(f".{trial}", dir_fd=places.inbound)
                    raise
                os.rmdir(trial, dir_fd=places.work)
            except OSError as error:
                reason = "elsewhere" if error.errno == errno.EXDEV else "denied"
                raise Unusable(partner, reason, error.strerror or "") from error


def can_name(partner: str) -> bool:
    """Whether a partner's id may name a folder: one step, not hidden."""
    return bool(partner) and not partner.startswith(".") and "/" not in partner and "\0" not in partner


def _open(stack: ExitStack, partner: str, path: str, above: int | None = None) -> int:
    try:
        folder = os.open(path, FOLDER_FLAGS, dir_fd=above)
    except OSError as error:
        raise Unusable(partner, "missing", f"{path} ({error.strerror})") from error
    stack.callback(os.close, folder)
    return folder


def _open_work(stack: ExitStack, partner: str, name: str, above: int) -> int:
    try:
        os.mkdir(name, 0o700, dir_fd=above)
    except FileExistsError:
        pass
    except OSError as error:
        raise Unusable(partner, "missing", f"{name} ({error.strerror})") from error
    return _open(stack, partner, name, above)


def file_system(mountinfo: str, device: int) -> str:
    """The kind of the file system of a device, from the text of /proc/self/mountinfo; "" when it is not listed."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mountinfo.splitlines():
        fields, _, kind = line.partition(" - ")
        if fields.split(" ")[2] == wanted:
            return kind.split(" ")[0]
    return ""


def is_network(kind: str) -> bool:
    """Whether changes on such a file system may come from elsewhere: then it is polled."""
    return kind in NETWORK or kind.startswith("fuse.")
