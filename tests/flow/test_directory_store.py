"""Claimed files become receipts as the door's uploads do; what leaves lies as a file until its partner takes it."""

from __future__ import annotations

import itertools
import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from gateway import settings
from gateway.errors import ConfigError, GatewayError, InputOutput, WorkElsewhere
from gateway.flow import opening, placing, uploads
from gateway.flow.directory import StoreKeeper
from gateway.store import outbox, sealed
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit, blob, claimed, hold, placed, receipt, small, upload
from gateway.store.schema import outbox as outbox_table
from sftp_drop.directory import claims
from sftp_drop.directory.claims import Claim
from sftp_drop.directory.inbox import Inbox
from sftp_drop.directory.sights import Waits
from sftp_drop.directory.tree import Tree
from tests.flow.world import World, begun, golden
from tests.sftp_drop.directory_site import another_file_system

SENDER = "clearpath"


class Folders:
    """An installation whose partner comes by folders; nothing waits."""

    def __init__(self, world: World, root: Path) -> None:
        self.world, self.context = world, world.context
        self.home = root / SENDER
        for name in ("inbound", "outbound", "reports"):
            (self.home / name).mkdir(parents=True)
        self.tree = self.context.directory = Tree(root)
        self.woken = 0
        self.keeper = StoreKeeper(self.context, self.tree, self._wake)
        self._ids = itertools.count(1)

    def _wake(self) -> None:
        self.woken += 1

    def inbox(self) -> Inbox:
        """A daemon that begins."""
        waits = Waits(settle_s=0.0, stable_s=0.0)
        return Inbox(self.tree, SENDER, self.keeper, waits, self._new_id, lambda: 0.0, lambda: False)

    def _new_id(self) -> str:
        return f"batch{next(self._ids):06}"

    def put(self, name: str, body: bytes) -> None:
        """The site's server wrote a file."""
        (self.home / "inbound" / name).write_bytes(body)

    def look(self) -> None:
        """A full look."""
        self.inbox().round({}, True)

    def rows(self, table: Any) -> list[Any]:
        """Rows of a table."""
        with self.world.store.read_blob() if table is blob else self.world.store.read() as connection:
            return list(connection.execute(table.select().order_by(*table.primary_key.columns)))

    def sealed(self) -> list[str]:
        """The upload of every sealed row, wherever it lies."""
        return [row.upload_id for table in (blob, small) for row in self.rows(table)]

    def received(self) -> list[tuple[str, bytes]]:
        """Name and bytes under every receipt, read back from the sealed rows."""
        by_id = {row.id: row for row in self.rows(upload)}
        found = []
        for row in self.rows(receipt):
            mine = by_id[row.upload_id]
            assert (mine.state, mine.size, mine.sha256) == ("received", row.size, row.sha256)
            pieces = sealed.stream(self.world.store, mine.id, self.context.keys.unwrap(mine.key), row.size)
            found.append((row.name, b"".join(pieces)))
        return found

    def names(self, folder: str = "outbound") -> list[str]:
        """What the partner's own server shows."""
        return sorted(name for name in os.listdir(self.home / folder) if not name.startswith("."))


@pytest.fixture
def folders(store: Store, keys: Keys, tmp_path: Path) -> Folders:
    """An installation on the golden scenario's day, once on each engine."""
    world = begun(store, keys, tmp_path, taken_over=False)
    return Folders(world, tmp_path / "root")


# ---- in --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, sealed.ROW - 1, sealed.ROW, sealed.ROW + 1, 3 * sealed.ROW + 5])
def test_a_claimed_file_is_sealed_as_an_upload_is(folders: Folders, size: int) -> None:
    """Whatever its size: the rows, the receipt, the audit and the intake step are those of an upload at the door."""
    body = os.urandom(size)
    folders.put("a.837", body)
    folders.look()
    folders.world.put(SENDER, "b.837", body)
    assert folders.received() == [("a.837", body), ("b.837", body)]
    by_folder, by_door = folders.rows(receipt)
    assert by_folder.sha256 == by_door.sha256
    rows = folders.sealed()
    assert rows.count(by_folder.upload_id) == rows.count(by_door.upload_id) == sealed.rows_of(size)
    told = [(row.actor, row.action, row.entity) for row in folders.rows(audit) if row.action == "receive"]
    assert told == [(SENDER, "receive", "receipt 1"), (SENDER, "receive", "receipt 2")]
    assert folders.woken == 1
    assert os.listdir(folders.home / "inbound") == os.listdir(folders.home / ".work") == []


def test_a_file_is_worked_like_any_other(folders: Folders) -> None:
    """A good 837 dropped as a file is answered by files in the partner's own outbound folder."""
    folders.put("p.837", golden("in.837p"))
    folders.look()
    folders.world.run()
    assert [row.state for row in folders.rows(receipt)] == ["decided"]
    kinds = {name.split(".")[-2] for name in folders.names()}
    assert kinds == {"999", "277CA"}
    for row in folders.rows(outbox_table):
        body = (folders.home / "outbound" / row.name).read_bytes()
        assert body == outbox.open_body(folders.context.keys, row)


def test_what_a_killed_client_left_is_refused_with_a_report(folders: Folders) -> None:
    """A file that ends anywhere before its IEA lies in quarantine with a report; nothing of it is worked."""
    whole = golden("in.837p")
    ends = [50, 106, 300, len(whole) // 2, whole.rindex(b"IEA") + 2]
    for end in ends:
        folders.put(f"cut{end:06}.837", whole[:end])
    folders.look()
    folders.world.run()
    assert {row.state for row in folders.rows(receipt)} == {"quarantined"}
    assert len(folders.rows(hold)) == len(ends)
    assert len([name for name in folders.names("reports") if name.endswith(".txt")]) == len(ends)
    assert not any("277CA" in name for name in folders.names())


def test_a_claim_is_received_once_whatever_dies(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Died while reading, before the receipt, or behind it: the next daemon makes it one receipt with all bytes."""
    body = os.urandom(2 * sealed.ROW + 9)

    class Died(BaseException):
        pass

    def dies_in(target: Any, name: str, nth: int, behind: bool = False) -> None:
        original, calls = getattr(target, name), itertools.count(1)

        def dying(*args: Any, **named: Any) -> Any:
            if next(calls) != nth:
                return original(*args, **named)
            if behind:
                original(*args, **named)
            raise Died

        patched = monkeypatch.context()
        with patched as patch:
            patch.setattr(target, name, dying)
            with pytest.raises(Died):
                folders.look()

    deaths: list[tuple[Any, str, int, bool]] = [
        (claims.Batch, "settle", 1, False), (sealed, "put", 2, False), (uploads, "close", 1, False),
        (uploads, "close", 1, True), (claims.Batch, "remove", 1, True),
    ]  # fmt: skip
    for number, (target, name, nth, behind) in enumerate(deaths):
        folders.put(f"{number}.837", body)
        dies_in(target, name, nth, behind)
        folders.look()
        assert folders.received() == [(f"{n}.837", body) for n in range(number + 1)]
        assert list((folders.home / ".work").glob("*/*")) == []
    folders.look()
    assert len(folders.rows(receipt)) == len(folders.rows(claimed)) == len(deaths)


def test_two_daemons_without_locks_make_one_receipt(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system knows no locks two daemons may read one claim: the second finds the first one's receipt."""
    monkeypatch.setattr(claims, "_lock", lambda folder: True)
    body = os.urandom(sealed.ROW + 1)
    folders.put("a.837", body)
    original = claims.Claim.pieces

    def pieces(self: Claim) -> Any:
        yield from original(self)
        monkeypatch.setattr(claims.Claim, "pieces", original)
        folders.look()  # the other daemon, from beginning to end

    monkeypatch.setattr(claims.Claim, "pieces", pieces)
    folders.look()
    assert folders.received() == [("a.837", body)]
    assert set(folders.sealed()) == {row.upload_id for row in folders.rows(receipt)}
    assert [row.state for row in folders.rows(upload)] == ["received"]


def test_a_disk_that_cannot_be_read_leaves_nothing_behind(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read error in the middle leaves no rows and no upload; other files are received, this one when it can be."""
    for name in ("a.837", "b.837"):
        folders.put(name, os.urandom(2 * sealed.ROW))
    original = claims.Claim.pieces

    def pieces(self: Claim) -> Any:
        for number, piece in enumerate(original(self)):
            if self.name == "a.837" and number == 1:
                raise OSError(5, "disk")
            yield piece

    with monkeypatch.context() as patch:
        patch.setattr(claims.Claim, "pieces", pieces)
        folders.look()
        assert [name for name, _ in folders.received()] == ["b.837"]
        assert [row.name for row in folders.rows(upload)] == ["b.837"]
        assert set(folders.sealed()) == {row.upload_id for row in folders.rows(receipt)}
    folders.look()
    assert sorted(name for name, _ in folders.received()) == ["a.837", "b.837"]


def test_a_store_that_fails_loses_nothing(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database takes nothing the files wait; then each has one receipt."""
    names = [f"{number}.837" for number in range(5)]
    for name in names:
        folders.put(name, b"ISA")

    def fails(*args: Any) -> None:
        raise InputOutput("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(sealed, "put", fails)
        folders.look()
    assert folders.rows(receipt) == []
    folders.look()
    folders.look()
    assert sorted(name for name, _ in folders.received()) == names


# ---- out -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def answered(folders: Folders) -> Folders:
    """A partner with an answer in its folder: files whose names the outbox says."""
    folders.put("p.837", golden("in.837p"))
    folders.look()
    folders.world.run()
    return folders


def test_files_put_out_are_whole_and_nobody_writes_them(answered: Folders) -> None:
    """What lies in outbound is mode 0440, under its final name only."""
    for name in os.listdir(answered.home / "outbound"):
        assert not name.startswith(".")
        assert stat.S_IMODE((answered.home / "outbound" / name).stat().st_mode) == 0o440


def test_a_file_taken_away_is_picked_up(answered: Folders) -> None:
    """A partner who deletes a file or moves it away has picked it up: seen at the next look, in the audit, once."""
    first, second = answered.names()
    (answered.home / "outbound" / first).unlink()
    (answered.home / "outbound" / second).rename(answered.home / "outbound" / "kept")
    answered.look()
    answered.look()
    rows = answered.rows(outbox_table)
    assert {row.state for row in rows} == {"picked-up"}
    told = [(row.actor, row.entity) for row in answered.rows(audit) if row.action == "pick up"]
    assert sorted(told) == sorted((SENDER, f"outbox {row.id}") for row in rows)
    assert (answered.rows(placed), answered.names()) == ([], ["kept"])


def test_a_file_taken_at_our_door_leaves_the_folder(answered: Folders) -> None:
    """What a partner deletes at the SFTP door is gone from its folder, too."""
    with answered.world.store.write("test") as connection:
        connection.execute(update(outbox_table).values(state="picked-up"))
    answered.look()
    assert (answered.names(), answered.rows(placed)) == ([], [])


def test_a_step_that_dies_puts_a_file_out_once(answered: Folders) -> None:
    """Died before the note: the next attempt puts it out. Died behind it: the look only gives it its name."""
    (first, *_) = answered.rows(outbox_table)
    out = answered.home / "outbound"
    body = (out / first.name).read_bytes()
    (out / first.name).unlink()
    with answered.world.store.write("test") as connection:
        connection.execute(delete(placed).where(placed.c.outbox_id == first.id))
    dead, noted = (placing.write(answered.context, first.id) for _ in range(2))
    assert dead is not None
    assert noted is not None
    with answered.world.store.write("test") as connection:
        placing.note(connection, noted)
        placing.note(connection, dead)
    assert first.name not in answered.names()
    placing.show(answered.context, dead)  # it noted too late: its file is not the one
    assert first.name not in answered.names()
    answered.look()
    assert (out / first.name).read_bytes() == body
    assert [row.state for row in answered.rows(outbox_table) if row.id == first.id] == ["visible"]


def test_what_dead_attempts_left_is_swept(answered: Folders) -> None:
    """A hidden file nobody noted goes after an hour, a younger one stays: its attempt may live."""
    out = answered.home / "outbound"
    for name, age_s in ((".tmp-old", 3700), (".tmp-young", 60)):
        (out / name).write_bytes(b"")
        os.utime(out / name, (time.time() - age_s,) * 2)
    answered.look()
    assert [name for name in os.listdir(out) if name.startswith(".")] == [".tmp-young"]


def test_a_folder_that_takes_nothing_holds_nobody_up(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an outbound folder is full the steps go on, and the door shows the answers; then they are put out."""

    def full(*args: Any) -> None:
        raise OSError(28, "full")

    folders.put("p.837", golden("in.837p"))
    folders.look()
    with monkeypatch.context() as patch:
        patch.setattr(placing.shelf, "write", full)
        folders.world.run()
    assert {row.state for row in folders.rows(outbox_table)} == {"visible"}
    assert folders.names() == []
    folders.look()
    assert folders.names() == sorted(row.name for row in folders.rows(outbox_table))


def test_a_name_that_is_taken_keeps_its_own_file_alone(folders: Folders) -> None:
    """Where a partner made a folder of an answer's name the steps go on, and its other files; then that one does."""
    first = "R000000001-1.999.x12"
    (folders.home / "outbound" / first).mkdir()
    folders.put("p.837", golden("in.837p"))
    folders.look()
    folders.world.run()
    names = sorted(row.name for row in folders.rows(outbox_table))
    assert first in names and len(names) == 2
    (folders.home / "outbound" / names[1 - names.index(first)]).unlink()
    folders.look()
    assert folders.names() == [first], "that the other was taken is noted"
    assert {row.name: row.state for row in folders.rows(outbox_table)}[first] == "visible"
    (folders.home / "outbound" / first).rmdir()
    folders.look()
    assert folders.names() == [first] and (folders.home / "outbound" / first).is_file()
    assert sorted(row.state for row in folders.rows(outbox_table)) == ["picked-up", "visible"]


def test_partners_without_folders_use_the_door_alone(folders: Folders) -> None:
    """Directory mode is for whom the settings name and who has folders; nothing changes for others."""
    folders.context.directory = Tree(folders.tree.root, None, frozenset({"lakeline"}))
    assert StoreKeeper(folders.context, folders.context.directory, lambda: None).partners() == []
    folders.world.send(SENDER, "p.837", golden("in.837p"))
    assert (folders.names(), folders.rows(placed)) == ([], [])
    assert {row.state for row in folders.rows(outbox_table)} == {"visible"}
    folders.context.directory = folders.tree
    assert folders.keeper.partners() == [SENDER]
    folders.look()
    assert folders.names() == sorted(row.name for row in folders.rows(outbox_table)), "from then on they are files, too"


# ---- settings --------------------------------------------------------------------------------------------------------


def test_settings_say_where_folders_lie(tmp_path: Path) -> None:
    """Without a root nothing is watched; relative folders lie beside the settings file."""
    file = tmp_path / "gateway.toml"
    file.write_text("")
    assert opening.tree_of(settings.load(file)) is None
    file.write_text('[directory]\nroot = "edi"\npartners = ["clearpath"]\nwork = "work"\n')
    found = opening.tree_of(settings.load(file))
    assert found == Tree(tmp_path / "edi", tmp_path / "work", frozenset({"clearpath"}))
    file.write_text("[directory]\nwatch = 'sometimes'\n")
    with pytest.raises(ConfigError):
        settings.load(file)


def test_a_start_that_could_not_claim_is_refused(folders: Folders) -> None:
    """Folders on two file systems, or missing for a partner the settings name, are a sentence with exit code 78."""
    root = folders.tree.root
    folders.keeper.check()
    with another_file_system(root) as elsewhere:
        refused: list[tuple[Tree, type[GatewayError]]] = [
            (Tree(root, None, frozenset({"lakeline"})), ConfigError), (Tree(root, elsewhere), WorkElsewhere),
        ]  # fmt: skip
        for tree, kind in refused:
            with pytest.raises(kind) as error:
                StoreKeeper(folders.context, tree, lambda: None).check()
            assert (error.value.exit_code, type(error.value)) == (78, kind)
