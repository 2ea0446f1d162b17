"""partner key add|list|revoke: the SSH keys partners log in with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from gateway.cli.common import Day, actor, config_option, context_of, emit, json_option, table, user_option
from gateway.clock import SECOND_US
from gateway.errors import UsageError
from gateway.flow import partner_keys
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import installation, login_keys
from gateway.store.login_keys import LoginKey


@click.group()
def key() -> None:
    """The SSH keys partners log in with; a partner may have several, for instance while it changes them."""


@key.command("add")
@click.argument("name", metavar="NAME")
@click.argument("file", metavar="KEYFILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--from", "first", type=Day(), default=None, help="First day it opens (UTC); at once otherwise.")
@click.option("--until", "last", type=Day(), default=None, help="Last day it opens (UTC); no end otherwise.")
@user_option
@config_option
@json_option
def key_add(
    name: str, file: Path, first: date | None, last: date | None, user: str | None, config: Path, as_json: bool
) -> None:  # fmt: skip
    """Let partner NAME log in with the public key in KEYFILE; a key on file gets other days."""
    if first is not None and last is not None and last < first:
        raise UsageError("--until lies before --from")
    days = None if first is None and last is None else (_begin_us(first) if first else 0, _end_us(last))
    context = context_of(config)
    added = let_in(context, name, key_line(file), actor(user), days)
    said = f"{added.fingerprint} opens for {name}{_days_in_words(added)}"
    emit(_told(added, context.now_us), as_json, lambda: click.echo(said))


@key.command("list")
@click.argument("name", metavar="[NAME]", required=False)
@config_option
@json_option
def key_list(name: str | None, config: Path, as_json: bool) -> None:
    """Every key of partner NAME, or of all partners: its days, and whether it opens now."""
    context = context_of(config)
    now_us = context.now_us
    with context.store.read() as connection:
        parties = Parties(connection, installation.business_date(connection))
        partners = [parties.partner(name).id] if name else sorted(parties.partners)
        keys = [each for partner in partners for each in login_keys.of_partner(connection, partner)]
    data = [_told(each, now_us) for each in keys]
    columns = ("fingerprint", "partner", "state", "kind", "from", "until", "added", "added_by", "revoked", "revoked_by")
    emit(data, as_json, lambda: table(columns, [[each[one] or "" for one in columns] for each in data]))


@key.command("revoke")
@click.argument("name", metavar="NAME")
@click.argument("fingerprint", metavar="FINGERPRINT")
@click.option("--preview", is_flag=True, help="Say what would happen, and change nothing.")
@user_option
@config_option
@json_option
def key_revoke(name: str, fingerprint: str, preview: bool, user: str | None, config: Path, as_json: bool) -> None:
    """Close partner NAME's key for ever; FINGERPRINT may be its beginning. Sessions it opened are ended."""
    context = context_of(config)
    now_us = context.now_us
    with context.store.write("key-revoke") as connection:
        found = partner_keys.named(connection, name, fingerprint)
        if not preview:
            partner_keys.revoke(connection, now_us, found, actor(user))
        others = sum(each.state(now_us) == "good" and each != found for each in login_keys.of_partner(connection, name))
    done = "is closed already" if found.revoked_us else "would be closed" if preview else "is closed for ever"
    said = f"{found.fingerprint} of {name} {done}; its sessions end; keys left that open now: {others}"
    data = {"partner": name, "fingerprint": found.fingerprint, "preview": preview, "keys_left": others}
    emit(data, as_json, lambda: click.echo(said))


def key_line(path: Path) -> str:
    """The one public key line of a file; raises UsageError, or BadData when it is no key the door takes."""
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the file cannot be read") from error
    if len(lines) != 1:
        raise UsageError(f"{path}: a public key file (*.pub) holds one line")
    partner_keys.fingerprint(lines[0].strip())
    return lines[0].strip()


def let_in(
    context: Context, name: str, line: str, user: str, days: tuple[int, int | None] | None = None
) -> LoginKey:  # fmt: skip
    """Lets a partner on file log in with a key; raises ConfigError for one that is not, or BadData."""
    with context.store.write("key-add") as connection:
        Parties(connection, installation.business_date(connection)).partner(name)
        return partner_keys.add(connection, context.now_us, name, line, user, days)


def _told(each: LoginKey, now_us: int) -> dict[str, str | None]:
    """What is said of a key; its until is the last day it opens."""
    return {
        "partner": each.partner, "fingerprint": each.fingerprint, "kind": each.line.split()[0],
        "state": each.state(now_us), "from": _day(each.from_us or None),
        "until": _day(each.until_us and each.until_us - 1), "added": _day(each.added_us), "added_by": each.added_by,
        "revoked": _day(each.revoked_us), "revoked_by": each.revoked_by,
    }  # fmt: skip


def _begin_us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND_US


def _end_us(last: date | None) -> int | None:
    return None if last is None else _begin_us(last + timedelta(days=1))


def _day(at_us: int | None) -> str | None:
    return None if at_us is None else f"{datetime.fromtimestamp(at_us // SECOND_US, UTC):%Y-%m-%d}"


def _days_in_words(found: LoginKey) -> str:
    first = f" from {_day(found.from_us)}" if found.from_us else ""
    return first + (f" until {_day(found.until_us - 1)}" if found.until_us else "")
