"""Duplicates, first of three levels: the bytes. The other two are `acceptance`'s: interchanges by number, batches.

A file with the very bytes of one that stands is taken in, so that its sender sees success, and processed no further:
every interchange is answered as a duplicate, and the partner's report names the first receipt. It stands when all of it
was accepted; what was refused may be sent again as it was, under its number (domain 1.1), and is judged anew. Names say
nothing: the same name with new bytes is a new file. An installation takes its own ISA15 only, so that T and P are
never compared. Receipts are kept for ever, and so they are compared for ever: longer than the 13 months asked for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, exists, select

from gateway.flow import answers
from gateway.flow.inbound import Inbound
from gateway.store import audit
from gateway.store.schema import interchange, receipt


def stands(connection: Connection, row: Any) -> int:
    """The first receipt of the partner that has the same bytes and was accepted whole; 0 when there is none.

    row: a row of the table receipt.
    """
    refused = exists().where(interchange.c.receipt_no == receipt.c.receipt_no, interchange.c.state != "accepted")
    same = select(receipt.c.receipt_no).where(
        receipt.c.partner == row.partner, receipt.c.sha256 == row.sha256, receipt.c.receipt_no != row.receipt_no,
        receipt.c.state == "decided", ~refused,
    )  # fmt: skip
    return int(connection.execute(same.order_by(receipt.c.receipt_no).limit(1)).scalar_one_or_none() or 0)


def outcome(connection: Connection, file: Inbound) -> tuple[str, str]:
    """The state and reason of a repeated file's receipt; its partner and the audit are told which one stands."""
    answers.repeated(connection, file)
    first = f"receipt {file.repeats}"
    audit.note(connection, file.context.now_us, "gateway", "duplicate", file.subject, f"the bytes of {first}")
    return "duplicate", f"the same bytes as {first}"
