"""The price of one line: a repricer's, the provider's own fee row, a term of the network's contract, or what the plan
allows outside of its networks."""

from __future__ import annotations

from collections.abc import Callable

from gateway.plan.claims.look import Denial, Look
from gateway.plan.claims.pricing.contract import Contract, Term, concerns, place_of
from gateway.plan.claims.pricing.draft import Draft, Outcome, agreement, draft, repriced
from gateway.plan.claims.pricing.fees import Book, amount, named, times
from gateway.plan.claims.ranges import listed
from gateway.plan.records import FeeRow, Pend
from gateway.plan.rounding import WHOLE, dollars, part

QPA = "QPA"
"""Name of the schedule of qualifying payment amounts: the median contracted rates of 2019, indexed (45 CFR 149.140)."""

QPA_REMARKS = ("N859", "N862")
"""RARCs of a price under the No Surprises Act: the act was applied; the share was taken of the lesser of QPA and charge
(verify)."""


def price(seen: Look, book: Book) -> Draft | Outcome:
    """The price of a line before rules of several lines; Denial and Pend say why there is none."""
    if seen.line.charge_cents == 0:
        return draft(seen, 0, "no charge")
    contract = agreement(seen)
    if contract is not None:
        refused = _refused(seen, contract)
        if refused is not None:
            return refused
    told = repriced(seen)
    if told is not None:
        return told
    place = place_of(seen.claim)
    own = book.of_provider(seen.claim.billing.npi, seen.line, place)
    if own is not None:
        return _listed(seen, contract, own, WHOLE, "")
    if contract is not None:
        return _by_terms(seen, contract, book)
    if seen.network == "out":
        return _outside(seen, book)
    return missing(seen, "")


# ---- in network ------------------------------------------------------------------------------------------------------


def _refused(seen: Look, contract: Contract) -> Denial | None:
    """What the contract does not price at all: services sent elsewhere (OA-109), more units than agreed (CO-222)."""
    line = seen.line
    for out in contract.carve_outs:
        if out.sent_to and concerns(out.codes, out.revenues, line):
            text = f"To be billed to {out.sent_to}: {_code(seen)}."
            return Denial(rule="carve-out", group="OA", reason="109", text=text,
                          provision=contract.provision("carve_outs"))  # fmt: skip
    for limit in contract.unit_limits:
        if listed(limit.codes, line.procedure.code) and line.units > limit.most:
            text = f"{line.units} units, the contract allows {limit.most}."
            return Denial(rule="units", group="CO", reason="222", text=text, remarks=("N362",),
                          provision=contract.provision("unit_limits"))  # fmt: skip
    return None


def _by_terms(seen: Look, contract: Contract, book: Book) -> Draft | Outcome:
    for term in contract.terms:
        if term.fits(seen.claim, seen.line):
            return METHODS[term.method](seen, contract, term, book)
    return missing(seen, f", or a term for it in the contract of {contract.network}")


def _schedule(seen: Look, contract: Contract, term: Term, book: Book) -> Draft | Outcome:
    row = book.of_schedule(term.schedule, seen.line, place_of(seen.claim))
    if row is None:
        return missing(seen, f", or a row of schedule {term.schedule}")
    percent = WHOLE if term.percent is None else term.percent
    return _listed(seen, contract, row, percent, contract.provision(term.name))


def _percent_of_charge(seen: Look, contract: Contract, term: Term, book: Book) -> Draft | Outcome:
    percent = term.percent or 0
    cents = part(seen.line.charge_cents, percent)
    return draft(seen, cents, f"{percent / 100:g}% of the charge by {contract.provision(term.name)}")


def _per_diem(seen: Look, contract: Contract, term: Term, book: Book) -> Draft | Outcome:
    each, units = term.amount_cents or 0, seen.line.units
    source = f"{dollars(each)} a day for {units} days by {contract.provision(term.name)}"
    return draft(seen, times(each, units), source)


def _flat(seen: Look, contract: Contract, term: Term, book: Book) -> Draft | Outcome:
    return draft(seen, term.amount_cents or 0, f"flat by {contract.provision(term.name)}")


METHODS: dict[str, Callable[[Look, Contract, Term, Book], Draft | Outcome]] = {
    "schedule": _schedule,
    "percent_of_charge": _percent_of_charge,
    "per_diem": _per_diem,
    "flat": _flat,
}
"""How a term prices a line, by the name the document uses."""


def _listed(seen: Look, contract: Contract | None, row: FeeRow, percent: int, provision: str) -> Draft | Outcome:
    """An amount from a fee row, with the contract's percent and what its modifiers make of it."""
    if row.weight is not None:
        return missing(seen, f", in dollars: the row of {row.code} is a weight")
    made = draft(seen, amount(row, seen.line.units), named(row))
    made.listed, made.from_modifier = True, row.modifier
    if percent != WHOLE:
        made.becomes(part(made.cents, percent), f"of it {percent / 100:g}% by {provision}")
    if contract is not None:
        _modify(made, contract)
    return made


def _modify(made: Draft, contract: Contract) -> None:
    """Modifiers of the line that change a price; the one the row is for has done so, and 51 (several procedures) is
    left to the rule of several procedures where the contract has one for the code."""
    procedure = made.seen.line.procedure
    for modifier in procedure.modifiers:
        if modifier == made.from_modifier or (modifier == "51" and _one_of_several(contract, procedure.code)):
            continue
        for rule in contract.modifiers:
            if rule.modifier == modifier and (not rule.codes or listed(rule.codes, procedure.code)):
                made.becomes(part(made.cents, rule.percent), f"modifier {modifier} {rule.percent / 100:g}%")
                break


def _one_of_several(contract: Contract, code: str) -> bool:
    return any(rule.concerns(code) for rule in contract.multiple)


# ---- out of network --------------------------------------------------------------------------------------------------


def _outside(seen: Look, book: Book) -> Draft | Outcome:
    """What the plan allows outside its networks: the qualifying payment amount where the No Surprises Act holds the
    share, else percent of a reference schedule, else percent of the charge."""
    plan, place = seen.plan, place_of(seen.claim)
    if seen.tier != seen.network:
        row = book.of_schedule(QPA, seen.line, place)
        if row is not None and row.weight is None:
            source = f"qualifying payment amount (No Surprises Act), {named(row)}"
            made = draft(seen, amount(row, seen.line.units), source)
            made.lesser_of, made.remarks = "line", QPA_REMARKS
            return made
    percent = plan.out_of_network_allowed
    if percent is None:
        return missing(seen, "")
    provision = plan.provision("out_of_network_allowed")
    if not plan.out_of_network_schedule:
        return draft(seen, part(seen.line.charge_cents, percent), provision)
    row = book.of_schedule(plan.out_of_network_schedule, seen.line, place)
    if row is None or row.weight is not None:
        return missing(seen, f", or a row of schedule {plan.out_of_network_schedule}")
    cents = part(amount(row, seen.line.units), percent)
    return draft(seen, cents, f"{percent / 100:g}% of {named(row)} by {provision}")


def missing(seen: Look, other: str) -> Pend:
    """Nothing sets a price: what to load. other: a second way to have one."""
    npi, line = seen.claim.billing.npi, seen.line
    reason = f"No price for {_code(seen)} on {line.first}."
    needed = f"Load a fee row for NPI {npi}, {_code(seen)} in force on {line.first}{other}, then release the claim."
    return Pend(queue="PRC", reason=reason, needed=needed)


def _code(seen: Look) -> str:
    code = seen.line.procedure.code
    return f"code {code}" if code else f"revenue code {seen.line.revenue}"
