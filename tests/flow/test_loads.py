"""Laws of what people load by command: fee files, a takeover, deposits, and what the books and the audit are asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from gateway.errors import BadData, UsageError
from gateway.flow import books, claim_numbers, codeloads, evidence, loading, pay, price_files, recover, takeover
from gateway.store import audit
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import audit as audit_table
from gateway.store.schema import counter
from tests.flow.world import GOLDEN, SPONSOR, World, begun, golden

HEAD = "npi,code,allowed,per,effective_from,effective_to\n"
LINE = "1234567893,99213,98.00,line,2026-01-01,"


@pytest.fixture
def world(store: Store, keys: Keys, tmp_path: Path) -> World:
    """An installation before the golden scenario, its employer not taken over."""
    return begun(store, keys, tmp_path, day=None, taken_over=False)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("1234567890,99213,98.00,line,2026-01-01,", "npi"),
        ("1234567893,,98.00,line,2026-01-01,", "code"),
        ("1234567893,99213,1e5,line,2026-01-01,", "allowed"),
        ("1234567893,99213,Infinity,line,2026-01-01,", "allowed"),
        ("1234567893,99213,-1.00,line,2026-01-01,", "allowed"),
        ("1234567893,99213,98.005,line,2026-01-01,", "allowed"),
        ("1234567893,99213,98.00,week,2026-01-01,", "per"),
        ("1234567893,99213,98.00,line,,", "effective_from"),
        ("1234567893,99213,98.00,line,2026-01-01,2025-12-31", "effective_to: before"),
        ("1234567893,99213,98.00,line,2026-01-01,never", "effective_to: not a date"),
        ("1234567893,99213", "fields"),
        ("1234567893,99213,98.00,line,2026-01-01,,more", "fields"),
        ("1234567893,99213,99.00,line,2026-01-01,", "another row"),
    ],
)
def test_a_fee_line_that_cannot_be_meant_is_told(line: str, said: str) -> None:
    """Every fee line that contradicts itself or another is refused by its number."""
    with pytest.raises(BadData) as caught:
        price_files.fees(f"{HEAD}{LINE}\n{line}\n")
    assert caught.value.detail.startswith(f"line 3: {said}") or said in caught.value.detail
    assert caught.value.detail.count("line 3: ") == 1 and "line 2" not in caught.value.detail


def test_fees_loaded_again_are_not_new(world: World, tmp_path: Path) -> None:
    """The same prices again are neither new nor changed; another price of the same day is changed."""
    file, found = tmp_path / "prices.csv", []
    for text in (LINE, LINE, LINE.replace("98.00", "97.00")):
        file.write_text(f"{HEAD}{text}\n1234567893,ZZ999,5,line,2026-01-01,\n")
        (loaded,) = loading.load(world.context, [file], "test")
        found.append((loaded.rows, loaded.new, loaded.changed))
    assert found == [(2, 1, 0), (2, 0, 0), (2, 0, 1)]


def test_a_file_that_is_no_text_is_bad_data(world: World, tmp_path: Path) -> None:
    """Bytes that are no text are the data's fault, not the disk's."""
    file = tmp_path / "plan.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadData):
        loading.load(world.context, [file], "test")


@pytest.mark.parametrize(
    ("head", "load"),
    [
        (HEAD, lambda world, file: loading.load(world.context, [file], "test")),
        ("edit,code,other,values,effective_from,effective_to\n",
         lambda world, file: loading.load(world.context, [file], "test")),
        ("code,label\n",
         lambda world, file: codeloads.load(world.context, file, "cpt", date(2026, 1, 1), None, "test")),
        ("kind,number\n", lambda world, file: evidence.load(world.context, file, "test", store=True)),
    ],
    ids=["fees", "code rules", "code set", "evidence"],
)  # fmt: skip
def test_a_quotation_mark_never_closed_is_bad_data(world: World, tmp_path: Path, head: str, load: Any) -> None:
    """A field that swallows the rest of its file is the data's fault, not the gateway's."""
    file = tmp_path / "sheet.csv"
    file.write_text(f'{head}"' + "1234567893,99213,98.00\n" * 10_000)
    with pytest.raises(BadData) as caught:
        load(world, file)
    assert "never closed" in caught.value.detail


# ---- takeover --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"sponsor": "nobody"}, {"cash_cents": -1}], ids=["stranger", "negative"])
def test_a_takeover_that_cannot_be_is_not_booked(world: World, change: dict[str, Any]) -> None:
    """A takeover is of an employer on file, and hands over no less than nothing."""
    with pytest.raises(BadData):
        takeover.apply(world.context, replace(takeover.read(GOLDEN / "takeover.json"), **change), "test")
    assert world.books() == {}


def test_a_takeover_is_booked_once_and_as_it_is(world: World) -> None:
    """The same file again changes nothing; another one for the same employer is refused, not passed over."""
    file = takeover.read(GOLDEN / "takeover.json")
    assert takeover.apply(world.context, file, "test")
    assert not takeover.apply(world.context, file, "test")
    with pytest.raises(BadData):
        takeover.apply(world.context, replace(file, cash_cents=file.cash_cents + 1), "test")
    assert world.books()["1010"] == file.cash_cents


def test_a_claim_number_is_never_used_again(world: World) -> None:
    """A takeover brings no claim number that any employer's claim has, nor one twice."""
    file = takeover.read(GOLDEN / "takeover.json")
    with pytest.raises(BadData):
        takeover.apply(world.context, replace(file, claims=(*file.claims, file.claims[0])), "test")
    takeover.apply(world.context, file, "test")
    with pytest.raises(BadData, match=file.claims[0].decision.icn):
        takeover.apply(world.context, replace(file, sponsor="lakeline"), "test")


def test_a_days_claims_keep_to_their_day(world: World) -> None:
    """Claim numbers beyond 999,999 of a day get longer, never run into the next day's, and the 277CA tells them all."""
    world.advance("2026-04-06")
    with world.store.write("many") as connection:
        claim_numbers.block(connection, date(2026, 4, 6), 1)
        connection.execute(update(counter).where(counter.c.scope == "ICN/2026-04-06").values(next=999_999))
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    world.send("clearpath", "claims.837", golden("in.837p"))
    assert [row.icn for row in world.claims()] == sorted(
        ["26096999999", *(f"260961{n:06d}" for n in range(7))]
    )  # fmt: skip
    (answer,) = world.sent("277CA")
    taken_in = [row for row in world.claims() if row.state != "rejected"]
    assert len(taken_in) == 7 and answer.decode().count("REF*1K*26096") == len(taken_in)


# ---- money people tell of --------------------------------------------------------------------------------------------


def test_a_deposit_is_posted_once_under_its_reference(world: World) -> None:
    """The same reference and amount is the same deposit; another amount under it is refused, in dollars."""
    with world.store.write("deposit") as connection:
        assert pay.post_deposit(connection, world.context, SPONSOR, 100_00, "W1")
        assert not pay.post_deposit(connection, world.context, SPONSOR, 100_00, "W1")
        with pytest.raises(BadData, match=r"100\.00"):
            pay.post_deposit(connection, world.context, SPONSOR, 200_00, "W1")
    assert world.books()["1010"] == 100_00


def test_a_reimbursement_nobody_filed_is_not_booked(world: World) -> None:
    """A number that is not on file is the caller's mistake."""
    with pytest.raises(UsageError), world.store.write("reimbursement") as connection:
        recover.receive(connection, world.context, SPONSOR, "SL-0001", 1)


def test_the_audits_chain_tells_what_was_changed(world: World) -> None:
    """A chained audit row that is changed by hand is found."""
    with world.store.write("chain") as connection:
        audit.chain(connection)
        assert audit.broken_at(connection) is None
        first = connection.execute(select(audit_table.c.id).order_by(audit_table.c.seq).limit(1)).scalar_one()
        connection.execute(update(audit_table).where(audit_table.c.id == first).values(actor="nobody"))
        assert audit.broken_at(connection) == 1


def test_books_of_an_employer_that_left_are_shown(world: World) -> None:
    """Whoever has a journal has books, on file or not."""
    takeover.apply(world.context, takeover.read(GOLDEN / "takeover.json"), "test")
    with world.store.read() as connection:
        assert books.kept_for(connection) == [SPONSOR]
