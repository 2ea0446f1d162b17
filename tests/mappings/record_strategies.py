"""Records as a partner may legally send them, for properties: code values are the guides', text is X12's basic set."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from mappings.records import (
    Address,
    Adjustment,
    BankAccount,
    Claim,
    ClaimAcknowledgement,
    ClaimAnswer,
    ClaimBatch,
    ClaimStatus,
    CodeAmount,
    CodeDay,
    CodedDiagnosis,
    CodeSpan,
    Coding,
    Contact,
    CoverageRow,
    EnrolmentHeader,
    LineAnswer,
    LinePayment,
    MemberRow,
    Organisation,
    Orthodontics,
    OtherCoverage,
    OtherInsurance,
    Person,
    Procedure,
    Provider,
    ProviderAdjustment,
    ProviderAnswer,
    Remittance,
    RemittedClaim,
    RemittedLine,
    Repricing,
    ServiceDates,
    ServiceLine,
    Stay,
    Surgery,
    Tooth,
    ToothStatus,
)

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"


def _word(number: int) -> str:
    """One whole number as text: one draw instead of one for every character keeps hypothesis quick."""
    marks = ("", " ", "-", "'", ". ", "/")[number % 6]
    letters = ""
    while number:
        number, rest = divmod(number, 36)
        letters += (DIGITS + LETTERS)[rest]
    return f"{letters[:3]}{marks}{letters[3:]}".strip() or "0"


def text(most: int, least: int = 1) -> st.SearchStrategy[str]:
    """Letters, digits and a few marks; no spaces at the ends; now and then as long as it may be."""
    return st.integers(0, 10**9).map(
        lambda n: (_word(n) * (most if n % 7 == 0 else 1))[:most].strip().ljust(least, "X")
    )


def digits(size: int) -> st.SearchStrategy[str]:
    return st.integers(0, 10**size - 1).map(lambda n: f"{n:0{size}}")


def code(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def maybe(strategy: st.SearchStrategy[Any], absent: Any = None) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(absent), strategy)


def opt(most: int) -> st.SearchStrategy[str]:
    return maybe(text(most), "")


def tuples(strategy: st.SearchStrategy[Any], least: int, most: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def keyed(keys: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=2)


days = st.dates(date(1990, 1, 1), date(2030, 12, 31))
cents = st.integers(0, 10**10 - 1)
signed_cents = st.integers(-(10**10) + 1, 10**10 - 1).filter(bool)
quantities = st.integers(1, 9_999_999).map(lambda n: Decimal(n) / 1000)

addresses = st.builds(
    Address, line1=text(55), line2=opt(55), city=text(30, 2), state=code("TX", "CA", "NY"), zip=digits(9)
)
names = {"last": text(60), "first": text(35), "middle": opt(25), "suffix": opt(10)}


def persons(**more: Any) -> st.SearchStrategy[Person]:
    return st.builds(Person, **{**names, **more})


whole_persons = persons(birth=days, sex=code("F", "M", "U"), address=addresses)
card_ids = {"id_qualifier": st.just("MI"), "id": text(30, 2)}
procedures = st.builds(Procedure, code=digits(5), modifiers=tuples(code("25", "59", "RT"), 0, 4))
npis = digits(10)


def providers(entity: st.SearchStrategy[str], **more: Any) -> st.SearchStrategy[Provider]:
    def named(one: Provider) -> Provider:
        return (
            one
            if one.entity == "1"
            else Provider(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "first": ""})
        )

    return st.builds(Provider, npi=npis, entity=entity, name=text(60), first=text(35), **more).map(named)


either = code("1", "2")
billing_providers = providers(
    either, tin=digits(9), tin_qualifier=code("EI", "SY"), taxonomy=maybe(text(10, 10), ""), address=addresses
)
rendering_providers = providers(either, taxonomy=maybe(text(10, 10), ""))


@st.composite
def adjustments(draw: st.DrawFn) -> tuple[Adjustment, ...]:
    """Grouped, as CAS holds them; up to eight of a group, so that one CAS is not enough."""
    groups = draw(st.lists(code("CO", "PR", "OA", "PI"), max_size=2, unique=True))
    one = st.builds(dict, reason=code("45", "1", "2", "23", "97"), cents=signed_cents, quantity=maybe(quantities))
    return tuple(Adjustment(group=g, **a) for g in groups for a in draw(st.lists(one, min_size=1, max_size=8)))


# ---- 837P ------------------------------------------------------------------------------------------------------------

repricings = st.builds(
    Repricing, method=code("00", "02"), allowed_cents=cents, saving_cents=maybe(cents), organisation=opt(30),
    reject_reason=maybe(code("T1", "T3"), ""),
)  # fmt: skip
line_payments = st.builds(
    LinePayment, payer_id=text(30, 2), paid_cents=cents, procedure=procedures, units=quantities,
    adjustments=adjustments(), decided=days, remaining_cents=maybe(cents),
)  # fmt: skip


@st.composite
def service_lines(draw: st.DrawFn, number: int) -> ServiceLine:
    first = draw(days)
    drug = draw(maybe(st.builds(dict, ndc=digits(11), ndc_units=quantities, ndc_unit=code("ML", "UN")), {}))
    return ServiceLine(
        number=number,
        procedure=draw(procedures),
        charge_cents=draw(cents),
        unit=draw(code("UN", "MJ")),
        units=draw(quantities),
        pos=draw(maybe(code("11", "22"), "")),
        pointers=draw(tuples(st.integers(1, 12), 1, 4)),
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 30))),
        control=draw(opt(30)),
        prior_auth=draw(opt(30)),
        clia=draw(opt(30)),
        emergency=draw(maybe(st.just("Y"), "")),
        repricing=draw(maybe(repricings)),
        rendering=draw(maybe(rendering_providers)),
        payments=draw(tuples(line_payments, 0, 2)),
        **drug,
    )


other_coverages = st.builds(
    OtherCoverage, responsibility=code("P", "S", "T"), relationship=code("18", "19"), group_no=opt(30),
    group_name=opt(60), insurance_type=maybe(code("12", "47"), ""), filing_code=code("CI", "MB"), payer_name=text(60),
    payer_id=text(30, 2), icn=opt(30), insured=persons(address=addresses, **card_ids), paid_cents=maybe(cents),
    remaining_cents=maybe(cents), noncovered_cents=maybe(cents), adjustments=adjustments(), decided=maybe(days),
)  # fmt: skip


def claim_basics(draw: st.DrawFn, billing: list[Provider], cards: list[Person]) -> dict[str, Any]:
    """What claims of the three 837 guides have in common."""
    card = draw(st.sampled_from(cards))
    relationship = draw(code("18", "01", "19"))
    return {
        "pcn": draw(text(20)),
        "charge_cents": draw(cents),
        "frequency": draw(code("1", "7", "8")),
        "assignment": draw(code("A", "B", "C")),
        "benefits_assigned": draw(code("Y", "N", "W")),
        "release": draw(code("Y", "I")),
        "delay_reason": draw(maybe(code("1", "11"), "")),
        "prior_auth": draw(opt(30)),
        "referral": draw(opt(30)),
        "original_icn": draw(opt(30)),
        "clearinghouse_no": draw(opt(20)),
        "repricing": draw(maybe(repricings)),
        "billing": draw(st.sampled_from(billing)),
        "pay_to": draw(maybe(addresses)),
        "pay_to_plan": draw(maybe(pay_to_plans)),
        "facility": draw(maybe(providers(st.just("2"), address=addresses))),
        "subscriber": card,
        "group_no": draw(opt(30)),
        "group_name": draw(opt(60)),
        "responsibility": draw(code("P", "S", "T")),
        "filing_code": draw(code("CI", "ZZ")),
        "patient": card if relationship == "18" else draw(whole_persons),
        "relationship": relationship,
        "payer_name": draw(text(60)),
        "payer_id": draw(text(30, 2)),
    }


def accidents(draw: st.DrawFn) -> dict[str, Any]:
    """CLM11 and what belongs to it."""
    causes = draw(st.lists(code("AA", "EM", "OA"), max_size=2, unique=True))
    return {
        "accident": tuple(causes),
        "accident_state": draw(maybe(code("TX", "CA"), "")) if causes else "",
        "accident_date": draw(maybe(days)),
    }


def several(draw: st.DrawFn, make: Any) -> tuple[Any, ...]:
    """One to three of what is numbered from 1."""
    return tuple(draw(make(number)) for number in range(1, draw(st.integers(1, 3)) + 1))


@st.composite
def claims(draw: st.DrawFn, billing: list[Provider], cards: list[Person], created: date) -> Claim:
    return Claim(
        **claim_basics(draw, billing, cards),
        **accidents(draw),
        pos=draw(code("11", "21")),
        provider_signature=draw(code("Y", "N")),
        special_program=draw(maybe(code("02", "09"), "")),
        patient_paid_cents=draw(maybe(cents)),
        record_no=draw(opt(30)),
        dates=draw(keyed(("431", "454", "435"), days)),
        references=draw(keyed(("X4", "P4", "9A"), text(30))),
        diagnoses=draw(tuples(code("E119", "S52501A", "I10", "C3411"), 1, 12)),
        rendering=draw(maybe(rendering_providers)),
        referring=draw(maybe(providers(st.just("1")))),
        insurance_type=draw(maybe(code("12", "47"), "")),
        other=draw(tuples(other_coverages, 0, 2)),
        lines=several(draw, service_lines),
    )


# ---- 837I ------------------------------------------------------------------------------------------------------------

physicians = providers(st.just("1"))
indicators = code("", "Y", "N", "U", "W")
times = st.builds("{:02}{:02}".format, st.integers(0, 23), st.integers(0, 59))
icd_codes = code("E119", "S52501A", "I10", "C3411", "J189")


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    first = draw(days)
    admitted = draw(maybe(days))
    return Stay(
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 30))),
        admitted=admitted,
        admitted_time=draw(maybe(times, "")) if admitted else "",
        discharge_time=draw(maybe(times, "")),
        admission_type=draw(maybe(code("1", "3"), "")),
        admission_source=draw(maybe(code("1", "7"), "")),
        patient_status=draw(code("01", "20", "30")),
    )


spans = st.builds(CodeSpan, code=code("70", "74"), first=days, last=days)
surgeries = st.builds(Surgery, qualifier=st.just("BBQ"), code=code("0DTJ4ZZ", "02703DZ"), on=days)
principal_surgeries = st.builds(Surgery, qualifier=st.just("BBR"), code=code("0SRC0J9"), on=days)


@st.composite
def codings(draw: st.DrawFn) -> Coding:
    return Coding(
        admitting=draw(maybe(icd_codes, "")),
        reasons=draw(tuples(icd_codes, 0, 3)),
        external_causes=draw(tuples(st.builds(CodedDiagnosis, code=code("W010XXA"), present=indicators), 0, 12)),
        drg=draw(maybe(code("470", "871"), "")),
        procedures=(*draw(tuples(principal_surgeries, 0, 1)), *draw(tuples(surgeries, 0, 13))),
        spans=draw(tuples(spans, 0, 13)),
        occurrences=draw(tuples(st.builds(CodeDay, code=code("11", "50"), on=days), 0, 13)),
        amounts=draw(tuples(st.builds(CodeAmount, code=code("80", "A1"), cents=cents), 0, 13)),
        conditions=draw(tuples(code("09", "C5"), 0, 13)),
        treatments=draw(tuples(code("A01", "B02"), 0, 13)),
    )


def plain(strategy: st.SearchStrategy[Any], **none: Any) -> st.SearchStrategy[Any]:
    """The records without what another guide does not use."""
    return strategy.map(lambda made: msgspec.structs.replace(made, **none))


@st.composite
def institutional_lines(draw: st.DrawFn, number: int, stay: Stay) -> ServiceLine:
    first = draw(maybe(days))
    period = (first, first + timedelta(days=draw(st.integers(0, 9)))) if first else (stay.first, stay.last)
    drug = draw(maybe(st.builds(dict, ndc=digits(11), ndc_units=quantities, ndc_unit=code("ML", "UN")), {}))
    return ServiceLine(
        number=number,
        revenue=draw(code("0120", "0250", "0450")),
        procedure=draw(maybe(procedures, Procedure(code=""))),
        charge_cents=draw(cents),
        noncovered_cents=draw(maybe(cents)),
        unit=draw(code("UN", "DA")),
        units=draw(quantities),
        first=period[0],
        last=period[1],
        dated=first is not None,
        control=draw(opt(30)),
        repricing=draw(maybe(repricings)),
        operating=draw(maybe(physicians)),
        rendering=draw(maybe(physicians)),
        payments=draw(tuples(plain(line_payments, revenue="0120"), 0, 2)),
        **drug,
    )


@st.composite
def institutional_claims(draw: st.DrawFn, billing: list[Provider], cards: list[Person], created: date) -> Claim:
    stay = draw(stays())
    diagnoses = draw(tuples(icd_codes, 1, 25))
    present = tuple(draw(indicators) for _ in diagnoses)
    return Claim(
        **claim_basics(draw, billing, cards),
        kind="I",
        facility_code=draw(code("11", "13", "85")),
        stay=stay,
        estimated_due_cents=draw(maybe(cents)),
        record_no=draw(opt(30)),
        references=draw(keyed(("LU", "P4", "9A"), text(30))),
        diagnoses=diagnoses,
        present=present if any(present) else (),
        coding=draw(codings()),
        attending=draw(maybe(providers(st.just("1"), taxonomy=maybe(text(10, 10), "")))),
        operating=draw(maybe(physicians)),
        other_operating=draw(maybe(physicians)),
        rendering=draw(maybe(physicians)),
        referring=draw(maybe(physicians)),
        other=draw(tuples(plain(other_coverages, insurance_type=""), 0, 2)),
        lines=several(draw, lambda number: institutional_lines(number, stay)),
    )


# ---- 837D ------------------------------------------------------------------------------------------------------------

dental_procedures = st.builds(Procedure, code=code("D0120", "D2392", "D8080"), qualifier=st.just("AD"))
teeth = st.builds(Tooth, number=code("3", "14", "T"), surfaces=tuples(code("M", "O", "D"), 0, 5))
orthodontics = st.one_of(
    st.builds(Orthodontics, months=quantities, months_left=maybe(quantities)),
    st.just(Orthodontics(indicated="Y")),
)


@st.composite
def dental_lines(draw: st.DrawFn, number: int, otherwise: tuple[date, date]) -> ServiceLine:
    on = draw(maybe(days))
    return ServiceLine(
        number=number,
        procedure=draw(dental_procedures),
        charge_cents=draw(cents),
        units=draw(quantities),
        pos=draw(maybe(code("11", "22"), "")),
        pointers=draw(tuples(st.integers(1, 4), 0, 4)),
        oral_cavity=draw(tuples(code("10", "20", "01"), 0, 5)),
        prosthesis=draw(maybe(code("I", "R"), "")),
        teeth=draw(tuples(teeth, 0, 3)),
        first=on or otherwise[0],
        last=on or otherwise[1],
        dated=on is not None,
        dates=draw(keyed(("441", "452", "446"), days)),
        control=draw(opt(30)),
        prior_auth=draw(opt(30)),
        repricing=draw(maybe(plain(repricings, saving_cents=None))),
        rendering=draw(maybe(rendering_providers)),
        payments=draw(tuples(dental_payments, 0, 2)),
    )


dental_payments = st.builds(msgspec.structs.replace, line_payments, procedure=dental_procedures)


@st.composite
def dental_claims(draw: st.DrawFn, billing: list[Provider], cards: list[Person], created: date) -> Claim:
    first = draw(maybe(days))
    served = ServiceDates(first=first, last=first + timedelta(days=draw(st.integers(0, 9)))) if first else None
    otherwise = (served.first, served.last) if served else (created, created)
    return Claim(
        **claim_basics(draw, billing, cards),
        **accidents(draw),
        kind="D",
        pos=draw(code("11", "22")),
        provider_signature=draw(code("Y", "N")),
        special_program=draw(maybe(code("02", "03"), "")),
        predetermination=draw(st.booleans()),
        served=served,
        orthodontics=draw(maybe(orthodontics)),
        tooth_status=draw(tuples(st.builds(ToothStatus, number=code("1", "16", "A"), status=code("E", "M")), 0, 4)),
        patient_paid_cents=draw(maybe(cents)),
        dates=draw(keyed(("452", "050"), days)),
        references=draw(keyed(("G3", "9A"), text(30))),
        diagnoses=draw(tuples(code("K029", "K0500"), 0, 4)),
        rendering=draw(maybe(rendering_providers)),
        referring=draw(maybe(providers(st.just("1")))),
        assistant=draw(maybe(rendering_providers)),
        other=draw(tuples(other_coverages, 0, 2)),
        lines=several(draw, lambda number: dental_lines(number, otherwise)),
    )


# ---- 837: files ------------------------------------------------------------------------------------------------------

pay_to_plans = st.builds(
    Organisation, name=text(60), id_qualifier=st.just("PI"), id=text(30, 2), tin=digits(9), address=addresses
)
contacts = st.builds(Contact, function=st.just("IC"), name=text(60), number_qualifier=st.just("TE"), number=digits(10))


def parties(qualifier: str) -> st.SearchStrategy[Organisation]:
    return st.builds(Organisation, name=text(60), id_qualifier=st.just(qualifier), id=text(30, 2))


batches = st.builds(
    ClaimBatch, reference=text(30), purpose=code("00", "18"), created=days, time=st.just("0930"),
    kind=code("CH", "RP"), submitter=parties("46"), contact=contacts, receiver=parties("46"),
)  # fmt: skip


def claim_files(
    claims_of: Any = claims, billing_of: st.SearchStrategy[Provider] = billing_providers
) -> st.SearchStrategy[tuple[ClaimBatch, list[Claim]]]:
    """A batch and its claims, of a guide's claims and a guide's billing providers."""

    @st.composite
    def files(draw: st.DrawFn) -> tuple[ClaimBatch, list[Claim]]:
        billing = draw(st.lists(billing_of, min_size=1, max_size=2))
        subscribers = persons(birth=days, sex=code("F", "M"), address=addresses, **card_ids)
        cards = draw(st.lists(subscribers, min_size=1, max_size=2))
        batch = draw(batches)
        made = draw(st.lists(claims_of(billing, cards, batch.created), min_size=1, max_size=3))
        return batch, [msgspec.structs.replace(one, batch_kind=batch.kind) for one in made]

    return files()


def institutional_files() -> st.SearchStrategy[tuple[ClaimBatch, list[Claim]]]:
    """837I: the billing provider is an organisation with an employer's number."""
    hospitals = plain(billing_providers, entity="2", first="", tin_qualifier="EI")
    return claim_files(institutional_claims, hospitals)


def dental_files() -> st.SearchStrategy[tuple[ClaimBatch, list[Claim]]]:
    """837D."""
    return claim_files(dental_claims)


# ---- 834 -------------------------------------------------------------------------------------------------------------


@st.composite
def enrolment_headers(draw: st.DrawFn) -> EnrolmentHeader:
    dates = draw(keyed(("007", "090", "091", "303"), days))
    return EnrolmentHeader(
        reference=draw(text(30)),
        purpose=draw(code("00", "15", "22")),
        created=draw(days),
        time=draw(code("0800", "080000")),
        original_reference=draw(opt(30)),
        action=draw(code("2", "4", "RX")),
        master_policy=draw(opt(30)),
        effective=dates.get("007"),
        dates=dates,
        employees=draw(maybe(st.integers(0, 99999))),
        dependents=draw(maybe(st.integers(0, 99999))),
        total=draw(maybe(st.integers(0, 99999))),
        sponsor=draw(parties("FI")),
        payer=draw(parties("FI")),
        administrator=draw(maybe(parties("FI"), Organisation())),
    )


other_insurances = st.builds(
    OtherInsurance, responsibility=code("P", "S", "U"), policy_no=opt(30), coordination=code("1", "5", "6"),
    first=maybe(days), last=maybe(days), references=keyed(("60", "6P"), text(30)), payer_name=text(60),
    payer_id=opt(30).map(lambda one: one and one.ljust(2, "X")),
)  # fmt: skip
coverage_rows = st.builds(
    CoverageRow, maintenance=code("001", "021", "024", "030"), line=code("PPO", "DEN", "HLT"), plan=opt(50),
    tier=maybe(code("EMP", "FAM"), ""), late_enrollee=maybe(code("Y", "N"), ""), first=days, last=maybe(days),
    dates=keyed(("303", "300"), days), amounts_cents=keyed(("P3", "D2"), cents),
    references=keyed(("1L", "17"), text(30)), other=tuples(other_insurances, 0, 2),
)  # fmt: skip
member_people = st.one_of(
    persons(id_qualifier=st.just("34"), id=digits(9)),
    persons(id_qualifier=st.just("34"), id=digits(9), birth=days, sex=code("F", "M"), address=addresses),
)


@st.composite
def member_rows(draw: st.DrawFn, ordinal: int) -> MemberRow:
    medicare = draw(maybe(code("A", "B", "C", "D", "E"), ""))
    return MemberRow(
        ordinal=ordinal,
        subscriber=draw(st.booleans()),
        relationship=draw(code("18", "01", "19", "53")),
        maintenance=draw(code("001", "021", "024", "025", "030")),
        reason=draw(maybe(code("08", "XN", "28"), "")),
        status=draw(code("A", "C", "S", "T")),
        medicare=medicare,
        medicare_reason=draw(maybe(code("0", "2"), "")) if medicare else "",
        cobra_event=draw(maybe(code("1", "7"), "")),
        employment=draw(maybe(code("FT", "TE"), "")),
        student=draw(maybe(code("F", "N"), "")),
        handicapped=draw(maybe(code("Y", "N"), "")),
        died=draw(maybe(days)),
        restricted=draw(st.booleans()),
        birth_sequence=draw(maybe(st.integers(1, 9))),
        subscriber_no=draw(text(30)),
        group_no=draw(opt(30)),
        member_no=draw(opt(30)),
        prior_no=draw(opt(30)),
        references=draw(keyed(("17", "DX", "ABB"), text(30))),
        dates=draw(keyed(("336", "356", "301"), days)),
        person=draw(member_people),
        prior=draw(maybe(persons(birth=days, sex=code("F", "M")))),
        mail=draw(maybe(addresses)),
        coverages=draw(tuples(coverage_rows, 0, 2)),
    )


@st.composite
def enrolment_files(draw: st.DrawFn) -> tuple[EnrolmentHeader, list[MemberRow]]:
    count = draw(st.integers(1, 3))
    return draw(enrolment_headers()), [draw(member_rows(number)) for number in range(1, count + 1)]


# ---- 277CA -----------------------------------------------------------------------------------------------------------

statuses = st.builds(
    ClaimStatus, category=code("A6", "A7", "A8"), status=code("562", "33", "400"), entity=code("", "85", "82", "40")
)
accepted = {"accepted": st.just(True), "reasons": st.just((ClaimStatus(category="A2", status="20", entity="40"),))}
rejected = {"accepted": st.just(False), "reasons": tuples(statuses, 1, 7)}


@st.composite
def line_answers(draw: st.DrawFn) -> LineAnswer:
    first = draw(maybe(days))
    return LineAnswer(
        procedure=draw(st.one_of(procedures, st.builds(Procedure, code=code("0120", "0250"), qualifier=st.just("NU")))),
        charge_cents=draw(st.integers(0, 10**8)),
        revenue=draw(maybe(code("0450", "0636"), "")),
        units=draw(maybe(quantities)),
        control=draw(opt(30)),
        reasons=draw(tuples(statuses, 1, 3)),
        first=first,
        last=first and first + timedelta(days=draw(st.integers(0, 9))),
    )


@st.composite
def claim_answers(draw: st.DrawFn) -> ClaimAnswer:
    first = draw(days)
    verdict = draw(st.sampled_from((accepted, rejected)))
    return ClaimAnswer(
        pcn=draw(text(20)),
        charge_cents=draw(st.integers(0, 10**8)),
        patient=draw(persons(**card_ids)),
        icn=draw(text(20)) if verdict is accepted else "",
        clearinghouse_no=draw(opt(20)),
        bill_type=draw(maybe(code("111", "137"), "")),
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 9))),
        lines=draw(tuples(line_answers(), 0, 2)) if verdict is rejected else (),
        **{name: draw(strategy) for name, strategy in verdict.items()},
    )


provider_answers = st.builds(
    ProviderAnswer, provider=providers(either), claims=tuples(claim_answers(), 1, 3), rejected=tuples(statuses, 0, 3)
)


@st.composite
def acknowledgements(draw: st.DrawFn) -> ClaimAcknowledgement:
    return ClaimAcknowledgement(
        reference=draw(text(30)),
        receipt=draw(text(30)),
        batch=draw(text(30)),
        created=draw(days),
        time="0930",
        received=draw(days),
        processed=draw(days),
        payer=draw(parties("PI")),
        submitter=draw(parties("46")),
        providers=draw(tuples(provider_answers, 1, 3)),
    )


# ---- 835 -------------------------------------------------------------------------------------------------------------


@st.composite
def remitted_lines(draw: st.DrawFn) -> RemittedLine:
    first = draw(days)
    return RemittedLine(
        procedure=draw(procedures),
        charge_cents=draw(st.one_of(cents, signed_cents)),
        paid_cents=draw(st.one_of(cents, signed_cents)),
        revenue=draw(maybe(digits(4), "")),
        paid_units=draw(maybe(quantities)),
        submitted=draw(maybe(procedures)),
        submitted_units=draw(maybe(quantities)),
        first=first,
        last=first + timedelta(days=draw(st.integers(0, 9))),
        adjustments=draw(adjustments()),
        control=draw(opt(30)),
        allowed_cents=draw(maybe(cents)),
        remarks=draw(tuples(code("N130", "MA04", "N20"), 0, 3)),
    )


@st.composite
def remitted_claims(draw: st.DrawFn) -> RemittedClaim:
    period = draw(maybe(st.tuples(days, days)))
    return RemittedClaim(
        pcn=draw(text(20)),
        status=draw(code("1", "2", "4", "22")),
        charge_cents=draw(signed_cents),
        paid_cents=draw(st.one_of(cents, signed_cents)),
        patient_cents=draw(maybe(cents)),
        filing_code=draw(code("12", "HM")),
        icn=draw(text(30)),
        facility=draw(maybe(code("11", "21"), "")),
        frequency=draw(maybe(code("1", "7"), "")),
        adjustments=draw(adjustments()),
        patient=draw(persons(id_qualifier=st.just("MI"), id=text(30, 2))),
        subscriber=draw(maybe(persons(**card_ids))),
        rendering=draw(maybe(providers(either))),
        remarks=draw(tuples(code("N694", "MA130"), 0, 5)),
        group_no=draw(opt(30)),
        original_icn=draw(opt(30)),
        first=min(period) if period else None,
        last=max(period) if period else None,
        coverage_end=draw(maybe(days)),
        received=draw(maybe(days)),
        interest_cents=draw(maybe(cents)),
        drg=draw(maybe(digits(3), "")),
        covered_cents=draw(maybe(cents)),
        covered_days=draw(maybe(quantities)),
        lines=draw(tuples(remitted_lines(), 0, 2)),
    )


accounts = st.builds(BankAccount, routing=digits(9), type=st.just("DA"), number=digits(9))
provider_adjustments = st.builds(
    ProviderAdjustment, reason=code("FB", "WO", "L6", "72"), reference=text(30), cents=signed_cents
)


@st.composite
def remittances(draw: st.DrawFn) -> Remittance:
    moved = draw(st.booleans())
    pairs = draw(tuples(provider_adjustments, 0, 8))
    produced = draw(days)
    return Remittance(
        trace=draw(text(30)),
        handling="I" if moved else "H",
        method="ACH" if moved else "NON",
        format="CCP" if moved else "",
        amount_cents=draw(cents) if moved else 0,
        effective=produced,
        company_id="1749998887",
        from_account=draw(accounts) if moved else BankAccount(),
        to_account=draw(accounts) if moved else BankAccount(),
        receiver=draw(opt(15)),
        produced=produced,
        payer=draw(st.builds(Organisation, name=text(60), address=addresses)),
        payer_contact=Contact(function="BL", name="EDI SUPPORT", number="5125550111"),
        payer_ref=draw(opt(30)),
        payee=draw(
            st.one_of(
                st.builds(Provider, npi=npis, name=text(60), tin=digits(9), address=addresses),
                st.builds(Provider, name=text(60), tin=digits(9), address=addresses),
            )
        ),
        claims=draw(tuples(remitted_claims(), 0, 3)),
        adjustments=pairs,
        fiscal_end=draw(days) if pairs else date(produced.year, 12, 31),
    )
