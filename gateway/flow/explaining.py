"""What is told of one claim: its decisions, and the place in a file it came from, found again in the sealed bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from gateway.errors import UsageError
from gateway.flow import checking, claim_numbers, wraps
from gateway.flow.context import Context
from gateway.flow.packing import Unfit
from gateway.flow.parties import Parties, Partner
from gateway.plan.claims.explanation import Explained, Origin
from gateway.plan.records import Decision
from gateway.store import installation
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import receipt, upload, x12_set
from mappings.claims import ClaimReader
from mappings.readers import READERS
from mappings.records import Claim
from parsers.envelope import EnvelopePolicy
from parsers.events import GroupOpened, InterchangeOpened, SetOpened, Unit
from parsers.reader import Reader


def explained(context: Context, icn: str) -> Explained:
    """Everything known of a claim; raises UsageError for a number nobody has."""
    with context.store.read() as connection:
        row = connection.execute(select(claim_table).where(claim_table.c.icn == icn)).one_or_none()
        if row is None:
            raise UsageError(f"no claim {icn}")
        mine = select(decision_table.c.body).where(
            decision_table.c.sponsor_id == row.sponsor_id, decision_table.c.icn == icn
        )
        bodies = connection.execute(mine.order_by(decision_table.c.version)).scalars().all()
        came = _set_of(connection, row) if row.partner else None
        partner = Parties(connection, installation.business_date(connection)).partner(row.partner) if came else None
    return Explained(
        icn=icn, sponsor=row.sponsor_id, state=row.state, claim=msgspec.json.decode(row.body, type=Claim),
        decisions=tuple(msgspec.json.decode(body, type=Decision) for body in bodies),
        origin=_origin(context, icn, came, partner) if came and partner else None,
    )  # fmt: skip


def _set_of(connection: Connection, row: Any) -> Any:
    """The set whose block of numbers holds the claim's (a release or rerun moves a claim's order, never its number)."""
    length, of_day = func.length(x12_set.c.icn_first), row.icn[: claim_numbers.DAY_DIGITS]
    mine = select(x12_set, receipt.c.received_on, receipt.c.size, receipt.c.upload_id).join(
        receipt, receipt.c.receipt_no == x12_set.c.receipt_no
    ).where(
        x12_set.c.partner == row.partner, x12_set.c.rows > 0, x12_set.c.icn_first.startswith(of_day),
        (length < len(row.icn)) | ((length == len(row.icn)) & (x12_set.c.icn_first <= row.icn)),
    )  # fmt: skip
    return connection.execute(mine.order_by(length.desc(), x12_set.c.icn_first.desc()).limit(1)).one_or_none()


def _origin(context: Context, icn: str, came: Any, partner: Partner) -> Origin:
    nth = int(icn[claim_numbers.DAY_DIGITS :]) - int(came.icn_first[claim_numbers.DAY_DIGITS :])
    found = Origin(
        receipt_no=came.receipt_no, partner=came.partner, received_on=date.fromisoformat(came.received_on),
        interchange=came.interchange, group=came.grp, set_no=came.number,
    )  # fmt: skip
    with context.store.read() as connection:
        kept = select(upload).where(upload.c.id == came.upload_id, upload.c.state == "received")
        bytes_of = connection.execute(kept).one_or_none()
    if bytes_of is None:
        return found
    try:
        pieces = wraps.arriving(context, partner, bytes_of, came.size)
    except Unfit:  # the key it was encrypted to is gone
        return found
    said = partner.validation
    policy = EnvelopePolicy(aliases=context.aliases, snip=said.inbound, charset=said.charset)
    reader = Reader(partial(checking.guide_of, context), policy, context.limits)
    events = (event for piece in pieces for event in reader.events(piece))
    return _placed(found, events, nth)


def _placed(found: Origin, events: Iterator[Any], nth: int) -> Origin:
    """The origin with the segments of the set's nth claim, counted as intake counts them; reads no further."""
    at, control = [0, 0, 0], ""
    taker: ClaimReader | None = None
    for event in events:
        if isinstance(event, InterchangeOpened):
            at = [event.number, 0, 0]
        elif isinstance(event, GroupOpened):
            at = [at[0], event.number, 0]
        elif isinstance(event, SetOpened):
            at, control = [at[0], at[1], event.number], event.st02
            made = READERS[event.guide].make() if event.guide in READERS else None
            mine = at == [found.interchange, found.group, found.set_no]
            taker = made if mine and isinstance(made, ClaimReader) else None
        elif isinstance(event, Unit) and taker is not None and event.clean and taker.take(event) is not None:
            if nth == 0:
                placed = dict(_line_segments(event))
                return msgspec.structs.replace(
                    found, control=control, claim_segment=event.position, line_segments=placed
                )
            nth -= 1
    return found


def _line_segments(unit: Unit) -> Iterator[tuple[int, int]]:
    """(LX01, position of its LX) of a claim's unit; segments that belong nowhere have a position, too."""
    strays, position = {at for at, _ in unit.strays}, unit.position
    for _, segment in unit.rows:
        while position in strays:
            position += 1
        if segment[0] == "LX":
            yield int(segment[1]), position
        position += 1
