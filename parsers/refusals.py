"""Why a file, an interchange, a group or a set is refused as a whole: one table of sentences, places and mends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import structs

from parsers.events import GroupHeader, InterchangeHeader
from parsers.findings import Action, Finding, Level, Mend, Place
from parsers.forms import FORMS
from parsers.isa import WIDTHS, Isa, legal_element


class Row(NamedTuple):
    """segment, element: where it lies. message: what is wrong. text: what to do, `{value}` is what was counted.

    action is taken only when the value it needs is known, else the sender is asked.
    """

    segment: str
    element: int
    message: str
    text: str
    action: Action = "ask"


_DELIMITERS = "Use four different signs that no data holds, as * : ^ ~."
_QUALIFIERS = ("01", "14", "20", "27", "28", "29", "30", "33", "ZZ")

ROWS: dict[tuple[Level, str], Row] = {
    # ---- the file: words of our own ----
    ("file", "not-x12"): Row(
        "", 0, "The file does not begin with an ISA segment.", "Send an X12 file: its first three letters are ISA."
    ),
    ("file", "incomplete"): Row(
        "", 0, "The file ends within an ISA segment.", "Send the file again, whole."
    ),
    ("file", "junk"): Row(
        "", 0, "Bytes after the last interchange do not begin an ISA segment; they were not read.",
        "Send what follows the last IEA again, beginning with its ISA, or leave it out.",
    ),
    # ---- the interchange: TA105 ----
    ("interchange", "001"): Row(
        "IEA", 2, "IEA02 is not the control number of ISA13.", "IEA02 must repeat ISA13.", "replace"
    ),
    ("interchange", "003"): Row(
        "ISA", 12, "The version in ISA12 is not read here.", "Send the interchange in version 00501."
    ),
    ("interchange", "004"): Row("ISA", 16, "The segment terminator cannot be one.", _DELIMITERS),
    ("interchange", "005"): Row("ISA", 5, "ISA05 is not valid.", f"ISA05 is one of {', '.join(_QUALIFIERS)}."),
    ("interchange", "006"): Row(
        "ISA", 6, "The sender id in ISA06 is not valid here.",
        "ISA05 and ISA06 are those agreed with us for this connection, ISA06 filled up with blanks to 15 characters.",
        "replace",
    ),
    ("interchange", "007"): Row("ISA", 7, "ISA07 is not valid.", f"ISA07 is one of {', '.join(_QUALIFIERS)}."),
    ("interchange", "008"): Row(
        "ISA", 8, "The receiver id in ISA08 is not valid.",
        "ISA08 is the id agreed with us, filled up with blanks to 15 characters.", "replace",
    ),
    ("interchange", "009"): Row(
        "ISA", 8, "The receiver named in ISA07 and ISA08 is not known here.",
        "ISA07 and ISA08 are those agreed with us.",
    ),
    ("interchange", "010"): Row("ISA", 1, "ISA01 is not valid.", "ISA01 is 00.", "replace"),
    ("interchange", "011"): Row("ISA", 2, "ISA02 is not valid.", "ISA02 is ten blanks.", "replace"),
    ("interchange", "012"): Row("ISA", 3, "ISA03 is not valid.", "ISA03 is 00.", "replace"),
    ("interchange", "013"): Row("ISA", 4, "ISA04 is not valid.", "ISA04 is ten blanks.", "replace"),
    ("interchange", "014"): Row("ISA", 9, "ISA09 is not a date.", "ISA09 is a date like 260401."),
    ("interchange", "015"): Row("ISA", 10, "ISA10 is not a time.", "ISA10 is a time like 0930."),
    ("interchange", "016"): Row(
        "ISA", 11, "The repetition separator in ISA11 cannot be one.", "ISA11 is a sign no data holds, as ^.", "replace"
    ),
    ("interchange", "017"): Row("ISA", 12, "ISA12 is no version of X12.", "ISA12 is 00501.", "replace"),
    ("interchange", "018"): Row(
        "ISA", 13, "The control number in ISA13 is not valid.", "ISA13 is nine digits, with zeros in front.", "replace"
    ),
    ("interchange", "019"): Row("ISA", 14, "ISA14 is not valid.", "ISA14 is 0, or 1 where a TA1 is wanted."),
    ("interchange", "020"): Row(
        "ISA", 15, "ISA15 is not the usage of this installation.",
        "ISA15 is P for production or T for test: send each kind of file to the installation for it.",
    ),
    ("interchange", "021"): Row("IEA", 1, "IEA01 is not the number of groups.", "IEA01 must be {value}.", "replace"),
    ("interchange", "022"): Row(
        "", 0, "A segment of the envelope stands where it may not.", "Leave this segment out, or send its counterpart.",
        "remove",
    ),
    ("interchange", "023"): Row(
        "IEA", 0, "The interchange ends before its IEA.", "Send the interchange again, whole: it must end with an IEA."
    ),
    ("interchange", "024"): Row(
        "", 0, "The interchange holds what it may not.",
        "Leave this segment out: between ISA and IEA only groups from GS to GE and TA1 segments may stand.", "remove",
    ),
    ("interchange", "025"): Row(
        "ISA", 13, "An interchange of this control number was read before.",
        "Send nothing if it is the same; else give ISA13 and IEA02 the next number.",
    ),
    ("interchange", "026"): Row("ISA", 0, "The element separator cannot be one.", _DELIMITERS),
    ("interchange", "027"): Row("ISA", 16, "The component separator cannot be one.", _DELIMITERS),
    # ---- the group: AK905; "" is a GS with broken elements, which AK905 has no code for ----
    ("group", ""): Row("GS", 0, "An element of GS is not valid.", "Send GS01 to GS08 as the guide prints them."),
    ("group", "1"): Row("GS", 1, "Groups of this kind are not taken here.", "Send only what was agreed with us."),
    ("group", "2"): Row("GS", 8, "The guide named in GS08 is not read here for such a group.", "GS08 is {value}."),
    ("group", "3"): Row("GE", 0, "The group has no GE.", "Insert a GE at its end: {value} sets, and GS06.", "insert"),
    ("group", "4"): Row("GE", 2, "GE02 is not the control number of GS06.", "GE02 must repeat GS06.", "replace"),
    ("group", "5"): Row("GE", 1, "GE01 is not the number of sets.", "GE01 must be {value}.", "replace"),
    ("group", "6"): Row("GS", 6, "The control number in GS06 is not valid.", "GS06 is one to nine digits."),
    ("group", "19"): Row(
        "GS", 6, "Another group of the interchange has this GS06.", "Give each group of an interchange its own number."
    ),
    # ---- the set: IK502 ----
    ("set", "1"): Row("ST", 1, "This transaction set is not read here.", "Send only what was agreed with us."),
    ("set", "2"): Row(
        "SE", 0, "The set has no SE.", "Insert an SE at its end: {value} segments with ST and SE, and ST02.", "insert"
    ),
    ("set", "3"): Row("SE", 2, "SE02 is not the control number of ST02.", "SE02 must repeat ST02.", "replace"),
    ("set", "4"): Row("SE", 1, "SE01 is not the number of segments.", "SE01 must be {value}.", "replace"),
    ("set", "6"): Row("ST", 1, "ST01 is not valid.", "ST01 must be {value}.", "replace"),
    ("set", "7"): Row(
        "ST", 2, "The control number in ST02 is not valid.", "ST02, and SE02, are four to nine letters or digits."
    ),
    ("set", "18"): Row(
        "ST", 1, "This set does not belong into its group.",
        "Send the set in a group of its own kind; this one holds sets {value}.",
    ),
    ("set", "19"): Row("ST", 3, "ST03 is not the guide of GS08.", "ST03 must repeat GS08: {value}.", "replace"),
    ("set", "23"): Row(
        "ST", 2, "Another set of the group has this ST02.", "Give each set of a group its own number, in ST02 and SE02."
    ),
    ("set", "I6"): Row("ST", 3, "No guide that is read here fits the set.", "Mend the group it is in.", "see"),
}  # fmt: skip
"""(level, code) -> what is said of it."""


NO_USAGE = Row("ISA", 15, "ISA15 is not valid.", "ISA15 is P for production or T for test.")
"""TA105 020 of an ISA15 that is no usage anywhere; the table's is of one that is another installation's."""

NO_IEA = Row(
    "IEA", 0, "Another interchange begins before this one has its IEA.",
    "Insert an IEA at its end: {value} groups, and ISA13.", "insert",
)  # fmt: skip
"""TA105 022 of what another ISA cut off."""

CUT_OFF = Row("IEA", 0, "The interchange has no IEA.", "Insert the IEA that is missing.", "see")
"""TA105 023 of the same."""

NO_GROUP = Row(
    "ST", 0, "A set lies in no group.", "Begin a group before this set with a GS; it ends in a GE behind its last set."
)
"""TA105 024 of an ST outside a group. Its SE and GE are right, and counted in IEA01, once the GS is there."""

BAD_GROUP = Row("GS", 0, "A GS does not say which group it is.", "Send GS01, GS06 and GS08 of the group.", "see")
"""TA105 024 of a group no 999 could name: it repeats GS01, GS06 and GS08."""

LONG_GE = Row("GE", 3, "GE has an element too many.", "GE has exactly two elements.")
"""Of a GE that says more than GE01 and GE02; AK905 has no code for it."""

LONG_IEA = Row("IEA", 3, "IEA has an element too many.", "IEA has exactly two elements.")
"""TA105 022 of an IEA that says more than IEA01 and IEA02."""

TOO_MANY_GROUPS = Row(
    "GS", 0, "The interchange has more groups than are read here.", "Send the groups in several interchanges."
)
"""TA105 024 of the group that went beyond the limit."""


def refusal(
    level: Level, code: str, value: str = "", *, count: int | str = "", choices: tuple[str, ...] = (),
    position: int = 0, segment: str = "", row: Row | None = None,
) -> Finding:  # fmt: skip
    """One finding of the table.

    Args: value: what a program puts there, "" if only the sender knows; count: what the sentence says for `{value}`,
    where that is not the value; choices: permitted values to choose from; position: in the set, of an interchange
    from ISA = 1; segment: the id of the segment, where the table has none; row: instead of the table's.
    """
    row = row or ROWS[level, code]
    known = bool(value or choices) or row.action in ("remove", "see")
    action: Action = "ask" if not known else "replace" if choices else row.action
    text = row.text.format(value=count or value)
    return Finding(
        level=level, code=code, snip=0, message=row.message,
        place=Place(position=position, segment=row.segment or segment, element=row.element),
        mend=Mend(text=text, action=action, value="" if choices else value, choices=choices),
    )  # fmt: skip


def header_findings(codes: Iterable[str], isa: Isa) -> list[Finding]:
    """What is wrong with an ISA. Args: codes: TA105 in order, the ISA's own and those of a receiver's policy."""
    return [
        refusal("interchange", code, _isa_value(code, isa.header), choices=_CHOICES.get(code, ()), row=_OWN.get(code))
        if code in isa.codes
        else refusal("interchange", code)
        for code in codes
    ]


def _isa_value(code: str, header: InterchangeHeader) -> str:
    """What the ISA element should be, as far as the guide or the element itself says."""
    own = header.delimiters
    if code in _FIXED:
        return _FIXED[code]
    if code == "016":
        return "" if "^" in (own.element, own.component, own.segment) else "^"
    if code == "018":
        number = header.isa13.zfill(WIDTHS[12])
        return number if legal_element(13, number) else ""
    if code in ("006", "008"):
        element = ROWS["interchange", code].element
        padded = getattr(header, f"isa{element:02}").ljust(WIDTHS[element - 1])
        return padded if legal_element(element, padded) else ""
    return ""


_FIXED = {"010": "00", "011": " " * 10, "012": "00", "013": " " * 10, "017": "00501"}
_OWN = {"020": NO_USAGE}
_CHOICES = {"005": _QUALIFIERS, "007": _QUALIFIERS, "019": ("0", "1"), "020": ("P", "T")}


def group_findings(codes: Iterable[str], header: GroupHeader, wrong: int) -> list[Finding]:
    """What is wrong with a GS. Args: codes: AK905 in order; wrong: the first GS element not legal, 0 if none."""
    found = [_group_finding(code, header) for code in codes]
    if wrong:
        text = _GS_WISHES.get(wrong, "GS has exactly eight elements.")
        value = "X" if wrong == _GS_AGENCY else ""
        mend = Mend(text=text, action="replace" if value else "ask", value=value)
        place = Place(segment="GS", element=wrong)
        found.append(structs.replace(refusal("group", ""), place=place, mend=mend, rule=f"GS{wrong:02}"))
    return found


_GS_AGENCY = 7
_GS_WISHES = {
    1: "GS01 is two letters, as HC for claims.",
    2: "GS02 is 2 to 15 characters, without blanks at its ends.",
    3: "GS03 is 2 to 15 characters, without blanks at its ends.",
    4: "GS04 is a date like 20260401.",
    5: "GS05 is a time like 0930.",
    7: "GS07 is X.",
    8: "GS08 is the id of a guide, as 005010X222A1.",
}


def _group_finding(code: str, header: GroupHeader) -> Finding:
    if code != "2":
        return refusal("group", code)
    guides = tuple(form.gs08 for form in FORMS.values() if form.gs01 == header.gs01)
    written = guides if header.gs08.startswith("005010") else ()  # another version is another file, not another name
    return refusal("group", code, choices=written, count=" or ".join(guides) or "that of another kind of group")


def trailer(segment: str, count: int, number: str) -> str:
    """A trailer as the guide prints it; "" when the number of its header is none."""
    return f"{segment}*{count}*{number}" if number.isascii() and number.isalnum() else ""
