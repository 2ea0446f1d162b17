"""The status as text for a terminal, and amounts and times as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.clock import SECOND_US
from gateway.plan.rounding import dollars
from gateway.web.records import Status

USAGES = {"T": "TEST", "P": "PRODUCTION"}


def instant(us: int) -> str:
    """An instant to the minute, UTC."""
    return datetime.fromtimestamp(us // SECOND_US, UTC).strftime("%Y-%m-%d %H:%M")


def size(count: int) -> str:
    """Bytes to a person: "9 B", "1.5 KiB", "3.0 MiB"."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MiB"


def text(status: Status) -> str:
    """The page as plain lines; an empty part is left out."""
    return "\n".join(_lines(status))


def _lines(s: Status) -> Iterator[str]:
    yield f"{USAGES.get(s.usage, s.usage)} installation, business date {s.business_date}"
    yield ""
    yield "NEEDS A PERSON" if s.attention else "Nothing needs a person."
    yield from (f"  {one.count:>6}  {one.ask}" for one in s.attention)
    yield from (f"          {one.id}  {one.kind}  {one.subject}: {one.reason}" for one in s.holds)
    yield from _part("FILES", (f"  {f.receipt_no:>6}  {f.state:<12}{f.verdict:<10}{f.sets}" for f in s.files))
    yield from _part("CLAIMS", (f"  {c.count:>6}  {c.state:<12}paid {dollars(c.paid_cents):>16}" for c in s.claims))
    if s.desk.automatic_rate is not None:
        why = ", ".join(f"{c.queue} {c.claims} ({c.waiting} wait)" for c in s.desk.causes)
        fell = f"; fell out: {why}" if why else ""
        yield f"          {dollars(s.desk.automatic_rate)} % of {s.desk.first_decisions} decided without a person{fell}"
    funds = (
        f"  {f.sponsor_id:<16}cash {dollars(f.cash_cents):>16}  owed {dollars(f.payable_cents):>16}"
        f"  asked {dollars(f.requested_cents):>16}"
        for f in s.funds
    )
    yield from _part("FUNDS", funds)
    runs = (f"  {r.sponsor_id:<16}{r.run_no:>4}  {r.state:<18}{dollars(r.need_cents):>16}" for r in s.runs)
    yield from _part("PAYMENT RUNS", runs)
    losses = (
        f"  {n.sponsor_id:<16}{n.notices} notices, {n.filed} claims on carriers, asked {dollars(n.asked_cents)},"
        f" received {dollars(n.received_cents)}"
        for n in s.stop_loss
    )
    yield from _part("STOP-LOSS", losses)
    q = s.queue
    yield from _part("WORK", [f"  {q.running} running, {q.ready} due, {q.later} later, {q.parked} parked; "
                              f"{q.undecided} files undecided, {q.leaving} parcels leaving"])  # fmt: skip


def _part(title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", title, *found)
