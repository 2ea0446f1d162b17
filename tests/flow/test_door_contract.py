"""The door on the store against the clients partners use: each check has a number, and the answer the contract gives.

Every OK of an upload must be a receipt of exactly the bytes sent, once.
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from sqlalchemy import func, select

from gateway.store import outbox
from gateway.store.keys import create_master
from gateway.store.schema import receipt, upload
from tests.flow.store_door import StoreDoor, store_door
from tests.patience import wait

pytestmark = [pytest.mark.program("sftp"), pytest.mark.program("ssh")]

MIB = 1024 * 1024


def body(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress and are the same each time."""
    return random.Random(seed).randbytes(size)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[StoreDoor]:
    """One door for all checks; each uses names of its own."""
    folder = tmp_path_factory.mktemp("contract")
    create_master(folder / "keys")
    with store_door(folder, sqlite_template, folder / "keys", settings={"connections_per_ip_max": 60}) as made:
        yield made


def receipts(door: StoreDoor, name: str) -> list[str]:
    """SHA-256 of each file received under a name, in order."""
    return [row.sha256 for row in door.rows(receipt, receipt.c.name == name)]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def close(sftp: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    """CLOSE, and its answer: paramiko's own `close` swallows a refusal."""
    sftp._request(paramiko.sftp.CMD_CLOSE, file.handle)


def test_01_put_and_get(door: StoreDoor) -> None:
    """1. OpenSSH put and get: one receipt, the same bytes back."""
    content = body(3 * MIB + 17)
    (door.folder / "01.837").write_bytes(content)
    done = door.batch("put 01.837 /inbound/01.837\nget /inbound/01.837 01.back\n")
    assert done.returncode == 0, done.stderr
    assert receipts(door, "01.837") == [digest(content)] and (door.folder / "01.back").read_bytes() == content


def test_02_put_keeping_times(door: StoreDoor) -> None:
    """2. put -p sets mode and times behind the file: agreed to, without effect, and no second receipt."""
    (door.folder / "02.837").write_bytes(b"two")
    done = door.batch("put -p 02.837 /inbound/02.837\nls -l /inbound/02.837\n")
    assert done.returncode == 0 and re.search(r"-rw-r-----.* 3 ", done.stdout), done.stdout
    assert receipts(door, "02.837") == [digest(b"two")]


def test_03_put_with_fsync(door: StoreDoor) -> None:
    """3. put -f (fsync@openssh.com): OK, in order with the writes."""
    (door.folder / "03.837").write_bytes(b"three")
    assert door.batch("put -f 03.837 /inbound/03.837\n").returncode == 0
    assert receipts(door, "03.837") == [digest(b"three")]


def test_04_chmod_right_after(door: StoreDoor) -> None:
    """4. chmod after the upload: OK without effect."""
    (door.folder / "04.837").write_bytes(b"four")
    done = door.batch("put 04.837 /inbound/\nchmod 777 /inbound/04.837\nls -l /inbound/04.837\n")
    assert done.returncode == 0 and "-rw-r-----" in done.stdout


def test_05_ls(door: StoreDoor) -> None:
    """5. ls of the root: exactly /inbound /outbound /reports."""
    done = door.batch("ls -1 /\n")
    assert done.stdout.split()[-3:] == ["/inbound", "/outbound", "/reports"], done.stdout


def test_06_mkdir_and_rmdir(door: StoreDoor) -> None:
    """6. mkdir and rmdir: permission denied (OpenSSH makes them; the tree here is fixed)."""
    for line in ("mkdir /inbound/new", "rmdir /inbound"):
        done = door.batch(f"{line}\n")
        assert done.returncode == 1 and "Permission denied" in done.stderr, line


def test_07_df(door: StoreDoor) -> None:
    """7. df (statvfs@openssh.com): answered, with room."""
    done = door.batch("df /inbound\n")
    assert done.returncode == 0 and "0%" in done.stdout


def test_08_reput(door: StoreDoor) -> None:
    """8. reput of a part broken off: goes on at its size, and the whole is one receipt."""
    content = body(5 * MIB + 5, 8)
    with door.sftp() as sftp:
        file = sftp.open("/inbound/08.837", "wb")
        file.write(content[: 3 * MIB + 3])
        file.flush()
        sftp.sock.get_transport().close()
    wait(lambda: [row.state for row in door.rows(upload, upload.c.name == "08.837")] == ["lost"], "the loss")
    assert receipts(door, "08.837") == []
    (door.folder / "08.837").write_bytes(content)
    done = door.batch("reput 08.837 /inbound/08.837\n")
    assert done.returncode == 0, done.stderr
    assert receipts(door, "08.837") == [digest(content)]
    assert len(door.rows(upload, upload.c.name == "08.837")) == 1


def test_09_reput_behind_a_receipt(door: StoreDoor) -> None:
    """9. reput of a name received short: the whole is a second receipt, the first keeps its bytes."""
    content = body(2 * MIB, 9)
    (door.folder / "09.837").write_bytes(content[:MIB])
    assert door.batch("put 09.837 /inbound/09.837\n").returncode == 0
    (door.folder / "09.837").write_bytes(content)
    assert door.batch("reput 09.837 /inbound/09.837\n").returncode == 0
    assert receipts(door, "09.837") == [digest(content[:MIB]), digest(content)]


@pytest.mark.parametrize("options", [("-B", "261120", "-R", "128"), ("-C",), ("-o", "RekeyLimit=1M")])
def test_10_unusual_transfers(door: StoreDoor, options: tuple[str, ...]) -> None:
    """10. Large requests far ahead, a wish for compression (none is given), new keys every megabyte: the same bytes."""
    content, name = body(6 * MIB, 10), f"10{options[-1].strip('-')}.837"
    (door.folder / "10.837").write_bytes(content)
    done = door.batch(f"put 10.837 /inbound/{name}\nget /inbound/{name} 10.back\n", *options)
    assert done.returncode == 0, done.stderr
    assert receipts(door, name) == [digest(content)] and (door.folder / "10.back").read_bytes() == content


def test_11_names_in_unicode(door: StoreDoor) -> None:
    """11. Spaces and umlauts; a name in either Unicode form is one name."""
    (door.folder / "11").write_bytes(b"eleven")
    done = door.batch('put 11 "/inbound/Mu\u0308ller 11.837"\nget "/inbound/M\u00fcller 11.837" 11.back\n')
    assert done.returncode == 0, done.stderr
    assert receipts(door, "M\u00fcller 11.837") == [digest(b"eleven")]


def test_12_rename_refuses_what_is_there(door: StoreDoor) -> None:
    """12. Version 3's rename onto a name in use: failure; nothing changes."""
    with door.sftp() as sftp:
        for name in ("12.part", "12.837"):
            sftp.putfo(io.BytesIO(name.encode()), f"/inbound/{name}")
        with pytest.raises(OSError, match="a file of that name exists"):
            sftp.rename("/inbound/12.part", "/inbound/12.837")
        assert sftp.stat("/inbound/12.part").st_size == 7
    assert receipts(door, "12.837") == [digest(b"12.837")]


def test_13_posix_rename_overwrites(door: StoreDoor) -> None:
    """13. posix-rename@openssh.com onto a name in use: a second receipt; the first keeps its bytes."""
    with door.sftp() as sftp:
        for name in ("13.part", "13.837"):
            sftp.putfo(io.BytesIO(name.encode()), f"/inbound/{name}")
        sftp.posix_rename("/inbound/13.part", "/inbound/13.837")
        assert sftp.stat("/inbound/13.837").st_size == 7
    assert receipts(door, "13.837") == [digest(b"13.837"), digest(b"13.part")]


@pytest.mark.program("lftp")
def test_14_lftp(door: StoreDoor) -> None:
    """14. lftp put, get and mv from a temporary name: no receipt before the mv, one behind it."""
    content = body(2 * MIB + 1, 14)
    (door.folder / "14.837").write_bytes(content)
    done = door.lftp("put 14.837 -o /inbound/14.tmp\nls /inbound")
    assert done.returncode == 0 and "14.tmp" in done.stdout, done.stderr
    assert receipts(door, "14.837") == receipts(door, "14.tmp") == []
    done = door.lftp("mv /inbound/14.tmp /inbound/14.837\nget /inbound/14.837 -o 14.back")
    assert done.returncode == 0, done.stderr
    assert receipts(door, "14.837") == [digest(content)] and (door.folder / "14.back").read_bytes() == content


@pytest.mark.program("lftp")
def test_15_lftp_mirror(door: StoreDoor) -> None:
    """15. lftp mirror -R -P5 of 60 files with `*.filepart` then rename (WinSCP's and FileZilla's way): 60 receipts."""
    source = door.folder / "15"
    source.mkdir()
    for number in range(60):
        (source / f"m{number}.837").write_bytes(body(20_000, number))
    before = "set xfer:use-temp-file yes; set xfer:temp-file-name *.filepart"
    done = door.lftp(f"{before}\nmirror -R -P5 --no-perms 15 /inbound")
    assert done.returncode == 0, done.stderr
    assert {receipts(door, f"m{number}.837") == [digest(body(20_000, number))] for number in range(60)} == {True}
    assert not [row for row in door.rows(receipt) if row.name.endswith("filepart")]


def test_16_paramiko_put_confirms_by_stat(door: StoreDoor) -> None:
    """16. paramiko put stats the file behind its CLOSE: there, with its size."""
    with door.sftp() as sftp:
        told = sftp.putfo(io.BytesIO(body(100_000)), "/inbound/16.837", confirm=True)
    assert told.st_size == 100_000 and stat.S_ISREG(told.st_mode or 0)


@pytest.mark.parametrize("ahead", [None, 64])
def test_17_paramiko_prefetches(door: StoreDoor, ahead: int | None) -> None:
    """17. paramiko get with prefetch, all at once or 64 ahead: the bytes."""
    content, name = body(8 * MIB, 17), f"17-{ahead}.835"
    door.deliver(name, content)
    with door.sftp() as sftp:
        found = io.BytesIO()
        sftp.getfo(f"/outbound/{name}", found, max_concurrent_prefetch_requests=ahead)
    assert found.getvalue() == content


def test_18_exclusive(door: StoreDoor) -> None:
    """18. Open with `x` on a name in use: failure; on a free one it is the file."""
    with door.sftp() as sftp:
        with sftp.open("/inbound/18.837", "wx") as file:
            file.write(b"18")
        with pytest.raises(OSError, match="exists"):
            sftp.open("/inbound/18.837", "wx")
    assert receipts(door, "18.837") == [digest(b"18")]


def test_19_utime_chmod_truncate(door: StoreDoor) -> None:
    """19. utime, chmod, chown: OK without effect; truncate to the present size OK, to another permission denied."""
    with door.sftp() as sftp:
        sftp.putfo(io.BytesIO(b"nineteen"), "/inbound/19.837")
        before = sftp.stat("/inbound/19.837")
        sftp.utime("/inbound/19.837", (1, 1))
        sftp.chmod("/inbound/19.837", 0o777)
        sftp.chown("/inbound/19.837", 1, 1)
        sftp.truncate("/inbound/19.837", 8)
        for size in (0, 7, 9):
            with pytest.raises(PermissionError):
                sftp.truncate("/inbound/19.837", size)
        assert str(sftp.stat("/inbound/19.837")) == str(before)
    assert receipts(door, "19.837") == [digest(b"nineteen")]


def test_20_what_is_not_there(door: StoreDoor) -> None:
    """20. stat, get, rm and rename of nothing: no such file."""
    with door.sftp() as sftp:
        for ask in (
            lambda: sftp.stat("/inbound/none"), lambda: sftp.open("/outbound/none"), lambda: sftp.listdir("/nowhere"),
            lambda: sftp.remove("/inbound/none"), lambda: sftp.rename("/inbound/none", "/inbound/20"),
        ):  # fmt: skip
            with pytest.raises(FileNotFoundError):
                ask()


def test_21_seek(door: StoreDoor) -> None:
    """21. Reads anywhere in a file: the bytes that are there; behind its end none."""
    content = body(3 * MIB, 21)
    door.deliver("21.835", content)
    with door.sftp() as sftp, sftp.open("/outbound/21.835") as file:
        for offset in (0, 2 * MIB - 5, MIB - 1, 3 * MIB - 1, 3 * MIB, 9 * MIB):
            file.seek(offset)
            assert file.read(10) == content[offset : offset + 10]


def test_22_symlinks_and_hard_links(door: StoreDoor) -> None:
    """22. symlink and hardlink@openssh.com: permission denied; readlink: unsupported; nothing is linked."""
    with door.sftp() as sftp:
        with pytest.raises(PermissionError):
            sftp.symlink("/etc/passwd", "/inbound/22")
        with pytest.raises(OSError, match="unsupported"):
            sftp.readlink("/inbound/22")
        with pytest.raises(PermissionError):
            sftp._request(paramiko.sftp.CMD_EXTENDED, "hardlink@openssh.com", "/inbound/01.837", "/inbound/22")
    done = door.batch("symlink /etc/passwd /inbound/22\n")
    assert done.returncode == 1 and "Permission denied" in done.stderr
    assert receipts(door, "22") == []


def test_23_ways_out(door: StoreDoor) -> None:
    """23. `..` leads no further than the root; there is nothing else behind it."""
    done = door.batch("cd /inbound/../../..\npwd\nls -1 ..\n-get ../../etc/passwd\n-get /etc/passwd\n")
    assert "Remote working directory: /\n" in done.stdout and not (door.folder / "passwd").exists()
    assert done.stderr.count("not found") == 2, done.stderr


def test_24_temporary_names(door: StoreDoor) -> None:
    """24. CLOSE of .part .tmp .partial .filepart and dot names: OK and no receipt; RENAME to a final name: receipt."""
    with door.sftp() as sftp:
        for number, name in enumerate(("a.part", "b.TMP", "c.partial", "d.filepart", ".e")):
            sftp.putfo(io.BytesIO(name.encode()), f"/inbound/24{name}" if name[0] != "." else "/inbound/.24e")
            assert not [row for row in door.rows(receipt) if row.name.strip(".").startswith("24")][number:]
            sftp.rename(f"/inbound/24{name}" if name[0] != "." else "/inbound/.24e", f"/inbound/24-{number}.837")
            assert receipts(door, f"24-{number}.837") == [digest(name.encode())]


def test_25_stat_and_delete_after_upload(door: StoreDoor) -> None:
    """25. Delete after an upload hides the file; its receipt stays."""
    with door.sftp() as sftp:
        sftp.putfo(io.BytesIO(b"25"), "/inbound/25.837")
        sftp.remove("/inbound/25.837")
        assert "25.837" not in sftp.listdir("/inbound")
    assert receipts(door, "25.837") == [digest(b"25")]


def test_26_fetched_and_picked_up(door: StoreDoor) -> None:
    """26. Get and rm in /outbound: fetched, then picked up, and no longer listed; never destroyed."""
    door.deliver("26.835", b"twenty-six")
    assert door.batch("get /outbound/26.835 26.back\nrm /outbound/26.835\n").returncode == 0
    with door.context.store.read() as connection:
        (row,) = outbox.listing(connection, outbox.outbox.c.name == "26.835", most=2)
    assert (row.state, row.fetched_on) == ("picked-up", "2026-01-05")
    with door.sftp() as sftp:
        assert "26.835" not in sftp.listdir("/outbound")


def test_27_outbound_is_read_only(door: StoreDoor) -> None:
    """27. Put, rename and truncate in /outbound and /reports, delete in /reports: permission denied."""
    door.deliver("27.835", b"27")
    door.deliver("27.txt", b"27", "reports")
    with door.sftp() as sftp:
        for ask in (
            lambda: sftp.open("/outbound/x", "w"), lambda: sftp.open("/outbound/27.835", "w"),
            lambda: sftp.rename("/outbound/27.835", "/outbound/28.835"), lambda: sftp.remove("/reports/27.txt"),
            lambda: sftp.rename("/outbound/27.835", "/inbound/27.837"), lambda: sftp.truncate("/outbound/27.835", 0),
        ):  # fmt: skip
            with pytest.raises(PermissionError):
                ask()


@pytest.mark.program("curl")
def test_28_curl(door: StoreDoor) -> None:
    """28. curl (libssh2) -T and -o, with a rename by -Q behind the upload: one receipt, the same bytes."""
    if "sftp" not in door.run(["curl", "--version"]).stdout:
        pytest.skip("this curl speaks no SFTP")
    content = body(2 * MIB + 3, 28)
    (door.folder / "28.837").write_bytes(content)
    common = [
        "curl", "-sS", "--hostpubsha256", door.host_sha256, "--key", door.folder / "clearpath",
        "--pubkey", door.folder / "clearpath.pub", "-u", "clearpath:",
    ]  # fmt: skip
    at = f"sftp://127.0.0.1:{door.port}/inbound"
    sent = door.run([*common, "-T", "28.837", f"{at}/28.part", "-Q", "-rename /inbound/28.part /inbound/28.837"])
    assert sent.returncode == 0, sent.stderr
    assert receipts(door, "28.837") == [digest(content)]
    assert door.run([*common, "-o", "28.back", f"{at}/28.837"]).returncode == 0
    assert (door.folder / "28.back").read_bytes() == content


def test_29_two_sessions_on_one_name(door: StoreDoor) -> None:
    """29. Two sessions write one name at once: each OK is a receipt of its own whole file, never a mixture."""
    ones, twos = body(3 * MIB // 2, 1), body(3 * MIB // 2, 2)
    with door.sftp() as first, door.sftp() as second:
        files = [sftp.open("/inbound/29.837", "wb") for sftp in (first, second)]
        for start in range(0, 3 * MIB // 2, MIB // 2):
            for file, content in zip(files, (ones, twos), strict=True):
                file.write(content[start : start + MIB // 2])
        for file in files:
            file.close()
    assert receipts(door, "29.837") == [digest(ones), digest(twos)]


def test_30_holes(door: StoreDoor) -> None:
    """30. Writes in any order are the file; a hole at CLOSE, or a write behind a sealed row: failure, no receipt."""
    content = body(MIB, 30)
    with door.sftp() as sftp:
        with sftp.open("/inbound/30.837", "wb") as file:
            for start in random.Random(30).sample(range(0, MIB, 65536), 16):
                file.seek(start)
                file.write(content[start : start + 65536])
        assert receipts(door, "30.837") == [digest(content)]
        file = sftp.open("/inbound/30-hole.837", "wb")
        file.write(b"x")
        file.seek(10)
        file.write(b"y")
        with pytest.raises(OSError, match="hole"):
            close(sftp, file)
        file = sftp.open("/inbound/30-back.837", "wb")
        file.write(bytes(5 * MIB))
        file.seek(0)
        with pytest.raises(OSError, match="already stored"):
            file.write(b"z")
        with pytest.raises(OSError, match="earlier write"):
            close(sftp, file)
    assert receipts(door, "30-hole.837") == receipts(door, "30-back.837") == []


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "..", "x" * 256, "right\u202eleft", b"\xff\xfe", "a/b"])
def test_31_names_that_are_refused(door: StoreDoor, name: str | bytes) -> None:
    """31. NUL, line breaks, `..`, 256 bytes, bidi marks, no UTF-8, a folder in between: refused, no file."""
    path = b"/inbound/" + (name if isinstance(name, bytes) else name.encode())
    with door.sftp() as sftp, pytest.raises(OSError):
        sftp.open(path, "wb")  # type: ignore[arg-type]


def test_32_percent_names_are_names(door: StoreDoor) -> None:
    """32. `%2e%2e%2f` is a name like any other: nothing is decoded."""
    with door.sftp() as sftp:
        sftp.putfo(io.BytesIO(b"32"), "/inbound/%2e%2e%2f32")
    assert receipts(door, "%2e%2e%2f32") == [digest(b"32")]


def test_33_broken_off_is_not_received(door: StoreDoor) -> None:
    """33. A client killed in mid-upload: no receipt under any name (sshd leaves the part under the final name)."""
    with door.sftp() as sftp:
        file = sftp.open("/inbound/33.837", "wb")
        file.write(body(2 * MIB))
        sftp.sock.get_transport().close()
    wait(lambda: [row.state for row in door.rows(upload, upload.c.name == "33.837")] == ["lost"], "the loss")
    assert receipts(door, "33.837") == []


def test_34_extensions(door: StoreDoor) -> None:
    """34. Advertised: posix-rename@ fsync@ statvfs@ limits@; lsetstat@, copy-data and others: unsupported, politely."""
    done = door.batch("pwd\n", "-vvv")
    for name in ("posix-rename", "fsync", "statvfs", "limits"):
        assert f'Server supports extension "{name}@openssh.com"' in done.stderr
    with door.sftp() as sftp:
        for name in ("lsetstat@openssh.com", "copy-data", "users-groups-by-id@openssh.com", ""):
            with pytest.raises(OSError, match="unsupported"):
                sftp._request(paramiko.sftp.CMD_EXTENDED, name, "/inbound/x")


def test_35_no_file_twice(door: StoreDoor) -> None:
    """35. Over all checks: every receipt has rows of its own, and each upload at most one receipt."""
    with door.context.store.read() as connection:
        shared = select(receipt.c.upload_id).group_by(receipt.c.upload_id).having(func.count() > 1)
        assert connection.execute(shared).all() == []
