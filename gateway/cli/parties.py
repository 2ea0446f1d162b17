"""partner, sponsor, load: the dated rows of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gateway.cli.common import (
    FILES,
    actor,
    config_option,
    context_of,
    emit,
    json_option,
    settings_of,
    table,
    user_option,
    write_file,
)
from gateway.cli.partner_checks import partner_certify, partner_test
from gateway.cli.partner_keys import key, key_line, let_in
from gateway.errors import UsageError
from gateway.flow import loading, takeover
from gateway.flow.loading import Loaded
from gateway.flow.parties import Parties
from gateway.store import installation, login_keys


@click.command()
@FILES
@user_option
@config_option
@json_option
def load(files: tuple[Path, ...], user: str | None, config: Path, as_json: bool) -> None:
    """Load FILES, all or none: TOML for parties, plans, contracts, policies and answers, CSV for prices and codes."""
    loaded = loading.load(context_of(config), list(files), actor(user))
    emit(loaded, as_json, lambda: _tell(loaded))


def _tell(loaded: list[Loaded]) -> None:
    rows = [(each.file, each.kind, each.rows, each.new, each.changed) for each in loaded]
    table(("file", "kind", "rows", "new", "changed"), rows)


@click.group()
def partner() -> None:
    """Trading partners."""


for _command in (key, partner_test, partner_certify):
    partner.add_command(_command)


@partner.command("add")
@FILES
@click.option(
    "--key", "keys", multiple=True, metavar="PARTNER=FILE", help="An SSH public key a partner may log in with."
)
@user_option
@config_option
@json_option
def partner_add(files: tuple[Path, ...], keys: tuple[str, ...], user: str | None, config: Path, as_json: bool) -> None:
    """Load partners from FILES, and let them log in."""
    lines = [_key_of(pair) for pair in keys]
    context = context_of(config)
    loaded = loading.load(context, list(files), actor(user))
    opened = [let_in(context, name, line, actor(user)) for name, line in lines]
    keys_told = [{"partner": each.partner, "fingerprint": each.fingerprint} for each in opened]

    def told() -> None:
        _tell(loaded)
        for each in keys_told:
            click.echo(f"{each['fingerprint']} opens for {each['partner']}")

    emit({"loaded": loaded, "keys": keys_told}, as_json, told)


def _key_of(pair: str) -> tuple[str, str]:
    """PARTNER=FILE as the partner and its public key line."""
    name, _, path = pair.partition("=")
    if not name or not path:
        raise UsageError(f"--key {pair}: write PARTNER=FILE")
    return name, key_line(Path(path))


@partner.command("list")
@config_option
@json_option
def partner_list(config: Path, as_json: bool) -> None:
    """The partners in force today, and the keys that open for them now."""
    context = context_of(config)
    with context.store.read() as connection:
        parties = Parties(connection, installation.business_date(connection))
        keys = login_keys.good(connection, context.now_us)
    data = [
        {"id": p.id, "name": p.name, "isa": f"{p.qualifier}/{p.isa_id}", "roles": p.roles, "sponsors": p.sponsors,
         "keys": [key.fingerprint for key in keys if key.partner == p.id]}
        for p in parties.partners.values()
    ]  # fmt: skip
    rows = [
        (d["id"], d["name"], d["isa"], ", ".join(d["roles"]), ", ".join(d["sponsors"]), len(d["keys"])) for d in data
    ]
    emit(data, as_json, lambda: table(("id", "name", "ISA", "roles", "sponsors", "keys"), rows))


@partner.command("guide")
@click.argument("name", metavar="NAME")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page.")
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a PDF.")
@config_option
@json_option
def partner_guide(name: str, html: Path | None, pdf: Path | None, config: Path, as_json: bool) -> None:
    """The companion guide for partner NAME, written from the settings in force; printed unless a file is named."""
    from gateway.companion import blocks, document, facts, page

    guide = document.document(facts.of(context_of(config), settings_of(config), name))
    if html is not None:
        write_file(html, page.html(guide).encode())
    if pdf is not None:
        write_file(pdf, page.pdf(guide))
    if as_json or (html is None and pdf is None):
        emit(guide, as_json, lambda: click.echo(blocks.as_text(guide)))


@click.group()
def sponsor() -> None:
    """Employers whose plans are administered."""


@sponsor.command("add")
@FILES
@click.option("--takeover", "takeover_file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="JSON of the former administrator: members, credits, claims, authorisations, cash.")  # fmt: skip
@user_option
@config_option
@json_option
def sponsor_add(
    files: tuple[Path, ...], takeover_file: Path | None, user: str | None, config: Path, as_json: bool
) -> None:  # fmt: skip
    """Load employers from FILES, and take over what a former administrator hands on."""
    context = context_of(config)
    file = takeover.read(takeover_file) if takeover_file else None
    loaded = loading.load(context, list(files), actor(user))
    data: dict[str, Any] = {"loaded": loaded, "takeover": None}
    if file is not None:
        booked = takeover.apply(context, file, actor(user))
        data["takeover"] = {
            "sponsor": file.sponsor, "members": len(file.members), "claims": len(file.claims), "booked": booked,
        }  # fmt: skip

    def told() -> None:
        _tell(loaded)
        if taken := data["takeover"]:
            what = f"{taken['members']} members, {taken['claims']} paid claims"
            said = what if taken["booked"] else "booked before, nothing changed"
            click.echo(f"takeover of {taken['sponsor']}: {said}")

    emit(data, as_json, told)


@sponsor.command("list")
@config_option
@json_option
def sponsor_list(config: Path, as_json: bool) -> None:
    """The employers in force today."""
    context = context_of(config)
    with context.store.read() as connection:
        sponsors = Parties(connection, installation.business_date(connection)).sponsors
    rows = [
        (s.id, s.name, ", ".join(s.groups), ", ".join(s.plans), s.policy, s.funding.method) for s in sponsors.values()
    ]
    emit(list(sponsors.values()), as_json, lambda: table(("id", "name", "groups", "plans", "policy", "funding"), rows))
