"""Reads one file to its end: the guide check, the mapping, the edits, and what they come to.

What it says is what the gateway would answer: a set the guide allows and no record can be made of is rejected here as
intake rejects it. A file streams through; kept are verdicts and a bounded number of findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import structs

from gateway.check.records import FileResult, GroupResult, InterchangeResult, SetResult, Told, told
from mappings import verdicts
from mappings.claims import ClaimReader
from mappings.codecs import cents
from mappings.readers import READERS
from mappings.records import Claim, ClaimBatch, MemberRow
from parsers import guides
from parsers.codes import Witness
from parsers.edits import Editor, Terms
from parsers.envelope import Charset, EnvelopePolicy
from parsers.events import (
    Delimiters,
    Event,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Junk,
    SetClosed,
    SetOpened,
    SetVerdict,
    Unit,
)
from parsers.findings import Finding
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.reader import Reader

MOST_PLACES = 50_000
"""Interchanges, groups and sets, of each so many are kept of a file: at 400 bytes 60 MB; others count, unlisted."""

MOST_FINDINGS = 20_000
"""Findings kept of a file: 1 KB each are 20 MB, and nobody reads a tenth of it."""

Guides = Callable[[str], Guide | None]


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """How answers are written, as a partner's row says it. delimiters: where none of them stands in an identifier."""

    delimiters: Delimiters = Delimiters()
    newline: bool = True
    charset: Charset = "ascii"


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What files are checked by, and answered.

    policy: who may send what. terms: weights, date, code sets. show_values: unmasked. writing: of the answers.
    """

    policy: EnvelopePolicy = EnvelopePolicy()
    terms: Terms
    guides: Guides = guides.load
    limits: Limits = Limits()
    show_values: bool = False
    writing: Writing = Writing()

    @property
    def weighed(self) -> EnvelopePolicy:
        """The policy with the weights of SNIP types 1 and 2."""
        return structs.replace(self.policy, snip=self.terms.snip)


class Counted(msgspec.Struct, frozen=True):
    """What a set is counted by: the kind of unit, its name, and where its amount stands (segment, element)."""

    kind: str
    name: str
    segment: str = ""
    element: int = 0


COUNTED = {
    "837": Counted("2300", "claims", "CLM", 2),
    "834": Counted("2000", "members"),
    "835": Counted("2100", "claims", "CLP", 4),
    "820": Counted("2000B", "payments"),
    "277": Counted("2000D", "claims"),
}
"""ST01 -> its units and their amount: CLM02 charges, CLP04 payments."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the check made of an event. record, findings: of a unit, and what the edits found in it.

    batch: the header of a set of claims that closes, None where it has none.
    """

    record: Claim | MemberRow | None = None
    findings: tuple[Finding, ...] = ()
    batch: ClaimBatch | None = None


NOTHING = Made()


class Listener(Protocol):
    """Who hears every event with what was made of it."""

    def take(self, event: Event, made: Made) -> None:
        """One event as the gateway would act on it: with the verdict it would send."""


class _OpenSet:
    """A set being read: its mapping, its editor, and what they found."""

    def __init__(self, event: SetOpened, desk: Desk, terms: Terms) -> None:
        self.guide = event.guide
        self.counted = COUNTED.get(event.st01, Counted("", ""))
        make, self.unit = READERS.get(event.guide, (None, ""))
        self.reader = make() if make else None
        self.editor = Editor(event.guide, terms) if event.guide else None
        self.findings: list[Finding] = []
        self.unreadable: list[Finding] = []
        self.limit = desk.limits.findings_per_set
        self.units = self.unread = self.cents = self.left_out = 0

    @property
    def batch(self) -> ClaimBatch | None:
        """The header of a set of claims."""
        return self.reader.batch if isinstance(self.reader, ClaimReader) else None

    def take(self, unit: Unit) -> Made:
        """The unit's record and what the edits found in it."""
        if unit.kind == self.counted.kind:
            self.units += 1
            self.cents += self._amount(unit)
        record = self._record(unit) if unit.clean else None
        findings = self.editor.take(unit) if self.editor else ()
        self._keep(self.findings, findings)
        return Made(record=record, findings=findings)

    def _record(self, unit: Unit) -> Claim | MemberRow | None:
        if self.reader is None:
            return None
        record = self.reader.take(unit)
        self._keep(self.unreadable, self.reader.findings)
        self.reader.findings.clear()
        self.unread += record is None and unit.kind == self.unit
        return record

    def _keep(self, kept: list[Finding], found: Iterable[Finding]) -> None:
        for one in found:
            if len(kept) < self.limit:
                kept.append(one)
            else:
                self.left_out += 1

    def _amount(self, unit: Unit) -> int:
        counted = self.counted
        for _, row in unit.rows[:1]:
            if row[0] == counted.segment and len(row) > counted.element:
                try:
                    return cents(row[counted.element])
                except ValueError:
                    return 0  # the guide check tells it
        return 0

    def close(self, event: SetClosed) -> SetClosed:
        """The set's end as the gateway sees it."""
        verdict = event.verdict
        self.left_out += len(verdict.findings) >= self.limit
        if self.editor:
            self._keep(self.findings, self.editor.close())
        headless = self.reader is not None and self.reader.headless
        if (self.unread or headless) and verdict.verdict != verdicts.REJECTED:
            verdict = verdicts.unreadable(verdict, self.unreadable)
        return structs.replace(event, verdict=verdict)


class FileCheck:
    """One file being checked: `feed` its bytes, then `close`. Args: file: how it is named in the answer."""

    def __init__(self, file: str, desk: Desk, listeners: Sequence[Listener] = ()) -> None:
        self._file, self._desk, self._listeners = file, desk, listeners
        self._codes = Witness(desk.terms.codes)
        self._terms = structs.replace(desk.terms, codes=self._codes)
        self._reader = Reader(desk.guides, desk.weighed, desk.limits)
        self._set: _OpenSet | None = None
        self._sets: list[SetResult] = []
        self._verdicts: list[SetVerdict] = []
        self._groups: list[GroupResult] = []
        self._interchanges: list[InterchangeResult] = []
        self._good = True
        self._seen = self._kept = 0
        self._places = Counter[str]()
        self._junk: Finding | None = None
        self._handlers: dict[type, Callable[[Any], Event]] = {
            SetOpened: self._set_opened,
            GroupClosed: self._group_closed,
            InterchangeClosed: self._interchange_closed,
            Junk: self._junk_found,
        }

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        for event in self._reader.events(data):
            self._take(event)

    def close(self) -> FileResult:
        """The file ends here."""
        for event in self._reader.close():
            self._take(event)
        junk = self._junk
        return FileResult(
            file=self._file, accepted=self._good and self._seen > 0 and junk is None,
            interchanges=tuple(self._interchanges), reason=junk.message if junk else "",
            mend=junk.mend.text if junk and junk.mend else "", off=tuple(sorted(self._codes.unanswered)),
            left_out=sum(max(0, seen - MOST_PLACES) for seen in self._places.values()),
        )  # fmt: skip

    def _take(self, event: Event) -> None:
        made = NOTHING
        if isinstance(event, Unit):
            made = self._set.take(event) if self._set else NOTHING
        elif isinstance(event, SetClosed):
            batch = self._set.batch if self._set else None
            event, made = self._set_closed(event), Made(batch=batch)
        elif not isinstance(event, InterchangeOpened | GroupOpened):
            event = self._handlers[type(event)](event)
        for listener in self._listeners:
            listener.take(event, made)

    def _room(self, level: str) -> bool:
        self._places[level] += 1
        return self._places[level] <= MOST_PLACES

    def _told(self, findings: Iterable[Finding]) -> tuple[Told, ...]:
        """Findings as they are told; those no room is left for still decide."""
        kept = []
        for one in findings:
            self._good = self._good and one.severity != "error"
            if self._kept < MOST_FINDINGS:
                self._kept += 1
                kept.append(told(one, self._desk.show_values))
        return tuple(kept)

    def _set_opened(self, event: SetOpened) -> Event:
        self._set = _OpenSet(event, self._desk, self._terms)
        return event

    def _set_closed(self, event: SetClosed) -> SetClosed:
        read = self._set
        assert read is not None
        closed = read.close(event)
        verdict = closed.verdict
        self._verdicts.append(verdict)
        self._good = self._good and verdict.verdict != verdicts.REJECTED
        findings = sorted([*verdict.findings, *read.findings], key=lambda one: one.place.position)
        before = self._kept
        shown = self._told(findings)
        if self._room("set"):
            amount = read.cents if read.counted.segment else None
            more = bool(read.left_out) or self._kept - before < len(findings)
            result = SetResult(
                st02=verdict.st02, type=verdict.st01, verdict=verdict.verdict, findings=shown, guide=read.guide,
                codes=verdict.codes, segments=verdict.segments, counted=read.counted.name, units=read.units,
                amount_cents=amount, more=more,
            )  # fmt: skip
            self._sets.append(result)
        self._set = None
        return closed

    def _group_closed(self, event: GroupClosed) -> Event:
        verdict = verdicts.recounted(event.verdict, tuple(self._verdicts))
        self._good = self._good and verdict.verdict != verdicts.REJECTED
        found = self._told(verdict.findings)
        if self._room("group"):
            header = verdict.header
            result = GroupResult(version=header.gs08, verdict=verdict.verdict, sets=tuple(self._sets), type=header.gs01,
                                 control=header.gs06, codes=verdict.codes, findings=found)  # fmt: skip
            self._groups.append(result)
        self._sets, self._verdicts = [], []
        return GroupClosed(verdict)

    def _interchange_closed(self, event: InterchangeClosed) -> Event:
        verdict = event.verdict
        self._seen += 1
        self._good = self._good and verdict.verdict != verdicts.REJECTED
        found = self._told(verdict.findings)
        if self._room("interchange"):
            header = verdict.header
            result = InterchangeResult(ta1=verdict.verdict, groups=tuple(self._groups), isa13=header.isa13,
                                       usage=header.isa15, codes=verdict.codes, findings=found)  # fmt: skip
            self._interchanges.append(result)
        self._groups = []
        return event

    def _junk_found(self, event: Junk) -> Event:
        self._junk = event.finding
        return event


def check(file: str, pieces: Iterable[bytes], desk: Desk, listeners: Sequence[Listener] = ()) -> FileResult:
    """Checks one file, given piece by piece."""
    run = FileCheck(file, desk, listeners)
    for piece in pieces:
        run.feed(piece)
    return run.close()
