"""Synthetic people: an employer, us, and families whose person n is computed from the seed and n alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from mappings.records import Address, CoverageRow, MemberRow, Organisation, Person, Record

YOUNGEST = 2025  # year of birth of the youngest, so that a person does not change with the date of a file


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


SPONSOR = Sponsor()
ADMINISTRATOR = Administrator()

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


def seat_of(number: int) -> tuple[int, int, int]:
    """Person number (from 0) -> family number from 0, seat in it from 0, size of the family."""
    block, rest = divmod(number, _BLOCK)
    family = block * len(_FAMILIES)
    for size in _FAMILIES:
        if rest < size:
            return family, rest, size
        rest -= size
        family += 1
    raise AssertionError("the sizes of a block sum to its length")


def person_at(seed: int, number: int) -> tuple[Person, str]:
    """Person `number` and their relationship: the first of a family is the employee, then spouse, then children."""
    family, seat, _ = seat_of(number)
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
        family, seat, size = seat_of(number)
        person, relationship = person_at(seed, number)
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


def families(count: int) -> int:
    """How many families `count` people are."""
    return seat_of(count - 1)[0] + 1 if count else 0
