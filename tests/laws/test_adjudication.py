"""Laws of decisions on random plans and claims: lines balance, limits hold, what is reversed is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from claim_parts import claim_of, paid_before, person_of
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.plan.claims import accumulators, adjudication, basis, codes
from gateway.plan.claims.accumulators import COUNTED
from gateway.plan.claims.benefits import Benefit, Limit, Plan, Tier
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.records import Decision, FeeRow, ProviderRow
from mappings.records import Claim, LinePayment, Procedure, Provider, ServiceLine

OPENED = date(2025, 1, 1)
FIRST_DAY = date(2025, 12, 20)
TODAY = date(2026, 3, 1)
NEAR, FAR = Provider(npi="1234567893"), Provider(npi="1679576722")
PROVIDERS = (
    ProviderRow(npi=NEAR.npi, tin="", name="near", networks=("N",), first=OPENED),
    ProviderRow(npi=FAR.npi, tin="", name="far", first=OPENED),
)
CODES = ("11111", "22222", "33333", "44444")

cents = st.integers(0, 500_000)
rates = st.integers(0, 10_000)


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """A limit of either kind whose family amount is not below the individual one."""
    individual = draw(st.integers(0, 300_000))
    kind = draw(st.sampled_from(("embedded", "aggregate")))
    cap = individual * 2 if kind == "aggregate" and draw(st.booleans()) else None
    family = individual + draw(st.integers(0, 300_000))
    return Limit(individual_cents=individual, family_cents=family, kind=kind, person_cap_cents=cap)


tiers = st.builds(Tier, deductible=limits(), out_of_pocket=limits(), coinsurance=rates)
benefits = st.tuples(
    st.builds(
        Benefit,
        name=st.just("visit"),
        codes=st.just(("11111",)),
        copay_cents=st.integers(0, 20_000),
        coinsurance=st.none() | rates,
        deductible_waived=st.booleans(),
    ),
    st.builds(Benefit, name=st.just("preventive"), codes=st.just(("22222",)), preventive=st.booleans()),
    st.builds(Benefit, name=st.just("emergency"), codes=st.just(("33333",)), as_in_network=st.booleans()),
)
plans = st.builds(
    Plan,
    id=st.just("X"),
    version=st.just("1"),
    plan_ids=st.just(("X",)),
    first=st.just(OPENED),
    networks=st.just(("N",)),
    in_network=tiers,
    out_of_network=st.none() | tiers,
    cross=st.sampled_from(tuple(COUNTED)),
    benefits=benefits,
    out_of_network_allowed=st.none() | rates,
    cob_method=st.sampled_from(("standard", "maintenance", "non_duplication")),
    annual_maximum_cents=st.none() | cents,
)


@st.composite
def lines(draw: st.DrawFn, number: int, secondary: bool) -> ServiceLine:
    """A line, with a balanced payment of another payer when the claim is a secondary one."""
    charge = draw(cents)
    on = FIRST_DAY + timedelta(days=draw(st.integers(0, 30)))
    payments: tuple[LinePayment, ...] = ()
    if secondary:
        payments = (draw(paid_before(charge)),)
    return ServiceLine(
        number=number,
        procedure=Procedure(code=draw(st.sampled_from(CODES))),
        charge_cents=charge,
        units=Decimal(draw(st.integers(1, 9_000))) / 1000,
        first=on,
        last=on,
        payments=payments,
    )


@st.composite
def claims(draw: st.DrawFn) -> tuple[int, Claim]:
    """A claim and the number of the person it is about."""
    secondary = draw(st.integers(0, 3)) == 0
    billed = tuple(draw(lines(number, secondary)) for number in range(1, draw(st.integers(1, 3)) + 1))
    billing = draw(st.sampled_from((NEAR, NEAR, FAR)))
    return draw(st.integers(0, 2)), claim_of(billed, billing, secondary)


prices = st.lists(
    st.builds(
        FeeRow,
        npi=st.sampled_from((NEAR.npi, FAR.npi)),
        code=st.sampled_from(CODES),
        allowed_cents=cents,
        per=st.sampled_from(("line", "unit")),
        first=st.just(OPENED),
    ),
    max_size=8,
).map(tuple)


@dataclass(frozen=True)
class Office:
    """A random plan, its prices, and whether only the subscriber is enrolled."""

    plan: Plan
    fees: tuple[FeeRow, ...]
    only_employee: bool

    def decide(self, who: int, claim: Claim, totals: accumulators.Totals, **changed: object) -> Decision:
        """One decision of a claim of the family."""
        return adjudication.adjudicate(msgspec.structs.replace(self.case(who, claim, totals), **changed), TODAY)

    def case(self, who: int, claim: Claim, totals: accumulators.Totals) -> Case:
        """What a decision of the claim looks at."""
        member = person_of(0 if self.only_employee else who, "EMP" if self.only_employee else "FAM", OPENED)
        near = tuple(FeeRow(npi=NEAR.npi, code=each, allowed_cents=12_345, first=date(2000, 1, 1)) for each in CODES)
        return Case(
            icn="1",
            claim=claim,
            received=TODAY,
            member=member,
            plans=(self.plan,),
            providers=PROVIDERS,
            fees=(*near, *self.fees),
            totals=dict(totals),
        )


offices = st.builds(Office, plans, prices, st.booleans())


@given(offices, st.lists(claims(), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_lines_balance_and_the_plan_never_pays_more_than_allowed(
    office: Office, billed: list[tuple[int, Claim]]
) -> None:
    """charge = paid + adjustments per line, 0 <= paid <= allowed, claim sums are line sums, codes are legal."""
    totals: accumulators.Totals = {}
    for who, claim in billed:
        decision = office.decide(who, claim, totals)
        totals = accumulators.apply(totals, decision.entries)
        if decision.outcome == "pended":
            assert decision.pend is not None and decision.pend.queue == "PRC"
            continue
        for line in decision.lines:
            assert line.charge_cents == line.paid_cents + sum(each.cents for each in line.adjustments)
            assert 0 <= line.paid_cents <= (line.allowed_cents or 0) <= line.charge_cents
            assert all(each.cents > 0 for each in line.adjustments)
            assert codes.faults(line.adjustments, line.remarks, line.first) == []
        owed = sum(a.cents for line in decision.lines for a in line.adjustments if a.group == "PR")
        assert decision.patient_cents == owed
        assert decision.paid_cents == sum(line.paid_cents for line in decision.lines)
        assert decision.charge_cents == sum(line.charge_cents for line in decision.lines)


@given(offices, st.lists(claims(), min_size=2, max_size=5))
@settings(max_examples=100, deadline=None)
def test_what_a_decision_was_made_on_makes_it_again(office: Office, billed: list[tuple[int, Claim]]) -> None:
    """A packed basis gives back its very case, earlier claims and accumulators among it, and so the same decision."""
    totals: accumulators.Totals = {}
    earlier: dict[str, Claim] = {}
    for number, (who, claim) in enumerate(billed):
        history = tuple(PriorClaim(icn=icn, claim=one, denied=(1,), paid=(2,)) for icn, one in earlier.items())
        case = msgspec.structs.replace(office.case(who, claim, totals), icn=str(number), history=history)
        decision = adjudication.adjudicate(case, TODAY)
        kept = basis.unpacked(basis.packed(case, ("X/2025-01-01/1",), ()))
        found = basis.case_of(kept, claim, {"X/2025-01-01/1": office.plan}.__getitem__, {}.__getitem__, earlier)
        assert found == case
        assert basis.differences(decision, basis.again(found, decision, TODAY)) == ()
        totals = accumulators.apply(totals, decision.entries)
        earlier[str(number)] = claim


@given(offices, st.lists(claims(), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_limits_hold_after_every_claim(office: Office, billed: list[tuple[int, Claim]]) -> None:
    """No person and no family ever stands above its deductible or maximum, whatever the order of claims."""
    totals: accumulators.Totals = {}
    for who, claim in billed:
        totals = accumulators.apply(totals, office.decide(who, claim, totals).entries)
        for year in (2025, 2026):
            _within_limits(office, totals, year)


def _within_limits(office: Office, totals: accumulators.Totals, year: int) -> None:
    for name in ("in", "out"):
        tier = office.plan.tier(name)
        for kind, limit in (("deductible", tier.deductible), ("oop", tier.out_of_pocket)):
            own = [accumulators.person_sum(totals, f"P{at}", year, kind, (name,)) for at in range(3)]
            assert min(own) >= 0
            if limit.kind == "embedded" or office.only_employee:
                assert max(own) <= limit.individual_cents
            elif limit.person_cap_cents is not None:
                assert max(own) <= limit.person_cap_cents
            assert sum(own) <= limit.family_cents


@given(offices, st.lists(claims(), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_reversal_takes_back_exactly_what_the_decision_did(office: Office, billed: list[tuple[int, Claim]]) -> None:
    """After a reversal the accumulators stand as before, and every amount of claim and line sums to 0."""
    totals: accumulators.Totals = {}
    for who, claim in billed:
        decision = office.decide(who, claim, totals)
        if decision.outcome == "pended":
            assert decision.entries == ()
            continue
        after = accumulators.apply(totals, decision.entries)
        back = adjudication.reverse(decision, 2, "N694")
        assert accumulators.apply(after, back.entries) == totals
        assert decision.paid_cents + back.paid_cents == decision.charge_cents + back.charge_cents == 0
        for line, negated in zip(decision.lines, back.lines, strict=True):
            assert [(a.group, a.reason, -a.cents) for a in line.adjustments] == [
                (a.group, a.reason, a.cents) for a in negated.adjustments
            ]
        totals = after


@given(offices, st.lists(claims(), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_replacing_a_claim_by_itself_nets_to_nothing(office: Office, billed: list[tuple[int, Claim]]) -> None:
    """Reverse, then decide the same claim again as frequency 7: 0.00 in money, and the accumulators as they were."""
    totals: accumulators.Totals = {}
    decision, (who, claim) = None, billed[0]
    for who, claim in billed:
        decision = office.decide(who, claim, totals)
        before, totals = totals, accumulators.apply(totals, decision.entries)
    if decision is None or decision.outcome == "pended":
        return
    reversal = adjudication.reverse(decision, 2, "N694")
    restored = accumulators.apply(totals, reversal.entries)
    assert restored == before
    correction = msgspec.structs.replace(claim, frequency="7", original_icn="1")
    again = office.decide(who, correction, restored, icn="2")
    assert again.lines == decision.lines
    assert decision.paid_cents + reversal.paid_cents + again.paid_cents == decision.paid_cents
    assert accumulators.apply(restored, again.entries) == totals


@given(offices, claims())
@settings(max_examples=50, deadline=None)
def test_the_same_case_gives_the_same_bytes(office: Office, billed: tuple[int, Claim]) -> None:
    """A decision is a function of its case: decided twice, it is the same to the byte."""
    first, second = (office.decide(*billed, {}) for _ in range(2))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)
