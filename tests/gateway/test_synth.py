"""Synthetic files: legal, repeatable, of any size, with exactly the errors asked for."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from itertools import islice

import pytest
import pyx12.params
import pyx12.x12n_document
from stdnum import luhn

from gateway import synth
from mappings import dental, institutional, professional, remittance
from mappings.claims import ClaimReader
from mappings.codecs import cents
from mappings.enrolment import MemberReader
from mappings.records import Claim, MemberRow, Provider, Remittance
from parsers import guides
from parsers.envelope import EnvelopePolicy
from parsers.events import Event, SetClosed, Unit
from parsers.reader import Reader

DAY = date(2026, 4, 6)
_guide = lru_cache(guides.load)


def events(data: bytes) -> list[Event]:
    reader = Reader(_guide, EnvelopePolicy())
    return reader.feed(data) + reader.close()


def verdicts(data: bytes) -> list[str]:
    return [event.verdict.verdict for event in events(data) if isinstance(event, SetClosed)]


READERS: dict[str, type[ClaimReader]] = {
    "837P": professional.ClaimReader, "837I": institutional.ClaimReader, "837D": dental.ClaimReader,
}  # fmt: skip
WRITERS: dict[str, Callable[..., bytes]] = {
    "837P": synth.write_837p, "837I": synth.write_837i, "837D": synth.write_837d,
}  # fmt: skip


def claims_in(data: bytes, kind: str = "837P") -> list[Claim]:
    reader = READERS[kind]()
    return [claim for event in events(data) if isinstance(event, Unit) if (claim := reader.take(event))]


def payments_in(data: bytes) -> list[Remittance]:
    found: list[Remittance] = []
    reader = remittance.RemittanceReader()
    for event in events(data):
        if isinstance(event, Unit):
            reader.take(event)
        elif isinstance(event, SetClosed):
            payment = reader.close()
            assert payment is not None
            found, reader = [*found, payment], remittance.RemittanceReader()
    return found


def members_in(data: bytes) -> list[MemberRow]:
    reader = MemberReader()
    return [row for event in events(data) if isinstance(event, Unit) if (row := reader.take(event))]


def made(count: int = 30, errors_pct: float = 0, kind: str = "837P") -> list[Claim]:
    return list(synth.claims(count, 40, 1, errors_pct, DAY, trade=synth.TRADES[kind]))


def test_the_same_arguments_give_the_same_bytes() -> None:
    """Files are a function of their arguments, and another seed gives other people."""
    assert synth.write_834(40, 1, DAY) == synth.write_834(40, 1, DAY)
    assert synth.write_837p(40, 30, 1, 10, DAY) == synth.write_837p(40, 30, 1, 10, DAY)
    assert synth.write_835(30, 1, DAY) == synth.write_835(30, 1, DAY)
    assert synth.write_834(40, 1, DAY) != synth.write_834(40, 2, DAY)


@pytest.mark.parametrize("count", [0, 1, 24, 40])
def test_an_enrolment_file_is_legal_and_counts_itself(count: int) -> None:
    """QTY says what the file holds, and reading it gives the records it was made of."""
    data = synth.write_834(count, 7, DAY)
    reader = MemberReader()
    rows = [row for event in events(data) if isinstance(event, Unit) if (row := reader.take(event))]
    assert rows == list(synth.members(count, 7, DAY))
    assert reader.header is not None
    assert (reader.header.total, reader.header.employees) == (count, sum(row.subscriber for row in rows))
    if count:
        assert verdicts(data) == ["A"]


@pytest.mark.parametrize("kind", READERS)
def test_claims_read_back_as_made(kind: str) -> None:
    """A claim file is legal and reading it gives the records it was made of, errors included."""
    data = WRITERS[kind](40, 30, 1, 30, DAY)
    assert verdicts(data) == ["A"]
    assert claims_in(data, kind) == made(30, 30, kind)


PYX12S: dict[str, Callable[[], bytes]] = {
    "834": lambda: synth.write_834(25, 3, DAY),
    "837P": lambda: synth.write_837p(25, 15, 3, 40, DAY),
    "837I": lambda: synth.write_837i(25, 15, 3, 40, DAY),
    "835": lambda: synth.write_835(15, 3, DAY),
    "820": lambda: synth.write_820(25, 3, DAY),
}
"""The guides pyx12 has; it has no 5010 dental map."""


@pytest.mark.parametrize("kind", PYX12S)
def test_pyx12_accepts_what_is_made(kind: str) -> None:
    """An independent validator accepts what is made."""
    logging.disable(logging.CRITICAL)
    try:
        text, answer = io.StringIO(PYX12S[kind]().decode()), io.StringIO()
        assert pyx12.x12n_document.x12n_document(pyx12.params.params(), text, answer, None, None)
    finally:
        logging.disable(logging.NOTSET)


def test_stays_and_days_are_billed_by_their_type() -> None:
    """An inpatient claim (11x) has its stay, a DRG and undated lines; an outpatient one (13x) dated lines and none."""
    claims = made(200, kind="837I")
    assert {claim.bill_type for claim in claims} == {"111", "131"}
    for claim in claims:
        inpatient = claim.bill_type == "111"
        assert claim.stay is not None
        assert inpatient == bool(claim.stay.admitted) == bool(claim.coding.drg)
        assert all(line.dated != inpatient and line.revenue for line in claim.lines)
        assert inpatient == (len(claim.present) == len(claim.diagnoses))
        assert claim.charge_cents == sum(line.charge_cents for line in claim.lines)


def test_dental_lines_name_their_place_in_the_mouth() -> None:
    """A filling has a tooth and its surfaces, deep cleaning a quadrant; an estimate has no day of service."""
    claims = made(400, kind="837D")
    lines = {line.procedure.code: line for claim in claims for line in claim.lines}
    assert len(lines["D2392"].teeth[0].surfaces) == 2
    assert lines["D2740"].teeth and lines["D2740"].prosthesis == "I"
    assert lines["D4341"].oral_cavity
    assert {claim.predetermination for claim in claims} == {True, False}
    assert all(line.dated != claim.predetermination for claim in claims for line in claim.lines)
    assert [claim.orthodontics for claim in claims if claim.orthodontics]


def test_payments_balance() -> None:
    """Every line, claim and payment of an 835 adds up (domain 5.2); payments are cut as asked, claims are numbered."""
    payments = payments_in(synth.write_835(30, 1, DAY, members_count=40, claims_per_payment=7))
    assert [len(one.claims) for one in payments] == [7, 7, 7, 7, 2]
    for payment in payments:
        plb = sum(one.cents for one in payment.adjustments)
        assert payment.amount_cents == sum(claim.paid_cents for claim in payment.claims) - plb
        for claim in payment.claims:
            assert claim.charge_cents == sum(line.charge_cents for line in claim.lines)
            assert claim.paid_cents == sum(line.paid_cents for line in claim.lines)
            for line in claim.lines:
                assert line.paid_cents == line.charge_cents - sum(one.cents for one in line.adjustments)
    assert any(payment.adjustments for payment in payments)
    assert [claim.pcn for payment in payments for claim in payment.claims] == [claim.pcn for claim in made(30)]


def test_a_premium_payment_is_what_it_lists() -> None:
    """BPR02 of an 820 is the sum of its items and of the credit that belongs to none; every family has an item."""
    rows = [row.split("*") for row in synth.write_820(480, 1, DAY).decode().replace("\n", "").split("~")]
    assert verdicts(synth.write_820(480, 1, DAY)) == ["A"]
    families = {row.subscriber_no for row in synth.members(480, 1, DAY)}
    assert [row[2] for row in rows if row[0] == "RMR"] == sorted(families)
    items = sum(cents(row[4]) for row in rows if row[0] == "RMR")
    credit = [cents(row[1]) for row in rows if row[0] == "ADX" and row[2] == "53"]
    assert [cents(row[2]) for row in rows if row[0] == "BPR"] == [items + sum(credit)]
    assert len(credit) == 1


def test_families_are_one_to_four_people_of_one_name() -> None:
    """Every family has one employee, comes in one piece, and shares number, name and address."""
    families: dict[str, list[MemberRow]] = {}
    for row in synth.members(480, 1, DAY):
        families.setdefault(row.subscriber_no, []).append(row)
    assert {len(rows) for rows in families.values()} == {1, 2, 3, 4}
    for rows in families.values():
        assert [row.subscriber for row in rows] == [True] + [False] * (len(rows) - 1)
        assert len({(row.person.last, row.person.address) for row in rows}) == 1
    assert len({row.person.id for rows in families.values() for row in rows}) == 480


def test_a_longer_file_begins_with_the_same_people() -> None:
    """People are numbered, so growing a file adds to its end."""
    assert list(islice(synth.members(1000, 1, DAY), 40)) == list(synth.members(40, 1, DAY))


def test_claims_are_for_members_of_the_same_file() -> None:
    """Card number, name and birth date of every good claim are those of a member."""
    known = {(row.subscriber_no, row.person.first, row.person.birth) for row in synth.members(40, 1, DAY)}
    assert {(one.subscriber.id, one.patient.first, one.patient.birth) for one in made(200)} <= known


def test_claims_are_plausible() -> None:
    """Lines sum to the claim, charges stay within their service's range, services lie in the weeks before."""
    ranges = {one.code: (one.low_cents, one.high_cents) for one in synth.SERVICES}
    for claim in made(300):
        assert claim.charge_cents == sum(line.charge_cents for line in claim.lines)
        for line in claim.lines:
            low, high = ranges[line.procedure.code]
            assert low <= line.charge_cents <= high
            assert 2 <= (DAY - line.first).days <= synth.MAX_DAYS_OLD
        assert luhn.is_valid("80840" + claim.billing.npi)
    assert len({claim.charge_cents for claim in made(300)}) > 50


@pytest.mark.parametrize("pct", [0, 1, 12.5, 33, 100])
def test_exactly_the_wanted_part_is_wrong(pct: float) -> None:
    """errors_pct percent of the claims differ from the good ones, evenly spread, the kinds taking turns."""
    wrong = [number for number, (a, b) in enumerate(zip(made(200), made(200, pct), strict=True)) if a != b]
    assert len(wrong) == int(200 * pct / 100)
    if pct == 100:
        assert wrong == list(range(200))


@pytest.mark.parametrize("guide", READERS)
@pytest.mark.parametrize("kind", synth.ERRORS)
def test_every_kind_of_error_leaves_the_file_acceptable(kind: str, guide: str) -> None:
    """An error of one claim is for the 277CA or a person, never for the 999."""
    data = WRITERS[guide](40, 6, 1, 50, DAY, kinds=(kind,))
    assert verdicts(data) == ["A"]
    assert sum(a != b for a, b in zip(claims_in(data, guide), made(6, kind=guide), strict=True)) == 3


@pytest.mark.parametrize("guide", READERS)
def test_broken_sets_are_rejected_alone(guide: str) -> None:
    """Sets that a 999 must reject come last and touch no other; claims are cut into sets as asked."""
    data = WRITERS[guide](40, 25, 1, 0, DAY, claims_per_set=10, broken_sets=2)
    assert verdicts(data) == ["A", "A", "A", "R", "R"]


def test_providers_and_services_are_the_callers() -> None:
    """Who bills what is an argument; a provider without a service of its own bills any."""
    mine = Provider(npi="1234567893", name="MINE", tin="741112222", tin_qualifier="EI", taxonomy="207Q00000X",
                    address=synth.PROVIDERS[0].address)  # fmt: skip
    service = synth.Service(code="99999", low_cents=1_000, high_cents=2_000, npi="1679576722")
    claims = list(synth.claims(5, 10, 1, 0, DAY, providers=(mine,), services=(service,)))
    assert {claim.billing.name for claim in claims} == {"MINE"}
    assert {line.procedure.code for claim in claims for line in claim.lines} == {"99999"}


def test_a_huge_file_costs_nothing_until_it_is_read() -> None:
    """Files come in chunks: the beginning of one with a billion members is there at once."""
    head = b"".join(islice(synth.iter_834(10**9, 1, DAY), 2))
    assert b"QTY*TO*1000000000~" in head
    assert len(head) < 64 * 1024
    for file in (synth.iter_837p, synth.iter_837i, synth.iter_837d):
        assert b"CLM*" in b"".join(islice(file(10**9, 10**9, 1, 1, DAY), 2))
    assert b"CLP*" in b"".join(islice(synth.iter_835(10**9, 1, DAY), 2))
