"""How many claims are decided without a person, and what the others fall out for: counts alone, nothing of a member."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, case, func, literal_column, select

from gateway.flow import holds
from gateway.flow.takeover import TAKEN_OVER
from gateway.plan.rounding import WHOLE, half_up
from gateway.store.schema import decision, hold


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One queue. claims: those that ever waited in it; waiting: those that do now."""

    queue: str
    claims: int
    waiting: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """First decisions of claims that are ours to decide, by what they were. automatic_rate: paid and denied among them,
    in hundredths of a percent, None before the first. causes: of falling out, the commonest first."""

    first_decisions: int
    paid: int
    denied: int
    pended: int
    automatic_rate: int | None
    causes: tuple[Cause, ...]


def read(connection: Connection, since: date | None = None) -> Figures:
    """The figures of claims first decided on a business date or later; of all when none is given."""
    first: list[Any] = [decision.c.version == literal_column("1"), decision.c.drugs == literal_column("0")]
    ours = [*first, decision.c.run_no != TAKEN_OVER]
    if since is not None:
        ours.append(decision.c.decided_on >= since.isoformat())
    grouped = select(decision.c.outcome, func.count()).where(*ours).group_by(decision.c.outcome)
    counts: dict[str, int] = {row[0]: int(row[1]) for row in connection.execute(grouped)}
    count, pended = sum(counts.values()), counts.get("pended", 0)
    return Figures(
        first_decisions=count, paid=counts.get("paid", 0), denied=counts.get("denied", 0), pended=pended,
        automatic_rate=half_up((count - pended) * WHOLE, count) if count else None,
        causes=_causes(connection, ours),
    )  # fmt: skip


def _causes(connection: Connection, ours: list[Any]) -> tuple[Cause, ...]:
    """By queue: the holds of single claims, each claim once."""
    about = and_(decision.c.sponsor_id == hold.c.sponsor_id, decision.c.icn == holds.ICN)
    claims = func.count(hold.c.subject.distinct())
    waiting = func.sum(case((hold.c.state == "open", 1), else_=0))
    grouped = select(hold.c.queue, claims, waiting).select_from(hold.join(decision, about)).where(
        hold.c.kind == "pend", hold.c.queue != "", *ours
    ).group_by(hold.c.queue)  # fmt: skip
    found = [Cause(queue=row[0], claims=int(row[1]), waiting=int(row[2])) for row in connection.execute(grouped)]
    return tuple(sorted(found, key=lambda each: (-each.claims, each.queue)))
