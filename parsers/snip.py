"""Which of the seven SNIP types are checked, and how much each weighs (domain.md 1.5)."""

from __future__ import annotations

from typing import Literal

import msgspec

Weight = Literal["error", "warning", "off"]
"""error: the finding rejects (the set for types 1-2, the claim for 3-7). warning: it is told. off: nobody looks."""

HEAVIEST: tuple[Weight, ...] = ("error", "warning", "off")

_REQUIREMENT = {"segment": frozenset(("3", "4", "5")), "element": frozenset(("1", "7", "12", "I10", "I12"))}
"""What only a guide asks for: presence, repeats, code lists, what it does not use (IK304, IK403). All else is X12's."""


def snip_type(level: str, code: str) -> int:
    """The SNIP type of a finding of a set: 2 requirement where a guide is stricter than X12, else 1 integrity.

    IK304 8 says only that elements are wrong: it is of the type of the element that weighs most.
    """
    return 2 if code in _REQUIREMENT.get(level, ()) else 1


class Snip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A weight for each SNIP type; one partner has one of these for what it sends and one for what we send it.

    1 integrity, 2 requirement, 3 balancing, 4 situational, 5 external code sets, 6 product or line of service,
    7 this partner's own rules.
    """

    snip1: Weight = "error"
    snip2: Weight = "error"
    snip3: Weight = "error"
    snip4: Weight = "error"
    snip5: Weight = "error"
    snip6: Weight = "error"
    snip7: Weight = "error"

    def weight(self, snip: int) -> Weight:
        """The weight of a type; envelope matters (0) always reject."""
        if not snip:
            return "error"
        weights: tuple[Weight, ...] = (
            self.snip1, self.snip2, self.snip3, self.snip4, self.snip5, self.snip6, self.snip7,
        )  # fmt: skip
        return weights[snip - 1]
