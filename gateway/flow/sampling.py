"""Drawing a sample of decided claims, and the worksheets an auditor from outside fills in."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from gateway.flow import filed
from gateway.flow.auditing import Chosen, within
from gateway.flow.context import Context
from gateway.plan.claims import breakdown, sampling
from gateway.plan.claims.explanation import Explained
from gateway.plan.claims.sampling import Candidate, Method, Stratum
from gateway.store.schema import claim as claim_table
from gateway.store.schema import decision as decision_table
from mappings.records import Record

AT_ONCE = 1_000
"""Rows fetched at once while a population is read: of claim numbers and amounts alone, 100 KB."""

COLUMNS = (
    "stratum", "weight", "claim", "line", "procedure", "first", "charge", "discount", "not covered", "member",
    "other payers", "plan pays", "checked plan pays", "error in dollars", "kind of error", "note",
)  # fmt: skip
"""Of the CSV; the last four are the auditor's."""


class Sample(Record, frozen=True, kw_only=True):
    """A drawn sample. words: method and confidence."""

    method: Method
    seed: str
    strata: tuple[Stratum, ...]
    claims: tuple[tuple[str, str], ...]
    """Claim number and the name of its stratum."""
    words: tuple[str, ...]


def draw(context: Context, chosen: Chosen, wanted: int, seed: str, method: Method) -> Sample:
    """A sample of claims whose present decision is paid or denied and was made in the days chosen. Reads twice."""
    with context.store.read() as connection:
        found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for one in _population(connection, chosen):
            claims, paid = found[sampling.stratum_of(one.paid_cents)]
            found[sampling.stratum_of(one.paid_cents)] = claims + 1, paid + one.paid_cents
        strata = sampling.strata(found, wanted, method)
        drawn = sampling.draw(_population(connection, chosen), strata, seed, method)
    simple = method == "simple"
    return Sample(
        method=method, seed=seed, strata=tuple(strata.values()),
        claims=tuple((one.icn, strata[0 if simple else sampling.stratum_of(one.paid_cents)].name) for one in drawn),
        words=tuple(sampling.method_in_words(tuple(strata.values()), seed, method)),
    )  # fmt: skip


def _population(connection: Connection, chosen: Chosen) -> Iterator[Candidate]:
    of = decision_table.c
    mine = select(of.icn, of.paid_cents).where(
        filed.NEWEST, claim_table.c.state == "decided", of.outcome.in_(("paid", "denied")), within(chosen)
    )
    for icn, paid_cents in connection.execute(mine.execution_options(yield_per=AT_ONCE)):
        yield Candidate(icn, int(paid_cents))


def worksheet(sample: Sample, told: Sequence[Explained]) -> str:
    """The sample as CSV, a row a line of a claim, amounts in dollars, with columns for the auditor."""
    weights = {each.name: each.weight for each in sample.strata}
    strata = dict(sample.claims)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in told:
        name = strata[one.icn]
        for line in one.decisions[-1].lines:
            parts = breakdown.totals([line])
            amounts = (line.charge_cents, *(parts[where] for where in breakdown.PARTS))
            money = [f"{cents / 100:.2f}" for cents in amounts]
            rows.writerow((name, f"{weights[name]:.4f}", one.icn, line.number, line.procedure.code, line.first, *money,
                           "", "", "", ""))  # fmt: skip
    return out.getvalue()
