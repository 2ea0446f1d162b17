"""What visitors did that changed nothing - listings, reads, logins refused - and who was banned, until it is written.

A deed costs the door a dictionary entry; the porter writes them by the hundred. Deeds that read alike are one row with
their number, so that a client that lists a folder in a loop fills no table.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection

from gateway.clock import SECOND_US
from gateway.store import audit, bans
from sftp_drop.drop import Ban, Visitor

log = structlog.get_logger()

DEEDS_MAX = 10_000
"""Different deeds that wait while the database does not answer: 300 bytes each, 3 MB; then the newest are lost."""

NOBODY = "stranger"
"""Actor of what was done before anybody was known."""


class Deed(NamedTuple):
    """actor: a partner's id or NOBODY; entity: what it was done to, by our number, never by a file's name."""

    actor: str
    action: str
    entity: str
    detail: str


class Deeds:
    """What is still to be written. Only the reactor's thread touches it."""

    def __init__(self) -> None:
        self._waiting: dict[Deed, list[int]] = {}  # first instant, how often
        self.bans: dict[str, Ban] = {}
        self._lost = 0

    def note(self, now_us: int, visitor: Visitor, what: str, about: str) -> None:
        """A deed, to be written soon."""
        deed = Deed(visitor.partner or NOBODY, what, about, signature(visitor))
        if deed in self._waiting:
            self._waiting[deed][1] += 1
        elif len(self._waiting) < DEEDS_MAX:
            self._waiting[deed] = [now_us, 1]
        else:
            self._lost += 1

    def take(self) -> list[tuple[Deed, int, int]]:
        """(deed, first instant, how often) of all that wait, which wait no more."""
        taken, self._waiting = [(deed, at_us, many) for deed, (at_us, many) in self._waiting.items()], {}
        if self._lost:
            log.error("deeds lost", count=self._lost)
            self._lost = 0
        return taken

    def put_back(self, taken: list[tuple[Deed, int, int]]) -> None:
        """They were not written after all."""
        for deed, at_us, many in taken:
            first_us, more = self._waiting.get(deed, (at_us, 0))
            self._waiting[deed] = [min(first_us, at_us), many + more]


def signature(visitor: Visitor | None) -> str:
    """By which key and from where: what a row of the audit says of who did it; "" for who came by no door of ours."""
    return f"{visitor.fingerprint} {visitor.peer}".strip() if visitor else ""


def write(connection: Connection, now_us: int, deeds: list[tuple[Deed, int, int]], made: list[Ban]) -> None:
    """Writes deeds and bans."""
    rows = [
        (at_us, deed.actor, deed.action, deed.entity, deed.detail + (f" x{many}" if many > 1 else ""))
        for deed, at_us, many in deeds
    ]
    rows += [(now_us, NOBODY, "ban", ban.place, f"number {ban.times}") for ban in made]
    audit.note_all(connection, rows)
    bans.put(connection, [stored(ban) for ban in made])


def stored(ban: Ban) -> bans.Banned:
    """A ban as the store keeps it."""
    return bans.Banned(ban.place, int(ban.until_s * SECOND_US), ban.times)


def loaded(row: Any) -> Ban:
    """A ban as the door knows it."""
    return Ban(row.place, row.until_us / SECOND_US, row.times)
