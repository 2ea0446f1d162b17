"""What happens at the edges: odd delimiters, values no record can hold, levels missing, whole sets refused."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import structs
from test_mapping_golden import read_acknowledgement, read_claims, read_members, read_remittances
from x12_files import file_of, golden, pyx12_answer, sent, sets, verdicts

from mappings import claim_ack, enrolment, professional, remittance
from mappings.blanks import blanked
from mappings.records import Adjustment, ClaimStatus, LineAnswer, Person, Procedure
from parsers.edits import balancing, codesets, products, situations
from parsers.events import Delimiters, Unit
from parsers.forms import CLAIMS
from parsers.writer import choose_delimiters

ODD = Delimiters("|", ">", "^", "\x1d")


def unit_of(kind: str, *rows: str) -> Unit:
    """A unit from rows like `2300 CLM*A*1`."""
    parted = [row.split(" ", 1) for row in rows]
    return Unit(kind=kind, rows=[(loop, text.split("*")) for loop, text in parted], position=20, ordinal=4)


def test_composites_are_split_by_the_delimiters_of_their_file() -> None:
    """The same claims come out whatever delimiters the file uses."""
    batch, claims = read_claims()
    data = file_of(professional.write(batch, claims), professional.GUIDE, ODD)
    reader = professional.ClaimReader()
    assert [claim for unit in sets(data)[0] if (claim := reader.take(unit))] == claims


def test_a_value_no_record_can_hold_is_a_finding_at_its_place() -> None:
    """Half a cent is legal X12 and no money: no claim, and a finding with its place but without the value."""
    reader = professional.ClaimReader()
    for unit in sets(golden("in.837p"))[0][:3]:
        reader.take(unit)
    broken = unit_of(
        "2300", "2300 CLM*LFC-1*100.005***11:B:1*Y*A*Y*Y", "2400 LX*1", "2400 SV1*HC:99213*100.005*UN*1***1"
    )
    assert reader.take(broken) is None
    first, second = reader.findings
    assert (first.level, first.code, first.place.position, first.place.loop, first.place.element) == (
        "element", "6", 20, "2300", 2,
    )  # fmt: skip
    assert (second.place.position, second.place.segment, second.place.element) == (22, "SV1", 2)
    assert {(one.place.claim, one.mend is not None) for one in reader.findings} == {("LFC-1", True)}
    assert not first.value and "100" not in first.message
    assert reader.take(structs.replace(broken, strays=((21, ["ZZ9", "1"]),))) is None
    assert reader.findings[-1].place.position == 23


def test_a_claim_without_what_a_record_needs_is_a_finding() -> None:
    """A line without a date cannot be a claim."""
    reader = professional.ClaimReader()
    for unit in sets(golden("in.837p"))[0][:3]:
        reader.take(unit)
    assert reader.take(unit_of("2300", "2300 CLM*A*1***11:B:1", "2400 LX*1", "2400 SV1*HC:99213*1*UN*1***1")) is None
    assert [finding.level for finding in reader.findings] == ["segment"]


def test_a_claim_below_nothing_is_no_claim() -> None:
    """Without its upper levels, which the guide check reports, a 2300 unit gives None and no second report."""
    reader = professional.ClaimReader()
    assert reader.take(unit_of("2300", "2300 CLM*A*1***11:B:1")) is None
    assert reader.findings == []


def test_a_level_ends_with_the_next_of_its_kind() -> None:
    """A new billing provider ends subscriber and patient; a new set ends all."""
    reader = professional.ClaimReader()
    units = sets(golden("in.837p"))[0]
    claim_unit = units[3]
    for unit in units[:3]:
        reader.take(unit)
    assert reader.take(claim_unit) is not None
    reader.take(units[1])
    assert reader.take(claim_unit) is None
    assert reader.batch is not None
    reader.take(units[0])
    assert reader.take(claim_unit) is None


def test_rows_of_a_record_never_opened_are_left_out() -> None:
    """A date of a service line that has no LX belongs to nothing."""
    reader = professional.ClaimReader()
    for unit in sets(golden("in.837p"))[0][:3]:
        reader.take(unit)
    claim = reader.take(unit_of("2300", "2300 CLM*A*1***11:B:1", "2400 DTP*472*D8*20260101"))
    assert claim is None
    assert len(reader.findings) == 1


def test_a_corrected_name_is_sent_with_the_wrong_one() -> None:
    """2100A NM1*74 stands with 2100B NM1*70."""
    reader, rows = read_members()
    assert reader.header is not None
    corrected = structs.replace(rows[0], prior=Person(last="READ", first="ALAN"))
    written = sent(enrolment.write(reader.header, [corrected]))
    names = [row[:5] for row in written if row[0] == "NM1"]
    assert names == [["NM1", "74", "1", "REED", "ALAN"], ["NM1", "70", "1", "READ", "ALAN"]]


def test_a_whole_set_refused_has_nothing_below_its_submitter() -> None:
    """2200B says U with its reasons and totals, HL04 says no children, and it reads back.

    The guide check wants a 2000C even here, as pyx12's map does; the guide's text says to stop.
    """
    answer = structs.replace(
        read_acknowledgement(),
        providers=(),
        rejected=(ClaimStatus(category="A3", status="24", entity="41"),),
        rejected_claims=8,
        rejected_cents=4_643_000,
    )
    written = sent(claim_ack.write(answer))
    assert written[-4:] == [
        ["TRN", "2", "BATCH0406"],
        ["STC", "A3:24:41", "20260406", "U", "46430"],
        ["QTY", "AA", "8"],
        ["AMT", "YY", "46430"],
    ]
    assert ["HL", "2", "1", "21", "0"] in written
    reader = claim_ack.AcknowledgementReader()
    for unit in sets(file_of(claim_ack.write(answer), claim_ack.GUIDE))[0]:
        reader.take(unit)
    assert reader.close() == answer


def test_rejected_claims_count_against_the_total() -> None:
    """Accepted and rejected claims and charges add up on both levels; a provider's fault is said at its level."""
    answer = read_acknowledgement()
    first = answer.providers[0]
    bad = structs.replace(
        first.claims[0], accepted=False, icn="", reasons=(ClaimStatus(category="A7", status="562", entity="82"),)
    )
    mixed = structs.replace(first, claims=(bad, *first.claims[1:]))
    reason = (ClaimStatus(category="A7", status="562", entity="85"),)
    faulty = structs.replace(answer.providers[1], rejected=reason, claims=(structs.replace(
        answer.providers[1].claims[0], accepted=False, icn="", reasons=reason),))  # fmt: skip
    answer = structs.replace(answer, providers=(mixed, faulty))
    assert verdicts(file_of(claim_ack.write(answer), claim_ack.GUIDE))[0].verdict == "A"
    sums = ["*".join(row) for row in sent(claim_ack.write(answer)) if row[0] in ("QTY", "AMT")]
    assert sums == [
        "QTY*90*3", "QTY*AA*2", "AMT*YU*2290", "AMT*YY*16740",
        "QTY*QA*3", "QTY*QC*1", "AMT*YU*2290", "AMT*YY*240",
        "QTY*QC*1", "AMT*YY*16500",
    ]  # fmt: skip
    assert ["STC", "A7:562:85", "", "U", "16500"] in sent(claim_ack.write(answer))


def test_a_rejected_claim_names_its_lines_at_fault() -> None:
    """2220D: the procedure (a revenue code as NU), up to three reasons, the line's control number or else its LX01."""
    answer = read_acknowledgement()
    provider = answer.providers[0]
    reasons = tuple(ClaimStatus(category="A7", status=status) for status in ("454", "453", "187", "249"))
    known = LineAnswer(
        procedure=Procedure(code="99213", modifiers=("25",)), charge_cents=12000, revenue="0510", control="C1L1",
        number=1, reasons=reasons, first=date(2026, 4, 1), last=date(2026, 4, 1),
    )  # fmt: skip
    room = Procedure(code="0120", qualifier="NU")
    bare = LineAnswer(procedure=room, charge_cents=90000, number=2, reasons=reasons[:1])
    bad = structs.replace(
        provider.claims[0], accepted=False, icn="", reasons=reasons[:1], bill_type="111", lines=(known, bare)
    )
    made = structs.replace(answer, providers=(structs.replace(provider, claims=(bad,)),))
    assert verdicts(file_of(claim_ack.write(made), claim_ack.GUIDE))[0].verdict == "A"
    written = ["*".join(row) for row in sent(claim_ack.write(made))]
    assert written[written.index("REF*BLT*111") + 2 :] == [
        "SVC*HC:99213:25*120**0510", "STC*A7:454*20260406*U*******A7:453*A7:187", "REF*FJ*C1L1", "DTP*472*D8*20260401",
        "SVC*NU:0120*900", "STC*A7:454*20260406*U", "REF*FJ*2",
    ]  # fmt: skip


def test_adjustments_go_six_to_a_cas_and_zero_ones_nowhere() -> None:
    """A group with seven reasons needs two CAS; an amount of zero is not written."""
    first = read_remittances()[0]
    seven = tuple(Adjustment(group="CO", reason=str(n), cents=100) for n in range(1, 8))
    zero = Adjustment(group="PR", reason="3", cents=0)
    line = structs.replace(first.claims[0].lines[0], adjustments=(*seven, zero))
    made = structs.replace(first, claims=(structs.replace(first.claims[0], lines=(line,)),))
    cas = [row for row in sent(remittance.write(made)) if row[0] == "CAS"]
    assert [(row[1], len(row)) for row in cas] == [("CO", 2 + 6 * 3 - 1), ("CO", 4)]


def test_a_line_without_a_date_has_its_claims() -> None:
    """A foreign 835 may date the claim only (232, 233); one that dates neither is a finding."""
    header = sets(golden("out.835"))[0][0]
    rows = ["2100 CLP*A*1*5*5**12*ICN", "2100 NM1*QC*1*DOE", "2100 DTM*232*20260101", "2100 DTM*233*20260103"]
    reader = remittance.RemittanceReader()
    reader.take(header)
    claim = reader.take(unit_of("2100", *rows, "2110 SVC*HC:99213*5*5"))
    assert claim is not None
    assert (claim.lines[0].first, claim.lines[0].last) == (date(2026, 1, 1), date(2026, 1, 3))
    assert reader.take(unit_of("2100", *rows[:2], "2110 SVC*HC:99213*5*5")) is None
    assert [finding.level for finding in reader.findings] == ["segment"]


def test_a_payee_without_npi_is_known_by_its_tax_number() -> None:
    """N104 is the tax number then, REF*TJ is left out, and PLB01 is the tax number too."""
    made = read_remittances()[2]
    made = structs.replace(made, payee=structs.replace(made.payee, npi=""))
    written = ["*".join(row) for row in sent(remittance.write(made))]
    assert "N1*PE*HILLCREST ORTHOPEDICS*FI*743456789" in written
    assert not [row for row in written if row.startswith("REF*TJ")]
    assert written[-1].startswith("PLB*743456789*20261231*FB:RA0410003*-120")


def test_delimiters_make_way_for_identifiers_and_names_for_delimiters() -> None:
    """A claim number with a star moves the delimiter; a star in a name becomes a space; all else is unchanged."""
    batch, claims = read_claims()
    odd = structs.replace(
        claims[0], pcn="A*B", subscriber=structs.replace(claims[0].subscriber, last="O:NEIL"), relationship="19"
    )
    delimiters = choose_delimiters(professional.identifiers(batch, [odd]), Delimiters())
    assert delimiters.element not in "*:" and delimiters.component == ":"
    rows = list(blanked(professional.write(batch, [odd]), delimiters))
    reader = professional.ClaimReader()
    (read,) = [claim for unit in sets(file_of(rows, professional.GUIDE, delimiters))[0] if (claim := reader.take(unit))]
    assert (read.pcn, read.subscriber.last) == ("A*B", "O NEIL")


def test_identifiers_are_all_numbers_answers_are_matched_by() -> None:
    """Claim number, line control, clearinghouse and original number, member id: none may be altered."""
    batch, claims = read_claims()
    claim = structs.replace(claims[6], clearinghouse_no="CH1")
    assert {"BATCH0406", "HIL-2001", "C7L1", "CH1", "26072000001", "SBA100001", "1679576722"} <= set(
        professional.identifiers(batch, [claim])
    )
    reader, rows = read_members()
    assert reader.header is not None
    assert {"ENR20260402", "SBA100002", "M05", "OTH-778"} <= set(enrolment.identifiers(reader.header, rows))
    assert {"RCPT000202", "26096000001", "LFC-5002"} <= set(claim_ack.identifiers(read_acknowledgement()))
    assert {"RA0410003", "HIL-3001", "C6L1", "743456789"} <= set(remittance.identifiers(read_remittances()[2]))


def _statuses() -> list[ClaimStatus]:
    """Every status the edits reject a claim with."""
    tables = (balancing.EDITS, situations.EDITS, codesets.EDITS, products.EDITS)
    codes = {edit.code for table in tables for edit in table if {*edit.guides} & {*CLAIMS}}
    told = ([*code.split(":"), ""][:3] for code in sorted(codes))
    return [ClaimStatus(category=category, status=status, entity=entity) for category, status, entity in told]


@pytest.mark.parametrize("status", _statuses(), ids=lambda one: f"{one.category}-{one.status}-{one.entity}")
def test_every_status_of_the_edits_can_be_sent(status: ClaimStatus) -> None:
    """A 277CA whose claims are rejected for it, first and further, is good for our reader and for pyx12: an entity X214
    has no code for in that place is told by a wider one, or left out."""
    other = ClaimStatus(category="A7", status="255")
    told = read_acknowledgement()
    (first, *_), *_ = [one.claims for one in told.providers]
    claims = [structs.replace(first, reasons=reasons, lines=()) for reasons in ((status,), (other, status))]
    provider = structs.replace(told.providers[0], claims=tuple(claims))
    data = file_of(claim_ack.write(structs.replace(told, providers=(provider,))), claim_ack.GUIDE)
    assert [one.verdict for one in verdicts(data)] == ["A"]
    assert pyx12_answer(data) == []
