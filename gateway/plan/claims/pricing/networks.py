"""Which networks a line belongs to, by (billing tax id, billing NPI, rendering NPI, location, date), and what the No
Surprises Act protects although it belongs to none (domain 3.2, 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from gateway.plan.claims.pricing.contract import Contract, concerns, contract_on, nearness, place_of
from gateway.plan.records import NetworkRow, ProviderRow
from mappings.records import Claim, ServiceLine

FACILITY_PLACES = ("19", "21", "22", "24")
"""Places of service that are facilities in the sense of the No Surprises Act: hospital out- and inpatient, surgery
centre (45 CFR 149.30)."""

AIR_AMBULANCE = ("A0430", "A0431", "A0435", "A0436")
"""HCPCS codes of air ambulance services: base rates and miles, fixed wing and rotary wing."""


def networks_of(
    billing: ProviderRow | None, rows: Iterable[NetworkRow], contracts: Sequence[Contract], claim: Claim,
    line: ServiceLine, rendering_npi: str,
) -> tuple[str, ...]:  # fmt: skip
    """Names of the networks a line is in: of the billing provider's row, then of the membership rows, without those
    whose contract carves the service out. rendering_npi: the billing one's when nobody else rendered it."""
    names = dict.fromkeys(billing.networks if billing else ())
    names |= dict.fromkeys(row.network for row in rows if _belongs(row, claim, line.first, rendering_npi))
    if not contracts:
        return tuple(names)
    return tuple(name for name in names if not _carved_out(contract_on(contracts, name, line.first), line))


def protected(claim: Claim, line: ServiceLine, facility_in_network: bool) -> bool:
    """Whether the No Surprises Act keeps a service out of network at the in-network share, besides emergencies: it
    was rendered at a facility in network, or in the air."""
    if line.procedure.code in AIR_AMBULANCE:
        return True
    return facility_in_network and (line.pos or claim.pos) in FACILITY_PLACES


def _belongs(row: NetworkRow, claim: Claim, on: date, rendering_npi: str) -> bool:
    return (
        row.first <= on
        and (row.last is None or on <= row.last)
        and row.tin in ("", claim.billing.tin)
        and row.npi in ("", claim.billing.npi)
        and row.rendering in ("", rendering_npi)
        and (not row.locality or nearness(row.locality, place_of(claim)) > 0)
    )


def _carved_out(contract: Contract | None, line: ServiceLine) -> bool:
    return contract is not None and any(
        not out.sent_to and concerns(out.codes, out.revenues, line) for out in contract.carve_outs
    )
