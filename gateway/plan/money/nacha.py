"""EFT files: NACHA CCD entries, each with the one addenda (705) that carries its 835's TRN segment.

A record is 94 characters; LAYOUT below reads like the rule book's tables and is used in both directions. The receiving
bank hands the addenda to the provider, whose system joins payment and 835 by trace, amount and date (CORE 370).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Literal

from stdnum.us import rtn

from gateway.errors import BadData
from mappings.records import BankAccount, Record

WIDTH = 94
BLOCK = 10
"""A file is a whole number of blocks of ten records; the rest is filled with records of nines."""

MAX_CENTS = 10**10 - 1
"""An entry's amount has ten digits: 99,999,999.99."""

MAX_TOTAL_CENTS = 10**12 - 1
"""The totals of batch and file have twelve digits: 9,999,999,999.99, so 100 entries of MAX_CENTS still fit."""

MAX_ACCOUNT = 17
MAX_ADDENDA = 80
DESCRIPTION = "HCCLAIMPMT"
"""Company entry description that marks a health care claim payment (CORE 370)."""

FILLER = "9" * WIDTH

Field = tuple[str, int, str]
"""Name, width, and what it holds: `n` number, zero-filled left; `a` text, blank-filled right; `r` text, blank-filled
left; `=text`, always that text."""

LAYOUT: dict[str, tuple[Field, ...]] = {
    "1": (
        ("record_type", 1, "=1"),
        ("priority", 2, "=01"),
        ("destination", 10, "r"),
        ("origin", 10, "r"),
        ("created", 6, "a"),
        ("time", 4, "a"),
        ("file_id", 1, "a"),
        ("record_size", 3, "=094"),
        ("blocking", 2, "=10"),
        ("format", 1, "=1"),
        ("destination_name", 23, "a"),
        ("origin_name", 23, "a"),
        ("reference", 8, "a"),
    ),
    "5": (
        ("record_type", 1, "=5"),
        ("service_class", 3, "a"),
        ("company_name", 16, "a"),
        ("discretionary", 20, "a"),
        ("company_id", 10, "a"),
        ("entry_class", 3, "=CCD"),
        ("description", 10, "a"),
        ("descriptive_date", 6, "a"),
        ("effective", 6, "a"),
        ("settled", 3, "a"),
        ("originator_status", 1, "=1"),
        ("odfi", 8, "a"),
        ("batch", 7, "n"),
    ),
    "6": (
        ("record_type", 1, "=6"),
        ("transaction", 2, "a"),
        ("routing", 8, "a"),
        ("check_digit", 1, "a"),
        ("account", MAX_ACCOUNT, "a"),
        ("amount", 10, "n"),
        ("id", 15, "a"),
        ("name", 22, "a"),
        ("discretionary", 2, "a"),
        ("has_addenda", 1, "=1"),
        ("odfi", 8, "a"),
        ("sequence", 7, "n"),
    ),
    "7": (
        ("record_type", 1, "=7"),
        ("addenda_type", 2, "=05"),
        ("text", MAX_ADDENDA, "a"),
        ("addenda_sequence", 4, "n"),
        ("entry_sequence", 7, "n"),
    ),
    "8": (
        ("record_type", 1, "=8"),
        ("service_class", 3, "a"),
        ("count", 6, "n"),
        ("hash", 10, "n"),
        ("debits", 12, "n"),
        ("credits", 12, "n"),
        ("company_id", 10, "a"),
        ("authentication", 19, "a"),
        ("reserved", 6, "a"),
        ("odfi", 8, "a"),
        ("batch", 7, "n"),
    ),
    "9": (
        ("record_type", 1, "=9"),
        ("batches", 6, "n"),
        ("blocks", 6, "n"),
        ("count", 8, "n"),
        ("hash", 10, "n"),
        ("debits", 12, "n"),
        ("credits", 12, "n"),
        ("reserved", 39, "a"),
    ),
}

TRANSACTION = {
    ("credit", "DA"): "22",
    ("credit", "SG"): "32",
    ("debit", "DA"): "27",
    ("debit", "SG"): "37",
    ("prenote", "DA"): "23",
    ("prenote", "SG"): "33",
}
"""Kind of entry and account type (DA checking, SG savings) -> transaction code. A prenote is a credit of zero."""


class Entry(Record, frozen=True, kw_only=True):
    """One payment. trace: TRN02 of its 835. kind: credit pays, debit pulls funding, prenote tests an account with 0."""

    trace: str
    account: BankAccount
    cents: int
    name: str
    id: str = ""
    kind: Literal["credit", "debit", "prenote"] = "credit"


class Originator(Record, frozen=True, kw_only=True):
    """Who sends the file. company_id: 1 + TIN, as in BPR10 and TRN03. routing: of our bank (ODFI), nine digits."""

    company_id: str
    company_name: str
    routing: str
    bank_name: str


def write(
    entries: Sequence[Entry],
    originator: Originator,
    effective: date,
    created: date,
    time: str = "0000",
    file_id: str = "A",
    batch: int = 1,
) -> bytes:
    """One file of one batch.

    Args: effective: settlement asked for, BPR16 of each entry's 835. time: HHMM. file_id: A-Z, 0-9 tells files of one
    day apart. batch: batch number, ascending.
    Raises: BadData: no entries, an amount that does not fit its columns, an account that is `unfit`. Nothing was
    written; the caller holds the payment before it is booked.
    """
    if not entries:
        raise BadData("an EFT file without payments")
    body = [record for number, entry in enumerate(entries, 1) for record in _pair(entry, number, originator)]
    totals, batch_ids = _totals(entries), _batch_ids(entries, originator, batch)
    blocks = -(-(len(body) + 4) // BLOCK)
    records = [
        _head(originator, created, time, file_id),
        _record("5", **batch_ids, **_batch_texts(originator, effective, created)),
        *body,
        _record("8", **batch_ids, **totals),
        _record("9", **totals, batches="1", blocks=str(blocks)),
    ]
    filled = [*records, *[FILLER] * (blocks * BLOCK - len(records))]
    return "".join(record + "\n" for record in filled).encode("ascii")


def unfit(account: BankAccount) -> str:
    """Why a bank would not take an entry for an account, without naming its number; "" when it would."""
    reasons = (
        (not rtn.is_valid(account.routing), "the check digit of the routing number is wrong"),
        (not account.number, "there is no account number"),
        (not account.number.isascii() or len(account.number) > MAX_ACCOUNT, "the account number does not fit"),
        (("credit", account.type) not in TRANSACTION, "the account type is neither DA nor SG"),
    )
    return next((reason for applies, reason in reasons if applies), "")


def trn(trace: str, company_id: str) -> str:
    """The addenda's text: the 835's TRN segment with the terminator NACHA asks for."""
    return f"TRN*1*{trace}*{company_id}\\"


def read(data: bytes) -> tuple[dict[str, str], ...]:
    """Every record by field name, blanks stripped, filler left out. Raises BadData where the layout is not kept."""
    records = [line for line in data.decode("ascii").split("\n") if line and line != FILLER]
    return tuple(_fields(record) for record in records)


def _fields(record: str) -> dict[str, str]:
    if len(record) != WIDTH or record[0] not in LAYOUT:
        raise BadData("a record of an EFT file is not one of the layout")
    found, at = {}, 0
    for name, width, holds in LAYOUT[record[0]]:
        text, at = record[at : at + width], at + width
        if holds[0] == "=" and text != holds[1:]:
            raise BadData(f"field {name} of an EFT file is not what it always is")
        found[name] = text.strip()
    return found


def _record(type: str, **values: str) -> str:
    """Lays values out by LAYOUT; a field not named is blank or zero."""
    return "".join(_field(width, holds, values.get(name, ""), name) for name, width, holds in LAYOUT[type])


def _field(width: int, holds: str, value: str, name: str) -> str:
    filled = {"=": holds[1:], "n": value.rjust(width, "0"), "a": value.ljust(width), "r": value.rjust(width)}[holds[0]]
    if len(filled) != width:
        raise BadData(f"field {name} of an EFT file does not fit its {width} columns")
    return filled


def _head(originator: Originator, created: date, time: str, file_id: str) -> str:
    return _record(
        "1",
        destination=originator.routing,
        origin=originator.company_id,
        created=f"{created:%y%m%d}",
        time=time,
        file_id=file_id,
        destination_name=_plain(originator.bank_name)[:23],
        origin_name=_plain(originator.company_name)[:23],
    )


def _batch_ids(entries: Sequence[Entry], originator: Originator, batch: int) -> dict[str, str]:
    """What the first and the last record of a batch both say."""
    return {
        "service_class": _service_class(entries),
        "company_id": originator.company_id,
        "odfi": originator.routing[:8],
        "batch": str(batch),
    }


def _batch_texts(originator: Originator, effective: date, created: date) -> dict[str, str]:
    return {
        "company_name": _plain(originator.company_name)[:16],
        "description": DESCRIPTION,
        "descriptive_date": f"{created:%y%m%d}",
        "effective": f"{effective:%y%m%d}",
    }


def _pair(entry: Entry, number: int, originator: Originator) -> tuple[str, str]:
    """The entry detail and its addenda."""
    if reason := unfit(entry.account):
        raise BadData(f"payment {entry.trace}: {reason}")
    if not 0 <= entry.cents <= MAX_CENTS or (entry.cents == 0) != (entry.kind == "prenote"):
        raise BadData(f"payment {entry.trace} has an amount an EFT cannot have")
    detail = _record(
        "6",
        transaction=TRANSACTION[entry.kind, entry.account.type],
        routing=entry.account.routing[:8],
        check_digit=entry.account.routing[8:],
        account=entry.account.number,
        amount=str(entry.cents),
        id=_plain(entry.id)[:15],
        name=_plain(entry.name)[:22],
        odfi=originator.routing[:8],
        sequence=str(number),
    )
    text = trn(entry.trace, originator.company_id)
    return detail, _record("7", text=text, addenda_sequence="1", entry_sequence=str(number))


def _totals(entries: Sequence[Entry]) -> dict[str, str]:
    """Counts, hash and cents that both control records repeat. The hash keeps its last ten digits."""
    routings = sum(int(e.account.routing[:8]) for e in entries)
    debits = sum(e.cents for e in entries if e.kind == "debit")
    credits = sum(e.cents for e in entries if e.kind != "debit")
    if max(debits, credits) > MAX_TOTAL_CENTS:
        raise BadData("an EFT file's total does not fit; write two files")
    return {
        "count": str(2 * len(entries)),
        "hash": str(routings % 10**10),
        "debits": str(debits),
        "credits": str(credits),
    }


def _service_class(entries: Sequence[Entry]) -> str:
    """220 credits only, 225 debits only, 200 both."""
    debits = [e.kind == "debit" for e in entries]
    return "225" if all(debits) else "200" if any(debits) else "220"


def _plain(text: str) -> str:
    """A name in the characters banks take: accents dropped, anything else blank."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(c if " " <= c <= "~" else " " for c in letters if not unicodedata.combining(c))
