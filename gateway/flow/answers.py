"""The answers to a received file, written with the decision they tell: TA1, 999, 277CA, readable reports.

A TA1 is sent only when the sender asked (ISA14 = 1); where no X12 answer is allowed or possible, a report in the
partner's `reports` folder says what happened. Nothing is ever acknowledged that is itself an acknowledgement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from gateway.flow import claim_numbers, gathering
from gateway.flow.context import Context
from gateway.flow.envelopes import Draft, draft, send, time_of_day
from gateway.flow.gathering import Answer
from gateway.flow.inbound import Inbound, ReadInterchange, set_key
from gateway.flow.parties import Parties
from gateway.plan.claims import acknowledgement, door
from gateway.store import counters, installation, outbox, queue
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import interchange, receipt, x12_set
from mappings import claim_ack, implementation_ack, interchange_ack
from mappings.records import (
    Claim,
    ClaimAcknowledgement,
    ClaimAnswer,
    ClaimBatch,
    ClaimStatus,
)
from mappings.verdicts import REJECTED
from parsers import findings
from parsers.envelope import number_legal
from parsers.events import GroupVerdict, InterchangeClosed, InterchangeVerdict, SetVerdict
from parsers.findings import Finding

REPORTED_FINDINGS = 500
"""Findings a readable report lists: more than anybody reads, and at most 200 KB."""

NOT_THEIRS = "1"
"""AK905 of a group we do not take from this sender (domain 1.3): of a kind nobody may send here, or not in its role."""

ACCEPTED_WITH_ERRORS = "accepted with errors noted"
"""IK501 E: what was found weighs no more than a warning to this partner, and the set stands."""


def _post_answer(
    connection: Connection, file: Inbound, read: ReadInterchange, kind: str, made: Draft, isa13: str, group: int = 0
) -> None:
    """A TA1 or 999. isa13: of what it answers. group: which, 0 for several or none."""
    told = Answer(kind, file.number, file.receipt.name, isa13, read.number, group)
    gathering.leave(connection, file.context, file.partner, file.today, told, send(connection, made))


def _ta1(connection: Connection, file: Inbound, read: ReadInterchange, verdict: InterchangeVerdict) -> None:
    made = draft(file.context, file.parties, file.partner, file.today, "", (), ta1=interchange_ack.write(verdict))
    _post_answer(connection, file, read, "TA1", made, verdict.header.isa13)


def reject(connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed) -> None:
    """The answer to a rejected interchange: a TA1 if it was asked for, and a report in any case."""
    if interchange_ack.asked(event.verdict, read.groups, event.ta1):
        _ta1(connection, file, read, event.verdict)
    sentences = [_sentence(one) for one in event.verdict.findings]
    which = {"interchange": read.number, "control": event.verdict.header.isa13}
    _report(connection, file, {"verdict": "rejected", **which, "reasons": sentences}, sentences)


def draft_999(file: Inbound, read: ReadInterchange) -> tuple[tuple[int, Draft], ...]:
    """The 999s, one for each group that may be answered, written before the transaction that decides.

    Returns: interchanges, as their partner's profile cuts them: the group each answers, 0 when it answers all of them.
    """
    groups = [(number, one) for number, one in enumerate(read.groups, 1) if one.answerable]
    if file.partner.profile.sets == "one":
        return tuple((number, _draft_999(file, [one])) for number, one in groups)
    return ((0, _draft_999(file, [one for _, one in groups])),) if groups else ()


def _draft_999(file: Inbound, groups: list[GroupVerdict]) -> Draft:
    message = implementation_ack.message(groups, file.partner.delimiters)
    return draft(file.context, file.parties, file.partner, file.today, *message)


def accept(
    connection: Connection, file: Inbound, read: ReadInterchange, event: InterchangeClosed,
    made: tuple[tuple[int, Draft], ...],
) -> None:  # fmt: skip
    """The answers to an accepted interchange: TA1 if asked, the 999s, a report when a set was not simply accepted."""
    number, isa13 = read.number, event.verdict.header.isa13
    if interchange_ack.asked(event.verdict, read.groups, event.ta1):
        _ta1(connection, file, read, event.verdict)
    for group, one in made:
        _post_answer(connection, file, read, "999", one, isa13, group)
    bad = [(v, s) for v in read.groups for s in v.sets if s.verdict != "A"]  # of acknowledgements, too: no 999 tells it
    groups = [f"group {v.header.gs06}: {_sentence(one)}" for v in read.groups for one in v.findings]
    if bad or groups:
        good, received = sum(v.accepted for v in read.groups), sum(v.received for v in read.groups)
        lines = [*groups, *(line for v, one in bad for line in _told(v, one))]
        lines.append(f"{good} of {received} sets of it were accepted and stand.")
        verdict = "sets rejected" if good < received else ACCEPTED_WITH_ERRORS
        document = {"verdict": verdict, "interchange": number, "control": isa13,
                    "sets": [{"st02": s.st02, "type": s.st01, "verdict": s.verdict, "codes": s.codes,
                              "findings": list(map(findings.told, s.findings[:REPORTED_FINDINGS]))}
                             for _, s in bad]}  # fmt: skip
        _report(connection, file, document, lines)


def junk(connection: Connection, file: Inbound, finding: Finding) -> None:
    """The answer to bytes that are no interchange; what was accepted before them stands."""
    verdict = "used in part" if _standing(connection, file) else "quarantined"
    document = {"verdict": verdict, "code": finding.code, "reason": finding.message}
    _report(connection, file, document, [finding.message])


def repeated(connection: Connection, file: Inbound) -> None:
    """The answer to the very bytes of an earlier file: which one stands."""
    reason = (
        f"It has the same bytes as receipt {file.repeats}, which stands; nothing of it was processed again (TA1 025)."
    )
    _report(connection, file, {"verdict": "received before", "first": file.repeats, "reason": reason}, [reason])


def _told(group: GroupVerdict, one: SetVerdict) -> Iterator[str]:
    """What became of a set, and why: its own errors refuse it (IK501 R), or those of its group do."""
    with_group = "rejected with its group" if group.verdict == REJECTED else ACCEPTED_WITH_ERRORS
    said = "rejected" if one.verdict == REJECTED else with_group
    yield f"set {one.st02}: {said}."
    for finding in one.findings[:REPORTED_FINDINGS]:
        place = finding.place
        where = f"segment {place.position} {place.segment}" + (f" element {place.element:02d}" if place.element else "")
        loop = f" in loop {place.loop}" if place.loop else ""
        yield f"set {one.st02}: {where}{loop}: {_sentence(finding)}"


def _sentence(finding: Finding) -> str:
    """What is wrong, by which rule, and how it is mended."""
    return f"{finding.message} ({finding.law})" + (f" {finding.mend.text}" if finding.mend else "")


def _standing(connection: Connection, file: Inbound) -> dict[int, str]:
    """The interchanges of the file that were accepted so far: number and ISA13."""
    mine = select(interchange.c.number, interchange.c.isa13).where(
        interchange.c.receipt_no == file.number, interchange.c.state == "accepted"
    )
    return {row.number: row.isa13 for row in connection.execute(mine.order_by(interchange.c.number))}


def _report(connection: Connection, file: Inbound, document: dict[str, Any], lines: list[str]) -> None:
    """A readable text and its JSON twin in the partner's reports folder; free of what the file contained.

    It says which interchange it is about, and which others of the file stand.
    """
    others = {n: control for n, control in _standing(connection, file).items() if n != document.get("interchange")}
    which = _named(document["interchange"], document["control"]) + " " if "interchange" in document else ""
    head = f"Receipt {file.number} of {file.today}, {file.receipt.size} bytes: {which}{document['verdict']}."
    text = "\n".join([head, *lines, *(f"{_named(*one)} was accepted and stands." for one in others.items())]) + "\n"
    body = {"receipt": file.number, "received": file.today.isoformat(), **document, "standing": sorted(others)}
    n = counters.take(connection, f"report/{file.number}")
    base = f"R{file.number:09d}-report{n}"
    for suffix, content in (("txt", text.encode()), ("json", msgspec.json.encode(body))):
        parcel = Parcel(partner=file.partner.id, kind="report", name=f"{base}.{suffix}", body=content, folder="reports",
                        cause=file.subject)  # fmt: skip
        outbox.post(connection, file.context.keys, file.context.now_us, file.today.isoformat(), parcel)


def _named(number: int, isa13: str) -> str:
    """Interchange 2 (ISA13 000000202); without its number where that is not legal and could be anything."""
    return f"Interchange {number}" + (f" (ISA13 {isa13})" if number_legal(isa13) else "")


# ---- 277CA -----------------------------------------------------------------------------------------------------------


def answer(context: Context, work: Work) -> None:
    """The step: the one 277CA of an accepted 837 set, from what its route steps left."""
    with context.store.read() as connection:
        set_row = connection.execute(select(x12_set).where(*set_key(work.body))).one()
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        told = _acknowledgement(connection, context, parties, set_row, today)
        answered = connection.execute(_answered(set_row)).one()
    partner = parties.partner(set_row.partner)
    made = draft(context, parties, partner, today, *claim_ack.message(told))
    answers = Answer("277CA", set_row.receipt_no, answered.name, answered.isa13, set_row.interchange, set_row.grp,
                     set_row.number)  # fmt: skip
    with context.store.write("answer") as connection:
        queue.finish(connection, work)
        gathering.answered(connection, work.body)
        gathering.leave(connection, context, partner, today, answers, send(connection, made))
        gathering.due(connection, context, set_row.receipt_no)


def _answered(set_row: Any) -> Select[Any]:
    """Under which names its sender knows the file and the interchange of a set."""
    mine = (interchange.c.receipt_no == set_row.receipt_no) & (interchange.c.number == set_row.interchange)
    return select(receipt.c.name, interchange.c.isa13).join_from(
        receipt, interchange, (interchange.c.receipt_no == receipt.c.receipt_no) & mine
    )


def _acknowledgement(
    connection: Connection, context: Context, parties: Parties, set_row: Any, today: date
) -> ClaimAcknowledgement:
    rows = list(connection.execute(_claims_of(set_row)))
    batch = msgspec.json.decode(set_row.header, type=ClaimBatch)
    return acknowledgement.of_set(
        batch, map(_answer, rows), parties.administrator.organisation,
        reference=f"{set_row.receipt_no}-{set_row.interchange}-{set_row.grp}-{set_row.number}",
        receipt=f"R{set_row.receipt_no:09d}", received=date.fromisoformat(rows[0].received_on) if rows else today,
        today=today, time=time_of_day(context.now_us),
    )  # fmt: skip


def _claims_of(set_row: Any) -> Select[Any]:
    """A set's claims in the order they came, by their numbers: a release or a decision anew moves a claim's ord."""
    numbers = claim_numbers.within(set_row.icn_first, set_row.rows)
    mine = select(claim_table).where(numbers, claim_table.c.partner == set_row.partner)
    return mine.order_by(func.length(claim_table.c.icn), claim_table.c.icn)


def _answer(row: Any) -> tuple[Claim, ClaimAnswer]:
    claim = msgspec.json.decode(row.body, type=Claim)
    reasons = msgspec.json.decode(row.answer, type=tuple[ClaimStatus, ...])
    objections = msgspec.json.decode(row.findings, type=tuple[door.Objection, ...])
    return claim, acknowledgement.answer(claim, reasons, objections, row.icn)
