"""A sponsor's people in memory: applies files the way the flow does, and keeps every span row ever written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from msgspec.structs import replace

from gateway.plan import enrolment
from gateway.plan.enrolment import RosterEntry, RowKey, RowOutcome, Rules, SpanChange, Survey
from gateway.plan.records import FOREVER, Member, Span
from mappings.records import EnrolmentHeader, MemberRow


@dataclass
class World:
    """People by id, aliases, span rows (person, span), and the answers to the last file."""

    rules: Rules = field(default_factory=Rules)
    people: dict[str, Member] = field(default_factory=dict)
    aliases: set[tuple[str, str]] = field(default_factory=set)
    rows: list[tuple[str, Span]] = field(default_factory=list)
    files: int = 0
    last: date | None = None

    def member(self, person_id: str, ord: str = FOREVER[:-1]) -> Member:
        """A person with the spans known at ord."""
        spans = enrolment.known((s for p, s in self.rows if p == person_id), ord)
        return replace(self.people[person_id], spans=tuple(sorted(spans, key=lambda s: (s.line, s.first))))

    def family(self, *numbers: str) -> list[Member]:
        """Everybody with one of the numbers, present or earlier."""
        known = {p for n, p in self.aliases if n in numbers}
        return [self.member(p) for p, m in sorted(self.people.items()) if m.subscriber_no in numbers or p in known]

    def roster(self) -> list[RosterEntry]:
        """Everybody, for the survey."""
        return [
            RosterEntry.of(self.member(p), tuple(n for n, q in sorted(self.aliases) if q == p)) for p in self.people
        ]

    def apply(
        self, header: EnrolmentHeader, rows: list[MemberRow], today: date, limited: bool = True
    ) -> tuple[Survey, list[RowOutcome]]:
        """One file, in two passes."""
        self.files += 1
        ord = f"{self.files:032d}"
        found = enrolment.survey(header, map(RowKey.of, rows), self.roster(), self.rules, self.last)
        if found.refused or found.held:
            return found, []
        done = [self._row(header, row, found, ord, today, limited) for row in rows]
        if not found.ends_held:
            for leaver in found.leavers:
                member = self.member(leaver.person_id)
                done.append(
                    self._keep(
                        enrolment.end_absent(member, header, self.rules, ord, today, leaver.benefits, limited=limited),
                        ord,
                    )
                )
        for person_id in found.missed:
            self.people[person_id] = enrolment.strike(self.people[person_id])
        self.last = max(header.created, self.last or header.created)
        return found, done

    def _row(
        self, header: EnrolmentHeader, row: MemberRow, found: Survey, ord: str, today: date, limited: bool
    ) -> RowOutcome:
        if row.ordinal in found.rejected:
            return enrolment.reject(found.rejected[row.ordinal])
        family = self.family(row.subscriber_no, *([row.prior_no] if row.prior_no else []))
        return self._keep(enrolment.apply_row(header, row, family, self.rules, ord, today, limited=limited), ord)

    def _keep(self, outcome: RowOutcome, ord: str) -> RowOutcome:
        for member in filter(None, (outcome.member, *outcome.moved)):
            self.people[member.person_id] = replace(member, spans=())
        self.aliases |= set(outcome.aliases)
        for change in outcome.span_changes:
            self.write(change, ord)
        return outcome

    def write(self, change: SpanChange, ord: str) -> None:
        """Supersede and open; a row of this very ord was never known and goes."""
        old = change.superseded
        if old is not None:
            at = self.rows.index((change.person_id, old))
            kept = [] if old.known_from == ord else [(change.person_id, replace(old, known_to=ord))]
            self.rows[at : at + 1] = kept
        if change.opened is not None:
            opened = change.opened
            assert not any(
                (p, s.line, s.first, s.known_from) == (change.person_id, opened.line, opened.first, ord)
                for p, s in self.rows
            )
            self.rows.append((change.person_id, change.opened))

    def coverage(self) -> dict[str, list[tuple[object, ...]]]:
        """Who is covered by what and when, whatever it was known by."""
        return {
            p: [(s.line, s.plan_id, s.tier, s.first, s.last) for s in self.member(p).spans] for p in sorted(self.people)
        }
