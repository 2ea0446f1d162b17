"""What a person does about what waits: a parked step's consequences, and the release of every kind of hold."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import holds, intake, roster, route
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.plan import enrolment
from gateway.store import audit, counters, installation, queue
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import hold, receipt, staged, x12_set
from mappings.records import EnrolmentHeader

# ---- consequences of parking -----------------------------------------------------------------------------------------


def release_owner(context: Context, owner_prefix: str) -> int:
    """Gives back what dead workers held; a step that died three times leaves its lane and asks for a person."""
    with context.store.write("release") as connection:
        parked = queue.release(connection, owner_prefix)
        for work in parked:
            _park(connection, context, work)
    return len(parked)


def _park(connection: Connection, context: Context, work: Work) -> None:
    subject = f"step {work.kind} {work.id}"
    if work.kind == "intake":
        number = work.body["receipt_no"]
        subject = f"receipt {number}"
        mine = update(receipt).where(receipt.c.receipt_no == number)
        connection.execute(mine.values(state="parked", reason="reading it failed three times"))
    if work.kind == "adjudicate":
        mine = update(claim_table).where(
            claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn.in_(work.body["icns"]),
            claim_table.c.state == "routed",
        )  # fmt: skip
        connection.execute(mine.values(state="pended"))
    reason = f"the {work.kind} step failed three times"
    holds.open_(connection, context.now_us, "parked", work.sponsor_id, subject, reason,
                work_id=work.id, kind=work.kind, body=work.body)  # fmt: skip
    audit.note(connection, context.now_us, "gateway", "park", f"work {work.id}", work.kind)


# ---- releases --------------------------------------------------------------------------------------------------------


def release(context: Context, hold_id: str, user: str, reason: str) -> str:
    """Releases a hold: a new event with a new number. Returns what it did; raises UsageError or NotPermitted."""
    with context.store.write("hold-release") as connection:
        row = connection.execute(select(hold).where(hold.c.id == hold_id)).one_or_none()
        if row is None or row.state != "open":
            raise UsageError(f"no open hold {hold_id}")
        done = _RELEASES.get(row.kind, _acknowledge)(connection, context, row, msgspec.json.decode(row.body))
        holds.close(connection, context.now_us, hold_id, user, reason)
    return done


def _acknowledge(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    return "taken note of"


def _batch(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A suspected duplicate goes on as a new event: its rows, and so its claims, get the event's number."""
    mine = (
        x12_set.c.receipt_no == body["receipt_no"], x12_set.c.interchange == body["interchange"],
        x12_set.c.grp == body["grp"], x12_set.c.number == body["set_no"],
    )  # fmt: skip
    set_row = connection.execute(select(x12_set).where(*mine)).one()
    event = counters.take(connection, "receipt")
    ord_ = ord_of(event, set_row.interchange, set_row.grp, set_row.number)
    rows = (
        staged.c.receipt_no == set_row.receipt_no, staged.c.interchange == set_row.interchange,
        staged.c.grp == set_row.grp, staged.c.set_no == set_row.number,
    )  # fmt: skip
    sponsors = list(connection.execute(select(staged.c.sponsor_id).where(*rows).distinct()).scalars())
    connection.execute(update(staged).where(*rows).values(ord=ord_[:12] + func.substr(staged.c.ord, 13)))
    connection.execute(update(x12_set).where(*mine).values(state="released", ord=ord_, routes_left=len(sponsors)))
    intake.enqueue_route(connection, context, set_row.receipt_no, set_row.interchange, set_row.grp, set_row.number,
                         sorted(sponsors), set_row.partner, event)  # fmt: skip
    return "the batch goes on"


def _pend(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A pended claim is decided again, as of now; through the sponsor's lane, so that it never sees half a file."""
    if "icn" not in body:
        raise NotPermitted("claims of no known sponsor need a partner or sponsor to be loaded, and the file sent again")
    event = counters.take(connection, "receipt")
    queue.enqueue(connection, context.now_us, "rerun", lane=f"S/{row.sponsor_id}", sponsor_id=row.sponsor_id,
                  partner=f"sponsor/{row.sponsor_id}", ord=ord_of(event), gate=event,
                  body={"icn": body["icn"], "event": event})  # fmt: skip
    return "the claim is decided again"


def _absence(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    event = counters.take(connection, "receipt")
    queue.enqueue(connection, context.now_us, "end-absent", lane=f"S/{row.sponsor_id}", sponsor_id=row.sponsor_id,
                  partner=f"sponsor/{row.sponsor_id}", ord=ord_of(event), gate=event,
                  body={"of": body["ord"], "header": body["header"], "event": event})  # fmt: skip
    return "the coverage of those absent ends"


def _enrolment(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A held file is applied whole, as a new event; a refused one can only be taken note of."""
    if not body.get("release"):
        return "taken note of"
    step = body["step"]
    event = counters.take(connection, "receipt")
    mine = (
        x12_set.c.receipt_no == step["receipt_no"], x12_set.c.interchange == step["interchange"],
        x12_set.c.grp == step["grp"], x12_set.c.number == step["set_no"],
    )  # fmt: skip
    ord_ = ord_of(event, step["interchange"], step["grp"], step["set_no"])
    connection.execute(update(x12_set).where(*mine).values(ord=ord_, routes_left=1))
    queue.enqueue(connection, context.now_us, "route", lane=f"S/{row.sponsor_id}", sponsor_id=row.sponsor_id,
                  partner=f"sponsor/{row.sponsor_id}", ord=ord_, gate=event,
                  body={**step, "ord": ord_, "released": True})  # fmt: skip
    return "the file is applied"


def _parked(connection: Connection, context: Context, row: Any, body: dict[str, Any]) -> str:
    """A parked step is tried again."""
    if body["kind"] == "intake":
        mine = update(receipt).where(receipt.c.receipt_no == body["body"]["receipt_no"])
        connection.execute(mine.values(state="received", reason=""))
    if body["kind"] == "adjudicate":
        again = update(claim_table).where(
            claim_table.c.sponsor_id == row.sponsor_id, claim_table.c.icn.in_(body["body"]["icns"]),
            claim_table.c.version == 0, claim_table.c.state == "pended",
        )  # fmt: skip
        connection.execute(again.values(state="routed"))
    if not queue.unpark(connection, body["work_id"], context.now_us):
        raise UsageError("the step is not parked any more")
    return "the step is tried again"


_RELEASES = {"batch": _batch, "pend": _pend, "absence": _absence, "enrolment": _enrolment, "parked": _parked}
"""Kind of hold -> what its release does; the others are only taken note of."""

# ---- steps a release causes ------------------------------------------------------------------------------------------


def rerun(context: Context, work: Work) -> None:
    """The step: a pended claim takes its new place in the order, finds its member anew, and is decided."""
    icn, event = work.body["icn"], work.body["event"]
    with context.store.write("rerun") as connection:
        queue.finish(connection, work)
        today = installation.business_date(connection)
        mine = (claim_table.c.sponsor_id == work.sponsor_id, claim_table.c.icn == icn)
        row = connection.execute(select(claim_table).where(*mine)).one()
        if row.state != "pended":
            return
        ord_ = ord_of(event)
        person_id, root, match = route.find_member(connection, work.sponsor_id, row, ord_)
        values = {"ord": ord_, "person_id": person_id, "family_root": root, "match": match, "state": "routed"}
        connection.execute(update(claim_table).where(*mine).values(**values))
        sponsor = Parties(connection, today).sponsors.get(work.sponsor_id)
        shard = route.shard_of(root, sponsor)
        route.enqueue_adjudicate(connection, context, work.sponsor_id, shard, ord_, [icn])


def end_absent(context: Context, work: Work) -> None:
    """The step: ends by absence that a person released, with the known time of the release."""
    from gateway.flow.enrol import Going

    ord_ = ord_of(work.body["event"])
    header = msgspec.convert(work.body["header"], EnrolmentHeader)
    mine = (enrolment_table.c.sponsor_id == work.sponsor_id, enrolment_table.c.ord == work.body["of"])
    with context.store.write("enrol") as connection:
        queue.finish(connection, work)
        today: date = installation.business_date(connection)
        sponsor = Parties(connection, today).sponsor(work.sponsor_id)
        body = connection.execute(select(enrolment_table.c.report).where(*mine)).scalar_one()
        leavers = msgspec.json.decode(body, type=Going).survey.leavers
        people = roster.by_id(connection, sponsor.id, [one.person_id for one in leavers], ord_)
        for one in leavers:
            outcome = enrolment.end_absent(people[one.person_id], header, sponsor.rules, ord_, today, one.benefits,
                                           limited=False)  # fmt: skip
            if outcome.member is not None:
                roster.save(connection, context.keys, sponsor.id, outcome.member)
            for change in outcome.span_changes:
                roster.change_span(connection, sponsor.id, change.person_id, change.superseded, change.opened, ord_)
