"""Two administrators' decisions of one claim, side by side: what differs, in words of both, and the cause.

A line's cause is the first of CAUSES in which the two take different amounts off its charge: they stand in the order a
claim is decided in, so that the earlier one explains what follows from it (a price moves the coinsurance, too).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from gateway.plan.claims.breakdown import parts
from gateway.plan.claims.codes import reason_on
from gateway.plan.claims.explanation import grounds
from gateway.plan.claims.replacing import VOID
from gateway.plan.records import Decision, LineDecision, Step
from gateway.plan.rounding import dollars
from mappings.records import Adjustment, Claim, Record, RemittedClaim, RemittedLine

CAUSES: dict[str, tuple[str, ...]] = {
    "eligibility": ("26", "27", "31", "32", "140", "177", "200", "238", "239"),
    "provider": ("24", "185", "208", "242", "B7"),
    "duplicate": ("18", "B13"),
    "timely filing": ("29",),
    "coding": ("4", "5", "6", "7", "11", "16", "97", "107", "129", "148", "226", "227", "234", "236", "251", "252"),
    "coverage": ("35", "50", "55", "96", "119", "149", "168", "179", "204", "222", "254", "273"),
    "authorisation": ("197", "198", "210"),
    "price": ("44", "45", "59", "94", "131", "169"),
    "cob": ("19", "20", "21", "22", "23", "109", "275"),
    "deductible": ("1",),
    "copay": ("3",),
    "coinsurance": ("2",),
}
"""Cause -> CARCs it is seen by, in the order claims are decided in (domain 4.2)."""

OTHER = "other codes"
NOT_DECIDED = "not decided by us"
WAITS, NO_ANSWER, NOT_CLAIMED, TWICE = "waits for a person", "not in the 835", "not in the 837", "twice in the 835"
LEVELS = "lines that do not match"
EVERY_CAUSE = (*CAUSES, OTHER, WAITS, NOT_DECIDED, LEVELS, NO_ANSWER, NOT_CLAIMED, TWICE)
"""Every group of differences, in the order they are shown."""

REVERSAL = "22"
"""CLP02 of a decision taken back."""

_CAUSE_OF = {code: cause for cause, codes in CAUSES.items() for code in codes}


class Side(Record, frozen=True, kw_only=True):
    """What one administrator made of a line or claim. words: every amount taken off, with its reason."""

    paid_cents: int
    patient_cents: int
    words: tuple[str, ...] = ()


class LineCompared(Record, frozen=True, kw_only=True):
    """A line the two differ on. number: 0 of a claim compared as a whole."""

    number: int
    procedure: str
    charge_cents: int
    cause: str
    ours: Side
    theirs: Side


class Compared(Record, frozen=True, kw_only=True):
    """A claim and what came of it. nth: of the claims as read, 0 of one that is in the 835 only. cause: "" when nothing
    differs, else that of the line whose payment differs most. knows: what the reader must know besides."""

    nth: int
    pcn: str
    icn: str = ""
    first: date | None = None
    charge_cents: int
    cause: str = ""
    ours_cents: int = 0
    theirs_cents: int = 0
    lines: tuple[LineCompared, ...] = ()
    knows: tuple[str, ...] = ()

    @property
    def cents(self) -> int:
        """What we would pay more than they did."""
        return self.ours_cents - self.theirs_cents


def compare(nth: int, claim: Claim, ours: Decision | None, theirs: RemittedClaim | None) -> Compared:
    """One claim. ours: None of a void, which takes back and pays nothing, and of what we would not decide. theirs: None
    when no 835 answers it."""
    bare = Compared(
        nth=nth, pcn=claim.pcn, icn=theirs.icn if theirs else "", first=claim.first, charge_cents=claim.charge_cents,
        ours_cents=ours.paid_cents if ours else 0, theirs_cents=theirs.paid_cents if theirs else 0,
    )  # fmt: skip
    if theirs is None:
        return msgspec.structs.replace(bare, cause=NO_ANSWER, knows=_said(ours))
    if ours is None:
        return msgspec.structs.replace(bare, cause="" if claim.frequency == VOID else NOT_DECIDED)
    if ours.outcome == "pended":
        whole = _whole(claim, ours, theirs, WAITS)
        return msgspec.structs.replace(bare, cause=WAITS, lines=(whole,), knows=_said(ours))
    found = _lines(claim, ours, theirs)
    worst = max(found, key=lambda line: abs(line.ours.paid_cents - line.theirs.paid_cents), default=None)
    return msgspec.structs.replace(bare, cause=worst.cause if worst else "", lines=tuple(found))


def answered_only(theirs: RemittedClaim, again: bool) -> Compared:
    """A claim of the 835 that no 837 has. again: another one of that account number was matched."""
    return Compared(
        nth=0, pcn=theirs.pcn, icn=theirs.icn, first=theirs.first, charge_cents=theirs.charge_cents,
        cause=TWICE if again else NOT_CLAIMED, theirs_cents=theirs.paid_cents,
    )  # fmt: skip


def _said(ours: Decision | None) -> tuple[str, ...]:
    if ours is None or ours.pend is None:
        return ()
    return (f"{ours.pend.queue}: {ours.pend.reason}", ours.pend.needed)


def _lines(claim: Claim, ours: Decision, theirs: RemittedClaim) -> list[LineCompared]:
    """The lines that differ; where they took something off the claim as a whole, the claim as a whole."""
    if theirs.adjustments:
        return _as_wholes(claim, ours, theirs)
    pairs = _paired(ours.lines, theirs.lines)
    if pairs is None:
        return [_whole(claim, ours, theirs, LEVELS)]
    return [line for mine, their in pairs if (line := _line(mine, their)) is not None]


def _as_wholes(claim: Claim, ours: Decision, theirs: RemittedClaim) -> list[LineCompared]:
    mine = _sums(each for line in ours.lines for each in line.adjustments)
    their = _sums([*theirs.adjustments, *(each for line in theirs.lines for each in line.adjustments)])
    return [] if mine == their else [_whole(claim, ours, theirs, _cause(mine, their))]


def _whole(claim: Claim, ours: Decision, theirs: RemittedClaim, cause: str) -> LineCompared:
    taken = [*theirs.adjustments, *(each for line in theirs.lines for each in line.adjustments)]
    mine = tuple(words for line in ours.lines for words in _ours(line))
    return LineCompared(
        number=0, procedure="", charge_cents=claim.charge_cents, cause=cause,
        ours=Side(paid_cents=ours.paid_cents, patient_cents=ours.patient_cents, words=mine or _said(ours)),
        theirs=Side(paid_cents=theirs.paid_cents, patient_cents=_owed(taken), words=tuple(_theirs(taken, claim.first))),
    )  # fmt: skip


def _paired(
    ours: Sequence[LineDecision], theirs: Sequence[RemittedLine]
) -> list[tuple[LineDecision, RemittedLine]] | None:
    """Our lines with theirs: by the line's control number (REF*6R), else by place; None when they do not match."""
    if len(ours) != len(theirs):
        return None
    by_control = {line.control: line for line in theirs if line.control}
    if len(by_control) == len(theirs) and all(line.control in by_control for line in ours):
        return [(line, by_control[line.control]) for line in ours]
    pairs = list(zip(ours, theirs, strict=True))
    return pairs if all(one.charge_cents == other.charge_cents for one, other in pairs) else None


def _line(mine: LineDecision, their: RemittedLine) -> LineCompared | None:
    """None when nothing differs."""
    one, other = _sums(mine.adjustments), _sums(their.adjustments)
    if one == other and mine.paid_cents == their.paid_cents:
        return None
    return LineCompared(
        number=mine.number, procedure="-".join((mine.procedure.code, *mine.procedure.modifiers)),
        charge_cents=mine.charge_cents, cause=_cause(one, other),
        ours=Side(paid_cents=mine.paid_cents, patient_cents=_owed(mine.adjustments), words=tuple(_ours(mine))),
        theirs=Side(paid_cents=their.paid_cents, patient_cents=_owed(their.adjustments),
                    words=tuple(_theirs(their.adjustments, their.first))),
    )  # fmt: skip


def _sums(taken: Iterable[Adjustment]) -> Counter[tuple[str, str]]:
    """Cents by group and reason; none of zero."""
    sums: Counter[tuple[str, str]] = Counter()
    for each in taken:
        sums[each.group, each.reason] += each.cents
    return Counter({key: cents for key, cents in sums.items() if cents})


def _cause(ours: Counter[tuple[str, str]], theirs: Counter[tuple[str, str]]) -> str:
    differing = {_CAUSE_OF.get(key[1], OTHER) for key in {*ours, *theirs} if ours[key] != theirs[key]}
    return next((cause for cause in CAUSES if cause in differing), OTHER)


def _owed(taken: Iterable[Adjustment]) -> int:
    return sum(each.cents for each in taken if each.group == "PR")


def _ours(line: LineDecision) -> list[str]:
    """Our codes in words, with the sentences of the steps behind them."""
    return [
        f"{part.code} {dollars(part.cents)} {part.meaning}" + "".join(map(_why, part.because))
        for part in parts(line) if part.code
    ]  # fmt: skip


def _why(step: Step) -> str:
    return f": {step.text}" + (f" [{grounds(step)}]" if grounds(step) else "")


def _theirs(taken: Iterable[Adjustment], on: date) -> list[str]:
    return [f"{each.group}-{each.reason} {dollars(each.cents)} {_meaning(each.reason, on)}" for each in taken]


def _meaning(code: str, on: date) -> str:
    row = reason_on(code, on)
    return row.meaning if row else "a reason this office does not use"


class Group(Record, frozen=True, kw_only=True):
    """Differences of one cause: how many claims, and what we would pay more than they did (negative: less)."""

    cause: str
    claims: int
    cents: int


class Totals(Record, frozen=True, kw_only=True):
    """What a comparison came to. claims: of the 837s. groups: of what differs; their cents add up to the difference of
    the two payments. reversals: decisions the 835s take back (CLP02 22), compared by what stands in their place."""

    claims: int
    same: int
    ours_cents: int
    theirs_cents: int
    reversals: int
    groups: tuple[Group, ...]

    @property
    def cents(self) -> int:
        """What we would pay more than they did."""
        return self.ours_cents - self.theirs_cents


class Adding:
    """Adds compared claims up, one by one."""

    def __init__(self) -> None:
        self._claims = self._same = self._ours = self._theirs = 0
        self._counts: Counter[str] = Counter()
        self._cents: Counter[str] = Counter()

    def add(self, one: Compared) -> None:
        """One more."""
        self._claims += one.nth > 0
        self._same += one.cause == ""
        self._ours += one.ours_cents
        self._theirs += one.theirs_cents
        if one.cause:
            self._counts[one.cause] += 1
            self._cents[one.cause] += one.cents

    def totals(self, reversals: int) -> Totals:
        """All of them."""
        groups = tuple(
            Group(cause=cause, claims=self._counts[cause], cents=self._cents[cause])
            for cause in EVERY_CAUSE if self._counts[cause]
        )  # fmt: skip
        return Totals(claims=self._claims, same=self._same, ours_cents=self._ours, theirs_cents=self._theirs,
                      reversals=reversals, groups=groups)  # fmt: skip


Order = Literal["received", "service"]
"""In which order claims are decided: as they stand in the files, or by their first day of service."""
