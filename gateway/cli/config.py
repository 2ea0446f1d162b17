"""config check|show|init: the settings file, what a process needs to start."""

from __future__ import annotations

import secrets
from pathlib import Path

import click
import msgspec

from gateway.cli.common import config_option, emit, json_option, settings_of
from gateway.errors import CannotCreate, ConfigError, StateExists
from gateway.settings import shipped
from gateway.store import keys


@click.group()
def config() -> None:
    """The settings file of an installation."""


@config.command()
@config_option
def check(config: Path) -> None:
    """Say whether the settings file can be used."""
    settings = settings_of(config)
    missing = [str(settings.path(name)) for name in settings.sftp.host_keys if not settings.path(name).is_file()]
    if missing:
        raise ConfigError(f"host key {', '.join(missing)} is missing")
    if not any(settings.path(settings.keys.folder).glob("master-*")):
        raise ConfigError(f"no master key lies in {settings.path(settings.keys.folder)}")
    click.echo(f"{config}: good")


@config.command()
@config_option
@json_option
def show(config: Path, as_json: bool) -> None:
    """Print the settings in force, defaults included. Holds no secret."""
    settings = settings_of(config)
    emit(settings, as_json, lambda: click.echo(msgspec.toml.encode(msgspec.to_builtins(settings)).decode()))


@config.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--usage", type=click.Choice(["T", "P"]), default="T", show_default=True, help="Test or production.")
def init(folder: Path, usage: str) -> None:
    """Begin an installation in FOLDER: settings, host key, master key, token, and samples to load."""
    begin(folder, usage)
    click.echo(f"{folder}/gateway.toml written; next: gateway migrate --config {folder}/gateway.toml")


def begin(folder: Path, usage: str, **values: str) -> Path:
    """Makes the folder and its files; raises StateExists or CannotCreate. values replace the sample's settings."""
    from sftp_drop.hostkey import make_host_key

    target = folder / "gateway.toml"
    if target.exists():
        raise StateExists(str(folder))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = (shipped() / "gateway.toml").read_text()
        for name, value in {"usage": f'"{usage}"', **values}.items():
            text = _replaced(text, name, value)
        target.write_text(text)
        token = folder / "http-token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_urlsafe(24))
    except OSError as error:
        raise CannotCreate(f"{folder} ({error.strerror})") from error
    make_host_key(folder / "host_ed25519")
    keys.create_master(folder / "keys")
    return target


def _replaced(text: str, name: str, value: str) -> str:
    """The sample with one setting's line changed; `section.name` for one inside a section."""
    section, _, key = name.rpartition(".")
    lines, inside = [], ""
    for line in text.splitlines():
        if line.startswith("["):
            inside = line.strip("[]")
        if inside == section and line.split("=")[0].strip(" #") == key and "=" in line:
            line = f"{key} = {value}"
        lines.append(line)
    return "\n".join(lines) + "\n"
