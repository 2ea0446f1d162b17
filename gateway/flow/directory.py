"""Partners' folders on a site's own SFTP server: a claimed file becomes a receipt as an upload at our door does.

Its bytes go into the same sealed rows, and the same commit makes it ours. That commit also remembers the claim, so
whatever dies, and however many daemons look, a claim is one receipt. What leaves for such folders is `placing`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.errors import ConfigError, WorkElsewhere
from gateway.flow import placing, uploads
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.store import installation
from gateway.store.ids import ulid
from gateway.store.schema import claimed, receipt
from sftp_drop.directory.claims import Claim
from sftp_drop.directory.tree import REASONS, Places, Tree, Unusable


class StoreKeeper:
    """`sftp_drop.directory.inbox.Keeper` on the store. wake: called after every receipt, in the thread that made it."""

    def __init__(self, context: Context, tree: Tree, wake: Callable[[], object]) -> None:
        self._context, self._tree, self._wake = context, tree, wake

    def partners(self) -> list[str]:
        """The partners on file today who have folders."""
        with self._context.store.read() as connection:
            known = Parties(connection, installation.business_date(connection)).partners
        return [partner for partner in known if self._tree.holds(partner)]

    def check(self) -> None:
        """Raises WorkElsewhere or ConfigError where a file could not be claimed, before anybody brings one."""
        for partner in sorted(self._tree.partners) or self.partners():
            try:
                self._tree.check(partner, ulid(self._context.now_us))
            except Unusable as error:
                if error.reason == "elsewhere":
                    raise WorkElsewhere(partner) from error
                raise ConfigError(f"directory of {partner}: {REASONS[error.reason]} {error.detail}".strip()) from error

    def receive(self, partner: str, claim: Claim) -> int:
        """The receipt of a claimed file, made now or before; its size in bytes."""
        known = self._size_of(claim.id)
        if known is not None:
            return known
        row, sealing = uploads.receiving(self._context, partner, claim.name)
        try:
            for piece in claim.pieces():
                sealing.add(piece)
            sealing.end()
            uploads.close(self._context, row, sealing.size, sealing.sha256, also=partial(_remember, claim.id))
        except IntegrityError:  # another daemon received the claim meanwhile: its receipt stands
            uploads.discard(self._context, row)
            known = self._size_of(claim.id)
            if known is None:
                raise
            return known
        except Exception:
            uploads.discard(self._context, row)
            raise
        self._wake()
        return sealing.size

    def _size_of(self, claim_id: str) -> int | None:
        with self._context.store.read() as connection:
            theirs = select(receipt.c.size).join(claimed, claimed.c.receipt_no == receipt.c.receipt_no)
            return connection.execute(theirs.where(claimed.c.claim == claim_id)).scalar_one_or_none()

    def tend(self, partner: str, places: Places) -> None:
        """Puts out what is not there, notes what was taken, takes away what was taken at our door."""
        placing.tend(self._context, partner, places)


def _remember(claim_id: str, connection: Connection, number: int) -> None:
    connection.execute(insert(claimed).values(claim=claim_id, receipt_no=number))
