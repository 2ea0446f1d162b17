"""An upload's bytes: 1 MiB rows, compressed, sealed, each bound to its upload, its place and whether it is the last."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from isal import isal_zlib
from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.errors import InputOutput
from gateway.store.engine import Store, inserting
from gateway.store.keys import seal, unseal
from gateway.store.prepared import Prepared
from gateway.store.schema import blob, small

ROW = 1 << 20
"""Bytes of an upload in one row: 8 MiB take 4 ms to store, one row well under the 30 ms a writer may hold."""

LEVEL = 1
"""Of 0 to 3; beyond it more time brings no smaller rows. Claims are a sixth of their size, at 300 MB a second."""

SMALL = 256 * 1024
"""Bytes of a file that lies beside its receipt, one commit less: claims of that length are 40 KB sealed, 0.1 ms of the
writer; what does not compress is 64 pages, 1 ms."""

DROP_ROWS = 16
"""Rows removed in one transaction: a row of 1 MiB is 256 pages to give back, about 1 ms."""


def put(store: Store, upload_id: str, key: bytes, row_no: int, last: bool, plain: bytes) -> None:
    """Stores one row durably, in place of an earlier one; a replaced row gets a new nonce."""
    data = seal(key, isal_zlib.compress(plain, LEVEL), _bound(upload_id, row_no, last))
    with store.write_blob() as connection:
        _put(connection.dialect.name).run(connection, upload_id=upload_id, row_no=row_no, data=data)


def only(upload_id: str, key: bytes, plain: bytes) -> bytes | None:
    """A whole file as its one row, for `put_only`; None when it is not small."""
    if len(plain) > SMALL:
        return None
    return seal(key, isal_zlib.compress(plain, LEVEL), _bound(upload_id, 0, True))


def put_only(connection: Connection, upload_id: str, data: bytes) -> None:
    """Stores the one row of a file of which none was stored yet, in the commit of what tells of it."""
    _PUT_ONLY.run(connection, upload_id=upload_id, data=data)


@cache
def _put(engine: str) -> Prepared:
    row = inserting(engine)(blob)
    newer = row.on_conflict_do_update(index_elements=["upload_id", "row_no"], set_={"data": row.excluded.data})
    return Prepared(newer, ("upload_id", "row_no", "data"))


_GET = Prepared(
    select(blob.c.data).where(blob.c.upload_id == bindparam("upload_id"), blob.c.row_no == bindparam("row_no"))
)

_PUT_ONLY = Prepared(insert(small), ("upload_id", "data"))
_GET_ONLY = Prepared(select(small.c.data).where(small.c.upload_id == bindparam("upload_id")))


class Sealing:
    """Pieces of any size as they come, in rows; the last row is sealed when it is known to be the last.

    size: bytes that came. sha256: of them.
    """

    def __init__(self, store: Store, upload_id: str, key: bytes) -> None:
        self._store, self._id, self._key = store, upload_id, key
        self._tail, self._row_no, self.size = bytearray(), 0, 0
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def add(self, piece: bytes) -> None:
        """Takes bytes, and stores the rows that cannot be the last any more."""
        self._tail += piece
        self._digest.update(piece)
        self.size += len(piece)
        while len(self._tail) > ROW:
            put(self._store, self._id, self._key, self._row_no, False, bytes(self._tail[:ROW]))
            del self._tail[:ROW]
            self._row_no += 1

    def end(self) -> None:
        """Stores the last row, which of an empty upload is empty."""
        put(self._store, self._id, self._key, self._row_no, True, bytes(self._tail))


def get(store: Store, upload_id: str, key: bytes, row_no: int, last: bool) -> bytes:
    """The plain bytes of one row; raises InputOutput if it is not there, KeyMissing if it does not open.

    A row that was moved, cut, sealed by another key or is not the last where the last is wanted does not open.
    """
    with store.read_blob() as connection:
        found = _GET.run(connection, upload_id=upload_id, row_no=row_no).fetchone()
    if found is None and row_no == 0:
        with store.read() as connection:
            found = _GET_ONLY.run(connection, upload_id=upload_id).fetchone()
    if found is None:
        raise InputOutput(f"row {row_no} of upload {upload_id} is missing")
    return isal_zlib.decompress(unseal(key, found[0], _bound(upload_id, row_no, last)))


def rows_of(size: int) -> int:
    """How many rows an upload of size bytes has; an empty one has a row too."""
    return max(1, -(-size // ROW))


def stream(store: Store, upload_id: str, key: bytes, size: int) -> Iterator[bytes]:
    """The upload's bytes in order, a row at a time."""
    rows = rows_of(size)
    for row_no in range(rows):
        yield get(store, upload_id, key, row_no, row_no == rows - 1)


def drop(store: Store, upload_id: str) -> None:
    """Removes every row of an unbound upload, some at a time."""
    mine = blob.c.upload_id == upload_id
    some = select(blob.c.row_no).where(mine).order_by(blob.c.row_no).limit(DROP_ROWS)
    removed = DROP_ROWS
    while removed == DROP_ROWS:
        with store.write_blob() as connection:
            removed = connection.execute(delete(blob).where(mine, blob.c.row_no.in_(some))).rowcount
    with store.read() as connection:
        is_small = _GET_ONLY.run(connection, upload_id=upload_id).fetchone() is not None
    if is_small:
        with store.write("drop") as connection:
            connection.execute(delete(small).where(small.c.upload_id == upload_id))


IDS = 1_000
"""Uploads asked after at once."""


def strangers(store: Store, first: str, last: str, known: Callable[[Sequence[str]], set[str]]) -> list[str]:
    """Uploads with rows and ids between two, first included, that `known` does not know: whose process died before it
    told of them."""
    found: list[str] = []
    while True:
        with store.read_blob() as connection:
            ids = select(blob.c.upload_id).where(blob.c.upload_id >= first, blob.c.upload_id < last).distinct()
            some = list(connection.execute(ids.order_by(blob.c.upload_id).limit(IDS)).scalars())
        found += sorted({*some} - known(some))
        if len(some) < IDS:
            return found
        first = some[-1] + "0"  # the least that comes behind


def _bound(upload_id: str, row_no: int, last: bool) -> bytes:
    return f"{upload_id}/{row_no}/{int(last)}".encode()


class SealedFile(io.RawIOBase):
    """An upload's bytes as a file that can seek: for what must be looked at from its end. Keeps one row open."""

    def __init__(self, store: Store, upload_id: str, key: bytes, size: int) -> None:
        super().__init__()
        self._get = lru_cache(1)(lambda row_no: get(store, upload_id, key, row_no, row_no == rows_of(size) - 1))
        self._size, self._at = size, 0

    def readable(self) -> bool:
        """It is read only."""
        return True

    def seekable(self) -> bool:
        """It can seek."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves to an offset from the start, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer as far as the row goes; 0 at the end."""
        if self._at >= self._size:
            return 0
        row_no, start = divmod(self._at, ROW)
        piece = self._get(row_no)[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
