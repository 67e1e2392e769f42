"""A rule's own examples, run on tiny facts through the very same path as a real run."""

from __future__ import annotations

import atexit
import functools
import threading
from typing import Any

import duckdb

from budgetwatch.records import ALL
from budgetwatch.rules import reasons
from budgetwatch.rules.judge import Verdict, judge
from budgetwatch.rules.model import Example
from budgetwatch.rules.rule import Rule
from budgetwatch.text import Text

_ONE_AT_A_TIME = threading.Lock()


def check_examples(rule: Rule) -> list[Text]:
    """What the rule says differently from what its examples expect; empty when all is well."""
    failures = []
    for example in rule.examples:
        with _ONE_AT_A_TIME:
            verdict = run_example(rule, example)
        said = outcome(verdict)
        if verdict.reasons[reasons.MERGED]:
            said = "merged"
        if said != example.expect:
            why = verdict.failure or ", ".join(f"{code} × {count}" for code, count in verdict.reasons.items())
            note = f"（{why}）" if why else ""
            failures.append(
                Text(
                    f"例子「{example.name.zh}」预期 {example.expect}，实为 {said}{note}",
                    f"the example “{example.name.en}” expects {example.expect} and gets {said}{f' ({why})' if why else ''}",
                )
            )
    return failures


def outcome(verdict: Verdict) -> str:
    """The three values: flags, cannot, clear (and `failed`)."""
    if verdict.failure:
        return "failed"
    if verdict.findings:
        return "flags"
    return "cannot" if verdict.could_not_judge else "clear"


def run_example(rule: Rule, example: Example) -> Verdict:
    """The rule's verdict on the example's facts. A feed named in `given`, even with no rows, has facts."""
    connection, filled = _tables()
    for feed in filled:
        connection.execute(f"DELETE FROM {feed}")
    filled.clear()
    serial = 0
    for feed, rows in example.given.items():
        filled.add(feed)
        columns = list(dict.fromkeys(name for row in rows for name in row if name != "_times"))
        kinds = "".join(f"CAST(? AS {ALL[feed].by_name[name].duckdb}), " for name in columns)
        parts, values = [], list[Any]()
        for row in rows:
            times = int(row.get("_times", 1))
            parts.append(f"SELECT {kinds}{serial} + i FROM range(1, {times} + 1) AS t(i)")
            values += [row.get(name) for name in columns]
            serial += times
        if parts:
            into = f"INSERT INTO {feed} ({', '.join([*columns, '_row'])})"
            connection.execute(f"{into} {' UNION ALL '.join(parts)}", values)
    return next(judge(connection, [rule.with_params(example.params)], example.as_of, have=example.given))


@functools.lru_cache(maxsize=1)
def _tables() -> tuple[duckdb.DuckDBPyConnection, set[str]]:
    """A connection with a table for every feed, and those that hold rows."""
    connection = duckdb.connect(":memory:", config={"threads": 1})
    atexit.register(_tables.cache_clear)
    connection.execute("SET enable_external_access = false")
    for feed in ALL.values():
        columns = ", ".join(f'"{c.name}" {c.duckdb}' for c in feed.columns)
        connection.execute(f'CREATE TABLE "{feed.name}" ({columns}, _row BIGINT)')
    return connection, set()
