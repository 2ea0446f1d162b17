"""Secrets inside rows that are otherwise plain: SSNs of staged member rows, account numbers of parties and payees.

Each function rewrites the secrets of a record; `change` is `Keys.conceal` on the way in and `Keys.reveal` where the
secret is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from gateway.flow.parties import Administrator
from gateway.plan.records import ProviderRow
from mappings.records import BankAccount, MemberRow, Person

Change = Callable[[str], str]


def member_row(row: MemberRow, change: Change) -> MemberRow:
    """The SSN of the person, and that of the person before a correction."""
    return replace(row, person=_person(row.person, change), prior=_person(row.prior, change) if row.prior else None)


def party(record: Any, change: Change) -> Any:
    """The account of a provider or of the administrator; other rows hold none."""
    if isinstance(record, ProviderRow):
        return replace(record, account=_account(record.account, change))
    if isinstance(record, Administrator):
        return replace(record, payer=replace(record.payer, account=_account(record.payer.account, change)))
    return record


def _person(person: Person, change: Change) -> Person:
    return replace(person, id=change(person.id)) if person.id else person


def _account(account: BankAccount, change: Change) -> BankAccount:
    return replace(account, number=change(account.number)) if account.number else account
