"""The front door of claims: what a 277CA rejects without looking at money or the past (SNIP types 3 to 7).

EDITS is the table: a name, a question of the claim, and the status when the answer is yes. Eligibility, coverage,
duplicates and timely filing are not here: they are denials, with appeal rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from gateway.plan.claims import faults
from gateway.plan.claims.benefits import Plan, choose
from gateway.plan.claims.matching import UNKNOWN
from mappings.records import Claim, ClaimStatus


class Edit(NamedTuple):
    """One row of the table; fails says whether the claim has the fault on a business date."""

    name: str
    fails: Callable[[Claim, date], bool]
    category: str
    status: str
    entity: str = ""


def reject_reasons(claim: Claim, today: date) -> tuple[ClaimStatus, ...]:
    """Every status the claim is rejected for, in the table's order, each once; empty when the door is open."""
    found = (
        ClaimStatus(category=edit.category, status=edit.status, entity=edit.entity)
        for edit in EDITS
        if edit.fails(claim, today)
    )
    return tuple(dict.fromkeys(found))


NOT_ON_FILE = ClaimStatus(category="A7", status="164", entity="IL")
"""The patient is unknown, where the plan waits for no enrolment file."""

UNKNOWN_ORIGINAL = ClaimStatus(category="A7", status="464")
"""REF*F8 of a replacement or void is not one of ours, or another claim has taken its place."""


def turns_away(plans: Sequence[Plan], claim: Claim, reason: str) -> bool:
    """Whether the plan answers a patient nobody knows (`matching.Match.reason`) by 277CA instead of waiting."""
    plan = choose(plans, None, claim.first)
    return reason in UNKNOWN and plan is not None and plan.member_not_found == "reject"


BILLING = "85"
"""NM101 of the billing provider."""


def provider_reasons(claims: Iterable[tuple[ClaimStatus, ...]]) -> tuple[ClaimStatus, ...]:
    """Why a billing provider's claims are all rejected for its own sake (277CA 2200C U, domain 1.4); empty if not.

    claims: the reasons of each of its claims, none for one that is accepted.
    """
    first, *others = [[one for one in reasons if one.entity == BILLING] for reasons in claims]
    return tuple(one for one in first if all(one in reasons for reasons in others))


EDITS: tuple[Edit, ...] = (
    Edit("lines do not add up to CLM02", faults.lines_differ, "A8", "400"),
    Edit("another payer's line does not balance", faults.other_payer_line_differs, "A8", "400"),
    Edit("another payer's claim does not balance", faults.other_payer_claim_differs, "A8", "400"),
    Edit("no billing NPI", faults.no_billing_npi, "A6", "562", "85"),
    Edit("billing NPI check digit", faults.bad_billing, "A7", "562", "85"),
    Edit("rendering NPI check digit", faults.bad_rendering, "A7", "562", "82"),
    Edit("referring NPI check digit", faults.bad_referring, "A7", "562", "DN"),
    Edit("service facility NPI check digit", faults.bad_facility, "A7", "562", "77"),
    Edit("no member id", faults.no_member_id, "A6", "164", "IL"),
    Edit("service in the future", faults.future, "A7", "187"),
    Edit("service ends before it begins", faults.backwards, "A7", "187"),
    Edit("patient born after the service", faults.unborn, "A7", "158", "QC"),
    Edit("negative charge", faults.negative, "A7", "178"),
    Edit("units not above 0", faults.no_units, "A7", "476"),
    Edit("no diagnosis", faults.no_diagnosis, "A6", "255"),
    Edit("diagnosis shape", faults.bad_diagnosis, "A7", "255"),
    Edit("pointer to no diagnosis", faults.bad_pointer, "A7", "477"),
    Edit("procedure shape", faults.bad_procedure, "A7", "454"),
    Edit("modifier shape", faults.bad_modifier, "A7", "453"),
    Edit("place of service shape", faults.bad_place, "A7", "249"),
    Edit("frequency code", faults.bad_frequency, "A7", "535"),
    Edit("correction without the number of its original", faults.no_original, "A6", "464"),
)
"""Claim status categories and codes of the X12 lists; entity by NM101."""
