"""The code sets in force: our lists in config/codes, releases that installed packages carry, and what was loaded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from gateway.settings import shipped
from gateway.store import codes as loads
from gateway.store.engine import Store
from parsers.codes import SETS, Book, CodeSets, Entry, Release

FOLDER = "codes"
"""Below config/: our lists, and RELEASES, which says for which days a list of ours is whole."""

RELEASES = "releases.csv"

ICD_PACKAGE = "simple_icd_10_cm"

ICD_RELEASES = {"code-list-April-2026.txt": (date(2026, 4, 1), date(2026, 9, 30))}
"""Code list inside the package -> the days it is the law for: NCHS releases on 1 October and 1 April. A package with
another list is not used, as nobody here has said for which days it holds: add a line."""

ALWAYS = Entry()
"""A code in force as long as its release."""


class InForce(NamedTuple):
    """The sets, and the version of the loads they were made from."""

    version: loads.Version
    codes: CodeSets


def in_force(store: Store, before: InForce | None = None) -> InForce:
    """The code sets of an installation; what is asked again and again is made anew only after a load."""
    with store.read() as connection:
        version = loads.version(connection)
        if before is not None and before.version == version:
            return before
        rows = loads.releases(connection)
    ours, labels = _shipped()
    loaded = [Release(row.name, row.first, row.last, "loaded", partial(_read, store, row)) for row in rows]
    return InForce(version, CodeSets((*loaded, *_packaged(), *ours), labels))


@lru_cache(maxsize=1)
def at_hand() -> CodeSets:
    """The code sets without any installation: packages and our own lists."""
    ours, labels = _shipped()
    return CodeSets((*_packaged(), *ours), labels)


def _read(store: Store, release: loads.Loaded) -> Book:
    with store.read() as connection:
        return loads.book(connection, release.name, release.first)


@lru_cache(maxsize=1)
def _shipped() -> tuple[tuple[Release, ...], dict[str, Book]]:
    """Our lists: the whole ones as releases, of the others what their codes mean."""
    books = _books(shipped() / FOLDER)
    whole = tuple(_whole(row, books[row["set"]]) for row in _rows(shipped() / FOLDER / RELEASES))
    return whole, {name: book for name, book in books.items() if name not in {each.name for each in whole}}


def _whole(row: dict[str, str], book: Book) -> Release:
    return Release(row["set"], date.fromisoformat(row["first"]), loads.day_of(row["last"]), "shipped", lambda: book)


def _books(folder: Path) -> dict[str, Book]:
    books: dict[str, dict[str, Entry]] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.name == RELEASES:
            continue
        for row in _rows(path):
            entry = Entry(loads.day_of(row["first"]), loads.day_of(row["last"]), row["label"])
            books.setdefault(row["set"], {})[row["code"]] = entry
    return dict(books)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


@lru_cache(maxsize=1)
def _packaged() -> tuple[Release, ...]:
    """The diagnoses of the installed package, found without importing it: it would read ten megabytes of XML."""
    spec = find_spec(ICD_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    lists = [path for folder in folders or () for path in Path(folder, "data").glob("code-list-*.txt")]
    return tuple(
        Release("icd-10-cm", *ICD_RELEASES[path.name], "package", partial(_diagnoses, path))
        for path in lists
        if path.name in ICD_RELEASES
    )


def _diagnoses(path: Path) -> Book:
    """The codes that may be billed: those that have none below them. The list has every parent before its children."""
    codes = path.read_text().split()
    shape = SETS["icd-10-cm"].shape
    leaves = [one for one, below in zip(codes, [*codes[1:], ""], strict=True) if not below.startswith(one)]
    return dict.fromkeys(filter(shape.fullmatch, leaves), ALWAYS)
