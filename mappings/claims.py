"""837: what the professional, institutional and dental guides share - the levels above a claim and some loops in it.

A claim is its 2300 loop with everything above it: the 2000A unit gives the billing provider, 2000B the subscriber and
payer, 2000C the patient; each stays in force until the next unit of its level or a level above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, ClassVar

from mappings.codecs import DAY, MONEY, QUANTITY, count
from mappings.elements import D8, C, Code, Composed, F, Id, Item, Period, Q, Run
from mappings.phrases import (
    ADDRESS,
    ADDRESS_ROWS,
    DMG,
    Adjustments,
    nm1_nameless,
    nm1_organisation,
    nm1_person,
    nm1_provider,
    procedure,
)
from mappings.records import (
    Address,
    Claim,
    ClaimBatch,
    Contact,
    LinePayment,
    Organisation,
    OtherCoverage,
    Person,
    Provider,
    Repricing,
    ServiceLine,
)
from mappings.table import Many, One, Seg, Segment, Table, Unreadable, Values, Within, missing
from parsers.events import Unit
from parsers.findings import Finding

# ---- the levels ------------------------------------------------------------------------------------------------------

HEADER = Table(
    "HEADER",
    Seg("BHT", "0019", F("purpose"), Id("reference"), F("created", DAY), F("time"), F("kind")),
    Within(
        "1000A",
        One("submitter", Organisation, nm1_organisation("41")),
        One("contact", Contact, Seg("PER", F("function"), F("name"), F("number_qualifier"), F("number"))),
    ),
    Within("1000B", One("receiver", Organisation, nm1_organisation("40"))),
)

BILLING = Table(
    "2000A",
    One(
        "billing",
        Provider,
        Seg("PRV", "BI", "PXC", Id("taxonomy")),
        Within("2010AA", nm1_provider("85"), ADDRESS, Seg("REF", Code("tin_qualifier", "EI", "SY"), Id("tin"))),
    ),
    One("pay_to", Address, Seg("NM1", "87", "2"), *ADDRESS_ROWS, loop="2010AB"),
    One(
        "pay_to_plan",
        Organisation,
        nm1_organisation("PE"),
        ADDRESS,
        Seg("REF", "EI", Id("tin")),
        loop="2010AC",
    ),
)

SBR = Seg(
    "SBR", F("responsibility"), F("relationship"), Id("group_no"), F("group_name"), F("insurance_type"),
    None, None, None, F("filing_code"),
)  # fmt: skip
"""A coverage and its place among the payers: 2000B ours, 2320 another's."""

PAYER = Seg("NM1", "PR", "2", F("payer_name"), None, None, None, None, Q(("PI", "XV"), "payer_id"))
"""2010BB, 2330B."""

SUBSCRIBER = Table(
    "2000B",
    SBR,
    One("subscriber", Person, nm1_person("IL"), ADDRESS, DMG, loop="2010BA"),
    Within("2010BB", PAYER),
)

PATIENT = Table(
    "2000C",
    Seg("PAT", F("relationship")),
    One("patient", Person, nm1_nameless("QC"), ADDRESS, DMG, loop="2010CA"),
)


# ---- loops of a claim ------------------------------------------------------------------------------------------------


def _diagnosis(text: str, separator: str) -> str:
    return text.split(separator)[1] if separator in text else ""


def _diagnosis_element(place: int, code: str) -> tuple[str, ...]:
    return ("ABF" if place else "ABK", code)


class Diagnoses(Run):
    """HI01-HI12: ABK principal, ABF others (BK, BF before ICD-10)."""

    codes = ("ABK", "BK")
    composite = True

    def __init__(self) -> None:
        super().__init__("diagnoses", 12, _diagnosis, _diagnosis_element)


def _pointers(text: str, separator: str) -> tuple[int, ...]:
    return tuple([count(one) for one in text.split(separator) if one])


def _pointer_texts(pointers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple([str(one) for one in pointers])


def pointers() -> Composed:
    """SV107, SV311: places of the claim's diagnoses, from 1."""
    return Composed("pointers", _pointers, _pointer_texts)


def accident() -> C:
    """CLM11: up to two causes, and the state of a car accident."""
    return C(Item("accident", 0), Item("accident", 1), None, F("accident_state"))


BILLED = (Id("pcn"), F("charge_cents", MONEY), None, None)
"""CLM01-04 of every 837."""

VISIT = (
    *BILLED, C(F("pos"), "B", F("frequency")), F("provider_signature"), F("assignment"), F("benefits_assigned"),
    F("release"), None, accident(), F("special_program"),
)  # fmt: skip
"""CLM01-12 of an 837P or 837D."""


def repricing(field: str = "repricing") -> One:
    """HCP of a claim or line."""
    return One(
        field,
        Repricing,
        Seg(
            "HCP",
            F("method"),
            F("allowed_cents", MONEY),
            F("saving_cents", MONEY),
            Id("organisation"),
            *[None] * 8,
            F("reject_reason"),
        ),
    )


def rendering(loop: str) -> One:
    """2310B, 2420A: who did it, with taxonomy."""
    return One("rendering", Provider, nm1_provider("82"), Seg("PRV", "PE", "PXC", Id("taxonomy")), loop=loop)


OTHER = Many(
    "other",
    OtherCoverage,
    "2320",
    SBR,
    Adjustments(),
    Seg("AMT", "D", F("paid_cents", MONEY)),
    Seg("AMT", "A8", F("noncovered_cents", MONEY)),
    Seg("AMT", "EAF", F("remaining_cents", MONEY)),
    Seg("OI", None, None, "Y", None, None, "Y"),
    One("insured", Person, nm1_person("IL"), ADDRESS, loop="2330A"),
    Within(
        "2330B",
        PAYER,
        Seg("DTP", "573", D8("decided")),
        Seg("REF", "F8", Id("icn")),
    ),
)

PAYMENT = Many(
    "payments",
    LinePayment,
    "2430",
    Seg("SVD", Id("payer_id"), F("paid_cents", MONEY), procedure("procedure"), F("revenue"), F("units", QUANTITY)),
    Adjustments(),
    Seg("DTP", "573", D8("decided")),
    Seg("AMT", "EAF", F("remaining_cents", MONEY)),
)

DRUG = Within(
    "2410",
    Seg("LIN", None, Q("N4", "ndc")),
    Seg("CTP", None, None, None, F("ndc_units", QUANTITY), C(F("ndc_unit"))),
)


class LineDates(Seg):
    """DTP*472 of a line, written only where it was sent: elsewhere the line has its claim's days."""

    def __init__(self) -> None:
        super().__init__("DTP", "472", Period("first", "last"))

    def write(self, record: ServiceLine) -> Iterator[Segment]:
        if record.dated:
            yield from super().write(record)


# ---- reading ---------------------------------------------------------------------------------------------------------


class ClaimReader:
    """Turns the units of 837 sets of one guide into claims; one reader serves any number of sets, one after the other.

    table, kind: the guide's 2300 loop and its letter (`Claim.kind`).
    batch: the set's header once it was read. findings: why units could not be read (element and segment
    level, so that they can join the set's own); the guide check of the parsers lets few of them through.
    """

    table: ClassVar[Table]
    kind: ClassVar[str]

    def __init__(self) -> None:
        self.batch: ClaimBatch | None = None
        self.findings: list[Finding] = []
        self._billing: Values = {}
        self._subscriber: Values = {}
        self._patient: Values = {}
        self._levels = {"header": self._header, "2000A": self._level_a, "2000B": self._level_b, "2000C": self._level_c}

    def take(self, unit: Unit) -> Claim | None:
        """The claim of a 2300 unit; None for the units above it and for a claim that cannot be read."""
        try:
            if unit.kind == "2300":
                return self._claim(unit)
            level = self._levels.get(unit.kind)
            if level:
                level(unit)
        except Unreadable as trouble:
            self.findings.extend(trouble.findings)
        except TypeError:
            if self._billing and self._subscriber:  # else a level above is missing, which was reported there
                self.findings.append(missing(unit))
        return None

    @property
    def headless(self) -> bool:
        """Whether the set does not say who sends it under which number (BHT03, NM1*41)."""
        return self.batch is None

    def dates(self, values: Values) -> tuple[date | None, date | None]:
        """First and last day of a line that was sent without its own."""
        return None, None

    def _header(self, unit: Unit) -> None:
        self.batch, self._billing, self._subscriber, self._patient = None, {}, {}, {}
        values = HEADER.read(unit)
        submitter: Organisation | None = values.get("submitter")
        if "reference" not in values or submitter is None or not submitter.id:
            raise Unreadable([missing(unit)])  # who sent what: a 277CA could not be addressed
        self.batch = ClaimBatch(**values)

    def _level_a(self, unit: Unit) -> None:
        self._billing, self._subscriber, self._patient = {}, {}, {}
        self._billing = BILLING.read(unit)

    def _level_b(self, unit: Unit) -> None:
        self._subscriber, self._patient = {}, {}
        self._subscriber = SUBSCRIBER.read(unit)

    def _level_c(self, unit: Unit) -> None:
        self._patient = {}
        self._patient = PATIENT.read(unit)

    def _claim(self, unit: Unit) -> Claim:
        values = self.table.read(unit)
        if "lines" in values:
            values["lines"] = tuple([self._line(line, values) for line in values["lines"]])
        person = self._patient or {"patient": self._subscriber.get("subscriber")}
        kind = self.batch.kind if self.batch else "CH"
        return Claim(kind=self.kind, batch_kind=kind, **{**self._billing, **self._subscriber, **person, **values})

    def _line(self, line: Values, claim: Values) -> ServiceLine:
        if "first" not in line:
            first, last = self.dates(claim)
            if first is None:
                raise TypeError("a line without a day of service")
            line.update(first=first, last=last, dated=False)
        return ServiceLine(**line)


# ---- writing ---------------------------------------------------------------------------------------------------------


class _Levels:
    """Numbers HL segments: each knows its own number and those it hangs under."""

    def __init__(self) -> None:
        self.count = 0

    def open(self, parent: int, code: str, children: bool) -> Segment:
        self.count += 1
        return ["HL", str(self.count), str(parent or ""), code, "1" if children else "0"]


class ClaimWriter:
    """Writes 837 sets of one guide."""

    def __init__(self, guide: str, table: Table) -> None:
        self._guide, self._table = guide, table

    def write(self, batch: ClaimBatch, claims: Iterable[Claim], control: str = "0001") -> list[Segment]:
        """One 837 set from ST up to but not including SE, whole; `segments` says how."""
        return list(self.segments(batch, claims, control))

    def segments(self, batch: ClaimBatch, claims: Iterable[Claim], control: str = "0001") -> Iterator[Segment]:
        """One 837 set, segment by segment.

        Consecutive claims of the same billing provider share a 2000A, of the same subscriber a 2000B, of the same
        patient a 2000C. `claims` is read once and may be endless: nothing but the last claim is kept.
        """
        yield ["ST", "837", control, self._guide]
        yield from HEADER.write(batch)
        levels = _Levels()
        above = [0, 0]
        last: tuple[Any, ...] = (None, None, None)
        for claim in claims:
            keys = (_billing_key(claim), _subscriber_key(claim), _patient_key(claim))
            if keys[0] != last[0]:
                yield levels.open(0, "20", True)
                above[0], last = levels.count, (None, None, None)
                yield from BILLING.write(claim)
            if keys[1] != last[1]:
                yield levels.open(above[0], "22", _has_patient(claim))
                above[1], last = levels.count, (None, None, None)
                yield from _subscriber_rows(claim)
            if keys[2] != last[2] and _has_patient(claim):
                yield levels.open(above[1], "23", False)
                yield from PATIENT.write(claim)
            last = keys
            yield from self._table.write(claim)

    def identifiers(self, batch: ClaimBatch, claims: Iterable[Claim]) -> Iterator[str]:
        """The values no writer may alter to fit delimiters: control and reference numbers, ids, codes."""
        yield from HEADER.identifiers(batch)
        for claim in claims:
            for table in (BILLING, SUBSCRIBER, PATIENT, self._table):
                yield from table.identifiers(claim)


def _has_patient(claim: Claim) -> bool:
    return claim.relationship != "18" or claim.patient != claim.subscriber


def _billing_key(claim: Claim) -> tuple[Any, ...]:
    return (claim.billing, claim.pay_to, claim.pay_to_plan)


def _subscriber_key(claim: Claim) -> tuple[Any, ...]:
    """A subscriber who is the patient has another 2000B than one who is not: SBR02 differs."""
    payer = (claim.payer_name, claim.payer_id, claim.group_no, claim.group_name, claim.insurance_type)
    return (claim.subscriber, *payer, claim.responsibility, claim.filing_code, _has_patient(claim))


def _patient_key(claim: Claim) -> tuple[Any, ...]:
    return (claim.patient, claim.relationship)


def _subscriber_rows(claim: Claim) -> Iterator[Segment]:
    for row in SUBSCRIBER.write(claim):
        if row[0] == "SBR" and _has_patient(claim):
            row[2] = ""  # SBR02 is sent only when the subscriber is the patient; PAT01 says it otherwise
        yield row
