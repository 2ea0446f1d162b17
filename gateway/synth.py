"""Synthetic partners' files: 834 and 837P of any size, the same bytes for the same arguments, holding nobody's data.

`members` and `claims` yield records; `iter_834` and `iter_837p` yield a whole file in chunks and keep nothing, so a
million members cost no memory; `write_834` and `write_837p` join them. Claims refer to the members of the same seed and
count (subscriber numbers SYN000001, SYN000002...). Person n is computed from the seed and n alone: a longer file begins
with the shorter one's people. `errors_pct` percent of the claims, evenly spread, carry one error each, the
kinds taking turns; every kind is one a 277CA rejects or a claim is pended for, so the file itself stays acceptable.
`broken_sets` adds sets that a 999 must reject.

Names are common words, SSNs begin with 9 (never issued), NPIs have good check digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, islice
from random import Random
from typing import Any

from msgspec import structs

from mappings import enrolment, professional
from mappings.records import (
    Address,
    Claim,
    ClaimBatch,
    Contact,
    CoverageRow,
    EnrolmentHeader,
    MemberRow,
    Organisation,
    Person,
    Procedure,
    Provider,
    Record,
    ServiceLine,
)
from mappings.table import Segment
from parsers.events import Delimiters, InterchangeHeader
from parsers.writer import write_interchange, write_segment

CHUNK_ROWS = 500  # segments joined at a time: about 15 kB
CLAIMS_PER_SET = 5_000  # the guide's custom
CLAIMS_PER_PROVIDER = 5  # consecutive claims of one billing provider
YOUNGEST = 2025  # year of birth of the youngest, so that a person does not change with the date of a file
MAX_DAYS_OLD = 60  # of a claim when it is sent

# ---- what a file is about --------------------------------------------------------------------------------------------


class Sponsor(Record, frozen=True, kw_only=True):
    """The employer and plan of a file: REF*1L, HD03, HD04. first: coverage begin, None: January 1st of its year."""

    organisation: Organisation = Organisation(name="BLUEBONNET TOOL AND DIE", id_qualifier="FI", id="741112223")
    plan: Organisation = Organisation(name="BLUEBONNET HEALTH PLAN", id_qualifier="FI", id="741112223")
    group_no: str = "BT1001"
    line: str = "PPO"
    plan_id: str = "BT-PPO-2026"
    first: date | None = None


class Administrator(Record, frozen=True, kw_only=True):
    """Us, as partners address us: the 834's TV, the 837's receiver and payer."""

    name: str = "SUMMIT BENEFIT ADMINISTRATORS"
    tin: str = "749998887"
    id: str = "SBA01"


class Service(Record, frozen=True, kw_only=True):
    """A procedure to bill: charges from low to high, how often (weight), how many units at most, who bills it (NPI).

    npi "": every provider. Charges lie mostly near low, with a long tail, as bills do.
    """

    code: str
    low_cents: int
    high_cents: int
    weight: int = 10
    most_units: int = 1
    diagnoses: tuple[str, ...] = ("Z0000",)
    npi: str = ""


PROVIDERS = (
    Provider(
        npi="1234567893", name="LAKESIDE FAMILY CLINIC", tin="741234567", tin_qualifier="EI", taxonomy="207Q00000X",
        address=Address(line1="121 LAKE ST", city="AUSTIN", state="TX", zip="787011234"),
    ),
    Provider(
        npi="1679576722", name="HILLCREST ORTHOPEDICS", tin="743456789", tin_qualifier="EI", taxonomy="207X00000X",
        address=Address(line1="77 HILL RD", city="AUSTIN", state="TX", zip="787031234"),
    ),
    Provider(
        npi="1245319599", name="METRO ONCOLOGY GROUP", tin="742345678", tin_qualifier="EI", taxonomy="207RX0202X",
        address=Address(line1="500 MEDICAL PKWY", city="AUSTIN", state="TX", zip="787051234"),
    ),
)  # fmt: skip
"""Who bills unless the caller says otherwise."""

SERVICES = (
    Service(code="99213", low_cents=12_000, high_cents=22_000, weight=40, diagnoses=("J069", "I10", "M5450")),
    Service(code="99214", low_cents=16_000, high_cents=32_000, weight=30, diagnoses=("E119", "I10")),
    Service(code="80053", low_cents=3_500, high_cents=14_000, weight=25, diagnoses=("E119", "E785"), npi="1234567893"),
    Service(code="11402", low_cents=60_000, high_cents=220_000, weight=2, diagnoses=("D225",), npi="1234567893"),
    Service(code="25600", low_cents=70_000, high_cents=190_000, weight=15, diagnoses=("S52501A",), npi="1679576722"),
    Service(code="25605", low_cents=120_000, high_cents=380_000, weight=6, diagnoses=("S52501A",), npi="1679576722"),
    Service(code="96413", low_cents=35_000, high_cents=90_000, weight=12, diagnoses=("C3411",), npi="1245319599"),
    Service(
        code="J9271", low_cents=500_000, high_cents=2_600_000, weight=2, most_units=300, diagnoses=("C3411",),
        npi="1245319599",
    ),
)  # fmt: skip
"""What is billed unless the caller says otherwise."""

STANDARD = Delimiters()
SPONSOR = Sponsor()
ADMINISTRATOR = Administrator()
SUBMITTER = Organisation(name="CLEARPATH CLEARINGHOUSE", id_qualifier="46", id="CLRPTH")

# ---- members ---------------------------------------------------------------------------------------------------------

_FAMILIES = (1, 4, 2, 1, 3, 2, 4, 1, 3, 3)
"""Sizes of ten families in a row, repeated: person n is found without making those before."""
_BLOCK = sum(_FAMILIES)
_TIERS = {1: "EMP", 2: "ESP", 3: "FAM", 4: "FAM"}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LAST = _words(
    "ASHFORD BIRCH CEDAR DALE ELM FIELD GROVE HAWTHORN IRONS JUNIPER KESTREL LARCH MARSH NORTH OAKES PARKS QUILL ROWAN "
    "SLATE THORNE UNDERHILL VALE WILLOW YARROW BROOKS CARVER DRAPER FLETCHER GLOVER HOOPER"
)
_FIRST = {
    "F": _words(
        "ADA BETH CORA DINAH EDITH FLORA GRETA HELEN IRIS JOAN KATE LENA MAEVE NORA OLIVE PEARL RUTH SELMA TESS"
    ),
    "M": _words("ABEL BORIS CARL DAVID EMIL FRANK GUS HUGO IVAN JONAS KURT LEON MILES NED OSCAR PAUL RALPH SIMON THEO"),
}
_STREETS = _words("MAPLE CHESTNUT HIGH MILL STATION CHURCH GARDEN RIVER")


def _seat(number: int) -> tuple[int, int, int]:
    """Person number (from 0) -> family number from 0, seat in it from 0, size of the family."""
    block, rest = divmod(number, _BLOCK)
    family = block * len(_FAMILIES)
    for size in _FAMILIES:
        if rest < size:
            return family, rest, size
        rest -= size
        family += 1
    raise AssertionError("the sizes of a block sum to its length")


def _person(seed: int, number: int) -> tuple[Person, str]:
    """Person `number` and their relationship: the first of a family is the employee, then spouse, then children."""
    family, seat, _ = _seat(number)
    home, own = Random(f"{seed}/family/{family}"), Random(f"{seed}/person/{number}")
    last, street, house = home.choice(_LAST), home.choice(_STREETS), home.randint(1, 999)
    sex = own.choice("FM")
    born = YOUNGEST - (own.randint(27, 62) if seat < 2 else own.randint(0, 24))
    person = Person(
        last=last,
        first=own.choice(_FIRST[sex]),
        birth=date(born, own.randint(1, 12), own.randint(1, 28)),
        sex=sex,
        address=Address(line1=f"{house} {street} ST", city="AUSTIN", state="TX", zip=f"787{home.randint(1, 59):02}"),
        id_qualifier="34",
        id=f"9{(seed * 7_919 + number) % 10**8:08}",
    )
    return person, ("18", "01", "19", "19")[seat]


def subscriber_no(family: int) -> str:
    """REF*0F of a family, numbered from 0."""
    return f"SYN{family + 1:06}"


def members(count: int, seed: int, on: date, sponsor: Sponsor = SPONSOR) -> Iterator[MemberRow]:
    """`count` people in families of 1 to 4, as rows of a full 834 (030); a last family may lack its youngest."""
    first = sponsor.first or date(on.year, 1, 1)
    for number in range(count):
        family, seat, size = _seat(number)
        person, relationship = _person(seed, number)
        coverage = CoverageRow(
            maintenance="030",
            line=sponsor.line,
            plan=sponsor.plan_id,
            tier="" if seat else _TIERS[size],
            first=first,
        )
        yield MemberRow(
            ordinal=number + 1,
            subscriber=not seat,
            relationship=relationship,
            maintenance="030",
            reason="XN",
            employment="" if seat else "FT",
            subscriber_no=subscriber_no(family),
            group_no=sponsor.group_no,
            member_no=f"{subscriber_no(family)}-{seat + 1}",
            dates={"356": first},
            person=person,
            coverages=(coverage,),
        )


# ---- claims ----------------------------------------------------------------------------------------------------------

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
    return structs.replace(claim, lines=lines)


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


def claims(
    count: int,
    members: int,
    seed: int,
    errors_pct: float,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    providers: tuple[Provider, ...] = PROVIDERS,
    services: tuple[Service, ...] = SERVICES,
    kinds: Iterable[str] = tuple(ERRORS),
) -> Iterator[Claim]:
    """`count` claims for the people of `members(members, seed, ...)`, for services of the 60 days before `on`."""
    errors = [ERRORS[kind] for kind in kinds]
    for number in range(count):
        provider = providers[number // CLAIMS_PER_PROVIDER % len(providers)]
        offered = [one for one in services if one.npi in ("", provider.npi)] or list(services)
        claim = _claim(Random(f"{seed}/claim/{on}/{number}"), number, members, seed, on, provider, offered)
        claim = structs.replace(
            claim, group_no=sponsor.group_no, payer_name=administrator.name, payer_id=administrator.id
        )
        before, after = (int(n * errors_pct / 100) for n in (number, number + 1))
        yield errors[before % len(errors)](claim) if after > before and errors else claim


def _claim(
    chance: Random, number: int, members: int, seed: int, on: date, provider: Provider, offered: list[Service]
) -> Claim:
    who = chance.randrange(members)
    family, seat, _ = _seat(who)
    patient, relationship = _person(seed, who)
    patient = structs.replace(patient, id_qualifier="", id="")
    card, _ = _person(seed, who - seat)
    if seat:
        card = Person(last=card.last, first=card.first)  # of an employee who is not the patient no more is sent
    card = structs.replace(card, id_qualifier="MI", id=subscriber_no(family))
    billed = _billed(chance, offered)
    day = max(on - timedelta(days=chance.randint(2, MAX_DAYS_OLD)), date(on.year, 1, 1))
    lines = tuple(_line(chance, place, one, day, number) for place, one in enumerate(billed, 1))
    return Claim(
        pcn=f"SYN{on:%m%d}-{number + 1:07}",
        charge_cents=sum(line.charge_cents for line in lines),
        pos="11",
        provider_signature="Y",
        assignment="A",
        benefits_assigned="Y",
        release="Y",
        diagnoses=(chance.choice(billed[0].diagnoses),),
        billing=provider,
        subscriber=card,
        patient=patient if seat else card,
        relationship=relationship,
        filing_code="CI",
        lines=lines,
    )


def _billed(chance: Random, offered: list[Service]) -> list[Service]:
    """One service, and now and then up to two of the provider's own trade with it; none twice."""
    (first,) = chance.choices(offered, [one.weight for one in offered])
    trade = [one for one in offered if one.npi and one is not first]
    return [first, *chance.sample(trade, min(len(trade), chance.choice((0, 0, 1, 2))))]


def _line(chance: Random, place: int, service: Service, day: date, number: int) -> ServiceLine:
    spread = service.high_cents - service.low_cents
    charge_cents = service.low_cents + int(spread * chance.random() ** 3) // 500 * 500
    return ServiceLine(
        number=place,
        procedure=Procedure(code=service.code),
        charge_cents=charge_cents,
        units=Decimal(max(1, service.most_units * charge_cents // service.high_cents)),
        pointers=(1,),
        first=day,
        last=day,
        control=f"{number + 1}L{place}",
    )


# ---- files -----------------------------------------------------------------------------------------------------------


def iter_834(
    members_count: int,
    seed: int,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    sender: str = "BLUEBONNET",
    receiver: str = "SUMMITTPA",
    control: int = 1,
    usage: str = "T",
    action: str = "4",
) -> Iterator[bytes]:
    """A full 834 of one set (BGN08 4 verify or RX replace) in chunks; control: ISA13, GS06 and part of BGN02."""
    families = _families(members_count)
    header = EnrolmentHeader(
        reference=f"SYN{on:%Y%m%d}-{control}",
        created=on,
        time="080000",
        action=action,
        master_policy=sponsor.group_no,
        effective=on,
        employees=families,
        dependents=members_count - families,
        total=members_count,
        sponsor=sponsor.organisation,
        payer=sponsor.plan,
        administrator=Organisation(name=administrator.name, id_qualifier="FI", id=administrator.tin),
    )
    body = enrolment.segments(header, members(members_count, seed, on, sponsor))
    return _file("BE", enrolment.GUIDE, [body], sender, receiver, on, control, usage)


def iter_837p(
    members_count: int,
    claims_count: int,
    seed: int,
    errors_pct: float,
    on: date,
    *,
    sponsor: Sponsor = SPONSOR,
    administrator: Administrator = ADMINISTRATOR,
    providers: tuple[Provider, ...] = PROVIDERS,
    services: tuple[Service, ...] = SERVICES,
    kinds: Iterable[str] = tuple(ERRORS),
    sender: str = "CLEARPATH",
    receiver: str = "SUMMITTPA",
    submitter: Organisation = SUBMITTER,
    control: int = 1,
    usage: str = "T",
    claims_per_set: int = CLAIMS_PER_SET,
    broken_sets: int = 0,
) -> Iterator[bytes]:
    """An 837P in chunks: `claims_per_set` claims a set, then `broken_sets` of one claim without its service date."""
    made = claims(
        claims_count + broken_sets, members_count, seed, errors_pct, on, sponsor=sponsor, administrator=administrator,
        providers=providers, services=services, kinds=kinds,
    )  # fmt: skip

    def batch(number: int) -> ClaimBatch:
        return ClaimBatch(
            reference=f"SYN{on:%Y%m%d}-{control}-{number}",
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
            yield professional.segments(batch(number), islice(made, size), f"{number:04}")
        for number in range(good + 1, good + broken_sets + 1):
            body = professional.segments(batch(number), islice(made, 1), f"{number:04}")
            yield (row for row in body if row[:2] != ["DTP", "472"])

    return _file("HC", professional.GUIDE, sets(), sender, receiver, on, control, usage)


def write_834(*args: Any, **names: Any) -> bytes:
    """The file of `iter_834` as one piece."""
    return b"".join(iter_834(*args, **names))


def write_837p(*args: Any, **names: Any) -> bytes:
    """The file of `iter_837p` as one piece."""
    return b"".join(iter_837p(*args, **names))


def _families(count: int) -> int:
    return _seat(count - 1)[0] + 1 if count else 0


def _file(
    functional_id: str,
    guide: str,
    sets: Iterable[Iterable[Segment]],
    sender: str,
    receiver: str,
    on: date,
    control: int,
    usage: str,
) -> Iterator[bytes]:
    """One interchange of one group with the usual delimiters, which nothing made here contains."""
    isa = InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05="ZZ", isa06=sender, isa07="ZZ", isa08=receiver,
        isa09=f"{on:%y%m%d}", isa10="0900", isa11="", isa12="00501", isa13=f"{control:09}", isa14="0", isa15=usage,
        isa16="",
    )  # fmt: skip
    gs: Segment = ["GS", functional_id, sender, receiver, f"{on:%Y%m%d}", "0900", str(control), "X", guide]
    rows: Iterator[Segment] = chain([gs], _sets(sets, control), [["IEA", "1", isa.isa13]])
    yield write_interchange(isa, (), STANDARD, newline=True).splitlines(keepends=True)[0]
    while chunk := "\n".join([write_segment(row, STANDARD) for row in islice(rows, CHUNK_ROWS)]):
        yield f"{chunk}\n".encode("ascii")


def _sets(sets: Iterable[Iterable[Segment]], control: int) -> Iterator[Segment]:
    """The sets with their SE, then GE."""
    number = 0
    for number, body in enumerate(sets, 1):
        size = 1
        for row in body:
            size += 1
            yield row
        yield ["SE", str(size), f"{number:04}"]
    yield ["GE", str(number), str(control)]
