"""Agreements: the documents of a sponsor as commands load them, parsed once per process."""

from __future__ import annotations

from functools import lru_cache

import msgspec
from sqlalchemy import Connection

from gateway.flow.parties import Sponsor
from gateway.plan import benefits
from gateway.plan.benefits import Plan
from gateway.store import documents


class Document(msgspec.Struct, frozen=True):
    """A plan or policy as it was loaded."""

    text: str


@lru_cache(maxsize=256)  # every version of every plan of some dozens of employers
def _plan(text: str) -> Plan:
    return benefits.parse(text)


def plans_of(connection: Connection, sponsor: Sponsor | None) -> tuple[Plan, ...]:
    """Every version of every plan document of a sponsor; none when it is not known."""
    ids = sponsor.plans.values() if sponsor else ()
    return tuple(_plan(found.text) for found in documents.every(connection, "plan", ids, Document))
