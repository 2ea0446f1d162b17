"""Laws of drug claims as the plan sees them: nothing is priced anew, every cent says why, what a plan shares counts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from plan_cases import ALAN, C1, FRANK, OPENED, PLAN, TODAY, case

from gateway.plan.claims import accumulators, adjudication, codes, drugs, explanation, promises
from gateway.plan.claims.benefits import Plan, parse
from gateway.plan.records import Decision, Member, Refusal, Rulings
from gateway.plan.stoploss import Fact, assign
from gateway.plan.stoploss import parse as parse_policy
from gateway.settings import shipped
from mappings.drugs import DrugRow, Layout, Manager, claim
from mappings.records import Claim

LAYOUT = Layout(
    separator=",", detail="D", trailer="T", totals={"claims": "2", "paid": "3"},
    fields={word: str(n) for n, word in enumerate(
        ("number", "action", "group", "member", "filled", "ndc", "paid", "patient"), 2)},
)  # fmt: skip
MANAGER = Manager(npi="1888887779", tin="743338888", claims=LAYOUT)
SHARED = replace(PLAN, drugs_count_to=("deductible", "out_of_pocket", "maximum"))


def filled(who: Member = ALAN, **told: object) -> Claim:
    """A prescription of April, 80.00 paid by the plan unless told otherwise."""
    shares = sum(told.get(f"{word}_cents", 0) for word in ("deductible", "copay", "coinsurance", "other"))  # type: ignore[misc]
    given_ = {"number": "RX1", "group": "BT1001", "member": who.subscriber_no, "filled": date(2026, 4, 2),
              "ndc": "00093-1010-42", "paid_cents": 80_00, "patient_cents": shares, **told}  # fmt: skip
    return claim(DrugRow(**given_), MANAGER, "riverrx", "River Rx")  # type: ignore[arg-type]


def decided(sent: Claim, who: Member | None = ALAN, plan: Plan = SHARED, **changed: object) -> Decision:
    """What a claim comes to."""
    return adjudication.adjudicate(case(sent, who, plan=plan, **changed), TODAY)


def counted(decision: Decision) -> dict[tuple[str, str], int]:
    """Entries by tier and kind."""
    return {(each.tier, each.kind): each.cents for each in decision.entries}


def test_a_claim_is_booked_as_told() -> None:
    """100.00 to the deductible, 10.00 copay, 5.00 coinsurance and 2.00 that counts to nothing: 115.00 count."""
    sent = filled(deductible_cents=100_00, copay_cents=10_00, coinsurance_cents=5_00, other_cents=2_00,
                  charge_cents=210_00)  # fmt: skip
    found = decided(sent)
    (line,) = found.lines
    assert (found.outcome, found.paid_cents, found.patient_cents) == ("paid", 80_00, 117_00)
    assert (line.allowed_cents, line.procedure.code, line.procedure.qualifier) == (197_00, "00093101042", "N4")
    assert [(a.group, a.reason, a.cents) for a in line.adjustments] == [
        ("CO", "45", 13_00), ("PR", "1", 100_00), ("PR", "2", 5_00), ("PR", "3", 10_00), ("PR", "96", 2_00)
    ]  # fmt: skip
    assert codes.line_faults(line) == []
    assert counted(found) == {("in", "deductible"): 100_00, ("in", "oop"): 115_00, ("in", "paid"): 80_00}


def test_every_cent_says_why() -> None:
    """Each amount has a step that names the manager's claim, and each sum the plan's provision and what was before."""
    found = decided(filled(deductible_cents=100_00, copay_cents=10_00, other_cents=2_00))
    steps = {(step.rule, step.cents): step for step in found.lines[0].steps}
    for rule, cents in (("drug manager", 80_00), ("copay", 10_00), ("other share", 2_00), ("paid", 80_00)):
        assert steps[rule, cents].source == "claim RX1 of riverrx"
    assert (steps["out_of_pocket", 110_00].before_cents, steps["out_of_pocket", 110_00].after_cents) == (0, 110_00)
    assert steps["out_of_pocket", 110_00].provision == "BT-PPO-2026 v1 drugs_count_to"
    said = "\n".join(explanation.lines(found, filled()))
    assert "Decided and paid by River Rx." in said
    assert "110.00 counts to the out-of-pocket limit; 3,000.00 was left" in said


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ((), {"drugs": ["deductible", "oop", "paid"]}),
        (("deductible",), {"in": ["deductible"], "drugs": ["oop", "paid"]}),
        (("out_of_pocket", "maximum"), {"in": ["oop", "paid"], "drugs": ["deductible"]}),
    ],
)
def test_a_plan_says_what_is_shared(words: tuple[str, ...], kept: dict[str, list[str]]) -> None:
    """What the document does not name is kept apart, where no limit of other services sees it."""
    plan = replace(PLAN, drugs_count_to=words)
    found = decided(filled(deductible_cents=100_00), plan=plan)
    by_tier: dict[str, list[str]] = {}
    for each in found.entries:
        by_tier.setdefault(each.tier, []).append(each.kind)
    assert by_tier == kept
    room = accumulators.room(accumulators.apply({}, found.entries), plan, "in", "M01", 2026, False)
    assert (room.deductible, room.oop) == (100_00 * ("deductible" in words), 100_00 * ("out_of_pocket" in words))


def test_a_late_deductible_is_carried_over() -> None:
    """Where the last months' deductible counts to the next year, a drug's does, too."""
    found = decided(filled(deductible_cents=9_00), plan=replace(SHARED, carry_over_months=9))
    assert [(each.year, each.cents) for each in found.entries if each.kind == "credit"] == [(2027, 9_00)]


@given(shares=st.lists(st.integers(0, 4_000_00), min_size=4, max_size=4), paid=st.integers(0, 100_000_00),
       charge=st.integers(0, 200_000_00), elsewhere=st.integers(0, 1_000_00))  # fmt: skip
def test_any_claim_balances_and_is_taken_back(shares: list[int], paid: int, charge: int, elsewhere: int) -> None:
    """Charge = paid + adjustments under codes that may stand together; its reversal leaves no sum behind."""
    words = ("deductible_cents", "copay_cents", "coinsurance_cents", "other_cents")
    found = decided(filled(paid_cents=paid, charge_cents=charge, elsewhere_cents=elsewhere,
                           **dict(zip(words, shares, strict=True))))  # fmt: skip
    assert (found.outcome, found.paid_cents, found.patient_cents) == ("paid", paid, sum(shares))
    assert codes.line_faults(found.lines[0]) == []
    once = accumulators.apply({}, found.entries)
    assert accumulators.apply(once, adjudication.reverse(found, 2).entries) == {}


WAITS = [
    (filled(), None, {"match": "none"}, "MBR", "somebody who is not on file"),
    (filled(), None, {"match": "several", "candidates": 2}, "MBR", "More than one person"),
    (filled(), None, {"match": "newborn"}, "MBR", "newborn"),
    (filled(FRANK), FRANK, {}, "MBR", "a day without coverage"),
    (filled(), ALAN, {"plans": ()}, "MBR", "no sponsor"),
    (filled(filled=OPENED), ALAN, {"plans": (replace(SHARED, first=date(2026, 2, 1)),)}, "PRC", "No plan is on file"),
    (filled(patient_cents=1), ALAN, {}, "PRC", "do not add up"),
    (filled(copay_cents=-1), ALAN, {}, "PRC", "negative"),
    (filled(), ALAN, {"number_taken": True}, "DUP", "used the number"),
]
"""A claim, whose it is, what else is known; the queue it waits in and what is said."""


@pytest.mark.parametrize(("sent", "who", "known", "queue", "said"), WAITS)
def test_what_a_claim_waits_for(
    sent: Claim, who: Member | None, known: dict[str, object], queue: str, said: str
) -> None:  # fmt: skip
    """What is not known is never denied, as the money has left: it waits, and the sentence says what is needed."""
    found = decided(sent, who, **known)
    assert found.pend is not None
    assert (found.outcome, found.pend.queue) == ("pended", queue)
    assert said in found.pend.reason
    assert found.pend.needed.endswith(".")
    assert found.entries == ()


def test_people_may_deny() -> None:
    """A person's denial of a claim that waited is followed: the plan pays the manager nothing for it."""
    refusal = Refusal(group="CO", reason="16", remarks=("M51",), by=("ann",), on=TODAY, why="no such member")
    found = decided(filled(), None, match="none", rulings=Rulings(refusal=refusal))
    assert (found.outcome, found.paid_cents, found.entries) == ("denied", 0, ())


def test_no_edit_is_asked() -> None:
    """Neither provider, price, authorisation nor duplicate edits stand against what the manager has paid."""
    bare = decided(filled(), providers=(), fees=(), authorisations=())
    assert (bare.outcome, bare.notes) == ("paid", ())


def test_more_than_was_left_is_told() -> None:
    """A deductible beyond what was left is booked and told: 1,100.00 where the plan has 1,000.00 is 100.00 over."""
    found = decided(filled(deductible_cents=1_100_00))
    over = [step for step in found.lines[0].steps if step.rule == drugs.OVER]
    assert [(step.cents, "deductible" in step.text) for step in over] == [(100_00, True)]


def test_a_reversal_takes_back_its_very_claim() -> None:
    """None on file, or another amount, member or drug: a person looks; the same in everything: it is taken back."""
    back = replace(filled(copay_cents=1_00), frequency="8")
    original = drugs.Filed(icn="1", ord="", state="decided", version=1, person_id="M01", family_root="SBA100001",
                           replaced_by="", claim=filled(copay_cents=1_00))  # fmt: skip
    assert drugs.objection(back, [original]) is None
    for other in (filled(copay_cents=2_00), filled(copay_cents=1_00, ndc="1"), filled(FRANK, copay_cents=1_00)):
        found = drugs.objection(back, [replace(original, claim=other)])
        assert found is not None and found.queue == "RPL"
    assert drugs.objection(back, []) is not None


def test_the_document_says_it() -> None:
    """What drugs share is a sentence an employer signs; a plan that shares nothing has none."""
    text = (shipped() / "plans/bluebonnet-ppo.toml").read_text()
    shared = text.replace("# drugs_count_to = ", "drugs_count_to = ", 1)
    (said,) = (one.text for one in promises.promises(parse(shared)) if one.section == "drugs_count_to")
    assert said == ("What the drug manager pays or leaves to the patient counts to the deductible and the "
                    "out-of-pocket maximum and the plan's maximums, too.")  # fmt: skip
    assert all(one.section != "drugs_count_to" for one in promises.promises(parse(text)))


def test_a_policy_covers_kinds_of_claims() -> None:
    """A fact of drugs counts only under a policy that covers them, a medical one as ever; a policy covers something."""
    text = (shipped() / "policies/bluebonnet.toml").read_text()
    medical = parse_policy(text)
    both = parse_policy(text.replace('# covers = ["medical", "drugs"]', 'covers = ["medical", "drugs"]'))
    facts = [
        Fact(person_id="A", icn=kind, version=1, incurred=TODAY, paid_cents=1, on=TODAY, kind=kind)
        for kind in ("medical", "drugs")
    ]
    assert set(assign((medical,), facts)) == {("medical", 1)}
    assert set(assign((both,), facts)) == {("medical", 1), ("drugs", 1)}
    with pytest.raises(Exception, match="covers: nothing"):
        parse_policy(text.replace('# covers = ["medical", "drugs"]', "covers = []"))


def test_medical_claims_see_drugs() -> None:
    """990.00 of a drug leave 10.00 of the deductible: C1's lab of 25.00 takes 10.00, and 20 % of 15.00 (4.4)."""
    totals = accumulators.apply({}, decided(filled(deductible_cents=990_00)).entries)
    lab = adjudication.adjudicate(case(C1, ALAN, plan=SHARED, totals=totals), TODAY).lines[1]
    assert [(a.group, a.reason, a.cents) for a in lab.adjustments if a.group == "PR"] == [
        ("PR", "1", 10_00), ("PR", "2", 3_00)
    ]  # fmt: skip
