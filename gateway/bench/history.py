"""Claims of the past, so that what a decision looks up is looked up among many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Table, select

from gateway.bench.figures import DAY
from gateway.store.engine import Store
from gateway.store.order import ord_of
from gateway.store.rows import insert_all
from gateway.store.schema import claim, decision, entry, person

CLAIMS_A_PERSON = 10
"""Of the past of one person: a year's. People who are not enrolled are made up where it needs more of them."""

NEWEST = DAY - timedelta(days=120)
"""Day of service of the newest: in an earlier benefit year, so that today's decisions stay those without a past."""

DAYS_BETWEEN = 36
"""From one claim of a person to the next: ten are a year."""

OWN = "00000%"
"""What the numbers of the past are like: no claim is received on day 000 of a year."""

CLAIMS_A_COMMIT = 1_000
"""Nobody waits for the writer while the past is made."""

Rows = list[dict[str, Any]]


def fill(store: Store, sponsor_id: str, count: int) -> None:
    """Writes count claims of the past with their decisions and accumulator entries.

    They are copies of the claims that were decided so far, one after another, under their own numbers, people and days;
    all columns that are looked up by are as if they had come, the documents inside are those of the originals.
    """
    with store.read() as connection:
        enrolled = select(person.c.person_id, person.c.family_root).where(person.c.sponsor_id == sponsor_id)
        people = [(row.person_id, row.family_root) for row in connection.execute(enrolled)]
        decided = select(claim).where(claim.c.sponsor_id == sponsor_id, claim.c.state == "decided")
        samples = [dict(row) for row in connection.execute(decided.order_by(claim.c.icn)).mappings()]
        caused = {
            table: _by_icn(connection.execute(select(table).where(table.c.sponsor_id == sponsor_id)).mappings())
            for table in (decision, entry)
        }
    people += [(f"PAST-{n}", f"PAST-{n}") for n in range(len(people), count // CLAIMS_A_PERSON)]
    for start in range(0, count, CLAIMS_A_COMMIT):
        rows: dict[Table, Rows] = {claim: [], decision: [], entry: []}
        for n in range(start, min(count, start + CLAIMS_A_COMMIT)):
            sample, (turn, who) = samples[n % len(samples)], divmod(n, len(people))
            own = _own(n, *people[who], NEWEST - timedelta(days=turn * DAYS_BETWEEN))
            rows[claim].append(_of(claim, sample, own))
            for table, by_icn in caused.items():
                rows[table] += [_of(table, row, own) for row in by_icn[sample["icn"]]]
        with store.write("bench") as connection:
            for table, made in rows.items():
                insert_all(connection, table, made)


def _by_icn(rows: Iterable[Mapping[Any, Any]]) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        found[row["icn"]].append(dict(row))
    return found


def _own(number: int, person_id: str, family_root: str, day: date) -> dict[str, Any]:
    """What a copy does not share with its original, by column."""
    return {
        "icn": f"00000{number:07}", "ord": ord_of(0, 0, 0, 0, number), "person_id": person_id,
        "family_root": family_root, "first": day.isoformat(), "last": day.isoformat(), "year": day.year,
    }  # fmt: skip


def _of(table: Table, row: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    return row | {name: value for name, value in own.items() if name in table.c}
