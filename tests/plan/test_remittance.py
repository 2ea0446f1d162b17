"""The golden remittances, segment by segment, and the laws of telling a claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from golden_claims import EFFECTIVE, GOLDEN, HILLCREST, LAKESIDE, METRO, PAYER, RUN, cas, golden_payables

from gateway.plan import balancing
from gateway.plan.payment import issue, plan_run
from gateway.plan.remittance import remit
from mappings.records import Adjustment, Person, Procedure, ProviderAdjustment, Remittance, RemittedClaim, RemittedLine

ISSUED = ((LAKESIDE, "EFT0410001"), (METRO, "EFT0410002"), (HILLCREST, "RA0410003"))


def golden_remittances() -> list[Remittance]:
    """The three 835s of the golden run."""
    run = plan_run(golden_payables().values())
    parts = zip(run.payees, ISSUED, strict=True)
    return [issue(p, trace, row, PAYER, RUN, EFFECTIVE, "CLEARPATH") for p, (row, trace) in parts]


# What each record says, in the plainest words of the guide: enough to compare with the golden file's segments.


def money(cents: int) -> str:
    """Cents as an X12 R element."""
    whole = Decimal(cents).scaleb(-2).normalize()
    return f"{whole:f}"


def seg(*elements: object) -> str:
    """One segment, trailing empties dropped."""
    return "*".join("" if e is None else str(e) for e in elements).rstrip("*")


def adjusted(adjustments: tuple[Adjustment, ...]) -> Iterator[str]:
    """One CAS per group, in order of first appearance."""
    for group in dict.fromkeys(a.group for a in adjustments):
        triplets = [x for a in adjustments if a.group == group for x in (a.reason, money(a.cents), "")]
        yield seg("CAS", group, *triplets)


def named(entity: str, person: Person) -> str:
    """NM1 of a person."""
    return seg(
        "NM1", entity, 1, person.last, person.first, person.middle, "", person.suffix, person.id_qualifier, person.id
    )


def told_line(line: RemittedLine) -> Iterator[str]:
    """2110."""
    code, paid = f"HC:{line.procedure.code}", money(line.paid_cents)
    yield seg("SVC", code, money(line.charge_cents), paid, "", line.paid_units, "", line.submitted_units)
    yield seg("DTM", 472, f"{line.first:%Y%m%d}")
    yield from adjusted(line.adjustments)
    yield from [seg("REF", "6R", line.control)] if line.control else []
    yield from [seg("AMT", "B6", money(line.allowed_cents))] if line.allowed_cents is not None else []


def told_claim(claim: RemittedClaim) -> Iterator[str]:
    """2100."""
    amounts = [None if c is None else money(c) for c in (claim.charge_cents, claim.paid_cents, claim.patient_cents)]
    yield seg("CLP", claim.pcn, claim.status, *amounts, claim.filing_code, claim.icn, claim.facility, claim.frequency)
    yield named("QC", claim.patient)
    yield from [named("IL", claim.subscriber)] if claim.subscriber else []
    yield from [seg("MOA", "", "", *claim.remarks)] if claim.remarks else []
    yield seg("REF", "1L", claim.group_no)
    yield from [seg("REF", "F8", claim.original_icn)] if claim.original_icn else []
    yield from [seg("DTM", "036", f"{claim.coverage_end:%Y%m%d}")] if claim.coverage_end else []
    yield from [seg("DTM", "050", f"{claim.received:%Y%m%d}")] if claim.received else []
    for line in claim.lines:
        yield from told_line(line)


def told(r: Remittance) -> list[str]:
    """One set from BPR to PLB."""
    ours, theirs = r.from_account, r.to_account
    accounts: list[str] = [""] * 10
    if r.format:
        accounts = ["01", ours.routing, ours.type, ours.number, r.company_id, ""]
        accounts += ["01", theirs.routing, theirs.type, theirs.number]
    at, pay_to = r.payer.address, r.payee.address
    plb = [x for a in r.adjustments for x in (f"{a.reason}:{a.reference}", money(a.cents))]
    return [
        seg("BPR", r.handling, money(r.amount_cents), "C", r.method, r.format, *accounts, f"{r.effective:%Y%m%d}"),
        seg("TRN", 1, r.trace, r.company_id),
        seg("REF", "EV", r.receiver),
        seg("DTM", 405, f"{r.produced:%Y%m%d}"),
        seg("N1", "PR", r.payer.name),
        seg("N3", at.line1),
        seg("N4", at.city, at.state, at.zip),
        seg("REF", "2U", r.payer_ref),
        seg("PER", "BL", r.payer_contact.name, r.payer_contact.number_qualifier, r.payer_contact.number),
        seg("N1", "PE", r.payee.name, "XX", r.payee.npi),
        seg("N3", pay_to.line1),
        seg("N4", pay_to.city, pay_to.state, pay_to.zip),
        seg("REF", "TJ", r.payee.tin),
        "LX*1",
        *(segment for claim in r.claims for segment in told_claim(claim)),
        *([seg("PLB", r.payee.npi, f"{r.fiscal_end:%Y%m%d}", *plb)] if plb else []),
    ]


def golden_sets() -> list[list[str]]:
    """The segments of each set of the golden file, without envelope, ST and SE."""
    segments = (GOLDEN / "out.835").read_text().replace("\n", "").split("~")
    starts = [at for at, s in enumerate(segments) if s.startswith("ST*")]
    ends = [at for at, s in enumerate(segments) if s.startswith("SE*")]
    return [segments[a + 1 : b] for a, b in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("number", [0, 1, 2], ids=["Lakeside", "Metro", "Hillcrest"])
def test_golden_remittances_tell_the_golden_segments(number: int) -> None:
    """Each payee's remittance says what the golden set says, segment for segment, in the same order."""
    assert told(golden_remittances()[number]) == golden_sets()[number]


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
    remittance = golden_remittances()[0]
    claim = remittance.claims[0]
    line = claim.lines[0]
    if level == "line":
        line = msgspec.structs.replace(line, **changes)
    claim = msgspec.structs.replace(claim, lines=(line, *claim.lines[1:]), **(changes if level == "claim" else {}))
    claims = (claim, *remittance.claims[1:])
    wrong = msgspec.structs.replace(remittance, claims=claims, **(changes if level == "set" else {}))
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
    remittance = golden_remittances()[0]
    claims = tuple(msgspec.structs.replace(c, charge_cents=1) for c in remittance.claims)
    text = " ".join(f.message for f in balancing.check(msgspec.structs.replace(remittance, claims=claims)))
    assert "26096000001" in text
    assert not any(word in text for word in ("LFC-", "REED", "SBA100"))


def test_remarks_stop_at_five() -> None:
    """MOA03-07 hold five remarks; the rest stay in the decision."""
    c1 = golden_payables()["C1"]
    decision = msgspec.structs.replace(c1.decision, remarks=tuple(f"N{n}" for n in range(7)))
    assert remit(c1.claim, decision, date(2026, 4, 6)).remarks == ("N0", "N1", "N2", "N3", "N4")
