"""How answers to one received file leave: each in a file of its own, or all of one kind in one file.

Where a partner's profile says `interchanges = "many"`, an answer is written and numbered by the transaction that
decides it, but put aside (`outbox.INSIDE`), where no partner sees it. A step makes the file once nothing more of that
kind is to come without a person: TA1s and 999s when the file is decided, 277CAs when its last awaited set is answered.
What comes later, since a person had to release it, leaves as a file of its own. Sets behind an enrolment file that
stopped half way are awaited: that file keeps its lane, and they will be answered by what it says.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, select, update

from gateway.flow import naming
from gateway.flow.context import Context
from gateway.flow.envelopes import Sent, named
from gateway.flow.inbound import set_key, subject_of
from gateway.flow.parties import Parties, Partner
from gateway.store import counters, installation, outbox, queue
from gateway.store.outbox import Parcel
from gateway.store.queue import Work
from gateway.store.schema import interchange, receipt, x12_set
from parsers.envelope import number_legal

FILE_BYTES = 16 * 1024 * 1024
"""Bytes of one file that carries several, so that making it takes 80 MB: apart, joined, sealed and on its way to the
database. An accepted set's 999 has 0.4 KB, a claim's part of a 277CA as much: 40,000 of them. An answer that is longer
stands alone."""

FILE_INTERCHANGES = 10_000
"""Interchanges of one file: marking their rows takes SQLite's one writer 0.1 s, when it is made and when it is
delivered. Files seen hold 312 interchanges at most."""


class Answer(NamedTuple):
    """What an answer answers: which file, under which name and ISA13 its sender knows it, and which part of it.

    group, set_no: 0 for several or none.
    """

    kind: str
    receipt_no: int
    original: str
    isa13: str
    interchange: int
    group: int = 0
    set_no: int = 0

    @property
    def place(self) -> str:
        """A name that sorts as what was received."""
        return f"{self.receipt_no:012d}-{self.interchange:08d}-{self.group:08d}-{self.set_no:08d}.{self.kind}"

    def fields(self) -> dict[str, str]:
        """What a template may say of it."""
        return {
            "kind": self.kind, "receipt": f"{self.receipt_no:09d}", "original": naming.cleaned(self.original),
            "answers": self.isa13 if number_legal(self.isa13) else "0", "interchange": str(self.interchange),
            "group": str(self.group), "set": str(self.set_no),
        }  # fmt: skip


TEMPLATES = {"TA1": "answer", "999": "answer", "277CA": "claim_answer"}
"""Kind of answer -> the template of a profile that names its files."""


def leave(connection: Connection, context: Context, partner: Partner, today: date, told: Answer, sent: Sent) -> None:
    """An answer leaves as a file, or is put aside for the file that will carry it, as its partner's profile says."""
    alone = partner.profile.interchanges == "one"
    name = named(partner, _template(partner, told.kind), today, sent, told.fields()) if alone else told.place
    parcel = Parcel(partner=partner.id, kind=told.kind, name=name, body=sent.body, cause=subject_of(told.receipt_no),
                    folder="outbound" if alone else outbox.INSIDE, control=sent.isa13, group=sent.gs06)  # fmt: skip
    outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)


def _template(partner: Partner, kind: str) -> str:
    template: str = getattr(partner.profile, TEMPLATES[kind])
    return template


# ---- when ------------------------------------------------------------------------------------------------------------


def answered(connection: Connection, body: dict[str, Any]) -> None:
    """Nobody waits any more for the 277CA of the set a step's body names: it comes now, or a person must see to it.

    Call it before control numbers are taken: it locks the file's row, so that of two sets answered at once, or of the
    last one and the file's decision, the second sees the first and knows that nothing is left.
    """
    _locked(connection, body["receipt_no"])
    connection.execute(update(x12_set).where(*set_key(body)).values(awaited=0))


def due(connection: Connection, context: Context, receipt_no: int) -> None:
    """Enqueues what makes the files that carry what is put aside, as far as nothing more of its kind is to come."""
    file = _locked(connection, receipt_no)
    if file.state == "received":
        return
    awaited = select(exists().where(x12_set.c.receipt_no == receipt_no, x12_set.c.awaited == 1))
    for kind in outbox.uncarried(connection, subject_of(receipt_no)):
        if kind != "277CA" or not connection.execute(awaited).scalar_one():
            queue.enqueue(connection, context.now_us, "gather", lane=f"gather/{receipt_no}", partner=file.partner,
                          body={"receipt_no": receipt_no, "kind": kind})  # fmt: skip


def _locked(connection: Connection, receipt_no: int) -> Any:
    """The file's row, which nobody else can lock or change before this transaction ends."""
    mine = select(receipt.c.partner, receipt.c.state).where(receipt.c.receipt_no == receipt_no)
    return connection.execute(mine.with_for_update()).one()


# ---- the step --------------------------------------------------------------------------------------------------------


def gather(context: Context, work: Work) -> None:
    """The step: one file of all answers of a kind that are put aside for a received file, in the order of what it held.

    A file of more than `FILE_BYTES` or `FILE_INTERCHANGES` is several, each whole interchanges and one transaction.
    """
    receipt_no, kind = work.body["receipt_no"], work.body["kind"]
    cause, more = subject_of(receipt_no), True
    while more:
        with context.store.read() as connection:
            waits = outbox.to_carry(connection, cause, kind, FILE_INTERCHANGES + 1)
            some = _fitting(waits)
            more = len(some) < len(waits)
            body = b"".join(outbox.bodies(connection, context.keys, [one.id for one in some]))
            today = installation.business_date(connection)
            file = connection.execute(select(receipt).where(receipt.c.receipt_no == receipt_no)).one()
            partner = Parties(connection, today).partner(file.partner)
            first = _answer_at(connection, file, kind, some[0].name) if some else None
        with context.store.write("gather") as connection:
            if more:
                queue.advance(connection, work, work.body)
            else:
                queue.finish(connection, work)
            if first is not None:
                number = counters.take(connection, f"file/{receipt_no}/{kind}")
                fields = {**first.fields(), "file": str(number)}
                name = named(partner, _template(partner, kind), today, Sent(body, some[0].control, ""), fields)
                parcel = Parcel(partner=partner.id, kind=kind, name=name, body=body, cause=cause)
                carrier = outbox.post(connection, context.keys, context.now_us, today.isoformat(), parcel)
                outbox.carry(connection, carrier, cause, kind, some[-1].name)


def _fitting(waits: list[Any]) -> list[Any]:
    """As many as go into one file; at least one."""
    size, some = 0, list[Any]()
    for one in waits[:FILE_INTERCHANGES]:
        size += one.size
        if some and size > FILE_BYTES:
            break
        some.append(one)
    return some


def _answer_at(connection: Connection, file: Any, kind: str, place: str) -> Answer:
    """What stands at a place, as `Answer.place` names it.

    A file is named by its first answer, too: while the profile says `many` its template has no field that tells, and
    once it says `one` again the name is what that answer would have had alone, so no other file has it.
    """
    number, group, set_no = map(int, place.partition(".")[0].split("-")[1:])
    mine = (interchange.c.receipt_no == file.receipt_no, interchange.c.number == number)
    isa13 = connection.execute(select(interchange.c.isa13).where(*mine)).scalar_one()
    return Answer(kind, file.receipt_no, file.name, isa13, number, group, set_no)
