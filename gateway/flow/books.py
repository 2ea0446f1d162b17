"""The ledger's rows: journals posted once by key, balances read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, func, select

from gateway.plan.money import ledger
from gateway.plan.records import Journal, Posting
from gateway.store.rows import insert_all
from gateway.store.schema import claim, forward_balance, journal, posting, recovery, remittance


def post(connection: Connection, now_us: int, sponsor_id: str, journals: Iterable[Journal]) -> None:
    """Posts journals; one whose key is posted already is left as it is."""
    by_key = {each.key: each for each in journals}
    if not by_key:
        return
    known = select(journal.c.key).where(journal.c.sponsor_id == sponsor_id, journal.c.key.in_(sorted(by_key)))
    posted = set(connection.execute(known).scalars())
    fresh = [each for key, each in by_key.items() if key not in posted]
    if not fresh:
        return
    heads = [
        {
            "sponsor_id": sponsor_id,
            "key": each.key,
            "posted_on": each.on.isoformat(),
            "text": each.text,
            "at_us": now_us,
        }
        for each in fresh
    ]
    sides = [
        {"sponsor_id": sponsor_id, "key": each.key, "n": n, "account": p.account, "cents": p.cents, "sub": p.sub}
        for each in fresh
        for n, p in enumerate(each.postings)
    ]
    insert_all(connection, journal, heads)
    insert_all(connection, posting, sides)


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


def kept_for(connection: Connection) -> list[str]:
    """The employers that have books, on file or not any more."""
    return list(connection.execute(select(journal.c.sponsor_id).distinct().order_by(journal.c.sponsor_id)).scalars())


def verify(connection: Connection) -> list[str]:
    """What is wrong with every employer's books, a sentence each: sums, keys, and what the sums must agree with."""
    wrong = []
    for sponsor_id in kept_for(connection):
        wrong += [f"{sponsor_id}: {sentence}" for sentence in _verify(connection, sponsor_id)]
    return wrong


def _verify(connection: Connection, sponsor_id: str) -> list[str]:
    heads = list(connection.execute(select(journal).where(journal.c.sponsor_id == sponsor_id)))
    sides: dict[str, list[Posting]] = defaultdict(list)
    mine = select(posting).where(posting.c.sponsor_id == sponsor_id).order_by(posting.c.key, posting.c.n)
    for p in connection.execute(mine):
        sides[p.key].append(Posting(account=p.account, cents=p.cents, sub=p.sub))
    wrong, sound = [], []
    for head in heads:
        try:
            sound.append(Journal(key=head.key, on=date.fromisoformat(head.posted_on), text=head.text,
                                 postings=tuple(sides[head.key])))  # fmt: skip
        except ValueError:
            wrong.append(f"journal {head.key} does not sum to zero")
    wrong += ledger.verify(sound)
    known = {head.key for head in heads}
    wrong += [f"postings of {key} belong to no journal" for key in sides if key not in known]
    return wrong + _disagreements(connection, sponsor_id)


def _disagreements(connection: Connection, sponsor_id: str) -> list[str]:
    """The sums outside the ledger that its accounts must equal."""
    paid = select(func.coalesce(func.sum(claim.c.paid_cents), 0)).where(
        claim.c.sponsor_id == sponsor_id, claim.c.state == "decided"
    )
    owed = select(func.coalesce(func.sum(forward_balance.c.cents), 0)).where(forward_balance.c.sponsor_id == sponsor_id)
    transit = select(func.coalesce(func.sum(remittance.c.amount_cents), 0)).where(
        remittance.c.sponsor_id == sponsor_id, remittance.c.state.in_(("made", "issued"))
    )
    filed = select(func.coalesce(func.sum(recovery.c.amount_cents - recovery.c.received_cents), 0)).where(
        recovery.c.sponsor_id == sponsor_id, recovery.c.amount_cents > recovery.c.received_cents
    )
    agree = (
        ("1200", "open reimbursement claims", filed, 1),
        ("5010", "what current claim versions paid", paid, 1),
        ("1300", "open forward balances", owed, 1),
        ("2020", "payments issued and not settled", transit, -1),
    )
    wrong = []
    for account, what, query, sign in agree:
        told, booked = int(connection.execute(query).scalar_one()), sign * balance(connection, sponsor_id, account)
        if told != booked:
            wrong.append(f"account {account} is {booked} cents, {what} are {told}")
    if balance(connection, sponsor_id, "1010") < 0:
        wrong.append("account 1010, claims cash, is negative")
    return wrong
