"""The composition root: `node` and `doors` read like a list of what a process is made of."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from twisted.application.service import MultiService, Service
from twisted.internet.defer import inlineCallbacks, maybeDeferred
from twisted.internet.error import CannotListenError

from gateway.errors import AlreadyRuns, ConfigError, InputOutput, PortTaken
from gateway.flow.context import Context
from gateway.flow.directory import StoreKeeper
from gateway.flow.door_limits import door_settings
from gateway.flow.drop import StoreDrop
from gateway.flow.opening import open_context
from gateway.flow.porter import Porter
from gateway.flow.space import Space
from gateway.flow.supervisor import Supervisor
from gateway.flow.threads import Pool
from gateway.flow.timers import Timers
from gateway.settings import Settings
from gateway.store.ids import ulid
from gateway.web.service import StatusService
from sftp_drop.directory.service import DirectoryService, Watching
from sftp_drop.directory.sights import Waits
from sftp_drop.server import sftp_service

log = structlog.get_logger()

Argv = Callable[[str], Sequence[str]]
"""A worker's name -> the command line that starts it. Crash tests give another one; the product has no test switch."""

FILE_THREADS, PAGE_THREADS, FOLDER_THREADS, SUPERVISOR_THREADS = 4, 2, 2, 2
"""Blocking calls at a time: 2 sealing and 2 reading for the door, 2 for pages, 2 for the site's own folders (a
large file of one partner leaves the other thread), 2 for the supervisor and timers.
"""


class Node(MultiService):
    """Supervisor, timers and their threads: what every node runs."""

    role = "workers"
    """What a node of this kind is called: one of each may run of an installation on a machine."""

    def __init__(self, reactor: Any, settings: Settings, context: Context, argv: Argv) -> None:
        super().__init__()
        pool = Pool(reactor, SUPERVISOR_THREADS, "supervisor")
        name = node_name(settings, self.role)
        self.supervisor = Supervisor(reactor, context, pool.run, name, settings.worker_count, argv)
        for part in (pool, *self.doors(reactor, settings, context), self.supervisor):
            part.setServiceParent(self)
        Timers(reactor, context, pool.run, self.supervisor.wake).setServiceParent(self)

    @inlineCallbacks
    def stopService(self) -> Any:
        """Stops the parts one after the other, last started first: the door waits for what the drop still owes.

        What one of them comes to (the database is away, the disk full) does not keep the others: threads that are not
        ended would keep the process for ever. What we could not give back the next start does, or another node.
        """
        Service.stopService(self)
        for part in reversed(list(self)):
            try:
                yield maybeDeferred(part.stopService)
            except Exception as error:
                log.error("not stopped cleanly", error=type(error).__name__)

    def doors(self, reactor: Any, settings: Settings, context: Context) -> Sequence[Service]:
        """What is reached from outside; started before any work, so that a taken port ends the start cleanly."""
        return ()


class Daemon(Node):
    """A node with doors: SFTP and the status endpoint."""

    role = "daemon"

    def doors(self, reactor: Any, settings: Settings, context: Context) -> Sequence[Service]:
        """The SFTP door on the store, the status site, and their threads."""
        files, pages = Pool(reactor, FILE_THREADS, "files"), Pool(reactor, PAGE_THREADS, "pages")
        watched = self.folders(reactor, settings, context)
        self.token = read_token(settings)
        space = Space(
            settings.path(".") if settings.database_url.startswith("sqlite") else None, settings.sftp.free_bytes_min
        )
        drop = StoreDrop(context, files.run, self.supervisor.wake_soon, space)
        host_keys, limits = [settings.path(name) for name in settings.sftp.host_keys], door_settings(settings)
        self.door = sftp_service(drop, host_keys, settings.sftp.interface, settings.sftp.port, settings=limits)
        porter = Porter(reactor, context, files.run, drop, self.door)
        self.status = StatusService(
            reactor, context.store, pages.run, self.token, settings.http.interface, settings.http.port
        )
        return files, pages, porter, self.door, self.status, *watched

    def folders(self, reactor: Any, settings: Settings, context: Context) -> Sequence[Service]:
        """The folders of partners who come by the site's own SFTP server, and their threads; none without a root.

        Raises WorkElsewhere or ConfigError before anything is open.
        """
        if context.directory is None:
            return ()
        keeper = StoreKeeper(context, context.directory, lambda: reactor.callFromThread(self.supervisor.wake))
        keeper.check()
        said, pool = settings.directory, Pool(reactor, FOLDER_THREADS, "folders")
        watching = Watching(waits=Waits(said.settle_s, said.poll_s), rescan_s=said.rescan_s, how=said.watch)
        service = DirectoryService(
            reactor, context.directory, keeper, pool.run, watching, lambda: ulid(context.now_us)
        )  # fmt: skip
        return pool, service


def worker_argv(config: Path) -> Argv:
    """How a worker of this installation is started."""
    return lambda owner: [sys.executable, "-m", "gateway.flow.process", str(config), owner]


def node_name(settings: Settings, role: str) -> str:
    """This host, installation and role: the same at every start, so that a new start gives back what the old held."""
    place = hashlib.sha256(settings.folder.encode()).hexdigest()[:8]
    return f"{socket.gethostname()}-{place}-{role}"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Holds a lock file; raises AlreadyRuns where another process holds it, InputOutput where it cannot be written.

    The lock ends with the process, whatever ends it.
    """
    try:
        lock = path.open("a")
    except OSError as error:
        raise InputOutput(f"{path} ({error.strerror})") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRuns(str(path)) from error
        yield


def read_token(settings: Settings) -> str:
    """The token of the protected pages; raises ConfigError when its file is missing or empty."""
    path = settings.path(settings.http.token_file)
    try:
        token = path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    if not token:
        raise ConfigError(f"{path} is empty")
    return token


def run(settings: Settings, config: Path, *, attached: bool, with_doors: bool = True, argv: Argv | None = None) -> None:
    """Runs until SIGTERM or SIGINT, or, attached, until stdin ends.

    Raises AlreadyRuns, PortTaken, ConfigError, StateTooNew, KeyMissing.
    """
    make = Daemon if with_doors else Node
    with alone(settings.path(f"{make.role}.lock")):
        _run(make, settings, argv or worker_argv(config.resolve()), attached)


def _run(make: type[Node], settings: Settings, argv: Argv, attached: bool) -> None:
    from twisted.internet import reactor as installed

    reactor: Any = installed  # zope's stubs take the interface's methods for functions without self
    context = open_context(settings)
    service = make(reactor, settings, context, argv)
    try:
        service.startService()
    except CannotListenError as error:
        raise PortTaken(f"{error.interface}:{error.port}") from error
    said = settings.path("run.json") if isinstance(service, Daemon) else None
    if said is not None:
        service.supervisor.on_change = lambda: _say(said, service)
    if attached:
        threading.Thread(target=_leave_with_stdin, daemon=True).start()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.addSystemEventTrigger("after", "shutdown", context.store.close)
    log.info("ready", port=getattr(getattr(service, "door", None), "port", None))
    reactor.run()
    if said is not None:
        said.unlink(missing_ok=True)


def _say(path: Path, service: Any) -> None:
    """run.json: where the running daemon is reached; complete or absent, readable by its owner only."""
    values = {
        "sftp_port": service.door.port, "http_port": service.status.port, "token": service.token, "pid": os.getpid(),
        "worker_pids": service.supervisor.pids,
    }  # fmt: skip
    part = path.with_suffix(".tmp")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(values, file)
        part.replace(path)
    except OSError as error:
        raise InputOutput(f"{path} ({error.strerror})") from error


def _leave_with_stdin() -> None:
    """The parent is gone, whatever killed it: leave as on SIGTERM."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
