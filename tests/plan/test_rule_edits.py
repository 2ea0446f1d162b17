"""The order of edits (domain 4.2), one test for every row and outcome, named after it: test_ROW_OUTCOME."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from plan_cases import (
    ACME,
    ALAN,
    BIANCA,
    C1,
    C2,
    C3,
    C4,
    C5,
    C6,
    C7,
    CODY,
    DANA,
    ELI,
    FEES,
    FRANK,
    H1_ICN,
    LAKESIDE,
    METRO,
    OPENING,
    PA7781,
    PLAN,
    PROVIDERS,
    TODAY,
    case,
    codes,
    decide,
    h1_decision,
    service,
)
from rule_cases import (
    DAY,
    changed,
    covered,
    decided,
    excluding,
    lines,
    one,
    planned,
    results,
    rule,
    ruled,
    said,
    told,
)

from gateway.plan.claims import adjudication, door, explanation, replacing
from gateway.plan.claims.benefits import Benefit
from gateway.plan.claims.case import PriorClaim
from gateway.plan.claims.edits import EDITS
from gateway.plan.claims.matching import match
from gateway.plan.enrolment.cobra import CobraCase
from gateway.plan.records import AccidentAnswer, Member, Pend, ProviderRow, Span
from mappings.records import Person, Procedure, Provider
from parsers.findings import Finding, Place

# ---- 1, 2: front end, void and replacement ---------------------------------------------------------------------------


def test_1_front_end_is_a_277ca() -> None:
    """Row 1: what an edit of the file found (A7:255 diagnosis) is a 277CA reason and no decision; a warning is none."""
    found = Finding(code="A7:255", severity="error", level="claim", place=Place(), message="x")
    warned = msgspec.structs.replace(found, code="A7:454", severity="warning")
    told = door.reasons([door.Objection(finding=found), door.Objection(finding=warned)])
    assert [(one.category, one.status) for one in told] == [("A7", "255")]


def test_2_unknown_original_is_a_277ca() -> None:
    """Row 2: a replacement or void of a number we do not have, or whose place is taken, is A7:464."""
    assert not replacing.may_take(None)
    assert (door.UNKNOWN_ORIGINAL.category, door.UNKNOWN_ORIGINAL.status) == ("A7", "464")


def test_2_replacement_reverses_first() -> None:
    """Row 2: golden C7 gives H1's 1,000.00 of deductible back before it takes it anew: -400.00 + 160.00."""
    decisions, _ = decide(["C1", "C7"])
    assert (decisions["H1"].paid_cents, decisions["C7"].paid_cents) == (-40000, 16000)
    with pytest.raises(ValueError):
        adjudication.adjudicate(case(changed(C7, frequency="8"), CODY), TODAY)  # a void is a reversal alone
    assert h1_decision().icn == H1_ICN


# ---- 3: member -------------------------------------------------------------------------------------------------------

WAITED = date(2026, 4, 13)
"""Five business days after Monday 04-06."""


def test_3_mbr_waits_for_a_late_834() -> None:
    """Row 3: nobody found waits five business days, and says what would help."""
    unknown = case(C1, None, match="none")
    assert told(unknown, date(2026, 4, 10)) == ["pend MBR"]
    assert "enrolment file" in said(decided(unknown))


def test_3_pr_31_after_the_wait() -> None:
    """Row 3: after that the lines are PR-31, and only then CLP02 is 4."""
    decision = decided(case(C1, None, match="none"), WAITED)
    assert (results(decision), decision.status) == (["PR-31", "PR-31"], "4")


def test_3_reject_setting_answers_by_277ca() -> None:
    """Row 3: a plan that rejects answers A7:164:IL at the door, a plan that pends never does."""
    rejecting = planned(member_not_found="reject")
    assert door.turns_away([rejecting], C1, "none") and not door.turns_away([PLAN], C1, "none")
    assert (door.NOT_ON_FILE.status, door.NOT_ON_FILE.entity) == ("164", "IL")


def test_3_pr_32_dependant_not_enrolled() -> None:
    """Row 3: a dependant nobody enrolled is PR-32 after the wait, and processed as primary."""
    decision = decided(case(C1, None, match="dependent"), WAITED)
    assert (results(decision), decision.status) == (["PR-32", "PR-32"], "1")


def test_3_pr_140_name_or_birth_date_mismatch() -> None:
    """Row 3: a number whose person has another name and birth date is PR-140."""
    stranger = changed(C1, patient=Person(first="ALAN", last="OTHER"))
    assert match(stranger, (ALAN,)).reason == "mismatch"
    assert told(case(stranger, None, match="mismatch"), WAITED) == ["PR-140", "PR-140"]


def test_3_mbr_several_candidates() -> None:
    """Row 3: two who fit are never chosen between by us, however long it takes."""
    assert told(case(C1, None, match="several", candidates=2), date(2026, 12, 31)) == ["pend MBR"]


@pytest.mark.parametrize(("birth", "reason"), [(date(2026, 2, 14), "newborn"), (date(2026, 2, 13), "dependent")])
def test_3_newborn_waits_and_is_never_31_or_32(birth: date, reason: str) -> None:
    """Row 3: born 30 days before the service: NEWBORN and no denial ever; 31 days before: a dependant like any."""
    baby = changed(C1, relationship="19", patient=Person(first="BABY BOY", last="REED", birth=birth))
    assert match(baby, (ALAN, BIANCA)).reason == reason
    result = {"newborn": ["pend NEWBORN"], "dependent": ["PR-32", "PR-32"]}[reason]
    assert told(case(baby, None, match=reason), date(2026, 12, 31)) == result


# ---- 4: eligibility --------------------------------------------------------------------------------------------------


def test_4_pr_26_before_coverage() -> None:
    """Row 4: the day before the first covered day."""
    assert told(case(one(), covered((date(2026, 3, 17), None)))) == ["PR-26"]


def test_4_pr_27_after_coverage_with_its_end() -> None:
    """Row 4: golden C2, with DTM*036 the last covered day."""
    decision = decided(case(C2, FRANK))
    assert (results(decision), decision.coverage_end) == (["PR-27"], date(2026, 2, 28))


def test_4_pr_200_in_a_gap() -> None:
    """Row 4: between two spans."""
    spans = (date(2026, 1, 1), date(2026, 2, 28)), (date(2026, 4, 1), None)
    assert told(case(one(), covered(*spans))) == ["PR-200"]


def test_4_pr_238_the_ineligible_part() -> None:
    """Row 4: of a claim with covered and uncovered lines, the uncovered ones."""
    both = lines(service(1, "99214", 180, date(2026, 2, 28)), service(2, "80053", 60, date(2026, 3, 1)))
    assert told(case(both, covered((date(2026, 1, 1), date(2026, 2, 28))))) == ["paid", "PR-238"]


def test_4_oa_239_a_line_across_the_end() -> None:
    """Row 4: one line over covered and uncovered days is to be billed apart."""
    across = one(first=date(2026, 2, 28), last=date(2026, 3, 1))
    assert told(case(across, covered((date(2026, 1, 1), date(2026, 2, 28))))) == ["OA-239"]


ELECTED = CobraCase(
    person_id="M06", code="1", event_on=date(2026, 2, 28), loss_on=date(2026, 2, 28), lost=FRANK.spans, state="elected",
    told_on=date(2026, 3, 20), told_due=date(2026, 3, 30), told_late=False, notice_due=date(2026, 4, 3),
    coverage_from=date(2026, 3, 1), coverage_until=date(2027, 8, 31),
)  # fmt: skip


def test_4_cob_cobra_unpaid() -> None:
    """Row 4: a day COBRA continues waits while unpaid: by the plan before the first premium, always after a later one
    is late; a paid day does not wait, and a plan that ends and reinstates says PR-27."""
    waiting = planned(cobra_unpaid="pend")
    assert told(case(C2, FRANK, plan=waiting, cobra=(ELECTED,))) == ["pend COB"]
    assert told(case(C2, FRANK, cobra=(ELECTED,))) == ["PR-27"]
    assert told(case(C2, FRANK, plan=waiting)) == ["PR-27"]
    spans = (*FRANK.spans, Span(line="PPO", plan_id="BT-PPO-2026", tier="EMP", first=date(2026, 3, 1)))
    continued = msgspec.structs.replace(FRANK, status="C", spans=spans)
    for through, result in ((date(2026, 3, 8), "pend COB"), (date(2026, 3, 9), "paid")):
        paying = msgspec.structs.replace(ELECTED, paid_through=through)
        assert told(case(C2, continued, cobra=(paying,))) == [result]
    overdue = msgspec.structs.replace(ELECTED, paid_through=date(2026, 3, 8))
    assert told(case(C2, continued, cobra=(overdue,), cleared=("COB",))) == ["paid"]


# ---- 5: other liability ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "accident", "result"), [((True, False), (), "PR-19"), ((False, True), (), "PR-20"),
                                       ((False, True), ("AA",), "PR-21")]
)  # fmt: skip
def test_5_pr_19_20_21_by_the_members_answers(
    answer: tuple[bool, bool], accident: tuple[str, ...], result: str
) -> None:
    """Row 5: work, a liable third party, a no-fault carrier."""
    told_us = AccidentAnswer(person_id="M03", work=answer[0], third_party=answer[1])
    assert told(case(changed(C7, accident=accident), CODY, accidents=(told_us,))) == [result]


def test_5_acc_accident_without_answers() -> None:
    """Row 5: an injury diagnosis without the member's answers waits, a person's release settles it."""
    assert told(case(C7, CODY, accidents=())) == ["pend ACC"]
    assert told(case(C7, CODY, accidents=(), cleared=("ACC",))) == ["paid"]


def test_5_oa_22_ma04_primary_payment_missing() -> None:
    """Row 5: billed to us second without the first payer's payment; a patient plan waits in COB."""
    silent = changed(
        C6, other=(msgspec.structs.replace(ACME, paid_cents=None),),
        lines=(msgspec.structs.replace(C6.lines[0], payments=()),),
    )  # fmt: skip
    assert told(case(silent, ELI)) == ["OA-22 MA04"]
    assert told(case(silent, ELI, plan=planned(cob_missing="pend"))) == ["pend COB"]


def test_5_oa_109_wrong_payer() -> None:
    """Row 5: a claim for a payer that is none of the plan's, and a service another payer has taken over."""
    ours = planned(payer_ids=("SBA01",))
    assert told(case(one(), ALAN, plan=ours)) == ["paid"]  # a claim without payer id is whose member it is
    assert told(case(changed(one(), payer_id="SBA01"), ALAN, plan=ours)) == ["paid"]
    assert told(case(changed(one(), payer_id="OTHER1"), ALAN, plan=ours)) == ["OA-109"]
    assert told(case(one(), ALAN, plan=excluding("other_payer"))) == ["OA-109"]


# ---- 6: provider and network -----------------------------------------------------------------------------------------


def test_6_co_b7_provider_not_eligible() -> None:
    """Row 6: on file, but not on that day."""
    ended = msgspec.structs.replace(PROVIDERS[0], last=date(2026, 3, 15))
    assert told(case(one(), ALAN, providers=(ended,))) == ["CO-B7"]


def test_6_co_185_rendering_not_eligible() -> None:
    """Row 6: the doctor is on file, but not on that day."""
    ended = ProviderRow(npi="1679576722", tin="", name="x", first=date(2025, 1, 1), last=date(2025, 12, 31))
    seen = changed(one(), rendering=Provider(npi="1679576722"))
    assert told(case(seen, ALAN, providers=(PROVIDERS[0], ended))) == ["CO-185"]


def test_6_co_208_number_not_on_file() -> None:
    """Row 6: where the plan does not wait for a load."""
    assert told(case(one(), ALAN, providers=(), plan=planned(provider_not_found="deny"))) == ["CO-208"]


def test_6_pr_242_no_benefit_out_of_network() -> None:
    """Row 6: a provider outside the plan's networks, where the plan pays only inside."""
    far = msgspec.structs.replace(PROVIDERS[0], networks=())
    assert told(case(one(), ALAN, providers=(far,))) == ["PR-242"]


def test_6_prv_unknown_provider() -> None:
    """Row 6: an unknown provider or tax id waits, and the pend names the number to load."""
    decision = decided(case(one(), ALAN, providers=()))
    assert results(decision) == ["pend PRV"]
    assert f"NPI {LAKESIDE.npi}" in said(decision)
    other = msgspec.structs.replace(PROVIDERS[0], tin="999999999")
    assert told(case(one(), ALAN, providers=(other,))) == ["pend PRV"]


# ---- 7: duplicates ---------------------------------------------------------------------------------------------------


def after(prior: PriorClaim, claim: object = None, **values: object) -> list[str]:
    """The results of Alan's visit after an earlier claim."""
    return told(case(claim or one(), ALAN, history=(prior,), **values))  # type: ignore[arg-type]


def test_7_oa_18_exact_duplicate() -> None:
    """Row 7: golden C3 after C1; a denied line is no source."""
    assert told(case(C3, ALAN, history=(PriorClaim(icn="1", claim=C1),))) == ["OA-18", "OA-18"]
    assert told(case(C3, ALAN, history=(PriorClaim(icn="1", claim=C1, denied=(1,)),))) == ["paid", "OA-18"]


def test_7_oa_b13_paid_before() -> None:
    """Row 7: no copy, but the very service that was paid to the same tax id: by its other NPI, or in a correction of
    another claim. What was not paid money waits in DUP."""
    prior = PriorClaim(icn="1", claim=one(), paid=(1,))
    group = changed(one(), billing=msgspec.structs.replace(LAKESIDE, npi=METRO.npi))
    rows = (*PROVIDERS, msgspec.structs.replace(PROVIDERS[1], tin=LAKESIDE.tin))
    assert after(prior, group, providers=rows) == ["OA-B13"]
    assert after(prior, changed(one(), frequency="7", original_icn="2")) == ["OA-B13"]
    unpaid = msgspec.structs.replace(prior, paid=())
    assert after(unpaid, group, providers=rows) == ["pend DUP"]


def test_7_dup_near_duplicate() -> None:
    """Row 7: same member, day and code, another charge or provider."""
    assert after(PriorClaim(icn="1", claim=one(charge_cents=18100))) == ["pend DUP"]
    assert after(PriorClaim(icn="1", claim=changed(one(), billing=METRO))) == ["pend DUP"]


@pytest.mark.parametrize("modifier", ["76", "77", "91", "50", "RT", "LT", "59"])
def test_7_modifiers_clear_a_near_duplicate(modifier: str) -> None:
    """Row 7: a modifier that says the service was meant again."""
    again = one(procedure=Procedure(code="99214", modifiers=(modifier,)))
    assert after(PriorClaim(icn="1", claim=one()), again) == ["paid"]


# ---- 8: timely filing ------------------------------------------------------------------------------------------------

LATE = DAY + timedelta(days=366)


def test_8_co_29_in_network() -> None:
    """Row 8: the 365th day is in time, the 366th is the provider's loss."""
    assert told(case(one(), ALAN, received=DAY + timedelta(days=365))) == ["paid"]
    assert told(case(one(), ALAN, received=LATE)) == ["CO-29"]


def test_8_pr_29_filed_by_the_member() -> None:
    """Row 8: where the member is paid (CLM08 N), the member has filed."""
    assert told(case(changed(one(), benefits_assigned="N"), ALAN, received=LATE)) == ["PR-29"]


def test_8_tim_delay_reason() -> None:
    """Row 8: a delay reason (CLM20) is weighed by a person."""
    assert told(case(changed(one(), delay_reason="1"), ALAN, received=LATE)) == ["pend TIM"]


# ---- 9: codes --------------------------------------------------------------------------------------------------------


def test_9_co_4_modifier() -> None:
    """Row 9: a modifier the code may not have."""
    billed = one(procedure=Procedure(code="99214", modifiers=("80",)))
    assert ruled(rule("modifier", "80"), claim=billed) == ["CO-4"]
    assert ruled(rule("modifier", "80")) == ["paid"]


def test_9_co_5_place_of_service() -> None:
    """Row 9: the claim's place 11, or the line's own."""
    assert ruled(rule("pos", "21")) == ["CO-5"]
    assert ruled(rule("pos", "21"), claim=one(pos="21")) == ["paid"]


def test_9_co_6_age() -> None:
    """Row 9: Alan was 45 on that day."""
    assert ruled(rule("age", "0", "44")) == ["CO-6"]
    assert ruled(rule("age", "45", "45")) == ["paid"]


def test_9_co_7_sex() -> None:
    """Row 9: a sex nobody knows is no fault."""
    man = msgspec.structs.replace(ALAN, person=msgspec.structs.replace(ALAN.person, sex="M"))
    only = (rule("sex", "F"),)
    assert told(case(one(), man, rules=only)) == ["CO-7"]
    assert told(case(one(), ALAN, rules=only)) == ["paid"]


def test_9_co_11_diagnosis() -> None:
    """Row 9: none of the line's diagnoses (E119) begins as the code wants it."""
    assert ruled(rule("diagnosis", "J06", "C")) == ["CO-11"]
    assert ruled(rule("diagnosis", "E11")) == ["paid"]


PAIR = lines(service(1, "99214", 180, DAY), service(2, "80053", 60, DAY))


def test_9_co_236_pair() -> None:
    """Row 9: the second code of a pair, beside the first in the claim or on one of the same day and provider; a
    modifier sets it aside only where the pair lets it."""
    strict, lenient = (rule("pair", *values, code="80053", other="99214") for values in ((), ("modifier",)))
    assert ruled(strict, claim=PAIR) == ["paid", "CO-236"]
    apart = lines(
        PAIR.lines[0], msgspec.structs.replace(PAIR.lines[1], procedure=Procedure(code="80053", modifiers=("59",)))
    )
    assert ruled(lenient, claim=apart) == ["paid", "paid"]
    assert ruled(strict, claim=apart) == ["paid", "CO-236"]
    alone = lines(PAIR.lines[1])
    earlier = PriorClaim(icn="1", claim=one())
    assert ruled(strict, claim=alone, history=(earlier,)) == ["CO-236"]
    assert ruled(strict, claim=alone, history=(msgspec.structs.replace(earlier, denied=(1,)),)) == ["paid"]
    elsewhere = msgspec.structs.replace(earlier, claim=changed(one(), billing=METRO))
    assert ruled(strict, claim=alone, history=(elsewhere,)) == ["paid"]
    old = msgspec.structs.replace(strict, last=date(2026, 3, 15))
    assert ruled(old, claim=PAIR) == ["paid", "paid"]


def test_9_co_97_bundled() -> None:
    """Row 9: a code contained in another one of the day, and a price of nothing."""
    assert ruled(rule("bundle", code="80053", other="99214"), claim=PAIR) == ["paid", "CO-97"]
    free = tuple(msgspec.structs.replace(row, allowed_cents=0) for row in FEES)
    assert told(case(one(), ALAN, fees=free)) == ["CO-97"]


@pytest.mark.parametrize(
    ("item", "remark"),
    [("ndc", "M119"), ("clia", "MA120"), ("referring", "N286"), ("rendering", "N290"), ("modifier", "N822"),
     ("accident_date", "N305"), ("tooth", "N37"), ("surface", "N75"), ("oral_cavity", "N346")],
)  # fmt: skip
def test_9_co_16_names_the_missing_item(item: str, remark: str) -> None:
    """Row 9: what the code needs and the claim does not give, named by its RARC and never by MA130."""
    assert ruled(rule("needs", item)) == [f"CO-16 {remark}"]


def test_9_co_16_diagnosis_missing() -> None:
    """Row 9: M76 where no diagnosis stands at all; what is given is not asked for."""
    assert ruled(rule("needs", "diagnosis"), claim=changed(one(), diagnoses=())) == ["CO-16 M76"]
    assert ruled(rule("needs", "ndc", "diagnosis"), claim=one(ndc="00000000001")) == ["paid"]


# ---- 10: coverage and exclusions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "result"),
    [("not_covered", "PR-96 N130"), ("not_in_plan", "PR-204"), ("experimental", "PR-55"), ("medical", "OA-254"),
     ("under_medical", "OA-168")],
)  # fmt: skip
def test_10_pr_96_204_55_oa_254_168_exclusions(why: str, result: str) -> None:
    """Row 10: an excluded benefit is denied by the reason its document gives."""
    assert told(case(one(), ALAN, plan=excluding(why))) == [result]


def test_10_co_50_not_necessary() -> None:
    """Row 10: no diagnosis of the line makes the code necessary."""
    assert ruled(rule("necessity", "C")) == ["CO-50"]
    assert ruled(rule("necessity", "E11")) == ["paid"]


def test_10_med_high_cost_or_in_doubt() -> None:
    """Row 10: a code to be looked at, and a charge above the plan's limit, wait for a clinician, whose release settles
    it."""
    assert ruled(rule("review")) == ["pend MED"]
    assert ruled(rule("review"), cleared=("MED",)) == ["paid"]
    for limit, result in ((17999, "pend MED"), (18000, "paid")):
        assert told(case(one(), ALAN, plan=planned(medical_review_cents=limit))) == [result]


# ---- 11: limits ------------------------------------------------------------------------------------------------------


def test_11_co_222_n362_units() -> None:
    """Row 11: more units on a line than the benefit has."""
    plan = planned(benefits=(Benefit(name="visit", codes=("99214",), max_units=1),))
    assert told(case(lines(service(1, "99214", 180, DAY, 2)), ALAN, plan=plan)) == ["CO-222 N362"]


def test_11_pr_119_period_maximum() -> None:
    """Row 11: of 95.00 the plan would pay, 55.00 lie above an annual maximum of 40.00."""
    decision = decided(case(one(), ALAN, plan=planned(annual_maximum_cents=4000)))
    assert codes(decision.lines[0]) == [("CO", "45", 5500), ("PR", "3", 3000), ("PR", "119", 5500)]


# ---- 12: prior authorisation -----------------------------------------------------------------------------------------


def authorised(*rows: object, **values: object) -> list[str]:
    """The results of golden C5 with these authorisations."""
    return told(case(changed(C5, **values), BIANCA, authorisations=rows))


def test_12_co_197_absent() -> None:
    """Row 12: nobody asked."""
    assert authorised() == ["CO-197", "CO-197"]


def test_12_co_198_exceeded() -> None:
    """Row 12: 200 units where 199 of 500 are left."""
    assert authorised(msgspec.structs.replace(PA7781, used={"J9271": 301})) == ["CO-198", "paid"]


def test_12_co_210_late() -> None:
    """Row 12: asked for the day after the service, unless the plan gives that day or it was an emergency."""
    for asked, result in ((date(2026, 3, 20), "paid"), (date(2026, 3, 21), "CO-210")):
        assert authorised(msgspec.structs.replace(PA7781, asked=asked)) == [result, result]
    late = msgspec.structs.replace(PA7781, asked=date(2026, 3, 21))
    assert told(case(C5, BIANCA, authorisations=(late,), plan=planned(auth_late_days=1))) == ["paid", "paid"]
    urgent = tuple(msgspec.structs.replace(line, emergency="Y") for line in C5.lines)
    assert authorised(late, lines=urgent) == ["paid", "paid"]


def test_12_auth_mismatch() -> None:
    """Row 12: the number the claim names is of another time."""
    assert authorised(msgspec.structs.replace(PA7781, last=date(2026, 3, 19))) == ["pend AUTH"]


# ---- 13 to 16: price, other payers, shares, paid ---------------------------------------------------------------------


def test_13_co_45_by_contract() -> None:
    """Row 13: 180.00 charged, 125.00 agreed."""
    assert ("CO", "45", 5500) in codes(decided(case(one(), ALAN)).lines[0])


def test_13_pr_45_out_of_network() -> None:
    """Row 13: without a contract the excess is the patient's."""
    plan = planned(out_of_network=PLAN.in_network, benefits=())
    far = msgspec.structs.replace(PROVIDERS[0], networks=())
    assert codes(decided(case(one(), ALAN, plan=plan, providers=(far,))).lines[0])[0] == ("PR", "45", 5500)


def test_13_oa_94_price_above_the_charge() -> None:
    """Row 13: without lesser-of the difference is OA-94, negative."""
    cheap = lines(service(1, "99214", 100, DAY))
    assert codes(decided(case(cheap, ALAN, plan=planned(lesser_of=False))).lines[0])[0] == ("OA", "94", -2500)


def test_13_prc_no_rate() -> None:
    """Row 13: a code nobody has priced waits, and the pend names provider, code and day."""
    decision = decided(case(lines(service(1, "77777", 10, DAY)), ALAN))
    assert results(decision) == ["pend PRC"]
    assert f"NPI {LAKESIDE.npi}, code 77777 in force on {DAY}" in said(decision)


def test_14_oa_23_prior_payers() -> None:
    """Row 14: golden C6: 480.00 paid and 200.00 contractual before us are one OA-23."""
    assert codes(decided(case(C6, ELI, totals=OPENING)).lines[0]) == [("OA", "23", 68000)]


def test_15_pr_1_deductible_pr_2_coinsurance() -> None:
    """Row 15: golden C4: 700.00 of deductible are left, then 20% of 701.33."""
    totals = {key: cents for key, cents in OPENING.items() if key[0] in ("M04", "M05")}
    found = codes(decided(case(C4, DANA, totals=totals)).lines[0])
    assert found[1:] == [("PR", "1", 70000), ("PR", "2", 14027)]


def test_15_pr_3_copay() -> None:
    """Row 15: golden C1: an office visit takes its copay and no deductible."""
    assert codes(decided(case(one(), ALAN)).lines[0])[1:] == [("PR", "3", 3000)]


def test_15_caps_leave_nothing() -> None:
    """Row 15: at the out-of-pocket maximum the unpaid part is 0."""
    met = {("M01", 2026, "in", "deductible"): 100000, ("M01", 2026, "in", "oop"): 300000}
    assert codes(decided(case(one(), ALAN, totals=met)).lines[0]) == [("CO", "45", 5500)]


def test_16_paid_adds_up() -> None:
    """Row 16: charge less all adjustments is what is paid, of each line and of the claim."""
    decision = decided(case(C1, ALAN))
    taken = sum(cents for line in decision.lines for _, _, cents in codes(line))
    assert (decision.paid_cents, decision.charge_cents - taken) == (9500, 9500)


def test_16_aud_high_dollar() -> None:
    """Row 16: above the limit two people release it."""
    decision = decided(case(one(), ALAN, plan=planned(high_dollar_cents=9499)))
    assert decision.pend is not None and (decision.pend.queue, decision.pend.people) == ("AUD", 2)
    assert told(case(one(), ALAN, plan=planned(high_dollar_cents=9500))) == ["paid"]


# ---- the order itself ------------------------------------------------------------------------------------------------


def test_0_first_objection_decides_the_rest_are_notes() -> None:
    """A line that is too early, a duplicate and excluded is PR-26, and says what else stood against it; no cent of it
    depends on the notes."""
    early = covered((date(2026, 3, 17), None))
    history = (PriorClaim(icn="1", claim=one()),)
    decision = decided(case(one(), early, plan=excluding("experimental"), history=history))
    assert results(decision) == ["PR-26"]
    assert [note.text.split(":")[0] for note in decision.notes] == [
        "Line 1 would be OA-18", "Line 1 would be PR-55",
    ]  # fmt: skip
    assert "  also: Line 1 would be OA-18: The service was billed before on claim 1." in explanation.lines(
        decision, one()
    )
    plain = decided(case(one(), early))
    assert (plain.lines, plain.entries, plain.notes) == (decision.lines, decision.entries, ())


def test_0_a_waiting_line_tells_all_it_waits_for() -> None:
    """A line that waits for accident answers and is nearly a duplicate stands in both queues; one look settles both."""
    history = (PriorClaim(icn="1", claim=one(charge_cents=18100)),)
    hurt = changed(one(), accident=("OA",))
    decision = decided(case(hurt, ALAN, history=history))
    assert isinstance(decision.pend, Pend) and decision.pend.queue == "ACC"
    assert [note.rule for note in decision.notes] == ["pend DUP"]
    assert told(case(hurt, ALAN, history=history, cleared=("ACC", "DUP"))) == ["paid"]


def test_0_a_note_is_no_queue() -> None:
    """What a denied line would have waited for is not released with the claim's other lines."""
    hurt = changed(one(), accident=("OA",))
    gone: Member = covered((date(2026, 3, 17), None))
    assert [note.rule for note in decided(case(hurt, gone)).notes] == ["also"]


def test_0_the_order_is_that_of_the_rows() -> None:
    """The edits are asked row after row of the table, from eligibility to authorisation."""
    rows = [asked.row for asked in EDITS]
    assert rows == sorted(rows) and set(rows) == {0, *range(4, 13)}
