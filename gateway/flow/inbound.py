"""A received file while it is taken in: who sent it, what is read of it, what an interchange of it came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store.schema import staged, x12_set
from mappings.claims import ClaimReader
from mappings.enrolment import MemberReader
from mappings.implementation_ack import AckReader
from mappings.records import Trace
from parsers.edits import Editor
from parsers.events import GroupVerdict, SetClosed
from parsers.findings import Finding

NOBODY = "-"
"""The sponsor of what names none we know, or none its sender may send for: a person finds it."""


@dataclass(frozen=True)
class Inbound:
    """One received file. receipt: its row. today: the business date its answers carry.

    event: the number that orders what is not decided of it yet: its own, or a later one when a person had it read on.
    repeats: the receipt that has its very bytes already and stands, 0 when none has.
    """

    context: Context
    receipt: Any
    partner: Partner
    parties: Parties
    today: date
    event: int
    repeats: int = 0

    @property
    def number(self) -> int:
        """Our receipt number."""
        return int(self.receipt.receipt_no)

    @property
    def subject(self) -> str:
        """How a hold and the outbox name the file."""
        return subject_of(self.number)


def subject_of(receipt_no: int) -> str:
    """How a hold and the outbox name a received file."""
    return f"receipt {receipt_no}"


@dataclass
class ReadSet:
    """One set as read. grp, number: its place. unit: the kind that must give a record, "" where none must.

    editor: what SNIP 3-7 say of its units, None where no guide is.
    unread: claims or rows that could not be read although the guide allows them.
    findings: what the edits say of the set and its header, without data.
    """

    grp: int
    number: int
    st01: str
    unit: str
    reader: ClaimReader | MemberReader | AckReader | None
    editor: Editor | None = None
    rows: int = 0
    unread: int = 0
    findings: list[Finding] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    closed: SetClosed | None = None

    @property
    def header(self) -> Any:
        """The batch or enrolment header, None when there is none."""
        if isinstance(self.reader, ClaimReader):
            return self.reader.batch
        return self.reader.header if isinstance(self.reader, MemberReader) else None

    @property
    def reference(self) -> str:
        """BHT03 or BGN02."""
        return self.header.reference if self.header is not None else ""


@dataclass
class ReadInterchange:
    """One interchange as read, before it is decided. number counts those of the file from 1."""

    number: int
    sets: list[ReadSet] = field(default_factory=list)
    groups: list[GroupVerdict] = field(default_factory=list)
    rejected_groups: set[int] = field(default_factory=set)


def set_key(body: dict[str, Any]) -> tuple[Any, ...]:
    """The conditions that find the set a step's body names."""
    return (
        x12_set.c.receipt_no == body["receipt_no"],
        x12_set.c.interchange == body["interchange"],
        x12_set.c.grp == body["grp"],
        x12_set.c.number == body["set_no"],
    )


def staged_key(body: dict[str, Any]) -> tuple[Any, ...]:
    """The conditions that find the staged rows of the set a step's body names."""
    return (
        staged.c.receipt_no == body["receipt_no"],
        staged.c.interchange == body["interchange"],
        staged.c.grp == body["grp"],
        staged.c.set_no == body["set_no"],
    )
