"""What a process needs to start: `gateway.toml`. Partners, sponsors, plans and prices are dated rows, not settings."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from gateway.errors import ConfigError

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section refuses keys it does not know: a misspelt setting must not pass in silence."""


class Database(_Section, frozen=True, kw_only=True):
    """url: SQLAlchemy URL; a relative SQLite file lies beside the settings file."""

    url: str = "sqlite:///state.db"


class Sftp(_Section, frozen=True, kw_only=True):
    """The door. port 0 picks a free one. host_keys: files, relative ones lie beside the settings file; of two of a kind
    clients see the first, the second is announced until the first is retired. free_bytes_min: of the disk, else files
    are refused. limits: by the names of `sftp_drop.settings.DoorSettings`.
    """

    interface: str = "127.0.0.1"
    port: Port = 2222
    host_keys: tuple[str, ...] = ("host_ed25519",)
    free_bytes_min: Annotated[int, msgspec.Meta(ge=0)] = 1 << 30
    limits: dict[str, Any] = {}


class Directory(_Section, frozen=True, kw_only=True):
    """Folders a site's own SFTP server fills and empties; root "" watches none. Of partners, () are all who have one.

    work: where claimed files go, on the same file system; "" is `.work` in the partner's folder. settle_s: how long a
    closed file is left to its client. poll_s: between two equal looks that tell a file is complete, and between looks
    at network file systems. rescan_s: between full looks elsewhere. watch: auto polls network file systems.
    """

    root: str = ""
    partners: tuple[str, ...] = ()
    work: str = ""
    settle_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.5
    poll_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 10.0
    rescan_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0
    watch: Literal["auto", "inotify", "poll"] = "auto"


class Http(_Section, frozen=True, kw_only=True):
    """The status endpoint. port 0 picks a free one. token_file: holds the token of the protected pages."""

    interface: str = "127.0.0.1"
    port: Port = 8080
    token_file: str = "http-token"


class Sealing(_Section, frozen=True, kw_only=True):
    """Where the master keys lie; in production outside the state folder and its backup."""

    folder: str = "keys"


SIX_YEARS = 2_192
"""Days HIPAA asks documentation to be kept: 6 x 365 and two leap days (45 CFR 164.316(b)(2)(i))."""

SEVEN_YEARS = 2_557
"""Days we keep files: 7 x 365 and two leap days; a year more than HIPAA and ERISA 107 ask, as contracts often do."""


class Retention(_Section, frozen=True, kw_only=True):
    """Days the bytes of received files, and of what left, are kept. A legal hold keeps them for longer."""

    inbound_days: Annotated[int, msgspec.Meta(ge=SIX_YEARS)] = SEVEN_YEARS
    outbound_days: Annotated[int, msgspec.Meta(ge=SIX_YEARS)] = SEVEN_YEARS


class Pgp(_Section, frozen=True, kw_only=True):
    """Our secret PGP keys: files in ASCII armor without a passphrase, 0600. The first signs, any decrypts."""

    secrets: tuple[str, ...] = ()


class Guides(_Section, frozen=True, kw_only=True):
    """aliases: guide versions partners write that are read as another, beside those the gateway ships."""

    aliases: dict[str, str] = {}


class Written(_Section, frozen=True, kw_only=True):
    """What a settings file says. usage: T or P, must equal what the state was created with.

    first_business_date: where a test installation's calendar begins; without it, today. workers: 0 = one per core.
    limits: what one reader of files may hold, by the names of `parsers.limits.Limits`. certified_only: a partner that
    sends files is taken only with the day it was certified in a test installation.
    """

    usage: Literal["T", "P"] = "P"
    first_business_date: date | None = None
    workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    certified_only: bool = False
    database: Database = Database()
    sftp: Sftp = Sftp()
    directory: Directory = Directory()
    http: Http = Http()
    keys: Sealing = Sealing()
    guides: Guides = Guides()
    pgp: Pgp = Pgp()
    retention: Retention = Retention()
    limits: dict[str, int] = {}


class Settings(Written, frozen=True, kw_only=True):
    """One installation. folder: where its settings file lies."""

    folder: str = "."

    def path(self, name: str) -> Path:
        """A file named in the settings: relative ones lie beside the settings file."""
        return Path(self.folder) / name

    @property
    def database_url(self) -> str:
        """The database URL with a relative SQLite path made absolute."""
        prefix = "sqlite:///"
        if not self.database.url.startswith(prefix):
            return self.database.url
        return prefix + str(self.path(self.database.url.removeprefix(prefix)).resolve())

    @property
    def worker_count(self) -> int:
        """How many workers to start: one per core unless said."""
        return self.workers or os.cpu_count() or 1

    @property
    def cache(self) -> Path:
        """Where compiled guide tables may be kept; a missing or unwritable cache is only slower."""
        return self.path("cache")


def load(path: Path) -> Settings:
    """Reads a settings file; raises ConfigError naming the file and the place."""
    try:
        written = msgspec.toml.decode(path.read_bytes(), type=Written)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from error
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    said = {name: getattr(written, name) for name in written.__struct_fields__}
    return Settings(**said, folder=str(path.parent.resolve()))


def user_cache() -> Path:
    """Where a command without an installation may keep compiled guide tables."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aso-gateway"


def shipped() -> Path:
    """The sample configuration: inside an installed wheel, else the checkout's config folder."""
    inside = Path(__file__).parent / "_config"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "config"
