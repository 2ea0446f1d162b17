"""What is left of a benefit: waiting periods, allowances in visits, days, times, units and dollars (domain 4.2 row 11).

Every settled line leaves entries that say what it used, of which limit and when. What is left is asked of their sums
and never kept, so a reversal gives back exactly what was taken, whatever was decided in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from gateway.plan.calendar import months_on
from gateway.plan.claims.accumulators import Use, person_sum
from gateway.plan.claims.benefits import TIERS, Allowance, CountKind, accrual_year, admitted_on
from gateway.plan.claims.eligibility import periods
from gateway.plan.claims.look import Denial, Look
from gateway.plan.records import Entry
from gateway.plan.rounding import dollars
from mappings.records import ServiceLine

THOUSAND = 1_000
"""Counts keep three decimals (domain 4.5)."""

WHOLE_LINE = Fraction(1)

REASONS = {"year": "119", "lifetime": "149"}
"""CARC of what an allowance no longer covers: the maximum of a period, the lifetime maximum of the benefit."""

QUADRANTS = (
    ("10", (*map(str, range(1, 9)), *"ABCDE")),
    ("20", (*map(str, range(9, 17)), *"FGHIJ")),
    ("30", (*map(str, range(17, 25)), *"KLMNO")),
    ("40", (*map(str, range(25, 33)), *"PQRST")),
)
"""Area of the mouth (SV304) and its teeth, permanent and primary (domain 3.2)."""

ARCHES = {"10": "01", "20": "01", "30": "02", "40": "02"}
"""Quadrant -> upper or lower arch."""

QUADRANT_OF = {tooth: quadrant for quadrant, teeth in QUADRANTS for tooth in teeth}

PERIODS = {"year": "in a benefit year", "lifetime": "in a lifetime"}

# ---- in words --------------------------------------------------------------------------------------------------------


def words(allowance: Allowance) -> str:
    """An allowance as a person reads it: `2 times per tooth in 12 months`."""
    most = f"{allowance.most}"
    what = f"${dollars(allowance.most)}" if allowance.kind == "dollars" else f"{most} {_counted(allowance)}"
    each = "" if allowance.each == "person" else f" per {allowance.each}"
    within = f"in {allowance.months} months" if allowance.months else PERIODS[allowance.per]
    return f"{what}{each} {within}"


def _counted(allowance: Allowance) -> str:
    return allowance.kind.removesuffix("s") if allowance.most == 1 else allowance.kind


def reason_of(allowance: Allowance) -> str:
    """The CARC of what it does not cover."""
    return "119" if allowance.months else REASONS[allowance.per]


# ---- edits -----------------------------------------------------------------------------------------------------------


def waiting(seen: Look) -> Denial | None:
    """Edit: the person has been covered, without a gap, as long as the benefit asks."""
    benefit, on = seen.benefit, seen.line.first
    if not (benefit.waiting_days or benefit.waiting_months):
        return None
    known = periods(seen.case.plans, seen.member)
    start = next((first for first, last in known if first <= on <= last), on)
    begins = months_on(start, benefit.waiting_months) + timedelta(days=benefit.waiting_days)
    if on >= begins:
        return None
    text = f"Covered since {start}; {benefit.name} begins on {begins}."
    return Denial(rule="waiting period", group="PR", reason="179", text=text, provision=_provision(seen))


def exhausted(seen: Look) -> Denial | None:
    """Edit: no allowance is used up. Of dollars, the plan pays what is left; the price then is the contract's still."""
    for allowance in seen.benefit.limits:
        if not covered(seen, allowance):
            text = f"The plan covers {words(allowance)}; nothing of it is left."
            return Denial(rule="limit", group="PR", reason=reason_of(allowance), text=text, provision=_provision(seen))
    return None


def _provision(seen: Look) -> str:
    return seen.plan.provision(f"benefit {seen.benefit.name}")


# ---- what is left ----------------------------------------------------------------------------------------------------


def covered(seen: Look, allowance: Allowance) -> Fraction:
    """The part of a line that an allowance still covers: all or nothing of visits and times."""
    return COVERED[allowance.kind](seen, allowance)


def tightest(seen: Look) -> tuple[Fraction, Allowance | None]:
    """The smallest part of a line that its allowances cover, and which says so; None where they cover all of it."""
    if not seen.benefit.limits:
        return WHOLE_LINE, None
    parts = [(covered(seen, each), at, each) for at, each in enumerate(seen.benefit.limits)]
    part, _, allowance = min(parts)
    return (part, allowance) if part < WHOLE_LINE else (WHOLE_LINE, None)


def left(seen: Look, allowance: Allowance, place: str = "") -> int:
    """What is left on the day of a line: thousandths, or cents of dollars. place: of times that are counted by it."""
    most = allowance.most if allowance.kind == "dollars" else allowance.most * THOUSAND
    uses = [each for each in _uses(seen, allowance) if allowance.each == "person" or each[1].place == place]
    if allowance.months:
        used = _busiest(uses, allowance, seen.line.first)
    elif allowance.per == "year":
        year = accrual_year(seen.plan, seen.claim, seen.line.first)
        used = _measured(allowance.kind, [(use, amount) for at, use, amount in uses if at == year])
    else:
        used = _measured(allowance.kind, [(use, amount) for _, use, amount in uses])
    return max(0, most - used)


def _uses(seen: Look, allowance: Allowance) -> list[tuple[int, Use, int]]:
    """Benefit year, use and amount of everything the person used of an allowance."""
    name, person_id = seen.benefit.pool(allowance), seen.member.person_id
    return [
        (year, slot, amount)
        for (who, year, slot, kind), amount in seen.totals.items()
        if kind == allowance.kind and who == person_id and isinstance(slot, Use) and slot.limit_name == name
    ]


def _measured(kind: CountKind, uses: Sequence[tuple[Use, int]]) -> int:
    """Visits and days are counted once however many lines tell of them; what was taken over counts as it stands."""
    if kind not in ("visits", "days"):
        return sum(amount for _, amount in uses)
    ours = {(use.on, use.place if kind == "visits" else "") for use, amount in uses if use.place and amount > 0}
    return THOUSAND * len(ours) + sum(amount for use, amount in uses if not use.place)


def _busiest(uses: Sequence[tuple[int, Use, int]], allowance: Allowance, on: date) -> int:
    """The most that was used in any such number of months that holds the day: claims do not come in order."""
    starts = {use.on for _, use, _ in uses if use.on <= on < months_on(use.on, allowance.months)} | {on}
    windows = [(start, months_on(start, allowance.months)) for start in sorted(starts)]
    return max(
        _measured(allowance.kind, [(use, amount) for _, use, amount in uses if first <= use.on < end])
        for first, end in windows
    )


def _visit(seen: Look, allowance: Allowance) -> Fraction:
    today = (seen.line.first, seen.claim.billing.npi)
    again = any((use.on, use.place) == today for _, use, amount in _uses(seen, allowance) if amount > 0)
    return Fraction(again or left(seen, allowance) >= THOUSAND)


def _times(seen: Look, allowance: Allowance) -> Fraction:
    return Fraction(all(left(seen, allowance, place) >= THOUSAND for place in places(seen.line, allowance)))


def _units(seen: Look, allowance: Allowance) -> Fraction:
    billed = Fraction(seen.line.units) * THOUSAND
    return min(WHOLE_LINE, left(seen, allowance) / billed) if billed > 0 else WHOLE_LINE


def _days(seen: Look, allowance: Allowance) -> Fraction:
    days, new = days_of(seen.line), _new_days(seen, allowance)
    over = max(0, len(new) - left(seen, allowance) // THOUSAND)
    return Fraction(len(days) - over, len(days))


def _dollars(seen: Look, allowance: Allowance) -> Fraction:
    return WHOLE_LINE  # asked of the payment, not of the line


COVERED: dict[CountKind, Callable[[Look, Allowance], Fraction]] = {
    "visits": _visit,
    "days": _days,
    "times": _times,
    "units": _units,
    "dollars": _dollars,
}
"""How much of a line an allowance covers, by what it counts."""


def days_of(line: ServiceLine) -> list[date]:
    """Every day of a line."""
    return [line.first + timedelta(days=at) for at in range((line.last - line.first).days + 1)]


def _new_days(seen: Look, allowance: Allowance) -> list[date]:
    known = {use.on for _, use, amount in _uses(seen, allowance) if use.place and amount > 0}
    return [day for day in days_of(seen.line) if day not in known]


def places(line: ServiceLine, allowance: Allowance) -> tuple[str, ...]:
    """Where a line is counted: its teeth, teeth with surface, quadrants or arches; "" where it tells none."""
    found: list[str] = [""]
    if allowance.each == "tooth":
        found = [tooth.number for tooth in line.teeth]
    elif allowance.each == "surface":
        found = [f"{tooth.number}{surface}" for tooth in line.teeth for surface in tooth.surfaces or ("",)]
    elif allowance.each != "person":
        quadrants = [*line.oral_cavity, *(QUADRANT_OF.get(tooth.number, "") for tooth in line.teeth)]
        found = quadrants if allowance.each == "quadrant" else [ARCHES.get(each, each) for each in quadrants]
    return tuple(dict.fromkeys(found)) or ("",)


# ---- money -----------------------------------------------------------------------------------------------------------


class Excess(NamedTuple):
    """Cents of a payment above a maximum of dollars, the maximum's CARC and section, and its words."""

    cents: int
    reason: str
    section: str
    text: str


def excess(seen: Look, year: int, paid: int) -> Excess | None:
    """What the tightest maximum of dollars takes off a payment, None when all of it is within."""
    rows = sorted(_maxima(seen, year), key=lambda row: row.cents)
    if not rows or paid <= rows[0].cents:
        return None
    return rows[0]._replace(cents=paid - rows[0].cents)


def _maxima(seen: Look, year: int) -> Iterator[Excess]:
    """What each maximum leaves."""
    plan, person_id = seen.plan, seen.member.person_id
    books = tuple(plan.book(tier) for tier in TIERS)
    if plan.annual_maximum_cents is not None:
        before = person_sum(seen.totals, person_id, year, "paid", books)
        yield Excess(max(0, plan.annual_maximum_cents - before), "119", "annual_maximum", "the annual maximum")
    if plan.lifetime_maximum_cents is not None:
        paid = [
            cents for (who, _, slot, kind), cents in seen.totals.items()
            if who == person_id and kind == "paid" and slot in books
        ]  # fmt: skip
        rest = max(0, plan.lifetime_maximum_cents - sum(paid))
        yield Excess(rest, "35", "lifetime_maximum", "the lifetime maximum")
    for each in seen.benefit.limits:
        if each.kind == "dollars":
            section = f"benefit {seen.benefit.name}"
            yield Excess(left(seen, each), reason_of(each), section, f"the limit of {words(each)}")


# ---- entries ---------------------------------------------------------------------------------------------------------


def uses(seen: Look, year: int, paid: int) -> Iterator[Entry]:
    """What a settled line uses of its benefit's allowances. paid: what the plan pays of it."""
    groups: dict[tuple[str, CountKind], list[Allowance]] = {}
    for allowance in seen.benefit.limits:
        groups.setdefault((seen.benefit.pool(allowance), allowance.kind), []).append(allowance)
    for (name, kind), group in groups.items():
        part = min(covered(seen, each) for each in group)
        for on, place, count in _counts(seen, kind, group[0], part):
            yield _use(seen, year, kind, name, on, place, count)
        if kind == "dollars" and paid:
            yield _use(seen, year, kind, name, seen.line.first, cents=paid)


def _counts(seen: Look, kind: CountKind, one: Allowance, part: Fraction) -> Iterator[tuple[date, str, int]]:
    """Day, place and thousandths of what a line uses."""
    line, npi = seen.line, seen.claim.billing.npi
    if kind == "visits":
        yield line.first, npi, THOUSAND
    elif kind == "times":
        yield from ((line.first, place, THOUSAND) for place in places(line, one))
    elif kind == "units":
        yield line.first, "", int(Fraction(line.units) * THOUSAND * part)
    elif kind == "days":
        days, new = days_of(line), _new_days(seen, one)
        beyond = new[len(new) - int(len(days) * (WHOLE_LINE - part)) :]
        yield from ((day, npi, THOUSAND) for day in days if day not in beyond)


def _use(
    seen: Look, year: int, kind: CountKind, name: str, on: date, place: str = "", thousandths: int = 0, cents: int = 0
) -> Entry:
    return Entry(
        person_id=seen.member.person_id, family_root=seen.member.family_root, year=year, tier=seen.tier, kind=kind,
        cents=cents, limit_name=name, used_on=on, place=place, thousandths=thousandths,
    )  # fmt: skip


# ---- copays ----------------------------------------------------------------------------------------------------------


def copay_day(seen: Look) -> date | None:
    """The day a copay is remembered by beyond its claim: of the service or admission; None when each claim owes one."""
    per = seen.benefit.copay_per
    if seen.benefit.copay_cents is None or per == "visit":
        return None
    return seen.line.first if per == "day" else admitted_on(seen.claim) or seen.line.first


def copay_was_taken(seen: Look) -> bool:
    """Whether an earlier line or claim took the copay of this day or admission."""
    on = copay_day(seen)
    if on is None:
        return False
    year = accrual_year(seen.plan, seen.claim, seen.line.first)
    slot = Use(seen.benefit.name, on)
    years = (year - 1, year, year + 1)  # a stay may end in another benefit year than its copay was taken in
    return any(seen.totals.get((seen.member.person_id, each, slot, "copay"), 0) for each in years)


def copay_entry(seen: Look, year: int, cents: int) -> Iterator[Entry]:
    """What remembers that a copay of a day or admission was taken."""
    on = copay_day(seen)
    if on is not None and cents:
        yield Entry(
            person_id=seen.member.person_id, family_root=seen.member.family_root, year=year, tier=seen.tier,
            kind="copay", cents=cents, limit_name=seen.benefit.name, used_on=on,
        )  # fmt: skip
