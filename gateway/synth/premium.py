"""Synthetic 820 (005010X218): an employer pays its employees' premiums for the month, one item a family.

We read no 820 into records, so this guide is written down here as the segments it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Unpack

from gateway.synth.files import Envelope, interchange
from gateway.synth.people import ADMINISTRATOR, SPONSOR, Administrator, Sponsor, person_at, seat_of, subscriber_no
from mappings.codecs import ccyymmdd, money
from mappings.table import Segment
from parsers import forms

GUIDE = forms.PREMIUM
PREMIUM_CENTS = {1: 61_250, 2: 122_500, 3: 158_075, 4: 158_075}
"""Of a month, by the size of the family."""

SHORT = 25  # one item in so many is short of what was billed
SHORT_CENTS = 2_500
CREDIT_CENTS = -10_000  # for a month before, of the whole payment's first item


def iter_820(
    members_count: int,
    seed: int,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    **envelope: Unpack[Envelope],
) -> Iterator[bytes]:
    """An 820 of one set in chunks: an item for each family of `members(members_count, seed, ...)`."""
    control = envelope.get("control", 1)
    envelope.setdefault("sender", "BLUEBONNET")
    body = _set(members_count, seed, on, sponsor, administrator, f"SYN{on:%Y%m%d}-{control}")
    return interchange("RA", GUIDE, [body], on, **envelope)


def _set(
    members_count: int, seed: int, on: date, sponsor: Sponsor, administrator: Administrator, trace: str
) -> Iterator[Segment]:
    """BPR02 is what the items come to, with the credit that belongs to none of them."""
    credit_cents = CREDIT_CENTS if members_count else 0
    total_cents = credit_cents + sum(paid_cents for _, _, _, paid_cents in _items(members_count))
    month = f"{on:%Y%m}01-{ccyymmdd(_last_of(on))}"
    yield ["ST", "820", "0001", GUIDE]
    yield ["BPR", "I", money(total_cents), "C", "ACH", "CCP", "01", "111000025", "DA", "700800900",
           f"1{sponsor.organisation.id}", "", "01", "113000023", "DA", "5550002", ccyymmdd(on)]  # fmt: skip
    yield ["TRN", "3", trace, f"1{sponsor.organisation.id}"]
    yield ["REF", "38", sponsor.group_no]
    yield ["DTM", "582", "", "", "", "RD8", month]
    yield ["N1", "PE", administrator.name, "FI", administrator.tin]
    yield ["N1", "PR", sponsor.organisation.name, sponsor.organisation.id_qualifier, sponsor.organisation.id]
    for family, who, size, paid_cents in _items(members_count):
        employee, _ = person_at(seed, who)
        yield ["ENT", str(family + 1), "2J", "EI", subscriber_no(family)]
        yield ["NM1", "IL", "1", employee.last, employee.first, "", "", "", "EI", subscriber_no(family)]
        if credit_cents and not family:
            yield ["ADX", money(credit_cents), "53"]
        yield ["RMR", "AZ", subscriber_no(family), "", money(paid_cents), money(PREMIUM_CENTS[size])]
        yield ["DTM", "582", "", "", "", "RD8", month]
        if paid_cents < PREMIUM_CENTS[size]:
            yield ["ADX", money(paid_cents - PREMIUM_CENTS[size]), "52"]


def _items(members_count: int) -> Iterator[tuple[int, int, int, int]]:
    """Family, number of its employee, its size, cents paid for it."""
    who = 0
    while who < members_count:
        family, _, size = seat_of(who)
        short = SHORT_CENTS if family % SHORT == SHORT - 1 else 0
        yield family, who, size, PREMIUM_CENTS[size] - short
        who += size


def _last_of(on: date) -> date:
    """The last day of the month."""
    return date(on.year + on.month // 12, on.month % 12 + 1, 1) - date.resolution
