"""837D (005010X224A2): dental claims, read and written by one table; what stands above it is in `claims`."""

from __future__ import annotations

from datetime import date

from mappings import claims
from mappings.claims import (
    OTHER,
    PAYMENT,
    VISIT,
    ClaimWriter,
    Diagnoses,
    LineDates,
    pointers,
    rendering,
    repricing,
)
from mappings.codecs import COUNT, DAY, MONEY, QUANTITY, Codec
from mappings.elements import D8, Composed, F, Id, Period
from mappings.phrases import ADDRESS, nm1_provider, procedure
from mappings.records import Orthodontics, Provider, ServiceDates, Tooth, ToothStatus
from mappings.table import Keyed, Many, One, Seg, Table, Values
from parsers import forms

GUIDE = forms.DENTAL
PREDETERMINATION = Codec("PB".__eq__, lambda asked: "PB" if asked else "")


def _places(text: str, separator: str) -> tuple[str, ...]:
    return tuple([one for one in text.split(separator) if one])


def places(name: str) -> Composed:
    """Up to five areas of the mouth (SV304) or surfaces of a tooth (TOO03) in a tuple field."""
    return Composed(name, _places, tuple)


LINE = Many(
    "lines",
    dict,  # finished by the reader
    "2400",
    Seg("LX", F("number", COUNT)),
    Seg(
        "SV3",
        procedure("procedure"),
        F("charge_cents", MONEY),
        F("pos"),
        places("oral_cavity"),
        F("prosthesis"),
        F("units", QUANTITY),
        *[None] * 4,
        pointers(),
    ),
    Many("teeth", Tooth, "", Seg("TOO", "JP", F("number"), places("surfaces"))),
    LineDates(),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    Seg("REF", "G1", Id("prior_auth")),
    Seg("REF", "6R", Id("control")),
    repricing(),
    rendering("2420A"),
    PAYMENT,
)

CLAIM = Table(
    "2300",
    Seg(
        "CLM",
        *VISIT,
        *[None] * 6,
        F("predetermination", PREDETERMINATION),
        F("delay_reason"),
    ),
    Seg("DTP", "439", D8("accident_date")),
    One("served", ServiceDates, Seg("DTP", "472", Period("first", "last"))),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    One(
        "orthodontics",
        Orthodontics,
        Seg("DN1", F("months", QUANTITY), F("months_left", QUANTITY), None, F("indicated")),
    ),
    Many("tooth_status", ToothStatus, "", Seg("DN2", F("number"), F("status"), None, None, None, "JP")),
    Seg("AMT", "F5", F("patient_paid_cents", MONEY)),
    Seg("REF", "F8", Id("original_icn")),
    Seg("REF", "9F", Id("referral")),
    Seg("REF", "G1", Id("prior_auth")),
    Seg("REF", "D9", Id("clearinghouse_no")),
    Keyed("REF", name="references", fixed=True),
    Seg("HI", Diagnoses()),
    repricing(),
    One("referring", Provider, nm1_provider("DN"), loop="2310A"),
    rendering("2310B"),
    One("facility", Provider, nm1_provider("77"), ADDRESS, loop="2310C"),
    One("assistant", Provider, nm1_provider("DD"), Seg("PRV", "AS", "PXC", Id("taxonomy")), loop="2310D"),
    OTHER,
    LINE,
)


class ClaimReader(claims.ClaimReader):
    """Turns the units of 837D sets into claims.

    A line without DTP*472 has the claim's days. Where there are none either, as in a predetermination, it has the day
    of its file: whether a day of service is wanted is for an edit to say, of one claim and not of its set.
    """

    table, kind = CLAIM, "D"

    def dates(self, values: Values) -> tuple[date | None, date | None]:
        served: ServiceDates | None = values.get("served")
        if served is not None:
            return served.first, served.last
        created = self.batch.created if self.batch else None
        return created, created


WRITER = ClaimWriter(GUIDE, CLAIM)
write, segments, identifiers = WRITER.write, WRITER.segments, WRITER.identifiers
