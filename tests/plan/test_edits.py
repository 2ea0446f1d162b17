"""Laws of the edits: which fault gives which code or queue, and which fault is told first."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from plan_cases import (
    ACCIDENTS,
    ALAN,
    BIANCA,
    C1,
    C5,
    C6,
    C7,
    CODY,
    ELI,
    LAKELINE,
    LAKESIDE,
    OPENING,
    PA7781,
    PLAN,
    PROVIDERS,
    TODAY,
    case,
    codes,
    service,
)

from gateway.plan.claims import adjudication
from gateway.plan.claims.authorisations import charged
from gateway.plan.claims.benefits import Benefit
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.records import AccidentAnswer, Decision, Member, ProviderRow, Span
from mappings.records import Claim, Organisation, OtherInsurance, Procedure, Provider

Spans = tuple[tuple[date, date | None], ...]


def decided(what: Case) -> Decision:
    """A decision on the golden day."""
    return adjudication.adjudicate(what, TODAY)


def told(decision: Decision) -> list[str]:
    """What became of each line: `GROUP-CARC` when denied, `paid`, or the queue of the claim."""
    if decision.pend is not None:
        return [f"pend {decision.pend.queue}"]
    return [
        f"{line.adjustments[0].group}-{line.adjustments[0].reason}" if line.denied else "paid"
        for line in decision.lines
    ]


def covered(*spans: tuple[date, date | None], plan_id: str = "BT-PPO-2026") -> Member:
    """Alan with other spans."""
    known = tuple(Span(line="PPO", plan_id=plan_id, tier="FAM", first=first, last=last) for first, last in spans)
    return msgspec.structs.replace(ALAN, spans=known)


def changed(claim: Claim, **values: object) -> Claim:
    """A claim with other values."""
    return msgspec.structs.replace(claim, **values)


TWO_VISITS = changed(
    C1, lines=(service(1, "99214", 180, date(2026, 3, 31)), service(2, "99214", 180, date(2026, 4, 1)))
)
EARLY = changed(C1, lines=(service(1, "99214", 180, date(2025, 12, 31)),))

# ---- eligibility -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "result", "end"),
    [
        (((date(2026, 3, 17), None),), "PR-26", None),
        (((date(2026, 1, 1), date(2026, 3, 15)),), "PR-27", date(2026, 3, 15)),
        (((date(2026, 1, 1), date(2026, 3, 16)),), "paid", None),
        (((date(2026, 3, 16), None),), "paid", None),
        (((date(2026, 1, 1), date(2026, 2, 28)), (date(2026, 4, 1), None)), "PR-200", None),
        (((date(2026, 1, 1), date(2026, 3, 15)), (date(2026, 3, 16), None)), "paid", None),
        ((), "PR-177", None),
        (((date(2026, 1, 1), date(2025, 12, 31)),), "PR-177", None),
    ],
)
def test_eligibility_on_the_date_of_service(spans: Spans, result: str, end: date | None) -> None:
    """The last covered day is covered; before, after and between spans each have their code; touching spans no gap."""
    decision = decided(case(C1, covered(*spans)))
    assert told(decision) == [result, result]
    assert decision.coverage_end == end


def test_a_claim_across_the_end_of_coverage() -> None:
    """Lines outside coverage are PR-238 when others are inside; a line that straddles is OA-239."""
    inside, outside = service(1, "99214", 180, date(2026, 2, 28)), service(2, "80053", 60, date(2026, 3, 1))
    member = covered((date(2026, 1, 1), date(2026, 2, 28)))
    both = changed(C1, lines=(inside, outside))
    assert told(decided(case(both, member))) == ["paid", "PR-238"]
    across = changed(C1, lines=(msgspec.structs.replace(inside, last=date(2026, 3, 1)),))
    assert told(decided(case(across, member))) == ["OA-239"]


def test_coverage_of_another_plan_is_none_of_this_plan() -> None:
    """A span of another HD04 code does not cover; one without HD04 covers by its HD03 line."""
    whole = (date(2026, 1, 1), None)
    assert told(decided(case(C1, covered(whole, plan_id="OTHER")))) == ["PR-177", "PR-177"]
    assert told(decided(case(C1, covered(whole, plan_id="")))) == ["paid", "paid"]


def test_a_move_to_another_plan_is_no_gap() -> None:
    """Each line is decided by the document of its date and of the plan the member had on it; the move is no PR-238."""
    later = msgspec.structs.replace(PLAN, id="HD", plan_ids=("HD",), benefits=())
    spans = tuple(
        Span(line="PPO", plan_id=plan, tier="FAM", first=first, last=last)
        for plan, first, last in (
            ("BT-PPO-2026", date(2026, 1, 1), date(2026, 3, 31)),
            ("HD", date(2026, 4, 1), None),
        )
    )
    mover = msgspec.structs.replace(ALAN, spans=spans)
    decision = decided(msgspec.structs.replace(case(TWO_VISITS, mover), plans=(PLAN, later)))
    assert [codes(line)[1] for line in decision.lines] == [("PR", "3", 3000), ("PR", "1", 12500)]
    assert (decision.plan_id, decision.year) == (PLAN.id, 2026)


def test_two_versions_of_a_plan_in_one_claim() -> None:
    """A line of March and one of April each take the copay of the version in force."""
    old = msgspec.structs.replace(PLAN, last=date(2026, 3, 31))
    visit = msgspec.structs.replace(PLAN.benefits[1], copay_cents=5000)
    new = msgspec.structs.replace(PLAN, version="2", first=date(2026, 4, 1), benefits=(visit,))
    decision = decided(msgspec.structs.replace(case(TWO_VISITS, ALAN), plans=(new, old)))
    assert [codes(line)[1] for line in decision.lines] == [("PR", "3", 3000), ("PR", "3", 5000)]
    assert decision.plan_version == "1"


def test_eligibility_is_asked_before_the_plan_document() -> None:
    """Before coverage began no document is missed: PR-26; on a covered day without a document the claim waits PRC."""
    assert told(decided(case(EARLY, ALAN))) == ["PR-26"]
    before = covered((date(2025, 1, 1), None))
    assert told(decided(case(EARLY, before))) == ["pend PRC"]
    other = msgspec.structs.replace(PLAN, id="OLD", plan_ids=("OLD",), first=date(2025, 1, 1))
    assert told(decided(msgspec.structs.replace(case(EARLY, before), plans=(PLAN, other)))) == ["pend PRC"]


def test_a_claim_of_nobody_we_know_waits() -> None:
    """Without a sponsor there are no plans: MBR; with plans, but none for the date: PRC."""
    assert told(decided(msgspec.structs.replace(case(C1, None, match="none"), plans=()))) == ["pend MBR"]
    assert told(decided(case(EARLY, None, match="none"))) == ["pend PRC"]


# ---- members ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "reason", "status"), [("none", "PR-31", "4"), ("dependent", "PR-32", "1"), ("mismatch", "PR-140", "1")]
)
def test_an_unknown_person_waits_five_business_days(match: str, reason: str, status: str) -> None:
    """Received Monday 04-06: pended until Friday 04-10, denied from Monday 04-13; only PR-31 is status 4."""
    unknown = case(C1, None, match=match)
    assert told(adjudication.adjudicate(unknown, date(2026, 4, 10))) == ["pend MBR"]
    decision = adjudication.adjudicate(unknown, date(2026, 4, 13))
    assert (told(decision), decision.status, decision.outcome) == ([reason, reason], status, "denied")
    assert decision.entries == ()


def test_newborns_and_doubtful_people_are_never_denied() -> None:
    """A newborn waits in NEWBORN and two possible people in MBR, however long."""
    late = date(2026, 12, 31)
    assert told(adjudication.adjudicate(case(C1, None, match="newborn"), late)) == ["pend NEWBORN"]
    assert told(adjudication.adjudicate(case(C1, None, match="several", candidates=2), late)) == ["pend MBR"]


# ---- other liability -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "third_party", "result"),
    [(True, False, "PR-19"), (False, True, "PR-20"), (False, False, "paid"), (None, False, "pend ACC")],
)
def test_an_injury_asks_whose_it_is(work: bool | None, third_party: bool, result: str) -> None:
    """An injury diagnosis is decided by the member's answers and waits for them."""
    answer = AccidentAnswer(person_id="M03", work=work, third_party=third_party)
    assert told(decided(case(C7, CODY, accidents=(answer,)))) == [result]


def test_an_injury_without_answers_waits() -> None:
    """No answer: pend ACC; an answer of another time does not count; a person's release does."""
    assert told(decided(case(C7, CODY, accidents=()))) == ["pend ACC"]
    old = msgspec.structs.replace(ACCIDENTS[0], last=date(2025, 12, 31))
    assert told(decided(case(C7, CODY, accidents=(old,)))) == ["pend ACC"]
    assert told(decided(case(C7, CODY, accidents=(), cleared=("ACC",)))) == ["paid"]


def test_an_auto_accident_named_by_the_claim() -> None:
    """CLM11 AA with a liable third party is the no-fault carrier's (PR-21), whatever the diagnosis."""
    answer = AccidentAnswer(person_id="M01", work=False, third_party=True)
    claim = changed(C1, accident=("AA",))
    assert told(decided(case(claim, ALAN, accidents=(answer,)))) == ["PR-21", "PR-21"]


def test_another_plan_on_file_that_pays_first() -> None:
    """Billed to us as first although ACME is on file as primary: OA-22, unless it does not coordinate or has ended."""
    claim = changed(C6, responsibility="P", other=())
    acme = OtherInsurance(responsibility="P", coordination="1", first=date(2026, 1, 1))
    for other, result in (
        (acme, "OA-22"),
        (msgspec.structs.replace(acme, coordination="6"), "paid"),
        (msgspec.structs.replace(acme, last=date(2026, 3, 10)), "paid"),
    ):
        member = msgspec.structs.replace(ELI, other=(other,))
        assert told(decided(case(claim, member, totals=OPENING))) == [result]


def test_a_subrogation_demand_is_never_priced() -> None:
    """A pay-to plan (2010AC) sends the claim to a person."""
    assert told(decided(case(changed(C1, pay_to_plan=Organisation(name="OTHER PLAN")), ALAN))) == ["pend SUB"]


def test_an_encounter_is_not_paid() -> None:
    """BHT06 RP reports services: CO-24, whatever else is known of them."""
    assert told(decided(case(changed(C1, batch_kind="RP"), ALAN))) == ["CO-24", "CO-24"]


def test_benefits_not_assigned_are_not_the_providers() -> None:
    """CLM08 N waits for a person; a denial needs no assignment."""
    unassigned = changed(C1, benefits_assigned="N")
    assert told(decided(case(unassigned, ALAN))) == ["pend ASG"]
    assert told(decided(case(unassigned, ALAN, cleared=("ASG",)))) == ["paid", "paid"]
    assert told(decided(case(unassigned, covered()))) == ["PR-177", "PR-177"]


# ---- providers -------------------------------------------------------------------------------------------------------


def test_providers() -> None:
    """Unknown waits, ended is CO-B7, another tax id waits, out of network is PR-242 where the plan has no benefit."""
    row = PROVIDERS[0]
    for rows, result in (
        ((), "pend PRV"),
        ((msgspec.structs.replace(row, last=date(2026, 3, 15)),), "CO-B7"),
        ((msgspec.structs.replace(row, tin="999999999"),), "pend PRV"),
        ((msgspec.structs.replace(row, tin="999999999"), row), "paid"),
        ((msgspec.structs.replace(row, networks=("OTHER",)),), "PR-242"),
        ((msgspec.structs.replace(row, networks=()), row), "PR-242"),
        ((row,), "paid"),
    ):
        assert told(decided(case(C1, ALAN, providers=rows)))[0] == result


def test_a_rendering_provider_that_ended() -> None:
    """On file but not on that date: CO-185; not on file at all, the billing provider's row decides."""
    doctor = Provider(npi="1679576722")
    ended = ProviderRow(npi=doctor.npi, tin="", name="x", first=date(2025, 1, 1), last=date(2025, 12, 31))
    claim = changed(C1, rendering=doctor)
    assert told(decided(case(claim, ALAN, providers=(*PROVIDERS[:1], ended))))[0] == "CO-185"
    assert told(decided(case(claim, ALAN, providers=PROVIDERS[:1])))[0] == "paid"


def test_emergency_is_in_network_everywhere() -> None:
    """Far from the network an emergency takes the in-network share, and the excess is not the patient's."""
    far = (msgspec.structs.replace(PROVIDERS[0], networks=()),)
    line = msgspec.structs.replace(service(1, "99283", 1000, date(2026, 3, 16)), pos="23")
    member = covered((date(2026, 1, 1), None), plan_id="LK-PPO-2026")
    at_home = case(changed(C1, lines=(line,)), member, plan=LAKELINE, providers=far)
    assert codes(decided(at_home).lines[0]) == [("CO", "45", 40000), ("PR", "1", 60000)]
    assert {each.tier for each in decided(at_home).entries} == {"in"}
    usual = case(changed(C1, lines=(msgspec.structs.replace(line, pos="11"),)), member, plan=LAKELINE, providers=far)
    assert codes(decided(usual).lines[0]) == [("PR", "45", 40000), ("PR", "1", 60000)]
    assert {each.tier for each in decided(usual).entries} == {"out"}


# ---- duplicates ------------------------------------------------------------------------------------------------------


def test_near_duplicates_wait_and_modifiers_clear_them() -> None:
    """Another charge or provider for the same code and day waits in DUP; modifier 76 says it was meant."""
    line = service(1, "99214", 180, date(2026, 3, 16))
    claim = changed(C1, lines=(line,))

    def after(prior: Claim, mine: Claim = claim, **more: object) -> list[str]:
        return told(decided(case(mine, ALAN, history=(PriorClaim(icn="1", claim=prior),), **more)))

    dearer = changed(claim, lines=(msgspec.structs.replace(line, charge_cents=18100),))
    repeated = msgspec.structs.replace(line, procedure=Procedure(code="99214", modifiers=("76",)))
    assert after(claim) == ["OA-18"]
    assert after(changed(claim, pcn="OTHER")) == ["OA-18"]
    assert after(dearer) == ["pend DUP"]
    assert after(changed(claim, billing=Provider(npi="1245319599"))) == ["pend DUP"]
    assert after(dearer, cleared=("DUP",)) == ["paid"]
    assert after(claim, changed(claim, lines=(repeated,))) == ["paid"]
    assert after(changed(claim, lines=(service(1, "99214", 180, date(2026, 3, 17)),))) == ["paid"]


def test_a_denied_line_is_no_duplicate_source() -> None:
    """Of a claim that was paid in part, only the lines that stand are billed twice."""
    prior = PriorClaim(icn="1", claim=C1, denied=(2,))
    assert told(decided(case(C1, ALAN, history=(prior,)))) == ["OA-18", "paid"]


def test_a_replacement_is_no_duplicate_of_what_it_replaces() -> None:
    """A correction may repeat its original, but not another claim of the person."""
    again = changed(C1, frequency="7", original_icn="1")
    assert told(decided(case(again, ALAN, history=(PriorClaim(icn="1", claim=C1),)))) == ["paid", "paid"]
    assert told(decided(case(again, ALAN, history=(PriorClaim(icn="2", claim=C1),)))) == ["pend DUP"]


# ---- time, exclusions, limits ----------------------------------------------------------------------------------------


def test_timely_filing() -> None:
    """365 days after the service is in time, a day later CO-29; a delay reason waits; a correction is not late."""
    last_day = C1.last + timedelta(days=365)

    def received(on: date, claim: Claim = C1, **more: object) -> str:
        return told(decided(case(claim, ALAN, received=on, **more)))[0]

    late = last_day + timedelta(days=1)
    assert received(last_day) == "paid"
    assert received(late) == "CO-29"
    assert received(late, changed(C1, delay_reason="1")) == "pend TIM"
    assert received(late, changed(C1, delay_reason="1"), cleared=("TIM",)) == "paid"
    assert received(late, changed(C1, frequency="7", original_icn="1")) == "paid"
    assert received(late, changed(C1, original_icn="1")) == "CO-29"


def test_exclusions_and_unit_limits() -> None:
    """An excluded service is PR-96 with N130, too many units CO-222 with N362; other lines are paid."""
    rows = (
        Benefit(name="laboratory", codes=("80053",), excluded=True),
        Benefit(name="visit", codes=("99214",), max_units=1),
    )
    plan = msgspec.structs.replace(PLAN, benefits=rows)
    decision = decided(case(C1, ALAN, plan=plan))
    assert told(decision) == ["paid", "PR-96"]
    assert decision.lines[1].remarks == ("N130",)
    twice = changed(C1, lines=(service(1, "99214", 180, date(2026, 3, 16), 2),))
    over = decided(case(twice, ALAN, plan=plan))
    assert (told(over), over.lines[0].remarks) == (["CO-222"], ("N362",))


def test_annual_maximum() -> None:
    """What the plan would pay above the person's annual maximum is the patient's (PR-119), and does not count on."""
    plan = msgspec.structs.replace(PLAN, annual_maximum_cents=4000)
    decision = decided(case(C1, ALAN, plan=plan))
    assert codes(decision.lines[0]) == [("CO", "45", 5500), ("PR", "3", 3000), ("PR", "119", 5500)]
    assert decision.paid_cents == 4000
    assert sum(each.cents for each in decision.entries if each.kind == "oop") == 5500


# ---- authorisations --------------------------------------------------------------------------------------------------


def test_authorisations() -> None:
    """Absent is CO-197, one that does not fit waits in AUTH, used-up units are CO-198, per code."""
    for rows, claim, result in (
        ((PA7781,), C5, ["paid", "paid"]),
        ((PA7781,), changed(C5, prior_auth=""), ["paid", "paid"]),
        ((), C5, ["CO-197", "CO-197"]),
        ((msgspec.structs.replace(PA7781, person_id="M01"),), changed(C5, prior_auth=""), ["CO-197", "CO-197"]),
        ((msgspec.structs.replace(PA7781, last=date(2026, 3, 19)),), C5, ["pend AUTH"]),
        ((msgspec.structs.replace(PA7781, npi=LAKESIDE.npi),), C5, ["pend AUTH"]),
        ((msgspec.structs.replace(PA7781, used={"J9271": 300}),), C5, ["paid", "paid"]),
        ((msgspec.structs.replace(PA7781, used={"J9271": 301}),), C5, ["CO-198", "paid"]),
    ):
        assert told(decided(case(claim, BIANCA, authorisations=rows))) == result


def test_lines_of_one_claim_share_an_authorisation() -> None:
    """Two lines of 300 units do not both fit into 500."""
    lines = tuple(service(at, "J9271", 30000, date(2026, 3, 20), 300) for at in (1, 2))
    assert told(decided(case(changed(C5, lines=lines), BIANCA))) == ["paid", "CO-198"]


def test_units_are_charged_to_authorisations_and_given_back() -> None:
    """C5 takes 200 of 500 units, so 301 more are too many; its reversal gives them back."""
    paid = decided(case(C5, BIANCA))
    (row,) = charged((PA7781,), (paid,))
    assert row.used == {"J9271": 200, "96413": 1}
    (row,) = charged((PA7781,), (paid, adjudication.reverse(paid, 2)))
    assert row.used == {"J9271": 0, "96413": 0}


# ---- prices, claims --------------------------------------------------------------------------------------------------


def test_one_line_that_waits_holds_the_claim() -> None:
    """A line without price pends the whole claim, which then changes no accumulator; all needs are named at once."""
    lines = (*C1.lines, service(3, "77777", 10, date(2026, 3, 16)), service(4, "88888", 10, date(2026, 3, 16)))
    decision = decided(case(changed(C1, lines=lines), ALAN))
    assert (decision.outcome, told(decision)) == ("pended", ["pend PRC"])
    assert (decision.lines, decision.entries, decision.paid_cents) == ((), (), 0)
    assert [note.rule for note in decision.notes] == ["pend PRC"]


def test_a_price_of_nothing_is_bundled() -> None:
    """CO-45 never takes the whole charge: a price of 0.00 says CO-97."""
    fees = tuple(msgspec.structs.replace(row, allowed_cents=0) for row in case(C1, ALAN).fees)
    assert told(decided(case(C1, ALAN, fees=fees))) == ["CO-97", "CO-97"]


def test_a_price_above_the_charge() -> None:
    """Without lesser-of the difference is OA-94, negative, so that the line still balances."""
    plan = msgspec.structs.replace(PLAN, lesser_of=False)
    claim = changed(C1, lines=(service(1, "99214", 100, date(2026, 3, 16)),))
    decision = decided(case(claim, ALAN, plan=plan))
    assert codes(decision.lines[0]) == [("OA", "94", -2500), ("PR", "3", 3000)]
    assert decision.paid_cents == 9500


def test_high_dollar_waits_for_a_second_person() -> None:
    """Above the limit the claim pends AUD, at the limit it does not; released, it is decided."""
    at, below = (msgspec.structs.replace(PLAN, high_dollar_cents=cents) for cents in (9500, 9499))
    assert told(decided(case(C1, ALAN, plan=at))) == ["paid", "paid"]
    assert told(decided(case(C1, ALAN, plan=below))) == ["pend AUD"]
    assert told(decided(case(C1, ALAN, plan=below, cleared=("AUD",)))) == ["paid", "paid"]
    assert PLAN.high_dollar_cents == 2_500_000  # a plan that says nothing


def test_one_copay_per_visit_and_day() -> None:
    """Two visits of one claim and day owe one copay, two days owe two."""
    first = service(1, "99214", 180, date(2026, 3, 16))
    for other, copays in ((date(2026, 3, 16), [3000]), (date(2026, 3, 17), [3000, 3000])):
        claim = changed(C1, lines=(first, service(2, "99213", 150, other)))
        decision = decided(case(claim, ALAN))
        assert [each.cents for line in decision.lines for each in line.adjustments if each.reason == "3"] == copays


def test_preventive_care_is_paid_in_full_and_counts_nothing() -> None:
    """No share, no accumulation but what the plan paid."""
    plan = msgspec.structs.replace(PLAN, benefits=(Benefit(name="preventive", preventive=True),))
    decision = decided(case(C1, ALAN, plan=plan))
    assert (decision.paid_cents, decision.patient_cents) == (15000, 0)
    assert {each.kind for each in decision.entries} == {"paid"}


def test_a_line_that_costs_nothing_takes_no_copay() -> None:
    """The visit's copay is owed on its first line with a price."""
    day = date(2026, 3, 16)
    claim = changed(C1, lines=(service(1, "99213", 0, day), service(2, "99214", 180, day)))
    assert [codes(line) for line in decided(case(claim, ALAN)).lines] == [[], [("CO", "45", 5500), ("PR", "3", 3000)]]


def test_what_cannot_be_reversed() -> None:
    """Pends have nothing to reverse; voids are not adjudicated."""
    with pytest.raises(ValueError, match="nothing to reverse"):
        adjudication.reverse(decided(case(C7, CODY, accidents=())), 2)
    with pytest.raises(ValueError, match="void"):
        decided(case(changed(C1, frequency="8"), ALAN))
