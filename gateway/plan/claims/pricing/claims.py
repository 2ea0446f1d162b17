"""The prices of a claim: line by line or as a whole, then the rules that look at several lines at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from gateway.plan.claims.look import Look
from gateway.plan.claims.pricing import lines, packages
from gateway.plan.claims.pricing.contract import Multiple
from gateway.plan.claims.pricing.draft import Draft, Outcome, agreement
from gateway.plan.claims.pricing.fees import Book
from gateway.plan.rounding import dollars, part
from mappings.records import Procedure


@dataclass(frozen=True, slots=True)
class Prices:
    """By line number, what pricing says. entwined: a line's price depends on which others are paid."""

    by_line: Mapping[int, Outcome]
    entwined: bool = False


def prices(lines_seen: Iterable[Look]) -> Prices:
    """The prices of lines of one claim: those that are to be paid as far as is known."""
    looks = list(lines_seen)
    if not looks:
        return Prices({})
    book = Book(looks[0].case.fees)
    whole = packages.together(looks, book)
    made = {seen.line.number: whole.get(seen.line.number) or lines.price(seen, book) for seen in looks}
    drafts = [each for each in made.values() if isinstance(each, Draft)]
    several = _several(drafts)
    capped = _lesser_of(drafts)
    by_line = {number: each.price() if isinstance(each, Draft) else each for number, each in made.items()}
    return Prices(by_line, entwined=len(whole) > 1 or several or capped)


def covered_instead(seen: Look) -> tuple[Procedure, Outcome] | None:
    """The service the benefit covers in place of the one billed, and what its price were on a line alone; None where
    it covers what was billed."""
    code = seen.benefit.alternates.get(seen.line.procedure.code)
    if code is None:
        return None
    procedure = msgspec.structs.replace(seen.line.procedure, code=code)
    other = replace(seen, line=msgspec.structs.replace(seen.line, procedure=procedure))
    made = lines.price(other, Book(seen.case.fees))
    if isinstance(made, Draft):
        _lesser_of([made])
        return procedure, made.price()
    return procedure, made


def _several(drafts: Sequence[Draft]) -> bool:
    """Several procedures of one day: the dearest is paid at the first percentage, the next at the second, and so on.

    Of equal ones the line billed first comes first. Whether there were any.
    """
    groups: dict[tuple[Multiple, date], list[Draft]] = defaultdict(list)
    for each in drafts:
        contract = agreement(each.seen) if each.listed else None
        for rule in contract.multiple if contract else ():
            if rule.concerns(each.seen.line.procedure.code):
                groups[rule, each.seen.line.first].append(each)
                break
    for (rule, _), group in groups.items():
        for place, each in enumerate(sorted(group, key=lambda one: (-one.cents, one.seen.line.number))):
            percent = rule.percents[min(place, len(rule.percents) - 1)]
            if percent != 100:
                each.becomes(part(each.cents, percent * 100), f"procedure {place + 1} of the day {percent}%")
    return any(len(group) > 1 for group in groups.values())


def _lesser_of(drafts: Sequence[Draft]) -> bool:
    """Never more than the charge of the line, or of the lines together; whether lines were compared together."""
    as_a_whole = [each for each in drafts if each.lesser_of == "claim"]
    charges = sum(each.seen.line.charge_cents for each in as_a_whole)
    above = sum(each.cents for each in as_a_whole) > charges
    for each in drafts:
        charge = each.seen.line.charge_cents
        if each.lesser_of == "line" and each.cents > charge:
            each.cents, each.source = charge, f"charge, below {each.source}"
        elif each.lesser_of == "claim" and above:
            each.cents, each.source = charge, f"charge, all {dollars(charges)} of them below {each.source}"
    return len(as_a_whole) > 1
