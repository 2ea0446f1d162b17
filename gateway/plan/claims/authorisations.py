"""Edit of prior authorisations: what was allowed beforehand, for whom, to whom, when and how much of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import msgspec

from gateway.plan.claims.look import Denial, Look, Verdict, rendering_of
from gateway.plan.records import Authorisation, Decision, Pend

NONE = Decimal(0)


def authorisation(seen: Look) -> Verdict:
    """Edit: where the benefit asks for it, an authorisation fits person, provider, code, dates and units."""
    if not seen.benefit.auth_required or "AUTH" in seen.case.cleared:
        return None
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    fitting = fitting_authorisations(seen)
    if any(_units_left(each, seen) for each in fitting):
        return _late(fitting, seen, provision)
    if fitting:
        text = f"The units authorised under {fitting[0].number} are used up."
        return Denial(rule="authorisation", group="CO", reason="198", text=text, provision=provision)
    named = _named(seen)
    if any(each.number == named for each in seen.case.authorisations):
        text = f"Authorisation {named} does not fit this line."
        return Pend(queue="AUTH", reason=text, needed="A corrected authorisation or claim.")
    if seen.benefit.penalty is not None:
        return None  # the plan pays less instead
    return Denial(rule="authorisation", group="CO", reason="197", text="Not authorised before.", provision=provision)


def _late(fitting: list[Authorisation], seen: Look, provision: str) -> Denial | None:
    """CO-210 where every authorisation that would do was asked for too late; an emergency is never late."""
    ends = seen.line.first + timedelta(days=seen.plan.auth_late_days)
    if seen.line.emergency == "Y" or any(each.asked is None or each.asked <= ends for each in fitting):
        return None
    text = f"Authorisation {fitting[0].number} was asked for on {fitting[0].asked}, after the service."
    return Denial(rule="authorisation", group="CO", reason="210", text=text, provision=provision)


def is_penalised(seen: Look) -> bool:
    """Whether a line is paid less because nobody authorised it before."""
    benefit = seen.benefit
    asked = benefit.auth_required and benefit.penalty is not None and "AUTH" not in seen.case.cleared
    return asked and not fitting_authorisations(seen)


def fitting_authorisations(seen: Look) -> list[Authorisation]:
    """Authorisations on file for the line, in order of number; the one the claim names comes first."""
    line, billing = seen.line, seen.claim.billing.npi
    who = rendering_of(seen.claim, line)
    npis = {"", billing, who.npi if who else billing}
    fitting = [
        each
        for each in seen.case.authorisations
        if each.person_id == seen.member.person_id
        and each.npi in npis
        and (not each.codes or line.billed_code in each.codes)
        and each.first <= line.first
        and line.last <= each.last
    ]
    return sorted(fitting, key=lambda each: (each.number != _named(seen), each.number))


def _named(seen: Look) -> str:
    """The authorisation a line names: its own REF*G1, else the claim's."""
    return seen.line.prior_auth or seen.claim.prior_auth


def authorised_by(seen: Look) -> str:
    """The number of the authorisation whose units the line takes, "" when the benefit needs none."""
    if not seen.benefit.auth_required:
        return ""
    return next((each.number for each in fitting_authorisations(seen) if _units_left(each, seen)), "")


def _units_left(each: Authorisation, seen: Look) -> bool:
    code = seen.line.billed_code
    used = each.used.get(code, NONE) + seen.taken.get((each.number, code), NONE)
    return code not in each.units or used + seen.line.units <= each.units[code]


def charged(rows: Iterable[Authorisation], decisions: Iterable[Decision]) -> tuple[Authorisation, ...]:
    """Authorisations with the units used so far. decisions: every one of the person, reversals among them."""
    used: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for decision in decisions:
        sign = -1 if decision.outcome == "reversal" else 1
        for line in decision.lines:
            if line.authorisation:
                used[line.authorisation][line.billed_code] += sign * line.units
    return tuple(msgspec.structs.replace(each, used=dict(used.get(each.number, {}))) for each in rows)
