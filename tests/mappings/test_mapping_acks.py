"""999 and TA1 as tables: what a verdict becomes, and what a received one says."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from x12_files import events, file_of, pyx12_answer, sent, sets, verdicts

from mappings import implementation_ack, interchange_ack
from mappings.records import Trace
from parsers.events import (
    Delimiters,
    GroupClosed,
    GroupHeader,
    GroupVerdict,
    InterchangeHeader,
    InterchangeVerdict,
    SetVerdict,
)
from parsers.findings import Finding, Place

HEADER = GroupHeader("HC", "SENDER", "US", "20260406", "0900", "202", "X", "005010X222A1")


def verdict_of(*findings: Finding, **more: Any) -> GroupVerdict:
    """A group of one rejected set."""
    one = SetVerdict(**{"st01": "837", "st02": "0001", "st03": "005010X222A1", "verdict": "R", "codes": ("5",), **more},
                     findings=findings)  # fmt: skip
    return GroupVerdict(header=HEADER, verdict="R", claimed=1, received=1, accepted=0, sets=(one,))


def element(element: int, code: str, position: int = 25, **more: Any) -> Finding:
    place = Place(position=position, loop="2310B", segment="NM1", element=element, claim="LFC-5001", **more)
    return Finding(level="element", code=code, place=place)


def rows(verdict: GroupVerdict, **more: Any) -> list[str]:
    return ["*".join(row) for row in sent(implementation_ack.write(verdict, **more))]


def test_a_partial_group_is_answered_set_by_set() -> None:
    """Accepted sets are written too; an element error is IK3 8 with the business unit and the element."""
    good = SetVerdict(st01="837", st02="0001", st03="005010X222A1", verdict="A")
    bad = Finding(
        level="element", code="2", place=Place(
            position=25, loop="2310B", segment="NM1", element=9, reference="67", claim="LFC-5001",
        ),
    )  # fmt: skip
    refused = SetVerdict(st01="837", st02="0002", st03="005010X222A1", verdict="R", codes=("5",), findings=(bad,))
    verdict = GroupVerdict(header=HEADER, verdict="P", claimed=2, received=2, accepted=1, sets=(good, refused))
    assert rows(verdict) == [
        "ST*999*0001*005010X231A1",
        "AK1*HC*202*005010X222A1",
        "AK2*837*0001*005010X222A1",
        "IK5*A",
        "AK2*837*0002*005010X222A1",
        "IK3*NM1*25*2310*8",
        "CTX*CLM01:LFC-5001",
        "IK4*9*67*2",
        "IK5*R*5",
        "AK9*P*2*2*1",
    ]
    assert pyx12_answer(file_of(implementation_ack.write(verdict), implementation_ack.GUIDE)) == []


def test_errors_of_one_segment_share_one_ik3() -> None:
    """Element errors at one position stand under one IK3, in the order found; positions come in file order."""
    written = rows(verdict_of(element(9, "1", 30), element(3, "7"), element(8, "5", component=2, repetition=1)))
    assert [row for row in written if row[:3] in ("IK3", "IK4")] == [
        "IK3*NM1*25*2310*8",
        "IK4*3**7",
        "IK4*8:2:1**5",
        "IK3*NM1*30*2310*8",
        "IK4*9**1",
    ]


def test_a_missing_segment_is_its_own_ik3() -> None:
    """A segment error carries its own code and no IK4."""
    place = Place(position=25, loop="2400", segment="DTP", claim="LFC-5001")
    written = rows(verdict_of(Finding(level="segment", code="3", place=place), element(3, "7")))
    assert written[3:7] == ["IK3*DTP*25*2400*3", "CTX*CLM01:LFC-5001", "IK3*NM1*25*2310*8", "CTX*CLM01:LFC-5001"]


def test_what_made_an_element_required_is_named_behind_it() -> None:
    """A syntax note's other element is the situational trigger of the IK4: NM108 where NM109 is missing."""
    trigger = Place(position=25, loop="2310B", segment="NM1", element=8, reference="66", claim="LFC-5001")
    finding = msgspec.structs.replace(element(9, "2"), trigger=trigger)
    assert rows(verdict_of(finding))[3:7] == [
        "IK3*NM1*25*2310*8",
        "CTX*CLM01:LFC-5001",
        "IK4*9**2",
        "CTX*SITUATIONAL TRIGGER*NM1*25*2310*8*66",
    ]
    assert pyx12_answer(file_of(implementation_ack.write(verdict_of(finding)), implementation_ack.GUIDE)) == []


def test_what_made_a_segment_required_is_named_before_its_claim() -> None:
    """The trigger of a missing segment stands under its IK3, composite and component counted, before the claim."""
    place = Place(position=25, loop="2300", segment="DTP", claim="LFC-5001")
    trigger = Place(position=20, loop="2300", segment="CLM", element=11, component=1, reference="1362")
    verdict = verdict_of(Finding(level="segment", code="I6", place=place, trigger=trigger))
    assert rows(verdict)[3:6] == [
        "IK3*DTP*25*2300*I6",
        "CTX*SITUATIONAL TRIGGER*CLM*20*2300*11:1*1362",
        "CTX*CLM01:LFC-5001",
    ]
    # pyx12 counts the two kinds of CTX of an IK3 as one, and allows one
    (read,) = verdicts(file_of(implementation_ack.write(verdict), implementation_ack.GUIDE))
    assert read.verdict == "A"


def test_a_composite_has_no_number_in_ik402() -> None:
    """IK402 is numeric: what is wrong with a whole composite is told by its place alone, legally."""
    verdict = verdict_of(element(5, "1", reference="C023"))
    assert "IK4*5**1" in rows(verdict)
    assert pyx12_answer(file_of(implementation_ack.write(verdict), implementation_ack.GUIDE)) == []


def test_an_enrolment_names_its_subscriber() -> None:
    """The business unit of an 834 is the subscriber number."""
    assert "CTX*SUBSCRIBER NUMBER REF02:LFC-5001" in rows(verdict_of(element(3, "7"), st01="834"))


@pytest.mark.parametrize("level", ["interchange", "group", "set", "business", "file"])
def test_only_segment_and_element_findings_become_ik3(level: Any) -> None:
    """Findings of other levels have other places to go."""
    finding = Finding(level=level, code="5", place=Place(position=2, segment="BHT"))
    assert not [row for row in rows(verdict_of(finding)) if row.startswith("IK3")]


def test_notes_are_not_sent() -> None:
    """A note is for our own people."""
    finding = Finding(level="segment", code="2", severity="note", place=Place(position=2, segment="BHT"))
    assert not [row for row in rows(verdict_of(finding)) if row.startswith("IK3")]


def test_copied_bad_data_is_cut_and_cleaned() -> None:
    """IK404 is at most 99 characters, without control characters and without any delimiter it travels with."""
    finding = Finding(
        level="element", code="6", place=Place(position=2, segment="NM1", element=3), value="A*B|\x00~é" + "C" * 120
    )
    written = implementation_ack.write(verdict_of(finding), delimiters=Delimiters("|", ":", "^", "~"))
    (row,) = [row for row in written if row[0] == "IK4"]
    assert row[4] == "AB" + "C" * 97


def test_at_most_five_codes_are_sent() -> None:
    """IK5 and AK9 hold five codes each."""
    verdict = verdict_of(codes=("1", "2", "3", "4", "5", "6"))
    verdict = GroupVerdict(**{**{f: getattr(verdict, f) for f in verdict.__struct_fields__}, "codes": ("1",) * 6})
    written = rows(verdict)
    assert written[-2:] == ["IK5*R*1*2*3*4*5", "AK9*R*1*1*0*1*1*1*1*1"]


def test_the_number_of_findings_has_a_limit() -> None:
    """A set of any badness is answered with a file of bounded size."""
    many = [element(3, "7", position) for position in range(1, implementation_ack.MAX_FINDINGS + 50)]
    assert sum(row.startswith("IK4") for row in rows(verdict_of(*many))) == implementation_ack.MAX_FINDINGS


@pytest.mark.parametrize(
    ("given", "ak2"),
    [
        ({"st01": "83*7~9"}, "AK2*837*0001*005010X222A1"),
        ({"st01": "8"}, "AK2*008*0001*005010X222A1"),
        ({"st02": "1"}, "AK2*837*0001*005010X222A1"),
        ({"st02": "12345678901"}, "AK2*837*123456789*005010X222A1"),
        ({"st03": ""}, "AK2*837*0001"),
    ],
)
def test_values_that_are_not_legal_are_echoed_as_a_copy_that_fits(given: dict[str, str], ak2: str) -> None:
    """ST01 and ST02 are cut or padded so that the answer itself is legal; a set without ST03 is echoed without."""
    assert ak2 in rows(verdict_of(**given))


def test_our_own_reader_turns_a_verdict_into_an_answer_pyx12_accepts() -> None:
    """A bad file read, its verdict written: the 999 is legal."""
    bad = file_of([["ST", "837", "0001", "005010X222A1"], ["BHT", "0019", "99", "X"]], "005010X222A1")
    (closed,) = [event for event in events(bad) if isinstance(event, GroupClosed)]
    written = implementation_ack.write(closed.verdict)
    assert ["IK5", "R", "5"] in written
    assert pyx12_answer(file_of(written, implementation_ack.GUIDE)) == []


def test_a_received_999_gives_one_trace_with_its_sets() -> None:
    """Control numbers are ours: GS06 for the group, ST02 for each set."""
    good = SetVerdict(st01="835", st02="0001", st03="", verdict="A")
    bad = SetVerdict(st01="835", st02="0002", st03="", verdict="R", codes=("5", "I5"))
    header = GroupHeader("HP", "US", "PARTNER", "20260410", "0900", "404", "X", "005010X221A1")
    verdict = GroupVerdict(
        header=header, verdict="P", claimed=2, received=2, accepted=1, codes=("5",), sets=(good, bad)
    )
    reader = implementation_ack.AckReader()
    data = file_of(implementation_ack.write(verdict), implementation_ack.GUIDE)
    assert [trace for unit in sets(data)[0] if (trace := reader.take(unit))] == [
        Trace(
            control="404",
            verdict="P",
            codes=("5",),
            functional_id="HP",
            version="005010X221A1",
            sets=(
                Trace(control="0001", verdict="A", functional_id="835"),
                Trace(control="0002", verdict="R", codes=("5", "I5"), functional_id="835"),
            ),
        )
    ]


def isa(**more: str) -> InterchangeHeader:
    values = {f"isa{place:02}": "" for place in range(1, 17)}
    return InterchangeHeader(**{**values, "isa09": "260406", "isa10": "0900", "isa13": "000000101", **more})


def test_a_ta1_echoes_the_interchange() -> None:
    """An accepted interchange is answered with 000."""
    verdict = InterchangeVerdict(header=isa(), verdict="A")
    assert sent(interchange_ack.write(verdict)) == [["TA1", "000000101", "260406", "0900", "A", "000"]]


def test_several_errors_are_several_ta1_with_one_verdict() -> None:
    """Each code has its own TA1, all with the same verdict."""
    written = sent(interchange_ack.write(InterchangeVerdict(header=isa(), verdict="R", codes=("001", "021"))))
    assert [row[4:] for row in written] == [["R", "001"], ["R", "021"]]


def test_an_isa_that_is_not_legal_is_echoed_as_digits() -> None:
    """TA101 to TA103 are numbers of fixed size whatever came."""
    header = isa(isa13="AB12", isa09="2604", isa10="")
    written = sent(interchange_ack.write(InterchangeVerdict(header=header, verdict="R", codes=("018",))))
    assert written == [["TA1", "000000012", "002604", "0000", "R", "018"]]


def test_a_received_ta1_is_a_trace() -> None:
    """Its control is our ISA13; 000 is no code; what is too short says nothing."""
    assert interchange_ack.read(("TA1", "000000404", "260410", "0900", "R", "025")) == Trace(
        control="000000404", verdict="R", codes=("025",)
    )
    accepted = interchange_ack.read(("TA1", "000000404", "260410", "0900", "A", "000"))
    assert accepted is not None
    assert accepted.codes == ()
    assert interchange_ack.read(("TA1", "1")) is None
