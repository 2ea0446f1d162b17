"""Claims that wait for a person, as the desk sees them: queue, need, owner, clock, and what was done about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, select

from gateway.errors import UsageError
from gateway.flow import holds
from gateway.flow.filed import NEWEST
from gateway.plan.claims import clocks
from gateway.plan.claims.clocks import Clock, Due, Stop
from gateway.plan.records import Decision
from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import claim, decision, hold, pend_event
from mappings.records import Claim

TAKE, NOTE, REQUEST, ANSWER = "take", "note", "request", "answer"
"""Acts that leave a claim where it is; the others (`acts`) decide it again."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One act of a person. on: business date; said: their words; body: what only that act tells."""

    n: int
    at_us: int
    on: date
    user: str
    act: str
    said: str
    body: dict[str, Any]


class Pended(msgspec.Struct, frozen=True, kw_only=True):
    """A claim that waits. needed: what would let it go on. people: so many must agree on an act that decides it, given
    those who have. due: the last day to decide it; clock_stands: an answer is awaited, until answer_by at most."""

    icn: str
    sponsor_id: str
    hold_id: str
    queue: str
    reason: str
    needed: str
    people: int
    given: tuple[str, ...]
    owner: str
    received: date
    since_us: int
    npi: str
    charge_cents: int
    due: date
    used_days: int
    alert_days: int | None
    clock_stands: bool
    answer_by: date | None


SAME = ("queue", "npi", "sponsor_id", "owner")
"""Parts of a filter that a claim must say the same of."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which pended claims: all that every given part fits; "" and None ask nothing. reason: words of it, in any case.
    npi: of the billing provider. older_than_days: since receipt. due_by: the clock ends on that day or before."""

    queue: str = ""
    reason: str = ""
    npi: str = ""
    sponsor_id: str = ""
    owner: str | None = None
    older_than_days: int | None = None
    due_by: date | None = None

    def fits(self, one: Pended, today: date) -> bool:
        """Whether a claim is meant."""
        return (
            all(getattr(self, name) in ("", None, getattr(one, name)) for name in SAME)
            and self.reason.casefold() in one.reason.casefold()
            and (self.older_than_days is None or (today - one.received).days > self.older_than_days)
            and (self.due_by is None or one.due <= self.due_by)
        )


def find(connection: Connection, today: date, wanted: Filter) -> list[Pended]:
    """The pended claims that are meant, in the order they came."""
    rows = connection.execute(_waiting()).all()
    told = events(connection, [row.icn for row in rows])
    found = (_pended(row, told[row.icn], today) for row in rows)
    return [one for one in found if wanted.fits(one, today)]


def one(connection: Connection, today: date, icn: str) -> Pended:
    """A pended claim; raises UsageError when it does not wait."""
    row = connection.execute(_waiting().where(claim.c.icn == icn)).one_or_none()
    if row is None:
        raise UsageError(f"claim {icn} does not wait for a person")
    return _pended(row, events(connection, [icn])[icn], today)


def _waiting() -> Select[Any]:
    """Open holds of single claims with claim and newest decision, in order."""
    about = and_(claim.c.sponsor_id == hold.c.sponsor_id, claim.c.icn == holds.ICN)
    columns = (claim.c.icn, claim.c.sponsor_id, claim.c.received_on, claim.c.charge_cents, claim.c.body.label("claim"),
               hold.c.id, hold.c.queue, hold.c.reason, hold.c.body, hold.c.opened_us, decision.c.npi,
               decision.c.body.label("decided"))  # fmt: skip
    return (
        select(*columns).select_from(hold.join(claim, about).outerjoin(decision, NEWEST))
        .where(hold.c.kind == "pend", hold.c.state == "open", hold.c.subject.like("claim %"))
        .order_by(claim.c.ord, claim.c.icn)
    )  # fmt: skip


def _pended(row: Any, told: Sequence[Event], today: date) -> Pended:
    body = msgspec.json.decode(row.body)
    pend = msgspec.json.decode(row.decided, type=Decision).pend if row.decided else None
    received = date.fromisoformat(row.received_on)
    clock, stands = due(msgspec.json.decode(row.claim, type=Claim), received, told, today)
    return Pended(
        icn=row.icn, sponsor_id=row.sponsor_id, hold_id=row.id, queue=row.queue,
        reason=row.reason.removeprefix(f"{row.queue}: "), needed=pend.needed if pend else "",
        people=body.get("people", 1), given=tuple(body.get("given", ())), owner=owner(told), received=received,
        since_us=row.opened_us, npi=row.npi or "", charge_cents=row.charge_cents, due=stands.due,
        used_days=stands.used_days, alert_days=clocks.alert(clock, stands.used_days), clock_stands=stands.stands(today),
        answer_by=stands.answer_by,
    )  # fmt: skip


# ---- what was done ---------------------------------------------------------------------------------------------------


def events(connection: Connection, icns: Iterable[str]) -> dict[str, list[Event]]:
    """Everything people did about some claims, by claim, in order; nothing for a claim nobody touched."""
    wanted = sorted(set(icns))
    found: dict[str, list[Event]] = {icn: [] for icn in wanted}
    for part in parts(wanted, IDS_A_QUERY):
        mine = select(pend_event).where(pend_event.c.icn.in_(part))
        for row in connection.execute(mine.order_by(pend_event.c.icn, pend_event.c.n)):
            found[row.icn].append(
                Event(n=row.n, at_us=row.at_us, on=date.fromisoformat(row.acted_on), user=row.user, act=row.act,
                      said=row.said, body=msgspec.json.decode(row.body))
            )  # fmt: skip
    return found


def owner(told: Sequence[Event]) -> str:
    """Who looks after a claim: the last it was given to, "" for nobody."""
    return next((str(each.body["owner"]) for each in reversed(told) if each.act == TAKE), "")


def stops(told: Sequence[Event]) -> list[Stop]:
    """The times in which information was asked for."""
    found: list[Stop] = []
    for each in told:
        if each.act == REQUEST:
            found.append(Stop(asked=each.on, extended=each.body["extended"]))
        elif each.act == ANSWER:
            found[-1] = msgspec.structs.replace(found[-1], answered=each.on)
    return found


def asked(told: Sequence[Event]) -> bool:
    """Whether information was asked for, and nobody answered yet."""
    return any(stop.answered is None for stop in stops(told))


def due(claim: Claim, received: date, told: Sequence[Event], today: date) -> tuple[Clock, Due]:
    """The clock of a claim, and where it stands today."""
    clock = clocks.clock(claim.predetermination, received)
    return clock, clocks.due(clock, received, stops(told), today)


def answer_until(clock: Clock, told: Sequence[Event], today: date) -> date:
    """The last day a request made today would stop the clock."""
    tolled = clocks.due(clock, today, stops(told), today).tolled_days
    return today + timedelta(days=clock.toll_days - tolled)
