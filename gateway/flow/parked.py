"""What a person does about what waits: a parked step's consequences, and the release of every kind of hold."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from gateway.errors import UsageError
from gateway.flow import acceptance, acts, anew, gathering, holds, pay, push, remote, strangers
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY, set_key
from gateway.store import audit, counters, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import hold, receipt, x12_set

# ---- consequences of parking -----------------------------------------------------------------------------------------


def release_owner(context: Context, owner_prefix: str) -> None:
    """Gives back what dead workers held; a step that died three times leaves its lane and asks for a person."""
    with context.store.write("release") as connection:
        for work in queue.release(connection, owner_prefix):
            _park(connection, context, work)


def _park(connection: Connection, context: Context, work: Work) -> None:
    subject = f"step {work.kind} {work.id}"
    if work.kind == "intake":
        number = work.body["receipt_no"]
        subject = f"receipt {number}"
        mine = update(receipt).where(receipt.c.receipt_no == number)
        connection.execute(mine.values(state="parked", reason="reading it failed three times"))
        gathering.due(connection, context, number)
    if work.kind == "adjudicate":
        mine = update(claim_table).where(
            claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn.in_(work.body["icns"]),
            claim_table.c.state == "routed",
        )  # fmt: skip
        connection.execute(mine.values(state="pended"))
    if work.kind == "route" and _half_applied(connection, work):
        queue.hold_lane(connection, work.id)
    if work.kind in ("route", "answer"):
        gathering.answered(connection, work.body)
        gathering.due(connection, context, work.body["receipt_no"])
    reason = f"the {work.kind} step failed three times"
    holds.open_(connection, context.now_us, "parked", work.sponsor_id, subject, reason,
                work_id=work.id, kind=work.kind, body=work.body)  # fmt: skip
    audit.note(connection, context.now_us, "gateway", "park", f"work {work.id}", work.kind)


def _half_applied(connection: Connection, work: Work) -> bool:
    """Whether an 834 was being applied: then nothing may pass it, or it would see half a file."""
    mine = (enrolment_table.c.sponsor_id == work.sponsor_id, enrolment_table.c.ord == work.ord)
    return connection.execute(select(enrolment_table.c.state).where(*mine)).scalar_one_or_none() == "applying"


# ---- releases --------------------------------------------------------------------------------------------------------


def release(context: Context, hold_id: str, user: str, reason: str) -> str:
    """Releases a hold: a new event with a new number. Returns what it did; raises UsageError or NotPermitted."""
    with context.store.write("hold-release") as connection:
        row = connection.execute(select(hold).where(hold.c.id == hold_id).with_for_update()).one_or_none()
        if row is None or row.state != "open":
            raise UsageError(f"no open hold {hold_id}")
        if row.kind == "pend" and row.sponsor_id != NOBODY:
            return acts.rule(connection, context, row, acts.RELEASE, user, reason)
        body = msgspec.json.decode(row.body)
        holds.close(connection, context.now_us, hold_id, user, reason)
        return _RELEASES.get(row.kind, _acknowledge)(connection, context, row, body)


def _acknowledge(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    return "taken note of"


def _batch(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A suspected duplicate goes on as a new event: its rows, and so its claims, get the event's number."""
    set_row = connection.execute(select(x12_set).where(*set_key(body))).one()
    sponsors = acceptance.sponsors_of(connection, body)
    event = counters.take(connection, "receipt")
    left = update(x12_set).where(*set_key(body)).values(state="released", routes_left=len(sponsors))
    connection.execute(left)
    acceptance.enqueue_route(connection, context, [(body, sponsors)], set_row.partner, event)
    return "the batch goes on"


def _remittance(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    pay.try_again(connection, context, row.sponsor_id)
    return "the run looks again"


def _absence(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    event = counters.take(connection, "receipt")
    queue.enqueue(connection, context.now_us, "end-absent", lane=f"S/{row.sponsor_id}", sponsor_id=row.sponsor_id,
                  partner=f"sponsor/{row.sponsor_id}", ord=ord_of(event), gate=event,
                  body={"of": body["ord"], "header": body["header"], "event": event})  # fmt: skip
    return "the coverage of those absent ends"


def _enrolment(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A held file, or what was held of one, is applied as a new event; a refused one can only be taken note of."""
    if not body.get("release"):
        return "taken note of"
    step, sponsor_id = body["step"], row.sponsor_id
    known = sponsor_id != NOBODY
    if not known:
        sponsor_id = strangers.adopt_file(connection, step)
    event = counters.take(connection, "receipt")
    ord_ = acceptance.place(step, event)
    connection.execute(update(x12_set).where(*set_key(step)).values(routes_left=1))
    queue.enqueue(connection, context.now_us, "route", lane=f"S/{sponsor_id}", sponsor_id=sponsor_id,
                  partner=f"sponsor/{sponsor_id}", ord=ord_, gate=event,
                  body={**step, "ord": ord_, "released": known})  # fmt: skip
    return "the held rows are applied" if step.get("rows") else "the file is applied"


def _remote(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    if "outbox_id" in body:
        push.released(connection, context, body["outbox_id"])
        return "the file is sent again"
    remote.released(connection, context, body["partner"])
    return "the server is called again"


_RELEASES = {
    "batch": _batch, "pend": strangers.released, "absence": _absence, "enrolment": _enrolment, "parked": anew.released,
    "remittance": _remittance, "remote": _remote,
}  # fmt: skip
"""Kind of hold -> what its release does; the others are only taken note of."""
