"""External code sets by date: which codes a list holds on a day, and which lists are not here (SNIP type 5).

A set has releases, each with its first and last day. A code is judged only on days inside a release; on any other day
nobody can say, and `off` says why. Reading a release is put off until its set is first asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Literal, NamedTuple, Protocol

Source = Literal["loaded", "package", "shipped"]
"""Where a release came from: a list a person loaded, an installed package, a list of ours."""

SOURCES: tuple[Source, ...] = ("loaded", "package", "shipped")
"""Which source answers for a day that several cover, the first of these."""


class Kind(NamedTuple):
    """A code set. title: what it lists. keeper: who publishes it. shape: what every code of it looks like."""

    title: str
    keeper: str
    shape: re.Pattern[str]


def _kind(title: str, keeper: str, shape: str) -> Kind:
    return Kind(title, keeper, re.compile(shape, re.ASCII))


SETS: dict[str, Kind] = {
    "icd-10-cm": _kind("diagnoses", "NCHS", r"[A-Z][0-9A][0-9A-Z]([0-9A-Z]{1,4})?"),
    "icd-10-pcs": _kind("inpatient procedures", "CMS", r"[0-9A-HJ-NP-Z]{7}"),
    "cpt": _kind("procedures (CPT)", "AMA", r"\d{4}[0-9A-Z]"),
    "hcpcs": _kind("procedures and supplies (HCPCS level II)", "CMS", r"[A-CE-Z]\d{4}"),
    "cdt": _kind("dental procedures", "ADA", r"D\d{4}"),
    "modifier": _kind("procedure modifiers", "AMA and CMS", r"[0-9A-Z]{2}"),
    "drg": _kind("diagnosis related groups", "CMS", r"\d{3,4}"),
    "pos": _kind("places of service", "CMS", r"\d\d"),
    "bill-type": _kind("types of bill, first two digits", "NUBC", r"[1-9]\d"),
    "revenue": _kind("revenue codes", "NUBC", r"\d{4}"),
    "condition": _kind("condition codes", "NUBC", r"[0-9A-Z]{2}"),
    "occurrence": _kind("occurrence and occurrence span codes", "NUBC", r"[0-9A-Z]{2}"),
    "value-code": _kind("value codes", "NUBC", r"[0-9A-Z]{2}"),
    "admission-type": _kind("types of admission", "NUBC", r"\d"),
    "admission-source": _kind("points of origin of an admission", "NUBC", r"[0-9A-Z]"),
    "patient-status": _kind("patient discharge statuses", "NUBC", r"\d\d"),
    "taxonomy": _kind("provider specialties", "NUCC", r"[0-9A-Z]{10}"),
    "carc": _kind("claim adjustment reasons", "X12", r"[A-Z]?\d{1,3}"),
    "rarc": _kind("remittance remarks", "CMS", r"[A-Z]{1,2}\d{1,4}"),
    "claim-status": _kind("claim statuses", "X12", r"\d{1,3}"),
    "claim-status-category": _kind("claim status categories", "X12", r"[A-Z]\d{0,2}[A-Z]?"),
    "state": _kind("states and provinces", "USPS and Canada Post", r"[A-Z]{2}"),
    "country": _kind("countries", "ISO 3166", r"[A-Z]{2}"),
}
"""Name -> code set. The names are those of `gateway codes` and of the edits."""


class Entry(NamedTuple):
    """One code of a release: the days it is in force, None = as long as the release, and what it means."""

    first: date | None = None
    last: date | None = None
    label: str = ""

    def on(self, day: date) -> bool:
        """Whether the code is in force on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


Book = Mapping[str, Entry]
"""Code -> entry."""


class Release:
    """One edition of a set, whole: what it does not list is no code on first..last (None = until further notice)."""

    def __init__(self, name: str, first: date, last: date | None, source: Source, read: Callable[[], Book]) -> None:
        self.name, self.first, self.last, self.source, self._read = name, first, last, source, read

    @cached_property
    def book(self) -> Book:
        """The codes, read when first asked for."""
        return self._read()

    def covers(self, day: date) -> bool:
        """Whether the edition is in force on a day."""
        return self.first <= day and (self.last is None or day <= self.last)


class Codes(Protocol):
    """What can say which codes are in force: the sets at hand, none at all, a witness before them."""

    def holds(self, name: str, code: str, on: date) -> bool | None:
        """Whether a set (a name of `SETS`) holds the code on a day; None when no release of it covers the day."""


class Off(NamedTuple):
    """A check that is not made. name, title: of its code set. why: a sentence for people."""

    name: str
    title: str
    why: str


class CodeSets:
    """The releases at hand. labels: what single codes mean of sets whose lists are not here whole."""

    def __init__(self, releases: Iterable[Release], labels: Mapping[str, Book] | None = None) -> None:
        self._releases: dict[str, list[Release]] = {}
        for each in sorted(releases, key=lambda one: one.first, reverse=True):
            self._releases.setdefault(each.name, []).append(each)
        for several in self._releases.values():
            several.sort(key=lambda one: SOURCES.index(one.source))  # stable: the newest first within a source
        self._labels = labels or {}

    def holds(self, name: str, code: str, on: date) -> bool | None:
        """Whether a set holds a code on a day; None when no release of it covers the day."""
        for release in self._releases.get(name, ()):
            if release.covers(on):
                entry = release.book.get(code)
                return entry is not None and entry.on(on)
        return None

    def label(self, name: str, code: str) -> str:
        """What a code means, by the newest list that says it; "" when none does."""
        books = [*(release.book for release in self._releases.get(name, ())), self._labels.get(name, {})]
        return next((book[code].label for book in books if code in book and book[code].label), "")

    def releases(self, name: str) -> tuple[Release, ...]:
        """The releases of a set: loaded before packaged before shipped, each newest first."""
        return tuple(self._releases.get(name, ()))

    def named(self, name: str) -> int:
        """How many codes of a set have a label although its list is not here whole."""
        return len(self._labels.get(name, {}))

    def off(self, on: date) -> tuple[Off, ...]:
        """The sets nothing is checked against on a day, and why; in the order of SETS."""
        return tuple(Off(name, kind.title, why) for name, kind in SETS.items() if (why := self._why_off(name, on)))

    def _why_off(self, name: str, on: date) -> str:
        releases = self._releases.get(name, [])
        if any(release.covers(on) for release in releases):
            return ""
        if releases:
            spans = ", ".join(f"{one.first} to {one.last or 'now'}" for one in reversed(releases))
            return f"the releases at hand cover {spans}, not {on}"
        if name in self._labels:
            return f"its list is not loaded; {self.named(name)} codes of it are named, for people only"
        return "its list is not loaded"


class Witness:
    """Answers as the codes behind it do, and counts what they could not answer: the checks a file went without."""

    def __init__(self, codes: Codes) -> None:
        self._codes, self.unanswered = codes, Counter[str]()

    def holds(self, name: str, code: str, on: date) -> bool | None:
        """What the codes behind say."""
        answer = self._codes.holds(name, code, on)
        if answer is None:
            self.unanswered[name] += 1
        return answer
