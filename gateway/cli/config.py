"""config check|show|init: the settings file, what a process needs to start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import msgspec

from gateway.cli.common import config_option, emit, json_option, settings_of
from gateway.errors import ConfigError
from gateway.flow import beginning
from gateway.flow.door_limits import door_settings
from gateway.settings import Written
from parsers.forms import with_aliases
from parsers.limits import limits_of


@click.group()
def config() -> None:
    """The settings file of an installation."""


@config.command()
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Say whether the settings file can be used; exit 78 and the first reason when it cannot."""
    settings = settings_of(config)
    with_aliases(settings.guides.aliases)
    limits_of(settings.limits)
    door_settings(settings)
    keys = [settings.path(name) for name in settings.sftp.host_keys]
    wrong = [f"host key {path} is missing" for path in keys if not path.is_file()]
    if not any(settings.path(settings.keys.folder).glob("master-*")):
        wrong.append(f"no master key lies in {settings.path(settings.keys.folder)}")
    emit({"wrong": wrong}, as_json, lambda: click.echo("\n".join(wrong) or f"{config}: good"))
    if wrong:
        raise ConfigError(wrong[0])


@config.command()
@config_option
@json_option
def show(config: Path, as_json: bool) -> None:
    """Print the settings in force, defaults included. Holds no secret."""
    settings = settings_of(config)
    emit(settings, as_json, lambda: click.echo("\n".join(_lines(settings))))


def _lines(settings: msgspec.Struct, section: str = "") -> Iterator[str]:
    """A settings file with every setting said, sections as dotted names."""
    for name in (Written if isinstance(settings, Written) else type(settings)).__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, msgspec.Struct):
            yield from _lines(value, f"{section}{name}.")
        elif isinstance(value, dict) and value:
            yield from (f"{section}{name}.{_json(key)} = {_json(said)}" for key, said in value.items())
        elif isinstance(value, date):
            yield f"{section}{name} = {value.isoformat()}"
        elif value is not None:
            yield f"{section}{name} = {_json(value)}"


def _json(value: object) -> str:
    """A text, number or list as TOML writes it, too."""
    return msgspec.json.encode(value).decode()


@config.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--usage", type=click.Choice(["T", "P"]), default="T", show_default=True, help="Test or production.")
@json_option
def init(folder: Path, usage: str, as_json: bool) -> None:
    """Begin an installation in FOLDER: settings, host key, master key, token, and samples to load."""
    beginning.begin(folder, usage)
    written = str(folder / "gateway.toml")
    said = f"{written} written; next: gateway migrate --config {written}"
    emit({"config": written}, as_json, lambda: click.echo(said))
