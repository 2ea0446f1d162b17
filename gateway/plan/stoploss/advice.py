"""What specific deductible to think of, as advice only: the amount a policy states is always used as it is."""

from __future__ import annotations

from gateway.plan.rounding import half_up
from mappings.records import Record

SMALL_GROUP_LIVES = 50
SMALL_CENTS, LARGE_CENTS = 100_000, 1_000_000
"""The market's old rule of thumb: 1,000.00 for a small group, 10,000.00 for a larger one."""
MODEL_ACT_CENTS = 2_000_000
"""Minimum specific deductible of the NAIC stop-loss model act (#92); many states ask for more."""


class Advice(Record, frozen=True, kw_only=True):
    """An amount to discuss, and what to know about it."""

    specific_cents: int
    warnings: tuple[str, ...] = ()


def advise_specific(lives: int, *, scale_percent: int = 100) -> Advice:
    """The rule of thumb for a group of that many lives; scale_percent moves the larger groups' amount."""
    cents = SMALL_CENTS if lives < SMALL_GROUP_LIVES else half_up(LARGE_CENTS * scale_percent, 100)
    return Advice(specific_cents=cents, warnings=warnings(cents))


def warnings(specific_cents: int) -> tuple[str, ...]:
    """What a specific deductible of that size should make people think about."""
    if specific_cents >= MODEL_ACT_CENTS:
        return ()
    return ("below the regulatory minimum in many states: ask the carrier before relying on it",)
