"""The result report of an 834: what became of the file and of each row that was not applied, and what the edits found.

It goes back to the sponsor only, so it names rows by the member numbers the sponsor sent - and nothing else of anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gateway.plan.enrolment.records import RowOutcome, Survey, Trouble
from mappings.records import EnrolmentHeader, MemberRow, Record
from parsers.findings import Finding, Severity, told

COUNTS = ("read", "added", "changed", "ended", "unchanged", "rejected", "held", "ended_by_absence", "ends_waiting")

ENDS_HELD = "applied, ends by absence held"


class Line(Record, frozen=True, kw_only=True):
    """A row that was rejected or waits: its number in the file, its member numbers, and why."""

    row: int
    subscriber_no: str
    member_no: str = ""
    kind: str
    code: str
    reason: str


class Told(Record, frozen=True, kw_only=True):
    """What an edit (SNIP 3-7) says of a row: it is applied all the same, or has a line of its own that says why not.

    row: 0 for the header and the file as a whole, which have no member numbers. position: of the segment, ST = 1;
    element, component: counted from 1, 0 = the whole. rule: the edit's name. mend: what to do about it.
    """

    row: int = 0
    subscriber_no: str = ""
    member_no: str = ""
    severity: Severity
    snip: int
    loop: str
    segment: str
    position: int
    element: int
    component: int
    code: str
    rule: str
    message: str
    mend: str = ""


class Findings(Record, frozen=True, kw_only=True):
    """What is told of a file, the header first. left_out: findings beyond `MOST_TOLD`."""

    told: tuple[Told, ...] = ()
    left_out: int = 0


NO_FINDINGS = Findings()

MOST_TOLD = 1_000
"""Findings one report tells: who mends these sends the file again."""


def findings(found: Iterable[tuple[MemberRow | None, Iterable[Finding]]]) -> Findings:
    """What the edits say of a file. found: rows, None for the header and the file, with their findings."""
    kept: list[Told] = []
    left_out = 0
    for row, those in found:
        for one in those:
            if len(kept) < MOST_TOLD:
                kept.append(_told(row, one))
            else:
                left_out += 1
    return Findings(told=tuple(kept), left_out=left_out)


def _told(row: MemberRow | None, one: Finding) -> Told:
    if row is None:
        return Told(**told(one))
    return Told(row=row.ordinal, subscriber_no=row.subscriber_no, member_no=row.member_no, **told(one))


def lines(row: MemberRow, outcome: RowOutcome) -> list[Line]:
    """The report lines of one row: none when it was applied, one per reason when not."""
    return [
        Line(
            row=row.ordinal,
            subscriber_no=row.subscriber_no,
            member_no=row.member_no,
            kind=outcome.kind,
            code=trouble.code,
            reason=trouble.text,
        )
        for trouble in outcome.exceptions
    ]


def document(
    header: EnrolmentHeader, survey: Survey, rows: Iterable[Line], counts: Mapping[str, int],
    found: Findings = NO_FINDINGS, *, usage: str = "T",
) -> dict[str, object]:  # fmt: skip
    """The report as plain data.

    counts: rows by outcome kind, `read`, and the ends by absence that were made (`ended_by_absence`) or wait
    (`ends_waiting`); found: what the edits say of what was sent; usage: T or P.
    """
    result = _result(survey, counts)
    return {
        "usage": usage,
        "reference": header.reference,
        "file_date": header.created.isoformat(),
        "effective": header.effective.isoformat() if header.effective else None,
        "action": header.action,
        "result": result,
        "reasons": [_reason(each) for each in (*survey.refused, *survey.held)],
        "counts": {name: counts.get(name, 0) for name in COUNTS},
        "totals": {"employees": survey.employees, "dependents": survey.dependents, "total": survey.total},
        "absence": {
            "absent": len(survey.leavers),
            "active_before": survey.active,
            "held": result == ENDS_HELD,
            "missed_once": len(survey.missed),
            "arithmetic": survey.arithmetic,
            "tier_mix": survey.tier_mix,
        },
        "rows": [
            {
                "row": each.row,
                "subscriber_no": each.subscriber_no,
                "member_no": each.member_no,
                "kind": each.kind,
                "code": each.code,
                "reason": each.reason,
            }
            for each in rows
        ],
        "findings": [msgspec.structs.asdict(each) for each in found.told],
        "findings_left_out": found.left_out,
    }


def text(document: Mapping[str, object]) -> str:
    """The report to be read by a person, from `document`."""
    parts = (_head(document), _numbers(document), _absence(document), _rows(document), _findings(document))
    return "\n".join(line for part in parts for line in part) + "\n"


def _result(survey: Survey, counts: Mapping[str, int]) -> str:
    if survey.refused:
        return "refused"
    if survey.held:
        return "held"
    if not survey.applies:
        return "compared only"
    return ENDS_HELD if survey.ends_held or counts.get("ends_waiting") else "applied"


def _reason(trouble: Trouble) -> dict[str, str]:
    return {"code": trouble.code, "reason": trouble.text}


def _head(document: Mapping[str, object]) -> list[str]:
    test = ["TEST"] if document["usage"] != "P" else []
    title = f"Enrolment file {document['reference']} of {document['file_date']}: {document['result']}"
    reasons = [f"  {each['code']}: {each['reason']}" for each in _tables(document["reasons"])]
    return [*test, title, *reasons, ""]


def _numbers(document: Mapping[str, object]) -> list[str]:
    counts = document["counts"]
    assert isinstance(counts, Mapping)
    return [f"{name.replace('_', ' '):<18}{number:>9,}" for name, number in counts.items()]


def _absence(document: Mapping[str, object]) -> list[str]:
    absence = document["absence"]
    assert isinstance(absence, Mapping)
    told = [f"Absence: {absence['arithmetic']}."] if absence["arithmetic"] else []
    mix = [f"Tier mix: {absence['tier_mix']}."] if absence["tier_mix"] else []
    held = ["The ends by absence wait for a person."] if absence["held"] else []
    return ["", *told, *mix, *held]


def _rows(document: Mapping[str, object]) -> list[str]:
    rows = _tables(document["rows"])
    told = [
        f"{r['row']:>7}  {r['subscriber_no']} {r['member_no']}  {r['kind']} {r['code']}: {r['reason']}" for r in rows
    ]
    return ["", "Rows not applied:", *told] if told else []


def _findings(document: Mapping[str, object]) -> list[str]:
    told = [line for each in _tables(document["findings"]) for line in _finding(each)]
    left_out = document["findings_left_out"]
    more = [f"         and {left_out:,} more"] if left_out else []
    return ["", "Wrong in what was sent, which alone rejects no row:", *told, *more] if told else []


def _finding(f: Mapping[str, object]) -> list[str]:
    who = f"{f['row']:>7}  {f['subscriber_no']} {f['member_no']}" if f["row"] else f"{'file':>7}"
    element = f"{f['element']:02}" if f["element"] else ""
    component = f"-{f['component']}" if f["component"] else ""
    place = f"segment {f['position']}, loop {f['loop']}, {f['segment']}{element}{component}"
    mend = [f"{'':9}{f['mend']}"] if f["mend"] else []
    return [f"{who}  {f['severity']} {f['code']}: {f['message']} ({place}; SNIP {f['snip']}, {f['rule']})", *mend]


def _tables(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value
