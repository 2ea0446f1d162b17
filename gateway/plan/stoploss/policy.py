"""A stop-loss policy: the terms a carrier insures the employer by, read from a commented TOML document.

The insured is the employer. Nothing here changes what a provider or a member gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal, Protocol

from msgspec import field

from gateway.plan.calendar import months_on
from gateway.plan.claims import document
from gateway.plan.claims.document import Cents, Rate
from gateway.plan.enrolment.spans import DAY
from gateway.plan.rounding import WHOLE
from mappings.records import Record

Window = tuple[date, date]
Kind = Literal["medical", "drugs"]
"""Kinds of claims a policy may cover (domain 7.1, covered lines)."""

POLICY_MONTHS = 12


class Laser(Record, frozen=True, kw_only=True):
    """One person's own deductible, or exclusion from the specific cover."""

    person_id: str
    amount_cents: Cents | None = field(name="amount", default=None)
    excluded: bool = False


class Trigger(Record, frozen=True, kw_only=True):
    """A group of diagnoses the carrier wants to hear of at once. diagnoses: ICD-10 beginnings or ranges (C00-C96)."""

    group: str
    diagnoses: tuple[str, ...]

    def match(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The claim's diagnoses that belong to the group."""
        return tuple(code for code in codes if any(_within(code, each) for each in self.diagnoses))


class Factor(Record, frozen=True, kw_only=True):
    """Expected claims of one employee of a tier and month, with the corridor inside."""

    tier: str
    amount_cents: Cents = field(name="amount")


class AggregateTerms(Record, frozen=True, kw_only=True):
    """The cover of the whole group. minimum: percent of the first month x 12. annual_max: the most the carrier pays.

    accommodation: the carrier advances during the year. ytd_minimum: that advance also respects the minimum, month by
    month; at settlement it always counts.
    """

    factors: tuple[Factor, ...]
    minimum: Rate = 9_500
    annual_max_cents: Cents | None = field(name="annual_max", default=None)
    accommodation: bool = False
    ytd_minimum: bool = False


class Policy(Record, frozen=True, kw_only=True):
    """One stop-loss policy. id: of the document. number: the carrier's policy number. sponsor: the employer it insures.

    basis: incurred/paid months (12/12, 12/15 run-out, 15/12 run-in ...) or `paid`; original: first day of the first
    policy with this carrier, limits `paid`. covers: kinds of claims that count; drugs are those a drug manager paid.
    per: whose claims are summed up against one specific deductible. specific: that deductible. percent: what the
    carrier pays of the excess. asd: aggregating specific deductible, the first excess dollars that stay with the
    employer. annual_max: most the carrier pays per person. run_in_max: most that claims incurred before the policy
    count per person. notice: percent of the deductible for the first notice. resend: notify again when a threshold is
    crossed a second time. subsequent_min: smaller later claims wait.
    plan_version: the document the carrier has.
    names: the carrier wants the person's name on notices; else a member number must do.
    """

    id: str
    number: str
    sponsor: str = field(name="employer")
    carrier: str
    mgu: str = ""
    first: date
    last: date
    basis: str = "12/12"
    original: date | None = None
    covers: tuple[Kind, ...] = ("medical",)
    per: Literal["person", "family"] = "person"
    specific_cents: Cents = field(name="specific")
    percent: Rate = WHOLE
    asd_cents: Cents = field(name="asd", default=0)
    annual_max_cents: Cents | None = field(name="annual_max", default=None)
    run_in_max_cents: Cents | None = field(name="run_in_max", default=None)
    notice: Rate = 5_000
    resend: bool = False
    subsequent_min_cents: Cents = field(name="subsequent_min", default=50_000)
    plan_version: str = ""
    names: bool = False
    lasers: tuple[Laser, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    aggregate: AggregateTerms | None = None

    @property
    def term(self) -> str:
        """What tells one policy year from another: some carriers keep their number when they renew."""
        return f"{self.number} {self.first.isoformat()}"

    def laser(self, person_id: str) -> Laser | None:
        """A person's own terms, if they have any."""
        return next((each for each in self.lasers if each.person_id == person_id), None)

    def deductible_cents(self, person_id: str) -> int | None:
        """What must be paid for a person before the carrier pays; None for somebody excluded."""
        laser = self.laser(person_id)
        if laser is None:
            return self.specific_cents
        return None if laser.excluded else max(self.specific_cents, laser.amount_cents or 0)


def parse(text: str) -> Policy:
    """A policy from its document. Raises BadData naming every problem found."""
    return document.parse(text, Policy, _contradictions, "stop-loss policy")


def windows(policy: Policy) -> tuple[Window, Window]:
    """The two windows of the basis: incurred first..last, paid first..last; a claim counts when it lies in both."""
    if policy.basis == "paid":
        return (policy.original or date.min, policy.last), (policy.first, policy.last)
    incurred, paid = (int(part) for part in policy.basis.split("/"))
    run_in = months_on(policy.first, POLICY_MONTHS - incurred)
    run_out = months_on(policy.last + DAY, paid - POLICY_MONTHS) - DAY
    return (run_in, policy.last), (policy.first, run_out)


def counts(policy: Policy, incurred: date, paid: date) -> bool:
    """Whether a claim counts under the policy, by its date of service and the day it was paid."""
    (a, b), (c, d) = windows(policy)
    return a <= incurred <= b and c <= paid <= d


class Countable(Protocol):
    """A claim version with the date it was paid (for a notice: approved); negative cents take a version back."""

    @property
    def icn(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def incurred(self) -> date: ...
    @property
    def paid_on(self) -> date: ...
    @property
    def paid_cents(self) -> int: ...
    @property
    def kind(self) -> Kind: ...


def assign(policies: Sequence[Policy], facts: Iterable[Countable]) -> dict[tuple[str, int], Policy]:
    """Which policy each (icn, version) counts under; those no policy counts are left out.

    policies: of one employer, oldest first. A claim that lies in the windows of two (run-out of one, run-in of the
    next) is the older one's: it is paid once. What takes a version back counts where that version did, however late.
    """
    found: dict[tuple[str, int], Policy] = {}
    last: dict[str, Policy | None] = {}
    for fact in sorted(facts, key=lambda f: (f.paid_on, f.icn, f.version)):
        if fact.paid_cents >= 0 or fact.icn not in last:
            covering = (each for each in policies if fact.kind in each.covers)
            last[fact.icn] = next((each for each in covering if counts(each, fact.incurred, fact.paid_on)), None)
        policy = last[fact.icn]
        if policy is not None:
            found[fact.icn, fact.version] = policy
    return found


def _within(code: str, pattern: str) -> bool:
    """Whether a diagnosis begins with the pattern, or lies in its range by the range's own length."""
    code = code.replace(".", "").upper()
    low, _, high = pattern.replace(".", "").upper().partition("-")
    return code.startswith(low) if not high else low <= code[: len(low)] <= high


def _contradictions(policy: Policy) -> list[str]:
    problems = []
    if policy.last < policy.first:
        problems.append("last: before first")
    if policy.basis != "paid" and not _is_basis(policy.basis):
        problems.append("basis: not `paid` and not months like 12/12, 12/15 or 15/12")
    if not policy.covers:
        problems.append("covers: nothing")
    if policy.specific_cents == 0:
        problems.append("specific: nothing would stay with the employer")
    for word, rate in (("percent", policy.percent), ("notice", policy.notice)):
        if not 0 < rate <= WHOLE:
            problems.append(f"{word}: not above 0 and at most 100 percent")
    problems += [
        f"lasers[{n}]: neither an amount nor excluded" for n, each in enumerate(policy.lasers, 1) if _idle(each)
    ]
    problems += _twice("lasers", [each.person_id for each in policy.lasers])
    problems += _twice("triggers", [each.group for each in policy.triggers])
    problems += _trigger_contradictions(policy)
    if policy.aggregate is not None:
        problems += _twice("aggregate.factors", [each.tier for each in policy.aggregate.factors])
    return problems


def _idle(laser: Laser) -> bool:
    return laser.amount_cents is None and not laser.excluded


def _twice(where: str, names: list[str]) -> list[str]:
    return [f"{where}: {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]


def _trigger_contradictions(policy: Policy) -> list[str]:
    problems = []
    for at, trigger in enumerate(policy.triggers, 1):
        if not trigger.diagnoses:
            problems.append(f"triggers[{at}].diagnoses: empty")
        for pattern in trigger.diagnoses:
            low, _, high = pattern.partition("-")
            if high and (len(low) != len(high) or high < low):
                problems.append(f"triggers[{at}].diagnoses: {pattern} is not a range")
    return problems


def _is_basis(basis: str) -> bool:
    incurred, slash, paid = basis.partition("/")
    if not (slash and incurred.isdigit() and paid.isdigit()):
        return False
    return min(int(incurred), int(paid)) == POLICY_MONTHS and max(int(incurred), int(paid)) <= 5 * POLICY_MONTHS
