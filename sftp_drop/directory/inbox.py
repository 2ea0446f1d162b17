"""One partner's inbound folder: look, claim what is complete, hand it over, take it away. Every call here blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

import structlog

from sftp_drop.directory import claims
from sftp_drop.directory.claims import Batch, Claim
from sftp_drop.directory.sights import Seen, Sights, Waits, due, look, next_s
from sftp_drop.directory.tree import Places, Tree

log = structlog.get_logger("sftp_drop")

T = TypeVar("T")

Told = Mapping[str, bool]
"""Names something happened to since the last round -> whether they were closed or moved into place."""

TROUBLES_MAX = 3
"""Files that may fail for the keeper's sake before a round ends: a database that is away fails each of thousands."""

AT_ONCE = 64
"""Files of one batch: making its claims durable takes three flushes of the disk, 20 ms measured, whatever it holds."""


class Keeper(Protocol):
    """Who keeps what partners bring, and knows what they are to find. Every call blocks."""

    def partners(self) -> Sequence[str]:
        """The partners whose folders are watched now."""

    def receive(self, partner: str, claim: Claim) -> int:
        """Makes a claimed file durable and receipted; returns its size in bytes. A claim received before is not again.

        Raises what reading the claim raises, and whatever keeps the keeper from keeping.
        """

    def tend(self, partner: str, places: Places) -> None:
        """Puts out what is to be found and notes what was taken."""


class Inbox:
    """What is known of one partner's folder from one round to the next.

    new_id: ids that begin with their time. clock_s: seconds of some clock that only goes on. leaving: whether the
    process wants to end: files that wait then wait for its next start.
    """

    def __init__(
        self, tree: Tree, partner: str, keeper: Keeper, waits: Waits, new_id: Callable[[], str],
        clock_s: Callable[[], float], leaving: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.partner = partner
        self._tree, self._keeper, self._waits = tree, keeper, waits
        self._new_id, self._clock_s, self._leaving = new_id, clock_s, leaving
        self._sights: Sights = {}
        self._odd: Counter[str] = Counter()

    def round(self, told: Told, full: bool) -> float | None:
        """Takes what is due; returns in how many seconds the next file may be, None when none waits.

        full: what earlier rounds could not finish is
        tried again, too, and the partner's other folders are tended. Raises Unusable.
        """
        with self._tree.opened(self.partner) as places:
            if full:
                for batch_id in claims.left(places):
                    with claims.batch(places, batch_id) as batch:
                        self._receive(batch)
            seen, odd = claims.scan(places.inbound)
            now_s = self._clock_s()
            closed = {name for name, sure in told.items() if sure or claims.is_done(places.inbound, name)}
            self._sights = look(self._sights, seen, closed, now_s)
            files, healthy = due(self._sights, now_s, self._waits), True
            while files and healthy and not self._leaving():
                with claims.batch(places, self._new_id(), new=True) as batch:
                    healthy = self._claim(batch, files[:AT_ONCE]) and self._receive(batch)
                del files[:AT_ONCE]
            if full:
                self._tell(odd)
                self._each([places], lambda _: self._keeper.tend(self.partner, places))
            upcoming_s = next_s(self._sights, now_s, self._waits)
            return None if upcoming_s is None else upcoming_s - now_s

    def _claim(self, batch: Batch | None, files: Sequence[Seen]) -> bool:
        return batch is None or self._each(files, batch.take)

    def _receive(self, batch: Batch | None) -> bool:
        """Hands claimed files over and takes them away; False when no more should be claimed now."""
        files = [] if batch is None else batch.files()
        if batch is None or not files:
            return True
        batch.settle()

        def one(seen: Seen) -> None:
            with batch.opened(seen) as claim:
                batch.remove(claim, seen, self._keeper.receive(self.partner, claim), self._new_id())

        return self._each(files, one)

    def _each(self, things: Sequence[T], do: Callable[[T], object]) -> bool:
        """Does it with each thing: what is wrong with one of them does not keep the others. False when it gave up."""
        troubles = 0
        for thing in things:
            if self._leaving() or troubles == TROUBLES_MAX:
                return False
            try:
                do(thing)
            except OSError as error:
                log.warning("file not taken", partner=self.partner, error=type(error).__name__, code=error.errno)
            except Exception as error:
                troubles += 1
                log.error("file not kept", partner=self.partner, error=type(error).__name__)
        return troubles < TROUBLES_MAX

    def _tell(self, odd: Counter[str]) -> None:
        """Says once what is never taken, and again when it became another number."""
        for kind, count in odd.items():
            if count != self._odd[kind]:
                log.warning("never taken", partner=self.partner, kind=kind, count=count)
        self._odd = odd
