"""The TA1, 999 and 277CA we would send for a file, for a sender who tries his file before he sends it.

Which of them, and what they say, is what the daemon does: a TA1 only where ISA14 asks for one, a 999 for every group
that may be answered, one 277CA for every accepted 837 set. Control numbers, and our numbers of claims in a 277CA, are
their own, from 1 on in each file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from gateway.check.reading import Made, Writing
from gateway.plan.claims import acknowledgement, door
from mappings import claim_ack, implementation_ack, interchange_ack
from mappings.blanks import blanked
from mappings.records import (
    Claim,
    ClaimAcknowledgement,
    ClaimAnswer,
    Organisation,
)
from mappings.table import Message, Segment
from mappings.verdicts import REJECTED
from parsers.events import (
    Delimiters,
    Event,
    GroupClosed,
    GroupHeader,
    GroupVerdict,
    InterchangeClosed,
    InterchangeHeader,
    SetClosed,
    SetOpened,
    Unit,
)
from parsers.forms import FORMS
from parsers.isa import legal_element
from parsers.writer import choose_delimiters, write_interchange

UNKNOWN = "UNKNOWN"
"""Who is named where the file names nobody we could."""

NOTHING = Message("", (), ())
"""The message of an interchange without a group."""


class Answer(msgspec.Struct, frozen=True):
    """One file we would send. name: its own part of a file name, as `1.999.x12`; body: an interchange."""

    name: str
    body: bytes


class Answers:
    """Listens to a check and hands every answer to `keep` as soon as it is made.

    now: what the answers are dated. writing: how they are written, in delimiters and characters.
    """

    def __init__(self, keep: Callable[[Answer], None], now: datetime, writing: Writing = Writing()) -> None:  # noqa: B008
        self._keep, self._now, self._writing = keep, now, writing
        self._isa13 = self._number = self._icn = 0
        self._pending: list[tuple[int, ClaimAcknowledgement]] = []
        self._groups: list[GroupVerdict] = []
        self._set: SetOpened | None = None
        self._claims: list[tuple[Claim, ClaimAnswer]] = []
        self._group = 1

    def take(self, event: Event, made: Made) -> None:
        """One event of the check."""
        if isinstance(event, SetOpened):
            self._set, self._claims = event, []
        elif isinstance(event, Unit):
            if isinstance(made.record, Claim):
                objections = door.objections(event, made.findings)
                self._icn += 1
                icn = f"{self._now:%y%j}{self._icn:06d}"  # of the form a day's claims are numbered in
                answer = acknowledgement.answer(made.record, door.reasons(objections), objections, icn)
                self._claims.append((made.record, answer))
        elif isinstance(event, SetClosed):
            self._set_closed(event, made)
        elif isinstance(event, GroupClosed):
            self._groups.append(event.verdict)
            self._group += 1
        elif isinstance(event, InterchangeClosed):
            self._interchange_closed(event)

    def _set_closed(self, event: SetClosed, made: Made) -> None:
        read, self._set = self._set, None
        batch = made.batch
        if read is None or batch is None or not self._claims or event.verdict.verdict == REJECTED:
            return
        number, today = self._number + 1, self._now.date()
        place = f"{number}-{self._group}-{read.number}"
        payer = self._claims[0][0]
        told = acknowledgement.of_set(
            batch, self._claims,
            Organisation(name=payer.payer_name or UNKNOWN, id_qualifier="PI", id=payer.payer_id or UNKNOWN),
            reference=place, receipt=f"CHECK-{place}", received=today, today=today, time=f"{self._now:%H%M}",
        )  # fmt: skip
        self._pending.append((self._group, told))

    def _interchange_closed(self, event: InterchangeClosed) -> None:
        self._number += 1
        verdict = event.verdict
        header = verdict.header
        if interchange_ack.asked(verdict, self._groups, event.ta1):
            self._write(f"{self._number}.TA1", header, ta1=interchange_ack.write(verdict))
        if verdict.verdict != REJECTED:
            told = [one for one in self._groups if one.answerable]
            if told:
                self._write(f"{self._number}.999", header, self._999(told), told[0].header)
            alive = {n for n, one in enumerate(self._groups, 1) if one.verdict != REJECTED}
            for group, answer in self._pending:
                if group in alive:
                    answered = self._groups[group - 1].header
                    self._write(f"{answer.reference}.277CA", header, claim_ack.message(answer), answered)
        self._pending, self._groups, self._group = [], [], 1

    def _999(self, groups: Sequence[GroupVerdict]) -> Message:
        return implementation_ack.message(groups, self._writing.delimiters)

    def _write(
        self,
        name: str,
        received: InterchangeHeader,
        message: Message = NOTHING,
        group: GroupHeader | None = None,
        ta1: Sequence[Segment] = (),
    ) -> None:
        self._isa13 += 1
        charset = self._writing.charset
        delimiters = choose_delimiters(message.identifiers, self._writing.delimiters)
        header = _turned(received, self._now, self._isa13, delimiters)
        groups = []
        if group is not None:
            to, us = _party(group.gs02, delimiters), _party(group.gs03, delimiters)
            gs01, day = FORMS[message.guide].gs01, f"{self._now:%Y%m%d}"
            own = GroupHeader(gs01, us, to, day, header.isa10, str(self._isa13), "X", message.guide)
            groups = [(own, [list(blanked(map(list, one), delimiters, charset)) for one in message.sets])]
        body = write_interchange(header, groups, delimiters, ta1=ta1, newline=self._writing.newline, charset=charset)
        self._keep(Answer(f"{name}.x12", body))


def _turned(received: InterchangeHeader, now: datetime, number: int, own: Delimiters) -> InterchangeHeader:
    """The header of an answer: from whom the file was for, to whom sent it."""
    return structs.replace(
        received, isa01="00", isa02="", isa03="00", isa04="", isa05=_qualifier(received.isa07),
        isa06=_party(received.isa08, own), isa07=_qualifier(received.isa05), isa08=_party(received.isa06, own),
        isa09=f"{now:%y%m%d}", isa10=f"{now:%H%M}", isa11=own.repetition, isa12="00501", isa13=f"{number:09d}",
        isa14="0", isa15=received.isa15 if received.isa15 in ("T", "P") else "T", isa16=own.component, delimiters=own,
    )  # fmt: skip


def _qualifier(text: str) -> str:
    return text if legal_element(5, text) else "ZZ"


def _party(text: str, own: Delimiters) -> str:
    """ISA06 or ISA08, GS02 or GS03, echoed where it is legal in the delimiters of the answer."""
    signs = {own.element, own.component, own.repetition, own.segment}
    fits = 0 < len(text) <= 15 and text.isascii() and text.isprintable() and not set(text) & signs
    return text if fits else UNKNOWN
