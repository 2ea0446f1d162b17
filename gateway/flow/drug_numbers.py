"""Under which of our numbers the claims of drug managers are on file: by a manager's own number, and what it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from gateway.store.rows import IDS_A_QUERY, parts
from gateway.store.schema import drug_claim
from mappings import drugs
from mappings.records import Claim


class Named(NamedTuple):
    """A number of a drug manager (partner), of the claim that pays or of the one that takes it back (frequency)."""

    partner: str
    number: str
    frequency: str


Numbers = dict[Named, str]
"""Our claim number by the manager's: the first claim that came under it."""


def of(partner: str, claim: Claim) -> Named:
    """Under which number a claim comes."""
    return Named(partner, claim.pcn, claim.frequency)


def paid(partner: str, claim: Claim) -> Named:
    """Under which number the claim came that a reversal takes back."""
    return Named(partner, claim.pcn, drugs.ORIGINAL)


def on_file(connection: Connection, claims: Iterable[tuple[str, Claim]]) -> Numbers:
    """What is on file under the numbers of these claims, each with its partner; claims of other kinds have none."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for partner, claim in claims:
        if claim.kind == drugs.KIND:
            wanted[partner].add(claim.pcn)
    found: Numbers = {}
    for partner, numbers in sorted(wanted.items()):
        for part in parts(sorted(numbers), IDS_A_QUERY):
            mine = select(drug_claim.c.number, drug_claim.c.frequency, drug_claim.c.icn).where(
                drug_claim.c.partner == partner, drug_claim.c.number.in_(part)
            )
            for number, frequency, icn in connection.execute(mine):
                found[Named(partner, number, frequency)] = icn
    return found


def keep(connection: Connection, sponsor_id: str, fresh: Numbers) -> None:
    """Writes numbers down that are new."""
    if fresh:
        rows = [{**named._asdict(), "sponsor_id": sponsor_id, "icn": icn} for named, icn in fresh.items()]
        connection.execute(insert(drug_claim), rows)
