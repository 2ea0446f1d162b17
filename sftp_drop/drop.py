"""What the door needs from whoever keeps the files: one Protocol.

`gateway.flow.drop` keeps it on the store, tests on a dict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from twisted.internet.defer import Deferred

Code = Literal["no-such-file", "permission-denied", "failure", "unsupported"]


class Refused(Exception):
    """The drop says no. code becomes the SFTP status; text is sent to the client (never PHI, never a path of ours)."""

    def __init__(self, code: Code, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True)
class Entry:
    """One visible file. name: without folder; size in bytes; modified_s: UTC seconds."""

    name: str
    size: int
    modified_s: int


class Upload(Protocol):
    """One open file handle for writing."""

    def write(self, offset: int, data: bytes) -> Deferred[None]:
        """Takes bytes at offset; its Deferred fires when more may come (back-pressure), or fails with Refused."""

    def commit(self) -> Deferred[None]:
        """The client sent CLOSE: fires only when the bytes, and for a final name the receipt, are durable."""

    def lose(self) -> Deferred[None]:
        """The connection went away: keep what came for a resume, start no work. Idempotent."""


class Drop(Protocol):
    """The keeper of partners' files. Folders are `inbound`, `outbound`, `reports`; names carry no folder.

    Every method may raise or fail with Refused. `partner` is what `login` returned.
    """

    def login(self, user: str, key_blob: bytes, peer: str) -> Deferred[str]:
        """The partner id for an SSH user name and public key blob, from peer address; fails with Refused otherwise."""

    def begin(self, partner: str, name: str, resume: bool) -> Deferred[Upload]:
        """Opens an upload into inbound under name; resume continues an earlier, unfinished or received one."""

    def list(self, partner: str, folder: str) -> Deferred[list[Entry]]:
        """The visible files of a folder."""

    def stat(self, partner: str, folder: str, name: str) -> Deferred[Entry]:
        """One visible file; fails with Refused("no-such-file")."""

    def read(self, partner: str, folder: str, name: str, offset: int, length: int) -> Deferred[bytes]:
        """At most length bytes at offset, b"" at the end of the file."""

    def read_done(self, partner: str, folder: str, name: str) -> Deferred[None]:
        """The client read to the end and closed the file: evidence of delivery."""

    def hide(self, partner: str, folder: str, name: str) -> Deferred[None]:
        """The client deleted the file: inbound hides it, outbound counts it as picked up. Nothing is destroyed."""

    def rename(self, partner: str, old: str, new: str, overwrite: bool) -> Deferred[None]:
        """Renames inside inbound; from a temporary to a final name it commits the receipt before it fires."""
