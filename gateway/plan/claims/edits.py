"""The edits of a line in the order a plan asks them: the first that objects decides, the others are notes.

Each edit is a function from a Look to a Verdict; EDITS is the order. A denial is a result, a Pend waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gateway.plan.claims import limits
from gateway.plan.claims.authorisations import authorisation
from gateway.plan.claims.benefits import Exclusion
from gateway.plan.claims.coderules import code_edits, necessity
from gateway.plan.claims.dental import tooth
from gateway.plan.claims.duplicates import duplicate
from gateway.plan.claims.eligibility import continuation, eligibility
from gateway.plan.claims.institutional import acquired, late_charge
from gateway.plan.claims.liability import accident, assignment, demand, encounter, other_payer
from gateway.plan.claims.look import Denial, Look, Verdict, rendering_of
from gateway.plan.claims.replacing import CORRECTIONS
from gateway.plan.records import Pend

W9 = "A W-9; load the provider row with the tax id it names, or release the claim if the one on file holds."

# ---- provider --------------------------------------------------------------------------------------------------------


def provider(seen: Look) -> Verdict:
    """Edit: billing and rendering providers are on file for the date, and the plan pays for their network."""
    billing, rows = seen.claim.billing, seen.case.providers
    if not any(row.npi == billing.npi for row in rows):
        return _not_on_file(seen)
    if seen.billing is None:
        return Denial(rule="provider", group="CO", reason="B7", text="The provider was not eligible on that date.")
    if billing.tin and seen.billing.tin and billing.tin != seen.billing.tin and "PRV" not in seen.case.cleared:
        return Pend(queue="PRV", reason="The billing tax id is not the one on file.", needed=W9)
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


def _not_on_file(seen: Look) -> Denial | Pend:
    npi = seen.claim.billing.npi
    if seen.plan.provider_not_found == "deny":
        text = f"The national provider number {npi} is not on file."
        provision = seen.plan.provision("provider_not_found")
        return Denial(rule="provider", group="CO", reason="208", text=text, provision=provision)
    needed = f"Load the provider row of NPI {npi or '(none billed)'} with its W-9, then release the claim."
    return Pend(queue="PRV", reason="The billing provider is not on file.", needed=needed)


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
    member_filed = seen.claim.benefits_assigned == "N"  # the member is paid, so the member has filed
    group = "PR" if seen.network == "out" or member_filed else "CO"
    return Denial(
        rule="timely filing", group=group, reason="29", text=text, provision=seen.plan.provision("timely_filing_days")
    )


class Excluded(NamedTuple):
    """What becomes of a line whose benefit is excluded for one reason."""

    group: str
    carc: str
    remarks: tuple[str, ...]
    text: str


EXCLUDED: dict[Exclusion, Excluded] = {
    "not_covered": Excluded("PR", "96", ("N130",), "The plan does not cover {name}."),
    "not_in_plan": Excluded("PR", "204", (), "{name} is not part of this plan."),
    "experimental": Excluded("PR", "55", (), "{name} is experimental."),
    "medical": Excluded("OA", "254", (), "{name} is for the patient's medical plan, not this one."),
    "under_medical": Excluded("OA", "168", (), "{name} was considered under the patient's medical plan."),
    "other_payer": Excluded("OA", "109", (), "{name} is another payer's; bill that one."),
}
"""By `excluded_as` of the benefit. Another payer's service is told with the other liabilities, before the provider."""


def exclusion(seen: Look) -> Verdict:
    """Edit: the plan document does not exclude the service."""
    return _excluded(seen) if seen.benefit.excluded else None


def _excluded(seen: Look) -> Denial:
    why, name = EXCLUDED[seen.benefit.excluded_as], seen.benefit.name
    text = why.text.format(name=name if why.text.startswith("The") else name[:1].upper() + name[1:])
    provision = seen.plan.provision(f"benefit {name}")
    return Denial(
        rule="exclusion", group=why.group, reason=why.carc, text=text, remarks=why.remarks, provision=provision
    )


def wrong_payer(seen: Look) -> Verdict:
    """Edit: the claim names this plan's payer, and the service is not one that another payer has taken over."""
    if seen.benefit.excluded and seen.benefit.excluded_as == "other_payer":
        return _excluded(seen)
    ours, named = seen.plan.payer_ids, seen.claim.payer_id
    if not ours or not named or named in ours:
        return None
    provision = seen.plan.provision("payer_ids")
    text = f"The claim names payer {named}, which is none of this plan's."
    return Denial(rule="payer", group="OA", reason="109", text=text, provision=provision)


def limit(seen: Look) -> Verdict:
    """Edit: the benefit has begun, not more units on a line than it allows, and something of it is left."""
    most = seen.benefit.max_units
    if most is None or seen.line.units <= most:
        return limits.waiting(seen) or limits.exhausted(seen)
    text = f"{seen.line.units} units, the benefit allows {most}."
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    return Denial(rule="limit", group="CO", reason="222", text=text, remarks=("N362",), provision=provision)


Edit = Callable[[Look], Verdict]


class Asked(NamedTuple):
    """One question. row: of domain 4.2, whose order this is; 0 stands before it."""

    row: int
    edit: Edit


EDITS: tuple[Asked, ...] = (
    Asked(0, encounter),
    Asked(4, eligibility),
    Asked(4, continuation),
    Asked(5, wrong_payer),
    Asked(5, demand),
    Asked(5, accident),
    Asked(5, other_payer),
    Asked(6, provider),
    Asked(7, duplicate),
    Asked(8, timely),
    Asked(9, late_charge),
    Asked(9, acquired),
    Asked(9, tooth),
    Asked(9, code_edits),
    Asked(10, exclusion),
    Asked(10, necessity),
    Asked(11, limit),
    Asked(12, authorisation),
    Asked(12, assignment),
)
"""The order of questions. Pricing, coordination and cost share follow for a line nobody objects to."""

NAMES = tuple(asked.edit.__name__ for asked in EDITS)
"""What a person names an edit by who sets it aside (`Case.rulings`)."""


def judge(seen: Look) -> list[Denial | Pend]:
    """Every objection to a line, in the order of asking: the first decides, the others are notes (domain 4.2).

    Edits that people set aside for its claim are not asked.
    """
    overrides = seen.case.rulings.overrides
    aside = {each.edit for each in overrides if not each.lines or seen.line.number in each.lines}
    found = []
    for _, edit in EDITS:
        verdict = edit(seen) if edit.__name__ not in aside else None
        if verdict is not None:
            found.append(verdict)
    return found
