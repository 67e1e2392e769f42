"""A rule that fires far beyond what was expected is held as one incident, until a person releases or discards it."""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

from budgetwatch.migrations.append_only import protect, release

_first = importlib.import_module("budgetwatch.migrations.versions.0001_first_release")
moment, json, money, big_id = _first.moment, _first.json, _first.money, _first.big_id

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

APPENDED = ("incidents", "incident_findings", "incident_steps")


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.String(length=64), nullable=False),
        sa.Column("rule_version_id", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["rule_version_id"], ["rule_versions.id"], name="fk_incidents_rule_version_id_rule_versions"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_incidents_run_id_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )  # fmt: skip
    op.create_index("ix_incidents_rule_id", "incidents", ["rule_id"])
    op.create_table(
        "incident_findings",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_findings_incident_id_incidents"),
        sa.PrimaryKeyConstraint("id", name="pk_incident_findings"),
        sa.UniqueConstraint("incident_id", "key", name="uq_incident_findings_incident_id"),
    )
    op.create_table(
        "incident_steps",
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=128), nullable=False),
        sa.Column("actor_role", sa.String(length=32), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_incident_steps_actor_id_users"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_steps_incident_id_incidents"),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incident_steps"),
    )
    for table in APPENDED:
        protect(table)


def downgrade() -> None:
    for table in APPENDED:
        release(table)
    for table in ("incident_steps", "incident_findings", "incidents"):
        op.drop_table(table)
