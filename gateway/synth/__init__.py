"""Synthetic partners' files of any size: the same bytes for the same arguments, holding nobody's data.

| file | whole | in chunks | what it holds |
|---|---|---|---|
| 834 | `write_834(members, seed, on)` | `iter_834` | everybody of an employer |
| 837P, 837I, 837D | `write_837p(members, claims, seed, errors_pct, on)` | `iter_837p` | claims for those people |
| 835 | `write_835(claims, seed, on)` | `iter_835` | payments of such professional claims, balanced |
| drug claims | `write_drugs(layout, claims, members, seed, on)` | - | a drug manager paid for them, by its layout |
| 820 | `write_820(members, seed, on)` | `iter_820` | those people's premiums of a month, balanced |

The `iter_` forms keep nothing, so a million members cost no memory. `members` and `claims` yield the records. Claims
refer to the members of the same seed and count (subscriber numbers SYN000001, SYN000002...). Person n is computed from
the seed and n alone: a longer file begins with the shorter one's people. `errors_pct` percent of the claims, evenly
spread, carry one error each, the kinds (`ERRORS`) taking turns; every kind is one a 277CA rejects or a claim is pended
for, so the file itself stays acceptable. `broken_sets` adds sets that a 999 must reject.

Names are common words, SSNs begin with 9 (never issued), NPIs have good check digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from gateway.synth import dental, institutional, professional
from gateway.synth.claims import ERRORS, MAX_DAYS_OLD, SUBMITTER, Service, Trade
from gateway.synth.claims import claims as claims_of
from gateway.synth.dental import iter_837d
from gateway.synth.drugs import write_drugs
from gateway.synth.enrolment import iter_834
from gateway.synth.files import Envelope, interchange
from gateway.synth.institutional import iter_837i
from gateway.synth.people import ADMINISTRATOR, SPONSOR, Administrator, Sponsor, members
from gateway.synth.premium import iter_820
from gateway.synth.professional import PROVIDERS, SERVICES, iter_837p
from gateway.synth.remittance import iter_835
from mappings.records import Claim

__all__ = [
    "ADMINISTRATOR", "ERRORS", "MAX_DAYS_OLD", "PROVIDERS", "SERVICES", "SPONSOR", "SUBMITTER", "TRADES",
    "Administrator", "Envelope", "Service", "Sponsor", "Trade", "claims", "interchange", "iter_820", "iter_834",
    "iter_835", "iter_837d", "iter_837i", "iter_837p", "members", "write_820", "write_834", "write_835", "write_837d",
    "write_837i", "write_837p", "write_drugs",
]  # fmt: skip

TRADES = {"837P": professional.TRADE, "837I": institutional.TRADE, "837D": dental.TRADE}
"""Who bills what to whom by which guide."""


def claims(
    count: int, members: int, seed: int, errors_pct: float, on: date, *, trade: Trade = professional.TRADE, **how: Any
) -> Iterator[Claim]:
    """The claims of a file as records; how: as in `gateway.synth.claims.claims`."""
    return claims_of(trade, count, members, seed, errors_pct, on, **how)


def _whole(pieces: Any, *args: Any, **names: Any) -> bytes:
    return b"".join(pieces(*args, **names))


write_820 = partial(_whole, iter_820)
write_834 = partial(_whole, iter_834)
write_835 = partial(_whole, iter_835)
write_837d = partial(_whole, iter_837d)
write_837i = partial(_whole, iter_837i)
write_837p = partial(_whole, iter_837p)
