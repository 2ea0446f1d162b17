"""A set and a group between header and trailer: what is counted until then, and the verdict at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from msgspec import structs

from parsers import envelope
from parsers.events import Event, GroupHeader, GroupVerdict, SetVerdict
from parsers.findings import Finding
from parsers.guides import Guide
from parsers.refusals import LONG_GE, ROWS, group_findings, refusal, trailer
from parsers.sets import CONTROL, Pair, SetReader
from parsers.snip import Snip, snip_type

_MAX_CODES = 5  # IK502-506, AK905-909
_BY_WEIGHT = frozenset(("3", "4", "19"))
"""IK502 that a weight of type 1 may excuse: a trailer that disagrees, an ST03 that does. Nothing excuses a set without
an end (2), of no guide here (1, 18, I6), or whose number cannot be answered for (6, 7, 23)."""


class Skipper:
    """Reads past a set that no guide can judge."""

    def __init__(self) -> None:
        self.position = 1
        self.findings: tuple[Finding, ...] = ()
        self.errors = self.warnings = 0

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

    def envelope(self, parts: list[str]) -> None:
        """As `SetReader.envelope`."""


class OpenSet:
    """An ST that has not seen its SE. Args: codes: IK502 of its header; guide: of its group; snip: what codes weigh."""

    def __init__(
        self, parts: list[str], reader: SetReader | Skipper, codes: tuple[str, ...], guide: Guide | None, snip: Snip
    ) -> None:
        st01, st02, st03 = [*parts[1:4], "", "", ""][:3]
        self.header = (st01, st02, st03)
        self.reader = reader
        self.codes: list[str] = []
        self.findings: list[Finding] = []
        self.body = hashlib.sha256()
        self._refused = False
        self._snip = snip_type("set", "")
        self._weight = snip.weight(self._snip)
        reader.envelope(parts)
        said = {"6": guide.form.st01, "18": guide.form.st01, "19": guide.gs08} if guide else {}
        for code in codes:
            self._wrong(code, said.get(code, ""))

    def _wrong(self, code: str, value: str = "", count: int | str = "") -> None:
        """One IK502. Args: value, count: as for `refusals.refusal`."""
        weight = self._weight if code in _BY_WEIGHT else "error"
        if weight == "off":
            return
        self.codes.append(code)
        self._refused |= weight == "error"
        position = {"SE": self.reader.position + (code == "2"), "ST": 1}[ROWS["set", code].segment]
        found = refusal("set", code, value, position=position, count=count)
        snip = self._snip if code in _BY_WEIGHT else found.snip
        self.findings.append(structs.replace(found, severity=weight, snip=snip))

    def close(self, se: list[str] | None) -> SetVerdict:
        """The verdict. Args: se: the split trailer, None if it never came (IK502 2); 3 and 4 compare it."""
        own, length = self.header[1], self.reader.position
        if se is None:
            self._wrong("2", trailer("SE", length + 1, own), length + 1)
        else:
            self.reader.envelope(se)
            count, number = (*se[1:3], "", "")[:2]
            if number != own:
                self._wrong("3", own)
            if not envelope.counts(count, length):
                self._wrong("4", str(length))
        if self.reader.errors or self.reader.warnings:
            self.codes.append("5")
        st01, st02, st03 = self.header
        return SetVerdict(
            st01=st01,
            st02=st02,
            st03=st03,
            verdict="R" if self._refused or self.reader.errors else "E" if self.codes else "A",
            codes=tuple(self.codes[:_MAX_CODES]),
            findings=(*self.reader.findings, *self.findings),
            segments=self.reader.position,
        )


class OpenGroup:
    """A GS that has not seen its GE. readable: its sets can be judged by its guide. told: findings of its sets."""

    def __init__(self, header: GroupHeader, guide: Guide | None, codes: tuple[str, ...], spoiled: int) -> None:
        self.header, self.guide = header, guide
        self.codes = list(codes)
        self.findings = group_findings(codes, header, spoiled)
        self.spoiled = bool(spoiled)
        self.readable = guide is not None and not {"1", "2"} & set(codes)
        self.sets: list[SetVerdict] = []
        self.received = self.accepted = self.noted = self.told = 0
        self.numbers: set[str] = set()

    def add(self, verdict: SetVerdict, kept: int) -> None:
        """One of its sets was judged. Args: kept: how many verdicts are kept at most."""
        if len(self.sets) < kept:
            self.sets.append(verdict)
            self.told += len(verdict.findings)
        self.accepted += verdict.verdict != "R"
        self.noted += verdict.verdict == "E"

    def close(self, ge: list[str] | None) -> GroupVerdict:
        """The verdict. Args: ge: the split trailer, None if it never came (AK905 3); 4 and 5 compare it."""
        claimed = self.received
        own = self.header.gs06
        if ge is None:
            self._wrong("3", trailer("GE", self.received, own), self.received)
        else:
            count, number = (*ge[1:3], "", "")[:2]
            if number != own:
                self._wrong("4", own)
            if not envelope.counts(count, self.received):
                self._wrong("5", str(self.received))
            if any(ge[3:]):
                self.spoiled = True
                self.findings.append(refusal("group", "", row=LONG_GE))
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
            findings=tuple(self.findings),
            answerable=self.header.gs01 != "FA" and envelope.answerable(self.header),
        )

    def _wrong(self, code: str, value: str = "", count: int | str = "") -> None:
        self.codes.append(code)
        self.findings.append(refusal("group", code, value, count=count))

    def _by_sets(self) -> str:
        if self.accepted == self.received:
            return "E" if self.noted else "A"
        return "P" if self.accepted else "R"
