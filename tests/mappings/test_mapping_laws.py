"""What is written is legal by its guide and reads back as the same records, whatever the records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from record_strategies import (
    acknowledgements,
    claim_files,
    dental_files,
    enrolment_files,
    institutional_files,
    remittances,
)
from x12_files import file_of, pyx12_answer, sets, verdicts

from mappings import claim_ack, dental, enrolment, institutional, professional, remittance
from mappings.records import Claim, ClaimAcknowledgement, ClaimBatch, EnrolmentHeader, MemberRow, Remittance

quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
few = settings(quick, max_examples=3, phases=[Phase.generate])  # pyx12 is too slow to shrink with


def accepted(data: bytes) -> bool:
    """Our own reader finds nothing wrong; the findings are shown when it does."""
    (verdict,) = verdicts(data)
    assert not verdict.findings, verdict.findings
    return verdict.verdict == "A"


CLAIMS: dict[str, tuple[Any, Any]] = {
    "837P": (claim_files(), professional),
    "837I": (institutional_files(), institutional),
    "837D": (dental_files(), dental),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_written_claims_read_back_equal(name: str) -> None:
    """Claims written as an 837 are legal and read back as the same claims in the same order."""
    files, guide = CLAIMS[name]

    @quick
    @given(files)
    def law(made: tuple[ClaimBatch, list[Claim]]) -> None:
        batch, claims = made
        data = file_of(guide.write(batch, claims), guide.GUIDE)
        assert accepted(data)
        (units,) = sets(data)
        reader = guide.ClaimReader()
        assert [claim for unit in units if (claim := reader.take(unit))] == claims
        assert reader.batch == batch
        assert reader.findings == []

    law()


@quick
@given(enrolment_files())
def test_written_members_read_back_equal(made: tuple[EnrolmentHeader, list[MemberRow]]) -> None:
    """Member rows written as an 834 are legal and read back as the same rows in the same order."""
    header, rows = made
    data = file_of(enrolment.write(header, rows), enrolment.GUIDE)
    assert accepted(data)
    (units,) = sets(data)
    reader = enrolment.MemberReader()
    assert [row for unit in units if (row := reader.take(unit))] == rows
    assert reader.header == header
    assert reader.findings == []


@quick
@given(remittances())
def test_a_written_remittance_reads_back_equal(made: Remittance) -> None:
    """A remittance written as an 835 is legal and reads back as the same remittance."""
    data = file_of(remittance.write(made), remittance.GUIDE)
    assert accepted(data)
    reader = remittance.RemittanceReader()
    for unit in sets(data)[0]:
        reader.take(unit)
    assert reader.close() == made
    assert reader.findings == []


@quick
@given(acknowledgements())
def test_a_written_claim_acknowledgement_reads_back_equal(made: ClaimAcknowledgement) -> None:
    """A claim acknowledgement written as a 277CA is legal and reads back as the same acknowledgement."""
    data = file_of(claim_ack.write(made), claim_ack.GUIDE)
    assert accepted(data)
    reader = claim_ack.AcknowledgementReader()
    for unit in sets(data)[0]:
        reader.take(unit)
    assert reader.close() == made
    assert reader.findings == []


WRITERS: dict[str, Any] = {
    "837P": (claim_files(), lambda made: professional.write(*made), professional.GUIDE),
    "837I": (institutional_files(), lambda made: institutional.write(*made), institutional.GUIDE),
    "834": (enrolment_files(), lambda made: enrolment.write(*made), enrolment.GUIDE),
    # pyx12 takes a second PLB for a second footer loop and refuses it, though its map allows any number
    "835": (remittances().filter(lambda made: len(made.adjustments) <= 6), remittance.write, remittance.GUIDE),
    "277CA": (acknowledgements(), claim_ack.write, claim_ack.GUIDE),
}


@pytest.mark.parametrize("name", WRITERS)
def test_pyx12_accepts_what_is_written(name: str) -> None:
    """An independent validator accepts what the mappings write."""
    strategy, write, guide = WRITERS[name]

    @few
    @given(strategy)
    def law(made: Any) -> None:
        assert pyx12_answer(file_of(write(made), guide)) == []

    law()
