"""Answers to show: our own writers' TA1, 999 and 277CA for two small sets of invented people, one of them broken.

They are made under the partner's live settings: an example answers nothing the partner would not be answered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import structs

from gateway.check.answers import Answer, Answers
from gateway.check.reading import Desk, check
from gateway.companion.facts import FactsOnFile
from gateway.flow.checking import writing_of
from gateway.settings import shipped
from mappings import enrolment, professional
from mappings.enrolment import MemberReader
from mappings.table import Segment
from parsers import check as read
from parsers import guides
from parsers.edits import Terms
from parsers.envelope import EnvelopePolicy
from parsers.events import Delimiters, GroupHeader, InterchangeHeader, Unit
from parsers.forms import FORMS
from parsers.writer import write_interchange

SAMPLES = {"submitter": ("in.837p", professional.GUIDE), "sponsor": ("in.834", enrolment.GUIDE)}
"""Role -> the sample its example is made of: people nobody is."""

BROKEN = {
    "submitter": (("the lines of the second claim of set 0001 do not add up to its CLM02", 3),
                  ("CLM05-2 in set 0002 is no code of the guide", 2)),
    "sponsor": (("HD03 in set 0002 is no code of the guide", 2),),
}  # fmt: skip
"""Role -> what is wrong in its example, and the SNIP type that sees it."""


class Example(NamedTuple):
    """A file a partner might send, and what we would answer. broken: what is wrong in it, and the SNIP type of that."""

    guide: str
    sent: str
    broken: tuple[tuple[str, int], ...]
    answers: dict[str, str]


def example(facts: FactsOnFile) -> Example | None:
    """An example for the first kind of file a partner sends; None for one that sends none."""
    role = next((one for one in facts.partner.roles if one in SAMPLES), None)
    if role is None:
        return None
    name, guide = SAMPLES[role]
    data = (shipped() / "golden" / name).read_bytes()
    units = [event for event in read(data, guides.load, EnvelopePolicy()) if isinstance(event, Unit)]
    sets = _claims(units) if role == "submitter" else _members(units)
    body = write_interchange(_header(facts), [(_group(facts, guide), sets)], Delimiters(), newline=True)
    kept: list[Answer] = []
    desk = _desk(facts)
    check("example", [body], desk, [Answers(kept.append, _noon(facts), desk.writing)])
    answers = {one.name: one.body.decode(desk.writing.charset) for one in kept}
    return Example(guide, body.decode("latin-1"), BROKEN[role], answers)


def _desk(facts: FactsOnFile) -> Desk:
    """By what the example is checked and answered: what is in force for the partner, as for its own files."""
    said = facts.partner.validation
    return Desk(
        policy=EnvelopePolicy(usage=facts.usage, charset=said.charset, aliases=facts.aliases),
        terms=Terms(snip=said.inbound, today=facts.today, codes=facts.codes, rules=said.rules),
        writing=writing_of(facts.partner),
    )  # fmt: skip


def _claims(units: list[Unit]) -> list[list[Segment]]:
    """A set with one good claim and one whose lines do not add up, and a set with a place of service that is none."""
    reader = professional.ClaimReader()
    claims = [claim for claim in map(reader.take, units) if claim is not None][:2]
    assert reader.batch is not None
    wrong = structs.replace(claims[1], charge_cents=claims[1].charge_cents + 1_000)
    broken = professional.write(reader.batch, claims[:1], "0002")
    return [professional.write(reader.batch, [claims[0], wrong], "0001"), _broken(broken, "CLM", 5, ("11", "Q", "1"))]


def _members(units: list[Unit]) -> list[list[Segment]]:
    """A good set of two members, and one whose coverage is of no kind there is."""
    reader = MemberReader()
    rows = [row for row in map(reader.take, units) if row is not None][:2]
    assert reader.header is not None
    header = structs.replace(reader.header, employees=None, dependents=None, total=None)
    good, broken = enrolment.write(header, rows, "0001"), enrolment.write(header, rows[:1], "0002")
    return [good, _broken(broken, "HD", 3, "XYZ")]


def _broken(segments: list[Segment], name: str, element: int, value: str | tuple[str, ...]) -> list[Segment]:
    """The set with one element of its first segment of a name replaced."""
    at = next(n for n, one in enumerate(segments) if one[0] == name)
    wrong = [*segments[at][:element], value, *segments[at][element + 1 :]]
    return [*segments[:at], wrong, *segments[at + 1 :]]


def _noon(facts: FactsOnFile) -> datetime:
    return datetime(facts.today.year, facts.today.month, facts.today.day, 12, tzinfo=UTC)


def _header(facts: FactsOnFile) -> InterchangeHeader:
    """An interchange of the partner's that asks for a TA1."""
    partner, ours = facts.partner, facts.ours
    return InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05=partner.qualifier, isa06=partner.isa_id,
        isa07=ours.qualifier, isa08=ours.isa_id, isa09=f"{facts.today:%y%m%d}", isa10="0900", isa11="^", isa12="00501",
        isa13="000000123", isa14="1", isa15=facts.usage, isa16=":",
    )  # fmt: skip


def _group(facts: FactsOnFile, guide: str) -> GroupHeader:
    gs01 = FORMS[guide].gs01
    return GroupHeader(gs01, facts.partner.application, facts.ours.application, f"{facts.today:%Y%m%d}", "0900", "45",
                       "X", guide)  # fmt: skip
