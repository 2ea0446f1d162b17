"""Stop-loss: what a carrier insures the employer against, when it must hear of it, and what it pays back."""

from gateway.plan.stoploss.aggregate import AggregateReport, Month, attachment_cents, lives, report, settlement_cents
from gateway.plan.stoploss.notice import Fact, Key, Notice, eligible_cents, netted, notices, subject
from gateway.plan.stoploss.policy import (
    AggregateTerms,
    Factor,
    Laser,
    Policy,
    Trigger,
    assign,
    counts,
    parse,
    windows,
)
from gateway.plan.stoploss.recovery import (
    Filed,
    Paid,
    RecoveryClaim,
    TakenBack,
    excess_cents,
    recoveries,
    recovery,
    take_back,
)

__all__ = [
    "AggregateReport",
    "AggregateTerms",
    "Fact",
    "Factor",
    "Filed",
    "Key",
    "Laser",
    "Month",
    "Notice",
    "Paid",
    "Policy",
    "RecoveryClaim",
    "TakenBack",
    "Trigger",
    "assign",
    "attachment_cents",
    "counts",
    "eligible_cents",
    "excess_cents",
    "lives",
    "netted",
    "notices",
    "parse",
    "recoveries",
    "recovery",
    "report",
    "settlement_cents",
    "subject",
    "take_back",
    "windows",
]
