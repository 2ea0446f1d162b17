"""How much a reader holds at once, whatever a partner sends."""

from __future__ import annotations

import msgspec

KIB = 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on one reader's memory and answers; every default says its arithmetic."""

    segment_chars: int = 64 * KIB
    """The longest segment a guide allows is some 30 elements of at most 264 characters, 8 KB; eight times that is read,
    anything beyond is cut (it is too long in any case)."""

    findings_per_set: int = 1_000
    """A 999 of 1,000 findings has about 3,000 segments, 60 KB: more helps nobody. The verdict counts them all."""

    duplicates_held: int = 100_000
    """Control numbers remembered to find doubles: 64 bytes each, 6.4 MB. Of interchanges the oldest are forgotten
    beyond that, of groups and sets inside one interchange the newest: their doubles are not found."""

    ta1_held: int = 100
    """TA1 segments kept of one interchange: a partner sends a handful; 100 of 30 bytes are 3 KB."""

    sets_per_group: int = 100_000
    """Set verdicts kept for one group: 100,000 of 400 bytes are 40 MB, more than one 999 should carry."""

    value_chars: int = 99
    """IK404 and `Finding.value` copy at most 99 characters."""

    header_bytes: int = 256
    """An ISA is 106 bytes; one whose elements are not padded as they must be is looked for in the first 256."""
