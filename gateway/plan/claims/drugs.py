"""Claims that a drug manager has decided and paid: what they come to here, and what they wait for.

Nothing of them is priced or shared anew; whose they are, what they count to and whether they add up is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from gateway.plan.claims import accumulators
from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.benefits import Plan, accrual_year, carries_over
from gateway.plan.claims.case import Case
from gateway.plan.claims.eligibility import alone, uncovered
from gateway.plan.claims.replacing import Filed
from gateway.plan.records import Entry, Kind, LineDecision, Member, Pend, Step
from gateway.plan.rounding import dollars
from mappings import drugs
from mappings.records import Claim, ServiceLine

TIER = "drugs"
"""Tier of amounts that count to no limit of other services: the plan keeps a sum of drugs apart."""

COUNTED = {("PR", "1"): "deductible", ("PR", "2"): "coinsurance", ("PR", "3"): "copay"}
"""Shares that count to the out-of-pocket maximum; the first to the deductible, too."""

NOT_COVERED = "N130"
"""RARC beside PR-96, which needs one: the plan document says what is covered."""

WHOSE = {
    "several": ("More than one person fits the patient.", "Choose the person."),
    "newborn": ("The patient is a newborn of a covered family.", "Load the child's enrolment, then release the claim."),
}
"""Why nobody was found (Case.match), and what is needed; else `STRANGER`."""

STRANGER = (
    "The drug manager paid for somebody who is not on file.",
    "Load the enrolment that names the member, then release the claim; or have the drug manager take it back.",
)


def waits(case: Case, plan: Plan | None) -> Pend | None:
    """What a paid drug claim waits for, None when it can be booked. plan: of its day, None when none is on file."""
    line = case.claim.lines[0]
    if case.number_taken:
        return REPEATED
    if case.member is None:
        reason, needed = WHOSE.get(case.match, STRANGER)
        return Pend(queue="MBR", reason=reason, needed=needed)
    if uncovered(case, case.member, line) is not None:
        return Pend(queue="MBR", reason="The drug manager paid for a day without coverage.",
                    needed="Load the enrolment that covers the day, then release the claim; or have the drug manager "
                           "take it back.")  # fmt: skip
    if plan is None:
        return Pend(queue="PRC", reason="No plan is on file for the day the prescription was filled.",
                    needed=f"Load the plan document in force on {line.first}, then release the claim.")  # fmt: skip
    return _unsound(line)


def _unsound(line: ServiceLine) -> Pend | None:
    """Whether what the manager tells of a claim is more than charged, or does not add up."""
    (told,) = line.payments
    shares = [each.cents for each in told.adjustments if each.reason != "94"]
    if min([told.paid_cents, *shares]) >= 0 and line.charge_cents == told.paid_cents + sum(
        each.cents for each in told.adjustments
    ):
        return None
    needed = "Ask the drug manager for a reversal and a claim of the right amounts; deny this one."
    return Pend(queue="PRC", reason="The amounts of the drug claim do not add up, or one is negative.", needed=needed)


REPEATED = Pend(
    queue="DUP", reason="The drug manager has used the number of another claim of its own.",
    needed="Ask the drug manager which of the two claims it paid; deny this one.",
)  # fmt: skip
"""A number that is on file for a claim that tells something else."""


def objection(claim: Claim, taken: Sequence[Filed]) -> Pend | None:
    """What a reversal waits for; None when it names a claim that is on file and tells exactly the same.

    taken: the claim it takes back (`replacing.taken`), none when none is on file, or when it was taken back already.
    """
    if not taken:
        return Pend(queue="RPL", reason="The drug manager takes back a claim that is not on file, or a second time.",
                    needed="Load the file that brings the claim, then release this one; or deny it.")  # fmt: skip
    if drugs.same(claim, taken[0].claim):
        return None
    return Pend(queue="RPL", reason="The drug manager takes back other amounts than it paid.",
                needed="Ask the drug manager for a reversal of the very claim; deny this one.")  # fmt: skip


# ---- what it comes to ------------------------------------------------------------------------------------------------


def line(case: Case, plan: Plan, member: Member) -> LineDecision:
    """The claim's one line as the manager decided it, with the limits around it."""
    sent = case.claim.lines[0]
    (told,) = sent.payments
    year = accrual_year(plan, case.claim, sent.first)
    room = accumulators.room(case.totals, plan, "in", member.person_id, year, alone(plan, member, sent.first))
    elsewhere = sum(each.cents for each in told.adjustments if (each.group, each.reason) == ("OA", "23"))
    return LineDecision(
        number=sent.number,
        procedure=sent.procedure,
        charge_cents=sent.charge_cents,
        paid_cents=told.paid_cents,
        allowed_cents=told.paid_cents + _patient(sent) + elsewhere,
        units=sent.units,
        adjustments=told.adjustments,
        remarks=(NOT_COVERED,) if any(each.reason == "96" for each in told.adjustments) else (),
        first=sent.first,
        last=sent.last,
        steps=tuple(_steps(case, plan, room)),
    )


def entries(case: Case, plan: Plan, member: Member) -> tuple[Entry, ...]:
    """What the claim counts to: sums the plan keeps for drugs and other services together, or apart."""
    claim, on = case.claim, case.claim.lines[0].first
    year, shares = accrual_year(plan, claim, on), _shares(claim.lines[0])
    rows: list[tuple[Kind, int, int]] = [
        ("deductible", year, shares.get("deductible", 0)), ("oop", year, sum(shares.values())),
        ("paid", year, claim.lines[0].payments[0].paid_cents),
    ]  # fmt: skip
    if carries_over(plan, claim, on):
        rows.append(("credit", year + 1, shares.get("deductible", 0)))
    return tuple(
        Entry(person_id=member.person_id, family_root=member.family_root, year=of, kind=kind, cents=cents,
              tier="in" if KEPT[kind] in plan.drugs_count_to else TIER)
        for kind, of, cents in rows
        if cents
    )  # fmt: skip


KEPT: dict[Kind, Literal["deductible", "out_of_pocket", "maximum"]] = {
    "deductible": "deductible", "credit": "deductible", "oop": "out_of_pocket", "paid": "maximum"
}  # fmt: skip
"""Kind of entry -> the plan's word for the sum (`Plan.drugs_count_to`)."""


def _shares(line: ServiceLine) -> dict[str, int]:
    """Cents of the member that count to a limit, by what they are."""
    told = ((COUNTED.get((each.group, each.reason)), each.cents) for each in line.payments[0].adjustments)
    return {word: cents for word, cents in told if word is not None}


def _patient(line: ServiceLine) -> int:
    return sum(each.cents for each in line.payments[0].adjustments if each.group == "PR")


def _steps(case: Case, plan: Plan, room: Room) -> Iterator[Step]:
    claim, sent = case.claim, case.claim.lines[0]
    (told,), shares = sent.payments, _shares(sent)
    source = f"claim {claim.pcn} of {claim.payer_id}"
    text = f"Decided and paid by {claim.billing.name or claim.payer_id}."
    yield Step(rule="drug manager", text=text, cents=told.paid_cents, source=source)
    for word, cents in shares.items():
        yield Step(rule=word, text=f"{word.capitalize()} {dollars(cents)}.", cents=cents, source=source)
    other = _patient(sent) - sum(shares.values())
    if other:
        yield Step(rule="other share", text=f"{dollars(other)} of the patient counts to no limit.", cents=other,
                   source=source)  # fmt: skip
    yield from _counted(plan, "deductible", shares.get("deductible", 0), room.deductible, room.deductible_left)
    yield from _counted(plan, "out_of_pocket", sum(shares.values()), room.oop, room.oop_left)
    yield Step(rule="paid", text=f"The plan pays {dollars(told.paid_cents)}.", cents=told.paid_cents, source=source)


def _counted(plan: Plan, word: str, cents: int, before: int, left: int) -> Iterator[Step]:
    """How an amount counts to a limit of the plan, and whether the manager took more than was left of it."""
    provision, limit = plan.provision("drugs_count_to"), word.replace("_", "-")
    if cents and word not in plan.drugs_count_to:
        yield Step(rule=word, text=f"{dollars(cents)} counts to no {limit} limit of other services.", cents=cents,
                   provision=provision)  # fmt: skip
    elif cents:
        text = f"{dollars(cents)} counts to the {limit} limit; {dollars(left)} was left for the person and family."
        yield Step(rule=word, text=text, cents=cents, provision=provision, before_cents=before,
                   after_cents=before + cents)  # fmt: skip
        if cents > left:
            text = f"The drug manager took {dollars(cents - left)} more than was left of the {limit} limit; tell it."
            yield Step(rule=OVER, text=text, cents=cents - left, provision=provision)


OVER = "over the limit"
"""Rule of a step that says the manager did not know what other claims had used."""
