"""What people do about claims that wait: each act with its event and audit row, the clock, and who must agree."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.errors import NotPermitted, UsageError
from gateway.flow import acts, asking, figures, loading, outlook, pends
from gateway.flow.pends import Filter, Pended
from gateway.plan.records import Decision
from gateway.settings import shipped
from gateway.store import installation
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import claim, decision, entry, hold, pend_event, work
from tests.flow.desk_world import (
    C1,
    C3,
    SPONSORS,
    acts_of,
    audited,
    begun,
    desk,
    near_duplicate,
    with_duplicate,
    with_large,
    without_lab,
)
from tests.flow.world import LAKESIDE, World, golden, only


def waiting(world: World, **wanted: Any) -> list[Pended]:
    """The pended claims of a filter, today."""
    with world.store.read() as connection:
        return pends.find(connection, installation.business_date(connection), Filter(**wanted))


def coming(world: World, ruling: acts.Ruling = acts.RELEASE, **wanted: Any) -> outlook.Outlook:
    """What an act would come to on them."""
    found = waiting(world, **wanted)
    with world.store.read() as connection:
        return outlook.outlook(connection, world.context, found, ruling, "ann")


def row(world: World, icn: str) -> Any:
    """The claim's row."""
    (found,) = world.rows(claim, claim.c.icn == icn)
    return found


def last(world: World, icn: str) -> Decision:
    """The newest decision of a claim."""
    return msgspec.json.decode(world.rows(decision, decision.c.icn == icn)[-1].body, type=Decision)


def test_a_denial_is_decided_and_says_who(sqlite_template: Path, tmp_path: Path) -> None:
    """Denied for OA-18, a claim is decided at nothing; hold, event, audit and decision tell who, without a word of why
    in the audit; codes that may not stand there are refused before anything is written."""
    world = with_duplicate(sqlite_template, tmp_path)
    for group, reason, remarks in (("CO", "18", ()), ("PR", "96", ()), ("CO", "45", ()), ("CO", "ZZ9", ())):
        with pytest.raises(UsageError):
            acts.decide(world.context, C3, acts.deny(group, reason, remarks), "ann", "no")
    assert world.count(pend_event) == 0
    denial = acts.deny("OA", "18", ())
    assert coming(world, denial).outcomes == {"denied": 1}
    assert acts.decide(world.context, C3, denial, "ann", "one visit of Alan") == "the claim is denied"
    world.run()
    found, made = row(world, C3), last(world, C3)
    assert (found.state, found.denied, found.paid_cents) == ("decided", 1, 0)
    assert {(a.group, a.reason) for line in made.lines for a in line.adjustments} == {("OA", "18")}
    assert made.lines[0].steps[0].text == "Denied by ann on 2026-04-06: one visit of Alan"
    assert world.holds("pend") == []
    assert acts_of(world, C3) == [("ann", "deny", "one visit of Alan")]
    assert audited(world, C3) == [("ann", "deny", "OA-18")]
    with pytest.raises(UsageError, match="does not wait"):
        acts.decide(world.context, C3, denial, "ann", "again")


def test_an_override_above_the_limit_takes_two_people(sqlite_template: Path, tmp_path: Path) -> None:
    """The employer lets one person set an edit aside up to 2.40: a claim of 241.00 needs a second, who does the same;
    another act begins anew; the decision names both."""
    limit = '\n[sponsor.desk]\noverride_alone_cents = 240\n\n[[sponsor]]\nid = "lakeline"'
    sponsors = SPONSORS.replace('\n[[sponsor]]\nid = "lakeline"', limit)
    world = with_duplicate(sqlite_template, tmp_path, sponsors=sponsors)
    aside = acts.override("duplicate")
    with pytest.raises(UsageError, match="no edit"):
        acts.decide(world.context, C3, acts.override("arithmetic"), "ann", "no such thing")
    assert acts.decide(world.context, C3, aside, "ann", "two visits") == acts.AGREED
    with pytest.raises(NotPermitted):
        acts.decide(world.context, C3, aside, "ann", "two visits")
    assert acts.decide(world.context, C3, acts.override("timely"), "ben", "another") == acts.AGREED
    assert acts.decide(world.context, C3, aside, "ben", "yes, two") == acts.AGREED  # ann's was not this one any more
    world.run()
    assert row(world, C3).state == "pended"
    acts.decide(world.context, C3, aside, "ann", "asked them")
    world.run()
    assert (row(world, C3).state, last(world, C3).paid_cents) == ("decided", 95_00 + 20_00)
    (note,) = last(world, C3).notes
    assert note.text == "The edit duplicate was set aside by ben and ann on 2026-04-06: asked them"
    assert [(who, act) for who, act, _ in audited(world, C3)] == [
        ("ann", "agree"), ("ben", "agree"), ("ben", "agree"), ("ann", "override"),
    ]  # fmt: skip


def test_a_release_counts_with_todays_accumulators(sqlite_template: Path, tmp_path: Path) -> None:
    """Alan's claim waited for a price while Bianca took 1,000.00 of the deductible that leaves him none: released, his
    laboratory line of 25.00 is paid at 80 %, as the look before said, and not taken to the deductible as in the golden
    order."""
    world = without_lab(sqlite_template, tmp_path)
    bianca = sum(row.cents for row in world.rows(entry) if row.icn == "26096000005" and row.kind == "deductible")
    assert bianca == 1_000_00
    loading.load(world.context, [shipped() / "golden" / "fees.csv"], "ann")
    acts.decide(world.context, C3, acts.deny("OA", "18", ()), "ann", "it is C1 again")
    world.run()
    (found,) = coming(world, queue="PRC").claims
    assert (found.icn, found.outcome, found.paid_cents) == (C1, "paid", 95_00 + 20_00)
    acts.decide(world.context, C1, acts.RELEASE, "ann", "the price is loaded")
    world.run()
    assert last(world, C1).paid_cents == 95_00 + 20_00
    assert not any(a.reason == "1" for line in last(world, C1).lines for a in line.adjustments)


def test_the_clock_stands_while_information_is_asked_for(sqlite_template: Path, tmp_path: Path) -> None:
    """Received April 6th, asked on the 16th, answered on the 20th: due May 6th becomes May 10th. The letter goes to the
    folder where the provider's remittances go; one question at a time; a member's letter waits for a person to post."""
    world = with_duplicate(sqlite_template, tmp_path)
    world.advance("2026-04-16")
    (before,) = waiting(world)
    assert (before.due, before.used_days, before.clock_stands) == (date(2026, 5, 6), 10, False)
    with pytest.raises(UsageError, match="nobody was asked"):
        acts.answer(world.context, C3, "ann", "nothing came")
    said = asking.request(world.context, C3, "ann", "provider", "The notes of both visits.", extend=False)
    assert "at most until 2026-05-31" in said
    world.run()
    letter, page = world.sent("letter", "clearpath")
    told = json.loads(letter)
    assert (told["claim"]["our_claim_number"], told["what_we_need"]["please_answer_by"]) == (C3, "2026-05-31")
    assert page.startswith(b"%PDF")
    with pytest.raises(UsageError, match="already"):
        asking.request(world.context, C3, "ben", "provider", "More.", extend=False)
    world.advance("2026-04-20")
    (stands,) = waiting(world)
    assert (stands.clock_stands, stands.answer_by) == (True, date(2026, 5, 31))
    assert "2026-05-10" in acts.answer(world.context, C3, "ben", "The notes came by fax.")
    (after,) = waiting(world)
    assert (after.due, after.used_days, after.clock_stands) == (date(2026, 5, 10), 10, False)
    assert "at most until 2026-05-31" in asking.request(world.context, C3, "ben", "member", "Who saw you?", extend=True)
    (posted,) = world.holds("undelivered")
    assert posted.subject == f"{C3}-letter-3"
    (extended,) = waiting(world)
    assert extended.due == date(2026, 5, 25)
    assert audited(world, C3) == [
        ("ann", "request", "to provider"), ("ben", "answer", ""), ("ben", "request", "to member"),
    ]  # fmt: skip


def test_a_timer_waits_for_an_answer(sqlite_template: Path, tmp_path: Path) -> None:
    """A member nobody knows is not denied after the plan's patience while somebody is asked about it."""
    world = desk(sqlite_template, tmp_path)
    body = only(golden("in.837p"), LAKESIDE).replace(b"LIU*FRANK****MI*SBA100003", b"LIU*FRANK****MI*SBA999999")
    world.send("clearpath", "claims.837", body)
    (unknown,) = waiting(world, queue="MBR")
    with pytest.raises(UsageError, match="not on file"):
        asking.request(world.context, unknown.icn, "ann", "member", "Who are you?", extend=False)
    asking.request(world.context, unknown.icn, "ann", "provider", "The number on the card.", extend=False)
    world.advance("2026-04-14")
    assert [one.icn for one in waiting(world, queue="MBR")] == [unknown.icn]


def test_many_claims_at_once(sqlite_template: Path, tmp_path: Path) -> None:
    """A filter shows what a release would come to and writes nothing; the first person's release is noted, the second
    one's decides them, to the cent that was shown; one that is typed again does nothing."""
    world = with_large(sqlite_template, tmp_path)
    tables = (claim, decision, entry, hold, work, pend_event)
    counts = [world.count(table) for table in tables]
    large = [one.icn for one in waiting(world, queue="AUD", reason="pays")]
    shown = coming(world, queue="AUD")
    assert [world.count(table) for table in tables] == counts
    assert shown.count == len(large) > 3
    assert waiting(world, queue="AUD", older_than_days=0) == [] == waiting(world, npi="1")
    assert waiting(world, due_by=date(2026, 5, 5)) == []
    assert acts.decide_all(world.context, large, acts.RELEASE, "ann", "seen") == {acts.AGREED: len(large)}
    again = acts.decide_all(world.context, large, acts.RELEASE, "ann", "seen")
    assert again == {"left: it needs another person, or its sponsor": len(large)}
    assert [one.given for one in waiting(world, queue="AUD")] == [("ann",)] * len(large)
    count = len(large)
    assert acts.decide_all(world.context, large, acts.RELEASE, "ben", "seen") == {"the claim is decided again": count}
    gone = acts.decide_all(world.context, large, acts.RELEASE, "eve", "seen")
    assert gone == {"left: it does not wait any more": count}
    world.run()
    came = {one.icn: (one.outcome, one.paid_cents) for one in shown.claims}
    assert {icn: (last(world, icn).outcome, last(world, icn).paid_cents) for icn in large} == came
    assert came[C1] == ("pended", 0)  # it resembles C3, which waits
    assert shown.paid_cents == sum(paid for _, paid in came.values()) - 400_00  # C7 takes 400.00 back


def test_owner_and_notes(sqlite_template: Path, tmp_path: Path) -> None:
    """A claim has the owner it was last given to, and keeps owner and notes when it is decided and waits again."""
    world = with_large(sqlite_template, tmp_path)
    acts.take(world.context, C3, "ann", "ann")
    acts.note(world.context, C3, "ann", "asked Dr. Who")
    acts.take(world.context, C3, "ann", "ben")
    acts.decide(world.context, C3, acts.RELEASE, "ben", "another visit")
    world.run()
    (found,) = waiting(world, owner="ben")
    assert (found.icn, found.queue) == (C3, "AUD")
    assert [act for _, act, _ in acts_of(world, C3)] == ["take", "note", "take", "release"]
    assert [detail for _, _, detail in audited(world, C3)] == ["to ann", "", "to ben", ""]


def test_either_database(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Of eight claims one falls out, into DUP: 87.50 % are decided without a person, those taken over left out. It is
    listed, looked after, asked about and released on either database."""
    world = begun(World(store, keys, tmp_path))
    world.send("clearpath", "claims.837", near_duplicate())
    with world.store.read() as connection:
        found = figures.read(connection)
        later = figures.read(connection, date(2026, 4, 7))
    assert (found.first_decisions, found.pended, found.automatic_rate) == (8, 1, 87_50)
    assert [(one.queue, one.claims, one.waiting) for one in found.causes] == [("DUP", 1, 1)]
    assert (later.first_decisions, later.automatic_rate, later.causes) == (0, None, ())
    acts.take(world.context, C3, "ann", "ann")
    asking.request(world.context, C3, "ann", "provider", "The notes.", extend=True)
    acts.answer(world.context, C3, "ann", "They came.")
    (shown,) = coming(world, acts.override("duplicate"), owner="ann").claims
    acts.decide(world.context, C3, acts.override("duplicate"), "ann", "two visits")
    world.run()
    assert (shown.outcome, shown.paid_cents) == ("paid", last(world, C3).paid_cents)
    assert len(acts_of(world, C3)) == len(audited(world, C3)) == 4
