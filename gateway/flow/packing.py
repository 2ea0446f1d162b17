"""Packed files by agreement: gzip or zip around exactly one X12 file, told by its first bytes, never by its name.

What came packed is looked through once, to its end and its check sum, before a byte of it is read: a file that breaks
off, holds two files or swells beyond the limits is refused whole, with nothing of it accepted. Then it is unpacked
again, a piece at a time, between the sealed rows and the reader; nothing unpacked is kept. The raw bytes stay as they
came. What leaves is packed once, and those bytes are kept with it.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal

from mappings.records import Record
from parsers.findings import Finding

Kind = Literal["gzip", "zip"]

MOST_UNPACKED = 1 << 30
"""Bytes of one file unpacked: an 837 claim has about 1 KB, so a million claims, a hundred times a large file."""

MOST_RATIO = 100
"""Unpacked bytes to packed ones: X12 comes to 4 to 20 to 1, equal member rows to 40; deflate can reach 1,032 to 1."""

SMALL = 1 << 20
"""Unpacked bytes that are never too many: a file of spaces this long harms nobody."""

PIECE = 1 << 20
"""Bytes read and unpacked at a time: as a sealed row, so that a packed file takes no more memory than a plain one."""

DIRECTORY = 1 << 16
"""Bytes of a zip's directory: one entry has 46 and its name; without a bound a file could be all directory."""

_MAGIC: dict[Kind, tuple[bytes, ...]] = {"gzip": (b"\x1f\x8b",), "zip": (b"PK\x03\x04", b"PK\x05\x06")}
_ENDING: dict[Kind, str] = {"gzip": ".gz", "zip": ".zip"}
_END, _END_SIZE, _LOCATOR = b"PK\x05\x06", 22, b"PK\x06\x07"
_COMMENT = 0xFFFF
_HEADER, _DESCRIPTOR = (
    30,
    24,
)  # bytes: of an entry's header without its name, and of what may follow its data (APPNOTE 4.3)
_MORE = "There is something beside the one packed file; pack exactly one X12 file."


class Packing(Record, frozen=True, kw_only=True):
    """How files exchanged with a partner may be packed. inbound: what its own may come as; plain ones always may.

    outbound: what ours leave as, "" plain: X12 files only, reports are for people.
    """

    inbound: tuple[Kind, ...] = ()
    outbound: Literal["", "gzip", "zip"] = ""


class Unfit(Exception):
    """A received file cannot be opened as agreed; its finding is the partner's to read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.finding = Finding(level="file", code=code, message=message)


def kind_of(first: bytes) -> Kind | None:
    """What a file is packed with, by its first bytes; None for a plain one. X12 begins with the letters ISA."""
    return next((kind for kind, magic in _MAGIC.items() if first.startswith(magic)), None)


def unpacked(file: BinaryIO, size: int, agreed: Packing) -> Callable[[], Iterator[bytes]]:
    """What gives the plain pieces of a file, as often as it is called; a plain file's own.

    file: can seek. size: its bytes. Raises Unfit when it is packed in a way that is not agreed, or is not whole.
    """
    file.seek(0)
    kind = kind_of(file.read(4))
    if kind is None:
        return lambda: _plain(file)
    if kind not in agreed.inbound:
        raise Unfit("packing", f"The file is packed with {kind}, which is not agreed; send it as it is.")
    opened = {"gzip": _gunzip, "zip": _unzip}[kind]
    try:
        _look_through(opened(file, size), size)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        raise Unfit("packing", f"The {kind} file is damaged or not whole; send it again.") from error
    return lambda: opened(file, size)


def packed(body: bytes, kind: Kind, name: str) -> tuple[bytes, str]:
    """A file that leaves packed, and its name then. The same bytes give the same bytes: no time is written into it."""
    if kind == "gzip":
        return gzip.compress(body, 6, mtime=0), name + _ENDING[kind]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return whole.getvalue(), name + _ENDING[kind]


def _plain(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _look_through(pieces: Iterator[bytes], size: int) -> None:
    """Reads to the end, where the check sum is; raises Unfit as soon as it has become too much."""
    most, so_far = min(MOST_UNPACKED, max(SMALL, size * MOST_RATIO)), 0
    for piece in pieces:
        so_far += len(piece)
        if so_far > most:
            raise Unfit("packing", f"The packed file holds more than is taken ({most} bytes); send it in parts.")


def _gunzip(file: BinaryIO, size: int) -> Iterator[bytes]:
    """One member and nothing behind it. A piece never swells beyond PIECE: the rest waits in the unpacker."""
    file.seek(0)
    unpacker = zlib.decompressobj(31)
    while not unpacker.eof:
        rest = unpacker.unconsumed_tail or file.read(PIECE)
        piece = unpacker.decompress(rest, PIECE)
        if not (rest or piece or unpacker.eof):
            raise EOFError
        yield piece
    if unpacker.unused_data or file.read(1):
        raise Unfit("packing", _MORE)


def _unzip(file: BinaryIO, size: int) -> Iterator[bytes]:
    _check_directory(file, size)
    with zipfile.ZipFile(file) as archive:
        (only,) = archive.infolist()
        if only.is_dir() or only.flag_bits & 1 or only.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unfit("packing", "The zip file is encrypted, or packed in an unusual way; use plain deflate.")
        if only.header_offset != 0 or _end_of(file, only) + _DESCRIPTOR < archive.start_dir:
            raise Unfit("packing", _MORE)
        with archive.open(only) as inside:
            while piece := inside.read(PIECE):
                yield piece


def _end_of(file: BinaryIO, only: zipfile.ZipInfo) -> int:
    """Where the data of an archive's first entry ends, by its own header; two archives in a row have one more behind.

    An archive is read by its directory alone, so the files before the last one's would be left out in silence.
    """
    file.seek(0)
    header = file.read(_HEADER)
    names = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    return _HEADER + names + only.compress_size


def _check_directory(file: BinaryIO, size: int) -> None:
    """One entry, a small directory and nothing behind it, before anything is made of it.

    zip64 is for files larger than we take.
    """
    file.seek(max(0, size - _END_SIZE - _COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise EOFError
    entries, directory = int.from_bytes(tail[at + 10 : at + 12], "little"), tail[at + 12 : at + 16]
    if entries != 1 or _LOCATOR in tail[max(0, at - 20) : at] or int.from_bytes(directory, "little") > DIRECTORY:
        raise Unfit("packing", "The zip file does not hold exactly one file; pack exactly one X12 file.")
    if at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") != len(tail):
        raise Unfit("packing", _MORE)
