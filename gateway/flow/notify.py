"""Notify: what the stop-loss carrier must hear of what was decided. Never in the way of money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway import paper as papers
from gateway.flow import agreements, roster
from gateway.flow.agreements import Insured
from gateway.flow.context import Context
from gateway.flow.paper import Paper, leave, take_numbers
from gateway.flow.parties import Parties, Sponsor
from gateway.plan import stoploss
from gateway.plan.records import Decision
from gateway.plan.stoploss import Fact, Key, Notice, Policy, letters
from gateway.store import counters, installation, queue
from gateway.store.queue import Work
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from gateway.store.schema import fact as fact_table
from gateway.store.schema import notice as notice_table
from mappings.records import Claim

PREPARED_BY = "ASO Gateway"
"""Who a notice says it was prepared by."""

FACTS_A_STEP = 500
"""Facts one transaction looks at; few of them become a notice."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A notice with its policy and its document."""

    notice: Notice
    insured: Insured
    paper: Paper


def notify(context: Context, work: Work) -> None:
    """The step: every fact not yet looked at, in order; each notice once per policy year, subject, kind and group."""
    with context.store.read() as connection:
        today = installation.business_date(connection)
        parties = Parties(connection, today)
        sponsor = parties.sponsor(work.sponsor_id)
        rows, more = _unseen(connection, sponsor.id)
        first = counters.peek(connection, f"notice/{sponsor.id}")
        looking = _Looking(connection, context, sponsor, rows)
        made = list(looking.made(first))
    with context.store.write("notify") as connection:
        take_numbers(connection, f"notice/{sponsor.id}", first, len(made))
        for seq, each in enumerate(made, first):
            _send(connection, context, parties, sponsor.id, seq, each, today)
        if rows:
            mine = (fact_table.c.sponsor_id == sponsor.id, fact_table.c.icn == bindparam("of"),
                    fact_table.c.version == bindparam("at"))  # fmt: skip
            seen = update(fact_table).where(*mine).values(seen=1)
            connection.execute(seen, [{"of": row.icn, "at": row.version} for row in rows])
        if more:
            queue.later(connection, work, context.now_us)
        else:
            queue.finish(connection, work)


def _unseen(connection: Connection, sponsor_id: str) -> tuple[list[Any], bool]:
    """Facts not yet looked at, whole events only, and whether there are more."""
    mine = select(fact_table).where(fact_table.c.sponsor_id == sponsor_id, fact_table.c.seen == 0)
    rows = list(
        connection.execute(mine.order_by(fact_table.c.ord, fact_table.c.icn, fact_table.c.version).limit(FACTS_A_STEP))
    )
    if len(rows) < FACTS_A_STEP:
        return rows, False
    whole = [row for row in rows if row.ord != rows[-1].ord]
    return whole or rows, True


def _fact(row: Any, root: str) -> Fact:
    return Fact(
        person_id=row.person_id, icn=row.icn, version=row.version, incurred=date.fromisoformat(row.incurred),
        paid_cents=row.paid_cents, diagnoses=msgspec.json.decode(row.diagnoses, type=tuple[str, ...]),
        on=date.fromisoformat(row.decided_on), family_root=root, kind=row.kind,
    )  # fmt: skip


class _Looking:
    """The unseen facts of a sponsor, and beside them everything seen that their totals are made of."""

    def __init__(self, connection: Connection, context: Context, sponsor: Sponsor, rows: list[Any]) -> None:
        self.connection, self.context, self.sponsor, self.rows = connection, context, sponsor, rows
        self.people = roster.by_id(connection, sponsor.id, {row.person_id for row in rows}, roster.NOW)
        self.roots = {person_id: member.family_root for person_id, member in self.people.items()}
        self.unseen = [_fact(row, self.roots.get(row.person_id, "")) for row in rows]
        insured = agreements.insured(connection, sponsor.id)
        self.insured = {each.policy.term: each for each in insured}
        seen = _seen(connection, sponsor.id, set(self.roots.values())) if insured and rows else []
        self.policy_of = stoploss.assign([each.policy for each in insured], [*seen, *self.unseen])
        self.counted: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._count(seen)

    def made(self, first: int) -> Iterator[Made]:
        """The notices the facts cause, each with its document and its page, numbered from first."""
        already = {term: _already(self.connection, self.sponsor.id, term) for term in self.insured}
        in_order = zip(self.rows, self.unseen, strict=True)
        for _, event in groupby(in_order, key=lambda one: one[0].ord):
            for term, who, facts in self._subjects([fact for _, fact in event]):
                before_cents = sum(fact.paid_cents for fact in self.counted[term, who])
                self._count(facts)
                insured = self.insured[term]
                for notice in stoploss.notices(insured.policy, before_cents, stoploss.netted(facts), already[term]):
                    already[term].add(notice.key)
                    yield self._told(notice, insured, first)
                    first += 1

    def _subjects(self, facts: list[Fact]) -> list[tuple[str, str, list[Fact]]]:
        """The facts of one event that count, by policy year and subject."""
        found: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        for fact in facts:
            policy = self.policy_of.get((fact.icn, fact.version))
            if policy is not None:
                found[policy.term, stoploss.subject(policy, fact.person_id, fact.family_root)].append(fact)
        return [(term, who, those) for (term, who), those in found.items()]

    def _count(self, facts: list[Fact]) -> None:
        for term, who, those in self._subjects(facts):
            self.counted[term, who] += those

    def _told(self, notice: Notice, insured: Insured, number: int) -> Made:
        policy = insured.policy
        document = letters.document(
            notice, policy, self.people[notice.person_id], number=f"SN-{number:04d}", usage=self.context.usage,
            employer=self.sponsor.name, prepared_by=PREPARED_BY, figures=self._figures(notice, insured),
        )  # fmt: skip
        name = f"{self.sponsor.id}-notice-{number:04d}"
        paper = Paper(kind="notice", name=name, document=document, pdf=papers.stop_loss_notice(document),
                      cause=f"claim {notice.icn}")  # fmt: skip
        return Made(notice=notice, insured=insured, paper=paper)

    def _figures(self, notice: Notice, insured: Insured) -> letters.Figures:
        """The figures behind a notice's total: of the facts counted so far, and what waits for a person."""
        policy, counted = insured.policy, self.counted[insured.policy.term, notice.subject]
        told = {(fact.icn, fact.version) for fact in counted}
        joined = select(decision_table.c.body, decision_table.c.icn, decision_table.c.version, claim_table.c.last,
                        claim_table.c.body.label("claim")).join(
            claim_table, (claim_table.c.sponsor_id == decision_table.c.sponsor_id)
            & (claim_table.c.icn == decision_table.c.icn),
        )  # fmt: skip
        mine = joined.where(decision_table.c.sponsor_id == self.sponsor.id,
                            decision_table.c.icn.in_(sorted({icn for icn, _ in told})))  # fmt: skip
        rows = self.connection.execute(mine.order_by(decision_table.c.ord, decision_table.c.icn,
                                                     decision_table.c.version))  # fmt: skip
        return letters.figures(
            [
                letters.Counted(decision=msgspec.json.decode(row.body, type=Decision),
                                last=date.fromisoformat(row.last),
                                diagnoses=msgspec.json.decode(row.claim, type=Claim).diagnoses)
                for row in rows
                if (row.icn, row.version) in told
            ],
            pended_cents=self._pended_cents(policy, notice.subject),
        )  # fmt: skip

    def _pended_cents(self, policy: Policy, who: str) -> int:
        """Charges of the subject's claims that wait, of service dates the policy insures."""
        (first, last), _ = stoploss.windows(policy)
        subject = claim_table.c.family_root if policy.per == "family" else claim_table.c.person_id
        waiting = select(func.coalesce(func.sum(claim_table.c.charge_cents), 0)).where(
            claim_table.c.sponsor_id == self.sponsor.id, subject == who, claim_table.c.state == "pended",
            claim_table.c.first.between(first.isoformat(), last.isoformat()),
        )  # fmt: skip
        return int(self.connection.execute(waiting).scalar_one())


def _seen(connection: Connection, sponsor_id: str, roots: set[str]) -> list[Fact]:
    """The facts of some families that were looked at before."""
    joined = fact_table.join(
        claim_table, (claim_table.c.sponsor_id == fact_table.c.sponsor_id) & (claim_table.c.icn == fact_table.c.icn)
    )
    seen = select(fact_table, claim_table.c.family_root).select_from(joined).where(
        fact_table.c.sponsor_id == sponsor_id, fact_table.c.seen == 1, claim_table.c.family_root.in_(sorted(roots))
    )  # fmt: skip
    return [_fact(row, row.family_root) for row in connection.execute(seen)]


def _already(connection: Connection, sponsor_id: str, term: str) -> set[Key]:
    mine = select(notice_table.c.subject, notice_table.c.kind, notice_table.c.grp).where(
        notice_table.c.sponsor_id == sponsor_id, notice_table.c.policy_no == term
    )
    return {(subject, kind, group) for subject, kind, group in connection.execute(mine)}


def _send(
    connection: Connection, context: Context, parties: Parties, sponsor_id: str, seq: int, made: Made, today: date
) -> None:  # fmt: skip
    notice = made.notice
    connection.execute(
        insert(notice_table).values(
            sponsor_id=sponsor_id, seq=seq, policy_no=made.insured.policy.term, subject=notice.subject,
            person_id=notice.person_id, kind=notice.kind, grp=notice.group, icn=notice.icn, made_on=today.isoformat(),
            body=msgspec.json.encode(made.paper.document).decode(),
        )
    )  # fmt: skip
    leave(connection, context, parties, made.insured.carrier, sponsor_id, made.paper, today)
