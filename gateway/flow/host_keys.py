"""The door's own keys: made, announced before they are used, and taken out of use.

`[sftp] host_keys` lists them. The first of a kind is the one clients see; a later one of the same kind is announced
only (in the guide and by `gateway key host list`), so that partners can pin it before the first is retired.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from gateway.errors import CannotCreate, ConfigError, InputOutput, UsageError
from gateway.flow import beginning
from gateway.flow.partner_keys import fingerprint
from gateway.settings import Settings


class HostKey(msgspec.Struct, frozen=True, kw_only=True):
    """file: as the settings name it. line: its public key, to hand out. state: shown to clients, or announced only."""

    file: str
    kind: str
    fingerprint: str
    line: str
    state: Literal["shown", "announced"]


def listed(settings: Settings) -> list[HostKey]:
    """The keys of the settings; raises ConfigError for one that cannot be read."""
    found: list[HostKey] = []
    for name in settings.sftp.host_keys:
        line = public_line(settings.path(name))
        kind = line.split()[0]
        state: Literal["shown", "announced"] = "announced" if any(one.kind == kind for one in found) else "shown"
        found.append(HostKey(file=name, kind=kind, fingerprint=fingerprint(line), line=line, state=state))
    return found


def public_line(path: Path) -> str:
    """The public line of a private key file; raises ConfigError."""
    try:
        key = load_ssh_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigError(f"host key {path} cannot be read ({error.strerror})") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"host key {path} is no unencrypted OpenSSH private key") from error
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def add(settings: Settings, config: Path) -> HostKey:
    """Makes an ed25519 key and announces it as the last of the list; raises CannotCreate."""
    names = settings.sftp.host_keys
    number = next(n for n in range(2, len(names) + 1_000) if not settings.path(f"host_ed25519-{n}").exists())
    name = f"host_ed25519-{number}"
    try:
        line = beginning.key_pair(settings.path(name))
    except OSError as error:
        raise CannotCreate(f"{settings.path(name)} ({error.strerror})") from error
    _say(config, (*names, name))
    state: Literal["shown", "announced"] = "announced" if names else "shown"
    return HostKey(file=name, kind=line.split()[0], fingerprint=fingerprint(line), line=line, state=state)


def retire(settings: Settings, config: Path, name: str) -> None:
    """Takes a key out of the settings, its file stays; raises UsageError for the last of its kind or a stranger."""
    found = listed(settings)
    (kind,) = {one.kind for one in found if one.file == name} or {""}
    if not kind:
        raise UsageError(f"[sftp] host_keys names no {name}")
    if sum(one.kind == kind for one in found) == 1:
        raise UsageError(f"{name} is the only {kind} key; add its successor first, and let partners pin it")
    _say(config, tuple(one for one in settings.sftp.host_keys if one != name))


def _say(config: Path, names: tuple[str, ...]) -> None:
    before = config.read_text()
    beginning.change(config, **{"sftp.host_keys": msgspec.json.encode(names).decode()})
    if config.read_text() == before:
        raise InputOutput(f"{config} has no line host_keys in [sftp]; write host_keys = {list(names)}")
