"""pbm: a drug manager's claims, and what it is told of its members' limits."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gateway import logs
from gateway.cli.common import (
    NOT_DONE,
    actor,
    config_option,
    context_of,
    emit,
    json_option,
    table,
    user_option,
    write_file,
)
from gateway.flow import drug_accumulators, drugs
from gateway.plan.rounding import dollars

partner_option = click.option("--partner", default="", help="The drug manager; needed where there are several.")

FINDINGS = 50
"""Lines of a file shown to a person; --json tells all."""


@click.group()
def pbm() -> None:
    """A drug manager's claims, and what it is told of its members' limits."""


@pbm.command("load")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@partner_option
@click.option("--preview/--yes", default=True, help="Only look (the default), or have it booked.")
@user_option
@config_option
@json_option
def pbm_load(file: Path, partner: str, preview: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Load the paid and reversed drug claims of FILE, by the layout of its manager's partner row.

    Control totals that do not hold refuse the whole file. A file that was loaded changes nothing when it comes again.
    """
    logs.configure()  # to stderr: receiving a file says what the door says of one
    context = context_of(config)
    found = drugs.look(context, partner, file)
    receipt_no = 0 if preview else drugs.receive(context, partner, file, actor(user))
    data = {**msgspec.structs.asdict(found), "receipt_no": receipt_no}

    def render() -> None:
        click.echo(f"{found.claims} claims of {found.partner}: {found.paid} paid, {dollars(found.paid_cents)}; "
                   f"{found.reversed} taken back, {dollars(found.reversed_cents)}; {found.members} members; "
                   f"{found.held} wait for a person; {found.known} on file already.")  # fmt: skip
        if found.findings:
            shown = found.findings[:FINDINGS]
            rows = [(one.line or "", one.queue, f"{one.reason} {one.needed}".strip()) for one in shown]
            table(["line", "queue", "what"], rows)
        if len(found.findings) > FINDINGS:
            click.echo(f"and {len(found.findings) - FINDINGS} more; --json tells all")
        if found.received:
            click.echo(f"Receipt {found.received} has these very bytes: loading the file changes nothing.")
        elif receipt_no:
            click.echo(f"Receipt {receipt_no}: it is booked in the order of receipts.")
        else:
            click.echo(NOT_DONE)

    emit(data, as_json, render)


@pbm.command("accumulators")
@partner_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where a copy goes.")
@user_option
@config_option
@json_option
def pbm_accumulators(partner: str, out: Path | None, user: str | None, config: Path, as_json: bool) -> None:
    """Tell the drug manager whose limits other claims have used since it was last told, once a business day.

    The file leaves by its partner's outbound folder; asked for again on the same day, it is the same file.
    """
    told = drug_accumulators.tell(context_of(config), partner, actor(user))
    if out is not None:
        write_file(out, told.body)
    data = {name: getattr(told, name) for name in ("partner", "day", "name", "people", "made")}
    said = f"{told.name} for {told.partner}: " + (f"{told.people} people" if told.made else "it was made before today")
    emit({**data, "out": str(out or "")}, as_json, lambda: click.echo(said))
