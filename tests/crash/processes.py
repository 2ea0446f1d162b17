"""Daemons and commands as processes of their own, forked from a server that has imported the gateway once."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]

_processes = multiprocessing.get_context("forkserver")


def preload() -> None:
    """What the fork server imports before its first process: all but Conch, whose import makes a reactor."""
    _processes.set_forkserver_preload(["gateway.flow.process", "gateway.flow.drop", "gateway.flow.timers",
                                       "gateway.cli.money", "gateway.cli.desk"])  # fmt: skip


def start_daemon(config: Path, deaths: Path, log: Path, doors: bool = True) -> tuple[ForkServerProcess, Pipe]:
    """Starts the composition root with dying workers; it leaves when the pipe closes, as when this process ends."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=daemon_main, args=(config, deaths, log, doors, theirs))
    process.start()
    theirs.close()
    return process, ours


def daemon_main(config: Path, deaths: Path, log: Path, doors: bool, pipe: Pipe) -> None:
    """The body of a daemon's process."""
    os.dup2(pipe.fileno(), 0)
    pipe.close()
    _say_to(log)
    from gateway import daemon, logs, settings
    from gateway.errors import GatewayError
    from gateway.flow import opening, supervisor
    from tests.crash.dying import mortal

    os.chdir(ROOT)
    logs.configure(sys.stderr)
    supervisor.BACK_OFF_S = (0.02, 0.05)
    daemon.open_context = lambda settings: mortal(opening.open_context(settings), deaths, "daemon")

    def argv(owner: str) -> Sequence[str]:
        return [sys.executable, "-m", "tests.crash.dying_worker", str(deaths), str(config), owner]

    try:
        daemon.run(settings.load(config), config, attached=True, with_doors=doors, argv=argv)
    except GatewayError as error:
        sys.stderr.write(f"gateway: {error}\n")
        sys.exit(error.exit_code)


def start_command(deaths: Path, log: Path, argv: Sequence[str]) -> ForkServerProcess:
    """Starts `gateway ARGV...` on a store that dies as planned."""
    process = _processes.Process(target=command_main, args=(deaths, log, list(argv)))
    process.start()
    return process


def command_main(deaths: Path, log: Path, argv: list[str]) -> None:
    """The body of a command's process."""
    _say_to(log)
    from gateway import cli
    from gateway.cli import common
    from gateway.flow import opening
    from tests.crash.dying import mortal

    common.open_context = lambda settings: mortal(opening.open_context(settings), deaths, "command")
    cli.main(argv)


def start_beginning(config: Path, deaths: Path, log: Path) -> ForkServerProcess:
    """Starts what makes an installation: tables, facts, parties, a takeover; done again it changes nothing."""
    process = _processes.Process(target=beginning_main, args=(config, deaths, log))
    process.start()
    return process


def beginning_main(config: Path, deaths: Path, log: Path) -> None:
    """The body of that process."""
    _say_to(log)
    from gateway.demo import Demo
    from gateway.flow import opening
    from tests.crash import dying

    opening.Store = lambda url: dying.store(url, deaths, "beginning")  # type: ignore[assignment,misc]
    Demo(config.parent, "golden", lambda _: None).load()


def _say_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
