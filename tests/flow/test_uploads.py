"""What an OK of the door stands for: sessions, renames, the sweeper and each other's half-done work, on one name."""

from __future__ import annotations

import hashlib
import itertools
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Row, update
from twisted.internet.defer import Deferred, maybeDeferred

from gateway.clock import DAY_US, HOUR_US, SECOND_US
from gateway.flow import deliver, drop, uploads
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.flow.open_upload import STRETCHES, StoreUpload
from gateway.store import queue, sealed
from gateway.store.engine import Store
from gateway.store.ids import ulid
from gateway.store.keys import Keys
from gateway.store.schema import blob, receipt, small, upload, work
from sftp_drop.drop import Refused
from tests.flow.world import Clock

PARTNER = "bluebonnet"


class Door:
    """A drop on a store, at once; what the partner asks, and what the store came to."""

    def __init__(self, store: Store, keys: Keys) -> None:
        store.clock = self.clock = Clock()
        self.context, self.woken = Context(store, keys, "T"), 0
        self.drop = StoreDrop(self.context, maybeDeferred, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def begin(self, name: str, resume: bool = False) -> StoreUpload:
        """A session opens a file to write it."""
        opened: StoreUpload = now(self.drop.begin(PARTNER, name, resume))
        return opened

    def put(self, name: str, body: bytes) -> None:
        """A whole upload."""
        one = self.begin(name)
        now(one.write(0, body))
        now(one.commit())

    def rename(self, old: str, new: str, overwrite: bool = False) -> None:
        """RENAME, or with overwrite posix-rename."""
        now(self.drop.rename(PARTNER, old, new, overwrite))

    def size(self, name: str) -> int:
        """What stat tells."""
        return int(now(self.drop.stat(PARTNER, "inbound", name)).size)

    def later(self, us: int) -> None:
        """Time goes by."""
        self.clock.now_us += us

    def tidy(self) -> None:
        """The sweeper's step."""
        store = self.context.store
        with store.write("test") as connection:
            queue.enqueue(connection, self.context.now_us, "tidy", lane="tidy")
            connection.execute(update(work).where(work.c.kind == "tidy").values(owner="test"))
        (row,) = [row for row in self.rows(work) if row.kind == "tidy"]
        deliver.tidy(self.context, queue.Work(**{name: getattr(row, name) for name in WORK} | {"body": {}}))

    def rows(self, table: Any) -> list[Row[Any]]:
        """Rows of a table in the order of its key."""
        store = self.context.store
        with store.read_blob() if table is blob else store.read() as connection:
            return list(connection.execute(table.select().order_by(*table.primary_key.columns)))

    def states(self) -> list[str]:
        """States of the uploads, by age."""
        return [row.state for row in sorted(self.rows(upload), key=lambda row: row.touched_us)]

    def received(self, after: int = 0) -> list[bytes]:
        """The files under receipts of a higher number, read back from their rows as intake reads them."""
        bodies, by_id = [], {row.id: row for row in self.rows(upload)}
        for row in self.rows(receipt)[after:]:
            mine = by_id[row.upload_id]
            assert (mine.state, mine.size, mine.sha256) == ("received", row.size, row.sha256)
            key = self.context.keys.unwrap(mine.key)
            bodies.append(b"".join(sealed.stream(self.context.store, mine.id, key, row.size)))
            assert hashlib.sha256(bodies[-1]).hexdigest() == row.sha256
        return bodies


WORK = queue.Work.__struct_fields__


@pytest.fixture
def door(store: Store, keys: Keys) -> Door:
    """A drop on a fresh store, once on each engine."""
    return Door(store, keys)


def now(fired: Deferred[Any]) -> Any:
    """The result of a Deferred that has fired."""
    found: list[Any] = []
    fired.addBoth(found.append)
    if isinstance(found[0], BaseException) or hasattr(found[0], "raiseException"):
        found[0].raiseException()
    return found[0]


def refused(call: Callable[[], Any]) -> str:
    """The text of a refusal."""
    with pytest.raises(Refused) as error:
        call()
    return error.value.text or error.value.code


# ---- two sessions, one name ------------------------------------------------------------------------------------------


def test_a_half_open_session_changes_nothing_received(door: Door) -> None:
    """A session that dies after another resumed its name and closed neither changes those bytes nor their state."""
    one = door.begin("e.834")
    now(one.write(0, b"half"))
    two = door.begin("e.834", resume=True)
    now(two.write(0, b"whole file"))
    now(two.commit())
    now(one.lose())
    assert door.received() == [b"whole file"]
    assert door.size("e.834") == len(b"whole file"), "the name shows what was received"
    door.later(25 * 3600 * SECOND_US)
    door.tidy()
    assert door.states() == ["received"]
    assert door.received() == [b"whole file"]
    assert len(door.rows(blob)) == 1


def test_a_resume_behind_a_received_file_writes_elsewhere(door: Door) -> None:
    """A session that resumed an open upload never writes where the first one's receipt points."""
    one = door.begin("e.834")
    now(one.write(0, b"first session's file"))
    two = door.begin("e.834", resume=True)
    now(two.write(0, b"second"))
    now(one.commit())
    now(two.commit())
    assert door.received() == [b"first session's file", b"second"]


def test_each_ok_is_one_whole_file(door: Door) -> None:
    """Whatever two sessions of one name, a renaming third and the sweeper do in whatever order: OK is a whole file."""
    stories = [Story(door, random.Random(seed), f"{seed}.834") for seed in range(25)]
    for story in stories:
        story.play()
    owed = [body for story in stories for body in story.owed]
    assert door.received() == owed
    door.later(2 * DAY_US)
    door.tidy()
    assert set(door.states()) == {"received"}
    assert door.received() == owed


class Story:
    """Two sessions on one name, interleaved by dice. Bodies have one length: each session writes its file whole."""

    def __init__(self, door: Door, dice: random.Random, name: str) -> None:
        self.door, self.dice = door, dice
        self.name = dice.choice((name, name + ".part"))
        self.targets = (f"to{n}.{name}" for n in itertools.count())
        self.bodies = [f"{name} by session {n}".encode() for n in (1, 2)]
        self.first, self.owed = 0, list[bytes]()

    def play(self) -> None:
        """Each OK for a final name is one more receipt, over the bytes of one session, or renames such a one."""
        self.first = len(self.door.rows(receipt))
        sessions, left = [self.session(body) for body in self.bodies], [4, 4]
        while any(left):
            n = self.dice.choice([n for n in (0, 1) if left[n]])
            left[n] -= 1
            if next(sessions[n]):
                self.owed.append(self.bodies[n])
            assert self.new() == self.owed
            if self.dice.random() < 0.3:
                self.rename()

    def new(self) -> list[bytes]:
        """What was received since the story began."""
        return self.door.received(self.first)

    def session(self, body: bytes) -> Iterator[bool]:
        """Opens, writes in two pieces, ends; True for an OK that owes a receipt."""
        mine = self.door.begin(self.name, self.dice.random() < 0.6)
        yield False
        now(mine.write(0, body[:10]))
        yield False
        now(mine.write(10, body[10:]))
        yield False
        if self.dice.random() < 0.7:
            now(mine.commit())
            yield not self.name.endswith(".part")
        now(mine.lose())
        yield False

    def rename(self) -> None:
        """A third session renames to a final name; its OK is a receipt."""
        bound = {row.name for row in self.door.rows(upload) if row.state == "received"}
        try:
            self.door.rename(self.name, next(self.targets))
        except Refused:
            assert self.new() == self.owed
            return
        new = self.new()
        assert len(new) == len(self.owed) + (self.name not in bound)
        assert new[: len(self.owed)] == self.owed
        assert set(new) <= set(self.bodies)
        self.owed = new


# ---- resume ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1000, sealed.ROW, sealed.ROW + 7, 5 * sealed.ROW + 1])
def test_a_lost_upload_goes_on_in_place(door: Door, size: int) -> None:
    """What was lost is continued a byte before it ended, under the same id, and the whole is one receipt."""
    body = random.Random(size).randbytes(size + 100)
    one = door.begin("a.837")
    for at in range(0, size, 200_000):
        now(one.write(at, body[at : min(at + 200_000, size)]))
    now(one.lose())
    kept = door.size("a.837")
    assert kept == max(0, size - 1)
    two = door.begin("a.837", resume=True)
    assert door.size("a.837") == kept, "also while it is open again"
    now(two.write(kept, body[kept:]))
    now(two.commit())
    assert door.received() == [body]
    assert door.states() == ["received"]


@pytest.mark.parametrize("size", [1, sealed.ROW, sealed.ROW + 1, 2 * sealed.ROW + 1])
@pytest.mark.parametrize("again", [0, 1, 2])
def test_what_was_not_closed_never_shows_its_size(door: Door, size: int, again: int) -> None:
    """All came but CLOSE: a mover that goes by the size a stat shows sends the rest, however often it broke off."""
    body = random.Random(size).randbytes(size)
    one = door.begin("a.837")
    for at in range(0, size, 200_000):
        now(one.write(at, body[at : at + 200_000]))
    for _ in range(again):
        now(one.lose())
        one = door.begin("a.837", resume=True)
        now(one.write(door.size("a.837"), body[door.size("a.837") :]))
    now(one.lose())
    assert door.size("a.837") == size - 1
    assert now(door.drop.read(PARTNER, "inbound", "a.837", 0, size)) == body[: size - 1][: sealed.ROW]
    two = door.begin("a.837", resume=True)
    now(two.write(size - 1, body[size - 1 :]))
    now(two.commit())
    assert door.received() == [body] and door.size("a.837") == size
    assert door.states() == ["received"]


@pytest.mark.parametrize("size", [0, 1000, sealed.ROW, 2 * sealed.ROW + 7])
def test_a_received_file_goes_on_in_a_copy(door: Door, size: int) -> None:
    """Appending to a received name is a second receipt over a copy; the first keeps its bytes."""
    body = random.Random(size).randbytes(size + 100)
    door.put("a.837", body[:size])
    two = door.begin("a.837", resume=True)
    assert door.size("a.837") == size
    now(two.write(size, body[size:]))
    now(two.commit())
    assert door.received() == [body[:size], body]


def test_an_open_upload_goes_on_in_a_copy_of_what_was_noted(door: Door) -> None:
    """What an open upload had sealed when it was noted is what another session begins with, also after a crash."""
    body = random.Random(1).randbytes(6 * sealed.ROW)
    one = door.begin("a.837")
    now(one.write(0, body[: sealed.ROW // 2]))
    now(one.lose())
    crashed = door.begin("a.837", resume=True)
    for at in range(door.size("a.837"), 5 * sealed.ROW, sealed.ROW // 4):
        door.later(20 * SECOND_US)
        now(crashed.write(at, body[at : at + sealed.ROW // 4]))
    kept = door.size("a.837")
    assert kept >= sealed.ROW
    assert kept % sealed.ROW == 0
    assert now(door.drop.read(PARTNER, "inbound", "a.837", kept - 10, 100)) == body[kept - 10 : kept]
    two = door.begin("a.837", resume=True)
    now(two.write(kept, body[kept : kept + 50]))
    now(two.commit())
    now(crashed.lose())
    assert door.received() == [body[: kept + 50]]


def test_an_open_upload_whose_last_row_went_on_is_copied_as_far_as_its_size(door: Door) -> None:
    """A row that was the last when the size was noted and has been sealed full since is cut to the size."""
    body = random.Random(2).randbytes(6 * sealed.ROW)
    one = door.begin("a.837")
    now(one.write(0, body[:1000]))
    now(one.lose())
    going = door.begin("a.837", resume=True)
    for at in range(999, 5 * sealed.ROW, 200_000):
        now(going.write(at, body[at : at + 200_000]))
    assert door.size("a.837") == 999
    two = door.begin("a.837", resume=True)
    now(two.write(999, body[999:2000]))
    now(two.commit())
    assert door.received() == [body[:2000]]


def test_two_sessions_never_go_on_in_one_upload(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two sessions that find the same lost upload one goes on in it, the other gets a copy."""
    one = door.begin("a.837")
    now(one.write(0, b"abc"))
    now(one.lose())
    taken: list[StoreUpload] = []
    before(monkeypatch, door, "upload", lambda: taken.append(door.begin("a.837", resume=True)))
    mine = door.begin("a.837", resume=True)
    now(mine.write(2, b"cmine"))
    now(taken[0].write(2, b"ctaken"))
    now(mine.commit())
    now(taken[0].commit())
    assert door.received() == [b"abcmine", b"abctaken"]


# ---- rename ----------------------------------------------------------------------------------------------------------


def _open(door: Door) -> None:
    now(door.begin("x.part").write(0, b"all"))


def _closed(door: Door) -> None:
    door.put("x.part", b"all")


def _lost(door: Door) -> None:
    one = door.begin("x.part")
    now(one.write(0, b"all"))
    now(one.lose())


def _swept(door: Door) -> None:
    _closed(door)
    with door.context.store.write("test") as connection:
        connection.execute(update(upload).values(state="swept"))


def _received(door: Door) -> None:
    door.put("x.837", b"all")
    door.rename("x.837", "x.part")


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        (_open, "the upload is not closed yet"),
        (_closed, ""),
        (_lost, "the upload was broken off; continue or repeat it"),
        (_swept, "no-such-file"),
        (_received, ""),
    ],
)
def test_a_final_name_stands_for_a_receipt(door: Door, state: Callable[[Door], None], refusal: str) -> None:
    """RENAME to a final name answers OK only with a receipt, from whatever state."""
    state(door)
    if refusal:
        assert refused(lambda: door.rename("x.part", "x.834")) == refusal
        assert door.received() == []
    else:
        door.rename("x.part", "x.834")
        assert door.received() == [b"all"]
        assert door.size("x.834") == 3
        assert door.woken


def test_a_rename_between_reading_and_closing_is_seen(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename while CLOSE is under way: the name at its commit decides, and no final name is without a receipt."""
    one = door.begin("x.part")
    now(one.write(0, b"all"))
    assert door.size("x.part") == 0, "others know of it"
    before(monkeypatch, door, "upload", lambda: refused(lambda: door.rename("x.part", "x.834")))
    now(one.commit())
    assert [(row.name, row.state) for row in door.rows(upload)] == [("x.part", "closed")]
    two = door.begin("y.834")
    now(two.write(0, b"all"))
    assert door.size("y.834") == 0
    before(monkeypatch, door, "receipt", lambda: door.rename("y.834", "y.part"))
    now(two.commit())
    assert sorted((row.name, row.state) for row in door.rows(upload)) == [("x.part", "closed"), ("y.part", "closed")]
    assert door.received() == []


def test_a_rename_receives_what_it_looked_at(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that another session rewrites while RENAME digests them get no receipt of the old digest."""
    door.put("x.part", b"old")

    def rewrite() -> None:
        again = door.begin("x.part", resume=True)
        now(again.write(0, b"new"))
        now(again.commit())

    before(monkeypatch, door, "receipt", rewrite)
    assert "changed" in refused(lambda: door.rename("x.part", "x.834"))
    door.rename("x.part", "x.834")
    assert door.received() == [b"new"]


def test_what_was_overwritten_does_not_come_back(door: Door) -> None:
    """A rename refuses a name in use unless it may overwrite; deleting the new file does not show the old one."""
    door.put("x.834", b"old")
    door.put("x.part", b"new")
    assert "exists" in refused(lambda: door.rename("x.part", "x.834"))
    door.rename("x.part", "x.834", overwrite=True)
    assert now(door.drop.read(PARTNER, "inbound", "x.834", 0, 9)) == b"new"
    now(door.drop.hide(PARTNER, "inbound", "x.834"))
    assert refused(lambda: door.size("x.834")) == "no-such-file"
    assert door.received() == [b"old", b"new"]


# ---- the sweeper -----------------------------------------------------------------------------------------------------


def test_a_running_upload_is_not_swept(door: Door) -> None:
    """An upload that was resumed, or that goes on, lives a day from its last sign of life; others go whole."""
    still, old = door.begin("still.837"), door.begin("old.837")
    now(still.write(0, bytes(3)))
    assert door.size("still.837") == 0, "others know of it"
    now(old.write(0, b"abc."))
    now(old.lose())
    door.later(DAY_US - HOUR_US)
    resumed = door.begin("old.837", resume=True)
    door.later(2 * 3600 * SECOND_US)
    with door.context.store.read() as connection:
        assert deliver.has_unbound(connection, door.context.now_us)
    door.tidy()
    assert [row.name for row in door.rows(upload)] == ["old.837"]
    with door.context.store.read() as connection:
        assert not deliver.has_unbound(connection, door.context.now_us)
    piece = bytes(256 * 1024)
    for n in range(8):
        door.later(8 * 3600 * SECOND_US)
        now(resumed.write(3 + n * len(piece), piece))
        door.tidy()
    now(resumed.commit())
    assert door.received() == [b"abc" + piece * 8]
    assert "day" in refused(lambda: now(still.commit())), "nothing binds bytes that are gone"


def test_what_is_sealed_after_the_sweep_goes_too(door: Door) -> None:
    """A session that ends after its upload was swept leaves no row behind."""
    one = door.begin("a.837")
    now(one.write(0, b"abc"))
    assert door.size("a.837") == 0, "others know of it"
    door.later(2 * DAY_US)
    door.tidy()
    now(one.lose())
    assert door.rows(upload) == door.rows(blob) == []


def test_what_one_session_alone_knew_is_received_however_late(door: Door) -> None:
    """A small upload nobody asked after is told of by its receipt, days later too."""
    one = door.begin("a.837")
    now(one.write(0, b"abc"))
    assert door.rows(upload) == []
    door.later(2 * DAY_US)
    door.tidy()
    now(one.commit())
    door.tidy()
    assert door.received() == [b"abc"]


def test_sealed_rows_nothing_tells_of_go(door: Door) -> None:
    """Who dies between the bytes of a small file and its receipt leaves rows, which go after a day; no others do."""
    door.put("kept.837", b"kept" * sealed.SMALL)
    sealed.put(door.context.store, ulid(door.context.now_us), bytes(32), 0, True, b"left")
    door.tidy()
    assert len({row.upload_id for row in door.rows(blob)}) == 2, "it may be on its way"
    door.later(2 * DAY_US)
    door.tidy()
    assert {row.upload_id for row in door.rows(blob)} == {row.upload_id for row in door.rows(receipt)}
    assert door.received() == [b"kept" * sealed.SMALL]


@pytest.mark.parametrize(("size", "beside"), [(0, True), (sealed.SMALL, True), (sealed.SMALL + 1, False)])
def test_a_small_file_lies_beside_its_receipt(door: Door, size: int, beside: bool) -> None:
    """One commit makes both; larger ones are sealed first. Both read alike, and nothing of either is left behind."""
    door.put("a.837", b"x" * size)
    (row,) = door.rows(upload)
    assert (len(door.rows(small)), len(door.rows(blob))) == ((1, 0) if beside else (0, 1))
    assert door.received() == [b"x" * size]
    assert row.size == size
    sealed.drop(door.context.store, row.id)
    assert door.rows(small) == door.rows(blob) == []


def test_a_small_file_that_grows_is_its_newer_row(door: Door) -> None:
    """A part that lay beside its upload's row and was gone on with is read as it became."""
    door.put("a.837.part", b"first")
    for more in (b" more", b" and the rest"):
        one = door.begin("a.837.part", resume=True)
        now(one.write(door.size("a.837.part"), more))
        now(one.commit())
    now(door.drop.rename(PARTNER, "a.837.part", "a.837", False))
    assert door.received() == [b"first more and the rest"]


def test_a_huge_upload_goes_in_pieces(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction of the sweeper removes more than some rows."""
    for row_no in range(2 * sealed.DROP_ROWS + 1):
        sealed.put(door.context.store, "u", bytes(32), row_no, False, b"x")
    sealed.put(door.context.store, "other", bytes(32), 0, True, b"x")
    made, real = [], door.context.store.write_blob

    @contextmanager
    def counting() -> Iterator[Connection]:
        left = len(door.rows(blob))
        with real() as connection:
            yield connection
        made.append(left - len(door.rows(blob)))

    monkeypatch.setattr(door.context.store, "write_blob", counting)
    sealed.drop(door.context.store, "u")
    assert made == [sealed.DROP_ROWS, sealed.DROP_ROWS, 1]
    assert [row.upload_id for row in door.rows(blob)] == ["other"]


# ---- holes and memory ------------------------------------------------------------------------------------------------


def test_writes_come_in_any_order(door: Door) -> None:
    """Pieces in any order inside the window are the file."""
    body, piece = random.Random(3).randbytes(sealed.ROW * 2), 32_000
    places = list(range(0, len(body), piece))
    random.Random(4).shuffle(places)
    one = door.begin("a.837")
    for at in places:
        now(one.write(at, body[at : at + piece]))
    now(one.commit())
    assert door.received() == [body]


def test_a_hole_is_not_closed(door: Door) -> None:
    """CLOSE over a hole fails and keeps what came before it; a rewrite behind a sealed row fails."""
    one = door.begin("a.837")
    now(one.write(0, b"abc"))
    now(one.write(5, b"abc"))
    assert "hole" in refused(lambda: now(one.commit()))
    assert door.size("a.837") == 2, "the last byte of what is not whole is asked for again"
    two = door.begin("b.837")
    for at in range(0, 4 * sealed.ROW, sealed.ROW // 4):
        now(two.write(at, bytes(sealed.ROW // 4)))
    assert "already stored" in refused(lambda: now(two.write(0, b"x")))


def test_holes_are_few_and_short_lived(door: Door) -> None:
    """A write that leaves more holes than a client has writes on their way, or one for half a minute, is refused."""
    one = door.begin("a.837")
    for n in range(1, STRETCHES):
        now(one.write(2 * n, b"x"))
    assert "too many holes" in refused(lambda: now(one.write(2 * STRETCHES, b"x")))
    two = door.begin("b.837")
    now(two.write(1, b"x"))
    door.later(29 * SECOND_US)
    now(two.write(3, b"x"))
    door.later(2 * SECOND_US)
    assert "not filled" in refused(lambda: now(two.write(5, b"x")))
    now(two.write(0, b"abcd"))
    now(two.write(9, b"x"))


def test_all_uploads_share_one_room(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unsealed bytes of all uploads are bounded: whole ones are sealed at once, holes wait; each may hold a row."""
    monkeypatch.setattr(drop, "UNSEALED_BYTES", 4 * sealed.ROW)
    door.drop = StoreDrop(door.context, maybeDeferred, door._wake)
    piece, body = sealed.ROW // 4, bytes(sealed.ROW // 4) * 14
    many = [door.begin(f"{n}.837") for n in range(10)]
    for at in range(0, len(body), piece):
        for one in many:
            now(one.write(at, body[at : at + piece]))
    held = sum(len(one._tail) for one in many)
    assert held <= (4 + len(many) + 1) * sealed.ROW
    holed = door.begin("h.837")
    now(holed.write(piece, bytes(piece)))
    assert "no room" in refused(lambda: now(holed.write(5 * piece, bytes(piece))))
    now(holed.lose())
    for one in many:
        now(one.commit())
    assert door.received() == [body] * 10
    assert not door.drop._unsealed.short(4 * sealed.ROW), "all was given back"


# ---- what is asked often ---------------------------------------------------------------------------------------------


def test_stat_looks_at_one_name(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """stat finds a file without listing its folder, and finds what the listing shows."""
    for name in ("a.837", "b.837", "a.837"):
        door.put(name, name.encode())
    listed = now(door.drop.list(PARTNER, "inbound"))
    assert [entry.name for entry in listed] == ["a.837", "b.837"]
    monkeypatch.setattr(uploads, "entries", None)
    assert [now(door.drop.stat(PARTNER, "inbound", entry.name)) for entry in listed] == listed
    door.later(2 * DAY_US)
    for folder in ("inbound", "outbound", "reports"):
        assert refused(lambda folder=folder: now(door.drop.stat(PARTNER, folder, "a.837"))) == "no-such-file"


def test_loading_needs_no_door() -> None:
    """`gateway load` imports nothing of the door and of Twisted's network."""
    seen = "import sys, gateway.cli.parties; print(sys.modules.keys() & {'sftp_drop.server', 'twisted.internet'})"
    assert subprocess.run([sys.executable, "-c", seen], capture_output=True, check=True).stdout == b"set()\n"


def before(monkeypatch: pytest.MonkeyPatch, door: Door, cause: str, intruder: Callable[[], Any]) -> None:
    """The intruder comes right before the next transaction of that cause, once."""
    real = door.context.store.write

    @contextmanager
    def write(name: str) -> Iterator[Connection]:
        if name == cause:
            monkeypatch.setattr(door.context.store, "write", real)
            intruder()
        with real(name) as connection:
            yield connection

    monkeypatch.setattr(door.context.store, "write", write)
