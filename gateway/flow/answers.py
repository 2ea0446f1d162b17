"""The answers to a received file, written with the decision they tell: TA1, 999, 277CA, readable reports.

A TA1 is sent only when the sender asked (ISA14 = 1); where no X12 answer is allowed or possible, a report in the
partner's `reports` folder says what happened. Nothing is ever acknowledged that is itself an acknowledgement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection, select

from gateway.errors import GatewayError
from gateway.flow import holds
from gateway.flow.context import Context
from gateway.flow.envelopes import interchange, time_of_day
from gateway.flow.parties import Parties, Partner
from gateway.store import counters, outbox
from gateway.store.outbox import Parcel
from gateway.store.schema import claim as claim_table
from gateway.store.schema import outbox as outbox_table
from mappings import claim_ack, implementation_ack, interchange_ack
from mappings.records import (
    Claim,
    ClaimAcknowledgement,
    ClaimAnswer,
    ClaimBatch,
    ClaimStatus,
    ProviderAnswer,
    Trace,
)
from parsers import check
from parsers.envelope import EnvelopePolicy
from parsers.events import InterchangeClosed, InterchangeVerdict, Junk, SetClosed
from parsers.findings import Finding

if TYPE_CHECKING:
    from gateway.flow.intake import _Intake

class OutboundInvalid(GatewayError):
    """What we were about to send does not pass our own validator; nothing was sent."""


ACCEPTED = (ClaimStatus(category="A2", status="20", entity="PR"),)
"""277CA: accepted into the adjudication system."""

REPORTED_FINDINGS = 500
"""Findings a readable report lists: more than anybody reads, and at most 200 KB."""

TA1_ASKED = ("1",)
"""ISA14 that asks for a TA1. An invalid one is read as asking (TA105 019)."""

TA105 = {
    "001": "the control number of ISA and IEA differ", "002": "the standard of the control segments is not supported",
    "003": "the version of the control segments is not supported", "004": "the segment terminator is not valid",
    "005": "the sender's qualifier is not valid", "006": "the sender is not the owner of this mailbox",
    "007": "the receiver's qualifier is not valid", "008": "the receiver id is not valid",
    "009": "the receiver is not us", "010": "the authorization qualifier is not valid",
    "011": "the authorization information is not valid", "012": "the security qualifier is not valid",
    "013": "the security information is not valid", "014": "the interchange date is not valid",
    "015": "the interchange time is not valid", "016": "the standards identifier is not valid",
    "017": "the version identifier is not valid", "018": "the interchange control number is not valid",
    "019": "the acknowledgment request is not valid", "020": "the test indicator is not this installation's",
    "021": "the count of groups is wrong", "022": "the control structure is not valid",
    "023": "the file ends before the interchange does", "024": "the content of the interchange is not valid",
    "025": "the interchange control number was used before", "026": "the element separator is not valid",
    "027": "the component separator is not valid",
}  # fmt: skip
"""TA105 in our own words, for reports and the status page."""


def _name(run: _Intake, what: str, suffix: str = "x12") -> str:
    """R000000012-1.999.x12: our receipt number and the interchange, so that a partner finds what it answers."""
    return f"R{run.receipt_no:09d}-{run.interchange_no}.{what}.{suffix}"


def _post(connection: Connection, run: _Intake, kind: str, name: str, body: bytes, folder: str, control: str) -> None:
    parcel = Parcel(partner=run.partner.id, kind=kind, name=name, body=body, folder=folder, control=control,
                    cause=f"receipt {run.receipt_no}")  # fmt: skip
    outbox.post(connection, run.context.keys, run.context.now_us, run.today.isoformat(), parcel)


def _ta1(connection: Connection, run: _Intake, verdict: InterchangeVerdict) -> None:
    segments = interchange_ack.write(verdict)
    body, isa13 = interchange(connection, run.context, run.parties, run.partner, run.today, (), ta1=segments)
    _post(connection, run, "TA1", _name(run, "TA1"), body, "outbound", isa13)


def _asked(verdict: InterchangeVerdict) -> bool:
    return verdict.header.isa14 in TA1_ASKED or "019" in verdict.codes


def reject(connection: Connection, run: _Intake, event: InterchangeClosed) -> None:
    """The answer to a rejected interchange: a TA1 if it was asked for, and a report in any case."""
    if _asked(event.verdict):
        _ta1(connection, run, event.verdict)
    sentences = [f"TA1 {code}: {TA105.get(code, 'not accepted')}" for code in event.verdict.codes]
    _report(
        connection, run, {"verdict": "rejected", "interchange": run.interchange_no, "reasons": sentences}, sentences
    )


def accept(connection: Connection, run: _Intake, event: InterchangeClosed) -> None:
    """The answers to an accepted interchange: TA1 if asked, one 999 per group, a report when a set was rejected."""
    if _asked(event.verdict):
        _ta1(connection, run, event.verdict)
    answerable = [g.verdict for g in run.group_verdicts if g.verdict.answerable]
    if not answerable:
        return
    sets = [implementation_ack.write(v, f"{n:04d}", run.partner.delimiters) for n, v in enumerate(answerable, 1)]
    body, isa13 = interchange(connection, run.context, run.parties, run.partner, run.today, [("FA", sets)])
    _post(connection, run, "999", _name(run, "999"), body, "outbound", isa13)
    bad = [s for v in answerable for s in v.sets if s.verdict != "A"]
    if bad:
        lines = [line for one in bad for line in _told(one.st02, one.findings)]
        document = {"verdict": "sets rejected", "interchange": run.interchange_no,
                    "sets": [{"st02": s.st02, "verdict": s.verdict, "codes": s.codes} for s in bad]}  # fmt: skip
        _report(connection, run, document, lines)


def junk(connection: Connection, run: _Intake, finding: Finding) -> None:
    """The answer to bytes that are no interchange."""
    _report(
        connection, run, {"verdict": "quarantined", "code": finding.code, "reason": finding.message}, [finding.message]
    )


def _told(st02: str, findings: tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings[:REPORTED_FINDINGS]:
        place = finding.place
        where = f"segment {place.position} {place.segment}" + (f" element {place.element:02d}" if place.element else "")
        loop = f" in loop {place.loop}" if place.loop else ""
        yield f"set {st02}: {where}{loop}: {finding.message} ({finding.level} code {finding.code})"


def _report(connection: Connection, run: _Intake, document: dict[str, Any], lines: list[str]) -> None:
    """A readable text and its JSON twin in the partner's reports folder; free of what the file contained."""
    head = f"Receipt {run.receipt_no} of {run.today}, {run.receipt.size} bytes: {document['verdict']}."
    text = "\n".join([head, *lines]) + "\n"
    body = {"receipt": run.receipt_no, "received": run.today.isoformat(), **document}
    n = counters.take(connection, f"report/{run.receipt_no}")
    base = f"R{run.receipt_no:09d}-report{n}"
    _post(connection, run, "report", f"{base}.txt", text.encode(), "reports", "")
    _post(connection, run, "report", f"{base}.json", msgspec.json.encode(body), "reports", "")


def match(connection: Connection, run: _Intake, traces: list[Trace], ta1: tuple[tuple[str, ...], ...]) -> None:
    """Received 999s and TA1s against what we sent: a person hears of rejections and of answers to nothing."""
    answers = [*(interchange_ack.read(segment) for segment in ta1), *traces]
    for trace in answers:
        if trace is None or not trace.verdict:
            continue
        subject = f"receipt {run.receipt_no}"
        sent = select(outbox_table.c.id).where(
            outbox_table.c.partner == run.partner.id, outbox_table.c.control.contains(trace.control.lstrip("0"))
        )
        if connection.execute(sent.limit(1)).first() is None:
            holds.open_(connection, run.context.now_us, "answer", "", subject, "an answer to nothing we sent")
        elif trace.verdict in "RXMW":
            holds.open_(connection, run.context.now_us, "answer", "", subject, "a partner rejected what we sent")


# ---- 277CA -----------------------------------------------------------------------------------------------------------


def claims(connection: Connection, context: Context, parties: Parties, set_row: Any, today: date) -> None:
    """The one 277CA of an accepted 837 set, from the state its route steps left."""
    partner = parties.partner(set_row.partner)
    mine = select(claim_table).where(
        claim_table.c.ord.between(f"{set_row.ord[:-7]}0000000", f"{set_row.ord[:-7]}9999999")
    )
    rows = list(connection.execute(mine.order_by(claim_table.c.ord)))
    batch = msgspec.json.decode(set_row.header, type=ClaimBatch)
    number = counters.take(connection, "BHT/277CA")
    answer = ClaimAcknowledgement(
        reference=f"{number:09d}", receipt=f"R{set_row.receipt_no:09d}", batch=batch.reference, created=today,
        time=time_of_day(context.now_us), received=date.fromisoformat(rows[0].received_on) if rows else today,
        processed=today, payer=parties.administrator.organisation, submitter=batch.submitter,
        providers=_providers(rows),
    )  # fmt: skip
    sets = [list(claim_ack.write(answer))]
    body, isa13 = interchange(
        connection, context, parties, partner, today, [("HN", sets)], claim_ack.identifiers(answer)
    )
    name = f"R{set_row.receipt_no:09d}-{set_row.interchange}-{set_row.grp}-{set_row.number}.277CA.x12"
    parcel = Parcel(partner=partner.id, kind="277CA", name=name, body=body, control=isa13,
                    cause=f"receipt {set_row.receipt_no}")  # fmt: skip
    outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)


def _providers(rows: list[Any]) -> tuple[ProviderAnswer, ...]:
    told = [(row, msgspec.json.decode(row.body, type=Claim)) for row in rows]
    stretches = groupby(told, key=lambda pair: (pair[1].billing.npi, pair[1].billing.tin, pair[1].billing.name))
    return tuple(
        ProviderAnswer(provider=claims[0][1].billing, claims=tuple(_answer(row, claim) for row, claim in claims))
        for claims in (list(stretch) for _, stretch in stretches)
    )


def _answer(row: Any, claim: Claim) -> ClaimAnswer:
    reasons = msgspec.json.decode(row.answer, type=tuple[ClaimStatus, ...])
    # Who the patient is, is told as sent: the member number stands with the patient only when it is the patient's card.
    patient = claim.patient
    if not patient.id:
        patient = msgspec.structs.replace(patient, id=claim.subscriber.id, id_qualifier=claim.subscriber.id_qualifier)
    return ClaimAnswer(
        pcn=claim.pcn, charge_cents=claim.charge_cents, patient=patient, accepted=not reasons,
        reasons=reasons or ACCEPTED, icn="" if reasons else row.icn, clearinghouse_no=claim.clearinghouse_no,
        first=claim.first, last=claim.last,
    )  # fmt: skip


# ---- before anything leaves ------------------------------------------------------------------------------------------


def require_valid(context: Context, parties: Parties, partner: Partner, body: bytes) -> None:
    """Our own validator has the last word on what we send; raises OutboundInvalid, and the transaction is undone."""
    ours = parties.administrator
    policy = EnvelopePolicy(
        senders=frozenset({(ours.qualifier, ours.isa_id)}), receivers=frozenset({(partner.qualifier, partner.isa_id)}),
        usage=context.usage,
    )  # fmt: skip
    for event in check(body, context.guide, policy):
        if isinstance(event, Junk) or (isinstance(event, InterchangeClosed) and event.verdict.verdict != "A"):
            raise OutboundInvalid("the envelope")
        if isinstance(event, SetClosed) and event.verdict.verdict != "A":
            finding = event.verdict.findings[0] if event.verdict.findings else None
            raise OutboundInvalid(f"set {event.verdict.st02}: {finding.message if finding else event.verdict.codes}")
