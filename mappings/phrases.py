"""Turns of phrase all guides share: addresses, people, organisations, providers, procedures, adjustments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mappings.codecs import cents, money, plain, quantity
from mappings.elements import D8, Composed, F, Id, Q
from mappings.records import Address, Adjustment, Person, Procedure
from mappings.table import One, Seg, Segment, Values, trimmed

TRIPLETS = 6  # reason, amount, quantity: CAS02-CAS19

ADDRESS_ROWS: tuple[Seg, ...] = (
    Seg("N3", F("line1"), F("line2")),
    Seg("N4", F("city"), F("state"), F("zip"), F("country")),
)
ADDRESS = One("address", Address, *ADDRESS_ROWS)
DMG = Seg("DMG", D8("birth"), F("sex"))


def nm1_person(*entity: str) -> Seg:
    """NM1 of a person: name in 03-05 and 07, id in 08-09."""
    return Seg("NM1", entity, "1", F("last"), F("first"), F("middle"), None, F("suffix"), F("id_qualifier"), Id("id"))


def nm1_nameless(entity: str) -> Seg:
    """NM1 of a person whose id the guide does not use (2010CA)."""
    return Seg("NM1", entity, "1", F("last"), F("first"), F("middle"), None, F("suffix"))


def nm1_organisation(entity: str) -> Seg:
    """NM1 of a non-person."""
    return Seg("NM1", entity, "2", F("name"), None, None, None, None, F("id_qualifier"), Id("id"))


def nm1_provider(entity: str) -> Seg:
    """NM1 of a provider, person or not, with its NPI."""
    return Seg("NM1", entity, F("entity"), F("name"), F("first"), None, None, None, Q("XX", "npi"))


def n1(entity: str) -> Seg:
    """N1 of a party of an 834 or 835."""
    return Seg("N1", entity, F("name"), F("id_qualifier"), Id("id"))


def person(field: str, loop: str, entity: tuple[str, ...]) -> One:
    """A person with address and birth date in one loop."""
    return One(field, Person, nm1_person(*entity), ADDRESS, DMG, loop=loop)


# ---- procedures ------------------------------------------------------------------------------------------------------


@lru_cache(4096)
def read_procedure(text: str, separator: str) -> Procedure:
    """qualifier:code:modifiers, as SV101, SVD03, SVC01, SVC06; a description after them is not kept."""
    qualifier, code, *modifiers = [*text.split(separator), ""][:7]
    return Procedure(qualifier=qualifier, code=code, modifiers=tuple([m for m in modifiers[:4] if m]))


def write_procedure(value: Procedure) -> tuple[str, ...]:
    """qualifier:code:modifiers; nothing where there is no procedure."""
    return (value.qualifier, value.code, *value.modifiers) if value.code else ()


def procedure(name: str) -> Composed:
    """A procedure in a field."""
    return Composed(name, read_procedure, write_procedure, fixed=True)


# ---- adjustments -----------------------------------------------------------------------------------------------------


class Adjustments(Seg):
    """CAS: one segment for each group code, up to six triplets, then another; zero amounts are not written.

    Groups are written in the order of their first adjustment, so adjustments of one group should stand together.
    """

    def __init__(self, name: str = "adjustments") -> None:
        super().__init__("CAS")
        self.name = name

    def read(self, values: list[str], into: Values, separator: str) -> None:
        found = into.get(self.name, ())
        for at in range(2, len(values), 3):
            if values[at]:
                found = (*found, _triplet(values[1], [*values[at : at + 3], "", ""]))
        into[self.name] = found

    def write(self, record: Any) -> Iterator[Segment]:
        groups: dict[str, list[Adjustment]] = {}
        for adjustment in getattr(record, self.name):
            if adjustment.cents:
                groups.setdefault(adjustment.group, []).append(adjustment)
        for group, members in groups.items():
            for start in range(0, len(members), TRIPLETS):
                yield _cas(group, members[start : start + TRIPLETS])


def _triplet(group: str, texts: list[str]) -> Adjustment:
    reason, amount, units = texts[:3]
    return Adjustment(
        group=group, reason=reason, cents=cents(amount or "0"), quantity=quantity(units) if units else None
    )


def _cas(group: str, members: list[Adjustment]) -> Segment:
    row: Segment = ["CAS", group]
    for one in members:
        row += [one.reason, money(one.cents), "" if one.quantity is None else plain(one.quantity)]
    return trimmed(row)
