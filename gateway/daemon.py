"""The composition root: `doors` and `node` read like a list of what a process is made of."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import structlog
from twisted.application.service import MultiService, Service
from twisted.internet.task import LoopingCall

from gateway import settings as settings_module
from gateway.errors import ConfigError, InputOutput
from gateway.flow.context import Context, FolderCache
from gateway.flow.drop import StoreDrop
from gateway.flow.supervisor import Supervisor
from gateway.flow.threads import Pool
from gateway.flow.timers import Timers
from gateway.settings import Settings
from gateway.store import installation, migrate, outbox
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.newest import require_readable
from gateway.web.app import site
from sftp_drop.server import sftp_service
from sftp_drop.settings import DoorSettings

log = structlog.get_logger()

Argv = Callable[[str], Sequence[str]]


def worker_argv(config: Path) -> Argv:
    """How a worker of this installation is started."""
    return lambda owner: [sys.executable, "-m", "gateway.flow.process", str(config), owner]


def node_name(settings: Settings) -> str:
    """This host and this installation: the same at every start, so that a new start gives back what the old held."""
    place = hashlib.sha256(settings.folder.encode()).hexdigest()[:8]
    return f"{socket.gethostname()}-{place}"


def node(reactor: Any, settings: Settings, context: Context, argv: Argv) -> MultiService:
    """A node without doors: `gateway worker`."""
    service = MultiService()
    pool = Pool(reactor, 2, "supervisor")
    supervisor = Supervisor(reactor, context, pool.run, node_name(settings), settings.worker_count, argv)
    for part in (pool, supervisor, Timers(reactor, context, pool.run, supervisor.wake)):
        part.setServiceParent(service)
    service.supervisor = supervisor  # type: ignore[attr-defined]
    return service


def doors(reactor: Any, settings: Settings, context: Context, argv: Argv) -> MultiService:
    """The whole daemon: `gateway run`."""
    service = node(reactor, settings, context, argv)
    files, pages = Pool(reactor, 4, "files"), Pool(reactor, 2, "pages")
    drop = StoreDrop(context, files.run, service.supervisor.wake)  # type: ignore[attr-defined]
    door = sftp_service(
        drop, [settings.path(name) for name in settings.sftp.host_keys], settings.sftp.interface, settings.sftp.port,
        settings=DoorSettings(), clock=reactor,
    )  # fmt: skip
    token = read_token(settings)
    http = HttpService(reactor, settings, context, pages.run, token)
    for part in (files, pages, door, http):
        part.setServiceParent(service)
    service.door, service.http, service.token = door, http, token  # type: ignore[attr-defined]
    return service
