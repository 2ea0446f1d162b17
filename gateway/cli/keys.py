"""key rotate|retire|verify|backup|restore and key host list|add|retire: the keys of the installation itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from gateway.cli.common import actor, config_option, context_of, emit, json_option, settings_of, table, user_option
from gateway.errors import BadData, KeyMissing, TryAgain, UsageError
from gateway.flow import host_keys, rotation
from gateway.store import audit, key_backup
from gateway.store.keys import create_master, retire_master

passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="First line is the passphrase; asked for otherwise. Never an argument: those are seen by every user.",
)  # fmt: skip


@click.group()
def key() -> None:
    """The master keys that open what is sealed, and the door's own keys. Partners' keys: gateway partner key."""


@key.command()
@user_option
@config_option
@json_option
def rotate(user: str | None, config: Path, as_json: bool) -> None:
    """Make a new master key and bring everything under it, while the daemon runs; again after an interruption goes on.

    With nodes on several machines stop them first, and copy the key folder before they start.
    """
    settings, context = settings_of(config), context_of(config)
    folder = settings.path(settings.keys.folder)
    goes_on = rotation.is_stale(context.store, context.keys)
    if not goes_on:
        create_master(folder)
        context.keys.look()
    newest = context.keys.newest
    if not as_json:
        click.echo(
            f"master-{newest} {'is the newest; going on' if goes_on else 'made; back it up: gateway key backup FILE'}"
        )
    rows: dict[str, int] = {}
    for done in rotation.rotate(context.store, context.keys):
        rows[done.kind] = rows.get(done.kind, 0) + done.rows
        if sys.stderr.isatty():
            click.echo(f"\r{done.kind}: {rows[done.kind]}\033[K", nl=False, err=True)
    with context.store.write("key-rotate") as connection:
        audit.note(
            connection, context.now_us, actor(user), "key rotate", f"master-{newest}", f"{sum(rows.values())} rows"
        )
    if not as_json:
        for kind, count in rows.items():
            click.echo(f"{kind}: {count} rows now under master-{newest}")
    if rotation.is_stale(context.store, context.keys):
        raise TryAgain("steps that were under way used the older key; run gateway key rotate once more")
    older = [number for number in context.keys.numbers if number != newest]
    said = [f"master-{number} is needed by nothing here: gateway key retire {number}" for number in older]
    data = {"newest": newest, "made": not goes_on, "rows": rows, "retirable": older}
    emit(data, as_json, lambda: click.echo("\n".join(said), nl=bool(said)))


@key.command()
@click.argument("number", type=int)
@user_option
@config_option
@json_option
def retire(number: int, user: str | None, config: Path, as_json: bool) -> None:
    """Take master key NUMBER out of use, if nothing needs it; its file is kept under another name, for old backups."""
    settings, context = settings_of(config), context_of(config)
    if number == context.keys.newest or number not in context.keys.numbers:
        raise UsageError(f"master-{number} is the newest master key, or there is none of that number")
    if needed := [need for need in rotation.needs(context.store, context.keys) if need.master == number]:
        said = ", ".join(f"{need.rows} {need.kind}" for need in needed)
        raise UsageError(f"master-{number} is needed by {said}; run gateway key rotate")
    with context.store.write("key-retire") as connection:
        audit.note(connection, context.now_us, actor(user), "key retire", f"master-{number}")
        away = retire_master(settings.path(settings.keys.folder), number)
    said = f"{away} opens backups made before; destroy it with the last of them"
    emit({"master": number, "file": str(away)}, as_json, lambda: click.echo(said))


@key.command()
@config_option
@json_option
def verify(config: Path, as_json: bool) -> None:
    """Say which master key is needed by what, and open the newest rows of every kind; exit 78 when one stays closed."""
    context = context_of(config)
    found = rotation.needs(context.store, context.keys)
    newest, spare = context.keys.newest, set(context.keys.numbers) - {need.master for need in found}
    data = {"newest": newest, "retirable": sorted(spare - {newest}), "needs": [need._asdict() for need in found]}
    rows = [(need.kind, f"master-{need.master}", need.rows, f"{need.opened} of {need.tried}") for need in found]
    emit(data, as_json, lambda: table(("what", "needs", "rows", "opened"), rows, f"newest: master-{newest}"))
    if closed := [need for need in found if need.opened < need.tried]:
        raise KeyMissing(", ".join(f"{need.kind} under master-{need.master}" for need in closed))


@key.command()
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
@config_option
@json_option
def backup(file: Path, passphrase_file: Path | None, config: Path, as_json: bool) -> None:
    """Write every master key into a new FILE that a passphrase opens; keep it away from the database's backup."""
    settings = settings_of(config)
    folder = settings.path(settings.keys.folder)
    numbers, data = key_backup.backup(folder, _passphrase(passphrase_file, confirm=True))
    key_backup.write(file, data)
    said = f"{file} holds {_names(numbers)}; without it or the folder {folder} nothing sealed is ever read again"
    emit({"file": str(file), "masters": numbers}, as_json, lambda: click.echo(said))


@key.command()
@click.argument("file", type=click.Path(path_type=Path))
@passphrase_option
@config_option
@json_option
def restore(file: Path, passphrase_file: Path | None, config: Path, as_json: bool) -> None:
    """Write the master keys of a backup FILE that are missing into the key folder; replaces nothing."""
    settings = settings_of(config)
    data = key_backup.read(file)
    restored = key_backup.restore(settings.path(settings.keys.folder), data, _passphrase(passphrase_file))
    said = f"{_names(restored)} restored" if restored else "every key of the backup is there already"
    emit({"restored": restored}, as_json, lambda: click.echo(said))


def _passphrase(file: Path | None, *, confirm: bool = False) -> str:
    """From a file's first line, or typed unseen; never echoed, never logged."""
    if file is None:
        typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)
        return typed
    try:
        lines = file.read_text().splitlines()
    except UnicodeDecodeError as error:
        raise BadData("the passphrase file is not text") from error
    return lines[0] if lines else ""


def _names(numbers: list[int]) -> str:
    return ", ".join(f"master-{number}" for number in numbers)


@key.group()
def host() -> None:
    """The keys by which clients know this door; the daemon takes a change at its next start."""


@host.command("list")
@config_option
@json_option
def host_list(config: Path, as_json: bool) -> None:
    """The door's keys with the fingerprints partners pin; of two of a kind the second is announced, not used yet."""
    found = host_keys.listed(settings_of(config))
    rows = [(one.file, one.kind, one.fingerprint, one.state) for one in found]
    emit(found, as_json, lambda: table(("file", "kind", "fingerprint", "state"), rows))


@host.command("add")
@config_option
@json_option
def host_add(config: Path, as_json: bool) -> None:
    """Make the door's next key and announce it; clients see it when the one before is retired."""
    made = host_keys.add(settings_of(config), config)
    said = (
        f"{made.file}: {made.line}\n{made.fingerprint}\ngive this to every partner, then: gateway key host retire OLD"
    )
    emit(msgspec.to_builtins(made), as_json, lambda: click.echo(said))


@host.command("retire")
@click.argument("file")
@config_option
@json_option
def host_retire(file: str, config: Path, as_json: bool) -> None:
    """Take a key FILE out of the settings, once its successor is known to the partners; destroy the file yourself."""
    host_keys.retire(settings_of(config), config, file)
    said = f"{file} is no longer named; restart the daemon, then destroy the file"
    emit({"file": file}, as_json, lambda: click.echo(said))
