"""The nouns of enrolment: the sponsor's rules, who is on file, what a file asks for and what each row came to."""

from __future__ import annotations

import calendar
from datetime import date
from typing import Literal

import msgspec

from gateway.plan.enrolment.spans import DAY, Days, Effect, SpanChange, Spans, benefit, until
from gateway.plan.records import Member, Span
from mappings.records import EnrolmentHeader, MemberRow, Record

Kind = Literal["added", "changed", "ended", "unchanged", "rejected", "held"]
FULL = {"4", "RX"}  # BGN08: the file is a picture of everybody, not a list of events

# Why a row or a file is not (wholly) applied. Codes are stable; the sentences carry no person's data.
TROUBLES = {
    "nobody": "the group number it names is of no sponsor its sender may send for",
    "policy": "the master policy number (REF*38) is not one of this sponsor's",
    "sponsor": "the sponsor's identifier (1000A) is not one of this sponsor's",
    "older": "a file with a later date (BGN03) has already been applied",
    "copy": "the file is an information copy (BGN01 22) and is never applied",
    "duplicate": "a full file names the same person twice",
    "quantity": "the totals (QTY) are not what the file holds",
    "orphan": "the dependent's subscriber is neither on file nor in the file",
    "unknown-person": "nobody on file fits, and this maintenance code (INS03) needs somebody",
    "maintenance": "this maintenance code is not in use here, or belongs to a full file only",
    "no-coverage": "the row names no coverage (HD)",
    "no-span": "there is no coverage on this line for the code to work on",
    "no-begin": "the coverage has no begin date (DTP*348)",
    "no-end": "the end has no date (DTP*349 or 357)",
    "not-ended": "the coverage to reinstate has not ended",
    "overlap": "the coverage overlaps another one of the same benefit",
    "dates": "the coverage ends before it begins",
    "retro": "the change reaches further back than the sponsor's limit; a person must give a reason",
}


class Trouble(Record, frozen=True, kw_only=True):
    """Why something is refused, rejected or held: a stable code and a sentence without personal data."""

    code: str
    text: str

    @classmethod
    def of(cls, code: str, detail: str = "") -> Trouble:
        """The trouble of that code, with a detail (a line code, a count) when there is one."""
        return cls(code=code, text=f"{TROUBLES[code]} ({detail})" if detail else TROUBLES[code])


class Rules(Record, frozen=True, kw_only=True):
    """A sponsor's enrolment settings; the defaults are the house's.

    master_policies, sponsor_ids: accepted REF*38 and N1*P5 identifiers, empty = any.
    max_absent_*, min_remaining_percent: the safety net under ends by absence. tier_mix_*: see `survey`.
    verify_applies: a BGN08 4 file changes data (else it only reports). absence_end: what an absence ends on, the day
    before the file's effective date or the end of that day's month. two_strikes: only the second absence in a row ends.
    retro_*_days: how far back a row may take or give coverage by itself. cobra_in_file: COBRA members (INS05 C) are in
    this sponsor's files, so their absence counts. cobra_applies: federal COBRA (20 or more employees).
    """

    master_policies: tuple[str, ...] = ()
    sponsor_ids: tuple[str, ...] = ()
    max_absent_people: int = 5
    max_absent_percent: int = 5
    min_remaining_percent: int = 90
    tier_mix_from_employees: int = 50
    tier_mix_points: int = 10
    verify_applies: bool = True
    absence_end: Literal["day-before", "month-end"] = "day-before"
    two_strikes: bool = False
    retro_term_days: int = 60
    retro_add_days: int = 60
    cobra_in_file: bool = False
    cobra_applies: bool = True


class RosterEntry(Record, frozen=True, kw_only=True, gc=False):
    """One person now on file, small enough for a million. lines: live spans. aliases: old subscriber numbers."""

    person_id: str
    family_root: str
    subscriber_no: str
    member_no: str = ""
    subscriber: bool = False
    relationship: str
    birth: date | None = None
    first: str = ""
    birth_sequence: int | None = None
    status: str = "A"
    lines: Spans = ()
    absences: int = 0
    aliases: tuple[str, ...] = ()

    @classmethod
    def of(cls, member: Member, aliases: tuple[str, ...] = ()) -> RosterEntry:
        """What matching and reconciliation need of a member."""
        return cls(
            person_id=member.person_id,
            family_root=member.family_root,
            subscriber_no=member.subscriber_no,
            member_no=member.member_no,
            subscriber=member.subscriber,
            relationship=member.relationship,
            birth=member.person.birth,
            first=member.person.first,
            birth_sequence=member.birth_sequence,
            status=member.status,
            lines=member.spans,
            absences=member.absences,
            aliases=aliases,
        )


class RowKey(Record, frozen=True, kw_only=True, gc=False):
    """What the whole-file decisions need of one row. benefits: what its HDs speak about; tier: of its first HD.

    birth, first: the values to match by, which are the old ones (2100B) when the row corrects them.
    """

    ordinal: int
    subscriber: bool
    subscriber_no: str
    member_no: str = ""
    prior_no: str = ""
    relationship: str
    birth: date | None = None
    first: str = ""
    birth_sequence: int | None = None
    status: str = "A"
    maintenance: str
    benefits: tuple[str, ...] = ()
    tier: str = ""

    @classmethod
    def of(cls, row: MemberRow) -> RowKey:
        """The key of a member row."""
        was = row.prior or row.person
        return cls(
            ordinal=row.ordinal,
            subscriber=row.subscriber,
            subscriber_no=row.subscriber_no,
            member_no=row.member_no,
            prior_no=row.prior_no,
            relationship=row.relationship,
            birth=was.birth or row.person.birth,
            first=was.first or row.person.first,
            birth_sequence=row.birth_sequence,
            status=row.status,
            maintenance=row.maintenance,
            benefits=tuple(dict.fromkeys(benefit(c.line) for c in row.coverages)),
            tier=row.coverages[0].tier if row.coverages else "",
        )


class Leaver(Record, frozen=True, kw_only=True):
    """A person a full file no longer names, or names without some benefits: which benefits end."""

    person_id: str
    benefits: tuple[str, ...]


class Survey(Record, frozen=True, kw_only=True):
    """The whole-file decisions, made before the first row is applied.

    refused: not applied at all. held: nothing is applied until a person releases it. applies: False when the file only
    reports differences. rejected: rows (by ordinal) not to be applied. leavers: ends by absence; ends_held: they wait
    for a person, `arithmetic` says why in words. missed: absent for the first time under two strikes.
    """

    refused: tuple[Trouble, ...] = ()
    held: tuple[Trouble, ...] = ()
    applies: bool = True
    rejected: dict[int, Trouble] = msgspec.field(default_factory=dict)
    leavers: tuple[Leaver, ...] = ()
    missed: tuple[str, ...] = ()
    ends_held: bool = False
    arithmetic: str = ""
    tier_mix: str = ""
    employees: int = 0
    dependents: int = 0
    total: int = 0
    active: int = 0
    benefits: tuple[str, ...] = ()


class Loss(Record, frozen=True, kw_only=True):
    """What one qualified beneficiary lost: the spans as they ended."""

    person_id: str
    spans: tuple[Span, ...]


class CobraEvent(Record, frozen=True, kw_only=True):
    """A qualifying event an 834 row told us of. code: INS07. event_on: DTP*301, else the employment or coverage end."""

    code: str
    event_on: date
    losses: tuple[Loss, ...]


class Review(Record, frozen=True, kw_only=True):
    """Past days whose claims must be looked at again: `term` paid, `add` denied, `change` priced by another plan."""

    person_id: str
    first: date
    last: date
    kind: Effect


class RowOutcome(Record, frozen=True, kw_only=True):
    """What one row came to. A rejected or held row changes nothing.

    member: the new state, without SSN; moved: relatives whose subscriber number changed with it. aliases: pairs
    (old subscriber number, person_id). span_changes: of the person, and of dependents an ended subscriber takes along.
    ssn: NM109 when NM108 is 34.
    """

    kind: Kind
    person_id: str = ""
    member: Member | None = None
    moved: tuple[Member, ...] = ()
    ssn: str = ""
    aliases: tuple[tuple[str, str], ...] = ()
    span_changes: tuple[SpanChange, ...] = ()
    exceptions: tuple[Trouble, ...] = ()
    reviews: tuple[Review, ...] = ()
    cobra_event: CobraEvent | None = None


class Refusal(Exception):
    """A row cannot be applied; carries the Trouble for the report."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.trouble = Trouble.of(code, detail)


def file_day(header: EnrolmentHeader) -> date:
    """The day a file speaks for: DTP*007, else the day it was made."""
    return header.effective or header.created


def absence_day(header: EnrolmentHeader, rules: Rules) -> date:
    """The last covered day of somebody the file does not name."""
    day = file_day(header) - DAY
    if rules.absence_end == "month-end":
        day = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


def final_day(spans: Spans) -> date | None:
    """The last day of the last coverage (date.max when open), None without any."""
    return max(map(until, spans), default=None)


def past(days: list[Days], today: date) -> list[Days]:
    """The part of the days that already was."""
    return [(first, min(last, today)) for first, last in days if first <= today]
