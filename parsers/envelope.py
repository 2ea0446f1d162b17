"""The envelope: reading an ISA, and the laws of ISA, GS and ST that need nothing but their own elements.

Codes are TA105 for the interchange, AK905 for the group, IK502 for the set.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from parsers.events import Delimiters, GroupHeader, InterchangeHeader
from parsers.forms import GROUP_IDS, SET_IDS, canonical
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.patterns import DATE


class EnvelopePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may send what here. senders: (ISA05, ISA06), receivers: (ISA07, ISA08), groups: GS01; empty = any.

    usage: the ISA15 of this installation, T or P; "" = either.
    """

    senders: frozenset[tuple[str, str]] = frozenset()
    receivers: frozenset[tuple[str, str]] = frozenset()
    usage: str = ""
    groups: frozenset[str] = frozenset()


ISA_BYTES = 106
_SLACK = 62  # ISA02, 04, 06, 08 sent without any padding are 50 bytes short at most, the others 12
_WIDTHS = (2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1)
_PARTY_QUALIFIERS = frozenset(("01", "14", "20", "27", "28", "29", "30", "33", "ZZ"))
_VERSION = "00501"
_OTHER_VERSIONS = re.compile("00[2-8]0[0-9]", re.ASCII)  # published by X12, not spoken here


class Isa(msgspec.Struct, frozen=True):
    """An ISA as read: its header, what is wrong with it (TA105), and its length in bytes."""

    header: InterchangeHeader
    codes: tuple[str, ...]
    length: int


def _matches(expression: str) -> Callable[[str], bool]:
    pattern = re.compile(expression, re.ASCII)
    return lambda value: pattern.fullmatch(value) is not None


_TEXT = _matches(r"[!-~](?:[ -~]*[!-~])? *")
_ELEMENTS: dict[int, tuple[str, Callable[[str], bool]]] = {
    1: ("010", lambda value: value in ("00", "03")),
    2: ("011", _matches("[ -~]*")),
    3: ("012", lambda value: value in ("00", "01")),
    4: ("013", _matches("[ -~]*")),
    5: ("005", lambda value: value in _PARTY_QUALIFIERS),
    6: ("006", _TEXT),
    7: ("007", lambda value: value in _PARTY_QUALIFIERS),
    8: ("008", _TEXT),
    9: ("014", lambda value: _matches(DATE)("20" + value)),
    10: ("015", _matches("(?:[01][0-9]|2[0-3])[0-5][0-9]")),
    13: ("018", _matches("[0-9]{9}")),
    14: ("019", lambda value: value in ("0", "1")),
    15: ("020", lambda value: value in ("T", "P")),
}
"""ISA element -> (TA105 when it is wrong, the law)."""


def read_isa(data: bytes) -> Isa | None:
    """Reads the ISA that `data` begins with. Returns: None if sixteen elements cannot be told apart in it.

    Elements that are not padded to their width are read all the same, and reported with the code of the element.
    """
    text = data.decode("latin-1")
    if len(text) < ISA_BYTES - _SLACK:
        return None
    element = text[3]
    parts = _fixed(text) or text.split(element, 16)
    if len(parts) != len(_WIDTHS) + 1 or len(parts[16]) < 2:
        return None
    length = sum(map(len, parts[:16])) + 16 + 2
    values = [*parts[1:16], parts[16][0]]
    delimiters = Delimiters(element, values[15], values[10][:1], parts[16][1])
    names = [f"isa{place:02}" for place in range(1, 17)]
    header = InterchangeHeader(
        **dict(zip(names, (value.strip(" ") for value in values), strict=True)), delimiters=delimiters
    )
    codes = _element_codes(values) + _delimiter_codes(delimiters, header.isa12 == _VERSION)
    return Isa(header, codes, length)


def _fixed(text: str) -> list[str] | None:
    """The elements by their widths, when every separator stands where it must."""
    parts, at = [text[:3]], 3
    for width in _WIDTHS:
        if text[at : at + 1] != text[3]:
            return None
        parts.append(text[at + 1 : at + 1 + width])
        at += 1 + width
    parts[16] += text[at : at + 1]
    return parts


def _element_codes(values: list[str]) -> tuple[str, ...]:
    wrong = []
    for place, value in enumerate(values, 1):
        code, law = _ELEMENTS.get(place, ("", None))
        if law is not None and not (len(value) == _WIDTHS[place - 1] and law(value)):
            wrong.append(code)
    if values[11] != _VERSION:  # before 5010, ISA11 was the standards id U
        wrong.append("003" if _OTHER_VERSIONS.fullmatch(values[11]) else "017")
    return tuple(wrong)


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


def policy_codes(header: InterchangeHeader, policy: EnvelopePolicy) -> tuple[str, ...]:
    """What this receiver does not allow: 006 sender, 009 receiver, 020 usage."""
    wrong = []
    if policy.senders and (header.isa05, header.isa06) not in policy.senders:
        wrong.append("006")
    if policy.receivers and (header.isa07, header.isa08) not in policy.receivers:
        wrong.append("009")
    if policy.usage and header.isa15 != policy.usage:
        wrong.append("020")
    return tuple(wrong)


_CONTROL_NUMBER = re.compile("[0-9]{1,9}", re.ASCII)
_GS_LAWS: tuple[Callable[[str], bool], ...] = (
    _matches("[A-Z0-9]{2}"),
    _matches("[!-~](?:[ -~]{0,13}[!-~])?"),
    _matches("[!-~](?:[ -~]{0,13}[!-~])?"),
    _matches(DATE),
    _matches("(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:[0-9]{1,2})?)?"),
    lambda value: True,  # GS06 has codes of its own
    _matches("X"),
    _matches("[!-~]{1,12}"),
)


def group_header(parts: list[str]) -> GroupHeader:
    """GS01-GS08 of a split GS; what is missing is empty."""
    return GroupHeader(*(parts[1:9] + [""] * 8)[:8])


def group_elements_wrong(parts: list[str]) -> bool:
    """Whether a GS breaks the laws of its elements (GS06 apart): TA105 024."""
    return len(parts) != 9 or not all(law(value) for law, value in zip(_GS_LAWS, parts[1:], strict=True))


def number_legal(value: str) -> bool:
    """Whether a control number or a count is one to nine digits."""
    return _CONTROL_NUMBER.fullmatch(value) is not None


def counts(value: str, number: int) -> bool:
    """Whether a trailer's count says `number`; leading zeros are harmless."""
    return number_legal(value) and int(value) == number


def group_codes(header: GroupHeader, guide: Guide | None, policy: EnvelopePolicy) -> tuple[str, ...]:
    """AK905 of a GS: 1 group not supported, 2 guide not supported or of another group, 6 control number."""
    wrong = []
    if header.gs01 not in (policy.groups or GROUP_IDS):
        wrong.append("1")
    elif guide is None or guide.form.gs01 != header.gs01:
        wrong.append("2")
    if not number_legal(header.gs06):
        wrong.append("6")
    return tuple(wrong)


_ST01 = re.compile("[A-Z0-9]{3}", re.ASCII)
_ST02 = re.compile("[!-~](?:[ -~]{2,7}[!-~])", re.ASCII)


def set_codes(st01: str, st02: str, st03: str, gs08: str, guide: Guide) -> tuple[str, ...]:
    """IK502 of an ST: 6 or 7 not legal, 1 not supported, 18 of another group, 19 ST03 missing or not GS08."""
    wrong = []
    if not _ST01.fullmatch(st01):
        wrong.append("6")
    elif st01 != guide.form.st01:
        wrong.append("18" if st01 in SET_IDS else "1")
    if not _ST02.fullmatch(st02):
        wrong.append("7")
    if canonical(st03) != canonical(gs08) if st03 else guide.st03 == "R":
        wrong.append("19")
    return tuple(wrong)


def header_bytes(data: bytes, limits: Limits, final: bool) -> bytes | None:
    """As much of `data` as an ISA may need. Returns: None if more must come first."""
    if (
        len(data) >= limits.header_bytes
        or final
        or (len(data) >= ISA_BYTES and _fixed(data[:ISA_BYTES].decode("latin-1")))
    ):
        return data[: limits.header_bytes]
    return None
