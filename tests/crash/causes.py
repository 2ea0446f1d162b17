"""Every kind of commit, and where a test kills the process that makes it.

(cause, chapter of the scenario it comes in, witness: a query whose answer the commit changes). Of a step with several
commits of one cause each has a witness of its own.
"""

from __future__ import annotations

WORKER = [
    ("claim", "enrol", "select id from work where owner is not null"),
    ("stage", "enrol", "select count(*) from staged"),
    ("accept", "enrol", "select count(*) from interchange"),
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
    ("adjudicate", "claims", "select count(*) from decision"),
    ("notify", "claims", "select count(*) from notice"),
    ("plan", "plan", "select count(*) from pay_run"),
    ("issue", "plan", "select state from pay_run"),
    ("paper", "plan", "select count(*) from outbox"),
    ("day", "pay", "select value from installation where name = 'business_date'"),
    ("issue", "pay", "select state from pay_run"),
    ("payee", "pay", "select count(*) from remittance"),
    ("close", "pay", "select state from pay_run"),
    ("deliver", "pay", "select count(*) from outbox where state = 'visible'"),
    ("settle", "settle", "select count(*) from remittance where state = 'settled'"),
    ("recover", "settle", "select count(*) from recovery"),
]
"""Commits of workers."""
