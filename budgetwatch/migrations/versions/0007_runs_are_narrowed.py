"""A run's line of a rule says on what it rests and how much was asked, so that the next one may ask only what changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("run_rules", sa.Column("basis", sa.String(length=64), server_default="", nullable=False))
    op.add_column("run_rules", sa.Column("asked", sa.String(length=24), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("run_rules", "asked")
    op.drop_column("run_rules", "basis")
