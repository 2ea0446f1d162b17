"""What lies around the claims of a batch: rules of their codes, other plans and COBRA of their people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from gateway.flow import roster
from gateway.plan.claims.primacy import NO_MEDICARE
from gateway.plan.enrolment.cobra import CobraCase
from gateway.plan.records import CodeRule, Member, OtherPlan, OtherPlans
from gateway.store import code_rules, documents
from gateway.store.schema import cobra_case
from mappings.records import Claim


class Others:
    """Read once for a batch, by person, as known at an order key. members: by claim number."""

    def __init__(
        self, connection: Connection, sponsor_id: str, known_at: str,
        claims: Mapping[str, Claim], members: Mapping[str, Member],
    ) -> None:  # fmt: skip
        self.claims = claims
        people = sorted({member.person_id for member in members.values()})
        self.plans = _other_plans(connection, sponsor_id, people)
        self.cobra = _cobra(connection, sponsor_id, people)
        self.rules = _rules(connection, claims.values())
        asked = [member for icn, member in members.items() if self._asks(claims[icn], member)]
        self.holders = _holders(connection, sponsor_id, known_at, asked)

    def _asks(self, claim: Claim, member: Member) -> bool:
        """Whether the order of payers will be asked for a dependant, so that its subscriber matters."""
        known = claim.other or member.person_id in self.plans or member.medicare not in NO_MEDICARE
        return bool(known) and not member.subscriber

    def of(self, icn: str, person_id: str) -> dict[str, Any]:
        """The fields of a case."""
        codes = {line.procedure.code for line in self.claims[icn].lines}
        return {
            "rules": tuple(rule for code in sorted(codes) for rule in self.rules.get(code, ())),
            "holder": self.holders.get(person_id), "other_plans": self.plans.get(person_id, ()),
            "cobra": tuple(self.cobra.get(person_id, ())),
        }  # fmt: skip


def _other_plans(connection: Connection, sponsor_id: str, people: list[str]) -> dict[str, tuple[OtherPlan, ...]]:
    ids = [f"{sponsor_id}/{person_id}" for person_id in people]
    return {each.person: each.plan for each in documents.every(connection, "other_plans", ids, OtherPlans)}


def _cobra(connection: Connection, sponsor_id: str, people: list[str]) -> dict[str, list[CobraCase]]:
    mine = select(cobra_case.c.body).where(cobra_case.c.sponsor_id == sponsor_id, cobra_case.c.person_id.in_(people))
    found: dict[str, list[CobraCase]] = defaultdict(list)
    for body in connection.execute(mine.order_by(cobra_case.c.person_id, cobra_case.c.event_on)).scalars():
        case = msgspec.json.decode(body, type=CobraCase)
        found[case.person_id].append(case)
    return found


def _rules(connection: Connection, claims: Any) -> dict[str, list[CodeRule]]:
    found: dict[str, list[CodeRule]] = defaultdict(list)
    for rule in code_rules.of_codes(connection, {line.procedure.code for claim in claims for line in claim.lines}):
        found[rule.code].append(rule)
    return found


def _holders(connection: Connection, sponsor_id: str, known_at: str, dependants: Sequence[Member]) -> dict[str, Member]:
    """By dependant: the subscriber they are covered through."""
    numbers = {member.subscriber_no for member in dependants}
    families = roster.by_subscriber(connection, sponsor_id, numbers, known_at) if numbers else {}
    held = {number: next((m for m in family if m.subscriber), None) for number, family in families.items()}
    return {m.person_id: holder for m in dependants if (holder := held.get(m.subscriber_no))}
