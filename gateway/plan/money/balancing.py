"""Whether a remittance may leave: the three balancing equations of the 835 and the rules that go with them.

A remittance with any finding is wrong by our own doing; the caller must not send it nor the payment it explains.
Messages name our own claim and trace numbers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mappings.records import Adjustment, Remittance, RemittedClaim, RemittedLine
from parsers.findings import Finding

MAX_TRIPLETS = 6
"""A CAS segment holds six adjustments of one group."""

REVERSAL = "22"
ONLY_OTHER = frozenset({"18", "23"})
"""CARCs that are nobody's debt: exact duplicate, and what the prior payer decided. Only group OA carries them."""

GROUPS = frozenset({"CO", "PR", "OA", "PI"})
NOT_KNOWN = ("4", "31")
"""CLP02 4 (denied) is only for a patient the plan does not know, CARC 31."""


def check(remittance: Remittance) -> tuple[Finding, ...]:
    """Every rule a remittance breaks; empty when it may leave."""
    return (
        *_payment(remittance),
        *(finding for claim in remittance.claims for finding in _claim(claim)),
    )


def check_all(remittances: Iterable[Remittance]) -> tuple[Finding, ...]:
    """check() of each, and that no trace is used twice among them."""
    remittances = tuple(remittances)
    traces = Counter(r.trace for r in remittances)
    repeated = (_wrong("835:trace", f"trace {trace} is used {n} times") for trace, n in traces.items() if n > 1)
    return (*(finding for r in remittances for finding in check(r)), *repeated)


def _payment(r: Remittance) -> Iterator[Finding]:
    """Equation 3: BPR02 = sum of CLP04 less sum of PLB; and what a payment of zero looks like."""
    told = sum(c.paid_cents for c in r.claims) - sum(a.cents for a in r.adjustments)
    if told != r.amount_cents:
        yield _wrong("835:payment", f"payment {r.trace}: claims less adjustments are not the amount paid")
    if r.amount_cents < 0:
        yield _wrong("835:negative", f"payment {r.trace} is negative")
    if (r.amount_cents == 0, r.amount_cents == 0) != (r.handling == "H", r.method == "NON"):
        yield _wrong("835:zero", f"payment {r.trace}: H and NON go with an amount of zero and nothing else")
    if not r.trace:
        yield _wrong("835:trace", "a payment has no trace")
    if any(a.cents == 0 for a in r.adjustments):
        yield _wrong("835:plb", f"payment {r.trace} has a provider adjustment of zero")


def _claim(c: RemittedClaim) -> Iterator[Finding]:
    """Equation 2: CLP03 - all CAS = CLP04, and lines add up to their claim; then the codes."""
    of_lines = [a for line in c.lines for a in line.adjustments]
    own, everything = _sum(c.adjustments), [*c.adjustments, *of_lines]
    if c.charge_cents - _sum(everything) != c.paid_cents:
        yield _wrong("835:claim", f"claim {c.icn}: charge less adjustments is not what was paid")
    if c.lines and sum(line.charge_cents for line in c.lines) != c.charge_cents:
        yield _wrong("835:claim-charge", f"claim {c.icn}: line charges do not add up to its charge")
    if c.lines and sum(line.paid_cents for line in c.lines) != c.paid_cents + own:
        yield _wrong("835:claim-paid", f"claim {c.icn}: line payments do not add up to its payment")
    if not _patient_agrees(c, everything):
        yield _wrong("835:patient", f"claim {c.icn}: patient responsibility is not the sum of its PR adjustments")
    if c.status == NOT_KNOWN[0] and all(a.reason != NOT_KNOWN[1] for a in everything):
        yield _wrong("835:status", f"claim {c.icn}: status 4 without reason 31")
    yield from _codes(c.icn, c.adjustments)
    for number, line in enumerate(c.lines, 1):
        yield from _line(f"{c.icn} line {number}", line)


def _line(name: str, line: RemittedLine) -> Iterator[Finding]:
    """Equation 1: SVC02 - line CAS = SVC03."""
    if line.charge_cents - _sum(line.adjustments) != line.paid_cents:
        yield _wrong("835:line", f"claim {name}: charge less adjustments is not what was paid")
    yield from _codes(name, line.adjustments)


def _codes(name: str, adjustments: Sequence[Adjustment]) -> Iterator[Finding]:
    if any(a.cents == 0 for a in adjustments):
        yield _wrong("835:cas-zero", f"claim {name} has an adjustment of zero")
    if any(a.group not in GROUPS for a in adjustments):
        yield _wrong("835:group", f"claim {name} has an adjustment group that is not CO, PR, OA or PI")
    if any(a.reason in ONLY_OTHER and a.group != "OA" for a in adjustments):
        yield _wrong("835:group", f"claim {name} has reason 18 or 23 outside group OA")
    if any(n > MAX_TRIPLETS for n in Counter(a.group for a in adjustments).values()):
        yield _wrong("835:cas-many", f"claim {name} has more than {MAX_TRIPLETS} adjustments of one group")


def _patient_agrees(c: RemittedClaim, adjustments: Sequence[Adjustment]) -> bool:
    """CLP05 is the sum of PR and left out on a reversal; left out elsewhere it means zero."""
    if c.status == REVERSAL:
        return c.patient_cents is None
    return (c.patient_cents or 0) == _sum([a for a in adjustments if a.group == "PR"])


def _sum(adjustments: Sequence[Adjustment]) -> int:
    return sum(a.cents for a in adjustments)


def _wrong(code: str, message: str) -> Finding:
    return Finding(level="business", code=code, snip=3, message=message)
