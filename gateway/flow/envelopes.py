"""Outgoing interchanges: our ids, the pair's next control numbers, delimiters that no identifier contains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import Connection

from gateway.clock import SECOND_US
from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store import counters
from mappings.blanks import blanked
from parsers.events import Delimiters, GroupHeader, InterchangeHeader
from parsers.writer import Segment, choose_delimiters, write_interchange

WRAP = 999_999_999
"""ISA13 has nine digits and goes back to 1 after the last."""

GUIDES = {"FA": "005010X231A1", "HN": "005010X214", "HP": "005010X221A1"}
"""GS01 of what we send -> GS08."""


def time_of_day(now_us: int) -> str:
    """HHMM of the clock, UTC: X12 dates are business dates, times of day come from the clock."""
    minutes = now_us // SECOND_US // 60
    return f"{minutes // 60 % 24:02d}{minutes % 60:02d}"


def interchange(
    connection: Connection,
    context: Context,
    parties: Parties,
    partner: Partner,
    today: date,
    groups: Sequence[tuple[str, Sequence[Sequence[Segment]]]],
    identifiers: Iterable[str] = (),
    ta1: Sequence[Segment] = (),
) -> tuple[bytes, str]:
    """One interchange to a partner, with (GS01, sets) groups; returns its bytes and its ISA13.

    Call it last in the transaction: it takes the pair's numbers. Each set is ST up to but excluding SE.
    """
    ours = parties.administrator
    delimiters = choose_delimiters(identifiers, partner.delimiters or Delimiters())
    groups = [(gs01, [list(blanked(map(list, one), delimiters)) for one in sets]) for gs01, sets in groups]
    scope = f"{ours.isa_id}/{partner.qualifier}{partner.isa_id}"
    isa13 = f"{(counters.take(connection, f'ISA13/{scope}') - 1) % WRAP + 1:09d}"
    first_gs06 = counters.take(connection, f"GS06/{scope}", len(groups)) if groups else 0
    now = time_of_day(context.now_us)
    header = InterchangeHeader(
        isa01="00", isa02="", isa03="00", isa04="", isa05=ours.qualifier, isa06=ours.isa_id,
        isa07=partner.qualifier, isa08=partner.isa_id, isa09=f"{today:%y%m%d}", isa10=now, isa11=delimiters.repetition,
        isa12="00501", isa13=isa13, isa14="0", isa15=context.usage, isa16=delimiters.component, delimiters=delimiters,
    )  # fmt: skip
    written = [
        (
            GroupHeader(gs01, ours.application, partner.application, f"{today:%Y%m%d}", now, str(first_gs06 + n), "X",
                        GUIDES[gs01]),
            sets,
        )
        for n, (gs01, sets) in enumerate(groups)
    ]  # fmt: skip
    return write_interchange(header, written, delimiters, newline=partner.newline, ta1=ta1), isa13
