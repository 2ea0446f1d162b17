"""replay, resend: what a person has done once more."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway.cli.common import actor, config_option, context_of, emit, json_option, user_option, yes_option
from gateway.flow import replay as again


@click.command()
@click.argument("what", metavar="RECEIPT|FILE")
@click.option("--partner", default="", help="Whose FILE, where two partners sent one of that name.")
@yes_option
@user_option
@config_option
@json_option
def replay(what: str, partner: str, yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Read a quarantined file again from its sealed bytes, as a new receipt: by its number, or its newest by name.

    For what one of our settings refused and is mended since. A file of which anything was accepted is not replayed.
    """
    context, number = context_of(config), 0
    with context.store.read() as connection:
        found = again.find(connection, what, partner)
    if yes:
        with context.store.write("replay") as connection:
            number = again.replay(connection, context, found.receipt_no, actor(user))
    data = {**msgspec.structs.asdict(found), "new_receipt_no": number}
    lines = [f"Receipt {found.receipt_no} of {found.partner}, {found.name}, {found.size} bytes of {found.received_on}: "
             f"{found.state}" + (f" ({found.reason})." if found.reason else ".")]  # fmt: skip
    if number:
        lines.append(f"It is read again as receipt {number}.")
    else:
        lines.append(f"It cannot be replayed: {found.refusal}." if found.refusal else "Say --yes to read it again.")
    emit(data, as_json, lambda: click.echo("\n".join(lines)))


@click.command()
@click.argument("outbox_id", metavar="DELIVERY")
@user_option
@config_option
@json_option
def resend(outbox_id: str, user: str | None, config: Path, as_json: bool) -> None:
    """Send what left once more, the same bytes under the same name: DELIVERY is an id of `gateway sent list`."""
    context = context_of(config)
    with context.store.write("resend") as connection:
        row = again.resend(connection, context, outbox_id, actor(user))
    said = f"{row.name} goes to {row.partner} again: {row.kind} of {row.cause}, {row.size} bytes, {row.sha256}"
    data = {name: getattr(row, name) for name in ("id", "partner", "kind", "name", "cause", "size", "sha256")}
    emit(data, as_json, lambda: click.echo(said))
