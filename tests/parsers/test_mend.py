"""Can it be mended? Fifty files broken by name, checked, and mended by what their findings say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from mending import Told, mended, told
from x12_material import GOLDEN_NAMES, accepted, base, golden, joined, read

from parsers import mends
from parsers.diagnose import MESSAGES
from parsers.events import GroupClosed, InterchangeClosed, SetClosed
from parsers.findings import Finding, Mend
from parsers.refusals import ROWS

ROUNDS = 6
"""A mend may bring to light what was behind it: a segment put in its place has elements, a set put right is counted."""

WHOLE = ""  # in place of what a file holds: all of it


class Broken(NamedTuple):
    """A good file, what it holds once, and what the sender wrote instead."""

    file: str
    right: str
    wrong: str


BODY = {
    # ---- segments: IK304 ----
    "two terminators in a row": Broken("837p", "~SBR*P", "~~SBR*P"),
    "a segment nobody knows": Broken("837p", "~LX*1~", "~ZZ9*1~LX*1~"),
    "a segment of another guide": Broken("837p", "~HI*ABK", "~CL1*1*7*01~HI*ABK"),
    "a segment id in small letters": Broken("837i", "~NM1*IL*1*DOE*ANNA", "~nm1*IL*1*DOE*ANNA"),
    "the town before the street": Broken(
        "837d", "N3*3 MAIN ST~N4*AUSTIN*TX*787010000", "N4*AUSTIN*TX*787010000~N3*3 MAIN ST"
    ),
    "a segment twice that may stand once": Broken("837d", "~DN1*24*22**Y", "~DN1*24*22**Y~DN1*24*22**Y"),
    "a provider twice that may stand once": Broken(
        "837i", "~NM1*72*1*POE*DORA", "~NM1*72*1*ROE*CARL****XX*1245319599~NM1*72*1*POE*DORA"
    ),
    "a line without its LX": Broken("837p", "~LX*2~", "~"),
    "a line number out of turn": Broken("837p", "~LX*2~", "~LX*3~"),
    "a level number out of turn": Broken("837p", "~HL*3*2*23*0", "~HL*4*2*23*0"),
    "a level under the wrong parent": Broken("837p", "~HL*3*2*23*0", "~HL*3*1*23*0"),
    "a loop that begins with a wrong qualifier": Broken("837p", "NM1*85*2*LAKE CLINIC", "NM1*99*2*LAKE CLINIC"),
    "a qualifier nobody knows where one is required": Broken("837p", "DTP*472*D8*20260327", "DTP*999*D8*20260327"),
    # ---- elements: IK403 ----
    "blanks at the end of a name": Broken("837p", "NM1*QC*1*DOE*BEN", "NM1*QC*1*DOE  *BEN"),
    "a blank at the end of a date": Broken("837p", "DTP*431*D8*20260327", "DTP*431*D8*20260327 "),
    "a name longer than the guide allows": Broken("837p", "PER*IC*DESK", f"PER*IC*{'D' * 61}"),
    "a code in small letters": Broken("837p", "SV1*HC:73110", "SV1*hc:73110"),
    "a code without its leading zero": Broken("834", "INS*N*01*030", "INS*N*1*030"),
    "a code of no list": Broken("834", "DMG*D8*20120801*M", "DMG*D8*20120801*X"),
    "a claim's facility as an institution writes it": Broken("837p", "11:B:1*Y*A", "11:A:1*Y*A"),
    "a maintenance type out of its list": Broken("834", "HD*030**DEN", "HD*000**DEN"),
    "the only code a place can have, left out": Broken("837p", "CUR*85*USD", "CUR**USD"),
    "an element the guide does not use": Broken("837p", "CLM*LC-1001*240***", "CLM*LC-1001*240*X**"),
    "an element too many": Broken("834", "REF*DX*DEPT9", "REF*DX*DEPT9***X"),
    "a component too many": Broken("837d", "TOO*JP*8*M:O:D", "TOO*JP*8*M:O:D:B:F:L"),
    "separators of components that are not there": Broken("837p", "*Y**AA:::TX", "*Y**:::"),
    "an id without its qualifier": Broken("835", "N1*PE*LAKE CLINIC*XX*1234567893", "N1*PE*LAKE CLINIC**1234567893"),
    "a state and a part of another country": Broken("837i", "N4*AUSTIN*TX*78703", "N4*AUSTIN*TX*78703****ON"),
    # ---- SNIP 3 and 4: the edits' mends ----
    "lines that are not the claim's charge": Broken("in.837p", "CLM*LFC-5002*150", "CLM*LFC-5002*155"),
    "a payment that is not what its claims are paid": Broken("out.835", "BPR*I*656.06", "BPR*I*656.6"),
    # ---- what only the sender knows ----
    "a day the calendar does not have": Broken("837p", "DTP*431*D8*20260327", "DTP*431*D8*20260230"),
    "a line without its date": Broken("837p", "~DTP*472*D8*20260327", ""),
}  # fmt: skip
"""Name -> what was written; SE01 is counted again, so that nothing else is wrong."""

ENVELOPE = {
    "SE01 miscounted": Broken("837p", "SE*69*", "SE*70*"),
    "SE02 of another set": Broken("834", "SE*65*0001", "SE*65*0002"),
    "no SE": Broken("837i", "SE*64*0001~", ""),
    "two SE": Broken("820", "SE*51*0001~", "SE*51*0001~SE*51*0001~"),
    "GE01 miscounted": Broken("835", "GE*1*", "GE*2*"),
    "GE02 of another group": Broken("835", "GE*1*205", "GE*1*204"),
    "no GE": Broken("834", "GE*1*204~", ""),
    "IEA01 miscounted": Broken("837d", "IEA*1*", "IEA*3*"),
    "IEA02 of another interchange": Broken("999", "IEA*1*000000207", "IEA*1*000000208"),
    "no IEA before the next ISA": Broken("277ca", "IEA*1*000000208~", ""),
    "a segment between two sets": Broken("834", "~GE*1*", "~NTE*ADD*END~GE*1*"),
    "an id of ISA not filled up": Broken("837p", "*ZZ*LAKECLINIC     *", "*ZZ*LAKECLINIC*"),
    "ISA13 without its zeros": Broken("837p", "*000000201*1", "*201*1"),
    "a letter as repetition separator": Broken("837p", "*0801*^*", "*0801*A*"),
    "ST03 of another guide": Broken("837p", "ST*837*0001*005010X222A1", "ST*837*0001*005010X223A2"),
    "GS07 that is not X": Broken("820", "*X*005010X218", "*T*005010X218"),
    # ---- what only the sender knows ----
    "a file cut off": Broken("834", "~NM1*31*1", "\0"),
    "a control number used before": Broken("834", WHOLE, WHOLE),
}  # fmt: skip
"""Name -> what was written around the sets."""

ASKED = {
    "a day the calendar does not have": "which day was meant",
    "a line without its date": "the day of the service",
    "a file cut off": "the rest of the file",
    "a control number used before": "whether it is the same file",
}
"""What no program can know; all else is mended."""


def _file(name: str) -> bytes:
    return golden(name) if name in GOLDEN_NAMES else base(name)


def broken(name: str) -> bytes:
    """The broken file."""
    if name == "a control number used before":
        return base("834") * 2
    row = BODY.get(name) or ENVELOPE[name]
    text = _file(row.file).decode()
    assert row.right in text, f"{row.file} has no {row.right}"
    text = text.replace(row.right, row.wrong, 1)
    if name == "a file cut off":
        return text.partition("\0")[0].encode()
    if name == "no IEA before the next ISA":
        text += base("834").decode()
    return joined(text.split("~")[:-1]) if name in BODY else text.encode()


def errors(name: str, data: bytes) -> list[Told]:
    """What is wrong now and was not in the good file (not every good file is in balance)."""
    row = BODY.get(name) or ENVELOPE[name]
    before = {one.finding.law for one in told(_file(row.file))}
    return [one for one in told(data) if one.finding.severity == "error" and one.finding.law not in before]


class Outcome(NamedTuple):
    """left: what is still wrong when nothing more can be mended. choices: codes the sender would have chosen."""

    left: list[Told]
    choices: int


@cache
def mend(name: str) -> Outcome:
    """Checks and mends until the file is clean, or nothing changes any more."""
    data, choices = broken(name), 0
    for _ in range(ROUNDS):
        wrong = errors(name, data)
        if not wrong:
            assert accepted(read(data))
            return Outcome([], choices)
        done = mended(data, wrong)
        if done.data == data:
            return Outcome(wrong, choices)
        data, choices = done.data, choices + done.choices
    return Outcome(errors(name, data), choices)


NAMES = (*BODY, *ENVELOPE)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ASKED])
def test_what_the_findings_say_makes_the_file_clean(name: str) -> None:
    """A broken file becomes clean by the named mends alone, in a few rounds."""
    assert errors(name, broken(name))
    assert [(one.finding.law, one.finding.place, one.finding.mend) for one in mend(name).left] == []


@pytest.mark.parametrize("name", ASKED)
def test_what_only_the_sender_knows_is_asked_for(name: str) -> None:
    """Where a value cannot be known nothing is invented: what is left wrong says what to send."""
    left = mend(name).left
    assert left
    assert {one.finding.mend.action for one in left if one.finding.mend} <= {"ask", "see"}


def test_of_fifty_broken_files_forty_six_become_clean() -> None:
    """The figure of the README: 46 of 50, in 3 of them by the first of the codes the sender would choose from."""
    clean = [name for name in NAMES if not mend(name).left]
    chosen = [name for name in clean if mend(name).choices]
    assert (len(NAMES), len(clean), len(chosen)) == (50, 46, 3)


def _is_told_in_full(data: bytes) -> None:
    for one in told(data):
        finding = one.finding
        assert finding.mend is not None
        assert finding.mend.text.endswith(".")
        assert finding.law.strip() == finding.law != finding.level
        assert finding.level == "file" or finding.place.segment or finding.place.position


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_names_place_rule_and_mend(name: str) -> None:
    """Whatever is found in a broken file can be looked up: where, by which rule, what to do."""
    _is_told_in_full(broken(name))


@pytest.mark.corpus
def test_every_finding_in_a_hostile_file_names_them_too() -> None:
    """So it is whatever a partner sends."""
    files = sorted(Path(os.environ["X12_CORPUS"], "hostile").rglob("*.x12"))
    assert files
    for file in files:
        _is_told_in_full(file.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_every_code_of_a_verdict_has_a_finding(name: str) -> None:
    """An acknowledgement's codes are never bare; IK502 5 only says that segments and elements have theirs."""
    for event in read(broken(name)):
        if isinstance(event, SetClosed | GroupClosed | InterchangeClosed):
            level = {SetClosed: "set", GroupClosed: "group", InterchangeClosed: "interchange"}[type(event)]
            said = [one.code for one in event.verdict.findings if one.level == level]
            assert [code for code in event.verdict.codes if (level, code) != ("set", "5")] == [c for c in said if c]


AMBIGUOUS = {
    ("837d", "NM1*82*1*POE*DORA****XX*1993999998"): "PRV*PE reads as a second PRV of the provider before",
    ("834", "HD*030**HLT*PPO-1*EMP"): "the coverage's DTP reads as one of the disability before it",
    ("834", "LS*2700"): "LX*1 also begins a provider of the coverage before it",
    ("835", "CLP*LC-1002*22*-100*-80**12*26040600002*11*1"): "CAS also adjusts a service of the claim before it",
    ("820", "N1*PR*BLUEBONNET*FI*741234567"): "N2 also names the receiver before it",
}
"""Where what follows is at home in two places, it takes more than one segment to see what is missing."""


def _causes(name: str, at: int) -> list[Finding]:
    """What is told of a file without one of its segments; IK304 8 is only the frame of its elements."""
    parts = base(name).decode().split("~")[:-1]
    found = [one.finding for one in told(joined([*parts[:at], *parts[at + 1 :]]))]
    return [one for one in found if one.level != "business" and (one.level, one.code) != ("segment", "8")]


def test_a_segment_left_out_is_told_once() -> None:
    """Drop each segment of a file in turn: what follows is read in its loop, and no cascade buries the cause."""
    cascades = set()
    for name in ("837p", "837i", "837d", "834", "835", "820", "277ca"):
        parts = base(name).decode().split("~")[:-1]
        cascades |= {(name, parts[at]) for at in range(3, len(parts) - 3) if len(_causes(name, at)) > 1}
    assert cascades == set(AMBIGUOUS)


CANARY = "QZXJKVWQ"
"""Letters no guide prints in this order: of an element four of them are somebody's data, of a segment id three."""


def _quoted(text: str, length: int) -> bool:
    return any(CANARY[at : at + length] in text for at in range(len(CANARY) - length + 1))


def _spoiled(parts: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Each element in turn replaced by the canary, alone and with the next segment left out; and each segment id."""
    for at in range(3, len(parts) - 3):
        name, *elements = parts[at].split("*")
        for number in range(len(elements)):
            wrong = "*".join([name, *elements[:number], CANARY, *elements[number + 1 :]])
            yield 4, [*parts[:at], wrong, *parts[at + 1 :]]
            yield 4, [*parts[:at], wrong, *parts[at + 2 :]]
        yield 3, [*parts[:at], "*".join([CANARY, *elements]), *parts[at + 1 :]]


@pytest.mark.parametrize("name", ["837p", "837i", "837d", "834", "835", "820", "277ca"])
def test_no_sentence_holds_a_value_of_the_file(name: str) -> None:
    """A message or a mend may be logged: what a sender wrote stands in none, wherever in a set it wrote it."""
    parts, met = base(name).decode().split("~")[:-1], 0
    for length, lines in _spoiled(parts):
        for one in (each.finding for each in told("~".join([*lines, ""]).encode()) if each.finding.level != "business"):
            met += 1
            mend = one.mend or Mend(text="")
            assert not _quoted(f"{one.message} {mend.text} {mend.value}", length), (one.message, mend)
    assert met > len(parts)


def test_no_sentence_holds_a_control_number() -> None:
    """What the trailers repeat is the mend's value alone."""
    for right, wrong in (("SE*65*0001", "SE*{}*{}"), ("ST*834*0001", "ST*{}*{}"), ("GE*1*204", "GE*{}*{}")):
        data = base("834").decode().replace(right, wrong.replace("{}", CANARY), 1).encode()
        found = [one.finding for one in told(data) if one.finding.level != "business"]
        assert found
        assert not [one for one in found if _quoted(f"{one.message} {one.mend.text if one.mend else ''}", 4)]


def test_every_code_has_its_sentence() -> None:
    """No IK403 without a mend, and no refusal without words."""
    assert set(mends.SAYS) == set(MESSAGES)
    assert all(row.message.endswith(".") and row.text.endswith(".") for row in ROWS.values())


def test_what_made_an_element_required_is_named() -> None:
    """NM109 is missing because NM108 was sent: the 999's situational trigger."""
    data = base("837p").replace(b"NM1*QC*1*DOE*BEN~", b"NM1*QC*1*DOE*BEN****MI~")
    (trigger,) = [one.finding.trigger for one in told(data) if one.finding.trigger]
    assert (trigger.segment, trigger.element, trigger.reference, trigger.loop) == ("NM1", 8, "66", "2010CA")
