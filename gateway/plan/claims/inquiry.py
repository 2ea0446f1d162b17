"""The letter that asks for what a decision lacks (domain 4.7, 9): no more than its reader needs to find the claim."""

from __future__ import annotations

from datetime import date
from typing import Any

from gateway.plan.claims.clocks import Due
from gateway.plan.claims.look import age
from gateway.plan.records import Member
from mappings.records import Address, Claim, Person, Provider, Record

OF_AGE = 18
"""Years from which a patient gets letters in their own name (verify: a few states say otherwise)."""


class Reader(Record, frozen=True, kw_only=True):
    """Whom a letter is written to."""

    name: str
    address: Address


def provider(billing: Provider) -> Reader:
    """The billing provider of a claim."""
    return Reader(name=" ".join(each for each in (billing.first, billing.name) if each), address=billing.address)


def member(patient: Member, claim: Claim, today: date) -> Reader:
    """The patient; a child's parent. Without an address of their own, the subscriber's as billed."""
    known = age(patient.person.birth, today)
    name = _name(patient.person)
    own = patient.person.address
    return Reader(
        name=f"The parent or guardian of {name}" if known is not None and known < OF_AGE else name,
        address=own if own.line1 else claim.subscriber.address,
    )


def document(
    number: str, icn: str, claim: Claim, reader: Reader, wanted: str, stands: Due, issued: date, until: date,
    *, usage: str, prepared_by: str, extended_to: date | None,
) -> dict[str, Any]:  # fmt: skip
    """The letter as data. wanted: what is asked for, in a person's words. until: the last day to answer. stands: the
    clock on the day of issue. extended_to: the last day of the decision where the extension is taken."""
    address = reader.address
    found: dict[str, Any] = {
        "number": number, "title": "Request for information", "usage": usage, "issued": issued.isoformat(),
        "to": {"name": reader.name, "address": _line(address.line1, address.line2),
               "place": _line(address.city, address.state, address.zip)},
        "claim": {"our_claim_number": icn, "your_claim_number": claim.pcn, "patient": _name(claim.patient),
                  "first_day_of_service": claim.first.isoformat(), "last_day_of_service": claim.last.isoformat(),
                  "charge_cents": claim.charge_cents},
        "what_we_need": {"information": wanted, "please_answer_by": until.isoformat()},
        "our_decision": {"due_without_this_request": stands.due.isoformat(),
                         "the_days_until_your_answer_are_not_counted": True},
        "prepared_by": prepared_by,
    }  # fmt: skip
    if extended_to is not None:
        found["our_decision"]["we_need_more_time_and_will_decide_by"] = extended_to.isoformat()
    return found


def _name(person: Person) -> str:
    return " ".join(each for each in (person.first, person.last) if each)


def _line(*parts: str) -> str:
    return ", ".join(each for each in parts if each)
