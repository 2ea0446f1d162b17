"""The golden remittances, segment by segment, and the laws of telling a claim."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from golden_claims import EFFECTIVE, GOLDEN, HILLCREST, LAKESIDE, METRO, PAYER, RUN, cas, golden_payables

from gateway.plan.money import balancing
from gateway.plan.money.payment import issue, plan_payee, plan_run
from gateway.plan.money.remittance import remit
from mappings import remittance
from mappings.records import Person, Procedure, Provider, ProviderAdjustment, Remittance

ISSUED = ((LAKESIDE, "EFT0410001"), (METRO, "EFT0410002"), (HILLCREST, "RA0410003"))


def golden_remittances() -> list[Remittance]:
    """The three 835s of the golden run."""
    run = plan_run(golden_payables().values())
    parts = zip(run.payees, ISSUED, strict=True)
    return [issue(p, trace, row, PAYER, RUN, EFFECTIVE, "CLEARPATH") for p, (row, trace) in parts]


def plain(segment: list[str | tuple[str, ...]]) -> str:
    """A segment as the golden file prints it."""
    elements = (element if isinstance(element, str) else ":".join(element) for element in segment)
    return "*".join(elements).rstrip("*")


def golden_sets() -> list[list[str]]:
    """The segments of each set of the golden file, without envelope, ST and SE."""
    segments = (GOLDEN / "out.835").read_text().replace("\n", "").split("~")
    starts = [at for at, s in enumerate(segments) if s.startswith("ST*")]
    ends = [at for at, s in enumerate(segments) if s.startswith("SE*")]
    return [segments[a + 1 : b] for a, b in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("number", [0, 1, 2], ids=["Lakeside", "Metro", "Hillcrest"])
def test_golden_remittances_tell_the_golden_segments(number: int) -> None:
    """Each payee's remittance says what the golden set says, segment for segment, in the same order."""
    told = remittance.write(golden_remittances()[number])[1:]
    assert [plain(segment) for segment in told] == golden_sets()[number]


def test_golden_remittances_balance() -> None:
    """Nothing is wrong with the three remittances, singly or together."""
    assert balancing.check_all(golden_remittances()) == ()


def test_a_changed_code_tells_both() -> None:
    """A line paid under another code tells the submitted one (SVC06) and, if they differ, its units (SVC07)."""
    c1 = golden_payables()["C1"]
    changed = msgspec.structs.replace(c1.decision.lines[0], procedure=Procedure(code="99213"), units=Decimal(2))
    decision = msgspec.structs.replace(c1.decision, lines=(changed, c1.decision.lines[1]))
    first, second = remit(c1.claim, decision, c1.received).lines
    assert (first.procedure.code, first.paid_units, first.submitted_units) == ("99213", 2, 1)
    assert first.submitted == Procedure(code="99214")
    assert (second.submitted, second.submitted_units) == (None, None)


def test_zero_adjustments_are_not_written() -> None:
    """An adjustment of zero never reaches a CAS."""
    c4 = golden_payables()["C4"]
    line = c4.decision.lines[0]
    padded = msgspec.structs.replace(line, adjustments=(*line.adjustments, *cas(("OA", "23", 0))))
    decision = msgspec.structs.replace(c4.decision, lines=(padded,))
    assert remit(c4.claim, decision, c4.received).lines[0].adjustments == line.adjustments


def test_a_reversal_of_a_denial_pays_zero_units_again() -> None:
    """Reversing a denied line repeats it: nothing paid, no units, the same group and reason negated."""
    c2 = golden_payables()["C2"]
    line = msgspec.structs.replace(c2.decision.lines[0], charge_cents=-15000, adjustments=cas(("PR", "27", -15000)))
    decision = msgspec.structs.replace(
        c2.decision,
        outcome="reversal",
        status="22",
        version=2,
        charge_cents=-15000,
        lines=(line,),
        patient_cents=-15000,
    )
    claim = remit(c2.claim, decision, c2.received)
    assert (claim.status, claim.charge_cents, claim.paid_cents, claim.patient_cents) == ("22", -15000, 0, None)
    assert (claim.received, claim.lines[0].paid_units, claim.lines[0].submitted_units) == (None, 0, 1)
    assert claim.lines[0].adjustments == cas(("PR", "27", -15000))


def test_nothing_of_a_person_but_the_name_is_told() -> None:
    """Birth dates and addresses of the claim do not travel into a remittance."""
    patient = golden_remittances()[1].claims[0].patient
    assert patient == Person(last="REED", first="BIANCA")


def broken(level: str, changes: dict[str, object]) -> set[str]:
    """The codes found in Lakeside's remittance after a change of the set, of its first claim, or of that one's line."""
    sound = golden_remittances()[0]
    claim = sound.claims[0]
    line = claim.lines[0]
    if level == "line":
        line = msgspec.structs.replace(line, **changes)
    claim = msgspec.structs.replace(claim, lines=(line, *claim.lines[1:]), **(changes if level == "claim" else {}))
    claims = (claim, *sound.claims[1:])
    wrong = msgspec.structs.replace(sound, claims=claims, **(changes if level == "set" else {}))
    return {finding.code for finding in balancing.check(wrong)}


SIX = tuple(("CO", str(reason), 785) for reason in range(50, 56))


@pytest.mark.parametrize(
    ("level", "changes", "codes"),
    [
        ("set", {}, set()),
        ("set", {"amount_cents": 65607}, {"835:payment"}),
        ("set", {"amount_cents": -1}, {"835:payment", "835:negative"}),
        ("set", {"amount_cents": 0}, {"835:payment", "835:zero"}),
        ("set", {"handling": "H"}, {"835:zero"}),
        ("set", {"method": "NON"}, {"835:zero"}),
        ("set", {"trace": ""}, {"835:trace"}),
        ("set", {"adjustments": (ProviderAdjustment(reason="FB", reference="X", cents=0),)}, {"835:plb"}),
        ("claim", {"charge_cents": 24001}, {"835:claim", "835:claim-charge"}),
        ("claim", {"patient_cents": 5501}, {"835:patient"}),
        ("claim", {"patient_cents": None}, {"835:patient"}),
        ("claim", {"status": "22"}, {"835:patient"}),
        ("claim", {"status": "4"}, {"835:status"}),
        ("claim", {"adjustments": cas(("CO", "45", 1))}, {"835:claim", "835:claim-paid"}),
        ("line", {"paid_cents": 9501}, {"835:line", "835:claim-paid"}),
        ("line", {"adjustments": cas(("CO", "45", 5500), ("PR", "3", 3000), ("CO", "50", 0))}, {"835:cas-zero"}),
        ("line", {"adjustments": cas(("CR", "45", 5500), ("PR", "3", 3000))}, {"835:group"}),
        ("line", {"adjustments": cas(("CO", "23", 5500), ("PR", "3", 3000))}, {"835:group"}),
        ("line", {"adjustments": cas(*SIX, ("CO", "45", 790), ("PR", "3", 3000))}, {"835:cas-many"}),
    ],
)
def test_each_broken_rule_is_found(level: str, changes: dict[str, object], codes: set[str]) -> None:
    """One change to a sound remittance is found as exactly the rules it breaks."""
    assert broken(level, changes) == codes


def test_a_trace_is_used_once() -> None:
    """Two remittances of one trace are wrong together though each is sound."""
    twice = golden_remittances()[:1] * 2
    assert [f.code for f in balancing.check_all(twice)] == ["835:trace"]


def test_findings_name_our_numbers_only() -> None:
    """A finding's message carries an ICN or trace, never a patient control number or a name."""
    sound = golden_remittances()[0]
    claims = tuple(msgspec.structs.replace(c, charge_cents=1) for c in sound.claims)
    text = " ".join(f.message for f in balancing.check(msgspec.structs.replace(sound, claims=claims)))
    assert "26096000001" in text
    assert not any(word in text for word in ("LFC-", "REED", "SBA100"))


def test_remarks_stop_at_five() -> None:
    """MOA03-07 hold five remarks; the rest stay in the decision."""
    c1 = golden_payables()["C1"]
    decision = msgspec.structs.replace(c1.decision, remarks=tuple(f"N{n}" for n in range(7)))
    assert remit(c1.claim, decision, date(2026, 4, 6)).remarks == ("N0", "N1", "N2", "N3", "N4")


def test_interest_is_told_with_its_claim() -> None:
    """Interest is paid by PLB L6 and told as AMT*I of the claim it is for, not of its reversal."""
    payables = golden_payables()
    interest = ProviderAdjustment(reason="L6", reference="26096000007", cents=-15)
    plan = plan_payee(payables["C7"].payee, [payables["H1"], payables["C7"], payables["C6"]], (), (interest,))
    told = issue(plan, "RA1", HILLCREST, PAYER, RUN, EFFECTIVE)
    assert [c.interest_cents for c in told.claims] == [None, None, 15]
    assert balancing.check(told) == ()


def test_a_rendering_provider_is_told_when_not_the_payee() -> None:
    """NM1*82 names who rendered the service unless that is who is paid."""
    c1 = golden_payables()["C1"]
    other = Provider(npi="1003000126", entity="1", name="WU", first="MEI")
    by_other = msgspec.structs.replace(c1.claim, rendering=other)
    by_payee = msgspec.structs.replace(c1.claim, rendering=Provider(npi=LAKESIDE.npi, name="LAKESIDE"))
    assert remit(by_other, c1.decision, c1.received).rendering == other
    assert remit(by_payee, c1.decision, c1.received).rendering is None
