"""The claims register of a run, for the employer's plan administrator only: no names, no diagnoses (domain 6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mappings.records import Remittance, RemittedClaim


def document(
    paid: Sequence[Remittance], *, usage: str, employer: str, run_no: int, issued: date
) -> dict[str, object]:  # fmt: skip
    """The register as plain data; its total is what the run's remittances pay. usage: T or P."""
    return {
        "usage": usage, "sponsor": employer, "run": run_no, "issued": issued.isoformat(),
        "paid_cents": sum(each.amount_cents for each in paid),
        "claims": [_line(each, claim) for each in paid for claim in each.claims],
    }  # fmt: skip


def _line(paid: Remittance, claim: RemittedClaim) -> dict[str, object]:
    return {
        "icn": claim.icn, "status": claim.status,
        "first": min(line.first for line in claim.lines).isoformat() if claim.lines else "",
        "received": claim.received.isoformat() if claim.received else "", "payee_npi": paid.payee.npi,
        "trace": paid.trace, "charge_cents": claim.charge_cents, "paid_cents": claim.paid_cents,
        "member_cents": claim.patient_cents or 0,
    }  # fmt: skip
