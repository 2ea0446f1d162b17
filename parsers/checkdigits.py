"""Numbers that carry their own proof: the NPI's check digit, the EIN's campus prefix."""

from __future__ import annotations

from functools import lru_cache

from stdnum import luhn
from stdnum.us import ein

NPI_PREFIX = "80840"
"""The ISO card prefix the NPI check digit is computed over."""


@lru_cache(maxsize=20_000)  # more NPIs than one administrator's claims name
def valid_npi(npi: str) -> bool:
    """Ten digits beginning with 1 or 2 whose last is the Luhn check digit over 80840 and the rest."""
    return len(npi) == 10 and npi.isascii() and npi.isdigit() and npi[0] in "12" and luhn.is_valid(NPI_PREFIX + npi)


def tax_number(text: str) -> bool:
    """Nine digits without separators, as EIN and SSN are sent (REF*EI, REF*SY)."""
    return len(text) == 9 and text.isascii() and text.isdigit()


@lru_cache(maxsize=20_000)
def issued_ein(number: str) -> bool:
    """Whether the first two digits of an EIN are a prefix the IRS gives out, as far as python-stdnum knows."""
    return bool(ein.is_valid(number))
