"""A drop kept on a dict, as slow and as unwilling as a test wants it, that tells what was done to it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed

from sftp_drop.drop import Ban, Entry, Refused, Stranger, Visitor
from sftp_drop.fingerprint import fingerprint_of

Event = dict[str, Any]


class DictUpload:
    def __init__(self, drop: DictDrop, name: str, content: bytes) -> None:
        self.drop, self.name, self.content = drop, name, bytearray(content)
        self.state = "open"

    def write(self, offset: int, data: bytes) -> Deferred[None]:
        if self.drop.refuse_write_at is not None and offset + len(data) > self.drop.refuse_write_at:
            return fail(Refused("failure", "the drop is full"))
        if "boom" in self.name:
            raise RuntimeError("PATIENT DOE")
        done = self.drop.later("write", self.name, offset=offset, length=len(data))
        return done.addCallback(lambda _: self._put(offset, data))

    def _put(self, offset: int, data: bytes) -> None:
        self.content[len(self.content) :] = b"\0" * (offset - len(self.content))
        self.content[offset : offset + len(data)] = data

    def commit(self) -> Deferred[None]:
        self.drop.tell("commit-begin", self.name)
        return self.drop.later("commit", self.name).addCallback(lambda _: self._commit())

    def _commit(self) -> None:
        self.state = "committed"
        self.drop.folders["inbound"][self.name] = bytes(self.content)

    def lose(self) -> Deferred[None]:
        if self.state == "open":
            self.state = "lost"
            self.drop.partial[self.name] = bytes(self.content)
            self.drop.tell("lose", self.name, length=len(self.content))
        return succeed(None)


class DictDrop:
    """keys: blob -> (user, partner). delay_s: how long `write`, `commit`, ... take, by clock. tell: hears events."""

    def __init__(
        self,
        keys: dict[bytes, tuple[str, str]],
        delay_s: dict[str, float] | None = None,
        clock: Any = None,
        tell: Callable[[Event], None] | None = None,
    ) -> None:
        self.keys, self.delay_s, self.clock = keys, delay_s or {}, clock
        self.folders: dict[str, dict[str, bytes]] = {"inbound": {}, "outbound": {}, "reports": {}}
        self.partial: dict[str, bytes] = {}
        self.events: list[Event] = []
        self.refuse_write_at: int | None = None
        self.connections_max: int | None = None
        self.visitor = Visitor("", "", "")
        self._hear = tell or (lambda event: None)

    def tell(self, what: str, name: str = "", **more: Any) -> None:
        event = {"event": what, "name": name, **more}
        self.events.append(event)
        self._hear(event)

    def later(self, what: str, name: str, **more: Any) -> Deferred[None]:
        """Fires when the delay of such things is over, and tells of it then."""
        done: Deferred[None] = Deferred()
        done.addCallback(lambda _: self.tell(what, name, **more))
        wait_s = self.delay_s.get(what, 0)
        if wait_s:
            self.clock.callLater(wait_s, done.callback, None)
        else:
            done.callback(None)
        return done

    def login(self, user: str, key_blob: bytes, peer: str) -> Deferred[Visitor]:
        known, partner = self.keys.get(key_blob, ("", ""))
        self.tell("login", user, peer=peer)
        if partner and known == user:
            return succeed(Visitor(partner, fingerprint_of(key_blob), peer, self.connections_max))
        return fail((Refused if user in {user for user, _ in self.keys.values()} else Stranger)("permission-denied"))

    def of(self, visitor: Visitor) -> DictDrop:
        bound = copy.copy(self)
        bound.visitor = visitor
        return bound

    def note(self, what: str, about: str = "") -> None:
        self.tell("note", what, about=about, by=[self.visitor.partner, self.visitor.fingerprint, self.visitor.peer])

    def ban(self, ban: Ban) -> None:
        self.tell("ban", ban.place, times=ban.times)

    def begin(self, partner: str, name: str, resume: bool) -> Deferred[DictUpload]:
        start = self.partial.get(name) or self.folders["inbound"].get(name, b"") if resume else b""
        upload = DictUpload(self, name, start)
        return self.later("begin", name, resume=resume).addCallback(lambda _: upload)

    def list(self, partner: str, folder: str) -> Deferred[list[Entry]]:
        return succeed([Entry(name, len(content), 1_700_000_000) for name, content in self._all(folder).items()])

    def stat(self, partner: str, folder: str, name: str) -> Deferred[Entry]:
        content = self._all(folder).get(name)
        if content is None:
            return fail(Refused("no-such-file"))
        return succeed(Entry(name, len(content), 1_700_000_000))

    def _all(self, folder: str) -> dict[str, bytes]:
        return {**self.partial, **self.folders[folder]} if folder == "inbound" else self.folders[folder]

    def read(self, partner: str, folder: str, name: str, offset: int, length: int) -> Deferred[bytes]:
        content = self.folders[folder][name][offset : offset + length]
        wait_s = self.delay_s.get("read", 0)
        if not wait_s:
            return succeed(content)
        done: Deferred[bytes] = Deferred()
        self.clock.callLater(wait_s, done.callback, content)
        return done

    def read_done(self, partner: str, folder: str, name: str) -> Deferred[None]:
        self.tell("read-done", name)
        return succeed(None)

    def hide(self, partner: str, folder: str, name: str) -> Deferred[None]:
        if self.folders[folder].pop(name, None) is None:
            return fail(Refused("no-such-file"))
        self.tell("hide", name)
        return succeed(None)

    def rename(self, partner: str, old: str, new: str, overwrite: bool) -> Deferred[None]:
        inbound = self.folders["inbound"]
        if old not in inbound:
            return fail(Refused("no-such-file"))
        if new in inbound and not overwrite:
            return fail(Refused("failure", "the file exists"))

        def move(_: None) -> None:
            inbound[new] = inbound.pop(old)

        return self.later("rename", new, old=old).addCallback(move)
