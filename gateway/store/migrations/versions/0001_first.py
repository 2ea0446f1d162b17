"""The first schema, as it was: written out, so that later edits of the schema text do not change history."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Int = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _i(name: str, **k: Any) -> "sa.Column[int]":
    return sa.Column(name, Int, nullable=k.pop("nullable", False), **k)


def _t(name: str, **k: Any) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=k.pop("nullable", False), **k)


def _b(name: str, **k: Any) -> "sa.Column[bytes]":
    return sa.Column(name, sa.LargeBinary, nullable=k.pop("nullable", False), **k)


def _flag(name: str) -> "sa.Column[int]":
    check = sa.CheckConstraint(f"{name} in (0, 1)")
    return sa.Column(name, Int, check, nullable=False, server_default=sa.text("0"))


def _table(name: str, *columns: Any) -> None:
    op.create_table(name, *columns, sqlite_strict=True)


def _index(name: str, table: str, *columns: str, unique: bool = False, where: str = "") -> None:
    partial: dict[str, Any] = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)} if where else {}
    op.create_index(name, table, list(columns), unique=unique, **partial)


def upgrade() -> None:
    """Creates every table of the first version; on SQLite the sealed rows lie in a file of their own."""
    _table("installation", _t("name", primary_key=True), _t("value"))
    _table("counter", _t("scope", primary_key=True), _i("next"))
    _table("node", _t("name", primary_key=True), _i("seen_us"))
    _table(
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
    )
    _index("work_lane", "work", "lane", "ord", "id")
    _index("work_one_per_lane", "work", "lane", unique=True, where="owner is not null")
    _index("work_owner", "work", "owner", "turn")
    _index("work_partner", "work", "partner", "turn")
    _index("work_ready", "work", "rank", "turn", "id", where="owner is null and parked = 0")
    _table(
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
    _table(
        "document",
        _t("kind", primary_key=True),
        _t("id", primary_key=True),
        _t("first", primary_key=True),
        _i("version", primary_key=True),
        _t("last", nullable=True),
        _t("body"),
        _i("loaded_us"),
    )
    _table(
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
    _table(
        "code_rule",
        _t("code", primary_key=True),
        _t("other", primary_key=True),
        _t("edit", primary_key=True),
        _t("first", primary_key=True),
        _t("last", nullable=True),
        _t("values"),
    )
    _table(
        "network_member",
        _t("network", primary_key=True),
        _t("tin", primary_key=True),
        _t("npi", primary_key=True),
        _t("rendering", primary_key=True),
        _t("locality", primary_key=True),
        _t("first", primary_key=True),
        _t("last", nullable=True),
    )
    _index("network_member_npi", "network_member", "npi")
    _index("network_member_rendering", "network_member", "rendering")
    _index("network_member_tin", "network_member", "tin")
    _table(
        "code_release",
        _t("name", primary_key=True),
        _t("first", primary_key=True),
        _t("last", nullable=True),
        _i("codes"),
        _t("sha256"),
        _i("loaded_us"),
    )
    _table(
        "code",
        _t("name", primary_key=True),
        _t("release", primary_key=True),
        _t("code", primary_key=True),
        _t("first", nullable=True),
        _t("last", nullable=True),
        _t("label"),
    )
    _table(
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
    )
    _index("partner_key_partner", "partner_key", "partner")
    _table("ban", _t("place", primary_key=True), _i("until_us"), _i("times"))
    _table("agreement", _t("partner", primary_key=True), _t("sponsor_id", primary_key=True))
    _index("agreement_sponsor", "agreement", "sponsor_id")
    _table(
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
    )
    _index("upload_partner", "upload", "partner", "name", "touched_us")
    _index("upload_recent", "upload", "partner", "touched_us")
    _index("upload_unbound", "upload", "state", "touched_us")
    if op.get_bind().dialect.name != "sqlite":
        _table("blob", _t("upload_id", primary_key=True), _i("row_no", primary_key=True), _b("data"))
    _table(
        "legal_hold",
        _t("id", primary_key=True),
        _t("scope"),
        _t("subject"),
        _t("reason"),
        _i("opened_us"),
        _t("opened_by"),
        _i("lifted_us", nullable=True),
        _t("lifted_by", server_default=sa.text("''")),
        _t("lifted_reason", server_default=sa.text("''")),
    )
    _table(
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
        _i("replays", server_default=sa.text("0")),
    )
    _index("receipt_upload", "receipt", "upload_id")
    _index("receipt_bytes", "receipt", "partner", "sha256")
    _index("receipt_day", "receipt", "partner", "received_on")
    _index("receipt_undecided", "receipt", "receipt_no", where="state = 'received'")
    _table("claimed", _t("claim", primary_key=True), _i("receipt_no"))
    _table("progress", _i("receipt_no", primary_key=True, autoincrement=False), _i("staged"), _i("interchanges"))
    _table(
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
    )
    _index(
        "interchange_once",
        "interchange",
        "sender",
        "receiver",
        "isa13",
        "usage",
        unique=True,
        where="state = 'accepted'",
    )
    _table(
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
        _t("findings", server_default=sa.text("'[]'")),
    )
    _index("x12_set_body", "x12_set", "partner", "body_sha256")
    _index("x12_set_routed", "x12_set", "receipt_no", where="routes_left > 0")
    _index("x12_set_reference", "x12_set", "partner", "st01", "reference")
    _table(
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
    )
    _index("staged_sponsor", "staged", "receipt_no", "interchange", "sponsor_id", "ord")
    _table(
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
        _i("resent", server_default=sa.text("0")),
        _b("key"),
        _b("body"),
        _b("wrapped", nullable=True),
    )
    _index("outbox_view", "outbox", "partner", "folder", "name", unique=True)
    _index("outbox_control", "outbox", "partner", "control")
    _index("outbox_group", "outbox", "partner", "grp")
    _index("outbox_unanswered", "outbox", "id", where="kind = '835' and ack = '' and silent = 0")
    _index("outbox_carrier", "outbox", "carrier", where="carrier is not null")
    _table(
        "remote",
        _t("partner", primary_key=True),
        _i("failures"),
        _i("next_us"),
        _t("reason"),
        _i("used_us"),
    )
    _table(
        "remote_file",
        _t("partner", primary_key=True),
        _t("path", primary_key=True),
        _i("size"),
        _i("modified_s"),
        _t("sha256"),
        _t("state"),
        _i("since_us"),
    )
    _table(
        "pushing",
        _t("outbox_id", primary_key=True),
        _t("temp"),
        _t("state"),
        _i("since_us"),
    )
    _index("outbox_visible", "outbox", "partner", where="state = 'visible'")
    _table("placed", _t("outbox_id", primary_key=True), _t("partner"), _t("hidden"))
    _index("placed_partner", "placed", "partner")
    _table(
        "person",
        _t("sponsor_id", primary_key=True),
        _t("person_id", primary_key=True),
        _t("family_root"),
        _t("subscriber_no"),
        _t("member_no"),
        _t("body"),
        _b("ssn", nullable=True),
        _t("ssn_hash"),
    )
    _index("person_family", "person", "sponsor_id", "family_root")
    _index("person_subscriber", "person", "sponsor_id", "subscriber_no")
    _table(
        "alias",
        _t("sponsor_id", primary_key=True),
        _t("subscriber_no", primary_key=True),
        _t("person_id", primary_key=True),
    )
    _table(
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
    )
    _index(
        "span_open", "span", "sponsor_id", "person_id", "line", "first", unique=True,
        where=f"known_to = '{'9' * 32}'",
    )  # fmt: skip
    _table(
        "enrolment",
        _t("sponsor_id", primary_key=True),
        _t("ord", primary_key=True),
        _t("reference"),
        _t("state"),
        _t("effective", nullable=True),
        _t("created"),
        _t("report"),
        _t("findings", server_default=sa.text("'{}'")),
    )
    _table(
        "cobra_case",
        _t("sponsor_id", primary_key=True),
        _t("person_id", primary_key=True),
        _t("event_on", primary_key=True),
        _t("state"),
        _t("body"),
    )
    _table(
        "hold",
        _t("id", primary_key=True),
        _t("sponsor_id"),
        _t("kind"),
        _t("subject"),
        _t("queue", server_default=sa.text("''")),
        _t("reason"),
        _t("body"),
        _i("opened_us"),
        _t("state"),
        _t("closed_by"),
        _t("closed_reason"),
    )
    _index("hold_open", "hold", "state", "sponsor_id")
    _index("hold_about", "hold", "kind", "subject")
    _table(
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
    _table(
        "evidence",
        _t("sponsor_id", primary_key=True),
        _t("kind", primary_key=True),
        _t("person_id", primary_key=True),
        _t("number", primary_key=True),
        _t("body"),
    )
    _table(
        "claim",
        _t("sponsor_id", primary_key=True),
        _t("icn", primary_key=True),
        _t("ord"),
        _t("partner"),
        _t("person_id"),
        _t("family_root"),
        _t("match"),
        _i("candidates", server_default=sa.text("0")),
        _t("cleared", server_default=sa.text("''")),
        _t("rulings", server_default=sa.text("'{}'")),
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
        _t("findings", server_default=sa.text("'[]'")),
    )
    _index("claim_icn", "claim", "icn")
    _index("claim_ord", "claim", "sponsor_id", "ord")
    _index("claim_person", "claim", "sponsor_id", "person_id", "first")
    _table(
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
    )
    _index("decision_run", "decision", "sponsor_id", "run_no", "tin", "npi", "ord")
    _index("decision_first", "decision", "outcome", "run_no", "decided_on", "version",
           where="version = 1 and drugs = 0")  # fmt: skip
    _table(
        "basis",
        _t("sponsor_id", primary_key=True),
        _t("icn", primary_key=True),
        _i("version", primary_key=True),
        _b("body"),
    )
    _table(
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
    )
    _index("entry_family", "entry", "sponsor_id", "family_root")
    _table(
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
        _t("kind", server_default=sa.text("'medical'")),
        _flag("seen"),
    )
    _index("fact_person", "fact", "sponsor_id", "person_id")
    _index("fact_unseen", "fact", "sponsor_id", "seen", "ord")
    _table(
        "drug_claim",
        _t("partner", primary_key=True),
        _t("number", primary_key=True),
        _t("frequency", primary_key=True),
        _t("sponsor_id"),
        _t("icn"),
    )
    _table(
        "drug_accumulator",
        _t("partner", primary_key=True),
        _t("sponsor_id", primary_key=True),
        _t("person_id", primary_key=True),
        _i("year", primary_key=True, autoincrement=False),
        _i("deductible_cents"),
        _i("oop_cents"),
    )
    _table(
        "journal",
        _t("sponsor_id", primary_key=True),
        _t("key", primary_key=True),
        _t("posted_on"),
        _t("text"),
        _i("at_us"),
    )
    _table(
        "posting",
        _t("sponsor_id", primary_key=True),
        _t("key", primary_key=True),
        _i("n", primary_key=True),
        _t("account"),
        _i("cents"),
        _t("sub"),
    )
    _index("posting_account", "posting", "sponsor_id", "account")
    _table(
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
    _table(
        "approval",
        _t("sponsor_id", primary_key=True),
        _i("run_no", primary_key=True, autoincrement=False),
        _t("user", primary_key=True),
        _i("at_us"),
    )
    _table(
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
    _table(
        "deposit",
        _t("sponsor_id", primary_key=True),
        _t("reference", primary_key=True),
        _t("posted_on"),
        _i("amount_cents"),
    )
    _table(
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
    )
    _index("remittance_once", "remittance", "sponsor_id", "run_no", "tin", "npi", unique=True)
    _table(
        "forward_balance",
        _t("sponsor_id", primary_key=True),
        _t("trace", primary_key=True),
        _t("of_trace", primary_key=True),
        _t("tin"),
        _t("npi"),
        _i("cents"),
        _i("seq"),
    )
    _table(
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
    )
    _index("notice_once", "notice", "sponsor_id", "policy_no", "subject", "kind", "grp", unique=True)
    _table(
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
