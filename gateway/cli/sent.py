"""sent: what left for partners, and what they answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.common import config_option, context_of, emit, instant, json_option, table
from gateway.flow import replies
from gateway.store.schema import outbox


@click.group()
def sent() -> None:
    """What left for partners."""


@sent.command("list")
@click.option("--partner", default="", help="Only what left for this partner.")
@click.option("--kind", default="", help="Only one kind: 835, 999, TA1, 277CA, report, EFT...")
@click.option("--open", "only_open", is_flag=True, help="Only what was rejected, or has no answer though one is due.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="Rows at most.")
@config_option
@json_option
def sent_list(partner: str, kind: str, only_open: bool, limit: int, config: Path, as_json: bool) -> None:
    """What left, newest first, with its acknowledgement: accepted, in part, rejected, missing, waited for."""
    which = [outbox.c[name] == value for name, value in (("partner", partner), ("kind", kind)) if value]
    context = context_of(config)
    with context.store.read() as connection:
        rows = replies.listing(connection, which, only_open=only_open, most=limit)
    data = [_told(row) for row in rows]
    columns = ("id", "partner", "kind", "name", "about", "state", "ISA13", "GS06", "answer", "resent")
    keys = ("id", "partner", "kind", "name", "cause", "state", "isa13", "gs06", "acknowledgement", "resent")
    emit(data, as_json, lambda: table(columns, [[one[key] for key in keys] for one in data]))


def _told(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "partner": row.partner, "sponsor": row.sponsor_id, "kind": row.kind, "folder": row.folder,
        "name": row.name, "cause": row.cause, "size": row.size, "sha256": row.sha256, "isa13": row.control,
        "gs06": row.grp, "state": row.state, "delivered": row.delivered_on, "fetched": row.fetched_on,
        "ta1": row.ta1, "ack": row.ack, "acknowledgement": replies.acknowledgement(row),
        "answered": instant(row.answered_us), "resent": row.resent,
    }  # fmt: skip
