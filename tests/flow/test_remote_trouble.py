"""Partners' servers that break off, fall silent or are others: one file, one hold, and calls that grow seldom.

`REMOTE_CUTS=1000 pytest tests/flow/test_remote_trouble.py -k cut` injects a thousand disconnects.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import structlog

from gateway import logs
from gateway.clock import MINUTE_US, SECOND_US, utc_us
from gateway.errors import BadData, ConfigError
from gateway.flow import breaker, loading, parked, remote, worker
from gateway.flow.breaker import LONGEST_US, OPENS_AT, SHORTEST_US, Breaker
from gateway.flow.partner_server import Remote, next_look_us, wrong
from gateway.store import queue
from gateway.store.keys import Keys
from gateway.store.schema import audit, outbox, work
from gateway.store.schema import remote as remote_table
from sftp_drop.hostkey import make_host_key
from tests.flow.partner_place import Place, place_on_sqlite
from tests.patience import PATIENCE_S, wait
from tests.sftp_drop.remote_servers import PASSWORD, CutLine, Odd, Sshd, key_of, odd_server, silent_server

CUTS = int(os.environ.get("REMOTE_CUTS", "40"))
SEED = int(os.environ.get("REMOTE_SEED", "4"))
NEEDS_SSHD = pytest.mark.program("sshd")
GOOD = Remote(
    host="h", user="u", host_keys=("SHA256:" + "a" * 43,), key_file="/k", fetch="out", send="in", reports="reports"
)  # fmt: skip


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The machine's sshd."""
    started = Sshd(tmp_path_factory.mktemp("sshd"))
    yield started
    started.stop()


@pytest.fixture
def place(sqlite_template: Path, keys: Keys, sshd: Sshd, tmp_path: Path) -> Iterator[Place]:
    """An installation on SQLite, and its partner's server."""
    with place_on_sqlite(sqlite_template, keys, sshd, tmp_path) as made:
        yield made


# ---- a line that is cut ----------------------------------------------------------------------------------------------


@NEEDS_SSHD
def test_whenever_the_line_is_cut_a_file_arrives_once(place: Place, sshd: Sshd) -> None:
    """Cut after any byte, any number of times: each file is there once, whole, under its name, and received once.

    The partner takes some of what it finds between two attempts: that is not sent again.
    """
    chance, cuts = random.Random(SEED), 0

    def budget() -> int | None:
        nonlocal cuts
        if chance.random() < 0.15:  # now and then a connection holds, or nothing would ever be done
            return None
        cuts += 1
        return chance.choice([chance.randrange(1, 9_000), chance.randrange(9_000, 300_000)])

    line = CutLine(sshd.port, budget)
    place.say(port=line.port)
    place.chance = lambda: 0.0
    sent: dict[str, bytes] = {}
    brought: dict[str, bytes] = {}
    taken: list[tuple[str, bytes]] = []
    numbers = itertools.count()
    while cuts < CUTS:
        for _ in range(2):
            name = f"{next(numbers):05d}"
            sent[name], brought[name] = (chance.randbytes(chance.randrange(100_000)) for _ in range(2))
            place.post(name, sent[name])
            (place.out / name).write_bytes(brought[name])
        for _ in range(200):
            place.run(31 * SECOND_US)
            seen = {name: body for name, body in place.there(place.inn).items() if not name.startswith(".")}
            assert all(sent[name] == body for name, body in seen.items()), "a part of a file has its name"
            for name in seen:
                if chance.random() < 0.5:
                    taken.append((name, (place.inn / name).read_bytes()))
                    (place.inn / name).unlink()
            if not list(place.out.iterdir()) and all(row.state == "picked-up" for row in place.rows(outbox)):
                break
        else:
            raise AssertionError(f"seed {SEED}: it does not come to an end after {cuts} cuts")
    line.stop()
    place.say(port=sshd.port)
    place.run(60 * MINUTE_US)
    left = place.there(place.inn)
    assert not [name for name in left if name.startswith(".")]
    assert sorted([*taken, *left.items()]) == sorted(sent.items())
    assert sorted(place.receipts()) == sorted(brought.items())
    assert place.holds() == []


@NEEDS_SSHD
def test_a_silent_server_keeps_no_claim_waiting(place: Place, tmp_path: Path) -> None:
    """While a worker waits for a partner's server, it does its other steps; and it leaves when it is told to."""
    with silent_server() as port:
        place.say(port=port, fetch="")
        place.post("a", b"ours")
        worker.work_once(place.context, "t:deliver", "home")
        command = [sys.executable, "-c", WORKER, str(place.context.store.url), str(tmp_path / "keys")]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait(lambda: _owners(place, "push") == ["t:worker"], "the worker")
        with place.context.store.write("test") as connection:
            queue.enqueue(connection, utc_us(), "chain", lane="chain")
        wait(lambda: _owners(place, "chain") == [], "the end of another step")
        assert _owners(place, "push") == ["t:worker"]
        running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 0


WORKER = """
import sys
from pathlib import Path
from gateway.flow import worker
from gateway.flow.context import Context
from gateway.store import queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
sys.exit(worker.main(Context(Store(sys.argv[1]), Keys(Path(sys.argv[2])), "T"), "t:worker"))
"""


def _owners(place: Place, kind: str) -> list[str | None]:
    return [row.owner for row in place.rows(work) if row.kind == kind]


# ---- whom we do not call ---------------------------------------------------------------------------------------------


@NEEDS_SSHD
def test_another_host_key_stops_delivery(place: Place, tmp_path: Path) -> None:
    """One failure opens a hold that shows the key; nothing is sent until the pins say so, then everything is."""
    pin, other = place.remote.host_keys[0], key_of(make_host_key(tmp_path / "other"))
    place.say(host_keys=(other,))
    place.post("a", b"ours")
    place.run()
    for _ in range(5):
        place.run(31 * MINUTE_US)
    (told,) = place.holds()
    assert told.kind == "remote" and told.subject == "partner p1" and pin in told.reason
    assert place.there(place.inn) == {} and place.rows(outbox)[0].state == "waiting"
    place.say(host_keys=(other, pin))
    parked.release(place.context, told.id, "ann", "the bank announced it")
    place.run()
    assert place.there(place.inn) == {"a": b"ours"} and place.holds() == []


@NEEDS_SSHD
def test_a_server_that_is_down_is_called_ever_more_seldom(place: Place) -> None:
    """After some failures a person is told, once; the first call that succeeds closes the hold and sends the rest."""
    with silent_server() as port:
        pass
    place.say(port=port, fetch="")
    place.post("a", b"ours")
    place.run()
    for _ in range(OPENS_AT - 1):
        assert place.holds() == []
        place.run(3 * MINUTE_US)
    (told,) = place.holds()
    assert told.reason == "the server cannot be reached" and place.rows(remote_table)[0].failures == OPENS_AT
    place.post("b", b"too")
    place.run()  # too soon: nobody calls
    assert place.rows(remote_table)[0].failures == OPENS_AT
    place.say(port=place.sshd.port)
    place.run(31 * MINUTE_US)
    assert place.there(place.inn) == {"a": b"ours", "b": b"too"} and place.holds() == []
    assert place.rows(remote_table)[0].failures == 0


@NEEDS_SSHD
def test_a_person_may_ask_for_a_call_now(place: Place) -> None:
    """`fetch` and `push` call at once, whatever the schedule and earlier failures say; without a server it is told."""
    place.run()
    (place.out / "a").write_bytes(b"one")
    place.run()
    assert place.receipts() == []
    for _ in range(2):
        with place.context.store.write("ask") as connection:
            assert remote.ask(connection, place.context, "p1", "pull") == 1
        place.run()
        place.run(31 * SECOND_US)
    assert place.receipts() == [("a", b"one")]
    place.say(send="")
    for partner, kind in (("p1", "push"), ("nobody", "pull")):
        with pytest.raises(ConfigError), place.context.store.write("ask") as connection:
            remote.ask(connection, place.context, partner, kind)


@NEEDS_SSHD
def test_nothing_secret_is_written_down(place: Place, tmp_path: Path) -> None:
    """No password, no name of a file and nothing of its bytes is in a log line, the audit or a hold."""
    said = io.StringIO()
    logs.configure(said)
    odd = Odd()
    odd.files["DOE.837"] = bytearray(b"ISA*SMITH")
    with odd_server(odd, tmp_path) as server:
        place.say(port=server.port, user="gateway", key_file="", password_file=str(server.secret),
                  host_keys=server.host_keys, fetch="/", send="/")  # fmt: skip
        place.run()
        place.run(MINUTE_US)
        odd.stat_adds = 5
        odd.files["ROE.837"] = bytearray(b"ISA*JONES")
        for _ in range(8):
            place.run(31 * MINUTE_US)
        Path(server.secret).write_text("wrong-secret")
        place.run(31 * MINUTE_US)
    assert [body for _, body in place.receipts()] == [b"ISA*SMITH"] and place.holds()
    structlog.reset_defaults()
    assert "received" in said.getvalue() and all(json.loads(line) for line in said.getvalue().splitlines())
    written = said.getvalue() + repr(place.rows(audit)) + repr(place.holds())
    for secret in (PASSWORD, "wrong-secret", "DOE", "ROE", "SMITH", "JONES"):
        assert secret not in written


# ---- pure ------------------------------------------------------------------------------------------------------------


def test_waits_grow_within_bounds() -> None:
    """5 s to 10 s, then up to twice that, half an hour at last; what a person must mend opens at once."""
    state, longest = Breaker(), []
    for number in range(12):
        shortest = breaker.failed(state, 7, "down", 0.0, stops=False)
        state = breaker.failed(state, 7, "down", 1.0, stops=False)
        assert shortest.next_us == 7 + SHORTEST_US and state.is_open == (number + 1 >= OPENS_AT)
        longest.append((state.next_us - 7) // SECOND_US)
    assert longest == [10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800, 1800]
    stopped = breaker.failed(Breaker(), 7, "host key", 1.0, stops=True)
    assert stopped.is_open and stopped.next_us == 7 + LONGEST_US


def test_when_a_folder_is_looked_at() -> None:
    """Every so many minutes, or as cron says in local time."""
    now_us = int(datetime(2026, 3, 2, 5, 59, tzinfo=UTC).timestamp()) * SECOND_US
    assert next_look_us(GOOD, now_us) == now_us + 15 * MINUTE_US
    daily = msgspec.structs.replace(GOOD, cron="30 6 * * 1-5")
    looked = datetime.fromtimestamp(next_look_us(daily, now_us) // SECOND_US)
    assert (looked.hour, looked.minute) == (6, 30) and looked.timestamp() * SECOND_US > now_us


def test_clocks_that_are_set_back_make_no_look_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the hours around summer's begin and end the next look lies ahead, and no further than at other times.

    A look that was due an hour ago would call the partner's server again and again for an hour.
    """
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        often = msgspec.structs.replace(GOOD, cron="*/15 * * * *")
        nightly = msgspec.structs.replace(GOOD, cron="30 1 * * *")
        for begin in (datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)):
            for minute in range(240):
                now_us = (int(begin.timestamp()) + 60 * minute) * SECOND_US
                assert 0 < next_look_us(often, now_us) - now_us <= 15 * MINUTE_US
                assert 0 < next_look_us(nightly, now_us) - now_us <= 25 * 60 * MINUTE_US
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""), ({"host": " "}, "host"), ({"port": 0}, "port"), ({"user": ""}, "user"),
        ({"host_keys": ()}, "host_keys"), ({"host_keys": ("ssh-ed25519 AAAA",)}, "host_keys"),
        ({"key_file": ""}, "key_file, password_file: one"), ({"password_file": "/p"}, "key_file, password_file: one"),
        ({"key_file": "k"}, "key_file, password_file: an absolute"), ({"fetch": "out/"}, "fetch, send"),
        ({"fetch": "", "send": "", "reports": ""}, "fetch, send, reports: one"), ({"pattern": "a/*"}, "pattern, done"),
        ({"pattern": ""}, "pattern: missing"), ({"after": "move"}, "moved"), ({"moved": "x"}, "moved"),
        ({"after": "move", "moved": "out"}, "moved"), ({"every_minutes": 0}, "every_minutes"),
        ({"cron": "often"}, "cron"), ({"cron": "0 0 31 2 *"}, "cron"), ({"largest_mib": 0}, "largest_mib"),
    ],
)  # fmt: skip
def test_settings_that_contradict_themselves(changes: dict[str, object], said: str) -> None:
    """Each mistake is told by the name of its setting, and nothing else is."""
    told = list(wrong(msgspec.structs.replace(GOOD, **changes)))
    assert told == [] if not said else len(told) == 1 and told[0].startswith(said)


def test_a_partner_with_wrong_settings_is_not_loaded(tmp_path: Path) -> None:
    """The sentence names the partner and the setting."""
    file = tmp_path / "partners.toml"
    file.write_text(
        '[[partner]]\nid = "p1"\nfirst = 2026-01-01\nname = "P"\nisa_id = "P1"\n'
        '[partner.remote]\nhost = "h"\nuser = "u"\nhost_keys = ["SHA256:short"]\nkey_file = "/k"\nsend = "in"\n'
    )
    with pytest.raises(BadData, match=r"partner p1: remote\.host_keys: one at least"):
        loading.prepare(file)
