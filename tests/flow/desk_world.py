"""An installation with claims at the desk, on SQLite: near duplicates, claims that two must release, none priced."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from gateway.settings import shipped
from gateway.store.engine import Store
from gateway.store.keys import Keys, create_master
from gateway.store.schema import audit, pend_event
from tests.flow.world import World, golden

PLAN = (shipped() / "plans" / "bluebonnet-ppo.toml").read_text()
SPONSORS = (shipped() / "sponsors" / "sample.toml").read_text()
FEES = (shipped() / "golden" / "fees.csv").read_text()
C1, C3 = "26096000001", "26096000003"
"""Alan's claim of March 16th, and the one that repeats it."""


def near_duplicate() -> bytes:
    """The golden claims; C3 bills the visit of C1 for a dollar more, so that it only resembles it."""
    first, _, rest = golden("in.837p").decode().partition("HL*4*1*22*0~")
    rest = rest.replace("CLM*LFC-5001*240*", "CLM*LFC-5001*241*", 1)
    rest = rest.replace("SV1*HC:99214*180*", "SV1*HC:99214*181*", 1)
    return (first + "HL*4*1*22*0~" + rest).encode()


def desk(template: Path, folder: Path, **settings: Any) -> World:
    """The golden installation on April 6th, its members on file."""
    shutil.copytree(template, folder / "state")
    create_master(folder / "keys")
    return begun(World(Store(f"sqlite:///{folder}/state/state.db"), Keys(folder / "keys"), folder, **settings))


def begun(world: World) -> World:
    """April 6th, the members on file."""
    world.advance("2026-04-06")
    world.send("bluebonnet", "enrol.834", golden("in.834"))
    return world


def with_duplicate(template: Path, folder: Path, **settings: Any) -> World:
    """C3 waits in DUP; everything else is decided."""
    world = desk(template, folder, **settings)
    world.send("clearpath", "claims.837", near_duplicate())
    return world


def with_large(template: Path, folder: Path) -> World:
    """Every claim that pays more than 50 dollars waits for two people, and a near duplicate, too."""
    return with_duplicate(template, folder, plan=PLAN.replace("# high_dollar = 25000", "high_dollar = 50"))


def without_lab(template: Path, folder: Path) -> World:
    """Alan's claim waits in PRC, as nobody has a price for its laboratory line; Bianca's are decided before it."""
    kept = [line for line in FEES.splitlines() if ",80053," not in line]
    return with_duplicate(template, folder, fees="\n".join(kept) + "\n")


def acts_of(world: World, icn: str) -> list[tuple[str, str, str]]:
    """(who, act, words) of every act about a claim, in order."""
    return [(row.user, row.act, row.said) for row in world.rows(pend_event) if row.icn == icn]


def audited(world: World, icn: str) -> list[tuple[str, str, str]]:
    """(who, act, detail) of every audit row about a claim, in order."""
    return [(row.actor, row.action, row.detail) for row in world.rows(audit) if row.entity == f"claim {icn}"]
