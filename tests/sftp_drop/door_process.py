"""A door on a dict drop as a process of its own: told by a JSON argument what to be, tells JSON lines."""

from __future__ import annotations

import base64
import itertools
import json
import signal
import sys
from array import array
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from dict_drop import DictDrop
from twisted.internet import reactor as any_reactor

from sftp_drop.server import sftp_service
from sftp_drop.settings import DoorSettings

reactor: Any = any_reactor


def tell(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    plan = json.loads(sys.argv[1])
    log_to = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(processors=[structlog.processors.JSONRenderer()], logger_factory=log_to)
    keys = {base64.b64decode(blob): tuple(who) for blob, who in plan["keys"].items()}
    drop = DictDrop(keys, plan.get("delay_s"), reactor, None if plan.get("mute") else tell)
    drop.refuse_write_at = plan.get("refuse_write_at")
    for folder, files in plan.get("files", {}).items():
        drop.folders[folder] = {name: content(length) for name, length in files.items()}
    limits = DoorSettings(**plan.get("settings", {}))
    door = sftp_service(drop, [Path(plan["host_key"])], "127.0.0.1", 0, settings=limits)
    reactor.callWhenRunning(door.startService)
    marks = itertools.count(1)
    mark = partial(reactor.callFromThread, lambda: tell({"event": "mark", "name": str(next(marks))}))
    reactor.callWhenRunning(signal.signal, signal.SIGUSR1, lambda *_: mark())
    reactor.callWhenRunning(lambda: tell({"event": "port", "port": door.port}))
    reactor.addSystemEventTrigger("before", "shutdown", door.stopService)
    reactor.run()


def content(length: int) -> bytes:
    """Bytes in which no two places look alike, so that a piece out of order shows."""
    return array("I", range(length // 4 + 1)).tobytes()[:length]


if __name__ == "__main__":
    main()
