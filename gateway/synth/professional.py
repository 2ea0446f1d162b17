"""Synthetic 837P: what physicians' offices bill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Unpack

from gateway.synth.claims import Batches, Service, Trade, Visit, iter_claims, without
from mappings import professional
from mappings.records import Address, Claim, Procedure, Provider, ServiceLine

PROVIDERS = (
    Provider(
        npi="1234567893", name="LAKESIDE FAMILY CLINIC", tin="741234567", tin_qualifier="EI", taxonomy="207Q00000X",
        address=Address(line1="121 LAKE ST", city="AUSTIN", state="TX", zip="787011234"),
    ),
    Provider(
        npi="1679576722", name="HILLCREST ORTHOPEDICS", tin="743456789", tin_qualifier="EI", taxonomy="207X00000X",
        address=Address(line1="77 HILL RD", city="AUSTIN", state="TX", zip="787031234"),
    ),
    Provider(
        npi="1245319599", name="METRO ONCOLOGY GROUP", tin="742345678", tin_qualifier="EI", taxonomy="207RX0202X",
        address=Address(line1="500 MEDICAL PKWY", city="AUSTIN", state="TX", zip="787051234"),
    ),
)  # fmt: skip
"""Who bills unless the caller says otherwise."""

SERVICES = (
    Service(code="99213", low_cents=12_000, high_cents=22_000, weight=40, diagnoses=("J069", "I10", "M5450")),
    Service(code="99214", low_cents=16_000, high_cents=32_000, weight=30, diagnoses=("E119", "I10")),
    Service(code="80053", low_cents=3_500, high_cents=14_000, weight=25, diagnoses=("E119", "E785"), npi="1234567893"),
    Service(code="11402", low_cents=60_000, high_cents=220_000, weight=2, diagnoses=("D225",), npi="1234567893"),
    Service(code="25600", low_cents=70_000, high_cents=190_000, weight=15, diagnoses=("S52501A",), npi="1679576722"),
    Service(code="25605", low_cents=120_000, high_cents=380_000, weight=6, diagnoses=("S52501A",), npi="1679576722"),
    Service(code="96413", low_cents=35_000, high_cents=90_000, weight=12, diagnoses=("C3411",), npi="1245319599"),
    Service(
        code="J9271", low_cents=500_000, high_cents=2_600_000, weight=2, most_units=300, diagnoses=("C3411",),
        npi="1245319599",
    ),
)  # fmt: skip
"""What is billed unless the caller says otherwise."""


def _claim(visit: Visit) -> Claim:
    billed, day = visit.billed(), visit.day()
    lines = tuple(_line(visit, place, one, day) for place, one in enumerate(billed, 1))
    diagnoses = (visit.chance.choice(billed[0].diagnoses),)
    return visit.claim("SYN", lines, pos="11", provider_signature="Y", diagnoses=diagnoses)


def _line(visit: Visit, place: int, service: Service, day: date) -> ServiceLine:
    charge_cents = visit.charge_cents(service)
    return ServiceLine(
        number=place,
        procedure=Procedure(code=service.code),
        charge_cents=charge_cents,
        units=Decimal(max(1, service.most_units * charge_cents // service.high_cents)),
        pointers=(1,),
        first=day,
        last=day,
        control=f"{visit.number + 1}L{place}",
    )


TRADE = Trade(
    guide=professional.GUIDE, writer=professional.WRITER, providers=PROVIDERS, services=SERVICES, make=_claim,
    spoil=without("DTP", "472"),
)  # fmt: skip


def iter_837p(
    members_count: int, claims_count: int, seed: int, errors_pct: float, on: date, **how: Unpack[Batches]
) -> Iterator[bytes]:
    """An 837P in chunks; its broken sets lack the date of service."""
    return iter_claims(TRADE, members_count, claims_count, seed, errors_pct, on, **how)
