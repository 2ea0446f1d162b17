"""Edit of duplicates: one service of one day is paid once. Files and batches are compared elsewhere, by number."""

from __future__ import annotations

from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.look import Denial, Look, Verdict
from gateway.plan.claims.replacing import LATE, ORIGINAL
from gateway.plan.records import Pend
from mappings.records import Claim, ServiceLine

CLEARING = {"76", "77", "91", "50", "RT", "LT", "59"}
"""Modifiers that say the same service was meant to be done again, or elsewhere."""


def duplicate(seen: Look) -> Verdict:
    """Edit: the same service of the same day is not paid twice; one that only looks like it waits for a person.

    An exact copy of an original is OA-18. What is no copy (a correction, another NPI of the tax id) but the very
    service that was paid to the same payee is OA-B13. An estimate asked for (predetermination) is nobody's duplicate
    and has none. What a bill of late charges adds to a line is alike by nature.
    """
    if seen.claim.predetermination:
        return None
    near = ""
    for prior in seen.case.history:
        if prior.icn in (seen.case.icn, seen.claim.original_icn) or _apart(seen, prior.claim):
            continue
        for other in _standing(prior):
            if seen.claim.frequency == ORIGINAL and _same(seen, prior, other):
                text = f"The service was billed before on claim {prior.icn}."
                return Denial(rule="duplicate", group="OA", reason="18", text=text)
            if other.number in prior.paid and _same_payee(seen, prior) and _same_service(seen.line, other):
                text = f"The service was paid to this provider before, on claim {prior.icn}."
                return Denial(rule="duplicate", group="OA", reason="B13", text=text)
            near = near or (prior.icn if _alike(seen, prior, other) else "")
    if not near or "DUP" in seen.case.cleared:
        return None
    return Pend(queue="DUP", reason=f"The service resembles one of claim {near}.", needed="A decision: same or not.")


def _apart(seen: Look, other: Claim) -> bool:
    """Claims that are never one: a hospital and a physician may bill one service of one day, each its own part; so may
    two kinds of facility (the type of bill); an estimate bills nothing."""
    mine = seen.claim
    return other.predetermination or (other.kind, other.facility_code) != (mine.kind, mine.facility_code)


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
        and (other.procedure.code, other.revenue) == (line.procedure.code, line.revenue)
        and sorted(other.procedure.modifiers) == sorted(line.procedure.modifiers)
        and other.units == line.units
        and other.charge_cents == line.charge_cents
        and (other.teeth, other.oral_cavity) == (line.teeth, line.oral_cavity)
    )


def _alike(seen: Look, prior: PriorClaim, other: ServiceLine) -> bool:
    """The same code of a day that both have: of a revenue code alone at the same provider, of teeth on one that both
    name."""
    line, code = seen.line, seen.line.procedure.code
    days_meet = other.first <= line.last and line.first <= other.last
    same_code = other.billed_code == line.billed_code and (code or prior.claim.billing.npi == seen.claim.billing.npi)
    places, others = _places(line), _places(other)
    same_place = not places or not others or bool(places & others)
    cleared = CLEARING & set(line.procedure.modifiers) or seen.claim.frequency == LATE
    return bool(days_meet and same_code and same_place and not cleared)


def _places(line: ServiceLine) -> set[str]:
    """The teeth and areas of the mouth a dental line names."""
    return {*line.oral_cavity, *(tooth.number for tooth in line.teeth)}
