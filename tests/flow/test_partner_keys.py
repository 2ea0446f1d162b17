"""Laws of the keys partners log in with: which are fit, whose they are, and when they open."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from gateway.clock import HOUR_US
from gateway.errors import BadData, UsageError
from gateway.flow import folders, loading, partner_keys
from gateway.store import login_keys
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit
from sftp_drop.drop import Refused
from tests.flow.world import World, begun


def public_line(private: object) -> str:
    """A key's public line, as ssh-keygen writes it."""
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()  # type: ignore[attr-defined]


def ed25519_line() -> str:
    """A fresh ed25519 key's."""
    return public_line(Ed25519PrivateKey.generate())


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation with its partners."""
    return begun(store, keys, tmp_path, day=None)


def test_only_strong_keys_are_fit() -> None:
    """ed25519 and RSA from 3072 bits; an RSA key of 2048 bits, a curve of NIST, a private key and noise are refused."""
    assert partner_keys.fingerprint(ed25519_line()).startswith("SHA256:")
    assert partner_keys.fingerprint(public_line(rsa.generate_private_key(65537, 3072)))
    for line, said in (
        (public_line(rsa.generate_private_key(65537, 2048)), "2048 bits"),
        (public_line(ec.generate_private_key(ec.SECP256R1())), "kind the door does not take"),
        ("sk-ssh-ed25519@openssh.com AAAA", "OpenSSH form"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "OpenSSH form"),
        ("ssh-ed25519 AAAA", "OpenSSH form"),
        ("", "OpenSSH form"),
    ):
        with pytest.raises(BadData, match=said):
            partner_keys.fingerprint(line)


def test_a_key_opens_in_its_days_only(world: World) -> None:
    """A key opens from its first instant until before its end; other days may be given later; every change is told."""
    now_us, line = world.clock.now_us, ed25519_line()
    with world.store.write("test") as connection:
        key = partner_keys.add(connection, now_us, "clearpath", line, "ann", (now_us + HOUR_US, now_us + 2 * HOUR_US))
        found = [
            (partner_keys.owner(connection, at_us, key.fingerprint), key.state(at_us))
            for at_us in (now_us, now_us + HOUR_US, now_us + 2 * HOUR_US - 1, now_us + 2 * HOUR_US)
        ]
        assert found == [(None, "not yet"), ("clearpath", "good"), ("clearpath", "good"), (None, "over")]
        assert partner_keys.add(connection, now_us, "clearpath", line, "ann") == key, "its days are kept"
        partner_keys.add(connection, now_us, "clearpath", line, "ben", (0, None))
        assert partner_keys.owner(connection, now_us, key.fingerprint) == "clearpath"
        told = select(audit.c.actor, audit.c.action).where(audit.c.detail == key.fingerprint)
        assert connection.execute(told).all() == [("ann", "key add"), ("ben", "key days")]


def test_a_key_is_one_partners_and_revoked_for_ever(world: World, tmp_path: Path) -> None:
    """Another partner's key is refused, a revoked one too, by command and by file; the load stores nothing then."""
    line = ed25519_line()
    with world.store.write("test") as connection:
        key = partner_keys.add(connection, 1, "clearpath", line, "ann")
        with pytest.raises(BadData, match="another partner"):
            partner_keys.add(connection, 1, "lakeline", line, "ann")
        partner_keys.revoke(connection, 2, key, "ann")
        with pytest.raises(BadData, match="revoked"):
            partner_keys.add(connection, 3, "clearpath", line, "ann")
    file = tmp_path / "partner.toml"
    file.write_text(f'[[partner]]\nid = "clearpath"\nfirst = 2026-01-01\nname = "C"\nisa_id = "C"\nkeys = ["{line}"]\n')
    with pytest.raises(BadData, match="revoked"):
        loading.load(world.context, [file], "ann")
    with world.store.read() as connection:
        (kept,) = login_keys.of_partner(connection, "clearpath")
    assert (kept.revoked_us, kept.revoked_by, kept.state(5)) == (2, "ann", "revoked")


def test_a_file_brings_keys_in_and_takes_none_away(world: World, tmp_path: Path) -> None:
    """A partner's TOML may name keys; a key by command stays beside them, also when the file is loaded again."""
    first, second = ed25519_line(), ed25519_line()
    with world.store.write("test") as connection:
        partner_keys.add(connection, 1, "clearpath", second, "ann", (5, None))
    file = tmp_path / "partner.toml"
    for lines in (f'["{first}", "{second}"]', "[]"):
        file.write_text(
            f'[[partner]]\nid = "clearpath"\nfirst = 2026-01-01\nname = "C"\nisa_id = "C"\nkeys = {lines}\n'
        )
        loading.load(world.context, [file], "ann")
    with world.store.read() as connection:
        found = login_keys.of_partner(connection, "clearpath")
    assert {key.line: key.from_us for key in found} == {first: 0, second: 5}


def test_sessions_of_closed_keys_are_no_longer_allowed(world: World) -> None:
    """Asked about living sessions, only those are named whose key still opens for that partner."""
    ends_us = (None, 100, None)
    with world.store.write("test") as connection:
        good, over, revoked = (
            partner_keys.add(connection, 1, "clearpath", ed25519_line(), "ann", (0, end_us)) for end_us in ends_us
        )  # fmt: skip
        partner_keys.revoke(connection, 2, revoked, "ann")
        asked = [("clearpath", key.fingerprint) for key in (good, over, revoked)]
        asked += [("lakeline", good.fingerprint), ("clearpath", "SHA256:unknown")]
        assert partner_keys.allowed(connection, 50, asked) == {asked[0], asked[1]}
        assert partner_keys.allowed(connection, 100, asked) == {asked[0]}
        assert partner_keys.allowed(connection, 100, []) == set()


def test_a_fingerprint_may_be_shortened(world: World) -> None:
    """A beginning names the one key it fits, of this partner; of none or of two it is refused."""
    with world.store.write("test") as connection:
        key = partner_keys.add(connection, 1, "clearpath", ed25519_line(), "ann")
        partner_keys.add(connection, 1, "clearpath", ed25519_line(), "ann")
        assert partner_keys.named(connection, "clearpath", key.fingerprint[:20]) == key
        assert partner_keys.named(connection, "clearpath", key.fingerprint.removeprefix("SHA256:")[:12]) == key
        for partner, beginning in (("clearpath", "SHA256:"), ("lakeline", key.fingerprint), ("clearpath", "none")):
            with pytest.raises(UsageError):
                partner_keys.named(connection, partner, beginning)


def test_a_login_asks_for_the_partner_and_the_clock(world: World) -> None:
    """Behind the door a key opens for its partner's name only, and no longer after its end."""
    import base64

    line = ed25519_line()
    blob, end_us = base64.b64decode(line.split()[1]), world.clock.now_us + HOUR_US
    with world.store.write("test") as connection:
        partner_keys.add(connection, 1, "clearpath", line, "ann", (0, end_us))
    assert folders.login(world.context, "clearpath", blob, "127.0.0.1").partner == "clearpath"
    with pytest.raises(Refused):
        folders.login(world.context, "lakeline", blob, "127.0.0.1")
    world.clock.now_us = end_us
    with pytest.raises(Refused):
        folders.login(world.context, "clearpath", blob, "127.0.0.1")
