"""What a person does about one pended claim (domain 4.7): each act is one transaction, one event and one audit row.

An act that decides - release, deny, override - goes through the sponsor's lane as a new event: the claim is decided by
`plan` as of now, with today's accumulators. Where two people must agree, the first one's act is noted and the second
one's, which must be the same, does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from gateway.errors import NotPermitted, UsageError
from gateway.flow import holds, pends, reruns, strangers
from gateway.flow.context import Context
from gateway.flow.inbound import NOBODY
from gateway.flow.parties import Parties
from gateway.plan.claims import edits, rulings
from gateway.plan.records import Override, Refusal, Rulings
from gateway.store import audit, installation
from gateway.store.schema import claim as claim_table
from gateway.store.schema import hold, pend_event


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """An act that decides a claim. group, reason, remarks: of a denial; edit: what an override sets aside."""

    act: str
    group: str = ""
    reason: str = ""
    remarks: tuple[str, ...] = ()
    edit: str = ""

    @property
    def codes(self) -> str:
        """What the audit is told: `CO-29 N130` of a denial, the edit of an override."""
        denied = f"{self.group}-{self.reason}" if self.reason else ""
        return " ".join(each for each in (denied, *self.remarks, self.edit) if each)


RELEASE = Ruling(act="release")

EVIDENCE = Ruling(act="evidence")
"""What a claim waits for was loaded: it is asked again, with nothing cleared."""

DONE = {
    "release": "the claim is decided again",
    "deny": "the claim is denied",
    "override": "the claim is decided again without that edit",
    "evidence": "the claim is decided again",
}
"""Act -> what is said of it."""

AGREED = "noted; another person must do the same"


def deny(group: str, reason: str, remarks: tuple[str, ...]) -> Ruling:
    """A denial of the whole claim."""
    return Ruling(act="deny", group=group, reason=reason, remarks=remarks)


def override(edit: str) -> Ruling:
    """Setting an edit aside for one claim."""
    return Ruling(act="override", edit=edit)


def check(connection: Connection, ruling: Ruling) -> None:
    """Raises UsageError for codes that may not deny, or an edit nobody knows."""
    if ruling.act == "deny":
        on = installation.business_date(connection)
        if wrong := rulings.faults(ruling.group, ruling.reason, ruling.remarks, on):
            raise UsageError("; ".join(wrong))
    if ruling.act == "override" and ruling.edit not in edits.NAMES:
        raise UsageError(f"no edit {ruling.edit}; one of {', '.join(edits.NAMES)}")


# ---- acts that decide ------------------------------------------------------------------------------------------------


def decide(context: Context, icn: str, ruling: Ruling, user: str, why: str) -> str:
    """Releases, denies or overrides. Returns what it did; raises UsageError or NotPermitted."""
    with context.store.write("pend") as connection:
        check(connection, ruling)
        return rule(connection, context, opened(connection, icn), ruling, user, why)


def decide_all(context: Context, icns: Iterable[str], ruling: Ruling, user: str, why: str) -> dict[str, int]:
    """The same on many claims; returns how many came to what."""
    return _each(icns, lambda icn: decide(context, icn, ruling, user, why))


def _each(icns: Iterable[str], act: Callable[[str], str]) -> dict[str, int]:
    """An act on many claims, each in a transaction of its own: killed half-way and typed again, it does the rest.

    A claim that does not wait any more, or waits for somebody else, is left.
    """
    done: Counter[str] = Counter()
    for icn in icns:
        try:
            done[act(icn)] += 1
        except NotPermitted:
            done["left: it needs another person, or its sponsor"] += 1
        except UsageError:
            done["left: it does not wait any more"] += 1
    return dict(done)


def rule(connection: Connection, context: Context, row: Any, ruling: Ruling, user: str, why: str) -> str:
    """The same for the open hold of a pended claim, in the caller's transaction."""
    icn = holds.icn_of(row.subject)
    body = msgspec.json.decode(row.body)
    if row.sponsor_id == NOBODY and ruling.act != "release":
        raise NotPermitted(f"claim {icn} names no sponsor we know; it can only be released to one")
    by = _agreed(connection, row, body, ruling, user, people(connection, row, body, ruling))
    if by is None:
        tell(connection, context, icn, user, "agree", why, ruling.codes)
        return AGREED
    tell(connection, context, icn, user, ruling.act, why, ruling.codes)
    holds.shut(connection, row.id, user, why)
    if row.sponsor_id == NOBODY:
        return strangers.released(connection, context, row, body)
    _keep(connection, row.sponsor_id, icn, ruling, by, why)
    reruns.enqueue(connection, context, row.sponsor_id, icn, answered=ruling.act == "release")
    return DONE[ruling.act]


def people(connection: Connection, row: Any, body: dict[str, Any], ruling: Ruling) -> int:
    """How many must agree: as many as the pend asks for, and two to set aside an edit above the sponsor's limit."""
    asked = int(body.get("people", 1))
    if ruling.act != "override":
        return asked
    sponsor = Parties(connection, installation.business_date(connection)).sponsor(row.sponsor_id)
    charge = select(claim_table.c.charge_cents).where(
        claim_table.c.sponsor_id == row.sponsor_id, claim_table.c.icn == body["icn"]
    )
    above = connection.execute(charge).scalar_one() > sponsor.desk.override_alone_cents
    return max(asked, 2 if above else 1)


def _agreed(
    connection: Connection, row: Any, body: dict[str, Any], ruling: Ruling, user: str, wanted: int
) -> tuple[str, ...] | None:
    """Everybody who agreed on this act when they are enough, else None; raises NotPermitted for the same one again.

    Another act than the one agreed on so far begins anew: nobody is taken to agree with what they did not say.
    """
    same = "act" in body and msgspec.convert(body["act"], Ruling) == ruling
    given = tuple(body.get("given", ())) if same else ()
    if user in given:
        raise NotPermitted(f"{user} has done it already; another person must")
    by = (*given, user)
    if len(by) >= wanted:
        return by
    noted = {**body, "act": msgspec.to_builtins(ruling), "given": by}
    connection.execute(update(hold).where(hold.c.id == row.id).values(body=msgspec.json.encode(noted).decode()))
    return None


def _keep(connection: Connection, sponsor_id: str, icn: str, ruling: Ruling, by: tuple[str, ...], why: str) -> None:
    """What was ruled is kept with the claim, for its next decision."""
    if ruling.act == "release":
        return
    on = installation.business_date(connection)
    mine = (claim_table.c.sponsor_id == sponsor_id, claim_table.c.icn == icn)
    before = connection.execute(select(claim_table.c.rulings).where(*mine)).scalar_one()
    made = ruled(msgspec.json.decode(before, type=Rulings), ruling, by, on, why)
    connection.execute(update(claim_table).where(*mine).values(rulings=msgspec.json.encode(made).decode()))


def ruled(kept: Rulings, ruling: Ruling, by: tuple[str, ...], on: date, why: str) -> Rulings:
    """The rulings on a claim with one more; a second override of an edit takes the first one's place."""
    if ruling.act == "deny":
        refusal = Refusal(group=ruling.group, reason=ruling.reason, remarks=ruling.remarks, by=by, on=on, why=why)
        return msgspec.structs.replace(kept, refusal=refusal)
    if ruling.act == "override":
        others = tuple(each for each in kept.overrides if each.edit != ruling.edit)
        return msgspec.structs.replace(kept, overrides=(*others, Override(edit=ruling.edit, by=by, on=on, why=why)))
    return kept


# ---- acts that leave a claim where it is -----------------------------------------------------------------------------


def take(context: Context, icn: str, user: str, owner: str) -> str:
    """Gives a claim to somebody, who looks after it from now on."""
    with context.store.write("pend") as connection:
        opened(connection, icn)
        tell(connection, context, icn, user, pends.TAKE, "", f"to {owner}", owner=owner)
    return f"{owner} looks after the claim"


def take_all(context: Context, icns: Iterable[str], user: str, owner: str) -> dict[str, int]:
    """Gives many claims to somebody; returns how many came to what."""
    return _each(icns, lambda icn: take(context, icn, user, owner))


def note(context: Context, icn: str, user: str, text: str) -> str:
    """Keeps a person's words with a claim."""
    with context.store.write("pend") as connection:
        opened(connection, icn)
        tell(connection, context, icn, user, pends.NOTE, text, "")
    return "noted"


def answer(context: Context, icn: str, user: str, text: str) -> str:
    """Notes that what was asked for came: the clock goes on, and the claim is due."""
    with context.store.write("pend") as connection:
        opened(connection, icn)
        if not pends.asked(pends.events(connection, [icn])[icn]):
            raise UsageError(f"nobody was asked for information about claim {icn}")
        tell(connection, context, icn, user, pends.ANSWER, text, "")
        today = installation.business_date(connection)
        return f"the clock goes on; to be decided by {pends.one(connection, today, icn).due}"


def opened(connection: Connection, icn: str) -> Any:
    """The open hold of a pended claim, which nobody else changes meanwhile; raises UsageError."""
    mine = select(hold).where(hold.c.kind == "pend", hold.c.subject == f"claim {icn}", hold.c.state == "open")
    row = connection.execute(mine.with_for_update()).one_or_none()
    if row is None:
        raise UsageError(f"claim {icn} does not wait for a person")
    return row


def tell(
    connection: Connection, context: Context, icn: str, user: str, act: str, said: str, detail: str, **body: Any
) -> None:  # fmt: skip
    """The event and its audit row. detail: codes and names of ours alone, for the audit."""
    last = select(func.coalesce(func.max(pend_event.c.n), 0)).where(pend_event.c.icn == icn)
    connection.execute(
        insert(pend_event).values(
            icn=icn, n=connection.execute(last).scalar_one() + 1, at_us=context.now_us,
            acted_on=installation.business_date(connection).isoformat(), user=user, act=act, said=said,
            body=msgspec.json.encode(body).decode(),
        )
    )  # fmt: skip
    audit.note(connection, context.now_us, user, act, f"claim {icn}", detail)
