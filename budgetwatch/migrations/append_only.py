"""Tables that are only ever added to, enforced by the database itself and not only by this program.

Triggers refuse UPDATE, DELETE and (on PostgreSQL) TRUNCATE, whoever asks. On SQLite a `REPLACE` fires the
DELETE trigger only while `PRAGMA recursive_triggers` is set, which `db.open_engine` does.
"""

from __future__ import annotations

from alembic import op

_SENTENCE = "rows of {table} are only ever added, never changed or removed"


def protect(table: str) -> None:
    """From now on rows of `table` can only be inserted."""
    sentence = _SENTENCE.format(table=table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            """
            CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'rows of % are only ever added, never changed or removed', TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END $$
            """
        )
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        )


def release(table: str) -> None:
    """Lift the protection: for a revision that must rebuild the table, which protects it again afterwards."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_only_added ON {table}")
        return
    for act in ("update", "delete"):
        op.execute(f"DROP TRIGGER {table}_no_{act}")
