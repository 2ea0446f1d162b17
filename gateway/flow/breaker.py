"""When a server that failed is called again: later each time, by chance, and seldom once it failed too often. Pure."""

from __future__ import annotations

from gateway.clock import MINUTE_US, SECOND_US
from mappings.records import Record

SHORTEST_US = 5 * SECOND_US
LONGEST_US = 30 * MINUTE_US
"""The wait's bounds. At most 10 s after the first failure, twice that after the next, 30 min from the ninth on."""

OPENS_AT = 5
"""Failures in a row after which a person is told: 20 s to 150 s of waits after the first, what a restart takes."""


class Breaker(Record, frozen=True, kw_only=True):
    """failures: in a row. next_us: no call before. reason: of the last failure, "" while all is well.

    Open (a person is told) after OPENS_AT failures, or one that trying again does not mend. An open one still tries,
    one call each time its wait is over: the first that succeeds closes it.
    """

    failures: int = 0
    next_us: int = 0
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether a person has been told."""
        return self.failures >= OPENS_AT


def failed(before: Breaker, now_us: int, reason: str, chance: float, *, stops: bool) -> Breaker:
    """After one more failure. chance: from 0 to 1, so that many do not call again at one instant (full jitter).

    stops: a person must look; it opens at once and waits longest.
    """
    failures = max(before.failures + 1, OPENS_AT) if stops else before.failures + 1
    longest_us = LONGEST_US if stops else min(LONGEST_US, SHORTEST_US << min(failures, 9))
    wait_us = SHORTEST_US + int(chance * (longest_us - SHORTEST_US))
    return Breaker(failures=failures, next_us=now_us + wait_us, reason=reason)
