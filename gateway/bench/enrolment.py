"""A full file of everybody: validated, and reconciled with an empty roster and with one that knows them all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from gateway import synth
from gateway.bench.figures import DAY, about, peak_mb
from gateway.bench.installation import installation
from gateway.store.schema import enrolment as enrolment_table
from gateway.store.schema import person

ENROLLING = ("intake", "route")


def enrolment(members: int, seed: int) -> dict[str, Any]:
    """Seconds and the worker's most memory, from receipt to the last member applied; one worker, SQLite.

    first: nobody is on file. again: everybody is, and the second file says the same of them a day later.
    """
    told: dict[str, Any] = {}
    with installation() as made:
        for number, name in enumerate(("first", "again"), 1):
            with made.workers(1) as children:
                pieces = synth.iter_834(members, seed, DAY, control=number)
                made.put("bluebonnet", pieces)
                seconds = made.until_done(children, *ENROLLING)
                told[name] = {"seconds": round(seconds, 1), "peak_mb": peak_mb(children[0].pid)}
        with made.context.store.read() as connection:
            people = connection.execute(select(func.count()).select_from(person)).scalar_one()
            applied = connection.execute(select(func.count()).where(enrolment_table.c.state == "applied")).scalar_one()
        if (people, applied) != (members, 2):
            raise AssertionError(f"{people} of {members} members are on file after {applied} files")
    return {**about(seed), "members": members, **told}
