"""Intake: validate a received file while streaming and stage its rows; acceptance decides each interchange at its end.

Staged rows are invisible until their interchange is accepted. After a crash the file is read again from its start,
which is cheap and gives the same events: rows already staged and interchanges already decided are skipped.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, delete, insert, select, update

from gateway.flow import acceptance, answers, checking, concealed, drugs, gathering, holds, repeats, wraps
from gateway.flow.acceptance import STAGE_ROWS, decide
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY, Inbound, ReadInterchange, ReadSet
from gateway.flow.packing import Unfit
from gateway.flow.parties import Parties
from gateway.plan.claims import door
from gateway.store import audit, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.rows import insert_all
from gateway.store.schema import interchange, progress, receipt, staged, upload, x12_set
from mappings import drugs as drug_files
from mappings import implementation_ack, verdicts
from mappings.implementation_ack import AckReader
from mappings.readers import READERS
from mappings.records import Claim, EnrolmentHeader, MemberRow, Trace
from parsers.edits import Editor
from parsers.events import (
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Junk,
    SetClosed,
    SetOpened,
    Unit,
)
from parsers.findings import Finding
from parsers.reader import Reader

log = structlog.get_logger()

X12 = b"ISA"
"""How X12 begins: a drug manager's other files are read by its layout."""


def intake(context: Context, work: Work) -> None:
    """The step: reads the receipt named in the work's body to its end."""
    run = _Intake(context, work)
    reader = Reader(partial(checking.guide_of, context), run.policy, context.limits)
    try:
        pieces = wraps.arriving(context, run.file.partner, run.upload, run.file.receipt.size)
    except Unfit as error:
        run.junk = error.finding
        run.done()
        return
    first = next(pieces, b"")
    pieces = itertools.chain([first], pieces)
    if run.file.partner.drugs is not None and not first.startswith(X12):
        run.take_drugs(pieces)
        run.done()
        return
    for piece in pieces:
        for event in reader.events(piece):
            run.take(event)
    for event in reader.close():
        run.take(event)
    run.done()


class _Intake:
    """The state of one file being read: where it is and what it buffered."""

    def __init__(self, context: Context, work: Work) -> None:
        self.context, self.work = context, work
        with context.store.read() as connection:
            row = connection.execute(select(receipt).where(receipt.c.receipt_no == work.body["receipt_no"])).one()
            self.upload = connection.execute(select(upload).where(upload.c.id == row.upload_id)).one()
            today = installation.business_date(connection)
            parties = Parties(connection, today)
            mine = select(progress).where(progress.c.receipt_no == row.receipt_no)
            so_far = connection.execute(mine).one_or_none()
            first = repeats.stands(connection, row)
        event = work.body.get("event", row.receipt_no)
        self.file = Inbound(context, row, parties.partner(row.partner), parties, today, event, first)
        partner, received = self.file.partner, date.fromisoformat(row.received_on)
        self.policy = checking.policy_of(context, parties, partner)
        self.terms = checking.terms_of(context, partner, partner.validation.inbound, received)
        self.skip_rows = so_far.staged if so_far else 0
        self.skip_interchanges = so_far.interchanges if so_far else 0
        self.seen_rows = self.decided = 0
        self.buffer: list[dict[str, Any]] = []
        self.interchange = ReadInterchange(0)
        self.group_no = 0
        self.current: ReadSet | None = None
        self.junk: Finding | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            InterchangeOpened: self._interchange_opened,
            GroupOpened: self._group_opened,
            SetOpened: self._set_opened,
            Unit: self._unit,
            SetClosed: self._set_closed,
            GroupClosed: self._group_closed,
            InterchangeClosed: self._interchange_closed,
            Junk: self._junk,
        }

    def take(self, event: Any) -> None:
        """One event of the reader."""
        self._handlers[type(event)](event)

    # ---- reading

    def _interchange_opened(self, event: InterchangeOpened) -> None:
        self.interchange, self.group_no = ReadInterchange(event.number), 0

    def _group_opened(self, event: GroupOpened) -> None:
        self.group_no = event.number

    def _set_opened(self, event: SetOpened) -> None:
        make, unit = READERS.get(event.guide, (AckReader if event.guide == implementation_ack.GUIDE else None, ""))
        editor = Editor(event.guide, self.terms) if event.guide else None
        self.current = ReadSet(self.group_no, event.number, event.st01, unit, make() if make else None, editor)
        self.interchange.sets.append(self.current)

    def _unit(self, event: Unit) -> None:
        current = self.current
        if current is None or current.reader is None or current.editor is None:
            return
        found = current.editor.take(event)
        if not event.clean:
            return
        record = current.reader.take(event)
        if not isinstance(record, Claim | MemberRow):
            current.findings += map(door.bare, found)
        if isinstance(record, Claim):
            self._stage(current, record, self._sponsor_of(record.group_no), door.objections(event, found))
        elif isinstance(record, MemberRow):
            header = current.header
            group_no = header.master_policy if isinstance(header, EnrolmentHeader) else ""
            self._stage(current, record, self._sponsor_of(group_no), door.objections(event, found))
        elif isinstance(record, Trace):
            current.traces.append(record)
        elif event.kind == current.unit:
            current.unread += 1

    def _sponsor_of(self, group_no: str) -> str:
        return self.file.parties.sponsor_of_group(self.file.partner, group_no) or NOBODY

    def _stage(
        self, current: ReadSet, record: Claim | MemberRow, sponsor_id: str, objections: tuple[door.Objection, ...]
    ) -> None:
        nth, current.rows = current.rows, current.rows + 1
        self.seen_rows += 1
        if self.file.repeats or self.seen_rows <= self.skip_rows or self._is_decided():
            return
        self.buffer.append(
            {
                "ord": ord_of(self.file.number, self.interchange.number, current.grp, current.number, nth),
                "receipt_no": self.file.number, "interchange": self.interchange.number, "grp": current.grp,
                "set_no": current.number, "nth": nth, "sponsor_id": sponsor_id,
                "findings": msgspec.json.encode(objections).decode(),
                "body": msgspec.json.encode(self._concealed(record)).decode(),
            }
        )  # fmt: skip
        if len(self.buffer) >= STAGE_ROWS[current.st01]:
            self._flush()

    def _concealed(self, record: Claim | MemberRow) -> Claim | MemberRow:
        return concealed.member_row(record, self.context.keys.conceal) if isinstance(record, MemberRow) else record

    def _is_decided(self) -> bool:
        return self.interchange.number <= self.skip_interchanges

    def _flush(self) -> None:
        if not self.buffer:
            return
        with self.context.store.write("stage") as connection:
            queue.advance(connection, self.work, self.work.body)
            insert_all(connection, staged, self.buffer)
            self._keep_progress(connection)
        self.buffer = []

    def _keep_progress(self, connection: Connection) -> None:
        mine = update(progress).where(progress.c.receipt_no == self.file.number)
        values = {"staged": self.seen_rows, "interchanges": self.decided}
        if connection.execute(mine.values(**values)).rowcount == 0:
            connection.execute(insert(progress).values(receipt_no=self.file.number, **values))

    def _set_closed(self, event: SetClosed) -> None:
        if self.current is not None:
            if self.current.editor is not None:
                self.current.findings += map(door.bare, self.current.editor.close())
            self.current.closed = _with_unread(self.current, event)
        self.current = None

    def _group_closed(self, event: GroupClosed) -> None:
        """The group's verdict, counted anew where a set could not be read."""
        sets = tuple(one.closed.verdict for one in self.interchange.sets if one.grp == self.group_no and one.closed)
        verdict = verdicts.recounted(event.verdict, sets)
        self.interchange.groups.append(verdict)
        if verdict.verdict == "R":
            self.interchange.rejected_groups.add(self.group_no)

    def _junk(self, event: Junk) -> None:
        self.junk = event.finding

    def _interchange_closed(self, event: InterchangeClosed) -> None:
        if self._is_decided():
            self.decided += 1
            return
        self._flush()
        self.decided += 1  # not before the flush: a crash after that must find this interchange undecided
        with self.context.store.read() as connection:
            known = acceptance.look(connection, self.file, self.interchange, event)
        with self.context.store.write("accept") as connection:
            queue.advance(connection, self.work, self.work.body)
            state = decide(connection, self.file, self.interchange, event, known)
            self._keep_progress(connection)
        log.info("interchange", receipt_no=self.file.number, number=self.interchange.number, verdict=state)

    # ---- a drug manager's file

    def take_drugs(self, pieces: Iterable[bytes]) -> None:
        """Read whole and refused whole, or staged and accepted as one set."""
        partner = self.file.partner
        found = drugs.read(partner, pieces)
        if found.problems:
            self.junk = Finding(level="file", code="drug-file", message="; ".join(found.problems))
            return
        current, self.interchange = ReadSet(1, 1, drug_files.FILE, "", None), ReadInterchange(1)
        for claim in drugs.claims(partner, found):
            self._stage(current, claim, self._sponsor_of(claim.group_no), ())
        self._flush()
        accepted, self.decided = self._is_decided(), 1
        if accepted or self.file.repeats:
            return
        with self.context.store.write("accept") as connection:
            queue.advance(connection, self.work, self.work.body)
            acceptance.accept_drugs(connection, self.file, current)
            self._keep_progress(connection)
        log.info("drug claims", receipt_no=self.file.number, claims=current.rows)

    # ---- the end

    def done(self) -> None:
        """The file is decided: accepted sets stand, a file without any lies in quarantine with its reason."""
        file = self.file
        with self.context.store.write("decided") as connection:
            queue.finish(connection, self.work)
            if self.junk is not None or self.decided == 0:
                finding = self.junk or Finding(level="file", code="not-x12", message="The file is empty.")
                answers.junk(connection, file, finding)
                holds.open_(connection, self.context.now_us, "file", "", file.subject, finding.message)
            connection.execute(delete(progress).where(progress.c.receipt_no == file.number))
            state, reason = repeats.outcome(connection, file) if file.repeats else self._outcome(connection)
            mine = update(receipt).where(receipt.c.receipt_no == file.number)
            connection.execute(mine.values(state=state, reason=reason, decided_us=self.context.now_us))
            gathering.due(connection, self.context, file.number)
            audit.note(connection, self.context.now_us, "gateway", "decide", file.subject, state)

    def _outcome(self, connection: Connection) -> tuple[str, str]:
        """The receipt's state and reason: decided as soon as anything of it was accepted or held."""
        sets = select(x12_set.c.state).where(x12_set.c.receipt_no == self.file.number)
        states = list(connection.execute(sets).scalars())
        rejected = states.count("rejected")
        whole = select(interchange.c.state).where(interchange.c.receipt_no == self.file.number)
        if "accepted" not in connection.execute(whole).scalars().all():
            return "quarantined", "nothing in it could be accepted"
        if rejected and rejected == len(states):
            return "quarantined", "every set in it was rejected"
        return "decided", f"{rejected} of {len(states)} sets were rejected" if rejected else ""


def _with_unread(read: ReadSet, event: SetClosed) -> SetClosed:
    """The set's end; rejected when its header, or some of its claims or rows, could not be read although the guide
    check passed."""
    if event.verdict.verdict == "R" or isinstance(read.reader, AckReader | None):
        return event
    if not read.unread and not read.reader.headless:
        return event
    verdict = verdicts.unreadable(event.verdict, read.reader.findings)
    return msgspec.structs.replace(event, verdict=verdict)
