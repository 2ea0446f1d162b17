"""Agreements: what an employer has agreed to, as commands load it and parsed once: plans, stop-loss policies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from sqlalchemy import Connection

from gateway.flow.parties import Sponsor
from gateway.plan import stoploss
from gateway.plan.claims import benefits
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.pricing import contract
from gateway.plan.claims.pricing.contract import Contract
from gateway.plan.stoploss import Policy
from gateway.store import documents
from mappings.records import Record


class Document(msgspec.Struct, frozen=True):
    """A plan or policy as it was loaded."""

    text: str


class Insured(Record, frozen=True, kw_only=True):
    """A stop-loss policy and the partner its carrier is."""

    policy: Policy
    carrier: str


@lru_cache(maxsize=256)  # every version of every plan of some dozens of employers
def _plan(text: str) -> Plan:
    return benefits.parse(text)


@lru_cache(maxsize=64)
def _policy(text: str) -> Policy:
    return stoploss.parse(text)


def plans_of(connection: Connection, sponsor: Sponsor | None) -> tuple[Plan, ...]:
    """Every version of every plan document of a sponsor; none when it is not known."""
    return tuple(plan for _, plan in named_plans(connection, sponsor))


def named_plans(connection: Connection, sponsor: Sponsor | None) -> list[tuple[str, Plan]]:
    """`plans_of`, each with the name its very text is found by (`plan_of_name`)."""
    ids = sponsor.plans.values() if sponsor else ()
    return [(name, _plan(found.text)) for name, found in documents.named(connection, "plan", ids, Document)]


def plan_of_name(connection: Connection, name: str) -> Plan:
    """The plan document of a name; raises KeyError."""
    return _plan(documents.of_name(connection, "plan", name, Document).text)


@lru_cache(maxsize=256)  # every version of the contracts of some dozens of networks
def _contract(text: str) -> Contract:
    return contract.parse(text)


def contracts_of(connection: Connection, networks: Iterable[str]) -> tuple[Contract, ...]:
    """Every version of every contract of the given networks."""
    return tuple(found for _, found in named_contracts(connection, networks))


def named_contracts(connection: Connection, networks: Iterable[str]) -> list[tuple[str, Contract]]:
    """`contracts_of`, each with the name its very text is found by (`contract_of_name`)."""
    return [(name, _contract(found.text)) for name, found in documents.named(connection, "network", networks, Document)]


def contract_of_name(connection: Connection, name: str) -> Contract:
    """The contract of a name; raises KeyError."""
    return _contract(documents.of_name(connection, "network", name, Document).text)


def policies(connection: Connection, policy_id: str) -> list[Policy]:
    """Every dated version of a policy document, oldest first; none for ""."""
    found = documents.every(connection, "policy", [policy_id], Document) if policy_id else []
    return [_policy(each.text) for each in found]


def insured(connection: Connection, sponsor_id: str) -> list[Insured]:
    """Every policy an employer ever had, oldest first: run-out and year-end facts count under one that has ended."""
    found = {
        policy.term: Insured(policy=policy, carrier=sponsor.carrier)
        for sponsor in documents.every(connection, "sponsor", [sponsor_id], Sponsor)
        for policy in policies(connection, sponsor.policy)
    }
    return sorted(found.values(), key=lambda each: each.policy.term)
