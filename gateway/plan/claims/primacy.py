"""Who pays first (domain 4.6): the order of plans that cover one person, by the NAIC rules and Medicare's, as a table.

A rule compares two covers of the patient, ours and another one; the first that tells them apart decides. One that asks
for a fact nobody told ends the asking: the order is then not known, and nobody guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from gateway.plan.claims.eligibility import periods
from gateway.plan.claims.look import Look
from gateway.plan.records import Member, OtherPlan, Parent, Step
from mappings.records import OtherCoverage


@dataclass(frozen=True, slots=True)
class Cover:
    """How one plan covers the patient. Words as in `records.OtherPlan`; employs: people the employer behind it employs,
    0 unknown."""

    name: str
    kind: str = "group"
    through: str = ""
    standing: str = ""
    holder_birth: date | None = None
    since: date | None = None
    parent: Parent = ""
    entitled_by: str = ""
    entitled_on: date | None = None
    employs: int = 0


# ---- Medicare as secondary payer -------------------------------------------------------------------------------------


class Secondary(NamedTuple):
    """When a group plan pays before Medicare. employs: at least so many people are employed; months: only so long after
    entitlement; working: only through somebody's present employment."""

    because: str
    employs: int = 0
    months: int | None = None
    working: bool = True


MEDICARE_SECOND: dict[str, Secondary] = {
    "age": Secondary("working aged", employs=20),
    "disability": Secondary("disability", employs=100),
    "esrd": Secondary("kidney disease", months=30, working=False),
}
"""By why the patient is entitled to Medicare (domain 4.6; thresholds (verify) with the CMS manual of the year)."""

REASONS_834 = {"0": "age", "1": "disability", "2": "esrd"}
"""INS06-2."""

REASONS_837 = {"12": "age", "13": "esrd", "43": "disability"}
"""2320 SBR05: why Medicare is a secondary payer."""


def _medicare(ours: Cover, theirs: Cover, on: date) -> int | None:
    """Before or after Medicare."""
    if theirs.kind != "medicare":
        return 0
    rule = MEDICARE_SECOND.get(theirs.entitled_by)
    if rule is None:
        return None
    if rule.working and ours.standing in ("retired", "cobra"):
        return MEDICARE_FIRST
    if rule.months is not None:
        return None if theirs.entitled_on is None else _sign(_months(theirs.entitled_on, on) < rule.months)
    return _sign(ours.employs >= rule.employs) if ours.employs and ours.standing else None


PLAN_FIRST, MEDICARE_FIRST = -1, 1


def _sign(plan_first: bool) -> int:
    return PLAN_FIRST if plan_first else MEDICARE_FIRST


def _months(first: date, on: date) -> int:
    """Whole months since a day."""
    return (on.year - first.year) * 12 + on.month - first.month - (on.day < first.day)


# ---- the table -------------------------------------------------------------------------------------------------------

PROGRAMS = {"group": 0, "medicare": 0, "tricare": 1, "medicaid": 2}
PARENTS: tuple[Parent, ...] = ("decree", "custodial", "custodial spouse", "other parent", "other spouse")


def _program(cover: Cover) -> int | None:
    return PROGRAMS[cover.kind]


def _dependant(cover: Cover) -> bool | None:
    return cover.through != "self" if cover.through else None


def _parents(ours: Cover, theirs: Cover, on: date) -> int | None:
    """Parents who live together have no rank: the next rule tells them apart."""
    if not (ours.parent or theirs.parent):
        return 0
    if not (ours.parent and theirs.parent):
        return None
    return PARENTS.index(ours.parent) - PARENTS.index(theirs.parent)


def _birthday(cover: Cover) -> tuple[int, int] | None:
    """Month and day of the parent, whatever the year; the same for all who are no children."""
    if cover.through != "child":
        return 0, 0
    return (cover.holder_birth.month, cover.holder_birth.day) if cover.holder_birth else None


def _inactive(cover: Cover) -> bool | None:
    return cover.standing == "retired" if cover.standing else None


def _continued(cover: Cover) -> bool | None:
    return cover.standing == "cobra" if cover.standing else None


def _since(cover: Cover) -> date | None:
    return cover.since


Compare = Callable[[Cover, Cover, date], int | None]


def _by(rank: Callable[[Cover], Any]) -> Compare:
    """The cover of the lower rank pays first; None when one has no rank for want of a fact."""

    def compare(ours: Cover, theirs: Cover, on: date) -> int | None:
        one, other = rank(ours), rank(theirs)
        return None if one is None or other is None else (one > other) - (one < other)

    return compare


class Rule(NamedTuple):
    """One rule of the order. text: what it says. compare: below 0 ours pays first, above 0 the other, 0 ask the next
    rule, None a fact is wanting."""

    name: str
    text: str
    compare: Compare


ORDER: tuple[Rule, ...] = (
    Rule("programs", "TRICARE pays after the plan and before Medicaid, Medicaid last", _by(_program)),
    Rule("Medicare", "Medicare pays second to a working person's plan of a large employer", _medicare),
    Rule("dependency", "the plan of the employee pays before that of the dependant", _by(_dependant)),
    Rule("parents apart", "decree, custodial parent, that one's spouse, other parent, that one's spouse", _parents),
    Rule("birthday", "the parent whose birthday comes earlier in the year pays first", _by(_birthday)),
    Rule("active", "the plan of active work pays before that of the retired or laid off", _by(_inactive)),
    Rule("COBRA", "COBRA pays after active coverage", _by(_continued)),
    Rule("longer", "the longer coverage pays first", _by(_since)),
)
"""The rules in their order; each is asked only where the ones above it do not tell the two covers apart."""


class Order(NamedTuple):
    """Whether ours pays before the other cover, and the rule that says so."""

    ours_first: bool
    rule: Rule
    other: Cover


def order(ours: Cover, theirs: Cover, on: date) -> Order | None:
    """Who of the two pays first on a day; None when a fact is wanting, or no rule tells them apart."""
    for rule in ORDER:
        decided = rule.compare(ours, theirs, on)
        if decided is None:
            return None
        if decided:
            return Order(decided < 0, rule, theirs)
    return None


# ---- the covers known of a line's patient ----------------------------------------------------------------------------

SPOUSES = ("01", "53", "25")
"""INS02: spouse, life partner, ex-spouse."""


def _ours(seen: Look, parent: Parent) -> Cover:
    """Our own cover, by the roster: a dependant's through the subscriber, where that one was looked up."""
    member = seen.member
    holder = member if member.subscriber else seen.case.holder
    through = "self" if member.subscriber else "spouse" if member.relationship in SPOUSES else "child"
    begun = [first for first, last in periods(seen.case.plans, member) if first <= seen.line.first <= last]
    return Cover(
        name="this plan",
        through=through,
        standing=_standing(holder) if holder else "",
        holder_birth=holder.person.birth if holder else None,
        since=begun[0] if begun else None,
        parent=parent,
        employs=seen.case.employs,
    )


def _standing(holder: Member) -> str:
    """INS05 C is COBRA, INS08 RT retired; whoever is enrolled otherwise works."""
    return "cobra" if holder.status == "C" else "retired" if holder.employment == "RT" else "active"


def _answered(answer: OtherPlan) -> Cover:
    return Cover(
        name=answer.payer_name,
        kind=answer.kind,
        through=answer.through,
        standing=answer.standing,
        holder_birth=answer.holder_birth,
        since=answer.since,
        parent=answer.parent,
        entitled_by=answer.entitled_by,
        entitled_on=answer.entitled_on,
    )


NO_MEDICARE = ("", "D", "E")
"""INS06-1 of people who have none, or might only have it."""

FILING_KINDS = {"MA": "medicare", "MB": "medicare", "16": "medicare", "MC": "medicaid", "CH": "tricare"}
"""2320 SBR09 of public programs; every other code is a group's or not known."""


THROUGH = {"18": "self", "01": "spouse", "53": "spouse", "19": "child"}
"""2320 SBR02: what the patient is to the other plan's insured."""


def _claimed(other: OtherCoverage) -> Cover:
    """A payer as the claim's 2320 tells it."""
    return Cover(
        name=other.payer_name or other.payer_id,
        kind=FILING_KINDS.get(other.filing_code, "group"),
        through=THROUGH.get(other.relationship, ""),
        entitled_by=REASONS_837.get(other.insurance_type, ""),
    )


def on_file(seen: Look) -> list[Order]:
    """The order against every plan on file that a rule can tell: the family's answers, and Medicare of the 834."""
    on, member = seen.line.first, seen.member
    if not seen.case.other_plans and member.medicare in NO_MEDICARE:
        return []  # as of nearly every claim
    answers = answers_on(seen)
    found = [order(_ours(seen, answer.our_parent), _answered(answer), on) for answer in answers]
    begun = member.medicare_from is None or member.medicare_from <= on
    if member.medicare not in NO_MEDICARE and begun and not any(answer.kind == "medicare" for answer in answers):
        reason = REASONS_834.get(member.medicare_reason, "")
        medicare = Cover("Medicare", "medicare", "self", entitled_by=reason, entitled_on=member.medicare_from)
        found.append(order(_ours(seen, ""), medicare, on))
    return [each for each in found if each is not None]


def answers_on(seen: Look) -> list[OtherPlan]:
    """The family's answers that hold on the day of the line."""
    on = seen.line.first
    return [each for each in seen.case.other_plans if each.first <= on and (each.last is None or on <= each.last)]


def of_claim(seen: Look, other: OtherCoverage) -> Order | None:
    """The order against a payer the claim names: by the answer on file about it, else by what the claim tells."""
    known = _claimed(other)
    answers = [
        each for each in answers_on(seen)
        if (each.payer_id and each.payer_id == other.payer_id) or (known.kind != "group" and each.kind == known.kind)
    ]  # fmt: skip
    parent: Parent = answers[0].our_parent if answers else ""
    return order(_ours(seen, parent), _answered(answers[0]) if answers else known, seen.line.first)


def order_notes(seen: Look) -> list[Step]:
    """Why this plan pays before or after each other plan on file, as sentences of the decision."""
    return [
        Step(rule="order of payers", text=f"{sentence(each)}.", source="other plans on file") for each in on_file(seen)
    ]


def sentence(found: Order) -> str:
    """What a rule decided, with the rule."""
    first, second = ("this plan", found.other.name) if found.ours_first else (found.other.name, "this plan")
    return f"{first[:1].upper()}{first[1:]} pays before {second}: {found.rule.text}"
