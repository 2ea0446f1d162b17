"""Enrol: an 834 set applied to a sponsor's members, in the sponsor's lane.

What concerns the whole file is decided and stored before its first row is applied; then rows are applied in chunks that
carry the file's ord, and the lane is held until the last, so nobody sees half a file and a crash goes on after the last
chunk. Ends by absence come last. What a person must look at first - ends by absence, rows beyond the retro limits -
waits: its release is a later event of the same set (`Going.waiting`, rows that stay staged).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from gateway.flow import acceptance, concealed, holds, roster
from gateway.flow.applied import NOTHING, Families, Writer, findings
from gateway.flow.context import Context
from gateway.flow.inbound import set_key, staged_key
from gateway.flow.parties import Parties, Sponsor
from gateway.flow.roster_changes import RosterChanges
from gateway.plan import enrolment
from gateway.plan.enrolment import FULL, Leaver, RosterEntry, RowKey, RowOutcome, Survey, Trouble
from gateway.plan.enrolment import report as enrolment_report
from gateway.store import installation, outbox, queue
from gateway.store.order import ord_of, receipt_of
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.rows import parts
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import hold, staged, x12_set
from mappings.records import EnrolmentHeader, MemberRow, Record

log = structlog.get_logger()

CHUNK_MEMBERS = 400
"""Member rows one transaction applies: a new member writes about three rows, which holds the writer some 30 ms."""

ROSTER_PART = 2_000
"""People read at once while a whole roster is surveyed."""


class Going(Record, frozen=True, kw_only=True):
    """Where the application of a file stands, kept in its enrolment row.

    first: the sponsor's first file, which nothing was decided under. limited: the retro limits hold rows and ends.
    waiting: whose ends by absence a person must release. full: it is a picture of everybody, and is applied.
    """

    survey: Survey
    first: bool = False
    limited: bool
    full: bool = False
    lines: tuple[enrolment_report.Line, ...] = ()
    counts: dict[str, int] = {}
    leavers_done: int = 0
    waiting: tuple[Leaver, ...] = ()


def enrol(context: Context, work: Work, set_row: Any) -> None:
    """The step: one accepted 834 set of one sponsor."""
    run = _Run(context, work, set_row)
    going = run.begun()
    if going is None:
        going = run.begin()
    if going is not None:
        run.apply(going)


class _Run:
    """One file being applied: its header, its sponsor and the order key everything it writes carries.

    The step's body says which event it is: `released`, a whole file that was held; `rows`, what an applied file left.
    """

    def __init__(self, context: Context, work: Work, set_row: Any) -> None:
        self.context, self.work, self.set_row = context, work, set_row
        self.ord = work.ord
        self.header = msgspec.json.decode(set_row.header, type=EnrolmentHeader)
        with context.store.read() as connection:
            self.today = installation.business_date(connection)
            self.parties = Parties(connection, self.today)
        self.sponsor: Sponsor | None = self.parties.sponsors.get(work.sponsor_id)
        self.findings = enrolment_report.NO_FINDINGS
        self.writer = Writer(context, work.sponsor_id, self.ord, self.today, self._subject)

    @property
    def _key(self) -> tuple[Any, ...]:
        return (enrolment_table.c.sponsor_id == self.work.sponsor_id, enrolment_table.c.ord == self.ord)

    def begun(self) -> Going | None:
        """Where an earlier attempt came to."""
        with self.context.store.read() as connection:
            mine = select(enrolment_table.c.report, enrolment_table.c.findings).where(*self._key)
            row = connection.execute(mine).one_or_none()
        if row is None:
            return None
        self.findings = msgspec.json.decode(row.findings, type=enrolment_report.Findings)
        return msgspec.json.decode(row.report, type=Going)

    # ---- before the first row

    def begin(self) -> Going | None:
        """Decides about the whole file and stores it; None when nothing of it is applied."""
        with self.context.store.read() as connection:
            of_set = NOTHING if self.work.body.get("rows") else self.set_row.findings  # told with the whole file
            self.findings = findings(connection, of_set, self._staged())
        if self.sponsor is None:
            self._refuse()
            return None
        with self.context.store.read() as connection:
            people = list(self._roster(connection))
            newest = select(func.max(enrolment_table.c.created)).where(
                enrolment_table.c.sponsor_id == self.sponsor.id, enrolment_table.c.state == "applied"
            )
            last = connection.execute(newest).scalar_one_or_none()
            rows = (RowKey.of(row) for row in self._rows(connection))
            rules = self.sponsor.rules
            found = enrolment.survey(self._surveyed, rows, people, rules, date.fromisoformat(last) if last else None)
        released = bool(self.work.body.get("released"))
        if found.refused or (found.held and not released):
            self._set_aside(found)
            return None
        going = Going(survey=found, first=not people, limited=bool(people) and not released,
                      full=self._surveyed.action in FULL and found.applies)  # fmt: skip
        with self.context.store.write("enrol") as connection:
            queue.advance(connection, self.work, self.work.body)
            self._insert(connection, "applying", going)
        return going

    @property
    def _surveyed(self) -> EnrolmentHeader:
        """The header the whole-file decisions see: rows that waited are no picture of everybody."""
        return msgspec.structs.replace(self.header, action="2") if self.work.body.get("rows") else self.header

    def _roster(self, connection: Connection) -> Iterator[RosterEntry]:
        aliases: dict[str, list[str]] = defaultdict(list)
        for person_id, number in roster.aliases(connection, self.work.sponsor_id):
            aliases[person_id].append(number)
        for part in parts(roster.everybody(connection, self.work.sponsor_id), ROSTER_PART):
            for member in roster.by_id(connection, self.work.sponsor_id, part, self.ord).values():
                yield RosterEntry.of(member, tuple(aliases[member.person_id]))

    def _rows(self, connection: Connection) -> Iterator[MemberRow]:
        for row in connection.execute(self._staged()):
            yield msgspec.json.decode(row.body, type=MemberRow)

    def _staged(self) -> Select[Any]:
        """The staged rows of this event after its resume point, in order."""
        body = self.work.body
        mine = select(staged.c.ord, staged.c.body).where(
            *staged_key(body), staged.c.sponsor_id == self.work.sponsor_id, staged.c.ord > body.get("after", "")
        )
        return mine.order_by(staged.c.ord)

    def _insert(self, connection: Connection, state: str, going: Going) -> None:
        effective = self.header.effective
        connection.execute(
            insert(enrolment_table).values(
                sponsor_id=self.work.sponsor_id, ord=self.ord, reference=self.header.reference, state=state,
                effective=effective.isoformat() if effective else None, created=self.header.created.isoformat(),
                report=msgspec.json.encode(going).decode(), findings=msgspec.json.encode(self.findings).decode(),
            )
        )  # fmt: skip

    def _refuse(self) -> None:
        """Nobody's file: its rows stay staged, and the release looks for the sponsor again."""
        trouble = Trouble.of("nobody")
        with self.context.store.write("enrol") as connection:
            queue.finish(connection, self.work)
            holds.open_(connection, self.context.now_us, "enrolment", self.work.sponsor_id, self._subject, trouble.text,
                        release=True, step=self.work.body)  # fmt: skip
            self._report(connection, Going(survey=Survey(held=(trouble,)), limited=True))
            self._leave_set(connection)

    def _set_aside(self, found: Survey) -> None:
        """Refused or held whole: the report says why; a held file stays staged for its release."""
        going = Going(survey=found, limited=True)
        with self.context.store.write("enrol") as connection:
            queue.finish(connection, self.work)
            self._insert(connection, "refused" if found.refused else "held", going)
            reason = "; ".join(trouble.text for trouble in (*found.refused, *found.held))
            holds.open_(connection, self.context.now_us, "enrolment", self.work.sponsor_id, self._subject, reason,
                        release=not found.refused, step=self.work.body)  # fmt: skip
            self._report(connection, going)
            self._leave_set(connection)
            if found.refused:  # no release will apply its rows
                acceptance.enqueue_sweep(connection, self.context, self.set_row.partner, self.work.body)

    @property
    def _subject(self) -> str:
        return f"receipt {self.set_row.receipt_no} set {self.set_row.number}"

    # ---- rows

    def apply(self, going: Going) -> None:
        """Applies every row that is still staged, then the ends by absence, then answers."""
        if going.survey.applies:
            while rows := self._next_rows():
                going = self._apply_chunk(going, rows)
            self._strike(going.survey.missed)
            going = self._end_leavers(going)
        self._finish(going)

    def _next_rows(self) -> list[Any]:
        with self.context.store.read() as connection:
            return list(connection.execute(self._staged().limit(CHUNK_MEMBERS)))

    def _apply_chunk(self, going: Going, staged_rows: list[Any]) -> Going:
        assert self.sponsor is not None
        rows = [
            concealed.member_row(msgspec.json.decode(row.body, type=MemberRow), self.context.keys.reveal)
            for row in staged_rows
        ]
        numbers = {n for row in rows for n in (row.subscriber_no, row.prior_no) if n}
        with self.context.store.read() as connection:
            families = Families(connection, self.sponsor.id, numbers, self.ord)
        outcomes: list[tuple[MemberRow, RowOutcome]] = []
        for row in rows:
            trouble = going.survey.rejected.get(row.ordinal)
            if trouble is not None:
                outcomes.append((row, enrolment.reject(trouble)))
                continue
            family = families.of(row)
            outcome = enrolment.apply_row(
                self.header, row, family, self.sponsor.rules, self.ord, self.today, limited=going.limited
            )
            families.learn(outcome)
            outcomes.append((row, outcome))
        going = _counted(going, outcomes)
        told = zip(staged_rows, outcomes, strict=True)
        done = [at.ord for at, (_, outcome) in told if outcome.kind != "held"]
        with self.context.store.write("enrol") as connection:
            self._advance(connection, staged_rows[-1].ord)
            self.writer.write(connection, (outcome for _, outcome in outcomes), families, reviewed=not going.first)
            connection.execute(delete(staged).where(staged.c.ord.in_(done)))
            self._keep(connection, "applying", going)
        return going

    def _advance(self, connection: Connection, after: str) -> None:
        """Rows that wait stay staged: the resume point passes them."""
        body = {**self.work.body, "after": after}
        queue.advance(connection, self.work, body)
        self.work = msgspec.structs.replace(self.work, body=body)

    def _end_leavers(self, going: Going) -> Going:
        """The ends by absence, a chunk at a time; those the survey or the retro limit holds wait for a person."""
        assert self.sponsor is not None
        leavers = going.survey.leavers
        if going.survey.ends_held:
            return _waiting(going, leavers)
        while going.leavers_done < len(leavers):
            part = leavers[going.leavers_done : going.leavers_done + CHUNK_MEMBERS]
            outcomes = self.writer.absences(part, self.header, self.sponsor, limited=going.limited)
            held = [one for one, outcome in zip(part, outcomes, strict=True) if outcome.kind == "held"]
            counts = _plus(going.counts, "ended_by_absence", len(part) - len(held))
            going = msgspec.structs.replace(going, counts=counts, leavers_done=going.leavers_done + len(part))
            going = _waiting(going, held)
            with self.context.store.write("enrol") as connection:
                queue.advance(connection, self.work, self.work.body)
                self.writer.write(connection, outcomes)
                self._keep(connection, "applying", going)
        return going

    def _strike(self, missed: tuple[str, ...]) -> None:
        """Under two strikes: who is missing for the first time is remembered. Striking twice after a crash is once:
        the survey, which says who is missing for the first time, was made before."""
        for part in parts(missed, CHUNK_MEMBERS):
            with self.context.store.read() as connection:
                people = roster.by_id(connection, self.work.sponsor_id, part, self.ord)
            with self.context.store.write("enrol") as connection:
                queue.advance(connection, self.work, self.work.body)
                changes = RosterChanges(self.context.keys, self.work.sponsor_id, self.ord)
                for member in people.values():
                    if member.absences == 0:
                        changes.save(enrolment.strike(member))
                changes.write(connection)

    def _keep(self, connection: Connection, state: str, going: Going) -> None:
        mine = update(enrolment_table).where(*self._key)
        connection.execute(mine.values(state=state, report=msgspec.json.encode(going).decode()))

    # ---- the end

    def _finish(self, going: Going) -> None:
        with self.context.store.write("enrol") as connection:
            queue.finish(connection, self.work)
            self._keep(connection, "applied" if going.survey.applies else "reported", going)
            self._close_older(connection, going)
            self._open_holds(connection, going)
            self._report(connection, going)
            self._leave_set(connection)
            if not going.survey.applies:
                acceptance.enqueue_sweep(connection, self.context, self.set_row.partner, self.work.body)
        log.info("enrolment applied", receipt_no=self.set_row.receipt_no, sponsor=self.work.sponsor_id)

    def _open_holds(self, connection: Connection, going: Going) -> None:
        """One for the rows that stay staged, one for the ends by absence that wait."""
        rows = going.counts.get("held", 0)
        if rows:
            step = {name: value for name, value in self.work.body.items() if name != "after"}
            reason = f"{rows} rows reach further back than the sponsor's limit; see the result report"
            holds.open_(connection, self.context.now_us, "enrolment", self.work.sponsor_id, self._subject, reason,
                        release=True, step={**step, "rows": True})  # fmt: skip
        if going.waiting:
            limit = f"{len(going.waiting)} ends by absence reach further back than the sponsor's limit"
            holds.open_(connection, self.context.now_us, "absence", self.work.sponsor_id, self._subject,
                        going.survey.arithmetic if going.survey.ends_held else limit, ord=self.ord,
                        header=msgspec.to_builtins(self.header), benefits=_benefits(going.waiting))  # fmt: skip

    def _close_older(self, connection: Connection, going: Going) -> None:
        """A newer picture of everybody decides anew who is absent: ends that waited under an older one are void.

        A file that does not speak about all their benefits leaves them waiting.
        """
        if not going.full:
            return
        older = (
            select(hold.c.id, hold.c.body)
            .where(hold.c.kind == "absence", hold.c.sponsor_id == self.work.sponsor_id, hold.c.state == "open")
            .with_for_update()
        )
        for row in connection.execute(older).all():
            if set(msgspec.json.decode(row.body)["benefits"]) <= set(going.survey.benefits):
                reason = f"a newer full file, receipt {self.set_row.receipt_no}, says who is absent"
                holds.close(connection, self.context.now_us, row.id, "gateway", reason)

    def _report(self, connection: Connection, going: Going) -> None:
        """The result report: what the partner reads instead of a business acknowledgement."""
        document = enrolment_report.document(
            self.header, going.survey, going.lines, going.counts, self.findings, usage=self.context.usage
        )
        text = enrolment_report.text(document)
        row = self.set_row
        event = receipt_of(self.ord)  # a released file is another event: its report stands beside the one of the hold
        released = f"-{event}" if event != row.receipt_no else ""
        base = f"R{row.receipt_no:09d}-{row.interchange}-{row.grp}-{row.number}{released}.834-result"
        for suffix, body in (
            ("txt", text.encode()),
            ("json", msgspec.json.format(msgspec.json.encode(document), indent=1)),
        ):
            parcel = Parcel(partner=self.set_row.partner, kind="834-result", name=f"{base}.{suffix}", body=body,
                            folder="reports", sponsor_id=self.work.sponsor_id,
                            cause=f"receipt {self.set_row.receipt_no}")  # fmt: skip
            outbox.post(connection, self.context.keys, self.context.now_us, self.today.isoformat(), parcel)

    def _leave_set(self, connection: Connection) -> None:
        left = update(x12_set).where(*set_key(self.work.body))
        connection.execute(left.values(routes_left=x12_set.c.routes_left - 1))


def end_absent(context: Context, work: Work) -> None:
    """The step: ends by absence that a person released, with the known time of the release, a chunk at a time."""
    body = work.body
    header = msgspec.convert(body["header"], EnrolmentHeader)
    mine = (enrolment_table.c.sponsor_id == work.sponsor_id, enrolment_table.c.ord == body["of"])
    with context.store.read() as connection:
        today = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        report = connection.execute(select(enrolment_table.c.report).where(*mine)).scalar_one()
        leavers = msgspec.json.decode(report, type=Going).waiting
        if _superseded(connection, work.sponsor_id, body["of"], _benefits(leavers)):
            leavers = ()
    writer = Writer(context, sponsor.id, ord_of(body["event"]), today, f"receipt {receipt_of(body['of'])}")
    for start in range(body.get("done", 0), len(leavers), CHUNK_MEMBERS):
        outcomes = writer.absences(leavers[start : start + CHUNK_MEMBERS], header, sponsor, limited=False)
        with context.store.write("enrol") as connection:
            queue.advance(connection, work, {**body, "done": start + len(outcomes)})
            writer.write(connection, outcomes)
    with context.store.write("enrol") as connection:
        queue.finish(connection, work)


def _superseded(connection: Connection, sponsor_id: str, ord_: str, benefits: list[str]) -> bool:
    """Whether a full file applied after the one at ord_ speaks about the benefits: it says who is absent."""
    later = select(enrolment_table.c.report).where(
        enrolment_table.c.sponsor_id == sponsor_id, enrolment_table.c.ord > ord_, enrolment_table.c.state == "applied"
    )
    newer = (msgspec.json.decode(report, type=Going) for report in connection.execute(later).scalars())
    return any(going.full and set(benefits) <= set(going.survey.benefits) for going in newer)


def _waiting(going: Going, more: Sequence[Leaver]) -> Going:
    """With more people whose end by absence waits for a person, counted for the report."""
    counts = _plus(going.counts, "ends_waiting", len(more))
    return msgspec.structs.replace(going, waiting=(*going.waiting, *more), counts=counts)


def _benefits(leavers: Iterable[Leaver]) -> list[str]:
    return sorted({benefit for one in leavers for benefit in one.benefits})


def _plus(counts: dict[str, int], name: str, more: int) -> dict[str, int]:
    return {**counts, name: counts.get(name, 0) + more} if more else counts


def _counted(going: Going, outcomes: list[tuple[MemberRow, RowOutcome]]) -> Going:
    counts, lines = dict(going.counts), list(going.lines)
    for row, outcome in outcomes:
        counts["read"] = counts.get("read", 0) + 1
        counts[outcome.kind] = counts.get(outcome.kind, 0) + 1
        lines += enrolment_report.lines(row, outcome)
    return msgspec.structs.replace(going, counts=counts, lines=tuple(lines))
