"""What every step is given: store, keys, guides, code sets. Time and the business date come from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.flow import codebooks
from gateway.store.engine import Store
from gateway.store.keys import Keys
from parsers import guides
from parsers.codes import CodeSets
from parsers.forms import ALIASES
from parsers.guides import Guide
from parsers.limits import Limits


class FolderCache(MutableMapping[str, bytes]):
    """Compiled guide tables as files; an unwritable or missing folder only means compiling again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()[:32]

    def __getitem__(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except OSError as error:
            raise KeyError(key) from error

    def __setitem__(self, key: str, value: bytes) -> None:
        path = self._path(key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(f".{id(value)}.tmp")
            part.write_bytes(value)
            part.replace(path)
        except OSError:
            return

    def __delitem__(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass
class Context:
    """store: the database. keys: the master keys. cache: compiled guide tables. usage: T or P.

    aliases: guide versions partners write, and the guides they are read as. limits: what one reader may hold.
    """

    store: Store
    keys: Keys
    usage: str
    cache: MutableMapping[str, bytes] = field(default_factory=dict)
    _guides: dict[str, Guide | None] = field(default_factory=dict)
    _codes: codebooks.InForce | None = None
    aliases: Mapping[str, str] = field(default_factory=lambda: ALIASES)
    limits: Limits = field(default_factory=Limits)

    def guide(self, gs08: str) -> Guide | None:
        """The compiled guide of a version, None when it is not supported."""
        if gs08 not in self._guides:
            self._guides[gs08] = guides.load(gs08, self.cache)
        return self._guides[gs08]

    def codes(self) -> CodeSets:
        """The code sets in force; one look at the database tells whether anything was loaded since the last call."""
        self._codes = codebooks.in_force(self.store, self._codes)
        return self._codes.codes

    @property
    def now_us(self) -> int:
        """The present instant."""
        return self.store.clock()
