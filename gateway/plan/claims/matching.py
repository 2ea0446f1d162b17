"""Finds the person a claim is about: the member number, and two of first name, birth date and last name.

Never guesses: where more than one person fits, somebody chooses. A dependant may arrive as the subscriber (837P 2000B
with SBR02 18): everybody under the number is a candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from gateway.plan.claims.eligibility import NEWBORN_DAYS
from gateway.plan.records import Member
from mappings.records import Claim, Person, Record

Reason = Literal["", "none", "several", "mismatch", "dependent", "newborn"]

ADULTS = ("18", "01", "53", "25", "60", "G8")
"""INS02 codes whose bearers have no twin in the family: self, spouse, life partner, ex-spouse, annuitant, other."""

UNKNOWN: tuple[Reason, ...] = ("none", "dependent", "mismatch")
"""Why nobody was found, where an enrolment file that comes late may still tell."""

ENOUGH = 2
"""So many of the three must agree exactly besides the number."""


class Match(Record, frozen=True, kw_only=True):
    """The person found, how many fitted, and why none was (Case.match): `none` nobody has the number, `several` fit,
    `mismatch` of name or birth date, `dependent` not enrolled, `newborn` of a family that is covered."""

    member: Member | None = None
    candidates: int = 0
    reason: Reason = ""


def match(claim: Claim, candidates: Sequence[Member]) -> Match:
    """Args: candidates: every member whose subscriber number, today's or an earlier one, is the claim's."""
    people = list({each.person_id: each for each in candidates}.values())
    scored = [(_score(claim.patient, each), each) for each in people]
    best = max((score for score, _ in scored), default=0)
    fitting = [each for score, each in scored if score == best and score >= ENOUGH]
    if len(fitting) == 1:
        return Match(member=fitting[0], candidates=1)
    if fitting:
        return Match(candidates=len(fitting), reason="several")
    return Match(reason=_why_nobody(claim, people))


@lru_cache(maxsize=8192)  # each claim is compared with a whole family, whose names come again
def normal(name: str) -> str:
    """A name as compared: capital letters and digits only, so that O'NEIL-SMITH is ONEILSMITH."""
    return "".join(each for each in name.upper() if each.isalnum())


def _score(patient: Person, member: Member) -> int:
    """How many of first name, birth date and last name agree; what is absent never agrees.

    Twins share birth date and last name, so a child whose first name differs does not fit.
    """
    person = member.person
    first = _same_name(patient.first, person.first)
    birth = patient.birth is not None and patient.birth == person.birth
    score = first + birth + _same_name(patient.last, person.last)
    return score if first or member.relationship in ADULTS else min(score, ENOUGH - 1)


def _same_name(one: str, other: str) -> bool:
    return bool(one) and normal(one) == normal(other)


def _why_nobody(claim: Claim, people: Sequence[Member]) -> Reason:
    if not people:
        return "none"
    if _is_newborn(claim, people):
        return "newborn"
    patient = claim.patient
    half = any(_same_name(patient.first, p.person.first) or patient.birth == p.person.birth for p in people)
    return "mismatch" if claim.relationship == "18" or half else "dependent"


def _is_newborn(claim: Claim, people: Sequence[Member]) -> bool:
    """A child in its first 31 days, with somebody of the family covered on the date of service."""
    birth, on = claim.patient.birth, claim.first
    if birth is None or not 0 <= (on - birth).days < NEWBORN_DAYS:
        return False
    spans = [span for each in people for span in each.spans]
    return any(span.first <= on and (span.last is None or on <= span.last) for span in spans)
