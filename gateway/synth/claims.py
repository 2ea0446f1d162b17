"""Synthetic claims: what the three 837 guides share - who bills whom when, faults of single claims, sets and files.

A guide is a `Trade`: `make` turns a visit into a claim of its kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Unpack

from msgspec import structs

from gateway.synth.files import Envelope, interchange
from gateway.synth.people import ADMINISTRATOR, SPONSOR, Administrator, Sponsor, person_at, seat_of, subscriber_no
from mappings.claims import ClaimWriter
from mappings.records import Claim, ClaimBatch, Contact, Organisation, Person, Provider, Record, ServiceLine
from mappings.table import Segment

CLAIMS_PER_SET = 5_000  # the guide's custom
CLAIMS_PER_PROVIDER = 5  # consecutive claims of one billing provider
MAX_DAYS_OLD = 60  # of a claim when it is sent
SUBMITTER = Organisation(name="CLEARPATH CLEARINGHOUSE", id_qualifier="46", id="CLRPTH")


class Service(Record, frozen=True, kw_only=True):
    """What can be billed: charges from low to high, how often (weight), how many units at most, who bills it (NPI).

    code: the procedure, "" for what an institution bills by revenue code alone. npi "": every provider. Charges lie
    mostly near low, with a long tail, as bills do. teeth: those it may be for, with how many surfaces each; areas: of
    the mouth it may be for. crown: it takes the place of a tooth, for the first time.
    """

    code: str
    revenue: str = ""
    low_cents: int
    high_cents: int
    weight: int = 10
    most_units: int = 1
    diagnoses: tuple[str, ...] = ("Z0000",)
    npi: str = ""
    teeth: tuple[str, ...] = ()
    surfaces: int = 0
    areas: tuple[str, ...] = ()
    crown: bool = False


@dataclass(frozen=True)
class Visit:
    """One claim to be made. number: from 0. on: the day of its file. offered: services its provider bills."""

    chance: Random
    number: int
    on: date
    provider: Provider
    offered: list[Service]
    subscriber: Person
    patient: Person
    relationship: str

    def billed(self) -> list[Service]:
        """One service, and now and then up to two of the provider's own trade with it; none twice."""
        (first,) = self.chance.choices(self.offered, [one.weight for one in self.offered])
        trade = [one for one in self.offered if one.npi and one is not first]
        return [first, *self.chance.sample(trade, min(len(trade), self.chance.choice((0, 0, 1, 2))))]

    def day(self) -> date:
        """A day of service in the weeks before the file, in its year."""
        return max(self.on - timedelta(days=self.chance.randint(2, MAX_DAYS_OLD)), date(self.on.year, 1, 1))

    def charge_cents(self, service: Service) -> int:
        """What is asked for it."""
        spread = service.high_cents - service.low_cents
        return service.low_cents + int(spread * self.chance.random() ** 3) // 500 * 500

    def claim(self, prefix: str, lines: tuple[ServiceLine, ...], **more: object) -> Claim:
        """The claim with what all guides ask for; prefix: of its CLM01."""
        return Claim(
            pcn=f"{prefix}{self.on:%m%d}-{self.number + 1:07}",
            charge_cents=sum(line.charge_cents for line in lines),
            assignment="A",
            benefits_assigned="Y",
            release="Y",
            billing=self.provider,
            subscriber=self.subscriber,
            patient=self.patient,
            relationship=self.relationship,
            filing_code="CI",
            lines=lines,
            **more,  # type: ignore[arg-type]
        )


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One guide: its id and writer, who bills what unless the caller says otherwise, and how a visit becomes a claim.

    spoil: the set without something its guide requires.
    """

    guide: str
    writer: ClaimWriter
    providers: tuple[Provider, ...]
    services: tuple[Service, ...]
    make: Callable[[Visit], Claim]
    spoil: Callable[[Iterable[Segment]], Iterator[Segment]]


class Batches(Envelope, total=False):
    """What a file's claims are about and how they are sent.

    sponsor, administrator: the employer and us. providers, services: who bills what. kinds: of errors (`ERRORS`).
    submitter: who sends. claims_per_set: how many a set has. broken_sets: how many sets a 999 must reject.
    begin: the number of the first claim, where a sender's files go on behind each other.
    """

    sponsor: Sponsor
    administrator: Administrator
    providers: tuple[Provider, ...]
    services: tuple[Service, ...]
    kinds: Iterable[str]
    submitter: Organisation
    claims_per_set: int
    broken_sets: int
    begin: int


# ---- errors ----------------------------------------------------------------------------------------------------------

Error = Callable[[Claim], Claim]


def _bad_npi(claim: Claim) -> Claim:
    npi = claim.billing.npi
    return structs.replace(claim, billing=structs.replace(claim.billing, npi=f"{npi[:-1]}{(int(npi[-1]) + 1) % 10}"))


def _no_npi(claim: Claim) -> Claim:
    return structs.replace(claim, billing=structs.replace(claim.billing, npi=""))


def _unbalanced(claim: Claim) -> Claim:
    return structs.replace(claim, charge_cents=claim.charge_cents + 100)


def _unknown_member(claim: Claim) -> Claim:
    subscriber = structs.replace(claim.subscriber, id=f"NONE{claim.subscriber.id[3:]}", last="NOBODY")
    patient = subscriber if claim.patient == claim.subscriber else claim.patient
    return structs.replace(claim, subscriber=subscriber, patient=patient)


def _future(claim: Claim) -> Claim:
    later = timedelta(days=400)
    lines = tuple(structs.replace(one, first=one.first + later, last=one.last + later) for one in claim.lines)
    stay = claim.stay and structs.replace(claim.stay, first=claim.stay.first + later, last=claim.stay.last + later)
    return structs.replace(claim, lines=lines, stay=stay)


def _unknown_original(claim: Claim) -> Claim:
    return structs.replace(claim, frequency="7", original_icn="00000000000")


def _bad_diagnosis(claim: Claim) -> Claim:
    return structs.replace(claim, diagnoses=("Q9999ZZ",))


ERRORS: dict[str, Error] = {
    "npi": _bad_npi,  # A7:562:85, check digit
    "unbalanced": _unbalanced,  # A8:400, lines do not sum to CLM02
    "member": _unknown_member,  # A7:164:IL, or pended
    "missing": _no_npi,  # A6:562:85
    "future": _future,  # A7:187
    "original": _unknown_original,  # A7:464
    "diagnosis": _bad_diagnosis,  # A7:255
}
"""The kinds of error a claim can carry, by name."""


# ---- claims ----------------------------------------------------------------------------------------------------------


def claims(
    trade: Trade,
    count: int,
    members: int,
    seed: int,
    errors_pct: float,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    providers: tuple[Provider, ...] = (),
    services: tuple[Service, ...] = (),
    kinds: Iterable[str] = tuple(ERRORS),
    begin: int = 0,
) -> Iterator[Claim]:
    """`count` claims for the people of `members(members, seed, ...)`, for services of the 60 days before `on`."""
    errors = [ERRORS[kind] for kind in kinds]
    providers, services = providers or trade.providers, services or trade.services
    for number in range(begin, begin + count):
        provider = providers[number // CLAIMS_PER_PROVIDER % len(providers)]
        offered = [one for one in services if one.npi in ("", provider.npi)] or list(services)
        claim = trade.make(visit(number, members, seed, on, provider, offered))
        claim = structs.replace(
            claim, group_no=sponsor.group_no, payer_name=administrator.name, payer_id=administrator.id
        )
        before, after = (int(n * errors_pct / 100) for n in (number, number + 1))
        yield errors[before % len(errors)](claim) if after > before and errors else claim


def visit(number: int, members: int, seed: int, on: date, provider: Provider, offered: list[Service]) -> Visit:
    """Claim `number` of a file: who goes to this provider."""
    chance = Random(f"{seed}/claim/{on}/{number}")
    who = chance.randrange(members)
    family, seat, _ = seat_of(who)
    patient, relationship = person_at(seed, who)
    patient = structs.replace(patient, id_qualifier="", id="")
    card, _ = person_at(seed, who - seat)
    if seat:
        card = Person(last=card.last, first=card.first)  # of an employee who is not the patient no more is sent
    card = structs.replace(card, id_qualifier="MI", id=subscriber_no(family))
    return Visit(chance, number, on, provider, offered, card, patient if seat else card, relationship)


# ---- files -----------------------------------------------------------------------------------------------------------


def iter_claims(
    trade: Trade,
    members_count: int,
    claims_count: int,
    seed: int,
    errors_pct: float,
    on: date,
    *,
    administrator: Administrator = ADMINISTRATOR,
    sponsor: Sponsor = SPONSOR,
    providers: tuple[Provider, ...] = (),
    services: tuple[Service, ...] = (),
    kinds: Iterable[str] = tuple(ERRORS),
    submitter: Organisation = SUBMITTER,
    claims_per_set: int = CLAIMS_PER_SET,
    broken_sets: int = 0,
    begin: int = 0,
    **envelope: Unpack[Envelope],
) -> Iterator[bytes]:
    """An 837 in chunks: `claims_per_set` claims a set, then `broken_sets` of one claim that their guide refuses."""
    made = claims(
        trade, claims_count + broken_sets, members_count, seed, errors_pct, on, sponsor=sponsor,
        administrator=administrator, providers=providers, services=services, kinds=kinds, begin=begin,
    )  # fmt: skip

    def batch(number: int) -> ClaimBatch:
        return ClaimBatch(
            reference=f"SYN{on:%Y%m%d}-{envelope.get('control', 1)}-{number}",
            created=on,
            time="0900",
            submitter=submitter,
            contact=Contact(name="EDI DESK", number="5125550100"),
            receiver=Organisation(name=administrator.name, id_qualifier="46", id=administrator.id),
        )

    def sets() -> Iterator[Iterable[Segment]]:
        good = -(-claims_count // claims_per_set)
        for number in range(1, good + 1):
            size = min(claims_per_set, claims_count - (number - 1) * claims_per_set)
            yield trade.writer.segments(batch(number), islice(made, size), f"{number:04}")
        for number in range(good + 1, good + broken_sets + 1):
            yield trade.spoil(trade.writer.segments(batch(number), islice(made, 1), f"{number:04}"))

    return interchange("HC", trade.guide, sets(), on, **envelope)


def without(*beginning: str) -> Callable[[Iterable[Segment]], Iterator[Segment]]:
    """Sets that lack the segments that begin so."""

    def spoil(rows: Iterable[Segment]) -> Iterator[Segment]:
        return (row for row in rows if row[: len(beginning)] != list(beginning))

    return spoil
