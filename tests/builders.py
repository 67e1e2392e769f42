"""Facts for tests, made from a few dicts: typed like real ones, with their batch and line, in the real store."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from budgetwatch import tables
from budgetwatch.home import Home
from budgetwatch.records import ALL
from budgetwatch.records.rowid import Address, pack

_ARROW = {
    "code": pa.string(), "text": pa.string(), "money": pa.decimal128(18, 2), "integer": pa.int64(), "ratio": pa.decimal128(9, 6),
    "date": pa.date32(), "flag": pa.bool_(),
}  # fmt: skip


def table(
    feed: str, rows: Sequence[Mapping[str, Any]], batch: int = 1, replaces: Mapping[int, int] | None = None
) -> pa.Table:
    """The rows as a canonical Arrow table; missing columns are NULL, line numbers begin at 2.

    `replaces` maps the index of a row to the `_row` that it supersedes.
    """
    columns = ALL[feed].by_name
    unknown = {name for row in rows for name in row} - {*columns, "_row"}
    if unknown:
        raise ValueError(f"{feed} has no columns {sorted(unknown)}")
    data = {
        name: pa.array([_value(c.kind, row.get(name)) for row in rows], _ARROW[c.kind]) for name, c in columns.items()
    }
    data["_row"] = pa.array([row.get("_row", pack(Address(batch, n + 2))) for n, row in enumerate(rows)], pa.int64())
    data["_replaces"] = pa.array([(replaces or {}).get(n) for n in range(len(rows))], pa.int64())
    return pa.table(data)


def facts(
    home: Home,
    feed: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    replaces: Mapping[int, int] | None = None,
    sender: str = "test",
) -> int:
    """Put the rows into the home's fact store as one batch, as if a file had been taken in; returns the batch."""
    amounts = [Decimal(str(row["amount"])) for row in rows if row.get("amount") is not None]
    days = sorted(_value("date", row[day]) for row in rows if (day := ALL[feed].day) and row.get(day) is not None)
    name = f"{feed}-{uuid.uuid4().hex[:8]}.csv"
    with home.session() as session:
        batch = session.execute(
            sa.insert(tables.Batch).returning(tables.Batch.id),
            {
                "feed": feed, "profile": "test", "sender": sender, "file_name": name, "bytes": 1, "status": "accepted",
                "sha256": hashlib.sha256(name.encode()).hexdigest(), "rows_in": len(rows), "rows_accepted": len(rows),
                "facts_added": len(rows), "amount_sum": sum(amounts, Decimal(0)) if amounts else None,
                "first_day": days[0] if days else None, "last_day": days[-1] if days else None,
                "regions": sorted({row["adm_div_code"] for row in rows if row.get("adm_div_code")}),
            },
        ).scalar_one()  # fmt: skip
    staged = home.path / "tmp" / f"{uuid.uuid4().hex}.parquet"
    pq.write_table(table(feed, rows, batch, replaces), staged)
    version = home.store.commit(feed, [staged], batch=batch, provenance={"file": name})
    with home.session() as session:
        session.execute(sa.update(tables.Batch).where(tables.Batch.id == batch).values(fact_version=version))
    return int(batch)


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "date" and isinstance(value, str):
        return dt.date.fromisoformat(value)
    if kind == "money":
        return Decimal(str(value)).quantize(Decimal("0.01"))
    if kind == "ratio":
        return Decimal(str(value)).quantize(Decimal("0.000001"))
    return value


def changed(home: Home, case_id: int, **values: object) -> int:
    """The case with its flag (and itself, where it has the same column) changed."""
    with home.session() as session:
        case = session.get_one(tables.Case, case_id)
        for one in (case, session.get_one(tables.Flag, case.flag_id)):
            for name, value in values.items():
                if hasattr(one, name):
                    setattr(one, name, value)
    return case_id
