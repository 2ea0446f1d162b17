"""Every table, in one text for SQLite and PostgreSQL. A comment says what a row means and how long it is kept.

Three column types only: Integer, Text, LargeBinary. Dates are ISO text, instants integer microseconds UTC (`_us`),
booleans 0/1, documents JSON text. `sponsor_id` comes first in every business key, so that the schema can be
distributed by sponsor later. `ord` is the 32-digit order key (`gateway.store.order`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

metadata = MetaData()

Int = BigInteger().with_variant(Integer, "sqlite")


def _i(name: str, **k: Any) -> Column[int]:
    return Column(name, Int, nullable=k.pop("nullable", False), **k)


def _t(name: str, **k: Any) -> Column[str]:
    return Column(name, Text, nullable=k.pop("nullable", False), **k)


def _b(name: str, **k: Any) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=k.pop("nullable", False), **k)


def _flag(name: str) -> Column[int]:
    return Column(name, Int, CheckConstraint(f"{name} in (0, 1)"), nullable=False, server_default=text("0"))


def _table(name: str, *columns: Any) -> Table:
    return Table(name, metadata, *columns, sqlite_strict=True)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that a condition holds for."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


# ---- engine ----------------------------------------------------------------------------------------------------------

installation = _table(
    # One fact of this installation: usage (T or P, never changed), business_date, created_us. Kept for ever.
    "installation",
    _t("name", primary_key=True),
    _t("value"),
)

counter = _table(
    # The next number of one gapless series (receipts, ISA13 of a pair, ICNs of a day, traces). Kept for ever.
    "counter",
    _t("scope", primary_key=True),
    _i("next"),
)

node = _table(
    # A running daemon or node of workers and when it last said so, by its own clock. Removed when it leaves.
    "node",
    _t("name", primary_key=True),
    _i("seen_us"),
)

work = _table(
    # One step that is due: the queue. Removed by the transaction that does it; parked rows wait for a person.
    # lane: at most one row of a lane has an owner, and rows of a lane go in ord. due_on: business date it waits for.
    # gate: receipt number; the row waits while a smaller one of its sponsor's partners is undecided (0 = no gate).
    "work",
    _t("id", primary_key=True),
    _t("kind"),
    _t("partner"),
    _t("sponsor_id"),
    _t("lane"),
    _t("ord"),
    _i("gate"),
    _i("rank"),
    _i("turn"),
    _i("due_us"),
    _t("due_on"),
    _i("attempt"),
    _t("owner", nullable=True),
    _flag("parked"),
    _t("key", nullable=True, unique=True),
    _t("body"),
    _partial("work_ready", "rank", "turn", "id", where="owner is null and parked = 0"),
    _partial("work_one_per_lane", "lane", where="owner is not null", unique=True),
    Index("work_lane", "lane", "ord", "id"),
    Index("work_partner", "partner", "turn"),
    Index("work_owner", "owner", "turn"),
)

audit = _table(
    # Who did what, when: one row with its cause; seq, hash: its place in the chain, null until then. No PHI. 7 years.
    "audit",
    _t("id", primary_key=True),
    _i("at_us"),
    _t("actor"),
    _t("action"),
    _t("entity"),
    _t("detail"),
    _i("seq", nullable=True, unique=True),
    _t("hash", nullable=True),
)

# ---- what commands load ----------------------------------------------------------------------------------------------

document = _table(
    # One dated version of a partner, sponsor, plan, policy or provider as loaded; body is its JSON. Kept for ever.
    "document",
    _t("kind", primary_key=True),
    _t("id", primary_key=True),
    _t("first", primary_key=True),
    _i("version", primary_key=True),
    _t("last", nullable=True),
    _t("body"),
    _i("loaded_us"),
)

fee = _table(
    # One dated price of a provider, or of a schedule contracts name. Kept for ever: old claims are re-priced by the
    # date of service. weight: of a DRG, ten-thousandths of a base rate; mean_days: tenths of a day its stays take.
    "fee",
    _t("npi", primary_key=True),
    _t("schedule", primary_key=True),
    _t("code", primary_key=True),
    _t("modifier", primary_key=True),
    _t("locality", primary_key=True),
    _t("first", primary_key=True),
    _t("last", nullable=True),
    _i("allowed_cents"),
    _t("per"),
    _i("weight", nullable=True),
    _i("mean_days", nullable=True),
)

network_member = _table(
    # One dated membership of providers in a network; "" is anybody or anywhere. Kept for ever.
    "network_member",
    _t("network", primary_key=True),
    _t("tin", primary_key=True),
    _t("npi", primary_key=True),
    _t("rendering", primary_key=True),
    _t("locality", primary_key=True),
    _t("first", primary_key=True),
    _t("last", nullable=True),
    Index("network_member_npi", "npi"),
    Index("network_member_rendering", "rendering"),
    Index("network_member_tin", "tin"),
)

code_rule = _table(
    # What a procedure code asks of a line or of its neighbours (plan.records.CodeRule). values: words. Kept for ever.
    "code_rule",
    _t("code", primary_key=True),
    _t("other", primary_key=True),
    _t("edit", primary_key=True),
    _t("first", primary_key=True),
    _t("last", nullable=True),
    _t("values"),
)

code_release = _table(
    # One release of an external code set as loaded, in force first..last (no two of a set overlap). sha256: over its
    # codes. Kept for ever: a claim is judged by the date of its service.
    "code_release",
    _t("name", primary_key=True),
    _t("first", primary_key=True),
    _t("last", nullable=True),
    _i("codes"),
    _t("sha256"),
    _i("loaded_us"),
)

code = _table(
    # One code of a release; first, last: only where it is in force for a part of the release. Kept with its release.
    "code",
    _t("name", primary_key=True),
    _t("release", primary_key=True),
    _t("code", primary_key=True),
    _t("first", nullable=True),
    _t("last", nullable=True),
    _t("label"),
)

partner_key = _table(
    # An SSH public key a partner may log in with: from from_us (0: at once) until before until_us (null: for ever), and
    # never after revoked_us. line: as OpenSSH writes it. Kept for ever: a revoked key must stay known as one.
    "partner_key",
    _t("fingerprint", primary_key=True),
    _t("partner"),
    _t("line"),
    _i("from_us"),
    _i("until_us", nullable=True),
    _i("added_us"),
    _t("added_by"),
    _i("revoked_us", nullable=True),
    _t("revoked_by"),
    Index("partner_key_partner", "partner"),
)

ban = _table(
    # An address (IPv4, or IPv6 /64) the door shuts out until an instant; times: which ban of it. Kept a day longer.
    "ban",
    _t("place", primary_key=True),
    _i("until_us"),
    _i("times"),
)

agreement = _table(
    # This partner may send files for this sponsor. Kept while the partner is.
    "agreement",
    _t("partner", primary_key=True),
    _t("sponsor_id", primary_key=True),
    Index("agreement_sponsor", "sponsor_id"),
)

# ---- the door --------------------------------------------------------------------------------------------------------

upload = _table(
    # One upload: its sealed rows lie in blob under id. state: open, closed (a temporary name), lost, received, swept;
    # removing, removed: its key and its rows are gone, by retention.
    # key: its data key, wrapped by the master key. size: of an open one, what another session may begin with.
    # touched_us: last sign of life; an unbound upload is swept 24 h later, the bytes of a received one kept 7 years.
    "upload",
    _t("id", primary_key=True),
    _t("partner"),
    _t("name"),
    _t("state"),
    _i("size"),
    _t("sha256"),
    _b("key"),
    _i("touched_us"),
    _flag("hidden"),
    Index("upload_partner", "partner", "name", "touched_us"),
    Index("upload_recent", "partner", "touched_us"),
    Index("upload_unbound", "state", "touched_us"),
)

blob = _table(
    # 1 MiB of an upload, compressed and sealed. On SQLite in blobs.db. Durable before the receipt that binds it.
    "blob",
    _t("upload_id", primary_key=True),
    _i("row_no", primary_key=True),
    _b("data"),
)

legal_hold = _table(
    # Of what this names (flow.retention.SCOPES) nothing is removed until it is lifted. Kept for ever.
    "legal_hold",
    _t("id", primary_key=True),
    _t("scope"),
    _t("subject"),
    _t("reason"),
    _i("opened_us"),
    _t("opened_by"),
    _i("lifted_us", nullable=True),
    _t("lifted_by", server_default=text("''")),
    _t("lifted_reason", server_default=text("''")),
)

receipt = _table(
    # A file received whole. state: received (undecided), decided, quarantined, duplicate (the bytes of another one),
    # parked. replays: the receipt whose bytes a person had read once more, 0 for a file a partner sent. Kept for ever;
    # the bytes as long as retention says.
    "receipt",
    _i("receipt_no", primary_key=True, autoincrement=False),
    _t("partner"),
    _t("upload_id"),
    _t("name"),
    _i("size"),
    _t("sha256"),
    _i("received_us"),
    _t("received_on"),
    _t("state"),
    _t("reason"),
    _i("decided_us", nullable=True),
    _i("replays", server_default=text("0")),
    Index("receipt_upload", "upload_id"),
    Index("receipt_bytes", "partner", "sha256"),
    Index("receipt_day", "partner", "received_on"),
    _partial("receipt_undecided", "receipt_no", where="state = 'received'"),
)

claimed = _table(
    # A file claimed from a watched directory that is received: the claim's id is in the file's place. Kept 7 years.
    "claimed",
    _t("claim", primary_key=True),
    _i("receipt_no"),
)

# ---- intake ----------------------------------------------------------------------------------------------------------

progress = _table(
    # How far the intake of a file came: staged rows so far. Removed with the file's decision.
    "progress",
    _i("receipt_no", primary_key=True, autoincrement=False),
    _i("staged"),
    _i("interchanges"),
)

interchange = _table(
    # One ISA..IEA. state: accepted, rejected, replayed (no set of it was good, and its file is read once more).
    # codes: TA105 as JSON, the evidence of why; free of data. Kept 7 years.
    "interchange",
    _i("receipt_no", primary_key=True, autoincrement=False),
    _i("number", primary_key=True, autoincrement=False),
    _t("partner"),
    _t("sender"),
    _t("receiver"),
    _t("isa13"),
    _t("usage"),
    _t("sha256"),
    _t("state"),
    _t("codes"),
    # The same interchange twice is refused, compared only with accepted ones.
    Index(
        "interchange_once",
        "sender",
        "receiver",
        "isa13",
        "usage",
        unique=True,
        sqlite_where=text("state = 'accepted'"),
        postgresql_where=text("state = 'accepted'"),
    ),
)

x12_set = _table(
    # One ST..SE; a drug manager's file (st01 drugs) is told as one, too. state: accepted, rejected, held (suspected
    # duplicate), released. header: JSON of its header. What SNIP 1-2 found may quote what was sent: it is in its sealed
    # answers only. icn_first: number of its first claim. routes_left: route steps that have not ended; the one that
    # makes it 0 answers the set. awaited: its 277CA is to come without a person, so that a file of all of them waits
    # for it. findings: what the edits (SNIP 3-7) say of the set itself and its header, without data. Kept 7 years.
    "x12_set",
    _i("receipt_no", primary_key=True, autoincrement=False),
    _i("interchange", primary_key=True, autoincrement=False),
    _i("grp", primary_key=True, autoincrement=False),
    _i("number", primary_key=True, autoincrement=False),
    _t("partner"),
    _t("st01"),
    _t("reference"),
    _t("body_sha256"),
    _t("state"),
    _t("header"),
    _i("rows"),
    _t("icn_first"),
    _i("routes_left"),
    _flag("awaited"),
    _t("findings", server_default=text("'[]'")),
    Index("x12_set_reference", "partner", "st01", "reference"),
    Index("x12_set_body", "partner", "body_sha256"),
    _partial("x12_set_routed", "receipt_no", where="routes_left > 0"),
)

staged = _table(
    # One claim or member row as read, invisible until its interchange is accepted. Swept when its set is rejected,
    # and when it has been routed or applied: the sealed file and the business rows are the record. findings: what the
    # edits (SNIP 3-7) say of it, without data.
    "staged",
    _t("ord", primary_key=True),
    _i("receipt_no"),
    _i("interchange"),
    _i("grp"),
    _i("set_no"),
    _i("nth"),
    _t("sponsor_id"),
    _t("findings"),
    _t("body"),
    Index("staged_sponsor", "receipt_no", "interchange", "sponsor_id", "ord"),
)

# ---- leaving ---------------------------------------------------------------------------------------------------------

outbox = _table(
    # One thing that leaves, in the transaction that decided it; body sealed with key. control, grp: its
    # ISA13 and GS06. state: waiting, held, visible, picked-up, removed.
    # delivered_on, fetched_on: business dates, "" until then.
    # ta1, ack: what its partner answered (TA104, AK901), "" until then; answered_us: when it last did. silent: a person
    # was told that no answer came. carrier: of an interchange that travels inside a file of several, the id of that
    # file; the cause it answers while the file is not made; null for a file. resent: how often a person sent it again,
    # the same bytes. Kept for ever, the bytes as long as retention says. wrapped: the sealed bytes its partner gets,
    # with their own name, size and sha256, where packed or encrypted; made once. state held: they could not be made.
    # The bytes stand last: SQLite reads a row from its start, and what is looked for lies before them.
    "outbox",
    _t("id", primary_key=True),
    _t("partner"),
    _t("sponsor_id"),
    _t("kind"),
    _t("folder"),
    _t("name"),
    _i("size"),
    _t("sha256"),
    _t("control"),
    _t("grp"),
    _t("cause"),
    _t("business_date"),
    _i("created_us"),
    _t("state"),
    _i("delivered_us", nullable=True),
    _i("picked_up_us", nullable=True),
    _t("delivered_on"),
    _t("fetched_on"),
    _t("ta1"),
    _t("ack"),
    _i("answered_us", nullable=True),
    _flag("silent"),
    _t("carrier", nullable=True),
    _i("resent", server_default=text("0")),
    _b("key"),
    _b("body"),
    _b("wrapped", nullable=True),
    Index("outbox_view", "partner", "folder", "name", unique=True),
    Index("outbox_control", "partner", "control"),
    Index("outbox_group", "partner", "grp"),
    _partial("outbox_unanswered", "id", where="kind = '835' and ack = '' and silent = 0"),
    _partial("outbox_carrier", "carrier", where="carrier is not null"),
    _partial("outbox_visible", "partner", where="state = 'visible'"),
)

remote = _table(
    # How it goes with a partner's server: failures in a row, when it may be called again, why it failed last, when it
    # was last used. Kept while the partner is.
    "remote",
    _t("partner", primary_key=True),
    _i("failures"),
    _i("next_us"),
    _t("reason"),
    _i("used_us"),
)

remote_file = _table(
    # A file on a partner's server. state: seen (sha256 ""), taken (received, sha256 tells its bytes), refused (a person
    # was told). since_us: when it was first seen as it is. Kept while it lies there.
    "remote_file",
    _t("partner", primary_key=True),
    _t("path", primary_key=True),
    _i("size"),
    _i("modified_s"),
    _t("sha256"),
    _t("state"),
    _i("since_us"),
)

pushing = _table(
    # An outbox row on its way to its partner's server. temp: the name it is written under. state: writing, written
    # (whole; its renaming was or is being asked for), held (a person was told). Removed when it is delivered.
    "pushing",
    _t("outbox_id", primary_key=True),
    _t("temp"),
    _t("state"),
    _i("since_us"),
)

placed = _table(
    # An outbox row that lies as a file in its partner's folder, first under a hidden name. Kept while it lies there.
    "placed",
    _t("outbox_id", primary_key=True),
    _t("partner"),
    _t("hidden"),
    Index("placed_partner", "partner"),
)

# ---- members ---------------------------------------------------------------------------------------------------------

person = _table(
    # A covered person; body is the Member without spans. ssn sealed with a key of its own. 7 years after.
    "person",
    _t("sponsor_id", primary_key=True),
    _t("person_id", primary_key=True),
    _t("family_root"),
    _t("subscriber_no"),
    _t("member_no"),
    _t("body"),
    _b("ssn", nullable=True),
    _t("ssn_hash"),
    Index("person_subscriber", "sponsor_id", "subscriber_no"),
    Index("person_family", "sponsor_id", "family_root"),
)

alias = _table(
    # An old subscriber number that still finds the family. Kept as long as the person.
    "alias",
    _t("sponsor_id", primary_key=True),
    _t("subscriber_no", primary_key=True),
    _t("person_id", primary_key=True),
)

_OPEN = f"known_to = '{'9' * 32}'"
"""plan.records.FOREVER: nothing has superseded the row."""

span = _table(
    # A coverage span, known from one ord to another. Append-only but for known_to. Kept as long as the person.
    "span",
    _t("sponsor_id", primary_key=True),
    _t("person_id", primary_key=True),
    _t("line", primary_key=True),
    _t("first", primary_key=True),
    _t("known_from", primary_key=True),
    _t("known_to"),
    _t("last", nullable=True),
    _t("plan_id"),
    _t("tier"),
    _flag("late_enrollee"),
    # One thing is known of a day at a time: two rows of a span open for ever would both be covered.
    Index(
        "span_open",
        "sponsor_id",
        "person_id",
        "line",
        "first",
        unique=True,
        sqlite_where=text(_OPEN),
        postgresql_where=text(_OPEN),
    ),
)

enrolment = _table(
    # One 834 set routed, its report, and how far it came: applying, applied, reported, held, refused. findings: what
    # its report tells of what was sent, kept when the set is begun. Kept 7 years.
    "enrolment",
    _t("sponsor_id", primary_key=True),
    _t("ord", primary_key=True),
    _t("reference"),
    _t("state"),
    _t("effective", nullable=True),
    _t("created"),
    _t("report"),
    _t("findings", server_default=text("'{}'")),
)

cobra_case = _table(
    # One qualifying event of a person with its clock. Kept 7 years.
    "cobra_case",
    _t("sponsor_id", primary_key=True),
    _t("person_id", primary_key=True),
    _t("event_on", primary_key=True),
    _t("state"),
    _t("body"),
)

hold = _table(
    # Something that waits for a person (flow.holds.KINDS): open or closed. queue: of a pended claim (records.Pend), ""
    # of other holds. body: what its release needs. 7 years.
    "hold",
    _t("id", primary_key=True),
    _t("sponsor_id"),
    _t("kind"),
    _t("subject"),
    _t("queue", server_default=text("''")),
    _t("reason"),
    _t("body"),
    _i("opened_us"),
    _t("state"),
    _t("closed_by"),
    _t("closed_reason"),
    Index("hold_open", "state", "sponsor_id"),
    Index("hold_about", "kind", "subject"),
)

pend_event = _table(
    # One act of a person about a claim that waited (flow.acts), append-only, each with its audit row: owner, notes and
    # clock are derived from these. said: in their words; body: what only that act tells; may name a member. 7 years.
    "pend_event",
    _t("icn", primary_key=True),
    _i("n", primary_key=True, autoincrement=False),
    _i("at_us"),
    _t("acted_on"),
    _t("user"),
    _t("act"),
    _t("said"),
    _t("body"),
)

evidence = _table(
    # An authorisation or accident answer on file. kind: authorisation, accident. Kept 7 years.
    "evidence",
    _t("sponsor_id", primary_key=True),
    _t("kind", primary_key=True),
    _t("person_id", primary_key=True),
    _t("number", primary_key=True),
    _t("body"),
)

# ---- claims ----------------------------------------------------------------------------------------------------------

claim = _table(
    # One claim (one ICN). state: routed, decided, pended, rejected, replaced, voided, void (it voided another).
    # match: why no member was found; candidates: how many fitted. cleared: pend queues a person has answered for it,
    # words; rulings: what they ruled on it (records.Rulings). version: of its newest decision; status: its CLP02;
    # denied: every line was. body: the Claim; answer: the 277CA reasons when rejected; findings: what the edits said,
    # warnings, too, and of which line. Kept 7 years.
    "claim",
    _t("sponsor_id", primary_key=True),
    _t("icn", primary_key=True),
    _t("ord"),
    _t("partner"),
    _t("person_id"),
    _t("family_root"),
    _t("match"),
    _i("candidates", server_default=text("0")),
    _t("cleared", server_default=text("''")),
    _t("rulings", server_default=text("'{}'")),
    _t("pcn"),
    _t("state"),
    _t("original_icn"),
    _t("replaced_by"),
    _t("received_on"),
    _t("first"),
    _t("last"),
    _i("version"),
    _t("status"),
    _flag("denied"),
    _i("charge_cents"),
    _i("paid_cents"),
    _i("patient_cents"),
    _t("body"),
    _t("answer"),
    _t("findings", server_default=text("'[]'")),
    Index("claim_icn", "icn"),  # the claims of a set, whichever sponsors it names
    Index("claim_ord", "sponsor_id", "ord"),
    Index("claim_person", "sponsor_id", "person_id", "first"),
)

decision = _table(
    # One decision of a claim version, or its reversal; body explains it. run_no 0 until a run freezes it. drugs: a drug
    # manager decided it. Kept 7 years.
    "decision",
    _t("sponsor_id", primary_key=True),
    _t("icn", primary_key=True),
    _i("version", primary_key=True),
    _t("outcome"),
    _t("ord"),
    _i("run_no"),
    _t("tin"),
    _t("npi"),
    _i("paid_cents"),
    _t("person_id"),
    _t("family_root"),
    _t("decided_on"),
    _i("decided_us"),
    _flag("drugs"),
    _t("body"),
    Index("decision_run", "sponsor_id", "run_no", "tin", "npi", "ord"),
    # How many claims needed no person is asked at every look at the status: one entry a claim answers without its body.
    _partial("decision_first", "outcome", "run_no", "decided_on", "version", where="version = 1 and drugs = 0"),
)

basis = _table(
    # What a decision of ours was made on (plan.claims.basis), compressed: by it the decision can be made again. Not of
    # pends and reversals, nor of what was taken over. Kept with its decision, 7 years.
    "basis",
    _t("sponsor_id", primary_key=True),
    _t("icn", primary_key=True),
    _i("version", primary_key=True),
    _b("body"),
)

entry = _table(
    # One immutable accumulator entry of a decision; the sum is the accumulator. Kept 7 years.
    "entry",
    _t("sponsor_id", primary_key=True),
    _t("icn", primary_key=True),
    _i("version", primary_key=True),
    _i("n", primary_key=True),
    _t("family_root"),
    _t("person_id"),
    _i("year"),
    _t("tier"),
    _t("kind"),
    _i("cents"),
    _t("limit_name"),
    _t("used_on"),
    _t("place"),
    _i("thousandths"),
    Index("entry_family", "sponsor_id", "family_root"),
)

fact = _table(
    # What a decision means to the stop-loss carrier; seen 1 once notices were considered. kind: medical, or drugs (a
    # drug manager paid it). Kept 7 years.
    "fact",
    _t("sponsor_id", primary_key=True),
    _t("icn", primary_key=True),
    _i("version", primary_key=True),
    _t("ord"),
    _t("person_id"),
    _t("incurred"),
    _t("decided_on"),
    _i("paid_cents"),
    _t("diagnoses"),
    _t("kind", server_default=text("'medical'")),
    _flag("seen"),
    Index("fact_person", "sponsor_id", "person_id"),
    Index("fact_unseen", "sponsor_id", "seen", "ord"),
)

drug_claim = _table(
    # A number of a drug manager's, and the claim it names: one that pays (frequency 1), or one that takes it back (8).
    # Whatever comes under it again is not booked again. Kept 7 years.
    "drug_claim",
    _t("partner", primary_key=True),
    _t("number", primary_key=True),
    _t("frequency", primary_key=True),
    _t("sponsor_id"),
    _t("icn"),
)

drug_accumulator = _table(
    # What a drug manager was last told that other claims than its own had used of a person's limits. Kept 7 years.
    "drug_accumulator",
    _t("partner", primary_key=True),
    _t("sponsor_id", primary_key=True),
    _t("person_id", primary_key=True),
    _i("year", primary_key=True, autoincrement=False),
    _i("deductible_cents"),
    _i("oop_cents"),
)

# ---- money -----------------------------------------------------------------------------------------------------------

journal = _table(
    # One balanced, append-only entry of an employer's ledger; key makes posting it twice impossible. Kept 10 years.
    "journal",
    _t("sponsor_id", primary_key=True),
    _t("key", primary_key=True),
    _t("posted_on"),
    _t("text"),
    _i("at_us"),
)

posting = _table(
    # One side of a journal, debit positive. Kept 10 years.
    "posting",
    _t("sponsor_id", primary_key=True),
    _t("key", primary_key=True),
    _i("n", primary_key=True),
    _t("account"),
    _i("cents"),
    _t("sub"),
    Index("posting_account", "sponsor_id", "account"),
)

pay_run = _table(
    # One payment run of an employer. state: awaiting-approval, awaiting-funds, awaiting-date, paying, issued, settled.
    # Kept 10 years.
    "pay_run",
    _t("sponsor_id", primary_key=True),
    _i("run_no", primary_key=True, autoincrement=False),
    _t("state"),
    _t("planned_on"),
    _t("run_on"),
    _i("need_cents"),
    _i("claims"),
    _t("request_no"),
    _t("issued_on"),
)

approval = _table(
    # One person's approval of a run. Kept 10 years.
    "approval",
    _t("sponsor_id", primary_key=True),
    _i("run_no", primary_key=True, autoincrement=False),
    _t("user", primary_key=True),
    _i("at_us"),
)

funding_request = _table(
    # What the employer was asked for; body: the request as it was made. state: open, paid. Kept 10 years.
    "funding_request",
    _t("sponsor_id", primary_key=True),
    _t("number", primary_key=True),
    _i("run_no"),
    _t("requested_on"),
    _i("amount_cents"),
    _i("paid_cents"),
    _t("state"),
    _t("body"),
)

deposit = _table(
    # Money the employer sent; the bank's reference makes it once. Kept 10 years.
    "deposit",
    _t("sponsor_id", primary_key=True),
    _t("reference", primary_key=True),
    _t("posted_on"),
    _i("amount_cents"),
)

remittance = _table(
    # One payment and its 835: trace is TRN02. body: the Remittance sealed with key (it holds bank accounts).
    # state: made, issued (its 835 has left), settled. Kept 10 years.
    "remittance",
    _t("sponsor_id", primary_key=True),
    _t("trace", primary_key=True),
    _i("run_no"),
    _t("tin"),
    _t("npi"),
    _t("method"),
    _i("amount_cents"),
    _i("plb_cents"),
    _t("effective"),
    _t("receiver"),
    _t("state"),
    _t("settled_on"),
    _b("body"),
    _b("key"),
    # One payment per payee and run: the belt under the queue's exactly-once.
    Index("remittance_once", "sponsor_id", "run_no", "tin", "npi", unique=True),
)

forward_balance = _table(
    # What a payee came to owe (positive) or gave back under a remittance: an FB item is open while its sum by of_trace
    # is not 0. seq: order of making. Kept 10 years.
    "forward_balance",
    _t("sponsor_id", primary_key=True),
    _t("trace", primary_key=True),
    _t("of_trace", primary_key=True),
    _t("tin"),
    _t("npi"),
    _i("cents"),
    _i("seq"),
)

# ---- stop-loss -------------------------------------------------------------------------------------------------------

notice = _table(
    # One notice to a carrier. subject: person or family whose claims are summed up. policy_no: number and first day of
    # a policy year. Each (policy, subject, kind, group) once. Kept 10 years.
    "notice",
    _t("sponsor_id", primary_key=True),
    _i("seq", primary_key=True, autoincrement=False),
    _t("policy_no"),
    _t("subject"),
    _t("person_id"),
    _t("kind"),
    _t("grp"),
    _t("icn"),
    _t("made_on"),
    _t("body"),
    Index("notice_once", "sponsor_id", "policy_no", "subject", "kind", "grp", unique=True),
)

recovery = _table(
    # One reimbursement claim on a carrier. subject: person or family it is for. policy_no: of a policy year, as in
    # notice. state: filed, paid, withdrawn. Kept 10 years.
    "recovery",
    _t("sponsor_id", primary_key=True),
    _t("number", primary_key=True),
    _t("policy_no"),
    _t("subject"),
    _i("amount_cents"),
    _i("received_cents"),
    _t("filed_on"),
    _t("state"),
    _t("body"),
)
