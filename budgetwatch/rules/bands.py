"""Severity by how far a finding goes: the first band whose condition holds gives it, else the rule's own severity.

A condition is SQL over the answer's own columns (its amount, `n` for the number of its rows, and the figures that the
question returns) and the rule's parameters; one that is neither true nor false does not hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import duckdb

from budgetwatch.rules import sql
from budgetwatch.rules.named import DAY, placed
from budgetwatch.rules.refusal import Refusal, nearest
from budgetwatch.text import Text

if TYPE_CHECKING:
    from budgetwatch.rules.rule import Rule

#: The name by which a condition sees the answers, and the columns no band may judge by.
ANSWERS = "answers"
_NOT_JUDGED = frozenset({"rows", "severity", "cannot", "_all"})


def severity(rule: Rule, as_of: dt.date) -> str:
    """The SQL of the severity over one answer; empty where the rule has no bands."""
    if not rule.spec.bands:
        return ""
    values = rule.values(as_of)
    cases = " ".join(f"WHEN (\n{sql.bind(band.when, values)}\n) THEN '{band.severity}'" for band in rule.spec.bands)
    return f"CASE {cases} END"


def check(rule: Rule, question: str, columns: Mapping[str, str], schema: duckdb.DuckDBPyConnection) -> None:
    """Refuse bands that do not fit the answers; `columns` are those that the question returns, with their types."""
    if not rule.spec.bands:
        return
    if "severity" in columns:
        raise Refusal(
            Text(
                "select 已返回 severity，不能再写 bands。",
                "the select returns a severity: bands would be a second one.",
            ),
            Text("二者取一。", "Keep one of them."),
            ("bands",),
        )
    known = {*columns, "n", "amount"} - _NOT_JUDGED
    for at, band in enumerate(rule.spec.bands):
        place = ("bands", at, "when")
        condition = placed(lambda text=band.when: sql.bind(text, rule.values(DAY)), *place)  # type: ignore[misc]
        seen = placed(lambda text=condition: sql.check_condition(text, ANSWERS), *place)  # type: ignore[misc]
        for name in sorted(seen.columns - known):
            raise Refusal(
                Text(f"结果中没有 {name}。", f"the answers have no {name}."), nearest(name, known), place
            )  # fmt: skip
        try:
            [(_, kind, *_rest)] = schema.execute(
                f"DESCRIBE SELECT (\n{condition}\n) AS hit FROM ({judged(question, list(columns))}) AS {ANSWERS}"
            ).fetchall()
        except duckdb.Error as error:
            told = str(error).split("\n\n")[0].split("LINE ")[0].strip()
            raise Refusal(
                Text(f"SQL 不成立：{told}", f"this SQL does not hold: {told}"),
                Text("请检查列名和类型。", "Check the columns and their types."),
                place,
            ) from None
        if kind != "BOOLEAN":
            raise Refusal(
                Text(f"when 应得出真或假，这里得出 {kind}。", f"a `when` is true or false; this one gives {kind}."),
                Text("请写成比较。", "Write a comparison."),
                place,
            )


def judged(question: str, columns: Sequence[str]) -> str:
    """The question's answers with all their rows in `_all`, in order and once each, and their number in `n`."""
    rest = "* EXCLUDE (n)" if "n" in columns else "*"
    amount = "" if "amount" in columns else ", NULL::DECIMAL(38,2) AS amount"
    return (
        f"SELECT {rest}, len(_all)::BIGINT AS n{amount} FROM "
        f"(SELECT *, list_sort(list_distinct(coalesce(rows, []))) AS _all FROM (\n{question}\n))"
    )
