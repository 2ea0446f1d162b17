"""Every kind of commit, and where a test kills the process that makes it.

(cause, chapter of the scenario it comes in, witness: a query whose answer the commit changes). Of a step with several
commits of one cause each has a witness of its own.
"""

from __future__ import annotations

WORKER = [
    ("claim", "enrol", "select id from work where owner = :who"),
    ("decided", "enrol", "select state from receipt"),
    ("enrol", "enrol", "select count(*) from enrolment"),
    ("enrol", "enrol", "select count(*) from span"),
    ("enrol", "enrol", "select count(*) from outbox"),
    ("deliver", "enrol", "select count(*) from outbox where state = 'visible'"),
    ("chain", "enrol", "select count(*) from audit where seq is not null"),
    ("sweep", "spoilt", "select count(*) from staged"),
    ("stage", "claims", "select count(*) from staged"),
    ("accept", "claims", "select count(*) from x12_set"),
    ("route", "claims", "select count(*) from claim"),
    ("answer", "claims", "select count(*) from outbox where kind = '277CA'"),
    ("adjudicate", "claims", "select count(*) from decision"),
    ("notify", "claims", "select count(*) from notice"),
    ("plan", "plan", "select count(*) from pay_run"),
    ("paper", "plan", "select count(*) from outbox"),
    ("issue", "approve", "select state from pay_run"),
    ("day", "pay", "select value from installation where name = 'business_date'"),
    ("issue", "pay", "select state from pay_run"),
    ("payee", "pay", "select count(*) from remittance"),
    ("close", "pay", "select state from pay_run"),
    ("settle", "settle", "select count(*) from remittance where state = 'settled'"),
    ("recover", "settle", "select count(*) from recovery"),
    ("rerun", "strangers", "select state from claim order by icn"),
    ("reprocess-cut", "again", "select count(*) from work where kind = 'again'"),
    ("again", "again", "select count(*) from decision"),
    ("affected", "again", "select count(*) from work where kind = 'affected'"),
]
"""Commits of workers."""

DAEMON = [
    ("login", "enrol", "select count(*) from audit where action = 'login'"),
    ("upload", "enrol", "select count(*) from upload"),
    ("upload", "enrol", "select state from upload where state = 'closed'"),
    ("receipt", "enrol", "select count(*) from receipt"),
    ("beat", "enrol", "select seen_us from node"),
    ("timer", "enrol", "select id from work where kind = 'chain'"),
    ("fetched", "fetch", "select count(*) from audit where action = 'fetch'"),
    ("hide", "fetch", "select count(*) from outbox where state = 'picked-up'"),
]
"""Commits of the daemon. That which gives back a dead worker's claims has a test of its own."""

COMMAND = [
    ("pay-run", "plan", "select id from work where kind = 'plan'"),
    ("approve", "approve", "select count(*) from approval"),
    ("day-ask", "fund", "select id from work where kind = 'day'"),
    ("deposit", "fund", "select count(*) from deposit"),
    ("settle-ask", "bank", "select id from work where kind = 'settle' and due_on = ''"),
    ("reimbursement", "carrier", "select state from recovery"),
    ("hold-release", "strangers", "select state from hold order by id"),
    ("pend", "desk", "select count(*) from pend_event"),
    ("reprocess", "again", "select count(*) from reprocessing"),
    ("evidence", "evidence", "select count(*) from evidence"),
    ("codes", "lists", "select count(*) from code_release"),
]
"""Commits of an operator's commands."""

BEGINNING = [
    ("create", "select count(*) from installation"),
    ("load", "select count(*) from document"),
    ("takeover", "select count(*) from journal"),
]
"""Commits that make an installation."""

ELSEWHERE = {
    **dict.fromkeys(("place", "taken"), "tests/flow/test_directory_store.py: no partner of the scenario has a folder"),
    **dict.fromkeys(("pull", "push", "remote"), "tests/flow/test_remote_steps.py: none has a server of its own"),
    "accumulators": "tests/flow/test_drugs.py: one file a day, the same one when it is asked for again",
    "appeal": "an appeal with its event, its hold and what carries it out, in one commit; typed again, it is refused",
    "ask": "a step asked for by a person, in one row; asking again makes another",
    "instalment": "tests/golden/test_second_golden.py: a timer's row gives its claim to the lane, in one commit",
    "drop": "what nobody may read any more goes, chunk by chunk; what is left goes at the next sweep",
    "release": "test_daemon_dies_giving_back",
    "tidy": "test_worker_dies_tidying",
    "gather": "tests/flow/test_gathering.py: no partner of the scenario wants it",
    "door": "a death costs the record of two seconds' listings and reads; what changed anything is in its own commit",
    "unban": "one row less; who shut it out may do so again",
    **dict.fromkeys(("replay", "resend", "watch", "legal-hold", "retention"), "test_death_around_the_file"),
    "migrate": "one DDL transaction; tests/store says what an interrupted one leaves",
    "bench": "a database of its own, thrown away",
    "rotate": "test_a_killed_rotation_is_gone_on_with in tests/flow",
    "key-rotate": "the audit row of a rotation that has ended; the next rotation writes one again",
    "key-retire": "the audit row of a file that was renamed",
    "key-add": "one row of a key and its audit row; adding it again changes nothing",
    "key-revoke": "one row of a key and its audit row; revoking it again changes nothing",
}
"""Causes that no table names, and why."""
