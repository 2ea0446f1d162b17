"""fund, pay, ledger, stoploss: the employer's money."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy import Connection, select

from gateway.cli.common import (
    Dollars,
    Said,
    User,
    actor,
    config_option,
    context_of,
    emit,
    json_option,
    table,
    user_option,
)
from gateway.errors import BadData, LedgerBroken, UsageError
from gateway.flow import books, pay, recover
from gateway.flow.parties import Parties
from gateway.plan.money import ledger as plan_ledger
from gateway.plan.rounding import dollars
from gateway.store import audit, installation
from gateway.store.schema import approval, notice, pay_run, recovery

RUN_NUMBER = re.compile("[0-9]{1,9}")

SPONSOR = click.option("--sponsor", "sponsor_id", required=True, help="The employer's id.")


def _on_file(connection: Connection, sponsor_id: str) -> None:
    if sponsor_id not in Parties(connection, installation.business_date(connection)).sponsors:
        raise UsageError(f"no sponsor {sponsor_id}")


@click.group()
def fund() -> None:
    """Money an employer sends."""


@fund.command()
@SPONSOR
@click.option("--amount", "cents", type=Dollars(), required=True, help="In dollars.")
@click.option("--reference", type=Said(), required=True, help="The bank's: the same one twice is posted once.")
@user_option
@config_option
@json_option
def deposit(sponsor_id: str, cents: int, reference: str, user: str | None, config: Path, as_json: bool) -> None:
    """Post a deposit: against open requests, oldest first; the rest stays as a credit."""
    if cents == 0:
        raise UsageError("a deposit of 0.00 is no deposit")
    context = context_of(config)
    with context.store.write("deposit") as connection:
        _on_file(connection, sponsor_id)
        fresh = pay.post_deposit(connection, context, sponsor_id, cents, reference)
        if fresh:
            audit.note(connection, context.now_us, actor(user), "deposit", f"sponsor {sponsor_id}", f"{cents} cents")
        cash = books.balance(connection, sponsor_id, "1010")
    data = {"sponsor": sponsor_id, "amount_cents": cents, "posted": fresh, "cash_cents": cash}
    said = f"{dollars(cents)} {'posted' if fresh else 'was posted before'}; claims cash is {dollars(cash)}"
    emit(data, as_json, lambda: click.echo(said))


@click.group("pay")
def pay_command() -> None:
    """Payment runs."""


@pay_command.command()
@SPONSOR
@user_option
@config_option
@json_option
def run(sponsor_id: str, user: str | None, config: Path, as_json: bool) -> None:
    """Plan a run now, of everything decided and not yet in a run; the close of a business day does the same."""
    context = context_of(config)
    with context.store.write("pay-run") as connection:
        _on_file(connection, sponsor_id)
        pay.enqueue(connection, context, "plan", sponsor_id)
        audit.note(connection, context.now_us, actor(user), "pay run", f"sponsor {sponsor_id}")
    said = "the run is being planned; `gateway pay list` shows it"
    emit({"sponsor": sponsor_id}, as_json, lambda: click.echo(said))


@pay_command.command("list")
@config_option
@json_option
def list_(config: Path, as_json: bool) -> None:
    """Every run: what it needs, what it waits for."""
    context = context_of(config)
    with context.store.read() as connection:
        rows = list(connection.execute(select(pay_run).order_by(pay_run.c.sponsor_id, pay_run.c.run_no)))
        given: dict[tuple[str, int], list[str]] = defaultdict(list)
        for one in connection.execute(select(approval).order_by(approval.c.at_us, approval.c.user)):
            given[one.sponsor_id, one.run_no].append(one.user)
    data = [
        {**row._mapping, "run": f"{row.sponsor_id}/{row.run_no}", "approved_by": given[row.sponsor_id, row.run_no]}
        for row in rows
    ]
    shown = [
        (
            d["run"],
            d["state"],
            d["run_on"],
            dollars(d["need_cents"]),
            d["claims"],
            d["request_no"],
            ", ".join(d["approved_by"]),
        )
        for d in data
    ]
    emit(data, as_json, lambda: table(("run", "state", "run date", "needs", "claims", "request", "approved by"), shown))


@pay_command.command()
@click.argument("run_name", metavar="RUN")
@click.option("--user", type=User(), required=True, help="Who approves; two people above the sponsor's limit.")
@config_option
@json_option
def approve(run_name: str, user: str, config: Path, as_json: bool) -> None:
    """Approve RUN (SPONSOR/NUMBER)."""
    context = context_of(config)
    sponsor_id, run_no = _run_key(run_name)
    with context.store.write("approve") as connection:
        pay.approve(connection, context, sponsor_id, run_no, user)
    emit({"run": run_name, "user": user}, as_json, lambda: click.echo(f"run {run_name} approved by {user}"))


def _run_key(name: str) -> tuple[str, int]:
    sponsor_id, _, number = name.rpartition("/")
    if not sponsor_id or not RUN_NUMBER.fullmatch(number):
        raise UsageError("a run is named SPONSOR/NUMBER, as `gateway pay list` shows it")
    return sponsor_id, int(number)


@pay_command.command()
@click.argument("run_name", metavar="RUN")
@user_option
@config_option
@json_option
def settle(run_name: str, user: str | None, config: Path, as_json: bool) -> None:
    """Say that the bank has paid RUN; a test installation settles by itself on the effective date."""
    context = context_of(config)
    sponsor_id, run_no = _run_key(run_name)
    with context.store.write("settle-ask") as connection:
        pay.ask(connection, context, sponsor_id, run_no, actor(user))
    emit({"run": run_name}, as_json, lambda: click.echo(f"run {run_name} settles"))


@click.group()
def ledger() -> None:
    """The books of each employer."""


@ledger.command()
@config_option
@json_option
def verify(config: Path, as_json: bool) -> None:
    """Check every journal, the sums the books must keep, and the audit's chain; exit 65 when something is wrong."""
    context = context_of(config)
    with context.store.read() as connection:
        unsound = books.verify(connection)
        broken = audit.broken_at(connection)
    wrong = unsound + ([] if broken is None else [f"audit: row {broken} is not what was written"])
    emit({"wrong": wrong}, as_json, lambda: click.echo("\n".join(wrong) or "the books balance"))
    if wrong:
        raise (LedgerBroken if unsound else BadData)(wrong[0])


@ledger.command("trial-balance")
@click.option("--sponsor", "sponsor_id", default=None, help="One employer; all by default.")
@config_option
@json_option
def trial_balance(sponsor_id: str | None, config: Path, as_json: bool) -> None:
    """Every account ever posted to."""
    context = context_of(config)
    with context.store.read() as connection:
        kept = set(books.kept_for(connection))
        if sponsor_id is not None and sponsor_id not in kept:
            _on_file(connection, sponsor_id)
        on_file = Parties(connection, installation.business_date(connection)).sponsors
        names = [sponsor_id] if sponsor_id else sorted({*on_file, *kept})
        data = {name: books.trial_balance(connection, name) for name in names}
    rows = [
        (name, plan_ledger.CHART[a].label, dollars(cents)) for name, sums in data.items() for a, cents in sums.items()
    ]
    emit(data, as_json, lambda: table(("sponsor", "account", "balance"), rows))


@click.group()
def stoploss() -> None:
    """Notices to the carrier, and what it owes the employer."""


@stoploss.command("list")
@config_option
@json_option
def stoploss_list(config: Path, as_json: bool) -> None:
    """Notices in the order they were made, and reimbursement claims."""
    context = context_of(config)
    with context.store.read() as connection:
        notices = list(connection.execute(select(notice).order_by(notice.c.sponsor_id, notice.c.seq)).mappings())
        claims = list(
            connection.execute(select(recovery).order_by(recovery.c.sponsor_id, recovery.c.number)).mappings()
        )
    data: dict[str, Any] = {
        "notices": [{**n, "body": msgspec.json.decode(n["body"])} for n in notices],
        "recoveries": [{**c, "body": msgspec.json.decode(c["body"])} for c in claims],
    }

    def render() -> None:
        table(
            ("sponsor", "notice", "claim", "made"),
            [(n["sponsor_id"], n["kind"], n["icn"], n["made_on"]) for n in notices],
        )
        rows = [
            (c["sponsor_id"], c["number"], dollars(c["amount_cents"]), dollars(c["received_cents"]), c["state"])
            for c in claims
        ]
        table(("sponsor", "claim", "filed", "received", "state"), rows)

    emit(data, as_json, render)


@stoploss.command()
@click.argument("number")
@SPONSOR
@click.option("--amount", "cents", type=Dollars(), required=True, help="In dollars.")
@user_option
@config_option
@json_option
def receive(number: str, sponsor_id: str, cents: int, user: str | None, config: Path, as_json: bool) -> None:
    """Book the carrier's payment of reimbursement claim NUMBER."""
    context = context_of(config)
    with context.store.write("reimbursement") as connection:
        _on_file(connection, sponsor_id)
        recover.receive(connection, context, sponsor_id, number, cents)
        audit.note(connection, context.now_us, actor(user), "reimbursement", f"{sponsor_id} {number}", f"{cents} cents")
    data = {"sponsor": sponsor_id, "number": number, "amount_cents": cents}
    emit(data, as_json, lambda: click.echo(f"{dollars(cents)} received on {number}"))
