"""Laws of stop-loss on random claims, voids and policies."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.plan import stoploss
from gateway.plan.stoploss import Fact, Laser, Notice, Paid, Policy, Trigger

calm = settings(deadline=None, max_examples=60)
"""A busy machine is not a broken law."""
FIRST = date(2026, 1, 1)
PEOPLE = ("A", "B", "C")
Raw = tuple[str, int, int, int, tuple[str, ...], bool]
"""person, cents, days to the service, days to the decision, diagnoses, voided later"""

policies = st.builds(
    Policy,
    id=st.just("p"),
    number=st.just("1"),
    sponsor=st.just("s"),
    carrier=st.just("c"),
    first=st.just(FIRST),
    last=st.just(date(2026, 12, 31)),
    basis=st.sampled_from(["12/12", "12/15", "15/12", "paid"]),
    specific_cents=st.integers(1, 5_000),
    percent=st.sampled_from([8_000, 9_000, 10_000]),
    asd_cents=st.integers(0, 3_000),
    annual_max_cents=st.none() | st.integers(0, 8_000),
    run_in_max_cents=st.none() | st.integers(0, 3_000),
    notice=st.sampled_from([5_000, 7_500]),
    resend=st.booleans(),
    subsequent_min_cents=st.integers(0, 500),
    lasers=st.sampled_from([(), (Laser(person_id="A", amount_cents=6_000),), (Laser(person_id="B", excluded=True),)]),
    triggers=st.just((Trigger(group="cancer", diagnoses=("C",)),)),
)
claims = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.integers(0, 4_000),
        st.integers(-120, 400),
        st.integers(0, 460),
        st.sampled_from([(), ("C34",), ("J20",)]),
        st.booleans(),
    ),
    max_size=12,
)


def decisions(raw: list[Raw]) -> list[Fact]:
    """Claims as facts, some of them voided later."""
    made: list[Fact] = []
    for n, (person, cents, incurred, on, codes, voided) in enumerate(raw):
        fact = Fact(
            person_id=person,
            icn=f"{n:03d}",
            version=1,
            incurred=FIRST + timedelta(incurred),
            paid_cents=cents,
            diagnoses=codes,
            on=FIRST + timedelta(on),
        )
        made.append(fact)
        if voided:
            made.append(
                Fact(
                    person_id=person,
                    icn=fact.icn,
                    version=2,
                    incurred=fact.incurred,
                    paid_cents=-cents,
                    diagnoses=codes,
                    on=fact.on + timedelta(3),
                )
            )
    return sorted(made, key=lambda f: (f.on, f.icn, f.version))


def payments(facts: list[Fact]) -> list[Paid]:
    """The same as settled money."""
    return [
        Paid(
            person_id=f.person_id,
            icn=f.icn,
            version=f.version,
            incurred=f.incurred,
            paid_on=f.on,
            paid_cents=f.paid_cents,
        )
        for f in facts
    ]


@calm
@given(policies, claims)
def test_every_notice_is_sent_once_and_every_crossing_is_told(policy: Policy, raw: list[Raw]) -> None:
    """No key twice, at most one of a kind open; who ever reached the deductible was told; telling again is silent."""
    sent: list[Notice] = []
    totals: dict[str, int] = defaultdict(int)
    peaks: dict[str, int] = defaultdict(int)
    for fact in decisions(raw):
        before = totals[fact.person_id]
        event = stoploss.netted([fact])
        new = stoploss.notices(policy, before, event, {n.key for n in sent})
        sent += new
        assert stoploss.notices(policy, before, event, {n.key for n in sent}) == ()
        totals[fact.person_id] = before + stoploss.eligible_cents(policy, fact)
        for kind in ("SPEC50", "SPEC100"):
            told = [n for n in sent if n.person_id == fact.person_id and kind in (n.kind, n.of)]
            assert sum(1 if n.kind == kind else -1 for n in told) in (0, 1)
        peaks[fact.person_id] = max(peaks[fact.person_id], totals[fact.person_id])
    assert max(Counter(n.key for n in sent).values(), default=1) == 1
    for person in PEOPLE:
        deductible = policy.deductible_cents(person)
        reached = deductible is not None and peaks[person] >= deductible
        assert any(n.person_id == person and n.kind == "SPEC100" for n in sent) == reached


@calm
@given(policies, claims)
def test_reimbursement_never_exceeds_what_the_policy_pays(policy: Policy, raw: list[Raw]) -> None:
    """Per person at most the percentage of the excess and the maximum; in sum at most the excess less the ASD."""
    claims = stoploss.recoveries(policy, payments(decisions(raw)), {})
    for claim in claims:
        over = max(0, claim.eligible_cents - claim.deductible_cents)
        most = (over * policy.percent + 5_000) // 10_000
        assert 0 < claim.amount_cents <= most
        assert policy.annual_max_cents is None or claim.amount_cents <= policy.annual_max_cents
    all_over = stoploss.recoveries(replace(policy, asd_cents=0), payments(decisions(raw)), {})
    if policy.annual_max_cents is None:
        total = sum(c.amount_cents for c in claims)
        assert total == max(0, sum(c.amount_cents for c in all_over) - policy.asd_cents)


@calm
@given(policies, claims, st.integers(0, 11))
def test_claiming_step_by_step_is_claiming_at_once(policy: Policy, raw: list[Raw], at: int) -> None:
    """What is filed half-way and what is filed later add up to what would have been filed at the end."""
    policy = replace(policy, subsequent_min_cents=0)
    facts = payments(decisions(raw))
    early = {c.subject: c.amount_cents for c in stoploss.recoveries(policy, facts[:at], {})}
    late = stoploss.recoveries(policy, facts, early)
    filed = Counter(early)
    for claim in late:
        filed[claim.subject] += claim.amount_cents
    whole = {c.subject: c.amount_cents for c in stoploss.recoveries(policy, facts, {})}
    assert {k: v for k, v in filed.items() if v} == whole


@calm
@given(policies, claims)
def test_the_order_of_arrival_does_not_matter(policy: Policy, raw: list[Raw]) -> None:
    """Recoveries follow the order of payment, not the order in which the facts are handed over."""
    facts = payments(decisions(raw))
    assert stoploss.recoveries(policy, facts, {}) == stoploss.recoveries(policy, facts[::-1], {})
