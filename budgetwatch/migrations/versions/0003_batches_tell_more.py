"""Batches remember how their file was written, what its manifest said, and which batch they mend."""

from __future__ import annotations

import importlib

import sqlalchemy as sa
from alembic import op

_first = importlib.import_module("budgetwatch.migrations.versions.0001_first_release")
json = _first.json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("written", json(), nullable=False, server_default="{}"),
        sa.Column("remarks", json(), nullable=False, server_default="[]"),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("mends", sa.Integer(), nullable=True),
    ):
        op.add_column("batches", column)


def downgrade() -> None:
    with op.batch_alter_table("batches") as batch:
        for name in ("mends", "sequence", "remarks", "written"):
            batch.drop_column(name)
