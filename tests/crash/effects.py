"""What a run came to: every business row, without what differs from run to run although nothing happened twice.

Left out are ids that stay inside, instants, sealed bytes (outbound files are opened, their times of day masked), and
the tables of the engine and of the door, which tell how something was done, not what.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway.flow import books
from gateway.flow.context import Context
from gateway.store import audit, outbox
from gateway.store.schema import metadata

HOW = {"work", "node", "audit", "upload", "blob", "small", "progress", "installation", "alembic_version"}
"""Tables that tell how."""

INSIDE = {"id", "upload_id", "sha256", "key", "ssn"}
"""Columns of ids, digests of bytes with a time in them, sealed values. A journal's and posting's key is business."""

SEALED = {"outbox", "remittance"}
"""Tables whose body is sealed."""

NUMBERED_BY_TRY = "pay-step/"
"""Counters that number steps, not what leaves: a repeated command takes another one."""


def effects(context: Context) -> dict[str, list[str]]:
    """By table, its rows as text, sorted; `files` are the bytes that left. The books and the audit must hold."""
    found: dict[str, list[str]] = {}
    with context.store.read() as connection:
        for name, table in metadata.tables.items():
            if name not in HOW:
                found[name] = sorted(_row(name, row._mapping) for row in connection.execute(select(table)))
        rows = list(connection.execute(select(outbox.outbox)))
        assert books.verify(connection) == []
        assert audit.broken_at(connection) is None
    found["counter"] = [row for row in found["counter"] if NUMBERED_BY_TRY not in row]
    bodies = {f"{row.partner}/{row.name}": outbox.open_body(context.keys, row) for row in rows}
    found["files"] = sorted(f"{name}: {_timeless(name, body)}" for name, body in bodies.items())
    return found


def without_parking(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Effects but for the holds that told of a parked step."""
    return {**found, "hold": [row for row in found["hold"] if "'kind': 'parked'" not in row]}


def differences(found: dict[str, list[str]], wanted: dict[str, list[str]]) -> dict[str, list[str]]:
    """By table, rows (+) that should not be there and (-) that are missing."""
    told = {}
    for name in wanted:
        extra, missing = _minus(found[name], wanted[name]), _minus(wanted[name], found[name])
        if extra or missing:
            told[name] = [f"+ {row}" for row in extra] + [f"- {row}" for row in missing]
    return told


def _minus(rows: list[str], others: list[str]) -> list[str]:
    left = list(others)
    return [row for row in rows if not (row in left and (left.remove(row) is None))]


def _row(table: str, values: Any) -> str:
    kept = {n: v for n, v in values.items() if not n.endswith("_us") and not _is_inside(table, n)}
    return repr(kept)


def _is_inside(table: str, column: str) -> bool:
    if table in ("journal", "posting") and column == "key":
        return False
    if table == "document" and column == "id":
        return False
    return column in INSIDE or (table in SEALED and column in ("body", "size"))


def _timeless(name: str, body: bytes) -> str:
    """The bytes without the time of day they were made at; a page's bytes are not compared, its JSON twin's are."""
    if name.endswith(".pdf"):
        return "a page"
    text = body.decode()
    if name.endswith(".ach"):
        return text[:29] + "HHMM" + text[33:]
    return "~".join(_segment(one) for one in text.split("~")) if name.endswith(".x12") else text


TIMES = {"ISA": 10, "GS": 5, "BHT": 5}
"""Segment -> the element that holds a time of day."""


def _segment(text: str) -> str:
    elements = text.strip().split("*")
    place = TIMES.get(elements[0])
    if place is not None and len(elements) > place:
        elements[place] = "TIME"
    return "*".join(elements)
