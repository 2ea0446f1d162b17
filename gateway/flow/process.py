"""A worker process: `python -m gateway.flow.process SETTINGS OWNER`, started by the supervisor, never by a person."""

from __future__ import annotations

import sys
from pathlib import Path

from gateway import collector, logs, settings
from gateway.errors import GatewayError
from gateway.flow import worker
from gateway.flow.context import Context
from gateway.flow.opening import open_context


def main(config: str, owner: str) -> int:
    """Opens the installation and works until stdin ends; returns an exit code."""
    logs.configure()
    try:
        context: Context = open_context(settings.load(Path(config)))
    except GatewayError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    collector.relax()
    return worker.main(context, owner)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
