"""Synthetic 837I: what hospitals bill - one in four claims is a stay of some nights, the others are of one day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Unpack

from gateway.synth.claims import Batches, Service, Trade, Visit, iter_claims, without
from mappings import institutional
from mappings.records import Address, Claim, CodeAmount, Coding, Procedure, Provider, ServiceLine, Stay, Surgery

STAYS_PCT = 25  # of the claims are inpatient
MOST_NIGHTS = 6

PROVIDERS = (
    Provider(
        npi="1003004011", name="SUMMERFIELD GENERAL HOSPITAL", tin="745556661", tin_qualifier="EI",
        taxonomy="282N00000X", address=Address(line1="1 HOSPITAL WAY", city="AUSTIN", state="TX", zip="787561234"),
    ),
    Provider(
        npi="1103004028", name="RIVERBEND MEDICAL CENTER", tin="745556662", tin_qualifier="EI",
        taxonomy="282N00000X", address=Address(line1="800 RIVER RD", city="AUSTIN", state="TX", zip="787041234"),
    ),
)  # fmt: skip
"""Who bills unless the caller says otherwise."""

ATTENDING = Provider(npi="1203004035", entity="1", name="MERCER", first="JUNE", taxonomy="207R00000X")
SURGEON = Provider(npi="1303004042", entity="1", name="STROUD", first="OWEN")

SERVICES = (
    Service(code="99283", revenue="0450", low_cents=45_000, high_cents=160_000, weight=30, diagnoses=("R079", "I10")),
    Service(code="71046", revenue="0324", low_cents=18_000, high_cents=60_000, weight=20, diagnoses=("R079", "J189")),
    Service(code="80053", revenue="0301", low_cents=6_000, high_cents=25_000, weight=30, diagnoses=("E119", "I10")),
    Service(code="J1885", revenue="0636", low_cents=2_000, high_cents=9_000, weight=10, diagnoses=("R079",)),
    Service(code="", revenue="0250", low_cents=1_500, high_cents=30_000, weight=10, diagnoses=("R079", "I10")),
)  # fmt: skip
"""What is billed of a day unless the caller says otherwise."""

STAY_SERVICES = (
    Service(code="", revenue="0120", low_cents=180_000, high_cents=320_000),
    Service(code="", revenue="0250", low_cents=30_000, high_cents=400_000),
    Service(code="", revenue="0300", low_cents=20_000, high_cents=150_000),
)
"""What every stay is billed for; the first is the room, a night a unit."""

STAYS = (
    (("J189", "I10"), "194", ()),
    (("A419", "N390", "E119"), "872", ()),
    (("K3580",), "343", ("0DTJ4ZZ",)),
)
"""Diagnoses, DRG and ICD-10-PCS procedures of stays."""


def _claim(visit: Visit) -> Claim:
    return _stay(visit) if visit.chance.randrange(100) < STAYS_PCT else _outpatient(visit)


def _outpatient(visit: Visit) -> Claim:
    """Type of bill 131: hospital, outpatient."""
    billed, day = visit.billed(), visit.day()
    lines = tuple(_line(visit, place, one, day, day, 1) for place, one in enumerate(billed, 1))
    diagnosis = visit.chance.choice(billed[0].diagnoses)
    return visit.claim(
        "SYI", lines, kind="I", facility_code="13", diagnoses=(diagnosis,), attending=ATTENDING,
        stay=Stay(first=day, last=day, admission_type="1", admission_source="1", patient_status="01"),
        coding=Coding(reasons=(diagnosis,)),
    )  # fmt: skip


def _stay(visit: Visit) -> Claim:
    """Type of bill 111: hospital, inpatient, admission through discharge."""
    last = visit.day()
    first = max(last - timedelta(days=visit.chance.randint(1, MOST_NIGHTS)), date(last.year, 1, 1))
    nights = max(1, (last - first).days)
    diagnoses, drg, procedures = visit.chance.choice(STAYS)
    lines = tuple(
        _line(visit, place, one, first, last, nights if place == 1 else 1) for place, one in enumerate(STAY_SERVICES, 1)
    )
    return visit.claim(
        "SYI", lines, kind="I", facility_code="11", diagnoses=diagnoses, present=("Y",) * len(diagnoses),
        attending=ATTENDING, operating=SURGEON if procedures else None,
        stay=Stay(first=first, last=last, admitted=first, admitted_time="0830", discharge_time="1100",
                  admission_type="1", admission_source="1", patient_status="01"),
        coding=Coding(
            admitting=diagnoses[0], drg=drg, amounts=(CodeAmount(code="80", cents=nights * 100),),
            procedures=tuple(Surgery(qualifier="BBR", code=code, on=first) for code in procedures),
        ),
    )  # fmt: skip


def _line(visit: Visit, place: int, service: Service, first: date, last: date, units: int) -> ServiceLine:
    """A line of a stay has no days of its own; one of a day has them."""
    inpatient = service in STAY_SERVICES
    return ServiceLine(
        number=place,
        revenue=service.revenue,
        procedure=Procedure(code=service.code),
        charge_cents=visit.charge_cents(service) * units,
        unit="DA" if inpatient and place == 1 else "UN",
        units=Decimal(units),
        first=first,
        last=last,
        dated=not inpatient,
        control=f"{visit.number + 1}L{place}",
    )


TRADE = Trade(
    guide=institutional.GUIDE, writer=institutional.WRITER, providers=PROVIDERS, services=SERVICES, make=_claim,
    spoil=without("DTP", "434"),
)  # fmt: skip


def iter_837i(
    members_count: int, claims_count: int, seed: int, errors_pct: float, on: date, **how: Unpack[Batches]
) -> Iterator[bytes]:
    """An 837I in chunks; its broken sets lack the statement's period."""
    return iter_claims(TRADE, members_count, claims_count, seed, errors_pct, on, **how)
