"""write(read(f)) == f, byte for byte: what we write loses nothing that we write, in any guide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_strategies import (
    acknowledgements,
    claim_files,
    code,
    dental_files,
    digits,
    enrolment_files,
    institutional_files,
    remittances,
    text,
    tuples,
)
from x12_files import events, file_of

from gateway import synth
from mappings import (
    claim_ack,
    dental,
    enrolment,
    implementation_ack,
    institutional,
    interchange_ack,
    professional,
    remittance,
)
from mappings.table import Segment
from parsers.events import (
    Delimiters,
    GroupHeader,
    GroupOpened,
    GroupVerdict,
    InterchangeClosed,
    InterchangeHeader,
    InterchangeOpened,
    InterchangeVerdict,
    SetClosed,
    SetOpened,
    SetVerdict,
    Unit,
)
from parsers.findings import Finding, Place
from parsers.writer import write_interchange

DAY = date(2026, 4, 6)

# ---- a file read and written again -----------------------------------------------------------------------------------


def again(data: bytes) -> bytes:
    """The file as written from what was read of it."""
    header: Any = None
    groups: list[tuple[GroupHeader, list[list[Segment]]]] = []
    ta1: list[Segment] = []
    units: list[Unit] = []
    opened: Any = None
    for event in events(data):
        if isinstance(event, InterchangeOpened):
            header = event.header
        elif isinstance(event, GroupOpened):
            groups.append((event.header, []))
        elif isinstance(event, SetOpened):
            opened, units = event, []
        elif isinstance(event, Unit):
            units.append(event)
        elif isinstance(event, SetClosed):
            groups[-1][1].append(GUIDES[opened.guide](units, opened.st02))
        elif isinstance(event, InterchangeClosed):
            ta1 = acknowledged(event.ta1)
    return write_interchange(header, groups, header.delimiters, ta1=ta1, newline=True)


def claims(guide: Any) -> Callable[[list[Unit], str], list[Segment]]:
    def rewritten(units: list[Unit], control: str) -> list[Segment]:
        reader = guide.ClaimReader()
        made = [claim for unit in units if (claim := reader.take(unit))]
        written: list[Segment] = guide.write(reader.batch, made, control)
        return written

    return rewritten


def members(units: list[Unit], control: str) -> list[Segment]:
    reader = enrolment.MemberReader()
    rows = [row for unit in units if (row := reader.take(unit))]
    assert reader.header is not None
    return list(enrolment.segments(reader.header, rows, control))


def whole(reader_of: Any, write: Any) -> Callable[[list[Unit], str], list[Segment]]:
    def rewritten(units: list[Unit], control: str) -> list[Segment]:
        reader = reader_of()
        for unit in units:
            reader.take(unit)
        written: list[Segment] = write(reader.close(), control)
        return written

    return rewritten


def group_answered(units: list[Unit], control: str) -> list[Segment]:
    """A 999 as the verdict it tells: its IK3 and IK4 as findings, CTX as the claim they belong to."""
    header, sets, counts, codes = GroupHeader(), [], ("", "", "", ""), ()
    st: tuple[str, ...] = ()
    findings: list[Finding] = []
    for _, [segment, *values] in [row for unit in units for row in unit.rows]:
        padded = [*values, *[""] * 9]
        if segment == "AK1":
            header = GroupHeader(gs01=padded[0], gs06=padded[1], gs08=padded[2])
        elif segment == "AK2":
            st, findings = tuple(padded[:3]), []
        elif segment == "IK3":
            place = Place(segment=padded[0], position=int(padded[1]), loop=padded[2])
            findings.append(Finding(level="segment", code=padded[3], place=place))
        elif segment == "CTX":
            findings[-1] = replaced(findings[-1], claim=padded[0].split(":")[1])
        elif segment == "IK4":
            number, component, repetition = [int(one or 0) for one in [*padded[0].split(":"), "", ""][:3]]
            told = replaced(
                findings[-1], element=number, component=component, repetition=repetition, reference=padded[1]
            )
            found = Finding(level="element", code=padded[2], place=told.place, value=padded[3])
            if findings[-1].level == "segment":
                findings.pop()  # IK3 8 says no more than that elements are wrong
            findings.append(found)
        elif segment == "IK5":
            sets.append(
                SetVerdict(st01=st[0], st02=st[1], st03=st[2], verdict=padded[0], findings=tuple(findings),
                           codes=tuple(one for one in padded[1:6] if one))
            )  # fmt: skip
        elif segment == "AK9":
            counts, codes = tuple(padded[:4]), tuple(one for one in padded[4:9] if one)
    verdict = GroupVerdict(header=header, verdict=counts[0], claimed=int(counts[1]), received=int(counts[2]),
                           accepted=int(counts[3]), codes=codes, sets=tuple(sets))  # fmt: skip
    return implementation_ack.write(verdict, control)


def replaced(finding: Finding, **place: Any) -> Finding:
    values = {name: getattr(finding.place, name) for name in Place.__struct_fields__}
    return Finding(level=finding.level, code=finding.code, place=Place(**{**values, **place}))


def acknowledged(segments: tuple[tuple[str, ...], ...]) -> list[Segment]:
    """TA1s as the verdict they tell; several of one interchange differ in their code alone."""
    rows: list[Segment] = []
    for (isa13, isa09, isa10, verdict), same in groupby(segments, key=lambda one: one[1:5]):
        codes = tuple(one[5] for one in same if one[5] != interchange_ack.NO_ERROR)
        header = interchange(isa13, isa09, isa10)
        rows += interchange_ack.write(InterchangeVerdict(header=header, verdict=verdict, codes=codes))
    return rows


def interchange(isa13: str, isa09: str, isa10: str) -> InterchangeHeader:
    return InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05="ZZ", isa06="SUMMITTPA", isa07="ZZ", isa08="CLEARPATH",
        isa09=isa09, isa10=isa10, isa11="^", isa12="00501", isa13=isa13, isa14="0", isa15="T", isa16=":",
    )  # fmt: skip


GUIDES: dict[str, Callable[[list[Unit], str], list[Segment]]] = {
    professional.GUIDE: claims(professional),
    institutional.GUIDE: claims(institutional),
    dental.GUIDE: claims(dental),
    enrolment.GUIDE: members,
    remittance.GUIDE: whole(remittance.RemittanceReader, remittance.write),
    claim_ack.GUIDE: whole(claim_ack.AcknowledgementReader, claim_ack.write),
    implementation_ack.GUIDE: group_answered,
}

# ---- the laws --------------------------------------------------------------------------------------------------------

SYNTHETIC: dict[str, Callable[[], bytes]] = {
    "837P": lambda: synth.write_837p(40, 25, 1, 30, DAY, claims_per_set=10),
    "837I": lambda: synth.write_837i(40, 25, 1, 30, DAY, claims_per_set=10),
    "837D": lambda: synth.write_837d(40, 25, 1, 30, DAY, claims_per_set=10),
    "834": lambda: synth.write_834(60, 1, DAY),
    "835": lambda: synth.write_835(25, 1, DAY, claims_per_payment=10),
}


@pytest.mark.parametrize("name", SYNTHETIC)
def test_a_synthetic_file_is_written_again_to_the_same_bytes(name: str) -> None:
    """A file of several sets and providers, errors included, comes back as it was."""
    data = SYNTHETIC[name]()
    assert again(data) == data


@st.composite
def findings(draw: st.DrawFn, position: int) -> tuple[Finding, ...]:
    """What is wrong with one segment: one thing as a whole, or some of its elements."""
    claim = draw(st.one_of(st.just(""), text(20)))
    place = {"position": position, "segment": draw(code("NM1", "HI", "SV2")), "loop": draw(code("2010AA", "2300", ""))}
    if draw(st.booleans()):
        return (Finding(level="segment", code=draw(code("1", "2", "3", "I4")), place=Place(**place, claim=claim)),)
    return tuple(
        Finding(level="element", code=draw(code("1", "7", "I12")), value=draw(text(99)), place=Place(
            **place, claim=claim, element=element, component=draw(st.integers(0, 3)), reference=draw(code("66", "98")),
        ))
        for element in range(1, draw(st.integers(1, 3)) + 1)
    )  # fmt: skip


@st.composite
def set_verdicts(draw: st.DrawFn, number: int) -> SetVerdict:
    refused = draw(st.booleans())
    found = [draw(findings(place * 3)) for place in range(1, draw(st.integers(0, 3)) + 1)] if refused else []
    return SetVerdict(
        st01="837", st02=f"{number:04}", st03=draw(code(professional.GUIDE, institutional.GUIDE)),
        verdict="R" if refused else "A", codes=draw(tuples(code("5", "I5", "4"), 1, 5)) if refused else (),
        findings=tuple(one for group in found for one in group),
    )  # fmt: skip


@st.composite
def group_verdicts(draw: st.DrawFn) -> GroupVerdict:
    sets = tuple(draw(set_verdicts(number)) for number in range(1, draw(st.integers(1, 3)) + 1))
    accepted = sum(one.verdict == "A" for one in sets)
    return GroupVerdict(
        header=GroupHeader(gs01="HC", gs06=str(draw(st.integers(1, 10**9 - 1))), gs08=professional.GUIDE),
        verdict=draw(code("A", "P", "R")), claimed=len(sets), received=len(sets), accepted=accepted, sets=sets,
        codes=draw(tuples(code("1", "2", "5"), 0, 5)),
    )  # fmt: skip


WRITTEN: dict[str, st.SearchStrategy[bytes]] = {
    "837P": claim_files().map(lambda made: file_of(professional.write(*made), professional.GUIDE)),
    "837I": institutional_files().map(lambda made: file_of(institutional.write(*made), institutional.GUIDE)),
    "837D": dental_files().map(lambda made: file_of(dental.write(*made), dental.GUIDE)),
    "834": enrolment_files().map(lambda made: file_of(enrolment.write(*made), enrolment.GUIDE)),
    "835": remittances().map(lambda made: file_of(remittance.write(made), remittance.GUIDE)),
    "277CA": acknowledgements().map(lambda made: file_of(claim_ack.write(made), claim_ack.GUIDE)),
    "999": group_verdicts().map(lambda made: file_of(implementation_ack.write(made), implementation_ack.GUIDE)),
    "TA1": st.builds(
        lambda isa13, isa09, verdict, codes: write_interchange(
            interchange("000000001", "260406", "0900"), (), Delimiters(), newline=True,
            ta1=interchange_ack.write(
                InterchangeVerdict(header=interchange(isa13, isa09, "0931"), verdict=verdict, codes=codes)
            ),
        ),
        digits(9), code("260405", "260406"), code("A", "E", "R"), tuples(code("001", "021", "023"), 0, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_a_written_file_is_written_again_to_the_same_bytes(name: str) -> None:
    """Whatever the records, reading their file and writing what was read gives the file."""

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(WRITTEN[name])
    def law(data: bytes) -> None:
        assert again(data) == data

    law()
