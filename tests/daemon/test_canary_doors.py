"""Nothing sealed lies anywhere in plain, whichever door it came or left by: canaries through every one of them."""

from __future__ import annotations

import base64
import gzip
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import select

from gateway.demo import Demo
from gateway.flow import beginning, loading
from gateway.store.schema import outbox, receipt
from sftp_drop import client, pgp
from tests.daemon.test_canary import SEALED, canary, found_in, pages
from tests.daemon.test_cli import gateway
from tests.sftp_drop.remote_servers import Sshd

pytestmark = pytest.mark.program("sshd")

NAMES = "KANARIVOGEL-{}"
PHRASE = "four canary words zebediah"

PARTNERS = """
[[partner]]
id = "clearpath"
first = 2026-04-01
name = "ClearPath"
isa_id = "CLEARPATH"
roles = ["submitter", "payee"]
sponsors = ["bluebonnet", "lakeline"]
packing = {{ inbound = ["gzip", "zip"], outbound = "gzip" }}
pgp.encrypt_to = \"\"\"{theirs}\"\"\"

[[partner]]
id = "mover"
first = 2026-04-01
name = "Mover"
isa_id = "MOVER"
roles = ["submitter", "payee"]
sponsors = ["bluebonnet", "lakeline"]
[partner.remote]
host = "127.0.0.1"
port = {port}
user = "{user}"
host_keys = ["{pin}"]
key_file = "{key}"
fetch = "{out}"
done = ".done"
send = "{inn}"
reports = "{inn}"
every_minutes = 1
"""


class Flown(NamedTuple):
    """What was made on the way. files: all at rest that is ours, while the daemon ran and behind it.

    texts: what people and machines may read. secrets: needles of keys and the passphrase. left: what the partners have
    by now, by door. kinds: of all that left. states: of the files that came.
    """

    files: Mapping[str, bytes]
    texts: Mapping[str, str]
    secrets: tuple[bytes, ...]
    left: Mapping[str, list[bytes]]
    kinds: set[str]
    states: list[str]


def claims(n: int) -> str:
    """The canary's claims under numbers of their own, so that none repeats another."""
    return canary("in.837p").replace("000000202", f"00000021{n}").replace("BATCH0406", f"BATCH041{n}")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flown]:
    """A real daemon whose partners use every door; then commands; what all of it left behind."""
    if not pgp.available():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("needs the extra pgp")
    from pysequoia import Tsk

    site, theirs_at = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("theirs")
    ours, theirs = str(Tsk.generate(user_id="ours")), str(Tsk.generate(user_id="theirs"))
    folders = theirs_at / "root" / "bluebonnet"
    for each in (*(folders / name for name in ("inbound", "outbound", "reports")), theirs_at / "out", theirs_at / "in"):
        each.mkdir(parents=True)
    (site / "tmp").mkdir()
    demo = Demo(site / "state", "golden", lambda _: None)
    demo.prepare(fresh=False, resume=False, sftp_port=0, http_port=0)
    secret_at = theirs_at / "ours.asc"
    secret_at.write_text(ours)
    secret_at.chmod(0o600)
    beginning.change(demo.config, **{"pgp.secrets": f'["{secret_at}"]'})
    with demo.config.open("a") as file:
        file.write(f'[directory]\nroot = "{theirs_at}/root"\npartners = ["bluebonnet"]\nsettle_s = 0.1\n')
    with closing(_Sshd(theirs_at / "sshd")) as sshd, pytest.MonkeyPatch.context() as patch:
        server = sshd.server()
        (theirs_at / "p.toml").write_text(
            PARTNERS.format(
                theirs=Tsk.from_bytes(theirs.encode()).extract_certificate(), port=server.port, user=server.user,
                pin=sshd.pin, key=server.secret, out=theirs_at / "out", inn=theirs_at / "in",
            )
        )  # fmt: skip
        loading.load(demo.context, [theirs_at / "p.toml"], "ann")
        for variable in ("TMPDIR", "SQLITE_TMPDIR"):
            patch.setenv(variable, str(site / "tmp"))
        patch.setattr(tempfile, "tempdir", None)
        with _watched(site / "tmp") as temporary, demo.running() as run:
            _bring(demo, theirs_at, str(Tsk.from_bytes(ours.encode()).extract_certificate()))
            texts = dict(pages(run))
            _again(demo, site, theirs_at)
            texts |= {f"again {name}": text for name, text in pages(run)}
            left = _left(demo, theirs_at, folders)
            files = at_rest(site)
    texts["daemon.log"] = (demo.state / "daemon.log").read_text()
    texts["temporary names"] = " ".join(temporary)
    with demo.context.store.read() as connection:
        kinds = set(connection.execute(select(outbox.c.kind)).scalars())
        states = list(connection.execute(select(receipt.c.state).order_by(receipt.c.receipt_no)).scalars())
    demo.context.store.close()
    files |= {f"behind it {name}": body for name, body in at_rest(site).items()}
    private = (server.secret or Path()).read_text().splitlines()[2].encode()
    masters = [path.read_bytes() for path in (demo.state / "keys").glob("master-*")]
    secrets = (private, _line(ours), _line(theirs), PHRASE.encode(), *masters)
    yield Flown(files, texts, secrets, left, kinds, states)


class _Sshd(Sshd):
    """The machine's sshd, which `closing` ends."""

    close = Sshd.stop


def _line(armored: str) -> bytes:
    """A line of a key that no public half has: the last full one before the check sum."""
    return [line for line in armored.splitlines() if len(line) == 64][-1].encode()


@contextmanager
def _watched(folder: Path) -> Iterator[set[str]]:
    """Names that ever lay in a folder meanwhile, as far as a look every 20 ms sees them."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            seen.update(os.listdir(folder))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _bring(demo: Demo, theirs_at: Path, ours: str) -> None:
    """The enrolment by its folder, then claims by the embedded door - plain, packed, encrypted - and by a pull."""
    demo.advance(date(2026, 4, 6))
    waiting = theirs_at / "root" / "bluebonnet" / "inbound"
    (waiting / "KANARIVOGEL.part").write_text(canary("in.834"))
    (waiting / "KANARIVOGEL.part").rename(waiting / "KANARIVOGEL.834")
    demo._wait(lambda: _receipts(demo) == 1, "the enrolment's receipt")
    demo.settle_down()
    with demo._sftp("clearpath") as sftp:
        encrypted = pgp.encrypt(gzip.compress(claims(5).encode()), ours)
        for kind, body in (
            ("plain", claims(1).encode()), ("packed", gzip.compress(claims(2).encode())), ("sealed", encrypted),
            ("refused", claims(3).replace("CLEARPATH      ", "KANARIVOGEL    ").encode()),
        ):  # fmt: skip
            client.upload(sftp, body, NAMES.format(kind))
    pulled = claims(4).replace("CLEARPATH      ", "MOVER          ").replace("CLEARPATH", "MOVER")
    (theirs_at / "out" / NAMES.format("pulled")).write_text(pulled)
    (theirs_at / "out" / NAMES.format("pulled.done")).touch()
    assert gateway("remote", "fetch", "mover", "--config", demo.config).code == 0
    demo._wait(lambda: _receipts(demo) == 6, "the pulled file's receipt")
    demo.settle_down()
    demo.plan_run()
    demo.advance(date(2026, 4, 9))
    demo.deposit()
    demo.advance(date(2026, 4, 10))


def _receipts(demo: Demo) -> int:
    with demo.context.store.read() as connection:
        return len(connection.execute(select(receipt.c.receipt_no)).all())


def _again(demo: Demo, site: Path, theirs_at: Path) -> None:
    """What operators do with it: a replay, a resend, a backup of the keys, one of them rotated."""
    at = ("--user", "ann", "--config", demo.config)
    with demo.context.store.read() as connection:
        refused = select(receipt.c.receipt_no).where(receipt.c.name == NAMES.format("refused"))
        number = connection.execute(refused).scalar_one()
        row = connection.execute(select(outbox.c.id).where(outbox.c.partner == "clearpath").limit(1)).scalar_one()
    assert gateway("replay", number, "--yes", *at).code == 0
    assert gateway("resend", row, *at).code == 0
    demo._wait(lambda: _receipts(demo) == 7, "the replay")
    demo.settle_down()
    (theirs_at / "phrase").write_text(PHRASE + "\n")
    assert gateway("key", "backup", site / "keys.backup", "--passphrase-file", theirs_at / "phrase",
                   "--config", demo.config).code == 0  # fmt: skip
    assert gateway("key", "rotate", *at).code == 0


def _left(demo: Demo, theirs_at: Path, folders: Path) -> dict[str, list[bytes]]:
    """What left by each door."""
    with demo._sftp("clearpath") as sftp:
        door = [*client.fetch_all(sftp, "outbound").values(), *client.fetch_all(sftp, "reports").values()]
    found = {"door": door}
    for name, folder in (("directory", folders / "outbound"), ("push", theirs_at / "in"), ("pull", theirs_at / "out")):
        found[name] = [path.read_bytes() for path in folder.iterdir()]
    return found


# ---- the search ------------------------------------------------------------------------------------------------------


def spellings(needle: bytes) -> set[bytes]:
    """A needle as it may lie in a file: as it is, in UTF-16, in hex, in base64 from any byte of a triple on."""
    found = {needle, needle.decode("latin-1").encode("utf-16-le"), needle.hex().encode(), needle.hex().upper().encode()}
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + needle)
        found.add(whole[-(-shift * 8 // 6) : (shift + len(needle)) * 8 // 6])
    return found


def inflated(body: bytes) -> Iterator[bytes]:
    """What begins as zlib or gzip data anywhere in a file, as far as it inflates, a megabyte of each at most."""
    for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", body):
        inflate = zlib.decompressobj(47)
        try:
            yield inflate.decompress(body[match.start() : match.start() + (1 << 20)], 1 << 20)
        except zlib.error:
            continue


def held(files: Mapping[str, bytes], needles: tuple[bytes, ...]) -> set[tuple[str, bytes]]:
    """(file, needle) of all that is found, plain, spelt otherwise or packed."""
    wanted = {needle: re.compile(b"|".join(map(re.escape, spellings(needle)))) for needle in needles}
    return {
        (name, needle)
        for name, body in files.items()
        for piece in (body, *inflated(body))
        for needle, spelt in wanted.items()
        if spelt.search(piece)
    }


def at_rest(site: Path) -> dict[str, bytes]:
    """Every file of ours but the master keys, the door's own key and what partners hold in the demo."""
    theirs = ("keys/", "partners/", "fetched/")
    found = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    return {name: body for name, body in found.items() if not name.removeprefix("state/").startswith(theirs)}


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_the_search_finds_what_is_planted(shift: int) -> None:
    """Whichever way a canary is spelt or packed, between other bytes, it is found; and nothing is where none is."""
    needle, around = b"931415926", os.urandom(300).replace(b"9", b"x")
    text = bytes(shift) + b"REF*SY*931415926~"
    for planted in (text, text.hex().encode(), base64.b64encode(text), zlib.compress(text, 1), gzip.compress(text)):
        assert held({"file": around + planted + around}, (needle,)) == {("file", needle)}
    assert held({"file": around}, (needle,)) == set()


def test_every_door_was_used(flown: Flown) -> None:
    """Claims came plain, packed, encrypted and pulled; answers left by the embedded door, encrypted all of them, by
    folders and by push; money left too."""
    assert flown.states == ["decided"] * 4 + ["quarantined", "decided", "quarantined"]
    assert {"999", "277CA", "835", "EFT"} <= flown.kinds, flown.kinds
    assert len(flown.left["door"]) > 6 and all(pgp.is_message(body[:64]) for body in flown.left["door"])
    assert any(body.startswith(b"ISA") for body in flown.left["directory"])
    assert any(b"MOVER" in body for body in flown.left["push"])
    assert not any(flown.left["pull"])


def test_what_is_sealed_is_plain_in_no_file_of_ours(flown: Flown) -> None:
    """Databases, write-ahead logs, temporary files, log, key backup hold no SSN, bank account or raw piece."""
    files = flown.files
    assert {"state/state.db", "state/blobs.db", "state/daemon.log", "keys.backup"} <= set(files)
    assert {"state/state.db-wal", "state/blobs.db-wal", "state/state.db-shm"} <= set(files)
    assert held(files, (b"KANARIVOGEL",)), "names are plain in the database: the search does see"
    needles = tuple(one.encode() for one in SEALED)
    assert held(files, needles) == set()


def test_no_key_and_no_passphrase_lies_beside_the_data(flown: Flown) -> None:
    """Master keys, our key for a partner's server, PGP secrets and a backup's passphrase are in no other file."""
    assert len(flown.secrets) >= 6
    assert held(flown.files, flown.secrets) == set()
    assert {(name, one) for name, text in flown.texts.items() for one in flown.secrets if one in text.encode()} == set()


def test_no_text_names_a_person_or_a_file(flown: Flown) -> None:
    """Pages, metrics and the log hold no canary, names of files included; and no temporary file was seen at all."""
    assert '"event"' in flown.texts["daemon.log"]
    assert flown.texts["temporary names"] == ""
    assert found_in(flown.texts) == set()
