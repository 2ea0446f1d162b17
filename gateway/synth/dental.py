"""Synthetic 837D: what dentists bill, now and then an estimate asked beforehand or a brace paid by the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Unpack

from gateway.synth.claims import Batches, Service, Trade, Visit, iter_claims, without
from mappings import dental
from mappings.records import Address, Claim, Orthodontics, Procedure, Provider, ServiceLine, Tooth

ESTIMATES_PCT = 5  # of the claims are predeterminations
BRACES = "D8080"
MONTHS = Decimal(24)

PROVIDERS = (
    Provider(
        npi="1403004058", name="CEDAR PARK DENTAL", tin="745557771", tin_qualifier="EI", taxonomy="122300000X",
        address=Address(line1="45 CEDAR ST", city="AUSTIN", state="TX", zip="787011234"),
    ),
    Provider(
        npi="1503004065", name="LONE STAR ORTHODONTICS", tin="745557772", tin_qualifier="EI", taxonomy="1223X0400X",
        address=Address(line1="9 STAR BLVD", city="AUSTIN", state="TX", zip="787031234"),
    ),
)  # fmt: skip
"""Who bills unless the caller says otherwise."""

BACK = ("2", "3", "4", "5", "12", "13", "14", "15", "18", "19", "20", "21", "28", "29", "30", "31")
"""Teeth with a chewing surface."""
SURFACES = ("M", "O", "D", "B", "L")

SERVICES = (
    Service(code="D0120", low_cents=4_500, high_cents=9_000, weight=40),
    Service(code="D1110", low_cents=8_000, high_cents=16_000, weight=35),
    Service(code="D2392", low_cents=18_000, high_cents=36_000, weight=20, teeth=BACK, surfaces=2, npi="1403004058"),
    Service(code="D2740", low_cents=90_000, high_cents=160_000, weight=8, teeth=BACK, crown=True, npi="1403004058"),
    Service(code="D4341", low_cents=20_000, high_cents=42_000, weight=8, areas=("10", "20", "30", "40"),
            npi="1403004058"),
    Service(code=BRACES, low_cents=350_000, high_cents=650_000, weight=3, npi="1503004065"),
)  # fmt: skip
"""What is billed unless the caller says otherwise."""


def _claim(visit: Visit) -> Claim:
    """An estimate has no day of service: its lines have the day of the file."""
    estimate = visit.chance.randrange(100) < ESTIMATES_PCT
    billed, day = visit.billed(), visit.day()
    lines = tuple(
        _line(visit, place, one, visit.on if estimate else day, not estimate) for place, one in enumerate(billed, 1)
    )
    braces = any(one.code == BRACES for one in billed)
    return visit.claim(
        "SYD", lines, kind="D", pos="11", provider_signature="Y", predetermination=estimate,
        orthodontics=Orthodontics(months=MONTHS, months_left=MONTHS) if braces else None,
        dates={"452": day} if braces and not estimate else {},
    )  # fmt: skip


def _line(visit: Visit, place: int, service: Service, day: date, dated: bool) -> ServiceLine:
    chance = visit.chance
    surfaces = tuple(sorted(chance.sample(SURFACES, service.surfaces), key=SURFACES.index))
    return ServiceLine(
        number=place,
        procedure=Procedure(qualifier="AD", code=service.code),
        charge_cents=visit.charge_cents(service),
        oral_cavity=(chance.choice(service.areas),) if service.areas else (),
        prosthesis="I" if service.crown else "",
        teeth=(Tooth(number=chance.choice(service.teeth), surfaces=surfaces),) if service.teeth else (),
        first=day,
        last=day,
        dated=dated,
        control=f"{visit.number + 1}L{place}",
    )


TRADE = Trade(
    guide=dental.GUIDE, writer=dental.WRITER, providers=PROVIDERS, services=SERVICES, make=_claim, spoil=without("SV3"),
)  # fmt: skip


def iter_837d(
    members_count: int, claims_count: int, seed: int, errors_pct: float, on: date, **how: Unpack[Batches]
) -> Iterator[bytes]:
    """An 837D in chunks; its broken sets lack the service of each line."""
    return iter_claims(TRADE, members_count, claims_count, seed, errors_pct, on, **how)
