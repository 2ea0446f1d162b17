"""The limits of the door as an installation's settings say them; imports nothing of Twisted."""

from __future__ import annotations

import msgspec

from gateway.errors import ConfigError
from gateway.settings import Settings
from sftp_drop.places import is_in
from sftp_drop.settings import DoorSettings


def door_settings(settings: Settings) -> DoorSettings:
    """The limits of the door; raises ConfigError for one that does not exist or cannot have its value."""
    try:
        limits = msgspec.convert(settings.sftp.limits, DoorSettings)
        is_in("0.0.0.0", limits.never_ban)
    except ValueError as error:
        raise ConfigError(f"[sftp.limits] {error}") from error
    return limits
