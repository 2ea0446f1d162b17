"""Laws of code sets at a site: what is shipped and packaged, what is loaded, and when a running process knows of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.errors import BadData
from gateway.flow import codebooks, codeloads
from gateway.flow.codeloads import Loaded
from gateway.flow.context import Context
from gateway.plan.claims.codes import REASONS
from gateway.settings import shipped
from gateway.store import codes as store_codes
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit
from parsers.codes import SETS

JAN, JUL, OCT = date(2026, 1, 1), date(2026, 7, 1), date(2026, 10, 1)


@pytest.fixture
def context(store: Store, keys: Keys) -> Iterator[Context]:
    """An installation that has loaded nothing, its clock one tick further at every look."""
    ticks = iter(range(1, 1_000_000))
    store.clock = lambda: next(ticks)
    yield Context(store, keys, "T")


def load(context: Context, folder: Path, text: str, first: date, last: date | None = None, **more: bool) -> Loaded:
    """Loads procedures from a file of these lines."""
    file = folder / "cpt.csv"
    file.write_text(f"code,label\n{text}" if "code" not in text else text)
    return codeloads.load(context, file, "cpt", first, last, "ann", **more)


def spans(context: Context) -> list[tuple[date, date | None, int]]:
    """First day, last day and size of the loaded releases of procedures."""
    return [(each.first, each.last, len(each.book)) for each in reversed(context.codes().releases("cpt"))]


def test_a_later_release_ends_the_earlier_one(context: Context, tmp_path: Path) -> None:
    """A release is in force until the day before the next one begins, whichever was loaded first."""
    load(context, tmp_path, "99213,visit\n99214,longer visit\n", JAN)
    said = load(context, tmp_path, "99213,visit\n99215,longest visit\n", OCT)
    assert (said.new, said.gone, said.changed, said.ended) == (1, 1, 0, JAN)
    assert load(context, tmp_path, "99213,office visit\n", JUL).last == date(2026, 9, 30)
    assert spans(context) == [(JAN, date(2026, 6, 30), 2), (JUL, date(2026, 9, 30), 1), (OCT, None, 2)]
    holds = context.codes().holds
    assert [holds("cpt", "99214", day) for day in (JAN, JUL, OCT)] == [True, False, False]
    assert holds("cpt", "99213", date(2025, 12, 31)) is None


def test_a_release_loaded_again_changes_nothing(context: Context, tmp_path: Path) -> None:
    """The same codes for the same days are stored once, also after a later release cut their days."""
    first = load(context, tmp_path, "99213,visit\n", JAN)
    load(context, tmp_path, "99213,visit\n", OCT)
    before = spans(context), context.codes()
    again = load(context, tmp_path, "99213,visit\n", JAN)
    assert first.stored and again.again and not again.stored
    assert (spans(context), context.codes()) == before


def test_a_release_corrected_stands_in_its_own_place(context: Context, tmp_path: Path) -> None:
    """Other codes for the same first day take the place of those before, and are counted against them."""
    load(context, tmp_path, "99213,visit\n99214,visit\n", JAN)
    said = load(context, tmp_path, "99213,office visit\n99215,visit\n", JAN)
    assert (said.new, said.gone, said.changed) == (1, 1, 1) and spans(context) == [(JAN, None, 2)]
    with context.store.read() as connection:
        details = connection.execute(select(audit.c.detail).where(audit.c.action == "codes load")).scalars().all()
    assert len(details) == 2 and "1 new, 1 gone, 1 changed" in details[1]


def test_a_preview_stores_nothing(context: Context, tmp_path: Path) -> None:
    """A preview says what a load would come to, and leaves no row."""
    load(context, tmp_path, "99213,visit\n", JAN)
    said = load(context, tmp_path, "99214,visit\n", OCT, preview=True)
    assert (said.new, said.gone, said.ended, said.stored) == (1, 1, JAN, False) and spans(context) == [(JAN, None, 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,name\n99213,visit\n", "columns missing: label"),
        ("code,label\n", "no code in it"),
        ("code,label\n99213,visit\n9921,visit\n", "line 3: no code of procedures"),
        ("code,label\n99213,visit\n99213,visit\n", "line 3: the code stands above"),
        ("code,label\n99213\n", "line 2: not as many fields"),
        ("code,label\n99213,a,b\n", "line 2: not as many fields"),
        ("code,label,first,last\n99213,visit,2026-02-30,\n", "line 2: first and last are days"),
        ("code,label,first,last\n99213,visit,2026-02-02,2026-02-01\n", "line 2: last is before first"),
        ("code,label\n" + "x,y\n" * 30, "10 more"),
    ],
)
def test_a_file_is_loaded_whole_or_not_at_all(context: Context, tmp_path: Path, text: str, said: str) -> None:
    """A file with a line that cannot be meant is refused with the line, and nothing of it is stored."""
    with pytest.raises(BadData) as caught:
        load(context, tmp_path, text, JAN)
    assert said in caught.value.detail and context.codes().releases("cpt") == ()


def test_a_release_does_not_end_before_it_begins(context: Context, tmp_path: Path) -> None:
    """The last day of a release is not before its first."""
    with pytest.raises(BadData, match="ends before"):
        load(context, tmp_path, "99213,visit\n", JUL, JAN)


def test_codes_are_stored_as_they_are_sent(context: Context, tmp_path: Path) -> None:
    """Points and small letters of a file are not part of a code; a code keeps its own days."""
    file = tmp_path / "icd.csv"
    file.write_text("code,label,first,last\ne11.9,diabetes,2026-10-01,\n", encoding="utf-8-sig")
    codeloads.load(context, file, "icd-10-cm", JUL, None, "ann")
    holds = context.codes().holds
    assert [holds("icd-10-cm", "E119", day) for day in (JUL, OCT)] == [False, True]


def test_a_process_learns_of_a_load(context: Context, tmp_path: Path) -> None:
    """The code sets are made once and made anew after a load of another process, not before."""
    before = context.codes()
    assert context.codes() is before
    other = Context(context.store, context.keys, "T")
    load(other, tmp_path, "99213,visit\n", JAN)
    assert context.codes() is not before and context.codes().holds("cpt", "99213", JUL)


def test_the_package_release_is_bound_to_its_days() -> None:
    """The diagnoses of April 2026 are complete, billable ones only, and in force from April to September 2026."""
    (release,) = codebooks.at_hand().releases("icd-10-cm")
    assert (release.source, release.first, release.last) == ("package", date(2026, 4, 1), date(2026, 9, 30))
    assert len(release.book) == 74_719
    holds = codebooks.at_hand().holds
    day = date(2026, 4, 6)
    assert all(holds("icd-10-cm", code, day) for code in ("E119", "S52501A", "I10", "QA00101", "Z0000"))
    assert not any(holds("icd-10-cm", code, day) for code in ("E11", "S52501", "S52", "ZZZ9", "A00A09"))
    assert holds("icd-10-cm", "E119", date(2026, 3, 31)) is None


def test_the_package_is_never_run() -> None:
    """Asking for diagnoses imports nothing of the package that carries them."""
    script = (
        "import sys, datetime; from gateway.flow import codebooks;"
        "assert codebooks.at_hand().holds('icd-10-cm', 'E119', datetime.date(2026, 4, 6));"
        "print([name for name in sys.modules if 'icd' in name])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_our_own_lists_keep_their_shapes() -> None:
    """Every code we ship has the shape of its set and a label in words; every whole list has its days."""
    folder = shipped() / codebooks.FOLDER
    books = codebooks._books(folder)
    assert {name for name, book in books.items() for code in book if not SETS[name].shape.fullmatch(code)} == set()
    assert all(entry.label for book in books.values() for entry in book.values())
    whole = {each.name for name in SETS for each in codebooks.at_hand().releases(name) if each.source == "shipped"}
    assert whole == {"pos", "state", "country", "bill-type", "patient-status", "admission-type", "admission-source"}


def test_what_we_write_is_named() -> None:
    """Every adjustment reason and remark this plan office writes has a label among our lists."""
    label = codebooks.at_hand().label
    assert [row.code for row in REASONS if not label("carc", row.code)] == []
    assert [code for code in ("N130", "N362", "MA04", "N687", "N694") if not label("rarc", code)] == []


def test_a_version_tells_every_load(context: Context, tmp_path: Path) -> None:
    """Each load that stores something gives the loads another version."""
    seen = []
    for number in range(3):
        load(context, tmp_path, f"9921{number},visit\n", JAN)
        with context.store.read() as connection:
            seen.append(store_codes.version(connection))
    assert len(set(seen)) == 3
