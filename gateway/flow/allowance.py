"""What one partner may do at the door: where it may come from, and how much it may bring. Pure, but for one query."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, NamedTuple

import msgspec
from sqlalchemy import Connection, and_, case, func, select

from gateway.clock import DAY_US, MINUTE_US
from gateway.store.schema import upload
from mappings.records import Record

Count = Annotated[int, msgspec.Meta(ge=0)]


class Allowance(Record, frozen=True, kw_only=True):
    """networks: CIDR it may log in from, all when empty. connections: at a time, None for the door's own rule.

    file_bytes: of one file; day_bytes, day_files: what it brings in 24 hours; minute_files: opened for writing in one
    minute; of these four 0 is no limit. What was broken off or refused is not counted as brought.
    """

    networks: tuple[str, ...] = ()
    connections: Annotated[int, msgspec.Meta(ge=1)] | None = None
    file_bytes: Count = 2 * 1024**3
    """Ten times the largest file measured (200 MB); the whole of a year's 837s of 100,000 members is about 2 GB."""
    day_bytes: Count = 50 * 1024**3
    """25 such files, compressed about 5 to 1 on our disk: 10 GB of a day are noticed before they are a trouble."""
    day_files: Count = 50_000
    """Each is a receipt, an intake row and answers, 20 ms of a worker: 50,000 are a quarter of an hour on one core."""
    minute_files: Count = 6_000
    """100 a second: what one session sends of 20 KB files when nothing holds it up."""

    def __post_init__(self) -> None:
        for network in self.networks:
            ip_network(network)  # raises ValueError, which names what is wrong and becomes the loader's refusal


class Used(NamedTuple):
    """What a partner has brought in 24 hours, whole; what lies unfinished; files begun within a minute."""

    whole_bytes: int = 0
    whole_files: int = 0
    part_bytes: int = 0
    minute_files: int = 0


_WHOLE = ("received", "closed")
_PART = ("open", "lost")


def used(connection: Connection, now_us: int, partner: str) -> Used:
    """What counts against a partner's allowance, hidden or not."""
    whole, part = upload.c.state.in_(_WHOLE), upload.c.state.in_(_PART)
    begun = and_(upload.c.state != "swept", upload.c.touched_us > now_us - MINUTE_US)
    found = connection.execute(
        select(
            func.sum(case((whole, upload.c.size), else_=0)), func.sum(case((whole, 1), else_=0)),
            func.sum(case((part, upload.c.size), else_=0)), func.sum(case((begun, 1), else_=0)),
        ).where(upload.c.partner == partner, upload.c.touched_us > now_us - DAY_US)
    ).one()  # fmt: skip
    return Used(*(int(value or 0) for value in found))


def refusal(allowed: Allowance, now: Used, resume: bool) -> str:
    """Why a partner may not begin another file, or go on with one; "" when it may. Tells what was agreed, no more."""
    ladder = (
        (allowed.minute_files, now.minute_files, f"{allowed.minute_files} files a minute are agreed; try again later"),
        (allowed.day_files, now.whole_files, f"{allowed.day_files} files a day are agreed; try again tomorrow"),
        (allowed.day_bytes, now.whole_bytes, f"{allowed.day_bytes} bytes a day are agreed; try again tomorrow"),
        (allowed.day_bytes, 0 if resume else now.part_bytes, "too much lies unfinished; continue it first"),
    )
    return next((text for most, have, text in ladder if most and have >= most), "")
