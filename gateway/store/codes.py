"""Code set releases as loaded: put, looked up, told when they change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from gateway.store.rows import parts
from gateway.store.schema import code, code_release
from parsers.codes import Book, Entry

CODES_A_WRITE = 5_000
"""Codes inserted at once: six variables each, and SQLite takes 32,766."""

Version = tuple[int, int]
"""How many releases there are and when the newest was loaded: another one means something was loaded since."""


class Loaded(NamedTuple):
    """One release of a set. codes: how many. sha256: over them."""

    name: str
    first: date
    last: date | None
    codes: int
    sha256: str


def version(connection: Connection) -> Version:
    """What the loads so far come to."""
    wanted = select(func.count(), func.coalesce(func.max(code_release.c.loaded_us), 0))
    count, newest = connection.execute(wanted).one()
    return count, newest


def releases(connection: Connection, name: str = "") -> list[Loaded]:
    """The releases of a set, or of every set, the oldest first."""
    wanted = select(code_release).order_by(code_release.c.name, code_release.c.first)
    if name:
        wanted = wanted.where(code_release.c.name == name)
    return [
        Loaded(row.name, date.fromisoformat(row.first), day_of(row.last), row.codes, row.sha256)
        for row in connection.execute(wanted)
    ]


def book(connection: Connection, name: str, first: date) -> dict[str, Entry]:
    """The codes of the release of a set that begins on a day."""
    mine = select(code).where(code.c.name == name, code.c.release == first.isoformat())
    return {row.code: Entry(day_of(row.first), day_of(row.last), row.label) for row in connection.execute(mine)}


def put(connection: Connection, now_us: int, release: Loaded, codes: Book) -> None:
    """Stores a release in the place of one with the same first day, and ends the one before it the day before."""
    name, first = release.name, release.first.isoformat()
    connection.execute(delete(code).where(code.c.name == name, code.c.release == first))
    connection.execute(delete(code_release).where(code_release.c.name == name, code_release.c.first == first))
    before = (release.first - timedelta(days=1)).isoformat()
    earlier = (code_release.c.name == name, code_release.c.first < first)
    longer = or_(code_release.c.last.is_(None), code_release.c.last > before)
    connection.execute(update(code_release).where(*earlier, longer).values(last=before))
    row = {"name": name, "first": first, "last": _text(release.last), "codes": len(codes), "sha256": release.sha256}
    connection.execute(insert(code_release).values(**row, loaded_us=now_us))
    rows = list(_rows(name, first, codes))
    for part in parts(rows, CODES_A_WRITE):
        connection.execute(insert(code), part)


def _rows(name: str, first: str, codes: Mapping[str, Entry]) -> list[dict[str, Any]]:
    return [
        {"name": name, "release": first, "code": each, "first": _text(entry.first), "last": _text(entry.last),
         "label": entry.label}
        for each, entry in codes.items()
    ]  # fmt: skip


def day_of(text: str | None) -> date | None:
    """A day as it is stored and as our lists write it; None for none. Raises ValueError."""
    return date.fromisoformat(text) if text else None


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
