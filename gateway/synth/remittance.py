"""Synthetic 835: a payer's answer to claims like those of `professional`, one payment to one payee a set, balanced."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Unpack

from gateway.synth.claims import Service, visit
from gateway.synth.files import Envelope, interchange
from gateway.synth.people import ADMINISTRATOR, SPONSOR, Administrator, Sponsor
from gateway.synth.professional import PROVIDERS, SERVICES, TRADE
from mappings import remittance
from mappings.records import (
    Address,
    Adjustment,
    BankAccount,
    Claim,
    Contact,
    Organisation,
    Person,
    Provider,
    ProviderAdjustment,
    Remittance,
    RemittedClaim,
    RemittedLine,
    ServiceLine,
)
from mappings.table import Segment

CLAIMS_PER_PAYMENT = 100
DENIED = 10  # one line in so many is denied
INTEREST = 5  # one payment in so many has interest, which is added to it (PLB L6)
INTEREST_CENTS = 125
OUR_BANK = BankAccount(routing="111000025", number="5550001")
THEIR_BANK = BankAccount(routing="113000023", number="900001")


def iter_835(
    claims_count: int,
    seed: int,
    on: date,
    *,
    members_count: int = 0,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    providers: tuple[Provider, ...] = PROVIDERS,
    services: tuple[Service, ...] = SERVICES,
    claims_per_payment: int = CLAIMS_PER_PAYMENT,
    **envelope: Unpack[Envelope],
) -> Iterator[bytes]:
    """An 835 in chunks, a set for every `claims_per_payment` claims; members_count 0: as many people as claims."""

    def sets() -> Iterator[Iterator[Segment]]:
        for number, start in enumerate(range(0, claims_count, claims_per_payment)):
            payee = providers[number % len(providers)]
            offered = [one for one in services if one.npi in ("", payee.npi)] or list(services)
            claims = tuple(
                _paid(TRADE.make(visit(n, members_count or claims_count, seed, on, payee, offered)), n, on, sponsor)
                for n in range(start, min(start + claims_per_payment, claims_count))
            )
            yield remittance.segments(_payment(number, payee, claims, on, administrator), f"{number + 1:04}")

    envelope.setdefault("sender", "SUMMITTPA")
    envelope.setdefault("receiver", "CLEARPATH")
    return interchange("HP", remittance.GUIDE, sets(), on, **envelope)


def _payment(
    number: int, payee: Provider, claims: tuple[RemittedClaim, ...], on: date, administrator: Administrator
) -> Remittance:
    """BPR02 is the claims' payments less the PLB amounts (domain 5.2); where nothing is left, no money moves."""
    reference = f"SYN{on:%y%m%d}{number + 1:06}"
    paid_cents = sum(claim.paid_cents for claim in claims)
    plb = (
        (ProviderAdjustment(reason="L6", reference=reference, cents=-INTEREST_CENTS),) if not number % INTEREST else ()
    )
    amount_cents = paid_cents - sum(one.cents for one in plb)
    moved = amount_cents > 0
    return Remittance(
        trace=reference,
        handling="I" if moved else "H",
        method="ACH" if moved else "NON",
        format="CCP" if moved else "",
        amount_cents=amount_cents,
        effective=on,
        company_id=f"1{administrator.tin}",
        from_account=OUR_BANK if moved else BankAccount(),
        to_account=THEIR_BANK if moved else BankAccount(),
        produced=on,
        payer=Organisation(
            name=administrator.name, address=Address(line1="100 CONGRESS AVE", city="AUSTIN", state="TX", zip="78701")
        ),
        payer_contact=Contact(function="BL", name="EDI SUPPORT", number="5125550111"),
        payee=payee,
        claims=claims,
        adjustments=plb,
        fiscal_end=date(on.year, 12, 31),
    )


def _paid(claim: Claim, number: int, on: date, sponsor: Sponsor) -> RemittedClaim:
    lines = tuple(_line(line, number * 3 + place) for place, line in enumerate(claim.lines))
    patient = claim.subscriber if claim.relationship == "18" else claim.patient
    return RemittedClaim(
        pcn=claim.pcn,
        status="1",
        charge_cents=claim.charge_cents,
        paid_cents=sum(line.paid_cents for line in lines),
        patient_cents=sum(one.cents for line in lines for one in line.adjustments if one.group == "PR"),
        icn=f"{on:%y%j}{number + 1:07}",
        facility=claim.pos,
        frequency=claim.frequency,
        patient=_named(patient, claim),
        group_no=sponsor.group_no,
        received=on,
        lines=lines,
    )


def _named(patient: Person, claim: Claim) -> Person:
    """The patient's name with the number on the card."""
    return Person(last=patient.last, first=patient.first, id_qualifier="MI", id=claim.subscriber.id)


def _line(line: ServiceLine, number: int) -> RemittedLine:
    """Three quarters of the charge are allowed, a fifth of that is the patient's; now and then a line is denied."""
    denied = number % DENIED == DENIED - 1
    allowed_cents = line.charge_cents * 3 // 4
    copay_cents = allowed_cents // 5
    taken = (
        (Adjustment(group="PR", reason="96", cents=line.charge_cents),)
        if denied
        else (
            Adjustment(group="CO", reason="45", cents=line.charge_cents - allowed_cents),
            Adjustment(group="PR", reason="2", cents=copay_cents),
        )
    )
    return RemittedLine(
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        paid_cents=line.charge_cents - sum(one.cents for one in taken),
        paid_units=Decimal(0) if denied else line.units,
        submitted_units=line.units if denied else None,
        first=line.first,
        last=line.last,
        adjustments=taken,
        control=line.control,
        allowed_cents=None if denied else allowed_cents,
        remarks=("N130",) if denied else (),
    )
