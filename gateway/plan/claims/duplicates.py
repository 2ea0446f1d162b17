"""Edit of duplicates: one service of one day is paid once. Files and batches are compared elsewhere, by number."""

from __future__ import annotations

from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.claims.replacing import ORIGINAL
from gateway.plan.records import Pend
from mappings.records import ServiceLine

CLEARING = {"76", "77", "91", "50", "RT", "LT", "59"}
"""Modifiers that say the same service was meant to be done again, or elsewhere."""


def duplicate(seen: Look) -> Verdict:
    """Edit: the same service of the same day is not paid twice; one that only looks like it waits for a person.

    An exact copy of an original is OA-18. What is no copy (a correction, another NPI of the tax id) but the very
    service that was paid to the same payee is OA-B13.
    """
    near = ""
    for prior in seen.case.history:
        if prior.icn in (seen.case.icn, seen.claim.original_icn) or prior.claim.kind != seen.claim.kind:
            continue  # a hospital and a physician may bill one service of one day, each its own part
        for other in _standing(prior):
            if seen.claim.frequency == ORIGINAL and _same(seen, prior, other):
                text = f"The service was billed before on claim {prior.icn}."
                return Denial(rule="duplicate", group="OA", reason="18", text=text)
            if other.number in prior.paid and _same_payee(seen, prior) and _same_service(seen.line, other):
                text = f"The service was paid to this provider before, on claim {prior.icn}."
                return Denial(rule="duplicate", group="OA", reason="B13", text=text)
            near = near or (prior.icn if _alike(seen.line, other) else "")
    if not near or "DUP" in seen.case.cleared:
        return None
    return Pend(queue="DUP", reason=f"The service resembles one of claim {near}.", needed="A decision: same or not.")


def _standing(prior: PriorClaim) -> list[ServiceLine]:
    """Lines that are paid or in process: one that was denied may be billed again."""
    return [line for line in prior.claim.lines if line.number not in prior.denied]


def _same(seen: Look, prior: PriorClaim, other: ServiceLine) -> bool:
    return prior.claim.billing.npi == seen.claim.billing.npi and _same_service(seen.line, other)


def _same_payee(seen: Look, prior: PriorClaim) -> bool:
    """Whether the money went where this claim wants it: the tax id is paid, whichever of its NPIs bills."""
    return bool(seen.claim.billing.tin) and prior.claim.billing.tin == seen.claim.billing.tin


def _same_service(line: ServiceLine, other: ServiceLine) -> bool:
    return (
        (other.first, other.last) == (line.first, line.last)
        and other.procedure.code == line.procedure.code
        and sorted(other.procedure.modifiers) == sorted(line.procedure.modifiers)
        and other.units == line.units
        and other.charge_cents == line.charge_cents
    )


def _alike(line: ServiceLine, other: ServiceLine) -> bool:
    days_meet = other.first <= line.last and line.first <= other.last
    same_code = other.procedure.code == line.procedure.code
    return days_meet and same_code and not CLEARING & set(line.procedure.modifiers)
