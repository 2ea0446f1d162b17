"""The edits of a line in the order a plan asks them: the first that objects decides, later ones are not asked.

Each edit is a function from a Look to a Verdict; EDITS is the order. A denial is a result, a Pend waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from gateway.plan import coordination
from gateway.plan.benefits import pointed
from gateway.plan.eligibility import eligibility
from gateway.plan.look import Denial, Look, Verdict, rendering_of
from gateway.plan.records import AccidentAnswer, Authorisation, Pend, PriorClaim
from mappings.records import OtherInsurance, ServiceLine

NONE = Decimal(0)

# ---- other liability -------------------------------------------------------------------------------------------------


def demand(seen: Look) -> Verdict:
    """Edit: another plan that asks its money back (2010AC) is answered by a person, never priced."""
    if seen.claim.pay_to_plan is None or "SUB" in seen.case.cleared:
        return None
    return Pend(queue="SUB", reason="A plan claims a subrogation.", needed="A decision on the demand.")


def accident(seen: Look) -> Verdict:
    """Edit: an injury needs the member's answers; work pays its own, and so does a third party's carrier."""
    causes = set(seen.claim.accident)
    injury = any(each.startswith(seen.plan.accident_diagnoses) for each in pointed(seen.claim, seen.line))
    if not causes and not injury:
        return None
    answer = _answer_on(seen.case.accidents, seen.member.person_id, seen.line.first)
    if answer is not None and answer.work:
        return Denial(rule="other liability", group="PR", reason="19", text="The injury is work-related.")
    if answer is not None and answer.third_party:
        reason = "21" if "AA" in causes else "20"
        return Denial(rule="other liability", group="PR", reason=reason, text="Another party's carrier is liable.")
    if "ACC" in seen.case.cleared or (answer is not None and None not in (answer.work, answer.third_party)):
        return None
    return Pend(queue="ACC", reason="The services look like an accident.", needed="The member's accident answers.")


def _answer_on(answers: tuple[AccidentAnswer, ...], person_id: str, on: date) -> AccidentAnswer | None:
    for answer in answers:
        inside = (answer.first is None or answer.first <= on) and (answer.last is None or on <= answer.last)
        if answer.person_id == person_id and inside:
            return answer
    return None


def other_payer(seen: Look) -> Verdict:
    """Edit: where another plan pays first, its payment must be told."""
    if coordination.is_secondary(seen.claim):
        missing = not seen.prior
    else:
        missing = any(_pays_first(each, seen.line.first) for each in seen.member.other)
    if not missing or "COB" in seen.case.cleared:
        return None
    text = "Another plan pays first and its payment is not told."
    if seen.plan.cob_missing == "pend":
        return Pend(queue="COB", reason=text, needed="The primary payer's payment information.")
    provision = seen.plan.provision("cob_missing")
    return Denial(rule="other liability", group="OA", reason="22", text=text, remarks=("MA04",), provision=provision)


def _pays_first(other: OtherInsurance, on: date) -> bool:
    """COB01 P, and not COB03 6 (no coordination)."""
    dated = (other.first is None or other.first <= on) and (other.last is None or on <= other.last)
    return other.responsibility == "P" and other.coordination != "6" and dated


# ---- provider --------------------------------------------------------------------------------------------------------


def provider(seen: Look) -> Verdict:
    """Edit: billing and rendering providers are on file for the date, and the plan pays for their network."""
    billing, rows = seen.claim.billing, seen.case.providers
    if not any(row.npi == billing.npi for row in rows):
        return Pend(queue="PRV", reason="The billing provider is not on file.", needed="Load the provider and its W-9.")
    if seen.billing is None:
        return Denial(rule="provider", group="CO", reason="B7", text="The provider was not eligible on that date.")
    if billing.tin and seen.billing.tin and billing.tin != seen.billing.tin and "PRV" not in seen.case.cleared:
        return Pend(queue="PRV", reason="The billing tax id is not the one on file.", needed="A W-9.")
    who = rendering_of(seen.claim, seen.line)
    if who and seen.rendering is None and any(row.npi == who.npi for row in rows):
        text = "The rendering provider was not eligible on that date."
        return Denial(rule="provider", group="CO", reason="185", text=text)
    if seen.tier == "out" and seen.plan.out_of_network is None:
        text = "The plan has no benefit out of network."
        return Denial(
            rule="network", group="PR", reason="242", text=text, provision=seen.plan.provision("out_of_network")
        )
    return None


# ---- duplicates ------------------------------------------------------------------------------------------------------

CLEARING = {"76", "77", "91", "50", "RT", "LT", "59"}
"""Modifiers that say the same service was meant to be done again, or elsewhere."""


def duplicate(seen: Look) -> Verdict:
    """Edit: the same service of the same day is not paid twice; one that only looks like it waits for a person."""
    near = ""
    for prior in seen.case.history:
        if prior.icn in (seen.case.icn, seen.claim.original_icn):
            continue
        for other in prior.claim.lines:
            if seen.claim.frequency == "1" and _same(seen, prior, other):
                text = f"The service was billed before on claim {prior.icn}."
                return Denial(rule="duplicate", group="OA", reason="18", text=text)
            near = near or (prior.icn if _alike(seen.line, other) else "")
    if not near or "DUP" in seen.case.cleared:
        return None
    return Pend(queue="DUP", reason=f"The service resembles one of claim {near}.", needed="A decision: same or not.")


def _same(seen: Look, prior: PriorClaim, other: ServiceLine) -> bool:
    line = seen.line
    return (
        prior.claim.billing.npi == seen.claim.billing.npi
        and (other.first, other.last) == (line.first, line.last)
        and other.procedure.code == line.procedure.code
        and sorted(other.procedure.modifiers) == sorted(line.procedure.modifiers)
        and other.units == line.units
        and other.charge_cents == line.charge_cents
    )


def _alike(line: ServiceLine, other: ServiceLine) -> bool:
    days_meet = other.first <= line.last and line.first <= other.last
    same_code = other.procedure.code == line.procedure.code
    return days_meet and same_code and not CLEARING & set(line.procedure.modifiers)


# ---- time, exclusions, limits ----------------------------------------------------------------------------------------


def timely(seen: Look) -> Verdict:
    """Edit: filed in time. A correction (frequency 7) was filed in time with its original."""
    days = (seen.case.received - seen.line.last).days
    if days <= seen.plan.timely_filing_days or seen.claim.original_icn or "TIM" in seen.case.cleared:
        return None
    text = f"Received {days} days after the service, the limit is {seen.plan.timely_filing_days}."
    if seen.claim.delay_reason:
        return Pend(queue="TIM", reason=text, needed="A decision on the delay reason given.")
    group = "CO" if seen.network == "in" else "PR"
    return Denial(
        rule="timely filing", group=group, reason="29", text=text, provision=seen.plan.provision("timely_filing_days")
    )


def exclusion(seen: Look) -> Verdict:
    """Edit: the plan document does not exclude the service."""
    if not seen.benefit.excluded:
        return None
    text = f"The plan does not cover {seen.benefit.name}."
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    return Denial(rule="exclusion", group="PR", reason="96", text=text, remarks=("N130",), provision=provision)


def limit(seen: Look) -> Verdict:
    """Edit: not more units on a line than the benefit allows."""
    most = seen.benefit.max_units
    if most is None or seen.line.units <= most:
        return None
    text = f"{seen.line.units} units, the benefit allows {most}."
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    return Denial(rule="limit", group="CO", reason="222", text=text, remarks=("N362",), provision=provision)


# ---- authorisation ---------------------------------------------------------------------------------------------------


def authorisation(seen: Look) -> Verdict:
    """Edit: where the benefit asks for it, an authorisation fits person, provider, code, dates and units."""
    if not seen.benefit.auth_required or "AUTH" in seen.case.cleared:
        return None
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    fitting = fitting_authorisations(seen)
    if any(_units_left(each, seen) for each in fitting):
        return None
    if fitting:
        text = f"The units authorised under {fitting[0].number} are used up."
        return Denial(rule="authorisation", group="CO", reason="198", text=text, provision=provision)
    named = _named(seen)
    if any(each.number == named for each in seen.case.authorisations):
        text = f"Authorisation {named} does not fit this line."
        return Pend(queue="AUTH", reason=text, needed="A corrected authorisation or claim.")
    return Denial(rule="authorisation", group="CO", reason="197", text="Not authorised before.", provision=provision)


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
        and (not each.codes or line.procedure.code in each.codes)
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
    code = seen.line.procedure.code
    used = each.used.get(code, NONE) + seen.taken.get((each.number, code), NONE)
    return code not in each.units or used + seen.line.units <= each.units[code]


Edit = Callable[[Look], Verdict]

EDITS: tuple[Edit, ...] = (
    eligibility,
    demand,
    accident,
    other_payer,
    provider,
    duplicate,
    timely,
    exclusion,
    limit,
    authorisation,
)
"""The order of questions. Pricing, coordination and cost share follow for a line nobody objects to."""


def judge(seen: Look) -> Verdict:
    """The first objection to a line."""
    for edit in EDITS:
        verdict = edit(seen)
        if verdict is not None:
            return verdict
    return None
