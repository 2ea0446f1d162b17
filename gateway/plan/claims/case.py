"""The case: everything one adjudication may look at, and nothing else."""

from __future__ import annotations

from datetime import date

from gateway.plan.claims.accumulators import Key
from gateway.plan.claims.benefits import Plan
from gateway.plan.claims.pricing.contract import Contract
from gateway.plan.enrolment.cobra import CobraCase
from gateway.plan.records import (
    AccidentAnswer,
    Authorisation,
    CodeRule,
    FeeRow,
    Member,
    NetworkRow,
    OtherPlan,
    ProviderRow,
    Rulings,
)
from mappings.records import Claim, Record


class PriorClaim(Record, frozen=True, kw_only=True):
    """An earlier claim of the same person that is paid or in process: a source for duplicate checks.

    denied: numbers of its lines that were denied; those may be billed again. paid: of those that were paid money.
    allowed: by line number, what was allowed of the others. waits: it is in process, so nobody knows yet.
    """

    icn: str
    claim: Claim
    denied: tuple[int, ...] = ()
    paid: tuple[int, ...] = ()
    allowed: dict[int, int] = {}
    waits: bool = False


class Case(Record, frozen=True, kw_only=True):
    """Everything one adjudication may look at; a pure function of this and today's business date.

    member: None when no person was found; candidates: how many fitted. history: earlier live claims of the person with
    an overlapping date of service. totals: accumulator sums of the person's family, by `Key`.
    plans: every version of every plan document of the sponsor, each line is decided by the one of its date; empty when
    the claim names no sponsor we know. providers: every dated row of the billing, rendering and facility NPIs.
    networks: every membership row that names one of them. contracts: every version of the contracts of the plans'
    networks. fees: every dated row of (billing NPI or a contract's schedule, code of a line, DRG). received: business
    date of receipt. version: of this decision.
    history reaches back to the admission of a stay, so that it holds the stay's earlier bills.
    match: why there is no member (`none`, `several`, `mismatch`, `dependent`, `newborn`), "" when there is one.
    cleared: pend queues a person has answered for this claim, so that its release is decided now and not pended again.
    rules: what the codes of the claim ask, by date. holder: the subscriber a dependant is covered through, where other
    plans are known of. employs: people the sponsor employs, 0 when nobody said. other_plans: what the family answered
    about other plans. cobra: the person's COBRA cases.
    number_taken: a drug manager's claim whose number another claim of it has.
    rulings: what people ruled on it: edits set aside, or a denial.
    """

    icn: str
    version: int = 1
    claim: Claim
    received: date
    member: Member | None = None
    candidates: int = 0
    match: str = ""
    plans: tuple[Plan, ...]
    providers: tuple[ProviderRow, ...] = ()
    networks: tuple[NetworkRow, ...] = ()
    contracts: tuple[Contract, ...] = ()
    fees: tuple[FeeRow, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    accidents: tuple[AccidentAnswer, ...] = ()
    history: tuple[PriorClaim, ...] = ()
    totals: dict[Key, int] = {}
    cleared: tuple[str, ...] = ()
    rules: tuple[CodeRule, ...] = ()
    holder: Member | None = None
    employs: int = 0
    other_plans: tuple[OtherPlan, ...] = ()
    cobra: tuple[CobraCase, ...] = ()
    number_taken: bool = False
    rulings: Rulings = Rulings()
