"""Everyday payments, among which a model of outliers is to find the strange ones."""

from __future__ import annotations

from typing import Any

import duckdb

from budgetwatch.outliers import Scores
from budgetwatch.outliers.scores import Model

COLUMNS = ["agency_code", "item_name", "payee_name"]
Row = tuple[str | None, str | None, str | None, str | None, str]


def ordinary(times: int = 300) -> list[Row]:
    """Two units that each buy their own thing from their own suppliers, at everyday amounts."""
    return [
        row
        for n in range(times)
        for row in (
            ("201", "stationery", f"shop {n % 3}", str(900 + n % 200), "CNY"),
            ("202", "electricity", f"grid {n % 3}", str(1900 + n % 200), "CNY"),
        )
    ]


def scored(model: type[Model], connection: duckdb.DuckDBPyConnection, rows: list[Row], **words: Any) -> Scores:
    """What the model says of these rows, numbered from 0, in a table of their own."""
    connection.execute(
        "CREATE OR REPLACE TABLE fact (_row BIGINT, agency_code VARCHAR, item_name VARCHAR, payee_name VARCHAR, "
        "amount DECIMAL(18,2), currency VARCHAR)"
    )
    if rows:
        connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
    return model.score(connection, "SELECT * FROM fact", COLUMNS, "amount", **{"min_rows": 100, "keep": 10, **words})
