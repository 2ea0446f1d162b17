"""One ISA..IEA: its groups and sets as segments come, counted, compared with their trailers, and judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from parsers import envelope
from parsers.events import (
    Event,
    GroupClosed,
    GroupHeader,
    GroupOpened,
    GroupVerdict,
    InterchangeHeader,
    InterchangeVerdict,
    SetClosed,
    SetOpened,
    SetVerdict,
)
from parsers.findings import Finding
from parsers.forms import canonical
from parsers.guides import Guide
from parsers.limits import Limits
from parsers.sets import CONTROL, Pair, SetReader

Guides = Callable[[str], Guide | None]
_MAX_CODES = 5  # IK502-506, AK905-909


class Skipper:
    """Reads past a set that no guide can judge."""

    def __init__(self) -> None:
        self.position = 1
        self.findings: tuple[Finding, ...] = ()
        self.errors = 0

    def read(self, segments: Iterator[Pair]) -> list[str] | None:
        """As `SetReader.read`."""
        for _, text in segments:
            if text.partition("*")[0] in CONTROL:
                return text.split("*")
            self.position += 1
        return None

    def units(self) -> list[Event]:
        """None, ever."""
        return []

    def finish(self, trailer: bool) -> list[Event]:
        """As `SetReader.finish`."""
        self.position += int(trailer)
        return []


class OpenSet:
    """An ST that has not seen its SE."""

    def __init__(self, parts: list[str], reader: SetReader | Skipper, codes: tuple[str, ...]) -> None:
        st01, st02, st03 = [*parts[1:4], "", "", ""][:3]
        self.header = (st01, st02, st03)
        self.reader = reader
        self.codes = list(codes)
        self.body = hashlib.sha256()

    def close(self, se: list[str] | None) -> SetVerdict:
        """The verdict. Args: se: the split trailer, None if it never came (IK502 2); 3 and 4 compare it."""
        if se is None:
            self.codes.append("2")
        else:
            count, number = (*se[1:3], "", "")[:2]
            self.codes += ["3"] if number != self.header[1] else []
            self.codes += ["4"] if not envelope.counts(count, self.reader.position) else []
        if self.reader.errors:
            self.codes.append("5")
        st01, st02, st03 = self.header
        return SetVerdict(
            st01=st01,
            st02=st02,
            st03=st03,
            verdict="R" if self.codes else "A",
            codes=tuple(self.codes[:_MAX_CODES]),
            findings=tuple(self.reader.findings),
            segments=self.reader.position,
        )


class OpenGroup:
    """A GS that has not seen its GE. readable: its sets can be judged by its guide."""

    def __init__(self, header: GroupHeader, guide: Guide | None, codes: tuple[str, ...], spoiled: bool) -> None:
        self.header, self.guide = header, guide
        self.codes = list(codes)
        self.spoiled = spoiled
        self.readable = guide is not None and not {"1", "2"} & set(codes)
        self.sets: list[SetVerdict] = []
        self.received = self.accepted = 0
        self.numbers: set[str] = set()

    def close(self, ge: list[str] | None) -> GroupVerdict:
        """The verdict. Args: ge: the split trailer, None if it never came (AK905 3); 4 and 5 compare it."""
        claimed = self.received
        if ge is None:
            self.codes.append("3")
        else:
            count, number = (*ge[1:3], "", "")[:2]
            self.codes += ["4"] if number != self.header.gs06 else []
            self.codes += ["5"] if not envelope.counts(count, self.received) else []
            claimed = int(count) if envelope.number_legal(count) else claimed
        refused = bool(self.codes) or self.spoiled
        return GroupVerdict(
            header=self.header,
            verdict="R" if refused else self._by_sets(),
            claimed=claimed,
            received=self.received,
            accepted=0 if refused else self.accepted,
            codes=tuple(self.codes[:_MAX_CODES]),
            sets=tuple(self.sets),
            answerable=self.header.gs01 != "FA" and envelope.number_legal(self.header.gs06),
        )

    def _by_sets(self) -> str:
        if self.accepted == self.received:
            return "A"
        return "P" if self.accepted else "R"


class InterchangeReader:
    """Reads what lies between an ISA and its IEA.

    Attributes: codes: TA105 so far; refused: an ISA nobody may act on, so nothing inside is looked at.
    """

    def __init__(self, isa: envelope.Isa, codes: tuple[str, ...], guides: Guides, rules: Rules) -> None:
        self.header: InterchangeHeader = isa.header
        self.codes = list(codes)
        self.refused = bool(codes)
        self.ta1: list[tuple[str, ...]] = []
        self._guides, self._policy, self._limits = guides, rules.policy, rules.limits
        self._group: OpenGroup | None = None
        self._set: OpenSet | None = None
        self._groups = 0
        self._group_numbers: set[str] = set()
        self._events: list[Event] = []

    def read(self, raws: list[str], texts: list[str]) -> list[Event]:
        """Reads whole segments. Args: raws: in their own delimiters; texts: the same in the standard ones."""
        pairs, cursor = iter(zip(raws, texts, strict=True)), 0
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
            if stop is None:
                return self._take()
            self._control(stop)

    def close(self, iea: list[str] | None) -> tuple[list[Event], InterchangeVerdict]:
        """The interchange ended. Args: iea: its split trailer, None if it was cut off (023); 001 and 021 compare it."""
        self._close_group(None)
        if iea is None:
            self._wrong("023")
        elif not self.refused:
            count, number = (*iea[1:3], "", "")[:2]
            if number != self.header.isa13:
                self._wrong("001")
            if not envelope.counts(count, self._groups):
                self._wrong("021")
        verdict = InterchangeVerdict(
            header=self.header,
            verdict="R" if self.codes else "A",
            codes=tuple(self.codes),
            complete=iea is not None and "001" not in self.codes,
        )
        return self._take(), verdict

    def _take(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _wrong(self, code: str) -> None:
        if code not in self.codes:
            self.codes.append(code)

    def _hash(self, raws: list[str]) -> None:
        """Adds segments to the digest of the set that is open."""
        if self._set is not None and raws:
            end = self.header.delimiters.segment
            self._set.body.update((end.join(raws) + end).encode("latin-1"))

    def _control(self, parts: list[str]) -> None:
        """A segment outside the body of a set."""
        if parts[0] in _CONTROL:
            _CONTROL[parts[0]](self, parts)
        elif parts != [""]:
            self._wrong("022" if self._group else "024")

    def _gs(self, parts: list[str]) -> None:
        self._close_group(None)
        self._groups += 1
        header = envelope.group_header(parts)
        guide = self._guides(header.gs08)
        codes = envelope.group_codes(header, guide, self._policy)
        if "6" in codes:
            self._wrong("024")
        if header.gs06 in self._group_numbers:
            codes += ("19",)
        self._remember(self._group_numbers, header.gs06)
        self._group = OpenGroup(header, guide, codes, envelope.group_elements_wrong(parts))
        self._events.append(GroupOpened(self._groups, header))

    def _remember(self, numbers: set[str], number: str) -> None:
        if len(numbers) < self._limits.duplicates_held:
            numbers.add(number)

    def _ge(self, parts: list[str]) -> None:
        if self._group is None:
            self._wrong("022")
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
            self._wrong("024")
            return
        group.received += 1
        reader, codes, guide = self._reader(parts, group)
        self._set = OpenSet(parts, reader, codes)
        self._events.append(SetOpened(group.received, *self._set.header, guide=guide))
        self._hash([self.header.delimiters.element.join(parts)])

    def _reader(self, parts: list[str], group: OpenGroup) -> tuple[SetReader | Skipper, tuple[str, ...], str]:
        """(who reads this set, IK502 codes of its ST, its guide)."""
        if group.guide is None or not group.readable:
            return Skipper(), ("I6",), ""
        st01, st02, st03 = [*parts[1:4], "", "", ""][:3]
        codes = envelope.set_codes(st01, st02, st03, group.header.gs08, group.guide)
        codes += ("23",) if st02 in group.numbers else ()
        self._remember(group.numbers, st02)
        if {"1", "6", "18"} & set(codes):
            return Skipper(), codes, ""
        return SetReader(group.guide, self.header.delimiters, self._limits), codes, canonical(group.header.gs08)

    def _se(self, parts: list[str]) -> None:
        if self._set is None:
            self._wrong("022")
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
        if len(self._group.sets) < self._limits.sets_per_group:
            self._group.sets.append(verdict)
        self._group.accepted += verdict.verdict != "R"
        self._set = None

    def _ta1(self, parts: list[str]) -> None:
        if len(self.ta1) < self._limits.ta1_held:
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
