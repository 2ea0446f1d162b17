from __future__ import annotations

import struct
from typing import Any

import pytest
from dict_drop import DictDrop
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from twisted.internet.task import Clock

from sftp_drop.session import Session
from sftp_drop.settings import HANDLES_MAX, IN_FLIGHT_MAX_BYTES, INBOX_MAX_BYTES, READ_MAX_BYTES, REQUEST_MAX_BYTES
from sftp_drop.wire import Ask, Open, Reply, Status, string

WRITE_NEW = Open.WRITE | Open.CREATE | Open.TRUNCATE


class Client:
    """Both a session's pipe and its client: sends requests, collects replies as (request number, type, body)."""

    def __init__(self, **more: Any) -> None:
        self.clock = Clock()
        self.drop = DictDrop({}, more, self.clock)
        self.replies: list[tuple[int, int, bytes]] = []
        self.is_clear, self.ended, self.taken_bytes, self.number = True, False, 0, 0
        self.session = Session(self, self.drop, "p1")
        self.raw(bytes([Ask.INIT]) + struct.pack("!L", 3))
        assert [kind for _, kind, _ in self.replies] == [Reply.VERSION]
        self.replies.clear()

    def write(self, data: bytes) -> None:
        while data:
            end = 4 + int.from_bytes(data[:4], "big")
            reply, data = data[:end], data[end:]
            assert len(reply) == end
            self.replies.append((int.from_bytes(reply[5:9], "big"), reply[4], reply[9:]))

    def clear(self, more: int = 0) -> bool:
        return self.is_clear

    def taken(self, length: int) -> None:
        self.taken_bytes += length

    def end(self) -> None:
        self.ended = True

    def raw(self, packet: bytes) -> None:
        self.session.receive(string(packet))

    def send(self, kind: int, body: bytes) -> int:
        self.number += 1
        self.raw(bytes([kind]) + struct.pack("!L", self.number) + body)
        return self.number

    def open(self, path: bytes, flags: int = WRITE_NEW) -> bytes:
        number = self.send(Ask.OPEN, string(path) + struct.pack("!LL", flags, 0))
        kind, body = self.reply(number)
        assert kind == Reply.HANDLE, body
        return body

    def put(self, handle: bytes, offset: int, content: bytes) -> int:
        return self.send(Ask.WRITE, handle + struct.pack("!Q", offset) + string(content))

    def close(self, handle: bytes) -> int:
        return self.send(Ask.CLOSE, handle)

    def reply(self, number: int) -> tuple[int, bytes]:
        (found,) = [(kind, body) for at, kind, body in self.replies if at == number]
        return found

    def status(self, number: int) -> int:
        kind, body = self.reply(number)
        assert kind == Reply.STATUS
        return int.from_bytes(body[:4], "big")

    def answered(self, number: int) -> bool:
        return any(at == number for at, _, _ in self.replies)

    def told(self) -> list[str]:
        """What was done; what was only noted for the record left out."""
        return [event["event"] for event in self.drop.events if event["event"] != "note"]


def test_close_waits_for_slow_writes_and_for_the_commit() -> None:
    """CLOSE runs behind its handle's writes, and is answered only when the commit is done."""
    client = Client(write=1.0, commit=1.0)
    handle = client.open(b"/inbound/a.837")
    writes = [client.put(handle, at * 4, b"%04d" % at) for at in range(3)]
    close = client.close(handle)
    client.clock.pump([1, 1, 0.9])
    assert client.told() == ["begin", "write", "write"]
    client.clock.advance(0.1)
    assert client.told()[-1] == "commit-begin" and not client.answered(close)
    client.clock.advance(1)
    assert [client.status(number) for number in [*writes, close]] == [Status.OK] * 4
    assert client.drop.folders["inbound"]["a.837"] == b"000000010002"


def test_one_slow_file_does_not_hold_another() -> None:
    """Order is kept per handle only."""
    client = Client()
    slow, quick = client.open(b"/inbound/slow"), client.open(b"/inbound/quick")
    client.drop.delay_s["write"] = 5
    first = client.put(slow, 0, b"x")
    client.drop.delay_s["write"] = 0
    assert client.status(client.put(quick, 0, b"x")) == Status.OK and not client.answered(first)


def test_a_rename_sent_right_behind_a_close_waits_for_it() -> None:
    """Requests on paths run behind every CLOSE sent before them."""
    client = Client(commit=1.0)
    handle = client.open(b"/inbound/a.part")
    client.put(handle, 0, b"ISA")
    client.close(handle)
    rename = client.send(Ask.RENAME, string(b"/inbound/a.part") + string(b"/inbound/a.837"))
    assert not client.answered(rename)
    client.clock.advance(1)
    assert client.status(rename) == Status.OK and client.drop.folders["inbound"] == {"a.837": b"ISA"}


def test_a_lost_connection_is_never_a_close() -> None:
    """Open uploads are lost, after the writes that came, once, and never committed."""
    client = Client(write=1.0)
    handle = client.open(b"/inbound/a.837")
    client.put(handle, 0, b"half")
    client.session.lost()
    client.session.lost()
    client.clock.advance(1)
    assert client.told() == ["begin", "write", "lose"] and client.drop.partial == {"a.837": b"half"}


def test_an_upload_that_opens_after_the_connection_is_gone_is_lost() -> None:
    """A slow OPEN whose client has left ends in lose."""
    client = Client(begin=1.0)
    client.send(Ask.OPEN, string(b"/inbound/a.837") + struct.pack("!LL", WRITE_NEW, 0))
    client.session.lost()
    client.clock.advance(1)
    assert client.told() == ["begin", "lose"]


def test_a_close_that_came_before_the_connection_was_lost_counts() -> None:
    """A CLOSE received is a CLOSE, although nobody hears its answer."""
    client = Client(write=1.0)
    handle = client.open(b"/inbound/a.837")
    client.put(handle, 0, b"all")
    client.close(handle)
    client.session.lost()
    client.clock.advance(1)
    assert client.told()[-1] == "commit" and "lose" not in client.told()


def test_what_is_owed_is_told() -> None:
    """`lost` fires when the drop has done what was asked and knows of every lost upload, opening ones included."""
    client, fired = Client(begin=1.0, write=1.0, commit=1.0), []
    client.drop.delay_s["begin"] = 0
    first, second = client.open(b"/inbound/a"), client.open(b"/inbound/b")
    client.drop.delay_s["begin"] = 3
    client.put(first, 0, b"x")
    client.close(first)
    client.put(second, 0, b"x")
    client.send(Ask.OPEN, string(b"/inbound/c") + struct.pack("!LL", WRITE_NEW, 0))
    client.session.lost().addCallback(fired.append)
    client.clock.pump([1, 1, 1, 1, 1 - 0.01])  # c opens behind the close of a, from 2 s to 5 s
    assert not fired
    client.clock.advance(0.01)
    assert fired == [None]
    ends = [(event["event"], event["name"]) for event in client.drop.events if event["event"] in ("commit", "lose")]
    assert sorted(ends) == [("commit", "a"), ("lose", "b"), ("lose", "c")]


def test_an_upload_with_a_failed_write_is_not_committed() -> None:
    """A client that closes after a refused WRITE gets FX_FAILURE; the part it wrote is kept for a resume only."""
    client = Client()
    client.drop.refuse_write_at = 8
    handle = client.open(b"/inbound/a.837")
    assert client.status(client.put(handle, 0, b"fits")) == Status.OK
    assert client.status(client.put(handle, 4, b"does not")) == Status.FAILURE
    assert client.status(client.put(handle, 4, b"fit")) == Status.FAILURE
    assert client.status(client.close(handle)) == Status.FAILURE
    assert client.told()[-1] == "lose" and client.drop.folders["inbound"] == {}


def test_failures_say_nothing_about_the_data() -> None:
    """What the drop raises beside Refused becomes FX_FAILURE without detail, and a log line with its class only."""
    client = Client()
    handle = client.open(b"/inbound/boom")
    with capture_logs() as logs:
        write = client.put(handle, 0, b"x")
    assert client.status(write) == Status.FAILURE and b"DOE" not in client.reply(write)[1]
    assert logs == [{"event": "sftp request failed", "kind": Ask.WRITE, "error": "RuntimeError", "log_level": "error"}]


def test_requests_are_taken_only_while_the_pipe_is_clear() -> None:
    """While the client's window is closed, requests stay in the inbox and the client's right to send does not grow."""
    client = Client()
    client.is_clear, before = False, client.taken_bytes
    numbers = [client.send(Ask.STAT, string(b"/")) for _ in range(5)]
    assert client.taken_bytes == before and not any(map(client.answered, numbers))
    client.is_clear = True
    client.session.pump()
    assert all(map(client.answered, numbers)) and client.taken_bytes == before + 5 * (4 + 1 + 4 + 5)


def test_what_is_taken_and_not_answered_is_bounded() -> None:
    """A slow drop stops the session from taking more than the bound, plus one request."""
    client = Client(write=1.0)
    handle = client.open(b"/inbound/a.837")
    piece = b"x" * 200_000
    numbers = [client.put(handle, at * len(piece), piece) for at in range(30)]
    assert client.taken_bytes < IN_FLIGHT_MAX_BYTES + 2 * len(piece)
    client.clock.pump([1] * 30)
    assert [client.status(number) for number in numbers] == [Status.OK] * 30
    assert len([event for event in client.drop.events if event["event"] == "write"]) == 30


def test_a_thousand_pipelined_writes_keep_their_order() -> None:
    """Quick writes nest nothing and stay in order."""
    client = Client()
    handle = client.open(b"/inbound/a.837")
    client.is_clear = False
    for at in range(1000):
        client.put(handle, at * 4, at.to_bytes(4, "big"))
    client.is_clear = True
    client.session.pump()
    assert [event["offset"] for event in client.drop.events if event["event"] == "write"] == list(range(0, 4000, 4))


@pytest.mark.parametrize("kind", [0, 2, 21, 99, 101, 103, 199, 201, 255])
def test_unknown_requests_are_answered(kind: int) -> None:
    """A packet type we do not know is unsupported, not unanswered."""
    client = Client()
    assert client.status(client.send(kind, b"anything")) == Status.OP_UNSUPPORTED


@pytest.mark.parametrize("name", [b"lsetstat@openssh.com", b"check-file", b""])
def test_unknown_extensions_are_answered(name: bytes) -> None:
    """An extension we do not offer is unsupported."""
    client = Client()
    assert client.status(client.send(Ask.EXTENDED, string(name))) == Status.OP_UNSUPPORTED


PATH, ATTRIBUTES = string(b"/inbound/a"), struct.pack("!LQ", 1, 3)
BODIES = {
    Ask.OPEN: PATH + struct.pack("!LL", WRITE_NEW, 0),
    Ask.CLOSE: string(b"\0\0\0\1"),
    Ask.READ: string(b"\0\0\0\1") + bytes(12),
    Ask.WRITE: string(b"\0\0\0\1") + bytes(8) + string(b"ISA"),
    Ask.LSTAT: PATH,
    Ask.FSTAT: string(b"\0\0\0\1"),
    Ask.SETSTAT: PATH + ATTRIBUTES,
    Ask.FSETSTAT: string(b"\0\0\0\1") + ATTRIBUTES,
    Ask.OPENDIR: PATH,
    Ask.READDIR: string(b"\0\0\0\1"),
    Ask.REMOVE: PATH,
    Ask.REALPATH: PATH,
    Ask.STAT: PATH,
    Ask.RENAME: PATH + PATH,
    Ask.EXTENDED: string(b"statvfs@openssh.com") + PATH,
}


@pytest.mark.parametrize("kind", BODIES)
def test_malformed_requests_are_answered(kind: Ask) -> None:
    """A request cut at any byte, or with a byte too many, gets one FX_BAD_MESSAGE, and the session lives."""
    body = BODIES[kind]
    client = Client()
    client.open(b"/inbound/b")
    for cut in [*range(len(body)), None]:
        number = client.send(kind, body + b"\0" if cut is None else body[:cut])
        assert client.status(number) == Status.BAD_MESSAGE
    assert not client.ended


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 255), st.binary(max_size=40)), max_size=20))
def test_every_request_gets_exactly_one_reply(requests: list[tuple[int, bytes]]) -> None:
    """Whatever the bytes of a request, it is answered once."""
    client = Client()
    numbers = [client.send(kind, body) for kind, body in requests]
    assert sorted(at for at, _, _ in client.replies) == numbers


@pytest.mark.parametrize(
    "sent",
    [
        string(bytes([Ask.STAT]) + b"\0\0"),
        struct.pack("!LB", 0, Ask.STAT),
        struct.pack("!LB", REQUEST_MAX_BYTES + 1, Ask.WRITE),
        struct.pack("!LB", 2**31, Ask.WRITE),
        string(bytes([Ask.INIT]) + struct.pack("!L", 3)),
    ],
)
def test_packets_that_cannot_be_answered_end_the_session(sent: bytes) -> None:
    """No request number, an endless length, a second INIT: the channel ends, and with it every upload is lost."""
    client = Client()
    client.open(b"/inbound/a.837")
    client.session.receive(sent)
    assert client.ended and client.told()[-1] == "lose"
    client.session.receive(sent)
    assert len(client.replies) == 1


def test_the_inbox_is_bounded() -> None:
    """A client that ignores its window is ended before it fills the memory."""
    client = Client()
    client.is_clear = False
    for _ in range(INBOX_MAX_BYTES // 2**20):
        client.session.receive(bytes(2**20))
    assert not client.ended
    client.session.receive(b"\0")
    assert client.ended


def test_nothing_is_answered_before_init() -> None:
    """The first packet is INIT, or the session ends."""
    client = Client()
    client.session, client.replies = Session(client, client.drop, "p1"), []
    client.send(Ask.STAT, string(b"/"))
    assert client.ended and not client.replies


def test_end_of_input_is_answered_to_the_end() -> None:
    """After EOF what was asked is still answered; then the channel ends and what is open is lost."""
    client = Client(write=1.0)
    handle = client.open(b"/inbound/a.837")
    write = client.put(handle, 0, b"x")
    client.session.eof()
    assert not client.ended
    client.clock.advance(1)
    assert client.status(write) == Status.OK and client.ended and client.told()[-1] == "lose"


def test_open_handles_are_counted() -> None:
    """One session holds so many handles open and no more; closing one makes room."""
    client = Client()
    handles = [client.open(b"/inbound/%d" % at) for at in range(HANDLES_MAX)]
    more = string(b"/inbound/more") + struct.pack("!LL", WRITE_NEW, 0)
    assert client.status(client.send(Ask.OPEN, more)) == Status.FAILURE
    client.close(handles[0])
    assert client.reply(client.send(Ask.OPEN, more))[0] == Reply.HANDLE


def test_a_closed_handle_is_no_handle() -> None:
    """WRITE behind CLOSE and a second CLOSE fail."""
    client = Client(commit=1.0)
    handle = client.open(b"/inbound/a.837")
    client.close(handle)
    assert client.status(client.put(handle, 0, b"late")) == Status.FAILURE
    assert client.status(client.close(handle)) == Status.FAILURE


def flags(*more: int) -> bytes:
    total = Open.WRITE
    for flag in more:
        total |= flag
    return struct.pack("!LL", total, 0)


def test_opening_without_truncate_resumes() -> None:
    """WRITE without TRUNCATE continues what is there, at its size, and begins anew where nothing is."""
    client = Client()
    client.drop.partial["a.837"] = b"half"
    client.open(b"/inbound/a.837", Open.WRITE | Open.CREATE)
    client.open(b"/inbound/b.837", Open.WRITE | Open.CREATE)
    client.open(b"/inbound/a.837")
    assert [event["resume"] for event in client.drop.events] == [True, False, False]
    missing = client.send(Ask.OPEN, string(b"/inbound/c.837") + flags())
    assert client.status(missing) == Status.NO_SUCH_FILE


def test_append_writes_at_the_end() -> None:
    """With APPEND the offsets a client sends do not matter."""
    client = Client()
    client.drop.partial["a.837"] = b"half"
    handle = client.open(b"/inbound/a.837", Open.WRITE | Open.CREATE | Open.APPEND)
    client.put(handle, 0, b" and")
    client.put(handle, 0, b" half")
    client.close(handle)
    assert client.drop.folders["inbound"]["a.837"] == b"half and half"


def test_exclusive_refuses_what_is_there() -> None:
    """EXCLUSIVE fails when the file exists."""
    client = Client()
    client.drop.folders["inbound"]["a.837"] = b""
    exclusive = flags(Open.CREATE, Open.TRUNCATE, Open.EXCLUSIVE)
    assert client.status(client.send(Ask.OPEN, string(b"/inbound/a.837") + exclusive)) == Status.FAILURE
    assert client.reply(client.send(Ask.OPEN, string(b"/inbound/b.837") + exclusive))[0] == Reply.HANDLE


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (Ask.OPEN, string(b"/outbound/x") + flags(Open.CREATE), Status.PERMISSION_DENIED),
        (Ask.OPEN, string(b"/reports/x") + flags(Open.CREATE), Status.PERMISSION_DENIED),
        (Ask.OPEN, string(b"/inbound") + flags(Open.CREATE), Status.PERMISSION_DENIED),
        (Ask.OPEN, string(b"/x") + flags(Open.CREATE), Status.NO_SUCH_FILE),
        (Ask.OPEN, string(b"/inbound/x\n") + flags(Open.CREATE), Status.PERMISSION_DENIED),
        (Ask.OPEN, string(b"/outbound/none") + struct.pack("!LL", Open.READ, 0), Status.NO_SUCH_FILE),
        (Ask.OPENDIR, string(b"/outbound/a.835"), Status.NO_SUCH_FILE),
        (Ask.OPENDIR, string(b"/etc"), Status.NO_SUCH_FILE),
        (Ask.MKDIR, string(b"/inbound/x") + bytes(4), Status.PERMISSION_DENIED),
        (Ask.RMDIR, string(b"/inbound"), Status.PERMISSION_DENIED),
        (Ask.SYMLINK, string(b"/a") + string(b"/b"), Status.PERMISSION_DENIED),
        (Ask.EXTENDED, string(b"hardlink@openssh.com") + string(b"/a") + string(b"/b"), Status.PERMISSION_DENIED),
        (Ask.READLINK, string(b"/inbound"), Status.OP_UNSUPPORTED),
        (Ask.REMOVE, string(b"/reports/r.txt"), Status.PERMISSION_DENIED),
        (Ask.REMOVE, string(b"/inbound"), Status.PERMISSION_DENIED),
        (Ask.REMOVE, string(b"/outbound/a.835"), Status.OK),
        (Ask.RENAME, string(b"/outbound/a.835") + string(b"/outbound/b.835"), Status.PERMISSION_DENIED),
        (Ask.RENAME, string(b"/inbound/i.837") + string(b"/outbound/i.837"), Status.PERMISSION_DENIED),
        (Ask.RENAME, string(b"/inbound/i.837") + string(b"/inbound/j.837"), Status.FAILURE),
        (Ask.RENAME, string(b"/inbound/i.837") + string(b"/inbound/k.837"), Status.OK),
        (
            Ask.EXTENDED,
            string(b"posix-rename@openssh.com") + string(b"/inbound/i.837") + string(b"/inbound/j.837"),
            Status.OK,
        ),
        (Ask.SETSTAT, string(b"/inbound/i.837") + struct.pack("!LL", 4, 0o600), Status.OK),
        (Ask.SETSTAT, string(b"/inbound/i.837") + struct.pack("!LLL", 8, 1, 1), Status.OK),
        (Ask.SETSTAT, string(b"/inbound/i.837") + struct.pack("!LQ", 1, 2), Status.OK),
        (Ask.SETSTAT, string(b"/inbound/i.837") + struct.pack("!LQ", 1, 1), Status.PERMISSION_DENIED),
    ],
)
def test_who_may_do_what_where(kind: int, body: bytes, status: Status) -> None:
    """Writing and renaming in /inbound only, deleting not in /reports, the tree fixed, sizes facts."""
    client = Client()
    client.drop.folders.update(inbound={"i.837": b"ii", "j.837": b""}, outbound={"a.835": b""}, reports={"r.txt": b""})
    assert client.status(client.send(kind, body)) == status


def test_an_open_file_does_not_change_its_size_by_setstat() -> None:
    """FSETSTAT agrees to the present size and to everything that means nothing, and refuses another size."""
    client = Client()
    handle = client.open(b"/inbound/a.837")
    client.put(handle, 0, b"ISA")
    sizes = [client.send(Ask.FSETSTAT, handle + struct.pack("!LQ", 1, size)) for size in (3, 0)]
    assert [client.status(number) for number in sizes] == [Status.OK, Status.PERMISSION_DENIED]


def test_fsync_waits_for_the_writes_before_it() -> None:
    """fsync@openssh.com answers OK behind the handle's writes, and fails when one failed."""
    client = Client(write=1.0)
    handle = client.open(b"/inbound/a.837")
    client.put(handle, 0, b"ISA")
    number = client.send(Ask.EXTENDED, string(b"fsync@openssh.com") + handle)
    assert not client.answered(number)
    client.clock.advance(1)
    assert client.status(number) == Status.OK


def read(client: Client, handle: bytes, offset: int, length: int) -> bytes:
    """The bytes of a READ, b"" for the end of the file."""
    number = client.send(Ask.READ, handle + struct.pack("!QL", offset, length))
    kind, body = client.reply(number)
    assert kind == Reply.DATA or client.status(number) == Status.EOF
    return body[4:] if kind == Reply.DATA else b""


CONTENT = b"".join(at.to_bytes(4, "big") for at in range(600_000))


@given(st.lists(st.tuples(st.integers(0, 2_500_000), st.integers(0, 2**32 - 1)), max_size=8))
@settings(deadline=None, max_examples=50)
def test_reads_give_the_bytes_asked_for(pieces: list[tuple[int, int]]) -> None:
    """Whatever was read before, READ gives the file's bytes there, at most 255 KiB, short only at the end."""
    client = Client()
    client.drop.folders["outbound"]["a.835"] = CONTENT
    handle = client.open(b"/outbound/a.835", Open.READ)
    for offset, length in pieces:
        assert read(client, handle, offset, length) == CONTENT[offset : offset + min(length, READ_MAX_BYTES)]


@pytest.mark.parametrize(("read_to", "evidence"), [(2_400_000, ["read-done"]), (2_399_999, []), (0, [])])
def test_evidence_of_delivery_is_the_whole_file(read_to: int, evidence: list[str]) -> None:
    """A file counts as fetched when every byte was read before CLOSE."""
    client = Client()
    client.drop.folders["outbound"]["a.835"] = CONTENT
    handle = client.open(b"/outbound/a.835", Open.READ)
    for offset in range(0, read_to, 32768):
        read(client, handle, offset, min(32768, read_to - offset))
    assert client.status(client.close(handle)) == Status.OK and client.told() == evidence


def test_reading_a_hole_first_is_no_evidence() -> None:
    """Reading the tail alone is not reading the file."""
    client = Client()
    client.drop.folders["outbound"]["a.835"] = CONTENT
    handle = client.open(b"/outbound/a.835", Open.READ)
    read(client, handle, 2_399_000, 32768)
    client.close(handle)
    assert client.told() == []


def test_handles_are_for_what_they_were_opened_for() -> None:
    """Reading an upload and writing a download are refused."""
    client = Client()
    client.drop.folders["outbound"]["a.835"] = CONTENT
    reading, writing = client.open(b"/outbound/a.835", Open.READ), client.open(b"/inbound/a")
    assert client.status(client.put(reading, 0, b"x")) == Status.PERMISSION_DENIED
    assert client.status(client.send(Ask.READ, writing + bytes(12))) == Status.PERMISSION_DENIED
