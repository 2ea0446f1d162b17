"""Stop-loss: what a carrier insures the employer against, when it must hear of it, and what it pays back."""

from gateway.plan.stoploss_aggregate import AggregateReport, Month, attachment_cents, lives, report, settlement_cents
from gateway.plan.stoploss_notice import Fact, Key, Notice, eligible_cents, notices, subject
from gateway.plan.stoploss_policy import (
    AggregateTerms,
    Factor,
    Laser,
    Policy,
    Trigger,
    counts,
    parse,
    windows,
)
from gateway.plan.stoploss_recovery import Paid, RecoveryClaim, excess_cents, proof_due, recoveries, recovery

__all__ = [
    "AggregateReport",
    "AggregateTerms",
    "Fact",
    "Factor",
    "Key",
    "Laser",
    "Month",
    "Notice",
    "Paid",
    "Policy",
    "RecoveryClaim",
    "Trigger",
    "attachment_cents",
    "counts",
    "eligible_cents",
    "excess_cents",
    "lives",
    "notices",
    "parse",
    "proof_due",
    "recoveries",
    "recovery",
    "report",
    "settlement_cents",
    "subject",
    "windows",
]
