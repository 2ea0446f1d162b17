"""What a person does about what waits: a parked step's consequences, and the release of every kind of hold."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import acceptance, gathering, holds, pay, push, remote, route
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY, set_key, staged_key
from gateway.flow.parties import Parties
from gateway.plan.records import Decision
from gateway.store import audit, counters, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import hold, interchange, progress, receipt, staged, x12_set
from mappings.records import Claim, EnrolmentHeader

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


STRANGER = "no sponsor its sender may send for has the group number it names; load that sponsor or partner first"
"""Why what named nobody still waits."""

# ---- releases --------------------------------------------------------------------------------------------------------


def release(context: Context, hold_id: str, user: str, reason: str) -> str:
    """Releases a hold: a new event with a new number. Returns what it did; raises UsageError or NotPermitted."""
    with context.store.write("hold-release") as connection:
        row = connection.execute(select(hold).where(hold.c.id == hold_id).with_for_update()).one_or_none()
        if row is None or row.state != "open":
            raise UsageError(f"no open hold {hold_id}")
        body = msgspec.json.decode(row.body)
        if not _enough(connection, context, row, body, user):
            return "noted; another person must release it, too"
        holds.close(connection, context.now_us, hold_id, user, reason)
        return _RELEASES.get(row.kind, _acknowledge)(connection, context, row, body)


def _enough(connection: Connection, context: Context, row: Any, body: dict[str, Any], user: str) -> bool:
    """Whether as many people as the hold asks for have released it; raises NotPermitted for the same one again."""
    given = body.get("given", [])
    if user in given:
        raise NotPermitted(f"{user} has released it already; another person must")
    if len(given) + 1 >= body.get("people", 1):
        return True
    noted = msgspec.json.encode({**body, "given": [*given, user]}).decode()
    connection.execute(update(hold).where(hold.c.id == row.id).values(body=noted))
    audit.note(connection, context.now_us, user, "release", f"hold {row.id}", "first of two people")
    return False


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


def _pend(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A pended claim is decided again, as of now; through the sponsor's lane, so that it never sees half a file."""
    if row.sponsor_id == NOBODY:
        return _adopt(connection, context, body.get("icns") or [body["icn"]])
    _enqueue_rerun(connection, context, row.sponsor_id, body["icn"], answered=True)
    return "the claim is decided again"


def _adopt(connection: Connection, context: Context, icns: list[str]) -> str:
    """Claims that named no sponsor we knew go to the one they name now, each as a new event."""
    parties = Parties(connection, installation.business_date(connection))
    waiting = select(claim_table.c.icn, claim_table.c.partner, claim_table.c.body).where(
        claim_table.c.sponsor_id == NOBODY, claim_table.c.icn.in_(icns), claim_table.c.state == "pended"
    )
    rows = connection.execute(waiting.order_by(claim_table.c.ord)).all()
    told = [(row.icn, row.partner, msgspec.json.decode(row.body, type=Claim).group_no) for row in rows]
    found = [(icn, _sponsor_of(parties, partner_id, group_no)) for icn, partner_id, group_no in told]
    adopted = [(icn, sponsor_id) for icn, sponsor_id in found if sponsor_id]
    if rows and not adopted:
        raise NotPermitted(STRANGER)
    for icn, sponsor_id in adopted:
        mine = update(claim_table).where(claim_table.c.sponsor_id == NOBODY, claim_table.c.icn == icn)
        connection.execute(mine.values(sponsor_id=sponsor_id))
        holds.close_about(connection, "pend", NOBODY, f"claim {icn}")
        _enqueue_rerun(connection, context, sponsor_id, icn, answered=False)
    return f"{len(adopted)} of {len(rows)} claims go to the sponsor they name"


def _sponsor_of(parties: Parties, partner_id: str, group_no: str) -> str:
    """The sponsor a group number names now, among those the partner may send for now; "" if none."""
    partner = parties.partners.get(partner_id)
    return parties.sponsor_of_group(partner, group_no) if partner else ""


def _enqueue_rerun(
    connection: Connection, context: Context, sponsor_id: str, icn: str, *, answered: bool, rung: bool = False
) -> None:
    """answered: a person has looked at what the claim waits for. rung: nobody has, and a timer rang."""
    event = counters.take(connection, "receipt")
    queue.enqueue(connection, context.now_us, "rerun", lane=f"S/{sponsor_id}", sponsor_id=sponsor_id,
                  partner=f"sponsor/{sponsor_id}", ord=ord_of(event), gate=event,
                  body={"icn": icn, "event": event, "answered": answered, "rung": rung})  # fmt: skip


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
        sponsor_id = _adopt_file(connection, step)
    event = counters.take(connection, "receipt")
    ord_ = acceptance.place(step, event)
    connection.execute(update(x12_set).where(*set_key(step)).values(routes_left=1))
    queue.enqueue(connection, context.now_us, "route", lane=f"S/{sponsor_id}", sponsor_id=sponsor_id,
                  partner=f"sponsor/{sponsor_id}", ord=ord_, gate=event,
                  body={**step, "ord": ord_, "released": known})  # fmt: skip
    return "the held rows are applied" if step.get("rows") else "the file is applied"


def _adopt_file(connection: Connection, step: dict[str, Any]) -> str:
    """Gives the rows of a file that named no sponsor we knew to the one it names now, which it returns."""
    set_row = connection.execute(select(x12_set.c.partner, x12_set.c.header).where(*set_key(step))).one()
    header = msgspec.json.decode(set_row.header, type=EnrolmentHeader)
    parties = Parties(connection, installation.business_date(connection))
    sponsor_id = _sponsor_of(parties, set_row.partner, header.master_policy)
    if not sponsor_id:
        raise NotPermitted(STRANGER)
    connection.execute(update(staged).where(*staged_key(step)).values(sponsor_id=sponsor_id))
    return sponsor_id


def _parked(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A parked step is tried again; one that orders a file is a new event, behind what was applied meanwhile."""
    step = body["body"]
    if body["kind"] == "adjudicate":
        again = update(claim_table).where(
            claim_table.c.sponsor_id == row.sponsor_id, claim_table.c.icn.in_(step["icns"]),
            claim_table.c.state == "pended",
        )  # fmt: skip
        connection.execute(again.values(state="routed"))
    if not queue.unpark(connection, body["work_id"], context.now_us):
        raise UsageError("the step is not parked any more")
    if body["kind"] in _ANEW:
        _ANEW[body["kind"]](connection, body["work_id"], row.sponsor_id, step)
    return "the step is tried again"


def _read_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    """A file gets a new number and is read from its start; once some of it is decided, only the rest gets the number.

    The receipt number of a file that is half decided stays: its answers, which the partner has, name it.
    """
    old, event = step["receipt_no"], counters.take(connection, "receipt")
    mine = update(receipt).where(receipt.c.receipt_no == old)
    connection.execute(mine.values(state="received", reason=""))
    if connection.execute(select(interchange.c.number).where(interchange.c.receipt_no == old).limit(1)).first():
        step = {**step, "event": event}
    else:
        connection.execute(delete(staged).where(staged.c.receipt_no == old))
        connection.execute(delete(progress).where(progress.c.receipt_no == old))
        connection.execute(mine.values(receipt_no=event))
        step = {**step, "receipt_no": event}
    queue.reorder(connection, work_id, ord_of(event), 0, step)


def _route_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    if _begun(connection, sponsor_id, step):
        return
    event = counters.take(connection, "receipt")
    ord_ = acceptance.place(step, event)
    queue.reorder(connection, work_id, ord_, event, {**step, "ord": ord_})


def _known_anew(connection: Connection, work_id: str, sponsor_id: str, step: dict[str, Any]) -> None:
    """What was itself a release is known from now on; a timer takes its number when it rings."""
    if "event" in step:
        event = counters.take(connection, "receipt")
        queue.reorder(connection, work_id, ord_of(event), event, {**step, "event": event})


_ANEW = {"intake": _read_anew, "route": _route_anew, "end-absent": _known_anew, "rerun": _known_anew}
"""Kind of parked step -> what gives it its new place; the others say nothing that others must know in order."""


def _begun(connection: Connection, sponsor_id: str, step: dict[str, Any]) -> bool:
    """Whether some of the set was routed or applied already: the rest must keep its place."""
    applied = (enrolment_table.c.sponsor_id == sponsor_id, enrolment_table.c.ord == step["ord"])
    return "after" in step or connection.execute(select(enrolment_table.c.ord).where(*applied)).first() is not None


def _remote(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    if "outbox_id" in body:
        push.released(connection, context, body["outbox_id"])
        return "the file is sent again"
    remote.released(connection, context, body["partner"])
    return "the server is called again"


_RELEASES = {
    "batch": _batch, "pend": _pend, "absence": _absence, "enrolment": _enrolment, "parked": _parked,
    "remittance": _remittance, "remote": _remote,
}  # fmt: skip
"""Kind of hold -> what its release does; the others are only taken note of."""

# ---- steps a release causes ------------------------------------------------------------------------------------------


def rerun(context: Context, work: Work) -> None:
    """The step: a pended claim takes its new place in the order, finds its member anew, and is decided.

    Without an event it is a timer that rings: it takes its number now and gets in line behind the files before it. A
    claim that a person is releasing meanwhile is that person's: the timer does nothing.
    """
    icn, event = work.body["icn"], work.body.get("event")
    with context.store.write("rerun") as connection:
        queue.finish(connection, work)
        if (event is None or work.body.get("rung")) and not _untouched(connection, work.sponsor_id, icn):
            return
        if event is None:
            _enqueue_rerun(connection, context, work.sponsor_id, icn, answered=False, rung=True)
            return
        today = installation.business_date(connection)
        mine = (claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn == icn)
        row = connection.execute(select(claim_table).where(*mine)).one()
        if row.state != "pended" or row.replaced_by:  # what takes its place is decided instead
            return
        ord_ = ord_of(event)
        values = route.find_member(connection, work.sponsor_id, row, ord_)
        cleared = _queues(connection, row) if work.body["answered"] else ()
        values |= {"ord": ord_, "state": "routed", "cleared": " ".join(sorted({*row.cleared.split(), *cleared}))}
        connection.execute(update(claim_table).where(*mine).values(**values))
        holds.close_about(connection, "pend", work.sponsor_id, f"claim {icn}")
        sponsor = Parties(connection, today).sponsors.get(work.sponsor_id)
        root = values["family_root"] or route.root_of_original(connection, work.sponsor_id, row)
        shard = route.shard_of(root, sponsor)
        route.enqueue_adjudicate(connection, context, work.sponsor_id, shard, ord_, [icn])


def _untouched(connection: Connection, sponsor_id: str, icn: str) -> bool:
    """Whether the claim waits and nobody has begun to release it."""
    mine = select(hold.c.body).where(
        hold.c.state == "open", hold.c.sponsor_id == sponsor_id, hold.c.kind == "pend", hold.c.subject == f"claim {icn}"
    )
    bodies = [msgspec.json.decode(body) for body in connection.execute(mine).scalars()]
    return bool(bodies) and not any(body.get("given") for body in bodies)


def _queues(connection: Connection, row: Any) -> set[str]:
    """Every queue a pended claim stands in: the pend's, and those its notes name."""
    body = connection.execute(
        select(decision_table.c.body).where(
            decision_table.c.sponsor_id == row.sponsor_id, decision_table.c.icn == row.icn,
            decision_table.c.version == row.version,
        )
    ).scalar_one_or_none()  # fmt: skip
    if body is None:
        return set()
    decision = msgspec.json.decode(body, type=Decision)
    also = {note.rule.removeprefix("pend ") for note in decision.notes if note.rule.startswith("pend ")}
    return also | ({decision.pend.queue} if decision.pend else set())
