"""Can the present keys open what was sealed last? A daemon that cannot must not start."""

from __future__ import annotations

from sqlalchemy import select

from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import outbox, upload


def require_readable(store: Store, keys: Keys) -> None:
    """Raises KeyMissing unless the newest sealed upload and outbox keys can be opened."""
    with store.read() as connection:
        for table, order in ((upload, upload.c.touched_us), (outbox, outbox.c.created_us)):
            kept = select(table.c.key).where(table.c.key != b"")  # what retention removed has none
            wrapped = connection.execute(kept.order_by(order.desc()).limit(1)).scalar_one_or_none()
            if wrapped is not None:
                keys.unwrap(wrapped)
