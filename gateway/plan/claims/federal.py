"""Limits the federal government sets for plans, by the calendar year a plan year begins in. Add a row, never edit one.

Sources: domain 4.4 for 2026; earlier years from the IRS's and HHS's yearly notices (verify). A year that is not here is
not checked: a plan for it is not refused because nobody has looked yet.
"""

from __future__ import annotations

from typing import NamedTuple


class Amounts(NamedTuple):
    """A pair of limits in cents: self-only and family coverage."""

    single_cents: int
    family_cents: int


class Year(NamedTuple):
    """HSA-qualified plans: the least deductible and most out-of-pocket; ACA: the most out-of-pocket of other plans."""

    hsa_deductible: Amounts
    hsa_maximum: Amounts
    aca_maximum: Amounts


YEARS: dict[int, Year] = {
    2025: Year(Amounts(1_650_00, 3_300_00), Amounts(8_300_00, 16_600_00), Amounts(9_200_00, 18_400_00)),
    2026: Year(Amounts(1_700_00, 3_400_00), Amounts(8_500_00, 17_000_00), Amounts(10_600_00, 21_200_00)),
}
"""By year; the HSA rows of both and 2025's ACA row are from general knowledge (verify)."""
