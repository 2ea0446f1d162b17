"""How the installation is doing, read in one snapshot: first what needs a person, then files, claims, funds, stop-loss.

Plain reads over the store's tables. What a hold is about is shown only when our own numbers name it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from gateway.flow import figures
from gateway.flow.holds import KINDS
from gateway.store import installation, queue
from gateway.store.schema import (
    approval,
    claim,
    funding_request,
    hold,
    interchange,
    notice,
    outbox,
    pay_run,
    posting,
    receipt,
    recovery,
    work,
    x12_set,
)
from gateway.web.records import (
    Attention,
    ClaimLine,
    FileLine,
    FundLine,
    HoldLine,
    Queue,
    RunLine,
    Status,
    StopLossLine,
)

NEWEST = 25
"""Rows of a table on the page: about what a person reads without scrolling twice."""

_OURS = ("receipt", "claim", "run", "payment", "step", "set", "enrolment", "notice", "recovery", "sent", "partner")
"""First words of a hold's subject that go on with a number of ours; anything else, as a person, is not shown."""

_RUNS = {
    "awaiting-approval": ("Runs to approve", "a payment run waits for approval"),
    "awaiting-funds": ("Runs without money", "a payment run waits for the employer's money"),
}
"""State of a run in which it needs somebody -> its short name, and what it asks."""


def read(connection: Connection, now_us: int) -> Status:
    """Everything the page says, from one snapshot."""
    holds, claims, runs, steps = _holds(connection), _claims(connection), _runs(connection), _queue(connection, now_us)
    return Status(
        usage=installation.get(connection, "usage"), business_date=installation.get(connection, "business_date"),
        read_us=now_us, attention=tuple(_attention(connection, claims, steps)), holds=holds,
        files=_files(connection), claims=claims, desk=figures.read(connection), funds=_funds(connection), runs=runs,
        stop_loss=_stop_loss(connection), queue=steps,
    )  # fmt: skip


# ---- what needs a person ---------------------------------------------------------------------------------------------


def _attention(connection: Connection, claims: tuple[ClaimLine, ...], steps: Queue) -> Iterator[Attention]:
    """Nothing twice: pended claims and parked steps are counted where they are, their holds only listed."""
    pended = sum(line.count for line in claims if line.state == "pended")
    counts = {"parked": steps.parked, "pend": pended}
    counts |= _sums(connection, hold.c.kind, func.count(), hold.c.state == "open", hold.c.kind.not_in(list(counts)))
    counts |= _sums(connection, pay_run.c.state, func.count(), pay_run.c.state.in_(list(_RUNS)))
    for kind, count in counts.items():
        if count:
            title, ask = (KINDS | _RUNS)[kind]
            yield Attention(kind=kind, title=title, count=count, ask=ask)


def _holds(connection: Connection) -> tuple[HoldLine, ...]:
    oldest = select(hold).where(hold.c.state == "open").order_by(hold.c.opened_us, hold.c.id).limit(NEWEST)
    return tuple(
        HoldLine(id=row.id, kind=row.kind, sponsor_id=row.sponsor_id, subject=_subject(row.subject), reason=row.reason,
                 opened_us=row.opened_us)
        for row in connection.execute(oldest)
    )  # fmt: skip


def _subject(subject: str) -> str:
    return subject if subject.split(" ", 1)[0] in _OURS else subject.split(" ", 1)[0] if " " in subject else ""


# ---- files and claims ------------------------------------------------------------------------------------------------


def _files(connection: Connection) -> tuple[FileLine, ...]:
    newest = list(connection.execute(select(receipt).order_by(receipt.c.receipt_no.desc()).limit(NEWEST)))
    numbers = [row.receipt_no for row in newest]
    verdicts: dict[int, list[str]] = defaultdict(list)
    for row in _of_files(connection, numbers, interchange.c.receipt_no, interchange.c.state):
        verdicts[row.receipt_no].append(row.state)
    sets: dict[int, list[Row[Any]]] = defaultdict(list)
    columns = (x12_set.c.receipt_no, x12_set.c.st01, x12_set.c.state, x12_set.c.rows)
    for row in _of_files(connection, numbers, *columns):
        sets[row.receipt_no].append(row)
    return tuple(_file(row, verdicts[row.receipt_no], sets[row.receipt_no]) for row in newest)


def _of_files(connection: Connection, numbers: list[int], number: Any, *columns: Any) -> Iterator[Row[Any]]:
    yield from connection.execute(select(number, *columns).where(number.in_(numbers)))


def _file(row: Row[Any], interchanges: list[str], sets: list[Row[Any]]) -> FileLine:
    kinds = Counter(one.st01 for one in sets)
    return FileLine(
        receipt_no=row.receipt_no, received_us=row.received_us, size_bytes=row.size, state=row.state,
        verdict=_verdict(row.state, interchanges, [one.state for one in sets]),
        sets=", ".join(f"{count} × {kind}" for kind, count in sorted(kinds.items())),
        claims=sum(one.rows for one in sets if one.st01 == "837"),
    )  # fmt: skip


def _verdict(state: str, interchanges: list[str], sets: list[str]) -> str:
    if state == "received":
        return "waiting"
    if set(interchanges) <= {"rejected"} or set(sets) == {"rejected"}:
        return "rejected"
    return "partly" if "rejected" in (*interchanges, *sets) else "accepted"


def _claims(connection: Connection) -> tuple[ClaimLine, ...]:
    sums = (func.sum(c) for c in (claim.c.charge_cents, claim.c.paid_cents, claim.c.patient_cents))
    grouped = select(claim.c.state, claim.c.denied, func.count(), *sums).group_by(claim.c.state, claim.c.denied)
    return tuple(
        ClaimLine(state="denied" if state == "decided" and denied else state, count=count, charge_cents=int(charge),
                  paid_cents=int(paid), patient_cents=int(patient))
        for state, denied, count, charge, paid, patient in sorted(map(tuple, connection.execute(grouped)))
    )  # fmt: skip


# ---- money -----------------------------------------------------------------------------------------------------------


def _funds(connection: Connection) -> tuple[FundLine, ...]:
    side = posting.c.account.in_(("1010", "2010"))
    columns = (posting.c.sponsor_id, posting.c.account, func.sum(posting.c.cents))
    grouped = select(*columns).where(side).group_by(posting.c.sponsor_id, posting.c.account)
    books: dict[tuple[str, str], int] = {(row[0], row[1]): int(row[2]) for row in connection.execute(grouped)}
    missing = func.sum(funding_request.c.amount_cents - funding_request.c.paid_cents)
    asked = _sums(connection, funding_request.c.sponsor_id, missing, funding_request.c.state == "open")
    books |= {(sponsor, "asked"): cents for sponsor, cents in asked.items()}
    return tuple(
        FundLine(sponsor_id=sponsor, cash_cents=books.get((sponsor, "1010"), 0),
                 payable_cents=-books.get((sponsor, "2010"), 0), requested_cents=books.get((sponsor, "asked"), 0))
        for sponsor in sorted({sponsor for sponsor, _ in books})
    )  # fmt: skip


def _runs(connection: Connection) -> tuple[RunLine, ...]:
    same = (approval.c.sponsor_id == pay_run.c.sponsor_id) & (approval.c.run_no == pay_run.c.run_no)
    approvals = select(func.count()).select_from(approval).where(same).scalar_subquery().label("approvals")
    newest_first = (pay_run.c.planned_on.desc(), pay_run.c.sponsor_id, pay_run.c.run_no.desc())
    newest = select(pay_run, approvals).order_by(*newest_first)
    return tuple(
        RunLine(sponsor_id=row.sponsor_id, run_no=row.run_no, state=row.state, run_on=row.run_on,
                need_cents=row.need_cents, claims=row.claims, approvals=row.approvals)
        for row in connection.execute(newest.limit(NEWEST))
    )  # fmt: skip


def _stop_loss(connection: Connection) -> tuple[StopLossLine, ...]:
    notices = _sums(connection, notice.c.sponsor_id, func.count())
    sums = (func.count(), func.sum(recovery.c.amount_cents), func.sum(recovery.c.received_cents))
    filed = {
        row[0]: (int(row[1]), int(row[2]), int(row[3]))
        for row in connection.execute(select(recovery.c.sponsor_id, *sums).group_by(recovery.c.sponsor_id))
    }
    lines = []
    for sponsor in sorted(notices.keys() | filed.keys()):
        count, asked, received = filed.get(sponsor, (0, 0, 0))
        lines.append(StopLossLine(sponsor_id=sponsor, notices=notices.get(sponsor, 0), filed=count, asked_cents=asked,
                                  received_cents=received))  # fmt: skip
    return tuple(lines)


# ---- the queue -------------------------------------------------------------------------------------------------------


def _queue(connection: Connection, now_us: int) -> Queue:
    running, ready = work.c.owner.is_not(None), queue.due(work, now_us)
    what = case((work.c.parked == 1, "parked"), (running, "running"), (ready, "ready"), else_="later")
    steps = _sums(connection, what.label("what"), func.count())
    return Queue(
        ready=steps.get("ready", 0), running=steps.get("running", 0), later=steps.get("later", 0),
        parked=steps.get("parked", 0), undecided=_count(connection, receipt.c.state == "received"),
        leaving=_count(connection, outbox.c.state == "waiting"), nodes=len(queue.nodes(connection)),
    )  # fmt: skip


def _count(connection: Connection, which: Any) -> int:
    return int(connection.execute(select(func.count()).where(which)).scalar_one())


def _sums(connection: Connection, by: Any, what: Any, *where: Any) -> dict[str, int]:
    """What, grouped by a column, in that column's order."""
    return {row[0]: int(row[1]) for row in connection.execute(select(by, what).where(*where).group_by(by).order_by(by))}
