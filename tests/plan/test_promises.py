"""Laws of a plan in words: what an employer signs says every provision, and a difference is a sentence."""

from __future__ import annotations

import msgspec
from plan_cases import LAKELINE, PLAN

from gateway.plan.claims.benefits import Allowance, Benefit, NetworkTier, Penalty
from gateway.plan.claims.promises import differences, promises

BLUEBONNET_SAYS = """\
Bluebonnet Health Plan, PPO (BT-PPO-2026, version 1), 2026-01-01 to 2026-12-31.
It is bought as BT-PPO-2026 in the employer's enrolment file.
The benefit year begins on 01-01 (month-day).
In network are the providers of SUMMIT.
In network the member pays the deductible of $1,000.00 a person and $2,000.00 a family, then 20% of the price, \
in a year at most $3,000.00 a person and $6,000.00 a family.
Out of network nothing is covered, but what is said to be as in network.
The price of the contract is allowed, never more than the charge.
After another payer the plan pays what is left, at most what it would have paid alone.
A claim that does not tell what an earlier payer paid is denied.
A claim must come within 365 days of the service.
A claim that pays more than $25,000.00 waits for two people.
Preventive care (codes 99381-99397, 90460-90474, 77067, G0121): paid in full.
Office visit (codes 99202-99215): copay $30.00 a visit, no deductible, then 0% coinsurance.
Cancer drugs and their administration (codes J9000-J9999, 96401-96549): deductible, then coinsurance; not paid \
unless authorised before.
Cosmetic surgery (codes 15775-15776, 15824-15829, 17380): not covered.
Other services: deductible, then coinsurance."""

LAKELINE_SAYS = """\
Lakeline Freight Health Plan, HDHP PPO (LK-PPO-2026, version 1), 2026-01-01 to 2026-12-31.
It is bought as LK-PPO-2026 or LK-PPO-COBRA in the employer's enrolment file.
The benefit year begins on 01-01 (month-day).
In network are the providers of SUMMIT or LAKELINE-DIRECT.
In network the member pays the deductible of $1,700.00 when alone, or $3,400.00 of the family together, then 10% of \
the price, in a year at most $5,000.00 when alone, or $12,000.00 of the family together, of which one person at most \
$10,600.00.
Out of network the member pays the deductible of $3,400.00 when alone, or $6,800.00 of the family together, then 40% \
of the price, in a year at most $10,000.00 when alone, or $20,000.00 of the family together.
Amounts of a worse tier also count to the better ones; not the other way round.
The price of the contract is allowed, never more than the charge.
Out of network 60% of the charge is allowed where no fee is on file.
Prices set by LAKENET in the claim come first.
After another payer the plan pays only what it would have paid alone, less what was paid.
A claim that does not tell what an earlier payer paid waits for it.
A claim must come within 180 days of the service.
A claim that pays more than $25,000.00 waits for two people.
Preventive care (codes 99381-99397, 90460-90474, 77067; only in network): paid in full.
Emergency room (codes 99281-99285; place of service 23): deductible, then coinsurance; as in network wherever it is \
rendered.
Other emergency care (marked as an emergency): deductible, then coinsurance; as in network wherever it is rendered.
Physical therapy (codes 97110-97546): deductible, then 25% coinsurance; at most 8 units on a line.
Advanced imaging (codes 70450-70498, 70540-70559, 72191-72198, 78811-78816): deductible, then coinsurance; not paid \
unless authorised before.
Acupuncture (codes 97810-97814): not covered.
Other services: deductible, then coinsurance."""


def test_the_shipped_plans_in_words() -> None:
    """Both sample documents read as an employer would sign them."""
    assert "\n".join(each.text for each in promises(PLAN)) == BLUEBONNET_SAYS
    assert "\n".join(each.text for each in promises(LAKELINE)) == LAKELINE_SAYS


def test_every_provision_has_its_words() -> None:
    """What the sample documents do not use is said, too."""
    benefit = Benefit(
        name="crowns", claims=("dental",), codes=("D2710-D2799",), ages=(18, 99), copay_cents=50_00, copay_per="day",
        copay_after_deductible=True, coinsurance=5000, auth_required=True, waiting_months=12, waiting_days=1,
        penalty=Penalty(percent=5000, most_cents=500_00), alternates={"D2740": "D2791"},
        limits=(Allowance(times=1, months=60, each="tooth"), Allowance(dollars_cents=1_500_00, name="dental"),
                Allowance(visits=20, per="lifetime")),
    )  # fmt: skip
    tier2 = NetworkTier(**{**msgspec.structs.asdict(PLAN.in_network), "networks": ("WIDE",)})
    plan = msgspec.structs.replace(
        PLAN, benefits=(benefit,), tier2=tier2, carry_over_months=3, inpatient_year="admission",
        lifetime_maximum_cents=1_000_000_00, lesser_of=False,
        out_of_network_allowed=6000, out_of_network_schedule="REFERENCE",
    )  # fmt: skip
    said = {each.section: each.text for each in promises(plan)}
    assert said["benefit crowns"] == (
        "Crowns (dental claims; codes D2710-D2799; ages 18 to 99): deductible, copay $50.00 a day, then 50% "
        "coinsurance; after 12 months and 1 days of coverage; unless authorised before, the plan pays 50% of its "
        "payment less, at most $500.00 a claim; 1 time per tooth in 60 months; $1,500.00 in a benefit year, together "
        "with all dental; 20 visits in a lifetime; D2740 is covered as D2791."
    )
    assert said["tier tier2"].startswith("In tier 2 (WIDE) the member pays")
    assert said["cross"] == "Amounts of one tier count to no other."
    assert said["carry_over_months"].startswith("Deductibles of the last 3 months")
    assert said["inpatient_year"] == "A stay counts to the benefit year of its admission."
    assert said["lifetime_maximum"] == "The plan pays at most $1,000,000.00 for one person in all."
    assert "60% of schedule REFERENCE is allowed" in said["out_of_network_allowed"]
    assert said["lesser_of"] == "The price of the contract is allowed, even if it is more than the charge."


def test_a_difference_is_two_sentences() -> None:
    """A document does not differ from itself; a changed copay, a new and a gone benefit are told."""
    assert differences(PLAN, PLAN) == []
    visit = msgspec.structs.replace(PLAN.benefits[1], copay_cents=40_00)
    rows = (PLAN.benefits[0], visit, Benefit(name="massage", codes=("97124",), excluded=True), PLAN.benefits[2])
    found = differences(PLAN, msgspec.structs.replace(PLAN, benefits=rows))
    assert [(each.section, bool(each.was), bool(each.now)) for each in found] == [
        ("benefit office visit", True, True),
        ("benefit massage", False, True),
        ("benefit cosmetic surgery", True, False),
    ]  # fmt: skip
    assert ("$30.00" in found[0].was, "$40.00" in found[0].now) == (True, True)
