"""Reprocess: decided claims are decided again, or taken back, after a look at the money.

A look decides without writing. Asking for it keeps what was shown, claim by claim; the lane then decides again, and a
family that would now come to anything else than was shown is left as it is: what is booked is what was looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import affected, again, holds, route
from gateway.flow.again import Again, Outcome, Turn, Turned
from gateway.flow.context import Context
from gateway.flow.parties import Parties
from gateway.flow.roster import NOW
from gateway.plan.claims.reprocessing import Because
from gateway.store import audit, counters, installation, queue
from gateway.store.order import nth_of, ord_of
from gateway.store.queue import Work
from gateway.store.rows import insert_all
from gateway.store.schema import hold, reprocessed, reprocessing

MOST = 5_000
"""Claims one reprocessing keeps, in one transaction: a row each, 25 microseconds, so an eighth of a second of the one
writer's time, once, when a person has said so."""

MOVES: tuple[Outcome, ...] = ("changed", "voided")
"""Outcomes that write something."""

LOOKED_MOST = 10_000
"""Claims of one look, in memory together: 25 KB each as read and decoded, so 250 MB, and three milliseconds each, so
half a minute."""

LEFT, WITHDRAWN = "left", "withdrawn"
"""What became of a claim that came to something else than was shown, and of one somebody thought better of."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one claim would come to. version: of the decision in force. queue, reason: what it would wait for; codes:
    `CO-45` of every adjustment afterwards."""

    icn: str
    version: int
    outcome: Outcome
    npi: str
    tin: str
    before_paid_cents: int
    paid_cents: int
    before_patient_cents: int
    patient_cents: int
    queue: str = ""
    reason: str = ""
    codes: tuple[str, ...] = ()

    @property
    def net_cents(self) -> int:
        """What the plan pays more; less than 0: less."""
        return self.paid_cents - self.before_paid_cents


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What deciding some claims of one employer again would come to. looked: claims; outcomes: how many of each.
    more_cents, back_cents: what the plan pays more on some and takes back on others; patient_cents: what patients owe
    more. payees: (tax id, NPI) and what each gets more, where it is not 0. claims: of families in which one changes."""

    sponsor_id: str
    looked: int
    outcomes: dict[str, int]
    more_cents: int
    back_cents: int
    patient_cents: int
    payees: tuple[tuple[str, str, int], ...]
    claims: tuple[Change, ...]

    @property
    def moved_cents(self) -> int:
        """What moves, up or down."""
        return self.more_cents + self.back_cents

    @property
    def moves(self) -> bool:
        """Whether any claim would come to something else."""
        return any(each.outcome in MOVES for each in self.claims)


def look(
    connection: Connection, context: Context, sponsor_id: str, icns: Sequence[str], *, void: bool = False,
    rulings: Mapping[str, str] | None = None, told: Callable[[int], None] = lambda count: None,
) -> Look:  # fmt: skip
    """Decides claims of one employer again without writing. void: they are taken back instead. rulings: by claim, what
    is ruled on it from then on. told: is called with how many claims were looked at more.

    Raises UsageError for more than LOOKED_MOST claims.
    """
    if len(icns) > LOOKED_MOST:
        raise UsageError(f"{len(icns)} claims of {sponsor_id}; a look takes {LOOKED_MOST}, narrow it by date")
    those = _turns(connection, sponsor_id, icns, NOW, dict.fromkeys(icns, void), rulings or {})
    changes: list[Change] = []
    outcomes: Counter[str] = Counter()
    for part in affected.in_families(those):
        turned = again.rehearse(connection, context, sponsor_id, part, NOW).turned
        outcomes.update(each.outcome for each in turned)
        moving = {each.turn.family for each in turned if each.outcome in MOVES}
        waits = [each for each in turned if each.outcome == "waits" and each.turn.family not in moving]
        kept = [each for each in turned if each.turn.family in moving] + waits
        changes += [_change(each) for each in sorted(kept, key=lambda one: (one.turn.place, one.turn.row.icn))]
        told(len(part))
    nets: Counter[tuple[str, str]] = Counter()
    for change in changes:
        nets[change.tin, change.npi] += change.net_cents
    return Look(
        sponsor_id=sponsor_id, looked=len(those), outcomes=dict(sorted(outcomes.items())),
        more_cents=sum(max(0, each.net_cents) for each in changes),
        back_cents=sum(max(0, -each.net_cents) for each in changes),
        patient_cents=sum(each.patient_cents - each.before_patient_cents for each in changes),
        payees=tuple((tin, npi, cents) for (tin, npi), cents in sorted(nets.items()) if cents), claims=tuple(changes),
    )  # fmt: skip


def _turns(
    connection: Connection, sponsor_id: str, icns: Sequence[str], known_at: str, void: Mapping[str, bool],
    rulings: Mapping[str, str],
) -> list[Turn]:  # fmt: skip
    found = again.turns(connection, sponsor_id, icns, known_at)
    for turn in found:
        turn.row.rulings = rulings.get(turn.row.icn) or turn.row.rulings
    return [turn._replace(void=void[turn.row.icn]) for turn in found]


def _change(one: Turned) -> Change:
    turn, after = one.turn, one.after
    return Change(
        icn=turn.row.icn, version=turn.before.version, outcome=one.outcome, npi=turn.row.npi, tin=turn.row.tin,
        before_paid_cents=turn.before.paid_cents, paid_cents=after.paid_cents if after else 0,
        before_patient_cents=turn.before.patient_cents, patient_cents=after.patient_cents if after else 0,
        queue=one.pend.queue if one.pend else "", reason=one.pend.reason if one.pend else "",
        codes=after.codes if after else (),
    )  # fmt: skip


# ---- asking for it ---------------------------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A reprocessing. people: so many must agree, asked_by have. claims: how many of it came to what; `` are due."""

    number: int
    sponsor_id: str
    because: Because
    why: str
    people: int
    asked_by: tuple[str, ...]
    asked_on: str
    claims: dict[str, int]

    @property
    def state(self) -> str:
        """Where it stands: waiting for another person, under way, done."""
        if not self.claims.get(""):
            return "done"
        return "waiting for another person" if len(self.asked_by) < self.people else "under way"


def ask(context: Context, shown: Look, because: Because, user: str, why: str, *, hold_id: str = "") -> Asked:
    """Asks for what was shown, which at least one claim of must change. hold_id: a hold it answers.

    Raises UsageError for more than MOST claims, or one that stands in another reprocessing meanwhile.
    """
    with context.store.write("reprocess") as connection:
        asked = ask_in(connection, context, shown, because, user, why)
        if hold_id:
            _answer(connection, hold_id, user, asked.number)
        return asked


def ask_in(
    connection: Connection, context: Context, shown: Look, because: Because, user: str, why: str,
    rulings: Mapping[str, str] | None = None,
) -> Asked:  # fmt: skip
    """The same in the caller's transaction. rulings: by claim, as they were shown."""
    if len(shown.claims) > MOST:
        raise UsageError(f"{len(shown.claims)} claims; a reprocessing takes {MOST} at most, narrow the filter")
    today = installation.business_date(connection)
    alone = Parties(connection, today).sponsor(shown.sponsor_id).desk.reprocess_alone_cents
    _refuse_open(connection, shown)
    number = counters.take(connection, "reprocess")
    row = {
        "number": number, "sponsor_id": shown.sponsor_id, "because": because, "why": why, "asked_by": "[]",
        "people": 2 if shown.moved_cents > alone else 1, "asked_on": today.isoformat(), "event": 0,
    }  # fmt: skip
    connection.execute(insert(reprocessing).values(**row))
    rows = [_row(number, n, shown.sponsor_id, each, rulings or {}) for n, each in enumerate(shown.claims)]
    insert_all(connection, reprocessed, rows)
    _agree(connection, context, number, user)
    return one(connection, number)


def _row(number: int, n: int, sponsor_id: str, each: Change, rulings: Mapping[str, str]) -> dict[str, Any]:
    same = ("icn", "version", "outcome", "before_paid_cents", "paid_cents", "before_patient_cents", "patient_cents")
    return {
        "number": number, "n": n, "sponsor_id": sponsor_id, "void": int(each.outcome == "voided"),
        "rulings": rulings.get(each.icn, ""), "done": "", **{name: getattr(each, name) for name in same},
    }  # fmt: skip


def _refuse_open(connection: Connection, shown: Look) -> None:
    taken = select(reprocessed.c.icn, reprocessed.c.number).where(
        reprocessed.c.sponsor_id == shown.sponsor_id, reprocessed.c.done == "",
        reprocessed.c.icn.in_([each.icn for each in shown.claims]),
    )  # fmt: skip
    row = connection.execute(taken.limit(1)).first()
    if row is not None:
        raise UsageError(f"claim {row.icn} stands in reprocess {row.number}, which is not done")


def _answer(connection: Connection, hold_id: str, user: str, number: int) -> None:
    open_ = select(hold.c.id).where(hold.c.id == hold_id, hold.c.state == "open")
    if connection.execute(open_).first() is not None:
        holds.shut(connection, hold_id, user, f"reprocess {number}")


def approve(context: Context, number: int, user: str) -> Asked:
    """Agrees to what another person asked for; raises UsageError or NotPermitted."""
    with context.store.write("reprocess") as connection:
        found = one(connection, number)
        if found.state != "waiting for another person":
            raise UsageError(f"reprocess {number} does not wait for another person: it is {found.state}")
        if user in found.asked_by:
            raise NotPermitted(f"{user} asked for it; another person must agree")
        _agree(connection, context, number, user)
        return one(connection, number)


def _agree(connection: Connection, context: Context, number: int, user: str) -> None:
    """One more person; when they are enough, it takes its place in the order of everything."""
    found = one(connection, number)
    by, mine = (*found.asked_by, user), update(reprocessing).where(reprocessing.c.number == number)
    connection.execute(mine.values(asked_by=msgspec.json.encode(by).decode()))
    audit.note(connection, context.now_us, user, "reprocess", f"reprocess {number}", f"{found.claims['']} claims")
    if len(by) < found.people:
        return
    event = counters.take(connection, "receipt")
    connection.execute(mine.values(event=event))
    queue.enqueue(connection, context.now_us, "reprocess", lane=f"S/{found.sponsor_id}", sponsor_id=found.sponsor_id,
                  partner=f"sponsor/{found.sponsor_id}", ord=ord_of(event), gate=event,
                  body={"number": number})  # fmt: skip


def withdraw(context: Context, number: int, user: str) -> Asked:
    """What waits for another person is not done after all; raises UsageError."""
    with context.store.write("reprocess") as connection:
        if one(connection, number).state != "waiting for another person":
            raise UsageError(f"reprocess {number} is {one(connection, number).state}; it cannot be withdrawn")
        connection.execute(update(reprocessed).where(reprocessed.c.number == number).values(done=WITHDRAWN))
        audit.note(connection, context.now_us, user, "withdraw", f"reprocess {number}")
        return one(connection, number)


def every(connection: Connection) -> list[Asked]:
    """All of them, newest first."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    grouped = select(reprocessed.c.number, reprocessed.c.done, func.count())
    for number, done, count in connection.execute(grouped.group_by(reprocessed.c.number, reprocessed.c.done)):
        counts[number][done] = int(count)
    rows = connection.execute(select(reprocessing).order_by(reprocessing.c.number.desc()))
    return [_asked(row, counts[row.number]) for row in rows]


def one(connection: Connection, number: int) -> Asked:
    """One of them; raises UsageError when there is none of that number."""
    row = connection.execute(select(reprocessing).where(reprocessing.c.number == number)).one_or_none()
    if row is None:
        raise UsageError(f"no reprocess {number}")
    grouped = select(reprocessed.c.done, func.count()).where(reprocessed.c.number == number)
    return _asked(row, {done: int(n) for done, n in connection.execute(grouped.group_by(reprocessed.c.done))})


def _asked(row: Any, claims: dict[str, int]) -> Asked:
    return Asked(
        number=row.number, sponsor_id=row.sponsor_id, because=row.because, why=row.why, people=row.people,
        asked_by=msgspec.json.decode(row.asked_by, type=tuple[str, ...]), asked_on=row.asked_on, claims=claims,
    )  # fmt: skip


# ---- the steps -------------------------------------------------------------------------------------------------------


def reprocess(context: Context, work: Work) -> None:
    """The step: everything before it is applied, so its claims go to their families' lanes."""
    number, sponsor_id = work.body["number"], work.sponsor_id
    with context.store.read() as connection:
        sponsor = Parties(connection, installation.business_date(connection)).sponsors.get(sponsor_id)
        rows = _open_rows(connection, number)
        those = again.turns(connection, sponsor_id, [row.icn for row in rows], work.ord)
        lanes: dict[int, list[Turn]] = defaultdict(list)
        for turn in those:
            lanes[route.shard_of(turn.row.family_root, sponsor)].append(turn)
        gone = {row.icn for row in rows} - {turn.row.icn for turn in those}
    with context.store.write("reprocess-cut") as connection:
        queue.finish(connection, work)
        _done(connection, number, dict.fromkeys(gone, LEFT))
        for shard, turns in sorted(lanes.items()):
            for part in affected.in_families(turns):
                queue.enqueue(connection, context.now_us, "again", lane=f"A/{sponsor_id}/{shard}",
                              sponsor_id=sponsor_id, partner=f"sponsor/{sponsor_id}", ord=work.ord,
                              body={"number": number, "icns": [turn.row.icn for turn in part]})  # fmt: skip


def decide_again(context: Context, work: Work) -> None:
    """The step: whole families of a reprocessing, as they were shown, in one transaction."""
    number, sponsor_id = work.body["number"], work.sponsor_id
    with context.store.read() as connection:
        run = connection.execute(select(reprocessing).where(reprocessing.c.number == number)).one()
        rows = {row.icn: row for row in _open_rows(connection, number) if row.icn in work.body["icns"]}
        void, rulings = ({icn: getattr(row, name) for icn, row in rows.items()} for name in ("void", "rulings"))
        those = [
            turn for turn in _turns(connection, sponsor_id, sorted(rows), work.ord, void, rulings)
            if turn.before.version == rows[turn.row.icn].version
        ]  # fmt: skip
        batch = _as_shown(connection, context, run, those, rows, work.ord)
    batch.pack()
    done = dict.fromkeys(rows, LEFT) | {each.turn.row.icn: each.outcome for each in batch.turned}
    with context.store.write("again") as connection:
        queue.finish(connection, work)
        batch.book(connection, {icn: nth_of(work.ord, row.n) for icn, row in rows.items()})
        _done(connection, number, done)


def _as_shown(
    connection: Connection, context: Context, run: Any, those: Sequence[Turn], rows: Mapping[str, Any], known_at: str
) -> Again:  # fmt: skip
    """The families all of whose claims come to what was shown; families share nothing, so the others do not matter."""
    moved: set[str] = set()
    for _ in range(2):  # the second time without those that came to something else: the rest come to the same again
        kept = [turn for turn in those if turn.family not in moved]
        batch = again.rehearse(
            connection, context, run.sponsor_id, kept, known_at, run.because, f"reprocess {run.number}"
        )  # fmt: skip
        came = {each.turn.row.icn: each for each in batch.turned}
        moved |= {turn.family for turn in those if not _is_shown(came.get(turn.row.icn), rows[turn.row.icn])}
        if len(kept) == len([turn for turn in those if turn.family not in moved]):
            break
    return batch


def _is_shown(came: Turned | None, row: Any) -> bool:
    if came is None:
        return False
    change = _change(came)
    return (change.outcome, change.paid_cents, change.patient_cents) == (row.outcome, row.paid_cents, row.patient_cents)


def _open_rows(connection: Connection, number: int) -> list[Any]:
    mine = select(reprocessed).where(reprocessed.c.number == number, reprocessed.c.done == "")
    return list(connection.execute(mine.order_by(reprocessed.c.n)))


def _done(connection: Connection, number: int, done: Mapping[str, str]) -> None:
    if done:
        mine = update(reprocessed).where(reprocessed.c.number == number, reprocessed.c.icn == bindparam("of"))
        values = [{"of": icn, "became": became} for icn, became in done.items()]
        connection.execute(mine.values(done=bindparam("became")), values)
