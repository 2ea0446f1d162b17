"""What a partner must have shown in a test installation before it matters, and what of it it has.

Nothing is ticked off by hand: every test is a question to the rows that its files left behind (receipts, sets, claims,
what left and was fetched), so a certificate cannot say more than what happened. Production is another installation: a
person carries the day over as `certified` in the partner's row, which `certified_only` in the settings can demand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Text, and_, cast, func, literal, or_, select

from gateway.flow.context import Context
from gateway.flow.parties import Parties, Partner
from gateway.store import installation
from gateway.store.schema import claim, interchange, outbox, receipt, x12_set

KINDS = ("P", "I", "D")
"""Kinds of claim files: 837P, 837I, 837D. A partner shows those it names (`Partner.claims`)."""

USED_AGAIN = "025"
"""TA105: the control number of an accepted interchange came again."""


class Test(NamedTuple):
    """One thing to show. role: who has to. kind: of claims, "" where it is no matter. what: for the partner to read.

    seen: the query whose first row is the evidence, a text.
    """

    name: str
    role: str
    what: str
    seen: Callable[[Partner], Select[Any]]
    kind: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A test and what came of it. evidence: what shows it, "" while it is missing."""

    name: str
    role: str
    what: str
    state: Literal["passed", "missing"]
    evidence: str


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner has shown. receipts: files received of it. complete: nothing is missing."""

    partner: str
    receipts: int
    complete: bool
    tests: tuple[Shown, ...]


def of(context: Context, name: str) -> Certificate:
    """The certificate of a partner on file as it stands; raises ConfigError."""
    with context.store.read() as connection:
        partner = Parties(connection, installation.business_date(connection)).partner(name)
        shown = tuple(_shown(connection, partner, test) for test in tests_of(partner))
        asked = select(func.count()).select_from(receipt).where(receipt.c.partner == name)
        receipts = connection.execute(asked).scalar_one()
    complete = all(one.state == "passed" for one in shown)
    return Certificate(partner=name, receipts=receipts, complete=complete, tests=shown)


def tests_of(partner: Partner) -> list[Test]:
    """What a partner of these roles and kinds of claims has to show."""
    return [test for test in TESTS if test.role in partner.roles and test.kind in ("", *partner.claims)]


def _shown(connection: Connection, partner: Partner, test: Test) -> Shown:
    evidence = connection.execute(test.seen(partner).limit(1)).scalar_one_or_none()
    return Shown(name=test.name, role=test.role, what=test.what, state="missing" if evidence is None else "passed",
                 evidence=str(evidence or ""))  # fmt: skip


# ---- questions -------------------------------------------------------------------------------------------------------


def _set(st01: str, *states: str) -> Callable[[Partner], Select[Any]]:
    """A set of a kind that came to one of some states."""

    def seen(partner: Partner) -> Select[Any]:
        mine = (x12_set.c.partner == partner.id, x12_set.c.st01 == st01, x12_set.c.state.in_(states))
        return _evidence("receipt ", x12_set.c.receipt_no).where(*mine).order_by(x12_set.c.receipt_no)

    return seen


def _claims(kind: str, rejected: bool) -> Callable[[Partner], Select[Any]]:
    """A claim of a kind, rejected by a 277CA or not. The kind stands first in its row; P is the default, not said."""
    said = [claim.c.body.startswith(f'{{"kind":"{one}"', autoescape=True) for one in KINDS[1:]]
    of_kind = and_(*(~one for one in said)) if kind == "P" else said[KINDS.index(kind) - 1]

    def seen(partner: Partner) -> Select[Any]:
        verdict = claim.c.state == "rejected" if rejected else claim.c.state != "rejected"
        mine = (claim.c.partner == partner.id, of_kind, verdict)
        return _evidence("claim ", claim.c.icn).where(*mine).order_by(claim.c.icn)

    return seen


def _number_used_again(partner: Partner) -> Select[Any]:
    """An interchange that was refused because its number was used before."""
    mine = and_(interchange.c.partner == partner.id, interchange.c.codes.contains(f'"{USED_AGAIN}"'))
    return _evidence("receipt ", interchange.c.receipt_no).where(mine).order_by(interchange.c.receipt_no)


def _fetched(*kinds: str) -> Callable[[Partner], Select[Any]]:
    """Something of a kind that the partner read to its end; any kind where none is named."""

    def seen(partner: Partner) -> Select[Any]:
        taken = or_(outbox.c.fetched_on != "", outbox.c.state == "picked-up")
        what = outbox.c.kind.in_(kinds) if kinds else outbox.c.kind != ""
        mine = (outbox.c.partner == partner.id, what, taken)
        return _evidence("sent ", outbox.c.name).where(*mine).order_by(outbox.c.id)

    return seen


def _acknowledged(partner: Partner) -> Select[Any]:
    """An 835 answered by a 999 that accepts it."""
    mine = (outbox.c.partner == partner.id, outbox.c.kind == "835", outbox.c.ack == "A")
    return _evidence("sent ", outbox.c.name).where(*mine).order_by(outbox.c.id)


def _evidence(words: str, column: ColumnElement[Any]) -> Select[Any]:
    return select(literal(words) + cast(column, Text))


TESTS: tuple[Test, ...] = (
    Test("834 whole", "sponsor", "a full enrolment file that is accepted", _set("834", "accepted", "released")),
    Test("834 refused", "sponsor", "a file with a set that its guide refuses (999 R)", _set("834", "rejected")),
    Test("834 twice", "sponsor", "an interchange number used before (TA1 025)", _number_used_again),
    Test("834 answer", "sponsor", "a 999 fetched from /outbound", _fetched("999")),
    *(
        Test(f"837{kind} whole", "submitter", f"an 837{kind} whose claims are accepted", _claims(kind, False), kind)
        for kind in KINDS
    ),
    *(
        Test(f"837{kind} claim refused", "submitter", f"an 837{kind} with a claim that a 277CA rejects",
             _claims(kind, True), kind)
        for kind in KINDS
    ),
    Test("837 refused", "submitter", "a file with a set that its guide refuses (999 R)", _set("837", "rejected")),
    Test("837 twice", "submitter", "an interchange number used before (TA1 025)", _number_used_again),
    Test("837 answers", "submitter", "a 277CA fetched from /outbound", _fetched("277CA")),
    Test("835 fetched", "payee", "an 835 fetched from /outbound", _fetched("835")),
    Test("835 acknowledged", "payee", "an accepting 999 for an 835", _acknowledged),
    Test("carrier fetches", "carrier", "anything fetched from /outbound or /reports", _fetched()),
    Test("EFT fetched", "bank", "an EFT file fetched from /outbound", _fetched("EFT")),
)  # fmt: skip
"""Everything to be shown, by role."""
