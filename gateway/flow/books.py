"""The ledger's rows: journals posted once by key, balances read back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.plan.records import Journal, Posting
from gateway.store.schema import journal, posting


def post(connection: Connection, now_us: int, sponsor_id: str, journals: Iterable[Journal]) -> None:
    """Posts journals; one whose key is posted already is left as it is."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for each in journals:
        row = {"sponsor_id": sponsor_id, "key": each.key, "posted_on": each.on.isoformat(), "text": each.text, "at_us": now_us}
        fresh = connection.execute(dialect.insert(journal).values(**row).on_conflict_do_nothing()).rowcount == 1
        if fresh:
            connection.execute(
                insert(posting),
                [
                    {"sponsor_id": sponsor_id, "key": each.key, "n": n, "account": p.account, "cents": p.cents, "sub": p.sub}
                    for n, p in enumerate(each.postings)
                ],
            )


def balance(connection: Connection, sponsor_id: str, account: str) -> int:
    """An account's balance in cents, debit positive."""
    mine = select(func.coalesce(func.sum(posting.c.cents), 0)).where(
        posting.c.sponsor_id == sponsor_id, posting.c.account == account
    )
    return int(connection.execute(mine).scalar_one())


def trial_balance(connection: Connection, sponsor_id: str) -> dict[str, int]:
    """Every account ever posted to, with its balance in cents."""
    sums = select(posting.c.account, func.sum(posting.c.cents)).where(posting.c.sponsor_id == sponsor_id)
    rows = connection.execute(sums.group_by(posting.c.account).order_by(posting.c.account))
    return {account: int(cents) for account, cents in rows}


def journals(connection: Connection, sponsor_id: str) -> list[Journal]:
    """Every journal of a sponsor in the order of posting; raises ValueError where one does not balance."""
    heads = select(journal).where(journal.c.sponsor_id == sponsor_id).order_by(journal.c.at_us, journal.c.key)
    return [Journal(key=h.key, on=date.fromisoformat(h.posted_on), text=h.text,
                    postings=tuple(postings(connection, sponsor_id, h.key)))
            for h in connection.execute(heads).all()]  # fmt: skip


def postings(connection: Connection, sponsor_id: str, key: str) -> list[Posting]:
    """The postings of one journal."""
    mine = select(posting).where(posting.c.sponsor_id == sponsor_id, posting.c.key == key).order_by(posting.c.n)
    return [Posting(account=p.account, cents=p.cents, sub=p.sub) for p in connection.execute(mine)]
