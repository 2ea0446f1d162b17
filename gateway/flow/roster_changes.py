"""What enrolment changes about members, gathered for one transaction and written a table at a time.

A large file writes hundreds of thousands of rows: one statement for all rows of a kind costs a tenth of one per row,
and the database's writer is held that much shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, update

from gateway.plan.records import FOREVER, Member, Span
from gateway.store.engine import upsert
from gateway.store.keys import Keys
from gateway.store.schema import alias, person, span

BODY = ("family_root", "subscriber_no", "member_no", "body")

_SPAN_KEY = ("sponsor_id", "person_id", "line", "first", "known_from")
_SAME_SPAN = [span.c[name] == bindparam(f"of_{name}") for name in _SPAN_KEY]
_FORGET = delete(span).where(*_SAME_SPAN)
_SUPERSEDE = update(span).where(*_SAME_SPAN).values(known_to=bindparam("until"))


class RosterChanges:
    """Changes to a sponsor's members at one order key; `write` writes them in the caller's transaction.

    on_file: members as they were read, ssn_hashes: theirs; a person about whom nothing changed is not written.
    """

    def __init__(
        self,
        keys: Keys,
        sponsor_id: str,
        ord: str,
        on_file: Mapping[str, Member] | None = None,
        ssn_hashes: Mapping[str, str] | None = None,
    ) -> None:
        self._keys, self._sponsor_id, self._ord = keys, sponsor_id, ord
        self._on_file = {pid: _bare(member) for pid, member in (on_file or {}).items()}
        self._ssn_hashes = ssn_hashes or {}
        self._people: dict[str, dict[str, Any]] = {}
        self._secrets: dict[str, dict[str, Any]] = {}
        self._aliases: dict[tuple[str, str], None] = {}
        self._opened: dict[tuple[str, ...], dict[str, Any]] = {}
        self._superseded: list[tuple[str, ...]] = []
        self._forgotten: list[tuple[str, ...]] = []

    def save(self, member: Member, ssn: str = "") -> None:
        """A person in place of an earlier state; the SSN is kept sealed, and as a keyed hash to match by."""
        bare, key = _bare(member), {"sponsor_id": self._sponsor_id, "person_id": member.person_id}
        if member.person_id in self._people or bare != self._on_file.get(member.person_id):
            self._people[member.person_id] = {
                **key, "family_root": bare.family_root, "subscriber_no": bare.subscriber_no,
                "member_no": bare.member_no, "body": msgspec.json.encode(bare).decode(), "ssn_hash": "",
            }  # fmt: skip
        if ssn and (hashed := self._keys.fingerprint(ssn)) != self._ssn_hashes.get(member.person_id):
            secret = self._keys.enclose(ssn, bound(self._sponsor_id, member.person_id))
            self._secrets[member.person_id] = {"of_person_id": member.person_id, "ssn": secret, "ssn_hash": hashed}

    def add_alias(self, subscriber_no: str, person_id: str) -> None:
        """An earlier number keeps finding the person."""
        self._aliases[subscriber_no, person_id] = None

    def change_span(self, person_id: str, superseded: Span | None, opened: Span | None) -> None:
        """Supersedes what was known and says what is known from now on; history stays."""
        if superseded is not None:
            key = self._span_key(person_id, superseded, superseded.known_from)
            if self._opened.pop(key, None) is None:
                (self._forgotten if superseded.known_from == self._ord else self._superseded).append(key)
        if opened is not None:
            key = self._span_key(person_id, opened, self._ord)
            self._opened[key] = {
                **dict(zip(_SPAN_KEY, key, strict=True)), "known_to": FOREVER,
                "last": opened.last.isoformat() if opened.last else None, "plan_id": opened.plan_id,
                "tier": opened.tier, "late_enrollee": int(opened.late_enrollee),
            }  # fmt: skip

    def _span_key(self, person_id: str, one: Span, known_from: str) -> tuple[str, ...]:
        return (self._sponsor_id, person_id, one.line, one.first.isoformat(), known_from)

    def write(self, connection: Connection) -> None:
        """Writes everything: what is no longer known before what is known instead."""
        sponsor_id = self._sponsor_id
        saved = upsert(connection, person)
        saved = saved.on_conflict_do_update(
            index_elements=["sponsor_id", "person_id"], set_={name: saved.excluded[name] for name in BODY}
        )
        told = update(person).where(person.c.sponsor_id == sponsor_id, person.c.person_id == bindparam("of_person_id"))
        for statement, rows in (
            (saved, self._people.values()),
            (told, self._secrets.values()),
            (
                upsert(connection, alias).on_conflict_do_nothing(),
                [{"sponsor_id": sponsor_id, "subscriber_no": n, "person_id": p} for n, p in self._aliases],
            ),
            (_FORGET, map(_of, self._forgotten)),
            (_SUPERSEDE, [{**_of(key), "until": self._ord} for key in self._superseded]),
            (insert(span), self._opened.values()),
        ):
            _many(connection, statement, rows)


def bound(sponsor_id: str, person_id: str) -> bytes:
    """What the sealed SSN of a person is bound to: it opens in nobody else's row."""
    return f"{sponsor_id}/{person_id}".encode()


def _many(connection: Connection, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    told = list(rows)
    if told:
        connection.execute(statement, told)


def _of(key: tuple[str, ...]) -> dict[str, str]:
    return {f"of_{name}": value for name, value in zip(_SPAN_KEY, key, strict=True)}


def _bare(member: Member) -> Member:
    return msgspec.structs.replace(member, spans=())
