"""What one partner may do at which place: the only caller of the drop's folders."""

from __future__ import annotations

from sftp_drop import looks
from sftp_drop.drop import Drop, Entry, Refused
from sftp_drop.handles import Handle, Listing, Reading, Writing
from sftp_drop.names import FOLDERS, Place, locate
from sftp_drop.wire import Attributes, Open


class Visit:
    """One partner at the drop. Paths are bytes as the client sent them; every method may raise Refused."""

    def __init__(self, drop: Drop, partner: str) -> None:
        self._drop = drop
        self._partner = partner
        self._ahead: set[Reading] = set()

    async def stat(self, path: bytes) -> Attributes:
        place = locate(path)
        if not place.name:
            return looks.FOLDER
        return looks.of(place.folder, await self._entry(place))

    async def _entry(self, place: Place) -> Entry:
        return await self._drop.stat(self._partner, place.folder, place.name)

    async def set(self, path: bytes, size: int | None) -> None:
        """Times and modes are ours alone, so setting them is agreed to and means nothing; sizes are facts."""
        locate(path)
        if size is not None and size != (await self.stat(path)).size:
            raise Refused("permission-denied", "files are not truncated or extended")

    async def list(self, path: bytes) -> Handle:
        place = locate(path)
        if place.name:
            raise Refused("no-such-file", "this is not a folder")
        if not place.folder:
            return Listing(FOLDERS, lambda folder: looks.row(folder, looks.FOLDER))
        entries = await self._drop.list(self._partner, place.folder)
        self._drop.note("list", place.folder)
        return Listing(entries, lambda entry: looks.row(entry.name, looks.of(place.folder, entry)))

    async def open(self, path: bytes, flags: int) -> Handle:
        place = _file(path)
        if flags & Open.WRITE:
            return await self._write(_inbound(place), flags)
        entry = await self._entry(place)
        self._drop.note("read", entry.id)
        return Reading(self._drop, self._partner, place, looks.of(place.folder, entry), self._ahead)

    async def _write(self, place: Place, flags: int) -> Handle:
        """Without TRUNCATE the client continues what is there; only then, and for EXCLUSIVE, it matters what is."""
        present = None if flags & Open.TRUNCATE and not flags & Open.EXCLUSIVE else await self._present(place)
        if present and flags & Open.EXCLUSIVE:
            raise Refused("failure", "the file exists")
        if not present and not flags & (Open.CREATE | Open.TRUNCATE):
            raise Refused("no-such-file")
        resume = present is not None and not flags & Open.TRUNCATE
        upload = await self._drop.begin(self._partner, place.name, resume)
        start = present if present and resume else looks.EMPTY
        return Writing(upload, start, append=bool(flags & Open.APPEND))

    async def _present(self, place: Place) -> Attributes | None:
        try:
            return looks.of(place.folder, await self._entry(place))
        except Refused as refused:
            if refused.code == "no-such-file":
                return None
            raise

    async def remove(self, path: bytes) -> None:
        place = _file(path)
        if place.folder == "reports":
            raise Refused("permission-denied", "reports are not deleted")
        await self._drop.hide(self._partner, place.folder, place.name)

    async def rename(self, old: bytes, new: bytes, overwrite: bool) -> None:
        source, target = _inbound(_file(old)), _inbound(_file(new))
        await self._drop.rename(self._partner, source.name, target.name, overwrite)


def _file(path: bytes) -> Place:
    place = locate(path)
    if not place.name:
        raise Refused("permission-denied", "this is a folder")
    return place


def _inbound(place: Place) -> Place:
    if place.folder != "inbound":
        raise Refused("permission-denied", "files are written in /inbound only")
    return place
