"""Rows and people of enrolment tests, short to write; and the golden 834 as records."""

from __future__ import annotations

from datetime import date

from gateway.plan.records import Member, Span
from mappings.records import (
    CoverageRow,
    EnrolmentHeader,
    MemberRow,
    Organisation,
    OtherInsurance,
    Person,
)

JANUARY = date(2026, 1, 1)
TODAY = date(2026, 4, 6)
ORD = "1" * 32


def header(action: str = "2", **more: object) -> EnrolmentHeader:
    """A file's header, made and effective on the golden days."""
    given = {"created": date(2026, 4, 2), "effective": date(2026, 4, 1), **more}
    return EnrolmentHeader(reference="R", action=action, sponsor=Organisation(id="741112223"), **given)  # type: ignore[arg-type]


def coverage(code: str, first: date | None = None, last: date | None = None, **more: object) -> CoverageRow:
    """An HD; line PPO, plan and tier empty unless given."""
    return CoverageRow(maintenance=code, line=str(more.pop("line", "PPO")), first=first, last=last, **more)  # type: ignore[arg-type]


def row(maintenance: str, *coverages: CoverageRow, **more: object) -> MemberRow:
    """A subscriber's row, SBA1 / M01, born 1980, unless told otherwise."""
    given = {
        "ordinal": 1,
        "subscriber": True,
        "relationship": "18",
        "subscriber_no": "SBA1",
        "member_no": "M01",
        "person": Person(last="REED", first="ALAN", birth=date(1980, 4, 12)),
        **more,
    }
    return MemberRow(maintenance=maintenance, coverages=coverages, **given)  # type: ignore[arg-type]


def child(maintenance: str, *coverages: CoverageRow, **more: object) -> MemberRow:
    """A dependent's row, SBA1 / M02."""
    given = {
        "ordinal": 2,
        "subscriber": False,
        "relationship": "19",
        "member_no": "M02",
        "person": Person(last="REED", first="CODY", birth=date(2012, 6, 22)),
        **more,
    }
    return row(maintenance, *coverages, **given)


def span(first: date = JANUARY, last: date | None = None, **more: object) -> Span:
    """A PPO span of plan A."""
    given = {"line": "PPO", "plan_id": "A", "tier": "EMP", "known_from": "0" * 32, **more}
    return Span(first=first, last=last, **given)  # type: ignore[arg-type]


def member(*spans: Span, **more: object) -> Member:
    """Alan on file."""
    given = {
        "person_id": "SBA1-M01",
        "family_root": "SBA1",
        "subscriber_no": "SBA1",
        "member_no": "M01",
        "subscriber": True,
        "relationship": "18",
        "person": Person(last="REED", first="ALAN", birth=date(1980, 4, 12)),
        **more,
    }
    return Member(spans=spans, **given)  # type: ignore[arg-type]


def cody(*spans: Span, **more: object) -> Member:
    """Cody, Alan's child, on file."""
    given = {
        "person_id": "SBA1-M02",
        "member_no": "M02",
        "subscriber": False,
        "relationship": "19",
        "person": Person(last="REED", first="CODY", birth=date(2012, 6, 22)),
        **more,
    }
    return member(*spans, **given)


GOLDEN_HEADER = EnrolmentHeader(
    reference="ENR20260402",
    created=date(2026, 4, 2),
    action="4",
    master_policy="BT1001",
    effective=date(2026, 4, 1),
    employees=3,
    dependents=3,
    total=6,
    sponsor=Organisation(name="BLUEBONNET TOOL AND DIE", id_qualifier="FI", id="741112223"),
)

_PEOPLE = (
    ("SBA100001", "M01", "18", "REED", "ALAN", date(1980, 4, 12), "FAM"),
    ("SBA100001", "M02", "01", "REED", "BIANCA", date(1982, 9, 5), ""),
    ("SBA100001", "M03", "19", "REED", "CODY", date(2012, 6, 22), ""),
    ("SBA100002", "M04", "18", "ORTIZ", "DANA", date(1985, 8, 14), "ECH"),
    ("SBA100002", "M05", "19", "ORTIZ", "ELI", date(2015, 1, 19), ""),
    ("SBA100003", "M06", "18", "LIU", "FRANK", date(1990, 2, 21), "EMP"),
)
ACME = OtherInsurance(responsibility="P", policy_no="OTH-778", coordination="1", first=JANUARY, payer_id="ACME1")


def golden_rows(ends: bool = True) -> list[MemberRow]:
    """The six people of the golden 834; ends False: as they were before Frank left."""
    rows = []
    for n, (number, member_no, relation, last, first, birth, tier) in enumerate(_PEOPLE, 1):
        left = ends and member_no == "M06"
        rows.append(
            MemberRow(
                ordinal=n,
                subscriber=relation == "18",
                relationship=relation,
                maintenance="024" if left else "030",
                reason="08" if left else "XN",
                employment="TE" if left else "FT" if relation == "18" else "",
                subscriber_no=number,
                group_no="BT1001",
                member_no=member_no,
                dates={"356": JANUARY} | ({"357": date(2026, 2, 28)} if left else {}),
                person=Person(last=last, first=first, birth=birth, id_qualifier="34", id=f"90000000{n}"),
                coverages=(
                    CoverageRow(
                        maintenance="024" if left else "030",
                        line="PPO",
                        plan="BT-PPO-2026",
                        tier=tier,
                        first=JANUARY,
                        last=date(2026, 2, 28) if left else None,
                        other=(ACME,) if member_no == "M05" else (),
                    ),
                ),
            )
        )
    return rows
