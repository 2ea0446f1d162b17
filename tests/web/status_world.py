"""Rows of a small installation, written straight into the tables, with people's data that no page may show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from gateway.store.schema import metadata

SECRET = "SECRETDOE"
"""Stands wherever a row holds a name, a member's number, a PCN or a partner's file name; no answer may contain it."""

T0_US = 1_767_600_000_000_000


def row(table: str, **values: Any) -> dict[str, Any]:
    """Every column of a row: what is said, else an empty value."""
    empty = {"BIGINT": 0, "TEXT": "", "BLOB": b""}
    blank = {c.name: None if c.nullable else empty[str(c.type)] for c in metadata.tables[table].c}
    return blank | values


def add(connection: Connection, table: str, **values: Any) -> None:
    """Inserts one row."""
    connection.execute(insert(metadata.tables[table]).values(row(table, **values)))


def fill(connection: Connection) -> None:
    """A working day: files, claims, money, stop-loss, and something of everything that waits for a person."""
    _files(connection)
    _claims(connection)
    _money(connection)
    holds = (
        ("batch", "", "receipt 14 set 2", "the same 48 claims came with receipt 11"),
        ("absence", "ACME", "enrolment 13", "12 of 96 members are left out, the limit is 5 %"),
        ("file", "", "receipt 12", "it does not begin with an interchange header"),
        ("pend", "ACME", "claim 260105000017", "no member has this subscriber number"),
        ("review", "ACME", f"person {SECRET}", "coverage ended under 2 paid claims"),
        ("answer", "", "set 000000041", "a partner rejected what we sent"),
    )
    for n, (kind, sponsor, subject, reason) in enumerate(holds):
        add(connection, "hold", id=f"01JHOLD{n:019d}", sponsor_id=sponsor, kind=kind, subject=subject, reason=reason,
            state="open", opened_us=T0_US + n * 3_000_000_000)  # fmt: skip
    add(connection, "hold", id="closed", kind="batch", state="closed", reason="closed long ago")
    for n, more in enumerate(({}, {"owner": "node:a"}, {"due_on": "2026-02-01"}, {"parked": 1}, {})):
        add(connection, "work", id=f"w{n}", lane=f"L{n}", kind="adjudicate", body="{}", **more)
    add(connection, "outbox", id="o", partner="p", name=SECRET, folder="outbound", state="waiting")
    add(connection, "node", name="n1", seen_us=1)


def _files(connection: Connection) -> None:
    states = ("decided", "decided", "decided", "quarantined", "decided", "received")
    for no, state in enumerate(states, 9):
        add(connection, "receipt", receipt_no=no, partner="clear", upload_id=f"u{no}", name=f"{SECRET}.837", size=no**6,
            received_us=T0_US + no * 1_000_000_000, received_on="2026-01-05", state=state)  # fmt: skip
    sets = ((9, "834", "accepted", 96), (10, "837", "accepted", 1240), (11, "837", "accepted", 48),
            (11, "837", "rejected", 3), (13, "834", "accepted", 84))  # fmt: skip
    for number, (no, st01, state, rows) in enumerate(sets):
        add(connection, "x12_set", receipt_no=no, number=number, st01=st01, state=state, rows=rows, header="{}")
    for no in (9, 10, 11, 12, 13):
        add(connection, "interchange", receipt_no=no, number=1, isa13=f"{no:09d}", sender=SECRET,
            state="rejected" if no == 12 else "accepted")  # fmt: skip


def _claims(connection: Connection) -> None:
    kinds = (("decided", 0, 61), ("decided", 1, 7), ("pended", 0, 3), ("rejected", 0, 2), ("routed", 0, 4))
    for state, denied, count in kinds:
        paid = 8_123 if (state, denied) == ("decided", 0) else 0
        for n in range(count):
            people = {"person_id": SECRET, "pcn": SECRET, "body": SECRET}
            amounts = {"charge_cents": 15_000, "paid_cents": paid, "patient_cents": 2_000}
            icn = f"{state}{denied}{n}"
            add(connection, "claim", sponsor_id="ACME", icn=icn, state=state, denied=denied, **people, **amounts)


def _money(connection: Connection) -> None:
    postings = (
        ("ACME", "1010", 5_000_000),
        ("ACME", "1010", -495_503),
        ("ACME", "2010", -120_000),
        ("BOLT", "1010", -1_250),
    )
    for n, (sponsor, account, cents) in enumerate(postings):
        add(connection, "posting", sponsor_id=sponsor, key=f"j{n}", n=0, account=account, cents=cents, sub=SECRET)
    add(
        connection,
        "funding_request",
        sponsor_id="BOLT",
        number="FR-1",
        amount_cents=800_000,
        paid_cents=50_000,
        state="open",
    )
    add(connection, "funding_request", sponsor_id="ACME", number="FR-2", amount_cents=7, paid_cents=7, state="paid")
    runs = (
        ("ACME", 1, "settled", 495_503),
        ("ACME", 2, "awaiting-approval", 120_000),
        ("BOLT", 1, "awaiting-funds", 750_000),
    )
    for sponsor, run_no, state, need in runs:
        add(connection, "pay_run", sponsor_id=sponsor, run_no=run_no, state=state, planned_on=f"2026-01-0{run_no}",
            run_on="2026-01-06", need_cents=need, claims=need // 8_000)  # fmt: skip
    add(connection, "approval", sponsor_id="ACME", run_no=1, user="anna", at_us=1)
    for seq, kind in enumerate(("50-percent", "trigger-diagnosis")):
        add(connection, "notice", sponsor_id="ACME", seq=seq, person_id=SECRET, kind=kind, made_on="2026-01-05")
    add(connection, "recovery", sponsor_id="ACME", number="R1", subject=SECRET, amount_cents=2_500_000,
        received_cents=1_000_000, filed_on="2026-01-05", state="filed")  # fmt: skip
