"""Who may send what, and the laws of GS and ST that need nothing but their own elements.

Codes are TA105 for the interchange, AK905 for the group, IK502 for the set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from parsers.events import GroupHeader, InterchangeHeader
from parsers.forms import ALIASES, GROUP_IDS, SET_IDS, canonical
from parsers.guides import Guide
from parsers.isa import matches
from parsers.patterns import DATE, TIME
from parsers.snip import Snip

Charset = Literal["ascii", "latin-1", "utf-8"]
"""What the bytes of a file mean. Beyond ASCII only letters are legal, and only in names and other free text (AN)."""


class EnvelopePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may send what here. senders: (ISA05, ISA06), receivers: (ISA07, ISA08), groups: GS01; empty = any.

    usage: the ISA15 of this installation, T or P; "" = either. aliases: near versions and the guides they are read as.
    snip: how much findings of types 1 and 2 weigh; charset: what was agreed with the sender.
    """

    senders: frozenset[tuple[str, str]] = frozenset()
    receivers: frozenset[tuple[str, str]] = frozenset()
    usage: str = ""
    groups: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = msgspec.field(default_factory=lambda: ALIASES)
    snip: Snip = Snip()
    charset: Charset = "ascii"


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


_VERSION = matches("[!-~]+")
_CONTROL_NUMBER = re.compile("[0-9]{1,9}", re.ASCII)
_GS_LAWS: tuple[Callable[[str], bool], ...] = (
    matches("[A-Z0-9]{2}"),
    matches("[!-~][ -~]{0,13}[!-~]"),
    matches("[!-~][ -~]{0,13}[!-~]"),
    matches(DATE),
    matches(TIME),
    lambda value: True,  # GS06 has codes of its own
    matches("X"),
    matches("[!-~]{1,12}"),
)


def group_header(parts: list[str]) -> GroupHeader:
    """GS01-GS08 of a split GS; what is missing is empty."""
    return GroupHeader(*(parts[1:9] + [""] * 8)[:8])


def group_elements_wrong(parts: list[str]) -> int:
    """The first element of a GS that breaks its law (GS06 apart), 9 for one too many, 0 if none."""
    sent = [*parts[1:], *[""] * (8 - len(parts[1:]))]
    wrong = [place for place, (law, value) in enumerate(zip(_GS_LAWS, sent, strict=False), 1) if not law(value)]
    return wrong[0] if wrong else 9 if len(sent) > len(_GS_LAWS) else 0


def number_legal(value: str) -> bool:
    """Whether a control number or a count is one to nine digits."""
    return _CONTROL_NUMBER.fullmatch(value) is not None


def answerable(header: GroupHeader) -> bool:
    """Whether a 999 can repeat what names a group (AK1): two characters of GS01, a number, a version."""
    gs01, gs08 = _GS_LAWS[0](header.gs01), _VERSION(header.gs08)
    return gs01 and gs08 and number_legal(header.gs06)


_TA1_LAWS = tuple(map(matches, ("[0-9]{9}", "[0-9]{6}", "[0-9]{4}", "[AER]", "0(?:[0-2][0-9]|3[01])")))
"""TA101 to TA105: the ISA13, ISA09 and ISA10 it answers, the verdict, and the code (domain 1.2)."""


def ta1_legal(parts: list[str]) -> bool:
    """Whether a TA1 says what a TA1 must."""
    sent = parts[1:]
    return len(sent) == len(_TA1_LAWS) and all(law(value) for law, value in zip(_TA1_LAWS, sent, strict=True))


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


def set_codes(st01: str, st02: str, st03: str, guide: Guide, aliases: Mapping[str, str]) -> tuple[str, ...]:
    """IK502 of an ST: 6 or 7 not legal, 1 not supported, 18 of another group, 19 ST03 missing or not its group's."""
    wrong = []
    if not _ST01.fullmatch(st01):
        wrong.append("6")
    elif st01 != guide.form.st01:
        wrong.append("18" if st01 in SET_IDS else "1")
    if not _ST02.fullmatch(st02):
        wrong.append("7")
    if canonical(st03, aliases) != guide.gs08 if st03 else guide.st03 == "R":
        wrong.append("19")
    return tuple(wrong)
