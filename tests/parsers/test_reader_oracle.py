"""pyx12's own validator as a second opinion on golden files with one change in them.

Where the two may differ, and why:
- a loop opened again at once: pyx12 forgets what the first one still owed (a CLM right after a CLM);
- separators at the end of a segment: pyx12 refuses them, they say nothing and are accepted here;
- money of more than ten digits or two decimals: pyx12's maps allow eighteen digits;
- code lists that change every year (place of service, remark and claim status codes) are business, not syntax.
"""

from __future__ import annotations

import io
import logging
from itertools import pairwise

import pytest
import pyx12.params
import pyx12.x12n_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from x12_material import accepted, joined, read, segments

YEARLY_LISTS = "pos,remark_code,claim_status,claim_status_cat"
VALUES = (
    "", "X", "0", "18", "IL", "85", "ZZZ", "N", "A" * 70, "AB ", "-1", "1.5", "20260230", "19800412", "D8", "RD8",
    "20260101-20260131", "HC:99213", "11:B:1:2",
)  # fmt: skip
EXAMPLES = {"in.834": 15, "out.277ca": 12, "out.835": 12, "in.837p": 4}  # pyx12 reads the 837's map for a second each
FIRST_BODY, LAST_BODY = 3, 4  # segments of the envelope before and after a body


def second_opinion(data: bytes) -> bool | None:
    """What pyx12 says; None when it breaks down over the file."""
    logging.disable(logging.CRITICAL)
    params = pyx12.params.params()
    params.set("exclude_external_codes", YEARLY_LISTS)
    try:
        return bool(
            pyx12.x12n_document.x12n_document(
                param=params, src_file=io.StringIO(data.decode("latin-1")), fd_997=io.StringIO(), fd_html=None
            )
        )
    except Exception:  # its crashes are many and of every type; none of them is an opinion
        return None
    finally:
        logging.disable(logging.NOTSET)


def _changed(parts: list[str], at: int, how: str, place: int, value: str) -> list[str]:
    """The file with one change at segment `at`."""
    elements = parts[at].split("*")
    if how == "element":
        elements[1 + place % (len(elements) - 1)] = value
    changed = {
        "delete": [],
        "twice": [parts[at], parts[at]],
        "element": ["*".join(elements)],
        "more": [f"{parts[at]}*X"],
        "swap": [parts[at + 1], parts[at]],
    }[how]
    return [*parts[:at], *changed, *parts[at + (2 if how == "swap" else 1) :]]


def _differs_by_design(changed: list[str]) -> bool:
    openers = ("INS", "HD", "CLM", "CLP", "LX", "SVC", "HL", "SBR", "SVD", "TRN")
    ids = [part.partition("*")[0] for part in changed]
    reopened = any(one == two and one in openers for one, two in pairwise(ids))
    doubled = any(one == two and one.startswith("NM1") for one, two in pairwise(changed))
    return reopened or doubled or any(part.endswith(("*", ":")) for part in changed[FIRST_BODY:-LAST_BODY])


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_change_gets_the_verdict_pyx12_gives(name: str) -> None:
    """Accepted here means accepted there, and the other way round, but for the differences explained above."""
    parts = segments(name)

    @settings(max_examples=EXAMPLES[name], deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.integers(FIRST_BODY, len(parts) - LAST_BODY),
        st.sampled_from(["delete", "twice", "element", "element", "element", "more", "swap"]),
        st.integers(0, 12),
        st.sampled_from(VALUES),
    )
    def same(at: int, how: str, place: int, value: str) -> None:
        changed = _changed(parts, at, how, place, value)
        if not _differs_by_design(changed):
            data = joined(changed)
            opinion = second_opinion(data)
            assert opinion is None or accepted(read(data)) == opinion

    same()
