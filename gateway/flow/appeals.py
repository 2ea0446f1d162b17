"""Appeals: a decided claim is looked at again by another person, and decided again where they find it wrong.

A decision that is overturned goes the way of every version: reversal, then the claim as of now, its edits set aside and
people's denial of it gone (`reprocess`). Each act is one transaction, one event of the claim and one audit row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Select, and_, func, insert, or_, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import acts, affected, filed, holds, reprocess
from gateway.flow.affected import Filter
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.flow.reprocess import Asked, Look
from gateway.plan.claims import appeals, edits
from gateway.plan.claims.appeals import By, Kind
from gateway.plan.records import Rulings
from gateway.store import installation
from gateway.store.schema import appeal, claim, decision, pay_run, reprocessed
from mappings.records import Claim

Verdict = Literal["upheld", "overturned", "partly"]


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """One appeal. n: among those of its claim. late_days: filed so many days after the last one. due_on: the last day
    to decide it. decided_by: who did. reprocess: what carries it out, 0 for nothing."""

    icn: str
    n: int
    sponsor_id: str
    level: int
    kind: str
    by: By
    told_on: str
    received_on: str
    due_on: str
    late_days: int
    state: str
    decided_on: str
    decided_by: str
    reprocess: int


def open_(
    context: Context, icn: str, by: By, received: date, user: str, said: str, *, urgent: bool = False
) -> Appeal:  # fmt: skip
    """Takes an appeal in; raises UsageError where none can be."""
    with context.store.write("appeal") as connection:
        row = _decided(connection, icn)
        before = _of(connection, icn)
        if before and before[-1].state == "open":
            raise UsageError(f"an appeal of claim {icn} is open already")
        sponsor = Parties(connection, installation.business_date(connection)).sponsor(row.sponsor_id)
        levels, level = sponsor.desk.appeal_levels, len(before) + 1
        if level > levels:
            raise UsageError(f"the plan has {levels} level of appeal; the claim was heard on it")
        told = _told(connection, row)
        if received < told or received > installation.business_date(connection):
            raise UsageError(f"received on {received}: not between the decision, {told}, and today")
        clock = appeals.clock(_kind(row, urgent), levels, received)
        values = {
            "icn": icn, "n": level, "sponsor_id": row.sponsor_id, "level": level, "kind": clock.kind, "by": by,
            "told_on": told.isoformat(), "received_on": received.isoformat(),
            "due_on": appeals.due(clock, received).isoformat(), "state": "open", "decided_on": "", "decided_by": "",
            "late_days": appeals.late_days(clock, told, received), "reprocess": 0,
        }  # fmt: skip
        connection.execute(insert(appeal).values(**values))
        acts.tell(connection, context, icn, user, "appeal", said, f"by {by}", n=level)
        reason = f"appeal {level} by the {by}, to be decided by {values['due_on']}"
        holds.open_(connection, context.now_us, "appeal", row.sponsor_id, f"claim {icn}", reason)
        return _of(connection, icn)[-1]


def note(context: Context, icn: str, user: str, text: str) -> None:
    """Keeps a person's words with an open appeal."""
    with context.store.write("appeal") as connection:
        _waiting(connection, icn)
        acts.tell(connection, context, icn, user, "appeal-note", text, "")


def look(
    context: Context, icn: str, user: str, why: str, aside: Sequence[str], lines: tuple[int, ...]
) -> tuple[Look, str]:  # fmt: skip
    """What the claim would come to with these edits set aside and nobody's denial, and the rulings that say so.

    Raises UsageError where it would come to nothing else, or would wait for a person.
    """
    if unknown := [edit for edit in aside if edit not in edits.NAMES]:
        raise UsageError(f"no edit {unknown[0]}; one of {', '.join(edits.NAMES)}")
    with context.store.read() as connection:
        _waiting(connection, icn)
        kept = msgspec.json.decode(_decided(connection, icn).rulings, type=Rulings)
        today = installation.business_date(connection)
        made = msgspec.json.encode(appeals.overturned(kept, aside, lines, user, today, why)).decode()
        found = affected.find(connection, Filter(icns=(icn,)))
        if not found:
            raise UsageError(f"claim {icn} waits for a correction or stands in a reprocess; let that be done first")
        ((sponsor_id, icns),) = found.items()
        shown = reprocess.look(connection, context, sponsor_id, icns, rulings={icn: made})
    for change in shown.claims:
        if change.outcome == "waits":
            raise UsageError(f"claim {icn} would wait in {change.queue}: {change.reason} Mend that first")
    if not shown.moves:
        raise UsageError("it comes to the same; name with --edit what denied or reduced it")
    return shown, made


def decide(
    context: Context, icn: str, verdict: Verdict, user: str, why: str, shown: Look | None = None, made: str = ""
) -> tuple[Appeal, Asked | None]:
    """Decides the open appeal. shown, made: of `look`, where the decision does not stand.

    Raises NotPermitted for who denied the claim or heard it before: another person must (2560.503-1(h)(3)(ii)).
    """
    with context.store.write("appeal") as connection:
        found = _waiting(connection, icn)
        _must_be_another(connection, icn, found, user)
        asked = None
        if shown is not None:
            because = appeals.BECAUSE[found.by]
            asked = reprocess.ask_in(connection, context, shown, because, user, why, {icn: made})
        values = {
            "state": verdict, "decided_on": installation.business_date(connection).isoformat(), "decided_by": user,
            "reprocess": asked.number if asked else 0,
        }  # fmt: skip
        connection.execute(update(appeal).where(appeal.c.icn == icn, appeal.c.n == found.n).values(**values))
        acts.tell(connection, context, icn, user, "appeal-decide", why, verdict, n=found.n)
        holds.close_about(connection, "appeal", found.sponsor_id, f"claim {icn}")
        return _of(connection, icn)[-1], asked


def find(connection: Connection, *, sponsor_id: str = "", everything: bool = False) -> list[Appeal]:
    """Appeals that wait for a decision, the one due first before; all of them when asked."""
    mine = select(appeal).order_by(appeal.c.due_on, appeal.c.icn, appeal.c.n)
    if sponsor_id:
        mine = mine.where(appeal.c.sponsor_id == sponsor_id)
    return _read(connection, mine if everything else mine.where(_WAITS))


_WAITS = or_(
    appeal.c.state == "open",
    select(reprocessed.c.icn).where(
        reprocessed.c.number == appeal.c.reprocess, reprocessed.c.icn == appeal.c.icn,
        reprocessed.c.done.in_((reprocess.LEFT, reprocess.WITHDRAWN)),
    ).exists(),
)  # fmt: skip
"""An appeal waits until it is decided, and again when what should carry it out was not done after all."""


def _waiting(connection: Connection, icn: str) -> Appeal:
    found = _read(connection, select(appeal).where(appeal.c.icn == icn, _WAITS).order_by(appeal.c.n))
    if not found:
        raise UsageError(f"no appeal of claim {icn} is open")
    return found[-1]


def _of(connection: Connection, icn: str) -> list[Appeal]:
    return _read(connection, select(appeal).where(appeal.c.icn == icn).order_by(appeal.c.n))


def _read(connection: Connection, mine: Select[Any]) -> list[Appeal]:
    return [Appeal(**row._mapping) for row in connection.execute(mine)]


def _decided(connection: Connection, icn: str) -> Any:
    """The claim and its decision in force; raises UsageError when there is none."""
    columns = (claim, decision.c.run_no, decision.c.decided_on)
    mine = select(*columns).select_from(claim.join(decision, filed.NEWEST)).where(
        claim.c.icn == icn, claim.c.state == "decided", claim.c.partner != ""
    )  # fmt: skip
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise UsageError(f"claim {icn} has no decision of ours in force")
    return row


def _told(connection: Connection, row: Any) -> date:
    """When the decision was told: the day its remittance left, else the day it was made."""
    run = and_(pay_run.c.sponsor_id == row.sponsor_id, pay_run.c.run_no == row.run_no)
    issued = connection.execute(select(func.max(pay_run.c.issued_on)).where(run)).scalar()
    return date.fromisoformat(issued or row.decided_on)


def _kind(row: Any, urgent: bool) -> Kind:
    if urgent:
        return "urgent"
    return "pre-service" if msgspec.json.decode(row.body, type=Claim).predetermination else "post-service"


def _must_be_another(connection: Connection, icn: str, found: Appeal, user: str) -> None:
    refusal = msgspec.json.decode(_decided(connection, icn).rulings, type=Rulings).refusal
    heard = {each.decided_by for each in _of(connection, icn) if each.n < found.n}
    if user in heard | set(refusal.by if refusal else ()):
        raise NotPermitted(f"{user} decided on claim {icn} before; another person must hear the appeal")
