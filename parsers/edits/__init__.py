"""SNIP types 3 to 7: what a legal file may still have wrong - sums, situations, codes, products, a partner's own rules.

An `Editor` reads the units of one set beside its mapping and names what it finds as findings of level `business`.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

import msgspec

from parsers.events import Unit
from parsers.findings import Finding
from parsers.snip import Snip


class Codes(Protocol):
    """Code sets in force by date: what is shipped and what was loaded."""

    def holds(self, name: str, code: str, on: date) -> bool | None:
        """Whether the set `name` (`icd-10-cm`, `pos`, `carc`) holds the code on a day; None when it is not there."""


class NoCodes:
    """No code set is there: every check against one is off."""

    def holds(self, name: str, code: str, on: date) -> bool | None:
        """Nothing is known."""
        return None


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is edited by. snip: weights by type. today: the business date. codes: the code sets."""

    snip: Snip = Snip()
    today: date
    codes: Codes = NoCodes()


class Editor:
    """Edits one set of a guide: `take` every unit that was read clean, then `close`."""

    def __init__(self, gs08: str, terms: Terms) -> None:
        self._gs08, self._terms = gs08, terms

    def take(self, unit: Unit) -> tuple[Finding, ...]:
        """What is wrong in this unit (a claim with all that stands above it, a member, a payment)."""
        return ()

    def close(self) -> tuple[Finding, ...]:
        """What is wrong with the set as a whole (totals)."""
        return ()
