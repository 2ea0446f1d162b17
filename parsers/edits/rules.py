"""A partner's own rules (SNIP 7) as data: what the TOML of a partner may say.

[[rules]]
name = "member ids are a B and eight digits"
at = "2010BA/NM109"
matches = "B[0-9]{8}"
status = "A7:164:IL"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec
import re2

from parsers.edits.paths import path
from parsers.forms import CLAIMS, ENROLMENT, PREMIUM, REMITTANCE

ENTITIES = ("03", "1P", "1Z", "40", "41", "71", "72", "73", "77", "82", "85", "87", "DK", "DN", "DQ", "FA", "GB", "HK",
            "IL", "LI", "MSC", "PR", "PRP", "QB", "QC", "QD", "SEP", "TL", "TTP", "TU")  # fmt: skip
"""Whom a status of a claim or a line may be about (X214, STC01-3 of 2200D and 2220D)."""

STATUS = re.compile(rf"A[34678]:\d{{1,4}}(:({'|'.join(ENTITIES)}))?", re.ASCII)
"""A status of the 277CA: a category that rejects (domain 1.4), a status code, and the entity it is about."""

RULED = (*CLAIMS, ENROLMENT, REMITTANCE, PREMIUM)
"""Guides a partner's rule may be for: what it brings and fetches that is no acknowledgement."""


def shape(matches: str) -> Callable[[str], Any]:
    """Whether a whole value is as a regular expression says, in time that grows with the value and no faster.

    RE2 knows no look-around and no backreference: what Python's own takes for these, an administrator's slip could make
    take for ever. Errors: ValueError when it is no expression of RE2.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        compiled: Any = re2.compile(matches, options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"matches is no regular expression of RE2: {why}") from error
    fullmatch: Callable[[str], Any] = compiled.fullmatch
    return fullmatch


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A condition: the element or segment at a path is there; with `among`, is one of these."""

    at: str
    among: tuple[str, ...] = msgspec.field(name="in", default=())


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One rule of one partner.

    at: a path (`paths.Path`), as `2010BA/NM109` or `2300/REF*G1`. guides: canonical ids it holds for, () every 837.
    when: holds only where this does. One or several of: required (true: must be there, false: must not), matches (a
    regular expression for the whole value, see `shape`), among (`in`: the values allowed), length (the least and most
    characters).
    message: a sentence for the sender. status: category:status[:entity] of the 277CA. severity: the most it may weigh.
    """

    name: str
    at: str
    guides: tuple[str, ...] = ()
    when: When | None = None
    required: bool | None = None
    matches: str = ""
    among: tuple[str, ...] = msgspec.field(name="in", default=())
    length: tuple[int, int] | None = None
    message: str = ""
    status: str = "A7:21"
    severity: Literal["error", "warning"] = "error"

    def __post_init__(self) -> None:
        """A rule that cannot be asked is refused when it is read, not when a claim comes."""
        at = path(self.at)
        if self.when:
            path(self.when.at)
        shape(self.matches)
        if not STATUS.fullmatch(self.status):
            raise ValueError("status is no category:status[:entity] as A7:164:IL")
        if self.length and not 0 <= self.length[0] <= self.length[1]:
            raise ValueError("length says the least characters first, then the most")
        if unknown := [guide for guide in self.guides if guide not in RULED]:
            raise ValueError(f"guides: {', '.join(unknown)}: none of {', '.join(RULED)}")
        if (self.matches or self.among or self.length) and not at.element:
            raise ValueError("matches, in and length speak of an element: at names none")
        if self.required is None and not (self.matches or self.among or self.length):
            raise ValueError("a rule says required, matches, in or length")
