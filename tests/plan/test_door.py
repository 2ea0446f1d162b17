"""Laws of the front door: what edits find becomes a claim's statuses, told by claim and line."""

from __future__ import annotations

import msgspec
from plan_cases import C1, PLAN

from gateway.plan.claims.door import Objection, line_answers, objections, provider_reasons, reasons, turns_away
from mappings.records import ClaimStatus, Procedure
from parsers.events import Unit
from parsers.findings import Finding, Place, Severity

change = msgspec.structs.replace
SUMS, UNITS = ClaimStatus(category="A8", status="400"), ClaimStatus(category="A7", status="476")
CLAIM = Unit("2300", [
    ("2300", ["CLM", "C1", "240"]), ("2400", ["LX", "1"]), ("2400", ["SV1", "HC:99214", "180"]),
    ("2400", ["LX", "2"]), ("2400", ["SV1", "HC:80053", "60"]),
], position=20, ordinal=3)  # fmt: skip


def finding(code: str, position: int, loop: str, segment: str, severity: Severity = "error") -> Finding:
    """A finding of an edit, with data of the file."""
    place = Place(position=position, loop=loop, segment=segment, claim="C1")
    return Finding(level="business", code=code, severity=severity, snip=3, place=place, value="240")


def test_every_status_is_told_once_in_the_tables_order() -> None:
    """Two faults of one status are one reason; a warning is none; an entity goes with its status."""
    found = [Objection(finding=finding(code, 20, "2300", "CLM")) for code in ("A8:400", "A7:562:82", "A8:400")]
    warned = Objection(finding=finding("A7:188", 20, "2300", "CLM", "warning"))
    rendering = ClaimStatus(category="A7", status="562", entity="82")
    assert reasons([*found, warned]) == (SUMS, rendering)
    assert reasons([warned]) == ()


def test_a_finding_is_of_the_line_it_stands_in() -> None:
    """What stands above the lines is the claim's; a missing segment is of the line it would end."""
    found = [
        finding("A8:400", 20, "2300", "CLM"), finding("A7:562:85", 4, "2010AA", "NM1"),
        finding("A7:727", 21, "2300", "DTP"), finding("A7:454", 22, "2400", "SV1"),
        finding("A6:187", 23, "2400", "DTP"), finding("A7:454", 24, "2400", "SV1"),
        finding("A6:187", 25, "2400", "DTP"),
    ]  # fmt: skip
    assert [one.line for one in objections(CLAIM, found)] == [0, 0, 0, 1, 1, 2, 2]


def test_a_finding_behind_a_stray_is_of_the_line_it_stands_in() -> None:
    """A segment no loop took moves the positions behind it, and no finding to another line."""
    strange = msgspec.structs.replace(CLAIM, strays=((21, ["ZZ9"]), (24, ["ZZ9"])))
    found = [
        finding("A8:400", 20, "2300", "CLM"), finding("A7:727", 22, "2300", "DTP"),
        finding("A7:454", 23, "2400", "SV1"), finding("A6:187", 25, "2400", "DTP"),
        finding("A7:454", 26, "2400", "SV1"), finding("A6:187", 27, "2400", "DTP"),
    ]  # fmt: skip
    assert [one.line for one in objections(strange, found)] == [0, 0, 1, 1, 2, 2]


def test_an_objection_holds_no_data() -> None:
    """What is kept of a finding names neither the claim nor a value of the file."""
    (kept,) = objections(CLAIM, [finding("A8:400", 20, "2300", "CLM")])
    assert (kept.finding.value, kept.finding.place.claim) == ("", "")


def test_a_line_is_answered_when_it_made_the_claim_be_rejected() -> None:
    """2220D: the line with its own reasons, once; no line where only the claim, or a warning, is at fault."""
    twice, warned = finding("A7:476", 24, "2400", "SV1"), finding("A7:454", 22, "2400", "SV1", "warning")
    found = objections(CLAIM, [finding("A8:400", 20, "2300", "CLM"), twice, twice, warned])
    (line,) = line_answers(C1, found)
    assert (line.number, line.procedure, line.reasons) == (2, C1.lines[1].procedure, (UNITS,))
    assert (line.first, line.control) == (C1.lines[1].first, C1.lines[1].control)


def test_a_line_without_procedure_is_named_by_its_revenue_code() -> None:
    """SVC01 of an institutional line is NU and the revenue code, else the procedure with the revenue code beside it."""
    room = change(C1.lines[0], procedure=Procedure(code=""), revenue="0120")
    scan = change(C1.lines[1], revenue="0350")
    found = [Objection(finding=finding("A7:476", 22, "2400", "SV2"), line=line) for line in (1, 2)]
    told = line_answers(change(C1, lines=(room, scan)), found)
    assert [(one.procedure.qualifier, one.procedure.code, one.revenue) for one in told] == [
        ("NU", "0120", ""), ("HC", scan.procedure.code, "0350"),
    ]  # fmt: skip


def test_a_provider_is_the_reason_when_every_claim_says_so() -> None:
    """Only reasons about the billing provider, and only those that all of its claims have, reject it whole."""
    npi = ClaimStatus(category="A7", status="562", entity="85")
    assert provider_reasons([(npi,), (SUMS, npi)]) == (npi,)
    assert provider_reasons([(npi,), ()]) == ()
    assert provider_reasons([(SUMS,), (SUMS,)]) == ()


def test_only_a_plan_that_waits_for_nobody_turns_strangers_away() -> None:
    """member_not_found reject answers patients nobody knows by 277CA; doubtful people and newborns wait in any plan."""
    strict = change(PLAN, member_not_found="reject")
    turned = [reason for reason in ("none", "dependent", "mismatch", "several", "newborn", "")
              if turns_away([strict], C1, reason)]  # fmt: skip
    assert turned == ["none", "dependent", "mismatch"]
    assert not turns_away([PLAN], C1, "none")
    assert not turns_away([], C1, "none")
