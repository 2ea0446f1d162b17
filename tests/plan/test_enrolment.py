"""Enrolment: every maintenance code, who is meant, what a whole file may do, and the golden 834."""

from __future__ import annotations

from datetime import date

import pytest
from enrolment_cases import (
    GOLDEN_HEADER,
    JANUARY,
    ORD,
    TODAY,
    child,
    cody,
    coverage,
    golden_rows,
    header,
    member,
    row,
    span,
)
from msgspec.structs import replace

from gateway.plan import enrolment
from gateway.plan.enrolment import RosterEntry, RowKey, RowOutcome, Rules
from gateway.plan.records import Member, Span
from mappings.records import CoverageRow, EnrolmentHeader, MemberRow, Organisation, Person

RULES = Rules()
FREE = Rules(retro_term_days=10_000, retro_add_days=10_000)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
END_FEBRUARY, END_MARCH = date(2026, 2, 28), date(2026, 3, 31)


def applied(what: MemberRow, *family: Member, action: str = "2", rules: Rules = RULES) -> RowOutcome:
    """A row applied on the golden day."""
    return enrolment.apply_row(header(action), what, family, rules, ORD, TODAY)


def spans_of(outcome: RowOutcome) -> list[tuple[object, ...]]:
    """The spans a row leaves, without what is the same everywhere."""
    assert outcome.member is not None, outcome.exceptions
    return [(s.plan_id, s.tier, s.first, s.last) for s in outcome.member.spans]


OPEN, ENDED = span(), span(last=END_FEBRUARY)
# code, spans on file, HD, what shall be on file (plan, tier, first, last) or the trouble's code
CODE_TABLE = [
    ("021", (), coverage("021", APRIL, plan="A", tier="EMP"), [("A", "EMP", APRIL, None)]),
    ("021", (OPEN,), coverage("021", JANUARY, plan="A", tier="EMP"), [("A", "EMP", JANUARY, None)]),
    ("021", (OPEN,), coverage("021", APRIL, plan="B"), "overlap"),
    ("021", (OPEN,), coverage("021", APRIL, plan="A", line="HMO"), "overlap"),
    ("021", (ENDED,), coverage("021", MARCH, plan="A", tier="EMP"), [("A", "EMP", JANUARY, None)]),
    ("021", (), coverage("021"), "no-begin"),
    ("021", (), coverage("021", APRIL, MARCH), "dates"),
    ("001", (OPEN,), coverage("001", APRIL, tier="FAM"), [("A", "EMP", JANUARY, END_MARCH), ("A", "FAM", APRIL, None)]),
    ("001", (OPEN,), coverage("001", APRIL, plan="B"), [("A", "EMP", JANUARY, END_MARCH), ("B", "EMP", APRIL, None)]),
    ("001", (OPEN,), coverage("001", APRIL), [("A", "EMP", JANUARY, None)]),
    ("001", (ENDED,), coverage("001", APRIL, tier="FAM"), "no-span"),
    ("001", (), coverage("001", APRIL), "no-span"),
    ("024", (OPEN,), coverage("024", None, END_MARCH), [("A", "EMP", JANUARY, END_MARCH)]),
    ("024", (OPEN,), coverage("024", None, JANUARY), [("A", "EMP", JANUARY, JANUARY)]),
    ("024", (span(APRIL),), coverage("024", None, END_MARCH), []),
    ("024", (OPEN,), coverage("024"), "no-end"),
    ("024", (), coverage("024", None, END_MARCH), "no-span"),
    ("024", (OPEN,), coverage("024", None, END_MARCH, line="DEN"), "no-span"),
    ("025", (ENDED,), coverage("025", MARCH), [("A", "EMP", JANUARY, None)]),
    ("025", (ENDED,), coverage("025"), [("A", "EMP", JANUARY, None)]),
    ("025", (ENDED,), coverage("025", APRIL), [("A", "EMP", JANUARY, END_FEBRUARY), ("A", "EMP", APRIL, None)]),
    (
        "025",
        (ENDED,),
        coverage("025", MARCH, tier="FAM"),
        [("A", "EMP", JANUARY, END_FEBRUARY), ("A", "FAM", MARCH, None)],
    ),
    ("025", (OPEN,), coverage("025", MARCH), [("A", "EMP", JANUARY, None)]),
    ("025", (OPEN,), coverage("025", MARCH, plan="B"), "not-ended"),
    ("025", (), coverage("025", MARCH), "no-span"),
    ("002", (span(MARCH),), coverage("002", MARCH), []),
    ("002", (OPEN,), coverage("002", date(2025, 1, 1)), "no-span"),
    ("026", (OPEN,), coverage("026", date(2026, 2, 15), plan="B"), [("B", "EMP", date(2026, 2, 15), None)]),
    ("026", (ENDED,), coverage("026", None, END_MARCH), [("A", "EMP", JANUARY, END_MARCH)]),
    ("026", (ENDED, span(APRIL, plan_id="B")), coverage("026", JANUARY, APRIL), "overlap"),
    ("026", (), coverage("026", MARCH), "no-span"),
    ("030", (OPEN,), coverage("030", JANUARY), "maintenance"),
    ("032", (OPEN,), coverage("032"), [("A", "EMP", JANUARY, None)]),
    ("999", (OPEN,), coverage("999"), "maintenance"),
]


@pytest.mark.parametrize(("code", "on_file", "hd", "wanted"), CODE_TABLE)
def test_each_coverage_code_of_a_change_file(
    code: str, on_file: tuple[Span, ...], hd: CoverageRow, wanted: list[tuple[object, ...]] | str
) -> None:
    """Each HD01 code has its effect on the spans, or rejects the row with its reason and changes nothing."""
    outcome = applied(row("001", hd), member(*on_file), rules=FREE)
    if isinstance(wanted, str):
        assert (outcome.kind, [t.code for t in outcome.exceptions]) == ("rejected", [wanted])
        assert outcome.member is None and not outcome.span_changes
    else:
        assert spans_of(outcome) == wanted


COMPARE_TABLE = [
    ((), coverage("030", MARCH, plan="A", tier="EMP"), [("A", "EMP", MARCH, None)], "changed"),
    ((OPEN,), coverage("030", JANUARY, plan="A", tier="EMP"), [("A", "EMP", JANUARY, None)], "unchanged"),
    ((OPEN,), coverage("030"), [("A", "EMP", JANUARY, None)], "unchanged"),
    ((OPEN,), coverage("030", MARCH, plan="A"), [("A", "EMP", JANUARY, None)], "unchanged"),
    ((OPEN,), coverage("030", JANUARY, END_MARCH), [("A", "EMP", JANUARY, END_MARCH)], "ended"),
    ((ENDED,), coverage("030", JANUARY), [("A", "EMP", JANUARY, None)], "changed"),
    (
        (ENDED, span(MARCH, tier="FAM")),
        coverage("030", JANUARY, tier="FAM"),
        [("A", "EMP", JANUARY, END_FEBRUARY), ("A", "FAM", MARCH, None)],
        "unchanged",
    ),
    (
        (OPEN,),
        coverage("030", APRIL, tier="FAM"),
        [("A", "EMP", JANUARY, END_MARCH), ("A", "FAM", APRIL, None)],
        "changed",
    ),
    ((OPEN,), coverage("030", JANUARY, plan="B"), [("B", "EMP", JANUARY, None)], "changed"),
    ((OPEN,), coverage("030", JANUARY, date(2025, 12, 31)), [], "ended"),
    (
        (OPEN, span(date(2026, 6, 1), line="DEN", plan_id="D")),
        coverage("030", JANUARY),
        [("D", "EMP", date(2026, 6, 1), None), ("A", "EMP", JANUARY, None)],
        "unchanged",
    ),
]


@pytest.mark.parametrize(("on_file", "hd", "wanted", "kind"), COMPARE_TABLE)
def test_a_full_file_is_compared(
    on_file: tuple[Span, ...], hd: CoverageRow, wanted: list[tuple[object, ...]], kind: str
) -> None:
    """030 of a full file derives add, change, end or nothing from the picture it shows."""
    outcome = applied(row("030", hd), member(*on_file), action="RX", rules=FREE)
    assert (spans_of(outcome), outcome.kind) == (wanted, kind)


def test_only_ins03_024_ends_every_benefit_and_all_dependents() -> None:
    """A cancelled subscriber without any HD ends on DTP*357 on every line, and so does every dependent."""
    dental = span(line="DEN", plan_id="D")
    outcome = applied(row("024", dates={"357": END_MARCH}), member(OPEN, dental), cody(OPEN))
    assert [(c.person_id, c.opened.line, c.opened.last) for c in outcome.span_changes if c.opened] == [
        ("SBA1-M01", "DEN", END_MARCH),
        ("SBA1-M01", "PPO", END_MARCH),
        ("SBA1-M02", "PPO", END_MARCH),
    ]
    assert outcome.kind == "ended"
    assert outcome.member and outcome.member.ended == END_MARCH
    assert all(c.superseded and c.opened and c.opened.known_from == ORD for c in outcome.span_changes)


def test_a_cancelled_dependent_leaves_the_family_covered() -> None:
    """A dependent's 024 touches nobody else."""
    outcome = applied(child("024", dates={"357": END_MARCH}), member(OPEN), cody(OPEN))
    assert {c.person_id for c in outcome.span_changes} == {"SBA1-M02"}


def test_one_line_ended_for_the_subscriber_ends_it_for_dependents() -> None:
    """HD 024 of a change file takes the dependents along on that benefit, unless HD 032 says they stay."""
    dental = span(line="DEN", plan_id="D")
    hd = coverage("024", None, END_MARCH, line="DEN")
    outcome = applied(row("001", hd), member(OPEN, dental), cody(OPEN, dental))
    assert [(c.person_id, c.opened.line) for c in outcome.span_changes if c.opened] == [
        ("SBA1-M01", "DEN"),
        ("SBA1-M02", "DEN"),
    ]
    alone = applied(row("001", hd, coverage("032", line="DEN")), member(OPEN, dental), cody(OPEN, dental))
    assert {c.person_id for c in alone.span_changes} == {"SBA1-M01"}


def test_nobody_outlives_the_subscribers_cancellation() -> None:
    """A full file that names a dependent of a cancelled subscriber as active leaves the dependent ended."""
    gone = member(span(last=END_MARCH), ended=END_MARCH)
    outcome = applied(child("030", coverage("030", JANUARY)), gone, cody(span(last=END_MARCH)), action="RX")
    assert outcome.kind == "unchanged"


def test_a_plan_may_be_swapped_in_one_row() -> None:
    """024 of the old plan and 021 of the new one work in whatever order the row names them."""
    hds = (coverage("021", APRIL, plan="B", line="HMO", tier="EMP"), coverage("024", None, END_MARCH, plan="A"))
    outcome = applied(row("001", *hds), member(OPEN))
    assert spans_of(outcome) == [("B", "EMP", APRIL, None), ("A", "EMP", JANUARY, END_MARCH)]


def test_reinstatement_without_hd_reopens_what_ended_last() -> None:
    """INS03 025 alone opens every line that ended on the last day again, and un-ends the person."""
    ended = member(ENDED, span(line="DEN", last=JANUARY), ended=END_FEBRUARY)
    outcome = applied(row("025", dates={"303": MARCH}), ended)
    assert outcome.member and outcome.member.ended is None
    assert [(s.line, s.last) for s in outcome.member.spans] == [("DEN", JANUARY), ("PPO", None)]


def test_a_demographic_change_touches_no_span() -> None:
    """001 without HD changes the person and leaves coverage alone; what the row leaves out stays."""
    married = row("001", person=Person(last="REED-OAK", first="ALAN"), employment="PT")
    outcome = applied(married, member(OPEN, employment="FT"))
    assert (outcome.kind, outcome.span_changes) == ("changed", ())
    assert outcome.member and outcome.member.person == Person(last="REED-OAK", first="ALAN", birth=date(1980, 4, 12))
    assert outcome.member.employment == "PT"


def test_the_ssn_is_handed_out_apart() -> None:
    """NM109 under NM108 34 is the outcome's ssn and is not in the member."""
    known = Person(last="REED", first="ALAN", birth=date(1980, 4, 12), id_qualifier="34", id="900000001")
    outcome = applied(row("001", person=known), member(OPEN))
    assert outcome.ssn == "900000001"
    assert outcome.member and (outcome.member.person.id, outcome.member.person.id_qualifier) == ("", "")


def test_a_cobra_row_after_the_election_takes_no_end_away() -> None:
    """025 with INS05 C confirms what an election on file covers; before the election it opens coverage from DTP*348."""
    elected = span(MARCH, date(2027, 8, 31))
    asked = row("025", coverage("025", MARCH), status="C", reason="09")
    after_election = applied(asked, member(ENDED, elected, status="C"))
    assert spans_of(after_election) == [("A", "EMP", JANUARY, date(2027, 8, 31))]
    assert after_election.reviews == ()
    assert spans_of(applied(asked, member(ENDED))) == [("A", "EMP", JANUARY, None)]
    until = replace(asked, dates={"341": date(2027, 8, 31)})
    assert spans_of(applied(until, member(ENDED))) == [("A", "EMP", JANUARY, date(2027, 8, 31))]


@pytest.mark.parametrize("hds", [(), (coverage("024", JANUARY, END_FEBRUARY),)], ids=["INS alone", "with HD"])
@pytest.mark.parametrize("action", ["2", "4"])
def test_a_repeated_end_does_not_end_cobra(action: str, hds: tuple[CoverageRow, ...]) -> None:
    """Sponsors repeat ended employees for months: what ended before the COBRA election is known and stays as it is."""
    elected = member(ENDED, span(MARCH, date(2027, 8, 31)), status="C")
    outcome = applied(row("024", *hds, dates={"357": END_FEBRUARY}, reason="08"), elected, action=action)
    assert (outcome.kind, outcome.member, outcome.cobra_event) == ("unchanged", elected, None)
    over = applied(row("024", dates={"357": END_MARCH}, status="C", reason="59"), elected, action=action)
    assert over.kind == "ended"


# ---- who is meant ---------------------------------------------------------------------------------------------------


def test_twins_without_member_numbers_are_two_people() -> None:
    """Relationship, birth, first name and birth sequence tell twins apart, and number new people 01, 02, ..."""
    twin = Person(last="REED", birth=date(2026, 3, 30))
    first = applied(child("021", coverage("021", APRIL), member_no="", birth_sequence=1, person=twin), member(OPEN))
    assert first.member and first.member.person_id == "SBA1-01"
    family = (member(OPEN), first.member)
    second = applied(child("021", coverage("021", APRIL), member_no="", birth_sequence=2, person=twin), *family)
    assert second.member and (second.kind, second.member.person_id) == ("added", "SBA1-02")
    again = applied(
        child("021", coverage("021", APRIL), member_no="", birth_sequence=2, person=twin), *family, second.member
    )
    assert (again.kind, again.person_id) == ("unchanged", "SBA1-02")


def test_a_correction_finds_the_person_by_the_wrong_values() -> None:
    """2100B holds what was wrong: the row means the person who has it on file, and never makes a second one."""
    right = Person(last="REED", first="ALLAN", birth=date(1980, 4, 13))
    wrong = Person(last="REED", first="ALAN", birth=date(1980, 4, 12))
    outcome = applied(row("001", member_no="", reason="25", person=right, prior=wrong), member(OPEN, member_no=""))
    assert (outcome.kind, outcome.person_id) == ("changed", "SBA1-M01")
    assert outcome.member and outcome.member.person == right


def test_a_new_subscriber_number_keeps_root_and_person_and_moves_the_family() -> None:
    """REF*0F new with REF*Q4 old: same person id and family root, an alias for everybody, dependents follow."""
    outcome = applied(row("001", reason="25", subscriber_no="SBA9", prior_no="SBA1"), member(OPEN), cody(OPEN))
    assert outcome.member and outcome.member.subscriber_no == "SBA9"
    assert (outcome.member.person_id, outcome.member.family_root) == ("SBA1-M01", "SBA1")
    assert [(m.person_id, m.subscriber_no) for m in outcome.moved] == [("SBA1-M02", "SBA9")]
    assert outcome.aliases == (("SBA1", "SBA1-M01"), ("SBA1", "SBA1-M02"))


def test_a_spouse_who_elects_alone_stays_the_same_person() -> None:
    """A spouse becoming a subscriber keeps person id and family root moving nobody."""
    bianca = Person(last="REED", first="BIANCA", birth=date(1982, 9, 5))
    wife = cody(ENDED, person_id="SBA1-M03", member_no="M03", relationship="01", person=bianca)
    asked = row(
        "025",
        coverage("025", MARCH, date(2029, 2, 28)),
        status="C",
        reason="09",
        subscriber_no="SBA7",
        member_no="M01",
        prior_no="SBA1",
        person=bianca,
    )
    outcome = applied(asked, member(OPEN), wife)
    assert outcome.member and (outcome.member.person_id, outcome.member.family_root) == ("SBA1-M03", "SBA1")
    assert (outcome.member.subscriber, outcome.member.status, outcome.moved) == (True, "C", ())
    assert outcome.aliases == (("SBA1", "SBA1-M03"),)
    assert spans_of(outcome) == [("A", "EMP", JANUARY, date(2029, 2, 28))]


@pytest.mark.parametrize("maintenance", ["001", "024", "025"])
def test_a_change_of_nobody_is_rejected(maintenance: str) -> None:
    """Only 021 may bring somebody new in a change file."""
    outcome = applied(row(maintenance, coverage("021", APRIL)))
    assert [t.code for t in outcome.exceptions] == ["unknown-person"]


# ---- retroactive ----------------------------------------------------------------------------------------------------


def test_a_retroactive_end_asks_for_a_review_of_the_days_lost() -> None:
    """Days already past that lose coverage are reviewed for paid claims, up to today."""
    outcome = applied(row("024", dates={"357": END_FEBRUARY}), member(OPEN))
    assert [(r.person_id, r.first, r.last, r.kind) for r in outcome.reviews] == [("SBA1-M01", MARCH, TODAY, "term")]


@pytest.mark.parametrize(("days_back", "kind"), [(60, "ended"), (61, "held")], ids=["60 days back", "61 days back"])
def test_the_limit_of_retroactive_ends(days_back: int, kind: str) -> None:
    """An end more than 60 days before today waits for a person and changes nothing until then."""
    end = date.fromordinal(TODAY.toordinal() - days_back)
    outcome = applied(row("024", dates={"357": end}), member(span(date(2025, 1, 1))))
    assert outcome.kind == kind
    assert bool(outcome.span_changes) == (kind == "ended")


@pytest.mark.parametrize(
    ("days_back", "reason", "kind"),
    [(60, "20", "added"), (61, "20", "held"), (61, "02", "added"), (61, "05", "added")],
    ids=["60 days", "61 days", "newborn", "adoption"],
)
def test_the_limit_of_retroactive_adds(days_back: int, reason: str, kind: str) -> None:
    """A begin more than 60 days before today waits for a person, but for a newborn or an adopted child."""
    begin = date.fromordinal(TODAY.toordinal() - days_back)
    outcome = applied(child("021", coverage("021", begin), reason=reason), member(OPEN))
    assert outcome.kind == kind


def test_a_released_row_ignores_the_limits() -> None:
    """limited=False applies what the limit held."""
    hd = coverage("021", date(2025, 1, 1))
    outcome = enrolment.apply_row(header("2"), row("021", hd), (), RULES, ORD, TODAY, limited=False)
    assert outcome.kind == "added"


# ---- the whole file -------------------------------------------------------------------------------------------------


def crowd(n: int, tier: str = "EMP") -> list[RosterEntry]:
    """n subscribers on file."""
    return [
        RosterEntry.of(
            member(span(tier=tier), person_id=f"S{i}-01", family_root=f"S{i}", subscriber_no=f"S{i}", member_no="")
        )
        for i in range(n)
    ]


def named(entries: list[RosterEntry], tier: str = "EMP", maintenance: str = "030") -> list[RowKey]:
    """The rows of a full file that names these people."""
    return [
        RowKey.of(row(maintenance, coverage("030", tier=tier), subscriber_no=e.subscriber_no, member_no="", ordinal=n))
        for n, e in enumerate(entries, 1)
    ]


@pytest.mark.parametrize(
    ("active", "absent", "held"),
    [
        (500, 12, False),
        (500, 25, False),
        (500, 26, True),
        (500, 40, True),
        (5, 4, True),
        (100, 5, False),
        (40, 5, True),
    ],
)
def test_ends_by_absence_wait_when_they_are_many(active: int, absent: int, held: bool) -> None:
    """Held above max(5 people, 5 %) or below 90 % remaining; the sentence tells the arithmetic."""
    people = crowd(active)
    found = enrolment.survey(header("4"), named(people[absent:]), people, RULES, None)
    assert (len(found.leavers), found.active, found.ends_held) == (absent, active, held)
    assert f"{absent} of {active} active people absent" in found.arithmetic


def test_explicit_ends_are_never_held() -> None:
    """Rows that say 024 are instructions: they count on neither side of the thresholds."""
    people = crowd(10)
    found = enrolment.survey(header("4"), named(people[:8], maintenance="024") + named(people[8:]), people, RULES, None)
    assert (found.leavers, found.ends_held) == ((), False)


@pytest.mark.parametrize(("size", "moved", "held"), [(50, 5, False), (50, 6, True), (48, 20, False)])
def test_tier_mix_counts_from_fifty_employees(size: int, moved: int, held: bool) -> None:
    """Ends wait when a tier's share moves by more than 10 points, from 50 employees up."""
    people = crowd(size + 1)
    keys = named(people[:moved], tier="FAM") + named(people[moved:size])
    found = enrolment.survey(header("4"), keys, people, RULES, None)
    assert (len(found.leavers), found.ends_held, bool(found.tier_mix)) == (1, held, held)


def test_a_dental_file_does_not_end_medical() -> None:
    """Only benefits the file speaks about can end by absence; a person named without one loses that one only."""
    both = [
        RosterEntry.of(member(OPEN, span(line="DEN"), person_id=f"S{i}-01", subscriber_no=f"S{i}", member_no=""))
        for i in range(3)
    ]
    keys = [RowKey.of(row("030", coverage("030", line="DCP"), subscriber_no=f"S{i}", member_no="")) for i in (0, 1)]
    found = enrolment.survey(header("RX"), keys, both, RULES, None)
    assert [(x.person_id, x.benefits) for x in found.leavers] == [("S2-01", ("dental",))]


def test_absence_ends_on_the_day_before_or_at_month_end() -> None:
    """The last covered day of a leaver is the day before the file's day, or the end of that day's month."""
    assert enrolment.absence_day(header(effective=date(2026, 4, 15)), RULES) == date(2026, 4, 14)
    month = Rules(absence_end="month-end")
    assert enrolment.absence_day(header(effective=date(2026, 4, 15)), month) == date(2026, 4, 30)
    outcome = enrolment.end_absent(member(OPEN), header("4"), RULES, ORD, TODAY, ("medical",))
    assert spans_of(outcome) == [("A", "EMP", JANUARY, END_MARCH)]


def test_future_hires_and_cobra_members_are_not_leavers() -> None:
    """Somebody whose coverage begins after the file's day, or COBRA members sent elsewhere, are not absent."""
    people = [
        RosterEntry.of(member(span(date(2026, 5, 1)), person_id="A")),
        RosterEntry.of(member(OPEN, person_id="B", status="C")),
        RosterEntry.of(member(span(last=END_MARCH), person_id="C")),
    ]
    keys = [RowKey.of(row("030", coverage("030"), subscriber_no="S9"))]
    assert enrolment.survey(header("4"), keys, people, RULES, None).leavers == ()
    included = enrolment.survey(header("4"), keys, people, Rules(cobra_in_file=True), None)
    assert [x.person_id for x in included.leavers] == ["B"]


def test_two_strikes() -> None:
    """Under two strikes the first absence is only remembered, the second one ends; a row in between forgets."""
    rules = Rules(two_strikes=True)
    once = enrolment.strike(member(OPEN))
    keys = [RowKey.of(row("030", coverage("030"), subscriber_no="S9"))]
    first = enrolment.survey(header("4"), keys, [RosterEntry.of(member(OPEN))], rules, None)
    assert (first.leavers, first.missed) == ((), ("SBA1-M01",))
    second = enrolment.survey(header("4"), keys, [RosterEntry.of(once)], rules, None)
    assert [x.person_id for x in second.leavers] == ["SBA1-M01"]
    seen = applied(row("030", coverage("030", JANUARY)), once, action="4")
    assert seen.member and (seen.kind, seen.member.absences) == ("unchanged", 0)


REFUSALS = [
    ({"purpose": "22"}, ["copy"]),
    ({"master_policy": "OTHER"}, ["policy"]),
    ({"created": date(2026, 3, 1)}, ["older"]),
    ({"sponsor": Organisation(id="999")}, ["sponsor"]),
    ({"sponsor": Organisation(id="999"), "purpose": "22"}, ["copy", "sponsor"]),
    ({}, []),
]


@pytest.mark.parametrize(("wrong", "codes"), REFUSALS)
def test_files_that_are_refused(wrong: dict[str, object], codes: list[str]) -> None:
    """A copy, another sponsor's file and one older than the last applied are refused with every reason."""
    rules = Rules(master_policies=("BT1001",), sponsor_ids=("741112223",))
    given: EnrolmentHeader = replace(GOLDEN_HEADER, **wrong)  # type: ignore[arg-type]
    found = enrolment.survey(given, map(RowKey.of, golden_rows()), (), rules, date(2026, 4, 1))
    assert [t.code for t in found.refused] == codes


def test_a_person_twice_refuses_a_full_file_but_not_a_change_file() -> None:
    """A picture cannot show somebody twice; a list of events may."""
    keys = [RowKey.of(row("030", coverage("030"), ordinal=n)) for n in (1, 2)]
    assert [t.code for t in enrolment.survey(header("RX"), keys, (), RULES, None).refused] == ["duplicate"]
    assert enrolment.survey(header("2"), keys, (), RULES, None).refused == ()


def test_wrong_totals_hold_the_file() -> None:
    """QTY ET, DT and TO are compared with what was counted; every difference is told."""
    given = replace(GOLDEN_HEADER, employees=4, total=7)
    found = enrolment.survey(given, map(RowKey.of, golden_rows()), (), RULES, None)
    assert [t.code for t in found.held] == ["quantity"]
    assert "ET says 4, counted 3; TO says 7, counted 6" in found.held[0].text


def test_a_dependent_needs_a_subscriber_somewhere() -> None:
    """On file, or anywhere in the file, even later; else the row alone is rejected."""
    later = [RowKey.of(child("021", coverage("021", APRIL))), RowKey.of(row("021", coverage("021", APRIL)))]
    assert enrolment.survey(header("2"), later, (), RULES, None).rejected == {}
    assert enrolment.survey(header("2"), later[:1], [RosterEntry.of(member(OPEN))], RULES, None).rejected == {}
    assert enrolment.survey(header("2"), later[:1], (), RULES, None).rejected[2].code == "orphan"


def test_a_verify_file_may_only_report() -> None:
    """BGN08 4 changes data only if the sponsor's setting says so; RX always does."""
    reporting = Rules(verify_applies=False)
    assert not enrolment.survey(header("4"), (), (), reporting, None).applies
    assert enrolment.survey(header("RX"), (), (), reporting, None).applies


# ---- the golden 834 -------------------------------------------------------------------------------------------------


def on_file(*, ends: bool) -> list[Member]:
    """The six people as an earlier file put them on file."""
    people: list[Member] = []
    for each in golden_rows(ends):
        family = [m for m in people if m.subscriber_no == each.subscriber_no]
        done = enrolment.apply_row(GOLDEN_HEADER, each, family, RULES, "0" * 32, TODAY, limited=False)
        assert done.member
        people.append(done.member)
    return people


def golden(people: list[Member], limited: bool) -> list[RowOutcome]:
    """The golden file applied to these people."""
    return [
        enrolment.apply_row(
            GOLDEN_HEADER,
            each,
            [m for m in people if m.subscriber_no == each.subscriber_no],
            RULES,
            ORD,
            TODAY,
            limited=limited,
        )
        for each in golden_rows()
    ]


def test_golden_with_everybody_on_file() -> None:
    """Five confirmed, Frank ended on 2026-02-28 inclusive, nobody left by absence."""
    people = on_file(ends=False)
    found = enrolment.survey(
        GOLDEN_HEADER, map(RowKey.of, golden_rows()), [RosterEntry.of(m) for m in people], RULES, None
    )
    assert (found.refused, found.held, found.leavers, found.active) == ((), (), (), 6)
    done = golden(people, limited=True)
    assert [o.kind for o in done] == ["unchanged"] * 5 + ["ended"]
    assert spans_of(done[5]) == [("BT-PPO-2026", "EMP", JANUARY, END_FEBRUARY)]
    assert [(r.first, r.last, r.kind) for r in done[5].reviews] == [(MARCH, TODAY, "term")]
    event = done[5].cobra_event
    assert event and (event.code, event.event_on, event.losses[0].person_id) == ("1", END_FEBRUARY, "SBA100003-M06")


def test_golden_as_the_first_file() -> None:
    """With nobody on file five are added and Frank is on file as ended, with his event."""
    done = golden([], limited=False)
    assert [o.kind for o in done] == ["added"] * 5 + ["ended"]
    assert [o.person_id for o in done[:2]] == ["SBA100001-M01", "SBA100001-M02"]
    assert spans_of(done[5]) == [("BT-PPO-2026", "EMP", JANUARY, END_FEBRUARY)]
    assert done[5].cobra_event and done[5].cobra_event.event_on == END_FEBRUARY


def test_golden_enrolment_afterwards() -> None:
    """EMP 0, ECH 1, FAM 1 and five active people after the file."""
    after = [o.member for o in golden(on_file(ends=False), limited=True) if o.member]
    active = [m for m in after if any(s.last is None for s in m.spans)]
    tiers = [s.tier for m in active if m.subscriber for s in m.spans]
    assert (len(active), sorted(tiers)) == (5, ["ECH", "FAM"])


def test_half_a_file_ends_nobody() -> None:
    """Four of five active people missing: held because 20 % remaining are fewer than 90 %, though 4 are not above 5."""
    people = [RosterEntry.of(m) for m in on_file(ends=True)]
    keys = [RowKey.of(each) for each in golden_rows()[:1]]
    given = replace(GOLDEN_HEADER, employees=None, dependents=None, total=None)
    found = enrolment.survey(given, keys, people, RULES, None)
    assert (found.active, len(found.leavers), found.ends_held) == (5, 4, True)
    assert "max(5 people, 5 % = 5): no; 1 remaining, fewer than 90 %: yes" in found.arithmetic


def test_medicare_is_known_from_the_row_that_tells_it() -> None:
    """INS06 and DTP*338 stay on file when a later row is silent; INS06-1 E says that it ended."""
    told = applied(
        row("001", coverage("001", APRIL), medicare="A", medicare_reason="1", dates={"338": MARCH}), member(OPEN)
    )
    assert told.member is not None
    assert (told.member.medicare, told.member.medicare_reason, told.member.medicare_from) == ("A", "1", MARCH)
    silent = applied(row("001", coverage("001", APRIL)), told.member).member
    ended = applied(row("001", coverage("001", APRIL), medicare="E"), told.member).member
    assert silent is not None and ended is not None
    assert (silent.medicare, silent.medicare_from, ended.medicare) == ("A", MARCH, "E")
