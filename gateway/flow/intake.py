"""Intake: validate a received file while streaming, stage its rows, then accept or reject each interchange.

Staged rows are invisible until the small accept transaction at IEA, which also writes the answers. After a crash the
file is read again from its start, which is cheap and gives the same events: rows already staged and interchanges
already decided are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, delete, insert, select, update

from gateway.flow import answers, holds
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store import audit, counters, installation, queue, sealed
from gateway.store.engine import CHUNK_CLAIMS, CHUNK_ROWS
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import interchange, progress, receipt, staged, upload, x12_set
from mappings.enrolment import MemberReader
from mappings.implementation_ack import AckReader
from mappings.professional import ClaimReader
from mappings.records import Claim, EnrolmentHeader, MemberRow, Trace
from parsers.envelope import EnvelopePolicy
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

GROUPS = frozenset({"HC", "BE", "FA"})
"""GS01 of what partners may send us: claims, enrolment, acknowledgements of what we sent."""

STAGE_ROWS = {"837": CHUNK_CLAIMS, "834": CHUNK_ROWS}
"""Rows of one stage transaction by kind of set."""

BUSINESS = {"2300", "2000"}
"""Units that must give a claim or a member row: one that cannot be read rejects its set, or it would be lost."""

NOBODY = "-"
"""The sponsor of claims that name none we know: a person finds it."""


class _Set(msgspec.Struct):
    """One set while it is read."""

    number: int
    st01: str
    guide: str
    reader: ClaimReader | MemberReader | AckReader | None
    rows: int = 0
    sponsors: set[str] = msgspec.field(default_factory=set)
    unread: int = 0
    traces: list[Trace] = msgspec.field(default_factory=list)
    closed: SetClosed | None = None


def intake(context: Context, work: Work) -> None:
    """The step: reads the receipt named in the work's body to its end."""
    run = _Intake(context, work)
    reader = Reader(context.guide, run.policy)
    for piece in run.pieces():
        for event in reader.events(piece):
            run.take(event)
    for event in reader.close():
        run.take(event)
    run.done()


class _Intake:
    """The state of one file being read: where it is, what it buffered, what was decided."""

    def __init__(self, context: Context, work: Work) -> None:
        self.context, self.work = context, work
        self.receipt_no: int = work.body["receipt_no"]
        with context.store.read() as connection:
            self.receipt = connection.execute(select(receipt).where(receipt.c.receipt_no == self.receipt_no)).one()
            self.upload = connection.execute(select(upload).where(upload.c.id == self.receipt.upload_id)).one()
            self.today = installation.business_date(connection)
            self.parties = Parties(connection, self.today)
            mine = select(progress).where(progress.c.receipt_no == self.receipt_no)
            so_far = connection.execute(mine).one_or_none()
        self.partner: Partner = self.parties.partner(self.receipt.partner)
        self.policy = _policy(context, self.parties, self.partner)
        self.skip_rows = so_far.staged if so_far else 0
        self.skip_interchanges = so_far.interchanges if so_far else 0
        self.seen_rows = 0
        self.buffer: list[dict[str, Any]] = []
        self.sets: list[tuple[int, _Set]] = []
        self.group_verdicts: list[GroupClosed] = []
        self.rejected_groups: set[int] = set()
        self.interchange_no = self.group_no = 0
        self.current: _Set | None = None
        self.accepted = self.rejected = 0
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

    def pieces(self) -> Any:
        """The file's bytes, a sealed row at a time."""
        key = self.context.keys.unwrap(self.upload.key)
        return sealed.stream(self.context.store, self.upload.id, key, self.receipt.size)

    def take(self, event: Any) -> None:
        """One event of the reader."""
        self._handlers[type(event)](event)

    # ---- reading

    def _interchange_opened(self, event: InterchangeOpened) -> None:
        self.interchange_no, self.group_no = event.number, 0
        self.sets, self.group_verdicts, self.rejected_groups = [], [], set()

    def _group_opened(self, event: GroupOpened) -> None:
        self.group_no = event.number

    def _set_opened(self, event: SetOpened) -> None:
        readers: dict[str, Callable[[], ClaimReader | MemberReader | AckReader]] = {
            "837": ClaimReader,
            "834": MemberReader,
            "999": AckReader,
        }
        make = readers.get(event.st01) if event.guide else None
        self.current = _Set(event.number, event.st01, event.guide, make() if make else None)
        self.sets.append((self.group_no, self.current))

    def _unit(self, event: Unit) -> None:
        current = self.current
        if current is None or current.reader is None or not event.clean:
            return
        record = current.reader.take(event)
        if isinstance(record, Claim):
            self._stage(current, record, self.parties.sponsor_of_group(self.partner, record.group_no) or NOBODY)
        elif isinstance(record, MemberRow):
            self._stage(current, record, self._sponsor_of_file(current.reader))
        elif isinstance(record, Trace):
            current.traces.append(record)
        elif event.kind in BUSINESS:
            current.unread += 1

    def _sponsor_of_file(self, reader: Any) -> str:
        header = reader.header
        master = header.master_policy if isinstance(header, EnrolmentHeader) else ""
        return self.parties.sponsor_of_group(self.partner, master) or NOBODY

    def _stage(self, current: _Set, record: Claim | MemberRow, sponsor_id: str) -> None:
        current.sponsors.add(sponsor_id)
        nth, current.rows = current.rows, current.rows + 1
        self.seen_rows += 1
        if self.seen_rows <= self.skip_rows or self.interchange_no <= self.skip_interchanges:
            return
        self.buffer.append(
            {
                "ord": ord_of(self.receipt_no, self.interchange_no, self.group_no, current.number, nth),
                "receipt_no": self.receipt_no, "interchange": self.interchange_no, "grp": self.group_no,
                "set_no": current.number, "nth": nth, "sponsor_id": sponsor_id,
                "body": msgspec.json.encode(record).decode(),
            }
        )  # fmt: skip
        if len(self.buffer) >= STAGE_ROWS[current.st01]:
            self._flush()

    def _flush(self) -> None:
        if not self.buffer:
            return
        with self.context.store.write("stage") as connection:
            queue.advance(connection, self.work, self.work.body)
            connection.execute(insert(staged), self.buffer)
            self._keep_progress(connection, self.seen_rows)
        self.buffer = []

    def _keep_progress(self, connection: Connection, rows: int) -> None:
        mine = update(progress).where(progress.c.receipt_no == self.receipt_no)
        values = {"staged": rows, "interchanges": self.accepted + self.rejected}
        if connection.execute(mine.values(**values)).rowcount == 0:
            connection.execute(insert(progress).values(receipt_no=self.receipt_no, **values))

    def _set_closed(self, event: SetClosed) -> None:
        if self.current is not None:
            self.current.closed = _with_unread(self.current, event)
        self.current = None

    def _group_closed(self, event: GroupClosed) -> None:
        """The group's verdict, counted anew where a set could not be read."""
        sets = tuple(r.closed.verdict for g, r in self.sets if g == self.group_no and r.closed)
        if len(sets) == len(event.verdict.sets) and sets != event.verdict.sets:
            accepted = sum(one.verdict != "R" for one in sets)
            verdict = "P" if accepted else "R"
            changed = msgspec.structs.replace(event.verdict, sets=sets, accepted=accepted, verdict=verdict)
            event = msgspec.structs.replace(event, verdict=changed)
        self.group_verdicts.append(event)
        if event.verdict.verdict == "R":
            self.rejected_groups.add(self.group_no)

    def _junk(self, event: Junk) -> None:
        self.junk = event.finding

    # ---- deciding

    def _interchange_closed(self, event: InterchangeClosed) -> None:
        if self.interchange_no <= self.skip_interchanges:
            with self.context.store.read() as connection:
                state = connection.execute(self._mine()).scalar_one()
            self.accepted, self.rejected = (
                self.accepted + (state == "accepted"),
                self.rejected + (state == "rejected"),
            )
            return
        self._flush()
        with self.context.store.write("accept") as connection:
            queue.advance(connection, self.work, self.work.body)
            event = self._without_duplicate(connection, event)
            if event.verdict.verdict == "R":
                self.rejected += 1
                self._reject(connection, event)
            else:
                self.accepted += 1
                self._accept(connection, event)
            self._keep_progress(connection, self.seen_rows)
        log.info("interchange", receipt_no=self.receipt_no, number=self.interchange_no, verdict=event.verdict.verdict)

    def _mine(self) -> Any:
        return select(interchange.c.state).where(
            interchange.c.receipt_no == self.receipt_no, interchange.c.number == self.interchange_no
        )

    def _without_duplicate(self, connection: Connection, event: InterchangeClosed) -> InterchangeClosed:
        """The event, its verdict R 025 when an accepted interchange of the same pair had its number."""
        header = event.verdict.header
        same = select(interchange.c.sha256).where(
            interchange.c.sender == header.isa05 + header.isa06, interchange.c.receiver == header.isa07 + header.isa08,
            interchange.c.isa13 == header.isa13, interchange.c.usage == header.isa15, interchange.c.state == "accepted",
        )  # fmt: skip
        earlier = connection.execute(same).scalar_one_or_none()
        if earlier is None or event.verdict.verdict == "R":
            return event
        if earlier != event.sha256:
            reason = "the control number of an accepted interchange came again with other content"
            holds.open_(connection, self.context.now_us, "replay", "", f"receipt {self.receipt_no}", reason)
        verdict = msgspec.structs.replace(event.verdict, verdict="R", codes=("025",))
        return msgspec.structs.replace(event, verdict=verdict)

    def _insert_interchange(self, connection: Connection, event: InterchangeClosed, state: str) -> None:
        header = event.verdict.header
        connection.execute(
            insert(interchange).values(
                receipt_no=self.receipt_no, number=self.interchange_no, partner=self.partner.id,
                sender=header.isa05 + header.isa06, receiver=header.isa07 + header.isa08, isa13=header.isa13,
                usage=header.isa15, sha256=event.sha256, state=state,
                codes=msgspec.json.encode(event.verdict.codes).decode(),
            )
        )  # fmt: skip

    def _reject(self, connection: Connection, event: InterchangeClosed) -> None:
        """Verdict and answer only: nothing of it may be used."""
        self._insert_interchange(connection, event, "rejected")
        for grp, read in self.sets:
            self._insert_set(connection, grp, read, "rejected", "")
        self._enqueue_sweep(connection)
        answers.reject(connection, self, event)
        if "025" not in event.verdict.codes:
            reason = "interchange rejected: " + ", ".join(answers.TA105.get(c, c) for c in event.verdict.codes)
            holds.open_(connection, self.context.now_us, "file", "", f"receipt {self.receipt_no}", reason)

    def _accept(self, connection: Connection, event: InterchangeClosed) -> None:
        """Verdicts, answers, numbers and route steps: after this commit the file's rows are visible."""
        self._insert_interchange(connection, event, "accepted")
        states = [self._state_of(connection, read) for _, read in self.sets]
        self._take_traces(connection, event, states)
        numbers = [
            r.rows if s in ("accepted", "held") and r.st01 == "837" else 0
            for (_, r), s in zip(self.sets, states, strict=True)
        ]
        answers.accept(connection, self, event)
        icns = icn_block(connection, self.today, sum(numbers))
        for (grp, read), state, count in zip(self.sets, states, numbers, strict=True):
            icn_first, icns = (icns if count else 0), icns + count
            self._insert_set(connection, grp, read, state, str(icn_first or ""))
            if state == "accepted":
                enqueue_route(connection, self.context, self.receipt_no, self.interchange_no, grp, read.number,
                              sorted(read.sponsors), self.partner.id, self.receipt_no)  # fmt: skip
        if "rejected" in states:
            self._enqueue_sweep(connection)

    def _state_of(self, connection: Connection, read: _Set) -> str:
        """accepted, rejected, or held when the batch looks like one received before."""
        if read.closed is None or read.closed.verdict.verdict == "R" or self._group_of(read) in self.rejected_groups:
            return "rejected"
        reference = _reference(read)
        if read.st01 not in STAGE_ROWS:
            return "accepted"
        same = select(x12_set.c.receipt_no).where(
            x12_set.c.partner == self.partner.id, x12_set.c.st01 == read.st01,
            x12_set.c.state.in_(("accepted", "held", "released")),
            (x12_set.c.reference == reference) | (x12_set.c.body_sha256 == read.closed.body_sha256),
        )  # fmt: skip
        earlier = connection.execute(same.limit(1)).scalar_one_or_none()
        if earlier is None:
            return "accepted"
        reason = f"suspected duplicate of a batch of receipt {earlier}"
        set_key = {"receipt_no": self.receipt_no, "interchange": self.interchange_no,
                   "grp": self._group_of(read), "set_no": read.number}  # fmt: skip
        subject = f"receipt {self.receipt_no} set {read.number}"
        holds.open_(connection, self.context.now_us, "batch", "", subject, reason,
                    **set_key)  # fmt: skip
        return "held"

    def _group_of(self, read: _Set) -> int:
        return next(grp for grp, other in self.sets if other is read)

    def _insert_set(self, connection: Connection, grp: int, read: _Set, state: str, icn_first: str) -> None:
        closed = read.closed
        connection.execute(
            insert(x12_set).values(
                receipt_no=self.receipt_no, interchange=self.interchange_no, grp=grp, number=read.number,
                partner=self.partner.id, st01=read.st01, st02=closed.verdict.st02 if closed else "", guide=read.guide,
                reference=_reference(read), body_sha256=closed.body_sha256 if closed else "", state=state,
                header=msgspec.json.encode(_header(read)).decode(),
                verdict=msgspec.json.encode(closed.verdict).decode() if closed else "{}", rows=read.rows,
                ord=ord_of(self.receipt_no, self.interchange_no, grp, read.number), icn_first=icn_first,
                routes_left=len(read.sponsors) if state == "accepted" else 0,
            )
        )  # fmt: skip

    def _enqueue_sweep(self, connection: Connection) -> None:
        queue.enqueue(connection, self.context.now_us, "sweep", lane=f"sweep/{self.receipt_no}",
                      partner=self.partner.id, body={"receipt_no": self.receipt_no})  # fmt: skip

    def _take_traces(self, connection: Connection, event: InterchangeClosed, states: list[str]) -> None:
        """Answers to what we sent: a rejection or an answer to nothing needs a person; never acknowledged back."""
        traces = [t for (_, read), s in zip(self.sets, states, strict=True) if s == "accepted" for t in read.traces]
        answers.match(connection, self, traces, event.ta1)

    def done(self) -> None:
        """The file is decided: accepted interchanges stand, the rest lies in quarantine with its reason."""
        nothing = self.accepted == 0
        with self.context.store.write("decided") as connection:
            queue.finish(connection, self.work)
            if self.junk is not None or (nothing and self.rejected == 0):
                finding = self.junk or Finding(level="file", code="not-x12", message="The file is empty.")
                answers.junk(connection, self, finding)
                holds.open_(connection, self.context.now_us, "file", "", f"receipt {self.receipt_no}", finding.message)
            connection.execute(delete(progress).where(progress.c.receipt_no == self.receipt_no))
            state, reason = ("quarantined", "nothing in it could be accepted") if nothing else ("decided", "")
            mine = update(receipt).where(receipt.c.receipt_no == self.receipt_no)
            connection.execute(mine.values(state=state, reason=reason, decided_us=self.context.now_us))
            audit.note(connection, self.context.now_us, "gateway", "decide", f"receipt {self.receipt_no}", state)


def sweep(context: Context, work: Work) -> None:
    """The step: removes staged rows of rejected sets, a chunk at a time."""
    receipt_no = work.body["receipt_no"]
    gone = (
        select(staged.c.ord)
        .join(
            x12_set,
            (x12_set.c.receipt_no == staged.c.receipt_no) & (x12_set.c.interchange == staged.c.interchange)
            & (x12_set.c.grp == staged.c.grp) & (x12_set.c.number == staged.c.set_no),
        )
        .where(staged.c.receipt_no == receipt_no, x12_set.c.state == "rejected")
        .limit(CHUNK_ROWS)
    )  # fmt: skip
    while True:
        with context.store.write("sweep") as connection:
            rows = connection.execute(delete(staged).where(staged.c.ord.in_(gone))).rowcount
            if rows < CHUNK_ROWS:
                queue.finish(connection, work)
                return
            queue.advance(connection, work, work.body)


def icn_block(connection: Connection, today: date, count: int) -> int:
    """The first of count claim numbers of a business day: YYDDD and six digits, restarting each day."""
    day = int(f"{today:%y%j}") * 1_000_000
    return day + counters.take(connection, f"ICN/{today.isoformat()}", count) if count else 0


def enqueue_route(
    connection: Connection, context: Context, receipt_no: int, interchange_no: int, grp: int, set_no: int,
    sponsors: list[str], partner: str, event_no: int,
) -> None:  # fmt: skip
    """One route step per sponsor a set names, in the sponsor's lane; event_no: the number that orders it."""
    ord_ = ord_of(event_no, interchange_no, grp, set_no)
    for sponsor_id in sponsors:
        queue.enqueue(
            connection, context.now_us, "route", lane=f"S/{sponsor_id}", partner=partner, sponsor_id=sponsor_id,
            ord=ord_, gate=event_no,
            body={"receipt_no": receipt_no, "interchange": interchange_no, "grp": grp, "set_no": set_no, "ord": ord_},
        )  # fmt: skip


def _policy(context: Context, parties: Parties, partner: Partner) -> EnvelopePolicy:
    ours = parties.administrator
    return EnvelopePolicy(
        senders=frozenset({(partner.qualifier, partner.isa_id)}),
        receivers=frozenset({(ours.qualifier, ours.isa_id)}),
        usage=context.usage,
        groups=GROUPS,
    )


def _with_unread(read: _Set, event: SetClosed) -> SetClosed:
    """The set's end; rejected when some of its claims or rows could not be read although the guide check passed."""
    if not read.unread or event.verdict.verdict == "R" or isinstance(read.reader, AckReader | None):
        return event
    findings = (*event.verdict.findings, *read.reader.findings)
    verdict = msgspec.structs.replace(event.verdict, verdict="R", codes=("5",), findings=findings)
    return msgspec.structs.replace(event, verdict=verdict)


def _header(read: _Set) -> Any:
    if isinstance(read.reader, ClaimReader):
        return read.reader.batch
    return read.reader.header if isinstance(read.reader, MemberReader) else None


def _reference(read: _Set) -> str:
    header = _header(read)
    return header.reference if header is not None else ""
