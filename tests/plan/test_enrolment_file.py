"""The golden 834 from its bytes, and other people's 834 files: reader, mapping and enrolment together."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from gateway.plan import enrolment
from gateway.plan.enrolment import RosterEntry, RowKey, RowOutcome, Rules
from gateway.plan.records import Member
from mappings.enrolment import MemberReader
from mappings.records import EnrolmentHeader, MemberRow
from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import Unit
from parsers.reader import Reader

GOLDEN = Path(__file__).parents[1] / "golden" / "in.834"
CORPUS = Path(os.environ.get("X12_CORPUS", "/nonexistent"))
TODAY = date(2026, 4, 6)


def read(data: bytes) -> list[tuple[EnrolmentHeader, list[MemberRow]]]:
    """The sets of a file: header and rows."""
    reader, members = Reader(guides.load, EnvelopePolicy()), MemberReader()
    sets: list[tuple[EnrolmentHeader, list[MemberRow]]] = []
    for event in reader.feed(data) + reader.close():
        if not isinstance(event, Unit):
            continue
        row = members.take(event)
        if event.kind == "header" and members.header:
            sets.append((members.header, []))
        elif row is not None and sets:
            sets[-1][1].append(row)
    return sets


def applied(
    header: EnrolmentHeader, rows: list[MemberRow], people: dict[str, Member], ord: str, limited: bool
) -> list[RowOutcome]:
    """The rows applied one after the other to the people, who change with them."""
    done = []
    for row in rows:
        family = [m for m in people.values() if m.subscriber_no in {row.subscriber_no, row.prior_no} - {""}]
        outcome = enrolment.apply_row(header, row, family, Rules(), ord, TODAY, limited=limited)
        for member in filter(None, (outcome.member, *outcome.moved)):
            people[member.person_id] = member
        done.append(outcome)
    return done


def test_the_golden_file_twice() -> None:
    """As the first file five are added and Frank is on file as ended; once more, everybody is unchanged."""
    ((header, rows),) = read(GOLDEN.read_bytes())
    people: dict[str, Member] = {}
    found = enrolment.survey(header, map(RowKey.of, rows), (), Rules(master_policies=("BT1001",)), None)
    assert (found.refused, found.held, found.rejected, found.total) == ((), (), {}, 6)
    first = applied(header, rows, people, "1" * 32, limited=False)
    assert [o.kind for o in first] == ["added"] * 5 + ["ended"]
    assert first[5].cobra_event and first[5].cobra_event.event_on == date(2026, 2, 28)
    assert people["SBA100002-M05"].other[0].payer_id == "ACME1"
    again = enrolment.survey(header, map(RowKey.of, rows), [RosterEntry.of(m) for m in people.values()], Rules(), None)
    assert (again.leavers, again.active) == ((), 5)
    second = applied(header, rows, people, "2" * 32, limited=True)
    assert [o.kind for o in second] == ["unchanged"] * 6
    assert not any(o.span_changes or o.reviews or o.cobra_event for o in second)


@pytest.mark.corpus
def test_other_peoples_files_have_an_outcome() -> None:
    """Every row of every 834 in the corpus comes to an outcome, and what is rejected says why."""
    rows_read = 0
    for path in sorted(CORPUS.rglob("*834*")):
        if not path.is_file() or not path.read_bytes().lstrip().startswith(b"ISA"):
            continue
        for header, rows in read(path.read_bytes()):
            enrolment.survey(header, map(RowKey.of, rows), (), Rules(), None)
            people: dict[str, Member] = {}
            for outcome in applied(header, rows, people, "1" * 32, limited=False):
                rows_read += 1
                assert (outcome.member is None) == bool(outcome.exceptions)
    assert rows_read
