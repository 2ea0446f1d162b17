"""The door on a store as a process of its own, as `gateway run` puts it together, without workers and pages."""

from __future__ import annotations

import json
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet import reactor as any_reactor

from gateway import logs
from gateway.daemon import FILE_THREADS
from gateway.flow.context import Context
from gateway.flow.drop import StoreDrop
from gateway.flow.porter import Porter
from gateway.flow.space import Space
from gateway.flow.threads import Pool
from gateway.store.engine import Store
from gateway.store.keys import Keys
from sftp_drop.server import sftp_service
from sftp_drop.settings import DoorSettings
from tests.flow.failing_disk import fail_syncs

reactor: Any = any_reactor


def main() -> None:
    """Tells `{"port": ...}`, and on SIGUSR1 what it holds: resident kilobytes at most, connections inside.

    On SIGUSR2 its disk does not sync any more, and it tells whether the kernel agreed to that.
    """
    plan = json.loads(sys.argv[1])
    logs.configure(sys.stderr)
    context = Context(Store(plan["url"]), Keys(Path(plan["keys"])), "T")
    if plan.get("pages_max"):
        _small_disk(context.store, plan["pages_max"])
    files = Pool(reactor, FILE_THREADS, "files")
    drop = StoreDrop(context, files.run, lambda: None, Space(Path(plan["keys"]), plan.get("free_bytes_min", 0)))
    limits = msgspec.convert(plan.get("settings", {}), DoorSettings)
    door = sftp_service(drop, [Path(name) for name in plan["host_keys"]], "127.0.0.1", 0, settings=limits)
    porter = Porter(reactor, context, files.run, drop, door)
    for part in (files, porter, door):
        reactor.callWhenRunning(part.startService)
        reactor.addSystemEventTrigger("before" if part is not files else "during", "shutdown", part.stopService)
    held = partial(reactor.callFromThread, lambda: tell(inside=door.inside(), rss_kb=rss()))
    reactor.callWhenRunning(signal.signal, signal.SIGUSR1, lambda *_: held())
    reactor.callWhenRunning(signal.signal, signal.SIGUSR2, lambda *_: tell(failing=fail_syncs()))
    reactor.callWhenRunning(lambda: tell(port=door.port))
    reactor.run()


def _small_disk(store: Store, pages_max: int) -> None:
    """A file of sealed rows that may grow no further: SQLite answers as it does on a full disk."""
    from sqlalchemy import event

    event.listen(store.blobs, "connect", lambda raw, _: raw.execute(f"pragma max_page_count = {pages_max}"))


def rss() -> int:
    """The most memory this process has had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def tell(**what: int) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
