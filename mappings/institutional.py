"""837I (005010X223A2): institutional claims, read and written by one table; what stands above it is in `claims`.

HI comes once for each kind of code, up to twelve codes a segment, so its rows are `Codes`: one code list, one field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import groupby, zip_longest
from typing import Any

from mappings import claims
from mappings.claims import BILLED, DRUG, OTHER, PAYMENT, ClaimWriter, LineDates, repricing
from mappings.codecs import COUNT, MONEY, QUANTITY, ccyymmdd, cents, day, money
from mappings.elements import C, Element, F, Id, Part, Period, Q, components
from mappings.phrases import ADDRESS, nm1_provider, procedure
from mappings.records import (
    Claim,
    CodeAmount,
    CodeDay,
    CodedDiagnosis,
    CodeSpan,
    Coding,
    Provider,
    Stay,
    Surgery,
)
from mappings.table import REFUSALS, Keyed, Many, One, Seg, Segment, Table, Values
from parsers import forms

GUIDE = forms.INSTITUTIONAL
CODES = 12  # of one HI

# ---- HI --------------------------------------------------------------------------------------------------------------


def _c022(texts: list[str]) -> tuple[str, str, str, str, str]:
    """A component's places that HI uses here: qualifier, code, date, amount, present on admission (C022-9)."""
    qualifier, code, _, on, amount, _, _, _, present = [*texts, *[""] * 9][:9]
    return qualifier, code, on, amount, present


def _diagnosis(qualifier: str, code: str, present: str) -> tuple[str, ...]:
    return components([qualifier, code, *[""] * 6, present])


class Codes(Seg):
    """HI of one code list: a tuple field, twelve codes a segment. codes: its qualifiers, the first is written."""

    def __init__(
        self,
        name: str,
        codes: str | tuple[str, ...],
        read: Callable[[list[str]], Any] = lambda texts: texts[1],
        write: Callable[[str, Any], tuple[str, ...]] = lambda qualifier, item: (qualifier, item),
    ) -> None:
        super().__init__("HI", codes)
        self.name, self._read, self._write = name, read, write
        self.composite_code = True

    def read(self, values: list[str], into: Values, separator: str) -> None:
        found = [self._read(text.split(separator)) for text in values[1:] if text]
        into[self.name] = (*into.get(self.name, ()), *found)

    def write(self, record: Any) -> Iterator[Segment]:
        yield from _rows([self._write(self.codes[0], item) for item in getattr(record, self.name)])

    def identifiers(self, record: Any) -> Iterator[str]:
        return iter(())

    def blame(self, values: list[str], separator: str) -> int:
        for at, text in enumerate(values[1:], 1):
            try:
                self._read(text.split(separator))
            except REFUSALS:
                return at
        return 0


class Diagnoses(Seg):
    """HI ABK (BK), the principal diagnosis, and ABF (BF), the others: codes in one field, indicators in another."""

    def __init__(self) -> None:
        super().__init__("HI", ("ABK", "BK", "ABF", "BF"))
        self.composite_code = True

    def read(self, values: list[str], into: Values, separator: str) -> None:
        found = [_c022(text.split(separator)) for text in values[1:] if text]
        known = [*zip_longest(into.get("diagnoses", ()), into.get("present", ()), fillvalue="")]
        new = [(code, present) for _, code, _, _, present in found]
        pairs = [*new, *known] if found[0][0] in ("ABK", "BK") else [*known, *new]
        into["diagnoses"] = tuple([code for code, _ in pairs])
        if any(present for _, present in pairs):
            into["present"] = tuple([present for _, present in pairs])

    def write(self, record: Claim) -> Iterator[Segment]:
        pairs = [*zip_longest(record.diagnoses, record.present[: len(record.diagnoses)], fillvalue="")]
        yield from _rows([_diagnosis("ABK", *pair) for pair in pairs[:1]])
        yield from _rows([_diagnosis("ABF", *pair) for pair in pairs[1:]])


class Surgeries(Codes):
    """HI BBR, the principal procedure alone, and BBQ, the others: each keeps its qualifier."""

    def __init__(self) -> None:
        super().__init__("procedures", ("BBR", "BR", "CAH", "BBQ", "BQ"), _surgery)

    def write(self, record: Coding) -> Iterator[Segment]:
        for qualifier, items in groupby(record.procedures, key=lambda one: one.qualifier):
            yield from _rows([(qualifier, one.code, "D8", ccyymmdd(one.on)) for one in items])


def _rows(items: Sequence[Element]) -> Iterator[Segment]:
    for start in range(0, len(items), CODES):
        yield ["HI", *items[start : start + CODES]]


def _surgery(texts: list[str]) -> Surgery:
    qualifier, code, on, _, _ = _c022(texts)
    return Surgery(qualifier=qualifier, code=code, on=day(on))


def _cause(texts: list[str]) -> CodedDiagnosis:
    _, code, _, _, present = _c022(texts)
    return CodedDiagnosis(code=code, present=present)


def _span(texts: list[str]) -> CodeSpan:
    _, code, days, _, _ = _c022(texts)
    first, _, last = days.partition("-")
    return CodeSpan(code=code, first=day(first), last=day(last))


def _day(texts: list[str]) -> CodeDay:
    _, code, on, _, _ = _c022(texts)
    return CodeDay(code=code, on=day(on))


def _amount(texts: list[str]) -> CodeAmount:
    _, code, _, amount, _ = _c022(texts)
    return CodeAmount(code=code, cents=cents(amount))


CODING = One(
    "coding",
    Coding,
    Seg("HI", C(("ABJ", "BJ"), F("admitting"))),
    Codes("reasons", ("APR", "PR")),
    Codes("external_causes", ("ABN", "BN"), _cause, lambda code, one: _diagnosis(code, one.code, one.present)),
    Seg("HI", C("DR", F("drg"))),
    Surgeries(),
    Codes("spans", "BI", _span, lambda code, one: (code, one.code, "RD8", _range(one.first, one.last))),
    Codes("occurrences", "BH", _day, lambda code, one: (code, one.code, "D8", ccyymmdd(one.on))),
    Codes("amounts", "BE", _amount, lambda code, one: (code, one.code, "", "", money(one.cents))),
    Codes("conditions", "BG"),
    Codes("treatments", "TC"),
)

# ---- the tables ------------------------------------------------------------------------------------------------------


def _range(first: date, last: date) -> str:
    return f"{ccyymmdd(first)}-{ccyymmdd(last)}"


class Statement(Period):
    """DTP*434: always a range, also of one day."""

    def write(self, record: Stay) -> tuple[Element, ...]:
        return ("RD8", _range(record.first, record.last))


class Admission(Part):
    """DTP*435: a day (D8), or a day and its hour and minute (DT)."""

    width = 2

    def read(self, values: list[str], at: int, into: Values, separator: str) -> None:
        if at + 1 < len(values) and values[at + 1]:
            text = values[at + 1]
            into["admitted"], into["admitted_time"] = day(text[:8]), text[8:]

    def write(self, record: Stay) -> tuple[Element, ...]:
        if record.admitted is None:
            return ("", "")
        return ("DT" if record.admitted_time else "D8", ccyymmdd(record.admitted) + record.admitted_time)


def physician(field: str, entity: str, loop: str, *more: Seg) -> One:
    """2310A-2310D, 2310F, 2420A, 2420C: a person with an NPI."""
    return One(field, Provider, nm1_provider(entity), *more, loop=loop)


LINE = Many(
    "lines",
    dict,  # finished by the reader
    "2400",
    Seg("LX", F("number", COUNT)),
    Seg(
        "SV2",
        F("revenue"),
        procedure("procedure"),
        F("charge_cents", MONEY),
        F("unit"),
        F("units", QUANTITY),
        None,
        F("noncovered_cents", MONEY),
    ),
    LineDates(),
    Seg("REF", "6R", Id("control")),
    repricing(),
    DRUG,
    physician("operating", "72", "2420A"),
    physician("rendering", "82", "2420C"),
    PAYMENT,
)

CLAIM = Table(
    "2300",
    Seg(
        "CLM",
        *BILLED,
        C(F("facility_code"), "A", F("frequency")),
        None,
        F("assignment"),
        F("benefits_assigned"),
        F("release"),
        *[None] * 10,
        F("delay_reason"),
    ),
    One(
        "stay",
        Stay,
        Seg("DTP", "096", Q("TM", "discharge_time", fixed=False)),
        Seg("DTP", "434", Statement("first", "last")),
        Seg("DTP", "435", Admission()),
        Seg("CL1", F("admission_type"), F("admission_source"), F("patient_status")),
    ),
    Seg("AMT", "F3", F("estimated_due_cents", MONEY)),
    Seg("REF", "9F", Id("referral")),
    Seg("REF", "G1", Id("prior_auth")),
    Seg("REF", "F8", Id("original_icn")),
    Seg("REF", "D9", Id("clearinghouse_no")),
    Seg("REF", "EA", Id("record_no")),
    Keyed("REF", name="references", fixed=True),
    Diagnoses(),
    CODING,
    repricing(),
    physician("attending", "71", "2310A", Seg("PRV", "AT", "PXC", Id("taxonomy"))),
    physician("operating", "72", "2310B"),
    physician("other_operating", "ZZ", "2310C"),
    physician("rendering", "82", "2310D"),
    One("facility", Provider, nm1_provider("77"), ADDRESS, loop="2310E"),
    physician("referring", "DN", "2310F"),
    OTHER,
    LINE,
)


class ClaimReader(claims.ClaimReader):
    """Turns the units of 837I sets into claims; a line without DTP*472 has the days of its statement."""

    table, kind = CLAIM, "I"

    def dates(self, values: Values) -> tuple[date | None, date | None]:
        stay: Stay | None = values.get("stay")
        return (stay.first, stay.last) if stay else (None, None)


WRITER = ClaimWriter(GUIDE, CLAIM)
write, segments, identifiers = WRITER.write, WRITER.segments, WRITER.identifiers
