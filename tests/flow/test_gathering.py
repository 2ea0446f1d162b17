"""Laws of answers that leave together: one file of a kind for a received file, complete, once, in its order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from gateway.errors import BadData
from gateway.flow import folders, gathering, intake, loading, worker
from gateway.store import counters, outbox, queue
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.queue import Work
from gateway.store.schema import outbox as outbox_table
from gateway.store.schema import work as work_table
from gateway.store.schema import x12_set
from parsers import check
from parsers.envelope import EnvelopePolicy
from parsers.events import InterchangeClosed
from tests.flow.deaths import APART, Deaths
from tests.flow.world import METRO_C5, Died, World, begun, golden, only, renumbered, run

HEAD = """[[partner]]
id = "clearpath"
first = 2026-01-01
name = "ClearPath"
isa_id = "CLEARPATH"
roles = ["submitter", "payee"]
sponsors = ["bluebonnet", "lakeline"]
"""
MANY = """[partner.profile]
interchanges = "many"
answer = "{receipt}-{file}.{kind}"
claim_answer = "{receipt}-{file}.{kind}"
"""
KINDS = ("TA1", "999", "277CA")
SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)


def load(world: World, folder: Path, settings: str) -> None:
    """Loads the submitter's row with some settings."""
    file = folder / "partner.toml"
    file.write_text(HEAD + settings)
    loading.load(world.context, [file], "test")


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation whose submitter wants one file of each kind; it is receipt 2 that he sends first."""
    made = begun(store, keys, tmp_path, enrolled=True, taken_over=False)
    load(made, tmp_path, MANY)
    return made


CLAIMS = only(golden("in.837p"), METRO_C5).decode().replace("~\n", "~")


def one(number: int, *batches: int) -> str:
    """An interchange that asks for a TA1, with a set for each batch in one group; of one batch under its own number."""
    text = CLAIMS[:100] + "1" + CLAIMS[101:]
    head, _, rest = text.partition("ST*837*0001")
    body, _, _ = rest.partition("GE*")
    sets = [
        f"ST*837*{n:04d}{body}".replace("*0001~", f"*{n:04d}~").replace("BATCH0406", f"B{batch}")
        for n, batch in enumerate(batches or (number,), 1)
    ]
    return renumbered(f"{head}{''.join(sets)}GE*{len(sets)}*202~IEA*1*0~".encode(), f"{number:09d}").decode()


def many(*interchanges: str) -> bytes:
    """A file."""
    return "".join(interchanges).encode()


def seen(world: World, *kinds: str) -> list[tuple[str, list[InterchangeClosed]]]:
    """What the submitter finds in outbound of some kinds: names, and what our own reader makes of the bytes.

    Every interchange is accepted by it, and nothing lies around them.
    """
    names = [entry.name for entry in folders.entries(world.context, "clearpath", "outbound")]
    rows = {row.name: row for row in world.rows(outbox_table, outbox_table.c.folder == "outbound")}
    found = []
    for name in names:
        if rows[name].kind in (kinds or KINDS):
            events = check(outbox.open_body(world.context.keys, rows[name]), world.context.guide, EnvelopePolicy())
            closed = [event for event in events if isinstance(event, InterchangeClosed)]
            assert [event.verdict.verdict for event in closed] == ["A"] * len(closed)
            assert sum(type(event).__name__ == "Junk" for event in events) == 0
            found.append((name, closed))
    return found


def counts(world: World, *kinds: str) -> dict[str, int]:
    """Names of what the submitter sees, each with its interchanges."""
    return {name: len(closed) for name, closed in seen(world, *kinds)}


def batches(world: World) -> list[list[str]]:
    """The batches each visible 277CA file answers, in its order."""
    rows = [row for row in world.rows(outbox_table, outbox_table.c.kind == "277CA") if row.folder == "outbound"]
    texts = [outbox.open_body(world.context.keys, row).decode() for row in sorted(rows, key=lambda row: row.name)]
    return [[part.split("~")[0] for part in text.split("TRN*2*B")[1:]] for text in texts]


def numbers(world: World) -> list[int]:
    """ISA13 of all the submitter sees, sorted."""
    return sorted(int(event.verdict.header.isa13) for _, closed in seen(world) for event in closed)


@pytest.mark.parametrize("newline", ["true", "false"])
def test_all_answers_of_a_kind_are_one_file(world: World, tmp_path: Path, newline: str) -> None:
    """Three interchanges, one of them refused, are answered by one file of TA1s, one of 999s, one of 277CAs: in the
    order received, read whole by our own reader, every ISA13 once and none missing."""
    load(world, tmp_path, f"newline = {newline}\n{MANY}")
    bad = one(702).replace("IEA*1*000000702", "IEA*1*000000999")
    world.send("clearpath", "claims.837", many(one(701, 1, 2), bad, one(703, 3)))
    assert counts(world) == {"000000002-1.TA1": 3, "000000002-1.999": 2, "000000002-1.277CA": 3}
    assert numbers(world) == list(range(1, 9))
    (ta1,) = [outbox.open_body(world.context.keys, row) for row in world.rows(outbox_table) if row.name.endswith("TA1")
              and row.folder == "outbound"]  # fmt: skip
    assert [part[:9] for part in ta1.decode().split("TA1*")[1:]] == ["000000701", "000000702", "000000703"]
    assert batches(world) == [["1", "2", "3"]]


def test_nothing_is_seen_before_it_is_complete(world: World) -> None:
    """Step by step the partner sees of each kind nothing or all of it; TA1s and 999s do not wait for the 277CAs."""
    world.put("clearpath", "claims.837", many(one(701, 1, 2), one(702, 3)))
    states = []
    while world.step():
        found = counts(world)
        if not states or states[-1] != found:
            states.append(found)
    last = states[-1]
    assert set(last.values()) == {2, 3} and all(last[name] == n for state in states for name, n in state.items())
    assert any("000000002-1.999" in one and "000000002-1.277CA" not in one for one in states)


@SQLITE
def test_groups_are_answered_apart_inside_the_one_file(world: World, tmp_path: Path) -> None:
    """With `sets = "one"`, too, each group has an interchange of its own, and all of them one file."""
    load(world, tmp_path, MANY + 'sets = "one"\nremittance = "{run}-{number}.{kind}"\n')
    head, group, tail = CLAIMS[:106], CLAIMS[106 : CLAIMS.index("IEA*")], "IEA*2*000000202~"
    second = group.replace("*202*X*", "*203*X*").replace("GE*1*202", "GE*1*203").replace("BATCH0406", "BATCH0407")
    world.send("clearpath", "claims.837", many(head, group, second, tail))
    assert counts(world, "999") == {"000000002-1.999": 2}
    assert [body.count(b"AK1*HC*") for body in world.sent("999", "clearpath")] == [1, 1, 2]


# ---- what waits for a person -----------------------------------------------------------------------------------------


def test_what_is_released_later_leaves_as_a_file_of_its_own(world: World) -> None:
    """A suspected duplicate keeps nobody waiting; released, its 277CA is the second file."""
    world.send("clearpath", "claims.837", many(one(701, 1), one(702, 1), one(703, 3)))
    assert counts(world) == {"000000002-1.TA1": 3, "000000002-1.999": 3, "000000002-1.277CA": 2}
    world.release("batch")
    assert counts(world, "277CA") == {"000000002-1.277CA": 2, "000000002-2.277CA": 1}
    assert batches(world) == [["1", "3"], ["1"]] and numbers(world) == list(range(1, 10))


@contextmanager
def deadly(kind: str, which: Callable[[Work], bool]) -> Iterator[None]:
    """Some steps of a kind kill whoever takes them."""
    real = worker.STEPS[kind]

    def step(context: Any, work: Work) -> None:
        if which(work):
            raise Died
        real(context, work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(worker.STEPS, kind, step)  # type: ignore[arg-type]
        yield


@pytest.mark.parametrize("kind", ["route", "answer"])
def test_a_parked_step_keeps_no_other_answer_waiting(world: World, kind: str) -> None:
    """The 277CAs of the other sets leave when one's step was set aside; released, that one leaves alone."""
    world.put("clearpath", "claims.837", many(one(701, 1, 2), one(702, 3)))
    with deadly(kind, lambda work: (work.body["interchange"], work.body["set_no"]) == (1, 2)):
        run(world)
    assert batches(world) == [["1", "3"]]
    world.release("parked")
    assert batches(world) == [["1", "3"], ["2"]] and numbers(world) == list(range(1, 8))


def test_what_is_decided_of_a_parked_file_is_answered(world: World) -> None:
    """A file whose reading fails after its first interchange: that one's answers leave; the rest, released, later."""
    world.put("clearpath", "claims.837", many(one(701, 1), one(702, 2)))
    real = intake._Intake._interchange_closed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake._Intake, "_interchange_closed", lambda i, event: _unless_second(real, i, event))
        run(world)
    assert counts(world) == {"000000002-1.TA1": 1, "000000002-1.999": 1, "000000002-1.277CA": 1}
    world.release("parked")
    assert counts(world, "277CA") == {"000000002-1.277CA": 1, "000000002-2.277CA": 1}
    assert batches(world) == [["1"], ["2"]] and numbers(world) == list(range(1, 7))


def _unless_second(real: Callable[..., None], reading: Any, event: InterchangeClosed) -> None:
    if reading.interchange.number == 2:
        raise Died
    real(reading, event)


@SQLITE
@pytest.mark.parametrize(("before", "after"), [(MANY, ""), ("", MANY)])
def test_a_profile_may_change_while_answers_are_on_their_way(
    world: World, tmp_path: Path, before: str, after: str
) -> None:
    """Whatever the row says when a set is answered, each set is answered once."""
    load(world, tmp_path, before)
    world.put("clearpath", "claims.837", many(one(701, 1, 2, 3)))
    while len(world.sent("277CA")) < 2:
        assert world.step()
    load(world, tmp_path, after)
    world.run()
    assert sorted(one for some in batches(world) for one in some) == ["1", "2", "3"]
    assert numbers(world) == list(range(1, 6))


# ---- crashes, workers side by side, sizes ----------------------------------------------------------------------------

COMMITS = ("accept", "decided", "route", "answer", "gather", "deliver")


@SQLITE
@pytest.mark.parametrize("moment", ["before", "after"])
def test_no_crash_loses_or_doubles_an_answer(world: World, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Whichever commits of the way workers die before or after, the files of each kind hold every answer once."""
    deaths = Deaths(monkeypatch, COMMITS, moment)
    monkeypatch.setattr(gathering, "FILE_INTERCHANGES", 2)
    for first in range(APART):
        deaths.begin(first)
        start = 701 + 3 * first
        world.put("clearpath", "claims.837", many(one(start), one(start + 1), one(start + 2)))
        run(world)
        found = {name.partition("-")[2]: n for name, n in counts(world).items()}
        assert found == {f"{n}.{kind}": size for n, size in ((1, 2), (2, 1)) for kind in KINDS}
        assert numbers(world) == list(range(9 * first + 1, 9 * first + 10))
        assert [batch for some in batches(world)[-2:] for batch in some] == [str(start + n) for n in range(3)]
        for entry in folders.entries(world.context, "clearpath", "outbound"):
            folders.hide(world.context, "clearpath", "outbound", entry.name)
    assert deaths.count > 20 and world.holds("parked") == []


def taken(world: World, kind: str) -> Work:
    """Does what is due until a step of a kind comes, and takes that."""
    for turn in range(1000):
        with world.store.write("claim") as connection:
            work = queue.claim(connection, f"taken {world.clock()} {turn}:", world.clock())
        assert work is not None
        if work.kind == kind:
            return work
        worker.STEPS[work.kind](world.context, work)
    raise AssertionError("it does not come")


def together(*calls: Callable[[], None]) -> None:
    """All at once; what one of them raises is raised here."""
    raised: list[BaseException] = []

    def kept(call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=kept, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


@POSTGRESQL
def test_two_workers_with_the_last_two_sets_make_one_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sets answered at once on PostgreSQL: the second sees the first, and one file carries both.

    Their lane lets them run one after another only; here each has a lane of its own, so that the lock alone decides.
    """
    world.put("clearpath", "claims.837", many(one(701, 1), one(702, 2)))
    first = taken(world, "answer")
    while world.step():
        pass
    with world.store.write("lanes") as connection:
        connection.execute(update(work_table).where(work_table.c.kind == "answer").values(lane=work_table.c.id))
    second = taken(world, "answer")
    meet = threading.Barrier(2)
    real = gathering.answered

    def answered(connection: Connection, body: dict[str, Any]) -> None:
        meet.wait(10)  # both transactions have begun
        real(connection, body)

    monkeypatch.setattr(gathering, "answered", answered)
    together(*(lambda w=w: worker.STEPS["answer"](world.context, w) for w in (first, second)))  # type: ignore[misc]
    world.run()
    assert counts(world, "277CA") == {"000000002-1.277CA": 2} and batches(world) == [["1", "2"]]
    assert numbers(world) == list(range(1, 7))


@POSTGRESQL
def test_the_last_answer_and_the_decision_meet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set answered while its file is being decided on PostgreSQL: one of the two sees the other."""
    world.put("clearpath", "claims.837", many(one(701, 1)))
    accepted, ready, meet = threading.Event(), threading.Event(), threading.Barrier(2)
    finish, look, reading = intake._Intake.done, gathering.due, taken(world, "intake")

    def done(run: Any) -> None:
        accepted.set()
        assert ready.wait(30)
        finish(run)

    def due(*args: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            meet.wait(0.5)  # both have written what they have to, unless one of them waits for the other's row
        look(*args)

    def answer() -> None:
        assert accepted.wait(30)
        work = taken(world, "answer")
        monkeypatch.setattr(gathering, "due", due)
        ready.set()
        worker.STEPS["answer"](world.context, work)

    monkeypatch.setattr(intake._Intake, "done", done)
    together(lambda: worker.STEPS["intake"](world.context, reading), answer)
    monkeypatch.setattr(gathering, "due", look)
    world.run()
    assert counts(world) == {"000000002-1.TA1": 1, "000000002-1.999": 1, "000000002-1.277CA": 1}


@SQLITE
@pytest.mark.parametrize(("name", "limit"), [("FILE_INTERCHANGES", 2), ("FILE_BYTES", 700)])
def test_a_file_that_would_be_too_long_is_several(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    """Beyond the limits the answers go on in the next file: whole interchanges, in order, none twice."""
    monkeypatch.setattr(gathering, name, limit)
    world.send("clearpath", "claims.837", many(*(one(700 + n) for n in range(1, 6))))
    found = seen(world, "999")
    told = [event.verdict.header.isa13 for _, closed in found for event in closed]
    assert len(found) == 3 and sorted(told) == told and len(set(told)) == 5
    assert [one for some in batches(world) for one in some] == ["701", "702", "703", "704", "705"]
    assert numbers(world) == list(range(1, 16))


@SQLITE
def test_what_waits_is_opened_a_few_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are opened in pieces, and their order is that of what was received."""
    monkeypatch.setattr(outbox, "OPENED", 2)
    world.send("clearpath", "claims.837", many(*(one(700 + n) for n in range(1, 6))))
    assert batches(world) == [["701", "702", "703", "704", "705"]]


# ---- afterwards ------------------------------------------------------------------------------------------------------


@SQLITE
def test_a_reply_finds_the_answer_inside_its_file(world: World) -> None:
    """A 999 for the GS06 of a 277CA that travelled with others is noted on it alone, whatever carried it."""
    world.send("clearpath", "claims.837", many(one(701, 1), one(702, 2)))
    rows = [row for row in world.rows(outbox_table, outbox_table.c.kind == "277CA") if row.folder == outbox.INSIDE]
    refused = sorted(rows, key=lambda row: row.name)[1]
    body = (
        f"ST*999*0001*005010X231A1~AK1*HN*{refused.grp}*005010X214~AK2*277*0001*005010X214~IK5*R*5~AK9*R*1*1*0~"
        "SE*6*0001~"
    )
    head = CLAIMS[:106].replace("*000000202*", "*000000801*")
    group = "GS*FA*CLEARPATH*SUMMITTPA*20260406*1000*801*X*005010X231A1~"
    world.send("clearpath", "reply.999", f"{head}{group}{body}GE*1*801~IEA*1*000000801~".encode())
    answered = {row.id: row.ack for row in world.rows(outbox_table, outbox_table.c.kind == "277CA")}
    assert [ack for row_id, ack in answered.items() if row_id != refused.id] == ["", ""]
    assert answered[refused.id] == "R" and len(world.holds("answer")) == 1


def test_what_travels_inside_shares_the_fate_of_its_file(world: World) -> None:
    """Delivered, fetched and picked up are the file and every answer in it; no folder of the door has them."""
    world.send("clearpath", "claims.837", many(one(701, 1), one(702, 2)))
    folders.read_done(world.context, "clearpath", "outbound", "000000002-1.277CA")
    folders.hide(world.context, "clearpath", "outbound", "000000002-1.277CA")
    rows = world.rows(outbox_table, outbox_table.c.kind == "277CA")
    today = "2026-04-06"
    assert {(row.state, row.fetched_on, row.delivered_on) for row in rows} == {("picked-up", today, today)}
    assert len(rows) == 3 and len({row.carrier for row in rows if row.folder == outbox.INSIDE}) == 1
    assert "000000002-1.277CA" not in counts(world)


@SQLITE
def test_nobody_is_awaited_in_the_end(world: World) -> None:
    """Of decided files no set is awaited, whatever its profile says; sets without claims never were."""
    world.send("clearpath", "claims.837", many(one(701, 1, 2), one(702, 3)))
    assert world.count(x12_set, x12_set.c.awaited == 1) == 0
    with world.store.write("bench") as connection:
        assert counters.peek(connection, "file/2/277CA") == 2


@SQLITE
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('answer = "{receipt}-{interchange}-{file}.{kind}"', "answer: {interchange} is no field of it, as one file"),
        ('answer = "{answers}-{isa13}.{kind}"', "answer: {answers} is no field of it, as one file"),
        ('claim_answer = "{receipt}-{file}-{set}.{kind}"', "claim_answer: {set} is no field of it, as one file"),
        ('claim_answer = "{receipt}.{kind}"', "claim_answer: needs {file}"),
        ('claim_answer = "{file}.{kind}"', "claim_answer: needs {receipt}"),
        ('remittance = "{receipt}.{kind}"', "remittance: {receipt} is no field of it"),
        ("", "answer: {interchange} is no field of it"),
    ],
)
def test_names_that_one_file_cannot_have_are_refused(world: World, tmp_path: Path, setting: str, said: str) -> None:
    """A template with a field of one interchange, group or set, or with none that tells files apart, is refused."""
    with pytest.raises(BadData) as caught:
        load(world, tmp_path, f'[partner.profile]\ninterchanges = "many"\n{setting}\n')
    assert f"profile.{said}" in caught.value.detail


@SQLITE
def test_one_file_may_be_named_by_its_first_number(world: World, tmp_path: Path) -> None:
    """{isa13} is that of the first interchange inside; it alone tells files apart. {file} is of such files only."""
    load(world, tmp_path, MANY.replace("{receipt}-{file}", "{original}-{isa13}"))
    world.send("clearpath", "May.837", many(one(701, 1), one(702, 2)))
    assert counts(world, "TA1", "999") == {"May-000000001.TA1": 2, "May-000000002.999": 2}
    with pytest.raises(BadData, match=r"\{file\} is no field of it"):
        load(world, tmp_path, '[partner.profile]\nanswer = "{receipt}-{interchange}-{file}.{kind}"\n')
