"""What every step is given: store, keys, guides, code sets. Time and the business date come from the store."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field

from gateway.flow import codebooks
from gateway.store.engine import Store
from gateway.store.keys import Keys
from parsers import guides
from parsers.codes import CodeSets
from parsers.forms import ALIASES
from parsers.guides import Guide
from parsers.limits import Limits


@dataclass
class Context:
    """store: the database. keys: the master keys. cache: compiled guide tables. usage: T or P.

    aliases: guide versions partners write, and the guides they are read as. limits: what one reader may hold.
    """

    store: Store
    keys: Keys
    usage: str
    cache: MutableMapping[str, bytes] = field(default_factory=dict)
    _codes: codebooks.InForce | None = None
    aliases: Mapping[str, str] = field(default_factory=lambda: ALIASES)
    limits: Limits = field(default_factory=Limits)

    def guide(self, gs08: str) -> Guide | None:
        """The compiled guide of a version, None when it is not supported."""
        return guides.load(gs08, self.cache)

    def codes(self) -> CodeSets:
        """The code sets in force; one look at the database tells whether anything was loaded since the last call."""
        self._codes = codebooks.in_force(self.store, self._codes)
        return self._codes.codes

    @property
    def now_us(self) -> int:
        """The present instant."""
        return self.store.clock()
