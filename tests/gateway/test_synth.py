"""Synthetic files: legal, repeatable, of any size, with exactly the errors asked for."""

from __future__ import annotations

import io
import logging
from datetime import date
from functools import lru_cache
from itertools import islice

import pytest
import pyx12.params
import pyx12.x12n_document
from stdnum import luhn

from gateway import synth
from mappings.enrolment import MemberReader
from mappings.professional import ClaimReader
from mappings.records import Claim, MemberRow, Provider
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


def claims_in(data: bytes) -> list[Claim]:
    reader = ClaimReader()
    return [claim for event in events(data) if isinstance(event, Unit) if (claim := reader.take(event))]


def members_in(data: bytes) -> list[MemberRow]:
    reader = MemberReader()
    return [row for event in events(data) if isinstance(event, Unit) if (row := reader.take(event))]


def made(count: int = 30, errors_pct: float = 0) -> list[Claim]:
    return list(synth.claims(count, 40, 1, errors_pct, DAY))


def test_the_same_arguments_give_the_same_bytes() -> None:
    """Files are a function of their arguments, and another seed gives other people."""
    assert synth.write_834(40, 1, DAY) == synth.write_834(40, 1, DAY)
    assert synth.write_837p(40, 30, 1, 10, DAY) == synth.write_837p(40, 30, 1, 10, DAY)
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


def test_claims_read_back_as_made() -> None:
    """A claim file is legal and reading it gives the records it was made of, errors included."""
    data = synth.write_837p(40, 30, 1, 30, DAY)
    assert verdicts(data) == ["A"]
    assert claims_in(data) == made(errors_pct=30)


def test_pyx12_accepts_both_files() -> None:
    """An independent validator accepts what is made."""
    logging.disable(logging.CRITICAL)
    try:
        for data in (synth.write_834(25, 3, DAY), synth.write_837p(25, 15, 3, 40, DAY)):
            text, answer = io.StringIO(data.decode()), io.StringIO()
            assert pyx12.x12n_document.x12n_document(pyx12.params.params(), text, answer, None, None)
    finally:
        logging.disable(logging.NOTSET)


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


@pytest.mark.parametrize("kind", synth.ERRORS)
def test_every_kind_of_error_leaves_the_file_acceptable(kind: str) -> None:
    """An error of one claim is for the 277CA or a person, never for the 999."""
    data = synth.write_837p(40, 6, 1, 50, DAY, kinds=(kind,))
    assert verdicts(data) == ["A"]
    assert sum(a != b for a, b in zip(claims_in(data), made(6), strict=True)) == 3


def test_broken_sets_are_rejected_alone() -> None:
    """Sets that a 999 must reject come last and touch no other; claims are cut into sets as asked."""
    data = synth.write_837p(40, 25, 1, 0, DAY, claims_per_set=10, broken_sets=2)
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
    assert b"CLM*" in b"".join(islice(synth.iter_837p(10**9, 10**9, 1, 1, DAY), 2))
