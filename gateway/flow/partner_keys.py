"""The public keys partners log in with: which are fit, whose they are, and when they open.

Keys live in one table (`gateway.store.login_keys`); a partner's TOML may bring keys in, and takes none away. What
opens is judged by the clock, at login and once more for every living session (`allowed`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from msgspec.structs import replace
from sqlalchemy import Connection

from gateway.clock import DAY_US
from gateway.errors import BadData, UsageError
from gateway.store import audit, login_keys
from gateway.store.login_keys import LoginKey
from sftp_drop.fingerprint import fingerprint_of
from sftp_drop.settings import RSA_MAX_BITS, RSA_MIN_BITS

ENDING_US = 14 * DAY_US
"""Two weeks before a partner's last key ends it is warned of: about as long as a partner needs to send a new one."""


def fingerprint(line: str) -> str:
    """SHA256:... of an OpenSSH public key line, as OpenSSH prints it; raises BadData unless the door takes the key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    try:
        blob = base64.b64decode(line.split()[1], validate=True)
        key = load_ssh_public_key(line.encode())
    except UnsupportedAlgorithm as error:
        raise BadData(_UNFIT) from error
    except (IndexError, binascii.Error, ValueError) as error:
        raise BadData("an SSH public key is not in OpenSSH form (ssh-keygen -i converts others)") from error
    if isinstance(key, RSAPublicKey) and not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
        raise BadData(f"an RSA key has {key.key_size} bits; {RSA_MIN_BITS} to {RSA_MAX_BITS} are taken")
    if not isinstance(key, RSAPublicKey | Ed25519PublicKey):
        raise BadData(_UNFIT)
    return fingerprint_of(blob)


_UNFIT = f"an SSH key is of a kind the door does not take: ed25519, or RSA of {RSA_MIN_BITS} bits"


def add(
    connection: Connection, now_us: int, partner: str, line: str, by: str,
    days: tuple[int, int | None] | None = None,
) -> LoginKey:  # fmt: skip
    """Lets a partner log in with a key; days: from and until before, microseconds, None: at once and for ever.

    A key on file already keeps its days unless others are given. Raises BadData for one that is unfit, another
    partner's, or was revoked.
    """
    known = login_keys.find(connection, found := fingerprint(line))
    if known is not None and known.partner != partner:
        raise BadData(f"{found} is the key of another partner; every partner has keys of its own")
    if known is not None and known.revoked_us is not None:
        raise BadData(f"{found} was revoked; a revoked key stays closed, the partner needs a new one")
    if known is not None and (days is None or days == (known.from_us, known.until_us)):
        return known
    from_us, until_us = days or (0, None)
    if known is None:
        key = LoginKey(fingerprint=found, partner=partner, line=line, from_us=from_us, until_us=until_us,
                       added_us=now_us, added_by=by)  # fmt: skip
        login_keys.add(connection, key)
    else:
        key = replace(known, from_us=from_us, until_us=until_us)
        login_keys.set_days(connection, found, from_us, until_us)
    audit.note(connection, now_us, by, "key add" if known is None else "key days", f"partner {partner}", found)
    return key


def named(connection: Connection, partner: str, beginning: str) -> LoginKey:
    """The one key of a partner whose fingerprint begins so, with or without SHA256:; raises UsageError."""
    sought = beginning if beginning.startswith("SHA256:") else f"SHA256:{beginning}"
    found = [key for key in login_keys.of_partner(connection, partner) if key.fingerprint.startswith(sought)]
    if len(found) != 1:
        said = f"{len(found) or 'no'} keys of partner {partner} begin with {sought}"
        raise UsageError(f"{said}; `gateway partner key list {partner}` shows them")
    return found[0]


def revoke(connection: Connection, now_us: int, key: LoginKey, by: str) -> None:
    """The key opens nothing from now on; sessions it opened end at the door's next look (`allowed`)."""
    if key.revoked_us is None:
        login_keys.revoke(connection, key.fingerprint, now_us, by)
        audit.note(connection, now_us, by, "key revoke", f"partner {key.partner}", key.fingerprint)


def owner(connection: Connection, now_us: int, key_fingerprint: str) -> str | None:
    """The partner a key opens for now."""
    return login_keys.owners(connection, [key_fingerprint], now_us).get(key_fingerprint)


def allowed(connection: Connection, now_us: int, sessions: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Of living sessions, as (partner, fingerprint), those whose key still opens; the others are to be ended."""
    asked = set(sessions)
    owned = login_keys.owners(connection, (each for _, each in asked), now_us)
    return {(partner, each) for partner, each in asked if owned.get(each) == partner}
