"""Takes a decision back: every sign turned and nothing computed, so that any decision can be undone exactly."""

from __future__ import annotations

import msgspec

from gateway.plan.records import Decision, LineDecision, Step
from mappings.records import Adjustment


def reverse(decision: Decision, version: int, remark: str = "", cause: str = "") -> Decision:
    """The exact negation of a decision: every amount, adjustment and entry with its sign turned.

    Args: version: of the reversal. remark: RARC saying why (N694 the provider changed it, N687 retroactive end...).
    cause: what it is taken back for.
    Raises ValueError if the decision was never reported: pends and rejections are replaced silently.
    """
    if decision.outcome not in ("paid", "denied"):
        raise ValueError(f"a decision that is {decision.outcome} has nothing to reverse")
    return msgspec.structs.replace(
        decision,
        version=version,
        outcome="reversal",
        status="22",
        charge_cents=-decision.charge_cents,
        paid_cents=-decision.paid_cents,
        patient_cents=-decision.patient_cents,
        lines=tuple(_negated(line) for line in decision.lines),
        entries=tuple(
            msgspec.structs.replace(entry, cents=-entry.cents, thousandths=-entry.thousandths)
            for entry in decision.entries
        ),
        reverses=(decision.icn, decision.version),
        remarks=(remark,) if remark else (),
        cause=cause,
        notes=(Step(rule="reversal", text=_said(decision, cause), cents=-decision.paid_cents),),
    )


def _said(decision: Decision, cause: str) -> str:
    return f"Takes back version {decision.version}" + (f" for {cause}." if cause else ".")


def _negated(line: LineDecision) -> LineDecision:
    return msgspec.structs.replace(
        line,
        charge_cents=-line.charge_cents,
        paid_cents=-line.paid_cents,
        allowed_cents=None if line.allowed_cents is None else -line.allowed_cents,
        adjustments=tuple(
            Adjustment(group=each.group, reason=each.reason, cents=-each.cents, quantity=each.quantity)
            for each in line.adjustments
        ),
        steps=(),
    )
