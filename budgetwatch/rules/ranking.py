"""A model's ranking as findings: its rarest rows, each with what its explanation is written from."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import numpy as np

from budgetwatch import outliers
from budgetwatch.outliers import Scores
from budgetwatch.records import ALL
from budgetwatch.rules.finding import Finding, digest_of
from budgetwatch.rules.kept import told
from budgetwatch.rules.rule import Rule


def ranked(connection: duckdb.DuckDBPyConnection, rule: Rule, as_of: dt.date) -> tuple[Scores, list[Finding]]:
    """The model's scores, and its rarest rows as findings, each named by its key where the feed has one, else by its address."""
    spec = rule.outlier
    scores = outliers.MODELS[spec.model].score(
        connection, f"SELECT * FROM {rule.over}", spec.columns, spec.amount, min_rows=spec.min_rows, keep=spec.keep
    )
    rows = _rows(connection, rule, [scored.row for scored in scores.rows])
    found: dict[tuple[str, str], Finding] = {}
    for scored in scores.rows:
        if scored.score <= 0:  # as common as can be: no row stands out
            continue
        row, score = rows[scored.row], round(scored.score, 6)
        subject, period = row["subject"], row["period"] or ""
        name = " · ".join(row[c] for c in _NAMES if row.get(c)) or subject
        facts = {
            "parts": scored.parts, "rank": str(scored.rank), "score": f"{score:.6f}", "subject": subject, "subject_name": name,
            "agency_name": row.get("agency_name") or "", "period": period, "amount": told(row["amount"]), "n": "1",
            "as_of": as_of.isoformat(), "first_day": told(row["day"]), "last_day": told(row["day"]),
        }  # fmt: skip
        if row.get("payee_type", "") in (
            "person",
            None,
        ):  # a sentence masks such a name where its reader need not know it
            facts["personal"] = "yes" if row["payee_type"] else "unknown"
        finding = Finding(
            subject=subject,
            subject_name=name,
            period=period,
            severity=rule.severity,
            agency_code=row.get("agency_code"),
            agency_name=row.get("agency_name") or "",
            region=row.get("adm_div_code") or "",
            amount=row["amount"],
            row_count=1,
            rows=np.asarray([scored.row], dtype="<i8").tobytes(),
            facts=facts,
            digest=digest_of([rule.severity, facts["amount"], scored.row, facts["score"], facts["rank"], scored.parts]),
            score=score,
        )
        found.setdefault((subject, period), finding)
    return scores, list(found.values())


#: What a ranked row is called by. No payee: it may be a person, whose name is masked where it is shown.
_NAMES = ("agency_name", "pro_name", "item_name")


def _rows(connection: duckdb.DuckDBPyConnection, rule: Rule, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """What is said of the ranked rows, by `_row`."""
    if not numbers:
        return {}
    feed, amount = ALL[rule.over], rule.outlier.amount
    key = f"concat_ws('|', {', '.join(f'{c}::VARCHAR' for c in feed.key)})" if feed.key else "NULL"
    whole = " AND ".join(f"{c} IS NOT NULL" for c in feed.key) or "false"
    period = f"strftime({feed.day}, '%Y-%m')" if feed.day else "budget_year::VARCHAR"
    named = [c for c in ("agency_code", "adm_div_code", "payee_type", *_NAMES) if c in feed.by_name]
    rows = connection.sql(
        f"SELECT _row, CASE WHEN {whole} THEN {key} ELSE _row::VARCHAR END AS subject, {period} AS period, {amount} AS amount, "
        f"{feed.day or 'NULL'} AS day{''.join(', ' + c for c in named)} "
        f"FROM {rule.over} WHERE _row IN ({', '.join(map(str, numbers))})"
    ).to_arrow_table()
    return {row["_row"]: row for row in rows.to_pylist()}
