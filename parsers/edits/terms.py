"""What a set is edited by: weights, the business date, code sets, a partner's own rules."""

from __future__ import annotations

from datetime import date

import msgspec

from parsers.codes import Codes, CodeSets
from parsers.edits.rules import Rule
from parsers.snip import Snip


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is edited by.

    snip: weights by type. today: the business date. codes: in force, by default none. rules: type 7, the partner's own.
    """

    snip: Snip = Snip()
    today: date
    codes: Codes = CodeSets(())
    rules: tuple[Rule, ...] = ()
