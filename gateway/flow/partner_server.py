"""A partner's own server as its file says it: where it is, what we fetch and send there, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from cronsim import CronSim, CronSimError
from sqlalchemy import Connection

from gateway.clock import SECOND_US
from gateway.store import queue
from mappings.records import Record

PIN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
"""A fingerprint as `ssh-keygen -lf` prints it: 32 bytes in base64."""

TURNED_BACK = timedelta(hours=1)
"""What clocks are turned back by when summer ends: times of so long ago may come once more."""

DAY_MINUTES = 24 * 60
MIB = 1024 * 1024


class Remote(Record, frozen=True, kw_only=True):
    """host_keys: fingerprints the server is known by, two while it changes its key. key_file, password_file: ours, one
    of them, as an absolute path. fetch: its folder we take files from, those of `pattern` that are not still written:
    their size is the same twice, or, with `done`, a file of the same name and that ending lies beside them. after: what
    happens to a file there once we have its receipt; moved: the folder for "move". send, reports: its folders for what
    leaves; without one it fetches that at our door. every_minutes, or cron (local time): when we look.
    """

    host: str
    port: int = 22
    user: str
    host_keys: tuple[str, ...]
    key_file: str = ""
    password_file: str = ""
    fetch: str = ""
    pattern: str = "*"
    done: str = ""
    after: Literal["delete", "move", "leave"] = "delete"
    moved: str = ""
    send: str = ""
    reports: str = ""
    every_minutes: int = 15
    cron: str = ""
    largest_mib: int = 1024

    def target(self, folder: str) -> str:
        """Its folder for what leaves by a folder of ours; "" when it fetches that at our door."""
        return {"outbound": self.send, "reports": self.reports}.get(folder, "")


def next_look_us(remote: Remote, now_us: int) -> int:
    """When its folder is looked at after now: in the hour that comes twice when summer ends, twice."""
    if not remote.cron:
        return now_us + remote.every_minutes * 60 * SECOND_US
    local = datetime.fromtimestamp(now_us / SECOND_US)  # without a zone: the machine's, as the administrator writes it
    return min(_after(remote.cron, local - TURNED_BACK, fold, now_us) for fold in (0, 1))


def _after(cron: str, local: datetime, fold: int, now_us: int) -> int:
    """The first time of a schedule after now. fold: which of the two where a local time is twice (PEP 495)."""
    times = (int(each.replace(fold=fold).timestamp()) * SECOND_US for each in CronSim(cron, local))
    return next(at_us for at_us in times if at_us > now_us)


def lane_of(partner: str) -> str:
    """One connection to a partner's server at a time: two writers of one name would be one too many."""
    return f"remote/{partner}"


def schedule(connection: Connection, now_us: int, partner: str) -> None:
    """A step that looks at the partner's folder, unless there is one: it comes again by itself."""
    queue.enqueue(connection, now_us, "pull", lane=lane_of(partner), partner=partner, key=f"pull/{partner}")


def wrong(remote: Remote) -> Iterator[str]:
    """What the settings contradict beyond their types, a sentence each."""
    for said, holds in _LAWS:
        if not holds(remote):
            yield said


def _is_cron(text: str) -> bool:
    try:
        next(CronSim(text, datetime(2026, 1, 1)))
    except (CronSimError, StopIteration):
        return False
    return True


def _is_folder(text: str) -> bool:
    return not text or (text.isprintable() and (text == "/" or not text.endswith("/")))


_LAWS: tuple[tuple[str, Callable[[Remote], bool]], ...] = (
    ("host: missing", lambda r: bool(r.host.strip())),
    ("port: from 1 to 65535", lambda r: 0 < r.port < 65536),
    ("user: missing", lambda r: bool(r.user.strip())),
    ("host_keys: one at least, each as SHA256:... of 43 characters: ssh-keyscan HOST | ssh-keygen -lf -",
     lambda r: bool(r.host_keys) and all(PIN.fullmatch(pin) for pin in r.host_keys)),
    ("key_file, password_file: one of them", lambda r: bool(r.key_file) != bool(r.password_file)),
    ("key_file, password_file: an absolute path", lambda r: (r.key_file or r.password_file or "/").startswith("/")),
    ("fetch, send, reports: one at least", lambda r: bool(r.fetch or r.send or r.reports)),
    ("fetch, send, reports, moved: a folder without a slash at its end",
     lambda r: all(map(_is_folder, (r.fetch, r.send, r.reports, r.moved)))),
    ("pattern, done: no slash", lambda r: "/" not in r.pattern + r.done),
    ("pattern: missing", lambda r: bool(r.pattern)),
    ('moved: a folder other than fetch, for after = "move" and only for it',
     lambda r: (r.after == "move") == bool(r.moved) and (not r.moved or r.moved != r.fetch)),
    ("every_minutes: from 1 to 1440", lambda r: 0 < r.every_minutes <= DAY_MINUTES),
    ("cron: not five fields as 0 6 * * 1-5", lambda r: not r.cron or _is_cron(r.cron)),
    ("largest_mib: from 1 to 16384", lambda r: 0 < r.largest_mib <= 16384),
)  # fmt: skip
"""What is said of settings, and when it need not be."""
