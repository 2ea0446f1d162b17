"""What reading a file yields, in order: the events of `parsers.reader.Reader` and the verdicts they carry.

A file is `Junk* (InterchangeOpened (GroupOpened (SetOpened Unit* SetClosed)* GroupClosed)* InterchangeClosed)*`.
"""

from __future__ import annotations

import msgspec

from parsers.findings import Finding


class Delimiters(msgspec.Struct, frozen=True):
    """The four delimiters of one interchange: ISA bytes 3, 104, 82 and 105."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"
    segment: str = "~"


class InterchangeHeader(msgspec.Struct, frozen=True, kw_only=True):
    """ISA01-ISA16, values with their padding spaces removed."""

    isa01: str
    isa02: str
    isa03: str
    isa04: str
    isa05: str
    isa06: str
    isa07: str
    isa08: str
    isa09: str
    isa10: str
    isa11: str
    isa12: str
    isa13: str
    isa14: str
    isa15: str
    isa16: str
    delimiters: Delimiters = Delimiters()


class GroupHeader(msgspec.Struct, frozen=True):
    """GS01-GS08."""

    gs01: str = ""
    gs02: str = ""
    gs03: str = ""
    gs04: str = ""
    gs05: str = ""
    gs06: str = ""
    gs07: str = ""
    gs08: str = ""


class SetVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one ST..SE. verdict: IK501 A, E (accepted, errors noted) or R. codes: IK502-506, at most five."""

    st01: str
    st02: str
    st03: str
    verdict: str
    codes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    segments: int = 0


class GroupVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one GS..GE. verdict: AK901 A, E, P or R; AK902 claimed, AK903 received, AK904 accepted sets.

    codes: AK905-909. answerable: False where no 999 may be sent (an FA group, one AK1 cannot name).
    findings: what is wrong with the group itself; its sets have their own.
    """

    header: GroupHeader
    verdict: str
    claimed: int
    received: int
    accepted: int
    codes: tuple[str, ...] = ()
    sets: tuple[SetVerdict, ...] = ()
    answerable: bool = True
    findings: tuple[Finding, ...] = ()


class InterchangeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one ISA..IEA. verdict: TA104, A or R. codes: TA105 values, empty when accepted.

    E would be of bytes behind a good IEA, which come when the TA1 may have been fetched: a report tells of them.
    complete: its IEA was read and agrees with its ISA. R means: nothing inside it may be used or answered by a 999.
    findings: what is wrong with the interchange itself, one for each code.
    """

    header: InterchangeHeader
    verdict: str
    codes: tuple[str, ...] = ()
    complete: bool = True
    findings: tuple[Finding, ...] = ()


class InterchangeOpened(msgspec.Struct, frozen=True):
    """An ISA was read; number counts interchanges of the file from 1, offset is the byte where its ISA begins."""

    number: int
    header: InterchangeHeader
    offset: int


class GroupOpened(msgspec.Struct, frozen=True):
    """A GS was read; number counts groups of the interchange from 1."""

    number: int
    header: GroupHeader


class SetOpened(msgspec.Struct, frozen=True):
    """An ST was read; number counts sets of the group from 1; guide is the canonical id (005010X222A1), "" if none."""

    number: int
    st01: str
    st02: str
    st03: str
    guide: str


Row = tuple[str, list[str]]
"""(loop id, [segment id, element 1, element 2, ...]); elements as sent, composites still joined."""


class Unit(msgspec.Struct, frozen=True):
    """One stretch of a set that a mapping reads in one go, handed out when the next begins.

    kind: the loop id its first segment opened, or "header". Cuts by guide: 837 - header, 2000A, 2000B, 2000C, 2300;
    834 - header, 2000; 835 - header, 2100, trailer (PLB); 999 - header, 2000; 277CA - header, 2000A..2000D.
    rows: its segments in order (a 2300 unit runs to the end of its lines, 2400 and 2430 included).
    position: of its first segment, counted from ST = 1. clean: no error was found in it.
    component, repetition: the separators its composite elements are still joined with.
    ordinal: counts units of the set from 0. strays: (position, elements) of segments among them that belong to no
    loop of the guide here, and are therefore not in rows.
    """

    kind: str
    rows: list[Row]
    position: int
    ordinal: int
    clean: bool = True
    component: str = ":"
    repetition: str = "^"
    strays: tuple[tuple[int, list[str]], ...] = ()

    def at(self, number: int) -> int:
        """The position in the set of a row: strays before it count, too; len(rows) is the place behind the last."""
        position = self.position + number
        for stray, _ in self.strays:
            position += self.position <= stray <= position
        return position


class SetClosed(msgspec.Struct, frozen=True):
    """A set ended (SE, or whatever cut it off); body_sha256 is over its text from ST to SE without line breaks,
    in UTF-8."""

    verdict: SetVerdict
    body_sha256: str


class GroupClosed(msgspec.Struct, frozen=True):
    """A group ended."""

    verdict: GroupVerdict


class InterchangeClosed(msgspec.Struct, frozen=True):
    """An interchange ended; sha256 is over its bytes from ISA to IEA; ta1 holds TA1 segments that came inside it."""

    verdict: InterchangeVerdict
    sha256: str
    ta1: tuple[tuple[str, ...], ...] = ()


class Junk(msgspec.Struct, frozen=True):
    """Bytes that belong to no interchange; the rest of the file after them is not read. finding says why."""

    offset: int
    finding: Finding


Event = InterchangeOpened | GroupOpened | SetOpened | Unit | SetClosed | GroupClosed | InterchangeClosed | Junk
