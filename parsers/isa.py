"""Reading an ISA: sixteen elements, four delimiters, and what is wrong with them (TA105)."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from parsers.events import Delimiters, InterchangeHeader
from parsers.limits import Limits
from parsers.patterns import DATE

ISA_BYTES = 106
LINE_ENDS = b"\r\n"
_SLACK = 62  # ISA02, 04, 06, 08 sent without any padding are 50 bytes short at most, the others 12
WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
"""Of ISA01 to ISA16, in characters."""

_PARTY_QUALIFIERS = frozenset(("01", "14", "20", "27", "28", "29", "30", "33", "ZZ"))
_VERSION = "00501"
STANDARDS_ID = "U"
FORMER, FORMER_GUIDES = "00401", "004010"
"""The version before, whose envelope differs in ISA11 alone, and how GS08 of its guides begins. It is read so far that
each of its groups is answered (AK905 2); with another guide in a group, its version is wrong (003)."""
_OTHER_VERSIONS = re.compile("00[2-8]0[0-9]", re.ASCII)  # published by X12, not spoken here


class Isa(msgspec.Struct, frozen=True):
    """An ISA as read: its header, what is wrong with it (TA105), and its length in bytes.

    wrapped: line ends stand inside it, as in a file whose lines are all filled up to a width.
    """

    header: InterchangeHeader
    codes: tuple[str, ...]
    length: int
    wrapped: bool = False


def matches(expression: str) -> Callable[[str], bool]:
    """The law that a whole value is as the expression says."""
    pattern = re.compile(expression, re.ASCII)
    return lambda value: pattern.fullmatch(value) is not None


_TEXT = matches(r"[!-~](?:[ -~]*[!-~])? *")
_ELEMENTS: dict[int, tuple[str, Callable[[str], bool]]] = {
    1: ("010", lambda value: value in ("00", "03")),
    2: ("011", matches("[ -~]*")),
    3: ("012", lambda value: value in ("00", "01")),
    4: ("013", matches("[ -~]*")),
    5: ("005", lambda value: value in _PARTY_QUALIFIERS),
    6: ("006", _TEXT),
    7: ("007", lambda value: value in _PARTY_QUALIFIERS),
    8: ("008", _TEXT),
    9: ("014", lambda value: matches(DATE)("20" + value)),
    10: ("015", matches("(?:[01][0-9]|2[0-3])[0-5][0-9]")),
    13: ("018", matches("[0-9]{9}")),
    14: ("019", lambda value: value in ("0", "1")),
    15: ("020", lambda value: value in ("T", "P")),
}
"""ISA element -> (TA105 when it is wrong, the law)."""


def read_isa(data: bytes) -> Isa | None:
    """Reads the ISA that `data` begins with. Returns: None if sixteen elements cannot be told apart in it.

    Elements that are not padded to their width are read all the same, and reported with the code of the element.
    """
    breaks = _breaks(data)
    if breaks:
        data = data.translate(None, LINE_ENDS)
    text = data.decode("latin-1")
    if len(text) < ISA_BYTES - _SLACK:
        return None
    element = text[3]
    parts = _fixed(text) or text.split(element, 16)
    if len(parts) != len(WIDTHS) + 1 or len(parts[16]) < 2:
        return None
    length = sum(map(len, parts[:16])) + 16 + 2 + breaks
    values = [*parts[1:16], parts[16][0]]
    delimiters = Delimiters(element, values[15], _repetition(values[10], element + parts[16][:2]), parts[16][1])
    names = [f"isa{place:02}" for place in range(1, 17)]
    header = InterchangeHeader(
        **dict(zip(names, (value.strip(" ") for value in values), strict=True)), delimiters=delimiters
    )
    codes = _element_codes(values) + _delimiter_codes(delimiters, header.isa12 == _VERSION)
    return Isa(header, codes, length, breaks > 0)


def _repetition(isa11: str, others: str) -> str:
    """The repetition separator. Many still write the U of version 00401: they never repeat, or with the usual one."""
    if isa11 != STANDARDS_ID:
        return isa11[:1]
    return next(usual for usual in "^!`" if usual not in others)


def _breaks(data: bytes) -> int:
    """How many line ends stand inside an ISA that is as it must be without them; 0 unless it is."""
    plain = data.translate(None, LINE_ENDS)[:ISA_BYTES]
    if _whole(data) or not _whole(plain):
        return 0
    return data.index(plain[-1:], ISA_BYTES) + 1 - ISA_BYTES


def _whole(data: bytes) -> bool:
    """Whether an ISA of the fixed width stands at the head of the data."""
    head = data[:ISA_BYTES]
    return len(head) == ISA_BYTES and head[-2:-1] not in (b"\r", b"\n") and _fixed(head.decode("latin-1")) is not None


def _fixed(text: str) -> list[str] | None:
    """The elements by their widths, when every separator stands where it must."""
    parts, at = [text[:3]], 3
    for width in WIDTHS:
        if text[at : at + 1] != text[3]:
            return None
        parts.append(text[at + 1 : at + 1 + width])
        at += 1 + width
    parts[16] += text[at : at + 1]
    return parts


def legal_element(place: int, value: str) -> bool:
    """Whether an ISA element is of its width, and legal."""
    _, law = _ELEMENTS.get(place, ("", None))
    return law is None or (len(value) == WIDTHS[place - 1] and law(value))


def _element_codes(values: list[str]) -> tuple[str, ...]:
    wrong = []
    for place, value in enumerate(values, 1):
        if not legal_element(place, value):
            wrong.append(_ELEMENTS[place][0])
    if values[11] not in (_VERSION, FORMER):  # before 5010, ISA11 was the standards id U
        wrong.append("003" if _OTHER_VERSIONS.fullmatch(values[11]) else "017")
    return tuple(wrong)


def legal_delimiters(own: Delimiters) -> bool:
    """Whether an interchange may be written with these."""
    return all(len(one) == 1 for one in msgspec.structs.astuple(own)) and not _delimiter_codes(own, repeats=True)


def _delimiter_codes(own: Delimiters, repeats: bool) -> tuple[str, ...]:
    """Four different characters that cannot occur in a name or number: 026 element, 027 component, 004 terminator.

    The repetition separator has no code of its own: ISA11 was once the standards id, and 016 still names it. A letter
    where the terminator belongs means that ISA16 was left out. Args: repeats: ISA11 is a separator in this version.
    """
    wrong = []
    if not _usable(own.element) or own.element == own.segment:
        wrong.append("026")
    if (
        not _usable(own.component)
        or own.component in (own.element, own.repetition, own.segment)
        or own.segment.isalnum()
    ):
        wrong.append("027")
    if not _usable(own.segment) and own.segment not in "\r\n":
        wrong.append("004")
    if repeats and (not _usable(own.repetition) or own.repetition in (own.element, own.segment)):
        wrong.append("016")
    return tuple(wrong)


def _usable(character: str) -> bool:
    return bool(character) and character < "\x7f" and not character.isalnum() and character not in " -.\r\n\0"


def header_bytes(data: bytes, limits: Limits, final: bool) -> bytes | None:
    """As much of `data` as an ISA may need. Returns: None if more must come first."""
    if len(data) >= limits.header_bytes or final or _whole(data) or _breaks(data):
        return data[: limits.header_bytes]
    return None
