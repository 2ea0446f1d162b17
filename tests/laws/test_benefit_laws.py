"""Laws of benefits on generated plans, families and streams of claims: allowances hold, and what is reversed is given
back, whatever came between (domain 11.2, laws 3 to 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import msgspec
from claim_parts import claim_of, paid_before, person_of
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.plan.calendar import months_on
from gateway.plan.claims import accumulators, adjudication, codes
from gateway.plan.claims.accumulators import COUNTED, Key, Use
from gateway.plan.claims.benefits import TIERS, Allowance, Benefit, Limit, NetworkTier, Penalty, Plan, Tier
from gateway.plan.claims.case import Case
from gateway.plan.records import Decision, FeeRow, ProviderRow
from mappings.records import Claim, LinePayment, Procedure, Provider, ServiceLine
from mappings.records import Tooth as ToothRecord

OPENED = date(2024, 1, 1)
FIRST_DAY = date(2025, 11, 20)
TODAY = date(2026, 6, 1)
BILLERS = {"in": "1234567893", "tier2": "1245319599", "out": "1679576722"}
NETWORKS = {"in": ("N",), "tier2": ("W",), "out": ()}
PROVIDERS = tuple(
    ProviderRow(npi=npi, tin="", name=tier, networks=NETWORKS[tier], first=OPENED) for tier, npi in BILLERS.items()
)
VISIT, FILLING, THERAPY, STAY, OTHER, CHEAP = "11111", "22222", "33333", "44444", "55555", "66666"
PRICES = {VISIT: 123_45, FILLING: 200_01, THERAPY: 99_99, STAY: 1_000_07, OTHER: 350_00, CHEAP: 80_03}
FEES = tuple(
    FeeRow(npi=npi, code=code, allowed_cents=cents, first=OPENED)
    for npi in BILLERS.values()
    for code, cents in PRICES.items()
)

amounts = st.integers(0, 2_000_00)
rates = st.integers(0, 10_000)
counted = st.integers(0, 3)


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    """A deductible or maximum of either kind."""
    individual = draw(amounts)
    kind = draw(st.sampled_from(("embedded", "aggregate")))
    cap = individual * 2 if kind == "aggregate" and draw(st.booleans()) else None
    return Limit(individual_cents=individual, family_cents=individual + draw(amounts), kind=kind, person_cap_cents=cap)


@st.composite
def allowances(draw: st.DrawFn, kind: str) -> Allowance:
    """An allowance of a kind, for any period."""
    most = draw(st.integers(0, 500_00)) if kind == "dollars" else draw(counted)
    name = "dollars_cents" if kind == "dollars" else kind
    each = draw(st.sampled_from(("person", "tooth", "quadrant"))) if kind == "times" else "person"
    months = draw(st.sampled_from((0, 0, 2)))
    per = draw(st.sampled_from(("year", "lifetime")))
    return Allowance(**{name: most}, per=per, months=months, each=each)  # type: ignore[arg-type]


def some(kind: str) -> st.SearchStrategy[tuple[Allowance, ...]]:
    """Up to one allowance of a kind, beside one of dollars."""
    return st.tuples(st.lists(allowances(kind), max_size=1), st.lists(allowances("dollars"), max_size=1)).map(
        lambda pair: (*pair[0], *pair[1])
    )


shares = {
    "copay_cents": st.none() | st.integers(0, 100_00),
    "copay_per": st.sampled_from(("visit", "day", "admission")),
    "copay_after_deductible": st.booleans(),
    "coinsurance": st.none() | rates,
    "deductible_waived": st.booleans(),
}
penalties = (
    st.none()
    | st.builds(Penalty, percent=rates, most_cents=st.none() | amounts)
    | st.builds(Penalty, dollars_cents=amounts, most_cents=st.none())
)
benefits = st.tuples(
    st.builds(Benefit, name=st.just("visits"), codes=st.just((VISIT,)), limits=some("visits"), **shares),
    st.builds(
        Benefit, name=st.just("fillings"), codes=st.just((FILLING,)), limits=some("times"),
        alternates=st.sampled_from(({}, {FILLING: CHEAP})), waiting_months=st.sampled_from((0, 24)), **shares,
    ),
    st.builds(Benefit, name=st.just("therapy"), codes=st.just((THERAPY,)), limits=some("units"),
              auth_required=st.booleans(), penalty=penalties, **shares),
    st.builds(Benefit, name=st.just("stays"), codes=st.just((STAY,)), limits=some("days"),
              preventive=st.booleans(), **shares),
)  # fmt: skip
tiers = {"deductible": limits(), "out_of_pocket": limits(), "coinsurance": rates}
plans = st.builds(
    Plan,
    id=st.just("X"),
    version=st.just("1"),
    plan_ids=st.just(("X",)),
    first=st.just(OPENED),
    networks=st.just(("N",)),
    in_network=st.builds(Tier, **tiers),
    tier2=st.none() | st.builds(NetworkTier, networks=st.just(("W",)), **tiers),
    out_of_network=st.none() | st.builds(Tier, **tiers),
    cross=st.sampled_from(tuple(COUNTED)),
    carry_over_months=st.sampled_from((0, 3)),
    benefits=benefits,
    cob_method=st.sampled_from(("standard", "maintenance", "non_duplication")),
    annual_maximum_cents=st.none() | st.integers(0, 3_000_00),
    lifetime_maximum_cents=st.none() | st.integers(0, 5_000_00),
)


@st.composite
def claims(draw: st.DrawFn) -> tuple[int, Claim]:
    """A claim of one of three persons, sometimes after another payer."""
    secondary = draw(st.integers(0, 4)) == 0
    lines = tuple(draw(billed(number, secondary)) for number in range(1, draw(st.integers(1, 3)) + 1))
    billing = Provider(npi=BILLERS[draw(st.sampled_from(("in", "in", "tier2", "out")))])
    return draw(st.integers(0, 2)), claim_of(lines, billing, secondary)


@st.composite
def billed(draw: st.DrawFn, number: int, secondary: bool) -> ServiceLine:
    """A line of one to three days, at a tooth or none, with a balanced payment where another payer came before."""
    charge = draw(st.integers(0, 1_500_00))
    on = FIRST_DAY + timedelta(days=draw(st.integers(0, 90)))
    payments: tuple[LinePayment, ...] = ()
    if secondary:
        payments = (draw(paid_before(charge)),)
    return ServiceLine(
        number=number,
        procedure=Procedure(code=draw(st.sampled_from((VISIT, FILLING, THERAPY, STAY, OTHER)))),
        charge_cents=charge,
        units=Decimal(draw(st.integers(1, 4_000))) / 1000,
        teeth=tuple(ToothRecord(number=each) for each in draw(st.lists(st.sampled_from(("3", "14")), max_size=2))),
        first=on,
        last=on + timedelta(days=draw(st.integers(0, 2))),
        payments=payments,
    )


@dataclass(frozen=True)
class Decided:
    """One claim of a stream: the claim, its decision, and the accumulators it left."""

    who: int
    claim: Claim
    decision: Decision
    after: dict[Key, int]


def decide(plan: Plan, who: int, claim: Claim, totals: dict[Key, int]) -> Decision:
    """One decision of the family."""
    case = Case(icn="1", claim=claim, received=TODAY, member=person_of(who, "FAM", OPENED), plans=(plan,),
                providers=PROVIDERS, fees=FEES, totals=totals)  # fmt: skip
    return adjudication.adjudicate(case, TODAY)


def stream(plan: Plan, billed: Sequence[tuple[int, Claim]]) -> list[Decided]:
    """Claims decided one after another."""
    totals: dict[Key, int] = {}
    found = []
    for who, claim in billed:
        decision = decide(plan, who, claim, totals)
        totals = accumulators.apply(totals, decision.entries)
        found.append(Decided(who, claim, decision, totals))
    return found


streams = st.lists(claims(), min_size=1, max_size=7)


@given(plans, streams)
@settings(max_examples=120, deadline=None)
def test_lines_balance_with_every_provision(plan: Plan, billed: list[tuple[int, Claim]]) -> None:
    """Law 3: charge = paid + adjustments, 0 <= paid <= allowed, nothing negative, every code legal and told once."""
    for each in stream(plan, billed):
        for line in each.decision.lines:
            assert line.charge_cents == line.paid_cents + sum(a.cents for a in line.adjustments)
            assert 0 <= line.paid_cents <= (line.allowed_cents or 0) <= line.charge_cents
            assert all(a.cents > 0 for a in line.adjustments)
            told = [(a.group, a.reason) for a in line.adjustments]
            assert len(told) == len(set(told))
            assert codes.faults(line.adjustments, line.remarks, line.first) == []
            last = [step for step in line.steps if step.rule == "paid"]
            assert line.denied or last[0].cents == line.paid_cents


@given(plans, streams)
@settings(max_examples=120, deadline=None)
def test_allowances_and_maxima_hold_after_every_claim(plan: Plan, billed: list[tuple[int, Claim]]) -> None:
    """Law 4: for every prefix of the stream no person has used more of an allowance, deductible or maximum than it is,
    and the sum of all entries is the accumulator."""
    entries = []
    for each in stream(plan, billed):
        entries += each.decision.entries
        assert accumulators.apply({}, entries) == each.after
        for who in ("P0", "P1", "P2"):
            _within_maxima(plan, each.after, who)
            for benefit in plan.benefits:
                for allowance in benefit.limits:
                    _within_allowance(allowance, benefit.name, each.after, who)


def _within_maxima(plan: Plan, totals: dict[Key, int], who: str) -> None:
    for year in (2025, 2026):
        for name, tier in plan.tiers().items():
            for kind, limit in (("deductible", tier.deductible), ("oop", tier.out_of_pocket)):
                own = accumulators.person_sum(totals, who, year, kind, (name,))  # type: ignore[arg-type]
                family = accumulators.family_sum(totals, year, kind, (name,))  # type: ignore[arg-type]
                assert 0 <= own <= family <= limit.family_cents
                if limit.kind == "embedded":
                    assert own <= limit.individual_cents
                elif limit.person_cap_cents is not None:
                    assert own <= limit.person_cap_cents
        if plan.annual_maximum_cents is not None:
            assert accumulators.person_sum(totals, who, year, "paid") <= plan.annual_maximum_cents
    if plan.lifetime_maximum_cents is not None:
        paid = [accumulators.person_sum(totals, who, year, "paid", TIERS) for year in (2025, 2026)]
        assert sum(paid) <= plan.lifetime_maximum_cents


def _within_allowance(allowance: Allowance, name: str, totals: dict[Key, int], who: str) -> None:
    """Counted anew, in the plainest way: every use on a list, every window tried."""
    used = [
        (year, slot, amount)
        for (owner, year, slot, kind), amount in totals.items()
        if owner == who and kind == allowance.kind and isinstance(slot, Use) and slot.limit_name == name
    ]
    for place in {slot.place for _, slot, _ in used} if allowance.each != "person" else {None}:
        mine = [(year, slot, amount) for year, slot, amount in used if place is None or slot.place == place]
        if allowance.months:
            groups = [
                [row for row in mine if start <= row[1].on < months_on(start, allowance.months)]
                for start in (slot.on for _, slot, _ in mine)
            ]
        elif allowance.per == "year":
            groups = [[row for row in mine if row[0] == year] for year in (2025, 2026)]
        else:
            groups = [mine]
        for rows in groups:
            assert _count(allowance.kind, rows) <= allowance.most


def _count(kind: str, rows: list[tuple[int, Use, int]]) -> Decimal:
    if kind == "visits":
        return Decimal(len({(slot.on, slot.place) for _, slot, _ in rows}))
    if kind == "days":
        return Decimal(len({slot.on for _, slot, _ in rows}))
    total = Decimal(sum(amount for _, _, amount in rows))
    return total if kind == "dollars" else total / 1000


@given(plans, streams, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_reversing_all_in_any_order_leaves_nothing(plan: Plan, billed: list[tuple[int, Claim]], order: object) -> None:
    """Law 5: whatever the order in which the decisions of a stream are taken back, every accumulator is 0 after it."""
    decided = [each.decision for each in stream(plan, billed) if each.decision.outcome != "pended"]
    totals: dict[Key, int] = {}
    for decision in decided:
        totals = accumulators.apply(totals, decision.entries)
    order.shuffle(decided)  # type: ignore[attr-defined]
    for decision in decided:
        back = adjudication.reverse(decision, 2)
        assert (decision.paid_cents + back.paid_cents, decision.charge_cents + back.charge_cents) == (0, 0)
        totals = accumulators.apply(totals, back.entries)
    assert totals == {}


@given(plans, streams)
@settings(max_examples=80, deadline=None)
def test_replacing_the_last_claim_by_itself_changes_nothing(plan: Plan, billed: list[tuple[int, Claim]]) -> None:
    """Law 5: reversed and decided again as of now, the last claim comes to the same lines and the same accumulators."""
    decided = stream(plan, billed)
    last = decided[-1]
    if last.decision.outcome == "pended":
        return
    restored = accumulators.apply(last.after, adjudication.reverse(last.decision, 2).entries)
    assert restored == (decided[-2].after if len(decided) > 1 else {})
    again = decide(plan, last.who, msgspec.structs.replace(last.claim, frequency="7", original_icn="1"), restored)
    assert again.lines == last.decision.lines
    assert accumulators.apply(restored, again.entries) == last.after
