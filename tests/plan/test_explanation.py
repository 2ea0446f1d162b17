"""Laws of explanations: complete, in cents, and about nobody by name."""

from __future__ import annotations

import json

import msgspec
from plan_cases import BIANCA, C5, C7, CODY, GOLDEN_CLAIMS, MEMBERS, OPENING, PLAN, TODAY, case, decide

from gateway.plan.claims import adjudication, codes, explanation
from gateway.plan.claims.benefits import Benefit
from mappings.records import Adjustment


def test_the_golden_oncology_claim_explains_itself() -> None:
    """C5 tells its price per unit, the family's 975.00, the capped coinsurance and the met maximum with provisions."""
    text = "\n".join(explanation.lines(decide(GOLDEN_CLAIMS)[0]["C5"], C5))
    for words in (
        "fee J9271 58.50 per unit from 2026-01-01",
        "975.00 to the deductible; 975.00 was left",
        "Coinsurance 20%: 2,145.00, of which 2,025.00 is still to be paid",
        "The out-of-pocket maximum is met: the patient owes 3,000.00 and no more. (0.00 -> 3,000.00)",
        "BT-PPO-2026 v1 in network deductible",
        "Authorised under PA7781",
        "The plan pays 8,700.00.",
    ):
        assert words in text


def test_no_name_no_birth_date() -> None:
    """Explanations of all golden decisions name no person, member number or birth date."""
    private = {word for each in MEMBERS for word in (each.person.first, each.person.last, each.subscriber_no)}
    private |= {str(each.person.birth) for each in MEMBERS}
    for name, decision in decide(GOLDEN_CLAIMS)[0].items():
        text = "\n".join(explanation.lines(decision, GOLDEN_CLAIMS.get(name, C7)))
        assert not [word for word in private if word in text]


def test_the_document_is_json_with_the_same_amounts() -> None:
    """The document survives JSON and its lines add up to its claim."""
    decision = adjudication.adjudicate(case(C5, BIANCA, totals=OPENING), TODAY)
    facts = json.loads(msgspec.json.encode(explanation.document(decision, C5)))
    assert facts["paid_cents"] == sum(line["paid_cents"] for line in facts["lines"]) == decision.paid_cents
    assert facts["said"] == explanation.lines(decision, C5)


def test_a_pend_says_what_is_needed() -> None:
    """A waiting claim names its queue, the reason and the need."""
    decision = adjudication.adjudicate(case(C7, CODY, accidents=()), TODAY)
    text = explanation.lines(decision, C7)
    assert "Waits in ACC: The services look like an accident. Needed: The member's accident answers." in text
    assert explanation.document(decision, C7)["pend"]["queue"] == "ACC"


def test_remarks_are_told() -> None:
    """The remark codes of a denied line have their words."""
    excluding = msgspec.structs.replace(PLAN, benefits=(Benefit(name="all", excluded=True),))
    denied = adjudication.adjudicate(case(C5, BIANCA, plan=excluding), TODAY)
    assert "  Remarks N130" in explanation.lines(denied, C5)


def test_codes_have_faults_outside_their_group_time_or_remark() -> None:
    """18 stands only under OA, 96 needs a remark, an unknown code is not in force."""
    rows = tuple(Adjustment(group="CO", reason=reason, cents=1) for reason in ("18", "96", "999"))
    told = codes.faults(rows, (), TODAY)
    assert len(told) == 3
    assert codes.faults(rows[1:2], ("N130",), TODAY) == []
