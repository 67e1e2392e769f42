"""Rules get a life of their own: editions and their steps, back-tests, shadow runs; exemptions can end early."""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

from budgetwatch.migrations.append_only import protect, release

_first = importlib.import_module("budgetwatch.migrations.versions.0001_first_release")
moment, json, money, big_id = _first.moment, _first.json, _first.money, _first.big_id

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPENDED = ("rule_editions", "rule_steps", "back_tests", "back_test_rules", "shadow_runs")


def upgrade() -> None:
    op.create_table(
        "rule_editions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("base_digest", sa.String(length=64), nullable=False),
        sa.Column("base_no", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=128), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name="fk_rule_editions_author_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_editions"),
        sa.UniqueConstraint("rule_id", "no", name="uq_rule_editions_rule_id"),
    )
    op.create_index("ix_rule_editions_rule_id", "rule_editions", ["rule_id"])
    op.create_table(
        "back_tests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("asked", json(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("versions", json(), nullable=False),
        sa.Column("result", json(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_back_tests_user_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_back_tests"),
    )
    op.create_table(
        "rule_steps",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("from_state", sa.String(length=16), nullable=False),
        sa.Column("to_state", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=128), nullable=False),
        sa.Column("actor_role", sa.String(length=32), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("back_test_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_rule_steps_actor_id_users"),
        sa.ForeignKeyConstraint(["back_test_id"], ["back_tests.id"], name="fk_rule_steps_back_test_id_back_tests"),
        sa.ForeignKeyConstraint(["edition_id"], ["rule_editions.id"], name="fk_rule_steps_edition_id_rule_editions"),
        sa.PrimaryKeyConstraint("id", name="pk_rule_steps"),
        sa.UniqueConstraint("edition_id", "seq", name="uq_rule_steps_edition_id"),
    )
    op.create_table(
        "back_test_rules",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("back_test_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["back_test_id"], ["back_tests.id"], name="fk_back_test_rules_back_test_id_back_tests"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["rule_editions.id"], name="fk_back_test_rules_edition_id_rule_editions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_back_test_rules"),
        sa.UniqueConstraint("back_test_id", "rule_id", "digest", name="uq_back_test_rules_back_test_id"),
    )
    op.create_index("ix_back_test_rules_edition_id", "back_test_rules", ["edition_id"])
    op.create_index("ix_back_test_rules_rule_id", "back_test_rules", ["rule_id"])
    _shadow()
    for column in (
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", moment(), nullable=True),
        sa.Column("end_note", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("exemptions", column)
    for table in APPENDED:
        protect(table)


def _shadow() -> None:
    op.create_table(
        "shadow_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("looked_at", "flagged", "could_not_judge")),
        sa.Column("reasons", json(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("both", "only_shadow", "only_real")),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["rule_editions.id"], name="fk_shadow_runs_edition_id_rule_editions"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_shadow_runs_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_runs"),
    )
    op.create_index("ix_shadow_runs_edition_id", "shadow_runs", ["edition_id"])
    op.create_table(
        "shadow_flags",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=512), nullable=False),
        sa.Column("subject_name", sa.String(length=512), nullable=False),
        sa.Column("period", sa.String(length=32), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=True),
        sa.Column("agency_name", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("amount", money(), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("facts", json(), nullable=False),
        sa.Column("first_shadow_id", sa.Integer(), nullable=False),
        sa.Column("last_shadow_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["rule_editions.id"], name="fk_shadow_flags_edition_id_rule_editions"),
        sa.ForeignKeyConstraint(
            ["first_shadow_id"], ["shadow_runs.id"], name="fk_shadow_flags_first_shadow_id_shadow_runs"
        ),
        sa.ForeignKeyConstraint(
            ["last_shadow_id"], ["shadow_runs.id"], name="fk_shadow_flags_last_shadow_id_shadow_runs"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_flags"),
        sa.UniqueConstraint("edition_id", "key", name="uq_shadow_flags_edition_id"),
    )


def downgrade() -> None:
    for table in APPENDED:
        release(table)
    for table in ("shadow_flags", "shadow_runs", "back_test_rules", "rule_steps", "back_tests", "rule_editions"):
        op.drop_table(table)
    with op.batch_alter_table("exemptions") as exemptions:
        for name in ("end_note", "ended_at", "ended_by_id", "ended_on"):
            exemptions.drop_column(name)
