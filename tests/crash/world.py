"""One installation under test: its folder, its daemon, its partners' client and its operator."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import paramiko
from sqlalchemy import func, or_, select
from twisted.internet import defer

from gateway import cli, settings
from gateway.flow import worker
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.flow.opening import open_context
from gateway.store.schema import hold, installation, receipt, work
from sftp_drop import client
from tests.crash import dying, processes
from tests.crash.effects import effects
from tests.crash.scenario import CHAPTERS, Act, Command, Drop, Fetch, Release, Remove
from tests.patience import LOOK_S, PATIENCE_S, wait

DONE_ALREADY = (64, 65, 77)
"""Exit codes of a command that finds its work done."""


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class World:
    """folder: the installation's. deaths: those that are to come, and their markers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "gateway.toml"
        self.deaths, self.log = folder / "deaths", folder / "daemon.log"
        self.daemon: ForkServerProcess | None = None
        self.ended: list[int] = []
        """Exit codes of daemons and commands that died by a signal."""
        self._pipe: Pipe | None = None
        self._context: Context | None = None

    @property
    def context(self) -> Context:
        """The installation as a test looks at it."""
        if self._context is None:
            self._context = open_context(settings.load(self.config))
        return self._context

    def effects(self) -> dict[str, list[str]]:
        """What everything came to."""
        return effects(self.context)

    def close(self) -> None:
        """Ends the daemon and lets the database go."""
        self.stop()
        if self._context is not None:
            self._context.store.close()
            self._context = None

    # ---- the daemon

    def start(self, doors: bool = True) -> dict[str, Any]:
        """Starts the daemon; returns its run.json."""
        said = self.folder / "run.json"
        said.unlink(missing_ok=True)
        self.daemon, self._pipe = processes.start_daemon(self.config, self.deaths, self.log, doors)
        return wait(lambda: self._said(said), "run.json") if doors else {}

    def _said(self, path: Path) -> dict[str, Any]:
        assert self.daemon is not None
        assert self.daemon.is_alive() or self.daemon.exitcode == -signal.SIGKILL, self.log.read_text()
        if not self.daemon.is_alive():
            self.revive()
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def revive(self) -> None:
        """Starts a daemon that died by SIGKILL again, once its workers have left."""
        assert self.daemon is not None
        if self.daemon.is_alive():
            return
        self.ended.append(self.daemon.exitcode or 0)
        path = self.folder / "run.json"
        pids = json.loads(path.read_text())["worker_pids"] if path.exists() else []
        wait(lambda: not any(alive(pid) for pid in pids), "the end of a dead daemon's workers")
        self.start()

    def stop(self) -> None:
        """Ends the daemon as an operator does."""
        if self.daemon is None or self._pipe is None:
            return
        self._pipe.close()
        self.daemon.join(PATIENCE_S)
        self.daemon.close()
        self.daemon = self._pipe = None

    def kill(self) -> None:
        """SIGKILL for the daemon."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.join(PATIENCE_S)

    # ---- partners

    @contextlib.contextmanager
    def sftp(self, partner: str) -> Iterator[paramiko.SFTPClient]:
        """A partner's session."""
        run = json.loads((self.folder / "run.json").read_text())
        host_key = (self.folder / "host_ed25519.pub").read_text()
        key = self.folder / "partners" / partner / "id_ed25519"
        with client.connect("127.0.0.1", run["sftp_port"], partner, key, host_key, timeout_s=PATIENCE_S) as sftp:
            yield sftp

    def drop(self, act: Drop) -> None:
        """Uploads as a careful partner does: after a broken connection it looks first whether the file arrived."""
        wait(lambda: self._dropped(act), f"the end of the upload of {act.name}")
        with self.context.store.read() as connection:
            mine = select(func.count()).select_from(receipt).where(receipt.c.name == act.name)
            assert connection.execute(mine).scalar_one() == 1, "success means one receipt"

    def visit(self, act: Fetch | Remove) -> None:
        """Reads or removes everything in an outbound folder, again from the start when the connection breaks."""
        wait(lambda: self._visited(act), "the end of the visit")

    def _visited(self, act: Fetch | Remove) -> bool:
        with self.reviving(), self.sftp(act.partner) as sftp:
            for name in sftp.listdir("/outbound"):
                if isinstance(act, Fetch):
                    client.fetch(sftp, f"/outbound/{name}")
                else:
                    sftp.remove(f"/outbound/{name}")
            return True
        return False

    def _dropped(self, act: Drop) -> bool:
        with self.reviving(), self.sftp(act.partner) as sftp:
            if act.name not in sftp.listdir("/inbound"):
                client.upload(sftp, act.body, act.name)
            return True
        return False

    @contextlib.contextmanager
    def reviving(self) -> Iterator[None]:
        """Trouble of a client whose daemon died: the daemon is started again, the trouble is over."""
        try:
            yield
        except client.BROKEN_OFF:
            wait(self._is_dead, "the death that broke the connection")
            self.revive()

    def _is_dead(self) -> bool:
        return not self._is_alive()

    # ---- the operator

    def command(self, act: Command) -> None:
        """Types a command; one that died by SIGKILL is typed again, and may then say that it was done already."""
        codes = [self._command(act)]
        while codes[-1] == -signal.SIGKILL:
            codes.append(self._command(act))
        self.ended += codes[:-1]
        assert codes[-1] == 0 or (len(codes) > 1 and codes[-1] in DONE_ALREADY), (act, codes)

    def _command(self, act: Command) -> int:
        process = processes.start_command(self.deaths, self.log, (*act.argv, "--config", str(self.config)))
        process.join(PATIENCE_S)
        return -1 if process.exitcode is None else process.exitcode

    # ---- the story

    def play(self, chapter: str) -> None:
        """Plays a chapter against the daemon, each act to its end."""
        for act in CHAPTERS[chapter]:
            self.act(act)
            self.settle()

    def act(self, act: Act) -> None:
        """One act, by a partner or an operator."""
        if isinstance(act, Drop):
            self.drop(act)
        elif isinstance(act, Fetch | Remove):
            self.visit(act)
        else:
            self.command(self._typed(act))

    def _typed(self, act: Command | Release) -> Command:
        if isinstance(act, Command):
            return act
        with self.context.store.read() as connection:
            open_ = select(hold.c.id).where(hold.c.kind == act.kind, hold.c.state == "open").order_by(hold.c.subject)
            hold_id = connection.execute(open_.limit(1)).scalar_one()
        return Command(("hold", "release", hold_id, "--reason", "looked at", "--user", "ann"))

    def settle(self) -> None:
        """Waits until nothing is due; a daemon that dies meanwhile is started again."""

        def idle() -> bool:
            if self.daemon is not None:
                self.revive()
            return self.idle()

        wait(idle, "the end of the work")

    def wait_deaths(self, count: int) -> None:
        """Waits until so many processes are dead, the daemon has said so of its workers, and the work goes on."""

        def came() -> bool:
            self.revive()
            markers = died(self)
            workers = [marker.who for marker in markers if ":" in marker.who]
            daemons = sum(marker.who == "daemon" for marker in markers)
            gone = not any(alive(marker.pid) for marker in markers) and len(self.ended) >= daemons
            return len(markers) == count and gone and set(workers) <= set(worker_codes(self))

        wait(came, f"{count} deaths")
        self.settle()

    def _is_alive(self) -> bool:
        return self.daemon is not None and self.daemon.is_alive()

    def idle(self) -> bool:
        """Whether nothing is due or being done, and no day is on its way."""
        today = select(installation.c.value).where(installation.c.name == "business_date").scalar_subquery()
        due = or_(work.c.kind == "day", work.c.owner.is_not(None), work.c.due_on <= today)
        left = select(func.count()).select_from(work).where(work.c.parked == 0, work.c.kind != "chain", due)
        with self.context.store.read() as connection:
            return int(connection.execute(left).scalar_one()) == 0

    def play_undisturbed(self, chapter: str) -> None:
        """Plays a chapter in this process: no daemon, nobody dies."""
        for act in CHAPTERS[chapter]:
            if isinstance(act, Drop | Fetch | Remove):
                self._visit_undisturbed(act)
            else:
                with contextlib.redirect_stdout(io.StringIO()):
                    cli.cli.main([*self._typed(act).argv, "--config", str(self.config)], standalone_mode=False)
            while not self.idle():
                if not worker.work_once(self.context, "undisturbed"):
                    time.sleep(LOOK_S)

    def _visit_undisturbed(self, act: Drop | Fetch | Remove) -> None:
        door = StoreDrop(self.context, lambda call, *args: defer.succeed(call(*args)), lambda: None)
        if isinstance(act, Drop):
            upload = _now(door.begin(act.partner, act.name, False))
            _now(upload.write(0, act.body))
            _now(upload.commit())
        else:
            visit = door.read_done if isinstance(act, Fetch) else door.hide
            for entry in _now(door.list(act.partner, "outbound")):
                _now(visit(act.partner, "outbound", entry.name))


def _now(fired: Any) -> Any:
    """The result of a Deferred that has fired."""
    results: list[Any] = []
    fired.addBoth(results.append)
    assert results and not hasattr(results[0], "raiseException"), results
    return results[0]


def died(world: World) -> list[dying.Marker]:
    """The deaths that came in a world."""
    return dying.markers(world.deaths)


def worker_codes(world: World) -> dict[str, int]:
    """By worker's name, how its process ended, as the daemon logged it; a signal is negative."""
    gone = [line for line in world.log.read_text().splitlines() if '"worker gone"' in line and line.endswith("}")]
    return {said["worker"]: said["code"] for said in map(json.loads, gone)}
