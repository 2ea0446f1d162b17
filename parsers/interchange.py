"""One ISA..IEA: its groups and sets as segments come, compared with its trailer, and judged."""

from __future__ import annotations

from collections.abc import Callable

from parsers import envelope
from parsers.events import (
    Event,
    GroupClosed,
    GroupOpened,
    InterchangeHeader,
    InterchangeVerdict,
    SetClosed,
    SetOpened,
)
from parsers.forms import canonical
from parsers.groups import OpenGroup, OpenSet, Skipper
from parsers.guides import Guide
from parsers.isa import FORMER, FORMER_GUIDES, Isa
from parsers.limits import Limits
from parsers.refusals import (
    BAD_GROUP,
    CUT_OFF,
    LONG_IEA,
    NO_GROUP,
    NO_IEA,
    TOO_MANY_GROUPS,
    Row,
    header_findings,
    refusal,
    trailer,
)
from parsers.report import ID_CHARS
from parsers.sets import SetReader

Guides = Callable[[str], Guide | None]


class InterchangeReader:
    """Reads what lies between an ISA and its IEA.

    Attributes: codes: TA105 so far; refused: an ISA nobody may act on, so nothing inside is looked at.
    """

    def __init__(self, isa: Isa, codes: tuple[str, ...], guides: Guides, rules: Rules) -> None:
        self.header: InterchangeHeader = isa.header
        self.codes = list(codes)
        self.findings = header_findings(codes, isa)
        self.refused = bool(codes)
        self.ta1: list[tuple[str, ...]] = []
        self._guides, self._policy, self._limits = guides, rules.policy, rules.limits
        self._group: OpenGroup | None = None
        self._set: OpenSet | None = None
        self._groups = 0
        self._headless = 0  # groups whose sets came without their GS
        self._astray = False  # within one of them: its SE and GE are right once the GS is there
        self._at = 1  # the segment at hand, ISA = 1
        self._group_numbers: set[str] = set()
        self._events: list[Event] = []

    def read(self, raws: list[str], texts: list[str]) -> list[Event]:
        """Reads whole segments. Args: raws: in their own delimiters; texts: the same in the standard ones."""
        pairs, cursor, before = iter(zip(raws, texts, strict=True)), 0, self._at
        while True:
            if self._set is not None:
                begun = self._set.reader.position
                stop = self._set.reader.read(pairs)
                self._events += self._set.reader.units()
                read = self._set.reader.position - begun
                self._hash(raws[cursor : cursor + read])
                cursor += read + 1
            else:
                stop = next((raw.split(self.header.delimiters.element) for raw, _ in pairs), None)
                cursor += 1
            self._at = before + cursor
            if stop is None:
                self._at = before + len(raws)
                return self._take()
            self._control(stop)
            if self.refused:
                return self._take()

    def close(self, iea: list[str] | None) -> tuple[list[Event], InterchangeVerdict]:
        """The interchange ended. Args: iea: its split trailer, None if it was cut off (023); 001 and 021 compare it."""
        self._close_group(None)
        count, number = (*(iea or [])[1:3], "", "")[:2]
        agrees = iea is not None and number == self.header.isa13
        if iea is None:
            self._wrong("023")
        elif not self.refused:
            if not agrees:
                self._wrong("001", self.header.isa13)
            groups = self._groups + self._headless
            if not envelope.counts(count, groups) and not envelope.counts(count, self._groups):
                self._wrong("021", str(groups))
            if any((iea or [])[3:]):
                self._wrong("022", row=LONG_IEA)
        verdict = InterchangeVerdict(
            header=self.header,
            verdict="R" if self.codes else "A",
            codes=tuple(self.codes),
            complete=agrees,
            findings=tuple(self.findings),
        )
        return self._take(), verdict

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def cut_off(self) -> None:
        """Another ISA came before the IEA."""
        groups = self._groups + self._headless
        self._wrong("022", trailer("IEA", groups, self.header.isa13), groups, row=NO_IEA)
        self._wrong("023", row=CUT_OFF)

    def _wrong(
        self, code: str, value: str = "", count: int | str = "", *, name: str = "", row: Row | None = None
    ) -> None:
        """One TA105, said once. Args: as for `refusals.refusal`; name: the segment at hand, where that is wrong."""
        if code not in self.codes:
            self.codes.append(code)
            position, shown = (
                (self._at, name[:ID_CHARS] if name.isascii() and name.isalnum() else "") if name else (0, "")
            )
            found = refusal("interchange", code, value, count=count, position=position, segment=shown, row=row)
            self.findings.append(found)

    def _hash(self, raws: list[str]) -> None:
        """Adds segments to the digest of the set that is open."""
        if self._set is not None and raws:
            end = self.header.delimiters.segment
            self._set.body.update((end.join(raws) + end).encode())

    def _control(self, parts: list[str]) -> None:
        """A segment outside the body of a set."""
        if parts[0] in _CONTROL:
            _CONTROL[parts[0]](self, parts)
        elif parts != [""]:
            self._wrong("022" if self._group else "024", name=parts[0] or "?")

    def _gs(self, parts: list[str]) -> None:
        self._close_group(None)
        self._astray = False
        self._groups += 1
        if self._groups > self._limits.groups_per_interchange:
            self._wrong("024", row=TOO_MANY_GROUPS)
            self.refused = True
            return
        header = envelope.group_header(parts)
        if self.header.isa12 == FORMER and not header.gs08.startswith(FORMER_GUIDES):
            self._wrong("003")
            self.refused = True
            return
        guide = self._guides(canonical(header.gs08, self._policy.aliases))
        codes = envelope.group_codes(header, guide, self._policy)
        if not envelope.answerable(header):
            self._wrong("024", row=BAD_GROUP)
        if header.gs06 in self._group_numbers:
            codes += ("19",)
        self._remember(self._group_numbers, header.gs06)
        self._group = OpenGroup(header, guide, codes, envelope.group_elements_wrong(parts))
        self._events.append(GroupOpened(self._groups, header))

    def _remember(self, numbers: set[str], number: str) -> None:
        if len(numbers) < self._limits.duplicates_held:
            numbers.add(number)

    def _ge(self, parts: list[str]) -> None:
        if self._group is None and not self._astray:
            self._wrong("022", name="GE")
        self._astray = False
        self._close_group(parts)

    def _close_group(self, ge: list[str] | None) -> None:
        self._close_set(None)
        if self._group is not None:
            self._events.append(GroupClosed(self._group.close(ge)))
            self._group = None

    def _st(self, parts: list[str]) -> None:
        self._close_set(None)
        group = self._group
        if group is None:
            self._headless += not self._astray
            self._astray = True
            self._wrong("024", name="ST", row=NO_GROUP)
            return
        group.received += 1
        reader, codes, guide = self._reader(parts, group)
        self._set = OpenSet(parts, reader, codes, group.guide, self._policy.snip)
        self._events.append(SetOpened(group.received, *self._set.header, guide=guide))
        self._hash([self.header.delimiters.element.join(parts)])

    def _reader(self, parts: list[str], group: OpenGroup) -> tuple[SetReader | Skipper, tuple[str, ...], str]:
        """(who reads this set, IK502 codes of its ST, its guide)."""
        if group.guide is None or not group.readable:
            return Skipper(), ("I6",), ""
        st01, st02, st03 = [*parts[1:4], "", "", ""][:3]
        codes = envelope.set_codes(st01, st02, st03, group.guide, self._policy.aliases)
        codes += ("23",) if st02 in group.numbers else ()
        self._remember(group.numbers, st02)
        if {"1", "6", "18"} & set(codes):
            return Skipper(), codes, ""
        room = self._limits.findings_per_group - group.told
        reader = SetReader(group.guide, self.header.delimiters, self._limits, self._policy.snip, room)
        return reader, codes, group.guide.gs08

    def _se(self, parts: list[str]) -> None:
        if self._set is None:
            if not self._astray:
                self._wrong("022", name="SE")
            return
        self._hash([self.header.delimiters.element.join(parts)])
        self._close_set(parts)

    def _close_set(self, se: list[str] | None) -> None:
        if self._set is None:
            return
        assert self._group is not None
        self._events += self._set.reader.finish(se is not None)
        verdict = self._set.close(se)
        self._events.append(SetClosed(verdict, self._set.body.hexdigest()))
        self._group.add(verdict, self._limits.sets_per_group)
        self._set = None

    def _ta1(self, parts: list[str]) -> None:
        """It stands before any group, and says of which interchange it speaks and how (domain 1.2)."""
        if self._groups:
            self._close_set(None)
            self._wrong("022", name="TA1")
        elif not envelope.ta1_legal(parts):
            self._wrong("024", name="TA1")
        elif len(self.ta1) < self._limits.ta1_held:
            self.ta1.append(tuple(parts))


class Rules:
    """What holds for every interchange of a file."""

    def __init__(self, policy: envelope.EnvelopePolicy, limits: Limits) -> None:
        self.policy, self.limits = policy, limits


_CONTROL: dict[str, Callable[[InterchangeReader, list[str]], None]] = {
    "GS": InterchangeReader._gs,
    "GE": InterchangeReader._ge,
    "ST": InterchangeReader._st,
    "SE": InterchangeReader._se,
    "TA1": InterchangeReader._ta1,
}
