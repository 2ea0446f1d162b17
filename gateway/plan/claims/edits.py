"""The edits of a line in the order a plan asks them: the first that objects decides, later ones are not asked.

Each edit is a function from a Look to a Verdict; EDITS is the order. A denial is a result, a Pend waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.plan.claims.authorisations import authorisation
from gateway.plan.claims.duplicates import duplicate
from gateway.plan.claims.eligibility import eligibility
from gateway.plan.claims.liability import accident, assignment, demand, encounter, other_payer
from gateway.plan.claims.look import Denial, Look, Verdict, rendering_of
from gateway.plan.claims.replacing import CORRECTIONS
from gateway.plan.records import Pend

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


# ---- time, exclusions, limits ----------------------------------------------------------------------------------------


def timely(seen: Look) -> Verdict:
    """Edit: filed in time. A correction (frequency 7) was filed in time with its original."""
    days = (seen.case.received - seen.line.last).days
    corrects = seen.claim.frequency in CORRECTIONS  # REF*F8 alone says nothing: an original may bear it, too
    if days <= seen.plan.timely_filing_days or corrects or "TIM" in seen.case.cleared:
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


Edit = Callable[[Look], Verdict]

EDITS: tuple[Edit, ...] = (
    encounter,
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
    assignment,
)
"""The order of questions. Pricing, coordination and cost share follow for a line nobody objects to."""

NAMES = tuple(edit.__name__ for edit in EDITS)
"""What a person names an edit by who sets it aside (`Case.rulings`)."""


def judge(seen: Look) -> Verdict:
    """The first objection to a line; edits that people set aside for its claim are not asked."""
    aside = {each.edit for each in seen.case.rulings.overrides}
    for edit in EDITS:
        verdict = edit(seen) if edit.__name__ not in aside else None
        if verdict is not None:
            return verdict
    return None
