"""`gateway codes load`: one release of an external code set from a CSV file, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import date, timedelta
from pathlib import Path

import msgspec

from gateway.errors import BadData, InputOutput
from gateway.flow import sheets
from gateway.flow.context import Context
from gateway.store import audit, codes
from mappings.records import Record
from parsers.codes import SETS, Book, Entry

COLUMNS = ("code", "label")
"""What the first line must name; `first` and `last` may stand too, the days a single code is in force."""

PROBLEMS_TOLD = 20
"""More lines than these help nobody who has sent the wrong file; how many more there are is said."""


class Loaded(Record, frozen=True, kw_only=True):
    """What a release came to. new, gone, changed: codes against the release before it. again: it was there already.

    last: the day it ends because a later one is loaded, else the day that was said, None until further notice.
    ended: first day of the earlier release it ends, None if none; stored: False for a preview.
    """

    name: str
    first: date
    last: date | None
    codes: int
    new: int
    gone: int
    changed: int
    again: bool
    ended: date | None
    stored: bool


def load(
    context: Context, path: Path, name: str, first: date, last: date | None, user: str, preview: bool = False
) -> Loaded:
    """Loads a release of a set, in force first..last. A later release ends an earlier one the day before it begins.

    Errors: BadData with every line that cannot be meant, InputOutput for a file that cannot be read.
    """
    if last is not None and last < first:
        raise BadData("the release ends before it begins")
    book = read(path, name)
    sha256 = hashlib.sha256(msgspec.json.encode(sorted(book.items()))).hexdigest()
    with context.store.write("codes") as connection:
        there = codes.releases(connection, name)
        later = min((one.first for one in there if one.first > first), default=None)
        if later is not None and (last is None or last >= later):
            last = later - timedelta(days=1)
        mine = codes.Loaded(name, first, last, len(book), sha256)
        earlier = [one for one in there if one.first < first]
        before = next((one for one in reversed(there) if one.first <= first), None)
        known = codes.book(connection, name, before.first) if before else {}
        cut = [one for one in earlier if one.last is None or one.last >= first]
        again = mine in there
        changed = sum(known[one] != book[one] for one in known.keys() & book.keys())
        loaded = Loaded(
            name=name, first=first, last=last, codes=len(book), new=len(book.keys() - known.keys()),
            gone=len(known.keys() - book.keys()), changed=changed,
            again=again, ended=cut[-1].first if cut else None, stored=not preview and not again,
        )  # fmt: skip
        if loaded.stored:
            codes.put(connection, context.now_us, mine, book)
            what = f"from {first}: {loaded.codes} codes, {loaded.new} new, {loaded.gone} gone, {loaded.changed} changed"
            audit.note(connection, context.now_us, user, "codes load", name, what)
    return loaded


@sheets.readable()
def read(path: Path, name: str) -> Book:
    """The codes of a file, in capitals and without points; raises BadData or InputOutput."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadData(f"{path.name}: not UTF-8") from error
    except OSError as error:
        raise InputOutput(f"{path} ({error.strerror})") from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BadData(f"{path.name}: columns missing: {', '.join(missing)}")
    book: dict[str, Entry] = {}
    problems: list[str] = []
    for row in reader:
        problem = _put(book, name, row)
        problems += [f"line {reader.line_num}: {problem}"] if problem else []
    if problems:
        more = f"; {len(problems) - PROBLEMS_TOLD} more" if len(problems) > PROBLEMS_TOLD else ""
        raise BadData(f"{path.name}: {'; '.join(problems[:PROBLEMS_TOLD])}{more}")
    if not book:
        raise BadData(f"{path.name}: no code in it")
    return book


def _put(book: dict[str, Entry], name: str, row: dict[str, str]) -> str:
    """Adds a line's code to the book; what is wrong with the line, "" if nothing is."""
    if None in row or None in row.values():
        return "not as many fields as the first line has"
    code = row["code"].strip().upper().replace(".", "")
    try:
        first, last = (codes.day_of(row.get(column, "").strip()) for column in ("first", "last"))
    except ValueError:
        return "first and last are days like 2026-01-01, or empty"
    if not SETS[name].shape.fullmatch(code):
        return f"no code of {SETS[name].title}"
    if code in book:
        return "the code stands above already"
    if first and last and last < first:
        return "last is before first"
    book[code] = Entry(first, last, row["label"].strip())
    return ""
