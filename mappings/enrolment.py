"""834 (005010X220A1): benefit enrolment, read and written by one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from mappings.codecs import COUNT, DAY, MONEY, RESTRICTED, WHOLE, YES_NO
from mappings.elements import D8, C, F, Id, Q
from mappings.phrases import ADDRESS_ROWS, DMG, n1, nm1_person, person
from mappings.records import Address, CoverageRow, EnrolmentHeader, MemberRow, Organisation, OtherInsurance, Person
from mappings.table import Keyed, Many, One, Seg, Segment, Table, Unreadable, Within, missing
from parsers import forms
from parsers.events import Unit
from parsers.findings import Finding

GUIDE = forms.ENROLMENT
EFFECTIVE = "007"

# ---- the tables ------------------------------------------------------------------------------------------------------

HEADER = Table(
    "HEADER",
    Seg(
        "BGN",
        F("purpose"),
        Id("reference"),
        F("created", DAY),
        F("time"),
        F("zone"),
        Id("original_reference"),
        None,
        F("action"),
    ),
    Seg("REF", "38", Id("master_policy")),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    Seg("QTY", "ET", F("employees", WHOLE)),
    Seg("QTY", "DT", F("dependents", WHOLE)),
    Seg("QTY", "TO", F("total", WHOLE)),
    One("sponsor", Organisation, n1("P5"), loop="1000A"),
    One("payer", Organisation, n1("IN"), loop="1000B"),
    One("administrator", Organisation, n1("TV"), loop="1000C"),
)

OTHER = Many(
    "other",
    OtherInsurance,
    "2320",
    Seg("COB", F("responsibility"), Id("policy_no"), F("coordination")),
    Keyed("REF", name="references", fixed=True),
    Seg("DTP", "344", D8("first")),
    Seg("DTP", "345", D8("last")),
    Within("2330", Seg("NM1", "IN", "2", F("payer_name"), *[None] * 4, Q(("NI", "FI", "XV"), "payer_id"))),
)

COVERAGE = Many(
    "coverages",
    CoverageRow,
    "2300",
    Seg("HD", F("maintenance"), None, F("line"), F("plan"), F("tier"), *[None] * 3, F("late_enrollee")),
    Seg("DTP", "348", D8("first")),
    Seg("DTP", "349", D8("last")),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    Keyed("AMT", name="amounts_cents", codec=MONEY),
    Keyed("REF", name="references", fixed=True),
    OTHER,
)

MEMBER = Table(
    "2000",
    Seg(
        "INS",
        F("subscriber", YES_NO),
        F("relationship"),
        F("maintenance"),
        F("reason"),
        F("status"),
        C(F("medicare"), F("medicare_reason")),
        F("cobra_event"),
        F("employment"),
        F("student"),
        F("handicapped"),
        D8("died"),
        F("restricted", RESTRICTED),
        *[None] * 3,
        F("birth_sequence", COUNT),
    ),
    Seg("REF", "0F", Id("subscriber_no")),
    Seg("REF", "1L", Id("group_no")),
    Seg("REF", "23", Id("member_no")),
    Seg("REF", "Q4", Id("prior_no")),
    Keyed("REF", name="references", fixed=True),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    person("person", "2100A", ("IL", "74")),
    One("prior", Person, nm1_person("70"), DMG, loop="2100B"),
    One("mail", Address, Seg("NM1", "31", "1"), *ADDRESS_ROWS, loop="2100C"),
    COVERAGE,
)

# ---- reading ---------------------------------------------------------------------------------------------------------


class MemberReader:
    """Turns the units of 834 sets into member rows; ordinals count on over the sets of a file.

    header: the set's header once it was read. findings: why units could not be read, as in `professional.ClaimReader`.
    """

    def __init__(self) -> None:
        self.header: EnrolmentHeader | None = None
        self.findings: list[Finding] = []
        self._count = 0

    @property
    def headless(self) -> bool:
        """Whether the set has no header that can be read (BGN, DTP)."""
        return self.header is None

    def take(self, unit: Unit) -> MemberRow | None:
        """The row of a 2000 unit; None for the header and for a row that cannot be read."""
        try:
            if unit.kind == "header":
                self.header = None
                self.header = _header(unit)
            elif unit.kind == "2000":
                self._count += 1
                return MemberRow(ordinal=self._count, **MEMBER.read(unit))
        except Unreadable as trouble:
            self.findings.extend(trouble.findings)
        except TypeError:
            self.findings.append(missing(unit))
        return None


def _header(unit: Unit) -> EnrolmentHeader:
    values = HEADER.read(unit)
    return EnrolmentHeader(effective=values.get("dates", {}).get(EFFECTIVE), **values)


# ---- writing ---------------------------------------------------------------------------------------------------------


def write(header: EnrolmentHeader, rows: Iterable[MemberRow], control: str = "0001") -> list[Segment]:
    """One 834 set from ST up to but not including SE, whole."""
    return list(segments(header, rows, control))


def segments(header: EnrolmentHeader, rows: Iterable[MemberRow], control: str = "0001") -> Iterator[Segment]:
    """One 834 set, segment by segment; `rows` is read once and may be endless."""
    yield ["ST", "834", control, GUIDE]
    dates = {EFFECTIVE: header.effective, **header.dates} if header.effective else header.dates
    yield from HEADER.write(msgspec.structs.replace(header, dates=dates))
    for row in rows:
        yield from _member(row)


def identifiers(header: EnrolmentHeader, rows: Iterable[MemberRow]) -> Iterator[str]:
    """The values no writer may alter to fit delimiters."""
    yield from HEADER.identifiers(header)
    for row in rows:
        yield from MEMBER.identifiers(row)


def _member(row: MemberRow) -> Iterator[Segment]:
    for segment in MEMBER.write(row):
        if row.prior is not None and segment[:2] == ["NM1", "IL"]:
            segment[1] = "74"  # a corrected name: 2100B follows with the wrong one
        yield segment
