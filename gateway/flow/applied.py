"""What the rows and absences of an 834 come to: what the edits say of them, the families they meet, the writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, insert, select

from gateway.flow import holds, roster
from gateway.flow.context import Context
from gateway.flow.parties import Sponsor
from gateway.flow.roster_changes import RosterChanges
from gateway.plan import enrolment
from gateway.plan.claims import door
from gateway.plan.enrolment import Leaver, Review, RowOutcome, cobra
from gateway.plan.enrolment import report as enrolment_report
from gateway.plan.records import Member
from gateway.store.schema import claim as claim_table
from gateway.store.schema import cobra_case, staged
from mappings.records import EnrolmentHeader, MemberRow
from parsers.findings import Finding


def findings(connection: Connection, set_findings: str, rows: Select[Any]) -> enrolment_report.Findings:
    """What the edits say of a set and of some of its staged rows. set_findings: those of its own, as JSON."""

    def found() -> Iterator[tuple[MemberRow | None, Iterable[Finding]]]:
        yield None, msgspec.json.decode(set_findings, type=tuple[Finding, ...])
        for row in connection.execute(rows.add_columns(staged.c.findings).where(staged.c.findings != NOTHING)):
            said = msgspec.json.decode(row.findings, type=tuple[door.Objection, ...])
            yield msgspec.json.decode(row.body, type=MemberRow), [one.finding for one in said]

    return enrolment_report.findings(found())


NOTHING = "[]"
"""The findings of a row nothing is wrong with."""


class Writer:
    """Writes what rows and absences of one event came to. ord: its order key. subject: how its holds name it."""

    def __init__(self, context: Context, sponsor_id: str, ord: str, today: date, subject: str) -> None:
        self.context, self.sponsor_id, self.ord, self.today, self.subject = context, sponsor_id, ord, today, subject

    def absences(
        self, leavers: Sequence[Leaver], header: EnrolmentHeader, sponsor: Sponsor, *, limited: bool
    ) -> list[RowOutcome]:
        """What the ends by absence of some people come to; reads, does not write."""
        with self.context.store.read() as connection:
            people = roster.by_id(connection, self.sponsor_id, [one.person_id for one in leavers], self.ord)
        return [
            enrolment.end_absent(
                people[one.person_id], header, sponsor.rules, self.ord, self.today, one.benefits, limited=limited
            )
            for one in leavers
        ]

    def write(
        self, connection: Connection, outcomes: Iterable[RowOutcome], families: Families | None = None,
        *, reviewed: bool = True,
    ) -> None:  # fmt: skip
        """Writes outcomes, in order; a row that was rejected or waits writes nothing.

        families: as they were read, so that what is on file already is not written again. reviewed: claims decided
        under changed coverage are looked at. Under a sponsor's first file, none were.
        """
        on_file, hashes = (families.on_file, families.ssn_hashes) if families else ({}, {})
        changes = RosterChanges(self.context.keys, self.sponsor_id, self.ord, on_file, hashes)
        for outcome in outcomes:
            if outcome.member is None:
                continue
            changes.save(outcome.member, outcome.ssn)
            for moved in outcome.moved:
                changes.save(moved)
            for number, person_id in outcome.aliases:
                changes.add_alias(number, person_id)
            for change in outcome.span_changes:
                changes.change_span(change.person_id, change.superseded, change.opened)
            if outcome.cobra_event is not None:
                self._open_cobra(connection, outcome)
            for review in outcome.reviews if reviewed else ():
                self._open_review(connection, review)
        changes.write(connection)

    def _open_review(self, connection: Connection, review: Review) -> None:
        """Coverage changed under claims that were decided already: a person looks at them."""
        under = select(claim_table.c.icn).where(
            claim_table.c.sponsor_id == self.sponsor_id, claim_table.c.person_id == review.person_id,
            claim_table.c.state == "decided", claim_table.c.first <= review.last.isoformat(),
            claim_table.c.last >= review.first.isoformat(),
        )  # fmt: skip
        icns = list(connection.execute(under.order_by(claim_table.c.icn)).scalars())
        if icns:
            reason = f"coverage changed ({review.kind}) under {len(icns)} decided claims"
            holds.open_(connection, self.context.now_us, "review", self.sponsor_id, self.subject, reason,
                        person_id=review.person_id, icns=icns)  # fmt: skip

    def _open_cobra(self, connection: Connection, outcome: RowOutcome) -> None:
        assert outcome.cobra_event is not None
        for case in cobra.open_cases(outcome.cobra_event, told_on=self.today):
            values = {
                "sponsor_id": self.sponsor_id,
                "person_id": case.person_id,
                "event_on": case.event_on.isoformat(),
            }
            mine = [cobra_case.c[name] == value for name, value in values.items()]
            if connection.execute(select(cobra_case.c.state).where(*mine)).first():
                continue
            body = msgspec.json.encode(case).decode()
            connection.execute(insert(cobra_case).values(**values, state=case.state, body=body))
            late = f"; the employer told us after {case.told_due}" if case.told_late else ""
            holds.open_(connection, self.context.now_us, "cobra", self.sponsor_id, self.subject,
                        f"an election notice is due by {case.notice_due}{late}", person_id=case.person_id)  # fmt: skip


class Families:
    """The families a chunk touches, kept as the chunk's own rows leave them.

    on_file: everybody in them as read; ssn_hashes: theirs.
    """

    def __init__(self, connection: Connection, sponsor_id: str, numbers: set[str], ord_: str) -> None:
        self._members = {m.person_id: m for m in roster.family(connection, sponsor_id, numbers, ord_)}
        self.on_file = dict(self._members)
        self.ssn_hashes = roster.ssn_hashes(connection, sponsor_id, self._members)
        self._numbered: dict[str, set[str]] = defaultdict(set)
        for member in self._members.values():
            self._numbered[member.subscriber_no].add(member.person_id)
        for person_id, number in roster.aliases(connection, sponsor_id, self._members):
            self._numbered[number].add(person_id)

    def of(self, row: MemberRow) -> list[Member]:
        """Everybody with the row's subscriber number, its prior number, or an alias of them, by person id."""
        named = self._numbered[row.subscriber_no] | (self._numbered[row.prior_no] if row.prior_no else set())
        return [self._members[person_id] for person_id in sorted(named)]

    def learn(self, outcome: RowOutcome) -> None:
        """What a row did is what the next row of the family finds."""
        if outcome.member is None:
            return
        for member in (outcome.member, *outcome.moved):
            self._members[member.person_id] = member
            self._numbered[member.subscriber_no].add(member.person_id)
        for person_id in {c.person_id for c in outcome.span_changes} - {outcome.member.person_id}:
            member = self._members[person_id]
            made = [c for c in outcome.span_changes if c.person_id == person_id]
            self._members[person_id] = msgspec.structs.replace(member, spans=enrolment.after(member.spans, made))
