"""Synthetic drug claims: what a drug manager paid for the people of `people`, in the layout of its partner row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from msgspec.structs import replace

from gateway.synth.people import SPONSOR, Sponsor, person_at, seat_of, subscriber_no
from mappings import drugs
from mappings.drugs import DrugRow, Layout

TIERS = ((70, 4_00, 40_00, 10_00), (25, 80_00, 600_00, 35_00), (5, 900_00, 9_000_00, 150_00))
"""Of every hundred fills: how many, their price from low to high, the copay."""

DAYS_OLD = 14  # of a fill when it is sent: managers tell twice a month
REVERSED = 20  # one claim in so many takes back the one before it
PHARMACIES = ("1555551112", "1234567893")


def write_drugs(layout: Layout, claims: int, members: int, seed: int, on: date, *, sponsor: Sponsor = SPONSOR) -> bytes:
    """A file of so many claims, reversals among them, that balances with its trailer."""
    return drugs.write(layout, list(_rows(claims, members, seed, on, sponsor))).encode()


def _rows(claims: int, members: int, seed: int, on: date, sponsor: Sponsor) -> Iterator[DrugRow]:
    before: DrugRow | None = None
    for number in range(claims):
        if before is not None and number % REVERSED == REVERSED - 1:
            yield replace(before, reversal=True)
            continue
        before = _fill(number, members, seed, on, sponsor)
        yield before


def _fill(number: int, members: int, seed: int, on: date, sponsor: Sponsor) -> DrugRow:
    chance = Random(f"{seed} drug {number}")
    who = chance.randrange(members)
    person, _ = person_at(seed, who)
    _, low, high, copay = chance.choices(TIERS, [share for share, *_ in TIERS])[0]
    price = chance.randrange(low, high)
    copay = min(copay, price)
    return DrugRow(
        number=f"{seed}{on:%y%m%d}{number:06}", group=sponsor.group_no, member=subscriber_no(seat_of(who)[0]),
        last_name=person.last, first_name=person.first, birth=person.birth,
        filled=on - timedelta(days=chance.randrange(DAYS_OLD)), ndc=f"{chance.randrange(10**11):011}",
        quantity=Decimal(30), pharmacy=chance.choice(PHARMACIES), charge_cents=price + price // 5,
        paid_cents=price - copay, patient_cents=copay, copay_cents=copay,
    )  # fmt: skip
