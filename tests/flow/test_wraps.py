"""What lies around X12 on its way: packed and encrypted files, as they come and as they leave."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.errors import BadData, ConfigError
from gateway.flow import folders, loading, packing, replay, wraps
from gateway.flow.packing import Packing, Unfit
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, receipt, upload
from gateway.store.schema import outbox as outbox_table
from sftp_drop import pgp
from tests.flow.world import World, begun, golden

CLAIMS = golden("in.837p")
BOTH = Packing(inbound=("gzip", "zip"))


def zipped(*bodies: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of so many files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", method) as archive:
        for n, body in enumerate(bodies):
            archive.writestr(f"claims{n}.837", body)
    return whole.getvalue()


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation on the day the files come."""
    return begun(store, keys, tmp_path, taken_over=False)


def agree(world: World, folder: Path, settings: str) -> None:
    """Clearpath's row of the sample, with more settings from that day on."""
    file = folder / "clearpath.toml"
    head = 'first = 2026-04-02\nid = "clearpath"\nname = "ClearPath"\nisa_id = "CLEARPATH"\n'
    roles = 'roles = ["submitter", "payee"]\nsponsors = ["bluebonnet", "lakeline"]\n'
    file.write_text(f"[[partner]]\n{head}{roles}{settings}\n")
    loading.load(world.context, [file], "ann")


def outcome(world: World) -> tuple[str, int]:
    """The state of the newest file, and how many claims there are."""
    return world.rows(receipt)[-1].state, world.count(claim)


# ---- packed files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [gzip.compress, zipped, lambda body: zipped(body, method=zipfile.ZIP_STORED)])
def test_a_packed_file_is_read_like_the_plain_one(world: World, tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Agreed and packed: the same claims as from the plain file; its bytes stay as they came; plain ones still may."""
    agree(world, tmp_path, 'packing = { inbound = ["gzip", "zip"] }')
    body = pack(CLAIMS)
    world.send("clearpath", "claims.837", body)
    assert outcome(world)[0] == "decided" and world.count(claim) == CLAIMS.count(b"CLM*")
    assert world.rows(receipt)[0].size == len(body)
    world.send("clearpath", "plain.837", CLAIMS)
    assert [row.codes for row in world.rows(receipt.metadata.tables["interchange"])] == ["[]", '["025"]']


def test_what_is_not_agreed_is_refused_with_a_report(world: World) -> None:
    """Packed without an agreement: quarantined whole, told why, nothing read of it; and it can be replayed."""
    world.send("clearpath", "claims.837", gzip.compress(CLAIMS))
    assert outcome(world) == ("quarantined", 0)
    assert b"packed with gzip, which is not agreed" in world.sent("report", "clearpath")[0]
    assert len(world.holds("file")) == 1


def test_a_refused_packed_file_is_replayed_once_agreed(world: World, tmp_path: Path) -> None:
    """A packing agreed on later is mended by a replay: nobody sends the file again."""
    world.send("clearpath", "claims.837", gzip.compress(CLAIMS))
    agree(world, tmp_path, 'packing = { inbound = ["gzip"] }')
    with world.store.write("replay") as connection:
        replay.replay(connection, world.context, 1, "ann")
    world.run()
    assert outcome(world)[0] == "decided" and world.count(claim) > 0


def bomb(size: int) -> bytes:
    """A gzip file of so many zeros, made without holding them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(size >> 20)) + packer.flush()


TWICE = gzip.compress(CLAIMS) + gzip.compress(CLAIMS)
BROKEN = gzip.compress(CLAIMS)[:-8] + bytes(8)


def hidden(body: bytes, more: bytes) -> bytes:
    """A zip of one file whose archive holds more, before its directory, than the directory tells of."""
    whole = zipped(body)
    at = whole.rfind(b"PK\x01\x02")
    moved = bytearray(whole[:at] + more + whole[at:])
    moved[-6:-2] = (at + len(more)).to_bytes(4, "little")
    return bytes(moved)


ENCRYPTED = bytearray(zipped(CLAIMS))
ENCRYPTED[6] |= 1
ENCRYPTED[ENCRYPTED.rfind(b"PK\x01\x02") + 8] |= 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (gzip.compress(CLAIMS)[:-20], "not whole"), (BROKEN, "damaged"), (TWICE, "exactly one"),
        (gzip.compress(CLAIMS) + b"x", "exactly one"), (b"\x1f\x8b", "damaged"), (b"\x1f\x8bISA", "damaged"),
        (zipped(), "exactly one"), (zipped(CLAIMS, CLAIMS), "exactly one"), (zipped(CLAIMS)[:-30], "damaged"),
        (zipped(CLAIMS)[:-1], "damaged"), (zipped(CLAIMS) + b"x", "exactly one"),
        (zipped(CLAIMS) + zipped(CLAIMS), "exactly one"), (hidden(CLAIMS, zipped(CLAIMS)), "exactly one"),
        (bytes(ENCRYPTED), "encrypted"), (zipped(CLAIMS, method=zipfile.ZIP_BZIP2), "unusual"),
        (b"PK\x03\x04" + bytes(100), "damaged"), (bomb(8 << 20), "more than is taken"),
        (zipped(bytes(8 << 20)), "more than is taken"),
    ],
)  # fmt: skip
def test_what_is_not_one_whole_file_is_unfit(body: bytes, said: str) -> None:
    """Cut, damaged, two files, encrypted, packed in another way or a bomb: refused before a byte of it is read."""
    with pytest.raises(Unfit) as refused:
        packing.unpacked(io.BytesIO(body), len(body), BOTH)
    assert said in refused.value.finding.message and refused.value.finding.code == "packing"


def test_a_bomb_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking ends a piece behind the limit, absolute or by ratio; what is below both passes."""
    body, seen = bomb(64 << 20), []
    inner = packing._gunzip

    def counted(file: Any, size: int) -> Any:
        for piece in inner(file, size):
            seen.append(len(piece))
            yield piece

    monkeypatch.setattr(packing, "_gunzip", counted)
    with pytest.raises(Unfit):
        packing.unpacked(io.BytesIO(body), len(body), BOTH)
    assert max(seen) <= packing.PIECE and sum(seen) <= len(body) * packing.MOST_RATIO + packing.PIECE
    monkeypatch.setattr(packing, "MOST_UNPACKED", 4 << 20)
    noise = gzip.compress(os.urandom(5 << 20))
    with pytest.raises(Unfit):
        packing.unpacked(io.BytesIO(noise), len(noise), BOTH)
    fine = bomb(1 << 20)
    assert sum(map(len, packing.unpacked(io.BytesIO(fine), len(fine), BOTH)())) == 1 << 20


@pytest.mark.parametrize("method", ["gzip", "zip"])
def test_a_file_of_many_rows_unpacks_from_sealed_rows(world: World, tmp_path: Path, method: str) -> None:
    """A packed file longer than a sealed row is read across rows, its end first where that is needed."""
    agree(world, tmp_path, 'packing = { inbound = ["gzip", "zip"] }')
    plain = os.urandom(3 << 20)
    world.put("clearpath", "noise", gzip.compress(plain, 1) if method == "gzip" else zipped(plain))
    with world.store.read() as connection:
        row, came = connection.execute(select(upload)).one(), connection.execute(select(receipt)).one()
        partner = loading.Partner(id="clearpath", name="", isa_id="X", packing=BOTH)
    assert b"".join(wraps.arriving(world.context, partner, row, came.size)) == plain


@pytest.mark.parametrize("method", ["gzip", "zip"])
def test_what_leaves_is_packed_as_agreed_and_resent_byte_for_byte(world: World, tmp_path: Path, method: str) -> None:
    """X12 answers leave packed under a name that says so, reports plain; sent again they are the same bytes."""
    agree(world, tmp_path, f'packing = {{ outbound = "{method}" }}')
    world.send("clearpath", "claims.837", CLAIMS)
    (row,) = [one for one in world.rows(outbox_table) if one.kind == "999"]
    body = folders.body(world.context, row.id)
    assert row.name.endswith({"gzip": ".x12.gz", "zip": ".x12.zip"}[method]) and row.size == len(body)
    (plain,) = world.sent("999")
    assert b"".join(packing.unpacked(io.BytesIO(body), len(body), BOTH)()) == plain
    assert [one.wrapped for one in world.rows(outbox_table) if one.folder == "reports"] in ([], [None])
    with world.store.write("resend") as connection:
        replay.resend(connection, world.context, row.id, "ann")
    world.run()
    assert folders.body(world.context, row.id) == body
    assert packing.packed(plain, "gzip", "a") == packing.packed(plain, "gzip", "a")


# ---- PGP -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair() -> Any:
    """(ours, theirs, a stranger's): secret keys in ASCII armor."""
    if not pgp.available():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs the extra pgp")
    from pysequoia import Tsk

    return tuple(str(Tsk.generate(user_id=name)) for name in ("ours", "theirs", "stranger"))


def public(secret: str) -> str:
    """The public half of a key."""
    from pysequoia import Tsk

    return str(Tsk.from_bytes(secret.encode()).extract_certificate())


@pytest.fixture
def pgp_world(world: World, tmp_path: Path, pair: Any) -> World:
    """Clearpath encrypts to us and signs, and so do we."""
    world.context.pgp_secrets = (pair[0],)
    theirs = public(pair[1])
    agree(world, tmp_path, f'packing = {{ inbound = ["gzip"] }}\npgp.encrypt_to = """{theirs}"""\n'
          f'pgp.signed_by = """{theirs}"""')  # fmt: skip
    return world


def armored(message: bytes) -> bytes:
    """A message in ASCII armor."""
    from pysequoia import ArmorKind, armor

    return str(armor(message, ArmorKind.Message)).encode()


def signed(body: bytes, secret: str) -> bytes:
    """A message that anybody can read."""
    from pysequoia import SignatureMode, Tsk, sign

    return bytes(sign(Tsk.from_bytes(secret.encode()).signer(), body, mode=SignatureMode.INLINE, armor=False))


def test_an_encrypted_signed_file_is_read(pgp_world: World, pair: Any) -> None:
    """Encrypted to us and signed by its sender, armored or not, packed inside or not: the claims are read."""
    pgp_world.send("clearpath", "claims.837.pgp", armored(pgp.encrypt(gzip.compress(CLAIMS), public(pair[0]), pair[1])))
    assert outcome(pgp_world)[0] == "decided" and pgp_world.count(claim) == CLAIMS.count(b"CLM*")
    pgp_world.send("clearpath", "again.837.pgp", pgp.encrypt(CLAIMS, public(pair[0]), pair[1]))
    assert outcome(pgp_world)[0] == "quarantined"  # other bytes, the same interchange


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda ours, theirs, other: pgp.encrypt(CLAIMS, public(ours)), "no valid signature"),
        (lambda ours, theirs, other: pgp.encrypt(CLAIMS, public(ours), other), "no valid signature"),
        (lambda ours, theirs, other: pgp.encrypt(CLAIMS, public(other), theirs), "for another key"),
        (lambda ours, theirs, other: pgp.encrypt(CLAIMS, public(ours), theirs)[:-20], "cannot be decrypted"),
        (lambda ours, theirs, other: b"-----BEGIN PGP MESSAGE-----\n\nwho\n", "cannot be decrypted"),
        (lambda ours, theirs, other: CLAIMS, "not encrypted and signed"),
        (lambda ours, theirs, other: signed(CLAIMS, theirs), "not encrypted"),
        (lambda ours, theirs, other: 2 * pgp.encrypt(CLAIMS, public(ours), theirs), "more than one message"),
        (lambda ours, theirs, other: 2 * armored(pgp.encrypt(CLAIMS, public(ours), theirs)), "more than one message"),
        (lambda ours, theirs, other: armored(pgp.encrypt(CLAIMS, public(ours), theirs)) + b"x", "more than one"),
    ],
    ids=[
        "unsigned",
        "signed by another",
        "for another",
        "cut",
        "armor of nothing",
        "plain",
        "signed only",
        "two",
        "two in armor",
        "more behind",
    ],
)
def test_what_cannot_be_opened_is_quarantined_and_kept(
    pgp_world: World, pair: Any, made: Callable[..., bytes], said: str
) -> None:
    """Not for us, not signed by its sender, damaged, plain, or several: a report, a person, and the bytes stay."""
    body = made(*pair)
    pgp_world.send("clearpath", "claims.837.pgp", body)
    assert outcome(pgp_world) == ("quarantined", 0)
    assert len(pgp_world.holds("file")) == 1
    assert said.encode() in pgp_world.sent("report", "clearpath")[0]
    assert pgp_world.rows(upload)[0].state == "received" and pgp_world.rows(receipt)[0].size == len(body)


def test_an_encrypted_file_nobody_agreed_on_is_refused(world: World, pair: Any) -> None:
    """Without a key of ours an encrypted file is told to be sent plain."""
    world.send("clearpath", "claims.837.pgp", pgp.encrypt(CLAIMS, public(pair[0])))
    assert b"encrypted, which is not agreed" in world.sent("report", "clearpath")[0]


def test_everything_that_leaves_is_encrypted_and_signed(pgp_world: World, pair: Any) -> None:
    """What a partner with a key fetches, reports too, opens with its key, is signed by us, and is resent unchanged."""
    pgp_world.send("clearpath", "claims.837", CLAIMS)
    rows = [one for one in pgp_world.rows(outbox_table) if one.partner == "clearpath"]
    assert rows and all(one.name.endswith(".pgp") and one.state == "visible" for one in rows)
    body = folders.body(pgp_world.context, rows[0].id)
    assert pgp.decrypt(body, [pair[1]], public(pair[0])) == pgp_world.sent(rows[0].kind, "clearpath")[0]
    with pgp_world.store.write("resend") as connection:
        replay.resend(connection, pgp_world.context, rows[0].id, "ann")
    pgp_world.run()
    assert folders.body(pgp_world.context, rows[0].id) == body


def test_what_cannot_be_encrypted_never_leaves(world: World, tmp_path: Path, pair: Any) -> None:
    """A key nothing can be encrypted to holds the file for a person; mended and resent, it leaves encrypted."""
    agree(world, tmp_path, f'pgp.encrypt_to = """{public(pair[2])}"""')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pgp, "fingerprint", _expired)
        world.send("clearpath", "claims.837", b"no x12")
    rows = [one for one in world.rows(outbox_table) if one.partner == "clearpath"]
    assert {one.state for one in rows} == {"held"} and len(world.holds("undelivered")) == len(rows)
    agree(world, tmp_path, f'pgp.encrypt_to = """{public(pair[1])}"""')
    with world.store.write("resend") as connection:
        replay.resend(connection, world.context, rows[0].id, "ann")
    world.run()
    (row,) = world.rows(outbox_table, outbox_table.c.id == rows[0].id)
    assert row.state == "visible" and row.name.endswith(".pgp")


@pytest.mark.program("gpg")
def test_what_gpg_makes_is_read_and_read_by_gpg(pair: Any, tmp_path: Path) -> None:
    """GnuPG's messages open here and ours there; signed inside compression is told, what swells is refused."""
    home = tmp_path / "gpg"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model", "always")
    for secret in pair[:2]:
        subprocess.run([*gpg, "--import"], input=secret.encode(), check=True, capture_output=True)

    def seal(algorithm: str, body: bytes) -> bytes:
        to, by = (pgp.fingerprint(public(one)) for one in pair[:2])
        command = [*gpg, "--compress-algo", algorithm, "-r", to, "-u", by, "--sign", "--encrypt"]
        return subprocess.run(command, input=body, check=True, capture_output=True).stdout

    assert pgp.decrypt(seal("none", CLAIMS), [pair[2], pair[0]], public(pair[1])) == CLAIMS
    assert pgp.decrypt(seal("zlib", CLAIMS), [pair[0]]) == CLAIMS
    with pytest.raises(pgp.NotOpened, match="compressed"):
        pgp.decrypt(seal("zlib", CLAIMS), [pair[0]], public(pair[1]))
    subprocess.run([*gpg, "--passphrase", "", "--quick-gen-key", "them"], check=True, capture_output=True)
    them = subprocess.run([*gpg, "--armor", "--export", "them"], check=True, capture_output=True).stdout.decode()
    ours = pgp.encrypt(CLAIMS, them, pair[0])
    opened = subprocess.run([*gpg, "--decrypt"], input=ours, check=True, capture_output=True)
    assert opened.stdout == CLAIMS and b"Good signature" in opened.stderr
    swollen = seal("zlib", bytes(pgp.MOST_PLAIN + 1))
    assert len(swollen) < 1 << 20
    with pytest.raises(pgp.NotOpened, match="damaged"):
        pgp.decrypt(swollen, [pair[0]])
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)


def test_a_message_that_swells_is_refused(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The opening process has a bound on its memory: a message that swells beyond it ends there, not here."""
    large = pgp.encrypt(bytes(40 << 20), public(pair[0]))
    assert len(pgp.decrypt(large, [pair[0]])) == 40 << 20
    monkeypatch.setattr(pgp, "CHILD_BYTES", 128 << 20)
    with pytest.raises(pgp.NotOpened):
        pgp.decrypt(large, [pair[0]])
    monkeypatch.setattr(pgp, "MOST_ENCRYPTED", 1000)
    with pytest.raises(pgp.NotOpened):
        pgp.decrypt(large, [pair[0]])


def _expired(_: str) -> str:
    raise pgp.BadKey("it has expired")


def test_nothing_is_encrypted_to_an_expired_key(pair: Any) -> None:
    """The library would: we do not, nor is such a key loaded."""
    from pysequoia import Tsk

    short = public(str(Tsk.generate(user_id="short", validity_seconds=1)))
    time.sleep(1.1)
    for use in (pgp.fingerprint, lambda key: pgp.encrypt(b"", key)):
        with pytest.raises(pgp.BadKey, match="expired"):
            use(short)


def test_secret_keys_are_files_of_their_owner(tmp_path: Path, pair: Any) -> None:
    """A secret key others may read, that is missing, or is none, is refused at start by name."""
    file = tmp_path / "ours.asc"
    file.write_text(pair[0])
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        wraps.secrets_of([file])
    file.chmod(0o600)
    assert wraps.secrets_of([file]) == (pair[0],)
    file.write_text(public(pair[0]))
    with pytest.raises(ConfigError, match="no secret OpenPGP key"):
        wraps.secrets_of([file])
    with pytest.raises(ConfigError, match="cannot be read"):
        wraps.secrets_of([tmp_path / "none.asc"])


def test_a_partners_key_is_looked_at_when_it_is_loaded(
    world: World, tmp_path: Path, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that is no key, a secret one, and any key where the extra is missing, are refused with the place."""
    for text, said in (("nothing", "no OpenPGP key"), (pair[1], "secret key")):
        with pytest.raises(BadData, match=f"pgp.encrypt_to: .*{said}"):
            agree(world, tmp_path, f'pgp.encrypt_to = """{text}"""')
    theirs = public(pair[1])
    monkeypatch.setitem(sys.modules, "pysequoia", None)
    with pytest.raises(BadData, match="needs the extra"):
        agree(world, tmp_path, f'pgp.encrypt_to = """{theirs}"""')
