"""Laws of the edits over random faults of one claim: legal codes, balanced lines, and notes that move no money."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.plan.claims import adjudication, codes
from gateway.plan.claims.benefits import Benefit, Limit, Plan, Tier
from gateway.plan.claims.case import Case, PriorClaim
from gateway.plan.records import (
    Authorisation,
    CodeRule,
    Decision,
    FeeRow,
    Member,
    OtherPlan,
    ProviderRow,
    Span,
)
from mappings.records import (
    Adjustment,
    Claim,
    LinePayment,
    OtherCoverage,
    OtherInsurance,
    Person,
    Procedure,
    Provider,
    ServiceLine,
)

DAY, OPENED = date(2026, 3, 16), date(2026, 1, 1)
DOCTOR = Provider(npi="1234567893", tin="741234567")
ON_FILE = ProviderRow(npi=DOCTOR.npi, tin=DOCTOR.tin, name="x", networks=("N",), first=OPENED)
LIMIT = Limit(individual_cents=10_000, family_cents=20_000)
TIER = Tier(deductible=LIMIT, out_of_pocket=Limit(individual_cents=30_000, family_cents=60_000), coinsurance=2000)
WHY = ("not_covered", "not_in_plan", "experimental", "medical", "under_medical", "other_payer")
CODES = ("11111", "22222")

benefits = st.builds(
    Benefit, name=st.just("visit"), codes=st.just(CODES[:1]), excluded=st.booleans(), excluded_as=st.sampled_from(WHY),
    auth_required=st.booleans(), max_units=st.sampled_from((None, 1)),
)  # fmt: skip
plans = st.builds(
    Plan, id=st.just("X"), version=st.just("1"), plan_ids=st.just(("X",)), first=st.just(OPENED),
    networks=st.just(("N",)), in_network=st.just(TIER), out_of_network=st.sampled_from((None, TIER)),
    benefits=st.tuples(benefits), cob_missing=st.sampled_from(("deny", "pend")),
    cob_method=st.sampled_from(("standard", "maintenance", "non_duplication")),
    provider_not_found=st.sampled_from(("pend", "deny")), payer_ids=st.sampled_from(((), ("US",))),
    medical_review_cents=st.sampled_from((None, 5_000)), annual_maximum_cents=st.sampled_from((None, 4_000)),
)  # fmt: skip
rules = st.lists(
    st.builds(
        CodeRule,
        edit=st.sampled_from(("pos", "modifier", "diagnosis", "needs", "pair", "bundle", "necessity", "review")),
        code=st.sampled_from(CODES), other=st.sampled_from(CODES), first=st.just(OPENED),
        values=st.sampled_from((("11",), ("ndc", "clia"), ("59",), ("E11",))),
    ),
    max_size=2,
).map(tuple)  # fmt: skip
spans = st.sampled_from(
    (((OPENED, None),), ((OPENED, None),), ((OPENED, DAY),), ((DAY + timedelta(1), None),), (),
     ((OPENED, date(2026, 1, 31)), (date(2026, 4, 1), None)))
)  # fmt: skip


@st.composite
def members(draw: st.DrawFn) -> Member:
    """Somebody covered or not, with or without other plans on file."""
    covered = draw(spans)
    return Member(
        person_id="P", family_root="F", subscriber_no="F", subscriber=True, relationship="18",
        status=draw(st.sampled_from(("A", "C"))), person=Person(first="A", last="B", birth=date(1960, 1, 1)),
        medicare=draw(st.sampled_from(("", "", "C"))), medicare_reason=draw(st.sampled_from(("0", "1", "2"))),
        other=draw(st.sampled_from(((), (OtherInsurance(responsibility="P"),), (OtherInsurance(responsibility="S"),)))),
        spans=tuple(Span(line="PPO", plan_id="X", tier="EMP", first=first, last=last) for first, last in covered),
    )  # fmt: skip


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """One or two lines, some of them told of by an earlier payer."""
    secondary = draw(st.booleans())
    charge, left = draw(st.integers(0, 20_000)), draw(st.integers(0, 5_000))
    paid = max(0, charge - left - draw(st.integers(0, 5_000)))
    patient = (Adjustment(group="PR", reason="1", cents=min(left, charge - paid)),)
    payment = (LinePayment(payer_id="ACME", paid_cents=paid, adjustments=patient),) if secondary else ()
    lines = tuple(
        ServiceLine(
            number=at, procedure=Procedure(code=CODES[at - 1], modifiers=draw(st.sampled_from(((), ("59",))))),
            charge_cents=charge, units=Decimal(draw(st.integers(1, 2))), first=DAY,
            last=DAY + timedelta(draw(st.integers(0, 1))), payments=payment,
        )
        for at in range(1, draw(st.integers(1, 2)) + 1)
    )  # fmt: skip
    acme = OtherCoverage(responsibility="P", payer_id="ACME", relationship=draw(st.sampled_from(("", "18", "01"))))
    return Claim(
        pcn="X", charge_cents=sum(line.charge_cents for line in lines), pos="11", diagnoses=("E119",), billing=DOCTOR,
        subscriber=Person(), patient=Person(), payer_id=draw(st.sampled_from(("", "US", "OTHER"))), lines=lines,
        responsibility="S" if secondary else "P", other=(acme,) if secondary else (),
        accident=draw(st.sampled_from(((), ("OA",)))), benefits_assigned=draw(st.sampled_from(("Y", "N"))),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A case with any of the faults there are."""
    claim = draw(claims())
    asked = draw(st.sampled_from((None, DAY + timedelta(3))))
    allowed = Authorisation(number="1", person_id="P", asked=asked, first=OPENED, last=date(2026, 12, 31))
    answer = OtherPlan(payer_name="ACME", payer_id="ACME", through="spouse", first=OPENED)
    return Case(
        icn="2", claim=claim, received=draw(st.sampled_from((date(2026, 4, 1), date(2027, 6, 1)))),
        member=draw(members()), plans=(draw(plans),), rules=draw(rules), employs=draw(st.sampled_from((0, 10, 200))),
        providers=draw(st.sampled_from(((ON_FILE,), (), (msgspec.structs.replace(ON_FILE, networks=()),)))),
        fees=tuple(FeeRow(npi=DOCTOR.npi, code=code, allowed_cents=9_000, first=OPENED) for code in CODES),
        authorisations=draw(st.sampled_from(((), (allowed,)))), other_plans=draw(st.sampled_from(((), (answer,)))),
        history=draw(st.sampled_from(((), (PriorClaim(icn="1", claim=claim, paid=(1,)),)))),
        cleared=draw(st.sampled_from(((), ("ACC", "COB", "DUP", "MED", "ASG", "PRV", "AUTH")))),
    )  # fmt: skip


def decided(case: Case) -> Decision:
    """A decision of a day after the service."""
    return adjudication.adjudicate(case, date(2026, 4, 6))


@given(cases())
@settings(max_examples=150, deadline=None)
def test_every_code_that_leaves_is_legal(case: Case) -> None:
    """Group, CARC and RARC of every line of every decision are one of the lists' combinations, and each line balances;
    nothing waits for want of a legal code."""
    decision = decided(case)
    if decision.pend is not None:
        assert decision.pend.queue != "COD" and decision.lines == ()
        assert decision.pend.reason and decision.pend.needed
        return
    for line in decision.lines:
        assert codes.line_faults(line) == []
        assert line.charge_cents == line.paid_cents + sum(each.cents for each in line.adjustments)
        assert line.steps and not (line.denied and line.paid_cents)


@given(cases(), st.sampled_from(("rules", "history")))
@settings(max_examples=80, deadline=None)
def test_notes_move_no_money(case: Case, fault: str) -> None:
    """A fault less on a claim whose lines were denied for others changes its notes, and nothing else."""
    told = decided(case)
    less = decided(msgspec.structs.replace(case, **{fault: ()}))
    if told.outcome != "denied" or told.lines != less.lines:
        return
    assert msgspec.structs.replace(told, notes=()) == msgspec.structs.replace(less, notes=())
    assert {note.text for note in less.notes} <= {note.text for note in told.notes}


@given(cases())
@settings(max_examples=50, deadline=None)
def test_what_is_cleared_is_not_asked_again(case: Case) -> None:
    """A released claim never waits in a queue a person has just answered, but for what has to be loaded (PRV, PRC)."""
    decision = decided(case)
    if decision.pend is None:
        return
    queues = {
        decision.pend.queue,
        *(n.rule.removeprefix("pend ") for n in decision.notes if n.rule.startswith("pend ")),
    }
    again = decided(msgspec.structs.replace(case, cleared=(*case.cleared, *queues)))
    assert again.pend is None or again.pend.queue in {"PRV", "PRC"} or again.pend.queue not in queues
