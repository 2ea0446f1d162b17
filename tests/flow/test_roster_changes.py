"""Members are written a table at a time: only what changed, and with the history that row by row would give."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import event, select

from gateway.flow.roster_changes import RosterChanges
from gateway.plan.records import FOREVER, Member, Span
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import alias, person, span
from mappings.records import Person
from tests.flow.members import enrolment_file
from tests.flow.world import SPONSOR, begun

EARLIER, ORD = f"{1:032d}", f"{2:032d}"
MEMBER = Member(
    person_id="M01-01", family_root="M01", subscriber_no="M01", subscriber=True, relationship="18",
    person=Person(last="KEY", first="ANN"),
)  # fmt: skip


def span_of(tier: str, known_from: str = ORD) -> Span:
    """A coverage from the start of the year."""
    return Span(line="PPO", plan_id="P", tier=tier, first=date(2026, 1, 1), known_from=known_from)


def written(store: Store) -> list[str]:
    """From now on, the statements of the store that write members."""
    told: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith(("INSERT INTO person", "UPDATE person", "INSERT INTO span", "INSERT INTO alias")):
            told.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    return told


def test_who_did_not_change_is_not_written(store: Store, keys: Keys, tmp_path: Path) -> None:
    """A full file that says of everybody what is on file writes nothing about anybody."""
    world = begun(store, keys, tmp_path, enrolled=True)
    world.send("bluebonnet", "again.834", enrolment_file(601, 0, 1, 2, 3, 4, created="20260403"))
    told = written(store)
    world.send("bluebonnet", "once-more.834", enrolment_file(602, 0, 1, 2, 3, 4, created="20260404"))
    assert told == []


@pytest.mark.parametrize("at_once", [True, False])
def test_history_is_the_same_in_one_write_or_in_many(store: Store, keys: Keys, at_once: bool) -> None:
    """What one event opened and superseded again was never known; what an earlier one opened was known until then."""
    steps = [
        (span_of("EMP", EARLIER), span_of("ESP")),  # the earlier coverage is superseded
        (span_of("ESP"), span_of("FAM")),  # and what took its place, by the same event
    ]
    with store.write("test") as connection:
        first = RosterChanges(keys, SPONSOR, EARLIER)
        first.save(MEMBER, "123456789")
        first.change_span(MEMBER.person_id, None, span_of("EMP", EARLIER))
        first.add_alias("M00", MEMBER.person_id)
        first.write(connection)
        changes = RosterChanges(keys, SPONSOR, ORD)
        for superseded, opened in steps:
            changes.change_span(MEMBER.person_id, superseded, opened)
            if not at_once:
                changes.write(connection)
                changes = RosterChanges(keys, SPONSOR, ORD)
        changes.write(connection)
        known = connection.execute(select(span.c.tier, span.c.known_from, span.c.known_to).order_by(span.c.known_from))
        assert [tuple(row) for row in known] == [("EMP", EARLIER, ORD), ("FAM", ORD, FOREVER)]
        one = connection.execute(select(person)).one()
        assert (one.ssn_hash, one.ssn is None) == (keys.fingerprint("123456789"), False)
        assert connection.execute(select(alias.c.subscriber_no)).scalars().all() == ["M00"]


def test_a_person_keeps_the_number_that_is_not_sent_again(store: Store, keys: Keys) -> None:
    """A change without an SSN leaves the sealed one; of states saved in one write the last stays."""
    with store.write("test") as connection:
        for ord_, ssn, name in ((EARLIER, "123456789", "ANN"), (ORD, "", "ANNA")):
            changes = RosterChanges(keys, SPONSOR, ord_)
            changes.save(MEMBER, ssn)
            changes.save(structs.replace(MEMBER, person=Person(last="KEY", first=name)))
            changes.write(connection)
        one = connection.execute(select(person)).one()
        assert "ANNA" in one.body
        assert one.ssn_hash == keys.fingerprint("123456789")
