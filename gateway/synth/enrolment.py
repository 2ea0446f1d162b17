"""Synthetic 834: everybody of an employer in a full file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Unpack

from gateway.synth.files import Envelope, interchange
from gateway.synth.people import ADMINISTRATOR, SPONSOR, Administrator, Sponsor, families, members
from mappings import enrolment
from mappings.records import EnrolmentHeader, Organisation


def iter_834(
    members_count: int,
    seed: int,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    action: str = "4",
    **envelope: Unpack[Envelope],
) -> Iterator[bytes]:
    """A full 834 of one set (BGN08 4 verify or RX replace) in chunks; control: ISA13, GS06 and part of BGN02."""
    subscribers = families(members_count)
    envelope.setdefault("sender", "BLUEBONNET")
    header = EnrolmentHeader(
        reference=f"SYN{on:%Y%m%d}-{envelope.get('control', 1)}",
        created=on,
        time="080000",
        action=action,
        master_policy=sponsor.group_no,
        effective=on,
        employees=subscribers,
        dependents=members_count - subscribers,
        total=members_count,
        sponsor=sponsor.organisation,
        payer=sponsor.plan,
        administrator=Organisation(name=administrator.name, id_qualifier="FI", id=administrator.tin),
    )
    body = enrolment.segments(header, members(members_count, seed, on, sponsor))
    return interchange("BE", enrolment.GUIDE, [body], on, **envelope)
