"""Laws of EFT files."""

from __future__ import annotations

from datetime import date

import pytest
from golden_claims import EFFECTIVE, GOLDEN, LAKESIDE, METRO, PAYER, RUN
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadData
from gateway.plan.money import nacha
from gateway.plan.money.nacha import Entry, Originator
from mappings.records import BankAccount

SUMMIT = Originator(
    company_id=PAYER.company_id, company_name=PAYER.name, routing=PAYER.account.routing, bank_name="FIRST BANK OF TEXAS"
)
GOLDEN_ENTRIES = (
    Entry(trace="EFT0410001", account=LAKESIDE.account, cents=65606, name=LAKESIDE.name, id=LAKESIDE.npi),
    Entry(trace="EFT0410002", account=METRO.account, cents=2700000, name=METRO.name, id=METRO.npi),
)


def file_of(*entries: Entry) -> bytes:
    """A file of the golden run's day."""
    return nacha.write(entries, SUMMIT, EFFECTIVE, RUN, "0900")


def credit(cents: int, routing: str = "113000023") -> Entry:
    """A payment of some cents."""
    return Entry(trace="EFT1", account=BankAccount(routing=routing, number="1"), cents=cents, name="P")


def test_golden_addenda() -> None:
    """Metro's addenda is the scenario's record, byte for byte."""
    lines = file_of(*GOLDEN_ENTRIES).decode().split("\n")
    assert lines[5] + "\n" == (GOLDEN / "ccd_addenda.txt").read_text()


def test_golden_file_says_what_its_835s_say() -> None:
    """Effective date, amounts and traces of the file are those of the remittances, and totals add up."""
    head, batch, first, _, second, addenda, batch_end, end = nacha.read(file_of(*GOLDEN_ENTRIES))
    assert (head["destination"], head["origin"], head["created"]) == ("111000025", "1749998887", "260410")
    assert (batch["entry_class"], batch["description"]) == ("CCD", "HCCLAIMPMT")
    assert (batch["service_class"], batch["effective"]) == ("220", "260414")
    assert [int(e["amount"]) for e in (first, second)] == [65606, 2700000]
    assert (first["transaction"], second["odfi"], second["sequence"]) == ("22", "11100002", "0000002")
    assert addenda["text"] == "TRN*1*EFT0410002*1749998887\\"
    for control in (batch_end, end):
        assert (int(control["count"]), int(control["hash"])) == (4, 2 * 11300002)
        assert (int(control["debits"]), int(control["credits"])) == (0, 2765606)


ROUTINGS = st.sampled_from(["111000025", "113000023", "091000019", "021000021"])
ENTRIES = st.lists(st.builds(credit, st.integers(1, nacha.MAX_CENTS), ROUTINGS), min_size=1, max_size=25)


@given(ENTRIES)
def test_files_are_whole_blocks_with_true_totals(entries: list[Entry]) -> None:
    """Every file is 94-column records in blocks of ten; hash, counts and credits are the sums of the entries."""
    data = file_of(*entries)
    lines = data.decode().removesuffix("\n").split("\n")
    records = nacha.read(data)
    details = [r for r in records if r["record_type"] == "6"]
    end = records[-1]
    assert {len(line) for line in lines} == {94}
    assert len(lines) % 10 == 0 == len(lines) - 10 * int(end["blocks"])
    assert int(end["hash"]) == sum(int(r["routing"]) for r in details) % 10**10
    assert int(end["credits"]) == sum(int(r["amount"]) for r in details) == sum(e.cents for e in entries)
    assert int(end["count"]) == len(records) - 4


def test_pulled_funding_is_a_debit() -> None:
    """A debit entry counts as debits; a file of both kinds has service class 200."""
    pull = Entry(trace="FR-0001", account=PAYER.account, cents=500, name="BLUEBONNET", kind="debit")
    assert nacha.read(file_of(pull))[1]["service_class"] == "225"
    mixed = nacha.read(file_of(pull, credit(70)))
    assert mixed[1]["service_class"] == "200"
    assert (int(mixed[-1]["debits"]), int(mixed[-1]["credits"])) == (500, 70)


def test_names_are_told_in_the_banks_letters() -> None:
    """Accents are dropped and other letters are blanks: a name never stops a payment."""
    entry = Entry(trace="EFT1", account=METRO.account, cents=1, name="CLÍNICA “PEÑA”")
    assert nacha.read(file_of(entry))[2]["name"] == "CLINICA  PENA"


@pytest.mark.parametrize(
    ("entries", "because"),
    [
        ((), "without payments"),
        ((credit(0),), "amount"),
        ((credit(nacha.MAX_CENTS + 1),), "amount"),
        ((credit(1, "113000024"),), "check digit"),
        ((credit(1, ""),), "check digit"),
        ((credit(nacha.MAX_CENTS),) * 101, "two files"),
        ((Entry(trace="E" * 70, account=METRO.account, cents=1, name="P"),), "does not fit"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_banks_would_refuse_is_not_written(entries: tuple[Entry, ...], because: str) -> None:
    """A file the bank would send back is never made."""
    with pytest.raises(BadData, match=because):
        file_of(*entries)


def test_a_prenote_is_a_credit_of_zero() -> None:
    """A prenote tests an account without money."""
    entry = Entry(trace="PRE1", account=METRO.account, cents=0, name="P", kind="prenote")
    assert nacha.read(file_of(entry))[2]["transaction"] == "23"


def test_a_record_of_another_layout_is_refused() -> None:
    """Reading checks length, type and the fields that never change."""
    good = file_of(*GOLDEN_ENTRIES)
    for bad in (b"9\n", b"4" + b" " * 93 + b"\n", good.replace(b"CCD", b"PPD", 1)):
        with pytest.raises(BadData):
            nacha.read(bad)


def test_the_same_payments_give_the_same_bytes() -> None:
    """A file is a function of its arguments only."""
    assert file_of(*GOLDEN_ENTRIES) == file_of(*GOLDEN_ENTRIES)
    later = nacha.write(GOLDEN_ENTRIES, SUMMIT, EFFECTIVE, date(2026, 4, 13), "0900", file_id="B")
    assert nacha.read(later)[0]["file_id"] == "B"
