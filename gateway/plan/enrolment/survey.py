"""Whole-file decisions of an 834, made before its first row is applied: refuse, hold, and who left by absence.

Half a file must never end everybody: ends that follow only from absence wait for a person when they are many. An
explicit end with its date is an instruction and is never held.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from gateway.plan.enrolment.match import identity, match
from gateway.plan.enrolment.records import (
    FULL,
    Leaver,
    RosterEntry,
    RowKey,
    Rules,
    Survey,
    Trouble,
    absence_day,
    file_day,
)
from gateway.plan.enrolment.spans import benefit, until
from mappings.records import EnrolmentHeader


def survey(
    header: EnrolmentHeader,
    keys: Iterable[RowKey],
    roster: Sequence[RosterEntry],
    rules: Rules,
    last_applied: date | None,
) -> Survey:
    """Decide about a whole file.

    roster: everybody on file with the spans known before it (for a change file, too: dependents need their
    subscribers). last_applied: BGN03 of the newest file applied. Keys are read once and not kept.
    """
    seen = _Seen(roster)
    for key in keys:
        seen.add(key)
    full = header.action in FULL
    found = Survey(
        refused=tuple(_refusals(header, rules, last_applied, full and seen.twice)),
        held=tuple(_holds(header, seen, last_applied)),
        applies=header.action != "4" or rules.verify_applies,
        rejected={n: Trouble.of("orphan") for n in seen.orphans()},
        employees=seen.employees,
        dependents=seen.total - seen.employees,
        total=seen.total,
        benefits=tuple(sorted(seen.scope)),
    )
    return _reconciled(found, header, roster, seen, rules) if full else found


class _Seen:
    """What one pass over the rows' keys leaves behind."""

    def __init__(self, roster: Sequence[RosterEntry]) -> None:
        self.families: dict[str, list[RosterEntry]] = defaultdict(list)
        for entry in roster:
            for number in (entry.subscriber_no, *entry.aliases):
                self.families[number].append(entry)
        self.identities: set[str] = set()
        self.subscribers: set[str] = set()
        self.waiting: list[tuple[int, str]] = []
        self.present: dict[str, tuple[str, ...] | None] = {}
        self.explicit: set[str] = set()
        self.scope: set[str] = set()
        self.tiers: Counter[str] = Counter()
        self.twice = 0
        self.total = self.employees = 0

    def add(self, key: RowKey) -> None:
        """Count one row and remember whom it names."""
        self.total += 1
        self.employees += key.subscriber
        self.scope.update(key.benefits)
        self._once(identity(key))
        family = self.families.get(key.subscriber_no, []) + self.families.get(key.prior_no, [])
        self._subscriber(key, family)
        at = match(key, family)
        if at is not None:
            self._name(family[at].person_id, key)
        if key.subscriber and key.maintenance == "030":
            self.tiers[key.tier] += 1

    def _once(self, who: str) -> None:
        self.twice += who in self.identities
        self.identities.add(who)

    def _subscriber(self, key: RowKey, family: Sequence[RosterEntry]) -> None:
        if key.subscriber:
            self.subscribers.add(key.subscriber_no)
        elif key.subscriber_no not in self.subscribers and not any(e.subscriber for e in family):
            self.waiting.append((key.ordinal, key.subscriber_no))

    def _name(self, person_id: str, key: RowKey) -> None:
        self.twice += person_id in self.present
        self.present[person_id] = None if key.maintenance == "024" else key.benefits
        if key.maintenance != "030":
            self.explicit.add(person_id)

    def missing(self, person_id: str, going: set[str]) -> tuple[str, ...]:
        """Which of a person's benefits the file does not name; none when it cancels the person."""
        named = self.present.get(person_id, ())
        return () if named is None else tuple(sorted(going.difference(named)))

    def orphans(self) -> list[int]:
        """The ordinals of dependents whose subscriber is nowhere, known only after the last row."""
        return [ordinal for ordinal, number in self.waiting if number not in self.subscribers]


def _refusals(header: EnrolmentHeader, rules: Rules, last: date | None, twice: int) -> Iterable[Trouble]:
    if header.purpose == "22":
        yield Trouble.of("copy")
    if rules.master_policies and header.master_policy and header.master_policy not in rules.master_policies:
        yield Trouble.of("policy")
    if rules.sponsor_ids and header.sponsor.id not in rules.sponsor_ids:
        yield Trouble.of("sponsor")
    if header.action in FULL and last and header.created < last:
        yield Trouble.of("older")
    if twice:
        yield Trouble.of("duplicate")


def _holds(header: EnrolmentHeader, seen: _Seen, last: date | None) -> Iterable[Trouble]:
    """A wrong total; a change file older than what is applied (a person must say in which order they are meant)."""
    counted = {"ET": seen.employees, "DT": seen.total - seen.employees, "TO": seen.total}
    said = {"ET": header.employees, "DT": header.dependents, "TO": header.total}
    wrong = [f"{q} says {said[q]}, counted {n}" for q, n in counted.items() if said[q] not in (None, n)]
    if wrong:
        yield Trouble.of("quantity", "; ".join(wrong))
    if header.action not in FULL and last and header.created < last:
        yield Trouble.of("older")


def _reconciled(
    found: Survey, header: EnrolmentHeader, roster: Sequence[RosterEntry], seen: _Seen, rules: Rules
) -> Survey:
    """The survey of a full file: who is active in its scope, who is missing, and whether those ends wait."""
    day, end = file_day(header), absence_day(header, rules)
    active, before = 0, Counter[str]()
    leavers: list[Leaver] = []
    missed: list[str] = []
    for entry in roster:
        going = _going(entry, day, end, seen.scope) if entry.status != "C" or rules.cobra_in_file else set()
        if not going:
            continue
        active += 1
        if entry.subscriber and entry.person_id not in seen.explicit:
            before[_tier(entry, seen.scope)] += 1
        gone = seen.missing(entry.person_id, going)
        if gone and rules.two_strikes and not entry.absences:
            missed.append(entry.person_id)
        elif gone:
            leavers.append(Leaver(person_id=entry.person_id, benefits=gone))
    held, words = _held(active, len(leavers), rules)
    mix = _tier_mix(before, seen.tiers, rules)
    return msgspec.structs.replace(
        found,
        leavers=tuple(leavers),
        missed=tuple(missed),
        ends_held=bool(leavers) and (held or bool(mix)),
        arithmetic=words,
        tier_mix=mix,
        active=active,
    )


def _going(entry: RosterEntry, day: date, end: date, scope: set[str]) -> set[str]:
    """The benefits of a person an absence would end: begun by the file's day, in its scope, not ending anyway."""
    return {benefit(s.line) for s in entry.lines if s.first <= day and until(s) > end} & scope


def _tier(entry: RosterEntry, scope: set[str]) -> str:
    return next((s.tier for s in reversed(entry.lines) if benefit(s.line) in scope), "")


def _held(active: int, ends: int, rules: Rules) -> tuple[bool, str]:
    """Whether so many ends by absence wait, and the arithmetic in words. Compared in hundredths: no rounding."""
    most = max(rules.max_absent_people * 100, rules.max_absent_percent * active)
    many = ends * 100 > most
    few = (active - ends) * 100 < rules.min_remaining_percent * active
    words = (
        f"{ends} of {active} active people absent; "
        f"more than max({rules.max_absent_people} people, {rules.max_absent_percent} % = {_hundredths(most)}): "
        f"{_yes(many)}; {active - ends} remaining, fewer than {rules.min_remaining_percent} %: {_yes(few)}"
    )
    return many or few, words


def _hundredths(n: int) -> str:
    return f"{n // 100}" if n % 100 == 0 else f"{n // 100}.{n % 100:02d}"


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _tier_mix(before: Counter[str], after: Counter[str], rules: Rules) -> str:
    """In words, the tiers whose share moved by more points than allowed; explicit events count on neither side."""
    old, new = before.total(), after.total()
    if not old or not new or old < rules.tier_mix_from_employees:
        return ""
    limit = rules.tier_mix_points * old * new
    moved = [t for t in before | after if abs(after[t] * old - before[t] * new) * 100 > limit]
    shares = (f"{t or 'no tier'} {before[t] * 100 // old} % to {after[t] * 100 // new} %" for t in sorted(moved))
    return "; ".join(shares)
