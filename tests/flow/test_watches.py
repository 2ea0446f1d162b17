"""What should have happened and did not: late files of partners, late answers of ours."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.clock import SECOND_US
from gateway.errors import BadData
from gateway.flow import watches
from gateway.flow.schedules import Answers, Expected, ack_due_us, claim_answer_due_us, last_due, minutes
from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import hold, work
from tests.flow.test_wraps import agree
from tests.flow.world import World, begun, golden, renumbered

DAILY = Expected(kind="837")
WEEKLY = Expected(kind="834", days=("fri",), by="17:30")


@pytest.mark.parametrize(
    ("one", "at", "due", "before"),
    [
        (DAILY, "2026-04-08 18:00", "2026-04-08", "2026-04-07"),  # a Wednesday
        (DAILY, "2026-04-08 17:59", "2026-04-07", "2026-04-06"),
        (DAILY, "2026-04-13 09:00", "2026-04-10", "2026-04-09"),  # Monday morning: Friday's
        (DAILY, "2026-05-25 19:00", "2026-05-22", "2026-05-21"),  # Memorial Day
        (DAILY, "2026-05-26 19:00", "2026-05-26", "2026-05-22"),
        (WEEKLY, "2026-04-10 17:30", "2026-04-10", "2026-04-03"),
        (WEEKLY, "2026-06-19 23:59", "2026-06-12", "2026-06-05"),  # Juneteenth is a Friday: due on Monday
        (WEEKLY, "2026-06-22 17:30", "2026-06-22", "2026-06-12"),
        (Expected(kind="834", days=("sun",), business=False), "2026-04-12 18:00", "2026-04-12", "2026-04-05"),
    ],
)
def test_a_due_day_is_a_weekday_moved_over_holidays(one: Expected, at: str, due: str, before: str) -> None:
    """The last due day whose hour has passed, and the one before it."""
    day, _, hour = at.partition(" ")
    found = last_due(one, date.fromisoformat(day), minutes(hour))
    assert found == (date.fromisoformat(due), date.fromisoformat(before))


def us(text: str) -> int:
    """An instant in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-04-06T14:00", "2026-04-07T11:00"),  # Monday 10:00 Eastern -> Tuesday 07:00 (daylight time)
        ("2026-04-07T00:59", "2026-04-07T11:00"),  # Monday 20:59
        ("2026-04-07T01:00", "2026-04-08T11:00"),  # Monday 21:00 counts for Tuesday
        ("2026-04-10T14:00", "2026-04-13T11:00"),  # Friday -> Monday
        ("2026-04-11T14:00", "2026-04-14T11:00"),  # Saturday counts for Monday -> Tuesday
        ("2026-01-16T15:00", "2026-01-20T12:00"),  # over Martin Luther King Jr. Day, in standard time
    ],
)
def test_a_claim_answer_is_due_the_next_business_morning(received: str, due: str) -> None:
    """A batch by 9 pm Eastern is answered by 7 am Eastern of the next business day; a 999 within the hour."""
    assert claim_answer_due_us(Answers(), us(received)) == us(due)
    assert ack_due_us(Answers(), us(received)) == us(received) + 3600 * SECOND_US
    assert claim_answer_due_us(Answers(claim_answer_by=""), us(received)) is None
    assert ack_due_us(Answers(ack_minutes=0), us(received)) is None


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on a Monday, of which a partner's claims are expected each business day."""
    made = begun(store, keys, tmp_path, taken_over=False)
    agree(made, tmp_path, 'expected = [{ kind = "837", by = "18:00" }]')
    return made


def told(world: World, kind: str = "late") -> list[tuple[str, str]]:
    """(subject, state) of what a person heard."""
    return [(row.subject, row.state) for row in world.rows(hold) if row.kind == kind]


def look(world: World, hour: str) -> None:
    """The daemon's look at an hour of the business date."""
    with world.store.write("look") as connection:
        today = installation.business_date(connection)
        watches.enqueue(connection, world.clock.now_us, today, minutes(hour))
    world.run()


def test_a_late_file_is_told_once_and_ends_when_it_comes(world: World) -> None:
    """Nothing before the hour, one hold after it however often one looks, closed by itself when the file comes."""
    look(world, "17:59")
    assert told(world) == []
    for hour in ("18:00", "18:01", "23:59"):
        look(world, hour)
    assert told(world) == [("file 837 of clearpath due 2026-04-06", "open")]
    world.send("clearpath", "late.837", golden("in.837p"))
    look(world, "23:59")
    assert told(world) == [("file 837 of clearpath due 2026-04-06", "closed")]
    look(world, "23:59")
    assert len(told(world)) == 1


def test_a_file_in_time_is_not_missed_and_a_rejected_one_is(world: World) -> None:
    """A file by the hour, held as a duplicate too, has come; one that was refused whole has not."""
    world.send("clearpath", "a.837", golden("in.837p"))
    world.advance("2026-04-07")
    assert told(world) == []
    world.send("clearpath", "b.837", renumbered(golden("in.837p"), "000000203"))
    assert len(world.holds("batch")) == 1
    world.advance("2026-04-08")
    assert told(world) == []
    world.send("clearpath", "c.837", b"no x12")
    world.advance("2026-04-09")
    assert told(world) == [("file 837 of clearpath due 2026-04-08", "open")]


def test_days_moved_by_hand_are_told_each(world: World) -> None:
    """Each day that passes without its file is one hold; weekends are not asked."""
    world.advance("2026-04-14")
    days = ("06", "07", "08", "09", "10", "13")
    assert [subject for subject, _ in told(world)] == [f"file 837 of clearpath due 2026-04-{day}" for day in days]
    world.send("clearpath", "a.837", golden("in.837p"))
    world.advance("2026-04-15")
    assert {state for _, state in told(world)} == {"closed"}


def test_an_answer_of_ours_that_is_late_is_told_once(world: World) -> None:
    """A file undecided for more than an hour is a hold, once; it ends when the file is answered."""
    world.put("clearpath", "a.837", golden("in.837p"))
    with world.store.read() as connection:
        now_us = world.clock.now_us
        hour = 3600 * SECOND_US
        assert watches.look(connection, now_us + hour - SECOND_US, date(2026, 4, 6), 0).overdue == []
        (late,) = watches.look(connection, now_us + hour + SECOND_US, date(2026, 4, 6), 0).overdue
    assert (late.kind, late.subject) == ("overdue", "receipt 1 999")
    world.clock.now_us += hour + SECOND_US
    with world.store.write("look") as connection:
        assert watches.enqueue(connection, world.clock.now_us, date(2026, 4, 6), 0)
        slow = update(work).where(work.c.kind == "intake").values(due_us=world.clock.now_us + hour)
        connection.execute(slow)
    assert world.step()
    assert told(world, "overdue") == [("receipt 1 999", "open")]
    world.run()
    look(world, "00:00")
    assert told(world, "overdue") == [("receipt 1 999", "closed")]


def test_schedules_are_looked_at_when_they_are_loaded(world: World, tmp_path: Path) -> None:
    """No day, no hour and no zone that does not exist."""
    for settings, said in (
        ('expected = [{ kind = "834", days = [] }]', "none is named"), ('answers = { zone = "Mars" }', "no time zone"),
        ('expected = [{ kind = "834", by = "25:00" }]', "by"), ('answers = { cutoff = "7" }', "cutoff"),
    ):  # fmt: skip
        with pytest.raises(BadData, match=said):
            agree(world, tmp_path, settings)
