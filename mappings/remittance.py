"""835 (005010X221A1): payment and advice, read and written by one table.

One set is one payment to one payee. Adjustments follow the CAS rules (`phrases.Adjustments`); balancing is checked by
the plan before a set is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from mappings.codecs import DAY, MONEY, QUANTITY, ccyymmdd, cents, day, money
from mappings.elements import Code, Either, Element, F, Id, Part, Q, Run, components
from mappings.phrases import ADDRESS, Adjustments, n1, nm1_person, nm1_provider, procedure
from mappings.records import (
    BankAccount,
    Contact,
    Organisation,
    Person,
    Provider,
    ProviderAdjustment,
    Remittance,
    RemittedClaim,
    RemittedLine,
)
from mappings.table import REFUSALS, Each, Many, One, Seg, Segment, Table, Unreadable, Values, Within, missing, refused
from parsers import forms
from parsers.events import Unit
from parsers.findings import Finding

GUIDE = forms.REMITTANCE
ABA = "01"
PAIRS = 6  # of one PLB: 03/04 to 13/14

# ---- the tables ------------------------------------------------------------------------------------------------------


class Account(Part):
    """BPR06-09, BPR12-15: `01`, routing number, account type, account number; all absent when no money moves."""

    width = 4
    fixed = True

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, values: list[str], at: int, into: Values, separator: str) -> None:
        routing, kind, number = [*values[at + 1 : at + 4], "", "", ""][:3]
        if number:
            into[self.name] = BankAccount(routing=routing, type=kind, number=number)

    def write(self, record: Any) -> tuple[Element, ...]:
        account: BankAccount = getattr(record, self.name)
        return (ABA, account.routing, account.type, account.number) if account.number else ("", "", "", "")


class Originator(Id):
    """BPR10: the company id, sent only with our account; TRN03 always has it."""

    def read(self, values: list[str], at: int, into: Values, separator: str) -> None:
        """TRN03 is read instead."""

    def write(self, record: Any) -> tuple[Element, ...]:
        return super().write(record) if record.from_account.number else ("",)


class Dates(Seg):
    """DTM of a period: one code for a single day, two for a range (472, else 150 and 151)."""

    def __init__(self, single: str, first: str, last: str) -> None:
        super().__init__("DTM", (first, last, single) if single else (first, last))
        self._single, self._first, self._last = single, first, last

    def read(self, values: list[str], into: Values, separator: str) -> None:
        on = day(values[2])
        if values[1] != self._last:
            into["first"] = on
        if values[1] != self._first:
            into["last"] = on
        else:
            into.setdefault("last", on)

    def write(self, record: Any) -> Iterator[Segment]:
        if record.first is None:
            return
        if self._single and record.first == record.last:
            yield ["DTM", self._single, ccyymmdd(record.first)]
            return
        yield ["DTM", self._first, ccyymmdd(record.first)]
        if record.last is not None:
            yield ["DTM", self._last, ccyymmdd(record.last)]


class TaxId(Seg):
    """REF*TJ of the payee, needed only where N104 is the NPI."""

    def __init__(self) -> None:
        super().__init__("REF", "TJ", Id("tin"))

    def write(self, record: Provider) -> Iterator[Segment]:
        if record.npi:
            yield from super().write(record)


def _remark(text: str, separator: str) -> str:
    return text


def _remark_element(place: int, code: str) -> str:
    return code


class ClaimRemarks(Seg):
    """MOA03-07: the remarks of a claim that is no stay."""

    def __init__(self) -> None:
        super().__init__("MOA", None, None, Run("remarks", 5, _remark, _remark_element))

    def write(self, record: RemittedClaim) -> Iterator[Segment]:
        if record.covered_days is None:
            yield from super().write(record)


class StayRemarks(Seg):
    """MIA05 and MIA20-23: the remarks of a stay. MIA01 is always 0, the days stand in QTY*CA (verify)."""

    def __init__(self) -> None:
        super().__init__("MIA")

    def read(self, values: list[str], into: Values, separator: str) -> None:
        told = [*values[5:6], *values[20:24]]
        into["remarks"] = tuple([each for each in told if each])

    def write(self, record: RemittedClaim) -> Iterator[Segment]:
        if record.covered_days is not None and record.remarks:
            first, *others = record.remarks
            yield ["MIA", "0", "", "", "", first, *([*[""] * 14, *others] if others else [])]


HEADER = Table(
    "HEADER",
    Seg(
        "BPR",
        F("handling"),
        F("amount_cents", MONEY),
        "C",
        F("method"),
        F("format"),
        Account("from_account"),
        Originator("company_id"),
        None,
        Account("to_account"),
        F("effective", DAY),
    ),
    Seg("TRN", "1", Id("trace"), Id("company_id")),
    Seg("REF", "EV", Id("receiver")),
    Seg("DTM", "405", F("produced", DAY)),
    Within(
        "1000A",
        One("payer", Organisation, n1("PR"), ADDRESS),
        Seg("REF", "2U", Id("payer_ref")),
        One(
            "payer_contact", Contact, Seg("PER", Code("function", "BL"), F("name"), F("number_qualifier"), F("number"))
        ),
    ),
    One(
        "payee",
        Provider,
        Seg("N1", "PE", F("name"), Either(Q("XX", "npi"), Q("FI", "tin"))),
        ADDRESS,
        TaxId(),
        loop="1000B",
    ),
)

LINE = Many(
    "lines",
    dict,  # finished by the reader: a line without a date has its claim's
    "2110",
    Seg(
        "SVC",
        procedure("procedure"),
        F("charge_cents", MONEY),
        F("paid_cents", MONEY),
        F("revenue"),
        F("paid_units", QUANTITY),
        procedure("submitted"),
        F("submitted_units", QUANTITY),
    ),
    Dates("472", "150", "151"),
    Adjustments(),
    Seg("REF", "6R", Id("control")),
    Seg("AMT", "B6", F("allowed_cents", MONEY)),
    Each("LQ", "HE", name="remarks"),
)

CLAIM = Table(
    "2100",
    Seg(
        "CLP",
        Id("pcn"),
        F("status"),
        F("charge_cents", MONEY),
        F("paid_cents", MONEY),
        F("patient_cents", MONEY),
        F("filing_code"),
        Id("icn"),
        F("facility"),
        F("frequency"),
        None,
        F("drg"),
    ),
    Adjustments(),
    One("patient", Person, nm1_person("QC")),
    One("subscriber", Person, nm1_person("IL")),
    One("rendering", Provider, nm1_provider("82")),
    StayRemarks(),
    ClaimRemarks(),
    Seg("REF", "1L", Id("group_no")),
    Seg("REF", "F8", Id("original_icn")),
    Dates("", "232", "233"),
    Seg("DTM", "036", F("coverage_end", DAY)),
    Seg("DTM", "050", F("received", DAY)),
    Seg("AMT", "AU", F("covered_cents", MONEY)),
    Seg("AMT", "I", F("interest_cents", MONEY)),
    Seg("QTY", "CA", F("covered_days", QUANTITY)),
    LINE,
)

# ---- writing ---------------------------------------------------------------------------------------------------------


def write(remittance: Remittance, control: str = "0001") -> list[Segment]:
    """One 835 set from ST up to but not including SE, whole (ST03 is not used by this guide).

    Errors: ValueError when an amount has more than 10 digits.
    """
    return list(segments(remittance, control))


def segments(remittance: Remittance, control: str = "0001") -> Iterator[Segment]:
    """One 835 set, segment by segment."""
    yield ["ST", "835", control]
    yield from HEADER.write(remittance)
    if remittance.claims:
        yield ["LX", "1"]
    for claim in remittance.claims:
        yield from CLAIM.write(claim)
    yield from _provider_adjustments(remittance)


def identifiers(remittance: Remittance) -> Iterator[str]:
    """The values no writer may alter to fit delimiters; `choose_delimiters` wants those of every set of the file."""
    yield from HEADER.identifiers(remittance)
    for claim in remittance.claims:
        yield from CLAIM.identifiers(claim)
    yield from (one.reference for one in remittance.adjustments)


def _provider_adjustments(remittance: Remittance) -> Iterator[Segment]:
    """PLB, up to six pairs a segment; zero amounts are not written."""
    pairs = [one for one in remittance.adjustments if one.cents]
    for start in range(0, len(pairs), PAIRS):
        row: Segment = ["PLB", remittance.payee.npi or remittance.payee.tin, ccyymmdd(remittance.fiscal_end)]
        for one in pairs[start : start + PAIRS]:
            row += [components([one.reason, one.reference]), money(one.cents)]
        yield row


# ---- reading ---------------------------------------------------------------------------------------------------------


class RemittanceReader:
    """Turns the units of one 835 set into a Remittance: `take` every unit, then `close`."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._header: Values = {}
        self._claims: list[RemittedClaim] = []
        self._adjustments: list[ProviderAdjustment] = []
        self._fiscal_end: date | None = None

    def take(self, unit: Unit) -> RemittedClaim | None:
        """The claim of a 2100 unit; None for the others and for a claim that cannot be read."""
        try:
            if unit.kind == "2100":
                self._claims.append(_claim(unit))
                return self._claims[-1]
            if unit.kind == "header":
                self._header = HEADER.read(unit)
            self._trailer(unit)
        except Unreadable as trouble:
            self.findings.extend(trouble.findings)
        except TypeError:
            self.findings.append(missing(unit))
        return None

    def close(self) -> Remittance | None:
        """The remittance, None when the set lacked what its guide requires.

        Without PLB its fiscal year ends with the calendar's; without DTM*405 it was produced on its effective date.
        """
        effective = self._header.get("effective")
        if effective is None:
            return None
        header = {"produced": effective, "fiscal_end": self._fiscal_end or date(effective.year, 12, 31), **self._header}
        try:
            return Remittance(claims=tuple(self._claims), adjustments=tuple(self._adjustments), **header)
        except TypeError:
            return None

    def _trailer(self, unit: Unit) -> None:
        for number, (_, values) in enumerate(unit.rows):
            if values[0] == "PLB":
                try:
                    self._fiscal_end = day(values[2])
                    self._adjustments += _pairs(values, unit.component)
                except REFUSALS:
                    raise Unreadable([refused(unit, number, 0)]) from None


def _claim(unit: Unit) -> RemittedClaim:
    values = CLAIM.read(unit)
    own = {"first": values.get("first"), "last": values.get("last", values.get("first"))}
    lines = [{**own, **line} for line in values.pop("lines", ())]
    if any(line["first"] is None for line in lines):
        raise Unreadable([missing(unit)])
    return RemittedClaim(**values, lines=tuple([RemittedLine(**line) for line in lines]))


def _pairs(values: list[str], separator: str) -> Iterator[ProviderAdjustment]:
    for at in range(3, len(values) - 1, 2):
        if values[at]:
            reason, _, reference = values[at].partition(separator)
            yield ProviderAdjustment(reason=reason, reference=reference, cents=cents(values[at + 1]))
