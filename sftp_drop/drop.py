"""What the door needs from whoever keeps the files: one Protocol.

`gateway.flow.drop` keeps it on the store, tests on a dict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from twisted.internet.defer import Deferred

Code = Literal["no-such-file", "permission-denied", "failure", "unsupported"]


@dataclass(frozen=True)
class Visitor:
    """Who is at the door. partner: "" before login; connections_max: how many it may have, None for the door's rule."""

    partner: str
    fingerprint: str
    peer: str
    connections_max: int | None = None


@dataclass(frozen=True)
class Ban:
    """An address shut out. place: an IPv4 address or IPv6 /64; until_s: UTC; times: which ban of it this is."""

    place: str
    until_s: float
    times: int


class Refused(Exception):
    """The drop says no. code becomes the SFTP status; text is sent to the client (never PHI, never a path of ours)."""

    def __init__(self, code: Code, text: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class Stranger(Refused):
    """A login as somebody the drop does not know. The client is told what every refused login is told."""


@dataclass(frozen=True)
class Entry:
    """One visible file. name: without folder; size in bytes; modified_s: UTC seconds; id: what records call it."""

    name: str
    size: int
    modified_s: int
    id: str = ""


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

    Every method may raise or fail with Refused. `partner` is the visitor's.
    """

    def login(self, user: str, key_blob: bytes, peer: str) -> Deferred[Visitor]:
        """Who an SSH user name and public key blob from a peer address is; fails with Stranger or Refused otherwise."""

    def of(self, visitor: Visitor) -> Drop:
        """This drop as one visitor uses it: what is done through it is on record as theirs."""

    def note(self, what: str, about: str = "") -> None:
        """For the record: the visitor did what changes nothing (a listing, a read, a login refused). Never raises."""

    def ban(self, ban: Ban) -> None:
        """For the record, and for the other doors of this drop: an address is shut out. Never raises."""

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
