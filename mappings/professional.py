"""837P (005010X222A1): professional claims, read and written by one table; what stands above it is in `claims`."""

from __future__ import annotations

from mappings import claims
from mappings.claims import (
    DRUG,
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
from mappings.codecs import COUNT, DAY, MONEY, QUANTITY
from mappings.elements import D8, F, Id
from mappings.phrases import ADDRESS, nm1_provider, procedure
from mappings.records import Provider
from mappings.table import Keyed, Many, One, Seg, Table
from parsers import forms

GUIDE = forms.PROFESSIONAL

LINE = Many(
    "lines",
    dict,  # finished by the reader
    "2400",
    Seg("LX", F("number", COUNT)),
    Seg(
        "SV1",
        procedure("procedure"),
        F("charge_cents", MONEY),
        F("unit"),
        F("units", QUANTITY),
        F("pos"),
        None,
        pointers(),
        None,
        F("emergency"),
    ),
    LineDates(),
    Seg("REF", "G1", Id("prior_auth")),
    Seg("REF", "6R", Id("control")),
    Seg("REF", "X4", Id("clia")),
    repricing(),
    DRUG,
    rendering("2420A"),
    PAYMENT,
)

CLAIM = Table(
    "2300",
    Seg(
        "CLM",
        *VISIT,
        *[None] * 7,
        F("delay_reason"),
    ),
    Seg("DTP", "439", D8("accident_date")),
    Keyed("DTP", "D8", name="dates", codec=DAY),
    Seg("AMT", "F5", F("patient_paid_cents", MONEY)),
    Seg("REF", "9F", Id("referral")),
    Seg("REF", "G1", Id("prior_auth")),
    Seg("REF", "F8", Id("original_icn")),
    Seg("REF", "D9", Id("clearinghouse_no")),
    Seg("REF", "EA", Id("record_no")),
    Keyed("REF", name="references", fixed=True),
    Seg("HI", Diagnoses()),
    repricing(),
    One("referring", Provider, nm1_provider("DN"), loop="2310A"),
    rendering("2310B"),
    One("facility", Provider, nm1_provider("77"), ADDRESS, loop="2310C"),
    OTHER,
    LINE,
)


class ClaimReader(claims.ClaimReader):
    """Turns the units of 837P sets into claims."""

    table, kind = CLAIM, "P"


WRITER = ClaimWriter(GUIDE, CLAIM)
write, segments, identifiers = WRITER.write, WRITER.segments, WRITER.identifiers
