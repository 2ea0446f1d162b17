"""What an act on pended claims would come to: decided as of now by the same code, and nothing written (domain 4.7)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from gateway.errors import UsageError
from gateway.flow import acts, adjudicate, reruns
from gateway.flow.acts import Ruling
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY
from gateway.flow.pends import Pended
from gateway.plan.records import Decision, Rulings
from gateway.store import counters, installation
from gateway.store.order import ord_of
from gateway.store.schema import claim as claim_table

MOST = 1_000
"""Claims of one act: they are decided in memory together, 0.2 ms each and a few kilobytes, so about a second, and their
numbers fit into one query (SQLite takes 32,766 variables)."""


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """What one claim would come to. outcome: paid, denied, pended (in queue), void (what it names is taken back),
    replaced (another takes its place), unknown (it names no sponsor we know). codes: `CO-45` of every adjustment."""

    icn: str
    outcome: str
    queue: str = ""
    charge_cents: int
    paid_cents: int = 0
    patient_cents: int = 0
    codes: tuple[str, ...] = ()


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What an act would come to on all of them; paid_cents and patient_cents: net of what is taken back for them.
    outcomes: how many of each."""

    act: str
    count: int
    charge_cents: int
    paid_cents: int
    patient_cents: int
    outcomes: dict[str, int]
    claims: tuple[Coming, ...]


def outlook(connection: Connection, context: Context, found: Sequence[Pended], ruling: Ruling, user: str) -> Outlook:
    """What the act would come to if everybody agreed on it now; raises UsageError for more than MOST claims.

    Decided sponsor by sponsor in the order of the claims, each seeing what the ones before it used, as the lane does.
    """
    acts.check(connection, ruling)
    if len(found) > MOST:
        raise UsageError(f"{len(found)} claims; an act takes {MOST} at most, narrow the filter")
    by_sponsor: dict[str, list[str]] = defaultdict(list)
    for one in found:
        by_sponsor[one.sponsor_id].append(one.icn)
    decided: list[Decision] = []
    outcomes: dict[str, str] = {}
    for sponsor_id, icns in by_sponsor.items():
        rows = [] if sponsor_id == NOBODY else _routed(connection, sponsor_id, icns, ruling, user)
        outcomes |= dict.fromkeys(icns, "unknown" if sponsor_id == NOBODY else "replaced")
        outcomes |= {row.icn: "void" for row in rows}
        decided += adjudicate.rehearse(connection, context, sponsor_id, rows) if rows else []
    own = {each.icn: each for each in decided if each.outcome != "reversal"}
    claims = tuple(_coming(one, own.get(one.icn), outcomes[one.icn]) for one in found)
    return Outlook(
        act=f"{ruling.act} {ruling.codes}".strip(), count=len(claims),
        charge_cents=sum(each.charge_cents for each in claims), paid_cents=sum(each.paid_cents for each in decided),
        patient_cents=sum(each.patient_cents for each in decided),
        outcomes=dict(sorted(Counter(each.outcome for each in claims).items())), claims=claims,
    )  # fmt: skip


def _routed(connection: Connection, sponsor_id: str, icns: list[str], ruling: Ruling, user: str) -> list[Any]:
    """The claims as `reruns.rerun` would route them after the act, each a new event."""
    mine = select(claim_table).where(
        claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn.in_(icns), claim_table.c.replaced_by == ""
    )
    first, on = counters.peek(connection, "receipt"), installation.business_date(connection)
    found = []
    for n, row in enumerate(connection.execute(mine.order_by(claim_table.c.ord, claim_table.c.icn))):
        kept = msgspec.json.decode(row.rulings, type=Rulings)
        made = acts.ruled(kept, ruling, (user,), on, "as previewed")
        values = reruns.routed(connection, sponsor_id, row, ord_of(first + n), answered=ruling.act == "release")
        values["rulings"] = msgspec.json.encode(made).decode()
        found.append(SimpleNamespace(**{**row._mapping, **values}))
    return found


def _coming(one: Pended, made: Decision | None, otherwise: str) -> Coming:
    """made: its own decision; otherwise: what becomes of a claim without one."""
    if made is None:
        return Coming(icn=one.icn, outcome=otherwise, charge_cents=one.charge_cents)
    return Coming(
        icn=one.icn, outcome=made.outcome, queue=made.pend.queue if made.pend else "", charge_cents=one.charge_cents,
        paid_cents=made.paid_cents, patient_cents=made.patient_cents,
        codes=made.codes,
    )  # fmt: skip
