"""Real clients at the machine's own sshd with the shipped configuration, and a running gateway behind its folders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from gateway.clock import SECOND_US
from gateway.settings import shipped
from gateway.store.schema import audit, interchange, outbox, receipt
from sftp_drop.hostkey import make_host_key
from tests.flow import directory_sshd
from tests.flow.directory_sshd import BLOCK, PARTNER, Site
from tests.flow.world import golden
from tests.patience import PATIENCE_S, wait
from tests.sshd import SSHD

DEPLOY = shipped() / "deploy"
CLAIMS = golden("in.837p")
LATE_S = 5.0
"""Later than this a file was found by a second look, not by a hint: stable_s is 10."""

sshd = pytest.mark.program("sshd")


def numbered(number: int) -> bytes:
    """The claims file under other numbers, so that it is no duplicate."""
    assert CLAIMS.count(b"000000202") == 2
    text = CLAIMS.replace(b"000000202", f"{number:09}".encode())
    return re.sub(rb"(BHT\*0019\*00\*)[^*]*", rb"\g<1>B%d" % number, text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One gateway and one sshd for all tests here; each brings files of its own."""
    with directory_sshd.site(tmp_path_factory.mktemp("site")) as running:
        yield running


def came(site: Site, name: str, body: bytes, since_us: int) -> int:
    """The receipt of a file, made soon after the client was done and of the same size; its number."""
    row = site.row(receipt, name=name)
    assert row.size == len(body)
    assert row.received_us - since_us < LATE_S * SECOND_US
    return int(row.receipt_no)


def now_us() -> int:
    """Now, as the gateway counts."""
    return time.time_ns() // 1000


# ---- the files as shipped --------------------------------------------------------------------------------------------


@sshd
def test_the_shipped_block_is_a_configuration(tmp_path: Path) -> None:
    """sshd accepts the file as it is shipped."""
    make_host_key(tmp_path / "host")
    done = subprocess.run([SSHD, "-t", "-f", BLOCK, "-h", tmp_path / "host"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.program("systemd-analyze")
def test_the_shipped_units_are_units(tmp_path: Path) -> None:
    """systemd accepts the unit, alone and with what directory mode adds, and finds little that it exposes."""
    program = shutil.which("true")
    assert program is not None
    unit, extra = (DEPLOY / "gateway.service").read_text(), DEPLOY / "gateway-folders.conf"
    started = "ExecStart=/opt/gateway/venv/bin/gateway run"
    assert unit.count(started) == 1
    (tmp_path / "gateway.service").write_text(unit.replace(started, f"ExecStart={program}"))
    for drop_in in (None, extra):
        if drop_in is not None:
            (tmp_path / "gateway.service.d").mkdir()
            shutil.copy(drop_in, tmp_path / "gateway.service.d" / "folders.conf")
        command = ["systemd-analyze", "verify", str(tmp_path / "gateway.service")]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"}
        )
        assert (done.returncode, done.stderr) == (0, "")
    weighed = ["systemd-analyze", "security", "--offline=yes", "--threshold=30", str(tmp_path / "gateway.service")]
    assert subprocess.run(weighed, capture_output=True).returncode == 0, "exposure is above 3.0 of 10"


# ---- clients ---------------------------------------------------------------------------------------------------------


@sshd
@pytest.mark.program("sftp")
def test_a_partner_brings_fetches_and_takes_away(site: Site) -> None:
    """OpenSSH's sftp: put -p under a temporary name, rename; the answers lie in outbound, are fetched, and removed."""
    (site.folder / "a.837").write_bytes(numbered(101))
    (site.folder / "a.837").chmod(0o600)
    done = site.sftp("put -p a.837 inbound/a.837.part\nrename inbound/a.837.part inbound/a.837\n")
    assert done.returncode == 0, done.stderr
    number = came(site, "a.837", numbered(101), now_us())
    cause = f"R{number:09}"

    def answers() -> list[str]:
        return sorted(name for name in os.listdir(site.home / "outbound") if name.startswith(cause))

    wait(lambda: len(answers()) == 2, "the 999 and the 277CA")
    names = answers()
    site.folder.joinpath("fetched").mkdir()
    assert site.sftp(f"get outbound/{cause}* fetched\n").returncode == 0
    fetched = {name: (site.folder / "fetched" / name).read_bytes() for name in names}
    assert all(body.startswith(b"ISA") and len(body) > 200 for body in fetched.values())
    refused = site.sftp(f"put a.837 outbound/{names[0]}\n")
    assert os.geteuid() == 0 or refused.returncode != 0, "what we put out is not overwritten"
    assert site.sftp("".join(f"rm outbound/{name}\n" for name in names)).returncode == 0
    wait(lambda: {row.state for row in site.rows(outbox) if row.name in names} == {"picked-up"}, "the pick-up")
    told = [row.entity for row in site.rows(audit) if (row.actor, row.action) == (PARTNER, "pick up")]
    assert {f"outbox {row.id}" for row in site.rows(outbox) if row.name in names} <= set(told)


@sshd
@pytest.mark.program("sftp")
def test_plain_puts_are_received_in_a_moment(site: Site) -> None:
    """Ten files under their final names in one session: each one receipt, each within moments of its end."""
    bodies = {f"plain{n}.837": numbered(200 + n) for n in range(10)}
    for name, body in bodies.items():
        (site.folder / name).write_bytes(body)
    done = site.sftp("".join(f"put {name} inbound/{name}\n" for name in bodies))
    ended_us = now_us()
    assert done.returncode == 0, done.stderr
    for name, body in bodies.items():
        came(site, name, body, ended_us)
    assert os.listdir(site.home / "inbound") == []


@sshd
@pytest.mark.program("lftp")
def test_lftp(site: Site) -> None:
    """lftp: put under a temporary name and mv, and a plain put that dates the file afterwards."""
    bodies = {"l1.837": numbered(301), "l2.837": numbered(302)}
    for name, body in bodies.items():
        (site.folder / name).write_bytes(body)
    connect = " ".join(f"'{part}'" if " " in part else part for part in ("ssh", "-a", "-x", *site.options()))
    script = (
        f'set sftp:connect-program "{connect}"; set net:max-retries 1; set cmd:fail-exit yes; '
        f"open sftp://x:x@127.0.0.1:{site.port}; cd inbound; "
        "put l1.837 -o l1.837.tmp; mv l1.837.tmp l1.837; put l2.837; bye"
    )
    done = subprocess.run(["lftp", "-c", script], capture_output=True, text=True, cwd=site.folder, timeout=PATIENCE_S)
    ended_us = now_us()
    assert done.returncode == 0, done.stderr
    for name, body in bodies.items():
        came(site, name, body, ended_us)


@sshd
def test_paramiko_looks_after_its_upload(site: Site) -> None:
    """paramiko's put stats the file after CLOSE, and its rename is a link and an unlink: neither is disturbed."""
    bodies = {"p1.837": numbered(401), "p2.837": numbered(402)}
    client = paramiko.SSHClient()
    client.load_host_keys(str(site.known_hosts))
    key = paramiko.Ed25519Key.from_private_key_file(str(site.key))
    client.connect("127.0.0.1", site.port, directory_sshd.getpass.getuser(), pkey=key, look_for_keys=False,
                   allow_agent=False)  # fmt: skip
    with client, client.open_sftp() as sftp:
        for name, body in bodies.items():
            (site.folder / name).write_bytes(body)
            sftp.put(str(site.folder / name), f"inbound/{name}{'.part' if name == 'p2.837' else ''}")
        sftp.rename("inbound/p2.837.part", "inbound/p2.837")
    ended_us = now_us()
    for name, body in bodies.items():
        came(site, name, body, ended_us)


@sshd
@pytest.mark.program("sftp")
def test_a_killed_client_leaves_a_refused_file(site: Site) -> None:
    """A client killed while it puts under a final name: what came is one receipt, quarantined; the next is good."""
    body = numbered(501)
    large = body[: body.index(b"ST*837")] + b"\n" * 300_000 + body[body.index(b"ST*837") :]
    (site.folder / "killed.837").write_bytes(large)
    command = ["sftp", *site.options(), "-l", "800", "-b", "-", "127.0.0.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=site.folder) as client:
        assert client.stdin is not None
        client.stdin.write(b"put killed.837 inbound/killed.837\n")
        client.stdin.flush()
        arriving = site.home / "inbound" / "killed.837"
        wait(lambda: arriving.exists() and arriving.stat().st_size > 60_000, "the beginning of the file")
        client.kill()
    row = site.row(receipt, name="killed.837")
    assert 0 < row.size < len(large)
    wait(lambda: site.row(receipt, name="killed.837").state == "quarantined", "quarantine")
    states = [one.state for one in site.rows(interchange) if one.receipt_no == row.receipt_no]
    assert set(states) <= {"rejected"}
    (site.folder / "again.837").write_bytes(body)
    assert site.sftp("put again.837 inbound/again.837\n").returncode == 0
    wait(lambda: site.row(receipt, name="again.837").state == "decided", "the file sent again")


@sshd
@pytest.mark.program("sftp")
def test_what_the_block_forbids(site: Site) -> None:
    """No shell, no terminal, no forwarding, no links, no folders, no password."""
    for line in ("mkdir inbound/x", "ln -s /etc/passwd inbound/x", "ln inbound inbound/x", "rmdir reports"):
        assert site.sftp(line + "\n").returncode != 0, line
    ssh = ["ssh", *site.options(), "127.0.0.1"]
    said = subprocess.run([*ssh, "id"], capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    assert "uid=" not in said.stdout
    tty = subprocess.run([*ssh[:1], "-tt", *ssh[1:]], capture_output=True, text=True, timeout=PATIENCE_S,
                         stdin=subprocess.DEVNULL)  # fmt: skip
    assert "PTY allocation request failed" in tty.stderr
    through = subprocess.run(["ssh", *site.options(), "-W", f"127.0.0.1:{site.port}", "127.0.0.1"],
                             capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)  # fmt: skip
    assert "SSH-2.0" not in through.stdout
    assert "prohibited" in through.stderr
    nothing = ["-o", "PubkeyAuthentication=no"]
    refused = subprocess.run(["ssh", *nothing, *site.options(), "127.0.0.1"], capture_output=True, text=True,
                             timeout=PATIENCE_S, stdin=subprocess.DEVNULL)  # fmt: skip
    assert "Permission denied (publickey)" in refused.stderr


@sshd
def test_logs_hold_no_names(site: Site) -> None:
    """What the gateway logs of watched folders are numbers: no file name, no name of a person."""
    (site.home / "inbound" / "secretname.837").write_bytes(b"ISA*SECRETBODY")
    (site.home / "inbound" / "secretlink.837").symlink_to("secretname.837")
    site.row(receipt, name="secretname.837")
    assert "secret" not in (site.folder / "state" / "daemon.log").read_text().lower()
