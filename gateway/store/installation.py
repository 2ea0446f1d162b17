"""The facts of one installation: test or production, the business date."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, bindparam, select, update

from gateway.store.engine import upsert
from gateway.store.prepared import Prepared
from gateway.store.schema import installation

_GET = Prepared(select(installation.c.value).where(installation.c.name == bindparam("name")))


def get(connection: Connection, name: str) -> str:
    """The value of a fact, "" when it was never said."""
    found = _GET.run(connection, name=name).fetchone()
    return str(found[0]) if found else ""


def put(connection: Connection, name: str, value: str) -> None:
    """Says a fact, or says it anew."""
    statement = upsert(connection, installation).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def business_date(connection: Connection) -> date:
    """The administrator's date of today; a row, moved by the day step, never the machine's clock."""
    return date.fromisoformat(get(connection, "business_date"))


def move_business_date(connection: Connection, to: date) -> None:
    """Moves the business date forward; never back."""
    forward = update(installation).where(installation.c.name == "business_date", installation.c.value < to.isoformat())
    connection.execute(forward.values(value=to.isoformat()))
