"""A new installation's folder: settings from the sample, host key, master key, token."""

from __future__ import annotations

import secrets
from pathlib import Path

from gateway.errors import CannotCreate
from gateway.settings import shipped
from gateway.store import keys
from sftp_drop.hostkey import make_host_key


def begin(folder: Path, usage: str, **values: str) -> Path:
    """Makes the folder and its files; raises CannotCreate. values replace the sample's settings."""
    target = folder / "gateway.toml"
    if target.exists():
        raise CannotCreate(f"{folder} holds an installation already")
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
    key_pair(folder / "host_ed25519")
    keys.create_master(folder / "keys")
    return target


def key_pair(path: Path) -> str:
    """A new ed25519 key and its public line beside it, as ssh-keygen leaves them; returns the line."""
    line = make_host_key(path)
    path.with_suffix(".pub").write_text(line + "\n")
    return line


def change(target: Path, **values: str) -> None:
    """Changes settings of an existing file; raises CannotCreate."""
    try:
        text = target.read_text()
        for name, value in values.items():
            text = _replaced(text, name, value)
        target.write_text(text)
    except OSError as error:
        raise CannotCreate(f"{target} ({error.strerror})") from error


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
