"""Partners' own servers: what lies there becomes ours once, what leaves lies there once, and nothing is overwritten."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SECOND_US
from gateway.flow import parked, pull, push
from gateway.flow.partner_server import Remote
from gateway.store import outbox, queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit as audit_table
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import pushing
from gateway.store.schema import work as work_table
from sftp_drop.remote.session import Found, Session
from tests.flow.partner_place import Place, place_on_sqlite
from tests.sftp_drop.remote_servers import Sshd

pytestmark = pytest.mark.program("sshd")
MINUTE_US = 60 * SECOND_US


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The machine's sshd."""
    started = Sshd(tmp_path_factory.mktemp("sshd"))
    yield started
    started.stop()


@pytest.fixture
def place(store: Store, keys: Keys, sshd: Sshd, tmp_path: Path) -> Place:
    """On either database."""
    return Place(store, keys, sshd, tmp_path / "partner")


@pytest.fixture
def quick(sqlite_template: Path, keys: Keys, sshd: Sshd, tmp_path: Path) -> Iterator[Place]:
    """On SQLite alone, for laws that know no database."""
    with place_on_sqlite(sqlite_template, keys, sshd, tmp_path) as made:
        yield made


# ---- pull ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["delete", "move", "leave"])
def test_a_file_that_stands_still_is_taken_once(place: Place, after: str) -> None:
    """What looks the same twice is received, whole, once; then it is deleted, moved or left as the partner agreed."""
    place.say(after=after, moved=str(place.moved) if after == "move" else "", pattern="*.837")
    body = random.Random(1).randbytes(2_500_000)
    (place.out / "a.837").write_bytes(body)
    (place.out / "other.txt").write_bytes(b"x")
    (place.out / ".b.837").write_bytes(b"x")
    place.run()
    assert place.receipts() == []
    place.run(MINUTE_US)
    assert place.receipts() == [("a.837", body)]
    for _ in range(3):
        place.run(30 * MINUTE_US)
    assert place.receipts() == [("a.837", body)] and not place.holds()
    left = {".b.837": b"x", "other.txt": b"x"}
    assert place.there(place.out) == (left | {"a.837": body} if after == "leave" else left)
    assert place.there(place.moved) == ({"a.837": body} if after == "move" else {})


def test_a_file_that_grows_waits(quick: Place) -> None:
    """What is larger at the second look is still being written."""
    (quick.out / "a").write_bytes(b"ISA")
    quick.run()
    (quick.out / "a").write_bytes(b"ISA*00")
    quick.run(MINUTE_US)
    assert quick.receipts() == []
    quick.run(MINUTE_US)
    assert quick.receipts() == [("a", b"ISA*00")] and quick.there(quick.out) == {}


def test_a_marker_says_that_a_file_is_whole(quick: Place) -> None:
    """With a marker agreed, a file is taken when it is there, at once, and both go; without it, never."""
    quick.say(done=".done")
    (quick.out / "a").write_bytes(b"one")
    quick.run()
    quick.run(30 * MINUTE_US)
    assert quick.receipts() == []
    (quick.out / "a.done").touch()
    quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("a", b"one")] and quick.there(quick.out) == {}


def test_a_marker_left_behind_vouches_for_nothing(quick: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Died while it took a file and its marker away: the marker is gone, the file goes later, one receipt in all."""
    quick.say(done=".done")
    (quick.out / "a").write_bytes(b"one")
    (quick.out / "a.done").touch()
    remove, asked = Session.remove, list[str]()

    def dies(session: Session, path: str) -> None:
        asked.append(path)
        if len(asked) == 2:
            raise KeyboardInterrupt
        remove(session, path)

    monkeypatch.setattr(Session, "remove", dies)
    with pytest.raises(KeyboardInterrupt):
        quick.run(30 * MINUTE_US)
    assert quick.there(quick.out) == {"a": b"one"} and quick.receipts() == [("a", b"one")]
    monkeypatch.undo()
    parked.release_owner(quick.context, "t:")
    quick.run(30 * MINUTE_US)
    assert quick.there(quick.out) == {} and quick.receipts() == [("a", b"one")]


def test_a_marker_vouches_for_the_first_file_of_a_name(quick: Place) -> None:
    """Where files and markers are left, a file put in another's place is taken when it stands still, not before."""
    quick.say(done=".done", after="leave")
    (quick.out / "a").write_bytes(b"one")
    (quick.out / "a.done").touch()
    quick.run(30 * MINUTE_US)
    for part in (b"IS", b"ISA*00", b"ISA*00*"):
        (quick.out / "a").write_bytes(part)
        quick.run(30 * MINUTE_US)
        assert quick.receipts() == [("a", b"one")]
    quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("a", b"one"), ("a", b"ISA*00*")]


def test_what_is_left_is_taken_again_only_with_other_bytes(quick: Place) -> None:
    """A file that is only touched is no new file; one with other bytes is."""
    quick.say(after="leave")
    (quick.out / "a").write_bytes(b"one")
    for _ in range(2):
        quick.run(30 * MINUTE_US)
    os.utime(quick.out / "a", (1_700_000_000, 1_700_000_000))
    for _ in range(3):
        quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("a", b"one")]
    (quick.out / "a").write_bytes(b"two")
    for _ in range(3):
        quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("a", b"one"), ("a", b"two")]


def test_a_name_used_again_is_a_new_file(quick: Place) -> None:
    """After the first was taken away, the same name, and even the same bytes, is received anew."""
    for _ in range(2):
        (quick.out / "a").write_bytes(b"one")
        quick.run(30 * MINUTE_US)
        quick.run(MINUTE_US)
    assert quick.receipts() == [("a", b"one")] * 2


@pytest.mark.parametrize("dies", ["receipt", "remove"])
def test_a_worker_that_dies_makes_no_second_receipt(place: Place, monkeypatch: pytest.MonkeyPatch, dies: str) -> None:
    """Death before the receipt's commit, or between it and the taking away: one receipt, and the file goes."""
    (place.out / "a").write_bytes(b"one")
    place.run()

    def die(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(pull, "_take_away" if dies == "remove" else "_received", die)
        with pytest.raises(RuntimeError):
            place.run(MINUTE_US)
    assert len(place.receipts()) == (dies == "remove") and place.there(place.out) == {"a": b"one"}
    parked.release_owner(place.context, "t:")
    for _ in range(3):
        place.run(30 * MINUTE_US)
    assert place.receipts() == [("a", b"one")] and place.there(place.out) == {}


def test_a_step_that_lost_its_work_receives_nothing(place: Place) -> None:
    """A worker whose step was given to another cannot commit a receipt."""
    (place.out / "a").write_bytes(b"one")
    place.run()
    place.clock.now_us += MINUTE_US
    with place.context.store.write("claim") as connection:
        work = queue.claim(connection, "t:zombie", place.clock.now_us)
    assert work is not None
    parked.release_owner(place.context, "t:")
    with pytest.raises(queue.Fenced):
        place.pull(place.context, work)
    assert place.receipts() == []
    place.run()
    assert place.receipts() == [("a", b"one")]


def test_a_partner_has_one_step_that_looks(quick: Place) -> None:
    """One that was set aside and is released ends where another was made meanwhile."""
    with quick.context.store.write("test") as connection:
        queue.enqueue(connection, quick.clock(), "pull", lane="remote/p1", partner="p1")
    assert [row.kind for row in quick.rows(work_table)] == ["pull", "pull"]
    quick.run()
    assert [row.kind for row in quick.rows(work_table)] == ["pull"]


def test_a_file_too_large_is_told_of_once(quick: Place) -> None:
    """A file beyond what was agreed is left, a person is told once, and the others come."""
    quick.say(largest_mib=1)
    (quick.out / "big").write_bytes(bytes((1 << 20) + 1))
    (quick.out / "small").write_bytes(b"x")
    for _ in range(4):
        quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("small", b"x")] and list(quick.there(quick.out)) == ["big"]
    assert [row.kind for row in quick.holds()] == ["remote"]


def test_one_file_that_cannot_be_read_keeps_no_other(quick: Place) -> None:
    """A broken name among files: the others are received, the failure is counted and told in the end."""
    quick.say(after="move", moved=str(quick.moved / "missing"))
    for name in ("a", "b"):
        (quick.out / name).write_bytes(name.encode())
    for _ in range(8):
        quick.run(30 * MINUTE_US)
    assert quick.receipts() == [("a", b"a"), ("b", b"b")] and len(quick.there(quick.out)) == 2
    assert [row.kind for row in quick.holds()] == ["remote"]


def found(name: str, size: int = 1, modified_s: int = 1) -> Found:
    return Found(name, size, modified_s)


def test_which_files_are_taken() -> None:
    """By pattern and age; never a temporary name, a marker, or a name we could not have."""
    settings = Remote(host="h", user="u", host_keys=(), fetch="f", pattern="*.83?", done="", key_file="/k")
    names = ["a.837", "b.835", "c.txt", ".d.837", "e.837.tmp", "f\u202e.837"]
    choice = pull.choose([found(each) for each in names], {}, settings, 0)
    assert [each.name for each in choice.new] == ["a.837", "b.835"] and not choice.ready
    known = {"a.837": pull.Known(1, 1, "", "seen", 0), "b.835": pull.Known(2, 1, "", "seen", 0)}
    choice = pull.choose([found(each) for each in names], known, settings, pull.SETTLE_US)
    assert [each.name for each in choice.ready] == ["a.837"] and [each.name for each in choice.new] == ["b.835"]
    early = pull.choose([found("a.837")], known, settings, pull.SETTLE_US - 1)
    assert [each.name for each in early.settling] == ["a.837"]


def test_calls_abroad_are_claimed_apart(place: Place) -> None:
    """A claim for home takes no step that calls a server, one for abroad nothing else; each is done once."""
    place.post("a", b"ours")
    now_us = place.clock.now_us

    def claimed(where: queue.Where) -> str:
        with place.context.store.write("claim") as connection:
            found = queue.claim(connection, f"t:{where}", now_us, where)
        return found.kind if found else ""

    with place.context.store.read() as connection:
        assert queue.calls_abroad(connection, now_us)
    assert [claimed("home"), claimed("home"), claimed("abroad"), claimed("abroad")] == ["deliver", "", "pull", ""]
    with place.context.store.read() as connection:
        assert not queue.calls_abroad(connection, now_us)


# ---- push ------------------------------------------------------------------------------------------------------------


def test_what_leaves_lies_at_the_partners(place: Place) -> None:
    """A row goes to the partner's server under its name, whole; the row says so, and the door shows it no more."""
    bodies = {f"{number}.999": random.Random(number).randbytes(40_000 * number) for number in range(4)}
    ids = [place.post(name, body) for name, body in bodies.items()]
    place.run()
    assert place.there(place.inn) == bodies and place.rows(pushing) == []
    assert [(row.id, row.state, row.delivered_on) for row in place.rows(outbox_table)] == [
        (each, "picked-up", "2026-01-05") for each in ids
    ]
    told = [row for row in place.rows(audit_table) if row.action == "push"]
    assert {row.entity for row in told} == {f"outbox {each}" for each in ids}
    with place.context.store.read() as connection:
        assert outbox.view(connection, "p1", "outbound") == []
    assert not [row for row in place.rows(work_table) if row.kind != "pull"]


def test_reports_stay_at_the_door(quick: Place) -> None:
    """What has no folder on the partner's server is fetched at our door, and all of it once none is agreed."""
    with quick.context.store.write("post") as connection:
        parcel = outbox.Parcel(partner="p1", kind="report", name="r", body=b"r", folder="reports")
        outbox.post(connection, quick.context.keys, quick.clock(), "2026-01-05", parcel)
    quick.run()
    quick.post("a", b"a")
    quick.step()
    quick.say(send="", reports="")
    quick.run()
    with quick.context.store.read() as connection:
        assert [row.name for row in outbox.view(connection, "p1", "reports")] == ["r"]
        assert [row.name for row in outbox.view(connection, "p1", "outbound")] == ["a"]


def test_nothing_is_overwritten(place: Place) -> None:
    """Another file of the name stays, a person is told, other files go; after the person's release it is sent."""
    (place.inn / "a").write_bytes(b"theirs")
    (place.inn / "b").write_bytes(b"OURS")
    for name in ("a", "b", "c"):
        place.post(name, b"ours")
    place.run()
    assert place.there(place.inn) == {"a": b"theirs", "b": b"OURS", "c": b"ours"}
    assert [row.kind for row in place.holds()] == ["remote", "remote"]
    (place.inn / "a").unlink()
    (place.inn / "b").unlink()
    for row in place.holds():
        parked.release(place.context, row.id, "ann", "they moved it")
    place.run()
    assert place.there(place.inn) == {"a": b"ours", "b": b"ours", "c": b"ours"} and place.holds() == []


def test_a_file_that_comes_at_the_last_moment_is_not_overwritten(quick: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes the name between our look and our renaming stays; then a person is told."""
    rename = Session.rename

    def late(session: Session, old: str, new: str) -> None:
        (quick.inn / "a").write_bytes(b"theirs")
        rename(session, old, new)

    quick.post("a", b"ours")
    with monkeypatch.context() as patched:
        patched.setattr(Session, "rename", late)
        quick.run()
    quick.run(30 * MINUTE_US)
    assert quick.there(quick.inn) == {"a": b"theirs"} and [row.kind for row in quick.holds()] == ["remote"]


def test_the_same_bytes_are_an_earlier_attempts(quick: Place) -> None:
    """A file of our name and bytes is delivered: the reply to an earlier attempt was lost."""
    (quick.inn / "a").write_bytes(b"ours")
    quick.post("a", b"ours")
    quick.run()
    assert quick.there(quick.inn) == {"a": b"ours"} and quick.rows(outbox_table)[0].state == "picked-up"


@pytest.mark.parametrize(
    ("temp", "temp_size", "final_size", "does"),
    [
        ("", None, None, "write"), ("", None, 9, "compare"), ("", None, 8, "occupied"), ("writing", 9, None, "write"),
        ("written", 9, None, "rename"), ("written", 4, None, "write"), ("written", None, None, "taken"),
        ("written", None, 9, "compare"), ("written", 9, 8, "occupied"),
    ],
)  # fmt: skip
def test_what_an_attempt_does(temp: str, temp_size: int | None, final_size: int | None, does: str) -> None:
    """From what lies there and what was committed before, one thing follows."""
    assert push.what(temp, temp_size, final_size, 9) == does


@pytest.mark.parametrize("at", ["begin", "put", "size", "rename", "renamed"])
def test_a_worker_that_dies_while_it_pushes(quick: Place, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Wherever it dies, the next attempt leaves one whole file and no other."""
    quick.post("a", b"ours" * 50_000)
    places: dict[str, tuple[object, str]] = {
        "begin": (push, "_begin"), "put": (push.transfer, "put"), "size": (push, "_note_written"),
        "rename": (push.Session, "rename"), "renamed": (push, "_delivered"),
    }  # fmt: skip
    owner, name = places[at]
    real = getattr(owner, name)

    def die(*args: object) -> None:
        if at in ("begin", "put"):
            real(*args)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, die)
        with pytest.raises(RuntimeError):
            quick.run()
    parked.release_owner(quick.context, "t:")
    quick.run()
    assert quick.there(quick.inn) == {"a": b"ours" * 50_000} and quick.rows(pushing) == []
    assert quick.rows(outbox_table)[0].state == "picked-up"


def test_a_push_that_always_dies_is_set_aside(quick: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed on the way is no progress: after three deaths a person is asked."""
    quick.post("a", b"ours")
    quick.step()

    def die(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(push.transfer, "put", die)
    for _ in range(queue.DEATHS):
        with pytest.raises(RuntimeError):
            quick.run()
        parked.release_owner(quick.context, "t:")
    quick.run()
    assert [row.kind for row in quick.holds()] == ["parked"] and quick.there(quick.inn) == {}


def test_what_the_partner_took_meanwhile_is_not_sent_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The renaming was done, its answer lost, and the partner took the file away before the next attempt."""
    place.post("a", b"ours")

    def die(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(push, "_delivered", die)
        with pytest.raises(RuntimeError):
            place.run()
    (place.inn / "a").unlink()
    parked.release_owner(place.context, "t:")
    place.run()
    assert place.there(place.inn) == {} and place.rows(outbox_table)[0].state == "picked-up"
