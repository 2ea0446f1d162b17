"""Laws of benefits, a provision at a time: what each allows, what it leaves to the patient, in cents worked by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import msgspec
import pytest
from plan_cases import ALAN, LAKESIDE, PLAN, TODAY, Totals, bill, case, codes, service

from gateway.plan.claims import accumulators, adjudication, benefits
from gateway.plan.claims.benefits import Allowance, Benefit, Limit, NetworkTier, Penalty, Plan, Tier
from gateway.plan.records import Authorisation, Decision, Entry, FeeRow, LineDecision, ProviderRow, Span
from mappings.records import Claim, Procedure, Repricing, ServiceLine, Stay, Tooth

ICNS = count(1)
MARCH = date(2026, 3, 2)
OPENED = date(2020, 1, 1)
NEAR = ProviderRow(npi=LAKESIDE.npi, tin=LAKESIDE.tin, name="near", networks=("SUMMIT",), first=OPENED)
CODES = ("97110", "99213", "D2391", "D2140", "D2740", "H0018", "D1110")
FEES = tuple(FeeRow(npi=LAKESIDE.npi, code=each, allowed_cents=100_00, first=OPENED) for each in CODES)
FREE = Tier(
    deductible=Limit(individual_cents=0, family_cents=0),
    out_of_pocket=Limit(individual_cents=3_000_00, family_cents=6_000_00),
    coinsurance=0,
)


def plan(*benefits: Benefit, **changed: object) -> Plan:
    """The golden plan with other benefits; without a deductible and coinsurance unless `in_network` says so."""
    open_ended = {"in_network": FREE, "first": OPENED, "last": None, "timely_filing_days": 9999}
    return msgspec.structs.replace(PLAN, benefits=benefits, **{**open_ended, **changed})


class Family:
    """A person whose claims are decided one after another; each sees what the earlier ones used."""

    def __init__(self, of: Plan, fees: tuple[FeeRow, ...] = FEES, **on_file: object) -> None:
        self.plan, self.fees, self.on_file = of, fees, {"providers": (NEAR,), **on_file}
        self.totals: Totals = {}
        self.member = msgspec.structs.replace(
            ALAN, spans=(Span(line="PPO", plan_id="BT-PPO-2026", tier="FAM", first=OPENED),)
        )

    def claim(self, *lines: ServiceLine, **changed: object) -> Claim:
        """A claim of the person at Lakeside."""
        return bill("X", self.member, LAKESIDE, "E119", *lines, **changed)

    def decide(self, *lines: ServiceLine, **changed: object) -> Decision:
        """The decision of a claim of these lines, which counts for the next ones."""
        made = case(
            self.claim(*lines, **changed), self.member, icn=f"{next(ICNS)}", plan=self.plan, fees=self.fees,
            totals=dict(self.totals), **self.on_file,
        )  # fmt: skip
        decision = adjudication.adjudicate(made, TODAY)
        self.totals = accumulators.apply(self.totals, decision.entries)
        return decision

    def line(self, *lines: ServiceLine, **changed: object) -> LineDecision:
        """The first line of its decision."""
        return self.decide(*lines, **changed).lines[0]


def therapy(on: date, units: int = 1, dollars: int = 100) -> ServiceLine:
    """A line of physical therapy."""
    return service(1, "97110", dollars, on, units)


def tooth(code: str, on: date, *numbers: str, surfaces: tuple[str, ...] = ()) -> ServiceLine:
    """A dental line at teeth."""
    return msgspec.structs.replace(
        service(1, code, 100, on), teeth=tuple(Tooth(number=each, surfaces=surfaces) for each in numbers)
    )


# ---- allowances ------------------------------------------------------------------------------------------------------


def test_visits_of_a_year() -> None:
    """Two visits a year: lines of one day are one visit, the third day is denied PR-119, the next year begins anew."""
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(visits=2),))))
    assert [who.line(therapy(MARCH)).paid_cents for _ in range(2)] == [100_00, 100_00]
    assert who.line(therapy(MARCH + timedelta(1))).paid_cents == 100_00
    denied = who.line(therapy(MARCH + timedelta(2)))
    assert (denied.denied, codes(denied)) == (True, [("PR", "119", 100_00)])
    assert "2 visits in a benefit year" in denied.steps[0].text
    assert who.line(therapy(MARCH)).paid_cents == 100_00  # a day already counted
    assert who.line(therapy(date(2025, 12, 31))).paid_cents == 100_00


def test_a_reversed_visit_is_given_back() -> None:
    """The only visit of a year, reversed, is there again - also when another line of that day was decided between."""
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(visits=1),))))
    first = who.decide(therapy(MARCH))
    before = dict(who.totals)
    second = who.decide(therapy(MARCH))
    who.totals = accumulators.apply(who.totals, adjudication.reverse(first, 2).entries)
    assert who.totals == before
    assert who.line(therapy(MARCH + timedelta(1))).denied  # the second line of that day is a visit still
    who.totals = accumulators.apply(who.totals, adjudication.reverse(second, 2).entries)
    assert who.totals == {}
    assert who.line(therapy(MARCH + timedelta(1))).paid_cents == 100_00


def test_units_pay_the_part_that_is_left() -> None:
    """Of 10 units 4 are left: 4/10 of 100.00 are covered, 60.00 is PR-119; then nothing is left."""
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(units=10),))))
    assert who.line(therapy(MARCH, units=6)).paid_cents == 100_00
    partly = who.line(therapy(MARCH + timedelta(1), units=10))
    assert (partly.paid_cents, codes(partly)) == (40_00, [("PR", "119", 60_00)])
    assert who.line(therapy(MARCH + timedelta(2))).denied


def test_what_is_beyond_a_limit_counts_to_no_maximum() -> None:
    """At 20% of the covered 40.00 the member owes 8.00 to the maximum; the 60.00 beyond the limit count to nothing."""
    tier = msgspec.structs.replace(FREE, coinsurance=2000)
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(units=4),)), in_network=tier))
    decision = who.decide(therapy(MARCH, units=10))
    assert codes(decision.lines[0]) == [("PR", "2", 8_00), ("PR", "119", 60_00)]
    assert accumulators.person_sum(who.totals, "M01", 2026, "oop") == 8_00


def test_days_of_a_stay() -> None:
    """Ten days a year: 8 used, a stay of 4 days is covered for 2 of them, 50.00 of 100.00."""
    stay = msgspec.structs.replace
    who = Family(plan(Benefit(name="residential", codes=("H0018",), limits=(Allowance(days=10),))))
    eight = stay(service(1, "H0018", 100, MARCH), last=MARCH + timedelta(7))
    assert who.line(eight).paid_cents == 100_00
    four = stay(service(1, "H0018", 100, MARCH + timedelta(14)), last=MARCH + timedelta(17))
    assert codes(who.line(four)) == [("PR", "119", 50_00)]
    assert who.line(service(1, "H0018", 100, MARCH + timedelta(20))).denied
    assert who.line(service(1, "H0018", 90, MARCH)).paid_cents == 90_00  # a day counted before


def test_dollars_of_a_year_and_of_a_lifetime() -> None:
    """150.00 a year: 100.00, then 50.00 with 50.00 PR-119. Over a lifetime the reason is 149, in any year."""
    for per, reason in (("year", "119"), ("lifetime", "149")):
        limit = Allowance(dollars_cents=150_00, per=per)  # type: ignore[arg-type]
        who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(limit,))))
        assert who.line(therapy(MARCH)).paid_cents == 100_00
        partly = who.line(therapy(date(2026, 3, 3) if per == "year" else date(2025, 5, 1)))
        assert (partly.paid_cents, codes(partly)) == (50_00, [("PR", reason, 50_00)])


def test_the_contract_still_holds_where_dollars_are_used_up() -> None:
    """Nothing is left of the dollars: of a charge of 180.00 the provider writes off 80.00, the patient owes 100.00."""
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(dollars_cents=0),))))
    line = who.line(therapy(MARCH, dollars=180))
    assert codes(line) == [("CO", "45", 80_00), ("PR", "119", 100_00)]


def test_lifetime_maximum_of_the_plan() -> None:
    """A plan that pays 150.00 for a person in all: the second 100.00 is paid to 50.00, the rest is PR-35."""
    who = Family(plan(lifetime_maximum_cents=150_00))
    who.decide(therapy(date(2025, 3, 1)))
    assert codes(who.line(therapy(MARCH))) == [("PR", "35", 50_00)]


def test_rolling_months_in_any_order() -> None:
    """Once in 6 months: 15 January and 15 July are far enough; 14 July is not, nor 1 September of the year before."""
    who = Family(plan(Benefit(name="cleaning", codes=("D1110",), limits=(Allowance(times=1, months=6),))))
    assert not who.line(service(1, "D1110", 100, date(2026, 1, 15))).denied
    assert codes(who.line(service(1, "D1110", 100, date(2025, 9, 1)))) == [("PR", "119", 100_00)]
    assert who.line(service(1, "D1110", 100, date(2026, 7, 14))).denied
    assert not who.line(service(1, "D1110", 100, date(2026, 7, 15))).denied


@pytest.mark.parametrize(
    ("each", "again", "other"),
    [
        ("tooth", tooth("D2740", MARCH, "14"), tooth("D2740", MARCH, "15")),
        ("surface", tooth("D2740", MARCH, "14", surfaces=("M",)), tooth("D2740", MARCH, "14", surfaces=("D",))),
        ("quadrant", tooth("D2740", MARCH, "9"), tooth("D2740", MARCH, "3")),
        ("arch", tooth("D2740", MARCH, "3"), tooth("D2740", MARCH, "30")),
    ],
)
def test_frequency_by_place_in_the_mouth(each: str, again: ServiceLine, other: ServiceLine) -> None:
    """Once in 60 months at a place: tooth 14 (upper left) is done, the same place is denied, another is paid."""
    limit = Allowance(times=1, months=60, each=each)  # type: ignore[arg-type]
    who = Family(plan(Benefit(name="crowns", codes=("D2740",), limits=(limit,))))
    who.decide(tooth("D2740", date(2024, 5, 1), "14", surfaces=("M",)))
    assert codes(who.line(again)) == [("PR", "119", 100_00)]
    assert who.line(other).paid_cents == 100_00


def test_allowances_that_share_a_name_share_what_is_used() -> None:
    """Therapy and chiropractic have one visit together."""
    limit = Allowance(visits=1, name="rehabilitation")
    who = Family(plan(Benefit(name="a", codes=("97110",), limits=(limit,)), Benefit(name="b", limits=(limit,))))
    who.decide(therapy(MARCH))
    assert who.line(service(1, "99213", 100, MARCH + timedelta(1))).denied


def test_taken_over_uses_count_as_they_stand() -> None:
    """A former administrator tells of 12 visits in one entry: 8 of 20 are left."""
    who = Family(plan(Benefit(name="therapy", codes=("97110",), limits=(Allowance(visits=20),))))
    told = Entry(person_id="M01", family_root="SBA100001", year=2026, kind="visits", limit_name="therapy",
                 used_on=date(2026, 1, 31), thousandths=12_000)  # fmt: skip
    who.totals = accumulators.apply({}, (told,))
    denied = [who.line(therapy(MARCH + timedelta(day))).denied for day in range(9)]
    assert denied == [False] * 8 + [True]


def test_uses_without_limit_or_day_are_refused() -> None:
    """An entry of visits says of which limit and when; a deductible is of none."""
    for wrong in ({"kind": "visits"}, {"kind": "deductible", "limit_name": "x"}):
        with pytest.raises(ValueError, match=r"names its limit|of no limit"):
            Entry(person_id="P", family_root="F", year=2026, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{}, {"visits": 1, "days": 1}, {"visits": 1, "each": "tooth"}, {"units": -1}])
def test_an_allowance_says_one_thing(wrong: dict[str, object]) -> None:
    """Neither nothing nor two things, nothing below 0, and only times by tooth."""
    with pytest.raises(ValueError, match=r"allowance|times"):
        Allowance(**wrong)  # type: ignore[arg-type]


# ---- waiting, authorisation, alternates ------------------------------------------------------------------------------


def test_waiting_period_from_the_first_covered_day() -> None:
    """Six months and ten days from 2020-01-01: 10 July 2020 waits (PR-179), 11 July is covered."""
    who = Family(plan(Benefit(name="major dental", waiting_months=6, waiting_days=10)))
    assert codes(who.line(service(1, "D2740", 100, date(2020, 7, 10)))) == [("PR", "179", 100_00)]
    assert who.line(service(1, "D2740", 100, date(2020, 7, 11))).paid_cents == 100_00


@pytest.mark.parametrize(
    ("penalty", "taken"),
    [
        (Penalty(percent=5000), (50_00, 50_00)),
        (Penalty(percent=5000, most_cents=60_00), (50_00, 10_00)),
        (Penalty(dollars_cents=120_00), (100_00, 20_00)),
    ],
)
def test_a_penalty_in_place_of_a_denial(penalty: Penalty, taken: tuple[int, int]) -> None:
    """Not authorised: half of each 100.00, at most 60.00 a claim, or 120.00 of the claim; CO-197 for that alone."""
    who = Family(plan(Benefit(name="imaging", auth_required=True, penalty=penalty)), authorisations=())
    one, two = who.decide(therapy(MARCH), msgspec.structs.replace(therapy(MARCH), number=2)).lines
    for line, cents in zip((one, two), taken, strict=True):
        assert (line.paid_cents, codes(line)) == (100_00 - cents, [("CO", "197", cents)])
    assert accumulators.person_sum(who.totals, "M01", 2026, "oop") == 0


def test_no_penalty_when_authorised() -> None:
    """With an authorisation on file the plan pays all."""
    held = Authorisation(number="A", person_id="M01", first=MARCH, last=MARCH)
    who = Family(plan(Benefit(name="x", auth_required=True, penalty=Penalty(percent=10000))), authorisations=(held,))
    assert who.line(therapy(MARCH)).paid_cents == 100_00


def test_alternate_benefit() -> None:
    """A composite filling allowed 100.00 is covered as amalgam at 80.00: PR-169 20.00, the code told is amalgam's."""
    fees = (*(fee for fee in FEES if fee.code != "D2140"),
            FeeRow(npi=LAKESIDE.npi, code="D2140", allowed_cents=80_00, first=OPENED))  # fmt: skip
    tier = msgspec.structs.replace(FREE, coinsurance=2000)
    who = Family(plan(Benefit(name="fillings", alternates={"D2391": "D2140"}), in_network=tier), fees)
    line = who.line(service(1, "D2391", 150, MARCH))
    assert line.procedure == Procedure(code="D2140")
    assert codes(line) == [("CO", "45", 50_00), ("PR", "2", 16_00), ("PR", "169", 20_00)]
    assert line.paid_cents == 64_00
    without = Family(plan(Benefit(name="fillings", alternates={"D2391": "D9999"})))
    pend = without.decide(service(1, "D2391", 150, MARCH)).pend
    assert pend is not None and (pend.queue, "D9999" in pend.reason) == ("PRC", True)


# ---- cost share ------------------------------------------------------------------------------------------------------


def test_a_copay_per_day_and_per_admission() -> None:
    """A copay of 30.00 per day is taken once though two claims tell of the day; per admission once of its stay."""
    visit = Family(plan(Benefit(name="visit", copay_cents=30_00)))
    assert [visit.line(therapy(MARCH)).paid_cents for _ in range(2)] == [70_00, 70_00]
    daily = Family(plan(Benefit(name="visit", copay_cents=30_00, copay_per="day")))
    assert [daily.line(therapy(MARCH)).paid_cents for _ in range(2)] == [70_00, 100_00]
    assert daily.line(therapy(MARCH + timedelta(1))).paid_cents == 70_00
    stays = Family(plan(Benefit(name="stay", copay_cents=30_00, copay_per="admission")))
    stay = Stay(first=MARCH, last=MARCH + timedelta(9), admitted=MARCH)
    paid = [
        stays.line(therapy(MARCH + timedelta(day)), stay=stay, facility_code="11").paid_cents for day in (0, 5)
    ]  # fmt: skip
    assert paid == [70_00, 100_00]


def test_a_copay_after_the_deductible() -> None:
    """Deductible 60.00, then the 40.00 left of a copay of 70.00; taken first, 70.00 and 30.00 to the deductible."""
    deductible = Limit(individual_cents=60_00, family_cents=60_00)
    tier = msgspec.structs.replace(FREE, deductible=deductible)
    who = Family(plan(Benefit(name="v", copay_cents=70_00, copay_after_deductible=True), in_network=tier))
    assert codes(who.line(therapy(MARCH))) == [("PR", "1", 60_00), ("PR", "3", 40_00)]
    who = Family(plan(Benefit(name="v", copay_cents=70_00), in_network=tier))
    assert codes(who.line(therapy(MARCH))) == [("PR", "1", 30_00), ("PR", "3", 70_00)]


def test_three_lines_are_rounded_one_by_one() -> None:
    """Three times 33.33 at 20%: 6.67 each, 20.01 together (domain 4.5)."""
    tier = msgspec.structs.replace(FREE, coinsurance=2000)
    who = Family(plan(in_network=tier), tuple(msgspec.structs.replace(fee, allowed_cents=33_33) for fee in FEES))
    lines = [msgspec.structs.replace(therapy(MARCH), number=number) for number in (1, 2, 3)]
    assert [codes(line)[1:] for line in who.decide(*lines).lines] == [[("PR", "2", 6_67)]] * 3


def test_a_second_network_has_its_own_share() -> None:
    """A provider of the tier-2 network takes 30%, by contract; what is used there counts in network, if so agreed."""
    half = Limit(individual_cents=100_00, family_cents=200_00)
    tier2 = NetworkTier(networks=("WIDE",), coinsurance=3000, deductible=half, out_of_pocket=FREE.out_of_pocket)
    wide = (ProviderRow(npi=LAKESIDE.npi, tin=LAKESIDE.tin, name="wide", networks=("WIDE",), first=OPENED),)
    strict = msgspec.structs.replace(FREE, deductible=half)
    for cross, inside in (("none", 100_00), ("out_counts_to_in", 0), ("shared", 0)):
        of = plan(in_network=strict, tier2=tier2, cross=cross)
        who = Family(of, providers=wide)
        first = who.line(therapy(MARCH, dollars=150))
        assert codes(first) == [("CO", "45", 50_00), ("PR", "1", 100_00)]
        assert codes(who.line(therapy(MARCH, dollars=120))) == [("CO", "45", 20_00), ("PR", "2", 30_00)]
        room = accumulators.room(who.totals, of, "in", "M01", 2026, False)
        assert room.deductible_left == inside


def test_the_last_quarter_is_carried_over() -> None:
    """A deductible of 5 October counts to this year and the next; one of 30 September only to its own; a credit counts
    to the deductible and to no maximum, and goes with the reversal."""
    tier = msgspec.structs.replace(FREE, deductible=Limit(individual_cents=500_00, family_cents=900_00))
    of = plan(in_network=tier, carry_over_months=3)
    who = Family(of)
    who.decide(therapy(date(2025, 9, 30)))
    late = who.decide(therapy(date(2025, 10, 5)))
    rooms = [accumulators.room(who.totals, of, "in", "M01", year, False) for year in (2025, 2026)]
    assert [(room.deductible, room.deductible_left, room.oop) for room in rooms] == [
        (200_00, 300_00, 200_00),
        (100_00, 400_00, 0),
    ]
    who.totals = accumulators.apply(who.totals, adjudication.reverse(late, 2).entries)
    assert accumulators.room(who.totals, of, "in", "M01", 2026, False).deductible_left == 500_00


def test_a_stay_counts_to_the_year_of_its_admission() -> None:
    """Admitted on 30 December 2025, served on 2 January 2026: 2026 by the day, 2025 where the plan says admission."""
    stay = Stay(first=date(2025, 12, 30), last=date(2026, 1, 2), admitted=date(2025, 12, 30))
    for choice, year in (("service", 2026), ("admission", 2025)):
        who = Family(plan(inpatient_year=choice))
        who.decide(therapy(date(2026, 1, 2)), stay=stay, facility_code="11")
        assert accumulators.person_sum(who.totals, "M01", year, "paid") == 100_00


# ---- categories ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "line", "claim"),
    [
        ({"revenue": ("0450-0459",)}, {"revenue": "0451"}, {}),
        ({"bill_types": ("13",)}, {}, {"facility_code": "13"}),
        ({"claims": ("dental",)}, {}, {"kind": "D"}),
        ({"taxonomies": ("2251",)}, {}, {"billing": msgspec.structs.replace(LAKESIDE, taxonomy="225100000X")}),
        ({"codes": ("97000-97999",)}, {}, {}),
    ],
)
def test_categories(condition: dict[str, object], line: dict[str, object], claim: dict[str, object]) -> None:
    """A line is in the category where the condition holds, and in none where it does not."""
    of = plan(Benefit(name="named", **condition))  # type: ignore[arg-type]
    mine = msgspec.structs.replace(therapy(MARCH), **line)
    other = service(1, "00000", 1, MARCH)
    billed = bill("X", ALAN, LAKESIDE, "E119", mine)
    fits = benefits.benefit_of(of, msgspec.structs.replace(billed, **claim), mine, "in", 40)
    assert fits.name == "named"
    assert benefits.benefit_of(of, billed, other, "in", 40) is benefits.EVERYTHING_ELSE


def test_a_benefit_of_one_sex() -> None:
    """A category for women fits nobody else, and nobody whose sex is not told."""
    of = plan(Benefit(name="maternity", sex="F"))
    claim = bill("X", ALAN, LAKESIDE, "E119", therapy(MARCH))
    names = [benefits.benefit_of(of, claim, claim.lines[0], "in", 40, sex).name for sex in ("F", "M", "")]
    assert names == ["maternity", "other services", "other services"]


def test_repriced_lines_have_limits_too() -> None:
    """A repricer's amount of 70.00 for 7 units of which 5 are left: 50.00 are covered."""
    who = Family(plan(Benefit(name="t", limits=(Allowance(units=5),)), repricers=("NET",)))
    told = Repricing(method="01", allowed_cents=70_00, organisation="NET")
    line = msgspec.structs.replace(therapy(MARCH), units=Decimal(7), repricing=told)
    assert codes(who.line(line)) == [("CO", "45", 30_00), ("PR", "119", 20_00)]
