"""Laws of the look-ups of route and adjudicate: what they cost does not grow with what is on file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import work
from tests.flow.world import World, golden

GROWING = ("claim", "decision", "entry", "fact", "journal", "posting", "person", "alias", "span", "evidence", "staged")
"""Tables that hold more the longer an installation runs."""


def asked_while_deciding(world: World) -> list[tuple[str, Any]]:
    """Every statement from the receipt of the golden claims to their decision, with what it was asked of."""
    found: dict[str, Any] = {}

    def keep(_c: Any, _cursor: Any, text: str, given: Any, _context: Any, many: bool) -> None:
        found.setdefault(text, given[0] if many else given)

    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.put("clearpath", "claims.837", golden("in.837p"))
    event.listen(world.store.engine, "before_cursor_execute", keep)
    while world.count(work, work.c.kind.in_(("intake", "route", "adjudicate"))):
        world.step()
    event.remove(world.store.engine, "before_cursor_execute", keep)
    return [(text, given) for text, given in found.items() if text.split()[0] in ("SELECT", "UPDATE", "DELETE")]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_no_statement_of_a_decision_reads_a_growing_table_from_end_to_end(
    store: Store, keys: Keys, tmp_path: Path
) -> None:
    """SQLite answers each statement of intake, route and adjudicate that names a growing table by an index of it, and
    of an employer's claims looks at those it asks for alone."""
    asked = asked_while_deciding(World(store, keys, tmp_path))
    plans = {}
    with store.read() as connection:
        for text, given in asked:
            plans[text] = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
    told = {tuple(one.split()[:2]) for said in plans.values() for one in said}
    searched = {name for how, name in told if how == "SEARCH"}
    assert {"claim", "decision", "entry", "person", "span", "evidence", "journal"} <= searched
    assert told & {("SCAN", name) for name in GROWING} == set()
    of_employers = {one for said in plans.values() for one in said if one.startswith("SEARCH claim ")}
    assert [one for one in of_employers if one.count("=?") < 2] == []  # the employer alone has millions
