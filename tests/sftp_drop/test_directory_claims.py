"""What is claimed from a partner's folder, what never is, and what comes of a claim whose daemon died."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sftp_drop.directory import claims, tree
from sftp_drop.directory.inbox import AT_ONCE
from sftp_drop.directory.tree import Tree, Unusable
from tests.sftp_drop.directory_site import PARTNER, WAITS, Site, another_file_system


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A partner's empty folders."""
    return Site(tmp_path)


def test_a_closed_file_is_received_and_removed(site: Site) -> None:
    """A file comes whole to the keeper, once, and is in no folder afterwards."""
    body = os.urandom(3 * claims.PIECE + 17)
    site.put("a.837", body)
    assert site.take("a.837") == ["a.837"]
    assert site.keeper.received[0][2] == body
    assert (os.listdir(site.inbound), os.listdir(site.work)) == ([], [])


@pytest.mark.parametrize("name", ["a.part", "a.TMP", "a.partial", "a.filepart", "a.!sync", ".a.837"])
def test_temporary_names_are_left_alone(site: Site, name: str) -> None:
    """A temporary name is never taken, however long it lies; its final name is."""
    path = site.put(name)
    site.look(name)
    site.look(full=True, after_s=1000.0)
    assert site.keeper.received == []
    path.rename(site.inbound / "a.837")
    assert site.take("a.837") == ["a.837"]


def test_only_regular_files_with_one_name_are_taken(site: Site, tmp_path: Path) -> None:
    """Links of both kinds, a fifo, a folder and names with control characters stay; the file beside them is taken."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"not the partner's")
    (site.inbound / "link").symlink_to(secret)
    (site.inbound / "up").symlink_to("../../secret")
    os.link(site.put("twice"), site.outbound / "twice")
    os.mkfifo(site.inbound / "fifo")
    (site.inbound / "folder").mkdir()
    for name in (b"new\nline", b"\xff\xfe"):
        Path(os.fsdecode(os.path.join(os.fsencode(site.inbound), name))).write_bytes(b"ISA")
    site.put("%2e%2e%2fa.837")
    names = os.listdir(site.inbound)
    site.look(*names)
    site.look(full=True, after_s=1000.0)
    assert site.keeper.names == ["%2e%2e%2fa.837"]
    assert sorted(os.listdir(site.inbound)) == sorted(set(names) - {"%2e%2e%2fa.837"})


def test_a_name_swapped_for_a_link_is_not_followed(site: Site, tmp_path: Path) -> None:
    """Between the look and the claim a partner may put a link in the file's place: nothing behind it is read."""
    (tmp_path / "secret").write_bytes(b"not the partner's")
    site.put("a.837")
    with site.tree.opened(PARTNER) as places, claims.batch(places, "one", new=True) as batch:
        (seen,), _ = claims.scan(places.inbound)
        assert batch is not None
        (site.inbound / "a.837").unlink()
        (site.inbound / "a.837").symlink_to(tmp_path / "secret")
        with pytest.raises(OSError) as error:
            batch.take(seen)
        assert error.value.errno == errno.ELOOP
        os.rename(site.inbound / "a.837", site.work / "one" / "a.837")  # put there behind the last look
        assert batch.files() == []
        with pytest.raises(OSError), batch.opened(seen):
            pass


def test_a_folder_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    """Neither a partner's folder nor one of its three may be a link, nor may an id lead out of the root."""
    site = Site(tmp_path / "root")
    (tmp_path / "elsewhere").mkdir()
    (site.home / "outbound").rmdir()
    (site.home / "outbound").symlink_to(tmp_path / "elsewhere")
    for partner in (PARTNER, "..", "a/b", "", ".hidden", "nobody"):
        with pytest.raises(Unusable), site.tree.opened(partner):
            pass


# ---- who still writes ------------------------------------------------------------------------------------------------


def test_a_file_open_for_writing_is_not_taken(site: Site) -> None:
    """However long it lies still: while a process has it open for writing it stays; closed, it is taken whole."""
    with (site.inbound / "slow.837").open("wb") as file:
        file.write(b"ISA*half")
        file.flush()
        site.look("slow.837")
        site.look(after_s=1000.0)
        assert site.keeper.received == []
        file.write(b"*whole")
    assert site.take("slow.837") == ["slow.837"]
    assert site.keeper.received[0][2] == b"ISA*half*whole"


def test_opening_a_file_while_it_is_asked_about_harms_nobody(site: Site) -> None:
    """Writers that open the very file whose writers are being counted neither fail nor end the daemon."""
    path = site.put("a.837")
    child = multiprocessing.get_context("fork").Process(target=_ask_and_open, args=(path,))
    child.start()
    child.join(20)
    assert child.exitcode == 0


def _ask_and_open(path: Path) -> None:
    def write() -> None:
        for _ in range(2000):
            os.close(os.open(path, os.O_WRONLY))

    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write) for _ in range(2)]
        while not all(writer.done() for writer in writers):
            file = os.open(path, claims.FILE_FLAGS)
            claims.is_written(file)
            os.close(file)
        for writer in writers:
            writer.result()


def test_what_is_written_after_the_claim_is_received_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel tells of no writers, a file that grew behind its receipt is received again, whole."""
    monkeypatch.setattr(claims, "is_written", lambda file: False)
    with (site.inbound / "a.837").open("ab") as file:

        def more() -> None:
            site.keeper.before_removal = lambda: None
            file.write(b"*more")
            file.flush()

        file.write(b"ISA")
        file.flush()
        site.keeper.before_removal = more
        site.take("a.837")
    site.look(full=True)
    assert [body for _, _, body in site.keeper.received] == [b"ISA", b"ISA*more"]
    assert os.listdir(site.work) == []


def test_a_file_that_changes_under_the_reader_waits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that grows while it is read has no receipt until it does not."""
    site.put("a.837", b"ISA")
    batch_id = site.claim("a.837")
    with site.tree.opened(PARTNER) as places, claims.batch(places, batch_id) as batch:
        assert batch is not None
        with batch.opened(batch.files()[0]) as claim:
            pieces = claim.pieces()
            next(pieces)
            (site.work / batch_id / "a.837").write_bytes(b"IS")
            with pytest.raises(claims.StillWritten):
                next(pieces)


# ---- daemons ---------------------------------------------------------------------------------------------------------


def test_what_a_dead_daemon_claimed_is_received_by_the_next(site: Site) -> None:
    """Whether it died before the receipt or between receipt and removal: once, and the claim is gone."""
    site.put("a.837", b"a")
    site.put("b.837", b"b")
    first, second = site.claim("a.837"), site.claim("b.837")
    site.keeper.received.append((f"{first}/a.837", "a.837", b"a"))
    (site.work / site.new_id()).mkdir()  # died before the rename
    site.look(full=True)
    assert [(known, body) for known, _, body in site.keeper.received] == [
        (f"{first}/a.837", b"a"),
        (f"{second}/b.837", b"b"),
    ]
    assert os.listdir(site.work) == []


def test_two_daemons_take_a_file_once(site: Site) -> None:
    """Of two daemons that look at one folder at once, each of 200 files is claimed by one."""
    names = [f"{number:03}.837" for number in range(200)]
    for name in names:
        site.put(name, name.encode())
    daemons = [site.inbox, site.another()]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: one.round(dict.fromkeys(names, True), False), daemons))
        site.now_s += WAITS.settle_s
        list(pool.map(lambda one: one.round({}, True), daemons))
    assert sorted(site.keeper.names) == names
    assert (os.listdir(site.inbound), os.listdir(site.work)) == ([], [])


def test_a_claim_somebody_works_on_is_left_to_them(site: Site) -> None:
    """The claims another daemon holds are not read twice."""
    site.put("a.837")
    batch_id = site.claim("a.837")
    with site.tree.opened(PARTNER) as places, claims.batch(places, batch_id) as mine:
        assert mine is not None
        site.look(full=True)
        assert site.keeper.received == []
    site.look(full=True)
    assert site.keeper.names == ["a.837"]


# ---- trouble ---------------------------------------------------------------------------------------------------------


def test_one_bad_file_keeps_no_other(site: Site) -> None:
    """Files that fail at reading or at the keeper are tried again at full looks; the others are received at once."""
    names = [f"{number}.837" for number in range(6)]
    for name in names:
        site.put(name)
    site.keeper.trouble = {"1.837": OSError(errno.EIO, "disk"), "3.837": ValueError("no")}
    assert site.take(*names) == ["0.837", "2.837", "4.837", "5.837"]
    site.keeper.trouble = {}
    site.look(full=True)
    assert sorted(site.keeper.names) == names


def test_a_keeper_that_is_away_is_not_asked_a_thousand_times(site: Site) -> None:
    """When the keeper fails, a round ends after a few files: what is not claimed stays where its partner sees it."""
    names = [f"{number:02}.837" for number in range(AT_ONCE + 20)]
    for name in names:
        site.put(name)
    site.keeper.trouble = {name: RuntimeError("database") for name in names}
    site.take(*names)
    assert (len(os.listdir(site.inbound)), len(list(site.work.glob("*/*")))) == (20, AT_ONCE)
    site.keeper.trouble = {}
    site.look(full=True)
    assert sorted(site.keeper.names) == names


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_stays_visible(site: Site) -> None:
    """A file we may not read is not claimed; it is when that changes."""
    path = site.put("a.837")
    path.chmod(0)
    site.put("b.837")
    assert site.take("a.837", "b.837") == ["b.837"]
    assert os.listdir(site.inbound) == ["a.837"]


def test_descriptors_are_given_back(site: Site) -> None:
    """Twenty rounds, with files that fail, leave no descriptor open."""
    site.keeper.trouble = {"bad": OSError(errno.EIO, "disk")}
    before = len(os.listdir("/proc/self/fd"))
    for number in range(20):
        site.put(f"{number}.837")
        site.put("bad")
        site.take(f"{number}.837", "bad")
    assert len(os.listdir("/proc/self/fd")) == before
    assert len(site.keeper.names) == 20


# ---- where folders lie -----------------------------------------------------------------------------------------------


def test_a_work_folder_on_another_file_system_is_refused(site: Site) -> None:
    """Claims must be renames: the start is refused where they cannot be, and says whose folders they are."""
    with another_file_system(site.inbound) as elsewhere, pytest.raises(Unusable) as error:
        Tree(site.tree.root, elsewhere).check(PARTNER, "trial")
    assert (error.value.partner, error.value.reason) == (PARTNER, "elsewhere")
    site.tree.check(PARTNER, "trial")
    assert (os.listdir(site.inbound), os.listdir(site.work)) == ([], [])


def test_a_work_folder_of_its_own(tmp_path: Path) -> None:
    """A site may name a work folder; claims then lie in it, one folder a partner."""
    site = Site(tmp_path / "root")
    (tmp_path / "work").mkdir()
    site.tree = Tree(site.tree.root, tmp_path / "work")
    site.inbox = site.another()
    site.put("a.837")
    site.keeper.trouble = {"a.837": OSError(errno.EIO, "disk")}
    site.take("a.837")
    assert [one.name for one in (tmp_path / "work" / PARTNER).glob("*/*")] == ["a.837"]


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 22 0:40 / /srv/edi rw,relatime - nfs4 files:/edi rw,vers=4.2
32 22 0:41 / /srv/other rw - fuse.sshfs other: rw
"""


@pytest.mark.parametrize(
    ("device", "kind", "network"),
    [((254, 0), "ext4", False), ((0, 40), "nfs4", True), ((0, 41), "fuse.sshfs", True), ((9, 9), "", False)],
)
def test_network_file_systems_are_known(device: tuple[int, int], kind: str, network: bool) -> None:
    """A mount's kind says whether other machines may write there."""
    found = tree.file_system(MOUNTS, os.makedev(*device))
    assert (found, tree.is_network(found)) == (kind, network)


def test_many_files_need_few_descriptors(site: Site) -> None:
    """A thousand files are taken by a process that may open thirty-two more."""
    names = [f"{number:04}" for number in range(1000)]
    for name in names:
        site.put(name)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = len(os.listdir("/proc/self/fd")) + 32
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    try:
        assert len(site.take(*names)) == 1000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
