"""What a carrier is told, as plain data for JSON, paper and page: the notice, the reimbursement claim, the aggregate.

Minimum necessary: a member number, birth date, sex and relationship; the name only if the policy says the carrier
wants it. Keys end in their unit: `_cents`, `_percent` (a number with two decimals as text).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from gateway.plan.enrolment.spans import until
from gateway.plan.records import Decision, Member
from gateway.plan.rounding import dollars
from gateway.plan.stoploss.aggregate import AggregateReport, Month
from gateway.plan.stoploss.notice import Notice
from gateway.plan.stoploss.policy import Policy
from gateway.plan.stoploss.recovery import Paid, RecoveryClaim
from mappings.records import Record

TITLES = {
    "TRIGDX": "Notice of a trigger diagnosis",
    "SPEC50": "Initial notice",
    "SPEC100": "Notice of potential reimbursement",
    "UPDATE": "Updated notice",
}
STATUS = {"A": "active", "C": "COBRA", "S": "surviving insured", "T": "TEFRA"}


class Figures(Record, frozen=True, kw_only=True):
    """What a person's claims came to so far in the policy. first, last: dates incurred. expected: what may come."""

    first: date | None = None
    last: date | None = None
    charge_cents: int = 0
    allowed_cents: int = 0
    pended_cents: int = 0
    diagnoses: tuple[str, ...] = ()
    prognosis: str = ""
    case_manager: str = ""
    expected_cents: int | None = None


class Counted(Record, frozen=True, kw_only=True):
    """A decision that counts towards a notice's total. last: last date of service; diagnoses: the claim's."""

    decision: Decision
    last: date
    diagnoses: tuple[str, ...]


def figures(counted: Sequence[Counted], pended_cents: int = 0) -> Figures:
    """The figures of one notice, all from the decisions behind its total; a reversal takes out what it reverses.

    allowed: what was priced; a line that was denied allows nothing. pended_cents: charges of claims that wait.
    """
    lines = [line for each in counted for line in each.decision.lines]
    live = {(each.decision.icn, each.decision.version) for each in counted if each.decision.reverses is None}
    live -= {each.decision.reverses for each in counted if each.decision.reverses is not None}
    alive = [each for each in counted if (each.decision.icn, each.decision.version) in live]
    return Figures(
        first=min((line.first for each in alive for line in each.decision.lines), default=None),
        last=max((each.last for each in alive), default=None),
        charge_cents=sum(each.decision.charge_cents for each in counted),
        allowed_cents=sum(line.allowed_cents or 0 for line in lines),
        pended_cents=pended_cents,
        diagnoses=tuple(dict.fromkeys(code for each in alive for code in each.diagnoses)),
    )


def document(
    notice: Notice,
    policy: Policy,
    member: Member,
    *,
    number: str,
    usage: str,
    employer: str,
    prepared_by: str,
    figures: Figures | None = None,
    version: int = 1,
) -> dict[str, object]:
    """A notice. number: ours, gapless per sponsor. employer: its name. usage: T or P; a test installation's says so."""
    seen = figures or Figures()
    return {
        **_head(policy, number, usage, employer, notice.on, TITLES[notice.kind]),
        "version": version,
        "reason": reason(notice, policy),
        "prepared_by": prepared_by,
        "policy": _terms(policy, notice.deductible_cents),
        "person": _person(member, policy),
        "claims": {
            "diagnoses": list(seen.diagnoses or notice.codes),
            "first_incurred": _day(seen.first),
            "last_incurred": _day(seen.last),
            "charge_cents": seen.charge_cents,
            "allowed_cents": seen.allowed_cents,
            "paid_to_date_cents": notice.total_cents,
            "pended_cents": seen.pended_cents,
            "expected_cents": seen.expected_cents,
            "of_specific_percent": hundredths(notice.percent),
            "potential_excess_cents": notice.excess_cents,
            "prognosis": seen.prognosis,
            "case_manager": seen.case_manager,
            "last_claim": notice.icn,
        },
    }


def reason(notice: Notice, policy: Policy) -> str:
    """Why the notice is sent, in one sentence."""
    if notice.kind == "TRIGDX":
        return f"diagnosis {', '.join(notice.codes)} is on the carrier's list ({notice.group})"
    amounts = f"{dollars(notice.total_cents)} against {dollars(notice.threshold_cents)}"
    if notice.kind == "UPDATE":
        return f"after a void or refund the total fell below what was told: {amounts}"
    if notice.kind == "SPEC100":
        return f"plan-paid claims reached the deductible: {amounts}"
    return f"plan-paid claims reached {hundredths(policy.notice)} % of the deductible: {amounts}"


def claim_document(
    claim: RecoveryClaim,
    policy: Policy,
    member: Member,
    paid: Iterable[Paid],
    *,
    number: str,
    usage: str,
    employer: str,
    filed_on: date,
) -> dict[str, object]:
    """A reimbursement claim (or what is owed back, below zero) with the list of what was paid, in order of payment."""
    listed = [p for p in paid if p.icn in claim.icns]
    title = "Stop-loss claim" if claim.amount_cents > 0 else "Amount due to the carrier"
    return {
        **_head(policy, number, usage, employer, filed_on, title),
        "policy": _terms(policy, claim.deductible_cents),
        "person": _person(member, policy),
        "amount": {
            "eligible_cents": claim.eligible_cents,
            "deductible_cents": claim.deductible_cents,
            "reimbursable_cents": claim.reimbursable_cents,
            "claimed_before_cents": claim.before_cents,
            "claimed_now_cents": claim.amount_cents,
        },
        "claims": [_payment(each) for each in sorted(listed, key=lambda p: (p.paid_on, p.icn, p.version))],
    }


def aggregate_document(
    report: AggregateReport,
    months: Sequence[Month],
    policy: Policy,
    *,
    number: str,
    usage: str,
    employer: str,
    issued: date,
) -> dict[str, object]:
    """The monthly aggregate report: lives by tier, attachment, what counts, and how near the group is to it."""
    return {
        **_head(policy, number, usage, employer, issued, "Aggregate report"),
        "year_to_date": {
            "attachment_cents": report.attachment_cents,
            "annual_minimum_cents": report.minimum_cents,
            "paid_cents": report.paid_cents,
            "over_specific_cents": report.over_specific_cents,
            "eligible_cents": report.eligible_cents,
            "of_attachment_percent": hundredths(report.percent),
            "accommodation_cents": report.accommodation_cents,
        },
        "months": [
            {"month": f"{month.first:%Y-%m}", **dict(sorted(month.lives.items())), "attachment_cents": cents}
            for month, cents in zip(months, report.attachments_cents, strict=True)
        ],
    }


def hundredths(rate: int) -> str:
    """A rate in hundredths of a percent as percent with two decimals: 6835 is 68.35."""
    sign = "-" if rate < 0 else ""
    return f"{sign}{abs(rate) // 100}.{abs(rate) % 100:02d}"


def _head(policy: Policy, number: str, usage: str, employer: str, issued: date, title: str) -> dict[str, object]:
    return {
        "title": title,
        "number": number,
        "usage": usage,
        "carrier": policy.carrier,
        "employer": employer,
        "issued": issued.isoformat(),
    }


def _terms(policy: Policy, deductible_cents: int) -> dict[str, object]:
    return {
        "number": policy.number,
        "mgu": policy.mgu,
        "first": policy.first.isoformat(),
        "last": policy.last.isoformat(),
        "basis": policy.basis,
        "specific_cents": policy.specific_cents,
        "deductible_cents": deductible_cents,
        "reimbursement_percent": hundredths(policy.percent),
        "plan_version": policy.plan_version,
    }


def _person(member: Member, policy: Policy) -> dict[str, object]:
    """Whom the notice is about; a dependent's terms are the subscriber's."""
    name = {"name": f"{member.person.first} {member.person.last}".strip()} if policy.names else {}
    ends = {s.last for s in member.spans}
    return {
        "member_id": member.subscriber_no,
        "member_no": member.member_no,
        **name,
        "birth": _day(member.person.birth),
        "sex": member.person.sex,
        "relationship": member.relationship,
        "status": STATUS.get(member.status, member.status),
        "employment": member.employment,
        "covered_since": _day(min((s.first for s in member.spans), default=None)),
        "covered_until": None if None in ends or not ends else _day(max(map(until, member.spans))),
        "late_enrollee": any(s.late_enrollee for s in member.spans),
        "other_coverage": [o.payer_name or o.payer_id for o in member.other],
    }


def _payment(paid: Paid) -> dict[str, object]:
    return {
        "icn": paid.icn,
        "version": paid.version,
        "incurred": paid.incurred.isoformat(),
        "paid_on": paid.paid_on.isoformat(),
        "paid_cents": paid.paid_cents,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
