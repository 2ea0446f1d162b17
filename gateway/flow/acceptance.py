"""Acceptance: the small transaction at an interchange's end that makes its rows visible, or rejects it whole.

Verdicts, answers with their control numbers, claim numbers and route steps are written together.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, delete, insert, select

from gateway.flow import answers, claim_numbers, holds, replies
from gateway.flow.context import Context
from gateway.flow.envelopes import Draft
from gateway.flow.inbound import Inbound, ReadInterchange, ReadSet, staged_key
from gateway.store import queue
from gateway.store.engine import CHUNK_CLAIMS, CHUNK_ROWS
from gateway.store.order import ord_of
from gateway.store.queue import Work
from gateway.store.rows import parts
from gateway.store.schema import interchange, staged, x12_set
from mappings import drugs
from parsers.events import InterchangeClosed
from parsers.refusals import refusal

STAGE_ROWS = {"837": CHUNK_CLAIMS, "834": CHUNK_ROWS, drugs.FILE: CHUNK_CLAIMS}
"""Sets that bring rows, and how many of them one stage transaction writes."""


LOOKED_UP = 500
"""References or hashes in one IN list: far below both engines' limits."""


class Known(NamedTuple):
    """What is on file about an interchange, read before the transaction that decides: it stays so, as only the owner of
    the partner's intake lane adds sets of the partner, and only this file's intake stages its rows.

    received: BHT03 or BGN02, and hash, of sets received before -> their receipt. sponsors: (group, set) -> those that
    its rows name. answers: the 999s, as `answers.draft_999` gives them.
    """

    received: dict[tuple[str, str], int]
    sponsors: dict[tuple[int, int], list[str]]
    answers: tuple[tuple[int, Draft], ...]


def look(connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed) -> Known:
    """Reads and writes beforehand what needs no transaction; nothing for an interchange that is rejected."""
    if event.verdict.verdict == "R":
        return Known({}, {}, ())
    received: dict[tuple[str, str], int] = {}
    for st01 in STAGE_ROWS:
        mine = [one for one in read.sets if one.st01 == st01 and one.closed]
        for column, values in (
            (x12_set.c.reference, sorted({one.reference for one in mine})),
            (x12_set.c.body_sha256, sorted({one.closed.body_sha256 for one in mine if one.closed})),
        ):
            for part in parts(values, LOOKED_UP):
                same = select(column, x12_set.c.receipt_no).where(
                    x12_set.c.partner == file.partner.id, x12_set.c.st01 == st01, column.in_(part),
                    x12_set.c.state.in_(("accepted", "held", "released")),
                )  # fmt: skip
                received |= {(st01, value): receipt_no for value, receipt_no in connection.execute(same)}
    named = select(staged.c.grp, staged.c.set_no, staged.c.sponsor_id).where(
        staged.c.receipt_no == file.number, staged.c.interchange == read.number
    )
    sponsors: dict[tuple[int, int], list[str]] = defaultdict(list)
    for grp, set_no, sponsor_id in sorted(map(tuple, connection.execute(named.distinct()))):
        sponsors[grp, set_no].append(sponsor_id)
    return Known(received, dict(sponsors), answers.draft_999(file, read))


def decide(
    connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed, known: Known
) -> str:  # fmt: skip
    """Accepts or rejects an interchange in the caller's transaction; returns the state."""
    event = _without_duplicate(connection, file, event)
    state = "rejected" if event.verdict.verdict == "R" else "accepted"
    _insert_interchange(connection, file, read, event, state)
    if state == "rejected":
        _reject(connection, file, read, event)
    else:
        _accept(connection, file, read, event, known)
    return state


def _without_duplicate(connection: Connection, file: Inbound, event: InterchangeClosed) -> InterchangeClosed:
    """The event, its verdict R 025 when an accepted interchange of the pair had its number, or its file came twice."""
    header = event.verdict.header
    same = select(interchange.c.sha256).where(
        interchange.c.sender == header.isa05 + header.isa06, interchange.c.receiver == header.isa07 + header.isa08,
        interchange.c.isa13 == header.isa13, interchange.c.usage == header.isa15, interchange.c.state == "accepted",
    )  # fmt: skip
    earlier = connection.execute(same).scalar_one_or_none()
    if event.verdict.verdict == "R" or (earlier is None and not file.repeats):
        return event
    if earlier not in (None, event.sha256):
        reason = "the control number of an accepted interchange came again with other content"
        holds.open_(connection, file.context.now_us, "replay", "", file.subject, reason)
    told = refusal("interchange", "025")
    verdict = msgspec.structs.replace(event.verdict, verdict="R", codes=(told.code,), findings=(told,))
    return msgspec.structs.replace(event, verdict=verdict)


def _insert_interchange(
    connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed, state: str
) -> None:
    header = event.verdict.header
    connection.execute(
        insert(interchange).values(
            receipt_no=file.number, number=read.number, partner=file.partner.id,
            sender=header.isa05 + header.isa06, receiver=header.isa07 + header.isa08, isa13=header.isa13,
            usage=header.isa15, sha256=event.sha256, state=state,
            codes=msgspec.json.encode(event.verdict.codes).decode(),
        )
    )  # fmt: skip


def _reject(connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed) -> None:
    """Verdict and answer only: nothing of it may be used."""
    _insert_sets(connection, [_set_row(file, read, one, "rejected") for one in read.sets])
    enqueue_sweep(connection, file.context, file.partner.id, {"receipt_no": file.number})
    answers.reject(connection, file, read, event)
    if "025" not in event.verdict.codes:
        reason = " ".join(["interchange rejected:", *(one.message for one in event.verdict.findings)])
        holds.open_(connection, file.context.now_us, "file", "", file.subject, reason)


def _accept(
    connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed, known: Known
) -> None:  # fmt: skip
    """After this commit the rows of its accepted sets are visible."""
    received = dict(known.received)
    states = [_state_of(connection, file, read, one, received) for one in read.sets]
    told = list(zip(read.sets, states, strict=True))
    good = [one for one, state in told if state == "accepted"]
    replies.take(connection, file, [trace for one in good for trace in one.traces], event.ta1)
    routes = [(_body(file, read, one), known.sponsors.get((one.grp, one.number), [])) for one in good]
    icn = claim_numbers.block(connection, file.today, sum(one.rows for one, state in told if _numbered(one, state)))
    rows = []
    for one, state in told:
        row = _set_row(file, read, one, state)
        if _numbered(one, state):
            row["icn_first"], icn = icn, claim_numbers.after(icn, one.rows)
        if state == "accepted":
            row["routes_left"] = len(known.sponsors.get((one.grp, one.number), []))
            row["awaited"] = int(one.st01 == "837" and row["routes_left"] > 0)
        rows.append(row)
    _insert_sets(connection, rows)
    enqueue_route(connection, file.context, routes, file.partner.id, file.event)
    if "rejected" in states:
        enqueue_sweep(connection, file.context, file.partner.id, {"receipt_no": file.number})
    _ask_a_person(connection, file, read, states)
    answers.accept(connection, file, read, event, known.answers)


def accept_drugs(connection: Connection, file: Inbound, one: ReadSet) -> None:
    """After this commit the rows of a drug manager's file are visible: one set of one interchange, whose number are its
    bytes, so that they are accepted once."""
    connection.execute(
        insert(interchange).values(
            receipt_no=file.number, number=one.grp, partner=file.partner.id, sender=file.partner.id, receiver="",
            isa13=file.receipt.sha256, usage=file.context.usage, sha256=file.receipt.sha256, state="accepted",
            codes="[]",
        )
    )  # fmt: skip
    read = ReadInterchange(one.grp)
    body = _body(file, read, one)
    sponsors = sponsors_of(connection, body)
    icn = claim_numbers.block(connection, file.today, one.rows)
    row = {**_set_row(file, read, one, "accepted"), "icn_first": icn, "routes_left": len(sponsors)}
    _insert_sets(connection, [row])
    enqueue_route(connection, file.context, [(body, sponsors)], file.partner.id, file.event)


def _numbered(one: ReadSet, state: str) -> bool:
    """Whether the set's rows get claim numbers: a suspected duplicate keeps a block, too, for its release."""
    return one.st01 == "837" and state != "rejected"


def _body(file: Inbound, read: ReadInterchange, one: ReadSet) -> dict[str, int]:
    """How a step or a hold names a set."""
    return {"receipt_no": file.number, "interchange": read.number, "grp": one.grp, "set_no": one.number}


def sponsors_of(connection: Connection, body: dict[str, Any]) -> list[str]:
    """The sponsors a set's staged rows name: as they were staged, which an earlier attempt may have done."""
    found = select(staged.c.sponsor_id).where(*staged_key(body)).distinct()
    return sorted(connection.execute(found).scalars())


def _state_of(
    connection: Connection, file: Inbound, read: ReadInterchange, one: ReadSet, received: dict[tuple[str, str], int]
) -> str:
    """accepted, rejected, or held when the batch looks like one received before; learns what it is for the next."""
    if one.closed is None or one.closed.verdict.verdict == "R" or one.grp in read.rejected_groups:
        return "rejected"
    if one.st01 not in STAGE_ROWS:
        return "accepted"
    names = [(one.st01, one.reference), (one.st01, one.closed.body_sha256)]
    earlier = next((received[name] for name in names if name in received), None)
    received |= dict.fromkeys(names, file.number)
    if earlier is None:
        return "accepted"
    holds.open_(
        connection, file.context.now_us, "batch", "", f"{file.subject} set {one.number}",
        f"suspected duplicate of a batch of receipt {earlier}", **_body(file, read, one),
    )  # fmt: skip
    return "held"


def _set_row(file: Inbound, read: ReadInterchange, one: ReadSet, state: str) -> dict[str, Any]:
    return {
        "receipt_no": file.number, "interchange": read.number, "grp": one.grp, "number": one.number,
        "partner": file.partner.id, "st01": one.st01, "reference": one.reference,
        "body_sha256": one.closed.body_sha256 if one.closed else "", "state": state,
        "header": msgspec.json.encode(one.header).decode(), "rows": one.rows, "icn_first": "", "routes_left": 0,
        "awaited": 0, "findings": msgspec.json.encode(one.findings).decode(),
    }  # fmt: skip


def _insert_sets(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(x12_set), rows)


def _ask_a_person(connection: Connection, file: Inbound, read: ReadInterchange, states: list[str]) -> None:
    """Somebody hears of an accepted interchange of which nothing is used, and of what its sender may not send."""
    reason = ""
    if states and set(states) == {"rejected"}:
        reason = f"every set of interchange {read.number} was rejected; see its report"
    if any(answers.NOT_THEIRS in group.codes for group in read.groups):
        reason = f"interchange {read.number} has a kind of file its sender may not send; see its report"
    if reason:
        holds.open_(connection, file.context.now_us, "file", "", file.subject, reason)


def enqueue_sweep(connection: Connection, context: Context, partner: str, body: dict[str, Any]) -> None:
    """Removes staged rows: of the set the body names, or of every rejected set of the receipt it names."""
    queue.enqueue(connection, context.now_us, "sweep", lane=f"sweep/{body['receipt_no']}", partner=partner, body=body)


def sweep(context: Context, work: Work) -> None:
    """The step: removes staged rows that nobody will read, a chunk at a time."""
    gone = _unread_rows(work.body).limit(CHUNK_ROWS)
    while True:
        with context.store.write("sweep") as connection:
            rows = connection.execute(delete(staged).where(staged.c.ord.in_(gone))).rowcount
            if rows < CHUNK_ROWS:
                queue.finish(connection, work)
                return
            queue.advance(connection, work, work.body)


def _unread_rows(body: dict[str, Any]) -> Select[Any]:
    if "set_no" in body:
        return select(staged.c.ord).where(*staged_key(body))
    return (
        select(staged.c.ord)
        .join(
            x12_set,
            (x12_set.c.receipt_no == staged.c.receipt_no) & (x12_set.c.interchange == staged.c.interchange)
            & (x12_set.c.grp == staged.c.grp) & (x12_set.c.number == staged.c.set_no),
        )
        .where(staged.c.receipt_no == body["receipt_no"], x12_set.c.state == "rejected")
    )  # fmt: skip


def enqueue_route(
    connection: Connection, context: Context, sets: list[tuple[dict[str, Any], list[str]]], partner: str, event: int
) -> None:
    """One route step per sponsor a set names, in the sponsor's lane. sets: key and sponsors; event: what orders it."""
    steps = [
        queue.Step(f"S/{sponsor_id}", sponsor_id, place(key, event), event, {**key, "ord": place(key, event)})
        for key, sponsors in sets
        for sponsor_id in sponsors
    ]
    queue.enqueue_all(connection, context.now_us, "route", partner, steps)


def place(key: dict[str, Any], event: int) -> str:
    """The order key of a set's route step, as an event. The set has none: each sponsor's step has its own."""
    return ord_of(event, key["interchange"], key["grp"], key["set_no"])
