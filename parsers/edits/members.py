"""Questions about a member of an 834 and a payment of an 835 that are more than a place and a code."""

from __future__ import annotations

from collections.abc import Iterator

from parsers.edits.balancing import cents, money
from parsers.edits.conditions import day, days
from parsers.edits.view import Spot, View

# ---- 834 -------------------------------------------------------------------------------------------------------------


def relationship(member: View) -> Iterator[Spot]:
    """INS01 Y if and only if INS02 is 18."""
    row = member.one("2000/INS")
    if row and (row[1] == "Y") is not (row[2] == "18"):
        yield row.spot(2)


def subscriber_late(member: View) -> Iterator[Spot]:
    """A subscriber behind a dependent of the same number."""
    row = member.one("2000/INS")
    if row and member.tally.late:
        yield row.spot()


def unborn(member: View) -> Iterator[Spot]:
    """DMG02 after the business date."""
    row = member.one("2100A/DMG")
    born = day(row[2]) if row else None
    if row and born and born > member.terms.today:
        yield row.spot(2)


def coverage_backwards(coverage: View) -> Iterator[Spot]:
    """DTP*349 before DTP*348: the last covered day before the first."""
    first, row = days(coverage.one("2300/DTP*348")), coverage.one("2300/DTP*349")
    last = days(row)
    if row and first and last and last[0] < first[0]:
        yield row.spot(3)


# ---- 835 -------------------------------------------------------------------------------------------------------------


def patient_share(claim: View) -> Iterator[Spot]:
    """CLP05 is the sum of the PR adjustments; a reversal (22) has none."""
    row = claim.one("2100/CLP")
    if row is None or not row[5] or row[2] == "22":
        return
    told = claim.all("2100/CAS*PR") + claim.all("2110/CAS*PR")
    right = sum(cents(one[at]) for one in told for at in range(3, len(one.values), 3))
    if cents(row[5]) != right:
        yield row.spot(5, value=money(right))


def zero_adjustment(claim: View) -> Iterator[Spot]:
    """A CAS amount of 0."""
    for row in claim.all("2100/CAS") + claim.all("2110/CAS"):
        for at in range(3, len(row.values), 3):
            if row[at] and not cents(row[at]):
                yield row.spot(at)


def negative_payment(header: View) -> Iterator[Spot]:
    """BPR02 below 0."""
    row = header.one("HEADER/BPR")
    if row and cents(row[2]) < 0:
        yield row.spot(2)


def no_payment(header: View) -> Iterator[Spot]:
    """NON moves no money, and money that moves is not 0."""
    row = header.one("HEADER/BPR")
    if row and (row[4] == "NON") != (cents(row[2]) == 0):
        yield row.spot(4)


def company(header: View) -> Iterator[Spot]:
    """BPR10 is TRN03."""
    row, trace = header.one("HEADER/BPR"), header.one("HEADER/TRN")
    if row and trace and row[10] and row[10] != trace[3]:
        yield row.spot(10, value=trace[3])
