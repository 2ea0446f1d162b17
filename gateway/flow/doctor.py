"""Is this installation fit to run? `CHECKS` is the whole list: each asks one thing and says it in one sentence.

Nothing is changed and no partner's data is read. A check that does not apply (no daemon runs, no database answers)
says nothing rather than that all is well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.clock import SECOND_US
from gateway.errors import ConfigError, GatewayError, InputOutput, KeyMissing, NotPermitted, PortTaken, Unavailable
from gateway.flow import host_keys, machine, rotation
from gateway.flow.fitness import Check, State
from gateway.flow.partner_keys import ENDING_US
from gateway.settings import Settings
from gateway.store import installation, login_keys, migrate
from gateway.store.engine import Store
from gateway.store.keys import Keys, master_files
from gateway.store.schema import audit
from sftp_drop import hello

WAIT_S = 5.0
"""How long a door or a database on this machine may take to say the first word; both need milliseconds."""

DISK_FAIL_BYTES, DISK_WARN_BYTES = 1 << 30, 10 << 30
"""Below 1 GiB a day of a large clearinghouse (500 MB) does not fit twice; ten times that warns days before."""

WAL_WARN_BYTES = 256 << 20
"""SQLite folds its log back at 4 MB; one sixty times as long says that a reader never ends."""

SKEW_WARN_US, SKEW_FAIL_US = 2 * SECOND_US, 60 * SECOND_US
"""Leases and beats are seconds; a minute makes keys open and close at the wrong time."""


Found = Iterator[tuple[State, str, str] | tuple[State, str]]
"""State, sentence, and what to do where there is something."""


class Site:
    """An installation being looked at; what does not open is found by the check that is about it."""

    def __init__(self, settings: Settings, config: Path) -> None:
        self.settings, self.config = settings, config

    @cached_property
    def store(self) -> Store:
        """Its database, whether it answers or not."""
        return Store(self.settings.database_url)

    @cached_property
    def answers(self) -> bool:
        """Whether the database answers and is at this version's schema."""
        try:
            migrate.require_current(self.store)
        except (GatewayError, SQLAlchemyError):
            return False
        return True

    @cached_property
    def master_folder(self) -> Path:
        """Where its master keys lie."""
        return self.settings.path(self.settings.keys.folder)

    @cached_property
    def running(self) -> dict[str, Any] | None:
        """What the running daemon says of itself; None when none runs."""
        try:
            said = json.loads(self.settings.path("run.json").read_bytes())
        except (OSError, ValueError):
            return None
        return dict(said) if machine.alive(said["pid"]) else None


def examine(settings: Settings, config: Path) -> list[Check]:
    """Asks everything, in order; what a check stumbles over is its answer."""
    site = Site(settings, config)
    try:
        return [check for name, ask, error in CHECKS for check in _asked(site, name, ask, error)]
    finally:
        site.store.close()


def _asked(site: Site, name: str, ask: Callable[[Site], Found], error: type[GatewayError]) -> Iterator[Check]:
    try:
        for state, said, *todo in ask(site):
            code = error.exit_code if state == "fail" else 0
            yield Check(name=name, state=state, said=said, todo=todo[0] if todo else "", exit_code=code)
    except GatewayError as trouble:
        yield Check(name=name, state="fail", said=str(trouble), exit_code=trouble.exit_code)
    except SQLAlchemyError as trouble:  # its message may repeat data
        said = f"the database refuses ({type(trouble).__name__})"
        yield Check(name=name, state="fail", said=said, exit_code=Unavailable.exit_code)


# ---- files -----------------------------------------------------------------------------------------------------------


def _state_folder(site: Site) -> Found:
    folder = Path(site.settings.folder)
    if machine.others_may(folder):
        yield "fail", f"other users may look into {folder}", f"chmod 700 {folder}"
    else:
        yield "ok", f"{folder} is its owner's only"


RESTORE = "bring the master keys back: gateway key restore FILE"


def _key_files(site: Site) -> Found:
    masters = [path for _, path in master_files(site.master_folder)]
    hosts = [site.settings.path(name) for name in site.settings.sftp.host_keys]
    secret = [site.master_folder, *masters, *hosts, site.settings.path(site.settings.http.token_file)]
    bad = False
    for path in secret:
        if not path.exists():
            bad = True
            yield "fail", f"{path} is missing", RESTORE if path == site.master_folder else "bring it back from a backup"
        elif machine.others_may(path):
            bad = True
            yield "fail", f"other users may read {path}", f"chmod {'700' if path.is_dir() else '600'} {path}"
        elif path.stat().st_uid not in (os.geteuid(), 0):
            bad = True
            yield "warn", f"{path} belongs to another user", "run as the user that owns the installation"
    if not bad:
        yield "ok", f"{len(masters)} master and {len(hosts)} host keys, the token: private"


def _keys_apart(site: Site) -> Found:
    inside = site.master_folder.resolve().is_relative_to(Path(site.settings.folder).resolve())
    if inside:
        yield (
            "warn",
            "the master keys lie beside the data they open, in its backups, too",
            "set [keys] folder elsewhere",
        )
    else:
        yield "ok", "the master keys lie apart from the data"


def _host_keys(site: Site) -> Found:
    for key in host_keys.listed(site.settings):
        yield "ok", f"{key.file}: {key.kind} {key.fingerprint} is {key.state}"


def _disk(site: Site) -> Found:
    free = machine.free_bytes(Path(site.settings.folder))
    said = f"{free / (1 << 30):.1f} GiB free for the state"
    if free < DISK_FAIL_BYTES:
        yield "fail", said, "make room: files are refused when the disk is full"
    elif free < DISK_WARN_BYTES:
        yield "warn", said, "make room within days"
    else:
        yield "ok", said


def _encrypted(site: Site) -> Found:
    if site.store.is_sqlite and machine.encrypted(Path(site.settings.folder)):
        yield "ok", "the state lies on an encrypted disk"
    else:
        yield ("warn", "names and claims are plain in the database, and no encrypted disk is seen under it",
               "put it on LUKS or an encrypted tablespace; SSNs, accounts and raw files are sealed")  # fmt: skip


# ---- database --------------------------------------------------------------------------------------------------------


def _database(site: Site) -> Found:
    version = "select sqlite_version()" if site.store.is_sqlite else "show server_version"
    try:
        with site.store.read() as connection:
            said = connection.execute(text(version)).scalar_one()
    except SQLAlchemyError as error:
        yield "fail", f"the database does not answer ({type(error).__name__})", "start it, or mend [database] url"
        return
    yield "ok", f"{'SQLite' if site.store.is_sqlite else 'PostgreSQL'} {said} answers"


def _migrations(site: Site) -> Found:
    try:
        migrate.require_current(site.store)
    except SQLAlchemyError:
        return  # told by the check before
    with site.store.read() as connection:
        usage = installation.get(connection, "usage")
    ours = site.settings.usage
    if usage != ours:
        yield "fail", f"the state is of usage {usage or 'unknown'}, the settings say {ours}", "name the right state"
    else:
        yield "ok", f"the schema is at {migrate.REVISIONS[-1]}, usage {usage}"


def _sealed(site: Site) -> Found:
    if not site.answers:
        return
    keys = Keys(site.master_folder)
    opened = rotation.newest_opened(site.store, keys)
    for name in (name for name, good in opened.items() if not good):
        yield "fail", f"the newest of {name} does not open", "gateway key verify, then gateway key restore FILE"
    if all(opened.values()):
        yield "ok", f"the newest of {len(opened)} kinds of sealed rows opens; master-{keys.newest} is in use"


DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
"""PostgreSQL settings without which a committed receipt may be lost; remote_apply and remote_write are stronger."""


def _durable(site: Site) -> Found:
    if not site.answers:
        return
    if site.store.is_sqlite:
        wal = Path(f"{site.store.url.database}-wal")
        size = wal.stat().st_size if wal.exists() else 0
        said = f"the write-ahead log has {size >> 20} MB"
        if size > WAL_WARN_BYTES:
            yield "warn", said, "a reader never ends, for instance a backup that hangs; restart it"
        else:
            yield "ok", said
        return
    with site.store.read() as connection:
        found = {name: str(connection.execute(text(f"show {name}")).scalar_one()) for name in DURABLE}
    off = [f"{name} = {value}" for name, value in found.items() if value in ("off", "local")]
    if off:
        yield "fail", f"PostgreSQL may lose what it committed: {', '.join(off)}", "turn it on"
    else:
        yield "ok", "PostgreSQL keeps what it commits"


# ---- clock -----------------------------------------------------------------------------------------------------------


def _clock(site: Site) -> Found:
    known = machine.clock_synchronised()
    if known is False:
        yield "warn", "the machine's clock is not set by a time server", "run chrony or systemd-timesyncd"
    elif known:
        yield "ok", "the machine's clock is set by a time server"
    if not site.answers:
        return
    with site.store.read() as connection:
        ahead_us = _ahead_us(connection, site.store)
    said = f"the newest of database clock and audit is {ahead_us / SECOND_US:.1f} s from ours"
    state: State = "fail" if abs(ahead_us) > SKEW_FAIL_US else "warn" if abs(ahead_us) > SKEW_WARN_US else "ok"
    yield state, said, "" if state == "ok" else "set both machines' clocks by the same time servers"


def _ahead_us(connection: Connection, store: Store) -> int:
    """How far the database's clock is ahead of ours, or what an earlier clock wrote, if that is more."""
    newest_us = connection.execute(select(func.max(audit.c.at_us))).scalar_one() or 0
    theirs_us = now_us = store.clock()
    if not store.is_sqlite:
        theirs_us = int(connection.execute(text("select extract(epoch from clock_timestamp()) * 1000000")).scalar_one())
    return max(theirs_us, newest_us) - now_us if newest_us > now_us else theirs_us - now_us


# ---- daemon and door -------------------------------------------------------------------------------------------------


def _ports(site: Site) -> Found:
    sftp, http = site.settings.sftp, site.settings.http
    for name, interface, port, bound in (
        ("SFTP", sftp.interface, sftp.port, "sftp_port"), ("status", http.interface, http.port, "http_port"),
    ):  # fmt: skip
        if site.running is not None:
            port = int(site.running[bound])
            if machine.listens(interface, port, WAIT_S):
                yield "ok", f"our daemon listens on {name} port {port}"
            else:
                yield "fail", f"our daemon runs, but {name} port {port} does not answer", "restart it"
        elif machine.free_port(interface, port):
            yield "ok", f"{name} port {port} of {interface} is free"
        else:
            yield "fail", f"{name} port {port} of {interface} is taken, or not ours to take", "choose another one"


def _workers(site: Site) -> Found:
    if site.running is None:
        yield "warn", "no daemon runs here", "gateway run"
        return
    pids = site.running.get("worker_pids", [])
    alive = sum(machine.alive(pid) for pid in pids)
    if alive == 0:
        yield "fail", "the daemon runs, but none of its workers", "see its log"
    elif alive < len(pids):
        yield "warn", f"{alive} of {len(pids)} workers live", "the supervisor starts the others again; see its log"
    else:
        yield "ok", f"the daemon and its {alive} workers live"


def _algorithms(site: Site) -> Found:
    if site.running is None:
        return
    host = machine.reached_at(site.settings.sftp.interface)
    try:
        offer = hello.offered(host, int(site.running["sftp_port"]), WAIT_S)
    except (OSError, ValueError) as error:
        raise Unavailable(f"the door does not greet as SSH ({type(error).__name__})") from error
    if weak := hello.weak(offer):
        yield "fail", f"the door offers {', '.join(weak)}", "install the pinned Twisted; these are broken or doubtful"
    else:
        yield "ok", f"the door offers strong algorithms only, first {offer.kex[0]}, {offer.ciphers[0]}, {offer.macs[0]}"


# ---- partners --------------------------------------------------------------------------------------------------------


def _partner_keys(site: Site) -> Found:
    if not site.answers:
        return
    now_us = site.store.clock()
    with site.store.read() as connection:
        keys = login_keys.good(connection, now_us)
    lasting = {key.partner for key in keys if key.until_us is None or key.until_us > now_us + ENDING_US}
    ending = sorted({key.partner for key in keys} - lasting)
    if ending:
        yield "warn", f"within two weeks the last key ends of: {', '.join(ending)}", "gateway partner key add"
    else:
        yield "ok", f"{len(keys)} keys of {len(lasting)} partners open for two weeks and more"


CHECKS: tuple[tuple[str, Callable[[Site], Found], type[GatewayError]], ...] = (
    ("state folder", _state_folder, NotPermitted),
    ("key files", _key_files, NotPermitted),
    ("keys apart", _keys_apart, ConfigError),
    ("host keys", _host_keys, ConfigError),
    ("disk space", _disk, InputOutput),
    ("encrypted disk", _encrypted, ConfigError),
    ("database", _database, Unavailable),
    ("migrations", _migrations, ConfigError),
    ("sealed rows", _sealed, KeyMissing),
    ("durability", _durable, ConfigError),
    ("clock", _clock, ConfigError),
    ("ports", _ports, PortTaken),
    ("workers", _workers, Unavailable),
    ("algorithms", _algorithms, ConfigError),
    ("partners' keys", _partner_keys, ConfigError),
)
"""Name, check, and the trouble a failure is: its exit code is the command's."""
