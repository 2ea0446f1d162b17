"""Sums that must agree (SNIP 3): an 837's lines and other payers, the three equations of an 835, totals of 834 and 820.

Sources: domain 3.3 (other payers; X12 RFI 1551: unbundled lines add their SVD first), 5.2 (835), 2.1 (834 QTY).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Protocol

from parsers.edits.table import Edit
from parsers.edits.view import Found, Spot, View, sent
from parsers.forms import CLAIMS, DENTAL, ENROLMENT, INSTITUTIONAL, PREMIUM, PROFESSIONAL, REMITTANCE

TOTAL_LINE = "0001"
"""Revenue code of a line that repeats the claim's total: it is counted nowhere."""


# ---- amounts ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)  # the charges of a fee schedule come again and again
def cents(text: str) -> int:
    """An R element in cents; 0 for what is no amount, which type 2 tells."""
    whole, point, part = text.partition(".")
    try:
        value = int(whole.lstrip("-") or 0) * 100 + (int(part[:2].ljust(2, "0")) if point and part else 0)
    except ValueError:
        return 0
    return -value if text.startswith("-") else value


def money(value: int) -> str:
    """Cents as an R element."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    whole, part = divmod(value, 100)
    return f"{sign}{whole}" + (f".{part:02}".rstrip("0") if part else "")


def adjusted(rows: Iterable[Found]) -> int:
    """Cents that CAS segments take off: CAS03, 06, 09 and so on."""
    return sum(cents(row[at]) for row in rows for at in range(3, len(row.values), 3) if row[at])


# ---- 837 -------------------------------------------------------------------------------------------------------------


def _lines_differ(segment: str, number: int) -> Callable[[View], Iterable[Spot]]:
    """CLM02 is the sum of the lines' charges."""

    def fails(claim: View) -> Iterable[Spot]:
        rows = claim.unit.rows  # of every claim there is: no index is made for it
        total = 0
        for loop, values in rows:
            if loop == "2400" and values[0] == segment and sent(values, 1) != TOTAL_LINE:
                total += cents(sent(values, number))
        return () if cents(sent(rows[0][1], 2)) == total else (Spot(claim.unit, 0, 2, 0, money(total)),)

    return fails


CHARGES = ("2400/SV102", "2400/SV203", "2400/SV302")
"""Where the three guides say what a line charges."""


def _charge(line: View) -> int:
    return next((cents(text) for text in map(line.value, CHARGES) if text), 0)


def _payer_line_differs(line: View) -> Iterator[Spot]:
    """A line's charge is, for each payer, its SVD02 and CAS together (2430)."""
    payments: dict[str, list[View]] = defaultdict(list)
    for payment in line.each("2430"):
        payments[payment.value("2430/SVD01")].append(payment)
    charge = _charge(line)
    for told in payments.values():
        paid = sum(cents(one.value("2430/SVD02")) for one in told)
        off = charge - paid - sum(adjusted(one.all("2430/CAS")) for one in told)
        first = told[0].one("2430/SVD")
        if off and first:
            yield first.spot(2, value=money(cents(first[2]) + off))


def _payer_claim_differs(claim: View) -> Iterator[Spot]:
    """CLM02 is AMT*D and every CAS of a payer, of claim and lines; a payer that tells no payment is not asked."""
    charge = cents(claim.value("2300/CLM02"))
    payments = [payment for line in claim.each("2400") for payment in line.each("2430")]
    for other in claim.each("2320"):
        paid = other.one("2320/AMT*D")
        payer = other.value("2330B/NM109")
        mine = [one for one in payments if one.value("2430/SVD01") == payer]
        told = other.all("2320/CAS") + [row for one in mine for row in one.all("2430/CAS")]
        if paid and (told or mine) and (off := charge - cents(paid[2]) - adjusted(told)):
            yield paid.spot(2, value=money(cents(paid[2]) + off))


# ---- 835 -------------------------------------------------------------------------------------------------------------


class Paid:
    """The amounts of one payment's claim, in cents.

    at: row of its CLP. charge, paid: CLP03, CLP04. off: every CAS together. lines: of each service the row, SVC02,
    SVC03 and its CAS together.
    """

    __slots__ = ("at", "charge", "lines", "off", "paid")

    def __init__(self, claim: View) -> None:
        """Reads the rows once: every claim of a payment is asked all three equations."""
        self.at, self.charge, self.paid, self.off = -1, 0, 0, 0
        self.lines: list[list[int]] = []
        line: list[int] | None = None
        for number, (loop, values) in enumerate(claim.unit.rows):
            name = values[0]
            if name == "CAS":
                off = cents(values[3]) if len(values) == 4 else sum([cents(text) for text in values[3::3] if text])
                self.off += off
                if line is not None and loop == "2110":
                    line[3] += off
            elif name == "SVC":
                line = [number, cents(sent(values, 2)), cents(sent(values, 3)), 0]
                self.lines.append(line)
            elif name == "CLP":
                self.at = number
                self.charge, self.paid = cents(sent(values, 3)), cents(sent(values, 4))


def _service_differs(claim: View) -> Iterable[Spot]:
    """SVC02 less the line's CAS is SVC03."""
    return [
        Spot(claim.unit, number, 3, 0, money(charge - off))
        for number, charge, paid, off in claim.once(Paid).lines
        if charge - off != paid
    ]


def _paid_differs(claim: View) -> Iterable[Spot]:
    """CLP03 less every CAS of claim and lines is CLP04."""
    told = claim.once(Paid)
    right = told.charge - told.off
    return () if right == told.paid else (Spot(claim.unit, told.at, 4, 0, money(right)),)


def _services_differ(claim: View) -> Iterable[Spot]:
    """Where there are lines, their charges are CLP03."""
    told = claim.once(Paid)
    right = sum([line[1] for line in told.lines])
    return () if right == told.charge or not told.lines else (Spot(claim.unit, told.at, 3, 0, money(right)),)


class Tally(Protocol):
    """What is counted of a set."""

    def take(self, view: View) -> None:
        """Counts a unit."""


class Payments:
    """835: the claims' payments less the provider adjustments. cents: what BPR02 has to say."""

    def __init__(self) -> None:
        self.cents = 0

    def take(self, view: View) -> None:
        """CLP04, and the amounts of PLB04, 06 and so on."""
        if view.unit.kind == "2100":
            self.cents += view.once(Paid).paid
        for values in view.segments(("FOOTER", "PLB")) if view.unit.kind == "trailer" else ():
            self.cents -= sum(cents(text) for text in values[4::2])


class Premiums:
    """820: what was remitted. cents: what BPR02 has to say.

    RMR04 of every item, and the adjustments (ADX01) that belong to no item (2200); those of an item (2320) only explain
    why it differs from what was billed (verify).
    """

    def __init__(self) -> None:
        self.cents = 0

    def take(self, view: View) -> None:
        """RMR04 and ADX01."""
        for loop in "AB":
            self.cents += sum(cents(sent(values, 4)) for values in view.segments((f"2300{loop}", "RMR")))
            self.cents += sum(cents(sent(values, 1)) for values in view.segments((f"2200{loop}", "ADX")))


def _total_differs(header: View) -> Iterator[Spot]:
    """BPR02 is what the set comes to."""
    row = header.one("HEADER/BPR")
    if row and header.tally.cents != cents(row[2]):
        yield row.spot(2, value=money(header.tally.cents))


# ---- 834 -------------------------------------------------------------------------------------------------------------


class Members:
    """834: subscribers and dependents. late: this unit's subscriber came after a dependent of the same number."""

    def __init__(self) -> None:
        self.counts = {"ET": 0, "DT": 0, "TO": 0}
        self.late = False
        self._subscribers: set[str] = set()
        self._waiting: set[str] = set()

    def take(self, view: View) -> None:
        """INS01, REF*0F."""
        rows = view.unit.rows  # of every member there is: no index is made for it
        ins = rows[0][1]
        if ins[0] != "INS":
            return
        subscriber = sent(ins, 1) == "Y"
        number = next((sent(ref, 2) for _, ref in rows if ref[0] == "REF" and sent(ref, 1) == "0F"), "")
        self.counts["ET" if subscriber else "DT"] += 1
        self.counts["TO"] += 1
        self.late = subscriber and number in self._waiting
        if subscriber:
            self._subscribers.add(number)
            self._waiting.discard(number)
        elif number not in self._subscribers:
            self._waiting.add(number)


def _counted(qualifier: str) -> Callable[[View], Iterator[Spot]]:
    """A QTY of the header is what was counted."""

    def fails(header: View) -> Iterator[Spot]:
        row, right = header.one(f"HEADER/QTY*{qualifier}"), header.tally.counts[qualifier]
        if row and cents(row[2]) != right * 100:
            yield row.spot(2, value=str(right))

    return fails


TALLIES: dict[str, Callable[[], Tally]] = {REMITTANCE: Payments, PREMIUM: Premiums, ENROLMENT: Members}
"""Guides whose sets have totals."""


# ---- the table -------------------------------------------------------------------------------------------------------


def _sum(name: str, guides: tuple[str, ...], code: str, on: str, fails: Callable[[View], Iterable[Spot]],
         message: str, mend: str, per: str = "") -> Edit:  # fmt: skip
    return Edit(name=name, guides=guides, snip=3, code=code, on=on, per=per, fails=fails, message=message, mend=mend,
                action="replace")  # fmt: skip


def _lines(guide: str, segment: str, element: int) -> Edit:
    return _sum(
        f"{segment} lines add up to CLM02", (guide,), "A8:400", "2300/CLM", _lines_differ(segment, element),
        "The charges of the lines do not add up to the claim's total (CLM02).",
        "Send as CLM02 the sum of the line charges, or correct the line that is wrong.",
    )  # fmt: skip


EDITS: tuple[Edit, ...] = (
    _lines(PROFESSIONAL, "SV1", 2),
    _lines(INSTITUTIONAL, "SV2", 3),
    _lines(DENTAL, "SV3", 2),
    _sum("another payer's line balances", CLAIMS, "A8:400", "2430/SVD", _payer_line_differs,
         "What another payer paid and adjusted on a line (SVD02, CAS) is not the line's charge.",
         "For each payer, make SVD02 and the line's CAS amounts add up to the charge of the line.", per="2400"),
    _sum("another payer's claim balances", CLAIMS, "A8:400", "2320/AMT", _payer_claim_differs,
         "What another payer paid (AMT*D) and adjusted (CAS of claim and lines) is not the claim's total.",
         "For each payer, make AMT*D and all its CAS amounts add up to CLM02."),
    _sum("a paid line balances", (REMITTANCE,), "line-balance", "2100/CLP", _service_differs,
         "The charge of a service less its adjustments is not its payment (SVC03).",
         "Send as SVC03 what is left of SVC02 after the CAS amounts of the line."),
    _sum("the lines of a paid claim add up", (REMITTANCE,), "claim-charge", "2100/CLP", _services_differ,
         "The charges of the services do not add up to the claim's charge (CLP03).",
         "Send as CLP03 the sum of the lines' SVC02."),
    _sum("a paid claim balances", (REMITTANCE,), "claim-balance", "2100/CLP", _paid_differs,
         "The claim's charge less every adjustment is not its payment (CLP04).",
         "Send as CLP04 what is left of CLP03 after the CAS amounts of claim and lines."),
    _sum("a payment is its claims less PLB", (REMITTANCE,), "payment-balance", "", _total_differs,
         "The payments of the claims less the provider adjustments (PLB) are not the amount paid (BPR02).",
         "Send as BPR02 the sum of CLP04 less the sum of the PLB amounts."),
    _sum("employees are counted", (ENROLMENT,), "employee-count", "", _counted("ET"),
         "QTY*ET is not the number of subscribers in the set.", "Send as QTY*ET the number of INS*Y."),
    _sum("dependents are counted", (ENROLMENT,), "dependent-count", "", _counted("DT"),
         "QTY*DT is not the number of dependents in the set.", "Send as QTY*DT the number of INS*N."),
    _sum("members are counted", (ENROLMENT,), "member-count", "", _counted("TO"),
         "QTY*TO is not the number of members in the set.", "Send as QTY*TO the number of INS segments."),
    _sum("a premium payment is what it lists", (PREMIUM,), "payment-balance", "", _total_differs,
         "The items remitted (RMR04) and the adjustments (ADX01) are not the amount paid (BPR02).",
         "Send as BPR02 the sum of RMR04 and of the ADX01 that belong to no item."),
)  # fmt: skip
"""The sums, guide by guide; an 837's codes are category and status of the 277CA."""
