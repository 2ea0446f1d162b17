"""The 277CA of a set: each claim's answer from the reasons and objections it met, claims by billing provider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from msgspec import structs

from gateway.plan.claims import door
from gateway.plan.claims.door import Objection
from mappings.records import (
    Claim,
    ClaimAcknowledgement,
    ClaimAnswer,
    ClaimBatch,
    ClaimStatus,
    Organisation,
    ProviderAnswer,
)

ACCEPTED = (ClaimStatus(category="A2", status="20", entity="PR"),)
"""Accepted into the adjudication system."""


def answer(
    claim: Claim, reasons: tuple[ClaimStatus, ...], objections: Sequence[Objection], icn: str = ""
) -> ClaimAnswer:
    """2200D. reasons: why the claim is rejected, none when it is accepted; icn: our number of an accepted one."""
    # Who the patient is, is told as sent: the member number stands with the patient only when it is the patient's card.
    patient = claim.patient
    if not patient.id:
        patient = structs.replace(patient, id=claim.subscriber.id, id_qualifier=claim.subscriber.id_qualifier)
    return ClaimAnswer(
        pcn=claim.pcn, charge_cents=claim.charge_cents, patient=patient, accepted=not reasons,
        reasons=reasons or ACCEPTED, icn="" if reasons else icn, clearinghouse_no=claim.clearinghouse_no,
        bill_type=claim.bill_type, first=claim.first, last=claim.last,
        lines=door.line_answers(claim, objections),
    )  # fmt: skip


def of_set(
    batch: ClaimBatch, told: Iterable[tuple[Claim, ClaimAnswer]], payer: Organisation, *, reference: str, receipt: str,
    received: date, today: date, time: str,
) -> ClaimAcknowledgement:  # fmt: skip
    """The whole answer. told: the set's claims in file order. reference, receipt: our names of the answer and the file.

    received: the day the file came; today, time: when it is answered.
    """
    return ClaimAcknowledgement(
        reference=reference, receipt=receipt, batch=batch.reference, created=today, time=time, received=received,
        processed=today, payer=payer, submitter=batch.submitter, providers=by_provider(told),
    )  # fmt: skip


def by_provider(told: Iterable[tuple[Claim, ClaimAnswer]]) -> tuple[ProviderAnswer, ...]:
    """2200C: every stretch of claims of one billing provider, in file order."""
    stretches = groupby(told, key=lambda one: (one[0].billing.npi, one[0].billing.tin, one[0].billing.name))
    return tuple(_provider(list(stretch)) for _, stretch in stretches)


def _provider(told: list[tuple[Claim, ClaimAnswer]]) -> ProviderAnswer:
    claims = tuple(answer for _, answer in told)
    rejected = door.provider_reasons(() if claim.accepted else claim.reasons for claim in claims)
    return ProviderAnswer(provider=told[0][0].billing, rejected=rejected, claims=claims)
