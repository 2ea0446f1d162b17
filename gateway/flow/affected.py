"""Which decided claims are meant: those of a filter, and the later ones of a family that something was taken back in.

A void, a replacement or a claim decided again gives back what it used of deductibles, maxima and limits, and is no
duplicate's source any more. Nothing cascades by itself (domain 4.9): the later claims are decided again in order
without writing, and those that would come to something else are told to a person, who has them reprocessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, exists, or_, select

from gateway.errors import UsageError
from gateway.flow import again, holds
from gateway.flow.again import DECIDED, Turn, Turned
from gateway.flow.context import Context
from gateway.flow.filed import NEWEST
from gateway.flow.roster import NOW
from gateway.plan.records import Decision
from gateway.store import queue
from gateway.store.engine import CHUNK_CLAIMS
from gateway.store.queue import Work
from gateway.store.schema import claim, decision, hold, person, reprocessed
from mappings.records import Claim


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which decided claims: all that every given part fits; "" and None ask nothing. icns: their numbers. person: our
    id of the patient, or the member's or subscriber's number. plan_id: of the document they were decided by. npi: of
    the billing provider. code: procedure of a line. first, last: a day of service lies between. reason: CARC of a line.
    hold_id: those that a hold names. later: with them, the later ones of their families."""

    icns: tuple[str, ...] = ()
    sponsor_id: str = ""
    person: str = ""
    plan_id: str = ""
    npi: str = ""
    code: str = ""
    first: date | None = None
    last: date | None = None
    reason: str = ""
    hold_id: str = ""
    later: bool = False

    @property
    def empty(self) -> bool:
        """Whether it would mean every claim there is."""
        return msgspec.structs.replace(self, later=False) == Filter()


def find(connection: Connection, wanted: Filter) -> dict[str, list[str]]:
    """By sponsor: the claims that are meant and stand in no reprocessing that is under way.

    Raises UsageError for a hold that names no claims.
    """
    found: dict[str, list[str]] = defaultdict(list)
    roots: dict[str, set[str]] = defaultdict(set)
    for row in connection.execute(_meant(connection, wanted).execution_options(yield_per=CHUNK_CLAIMS)):
        if _fits(row, wanted):
            found[row.sponsor_id].append(row.icn)
            roots[row.sponsor_id].add(row.family_root)
    if wanted.later:
        for sponsor_id, icns in found.items():
            meant = set(icns)
            for root in sorted(roots[sponsor_id] - {""}):
                behind = (turn.row.icn for turn in later(connection, sponsor_id, root, meant))
                icns += [icn for icn in behind if icn not in meant]
    return dict(found)


def _meant(connection: Connection, wanted: Filter) -> Select[Any]:
    """Decided claims as far as their columns tell."""
    under_way = exists().where(
        reprocessed.c.sponsor_id == claim.c.sponsor_id, reprocessed.c.icn == claim.c.icn, reprocessed.c.done == ""
    )
    columns = (claim.c.sponsor_id, claim.c.icn, claim.c.family_root, claim.c.body, decision.c.body.label("decided"))
    asked = [*DECIDED, ~under_way]
    if wanted.icns or wanted.hold_id:
        asked.append(claim.c.icn.in_(wanted.icns or _named(connection, wanted.hold_id)))
    if wanted.sponsor_id:
        asked.append(claim.c.sponsor_id == wanted.sponsor_id)
    if wanted.person:
        numbers = (person.c.person_id, person.c.member_no, person.c.subscriber_no)
        people = exists().where(person.c.sponsor_id == claim.c.sponsor_id, person.c.person_id == claim.c.person_id,
                                or_(*(number == wanted.person for number in numbers)))  # fmt: skip
        asked.append(people)
    if wanted.npi:
        asked.append(decision.c.npi == wanted.npi)
    if wanted.first is not None:
        asked.append(claim.c.last >= wanted.first.isoformat())
    if wanted.last is not None:
        asked.append(claim.c.first <= wanted.last.isoformat())
    joined = claim.join(decision, NEWEST)
    return select(*columns).select_from(joined).where(*asked).order_by(claim.c.sponsor_id, claim.c.ord, claim.c.icn)


def _named(connection: Connection, hold_id: str) -> list[str]:
    body = connection.execute(select(hold.c.body).where(hold.c.id == hold_id, hold.c.kind == "review")).scalar()
    if body is None:
        raise UsageError(f"{hold_id} is no hold that names decided claims")
    icns: list[str] = msgspec.json.decode(body)["icns"]
    return icns


def _fits(row: Any, wanted: Filter) -> bool:
    """What only the claim and its decision tell."""
    if wanted.code and all(
        line.procedure.code != wanted.code for line in msgspec.json.decode(row.body, type=Claim).lines
    ):
        return False
    if not wanted.plan_id and not wanted.reason:
        return True
    made = msgspec.json.decode(row.decided, type=Decision)
    reasons = {each.reason for line in made.lines for each in line.adjustments}
    return wanted.plan_id in ("", made.plan_id) and (not wanted.reason or wanted.reason in reasons)


# ---- families --------------------------------------------------------------------------------------------------------


def later(connection: Connection, sponsor_id: str, root: str, icns: Collection[str]) -> list[Turn]:
    """The decided claims of a family behind the first of these, which itself may stand no more, in their places."""
    people = select(person.c.person_id).where(person.c.sponsor_id == sponsor_id, person.c.family_root == root)
    theirs = (claim.c.sponsor_id == sponsor_id, claim.c.person_id.in_(list(connection.execute(people).scalars())))
    family = select(claim.c.icn, claim.c.ord, claim.c.original_icn).where(*theirs)
    named = [row for row in connection.execute(family) if row.icn in icns]
    places = again.places_of(connection, sponsor_id, named)
    if not places:
        return []
    standing = list(connection.execute(select(claim.c.icn).where(*theirs, *DECIDED)).scalars())
    first = min((place, icn) for icn, place in places.items())
    return [
        turn for turn in again.turns(connection, sponsor_id, standing, NOW) if (turn.place, turn.row.icn) > first
    ]  # fmt: skip


def in_families(those: Sequence[Turn]) -> Iterator[list[Turn]]:
    """The claims in parts of whole families, at most CHUNK_CLAIMS each unless one family has more."""
    families: dict[str, list[Turn]] = defaultdict(list)
    for turn in those:
        families[turn.family].append(turn)
    part: list[Turn] = []
    for family in families.values():
        if part and len(part) + len(family) > CHUNK_CLAIMS:
            yield part
            part = []
        part = part + family
    if part:
        yield part


def would_change(
    connection: Connection, context: Context, sponsor_id: str, root: str, icns: Sequence[str]
) -> list[Turned]:  # fmt: skip
    """The later claims of a family that would come to something else if all of them were decided again."""
    those = [turn for turn in later(connection, sponsor_id, root, icns) if turn.row.icn not in icns]
    if not those:
        return []
    turned = again.rehearse(connection, context, sponsor_id, those, NOW).turned
    return sorted((each for each in turned if each.outcome == "changed"), key=lambda each: each.turn.place)


def affected(context: Context, work: Work) -> None:
    """The step: something of a family was taken back; what that changes of later claims is told to a person."""
    body, sponsor_id = work.body, work.sponsor_id
    with context.store.read() as connection:
        found = would_change(connection, context, sponsor_id, body["root"], body["icns"])
    icns = [each.turn.row.icn for each in found]
    subject = f"claim {body['icns'][0]}"
    with context.store.write("affected") as connection:
        queue.finish(connection, work)
        holds.close_about(connection, "review", sponsor_id, subject)
        if icns:
            reason = f"taken back for {body['cause']}; {len(icns)} later claims of the family would come out otherwise"
            holds.open_(connection, context.now_us, "review", sponsor_id, subject, reason, icns=icns)
