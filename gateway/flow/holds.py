"""What waits for a person: opened with the step that found it, closed by an operator with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, func, select, update

from gateway.store import audit
from gateway.store.ids import ulid
from gateway.store.rows import insert_all
from gateway.store.schema import hold

log = structlog.get_logger()

KINDS = {
    "file": ("Unusable files", "a file could not be used; see its report"),
    "replay": ("Control numbers used again", "an interchange number came again with other content"),
    "batch": ("Suspected duplicates", "a batch looks like one received before; release it to process it, or leave it"),
    "absence": ("Ends by absence",
                "a full file leaves out more people than the sponsor's limits allow; release it to end their coverage"),
    "enrolment": ("Enrolment files held", "an enrolment file was held or refused whole; see its report"),
    "pend": ("Pended claims", "a claim waits for a decision"),
    "parked": ("Steps set aside", "a step failed three times and was set aside; release it to try again"),
    "remittance": ("Remittances not sent", "a remittance did not balance and was not sent"),
    "undelivered": ("To be sent by hand",
                    "something was decided that the gateway cannot send; a person sends it and releases this"),
    "answer": ("Answers of partners", "a partner rejected what we sent, or answered something we did not send"),
    "silence": ("Remittances without an answer",
                "a partner has not acknowledged a remittance; ask it whether it has the file"),
    "remote": ("Partners' servers",
               "we cannot fetch or send at a partner's own server; see the reason, then release this to try"),
    "late": ("Files that have not come", "a partner's file is late; ask it"),
    "overdue": ("Answers of ours that are late", "a file waits too long for our answer; see what it waits for"),
    "review": ("Decided claims to look at again",
               "what decided claims stand on has changed; gateway reprocess claims --hold shows what they come to"),
    "appeal": ("Appeals", "somebody appealed a decided claim; gateway appeal list says by when to decide it"),
    "cobra": ("COBRA notices to send", "a COBRA election notice has to be sent; release it when it was"),
}  # fmt: skip
"""Kind of hold -> its short name, and what it asks of a person."""

_CLAIM = "claim "

ICN = func.substr(hold.c.subject, len(_CLAIM) + 1)
"""The claim number that the subject of a hold about one claim names."""


def icn_of(subject: str) -> str:
    """`ICN` of a subject that was read."""
    return subject.removeprefix(_CLAIM)


def open_(
    connection: Connection, now_us: int, kind: str, sponsor_id: str, subject: str, reason: str, queue: str = "", /,
    **body: Any,
) -> str:  # fmt: skip
    """Opens a hold; subject names what waits by our own numbers, reason is free of PHI, body may name a person.

    queue: of a pended claim.
    """
    (hold_id,) = open_all(connection, now_us, kind, sponsor_id, [(subject, reason, queue, body)])
    return hold_id


def open_all(
    connection: Connection, now_us: int, kind: str, sponsor_id: str,
    holds: Sequence[tuple[str, str, str, dict[str, Any]]],
) -> list[str]:  # fmt: skip
    """Opens many of a kind, as `open_` would each: (subject, reason, queue, body). Returns their ids."""
    rows: list[dict[str, Any]] = [
        {
            "id": ulid(now_us), "sponsor_id": sponsor_id, "kind": kind, "subject": subject, "queue": queue,
            "reason": reason, "body": msgspec.json.encode(body).decode(), "opened_us": now_us, "state": "open",
            "closed_by": "", "closed_reason": "",
        }
        for subject, reason, queue, body in holds
    ]  # fmt: skip
    insert_all(connection, hold, rows)
    for subject, *_ in holds:
        log.info("hold opened", kind=kind, subject=subject)
    return [row["id"] for row in rows]


def close(connection: Connection, now_us: int, hold_id: str, user: str, reason: str) -> None:
    """Closes a hold the caller has found open, in the same transaction."""
    shut(connection, hold_id, user, reason)
    audit.note(connection, now_us, user, "release", f"hold {hold_id}")


def shut(connection: Connection, hold_id: str, user: str, reason: str) -> None:
    """Closes a hold whose closing the caller tells the audit."""
    mine = update(hold).where(hold.c.id == hold_id)
    connection.execute(mine.values(state="closed", closed_by=user, closed_reason=reason))


def close_about(connection: Connection, kind: str, sponsor_id: str, subject: str) -> None:
    """Closes the hold of something that no longer waits."""
    mine = update(hold).where(
        hold.c.kind == kind, hold.c.sponsor_id == sponsor_id, hold.c.subject == subject, hold.c.state == "open"
    )
    connection.execute(mine.values(state="closed", closed_by="gateway", closed_reason="no longer waits"))


def opened(connection: Connection) -> list[Any]:
    """Every open hold, oldest first."""
    return list(connection.execute(select(hold).where(hold.c.state == "open").order_by(hold.c.opened_us, hold.c.id)))
