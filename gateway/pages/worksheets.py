"""The worksheets of a sample: what was drawn and how, then a sheet a claim with room for what the auditor finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.pages import frame
from gateway.plan.claims import breakdown
from gateway.plan.claims.explanation import Explained, grounds, moved
from gateway.plan.claims.sampling import Stratum


def pieces(
    words: Sequence[str], strata: Sequence[Stratum], sheets: Sequence[tuple[str, Explained]]
) -> Iterator[str]:  # fmt: skip
    """The page in pieces. sheets: each claim with the name of its stratum."""
    return frame.pieces(
        "worksheets.html", words=words, strata=strata, sheets=sheets, parts=breakdown.parts, names=breakdown.WORDS,
        moved=moved, grounds=grounds,
    )  # fmt: skip
