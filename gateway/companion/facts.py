"""What the guide is written from: the settings file, the rows in force today, the keys on both sides."""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.flow.context import Context
from gateway.flow.parties import Administrator, Parties, Partner, Sponsor
from gateway.flow.partner_keys import fingerprint
from gateway.settings import Settings
from gateway.store import installation, login_keys
from parsers.codes import CodeSets


class FactsOnFile(msgspec.Struct, frozen=True, kw_only=True):
    """keys: fingerprints a partner logs in with; host_keys: by which it knows our server. aliases: GS08 -> guide.

    codes: the code sets in force.
    """

    settings: Settings
    usage: str
    today: date
    ours: Administrator
    partner: Partner
    sponsors: tuple[Sponsor, ...]
    keys: tuple[str, ...]
    host_keys: tuple[str, ...]
    aliases: dict[str, str]
    codes: CodeSets


def of(context: Context, settings: Settings, partner_id: str) -> FactsOnFile:
    """The facts about a partner. Raises ConfigError when it, or the administrator, is not on file."""
    now_us = context.now_us
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        partner, ours = parties.partner(partner_id), parties.administrator
        mine = [
            key for key in login_keys.of_partner(connection, partner_id) if key.state(now_us) in ("good", "not yet")
        ]
    sponsors = tuple(parties.sponsors[one] for one in partner.sponsors if one in parties.sponsors)
    return FactsOnFile(
        settings=settings, usage=context.usage, today=today, ours=ours, partner=partner, sponsors=sponsors,
        keys=tuple(sorted(key.fingerprint for key in mine)),
        host_keys=tuple(_host_keys(settings)), aliases=dict(context.aliases), codes=context.codes(),
    )  # fmt: skip


def _host_keys(settings: Settings) -> list[str]:
    """Fingerprints of our host keys whose public line lies beside them or in them."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

    found = []
    for name in settings.sftp.host_keys:
        try:
            key = load_ssh_private_key(settings.path(name).read_bytes(), password=None)
        except (OSError, ValueError):
            continue  # `gateway config check` tells a missing key; a guide says what there is
        line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        found.append(f"{line.split()[0]} {fingerprint(line)}")
    return found
