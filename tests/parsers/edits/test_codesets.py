"""Laws of type 5: every place of an outside code is checked, on its day, against the list of that day or not at all."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from edit_material import (
    INSTITUTIONAL_CLAIM,
    PROFESSIONAL_CLAIM,
    SETS,
    TODAY,
    Case,
    changed,
    edited,
)

from parsers.codes import CodeSets, Entry, Release, Witness
from parsers.edits import Terms, codesets
from parsers.findings import Finding
from parsers.snip import Snip

LETTERS = {guide: letter for letter, (guide, _) in SETS.items()}

LISTED = {
    "icd-10-cm": "E119 I10 K3580 R1031 W010XXA", "icd-10-pcs": "0DTJ4ZZ", "cpt": "99214 80053 00670",
    "hcpcs": "J9271", "cdt": "D2392", "modifier": "25 LT", "drg": "339", "pos": "11 22", "bill-type": "11 13",
    "revenue": "0120 0250", "condition": "01", "occurrence": "11 74", "value-code": "80", "admission-type": "1",
    "admission-source": "1", "patient-status": "01", "taxonomy": "207Q00000X", "carc": "1 2 45", "rarc": "N130 MA04",
    "state": "TX ON QC PQ NL", "country": "CA US",
}  # fmt: skip
"""The codes of the sets of these tests: whoever adds a place adds what is right there."""


def sets(first: date = date(2012, 1, 1), last: date | None = None, **books: dict[str, Entry]) -> CodeSets:
    """Every set of LISTED as one release, or the books given (`_` for `-`) instead of all of them."""
    given = {name.replace("_", "-"): book for name, book in books.items()}
    found = given or {name: dict.fromkeys(codes.split(), Entry()) for name, codes in LISTED.items()}
    return CodeSets(Release(name, first, last, "loaded", lambda book=book: book) for name, book in found.items())


def told(name: str, text: str, codes: CodeSets | Witness | None = None, snip: Snip | None = None) -> list[Finding]:
    """What type 5 finds in a set."""
    terms = Terms(today=TODAY, codes=codes or sets(), snip=snip or Snip())
    return [finding for finding in edited(SETS[name][0], text, terms) if finding.snip == 5]


HI = "2300 HI*ABJ:R1031"
OTHER = {"2400 LX*1": "2320 SBR*S*18\n2320 CAS*PR*1*40*1*2*5\n2320 MOA***MA04\n2320 MIA*1****N130\n"
         "2330B NM1*PR*2*ACME*****PI*A1\n2400 LX*1"}  # fmt: skip
LINE = {"2400 LX*2": "2430 SVD*A1*1*HC:99214**1\n2430 CAS*CO*45*1\n2400 LX*2"}
PLAN = {"2000B HL": "2010AC NM1*PE*2*PLAN\n2010AC REF*EI*741234567\n2000B HL"}
PLACE = "SV1*HC:99214*180*UN*1*"

CASES = (
    Case("a tax number has nine digits", "P", {}, {"EI*741234567": "EI*74-1234567"}),
    Case("a tax number has nine digits", "D", {"EI*741234567": "SY*123456789"}, {"SY*123456789": "SY*12345678"}),
    Case("a plan's tax number has nine digits", "P", PLAN, {"AC REF*EI*741234567": "AC REF*EI*74"}),
    Case("an EIN begins as the IRS gives it", "P", {}, {"EI*741234567": "EI*071234567"}),
    Case("a diagnosis is on the list", "P", {}, {"ABF:I10": "ABF:I11"}),
    Case("a diagnosis is on the list", "D", {"2300 DTP": "2300 HI*ABK:I10\n2300 DTP"}, {"ABK:I10": "ABK:I1.0"}),
    Case("an admitting diagnosis is on the list", "I", {}, {"ABJ:R1031": "ABJ:R1039"}),
    Case("a reason for the visit is on the list", "I", {HI: "2300 HI*APR:R1031*APR:I10"}, {"APR:I10": "APR:I11"}),
    Case("an external cause is on the list", "I", {HI: f"{HI}\n2300 HI*ABN:W010XXA"}, {"W010XXA": "W010XXZ"}),
    Case("a principal inpatient procedure is on the list", "I",
         {HI: f"{HI}\n2300 HI*BBR:0DTJ4ZZ:D8:20260311"}, {"0DTJ4ZZ": "0DTJ4ZI"}),
    Case("an inpatient procedure is on the list", "I",
         {HI: f"{HI}\n2300 HI*BBQ:0DTJ4ZZ:D8:20260311"}, {"0DTJ4ZZ": "0DTJ4ZX"}),
    Case("a DRG is on the list", "I", {HI: f"{HI}\n2300 HI*DR:339"}, {"DR:339": "DR:33"}),
    Case("a condition code is on the list", "I", {HI: f"{HI}\n2300 HI*BG:01"}, {"BG:01": "BG:02"}),
    Case("an occurrence code is on the list", "I", {HI: f"{HI}\n2300 HI*BH:11:D8:20260310"}, {"BH:11": "BH:12"}),
    Case("an occurrence span code is on the list", "I",
         {HI: f"{HI}\n2300 HI*BI:74:RD8:20260310-20260311"}, {"BI:74": "BI:75"}),
    Case("a value code is on the list", "I", {HI: f"{HI}\n2300 HI*BE:80:::2"}, {"BE:80": "BE:81"}),
    Case("an anaesthesia procedure is on the list", "P",
         {"2400 LX*1": "2300 HI*BP:00670\n2400 LX*1"}, {"BP:00670": "BP:00671"}),
    Case("a place of service is on the list", "P", {}, {"11:B:1": "98:B:1"}),
    Case("a place of service is on the list", "D", {}, {"11:B:1": "1:B:1"}),
    Case("a type of bill is on the list", "I", {}, {"11:A:1": "91:A:1"}),
    Case("a type of admission is on the list", "I", {}, {"CL1*1*1*01": "CL1*7*1*01"}),
    Case("a source of admission is on the list", "I", {}, {"CL1*1*1*01": "CL1*1*3*01"}),
    Case("a patient status is on the list", "I", {}, {"CL1*1*1*01": "CL1*1*1*99"}),
    Case("the state of an accident is on the list", "P",
         {"11:B:1*Y*A*Y*Y\n": "11:B:1*Y*A*Y*Y**AA:::TX\n"}, {"AA:::TX": "AA:::ZZ"}),
    Case("the country of an accident is on the list", "D",
         {"11:B:1*Y*A*Y*Y\n": "11:B:1*Y*A*Y*Y**AA::::CA\n"}, {"AA::::CA": "AA::::QQ"}),
    Case("the state of a car accident is on the list", "I", {HI: f"2300 REF*LU*TX\n{HI}"}, {"LU*TX": "LU*ZZ"}),
    Case("a procedure of SV1 is on the list", "P", {}, {"HC:99214": "HC:99299"}),
    Case("a procedure of SV1 is on the list", "P", {"HC:99214": "HC:J9271"}, {"HC:J9271": "HC:J92711"}),
    Case("a procedure of SV2 is on the list", "I", {"SV2*0250**": "SV2*0250*HC:J9271*"}, {"HC:J9271": "HC:J9272"}),
    Case("a procedure of SV3 is on the list", "D", {}, {"AD:D2392": "AD:99214"}),
    Case("a modifier of SV1 is on the list", "P", {"HC:99214": "HC:99214:25:LT"}, {":LT*": ":XX*"}),
    Case("a modifier of SV2 is on the list", "I", {"SV2*0250**": "SV2*0250*HC:J9271:25*"}, {":25*": ":2*"}),
    Case("a modifier of SV3 is on the list", "D", {"AD:D2392": "AD:D2392:25"}, {":25*": ":26*"}),
    Case("a line's place of service (SV1) is on the list", "P", {f"{PLACE}**": f"{PLACE}22**"},
         {f"{PLACE}22": f"{PLACE}97"}),
    Case("a line's place of service (SV3) is on the list", "D", {"D2392*210*": "D2392*210*22"}, {"210*22": "210*97"}),
    Case("a revenue code is on the list", "I", {}, {"SV2*0250": "SV2*0251"}),
    Case("a drug number has eleven digits", "P", {"2400 LX*2": "2410 LIN**N4*00006302602\n2400 LX*2"},
         {"00006302602": "0006-3026-02"}),
    Case("another payer's reason is on the list", "P", OTHER, {"*2*5\n": "*3*5\n"}),
    Case("another payer's line reason is on the list", "P", LINE, {"CO*45*1": "CO*46*1"}),
    Case("another payer's remark is on the list", "D", OTHER, {"MA04": "MA05"}),
    Case("another payer's inpatient remark is on the list", "I", OTHER, {"N130": "N131"}),
    Case("a claim's reason is on the list", "835", {"2110 SVC*HC:99214": "2100 CAS*PR*1*1\n2110 SVC*HC:99214"},
         {"PR*1*1": "PR*7*1"}),
    Case("a line's reason is on the list", "835", {}, {"CAS*CO*45": "CAS*CO*46"}),
    Case("a claim's remark is on the list", "835", {"2110 SVC*HC:99214": "2100 MOA***N130\n2110 SVC*HC:99214"},
         {"N130": "N131"}),
    Case("an inpatient claim's remark is on the list", "835",
         {"2110 SVC*HC:99214": "2100 MIA*1****N130\n2110 SVC*HC:99214"}, {"N130": "N131"}),
    Case("a line's remark is on the list", "835", {"2110 SVC*HC:80053": "2110 LQ*HE*N130\n2110 SVC*HC:80053"},
         {"N130": "N131"}),
    Case("the NPI of the member's provider proves itself (2310/NM109)", "834",
         {"2300 HD": "2310 NM1*P3*1*STRAND*AVA****XX*1234567893\n2300 HD"}, {"XX*1234567893": "XX*1234567890"}),
    Case("the NPI of the payee proves itself (1000B/N104)", "835",
         {"2000 LX": "1000B N1*PE*LAKESIDE*XX*1234567893\n2000 LX"}, {"XX*1234567893": "XX*1234567890"}),
    Case("the NPI of the service provider proves itself (2100/NM109)", "835",
         {"2110 SVC*HC:99214": "2100 NM1*82*1******XX*1234567893\n2110 SVC*HC:99214"},
         {"XX*1234567893": "XX*1234567890"}),
)  # fmt: skip


def with_row(name: str, loop: str, segment: str) -> dict[str, str]:
    """The change that puts a segment where its loop belongs in a set."""
    if name == "834":
        return {"2300 HD": f"{loop} {segment}\n2300 HD"}
    if name == "835":
        return {"2000 LX": f"{loop} {segment}\n2000 LX"}
    if name == "820":
        return {"2000B ENT*1": f"{loop} {segment}\n2000B ENT*1"}
    if loop == "2010CA":
        return {"2300 CLM": f"2000C HL*3*2*23*0\n2000C PAT*19\n{loop} {segment}\n2300 CLM"}
    anchor = {"2000A": "2000B HL", "2010A": "2000B HL", "2010B": "2300 CLM"}.get(loop[:5])
    if anchor is None:
        anchor = "2400 LX" if loop < "2400" else "2400 SV"
    return {anchor: f"{loop} {segment}\n{anchor}"}


GENERATED = (
    *(
        Case(f"the NPI of the {who} proves itself ({loop}/NM109)", LETTERS[guide],
             with_row(LETTERS[guide], loop, f"NM1*{entity}*1*A*B****XX*1245319599"), {"1245319599": "1245319598"})
        for who, guides, loop, entity in codesets.PROVIDERS for guide in guides
    ),
    *(
        Case(f"the specialty of the {who} ({loop}) is on the list", LETTERS[guide],
             with_row(LETTERS[guide], loop, "PRV*PE*PXC*207Q00000X"), {"207Q00000X": "208Q00000X"})
        for who, guides, loop, _ in codesets.SPECIALTIES for guide in guides
    ),
    *(
        Case(f"the {what}", name, with_row(name, loop, "N4*AUSTIN*TX*99501*US"), {"TX*99501*US": spoilt})
        for name, who, loop in (
            *((LETTERS[guide], who, loop) for who, guides, loop, _ in codesets.ADDRESSES for guide in guides),
            *(("834", who, loop) for who, loop in codesets.MEMBERS),
            ("835", "payer", "1000A"), ("835", "payee", "1000B"),
            *(("820", who, loop) for who, loop in codesets.PREMIUM_PARTIES),
        )
        for what, spoilt in ((f"state of the {who} is one ({loop})", "ZZ*99501*US"),
                             (f"postal code of the {who} is its country's ({loop})", "TX*9950*US"),
                             (f"country of the {who} is one ({loop})", "TX*99501*QQ"))
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", [*CASES, *GENERATED], ids=lambda case: f"{case.set}: {case.name}")
def test_a_row_fails_where_it_is_broken_and_nowhere_else(case: Case) -> None:
    """A set whose codes are all on their lists has no finding; the same set, spoilt, has the row's alone."""
    right = changed(SETS[case.set][1], case.given)
    assert told(case.set, right) == []
    found = told(case.set, changed(right, case.spoil))
    assert {finding.rule for finding in found} == {case.name}
    (edit,) = {edit.message: edit for edit in codesets.EDITS if edit.name == case.name}.values()
    assert {(one.code, one.message, one.severity) for one in found} == {(edit.code, edit.message, edit.most)}
    assert all(one.mend is not None and one.place.element for one in found)


def test_every_row_is_tried() -> None:
    """No row of the table is without a case, and no two rows share a name."""
    names = [edit.name for edit in codesets.EDITS]
    assert len(names) == len(set(names))
    assert {case.name for case in (*CASES, *GENERATED)} == set(names)


def test_no_message_repeats_a_value() -> None:
    """What is said of a wrong code does not contain it: it may be PHI."""
    found = told("P", changed(PROFESSIONAL_CLAIM, {"ABF:I10": "ABF:I11", "HC:99214": "HC:99299", "787011234": "7870"}))
    assert len(found) == 3
    assert all(one.value not in one.message and one.mend and one.value not in one.mend.text for one in found)


@pytest.mark.parametrize("name", ["P", "I", "D"])
def test_without_a_list_only_the_form_is_judged(name: str) -> None:
    """Where no release covers the day, a code that looks right passes and one that does not is refused."""
    text = SETS[name][1].replace("ABF:I10", "ABF:I11").replace("99214", "99299").replace("D2392", "D9999")
    late = sets(first=date(2027, 1, 1))
    assert told(name, text, CodeSets(())) == told(name, text, late) == []
    assert told(name, text.replace("99299", "9929").replace("D9999", "D999").replace(":K3580", ":K3"), CodeSets(()))


def test_a_check_that_is_off_is_witnessed() -> None:
    """What a file went without is counted by set."""
    witness = Witness(sets(icd_10_cm=dict.fromkeys(("E119", "I10"), Entry())))
    assert told("P", PROFESSIONAL_CLAIM, witness) == []
    assert witness.unanswered["cpt"] == 2 and witness.unanswered["state"] == 2
    assert "icd-10-cm" not in witness.unanswered and "revenue" not in witness.unanswered


@pytest.mark.parametrize(
    ("text", "first", "right"),
    [
        (INSTITUTIONAL_CLAIM, date(2026, 3, 12), True),
        (INSTITUTIONAL_CLAIM, date(2026, 3, 13), False),
        (INSTITUTIONAL_CLAIM.replace("11:A:1", "13:A:1"), date(2026, 3, 12), True),
        (INSTITUTIONAL_CLAIM.replace("11:A:1", "13:A:1"), date(2026, 3, 13), False),
    ],
)
def test_a_stay_is_coded_by_its_discharge(text: str, first: date, right: bool) -> None:
    """A diagnosis of a stay must be in force on the statement's last day, another one on a day of service."""
    codes = sets(icd_10_cm={"K3580": Entry(first, None), "R1031": Entry()})
    assert (told("I", text, codes) == []) is right


def test_a_stay_does_not_keep_a_code_that_ended_before_discharge() -> None:
    """A code that ended during a stay is refused, although its first day had it; of an outpatient it is not."""
    codes = sets(icd_10_cm={"K3580": Entry(None, date(2026, 3, 11)), "R1031": Entry()})
    assert [one.code for one in told("I", INSTITUTIONAL_CLAIM, codes)] == ["A7:255"]
    assert told("I", INSTITUTIONAL_CLAIM.replace("11:A:1", "13:A:1"), codes) == []


def test_a_line_is_judged_on_its_own_day() -> None:
    """A procedure is asked for on the day of its line, not on the days of the others."""
    text = changed(PROFESSIONAL_CLAIM, {"1:2\n2400 DTP*472*D8*20260316": "1:2\n2400 DTP*472*D8*20260401"})
    ends = sets(cpt={"99214": Entry(), "80053": Entry(None, date(2026, 3, 31))})
    (found,) = told("P", text, ends)
    assert (found.code, found.place.segment, found.place.element, found.place.component) == ("A7:454", "SV1", 1, 2)
    assert told("P", PROFESSIONAL_CLAIM, ends) == []


def test_a_claim_over_a_change_of_lists_passes_by_either() -> None:
    """A diagnosis of a claim whose lines lie on both sides of a new release is right by the older or the newer list."""
    text = changed(PROFESSIONAL_CLAIM, {"1:2\n2400 DTP*472*D8*20260316": "1:2\n2400 DTP*472*D8*20260401"})
    codes = sets(icd_10_cm={"E119": Entry(None, date(2026, 3, 31)), "I10": Entry(date(2026, 4, 1), None)})
    assert told("P", text, codes) == []
    half = sets(first=date(2026, 4, 1), icd_10_cm={"E119": Entry()})
    assert told("P", text, half) == [], "the list of the first line's day is not here"


@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("AUSTIN*TX*78701", True), ("AUSTIN*TX*787011234", True), ("AUSTIN*TX*78701-1234", False),
        ("AUSTIN*TX*00000", False), ("TORONTO*ON*M5V2T6*CA", True), ("TORONTO*ON*M5V 2T6*CA", True),
        ("TORONTO*ON*12345*CA", False), ("OXFORD**OX1 1AA*US", False),
    ],
)  # fmt: skip
def test_a_postal_code_is_its_countrys(address: str, right: bool) -> None:
    """Five or nine digits in the United States, letters and digits in turn in Canada; nothing is known of others."""
    text = changed(PROFESSIONAL_CLAIM, {"2010BA N4*AUSTIN*TX*78701": f"2010BA N4*{address}"})
    assert (told("P", text) == []) is right


@pytest.mark.parametrize("codes", [sets(), CodeSets(())], ids=["the list is here", "it is not"])
@pytest.mark.parametrize(
    ("address", "right"),
    [
        ("AUSTIN*TX*78701", True), ("AUSTIN*TX*78701*US", True), ("AUSTIN*ON*78750", False),
        ("AUSTIN*ON*78750*US", False), ("AUSTIN*PQ*78750", False),
        ("TORONTO*ON*M5V2T6*CA", True), ("MONTREAL*PQ*H2X1Y4*CA", True), ("TORONTO*TX*M5V2T6*CA", False),
        ("TORONTO*O*M5V2T6*CA", False),
    ],
)  # fmt: skip
def test_a_state_is_its_countrys(address: str, right: bool, codes: CodeSets) -> None:
    """A province stands in a Canadian address only, and a state in none; each is told once."""
    text = changed(PROFESSIONAL_CLAIM, {"2010BA N4*AUSTIN*TX*78701": f"2010BA N4*{address}"})
    assert [one.code for one in told("P", text, codes)] == ([] if right else ["A7:501:IL"])


def test_provinces_are_thirteen_and_two_former() -> None:
    """The provinces and territories are those our own list of states names, and no state is one."""
    with (Path(__file__).parents[3] / "config" / "codes" / "places.csv").open() as file:
        listed = [row["code"] for row in csv.DictReader(file) if row["set"] == "state"]
    assert len(listed) == len(set(listed)) and len(codesets.PROVINCES) == 13 + 2
    assert set(listed) & codesets.PROVINCES == codesets.PROVINCES
    assert set(listed[listed.index("AB") :]) == codesets.PROVINCES, "they end the list, behind every state"


def test_abroad_has_no_states() -> None:
    """Outside the United States and Canada N402 is not judged."""
    text = changed(PROFESSIONAL_CLAIM, {"2010BA N4*AUSTIN*TX*78701": "2010BA N4*PARIS*ZZ*75001*FR"})
    assert [one.code for one in told("P", text)] == ["A7:680:IL"], "France is not in the list of these tests"


def test_a_type_that_is_off_looks_at_nothing() -> None:
    """With weight off no code is asked for; with weight warning nothing rejects."""
    text = changed(PROFESSIONAL_CLAIM, {"ABF:I10": "ABF:I11"})
    witness = Witness(CodeSets(()))
    assert told("P", text, witness, Snip(snip5="off")) == [] and not witness.unanswered
    assert [one.severity for one in told("P", text, snip=Snip(snip5="warning"))] == ["warning"]


def test_what_stands_above_is_told_with_its_claim() -> None:
    """A wrong NPI of the billing provider is told with its claim, at its own place."""
    (found,) = told("P", changed(PROFESSIONAL_CLAIM, {"XX*1234567893": "XX*1234567890"}))
    assert (found.code, found.place.loop, found.place.element, found.place.claim) == ("A7:562:85", "2010AA", 9, "P-1")
