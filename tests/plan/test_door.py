"""Laws of the front door: one fault, one status; a good claim has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from plan_cases import ACME, ACME_PAID, C1, C6, C7, GOLDEN_CLAIMS, PLAN, TODAY

from gateway import synth
from gateway.plan.claims.door import EDITS, provider_reasons, reject_reasons, turns_away
from gateway.plan.claims.faults import valid_npi
from mappings.records import Claim, ClaimStatus, LinePayment, Procedure, Provider

change = msgspec.structs.replace


def first_line(claim: Claim, **values: object) -> Claim:
    """The claim with another first line."""
    return change(claim, lines=(change(claim.lines[0], **values), *claim.lines[1:]))


FAULTS: tuple[tuple[str, Claim, Callable[[Claim], Claim], str], ...] = (
    ("lines do not add up to CLM02", C1, lambda c: change(c, charge_cents=24001), "A8:400"),
    (
        "another payer's line does not balance",
        C6,
        lambda c: change(first_line(c, payments=(change(ACME_PAID, paid_cents=47999),)), other=()),
        "A8:400",
    ),
    (
        "another payer's claim does not balance",
        C6,
        lambda c: change(c, other=(change(ACME, paid_cents=47999),)),
        "A8:400",
    ),
    ("no billing NPI", C1, lambda c: change(c, billing=change(c.billing, npi="")), "A6:562:85"),
    ("billing NPI check digit", C1, lambda c: change(c, billing=change(c.billing, npi="1234567890")), "A7:562:85"),
    ("rendering NPI check digit", C1, lambda c: change(c, rendering=Provider(npi="1234567890")), "A7:562:82"),
    ("rendering NPI check digit", C1, lambda c: first_line(c, rendering=Provider(npi="12345")), "A7:562:82"),
    ("referring NPI check digit", C1, lambda c: change(c, referring=Provider(npi="1234567890")), "A7:562:DN"),
    ("service facility NPI check digit", C1, lambda c: change(c, facility=Provider(npi="1234567890")), "A7:562:77"),
    ("no member id", C1, lambda c: change(c, subscriber=change(c.subscriber, id="")), "A6:164:IL"),
    ("service in the future", C1, lambda c: first_line(c, last=date(2026, 4, 7)), "A7:187"),
    ("service ends before it begins", C1, lambda c: first_line(c, last=date(2026, 3, 15)), "A7:187"),
    ("patient born after the service", C1, lambda c: change(c, patient=change(c.patient, birth=TODAY)), "A7:158:QC"),
    ("negative charge", C1, lambda c: change(first_line(c, charge_cents=-1), charge_cents=5999), "A7:178"),
    ("units not above 0", C1, lambda c: first_line(c, units=Decimal(0)), "A7:476"),
    ("no diagnosis", C1, lambda c: first_line(change(c, diagnoses=()), pointers=()), "A6:255"),
    ("diagnosis shape", C1, lambda c: change(c, diagnoses=("25000",)), "A7:255"),
    ("pointer to no diagnosis", C1, lambda c: first_line(c, pointers=(1, 2)), "A7:477"),
    ("procedure shape", C1, lambda c: first_line(c, procedure=Procedure(code="9921")), "A7:454"),
    ("modifier shape", C1, lambda c: first_line(c, procedure=Procedure(code="99214", modifiers=("2",))), "A7:453"),
    ("place of service shape", C1, lambda c: change(c, pos="1"), "A7:249"),
    ("frequency code", C1, lambda c: change(c, frequency="5"), "A7:535"),
    ("correction without the number of its original", C7, lambda c: change(c, original_icn=""), "A6:464"),
)


def statuses(claim: Claim) -> list[str]:
    """The reasons as they are printed in STC01."""
    found = ((each.category, each.status, each.entity) for each in reject_reasons(claim, TODAY))
    return [":".join(filter(None, each)) for each in found]


@pytest.mark.parametrize(("name", "claim", "spoil", "status"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_one_fault_one_status(name: str, claim: Claim, spoil: Callable[[Claim], Claim], status: str) -> None:
    """Each fault alone is told by its status, among what else it entails."""
    assert status in statuses(spoil(claim))


def test_every_row_of_the_table_is_tried() -> None:
    """No edit of the table is without an example above."""
    assert {fault[0] for fault in FAULTS} == {edit.name for edit in EDITS}


@pytest.mark.parametrize("name", tuple(GOLDEN_CLAIMS))
def test_golden_claims_pass(name: str) -> None:
    """All eight golden claims are accepted."""
    assert statuses(GOLDEN_CLAIMS[name]) == []


def test_all_faults_are_told_once() -> None:
    """Two faults give two statuses in the table's order, two of one kind give one."""
    claim = first_line(change(C1, charge_cents=1, frequency="7"), units=Decimal(0))
    assert statuses(claim) == ["A8:400", "A7:476", "A6:464"]
    assert statuses(change(C6, other=(change(ACME, paid_cents=1),), charge_cents=1)) == ["A8:400"]


def test_an_unbundled_line_adds_its_payments_first() -> None:
    """Two SVD of one payer on one line balance together (X12 RFI 1551)."""
    half = LinePayment(payer_id="ACME1", paid_cents=24000, adjustments=())
    rest = change(ACME_PAID, paid_cents=24000)
    assert statuses(first_line(C6, payments=(half, rest))) == []


@pytest.mark.parametrize("kind", synth.TRADES)
def test_the_door_is_open_to_good_claims_of_every_guide(kind: str) -> None:
    """Stays without procedures, teeth, estimates: no fault; an institution's total line (0001) is not counted twice."""
    claims = list(synth.claims(60, 40, 1, 0, TODAY, trade=synth.TRADES[kind]))
    assert {reasons for claim in claims if (reasons := reject_reasons(claim, TODAY))} == set()
    first = claims[0]
    total = change(first.lines[0], revenue="0001", procedure=Procedure(code=""), charge_cents=first.charge_cents)
    assert reject_reasons(change(first, lines=(*first.lines, total)), TODAY) == ()


def test_a_provider_is_the_reason_when_every_claim_says_so() -> None:
    """Only reasons about the billing provider, and only those that all of its claims have, reject it whole."""
    npi, sums = ClaimStatus(category="A7", status="562", entity="85"), ClaimStatus(category="A8", status="400")
    assert provider_reasons([(npi,), (sums, npi)]) == (npi,)
    assert provider_reasons([(npi,), ()]) == ()
    assert provider_reasons([(sums,), (sums,)]) == ()


@pytest.mark.parametrize(
    ("npi", "good"),
    [("1234567893", True), ("1234567890", False), ("3234567893", False), ("123456789", False), ("１234567893", False)],
)
def test_npi(npi: str, good: bool) -> None:
    """Ten ASCII digits, 1 or 2 first, the Luhn digit over 80840 and the rest last."""
    assert valid_npi(npi) is good


def test_only_a_plan_that_waits_for_nobody_turns_strangers_away() -> None:
    """member_not_found reject answers patients nobody knows by 277CA; doubtful people and newborns wait in any plan."""
    strict = change(PLAN, member_not_found="reject")
    turned = [reason for reason in ("none", "dependent", "mismatch", "several", "newborn", "")
              if turns_away([strict], C1, reason)]  # fmt: skip
    assert turned == ["none", "dependent", "mismatch"]
    assert not turns_away([PLAN], C1, "none")
    assert not turns_away([], C1, "none")
