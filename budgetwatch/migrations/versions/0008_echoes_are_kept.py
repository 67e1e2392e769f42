"""What a flag of another rule says already is kept with that flag, as its echo, and makes none of its own."""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

_first = importlib.import_module("budgetwatch.migrations.versions.0001_first_release")
json, money, big_id = _first.json, _first.money, _first.big_id

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "echoes",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("flag_id", big_id(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("last_run_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("agency_code", sa.String(length=128), nullable=True),
        sa.Column("agency_name", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("amount", money(), nullable=True),
        sa.Column("params", json(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("facts", json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name="fk_echoes_flag_id_flags"),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_versions.id"], name="fk_echoes_rule_version_id_rule_versions"),
        sa.ForeignKeyConstraint(["first_run_id"], ["runs.id"], name="fk_echoes_first_run_id_runs"),
        sa.ForeignKeyConstraint(["last_run_id"], ["runs.id"], name="fk_echoes_last_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_echoes"),
        sa.UniqueConstraint("flag_id", "key", "digest", name="uq_echoes_flag_id"),
    )  # fmt: skip
    op.create_index("ix_echoes_rule_id", "echoes", ["rule_id"])


def downgrade() -> None:
    op.drop_table("echoes")
