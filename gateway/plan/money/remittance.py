"""One decided claim as an 835 tells it (2100, 2110).

What was decided is repeated, never computed again. A reversal repeats the original's groups and codes with the signs
the decision carries; it tells no receipt date, no allowed amount and no patient responsibility.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from gateway.plan.records import Decision, LineDecision
from mappings.records import Adjustment, Claim, Person, Procedure, RemittedClaim, RemittedLine, ServiceLine

SELF = "18"
REVENUE = "NU"
"""SVC01-1 of a revenue code, which names a line that has no procedure."""

MAX_REMARKS = 5
"""MOA03-07 hold five claim-level remark codes."""


def remit(
    claim: Claim, decision: Decision, received: date, filing_code: str = "12", interest_cents: int | None = None
) -> RemittedClaim:
    """One claim.

    Args: received: business day the claim came (DTM*050). filing_code: CLP06, the plan's kind (12 = PPO).
    interest_cents: paid on top of the claim by PLB L6, told here as AMT*I.
    """
    reversal = decision.outcome == "reversal"
    is_self = claim.relationship == SELF
    submitted = {line.number: line for line in claim.lines}
    return RemittedClaim(
        pcn=claim.pcn,
        status=decision.status,
        charge_cents=decision.charge_cents,
        paid_cents=decision.paid_cents,
        patient_cents=None if reversal else decision.patient_cents or None,
        filing_code=filing_code,
        icn=decision.icn,
        facility=claim.pos or claim.facility_code,
        frequency=claim.frequency,
        drg=claim.coding.drg,
        patient=_named(claim.subscriber, known=True) if is_self else _named(claim.patient, known=False),
        subscriber=None if is_self else _named(claim.subscriber, known=True),
        rendering=claim.rendering if claim.rendering and claim.rendering.npi != claim.billing.npi else None,
        remarks=decision.remarks[:MAX_REMARKS],
        group_no=claim.group_no,
        original_icn="" if reversal else decision.original_icn,
        coverage_end=decision.coverage_end,
        received=None if reversal else received,
        interest_cents=None if reversal else interest_cents,
        first=claim.stay.first if claim.stay else None,
        last=claim.stay.last if claim.stay else None,
        covered_cents=_covered(decision) if claim.stay and not reversal else None,
        covered_days=_days(claim, decision),
        lines=tuple(_line(line, submitted.get(line.number), reversal) for line in decision.lines),
    )


def _line(line: LineDecision, submitted: ServiceLine | None, reversal: bool) -> RemittedLine:
    """Units are always told; a denied line paid 0 of the units submitted (X12 RFI 1855)."""
    changed = submitted is not None and submitted.procedure != line.procedure
    units = submitted.units if submitted else line.units
    procedure = line.procedure if line.procedure.code else Procedure(qualifier=REVENUE, code=line.revenue)
    return RemittedLine(
        procedure=procedure,
        charge_cents=line.charge_cents,
        paid_cents=line.paid_cents,
        revenue=line.revenue if procedure is line.procedure else "",
        paid_units=Decimal(0) if line.denied else line.units,
        submitted=submitted.procedure if submitted and changed else None,
        submitted_units=units if line.denied or units != line.units else None,
        first=line.first,
        last=line.last,
        adjustments=_adjustments(line),
        control=line.control,
        allowed_cents=None if reversal or line.denied else line.allowed_cents,
        remarks=line.remarks,
    )


def _covered(decision: Decision) -> int | None:
    """Charges of the lines that were not denied; an amount of zero is not written."""
    return sum(line.charge_cents for line in decision.lines if not line.denied) or None


def _days(claim: Claim, decision: Decision) -> Decimal | None:
    """Covered days of a stay, none of one denied whole; as units are, told without a sign by a reversal, too."""
    if not claim.is_stay or claim.stay is None:
        return None
    return Decimal(0 if all(line.denied for line in decision.lines) else claim.stay.days)


def _adjustments(line: LineDecision) -> tuple[Adjustment, ...]:
    """CAS amounts of zero are not written."""
    return tuple(a for a in line.adjustments if a.cents)


def _named(person: Person, known: bool) -> Person:
    """A name for NM1; known: the id on the card is this person's own."""
    return Person(
        last=person.last,
        first=person.first,
        middle=person.middle,
        suffix=person.suffix,
        id_qualifier=(person.id_qualifier or "MI") if known and person.id else "",
        id=person.id if known else "",
    )
