"""Says how a line was settled: one Step for every amount, with provision, source and the accumulator around it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.plan.claims.accumulators import Room
from gateway.plan.claims.authorisations import authorised_by
from gateway.plan.claims.benefits import TierName
from gateway.plan.claims.coordination import Coordinated
from gateway.plan.claims.costshare import Shares
from gateway.plan.claims.look import Look
from gateway.plan.claims.pricing import Price
from gateway.plan.records import Step
from gateway.plan.rounding import dollars

TIER_WORDS: dict[TierName, str] = {"in": "in network", "out": "out of network"}


def sentences(seen: Look, price: Price, room: Room, split: Coordinated, over: int) -> Iterator[Step]:
    """The steps of a settled line in the order they were taken."""
    yield from _terms(seen)
    yield _price(seen, price)
    if split.prior or seen.line.number in seen.prior:
        yield from _coordination(seen, split)
    yield from _shares(seen, room, split)
    if over:
        text = f"Above the annual maximum: {dollars(over)} is the patient's."
        yield Step(rule="maximum", text=text, cents=over, provision=seen.plan.provision("annual_maximum"))
    paid = split.paid - over
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
    if shares.total or not room.oop_left:
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
    total = split.shares.total
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
