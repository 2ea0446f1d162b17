"""pend: claims that wait for a person - who looks after them, by when, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from gateway.cli.common import (
    NOT_DONE,
    Day,
    Said,
    User,
    actor,
    claim_argument,
    config_option,
    context_of,
    emit,
    json_option,
    said_why,
    table,
    user_option,
    why_option,
    write_file,
    yes_option,
)
from gateway.errors import UsageError
from gateway.flow import acts, asking, figures, outlook, pends
from gateway.flow.acts import Ruling
from gateway.flow.context import Context
from gateway.flow.outlook import Outlook
from gateway.flow.pends import Filter, Pended
from gateway.plan.rounding import dollars
from gateway.store import installation

CODE = click.option("--code", type=Said(), metavar="GROUP-CARC", help="What it is denied for, as PR-96.")
REMARK = click.option("--remark", "remarks", multiple=True, metavar="RARC", help="With it, as N130; repeatable.")

FILTERS = (
    click.option("--queue", default="", help="Only of this queue (MBR PRV PRC RPR AUTH ACC COB DUP AUD ...)."),
    click.option("--reason", default="", help="Only where the reason says this."),
    click.option("--npi", default="", help="Only of this billing provider."),
    click.option("--sponsor", "sponsor_id", default="", help="Only of this employer."),
    click.option("--owner", type=User(), default=None, help="Only those this person looks after."),
    click.option("--older-than", "older_than_days", type=click.IntRange(0), default=None, metavar="DAYS",
                 help="Only received more days ago than this."),
    click.option("--due-by", type=Day(), default=None, help="Only those to be decided by this day."),
)  # fmt: skip


def filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options that say which claims are meant."""
    for option in reversed(FILTERS):
        command = option(command)
    return command


@click.group()
def pend() -> None:
    """Claims that wait for a person."""


# ---- looking ---------------------------------------------------------------------------------------------------------


@pend.command("list")
@filtered
@config_option
@json_option
def pend_list(config: Path, as_json: bool, **wanted: Any) -> None:
    """Pended claims in the order they came, with owner and due date."""
    found = _find(context_of(config), Filter(**wanted))
    rows = [
        (p.icn, p.queue, p.sponsor_id, p.owner, _due(p), dollars(p.charge_cents), p.reason, p.needed) for p in found
    ]
    columns = ("claim", "queue", "sponsor", "owner", "due", "charge", "reason", "needed")
    emit(found, as_json, lambda: table(columns, rows))


@pend.command()
@claim_argument
@click.option("--letter", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write the newest letter about it as a PDF.")  # fmt: skip
@user_option
@config_option
@json_option
def show(icn: str, letter: Path | None, user: str | None, config: Path, as_json: bool) -> None:
    """What CLAIM waits for, what was done about it, and what its release would come to now."""
    context = context_of(config)
    with context.store.read() as connection:
        found = pends.one(connection, installation.business_date(connection), icn)
        told = pends.events(connection, [icn])[icn]
        coming = outlook.outlook(connection, context, [found], acts.RELEASE, actor(user))
    if letter is not None:
        write_file(letter, asking.page(told))
    data = {"pend": found, "acts": told, "release": coming.claims[0]}

    def render() -> None:
        click.echo(f"Claim {icn} of {found.sponsor_id} waits in {found.queue}: {found.reason}")
        click.echo(f"Needed: {found.needed} Owner: {found.owner or 'nobody'}. Due: {_due(found)}.")
        table(("on", "who", "act", "said"), [(e.on, e.user, e.act, e.said) for e in told])
        _shown(coming)

    emit(data, as_json, render)


@pend.command("figures")
@click.option("--since", type=Day(), default=None, help="Only of claims first decided on this day or later.")
@config_option
@json_option
def pend_figures(since: date | None, config: Path, as_json: bool) -> None:
    """How many claims are decided without a person, and what the others fall out for."""
    with context_of(config).store.read() as connection:
        found = figures.read(connection, since)
    rows = [(one.queue, one.claims, one.waiting) for one in found.causes]

    def render() -> None:
        rate = "-" if found.automatic_rate is None else f"{dollars(found.automatic_rate)} %"
        click.echo(f"{found.first_decisions} claims decided, {rate} without a person; {found.pended} fell out")
        table(("queue", "claims", "waiting now"), rows)

    emit(found, as_json, render)


# ---- acts that leave a claim where it is -----------------------------------------------------------------------------


@pend.command()
@claim_argument
@click.option("--for", "owner", type=User(), default=None, help="Who looks after it from now on; you otherwise.")
@user_option
@config_option
@json_option
def take(icn: str, owner: str | None, user: str | None, config: Path, as_json: bool) -> None:
    """Look after CLAIM from now on, or give it to somebody."""
    _said(icn, acts.take(context_of(config), icn, actor(user), owner or actor(user)), as_json)


@pend.command()
@claim_argument
@click.argument("text", type=Said())
@user_option
@config_option
@json_option
def note(icn: str, text: str, user: str | None, config: Path, as_json: bool) -> None:
    """Keep TEXT with CLAIM."""
    _said(icn, acts.note(context_of(config), icn, actor(user), text), as_json)


@pend.command()
@claim_argument
@click.argument("text", type=Said())
@click.option("--to", type=click.Choice(("provider", "member")), default="provider", show_default=True,
              help="Whom the letter is written to.")  # fmt: skip
@click.option("--extend", is_flag=True, help="Say in it, too, that the decision takes the extension the law allows.")
@user_option
@config_option
@json_option
def request(
    icn: str, text: str, to: asking.To, extend: bool, user: str | None, config: Path, as_json: bool
) -> None:  # fmt: skip
    """Ask for what CLAIM lacks: TEXT goes out in a letter, and the clock stands until the answer."""
    _said(icn, asking.request(context_of(config), icn, actor(user), to, text, extend=extend), as_json)


@pend.command()
@claim_argument
@click.argument("text", type=Said())
@user_option
@config_option
@json_option
def answer(icn: str, text: str, user: str | None, config: Path, as_json: bool) -> None:
    """Note in TEXT the answer that came about CLAIM: its clock goes on."""
    _said(icn, acts.answer(context_of(config), icn, actor(user), text), as_json)


# ---- acts that decide ------------------------------------------------------------------------------------------------


@pend.command()
@claim_argument
@why_option
@yes_option
@user_option
@config_option
@json_option
def release(icn: str, why: str | None, yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Decide CLAIM as of now, what it waits for being answered."""
    _act(context_of(config), icn, acts.RELEASE, why, yes, actor(user), as_json)


@pend.command()
@claim_argument
@CODE
@REMARK
@why_option
@yes_option
@user_option
@config_option
@json_option
def deny(
    icn: str, code: str | None, remarks: tuple[str, ...], why: str | None, yes: bool, user: str | None, config: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Deny CLAIM whole, for a code."""
    _act(context_of(config), icn, _denial(code, remarks), why, yes, actor(user), as_json)


@pend.command()
@claim_argument
@click.argument("edit")
@why_option
@yes_option
@user_option
@config_option
@json_option
def override(icn: str, edit: str, why: str | None, yes: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Decide CLAIM as of now without EDIT; above the employer's limit two people must."""
    _act(context_of(config), icn, acts.override(edit), why, yes, actor(user), as_json)


@pend.command()
@click.argument("act", type=click.Choice(("release", "deny", "override", "take")))
@filtered
@CODE
@REMARK
@click.option("--edit", default="", help="What an override sets aside.")
@click.option("--for", "to", type=User(), default=None, help="Who takes them; you otherwise.")
@why_option
@yes_option
@user_option
@config_option
@json_option
def bulk(
    act: str, code: str | None, remarks: tuple[str, ...], edit: str, to: str | None, why: str | None, yes: bool,
    user: str | None, config: Path, as_json: bool, **wanted: Any,
) -> None:  # fmt: skip
    """The same ACT on every claim of a filter, after a look at what it would come to."""
    which, context = Filter(**wanted), context_of(config)
    if which == Filter():
        raise UsageError("say which claims: --queue, --reason, --npi, --sponsor, --owner, --older-than or --due-by")
    if act == "take":
        _give(context, which, to or actor(user), yes, actor(user), as_json)
        return
    ruling = _denial(code, remarks) if act == "deny" else acts.override(edit) if act == "override" else acts.RELEASE
    _act(context, which, ruling, why, yes, actor(user), as_json)


def _give(context: Context, which: Filter, owner: str, yes: bool, user: str, as_json: bool) -> None:
    icns = [one.icn for one in _find(context, which)]
    done = acts.take_all(context, icns, user, owner) if yes else None

    def render() -> None:
        click.echo(f"{len(icns)} claims for {owner}")
        _did(done)

    emit({"claims": icns, "owner": owner, "done": done}, as_json, render)


def _act(
    context: Context, which: Filter | str, ruling: Ruling, why: str | None, yes: bool, user: str, as_json: bool
) -> None:  # fmt: skip
    """Shows what an act would come to, and does it where asked. which: a filter, or one claim's number."""
    doing = said_why(yes, why)
    with context.store.read() as connection:
        today = installation.business_date(connection)
        if isinstance(which, str):
            found = [pends.one(connection, today, which)]
        else:
            found = pends.find(connection, today, which)
        coming = outlook.outlook(connection, context, found, ruling, user)
    done: dict[str, int] | None = None
    if doing is not None and isinstance(which, str):
        done = {acts.decide(context, which, ruling, user, doing): 1}
    elif doing is not None:
        done = acts.decide_all(context, [one.icn for one in found], ruling, user, doing)

    def render() -> None:
        _shown(coming)
        _did(done)

    emit({"outlook": coming, "done": done}, as_json, render)


def _did(done: dict[str, int] | None) -> None:
    if done is None:
        click.echo(NOT_DONE)
    for what, count in (done or {}).items():
        click.echo(f"{count}: {what}")


def _denial(code: str | None, remarks: tuple[str, ...]) -> Ruling:
    group, dash, reason = (code or "").upper().partition("-")
    if not (group and dash and reason):
        raise UsageError("a denial needs --code GROUP-CARC, as PR-96")
    return acts.deny(group, reason, tuple(each.upper() for each in remarks))


def _find(context: Context, wanted: Filter) -> list[Pended]:
    with context.store.read() as connection:
        return pends.find(connection, installation.business_date(connection), wanted)


def _due(one: Pended) -> str:
    if one.clock_stands:
        return f"asked, until {one.answer_by}"
    return f"{one.due} (day {one.used_days}{'!' if one.alert_days is not None else ''})"


def _shown(coming: Outlook) -> None:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in coming.outcomes.items()) or "nothing"
    click.echo(
        f"{coming.act}: {coming.count} claims, charged {dollars(coming.charge_cents)}, would come to {outcomes}; "
        f"plan pays {dollars(coming.paid_cents)}, patients owe {dollars(coming.patient_cents)}"
    )
    columns = ("claim", "outcome", "queue", "charge", "plan pays", "patient", "codes")
    table(columns, [
        (c.icn, c.outcome, c.queue, dollars(c.charge_cents), dollars(c.paid_cents), dollars(c.patient_cents),
         " ".join(c.codes)) for c in coming.claims
    ])  # fmt: skip


def _said(icn: str, what: str, as_json: bool) -> None:
    emit({"claim": icn, "said": what}, as_json, lambda: click.echo(f"{icn}: {what}"))
