"""What a person asks to be checked: files, folders of files, standard input; each read as often as it takes."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, NamedTuple, Protocol

PIECE_BYTES = 1024 * 1024
"""Read at once: what a disk gives gladly, and little beside what a reader holds."""

SPOOLED_BYTES = 16 * 1024 * 1024
"""Standard input kept in memory for a second reading; what is larger goes through a temporary file."""

STDIN = "-"


class Source(Protocol):
    """One file to check. name: as the answer calls it. size: in bytes, 0 where nobody knows."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def pieces(self) -> Iterator[bytes]:
        """Its bytes from the start. Raises OSError."""


class Named(NamedTuple):
    """A file with a path."""

    path: Path
    name: str

    @property
    def size(self) -> int:
        """In bytes, 0 for one that is not there."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def pieces(self) -> Iterator[bytes]:
        """Its bytes from the start. Raises OSError, also of what is no regular file: a pipe may never end."""
        with open(self.path, "rb", opener=_regular) as file:
            while piece := file.read(PIECE_BYTES):
                yield piece


NOT_REGULAR = "it is no regular file; what comes through a pipe is checked as standard input: -"


def _regular(path: str, flags: int) -> int:
    """Opens a regular file. What else it is is looked at when it is open, and opening a pipe waits for no writer."""
    found = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(errno.EINVAL, NOT_REGULAR)
    return found


class Piped:
    """Standard input, kept while it is read for the first time when it is to be read `twice`."""

    name = STDIN
    size = 0

    def __init__(self, stream: BinaryIO, twice: bool) -> None:
        self._stream = stream
        self._kept = SpooledTemporaryFile(SPOOLED_BYTES) if twice else None  # noqa: SIM115
        self._read = False

    def pieces(self) -> Iterator[bytes]:
        """Its bytes from the start."""
        again, self._read = self._read, True
        if again and self._kept is not None:
            self._kept.seek(0)
        while piece := (self._kept if again and self._kept else self._stream).read(PIECE_BYTES):
            if self._kept is not None and not again:
                self._kept.write(piece)
            yield piece


def sources(paths: Iterable[Path]) -> Iterator[Named]:
    """The files a person named, those of folders in the order of their names; hidden files of folders are left out."""
    for path in paths:
        if not path.is_dir():
            yield Named(path, str(path))
            continue
        inside = sorted(one for one in path.rglob("*") if one.is_file())
        for one in inside:
            if not any(part.startswith(".") for part in one.relative_to(path).parts):
                yield Named(one, str(one))


_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
LONGEST_NAME = 60
"""Characters of a derived name: with its endings it stays below every file system's 255."""


class Names:
    """File names made of the names of checked files: safe on every system, and no two alike."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._used: set[str] = set()

    def of(self, source: Source) -> str:
        """The beginning of a name for what is made of this file; the same file has the same."""
        if source.name not in self._given:
            stem = "stdin" if source.name == STDIN else Path(source.name).stem
            base = _UNSAFE.sub("-", stem).strip("-")[:LONGEST_NAME] or "file"
            name, n = base, 1
            while name.casefold() in self._used:
                n += 1
                name = f"{base}-{n}"
            self._used.add(name.casefold())
            self._given[source.name] = name
        return self._given[source.name]
