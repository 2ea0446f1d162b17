"""The status as Prometheus text. Labels are states, kinds and employers' ids: never anything about a member."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest

from gateway.web.records import Status


def exposition(status: Status) -> bytes:
    """One scrape, from a registry of its own: nothing that a library registers globally is shown."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    for name, what, label, values in _families(status):
        gauge = Gauge(f"gateway_{name}", what, [label] if label else [], registry=registry)
        for value_of, value in values:
            (gauge.labels(value_of) if label else gauge).set(value)
    return generate_latest(registry)


def _families(s: Status) -> Iterable[tuple[str, str, str, Iterable[tuple[str, int]]]]:
    """(name, meaning, label, (label's value, value)...)"""
    q, states = s.queue, sorted({line.state for line in s.claims})
    steps = (("ready", q.ready), ("running", q.running), ("later", q.later), ("parked", q.parked))
    firsts = (("paid", s.desk.paid), ("denied", s.desk.denied), ("pended", s.desk.pended))
    return (
        ("needs_person", "What waits for a person", "kind", ((a.kind, a.count) for a in s.attention)),
        ("steps", "Steps in the queue", "state", steps),
        ("files_undecided", "Received files without a verdict", "", (("", q.undecided),)),
        ("parcels_leaving", "Parcels not yet delivered", "", (("", q.leaving),)),
        ("nodes", "Running nodes", "", (("", q.nodes),)),
        ("claims", "Claims", "state",
         ((state, sum(c.count for c in s.claims if c.state == state)) for state in states)),
        ("first_decisions", "Claims by their first decision", "outcome", firsts),
        ("fell_out", "Claims that ever waited for a person", "queue", ((c.queue, c.claims) for c in s.desk.causes)),
        ("pended", "Claims that wait for a person", "queue", ((c.queue, c.waiting) for c in s.desk.causes)),
        ("cash_cents", "Claims cash held", "sponsor", ((f.sponsor_id, f.cash_cents) for f in s.funds)),
        ("payable_cents", "Owed to providers", "sponsor", ((f.sponsor_id, f.payable_cents) for f in s.funds)),
        ("requested_cents", "Asked of employers", "sponsor", ((f.sponsor_id, f.requested_cents) for f in s.funds)),
    )  # fmt: skip
