"""How Alembic reaches the database: over the connection that `db.upgrade` hands it, else by the settings.

A new revision is drafted with `alembic -c budgetwatch/migrations/alembic.ini revision --autogenerate -m "…"`;
read it before keeping it. A revision that rebuilds an append-only table must protect it again
(`budgetwatch.migrations.append_only`): a rebuilt table has lost its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from budgetwatch.tables import Base


def migrate(connection: sa.Connection) -> None:
    """Run the revisions that are missing, inside the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


if given := context.config.attributes.get("connection"):
    migrate(given)
else:
    from budgetwatch.db import open_engine
    from budgetwatch.settings import Settings

    with open_engine(Settings().database).begin() as opened:
        migrate(opened)
