"""What the prices of some claims are made of, read at once: providers, memberships, contracts, fee rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.flow.agreements import named_contracts
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.pricing.contract import Contract, codes_of
from gateway.plan.claims.pricing.lines import QPA
from gateway.plan.records import FeeRow, NetworkRow, ProviderRow
from gateway.store import documents
from gateway.store.rows import key_of
from mappings.records import Claim, Record


class Rows(Record, frozen=True, kw_only=True):
    """Dated rows that prices are made of."""

    providers: tuple[ProviderRow, ...] = ()
    networks: tuple[NetworkRow, ...] = ()
    contracts: tuple[Contract, ...] = ()
    fees: tuple[FeeRow, ...] = ()


Alternates = Mapping[str, Sequence[str]]
"""By billed code, the codes that a benefit may cover in its place."""

NOTHING = Rows()

KEYS = {
    "providers": ("npi", "first"), "networks": documents.MEMBER_KEY,
    "contracts": ("network", "first"), "fees": documents.FEE_KEY,
}  # fmt: skip
"""What tells a row from another: one with the same key, loaded later, stands in its place."""


class Pricebook:
    """The dated rows of a set of claims, found by whom and what they are about. contract_names: of those on file."""

    def __init__(
        self, rows: Rows, schedules: Sequence[str], alternates: Alternates, contract_names: tuple[str, ...] = ()
    ) -> None:
        self.contract_names = contract_names
        self.contracts, self.schedules, self.alternates = rows.contracts, schedules, alternates
        self.providers: dict[str, list[ProviderRow]] = defaultdict(list)
        self.networks: dict[str, list[NetworkRow]] = defaultdict(list)
        self.fees: dict[tuple[str, str], list[FeeRow]] = defaultdict(list)
        for provider in rows.providers:
            self.providers[provider.npi].append(provider)
        for row in rows.networks:
            self.networks[row.rendering or row.npi or row.tin].append(row)
        for fee in rows.fees:
            self.fees[fee.npi or fee.schedule, fee.code].append(fee)

    def of(self, claim: Claim) -> dict[str, Any]:
        """The fields of the claim's Case that its prices are made of."""
        npis, codes = npis_of(claim), dict.fromkeys(codes_in(claim, self.alternates))
        owners = (claim.billing.npi, *self.schedules)
        return {
            "providers": tuple(row for npi in npis for row in self.providers.get(npi, ())),
            "networks": tuple(row for who in (*npis, claim.billing.tin) for row in self.networks.get(who, ())),
            "contracts": self.contracts,
            "fees": tuple(row for owner in owners for code in codes for row in self.fees.get((owner, code), ())),
        }


def read(
    connection: Connection, claims: Collection[Claim], plans: Sequence[Plan], instead: Rows = NOTHING
) -> Pricebook:  # fmt: skip
    """The rows on file for claims of a sponsor with these plans. instead: rows that stand in the place of theirs, as if
    they were loaded."""
    networks = {name for plan in plans for theirs in plan.networks_by_tier().values() for name in theirs}
    named = named_contracts(connection, networks)
    contracts = _with("contracts", [contract for _, contract in named], instead.contracts)
    schedules, alternates = schedules_of(plans, contracts), alternates_of(plans)
    npis = {npi for claim in claims for npi in npis_of(claim)}
    own = {(claim.billing.npi, code) for claim in claims for code in codes_in(claim, alternates)}
    members = documents.members(connection, networks, {claim.billing.tin for claim in claims}, npis)
    priced = [
        *documents.fees(connection, own),
        *documents.schedule_fees(connection, schedules, {code for _, code in own}),
    ]
    rows = Rows(
        providers=_with("providers", documents.every(connection, "provider", npis, ProviderRow), instead.providers),
        networks=_with("networks", members, instead.networks),
        contracts=contracts,
        fees=_with("fees", priced, instead.fees),
    )
    return Pricebook(rows, schedules, alternates, tuple(name for name, _ in named))


def _with(kind: str, rows: Iterable[Any], instead: Sequence[Any]) -> tuple[Any, ...]:
    if not instead:
        return tuple(rows)
    key = KEYS[kind]
    return tuple({key_of(key, row): row for row in (*rows, *instead)}.values())


def schedules_of(plans: Iterable[Plan], contracts: Iterable[Contract]) -> tuple[str, ...]:
    """The schedules that plans and contracts name, and that of qualifying payment amounts."""
    named = [plan.out_of_network_schedule for plan in plans]
    named += [row.schedule for contract in contracts for row in (*contract.terms, *contract.packages)]
    return tuple(dict.fromkeys(name for name in (QPA, *named) if name))


def alternates_of(plans: Iterable[Plan]) -> Alternates:
    """The services that benefits cover in place of others."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in (benefit.alternates for plan in plans for benefit in plan.benefits):
        for code, instead in each.items():
            found[code].append(instead)
    return found


def codes_in(claim: Claim, alternates: Alternates) -> Iterator[str]:
    """Everything a fee row may be for: what the claim bills, and what may be covered in its place."""
    for line in claim.lines:
        yield from codes_of(line)
        yield from alternates.get(line.procedure.code, ())
    if claim.coding.drg:
        yield claim.coding.drg


def npis_of(claim: Claim) -> tuple[str, ...]:
    """The NPIs whose rows say who a claim's providers are: billing, rendering, and the facility's."""
    others = (claim.rendering, claim.facility, *(line.rendering for line in claim.lines))
    named = (other.npi for other in others if other is not None and other.npi)
    return tuple(dict.fromkeys((claim.billing.npi, *named)))
