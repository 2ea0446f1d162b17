"""When folders are looked at: hints wake, looks find; what hints lose costs time, never a file."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet import inotify

from sftp_drop.directory.hints import MANY, Hints, events
from sftp_drop.directory.inbox import Told
from sftp_drop.directory.service import Watching
from sftp_drop.directory.sights import Waits
from tests.sftp_drop.directory_site import PARTNER, HandClock, Site, Watched, watched

WATCHING = Watching(waits=Waits(settle_s=0.5, stable_s=10.0), rescan_s=30.0)
QUEUE = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
"""Events the kernel holds for one reader, 16,384 by default."""

Start = Callable[..., Watched]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A partner's empty folders."""
    return Site(tmp_path)


@pytest.fixture
def start(site: Site) -> Iterator[Start]:
    """Starts the service on the site."""
    running: list[Iterator[Watched]] = []

    def begin(watching: Watching = WATCHING) -> Watched:
        running.append(watched(site, watching))
        return next(running[-1])

    yield begin
    for one in running:
        assert next(one, None) is None


def test_a_closed_file_is_taken_within_a_second(site: Site, start: Start) -> None:
    """From CLOSE to receipt it takes the settling and no rescan."""
    service = start()
    service.later(1.0)
    site.put("a.837")
    service.pump()
    service.later(0.8)
    assert site.keeper.names == ["a.837"]


def test_a_rename_by_link_and_unlink_is_noticed(site: Site, start: Start) -> None:
    """OpenSSH's plain RENAME makes a second name and removes the first: no move, but as soon taken."""
    service = start()
    service.later(1.0)
    part = site.put("a.837.part")
    (site.inbound / "a.837").hardlink_to(part)
    part.unlink()
    service.pump()
    service.later(0.8)
    assert site.keeper.names == ["a.837"]


def test_a_file_that_was_only_begun_is_not_closed(site: Site, start: Start) -> None:
    """A name that was made is no hint of an end while somebody writes the file."""
    service = start()
    service.later(1.0)
    with (site.inbound / "a.837").open("wb") as file:
        file.write(b"ISA")
        file.flush()
        service.pump()
        service.later(5.0)
        assert site.keeper.names == []
        assert os.listdir(site.inbound) == ["a.837"]
    service.pump()
    service.later(0.8)
    assert site.keeper.names == ["a.837"]


def test_what_lay_there_at_the_start_is_taken(site: Site, start: Start) -> None:
    """Files that came while no daemon ran are complete when two looks are equal."""
    site.put("a.837")
    service = start()
    service.later(9.0)
    assert site.keeper.names == []
    service.later(1.5)
    assert site.keeper.names == ["a.837"]


def test_without_hints_looks_find_everything(site: Site, start: Start) -> None:
    """Polling takes a file after two equal looks, no later than two intervals after its last byte."""
    service = start(Watching(waits=WATCHING.waits, how="poll"))
    service.later(3.0)
    site.put("a.837")
    service.later(20.5)
    assert site.keeper.names == ["a.837"]


def test_a_hint_that_never_came_costs_a_rescan(site: Site, start: Start) -> None:
    """A file nobody told of is found by the next full look, and taken when another is equal."""
    service = start()
    service.later(1.0)
    site.put("a.837")  # its events are never read
    service.later(30.0 + 10.0)
    assert site.keeper.names == ["a.837"]


@pytest.mark.skipif(QUEUE > 100_000, reason="this machine's queue holds more files than a test should make")
def test_an_overflow_of_the_kernels_queue_loses_no_file(site: Site, start: Start) -> None:
    """More files than events fit while nobody reads: the kernel drops some, and every file is received once."""
    made = {f"{number:05}" for number in range(QUEUE // 2 + 100)}  # made, closed
    service = start()
    service.later(1.0)
    for name in made:
        (site.inbound / name).touch()
    told: list[str] = []
    hints = service.service._hints
    assert hints is not None
    changed, lost = hints._changed, hints._lost
    hints._lost = lambda: (told.append("lost"), lost())  # type: ignore[assignment,func-returns-value]
    hints._changed = lambda partner, names: (told.extend(names), changed(partner, names))  # type: ignore[assignment,func-returns-value]
    service.pump()
    assert "lost" in told
    assert not made <= set(told), "the queue held them all"
    service.later(12.0)
    assert sorted(site.keeper.names) == sorted(made)


def test_many_events_are_few_looks(site: Site, start: Start) -> None:
    """500 files in a burst are taken by a handful of looks, not by one each."""
    service = start()
    service.later(1.0)
    looks: list[int] = []
    inbox = service.service._folders[PARTNER]._inbox
    asked, inbox.round = inbox.round, lambda *a: looks.append(1) or asked(*a)  # type: ignore[method-assign,func-returns-value,assignment]
    for number in range(500):
        site.put(f"{number:03}")
    service.pump()
    service.later(1.0)
    assert len(site.keeper.names) == 500
    assert len(looks) <= 10


def test_a_folder_that_was_replaced_is_watched_again(site: Site, start: Start) -> None:
    """A folder deleted and made anew is found by the next full look, hints and all, and ends no other folder's."""
    service = start()
    service.later(1.0)
    site.inbound.rmdir()
    service.pump()
    site.inbound.mkdir()
    service.later(30.0)
    site.put("a.837")
    service.pump()
    service.later(0.8)
    assert site.keeper.names == ["a.837"]


def test_a_partner_whose_folders_come_later(tmp_path: Path, site: Site, start: Start) -> None:
    """A partner's folders are watched from the first full look after they were made."""
    hidden = tmp_path / "not yet"
    site.home.rename(hidden)
    service = start()
    service.later(1.0)
    hidden.rename(site.home)
    service.later(30.0)
    site.put("a.837")
    service.pump()
    service.later(0.8)
    assert site.keeper.names == ["a.837"]
    assert site.keeper.tended > 0


def test_every_event_is_read() -> None:
    """What the kernel hands out is cut into its events; the queue's own has the watch -1."""
    data = struct.pack("=iIII", 1, inotify.IN_CLOSE_WRITE, 0, 16) + b"a.837".ljust(16, b"\0")
    data += struct.pack("=iIII", -1, inotify.IN_Q_OVERFLOW, 0, 0)
    assert list(events(data)) == [(1, inotify.IN_CLOSE_WRITE, "a.837"), (-1, inotify.IN_Q_OVERFLOW, "")]


def test_a_thousand_events_of_one_wake_look_at_everything(tmp_path: Path) -> None:
    """A reader that was late by a thousand events may have been late before: all folders are looked at."""
    lost: list[bool] = []
    changed: list[tuple[str, Told]] = []
    hints = Hints(HandClock(), lambda partner, names: changed.append((partner, names)), lambda: lost.append(True))
    hints.follow(PARTNER, tmp_path)
    watch = next(iter(hints._partners))
    one = struct.pack("=iIII", watch, inotify.IN_CLOSE_WRITE, 0, 16) + b"a".ljust(16, b"\0")
    hints._doRead(one * (MANY - 1))
    assert (changed, lost) == ([(PARTNER, {"a": True})], [])
    hints._doRead(one * MANY)
    assert lost == [True]
    hints.connectionLost(None)
