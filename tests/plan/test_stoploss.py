"""Stop-loss: policies from TOML, the windows of each basis, notices, recoveries, aggregate - and the golden year."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from gateway.errors import BadData
from gateway.plan import stoploss
from gateway.plan.records import Member, Span
from gateway.plan.stoploss import AggregateTerms, Fact, Factor, Filed, Laser, Month, Notice, Paid, Policy, letters
from gateway.plan.stoploss import advice as stoploss_advice
from mappings.records import Person

CONFIG = Path(__file__).parents[2] / "config" / "policies"
GOLDEN = stoploss.parse((CONFIG / "bluebonnet.toml").read_text())
LAKELINE = stoploss.parse((CONFIG / "lakeline.toml").read_text())
TODAY = date(2026, 4, 6)


def fact(person: str, icn: str, cents: int, *diagnoses: str, **more: object) -> Fact:
    """A decision of the golden day."""
    given = {"version": 1, "incurred": date(2026, 3, 20), "on": TODAY, **more}
    return Fact(person_id=person, icn=icn, paid_cents=cents, diagnoses=diagnoses, **given)  # type: ignore[arg-type]


class Told:
    """A carrier's file: runs facts through the policy and keeps totals and what was sent."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.sent = policy, list[Notice]()
        self.totals: dict[str, int] = {}

    def tell(self, *facts: Fact) -> list[str]:
        """The kinds of notice these facts gave, in order."""
        new: list[Notice] = []
        for each in facts:
            who = stoploss.subject(self.policy, each.person_id, each.family_root)
            before = self.totals.get(who, 0)
            new += stoploss.notices(self.policy, before, stoploss.netted([each]), {n.key for n in [*self.sent, *new]})
            self.totals[who] = before + stoploss.eligible_cents(self.policy, each)
        self.sent += new
        return [n.kind for n in new]


C5 = fact("M02", "C5", 900_000, "C34.11")
C8 = fact("M02", "C8", 1_800_000, "C34.11", incurred=date(2026, 4, 1))


# ---- notices ---------------------------------------------------------------------------------------------------------


def test_the_golden_notices() -> None:
    """C5 gives the trigger diagnosis and the 50 % notice, C8 the 100 % notice; nobody else gives any."""
    told = Told(GOLDEN)
    told.tell(fact("M01", "C1", 9_500), fact("M04", "C4", 56_106), C5, fact("M05", "C6", 12_000), C8)
    assert [(n.icn, n.person_id, n.kind) for n in told.sent] == [
        ("C5", "M02", "TRIGDX"),
        ("C5", "M02", "SPEC50"),
        ("C8", "M02", "SPEC100"),
    ]
    first, half, full = told.sent
    assert (first.codes, first.group) == (("C34.11",), "cancer")
    assert (half.total_cents, half.threshold_cents, half.percent) == (900_000, 500_000, 9_000)
    assert (full.total_cents, full.threshold_cents, full.excess_cents) == (2_700_000, 1_000_000, 1_700_000)


def test_one_claim_may_cross_both_thresholds() -> None:
    """One claim over the deductible gives the 50 % and the 100 % notice, in that order."""
    assert Told(GOLDEN).tell(fact("M02", "X", 1_000_000)) == ["SPEC50", "SPEC100"]


@pytest.mark.parametrize(("cents", "kinds"), [(499_999, []), (500_000, ["SPEC50"]), (999_999, ["SPEC50"])])
def test_a_threshold_is_reached_at_its_cent(cents: int, kinds: list[str]) -> None:
    """Exactly 50 % is reached; a cent below is not."""
    assert Told(GOLDEN).tell(fact("M02", "X", cents)) == kinds


def test_a_void_below_a_threshold_updates_and_is_never_told_twice() -> None:
    """C8 voided on 06-01: an update of the 100 % notice, no second 50 % notice; crossing again stays silent."""
    told = Told(GOLDEN)
    told.tell(C5, C8)
    void = fact("M02", "C8", -1_800_000, "C34.11", version=2, on=date(2026, 6, 1))
    assert told.tell(void) == ["UPDATE"]
    assert (told.sent[-1].of, told.sent[-1].total_cents) == ("SPEC100", 900_000)
    assert told.tell(fact("M02", "C9", 1_800_000, "C34.11")) == []
    assert told.tell(void) == []


def test_a_carrier_may_want_to_hear_again() -> None:
    """Under `resend` crossing a threshold a second time is a new notice."""
    told = Told(replace(GOLDEN, resend=True))
    told.tell(C5, C8, fact("M02", "C8", -1_800_000, version=2))
    assert told.tell(fact("M02", "C9", 1_800_000)) == ["SPEC100"]


def test_claims_outside_the_windows_are_not_told() -> None:
    """A claim incurred before a 12/12 policy, or decided after it, neither counts nor triggers."""
    old = fact("M02", "X", 2_000_000, "C34.11", incurred=date(2025, 12, 30))
    late = fact("M02", "Y", 2_000_000, "C34.11", on=date(2027, 1, 2))
    assert Told(GOLDEN).tell(old, late) == []


def test_a_denied_claim_still_triggers_by_its_diagnosis() -> None:
    """The list is about diagnoses, not money; a reversal never triggers."""
    assert Told(GOLDEN).tell(fact("M02", "X", 0, "N186")) == ["TRIGDX"]
    assert Told(GOLDEN).tell(fact("M02", "X", -1, "N186")) == []


def test_each_trigger_group_is_told_once_per_person() -> None:
    """A second diagnosis of the group is no news, another group is; another person is."""
    told = Told(GOLDEN)
    assert told.tell(fact("M02", "1", 0, "C34.11"), fact("M02", "2", 0, "C50.1", "T86.1")) == ["TRIGDX", "TRIGDX"]
    assert told.tell(fact("M03", "3", 0, "C34.11")) == ["TRIGDX"]


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("C00", "cancer"),
        ("C96.9", "cancer"),
        ("C97", ""),
        ("N18.6", "kidney failure"),
        ("N185", ""),
        ("c3411", "cancer"),
    ],
)
def test_diagnoses_match_by_beginning_or_range(code: str, group: str) -> None:
    """Dots and case do not matter; a range compares as many characters as its ends have."""
    assert [t.group for t in GOLDEN.triggers if t.match([code])] == ([group] if group else [])


def test_lasers_have_their_own_deductible() -> None:
    """A lasered person is measured against the laser, an excluded one gets no threshold notice."""
    policy = replace(GOLDEN, lasers=(Laser(person_id="L", amount_cents=5_000_000), Laser(person_id="E", excluded=True)))
    told = Told(policy)
    assert told.tell(fact("L", "1", 2_000_000), fact("E", "2", 9_000_000)) == []
    assert told.tell(fact("L", "3", 500_000)) == ["SPEC50"]


def test_a_family_deductible_sums_the_family() -> None:
    """Per family, two members' claims reach the threshold together, once."""
    told = Told(replace(GOLDEN, per="family"))
    assert told.tell(fact("A", "1", 300_000, family_root="R"), fact("B", "2", 300_000, family_root="R")) == ["SPEC50"]
    assert told.sent[0].subject == "R"


# ---- windows ---------------------------------------------------------------------------------------------------------

BASES = ("12/12", "12/15", "15/12", "24/12", "paid")
WINDOW_TABLE = [
    (date(2025, 8, 1), date(2026, 1, 15), "---YY"),
    (date(2025, 11, 20), date(2026, 2, 10), "--YYY"),
    (date(2026, 6, 3), date(2026, 8, 7), "YYYYY"),
    (date(2026, 12, 15), date(2027, 2, 20), "-Y---"),
    (date(2024, 12, 30), date(2026, 1, 9), "----Y"),
    (date(2026, 1, 1), date(2026, 12, 31), "YYYYY"),
    (date(2026, 12, 31), date(2027, 3, 31), "-Y---"),
    (date(2026, 12, 31), date(2027, 4, 1), "-----"),
    (date(2025, 10, 1), date(2026, 1, 1), "--YYY"),
    (date(2025, 9, 30), date(2026, 1, 1), "---YY"),
]


@pytest.mark.parametrize(("incurred", "paid", "wanted"), WINDOW_TABLE)
def test_each_basis_is_two_windows(incurred: date, paid: date, wanted: str) -> None:
    """A claim counts when its service lies in the one window and its payment in the other."""
    found = "".join("Y" if stoploss.counts(replace(GOLDEN, basis=b), incurred, paid) else "-" for b in BASES)
    assert found == wanted


def test_a_paid_basis_reaches_back_to_the_first_policy() -> None:
    """`original` limits what a paid basis counts."""
    policy = replace(GOLDEN, basis="paid", original=date(2025, 1, 1))
    assert stoploss.counts(policy, date(2025, 1, 1), TODAY)
    assert not stoploss.counts(policy, date(2024, 12, 31), TODAY)


# ---- recoveries ------------------------------------------------------------------------------------------------------


def paid(person: str, cents: int, on: date = date(2026, 4, 14), icn: str = "", **more: object) -> Paid:
    """A settled payment."""
    given = {"version": 1, "incurred": date(2026, 3, 20), **more}
    return Paid(person_id=person, icn=icn or f"{person}{on:%m%d}", paid_on=on, paid_cents=cents, **given)  # type: ignore[arg-type]


def test_the_golden_claim() -> None:
    """27,000.00 paid for Bianca, 17,000.00 to claim, in the order of payment; the others give nothing."""
    facts = [
        paid("M02", 1_800_000, icn="C8", incurred=date(2026, 4, 1)),
        paid("M02", 900_000, icn="C5"),
        paid("M01", 9_500),
    ]
    claim = stoploss.recovery(GOLDEN, "M02", facts)
    assert claim
    assert (claim.eligible_cents, claim.deductible_cents, claim.amount_cents) == (2_700_000, 1_000_000, 1_700_000)
    assert claim.icns == ("C5", "C8")
    assert stoploss.recovery(GOLDEN, "M01", facts) is None
    assert stoploss.recovery(GOLDEN, "M02", facts, filed_cents=1_700_000) is None


def test_a_void_after_reimbursement_is_owed_to_the_carrier() -> None:
    """Variant: C8 voided after 17,000.00 were claimed: all of it goes back."""
    facts = [
        paid("M02", 900_000, icn="C5"),
        paid("M02", 1_800_000, icn="C8"),
        paid("M02", -1_800_000, date(2026, 6, 1), icn="C8", version=2),
    ]
    claim = stoploss.recovery(GOLDEN, "M02", facts, filed_cents=1_700_000)
    assert claim and (claim.reimbursable_cents, claim.amount_cents) == (0, -1_700_000)


def test_percent_and_maximum() -> None:
    """90 % of 17,000.00 is 15,300.00; an annual maximum caps it."""
    ninety = replace(GOLDEN, percent=9_000)
    claim = stoploss.recovery(ninety, "A", [paid("A", 2_700_000)])
    assert claim and claim.amount_cents == 1_530_000
    capped = stoploss.recovery(replace(ninety, annual_max_cents=1_000_000), "A", [paid("A", 2_700_000)])
    assert capped and capped.amount_cents == 1_000_000


SPEC50K = replace(
    GOLDEN, specific_cents=5_000_000, asd_cents=2_000_000, lasers=(Laser(person_id="C", amount_cents=15_000_000),)
)


def test_the_aggregating_deductible_takes_the_first_excess() -> None:
    """Spec 50,000, ASD 20,000: A 30,000 and B 12,000 over, C lasered: 22,000 in all, in order of payment."""
    facts = [
        paid("A", 8_000_000, date(2026, 5, 1)),
        paid("B", 6_200_000, date(2026, 6, 1)),
        paid("C", 12_000_000, date(2026, 4, 1)),
    ]
    claims = stoploss.recoveries(SPEC50K, facts, {})
    assert [(c.subject, c.amount_cents) for c in claims] == [("A", 1_000_000), ("B", 1_200_000)]
    later = [replace(facts[0], paid_on=date(2026, 7, 1)), *facts[1:]]
    other = stoploss.recoveries(SPEC50K, later, {})
    assert [(c.subject, c.amount_cents) for c in other] == [("A", 2_200_000)]


def test_a_refund_first_lowers_the_claim_then_opens_the_aggregating_deductible() -> None:
    """What a refund takes below nothing reimbursable is excess the employer no longer bears."""
    facts = [paid("A", 8_000_000, date(2026, 5, 1)), paid("A", -2_500_000, date(2026, 6, 1), icn="R")]
    assert stoploss.recoveries(SPEC50K, facts, {}) == ()
    more = [*facts, paid("B", 7_000_000, date(2026, 7, 1))]
    assert [(c.subject, c.amount_cents) for c in stoploss.recoveries(SPEC50K, more, {})] == [("B", 500_000)]


def test_excess_the_employer_bore_and_got_back_is_borne_anew() -> None:
    """A bears the ASD, B claims 12,000; after the void of A the ASD is of B: 12,000 is owed back."""
    facts = [paid("A", 7_000_000, date(2026, 5, 1)), paid("B", 6_200_000, date(2026, 6, 1))]
    assert [(c.subject, c.amount_cents) for c in stoploss.recoveries(SPEC50K, facts, {})] == [("B", 1_200_000)]
    void = paid("A", -7_000_000, date(2026, 7, 1), icn="V")
    owed = stoploss.recoveries(SPEC50K, [*facts, void], {"B": 1_200_000})
    assert [(c.subject, c.amount_cents) for c in owed] == [("B", -1_200_000)]


def test_run_in_claims_count_up_to_their_maximum() -> None:
    """Of what was incurred before the policy only the run-in maximum counts per person."""
    facts = [paid("A", 4_000_000, incurred=date(2025, 11, 1)), paid("A", 4_000_000, date(2026, 5, 1))]
    claim = stoploss.recovery(replace(LAKELINE, asd_cents=0), "A", facts)
    assert claim and (claim.eligible_cents, claim.amount_cents) == (6_500_000, 1_350_000)


def test_small_later_claims_wait_but_debts_do_not() -> None:
    """Under 500.00 more is not filed again; a cent owed to the carrier is."""
    facts = [paid("A", 1_040_000)]
    assert stoploss.recovery(GOLDEN, "A", facts, filed_cents=1) is None
    owed = stoploss.recovery(GOLDEN, "A", facts, filed_cents=40_001)
    assert owed and owed.amount_cents == -1


def test_excluded_people_are_never_claimed() -> None:
    """A laser may exclude a person altogether."""
    policy = replace(GOLDEN, lasers=(Laser(person_id="E", excluded=True),))
    assert stoploss.recoveries(policy, [paid("E", 9_000_000)], {}) == ()


def test_a_family_is_claimed_once() -> None:
    """Per family the sum of its members stands against one deductible."""
    facts = [paid("A", 700_000, family_root="R"), paid("B", 700_000, family_root="R")]
    claims = stoploss.recoveries(replace(GOLDEN, per="family"), facts, {})
    assert [(c.subject, c.amount_cents) for c in claims] == [("R", 400_000)]


def test_a_claim_in_two_windows_is_the_older_policys() -> None:
    """What lies in the run-out of one year and the run-in of the next counts once, under the older; what takes it back
    counts there too, however late."""
    old = replace(GOLDEN, basis="12/15")
    new = replace(GOLDEN, basis="15/12", first=date(2027, 1, 1), last=date(2027, 12, 31))
    facts = [
        Paid(person_id="A", icn=icn, version=version, incurred=date(2026, 12, 15), paid_on=on, paid_cents=cents)
        for icn, version, on, cents in (
            ("X", 1, date(2027, 2, 20), 100), ("X", 2, date(2027, 6, 1), -100), ("Y", 1, date(2027, 6, 1), 50),
        )
    ]  # fmt: skip
    assert stoploss.assign((old, new), facts) == {("X", 1): old, ("X", 2): old, ("Y", 1): new}


def test_what_is_open_is_withdrawn_before_anything_is_owed() -> None:
    """Newest first: what the carrier has not paid of any claim, then what it has."""
    claims = [Filed(number=n, amount_cents=10_00, received_cents=r) for n, r in (("SL-2", 10_00), ("SL-1", 4_00))]
    taken = [(each.number, each.withdrawn_cents, each.owed_cents) for each in stoploss.take_back(15_00, claims)]
    assert taken == [("SL-2", 0, 9_00), ("SL-1", 6_00, 0)]


# ---- aggregate -------------------------------------------------------------------------------------------------------


def test_the_golden_aggregate() -> None:
    """January to April: 16,000.00 attachment, minimum 50,160.00, 10,936.06 eligible = 68.35 %, no accommodation."""
    assert GOLDEN.aggregate
    full = {"EMP": 1, "ECH": 1, "FAM": 1}
    months = [Month(first=date(2026, m, 1), lives=full if m < 3 else {"ECH": 1, "FAM": 1}) for m in (1, 2, 3, 4)]
    over = stoploss.excess_cents(GOLDEN, [paid("M02", 2_700_000), paid("M01", 9_500)])
    found = stoploss.report(GOLDEN.aggregate, months, 2_793_606, over)
    assert found.attachments_cents == (440_000, 440_000, 360_000, 360_000)
    assert (found.attachment_cents, found.minimum_cents) == (1_600_000, 5_016_000)
    assert (found.eligible_cents, found.percent, found.accommodation_cents) == (1_093_606, 6_835, 0)


TERMS = AggregateTerms(
    factors=(Factor(tier="EMP", amount_cents=40_000), Factor(tier="FAM", amount_cents=115_000)),
    annual_max_cents=100_000_000,
    accommodation=True,
)
YEAR = [
    Month(first=date(2026, m, 1), lives={"EMP": 40, "FAM": 25} if m < 7 else {"EMP": 35, "FAM": 20})
    for m in range(1, 13)
]


def test_a_shrinking_group_meets_the_minimum() -> None:
    """490,500 accumulated, 510,150 minimum: 640,000 paid less 70,000 over specific gives 59,850."""
    found = stoploss.report(TERMS, YEAR, 64_000_000, 7_000_000)
    assert (found.attachment_cents, found.minimum_cents) == (49_050_000, 51_015_000)
    assert stoploss.settlement_cents(TERMS, YEAR, 64_000_000, 7_000_000) == 5_985_000
    small = replace(TERMS, annual_max_cents=5_000_000)
    assert stoploss.settlement_cents(small, YEAR, 64_000_000, 7_000_000) == 5_000_000


def test_an_advance_follows_the_year_to_date() -> None:
    """Above the accumulated attachment the carrier advances; with the monthly minimum the bar is the greater one."""
    assert stoploss.report(TERMS, YEAR[:1], 5_000_000, 0).accommodation_cents == 525_000
    shrunk = [YEAR[0], YEAR[11]]
    assert stoploss.report(TERMS, shrunk, 8_400_000, 0).accommodation_cents == 225_000
    strict = replace(TERMS, ytd_minimum=True)
    assert stoploss.report(strict, shrunk, 8_600_000, 0).accommodation_cents == 97_500
    assert stoploss.report(replace(TERMS, accommodation=False), shrunk, 8_600_000, 0).accommodation_cents == 0


def test_lives_are_subscribers_covered_on_the_day() -> None:
    """Frank counts in February and not in March; dependents and dental-only people never."""

    def someone(last: date | None, tier: str, line: str = "PPO", subscriber: bool = True) -> Member:
        covered = Span(line=line, plan_id="P", tier=tier, first=date(2026, 1, 1), last=last)
        return Member(
            person_id="p",
            family_root="p",
            subscriber_no="p",
            subscriber=subscriber,
            relationship="18",
            person=Person(),
            spans=(covered,),
        )

    people = [
        someone(None, "FAM"),
        someone(date(2026, 2, 28), "EMP"),
        someone(None, "", subscriber=False),
        someone(None, "EMP", "DEN"),
    ]
    assert stoploss.lives(people, date(2026, 2, 1)) == {"EMP": 1, "FAM": 1}
    assert stoploss.lives(people, date(2026, 3, 1)) == {"FAM": 1}


# ---- documents -------------------------------------------------------------------------------------------------------

LAKE_LASER = "LK200004-M04"


def test_the_sample_policies_say_what_they_mean() -> None:
    """Dollars become cents, percent hundredths; the second employer's shows the other terms."""
    assert (GOLDEN.sponsor, GOLDEN.specific_cents, GOLDEN.percent, GOLDEN.notice) == (
        "bluebonnet",
        1_000_000,
        10_000,
        5_000,
    )
    assert (LAKELINE.sponsor, LAKELINE.deductible_cents(LAKE_LASER)) == ("lakeline", 15_000_000)
    assert LAKELINE.deductible_cents("anybody") == 5_000_000


def test_every_problem_of_a_policy_is_named() -> None:
    """Missing, unknown, contradictory and misspelt terms are told together."""
    with pytest.raises(BadData) as missing:
        stoploss.parse('id = "x"\nspecific = -1\ncolour = "blue"\n')
    assert all(
        word in str(missing.value) for word in ("number: missing", "employer: missing", "colour", "specific: neg")
    )
    text = (CONFIG / "bluebonnet.toml").read_text()
    wrong = text.replace('basis = "12/12"', 'basis = "13/14"').replace("notice = 50 ", "notice = 150 ")
    wrong = wrong.replace('"C00-C96"', '"C96-C00"').replace('group = "sepsis"', 'group = "cancer"')
    wrong = wrong.replace("last = 2026-12-31", "last = 2025-12-31")
    wrong += '\n[[lasers]]\nperson_id = "A"\n'
    with pytest.raises(BadData) as problems:
        stoploss.parse(wrong)
    for word in ("basis", "notice", "C96-C00", "cancer twice", "last: before first", "lasers[1]"):
        assert word in str(problems.value)
    with pytest.raises(BadData, match="not TOML"):
        stoploss.parse("= 1")


BIANCA = Member(
    person_id="SBA100001-M02",
    family_root="SBA100001",
    subscriber_no="SBA100001",
    member_no="M02",
    subscriber=False,
    relationship="01",
    person=Person(last="REED", first="BIANCA", birth=date(1982, 9, 5), sex="F"),
    spans=(Span(line="PPO", plan_id="P", first=date(2026, 1, 1)),),
)


def told(notice: Notice, policy: Policy = GOLDEN) -> dict[str, object]:
    """A notice as data."""
    return letters.document(
        notice, policy, BIANCA, number="N-3", usage="T", employer="Bluebonnet Tool & Die", prepared_by="gateway"
    )


def test_a_notice_tells_no_more_than_needed() -> None:
    """Member number, birth, sex, relationship; the name only to a carrier that wants it; amounts in cents."""
    carrier = Told(GOLDEN)
    carrier.tell(C5, C8)
    found = told(carrier.sent[2])
    assert "REED" not in str(found) and "BIANCA" not in str(found)
    assert found["reason"] == "plan-paid claims reached the deductible: 27,000.00 against 10,000.00"
    assert found["claims"]["potential_excess_cents"] == 1_700_000  # type: ignore[index]
    assert found["claims"]["of_specific_percent"] == "270.00"  # type: ignore[index]
    assert found["person"]["covered_since"] == "2026-01-01"  # type: ignore[index]
    assert found["usage"] == "T"
    assert "BIANCA REED" in str(told(carrier.sent[2], replace(GOLDEN, names=True)))


def test_each_kind_of_notice_says_why() -> None:
    """The reason is one sentence with the amounts, or the diagnosis and its group."""
    carrier = Told(GOLDEN)
    carrier.tell(C5, C8, fact("M02", "C8", -1_800_000, version=2))
    assert [letters.reason(n, GOLDEN) for n in carrier.sent] == [
        "diagnosis C34.11 is on the carrier's list (cancer)",
        "plan-paid claims reached 50.00 % of the deductible: 9,000.00 against 5,000.00",
        "plan-paid claims reached the deductible: 27,000.00 against 10,000.00",
        "after a void or refund the total fell below what was told: 9,000.00 against 10,000.00",
    ]


def test_a_claim_lists_what_was_paid() -> None:
    """The reimbursement claim shows its arithmetic and every counted payment in order."""
    facts = [paid("M02", 1_800_000, icn="C8"), paid("M02", 900_000, icn="C5")]
    claim = stoploss.recovery(GOLDEN, "M02", facts)
    assert claim
    found = letters.claim_document(
        claim, GOLDEN, BIANCA, facts, number="SL-0001", usage="T", employer="B", filed_on=date(2026, 4, 15)
    )
    assert [c["icn"] for c in found["claims"]] == ["C5", "C8"]  # type: ignore[attr-defined]
    assert found["amount"]["claimed_now_cents"] == 1_700_000  # type: ignore[index]


def test_the_aggregate_report_shows_its_months() -> None:
    """One row per month with lives by tier and attachment, then the year to date."""
    found = letters.aggregate_document(
        stoploss.report(TERMS, YEAR[:2], 100, 0),
        YEAR[:2],
        GOLDEN,
        number="A-1",
        usage="T",
        employer="B",
        issued=date(2026, 3, 15),
    )
    assert found["months"][0] == {"month": "2026-01", "EMP": 40, "FAM": 25, "attachment_cents": 4_475_000}  # type: ignore[index]


@pytest.mark.parametrize(("lives", "cents", "warned"), [(49, 100_000, True), (50, 1_000_000, True)])
def test_advice_is_only_advice(lives: int, cents: int, warned: bool) -> None:
    """1,000 below 50 lives, 10,000 from there, with a warning below the model act's 20,000."""
    found = stoploss_advice.advise_specific(lives)
    assert (found.specific_cents, bool(found.warnings)) == (cents, warned)
    assert stoploss_advice.advise_specific(500, scale_percent=200).warnings == ()
