"""River Rx, the drug manager of the shipped settings, and the files it sends of Bluebonnet's people."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.flow import loading
from gateway.flow.parties import Partner
from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys
from gateway.store.schema import entry
from mappings import drugs
from mappings.drugs import DrugRow, Manager
from tests.flow.world import World, begun

MANAGER = "riverrx"
SETTINGS = [shipped() / name / "drug-manager.toml" for name in ("partners", "providers")]

PEOPLE = {
    "ALAN": ("SBA100001", "REED", date(1980, 4, 12)), "BIANCA": ("SBA100001", "REED", date(1982, 9, 5)),
    "DANA": ("SBA100002", "ORTIZ", date(1985, 8, 14)), "FRANK": ("SBA100003", "LIU", date(1990, 2, 21)),
    "NOBODY": ("SBA999999", "UNKNOWN", date(1990, 1, 1)),
}  # fmt: skip
PERSON_IDS = {"ALAN": "SBA100001-M01", "BIANCA": "SBA100001-M02", "DANA": "SBA100002-M04"}


@cache
def manager() -> Manager:
    """What the shipped partner row says of its files."""
    _, rows = loading.prepare(SETTINGS[0])
    found = rows[0].body
    assert isinstance(found, Partner)
    assert found.drugs is not None
    return found.drugs


def fill(number: str, who: str, paid: int, *, reversal: bool = False, **given: Any) -> DrugRow:
    """One prescription of somebody, paid in cents; the member's shares as given, and the charge 5.00 above it all."""
    member, last, birth = PEOPLE[who]
    patient = sum(given.get(f"{word}_cents", 0) for word in ("deductible", "copay", "coinsurance", "other"))
    told = {
        "group": "BT1001", "filled": date(2026, 4, 2), "ndc": "00093101042", "pharmacy": "1555551112",
        "patient_cents": patient, "charge_cents": paid + patient + 5_00, **given,
    }  # fmt: skip
    return DrugRow(number=number, reversal=reversal, member=member, last_name=last, first_name=who, birth=birth,
                   paid_cents=paid, **told)  # fmt: skip


def file_of(*rows: DrugRow) -> bytes:
    """The manager's file of these claims."""
    return drugs.write(manager().claims, rows).encode()


def shared_plan() -> str:
    """The golden plan's document, which counts drugs with everything else."""
    text = (shipped() / "plans/bluebonnet-ppo.toml").read_text()
    return text.replace("# drugs_count_to = ", "drugs_count_to = ", 1)


def drug_world(store: Store, keys: Keys, folder: Path, *, shared: bool = True) -> World:
    """The golden installation with its members, and River Rx; shared: the plan counts drugs with everything else."""
    world = begun(store, keys, folder, enrolled=True, plan=shared_plan() if shared else None)
    loading.load(world.context, SETTINGS, "test")
    return world


def sums(world: World, who: str) -> dict[str, int]:
    """A person's accumulators of 2026 by kind, those kept apart for drugs as `drugs kind`."""
    mine = select(entry.c.tier, entry.c.kind, func.sum(entry.c.cents)).where(
        entry.c.person_id == PERSON_IDS[who], entry.c.year == 2026
    )
    with world.store.read() as connection:
        rows = connection.execute(mine.group_by(entry.c.tier, entry.c.kind)).all()
    return {kind if tier == "in" else f"{tier} {kind}": int(cents) for tier, kind, cents in rows if cents}
