"""277CA (005010X214): the claim-level answer to one accepted 837 set, read and written by one table.

    2000A payer -> 2000B submitter (set totals) -> 2000C billing provider (its totals) -> 2000D patient (one claim)
    -> 2220D (a line that made it be rejected)

Totals are computed on writing and not kept on reading: accepted and rejected claims are the claims of the set.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from mappings.codecs import COUNT, DAY, MONEY, QUANTITY
from mappings.elements import D8, Either, F, Id, Part, Period, Q, components
from mappings.phrases import nm1_organisation, nm1_person, procedure
from mappings.records import (
    ClaimAcknowledgement,
    ClaimAnswer,
    ClaimStatus,
    LineAnswer,
    Organisation,
    Person,
    Procedure,
    Provider,
    ProviderAnswer,
    Record,
)
from mappings.table import Many, One, Seg, Segment, Table, Unreadable, Values, missing
from parsers import forms
from parsers.edits.rules import ENTITIES
from parsers.events import Unit
from parsers.findings import Finding

GUIDE = forms.CLAIM_ACK
RECEIVED = (ClaimStatus(category="A1", status="19", entity="PR"),)
ACCEPTED, REJECTED = "WQ", "U"
REASONS = 3  # of one STC: elements 01, 10 and 11
FIRST_ONLY = frozenset(("03", "41", "HK", "MSC", "PR", "PRP", "SEP", "TL", "TTP"))
"""Entities STC01-3 may name, but STC10-3 and STC11-3 may not: a further reason is told without them."""

INSTEAD = {"DD": "1P", "P3": "1P", "ZZ": "73", "45": "77", "PW": "77", "PE": "87"}
"""Parties of an 837 STC01-3 has no code for -> the wider one it has: provider, other physician, location, pay-to."""

# ---- the tables ------------------------------------------------------------------------------------------------------


class Answered(Record, frozen=True, kw_only=True):
    """What STC says at any level: reasons, its date (none at 2200C), WQ or U, the charge it speaks of."""

    reasons: tuple[ClaimStatus, ...]
    on: date | None = None
    action: str
    cents: int = 0


class SubmitterLevel(Answered, frozen=True, kw_only=True):
    """2000B with its totals."""

    submitter: Organisation
    batch: str
    accepted: int | None = None
    rejected: int | None = None
    accepted_cents: int | None = None
    rejected_cents: int | None = None


class ProviderLevel(Answered, frozen=True, kw_only=True):
    """2000C with its totals."""

    provider: Provider
    accepted: int | None = None
    rejected: int | None = None
    accepted_cents: int | None = None
    rejected_cents: int | None = None


class LineLevel(Record, frozen=True, kw_only=True):
    """2220D: an STC that can only reject."""

    procedure: Procedure
    charge_cents: int
    revenue: str = ""
    units: Decimal | None = None
    reasons: tuple[ClaimStatus, ...]
    on: date
    control: str = ""
    first: date | None = None
    last: date | None = None


class ClaimLevel(Answered, frozen=True, kw_only=True):
    """2000D."""

    patient: Person
    pcn: str
    icn: str = ""
    clearinghouse_no: str = ""
    bill_type: str = ""
    first: date
    last: date
    lines: tuple[LineLevel, ...] = ()


class Stc(Seg):
    """STC, three reasons a segment (01, 10, 11). most: how many reasons the guide has room for, None: any number."""

    def __init__(self, *said: Part | str, most: int | None = None) -> None:
        super().__init__("STC", None, F("on", DAY), *said)
        self._most = most

    def read(self, values: list[str], into: Values, separator: str) -> None:
        super().read(values, into, separator)
        reasons = [_read_status(values[at], separator) for at in (1, 10, 11) if at < len(values) and values[at]]
        into["reasons"] = (*into.get("reasons", ()), *reasons)

    def write(self, record: Answered | LineLevel) -> Iterator[Segment]:
        (row,) = super().write(record)
        reasons = record.reasons[: self._most]
        for start in range(0, len(reasons), REASONS):
            first, *more = reasons[start : start + REASONS]
            told = [_write_status(m, FURTHER) for m in more]
            padding = [""] * (10 - len(row) if more else 0)
            yield ["STC", _write_status(first, ENTITIES), *row[2:], *padding, *told]


def _read_status(text: str, separator: str) -> ClaimStatus:
    category, status, entity = [*text.split(separator), "", ""][:3]
    return ClaimStatus(category=category, status=status, entity=entity)


FURTHER = frozenset(ENTITIES) - FIRST_ONLY


def _write_status(value: ClaimStatus, entities: Collection[str]) -> tuple[str, ...]:
    """Its entity as the place has a code for it, left out where it has none."""
    entity = INSTEAD.get(value.entity, value.entity)
    return components([value.category, value.status, entity if entity in entities else ""])


STATUS = Stc(F("action"), F("cents", MONEY))


def _totals(accepted: str, rejected: str) -> tuple[Seg, ...]:
    return (
        Seg("QTY", accepted, F("accepted", COUNT)),
        Seg("QTY", rejected, F("rejected", COUNT)),
        Seg("AMT", "YU", F("accepted_cents", MONEY)),
        Seg("AMT", "YY", F("rejected_cents", MONEY)),
    )


HEADER = Table(
    "HEADER",
    Seg("BHT", "0085", "08", Id("reference"), F("created", DAY), F("time"), "TH"),
)
PAYER = Table(
    "2200A",
    One("payer", Organisation, nm1_organisation("PR"), loop="2100A"),
    Seg("TRN", "1", Id("receipt")),
    Seg("DTP", "050", D8("received")),
    Seg("DTP", "009", D8("processed")),
)
SUBMITTER = Table(
    "2200B",
    One("submitter", Organisation, nm1_organisation("41"), loop="2100B"),
    Seg("TRN", "2", Id("batch")),
    STATUS,
    *_totals("90", "AA"),
)
PROVIDER = Table(
    "2200C",
    One(
        "provider",
        Provider,
        Seg("NM1", "85", F("entity"), F("name"), F("first"), *[None] * 3, Either(Q("XX", "npi"), Q("FI", "tin"))),
        loop="2100C",
    ),
    Seg("TRN", "1", "0"),
    STATUS,
    *_totals("QA", "QC"),
)
CLAIM = Table(
    "2200D",
    One("patient", Person, nm1_person("QC"), loop="2100D"),
    Seg("TRN", "2", Id("pcn")),
    STATUS,
    Seg("REF", "1K", Id("icn")),
    Seg("REF", "D9", Id("clearinghouse_no")),
    Seg("REF", "BLT", Id("bill_type")),
    Seg("DTP", "472", Period("first", "last")),
    Many(
        "lines",
        LineLevel,
        "2220D",
        Seg(
            "SVC",
            procedure("procedure"),
            F("charge_cents", MONEY),
            None,
            Id("revenue"),
            None,
            None,
            F("units", QUANTITY),
        ),
        Stc(REJECTED, most=REASONS),
        Seg("REF", "FJ", Id("control")),
        Seg("DTP", "472", Period("first", "last")),
    ),
)

# ---- writing ---------------------------------------------------------------------------------------------------------


def write(answer: ClaimAcknowledgement, control: str = "0001") -> list[Segment]:
    """One 277CA set from ST up to but not including SE, whole; `segments` says how."""
    return list(segments(answer, control))


def segments(answer: ClaimAcknowledgement, control: str = "0001") -> Iterator[Segment]:
    """One 277CA set, segment by segment.

    2000B says U only when the whole set is rejected for the submitter's sake (`rejected`), and then nothing stands
    below it; 2000C says U only when the provider is the reason (`ProviderAnswer.rejected`); else each claim has its own
    verdict.
    """
    yield ["ST", "277", control, GUIDE]
    yield from HEADER.write(answer)
    yield ["HL", "1", "", "20", "1"]
    yield from PAYER.write(answer)
    yield ["HL", "2", "1", "21", "1" if answer.providers else "0"]
    yield from SUBMITTER.write(_submitter_level(answer))
    number = 2
    for one in answer.providers:
        number += 1
        parent = str(number)
        yield ["HL", parent, "2", "19", "1"]
        yield from PROVIDER.write(_provider_level(one))
        for claim in one.claims:
            number += 1
            yield ["HL", str(number), parent, "PT"]
            yield from CLAIM.write(_claim_level(claim, answer.processed))


def identifiers(answer: ClaimAcknowledgement) -> Iterator[str]:
    """The values no writer may alter to fit delimiters."""
    yield from HEADER.identifiers(answer)
    yield from PAYER.identifiers(answer)
    yield from SUBMITTER.identifiers(_submitter_level(answer))
    for one in answer.providers:
        yield from PROVIDER.identifiers(_provider_level(one))
        for claim in one.claims:
            yield from CLAIM.identifiers(_claim_level(claim, answer.processed))


def _submitter_level(answer: ClaimAcknowledgement) -> SubmitterLevel:
    claims = [claim for provider in answer.providers for claim in provider.claims]
    totals = _sums(claims)
    if answer.rejected:
        totals = {"rejected": answer.rejected_claims, "rejected_cents": answer.rejected_cents}
    return SubmitterLevel(
        submitter=answer.submitter,
        batch=answer.batch,
        reasons=answer.rejected or RECEIVED,
        action=REJECTED if answer.rejected else ACCEPTED,
        on=answer.processed,
        cents=totals.get("accepted_cents", 0) + totals.get("rejected_cents", 0),
        **totals,
    )


def _provider_level(answer: ProviderAnswer) -> ProviderLevel:
    return ProviderLevel(
        provider=answer.provider,
        reasons=answer.rejected or RECEIVED,
        action=REJECTED if answer.rejected else ACCEPTED,
        cents=sum(claim.charge_cents for claim in answer.claims),
        **_sums(answer.claims),
    )


def _claim_level(claim: ClaimAnswer, processed: date) -> ClaimLevel:
    return ClaimLevel(
        patient=claim.patient,
        pcn=claim.pcn,
        reasons=claim.reasons,
        on=processed,
        action=ACCEPTED if claim.accepted else REJECTED,
        cents=claim.charge_cents,
        icn=claim.icn,
        clearinghouse_no=claim.clearinghouse_no,
        bill_type=claim.bill_type,
        first=claim.first,
        last=claim.last,
        lines=tuple([_line_level(line, processed) for line in claim.lines]),
    )


def _line_level(line: LineAnswer, processed: date) -> LineLevel:
    return LineLevel(
        procedure=line.procedure,
        charge_cents=line.charge_cents,
        revenue=line.revenue,
        units=line.units,
        reasons=line.reasons,
        on=processed,
        control=line.control or (str(line.number) if line.number else ""),
        first=line.first,
        last=line.last,
    )


def _sums(claims: Iterable[ClaimAnswer]) -> dict[str, Any]:
    """Counts and charges by verdict; a verdict no claim has is left out."""
    totals: dict[str, Any] = {}
    for claim in claims:
        name = "accepted" if claim.accepted else "rejected"
        totals[name] = totals.get(name, 0) + 1
        totals[f"{name}_cents"] = totals.get(f"{name}_cents", 0) + claim.charge_cents
    return totals


# ---- reading ---------------------------------------------------------------------------------------------------------


class AcknowledgementReader:
    """Turns the units of one 277CA set into a ClaimAcknowledgement: `take` every unit, then `close`."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._values: Values = {}
        self._providers: list[tuple[ProviderLevel, list[ClaimAnswer]]] = []
        self._levels: dict[str, Callable[[Unit], None]] = {
            "header": lambda unit: self._values.update(HEADER.read(unit)),
            "2000A": lambda unit: self._values.update(PAYER.read(unit)),
            "2000B": self._submitter,
            "2000C": lambda unit: self._providers.append((ProviderLevel(**PROVIDER.read(unit)), [])),
            "2000D": self._claim,
        }

    def take(self, unit: Unit) -> None:
        """Read one unit; what cannot be read becomes findings."""
        level = self._levels.get(unit.kind)
        try:
            if level:
                level(unit)
        except Unreadable as trouble:
            self.findings.extend(trouble.findings)
        except TypeError:
            self.findings.append(missing(unit))

    def close(self) -> ClaimAcknowledgement | None:
        """The acknowledgement, None when the set lacked what its guide requires."""
        providers = tuple([_provider(level, claims) for level, claims in self._providers])
        try:
            return ClaimAcknowledgement(providers=providers, **self._values)
        except TypeError:
            return None

    def _submitter(self, unit: Unit) -> None:
        level = SubmitterLevel(**SUBMITTER.read(unit))
        self._values.update(submitter=level.submitter, batch=level.batch)
        if level.action == REJECTED:
            self._values.update(
                rejected=level.reasons, rejected_claims=level.rejected or 0, rejected_cents=level.rejected_cents or 0
            )

    def _claim(self, unit: Unit) -> None:
        values = CLAIM.read(unit)
        if self._providers and "pcn" in values:  # 2200D is situational: a patient without one has no claim to answer
            self._providers[-1][1].append(_claim(ClaimLevel(**values)))


def _provider(level: ProviderLevel, claims: list[ClaimAnswer]) -> ProviderAnswer:
    rejected = level.reasons if level.action == REJECTED else ()
    return ProviderAnswer(provider=level.provider, rejected=rejected, claims=tuple(claims))


def _claim(level: ClaimLevel) -> ClaimAnswer:
    return ClaimAnswer(
        pcn=level.pcn,
        charge_cents=level.cents,
        patient=level.patient,
        accepted=level.action == ACCEPTED,
        reasons=level.reasons,
        icn=level.icn,
        clearinghouse_no=level.clearinghouse_no,
        bill_type=level.bill_type,
        first=level.first,
        last=level.last,
        lines=tuple([_line(line) for line in level.lines]),
    )


def _line(level: LineLevel) -> LineAnswer:
    return LineAnswer(
        procedure=level.procedure,
        charge_cents=level.charge_cents,
        revenue=level.revenue,
        units=level.units,
        control=level.control,
        reasons=level.reasons,
        first=level.first,
        last=level.last,
    )
