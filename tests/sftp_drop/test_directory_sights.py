"""When a file of a watched folder is complete, as far as a folder can tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sftp_drop.directory.sights import Seen, Sights, Waits, due, look, next_s

WAITS = Waits(settle_s=0.5, stable_s=10.0)
FILE = Seen("a.837", 7, 100, 1)


def _after(*looks: tuple[float, list[Seen], set[str]]) -> Sights:
    sights: Sights = {}
    for now_s, seen, closed in looks:
        sights = look(sights, seen, closed, now_s)
    return sights


def test_a_closed_file_is_due_when_it_has_settled() -> None:
    """What its writer closed is a candidate settle_s later, not before."""
    sights = _after((0.0, [FILE], {"a.837"}))
    assert due(sights, 0.4, WAITS) == []
    assert next_s(sights, 0.4, WAITS) == 0.5
    assert due(sights, 0.5, WAITS) == [FILE]


def test_a_file_nobody_told_of_is_due_when_two_looks_are_equal() -> None:
    """Without a hint a file is a candidate when it is unchanged stable_s later; each change begins anew."""
    grown = Seen("a.837", 7, 200, 2)
    sights = _after((0.0, [FILE], set()), (9.0, [grown], set()))
    assert due(sights, 10.0, WAITS) == []
    assert due(_after((0.0, [FILE], set()), (9.0, [grown], set()), (19.0, [grown], set())), 19.0, WAITS) == [grown]


def test_a_resume_opens_it_again() -> None:
    """A file that grew after it was closed is not closed until somebody says so again."""
    sights = _after((0.0, [FILE], {"a.837"}), (0.3, [Seen("a.837", 7, 150, 2)], set()))
    assert due(sights, 5.0, WAITS) == []


def test_a_date_set_after_the_close_only_waits_again() -> None:
    """chmod and utime after CLOSE leave a file closed; it settles anew."""
    dated = Seen("a.837", 7, 100, 9)
    sights = _after((0.0, [FILE], {"a.837"}), (0.4, [dated], set()))
    assert due(sights, 0.8, WAITS) == []
    assert due(sights, 0.9, WAITS) == [dated]


def test_a_file_renamed_from_a_temporary_name_was_closed_under_it() -> None:
    """A temporary name is never due; the same file is, once it has a final one, though nobody told of the rename."""
    part = Seen("a.837.part", 7, 100, 1)
    before = _after((0.0, [part], {"a.837.part"}))
    assert (due(before, 100.0, WAITS), next_s(before, 100.0, WAITS)) == ([], None)
    assert due(look(before, [FILE], set(), 100.0), 100.5, WAITS) == [FILE]


def test_another_file_under_the_name_is_another_file() -> None:
    """A name that was replaced by another file begins anew."""
    sights = _after((0.0, [FILE], {"a.837"}), (0.3, [Seen("a.837", 8, 100, 1)], set()))
    assert due(sights, 5.0, WAITS) == []


def test_candidates_come_oldest_first() -> None:
    """Files are taken in the order they were last changed, so that receipts have it."""
    files = [Seen("b", 1, 1, 30), Seen("a", 2, 1, 30), Seen("c", 3, 1, 10)]
    assert [seen.name for seen in due(_after((0.0, files, {"a", "b", "c"})), 1.0, WAITS)] == ["c", "a", "b"]


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(1, 3), st.booleans()), min_size=1, max_size=20))
def test_nothing_is_due_before_it_lay_still(steps: list[tuple[int, int, bool]]) -> None:
    """Whatever is told and seen: a due file did not change for settle_s, and for stable_s unless its close was told."""
    now_s, sights = 0.0, look({}, [], (), 0.0)
    size, changed_s, told_s = 0, 0.0, -1.0
    for tenths, new_size, closed in steps:
        now_s += tenths / 10
        if new_size != size:
            size, changed_s, told_s = new_size, now_s, -1.0
        if closed:
            told_s = now_s
        sights = look(sights, [Seen("a", 1, size, 1)], {"a"} if closed else (), now_s)
        if due(sights, now_s, WAITS):
            assert now_s - changed_s >= (WAITS.settle_s if told_s >= 0 else WAITS.stable_s)
