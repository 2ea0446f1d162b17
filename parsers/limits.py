"""How much a reader holds at once, whatever a partner sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from gateway.errors import ConfigError

KIB = 1024
Bound = Annotated[int, msgspec.Meta(ge=1)]

IK404_CHARS = 99
"""The longest copy of bad data the 999 has room for."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds on one reader's memory and answers: `[limits]` in gateway.toml. Each says its arithmetic, and the largest
    that 419 public files of 18 projects hold ("seen")."""

    segment_bytes: Bound = 64 * KIB
    """The longest segment a guide allows is some 30 elements of at most 264 characters, 8 KB; eight times that is read,
    anything beyond is cut (it is too long in any case). Seen: 2,777 bytes (a BIN of a 275), 300 in a claim file."""

    unit_segments: Bound = 50_000
    """Segments kept of one claim, member or header: 0.6 KB each, 30 MB. A professional claim of 50 lines, each paid by
    15 other payers with all they may say, has 16,000; an institutional one of 999 lines and two payers 20,000. Seen:
    136. A unit of more is refused."""

    findings_per_set: Bound = 1_000
    """A 999 of 1,000 findings has about 3,000 segments, 60 KB: more helps nobody. The verdict counts them all."""

    findings_per_group: Bound = 10_000
    """All of them wait for the end of the group: 10,000 of 0.8 KB are 8 MB. Sets beyond get their verdict alone."""

    sets_per_group: Bound = 100_000
    """Set verdicts kept for one group: 100,000 of 400 bytes are 40 MB, of refused sets 1.2 KB and 120 MB: more than one
    999 should carry; the counts of the group go on. Seen: 5 (some senders make a set of every claim)."""

    groups_per_interchange: Bound = 1_000
    """Each is answered by a 999 of its own, 300 bytes: 1,000 of them are 300 KB of answers to one interchange. The
    first beyond refuses the interchange (TA1 024). Seen: 5."""

    duplicates_held: Bound = 20_000
    """Control numbers remembered to find doubles: 0.5 KB each, 10 MB. Of interchanges the oldest are forgotten beyond
    that, of groups and sets inside one interchange the newest: their doubles are not found. Seen: 312 interchanges in a
    file."""

    ta1_held: Bound = 100
    """TA1 segments kept of one interchange: a partner sends a handful; 100 of 30 bytes are 3 KB. Seen: 1."""

    value_chars: Annotated[int, msgspec.Meta(ge=1, le=IK404_CHARS)] = IK404_CHARS
    """IK404 and `Finding.value` copy at most 99 characters."""

    header_bytes: Annotated[int, msgspec.Meta(ge=128)] = 256
    """An ISA is 106 bytes; one whose elements are not padded as they must be, or that is wrapped, is looked for in the
    first 256. Seen: 122."""


class LimitUnknown(ConfigError):
    """[limits] in gateway.toml names a limit that does not exist, or gives one a value it cannot have."""


def limits_of(said: Mapping[str, int]) -> Limits:
    """The limits of an installation: what is not said is the default. Raises: LimitUnknown."""
    try:
        return msgspec.convert(said, Limits)
    except msgspec.ValidationError as error:
        raise LimitUnknown(str(error)) from error
