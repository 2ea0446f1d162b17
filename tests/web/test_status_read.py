"""What the status says, from rows of a working day."""

from __future__ import annotations

import msgspec
import pytest
from status_world import SECRET, fill

from gateway.store.engine import Store
from gateway.web import status
from gateway.web.metrics import exposition
from gateway.web.records import Status
from gateway.web.text import dollars, size, text

NOW_US = 1_775_484_000_000_000


@pytest.fixture
def found(store: Store) -> Status:
    """The status of a filled installation, on each engine."""
    with store.write("fill") as connection:
        fill(connection)
    with store.read() as connection:
        return status.read(connection, NOW_US)


def test_what_needs_a_person_once(found: Status) -> None:
    """Everything that waits for a person is counted once: claims and steps where they are, the rest by open hold."""
    assert {one.kind: one.count for one in found.attention} == {
        "parked": 1, "pend": 3, "absence": 1, "answer": 1, "batch": 1, "file": 1, "review": 1,
        "awaiting-approval": 1, "awaiting-funds": 1,
    }  # fmt: skip
    assert all(one.ask for one in found.attention)


def test_holds_oldest_first(found: Status) -> None:
    """Open holds come oldest first; what one is about is shown only by our own numbers; closed ones are gone."""
    assert [(hold.kind, hold.subject) for hold in found.holds] == [
        ("batch", "receipt 14 set 2"), ("absence", "enrolment 13"), ("file", "receipt 12"),
        ("pend", "claim 260105000017"), ("review", "person"), ("answer", "set 000000041"),
    ]  # fmt: skip


def test_files_newest_first(found: Status) -> None:
    """Each file says its state, what became of its parts, its sets and how many claims they held."""
    assert [(f.receipt_no, f.state, f.verdict, f.sets, f.claims) for f in found.files] == [
        (14, "received", "waiting", "", 0), (13, "decided", "accepted", "1 × 834", 0),
        (12, "quarantined", "rejected", "", 0), (11, "decided", "partly", "2 × 837", 51),
        (10, "decided", "accepted", "1 × 837", 1240), (9, "decided", "accepted", "1 × 834", 0),
    ]  # fmt: skip


def test_claims_and_money(found: Status) -> None:
    """Denied claims stand apart from paid ones; cash, debt and requests are each employer's; sums are exact cents."""
    assert {c.state: (c.count, c.paid_cents) for c in found.claims} == {
        "decided": (61, 495_503), "denied": (7, 0), "pended": (3, 0), "rejected": (2, 0), "routed": (4, 0)
    }  # fmt: skip
    assert [(f.sponsor_id, f.cash_cents, f.payable_cents, f.requested_cents) for f in found.funds] == [
        ("ACME", 4_504_497, 120_000, 0), ("BOLT", -1_250, 0, 750_000)
    ]  # fmt: skip
    assert [(r.sponsor_id, r.run_no, r.approvals) for r in found.runs] == [
        ("ACME", 2, 0),
        ("ACME", 1, 1),
        ("BOLT", 1, 0),
    ]
    (loss,) = found.stop_loss
    assert (loss.notices, loss.filed, loss.asked_cents, loss.received_cents) == (2, 1, 2_500_000, 1_000_000)


def test_queue(found: Status) -> None:
    """Every step is counted in exactly one state."""
    q = found.queue
    assert (q.ready, q.running, q.later, q.parked, q.undecided, q.leaving, q.nodes) == (2, 1, 1, 1, 1, 1, 1)


def test_nothing_of_people(found: Status) -> None:
    """Neither JSON, nor text, nor metrics hold anything of a member, patient or a partner's file name."""
    shown = (msgspec.json.encode(found).decode(), text(found), exposition(found).decode())
    assert not [one for one in shown if SECRET in one]


def test_text(found: Status) -> None:
    """The command line's text begins with what the installation is and then with what needs a person."""
    lines = text(found).splitlines()
    assert lines[0] == "TEST installation, business date 2026-01-05"
    assert lines[2] == "NEEDS A PERSON"
    assert any("ACME" in line and "45,044.97" in line for line in lines)


def test_empty_installation(store: Store) -> None:
    """An installation in which nothing happened is calm and says so."""
    with store.read() as connection:
        found = status.read(connection, NOW_US)
    assert (found.usage, found.business_date, found.attention, found.files) == ("T", "2026-01-05", (), ())
    assert "Nothing needs a person." in text(found)


def test_metrics(found: Status) -> None:
    """Metrics carry counts by state and kind and an employer's cash."""
    lines = exposition(found).decode().splitlines()
    for expected in (
        'gateway_needs_person{kind="pend"} 3.0', 'gateway_steps{state="parked"} 1.0', "gateway_files_undecided 1.0",
        'gateway_claims{state="denied"} 7.0', 'gateway_cash_cents{sponsor="ACME"} 4.504497e+06',
    ):  # fmt: skip
        assert expected in lines


def test_amounts_and_sizes() -> None:
    """Amounts keep every cent and their sign; sizes are short."""
    assert [dollars(cents) for cents in (0, 5, -5, 123_456_789)] == ["0.00", "0.05", "-0.05", "1,234,567.89"]
    assert [size(n) for n in (9, 1536, 3 << 20)] == ["9 B", "1.5 KiB", "3.0 MiB"]
