"""The front door of claims as findings: what `gateway.plan.claims.door` turns away and no edit has told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from gateway.plan.claims import door
from mappings.records import Claim
from parsers.events import Unit
from parsers.findings import Finding, Mend, Place
from parsers.snip import Snip

SNIP = {"400": 3, "562": 5, "255": 5, "454": 5, "453": 5, "249": 5}
"""Claim status -> SNIP type: balance, check digits, the shape of codes; all others are situations (4)."""

MEND = "Correct this in the claim and send it again; to send it as it is would bring it back in the 277CA."


def findings(claim: Claim, unit: Unit, told: Iterable[Finding], today: date, snip: Snip) -> Iterator[Finding]:
    """One finding for each reason to reject the claim that is not among those told already, as its type weighs."""
    known = {one.code for one in told}
    place = Place(position=unit.position, loop="2300", segment="CLM", claim=claim.pcn)
    for edit in door.EDITS:
        code = ":".join(part for part in (edit.category, edit.status, edit.entity) if part)
        kind = SNIP.get(edit.status, 4)
        weight = snip.weight(kind)
        if code not in known and weight != "off" and edit.fails(claim, today):
            known.add(code)
            yield Finding(
                level="business", code=code, severity=weight, snip=kind, rule=edit.name, place=place,
                message=f"The claim would be rejected: {edit.name}.", mend=Mend(text=MEND),
            )  # fmt: skip
