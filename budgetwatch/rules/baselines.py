"""How far spending should have got by a month: elapsed time, the cash plan, and the unit's own last three years.

Rules read it as facts of their own making, one row a unit, kind of spending, budget year and month (`pace`), or the
same by budget line (`pace_line`). They are made once a run, from one aggregate of the payments and only where a rule
asks for them: 10 million payments become some hundred thousand rows.

    elapsed   share of the year's days that have passed by the end of the month (calendar days)
    worked    the same in working days, 调休 included
    planned   share of the year's cash plan up to the month; empty without a plan that reaches December
    usual     median of the last three years' shares of their own payments up to the month; empty with fewer than two
              years of which ten months or more are known
    paid      what was paid up to the month, exact
"""

from __future__ import annotations

import re

import duckdb

#: What a rule must read to use them; of a cash plan there may be none.
READS = ("payment", "cash_plan")
_SHARE = "DECIMAL(18,6)"
_UNIT = ("adm_div_code", "agency_code", "currency", "kind")
_LINE = (*_UNIT[:2], "func_code", "pro_code", *_UNIT[2:])
#: Years whose payments are known for fewer months say nothing of a year's course.
_MONTHS_KNOWN, _YEARS, _YEARS_LEAST = 10, 3, 2
_SHAPES = {"pace": _UNIT, "pace_line": _LINE}
TABLES = tuple(_SHAPES)


def used(sql: str) -> tuple[str, ...]:
    """Those of our tables that the SQL names."""
    return tuple(name for name in TABLES if re.search(rf"\b{name}\b", sql, re.I))


def columns(name: str) -> dict[str, str]:
    """The columns of one of our tables, with their types."""
    return {
        "budget_year": "BIGINT", "month": "BIGINT", **dict.fromkeys(_SHAPES[name], "VARCHAR"), "agency_name": "VARCHAR",
        "paid": "DECIMAL(38,2)", "elapsed": _SHARE, "worked": _SHARE, "plan": "DECIMAL(38,2)", "planned": _SHARE,
        "usual": _SHARE, "usual_years": "BIGINT",
    }  # fmt: skip


def typed(connection: duckdb.DuckDBPyConnection) -> None:
    """Our tables, empty: for proving what a rule says."""
    for name in TABLES:
        listed = ", ".join(f"{column} {kind}" for column, kind in columns(name).items())
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({listed})")


def install(connection: duckdb.DuckDBPyConnection, wanted: tuple[str, ...]) -> None:
    """Make those of our tables on the connection; our functions and `workday` are there already."""
    if not wanted:
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE paid_by_month AS {_monthly(connection)}")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE plan_by_month AS {_plan(connection)}")
    for name in wanted:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {_pace(name)}")
    connection.execute("DROP TABLE paid_by_month")
    connection.execute("DROP TABLE plan_by_month")


def _monthly(connection: duckdb.DuckDBPyConnection) -> str:
    """The one aggregate of the payments. What is paid after the year's end belongs to its December."""
    month = "least(12, greatest(1, (year(pay_date) - budget_year) * 12 + month(pay_date)))::BIGINT"
    return (
        f"SELECT {_keys(_LINE)}, budget_year, {month} AS month, max(agency_name) AS agency_name, sum(amount) AS paid "
        "FROM payment WHERE agency_code IS NOT NULL AND budget_year IS NOT NULL AND pay_date IS NOT NULL AND amount IS NOT NULL "
        f"GROUP BY {', '.join(_LINE)}, budget_year, {month}"
    )


def _plan(connection: duckdb.DuckDBPyConnection) -> str:
    """The cumulative plan as the senders gave it; none where the feed is not there at all."""
    if not connection.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'cash_plan' UNION ALL "
                              "SELECT 1 FROM duckdb_tables() WHERE table_name = 'cash_plan'").fetchall():  # fmt: skip
        nothing = ", ".join(f"NULL::VARCHAR AS {column}" for column in _LINE)
        years = "NULL::BIGINT AS budget_year, NULL::BIGINT AS month"
        return f"SELECT {nothing}, {years}, NULL::VARCHAR AS agency_name, NULL::DECIMAL(38,2) AS plan WHERE false"
    keys = _keys(_LINE, "eco_code", "NULL::VARCHAR")
    return (
        f"SELECT {keys}, budget_year, month, max(agency_name) AS agency_name, sum(planned) AS plan "
        "FROM cash_plan WHERE agency_code IS NOT NULL AND budget_year IS NOT NULL AND month BETWEEN 1 AND 12 AND planned IS NOT NULL "
        f"GROUP BY {', '.join(_LINE)}, budget_year, month"
    )


def _keys(names: tuple[str, ...], eco: str = "dep_eco_code", gov: str = "gov_eco_code") -> str:
    said = {
        "currency": "coalesce(currency, 'CNY') AS currency",
        "kind": f"spending_kind(line_type, {eco}, {gov}) AS kind",
        "func_code": "coalesce(func_code, '') AS func_code",
        "pro_code": "coalesce(pro_code, '') AS pro_code",
    }
    return ", ".join(said.get(name, name) for name in names)


def _pace(name: str) -> str:
    keys = ", ".join(_SHAPES[name])
    same = " AND ".join(f"{{0}}.{key} IS NOT DISTINCT FROM {{1}}.{key}" for key in _SHAPES[name])
    year = f"{same} AND {{0}}.budget_year = {{1}}.budget_year"
    return f"""
        WITH lines AS (
          SELECT {keys}, budget_year, max(agency_name) AS agency_name FROM
            (SELECT {keys}, budget_year, agency_name FROM paid_by_month UNION ALL SELECT {keys}, budget_year, agency_name FROM plan_by_month)
          GROUP BY {keys}, budget_year
        ), grid AS (SELECT l.*, m.month FROM lines l, (SELECT unnest(range(1, 13)) AS month) AS m),
        paid AS (SELECT {keys}, budget_year, month, sum(paid) AS paid FROM paid_by_month GROUP BY {keys}, budget_year, month),
        plan AS (SELECT {keys}, budget_year, month, sum(plan) AS plan FROM plan_by_month GROUP BY {keys}, budget_year, month),
        course AS (
          SELECT g.*, coalesce(sum(p.paid) OVER upto, 0)::DECIMAL(38,2) AS paid, (sum(p.paid) OVER whole)::DECIMAL(38,2) AS year_paid,
                 max(n.plan) OVER upto AS plan, max(CASE WHEN n.month = 12 THEN n.plan END) OVER whole AS year_plan
          FROM grid g LEFT JOIN paid p ON {year.format("p", "g")} AND p.month = g.month
                      LEFT JOIN plan n ON {year.format("n", "g")} AND n.month = g.month
          WINDOW whole AS (PARTITION BY {", ".join(f"g.{key}" for key in _SHAPES[name])}, g.budget_year),
                 upto AS (PARTITION BY {", ".join(f"g.{key}" for key in _SHAPES[name])}, g.budget_year ORDER BY g.month)
        ), known AS (
          SELECT budget_year FROM paid_by_month GROUP BY budget_year HAVING count(DISTINCT month) >= {_MONTHS_KNOWN}
        ), shares AS (
          SELECT {keys}, month, budget_year, (paid / year_paid)::{_SHARE} AS done FROM course SEMI JOIN known USING (budget_year)
          WHERE year_paid > 0
        ), usual AS (
          SELECT {", ".join(f"c.{key}" for key in _SHAPES[name])}, c.budget_year, c.month, median(s.done)::{_SHARE} AS usual, count(*) AS years
          FROM course c JOIN shares s ON {same.format("s", "c")} AND s.month = c.month AND s.budget_year BETWEEN c.budget_year - {_YEARS} AND c.budget_year - 1
          GROUP BY ALL HAVING count(*) >= {_YEARS_LEAST}
        ), days AS (
          SELECT budget_year, month, (dayofyear(last_day(make_date(budget_year, month, 1))) / 365)::DECIMAL(18,6) AS passed,
                 (SELECT count(*) FROM workday w WHERE w.is_workday AND year(w.day) = d.budget_year AND month(w.day) <= d.month) AS so_far,
                 (SELECT count(*) FROM workday w WHERE w.is_workday AND year(w.day) = d.budget_year) AS in_all
          FROM (SELECT DISTINCT budget_year, month FROM grid) d
        )
        SELECT c.budget_year, c.month::BIGINT AS month, {", ".join(f"c.{key}" for key in _SHAPES[name])}, c.agency_name, c.paid,
               least(d.passed, 1)::{_SHARE} AS elapsed, share(d.so_far, d.in_all) AS worked, c.plan::DECIMAL(38,2) AS plan,
               CASE WHEN c.year_plan > 0 THEN (coalesce(c.plan, 0) / c.year_plan)::{_SHARE} END AS planned, u.usual, u.years AS usual_years
        FROM course c JOIN days d USING (budget_year, month) LEFT JOIN usual u ON {year.format("u", "c")} AND u.month = c.month
    """
