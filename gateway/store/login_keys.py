"""The SSH keys partners log in with: one row a key for ever, as a revoked key must never open anything again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from gateway.store.schema import partner_key

State = Literal["good", "not yet", "over", "revoked"]


class LoginKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key of a partner's. fingerprint: SHA256:..., line: as OpenSSH writes it.

    It opens from from_us until before until_us (None: no end), by the clock, and not at all once it was revoked.
    """

    fingerprint: str
    partner: str
    line: str
    from_us: int
    until_us: int | None
    added_us: int
    added_by: str
    revoked_us: int | None = None
    revoked_by: str = ""

    def state(self, now_us: int) -> State:
        """What the key is worth now."""
        if self.revoked_us is not None:
            return "revoked"
        if now_us < self.from_us:
            return "not yet"
        return "good" if self.until_us is None or now_us < self.until_us else "over"


def add(connection: Connection, key: LoginKey) -> None:
    """A key that is not on file yet."""
    connection.execute(insert(partner_key).values(**msgspec.structs.asdict(key)))


def find(connection: Connection, fingerprint: str) -> LoginKey | None:
    """A key on file, whatever it is worth."""
    found = _keys(connection, partner_key.c.fingerprint == fingerprint)
    return found[0] if found else None


def of_partner(connection: Connection, partner: str) -> list[LoginKey]:
    """Every key a partner has or had, oldest first."""
    return _keys(connection, partner_key.c.partner == partner)


def good(connection: Connection, now_us: int) -> list[LoginKey]:
    """Every partner's keys that open now."""
    return _keys(connection, _good(now_us))


def set_days(connection: Connection, fingerprint: str, from_us: int, until_us: int | None) -> None:
    """Another time in which the key opens."""
    mine = update(partner_key).where(partner_key.c.fingerprint == fingerprint)
    connection.execute(mine.values(from_us=from_us, until_us=until_us))


def revoke(connection: Connection, fingerprint: str, now_us: int, by: str) -> None:
    """The key opens nothing any more; the first time counts."""
    living = update(partner_key).where(partner_key.c.fingerprint == fingerprint, partner_key.c.revoked_us.is_(None))
    connection.execute(living.values(revoked_us=now_us, revoked_by=by))


def owners(connection: Connection, fingerprints: Iterable[str], now_us: int) -> dict[str, str]:
    """Fingerprint -> partner, of those keys that open now."""
    asked = partner_key.c.fingerprint.in_(sorted(set(fingerprints)))
    found = select(partner_key.c.fingerprint, partner_key.c.partner).where(asked, _good(now_us))
    return {row.fingerprint: row.partner for row in connection.execute(found)}


def _good(now_us: int) -> ColumnElement[bool]:
    begun, over = partner_key.c.from_us <= now_us, partner_key.c.until_us <= now_us
    return and_(partner_key.c.revoked_us.is_(None), begun, or_(partner_key.c.until_us.is_(None), ~over))


def _keys(connection: Connection, which: ColumnElement[bool]) -> list[LoginKey]:
    rows = connection.execute(select(partner_key).where(which).order_by(partner_key.c.added_us, partner_key.c.line))
    return [LoginKey(**row._mapping) for row in rows]
