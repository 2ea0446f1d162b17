"""What a set is edited by: weights, the business date, code sets, a partner's own rules."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import msgspec

from parsers.edits.rules import Rule
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
    """What a set is edited by.

    snip: weights by type. today: the business date. codes: the code sets. rules: type 7, the partner's own.
    """

    snip: Snip = Snip()
    today: date
    codes: Codes = NoCodes()
    rules: tuple[Rule, ...] = ()
