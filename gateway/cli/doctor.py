"""doctor: is this installation fit to run?"""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.common import config_option, emit, json_option, settings_of, table


@click.command()
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> int:
    """Look at ports, permissions, keys, clock, disk, database and door; exit 0, or the code of the first failure."""
    from gateway.flow import doctor as ward

    found = ward.examine(settings_of(config), config)
    rows = [(check.name, check.state, check.said, check.todo) for check in found]
    emit(found, as_json, lambda: table(("check", "state", "said", "to do"), rows))
    return next((check.exit_code for check in found if check.state == "fail"), 0)
