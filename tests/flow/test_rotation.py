"""Laws of the master key's change: nothing is lost, nothing is left behind, wherever it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Text, select, update

from gateway.errors import KeyMissing
from gateway.flow import rotation
from gateway.store.engine import Store
from gateway.store.keys import Keys, create_master, retire_master
from gateway.store.schema import blob, document, funding_request, metadata, person, small, upload
from tests.flow.world import World, asked, golden


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation that enrolled, decided and paid: every kind of sealed thing is there."""
    world = World(store, keys, tmp_path, first="2026-04-09")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    world.plan_run("ann", "ben")
    world.deposit(asked(world), "WIRE-1")
    world.advance("2026-04-10")
    return world


def folder(world: World) -> Path:
    """Where its master keys lie."""
    return world.context.keys._folder


def new_master(world: World) -> None:
    """A newer master key, which the running process takes at its next step."""
    create_master(folder(world))
    world.context.keys.look()


def masters(world: World) -> dict[str, set[int]]:
    """Kind -> master keys it needs; every sample opens."""
    found: dict[str, set[int]] = {}
    for need in rotation.needs(world.store, world.context.keys):
        assert need.opened == need.tried > 0, need
        found.setdefault(need.kind, set()).add(need.master)
    return found


def secrets(world: World) -> list[Any]:
    """What is sealed, opened."""
    keys = world.context.keys
    with world.store.read() as connection:
        people = connection.execute(select(person).where(person.c.ssn.is_not(None)).order_by(person.c.person_id)).all()
    ssns = [keys.disclose(row.ssn, rotation.bound(row.sponsor_id, row.person_id)) for row in people]
    return [ssns, world.sent("835"), world.sent("277CA"), world.sent("EFT")]


def test_every_kind_of_sealed_thing_is_known(world: World) -> None:
    """Wherever concealed text or a wrapped key stands after a whole scenario, a kind says so; staged rows are gone."""
    known = {(kind.table.name, kind.column) for kind in rotation.KINDS}
    with world.store.read() as connection:
        for table in (one for one in metadata.sorted_tables if one not in (blob, small)):
            for column in (one for one in table.c if isinstance(one.type, Text)):
                concealed = select(column).where(column.contains('"sealed:')).limit(1)
                assert (table.name, column.name) in known or connection.execute(concealed).first() is None
            for column in (one for one in table.c if isinstance(one.type, LargeBinary)):
                beside = column.name in ("body", "wrapped")  # sealed by the key that stands in the same row
                assert (table.name, column.name) in known or beside
    assert set(masters(world)) == {kind.name for kind in rotation.KINDS} - {"concealed in staged"}


def test_everything_comes_under_the_new_key(world: World) -> None:
    """After a rotation nothing needs the old master key, everything reads as before; a second one does nothing."""
    before = secrets(world)
    assert {tuple(found) for found in masters(world).values()} == {(1,)}
    assert not rotation.is_stale(world.store, world.context.keys)
    new_master(world)
    assert rotation.is_stale(world.store, world.context.keys)
    done = list(rotation.rotate(world.store, world.context.keys))
    assert sum(each.rows for each in done) == sum(each.rows for each in rotation.needs(world.store, world.context.keys))
    assert {tuple(found) for found in masters(world).values()} == {(2,)}
    assert list(rotation.rotate(world.store, world.context.keys)) == []
    retire_master(folder(world), 1)
    assert secrets(world) == before
    assert (world.context.keys.newest, Keys(folder(world)).numbers) == (2, [2])


def test_life_goes_on_after_a_rotation(world: World, tmp_path: Path) -> None:
    """Members enrolled again change nothing, files loaded again are the versions on file: comparisons still hold."""
    with world.store.read() as connection:
        documents = set(connection.execute(select(document.c.kind, document.c.id, document.c.version)))
    create_master(folder(world))
    assert list(rotation.rotate(world.store, Keys(folder(world))))
    again = golden("in.834").replace(b"000000101", b"000000109").replace(b"ENR20260402", b"ENR20260409")
    with world.store.read() as connection:
        before = connection.execute(select(person.c.person_id, person.c.ssn).order_by(person.c.person_id)).all()
    world.send("bluebonnet", "again.834", again)
    World(world.store, world.context.keys, tmp_path, taken_over=False)
    with world.store.read() as connection:
        after = connection.execute(select(person.c.person_id, person.c.ssn).order_by(person.c.person_id)).all()
        assert set(connection.execute(select(document.c.kind, document.c.id, document.c.version))) == documents
    assert after == before
    assert {tuple(found) for found in masters(world).values()} == {(2,)}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_rotation_may_stop_after_any_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after each batch in turn and begun anew it ends as if it ran through; all is readable between."""
    before = secrets(world)
    monkeypatch.setattr(rotation, "KINDS", tuple(kind._replace(rows=2) for kind in rotation.KINDS))
    new_master(world)
    stops = 0
    while rotation.is_stale(world.store, world.context.keys):
        next(rotation.rotate(world.store, world.context.keys))
        stops += 1
        if stops % 5 == 0:
            assert secrets(world) == before
    assert stops > len(rotation.KINDS)
    assert {tuple(found) for found in masters(world).values()} == {(2,)}
    assert secrets(world) == before


KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from gateway.flow import rotation
from gateway.store.engine import Store
from gateway.store.keys import Keys

class Dying(Store):
    left = int(sys.argv[3])

    @contextmanager
    def write(self, cause):
        with super().write(cause) as connection:
            yield connection
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

rotation.KINDS = tuple(kind._replace(rows=3) for kind in rotation.KINDS)
for _ in rotation.rotate(Dying(sys.argv[1]), Keys(Path(sys.argv[2]))):
    pass
"""
"""A rotation whose process is killed within its n-th transaction."""


def test_a_killed_rotation_is_gone_on_with(world: World, store_url: str) -> None:
    """A process killed in the midst of a transaction loses that batch only; the next goes on, until one ends."""
    before = secrets(world)
    new_master(world)
    for passed in (0, 3):
        killed = subprocess.run([sys.executable, "-c", KILLED, store_url, str(folder(world)), str(passed)], timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert secrets(world) == before
    list(rotation.rotate(world.store, world.context.keys))
    assert {tuple(found) for found in masters(world).values()} == {(2,)}
    assert secrets(world) == before


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_row_that_changed_meanwhile_is_left_to_the_next_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading and writing somebody may change a row: it is not overwritten, and its newer state is renewed."""
    new_master(world)
    (body,) = (kind for kind in rotation.KINDS if kind.table is funding_request)
    with world.store.read() as connection:
        text = connection.execute(select(funding_request.c.body)).scalar_one()
    changed = text.replace("{", '{"added":1,', 1)

    def renew(keys: Keys, row: Any) -> dict[str, Any]:
        with world.store.write("meanwhile") as connection:
            connection.execute(update(funding_request).where(funding_request.c.body == text).values(body=changed))
        return body.renew(keys, row)

    monkeypatch.setattr(rotation, "KINDS", (body._replace(renew=renew),))
    assert [each.rows for each in rotation.rotate(world.store, world.context.keys)] == [0, 1]
    with world.store.read() as connection:
        kept = connection.execute(select(funding_request.c.body)).scalar_one()
    assert kept.startswith('{"added":1,') and '"sealed:2:' in kept


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_does_not_open_is_told(world: World) -> None:
    """A spoiled row counts as not opened and stops a rotation; a master key that is gone is missed by name."""
    with world.store.write("spoil") as connection:
        connection.execute(update(upload).values(key=b"\0\0\0\1" + os.urandom(60)))
    told = {need.kind: need for need in rotation.needs(world.store, world.context.keys)}
    assert told["files received"].opened == 0 < told["files received"].tried
    assert told["files sent"].opened == told["files sent"].tried
    new_master(world)
    with pytest.raises(KeyMissing):
        list(rotation.rotate(world.store, world.context.keys))
    retire_master(folder(world), 1)
    world.context.keys = Keys(folder(world))
    with pytest.raises(KeyMissing, match="master-1"):
        world.sent("835")
