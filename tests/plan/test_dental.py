"""Laws of dental claims: history of a tooth, missing-tooth clause, duplicates by tooth, estimates, two plans."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from plan_cases import BIANCA, METRO, OPENED, PLAN, TODAY, bill, case, codes
from priced import MARCH, agreed, charged

from gateway.plan.claims import accumulators, adjudication, benefits
from gateway.plan.claims.benefits import Benefit, Instalments
from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.dental import EXTRACTED
from gateway.plan.records import Decision, Entry, Span
from mappings.records import Claim, Tooth, ToothStatus

DENTAL = replace(
    PLAN, id="DEN", plan_ids=("DEN",), claims=("dental",), account="dental",
    benefits=(
        Benefit(name="extractions", codes=("D7140",), tooth="extracts"),
        Benefit(name="implants", codes=("D6010",), tooth="replaces", missing_tooth_clause=True),
        Benefit(name="bridges", codes=("D6240",), tooth="replaces"),
    ),
)  # fmt: skip
HALF = agreed('[[terms]]\nname = "all"\nmethod = "percent_of_charge"\npercent = 50')
BOTH = replace(BIANCA, spans=(*BIANCA.spans, Span(line="DEN", plan_id="DEN", first=OPENED)))


def dentist(code: str, *teeth: str, on: date = MARCH, **changed: Any) -> Claim:
    """A dentist's claim of one line of 1,000.00."""
    line = charged(1, code, 1_000_00, first=on, last=on, teeth=tuple(Tooth(number=each) for each in teeth), pointers=())
    return bill("D", BIANCA, METRO, "", line, kind="D", diagnoses=(), **changed)


def decided(claim: Claim, totals: Any = None, *history: PriorClaim, **more: Any) -> Decision:
    seen = case(claim, BOTH, contracts=(HALF,), fees=(), totals=totals or {}, history=history,
                **{"plans": (PLAN, DENTAL), **more})  # fmt: skip
    return adjudication.adjudicate(seen, TODAY)


def after(*entries: Entry) -> Any:
    return accumulators.apply({}, entries)


def test_a_tooth_that_was_taken_out_is_gone() -> None:
    """A service on a tooth that was taken out before is CO-16 N39; not one on another tooth, or of the same day; and
    taking the extraction back puts the tooth back."""
    pulled = decided(dentist("D7140", "30"))
    history = after(*pulled.entries)
    later = MARCH + timedelta(days=5)
    made = decided(dentist("D2391", "30", on=later), history)
    assert codes(made.lines[0]) == [("CO", "16", 1_000_00)] and made.lines[0].remarks == ("N39",)
    assert decided(dentist("D7140", "30", on=later), history).outcome == "denied"
    for claim in (dentist("D2391", "31", on=later), dentist("D2391", "30"), dentist("D6240", "30", on=later)):
        assert decided(claim, history).outcome == "paid"
    undone = accumulators.apply(history, adjudication.reverse(pulled, 2).entries)
    assert decided(dentist("D2391", "30", on=later), undone).outcome == "paid"


def test_a_tooth_the_claim_says_is_missing() -> None:
    """A tooth that DN2 tells as missing (M) is gone, too; one to be extracted (E) is not."""
    for status, outcome in (("M", "denied"), ("E", "paid")):
        claim = dentist("D2391", "30", tooth_status=(ToothStatus(number="30", status=status),))
        assert decided(claim).outcome == outcome


@pytest.mark.parametrize(("on", "told"), [(MARCH, "paid"), (date(2025, 12, 31), "96"), (None, "MED")])
def test_missing_tooth_clause(on: date | None, told: str) -> None:
    """A lost tooth is replaced if it was lost while covered, PR-96 if before, and asked for if nobody knows when."""
    entry = Entry(person_id=BIANCA.person_id, family_root=BIANCA.family_root, year=2026, kind="times",
                  limit_name=EXTRACTED, used_on=on or MARCH, place="3", thousandths=1000)  # fmt: skip
    made = decided(dentist("D6010", "3"), after(entry) if on else {})
    assert told == (made.pend.queue if made.pend else "96" if made.outcome == "denied" else "paid")
    assert decided(dentist("D6010", "3"), {}, cleared=("MED",)).outcome == "paid"


@pytest.mark.parametrize(("number", "told"), [("30", "18"), ("31", "paid")])
def test_duplicates_are_asked_by_tooth(number: str, told: str) -> None:
    """The same service of the same day on another tooth is no duplicate."""
    made = decided(dentist("D2391", number), {}, PriorClaim(icn="1", claim=dentist("D2391", "30")))
    assert told == ("paid" if made.outcome == "paid" else made.lines[0].adjustments[0].reason)


def test_an_estimate_pays_and_uses_nothing() -> None:
    """A predetermination is CLP02 25: what would be paid is OA-101, no accumulator moves; and the real claim, which is
    no duplicate of it, is paid just that: of 500.00 allowed 20 % are the patient's, the deductible being met."""
    ready = after(Entry(person_id=BIANCA.person_id, family_root=BIANCA.family_root, year=2026, tier="dental in",
                        kind="deductible", cents=1_000_00))  # fmt: skip
    asked = dentist("D2391", "30", predetermination=True)
    estimate, paid = decided(asked, ready), decided(dentist("D2391", "30"), ready, PriorClaim(icn="1", claim=asked))
    assert (estimate.status, estimate.paid_cents, estimate.entries) == ("25", 0, ())
    assert codes(estimate.lines[0]) == [("CO", "45", 500_00), ("PR", "2", 100_00), ("OA", "101", 400_00)]
    assert (paid.status, paid.paid_cents) == ("1", 400_00)
    assert "2026-07-05" in estimate.notes[-1].text  # 90 days after the 6th of April


@pytest.mark.parametrize(
    ("today", "last", "most", "paid"),
    [
        (date(2026, 4, 19), None, 5_000_00, 100_00),
        (date(2026, 4, 20), None, 5_000_00, 150_00),
        (date(2026, 8, 20), None, 5_000_00, 350_00),
        (date(2027, 8, 20), None, 5_000_00, 400_00),
        (date(2027, 8, 20), date(2026, 5, 19), 5_000_00, 150_00),
        (date(2027, 8, 20), None, 220_00, 220_00),
    ],
)
def test_orthodontia_is_paid_over_months(today: date, last: date | None, most: int, paid: int) -> None:
    """Of 400.00 a quarter is due on the 20th of March and 50.00 each month after it, six times, while the person is
    covered and as far as the plan's maximum goes; what is not due is OA-133."""
    free = replace(DENTAL.in_network, coinsurance=0, deductible=replace(
        DENTAL.in_network.deductible, individual_cents=0, family_cents=0))  # fmt: skip
    braces = Benefit(name="braces", codes=("D8080",), instalments=Instalments(initial=25_00, months=6))
    plan = replace(DENTAL, in_network=free, benefits=(braces,), lifetime_maximum_cents=most)
    who = replace(BOTH, spans=(Span(line="DEN", plan_id="DEN", first=OPENED, last=last),))
    claim = dentist("D8080")
    line = replace(claim.lines[0], charge_cents=800_00)
    claim = replace(claim, lines=(line,), charge_cents=800_00)
    made = adjudication.adjudicate(case(claim, who, plans=(plan,), contracts=(HALF,), fees=()), today)
    told = {each.reason: each.cents for each in made.lines[0].adjustments}
    assert (made.paid_cents, told.get("133", 0) + told.get("149", 0) + told.get("35", 0)) == (paid, 400_00 - paid)


def test_two_plans_of_one_person_keep_apart_sums() -> None:
    """A dental claim is the dental plan's, a medical one the medical plan's; neither fills the other's deductible."""
    dental = decided(dentist("D2391", "30"))
    medical = decided(bill("M", BIANCA, METRO, "E119", charged(1, "80053", 1_000_00)), after(*dental.entries))
    assert (dental.plan_id, medical.plan_id) == ("DEN", PLAN.id)
    assert {entry.tier for entry in dental.entries} == {"dental in"}
    assert [line.adjustments[1].cents for line in (*dental.lines, *medical.lines)] == [500_00, 500_00]


def test_a_claim_no_plan_decides_is_anybodys() -> None:
    """Where no plan of the sponsor decides a kind of claim, all of them are asked, so that one says what it covers."""
    claim = dentist("D2391")
    only = replace(PLAN, claims=("professional",))
    assert benefits.deciding((only,), claim) == (only,)
    assert benefits.deciding((only, DENTAL), claim) == (DENTAL,)
