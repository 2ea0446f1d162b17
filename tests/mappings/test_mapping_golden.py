"""The golden scenario through every mapping: the fields a plan works with, and the same segments written again."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from x12_files import golden, golden_segments, sent, sets

from mappings import claim_ack, enrolment, professional, remittance
from mappings.records import (
    Adjustment,
    BankAccount,
    Claim,
    ClaimAcknowledgement,
    ClaimBatch,
    ClaimStatus,
    MemberRow,
    OtherInsurance,
    ProviderAdjustment,
    Remittance,
)


def read_claims() -> tuple[ClaimBatch, list[Claim]]:
    reader = professional.ClaimReader()
    claims = [claim for unit in sets(golden("in.837p"))[0] if (claim := reader.take(unit))]
    assert reader.batch is not None
    return reader.batch, claims


def read_members() -> tuple[enrolment.MemberReader, list[MemberRow]]:
    reader = enrolment.MemberReader()
    return reader, [row for unit in sets(golden("in.834"))[0] if (row := reader.take(unit))]


def read_remittances() -> list[Remittance]:
    made = []
    for units in sets(golden("out.835")):
        reader = remittance.RemittanceReader()
        for unit in units:
            reader.take(unit)
        closed = reader.close()
        assert closed is not None
        made.append(closed)
    return made


def read_acknowledgement() -> ClaimAcknowledgement:
    reader = claim_ack.AcknowledgementReader()
    for unit in sets(golden("out.277ca"))[0]:
        reader.take(unit)
    answer = reader.close()
    assert answer is not None
    return answer


def test_the_batch_says_who_sent_what_to_whom() -> None:
    """BHT, 1000A and 1000B become the batch."""
    batch, claims = read_claims()
    assert (batch.reference, batch.created, batch.kind) == ("BATCH0406", date(2026, 4, 6), "CH")
    assert (batch.submitter.id, batch.contact.number, batch.receiver.id) == ("CLRPTH", "5125550100", "SBA01")
    assert sum(claim.charge_cents for claim in claims) == 4_643_000


def test_a_claim_of_the_employee_has_the_subscriber_as_patient() -> None:
    """Without a 2000C the subscriber is the patient; the levels above stay in force until the next of their kind."""
    _, claims = read_claims()
    first, fourth = claims[0], claims[3]
    assert (first.pcn, first.charge_cents, first.relationship, first.patient) == (
        "LFC-5001",
        24_000,
        "18",
        first.subscriber,
    )
    assert first.billing == fourth.billing
    assert (fourth.billing.npi, fourth.billing.tin, fourth.billing.tin_qualifier) == ("1234567893", "741234567", "EI")
    assert (fourth.subscriber.id, fourth.diagnoses, fourth.group_no) == ("SBA100002", ("D225",), "BT1001")
    assert [(line.procedure.code, line.charge_cents, line.control) for line in first.lines] == [
        ("99214", 18_000, "C1L1"),
        ("80053", 6_000, "C1L2"),
    ]


def test_a_claim_of_a_dependent_has_its_own_patient() -> None:
    """2000C gives the patient and PAT01; drug, units and authorisation come with the line and claim."""
    _, claims = read_claims()
    claim = claims[4]
    assert (claim.relationship, claim.patient.first, claim.subscriber.first) == ("01", "BIANCA", "ALAN")
    assert (claim.prior_auth, claim.lines[0].units, claim.lines[0].ndc) == ("PA7781", Decimal(200), "00006302602")
    assert (claim.lines[0].ndc_units, claim.lines[0].ndc_unit) == (Decimal(8), "ML")


def test_what_another_payer_decided_comes_with_the_claim() -> None:
    """2320, 2330 and 2430 become other coverage and line payments."""
    _, claims = read_claims()
    claim = claims[5]
    (other,), (payment,) = claim.other, claim.lines[0].payments
    assert (claim.responsibility, other.responsibility, other.paid_cents, other.payer_id) == ("S", "P", 48_000, "ACME1")
    assert payment.adjustments == (
        Adjustment(group="CO", reason="45", cents=20_000),
        Adjustment(group="PR", reason="2", cents=12_000),
    )
    assert (payment.decided, claims[6].frequency, claims[6].original_icn) == (date(2026, 3, 25), "7", "26072000001")


def test_the_enrolment_header_counts_and_dates_its_file() -> None:
    """BGN, REF*38, DTP and QTY become the header."""
    reader, rows = read_members()
    header = reader.header
    assert header is not None
    assert (header.reference, header.action, header.master_policy) == ("ENR20260402", "4", "BT1001")
    assert (header.effective, header.employees, header.dependents, header.total) == (date(2026, 4, 1), 3, 3, 6)
    assert (header.sponsor.id, header.administrator.name) == ("741112223", "SUMMIT BENEFIT ADMINISTRATORS")
    assert [row.ordinal for row in rows] == [1, 2, 3, 4, 5, 6]


def test_a_member_row_knows_person_coverage_and_other_insurance() -> None:
    """INS and its loops become one row."""
    _, rows = read_members()
    eli, frank = rows[4], rows[5]
    assert (eli.subscriber, eli.relationship, eli.subscriber_no, eli.member_no) == (False, "19", "SBA100002", "M05")
    assert (eli.person.first, eli.person.birth, eli.person.id) == ("ELI", date(2015, 1, 19), "900000005")
    assert eli.coverages[0].other == (
        OtherInsurance(
            responsibility="P", policy_no="OTH-778", coordination="1", first=date(2026, 1, 1),
            payer_name="ACME MUTUAL HEALTH", payer_id="ACME1",
        ),
    )  # fmt: skip
    assert (frank.maintenance, frank.reason, frank.employment) == ("024", "08", "TE")
    assert (frank.dates["357"], frank.coverages[0].last) == (date(2026, 2, 28), date(2026, 2, 28))


def test_an_acknowledgement_names_every_claim_with_our_number() -> None:
    """2200D becomes an answer; totals are not kept because they follow from the answers."""
    answer = read_acknowledgement()
    assert [len(one.claims) for one in answer.providers] == [4, 1, 2, 1]
    claim = answer.providers[2].claims[1]
    assert (claim.pcn, claim.icn, claim.accepted) == ("HIL-2001", "26096000007", True)
    assert claim.reasons == (ClaimStatus(category="A2", status="20", entity="PR"),)


def test_a_remittance_is_one_payment_with_its_claims() -> None:
    """BPR, TRN and 2100 become payment and claims; PLB becomes provider adjustments."""
    lakeside, _, hillcrest = read_remittances()
    assert (lakeside.amount_cents, lakeside.trace, lakeside.effective) == (65_606, "EFT0410001", date(2026, 4, 14))
    assert lakeside.to_account == BankAccount(routing="113000023", type="DA", number="900001")
    assert lakeside.claims[1].coverage_end == date(2026, 2, 28)
    assert (lakeside.claims[1].lines[0].paid_units, lakeside.claims[1].lines[0].submitted_units) == (0, 1)
    assert hillcrest.adjustments == (ProviderAdjustment(reason="FB", reference="RA0410003", cents=-12_000),)
    reversal = hillcrest.claims[1]
    assert (reversal.status, reversal.patient_cents, reversal.remarks) == ("22", None, ("N694",))


@pytest.mark.parametrize("name", ["in.837p", "in.834", "out.277ca", "out.835"])
def test_the_golden_segments_are_written_again(name: str) -> None:
    """Reading a golden file and writing its records gives exactly its segments."""
    written = {
        "in.837p": lambda: [professional.write(*read_claims())],
        "in.834": lambda: [enrolment.write(read_members()[0].header, read_members()[1])],  # type: ignore[arg-type]
        "out.277ca": lambda: [claim_ack.write(read_acknowledgement())],
        "out.835": lambda: [remittance.write(one, f"{n:04}") for n, one in enumerate(read_remittances(), 1)],
    }[name]()
    assert [sent(one) for one in written] == golden_segments(name)


def test_a_professional_claim_keeps_nothing_of_other_guides() -> None:
    """What only institutional and dental claims have is not in a professional claim's JSON."""
    _, claims = read_claims()
    stored = [msgspec.json.decode(msgspec.json.encode(claim)) for claim in claims]
    others = {"kind", "facility_code", "stay", "coding", "present", "served", "orthodontics", "tooth_status"}
    lines = {"revenue", "noncovered_cents", "dated", "dates", "teeth", "oral_cavity", "prosthesis", "operating"}
    assert not [name for claim in stored for name in claim if name in others]
    assert not [name for claim in stored for line in claim["lines"] for name in line if name in lines]
