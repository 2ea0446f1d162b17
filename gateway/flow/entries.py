"""Accumulator entries on file: how a decision's are stored, and what those of a family add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from gateway.plan.claims.accumulators import Key, Use
from gateway.plan.records import Entry
from gateway.store.schema import entry

_KEY = (
    entry.c.family_root, entry.c.person_id, entry.c.year, entry.c.tier, entry.c.kind, entry.c.limit_name,
    entry.c.used_on, entry.c.place,
)  # fmt: skip

_SUMS = select(*_KEY, func.sum(entry.c.cents + entry.c.thousandths)).where(
    entry.c.sponsor_id == bindparam("sponsor_id"), entry.c.family_root.in_(bindparam("roots", expanding=True))
).group_by(*_KEY)  # fmt: skip
# Built once: every batch asks it.


def row(sponsor_id: str, icn: str, version: int, n: int, each: Entry) -> dict[str, Any]:
    """An entry as a row; n: its place among those of its decision."""
    used_on = each.used_on.isoformat() if each.used_on else ""
    key = {"sponsor_id": sponsor_id, "icn": icn, "version": version, "n": n}
    return {**key, **msgspec.structs.asdict(each), "used_on": used_on}


def read(row: Any) -> Entry:
    """The entry of a row."""
    used_on = date.fromisoformat(row.used_on) if row.used_on else None
    told = {name: getattr(row, name) for name in Entry.__struct_fields__ if name != "used_on"}
    return Entry(**told, used_on=used_on)


def totals(connection: Connection, sponsor_id: str, roots: Iterable[str]) -> dict[str, dict[Key, int]]:
    """By family root: the sums of all entries on file."""
    sums = connection.execute(_SUMS, {"sponsor_id": sponsor_id, "roots": sorted(set(roots))})
    found: dict[str, dict[Key, int]] = defaultdict(dict)
    for root, person_id, year, tier, kind, name, used_on, place, amount in sums:
        slot = Use(name, date.fromisoformat(used_on), place) if used_on else tier
        key = (person_id, year, slot, kind)
        found[root][key] = found[root].get(key, 0) + int(amount)
    return found
