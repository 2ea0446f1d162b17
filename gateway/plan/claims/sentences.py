"""Says how a line was settled: one Step for every amount, with provision, source and the accumulator around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.plan.claims import limits
from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.authorisations import authorised_by
from gateway.plan.claims.benefits import TierName
from gateway.plan.claims.coordination import Coordinated
from gateway.plan.claims.costshare import Shares
from gateway.plan.claims.look import Look
from gateway.plan.claims.pricing import Alternate, Price
from gateway.plan.records import Step
from gateway.plan.rounding import dollars

TIER_WORDS: dict[TierName, str] = {
    "in": "in network", "tier2": "tier 2", "tier3": "tier 3", "out": "out of network"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken off a payment: cents for want of an authorisation, and what is above a maximum of dollars."""

    penalty: int
    excess: limits.Excess | None

    @property
    def cents(self) -> int:
        """Both together."""
        return self.penalty + (0 if self.excess is None else self.excess.cents)


def sentences(
    seen: Look, price: Price, room: Room, split: Coordinated, cut: Cut, alternate: Alternate | None
) -> Iterator[Step]:
    """The steps of a settled line in the order they were taken."""
    yield from _terms(seen)
    yield _price(seen, price)
    if split.prior or seen.line.number in seen.prior:
        yield from _coordination(seen, split)
    yield from _uncovered(seen, split, alternate)
    yield from _shares(seen, room, split)
    yield from _cuts(seen, cut)
    paid = split.paid - cut.cents
    yield Step(rule="paid", text=f"The plan pays {dollars(paid)}.", cents=paid)


def _terms(seen: Look) -> Iterator[Step]:
    text = f"{seen.benefit.name.capitalize()}, {TIER_WORDS[seen.tier]}."
    yield Step(rule="benefit", text=text, provision=seen.plan.provision(f"benefit {seen.benefit.name}"))
    number = authorised_by(seen)
    if number:
        yield Step(rule="authorisation", text=f"Authorised under {number}.", source=f"authorisation {number}")


def _price(seen: Look, price: Price) -> Step:
    charge, allowed = seen.line.charge_cents, price.allowed_cents
    text = f"Allowed {dollars(allowed)} of {dollars(charge)} charged."
    return Step(rule="price", text=text, cents=allowed, source=price.source)


def _coordination(seen: Look, split: Coordinated) -> Iterator[Step]:
    prior = seen.prior[seen.line.number]
    text = f"Other payers paid {dollars(prior.paid)} and left {dollars(prior.left)} to the patient."
    yield Step(rule="cob", text=text, cents=split.prior, source="other payer's remittance")
    method = seen.plan.cob_method.replace("_", "-")
    text = f"By the {method} method the plan pays {dollars(split.paid)}."
    yield Step(rule="cob", text=text, cents=split.paid, provision=seen.plan.provision("cob_method"))
    if split.contract > 0:
        text = f"{dollars(split.contract)} of it is above this plan's price."
        yield Step(rule="cob", text=text, cents=split.contract)
    if split.uncovered:
        text = f"{dollars(split.uncovered)} of the patient's share elsewhere is not covered."
        yield Step(rule="cob", text=text, cents=split.uncovered, provision=seen.plan.provision("cob_method"))


def _uncovered(seen: Look, split: Coordinated, alternate: Alternate | None) -> Iterator[Step]:
    provision = seen.plan.provision(f"benefit {seen.benefit.name}")
    if alternate is not None:
        above = split.shares.above
        text = f"Covered as {alternate.procedure.code} at {dollars(alternate.allowed_cents)}; "
        text += f"{dollars(above)} above it is the patient's."
        yield Step(rule="alternate", text=text, cents=above, provision=provision, source=alternate.source)
    _, bound = limits.tightest(seen)
    if bound is not None:
        beyond = split.shares.beyond
        text = f"The plan covers {limits.words(bound)}; {dollars(beyond)} of the price is beyond what is left."
        yield Step(rule="limit", text=text, cents=beyond, provision=provision)


def _cuts(seen: Look, cut: Cut) -> Iterator[Step]:
    if cut.penalty:
        text = f"Not authorised before: the plan pays {dollars(cut.penalty)} less."
        provision = seen.plan.provision(f"benefit {seen.benefit.name}")
        yield Step(rule="penalty", text=text, cents=cut.penalty, provision=provision)
    if cut.excess is not None:
        over = cut.excess
        text = f"Above {over.text}: {dollars(over.cents)} is the patient's."
        yield Step(rule="maximum", text=text, cents=over.cents, provision=seen.plan.provision(over.section))


def _shares(seen: Look, room: Room, split: Coordinated) -> Iterator[Step]:
    shares, benefit = split.shares, seen.benefit
    section = f"benefit {benefit.name}"
    if benefit.preventive:
        yield Step(rule="preventive", text="Paid in full.", provision=seen.plan.provision(section))
    if shares.copay:
        text = f"Copay {dollars(shares.copay)}."
        yield Step(rule="copay", text=text, cents=shares.copay, provision=seen.plan.provision(section))
    if shares.deductible:
        yield _deductible(seen, room, shares.deductible)
    if shares.coinsurance:
        yield _coinsurance(seen, shares)
    if shares.counted or not room.oop_left:
        yield _maximum(seen, room, split)


def _deductible(seen: Look, room: Room, cents: int) -> Step:
    text = f"{dollars(cents)} to the deductible; {dollars(room.deductible_left)} was left for the person and family."
    return Step(
        rule="deductible",
        text=text,
        cents=cents,
        provision=seen.plan.provision(f"{TIER_WORDS[seen.tier]} deductible"),
        before_cents=room.deductible,
        after_cents=room.deductible + cents,
    )


def _coinsurance(seen: Look, shares: Shares) -> Step:
    tier = seen.plan.tier(seen.tier)
    rate = tier.coinsurance if seen.benefit.coinsurance is None else seen.benefit.coinsurance
    cents, capped = shares.coinsurance, shares.uncapped > shares.coinsurance
    text = f"Coinsurance {rate / 100:g}%: {dollars(shares.uncapped)}"
    text += f", of which {dollars(cents)} is still to be paid." if capped else "."
    return Step(
        rule="coinsurance",
        text=text,
        cents=cents,
        provision=seen.plan.provision(f"{TIER_WORDS[seen.tier]} coinsurance"),
    )


def _maximum(seen: Look, room: Room, split: Coordinated) -> Step:
    total = split.shares.counted
    text = f"{dollars(total)} counts to the out-of-pocket maximum; {dollars(room.oop_left)} was left."
    if total == room.oop_left:
        text = f"The out-of-pocket maximum is met: the patient owes {dollars(total)} and no more."
    return Step(
        rule="out-of-pocket",
        text=text,
        cents=total,
        provision=seen.plan.provision(f"{TIER_WORDS[seen.tier]} out_of_pocket"),
        before_cents=room.oop,
        after_cents=room.oop + total,
    )
