"""Claims files made in a test: the golden people's claims, as the clearinghouse would send them."""

from __future__ import annotations

from datetime import date

import msgspec

from gateway import synth
from mappings.records import Address, Claim, ClaimBatch, Contact, Organisation, Person, ServiceLine

HOME = Address(line1="10 MAIN ST", city="AUSTIN", state="TX", zip="787011234")
DAY = date(2026, 4, 6)


def claims_file(control: int, *claims: Claim, kind: str = "CH") -> bytes:
    """One 837 of one set with its own numbers, of the first claim's guide. kind: BHT06."""
    trade = synth.TRADES[f"837{claims[0].kind}"]
    batch = ClaimBatch(
        reference=f"B{control}", created=DAY, time="0900", kind=kind, submitter=synth.SUBMITTER,
        contact=Contact(name="EDI DESK", number="5125550100"),
        receiver=Organisation(name=synth.ADMINISTRATOR.name, id_qualifier="46", id=synth.ADMINISTRATOR.id),
    )  # fmt: skip
    sets = [trade.writer.segments(batch, [_whole(one) for one in claims], "0001")]
    return b"".join(synth.interchange("HC", trade.guide, sets, DAY, control=control))


def correction(claim: Claim, frequency: str, original_icn: str, **changed: object) -> Claim:
    """A replacement (7) or void (8) of a claim on file."""
    return msgspec.structs.replace(claim, frequency=frequency, original_icn=original_icn, **changed)


def billed(claim: Claim, *lines: ServiceLine) -> Claim:
    """The claim with other lines."""
    return msgspec.structs.replace(claim, lines=lines, charge_cents=sum(line.charge_cents for line in lines))


def _whole(claim: Claim) -> Claim:
    """With what the guide asks for and the plan does not: addresses, signatures, the payer."""
    return msgspec.structs.replace(
        claim, provider_signature="Y", release="Y", filing_code="CI", payer_name="SUMMIT", payer_id="SBA01",
        billing=msgspec.structs.replace(claim.billing, address=HOME),
        subscriber=_person(claim.subscriber), patient=_patient(claim),
    )  # fmt: skip


def _patient(claim: Claim) -> Person:
    return _person(claim.subscriber) if claim.relationship == "18" else _person(claim.patient)


def _person(person: Person) -> Person:
    return msgspec.structs.replace(person, address=HOME, sex="F")
