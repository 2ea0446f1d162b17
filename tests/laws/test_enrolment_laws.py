"""Laws of enrolment on random families and files."""

from __future__ import annotations

from datetime import date, timedelta

from enrolment_world import World
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.plan.enrolment import Rules
from gateway.plan.enrolment.spans import after, benefit, changes, cut, difference, joined, overlap, until
from gateway.plan.records import FOREVER, Span
from mappings.records import CoverageRow, EnrolmentHeader, MemberRow, Organisation, Person

calm = settings(deadline=None, max_examples=60)
"""A busy machine is not a broken law."""
JANUARY = date(2026, 1, 1)
TODAY = date(2026, 4, 6)
FREE = Rules(max_absent_people=10_000, min_remaining_percent=0, tier_mix_from_employees=10_000)


def header(action: str, day: date = TODAY) -> EnrolmentHeader:
    return EnrolmentHeader(reference="R", created=day, action=action, effective=day, sponsor=Organisation())


days = st.integers(0, 150).map(lambda n: JANUARY + timedelta(n))
lines = st.sampled_from(["PPO", "HMO", "DEN", "VIS"])


@st.composite
def pictures(draw: st.DrawFn, orderly: bool = True) -> list[MemberRow]:
    """A full file: families of a subscriber and dependents, each with spans of different benefits, some cancelled.

    orderly: subscribers before their dependents, as the guide asks.
    """
    rows: list[MemberRow] = []
    for family in range(draw(st.integers(1, 3))):
        for n in range(draw(st.integers(1, 3))):
            rows.append(draw(members(family, n)))
    shuffled = draw(st.permutations(rows))
    if orderly:
        shuffled = sorted(shuffled, key=lambda row: not row.subscriber)
    return [replace(row, ordinal=n) for n, row in enumerate(shuffled, 1)]


@st.composite
def members(draw: st.DrawFn, family: int, n: int) -> MemberRow:
    """One person of a full file; a cancelled one carries an end date."""
    cancelled = draw(st.booleans()) and draw(st.booleans())
    end = draw(days)
    chosen = draw(st.lists(lines, min_size=1, max_size=3, unique_by=benefit))
    return MemberRow(
        subscriber=n == 0,
        relationship="18" if n == 0 else "19",
        maintenance="024" if cancelled else "030",
        reason="07" if cancelled else "XN",
        subscriber_no=f"S{family}",
        member_no=f"M{n}" if draw(st.booleans()) else "",
        dates={"357": end} if cancelled else {},
        person=Person(last="X", first=f"F{n}", birth=date(1990, 1, 1)),
        coverages=tuple(draw(coverages(line)) for line in chosen),
    )


@st.composite
def coverages(draw: st.DrawFn, line: str) -> CoverageRow:
    first = draw(days)
    last = draw(st.none() | st.integers(-3, 200).map(lambda n: first + timedelta(n)))
    tier = draw(st.sampled_from(["EMP", "FAM"]))
    plan = draw(st.sampled_from(["A", "B"]))
    return CoverageRow(maintenance="030", line=line, plan=plan, tier=tier, first=first, last=last)


def check(world: World) -> None:
    """No two spans of a person share a day in one benefit, none ends before it begins - at any time, as known then."""
    for n in range(1, world.files + 1):
        for person_id in world.people:
            spans = world.member(person_id, f"{n:032d}").spans
            assert all(until(s) >= s.first for s in spans)
            for group in {benefit(s.line) for s in spans}:
                assert not overlap(sorted((s for s in spans if benefit(s.line) == group), key=lambda s: s.first))
    keys = [(p, s.line, s.first, s.known_from) for p, s in world.rows]
    assert len(keys) == len(set(keys))


@calm
@given(pictures(), pictures())
def test_a_full_file_applied_twice_is_applied_once(first: list[MemberRow], second: list[MemberRow]) -> None:
    """Whatever was on file, the second application of a full file writes no span and changes nobody."""
    world = World(rules=FREE)
    world.apply(header("RX"), first, TODAY, limited=False)
    world.apply(header("RX"), second, TODAY, limited=False)
    rows, people = list(world.rows), dict(world.people)
    found, done = world.apply(header("RX"), second, TODAY, limited=False)
    assert not found.leavers
    assert {o.kind for o in done} <= {"unchanged"}, [(o.kind, o.person_id, o.exceptions) for o in done]
    assert (world.rows, world.people) == (rows, people)
    check(world)


@calm
@given(pictures(orderly=False), pictures(orderly=False))
def test_spans_never_overlap_at_any_known_time(first: list[MemberRow], second: list[MemberRow]) -> None:
    """After any two full files, what is known at every moment is a set of spans without overlap."""
    world = World(rules=FREE)
    for rows in (first, second, first):
        world.apply(header("4"), rows, TODAY, limited=False)
        check(world)


# What may happen to somebody between two full files, as the full file shows it and as a change file says it.
EVENTS = {
    "nothing": lambda day: (CoverageRow(maintenance="030", line="PPO", plan="A", tier="EMP", first=JANUARY), None),
    "tier": lambda day: (
        CoverageRow(maintenance="030", line="PPO", plan="A", tier="FAM", first=day),
        CoverageRow(maintenance="001", line="PPO", plan="A", tier="FAM", first=day),
    ),
    "plan": lambda day: (
        CoverageRow(maintenance="030", line="PPO", plan="B", tier="EMP", first=day),
        CoverageRow(maintenance="001", line="PPO", plan="B", tier="EMP", first=day),
    ),
    "network": lambda day: (
        CoverageRow(maintenance="030", line="HMO", plan="H", tier="EMP", first=day),
        CoverageRow(maintenance="001", line="HMO", plan="H", tier="EMP", first=day),
    ),
    "end": lambda day: (
        CoverageRow(maintenance="030", line="PPO", plan="A", tier="EMP", first=JANUARY, last=day),
        CoverageRow(maintenance="024", line="PPO", last=day),
    ),
    "correction": lambda day: (
        CoverageRow(maintenance="030", line="PPO", plan="C", tier="EMP", first=JANUARY),
        CoverageRow(maintenance="026", line="PPO", plan="C", first=JANUARY),
    ),
    "gone": lambda day: (None, CoverageRow(maintenance="024", line="PPO", last=TODAY - timedelta(1))),
    "new": lambda day: (
        CoverageRow(maintenance="030", line="PPO", plan="A", tier="EMP", first=day),
        CoverageRow(maintenance="021", line="PPO", plan="A", tier="EMP", first=day),
    ),
}


def person(n: int, maintenance: str, coverage: CoverageRow) -> MemberRow:
    """A subscriber's row with one HD."""
    return MemberRow(
        ordinal=n + 1,
        subscriber=True,
        relationship="18",
        maintenance=maintenance,
        subscriber_no=f"S{n}",
        person=Person(last="X", first="F", birth=date(1990, 1, 1)),
        coverages=(coverage,),
    )


@calm
@given(st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), days.filter(lambda d: d > JANUARY)), min_size=1, max_size=6))
def test_a_change_file_is_the_difference_of_two_full_files(happened: list[tuple[str, date]]) -> None:
    """From the same start, the full file and the change file that tells the same events end in the same coverage."""
    start = [
        person(n, "030", CoverageRow(maintenance="030", line="PPO", plan="A", tier="EMP", first=JANUARY))
        for n, (event, _) in enumerate(happened)
        if event != "new"
    ]
    told = [(n, *EVENTS[event](day), event) for n, (event, day) in enumerate(happened)]
    full = [person(n, "030", picture) for n, picture, _, _ in told if picture]
    news = [person(n, "021" if event == "new" else "001", change) for n, _, change, event in told if change]
    by_picture, by_event = World(rules=FREE), World(rules=FREE)
    for world, action, rows in ((by_picture, "RX", full), (by_event, "2", news)):
        # Somebody else is always named: a file without any row speaks about no benefit and ends nothing.
        anchor = person(99, "030", CoverageRow(maintenance="030", line="PPO", plan="A", tier="EMP", first=JANUARY))
        world.apply(header("RX"), [*start, anchor], TODAY, limited=False)
        _, done = world.apply(header(action), rows + ([anchor] if action == "RX" else []), TODAY, limited=False)
        assert not any(o.exceptions for o in done)
    assert by_picture.coverage() == by_event.coverage()


spans = st.lists(
    st.builds(
        lambda line, plan, first, length: Span(
            line=line, plan_id=plan, first=first, last=None if length is None else first + timedelta(length)
        ),
        lines,
        st.sampled_from(["A", "B"]),
        days,
        st.none() | st.integers(0, 40),
    ),
    max_size=6,
)


def timeline(raw: list[Span]) -> tuple[Span, ...]:
    """Random spans made a legal timeline: what overlaps an earlier one of its benefit is left out."""
    kept: list[Span] = []
    for span in sorted(raw, key=lambda s: s.first):
        if all(until(s) < span.first for s in kept if benefit(s.line) == benefit(span.line)):
            kept.append(span)
    return tuple(sorted(kept, key=lambda s: (s.line, s.first)))


@calm
@given(spans, spans)
def test_changes_lead_from_before_to_after(old: list[Span], new: list[Span]) -> None:
    """Writing the changes between two timelines gives the second one; equal timelines need no change."""
    before, wanted = timeline(old), timeline(new)
    made = changes("P", before, wanted, "1" * 32)
    facts = [(s.line, s.plan_id, s.first, s.last) for s in after(before, made)]
    assert facts == [(s.line, s.plan_id, s.first, s.last) for s in wanted]
    assert changes("P", before, before, "1" * 32) == ()


@calm
@given(spans, spans, spans)
def test_history_rows_never_share_a_key(old: list[Span], new: list[Span], newer: list[Span]) -> None:
    """Two changes of a person known at the same moment, written in order, never give two rows one key."""
    world, ord = World(), "1" * 32
    for before, wanted in ((old, new), (new, newer)):
        live = tuple(s for _, s in world.rows if s.known_to == FOREVER) if world.rows else timeline(before)
        world.rows = world.rows or [("P", s) for s in live]
        for change in changes("P", live, timeline(wanted), ord):
            world.write(change, ord)
    keys = [(s.line, s.first, s.known_from) for _, s in world.rows]
    assert len(keys) == len(set(keys))


@calm
@given(spans, spans, days)
def test_difference_tells_every_day(old: list[Span], new: list[Span], day: date) -> None:
    """A day is in `term`, `add` or `change` exactly when coverage was lost, gained or of another plan on it."""
    before = tuple(s for s in timeline(old) if benefit(s.line) == "medical")
    now = tuple(s for s in timeline(new) if benefit(s.line) == "medical")
    found = {kind: any(a <= day <= b for a, b in days) for kind, days in difference(before, now).items()}
    was = next((s for s in before if s.first <= day <= until(s)), None)
    is_ = next((s for s in now if s.first <= day <= until(s)), None)
    differs = bool(was and is_ and (was.line, was.plan_id) != (is_.line, is_.plan_id))
    assert found == {"term": bool(was and not is_), "add": bool(is_ and not was), "change": differs}


@calm
@given(spans, days)
def test_cutting_and_joining_keep_the_days(raw: list[Span], day: date) -> None:
    """Cutting leaves no day after the cut, and joining changes no day's coverage."""
    before = tuple(s for s in timeline(raw) if s.line == "PPO")
    assert all(until(s) <= day for s in cut(before, day))
    assert difference(before, joined(before)) == {"term": [], "add": [], "change": []}
