"""A drug manager's files: read whole by its partner's layout, looked at beforehand, received as any file is.

What becomes of one that is received is the way of every claims file: intake stages and accepts it, its claims are
routed and booked in the order of receipts, among those of the same family that came otherwise.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection

from gateway.errors import BadData, InputOutput, UsageError
from gateway.flow import adjudicate, drug_numbers, repeats, route, uploads
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY
from gateway.flow.parties import Parties, Partner
from gateway.plan.claims.drugs import OVER
from gateway.plan.records import Decision
from gateway.store import audit, counters, installation
from gateway.store.order import ord_of
from mappings import drugs
from mappings.drugs import DrugFile
from mappings.records import Claim, Record

BYTES = 64 * 1024 * 1024
"""Of one file: 50,000 claims (`drugs.LINES`) of 1,300 characters; layouts in use have 200 to 1,000."""

FAMILIES_ROWS = 500
"""Claims looked at together: a family's are never parted, so that each sees what those before it used."""


class Said(Record, frozen=True, kw_only=True):
    """What a person should know of one line of a file. queue: where its claim would wait, "" when it would not."""

    line: int
    queue: str = ""
    reason: str
    needed: str = ""


class Preview(Record, frozen=True, kw_only=True):
    """What a file would book. claims: in it; paid, reversed: those that would be booked, and their dollars; known: on
    file already; held: those that would wait. members: people whose sums would change. received: the receipt that has
    these very bytes, 0 when none has; findings: of lines.
    """

    partner: str
    claims: int
    paid: int
    paid_cents: int
    reversed: int
    reversed_cents: int
    known: int
    held: int
    members: int
    received: int
    findings: tuple[Said, ...]


def read(partner: Partner, pieces: Iterable[bytes]) -> DrugFile:
    """A file by its partner's layout, or why none of it may be used."""
    assert partner.drugs is not None
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > BYTES:
            return DrugFile(problems=(f"more than {BYTES} bytes; send it in parts",))
    try:
        return drugs.read(partner.drugs.claims, body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return DrugFile(problems=("it is not text in UTF-8",))


def claims(partner: Partner, found: DrugFile) -> Iterator[Claim]:
    """The claims of a file, in its order."""
    assert partner.drugs is not None
    for row in found.rows:
        yield drugs.claim(row, partner.drugs, partner.id, partner.name)


def manager(connection: Connection, name: str) -> tuple[Partner, Parties]:
    """The drug manager of that name, or the only one when none is named; raises UsageError."""
    parties = Parties(connection, installation.business_date(connection))
    known = [one for one in parties.partners.values() if one.drugs is not None and name in ("", one.id)]
    if len(known) == 1:
        return known[0], parties
    if known:
        raise UsageError(f"{len(known)} partners are drug managers; say --partner")
    raise UsageError(f"partner {name} is no drug manager" if name else "no partner is a drug manager; add one")


# ---- looking ---------------------------------------------------------------------------------------------------------


def look(context: Context, name: str, path: Path) -> Preview:
    """What a file would book now; writes nothing. Raises BadData for one of which nothing would be used."""
    body = _bytes(path)
    with context.store.read() as connection:
        partner, parties = manager(connection, name)
        found = read(partner, [body])
        if found.problems:
            raise BadData("; ".join(found.problems))
        received = repeats.stands(connection, _as_received(partner, body))
        by_sponsor: dict[str, list[tuple[int, Claim]]] = defaultdict(list)
        for row, claim in zip(found.rows, claims(partner, found), strict=True):
            by_sponsor[parties.sponsor_of_group(partner, claim.group_no) or NOBODY].append((row.line, claim))
        looks = [_Look(connection, context, partner.id, sponsor, told) for sponsor, told in sorted(by_sponsor.items())]
    booked = [one for each in looks for one in each.decisions]
    paid = [one for one in booked if one.outcome == "paid"]
    back = [one for one in booked if one.outcome == "reversal"]
    said = sorted((one for each in looks for one in each.said), key=lambda one: one.line)
    return Preview(
        partner=partner.id, claims=len(found.rows), paid=len(paid), paid_cents=sum(one.paid_cents for one in paid),
        reversed=len(back), reversed_cents=sum(one.paid_cents for one in back),
        known=sum(each.known for each in looks), held=sum(one.outcome == "pended" for one in booked),
        members=len({one.person_id for one in (*paid, *back)}), received=received, findings=tuple(said),
    )  # fmt: skip


class _Look:
    """The claims of one sponsor of a file, as they would be decided."""

    def __init__(
        self, connection: Connection, context: Context, partner: str, sponsor_id: str, told: Sequence[tuple[int, Claim]]
    ) -> None:  # fmt: skip
        self.decisions: list[Decision] = []
        self.said: list[Said] = []
        ord_ = ord_of(counters.peek(connection, "receipt"), 1, 1, 1)
        rows, numbers = route.rehearse(
            connection, context, sponsor_id, partner, [claim for _, claim in told], ord_
        )  # fmt: skip
        lines = {row.icn: line for row, (line, _) in zip(rows, told, strict=True)}
        fresh = [row for row in rows if row.state == "routed"]
        self.known = len(rows) - len(fresh)
        for some in _families(fresh):
            self._decide(connection, context, sponsor_id, some, numbers, lines)

    def _decide(
        self, connection: Connection, context: Context, sponsor_id: str, rows: list[Any],
        numbers: drug_numbers.Numbers, lines: dict[str, int],
    ) -> None:  # fmt: skip
        for decision in adjudicate.rehearse(connection, context, sponsor_id, rows, numbers):
            self.decisions.append(decision)
            line = lines.get(decision.icn, 0)  # 0: of a reversal, which is told under the claim it takes back
            if decision.pend is not None:
                pend = decision.pend
                self.said.append(Said(line=line, queue=pend.queue, reason=pend.reason, needed=pend.needed))
            steps = (step for each in decision.lines for step in each.steps if step.rule == OVER)
            self.said += [Said(line=line, reason=step.text) for step in steps]


def _families(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Rows in parts of about FAMILIES_ROWS, each family's together and in their order; of nobody's, each number's."""
    by_root: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_root[row.family_root or row.pcn].append(row)
    part: list[Any] = []
    for family in by_root.values():
        part += family
        if len(part) >= FAMILIES_ROWS:
            yield sorted(part, key=lambda row: row.ord)
            part = []
    if part:
        yield sorted(part, key=lambda row: row.ord)


# ---- receiving -------------------------------------------------------------------------------------------------------


def receive(context: Context, name: str, path: Path, user: str) -> int:
    """Receives a file as if its manager had brought it; its receipt, or the one that has its very bytes.

    Raises BadData for one of which nothing would be used: nothing is received then.
    """
    body = _bytes(path)
    with context.store.read() as connection:
        partner, _ = manager(connection, name)
        if problems := read(partner, [body]).problems:
            raise BadData("; ".join(problems))
        if received := repeats.stands(connection, _as_received(partner, body)):
            return received
    row, sealing = uploads.receiving(context, partner.id, f"drugs-{_as_received(partner, body).sha256[:12]}.txt")
    sealing.add(body)
    sealing.end()
    numbers: list[int] = []

    def note(connection: Connection, number: int) -> None:
        audit.note(connection, context.now_us, user, "load", f"receipt {number}", f"drug claims of {partner.id}")
        numbers.append(number)

    uploads.close(context, row, sealing.size, sealing.sha256, also=note)
    return numbers[0]


def _as_received(partner: Partner, body: bytes) -> Any:
    """What repetition is asked of: a receipt that is not there yet."""
    return SimpleNamespace(partner=partner.id, sha256=hashlib.sha256(body).hexdigest(), receipt_no=0)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputOutput(str(path)) from error
