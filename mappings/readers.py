"""What makes records of a file's units, by guide: the claims and members a plan takes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mappings import dental, enrolment, institutional, professional
from mappings.claims import ClaimReader
from mappings.enrolment import MemberReader


class Reads(NamedTuple):
    """make: a reader of one set. unit: the kind that must give a record; a set one of whose gives none is rejected."""

    make: Callable[[], ClaimReader | MemberReader]
    unit: str


READERS = {
    professional.GUIDE: Reads(professional.ClaimReader, "2300"),
    institutional.GUIDE: Reads(institutional.ClaimReader, "2300"),
    dental.GUIDE: Reads(dental.ClaimReader, "2300"),
    enrolment.GUIDE: Reads(MemberReader, "2000"),
}
"""Guide -> how its sets become records."""
