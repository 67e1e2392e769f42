"""The schema of the first release: people, batches, runs, flags, cases, questions, exemptions, the audit log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from budgetwatch.migrations.append_only import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPENDED = ("evidence", "case_steps", "answers", "audit_log")


def moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def money() -> TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Numeric(20, 2), "postgresql")


def json() -> TypeEngine[Any]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def big_id() -> TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=128), nullable=False),
        sa.Column("detail", json(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
        sa.UniqueConstraint("digest", name="uq_audit_log_digest"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(length=32), nullable=False),
        sa.Column("profile", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=128), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("rows_in", sa.BigInteger(), nullable=False),
        sa.Column("rows_accepted", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.Column("rows_repeated", sa.BigInteger(), nullable=False),
        sa.Column("facts_added", sa.BigInteger(), nullable=False),
        sa.Column("amount_sum", money(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("regions", json(), nullable=False),
        sa.Column("fact_version", sa.BigInteger(), nullable=True),
        sa.Column("rejects_file", sa.String(length=255), nullable=True),
        sa.Column("reasons", json(), nullable=False),
        sa.Column("refusal", json(), nullable=True),
        sa.Column("received_at", moment(), nullable=False),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_sha256_profile", "batches", ["sha256", "profile"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "rule_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_seen", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_versions"),
        sa.UniqueConstraint("digest", name="uq_rule_versions_digest"),
    )
    op.create_index("ix_rule_versions_rule_id", "rule_versions", ["rule_id"], unique=False)
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", moment(), nullable=False),
        sa.Column("finished_at", moment(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("versions", json(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("new_flags", sa.Integer(), nullable=False),
        sa.Column("changed_flags", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", moment(), nullable=True),
        sa.Column("created_at", moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "exemptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), nullable=False),
        sa.Column("proposed_at", moment(), nullable=False),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["approved_by_id"], ["users.id"], name="fk_exemptions_approved_by_id_users"),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["users.id"], name="fk_exemptions_proposed_by_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_exemptions"),
    )
    op.create_index("ix_exemptions_rule_id", "exemptions", ["rule_id"], unique=False)
    op.create_table(
        "flags",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("subject_name", sa.String(length=512), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=True),
        sa.Column("agency_name", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("amount", money(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("evidence_digest", sa.String(length=64), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("last_run_id", sa.Integer(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["first_run_id"], ["runs.id"], name="fk_flags_first_run_id_runs"),
        sa.ForeignKeyConstraint(["last_run_id"], ["runs.id"], name="fk_flags_last_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_flags"),
        sa.UniqueConstraint("key", name="uq_flags_key"),
    )
    op.create_index("ix_flags_agency_code", "flags", ["agency_code"], unique=False)
    op.create_index("ix_flags_region_severity", "flags", ["region", "severity"], unique=False)
    op.create_index("ix_flags_rule_id", "flags", ["rule_id"], unique=False)
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget_year", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=True),
        sa.Column("func_code", sa.String(length=16), nullable=True),
        sa.Column("pro_code", sa.String(length=64), nullable=True),
        sa.Column("line", sa.String(length=512), nullable=False),
        sa.Column("figures", json(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=128), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_questions_author_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_region", "questions", ["region"], unique=False)
    op.create_table(
        "run_rules",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.Column("flagged", sa.BigInteger(), nullable=False),
        sa.Column("could_not_judge", sa.BigInteger(), nullable=False),
        sa.Column("reasons", json(), nullable=False),
        sa.Column("exempted", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_version_id"], ["rule_versions.id"], name="fk_run_rules_rule_version_id_rule_versions"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_rules_run_id_runs"),
        sa.PrimaryKeyConstraint("run_id", "rule_id", name="pk_run_rules"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=True),
        sa.Column("revoked_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tokens_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=128), nullable=False),
        sa.Column("answered_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_answers_author_id_users"),
        sa.ForeignKeyConstraint(["question_id"], ["questions.id"], name="fk_answers_question_id_questions"),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
    )
    op.create_index("ix_answers_question_id", "answers", ["question_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("flag_id", big_id(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=True),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("closed_at", moment(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name="fk_cases_assignee_id_users"),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="fk_cases_flag_id_flags"),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.UniqueConstraint("flag_id", name="uq_cases_flag_id"),
    )
    op.create_index("ix_cases_agency_code", "cases", ["agency_code"], unique=False)
    op.create_index("ix_cases_state_region", "cases", ["state", "region"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("flag_id", big_id(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("params", json(), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("amount", money(), nullable=True),
        sa.Column("row_feed", sa.String(length=32), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("facts", json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="fk_evidence_flag_id_flags"),
        sa.ForeignKeyConstraint(
            ["rule_version_id"], ["rule_versions.id"], name="fk_evidence_rule_version_id_rule_versions"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_evidence_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_flag_id", "evidence", ["flag_id"], unique=False)
    op.create_table(
        "case_steps",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("case_id", big_id(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=False),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=128), nullable=False),
        sa.Column("actor_role", sa.String(length=32), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("fields", json(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_case_steps_actor_id_users"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_case_steps_case_id_cases"),
        sa.PrimaryKeyConstraint("id", name="pk_case_steps"),
        sa.UniqueConstraint("case_id", "seq", name="uq_case_steps_case_id"),
    )
    for table in APPENDED:
        protect(table)


def downgrade() -> None:
    raise NotImplementedError("the first schema has nothing before it: restore a backup instead")
