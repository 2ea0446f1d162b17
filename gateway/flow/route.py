"""Route: a set enters its sponsor's lane in order. An 834 is applied here; claims find their member and family.

The last route step of an 837 set, whichever sponsor's it is, writes the set's one 277CA.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from gateway.flow import claim_numbers, drug_numbers, enrol, filed, holds, roster
from gateway.flow.agreements import plans_of
from gateway.flow.context import Context
from gateway.flow.inbound import set_key, staged_key
from gateway.flow.parties import Parties, Sponsor
from gateway.plan.claims import door, matching, replacing
from gateway.plan.claims.replacing import CORRECTIONS
from gateway.plan.records import Member
from gateway.store import installation, queue
from gateway.store.engine import CHUNK_CLAIMS
from gateway.store.order import nth_of
from gateway.store.queue import Work
from gateway.store.rows import insert_all
from gateway.store.schema import claim as claim_table
from gateway.store.schema import receipt, staged, x12_set
from mappings import drugs
from mappings.records import Claim

NOT_ON_FILE = 10**9
"""Claim numbers of a day from here on are nobody's: no day has a thousand million claims."""


def route(context: Context, work: Work) -> None:
    """The step: one sponsor's part of one accepted set."""
    with context.store.read() as connection:
        set_row = connection.execute(select(x12_set).where(*set_key(work.body))).one()
    if set_row.st01 == "834":
        enrol.enrol(context, work, set_row)
    else:
        _claims(context, work, set_row)


def staged_rows(connection: Connection, work: Work, limit: int) -> list[Any]:
    """The next staged rows of the step's set and sponsor, after the step's resume point."""
    body = work.body
    mine = select(staged.c.ord, staged.c.nth, staged.c.findings, staged.c.body).where(
        *staged_key(body), staged.c.sponsor_id == work.sponsor_id, staged.c.ord > body.get("after", "")
    )
    return list(connection.execute(mine.order_by(staged.c.ord).limit(limit)))


def _claims(context: Context, work: Work, set_row: Any) -> None:
    while True:
        with context.store.read() as connection:
            rows = staged_rows(connection, work, CHUNK_CLAIMS)
            parties = Parties(connection, installation.business_date(connection))
            received = select(receipt.c.received_on).where(receipt.c.receipt_no == set_row.receipt_no)
            received_on = connection.execute(received).scalar_one()
            batch = _Batch(connection, context, work, set_row, rows, parties, received_on)
        with context.store.write("route") as connection:
            batch.write(connection)
            if len(rows) == CHUNK_CLAIMS:
                body = {**work.body, "after": rows[-1].ord}
                queue.advance(connection, work, body)
                work = msgspec.structs.replace(work, body=body)
                continue
            queue.finish(connection, work)
            left = update(x12_set).where(*set_key(work.body)).values(routes_left=x12_set.c.routes_left - 1)
            last = connection.execute(left.returning(x12_set.c.routes_left)).scalar_one() == 0
            if last and set_row.st01 != drugs.FILE:  # a drug manager is answered by reports alone
                queue.enqueue(connection, context.now_us, "answer", lane=f"answer/{set_row.partner}",
                              partner=set_row.partner, ord=work.ord, body=work.body)  # fmt: skip
            return


def rehearse(
    connection: Connection, context: Context, sponsor_id: str, partner: str, claims: Sequence[Claim], ord_: str
) -> tuple[list[Any], drug_numbers.Numbers]:  # fmt: skip
    """Claims of one sponsor as rows, as if a partner had sent them and they were routed now at an order key; and what
    is on file, or would be, under a drug manager's numbers. Writes nothing."""
    rows = [SimpleNamespace(nth=n, findings="[]", body=msgspec.json.encode(one)) for n, one in enumerate(claims)]
    today = installation.business_date(connection)
    work = SimpleNamespace(sponsor_id=sponsor_id, ord=ord_)
    icn = claim_numbers.after(claim_numbers.block(connection, today, 0), NOT_ON_FILE)
    set_row = SimpleNamespace(partner=partner, icn_first=icn)
    batch = _Batch(connection, context, work, set_row, rows, Parties(connection, today), today.isoformat())
    return [SimpleNamespace(cleared="", rulings="{}", **one) for one in batch.inserts], batch.numbers


class _Batch:
    """At most CHUNK_CLAIMS claims, decided in memory against what is on file, then written at once."""

    def __init__(
        self, connection: Connection, context: Context, work: Any, set_row: Any, rows: list[Any], parties: Parties,
        received_on: str,
    ) -> None:  # fmt: skip
        self.context, self.work, self.set_row, self.rows, self.parties = context, work, set_row, rows, parties
        self.sponsor: Sponsor | None = parties.sponsors.get(work.sponsor_id)
        self.claims = [msgspec.json.decode(row.body, type=Claim) for row in rows]
        self.received_on = received_on
        numbers = {claim.subscriber.id for claim in self.claims}
        last = nth_of(work.ord, rows[-1].nth) if rows else ""
        self.candidates: dict[str, list[Member]] = (
            roster.by_subscriber(connection, work.sponsor_id, numbers, last) if self.sponsor else {}
        )
        named = {claim.original_icn for claim in self.claims if claim.frequency in CORRECTIONS}
        self.numbers = drug_numbers.on_file(connection, [(set_row.partner, claim) for claim in self.claims])
        self.fresh: drug_numbers.Numbers = {}
        self.originals = filed.read(connection, work.sponsor_id, {*named, *self.numbers.values()})
        self.told = {icn: one.claim for icn, one in self.originals.items()}
        self.roots = {icn: one.family_root for icn, one in self.originals.items()}
        self.plans = plans_of(connection, self.sponsor)
        self.inserts: list[dict[str, Any]] = []
        self.lanes: dict[int, list[str]] = defaultdict(list)
        self.replaced: dict[str, str] = {}
        for row, claim in zip(rows, self.claims, strict=True):
            self._route(row, claim)

    def _route(self, row: Any, claim: Claim) -> None:
        icn = claim_numbers.after(self.set_row.icn_first, row.nth)
        reasons = door.reasons(msgspec.json.decode(row.findings, type=tuple[door.Objection, ...]))
        of_drugs = claim.kind == drugs.KIND
        if of_drugs and self._is_known(icn, claim):
            reasons = (door.REPEATED,)
        if not reasons and not of_drugs and claim.frequency in CORRECTIONS and not self._may_take(claim):
            reasons = (door.UNKNOWN_ORIGINAL,)
        found = matching.Match() if reasons else matching.match(claim, self.candidates.get(claim.subscriber.id, []))
        if not of_drugs and door.turns_away(self.plans, claim, found.reason):
            reasons = (door.NOT_ON_FILE,)
        person_id = found.member.person_id if found.member else ""
        root = found.member.family_root if found.member else ""
        self.inserts.append(
            {
                "sponsor_id": self.work.sponsor_id, "icn": icn, "ord": nth_of(self.work.ord, row.nth),
                "partner": self.set_row.partner, "person_id": person_id,
                "family_root": root, "match": found.reason, "candidates": found.candidates, "pcn": claim.pcn,
                "state": "rejected" if reasons else "routed",
                "original_icn": claim.original_icn, "replaced_by": "", "received_on": self.received_on,
                "first": claim.first.isoformat(), "last": claim.last.isoformat(), "version": 0, "status": "",
                "charge_cents": claim.charge_cents, "paid_cents": 0, "patient_cents": 0,
                "body": row.body, "answer": msgspec.json.encode(reasons).decode(),
                "findings": row.findings,
            }
        )  # fmt: skip
        if reasons:
            return
        if of_drugs:  # what is taken back may stand in this very file: it is looked for when this is decided
            self.told[icn] = claim
            root = root or self.roots.get(self.numbers.get(drug_numbers.paid(self.set_row.partner, claim), ""), "")
            self.roots[icn] = root
        elif claim.frequency in CORRECTIONS:
            original = self.originals[claim.original_icn]
            if replacing.same(claim, person_id, original):  # else it waits, and the place stays free
                self.replaced[original.icn] = icn
            root = root or original.family_root
        self.lanes[shard_of(root, self.sponsor)].append(icn)

    def _is_known(self, icn: str, claim: Claim) -> bool:
        """Whether a drug manager's claim came before, to the cent; the first of a number is noted as such."""
        number = drug_numbers.of(self.set_row.partner, claim)
        first = self.numbers.setdefault(number, icn)
        if first == icn:
            self.fresh[number] = icn
        return first in self.told and drugs.same(claim, self.told[first])

    def _may_take(self, claim: Claim) -> bool:
        number = claim.original_icn
        return number not in self.replaced and replacing.may_take(self.originals.get(number))

    def write(self, connection: Connection) -> None:
        """The claims, what they replace, and one adjudicate step per lane."""
        insert_all(connection, claim_table, self.inserts)
        drug_numbers.keep(connection, self.work.sponsor_id, self.fresh)
        for original, icn in self.replaced.items():
            mine = update(claim_table).where(
                claim_table.c.sponsor_id == self.work.sponsor_id, claim_table.c.icn == original
            )
            connection.execute(mine.values(replaced_by=icn))
        for shard, icns in sorted(self.lanes.items()):
            enqueue_adjudicate(connection, self.context, self.work.sponsor_id, shard, self.inserts[0]["ord"], icns)
        connection.execute(delete(staged).where(staged.c.ord.in_([row.ord for row in self.rows])))
        if self.sponsor is None and self.inserts:
            reason = f"{len(self.inserts)} claims name no sponsor we know"
            subject = f"receipt {self.set_row.receipt_no} set {self.set_row.number}"
            holds.open_(connection, self.context.now_us, "pend", self.work.sponsor_id, subject, reason, "MBR",
                        icns=[row["icn"] for row in self.inserts])  # fmt: skip


def enqueue_adjudicate(
    connection: Connection, context: Context, sponsor_id: str, shard: int, ord_: str, icns: list[str]
) -> None:
    """One adjudicate step: at most CHUNK_CLAIMS claims of one lane, in order."""
    queue.enqueue(
        connection, context.now_us, "adjudicate", lane=f"A/{sponsor_id}/{shard}", partner=f"sponsor/{sponsor_id}",
        sponsor_id=sponsor_id, ord=ord_, body={"icns": icns},
    )  # fmt: skip


def put_anew(connection: Connection, context: Context, row: Any, ord_: str, values: dict[str, Any]) -> None:
    """A claim on file takes its place at an order key, where it is decided anew. values: its columns that change."""
    mine = (claim_table.c.sponsor_id == row.sponsor_id, claim_table.c.icn == row.icn)
    connection.execute(update(claim_table).where(*mine).values(**values))
    sponsor = Parties(connection, installation.business_date(connection)).sponsors.get(row.sponsor_id)
    root = values["family_root"] or root_of_original(connection, row.sponsor_id, row)
    enqueue_adjudicate(connection, context, row.sponsor_id, shard_of(root, sponsor), ord_, [row.icn])


def shard_of(family_root: str, sponsor: Sponsor | None) -> int:
    """The adjudication lane of a family."""
    return zlib.crc32(family_root.encode()) % (sponsor.shards if sponsor else 1)


def find_member(connection: Connection, sponsor_id: str, row: Any, known_at: str) -> dict[str, Any]:
    """The columns of a claim that tell its patient, as known at an order key."""
    claim = msgspec.json.decode(row.body, type=Claim)
    number = claim.subscriber.id
    found = matching.match(claim, roster.by_subscriber(connection, sponsor_id, [number], known_at).get(number, []))
    return {
        "person_id": found.member.person_id if found.member else "",
        "family_root": found.member.family_root if found.member else "",
        "match": found.reason, "candidates": found.candidates,
    }  # fmt: skip


def root_of_original(connection: Connection, sponsor_id: str, row: Any) -> str:
    """The family root of the claim that a correction names; "" when it names none."""
    if msgspec.json.decode(row.body, type=Claim).frequency not in CORRECTIONS:
        return ""
    original = filed.read(connection, sponsor_id, [row.original_icn]).get(row.original_icn)
    return original.family_root if original else ""
