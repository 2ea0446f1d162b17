"""Fee rows, found by owner and code: a provider's own prices, and the schedules contracts name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from gateway.plan.claims.pricing.contract import codes_of, nearness
from gateway.plan.records import FeeRow
from gateway.plan.rounding import dollars, half_up
from mappings.records import Address, ServiceLine


class Book:
    """The rows a claim may be priced by, by (NPI, schedule, code): a line asks for few, not for all."""

    def __init__(self, rows: Iterable[FeeRow]) -> None:
        self._rows: dict[tuple[str, str, str], list[FeeRow]] = {}
        for row in rows:
            self._rows.setdefault((row.npi, row.schedule, row.code), []).append(row)

    def of_provider(self, npi: str, line: ServiceLine, place: Address) -> FeeRow | None:
        """The provider's own price of a line on its first day."""
        return self._of_line(npi, "", line, place)

    def of_schedule(self, schedule: str, line: ServiceLine, place: Address) -> FeeRow | None:
        """A schedule's price of a line on its first day."""
        return self._of_line("", schedule, line, place)

    def of_code(self, schedule: str, code: str, on: date, place: Address) -> FeeRow | None:
        """A schedule's price of a code (a DRG) on a day."""
        return self._best(("", schedule, code), (), on, place)

    def _of_line(self, npi: str, schedule: str, line: ServiceLine, place: Address) -> FeeRow | None:
        for code in codes_of(line):
            found = self._best((npi, schedule, code), line.procedure.modifiers, line.first, place)
            if found is not None:
                return found
        return None

    def _best(
        self, key: tuple[str, str, str], modifiers: tuple[str, ...], on: date, place: Address
    ) -> FeeRow | None:  # fmt: skip
        """Of the rows in force: one for a modifier of the line, for the nearest locality, then the latest."""
        found, best = None, (False, -1, date.min)
        for row in self._rows.get(key, ()):
            if row.first > on or (row.last is not None and row.last < on):
                continue
            if row.modifier and row.modifier not in modifiers:
                continue
            near = nearness(row.locality, place) if row.locality else 0
            if row.locality and not near:
                continue
            rank = (bool(row.modifier), near, row.first)
            if found is None or rank > best:
                found, best = row, rank
        return found


def amount(row: FeeRow, units: Decimal) -> int:
    """Cents allowed by a row for so many units (thousandths count; half-up)."""
    if row.per == "line":
        return row.allowed_cents
    return times(row.allowed_cents, units)


def times(cents: int, units: Decimal) -> int:
    """An amount for each unit, half-up."""
    numerator, denominator = units.as_integer_ratio()
    return half_up(cents * numerator, denominator)


@lru_cache(maxsize=50_000)  # the rows in daily use; writing the sentence costs more than finding the row
def named(row: FeeRow) -> str:
    """A row in words."""
    code = f"{row.code}-{row.modifier}" if row.modifier else row.code
    whose = f"{row.schedule} " if row.schedule else ""
    where = f" in {row.locality}" if row.locality else ""
    return f"fee {whose}{code}{where} {dollars(row.allowed_cents)} per {row.per} from {row.first}"
