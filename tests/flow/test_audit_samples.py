"""Laws of audit samples: drawn of what is decided now, with worksheets that add up."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from gateway.flow import explaining, sampling
from gateway.flow.auditing import Chosen
from gateway.pages import worksheets
from gateway.plan.claims.sampling import Method
from gateway.store.engine import Store
from gateway.store.keys import Keys
from tests.flow.world import World, begun, golden

METHODS: tuple[Method, ...] = ("simple", "stratified")


def decided(store: Store, keys: Keys, folder: Path) -> World:
    """The golden claims, decided."""
    world = begun(store, keys, folder, enrolled=True)
    world.send("clearpath", "claims.837", golden("in.837p"))
    return world


def test_a_sample_is_of_what_stands(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Claims that were replaced are not drawn, the others by either method, and the same seed draws the same."""
    context = decided(store, keys, tmp_path).context
    for method in METHODS:
        drawn = sampling.draw(context, Chosen(), 200, "seed", method)
        assert [icn for icn, _ in drawn.claims] == [f"2609600000{n}" for n in range(1, 9)]
        assert sum(each.paid_cents for each in drawn.strata) == 2_793_606
        some = sampling.draw(context, Chosen(), 3, "seed", method)
        assert some == sampling.draw(context, Chosen(), 3, "seed", method)
    assert sampling.draw(context, Chosen(last=date(2026, 4, 5)), 200, "seed", "simple").claims == ()


def test_worksheets_add_up_and_name_nobody(store: Store, keys: Keys, tmp_path: Path) -> None:
    """Each row of the CSV is a line whose charge is the sum of its parts; each claim has its sheet on the page."""
    context = decided(store, keys, tmp_path).context
    drawn = sampling.draw(context, Chosen(), 200, "seed", "stratified")
    told = [explaining.explained(context, icn) for icn, _ in drawn.claims]
    text = sampling.worksheet(drawn, told)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 12
    for row in rows:
        parts = [row[name] for name in ("discount", "not covered", "member", "other payers", "plan pays")]
        assert sum(round(float(part) * 100) for part in parts) == round(float(row["charge"]) * 100)
    assert sum(round(float(row["plan pays"]) * 100) for row in rows) == 2_793_606
    sheets = [(stratum, one) for (_, stratum), one in zip(drawn.claims, told, strict=True)]
    page = "".join(worksheets.pieces(drawn.words, drawn.strata, sheets))
    assert page.count('class="sheet"') == 8 and "<script" not in page
    for private in ("REED", "ORTIZ", "SBA1000", "LFC-5001"):
        assert private not in page.upper() and private not in text
