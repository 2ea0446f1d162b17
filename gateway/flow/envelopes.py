"""Outgoing interchanges: our ids, the pair's next control numbers, delimiters that no identifier contains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from gateway.clock import SECOND_US
from gateway.errors import GatewayError
from gateway.flow import naming
from gateway.flow.checking import terms_of
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store import counters
from mappings.blanks import blanked, spells
from parsers.edits import Editor, Terms
from parsers.envelope import Charset, EnvelopePolicy
from parsers.events import (
    Delimiters,
    Event,
    GroupHeader,
    InterchangeClosed,
    InterchangeHeader,
    Junk,
    SetClosed,
    SetOpened,
    Unit,
)
from parsers.findings import Finding
from parsers.forms import FORMS
from parsers.reader import Reader
from parsers.writer import Segment, WrittenSets, choose_delimiters, wrap, write_sets

WRAP = 999_999_999
"""ISA13 and GS06 have nine digits and go back to 1 after the last."""


def time_of_day(now_us: int) -> str:
    """HHMM of the clock, UTC: X12 dates are business dates, times of day come from the clock."""
    minutes = now_us // SECOND_US // 60
    return f"{minutes // 60 % 24:02d}{minutes % 60:02d}"


class OutboundInvalid(GatewayError):
    """What we were about to send does not pass our own validator; nothing was sent."""


class Draft(NamedTuple):
    """An interchange that lacks only its control numbers: written and checked, so that sending it is short."""

    header: InterchangeHeader
    group: GroupHeader | None
    sets: WrittenSets
    ta1: Sequence[Segment]
    newline: bool
    charset: Charset
    scope: str


class Sent(NamedTuple):
    """An interchange with its numbers: bytes, ISA13, and GS06 ("" when it has no group)."""

    body: bytes
    isa13: str
    gs06: str


def delimiters_for(partner: Partner, identifiers: Iterable[str]) -> Delimiters:
    """The partner's, as far as they occur in none of the identifiers of an interchange (domain 1.1).

    Some are always left: a legal value holds no control character, and four of the candidates are such.
    """
    return choose_delimiters(identifiers, partner.delimiters or Delimiters())


def draft(
    context: Context,
    parties: Parties,
    partner: Partner,
    today: date,
    guide: str,
    sets: Iterable[Iterable[Segment]],
    identifiers: Iterable[str] = (),
    ta1: Sequence[Segment] = (),
) -> Draft:
    """Writes an interchange of one group (none when guide is "") and lets our own validator check it.

    Each set is ST up to but excluding SE. Writes nothing: call it outside the write transaction when it is long.
    Raises OutboundInvalid.
    """
    ours, now = parties.administrator, time_of_day(context.now_us)
    names = list(identifiers)
    if not all(spells(one, partner.validation.charset) for one in names):
        raise OutboundInvalid("an identifier has a character that is not in its receiver's character set")
    delimiters = delimiters_for(partner, names)
    header = InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05=ours.qualifier, isa06=ours.isa_id,
        isa07=partner.qualifier, isa08=partner.isa_id, isa09=f"{today:%y%m%d}", isa10=now, isa11=delimiters.repetition,
        isa12="00501", isa13=f"{WRAP:09d}", isa14="0", isa15=context.usage, isa16=delimiters.component,
        delimiters=delimiters,
    )  # fmt: skip
    group = None
    if guide:
        group = GroupHeader(FORMS[guide].gs01, ours.application, partner.application, f"{today:%Y%m%d}", now, "1", "X",
                            guide)  # fmt: skip
    charset = partner.validation.charset
    written = write_sets([list(blanked(map(list, one), delimiters, charset)) for one in sets], delimiters)
    scope = f"{ours.isa_id}/{partner.qualifier}{partner.isa_id}"
    made = Draft(header, group, written, ta1, partner.newline, charset, scope)
    terms = terms_of(context, partner, partner.validation.outbound, today) if guide else Terms(today=today)
    _require_valid(context, made, terms)
    return made


def send(connection: Connection, made: Draft) -> Sent:
    """Takes the pair's next numbers. Call it last in the transaction: the numbers are gapless."""
    isa13 = f"{_next(connection, f'ISA13/{made.scope}'):09d}"
    gs06 = str(_next(connection, f"GS06/{made.scope}")) if made.group else ""
    return Sent(_numbered(made, isa13, gs06), isa13, gs06)


def named(partner: Partner, template: str, today: date, sent: Sent, fields: dict[str, str]) -> str:
    """The name of a file that is sent, by a template of its partner's profile. fields: what only its kind has."""
    common = {"isa13": sent.isa13, "partner": partner.id, "date": f"{today:%Y%m%d}"}
    return naming.name(template, common | fields)


def _next(connection: Connection, scope: str) -> int:
    return (counters.take(connection, scope) - 1) % WRAP + 1


def _numbered(made: Draft, isa13: str, gs06: str) -> bytes:
    header = msgspec.structs.replace(made.header, isa13=isa13)
    groups = [(msgspec.structs.replace(made.group, gs06=gs06), made.sets)] if made.group else []
    return wrap(header, groups, made.header.delimiters, ta1=made.ta1, newline=made.newline, charset=made.charset)


def _require_valid(context: Context, made: Draft, terms: Terms) -> None:
    """Our own validator has the last word on what we send, sums and the partner's rules included."""
    header, gs08 = made.header, made.group.gs08 if made.group else ""
    policy = EnvelopePolicy(
        senders=frozenset({(header.isa05, header.isa06)}), receivers=frozenset({(header.isa07, header.isa08)}),
        usage=context.usage, snip=terms.snip, charset=made.charset,
    )  # fmt: skip
    editor, told = Editor(gs08, terms), list[Finding]()
    reader = Reader(context.guide, policy)
    for event in chain(reader.events(_numbered(made, header.isa13, "1")), _last(reader)):
        if isinstance(event, Junk) or (isinstance(event, InterchangeClosed) and event.verdict.verdict != "A"):
            raise OutboundInvalid("the envelope")
        if isinstance(event, SetOpened):
            editor, told = Editor(gs08, terms), []
        if isinstance(event, Unit):
            told += editor.take(event)
        if isinstance(event, SetClosed):
            findings = (*event.verdict.findings, *told, *editor.close())
            wrong = [one for one in findings if one.severity == "error" and not _is_echo(one)]
            if wrong or (event.verdict.verdict == "R" and not event.verdict.findings):
                raise OutboundInvalid(f"set {event.verdict.st02}: {wrong[0].message if wrong else event.verdict.codes}")


def _last(reader: Reader) -> Iterator[Event]:
    """What the end of a file brings; asked only when everything before it was read."""
    yield from reader.close()


def _is_echo(finding: Finding) -> bool:
    """AK101 and AK201 repeat the GS01 and ST01 a partner sent, and must even where the 999's guide lists no such."""
    place = finding.place
    return place.segment in ("AK1", "AK2") and (finding.level == "segment" or (place.element, finding.code) == (1, "7"))
