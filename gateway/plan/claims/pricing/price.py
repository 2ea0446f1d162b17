"""A price: the allowed amount of one line, and what set it."""

from __future__ import annotations

from mappings.records import Procedure, Record


class Price(Record, frozen=True, kw_only=True):
    """An allowed amount and its source in words. group: who bears the excess of the charge (CO by contract, PR without
    one). remarks: RARCs the price brings along (a price under the No Surprises Act has some)."""

    allowed_cents: int
    source: str
    group: str = "CO"
    remarks: tuple[str, ...] = ()


class Alternate(Record, frozen=True, kw_only=True):
    """The cheaper service that alone is covered in place of the one billed, its price and where that came from."""

    procedure: Procedure
    allowed_cents: int
    source: str
