"""The day that a run takes for today: the one on which its facts end."""

from __future__ import annotations

import datetime as dt

import duckdb

from budgetwatch.calendar import today


def last_day(connection: duckdb.DuckDBPyConnection) -> dt.date:
    """The day the data ends: of the last payment, else of the last dated event, else today."""
    for feed, column in (("payment", "pay_date"), ("calendar_event", "event_date")):
        [(day,)] = connection.execute(f"SELECT max({column}) FROM {feed}").fetchall()
        if isinstance(day, dt.date):
            return day
    return today()
